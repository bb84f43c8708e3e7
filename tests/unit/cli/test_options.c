#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cli/commands.h"
#include "cli/options.h"

#define WORDS_MAX 8

typedef struct line {
    char text[WORDS_MAX][64];
    char *argv[WORDS_MAX + 1];
    int argc;
} line;

static void write_line(line *out, const char *const words[])
{
    memset(out, 0, sizeof *out);
    for (; words[out->argc] != NULL; out->argc++) {
        strncpy(out->text[out->argc], words[out->argc], sizeof out->text[0] - 1);
        out->argv[out->argc] = out->text[out->argc];
    }
}

static bool parse(pd_arena *arena, line *l, unsigned sets, pd_args *args, pd_error *err)
{
    memset(args, 0, sizeof *args);
    memset(err, 0, sizeof *err);
    return pd_args_parse(args, arena, sets, l->argc, l->argv, err);
}

static void values_flags_and_positionals(void **state)
{
    (void)state;
    PD_AUTO_ARENA arena = pd_arena_new();
    pd_args args;
    pd_error err;
    line l;
    write_line(
        &l, (const char *const[]){"-qv", "--base=main", "--path", "db", "v1.0", "--", "-x", NULL});
    assert_true(parse(arena, &l, PD_OPTIONS_BASE | PD_OPTIONS_REVISION, &args, &err));
    assert_true(args.quiet && args.verbose && !args.help);
    assert_string_equal(args.base, "main");
    assert_string_equal(args.path, "db");
    assert_int_equal(args.positional_count, 2);
    assert_string_equal(args.positionals[0], "v1.0");
    assert_string_equal(args.positionals[1], "-x");
}

static void connection_strings_leave_argv(void **state)
{
    (void)state;
    PD_AUTO_ARENA arena = pd_arena_new();
    line l;
    write_line(&l, (const char *const[]){"predeploy", "--database", "postgresql://u:hunter22@h/d",
                                         "--database=postgresql://u:hunter23@h/d",
                                         "host=h PassWord=hunter24", "v1.0", NULL});
    char **words = pd_args_take(arena, l.argc, l.argv);
    for (int i = 0; i < l.argc; i++)
        assert_null(strstr(l.argv[i], "hunter2"));
    assert_string_equal(words[2], "postgresql://u:hunter22@h/d");
    assert_string_equal(words[4], "host=h PassWord=hunter24");
    assert_string_equal(l.argv[5], "v1.0");
}

typedef struct mistake {
    const char *words[4];
    const char *message;
    const char *hint;
} mistake;

static const mistake mistakes[] = {
    {{"--bsae", "x"}, "unknown option --bsae", "Did you mean --base?"},
    {{"--backup"}, "unknown option --backup", "does not take it"},
    {{"--zzzzzzzz"}, "unknown option --zzzzzzzz", "--help"},
    {{"--base"}, "--base needs a value", "REV"},
    {{"--quiet=1"}, "--quiet takes no value", ""},
    {{"-x"}, "unknown option -x", "--help"},
};

static void mistakes_are_explained(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof mistakes / sizeof *mistakes; i++) {
        PD_AUTO_ARENA arena = pd_arena_new();
        pd_args args;
        pd_error err;
        line l;
        write_line(&l, mistakes[i].words);
        assert_false(parse(arena, &l, PD_OPTIONS_BASE, &args, &err));
        assert_int_equal(err.kind, PD_ERROR_USAGE);
        assert_string_equal(err.message, mistakes[i].message);
        assert_non_null(strstr(err.hint, mistakes[i].hint));
    }
}

static void too_many_positionals(void **state)
{
    (void)state;
    PD_AUTO_ARENA arena = pd_arena_new();
    pd_args args;
    pd_error err;
    line l;
    write_line(&l, (const char *const[]){"a", "b", "c", "d", "e", NULL});
    assert_false(parse(arena, &l, 0, &args, &err));
}

static void help_fits_a_terminal(void **state)
{
    (void)state;
    for (const pd_command *command = pd_commands; command->name != NULL; command++) {
        PD_AUTO_STRBUF out = pd_strbuf_new(PD_STRBUF_MAX);
        pd_help_command(&out, command);
        pd_help_all(&out);
        for (const char *at = out.data; *at != '\0';) {
            size_t width = strcspn(at, "\n");
            if (width > 80)
                print_message("%.*s\n", (int)width, at);
            assert_true(width <= 80);
            at += width + (at[width] == '\n');
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_flags_and_positionals),
        cmocka_unit_test(connection_strings_leave_argv),
        cmocka_unit_test(mistakes_are_explained),
        cmocka_unit_test(too_many_positionals),
        cmocka_unit_test(help_fits_a_terminal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
