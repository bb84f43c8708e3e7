#include "pg/database.h"

#include <inttypes.h>

#include "base/str.h"
#include "pg/errors.h"
#include "pg/internal.h"
#include "pg/query.h"
#include "pg_statements.h"

#define OWN_STATEMENT_MS 60000
#define WORKER_IDLE_MS 60000 /* in a transaction, between two statements */

int64_t pd_db_limit_ms(const pd_db *db)
{
    int64_t lock_ms = db->options.settings->lock_timeout_ms;
    return lock_ms == 0 ? 0 : lock_ms + OWN_STATEMENT_MS;
}

pd_request pd_db_request(const pd_db *db, const char *sql, const char *what)
{
    pd_request request = {
        .sql = sql, .what = what, .kind = PD_ERROR_UNREACHABLE, .limit_ms = pd_db_limit_ms(db)};
    return request;
}

bool pd_layout_is_drizzle(pd_layout_kind layout)
{
    return layout == PD_LAYOUT_DRIZZLE || layout == PD_LAYOUT_DRIZZLE_FOLDERS;
}

static const char *session_sql(const pd_db *db, int64_t statement_ms, int64_t idle_ms)
{
    const char *pairs[] = {
        "lock_timeout",
        pd_query_number(db->arena, db->options.settings->lock_timeout_ms),
        "statement_timeout",
        pd_query_number(db->arena, statement_ms),
        "idle_timeout",
        pd_query_number(db->arena, idle_ms),
        NULL,
    };
    return pd_query_fill(db->arena, pd_query_session, pairs);
}

static bool run_simple(pd_db *db, pd_conn *conn, const char *sql, pd_error *err)
{
    pd_request request = pd_db_request(db, sql, "cannot set up the session");
    request.simple = true;
    request.limit_ms = db->options.settings->connect_timeout_ms;
    return pd_conn_get(conn, &request, NULL, err);
}

static bool connect_session(pd_db *db, pd_conn *conn, const char *session, pd_error *err)
{
    conn->progress = db->options.progress;
    if (!pd_conn_open(conn, db->options.conninfo, db->application,
                      db->options.settings->connect_timeout_ms, err)) {
        return false;
    }
    int version = PQserverVersion(conn->pg);
    if (version < PD_SERVER_MIN) {
        (void)pd_fail(err, PD_ERROR_UNREACHABLE, "the server is PostgreSQL %d, which is too old",
                      version / 10000);
        return pd_error_hint(err, "predeploy needs PostgreSQL %d or newer.", PD_SERVER_MIN / 10000);
    }
    /* First of all: until then the session resolves names as its owner likes. */
    if (!run_simple(db, conn, pd_query_session_pinned, err) ||
        !run_simple(db, conn, session, err)) {
        return false;
    }
    if (version >= 140000) {
        PD_AUTO_RESULT result = NULL;
        pd_request request = pd_db_request(db, pd_query_session_v14, "");
        request.simple = true;
        conn->v14 = pd_conn_ask(conn, &request, &result) == PD_REPLY_DONE;
    }
    return true;
}

bool pd_db_connect(pd_db *db, pd_conn *conn, pd_error *err)
{
    conn->interrupt = NULL;
    bool ok = connect_session(db, conn, session_sql(db, 0, 0), err) &&
              (!db->options.read_only || run_simple(db, conn, pd_query_session_read_only, err));
    if (!ok) {
        pd_conn_close(conn);
    }
    return ok;
}

void pd_db_rollback(pd_db *db, pd_conn *conn)
{
    PD_AUTO_RESULT ignored = NULL;
    pd_request request = pd_db_request(db, "ROLLBACK", "");
    request.undisturbed = true;
    request.limit_ms = PD_CANCEL_MS;
    if (pd_conn_ask(conn, &request, &ignored) != PD_REPLY_DONE) {
        pd_conn_close(conn);
    }
}

bool pd_db_open_worker(pd_db *db, pd_error *err)
{
    if (pd_conn_usable(&db->worker)) {
        return true;
    }
    pd_conn_close(&db->worker);
    db->worker.interrupt = db->options.interrupt;
    if (!connect_session(db, &db->worker, db->session, err)) {
        pd_conn_close(&db->worker);
        return false;
    }
    return true;
}

/* Asked of a new session, before read_only changes the answer. */
static bool check_writable(pd_db *db, pd_error *err)
{
    PD_AUTO_RESULT result = NULL;
    pd_request request = pd_db_request(db, pd_query_identify, "cannot ask the server what it is");
    if (!pd_conn_get(&db->control, &request, &result, err)) {
        return false;
    }
    bool recovery = pd_value_bool(result, 0, 0);
    if (db->options.read_only || (!recovery && !pd_value_bool(result, 0, 1))) {
        return true;
    }
    if (recovery) {
        (void)pd_fail(err, PD_ERROR_UNREACHABLE, "the server is a standby and takes no writes");
        return pd_error_hint(err, "Connect to the primary: with several hosts in the connection "
                                  "string, add target_session_attrs=read-write.");
    }
    (void)pd_fail(err, PD_ERROR_UNREACHABLE, "the database takes no writes from this role");
    return pd_error_hint(err, "default_transaction_read_only is on: set it off for the role, or "
                              "connect with another role.");
}

static bool open_control(pd_db *db, pd_error *err)
{
    db->control.interrupt = db->options.interrupt;
    return connect_session(db, &db->control, session_sql(db, 0, 0), err) &&
           check_writable(db, err) &&
           (!db->options.read_only ||
            run_simple(db, &db->control, pd_query_session_read_only, err));
}

static const char *keep_text(pd_arena *arena, const char *text)
{
    return pd_arena_strdup(arena, text == NULL ? "" : text);
}

static void fill_target(const pd_db *db, pd_target *target)
{
    PGconn *pg = db->control.pg;
    target->host = keep_text(db->arena, PQhost(pg));
    target->port = keep_text(db->arena, PQport(pg));
    target->dbname = keep_text(db->arena, PQdb(pg));
    target->user = keep_text(db->arena, PQuser(pg));
    target->server_version = PQserverVersion(pg);
    target->ephemeral = db->options.ephemeral;
}

bool pd_db_open(pd_db **out, pd_arena *arena, const pd_db_options *options, pd_target *target,
                pd_error *err)
{
    *out = NULL;
    pd_db *db = pd_arena_alloc(arena, sizeof *db);
    db->arena = arena;
    db->options = *options;
    db->options.conninfo = keep_text(arena, options->conninfo);
    db->application = PD_APPLICATION;
    db->session = session_sql(db, options->settings->statement_timeout_ms, WORKER_IDLE_MS);
    pd_progress_say(options->progress, "connecting to the database");
    if (!open_control(db, err)) {
        pd_conn_close(&db->control);
        return false;
    }
    fill_target(db, target);
    *out = db;
    return true;
}

void pd_db_close(pd_db **db)
{
    if (*db != NULL) {
        pd_conn_close(&(*db)->worker);
        pd_conn_close(&(*db)->control);
        *db = NULL;
    }
}
