/* SQL tokens: the lexer, the digest and the comparison. Two texts, parted by the first NUL; the
 * first one alone is compared with itself behind a comment. */
#include <string.h>

#include "base/arena.h"
#include "base/str.h"
#include "sql/diff.h"
#include "sql/tokens.h"

#include "fuzz.h"

/* Tokens lie in the text, in order, with nothing but white space between them. */
static void check_lexer(const pd_bytes *text)
{
    pd_lexer lexer = {.text = text->data, .len = text->len};
    pd_lexeme lexeme;
    size_t end = 0;
    while (pd_lexer_next(&lexer, &lexeme)) {
        FUZZ_CHECK(lexeme.offset >= end && lexeme.len > 0);
        FUZZ_CHECK(lexeme.len <= text->len - lexeme.offset);
        for (; end < lexeme.offset; end++)
            FUZZ_CHECK(memchr(" \t\r\n\f", text->data[end], 5) != NULL);
        end = lexeme.offset + lexeme.len;
    }
}

static bool same_tokens(const pd_bytes *a, const pd_bytes *b)
{
    char digests[2][PD_SHA256_HEX];
    pd_sql_tokens_digest(a->data, a->len, digests[0]);
    pd_sql_tokens_digest(b->data, b->len, digests[1]);
    return strcmp(digests[0], digests[1]) == 0;
}

static void check_pair(pd_arena *arena, const pd_bytes *was, const pd_bytes *is)
{
    pd_change change;
    pd_sql_compare(arena, was, is, &change);
    FUZZ_CHECK((change.kind == PD_CHANGE_SQL) != same_tokens(was, is));
    FUZZ_CHECK((change.kind == PD_CHANGE_SQL) == (change.old_line + change.new_line > 0));
    FUZZ_CHECK((change.old_line > 0) == (change.old_column > 0));
    FUZZ_CHECK((change.new_line > 0) == (change.new_column > 0));
    FUZZ_CHECK(strlen(change.old_excerpt) <= PD_EXCERPT_MAX);
    FUZZ_CHECK(strlen(change.new_excerpt) <= PD_EXCERPT_MAX);
}

/* In front of a text, because `no-transaction` at its start and a directive at the start of a line
 * are told from others. */
static void check_comment(pd_arena *arena, const pd_bytes *text)
{
    static const char comment[] = "/* it's a ; */ -- $$ comment\n";
    pd_lexer lexer = {.text = text->data, .len = text->len};
    pd_token first;
    if (pd_token_next(&lexer, &first) && first.kind == PD_TOKEN_DIRECTIVE)
        return;
    size_t size = strlen(comment);
    char *longer = pd_arena_alloc(arena, size + text->len + 1);
    memcpy(longer, comment, size);
    memcpy(longer + size, text->data, text->len);
    pd_bytes other = {longer, size + text->len};
    pd_change change;
    pd_sql_compare(arena, text, &other, &change);
    FUZZ_CHECK(change.kind == PD_CHANGE_COMMENTS);
    FUZZ_CHECK(same_tokens(text, &other));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    PD_AUTO_ARENA arena = pd_arena_new();
    const char *text = pd_arena_strndup(arena, (const char *)data, size);
    size_t middle = strnlen(text, size);
    pd_bytes was = {text, middle};
    pd_bytes is = {text, 0};
    if (middle < size)
        is = (pd_bytes){text + middle + 1, size - middle - 1};
    check_lexer(&was);
    check_lexer(&is);
    check_pair(arena, &was, &is);
    check_pair(arena, &is, &was);
    check_comment(arena, &was);
    return 0;
}
