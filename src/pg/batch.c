/* The begin of a batch: a worker, a transaction in a clean session, the ledgers locked and
 * compared, in one round trip. */
#include "base/str.h"
#include "pg/apply.h"
#include "pg/errors.h"
#include "pg/foreign.h"
#include "pg/ledger.h"
#include "pg/pooler.h"
#include "pg/query.h"
#include "pg_statements.h"

/* To begin as usual: Drizzle's table can't just be made, a ledger is unusual. */
#define ATTEMPTS 2

static bool is_pooled(const pd_apply *apply)
{
    return apply->db->pooling == PD_POOLING_TRANSACTION;
}

/* Behind a pooler of transactions nothing may outlast this one. */
static const char *fill_session(pd_apply *apply, const char *text, bool waits)
{
    pd_arena *arena = apply->arena;
    pd_session session = pd_db_worker_session(apply->db);
    const char *pairs[] = {
        "lock_timeout",
        pd_query_number(arena, waits ? 0 : session.lock_ms),
        "statement_timeout",
        pd_query_number(arena, session.statement_ms),
        "idle_timeout",
        pd_query_number(arena, session.idle_ms),
        "local",
        is_pooled(apply) ? "true" : "false",
        "checks",
        apply->db->worker.v14 ? "true" : "false",
        NULL,
    };
    const char *newer[] = {"v14", apply->db->worker.v14 ? pd_query_batch_settings_v14 : "", NULL};
    return pd_query_fill(arena, pd_query_fill(arena, text, newer), pairs);
}

const char *pd_apply_limits(pd_apply *apply, bool waits)
{
    return fill_session(apply, pd_query_batch_limits, waits);
}

/* A worker that was opened anew in between may be another kind of session. */
static const char *guard_sql(pd_apply *apply)
{
    return apply->db->worker.kept ? pd_query_batch_guard
                                  : fill_session(apply, pd_query_batch_guard_set, false);
}

static void prepare_session(pd_apply *apply)
{
    pd_request reset =
        pd_apply_request(apply, NULL, "cannot take back what a migration did to the session");
    reset.sql = is_pooled(apply) ? pd_query_batch_reset_pooled : pd_query_batch_reset;
    apply->reset = (pd_group){.arena = apply->arena};
    pd_group_add_lines(&apply->reset, reset);
    apply->session_sql = fill_session(apply, pd_query_batch_session, false);
    apply->limits_sql = pd_apply_limits(apply, false);
    apply->pin_sql = fill_session(apply, pd_query_batch_pin, false);
}

bool pd_apply_prepare(pd_apply *apply, pd_error *err)
{
    pd_db *db = apply->db;
    if (!pd_db_open_worker(db, err)) {
        return false;
    }
    apply->pid = is_pooled(apply) ? 0 : PQbackendPID(db->worker.pg); /* BEGIN will tell */
    prepare_session(apply);
    apply->drizzle_table = apply->drizzle ? pd_drizzle_table(db, &db->worker, apply->arena) : NULL;
    apply->unmade = !apply->batch->steps->alone && pd_apply_makes_drizzle(apply);
    return apply->unmade || pd_apply_find_drizzle(apply, err);
}

/* Gives the place of what pd_apply's xid, pid and backend_start are read from. BEGIN is the first:
 * what is set behind it goes with the transaction. */
static size_t add_begin(pd_apply *apply, pd_group *group)
{
    (void)pd_group_add(group,
                       pd_apply_request(apply, pd_query_batch_begin, "cannot begin a transaction"));
    for (size_t i = 0; i < apply->reset.count; i++) {
        (void)pd_group_add(group, apply->reset.requests[i]);
    }
    return pd_group_add(group,
                        pd_apply_request(apply, apply->session_sql, "cannot set up the session"));
}

static bool read_identity(pd_apply *apply, const PGresult *result, pd_error *err)
{
    apply->xid = pd_value_text(apply->arena, result, 0, 0);
    apply->backend_start = pd_value_text(apply->arena, result, 0, 2);
    if (PQntuples(result) == 1 && apply->xid != NULL &&
        pd_value_number(result, 0, 1, &apply->pid)) {
        return !apply->db->worker.kept || apply->pid == PQbackendPID(apply->db->worker.pg) ||
               pd_pooler_fail_mixed(err);
    }
    (void)pd_fail(err, PD_ERROR_APPLY, "cannot begin: the server does not say which session it is");
    return pd_error_hint(err, "Nothing was done. Is that a PostgreSQL server?");
}

/* Another tool's table is locked in front of everything else, and read again. */
static bool begin_foreign(pd_apply *apply, bool *changed, pd_error *err)
{
    PD_AUTO_GROUP group = {.arena = apply->arena};
    size_t identity = add_begin(apply, &group);
    return pd_group_ask(&group, &apply->db->worker, err) &&
           read_identity(apply, pd_group_result(&group, identity), err) &&
           pd_foreign_fence(apply, changed, err);
}

/* The plan was made without Drizzle's table, and counts it among what is added. */
bool pd_apply_counts_new_drizzle(const pd_apply *apply)
{
    const pd_settings *settings = apply->db->options.settings;
    const pd_ledger *expected = apply->batch->expected;
    return apply->drizzle && expected->drizzle_shape == PD_DRIZZLE_ABSENT &&
           apply->db->committed != expected &&
           pd_streq(settings->ledger_schema, settings->verify_schema);
}

static size_t add_count(pd_apply *apply, pd_group *group)
{
    const char *values[] = {apply->db->options.settings->verify_schema};
    return pd_group_add_with(
        group, pd_apply_request(apply, pd_query_count_tables, "cannot count the tables"), values,
        1);
}

static bool read_count(pd_apply *apply, const PGresult *result, pd_error *err)
{
    int64_t *tables = &apply->result->tables_before;
    if (!pd_value_number(result, 0, 0, tables)) {
        (void)pd_fail(err, PD_ERROR_APPLY, "cannot count the tables");
        return pd_error_hint(err, "Is that a PostgreSQL server?");
    }
    if (pd_apply_counts_new_drizzle(apply)) {
        (*tables)--;
    }
    apply->tables_base = *tables;
    return true;
}

typedef struct places {
    size_t recorded; /* the deployment is */
    size_t made;     /* what tells of Drizzle's table that was made in front of the batch */
    size_t begin;    /* of the batch's transaction */
    size_t identity;
    size_t count;
    size_t seal;
    pd_fence fence;
} places;

static void add_fence(pd_apply *apply, bool texts, pd_group *group, places *out)
{
    pd_fence_add(apply, group, &out->fence);
    out->count = texts ? add_count(apply, group) : PD_GROUP_NONE;
    out->seal = PD_GROUP_NONE;
    if (texts) {
        out->seal = pd_group_add(
            group, pd_apply_request(apply, pd_query_seal_open, "cannot seal the transaction"));
    }
}

static bool check(pd_apply *apply, const pd_group *group, const places *at, bool *changed,
                  pd_error *err)
{
    if (at->identity != PD_GROUP_NONE &&
        !read_identity(apply, pd_group_result(group, at->identity), err)) {
        return false;
    }
    apply->sealed = at->count != PD_GROUP_NONE;
    return pd_fence_check(apply, group, &at->fence, changed, err) &&
           (*changed || at->count == PD_GROUP_NONE ||
            read_count(apply, pd_group_result(group, at->count), err));
}

/* False: the deployment could not be recorded. */
static bool note_recorded(pd_db *db, const pd_group *group, const places *at, bool answered)
{
    if (at->recorded != PD_GROUP_NONE && !answered && group->failed <= at->recorded) {
        return false;
    }
    db->unrecorded = NULL;
    return true;
}

/* False: Drizzle's table is not the one that was to be made, but one that somebody else made
 * meanwhile. */
static bool note_made(pd_apply *apply, const pd_group *group, const places *at, bool answered)
{
    const PGresult *made = pd_group_result(group, at->made);
    if (made == NULL || (!answered && group->failed < at->begin)) {
        return true;
    }
    apply->unmade = false;
    return pd_apply_drizzle_is_named(made) == apply->named;
}

/* *again: what was asked with it is to be asked in another way. */
static bool begin_once(pd_apply *apply, bool texts, bool *changed, bool *again, pd_error *err)
{
    PD_AUTO_GROUP group = {.arena = apply->arena};
    places at = {.made = PD_GROUP_NONE, .identity = PD_GROUP_NONE};
    *again = false;
    at.recorded = pd_deployment_add(apply->db, apply->pin_sql, &group);
    if (apply->unmade) {
        at.made = pd_apply_add_drizzle(apply, &group);
    }
    at.begin = group.count;
    if (apply->batch->taken_from == NULL) {
        at.identity = add_begin(apply, &group);
    } else if (!begin_foreign(apply, changed, err) || *changed) {
        return *changed;
    }
    add_fence(apply, texts, &group, &at);
    bool answered = pd_group_ask(&group, &apply->db->worker, err);
    if (!note_recorded(apply->db, &group, &at, answered)) {
        return false;
    }
    *changed = !note_made(apply, &group, &at, answered);
    if (*changed) {
        return true;
    }
    if (!answered && group.failed < at.begin) {
        *again = pd_apply_may_find_drizzle(err);
        return false;
    }
    if (!answered) {
        return pd_fence_explain(apply, &group, &at.fence, changed, again, err) ||
               (group.failed == at.seal && pd_apply_explain_seal(err));
    }
    return check(apply, &group, &at, changed, err);
}

/* In front of another attempt. */
static bool take_back(pd_apply *apply, pd_error *err)
{
    bool unmade = apply->unmade;
    *err = (pd_error){0};
    apply->unmade = false;
    pd_db_rollback(apply->db, &apply->db->worker);
    return !unmade || pd_apply_find_drizzle(apply, err);
}

bool pd_apply_begin(pd_apply *apply, bool texts, bool *changed, pd_error *err)
{
    bool again = false;
    *changed = false;
    apply->sealed = false;
    apply->guard_sql = guard_sql(apply);
    for (int i = 0; i < ATTEMPTS; i++) {
        if (begin_once(apply, texts, changed, &again, err)) {
            return true;
        }
        if (!again || !take_back(apply, err)) {
            return false;
        }
    }
    return begin_once(apply, texts, changed, &again, err);
}
