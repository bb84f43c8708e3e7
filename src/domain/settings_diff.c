#include "domain/settings_diff.h"

#include <string.h>
#include <strings.h>

#include "base/strbuf.h"
#include "domain/config_text.h"
#include "domain/settings.h"

typedef struct keys {
    pd_config_item *items; /* the last of those that name one key */
    size_t count;
    size_t capacity;
} keys;

static bool is_same_key(const pd_config_item *a, const pd_config_item *b)
{
    return strcmp(a->section, b->section) == 0 && pd_streq(a->subsection, b->subsection) &&
           strcasecmp(a->key, b->key) == 0;
}

static pd_config_item *find(const keys *self, const pd_config_item *item)
{
    for (size_t i = 0; i < self->count; i++)
        if (is_same_key(&self->items[i], item))
            return &self->items[i];
    return NULL;
}

static bool read_keys(pd_arena *arena, const pd_bytes *text, keys *out)
{
    pd_error ignored = {0};
    pd_settings settings;
    pd_config_text reader;
    bool found = text->data != NULL;
    *out = (keys){0};
    if (!found)
        return true;
    pd_settings_default(&settings);
    if (!pd_settings_parse(&settings, arena, "", text->data, text->len, &ignored))
        return false;
    pd_config_text_open(&reader, arena, "", text->data, text->len);
    while (found) {
        pd_config_item item = {0};
        if (!pd_config_text_next(&reader, &item, &found, &ignored))
            return false;
        if (!found || item.key == NULL)
            continue;
        pd_config_item *known = find(out, &item);
        if (known == NULL)
            known = PD_PUSH(arena, out->items, out->count, out->capacity);
        *known = item;
    }
    return true;
}

static const char *value_of(const pd_config_item *item)
{
    return item->value == NULL ? "true" : item->value;
}

static void add_line(pd_strbuf *out, const pd_config_item *item, const char *is, const char *was)
{
    pd_strbuf_addf(out, "%s%s", out->len == 0 ? "" : "\n", item->section);
    if (item->subsection != NULL)
        pd_strbuf_addf(out, ".%s", item->subsection);
    pd_strbuf_addf(out, ".%s: %s, was %s", item->key, is, was);
}

const char *pd_settings_diff(pd_arena *arena, const pd_bytes *was, const pd_bytes *is)
{
    keys old = {0};
    keys new = {0};
    PD_AUTO_STRBUF out = pd_strbuf_new(PD_STRBUF_MAX);
    if (!read_keys(arena, was, &old) || !read_keys(arena, is, &new))
        return "";
    for (size_t i = 0; i < new.count; i++) {
        const pd_config_item *before = find(&old, &new.items[i]);
        const char *value = value_of(&new.items[i]);
        if (before == NULL || strcmp(value_of(before), value) != 0)
            add_line(&out, &new.items[i], value, before == NULL ? "not set" : value_of(before));
    }
    for (size_t i = 0; i < old.count; i++)
        if (find(&new, &old.items[i]) == NULL)
            add_line(&out, &old.items[i], "not set", value_of(&old.items[i]));
    return pd_strbuf_keep(&out, arena);
}
