#include <stdlib.h>

#include "base/clock.h"
#include "pg/errors.h"
#include "pg/internal.h"
#include "pg/pooler.h"
#include "pg/query.h"
#include "pg_statements.h"

#define POLL_MS 200
#define JITTER_MS 100

/* Who has the lock, for a message; "" when nobody could be told. */
static const char *holder(pd_db *db, const char **pid)
{
    PD_AUTO_RESULT result = NULL;
    pd_request request = pd_db_request(db, pd_query_lock_holder, "");
    *pid = NULL;
    if (pd_conn_ask(&db->control, &request, &result) != PD_REPLY_DONE || PQntuples(result) == 0) {
        return "";
    }
    *pid = pd_value_text(db->arena, result, 0, 0);
    return pd_arena_printf(db->arena, "process %s of user %s, application \"%s\", since %s",
                           PQgetvalue(result, 0, 0), PQgetvalue(result, 0, 1),
                           PQgetvalue(result, 0, 2), PQgetvalue(result, 0, 3));
}

static bool try_lock(pd_db *db, bool *locked, pd_error *err)
{
    PD_AUTO_RESULT result = NULL;
    if (db->pooling == PD_POOLING_TRANSACTION) {
        return pd_pooler_try_lock(db, locked, err);
    }
    pd_request request = pd_db_request(db, pd_query_try_lock, "cannot take the deployment lock");
    if (!pd_conn_get(&db->control, &request, &result, err)) {
        return false;
    }
    *locked = pd_value_bool(result, 0, 0);
    return true;
}

static bool fail_held(pd_db *db, bool waited, pd_error *err)
{
    const char *pid = NULL;
    const char *who = holder(db, &pid);
    (void)pd_fail(err, PD_ERROR_LOCKED, "another deployment of this database is running");
    PD_AUTO_ARENA scratch = pd_arena_new();
    const char *waited_for =
        waited ? pd_arena_printf(scratch, "; waited %s",
                                 pd_format_duration(scratch, db->options.settings->lock_wait_ms))
               : "";
    (void)pd_error_detail(err, "the deployment lock is held by %s%s",
                          *who == '\0' ? "nobody any more" : who, waited_for);
    if (pid == NULL) {
        return pd_error_hint(err, "Run predeploy again.");
    }
    return pd_error_hint(err,
                         "Wait until it ends and run predeploy again. If nothing is behind it any "
                         "more: SELECT pg_terminate_backend(%s);",
                         pid);
}

static void say_held(pd_db *db, const char *who, const char *pid)
{
    PD_AUTO_ARENA scratch = pd_arena_new();
    const char *what = "waiting for the deployment lock";
    const char *wordings[] = {
        *who == '\0' ? what : pd_arena_printf(scratch, "%s, held by %s", what, who),
        pid == NULL ? what : pd_arena_printf(scratch, "%s, held by pid %s", what, pid),
        pid == NULL ? what : pd_arena_printf(scratch, "waiting for pid %s", pid),
        NULL,
    };
    pd_progress_say_fitting(db->options.progress, wordings);
}

static bool take_lock(pd_db *db, bool wait, pd_error *err)
{
    int64_t deadline_ms = pd_now_ms() + db->options.settings->lock_wait_ms;
    const char *pid = NULL;
    const char *who = NULL;
    pd_progress_begin(db->options.progress);
    for (int64_t asked = 0;; asked++) {
        bool locked = false;
        if (!try_lock(db, &locked, err)) {
            return false;
        }
        if (locked) {
            db->locked = true;
            return true;
        }
        if (!wait || pd_remaining_ms(deadline_ms) == 0) {
            return fail_held(db, wait, err);
        }
        /* The holder may change while we wait; to ask once in five seconds is enough. */
        who = asked % 25 == 0 ? holder(db, &pid) : who;
        say_held(db, who, pid);
        int64_t pause_ms = POLL_MS + (pd_now_ms() ^ PQbackendPID(db->control.pg)) % JITTER_MS;
        int64_t left_ms = pd_remaining_ms(deadline_ms);
        pause_ms = pause_ms < left_ms ? pause_ms : left_ms;
        if (pd_wait_fd(db->options.interrupt, -1, 0, pd_now_ms() + pause_ms) == PD_WAIT_SIGNAL) {
            return pd_fail_interrupted(err, db->options.interrupt);
        }
    }
}

bool pd_db_lock(pd_db *db, bool wait, pd_error *err)
{
    bool elsewhere = db->pooling == PD_POOLING_TRANSACTION; /* on a connection of its own */
    if (elsewhere && !db->locked && !take_lock(db, wait, err)) {
        return false;
    }
    if (!pd_ledger_upgrade(db, err)) {
        return false;
    }
    if (db->locked) {
        return true;
    }
    if (db->worker.opening) { /* begun ahead: it may be long until it is wanted */
        pd_conn_close(&db->worker);
    }
    return take_lock(db, wait, err) && pd_ledger_upgrade(db, err);
}
