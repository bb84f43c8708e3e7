#include <string.h>

#include "base/printable.h"
#include "base/str.h"
#include "base/utf8.h"
#include "render/human.h"
#include "render/text.h"

#define SAID_LINES_MAX 40 /* of one foreign text; JSON has all of it */
#define SAID_BYTES_MAX 8192

void pd_human_paint(const pd_human *human, pd_style style, const char *text)
{
    static const char *const codes[] = {
        [PD_STYLE_PLAIN] = "",  [PD_STYLE_STRONG] = "1", [PD_STYLE_FAINT] = "2",
        [PD_STYLE_GOOD] = "32", [PD_STYLE_WARN] = "33",  [PD_STYLE_BAD] = "1;31",
        [PD_STYLE_HINT] = "36",
    };
    bool painted = human->options->color && style != PD_STYLE_PLAIN && text[0] != '\0';
    if (painted)
        pd_strbuf_addf(human->out, "\x1b[%sm", codes[style]);
    pd_strbuf_adds(human->out, text);
    if (painted)
        pd_strbuf_adds(human->out, "\x1b[0m");
}

void pd_human_gap(const pd_human *human)
{
    if (human->out->len > human->start)
        pd_strbuf_addc(human->out, '\n');
}

/* Bytes of text that are shown: no line feeds at its end, and not more than the limits. */
static size_t shown_bytes(const char *text)
{
    size_t len = strlen(text);
    while (len > 0 && (text[len - 1] == '\n' || text[len - 1] == '\r'))
        len--;
    size_t lines = 0;
    size_t at = 0;
    while (at < len && at < SAID_BYTES_MAX) {
        lines += text[at] == '\n';
        if (lines == SAID_LINES_MAX)
            break;
        at += pd_utf8_length(text + at, len - at);
    }
    return at;
}

/* One line of foreign text, made printable and wrapped, with a line feed. */
static void add_line(const pd_human *human, const char *data, size_t len, const pd_wrap *wrap)
{
    PD_AUTO_STRBUF line = pd_strbuf_new(PD_STRBUF_MAX);
    if (len > 0 && data[len - 1] == '\r')
        len--;
    pd_printable_add(&line, data, len, PD_PRINTABLE_LINE, "");
    pd_text_wrap(human->out, line.data, wrap);
    pd_strbuf_addc(human->out, '\n');
}

/* Text behind what stands on the line already; `margin` columns are in front of further lines. */
static void add_text(const pd_human *human, size_t column, size_t margin, const char *text)
{
    pd_wrap wrap = {
        .indent = pd_arena_printf(human->arena, "%*s", (int)margin, ""),
        .column = column,
        .width = human->width,
    };
    const char *quoted = pd_arena_printf(human->arena, "%s| ", wrap.indent);
    text += strspn(text, "\r\n");
    size_t shown = shown_bytes(text);
    const char *more = text + shown;
    while (shown > 0) {
        const char *end = memchr(text, '\n', shown);
        size_t len = end == NULL ? shown : (size_t)(end - text);
        add_line(human, text, len, &wrap);
        size_t used = end == NULL ? len : len + 1;
        shown -= used;
        text += used;
        wrap.indent = quoted;
        wrap.column = margin + 2;
        if (shown > 0)
            pd_strbuf_adds(human->out, quoted);
    }
    if (!pd_blank(more))
        pd_strbuf_addf(human->out, "%s… %zu more bytes\n", quoted, strlen(more));
}

void pd_human_said(const pd_human *human, pd_style style, const char *label, const char *text)
{
    if (pd_blank(text))
        return;
    pd_strbuf_adds(human->out, "  ");
    if (label == NULL) {
        add_text(human, 2, 2, text);
        return;
    }
    pd_human_paint(human, style, pd_arena_printf(human->arena, "%s:", label));
    pd_strbuf_addc(human->out, ' ');
    add_text(human, strlen(label) + 4, 4, text);
}

void pd_human_headline(const pd_human *human, const char *label, const char *text)
{
    pd_human_paint(human, PD_STYLE_BAD, pd_arena_printf(human->arena, "%s:", label));
    pd_strbuf_addc(human->out, ' ');
    add_text(human, strlen(label) + 2, 2, text);
}

void pd_human_field(const pd_human *human, const char *name, size_t name_columns, const char *value)
{
    size_t column = name_columns + 4;
    char *indent = pd_arena_printf(human->arena, "%*s", (int)column, "");
    pd_strbuf_adds(human->out, "  ");
    pd_human_paint(human, PD_STYLE_FAINT, name);
    pd_strbuf_addn(human->out, ' ', column - 2 - pd_text_columns(name, strlen(name)));
    pd_text_wrap(human->out, value,
                 &(pd_wrap){.indent = indent, .column = column, .width = human->width});
    pd_strbuf_addc(human->out, '\n');
}

void pd_human_place(const pd_human *human, const pd_place *place)
{
    if (place->path != NULL) {
        const char *path = pd_printable(human->arena, place->path);
        if (place->line > 0 && place->column > 0)
            path = pd_arena_printf(human->arena, "%s:%d:%d", path, place->line, place->column);
        else if (place->line > 0)
            path = pd_arena_printf(human->arena, "%s:%d", path, place->line);
        pd_strbuf_addc(human->out, ' ');
        pd_human_paint(human, PD_STYLE_STRONG, path);
    }
    pd_strbuf_addc(human->out, '\n');
}

static const char *beginning(const pd_human *human, const char *text, size_t len)
{
    if (text == NULL)
        return "";
    return pd_printable(human->arena, pd_arena_strndup(human->arena, text, strnlen(text, len)));
}

const char *pd_human_commit(const pd_human *human, const char *oid)
{
    return beginning(human, oid, 7);
}

const char *pd_human_uuid(const pd_human *human, const char *uuid)
{
    return beginning(human, uuid, 8);
}

const char *pd_human_time(const pd_human *human, const char *timestamp)
{
    if (timestamp == NULL)
        return "";
    if (strlen(timestamp) < 20 || timestamp[10] != 'T')
        return pd_printable(human->arena, timestamp);
    char *text = pd_arena_strndup(human->arena, timestamp, 19);
    text[10] = ' ';
    return pd_printable(human->arena, text);
}
