#include "domain/finding.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/utf8.h"

#define EXCERPT_MAX 512

typedef struct rule_row {
    const char *id;
    pd_severity severity;
    pd_gate gate;
    const char *summary;
} rule_row;

static const rule_row rules[PD_RULE_COUNT] = {
#define PD_RULE(name, id, severity, gate, summary)                                                 \
    {id, PD_SEVERITY_##severity, PD_GATE_##gate, summary},
#include "domain/rules.def"
#undef PD_RULE
};

const char *pd_rule_id(pd_rule rule)
{
    return rules[rule].id;
}

const char *pd_rule_summary(pd_rule rule)
{
    return rules[rule].summary;
}

pd_severity pd_rule_severity(pd_rule rule)
{
    return rules[rule].severity;
}

pd_gate pd_rule_gate(pd_rule rule)
{
    return rules[rule].gate;
}

bool pd_rule_find(const char *id, pd_rule *out)
{
    for (int i = 0; i < PD_RULE_COUNT; i++) {
        if (strcmp(rules[i].id, id) == 0) {
            *out = (pd_rule)i;
            return true;
        }
    }
    return false;
}

const char *pd_gate_name(pd_gate gate)
{
    static const char *const names[PD_GATE_COUNT] = {
        [PD_GATE_REVISION] = "revision", [PD_GATE_INTEGRITY] = "integrity",
        [PD_GATE_ROLLBACK] = "rollback", [PD_GATE_HISTORY] = "history",
        [PD_GATE_SYNTAX] = "syntax",     [PD_GATE_LEDGER] = "ledger",
        [PD_GATE_VERIFY] = "verify",
    };
    return names[gate];
}

const char *pd_severity_name(pd_severity severity)
{
    static const char *const names[] = {
        [PD_SEVERITY_OFF] = "off",
        [PD_SEVERITY_WARNING] = "warning",
        [PD_SEVERITY_ERROR] = "error",
    };
    return names[severity];
}

pd_finding *pd_find(pd_findings *findings, pd_rule rule, const char *path, const char *fmt, ...)
{
    pd_finding *finding =
        PD_PUSH(findings->arena, findings->items, findings->count, findings->capacity);
    finding->rule = rule;
    finding->severity = rules[rule].severity;
    finding->place.path = path == NULL ? NULL : pd_arena_strdup(findings->arena, path);
    finding->hint = "";
    va_list args;
    va_start(args, fmt);
    finding->message = pd_arena_vprintf(findings->arena, fmt, args);
    va_end(args);
    return finding;
}

void pd_finding_hint(pd_findings *findings, pd_finding *finding, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    finding->hint = pd_arena_vprintf(findings->arena, fmt, args);
    va_end(args);
}

void pd_finding_at(pd_findings *findings, pd_finding *finding, const char *text, size_t len,
                   size_t offset)
{
    if (offset > len)
        offset = len;
    pd_line_column(text, len, offset, &finding->place.line, &finding->place.column);
    size_t start = offset;
    while (start > 0 && text[start - 1] != '\n')
        start--;
    const char *newline = memchr(text + offset, '\n', len - offset);
    size_t end = newline == NULL ? len : (size_t)(newline - text);
    if (end > start && text[end - 1] == '\r')
        end--;
    /* The excerpt begins where the line does, so that the column is right; only its tail is cut. */
    finding->excerpt = NULL;
    if (offset - start < EXCERPT_MAX) {
        size_t cut = start;
        for (size_t used = 0; cut < end; cut += used) {
            used = pd_utf8_length(text + cut, end - cut);
            if (cut + used - start > EXCERPT_MAX)
                break;
        }
        finding->excerpt = pd_arena_strndup(findings->arena, text + start, cut - start);
    }
}

typedef struct ranked {
    pd_finding finding;
    size_t index;
} ranked;

static int compare_text(const char *a, const char *b)
{
    if (a == NULL || b == NULL)
        return (a != NULL) - (b != NULL);
    return strcmp(a, b);
}

static int compare_numbers(long long a, long long b)
{
    return (a > b) - (a < b);
}

static int compare(const void *left, const void *right)
{
    const ranked *a = left;
    const ranked *b = right;
    const pd_finding *x = &a->finding;
    const pd_finding *y = &b->finding;
    int order = compare_numbers((int)y->severity, (int)x->severity);
    if (order == 0)
        order = compare_numbers((int)pd_rule_gate(x->rule), (int)pd_rule_gate(y->rule));
    if (order == 0)
        order = compare_text(x->place.path, y->place.path);
    if (order == 0)
        order = compare_numbers(x->place.line, y->place.line);
    if (order == 0)
        order = compare_numbers(x->place.column, y->place.column);
    if (order == 0)
        order = compare_numbers((int)x->rule, (int)y->rule);
    return order != 0 ? order : compare_numbers((long long)a->index, (long long)b->index);
}

void pd_findings_settle(pd_findings *findings, const int severity_of_rule[PD_RULE_COUNT])
{
    if (findings->count == 0)
        return;
    ranked *sorted = pd_arena_array(findings->arena, findings->count, sizeof *sorted);
    size_t kept = 0;
    for (size_t i = 0; i < findings->count; i++) {
        pd_finding finding = findings->items[i];
        if (severity_of_rule[finding.rule] >= 0)
            finding.severity = (pd_severity)severity_of_rule[finding.rule];
        if (finding.severity != PD_SEVERITY_OFF)
            sorted[kept++] = (ranked){.finding = finding, .index = i};
    }
    qsort(sorted, kept, sizeof *sorted, compare);
    for (size_t i = 0; i < kept; i++)
        findings->items[i] = sorted[i].finding;
    findings->count = kept;
}

pd_findings pd_findings_copy(const pd_findings *findings)
{
    pd_findings copy = *findings;
    copy.items = pd_arena_array(findings->arena, findings->count + 1, sizeof *findings->items);
    if (findings->count > 0)
        memcpy(copy.items, findings->items, findings->count * sizeof *findings->items);
    copy.capacity = findings->count;
    return copy;
}

size_t pd_findings_count(const pd_findings *findings, pd_severity severity)
{
    size_t count = 0;
    for (size_t i = 0; i < findings->count; i++)
        count += findings->items[i].severity == severity;
    return count;
}

size_t pd_findings_of_gate(const pd_findings *findings, pd_gate gate, pd_severity severity)
{
    size_t count = 0;
    for (size_t i = 0; i < findings->count; i++)
        count += findings->items[i].severity == severity &&
                 pd_rule_gate(findings->items[i].rule) == gate;
    return count;
}

static const struct {
    const char *name;
    const char *text;
} change_words[] = {
    [PD_CHANGE_UNKNOWN] = {"unknown", ""},
    [PD_CHANGE_LINE_ENDINGS] = {"line-endings", "only line endings differ"},
    [PD_CHANGE_COMMENTS] = {"comments", "only comments and white space differ"},
    [PD_CHANGE_SQL] = {"sql", "the SQL differs"},
};

const char *pd_change_text(pd_change_kind kind)
{
    return change_words[kind].text;
}

const char *pd_change_name(pd_change_kind kind)
{
    return change_words[kind].name;
}

bool pd_change_is_cosmetic(const pd_change *change)
{
    return change != NULL &&
           (change->kind == PD_CHANGE_LINE_ENDINGS || change->kind == PD_CHANGE_COMMENTS);
}
