#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdbool.h>

#include "domain/migration.h"

static void migrations_are_found_by_their_whole_name(void **state)
{
    static const char *const names[] = {"0000_init", "0001_users", "0001_users2", "", "\xff"};
    static const struct {
        const char *name;
        ptrdiff_t index;
    } rows[] = {
        {"0000_init", 0},  {"0001_users", 1},     {"0001_users2", 2},
        {"", 3},           {"\xff", 4},           {"0001_user", -1},
        {"0000_INIT", -1}, {"0000_init.sql", -1}, {"x0000_init", -1},
    };
    pd_migration migrations[5] = {{0}};
    (void)state;
    for (size_t i = 0; i < 5; i++)
        migrations[i].name = names[i];
    const pd_set set = {.migrations = migrations, .count = 5};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_true(pd_set_find(&set, rows[i].name) == rows[i].index);
    const pd_set shorter = {.migrations = migrations, .count = 2};
    assert_true(pd_set_find(&shorter, "0001_users2") == -1);
    const pd_set empty = {0};
    assert_true(pd_set_find(&empty, "0000_init") == -1);
}

static void both_layouts_of_drizzle_are_drizzle(void **state)
{
    static const struct {
        pd_layout_kind layout;
        bool drizzle;
    } rows[] = {
        {PD_LAYOUT_DETECT, false},
        {PD_LAYOUT_DRIZZLE, true},
        {PD_LAYOUT_DRIZZLE_FOLDERS, true},
        {PD_LAYOUT_PLAIN, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const pd_set set = {.layout = rows[i].layout};
        assert_int_equal(pd_set_is_drizzle(&set), rows[i].drizzle);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(migrations_are_found_by_their_whole_name),
        cmocka_unit_test(both_layouts_of_drizzle_are_drizzle),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
