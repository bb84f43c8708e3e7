#include "render/verdict.h"

#include "base/str.h"

pd_step_state pd_state_of_step(const pd_report *report, size_t index)
{
    return report->steps == NULL ? PD_STEP_PLANNED : report->steps[index].state;
}

pd_statement_result pd_state_of_statement(const pd_report *report, size_t step, size_t index)
{
    pd_statement_result none = {.state = PD_STEP_PLANNED, .ms = -1};
    const pd_step_result *result = report->steps == NULL ? NULL : &report->steps[step];
    if (result == NULL || result->statements == NULL || index >= result->statement_count ||
        result->statements[index].state == PD_STEP_PLANNED)
        return none;
    pd_statement_result out = result->statements[index];
    if (result->state == PD_STEP_UNDONE && out.state == PD_STEP_DONE)
        out.state = PD_STEP_UNDONE;
    return out;
}

bool pd_find_slowest(const pd_report *report, pd_slowest *out)
{
    pd_slowest found = {.statement = NULL};
    size_t ran = 0;
    for (size_t i = 0; report->plan != NULL && i < report->plan->count; i++) {
        const pd_step *step = &report->plan->steps[i];
        if (pd_state_of_step(report, i) != PD_STEP_DONE || step->kind == PD_STEP_ADOPT)
            continue;
        ran++;
        if (found.step == NULL || report->steps[i].ms > found.step_ms)
            found = (pd_slowest){.step = step, .index = i, .step_ms = report->steps[i].ms};
    }
    size_t count = found.step == NULL || found.step->script == NULL ? 0 : found.step->script->count;
    for (size_t i = 0; i < count; i++) {
        pd_statement_result result = pd_state_of_statement(report, found.index, i);
        if (result.ms >= 0 && (found.statement == NULL || result.ms > found.statement_ms)) {
            found.statement = &found.step->script->statements[i];
            found.statement_ms = result.ms;
        }
    }
    *out = found;
    return ran > 1 || count > 1;
}

pd_step_counts pd_count_steps(const pd_report *report)
{
    pd_step_counts counts = {0};
    size_t count = report->plan == NULL ? 0 : report->plan->count;
    for (size_t i = 0; i < count; i++) {
        pd_step_state state = pd_state_of_step(report, i);
        if (report->plan->steps[i].kind == PD_STEP_ADOPT) {
            counts.adopted += state == PD_STEP_PLANNED || state == PD_STEP_DONE;
            continue;
        }
        counts.pending++;
        counts.done += state == PD_STEP_DONE;
        counts.undone += state == PD_STEP_UNDONE;
        counts.failed += state == PD_STEP_FAILED;
    }
    return counts;
}

int64_t pd_tables_now(const pd_report *report)
{
    if (report->tables_after >= 0)
        return report->tables_after;
    return report->ledger == NULL ? -1 : report->ledger->tables;
}

const char *pd_verdict_word(int status)
{
    switch (status) {
    case 0:
        return "open";
    case 1:
        return "closed";
    case 2:
    case 3:
    case 9:
        return "undecided";
    default:
        return "failed";
    }
}

const char *pd_count_noun(pd_arena *arena, int64_t count, const char *noun)
{
    return pd_arena_printf(arena, "%lld %s%s", (long long)count, noun,
                           count == 1 || count == -1 ? "" : "s");
}

const char *pd_count_findings(const pd_report *report, pd_gate gate, pd_arena *arena)
{
    const pd_findings *findings = report->findings;
    if (findings == NULL)
        return "";
    bool all = gate == PD_GATE_COUNT;
    size_t errors = all ? pd_findings_count(findings, PD_SEVERITY_ERROR)
                        : pd_findings_of_gate(findings, gate, PD_SEVERITY_ERROR);
    size_t warnings = all ? pd_findings_count(findings, PD_SEVERITY_WARNING)
                          : pd_findings_of_gate(findings, gate, PD_SEVERITY_WARNING);
    const char *error_text = errors == 0 ? "" : pd_count_noun(arena, (int64_t)errors, "error");
    const char *warning_text =
        warnings == 0 ? "" : pd_count_noun(arena, (int64_t)warnings, "warning");
    return pd_arena_printf(arena, "%s%s%s", error_text, errors > 0 && warnings > 0 ? ", " : "",
                           warning_text);
}

/* Says a table count, when it is known, behind what was said before. */
static const char *with_tables(const pd_report *report, pd_arena *arena, const char *said)
{
    int64_t tables = pd_tables_now(report);
    if (tables < 0)
        return said;
    return pd_arena_printf(arena, "%s, %s", said, pd_count_noun(arena, tables, "table"));
}

static const char *opened(const pd_report *report, pd_arena *arena)
{
    pd_step_counts steps = pd_count_steps(report);
    if (pd_streq(report->command, "adopt") && steps.adopted > 0)
        return pd_arena_printf(arena, "%s%s",
                               report->deployment == NULL ? "would adopt " : "adopted ",
                               pd_count_noun(arena, (int64_t)steps.adopted, "migration"));
    if (report->nothing_to_do && steps.adopted > 0)
        return with_tables(
            report, arena,
            pd_arena_printf(arena, "nothing to do, %s %s",
                            report->deployment == NULL ? "would adopt" : "adopted",
                            pd_count_noun(arena, (int64_t)steps.adopted, "migration")));
    if (report->nothing_to_do)
        return with_tables(report, arena, "nothing to do");
    if (pd_streq(report->command, "deploy"))
        return with_tables(report, arena,
                           pd_arena_printf(arena, "deployed %s",
                                           pd_count_noun(arena, (int64_t)steps.done, "migration")));
    if (pd_streq(report->command, "rollback") && report->deployment == NULL)
        return pd_arena_printf(arena, "would take out %s",
                               pd_count_noun(arena, (int64_t)steps.pending, "migration"));
    if (pd_streq(report->command, "rollback"))
        return with_tables(report, arena,
                           pd_arena_printf(arena, "took out %s",
                                           pd_count_noun(arena, (int64_t)steps.done, "migration")));
    if (pd_streq(report->command, "verify"))
        return with_tables(report, arena, "ledger and table count agree with the revision");
    if (report->plan != NULL)
        return pd_arena_printf(arena, "%s to apply",
                               pd_count_noun(arena, (int64_t)steps.pending, "migration"));
    if (report->set != NULL)
        return pd_count_noun(arena, (int64_t)report->set->count, "migration");
    return "";
}

/* A check without a database has left a question unasked; that is said where nobody misses it. */
static bool ledger_was_skipped(const pd_report *report)
{
    for (size_t i = 0; i < report->gate_count; i++) {
        if (report->gates[i].gate == PD_GATE_LEDGER)
            return report->target == NULL && report->gates[i].state == PD_GATE_SKIPPED;
    }
    return false;
}

static const char *open_line(const pd_report *report, pd_arena *arena)
{
    if (pd_streq(report->command, "status"))
        return with_tables(
            report, arena,
            pd_arena_printf(
                arena, "%s applied",
                pd_count_noun(arena, report->ledger == NULL ? 0 : (int64_t)report->ledger->count,
                              "migration")));
    const char *said = opened(report, arena);
    const char *findings = pd_count_findings(report, PD_GATE_COUNT, arena);
    const char *unasked = ledger_was_skipped(report) ? "the database was not asked" : "";
    const char *line = "gate open";
    const char *const parts[] = {said, findings, unasked};
    bool first = true;
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        if (parts[i][0] == '\0')
            continue;
        line = pd_arena_printf(arena, "%s%s%s", line, first ? ": " : ", ", parts[i]);
        first = false;
    }
    return line;
}

/* What is left in the database when a run failed after some of its batches were committed. */
static const char *left_behind(const pd_report *report, pd_arena *arena, const char *otherwise)
{
    pd_step_counts steps = pd_count_steps(report);
    if (steps.done == 0)
        return report->half ? "the database is partly changed" : otherwise;
    return pd_arena_printf(arena, "%zu of %s stayed %s%s", steps.done,
                           pd_count_noun(arena, (int64_t)steps.pending, "migration"),
                           pd_streq(report->command, "rollback") ? "out" : "in",
                           report->half ? ", one stopped half-way" : "");
}

const char *pd_verdict_line(const pd_report *report, pd_arena *arena)
{
    const char *why = "";
    const char *left = "the database is untouched";
    switch (report->status) {
    case 0:
        return open_line(report, arena);
    case 1:
        why = pd_count_findings(report, PD_GATE_COUNT, arena);
        return pd_arena_printf(arena, "gate closed%s%s", why[0] == '\0' ? "" : ": ", why);
    case 2:
        why = "usage or settings are wrong";
        break;
    case 3:
        why = "could not be decided";
        break;
    case 4:
        why = "no backup";
        break;
    case 5:
        why = "applying failed";
        left = left_behind(report, arena, "everything was rolled back");
        break;
    case 6:
        why = "applying failed";
        left = left_behind(report, arena, "the database is partly changed");
        break;
    case 7:
        why = "verification failed";
        left = left_behind(report, arena, "the database is as before");
        break;
    case 8:
        why = "a lock could not be had in time";
        left = left_behind(report, arena, "the database is as before");
        break;
    case 9:
        why = "the outcome is unknown";
        left = "the next run finds out";
        break;
    default:
        why = "interrupted";
        left = left_behind(report, arena, "the database is as before");
        break;
    }
    return pd_arena_printf(arena, "gate closed: %s, %s", why, left);
}
