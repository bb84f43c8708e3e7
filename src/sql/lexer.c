#include "sql/lexer.h"

#include <string.h>

#include "sql/lexis.h"

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool starts_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (unsigned char)c >= 0x80;
}

static bool in_tag(char c)
{
    return starts_word(c) || is_digit(c);
}

static bool in_word(char c)
{
    return in_tag(c) || c == '$';
}

static bool is_one_of(char c, const char *set)
{
    return c != '\0' && strchr(set, c) != NULL;
}

static bool in_operator(char c)
{
    return is_one_of(c, "~!@#^&|`?+-*/%<>=");
}

/* The byte at `at`, NUL behind the end; a NUL of the text is in no set of characters either. */
static char peek(const pd_lexer *lexer, size_t at)
{
    return at < lexer->len ? lexer->text[at] : '\0';
}

static bool pair_at(const pd_lexer *lexer, size_t at, char first, char second)
{
    return peek(lexer, at) == first && peek(lexer, at + 1) == second;
}

static size_t skip(const pd_lexer *lexer, size_t at, bool (*in_set)(char))
{
    while (at < lexer->len && in_set(lexer->text[at]))
        at++;
    return at;
}

/* The rest of the text when something that began at `start` does not end. */
static size_t take_open(const pd_lexer *lexer, pd_lexeme_kind *kind)
{
    *kind = PD_LEXEME_OPEN;
    return lexer->len;
}

/* Offset of the quote that ends the string whose first character is at `at`; len: none does. */
static size_t find_quote(const pd_lexer *lexer, size_t at, char quote, pd_quoting quoting)
{
    while (at < lexer->len) {
        char c = lexer->text[at];
        if (c == quote && (quoting == PD_QUOTING_BARE || peek(lexer, at + 1) != quote))
            return at;
        bool pair = c == quote || (c == '\\' && quoting == PD_QUOTING_ESCAPED);
        at += pair ? 2 : 1;
    }
    return lexer->len;
}

/* scan.l, "quotecontinue": white space that has a line end, and line comments, may stand between
 * the parts of one string. Offset of the next part's quote; 0 when there is none. */
static size_t find_continuation(const pd_lexer *lexer, size_t at)
{
    bool line_end = false;
    for (;;) {
        if (pair_at(lexer, at, '-', '-'))
            at = pd_sql_line_comment_end(lexer->text, lexer->len, at);
        if (!is_space(peek(lexer, at)))
            return line_end && peek(lexer, at) == '\'' ? at : 0;
        line_end = line_end || lexer->text[at] == '\n' || lexer->text[at] == '\r';
        at++;
    }
}

/* A string whose opening quote is at `at`. */
static size_t take_string(pd_lexer *lexer, size_t at, pd_quoting quoting, pd_lexeme_kind *kind)
{
    size_t quote = find_quote(lexer, at + 1, '\'', quoting);
    if (quote == lexer->len)
        return take_open(lexer, kind);
    lexer->continued_at = find_continuation(lexer, quote + 1);
    lexer->quoting = quoting;
    return quote + 1;
}

static size_t take_name(pd_lexer *lexer, size_t at, pd_lexeme_kind *kind)
{
    size_t quote = find_quote(lexer, at + 1, '"', PD_QUOTING_DOUBLED);
    *kind = PD_LEXEME_NAME;
    return quote == lexer->len ? take_open(lexer, kind) : quote + 1;
}

/* A word, or what a letter right before a quote makes of it. */
static size_t take_word(pd_lexer *lexer, pd_lexeme_kind *kind)
{
    size_t at = lexer->at;
    char c = lexer->text[at];
    *kind = PD_LEXEME_STRING;
    if (is_one_of(c, "eE") && peek(lexer, at + 1) == '\'')
        return take_string(lexer, at + 1, PD_QUOTING_ESCAPED, kind);
    if (is_one_of(c, "bBxX") && peek(lexer, at + 1) == '\'')
        return take_string(lexer, at + 1, PD_QUOTING_BARE, kind);
    if (is_one_of(c, "uU") && pair_at(lexer, at + 1, '&', '\''))
        return take_string(lexer, at + 2, PD_QUOTING_DOUBLED, kind);
    if (is_one_of(c, "uU") && pair_at(lexer, at + 1, '&', '"'))
        return take_name(lexer, at + 2, kind);
    if (is_one_of(c, "nN") && peek(lexer, at + 1) == '\'') {
        *kind = PD_LEXEME_NATIONAL;
        return at + 1;
    }
    *kind = PD_LEXEME_WORD;
    return skip(lexer, at, in_word);
}

static bool in_junk(char c)
{
    return in_word(c) || c == '.';
}

/* Letters behind a number are an error of PostgreSQL 15; older ones began a word there, newer ones
 * read 0x1F and 1_000 as one number. */
static size_t take_number(const pd_lexer *lexer)
{
    size_t at = skip(lexer, lexer->at, is_digit);
    bool range = at > lexer->at && pair_at(lexer, at, '.', '.');
    if (peek(lexer, at) == '.' && !range)
        at = skip(lexer, at + 1, is_digit);
    if (is_one_of(peek(lexer, at), "eE")) {
        size_t digits = at + 1 + (is_one_of(peek(lexer, at + 1), "+-") ? 1 : 0);
        if (is_digit(peek(lexer, digits)))
            at = skip(lexer, digits, is_digit);
    }
    return starts_word(peek(lexer, at)) ? skip(lexer, at, in_junk) : at;
}

static size_t take_dollar(const pd_lexer *lexer, pd_lexeme_kind *kind)
{
    const char *text = lexer->text;
    size_t tag = lexer->at + 1;
    if (is_digit(peek(lexer, tag))) {
        *kind = PD_LEXEME_PARAMETER;
        return skip(lexer, tag, in_tag);
    }
    size_t end = skip(lexer, tag, in_tag);
    if (peek(lexer, end) != '$') {
        *kind = PD_LEXEME_CHARACTER;
        return tag;
    }
    size_t body = end + 1;
    size_t size = body - lexer->at;
    const char *close = memmem(text + body, lexer->len - body, text + lexer->at, size);
    *kind = PD_LEXEME_DOLLAR;
    return close == NULL ? take_open(lexer, kind) : (size_t)(close - text) + size;
}

static bool starts_comment(const pd_lexer *lexer, size_t at)
{
    return pair_at(lexer, at, '-', '-') || pair_at(lexer, at, '/', '*');
}

/* scan.l, "operator": comments end a run of operator characters, and + and - may end an operator
 * only when it holds a character that no operator of the SQL standard has. */
static size_t take_operator(pd_lexer *lexer)
{
    if (lexer->run_end <= lexer->at) {
        size_t at = lexer->at;
        while (in_operator(peek(lexer, at)) && !starts_comment(lexer, at)) {
            char c = lexer->text[at++];
            if (is_one_of(c, "~!@#^&|`?%"))
                lexer->odd_end = at;
            if (c != '+' && c != '-')
                lexer->solid_end = at;
        }
        lexer->run_end = at;
    }
    size_t one = lexer->at + 1;
    if (lexer->odd_end > lexer->at)
        return lexer->run_end;
    return lexer->solid_end > one ? lexer->solid_end : one;
}

static size_t take_block_comment(const pd_lexer *lexer, pd_lexeme_kind *kind)
{
    size_t end = pd_sql_skip_block_comment(lexer->text, lexer->len, lexer->at);
    *kind = PD_LEXEME_BLOCK_COMMENT;
    return end == lexer->at ? take_open(lexer, kind) : end;
}

/* Offset behind the token at lexer->at. */
static size_t take(pd_lexer *lexer, pd_lexeme_kind *kind)
{
    size_t at = lexer->at;
    char c = lexer->text[at];
    if (starts_word(c))
        return take_word(lexer, kind);
    if (c == '"')
        return take_name(lexer, at, kind);
    if (c == '$')
        return take_dollar(lexer, kind);
    if (pair_at(lexer, at, '/', '*'))
        return take_block_comment(lexer, kind);
    *kind = PD_LEXEME_STRING;
    if (c == '\'')
        return take_string(lexer, at, PD_QUOTING_DOUBLED, kind);
    *kind = PD_LEXEME_LINE_COMMENT;
    if (pair_at(lexer, at, '-', '-'))
        return pd_sql_line_comment_end(lexer->text, lexer->len, at);
    *kind = PD_LEXEME_NUMBER;
    if (is_digit(c) || (c == '.' && is_digit(peek(lexer, at + 1))))
        return take_number(lexer);
    *kind = PD_LEXEME_OPERATOR;
    if (in_operator(c))
        return take_operator(lexer);
    if (pair_at(lexer, at, '.', '.') || pair_at(lexer, at, ':', ':') ||
        pair_at(lexer, at, ':', '='))
        return at + 2;
    *kind = PD_LEXEME_CHARACTER;
    return at + 1;
}

bool pd_lexer_next(pd_lexer *lexer, pd_lexeme *out)
{
    lexer->at = skip(lexer, lexer->at, is_space);
    if (lexer->at == lexer->len)
        return false;
    out->offset = lexer->at;
    if (lexer->continued_at != 0 && lexer->continued_at == lexer->at) {
        out->kind = PD_LEXEME_CONTINUED;
        lexer->at = take_string(lexer, lexer->at, lexer->quoting, &out->kind);
    } else {
        lexer->at = take(lexer, &out->kind);
    }
    out->len = lexer->at - out->offset;
    return true;
}
