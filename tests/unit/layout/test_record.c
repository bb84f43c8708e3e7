#include "repo.h"
#include "world.h"

#include "layout/manifest.h"

/* The set of a plain folder whose SHA256SUMS is what `record` would write. */
static void settle(world *w)
{
    pd_record record;
    world_read(w, PD_LAYOUT_PLAIN);
    pd_record_make(w->arena, &w->set, NULL, &record);
    world_put(w, "SHA256SUMS", record.text);
    world_read(w, PD_LAYOUT_PLAIN);
}

static world recorded_world(void)
{
    world w = world_new();
    world_put(&w, "1_a.sql", "select 1;");
    world_put(&w, "1_a-rollback.sql", "select -1;");
    world_put(&w, "2_b.sql", "select 2;");
    settle(&w);
    return w;
}

static const char *text_of(pd_arena *arena, const pd_record *record)
{
    static const char *const kinds[] = {"added", "changed", "removed", "refused-changed",
                                        "refused-removed"};
    PD_AUTO_STRBUF text = pd_strbuf_new(PD_STRBUF_MAX);
    for (size_t i = 0; i < record->count; i++) {
        pd_strbuf_addf(&text, "%s%s %s", i > 0 ? ", " : "", kinds[record->changes[i].kind],
                       record->changes[i].entry);
    }
    return pd_strbuf_keep(&text, arena);
}

typedef struct scenario {
    const char *drop;
    const char *put;
    bool published; /* what was recorded is in the base, too */
    const char *changes;
    size_t refused;
} scenario;

static const scenario scenarios[] = {
    {NULL, NULL, false, "", 0},
    {NULL, NULL, true, "", 0},
    {NULL, "3_c.sql", false, "added 3_c.sql", 0},
    {NULL, "3_c.sql", true, "added 3_c.sql", 0},
    {NULL, "2_b-rollback.sql", true, "added 2_b-rollback.sql", 0},
    {NULL, "9_z-rollback.sql", true, "added 9_z-rollback.sql", 0},
    {NULL, "1_a.sql", false, "changed 1_a.sql", 0},
    {NULL, "1_a.sql", true, "refused-changed 1_a.sql", 1},
    {NULL, "1_a-rollback.sql", true, "refused-changed 1_a-rollback.sql", 1},
    {"2_b.sql", NULL, false, "removed 2_b.sql", 0},
    {"2_b.sql", NULL, true, "refused-removed 2_b.sql", 1},
    {"1_a-rollback.sql", "2_b.sql", true,
     "refused-removed 1_a-rollback.sql, refused-changed 2_b.sql", 2},
    {"SHA256SUMS", NULL, false, "added 1_a-rollback.sql, added 1_a.sql, added 2_b.sql", 0},
    {NULL, "README.md", true, "", 0},
    {NULL, "sub/x.sql", true, "", 0},
};

static void test_scenarios(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH(scenarios); i++) {
        const scenario *s = &scenarios[i];
        pd_record record;
        world base = recorded_world();
        world w = recorded_world();
        if (s->drop != NULL) {
            snapshot_drop(&w.snapshot, s->drop);
        }
        if (s->put != NULL) {
            world_put(&w, s->put, "select 'other';");
        }
        world_read(&w, PD_LAYOUT_PLAIN);
        pd_record_make(w.arena, &w.set, s->published ? &base.set : NULL, &record);
        assert_string_equal(text_of(w.arena, &record), s->changes);
        assert_int_equal(record.refused, s->refused);
        world_free(&w);
        world_free(&base);
    }
}

/* The tree's own line for a published file was spoiled: it gets the published one again. */
static void test_spoiled_line_is_mended(void **state)
{
    (void)state;
    pd_record record;
    world base = recorded_world();
    world w = recorded_world();
    w.set.sums[0].hash[0] = 'f';
    pd_record_make(w.arena, &w.set, &base.set, &record);
    assert_string_equal(text_of(w.arena, &record), "changed 1_a-rollback.sql");
    assert_int_equal(record.refused, 0);
    const pd_entry *sums = pd_snapshot_find(&base.snapshot, "SHA256SUMS");
    assert_string_equal(record.text, sums->data);
    world_free(&w);
    world_free(&base);
}

static void test_unread_file_keeps_its_line(void **state)
{
    (void)state;
    pd_record record;
    world w = recorded_world();
    const char *before = pd_snapshot_find(&w.snapshot, "SHA256SUMS")->data;
    pd_entry *entry = snapshot_put(w.arena, &w.snapshot, "2_b.sql", "");
    entry->data = NULL;
    entry->size = PD_FILE_MAX + 1;
    world_read(&w, PD_LAYOUT_PLAIN);
    pd_record_make(w.arena, &w.set, NULL, &record);
    assert_string_equal(text_of(w.arena, &record), "");
    assert_string_equal(record.text, before);
    world_free(&w);
}

/* The real sha256sum verifies what is written, escaped names included. */
static void test_sha256sum_verifies(void **state)
{
    repo_place *place = *state;
    static const char *const names[] = {"a.sql",   "a-rollback.sql", "b\\c.sql",     "d\ne.sql",
                                        "g h.sql", "*i.sql",         "\xc3\xa4.sql", "f\rg.sql"};
    world w = world_new();
    pd_record record;
    for (size_t i = 0; i < LENGTH(names); i++) {
        const char *text = pd_arena_printf(w.arena, "select %zu;\n", i);
        FILE *file = fopen(repo_path(place, names[i]), "w");
        assert_non_null(file);
        fputs(text, file);
        fclose(file);
        world_put(&w, names[i], text);
    }
    world_read(&w, PD_LAYOUT_PLAIN);
    pd_record_make(w.arena, &w.set, NULL, &record);
    assert_int_equal(record.count, LENGTH(names));
    FILE *file = fopen(repo_path(place, "SHA256SUMS"), "w");
    assert_non_null(file);
    fputs(record.text, file);
    fclose(file);
    repo_sh(place, "sha256sum --strict --quiet -c SHA256SUMS");

    /* And we read what it writes itself. */
    const char *written = repo_ask(place, "rm SHA256SUMS; sha256sum *.sql");
    world other = world_new();
    pd_manifest_parse(other.arena, "SHA256SUMS", written, strlen(written), &other.set,
                      &other.findings);
    assert_int_equal(other.findings.count, 0);
    assert_int_equal(other.set.sums_count, LENGTH(names));
    for (size_t i = 0; i < LENGTH(names); i++) {
        bool found = false;
        for (size_t k = 0; k < other.set.sums_count; k++) {
            found = found || strcmp(other.set.sums[k].entry, names[i]) == 0;
        }
        assert_true(found);
    }
    world_free(&other);
    world_free(&w);
}

static void test_lines_are_sorted(void **state)
{
    (void)state;
    world w = world_new();
    pd_record record;
    world_put(&w, "b.sql", "select 1;");
    world_put(&w, "a.sql", "select 1;");
    world_put(&w, "a-rollback.sql", "select 1;");
    world_put(&w, "B.sql", "select 1;");
    world_read(&w, PD_LAYOUT_PLAIN);
    pd_record_make(w.arena, &w.set, NULL, &record);
#define ONE "354b7196c9ba5fb4b21cf615bb6ec4cd5c07503c34229feef033fc081a8c03f4  "
    assert_string_equal(record.text,
                        ONE "B.sql\n" ONE "a-rollback.sql\n" ONE "a.sql\n" ONE "b.sql\n");
    world_free(&w);
}

/* What says how a migration runs is recorded with it. */
static void test_configuration_is_recorded(void **state)
{
    (void)state;
    static const struct {
        pd_layout_kind layout;
        const char *up;
        const char *config;
    } cases[] = {
        {PD_LAYOUT_DIESEL, "1_a/up.sql", "1_a/metadata.toml"},
        {PD_LAYOUT_FLYWAY, "db/V1__a.sql", "db/V1__a.sql.conf"},
    };
    for (size_t i = 0; i < LENGTH(cases); i++) {
        pd_record record;
        world w = world_new();
        world_put(&w, cases[i].up, "select 1;");
        world_read(&w, cases[i].layout);
        pd_record_make(w.arena, &w.set, NULL, &record);
        assert_int_equal(record.count, 1);
        world_put(&w, "SHA256SUMS", record.text);
        world_put(&w, cases[i].config, "x = 1\n");
        world_read(&w, cases[i].layout);
        assert_string_equal(world_rules(&w), "");
        pd_record_make(w.arena, &w.set, NULL, &record);
        assert_string_equal(text_of(w.arena, &record),
                            pd_arena_printf(w.arena, "added %s", cases[i].config));
        world_free(&w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scenarios),
        cmocka_unit_test(test_spoiled_line_is_mended),
        cmocka_unit_test(test_unread_file_keeps_its_line),
        cmocka_unit_test_setup_teardown(test_sha256sum_verifies, repo_setup, repo_teardown),
        cmocka_unit_test(test_lines_are_sorted),
        cmocka_unit_test(test_configuration_is_recorded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
