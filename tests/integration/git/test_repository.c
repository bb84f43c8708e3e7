/* Finding and opening repositories, who owns them, and what a revision expression names. */
#include "repo.h"

#include <sys/resource.h>

#include "base/str.h"
#include "git/repository.h"

static int setup(void **state)
{
    repo_setup(state);
    repo_sh(*state, "git init -q plain; cd plain;"
                    "mkdir -p db/migrations; echo 'select 1;' > db/migrations/1.sql; git add .;"
                    "git commit -qm 'first: <> & more'; echo 2 > db/two; git add .;"
                    "GIT_COMMITTER_DATE='1700000500 +0000' git commit -qm second; git branch side "
                    "HEAD~1; echo 3 > db/three; git add .;"
                    "GIT_COMMITTER_DATE='1700000777 +0000' git commit -qm third;"
                    "git tag light HEAD~1; git tag -am 'annotated' v1; git tag -am nested v1.1 v1;"
                    "git tag -am 'of a tree' treetag HEAD^{tree};"
                    "git branch -q --track feature main; git checkout -q side;"
                    "git checkout -q main;"
                    "git worktree add -q ../linked -b linked HEAD~2;"
                    "git clone -q --bare . ../bare.git;"
                    "git clone -q --depth 2 file://$PWD ../shallow;"
                    "git config uploadpack.allowFilter true;"
                    "git clone -q --no-checkout --filter=blob:none file://$PWD ../partial;"
                    "git init -q ../unborn; git init -q --object-format=sha256 ../sha256;"
                    "mkdir ../nothing");
    return 0;
}

static void open_and_resolve(repo_place *place, const char *folder, const char *expected)
{
    pd_error err = {0};
    pd_revision revision;
    PD_AUTO_GIT git = NULL;
    if (!pd_git_open(&git, place->arena, repo_path(place, folder), &err))
        fail_msg("%s: %s (%s)", folder, err.message, err.detail);
    if (!pd_git_resolve(git, "HEAD", &revision, &err))
        fail_msg("%s: %s (%s)", folder, err.message, err.detail);
    assert_string_equal(revision.oid, expected);
}

static void test_open(void **state)
{
    repo_place *place = *state;
    const char *main = repo_ask(place, "git -C plain rev-parse HEAD");
    const char *linked = repo_ask(place, "git -C linked rev-parse HEAD");
    open_and_resolve(place, "plain", main);
    open_and_resolve(place, "plain/", main);
    open_and_resolve(place, "plain/db/migrations", main);
    open_and_resolve(place, "plain/.git", main);
    open_and_resolve(place, "bare.git", main);
    open_and_resolve(place, "bare.git/refs", main);
    open_and_resolve(place, "linked/db", linked);
    open_and_resolve(place, "shallow", main);
    open_and_resolve(place, "partial", main);
}

static void test_workdir_and_config(void **state)
{
    repo_place *place = *state;
    pd_error err = {0};
    PD_AUTO_GIT git = NULL;
    PD_AUTO_GIT bare = NULL;
    PD_AUTO_GIT shallow = NULL;
    assert_true(pd_git_open(&git, place->arena, repo_path(place, "plain/db"), &err));
    assert_true(pd_git_open(&bare, place->arena, repo_path(place, "bare.git"), &err));
    assert_true(pd_git_open(&shallow, place->arena, repo_path(place, "shallow"), &err));
    assert_string_equal(pd_git_workdir(git), repo_path(place, "plain"));
    assert_null(pd_git_workdir(bare));
    assert_string_equal(pd_git_config(git, "uploadpack.allowfilter"), "true");
    assert_string_equal(pd_git_config(git, "init.defaultBranch"), "main");
    assert_null(pd_git_config(git, "no.such"));
    assert_null(pd_git_config(git, "not a key"));
    assert_null(pd_git_config(git, ""));
    assert_false(pd_git_is_shallow(git));
    assert_true(pd_git_is_shallow(shallow));
    repo_sh(place, "git -C shallow worktree add -q ../shallow-linked");
    PD_AUTO_GIT linked = NULL;
    assert_true(pd_git_open(&linked, place->arena, repo_path(place, "shallow-linked"), &err));
    assert_true(pd_git_is_shallow(linked));
}

/* Hooks run with git's own variables: GIT_DIR, GIT_WORK_TREE, a quarantine of new objects. */
static void test_environment(void **state)
{
    repo_place *place = *state;
    pd_error err = {0};
    pd_revision revision;
    PD_AUTO_GIT git = NULL;
    PD_AUTO_GIT blind = NULL;
    PD_AUTO_GIT linked = NULL;
    const char *oid = repo_ask(
        place, "mkdir quarantine; cd plain; export GIT_OBJECT_DIRECTORY=$PWD/../quarantine;"
               "export GIT_ALTERNATE_OBJECT_DIRECTORIES=$PWD/.git/objects;"
               "git commit-tree -m 'pushed just now' HEAD^{tree}");
    setenv("GIT_DIR", repo_path(place, "plain/.git"), 1);
    setenv("GIT_WORK_TREE", repo_path(place, "nothing"), 1);
    setenv("GIT_OBJECT_DIRECTORY", repo_path(place, "quarantine"), 1);
    setenv("GIT_ALTERNATE_OBJECT_DIRECTORIES", repo_path(place, "plain/.git/objects"), 1);
    bool opened = pd_git_open(&git, place->arena, NULL, &err);
    bool kept = pd_streq(getenv("GIT_WORK_TREE"), repo_path(place, "nothing"));
    unsetenv("GIT_WORK_TREE");
    unsetenv("GIT_OBJECT_DIRECTORY");
    unsetenv("GIT_ALTERNATE_OBJECT_DIRECTORIES");
    bool blind_opened = pd_git_open(&blind, place->arena, NULL, &err);
    setenv("GIT_DIR", repo_path(place, "plain/.git/worktrees/linked"), 1);
    bool linked_opened = pd_git_open(&linked, place->arena, NULL, &err);
    unsetenv("GIT_DIR");
    assert_true(opened && kept && blind_opened && linked_opened);
    assert_string_equal(pd_git_workdir(git), repo_path(place, "nothing"));
    assert_string_equal(pd_git_workdir(linked), repo_path(place, "linked"));
    assert_true(pd_git_resolve(git, oid, &revision, &err));
    assert_string_equal(revision.subject, "pushed just now");
    assert_true(pd_git_resolve(git, "HEAD", &revision, &err));
    assert_false(pd_git_resolve(blind, oid, &revision, &err));
}

typedef struct refusal {
    const char *what; /* folder or expression */
    const char *message;
    const char *hint;
} refusal;

static void check_refusal(const pd_error *err, const refusal *expected)
{
    if (err->kind != PD_ERROR_UNREACHABLE || strstr(err->message, expected->message) == NULL ||
        strstr(err->hint, expected->hint) == NULL)
        fail_msg("'%s': kind %d, message '%s', detail '%s', hint '%s'", expected->what, err->kind,
                 err->message, err->detail, err->hint);
}

static void test_cannot_open(void **state)
{
    repo_place *place = *state;
    repo_sh(place, "git init -q strange; git -C strange config core.repositoryformatversion 1;"
                   "git -C strange config extensions.fromTheFuture true;"
                   "git init -q broken; echo '[core' > broken/.git/config");
    const refusal refusals[] = {
        {"nothing", "cannot find a git repository at", "--repo PATH"},
        {"not-there", "cannot find a git repository at", "--repo PATH"},
        {"sha256", "objects are named by SHA-256", "SHA-1"},
        {"strange", "cannot open the git repository at", "git -C"},
        {"broken", "cannot open the git repository at", "git -C"},
    };
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
        pd_error err = {0};
        PD_AUTO_GIT git = NULL;
        assert_false(pd_git_open(&git, place->arena, repo_path(place, refusals[i].what), &err));
        assert_null(git);
        check_refusal(&err, &refusals[i]);
        assert_non_null(strstr(err.message, refusals[i].what));
    }
}

/* Extensions that do not touch objects: sparse checkouts and scalar set worktreeConfig. */
static void test_extensions(void **state)
{
    repo_place *place = *state;
    repo_sh(place, "git clone -q plain extended; cd extended;"
                   "git config core.repositoryformatversion 1;"
                   "git config extensions.worktreeConfig true;"
                   "git config extensions.partialClone origin;"

                   "git config extensions.preciousObjects true;"
                   "git config --worktree some.key 'of this work tree';"
                   "printf '[extensions]\\n\\trelativeWorktrees = true\\n' >> .git/config");
    pd_error err = {0};
    PD_AUTO_GIT git = NULL;
    if (!pd_git_open(&git, place->arena, repo_path(place, "extended"), &err))
        fail_msg("%s: %s", err.message, err.detail);
    assert_string_equal(pd_git_config(git, "some.key"), "of this work tree");
}

/* What git says and what we say must be one commit. */
static void test_resolve_like_git(void **state)
{
    repo_place *place = *state;
    const char *abbreviated = repo_ask(place, "git -C plain rev-parse --short=8 HEAD~1");
    const char *whole = repo_ask(place, "git -C plain rev-parse HEAD~1");
    const char *tag_object = repo_ask(place, "git -C plain rev-parse v1.1");
    const char *specs[] = {"HEAD",
                           "@",
                           "main",
                           "refs/heads/main",
                           "heads/side",
                           "HEAD~2",
                           "HEAD^",
                           "HEAD~1^0",
                           "HEAD^^",
                           "@~1",
                           "@^{}",
                           "v1",
                           "v1^{}",
                           "v1.1",
                           "v1^{commit}",
                           "v1.1~1",
                           "light",
                           "tags/light",
                           ":/second",
                           "HEAD^{/first}",
                           "HEAD^{/!-third}",
                           "HEAD^{/th.rd}~1^{/first}",
                           ":/^sec(o|x)nd",
                           "@^{/sec}",
                           "feature@{u}",
                           "feature@{upstream}",
                           "@{-1}",
                           "HEAD@{1}",
                           "HEAD@{0}~1",
                           "main@{0}",
                           abbreviated,
                           whole,
                           tag_object};
    pd_error err = {0};
    PD_AUTO_GIT git = NULL;
    assert_true(pd_git_open(&git, place->arena, repo_path(place, "plain"), &err));
    for (size_t i = 0; i < sizeof specs / sizeof *specs; i++) {
        pd_revision revision;
        const char *expected = repo_ask(
            place,
            pd_arena_printf(place->arena,
                            "cd plain; git rev-parse --verify $(git rev-parse --verify '%s')^0",
                            specs[i]));
        if (!pd_git_resolve(git, specs[i], &revision, &err))
            fail_msg("%s: %s (%s)", specs[i], err.message, err.detail);
        if (strcmp(revision.oid, expected) != 0)
            fail_msg("%s: %s, but git says %s", specs[i], revision.oid, expected);
        assert_string_equal(revision.spec, specs[i]);
    }
    /* The youngest that does not match, says gitrevisions(7); git 2.47 gives the oldest. */
    pd_revision revision;
    assert_true(pd_git_resolve(git, ":/!-third", &revision, &err));
    assert_string_equal(revision.oid, repo_ask(place, "git -C plain rev-parse 'main~1'"));
}

static void test_revision_fields(void **state)
{
    repo_place *place = *state;
    const char *const refs[][2] = {
        {"HEAD", "refs/heads/main"},
        {"main", "refs/heads/main"},
        {"v1", "refs/tags/v1"},
        {"feature@{u}", "refs/heads/main"},
        {"HEAD~1", NULL},
        {"v1^{}", NULL},
    };
    pd_error err = {0};
    pd_revision revision;
    PD_AUTO_GIT git = NULL;
    assert_true(pd_git_open(&git, place->arena, repo_path(place, "plain"), &err));
    for (size_t i = 0; i < sizeof refs / sizeof *refs; i++) {
        assert_true(pd_git_resolve(git, refs[i][0], &revision, &err));
        assert_true(pd_streq(revision.ref, refs[i][1]));
    }
    assert_true(pd_git_resolve(git, "HEAD~2", &revision, &err));
    assert_string_equal(revision.subject, "first: <> & more");
    assert_string_equal(revision.author, "Ada");
    assert_int_equal(revision.time, 1700000000);
    assert_true(pd_git_resolve(git, "HEAD", &revision, &err));
    assert_int_equal(revision.time, 1700000777);
    repo_sh(place, "git clone -q plain detached; git -C detached checkout -q HEAD~1");
    PD_AUTO_GIT detached = NULL;
    assert_true(pd_git_open(&detached, place->arena, repo_path(place, "detached"), &err));
    assert_true(pd_git_resolve(detached, "HEAD", &revision, &err));
    assert_null(revision.ref);
}

static void check_refusals(repo_place *place, const char *folder, const refusal *refusals,
                           size_t count)
{
    pd_error err = {0};
    pd_revision revision;
    PD_AUTO_GIT git = NULL;
    assert_true(pd_git_open(&git, place->arena, repo_path(place, folder), &err));
    for (size_t i = 0; i < count; i++) {
        if (pd_git_resolve(git, refusals[i].what, &revision, &err))
            fail_msg("'%s' was resolved to %s", refusals[i].what, revision.oid);
        check_refusal(&err, &refusals[i]);
    }
}

#define NOT_FOUND "cannot find revision"
#define NOT_A_SPEC "as a revision"
#define LOOK "git rev-parse --verify"

static void test_cannot_resolve(void **state)
{
    repo_place *place = *state;
    char *deep = pd_arena_alloc(place->arena, 5001);
    memset(deep, '^', 5000);
    char *tildes = pd_arena_alloc(place->arena, 4001);
    memset(tildes, '~', 4000);
    const char *blob = repo_ask(place, "git -C plain rev-parse HEAD:db/two");
    const char *tree = repo_ask(place, "git -C plain rev-parse HEAD^{tree}");
    const refusal refusals[] = {
        {"", "empty revision", ""},
        {deep, "more than 4096 bytes", ""},
        {tildes, "", ""},
        {"nope", NOT_FOUND, LOOK},
        {"nope", "'nope'", "git fetch"},
        {"-x", NOT_FOUND, LOOK},
        {"HEAD~3", NOT_FOUND, LOOK},
        {"HEAD~99999999999999999999", "", ""},
        {"HEAD^7", NOT_FOUND, LOOK},
        {"deadbeef", NOT_FOUND, LOOK},
        {"deadbeefdeadbeefdeadbeefdeadbeefdeadbeef", NOT_FOUND, LOOK},
        {"0000000000000000000000000000000000000000", NOT_FOUND, LOOK},
        {"HEAD~1..HEAD", NOT_A_SPEC, "not a range"},
        {"HEAD~1...HEAD", NOT_A_SPEC, "not a range"},
        {"^HEAD", NOT_A_SPEC, "not a range"},
        {"HEAD^@", NOT_A_SPEC, "not a range"},
        {"HEAD^!", NOT_A_SPEC, "not a range"},
        {"HEAD^-1", NOT_A_SPEC, "not a range"},
        {"HEAD^{", NOT_A_SPEC, ""},
        {"main@{yesterday}", NOT_A_SPEC, "not a date"},
        {"main@{push}", NOT_A_SPEC, ""},
        {"HEAD@{now}", NOT_A_SPEC, ""},
        {"@{", NOT_A_SPEC, ""},
        {"HEAD@{}", NOT_A_SPEC, ""},
        {"HEAD@{99}", NOT_FOUND, ""},
        {"HEAD@{99999999999999999999999}", NOT_FOUND, ""},
        {"HEAD^{/", NOT_A_SPEC, ""},
        {"HEAD^{/no such text}", NOT_FOUND, ""},
        {"nope^{/first}", NOT_FOUND, ""},
        {"HEAD^{/!x}", "cannot search commit messages", "git log --grep"},
        {":/a{1,32767}", "cannot search commit messages", ""},
        {":/(a*)*\\1", "cannot search commit messages", ""},
        {"HEAD^{nonsense}", "", ""},
        {":/(((", "", ""},
        {":/no such text", "", ""},
        {"main@{u}", NOT_FOUND, ""},
        {"main@{999}", "", ""},
        {"a\nb", "", ""},
        {"\033[31m", "", ""},
        {"\xff\xfe", "", ""},
        {"%s%n%s", NOT_FOUND, ""},
        {"HEAD:", "it names a tree, not a commit", "git cat-file -t"},
        {"HEAD^{tree}", "it names a tree, not a commit", ""},
        {"treetag", "it names a tree, not a commit", ""},
        {"HEAD:db/two", "it names a blob, not a commit", ""},
        {blob, "it names a blob, not a commit", ""},
        {tree, "it names a tree, not a commit", ""},
    };
    check_refusals(place, "plain", refusals, sizeof refusals / sizeof *refusals);
}

static void test_shallow_unborn_ambiguous(void **state)
{
    repo_place *place = *state;
    const refusal shallow[] = {
        {"HEAD~2", NOT_FOUND, "git fetch --unshallow"},
        {"HEAD~3", NOT_FOUND, "--deepen"},
        {"nope", NOT_FOUND, "fetch-depth: 0"},
    };
    const refusal unborn[] = {
        {"HEAD", "has no commits yet", "Commit something first"},
        {"@", "has no commits yet", ""},
        {"HEAD~1", "has no commits yet", ""},
        {"@{1}", "", ""},
        {"main", NOT_FOUND, LOOK},
    };
    const refusal ambiguous[] = {{"1111", "it is ambiguous", "more digits"}};
    check_refusals(place, "shallow", shallow, sizeof shallow / sizeof *shallow);
    check_refusals(place, "unborn", unborn, sizeof unborn / sizeof *unborn);
    /* Two objects whose names begin alike; what is in them does not matter here. */
    repo_sh(place, "git clone -q plain alike; mkdir -p alike/.git/objects/11;"
                   "for end in a b; do"
                   " echo > alike/.git/objects/11/11$end$(printf %035d 0); done");
    check_refusals(place, "alike", ambiguous, 1);
}

static void test_damaged_object(void **state)
{
    repo_place *place = *state;
    pd_error err = {0};
    pd_revision revision;
    repo_sh(place, "git clone -q --no-hardlinks plain damaged; cd damaged;"
                   "git commit -q --allow-empty -m lost; git commit -q --allow-empty -m top;"
                   "o=$(git rev-parse HEAD~1); rm -f .git/objects/$(echo $o | cut -c1-2)/"
                   "$(echo $o | cut -c3-);"
                   "t=$(git rev-parse HEAD); cd .git/objects/$(echo $t | cut -c1-2);"
                   "f=$(echo $t | cut -c3-); chmod u+w $f;"
                   "echo 'not an object' > $f");
    PD_AUTO_GIT git = NULL;
    assert_true(pd_git_open(&git, place->arena, repo_path(place, "damaged"), &err));
    assert_false(pd_git_resolve(git, "HEAD", &revision, &err));
    assert_int_equal(err.kind, PD_ERROR_UNREACHABLE);
}

/* A commit object with the bytes of another one: libgit2 checks names against contents. */
static void test_tampered_object(void **state)
{
    repo_place *place = *state;
    pd_error err = {0};
    pd_revision revision;
    repo_sh(place, "git clone -q --no-hardlinks plain tampered; cd tampered;"
                   "git commit -q --allow-empty -m one; git commit -q --allow-empty -m two;"
                   "path() { echo .git/objects/$(git rev-parse $1 | sed 's,..,&/,'); };"
                   "a=$(path HEAD); b=$(path HEAD~1); chmod u+w $a; cp $b $a");
    PD_AUTO_GIT git = NULL;
    assert_true(pd_git_open(&git, place->arena, repo_path(place, "tampered"), &err));
    assert_false(pd_git_resolve(git, "HEAD", &revision, &err));
    assert_non_null(strstr(err.detail, "hash mismatch"));
}

/* What opening a repository limits for a moment is as it was behind it. */
static void test_files_can_be_opened(void **state)
{
    repo_place *place = *state;
    pd_error err = {0};
    struct rlimit before;
    struct rlimit behind;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    for (int i = 0; i < 2; i++) {
        PD_AUTO_GIT git = NULL;
        assert_true(pd_git_open(&git, place->arena, repo_path(place, "plain"), &err));
        assert_int_equal(getrlimit(RLIMIT_NOFILE, &behind), 0);
        assert_int_equal(before.rlim_cur, behind.rlim_cur);
        assert_int_equal(before.rlim_max, behind.rlim_max);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_open),
        cmocka_unit_test(test_files_can_be_opened),
        cmocka_unit_test(test_workdir_and_config),
        cmocka_unit_test(test_environment),
        cmocka_unit_test(test_cannot_open),
        cmocka_unit_test(test_extensions),
        cmocka_unit_test(test_resolve_like_git),
        cmocka_unit_test(test_revision_fields),
        cmocka_unit_test(test_cannot_resolve),
        cmocka_unit_test(test_shallow_unborn_ambiguous),
        cmocka_unit_test(test_damaged_object),
        cmocka_unit_test(test_tampered_object),
    };
    return cmocka_run_group_tests(tests, setup, repo_teardown);
}
