/* Small helpers over C strings and byte ranges that libc lacks. */
#ifndef PD_BASE_STR_H
#define PD_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes that somebody else owns; a NUL stands behind them. NULL: there is nothing. */
typedef struct pd_bytes {
    const char *data;
    size_t len;
} pd_bytes;

bool pd_streq(const char *a, const char *b); /* NULL equals only NULL */
bool pd_starts_with(const char *text, const char *prefix);
bool pd_ends_with(const char *text, const char *suffix);
bool pd_blank(const char *text); /* NULL, empty or white space */

/* Whole string is a decimal number within [0, max]; no sign, no blanks. */
bool pd_parse_uint(const char *text, uint64_t max, uint64_t *out);

/* true | yes | on | 1 and false | no | off | 0, any case, as git reads booleans. */
bool pd_parse_bool(const char *text, bool *out);

/* Line and column (1-based, column in characters) of byte `offset` of UTF-8 text. */
void pd_line_column(const char *text, size_t len, size_t offset, int *line, int *column);

/* Byte offset of the `chars`-th character (0-based) of UTF-8 text; len when there are fewer. */
size_t pd_utf8_offset(const char *text, size_t len, size_t chars);

/* Offset of the first byte that is not well-formed UTF-8 (RFC 3629), or len when all is. */
size_t pd_utf8_invalid_at(const char *data, size_t len);

/* The name in `candidates` (NULL-terminated) nearest to `word`, when near enough to be meant. */
const char *pd_did_you_mean(const char *word, const char *const *candidates);

#endif
