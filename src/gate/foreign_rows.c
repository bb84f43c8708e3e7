#include "gate/foreign_rows.h"

#include "base/printable.h"
#include "base/str.h"
#include "base/strbuf.h"
#include "gate/names.h"

#define ROWS_REPORTED 20 /* of one rule; the others are counted */

typedef struct judge {
    const pd_set *set;
    const pd_ledger *ledger;
    const pd_foreign_claims *claims;
    const pd_foreign_ledger *table;
    const char *tool;
    pd_findings *findings;
} judge;

/* What that tool's own user says when a migration never ended, and which way back there is. */
typedef struct tool_words {
    pd_layout_kind tool;
    const char *settle;
    const char *up;
} tool_words;

static const tool_words words[] = {
    {PD_LAYOUT_GOLANG_MIGRATE, "then say so: migrate force VERSION", "migrate up"},
    {PD_LAYOUT_PRISMA, "then say so: prisma migrate resolve", "prisma migrate deploy"},
    {PD_LAYOUT_FLYWAY, "then say so: flyway repair", "flyway migrate"},
    {PD_LAYOUT_GOOSE, NULL, "goose up"},
    {PD_LAYOUT_DBMATE, NULL, "dbmate up"},
    {PD_LAYOUT_SQLX, NULL, "sqlx migrate run"},
    {PD_LAYOUT_DIESEL, NULL, "diesel migration run"},
};

static const tool_words *words_of(pd_layout_kind tool)
{
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (words[i].tool == tool)
            return &words[i];
    return &words[0];
}

static void report_more(const judge *self, pd_rule rule, size_t count)
{
    if (count > ROWS_REPORTED)
        pd_find(self->findings, rule, NULL, "the same is true of %zu more", count - ROWS_REPORTED);
}

/* "1, 2 dirty and 7 more" */
static const char *list_rows(const judge *self)
{
    const pd_foreign_ledger *table = self->table;
    PD_AUTO_STRBUF out = pd_strbuf_new(PD_STRBUF_MAX);
    for (size_t r = 0; r < table->count && r < ROWS_REPORTED; r++)
        pd_strbuf_addf(&out, "%s%s%s", r == 0 ? "" : ", ", table->rows[r].version,
                       table->rows[r].state == PD_FOREIGN_UNFINISHED ? " dirty" : "");
    if (table->count > ROWS_REPORTED)
        pd_strbuf_addf(&out, " and %zu more", table->count - ROWS_REPORTED);
    return pd_strbuf_keep(&out, self->findings->arena);
}

static bool has_too_many(const pd_foreign_ledger *table)
{
    return table->tool == PD_LAYOUT_GOLANG_MIGRATE && table->count > 1;
}

/* golang-migrate keeps one row, and reads whichever comes first: with more, nobody can say where
 * this database stands. */
static void judge_one_row(const judge *self)
{
    const pd_foreign_ledger *table = self->table;
    if (!has_too_many(table))
        return;
    pd_finding *finding =
        pd_find(self->findings, PD_RULE_ADOPT_UNFINISHED, NULL,
                "%s.%s has %zu rows (%s), and %s keeps one: which of them is true cannot be told",
                table->schema, table->table, table->count, list_rows(self), self->tool);
    pd_finding_hint(self->findings, finding,
                    "Find out which version this database has, then say so, which leaves one "
                    "row: migrate force VERSION");
}

/* golang-migrate's version is where it was going: a way down that broke leaves another migration
 * half taken out than the one that it names. */
static pd_finding *report_unfinished(const judge *self, size_t r)
{
    const pd_foreign_ledger *table = self->table;
    const char *version = table->rows[r].version;
    ptrdiff_t m = self->claims->migration_of[r];
    if (table->tool == PD_LAYOUT_GOLANG_MIGRATE)
        return pd_find(self->findings, PD_RULE_ADOPT_UNFINISHED, NULL,
                       "version %s is dirty: %s broke off on its way up or down to it (table "
                       "%s.%s)",
                       version, self->tool, table->schema, table->table);
    return pd_find(self->findings, PD_RULE_ADOPT_UNFINISHED,
                   m < 0 ? NULL : self->set->migrations[m].up.path,
                   "%s began %s and did not finish it (table %s.%s)", self->tool,
                   m < 0 ? version : self->set->migrations[m].name, table->schema, table->table);
}

static void judge_unfinished(const judge *self)
{
    const pd_foreign_ledger *table = self->table;
    const char *settle = words_of(table->tool)->settle;
    size_t count = 0;
    for (size_t r = 0; r < table->count; r++) {
        if (table->rows[r].state != PD_FOREIGN_UNFINISHED || count++ >= ROWS_REPORTED)
            continue;
        pd_finding *finding = report_unfinished(self, r);
        pd_finding_hint(self->findings, finding, "Mend by hand what it left behind, %s",
                        settle != NULL ? settle : "then let that tool finish it.");
    }
    report_more(self, PD_RULE_ADOPT_UNFINISHED, count);
}

static bool is_unknown(const pd_foreign_claims *claims, const bool *told, size_t r)
{
    pd_foreign_state state = claims->ledger->rows[r].state;
    bool applied = state == PD_FOREIGN_APPLIED || state == PD_FOREIGN_UP_TO;
    return applied && claims->migration_of[r] < 0 && !told[r];
}

static void judge_unknown(const judge *self)
{
    const pd_foreign_ledger *table = self->table;
    pd_arena *arena = self->findings->arena;
    bool *told = pd_arena_array(arena, table->count + 1, sizeof *told);
    size_t count = 0;
    pd_foreign_mark_rows(arena, self->ledger, table, told);
    for (size_t r = 0; r < table->count; r++) {
        if (!is_unknown(self->claims, told, r) || count++ >= ROWS_REPORTED)
            continue;
        pd_finding *finding = pd_find(
            self->findings, PD_RULE_ADOPT_UNKNOWN, NULL,
            "%s has applied version %s, which is neither in the revision nor in predeploy's ledger "
            "(table %s.%s)",
            self->tool, table->rows[r].version, table->schema, table->table);
        pd_finding_hint(
            self->findings, finding,
            "Adopt from a revision that has it: predeploy adopt REV; git log --all -- %s finds "
            "where it was. %s",
            pd_shell_word(arena, self->set->folder),
            self->ledger->count > 0
                ? "Keep that tool from going on; when nothing uses its table any more, drop it."
                : "When its file is gone for good, as after a squash, see the page of this rule.");
    }
    report_more(self, PD_RULE_ADOPT_UNKNOWN, count);
}

void pd_foreign_judge_rows(const pd_set *set, const pd_ledger *ledger,
                           const pd_foreign_claims *claims, pd_findings *findings)
{
    judge self = {.set = set,
                  .ledger = ledger,
                  .claims = claims,
                  .table = claims->ledger,
                  .tool = pd_layout_name(claims->ledger->tool),
                  .findings = findings};
    judge_one_row(&self);
    judge_unfinished(&self);
    judge_unknown(&self);
}

bool pd_foreign_is_broken(const pd_ledger *ledger, const pd_foreign_claims *claims, pd_arena *arena)
{
    const pd_foreign_ledger *table = claims->ledger;
    bool *told = pd_arena_array(arena, table->count + 1, sizeof *told);
    bool broken = claims->unfinished > 0 || has_too_many(table);
    pd_foreign_mark_rows(arena, ledger, table, told);
    for (size_t r = 0; r < table->count && !broken; r++)
        broken = is_unknown(claims, told, r);
    return broken;
}

/* Nothing of the set is applied: there is no row, or none but what says where it began. */
static bool is_empty(const pd_foreign_claims *claims)
{
    const pd_foreign_ledger *ledger = claims->ledger;
    for (size_t r = 0; r < ledger->count; r++) {
        pd_foreign_state state = ledger->rows[r].state;
        if (state != PD_FOREIGN_REVERTED && (state != PD_FOREIGN_BASELINE || claims->claimed > 0))
            return false;
    }
    return true;
}

bool pd_foreign_speaks(const pd_set *set, const pd_foreign_claims *claims)
{
    bool native = claims->ledger->tool == set->layout;
    return claims->fits || (native && (is_empty(claims) || claims->unfinished > 0));
}

static bool is_claimed(const pd_set *set, const pd_ledger *ledger, const pd_foreign_claims *claims,
                       size_t migration)
{
    for (size_t i = 0; i < ledger->foreign_count; i++)
        if (pd_foreign_speaks(set, &claims[i]) && claims[i].row_of[migration] >= 0)
            return true;
    return false;
}

/* The table that should have it, NULL: none is left. The layout's own tool's comes first. */
static const pd_foreign_ledger *spoken(const pd_set *set, const pd_ledger *ledger,
                                       const pd_foreign_claims *claims)
{
    const pd_foreign_ledger *found = NULL;
    for (size_t i = 0; i < ledger->foreign_count; i++) {
        bool native = ledger->foreign[i].tool == set->layout;
        if (pd_foreign_speaks(set, &claims[i]) && (found == NULL || native))
            found = &ledger->foreign[i];
    }
    return found;
}

static void report_behind(pd_findings *findings, const pd_foreign_ledger *table,
                          const pd_migration *migration)
{
    const char *tool = pd_layout_name(table->tool);
    pd_finding *finding =
        pd_find(findings, PD_RULE_LEDGER_DISAGREES, migration->up.path,
                "%s was taken over from another tool, and is not in the table of %s any more "
                "(%s.%s): it was taken out behind predeploy's back",
                migration->name, tool, table->schema, table->table);
    pd_finding_hint(findings, finding,
                    "Look whether what it made is still there. When it is gone, bring it back with "
                    "the tool that took it out: %s. When it is there, mend that table, or drop it "
                    "when nothing uses it any more.",
                    words_of(table->tool)->up);
}

void pd_foreign_judge_behind(const pd_set *set, const pd_ledger *ledger,
                             const pd_foreign_claims *claims, pd_findings *findings)
{
    const pd_foreign_ledger *table = spoken(set, ledger, claims);
    pd_names adopted = {0};
    size_t count = 0;
    if (table == NULL)
        return;
    for (size_t i = 0; i < ledger->count; i++)
        if (ledger->rows[i].adopted)
            pd_names_add(findings->arena, &adopted, ledger->rows[i].name, i);
    pd_names_sort(&adopted);
    for (size_t m = 0; m < set->count; m++) {
        const pd_migration *migration = &set->migrations[m];
        if (pd_names_find(&adopted, migration->name) < 0 || is_claimed(set, ledger, claims, m))
            continue;
        if (count++ < ROWS_REPORTED)
            report_behind(findings, table, migration);
    }
    judge more = {.findings = findings};
    report_more(&more, PD_RULE_LEDGER_DISAGREES, count);
}
