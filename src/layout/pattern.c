#include "layout/pattern.h"

#include <string.h>

#include "base/strbuf.h"

#define DIGITS "0123456789"

typedef struct span {
    const char *at; /* NULL: the pattern has no such placeholder */
    size_t len;
} span;

typedef struct match {
    pd_version_order order;
    span parts[PD_PLACEHOLDER_COUNT];
    const char *first; /* where the first placeholder begins */
    const char *last;  /* behind the last one */
} match;

static size_t literal_len(const char *pattern)
{
    size_t len = 0;
    while (pattern[len] != '\0' && pd_placeholder_at(pattern + len) == PD_PLACEHOLDER_COUNT) {
        len++;
    }
    return len;
}

static size_t version_len(pd_version_order order, const char *text)
{
    size_t len = strspn(text, DIGITS);
    while (order == PD_ORDER_DOTTED && len > 0 && (text[len] == '.' || text[len] == '_')) {
        size_t group = strspn(text + len + 1, DIGITS);
        if (group == 0) {
            break;
        }
        len += 1 + group;
    }
    return len;
}

/* Length of text that may be anything, in front of the literal that begins at `rest`. */
static bool free_len(const char *rest, const char *text, size_t least, size_t *len)
{
    size_t behind = literal_len(rest);
    size_t room = strlen(text);
    if (rest[behind] == '\0') {
        *len = room - behind;
        return room >= behind + least;
    }
    if (room < least || behind == 0) {
        return false;
    }
    const char *end = memmem(text + least, room - least, rest, behind);
    *len = end == NULL ? 0 : (size_t)(end - text);
    return end != NULL;
}

static bool match_part(match *self, pd_placeholder which, const char *rest, const char *text,
                       size_t *len)
{
    if (which == PD_PLACEHOLDER_VERSION && self->order != PD_ORDER_BYTES) {
        *len = version_len(self->order, text);
        return *len > 0;
    }
    return free_len(rest, text, which == PD_PLACEHOLDER_TITLE ? 0 : 1, len) &&
           memchr(text, '/', *len) == NULL;
}

static bool match_all(match *self, const char *pattern, const char *text)
{
    while (*pattern != '\0') {
        size_t literal = literal_len(pattern);
        if (strncmp(pattern, text, literal) != 0) {
            return false;
        }
        pattern += literal;
        text += literal;
        pd_placeholder which = pd_placeholder_at(pattern);
        if (which == PD_PLACEHOLDER_COUNT) {
            break;
        }
        size_t len = 0;
        pattern += pd_placeholder_length(which);
        if (!match_part(self, which, pattern, text, &len)) {
            return false;
        }
        self->parts[which] = (span){text, len};
        self->first = self->first == NULL ? text : self->first;
        text += len;
        self->last = text;
    }
    return *text == '\0' && self->first != NULL;
}

static const char *keep(pd_arena *arena, span text)
{
    return text.at == NULL ? NULL : pd_arena_strndup(arena, text.at, text.len);
}

bool pd_pattern_match(pd_arena *arena, const char *pattern, pd_version_order order,
                      const char *path, pd_pattern_names *out)
{
    match self = {.order = order};
    if (!match_all(&self, pattern, path)) {
        return false;
    }
    span name = self.parts[PD_PLACEHOLDER_NAME];
    if (name.at == NULL) {
        const char *begin = self.first;
        while (begin > path && begin[-1] != '/') {
            begin--;
        }
        name = (span){begin, (size_t)(self.last - begin)};
    }
    *out = (pd_pattern_names){
        .name = keep(arena, name),
        .version = keep(arena, self.parts[PD_PLACEHOLDER_VERSION]),
        .title = keep(arena, self.parts[PD_PLACEHOLDER_TITLE]),
    };
    return true;
}

static void add_name(pd_strbuf *path, const pd_pattern_names *names)
{
    const char *version = names->version == NULL ? "" : names->version;
    const char *title = names->title == NULL ? "" : names->title;
    if (names->name != NULL) {
        pd_strbuf_adds(path, names->name);
    } else {
        pd_strbuf_addf(path, "%s%s%s", version, *version != '\0' && *title != '\0' ? "_" : "",
                       title);
    }
}

const char *pd_pattern_expand(pd_arena *arena, const char *pattern, const pd_pattern_names *names)
{
    PD_AUTO_STRBUF path = pd_strbuf_new(PD_STRBUF_MAX);
    while (*pattern != '\0') {
        size_t literal = literal_len(pattern);
        pd_strbuf_add(&path, pattern, literal);
        pattern += literal;
        pd_placeholder which = pd_placeholder_at(pattern);
        switch (which) {
        case PD_PLACEHOLDER_NAME:
            add_name(&path, names);
            break;
        case PD_PLACEHOLDER_VERSION:
            pd_strbuf_adds(&path, names->version == NULL ? "" : names->version);
            break;
        case PD_PLACEHOLDER_TITLE:
            pd_strbuf_adds(&path, names->title == NULL ? "" : names->title);
            break;
        case PD_PLACEHOLDER_COUNT:
            continue;
        }
        pattern += pd_placeholder_length(which);
    }
    return pd_strbuf_keep(&path, arena);
}

bool pd_pattern_has(const char *pattern, pd_placeholder which)
{
    return strstr(pattern, pd_placeholder_text(which)) != NULL;
}

size_t pd_pattern_literals(const char *pattern)
{
    size_t count = 0;
    while (*pattern != '\0') {
        size_t literal = literal_len(pattern);
        count += literal;
        pattern += literal;
        pd_placeholder which = pd_placeholder_at(pattern);
        pattern += pd_placeholder_length(which);
    }
    return count;
}
