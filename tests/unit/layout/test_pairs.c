/* Each layout of pairs: a folder as its tool has it, and the order in which the tool runs it. */
#include "world.h"

#include "layout/pattern.h"

/* Files, the set they make ("NAME" or "NAME<COMPANION", in order) and the findings. */
typedef struct scenario {
    pd_layout_kind kind;
    const char *files;
    const char *set;
    const char *rules;
    const char *says; /* in the first finding */
} scenario;

static const scenario scenarios[] = {
    /* golang-migrate: numbers of any width, pairs by number */
    {PD_LAYOUT_GOLANG_MIGRATE, "1_a.up.sql 1_a.down.sql 2_b.up.sql 100_c.up.sql 99_d.up.sql",
     "1_a<1_a.down.sql 2_b 99_d 100_c", "", ""},
    {PD_LAYOUT_GOLANG_MIGRATE, "0001_a.up.sql 001_a_other.down.sql 20210101000000_z.up.sql",
     "0001_a<001_a_other.down.sql 20210101000000_z", "", ""},
    {PD_LAYOUT_GOLANG_MIGRATE, "1_a.tx.up.sql 1_a.down.sql 2_b.up.sql 2_b.tx.down.sql",
     "1_a<1_a.down.sql 2_b<2_b.tx.down.sql", "", ""},
    {PD_LAYOUT_GOLANG_MIGRATE, "1_a.b c.up.sql|1_a.b c.down.sql|2_\xc3\xa4.up.sql|3_.up.sql",
     "1_a.b c<1_a.b c.down.sql 2_\xc3\xa4 3_", "", ""},
    {PD_LAYOUT_GOLANG_MIGRATE, "1_a.up.sql 1_b.up.sql 1_b.down.sql", "1_a 1_b<1_b.down.sql",
     "duplicate-version", "1_b has the version 1, as 1_a has"},
    {PD_LAYOUT_GOLANG_MIGRATE, "1_a.up.sql 01_b.up.sql", "01_b 1_a", "duplicate-version",
     "1_a has the version 1, as 01_b has"},
    {PD_LAYOUT_GOLANG_MIGRATE, "1_a.up.sql 1_b.down.sql 1_c.down.sql", "1_a<1_b.down.sql",
     "duplicate-version", "1_c.down.sql is a second companion of the version 1"},
    {PD_LAYOUT_GOLANG_MIGRATE, "1_a.up.sql 2_b.down.sql", "1_a", "", ""},
    {PD_LAYOUT_GOLANG_MIGRATE, "1_a.up.sql 3_c.go README.md seed/4_d.up.sql", "1_a",
     "sql-outside-set", "seed/4_d.up.sql"},
    {PD_LAYOUT_GOLANG_MIGRATE, "1_a.up.sql b.up.sql", "1_a", "sql-outside-set", "b.up.sql"},
    {PD_LAYOUT_GOLANG_MIGRATE, "1_a.up.sql 2_B.UP.SQL", "1_a", "sql-outside-set",
     "does not end in .sql"},
    {PD_LAYOUT_GOLANG_MIGRATE, "18446744073709551615_a.up.sql 18446744073709551616_b.up.sql",
     "18446744073709551615_a", "sql-outside-set", "18446744073709551616_b"},
    /* sqlx: the same, and files in one direction */
    {PD_LAYOUT_SQLX, "2_b.sql 10_c.sql 1_a.up.sql 1_a.down.sql", "1_a<1_a.down.sql 2_b 10_c", "",
     ""},
    {PD_LAYOUT_SQLX, "1_a.sql 1_b.up.sql", "1_a 1_b", "duplicate-version", "version 1"},
    {PD_LAYOUT_SQLX, "1_a.sql 9223372036854775808_b.sql", "1_a", "sql-outside-set", "9223372"},
    /* diesel: texts in front of '_', without '-' */
    {PD_LAYOUT_DIESEL,
     "2020-01-02-030405_b/up.sql 2020-01-02-030405_b/down.sql 20200101000000_a/up.sql "
     "20200103000000_c/up.sql 00000000000000_diesel_initial_setup/up.sql",
     "00000000000000_diesel_initial_setup 20200101000000_a "
     "2020-01-02-030405_b<2020-01-02-030405_b/down.sql 20200103000000_c",
     "", ""},
    {PD_LAYOUT_DIESEL, "2020-01-02-030405_a/up.sql 20200102030405_b/up.sql",
     "2020-01-02-030405_a 20200102030405_b", "duplicate-version", "version 20200102030405"},
    {PD_LAYOUT_DIESEL, "9_a/up.sql 10_b/up.sql", "10_b 9_a", "", ""},
    {PD_LAYOUT_DIESEL, "1_a/up.sql 2_b/down.sql x.sql", "1_a", "sql-outside-set", "x.sql"},
    /* prisma: names */
    {PD_LAYOUT_PRISMA,
     "20240102_b/migration.sql 20240102_b/down.sql 0_init/migration.sql 0_init/rollback.sql "
     "migration_lock.toml",
     "0_init<0_init/rollback.sql 20240102_b<20240102_b/down.sql", "", ""},
    {PD_LAYOUT_PRISMA, "1_a/migration.sql 1_b/migration.sql", "1_a 1_b", "", ""},
    {PD_LAYOUT_PRISMA, "1_a/migration.sql 1_a/rollback.sql 1_a/down.sql", "1_a<1_a/rollback.sql",
     "sql-outside-set", "1_a/down.sql"},
    /* flyway: groups of numbers */
    {PD_LAYOUT_FLYWAY, "V1__a.sql U1__a.sql V1.10__c.sql V1_9__b.sql V2__d.sql V10__e.sql",
     "V1__a<U1__a.sql V1_9__b V1.10__c V2__d V10__e", "", ""},
    {PD_LAYOUT_FLYWAY, "V1.0__a.sql U1__other.sql V002.sql", "V1.0__a<U1__other.sql V002", "", ""},
    {PD_LAYOUT_FLYWAY, "V1__a.sql V1.0__b.sql", "V1.0__b V1__a", "duplicate-version",
     "V1__a has the version 1, as V1.0__b has"},
    {PD_LAYOUT_FLYWAY, "V20210101.1__a.sql V20210101.01.2__b.sql V20210101__c.sql",
     "V20210101__c V20210101.1__a V20210101.01.2__b", "", ""},
    {PD_LAYOUT_FLYWAY, "V1__a.sql R__views.sql", "V1__a", "migration-repeatable", "R__views.sql"},
    {PD_LAYOUT_FLYWAY, "V1__a.sql v2__b.sql beforeMigrate.sql", "V1__a",
     "sql-outside-set sql-outside-set", "beforeMigrate.sql"},
    {PD_LAYOUT_FLYWAY, "common/V1__a.sql later/V2__b.sql later/U2__b.sql",
     "V1__a V2__b<later/U2__b.sql", "", ""},
    {PD_LAYOUT_FLYWAY, "V1__a.sql B2__b.sql V2__b.sql", "V1__a V2__b", "sql-outside-set",
     "B2__b.sql is a baseline"},
    {PD_LAYOUT_FLYWAY, "B5__base.sql V6__c.sql", "B5__base V6__c", "", ""},
    {PD_LAYOUT_FLYWAY, "B5__base.sql B3__base.sql V6__c.sql", "B5__base V6__c", "sql-outside-set",
     "B3__base.sql"},
    {PD_LAYOUT_FLYWAY, "B5__base.sql V5__c.sql", "V5__c", "sql-outside-set", "B5__base.sql"},
    {PD_LAYOUT_FLYWAY, "1__a.sql 10__c.sql 9__b.sql U9__b.sql", "1__a 9__b<U9__b.sql 10__c", "",
     ""},
    {PD_LAYOUT_FLYWAY, "V1__a.sql V2__b.java V3__c.sql V3Test.java", "V1__a V2__b.java V3__c",
     "migration-not-sql", "V2__b.java is a Java program"},
    /* plain with programs in between */
    {PD_LAYOUT_PLAIN, "001_a.sql 002_b.ts 003_c.sql 002_b.test.ts util.ts types.d.ts",
     "001_a 002_b.ts 003_c", "migration-not-sql", "002_b.ts is a TypeScript program"},
};

static void put_all(world *w, const char *files)
{
    const char *parts = strchr(files, '|') == NULL ? " " : "|";
    for (const char *at = files; *at != '\0';) {
        size_t len = strcspn(at, parts);
        world_put(w, pd_arena_strndup(w->arena, at, len), "select 1;");
        at += len + (at[len] != '\0');
    }
}

static const char *set_text(const world *w)
{
    PD_AUTO_STRBUF text = pd_strbuf_new(PD_STRBUF_MAX);
    for (size_t i = 0; i < w->set.count; i++) {
        const pd_migration *m = &w->set.migrations[i];
        pd_strbuf_addf(&text, "%s%s", i > 0 ? " " : "", m->name);
        if (m->down.data != NULL) {
            pd_strbuf_addf(&text, "<%s", m->down.entry);
        }
    }
    return pd_strbuf_keep(&text, w->arena);
}

static void test_scenarios(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH(scenarios); i++) {
        const scenario *s = &scenarios[i];
        world w = world_new();
        put_all(&w, s->files);
        world_read(&w, s->kind);
        assert_string_equal(set_text(&w), s->set);
        assert_string_equal(world_rules(&w), s->rules);
        if (*s->rules != '\0' && strstr(w.findings.items[0].message, s->says) == NULL) {
            fail_msg("%s\n%s", s->files, w.findings.items[0].message);
        }
        world_free(&w);
    }
}

/* What the gates compare by is the order of the set itself. */
static void test_order_is_that_of_the_domain(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH(scenarios); i++) {
        world w = world_new();
        put_all(&w, scenarios[i].files);
        world_read(&w, scenarios[i].kind);
        for (size_t k = 1; k < w.set.count; k++) {
            assert_true(
                pd_migration_compare(&w.set, &w.set.migrations[k - 1], &w.set.migrations[k]) < 0);
        }
        world_free(&w);
    }
}

static void test_where_a_companion_would_stand(void **state)
{
    (void)state;
    static const struct {
        pd_layout_kind kind;
        const char *file;
        const char *companion;
    } rows[] = {
        {PD_LAYOUT_PLAIN, "1_a.sql", "1_a-rollback.sql"},
        {PD_LAYOUT_GOLANG_MIGRATE, "01_a.b.up.sql", "01_a.b.down.sql"},
        {PD_LAYOUT_SQLX, "1_a.sql", "1_a.down.sql"},
        {PD_LAYOUT_DIESEL, "1_a/up.sql", "1_a/down.sql"},
        {PD_LAYOUT_PRISMA, "1_a/migration.sql", "1_a/rollback.sql"},
        {PD_LAYOUT_FLYWAY, "V1_2__a.sql", "U1_2__a.sql"},
        {PD_LAYOUT_FLYWAY, "1.2__a.sql", "U1.2__a.sql"},
    };
    for (size_t i = 0; i < LENGTH(rows); i++) {
        world w = world_new();
        world_put(&w, rows[i].file, "select 1;");
        world_read(&w, rows[i].kind);
        assert_int_equal(w.set.count, 1);
        assert_null(w.set.migrations[0].down.data);
        assert_string_equal(w.set.migrations[0].down.entry, rows[i].companion);
        assert_string_equal(w.set.migrations[0].down.path,
                            pd_arena_printf(w.arena, "drizzle/%s", rows[i].companion));
        world_free(&w);
    }
}

typedef struct content {
    pd_layout_kind kind;
    const char *files[4]; /* path, text, path, text */
    bool no_transaction;
    const char *needs; /* NULL: predeploy can run it */
    size_t at;
} content;

static const content contents[] = {
    {PD_LAYOUT_SQLX, {"1_a.sql", "-- no-transaction\r\nselect 1;"}, true, NULL, 0},
    {PD_LAYOUT_SQLX, {"1_a.sql", " -- no-transaction\nselect 1;"}, false, NULL, 0},
    {PD_LAYOUT_DIESEL,
     {"1_a/up.sql", "x", "1_a/metadata.toml", "# x\n run_in_transaction=false # why\r\n"},
     true,
     NULL,
     0},
    {PD_LAYOUT_DIESEL,
     {"1_a/up.sql", "x", "1_a/metadata.toml", "run_in_transaction = true\n"},
     false,
     NULL,
     0},
    {PD_LAYOUT_DIESEL,
     {"1_a/up.sql", "x", "1_a/metadata.toml", "[other]\nrun_in_transaction = false"},
     false,
     NULL,
     0},
    {PD_LAYOUT_DIESEL, {"1_a/up.sql", "x", "1_a/metadata.toml", ""}, false, NULL, 0},
    {PD_LAYOUT_FLYWAY,
     {"V1__a.sql", "x", "V1__a.sql.conf", "a=b\n executeInTransaction = FALSE \r\n"},
     true,
     NULL,
     0},
    {PD_LAYOUT_FLYWAY,
     {"V1__a.sql", "x", "V1__a.sql.conf", "executeInTransaction=true"},
     false,
     NULL,
     0},
    /* The last line of a key counts, whatever parts it from its value. */
    {PD_LAYOUT_FLYWAY,
     {"V1__a.sql", "x", "V1__a.sql.conf", "executeInTransaction=false\nexecuteInTransaction=true"},
     false,
     NULL,
     0},
    {PD_LAYOUT_FLYWAY,
     {"V1__a.sql", "x", "V1__a.sql.conf", "executeInTransaction=true\nexecuteInTransaction false"},
     true,
     NULL,
     0},
    {PD_LAYOUT_FLYWAY,
     {"V1__a.sql", "x", "V1__a.sql.conf", "executeInTransaction=false\nexecuteInTransaction"},
     false,
     NULL,
     0},
    {PD_LAYOUT_FLYWAY,
     {"V1__a.sql", "x", "V1__a.sql.conf", "executeInTransaction=false\nexecuteInTransactions=1"},
     true,
     NULL,
     0},
    {PD_LAYOUT_FLYWAY, {"V1__a.sql", "GRANT ALL TO ${user};"}, false, "placeholders", 13},
    {PD_LAYOUT_FLYWAY, {"V1__a.sql", "select '${x\n}', '$}'"}, false, NULL, 0},
    {PD_LAYOUT_FLYWAY, {"V1__a.sql", "x", "U1__a.sql", "drop ${y};"}, false, "placeholders", 0},
    {PD_LAYOUT_FLYWAY,
     {"V1__a.sql", "${user}", "V1__a.sql.conf", "placeholderReplacement=false"},
     false,
     NULL,
     0},
    {PD_LAYOUT_PLAIN, {"1_a.sql", "${user}"}, false, NULL, 0},
    {PD_LAYOUT_GOOSE, {"1_a.go", "package x"}, false, "a Go program", 0},
    {PD_LAYOUT_PLAIN, {"1_a.py", "import os"}, false, "a Python program", 0},
};

static void test_contents(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH(contents); i++) {
        const content *c = &contents[i];
        world w = world_new();
        for (size_t k = 0; k < 4 && c->files[k] != NULL; k += 2) {
            world_put(&w, c->files[k], c->files[k + 1]);
        }
        world_read(&w, c->kind);
        assert_int_equal(w.set.count, 1);
        const pd_migration *m = &w.set.migrations[0];
        assert_int_equal(m->no_transaction, c->no_transaction);
        assert_int_equal(m->needs_tool_at, c->at);
        if (c->needs == NULL) {
            assert_null(m->needs_tool);
        } else {
            assert_non_null(strstr(m->needs_tool, c->needs));
        }
        assert_int_equal(strlen(m->up.hash), 64);
        world_free(&w);
    }
}

typedef struct custom {
    const char *up;
    const char *down;
    pd_version_order order;
    const char *files;
    const char *set;
} custom;

static const custom customs[] = {
    {"{name}.sql", "{name}.undo.sql", PD_ORDER_NUMERIC, "b.sql b.undo.sql a.sql", "a b<b.undo.sql"},
    {"{version}-{title}.sql", NULL, PD_ORDER_NUMERIC, "10-b.sql 9-a.sql x.sql", "9-a 10-b"},
    {"{version}-{title}.sql", NULL, PD_ORDER_BYTES, "r10-b.sql r9-a.sql", "r10-b r9-a"},
    {"v{version}.sql", "v{version}.down.sql", PD_ORDER_DOTTED, "v1.10.sql v1.9.sql v1.9.down.sql",
     "v1.9<v1.9.down.sql v1.10"},
    {"deploy/{name}.sql", "revert/{name}.sql", PD_ORDER_NUMERIC,
     "deploy/a.sql revert/a.sql deploy/b.sql verify/a.sql", "a<revert/a.sql b"},
    {"{title}.{version}.up.sql", "{title}.{version}.down.sql", PD_ORDER_NUMERIC,
     "b.2.up.sql a.10.up.sql z.10.down.sql", "b.2 a.10<z.10.down.sql"},
};

static void test_patterns_of_the_user(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH(customs); i++) {
        world w = world_new();
        pd_settings settings;
        pd_settings_default(&settings);
        settings.up_pattern = customs[i].up;
        settings.rollback_pattern = customs[i].down;
        settings.version_order = customs[i].order;
        put_all(&w, customs[i].files);
        pd_layout_read(w.arena, &w.snapshot, &settings, NOW_MS, &w.set, &w.findings);
        assert_string_equal(set_text(&w), customs[i].set);
        assert_int_equal(w.set.layout, PD_LAYOUT_CUSTOM);
        world_free(&w);
    }
}

static void test_pattern_to_path(void **state)
{
    (void)state;
    static const struct {
        const char *pattern;
        pd_pattern_names names;
        const char *path;
    } rows[] = {
        {"{version}_{title}.up.sql", {NULL, "7", "add"}, "7_add.up.sql"},
        {"{name}/up.sql", {NULL, "7", "add"}, "7_add/up.sql"},
        {"{name}/up.sql", {"x", "7", "add"}, "x/up.sql"},
        {"{name}.sql", {NULL, NULL, "add"}, "add.sql"},
        {"V{version}.sql", {NULL, "1.2", NULL}, "V1.2.sql"},
        {"{other}{name}", {"x", NULL, NULL}, "{other}x"},
    };
    pd_arena *arena = pd_arena_new();
    for (size_t i = 0; i < LENGTH(rows); i++) {
        assert_string_equal(pd_pattern_expand(arena, rows[i].pattern, &rows[i].names),
                            rows[i].path);
    }
    pd_arena_free(arena);
}

/* Names from outside: each file is in the set, an orphan, or named by a finding; never twice. */
static void test_hostile_names(void **state)
{
    (void)state;
    static const char *const names[] = {
        "_.up.sql",
        "1_.up.sql",
        "1_\n.up.sql",
        "1_\x1b[31m.up.sql",
        "{version}_x.up.sql",
        "1_%s%n.up.sql",
        "1__.up.sql",
        "V__.sql",
        "V1__.sql",
        "V1..2__a.sql",
        "V1_.__a.sql",
        "R__.sql",
        "..sql",
        "-.sql",
        "1_\xff\xfe.up.sql",
        "00000000000000000000_a.up.sql",
        "x/up.sql",
        "/up.sql",
        "x//up.sql",
        "a/migration.sql",
        "1_a.go",
        "_1.go",
        "V1__\n.java",
        "B__x.sql",
    };
    for (int kind = PD_LAYOUT_DETECT; kind < PD_LAYOUT_CUSTOM; kind++) {
        world w = world_new();
        for (size_t i = 0; i < LENGTH(names); i++) {
            world_put(&w, names[i], "-- +goose Up\nselect 1;");
        }
        world_read(&w, (pd_layout_kind)kind);
        for (size_t i = 0; i < w.set.count; i++) {
            assert_non_null(w.set.migrations[i].up.data);
            for (size_t k = 0; k < i; k++) {
                assert_string_not_equal(w.set.migrations[i].up.entry, w.set.migrations[k].up.entry);
            }
        }
        assert_true(w.findings.count > 0);
        world_free(&w);
    }
}

/* One version for all of them, and one pair each: neither takes time that grows with the square. */
static void test_many(void **state)
{
    (void)state;
    enum { MANY = 10000 };
    world w = world_new();
    w.snapshot.entries = pd_arena_array(w.arena, (size_t)MANY * 2, sizeof(pd_entry));
    w.snapshot.capacity = (size_t)MANY * 2;
    for (size_t i = 0; i < (size_t)MANY * 2; i++) {
        bool down = i % 2 == 0;
        w.snapshot.entries[i] = (pd_entry){
            .path = pd_arena_printf(w.arena, "%05zu_x.%s.sql", i / 2, down ? "down" : "up"),
            .size = 1,
            .data = ";",
        };
    }
    w.snapshot.count = (size_t)MANY * 2;
    world_read(&w, PD_LAYOUT_DETECT);
    assert_int_equal(w.set.count, MANY);
    assert_int_equal(w.findings.count, 0);
    assert_string_equal(w.set.migrations[MANY - 1].down.entry, "09999_x.down.sql");
    for (size_t i = 0; i < (size_t)MANY * 2; i++) {
        w.snapshot.entries[i].path =
            pd_arena_printf(w.arena, "1_%05zu.%s.sql", i / 2, i % 2 == 0 ? "down" : "up");
    }
    world_read(&w, PD_LAYOUT_DETECT);
    assert_int_equal(w.set.count, MANY);
    assert_int_equal(w.findings.count, MANY - 1);
    world_free(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scenarios),
        cmocka_unit_test(test_order_is_that_of_the_domain),
        cmocka_unit_test(test_where_a_companion_would_stand),
        cmocka_unit_test(test_contents),
        cmocka_unit_test(test_patterns_of_the_user),
        cmocka_unit_test(test_pattern_to_path),
        cmocka_unit_test(test_hostile_names),
        cmocka_unit_test(test_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
