#include "gate/adopt.h"

#include <string.h>

#include "base/printable.h"
#include "base/str.h"
#include "base/strbuf.h"
#include "gate/foreign_rows.h"
#include "gate/ledger_edit.h"
#include "gate/names.h"

typedef struct judge {
    const pd_set *set;
    const pd_ledger *ledger;
    const pd_adopt_terms *terms;
    pd_findings *findings;
    pd_foreign_claims *claims; /* of each table */
    size_t *chosen;            /* indexes of the tables that come into question */
    size_t chosen_count;
    bool *known; /* by migration: pd_foreign_mark_known */
    bool *own;   /* by migration: predeploy's ledger has it */
} judge;

static const char *name_of(pd_arena *arena, const pd_foreign_ledger *ledger)
{
    return pd_arena_printf(arena, "%s.%s", ledger->schema, ledger->table);
}

static bool is_named(pd_arena *arena, const pd_foreign_ledger *ledger, const char *from)
{
    return pd_streq(pd_layout_name(ledger->tool), from) || pd_streq(name_of(arena, ledger), from);
}

static bool comes_into_question(const judge *self, size_t index)
{
    const pd_foreign_claims *claims = &self->claims[index];
    if (self->terms->from != NULL)
        return is_named(self->findings->arena, claims->ledger, self->terms->from);
    if (self->terms->foreign_is_other)
        return false;
    return pd_foreign_speaks(self->set, claims);
}

static void choose(judge *self)
{
    pd_arena *arena = self->findings->arena;
    size_t count = self->ledger->foreign_count;
    self->claims = pd_arena_array(arena, count + 1, sizeof *self->claims);
    self->chosen = pd_arena_array(arena, count + 1, sizeof *self->chosen);
    for (size_t i = 0; i < count; i++) {
        pd_foreign_claim(arena, self->set, &self->ledger->foreign[i], &self->claims[i]);
        if (comes_into_question(self, i))
            self->chosen[self->chosen_count++] = i;
    }
}

/* "public.schema_migrations (dbmate), …" of all tables that were found. */
static const char *list_tables(const judge *self)
{
    PD_AUTO_STRBUF out = pd_strbuf_new(PD_STRBUF_MAX);
    for (size_t i = 0; i < self->ledger->foreign_count; i++) {
        const pd_foreign_ledger *table = &self->ledger->foreign[i];
        pd_strbuf_addf(&out, "%s%s.%s (%s)", i == 0 ? "" : ", ", table->schema, table->table,
                       pd_layout_name(table->tool));
    }
    return pd_strbuf_keep(&out, self->findings->arena);
}

static bool fail_from(const judge *self, pd_error *err)
{
    pd_fail(err, PD_ERROR_USAGE, "there is no ledger of %s", self->terms->from);
    if (self->ledger->foreign_count == 0)
        return pd_error_hint(err, "No table of another migration tool was found in the schema "
                                  "that [verify] schema names, in public, or along search_path. "
                                  "One that stands elsewhere is named SCHEMA.TABLE.");
    return pd_error_hint(err, "Found was: %s.", list_tables(self));
}

static bool fail_nothing(const judge *self, pd_error *err)
{
    pd_fail(err, PD_ERROR_USAGE, "no ledger of another tool says what is applied");
    if (self->terms->foreign_is_other && self->ledger->foreign_count > 0) {
        pd_error_detail(err,
                        "found was %s, and the lowered rule ledger-foreign says that this is "
                        "another application's",
                        list_tables(self));
        return pd_error_hint(err, "If it is this application's after all, name it: predeploy adopt "
                                  "--from TOOL");
    }
    if (self->ledger->foreign_count > 0)
        pd_error_detail(err, "found was %s, with no migration of this revision", list_tables(self));
    return pd_error_hint(err, "Name the newest migration that this database has: predeploy adopt "
                              "--through NAME");
}

/* Gives the names of both. */
static const char *report_ambiguous(const judge *self)
{
    pd_arena *arena = self->findings->arena;
    const pd_foreign_ledger *a = self->claims[self->chosen[0]].ledger;
    const pd_foreign_ledger *b = self->claims[self->chosen[1]].ledger;
    const char *both =
        pd_arena_printf(arena, "%s.%s of %s and %s.%s of %s", a->schema, a->table,
                        pd_layout_name(a->tool), b->schema, b->table, pd_layout_name(b->tool));
    pd_finding *finding =
        pd_find(self->findings, PD_RULE_ADOPT_AMBIGUOUS, NULL, "%s both fit this revision", both);
    const char *from = a->tool == b->tool ? name_of(arena, a) : pd_layout_name(a->tool);
    pd_finding_hint(self->findings, finding,
                    "Say which one knows what was applied: predeploy adopt --from %s", from);
    return both;
}

static void report_content(const judge *self, const pd_foreign_ledger *table,
                           const pd_migration *migration)
{
    pd_finding *finding =
        pd_find(self->findings, PD_RULE_ADOPT_MISMATCH, migration->up.path,
                "%s was applied with other content: the checksum that %s keeps is not this file's",
                migration->name, pd_layout_name(table->tool));
    pd_finding_hint(self->findings, finding,
                    "Put the applied version back and write a new migration for the change. "
                    "git log -p -- %s shows what changed.",
                    pd_shell_word(self->findings->arena, migration->up.path));
}

static void report_script(const judge *self, const pd_foreign_ledger *table,
                          const pd_foreign_row *row, const pd_migration *migration)
{
    pd_finding *finding = pd_find(
        self->findings, PD_RULE_ADOPT_MISMATCH, migration->up.path,
        "%s was not applied from this file: %s has run %s (%s) under its version", migration->name,
        pd_layout_name(table->tool), row->script, row->program ? "a program" : "SQL");
    pd_finding_hint(self->findings, finding,
                    "Put back what was applied, and write a new migration for what this file "
                    "does. git log --all -- %s finds where it was.",
                    pd_shell_word(self->findings->arena, self->set->folder));
}

/* A migration can have more rows than one: each that says it ran must be about this file. */
static void judge_content(const judge *self, const pd_foreign_claims *claims)
{
    const pd_foreign_ledger *table = claims->ledger;
    bool *told = pd_arena_array(self->findings->arena, self->set->count + 1, sizeof *told);
    for (size_t r = 0; r < table->count; r++) {
        const pd_foreign_row *row = &table->rows[r];
        ptrdiff_t m = claims->migration_of[r];
        if (m < 0 || told[m] || self->known[m] || pd_foreign_is_baseline(self->set, (size_t)m))
            continue;
        bool applied = row->state == PD_FOREIGN_APPLIED;
        if (!applied && claims->row_of[m] != (ptrdiff_t)r)
            continue;
        const pd_migration *migration = &self->set->migrations[m];
        bool script = !applied || pd_foreign_same_script(self->set, row, &migration->up);
        told[m] = !script || !pd_foreign_same_content(table, row, &migration->up);
        if (!script)
            report_script(self, table, row, migration);
        else if (told[m])
            report_content(self, table, migration);
    }
}

static void report_through(const judge *self, const char *source, size_t m)
{
    const pd_migration *migration = &self->set->migrations[m];
    const char *last = self->set->migrations[self->terms->through].name;
    bool behind = (ptrdiff_t)m > self->terms->through;
    bool itself = (ptrdiff_t)m == self->terms->through;
    const char *place =
        itself ? ", but --through names it"
               : pd_arena_printf(self->findings->arena, ", but stands %s %s, which --through names",
                                 behind ? "behind" : "in front of", last);
    pd_finding *finding =
        pd_find(self->findings, PD_RULE_ADOPT_THROUGH, migration->up.path, "%s is %s by %s%s",
                migration->name, behind ? "applied" : "not applied", source, place);
    pd_finding_hint(self->findings, finding,
                    "Leave --through out to take over what the table says, or find out which of "
                    "the two is right.");
}

/* The first on either side that --through and the table disagree about. */
static void judge_through(const judge *self, const char *source, const bool *applied)
{
    bool told[2] = {false, false};
    for (size_t m = 0; m < self->set->count && self->terms->through >= 0; m++) {
        bool behind = (ptrdiff_t)m > self->terms->through;
        if (applied[m] != behind || told[behind])
            continue;
        told[behind] = true;
        report_through(self, source, m);
    }
}

/* What predeploy's ledger knows is newer than the table, and agrees with any --through. */
static const bool *applied_by(const judge *self, const pd_foreign_claims *claims)
{
    bool *applied = pd_arena_array(self->findings->arena, self->set->count + 1, sizeof *applied);
    for (size_t m = 0; m < self->set->count; m++)
        applied[m] = self->known[m] ? (ptrdiff_t)m <= self->terms->through : claims->row_of[m] >= 0;
    return applied;
}

static void judge_gaps(const judge *self, const pd_adoption *adoption)
{
    size_t end = self->set->count;
    while (end > 0 && !adoption->wanted[end - 1] && !self->own[end - 1])
        end--;
    for (size_t m = 0; m < end; m++) {
        const pd_migration *migration = &self->set->migrations[m];
        if (adoption->wanted[m] || self->own[m])
            continue;
        pd_finding *finding = pd_find(self->findings, PD_RULE_ADOPT_GAP, migration->up.path,
                                      "%s is not applied, but %s behind it is", migration->name,
                                      self->set->migrations[end - 1].name);
        if (self->terms->arrival == PD_ARRIVAL_LATE)
            finding->severity = PD_SEVERITY_WARNING;
        pd_finding_hint(self->findings, finding,
                        "Apply it with the tool that has applied the others, or give it a version "
                        "behind them. [check] order = late makes this a warning, and the next "
                        "deployment applies it.");
    }
}

static void take(const judge *self, const pd_foreign_claims *claims, pd_adoption *out)
{
    for (size_t m = 0; m < self->set->count; m++) {
        bool said = claims != NULL ? claims->row_of[m] >= 0 && !self->known[m]
                                   : (ptrdiff_t)m <= self->terms->through && !self->own[m];
        out->wanted[m] = said;
        out->count += said;
        out->applied += said || self->own[m];
    }
}

static void mark_own(judge *self)
{
    pd_arena *arena = self->findings->arena;
    pd_ledger without = *self->ledger;
    without.taken_out_count = 0;
    self->known = pd_arena_array(arena, self->set->count + 1, sizeof *self->known);
    self->own = pd_arena_array(arena, self->set->count + 1, sizeof *self->own);
    pd_foreign_mark_known(arena, self->set, self->ledger, self->known);
    pd_foreign_mark_known(arena, self->set, &without, self->own);
}

static bool fail_drizzle(const judge *self, pd_error *err)
{
    const char *from = self->terms->from;
    if (from != NULL && !pd_streq(from, "drizzle")) {
        pd_fail(err, PD_ERROR_USAGE, "--from %s does not go with this layout", from);
        return pd_error_hint(err, "On Drizzle's layouts Drizzle's own table says what is applied.");
    }
    pd_fail(err, PD_ERROR_USAGE, "Drizzle's table %s is not there", self->terms->drizzle);
    return pd_error_hint(err,
                         "What Drizzle has applied is told by that table alone: check [ledger] "
                         "schema and table in .predeploy.");
}

/* Drizzle's table is matched as a deployment does it; only what it has to say is taken over. */
static bool adopt_drizzle(const judge *self, pd_adoption *out, pd_error *err)
{
    pd_arena *arena = self->findings->arena;
    const pd_set *set = self->set;
    const pd_adopt_terms *terms = self->terms;
    if ((terms->from != NULL && !pd_streq(terms->from, "drizzle")) ||
        self->ledger->drizzle_shape == PD_DRIZZLE_ABSENT)
        return fail_drizzle(self, err);
    pd_applied_state *states = pd_arena_array(arena, set->count + 1, sizeof *states);
    bool *applied = pd_arena_array(arena, set->count + 1, sizeof *applied);
    pd_ledger_terms matched = {.allow_ahead = true, .arrival = terms->arrival};
    out->rows = pd_arena_array(arena, set->count + 1, sizeof *out->rows);
    out->source = pd_arena_printf(arena, "%s of Drizzle", terms->drizzle);
    pd_gate_ledger(set, self->ledger, &matched, states, out->rows, self->findings);
    for (size_t m = 0; m < set->count; m++) {
        applied[m] = states[m] != PD_PENDING;
        out->wanted[m] = states[m] == PD_APPLIED_FOREIGN;
        out->count += out->wanted[m];
        out->applied += applied[m];
    }
    judge_through(self, out->source, applied);
    return true;
}

static void adopt_claimed(const judge *self, const pd_foreign_claims *claims, pd_adoption *out)
{
    out->claims = claims;
    out->source = pd_arena_printf(self->findings->arena, "%s.%s of %s", claims->ledger->schema,
                                  claims->ledger->table, pd_layout_name(claims->ledger->tool));
    take(self, claims, out);
    pd_foreign_judge_rows(self->set, self->ledger, claims, self->findings);
    judge_content(self, claims);
    judge_through(self, out->source, applied_by(self, claims));
    judge_gaps(self, out);
    if (!self->terms->foreign_is_other)
        pd_foreign_judge_behind(self->set, self->ledger, self->claims, self->findings);
}

static bool adopt_foreign(judge *self, pd_adoption *out, pd_error *err)
{
    const pd_adopt_terms *terms = self->terms;
    choose(self);
    if (self->chosen_count == 0 && terms->from != NULL)
        return fail_from(self, err);
    if (self->chosen_count == 0 && terms->through < 0)
        return fail_nothing(self, err);
    if (self->chosen_count > 1) {
        out->rivals = out->source = report_ambiguous(self);
        return true;
    }
    if (self->chosen_count == 1) {
        adopt_claimed(self, &self->claims[self->chosen[0]], out);
        return true;
    }
    out->source = pd_arena_printf(self->findings->arena, "--through %s",
                                  self->set->migrations[terms->through].name);
    take(self, NULL, out);
    judge_gaps(self, out);
    return true;
}

bool pd_gate_adopt(const pd_set *set, const pd_ledger *ledger, const pd_adopt_terms *terms,
                   pd_adoption *out, pd_findings *findings, pd_error *err)
{
    judge self = {.set = set, .ledger = ledger, .terms = terms, .findings = findings};
    *out = (pd_adoption){.wanted =
                             pd_arena_array(findings->arena, set->count + 1, sizeof *out->wanted)};
    pd_gate_altered(ledger, findings);
    mark_own(&self);
    return pd_set_is_drizzle(set) ? adopt_drizzle(&self, out, err) : adopt_foreign(&self, out, err);
}
