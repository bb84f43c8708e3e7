#include "world.h"

#include "layout/version.h"

static world plain_world(void)
{
    world w = world_new();
    world_put(&w, "001_init.sql", "create table a(i int);");
    world_put(&w, "001_init-rollback.sql", "drop table a;");
    world_put(&w, "002_more.sql", "select 1;");
    world_put(&w, "002_more-rollback.sql", "select 2;");
    world_put(&w, "README.md", "how to");
    return w;
}

static void test_world_agrees(void **state)
{
    (void)state;
    world w = plain_world();
    world_read(&w, PD_LAYOUT_DETECT);
    assert_string_equal(world_rules(&w), "");
    assert_string_equal(world_names(&w), "001_init 002_more");
    assert_int_equal(w.set.layout, PD_LAYOUT_PLAIN);
    const pd_migration *first = &w.set.migrations[0];
    assert_string_equal(first->up.path, "drizzle/001_init.sql");
    assert_string_equal(first->up.entry, "001_init.sql");
    assert_string_equal(first->up.hash,
                        "ce1daeee663ba207d0ac6379aefeb87025a8c76e7ebd3a6e78e17660f9f1e35d");
    assert_string_equal(first->down.data, "drop table a;");
    assert_string_equal(w.set.migrations[1].up.hash,
                        "354b7196c9ba5fb4b21cf615bb6ec4cd5c07503c34229feef033fc081a8c03f4");
    assert_false(first->has_when);
    assert_null(first->v1_name);
    assert_false(w.set.has_sums);
    world_free(&w);
}

typedef struct scenario {
    const char *drop;
    const char *put;
    const char *rules;
    const char *text; /* in the finding */
    const char *names;
} scenario;

static const scenario scenarios[] = {
    {NULL, "002_again.sql", "duplicate-version", "002_more has the version 2, as 002_again has",
     "001_init 002_again 002_more"},
    {NULL, "2_again.sql", "duplicate-version", "2_again has the version 2, as 002_more has",
     "001_init 002_more 2_again"},
    {NULL, "0001.5_between.sql", "order-not-numeric", "0001.5_between is applied before 001_init",
     "0001.5_between 001_init 002_more"},
    {NULL, "sub/003_x.sql", "sql-outside-set", "sub/003_x.sql belongs to no migration",
     "001_init 002_more"},
    {NULL, "003_x.SQL", "sql-outside-set", "does not end in .sql", "001_init 002_more"},
    {NULL, "003_x.txt", "", "", "001_init 002_more"},
    {NULL, "zoo.sql", "", "", "001_init 002_more zoo"},
    {NULL, ".sql", "entry-unsafe-name", "nothing in front of .sql", "001_init 002_more"},
    {"002_more.sql", NULL, "", "", "001_init"},
    {"002_more-rollback.sql", NULL, "", "", "001_init 002_more"},
};

static void test_scenarios(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH(scenarios); i++) {
        const scenario *s = &scenarios[i];
        world w = plain_world();
        if (s->drop != NULL) {
            snapshot_drop(&w.snapshot, s->drop);
        }
        if (s->put != NULL) {
            world_put(&w, s->put, "select 3;");
        }
        world_read(&w, PD_LAYOUT_DETECT);
        if (*s->rules == '\0') {
            assert_string_equal(world_rules(&w), "");
        } else {
            expect_one(&w, s->rules, s->text);
        }
        assert_string_equal(world_names(&w), s->names);
        world_free(&w);
    }
}

static void test_orphan_companion(void **state)
{
    (void)state;
    world w = plain_world();
    snapshot_drop(&w.snapshot, "002_more.sql");
    world_read(&w, PD_LAYOUT_DETECT);
    assert_int_equal(w.set.orphan_count, 1);
    assert_string_equal(w.set.orphans[0].entry, "002_more-rollback.sql");
    assert_string_equal(w.set.orphans[0].data, "select 2;");
    world_free(&w);
}

static void test_missing_companion_has_its_place(void **state)
{
    (void)state;
    world w = plain_world();
    snapshot_drop(&w.snapshot, "002_more-rollback.sql");
    world_read(&w, PD_LAYOUT_DETECT);
    assert_null(w.set.migrations[1].down.data);
    assert_string_equal(w.set.migrations[1].down.path, "drizzle/002_more-rollback.sql");
    assert_string_equal(w.set.migrations[1].down.entry, "002_more-rollback.sql");
    world_free(&w);
}

/* The order is that of names without .sql: '-' sorts before '.'. */
static void test_order_of_names(void **state)
{
    (void)state;
    world w = world_new();
    world_put(&w, "a.sql", "select 1;");
    world_put(&w, "a-b.sql", "select 1;");
    world_put(&w, "B.sql", "select 1;");
    world_put(&w, "\xc3\xa4.sql", "select 1;");
    world_read(&w, PD_LAYOUT_DETECT);
    assert_string_equal(world_names(&w), "B a a-b \xc3\xa4");
    world_free(&w);
}

static void test_order_is_told_once(void **state)
{
    (void)state;
    world w = world_new();
    world_put(&w, "1_a.sql", "select 1;");
    world_put(&w, "10_j.sql", "select 1;");
    world_put(&w, "11_k.sql", "select 1;");
    world_put(&w, "2_b.sql", "select 1;");
    world_put(&w, "20_b.sql", "select 1;");
    world_put(&w, "3_c.sql", "select 1;");
    world_read(&w, PD_LAYOUT_DETECT);
    expect_one(&w, "order-not-numeric", "11_k is applied before 1_a");
    assert_int_equal(w.findings.items[0].severity, PD_SEVERITY_WARNING);
    world_free(&w);
}

static void test_root_folder(void **state)
{
    (void)state;
    world w = plain_world();
    w.snapshot.folder = "";
    world_read(&w, PD_LAYOUT_DETECT);
    assert_string_equal(w.set.migrations[0].up.path, "001_init.sql");
    world_free(&w);
}

static void test_versions(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        const char *version;
    } rows[] = {
        {"init", NULL},
        {"0041_orders", "41"},
        {"000", "0"},
        {"1.02.3-x", "1.2.3"},
        {"0001.2fa", "1"},
        {"0001_2_x", "1"},
        {"2024-01-02_add", "2024.1.2"},
        {"2024_01_02_000000_create", "2024.1.2.0"},
        {"2024.01.02", "2024.1.2"},
        {"2024-01-02T10-11-12_x", "2024.1.2.10.11.12"},
        {"2024_01_02_2fa_tokens", "2024.1.2"},
        {"20240102101112_x", "20240102101112"},
        {"3024-01-02_x", "3024"},
        {"2024-1-2_x", "2024"},
        {"99999999999999999999999999_x", "99999999999999999999999999"},
    };
    pd_arena *arena = pd_arena_new();
    for (size_t i = 0; i < LENGTH(rows); i++) {
        const char *version = pd_version_of(arena, rows[i].name);
        if (rows[i].version == NULL) {
            assert_null(version);
        } else {
            assert_string_equal(version, rows[i].version);
        }
    }
    assert_true(pd_version_compare("9", "10") < 0);
    assert_true(pd_version_compare("1.9", "1.10") < 0);
    assert_true(pd_version_compare("1", "1.0") < 0);
    assert_true(pd_version_compare("2", "1.5") > 0);
    assert_int_equal(pd_version_compare("1.2", "1.2"), 0);
    pd_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_world_agrees),
        cmocka_unit_test(test_scenarios),
        cmocka_unit_test(test_orphan_companion),
        cmocka_unit_test(test_missing_companion_has_its_place),
        cmocka_unit_test(test_order_of_names),
        cmocka_unit_test(test_order_is_told_once),
        cmocka_unit_test(test_root_folder),
        cmocka_unit_test(test_versions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
