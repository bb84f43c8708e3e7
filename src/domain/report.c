#include "domain/report.h"

static pd_gate_result *gate_of(pd_report *report, pd_gate gate)
{
    for (size_t i = 0; i < report->gate_count; i++)
        if (report->gates[i].gate == gate)
            return &report->gates[i];
    pd_gate_result *result = &report->gates[report->gate_count++];
    *result = (pd_gate_result){.gate = gate};
    return result;
}

void pd_report_ask(pd_report *report, pd_gate gate, const char *note)
{
    pd_gate_result *result = gate_of(report, gate);
    result->state = PD_GATE_SKIPPED;
    result->note = note;
}

void pd_report_answer(pd_report *report, pd_gate gate, const char *note)
{
    pd_gate_result *result = gate_of(report, gate);
    result->state = PD_GATE_OPEN;
    result->note = note;
}

/* [check] cosmetic: an edit that changes nothing PostgreSQL runs. */
static void lower_cosmetic(pd_findings *findings, const pd_settings *settings)
{
    for (size_t i = 0; i < findings->count; i++) {
        pd_finding *finding = &findings->items[i];
        if (pd_change_is_cosmetic(finding->change) && finding->severity == PD_SEVERITY_ERROR)
            finding->severity = settings->cosmetic;
    }
}

void pd_report_settle(pd_report *report, const pd_settings *settings)
{
    lower_cosmetic(report->findings, settings);
    pd_findings_settle(report->findings, settings->severity_of_rule);
    for (size_t i = 0; i < report->gate_count; i++) {
        pd_gate_result *result = &report->gates[i];
        if (pd_findings_of_gate(report->findings, result->gate, PD_SEVERITY_ERROR) > 0)
            result->state = PD_GATE_CLOSED;
        else if (result->state == PD_GATE_SKIPPED)
            continue;
        else if (pd_findings_of_gate(report->findings, result->gate, PD_SEVERITY_WARNING) > 0)
            result->state = PD_GATE_WARNED;
        else
            result->state = PD_GATE_OPEN;
    }
}

void pd_report_plan(pd_report *report, pd_arena *arena, const pd_plan *plan)
{
    report->plan = plan;
    report->steps = pd_arena_array(arena, plan->count + 1, sizeof *report->steps);
    for (size_t i = 0; i < plan->count; i++) {
        const pd_script *script = plan->steps[i].script;
        report->steps[i].step = &plan->steps[i];
        if (script == NULL || script->state != PD_SCRIPT_OK || script->count == 0)
            continue;
        report->steps[i].statement_count = script->count;
        report->steps[i].statements =
            pd_arena_array(arena, script->count, sizeof *report->steps[i].statements);
    }
}

bool pd_report_closed(const pd_report *report)
{
    return pd_findings_count(report->findings, PD_SEVERITY_ERROR) > 0;
}

const char *pd_relation_name(pd_relation relation)
{
    static const char *const names[] = {
        [PD_RELATION_NONE] = "none",         [PD_RELATION_BEHIND] = "behind",
        [PD_RELATION_EQUAL] = "equal",       [PD_RELATION_AHEAD] = "ahead",
        [PD_RELATION_DIVERGED] = "diverged", [PD_RELATION_UNKNOWN] = "unknown",
    };
    return names[relation];
}
