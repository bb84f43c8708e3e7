#include "sql/companion.h"

#include <string.h>
#include <strings.h>

#include "base/str.h"
#include "sql/lexis.h"

static const char *skip_spaces(const char *at, const char *end)
{
    while (at < end && (*at == ' ' || *at == '\t'))
        at++;
    return at;
}

static bool take(const char **at, const char *end, const char *word)
{
    size_t len = strlen(word);
    if ((size_t)(end - *at) < len || strncasecmp(*at, word, len) != 0)
        return false;
    *at = skip_spaces(*at + len, end);
    return true;
}

static const char *word_at(pd_arena *arena, const char *at, const char *end)
{
    size_t len = 0;
    while (at + len < end && strchr(" \t\r:", at[len]) == NULL)
        len++;
    return pd_arena_strndup(arena, at, len);
}

/* Reads the body of one line comment, without its dashes. */
static void read_directive(pd_arena *arena, const char *at, const char *end, pd_companion *out)
{
    at = skip_spaces(at, end);
    if (!take(&at, end, "predeploy") || !take(&at, end, ":"))
        return;
    const char *word = at;
    bool taken = take(&at, end, "irreversible");
    out->irreversible = taken && (at == end || *at == ':' || at > word + strlen("irreversible"));
    if (!out->irreversible) {
        out->unknown = out->unknown == NULL ? word_at(arena, word, end) : out->unknown;
        return;
    }
    out->unknown = NULL;
    if (take(&at, end, ":")) {
        while (end > at && (end[-1] == ' ' || end[-1] == '\t'))
            end--;
        out->reason = pd_arena_strndup(arena, at, (size_t)(end - at));
    }
}

/* Moves *at behind one of the words, the noise word that may follow, and a semicolon or the end. */
static bool take_control(const char *text, size_t len, size_t *at, const char *const words[2])
{
    char word[PD_SQL_WORD_MAX];
    *at = pd_sql_skip_empty(text, len, *at);
    if (!pd_sql_next_word(text, len, at, word) ||
        (!pd_streq(word, words[0]) && !pd_streq(word, words[1])))
        return false;
    bool starts = pd_streq(word, "START");
    size_t behind = *at;
    bool more = pd_sql_next_word(text, len, &behind, word);
    if (more && (pd_streq(word, "TRANSACTION") || (pd_streq(word, "WORK") && !starts)))
        *at = behind;
    else if (starts)
        return false;
    *at = pd_sql_skip_blank(text, len, *at);
    return *at == len || text[*at] == ';';
}

/* A transaction with nothing in it does nothing. */
static bool is_empty_transaction(const char *text, size_t len)
{
    static const char *const begins[2] = {"BEGIN", "START"};
    static const char *const ends[2] = {"COMMIT", "END"};
    size_t at = 0;
    return take_control(text, len, &at, begins) && take_control(text, len, &at, ends) &&
           pd_sql_skip_empty(text, len, at) == len;
}

void pd_companion_read(pd_arena *arena, const char *text, size_t len, pd_companion *out)
{
    *out = (pd_companion){.reason = ""};
    out->empty = pd_sql_skip_empty(text, len, 0) == len || is_empty_transaction(text, len);
    if (!out->empty)
        return;
    for (size_t at = 0; at < len && !out->irreversible;) {
        if (len - at >= 2 && text[at] == '-' && text[at + 1] == '-') {
            size_t end = pd_sql_line_comment_end(text, len, at);
            read_directive(arena, text + at + 2, text + end, out);
            at = end;
        } else if (text[at] == '/') {
            size_t end = pd_sql_skip_block_comment(text, len, at);
            at = end > at ? end : at + 1;
        } else {
            at++;
        }
    }
}
