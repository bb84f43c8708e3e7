#include "layout/pattern.h"

#include <string.h>

#include "base/strbuf.h"

#define DIGITS "0123456789"

typedef enum part {
    PART_NAME,
    PART_VERSION,
    PART_TITLE,
    PART_COUNT,
} part;

static const char *const placeholders[PART_COUNT] = {
    [PART_NAME] = "{name}",
    [PART_VERSION] = "{version}",
    [PART_TITLE] = "{title}",
};

typedef struct span {
    const char *at; /* NULL: the pattern has no such placeholder */
    size_t len;
} span;

typedef struct match {
    pd_version_order order;
    span parts[PART_COUNT];
    const char *first; /* where the first placeholder begins */
    const char *last;  /* behind the last one */
} match;

/* The placeholder that stands at `pattern`, PART_COUNT for none. */
static part part_at(const char *pattern)
{
    for (size_t i = 0; *pattern == '{' && i < PART_COUNT; i++) {
        if (strncmp(pattern, placeholders[i], strlen(placeholders[i])) == 0) {
            return (part)i;
        }
    }
    return PART_COUNT;
}

static size_t literal_len(const char *pattern)
{
    size_t len = 0;
    while (pattern[len] != '\0' && part_at(pattern + len) == PART_COUNT) {
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

static bool match_part(match *self, part which, const char *rest, const char *text, size_t *len)
{
    if (which == PART_VERSION && self->order != PD_ORDER_BYTES) {
        *len = version_len(self->order, text);
        return *len > 0;
    }
    return free_len(rest, text, which == PART_TITLE ? 0 : 1, len) &&
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
        part which = part_at(pattern);
        if (which == PART_COUNT) {
            break;
        }
        size_t len = 0;
        pattern += strlen(placeholders[which]);
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
    span name = self.parts[PART_NAME];
    if (name.at == NULL) {
        const char *begin = self.first;
        while (begin > path && begin[-1] != '/') {
            begin--;
        }
        name = (span){begin, (size_t)(self.last - begin)};
    }
    *out = (pd_pattern_names){
        .name = keep(arena, name),
        .version = keep(arena, self.parts[PART_VERSION]),
        .title = keep(arena, self.parts[PART_TITLE]),
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
        part which = part_at(pattern);
        switch (which) {
        case PART_NAME:
            add_name(&path, names);
            break;
        case PART_VERSION:
            pd_strbuf_adds(&path, names->version == NULL ? "" : names->version);
            break;
        case PART_TITLE:
            pd_strbuf_adds(&path, names->title == NULL ? "" : names->title);
            break;
        case PART_COUNT:
            continue;
        }
        pattern += strlen(placeholders[which]);
    }
    return pd_strbuf_keep(&path, arena);
}

bool pd_pattern_has(const char *pattern, const char *placeholder)
{
    return strstr(pattern, placeholder) != NULL;
}

size_t pd_pattern_literals(const char *pattern)
{
    size_t count = 0;
    while (*pattern != '\0') {
        size_t literal = literal_len(pattern);
        count += literal;
        pattern += literal;
        part which = part_at(pattern);
        pattern += which == PART_COUNT ? 0 : strlen(placeholders[which]);
    }
    return count;
}
