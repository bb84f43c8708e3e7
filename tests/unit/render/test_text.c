/* Widths and line breaks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "render/text.h"

static void columns_are_those_of_a_terminal(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t columns;
    } cases[] = {
        {"", 0},         {"abc", 3},          {"größe", 5},
        {"東京", 4},     {"cafe\xCC\x81", 4}, {"\xF0\x9F\x90\xB6", 2}, /* U+1F436 */
        {"\xFF\xC0", 2}, {"\xE6\x9D", 2},                              /* cut in the middle */
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(pd_text_columns(cases[i].text, strlen(cases[i].text)), cases[i].columns);
}

static void fit_stops_in_front_of_what_is_too_wide(void **state)
{
    (void)state;
    assert_int_equal(pd_text_fit("東京", 6, 3), 3);
    assert_int_equal(pd_text_fit("abc", 3, 9), 3);
    assert_int_equal(pd_text_fit("e\xCC\x81x", 4, 1), 3);
    assert_int_equal(pd_text_fit("abc", 3, 0), 0);
}

static void tabs_go_to_stops_of_four(void **state)
{
    (void)state;
    PD_AUTO_STRBUF out = pd_strbuf_new(1000);
    pd_text_expand(&out, "\ta\t東京\tb");
    assert_string_equal(out.data, "    a   東京    b");
}

static void wrap_breaks_at_spaces(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *wrapped;
    } cases[] = {
        {"", ""},
        {"one", "one"},
        {"one two three four", "one two\n  three\n  four"},
        {"averyverylongword", "averyverylongword"},
        {"a averyverylongword b", "a\n  averyverylongword\n  b"},
        {"run `git log` now", "run\n  `git log`\n  now"},
        {"run `git log --all` now", "run `git\n  log\n  --all`\n  now"},
        {"an odd ` tick", "an odd `\n  tick"},
        {"  blank  in  front", "blank  in\n  front"},
        {"::error::x", "| ::error::x"},
        {"\xC2\xA0\xE3\x80\x80::x", "| \xC2\xA0\xE3\x80\x80::x"},
        {"a bcdefghijk ::x", "a\n  bcdefghijk\n  | ::x"},
        {"a ::x", "a ::x"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        PD_AUTO_STRBUF out = pd_strbuf_new(1000);
        pd_text_wrap(&out, cases[i].text, &(pd_wrap){.indent = "  ", .width = 11});
        assert_string_equal(out.data, cases[i].wrapped);
    }
}

static void a_command_behind_our_words_is_none(void **state)
{
    (void)state;
    PD_AUTO_STRBUF out = pd_strbuf_new(1000);
    pd_strbuf_adds(&out, "hint: ");
    pd_text_wrap(&out, "::x", &(pd_wrap){.indent = "  ", .column = 6, .width = 40});
    assert_string_equal(out.data, "hint: ::x");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns_are_those_of_a_terminal),
        cmocka_unit_test(fit_stops_in_front_of_what_is_too_wide),
        cmocka_unit_test(tabs_go_to_stops_of_four),
        cmocka_unit_test(wrap_breaks_at_spaces),
        cmocka_unit_test(a_command_behind_our_words_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
