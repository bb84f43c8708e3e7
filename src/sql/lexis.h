/* What must be known of SQL's lexis before, and beside, the parser: blanks, comments, breakpoints.
 *
 * As PostgreSQL's scanner has it (PostgreSQL 15, "4.1.5 Comments" and src/backend/parser/scan.l):
 * a line comment ends at a line feed or a carriage return, block comments nest. No function here
 * looks inside a literal: each starts where a token of SQL may start.
 */
#ifndef PD_SQL_LEXIS_H
#define PD_SQL_LEXIS_H

#include <stdbool.h>
#include <stddef.h>

/* Drizzle's separator of statements; it counts wherever it stands, literals and comments too. */
#define PD_SQL_BREAKPOINT "--> statement-breakpoint"

/* Offset of the first byte at or behind `from` that is neither blank nor part of a comment; len
 * when there is none. A block comment that does not end is no comment: its offset is given. */
size_t pd_sql_skip_blank(const char *text, size_t len, size_t from);

/* The same, over semicolons too: len means that no statement is left. */
size_t pd_sql_skip_empty(const char *text, size_t len, size_t from);

/* Offset of the first breakpoint at or behind `from`; len when there is none. */
size_t pd_sql_find_breakpoint(const char *text, size_t len, size_t from);

/* Offset of the end of the line comment that starts at `from`: its line end, or len. */
size_t pd_sql_line_comment_end(const char *text, size_t len, size_t from);

/* Offset behind the block comment that starts at `from`; `from` itself when it does not end. */
size_t pd_sql_skip_block_comment(const char *text, size_t len, size_t from);

/* Reads the keyword at *at (behind blanks and comments) upper-cased into word and moves *at
 * behind it. False, with *at on what stands there, when it is no keyword or longer than any. */
#define PD_SQL_WORD_MAX 32
bool pd_sql_next_word(const char *text, size_t len, size_t *at, char word[PD_SQL_WORD_MAX]);

/* A place that only moves forward, so that the lines of many statements cost one pass. */
typedef struct pd_sql_cursor {
    size_t offset;
    int line;   /* 1-based */
    int column; /* 1-based, in characters */
} pd_sql_cursor;

#define PD_SQL_CURSOR_START ((pd_sql_cursor){0, 1, 1})
void pd_sql_cursor_move(pd_sql_cursor *cursor, const char *text, size_t len, size_t offset);

#endif
