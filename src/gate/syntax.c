#include "gate/syntax.h"

#include "base/str.h"
#include "gate/ledger_edit.h"
#include "sql/marker.h"

typedef struct judged {
    const pd_sql_file *file;
    pd_findings *findings;
} judged;

static void at(const judged *self, pd_finding *finding, size_t offset)
{
    pd_finding_at(self->findings, finding, self->file->data, self->file->len, offset);
}

static void judge_error(const judged *self, const pd_script *script)
{
    pd_findings *findings = self->findings;
    const char *path = self->file->path;
    pd_finding *finding = NULL;
    switch (script->state) {
    case PD_SCRIPT_OK:
        return;
    case PD_SCRIPT_SYNTAX:
        finding = pd_find(findings, PD_RULE_SQL_SYNTAX, path, "%s", script->error);
        pd_finding_hint(findings, finding,
                        "Correct the statement. SQL is read with the grammar of PostgreSQL 15: "
                        "what only a newer server understands must be written in the older form.");
        break;
    case PD_SCRIPT_PSQL:
        finding = pd_find(findings, PD_RULE_SQL_PSQL_COMMAND, path,
                          "%s is a command of psql, not SQL", script->error);
        pd_finding_hint(findings, finding,
                        "Only SQL reaches the server: remove the line, or write in SQL what it "
                        "does.");
        break;
    case PD_SCRIPT_TOO_DEEP:
        finding = pd_find(findings, PD_RULE_SQL_NOT_ANALYSABLE, path,
                          "the SQL cannot be analysed: %s", script->error);
        pd_finding_hint(findings, finding,
                        "What cannot be read for sure is not deployed: split it into smaller "
                        "statements or migrations, or remove what this points at.");
        break;
    case PD_SCRIPT_COPY_DATA:
        finding = pd_find(findings, PD_RULE_SQL_COPY_STDIN, path,
                          "COPY FROM STDIN has its data in the file");
        pd_finding_hint(findings, finding,
                        "Write the rows as INSERT statements: only psql reads data out of a "
                        "script.");
        break;
    }
    at(self, finding, script->error_offset);
}

/* Only what has a name can be found again after a crash. */
static bool cannot_be_followed(const pd_statement *statement)
{
    return statement->outside == PD_OUTSIDE_CREATE_INDEX && *statement->subject->name == '\0';
}

static void say_no_name(const judged *self, const pd_statement *statement)
{
    pd_finding *finding =
        pd_find(self->findings, PD_RULE_SQL_NO_TRANSACTION, self->file->path,
                "%s on %s gives the index no name: what an interrupted build leaves could not be "
                "told from another index",
                statement->verb, statement->object);
    pd_finding_hint(self->findings, finding,
                    "Name it: CREATE INDEX CONCURRENTLY %s_idx ON ... It is built outside of a "
                    "transaction, and a build that breaks off is cleared away by that name.",
                    statement->subject->table);
    at(self, finding, statement->offset);
}

static bool controls_transaction(const pd_statement *statement)
{
    return (statement->traits & PD_TRAIT_TRANSACTION_CONTROL) != 0;
}

static void say_transaction_control(const judged *self, const pd_statement *statement)
{
    pd_finding *finding = pd_find(
        self->findings, PD_RULE_SQL_TRANSACTION_CONTROL, self->file->path,
        "%s would begin or end the transaction that the migration runs in", statement->verb);
    pd_finding_hint(self->findings, finding,
                    "Remove it: a migration runs in a transaction already, and all of it is "
                    "rolled back when a statement fails. One plain BEGIN as the first statement "
                    "and one COMMIT as the last may stay. What cannot run in a transaction is "
                    "sent outside of it, with or without COMMIT in front and BEGIN behind it.");
    at(self, finding, statement->offset);
}

/* Its statements would have a transaction each, and it says that they share one. */
static void judge_wrap(const judged *self, const pd_script *script, bool unbound)
{
    if (!unbound || !pd_script_is_wrapped(script))
        return;
    pd_finding *finding =
        pd_find(self->findings, PD_RULE_SQL_TRANSACTION_CONTROL, self->file->path,
                "%s and %s stand around a text that asks for no transaction",
                script->statements->verb, script->statements[script->count - 1].verb);
    pd_finding_hint(self->findings, finding,
                    "Take these two out, or the line that asks for no transaction: with it each "
                    "statement is sent by itself, without it all run in one transaction.");
    at(self, finding, script->statements->offset);
}

static bool copies_data(const pd_statement *statement)
{
    return (statement->traits & PD_TRAIT_COPY_STDIN) != 0;
}

static void say_copy(const judged *self, const pd_statement *statement)
{
    pd_finding *finding =
        pd_find(self->findings, PD_RULE_SQL_COPY_STDIN, self->file->path,
                "%s exchanges data with a client, and a migration has none", statement->verb);
    pd_finding_hint(self->findings, finding,
                    "Write the rows as INSERT statements, or let COPY use a file of the server.");
    at(self, finding, statement->offset);
}

static const struct {
    bool (*is)(const pd_statement *statement);
    pd_rule rule;
    void (*say)(const judged *self, const pd_statement *statement);
} faults[] = {
    {cannot_be_followed, PD_RULE_SQL_NO_TRANSACTION, say_no_name},
    {controls_transaction, PD_RULE_SQL_TRANSACTION_CONTROL, say_transaction_control},
    {copies_data, PD_RULE_SQL_COPY_STDIN, say_copy},
};

static void say_needs_tool(const judged *self, const pd_migration *migration)
{
    pd_finding *finding = pd_find(self->findings, PD_RULE_MIGRATION_NEEDS_TOOL, self->file->path,
                                  "%s is not applied, and only its own tool can run it: it is %s",
                                  migration->name, migration->needs_tool);
    pd_finding_hint(self->findings, finding,
                    "Run it with its tool, then take what that did under the gate: predeploy "
                    "adopt");
    at(self, finding, migration->needs_tool_at);
}

static size_t count_fault(const pd_script *script, size_t fault)
{
    size_t count = 0;
    for (size_t i = 0; i < script->count; i++)
        count += faults[fault].is(&script->statements[i]);
    return count;
}

static void judge_fault(const judged *self, const pd_script *script, size_t fault)
{
    size_t total = count_fault(script, fault);
    size_t shown = 0;
    for (size_t i = 0; i < script->count && shown < total; i++) {
        const pd_statement *statement = &script->statements[i];
        if (!faults[fault].is(statement))
            continue;
        if (++shown < PD_SYNTAX_FINDINGS_MAX || shown == total) {
            faults[fault].say(self, statement);
            continue;
        }
        pd_finding *last =
            pd_find(self->findings, faults[fault].rule, self->file->path,
                    "%zu more statements of this kind, from here on", total - shown + 1);
        pd_finding_hint(self->findings, last, "Mend what stands above in the same way.");
        at(self, last, statement->offset);
        return;
    }
}

/* Savepoints that the text has set and not given back, the newest last. */
typedef struct savepoints {
    const char **names;
    size_t count;
    size_t capacity;
} savepoints;

/* Goes back to the savepoint `name`, which stays or not. False: the text has not set it. */
static bool go_back(savepoints *self, const char *name, bool stays)
{
    while (self->count > 0 && !pd_streq(self->names[self->count - 1], name))
        self->count--;
    if (self->count == 0)
        return false;
    self->count -= stays ? 0 : 1;
    return true;
}

/* False: it needs a savepoint that is not the text's own. */
static bool step_savepoint(const judged *self, savepoints *open, const pd_statement *statement)
{
    unsigned parting = PD_TRAIT_PARTS | PD_TRAIT_NO_TRANSACTION;
    if ((statement->traits & parting) != 0)
        open->count = 0; /* their transaction has ended */
    if ((statement->traits & (PD_TRAIT_PARTS | PD_TRAIT_TRANSACTION_CONTROL)) != 0)
        return true;
    if (pd_streq(statement->verb, "SAVEPOINT"))
        *PD_PUSH(self->findings->arena, open->names, open->count, open->capacity) =
            statement->object;
    else if (pd_streq(statement->verb, "RELEASE"))
        return go_back(open, statement->object, false);
    else if (pd_starts_with(statement->verb, "ROLLBACK"))
        return go_back(open, statement->object, true);
    return true;
}

/* Migrations may share a transaction, and a savepoint that one leaves open stands for the next:
 * back to it, what the first one did would be gone, and its row in the ledger would not. */
static void judge_savepoints(const judged *self, const pd_script *script)
{
    savepoints open = {0};
    for (size_t i = 0; i < script->count; i++) {
        const pd_statement *statement = &script->statements[i];
        if (step_savepoint(self, &open, statement))
            continue;
        pd_finding *finding =
            pd_find(self->findings, PD_RULE_SQL_TRANSACTION_CONTROL, self->file->path,
                    "%s is about a savepoint that the migration has not set: %s", statement->verb,
                    statement->object);
        pd_finding_hint(self->findings, finding,
                        "Set it in the same migration: SAVEPOINT %s; in front of what may be taken "
                        "back. Migrations can share a transaction: another one's savepoint would "
                        "take back what that one did.",
                        statement->object);
        at(self, finding, statement->offset);
        return; /* the server would stop here */
    }
}

/* A companion asks for itself, as it does when it runs. */
static bool asks_none(const pd_migration *migration, bool companion)
{
    const pd_sql_file *down = &migration->down;
    return companion ? pd_sql_asks_no_transaction(pd_sql_text(down), down->len)
                     : migration->no_transaction;
}

bool pd_gate_runs(const pd_settings *settings, const pd_findings *findings, size_t from,
                  const char *name, pd_error *err)
{
    const pd_rule rule = PD_RULE_SQL_TRANSACTION_CONTROL;
    int severity = settings->severity_of_rule[rule];
    if (severity < 0 || severity >= (int)PD_SEVERITY_ERROR)
        return true;
    for (size_t i = from; i < findings->count; i++) {
        const pd_finding *finding = &findings->items[i];
        if (finding->rule != rule)
            continue;
        pd_fail(err, PD_ERROR_USAGE, "%s cannot be run: %s", name, finding->message);
        pd_error_detail(err, "%s:%d:%d", finding->place.path, finding->place.line,
                        finding->place.column);
        return pd_error_hint(err,
                             "Leave the rule %s at severity error, and mend the file: what would "
                             "end the transaction of the ledger is never sent.",
                             pd_rule_id(rule));
    }
    return true;
}

void pd_gate_syntax(const pd_migration *migration, const pd_script *script, bool companion,
                    pd_findings *findings)
{
    judged self = {.file = companion ? &migration->down : &migration->up, .findings = findings};
    if (migration->needs_tool != NULL) {
        say_needs_tool(&self, migration);
        return;
    }
    judge_error(&self, script);
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++)
        judge_fault(&self, script, i);
    judge_wrap(&self, script, asks_none(migration, companion));
    judge_savepoints(&self, script);
    pd_gate_ledger_edits(self.file, script, findings);
    size_t not_sent = pd_script_is_wrapped(script) ? 2 : 0;
    if (!companion && script->state == PD_SCRIPT_OK && script->count == not_sent) {
        pd_finding *finding = pd_find(findings, PD_RULE_SQL_EMPTY, self.file->path,
                                      "%s has no statement", migration->name);
        pd_finding_hint(findings, finding,
                        "Write its statements: once deployed it stays empty, as it may not be "
                        "edited afterwards. One that is to do nothing says so: SELECT 1;");
    }
}
