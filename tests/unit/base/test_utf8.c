#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdbool.h>
#include <string.h>

#include "base/str.h"
#include "base/utf8.h"

static size_t encode(uint32_t code, char out[4])
{
    if (code < 0x80) {
        out[0] = (char)code;
        return 1;
    }
    size_t len = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    static const unsigned leads[] = {0, 0, 0xC0, 0xE0, 0xF0};
    for (size_t i = len - 1; i > 0; i--) {
        out[i] = (char)(0x80 | (code & 0x3F));
        code >>= 6;
    }
    out[0] = (char)(leads[len] | code);
    return len;
}

static void every_character_is_decoded(void **state)
{
    (void)state;
    for (uint32_t code = 0; code <= 0x11FFFF; code++) {
        char bytes[4];
        uint32_t decoded = 0xFFFFFFFF;
        size_t len = encode(code, bytes);
        bool valid = code <= 0x10FFFF && (code < 0xD800 || code > 0xDFFF);
        size_t used = pd_utf8_decode(bytes, len, &decoded);
        if (used != (valid ? len : 0) || (valid && decoded != code))
            fail_msg("U+%04X", (unsigned)code);
        if (valid && len > 1 && pd_utf8_decode(bytes, len - 1, &decoded) != 0)
            fail_msg("U+%04X cut short", (unsigned)code);
    }
}

/* All sequences of two bytes, and of three and four with the interesting ones: exactly those that
 * the encoder makes are well-formed. */
static void no_other_sequence_is(void **state)
{
    static const unsigned char edge[] = {0x00, 0x41, 0x7F, 0x80, 0x8F, 0x90, 0x9F,
                                         0xA0, 0xBF, 0xC0, 0xC1, 0xC2, 0xDF, 0xE0,
                                         0xED, 0xEF, 0xF0, 0xF4, 0xF5, 0xFF};
    enum { EDGES = sizeof edge };
    (void)state;
    for (unsigned lead = 0; lead < 256; lead++) {
        for (unsigned i = 0; i < EDGES * EDGES * EDGES; i++) {
            char bytes[4] = {(char)lead, (char)edge[i % EDGES], (char)edge[i / EDGES % EDGES],
                             (char)edge[i / EDGES / EDGES]};
            for (size_t len = 1; len <= 4; len++) {
                uint32_t code = 0xFFFFFFFF;
                size_t used = pd_utf8_decode(bytes, len, &code);
                assert_true(used <= len);
                if (used == 0) {
                    assert_true(code == 0xFFFFFFFF);
                    assert_true(lead >= 0x80);
                    assert_int_equal(pd_utf8_length(bytes, len), 1);
                    continue;
                }
                char again[4];
                assert_int_equal(encode(code, again), used);
                assert_memory_equal(again, bytes, used);
                assert_int_equal(pd_utf8_length(bytes, len), used);
            }
        }
    }
}

static void nothing_is_no_character(void **state)
{
    (void)state;
    uint32_t code = 7;
    assert_int_equal(pd_utf8_decode("", 0, &code), 0);
    assert_int_equal(pd_utf8_decode(NULL, 0, &code), 0);
    assert_int_equal(pd_utf8_decode("\0", 1, &code), 1);
    assert_int_equal(code, 0);
}

static void the_first_invalid_byte_is_found(void **state)
{
    static const struct {
        const char *bytes;
        size_t at;
    } rows[] = {
        {"", 0},
        {"abc", 3},
        {"\u00e4\u20ac\U0001f418", 9},
        {"ab\xff", 2},
        {"\x80", 0},
        {"a\xc3", 1}, /* cut short */
        {"a\xc3(", 1},
        {"a\xe2\x82", 1},
        {"a\xf0\x9f\x90", 1},
        {"a\xc0\xaf", 1},         /* '/' in two bytes */
        {"a\xe0\x80\xaf", 1},     /* in three */
        {"a\xf0\x80\x80\xaf", 1}, /* in four */
        {"a\xed\xa0\x80", 1},     /* a surrogate */
        {"a\xed\xb0\x80\xed", 1},
        {"a\xf4\x90\x80\x80", 1},     /* behind the last character */
        {"a\xf8\x88\x80\x80\x80", 1}, /* five bytes */
        {"\xef\xbb\xbf-", 4},         /* a byte order mark is a character */
        {"\xef\xbf\xbf", 3},          /* so is a noncharacter */
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        size_t at = pd_utf8_invalid_at(rows[i].bytes, strlen(rows[i].bytes));
        if (at != rows[i].at)
            fail_msg("row %zu: %zu", i, at);
    }
    assert_int_equal(pd_utf8_invalid_at("a\0\xff", 3), 2);
}

/* Whatever stands in front and behind, and wherever the text begins in memory. */
static void it_is_found_in_long_texts(void **state)
{
    enum { LEN = 40 };
    static const struct {
        const char *bytes;
        bool valid;
    } rows[] = {
        {"\xff", false}, {"\x80", false},         {"\xc3", false},        {"\xc3\xa4", true},
        {"\x7f", true},  {"\xf0\x9f\x90", false}, {"\xe2\x82\xac", true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        size_t len = strlen(rows[i].bytes);
        for (size_t start = 0; start < 8; start++) {
            for (size_t at = start; at + len <= LEN; at++) {
                char text[LEN];
                memset(text, 'a', sizeof text);
                memcpy(text + at, rows[i].bytes, len);
                size_t expected = rows[i].valid ? LEN - start : at - start;
                if (pd_utf8_invalid_at(text + start, LEN - start) != expected)
                    fail_msg("row %zu from %zu at %zu", i, start, at);
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_character_is_decoded),
        cmocka_unit_test(no_other_sequence_is),
        cmocka_unit_test(nothing_is_no_character),
        cmocka_unit_test(the_first_invalid_byte_is_found),
        cmocka_unit_test(it_is_found_in_long_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
