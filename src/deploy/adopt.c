#include "deploy/adopt.h"

#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "deploy/apply.h"
#include "deploy/plan.h"

/* One reading of the ledgers, and what is made of it. */
typedef struct reading {
    pd_ledger ledger;
    pd_adoption adoption;
    const pd_drizzle_row **rows; /* by migration, on Drizzle's layouts; else NULL */
    pd_plan plan;
    const char *source;
} reading;

static bool find_through(const pd_run *run, const char *name, ptrdiff_t *out, pd_error *err)
{
    const pd_set *set = run->set;
    *out = name == NULL ? -1 : pd_set_find(set, name);
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

static bool check_from(const char *from, pd_error *err)
{
    if (from == NULL || pd_streq(from, "drizzle"))
        return true;
    pd_fail(err, PD_ERROR_USAGE, "--from %s does not go with this layout", from);
    return pd_error_hint(err, "On Drizzle's layouts Drizzle's own table says what is applied.");
}

static bool fail_drizzle(const pd_run *run, pd_error *err)
{
    pd_fail(err, PD_ERROR_USAGE, "Drizzle's table %s.%s is not there", run->settings->ledger_schema,
            run->settings->ledger_table);
    return pd_error_hint(err,
                         "What Drizzle has applied is told by that table alone: check [ledger] "
                         "schema and table in .predeploy.");
}

static void report_through(const pd_run *run, size_t at, ptrdiff_t through)
{
    bool behind = (ptrdiff_t)at > through;
    const pd_migration *migration = &run->set->migrations[at];
    pd_finding *finding =
        pd_find(run->report->findings, PD_RULE_ADOPT_THROUGH, migration->up.path,
                "%s is %s by Drizzle's table, but stands %s %s, which --through "
                "names",
                migration->name, behind ? "applied" : "not applied",
                behind ? "behind" : "in front of", run->set->migrations[through].name);
    pd_finding_hint(run->report->findings, finding,
                    "Leave --through out to take over what the table says.");
}

/* Drizzle's table is matched as a deployment does it; only what it has to say is taken over. */
static bool judge_drizzle(pd_run *run, const pd_adopt_request *request, ptrdiff_t through,
                          reading *out, pd_error *err)
{
    const pd_set *set = run->set;
    pd_applied_state *states = pd_arena_array(run->arena, set->count + 1, sizeof *states);
    pd_ledger_terms terms = {.allow_ahead = true, .arrival = run->settings->arrival};
    if (!check_from(request->from, err))
        return false;
    if (out->ledger.drizzle_shape == PD_DRIZZLE_ABSENT)
        return fail_drizzle(run, err);
    out->rows = pd_arena_array(run->arena, set->count + 1, sizeof *out->rows);
    pd_gate_ledger(set, &out->ledger, &terms, states, out->rows, run->report->findings);
    out->adoption = (pd_adoption){
        .wanted = pd_arena_array(run->arena, set->count + 1, sizeof *out->adoption.wanted)};
    for (size_t i = 0; i < set->count; i++) {
        out->adoption.wanted[i] = states[i] == PD_APPLIED_FOREIGN;
        out->adoption.count += states[i] == PD_APPLIED_FOREIGN;
        out->adoption.applied += states[i] != PD_PENDING;
        if (through >= 0 && (states[i] != PD_PENDING) != ((ptrdiff_t)i <= through))
            report_through(run, i, through);
    }
    out->source = pd_arena_printf(run->arena, "%s.%s of Drizzle", run->settings->ledger_schema,
                                  run->settings->ledger_table);
    return true;
}

static bool judge_foreign(pd_run *run, const pd_adopt_request *request, ptrdiff_t through,
                          reading *out, pd_error *err)
{
    pd_adopt_terms terms = {
        .from = request->from,
        .through = through,
        .arrival = run->settings->arrival,
    };
    if (!pd_gate_adopt(run->set, &out->ledger, &terms, &out->adoption, run->report->findings, err))
        return false;
    const pd_foreign_claims *claims = out->adoption.claims;
    out->source = claims == NULL ? pd_arena_printf(run->arena, "--through %s",
                                                   request->through == NULL ? "" : request->through)
                                 : pd_arena_printf(run->arena, "%s.%s of %s",
                                                   claims->ledger->schema, claims->ledger->table,
                                                   pd_layout_name(claims->ledger->tool));
    return true;
}

static void settle(pd_run *run)
{
    if (run->git.explain != NULL)
        run->git.explain(run->git.ctx, run->report->findings);
    pd_report_settle(run->report, run->settings);
}

static bool look(pd_run *run, const pd_adopt_request *request, reading *out, pd_error *err)
{
    ptrdiff_t through = -1;
    *out = (reading){0};
    if (!find_through(run, request->through, &through, err) ||
        !run->db.read_ledger(run->db.ctx, run->arena, &out->ledger, err))
        return false;
    bool judged = pd_set_is_drizzle(run->set) ? judge_drizzle(run, request, through, out, err)
                                              : judge_foreign(run, request, through, out, err);
    if (!judged || !check_readable(run, &out->adoption, err))
        return false;
    pd_plan_adopt(run->arena, run->set, out->adoption.wanted, out->rows, &out->plan);
    run->report->tables_before = out->ledger.tables;
    run->report->tables_after = out->ledger.tables;
    pd_report_answer(run->report, PD_GATE_LEDGER,
                     pd_arena_printf(run->arena, "%zu applied, %zu to adopt, by %s",
                                     out->adoption.applied, out->adoption.count, out->source));
    settle(run);
    return true;
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

static void show_plan(pd_run *run, const pd_plan *plan)
{
    pd_report *report = run->report;
    report->plan = plan;
    report->steps = pd_arena_array(run->arena, plan->count + 1, sizeof *report->steps);
    for (size_t i = 0; i < plan->count; i++)
        report->steps[i].step = &plan->steps[i];
}

static pd_findings copy_findings(const pd_findings *findings)
{
    pd_findings copy = *findings;
    copy.items = pd_arena_array(findings->arena, findings->count + 1, sizeof *findings->items);
    if (findings->count > 0)
        memcpy(copy.items, findings->items, findings->count * sizeof *findings->items);
    copy.capacity = findings->count;
    return copy;
}

bool pd_adopt(pd_run *run, const pd_adopt_request *request, pd_error *err)
{
    pd_findings of_the_set = copy_findings(run->report->findings);
    reading *before = pd_arena_alloc(run->arena, sizeof *before);
    reading *found = pd_arena_alloc(run->arena, sizeof *found);
    if (!look(run, request, before, err))
        return false;
    if (pd_report_closed(run->report))
        return true;
    run->report->nothing_to_do = before->plan.count == 0;
    if (before->plan.count == 0)
        return true;
    show_plan(run, &before->plan);
    pd_adopt_news news = {
        .set = run->set,
        .claims = before->adoption.claims,
        .source = before->source,
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
