/* The ledgers' rows of a batch: those that go in by few statements, whatever their number. */
#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "pg/apply.h"
#include "pg/query.h"
#include "pg_statements.h"

#define HEAP_ROWS 5000               /* that go in by one statement */
#define HEAP_BYTES ((size_t)1 << 20) /* of companions; one may be larger */

/* Columns of rows_given.sql, from $2. */
enum {
    COLUMN_NAME,
    COLUMN_HASH,
    COLUMN_TOKENS,
    COLUMN_DOWN_SQL,
    COLUMN_DOWN_HASH,
    COLUMN_ADOPTED,
    COLUMN_DRIZZLE_ID,
    COLUMN_CREATED_AT,
    COLUMN_MS,
    COLUMN_AGO,
    COLUMN_WRITES,
    COLUMN_DRIZZLE_NAME,
    COLUMN_COUNT,
};

static pd_request request_of(const pd_apply *apply, const char *sql)
{
    return pd_apply_request(apply, sql, "cannot write the ledger");
}

/* Drizzle's table gets a row, whose id predeploy's row takes over. */
static bool writes_drizzle(const pd_apply *apply, const pd_step *step)
{
    return step->kind == PD_STEP_APPLY && step->has_created_at &&
           pd_layout_is_drizzle(apply->db->options.layout);
}

static void fill_row(const pd_apply *apply, size_t index, const char *row[COLUMN_COUNT])
{
    pd_arena *arena = apply->arena;
    const pd_step *step = &apply->batch->steps[index];
    bool adopted = step->kind == PD_STEP_ADOPT;
    bool writes = writes_drizzle(apply, step);
    bool dated = step->has_created_at && (adopted || writes);
    int64_t ended_ms = apply->ended_ms[index];
    row[COLUMN_NAME] = step->name;
    row[COLUMN_HASH] = step->hash;
    row[COLUMN_TOKENS] = step->tokens;
    row[COLUMN_DOWN_SQL] = step->down_sql;
    row[COLUMN_DOWN_HASH] = step->down_hash;
    row[COLUMN_ADOPTED] = pd_query_bool(adopted);
    row[COLUMN_DRIZZLE_ID] =
        adopted && step->drizzle_id != 0 ? pd_query_number(arena, step->drizzle_id) : NULL;
    row[COLUMN_CREATED_AT] = dated ? pd_query_number(arena, step->created_at) : NULL;
    row[COLUMN_MS] = pd_query_number(arena, adopted ? 0 : apply->result->steps[index].ms);
    row[COLUMN_AGO] = pd_query_number(arena, ended_ms == 0 ? 0 : pd_now_ms() - ended_ms);
    row[COLUMN_WRITES] = pd_query_bool(writes);
    row[COLUMN_DRIZZLE_NAME] = writes ? step->v1_name : NULL;
}

static const char *fill_table(pd_apply *apply, const char *sql)
{
    const char *pairs[] = {"ledger",    apply->drizzle_table,
                           "same_name", apply->named ? "coalesce(t.name = s.name, true)" : "true",
                           "column",    apply->named ? ", \"name\"" : "",
                           "value",     apply->named ? ", g.drizzle_name" : "",
                           NULL};
    return pd_query_fill(apply->arena, sql, pairs);
}

/* Adds the statement for the steps from `first` on. */
static void add_heap(pd_apply *apply, pd_group *group, size_t first, size_t count)
{
    pd_arena *arena = apply->arena;
    const char **cells = pd_arena_array(arena, count * COLUMN_COUNT, sizeof *cells);
    const char *values[1 + COLUMN_COUNT] = {apply->batch->deployment->id};
    bool drizzle = false;
    for (size_t i = 0; i < count; i++) {
        const char *row[COLUMN_COUNT];
        fill_row(apply, first + i, row);
        for (size_t column = 0; column < COLUMN_COUNT; column++) {
            cells[column * count + i] = row[column];
        }
        drizzle = drizzle || writes_drizzle(apply, &apply->batch->steps[first + i]);
    }
    for (size_t column = 0; column < COLUMN_COUNT; column++) {
        values[1 + column] = pd_query_array(arena, cells + column * count, count);
    }
    const char *sql = drizzle ? fill_table(apply, pd_query_rows_add_drizzle) : pd_query_rows_add;
    (void)pd_group_add_with(group, request_of(apply, sql), values, 1 + COLUMN_COUNT);
}

/* How many steps from `first` on go in by one statement. */
static size_t heap_length(const pd_apply *apply, size_t first)
{
    const pd_batch *batch = apply->batch;
    size_t length = 0;
    size_t bytes = 0;
    while (first + length < batch->count && length < HEAP_ROWS && bytes < HEAP_BYTES) {
        const pd_step *step = &batch->steps[first + length];
        if (step->kind == PD_STEP_REVERT) {
            break;
        }
        bytes += step->down_sql == NULL ? 0 : strlen(step->down_sql);
        length++;
    }
    return length;
}

static bool fail_drizzle_row(const pd_apply *apply, const pd_step *step, pd_error *err)
{
    const pd_settings *settings = apply->db->options.settings;
    (void)pd_fail(err, PD_ERROR_APPLY, "Drizzle's table has no row %" PRId64 " for %s any more",
                  step->drizzle_id, step->name);
    (void)pd_error_detail(err, "%s.%s%s", settings->ledger_schema, settings->ledger_table,
                          apply->drizzle ? "" : " does not exist");
    return pd_error_hint(err,
                         "Somebody took it away or changed it. Bring it back, or, when it is meant "
                         "to be gone, forget it: UPDATE predeploy.migrations SET drizzle_id = NULL "
                         "WHERE seq = %" PRId64 "; and lower the rule ledger-altered for one "
                         "deployment, because that is an edit of the ledger.",
                         step->seq);
}

static bool add_delete(pd_apply *apply, pd_group *group, const pd_step *step, pd_error *err)
{
    const char *row[] = {pd_query_number(apply->arena, step->seq), step->name};
    (void)pd_group_add_with(group, request_of(apply, pd_query_migration_delete), row, 2);
    if (step->drizzle_id == 0) {
        return true;
    }
    if (!apply->drizzle) {
        return fail_drizzle_row(apply, step, err);
    }
    const char *values[] = {
        pd_query_number(apply->arena, step->drizzle_id),
        step->has_created_at ? pd_query_number(apply->arena, step->created_at) : NULL,
        step->hash,
    };
    (void)pd_group_add_with(group, request_of(apply, fill_table(apply, pd_query_drizzle_twins)),
                            values, 1);
    (void)pd_group_add_with(group, request_of(apply, fill_table(apply, pd_query_drizzle_delete)),
                            values, 3);
    return true;
}

bool pd_rows_add(pd_apply *apply, pd_group *group, pd_error *err)
{
    const pd_batch *batch = apply->batch;
    for (size_t i = 0; i < batch->count;) {
        size_t length = heap_length(apply, i);
        if (length > 0) {
            add_heap(apply, group, i, length);
        } else if (!add_delete(apply, group, &batch->steps[i], err)) {
            return false;
        }
        i += length > 0 ? length : 1;
    }
    return true;
}

/* A trigger or a rule that a migration put on a table could swallow rows. */
static bool fail_added(const pd_step *step, size_t count, pd_error *err)
{
    (void)pd_fail(err, PD_ERROR_APPLY, "cannot record %s%s: the ledger did not take the row%s",
                  step->name, count == 1 ? "" : " and those behind it", count == 1 ? "" : "s");
    return pd_error_hint(err, "A migration of this deployment put a trigger or a rule on "
                              "predeploy's or Drizzle's table: take it out.");
}

static bool check_delete(const pd_apply *apply, const pd_group *group, size_t *at,
                         const pd_step *step, pd_error *err)
{
    if (!pd_touched_one(pd_group_result(group, (*at)++))) {
        (void)pd_fail(err, PD_ERROR_APPLY, "cannot take out %s: the ledger has no such row",
                      step->name);
        return pd_error_hint(err, "See what is applied: predeploy status");
    }
    if (step->drizzle_id == 0) {
        return true;
    }
    *at += 2;
    return pd_touched_one(pd_group_result(group, *at - 1)) || fail_drizzle_row(apply, step, err);
}

bool pd_rows_check(pd_apply *apply, const pd_group *group, size_t first, pd_error *err)
{
    const pd_batch *batch = apply->batch;
    for (size_t i = 0; i < batch->count;) {
        const pd_step *step = &batch->steps[i];
        size_t length = heap_length(apply, i);
        if (length == 0 && !check_delete(apply, group, &first, step, err)) {
            return false;
        }
        if (length > 0 && PQntuples(pd_group_result(group, first++)) != (int)length) {
            return fail_added(step, length, err);
        }
        i += length > 0 ? length : 1;
    }
    return true;
}
