#include "base/secret.h"

#include <ctype.h>
#include <string.h>

#include "base/hash.h"
#include "base/printable.h"

#define SHORTEST_SECRET 4

static void insert(pd_secrets *secrets, const char *secret)
{
    size_t len = strlen(secret);
    if (len < SHORTEST_SECRET)
        return;
    for (size_t i = 0; i < secrets->count; i++)
        if (strcmp(secrets->items[i], secret) == 0)
            return;
    const char **slot =
        (const char **)pd_arena_push(secrets->arena, (void **)&secrets->items, &secrets->count,
                                     &secrets->capacity, sizeof *secrets->items);
    *slot = secret;
    for (size_t i = secrets->count - 1; i > 0 && strlen(secrets->items[i - 1]) < len; i--) {
        const char *shorter = secrets->items[i - 1];
        secrets->items[i - 1] = secrets->items[i];
        secrets->items[i] = shorter;
    }
}

static char *percent_encode(pd_arena *arena, const char *text, bool upper)
{
    PD_AUTO_STRBUF buf = pd_strbuf_new(PD_STRBUF_MAX);
    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;
        if (isalnum(c) || strchr("-._~", c) != NULL)
            pd_strbuf_addc(&buf, *text);
        else
            pd_strbuf_addf(&buf, upper ? "%%%02X" : "%%%02x", c);
    }
    return pd_strbuf_keep(&buf, arena);
}

/* As JSON writes it between quotes (RFC 8259, section 7), with the short escapes of jansson. */
static char *json_escape(pd_arena *arena, const char *text)
{
    static const char letters[] = "btn\vfr"; /* from U+0008; U+000B has none */
    PD_AUTO_STRBUF buf = pd_strbuf_new(PD_STRBUF_MAX);
    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;
        if (c == '"' || c == '\\')
            pd_strbuf_addf(&buf, "\\%c", c);
        else if (c >= '\b' && c <= '\r' && c != '\v')
            pd_strbuf_addf(&buf, "\\%c", letters[c - '\b']);
        else if (c < 0x20)
            pd_strbuf_addf(&buf, "\\u%04X", c);
        else
            pd_strbuf_addc(&buf, *text);
    }
    return pd_strbuf_keep(&buf, arena);
}

void pd_secrets_add(pd_secrets *secrets, const char *secret)
{
    if (secret == NULL || strlen(secret) < SHORTEST_SECRET)
        return;
    insert(secrets, pd_arena_strdup(secrets->arena, secret));
    insert(secrets, percent_encode(secrets->arena, secret, true));
    insert(secrets, percent_encode(secrets->arena, secret, false));
    insert(secrets, pd_base64_encode(secrets->arena, secret, strlen(secret)));
    insert(secrets, json_escape(secrets->arena, secret));
    insert(secrets, pd_printable(secrets->arena, secret));
}

/* Marks first and replaces then: two secrets that overlap in the text leave nothing behind. */
void pd_secrets_redact(const pd_secrets *secrets, pd_strbuf *text)
{
    PD_AUTO_STRBUF marks = pd_strbuf_new(text->len);
    for (size_t i = 0; i < secrets->count; i++) {
        size_t len = strlen(secrets->items[i]);
        const char *end = text->data + text->len;
        const char *at = memmem(text->data, text->len, secrets->items[i], len);
        if (at != NULL && marks.len == 0)
            pd_strbuf_addn(&marks, ' ', text->len);
        for (; at != NULL; at = memmem(at + 1, (size_t)(end - at - 1), secrets->items[i], len))
            memset(marks.data + (at - text->data), '*', len);
    }
    if (marks.len == 0)
        return;
    PD_AUTO_STRBUF out = pd_strbuf_new(text->max);
    for (size_t i = 0; i < text->len;) {
        size_t kept = strspn(marks.data + i, " ");
        size_t blotted = strspn(marks.data + i + kept, "*");
        pd_strbuf_add(&out, text->data + i, kept);
        pd_strbuf_adds(&out, blotted > 0 ? "***" : "");
        i += kept + blotted;
    }
    out.truncated = text->truncated;
    pd_strbuf swap = *text;
    *text = out;
    out = swap;
}
