/* What stands on a server, and what a push brings into its quarantine. */
#include "repo.h"

#include "git/history.h"

static pd_git *open_at(repo_place *place, const char *repo)
{
    pd_git *git = NULL;
    pd_error err = {0};
    if (!pd_git_open(&git, place->arena, repo == NULL ? NULL : repo_path(place, repo), &err))
        fail_msg("%s: %s", repo, err.message);
    return git;
}

static const char *oid_of(repo_place *place, const char *repo, const char *spec)
{
    return repo_ask(place, pd_arena_printf(place->arena, "git -C %s rev-parse %s", repo, spec));
}

static void test_head(void **state)
{
    repo_place *place = *state;
    pd_revision tip;
    pd_error err = {0};
    bool found = true;
    repo_sh(place, "git init -q --bare head.git");
    {
        PD_AUTO_GIT git = open_at(place, "head.git");
        assert_true(pd_git_head_tip(git, &tip, &found, &err));
        assert_false(found);
    }
    repo_sh(place, "git init -q w; cd w; git commit -q --allow-empty -m one;"
                   "git push -q ../head.git main main:other main:refs/remotes/origin/HEAD");
    {
        PD_AUTO_GIT git = open_at(place, "head.git");
        assert_true(pd_git_head_tip(git, &tip, &found, &err));
        assert_true(found);
        assert_string_equal(tip.ref, "refs/heads/main");
        assert_string_equal(tip.oid, oid_of(place, "w", "main"));
    }
    repo_sh(place, "git -C head.git update-ref --no-deref HEAD main");
    {
        PD_AUTO_GIT git = open_at(place, "head.git");
        assert_true(pd_git_head_tip(git, &tip, &found, &err));
        assert_true(found && tip.ref == NULL);
    }
}

static void check_share(repo_place *place, const char *spec, const char *expected)
{
    PD_AUTO_GIT git = open_at(place, "share");
    pd_revision base;
    pd_error err = {0};
    bool any = false;
    bool found = false;
    if (!pd_git_branches_share(git, oid_of(place, "share", spec), &base, &any, &found, &err))
        fail_msg("%s: %s", spec, err.message);
    assert_true(any);
    assert_int_equal(found, expected != NULL);
    if (expected != NULL)
        assert_string_equal(base.oid, oid_of(place, "share", expected));
}

static void test_branches_share(void **state)
{
    repo_place *place = *state;
    repo_sh(place, "git init -q share; cd share; c() { git commit -q --allow-empty -m \"$1\"; };"
                   "c one; git branch old; c two; git checkout -q --detach; c side;"
                   "git tag -a side -m x; git checkout -q --orphan alone; c alone; git tag alone;"
                   "git checkout -q main; git branch -D alone;"
                   "git symbolic-ref refs/heads/sym refs/heads/main");
    check_share(place, "old", "old");
    check_share(place, "main", "main");
    check_share(place, "main~1", "main~1");
    check_share(place, "side", "main");
    check_share(place, "alone", NULL);
}

static void test_no_branches(void **state)
{
    repo_place *place = *state;
    pd_revision base;
    pd_error err = {0};
    bool any = true;
    bool found = true;
    repo_sh(place, "git init -q none; cd none; git commit -q --allow-empty -m one; git tag one;"
                   "git update-ref -d refs/heads/main");
    const char *oid = oid_of(place, "none", "one");
    PD_AUTO_GIT git = open_at(place, "none");
    assert_true(pd_git_branches_share(git, oid, &base, &any, &found, &err));
    assert_false(any || found);
}

static void check_leads(repo_place *place, pd_git *git, const char *spec, bool expected)
{
    pd_error err = {0};
    bool leads = !expected;
    if (!pd_git_leads_to_commit(git, oid_of(place, "kinds", spec), &leads, &err))
        fail_msg("%s: %s", spec, err.message);
    assert_int_equal(leads, expected);
}

static void test_leads_to_commit(void **state)
{
    repo_place *place = *state;
    repo_sh(place,
            "git init -q kinds; cd kinds; echo x > f; git add f; git commit -q -m one;"
            "git tag -a t -m x; git tag -a tt -m x t; git tag -a b -m x HEAD:f;"
            "o=$(git rev-parse HEAD) k=commit i=0; while [ $i -lt 65 ]; do "
            "o=$(printf 'object %s\\ntype %s\\ntag t%s\\ntagger a <a> 1 +0000\\n\\n' $o $k $i |"
            "git mktag) k=tag i=$((i + 1)); git update-ref refs/tags/n$i $o; done");
    PD_AUTO_GIT git = open_at(place, "kinds");
    static const char *const commits[] = {"HEAD", "t", "tt", "n63"};
    static const char *const others[] = {"HEAD:f", "HEAD^{tree}", "b"};
    for (size_t i = 0; i < sizeof commits / sizeof *commits; i++)
        check_leads(place, git, commits[i], true);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        check_leads(place, git, others[i], false);
    pd_error err = {0};
    bool leads = true;
    assert_false(pd_git_leads_to_commit(git, oid_of(place, "kinds", "n65"), &leads, &err));
    assert_int_equal(err.kind, PD_ERROR_UNREACHABLE);
    assert_non_null(strstr(err.message, "a tag of a tag"));
    assert_false(
        pd_git_leads_to_commit(git, "1111111111111111111111111111111111111111", &leads, &err));
    assert_int_equal(err.kind, PD_ERROR_UNREACHABLE);
    assert_non_null(strstr(err.hint, "git fsck"));
}

/* As receive-pack has it for its hooks (git-receive-pack(1), "QUARANTINE ENVIRONMENT"). */
static void test_quarantine(void **state)
{
    repo_place *place = *state;
    pd_error err = {0};
    pd_bytes text = {0};
    pd_revision revision;
    repo_sh(place,
            "git init -q --bare q.git; git clone -q q.git from 2>&1; cd from; echo one > f;"
            "git add f; git commit -q -m one; git push -q origin main;"
            "echo two > f; git commit -q -a -m two; mkdir ../pushed;"
            "git rev-list --objects origin/main..main | cut -d' ' -f1 |"
            "git pack-objects -q ../pushed/pack >/dev/null;"
            "mkdir -p ../q.git/objects/tmp-in/pack; mv ../pushed/* ../q.git/objects/tmp-in/pack");
    const char *was = oid_of(place, "from", "origin/main");
    const char *is = oid_of(place, "from", "main");
    {
        PD_AUTO_GIT git = open_at(place, "q.git");
        assert_false(pd_git_has_commit(git, is));
    }
    setenv("GIT_DIR", repo_path(place, "q.git"), 1);
    setenv("GIT_OBJECT_DIRECTORY", repo_path(place, "q.git/objects/tmp-in"), 1);
    setenv("GIT_ALTERNATE_OBJECT_DIRECTORIES", repo_path(place, "q.git/objects"), 1);
    {
        PD_AUTO_GIT git = open_at(place, NULL);
        assert_true(pd_git_has_commit(git, was) && pd_git_has_commit(git, is));
        assert_true(pd_git_resolve(git, is, &revision, &err));
        assert_true(pd_git_read_file(git, &revision, "f", 100, &text, &err));
        assert_string_equal(text.data, "two\n");
    }
    unsetenv("GIT_DIR");
    unsetenv("GIT_OBJECT_DIRECTORY");
    unsetenv("GIT_ALTERNATE_OBJECT_DIRECTORIES");
}

static void test_config(void **state)
{
    repo_place *place = *state;
    pd_error err = {0};
    const char *value = "";
    repo_sh(place, "git init -q --bare c.git; git -C c.git config predeploy.settings s");
    PD_AUTO_GIT git = open_at(place, "c.git");
    assert_true(pd_git_read_config(git, "predeploy.none", &value, &err));
    assert_null(value);
    assert_true(pd_git_read_config(git, "predeploy.settings", &value, &err));
    assert_string_equal(value, "s");
    assert_string_equal(pd_git_folder(git), repo_path(place, "c.git"));
    assert_false(pd_git_read_config(git, "not a key", &value, &err));
    assert_int_equal(err.kind, PD_ERROR_UNREACHABLE);
    assert_null(pd_git_config(git, "not a key"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_head),        cmocka_unit_test(test_branches_share),
        cmocka_unit_test(test_no_branches), cmocka_unit_test(test_leads_to_commit),
        cmocka_unit_test(test_quarantine),  cmocka_unit_test(test_config),
    };
    return cmocka_run_group_tests(tests, repo_setup, repo_teardown);
}
