#include "gate/unfinished.h"

#include <string.h>

#include "base/str.h"
#include "gate/names.h"

/* The rows of one migration, and the text that they should be of. */
typedef struct half {
    const pd_unfinished *rows;
    size_t count;
    const char *path;
    const char *text;
    size_t len;
    const pd_script *script; /* NULL: there is no such text to compare with */
} half;

static size_t count_rows(const pd_ledger *ledger, size_t from)
{
    const pd_unfinished *first = &ledger->unfinished[from];
    size_t count = 1;
    while (from + count < ledger->unfinished_count &&
           ledger->unfinished[from + count].down == first->down &&
           pd_streq(ledger->unfinished[from + count].migration, first->migration))
        count++;
    return count;
}

static bool is_same(const half *self, const pd_unfinished *row)
{
    if (!row->done && row->before == NULL)
        return true; /* it failed and left nothing: another text may take its place */
    if (row->number < 1 || (size_t)row->number > self->script->count)
        return false;
    char digest[PD_SHA256_HEX];
    pd_statement_digest(self->text, &self->script->statements[row->number - 1], digest);
    return pd_streq(digest, row->digest);
}

static void report_changed(const half *self, const pd_unfinished *row, pd_findings *findings)
{
    bool there = row->number >= 1 && (size_t)row->number <= self->script->count;
    pd_finding *finding =
        pd_find(findings, PD_RULE_HALF_APPLIED, self->path, "statement %d of %s %s, %s",
                row->number, row->migration, row->done ? "has run already" : "was begun",
                there ? "with another text" : "and is not in the text any more");
    if (there)
        pd_finding_at(findings, finding, self->text, self->len,
                      self->script->statements[row->number - 1].offset);
    pd_finding_hint(findings, finding,
                    "Put the text back that was begun (git log -p shows it), then run the command "
                    "again: it goes on where it stopped. `predeploy status` shows what is in.");
}

static void report_half(const half *self, pd_findings *findings, const char *what, const char *hint)
{
    pd_finding *finding =
        pd_find(findings, PD_RULE_HALF_APPLIED, self->path, "%s is half %s%s",
                self->rows->migration, self->rows->down ? "taken out" : "applied", what);
    pd_finding_hint(findings, finding, "%s", hint);
}

/* It would be sent as a whole, with what is done in it. */
static void report_undivided(const half *self, pd_findings *findings)
{
    report_half(self, findings, ", and its text has no statements that can be told apart",
                "Put the text back that was begun (git log -p shows it), then run the command "
                "again: it goes on where it stopped. `predeploy status` shows what is in.");
}

static void judge_texts(const half *self, pd_findings *findings)
{
    if (self->script == NULL)
        return;
    if (self->script->state != PD_SCRIPT_OK || self->script->count == 0) {
        report_undivided(self, findings);
        return;
    }
    for (size_t i = 0; i < self->count; i++)
        if (!is_same(self, &self->rows[i]))
            report_changed(self, &self->rows[i], findings);
}

void pd_gate_unfinished(const pd_set *set, const pd_ledger *ledger, const pd_script *const *scripts,
                        pd_findings *findings)
{
    if (ledger->unfinished_count == 0)
        return;
    pd_names names = pd_names_of_set(findings->arena, set);
    half self = {0};
    for (size_t i = 0; i < ledger->unfinished_count; i += self.count) {
        ptrdiff_t at = pd_names_find(&names, ledger->unfinished[i].migration);
        const pd_migration *migration = at < 0 ? NULL : &set->migrations[at];
        self = (half){.rows = &ledger->unfinished[i], .count = count_rows(ledger, i)};
        if (migration != NULL)
            self.path = migration->up.path;
        if (self.rows->down) {
            report_half(&self, findings, "",
                        "Finish that first: predeploy rollback 1. It goes on where it stopped.");
        } else if (migration == NULL) {
            report_half(&self, findings, ", and not in the revision",
                        "Deploy a revision that has it: it goes on where it stopped.");
        } else if (scripts[at] == NULL) {
            report_half(&self, findings, ", and applied by the ledger",
                        "Somebody changed predeploy's tables. `predeploy status` shows the rows of "
                        "predeploy.statements: see what is there, then delete them.");
        } else {
            self.text = pd_sql_text(&migration->up);
            self.len = migration->up.len;
            self.script = scripts[at];
            judge_texts(&self, findings);
        }
    }
}

void pd_gate_unfinished_reversal(const pd_ledger *ledger, const pd_reversal *reversals,
                                 size_t count, pd_findings *findings)
{
    half self = {0};
    for (size_t i = 0; i < ledger->unfinished_count; i += self.count) {
        self = (half){.rows = &ledger->unfinished[i], .count = count_rows(ledger, i)};
        if (!self.rows->down) {
            report_half(&self, findings, "",
                        "Finish that first: predeploy deploy. It goes on where it stopped. "
                        "`predeploy status` shows what is in.");
        } else if (count == 0 || !pd_streq(reversals->row->name, self.rows->migration)) {
            report_half(&self, findings, "",
                        "Finish that first: predeploy rollback 1. It goes on where it stopped.");
        } else {
            self.path = reversals->path;
            self.text = reversals->row->down_sql;
            self.len = strlen(self.text);
            self.script = reversals->script;
            judge_texts(&self, findings);
        }
    }
}
