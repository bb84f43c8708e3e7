#include "base/hash.h"
#include "base/str.h"
#include "base/strbuf.h"
#include "pg/apply.h"
#include "pg/errors.h"
#include "pg/query.h"
#include "pg_statements.h"

#include <inttypes.h>

#define RACES_MAX 10 /* how often another migrator may be first to make the same table */

pd_request pd_apply_request(const pd_apply *apply, const char *sql, const char *what)
{
    pd_request request = pd_db_request(apply->db, sql, what);
    request.kind = PD_ERROR_APPLY;
    return request;
}

/* Two migrators that make the same schema or table at once: the server tells it by any of these. */
static bool lost_race(const pd_error *err)
{
    return pd_streq(err->code, "42P06") || pd_streq(err->code, "42P07") ||
           pd_streq(err->code, "42710") || pd_streq(err->code, "23505");
}

/* Who only takes out needs no table to write to. */
static bool makes_drizzle(const pd_apply *apply)
{
    bool makes = false;
    for (size_t i = 0; i < apply->batch->count; i++) {
        makes = makes || apply->batch->steps[i].kind != PD_STEP_REVERT;
    }
    return makes && pd_layout_is_drizzle(apply->db->options.layout);
}

/* The place of the answer: the schema is there, the table, a column name in it. */
static size_t add_exists(pd_apply *apply, pd_group *group)
{
    const pd_settings *settings = apply->db->options.settings;
    const char *values[] = {settings->ledger_schema, settings->ledger_table};
    return pd_group_add_with(
        group, pd_apply_request(apply, pd_query_drizzle_exists, "cannot look for Drizzle's table"),
        values, 2);
}

bool pd_apply_drizzle_is_named(const PGresult *exists)
{
    return pd_value_bool(exists, 0, 2);
}

static void add_create(pd_apply *apply, bool schema, pd_group *group)
{
    const pd_settings *settings = apply->db->options.settings;
    PGconn *pg = apply->db->worker.pg;
    const char *pairs[] = {"schema", pd_query_identifier(apply->arena, pg, settings->ledger_schema),
                           "ledger", apply->drizzle_table, NULL};
    const char *table = apply->db->options.layout == PD_LAYOUT_DRIZZLE_FOLDERS
                            ? pd_query_drizzle_create_v1
                            : pd_query_drizzle_create_v0;
    if (schema) {
        const char *sql = pd_query_fill(apply->arena, pd_query_drizzle_create_schema, pairs);
        (void)pd_group_add(group, pd_apply_request(apply, sql, "cannot create Drizzle's schema"));
    }
    (void)pd_group_add(group, pd_apply_request(apply, pd_query_fill(apply->arena, table, pairs),
                                               "cannot create Drizzle's table"));
}

/* Makes what is not there, in one transaction. *changed: somebody else did. */
static bool create_drizzle(pd_apply *apply, bool schema, bool *changed, pd_error *err)
{
    PD_AUTO_GROUP group = {.arena = apply->arena};
    (void)pd_group_add(&group,
                       pd_apply_request(apply, apply->pin_sql, "cannot set up the session"));
    add_create(apply, schema, &group);
    size_t exists = add_exists(apply, &group);
    bool ok = pd_group_ask(&group, &apply->db->worker, err);
    *changed = !ok && lost_race(err);
    if (ok) {
        apply->named = pd_apply_drizzle_is_named(pd_group_result(&group, exists));
    }
    return ok || *changed;
}

/* A batch before this one was checked against the same ledger: since then only it has written. */
static bool follows(const pd_apply *apply)
{
    return apply->db->committed != NULL && apply->db->committed == apply->batch->expected;
}

/* Makes it where it is written to; else apply->drizzle says whether it is there. The plan was made
 * without it: so it is made without a look, unless this role may not. */
static bool find_drizzle(pd_apply *apply, bool *changed, pd_error *err)
{
    PD_AUTO_GROUP group = {.arena = apply->arena};
    bool makes = makes_drizzle(apply);
    if (makes && !follows(apply)) {
        if (create_drizzle(apply, true, changed, err)) {
            return true;
        }
        if (!pd_streq(err->code, "42501")) {
            return false;
        }
        *err = (pd_error){0};
    }
    (void)pd_group_add(&group,
                       pd_apply_request(apply, apply->pin_sql, "cannot set up the session"));
    size_t exists = add_exists(apply, &group);
    if (!pd_group_ask(&group, &apply->db->worker, err)) {
        return false;
    }
    const PGresult *result = pd_group_result(&group, exists);
    if (pd_value_bool(result, 0, 1)) {
        apply->named = pd_apply_drizzle_is_named(result);
        return true;
    }
    apply->drizzle = makes;
    return !makes || create_drizzle(apply, !pd_value_bool(result, 0, 0), changed, err);
}

bool pd_apply_makes_drizzle(const pd_apply *apply)
{
    return apply->drizzle && apply->batch->taken_from == NULL &&
           apply->batch->expected->drizzle_shape == PD_DRIZZLE_ABSENT && makes_drizzle(apply) &&
           !follows(apply) && apply->db->pooling != PD_POOLING_TRANSACTION;
}

size_t pd_apply_add_drizzle(pd_apply *apply, pd_group *group)
{
    pd_request ask = pd_apply_request(apply, pd_query_batch_begin, "cannot begin a transaction");
    (void)pd_group_add(group, ask);
    (void)pd_group_add(group, pd_apply_request(apply, apply->pin_sql, "cannot set up the session"));
    add_create(apply, true, group);
    size_t exists = add_exists(apply, group);
    (void)pd_group_add(group, pd_apply_request(apply, "COMMIT", "cannot create Drizzle's table"));
    apply->named = apply->db->options.layout == PD_LAYOUT_DRIZZLE_FOLDERS;
    return exists;
}

/* Behind the fence it is seen whether that is still so. */
static bool is_known(pd_apply *apply)
{
    pd_drizzle_shape shape = apply->batch->expected->drizzle_shape;
    bool known = pd_layout_is_drizzle(apply->db->options.layout) && shape != PD_DRIZZLE_ABSENT;
    if (known) {
        apply->named = shape == PD_DRIZZLE_V1;
    }
    return known;
}

/* An attempt of its own, behind that, knows what to do when somebody else makes it now, and when
 * this role may not. */
bool pd_apply_may_find_drizzle(const pd_error *err)
{
    return lost_race(err) || pd_streq(err->code, "42501");
}

bool pd_apply_find_drizzle(pd_apply *apply, pd_error *err)
{
    bool changed = apply->drizzle && !is_known(apply);
    for (int i = 0; changed && i < RACES_MAX; i++) {
        changed = false;
        if (!find_drizzle(apply, &changed, err)) {
            return false;
        }
    }
    return !changed;
}

static void digest_drizzle(const pd_ledger *ledger, char out[PD_SHA256_HEX])
{
    PD_AUTO_STRBUF text = pd_strbuf_new(PD_STRBUF_MAX);
    for (size_t i = 0; i < ledger->drizzle_count; i++) {
        const pd_drizzle_row *row = &ledger->drizzle[i];
        pd_strbuf_addf(&text, "%s%" PRId64 "|%s|", i == 0 ? "" : "\n", row->id, row->hash);
        if (row->has_created_at) {
            pd_strbuf_addf(&text, "%" PRId64, row->created_at);
        }
        pd_strbuf_addf(&text, "|%s", row->name == NULL ? "" : row->name);
    }
    pd_sha256_hex(text.data, text.len, out);
}

static const char *name_of_row(const pd_apply *apply)
{
    return apply->named ? "t.name::pg_catalog.text" : "NULL::pg_catalog.text";
}

const char *pd_print_rows(pd_apply *apply, const PGresult *result)
{
    return pd_value_text(apply->arena, result, 0, 2);
}

const char *pd_print_half_rows(pd_apply *apply, const PGresult *result)
{
    return pd_value_text(apply->arena, result, 0, 1);
}

static void set_print(pd_apply *apply)
{
    const pd_db *db = apply->db;
    const char *pairs[] = {"ledger", apply->drizzle_table, "name", name_of_row(apply), NULL};
    apply->print_sql = apply->drizzle ? pd_query_fill(apply->arena, pd_query_print_drizzle, pairs)
                                      : pd_query_print;
    apply->state_sql = pd_layout_is_drizzle(db->options.layout) ? apply->print_sql : pd_query_print;
}

size_t pd_inspection_add(pd_apply *apply, pd_group *group)
{
    const pd_settings *settings = apply->db->options.settings;
    pd_db *db = apply->db;
    const char *sql = db->unusual
                          ? pd_ledger_inspect_in(db, pd_query_batch_inspect, &db->inspect_batch)
                          : pd_query_inspect_quick;
    const char *values[] = {apply->drizzle ? settings->ledger_schema : NULL,
                            apply->drizzle ? settings->ledger_table : NULL};
    pd_request ask = pd_apply_request(apply, sql, "cannot look at the ledger");
    pd_request mark = pd_apply_request(apply, "SAVEPOINT predeploy", ask.what);
    (void)pd_group_add(group, mark);
    size_t place = pd_group_add_with(group, ask, values, 2);
    mark.sql = "RELEASE SAVEPOINT predeploy";
    (void)pd_group_add(group, mark);
    return place;
}

bool pd_inspection_explain(pd_apply *apply, pd_error *err)
{
    pd_inspection found;
    pd_error why = {0};
    pd_db *db = apply->db;
    pd_request back =
        pd_apply_request(apply, "ROLLBACK TO SAVEPOINT predeploy", "cannot look at the ledger");
    if (!pd_streq(err->code, "22012")) {
        return false;
    }
    if (!pd_conn_get(&db->worker, &back, NULL, &why) ||
        !pd_ledger_inspect(db, &db->worker, apply->drizzle, apply->arena, &found, &why) ||
        !pd_ledger_refuse(&found, true, &why)) {
        *err = why;
        return false;
    }
    bool again = !db->unusual;
    db->unusual = true;
    return again;
}

/* Of a layout that is not Drizzle's the expected ledger says nothing about Drizzle's table. */
static void add_drizzle_state(pd_apply *apply, pd_group *group, pd_fence *out)
{
    const pd_ledger *expected = apply->batch->expected;
    if (!pd_layout_is_drizzle(apply->db->options.layout) || !apply->drizzle) {
        return;
    }
    char *digest = pd_arena_alloc(apply->arena, PD_SHA256_HEX);
    const char *pairs[] = {"ledger", apply->drizzle_table, "name", name_of_row(apply), NULL};
    const char *sql = pd_query_fill(apply->arena, pd_query_fence_drizzle_state, pairs);
    digest_drizzle(expected, digest);
    out->expected[out->state_count] = digest;
    out->states[out->state_count++] =
        pd_group_add(group, pd_apply_request(apply, sql, "cannot compare the ledger"));
}

static void add_states(pd_apply *apply, pd_group *group, pd_fence *out)
{
    pd_request ask = pd_apply_request(apply, pd_query_fence_state, "cannot compare the ledger");
    out->print =
        pd_group_add(group, pd_apply_request(apply, apply->print_sql, "cannot read the ledger"));
    if (!follows(apply)) {
        out->expected[out->state_count] = apply->batch->expected->digest;
        out->states[out->state_count++] = pd_group_add(group, ask);
        add_drizzle_state(apply, group, out);
        return;
    }
    if (apply->state_sql != apply->print_sql) {
        ask.sql = apply->state_sql;
        out->expected[out->state_count] = apply->db->committed_rows;
        out->states[out->state_count++] = pd_group_add(group, ask);
    }
}

/* Drizzle's table first: who waits for it holds nothing of ours. */
void pd_fence_add(pd_apply *apply, pd_group *group, pd_fence *out)
{
    *out = (pd_fence){.drizzle_lock = PD_GROUP_NONE};
    set_print(apply);
    if (apply->drizzle) {
        const char *pairs[] = {"ledger", apply->drizzle_table, NULL};
        const char *lock = pd_query_fill(apply->arena, pd_query_fence_drizzle_lock, pairs);
        out->drizzle_lock =
            pd_group_add(group, pd_apply_request(apply, lock, "cannot lock Drizzle's table"));
    }
    (void)pd_group_add(group,
                       pd_apply_request(apply, pd_query_fence_lock, "cannot lock the ledger"));
    out->inspection = pd_inspection_add(apply, group);
    add_states(apply, group, out);
}

/* The state of a batch before this one stands in the last column of its print. */
static bool has_changed(pd_apply *apply, const pd_group *group, const pd_fence *fence)
{
    const pd_ledger *expected = apply->batch->expected;
    bool changed = follows(apply) && fence->state_count == 0 &&
                   !pd_streq(apply->rows, apply->db->committed_rows);
    for (size_t i = 0; i < fence->state_count; i++) {
        const PGresult *result = pd_group_result(group, fence->states[i]);
        int last = PQnfields(result) - 1;
        changed = changed || !pd_streq(PQgetvalue(result, 0, last), fence->expected[i]);
    }
    bool gone = !follows(apply) && pd_layout_is_drizzle(apply->db->options.layout) &&
                !apply->drizzle && expected->drizzle_count > 0;
    return changed || gone;
}

bool pd_fence_check(pd_apply *apply, const pd_group *group, const pd_fence *fence, bool *changed,
                    pd_error *err)
{
    pd_inspection found;
    pd_ledger_inspected(apply->db, apply->arena, pd_group_result(group, fence->inspection), &found);
    if (!pd_ledger_refuse(&found, true, err)) {
        return false;
    }
    apply->rows = pd_print_rows(apply, pd_group_result(group, fence->print));
    apply->half_rows = pd_print_half_rows(apply, pd_group_result(group, fence->print));
    *changed =
        found.drizzle_name != (apply->drizzle && apply->named) || has_changed(apply, group, fence);
    return true;
}

bool pd_fence_explain(pd_apply *apply, const pd_group *group, const pd_fence *fence, bool *changed,
                      bool *again, pd_error *err)
{
    bool gone = pd_streq(err->code, "42P01") || pd_streq(err->code, "3F000");
    if (group->failed == fence->drizzle_lock && gone) {
        *changed = true;
        return true;
    }
    const PGresult *inspected = pd_group_result(group, fence->inspection);
    if (group->failed == fence->inspection) {
        *again = pd_inspection_explain(apply, err);
    } else if (inspected != NULL) {
        pd_inspection found;
        pd_error why = {0};
        pd_ledger_inspected(apply->db, apply->arena, inspected, &found);
        if (!pd_ledger_refuse(&found, true, &why)) {
            *err = why;
        }
    }
    return false;
}
