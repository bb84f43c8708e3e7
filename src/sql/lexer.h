/* SQL's tokens as PostgreSQL's own scanner has them (PostgreSQL 15, src/backend/parser/scan.l, with
 * standard_conforming_strings on), without its process: any bytes are read in one pass, nothing is
 * allocated, nothing fails. Comments are tokens here, white space is not.
 */
#ifndef PD_SQL_LEXER_H
#define PD_SQL_LEXER_H

#include <stdbool.h>
#include <stddef.h>

typedef enum pd_lexeme_kind {
    PD_LEXEME_WORD,      /* a keyword or a name without quotes */
    PD_LEXEME_NATIONAL,  /* the N of N'...'; the string is the next token */
    PD_LEXEME_NAME,      /* "..." and U&"..." */
    PD_LEXEME_STRING,    /* '...', E'...', U&'...', B'...', X'...' */
    PD_LEXEME_CONTINUED, /* a string in quotes that goes on with the one before it */
    PD_LEXEME_DOLLAR,    /* $tag$...$tag$ */
    PD_LEXEME_NUMBER,    /* and the letters that stand right behind it, which are an error */
    PD_LEXEME_PARAMETER, /* $1 */
    PD_LEXEME_OPERATOR,
    PD_LEXEME_CHARACTER, /* any other byte */
    PD_LEXEME_LINE_COMMENT,
    PD_LEXEME_BLOCK_COMMENT,
    PD_LEXEME_OPEN, /* a literal, a name or a comment that does not end: the rest of the text */
} pd_lexeme_kind;

typedef struct pd_lexeme {
    pd_lexeme_kind kind;
    size_t offset;
    size_t len;
} pd_lexeme;

/* What ends a string: a quote; a quote that no other follows; neither of those behind a backslash.
 */
typedef enum pd_quoting {
    PD_QUOTING_BARE,
    PD_QUOTING_DOUBLED,
    PD_QUOTING_ESCAPED,
} pd_quoting;

/* Begin with (pd_lexer){.text = text, .len = len}. The other members are the lexer's own. */
typedef struct pd_lexer {
    const char *text;
    size_t len;
    size_t at;
    size_t continued_at; /* the quote by which the last string goes on; 0: it does not */
    pd_quoting quoting;  /* of that string */
    /* One run of operator characters is looked through once, however many tokens it holds. */
    size_t run_end;
    size_t odd_end;   /* behind its last character that is in no operator of the SQL standard */
    size_t solid_end; /* behind its last character that is neither + nor - */
} pd_lexer;

/* False at the end of the text. */
bool pd_lexer_next(pd_lexer *lexer, pd_lexeme *out);

#endif
