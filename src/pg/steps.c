#include <inttypes.h>

#include "base/clock.h"
#include "base/str.h"
#include "pg/apply.h"
#include "pg/errors.h"
#include "pg/query.h"
#include "pg_statements.h"

/* Runs several statements and takes the fingerprint that they end with. */
static bool take_print(pd_apply *apply, const char *sql, const char *what, pd_print *out,
                       pd_error *err)
{
    PD_AUTO_RESULT result = NULL;
    pd_request request = pd_apply_request(apply, sql, what);
    request.simple = true;
    if (!pd_conn_get(&apply->db->worker, &request, &result, err)) {
        return false;
    }
    *out = pd_apply_print(apply, result);
    return true;
}

static bool check_print(pd_apply *apply, const pd_step *step, const pd_print *before,
                        const pd_print *after, pd_error *err)
{
    if (!pd_streq(after->xid, apply->xid)) {
        apply->committed_part = true;
        (void)pd_fail(err, PD_ERROR_PARTIAL, "cannot apply %s: the transaction is another one",
                      step->name);
        return pd_error_hint(err, "A statement of it ended the transaction and began another. Take "
                                  "it out, and undo by hand what was committed.");
    }
    if (!pd_streq(before->rows, after->rows)) {
        (void)pd_fail(err, PD_ERROR_APPLY, "cannot apply %s: it changes the ledger", step->name);
        (void)pd_error_detail(err, "rows of predeploy's or Drizzle's table were added, changed or "
                                   "taken away");
        return pd_error_hint(err, "What was applied is for predeploy to say: take those statements "
                                  "out of the migration.");
    }
    return true;
}

static bool run_text(pd_apply *apply, const pd_step *step, size_t number, pd_error *err)
{
    pd_print before;
    pd_print after;
    const char *what =
        pd_arena_printf(apply->arena, "cannot reset the session after %s", step->name);
    return take_print(apply, apply->before_sql, "cannot read the ledger", &before, err) &&
           pd_apply_text(apply, step, number, err) &&
           take_print(apply, apply->after_sql, what, &after, err) &&
           check_print(apply, step, &before, &after, err);
}

/* Runs a statement with parameters; *result has its rows, or says how many it touched. */
static bool write_rows(pd_apply *apply, const char *sql, const char *const *values, int count,
                       PGresult **result, pd_error *err)
{
    pd_request request = pd_apply_request(apply, sql, "cannot write the ledger");
    request.values = values;
    request.count = count;
    return pd_conn_get(&apply->db->worker, &request, result, err);
}

static const char *fill_table(pd_apply *apply, const char *sql)
{
    const char *pairs[] = {"ledger", apply->drizzle_table, "same_name",
                           apply->named ? "coalesce(t.name = s.name, true)" : "true", NULL};
    return pd_query_fill(apply->arena, sql, pairs);
}

/* A trigger or a rule that a migration put on the table could swallow the row. */
static bool check_added(const pd_step *step, const char *whose, const PGresult *result,
                        pd_error *err)
{
    if (PQntuples(result) == 1) {
        return true;
    }
    (void)pd_fail(err, PD_ERROR_APPLY, "cannot record %s: %s ledger did not take the row",
                  step->name, whose);
    return pd_error_hint(err, "A migration of this deployment put a trigger or a rule on that "
                              "table: take it out.");
}

/* *id is the new row's. */
static bool add_drizzle_row(pd_apply *apply, const pd_step *step, int64_t *id, pd_error *err)
{
    PD_AUTO_RESULT result = NULL;
    const char *values[] = {step->hash, pd_query_number(apply->arena, step->created_at),
                            step->v1_name};
    const char *sql = apply->named ? pd_query_drizzle_add_v1 : pd_query_drizzle_add_v0;
    if (!write_rows(apply, fill_table(apply, sql), values, apply->named ? 3 : 2, &result, err) ||
        !check_added(step, "Drizzle's", result, err)) {
        return false;
    }
    return pd_drizzle_id(apply->db, result, 0, id, err);
}

static bool add_row(pd_apply *apply, const pd_step *step, int64_t ms, pd_error *err)
{
    pd_arena *arena = apply->arena;
    bool adopted = step->kind == PD_STEP_ADOPT;
    int64_t id = adopted ? step->drizzle_id : 0;
    bool has_row =
        adopted || (pd_layout_is_drizzle(apply->db->options.layout) && step->has_created_at);
    if (!adopted && has_row && !add_drizzle_row(apply, step, &id, err)) {
        return false;
    }
    const char *values[] = {
        step->name,
        step->hash,
        step->down_sql,
        step->down_hash,
        pd_query_bool(adopted),
        id == 0 ? NULL : pd_query_number(arena, id),
        has_row && step->has_created_at ? pd_query_number(arena, step->created_at) : NULL,
        apply->batch->deployment->id,
        pd_query_number(arena, ms),
        step->tokens,
    };
    PD_AUTO_RESULT result = NULL;
    return write_rows(apply, pd_query_migration_add, values, 10, &result, err) &&
           check_added(step, "predeploy's", result, err);
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
                         "WHERE seq = %" PRId64 ";",
                         step->seq);
}

static bool delete_drizzle_row(pd_apply *apply, const pd_step *step, pd_error *err)
{
    PD_AUTO_RESULT result = NULL;
    if (!apply->drizzle) {
        return fail_drizzle_row(apply, step, err);
    }
    const char *values[] = {
        pd_query_number(apply->arena, step->drizzle_id),
        step->has_created_at ? pd_query_number(apply->arena, step->created_at) : NULL,
        step->hash,
    };
    if (!write_rows(apply, fill_table(apply, pd_query_drizzle_twins), values, 1, NULL, err) ||
        !write_rows(apply, fill_table(apply, pd_query_drizzle_delete), values, 3, &result, err)) {
        return false;
    }
    return pd_streq(PQcmdTuples(result), "1") || fail_drizzle_row(apply, step, err);
}

static bool delete_row(pd_apply *apply, const pd_step *step, pd_error *err)
{
    PD_AUTO_RESULT result = NULL;
    const char *values[] = {pd_query_number(apply->arena, step->seq), step->name};
    if (!write_rows(apply, pd_query_migration_delete, values, 2, &result, err)) {
        return false;
    }
    if (!pd_streq(PQcmdTuples(result), "1")) {
        (void)pd_fail(err, PD_ERROR_APPLY, "cannot take out %s: the ledger has no such row",
                      step->name);
        return pd_error_hint(err, "See what is applied: predeploy status");
    }
    return step->drizzle_id == 0 || delete_drizzle_row(apply, step, err);
}

bool pd_apply_step(pd_apply *apply, size_t index, pd_error *err)
{
    const pd_step *step = &apply->batch->steps[index];
    pd_step_result *result = &apply->result->steps[index];
    size_t number = apply->batch->first + index + 1;
    int64_t begun_ms = pd_now_ms();
    bool ok = false;
    switch (step->kind) {
    case PD_STEP_ADOPT:
        pd_progress_say(apply->db->options.progress, "[%zu/%zu] %s: adopted", number,
                        apply->batch->plan_count, step->name);
        ok = add_row(apply, step, 0, err);
        break;
    case PD_STEP_APPLY:
        ok =
            run_text(apply, step, number, err) && add_row(apply, step, pd_now_ms() - begun_ms, err);
        break;
    case PD_STEP_REVERT:
        ok = run_text(apply, step, number, err) && delete_row(apply, step, err);
        break;
    }
    result->ms = pd_now_ms() - begun_ms;
    result->state = ok ? PD_STEP_DONE : PD_STEP_FAILED;
    return ok;
}
