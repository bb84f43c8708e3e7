#include "base/clock.h"
#include "base/str.h"
#include "pg/apply.h"
#include "pg/errors.h"
#include "pg/query.h"
#include "pg_statements.h"

#define COMMIT_MS                                                                                  \
    120000                 /* deferred constraints were checked before; replicas may be waited for \
                            */
#define RESOLVE_ATTEMPTS 3 /* that take as long as connectTimeout allows */
#define RETRY_MS 300

typedef enum pd_outcome {
    PD_OUTCOME_UNKNOWN,
    PD_OUTCOME_IN_PROGRESS,
    PD_OUTCOME_COMMITTED,
    PD_OUTCOME_ABORTED,
} pd_outcome;

static pd_outcome ask_outcome(pd_apply *apply, pd_conn *conn)
{
    PD_AUTO_RESULT result = NULL;
    const char *values[] = {apply->xid};
    pd_request request = pd_db_request(apply->db, pd_query_resolve, "");
    request.values = values;
    request.count = 1;
    request.undisturbed = true;
    request.limit_ms = PD_CANCEL_MS;
    if (pd_conn_ask(conn, &request, &result) != PD_REPLY_DONE || PQgetisnull(result, 0, 0) != 0) {
        return PD_OUTCOME_UNKNOWN;
    }
    const char *word = PQgetvalue(result, 0, 0);
    if (pd_streq(word, "committed")) {
        return PD_OUTCOME_COMMITTED;
    }
    return pd_streq(word, "aborted") ? PD_OUTCOME_ABORTED : PD_OUTCOME_IN_PROGRESS;
}

/* The old backend may wait for a client that is gone: nobody else can end it sooner. */
static void terminate_backend(pd_apply *apply, pd_conn *conn)
{
    PD_AUTO_RESULT ignored = NULL;
    const char *values[] = {pd_query_number(apply->arena, apply->pid), apply->backend_start};
    pd_request request = pd_db_request(apply->db, pd_query_resolve_terminate, "");
    request.values = values;
    request.count = 2;
    request.undisturbed = true;
    request.limit_ms = PD_CANCEL_MS;
    (void)pd_conn_ask(conn, &request, &ignored);
}

static int64_t resolve_ms(const pd_apply *apply)
{
    return RESOLVE_ATTEMPTS * apply->db->options.settings->connect_timeout_ms;
}

static pd_outcome find_outcome(pd_apply *apply)
{
    int64_t deadline_ms = pd_now_ms() + resolve_ms(apply);
    pd_conn probe = {.progress = apply->db->options.progress};
    pd_outcome outcome = PD_OUTCOME_UNKNOWN;
    bool terminated = false;
    pd_progress_say(apply->db->options.progress,
                    "the connection was lost during COMMIT, asking the server what became of it");
    while (pd_remaining_ms(deadline_ms) > 0) {
        pd_error ignored = {0};
        pd_conn *conn = pd_conn_usable(&apply->db->control) ? &apply->db->control : &probe;
        if (!pd_conn_usable(conn)) {
            pd_conn_close(&probe);
        }
        if (pd_conn_usable(conn) || pd_db_connect(apply->db, &probe, &ignored)) {
            outcome = ask_outcome(apply, conn);
        }
        if (outcome == PD_OUTCOME_COMMITTED || outcome == PD_OUTCOME_ABORTED) {
            break;
        }
        if (outcome == PD_OUTCOME_IN_PROGRESS && !terminated) {
            terminate_backend(apply, conn);
            terminated = true;
        }
        (void)pd_wait_fd(NULL, -1, 0, pd_now_ms() + RETRY_MS);
    }
    pd_conn_close(&probe);
    return outcome;
}

static bool resolve(pd_apply *apply, pd_error *err)
{
    pd_conn_close(&apply->db->worker);
    switch (find_outcome(apply)) {
    case PD_OUTCOME_COMMITTED:
        pd_progress_note(apply->db->options.progress,
                         "the connection was lost during COMMIT; the server says: committed");
        return true;
    case PD_OUTCOME_ABORTED:
        if (pd_interrupted(apply->db->options.interrupt)) {
            return pd_fail_interrupted(err, apply->db->options.interrupt);
        }
        (void)pd_fail(err, PD_ERROR_APPLY,
                      "cannot commit: the connection to the database was lost");
        (void)pd_error_detail(err, "the server was asked and says: transaction %s was rolled back",
                              apply->xid);
        return pd_error_hint(err, "Run predeploy again.");
    case PD_OUTCOME_UNKNOWN:
    case PD_OUTCOME_IN_PROGRESS:
        break;
    }
    (void)pd_fail(err, PD_ERROR_UNKNOWN, "cannot tell whether transaction %s was committed",
                  apply->xid);
    (void)pd_error_detail(err,
                          "the connection was lost during COMMIT, and the server could not be "
                          "asked within %lld ms",
                          (long long)resolve_ms(apply));
    return pd_error_hint(err, "When the server answers again, `predeploy status` shows what is in; "
                              "then run predeploy again: it carries on from what is true.");
}

bool pd_apply_commit(pd_apply *apply, pd_error *err)
{
    PD_AUTO_RESULT result = NULL;
    pd_conn *worker = &apply->db->worker;
    pd_request request = pd_apply_request(apply, "COMMIT", "cannot commit");
    request.limit_ms = COMMIT_MS;
    pd_reply reply = pd_conn_ask(worker, &request, &result);
    bool lost = reply == PD_REPLY_LOST || !pd_conn_usable(worker);
    if (lost) {
        return resolve(apply, err);
    }
    /* A signal, or the deadline, may find the server done with it. */
    if (result != NULL && pd_streq(PQcmdStatus(result), "COMMIT")) {
        return true;
    }
    if (reply == PD_REPLY_DONE) {
        (void)pd_fail(err, PD_ERROR_APPLY, "cannot commit: the server rolled back instead");
        return pd_error_hint(err, "Look into the server's log for the reason.");
    }
    return pd_pg_fail(err, worker, &request, reply, result);
}
