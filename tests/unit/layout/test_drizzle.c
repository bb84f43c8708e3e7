#include "world.h"

#define HEAD "{\n  \"version\": \"7\",\n  \"dialect\": \"postgresql\",\n  \"entries\": [\n"
#define ENTRY(when, tag) "    {\"idx\": 0, \"when\": " when ", \"tag\": \"" tag "\"}"
#define TAIL "\n  ]\n}"
#define JOURNAL(a, b, c) HEAD a ",\n" b ",\n" c TAIL

#define FIRST ENTRY("1795379225633", "0000_a")
#define SECOND ENTRY("1795379227701", "0001_b_c")
#define THIRD ENTRY("1795379230079", "0002")

static world drizzle_world(void)
{
    world w = world_new();
    world_put(&w, PD_JOURNAL_FILE, JOURNAL(FIRST, SECOND, THIRD));
    world_put(&w, "meta/0000_snapshot.json", "{}");
    world_put(&w, "0000_a.sql", "select 1;");
    world_put(&w, "0000_a-rollback.sql", "select 1;");
    world_put(&w, "0001_b_c.sql", "select 2;");
    world_put(&w, "0002.sql", "select 3;");
    return w;
}

static void test_world_agrees(void **state)
{
    (void)state;
    world w = drizzle_world();
    world_read(&w, PD_LAYOUT_DETECT);
    assert_string_equal(world_rules(&w), "");
    assert_string_equal(world_names(&w), "0000_a 0001_b_c 0002");
    assert_int_equal(w.set.layout, PD_LAYOUT_DRIZZLE);
    const pd_migration *m = w.set.migrations;
    assert_true(m[0].has_when);
    assert_true(m[0].when == INT64_C(1795379225633));
    assert_string_equal(m[0].v1_name, "20261122202705_a");
    assert_string_equal(m[1].v1_name, "20261122202707_b_c");
    assert_string_equal(m[2].v1_name, "20261122202710_");
    assert_int_equal(m[0].journal_line, 5);
    assert_int_equal(m[2].journal_line, 7);
    assert_non_null(m[0].down.data);
    assert_null(m[1].down.data);
    world_free(&w);
}

typedef struct scenario {
    const char *journal;
    const char *rule;
    const char *text;
    const char *names;
    int line;
} scenario;

static const scenario scenarios[] = {
    /* order */
    {JOURNAL(SECOND, FIRST, THIRD), "journal-when-not-rising",
     "entries[1] \"0000_a\" has the time 1795379225633 (2026-11-22T20:27:05Z), which is not above "
     "1795379227701 (2026-11-22T20:27:07Z) of entries[0] \"0001_b_c\"",
     "0001_b_c 0000_a 0002", 6},
    {JOURNAL(FIRST, SECOND, ENTRY("1795379227701", "0002")), "journal-when-not-rising",
     "above 1795379227701", "0000_a 0001_b_c 0002", 7},
    {JOURNAL(FIRST, ENTRY("1", "0001_b_c"), THIRD), "journal-when-not-rising",
     "entries[1] \"0001_b_c\"", "0000_a 0001_b_c 0002", 6},
    /* compared with the largest of all in front, not with the neighbour */
    {JOURNAL(ENTRY("9", "0000_a"), ENTRY("10", "0001_b_c"), ENTRY("10", "0002")),
     "journal-when-not-rising", "entries[1] \"0001_b_c\" in front of it", "0000_a 0001_b_c 0002",
     7},
    {JOURNAL(FIRST, SECOND, ENTRY("1795486400001", "0002")), "journal-when-in-future",
     "lower its \"when\"", "0000_a 0001_b_c 0002", 7},
    {JOURNAL(FIRST, SECOND, ENTRY("1795486400000", "0002")), "", "", "0000_a 0001_b_c 0002", 0},
    /* entries against files */
    {JOURNAL(FIRST, SECOND, THIRD ",\n" ENTRY("1795379230080", "0003_x")), "journal-missing-file",
     "entries[3] names \"0003_x\", but 0003_x.sql is not there", "0000_a 0001_b_c 0002", 8},
    {HEAD FIRST ",\n" SECOND TAIL, "journal-orphan-file", "names 0002.sql", "0000_a 0001_b_c", 0},
    {JOURNAL(FIRST, SECOND, THIRD ",\n" ENTRY("1795379230080", "0000_a")),
     "journal-duplicate-entry", "entries[3] names \"0000_a\" again, as entries[0] on line 5 does",
     "0000_a 0001_b_c 0002", 8},
    /* forms of `when` */
    {JOURNAL(FIRST, SECOND, ENTRY("null", "0002")), "journal-invalid", "run every migration again",
     "0000_a 0001_b_c 0002", 7},
    {JOURNAL(FIRST, SECOND, ENTRY("\"1795379230079\"", "0002")), "journal-invalid", "a string",
     "0000_a 0001_b_c 0002", 7},
    {JOURNAL(FIRST, SECOND, ENTRY("1795379230079.5", "0002")), "journal-invalid", "a fraction",
     "0000_a 0001_b_c 0002", 7},
    {JOURNAL(FIRST, SECOND, ENTRY("-1", "0002")), "journal-invalid", "out of the range",
     "0000_a 0001_b_c 0002", 7},
    {JOURNAL(FIRST, SECOND, ENTRY("9007199254740992", "0002")), "journal-invalid",
     "out of the range", "0000_a 0001_b_c 0002", 7},
    {JOURNAL(FIRST, SECOND, "    {\"tag\": \"0002\"}"), "journal-invalid", "has no \"when\"",
     "0000_a 0001_b_c 0002", 7},
    {JOURNAL(FIRST, SECOND, ENTRY("12345678901234567890", "0002")), "journal-malformed", "too big",
     "0000_a 0001_b_c 0002", 7},
    /* forms of the tag */
    {JOURNAL(FIRST, SECOND, ENTRY("1795379230079", "../0002")), "journal-invalid",
     "no plain file name", "0000_a 0001_b_c", 7},
    {JOURNAL(FIRST, SECOND, ENTRY("1795379230079", "..")), "journal-invalid", "no plain file name",
     "0000_a 0001_b_c", 7},
    {JOURNAL(FIRST, SECOND, ENTRY("1795379230079", "")), "journal-invalid", "empty",
     "0000_a 0001_b_c", 7},
    {JOURNAL(FIRST, SECOND, "    {\"when\": 1795379230079, \"tag\": 2}"), "journal-invalid",
     "entries[2] has no string \"tag\"", "0000_a 0001_b_c", 7},
    {JOURNAL(FIRST, SECOND, "    [\"tag\"]"), "journal-invalid", "entries[2] is not an object",
     "0000_a 0001_b_c", 7},
    /* the journal as a whole: the files keep their places */
    {HEAD FIRST ",\n" SECOND ",\n" TAIL, "journal-malformed", "is not JSON", "0000_a 0001_b_c 0002",
     8},
    {"", "journal-malformed", "is not JSON", "0000_a 0001_b_c 0002", 1},
    {"[]", "journal-invalid", "is not a JSON object", "0000_a 0001_b_c 0002", 0},
    {"{\"version\": \"8\", \"dialect\": \"postgresql\", \"entries\": []}", "journal-invalid",
     "5, 6 or 7", "0000_a 0001_b_c 0002", 0},
    {"{\"dialect\": \"postgresql\", \"entries\": []}", "journal-invalid", "5, 6 or 7",
     "0000_a 0001_b_c 0002", 0},
    {"{\"version\": \"7\", \"dialect\": \"mysql\", \"entries\": []}", "journal-invalid",
     "dialect postgresql", "0000_a 0001_b_c 0002", 0},
    {"{\"version\": \"7\", \"dialect\": \"postgresql\"}", "journal-invalid", "no array",
     "0000_a 0001_b_c 0002", 0},
};

static void test_scenarios(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH(scenarios); i++) {
        const scenario *s = &scenarios[i];
        world w = drizzle_world();
        world_put(&w, PD_JOURNAL_FILE, s->journal);
        world_read(&w, PD_LAYOUT_DETECT);
        if (*s->rule == '\0') {
            assert_string_equal(world_rules(&w), "");
        } else {
            expect_one(&w, s->rule, s->text);
            assert_int_equal(w.findings.items[0].place.line, s->line);
            assert_true(s->line == 0 || w.findings.items[0].excerpt != NULL);
        }
        assert_string_equal(world_names(&w), s->names);
        world_free(&w);
    }
}

static void test_old_versions_are_read(void **state)
{
    (void)state;
    static const char *const heads[] = {
        "{\"version\": \"5\", \"dialect\": \"pg\", \"entries\": [",
        "{\"version\": \"6\", \"dialect\": \"postgresql\", \"entries\": [",
        "{\"version\": 7, \"dialect\": \"postgresql\", \"entries\": [",
    };
    for (size_t i = 0; i < LENGTH(heads); i++) {
        world w = world_new();
        world_put(&w, "0000_a.sql", "select 1;");
        world_put(&w, PD_JOURNAL_FILE, pd_arena_printf(w.arena, "%s%s]}", heads[i], FIRST));
        world_read(&w, PD_LAYOUT_DETECT);
        assert_string_equal(world_rules(&w), "");
        assert_string_equal(world_names(&w), "0000_a");
        world_free(&w);
    }
}

/* Each entry that is skipped is told, against the largest time in front of it. */
static void test_running_maximum(void **state)
{
    (void)state;
    world w = drizzle_world();
    world_put(&w, PD_JOURNAL_FILE,
              JOURNAL(ENTRY("30", "0000_a"), ENTRY("10", "0001_b_c"), ENTRY("20", "0002")));
    world_read(&w, PD_LAYOUT_DETECT);
    assert_string_equal(world_rules(&w), "journal-when-not-rising journal-when-not-rising");
    assert_non_null(strstr(w.findings.items[1].message, "entries[0] \"0000_a\""));
    assert_non_null(strstr(w.findings.items[1].hint, "above 30"));
    assert_int_equal(w.findings.items[1].place.column, 24);
    world_free(&w);
}

static void test_companions(void **state)
{
    (void)state;
    world w = drizzle_world();
    world_put(&w, "0009_gone-rollback.sql", "select 9;");
    world_read(&w, PD_LAYOUT_DETECT);
    assert_string_equal(world_rules(&w), "");
    assert_int_equal(w.set.orphan_count, 1);
    assert_string_equal(w.set.orphans[0].entry, "0009_gone-rollback.sql");
    world_free(&w);
}

/* A tag that ends with -rollback is a migration when the journal names it. */
static void test_tag_with_the_suffix(void **state)
{
    (void)state;
    world w = drizzle_world();
    world_put(&w, PD_JOURNAL_FILE,
              JOURNAL(FIRST, SECOND, THIRD ",\n" ENTRY("1795379230080", "0000_a-rollback")));
    world_read(&w, PD_LAYOUT_DETECT);
    assert_string_equal(world_rules(&w), "journal-duplicate-number");
    assert_string_equal(world_names(&w), "0000_a 0001_b_c 0002 0000_a-rollback");
    assert_null(w.set.migrations[0].down.data);
    assert_non_null(w.set.migrations[3].up.data);
    world_free(&w);
}

static void test_nested_sql(void **state)
{
    (void)state;
    world w = drizzle_world();
    world_put(&w, "old/0000.sql", "select 1;");
    world_read(&w, PD_LAYOUT_DETECT);
    expect_one(&w, "sql-outside-set", "old/0000.sql belongs to no migration");
    world_free(&w);
}

static void test_linked_file_is_told_once(void **state)
{
    (void)state;
    world w = drizzle_world();
    pd_entry *entry = snapshot_put(w.arena, &w.snapshot, "0002.sql", "");
    entry->kind = PD_ENTRY_SYMLINK;
    entry->data = NULL;
    world_read(&w, PD_LAYOUT_DETECT);
    expect_one(&w, "entry-symlink", "0002.sql");
    assert_string_equal(world_names(&w), "0000_a 0001_b_c");
    world_free(&w);
}

static void test_half_upgraded(void **state)
{
    (void)state;
    static const pd_layout_kind kinds[] = {PD_LAYOUT_DETECT, PD_LAYOUT_DRIZZLE,
                                           PD_LAYOUT_DRIZZLE_FOLDERS};
    for (size_t i = 0; i < LENGTH(kinds); i++) {
        world w = drizzle_world();
        world_put(&w, "20261122202705_a/migration.sql", "select 1;");
        world_read(&w, kinds[i]);
        expect_one(&w, "layout-half-upgraded", "drizzle-kit up");
        assert_string_equal(world_names(&w), "0000_a 0001_b_c 0002");
        world_free(&w);
    }
    world w = world_new();
    world_put(&w, PD_JOURNAL_FILE, HEAD TAIL);
    world_put(&w, "20261122202705_a/migration.sql", "select 1;");
    world_read(&w, PD_LAYOUT_DETECT);
    expect_one(&w, "layout-half-upgraded", "git rm -r meta");
    assert_string_equal(world_names(&w), "20261122202705_a");
    world_free(&w);
}

/* A journal on one long line: findings get its line, but no column and no excerpt. */
static void test_long_line(void **state)
{
    (void)state;
    world w = world_new();
    PD_AUTO_STRBUF text = pd_strbuf_new(PD_STRBUF_MAX);
    pd_strbuf_adds(&text, "{\"version\": \"7\", \"dialect\": \"pg\", \"entries\": [");
    pd_strbuf_addn(&text, ' ', 5000);
    pd_strbuf_adds(&text, FIRST "]}");
    world_put(&w, PD_JOURNAL_FILE, text.data);
    world_read(&w, PD_LAYOUT_DETECT);
    expect_one(&w, "journal-missing-file", "0000_a");
    assert_int_equal(w.findings.items[0].place.line, 1);
    assert_int_equal(w.findings.items[0].place.column, 0);
    assert_null(w.findings.items[0].excerpt);
    world_free(&w);
}

static void test_too_many_entries(void **state)
{
    (void)state;
    world w = world_new();
    PD_AUTO_STRBUF text = pd_strbuf_new(PD_STRBUF_MAX);
    pd_strbuf_adds(&text, HEAD "1");
    for (int i = 0; i < PD_ENTRIES_MAX; i++) {
        pd_strbuf_adds(&text, ",1");
    }
    pd_strbuf_adds(&text, TAIL);
    world_put(&w, PD_JOURNAL_FILE, text.data);
    world_read(&w, PD_LAYOUT_DETECT);
    expect_one(&w, "journal-invalid", "more entries");
    world_free(&w);
}

/* Two branches took one number, and a merge kept both. */
static void test_one_number(void **state)
{
    (void)state;
    static const struct {
        const char *journal;
        const char *rule;
    } cases[] = {
        {JOURNAL(FIRST, SECOND, ENTRY("1795379230079", "0001_z")), "journal-duplicate-number"},
        {JOURNAL(ENTRY("1795379225633", "0001_z"), SECOND, THIRD), ""},
        {HEAD ENTRY("1795379225633", "0001_z") ",\n" SECOND TAIL, "journal-duplicate-number"},
    };
    for (size_t i = 0; i < LENGTH(cases); i++) {
        world w = world_new();
        world_put(&w, PD_JOURNAL_FILE, cases[i].journal);
        const char *const files[] = {"0000_a.sql", "0001_b_c.sql", "0001_z.sql", "0002.sql"};
        for (size_t k = 0; k < LENGTH(files); k++)
            if (strstr(cases[i].journal,
                       pd_arena_strndup(w.arena, files[k], strlen(files[k]) - 4)) != NULL)
                world_put(&w, files[k], "select 1;");
        world_read(&w, PD_LAYOUT_DETECT);
        assert_string_equal(world_rules(&w), cases[i].rule);
        world_free(&w);
    }
}

/* A file that is nearly a companion is one that was misnamed, and no rest of a merge. */
static void test_misnamed_companions(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        const char *meant;
    } cases[] = {
        {"0001_b_c_rollback.sql", "0001_b_c-rollback.sql"},
        {"0001_b_c.down.sql", "0001_b_c-rollback.sql"},
        {"0002-Rollback.sql", "0002-rollback.sql"},
        {"0002-undo.sql", "0002-rollback.sql"},
        {"0001_b_c_more.sql", NULL},
        {"0000_a_rollback.sql", NULL}, /* that one has its companion */
        {"0009_rollback.sql", NULL},
    };
    for (size_t i = 0; i < LENGTH(cases); i++) {
        world w = drizzle_world();
        world_put(&w, cases[i].name, "select 1;");
        world_read(&w, PD_LAYOUT_DETECT);
        assert_string_equal(world_rules(&w), "journal-orphan-file");
        const char *hint = w.findings.items[0].hint;
        bool meant = strstr(hint, "Did you mean") != NULL;
        assert_int_equal(meant, cases[i].meant != NULL);
        assert_true(cases[i].meant == NULL || strstr(hint, cases[i].meant) != NULL);
        assert_true(meant || strstr(hint, "A merge") != NULL);
        world_free(&w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_world_agrees),
        cmocka_unit_test(test_scenarios),
        cmocka_unit_test(test_old_versions_are_read),
        cmocka_unit_test(test_running_maximum),
        cmocka_unit_test(test_companions),
        cmocka_unit_test(test_tag_with_the_suffix),
        cmocka_unit_test(test_nested_sql),
        cmocka_unit_test(test_linked_file_is_told_once),
        cmocka_unit_test(test_half_upgraded),
        cmocka_unit_test(test_long_line),
        cmocka_unit_test(test_too_many_entries),
        cmocka_unit_test(test_one_number),
        cmocka_unit_test(test_misnamed_companions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
