/* Repositories that another user owns: refused as git refuses them, with the way out. */
#include "repo.h"

#include "git/repository.h"

#define FOREIGN "12345" /* a user id that nobody has */

static int setup(void **state)
{
    repo_setup(state);
    repo_sh(*state, "git init -q plain; cd plain; git commit -q --allow-empty -m x;"
                    "git clone -q --bare . ../bare.git");
    return 0;
}

static bool opens(repo_place *place, const char *folder, pd_error *err)
{
    PD_AUTO_GIT git = NULL;
    return pd_git_open(&git, place->arena, repo_path(place, folder), err);
}

typedef struct ownership {
    const char *folder;
    const char *script; /* run before; %s is the place's root */
    bool opens;
} ownership;

static void check_ownership(repo_place *place, const ownership *scenario)
{
    pd_error err = {0};
    repo_sh(place, "git config --global --unset-all safe.directory || true");
    repo_sh(place, scenario->script);
    bool opened = opens(place, scenario->folder, &err);
    if (opened != scenario->opens)
        fail_msg("%s after '%s': %s (%s)", scenario->folder, scenario->script, err.message,
                 err.detail);
    if (opened)
        return;
    const char *path = repo_path(place, scenario->folder);
    assert_int_equal(err.kind, PD_ERROR_UNREACHABLE);
    assert_non_null(strstr(err.message, path));
    assert_non_null(strstr(err.message, "another user owns it"));
    assert_non_null(strstr(err.detail, "belongs to user id " FOREIGN));
    assert_non_null(strstr(err.detail, "runs as user id 0"));
    const char *command = strstr(err.hint, "git config --global --add safe.directory ");
    assert_non_null(command);
    repo_sh(place, command);
    assert_true(opens(place, scenario->folder, &err));
}

/* Needs root: only root can give a repository away. Another user sees the same through a
 * repository of root's, which is why the check is not simply passed over then. */
static void test_foreign_owner(void **state)
{
    repo_place *place = *state;
    if (geteuid() != 0) {
        repo_sh(place, "test \"$(id -u)\" -ne 0");
        return;
    }
    repo_sh(place, "cp -r plain foreign; cp -r bare.git foreign.git; cp -r plain \"it's foreign\";"
                   "cp -r plain half; chown -R " FOREIGN " foreign foreign.git half/.git"
                   " \"it's foreign\"");
    const ownership scenarios[] = {
        {"foreign", ":", false},
        {"foreign.git", ":", false},
        {"it's foreign", ":", false},
        {"half", ":", false},
        {"foreign", "git config --global safe.directory $PWD/elsewhere", false},
        {"foreign", "git config --global safe.directory $PWD/foreig", false},
        {"foreign", "git config --global safe.directory $PWD/foreign", true},
        {"foreign", "git config --global safe.directory $PWD/foreign/", true},
        {"foreign.git", "git config --global safe.directory $PWD/foreign.git", true},
        {"foreign", "git config --global safe.directory '*'", true},
        {"foreign", "git config --global safe.directory $PWD/'*'", true},
        {"foreign", "git config --global safe.directory '~/../foreign'", false},
        {"foreign.git", "git config --global safe.directory '*'", true},
        {"half", "git config --global safe.directory '*'", true},
        {"foreign",
         "git config --global safe.directory '*'; git config --global --add safe.directory ''",
         false},
        {"foreign", "printf '[safe]\\n\\tdirectory = *\\n' >> foreign/.git/config", false},
    };
    for (size_t i = 0; i < sizeof scenarios / sizeof *scenarios; i++)
        check_ownership(place, &scenarios[i]);
}

static void test_foreign_owner_environment(void **state)
{
    repo_place *place = *state;
    pd_error err = {0};
    repo_sh(place, "git config --global --unset-all safe.directory || true;"
                   "test -d foreign || cp -r plain foreign");
    setenv("GIT_CONFIG_COUNT", "2", 1);
    setenv("GIT_CONFIG_KEY_0", "user.name", 1);
    setenv("GIT_CONFIG_VALUE_0", "*", 1);
    setenv("GIT_CONFIG_KEY_1", "Safe.Directory", 1);
    setenv("GIT_CONFIG_VALUE_1", repo_path(place, "foreign"), 1);
    bool named = opens(place, "foreign", &err);
    setenv("GIT_CONFIG_VALUE_1", "/elsewhere", 1);
    bool elsewhere = opens(place, "foreign", &err);
    setenv("GIT_CONFIG_VALUE_1", repo_path(place, "foreign"), 1);
    setenv("GIT_CONFIG_COUNT", "x", 1);
    bool malformed = opens(place, "foreign", &err);
    unsetenv("GIT_CONFIG_COUNT");
    assert_true(named);
    assert_int_equal(elsewhere, geteuid() != 0);
    assert_int_equal(malformed, geteuid() != 0);
    assert_int_equal(opens(place, "foreign", &err), geteuid() != 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_foreign_owner),
        cmocka_unit_test(test_foreign_owner_environment),
    };
    return cmocka_run_group_tests(tests, setup, repo_teardown);
}
