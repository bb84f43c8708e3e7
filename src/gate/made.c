#include "gate/made.h"

#include <string.h>

#include "base/str.h"
#include "gate/names.h"
#include "sql/parse.h"

typedef struct walk {
    pd_arena *arena;
    const char *schema; /* where unqualified names go, NULL: nowhere */
    const pd_migration *migration;
    pd_names gone; /* dropped or renamed by some statement */
    pd_made *out;
    size_t makers;
    size_t makers_capacity;
    size_t names_capacity;
} walk;

static const char *full_name(const walk *self, const char *object)
{
    if (strchr(object, '.') != NULL || self->schema == NULL)
        return object;
    return pd_arena_printf(self->arena, "%s.%s", self->schema, object);
}

static void forget_all(walk *self)
{
    self->out->tables.count = self->makers = 0;
}

/* An unqualified one that has no effect on the count is temporary, or stands nobody knows where. */
static bool makes_table(const walk *self, const pd_statement *statement)
{
    bool qualified =
        strchr(statement->object, '.') != NULL && !pd_starts_with(statement->object, "pg_temp.");
    return pd_streq(statement->verb, "CREATE TABLE") &&
           (qualified || (statement->tables_delta > 0 && self->schema != NULL));
}

static bool may_take_tables(const pd_statement *statement)
{
    static const char *const harmless[] = {"CREATE", "INSERT", "UPDATE", "DELETE"};
    for (size_t i = 0; i < sizeof harmless / sizeof *harmless; i++)
        if (pd_starts_with(statement->verb, harmless[i]))
            return false;
    return (statement->traits & PD_TRAIT_TABLES_UNKNOWN) != 0 || statement->tables_delta != 0;
}

static void take_out(walk *self, const pd_statement *statement)
{
    pd_names_add(self->arena, &self->gone, full_name(self, statement->object), 0);
}

/* RENAME COLUMN is among them: to leave out a table too many does no harm. */
static bool gives_another_name(const char *text)
{
    return strcasestr(text, "RENAME") != NULL || strcasestr(text, "SCHEMA") != NULL;
}

static void walk_statement(walk *self, const char *text, const pd_statement *statement)
{
    pd_first_tables *tables = &self->out->tables;
    bool alters = pd_streq(statement->verb, "ALTER TABLE");
    if (makes_table(self, statement)) {
        *PD_PUSH(self->arena, self->out->makers, self->makers, self->makers_capacity) =
            self->migration;
        *PD_PUSH(self->arena, tables->names, tables->count, self->names_capacity) =
            full_name(self, statement->object);
        return;
    }
    if (!alters && !may_take_tables(statement))
        return;
    const char *own = pd_arena_strndup(self->arena, text + statement->offset, statement->len);
    bool one = pd_streq(statement->verb, "DROP TABLE") && strchr(own, ',') == NULL;
    if (one || (alters && gives_another_name(own)))
        take_out(self, statement);
    else if (!alters || may_take_tables(statement))
        forget_all(self);
}

static void leave_out_gone(walk *self)
{
    pd_first_tables *tables = &self->out->tables;
    size_t kept = 0;
    pd_names_sort(&self->gone);
    for (size_t i = 0; i < tables->count; i++) {
        if (pd_names_find(&self->gone, tables->names[i]) >= 0)
            continue;
        self->out->makers[kept] = self->out->makers[i];
        tables->names[kept++] = tables->names[i];
    }
    tables->count = kept;
    tables->there = pd_arena_array(self->arena, kept + 1, sizeof *tables->there);
}

static bool can_be_read(const pd_migration *migration)
{
    return migration->up.data != NULL && migration->needs_tool == NULL;
}

bool pd_made_by(pd_arena *arena, const pd_set *set, const bool *wanted, const pd_ledger *ledger,
                pd_made *out, pd_error *err)
{
    pd_sql_input *inputs = pd_arena_array(arena, set->count + 1, sizeof *inputs);
    pd_script *parsed = pd_arena_array(arena, set->count + 1, sizeof *parsed);
    const pd_migration **migrations = pd_arena_array(arena, set->count + 1, sizeof *migrations);
    pd_sql_batch batch = {
        .inputs = inputs, .table_schema = ledger->current_schema, .unqualified = true};
    walk self = {.arena = arena, .schema = ledger->current_schema, .out = out};
    *out = (pd_made){0};
    for (size_t m = 0; m < set->count; m++) {
        const pd_migration *migration = &set->migrations[m];
        bool read = can_be_read(migration);
        if (!wanted[m])
            continue;
        migrations[batch.count] = migration;
        inputs[batch.count++] = (pd_sql_input){
            .text = read ? pd_sql_text(&migration->up) : "",
            .len = read ? migration->up.len : 0,
            .breakpoints = pd_set_is_drizzle(set),
        };
    }
    if (batch.table_schema == NULL)
        batch.table_schema = "";
    if (!pd_sql_parse(arena, &batch, parsed, err))
        return false;
    for (size_t i = 0; i < batch.count; i++) {
        self.migration = migrations[i];
        if (parsed[i].state != PD_SCRIPT_OK || !can_be_read(self.migration))
            forget_all(&self);
        for (size_t s = 0; s < parsed[i].count; s++)
            walk_statement(&self, inputs[i].text, &parsed[i].statements[s]);
    }
    leave_out_gone(&self);
    return true;
}

void pd_gate_made(const pd_made *made, pd_findings *findings)
{
    const pd_first_tables *tables = &made->tables;
    size_t missing = 0;
    size_t at = 0;
    for (size_t i = tables->count; i-- > 0;) {
        missing += !tables->there[i];
        at = tables->there[i] ? at : i;
    }
    if (missing == 0)
        return;
    const pd_migration *migration = made->makers[at];
    const char *more =
        missing == 1 ? ""
                     : pd_arena_printf(findings->arena, ", nor %s %zu more of %zu",
                                       missing == 2 ? "is" : "are", missing - 1, tables->count);
    pd_finding *finding =
        pd_find(findings, PD_RULE_ADOPT_TABLE_MISSING, migration->up.path,
                "%s is to be taken over as applied, but the table %s that it makes is not there%s",
                migration->name, tables->names[at], more);
    pd_finding_hint(findings, finding,
                    "Is it the right database? What is taken over is never run: find out where the "
                    "table is before anything is adopted.");
}
