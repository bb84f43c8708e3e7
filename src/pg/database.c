#include "pg/database.h"

#include <inttypes.h>

#include "base/clock.h"
#include "base/str.h"
#include "pg/errors.h"
#include "pg/ledger.h"
#include "pg/pooler.h"
#include "pg/query.h"
#include "pg/session.h"
#include "pg_statements.h"

#define PATIENCE_MIN_MS 3000
#define PATIENCE_CONNECTS 3
#define WORKER_IDLE_MS 60000 /* in a transaction, between two statements */

int64_t pd_db_patience_ms(const pd_db *db)
{
    int64_t ms = PATIENCE_CONNECTS * db->options.settings->connect_timeout_ms;
    return ms < PATIENCE_MIN_MS ? PATIENCE_MIN_MS : ms;
}

int64_t pd_db_limit_ms(const pd_db *db)
{
    int64_t lock_ms = db->options.settings->lock_timeout_ms;
    return lock_ms == 0 ? 0 : lock_ms + pd_db_patience_ms(db);
}

pd_request pd_db_request(const pd_db *db, const char *sql, const char *what)
{
    pd_request request = {.sql = sql,
                          .what = what,
                          .kind = PD_ERROR_UNREACHABLE,
                          .limit_ms = pd_db_limit_ms(db),
                          .silence_ms = pd_db_patience_ms(db)};
    return request;
}

pd_request pd_db_last_request(const pd_db *db, const char *sql, const char *what)
{
    pd_request request = pd_db_request(db, sql, what);
    int64_t ms = request.limit_ms > 0 ? request.limit_ms : pd_db_patience_ms(db);
    request.undisturbed = true;
    request.limit_ms = pd_interrupt_grace_ms(db->options.interrupt, ms);
    return request;
}

bool pd_layout_is_drizzle(pd_layout_kind layout)
{
    return layout == PD_LAYOUT_DRIZZLE || layout == PD_LAYOUT_DRIZZLE_FOLDERS;
}

static const char *session_sql(const pd_db *db, const pd_session *session)
{
    const char *pairs[] = {
        "lock_timeout",
        pd_query_number(db->arena, session->lock_ms),
        "statement_timeout",
        pd_query_number(db->arena, session->statement_ms),
        "idle_timeout",
        pd_query_number(db->arena, session->idle_ms),
        NULL,
    };
    return pd_query_fill(db->arena, pd_query_session, pairs);
}

pd_session pd_db_control_session(const pd_db *db)
{
    pd_session session = {.lock_ms = db->options.settings->lock_timeout_ms,
                          .read_only = db->options.read_only};
    return session;
}

pd_session pd_db_worker_session(const pd_db *db)
{
    pd_session session = {.lock_ms = db->options.settings->lock_timeout_ms,
                          .statement_ms = db->options.settings->statement_timeout_ms,
                          .idle_ms = WORKER_IDLE_MS};
    return session;
}

static bool connect_server(pd_db *db, pd_conn *conn, pd_error *err)
{
    int64_t limit_ms = db->options.settings->connect_timeout_ms;
    conn->progress = db->options.progress;
    if (!pd_conn_usable(conn) &&
        !pd_conn_open(conn, db->options.conninfo, db->application,
                      pd_interrupt_grace_ms(db->options.interrupt, limit_ms), err)) {
        return false;
    }
    int version = PQserverVersion(conn->pg);
    if (version < PD_SERVER_MIN) {
        (void)pd_fail(err, PD_ERROR_UNREACHABLE, "the server is PostgreSQL %d, which is too old",
                      version / 10000);
        return pd_error_hint(err, "predeploy needs PostgreSQL %d or newer.", PD_SERVER_MIN / 10000);
    }
    return true;
}

static bool connect_session(pd_db *db, pd_conn *conn, const pd_session *session,
                            pd_session_answer *answer, pd_error *err)
{
    return connect_server(db, conn, err) && pd_session_setup(db, conn, session, answer, err);
}

bool pd_db_new_connection(pd_db *db, pd_conn *conn, const pd_session *session,
                          pd_session_answer *answer, pd_error *err)
{
    conn->interrupt = db->options.interrupt;
    if (!connect_session(db, conn, session, answer, err)) {
        pd_conn_close(conn);
        return false;
    }
    return true;
}

bool pd_db_connect(pd_db *db, pd_conn *conn, pd_error *err)
{
    pd_session session = pd_db_control_session(db);
    pd_session_answer answer = {0};
    conn->interrupt = pd_interrupted(db->options.interrupt) ? NULL : db->options.interrupt;
    bool ok = connect_session(db, conn, &session, &answer, err) &&
              pd_pooler_follow(db, conn, &session, &answer, err);
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
    request.limit_ms = pd_interrupt_grace_ms(db->options.interrupt, PD_CANCEL_MS);
    if (db->pooling == PD_POOLING_TRANSACTION && pd_conn_usable(conn) &&
        PQtransactionStatus(conn->pg) != PQTRANS_IDLE) {
        request.sql = pd_query_pooled_rollback;
        request.simple = true;
    }
    if (pd_conn_ask(conn, &request, &ignored) != PD_REPLY_DONE) {
        pd_conn_close(conn);
    }
}

static bool check_writable(const pd_db *db, const pd_session_answer *answer, pd_error *err)
{
    if (db->options.read_only || (!answer->recovery && !answer->read_only)) {
        return true;
    }
    if (answer->recovery) {
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
    pd_session session = pd_db_control_session(db);
    pd_session_answer answer = {0};
    db->control.interrupt = db->options.interrupt;
    bool ok = connect_server(db, &db->control, err) &&
              (db->options.locks ? pd_ledger_enter(db, &session, &answer, err)
                                 : pd_session_setup(db, &db->control, &session, &answer, err));
    if (!ok) {
        pd_conn_close(&db->control);
    }
    return ok && check_writable(db, &answer, err) &&
           (!answer.pooled || pd_pooler_settle(db, &answer, err));
}

static const char *keep_text(pd_arena *arena, const char *text)
{
    return pd_arena_strdup(arena, text == NULL ? "" : text);
}

void pd_db_target(const pd_db *db, pd_target *target)
{
    PGconn *pg = db->control.pg;
    target->host = keep_text(db->arena, PQhost(pg));
    target->port = keep_text(db->arena, PQport(pg));
    target->dbname = keep_text(db->arena, PQdb(pg));
    target->user = keep_text(db->arena, PQuser(pg));
    target->server_version = PQserverVersion(pg);
    target->ephemeral = db->options.ephemeral;
}

static pd_db *new_db(pd_arena *arena, const char *conninfo)
{
    pd_db *db = pd_arena_alloc(arena, sizeof *db);
    db->arena = arena;
    db->options.conninfo = keep_text(arena, conninfo);
    db->application = PD_APPLICATION;
    return db;
}

bool pd_db_begin(pd_db **out, pd_arena *arena, const char *conninfo, int64_t timeout_ms,
                 pd_interrupt *interrupt, pd_error *err)
{
    pd_db *db = new_db(arena, conninfo);
    pd_call call = {
        .conninfo = db->options.conninfo, .name = db->application, .timeout_ms = timeout_ms};
    *out = NULL;
    db->begun_ms = pd_now_ms();
    db->control.interrupt = interrupt;
    if (!pd_conn_start(&db->control, &call, err)) {
        pd_db_close(&db);
        return false;
    }
    *out = db;
    return true;
}

void pd_db_nudge(pd_db *db)
{
    pd_conn_nudge(&db->control, true);
}

static void take_options(pd_db *db, const pd_db_options *options)
{
    const char *conninfo = db->options.conninfo;
    db->options = *options;
    db->options.conninfo = conninfo;
}

bool pd_db_finish(pd_db *db, const pd_db_options *options, pd_error *err)
{
    int64_t limit_ms = options->settings->connect_timeout_ms;
    take_options(db, options);
    db->control.interrupt = options->interrupt;
    db->control.progress = options->progress;
    pd_progress_say(options->progress, "connecting to the database");
    return !db->control.opening ||
           pd_conn_finish(&db->control, db->begun_ms + limit_ms, limit_ms, err);
}

/* Where a table of the ledger is missing there is something to do. */
static void begin_worker(pd_db *db)
{
    if (db->incomplete && db->options.commit != NULL) {
        pd_db_name(db, db->options.commit);
        pd_session_presume(&db->control);
        pd_db_connect_ahead(db);
    }
}

bool pd_db_open(pd_db **out, pd_arena *arena, const pd_db_options *options, pd_target *target,
                pd_error *err)
{
    pd_db *db = options->begun != NULL ? options->begun : new_db(arena, options->conninfo);
    *out = NULL;
    take_options(db, options);
    db->control.beside = &db->worker;
    pd_session worker = pd_db_worker_session(db);
    db->session = session_sql(db, &worker);
    db->reset = pd_query_session_reset;
    pd_progress_say(options->progress, "connecting to the database");
    pd_conn_drop_ended(&db->control);
    begin_worker(db);
    if (!open_control(db, err)) {
        pd_db_close(&db);
        return false;
    }
    pd_db_target(db, target);
    if (!pd_conninfo_names_database(options->conninfo)) {
        pd_progress_note(options->progress,
                         "predeploy: warning: the connection string names no database: %s is taken",
                         target->dbname);
    }
    *out = db;
    return true;
}

void pd_db_close(pd_db **db)
{
    if (*db == NULL) {
        return;
    }
    pd_reading_drop((*db)->ahead);
    pd_ledger_leave(*db);
    pd_conn *conns[] = {&(*db)->worker, &(*db)->control, &(*db)->lock};
    for (size_t i = 0; i < sizeof conns / sizeof *conns; i++) {
        pd_pooler_leave(*db, conns[i]);
        pd_conn_close(conns[i]);
    }
    *db = NULL;
}
