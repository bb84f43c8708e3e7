/* Which commit changed a file, and what it was before: compared with `git log`. */
#include "repo.h"

#include "base/hash.h"
#include "base/str.h"
#include "git/changes.h"

/* main: each tag names its commit; the dates rise. Files of db/ are changed as their names say. */
static int setup(void **state)
{
    repo_setup(state);
    repo_sh(
        *state,
        "git init -q work; cd work; mkdir db; n=1700000000;"
        "commit() { n=$((n + 10)); git add -A; GIT_COMMITTER_DATE=\"$n +0000\" git commit -q"
        " --allow-empty --author \"${2:-Ada} <x@example.org>\" -m \"$1: why\"; git tag $1; };"
        "merge() { n=$((n + 10)); GIT_COMMITTER_DATE=\"$n +0000\" git merge -q --no-ff"
        " -m \"$1: merged\" $2 $3; git tag $1; };"
        "echo one > db/edited.sql; echo x > db/kept.sql; echo r > root.sql; echo f > db/from.sql;"
        "echo back > db/back.sql; commit A;"
        "echo two > db/edited.sql; commit B Bob; echo y > db/other.sql; commit C;"
        "git checkout -q -b side A; echo s > db/side.sql; commit S Cy; echo s2 > db/side.sql; "
        "commit "
        "T;"
        "git checkout -q main; merge M side; echo one > db/edited.sql; commit E;"
        "rm db/back.sql; git mv db/from.sql db/to.sql; commit F; echo back > db/back.sql; commit G;"
        "chmod +x db/kept.sql; commit H; echo main > db/both.sql; commit I;"
        "git checkout -q -b rival H; echo early > db/both.sql; commit R; echo rival > db/both.sql;"
        "commit R2; git checkout -q main; merge N '-s ours' rival; git checkout -q -b evil I;"
        "n=$((n + 10)); GIT_COMMITTER_DATE=\"$n +0000\" git merge -q --no-commit rival || true;"
        "echo mixed > db/both.sql; commit X; git checkout -q main;"
        "ln -s kept.sql db/link.sql; mkdir -p db/deep/er; echo d > db/deep/er/d.sql; commit O;"
        "rm db/kept.sql; mkdir db/kept.sql; echo x > db/kept.sql/x; commit P; cd ..;"
        "git clone -q --depth 3 file://$PWD/work shallow");
    return 0;
}

static const char *oid_of(repo_place *place, const char *repo, const char *spec)
{
    return repo_ask(place, pd_arena_printf(place->arena, "git -C %s rev-parse '%s'", repo, spec));
}

static pd_git *open_at(repo_place *place, const char *repo, const char *spec, pd_revision *out)
{
    pd_error err = {0};
    pd_git *git = NULL;
    if (!pd_git_open(&git, place->arena, repo_path(place, repo), &err) ||
        !pd_git_resolve(git, spec, out, &err))
        fail_msg("%s: %s: %s", repo, spec, err.message);
    return git;
}

typedef struct scenario {
    const char *from;
    const char *path;
    const char *commit; /* NULL: not found */
    const char *author;
    bool added;
} scenario;

static const scenario scenarios[] = {
    {"P", "db/edited.sql", "E", "Ada", false},
    {"M", "db/edited.sql", "B", "Bob", false},
    {"A", "db/edited.sql", "A", "Ada", true},
    {"S", "db/edited.sql", "A", "Ada", true},
    {"P", "db/side.sql", "T", "Ada", false},
    {"S", "db/side.sql", "S", "Cy", true},
    {"P", "root.sql", "A", "Ada", true},
    {"P", "db//other.sql", "C", "Ada", true},
    {"P", "db/to.sql", "F", "Ada", true},
    {"P", "db/from.sql", "F", "Ada", false}, /* removed there */
    {"E", "db/back.sql", "A", "Ada", true},
    {"F", "db/back.sql", "F", "Ada", false},
    {"P", "db/back.sql", "G", "Ada", true},
    {"O", "db/kept.sql", "A", "Ada", true},  /* its mode changed since, not its content */
    {"P", "db/kept.sql", "P", "Ada", false}, /* a folder now */
    {"P", "db/kept.sql/x", "P", "Ada", true},
    {"O", "db/kept.sql/x", NULL, "", false},
    {"P", "db/both.sql", "I", "Ada", true},
    {"X", "db/both.sql", "X", "Ada", false},
    {"P", "db/link.sql", NULL, "", false},
    {"P", "db/deep/er/d.sql", "O", "Ada", true},
    {"P", "db/deep", NULL, "", false},
    {"P", "db/none.sql", NULL, "", false},
    {"P", "none/none.sql", NULL, "", false},
    {"P", "", NULL, "", false},
};

static void test_last_change(void **state)
{
    repo_place *place = *state;
    for (size_t i = 0; i < sizeof scenarios / sizeof *scenarios; i++) {
        const scenario *s = &scenarios[i];
        pd_revision from;
        pd_git_change out;
        pd_error err = {0};
        bool found = false;
        PD_AUTO_GIT git = open_at(place, "work", s->from, &from);
        if (!pd_git_last_change(git, &from, s->path, &out, &found, &err))
            fail_msg("%s at %s: %s (%s)", s->path, s->from, err.message, err.detail);
        if (found != (s->commit != NULL) || out.bounded)
            fail_msg("%s at %s: found is %d", s->path, s->from, found);
        assert_string_equal(out.author, s->author);
        if (!found)
            continue;
        const char *oid = oid_of(place, "work", s->commit);
        if (strcmp(out.oid, oid) != 0 || out.added != s->added)
            fail_msg("%s at %s: %s", s->path, s->from, out.subject);
        assert_true(pd_starts_with(out.subject, s->commit));
        assert_true(out.time > 1700000000 && out.time < 1700001000);
    }
}

/* Branches that edit the same few files and are merged again and again, one side's content or the
 * other's taken: each file at each commit has the change that git log has. */
static void test_like_git_log(void **state)
{
    repo_place *place = *state;
    repo_sh(place,
            "git init -q mesh; cd mesh; mkdir -p a/b; echo 0 > a/b/f; echo 0 > g; git add .;"
            "git commit -q -m 0; git branch other; n=1700000000; k=0;"
            "step() { n=$((n + 10)); export GIT_COMMITTER_DATE=\"$n +0000\"; };"
            "for i in 1 2 3 4 5 6 7 8 9 10 11 12; do for b in main other; do"
            " git checkout -q $b; step; k=$(((k * 7 + i + ${#b}) % 11));"
            " case $((k % 4)) in 0) echo $((k % 3)) > a/b/f;; 1) echo $((k % 3)) > g;;"
            "  2) echo $k > h;; 3) echo $k > a/h;; esac;"
            " git add .; git commit -q --allow-empty -m $b$i;"
            " test $(((k + i) % 3)) -ne 0 || { step; from=main; test $b = other || from=other;"
            "  git merge -q --no-ff -X $(test $((k % 2)) = 0 && echo ours || echo theirs) -m m$i"
            "   $from; }; done; done;"
            "test $(git rev-list --merges --all | wc -l) -gt 3");
    const char *list =
        repo_ask(place, "cd mesh; for c in $(git rev-list --all); do for p in a/b/f g h a/h; do"
                        " git cat-file -e $c:$p 2>/dev/null || continue;"
                        " echo $c $p $(git log -1 --format=%H $c -- $p); done; done");
    char commit[65];
    char path[16];
    char expected[65];
    size_t count = 0;
    int used = 0;
    while (sscanf(list, "%64s %15s %64s%n", commit, path, expected, &used) == 3) {
        pd_revision from;
        pd_git_change out;
        pd_error err = {0};
        bool found = false;
        PD_AUTO_GIT git = open_at(place, "mesh", commit, &from);
        assert_true(pd_git_last_change(git, &from, path, &out, &found, &err) && found);
        if (strcmp(out.oid, expected) != 0)
            fail_msg("%s at %s: %s, git says %s", path, commit, out.oid, expected);
        list += used;
        count++;
    }
    assert_true(count > 60);
}

static void test_shallow(void **state)
{
    repo_place *place = *state;
    pd_revision from;
    pd_git_change out;
    pd_git_version version;
    pd_error err = {0};
    bool found = true;
    char sha256[PD_SHA256_HEX];
    PD_AUTO_GIT git = open_at(place, "shallow", "HEAD", &from);
    assert_true(pd_git_last_change(git, &from, "db/edited.sql", &out, &found, &err));
    assert_false(found);
    assert_true(out.bounded);
    assert_string_equal(out.oid, "");
    assert_true(pd_git_last_change(git, &from, "db/deep/er/d.sql", &out, &found, &err));
    assert_true(found && !out.bounded && out.added);
    assert_string_equal(out.oid, oid_of(place, "work", "O"));
    pd_sha256_hex("two\n", 4, sha256);
    assert_true(pd_git_find_version(git, &from, "db/edited.sql", sha256, &version, &err));
    assert_false(version.found);
}

typedef struct version_scenario {
    const char *from;
    const char *path;
    const char *text;
    const char *commit; /* NULL: not found */
} version_scenario;

static void test_find_version(void **state)
{
    repo_place *place = *state;
    static const version_scenario versions[] = {
        {"P", "db/edited.sql", "one\n", "P"},
        {"P", "db/edited.sql", "two\n", "M"},
        {"B", "db/edited.sql", "one\n", "A"},
        {"B", "db/edited.sql", "three\n", NULL},
        {"P", "db/from.sql", "f\n", "E"},      /* it is gone */
        {"P", "db/kept.sql", "x\n", "O"},      /* a folder by now */
        {"P", "db/both.sql", "rival\n", "R2"}, /* a merge passed it over */
        {"X", "db/both.sql", "rival\n", "R2"},
        {"X", "db/both.sql", "main\n", "I"},
        {"X", "db/both.sql", "early\n", "R"},
        {"P", "db/both.sql", "early\n", NULL}, /* and what lies behind it */
        {"P", "db/side.sql", "s\n", "S"},
        {"P", "db/link.sql", "kept.sql", NULL},
        {"P", "db/none.sql", "x\n", NULL},
    };
    for (size_t i = 0; i < sizeof versions / sizeof *versions; i++) {
        const version_scenario *s = &versions[i];
        pd_revision from;
        pd_git_version out;
        pd_error err = {0};
        char sha256[PD_SHA256_HEX];
        PD_AUTO_GIT git = open_at(place, "work", s->from, &from);
        pd_sha256_hex(s->text, strlen(s->text), sha256);
        if (!pd_git_find_version(git, &from, s->path, sha256, &out, &err))
            fail_msg("%s at %s: %s (%s)", s->path, s->from, err.message, err.detail);
        if (out.found != (s->commit != NULL))
            fail_msg("%s at %s: found is %d", s->path, s->from, out.found);
        if (!out.found)
            continue;
        assert_string_equal(out.text.data, s->text);
        assert_int_equal(out.text.len, strlen(s->text));
        if (strcmp(out.commit, oid_of(place, "work", s->commit)) != 0)
            fail_msg("%s at %s: %s", s->path, s->from, out.commit);
    }
}

/* 20,005 commits, of which the first brings old.sql, and each of the last 250 a version of v.sql.
 */
static void test_bounds(void **state)
{
    repo_place *place = *state;
    pd_revision from;
    pd_git_change out;
    pd_git_version version;
    pd_error err = {0};
    bool found = true;
    char sha256[PD_SHA256_HEX];
    repo_sh(place, "git init -q --bare long; awk 'BEGIN { for (i = 1; i <= 20005; i++) {"
                   " printf \"commit refs/heads/main\\ncommitter A <a@example.org> %d +0000\\n\","
                   " 1700000000 + i; printf \"data 1\\nx\\n\";"
                   " if (i == 1) printf \"M 644 inline old.sql\\ndata 1\\nx\\n\";"
                   " if (i > 19755) printf \"M 644 inline v.sql\\ndata 5\\n%05d\\n\", i;"
                   " } }' | git -C long fast-import --quiet");
    PD_AUTO_GIT git = open_at(place, "long", "main", &from);
    assert_true(pd_git_last_change(git, &from, "old.sql", &out, &found, &err));
    assert_false(found);
    assert_true(out.bounded);
    assert_true(pd_git_last_change(git, &from, "v.sql", &out, &found, &err));
    assert_true(found && !out.bounded && !out.added);
    pd_sha256_hex("19806", 5, sha256);
    assert_true(pd_git_find_version(git, &from, "v.sql", sha256, &version, &err));
    assert_true(version.found);
    pd_sha256_hex("19805", 5, sha256);
    assert_true(pd_git_find_version(git, &from, "v.sql", sha256, &version, &err));
    assert_false(version.found);
    PD_AUTO_GIT later = open_at(place, "long", "main~10", &from);
    assert_true(pd_git_last_change(later, &from, "old.sql", &out, &found, &err));
    assert_true(found && out.added);
}

static void test_too_large(void **state)
{
    repo_place *place = *state;
    pd_revision from;
    pd_git_version out;
    pd_error err = {0};
    char sha256[PD_SHA256_HEX];
    repo_sh(place, "git init -q large; cd large; echo small > a.sql; git add .; git commit -q -m 1;"
                   "head -c 17000000 /dev/zero > a.sql; git commit -q -a -m 2;"
                   "echo last > a.sql; git commit -q -a -m 3");
    const char *sum = repo_ask(place, "head -c 17000000 /dev/zero | sha256sum | cut -c 1-64");
    PD_AUTO_GIT git = open_at(place, "large", "HEAD", &from);
    assert_true(pd_git_find_version(git, &from, "a.sql", sum, &out, &err));
    assert_false(out.found);
    pd_sha256_hex("small\n", 6, sha256);
    assert_true(pd_git_find_version(git, &from, "a.sql", sha256, &out, &err));
    assert_true(out.found);
}

/* Objects that should be there and are not. */
static void test_missing(void **state)
{
    repo_place *place = *state;
    static const char *const objects[] = {"C", "C^{tree}", "C:db", "B:db/edited.sql"};
    char sha256[PD_SHA256_HEX];
    pd_sha256_hex("one\n", 4, sha256);
    for (size_t i = 0; i < sizeof objects / sizeof *objects; i++) {
        pd_revision from;
        pd_git_change change;
        pd_git_version version;
        pd_error err = {0};
        bool found = true;
        repo_sh(place, pd_arena_printf(place->arena,
                                       "rm -rf holed; git clone -q --no-hardlinks work holed;"
                                       "cd holed; git checkout -q --detach M;"
                                       "rm -f .git/objects/$(git rev-parse '%s' | sed 's,..,&/,')",
                                       objects[i]));
        PD_AUTO_GIT git = open_at(place, "holed", "M", &from);
        assert_false(pd_git_find_version(git, &from, "db/edited.sql", sha256, &version, &err));
        assert_int_equal(err.kind, PD_ERROR_UNREACHABLE);
        assert_non_null(strstr(err.hint, "git fsck"));
        bool blob = i + 1 == sizeof objects / sizeof *objects;
        assert_int_equal(pd_git_last_change(git, &from, "db/edited.sql", &change, &found, &err),
                         blob);
        assert_int_equal(found, blob);
    }
}

typedef struct ancestor_scenario {
    const char *repo;
    const char *ancestor;
    const char *descendant;
    bool is;
    bool known;
} ancestor_scenario;

static void test_is_ancestor(void **state)
{
    repo_place *place = *state;
    const ancestor_scenario relations[] = {
        {"work", "A", "P", true, true},         {"work", "P", "A", false, true},
        {"work", "S", "M", true, true},         {"work", "S", "C", false, true},
        {"work", "M", "M", true, true},         {"work", "X", "P", false, true},
        {"shallow", "O", "P", true, true},      {"shallow", "P", "O", false, true},
        {"shallow", "lone", "P", false, false}, {"shallow", "P", "lone", false, true},
        {"shallow", "A", "P", false, false},    {"shallow", "P", "A", false, false},
        {"shallow", "W", "P", false, true},
    };
    repo_sh(place,
            "cd shallow; git checkout -q --orphan alone; git commit -q -m lone; git tag lone;"
            "git checkout -q -f -b on main; GIT_COMMITTER_DATE='1700001000 +0000' git commit -q "
            "--allow-empty -m W; git tag W");
    for (size_t i = 0; i < sizeof relations / sizeof *relations; i++) {
        const ancestor_scenario *s = &relations[i];
        pd_revision head;
        pd_error err = {0};
        bool is = false;
        bool known = false;
        PD_AUTO_GIT git = open_at(place, s->repo, "HEAD", &head);
        const char *names[] = {s->ancestor, s->descendant};
        for (size_t k = 0; k < 2; k++) {
            bool local = strcmp(names[k], "lone") == 0 || strcmp(names[k], "W") == 0;
            names[k] = oid_of(place, local ? "shallow" : "work", names[k]);
        }
        assert_true(pd_git_is_ancestor(git, names[0], names[1], &is, &known, &err));
        if (is != s->is || known != s->known)
            fail_msg("%s: %s of %s: is %d, known %d", s->repo, s->ancestor, s->descendant, is,
                     known);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_last_change), cmocka_unit_test(test_like_git_log),
        cmocka_unit_test(test_shallow),     cmocka_unit_test(test_find_version),
        cmocka_unit_test(test_bounds),      cmocka_unit_test(test_too_large),
        cmocka_unit_test(test_missing),     cmocka_unit_test(test_is_ancestor),
    };
    return cmocka_run_group_tests_name("git/changes", tests, setup, repo_teardown);
}
