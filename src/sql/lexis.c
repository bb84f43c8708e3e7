#include "sql/lexis.h"

#include <string.h>

#include "base/utf8.h"

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}

static bool pair_at(const char *text, size_t len, size_t at, char first, char second)
{
    return len - at >= 2 && text[at] == first && text[at + 1] == second;
}

size_t pd_sql_skip_block_comment(const char *text, size_t len, size_t from)
{
    size_t depth = 0;
    for (size_t at = from; at < len;) {
        if (pair_at(text, len, at, '/', '*')) {
            depth++;
            at += 2;
        } else if (pair_at(text, len, at, '*', '/')) {
            at += 2;
            if (--depth == 0)
                return at;
        } else {
            at++;
        }
    }
    return from;
}

size_t pd_sql_line_comment_end(const char *text, size_t len, size_t from)
{
    while (from < len && text[from] != '\n' && text[from] != '\r')
        from++;
    return from;
}

size_t pd_sql_skip_blank(const char *text, size_t len, size_t from)
{
    for (;;) {
        while (from < len && is_blank(text[from]))
            from++;
        size_t next = from;
        if (from < len && pair_at(text, len, from, '-', '-'))
            next = pd_sql_line_comment_end(text, len, from);
        else if (from < len && pair_at(text, len, from, '/', '*'))
            next = pd_sql_skip_block_comment(text, len, from);
        if (next == from)
            return from;
        from = next;
    }
}

size_t pd_sql_skip_empty(const char *text, size_t len, size_t from)
{
    from = pd_sql_skip_blank(text, len, from);
    while (from < len && text[from] == ';')
        from = pd_sql_skip_blank(text, len, from + 1);
    return from;
}

size_t pd_sql_find_breakpoint(const char *text, size_t len, size_t from)
{
    if (from >= len)
        return len;
    const char *hit = memmem(text + from, len - from, PD_SQL_BREAKPOINT, strlen(PD_SQL_BREAKPOINT));
    return hit == NULL ? len : (size_t)(hit - text);
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

bool pd_sql_next_word(const char *text, size_t len, size_t *at, char word[PD_SQL_WORD_MAX])
{
    *at = pd_sql_skip_blank(text, len, *at);
    size_t end = *at;
    while (end < len && is_letter(text[end]))
        end++;
    size_t size = end - *at;
    bool goes_on = end < len && ((unsigned char)text[end] >= 0x80 || text[end] == '$' ||
                                 (text[end] >= '0' && text[end] <= '9'));
    if (size == 0 || size >= PD_SQL_WORD_MAX || goes_on)
        return false;
    for (size_t i = 0; i < size; i++) {
        char c = text[*at + i];
        word[i] = c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
    }
    word[size] = '\0';
    *at = end;
    return true;
}

void pd_sql_cursor_move(pd_sql_cursor *cursor, const char *text, size_t len, size_t offset)
{
    while (cursor->offset < offset && cursor->offset < len) {
        size_t at = cursor->offset;
        cursor->offset += pd_utf8_length(text + at, len - at);
        if (text[at] == '\n') {
            cursor->line++;
            cursor->column = 1;
        } else {
            cursor->column++;
        }
    }
}
