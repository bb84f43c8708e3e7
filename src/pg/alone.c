#include "pg/alone.h"

#include "base/clock.h"
#include "base/str.h"
#include "base/strbuf.h"
#include "pg/pooler.h"

/* Statements of the script that are sent as one: one outside of a transaction, or a part, which is
 * in or out as a whole. */
typedef struct pd_unit {
    size_t first;
    size_t count;
    size_t done; /* of a part, in front of `first`: an earlier run has committed them */
    bool outside;
} pd_unit;

/* The next unit at or behind `from`; false when there is none. COMMIT and BEGIN around what runs
 * outside are not sent: they only part the text. */
static bool next_unit(const pd_step *step, size_t from, pd_unit *out)
{
    const pd_script *script = step->script;
    while (from < script->count && (script->statements[from].traits & PD_TRAIT_PARTS) != 0) {
        from++;
    }
    if (from == script->count) {
        return false;
    }
    pd_unit unit = {.first = from, .count = 1};
    unit.outside = pd_statement_runs_outside(&script->statements[from], step->unbound);
    for (size_t i = from + 1; !unit.outside && !step->unbound && i < script->count; i++) {
        const pd_statement *statement = &script->statements[i];
        if ((statement->traits & PD_TRAIT_PARTS) != 0 ||
            pd_statement_runs_outside(statement, step->unbound)) {
            break;
        }
        unit.count++;
    }
    *out = unit;
    return true;
}

/* ---- what became of it, for the report ---- */

static void say_statements(pd_alone *self, const pd_unit *unit, pd_step_state state, int64_t ms)
{
    pd_step_result *result = self->apply->result->steps;
    if (result->statements == NULL || unit->first + unit->count > result->statement_count) {
        return;
    }
    for (size_t i = unit->first; i < unit->first + unit->count; i++) {
        result->statements[i].state = state;
    }
    result->statements[unit->first].ms = ms;
}

static const char *half_text(const pd_alone *self)
{
    const pd_script *script = self->step->script;
    size_t sent = 0; /* in the end: what only parts the text is not */
    size_t done = 0;
    size_t open = 0;
    for (size_t i = 0; i < script->count; i++) {
        sent += (script->statements[i].traits & PD_TRAIT_PARTS) == 0 ? 1 : 0;
        done += self->rows[i].there && self->rows[i].done ? 1 : 0;
        open = open == 0 && self->rows[i].there && !self->rows[i].done ? i + 1 : open;
    }
    PD_AUTO_STRBUF out = pd_strbuf_new(PD_STRBUF_MAX);
    pd_strbuf_addf(&out, "%s is half %s: %zu of its %zu statements %s done", self->step->name,
                   self->step->kind == PD_STEP_REVERT ? "taken out" : "applied", done, sent,
                   done == 1 ? "is" : "are");
    if (open > 0) {
        const pd_statement *statement = &script->statements[open - 1];
        pd_strbuf_addf(&out, ", statement %zu of the text (%s%s%s) is not finished", open,
                       statement->verb, *statement->object == '\0' ? "" : " ", statement->object);
    }
    return pd_strbuf_keep(&out, self->apply->arena);
}

/* ---- transactions ---- */

bool pd_alone_begin(pd_alone *self, bool *changed, pd_error *err)
{
    pd_apply *apply = self->apply;
    /* A COMMIT before this one may have cost the connection, and be known to have happened. */
    if (!pd_db_open_worker(apply->db, err) || !pd_apply_begin(apply, false, changed, err)) {
        return false;
    }
    if (*changed) {
        pd_db_rollback(apply->db, &apply->db->worker);
    }
    return true;
}

/* Whether what the statement sets reaches the statements of the unit. */
static bool sets_for(const pd_statement *statement, const pd_unit *unit, size_t index)
{
    bool same_part = index + unit->done >= unit->first;
    return (statement->traits & PD_TRAIT_SESSION) != 0 ||
           (same_part && (statement->traits & PD_TRAIT_LOCAL) != 0);
}

/* The part's statements, behind what those in front of it have set. */
static pd_script *part_script(const pd_alone *self, const pd_unit *unit)
{
    const pd_script *script = self->step->script;
    pd_arena *arena = self->apply->arena;
    pd_script *part = pd_arena_alloc(arena, sizeof *part);
    part->state = PD_SCRIPT_OK;
    for (size_t i = 0; i < unit->first + unit->count; i++) {
        if (i >= unit->first || sets_for(&script->statements[i], unit, i)) {
            *PD_PUSH(arena, part->statements, part->count, part->capacity) = script->statements[i];
        }
    }
    return part;
}

static bool run_part(pd_alone *self, const pd_unit *unit, bool *changed, pd_error *err)
{
    pd_apply *apply = self->apply;
    pd_step part = *self->step;
    part.script = part_script(self, unit);
    if (!pd_alone_begin(self, changed, err) || *changed) {
        return *changed;
    }
    if (!pd_apply_seal(apply, err) ||
        !pd_apply_guarded(apply, &part, apply->batch->first + 1, err) ||
        !pd_apply_unseal(apply, err) || !pd_alone_part_done(self, unit->first, unit->count, err) ||
        !pd_apply_commit(apply, PD_PROOF_STATEMENTS, err)) {
        /* The next run finds out what became of it. */
        self->half = self->half || err->kind == PD_ERROR_UNKNOWN;
        return false;
    }
    for (size_t i = unit->first; i < unit->first + unit->count; i++) {
        self->rows[i].there = true;
        self->rows[i].done = true;
    }
    self->half = true;
    return true;
}

/* Everything has run: that, and nothing else, is what the last transaction says. */
static bool finish(pd_alone *self, bool *changed, pd_error *err)
{
    pd_apply *apply = self->apply;
    if (!pd_alone_begin(self, changed, err) || *changed) {
        return *changed;
    }
    return pd_alone_clear(self, err) && pd_apply_finish(apply, err);
}

/* ---- the whole ---- */

/* How many of the unit's first statements are done. *rest: nothing is known of the others. */
static size_t count_done(const pd_alone *self, const pd_unit *unit, bool *rest)
{
    size_t done = 0;
    while (done < unit->count && self->rows[unit->first + done].done) {
        done++;
    }
    *rest = true;
    for (size_t i = unit->first + done; i < unit->first + unit->count; i++) {
        *rest = *rest && !self->rows[i].there;
    }
    return done;
}

static bool fail_parted(const pd_alone *self, const pd_unit *unit, pd_error *err)
{
    (void)pd_fail(err, PD_ERROR_APPLY,
                  "cannot go on with %s: its statements %zu to %zu are one "
                  "part, and some of them were begun one by one",
                  self->step->name, unit->first + 1, unit->first + unit->count);
    return pd_error_hint(err, "Its text is not the one that was begun: put that back, and run "
                              "predeploy again. `predeploy status` shows what is in.");
}

static bool run_unit(pd_alone *self, pd_unit unit, bool *changed, pd_error *err)
{
    bool rest = true;
    size_t done = count_done(self, &unit, &rest);
    int64_t begun_ms = pd_now_ms();
    bool ok = true;
    if (!unit.outside && !rest) {
        return fail_parted(self, &unit, err);
    }
    /* What stood in the way is gone from the text, or has something new in front of it. */
    if (done < unit.count) {
        unit.first += done;
        unit.count -= done;
        unit.done = done;
        ok = unit.outside ? pd_alone_outside(self, unit.first, changed, err)
                          : run_part(self, &unit, changed, err);
    }
    if (!*changed) {
        say_statements(self, &unit, ok ? PD_STEP_DONE : PD_STEP_FAILED, pd_now_ms() - begun_ms);
    }
    return ok;
}

static bool run_units(pd_alone *self, bool *changed, pd_error *err)
{
    int64_t begun_ms = pd_now_ms();
    pd_step_result *result = self->apply->result->steps;
    pd_unit unit = {0};
    while (!*changed && next_unit(self->step, unit.first + unit.count, &unit)) {
        if (!run_unit(self, unit, changed, err)) {
            result->ms = pd_now_ms() - begun_ms;
            result->state = PD_STEP_FAILED;
            return false;
        }
    }
    result->ms = pd_now_ms() - begun_ms;
    if (!*changed && !finish(self, changed, err)) {
        result->state = PD_STEP_FAILED;
        return false;
    }
    result->state = *changed ? PD_STEP_PLANNED : PD_STEP_DONE;
    return true;
}

/* In front of the first attempt of this run: those behind find some of it done. The worker may
 * still have the migration's role and path then. */
static bool count_before(pd_alone *self, pd_error *err)
{
    pd_apply *apply = self->apply;
    pd_db *db = apply->db;
    if (db->alone != self->step) {
        if (!pd_tables_count(db, &db->control, &db->alone_tables, err)) {
            return false;
        }
        /* The plan was made without the table that was made for Drizzle just now. */
        db->alone_tables -= pd_apply_counts_new_drizzle(apply) ? 1 : 0;
        db->alone = self->step;
    }
    apply->tables_base = db->alone_tables;
    apply->result->tables_before = db->alone_tables;
    return true;
}

static bool work(pd_alone *self, bool *changed, pd_error *err)
{
    return pd_pooler_refuse_alone(self->apply->db, err) && pd_apply_prepare(self->apply, err) &&
           pd_alone_read(self, err) && pd_alone_end_orphans(self, err) && count_before(self, err) &&
           run_units(self, changed, err);
}

bool pd_alone_apply(pd_apply *apply, pd_error *err)
{
    pd_alone self = {.apply = apply, .step = apply->batch->steps};
    self.direction = self.step->kind == PD_STEP_REVERT ? "down" : "up";
    bool *changed = &apply->result->ledger_changed;
    pd_apply_watch(apply);
    bool ok = work(&self, changed, err);
    pd_apply_unwatch(apply);
    apply->committed_part = true; /* what is in is told by the statements' own states */
    if (self.half && (!ok || *changed)) {
        apply->result->half = half_text(&self);
    }
    return ok;
}
