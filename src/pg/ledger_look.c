/* What taking the lock asks of a ledger, alone or behind what a new session is told. */
#include <string.h>

#include "base/hash.h"
#include "base/str.h"
#include "pg/errors.h"
#include "pg/ledger.h"
#include "pg/query.h"
#include "pg/session.h"
#include "pg_migrations.h"
#include "pg_statements.h"

/* What is asked, by place in the group. */
struct pd_first_look {
    pd_group group;
    bool asked;     /* behind the session's settings */
    pd_error error; /* that this ended with, kind NONE: with none */
    size_t lock;
    size_t names;
    size_t guard;
    size_t versions;
    size_t runs;
};

/* Applied versions must be the first of those that are known here. *count is how many. */
static bool judge_versions(const PGresult *result, int *count, pd_error *err)
{
    *count = PQntuples(result);
    for (int row = 0; row < *count; row++) {
        const pd_ledger_migration_file *file = &pd_ledger_migration_files[row];
        char hash[PD_SHA256_HEX] = "";
        if (file->name != NULL) {
            pd_sha256_hex(file->text, strlen(file->text), hash);
        }
        const char *name = PQgetvalue(result, row, 0);
        if (!pd_streq(file->name, name)) {
            (void)pd_fail(err, PD_ERROR_UNREACHABLE, "the ledger is newer than this predeploy");
            (void)pd_error_detail(err, "it has version %s, which predeploy %s does not know", name,
                                  PD_VERSION);
            return pd_error_hint(err, "Upgrade predeploy to the release that made it, or newer.");
        }
        if (!pd_streq(hash, PQgetvalue(result, row, 1))) {
            (void)pd_fail(err, PD_ERROR_UNREACHABLE, "the ledger was made by another predeploy");
            (void)pd_error_detail(err, "its version %s has another hash than the one known here",
                                  name);
            return pd_error_hint(err, "Use the release of predeploy that made it.");
        }
    }
    return true;
}

bool pd_versions_are_current(const PGresult *result)
{
    pd_error none = {0};
    int count = 0;
    return judge_versions(result, &count, &none) && pd_ledger_migration_files[count].name == NULL;
}

pd_request pd_versions_request(const pd_db *db)
{
    return pd_db_request(db, pd_query_ledger_versions, "cannot read the ledger's version");
}

static bool read_versions(pd_db *db, int *count, pd_error *err)
{
    PD_AUTO_RESULT result = NULL;
    pd_request request = pd_versions_request(db);
    return pd_conn_get(&db->control, &request, &result, err) && judge_versions(result, count, err);
}

/* What is there, asked of a ledger that is not as usual, and said in words when it may not be so.
 */
static bool judge_again(pd_db *db, pd_found_first *out, pd_error *err)
{
    PD_AUTO_ARENA scratch = pd_arena_new();
    pd_inspection found;
    db->unusual = true;
    out->running = true;
    if (!pd_ledger_inspect(db, &db->control, pd_layout_is_drizzle(db->options.layout), scratch,
                           &found, err) ||
        !pd_ledger_refuse(&found, true, err) ||
        (found.tables && !read_versions(db, &out->count, err))) {
        return false;
    }
    out->ready = found.tables && pd_ledger_migration_files[out->count].name == NULL;
    return true;
}

/* After an error of the group: one that says that there is no ledger yet is none. */
static bool judge_missing(pd_db *db, const pd_first_look *self, pd_found_first *out, pd_error *err)
{
    const pd_group *group = &self->group;
    bool missing = pd_streq(err->code, "42P01") || pd_streq(err->code, "3F000");
    pd_error none = {0};
    if (group->failed == self->guard && pd_ledger_guard_failed(err)) {
        *err = none;
        return judge_again(db, out, err);
    }
    if (group->failed != self->versions || !missing) {
        return false;
    }
    *err = none;
    pd_inspection found;
    pd_ledger_inspected(db, db->arena, pd_group_result(group, self->guard), &found);
    out->bare = pd_value_text(db->arena, pd_group_result(group, self->names), 0, 0) == NULL;
    return pd_ledger_refuse(&found, true, err);
}

/* Whether the lock was had by the group; false for an error, too. What was asked behind a lock that
 * was not had does not count, nor that the server found it wrong. */
static bool take_lock(pd_db *db, const pd_first_look *self, bool answered, pd_error *err)
{
    const PGresult *answer = pd_group_result(&self->group, self->lock);
    pd_error none = {0};
    db->locked = answer != NULL && pd_value_bool(answer, 0, 0);
    if (answer != NULL && !db->locked && !answered && err->kind != PD_ERROR_INTERRUPTED &&
        err->code[0] != '\0' && pd_conn_usable(&db->control)) {
        *err = none;
    }
    return db->locked;
}

/* All that a ledger that is ready makes needless to do, and in front of it, where it is not held,
 * the lock. */
static void add_look(pd_db *db, pd_first_look *self)
{
    pd_group *group = &self->group;
    self->lock = PD_GROUP_NONE;
    if (!db->locked) {
        self->lock = pd_group_add(
            group, pd_db_request(db, pd_query_try_lock, "cannot take the deployment lock"));
    }
    self->names = pd_names_ask(db, group, NULL);
    self->guard = pd_ledger_quick_guard(db, group, pd_layout_is_drizzle(db->options.layout));
    self->versions = pd_group_add(group, pd_versions_request(db));
    self->runs = pd_group_add(
        group, pd_db_request(db, pd_query_deployments_running, "cannot read the ledger"));
}

static bool judge_look(pd_db *db, const pd_first_look *self, pd_found_first *out, pd_error *err)
{
    const pd_group *group = &self->group;
    pd_sighting seen = {0};
    pd_ledger_inspected(db, db->arena, pd_group_result(group, self->guard), &seen.found);
    if (!judge_versions(pd_group_result(group, self->versions), &out->count, err)) {
        return false;
    }
    seen.names = pd_value_text(db->arena, pd_group_result(group, self->names), 0, 0);
    out->running = pd_value_bool(pd_group_result(group, self->runs), 0, 0);
    out->ready = pd_ledger_migration_files[out->count].name == NULL;
    seen.there = out->ready;
    db->seen = seen;
    return out->ready || pd_ledger_refuse(&seen.found, true, err);
}

static pd_first_look *new_look(pd_db *db)
{
    pd_first_look *self = pd_arena_alloc(db->arena, sizeof *self);
    self->group.arena = db->arena;
    return self;
}

static bool judge(pd_db *db, const pd_first_look *self, bool answered, pd_found_first *out,
                  pd_error *err)
{
    *err = self->error;
    if (self->lock != PD_GROUP_NONE && !take_lock(db, self, answered, err)) {
        return err->kind == PD_ERROR_NONE;
    }
    return answered ? judge_look(db, self, out, err) : judge_missing(db, self, out, err);
}

static bool ask(pd_db *db, pd_first_look *self)
{
    if (self->asked) {
        return self->error.kind == PD_ERROR_NONE;
    }
    add_look(db, self);
    return pd_group_ask(&self->group, &db->control, &self->error);
}

bool pd_ledger_first_look(pd_db *db, pd_found_first *out, pd_error *err)
{
    pd_first_look *self = db->first == NULL ? new_look(db) : db->first;
    db->first = NULL;
    bool answered = ask(db, self);
    bool ok = judge(db, self, answered, out, err);
    pd_group_cleanup(&self->group);
    return ok;
}

/* ---- behind the session's settings ---- */

static void add_name(pd_db *db, pd_request step, pd_group *group)
{
    const char *pairs[] = {"local", pd_session_local_sql(db, &db->control), NULL};
    const char *values[] = {db->application};
    step.sql = pd_query_fill(db->arena, pd_query_session_name, pairs);
    if (db->options.commit != NULL) {
        (void)pd_group_add_with(group, step, values, 1);
    }
}

/* A transaction of its own, so that they stay when something behind them fails. Gives the place of
 * what the server says of itself. */
static size_t add_session(pd_db *db, const pd_session *session, pd_group *group)
{
    pd_request step = pd_db_request(db, "ROLLBACK", "cannot set up the session");
    step.limit_ms = db->options.settings->connect_timeout_ms;  /* of all of them together */
    if (PQtransactionStatus(db->control.pg) != PQTRANS_IDLE) { /* an early question ended badly */
        (void)pd_group_add(group, step);
    }
    step.sql = pd_query_batch_begin;
    (void)pd_group_add(group, step);
    step.sql = pd_session_sql(db, &db->control, session);
    size_t place = pd_group_add(group, step);
    add_name(db, step, group);
    step.sql = "COMMIT";
    step.live = true;
    (void)pd_group_add(group, step);
    return place;
}

static void add_door(pd_db *db, pd_group *group)
{
    const char *values[] = {pd_query_number(db->arena, PQbackendPID(db->control.pg))};
    (void)pd_group_add_with(
        group, pd_db_request(db, pd_query_session_door, "cannot set up the session"), values, 1);
}

void pd_ledger_leave(pd_db *db)
{
    if (db->first != NULL) {
        pd_group_cleanup(&db->first->group);
    }
    db->first = NULL;
}

/* Not every platform has every setting. */
static bool is_refused(const pd_db *db, const pd_first_look *self, size_t set)
{
    const pd_error *err = &self->error;
    return self->group.failed == set && err->kind != PD_ERROR_INTERRUPTED && err->code[0] != '\0' &&
           !pd_starts_with(err->code, "57") && pd_conn_usable(&db->control);
}

bool pd_ledger_enter(pd_db *db, const pd_session *session, pd_session_answer *answer, pd_error *err)
{
    pd_first_look *self = new_look(db);
    db->first = self;
    if (db->options.commit != NULL) {
        pd_db_name(db, db->options.commit);
    }
    size_t set = add_session(db, session, &self->group);
    size_t door = self->group.count;
    add_door(db, &self->group);
    add_look(db, self);
    self->asked = true;
    bool answered = pd_group_ask(&self->group, &db->control, &self->error);
    bool over = self->error.kind == PD_ERROR_INTERRUPTED || !pd_conn_usable(&db->control);
    if (!answered && (over || self->group.failed < door)) {
        bool again = is_refused(db, self, set);
        *err = again ? (pd_error){0} : self->error;
        pd_ledger_leave(db);
        return again && pd_session_setup(db, &db->control, session, answer, err);
    }
    pd_session_take(&db->control, pd_group_result(&self->group, set), answer);
    if (answer->pooled) {
        pd_ledger_leave(db);
    } else {
        db->named = db->options.commit != NULL;
    }
    return true;
}
