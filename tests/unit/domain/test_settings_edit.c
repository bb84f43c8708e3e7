#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "domain/settings.h"
#include "domain/settings_edit.h"

static bool edit(pd_arena *arena, const char *text, const char *value, const char **out,
                 pd_error *err)
{
    pd_settings_line lines[] = {{.key = "path", .value = value},
                                {.key = "rollbackSince", .value = NULL},
                                {.key = "layout", .value = "plain"}};
    pd_bytes old = {text, text == NULL ? 0 : strlen(text)};
    pd_settings_lines section = {"migrations", lines, 3};
    return pd_settings_add(arena, old, &section, out, err);
}

static void test_places(void **state)
{
    (void)state;
    static const struct {
        const char *old;
        const char *wanted;
    } cases[] = {
        {NULL, "[migrations]\n\tpath = db\n\tlayout = plain\n"},
        {"", "[migrations]\n\tpath = db\n\tlayout = plain\n"},
        {"# x", "# x\n[migrations]\n\tpath = db\n\tlayout = plain\n"},
        {"[migrations]\n\tpath = a # b\n\n[deploy]\n",
         "[migrations]\n\tpath = a # b\n\tlayout = plain\n\n[deploy]\n"},
        {"[migrations]\n\tLAYOUT = drizzle\n\tPath = a\n", NULL},
        {"[migrations]", "[migrations]\n\tpath = db\n\tlayout = plain\n"},
        {"[migrations] # c\n[deploy]\n\tretries = 1\n",
         "[migrations] # c\n\tpath = db\n\tlayout = plain\n[deploy]\n\tretries = 1\n"},
        {"[migrations] path = a\\\nb\n", "[migrations] path = a\\\nb\n\tlayout = plain\n"},
        {"[migrations]\n\tlayout = plain\n[deploy]\n\tretries = 1\n[migrations]\n\trollback = "
         "off\n",
         "[migrations]\n\tlayout = plain\n[deploy]\n\tretries = 1\n[migrations]\n\trollback = off\n"
         "\tpath = db\n"},
        {"[migrations]\r\n\tlayout = plain\r\n",
         "[migrations]\r\n\tlayout = plain\r\n\tpath = db\r\n"},
        {"# x\r\n# y", "# x\r\n# y\r\n[migrations]\r\n\tpath = db\r\n\tlayout = plain\r\n"},
        {"[migrations \"x\"]\n\tpath = a\n",
         "[migrations \"x\"]\n\tpath = a\n[migrations]\n\tpath = db\n\tlayout = plain\n"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        PD_AUTO_ARENA arena = pd_arena_new();
        pd_error err = {0};
        const char *out = NULL;
        assert_true(edit(arena, cases[i].old, "db", &out, &err));
        assert_string_equal(out, cases[i].wanted == NULL ? cases[i].old : cases[i].wanted);
    }
}

/* Whatever the value holds, git's syntax gives it back. */
static void test_values(void **state)
{
    (void)state;
    static const char *const values[] = {"a b", "a#b", "a;b", "a\"b", "a\\b", " a", "a ", "a\tb"};
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        PD_AUTO_ARENA arena = pd_arena_new();
        pd_error err = {0};
        const char *out = NULL;
        pd_settings_line line = {.key = "base", .value = values[i]};
        pd_settings_lines section = {"check", &line, 1};
        assert_true(pd_settings_add(arena, (pd_bytes){0}, &section, &out, &err));
        assert_int_equal(strncmp(out, "[check]\n", 8), 0);
        assert_true(line.added);
        const char *again = NULL;
        pd_settings_line read = {.key = "base", .value = "other"};
        section.items = &read;
        assert_true(pd_settings_add(arena, (pd_bytes){out, strlen(out)}, &section, &again, &err));
        assert_string_equal(read.there, values[i]);
        assert_false(read.added);
        assert_string_equal(again, out);
    }
}

static void test_broken(void **state)
{
    (void)state;
    static const char *const texts[] = {"path = a\n", "[migrations\n",
                                        "[migrations]\n\tpath = \"\n", "\xff"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        PD_AUTO_ARENA arena = pd_arena_new();
        pd_error err = {0};
        const char *out = NULL;
        assert_false(edit(arena, texts[i], "db", &out, &err));
        assert_int_equal(err.kind, PD_ERROR_USAGE);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_places),
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_broken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
