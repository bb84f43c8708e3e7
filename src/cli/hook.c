#include "cli/hook.h"

#include <string.h>

#include "base/printable.h"
#include "base/str.h"
#include "cli/output.h"

static void ask_gates(pd_report *report)
{
    pd_report_ask(report, PD_GATE_REVISION, "");
    pd_report_ask(report, PD_GATE_INTEGRITY, "");
    pd_report_ask(report, PD_GATE_ROLLBACK, "");
    pd_report_ask(report, PD_GATE_HISTORY, "the remote has nothing of it yet");
    pd_report_ask(report, PD_GATE_SYNTAX, "not asked: another gate is closed");
}

void pd_hook_begin(pd_context *context, const char *hook, const char *ref)
{
    pd_context_reset(context);
    context->report.command =
        pd_arena_printf(context->arena, "%s %s", hook, pd_printable(context->arena, ref));
    ask_gates(&context->report);
}

/* What is no folder or no file of settings there is not what it is here. */
static bool or_differs(pd_error *err)
{
    bool differs = err->kind == PD_ERROR_USAGE;
    if (differs)
        *err = (pd_error){0};
    return differs;
}

bool pd_hook_is_unchanged(pd_context *context, const pd_revision *base, bool *unchanged,
                          pd_error *err)
{
    pd_snapshot published = {0};
    pd_bytes now = {0};
    pd_bytes then = {0};
    pd_git *git = context->git;
    *unchanged = false;
    if (!pd_git_read_file(git, &context->revision, PD_SETTINGS_FILE, PD_SETTINGS_MAX, &now, err))
        return false;
    if (!pd_git_snapshot(git, base, context->set.folder, false, &published, err) ||
        !pd_git_read_file(git, base, PD_SETTINGS_FILE, PD_SETTINGS_MAX, &then, err))
        return or_differs(err);
    *unchanged = published.tree_oid[0] != '\0' &&
                 strcmp(published.tree_oid, context->snapshot.tree_oid) == 0 &&
                 pd_streq(now.data, then.data);
    return true;
}

bool pd_hook_never_had_migrations(const pd_context *context)
{
    for (size_t i = 0; i < context->witnesses.count; i++)
        if (context->witnesses.items[i].kind == PD_WITNESS_BASE &&
            context->witnesses.items[i].set->count > 0)
            return false;
    return context->set.count == 0 && context->set.orphan_count == 0 &&
           context->findings.count == 1 && context->findings.items[0].rule == PD_RULE_NO_MIGRATIONS;
}

void pd_hook_nothing_to_do(pd_context *context)
{
    context->findings.count = 0;
    context->report.nothing_to_do = true;
}

bool pd_hook_judge(pd_context *context, pd_error *err)
{
    /* A remote that has nothing yet has published nothing. */
    context->based = true;
    if (!pd_context_compare_steering(context, err) || !pd_context_run(context, err) ||
        !pd_check_set(&context->run, err))
        return false;
    if (pd_findings_of_gate(&context->findings, PD_GATE_REVISION, PD_SEVERITY_ERROR) > 0)
        return true;
    return pd_check_unpublished(&context->run, err);
}

/* What the report leaves out has decided with the rest. */
static size_t leave_out(pd_findings *findings, size_t max)
{
    size_t told[PD_RULE_COUNT] = {0};
    size_t kept = 0;
    size_t count = findings->count;
    for (size_t i = 0; i < count; i++)
        if (told[findings->items[i].rule]++ < max)
            findings->items[kept++] = findings->items[i];
    findings->count = kept;
    return count - kept;
}

bool pd_hook_report(pd_context *context, size_t max, int *status, pd_error *err)
{
    pd_report *report = &context->report;
    const char *ref = context->revision.spec;
    if (report->nothing_to_do) {
        pd_progress_detail(&context->progress, "predeploy: %s brings no change of migrations", ref);
        return true;
    }
    pd_report_settle(report, &context->settings);
    report->status = pd_report_closed(report) ? 1 : 0;
    if (report->status > *status)
        *status = report->status;
    size_t left = leave_out(report->findings, max);
    if (!pd_output_report(context))
        return pd_fail(err, PD_ERROR_UNREACHABLE, "cannot write the report");
    if (left > 0)
        pd_progress_note(&context->progress, "predeploy: %s has %zu more findings of these rules",
                         ref, left);
    return true;
}
