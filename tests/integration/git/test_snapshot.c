/* What stands in a folder of a commit: from objects only, within limits, whatever is in them. */
#include "repo.h"

#include <sys/resource.h>
#include <time.h>

#include "base/hash.h"
#include "git/repository.h"
#include "git/worktree.h"

static int setup(void **state)
{
    repo_setup(state);
    repo_sh(*state,
            "git init -q plain; cd plain; mkdir -p app/db/meta app/db/b/deep app/empty;"
            "printf 'select 1;\\n' > app/db/a.sql; printf '' > app/db/c.sql;"
            "printf 'a\\0b' > app/db/nul.sql; chmod +x app/db/c.sql;"
            "echo '{}' > app/db/meta/_journal.json; echo snap > app/db/meta/0.json;"
            "echo 'select 2;' > app/db/b/migration.sql; echo x > app/db/b/deep/far.sql;"
            "echo 'x' > app/db/b.sql; echo notes > app/db/README.md; echo sums > app/db/SHA256SUMS;"
            "ln -s /etc/passwd app/db/link.sql; ln -s db app/linked; ln -s a.sql app/db/b/to;"
            "git init -q ../other; git -C ../other commit -q --allow-empty -m x;"
            "git add .; git update-index --add --cacheinfo "
            "160000,$(git -C ../other rev-parse HEAD),app/db/module;"
            "git update-index --add --cacheinfo "
            "160000,$(git -C ../other rev-parse HEAD),app/module;"
            "printf '[migrations]\\n' > .predeploy; git add .predeploy; git commit -qm one;"
            "git clone -q --bare . ../bare.git");
    return 0;
}

static void snapshot_of(repo_place *place, const char *repo, const char *spec, const char *folder,
                        pd_snapshot *out)
{
    pd_error err = {0};
    pd_revision revision;
    PD_AUTO_GIT git = NULL;
    if (!pd_git_open(&git, place->arena, repo_path(place, repo), &err) ||
        !pd_git_resolve(git, spec, &revision, &err) ||
        !pd_git_snapshot(git, &revision, folder, true, out, &err))
        fail_msg("%s %s:%s: %s (%s)", repo, spec, folder, err.message, err.detail);
}

static bool snapshot_fails(repo_place *place, const char *repo, const char *spec,
                           const char *folder, pd_error *err)
{
    pd_revision revision;
    pd_snapshot snapshot;
    PD_AUTO_GIT git = NULL;
    if (!pd_git_open(&git, place->arena, repo_path(place, repo), err) ||
        !pd_git_resolve(git, spec, &revision, err))
        fail_msg("%s %s: %s (%s)", repo, spec, err->message, err->detail);
    return !pd_git_snapshot(git, &revision, folder, true, &snapshot, err);
}

typedef struct expected {
    const char *path;
    pd_entry_kind kind;
    uint64_t size;
    const char *data; /* NULL: not read */
} expected;

static void check_entries(const pd_snapshot *snapshot, const expected *entries, size_t count)
{
    for (size_t i = 0; i < count && i < snapshot->count; i++) {
        const pd_entry *entry = &snapshot->entries[i];
        assert_string_equal(entry->path, entries[i].path);
        assert_int_equal(entry->kind, entries[i].kind);
        assert_int_equal(entry->size, entries[i].size);
        assert_int_equal(entry->data != NULL, entries[i].data != NULL);
        if (entry->data != NULL) {
            assert_memory_equal(entry->data, entries[i].data, entry->size);
            assert_int_equal(entry->data[entry->size], '\0');
            char sha256[PD_SHA256_HEX];
            pd_sha256_hex(entry->data, entry->size, sha256);
            assert_string_equal(entry->sha256, sha256);
        }
    }
    assert_int_equal(snapshot->count, count);
    assert_false(snapshot->too_many);
}

static const expected db[] = {
    {"README.md", PD_ENTRY_FILE, 6, NULL},
    {"SHA256SUMS", PD_ENTRY_FILE, 5, "sums\n"},
    {"a.sql", PD_ENTRY_FILE, 10, "select 1;\n"},
    {"b.sql", PD_ENTRY_FILE, 2, "x\n"},
    {"b/migration.sql", PD_ENTRY_FILE, 10, "select 2;\n"},
    {"b/to", PD_ENTRY_SYMLINK, 0, NULL},
    {"c.sql", PD_ENTRY_FILE, 0, ""},
    {"link.sql", PD_ENTRY_SYMLINK, 0, NULL},
    {"meta/0.json", PD_ENTRY_FILE, 5, NULL},
    {"meta/_journal.json", PD_ENTRY_FILE, 3, "{}\n"},
    {"module", PD_ENTRY_SUBMODULE, 0, NULL},
    {"nul.sql", PD_ENTRY_FILE, 3, "a\0b"},
};

static void test_entries(void **state)
{
    repo_place *place = *state;
    const char *folders[] = {"app/db", "/app/db/", "app//db", "./app/db", "app/./db/."};
    const char *tree = repo_ask(place, "git -C plain rev-parse HEAD:app/db");
    const char *blob = repo_ask(place, "git -C plain rev-parse HEAD:app/db/a.sql");
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
        pd_snapshot snapshot;
        snapshot_of(place, i % 2 == 0 ? "plain" : "bare.git", "HEAD", folders[i], &snapshot);
        check_entries(&snapshot, db, sizeof db / sizeof *db);
        assert_string_equal(snapshot.folder, "app/db");
        assert_string_equal(snapshot.tree_oid, tree);
        assert_string_equal(pd_snapshot_find(&snapshot, "a.sql")->oid, blob);
        assert_null(pd_snapshot_find(&snapshot, "b/deep/far.sql"));
        assert_int_equal(snapshot.deep_count, 1);
        assert_string_equal(snapshot.deep[0], "b/deep/far.sql");
        assert_false(snapshot.deep_more);
    }
}

static void test_root_and_absent(void **state)
{
    repo_place *place = *state;
    pd_snapshot snapshot;
    const expected root[] = {
        {".predeploy", PD_ENTRY_FILE, 13, NULL},
        {"app/linked", PD_ENTRY_SYMLINK, 0, NULL},
        {"app/module", PD_ENTRY_SUBMODULE, 0, NULL},
    };
    const char *roots[] = {"", "/", ".", "./"};
    const char *absent[] = {"no",           "app/no",        "app/db/a.sql/x",
                            "..",           "app/../app/db", "app/empty",
                            "app/linked/x", "app/module/x",  "APP",
                            "ap",           ".git",          "\n"};
    for (size_t i = 0; i < sizeof roots / sizeof *roots; i++) {
        snapshot_of(place, "plain", "HEAD", roots[i], &snapshot);
        check_entries(&snapshot, root, sizeof root / sizeof *root);
        assert_string_equal(snapshot.folder, "");
    }
    for (size_t i = 0; i < sizeof absent / sizeof *absent; i++) {
        snapshot_of(place, "plain", "HEAD", absent[i], &snapshot);
        assert_int_equal(snapshot.count, 0);
        assert_string_equal(snapshot.tree_oid, "");
    }
}

static void test_folder_oid(void **state)
{
    repo_place *place = *state;
    const char *none[] = {"no", "app/db/a.sql", "app/linked", "app/module", "app/db/a.sql/x"};
    pd_error err = {0};
    pd_revision revision;
    char oid[PD_OID_HEX];
    PD_AUTO_GIT git = NULL;
    assert_true(pd_git_open(&git, place->arena, repo_path(place, "plain"), &err) &&
                pd_git_resolve(git, "HEAD", &revision, &err));
    assert_true(pd_git_folder_oid(git, &revision, "./app/db/", oid, &err));
    assert_string_equal(oid, repo_ask(place, "git -C plain rev-parse HEAD:app/db"));
    assert_true(pd_git_folder_oid(git, &revision, "", oid, &err));
    assert_string_equal(oid, repo_ask(place, "git -C plain rev-parse HEAD:"));
    for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
        assert_true(pd_git_folder_oid(git, &revision, none[i], oid, &err));
        assert_string_equal(oid, "");
    }
}

static void test_without_contents(void **state)
{
    repo_place *place = *state;
    pd_error err = {0};
    pd_revision revision;
    pd_snapshot snapshot;
    PD_AUTO_GIT git = NULL;
    assert_true(pd_git_open(&git, place->arena, repo_path(place, "plain"), &err));
    assert_true(pd_git_resolve(git, "HEAD", &revision, &err));
    assert_true(pd_git_snapshot(git, &revision, "app/db", false, &snapshot, &err));
    assert_int_equal(snapshot.count, sizeof db / sizeof *db);
    for (size_t i = 0; i < snapshot.count; i++) {
        assert_null(snapshot.entries[i].data);
        assert_int_equal(snapshot.entries[i].size, db[i].size);
    }
}

static void test_no_folder(void **state)
{
    repo_place *place = *state;
    const char *const places[][2] = {{"app/db/a.sql", "it is a file"},
                                     {"app/linked", "it is a symbolic link"},
                                     {"app/module", "it is a submodule"}};
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        pd_error err = {0};
        assert_true(snapshot_fails(place, "plain", "HEAD", places[i][0], &err));
        assert_int_equal(err.kind, PD_ERROR_USAGE);
        assert_non_null(strstr(err.message, places[i][0]));
        assert_non_null(strstr(err.message, places[i][1]));
    }
}

static void test_read_file(void **state)
{
    repo_place *place = *state;
    pd_error err = {0};
    pd_revision revision;
    pd_bytes read = {0};
    PD_AUTO_GIT git = NULL;
    assert_true(pd_git_open(&git, place->arena, repo_path(place, "bare.git"), &err));
    assert_true(pd_git_resolve(git, "HEAD", &revision, &err));
    assert_true(pd_git_read_file(git, &revision, ".predeploy", 13, &read, &err));
    assert_string_equal(read.data, "[migrations]\n");
    assert_int_equal(read.len, 13);
    assert_true(pd_git_read_file(git, &revision, "app/db/c.sql", 0, &read, &err));
    assert_non_null(read.data);
    assert_int_equal(read.len, 0);
    assert_true(pd_git_read_file(git, &revision, "nope", 13, &read, &err));
    assert_null(read.data);
    assert_true(pd_git_read_file(git, &revision, "app/linked/a.sql", 99, &read, &err));
    assert_null(read.data);
    assert_false(pd_git_read_file(git, &revision, ".predeploy", 12, &read, &err));
    assert_int_equal(err.kind, PD_ERROR_USAGE);
    assert_non_null(strstr(err.message, "13 bytes, more than 12"));
    assert_false(pd_git_read_file(git, &revision, "app", 99, &read, &err));
    assert_non_null(strstr(err.message, "it is a folder"));
    assert_false(pd_git_read_file(git, &revision, "app/db/link.sql", 99, &read, &err));
    assert_int_equal(err.kind, PD_ERROR_USAGE);
    assert_non_null(strstr(err.message, "it is a symbolic link"));
}

/* autocrlf, smudge filters, an edited or deleted file: none of them changes what a revision is. */
static void test_work_tree_does_not_matter(void **state)
{
    repo_place *place = *state;
    pd_snapshot snapshot;
    repo_sh(place, "git clone -q -c core.autocrlf=true plain dirty; cd dirty;"
                   "grep -q \"$(printf '\\r')\" app/db/a.sql;"
                   "echo changed > app/db/b.sql; rm app/db/c.sql; echo new > app/db/new.sql;"
                   "git add app/db/new.sql; echo '*.sql ident filter=up' > .gitattributes;"
                   "git config filter.up.smudge 'tr a-z A-Z'");
    snapshot_of(place, "dirty", "HEAD", "app/db", &snapshot);
    check_entries(&snapshot, db, sizeof db / sizeof *db);
}

/* $1 is the mode and name of an entry, as printf reads it, $2 its object. */
#define RAW_TREE                                                                                   \
    "entry() { printf \"$1\"; printf '\\0'; perl -e 'print pack(q(H*), shift)' $2; };"             \
    "store() { git hash-object -t tree -w --literally --stdin; };"                                 \
    "list() { perl -e 'my $b = pack(q(H*), $ARGV[1]);"                                             \
    "printf(qq(100644 %07d.sql%c%s), $_, 0, $b) for 1..$ARGV[0]' $1 $2 | store; };"                \
    "publish() { git update-ref refs/heads/$1 $(git commit-tree -m x $2); };"

/* Trees that git would not write, made object by object. */
static void test_hostile_names(void **state)
{
    repo_place *place = *state;
    pd_snapshot snapshot;
    repo_sh(place,
            "git init -q hostile; cd hostile; " RAW_TREE "b=$(echo x | git hash-object -w --stdin);"
            "raw() { for n; do entry \"100644 $n\" $b; done; };"
            "long=$(printf 'n%.0s' $(seq 4900)).sql;"
            "raw ../../etc/x a/b.sql '..' '.git' 'e\\033[31m.sql' 'l\\nf.sql' 'dup.sql' 'dup.sql'"
            " '\\377\\376.sql' \"$long\" '.' '-rf.sql' '%%s%%n.sql' > ../names;"
            "t=$(git hash-object -t tree -w --literally --stdin < ../names);"
            "r=$(printf '040000 tree %s\\tdb\\n' $t | git mktree);"
            "git update-ref refs/heads/main $(git commit-tree -m x $r)");
    snapshot_of(place, "hostile", "HEAD", "db", &snapshot);
    assert_int_equal(snapshot.count, 13);
    size_t twins = 0;
    for (size_t i = 0; i < snapshot.count; i++) {
        const pd_entry *entry = &snapshot.entries[i];
        if (i > 0)
            assert_true(strcmp(snapshot.entries[i - 1].path, entry->path) <= 0);
        twins += strcmp(entry->path, "dup.sql") == 0;
        assert_int_equal(entry->size, 2);
    }
    assert_int_equal(twins, 2);
    assert_non_null(pd_snapshot_find(&snapshot, "../../etc/x"));
    assert_non_null(pd_snapshot_find(&snapshot, "l\nf.sql"));
    assert_non_null(pd_snapshot_find(&snapshot, "%s%n.sql"));
    assert_non_null(pd_snapshot_find(&snapshot, "e\033[31m.sql"));
}

static void test_broken_trees(void **state)
{
    repo_place *place = *state;
    repo_sh(place, "git init -q broken; cd broken; " RAW_TREE
                   "b=$(echo x | git hash-object -w --stdin); t=$(entry '100644 x.sql' $b | store);"
                   "publish twice $( (entry '40000 db' $t; entry '40000 db' $t) | store);"
                   "publish lying $( (entry '40000 db' $b) | store);"
                   "s=$(entry '100644 a.sql' $t | store); publish liar $( (entry '40000 db' $s) "
                   "| store);"
                   "s=$(entry '100644 a.sql' 1111111111111111111111111111111111111111 | store);"
                   "publish missing $( (entry '40000 db' $s) | store);"
                   "s=$(entry '100644 a.txt' 1111111111111111111111111111111111111111 | store);"
                   "publish unread $( (entry '40000 db' $s) | store);"
                   "publish gone $( (entry '40000 db' 1111111111111111111111111111111111111111) "
                   "| store)");
    const char *const broken[][2] = {
        {"twice", "lists 'db' twice"},
        {"lying", "its object is no tree"},
        {"liar", "db/a.sql: its object is no"},
        {"missing", "cannot read db/a.sql"},
        {"gone", "cannot read db"},
    };
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
        pd_error err = {0};
        assert_true(snapshot_fails(place, "broken", broken[i][0], "db", &err));
        assert_int_equal(err.kind, PD_ERROR_UNREACHABLE);
        if (strstr(err.message, broken[i][1]) == NULL)
            fail_msg("%s: %s (%s)", broken[i][0], err.message, err.detail);
        assert_non_null(strstr(err.hint, "git fsck"));
    }
    pd_snapshot snapshot;
    snapshot_of(place, "broken", "unread", "db", &snapshot);
    assert_int_equal(snapshot.count, 1);
}

static void test_partial_clone(void **state)
{
    repo_place *place = *state;
    pd_error err = {0};
    pd_snapshot snapshot;
    repo_sh(place, "git -C plain config uploadpack.allowFilter true;"
                   "git clone -q --no-checkout --filter=blob:none file://$PWD/plain partial");
    assert_true(snapshot_fails(place, "partial", "HEAD", "app/db", &err));
    assert_int_equal(err.kind, PD_ERROR_UNREACHABLE);
    assert_non_null(strstr(err.hint, "git fetch --refetch --no-filter"));
    repo_sh(place, "cd partial; git fetch -q --refetch --no-filter");
    snapshot_of(place, "partial", "HEAD", "app/db", &snapshot);
    check_entries(&snapshot, db, sizeof db / sizeof *db);
}

static size_t peak_kib(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (size_t)usage.ru_maxrss;
}

/* 128 MiB of zeros in 1 MB of repository, a tree of 20 MB. */
static void test_bombs(void **state)
{
    repo_place *place = *state;
    pd_snapshot snapshot;
    repo_sh(place,
            "git init -q bombs; cd bombs; git config core.compression 1;"
            "git config core.bigFileThreshold 1m; " RAW_TREE
            "b=$(head -c 134217728 /dev/zero | git hash-object -w --stdin --literally);"
            "s=$(echo 'select 1;' | git hash-object -w --stdin);"
            "publish zeros $(entry '40000 db' $( (entry '100644 a.sql' $s; entry '100644 b.sql' $b)"
            " | store) | store);"
            "t=$(list 600000 1111111111111111111111111111111111111111);"
            "publish huge $(entry '40000 db' $t | store);"
            "publish inner $(entry '40000 db' $(entry '40000 in' $t | store) | store)");
    size_t before = peak_kib();
    snapshot_of(place, "bombs", "zeros", "db", &snapshot);
    assert_int_equal(snapshot.count, 2);
    assert_non_null(snapshot.entries[0].data);
    assert_null(snapshot.entries[1].data);
    assert_int_equal(snapshot.entries[1].size, (uint64_t)1 << 27);
    assert_false(snapshot.too_many);
    snapshot_of(place, "bombs", "huge", "db", &snapshot);
    assert_true(snapshot.too_many);
    snapshot_of(place, "bombs", "inner", "db", &snapshot);
    assert_true(snapshot.too_many);
    assert_true(peak_kib() - before < 64 * 1024);
}

static void test_limits(void **state)
{
    repo_place *place = *state;
    pd_snapshot snapshot;
    repo_sh(place,
            "git init -q limits; cd limits; " RAW_TREE "b=$(echo x | git hash-object -w --stdin);"
            "m=$(head -c 16777216 /dev/zero | git hash-object -w --stdin);"
            "n=$(head -c 16777217 /dev/zero | git hash-object -w --stdin);"
            "publish full $(entry '40000 db' $(list 40000 $b) | store);"
            "publish over $(entry '40000 db' $(list 40001 $b) | store);"
            "publish heavy $(entry '40000 db' $(list 17 $m) | store);"
            "publish file $(entry '40000 db' $( (entry '100644 a.sql' $m; entry '100644 b.sql' $n)"
            " | store) | store)");
    snapshot_of(place, "limits", "full", "db", &snapshot);
    assert_int_equal(snapshot.count, 40000);
    assert_false(snapshot.too_many);
    snapshot_of(place, "limits", "over", "db", &snapshot);
    assert_int_equal(snapshot.count, 40000);
    assert_true(snapshot.too_many);
    snapshot_of(place, "limits", "heavy", "db", &snapshot);
    assert_true(snapshot.too_many);
    uint64_t loaded = 0;
    for (size_t i = 0; i < snapshot.count; i++)
        loaded += snapshot.entries[i].data != NULL ? snapshot.entries[i].size : 0;
    assert_int_equal(loaded, 15 * PD_FILE_MAX); /* names and trees count as well */
    snapshot_of(place, "limits", "file", "db", &snapshot);
    assert_non_null(snapshot.entries[0].data);
    assert_null(snapshot.entries[1].data);
    assert_int_equal(snapshot.entries[1].size, 16777217);
    assert_false(snapshot.too_many);
}

/* The bytes of `git add` and the bytes of the commit are the same, so are the two listings. */
static void test_ten_thousand_files(void **state)
{
    repo_place *place = *state;
    pd_snapshot snapshot;
    repo_sh(place, "git init -q many; cd many;"
                   "perl -e 'print qq(commit refs/heads/main\\ncommitter A <a> 1 +0000\\n),"
                   " qq(data 4\\nmany\\n);"
                   " for (1..10000) { my $t = sprintf(qq(select %05d;\\n), $_);"
                   " printf(qq(M 644 inline db/%05d.sql\\ndata %d\\n%s\\n), $_, length($t), $t) }'"
                   " | git fast-import --quiet; git reset -q --hard");
    snapshot_of(place, "many", "HEAD", "db", &snapshot);
    assert_int_equal(snapshot.count, 10000);
    assert_string_equal(snapshot.entries[9999].data, "select 10000;\n");
    pd_error err = {0};
    pd_snapshot files;
    PD_AUTO_GIT git = NULL;
    assert_true(pd_git_open(&git, place->arena, repo_path(place, "many"), &err));
    assert_true(pd_git_worktree(git, "db", &files, &err));
    assert_int_equal(files.count, 10000);
    for (size_t i = 0; i < files.count; i++)
        assert_string_equal(files.entries[i].data, snapshot.entries[i].data);
}

/* A tree that was listed is not listed again; folders and contents are told apart all the same. */
static void test_listings_are_kept(void **state)
{
    repo_place *place = *state;
    pd_error err = {0};
    pd_revision revision;
    pd_snapshot one;
    pd_snapshot two;
    repo_sh(place, "git init -q twins; cd twins; mkdir a; echo 'select 1;' > a/1.sql;"
                   "for i in $(seq 20); do cp -r a b$i; echo \"select $i;\" > b$i/2.sql; done;"
                   "cp -r a c; git add .; git commit -qm one; git commit -q --allow-empty -m two");
    PD_AUTO_GIT git = NULL;
    assert_true(pd_git_open(&git, place->arena, repo_path(place, "twins"), &err));
    assert_true(pd_git_resolve(git, "HEAD", &revision, &err));
    assert_true(pd_git_snapshot(git, &revision, "a", false, &one, &err));
    assert_true(pd_git_resolve(git, "HEAD~1", &revision, &err));
    assert_true(pd_git_snapshot(git, &revision, "a", false, &two, &err));
    assert_ptr_equal(one.entries, two.entries);
    assert_null(two.entries[0].data);
    assert_true(pd_git_snapshot(git, &revision, "c", false, &two, &err));
    assert_string_equal(two.folder, "c");
    assert_true(pd_git_snapshot(git, &revision, "a", true, &two, &err));
    assert_string_equal(two.entries[0].data, "select 1;\n");
    assert_true(pd_git_snapshot(git, &revision, "a", false, &two, &err));
    assert_null(two.entries[0].data);
    for (int round = 0; round < 2; round++) { /* more than are kept */
        for (int i = 1; i <= 20; i++) {
            const char *folder = pd_arena_printf(place->arena, "b%d", i);
            assert_true(pd_git_snapshot(git, &revision, folder, false, &two, &err));
            assert_string_equal(two.folder, folder);
            assert_int_equal(two.count, 2);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_entries),          cmocka_unit_test(test_root_and_absent),
        cmocka_unit_test(test_folder_oid),       cmocka_unit_test(test_listings_are_kept),
        cmocka_unit_test(test_without_contents), cmocka_unit_test(test_no_folder),
        cmocka_unit_test(test_read_file),        cmocka_unit_test(test_work_tree_does_not_matter),
        cmocka_unit_test(test_hostile_names),    cmocka_unit_test(test_broken_trees),
        cmocka_unit_test(test_partial_clone),    cmocka_unit_test(test_bombs),
        cmocka_unit_test(test_limits),           cmocka_unit_test(test_ten_thousand_files),
    };
    return cmocka_run_group_tests(tests, setup, repo_teardown);
}
