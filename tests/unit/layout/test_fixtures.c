/* Folders that the real drizzle-kit made, against the ledgers that the real migrators wrote. */
#include "world.h"

static world fixture(const char *name)
{
    world w = world_new();
    snapshot_load(w.arena, &w.snapshot,
                  pd_arena_printf(w.arena, PD_FIXTURES "/drizzle/%s/drizzle", name), "");
    world_read(&w, PD_LAYOUT_DETECT);
    return w;
}

/* Compares each migration with its row "id|hash|created_at[|name|applied_at]". seconds: the
 * ledger was written by the journal layout, the folders know its times to the second only. */
static void compare_ledger(world *w, const char *name, bool seconds)
{
    size_t len = 0;
    size_t row = 0;
    char *rest = NULL;
    char *rows = snapshot_read_file(
        w->arena, pd_arena_printf(w->arena, PD_FIXTURES "/drizzle/%s/ledger.rows", name), &len);
    for (char *line = strtok_r(rows, "\n", &rest); line != NULL;
         line = strtok_r(NULL, "\n", &rest)) {
        long id = 0;
        char hash[PD_SHA256_HEX];
        long long created_at = 0;
        char folder[128] = "";
        assert_true(sscanf(line, "%ld|%64[0-9a-f]|%lld|%127[^|]", &id, hash, &created_at, folder) >=
                    3);
        assert_true(row < w->set.count);
        const pd_migration *migration = &w->set.migrations[row++];
        assert_string_equal(migration->up.hash, hash);
        assert_true(migration->has_when);
        assert_int_equal(migration->when, seconds ? created_at / 1000 * 1000 : created_at);
        assert_true(*folder == '\0' || strcmp(folder, migration->v1_name) == 0);
    }
    assert_int_equal(row, w->set.count);
    assert_int_equal(row, 4);
}

static void test_stable(void **state)
{
    (void)state;
    world w = fixture("stable");
    assert_string_equal(world_rules(&w), "");
    assert_int_equal(w.set.layout, PD_LAYOUT_DRIZZLE);
    compare_ledger(&w, "stable", false);

    /* The same journal names the folders that `drizzle-kit up` made of it. */
    world upgraded = fixture("v1-upgraded");
    for (size_t i = 0; i < w.set.count; i++) {
        assert_string_equal(w.set.migrations[i].v1_name, upgraded.set.migrations[i].name);
        assert_string_equal(w.set.migrations[i].up.hash, upgraded.set.migrations[i].up.hash);
    }
    world_free(&upgraded);
    world_free(&w);
}

static void test_v1(void **state)
{
    (void)state;
    world w = fixture("v1");
    assert_string_equal(world_rules(&w), "");
    assert_int_equal(w.set.layout, PD_LAYOUT_DRIZZLE_FOLDERS);
    compare_ledger(&w, "v1", false);
    world_free(&w);
}

static void test_v1_upgraded(void **state)
{
    (void)state;
    world w = fixture("v1-upgraded");
    assert_string_equal(world_rules(&w), "");
    compare_ledger(&w, "v1-upgraded", true);
    world_free(&w);
}

static void test_merge_conflict(void **state)
{
    (void)state;
    static const char *const clean[] = {"main", "A", "B"};
    for (size_t i = 0; i < LENGTH(clean); i++) {
        pd_arena *arena = pd_arena_new();
        world w = fixture(pd_arena_printf(arena, "stable-merge-conflict/%s", clean[i]));
        assert_string_equal(world_rules(&w), "");
        assert_int_equal(w.set.count, 2);
        world_free(&w);
        pd_arena_free(arena);
    }
    world w = fixture("stable-merge-conflict/conflicted");
    expect_one(&w, "entry-conflict-markers", "drizzle-kit generate");
    assert_string_equal(w.findings.items[0].place.path, "drizzle/meta/_journal.json");
    assert_int_equal(w.findings.items[0].place.line, 15);
    assert_string_equal(world_names(&w), "0000_init 0001_add_a 0001_add_b");
    world_free(&w);
}

/* Resolved by taking one side: the other side's file is never run, and Drizzle says nothing. */
static void test_merge_resolved_to_one_side(void **state)
{
    (void)state;
    world main_side = fixture("stable-merge-conflict/main");
    world w = fixture("stable-merge-conflict/conflicted");
    const pd_entry *journal = pd_snapshot_find(&main_side.snapshot, PD_JOURNAL_FILE);
    world_put(&w, PD_JOURNAL_FILE, journal->data);
    world_read(&w, PD_LAYOUT_DETECT);
    expect_one(&w, "journal-orphan-file", "0001_add_b.sql");
    assert_string_equal(w.findings.items[0].place.path, "drizzle/0001_add_b.sql");
    world_free(&w);
    world_free(&main_side);
}

static void test_v1_branches(void **state)
{
    (void)state;
    static const char *const names[] = {"main", "A", "B", "C"};
    for (size_t i = 0; i < LENGTH(names); i++) {
        pd_arena *arena = pd_arena_new();
        world w = fixture(pd_arena_printf(arena, "v1-branches/%s", names[i]));
        assert_string_equal(world_rules(&w), "");
        assert_int_equal(w.set.count, 2);
        world_free(&w);
        pd_arena_free(arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stable),
        cmocka_unit_test(test_v1),
        cmocka_unit_test(test_v1_upgraded),
        cmocka_unit_test(test_merge_conflict),
        cmocka_unit_test(test_merge_resolved_to_one_side),
        cmocka_unit_test(test_v1_branches),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
