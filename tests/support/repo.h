/* A place for tests with real git repositories: a temporary folder, an isolated git configuration,
 * shell scripts run in it. Each group of tests makes one with repo_setup and drops it with
 * repo_teardown; both fit cmocka's group fixtures. */
#ifndef PD_TEST_REPO_H
#define PD_TEST_REPO_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/strbuf.h"

#ifdef PD_SANITIZE
/* libgit2 1.5 with PCRE2 loses its match data for each key of the configuration when it opens a
 * repository of format version 1 (git_config_foreach_match). Nothing of ours uses PCRE2. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:libpcre2-8.so\n";
}
#endif

typedef struct repo_place {
    char root[64];
    pd_arena *arena;
} repo_place;

/* Runs `script` with sh -e in the place's root. What it prints goes to *out when that is not NULL
 * (without the last line feeds), else to the test's own output. Returns the exit status. */
static inline int repo_try(const repo_place *place, const char *script, const char **out)
{
    int ends[2] = {-1, -1};
    assert_int_equal(pipe(ends), 0);
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        if (out != NULL)
            dup2(ends[1], STDOUT_FILENO);
        close(ends[0]);
        close(ends[1]);
        if (chdir(place->root) == 0)
            execl("/bin/sh", "sh", "-ec", script, (char *)NULL);
        _exit(127);
    }
    close(ends[1]);
    PD_AUTO_STRBUF text = pd_strbuf_new((size_t)1 << 20);
    char chunk[4096];
    ssize_t got = 0;
    while ((got = read(ends[0], chunk, sizeof chunk)) > 0)
        pd_strbuf_add(&text, chunk, (size_t)got);
    close(ends[0]);
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    while (text.len > 0 && text.data[text.len - 1] == '\n')
        text.data[--text.len] = '\0';
    if (out != NULL)
        *out = pd_strbuf_keep(&text, place->arena);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

static inline void repo_sh(const repo_place *place, const char *script)
{
    if (repo_try(place, script, NULL) != 0)
        fail_msg("this script failed:\n%s", script);
}

/* What a script prints. */
static inline const char *repo_ask(const repo_place *place, const char *script)
{
    const char *out = NULL;
    if (repo_try(place, script, &out) != 0)
        fail_msg("this script failed:\n%s", script);
    return out;
}

static inline const char *repo_path(const repo_place *place, const char *below)
{
    return pd_arena_printf(place->arena, "%s/%s", place->root, below);
}

static inline int repo_setup(void **state)
{
    static const char *const settings[][2] = {
        {"GIT_CONFIG_NOSYSTEM", "1"},
        {"GIT_AUTHOR_NAME", "Ada"},
        {"GIT_AUTHOR_EMAIL", "ada@example.org"},
        {"GIT_COMMITTER_NAME", "Ada"},
        {"GIT_COMMITTER_EMAIL", "ada@example.org"},
        {"GIT_AUTHOR_DATE", "1700000000 +0000"},
        {"GIT_COMMITTER_DATE", "1700000000 +0000"},
    };
    static const char *const unset[] = {
        "GIT_DIR",         "GIT_WORK_TREE",    "GIT_INDEX_FILE",        "GIT_OBJECT_DIRECTORY",
        "XDG_CONFIG_HOME", "GIT_CONFIG_COUNT", "GIT_CONFIG_PARAMETERS", "SUDO_UID"};
    repo_place *place = calloc(1, sizeof *place);
    assert_non_null(place);
    snprintf(place->root, sizeof place->root, "/tmp/predeploy-test-XXXXXX");
    assert_non_null(mkdtemp(place->root));
    place->arena = pd_arena_new();
    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++)
        setenv(settings[i][0], settings[i][1], 1);
    for (size_t i = 0; i < sizeof unset / sizeof *unset; i++)
        unsetenv(unset[i]);
    setenv("HOME", repo_path(place, "home"), 1);
    repo_sh(place, "mkdir home; git config --global init.defaultBranch main;"
                   "git config --global advice.detachedHead false;"
                   "git config --global advice.nestedTag false; git config --global gc.auto 0;"
                   "git config --global protocol.file.allow always");
    *state = place;
    return 0;
}

static inline int repo_teardown(void **state)
{
    repo_place *place = *state;
    repo_sh(place, "chmod -R u+rwX . ; find . -mindepth 1 -delete");
    rmdir(place->root);
    pd_arena_free(place->arena);
    free(place);
    return 0;
}

#endif
