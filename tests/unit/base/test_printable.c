#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/printable.h"
#include "base/utf8.h"

/* What may never reach a terminal, a log or a CI runner; the test's own reading of the rule. */
static bool is_safe(const char *text, bool lines)
{
    size_t len = strlen(text);
    for (size_t i = 0; i < len;) {
        uint32_t code = 0;
        size_t used = pd_utf8_decode(text + i, len - i, &code);
        if (used == 0 || (code < 0x20 && code != '\t' && !(lines && code == '\n')))
            return false;
        if ((code >= 0x7F && code < 0xA0) || (code >= 0x2028 && code <= 0x202E) ||
            (code >= 0x2066 && code <= 0x2069) || code == 0x200E || code == 0x200F ||
            code == 0x061C)
            return false;
        i += used;
    }
    return strstr(text, "##[") == NULL && strcasestr(text, "##vso[") == NULL;
}

static void texts(void **state)
{
    static const struct {
        const char *text;
        const char *line;
    } rows[] = {
        {"", ""},
        {"plain text", "plain text"},
        {"a\tb", "a\tb"},
        {"a\nb", "a\\x0Ab"},
        {"a\r\nb", "a\\x0D\\x0Ab"},
        {"\x1b[2J", "\\x1B[2J"},
        {"\a\b\x7f", "\\x07\\x08\\x7F"},
        {"gr\u00fc\u00dfe \u20ac \U0001f418", "gr\u00fc\u00dfe \u20ac \U0001f418"},
        {"\xc2\x9b"
         "2J",
         "\\u{9B}2J"}, /* CSI */
        {"\x9b"
         "2J",
         "\\x9B2J"},             /* CSI of Latin-1 */
        {"\xc2\x85", "\\u{85}"}, /* next line */
        {"a\u2028b\u2029", "a\\u{2028}b\\u{2029}"},
        {"\u202egnp.sql", "\\u{202E}gnp.sql"},
        {"\u2066\u2069\u200f\u061c", "\\u{2066}\\u{2069}\\u{200F}\\u{61C}"},
        {"a\u200bb", "a\\u{200B}b"},
        {"\ufeffSELECT", "\\u{FEFF}SELECT"},
        {"\U000e0041", "\\u{E0041}"}, /* a tag character */
        {"\xc0\xaf", "\\xC0\\xAF"},   /* overlong '/' */
        {"\xc0\x9b", "\\xC0\\x9B"},   /* overlong ESC */
        {"\xe0\x80\x9b", "\\xE0\\x80\\x9B"},
        {"\xed\xa0\x80", "\\xED\\xA0\\x80"}, /* a surrogate */
        {"\xf4\x90\x80\x80", "\\xF4\\x90\\x80\\x80"},
        {"a\xe2\x82", "a\\xE2\\x82"}, /* cut short */
        {"\xff", "\\xFF"},
        {"##[error]x", "#\\x23[error]x"},
        {"a ##[group]##[", "a #\\x23[group]#\\x23["},
        {"##vso[task.setvariable]x", "#\\x23vso[task.setvariable]x"},
        {"a ##VSO[b", "a #\\x23VSO[b"},
        {"##vso", "##vso"},
        {"####[error]", "###\\x23[error]"},
        {"##", "##"},
        {"## [", "## ["},
        {"#[", "#["},
        {"#\xff#[", "#\\xFF#["},
        {"::error::x", "::error::x"}, /* only at the start of a line of ours */
    };
    (void)state;
    PD_AUTO_ARENA arena = pd_arena_new();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char *line = pd_printable(arena, rows[i].text);
        assert_string_equal(line, rows[i].line);
        assert_true(is_safe(line, false));
        assert_string_equal(pd_printable(arena, line), line);
    }
}

static void further_lines_cannot_pose_as_ours(void **state)
{
    static const struct {
        const char *text;
        const char *lines;
    } rows[] = {
        {"one", "one"},
        {"one\ntwo", "one\n  | two"},
        {"one\r\ntwo", "one\n  | two"},
        {"one\rtwo", "one\\x0Dtwo"},
        {"one\r\r\ntwo", "one\\x0D\n  | two"},
        {"one\r", "one\\x0D"},
        {"\n", "\n  | "},
        {"\n::error::x\n##[error]", "\n  | ::error::x\n  | #\\x23[error]"},
        {"a\u2028::error::", "a\\u{2028}::error::"},
        {"a\x0b::error::\x0c", "a\\x0B::error::\\x0C"},
        {"##\n[error]", "##\n  | [error]"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        PD_AUTO_STRBUF out = pd_strbuf_new(1000);
        pd_printable_add(&out, rows[i].text, strlen(rows[i].text), PD_PRINTABLE_LINES, "  ");
        assert_string_equal(out.data, rows[i].lines);
        assert_true(is_safe(out.data, true));
    }
}

/* Each character, and each sequence of up to three bytes, between ordinary letters. */
static void nothing_unsafe_passes(void **state)
{
    (void)state;
    PD_AUTO_STRBUF out = pd_strbuf_new(1000);
    for (unsigned i = 0; i < 256 * 256; i++) {
        const char bytes[] = {'a', (char)(i >> 8), (char)(i & 255), 'z', '\0'};
        pd_strbuf_clear(&out);
        pd_printable_add(&out, bytes, 4, PD_PRINTABLE_LINE, "");
        if (!is_safe(out.data, false) || strlen(out.data) != out.len)
            fail_msg("%02X %02X", i >> 8, i & 255);
        pd_strbuf_clear(&out);
        pd_printable_add(&out, bytes, 4, PD_PRINTABLE_LINES, "");
        if (!is_safe(out.data, true))
            fail_msg("%02X %02X", i >> 8, i & 255);
        if (out.data[0] != 'a' || out.data[out.len - 1] != 'z')
            fail_msg("%02X %02X swallows a neighbour", i >> 8, i & 255);
    }
    for (uint32_t code = 0x800; code < 0x110000; code++) {
        const char bytes[] = {(char)(0xF0 | code >> 18), (char)(0x80 | (code >> 12 & 0x3F)),
                              (char)(0x80 | (code >> 6 & 0x3F)), (char)(0x80 | (code & 0x3F))};
        const char three[] = {(char)(0xE0 | code >> 12), bytes[2], bytes[3]};
        pd_strbuf_clear(&out);
        pd_printable_add(&out, code < 0x10000 ? three : bytes, code < 0x10000 ? 3 : 4,
                         PD_PRINTABLE_LINE, "");
        if (!is_safe(out.data, false))
            fail_msg("U+%04X", (unsigned)code);
        bool kept = out.data[0] != '\\';
        bool surrogate = code >= 0xD800 && code <= 0xDFFF;
        assert_int_equal(kept, !pd_printable_unsafe(code) && !surrogate);
    }
}

static void ordinary_letters_stay(void **state)
{
    static const uint32_t ordinary[] = {'\t',  ' ',    '~',    0xA0,   0xE4,   0x416,   0x5D0,
                                        0x627, 0x3042, 0x4E2D, 0x2010, 0x2027, 0x1F418, 0xFFFD};
    (void)state;
    for (size_t i = 0; i < sizeof ordinary / sizeof *ordinary; i++)
        assert_false(pd_printable_unsafe(ordinary[i]));
}

static void nul_bytes_are_shown(void **state)
{
    (void)state;
    PD_AUTO_STRBUF out = pd_strbuf_new(100);
    pd_printable_add(&out, "a\0b", 3, PD_PRINTABLE_LINES, "");
    assert_string_equal(out.data, "a\\x00b");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts),
        cmocka_unit_test(further_lines_cannot_pose_as_ours),
        cmocka_unit_test(nothing_unsafe_passes),
        cmocka_unit_test(ordinary_letters_stay),
        cmocka_unit_test(nul_bytes_are_shown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
