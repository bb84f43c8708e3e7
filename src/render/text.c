#include "render/text.h"

#include <string.h>

#include "base/str.h"

#define TAB_STOP 4

void pd_text_expand(pd_strbuf *out, const char *text)
{
    size_t column = 0;
    while (*text != '\0') {
        size_t plain = strcspn(text, "\t");
        pd_strbuf_add(out, text, plain);
        column += pd_text_columns(text, plain);
        text += plain;
        if (*text == '\t') {
            size_t blanks = TAB_STOP - column % TAB_STOP;
            pd_strbuf_addn(out, ' ', blanks);
            column += blanks;
            text++;
        }
    }
}

/* Whether nothing but blanks stands on the last line of out. */
static bool line_is_blank(const pd_strbuf *out)
{
    size_t at = out->len;
    while (at > 0 && (out->data[at - 1] == ' ' || out->data[at - 1] == '\t'))
        at--;
    return at == 0 || out->data[at - 1] == '\n';
}

/* Whether a runner that trims white space first (Unicode's, too) would read a command here. */
static bool is_command(const char *text)
{
    static const char *const blanks[] = {
        " ",
        "\t",
        "\xC2\xA0",
        "\xE1\x9A\x80",
        "\xE2\x80\x80",
        "\xE2\x80\x81",
        "\xE2\x80\x82",
        "\xE2\x80\x83",
        "\xE2\x80\x84",
        "\xE2\x80\x85",
        "\xE2\x80\x86",
        "\xE2\x80\x87",
        "\xE2\x80\x88",
        "\xE2\x80\x89",
        "\xE2\x80\x8A",
        "\xE2\x80\xAF",
        "\xE2\x81\x9F",
        "\xE3\x80\x80",
    };
    for (size_t i = 0; i < sizeof blanks / sizeof blanks[0];) {
        if (pd_starts_with(text, blanks[i])) {
            text += strlen(blanks[i]);
            i = 0;
        } else {
            i++;
        }
    }
    return pd_starts_with(text, "::");
}

/* Bytes up to the next place where a line may break. */
static size_t word_bytes(const char *text, size_t room)
{
    size_t len = strcspn(text, " \t");
    bool quoted = false;
    for (size_t i = 0; i < len; i++) {
        quoted = text[i] == '`' ? !quoted : quoted;
    }
    const char *end = quoted ? strchr(text + len, '`') : NULL;
    if (end == NULL)
        return len;
    size_t whole = (size_t)(end - text) + 1;
    whole += strcspn(text + whole, " \t");
    return pd_text_columns(text, whole) <= room ? whole : len;
}

void pd_text_wrap(pd_strbuf *out, const char *text, const pd_wrap *wrap)
{
    size_t margin = pd_text_columns(wrap->indent, strlen(wrap->indent));
    size_t room = wrap->width > margin ? wrap->width - margin : 1;
    size_t column = wrap->column;
    bool fresh = true;
    for (;;) {
        size_t blanks = strspn(text, " \t");
        text += blanks;
        size_t bytes = word_bytes(text, room);
        if (bytes == 0)
            return;
        size_t columns = pd_text_columns(text, bytes);
        if (!fresh && column + blanks + columns > wrap->width) {
            pd_strbuf_addc(out, '\n');
            pd_strbuf_adds(out, wrap->indent);
            column = margin;
            fresh = true;
        }
        if (!fresh) {
            pd_strbuf_addn(out, ' ', blanks);
            column += blanks;
        } else if (is_command(text) && line_is_blank(out)) {
            pd_strbuf_adds(out, "| ");
            column += 2;
        }
        pd_strbuf_add(out, text, bytes);
        column += columns;
        text += bytes;
        fresh = false;
    }
}
