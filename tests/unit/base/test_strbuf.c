#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/strbuf.h"

static void text_of_all_kinds_is_appended(void **state)
{
    (void)state;
    PD_AUTO_STRBUF buf = pd_strbuf_new(PD_STRBUF_MAX);
    assert_string_equal(buf.data, "");
    assert_int_equal(buf.len, 0);
    pd_strbuf_adds(&buf, "ab");
    pd_strbuf_addc(&buf, 'c');
    pd_strbuf_add(&buf, "de", 2);
    pd_strbuf_add(&buf, NULL, 0);
    pd_strbuf_adds(&buf, "");
    pd_strbuf_addn(&buf, '-', 3);
    pd_strbuf_addn(&buf, '?', 0);
    pd_strbuf_addf(&buf, "%d%s", 42, "!");
    pd_strbuf_addf(&buf, "%s", "");
    assert_string_equal(buf.data, "abcde---42!");
    assert_int_equal(buf.len, 11);
    assert_false(buf.truncated);
    pd_strbuf_clear(&buf);
    assert_string_equal(buf.data, "");
    pd_strbuf_add(&buf, "a\0b", 3);
    assert_int_equal(buf.len, 3);
    assert_memory_equal(buf.data, "a\0b", 4);
}

static void it_grows(void **state)
{
    (void)state;
    PD_AUTO_STRBUF buf = pd_strbuf_new(PD_STRBUF_MAX);
    for (size_t i = 0; i < 100000; i++) {
        pd_strbuf_addc(&buf, (char)('a' + i % 26));
        assert_int_equal(buf.data[buf.len], '\0');
    }
    pd_strbuf_addn(&buf, 'z', 1000000);
    assert_int_equal(buf.len, 1100000);
    assert_int_equal(buf.data[99999], 'a' + 99999 % 26);
    assert_int_equal(buf.data[1099999], 'z');
    assert_int_equal(strlen(buf.data), 1100000);
}

static void add_bytes(pd_strbuf *buf)
{
    pd_strbuf_add(buf, "0123456789", 10);
}

static void add_text(pd_strbuf *buf)
{
    pd_strbuf_adds(buf, "0123456789");
}

static void add_formatted(pd_strbuf *buf)
{
    pd_strbuf_addf(buf, "%s%d", "01234567", 89);
}

static void add_one_by_one(pd_strbuf *buf)
{
    for (const char *digit = "0123456789"; *digit != '\0'; digit++)
        pd_strbuf_addc(buf, *digit);
}

/* Lengths on both sides of the maximum, for each way to append. */
static void it_stops_at_its_maximum(void **state)
{
    static void (*const ways[])(pd_strbuf *) = {add_bytes, add_text, add_formatted, add_one_by_one};
    (void)state;
    for (size_t way = 0; way < sizeof ways / sizeof *ways; way++) {
        for (size_t max = 0; max <= 12; max++) {
            PD_AUTO_STRBUF buf = pd_strbuf_new(max);
            ways[way](&buf);
            size_t want = max < 10 ? max : 10;
            assert_int_equal(buf.len, want);
            assert_memory_equal(buf.data, "0123456789", want);
            assert_int_equal(buf.data[want], '\0');
            assert_int_equal(buf.truncated, max < 10);
        }
    }
}

static void what_was_truncated_takes_no_more(void **state)
{
    (void)state;
    PD_AUTO_STRBUF buf = pd_strbuf_new(100);
    pd_strbuf_addn(&buf, 'a', 101);
    assert_int_equal(buf.len, 100);
    assert_true(buf.truncated);
    pd_strbuf_clear(&buf);
    assert_false(buf.truncated);
    pd_strbuf_addn(&buf, 'a', 90);
    pd_strbuf_adds(&buf, "0123456789-");
    assert_true(buf.truncated);
    /* Otherwise a later, shorter text would stand behind a gap. */
    pd_strbuf_adds(&buf, "");
    pd_strbuf_addf(&buf, "%s", "x");
    pd_strbuf_addn(&buf, 'x', 1);
    assert_int_equal(buf.len, 100);
    assert_string_equal(buf.data + 90, "0123456789");
}

static void a_copy_outlives_it(void **state)
{
    (void)state;
    PD_AUTO_ARENA arena = pd_arena_new();
    pd_strbuf buf = pd_strbuf_new(100);
    pd_strbuf_add(&buf, "a\0b", 3);
    char *kept = pd_strbuf_keep(&buf, arena);
    pd_strbuf_free(&buf);
    assert_null(buf.data);
    pd_strbuf_free(&buf);
    assert_memory_equal(kept, "a\0b", 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_of_all_kinds_is_appended),
        cmocka_unit_test(it_grows),
        cmocka_unit_test(it_stops_at_its_maximum),
        cmocka_unit_test(what_was_truncated_takes_no_more),
        cmocka_unit_test(a_copy_outlives_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
