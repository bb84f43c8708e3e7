/* The pieces of the report for people, shared by the files human_*.c. */
#ifndef PD_RENDER_HUMAN_H
#define PD_RENDER_HUMAN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/strbuf.h"
#include "domain/report.h"
#include "render/render.h"

typedef struct pd_human {
    const pd_report *report;
    const pd_render_options *options;
    pd_strbuf *out;
    pd_arena *arena; /* of this rendering */
    size_t start;    /* bytes that stood in out before */
    size_t width;    /* columns */
} pd_human;

typedef enum pd_style {
    PD_STYLE_PLAIN,
    PD_STYLE_STRONG,
    PD_STYLE_FAINT,
    PD_STYLE_GOOD,
    PD_STYLE_WARN,
    PD_STYLE_BAD,
    PD_STYLE_HINT,
} pd_style;

/* Writes text of our own, or text made printable, in a style. */
void pd_human_paint(const pd_human *human, pd_style style, const char *text);

/* An empty line between two blocks; nothing in front of the first. */
void pd_human_gap(const pd_human *human);

/* "  LABEL: TEXT", wrapped, with further lines of the text behind `| `. Nothing when text is NULL
 * or empty. label NULL: the text alone. */
void pd_human_said(const pd_human *human, pd_style style, const char *label, const char *text);

/* "LABEL: TEXT" from column 0 on, in the same way; text is not empty. */
void pd_human_headline(const pd_human *human, const char *label, const char *text);

/* "  NAME   VALUE", the value wrapped in a column of its own; one line of printable text. */
void pd_human_field(const pd_human *human, const char *name, size_t name_columns,
                    const char *value);

/* The source line that place points into, with its number and a caret. */
void pd_human_excerpt(const pd_human *human, const pd_place *place, const char *excerpt,
                      pd_style caret);

/* " PATH:LINE:COLUMN" and a line feed, as much of it as is known. */
void pd_human_place(const pd_human *human, const pd_place *place);

/* The first 7 digits of an object id, the first 8 of a UUID, "2026-11-22 10:11:12" of a
 * timestamp; printable whatever they are. */
const char *pd_human_commit(const pd_human *human, const char *oid);
const char *pd_human_uuid(const pd_human *human, const char *uuid);
const char *pd_human_time(const pd_human *human, const char *timestamp);

/* The blocks, each with the gap in front of it; each writes nothing when there is nothing. */
void pd_human_header(const pd_human *human);
void pd_human_gates(const pd_human *human);
void pd_human_steering(const pd_human *human);
void pd_human_findings(const pd_human *human);
void pd_human_plan(const pd_human *human);
void pd_human_failure(const pd_human *human);
void pd_human_deployment(const pd_human *human);
void pd_human_status(const pd_human *human);
void pd_human_error(const pd_human *human);

#endif
