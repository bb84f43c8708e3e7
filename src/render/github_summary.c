/* The files of a step of GitHub Actions: the summary in Markdown, and the outputs. */
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "render/escape.h"
#include "render/render.h"
#include "render/verdict.h"
#include "render/words.h"

#define NOTE_ROOM 100 /* for the line about what was left out */

typedef struct summary {
    const pd_report *report;
    pd_arena *arena;
    pd_strbuf *out;
    size_t start;
    size_t max;
    size_t dropped;
} summary;

/* Adds a block whole, or counts it when there is no room. What follows a block that was dropped
 * is dropped too, so that no table goes on without its middle. */
static void add_block(summary *self, const pd_strbuf *block)
{
    size_t used = self->out->len - self->start + NOTE_ROOM;
    if (self->dropped > 0 || used > self->max || block->len > self->max - used)
        self->dropped++;
    else
        pd_strbuf_add(self->out, block->data, block->len);
}

static void add_heading(summary *self)
{
    PD_AUTO_STRBUF block = pd_strbuf_new(PD_STRBUF_MAX);
    pd_strbuf_addf(&block, "## predeploy: %s\n\n", pd_verdict_line(self->report, self->arena));
    add_block(self, &block);
}

/* "- NAME: ` FIRST ` ` SECOND `" */
static void add_field(summary *self, const char *name, const char *first, const char *second)
{
    if (pd_blank(first) && pd_blank(second))
        return;
    PD_AUTO_STRBUF block = pd_strbuf_new(PD_STRBUF_MAX);
    pd_strbuf_addf(&block, "- %s: ", name);
    pd_escape_code(&block, first == NULL ? "" : first, false);
    if (!pd_blank(first) && !pd_blank(second))
        pd_strbuf_addc(&block, ' ');
    pd_escape_code(&block, second == NULL ? "" : second, false);
    pd_strbuf_addc(&block, '\n');
    add_block(self, &block);
}

static void add_revision(summary *self, const char *name, const pd_revision *revision)
{
    if (revision != NULL)
        add_field(self, name, revision->oid, revision->subject);
}

static void add_fields(summary *self)
{
    const pd_report *report = self->report;
    const pd_deployment *deployment = report->deployment;
    add_field(self, "command", report->command, NULL);
    add_revision(self, "revision", report->revision);
    add_revision(self, "base", report->base);
    add_field(self, "database", report->target == NULL ? NULL : report->target->dbname,
              pd_words_standing(&report->standing, self->arena));
    if (deployment == NULL)
        return;
    add_field(self, "deployment", deployment->id, deployment->outcome);
    add_field(self, "backup", deployment->backup_reference, NULL);
}

static const char *gate_mark(pd_gate_state state)
{
    switch (state) {
    case PD_GATE_SKIPPED:
        return "not asked";
    case PD_GATE_OPEN:
        return "✅ open";
    case PD_GATE_WARNED:
        return "⚠️ open";
    case PD_GATE_CLOSED:
        return "❌ closed";
    }
    return "❌ closed";
}

static void add_gates(summary *self)
{
    const pd_report *report = self->report;
    PD_AUTO_STRBUF block = pd_strbuf_new(PD_STRBUF_MAX);
    if (report->gate_count > 0)
        pd_strbuf_adds(&block, "\n| gate | state | findings | note |\n|---|---|---|---|\n");
    for (size_t i = 0; i < report->gate_count; i++) {
        const pd_gate_result *gate = &report->gates[i];
        pd_strbuf_addf(&block, "| %s | %s | %s | ", pd_gate_name(gate->gate),
                       gate_mark(gate->state), pd_count_findings(report, gate->gate, self->arena));
        pd_escape_code(&block, gate->note == NULL ? "" : gate->note, true);
        pd_strbuf_adds(&block, " |\n");
    }
    add_block(self, &block);
}

static void add_place(pd_strbuf *block, const pd_place *place, pd_arena *arena)
{
    if (pd_blank(place->path))
        return;
    const char *text = place->path;
    if (place->line > 0 && place->column > 0)
        text = pd_arena_printf(arena, "%s:%d:%d", text, place->line, place->column);
    else if (place->line > 0)
        text = pd_arena_printf(arena, "%s:%d", text, place->line);
    pd_strbuf_addc(block, ' ');
    pd_escape_code(block, text, false);
}

/* A point of a list with a place, and below it each line of the text. */
static void add_point(summary *self, const char *word, const char *what, const pd_place *place,
                      const char *text)
{
    PD_AUTO_STRBUF block = pd_strbuf_new(PD_STRBUF_MAX);
    pd_strbuf_addf(&block, "- %s ", word);
    pd_escape_code(&block, what, false);
    add_place(&block, place, self->arena);
    pd_strbuf_addc(&block, '\n');
    while (*text != '\0') {
        size_t len = strcspn(text, "\n");
        size_t kept = len > 0 && text[len - 1] == '\r' ? len - 1 : len;
        const char *line = pd_arena_strndup(self->arena, text, kept);
        if (!pd_blank(line)) {
            pd_strbuf_adds(&block, "  - ");
            pd_escape_code(&block, line, false);
            pd_strbuf_addc(&block, '\n');
        }
        text += text[len] == '\0' ? len : len + 1;
    }
    add_block(self, &block);
}

static void add_title(summary *self, const char *title)
{
    PD_AUTO_STRBUF block = pd_strbuf_new(PD_STRBUF_MAX);
    pd_strbuf_addf(&block, "\n### %s\n\n", title);
    add_block(self, &block);
}

static void add_errors(summary *self)
{
    const pd_report *report = self->report;
    const pd_failure *failure = report->failure;
    if (failure == NULL && report->error.kind == PD_ERROR_NONE)
        return;
    add_title(self, "What went wrong");
    if (failure != NULL)
        add_point(self, "❌", pd_blank(failure->sqlstate) ? "the server" : failure->sqlstate,
                  &failure->place, pd_words_failure(failure, self->arena));
    if (report->error.kind != PD_ERROR_NONE)
        add_point(self, "❌", "predeploy", &(pd_place){0},
                  pd_words_error(&report->error, failure, self->arena));
}

static void add_findings(summary *self)
{
    const pd_findings *findings = self->report->findings;
    if (findings == NULL || findings->count == 0)
        return;
    add_title(self, "Findings");
    for (size_t i = 0; i < findings->count; i++) {
        const pd_finding *finding = &findings->items[i];
        add_point(self, finding->severity == PD_SEVERITY_ERROR ? "❌" : "⚠️",
                  pd_rule_id(finding->rule), &finding->place,
                  pd_words_finding(finding, self->arena));
    }
}

static void add_steering(summary *self)
{
    const pd_report *report = self->report;
    if (report->steering_count == 0)
        return;
    add_title(self, pd_words_steering(report, self->arena));
    for (size_t i = 0; i < report->steering_count; i++) {
        const pd_steering *steering = &report->steering[i];
        add_point(self, steering->what, steering->path, &(pd_place){0},
                  steering->detail == NULL ? "" : steering->detail);
    }
}

static const char *step_mark(const pd_step *step, pd_step_state state)
{
    switch (state) {
    case PD_STEP_DONE:
        return step->kind == PD_STEP_ADOPT ? "✅ adopted" : "✅ done";
    case PD_STEP_FAILED:
        return "❌ failed";
    case PD_STEP_UNDONE:
        return "↩️ rolled back";
    case PD_STEP_PLANNED:
        break;
    }
    return "not run";
}

static void add_steps(summary *self)
{
    const pd_report *report = self->report;
    if (report->plan == NULL || report->plan->count == 0)
        return;
    PD_AUTO_STRBUF head = pd_strbuf_new(PD_STRBUF_MAX);
    pd_strbuf_adds(&head, "\n### Plan\n\n| migration | state | time |\n|---|---|---|\n");
    add_block(self, &head);
    for (size_t i = 0; i < report->plan->count; i++) {
        const pd_step *step = &report->plan->steps[i];
        PD_AUTO_STRBUF row = pd_strbuf_new(PD_STRBUF_MAX);
        pd_strbuf_adds(&row, "| ");
        pd_escape_code(&row, step->name, true);
        pd_step_state state = pd_state_of_step(report, i);
        bool ran = state != PD_STEP_PLANNED && step->kind != PD_STEP_ADOPT;
        pd_strbuf_addf(&row, " | %s%s | %s |\n", step_mark(step, state),
                       step->alone ? ", outside a transaction" : "",
                       ran ? pd_format_duration(self->arena, report->steps[i].ms) : "");
        add_block(self, &row);
    }
}

void pd_render_github_summary(const pd_report *report, size_t max, pd_strbuf *out)
{
    PD_AUTO_ARENA arena = pd_arena_new();
    summary self = {.report = report, .arena = arena, .out = out, .start = out->len, .max = max};
    add_heading(&self);
    add_fields(&self);
    add_gates(&self);
    add_errors(&self);
    add_findings(&self);
    add_steering(&self);
    add_steps(&self);
    if (self.dropped > 0 && max >= NOTE_ROOM)
        pd_strbuf_addf(out, "\n%zu more entries were left out: the summary is full.\n\n",
                       self.dropped);
    else if (self.dropped == 0)
        pd_strbuf_addc(out, '\n');
}

static bool add_output(pd_strbuf *out, const char *name, const char *value, const char *delimiter)
{
    PD_AUTO_STRBUF clean = pd_strbuf_new(PD_STRBUF_MAX);
    pd_escape_strip(&clean, value == NULL ? "" : value);
    pd_strbuf_addf(out, "%s<<%s\n%s\n%s\n", name, delimiter, clean.data, delimiter);
    return strstr(clean.data, delimiter) == NULL;
}

static const char *number(pd_arena *arena, int64_t value)
{
    return value < 0 ? "" : pd_arena_printf(arena, "%lld", (long long)value);
}

bool pd_render_github_outputs(const pd_report *report, const char *delimiter, pd_strbuf *out)
{
    PD_AUTO_ARENA arena = pd_arena_new();
    PD_AUTO_STRBUF text = pd_strbuf_new(PD_STRBUF_MAX);
    pd_step_counts steps = pd_count_steps(report);
    int64_t pending = report->plan == NULL ? -1 : (int64_t)(steps.pending - steps.done);
    const char *backup = report->deployment == NULL ? "" : report->deployment->backup_reference;
    const struct {
        const char *name;
        const char *value;
    } values[] = {
        {"verdict", pd_verdict_word(report->status)},
        {"status", number(arena, report->status)},
        {"applied", number(arena, (int64_t)steps.done)},
        {"pending", number(arena, pending)},
        {"tables", number(arena, pd_tables_now(report))},
        {"backup", backup},
        {"commit", report->revision == NULL ? "" : report->revision->oid},
        {"database", report->target == NULL ? "not asked" : "asked"},
    };
    bool fits = true;
    for (size_t i = 0; i < sizeof values / sizeof *values; i++)
        fits = add_output(&text, values[i].name, values[i].value, delimiter) && fits;
    if (fits)
        pd_strbuf_add(out, text.data, text.len);
    return fits;
}
