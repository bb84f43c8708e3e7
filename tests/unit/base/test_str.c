#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"

static void strings_compare(void **state)
{
    (void)state;
    assert_true(pd_streq("a", "a"));
    assert_true(pd_streq(NULL, NULL));
    assert_false(pd_streq("a", "A"));
    assert_false(pd_streq("", NULL));
    assert_false(pd_streq(NULL, ""));
    assert_true(pd_starts_with("abc", "ab"));
    assert_true(pd_starts_with("abc", ""));
    assert_true(pd_starts_with("", ""));
    assert_false(pd_starts_with("ab", "abc"));
    assert_false(pd_starts_with("xab", "ab"));
    assert_true(pd_ends_with("a.sql", ".sql"));
    assert_true(pd_ends_with(".sql", ".sql"));
    assert_true(pd_ends_with("a", ""));
    assert_false(pd_ends_with("sql", ".sql"));
    assert_false(pd_ends_with("a.sqlx", ".sql"));
    assert_true(pd_blank(NULL));
    assert_true(pd_blank(""));
    assert_true(pd_blank(" \t\r\n\v\f"));
    assert_false(pd_blank(" x "));
    assert_false(pd_blank("\u00a0"));
}

static const struct {
    const char *text;
    uint64_t max;
    bool valid;
    uint64_t value;
} number_rows[] = {
    {"0", UINT64_MAX, true, 0},
    {"0", 0, true, 0},
    {"00", 0, true, 0},
    {"1", 0, false, 0},
    {"9", 0, false, 0},
    {"1", 1, true, 1},
    {"2", 1, false, 0},
    {"9", 5, false, 0},
    {"5", 5, true, 5},
    {"6", 5, false, 0},
    {"10", 5, false, 0},
    {"10", 10, true, 10},
    {"11", 10, false, 0},
    {"007", 7, true, 7},
    {"008", 7, false, 0},
    {"18446744073709551615", UINT64_MAX, true, UINT64_MAX},
    {"18446744073709551616", UINT64_MAX, false, 0},
    {"18446744073709551619", UINT64_MAX, false, 0},
    {"18446744073709551620", UINT64_MAX, false, 0},
    {"28446744073709551615", UINT64_MAX, false, 0},
    {"184467440737095516150", UINT64_MAX, false, 0},
    {"99999999999999999999999999999999999999999", UINT64_MAX, false, 0},
    {"00000000000000000000000000000000000000001", UINT64_MAX, true, 1},
    {"18446744073709551614", UINT64_MAX - 1, true, UINT64_MAX - 1},
    {"18446744073709551615", UINT64_MAX - 1, false, 0},
    {"", 9, false, 0},
    {NULL, 9, false, 0},
    {"-1", UINT64_MAX, false, 0},
    {"+1", 9, false, 0},
    {" 1", 9, false, 0},
    {"1 ", 9, false, 0},
    {"1\n", 9, false, 0},
    {"0x1", 99, false, 0},
    {"1e1", 99, false, 0},
    {"1.0", 99, false, 0},
    {"\u0661", 99, false, 0},
    {"/", 99, false, 0},
    {":", 99, false, 0},
};

static void numbers(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof number_rows / sizeof *number_rows; i++) {
        uint64_t value = 4711;
        bool valid = pd_parse_uint(number_rows[i].text, number_rows[i].max, &value);
        if (valid != number_rows[i].valid)
            fail_msg("%s, at most %llu", number_rows[i].text,
                     (unsigned long long)number_rows[i].max);
        assert_true(value == (valid ? number_rows[i].value : 4711));
    }
    /* every number around every small maximum */
    for (uint64_t max = 0; max <= 120; max++) {
        for (unsigned n = 0; n <= 130; n++) {
            char text[8] = {0};
            uint64_t value = 0;
            (void)snprintf(text, sizeof text, "%u", n);
            assert_int_equal(pd_parse_uint(text, max, &value), n <= max);
        }
    }
}

static void booleans(void **state)
{
    static const char *const yes[] = {"true", "yes", "on", "1", "TRUE", "Yes", "oN"};
    static const char *const no[] = {"false", "no", "off", "0", "False", "NO", "oFF"};
    static const char *const neither[] = {"",      "t",  "y",      "2",     "01",   "-1",
                                          "true ", " 1", "truely", "yes\n", "nope", "enabled"};
    (void)state;
    for (size_t i = 0; i < sizeof yes / sizeof *yes; i++) {
        bool value = false;
        assert_true(pd_parse_bool(yes[i], &value));
        assert_true(value);
        assert_true(pd_parse_bool(no[i], &value));
        assert_false(value);
    }
    for (size_t i = 0; i < sizeof neither / sizeof *neither; i++) {
        bool value = true;
        assert_false(pd_parse_bool(neither[i], &value));
        assert_true(value);
    }
}

static void lines_and_columns(void **state)
{
    static const struct {
        const char *text;
        size_t offset;
        int line;
        int column;
    } rows[] = {
        {"", 0, 1, 1},
        {"", 99, 1, 1},
        {"abc", 0, 1, 1},
        {"abc", 2, 1, 3},
        {"abc", 3, 1, 4},
        {"abc", SIZE_MAX, 1, 4},
        {"a\nb", 1, 1, 2},
        {"a\nb", 2, 2, 1},
        {"a\n", 2, 2, 1},
        {"\n\n\n", 2, 3, 1},
        {"\n\n\n", 3, 4, 1},
        {"a\r\nb", 3, 2, 1},
        {"\u00e4b", 2, 1, 2},
        {"\u00e4b", 1, 1, 1}, /* in the middle of a character */
        {"x\n\u20ac\U0001f418z", 9, 2, 3},
        {"x\n\u20ac\U0001f418z", 8, 2, 2},
        {"x\n\u20ac\U0001f418z", 5, 2, 2},
        {"\xff\xffz", 2, 1, 3}, /* each invalid byte is one character */
        {"\xe2\x82", 2, 1, 3},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        int line = 0;
        int column = 0;
        pd_line_column(rows[i].text, strlen(rows[i].text), rows[i].offset, &line, &column);
        if (line != rows[i].line || column != rows[i].column)
            fail_msg("row %zu: %d:%d", i, line, column);
    }
}

static void offsets_of_characters(void **state)
{
    static const char text[] = "a\u00e4\u20ac\U0001f418\xff!";
    static const size_t offsets[] = {0, 1, 3, 6, 10, 11, 12, 12, 12};
    (void)state;
    for (size_t i = 0; i < sizeof offsets / sizeof *offsets; i++)
        assert_int_equal(pd_utf8_offset(text, strlen(text), i), offsets[i]);
    assert_int_equal(pd_utf8_offset(text, strlen(text), SIZE_MAX), 12);
    assert_int_equal(pd_utf8_offset("", 0, 3), 0);
    assert_int_equal(pd_utf8_offset("\u20ac", 2, 1), 1);
}

static void suggestions(void **state)
{
    static const char *const commands[] = {"check",  "deploy", "plan",     "record", "rollback",
                                           "status", "verify", "rehearse", "hook",   NULL};
    static const struct {
        const char *word;
        const char *meant;
    } rows[] = {
        {"deploy", "deploy"},
        {"delpoy", "deploy"},
        {"DEPLOY", "deploy"},
        {"depoy", "deploy"},
        {"deployy", "deploy"},
        {"chekc", "check"},
        {"rolback", "rollback"},
        {"pln", "plan"},
        {"stauts", "status"},
        {"rehearsal", "rehearse"},
        {"x", NULL},
        {"", NULL},
        {"migrate", NULL},
        {"zzzzzz", NULL},
        {"\xff\xfe", NULL},
        {"foo", NULL},
        {"stat", "status"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *found = pd_did_you_mean(rows[i].word, commands);
        if (!pd_streq(found, rows[i].meant))
            fail_msg("%s: %s", rows[i].word, found == NULL ? "nothing" : found);
    }
    static const char *const none[] = {NULL};
    assert_null(pd_did_you_mean("deploy", none));
    static const char *const two_letters[] = {"up", NULL};
    assert_string_equal(pd_did_you_mean("pu", two_letters), "up"); /* a swap is one slip */
    assert_null(pd_did_you_mean("xy", two_letters));
    static const char *const empty[] = {"", "a", NULL};
    assert_null(pd_did_you_mean("b", empty));
}

static void suggestions_at_the_longest_word(void **state)
{
    char word[70];
    char candidate[70];
    const char *const candidates[] = {candidate, NULL};
    (void)state;
    for (size_t len = 60; len < 69; len++) {
        for (size_t other = 60; other < 69; other++) {
            memset(word, 'a', sizeof word);
            memset(candidate, 'a', sizeof candidate);
            word[len] = '\0';
            candidate[other] = '\0';
            assert_int_equal(pd_did_you_mean(word, candidates) != NULL, len <= 64 && other <= 64);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(strings_compare),
        cmocka_unit_test(numbers),
        cmocka_unit_test(booleans),
        cmocka_unit_test(lines_and_columns),
        cmocka_unit_test(offsets_of_characters),
        cmocka_unit_test(suggestions),
        cmocka_unit_test(suggestions_at_the_longest_word),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
