#include "cli/commands.h"
#include "deploy/plan.h"

static const char *revision_of(const pd_context *context)
{
    return context->args.positional_count > 0 ? context->args.positionals[0] : "HEAD";
}

bool pd_check_revision(pd_context *context, bool history, bool syntax, pd_error *err)
{
    pd_report *report = &context->report;
    pd_report_ask(report, PD_GATE_REVISION, "");
    pd_report_ask(report, PD_GATE_INTEGRITY, "");
    pd_report_ask(report, PD_GATE_ROLLBACK, "");
    if (history)
        pd_report_ask(report, PD_GATE_HISTORY, "not asked");
    if (syntax)
        pd_report_ask(report, PD_GATE_SYNTAX, "not asked: another gate is closed");
    pd_report_ask(report, PD_GATE_LEDGER,
                  pd_context_has_database(context) || context->args.ephemeral
                      ? "not asked: another gate is closed"
                      : "no database was given");
    return pd_context_open(context, err) && pd_context_read(context, revision_of(context), err) &&
           (!history ||
            (pd_context_read_base(context, err) && pd_context_compare_steering(context, err))) &&
           pd_context_run(context, err) && pd_check_set(&context->run, err);
}

/* A set that could not be read whole cannot be compared with anything. */
static bool revision_is_closed(const pd_context *context)
{
    return pd_findings_of_gate(&context->findings, PD_GATE_REVISION, PD_SEVERITY_ERROR) > 0;
}

bool pd_cmd_check(pd_context *context, pd_error *err)
{
    if (!pd_check_revision(context, true, true, err))
        return false;
    if (revision_is_closed(context))
        return true;
    if (!pd_context_has_database(context))
        return pd_check_unpublished(&context->run, err);
    pd_comparison comparison = {0};
    if (!pd_context_connect(context, true, err))
        return false;
    pd_context_attach(context);
    return pd_check_database(&context->run, &comparison, err);
}

bool pd_cmd_plan(pd_context *context, pd_error *err)
{
    if (!pd_check_revision(context, true, true, err))
        return false;
    if (revision_is_closed(context))
        return true;
    if (!pd_context_connect(context, true, err))
        return false;
    pd_comparison *comparison = pd_arena_alloc(context->arena, sizeof *comparison);
    pd_context_attach(context);
    if (!pd_check_database(&context->run, comparison, err))
        return false;
    pd_plan *plan = pd_arena_alloc(context->arena, sizeof *plan);
    pd_plan_deploy(context->arena, &context->set, comparison, plan);
    pd_report *report = &context->report;
    pd_report_plan(report, context->arena, plan);
    report->nothing_to_do = plan->pending == 0;
    pd_check_obstacles(&context->run, NULL, plan);
    report->tables_before = comparison->ledger.tables;
    report->tables_after =
        pd_plan_tables(plan, &context->set, &comparison->ledger, &context->settings);
    return true;
}

bool pd_cmd_deploy(pd_context *context, pd_error *err)
{
    bool done = false;
    if (!pd_context_recall(context, revision_of(context), &done, err))
        return false;
    if (done)
        return true;
    if (!pd_check_revision(context, true, true, err))
        return false;
    if (pd_report_closed(&context->report))
        return true;
    if (!pd_context_connect(context, false, err))
        return false;
    pd_context_attach(context);
    context->run.terms = pd_context_terms(context);
    return pd_deploy(&context->run, err);
}

bool pd_cmd_verify(pd_context *context, pd_error *err)
{
    if (!pd_check_revision(context, false, true, err))
        return false;
    if (revision_is_closed(context))
        return true;
    if (!pd_context_connect(context, true, err))
        return false;
    pd_comparison comparison = {0};
    pd_context_attach(context);
    if (!pd_check_database(&context->run, &comparison, err))
        return false;
    pd_report *report = &context->report;
    pd_gate_verify(&context->set, comparison.states, &comparison.ledger, &context->settings,
                   &context->findings);
    pd_report_answer(report, PD_GATE_VERIFY,
                     pd_arena_printf(context->arena, "%lld tables in schema %s",
                                     (long long)comparison.ledger.tables,
                                     context->settings.verify_schema));
    report->tables_before = comparison.ledger.tables;
    report->tables_after = comparison.ledger.tables;
    pd_report_settle(report, &context->settings);
    return true;
}
