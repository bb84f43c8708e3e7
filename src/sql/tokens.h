/* What of an SQL text means something: PostgreSQL's tokens, and the comments that tools read. Two
 * texts with the same sequence of these tokens differ in comments and white space only.
 *
 * Comments that tools read are `--> statement-breakpoint`, line comments that begin with one of
 * `predeploy`, `migrate:` and `no-transaction`, and those that have `+goose` anywhere. Those
 * readers know no literals and no block comments: where one of theirs stands inside a token, or SQL
 * stands behind a breakpoint inside a comment, the rest of the text is one token, byte for byte.
 */
#ifndef PD_SQL_TOKENS_H
#define PD_SQL_TOKENS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/hash.h"
#include "sql/lexer.h"

typedef enum pd_token_kind {
    PD_TOKEN_LEXEME,
    PD_TOKEN_BREAKPOINT,
    PD_TOKEN_DIRECTIVE,
    PD_TOKEN_REST,
} pd_token_kind;

typedef struct pd_token {
    pd_token_kind kind;
    pd_lexeme_kind lexeme; /* of a PD_TOKEN_LEXEME */
    /* What tells it from a token of the same bytes: "t", "n" (PD_LEXEME_NATIONAL), "c"
     * (PD_LEXEME_CONTINUED), "b" (a breakpoint), "r" (the rest); of a directive where it stands,
     * because tools differ in where one may stand: "0" in front of all else (`no-transaction`
     * only), "1" at the first column, "2" behind blanks, "3" behind something else. */
    char tag;
    size_t offset;
    size_t len;
} pd_token;

/* Reads the next token that means something; false at the end of the text. */
bool pd_token_next(pd_lexer *lexer, pd_token *out);

/* SHA-256 over the tokens of a text of any bytes, in linear time: of each its tag, its length in
 * eight bytes, the lowest first, and its bytes. Ledgers keep digests: none of this may change. */
void pd_sql_tokens_digest(const char *text, size_t len, char out[PD_SHA256_HEX]);

#endif
