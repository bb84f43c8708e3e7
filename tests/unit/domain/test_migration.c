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

static void versions_are_compared_by_number(void **state)
{
    static const struct {
        pd_version_order order;
        const char *a;
        const char *b;
        int sign;
    } rows[] = {
        {PD_ORDER_NUMERIC, "99", "100", -1},
        {PD_ORDER_NUMERIC, "0099", "100", -1},
        {PD_ORDER_NUMERIC, "007", "7", 0},
        {PD_ORDER_NUMERIC, "0", "000", 0},
        {PD_ORDER_NUMERIC, "20240101000000", "99999", 1},
        {PD_ORDER_NUMERIC, "18446744073709551615", "18446744073709551616", -1},
        {PD_ORDER_DOTTED, "1.9", "1.10", -1},
        {PD_ORDER_DOTTED, "1_9", "1.09", 0},
        {PD_ORDER_DOTTED, "1", "1.0.0", 0},
        {PD_ORDER_DOTTED, "1", "1.0.1", -1},
        {PD_ORDER_DOTTED, "2", "1.99.99", 1},
        {PD_ORDER_BYTES, "10", "9", -1},
        {PD_ORDER_BYTES, "1", "1.0", -1},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        int there = pd_version_order_compare(rows[i].order, rows[i].a, rows[i].b);
        int back = pd_version_order_compare(rows[i].order, rows[i].b, rows[i].a);
        if ((there > 0) - (there < 0) != rows[i].sign || (back > 0) - (back < 0) != -rows[i].sign)
            fail_msg("%s and %s", rows[i].a, rows[i].b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(migrations_are_found_by_their_whole_name),
        cmocka_unit_test(both_layouts_of_drizzle_are_drizzle),
        cmocka_unit_test(versions_are_compared_by_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
