#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "deploy/apply.h"
#include "deploy/plan.h"
#include "gate/ledger_edit.h"
#include "gate/pending.h"
#include "gate/unfinished.h"

/* The rows that come out: the newest first, `count` of them. */
typedef struct selection {
    const pd_ledger_row **rows;
    size_t count;
} selection;

/* How many of the rows stand up to the one that is meant, by name or else by number; 0: none is, or
 * more than one. */
static size_t find_row(const pd_ledger *ledger, const char *said)
{
    size_t by_number = 0;
    size_t count = 0;
    for (size_t at = ledger->count; at > 0; at--) {
        const pd_ledger_row *row = &ledger->rows[at - 1];
        if (pd_ledger_row_is(row, said))
            return at;
        if (pd_name_has_number(row->name, said)) {
            by_number = at;
            count++;
        }
    }
    return count == 1 ? by_number : 0;
}

static bool select_rows(pd_run *run, const pd_ledger *ledger, const pd_rollback_request *request,
                        selection *out, pd_error *err)
{
    size_t count = request->steps;
    if (request->to != NULL) {
        size_t at = find_row(ledger, request->to);
        if (at == 0) {
            pd_fail(err, PD_ERROR_USAGE, "%s is not applied", request->to);
            return pd_error_hint(err, "`predeploy status` lists what is. --to names the migration "
                                      "that stays as the newest, without .sql.");
        }
        count = ledger->count - at;
    }
    if (count > ledger->count && ledger->count > 0) {
        pd_fail(err, PD_ERROR_USAGE, "cannot take out %zu migrations: %zu are applied", count,
                ledger->count);
        return pd_error_hint(err, "`predeploy status` lists them.");
    }
    out->count = count < ledger->count ? count : ledger->count;
    out->rows = pd_arena_array(run->arena, out->count + 1, sizeof *out->rows);
    for (size_t i = 0; i < out->count; i++)
        out->rows[i] = &ledger->rows[ledger->count - 1 - i];
    return true;
}

/* What runs is the ledger's text, whatever stands in the checkout; that says what its file is
 * called. */
static const char *companion_path(pd_run *run, const char *name)
{
    const pd_set *set = run->set;
    ptrdiff_t m = pd_set_find(set, name);
    const pd_migration *migration = m < 0 ? NULL : &set->migrations[m];
    const char *path = migration == NULL ? NULL : migration->down.path;
    if (migration != NULL && migration->one_file)
        path = migration->up.path;
    size_t folder = set->folder == NULL ? 0 : strlen(set->folder);
    if (path != NULL && folder > 0 && pd_starts_with(path, set->folder) && path[folder] == '/')
        path += folder + 1;
    if (path != NULL)
        return pd_arena_printf(run->arena, "ledger:%s", path);
    return pd_arena_printf(run->arena, "ledger:%s-rollback.sql", name);
}

static bool judge_rows(pd_run *run, const pd_ledger *ledger, const selection *rows,
                       pd_script *scripts, pd_error *err)
{
    pd_reversal *reversals = pd_arena_array(run->arena, rows->count + 1, sizeof *reversals);
    for (size_t i = 0; i < rows->count; i++)
        reversals[i] = (pd_reversal){
            .row = rows->rows[i],
            .path = companion_path(run, rows->rows[i]->name),
            .script = &scripts[i],
        };
    pd_findings *findings = run->report->findings;
    if (!pd_gate_reversal(run->set, reversals, rows->count, run->settings, findings, err))
        return false;
    pd_gate_unfinished_reversal(ledger, reversals, rows->count, findings);
    return true;
}

static pd_plan *plan_rollback(pd_run *run, const selection *rows, const pd_script *scripts)
{
    pd_plan *plan = pd_arena_alloc(run->arena, sizeof *plan);
    for (size_t i = 0; i < rows->count; i++) {
        const pd_ledger_row *row = rows->rows[i];
        pd_step *step = PD_PUSH(run->arena, plan->steps, plan->count, plan->capacity);
        *step = (pd_step){
            .kind = PD_STEP_REVERT,
            .name = row->name,
            .path = companion_path(run, row->name),
            .hash = row->hash,
            .text = row->down_sql,
            .len = strlen(row->down_sql),
            .script = &scripts[i],
            .drizzle_id = row->drizzle_id,
            .has_created_at = row->has_drizzle_created_at,
            .created_at = row->drizzle_created_at,
            .seq = row->seq,
            .adopted = row->adopted,
        };
        pd_plan_alone(step, pd_reversal_asks_none(row));
        plan->pending++;
    }
    return plan;
}

static bool apply(pd_run *run, const pd_ledger *ledger, const pd_plan *plan,
                  pd_deployment *deployment, pd_error *err)
{
    pd_apply_run apply = {
        .run = run,
        .plan = plan,
        .ledger = ledger,
        .deployment = deployment,
        .predicted_tables = -1,
    };
    if (!pd_back_up(run, plan, deployment, err) || !pd_apply_plan(&apply, err))
        return false;
    if (!apply.ledger_changed)
        return true;
    pd_fail(err, PD_ERROR_LOCKED, "cannot roll back: the ledger changed meanwhile");
    return pd_error_hint(err, "Another migrator has just worked on this database. Look at "
                              "`predeploy status` and decide again.");
}

static bool carry_out(pd_run *run, const pd_ledger *ledger, const pd_plan *plan, pd_error *err)
{
    pd_deployment *deployment = pd_deployment_new(run, "rollback");
    if (!run->db.begin_deployment(run->db.ctx, deployment, err))
        return false;
    if (!apply(run, ledger, plan, deployment, err)) {
        if (err->kind == PD_ERROR_APPLY && run->report->failure != NULL)
            pd_error_hint(err,
                          "The companion is the one that was committed with the migration "
                          "when it was applied; a commit does not change it any more.%s",
                          run->half != NULL ? "" : " Undo the migration with a new one.");
        pd_explain_partial(run, err);
        pd_deployment_failed(run, deployment, err);
        return false;
    }
    deployment->outcome = "succeeded";
    deployment->finished_at = pd_timestamp(run->arena, pd_unix_seconds());
    return true;
}

/* Whether something is applied that the ledger does not have, so that its last row is not the
 * newest: what that one would need is no question yet. */
static bool is_unadopted(pd_run *run, const pd_ledger *ledger)
{
    size_t before = run->report->findings->count;
    pd_gate_unadopted(run->set, ledger, pd_run_foreign_is_other(run), run->report->findings);
    if (run->report->findings->count == before)
        return false;
    pd_report_answer(run->report, PD_GATE_ROLLBACK, "not all that is applied is adopted");
    pd_report_settle(run->report, run->settings);
    return pd_report_closed(run->report);
}

bool pd_rollback(pd_run *run, const pd_rollback_request *request, pd_error *err)
{
    pd_ledger *ledger = pd_arena_alloc(run->arena, sizeof *ledger);
    selection rows = {0};
    if ((!request->dry_run && !run->db.lock(run->db.ctx, run->wait, err)) ||
        !run->db.read_ledger(run->db.ctx, run->arena, ledger, err))
        return false;
    pd_gate_altered(ledger, run->report->findings);
    if (is_unadopted(run, ledger))
        return true;
    if (!select_rows(run, ledger, request, &rows, err))
        return false;
    pd_script *scripts = pd_arena_array(run->arena, rows.count + 1, sizeof *scripts);
    if (!judge_rows(run, ledger, &rows, scripts, err))
        return false;
    pd_report_answer(run->report, PD_GATE_ROLLBACK,
                     pd_arena_printf(run->arena, "%zu to take out", rows.count));
    pd_report_settle(run->report, run->settings);
    if (pd_report_closed(run->report))
        return true;
    run->report->nothing_to_do = rows.count == 0;
    if (rows.count == 0)
        return true;
    const pd_plan *plan = plan_rollback(run, &rows, scripts);
    if (run->db.check_plan != NULL && !run->db.check_plan(run->db.ctx, plan, err))
        return false;
    if (request->dry_run)
        pd_report_plan(run->report, run->arena, plan);
    pd_check_obstacles(run, ledger, plan);
    return request->dry_run || pd_report_closed(run->report) || carry_out(run, ledger, plan, err);
}
