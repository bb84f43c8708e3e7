#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "pg/query.h"
#include "pg_migrations.h"
#include "pg_statements.h"

static void fills_blanks_and_leaves_other_braces(void **state)
{
    (void)state;
    PD_AUTO_ARENA arena = pd_arena_new();
    const char *pairs[] = {"a", "{b}", "b", "2", NULL};
    assert_string_equal(pd_query_fill(arena, "{a} {b} {c} '{}' {a", pairs), "{b} 2 {c} '{}' {a");
    assert_string_equal(pd_query_fill(arena, "", pairs), "");
}

static void arrays_are_quoted(void **state)
{
    (void)state;
    PD_AUTO_ARENA arena = pd_arena_new();
    const char *items[] = {"a", "b\"c\\d", "NULL", "", "x,y{z}"};
    assert_string_equal(pd_query_array(arena, items, 5),
                        "{\"a\",\"b\\\"c\\\\d\",\"NULL\",\"\",\"x,y{z}\"}");
    const char *holes[] = {NULL, "a", NULL};
    assert_string_equal(pd_query_array(arena, holes, 3), "{NULL,\"a\",NULL}");
    assert_string_equal(pd_query_array(arena, NULL, 0), "{}");
}

static void numbers(void **state)
{
    (void)state;
    PD_AUTO_ARENA arena = pd_arena_new();
    assert_string_equal(pd_query_number(arena, INT64_MIN), "-9223372036854775808");
    assert_null(pd_query_count(arena, -1));
    assert_string_equal(pd_query_count(arena, 0), "0");
}

/* A blank that nobody fills would be sent to the server as it stands. */
static void blanks_of_our_statements_are_known(void **state)
{
    (void)state;
    static const char *const known[] = {"{ledger}",
                                        "{schema}",
                                        "{name}",
                                        "{same_name}",
                                        "{lock_timeout}",
                                        "{idle_timeout}",
                                        "{tables}",
                                        "{local}",
                                        "{statement_timeout}",
                                        "{read_only}",
                                        "{v14}",
                                        "{inspect}",
                                        "{column}",
                                        "{value}",
                                        "{tokens}",
                                        "{membership}",
                                        "{checks}",
                                        "{twin}",
                                        "{table}",
                                        "{definition}",
                                        "{drizzle}",
                                        "{}"};
    const size_t count = sizeof known / sizeof *known;
    for (const pd_query_file *file = pd_query_files; file->name != NULL; file++) {
        for (const char *at = strchr(file->text, '{'); at != NULL; at = strchr(at + 1, '{')) {
            size_t i = 0;
            while (i < count && strncmp(at, known[i], strlen(known[i])) != 0) {
                i++;
            }
            if (i == count) {
                fail_msg("%s.sql: %.20s", file->name, at);
            }
        }
    }
}

static void the_ledger_is_embedded(void **state)
{
    (void)state;
    assert_string_equal(pd_ledger_migration_files[0].name, "0001_ledger");
    assert_non_null(strstr(pd_ledger_migration_files[0].text, "CREATE TABLE predeploy.migrations"));
    assert_string_equal(pd_ledger_migration_files[1].name, "0002_witness");
    assert_string_equal(pd_ledger_migration_files[2].name, "0003_statements");
    assert_string_equal(pd_ledger_migration_files[3].name, "0004_verdict");
    assert_null(pd_ledger_migration_files[4].name);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fills_blanks_and_leaves_other_braces),
        cmocka_unit_test(arrays_are_quoted),
        cmocka_unit_test(numbers),
        cmocka_unit_test(blanks_of_our_statements_are_known),
        cmocka_unit_test(the_ledger_is_embedded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
