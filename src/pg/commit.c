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
#define FIRST_PAUSE_MS 10
#define LONGEST_PAUSE_MS 300

typedef enum pd_outcome {
    PD_OUTCOME_UNKNOWN,
    PD_OUTCOME_RUNNING,
    PD_OUTCOME_COMMITTED,
    PD_OUTCOME_ABORTED,
} pd_outcome;

static pd_request question(const pd_apply *apply, const char *sql, const char *const *values,
                           int count)
{
    pd_request request = pd_db_request(apply->db, sql, "");
    request.values = values;
    request.count = count;
    request.undisturbed = true;
    request.limit_ms = pd_interrupt_grace_ms(apply->db->options.interrupt, PD_CANCEL_MS);
    return request;
}

/* False: it could not be asked. */
static bool ask_bool(pd_conn *conn, const pd_request *request, bool *out)
{
    PD_AUTO_RESULT result = NULL;
    if (pd_conn_ask(conn, request, &result) != PD_REPLY_DONE || PQntuples(result) != 1) {
        /* A transaction of the future: the server has crashed, and lost it. */
        *out = false;
        return pd_streq(pd_pg_field(result, PG_DIAG_SQLSTATE), "22023");
    }
    *out = pd_value_bool(result, 0, 0);
    return true;
}

static bool ask_running(pd_apply *apply, pd_conn *conn, bool *running)
{
    const char *xid[] = {apply->xid};
    const char *backend[] = {pd_query_number(apply->arena, apply->pid), apply->backend_start};
    pd_request request = apply->db->pooling == PD_POOLING_TRANSACTION
                             ? question(apply, pd_query_resolve, xid, 1)
                             : question(apply, pd_query_resolve_alive, backend, 2);
    return ask_bool(conn, &request, running);
}

static bool ask_written(pd_apply *apply, pd_proof proof, pd_conn *conn, bool *written)
{
    const pd_batch *batch = apply->batch;
    pd_arena *arena = apply->arena;
    const char *row[] = {pd_query_number(arena, apply->pid), apply->backend_start, apply->xid};
    if (proof == PD_PROOF_STATEMENTS) {
        pd_request request = question(apply, pd_query_resolve_statements, row, 3);
        return ask_bool(conn, &request, written);
    }
    const char **names = pd_arena_array(arena, batch->count + 1, sizeof *names);
    size_t ran = 0;
    size_t adopted = 0;
    for (size_t i = 0; i < batch->count; i++) {
        bool runs = batch->steps[i].kind != PD_STEP_ADOPT;
        adopted += runs ? 0 : 1;
        names[runs ? ran++ : batch->count - adopted] = batch->steps[i].name;
    }
    const char *values[] = {batch->deployment->id, pd_query_array(arena, names, ran),
                            pd_query_array(arena, names + ran, adopted)};
    pd_request request = question(apply, pd_query_resolve_batch, values, 3);
    return ask_bool(conn, &request, written);
}

/* What is there is asked last: then nobody writes it any more. */
static pd_outcome ask_outcome(pd_apply *apply, pd_proof proof, pd_conn *conn)
{
    bool running = false;
    bool written = false;
    if (!ask_running(apply, conn, &running) || !ask_written(apply, proof, conn, &written)) {
        return PD_OUTCOME_UNKNOWN;
    }
    if (written) {
        return PD_OUTCOME_COMMITTED;
    }
    return running ? PD_OUTCOME_RUNNING : PD_OUTCOME_ABORTED;
}

bool pd_apply_terminate(pd_apply *apply, pd_conn *conn)
{
    PD_AUTO_RESULT result = NULL;
    const char *values[] = {pd_query_number(apply->arena, apply->pid), apply->backend_start};
    pd_request request = question(apply, pd_query_resolve_terminate, values, 2);
    return pd_conn_ask(conn, &request, &result) == PD_REPLY_DONE && PQntuples(result) > 0;
}

static int64_t resolve_ms(const pd_apply *apply)
{
    return pd_interrupt_grace_ms(apply->db->options.interrupt,
                                 RESOLVE_ATTEMPTS *
                                     apply->db->options.settings->connect_timeout_ms);
}

/* Once, on the control connection, or on `probe`, which is opened when it has to be. */
static pd_outcome try_outcome(pd_apply *apply, pd_proof proof, pd_conn *probe)
{
    pd_error ignored = {0};
    pd_conn *conn = pd_conn_usable(&apply->db->control) ? &apply->db->control : probe;
    if (!pd_conn_usable(conn)) {
        pd_conn_close(probe);
    }
    if (!pd_conn_usable(conn) && !pd_db_connect(apply->db, probe, &ignored)) {
        return PD_OUTCOME_UNKNOWN;
    }
    pd_outcome outcome = ask_outcome(apply, proof, conn);
    if (outcome == PD_OUTCOME_RUNNING && apply->db->pooling != PD_POOLING_TRANSACTION) {
        (void)pd_apply_terminate(apply, conn);
    }
    return outcome;
}

static pd_outcome find_outcome(pd_apply *apply, pd_proof proof, int64_t limit_ms)
{
    int64_t deadline_ms = pd_now_ms() + limit_ms;
    pd_interrupt *interrupt = apply->db->options.interrupt;
    pd_conn probe = {.progress = apply->db->options.progress};
    pd_outcome outcome = PD_OUTCOME_UNKNOWN;
    int64_t pause_ms = FIRST_PAUSE_MS;
    pd_progress_say(apply->db->options.progress,
                    "the connection was lost during COMMIT, asking the server what became of it");
    while (pd_remaining_ms(deadline_ms) > 0) {
        outcome = try_outcome(apply, proof, &probe);
        if (outcome == PD_OUTCOME_COMMITTED || outcome == PD_OUTCOME_ABORTED) {
            break;
        }
        (void)pd_wait_fd(interrupt, -1, 0, pd_now_ms() + pause_ms);
        if (pd_interrupted(interrupt)) {
            int64_t last_ms = pd_now_ms() + pd_interrupt_grace_ms(interrupt, limit_ms);
            deadline_ms = last_ms < deadline_ms ? last_ms : deadline_ms;
        }
        pause_ms = pause_ms * 2 < LONGEST_PAUSE_MS ? pause_ms * 2 : LONGEST_PAUSE_MS;
    }
    pd_conn_close(&probe);
    return outcome;
}

static bool resolve(pd_apply *apply, pd_proof proof, pd_error *err)
{
    pd_conn_close(&apply->db->worker);
    int64_t limit_ms = resolve_ms(apply);
    switch (find_outcome(apply, proof, limit_ms)) {
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
        (void)pd_error_detail(err, "the server was asked: transaction %s was rolled back",
                              apply->xid);
        return pd_error_hint(err, "Run predeploy again.");
    case PD_OUTCOME_UNKNOWN:
    case PD_OUTCOME_RUNNING:
        break;
    }
    (void)pd_fail(err, PD_ERROR_UNKNOWN, "cannot tell whether transaction %s was committed",
                  apply->xid);
    (void)pd_error_detail(err,
                          "the connection was lost during COMMIT, and the server could not be "
                          "asked within %lld ms",
                          (long long)limit_ms);
    return pd_error_hint(err, "When the server answers again, `predeploy status` shows what is in; "
                              "then run predeploy again: it carries on from what is true.");
}

bool pd_apply_commit(pd_apply *apply, pd_proof proof, pd_error *err)
{
    PD_AUTO_RESULT result = NULL;
    pd_conn *worker = &apply->db->worker;
    pd_request request = pd_apply_request(apply, "COMMIT", "cannot commit");
    request.limit_ms = COMMIT_MS;
    if (apply->db->pooling == PD_POOLING_TRANSACTION) {
        request.sql = "RESET ALL; COMMIT"; /* what was set would be the next client's */
        request.simple = true;
    }
    pd_apply_doing(apply, "committing");
    pd_reply reply = pd_conn_ask(worker, &request, &result);
    bool lost = reply == PD_REPLY_LOST || !pd_conn_usable(worker);
    if (lost) {
        return resolve(apply, proof, err);
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
