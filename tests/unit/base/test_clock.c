#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdbool.h>
#include <string.h>

#include "base/clock.h"

static const struct {
    const char *text;
    int64_t ms; /* -1: refused */
} durations[] = {
    {"0", 0},
    {"250", 250},
    {"250ms", 250},
    {"5s", 5000},
    {"5 s", 5000},
    {"30min", 1800000},
    {"2h", 7200000},
    {"1d", 86400000},
    {"0d", 0},
    {"0000000001", 1},
    {"2147483647", 2147483647},
    {"2147483648", -1},
    {"2147483647ms", 2147483647},
    {"2147483s", 2147483000},
    {"2147484s", -1},
    {"35791min", 2147460000},
    {"35792min", -1},
    {"596h", 2145600000},
    {"597h", -1},
    {"24d", 2073600000},
    {"25d", -1},
    {"4294967296", -1},
    {"9999999999d", -1},
    {"18446744073709551616", -1},
    {"18446744073709551617ms", -1},
    {"99999999999999999999999999999999", -1},
    {"", -1},
    {" ", -1},
    {"s", -1},
    {"ms", -1},
    {"-1", -1},
    {"-1s", -1},
    {"+1s", -1},
    {"1.5s", -1},
    {"1,5s", -1},
    {"1e3", -1},
    {"0x10", -1},
    {"5S", -1},
    {"5Min", -1},
    {"5m", -1},
    {"5sec", -1},
    {"5us", -1},
    {"5s5", -1},
    {"5s ", -1},
    {"5s\n", -1},
    {"5 5s", -1},
    {" 5s", -1},
    {"5\ts", -1},
    {"5;s", -1},
    {"\u0665s", -1},
};

static void durations_are_parsed(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof durations / sizeof *durations; i++) {
        int64_t ms = -4711;
        bool valid = pd_parse_duration(durations[i].text, &ms);
        if (valid != (durations[i].ms >= 0) || ms != (valid ? durations[i].ms : -4711))
            fail_msg("%s: %lld", durations[i].text, (long long)ms);
    }
}

static void durations_are_shown(void **state)
{
    static const struct {
        int64_t ms;
        const char *text;
    } rows[] = {
        {0, "0 ms"},
        {1, "1 ms"},
        {850, "850 ms"},
        {999, "999 ms"},
        {1000, "1.0 s"},
        {12345, "12.3 s"},
        {59949, "59.9 s"},
        {59999, "59.9 s"}, /* never "60.0 s" */
        {60000, "1 min 00 s"},
        {245000, "4 min 05 s"},
        {3599999, "59 min 59 s"},
        {3600000, "60 min 00 s"},
        {INT64_MAX, "153722867280912 min 55 s"},
    };
    (void)state;
    PD_AUTO_ARENA arena = pd_arena_new();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_string_equal(pd_format_duration(arena, rows[i].ms), rows[i].text);
}

static void timestamps_are_utc(void **state)
{
    static const struct {
        int64_t seconds;
        const char *text;
    } rows[] = {
        {0, "1970-01-01T00:00:00Z"},
        {-1, "1969-12-31T23:59:59Z"},
        {951782400, "2000-02-29T00:00:00Z"},
        {1700000000, "2023-11-14T22:13:20Z"},
        {2147483648, "2038-01-19T03:14:08Z"},
        {253402300799, "9999-12-31T23:59:59Z"},
        {253402300800, "?"}, /* a fifth digit */
        {-62167219200, "0000-01-01T00:00:00Z"},
        {-62167219201, "?"},
        {67768036191676799, "?"}, /* the last that a struct tm can hold */
        {67768036191676800, "?"},
        {INT64_MAX, "?"},
        {INT64_MIN, "?"},
    };
    (void)state;
    PD_AUTO_ARENA arena = pd_arena_new();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_string_equal(pd_timestamp(arena, rows[i].seconds), rows[i].text);
}

static void clocks_run_forward(void **state)
{
    (void)state;
    int64_t before = pd_now_ms();
    assert_true(before >= 0);
    for (int i = 0; i < 1000; i++) {
        int64_t now = pd_now_ms();
        assert_true(now >= before);
        before = now;
    }
    assert_true(pd_unix_seconds() > 1700000000);
}

static void deadlines(void **state)
{
    (void)state;
    assert_true(pd_remaining_ms(-1) == -1);
    assert_true(pd_remaining_ms(INT64_MIN) == -1);
    assert_true(pd_remaining_ms(0) == 0);
    assert_true(pd_remaining_ms(pd_now_ms()) == 0);
    assert_true(pd_remaining_ms(pd_now_ms() - 1) == 0);
    int64_t left = pd_remaining_ms(pd_now_ms() + 1000000);
    assert_true(left > 0 && left <= 1000000);
    assert_true(pd_remaining_ms(INT64_MAX) > INT64_MAX / 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(durations_are_parsed),
        cmocka_unit_test(durations_are_shown),
        cmocka_unit_test(timestamps_are_utc),
        cmocka_unit_test(clocks_run_forward),
        cmocka_unit_test(deadlines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
