#include "base/clock.h"
#include "base/str.h"
#include "deploy/apply.h"
#include "deploy/plan.h"
#include "deploy/recall.h"
#include "deploy/run.h"

/* How often a plan is made anew because the ledger changed under it: each time another migrator
 * has got on, so that this ends. */
#define PLANS_MAX 100

/* With nothing to run the table count is asked all the same. */
static bool verify_count(pd_run *run, size_t count, int64_t tables, pd_error *err)
{
    const pd_settings *settings = run->settings;
    run->report->tables_before = tables;
    run->report->tables_after = tables;
    if (count == 0 || pd_settings_tables_met(settings, tables))
        return true;
    pd_fail(err, PD_ERROR_VERIFY, "schema %s has %lld tables, expected %s", settings->verify_schema,
            (long long)tables, pd_settings_tables_text(settings, run->arena));
    return pd_error_hint(err, "Nothing was pending and nothing was written. If the number is "
                              "right, change [verify] in .predeploy.");
}

/* A deployment with nothing to run is recorded when it brings the database to another commit, or
 * accepts a ledger that was altered. */
static bool record_idle(pd_run *run, const pd_ledger *ledger, const char **id, pd_error *err)
{
    for (size_t i = 0; i < ledger->deployment_count; i++) {
        const pd_deployment *last = &ledger->deployments[i];
        if (!pd_streq(last->outcome, "succeeded"))
            continue;
        if (ledger->altered == NULL && pd_streq(last->kind, "deploy") &&
            pd_streq(last->commit, run->report->revision->oid)) {
            *id = last->id;
            return true;
        }
        break;
    }
    pd_deployment *deployment = pd_deployment_new(run, "deploy");
    deployment->outcome = "succeeded";
    deployment->finished_at = deployment->started_at;
    deployment->tables_before = ledger->tables;
    deployment->tables_after = ledger->tables;
    *id = deployment->id;
    return run->db.begin_deployment(run->db.ctx, deployment, err);
}

/* Nothing to do, and nothing found: the next run need not ask all of it again. */
static bool end_idle(pd_run *run, const pd_ledger *ledger, pd_error *err)
{
    const char *id = NULL;
    pd_recalled now;
    if (!record_idle(run, ledger, &id, err))
        return false;
    if (run->db.take_marks == NULL || !pd_recall_wanted(run, ledger))
        return true;
    if (!run->db.take_marks(run->db.ctx, run->report->revision->oid, &now, err))
        return false;
    const char *verdict = pd_recall_make(run, ledger, &now);
    return run->db.keep_verdict(run->db.ctx, id, verdict, err);
}

static bool finish_idle(pd_run *run, const pd_comparison *comparison, pd_deployment *begun,
                        pd_error *err)
{
    run->report->nothing_to_do = run->committed == 0;
    if (!verify_count(run, run->set->count, comparison->ledger.tables, err))
        return false;
    if (begun == NULL)
        return end_idle(run, &comparison->ledger, err);
    begun->outcome = "succeeded";
    begun->finished_at = pd_timestamp(run->arena, pd_unix_seconds());
    return run->db.finish_deployment(run->db.ctx, begun, err);
}

static bool begin(pd_run *run, pd_deployment **deployment, pd_error *err)
{
    if (*deployment != NULL)
        return true;
    pd_deployment *fresh = pd_deployment_new(run, "deploy");
    if (!run->db.begin_deployment(run->db.ctx, fresh, err))
        return false;
    *deployment = fresh;
    return true;
}

/* What a migration makes is there, and no ledger knows who made it. */
static void explain_existing(const pd_run *run, const pd_ledger *ledger, pd_error *err)
{
    static const char *const duplicates[] = {"42P07", "42701", "42710", "42723", "42P06"};
    const pd_target *target = run->report->target;
    bool throwaway = target != NULL && target->ephemeral;
    bool nobody =
        ledger->count == 0 && ledger->drizzle_count == 0 && run->committed == 0 && !throwaway;
    for (size_t i = 0; nobody && i < sizeof duplicates / sizeof *duplicates; i++)
        if (pd_streq(err->code, duplicates[i]))
            pd_error_hint(err, "%s",
                          pd_set_is_drizzle(run->set)
                              ? "It is there already, and Drizzle's table is not, or is empty. "
                                "Where Drizzle has migrated this database: [ledger] schema and "
                                "table in .predeploy name its table."
                              : "It is there already, and no ledger says what this database has. "
                                "Where it was migrated before predeploy came, name the newest "
                                "migration that it has: predeploy adopt --through NAME. Otherwise "
                                "mend the migration.");
}

static bool carry_out(pd_run *run, const pd_comparison *comparison, const pd_plan *plan,
                      pd_deployment *deployment, bool *again, pd_error *err)
{
    pd_apply_run apply = {
        .run = run,
        .plan = plan,
        .ledger = &comparison->ledger,
        .deployment = deployment,
        .verify = true,
        .predicted_tables = pd_plan_tables(plan, run->set, &comparison->ledger, run->settings),
    };
    if (!pd_back_up(run, plan, deployment, err))
        return false;
    if (!pd_apply_plan(&apply, err)) {
        explain_existing(run, &comparison->ledger, err);
        return false;
    }
    *again = apply.ledger_changed;
    if (*again)
        return true;
    run->report->nothing_to_do = plan->pending == 0;
    deployment->outcome = "succeeded";
    deployment->finished_at = pd_timestamp(run->arena, pd_unix_seconds());
    return true;
}

/* One plan from one reading of the ledger. *again: the ledger changed under it. */
static bool deploy_once(pd_run *run, pd_deployment **deployment, bool *again, pd_error *err)
{
    pd_comparison *comparison = pd_arena_alloc(run->arena, sizeof *comparison);
    *again = false;
    if (!pd_check_database(run, comparison, err))
        return false;
    if (pd_report_closed(run->report))
        return true;
    pd_plan *plan = pd_arena_alloc(run->arena, sizeof *plan);
    pd_plan_deploy(run->arena, run->set, comparison, plan);
    if (plan->count == 0)
        return finish_idle(run, comparison, *deployment, err);
    if (run->db.check_plan != NULL && !run->db.check_plan(run->db.ctx, plan, err))
        return false;
    if (*deployment == NULL)
        pd_check_obstacles(run, &comparison->ledger, plan);
    if (pd_report_closed(run->report))
        return true;
    return begin(run, deployment, err) && carry_out(run, comparison, plan, *deployment, again, err);
}

/* Whatever stopped a deployment that had begun is written to its row, unless it was already. */
static void close_row(pd_run *run, pd_deployment *deployment, const pd_error *err)
{
    if (deployment != NULL && pd_streq(deployment->outcome, "running"))
        pd_deployment_failed(run, deployment, err);
}

/* A gate that closed over what another migrator did meanwhile, when this run had begun. */
static bool fail_closed(pd_run *run, const pd_deployment *deployment, pd_error *err)
{
    if (deployment == NULL || !pd_report_closed(run->report))
        return true;
    pd_fail(err, PD_ERROR_APPLY, "the gate closed while the deployment ran");
    return pd_error_hint(err, "Another migrator changed the ledger meanwhile; the findings say "
                              "what does not fit any more.");
}

/* Where nothing is applied, all is pending: it is parsed while the ledger is made. */
static void parse_ahead(void *told)
{
    pd_run *run = told;
    pd_applied_state *states = pd_arena_array(run->arena, run->set->count + 1, sizeof *states);
    for (size_t i = 0; i < run->set->count; i++)
        states[i] = PD_PENDING;
    pd_pending foreseen = {.states = states, .unqualified = true};
    if (run->begun == NULL)
        run->begun = pd_gate_pending_begin(run->arena, run->set, &foreseen, run->settings);
}

static bool deploy(pd_run *run, pd_error *err)
{
    pd_findings *findings = run->report->findings;
    pd_findings of_the_set = pd_findings_copy(findings);
    if (run->db.when_new != NULL)
        run->db.when_new(run->db.ctx, parse_ahead, run);
    if (!run->db.lock(run->db.ctx, run->wait, err))
        return false;
    pd_deployment *deployment = NULL;
    bool again = true;
    bool done = true;
    for (int i = 0; again && done && i < PLANS_MAX; i++) {
        *findings = of_the_set;
        done = deploy_once(run, &deployment, &again, err);
    }
    if (done && again) {
        done = pd_fail(err, PD_ERROR_LOCKED, "cannot plan: the ledger keeps changing");
        pd_error_hint(err, "Another migrator works on this database. Try again when it is done.");
    }
    done = done && fail_closed(run, deployment, err);
    if (!done) {
        pd_explain_partial(run, err);
        close_row(run, deployment, err);
    }
    return done;
}

bool pd_deploy(pd_run *run, pd_error *err)
{
    bool done = deploy(run, err);
    pd_gate_pending_drop(run->begun);
    run->begun = NULL;
    return done;
}

bool pd_deploy_recalled(pd_run *run, const pd_recall *recall, const pd_recalled *now, pd_error *err)
{
    pd_recall_report(run->arena, recall, now, run->settings, run->report);
    return verify_count(run, recall->count, now->tables, err);
}
