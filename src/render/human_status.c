#include <stdint.h>
#include <string.h>

#include "base/printable.h"
#include "base/str.h"
#include "render/human.h"
#include "render/text.h"
#include "render/verdict.h"

#define ROWS_SHOWN 40 /* the newest; --verbose shows all */
#define CELLS_MAX 7

/* Rows of printable cells. The first cell stands to the right of its column. */
typedef struct table {
    const char *(*rows)[CELLS_MAX];
    size_t count;
    size_t cells;
} table;

static size_t columns_of(const char *text)
{
    return pd_text_columns(text, strlen(text));
}

static size_t measure(const table *self, size_t widths[CELLS_MAX])
{
    size_t total = 0;
    for (size_t cell = 0; cell < self->cells; cell++) {
        widths[cell] = 0;
        for (size_t row = 0; row < self->count; row++) {
            size_t columns = columns_of(self->rows[row][cell]);
            widths[cell] = columns > widths[cell] ? columns : widths[cell];
        }
        total += widths[cell] + 2;
    }
    return total;
}

/* One line a row; blanks behind the last cell are not written. */
static void add_wide_row(const pd_human *human, const table *self, size_t row,
                         const size_t widths[CELLS_MAX])
{
    PD_AUTO_STRBUF line = pd_strbuf_new(PD_STRBUF_MAX);
    for (size_t cell = 0; cell < self->cells; cell++) {
        const char *text = self->rows[row][cell];
        size_t blanks = widths[cell] - columns_of(text);
        pd_strbuf_adds(&line, "  ");
        if (cell == 0)
            pd_strbuf_addn(&line, ' ', blanks);
        pd_strbuf_adds(&line, text);
        if (cell > 0)
            pd_strbuf_addn(&line, ' ', blanks);
    }
    size_t len = line.len;
    while (len > 0 && line.data[len - 1] == ' ')
        len--;
    const char *text = pd_arena_strndup(human->arena, line.data, len);
    pd_human_paint(human, row == 0 ? PD_STYLE_FAINT : PD_STYLE_PLAIN, text);
    pd_strbuf_addc(human->out, '\n');
}

/* Where the table is too wide: as many cells on a line as fit, further lines indented. */
static void add_narrow_row(const pd_human *human, const table *self, size_t row, size_t number)
{
    const char *const *cells = self->rows[row];
    size_t column = number + 2;
    pd_strbuf_addn(human->out, ' ', column - columns_of(cells[0]));
    pd_strbuf_adds(human->out, cells[0]);
    for (size_t cell = 1; cell < self->cells; cell++) {
        size_t columns = columns_of(cells[cell]);
        if (columns == 0)
            continue;
        if (cell > 1 && column + 2 + columns > human->width) {
            pd_strbuf_addc(human->out, '\n');
            column = number + 2;
            pd_strbuf_addn(human->out, ' ', column);
        }
        pd_strbuf_adds(human->out, "  ");
        pd_text_wrap(human->out, cells[cell],
                     &(pd_wrap){.indent = "      ", .column = column + 2, .width = SIZE_MAX});
        column += 2 + columns;
    }
    pd_strbuf_addc(human->out, '\n');
}

static void add_table(const pd_human *human, const table *self)
{
    size_t widths[CELLS_MAX] = {0};
    if (measure(self, widths) <= human->width) {
        for (size_t row = 0; row < self->count; row++)
            add_wide_row(human, self, row, widths);
        return;
    }
    for (size_t row = 1; row < self->count; row++)
        add_narrow_row(human, self, row, widths[0]);
}

static void add_title(const pd_human *human, const char *title, const char *note)
{
    pd_human_gap(human);
    pd_human_paint(human, PD_STYLE_STRONG, title);
    pd_strbuf_addf(human->out, "  %s\n", note);
}

static void add_applied(const pd_human *human, const pd_ledger *ledger)
{
    size_t first = 0;
    if (!human->options->verbose && ledger->count > ROWS_SHOWN)
        first = ledger->count - ROWS_SHOWN;
    table rows = {
        .rows = pd_arena_array(human->arena, ledger->count - first + 1, sizeof *rows.rows),
        .count = ledger->count - first + 1,
        .cells = 5,
    };
    static const char *const head[] = {"", "migration", "applied at (UTC)", "deployment", ""};
    memcpy(rows.rows[0], head, sizeof head);
    for (size_t i = first; i < ledger->count; i++) {
        const pd_ledger_row *row = &ledger->rows[i];
        const char **cells = rows.rows[i - first + 1];
        cells[0] = pd_arena_printf(human->arena, "%zu", i + 1);
        cells[1] = pd_printable(human->arena, row->name);
        cells[2] = pd_human_time(human, row->applied_at);
        cells[3] = pd_human_uuid(human, row->deployment);
        cells[4] = row->adopted ? "adopted" : "";
    }
    add_title(human, "applied", pd_count_noun(human->arena, (int64_t)ledger->count, "migration"));
    if (first > 0)
        pd_strbuf_addf(human->out, "  … %zu before these, --verbose shows them\n", first);
    if (ledger->count > 0)
        add_table(human, &rows);
}

static const char *outcome_text(const pd_human *human, const pd_deployment *row)
{
    const char *outcome = row->outcome == NULL ? "" : row->outcome;
    return pd_streq(row->kind, "deploy") || row->kind == NULL
               ? outcome
               : pd_arena_printf(human->arena, "%s %s", row->kind, outcome);
}

/* Who, and the backup that was made before: on a bad day it is looked up here. */
static const char *origin_text(const pd_human *human, const pd_deployment *row)
{
    const char *actor = row->actor == NULL ? "" : row->actor;
    if (pd_blank(row->backup_reference))
        return actor;
    return pd_arena_printf(human->arena, "%s, backup %s", actor, row->backup_reference);
}

static void add_deployments(const pd_human *human, const pd_ledger *ledger)
{
    size_t count = ledger->deployment_count;
    if (count == 0)
        return;
    table rows = {
        .rows = pd_arena_array(human->arena, count + 1, sizeof *rows.rows),
        .count = count + 1,
        .cells = 7,
    };
    static const char *const head[] = {
        "", "deployment", "started at (UTC)", "outcome", "commit", "changes", "by"};
    memcpy(rows.rows[0], head, sizeof head);
    for (size_t i = 0; i < count; i++) {
        const pd_deployment *row = &ledger->deployments[i];
        const char **cells = rows.rows[i + 1];
        const char *sign = pd_streq(row->kind, "rollback") ? "-" : "+";
        cells[0] = pd_streq(row->outcome, "succeeded") ? "✔"
                   : pd_streq(row->outcome, "running") ? "·"
                                                       : "✖";
        cells[1] = pd_human_uuid(human, row->id);
        cells[2] = pd_human_time(human, row->started_at);
        cells[3] = pd_printable(human->arena, outcome_text(human, row));
        cells[4] = pd_human_commit(human, row->commit);
        cells[5] = row->migration_count == 0
                       ? "0"
                       : pd_arena_printf(human->arena, "%s%zu", sign, row->migration_count);
        cells[6] = pd_printable(human->arena, origin_text(human, row));
    }
    add_title(human, "deployments", "newest first");
    add_table(human, &rows);
}

static const char *state_text(const pd_unfinished *row)
{
    if (row->done)
        return "done";
    if (row->pid > 0)
        return "running";
    return row->error == NULL ? "not finished" : "failed";
}

/* The errors of what failed, one below the other: too long for a table. */
static void add_errors(const pd_human *human, const pd_ledger *ledger)
{
    for (size_t i = 0; i < ledger->unfinished_count; i++) {
        const pd_unfinished *row = &ledger->unfinished[i];
        if (!row->done && row->error != NULL)
            pd_human_said(human, PD_STYLE_PLAIN, "error", row->error);
    }
}

/* How it goes on: by itself, by the next run, or by a hand. `before` without an answer is said of
 * what leaves no trace in the catalogue. */
static const char *how_it_goes_on(const pd_human *human, const pd_ledger *ledger)
{
    const pd_unfinished *doubtful = NULL;
    const char *command = "deploy";
    for (size_t i = 0; i < ledger->unfinished_count; i++) {
        const pd_unfinished *row = &ledger->unfinished[i];
        command = row->down ? "rollback 1" : command;
        if (row->pid > 0)
            return pd_arena_printf(human->arena,
                                   "Process %lld of the server is at work on it now: wait until it "
                                   "ends. If nobody is behind it any more, `predeploy %s` ends it "
                                   "and goes on.",
                                   (long long)row->pid, row->down ? "rollback 1" : "deploy");
        if (doubtful == NULL && !row->done && pd_streq(row->before, "unasked"))
            doubtful = row;
    }
    if (doubtful == NULL)
        return pd_arena_printf(human->arena, "`predeploy %s` goes on where it stopped.", command);
    return pd_arena_printf(
        human->arena,
        "`predeploy %s` goes on where it stopped if statement %d (%s) can be run "
        "again; else it says what to look at, and how to say whether it is done.",
        command, doubtful->number, pd_printable(human->arena, doubtful->kind));
}

/* Half-applied migrations: which of their statements are in. */
static void add_unfinished(const pd_human *human, const pd_ledger *ledger)
{
    if (ledger->unfinished_count == 0)
        return;
    table rows = {
        .rows = pd_arena_array(human->arena, ledger->unfinished_count + 1, sizeof *rows.rows),
        .count = ledger->unfinished_count + 1,
        .cells = 6,
    };
    static const char *const head[] = {"", "migration", "statement", "", "object", "since (UTC)"};
    memcpy(rows.rows[0], head, sizeof head);
    bool down = false;
    for (size_t i = 0; i < ledger->unfinished_count; i++) {
        const pd_unfinished *row = &ledger->unfinished[i];
        const char **cells = rows.rows[i + 1];
        down = down || row->down;
        cells[0] = row->done ? "✔" : "✖";
        cells[1] = pd_printable(human->arena, row->migration);
        cells[2] = pd_arena_printf(human->arena, "%d %s", row->number,
                                   pd_printable(human->arena, row->kind));
        cells[3] = state_text(row);
        cells[4] = row->object == NULL ? "" : pd_printable(human->arena, row->object);
        cells[5] = pd_human_time(human, row->started_at);
    }
    add_title(human, down ? "half taken out" : "half applied",
              "statements that ran outside of a transaction");
    add_table(human, &rows);
    add_errors(human, ledger);
    pd_human_said(human, PD_STYLE_HINT, "hint", how_it_goes_on(human, ledger));
}

void pd_human_status(const pd_human *human)
{
    const pd_ledger *ledger = human->report->ledger;
    if (ledger == NULL || !pd_streq(human->report->command, "status"))
        return;
    if (!ledger->present) {
        add_title(human, "applied", "nothing by predeploy");
        if (ledger->drizzle_count > 0)
            pd_human_said(human, PD_STYLE_HINT, "hint",
                          pd_arena_printf(
                              human->arena,
                              "Drizzle's table has %s. The first `predeploy deploy` "
                              "adopts them as they are.",
                              pd_count_noun(human->arena, (int64_t)ledger->drizzle_count, "row")));
        for (size_t i = 0; i < ledger->foreign_count; i++)
            pd_human_said(human, PD_STYLE_HINT, "hint",
                          pd_arena_printf(human->arena,
                                          "%s.%s looks like the ledger of %s. `predeploy adopt "
                                          "--dry-run` shows what would be taken over from it.",
                                          ledger->foreign[i].schema, ledger->foreign[i].table,
                                          pd_layout_name(ledger->foreign[i].tool)));
        return;
    }
    add_applied(human, ledger);
    add_unfinished(human, ledger);
    add_deployments(human, ledger);
}
