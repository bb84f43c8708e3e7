/* Merge bases, what a remote has already, and shallow clones, whose history has an end. */
#include "repo.h"

#include "base/str.h"
#include "git/history.h"

/* origin: A - B - C - D (main), B - S (side); work: two commits on D, tracking origin. */
static int setup(void **state)
{
    repo_setup(state);
    repo_sh(
        *state,
        "git init -q origin; cd origin;"
        "commit() { GIT_COMMITTER_DATE=\"$((1700000000 + $2)) +0000\""
        " git commit -q --allow-empty -m $1; git tag $1; };"
        "commit A 1; commit B 2; git branch side; commit C 3; commit D 4;"
        "git checkout -q side; commit S 5; git checkout -q main; cd ..;"
        "git clone -q origin work; cd work; commit W1 6; commit W2 7;"
        "git checkout -q --orphan alone; commit lone 8; git checkout -q main;"
        "git branch -q untracked C; git remote add other ../origin;"
        "git fetch -q other side; git update-ref refs/remotes/other/side S;"
        "git update-ref refs/remotes/other/notes $(git rev-parse 'D^{tree}');"
        "git tag -am t annotated W1; cd ..;"
        "git clone -q --depth 2 file://$PWD/origin shallow; cd shallow; commit X 9; commit Y 10;"
        "cd ..; git clone -q --depth 1 --no-single-branch file://$PWD/origin apart");
    return 0;
}

static const char *oid_of(repo_place *place, const char *repo, const char *spec)
{
    return repo_ask(place, pd_arena_printf(place->arena, "git -C %s rev-parse '%s'", repo, spec));
}

static pd_git *open_repo(repo_place *place, const char *repo)
{
    pd_error err = {0};
    pd_git *git = NULL;
    if (!pd_git_open(&git, place->arena, repo_path(place, repo), &err))
        fail_msg("%s: %s", repo, err.message);
    return git;
}

typedef struct scenario {
    const char *repo;
    const char *one;
    const char *other; /* pd_git_published: the remote */
    const char *base;  /* NULL: not found */
} scenario;

static void check_found(repo_place *place, const scenario *s, bool found, const pd_revision *out)
{
    if (found != (s->base != NULL))
        fail_msg("%s: %s with %s: found is %d", s->repo, s->one, s->other, found);
    if (found)
        assert_string_equal(out->oid, oid_of(place, s->repo, s->base));
}

static void test_merge_base(void **state)
{
    repo_place *place = *state;
    const scenario scenarios[] = {
        {"work", "W2", "D", "D"},        {"work", "D", "W2", "D"},
        {"work", "S", "W2", "B"},        {"work", "W2", "W2", "W2"},
        {"work", "lone", "W2", NULL},    {"work", "annotated", "D", "D"},
        {"origin", "main", "side", "B"}, {"shallow", "Y", "X", "X"},
        {"shallow", "Y", "D", "D"},      {"shallow", "Y", "C", "C"},
        {"shallow", "C", "D", "C"},      {"apart", "main", "main", "main"},
    };
    for (size_t i = 0; i < sizeof scenarios / sizeof *scenarios; i++) {
        const scenario *s = &scenarios[i];
        pd_error err = {0};
        pd_revision out;
        bool found = false;
        PD_AUTO_GIT git = open_repo(place, s->repo);
        if (!pd_git_merge_base(git, oid_of(place, s->repo, s->one),
                               oid_of(place, s->repo, s->other), &out, &found, &err))
            fail_msg("%s: %s with %s: %s (%s)", s->repo, s->one, s->other, err.message, err.detail);
        check_found(place, s, found, &out);
    }
}

static void test_published(void **state)
{
    repo_place *place = *state;
    const scenario scenarios[] = {
        {"work", "W2", "origin", "D"},    {"work", "C", "origin", "C"},
        {"work", "S", "origin", "S"},     {"work", "W2", "other", "B"},
        {"work", "S", "other", "S"},      {"work", "W2", NULL, "D"},
        {"work", "lone", "origin", NULL}, {"work", "W2", "nobody", NULL},
        {"work", "W2", "orig", NULL},     {"work", "W2", "*", NULL},
        {"work", "W2", "", NULL},         {"work", "W2", "https://example.org/[x.git", NULL},
        {"origin", "main", NULL, NULL},   {"shallow", "Y", "origin", "D"},
        {"shallow", "C", NULL, "C"},      {"apart", "main", "origin", "main"},
    };
    for (size_t i = 0; i < sizeof scenarios / sizeof *scenarios; i++) {
        const scenario *s = &scenarios[i];
        pd_error err = {0};
        pd_revision out;
        bool found = false;
        PD_AUTO_GIT git = open_repo(place, s->repo);
        if (!pd_git_published(git, s->other, oid_of(place, s->repo, s->one), &out, &found, &err))
            fail_msg("%s: %s: %s (%s)", s->repo, s->one, err.message, err.detail);
        check_found(place, s, found, &out);
    }
}

/* Both histories end before they meet: nobody can tell, and nobody may guess. */
static void test_shallow_cannot_tell(void **state)
{
    repo_place *place = *state;
    pd_error err = {0};
    pd_revision out;
    bool found = true;
    PD_AUTO_GIT git = open_repo(place, "apart");
    const char *main = oid_of(place, "apart", "main");
    const char *side = oid_of(place, "apart", "origin/side");
    assert_false(pd_git_merge_base(git, main, side, &out, &found, &err));
    assert_int_equal(err.kind, PD_ERROR_UNREACHABLE);
    assert_false(found);
    assert_non_null(strstr(err.hint, "git fetch --unshallow"));
    repo_sh(place, "cd apart; git fetch -q --depth=3 origin main side; git checkout -q --detach");
    PD_AUTO_GIT deeper = open_repo(place, "apart");
    assert_true(pd_git_is_shallow(deeper));
    assert_true(pd_git_merge_base(deeper, main, side, &out, &found, &err));
    assert_true(found);
    assert_string_equal(out.subject, "B");
}

/* A criss-cross merge has several bases, and one that is older than another's child is none: the
 * walk over a shallow history gives what git gives for the same one. */
static void test_shallow_like_git(void **state)
{
    repo_place *place = *state;
    repo_sh(place,
            "git init -q mesh; cd mesh; git commit -q --allow-empty -m 0; git branch b;"
            "for i in 1 2 3 4 5 6 7 8; do"
            " export GIT_COMMITTER_DATE=\"$((1700001000 + (i * 37) % 50)) +0000\";"
            " git checkout -q main; git commit -q --allow-empty -m m$i; git tag m$i;"
            " git checkout -q b; git commit -q --allow-empty -m b$i; git tag b$i;"
            " test $((i % 3)) -ne 0 || { git checkout -q main; git merge -q --no-ff -m mm$i b$i;"
            " git checkout -q b; git merge -q --no-ff -m bb$i m$i; };"
            "done; cd ..;"
            "git clone -q --no-single-branch --depth 7 file://$PWD/mesh mesh7");
    static const char *const names[] = {"m6", "m7", "m8",          "b6",
                                        "b7", "b8", "origin/main", "origin/b"};
    PD_AUTO_GIT git = open_repo(place, "mesh7");
    for (size_t i = 0; i < 64; i++) {
        pd_error err = {0};
        pd_revision out;
        bool found = false;
        const char *one =
            oid_of(place, "mesh7", pd_arena_printf(place->arena, "%s^0", names[i / 8]));
        const char *two =
            oid_of(place, "mesh7", pd_arena_printf(place->arena, "%s^0", names[i % 8]));
        assert_true(pd_git_merge_base(git, one, two, &out, &found, &err) && found);
        const char *all = repo_ask(
            place, pd_arena_printf(place->arena, "git -C mesh7 merge-base -a %s %s", one, two));
        if (strstr(all, out.oid) == NULL)
            fail_msg("%s and %s: %s, but git says %s", names[i / 8], names[i % 8], out.oid, all);
    }
}

/* Clocks that were wrong: X is newer than its descendant Y, and Z between them is old, so that the
 * walk meets X before it can know that Y leads to it. */
static void test_skewed_clocks(void **state)
{
    repo_place *place = *state;
    pd_error err = {0};
    pd_revision out;
    bool found = false;
    repo_sh(place, "git init -q skewed; cd skewed; tree=$(git hash-object -t tree -w /dev/null);"
                   "commit() { n=$1; d=$2; shift 2; git tag $n $(GIT_COMMITTER_DATE=\"$d +0000\""
                   " git commit-tree -m $n \"$@\" $tree); };"
                   "commit X 1700000100; commit Z 1600000000 -p X; commit Y 1700000010 -p Z;"
                   "commit P 1700000200 -p Y -p X; commit Q 1700000201 -p Y -p X;"
                   "test \"$(git merge-base -a P Q)\" = \"$(git rev-parse Y)\"");
    PD_AUTO_GIT git = open_repo(place, "skewed");
    assert_true(pd_git_merge_base(git, oid_of(place, "skewed", "P"), oid_of(place, "skewed", "Q"),
                                  &out, &found, &err));
    assert_true(found);
    assert_string_equal(out.subject, "Y");
}

typedef struct base_scenario {
    const char *script;
    /* NULL: not found */
    const char *ref;
} base_scenario;

static void test_default_tip(void **state)
{
    repo_place *place = *state;
    const base_scenario scenarios[] = {
        {"git checkout -q main", "refs/remotes/origin/main"},
        {"git checkout -q untracked", "refs/remotes/origin/main"},
        {"git branch -q -u other/side; git checkout -q untracked", "refs/remotes/other/side"},
        {"git checkout -q --detach W1", "refs/remotes/origin/main"},
        {"git checkout -q -b local W2; git branch -q -u main", "refs/heads/main"},
        {"git checkout -q alone", "refs/remotes/origin/main"},
        {"git checkout -q main; git config branch.main.merge refs/heads/gone",
         "refs/remotes/origin/main"},
        {"git remote set-head origin -d; git checkout -q main", NULL},
        {"git checkout -q --orphan fresh", NULL},
    };
    repo_sh(place, "cp -r work base; git -C base update-ref refs/remotes/other/side S");
    for (size_t i = 0; i < sizeof scenarios / sizeof *scenarios; i++) {
        const base_scenario *s = &scenarios[i];
        pd_error err = {0};
        pd_revision out;
        bool found = false;
        repo_sh(place,
                pd_arena_printf(place->arena, "cd base; git checkout -q untracked; %s", s->script));
        PD_AUTO_GIT git = open_repo(place, "base");
        if (!pd_git_default_tip(git, NULL, &out, &found, &err))
            fail_msg("%s: %s (%s)", s->script, err.message, err.detail);
        if (found != (s->ref != NULL))
            fail_msg("%s: found is %d", s->script, found);
        if (!found)
            continue;
        assert_string_equal(out.oid, oid_of(place, "base", s->ref));
        assert_string_equal(out.ref, s->ref);
    }
}

static void test_has_commit(void **state)
{
    repo_place *place = *state;
    PD_AUTO_GIT git = open_repo(place, "work");
    assert_true(pd_git_has_commit(git, oid_of(place, "work", "W2")));
    assert_true(pd_git_has_commit(git, oid_of(place, "work", "annotated")));
    assert_false(pd_git_has_commit(git, oid_of(place, "work", "W2^{tree}")));
    assert_false(pd_git_has_commit(git, "1111111111111111111111111111111111111111"));
    assert_false(pd_git_has_commit(git, "0000000000000000000000000000000000000000"));
    assert_false(pd_git_has_commit(git, ""));
    assert_false(pd_git_has_commit(git, "W2"));
    PD_AUTO_GIT shallow = open_repo(place, "shallow");
    assert_false(pd_git_has_commit(shallow, oid_of(place, "work", "A")));
}

/* A history with a hole in it is an error, never "nothing is published". */
static void test_missing_history(void **state)
{
    repo_place *place = *state;
    pd_error err = {0};
    pd_revision out;
    bool found = true;
    repo_sh(place, "git clone -q --no-hardlinks origin holed; cd holed;"
                   "rm -f .git/objects/$(git rev-parse C | sed 's,..,&/,')");
    PD_AUTO_GIT git = open_repo(place, "holed");
    assert_false(pd_git_merge_base(git, oid_of(place, "origin", "D"), oid_of(place, "origin", "S"),
                                   &out, &found, &err));
    assert_int_equal(err.kind, PD_ERROR_UNREACHABLE);
    assert_false(found);
    assert_non_null(strstr(err.hint, "git fsck"));
    assert_false(pd_git_merge_base(git, "nonsense", "", &out, &found, &err));
    assert_int_equal(err.kind, PD_ERROR_UNREACHABLE);
    repo_sh(place, "echo 'not an object id' > shallow/.git/shallow");
    /* Newer libgit2 reads the file when it opens the repository. */
    PD_AUTO_GIT shallow = NULL;
    if (pd_git_open(&shallow, place->arena, repo_path(place, "shallow"), &err)) {
        const char *tip = oid_of(place, "work", "D");
        assert_false(pd_git_merge_base(shallow, tip, tip, &out, &found, &err));
        assert_non_null(strstr(err.message, "line 1 is no object id"));
    }
    assert_int_equal(err.kind, PD_ERROR_UNREACHABLE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_merge_base),          cmocka_unit_test(test_published),
        cmocka_unit_test(test_shallow_cannot_tell), cmocka_unit_test(test_shallow_like_git),
        cmocka_unit_test(test_skewed_clocks),       cmocka_unit_test(test_default_tip),
        cmocka_unit_test(test_has_commit),          cmocka_unit_test(test_missing_history),
    };
    return cmocka_run_group_tests(tests, setup, repo_teardown);
}
