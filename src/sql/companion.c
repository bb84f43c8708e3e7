#include "sql/companion.h"

#include <string.h>
#include <strings.h>

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

/* Reads the body of one line comment, without its dashes. */
static bool read_directive(pd_arena *arena, const char *at, const char *end, const char **reason)
{
    at = skip_spaces(at, end);
    if (!take(&at, end, "predeploy") || !take(&at, end, ":"))
        return false;
    const char *word = at;
    if (!take(&at, end, "irreversible"))
        return false;
    bool word_ends = at == end || *at == ':' || at > word + strlen("irreversible");
    if (!word_ends)
        return false;
    *reason = "";
    if (take(&at, end, ":")) {
        while (end > at && (end[-1] == ' ' || end[-1] == '\t'))
            end--;
        *reason = pd_arena_strndup(arena, at, (size_t)(end - at));
    }
    return true;
}

void pd_companion_read(pd_arena *arena, const char *text, size_t len, pd_companion *out)
{
    *out = (pd_companion){.reason = ""};
    out->empty = pd_sql_skip_empty(text, len, 0) == len;
    if (!out->empty)
        return;
    for (size_t at = 0; at < len && !out->irreversible;) {
        if (len - at >= 2 && text[at] == '-' && text[at + 1] == '-') {
            size_t end = pd_sql_line_comment_end(text, len, at);
            out->irreversible = read_directive(arena, text + at + 2, text + end, &out->reason);
            at = end;
        } else if (text[at] == '/') {
            size_t end = pd_sql_skip_block_comment(text, len, at);
            at = end > at ? end : at + 1;
        } else {
            at++;
        }
    }
}
