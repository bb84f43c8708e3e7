/* What a layout's own tool would run or stumble over, and the set does not have. */
#include "world.h"

#define MANY (PD_DEEP_MAX + 1)

typedef struct scenario {
    pd_layout_kind kind;
    const char *files; /* parted by blanks */
    const char *deep;
    const char *names; /* of the set */
    const char *rules;
    const char *says; /* of the first finding */
} scenario;

static const scenario scenarios[] = {
    /* deeper than one folder */
    {PD_LAYOUT_FLYWAY, "V1__a.sql v1/V2__b.sql", "v1/2020/V3__c.sql", "V1__a V2__b",
     "migration-unread", "v1/2020/V3__c.sql lies deeper"},
    {PD_LAYOUT_FLYWAY, "V1__a.sql", "v1/2020/V3__c.java", "V1__a", "migration-unread",
     "V3__c.java lies deeper"},
    {PD_LAYOUT_FLYWAY, "V1__a.sql", "v1/2020/R__c.sql", "V1__a", "migration-unread", "R__c.sql"},
    {PD_LAYOUT_FLYWAY, "V1__a.sql", "v1/2020/", "V1__a", "migration-unread", "could not be looked"},
    {PD_LAYOUT_FLYWAY, "V1__a.sql", "v1/2020/notes.sql", "V1__a", "sql-outside-set", "notes.sql"},
    {PD_LAYOUT_FLYWAY, "V1__a.sql", "v1/2020/Test1.java", "V1__a", "", NULL},
    {PD_LAYOUT_FLYWAY, "V1__a.sql", "v1/.old/V3__c.sql", "V1__a", "sql-outside-set", "V3__c.sql"},
    {PD_LAYOUT_PLAIN, "1_a.sql", "x/y/2_b.sql x/y/3_c.ts", "1_a", "sql-outside-set", "2_b.sql"},
    {PD_LAYOUT_GOLANG_MIGRATE, "1_a.up.sql", "x/y/2_b.up.sql", "1_a", "sql-outside-set", "2_b.up"},
    {PD_LAYOUT_DIESEL, "1_a/up.sql", "1_a/x/up.sql", "1_a", "sql-outside-set", "1_a/x/up.sql"},
    {PD_LAYOUT_PRISMA, "1_a/migration.sql", "1_a/x/y.SQL", "1_a", "sql-outside-set", "y.SQL"},
    {PD_LAYOUT_DRIZZLE_FOLDERS, "20240102030405_a/migration.sql", "x/y/migration.sql",
     "20240102030405_a", "sql-outside-set", "x/y/migration.sql"},
    {PD_LAYOUT_GOOSE, "", "x/y/2_b.sql", "", "sql-outside-set", "2_b.sql"},
    /* golang-migrate takes any ending */
    {PD_LAYOUT_GOLANG_MIGRATE, "1_a.up.sql 2_b.up.pgsql", "", "1_a", "migration-unread",
     "2_b.up.pgsql"},
    {PD_LAYOUT_GOLANG_MIGRATE, "1_a.up.sql 4_x.up.sql.bak", "", "1_a", "migration-unread",
     "4_x.up.sql.bak"},
    {PD_LAYOUT_GOLANG_MIGRATE, "1_a.up.sql 1_a.down.txt", "", "1_a", "migration-unread",
     "1_a.down.txt"},
    {PD_LAYOUT_GOLANG_MIGRATE, "1_a.up.sql 2_.up.", "", "1_a", "migration-unread", "2_.up."},
    {PD_LAYOUT_GOLANG_MIGRATE, "1_a.up.sql 2_b.up.x.sql", "", "1_a", "migration-unread",
     "2_b.up.x.sql"},
    {PD_LAYOUT_GOLANG_MIGRATE,
     "1_a.up.sql 2_b.UP.txt 2b.up.txt 2_b.up x/2_b.up.txt b.up.md 99999999999999999999_b.up.txt",
     "", "1_a", "", NULL},
    {PD_LAYOUT_SQLX, "1_a.up.sql 2_b.up.pgsql", "", "1_a", "", NULL},
    /* what begins with a dot */
    {PD_LAYOUT_DIESEL, "1_a/up.sql .hidden_x/up.sql", "", "1_a", "sql-outside-set", ".hidden_x"},
    {PD_LAYOUT_FLYWAY, "V1__a.sql .old/V2__b.sql", "", "V1__a", "sql-outside-set", ".old/V2__b"},
    {PD_LAYOUT_FLYWAY, "V1__a.sql .old/R__b.sql", "", "V1__a", "sql-outside-set", ".old/R__b"},
    {PD_LAYOUT_PRISMA, "1_a/migration.sql .x/migration.sql", "", ".x 1_a", "", NULL},
    /* folders without a migration */
    {PD_LAYOUT_PRISMA, "1_a/migration.sql 2_b/notes.md", "", "1_a", "folder-without-migration",
     "2_b has no migration.sql"},
    {PD_LAYOUT_DIESEL, "1_a/up.sql 2_b/metadata.toml", "", "1_a", "folder-without-migration",
     "2_b has no up.sql"},
    {PD_LAYOUT_DIESEL, "1_a/up.sql .x/notes.md", "", "1_a", "", NULL},
    {PD_LAYOUT_DIESEL, "1_a/up.sql 2_b/down.sql", "", "1_a", "", NULL}, /* an orphan */
};

static char *next_word(char **rest)
{
    char *word = *rest + strspn(*rest, " ");
    size_t len = strcspn(word, " ");
    *rest = word + len;
    if (word[len] != '\0') {
        word[len] = '\0';
        (*rest)++;
    }
    return len == 0 ? NULL : word;
}

static void put_deep(world *w, const char *path)
{
    pd_snapshot *snapshot = &w->snapshot;
    *PD_PUSH(w->arena, snapshot->deep, snapshot->deep_count, snapshot->deep_capacity) = path;
}

static void test_scenarios(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH(scenarios); i++) {
        const scenario *s = &scenarios[i];
        world w = world_new();
        char *files = pd_arena_strdup(w.arena, s->files);
        char *deep = pd_arena_strdup(w.arena, s->deep);
        for (char *word = next_word(&files); word != NULL; word = next_word(&files)) {
            world_put(&w, word, s->kind == PD_LAYOUT_GOOSE ? "-- +goose Up\nx" : "x");
        }
        for (char *word = next_word(&deep); word != NULL; word = next_word(&deep)) {
            put_deep(&w, word);
        }
        world_read(&w, s->kind);
        if (strcmp(world_rules(&w), s->rules) != 0 || strcmp(world_names(&w), s->names) != 0) {
            fail_msg("%s | %s: '%s' and '%s'", s->files, s->deep, world_rules(&w), world_names(&w));
        }
        if (s->says != NULL) {
            expect_one(&w, s->rules, s->says);
        }
        world_free(&w);
    }
}

/* Many files make few findings, and none of them is a silent end. */
static void test_bounds(void **state)
{
    (void)state;
    world w = world_new();
    world_put(&w, "V1__a.sql", "x");
    for (int i = 0; i < MANY; i++) {
        put_deep(&w, pd_arena_printf(w.arena, "v/w/V%d__x.sql", i + 2));
    }
    w.snapshot.deep_more = true;
    world_read(&w, PD_LAYOUT_FLYWAY);
    assert_int_equal(w.findings.count, 22);
    assert_non_null(strstr(w.findings.items[20].message, "981 more files"));
    assert_non_null(strstr(w.findings.items[21].message, "more in folders within folders"));
    assert_int_equal(w.findings.items[21].rule, PD_RULE_MIGRATION_UNREAD);
    world_read(&w, PD_LAYOUT_PLAIN);
    assert_int_equal(w.findings.count, 22);
    assert_int_equal(w.findings.items[21].rule, PD_RULE_SQL_OUTSIDE_SET);
    world_free(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scenarios),
        cmocka_unit_test(test_bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
