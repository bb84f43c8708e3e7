#include <string.h>

#include "base/str.h"
#include "deploy/run.h"
#include "gate/pending.h"

static const char *count_note(pd_arena *arena, size_t count, const char *what)
{
    return pd_arena_printf(arena, "%zu %s%s", count, what, count == 1 ? "" : "s");
}

bool pd_check_set(pd_run *run, pd_error *err)
{
    pd_report *report = run->report;
    const pd_set *set = run->set;
    pd_report_answer(report, PD_GATE_REVISION, count_note(run->arena, set->count, "migration"));
    pd_gate_integrity(set, run->snapshot, report->findings);
    pd_report_answer(report, PD_GATE_INTEGRITY,
                     pd_arena_printf(run->arena, "%zu in SHA256SUMS", set->sums_count));
    if (!pd_gate_rollback(set, run->settings, report->findings, err))
        return false;
    size_t companions = 0;
    for (size_t i = 0; i < set->count; i++)
        companions += set->migrations[i].down.data != NULL;
    if (run->settings->rollback == PD_ROLLBACK_OFF)
        pd_report_ask(report, PD_GATE_ROLLBACK, "off: [migrations] rollback in .predeploy");
    else
        pd_report_answer(report, PD_GATE_ROLLBACK, count_note(run->arena, companions, "companion"));
    if (run->base != NULL) {
        pd_gate_history(set, run->base, report->findings);
        pd_report_answer(report, PD_GATE_HISTORY,
                         pd_arena_printf(run->arena, "%zu published", run->base->count));
    }
    pd_report_settle(report, run->settings);
    return true;
}

static size_t pending_count(const pd_set *set, const pd_applied_state *states)
{
    size_t count = 0;
    for (size_t i = 0; i < set->count; i++)
        count += states[i] == PD_PENDING;
    return count;
}

bool pd_check_database(pd_run *run, pd_comparison *out, pd_error *err)
{
    pd_arena *arena = run->arena;
    const pd_set *set = run->set;
    *out = (pd_comparison){
        .states = pd_arena_array(arena, set->count + 1, sizeof *out->states),
        .rows = pd_arena_array(arena, set->count + 1, sizeof *out->rows),
        .scripts = pd_arena_array(arena, set->count + 1, sizeof *out->scripts),
    };
    if (!run->db.read_ledger(run->db.ctx, arena, &out->ledger, err))
        return false;
    pd_gate_ledger(set, &out->ledger, out->states, out->rows, run->report->findings);
    size_t pending = pending_count(set, out->states);
    pd_report_answer(
        run->report, PD_GATE_LEDGER,
        pd_arena_printf(arena, "%zu applied, %zu pending", set->count - pending, pending));
    pd_pending asked = {
        .states = out->states,
        .unqualified = pd_streq(out->ledger.current_schema, run->settings->verify_schema),
        .scripts = out->scripts,
    };
    if (!pd_gate_pending(set, &asked, run->settings, run->report->findings, err))
        return false;
    pd_report_answer(run->report, PD_GATE_SYNTAX,
                     pd_arena_printf(arena, "%zu pending parsed", pending));
    pd_report_settle(run->report, run->settings);
    return true;
}

bool pd_check_unpublished(pd_run *run, pd_error *err)
{
    pd_arena *arena = run->arena;
    const pd_set *set = run->set;
    pd_applied_state *states = pd_arena_array(arena, set->count + 1, sizeof *states);
    const pd_script **scripts = pd_arena_array(arena, set->count + 1, sizeof *scripts);
    ptrdiff_t since = run->base == NULL && run->settings->rollback_since != NULL
                          ? pd_set_find(set, run->settings->rollback_since)
                          : -1;
    for (size_t i = 0; i < set->count; i++) {
        bool published = run->base != NULL ? pd_set_find(run->base, set->migrations[i].name) >= 0
                                           : (ptrdiff_t)i <= since;
        states[i] = published ? PD_APPLIED : PD_PENDING;
    }
    pd_pending asked = {.states = states, .unqualified = true, .scripts = scripts};
    if (!pd_gate_pending(set, &asked, run->settings, run->report->findings, err))
        return false;
    pd_report_answer(run->report, PD_GATE_SYNTAX,
                     pd_arena_printf(arena, "%zu %s parsed", pending_count(set, states),
                                     run->base != NULL ? "new" : "not known to be applied,"));
    pd_report_settle(run->report, run->settings);
    return true;
}
