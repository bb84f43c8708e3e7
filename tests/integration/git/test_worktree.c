/* The work tree, as `git add` would store it, and never outside of itself. */
#include "repo.h"

#include "git/worktree.h"

static int setup(void **state)
{
    repo_setup(state);
    repo_sh(*state, "git init -q plain; cd plain; mkdir -p app/db/meta app/db/b/deep;"
                    "printf 'select 1;\\n' > app/db/a.sql; printf '' > app/db/c.sql;"
                    "echo '{}' > app/db/meta/_journal.json; echo notes > app/db/README.md;"
                    "echo 'select 2;' > app/db/b/migration.sql; echo far > app/db/b/deep/far.sql;"
                    "echo x > app/db/b.sql; ln -s /etc/passwd app/db/link.sql; ln -s db app/linked;"
                    "ln -s /etc app/db/etc; mkdir app/db/.git2; git add .; git commit -qm one;"
                    "git init -q app/db/module; git init -q app/inner; mkdir app/inner/db;"
                    "echo x > app/inner/db/x.sql; git clone -q --bare . ../bare.git;"
                    "git worktree add -q ../linked; git clone -q . ../crlf");
    return 0;
}

static bool read_tree(repo_place *place, const char *repo, const char *folder, pd_snapshot *out,
                      pd_error *err)
{
    PD_AUTO_GIT git = NULL;
    if (!pd_git_open(&git, place->arena, repo_path(place, repo), err))
        fail_msg("%s: %s", repo, err->message);
    return pd_git_worktree(git, folder, out, err);
}

static void worktree_of(repo_place *place, const char *repo, const char *folder, pd_snapshot *out)
{
    pd_error err = {0};
    if (!read_tree(place, repo, folder, out, &err))
        fail_msg("%s:%s: %s (%s)", repo, folder, err.message, err.detail);
}

static void snapshot_of(repo_place *place, const char *repo, const char *folder, pd_snapshot *out)
{
    pd_error err = {0};
    pd_revision revision;
    PD_AUTO_GIT git = NULL;
    if (!pd_git_open(&git, place->arena, repo_path(place, repo), &err) ||
        !pd_git_resolve(git, "HEAD", &revision, &err) ||
        !pd_git_snapshot(git, &revision, folder, true, out, &err))
        fail_msg("%s:%s: %s (%s)", repo, folder, err.message, err.detail);
}

/* The same entries as in the commit, but for object ids. */
static void check_same(const pd_snapshot *files, const pd_snapshot *commit)
{
    assert_int_equal(files->count, commit->count);
    assert_int_equal(files->deep_count, commit->deep_count);
    for (size_t i = 0; i < files->deep_count; i++)
        assert_string_equal(files->deep[i], commit->deep[i]);
    for (size_t i = 0; i < files->count; i++) {
        const pd_entry *file = &files->entries[i];
        const pd_entry *entry = &commit->entries[i];
        assert_string_equal(file->path, entry->path);
        assert_int_equal(file->kind, entry->kind);
        assert_string_equal(file->oid, "");
        assert_int_equal(file->data != NULL, entry->data != NULL);
        if (file->data == NULL)
            continue;
        assert_int_equal(file->size, entry->size);
        assert_memory_equal(file->data, entry->data, file->size + 1);
    }
}

static void test_same_as_commit(void **state)
{
    repo_place *place = *state;
    pd_snapshot files;
    pd_snapshot commit;
    worktree_of(place, "linked", "/app//db/", &files);
    snapshot_of(place, "linked", "app/db", &commit);
    assert_int_equal(commit.count, 8);
    assert_string_equal(files.folder, "app/db");
    assert_string_equal(files.tree_oid, "");
    check_same(&files, &commit);
    worktree_of(place, "linked", "", &files);
    snapshot_of(place, "linked", "", &commit);
    check_same(&files, &commit);
}

static void test_kinds(void **state)
{
    repo_place *place = *state;
    pd_snapshot files;
    worktree_of(place, "plain/app", "app/db", &files);
    assert_int_equal(pd_snapshot_find(&files, "module")->kind, PD_ENTRY_SUBMODULE);
    assert_int_equal(pd_snapshot_find(&files, "link.sql")->kind, PD_ENTRY_SYMLINK);
    assert_null(pd_snapshot_find(&files, "link.sql")->data);
    assert_int_equal(pd_snapshot_find(&files, "etc")->kind, PD_ENTRY_SYMLINK);
    assert_null(pd_snapshot_find(&files, "etc/passwd"));
    assert_null(pd_snapshot_find(&files, "b/deep/far.sql"));
    assert_int_equal(files.deep_count, 1);
    assert_string_equal(files.deep[0], "b/deep/far.sql");
    assert_string_equal(pd_snapshot_find(&files, "b/migration.sql")->data, "select 2;\n");
    worktree_of(place, "plain", "app/nowhere", &files);
    assert_int_equal(files.count, 0);
}

typedef struct refusal {
    const char *repo;
    const char *folder;
    const char *message;
} refusal;

static void test_refusals(void **state)
{
    repo_place *place = *state;
    repo_sh(place, "git init -q special; mkdir special/db; mkfifo special/db/pipe.sql;"
                   "git init -q filtered; cd filtered; mkdir db; echo 'select 1;' > db/1.sql;"
                   "echo 'db/*.sql filter=lfs' > .gitattributes; git config filter.lfs.clean cat;"
                   "git init -q ../encoded; cd ../encoded; mkdir db; echo 'select 1;' > db/1.sql;"
                   "echo '*.sql working-tree-encoding=UTF-16' > .gitattributes;"
                   "git init -q ../unreadable; cd ../unreadable; mkdir db; ln db 2>/dev/null || :");
    const refusal refusals[] = {
        {"bare.git", "db", "is a bare repository"},
        {"plain", "app/db/a.sql", "it is not a folder"},
        {"plain", "app/linked", "it is not a folder"},
        {"plain", "app/db/etc", "it is not a folder"},
        {"plain", "app/db/module", "in a submodule"},
        {"plain", "app/inner/db", "in a submodule"},
        {"plain", "..", "outside of what git tracks"},
        {"plain", "app/../../plain", "outside of what git tracks"},
        {"plain", ".git", "outside of what git tracks"},
        {"plain", "app/.GIT", "outside of what git tracks"},
        {"special", "db", "db/pipe.sql: it is no regular file"},
        {"filtered", "db", "db/1.sql: git passes it through the filter 'lfs'"},
        {"encoded", "db", "db/1.sql: git re-encodes it from UTF-16"},
    };
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
        pd_error err = {0};
        pd_snapshot files;
        if (read_tree(place, refusals[i].repo, refusals[i].folder, &files, &err))
            fail_msg("%s:%s was read", refusals[i].repo, refusals[i].folder);
        if (strstr(err.message, refusals[i].message) == NULL)
            fail_msg("%s:%s: %s", refusals[i].repo, refusals[i].folder, err.message);
        assert_int_equal(err.kind, PD_ERROR_USAGE);
    }
    repo_sh(place, "git -C filtered config --unset filter.lfs.clean");
    pd_snapshot files;
    worktree_of(place, "filtered", "db", &files);
    assert_string_equal(pd_snapshot_find(&files, "1.sql")->data, "select 1;\n");
}

typedef struct conversion {
    const char *settings; /* git config commands and .gitattributes, run in the clone */
    const char *file;     /* a shell command that prints its bytes */
} conversion;

/* Whatever stands in the work tree: the bytes are those of the blob that `git add` makes. */
static void test_like_git_add(void **state)
{
    repo_place *place = *state;
    static const conversion conversions[] = {
        {":", "printf 'a\\r\\nb\\n'"},
        {"git config core.autocrlf true", "printf 'a\\r\\nb\\r\\n'"},
        {"git config core.autocrlf input", "printf 'a\\r\\nb\\r\\n'"},
        {"git config core.autocrlf true; git config core.safecrlf warn", "printf 'a\\nb\\r\\n'"},
        {"git config core.autocrlf true", "printf 'a\\0\\r\\n'"},
        {"git config core.autocrlf true; echo '*.sql -text' > .gitattributes", "printf 'a\\r\\n'"},
        {"echo '*.sql text' > .gitattributes", "printf 'a\\r\\nb\\n'"},
        {"echo '*.sql text eol=crlf' > .gitattributes", "printf 'a\\r\\nb\\n'"},
        {"echo '* text=auto' > app/db/.gitattributes", "printf 'a\\r\\nb\\r\\n'"},
        {"echo '*.sql ident' > .gitattributes", "printf '$Id: 0123 $\\n'"},
        {"echo '*.sql binary' > .gitattributes", "printf 'a\\r\\n'"},
        {"git config core.autocrlf true", "printf '\\357\\273\\277a\\r\\n'"},
    };
    for (size_t i = 0; i < sizeof conversions / sizeof *conversions; i++) {
        pd_snapshot files;
        pd_snapshot commit;
        const conversion *c = &conversions[i];
        repo_sh(place, pd_arena_printf(place->arena,
                                       "rm -rf add; git clone -q plain add; cd add; %s;"
                                       "%s > app/db/new.sql",
                                       c->settings, c->file));
        worktree_of(place, "add", "app/db", &files);
        repo_sh(place, "cd add; git add . 2>/dev/null; git commit -qm new");
        snapshot_of(place, "add", "app/db", &commit);
        const pd_entry *file = pd_snapshot_find(&files, "new.sql");
        const pd_entry *entry = pd_snapshot_find(&commit, "new.sql");
        if (file->size != entry->size || memcmp(file->data, entry->data, file->size) != 0)
            fail_msg("%s, %s: '%s', but git stores '%s'", c->settings, c->file, file->data,
                     entry->data);
    }
}

/* A file that has CR in the index keeps it, whatever core.autocrlf says now. */
static void test_cr_in_index(void **state)
{
    repo_place *place = *state;
    pd_snapshot files;
    repo_sh(place, "cd crlf; printf 'a\\r\\n' > app/db/new.sql; git add .;"
                   "git config core.autocrlf true");
    worktree_of(place, "crlf", "app/db", &files);
    assert_string_equal(pd_snapshot_find(&files, "new.sql")->data, "a\r\n");
}

/* core.safecrlf speaks about the work tree; the bytes of the blob are known all the same. */
static void test_safecrlf(void **state)
{
    repo_place *place = *state;
    pd_snapshot files;
    repo_sh(place, "git clone -q plain safe; cd safe; printf 'a\\r\\n' > app/db/new.sql;"
                   "git config core.autocrlf input; git config core.safecrlf true");
    worktree_of(place, "safe", "app/db", &files);
    assert_string_equal(pd_snapshot_find(&files, "new.sql")->data, "a\n");
}

static void test_limits(void **state)
{
    repo_place *place = *state;
    pd_snapshot files;
    repo_sh(place, "git init -q large; mkdir large/db; cd large/db;"
                   "truncate -s 16777216 a.sql; truncate -s 16777217 b.sql;"
                   "truncate -s 1T c.sql 2>/dev/null || truncate -s 8G c.sql");
    worktree_of(place, "large", "db", &files);
    assert_int_equal(files.count, 3);
    assert_non_null(files.entries[0].data);
    assert_null(files.entries[1].data);
    assert_int_equal(files.entries[1].size, 16777217);
    assert_null(files.entries[2].data);
    assert_false(files.too_many);
    repo_sh(place, "cd large/db; for i in $(seq 16); do truncate -s 16777216 m$i.sql; done");
    worktree_of(place, "large", "db", &files);
    assert_true(files.too_many);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_as_commit), cmocka_unit_test(test_kinds),
        cmocka_unit_test(test_refusals),       cmocka_unit_test(test_like_git_add),
        cmocka_unit_test(test_cr_in_index),    cmocka_unit_test(test_safecrlf),
        cmocka_unit_test(test_limits),
    };
    return cmocka_run_group_tests(tests, setup, repo_teardown);
}
