#include "world.h"

typedef struct scenario {
    const char *path;
    const char *data;
    size_t len;
    const char *rules;
    const char *text;
    int line;
    int column;
} scenario;

#define BYTES(text) (text), sizeof(text) - 1
#define CONFLICT "select 1;\n<<<<<<< HEAD\nselect 2;\n=======\nselect 3;\n>>>>>>> b\n"

static const scenario scenarios[] = {
    {"1_a.sql", BYTES("select 1;"), "", "", 0, 0},
    {"1_a.sql", BYTES(""), "", "", 0, 0},
    {"1_a.sql", BYTES("version https://git-lfs.github.com/spec/v1\noid sha256:12\nsize 1\n"),
     "entry-lfs-pointer", ".gitattributes", 0, 0},
    {"1_a.sql", BYTES("select 1;\nab\0c"), "entry-nul-byte", "NUL", 2, 3},
    {"1_a.sql", BYTES("select '\xc3\xa4\xe9';"), "entry-not-utf8", "0xe9", 1, 10},
    {"1_a.sql", BYTES("a\n\xed\xa0\x80"), "entry-not-utf8", "iconv", 2, 1},
    {"1_a.sql", BYTES("\xff\xfes\0e\0l\0"), "entry-not-utf8", "UTF-16", 1, 1},
    {"1_a.sql", BYTES("\xef\xbb\xbfselect 1;"), "entry-byte-order-mark", "sed -i", 1, 1},
    {"1_a.sql", BYTES(CONFLICT), "entry-conflict-markers", "Resolve", 2, 1},
    {"1_a.sql", BYTES("<<<<<<< HEAD\n"), "", "", 0, 0},
    {"1_a.sql", BYTES("x <<<<<<< HEAD\nx >>>>>>> b"), "", "", 0, 0},
    {"1_a-rollback.sql", BYTES(CONFLICT), "entry-conflict-markers", "Resolve", 2, 1},
    {"SHA256SUMS", BYTES(CONFLICT), "entry-conflict-markers", "predeploy record", 2, 1},
    {"notes.md", BYTES(CONFLICT "\0\xff"), "", "", 0, 0},
    {"2\n.sql", BYTES("select 1;"), "entry-unsafe-name", "a line feed", 0, 0},
    {"2\033[31m.sql", BYTES("select 1;"), "entry-unsafe-name", "a control character", 0, 0},
    {"2\x7f.sql", BYTES("select 1;"), "entry-unsafe-name", "a control character", 0, 0},
    {"2\xff.sql", BYTES("select 1;"), "entry-unsafe-name", "not UTF-8", 0, 0},
    {"2\\b.sql", BYTES("select 1;"), "", "", 0, 0},
    {"2 b'\".sql", BYTES("select 1;"), "", "", 0, 0},
};

static void test_scenarios(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH(scenarios); i++) {
        const scenario *s = &scenarios[i];
        world w = world_new();
        world_put(&w, "1_a.sql", "select 1;");
        world_put(&w, "1_a-rollback.sql", "select 1;");
        snapshot_put_bytes(w.arena, &w.snapshot, s->path, s->data, s->len);
        world_read(&w, PD_LAYOUT_DETECT);
        if (*s->rules == '\0') {
            assert_string_equal(world_rules(&w), "");
        } else {
            expect_one(&w, s->rules, s->text);
            assert_int_equal(w.findings.items[0].place.line, s->line);
            assert_int_equal(w.findings.items[0].place.column, s->column);
        }
        /* Whatever was found, the file stays in the set with its hash. */
        char hash[PD_SHA256_HEX];
        pd_sha256_hex(s->data, s->len, hash);
        bool listed = !pd_entry_wanted(s->path, s->len) || strcmp(s->path, "SHA256SUMS") == 0;
        for (size_t k = 0; k < w.set.count; k++) {
            listed = listed || strcmp(w.set.migrations[k].up.hash, hash) == 0 ||
                     strcmp(w.set.migrations[k].down.hash, hash) == 0;
        }
        assert_true(listed);
        world_free(&w);
    }
}

static void test_kinds(void **state)
{
    (void)state;
    world w = world_new();
    world_put(&w, "1_a.sql", "select 1;");
    pd_entry *entry = snapshot_put(w.arena, &w.snapshot, "2_b.sql", "");
    entry->kind = PD_ENTRY_SYMLINK;
    entry->data = NULL;
    world_read(&w, PD_LAYOUT_DETECT);
    expect_one(&w, "entry-symlink", "2_b.sql is a symbolic link");
    assert_string_equal(world_names(&w), "1_a");

    entry = snapshot_put(w.arena, &w.snapshot, "2_b.sql", "select 1;");
    entry = snapshot_put(w.arena, &w.snapshot, "vendor", "");
    entry->kind = PD_ENTRY_SUBMODULE;
    world_read(&w, PD_LAYOUT_DETECT);
    expect_one(&w, "entry-submodule", "vendor is a submodule");
    assert_string_equal(world_names(&w), "1_a 2_b");

    snapshot_drop(&w.snapshot, "vendor");
    entry = snapshot_put(w.arena, &w.snapshot, "SHA256SUMS", "");
    entry->kind = PD_ENTRY_SYMLINK;
    world_read(&w, PD_LAYOUT_DETECT);
    expect_one(&w, "entry-symlink", "SHA256SUMS");
    assert_false(w.set.has_sums);
    world_free(&w);
}

static void test_too_large(void **state)
{
    (void)state;
    world w = world_new();
    pd_entry *entry = snapshot_put(w.arena, &w.snapshot, "1_a.sql", "select 1;");
    entry->size = PD_FILE_MAX + 1;
    entry->data = NULL;
    world_read(&w, PD_LAYOUT_DETECT);
    expect_one(&w, "entry-too-large", "16777217 bytes");
    assert_string_equal(world_names(&w), "1_a");
    assert_string_equal(w.set.migrations[0].up.data, "");
    assert_string_equal(w.set.migrations[0].up.hash, "");

    snapshot_put(w.arena, &w.snapshot, "1_a.sql", "select 1;");
    w.snapshot.too_many = true;
    world_read(&w, PD_LAYOUT_DETECT);
    expect_one(&w, "entry-too-large", "40000 entries or 256 MiB");
    assert_string_equal(w.findings.items[0].place.path, "drizzle");
    world_free(&w);
}

/* A journal that cannot be trusted has one finding, and the files stay in the set. */
static void test_unsound_journal(void **state)
{
    (void)state;
    static const char *const journals[] = {CONFLICT, "\xef\xbb\xbf{}", "\xff",
                                           "version https://git-lfs.github.com/spec/v1\n"};
    for (size_t i = 0; i < LENGTH(journals); i++) {
        world w = world_new();
        world_put(&w, "0000_a.sql", "select 1;");
        world_put(&w, "0000_a-rollback.sql", "select 1;");
        world_put(&w, PD_JOURNAL_FILE, journals[i]);
        world_read(&w, PD_LAYOUT_DETECT);
        assert_int_equal(w.findings.count, 1);
        assert_string_equal(w.findings.items[0].place.path, "drizzle/meta/_journal.json");
        assert_string_equal(world_names(&w), "0000_a");
        assert_int_equal(w.set.orphan_count, 0);
        world_free(&w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scenarios),
        cmocka_unit_test(test_kinds),
        cmocka_unit_test(test_too_large),
        cmocka_unit_test(test_unsound_journal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
