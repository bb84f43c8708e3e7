#include "base/printable.h"

#include <string.h>
#include <strings.h>

#include "base/utf8.h"

bool pd_printable_unsafe(uint32_t code)
{
    if (code < 0x20)
        return code != '\t';
    if (code >= 0x7F && code <= 0x9F)
        return true;
    switch (code) {
    case 0x00AD: /* soft hyphen */
    case 0x061C: /* Arabic letter mark */
    case 0x180E: /* Mongolian vowel separator */
    case 0xFEFF: /* byte order mark */
        return true;
    default:
        break;
    }
    return (code >= 0x200B && code <= 0x200F) || (code >= 0x2028 && code <= 0x202E) ||
           (code >= 0x2060 && code <= 0x206F) || (code >= 0xFFF9 && code <= 0xFFFB) ||
           (code >= 0xE0000 && code <= 0xE0FFF);
}

bool pd_printable_command(const char *text, size_t len)
{
    static const char *const heads[] = {"##[", "##vso["};
    for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++)
        if (len >= strlen(heads[i]) && strncasecmp(text, heads[i], strlen(heads[i])) == 0)
            return true;
    return false;
}

static void add_escaped(pd_strbuf *out, uint32_t code)
{
    if (code < 0x80)
        pd_strbuf_addf(out, "\\x%02X", (unsigned)code);
    else
        pd_strbuf_addf(out, "\\u{%X}", (unsigned)code);
}

void pd_printable_add(pd_strbuf *out, const char *data, size_t len, pd_printable_mode mode,
                      const char *indent)
{
    size_t i = 0;
    while (i < len) {
        uint32_t code = 0;
        size_t used = pd_utf8_decode(data + i, len - i, &code);
        if (used == 0) {
            pd_strbuf_addf(out, "\\x%02X", (unsigned)(unsigned char)data[i]);
            i++;
        } else if (code == '\n' && mode == PD_PRINTABLE_LINES) {
            pd_strbuf_addf(out, "\n%s| ", indent);
            i++;
        } else if (code == '\r' && mode == PD_PRINTABLE_LINES && i + 1 < len &&
                   data[i + 1] == '\n') {
            i++;
        } else if (pd_printable_unsafe(code)) {
            add_escaped(out, code);
            i += used;
        } else if (code == '#' && pd_printable_command(data + i, len - i)) {
            pd_strbuf_adds(out, "#\\x23");
            i += 2;
        } else {
            pd_strbuf_add(out, data + i, used);
            i += used;
        }
    }
}

char *pd_printable(pd_arena *arena, const char *text)
{
    PD_AUTO_STRBUF buf = pd_strbuf_new(PD_STRBUF_MAX);
    pd_printable_add(&buf, text, strlen(text), PD_PRINTABLE_LINE, "");
    return pd_strbuf_keep(&buf, arena);
}

const char *pd_shell_word(pd_arena *arena, const char *text)
{
    static const char plain[] = "./_-,+@%0123456789abcdefghijklmnopqrstuvwxyz"
                                "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    if (*text != '\0' && text[strspn(text, plain)] == '\0')
        return text;
    PD_AUTO_STRBUF out = pd_strbuf_new(PD_STRBUF_MAX);
    pd_strbuf_addc(&out, '\'');
    for (const char *at = text; *at != '\0'; at++)
        if (*at == '\'')
            pd_strbuf_adds(&out, "'\\''");
        else
            pd_strbuf_addc(&out, *at);
    pd_strbuf_addc(&out, '\'');
    return pd_strbuf_keep(&out, arena);
}
