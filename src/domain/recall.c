#include "domain/recall.h"

#include <string.h>

#include "base/hash.h"

#define COUNT_DIGITS_MAX 9

/* The word in front of the next blank, which *at is moved behind; NULL: there is no blank. */
static const char *take_word(pd_arena *arena, const char **at)
{
    const char *blank = strchr(*at, ' ');
    if (blank == NULL)
        return NULL;
    const char *word = pd_arena_strndup(arena, *at, (size_t)(blank - *at));
    *at = blank + 1;
    return word;
}

static bool read_count(const char *word, size_t *out)
{
    size_t len = strlen(word);
    *out = 0;
    if (len == 0 || len > COUNT_DIGITS_MAX || strspn(word, "0123456789") != len)
        return false;
    for (; *word != '\0'; word++)
        *out = *out * 10 + (size_t)(*word - '0');
    return true;
}

bool pd_recall_parse(pd_arena *arena, const char *text, pd_recall *out)
{
    const char *rest = text;
    const char *words[4] = {NULL};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        words[i] = take_word(arena, &rest);
        if (words[i] == NULL)
            return false;
    }
    out->given_at = words[1];
    out->folder = rest;
    return pd_is_sha256_hex(words[0], strlen(words[0])) && pd_layout_find(words[2], &out->layout) &&
           read_count(words[3], &out->count);
}
