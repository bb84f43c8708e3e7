#include "gate/first.h"

#include <string.h>

#include "base/printable.h"
#include "base/str.h"

static bool is_first(const pd_ledger *ledger)
{
    size_t rows = ledger->count + ledger->drizzle_count + ledger->unfinished_count;
    for (size_t i = 0; i < ledger->foreign_count; i++)
        rows += ledger->foreign[i].count;
    for (size_t i = 0; i < ledger->deployment_count; i++)
        rows += pd_streq(ledger->deployments[i].outcome, "succeeded");
    return rows == 0;
}

/* Temporary tables have no effect on the count, and no schema but their own. */
static bool makes_table(const pd_statement *statement)
{
    bool counted =
        statement->tables_delta > 0 || (statement->traits & PD_TRAIT_TABLES_UNKNOWN) != 0;
    bool elsewhere =
        strchr(statement->object, '.') != NULL && !pd_starts_with(statement->object, "pg_temp.");
    return pd_streq(statement->verb, "CREATE TABLE") && (counted || elsewhere);
}

/* Those that may take a table away, or make names mean something else. */
static bool ends_knowledge(const pd_statement *statement)
{
    static const char *const harmless[] = {"CREATE", "INSERT", "UPDATE", "DELETE"};
    for (size_t i = 0; i < sizeof harmless / sizeof *harmless; i++)
        if (pd_starts_with(statement->verb, harmless[i]))
            return false;
    return (statement->traits & PD_TRAIT_TABLES_UNKNOWN) != 0 ||
           pd_streq(statement->verb, "DROP TABLE") || pd_streq(statement->verb, "DROP SCHEMA");
}

typedef struct walk {
    pd_arena *arena;
    const pd_ledger *ledger;
    const char *verify_schema;
    pd_first *out;
    size_t makers;
    size_t makers_capacity;
    size_t names_capacity;
    bool possible; /* one of them may be there */
} walk;

static void add(walk *self, const pd_migration *migration, const pd_statement *statement)
{
    pd_first_tables *tables = &self->out->tables;
    const char *schema = self->ledger->current_schema;
    const char *name = statement->object;
    if (strchr(name, '.') == NULL && schema != NULL)
        name = pd_arena_printf(self->arena, "%s.%s", schema, name);
    const char *counted = pd_arena_printf(self->arena, "%s.", self->verify_schema);
    self->possible |= self->ledger->tables > 0 || !pd_starts_with(name, counted);
    *PD_PUSH(self->arena, self->out->makers, self->makers, self->makers_capacity) =
        (pd_first_maker){migration, statement};
    *PD_PUSH(self->arena, tables->names, tables->count, self->names_capacity) = name;
}

/* False where nothing behind it can be judged. */
static bool walk_script(walk *self, const pd_migration *migration, const pd_script *script)
{
    if (script->state != PD_SCRIPT_OK)
        return false;
    for (size_t i = 0; i < script->count; i++) {
        const pd_statement *statement = &script->statements[i];
        if (makes_table(statement))
            add(self, migration, statement);
        else if (ends_knowledge(statement))
            return false;
    }
    return true;
}

void pd_first_of(pd_arena *arena, const pd_set *set, const pd_ledger *ledger,
                 const pd_script *const *scripts, const pd_settings *settings, pd_first *out)
{
    walk self = {
        .arena = arena, .ledger = ledger, .verify_schema = settings->verify_schema, .out = out};
    *out = (pd_first){.tables.drizzle = pd_set_is_drizzle(set)};
    bool known = is_first(ledger);
    for (size_t i = 0; i < set->count && known; i++)
        known = scripts[i] == NULL || walk_script(&self, &set->migrations[i], scripts[i]);
    if (!self.possible)
        out->tables.count = 0;
    out->tables.there = pd_arena_array(arena, out->tables.count + 1, sizeof *out->tables.there);
}

/* Where Drizzle was told to keep its table elsewhere, that table says what is applied. */
static void hint_drizzle(const pd_first_tables *tables, const pd_settings *settings,
                         pd_findings *findings, pd_finding *finding)
{
    pd_arena *arena = findings->arena;
    if (tables->resembles_table != NULL) {
        pd_finding_hint(findings, finding,
                        "%s.%s looks like Drizzle's table. If it is, say so, and commit that: git "
                        "config -f " PD_SETTINGS_FILE
                        " ledger.schema %s && git config -f " PD_SETTINGS_FILE " ledger.table %s",
                        tables->resembles_schema, tables->resembles_table,
                        pd_shell_word(arena, tables->resembles_schema),
                        pd_shell_word(arena, tables->resembles_table));
        return;
    }
    pd_finding_hint(findings, finding,
                    "Is it the right database? Where Drizzle has migrated it, its table is not "
                    "%s.%s: `migrations` in drizzle.config.ts names it, and [ledger] schema and "
                    "table in " PD_SETTINGS_FILE " have to say the same.",
                    settings->ledger_schema, settings->ledger_table);
}

void pd_gate_first(const pd_set *set, const pd_first *first, const pd_settings *settings,
                   pd_findings *findings)
{
    const pd_first_tables *tables = &first->tables;
    size_t count = 0;
    size_t at = 0;
    for (size_t i = tables->count; i-- > 0;) {
        count += tables->there[i];
        at = tables->there[i] ? i : at;
    }
    if (count == 0)
        return;
    const pd_migration *migration = first->makers[at].migration;
    const char *more =
        count == 1
            ? ""
            : pd_arena_printf(findings->arena, ", and so %s %zu more that %s pending",
                              count == 2 ? "is" : "are", count - 1, count == 2 ? "is" : "are");
    pd_finding *finding =
        pd_find(findings, PD_RULE_TABLE_EXISTS, migration->up.path,
                "%s creates %s, which is there already%s; no ledger says that anything is applied",
                migration->name, tables->names[at], more);
    pd_finding_at(findings, finding, pd_sql_text(&migration->up), migration->up.len,
                  first->makers[at].statement->offset);
    if (tables->drizzle) {
        hint_drizzle(tables, settings, findings, finding);
        return;
    }
    pd_finding_hint(findings, finding,
                    "Is it the right database? Where the migrations were applied without "
                    "predeploy, say up to which one: `predeploy adopt --through %s --dry-run`",
                    pd_shell_word(findings->arena, set->migrations[set->count - 1].name));
}
