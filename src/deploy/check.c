#include <string.h>

#include "base/str.h"
#include "deploy/run.h"
#include "gate/first.h"
#include "gate/names.h"
#include "gate/pending.h"
#include "gate/preflight.h"
#include "gate/unfinished.h"

static const char *count_note(pd_arena *arena, size_t count, const char *what)
{
    return pd_arena_printf(arena, "%zu %s%s", count, what, count == 1 ? "" : "s");
}

void pd_run_settle(pd_run *run)
{
    if (run->git.explain != NULL)
        run->git.explain(run->git.ctx, run->report->findings);
    pd_report_settle(run->report, run->settings);
}

bool pd_run_foreign_is_other(const pd_run *run)
{
    return run->settings->severity_of_rule[PD_RULE_LEDGER_FOREIGN] == PD_SEVERITY_WARNING;
}

static const char *published_note(const pd_run *run)
{
    bool *published = pd_arena_array(run->arena, run->set->count + 1, sizeof *published);
    size_t count = 0;
    if (run->witnesses.count == 0)
        return "nothing is published yet";
    pd_mark_published(run->arena, run->set, &run->witnesses, published);
    for (size_t i = 0; i < run->set->count; i++)
        count += published[i];
    return pd_arena_printf(run->arena, "%zu published", count);
}

/* The tip of what is published can't be held against itself: it may have been rewritten. */
static bool is_its_own_base(const pd_run *run)
{
    const pd_revision *revision = run->report->revision;
    for (size_t i = 0; revision != NULL && i < run->witnesses.count; i++)
        if (!pd_streq(run->witnesses.items[i].revision->oid, revision->oid))
            return false;
    return revision != NULL && run->witnesses.count > 0;
}

static void check_history(pd_run *run)
{
    if (!run->based)
        return;
    if (is_its_own_base(run)) {
        pd_report_ask(run->report, PD_GATE_HISTORY,
                      "the base is this revision, nothing to compare: --base REV");
        return;
    }
    pd_gate_history(run->set, &run->witnesses, run->settings->arrival, run->report->findings);
    pd_report_answer(run->report, PD_GATE_HISTORY, published_note(run));
}

bool pd_check_set(pd_run *run, pd_error *err)
{
    pd_report *report = run->report;
    const pd_set *set = run->set;
    pd_report_answer(report, PD_GATE_REVISION, count_note(run->arena, set->count, "migration"));
    pd_gate_integrity(set, run->snapshot, report->findings);
    pd_report_answer(report, PD_GATE_INTEGRITY,
                     pd_arena_printf(run->arena, "%zu in SHA256SUMS", set->sums_count));
    size_t before = report->findings->count;
    if (!pd_gate_rollback(set, run->settings, report->findings, err))
        return false;
    pd_gate_offer_since(set, &run->witnesses, report->findings, before);
    size_t companions = 0;
    for (size_t i = 0; i < set->count; i++)
        companions += set->migrations[i].down.data != NULL;
    if (run->settings->rollback == PD_ROLLBACK_OFF)
        pd_report_ask(report, PD_GATE_ROLLBACK, "off: [migrations] rollback in .predeploy");
    else
        pd_report_answer(report, PD_GATE_ROLLBACK, count_note(run->arena, companions, "companion"));
    check_history(run);
    pd_run_settle(run);
    return true;
}

static size_t pending_count(const pd_set *set, const pd_applied_state *states)
{
    size_t count = 0;
    for (size_t i = 0; i < set->count; i++)
        count += states[i] == PD_PENDING;
    return count;
}

/* Paths that a witness in front of this one has spoken of. */
static pd_names told_paths(pd_arena *arena, const pd_findings *findings)
{
    pd_names told = {0};
    for (size_t i = 0; i < findings->count; i++) {
        const pd_finding *finding = &findings->items[i];
        if (finding->evidence != NULL && finding->place.path != NULL)
            pd_names_add(arena, &told, finding->place.path, i);
    }
    pd_names_sort(&told);
    return told;
}

static bool is_told(const pd_names *told, const pd_sql_file *file)
{
    return file->path != NULL && pd_names_find(told, file->path) >= 0;
}

/* The set at the deployed commit, as far as it is applied (what was taken out again, or never went
 * in, may change) and nothing is known of it yet. */
static const pd_set *applied_part(const pd_run *run, const pd_set *set, const pd_ledger *ledger)
{
    pd_arena *arena = run->arena;
    pd_names told = told_paths(arena, run->report->findings);
    pd_names applied = {0};
    pd_set *part = pd_arena_alloc(arena, sizeof *part);
    *part = *set;
    part->migrations = NULL;
    part->count = part->capacity = 0;
    for (size_t i = 0; i < ledger->count; i++)
        pd_names_add_row(arena, &applied, &ledger->rows[i], i);
    pd_names_sort(&applied);
    for (size_t i = 0; i < set->count; i++) {
        const pd_migration *migration = &set->migrations[i];
        if (pd_names_find(&applied, migration->name) >= 0 && !is_told(&told, &migration->up) &&
            !is_told(&told, &migration->down) && !is_told(&told, &migration->config))
            *PD_PUSH(arena, part->migrations, part->count, part->capacity) = *migration;
    }
    return part;
}

/* The fourth witness, and where its commit stands to the revision. */
static bool find_deployed(pd_run *run, const pd_ledger *ledger, pd_deployed *out, pd_error *err)
{
    pd_report *report = run->report;
    *out = (pd_deployed){.relation = PD_RELATION_UNKNOWN};
    if (ledger->commit == NULL || report->revision == NULL)
        return true;
    if (run->git.deployed != NULL && !run->git.deployed(run->git.ctx, ledger->commit, out, err))
        return false;
    report->standing = (pd_standing){.relation = out->relation, .commit = ledger->commit};
    return true;
}

static void ask_deployed(pd_run *run, const pd_ledger *ledger, const pd_witness *deployed)
{
    if (deployed->set == NULL)
        return;
    pd_witnesses witnesses = {.count = 1, .items = {*deployed}};
    witnesses.items[0].set = applied_part(run, deployed->set, ledger);
    pd_gate_history(run->set, &witnesses, run->settings->arrival, run->report->findings);
}

/* A ledger that has nothing, in a database that has the tables: its migrations would run again. */
static bool check_first(pd_run *run, const pd_comparison *comparison, pd_error *err)
{
    pd_first first = {0};
    pd_first_of(run->arena, run->set, &comparison->ledger, comparison->scripts, run->settings,
                &first);
    if (first.tables.count == 0 || run->db.find_tables == NULL)
        return true;
    if (!run->db.find_tables(run->db.ctx, run->arena, &first.tables, err))
        return false;
    pd_gate_first(run->set, &first, run->settings, run->report->findings);
    return true;
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
    pd_deployed deployed;
    if (!run->db.read_ledger(run->db.ctx, arena, &out->ledger, err) ||
        !find_deployed(run, &out->ledger, &deployed, err))
        return false;
    pd_witness witness = {PD_WITNESS_DEPLOYED, deployed.revision, deployed.set};
    bool behind = deployed.relation == PD_RELATION_BEHIND && deployed.set != NULL;
    pd_ledger_terms terms = {
        .allow_ahead = run->allow_ahead,
        .arrival = run->settings->arrival,
        .foreign_is_other = pd_run_foreign_is_other(run),
        .behind = behind ? &witness : NULL,
    };
    pd_gate_ledger(set, &out->ledger, &terms, out->states, out->rows, run->report->findings);
    ask_deployed(run, &out->ledger, &witness);
    size_t pending = pending_count(set, out->states);
    pd_report_answer(run->report, PD_GATE_LEDGER,
                     pd_arena_printf(arena, "%zu applied, %zu pending%s", set->count - pending,
                                     pending,
                                     out->ledger.unfinished_count > 0 ? ", one half applied" : ""));
    pd_pending asked = {
        .states = out->states,
        .unqualified = pd_streq(out->ledger.current_schema, run->settings->verify_schema),
        .scripts = out->scripts,
        .begun = run->begun,
    };
    run->begun = NULL;
    if (!pd_gate_pending(set, &asked, run->settings, run->report->findings, err))
        return false;
    pd_gate_unfinished(set, &out->ledger, out->scripts, run->report->findings);
    if (!check_first(run, out, err))
        return false;
    pd_report_answer(run->report, PD_GATE_SYNTAX,
                     pd_arena_printf(arena, "%zu pending parsed", pending));
    pd_run_settle(run);
    return true;
}

static bool is_broken_attempt(const pd_ledger *ledger, int64_t pid)
{
    for (size_t i = 0; ledger != NULL && i < ledger->unfinished_count; i++)
        if (pid != 0 && ledger->unfinished[i].pid == pid)
            return true;
    return false;
}

static void leave_out_attempts(const pd_ledger *ledger, pd_obstacles *obstacles)
{
    size_t kept = 0;
    for (size_t i = 0; i < obstacles->count; i++)
        if (!is_broken_attempt(ledger, obstacles->items[i].who.pid))
            obstacles->items[kept++] = obstacles->items[i];
    obstacles->count = kept;
}

void pd_check_obstacles(pd_run *run, const pd_ledger *resumed, const pd_plan *plan)
{
    pd_preflight asked;
    pd_obstacles obstacles = {0};
    pd_preflight_of(run->arena, plan, run->settings, &asked);
    bool any = asked.count > 0 || asked.concurrent != NULL;
    if (!any || run->db.find_obstacles == NULL)
        return;
    run->db.find_obstacles(run->db.ctx, run->arena, &asked, &obstacles);
    leave_out_attempts(resumed, &obstacles);
    pd_gate_preflight(&asked, &obstacles, run->settings, run->report->findings);
    pd_run_settle(run);
}

/* What is published or declared as old is not parsed: where it has to run, deploy parses it. */
static void answer_unpublished(pd_run *run, size_t parsed, size_t left, bool based)
{
    pd_arena *arena = run->arena;
    pd_report *report = run->report;
    if (parsed == 0 && left > 0) {
        pd_report_ask(report, PD_GATE_SYNTAX,
                      pd_arena_printf(arena, "%zu %s, not parsed", left,
                                      based ? "published" : "up to rollbackSince"));
        return;
    }
    const char *note =
        pd_arena_printf(arena, "%zu %s parsed", parsed, based ? "new" : "not known to be applied,");
    if (left > 0)
        note = pd_arena_printf(arena, "%s, %zu %s not", note, left,
                               based ? "published" : "up to rollbackSince");
    pd_report_answer(report, PD_GATE_SYNTAX, note);
}

bool pd_check_unpublished(pd_run *run, pd_error *err)
{
    pd_arena *arena = run->arena;
    const pd_set *set = run->set;
    pd_applied_state *states = pd_arena_array(arena, set->count + 1, sizeof *states);
    const pd_script **scripts = pd_arena_array(arena, set->count + 1, sizeof *scripts);
    bool *published = pd_arena_array(arena, set->count + 1, sizeof *published);
    bool based = run->witnesses.count > 0;
    ptrdiff_t since = !based && run->settings->rollback_since != NULL
                          ? pd_set_find(set, run->settings->rollback_since)
                          : -1;
    pd_mark_published(arena, set, &run->witnesses, published);
    for (size_t i = 0; i < set->count; i++)
        states[i] = published[i] || (ptrdiff_t)i <= since ? PD_APPLIED : PD_PENDING;
    pd_pending asked = {.states = states, .unqualified = true, .scripts = scripts};
    if (!pd_gate_pending(set, &asked, run->settings, run->report->findings, err))
        return false;
    size_t parsed = pending_count(set, states);
    answer_unpublished(run, parsed, set->count - parsed, based);
    pd_run_settle(run);
    return true;
}
