/* A finding: what makes a deployment unsafe, as data that is rendered late.
 *
 * Checks only add findings. Severity overrides from the settings, and sorting, happen once, in
 * pd_findings_settle. Texts live in the arena and may hold foreign bytes: renderers escape them.
 */
#ifndef PD_DOMAIN_FINDING_H
#define PD_DOMAIN_FINDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

typedef enum pd_severity {
    PD_SEVERITY_OFF,
    PD_SEVERITY_WARNING,
    PD_SEVERITY_ERROR,
} pd_severity;

typedef enum pd_gate {
    PD_GATE_REVISION,
    PD_GATE_INTEGRITY,
    PD_GATE_ROLLBACK,
    PD_GATE_HISTORY,
    PD_GATE_SYNTAX,
    PD_GATE_LEDGER,
    PD_GATE_VERIFY,
    PD_GATE_COUNT,
} pd_gate;

typedef enum pd_rule {
#define PD_RULE(name, id, severity, gate, summary) PD_RULE_##name,
#include "domain/rules.def"
#undef PD_RULE
    PD_RULE_COUNT,
} pd_rule;

const char *pd_rule_id(pd_rule rule);
const char *pd_rule_summary(pd_rule rule);
pd_severity pd_rule_severity(pd_rule rule); /* the default one */
pd_gate pd_rule_gate(pd_rule rule);
bool pd_rule_find(const char *id, pd_rule *out);
const char *pd_gate_name(pd_gate gate);             /* "revision", … */
const char *pd_severity_name(pd_severity severity); /* "error", "warning", "off" */

typedef struct pd_place {
    const char *path; /* from the root of the tree, NULL when it is about no file */
    int line;         /* 1-based, 0 when unknown */
    int column;       /* 1-based, in characters, 0 when unknown */
} pd_place;

/* What an edit came to, for findings about content that is not what it was. */
typedef enum pd_change_kind {
    PD_CHANGE_UNKNOWN,      /* the old text is not to be had, and no digest of it */
    PD_CHANGE_LINE_ENDINGS, /* outside of literals */
    PD_CHANGE_COMMENTS,     /* and white space; outside of literals */
    PD_CHANGE_SQL,
} pd_change_kind;

typedef struct pd_change {
    pd_change_kind kind;
    /* The first statement that differs, in each version: where it begins (0 when it has none, or
     * the text is not known) and the line of it in which they part, "" when there is none. */
    int old_line;
    int old_column;
    const char *old_excerpt;
    int new_line;
    int new_column;
    const char *new_excerpt;
    /* The commit that brought the new content; "" when the history that was walked has none. */
    const char *commit;
    const char *author;
    const char *subject;
    int64_t time; /* Unix seconds */
} pd_change;

/* "only line endings differ", "only comments and white space differ", "the SQL differs", "" */
const char *pd_change_text(pd_change_kind kind);
/* "line-endings", "comments", "sql", "unknown" */
const char *pd_change_name(pd_change_kind kind);
bool pd_change_is_cosmetic(const pd_change *change); /* NULL: no */

/* What a finding about content compares. The explanation (pd_change) is made of it late, only for
 * what was found. */
typedef struct pd_evidence {
    const struct pd_sql_file *is;     /* of the revision, NULL when it has none */
    const struct pd_sql_file *was;    /* of the witness, NULL when only its hash is known */
    const char *was_hash;             /* SHA-256 of the old content, NULL with `was` */
    const char *was_tokens;           /* digest of its tokens, NULL when not known */
    const struct pd_revision *was_at; /* the witness, NULL when it is none of git's */
} pd_evidence;

typedef struct pd_finding {
    pd_rule rule;
    pd_severity severity;
    pd_place place;
    const char *message;         /* one sentence without full stop */
    const char *hint;            /* what mends it, "" when nothing is known */
    const char *excerpt;         /* the source line that place points into, NULL when none */
    const pd_evidence *evidence; /* NULL when it compares no content */
    const pd_change *change;     /* NULL when the finding is about no edit */
} pd_finding;

typedef struct pd_findings {
    pd_arena *arena;
    pd_finding *items;
    size_t count;
    size_t capacity;
} pd_findings;

/* Adds a finding of the rule's default severity and returns it, valid until the next one is
 * added; path may be NULL, it is copied. */
pd_finding *pd_find(pd_findings *findings, pd_rule rule, const char *path, const char *fmt, ...)
    PD_PRINTF(4, 5);
void pd_finding_hint(pd_findings *findings, pd_finding *finding, const char *fmt, ...)
    PD_PRINTF(3, 4);
/* Sets line and column from a byte offset into text, and the excerpt to the first 512 bytes of
 * that line; NULL when the column lies behind them. */
void pd_finding_at(pd_findings *findings, pd_finding *finding, const char *text, size_t len,
                   size_t offset);

/* Overrides: severity_of_rule[rule] >= 0 replaces the default; those that are off are dropped.
 * Sorts by severity (errors first), gate, path, line, column, rule; stable. */
void pd_findings_settle(pd_findings *findings, const int severity_of_rule[PD_RULE_COUNT]);
/* A list of its own, in the same arena; what the findings point to is shared. It has no room: who
 * goes on with it by assignment and adds to that leaves the copy as it was. */
pd_findings pd_findings_copy(const pd_findings *findings);
size_t pd_findings_count(const pd_findings *findings, pd_severity severity);
size_t pd_findings_of_gate(const pd_findings *findings, pd_gate gate, pd_severity severity);

#endif
