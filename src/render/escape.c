#include "render/escape.h"

#include <stdint.h>
#include <string.h>

#include "base/printable.h"
#include "base/str.h"
#include "base/utf8.h"

#define BACKTICKS_MAX 8 /* renderers give up on longer fences */
#define CODE_CHARS 2000

/* Percent-encodes the bytes of `unsafe`. */
static void percent(pd_strbuf *out, const char *text, const char *unsafe)
{
    for (; *text != '\0'; text++) {
        if (strchr(unsafe, *text) != NULL)
            pd_strbuf_addf(out, "%%%02X", (unsigned)(unsigned char)*text);
        else
            pd_strbuf_addc(out, *text);
    }
}

void pd_escape_command(pd_strbuf *out, const char *text)
{
    for (;;) {
        size_t len = strcspn(text, "\n");
        size_t kept = len > 0 && text[len - 1] == '\r' ? len - 1 : len;
        PD_AUTO_STRBUF line = pd_strbuf_new(PD_STRBUF_MAX);
        pd_printable_add(&line, text, kept, PD_PRINTABLE_LINE, "");
        percent(out, line.data, "%\r\n");
        if (text[len] == '\0')
            return;
        pd_strbuf_adds(out, "%0A");
        text += len + 1;
    }
}

void pd_escape_property(pd_strbuf *out, const char *text)
{
    PD_AUTO_STRBUF line = pd_strbuf_new(PD_STRBUF_MAX);
    pd_printable_add(&line, text, strlen(text), PD_PRINTABLE_LINE, "");
    percent(out, line.data, "%\r\n:,");
}

static void add_xml_char(pd_strbuf *out, uint32_t code, const char *bytes, size_t used)
{
    static const struct {
        uint32_t code;
        const char *text;
    } entities[] = {
        {'&', "&amp;"}, {'<', "&lt;"},   {'>', "&gt;"},   {'"', "&quot;"},
        {'\t', "&#9;"}, {'\n', "&#10;"}, {'\r', "&#13;"},
    };
    for (size_t i = 0; i < sizeof entities / sizeof *entities; i++) {
        if (entities[i].code == code) {
            pd_strbuf_adds(out, entities[i].text);
            return;
        }
    }
    if (code < 0x20 || code == 0xFFFE || code == 0xFFFF)
        pd_strbuf_adds(out, "\xEF\xBF\xBD");
    else if (pd_printable_unsafe(code))
        pd_strbuf_addf(out, "&#x%X;", (unsigned)code);
    else
        pd_strbuf_add(out, bytes, used);
}

void pd_escape_xml(pd_strbuf *out, const char *text)
{
    size_t len = strlen(text);
    for (size_t i = 0; i < len;) {
        uint32_t code = 0;
        size_t used = pd_utf8_decode(text + i, len - i, &code);
        if (used == 0)
            pd_strbuf_adds(out, "\xEF\xBF\xBD");
        else if (pd_printable_command(text + i, len - i))
            pd_strbuf_adds(out, "&#35;"); /* a command to a CI runner wherever it stands */
        else
            add_xml_char(out, code, text + i, used);
        i += used == 0 ? 1 : used;
    }
}

static size_t longest_run(const char *text, char of)
{
    size_t longest = 0;
    size_t run = 0;
    for (; *text != '\0'; text++) {
        run = *text == of ? run + 1 : 0;
        longest = run > longest ? run : longest;
    }
    return longest;
}

void pd_escape_cell(pd_strbuf *out, const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '|')
            pd_strbuf_adds(out, "\\x7C");
        else
            pd_strbuf_addc(out, *text);
    }
}

void pd_escape_code(pd_strbuf *out, const char *text, bool in_cell)
{
    if (pd_blank(text))
        return;
    size_t len = strlen(text);
    size_t kept = pd_utf8_offset(text, len, CODE_CHARS);
    PD_AUTO_STRBUF line = pd_strbuf_new(PD_STRBUF_MAX);
    pd_printable_add(&line, text, kept, PD_PRINTABLE_LINE, "");
    if (kept < len)
        pd_strbuf_adds(&line, "…");
    size_t run = longest_run(line.data, '`');
    for (char *c = line.data; run > BACKTICKS_MAX && *c != '\0'; c++)
        *c = *c == '`' ? '\'' : *c;
    size_t fence = run > BACKTICKS_MAX ? 1 : run + 1;
    pd_strbuf_addn(out, '`', fence);
    pd_strbuf_addc(out, ' ');
    if (in_cell)
        pd_escape_cell(out, line.data);
    else
        pd_strbuf_add(out, line.data, line.len);
    pd_strbuf_addc(out, ' ');
    pd_strbuf_addn(out, '`', fence);
}

void pd_escape_strip(pd_strbuf *out, const char *text)
{
    size_t len = strlen(text);
    for (size_t i = 0; i < len;) {
        uint32_t code = 0;
        size_t used = pd_utf8_decode(text + i, len - i, &code);
        if (used > 0 && !pd_printable_unsafe(code))
            pd_strbuf_add(out, text + i, used);
        i += used == 0 ? 1 : used;
    }
}
