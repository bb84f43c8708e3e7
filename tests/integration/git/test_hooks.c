/* Installing a hook where git looks for it, next to whatever is there; and the hook itself, run. */
#include "repo.h"

#include "git/hooks.h"

#define NAME "pre-push"

static const char script_one[] = "#!/bin/sh\n" PD_HOOK_MARKER "\n"
                                 "[ ! -x \"$0.local\" ] || \"$0.local\" \"$@\" || exit\n"
                                 "echo one \"$@\"\n";
static const char script_two[] = "#!/bin/sh\n" PD_HOOK_MARKER "\necho two\n";

static bool install(repo_place *place, const char *repo, const char *script, const char **path,
                    pd_hook_state *out, pd_error *err)
{
    PD_AUTO_GIT git = NULL;
    if (!pd_git_open(&git, place->arena, repo_path(place, repo), err))
        fail_msg("%s: %s", repo, err->message);
    return pd_hook_install(git, NAME, script, path, out, err);
}

static void check_install(repo_place *place, const char *repo, const char *script,
                          pd_hook_state expected, const char *where)
{
    pd_error err = {0};
    const char *path = NULL;
    pd_hook_state done = PD_HOOK_PRESENT;
    if (!install(place, repo, script, &path, &done, &err))
        fail_msg("%s: %s (%s)", repo, err.message, err.detail);
    assert_int_equal(done, expected);
    assert_string_equal(path, repo_path(place, where));
}

/* What the installed hook prints; git runs it from the root of the work tree. */
static const char *run_hook(repo_place *place, const char *where)
{
    return repo_ask(place, pd_arena_printf(place->arena, "./%s origin url", where));
}

static void test_life_of_a_hook(void **state)
{
    repo_place *place = *state;
    const char *where = "a/.git/hooks/" NAME;
    repo_sh(place, "git init -q a; rm -rf a/.git/hooks");
    check_install(place, "a", script_one, PD_HOOK_INSTALLED, where);
    assert_string_equal(run_hook(place, where), "one origin url");
    check_install(place, "a", script_one, PD_HOOK_PRESENT, where);
    check_install(place, "a", script_two, PD_HOOK_UPDATED, where);
    assert_string_equal(run_hook(place, where), "two");
    repo_sh(place, "chmod -x a/.git/hooks/" NAME);
    check_install(place, "a", script_two, PD_HOOK_UPDATED, where);
    assert_string_equal(run_hook(place, where), "two");
    assert_string_equal(repo_ask(place, "ls a/.git/hooks"), NAME);
}

static void test_chained(void **state)
{
    repo_place *place = *state;
    const char *where = "b/.git/hooks/" NAME;
    repo_sh(place, "git init -q b; cd b/.git/hooks; printf '#!/bin/sh\\necho theirs $1\\n' > " NAME
                   "; chmod 755 " NAME);
    check_install(place, "b", script_one, PD_HOOK_CHAINED, where);
    assert_string_equal(run_hook(place, where), "theirs origin\none origin url");
    check_install(place, "b", script_one, PD_HOOK_PRESENT, where);
    assert_string_equal(run_hook(place, where), "theirs origin\none origin url");
    /* Theirs comes back, beside the one that is kept: neither is lost. */
    pd_error err = {0};
    const char *path = NULL;
    pd_hook_state done = PD_HOOK_PRESENT;
    repo_sh(place, "cd b/.git/hooks; echo '#!/bin/sh' > " NAME "; sha256sum * > ../before");
    assert_false(install(place, "b", script_one, &path, &done, &err));
    assert_int_equal(err.kind, PD_ERROR_USAGE);
    assert_non_null(strstr(err.message, NAME ".local are somebody else's"));
    assert_non_null(strstr(err.hint, "Join the two hooks"));
    repo_sh(place, "cd b/.git/hooks; sha256sum --quiet -c ../before");
}

static void test_others(void **state)
{
    repo_place *place = *state;
    repo_sh(place, "for r in link dangling quoting dir big; do git init -q $r; done;"
                   "cp a/.git/hooks/" NAME " ours; ln -s ../../../ours link/.git/hooks/" NAME ";"
                   "ln -s nowhere dangling/.git/hooks/" NAME ";"
                   "printf 'echo %s\\n%s too\\n' '" PD_HOOK_MARKER "' '" PD_HOOK_MARKER
                   "' > quoting/.git/hooks/" NAME ";"
                   "mkdir dir/.git/hooks/" NAME ";"
                   "(head -c 2000000 /dev/zero; cat ours) > big/.git/hooks/" NAME);
    check_install(place, "link", script_one, PD_HOOK_CHAINED, "link/.git/hooks/" NAME);
    assert_string_equal(repo_ask(place, "readlink link/.git/hooks/" NAME ".local"),
                        "../../../ours");
    assert_string_equal(repo_ask(place, "cat ours"), repo_ask(place, "cat a/.git/hooks/" NAME));
    check_install(place, "dangling", script_one, PD_HOOK_CHAINED, "dangling/.git/hooks/" NAME);
    assert_string_equal(run_hook(place, "dangling/.git/hooks/" NAME), "one origin url");
    check_install(place, "quoting", script_one, PD_HOOK_CHAINED, "quoting/.git/hooks/" NAME);
    check_install(place, "big", script_one, PD_HOOK_CHAINED, "big/.git/hooks/" NAME);
    pd_error err = {0};
    const char *path = NULL;
    pd_hook_state done = PD_HOOK_PRESENT;
    assert_false(install(place, "dir", script_one, &path, &done, &err));
    assert_int_equal(err.kind, PD_ERROR_USAGE);
    assert_non_null(strstr(err.message, "a folder is in its place"));
}

static void test_places(void **state)
{
    repo_place *place = *state;
    repo_sh(place, "git init -q c; cd c; git commit -q --allow-empty -m x; mkdir sub;"
                   "git worktree add -q ../c2; git clone -q --bare . ../c.git;"
                   "git clone -q . ../d; git -C ../d config core.hooksPath .husky/deep;"
                   "git clone -q . ../e; git -C ../e config core.hooksPath '~/hooks';"
                   "git clone -q . ../f; git -C ../f config core.hooksPath /dev/null;"
                   "git clone -q --bare . ../g.git; git -C ../g.git config core.hooksPath my");
    check_install(place, "c2", script_one, PD_HOOK_INSTALLED, "c/.git/hooks/" NAME);
    check_install(place, "c/sub", script_one, PD_HOOK_PRESENT, "c/.git/hooks/" NAME);
    check_install(place, "c.git", script_one, PD_HOOK_INSTALLED, "c.git/hooks/" NAME);
    check_install(place, "d", script_one, PD_HOOK_INSTALLED, "d/.husky/deep/" NAME);
    check_install(place, "e", script_one, PD_HOOK_INSTALLED, "home/hooks/" NAME);
    check_install(place, "g.git", script_one, PD_HOOK_INSTALLED, "g.git/my/" NAME);
    pd_error err = {0};
    const char *path = NULL;
    pd_hook_state done = PD_HOOK_PRESENT;
    assert_false(install(place, "f", script_one, &path, &done, &err));
    assert_int_equal(err.kind, PD_ERROR_USAGE);
    assert_non_null(strstr(err.message, "/dev/null: it is not a folder"));
    assert_non_null(strstr(err.hint, "core.hooksPath"));
}

/* Where a manager of hooks would write ours away, the project's own hook calls the gate. */
static void test_managers(void **state)
{
    repo_place *place = *state;
    repo_sh(place, "for r in h0 h1 h2 h3 h4; do git init -q $r;"
                   "git -C $r config core.hooksPath .husky/_/; done;"
                   "git -C h4 config core.hooksPath own/_; mkdir -p h4/own/_; touch h4/own/_/h;"
                   "mkdir h1/.husky h2/.husky h3/.husky;"
                   "printf '#!/bin/sh\ncat; echo theirs $1\n' > h1/.husky/" NAME ";"
                   "printf '# predeploy hook " NAME "\n' > h2/.husky/" NAME ";"
                   "printf 'true\n predeploy hook " NAME " \"$@\"\n' > h3/.husky/" NAME ";"
                   "mkdir hand2; printf '#!/bin/sh\necho gate $3; cat; exit $GATE\n'"
                   " > hand2/predeploy; chmod +x hand2/predeploy");
    check_install(place, "h0", script_one, PD_HOOK_INSTALLED, "h0/.husky/" NAME);
    check_install(place, "h0", script_one, PD_HOOK_PRESENT, "h0/.husky/" NAME);
    check_install(place, "h1", script_one, PD_HOOK_JOINED, "h1/.husky/" NAME);
    check_install(place, "h1", script_one, PD_HOOK_PRESENT, "h1/.husky/" NAME);
    check_install(place, "h2", script_one, PD_HOOK_JOINED, "h2/.husky/" NAME);
    check_install(place, "h3", script_one, PD_HOOK_PRESENT, "h3/.husky/" NAME);
    check_install(place, "h4", script_one, PD_HOOK_INSTALLED, "h4/own/" NAME);
    const char *out = NULL;
#define RUN(gate) "PATH=$PWD/hand2:$PATH GATE=" gate " sh -e h1/.husky/" NAME " o u"
    assert_int_equal(repo_try(place, "printf 'l1\nl2\n' | " RUN("0"), &out), 0);
    assert_string_equal(out, "gate o\nl1\nl2\nl1\nl2\ntheirs o");
    assert_int_equal(repo_try(place, "printf 'l1\nl2\n' | " RUN("3"), &out), 3);
    assert_string_equal(out, "gate o\nl1\nl2");
    assert_int_equal(repo_try(place, ": | " RUN("3"), &out), 0);
    assert_string_equal(out, "theirs o");
}

/* hooks/pre-push by itself: no predeploy, no push; with one, its answer and git's lines count. */
static void test_hook_by_hand(void **state)
{
    repo_place *place = *state;
    const char *out = NULL;
    const char *setup = pd_arena_printf(
        place->arena,
        "mkdir hand hand/bin hand/tools; cp %s/hooks/pre-push hand/; cd hand/tools;"
        "ln -s $(command -v sh) $(command -v cat) .;"
        "printf '#!/bin/sh\\necho gate \"$@\"; cat; exit $GATE\\n' > ../bin/predeploy;"
        "chmod +x ../bin/predeploy",
        PD_SOURCE_DIR);
    repo_sh(place, setup);
    assert_int_equal(
        repo_try(place, "cd hand; echo line | PATH=$PWD/tools ./pre-push o u 2>&1", &out), 1);
    assert_non_null(strstr(out, "predeploy is not on PATH"));
    assert_non_null(strstr(out, "blocked"));
#define PUSH "cd hand; PATH=$PWD/bin:$PWD/tools; printf 'l1\\nl2\\n' | "
    assert_int_equal(repo_try(place, PUSH "GATE=0 ./pre-push o u", &out), 0);
    assert_string_equal(out, "gate hook pre-push o u\nl1\nl2");
    assert_int_equal(repo_try(place, PUSH "GATE=3 ./pre-push o u", &out), 3);
    repo_sh(place, "cd hand; printf '#!/bin/sh\\necho local \"$@\"; cat; exit ${OLD:-0}\\n'"
                   " > pre-push.local; chmod +x pre-push.local");
    assert_int_equal(repo_try(place, PUSH "GATE=0 ./pre-push o u", &out), 0);
    assert_string_equal(out, "local o u\nl1\nl2\ngate hook pre-push o u\nl1\nl2");
    assert_int_equal(repo_try(place, PUSH "GATE=1 ./pre-push o u", &out), 1);
    assert_int_equal(repo_try(place, PUSH "OLD=7 GATE=0 ./pre-push o u", &out), 7);
    assert_string_equal(out, "local o u\nl1\nl2");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_life_of_a_hook), cmocka_unit_test(test_chained),
        cmocka_unit_test(test_others),         cmocka_unit_test(test_places),
        cmocka_unit_test(test_managers),       cmocka_unit_test(test_hook_by_hand),
    };
    return cmocka_run_group_tests(tests, repo_setup, repo_teardown);
}
