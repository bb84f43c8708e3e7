/* JUnit XML, as CI servers read it: a testsuite a gate, one for the plan, one for the run. */
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "render/escape.h"
#include "render/format.h"
#include "render/verdict.h"
#include "render/words.h"

typedef struct suite {
    const pd_report *report;
    pd_arena *arena;
    pd_strbuf *cases;
    size_t tests;
    size_t failures;
    size_t errors;
    size_t skipped;
    int64_t ms;
} suite;

static void add_attribute(pd_strbuf *out, const char *name, const char *value)
{
    pd_strbuf_addf(out, " %s=\"", name);
    pd_escape_xml(out, value == NULL ? "" : value);
    pd_strbuf_addc(out, '"');
}

static void add_seconds(pd_strbuf *out, int64_t ms)
{
    int64_t known = ms < 0 ? 0 : ms;
    pd_strbuf_addf(out, " time=\"%lld.%03lld\"", (long long)(known / 1000),
                   (long long)(known % 1000));
}

static void begin_case(suite *self, const char *name, int64_t ms)
{
    pd_strbuf_adds(self->cases, "    <testcase");
    add_attribute(self->cases, "classname",
                  pd_arena_printf(self->arena, "predeploy.%s", self->report->command));
    add_attribute(self->cases, "name", name);
    add_seconds(self->cases, ms);
    pd_strbuf_adds(self->cases, ">\n");
    self->tests++;
    self->ms += ms;
}

static void end_case(const suite *self)
{
    pd_strbuf_adds(self->cases, "    </testcase>\n");
}

/* <ELEMENT type="" message="FIRST LINE">TEXT</ELEMENT> */
static void add_trouble(const suite *self, const char *element, const char *type, const char *text)
{
    const char *first = pd_arena_strndup(self->arena, text, strcspn(text, "\r\n"));
    pd_strbuf_addf(self->cases, "      <%s", element);
    add_attribute(self->cases, "type", type);
    add_attribute(self->cases, "message", first);
    pd_strbuf_addc(self->cases, '>');
    pd_escape_xml(self->cases, text);
    pd_strbuf_addf(self->cases, "</%s>\n", element);
}

static void add_skipped(suite *self, const char *why)
{
    pd_strbuf_adds(self->cases, "      <skipped");
    add_attribute(self->cases, "message", why);
    pd_strbuf_adds(self->cases, "/>\n");
    self->skipped++;
}

static void add_said(const suite *self, const char *text)
{
    if (pd_blank(text))
        return;
    pd_strbuf_adds(self->cases, "      <system-out>");
    pd_escape_xml(self->cases, text);
    pd_strbuf_adds(self->cases, "</system-out>\n");
}

/* Writes the suite that was collected, and begins the next one. */
static void end_suite(suite *self, const char *name, pd_strbuf *out)
{
    pd_strbuf_adds(out, "  <testsuite");
    add_attribute(out, "name",
                  pd_arena_printf(self->arena, "predeploy %s: %s", self->report->command, name));
    pd_strbuf_addf(out, " tests=\"%zu\" failures=\"%zu\" errors=\"%zu\" skipped=\"%zu\"",
                   self->tests, self->failures, self->errors, self->skipped);
    add_seconds(out, self->ms);
    pd_strbuf_addf(out, ">\n%s  </testsuite>\n", self->cases->data);
    pd_strbuf_clear(self->cases);
    *self = (suite){.report = self->report, .arena = self->arena, .cases = self->cases};
}

static const char *place_text(const pd_place *place, pd_arena *arena)
{
    if (pd_blank(place->path))
        return "";
    if (place->line > 0 && place->column > 0)
        return pd_arena_printf(arena, "%s:%d:%d: ", place->path, place->line, place->column);
    if (place->line > 0)
        return pd_arena_printf(arena, "%s:%d: ", place->path, place->line);
    return pd_arena_printf(arena, "%s: ", place->path);
}

static void add_gate_findings(suite *self, pd_gate gate)
{
    const pd_findings *findings = self->report->findings;
    PD_AUTO_STRBUF warnings = pd_strbuf_new(PD_STRBUF_MAX);
    bool failed = false;
    for (size_t i = 0; findings != NULL && i < findings->count; i++) {
        const pd_finding *finding = &findings->items[i];
        if (pd_rule_gate(finding->rule) != gate)
            continue;
        const char *id = pd_rule_id(finding->rule);
        const char *text =
            pd_arena_printf(self->arena, "%s%s", place_text(&finding->place, self->arena),
                            pd_words_finding(finding, self->arena));
        if (finding->severity == PD_SEVERITY_ERROR)
            add_trouble(self, "failure", id, text);
        else
            pd_strbuf_addf(&warnings, "warning[%s] %s\n", id, text);
        failed = failed || finding->severity == PD_SEVERITY_ERROR;
    }
    self->failures += failed;
    add_said(self, warnings.data);
}

static void add_gate(suite *self, const pd_gate_result *gate, pd_strbuf *out)
{
    const char *name = pd_gate_name(gate->gate);
    begin_case(self, name, 0);
    if (gate->state == PD_GATE_SKIPPED)
        add_skipped(self, gate->note);
    add_gate_findings(self, gate->gate);
    end_case(self);
    end_suite(self, name, out);
}

static bool is_listed(const pd_report *report, pd_gate gate)
{
    for (size_t i = 0; i < report->gate_count; i++) {
        if (report->gates[i].gate == gate)
            return true;
    }
    return false;
}

/* The gates of the report; and those that it does not list, but that found something. */
static void add_gates(suite *self, pd_strbuf *out)
{
    const pd_report *report = self->report;
    for (size_t i = 0; i < report->gate_count; i++)
        add_gate(self, &report->gates[i], out);
    for (int i = 0; report->findings != NULL && i < PD_GATE_COUNT; i++) {
        pd_gate gate = (pd_gate)i;
        size_t found = pd_findings_of_gate(report->findings, gate, PD_SEVERITY_ERROR) +
                       pd_findings_of_gate(report->findings, gate, PD_SEVERITY_WARNING);
        if (found > 0 && !is_listed(report, gate))
            add_gate(self, &(pd_gate_result){.gate = gate, .state = PD_GATE_WARNED}, out);
    }
}

/* "12 ms CREATE TABLE orders", a line each; "" when a single one ran. */
static const char *statement_times(const suite *self, size_t index)
{
    const pd_report *report = self->report;
    const pd_script *script = report->plan->steps[index].script;
    PD_AUTO_STRBUF out = pd_strbuf_new(PD_STRBUF_MAX);
    for (size_t i = 0; script != NULL && script->count > 1 && i < script->count; i++) {
        const pd_statement *statement = &script->statements[i];
        pd_statement_result result = pd_state_of_statement(report, index, i);
        if (result.ms >= 0)
            pd_strbuf_addf(&out, "%s %s %s\n", pd_format_duration(self->arena, result.ms),
                           statement->verb, statement->object == NULL ? "" : statement->object);
    }
    return pd_strbuf_keep(&out, self->arena);
}

static void add_step(suite *self, size_t index)
{
    const pd_report *report = self->report;
    const pd_step *step = &report->plan->steps[index];
    const pd_failure *failure = report->failure;
    pd_step_state state = pd_state_of_step(report, index);
    begin_case(self, step->name, report->steps == NULL ? 0 : report->steps[index].ms);
    switch (state) {
    case PD_STEP_DONE:
        add_said(self, statement_times(self, index));
        break;
    case PD_STEP_PLANNED:
        add_skipped(self, "not run");
        break;
    case PD_STEP_UNDONE:
        add_skipped(self, "rolled back");
        break;
    case PD_STEP_FAILED:
        self->failures++;
        if (failure == NULL)
            add_trouble(self, "failure", "failed", "failed");
        else
            add_trouble(self, "failure", failure->sqlstate,
                        pd_arena_printf(self->arena, "%s%s",
                                        place_text(&failure->place, self->arena),
                                        pd_words_failure(failure, self->arena)));
        break;
    }
    end_case(self);
}

/* What the run came to as a whole; a report without gates has this case at least. */
static void add_run(suite *self, pd_strbuf *out)
{
    const pd_report *report = self->report;
    begin_case(self, "run", 0);
    self->ms = report->elapsed_ms;
    if (report->error.kind != PD_ERROR_NONE) {
        self->errors++;
        add_trouble(self, "error", pd_verdict_word(report->status),
                    pd_words_error(&report->error, report->failure, self->arena));
    }
    PD_AUTO_STRBUF said = pd_strbuf_new(PD_STRBUF_MAX);
    pd_strbuf_addf(&said, "%s\n", pd_verdict_line(report, self->arena));
    for (size_t i = 0; i < report->steering_count; i++) {
        const pd_steering *steering = &report->steering[i];
        const char *detail = pd_blank(steering->detail) ? "" : steering->detail;
        pd_strbuf_addf(&said, "steers the gates, %s against the base: %s\n%s%s", steering->what,
                       steering->path, detail, detail[0] == '\0' ? "" : "\n");
    }
    add_said(self, said.data);
    end_case(self);
    end_suite(self, "run", out);
}

void pd_render_junit_suites(const pd_report *report, pd_strbuf *out)
{
    PD_AUTO_ARENA arena = pd_arena_new();
    PD_AUTO_STRBUF cases = pd_strbuf_new(PD_STRBUF_MAX);
    suite self = {.report = report, .arena = arena, .cases = &cases};
    add_gates(&self, out);
    size_t steps = report->plan == NULL ? 0 : report->plan->count;
    for (size_t i = 0; i < steps; i++)
        add_step(&self, i);
    if (steps > 0)
        end_suite(&self, "plan", out);
    add_run(&self, out);
}
