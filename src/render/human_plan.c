#include <string.h>

#include "base/clock.h"
#include "base/printable.h"
#include "base/str.h"
#include "render/human.h"
#include "render/text.h"
#include "render/verdict.h"

#define STEPS_SHOWN 40    /* half from each end; --verbose shows all */
#define ADOPTIONS_SHOWN 3 /* more are one line */
#define TEXT_SHOWN 200    /* columns of a statement */
#define BLANKS " \t\r\n\f\v"
#define SLOW_MS 1000 /* from when on the slowest migration is named */

static const char *kind_word(pd_step_kind kind)
{
    switch (kind) {
    case PD_STEP_ADOPT:
        return "adopt";
    case PD_STEP_REVERT:
        return "take out";
    case PD_STEP_APPLY:
        return "apply";
    }
    return "apply";
}

static void add_mark(const pd_human *human, pd_step_state state)
{
    switch (state) {
    case PD_STEP_DONE:
        pd_human_paint(human, PD_STYLE_GOOD, "✔");
        return;
    case PD_STEP_FAILED:
        pd_human_paint(human, PD_STYLE_BAD, "✖");
        return;
    case PD_STEP_UNDONE:
        pd_human_paint(human, PD_STYLE_WARN, "↺");
        return;
    case PD_STEP_PLANNED:
        pd_human_paint(human, PD_STYLE_FAINT, "·");
        return;
    }
}

/* What the plan comes to: "3 to apply, 5 to adopt, +2 tables". */
static const char *summary(const pd_human *human)
{
    const pd_plan *plan = human->report->plan;
    size_t adopted = 0;
    size_t alone = 0;
    const char *verb = "apply";
    for (size_t i = 0; i < plan->count; i++) {
        adopted += plan->steps[i].kind == PD_STEP_ADOPT;
        alone += plan->steps[i].alone;
        verb = plan->steps[i].kind == PD_STEP_REVERT ? "take out" : verb;
    }
    char *text = pd_arena_printf(human->arena, "%zu to %s", plan->pending, verb);
    if (alone > 0)
        text = pd_arena_printf(human->arena, "%s, %zu of them outside a transaction", text, alone);
    if (adopted > 0)
        text = pd_arena_printf(human->arena, "%s, %zu to adopt", text, adopted);
    bool reverts = plan->count > 0 && plan->steps[0].kind == PD_STEP_REVERT;
    if (plan->pending == 0 || reverts)
        return text;
    if (!plan->tables_known)
        return pd_arena_printf(human->arena, "%s, tables cannot be predicted", text);
    if (plan->tables_delta == 0)
        return pd_arena_printf(human->arena, "%s, tables unchanged", text);
    return pd_arena_printf(human->arena, "%s, %s%s", text, plan->tables_delta > 0 ? "+" : "",
                           pd_count_noun(human->arena, plan->tables_delta, "table"));
}

/* "failed", "12 ms", "12 ms, rolled back"; "" when it did not run. */
static const char *statement_note(const pd_human *human, pd_statement_result result)
{
    const char *took = result.ms < 0 ? "" : pd_format_duration(human->arena, result.ms);
    switch (result.state) {
    case PD_STEP_PLANNED:
        return "";
    case PD_STEP_DONE:
    case PD_STEP_UNDONE:
        return took;
    case PD_STEP_FAILED:
        return *took == '\0' ? "failed" : pd_arena_printf(human->arena, "failed after %s", took);
    }
    return "";
}

/* What is going to run, on one line; verb and object of what has run, or what names a password. */
static const char *statement_text(const pd_human *human, const pd_step *step,
                                  const pd_statement *statement)
{
    const char *object = pd_blank(statement->object) ? "" : statement->object;
    const char *brief = pd_arena_printf(human->arena, "%s%s%s", statement->verb,
                                        *object == '\0' ? "" : " ", object);
    if (human->report->deployment != NULL || step->text == NULL || statement->len == 0 ||
        statement->offset + statement->len > step->len)
        return brief;
    const char *text =
        pd_arena_strndup(human->arena, step->text + statement->offset, statement->len);
    if (strcasestr(text, "password") != NULL)
        return brief;
    PD_AUTO_STRBUF line = pd_strbuf_new(PD_STRBUF_MAX);
    for (const char *at = text; *at != '\0';) {
        size_t word = strcspn(at, BLANKS);
        pd_strbuf_adds(&line, line.len > 0 ? " " : "");
        pd_strbuf_add(&line, at, word);
        at += word;
        at += strspn(at, BLANKS);
    }
    if (pd_text_columns(line.data, line.len) <= TEXT_SHOWN)
        return pd_strbuf_keep(&line, human->arena);
    return pd_arena_printf(human->arena, "%.*s…",
                           (int)pd_text_fit(line.data, line.len, TEXT_SHOWN - 1), line.data);
}

static void add_statements(const pd_human *human, size_t index)
{
    const pd_step *step = &human->report->plan->steps[index];
    const pd_script *script = step->script;
    for (size_t i = 0; script != NULL && i < script->count; i++) {
        const pd_statement *statement = &script->statements[i];
        char *place = pd_arena_printf(human->arena, "%d:%d", statement->line, statement->column);
        char *text = pd_arena_printf(human->arena, "%12s  ", place);
        pd_human_paint(human, PD_STYLE_FAINT, text);
        const char *note = statement_note(human, pd_state_of_statement(human->report, index, i));
        const char *said =
            pd_printable(human->arena, pd_arena_printf(human->arena, "%s%s%s",
                                                       statement_text(human, step, statement),
                                                       *note == '\0' ? "" : ", ", note));
        size_t column = strlen(text);
        pd_text_wrap(
            human->out, said,
            &(pd_wrap){.indent = "              ", .column = column, .width = human->width});
        pd_strbuf_addc(human->out, '\n');
    }
}

/* What became of a step, and how it runs when that is not in a transaction. */
static const char *step_note(const pd_human *human, size_t index)
{
    const pd_report *report = human->report;
    const pd_step *step = &report->plan->steps[index];
    pd_step_state state = pd_state_of_step(report, index);
    const char *note = "";
    if (state == PD_STEP_UNDONE)
        note = "rolled back";
    else if (state == PD_STEP_FAILED)
        note = "failed";
    else if (state == PD_STEP_PLANNED && step->adopted)
        note = "adopted, not deployed by predeploy";
    else if (state == PD_STEP_DONE && step->kind != PD_STEP_ADOPT)
        note = pd_format_duration(human->arena, report->steps[index].ms);
    if (!step->alone)
        return note;
    return pd_arena_printf(human->arena, "%s%soutside a transaction", note,
                           *note == '\0' ? "" : ", ");
}

static void add_step(const pd_human *human, size_t index, size_t name_columns, bool mixed)
{
    const pd_step *step = &human->report->plan->steps[index];
    pd_strbuf_addf(human->out, "  %3zu ", index + 1);
    add_mark(human, pd_state_of_step(human->report, index));
    pd_strbuf_addc(human->out, ' ');
    if (mixed)
        pd_strbuf_addf(human->out, "%-5s ", kind_word(step->kind));
    const char *name = pd_printable(human->arena, step->name);
    pd_strbuf_adds(human->out, name);
    const char *note = step_note(human, index);
    if (note[0] != '\0') {
        size_t columns = pd_text_columns(name, strlen(name));
        pd_strbuf_addn(human->out, ' ', columns < name_columns ? name_columns - columns + 2 : 2);
        pd_human_paint(human, PD_STYLE_FAINT, note);
    }
    pd_strbuf_addc(human->out, '\n');
    if (human->options->verbose)
        add_statements(human, index);
}

/* Many adoptions are one line: they run nothing. */
static void add_adoptions(const pd_human *human, size_t count)
{
    const pd_report *report = human->report;
    pd_strbuf_addf(human->out, "  %3s ", "");
    add_mark(human, pd_state_of_step(report, count - 1));
    const char *text =
        pd_arena_printf(human->arena, "adopt %zu migrations that are applied already, %s to %s",
                        count, pd_printable(human->arena, report->plan->steps[0].name),
                        pd_printable(human->arena, report->plan->steps[count - 1].name));
    pd_strbuf_addc(human->out, ' ');
    pd_text_wrap(human->out, text,
                 &(pd_wrap){.indent = "        ", .column = 8, .width = human->width});
    pd_strbuf_addc(human->out, '\n');
}

static bool is_left_out(const pd_human *human, size_t index, size_t first)
{
    size_t count = human->report->plan->count;
    if (human->options->verbose || count - first <= STEPS_SHOWN)
        return false;
    return index >= first + STEPS_SHOWN / 2 && index + STEPS_SHOWN / 2 < count &&
           pd_state_of_step(human->report, index) != PD_STEP_FAILED;
}

static void add_elided(const pd_human *human, size_t *elided)
{
    if (*elided > 0)
        pd_strbuf_addf(human->out, "      … %zu more, --verbose shows them\n", *elided);
    *elided = 0;
}

void pd_human_plan(const pd_human *human)
{
    const pd_plan *plan = human->report->plan;
    if (plan == NULL || plan->count == 0)
        return;
    pd_human_gap(human);
    pd_human_paint(human, PD_STYLE_STRONG, "plan");
    pd_strbuf_addf(human->out, "  %s\n", summary(human));

    size_t adoptions = 0;
    size_t name_columns = 0;
    for (size_t i = 0; i < plan->count; i++) {
        adoptions += plan->steps[i].kind == PD_STEP_ADOPT;
        const char *name = pd_printable(human->arena, plan->steps[i].name);
        size_t columns = pd_text_columns(name, strlen(name));
        name_columns = columns > name_columns ? columns : name_columns;
    }
    size_t first = !human->options->verbose && adoptions > ADOPTIONS_SHOWN ? adoptions : 0;
    if (first > 0)
        add_adoptions(human, first);
    size_t elided = 0;
    for (size_t i = first; i < plan->count; i++) {
        if (is_left_out(human, i, first)) {
            elided++;
            continue;
        }
        add_elided(human, &elided);
        add_step(human, i, name_columns, adoptions > 0);
    }
}

/* What the run has done to the migrations, "" when nothing stayed. */
static const char *work_done(const pd_human *human)
{
    const pd_report *report = human->report;
    pd_step_counts steps = pd_count_steps(report);
    const char *took = pd_format_duration(human->arena, report->elapsed_ms);
    if (steps.done > 0)
        return pd_arena_printf(human->arena, "%s %s in %s",
                               pd_streq(report->command, "rollback") ? "took out" : "applied",
                               pd_count_noun(human->arena, (int64_t)steps.done, "migration"), took);
    if (report->half)
        return pd_arena_printf(human->arena, "stopped half-way after %s", took);
    if (steps.undone + steps.failed > 0)
        return pd_arena_printf(human->arena, "rolled back after %s", took);
    return "";
}

/* "0007_orders, 12.3 s, of which CREATE INDEX orders_idx 11.8 s"; "" when nothing took long. */
static const char *slowest_text(const pd_human *human)
{
    pd_slowest slowest;
    if (!pd_find_slowest(human->report, &slowest) ||
        (slowest.step_ms < SLOW_MS && !human->options->verbose))
        return "";
    const char *text = pd_arena_printf(human->arena, "%s, %s", slowest.step->name,
                                       pd_format_duration(human->arena, slowest.step_ms));
    const pd_statement *statement = slowest.statement;
    if (statement != NULL && slowest.step->script->count > 1) {
        const char *object = pd_blank(statement->object) ? "" : statement->object;
        text = pd_arena_printf(human->arena, "%s, of which %s%s%s %s", text, statement->verb,
                               *object == '\0' ? "" : " ", object,
                               pd_format_duration(human->arena, slowest.statement_ms));
    }
    return pd_printable(human->arena, text);
}

void pd_human_deployment(const pd_human *human)
{
    const pd_report *report = human->report;
    const pd_deployment *deployment = report->deployment;
    if (deployment == NULL)
        return;
    pd_human_gap(human);
    pd_human_paint(human, PD_STYLE_STRONG, "deployment");
    pd_strbuf_addf(human->out, "  %s\n", pd_printable(human->arena, deployment->id));
    const char *work = work_done(human);
    if (work[0] != '\0')
        pd_human_field(human, "result", 8, work);
    const char *slowest = slowest_text(human);
    if (slowest[0] != '\0')
        pd_human_field(human, "slowest", 8, slowest);
    if (report->tables_before >= 0 && report->tables_after >= 0)
        pd_human_field(human, "tables", 8,
                       pd_arena_printf(human->arena, "%lld → %lld",
                                       (long long)report->tables_before,
                                       (long long)report->tables_after));
    if (deployment->backup_reference != NULL)
        pd_human_field(human, "backup", 8,
                       deployment->backup_reference[0] == '\0'
                           ? "made, without a reference"
                           : pd_printable(human->arena, deployment->backup_reference));
    if (human->options->verbose && deployment->actor != NULL)
        pd_human_field(human, "actor", 8, pd_printable(human->arena, deployment->actor));
}
