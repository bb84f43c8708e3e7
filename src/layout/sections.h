/* Files with both directions: which bytes are whose. Private to this folder. */
#ifndef PD_LAYOUT_SECTIONS_H
#define PD_LAYOUT_SECTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"

/* What the markers of one file say. Both texts have the file's length and a NUL behind; what is
 * the other direction's, and the markers, are blanks in them, line feeds stay. */
typedef struct pd_sections {
    char *up;
    char *down;             /* NULL: the file has no such section */
    bool no_transaction;    /* the way up asks for none */
    const char *needs_tool; /* why only the tool can run it, else NULL */
    size_t needs_tool_at;
    const char
        *fault; /* what the tool would not understand, else NULL: up and down are then NULL */
    size_t fault_at;
} pd_sections;

/* `-- migrate:up` and `-- migrate:down`, at a line's beginning, in lower case. */
void pd_sections_dbmate(pd_arena *arena, const char *text, size_t len, pd_sections *out);

/* `-- +goose Up`, `Down`, `StatementBegin`, `StatementEnd`, `NO TRANSACTION`, `ENVSUB ON`, `ENVSUB
 * OFF`, at a line's beginning, in any case. */
void pd_sections_goose(pd_arena *arena, const char *text, size_t len, pd_sections *out);

/* ---- what both readers are made of ---- */

typedef enum pd_direction {
    PD_NO_DIRECTION, /* in front of the first marker */
    PD_UP,
    PD_DOWN,
} pd_direction;

typedef struct pd_line {
    size_t at; /* of its first byte, in the text */
    const char *text;
    size_t len;  /* without blanks, line feed and carriage return at its end */
    size_t next; /* where the next line begins */
} pd_line;

/* The line that begins at `at`; false at the text's end. */
bool pd_line_at(const char *text, size_t len, size_t at, pd_line *out);

bool pd_line_is_blank(const pd_line *line);
bool pd_line_is_comment(const pd_line *line); /* begins with "--", blanks in front or not */

/* What stands behind "--" and the blanks behind that, with its length; "" for no comment. */
const char *pd_line_remark(const pd_line *line, size_t *len);

/* Makes both texts blank; then each line is given to its direction. */
void pd_sections_begin(pd_arena *arena, const char *text, size_t len, pd_sections *out);
void pd_sections_give(pd_sections *self, pd_direction direction, const pd_line *line);
void pd_sections_fail(pd_sections *self, size_t at, const char *fault);

/* The tool whose markers the text has ("goose", "dbmate", "sql-migrate", "node-pg-migrate"), else
 * NULL. */
const char *pd_sections_tool(const char *text, size_t len);

#endif
