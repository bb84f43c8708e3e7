#include "pg/session.h"

#include <string.h>

#include "base/str.h"
#include "pg/errors.h"
#include "pg/query.h"
#include "pg_statements.h"

#define LOCALS_MAX 16

static const char *fill(pd_db *db, const char *text, const pd_session *session, const char *local)
{
    pd_arena *arena = db->arena;
    const char *pairs[] = {
        "lock_timeout",
        pd_query_number(arena, session->lock_ms),
        "statement_timeout",
        pd_query_number(arena, session->statement_ms),
        "idle_timeout",
        pd_query_number(arena, session->idle_ms),
        "read_only",
        session->read_only ? "'on'" : "pg_catalog.current_setting('default_transaction_read_only')",
        "local",
        local,
        NULL,
    };
    return pd_query_fill(arena, text, pairs);
}

static const char *in_idle(pd_db *db, bool open, const char *sql)
{
    return open ? pd_arena_printf(db->arena, "ROLLBACK;\n%s", sql) : sql;
}

static bool is_v14(const pd_conn *conn)
{
    return PQserverVersion(conn->pg) >= 140000;
}

static bool ask_setup(pd_db *db, pd_conn *conn, const pd_session *session, const char *local,
                      PGresult **result, pd_error *err)
{
    pd_request request = pd_db_request(db, NULL, "cannot set up the session");
    bool open = PQtransactionStatus(conn->pg) != PQTRANS_IDLE; /* an early question ended badly */
    request.simple = open;
    request.limit_ms = db->options.settings->connect_timeout_ms;
    if (is_v14(conn)) {
        request.sql = in_idle(db, open, fill(db, pd_query_session_setup_v14, session, local));
        pd_reply reply = pd_conn_ask(conn, &request, result);
        conn->v14 = reply == PD_REPLY_DONE;
        if (reply != PD_REPLY_ERROR) {
            return conn->v14 || pd_pg_fail(err, conn, &request, reply, *result);
        }
        pd_result_cleanup(result);
    }
    request.sql = in_idle(db, open, fill(db, pd_query_session_setup, session, local));
    return pd_conn_get(conn, &request, result, err);
}

/* Whether the process that answers is another one than that at the door. */
const char *pd_session_local_sql(pd_db *db, const pd_conn *conn)
{
    return pd_arena_printf(db->arena, "pg_catalog.pg_backend_pid() OPERATOR(pg_catalog.<>) (%d)",
                           PQbackendPID(conn->pg));
}

const char *pd_session_sql(pd_db *db, const pd_conn *conn, const pd_session *session)
{
    const char *text = is_v14(conn) ? pd_query_session_setup_v14 : pd_query_session_setup;
    return fill(db, text, session, pd_session_local_sql(db, conn));
}

static void take_answer(const pd_conn *conn, const PGresult *result, pd_session_answer *answer)
{
    answer->recovery = pd_value_bool(result, 0, 0);
    answer->read_only = pd_value_bool(result, 0, 1);
    answer->pid = 0;
    answer->pooled =
        !pd_value_number(result, 0, 2, &answer->pid) || answer->pid != PQbackendPID(conn->pg);
}

void pd_session_presume(pd_conn *conn)
{
    conn->v14 = is_v14(conn);
}

void pd_session_take(pd_conn *conn, const PGresult *result, pd_session_answer *answer)
{
    conn->v14 = is_v14(conn);
    take_answer(conn, result, answer);
}

bool pd_session_setup(pd_db *db, pd_conn *conn, const pd_session *session,
                      pd_session_answer *answer, pd_error *err)
{
    PD_AUTO_RESULT result = NULL;
    if (!ask_setup(db, conn, session, pd_session_local_sql(db, conn), &result, err)) {
        return false;
    }
    take_answer(conn, result, answer);
    return true;
}

bool pd_session_keep(pd_db *db, pd_conn *conn, const pd_session *session, pd_error *err)
{
    PD_AUTO_RESULT result = NULL;
    conn->locals = NULL;
    conn->locals_text = NULL;
    return ask_setup(db, conn, session, "false", &result, err);
}

void pd_session_each_time(pd_db *db, pd_conn *conn, const pd_session *session)
{
    const char *switches[] = {
        "v14", conn->v14 ? "" : "--", "read_only", session->read_only ? "" : "--", NULL,
    };
    const char *text = pd_query_fill(db->arena, pd_query_session_local, switches);
    text = fill(db, text, session, "");
    const char **locals = pd_arena_array(db->arena, LOCALS_MAX, sizeof *locals);
    size_t count = 0;
    for (const char *line = text; *line != '\0' && count + 1 < LOCALS_MAX;) {
        size_t len = strcspn(line, "\n");
        if (pd_starts_with(line, "SET LOCAL ")) {
            locals[count++] = pd_arena_strndup(db->arena, line, len);
        }
        line += len;
        line += *line == '\n' ? 1 : 0;
    }
    conn->locals = locals;
    conn->locals_text = text;
}
