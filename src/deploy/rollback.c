#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "deploy/apply.h"
#include "gate/claims.h"
#include "gate/syntax.h"
#include "sql/companion.h"
#include "sql/parse.h"

/* The rows that come out: the newest first, `count` of them. */
typedef struct selection {
    const pd_ledger_row **rows;
    size_t count;
} selection;

static bool select_rows(pd_run *run, const pd_ledger *ledger, const pd_rollback_request *request,
                        selection *out, pd_error *err)
{
    size_t count = request->steps;
    if (request->to != NULL) {
        size_t at = ledger->count;
        while (at > 0 && strcmp(ledger->rows[at - 1].name, request->to) != 0)
            at--;
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

static const char *companion_path(pd_run *run, const char *name)
{
    ptrdiff_t at = pd_set_find(run->set, name);
    if (at >= 0)
        return run->set->migrations[at].down.path;
    return pd_arena_printf(run->arena, "%s%s%s-rollback.sql", run->set->folder,
                           run->set->folder[0] == '\0' ? "" : "/", name);
}

/* Whether the ledger keeps something that can be run to take the row out. */
static void judge_row(pd_run *run, const pd_ledger_row *row)
{
    pd_findings *findings = run->report->findings;
    const char *path = companion_path(run, row->name);
    pd_finding *finding = NULL;
    if (row->down_sql == NULL) {
        finding = pd_find(findings, PD_RULE_ROLLBACK_UNAVAILABLE, path,
                          "%s was applied without a rollback companion", row->name);
        pd_finding_hint(findings, finding,
                        "Undo it with a new migration. A companion that is added now does not "
                        "change what the ledger keeps.");
        return;
    }
    pd_companion companion = {0};
    pd_companion_read(run->arena, row->down_sql, strlen(row->down_sql), &companion);
    if (!companion.empty)
        return;
    finding = pd_find(
        findings, PD_RULE_ROLLBACK_UNAVAILABLE, path, "%s cannot be taken out: %s", row->name,
        pd_blank(companion.reason) ? "its companion has no statement" : companion.reason);
    pd_finding_hint(findings, finding,
                    "Restore the backup that was made before it (`predeploy status` shows its "
                    "reference), or undo it with a new migration.");
}

/* Drizzle's own migrator may have applied something since: predeploy has no companion of that. */
static void judge_foreign(pd_run *run, const pd_ledger *ledger)
{
    if (!pd_set_is_drizzle(run->set) || ledger->drizzle_shape == PD_DRIZZLE_ABSENT)
        return;
    pd_claims claims = {0};
    pd_claim_rows(run->arena, run->set, ledger, &claims);
    for (size_t m = 0; m < run->set->count; m++) {
        const pd_migration *migration = &run->set->migrations[m];
        bool ours = claims.row_of[m] < 0;
        for (size_t i = 0; i < ledger->count && !ours; i++)
            ours = strcmp(ledger->rows[i].name, migration->name) == 0;
        if (ours)
            continue;
        pd_finding *finding = pd_find(
            run->report->findings, PD_RULE_ROLLBACK_UNAVAILABLE, migration->up.path,
            "%s was applied by Drizzle and is not in predeploy's ledger yet", migration->name);
        pd_finding_hint(run->report->findings, finding,
                        "Adopt it first, with its companion: predeploy deploy");
    }
}

static bool parse_companions(pd_run *run, const selection *rows, pd_script *scripts, pd_error *err)
{
    bool breakpoints = pd_set_is_drizzle(run->set);
    pd_sql_input *inputs = pd_arena_array(run->arena, rows->count + 1, sizeof *inputs);
    for (size_t i = 0; i < rows->count; i++) {
        const char *text = rows->rows[i]->down_sql;
        inputs[i] = (pd_sql_input){text, strlen(text), breakpoints};
    }
    if (!pd_sql_parse(run->arena, inputs, rows->count, run->settings->verify_schema, true, scripts,
                      err))
        return false;
    for (size_t i = 0; i < rows->count; i++) {
        pd_migration as_applied = {
            .name = rows->rows[i]->name,
            .down = {.path = companion_path(run, rows->rows[i]->name),
                     .data = inputs[i].text,
                     .len = inputs[i].len},
        };
        pd_gate_syntax(&as_applied, &scripts[i], true, run->report->findings);
    }
    return true;
}

static pd_plan *plan_rollback(pd_run *run, const selection *rows, const pd_script *scripts)
{
    pd_plan *plan = pd_arena_alloc(run->arena, sizeof *plan);
    for (size_t i = 0; i < rows->count; i++) {
        const pd_ledger_row *row = rows->rows[i];
        ptrdiff_t at = pd_set_find(run->set, row->name);
        pd_step *step = PD_PUSH(run->arena, plan->steps, plan->count, plan->capacity);
        *step = (pd_step){
            .kind = PD_STEP_REVERT,
            .name = row->name,
            .path = companion_path(run, row->name),
            .hash = row->hash,
            .text = row->down_sql,
            .len = strlen(row->down_sql),
            .script = &scripts[i],
            .has_created_at = row->has_drizzle_created_at,
            .created_at = row->drizzle_created_at,
            .v1_name = at >= 0 ? run->set->migrations[at].v1_name : NULL,
            .seq = row->seq,
        };
        plan->pending++;
    }
    return plan;
}

static bool carry_out(pd_run *run, const pd_ledger *ledger, const pd_plan *plan, pd_error *err)
{
    pd_deployment *deployment = pd_deployment_new(run, "rollback");
    if (!run->db.begin_deployment(run->db.ctx, deployment, err))
        return false;
    if (!pd_back_up(run, plan, deployment, err)) {
        pd_deployment_failed(run, deployment, err);
        return false;
    }
    pd_apply apply = {
        .run = run,
        .plan = plan,
        .ledger = ledger,
        .deployment = deployment,
        .predicted_tables = -1,
    };
    if (!pd_apply_plan(&apply, err))
        return false;
    if (apply.ledger_changed) {
        pd_fail(err, PD_ERROR_LOCKED, "cannot roll back: the ledger changed meanwhile");
        pd_error_hint(err, "Another migrator has just worked on this database. Look at "
                           "`predeploy status` and decide again.");
        pd_deployment_failed(run, deployment, err);
        return false;
    }
    deployment->outcome = "succeeded";
    deployment->finished_at = pd_timestamp(run->arena, pd_unix_seconds());
    return true;
}

bool pd_rollback(pd_run *run, const pd_rollback_request *request, pd_error *err)
{
    pd_ledger *ledger = pd_arena_alloc(run->arena, sizeof *ledger);
    selection rows = {0};
    if (!run->db.lock(run->db.ctx, run->wait, err) ||
        !run->db.read_ledger(run->db.ctx, run->arena, ledger, err))
        return false;
    judge_foreign(run, ledger);
    if (!select_rows(run, ledger, request, &rows, err))
        return false;
    for (size_t i = 0; i < rows.count; i++)
        judge_row(run, rows.rows[i]);
    pd_report_answer(run->report, PD_GATE_ROLLBACK,
                     pd_arena_printf(run->arena, "%zu to take out", rows.count));
    pd_report_settle(run->report, run->settings);
    if (pd_report_closed(run->report))
        return true;
    pd_script *scripts = pd_arena_array(run->arena, rows.count + 1, sizeof *scripts);
    if (!parse_companions(run, &rows, scripts, err))
        return false;
    pd_report_settle(run->report, run->settings);
    if (pd_report_closed(run->report))
        return true;
    run->report->nothing_to_do = rows.count == 0;
    return rows.count == 0 || carry_out(run, ledger, plan_rollback(run, &rows, scripts), err);
}
