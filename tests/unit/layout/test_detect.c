#include "world.h"

typedef struct scenario {
    const char *paths[4];
    pd_layout_kind kind;
    const char *foreign;
} scenario;

static const scenario scenarios[] = {
    {{NULL}, PD_LAYOUT_DETECT, NULL},
    {{"README.md"}, PD_LAYOUT_DETECT, NULL},
    {{"a.sql"}, PD_LAYOUT_PLAIN, NULL},
    {{"meta/_journal.json"}, PD_LAYOUT_DRIZZLE, NULL},
    {{"meta/_journal.json", "x/migration.sql"}, PD_LAYOUT_DRIZZLE, NULL},
    {{"meta/0000_snapshot.json", "0000_a.sql"}, PD_LAYOUT_DRIZZLE, NULL},
    {{"20240101000000_x/migration.sql"}, PD_LAYOUT_DRIZZLE_FOLDERS, NULL},
    {{"x/migration.sql", "a.sql"}, PD_LAYOUT_DRIZZLE_FOLDERS, NULL},
    {{"20240101000000_x/snapshot.json"}, PD_LAYOUT_DRIZZLE_FOLDERS, NULL},
    {{"20240101000000_x/migration.sql", "migration_lock.toml"}, PD_LAYOUT_DETECT, "prisma"},
    {{"1_x.up.sql", "1_x.down.sql"}, PD_LAYOUT_DETECT, "golang-migrate"},
    {{"1_x.up.sql"}, PD_LAYOUT_DETECT, "golang-migrate"},
    {{"V1__x.sql"}, PD_LAYOUT_DETECT, "flyway"},
    {{"U1.2__x.sql"}, PD_LAYOUT_DETECT, "flyway"},
    {{"V1_2__x.sql"}, PD_LAYOUT_DETECT, "flyway"},
    {{"R__views.sql"}, PD_LAYOUT_DETECT, "flyway"},
    {{"Users__x.sql"}, PD_LAYOUT_PLAIN, NULL},
    {{"V1_x.sql"}, PD_LAYOUT_PLAIN, NULL},
    {{"2024-01-01-000000_x/up.sql", "2024-01-01-000000_x/down.sql"}, PD_LAYOUT_DETECT, "diesel"},
};

static void put_paths(world *w, const char *const *paths, const char *text)
{
    for (size_t i = 0; i < 4 && paths[i] != NULL; i++) {
        world_put(w, paths[i], text);
    }
}

static void test_detect(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH(scenarios); i++) {
        world w = world_new();
        const char *foreign = "unset";
        put_paths(&w, scenarios[i].paths, "select 1;");
        assert_int_equal(pd_layout_detect(&w.snapshot, &foreign), scenarios[i].kind);
        if (scenarios[i].foreign == NULL) {
            assert_null(foreign);
        } else {
            assert_string_equal(foreign, scenarios[i].foreign);
            world_read(&w, PD_LAYOUT_DETECT);
            expect_one(&w, "layout-unknown", scenarios[i].foreign);
            expect_one(&w, "layout-unknown", "`git config -f .predeploy migrations.layout plain`");
            assert_int_equal(w.set.count, 0);
        }
        world_free(&w);
    }
}

static void test_insisting_on_plain(void **state)
{
    (void)state;
    world w = world_new();
    world_put(&w, "1_x.up.sql", "select 1;");
    world_read(&w, PD_LAYOUT_PLAIN);
    assert_string_equal(world_rules(&w), "");
    assert_string_equal(world_names(&w), "1_x.up");
    world_put(&w, "1_x.up.sql", "-- +goose Up\nselect 1;\n-- +goose Down\nselect 2;");
    world_read(&w, PD_LAYOUT_PLAIN);
    assert_string_equal(world_rules(&w), "");
    world_free(&w);
}

static void test_both_directions_in_one_file(void **state)
{
    (void)state;
    static const char *const texts[][2] = {
        {"-- +goose Up\nselect 1;\n-- +goose Down\n", "goose"},
        {"/* x */\n--  migrate:up\nselect 1;", "dbmate"},
        {"-- +migrate Up\nselect 1;", "sql-migrate"},
    };
    for (size_t i = 0; i < LENGTH(texts); i++) {
        world w = world_new();
        world_put(&w, "1_x.sql", "select 1; -- migrate:up is not at the line's beginning");
        world_read(&w, PD_LAYOUT_DETECT);
        assert_string_equal(world_rules(&w), "");
        world_put(&w, "2_x.sql", texts[i][0]);
        world_read(&w, PD_LAYOUT_DETECT);
        expect_one(&w, "layout-unknown", texts[i][1]);
        assert_string_equal(w.findings.items[0].place.path, "drizzle/2_x.sql");
        world_free(&w);
    }
}

typedef struct unfit {
    pd_layout_kind wanted;
    const char *paths[4];
    const char *lacks;
} unfit;

static const unfit unfits[] = {
    {PD_LAYOUT_DRIZZLE, {"0000_a.sql"}, "it has no meta/_journal.json"},
    {PD_LAYOUT_DRIZZLE, {"x/migration.sql"}, "it has no meta/_journal.json"},
    {PD_LAYOUT_DETECT, {"meta/0000_snapshot.json", "0000_a.sql"}, "it has no meta/_journal.json"},
    {PD_LAYOUT_DRIZZLE_FOLDERS, {"0000_a.sql"}, "it has no NAME/migration.sql"},
    {PD_LAYOUT_PLAIN, {"x/a.sql"}, "it has no NAME.sql"},
    {PD_LAYOUT_DETECT, {"x/a.sql"}, "it has no NAME.sql"},
};

static void test_wanted_does_not_fit(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH(unfits); i++) {
        world w = world_new();
        put_paths(&w, unfits[i].paths, "select 1;");
        world_read(&w, unfits[i].wanted);
        assert_int_equal(w.findings.items[0].rule, PD_RULE_LAYOUT_UNKNOWN);
        assert_non_null(strstr(w.findings.items[0].message, unfits[i].lacks));
        assert_non_null(strstr(w.findings.items[0].hint, ".predeploy"));
        for (size_t k = 1; k < w.findings.count; k++) {
            assert_int_equal(w.findings.items[k].rule, PD_RULE_SQL_OUTSIDE_SET);
        }
        world_free(&w);
    }
}

static void test_nothing_there_is_no_unknown_layout(void **state)
{
    (void)state;
    static const pd_layout_kind kinds[] = {PD_LAYOUT_DETECT, PD_LAYOUT_DRIZZLE,
                                           PD_LAYOUT_DRIZZLE_FOLDERS, PD_LAYOUT_PLAIN};
    for (size_t i = 0; i < LENGTH(kinds); i++) {
        world w = world_new();
        world_put(&w, "README.md", "soon");
        world_read(&w, kinds[i]);
        assert_string_equal(world_rules(&w), "");
        assert_int_equal(w.set.count, 0);
        world_free(&w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_detect),
        cmocka_unit_test(test_insisting_on_plain),
        cmocka_unit_test(test_both_directions_in_one_file),
        cmocka_unit_test(test_wanted_does_not_fit),
        cmocka_unit_test(test_nothing_there_is_no_unknown_layout),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
