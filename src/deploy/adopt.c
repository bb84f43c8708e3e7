#include "deploy/adopt.h"

#include "base/clock.h"
#include "base/str.h"
#include "deploy/apply.h"
#include "deploy/plan.h"
#include "gate/made.h"
#include "gate/unfinished.h"

/* One reading of the ledgers, and what is made of it. */
typedef struct reading {
    pd_ledger ledger;
    pd_adoption adoption;
    pd_plan plan;
} reading;

static bool find_through(const pd_run *run, const char *name, ptrdiff_t *out, pd_error *err)
{
    const pd_set *set = run->set;
    *out = name == NULL ? -1 : pd_set_find_said(set, name);
    if (name == NULL || *out >= 0)
        return true;
    pd_fail(err, PD_ERROR_USAGE, "--through names no migration of the revision: %s", name);
    const char **names = pd_arena_array(run->arena, set->count + 1, sizeof *names);
    for (size_t i = 0; i < set->count; i++)
        names[i] = set->migrations[i].name;
    const char *nearest = pd_did_you_mean(name, names);
    if (nearest != NULL)
        return pd_error_hint(err, "Did you mean %s?", nearest);
    if (set->count == 0)
        return pd_error_hint(err, "The revision has no migrations.");
    return pd_error_hint(err, "The newest one is %s.", names[set->count - 1]);
}

/* Without its file nothing could be recorded, whatever the severity of what made it so. */
static bool check_readable(const pd_run *run, const pd_adoption *adoption, pd_error *err)
{
    for (size_t i = 0; i < run->set->count; i++) {
        const pd_migration *migration = &run->set->migrations[i];
        if (!adoption->wanted[i] || (migration->up.data != NULL && migration->up.hash[0] != '\0'))
            continue;
        pd_fail(err, PD_ERROR_USAGE, "%s is applied and its file cannot be read", migration->name);
        return pd_error_hint(err, "Leave the rules about %s at severity error, and mend it.",
                             migration->up.path);
    }
    return true;
}

/* Two tables fit: nothing is guessed, whatever the severity of adopt-ambiguous. */
static bool check_chosen(const pd_run *run, const pd_adoption *adoption, pd_error *err)
{
    if (adoption->rivals == NULL || pd_report_closed(run->report))
        return true;
    pd_fail(err, PD_ERROR_USAGE, "cannot choose what to adopt: %s both fit", adoption->rivals);
    return pd_error_hint(err, "Say which one knows what was applied: predeploy adopt --from "
                              "SCHEMA.TABLE");
}

static bool judge(pd_run *run, const pd_adopt_request *request, reading *out, pd_error *err)
{
    const pd_settings *settings = run->settings;
    pd_adopt_terms terms = {
        .from = request->from,
        .through = -1,
        .drizzle =
            pd_arena_printf(run->arena, "%s.%s", settings->ledger_schema, settings->ledger_table),
        .foreign_is_other = pd_run_foreign_is_other(run),
        .arrival = settings->arrival,
    };
    return find_through(run, request->through, &terms.through, err) &&
           run->db.read_ledger(run->db.ctx, run->arena, &out->ledger, err) &&
           pd_gate_adopt(run->set, &out->ledger, &terms, &out->adoption, run->report->findings,
                         err) &&
           check_readable(run, &out->adoption, err);
}

/* A table of another application can fit by its versions alone. */
static bool check_made(pd_run *run, const reading *found, pd_error *err)
{
    pd_made made = {0};
    if (run->db.find_tables == NULL || found->adoption.count == 0)
        return true;
    if (!pd_made_by(run->arena, run->set, found->adoption.wanted, &found->ledger, &made, err))
        return false;
    if (made.tables.count == 0)
        return true;
    if (!run->db.find_tables(run->db.ctx, run->arena, &made.tables, err))
        return false;
    pd_gate_made(&made, run->report->findings);
    return true;
}

static bool look(pd_run *run, const pd_adopt_request *request, reading *out, pd_error *err)
{
    *out = (reading){0};
    if (!judge(run, request, out, err) || !check_made(run, out, err))
        return false;
    const pd_adoption *adoption = &out->adoption;
    pd_gate_unfinished_reversal(&out->ledger, NULL, 0, run->report->findings);
    pd_plan_adopt(run->arena, run->set, adoption->wanted, adoption->rows, &out->plan);
    run->report->tables_before = out->ledger.tables;
    run->report->tables_after = out->ledger.tables;
    pd_report_answer(run->report, PD_GATE_LEDGER,
                     pd_arena_printf(run->arena, "%zu applied, %zu to adopt, by %s",
                                     adoption->applied, adoption->count, adoption->source));
    pd_run_settle(run);
    return check_chosen(run, adoption, err);
}

static bool same_plan(const pd_plan *a, const pd_plan *b)
{
    if (a->count != b->count)
        return false;
    for (size_t i = 0; i < a->count; i++)
        if (!pd_streq(a->steps[i].name, b->steps[i].name))
            return false;
    return true;
}

static bool fail_changed(pd_error *err)
{
    pd_fail(err, PD_ERROR_LOCKED, "cannot adopt: the ledgers changed meanwhile");
    return pd_error_hint(err, "Another migrator has just worked on this database. Run the command "
                              "again, and read again what it finds.");
}

static bool write_rows(pd_run *run, const reading *found, pd_deployment *deployment, pd_error *err)
{
    pd_apply_run apply = {
        .run = run,
        .plan = &found->plan,
        .ledger = &found->ledger,
        .taken_from = found->adoption.claims == NULL ? NULL : found->adoption.claims->ledger,
        .deployment = deployment,
        .predicted_tables = -1,
    };
    if (!pd_apply_plan(&apply, err))
        return false;
    return !apply.ledger_changed || fail_changed(err);
}

static bool carry_out(pd_run *run, const reading *found, pd_error *err)
{
    pd_deployment *deployment = pd_deployment_new(run, "adopt");
    if (!run->db.begin_deployment(run->db.ctx, deployment, err))
        return false;
    if (!write_rows(run, found, deployment, err)) {
        pd_deployment_failed(run, deployment, err);
        return false;
    }
    deployment->outcome = "succeeded";
    deployment->finished_at = pd_timestamp(run->arena, pd_unix_seconds());
    return true;
}

bool pd_adopt(pd_run *run, const pd_adopt_request *request, pd_error *err)
{
    pd_findings of_the_set = pd_findings_copy(run->report->findings);
    reading *before = pd_arena_alloc(run->arena, sizeof *before);
    reading *found = pd_arena_alloc(run->arena, sizeof *found);
    if (!look(run, request, before, err))
        return false;
    if (pd_report_closed(run->report))
        return true;
    run->report->nothing_to_do = before->plan.count == 0;
    if (before->plan.count == 0)
        return true;
    pd_report_plan(run->report, run->arena, &before->plan);
    pd_adopt_news news = {
        .set = run->set,
        .source = before->adoption.source,
        .plan = &before->plan,
        .applied = before->adoption.applied,
    };
    request->tell(request->ctx, &news);
    if (request->dry_run)
        return true;
    *run->report->findings = of_the_set;
    if (!run->db.lock(run->db.ctx, run->wait, err) || !look(run, request, found, err))
        return false;
    if (pd_report_closed(run->report))
        return true;
    return same_plan(&before->plan, &found->plan) ? carry_out(run, found, err) : fail_changed(err);
}
