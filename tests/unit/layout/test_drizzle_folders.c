#include "world.h"

static world folders_world(void)
{
    world w = world_new();
    world_put(&w, "20261122202714_init/migration.sql", "select 1;");
    world_put(&w, "20261122202714_init/snapshot.json", "{}");
    world_put(&w, "20261122202714_init/rollback.sql", "select -1;");
    world_put(&w, "20261122202717_more/migration.sql", "select 2;");
    world_put(&w, "20261122202717_more/snapshot.json", "{}");
    return w;
}

static void test_world_agrees(void **state)
{
    (void)state;
    world w = folders_world();
    world_read(&w, PD_LAYOUT_DETECT);
    assert_string_equal(world_rules(&w), "");
    assert_string_equal(world_names(&w), "20261122202714_init 20261122202717_more");
    assert_int_equal(w.set.layout, PD_LAYOUT_DRIZZLE_FOLDERS);
    const pd_migration *m = w.set.migrations;
    assert_true(m[0].when == INT64_C(1795379234000));
    assert_string_equal(m[0].v1_name, "20261122202714_init");
    assert_string_equal(m[0].up.entry, "20261122202714_init/migration.sql");
    assert_string_equal(m[0].down.data, "select -1;");
    assert_null(m[1].down.data);
    assert_string_equal(m[1].down.path, "drizzle/20261122202717_more/rollback.sql");
    world_free(&w);
}

typedef struct scenario {
    const char *put;
    const char *rule;
    const char *text;
    const char *names;
} scenario;

#define INIT "20261122202714_init "
#define MORE "20261122202717_more"

static const scenario scenarios[] = {
    {"add_x/migration.sql", "folder-name-invalid", "YYYYMMDDHHMMSS_add_x", INIT MORE " add_x"},
    {"2026112220271_x/migration.sql", "folder-name-invalid", "14 digits",
     INIT MORE " 2026112220271_x"},
    {"20261122202718_x/snapshot.json", "folder-without-migration", "has no migration.sql",
     INIT MORE},
    {"20261122202718_x/notes.txt", "folder-without-migration", "20261122202718_x", INIT MORE},
    {"docs/snapshot.json", "folder-without-migration", "docs", INIT MORE},
    {"docs/notes.txt", "", "", INIT MORE},
    {".20261122202718_x/migration.sql", "folder-name-invalid", "14 digits",
     INIT MORE " .20261122202718_x"},
    {"loose.sql", "sql-outside-set", "loose.sql", INIT MORE},
    {"20261122202717_more/other.sql", "sql-outside-set", "other.sql", INIT MORE},
    {"20261122202717_next/migration.sql", "duplicate-version",
     "20261122202717_more and 20261122202717_next are of one second",
     INIT MORE " 20261122202717_next"},
    {"20261122202717_More2/migration.sql", "folder-order-ambiguous", "sorts them by the locale",
     INIT MORE " 20261122202717_More2"},
    {"20261122202717_z\xc3\xa4/migration.sql", "folder-order-ambiguous", "locale",
     INIT MORE " 20261122202717_z\xc3\xa4"},
    {"20261122202717_more_a/migration.sql", "duplicate-version", "one second",
     INIT MORE " 20261122202717_more_a"},
    {"20261122202718/migration.sql", "", "", INIT MORE " 20261122202718"},
};

static void test_scenarios(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH(scenarios); i++) {
        const scenario *s = &scenarios[i];
        world w = folders_world();
        world_put(&w, s->put, "select 3;");
        world_read(&w, PD_LAYOUT_DETECT);
        if (*s->rule == '\0') {
            assert_string_equal(world_rules(&w), "");
        } else {
            expect_one(&w, s->rule, s->text);
        }
        assert_string_equal(world_names(&w), s->names);
        world_free(&w);
    }
}

static void test_orphan_companion(void **state)
{
    (void)state;
    world w = folders_world();
    snapshot_drop(&w.snapshot, "20261122202714_init/migration.sql");
    snapshot_drop(&w.snapshot, "20261122202714_init/snapshot.json");
    world_read(&w, PD_LAYOUT_DETECT);
    assert_string_equal(world_rules(&w), "");
    assert_int_equal(w.set.orphan_count, 1);
    assert_string_equal(w.set.orphans[0].entry, "20261122202714_init/rollback.sql");
    assert_string_equal(world_names(&w), MORE);
    world_free(&w);
}

/* What Date.UTC of JavaScript gives for the same fields. */
static void test_rolled_over_dates(void **state)
{
    (void)state;
    static const struct {
        const char *stamp;
        int64_t ms;
    } rows[] = {
        {"19700101000000", 0},
        {"20240229235959", INT64_C(1709251199000)},
        {"20240301000000", INT64_C(1709251200000)},
        {"20230229000000", INT64_C(1677628800000)},
        {"20261301000000", INT64_C(1798761600000)},
        {"20260001000000", INT64_C(1764547200000)},
        {"20260100000000", INT64_C(1767139200000)},
        {"20261122246199", INT64_C(1795395759000)},
        {"99999999999999", INT64_C(253637152839000)},
        {"00700101000000", 0},
        {"01000101000000", INT64_C(-59011459200000)},
    };
    for (size_t i = 0; i < LENGTH(rows); i++) {
        world w = world_new();
        world_put(&w, pd_arena_printf(w.arena, "%s_x/migration.sql", rows[i].stamp), "select 1;");
        world_read(&w, PD_LAYOUT_DRIZZLE_FOLDERS);
        assert_true(w.set.migrations[0].has_when);
        assert_int_equal(w.set.migrations[0].when, rows[i].ms);
        world_free(&w);
    }
}

/* The order that ICU gives names of one second (observed). */
static void test_order_of_one_second(void **state)
{
    (void)state;
    static const char *const names[] = {"_ab", "_a1", "_a_b", "_B", "_a-b", "_b", "_A0"};
    world w = world_new();
    for (size_t i = 0; i < LENGTH(names); i++) {
        world_put(&w, pd_arena_printf(w.arena, "20260101000000%s/migration.sql", names[i]), "x");
    }
    world_read(&w, PD_LAYOUT_DRIZZLE_FOLDERS);
    assert_string_equal(world_names(&w),
                        "20260101000000_a_b 20260101000000_a-b 20260101000000_A0 20260101000000_a1 "
                        "20260101000000_ab 20260101000000_b 20260101000000_B");
    assert_int_equal(w.findings.count, 6);
    world_free(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_world_agrees),        cmocka_unit_test(test_scenarios),
        cmocka_unit_test(test_orphan_companion),    cmocka_unit_test(test_rolled_over_dates),
        cmocka_unit_test(test_order_of_one_second),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
