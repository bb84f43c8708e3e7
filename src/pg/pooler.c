#include "pg/pooler.h"

#include <string.h>

#include "pg/errors.h"
#include "pg/query.h"
#include "pg_statements.h"

#define PROBES 3
#define LEAVE_MS 1000

static bool ask_pid(pd_db *db, pd_conn *conn, const char *sql, int64_t *pid, pd_error *err)
{
    PD_AUTO_RESULT result = NULL;
    pd_request request = pd_db_request(db, sql, "cannot find out how the pooler works");
    request.simple = true;
    request.limit_ms = db->options.settings->connect_timeout_ms;
    pd_reply reply = pd_conn_ask(conn, &request, &result);
    if (reply == PD_REPLY_DONE && pd_value_number(result, 0, 0, pid)) {
        return true;
    }
    (void)pd_pg_fail(err, conn, &request, reply, result);
    return reply != PD_REPLY_TIMEOUT
               ? false
               : pd_error_hint(err, "The pooler gave out no second session, and a deployment needs "
                                    "three at once: give it a larger pool, or name the port of the "
                                    "server itself.");
}

/* The worker takes a session and holds it. Where sessions go round, it is the one that the control
 * connection has just used, or the control connection finds itself in another one. */
static bool probe(pd_db *db, int64_t control, int64_t worker, bool *shared, pd_error *err)
{
    *shared = false;
    for (int i = 0; i < PROBES && !*shared; i++) {
        int64_t held = 0;
        int64_t asked = 0;
        if (!ask_pid(db, &db->worker, pd_query_probe_hold, &held, err) ||
            !ask_pid(db, &db->control, pd_query_probe_ask, &asked, err)) {
            return false;
        }
        *shared = held != worker || asked != control || control == worker;
        pd_db_rollback(db, &db->worker);
    }
    return true;
}

bool pd_pooler_settle(pd_db *db, const pd_session_answer *answer, pd_error *err)
{
    pd_session control = pd_db_control_session(db);
    pd_session worker = pd_db_worker_session(db);
    pd_session_answer other = {0};
    bool shared = true;
    db->pooling = PD_POOLING_TRANSACTION;
    db->reset = pd_query_session_reset_pooled;
    pd_session_each_time(db, &db->control, &control);
    if (db->options.read_only) {
        return true;
    }
    if (!pd_db_new_worker(db, &worker, &other, err)) {
        return false;
    }
    pd_session_each_time(db, &db->worker, &worker);
    if (!probe(db, answer->pid, other.pid, &shared, err)) {
        return false;
    }
    if (shared) {
        pd_progress_note(db->options.progress,
                         "connected through a pooler of transactions: what must run outside one "
                         "can't be deployed here");
        return true;
    }
    db->pooling = PD_POOLING_SESSION;
    db->reset = pd_query_session_reset;
    return pd_session_keep(db, &db->control, &control, err) &&
           pd_session_keep(db, &db->worker, &worker, err);
}

bool pd_pooler_follow(pd_db *db, pd_conn *conn, const pd_session *session,
                      const pd_session_answer *answer, pd_error *err)
{
    switch (db->pooling) {
    case PD_POOLING_TRANSACTION:
        pd_session_each_time(db, conn, session);
        return true;
    case PD_POOLING_SESSION:
        return !answer->pooled || pd_session_keep(db, conn, session, err);
    case PD_POOLING_NONE:
        break;
    }
    if (!answer->pooled) {
        return true;
    }
    return pd_pooler_fail_mixed(err);
}

bool pd_pooler_fail_mixed(pd_error *err)
{
    (void)pd_fail(err, PD_ERROR_UNREACHABLE,
                  "one connection goes to a server, the next to a pooler");
    return pd_error_hint(err, "Name one of them in the connection string.");
}

bool pd_pooler_try_lock(pd_db *db, bool *locked, pd_error *err)
{
    pd_session session = pd_db_control_session(db);
    pd_session_answer answer = {0};
    if (!pd_conn_usable(&db->lock)) {
        pd_conn_close(&db->lock);
        if (!pd_db_new_connection(db, &db->lock, &session, &answer, err) ||
            !pd_pooler_follow(db, &db->lock, &session, &answer, err)) {
            return false;
        }
    }
    PD_AUTO_RESULT result = NULL;
    pd_request request =
        pd_db_request(db, pd_query_try_lock_transaction, "cannot take the deployment lock");
    request.simple = true;
    if (!pd_conn_get(&db->lock, &request, &result, err)) {
        return false;
    }
    *locked = pd_value_bool(result, 0, 0);
    if (!*locked) {
        pd_db_rollback(db, &db->lock);
    }
    return true;
}

bool pd_pooler_refuse_alone(const pd_db *db, pd_error *err)
{
    if (db->pooling != PD_POOLING_TRANSACTION) {
        return true;
    }
    (void)pd_fail(err, PD_ERROR_UNREACHABLE,
                  "cannot run statements outside transactions through a pooler of transactions");
    return pd_error_hint(err, "Name the port of the server itself in the connection string, or one "
                              "where the pooler gives out sessions.");
}

bool pd_db_check_plan(const pd_db *db, const pd_plan *plan, pd_error *err)
{
    for (size_t i = 0; i < plan->count; i++) {
        if (plan->steps[i].alone && !pd_pooler_refuse_alone(db, err)) {
            return false;
        }
    }
    return true;
}

void pd_pooler_leave(pd_db *db, pd_conn *conn)
{
    PD_AUTO_RESULT ignored = NULL;
    if (db->pooling == PD_POOLING_NONE || !pd_conn_usable(conn)) {
        return;
    }
    bool open = PQtransactionStatus(conn->pg) != PQTRANS_IDLE;
    bool session = db->pooling == PD_POOLING_SESSION;
    if (!open && !session) {
        return;
    }
    pd_request request = pd_db_request(db, open ? "ROLLBACK" : "DISCARD ALL", "");
    request.simple = true;
    request.undisturbed = true;
    request.limit_ms = pd_interrupt_grace_ms(db->options.interrupt, LEAVE_MS);
    (void)pd_conn_ask(conn, &request, &ignored);
}
