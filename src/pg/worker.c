/* The connection that migrations run on: opened when it is wanted, or ahead of that, beside what is
 * asked on the control connection. */

#include "base/clock.h"
#include "base/memory.h"
#include "base/str.h"
#include "pg/alive.h"
#include "pg/errors.h"
#include "pg/internal.h"
#include "pg/pooler.h"
#include "pg/query.h"
#include "pg/session.h"
#include "pg_statements.h"

#define AHEAD_MAX_MS 10000 /* an older one may have been dropped on its way */

/* Settings that the session goes back to whenever it is reset. What the connection string asks for
 * stands in front: of two that set the same the server takes the last. */
static const char *kept_settings(pd_db *db)
{
    pd_session session = pd_db_worker_session(db);
    const char *pairs[] = {
        "lock_timeout",
        pd_query_number(db->arena, session.lock_ms),
        "statement_timeout",
        pd_query_number(db->arena, session.statement_ms),
        "idle_timeout",
        pd_query_number(db->arena, session.idle_ms),
        NULL,
    };
    const char *theirs = NULL;
    PQconninfoOption *used = PQconninfo(db->control.pg);
    if (used == NULL) {
        pd_out_of_memory();
    }
    for (PQconninfoOption *one = used; one->keyword != NULL; one++) {
        theirs = pd_streq(one->keyword, "options") ? one->val : theirs;
    }
    const char *text = pd_arena_printf(
        db->arena,
        "%s%s-c lock_timeout={lock_timeout} -c statement_timeout={statement_timeout} "
        "-c idle_in_transaction_session_timeout={idle_timeout} "
        "-c tcp_keepalives_idle=10 -c tcp_keepalives_interval=5 "
        "-c tcp_keepalives_count=4 -c tcp_user_timeout=30000%s",
        theirs == NULL ? "" : theirs, theirs == NULL ? "" : " ",
        db->control.v14 ? " -c client_connection_check_interval=1000 -c idle_session_timeout=0"
                        : "");
    PQconninfoFree(used);
    return pd_query_fill(db->arena, text, pairs);
}

static int64_t connect_ms(const pd_db *db)
{
    return pd_interrupt_grace_ms(db->options.interrupt, db->options.settings->connect_timeout_ms);
}

/* Behind a pooler nothing can be said of a session before it is there. */
static bool can_keep(const pd_db *db)
{
    return db->pooling == PD_POOLING_NONE && !db->plain_worker && pd_conn_usable(&db->control);
}

static bool start_kept(pd_db *db, pd_error *err)
{
    db->worker.progress = db->options.progress;
    db->worker.interrupt = db->options.interrupt;
    pd_call call = {.conninfo = db->options.conninfo,
                    .name = db->application,
                    .options = kept_settings(db),
                    .timeout_ms = connect_ms(db)};
    db->worker_started_ms = pd_now_ms();
    return pd_conn_start(&db->worker, &call, err);
}

/* Some say it by this. */
static bool refuses_settings(const pd_error *err)
{
    return pd_streq(err->code, "08P01");
}

/* Whether another attempt may fare better: with settings, who stands between may have refused them,
 * in whatever words. Not what is said of who connects, of the database, and of a server that has no
 * room or goes down. */
static bool may_help(const pd_error *err, int64_t since_ms, int64_t timeout_ms)
{
    static const char *const classes[] = {"28", "3D", "53", "57"};
    bool helps = err->signal == 0 && pd_now_ms() - since_ms < timeout_ms;
    for (size_t i = 0; i < sizeof classes / sizeof *classes; i++) {
        helps = helps && !pd_starts_with(err->code, classes[i]);
    }
    return helps;
}

static bool open_kept(pd_db *db, pd_error *err)
{
    int64_t timeout_ms = connect_ms(db);
    bool started = db->worker.opening || start_kept(db, err);
    if (!started || !pd_conn_finish(&db->worker, pd_now_ms() + timeout_ms, timeout_ms, err)) {
        pd_conn_close(&db->worker);
        return false;
    }
    db->worker.kept = true;
    db->worker.v14 = db->control.v14;
    return true;
}

static void look_after(pd_db *db, int64_t pid)
{
    db->worker_pid = pid;
    db->alive_asked_ms = pd_now_ms();
    db->worker.alive = pd_worker_alive;
    db->worker.alive_ctx = db;
}

bool pd_db_new_worker(pd_db *db, const pd_session *session, pd_session_answer *answer,
                      pd_error *err)
{
    db->worker.kept = false;
    if (db->worker.opening) {
        pd_conn_close(&db->worker);
    }
    if (!pd_db_new_connection(db, &db->worker, session, answer, err)) {
        return false;
    }
    look_after(db, answer->pid);
    return true;
}

static bool open_plain(pd_db *db, pd_error *err)
{
    pd_session session = pd_db_worker_session(db);
    pd_session_answer answer = {0};
    if (!pd_db_new_worker(db, &session, &answer, err)) {
        return false;
    }
    if (!pd_pooler_follow(db, &db->worker, &session, &answer, err)) {
        pd_conn_close(&db->worker);
        return false;
    }
    return true;
}

bool pd_db_open_worker(pd_db *db, pd_error *err)
{
    if (pd_conn_usable(&db->worker)) {
        return true;
    }
    bool ahead = db->worker.opening && pd_now_ms() - db->worker_started_ms < AHEAD_MAX_MS;
    if (!ahead) {
        pd_conn_close(&db->worker);
    }
    if (!can_keep(db)) {
        pd_conn_close(&db->worker);
        return open_plain(db, err);
    }
    int64_t since_ms = pd_now_ms();
    int64_t timeout_ms = connect_ms(db);
    bool ok = open_kept(db, err);
    if (!ok && ahead && err->signal == 0 && !refuses_settings(err)) { /* it may be over by now */
        *err = (pd_error){0};
        ok = open_kept(db, err);
    }
    if (ok) {
        look_after(db, PQbackendPID(db->worker.pg));
        return true;
    }
    if (!may_help(err, since_ms, timeout_ms)) {
        return false;
    }
    *err = (pd_error){0};
    db->plain_worker = open_plain(db, err);
    return db->plain_worker;
}

bool pd_db_connects_ahead(const pd_db *db)
{
    return db->options.expects && can_keep(db);
}

void pd_db_connect_ahead(pd_db *db)
{
    pd_error ignored = {0};
    if (!pd_db_connects_ahead(db) || db->worker.pg != NULL) {
        return;
    }
    if (!start_kept(db, &ignored)) {
        pd_conn_close(&db->worker);
    }
}
