#include "sql/tokens.h"

#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "sql/lexis.h"

#define NO_TRANSACTION "no-transaction"

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\f' || c == '\v';
}

static bool is_line_end(char c)
{
    return c == '\n' || c == '\r';
}

static size_t skip_blanks(const char *text, size_t len, size_t at)
{
    while (at < len && is_blank(text[at]))
        at++;
    return at;
}

static bool begins_with(const char *text, size_t len, const char *word)
{
    return len >= strlen(word) && strncasecmp(text, word, strlen(word)) == 0;
}

static size_t line_len(const char *text, size_t len)
{
    size_t at = 0;
    while (at < len && !is_line_end(text[at]))
        at++;
    return at;
}

/* goose reads its mark wherever it stands in a comment. */
static bool mentions_goose(const char *text, size_t len)
{
    for (size_t at = 0; at < len; at++) {
        if (text[at] == '+' && begins_with(text + at, len - at, "+goose"))
            return true;
    }
    return false;
}

/* Whether a line comment, with its dashes, is one that a tool reads. */
static bool is_directive(const char *text, size_t len)
{
    static const char *const words[] = {"predeploy", "migrate:", NO_TRANSACTION};
    if (!begins_with(text, len, "--"))
        return false;
    if (mentions_goose(text, line_len(text, len)))
        return true;
    size_t at = skip_blanks(text, len, 2);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (begins_with(text + at, len - at, words[i]))
            return true;
    }
    return false;
}

/* Whether a reader of lines would find a directive or a breakpoint within a token. */
static bool hides_something(const char *text, size_t len)
{
    if (pd_sql_find_breakpoint(text, len, 0) < len)
        return true;
    for (size_t at = 0; at < len; at++) {
        if (!is_line_end(text[at]))
            continue;
        size_t line = skip_blanks(text, len, at + 1);
        if (is_directive(text + line, len - line))
            return true;
    }
    return false;
}

static char find_place(const char *text, size_t at, size_t len)
{
    size_t word = skip_blanks(text, at + len, at + 2);
    if (at == 0 && begins_with(text + word, len - word, NO_TRANSACTION))
        return '0';
    size_t line = at;
    while (line > 0 && is_blank(text[line - 1]))
        line--;
    if (line > 0 && !is_line_end(text[line - 1]))
        return '3';
    return line == at ? '1' : '2';
}

static bool take_rest(pd_lexer *lexer, size_t from, pd_token *out)
{
    *out = (pd_token){.kind = PD_TOKEN_REST, .tag = 'r', .offset = from, .len = lexer->len - from};
    lexer->at = lexer->len;
    return true;
}

/* A line comment; false when nobody reads it. */
static bool take_line_comment(pd_lexer *lexer, const pd_lexeme *lexeme, pd_token *out)
{
    const char *text = lexer->text;
    size_t end = lexeme->offset + lexeme->len;
    size_t breakpoint = pd_sql_find_breakpoint(text, end, lexeme->offset);
    bool directive = is_directive(text + lexeme->offset, lexeme->len);
    if (breakpoint < end) {
        size_t len = strlen(PD_SQL_BREAKPOINT);
        if (directive || skip_blanks(text, end, breakpoint + len) < end)
            return take_rest(lexer, lexeme->offset, out);
        *out =
            (pd_token){.kind = PD_TOKEN_BREAKPOINT, .tag = 'b', .offset = breakpoint, .len = len};
        return true;
    }
    if (!directive)
        return false;
    while (is_blank(text[end - 1]))
        end--;
    *out = (pd_token){.kind = PD_TOKEN_DIRECTIVE,
                      .tag = find_place(text, lexeme->offset, lexeme->len),
                      .offset = lexeme->offset,
                      .len = end - lexeme->offset};
    return true;
}

static char tag_of(pd_lexeme_kind kind)
{
    if (kind == PD_LEXEME_NATIONAL)
        return 'n';
    return kind == PD_LEXEME_CONTINUED ? 'c' : 't';
}

bool pd_token_next(pd_lexer *lexer, pd_token *out)
{
    pd_lexeme lexeme;
    while (pd_lexer_next(lexer, &lexeme)) {
        if (lexeme.kind == PD_LEXEME_LINE_COMMENT) {
            if (take_line_comment(lexer, &lexeme, out))
                return true;
            continue;
        }
        if (hides_something(lexer->text + lexeme.offset, lexeme.len))
            return take_rest(lexer, lexeme.offset, out);
        if (lexeme.kind == PD_LEXEME_BLOCK_COMMENT)
            continue;
        *out = (pd_token){.kind = PD_TOKEN_LEXEME,
                          .lexeme = lexeme.kind,
                          .tag = tag_of(lexeme.kind),
                          .offset = lexeme.offset,
                          .len = lexeme.len};
        return true;
    }
    return false;
}

/* Tag and length go in front of the bytes, so that no two sequences of tokens are fed alike. */
static void feed(pd_sha256 *hash, const char *text, const pd_token *token)
{
    uint8_t head[1 + sizeof(uint64_t)] = {(uint8_t)token->tag};
    uint64_t len = token->len;
    for (size_t i = 1; i < sizeof head; i++) {
        head[i] = (uint8_t)(len & 0xFF);
        len >>= 8;
    }
    pd_sha256_add(hash, head, sizeof head);
    pd_sha256_add(hash, text + token->offset, token->len);
}

void pd_sql_tokens_digest(const char *text, size_t len, char out[PD_SHA256_HEX])
{
    pd_lexer lexer = {.text = text, .len = len};
    pd_sha256 hash = pd_sha256_start();
    pd_token token;
    while (pd_token_next(&lexer, &token))
        feed(&hash, text, &token);
    pd_sha256_end(&hash, out);
}
