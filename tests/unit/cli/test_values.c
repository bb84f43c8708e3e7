#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/str.h"
#include "cli/commands.h"
#include "cli/options.h"
#include "cli/values.h"

static void test_words(void **state)
{
    (void)state;
    static const struct {
        const char *kind;
        const char *word;
        bool found;
    } rows[] = {
        {"FORMAT", "sarif", true}, {"FORMAT", "xml", false},  {"FORMAT", "", false},
        {"MODE", "each", true},    {"MODE", "EACH", false},   {"LAYOUT", "goose", true},
        {"WHEN", "never", true},   {"WHEN", "nev", false},    {"TOOL", "plain", false},
        {"REV", "main", false},    {"NOTHING", "all", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        int value = -1;
        if (pd_value_find(rows[i].kind, rows[i].word, &value) != rows[i].found)
            fail_msg("%s of %s", rows[i].word, rows[i].kind);
        assert_int_equal(value >= 0, rows[i].found);
    }
}

static void test_hint(void **state)
{
    (void)state;
    pd_error err = {0};
    pd_fail(&err, PD_ERROR_USAGE, "unknown");
    assert_false(pd_value_hint(&err, "color", "WHEN"));
    assert_string_equal(err.hint, "--color takes auto, always or never.");
    assert_false(pd_value_hint(&err, "transaction", "MODE"));
    assert_string_equal(err.hint, "--transaction takes all or each.");
}

/* What is known of a value is found by its name alone: a name that is not known is meant to be. */
static void test_every_value_is_known(void **state)
{
    (void)state;
    static const char *const free[] = {"NAME", "URL"};
    size_t count = 0;
    for (const pd_option *option; (option = pd_option_at(count)) != NULL; count++) {
        if (option->value == NULL)
            continue;
        bool known = pd_value_kind_find(option->value, strlen(option->value)) != NULL;
        for (size_t i = 0; i < sizeof free / sizeof *free; i++)
            known = known || pd_streq(option->value, free[i]);
        if (!known)
            fail_msg("--%s %s", option->name, option->value);
    }
    assert_true(count > 20);
}

/* The help of these names all of their words. */
static void test_help_names_the_words(void **state)
{
    (void)state;
    static const char *const kinds[] = {"FORMAT", "MODE", "WHEN"};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        const pd_value_kind *kind = pd_value_kind_find(kinds[i], strlen(kinds[i]));
        const pd_option *option = NULL;
        for (size_t at = 0; pd_option_at(at) != NULL; at++)
            if (pd_streq(pd_option_at(at)->value, kinds[i]))
                option = pd_option_at(at);
        assert_non_null(option);
        for (const pd_value_word *word = kind->words; word->word != NULL; word++)
            if (strstr(option->help, word->word) == NULL)
                fail_msg("--%s: %s", option->name, word->word);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_hint),
        cmocka_unit_test(test_every_value_is_known),
        cmocka_unit_test(test_help_names_the_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
