#include "world.h"

typedef struct scenario {
    const char *paths[4];
    pd_layout_kind kind;
    const char *asks; /* the other layout that it fits, NULL when it asks nothing */
} scenario;

static const scenario scenarios[] = {
    {{NULL}, PD_LAYOUT_DETECT, NULL},
    {{"README.md"}, PD_LAYOUT_DETECT, NULL},
    {{"a.sql"}, PD_LAYOUT_PLAIN, NULL},
    {{"a-rollback.sql"}, PD_LAYOUT_PLAIN, NULL},
    {{"meta/_journal.json"}, PD_LAYOUT_DRIZZLE, NULL},
    {{"meta/_journal.json", "x/migration.sql"}, PD_LAYOUT_DRIZZLE, NULL},
    {{"meta/0000_snapshot.json", "0000_a.sql"}, PD_LAYOUT_DRIZZLE, NULL},
    {{"20240101000000_x/migration.sql"}, PD_LAYOUT_DRIZZLE_FOLDERS, "prisma"},
    {{"0_init/migration.sql"}, PD_LAYOUT_DRIZZLE_FOLDERS, "prisma"},
    {{"x/migration.sql", "a.sql"}, PD_LAYOUT_DRIZZLE_FOLDERS, "prisma"},
    {{"20240101000000_x/snapshot.json"}, PD_LAYOUT_DRIZZLE_FOLDERS, NULL},
    {{"20240101000000_x/migration.sql", "20240101000000_x/snapshot.json"},
     PD_LAYOUT_DRIZZLE_FOLDERS,
     NULL},
    {{"20240101000000_x/migration.sql", "migration_lock.toml"}, PD_LAYOUT_PRISMA, NULL},
    {{"2_x/migration.sql", "20240101000000_x/snapshot.json", "migration_lock.toml"},
     PD_LAYOUT_DRIZZLE_FOLDERS,
     "prisma"},
    {{"1_x.up.sql", "1_x.down.sql"}, PD_LAYOUT_GOLANG_MIGRATE, NULL},
    {{"1_x.up.sql"}, PD_LAYOUT_GOLANG_MIGRATE, NULL},
    {{"1_x.tx.up.sql"}, PD_LAYOUT_GOLANG_MIGRATE, NULL},
    {{"1_x.up.sql", "schema.sql"}, PD_LAYOUT_GOLANG_MIGRATE, NULL},
    {{"1_users.sql", "2_orders.up.sql", "2_orders.down.sql"}, PD_LAYOUT_GOLANG_MIGRATE, "sqlx"},
    {{"1_x.up.sql", "V1__x.sql"}, PD_LAYOUT_GOLANG_MIGRATE, "flyway"},
    {{"V1__x.sql"}, PD_LAYOUT_FLYWAY, NULL},
    {{"U1.2__x.sql"}, PD_LAYOUT_FLYWAY, NULL},
    {{"V1_2__x.sql"}, PD_LAYOUT_FLYWAY, NULL},
    {{"R__views.sql"}, PD_LAYOUT_FLYWAY, NULL},
    {{"V1__x.sql", "seed.sql"}, PD_LAYOUT_FLYWAY, NULL},
    {{"V1__x.sql", "0002_y.sql"}, PD_LAYOUT_FLYWAY, "plain"},
    {{"1__a.sql", "2__b.sql"}, PD_LAYOUT_FLYWAY, NULL},
    {{"1.1__a.sql", "1.2__b.sql"}, PD_LAYOUT_FLYWAY, NULL},
    {{"2__a.sql", "10__b.sql"}, PD_LAYOUT_FLYWAY, "plain"},
    {{"1__a.sql", "2_b.sql"}, PD_LAYOUT_PLAIN, NULL},
    {{"1__a.sql", "1__a-rollback.sql"}, PD_LAYOUT_PLAIN, NULL},
    {{"Users__x.sql"}, PD_LAYOUT_PLAIN, NULL},
    {{"V1_x.sql"}, PD_LAYOUT_PLAIN, NULL},
    {{"1_a.sql", "2_b.sql", "10_c.sql"}, PD_LAYOUT_PLAIN, NULL},
    {{"2024-01-01-000000_x/up.sql", "2024-01-01-000000_x/down.sql"}, PD_LAYOUT_DIESEL, NULL},
    {{"1_x/up.sql", "seed.sql"}, PD_LAYOUT_DIESEL, NULL},
    {{"1_x/up.sql", "2_y/migration.sql"}, PD_LAYOUT_PRISMA, "diesel"},
    {{"1_x/up.sql", "2_y.up.sql"}, PD_LAYOUT_DIESEL, "golang-migrate"},
};

static void put_paths(world *w, const char *const *paths, const char *text)
{
    for (size_t i = 0; i < 4 && paths[i] != NULL; i++) {
        world_put(w, paths[i], text);
    }
}

static void expect_question(world *w, const char *kind, const char *other)
{
    world_read(w, PD_LAYOUT_DETECT);
    expect_one(w, "layout-ambiguous", kind);
    expect_one(w, "layout-ambiguous", other);
    expect_one(w, "layout-ambiguous", "`git config -f .predeploy migrations.layout ");
    assert_int_equal(w->set.count, 0);
    assert_int_equal(w->set.layout, PD_LAYOUT_DETECT);
}

static void test_detect(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH(scenarios); i++) {
        const scenario *s = &scenarios[i];
        world w = world_new();
        put_paths(&w, s->paths, "select 1;");
        assert_int_equal(pd_layout_detect(&w.snapshot), s->kind);
        if (s->asks != NULL) {
            expect_question(&w, pd_layout_name(s->kind), s->asks);
            world_free(&w);
            continue;
        }
        world_read(&w, PD_LAYOUT_DETECT);
        for (size_t k = 0; k < w.findings.count; k++) {
            assert_int_not_equal(w.findings.items[k].rule, PD_RULE_LAYOUT_AMBIGUOUS);
        }
        bool halves =
            w.findings.count > 0 && w.findings.items[0].rule == PD_RULE_LAYOUT_HALF_UPGRADED;
        assert_true(halves || w.set.layout == s->kind);
        world_free(&w);
    }
}

/* What was asked is answered by the setting. */
static void test_an_answer_is_heard(void **state)
{
    (void)state;
    static const struct {
        pd_layout_kind kind;
        const char *names;
    } rows[] = {
        {PD_LAYOUT_GOLANG_MIGRATE, "2_orders"},
        {PD_LAYOUT_SQLX, "1_users 2_orders"},
    };
    for (size_t i = 0; i < LENGTH(rows); i++) {
        world w = world_new();
        world_put(&w, "1_users.sql", "select 1;");
        world_put(&w, "2_orders.up.sql", "select 1;");
        world_put(&w, "2_orders.down.sql", "select 1;");
        world_read(&w, rows[i].kind);
        assert_string_equal(world_names(&w), rows[i].names);
        assert_string_equal(world_rules(&w), i == 0 ? "sql-outside-set" : "");
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

typedef struct marked {
    const char *texts[2];
    pd_layout_kind kind;
    const char *rule; /* "": detected */
    const char *says;
} marked;

#define GOOSE "-- +goose Up\nselect 1;\n-- +goose Down\n"
#define DBMATE "--  migrate:up\nselect 1;"

static const marked markings[] = {
    {{GOOSE, GOOSE}, PD_LAYOUT_GOOSE, "", ""},
    {{"-- a remark\r\n-- +goose up\r\n", GOOSE}, PD_LAYOUT_GOOSE, "", ""},
    {{DBMATE, DBMATE}, PD_LAYOUT_DBMATE, "", ""},
    {{DBMATE, GOOSE}, PD_LAYOUT_DETECT, "layout-ambiguous", "goose and dbmate"},
    {{GOOSE, "select 1;"}, PD_LAYOUT_DETECT, "layout-ambiguous", "goose and plain"},
    {{"select 1;", DBMATE}, PD_LAYOUT_DETECT, "layout-ambiguous", "dbmate and plain"},
    {{"select 1;", "-- +migrate Up\nselect 1;"}, PD_LAYOUT_DETECT, "layout-unknown", "sql-migrate"},
    {{"select 1;", "-- Up Migration\nselect 1;\n---  down\tMIGRATION\nselect 2;"},
     PD_LAYOUT_DETECT,
     "layout-unknown",
     "node-pg-migrate"},
    {{"-- Up Migration\nselect 1;", "-- Down migration\nselect 1;"}, PD_LAYOUT_PLAIN, "", ""},
    {{"-- up migrations\n-- the down migration, up\n-- downmigration\n", "-- cleanup"},
     PD_LAYOUT_PLAIN,
     "",
     ""},
    {{"select 1; -- migrate:up is not at the line's beginning", "-- see +goose Up\nselect 1;"},
     PD_LAYOUT_PLAIN,
     "",
     ""},
};

static void test_both_directions_in_one_file(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH(markings); i++) {
        const marked *m = &markings[i];
        world w = world_new();
        world_put(&w, "1_x.sql", m->texts[0]);
        world_put(&w, "2_x.sql", m->texts[1]);
        world_read(&w, PD_LAYOUT_DETECT);
        assert_int_equal(w.set.layout, m->kind);
        if (*m->rule == '\0') {
            assert_string_equal(world_rules(&w), "");
            assert_int_equal(w.set.count, 2);
        } else {
            expect_one(&w, m->rule, m->says);
            assert_int_equal(w.set.count, 0);
        }
        world_free(&w);
    }
}

/* Its first line is a mark to sqlx, and a comment to golang-migrate. */
static void test_sqlx_by_its_mark(void **state)
{
    (void)state;
    world w = world_new();
    world_put(&w, "1_x.up.sql", "-- no-transaction\nselect 1;");
    world_put(&w, "1_x.down.sql", "select 1;");
    world_read(&w, PD_LAYOUT_DETECT);
    assert_int_equal(w.set.layout, PD_LAYOUT_SQLX);
    assert_true(w.set.migrations[0].no_transaction);
    world_put(&w, "1_x.up.sql", "select 1;\n-- no-transaction");
    world_read(&w, PD_LAYOUT_DETECT);
    assert_int_equal(w.set.layout, PD_LAYOUT_GOLANG_MIGRATE);
    assert_false(w.set.migrations[0].no_transaction);
    world_free(&w);
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
    {PD_LAYOUT_DETECT, {"init.up.sql"}, "it has no VERSION_TITLE.up.sql"},
    {PD_LAYOUT_SQLX, {"init.up.sql"}, "it has no VERSION_TITLE.sql"},
    {PD_LAYOUT_DIESEL, {"a.sql"}, "it has no NAME/up.sql"},
    {PD_LAYOUT_PRISMA, {"a.sql"}, "it has no NAME/migration.sql"},
    {PD_LAYOUT_FLYWAY, {"a.sql"}, "it has no VVERSION__TITLE.sql"},
    {PD_LAYOUT_GOOSE, {"a.sql"}, "it has no VERSION_TITLE.sql"},
    {PD_LAYOUT_DBMATE, {"a.sql"}, "it has no VERSION_TITLE.sql"},
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
    static const pd_layout_kind kinds[] = {
        PD_LAYOUT_DETECT, PD_LAYOUT_DRIZZLE,        PD_LAYOUT_DRIZZLE_FOLDERS,
        PD_LAYOUT_PLAIN,  PD_LAYOUT_GOLANG_MIGRATE, PD_LAYOUT_SQLX,
        PD_LAYOUT_DIESEL, PD_LAYOUT_PRISMA,         PD_LAYOUT_FLYWAY,
        PD_LAYOUT_DBMATE, PD_LAYOUT_GOOSE};
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
        cmocka_unit_test(test_an_answer_is_heard),
        cmocka_unit_test(test_sqlx_by_its_mark),
        cmocka_unit_test(test_insisting_on_plain),
        cmocka_unit_test(test_both_directions_in_one_file),
        cmocka_unit_test(test_wanted_does_not_fit),
        cmocka_unit_test(test_nothing_there_is_no_unknown_layout),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
