#include <string.h>

#include "base/printable.h"
#include "base/str.h"
#include "render/human.h"
#include "render/text.h"

/* A part of a line that fits on the screen. */
typedef struct window {
    const char *text;
    size_t len;
    size_t caret; /* columns in front of it, with `left` */
    bool left;    /* something was cut off in front */
    bool right;
} window;

/* Printable, with tabs expanded, as it stands on the terminal. */
static void as_shown(pd_strbuf *out, const char *text, size_t len)
{
    PD_AUTO_STRBUF raw = pd_strbuf_new(PD_STRBUF_MAX);
    pd_printable_add(&raw, text, len, PD_PRINTABLE_LINE, "");
    pd_text_expand(out, raw.data);
}

/* Chooses the part of text around the column of the caret that takes at most `room` columns. */
static window cut(const char *text, size_t len, size_t caret, size_t room)
{
    window part = {.text = text, .len = len, .caret = caret};
    size_t columns = pd_text_columns(text, len);
    if (columns <= room)
        return part;
    size_t first = caret < room * 3 / 4 ? 0 : caret - room * 2 / 3;
    if (first + room > columns)
        first = columns - room;
    size_t skip = first == 0 ? 0 : pd_text_fit(text, len, first + 1);
    size_t skipped = pd_text_columns(text, skip);
    part.left = skip > 0;
    part.text += skip;
    part.len -= skip;
    part.caret = caret > skipped ? caret - skipped + part.left : part.left;
    size_t left_over = room - part.left;
    if (pd_text_columns(part.text, part.len) > left_over) {
        part.right = true;
        part.len = pd_text_fit(part.text, part.len, left_over - 1);
    }
    return part;
}

static void add_gutter(const pd_human *human, const char *number, size_t columns)
{
    char *text = pd_arena_printf(human->arena, "%*s |", (int)columns, number);
    pd_human_paint(human, PD_STYLE_FAINT, text);
}

void pd_human_excerpt(const pd_human *human, const pd_place *place, const char *excerpt,
                      pd_style caret_style)
{
    if (pd_blank(excerpt))
        return;
    size_t len = strcspn(excerpt, "\r\n");
    PD_AUTO_STRBUF line = pd_strbuf_new(PD_STRBUF_MAX);
    as_shown(&line, excerpt, len);
    size_t before = place->column > 0 ? (size_t)place->column - 1 : 0;
    PD_AUTO_STRBUF prefix = pd_strbuf_new(PD_STRBUF_MAX);
    as_shown(&prefix, excerpt, pd_utf8_offset(excerpt, len, before));

    const char *number = place->line > 0 ? pd_arena_printf(human->arena, "%d", place->line) : "";
    size_t gutter = strlen(number) < 4 ? 6 : strlen(number) + 2;
    window part = cut(line.data, line.len, pd_text_columns(prefix.data, prefix.len),
                      human->width - gutter - 3);

    add_gutter(human, number, gutter);
    pd_strbuf_addc(human->out, ' ');
    pd_strbuf_adds(human->out, part.left ? "…" : "");
    pd_strbuf_add(human->out, part.text, part.len);
    pd_strbuf_adds(human->out, part.right ? "…" : "");
    pd_strbuf_addc(human->out, '\n');
    if (place->column <= 0)
        return;
    add_gutter(human, "", gutter);
    pd_strbuf_addn(human->out, ' ', part.caret + 1);
    pd_human_paint(human, caret_style, "^");
    pd_strbuf_addc(human->out, '\n');
}
