#include "sql/diff.h"

#include <string.h>

#include "base/utf8.h"
#include "sql/tokens.h"

/* One version, read token by token. */
typedef struct side {
    const pd_bytes *text;
    pd_lexer lexer;
    pd_token token;
    size_t behind; /* where the token before it ended */
    bool ended;
    bool inside;      /* a statement has begun and not ended */
    size_t statement; /* offset of the first token of the last one that began */
    size_t depth;     /* of parentheses */
} side;

static bool is_character(const side *s, char c)
{
    return !s->ended && s->token.kind == PD_TOKEN_LEXEME && s->token.len == 1 &&
           s->text->data[s->token.offset] == c;
}

static bool is_terminator(const side *s)
{
    return is_character(s, ';') && s->depth == 0;
}

static bool is_comment(const side *s)
{
    return s->token.kind == PD_TOKEN_DIRECTIVE || s->token.kind == PD_TOKEN_BREAKPOINT;
}

static void advance(side *s)
{
    if (is_terminator(s))
        s->inside = false;
    s->behind = s->token.offset + s->token.len;
    s->ended = !pd_token_next(&s->lexer, &s->token);
    if (s->ended)
        return;
    if (s->token.kind == PD_TOKEN_BREAKPOINT) {
        s->inside = false;
        s->depth = 0;
    }
    if (is_comment(s))
        return;
    if (!s->inside)
        s->statement = s->token.offset;
    s->inside = true;
    if (is_character(s, '('))
        s->depth++;
    else if (is_character(s, ')') && s->depth > 0)
        s->depth--;
}

static side start(const pd_bytes *text)
{
    side s = {.text = text, .lexer = {.text = text->data, .len = text->len}, .ended = true};
    advance(&s);
    return s;
}

static bool agree(const side *a, const side *b)
{
    if (a->ended || b->ended)
        return a->ended && b->ended;
    return a->token.tag == b->token.tag && a->token.len == b->token.len &&
           memcmp(a->text->data + a->token.offset, b->text->data + b->token.offset, a->token.len) ==
               0;
}

/* Where the statement of the current token begins; false when there is none. */
static bool find_statement(const side *s, size_t *offset)
{
    if (s->ended)
        return false;
    *offset = is_comment(s) ? s->token.offset : s->statement;
    return true;
}

/* One version ended, the other one goes on. When that is only the semicolon of the last statement,
 * what follows it was added; when that goes on with the last statement, this is what differs. */
static void settle_end(side *ended, side *other)
{
    bool goes_on = ended->inside && other->inside && !is_comment(other) &&
                   other->statement < other->token.offset;
    if (!goes_on)
        return;
    side behind = *other;
    while (is_terminator(&behind))
        advance(&behind);
    if (is_terminator(other) && !behind.ended) {
        *other = behind;
        return;
    }
    ended->ended = false;
    ended->token.kind = PD_TOKEN_LEXEME;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static const char *first_line(pd_arena *arena, const pd_bytes *text, size_t from)
{
    size_t end = from;
    while (end < text->len && text->data[end] != '\n' && text->data[end] != '\r') {
        size_t next = end + pd_utf8_length(text->data + end, text->len - end);
        if (next - from > PD_EXCERPT_MAX)
            break;
        end = next;
    }
    while (end > from && (is_blank(text->data[end - 1])))
        end--;
    return pd_arena_strndup(arena, text->data + from, end - from);
}

/* The line of the statement in which the versions part, without the blanks in front; never from in
 * front of the statement. */
static const char *differing_line(pd_arena *arena, const pd_bytes *text, size_t statement,
                                  size_t offset)
{
    size_t from = offset;
    while (from > statement && text->data[from - 1] != '\n' && text->data[from - 1] != '\r')
        from--;
    while (from < offset && is_blank(text->data[from]))
        from++;
    return first_line(arena, text, from);
}

/* Whether the token is the first one of its line. */
static bool begins_line(const side *s)
{
    return !s->ended && s->token.offset > s->behind &&
           memchr(s->text->data + s->behind, '\n', s->token.offset - s->behind) != NULL;
}

/* Where the rest of a line was taken away, the line is what differs, not the next one. */
static bool lost_its_rest(const side *s, const side *other)
{
    return s->inside && s->behind > s->statement && begins_line(s) && !other->ended &&
           !begins_line(other);
}

static const char *locate(pd_arena *arena, const side *s, const side *other, size_t common,
                          int *line, int *column)
{
    size_t offset = 0;
    if (!find_statement(s, &offset))
        return "";
    pd_line_column(s->text->data, s->text->len, offset, line, column);
    if (lost_its_rest(s, other))
        return differing_line(arena, s->text, offset, s->behind);
    /* A version that ended inside its statement has no token there. */
    size_t at = s->token.offset < offset ? offset : s->token.offset;
    return differing_line(arena, s->text, offset, at + common);
}

/* How many bytes the two tokens have in common: a body of a function is one token. */
static size_t common_bytes(const side *a, const side *b)
{
    size_t len = 0;
    if (a->ended || b->ended)
        return 0;
    const char *one = a->text->data + a->token.offset;
    const char *other = b->text->data + b->token.offset;
    while (len + 1 < a->token.len && len + 1 < b->token.len && one[len] == other[len])
        len++;
    return len;
}

/* Moves over one line end, or one other byte. */
static char next_byte(const pd_bytes *text, size_t *at)
{
    if (text->data[*at] == '\r' && *at + 1 < text->len && text->data[*at + 1] == '\n')
        (*at)++;
    return text->data[(*at)++];
}

static bool same_lines(const pd_bytes *a, const pd_bytes *b)
{
    size_t i = 0;
    size_t k = 0;
    while (i < a->len && k < b->len) {
        if (next_byte(a, &i) != next_byte(b, &k))
            return false;
    }
    return i == a->len && k == b->len;
}

void pd_sql_compare(pd_arena *arena, const pd_bytes *was, const pd_bytes *is, pd_change *out)
{
    *out = (pd_change){
        .old_excerpt = "", .new_excerpt = "", .commit = "", .author = "", .subject = ""};
    if (was->data == NULL || is->data == NULL)
        return;
    side before = start(was);
    side after = start(is);
    while (agree(&before, &after) && !before.ended) {
        advance(&before);
        advance(&after);
    }
    if (before.ended && after.ended) {
        out->kind = same_lines(was, is) ? PD_CHANGE_LINE_ENDINGS : PD_CHANGE_COMMENTS;
        return;
    }
    out->kind = PD_CHANGE_SQL;
    size_t common = common_bytes(&before, &after);
    if (before.ended)
        settle_end(&before, &after);
    else if (after.ended)
        settle_end(&after, &before);
    out->old_excerpt = locate(arena, &before, &after, common, &out->old_line, &out->old_column);
    out->new_excerpt = locate(arena, &after, &before, common, &out->new_line, &out->new_column);
}
