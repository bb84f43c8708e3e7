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

static void numbers_stand_for_names(void **state)
{
    static const struct {
        const char *name;
        const char *number;
        bool is;
    } rows[] = {
        {"000003_items", "3", true},
        {"000003_items", "0003", true},
        {"0_init", "0", true},
        {"000_init", "0", true},
        {"3", "3", true},
        {"V3__items", "3", true},
        {"V3.1__more", "3", false},
        {"V3_1__more", "3", false},
        {"V3__2_more", "3", true},
        {"00013_x", "3", false},
        {"3_items", "13", false},
        {"items", "3", false},
        {"000003_items", "3x", false},
        {"000003_items", "", false},
        {"", "", false},
        {"2024-01-02-a", "2024", false},
        {"3_2_more", "3", true},
        {"", "0", false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (pd_name_has_number(rows[i].name, rows[i].number) != rows[i].is)
            fail_msg("%s and %s", rows[i].name, rows[i].number);
}

static void what_somebody_may_say(void **state)
{
    pd_migration migrations[] = {
        {.name = "0001_a"}, {.name = "2"}, {.name = "0002_b"}, {.name = "0003_c"}, {.name = "3_d"}};
    const pd_set set = {.migrations = migrations, .count = 5};
    (void)state;
    assert_int_equal(pd_set_find_said(&set, "1"), 0);
    assert_int_equal(pd_set_find_said(&set, "0003_c"), 3);
    assert_int_equal(pd_set_find_said(&set, "2"), 1);
    assert_int_equal(pd_set_find_said(&set, "3"), -1);
    assert_int_equal(pd_set_find_said(&set, "4"), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(migrations_are_found_by_their_whole_name),
        cmocka_unit_test(both_layouts_of_drizzle_are_drizzle),
        cmocka_unit_test(numbers_stand_for_names),
        cmocka_unit_test(what_somebody_may_say),
        cmocka_unit_test(versions_are_compared_by_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
