#include "cli/document.h"

#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "render/escape.h"

void pd_document_add(pd_document *document, pd_format format, const pd_report *report,
                     pd_arena *arena)
{
    PD_AUTO_STRBUF part = pd_strbuf_new(PD_STRBUF_MAX);
    pd_render_part(format, report, &part);
    const char **slot =
        (const char **)pd_arena_push(arena, (void **)&document->parts, &document->count,
                                     &document->capacity, sizeof *document->parts);
    *slot = pd_strbuf_keep(&part, arena);
}

static void add_spelling(pd_secrets *all, const char *secret,
                         void (*escape)(pd_strbuf *out, const char *text))
{
    PD_AUTO_STRBUF escaped = pd_strbuf_new(PD_STRBUF_MAX);
    escape(&escaped, secret);
    if (strcmp(escaped.data, secret) != 0)
        pd_secrets_add(all, escaped.data);
}

void pd_document_redact(const pd_secrets *secrets, pd_strbuf *text)
{
    PD_AUTO_ARENA arena = pd_arena_new();
    pd_secrets all = {.arena = arena};
    for (size_t i = 0; i < secrets->count; i++) {
        pd_secrets_add(&all, secrets->items[i]);
        add_spelling(&all, secrets->items[i], pd_escape_command);
        add_spelling(&all, secrets->items[i], pd_escape_property);
        add_spelling(&all, secrets->items[i], pd_escape_xml);
        add_spelling(&all, secrets->items[i], pd_escape_cell);
        add_spelling(&all, secrets->items[i], pd_escape_strip);
    }
    pd_secrets_redact(&all, text);
}

bool pd_document_write(const char *path, const pd_strbuf *text, pd_error *err)
{
    mode_t mask = umask(077);
    umask(mask);
    return pd_file_write(path, text->data, text->len, 0666 & ~mask, err);
}
