#include "scaffolds.h"

/* ---- titles ---- */

static void test_titles(void **state)
{
    (void)state;
    static const struct {
        const char *title;
        const char *clean; /* NULL: refused */
    } cases[] = {
        {"add_orders", "add_orders"},
        {"Add Orders!", "add_orders"},
        {"  x  ", "x"},
        {"a--b__c", "a_b_c"},
        {"caf\xc3\xa9 au lait", "caf_au_lait"},
        {"2 fast", "2_fast"},
        {"", NULL},
        {"---", NULL},
        {"../etc", NULL},
        {"a\\b", NULL},
        {"\xc3\xa9", NULL},
        {"a\nb", "a_b"},
    };
    for (size_t i = 0; i < LENGTH(cases); i++) {
        PD_AUTO_ARENA arena = pd_arena_new();
        pd_error err = {0};
        const char *clean = NULL;
        bool done = pd_scaffold_title(arena, cases[i].title, &clean, &err);
        assert_int_equal(done, cases[i].clean != NULL);
        if (done)
            assert_string_equal(clean, cases[i].clean);
        else
            assert_int_equal(err.kind, PD_ERROR_USAGE);
    }
    PD_AUTO_ARENA arena = pd_arena_new();
    pd_error err = {0};
    const char *clean = NULL;
    char text[PD_TITLE_MAX + 2];
    memset(text, 'a', sizeof text);
    text[sizeof text - 1] = '\0';
    assert_false(pd_scaffold_title(arena, text, &clean, &err));
    text[PD_TITLE_MAX] = '\0';
    assert_true(pd_scaffold_title(arena, text, &clean, &err));
}

/* ---- the next name ---- */

typedef struct next_case {
    pd_layout_kind layout;
    const char *there[4]; /* entries */
    const char *up;       /* NULL: refused */
    const char *down;     /* NULL: both are in one file */
} next_case;

static void check_next(const next_case *wanted)
{
    made self = {.world = world_new()};
    pd_settings settings = settings_of(wanted->layout);
    for (size_t i = 0; i < LENGTH(wanted->there) && wanted->there[i] != NULL; i++)
        world_put(&self.world, wanted->there[i],
                  wanted->layout == PD_LAYOUT_DBMATE  ? "-- migrate:up\n-- migrate:down\n"
                  : wanted->layout == PD_LAYOUT_GOOSE ? "-- +goose Up\n-- +goose Down\n"
                                                      : "SELECT 1;\n");
    bool done = scaffold(&self, &settings, "Add it");
    if (wanted->up == NULL) {
        assert_false(done);
        assert_int_equal(self.err.kind, PD_ERROR_USAGE);
        assert_true(self.err.hint[0] != '\0');
    } else {
        if (!done)
            fail_msg("%s: %s", wanted->up, self.err.message);
        if (find_new(&self, wanted->up) == NULL)
            fail_msg("%s is not there, but %s", wanted->up,
                     self.files.files[self.files.count - 1].entry);
        if (wanted->down != NULL)
            assert_non_null(find_new(&self, wanted->down));
        assert_int_equal(self.files.count, wanted->down == NULL ? 1 : 2);
    }
    world_free(&self.world);
}

static void test_plain(void **state)
{
    (void)state;
    static const next_case cases[] = {
        {PD_LAYOUT_PLAIN, {NULL}, "0001_add_it.sql", "0001_add_it-rollback.sql"},
        {PD_LAYOUT_PLAIN, {"0009_a.sql"}, "0010_add_it.sql", "0010_add_it-rollback.sql"},
        {PD_LAYOUT_PLAIN, {"001_a.sql", "002_b.sql"}, "003_add_it.sql", "003_add_it-rollback.sql"},
        {PD_LAYOUT_PLAIN, {"999_a.sql"}, NULL, NULL}, /* 1000 sorts in front of it */
        {PD_LAYOUT_PLAIN, {"1.09_a.sql"}, "1.10_add_it.sql", "1.10_add_it-rollback.sql"},
        {PD_LAYOUT_PLAIN, {"customers.sql"}, NULL, NULL},
        {PD_LAYOUT_PLAIN, {"2024-01-31_a.sql"}, NULL, NULL},
        {PD_LAYOUT_PLAIN,
         {"20240131120000_a.sql"},
         STAMP "_add_it.sql",
         STAMP "_add_it-rollback.sql"},
        {PD_LAYOUT_PLAIN,
         {"20991231235959_a.sql"},
         "21000101000000_add_it.sql",
         "21000101000000_add_it-rollback.sql"},
        {PD_LAYOUT_PLAIN,
         {"1700000000_a.sql"},
         "1795400000_add_it.sql",
         "1795400000_add_it-rollback.sql"},
        {PD_LAYOUT_PLAIN,
         {"20240131_a.sql"},
         "20261123_add_it.sql",
         "20261123_add_it-rollback.sql"},
        {PD_LAYOUT_PLAIN,
         {"20261123_a.sql"},
         "20261124_add_it.sql",
         "20261124_add_it-rollback.sql"},
        {PD_LAYOUT_PLAIN, {"99999999999999999999_a.sql"}, NULL, NULL},
    };
    for (size_t i = 0; i < LENGTH(cases); i++)
        check_next(&cases[i]);
}

static void test_other_tools(void **state)
{
    (void)state;
    static const next_case cases[] = {
        {PD_LAYOUT_GOLANG_MIGRATE,
         {"99_a.up.sql", "99_a.down.sql"},
         "100_add_it.up.sql",
         "100_add_it.down.sql"},
        {PD_LAYOUT_GOLANG_MIGRATE,
         {"000009_a.up.sql", "000009_a.down.sql"},
         "000010_add_it.up.sql",
         "000010_add_it.down.sql"},
        {PD_LAYOUT_GOLANG_MIGRATE, {NULL}, STAMP "_add_it.up.sql", STAMP "_add_it.down.sql"},
        {PD_LAYOUT_SQLX,
         {"20240101000000_a.up.sql", "20240101000000_a.down.sql"},
         STAMP "_add_it.up.sql",
         STAMP "_add_it.down.sql"},
        {PD_LAYOUT_DIESEL,
         {"2024-01-01-000000_a/up.sql", "2024-01-01-000000_a/down.sql"},
         "2026-11-23-021320_add_it/up.sql",
         "2026-11-23-021320_add_it/down.sql"},
        {PD_LAYOUT_DIESEL,
         {"20240101000000_a/up.sql", "20240101000000_a/down.sql"},
         STAMP "_add_it/up.sql",
         STAMP "_add_it/down.sql"},
        {PD_LAYOUT_DIESEL,
         {"00000000000000_diesel_initial_setup/up.sql",
          "00000000000000_diesel_initial_setup/down.sql"},
         "2026-11-23-021320_add_it/up.sql",
         "2026-11-23-021320_add_it/down.sql"},
        {PD_LAYOUT_PRISMA,
         {"0_init/migration.sql"},
         STAMP "_add_it/migration.sql",
         STAMP "_add_it/rollback.sql"},
        {PD_LAYOUT_PRISMA,
         {"20240101000000_a/migration.sql"},
         STAMP "_add_it/migration.sql",
         STAMP "_add_it/rollback.sql"},
        {PD_LAYOUT_FLYWAY, {"V1__a.sql", "V9__b.sql"}, "V10__add_it.sql", "U10__add_it.sql"},
        {PD_LAYOUT_FLYWAY, {"V1.9__a.sql"}, "V1.10__add_it.sql", "U1.10__add_it.sql"},
        {PD_LAYOUT_FLYWAY, {"1__a.sql", "9__b.sql"}, "10__add_it.sql", "U10__add_it.sql"},
        {PD_LAYOUT_FLYWAY, {"x/V1__a.sql"}, "x/V2__add_it.sql", "U2__add_it.sql"},
        {PD_LAYOUT_FLYWAY, {NULL}, "V1__add_it.sql", "U1__add_it.sql"},
        {PD_LAYOUT_DBMATE, {"20240101000000_a.sql"}, STAMP "_add_it.sql", NULL},
        {PD_LAYOUT_GOOSE, {"00001_a.sql"}, "00002_add_it.sql", NULL},
        {PD_LAYOUT_GOOSE, {NULL}, STAMP "_add_it.sql", NULL},
    };
    for (size_t i = 0; i < LENGTH(cases); i++)
        check_next(&cases[i]);
}

static void test_custom(void **state)
{
    (void)state;
    made self = {.world = world_new()};
    pd_settings settings = settings_of(PD_LAYOUT_CUSTOM);
    settings.up_pattern = "{version}-{title}/do.sql";
    settings.rollback_pattern = "{version}-{title}/undo.sql";
    settings.version_order = PD_ORDER_NUMERIC;
    world_put(&self.world, "007-a/do.sql", "SELECT 1;\n");
    world_put(&self.world, "007-a/undo.sql", "SELECT 1;\n");
    must(&self, &settings, "x");
    assert_non_null(find_new(&self, "008-x/do.sql"));
    assert_non_null(find_new(&self, "008-x/undo.sql"));
    world_free(&self.world);
}

/* ---- Drizzle ---- */

#define ENTRY(idx, when, tag)                                                                      \
    "    {\n      \"idx\": " idx ",\n      \"version\": \"7\",\n      \"when\": " when             \
    ",\n      \"tag\": \"" tag "\",\n      \"breakpoints\": true\n    }"
#define JOURNAL(entries)                                                                           \
    "{\n  \"version\": \"7\",\n  \"dialect\": \"postgresql\",\n  \"entries\": [\n" entries         \
    "\n  ]\n}"
#define SNAPSHOT(id, prev)                                                                         \
    "{\n  \"id\": \"" id "\",\n  \"prevId\": \"" prev "\",\n  \"version\": \"7\",\n  "             \
    "\"tables\": {},\n  \"_meta\": {\n    \"columns\": {},\n    \"schemas\": {},\n    "            \
    "\"tables\": {}\n  }\n}"

static void test_drizzle(void **state)
{
    (void)state;
    made self = {.world = world_new()};
    pd_settings settings = settings_of(PD_LAYOUT_DETECT);
    world_put(
        &self.world, "meta/_journal.json",
        JOURNAL(ENTRY("0", "1700000000000", "0000_a") ",\n" ENTRY("1", "1700000000001", "0001_b")));
    put_raw(&self, "meta/0000_snapshot.json", SNAPSHOT("one", "none"));
    put_raw(&self, "meta/0001_snapshot.json", SNAPSHOT("two", "one"));
    world_put(&self.world, "0000_a.sql", "SELECT 1;\n");
    world_put(&self.world, "0001_b.sql", "SELECT 1;\n");
    must(&self, &settings, "Add it");
    assert_int_equal(self.files.count, 4);
    assert_string_equal(self.files.name, "0002_add_it");
    assert_non_null(find_new(&self, "0002_add_it.sql"));
    assert_non_null(find_new(&self, "0002_add_it-rollback.sql"));
    assert_string_equal(find_new(&self, "meta/0002_snapshot.json")->text.data,
                        SNAPSHOT(UUID, "two"));
    const pd_new_file *journal = &self.files.files[3];
    assert_string_equal(journal->entry, "meta/_journal.json");
    assert_true(journal->replaces);
    assert_string_equal(
        journal->text.data,
        JOURNAL(ENTRY("0", "1700000000000", "0000_a") ",\n" ENTRY(
            "1", "1700000000001", "0001_b") ",\n" ENTRY("2", "1795400000000", "0002_add_it")));
    world_free(&self.world);
}

/* Whatever the other entries look like, their bytes stay. */
static void test_journal_bytes(void **state)
{
    (void)state;
    static const struct {
        const char *head;
        const char *tail;
        const char *added; /* what stands behind head then begins with */
        const char *name;
    } cases[] = {
        {"{\"entries\":[{\"tag\":\"0000_a\",\"when\":5,\"x\":\"]}\\\"\"}",
         "],\"version\":\"6\",\"dialect\":\"pg\"}", ",\n    {\n      \"idx\": 1,", "0001_x"},
        {"{\"version\":5,\"dialect\":\"pg\",\"q\":[{\"entries\":[1]}],\"entries\" : [ "
         "{\"tag\":\"0000_a\",\"when\":5}",
         "\n ] }", ",\n    {\n      \"idx\": 1,\n      \"version\": 5,", "0001_x"},
        {"{\r\n\"version\":\"7\",\"dialect\":\"pg\",\"entries\":[\r\n"
         "{\"idx\":7,\"tag\":\"0000_a\",\"when\":1795400000005}",
         "\r\n]}", ",\r\n    {\r\n      \"idx\": 8,", "0008_x"},
        {"{\"version\":\"7\",\"dialect\":\"pg\",\"entries\":[{\"idx\":3,\"tag\":"
         "\"20240101000000_a\",\"when\":5}",
         "]}", ",\n    {\n      \"idx\": 4,", STAMP "_x"},
    };
    for (size_t i = 0; i < LENGTH(cases); i++) {
        made self = {.world = world_new()};
        pd_settings settings = settings_of(PD_LAYOUT_DRIZZLE);
        world_put(&self.world, "meta/_journal.json",
                  pd_arena_printf(self.world.arena, "%s%s", cases[i].head, cases[i].tail));
        world_put(&self.world, i == 3 ? "20240101000000_a.sql" : "0000_a.sql", "SELECT 1;\n");
        if (!scaffold(&self, &settings, "x"))
            fail_msg("%zu: %s", i, self.err.message);
        assert_string_equal(self.files.name, cases[i].name);
        const char *text = find_new(&self, "meta/_journal.json")->text.data;
        size_t head = strlen(cases[i].head);
        assert_memory_equal(text, cases[i].head, head);
        assert_memory_equal(text + head, cases[i].added, strlen(cases[i].added));
        size_t close = strcspn(cases[i].tail, "]");
        assert_string_equal(text + strlen(text) - strlen(cases[i].tail) + close,
                            cases[i].tail + close);
        assert_null(find_new(&self, "meta/0001_snapshot.json")); /* the project has none */
        world_free(&self.world);
    }
}

static void test_later_than_the_newest(void **state)
{
    (void)state;
    made self = {.world = world_new()};
    pd_settings settings = settings_of(PD_LAYOUT_DRIZZLE);
    world_put(&self.world, "meta/_journal.json", JOURNAL(ENTRY("0", "1795400000000", "0000_a")));
    world_put(&self.world, "0000_a.sql", "SELECT 1;\n");
    must(&self, &settings, "x");
    assert_non_null(
        strstr(find_new(&self, "meta/_journal.json")->text.data, "\"when\": 1795400000001,"));
    world_free(&self.world);
}

static void test_first_of_drizzle(void **state)
{
    (void)state;
    made self = {.world = world_new()};
    pd_settings settings = settings_of(PD_LAYOUT_DRIZZLE);
    must(&self, &settings, "x");
    assert_string_equal(self.files.name, "0000_x");
    const pd_new_file *journal = find_new(&self, "meta/_journal.json");
    assert_false(journal->replaces);
    assert_string_equal(journal->text.data, JOURNAL(ENTRY("0", "1795400000000", "0000_x")));
    assert_non_null(strstr(find_new(&self, "meta/0000_snapshot.json")->text.data,
                           "\"prevId\": \"00000000-0000-0000-0000-000000000000\""));
    world_free(&self.world);
}

/* Where journal-invalid is made a warning, such a journal is asked to go on. */
static void test_journals_that_cannot_go_on(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "{\"dialect\":\"postgresql\",\"entries\":[]}",
        "{\"version\":null,\"dialect\":\"postgresql\",\"entries\":[]}",
    };
    for (size_t i = 0; i < LENGTH(texts); i++) {
        made self = {.world = world_new(), .rules = "journal-invalid"};
        pd_settings settings = settings_of(PD_LAYOUT_DRIZZLE);
        world_put(&self.world, "meta/_journal.json", texts[i]);
        assert_false(scaffold(&self, &settings, "x"));
        assert_int_equal(self.err.kind, PD_ERROR_USAGE);
        assert_non_null(strstr(self.err.message, "it has no version"));
        world_free(&self.world);
    }
}

#define DIFF(id, parents)                                                                          \
    "{\"type\":\"diff\",\"version\":\"9\",\"dialect\":\"postgres\",\"id\":\"" id                   \
    "\",\"prevIds\":[" parents "],\"footprints\":[],\"deltas\":[]}"

static void test_drizzle_folders(void **state)
{
    (void)state;
    made self = {.world = world_new()};
    pd_settings settings = settings_of(PD_LAYOUT_DETECT);
    world_put(&self.world, "20240101000000_a/migration.sql", "SELECT 1;\n");
    put_raw(&self, "20240101000000_a/snapshot.json", DIFF("a", "\"0\""));
    world_put(&self.world, "20240102000000_b/migration.sql", "SELECT 1;\n");
    put_raw(&self, "20240102000000_b/snapshot.json", DIFF("b", "\"a\""));
    world_put(&self.world, "20240103000000_c/migration.sql", "SELECT 1;\n");
    put_raw(&self, "20240103000000_c/snapshot.json", DIFF("c", "\"a\""));
    must(&self, &settings, "x");
    assert_string_equal(self.files.name, STAMP "_x");
    assert_non_null(find_new(&self, STAMP "_x/rollback.sql"));
    assert_string_equal(find_new(&self, STAMP "_x/snapshot.json")->text.data,
                        "{\n  \"type\": \"diff\",\n  \"version\": \"9\",\n  \"dialect\": "
                        "\"postgres\",\n  \"id\": \"" UUID "\",\n  \"prevIds\": [\n    \"c\",\n    "
                        "\"b\"\n  ],\n  \"footprints\": [],\n  \"deltas\": []\n}");
    world_free(&self.world);
}

static void test_broken_snapshots(void **state)
{
    (void)state;
    static const char *const texts[] = {"", "{", "[]", "null", "{\"id\":7}", "{\"prevIds\":[]}"};
    for (size_t i = 0; i < LENGTH(texts); i++) {
        made self = {.world = world_new()};
        pd_settings settings = settings_of(PD_LAYOUT_DRIZZLE_FOLDERS);
        world_put(&self.world, "20240101000000_a/migration.sql", "SELECT 1;\n");
        put_raw(&self, "20240101000000_a/snapshot.json", texts[i]);
        assert_false(scaffold(&self, &settings, "x"));
        assert_non_null(strstr(self.err.message, "20240101000000_a/snapshot.json"));
        world_free(&self.world);
    }
}

static void test_never_overwritten(void **state)
{
    (void)state;
    made self = {.world = world_new()};
    pd_settings settings = settings_of(PD_LAYOUT_DRIZZLE);
    world_put(&self.world, "meta/_journal.json", JOURNAL(ENTRY("0", "5", "0000_a")));
    put_raw(&self, "meta/0000_snapshot.json", SNAPSHOT("one", "none"));
    put_raw(&self, "meta/0001_snapshot.json", SNAPSHOT("two", "one"));
    world_put(&self.world, "0000_a.sql", "SELECT 1;\n");
    assert_false(scaffold(&self, &settings, "x"));
    assert_non_null(strstr(self.err.message, "meta/0001_snapshot.json"));
    world_free(&self.world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_titles),
        cmocka_unit_test(test_plain),
        cmocka_unit_test(test_other_tools),
        cmocka_unit_test(test_custom),
        cmocka_unit_test(test_drizzle),
        cmocka_unit_test(test_journal_bytes),
        cmocka_unit_test(test_later_than_the_newest),
        cmocka_unit_test(test_first_of_drizzle),
        cmocka_unit_test(test_journals_that_cannot_go_on),
        cmocka_unit_test(test_drizzle_folders),
        cmocka_unit_test(test_broken_snapshots),
        cmocka_unit_test(test_never_overwritten),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
