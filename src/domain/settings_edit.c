#include "domain/settings_edit.h"

#include <string.h>
#include <strings.h>

#include "base/str.h"
#include "base/strbuf.h"
#include "domain/config_text.h"
#include "domain/settings.h"

/* Where the section stands; 0: nowhere. */
typedef struct spot {
    size_t behind_key;    /* behind its last key's line */
    size_t behind_header; /* behind the ']' of its last header */
} spot;

static void note_key(const pd_config_item *item, const pd_settings_lines *lines)
{
    for (size_t i = 0; i < lines->count; i++)
        if (strcasecmp(item->key, lines->items[i].key) == 0)
            lines->items[i].there = item->value == NULL ? "true" : item->value;
}

static bool look(pd_config_text *reader, const pd_settings_lines *lines, spot *found, pd_error *err)
{
    pd_config_item item = {0};
    bool more = false;
    *found = (spot){0};
    do {
        if (!pd_config_text_next(reader, &item, &more, err))
            return false;
        if (!more || strcmp(item.section, lines->section) != 0 || item.subsection != NULL)
            continue;
        if (item.key == NULL) {
            found->behind_header = reader->at;
        } else {
            found->behind_key = reader->at;
            note_key(&item, lines);
        }
    } while (more);
    return true;
}

/* Where new lines go: behind the last key of the section, else behind its header's line. */
static size_t place_of(const char *text, size_t len, const spot *found)
{
    if (found->behind_key > 0)
        return found->behind_key;
    if (found->behind_header == 0)
        return len;
    const char *feed = memchr(text + found->behind_header, '\n', len - found->behind_header);
    return feed == NULL ? len : (size_t)(feed - text) + 1;
}

/* git reads blanks at the ends, quotes, backslashes and comment signs otherwise than as they are.
 */
static void add_value(pd_strbuf *out, const char *value)
{
    size_t len = strlen(value);
    bool quoted = len == 0 || strpbrk(value, "#;\"\\\n\t\r") != NULL || value[0] == ' ' ||
                  value[len - 1] == ' ';
    if (quoted)
        pd_strbuf_addc(out, '"');
    for (const char *at = value; *at != '\0'; at++) {
        if (*at == '\n' || *at == '\t')
            pd_strbuf_adds(out, *at == '\n' ? "\\n" : "\\t");
        else if (*at == '"' || *at == '\\')
            pd_strbuf_addf(out, "\\%c", *at);
        else
            pd_strbuf_addc(out, *at);
    }
    if (quoted)
        pd_strbuf_addc(out, '"');
}

/* How the first line of the text ends. */
static const char *line_end(const char *text, size_t len)
{
    const char *feed = memchr(text, '\n', len);
    return feed != NULL && feed > text && feed[-1] == '\r' ? "\r\n" : "\n";
}

static bool is_missing(const pd_settings_line *line)
{
    return line->there == NULL && line->value != NULL;
}

static size_t count_missing(const pd_settings_lines *lines)
{
    size_t missing = 0;
    for (size_t i = 0; i < lines->count; i++)
        missing += is_missing(&lines->items[i]);
    return missing;
}

bool pd_settings_add(pd_arena *arena, pd_bytes text, const pd_settings_lines *lines,
                     const char **out, pd_error *err)
{
    const char *old = text.data == NULL ? "" : text.data;
    size_t len = text.data == NULL ? 0 : text.len;
    pd_config_text reader = {0};
    spot found = {0};
    pd_config_text_open(&reader, arena, PD_SETTINGS_FILE, old, len);
    if (!look(&reader, lines, &found, err))
        return false;
    *out = old;
    if (count_missing(lines) == 0)
        return true;
    PD_AUTO_STRBUF edited = pd_strbuf_new(PD_STRBUF_MAX);
    size_t at = place_of(old, len, &found);
    const char *end = line_end(old, len);
    pd_strbuf_add(&edited, old, at);
    if (at > 0 && old[at - 1] != '\n')
        pd_strbuf_adds(&edited, end);
    if (found.behind_header == 0)
        pd_strbuf_addf(&edited, "[%s]%s", lines->section, end);
    for (size_t i = 0; i < lines->count; i++) {
        pd_settings_line *line = &lines->items[i];
        if (!is_missing(line))
            continue;
        pd_strbuf_addf(&edited, "\t%s = ", line->key);
        add_value(&edited, line->value);
        pd_strbuf_adds(&edited, end);
        line->added = true;
    }
    pd_strbuf_add(&edited, old + at, len - at);
    *out = pd_strbuf_keep(&edited, arena);
    return true;
}
