#include "git/repository.h"

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/str.h"
#include "git/internal.h"

#define TREE_KEPT_MAX ((size_t)2 << 20) /* bytes of one tree, and of all that libgit2 keeps */
#define TREES_KEPT_MAX ((ssize_t)64 << 20)
#define CODE_FORMAT "git %d" /* of an error: what libgit2 returned */

bool pd_git_fail(pd_error *err, int rc, const char *fmt, ...)
{
    const git_error *last = git_error_last();
    char message[sizeof err->message];
    va_list args;
    va_start(args, fmt);
    vsnprintf(message, sizeof message, fmt, args);
    va_end(args);
    pd_fail(err, PD_ERROR_UNREACHABLE, "%s", message);
    if (last != NULL && last->message != NULL)
        pd_error_detail(err, "%s", last->message);
    char code[sizeof err->code];
    snprintf(code, sizeof code, CODE_FORMAT, rc);
    pd_error_code(err, code);
    return false;
}

bool pd_git_is_missing(const pd_error *err)
{
    char code[sizeof err->code];
    snprintf(code, sizeof code, CODE_FORMAT, GIT_ENOTFOUND);
    return strcmp(err->code, code) == 0;
}

bool pd_git_shallow_hint(pd_error *err)
{
    return pd_error_hint(err,
                         "This clone is shallow: fetch the rest of its history with 'git fetch "
                         "--unshallow', or more of it with 'git fetch --deepen=100' (in GitHub "
                         "Actions: actions/checkout with fetch-depth: 0).");
}

/* Keys are compared here: libgit2 1.5 leaks memory for every key that its own matching by regular
 * expression passes over. */
static bool is_partial(pd_git *git)
{
    PD_AUTO_GIT_HANDLE(git_config) config = NULL;
    PD_AUTO_GIT_HANDLE(git_config_iterator) it = NULL;
    git_config_entry *entry = NULL;
    if (git_repository_config_snapshot(&config, git->repo) != 0 ||
        git_config_iterator_new(&it, config) != 0)
        return false;
    while (git_config_next(&entry, it) == 0) {
        if (strcmp(entry->name, "extensions.partialclone") == 0 ||
            (pd_starts_with(entry->name, "remote.") && pd_ends_with(entry->name, ".promisor")))
            return true;
    }
    return false;
}

bool pd_git_missing_hint(pd_git *git, pd_error *err)
{
    if (is_partial(git))
        return pd_error_hint(err, "This clone is partial: fetch all of its objects with 'git fetch "
                                  "--refetch --no-filter', or clone without --filter.");
    if (pd_git_is_shallow(git))
        return pd_git_shallow_hint(err);
    return pd_error_hint(err, "Objects of the repository are missing or damaged: 'git fsck' lists "
                              "them.");
}

/* Extensions that change nothing for who only reads objects, refs and configuration; libgit2
 * refuses to open a repository that has one it was not told about. */
static int accept_extensions(void)
{
    const char *extensions[] = {"partialclone", "preciousobjects", "worktreeconfig",
                                "relativeworktrees"};
    return git_libgit2_opts(GIT_OPT_SET_EXTENSIONS, extensions,
                            sizeof extensions / sizeof *extensions);
}

/* libgit2 keeps trees of a few KiB; that of a folder with many migrations is larger, and is asked
 * for several times. */
static int keep_large_trees(void)
{
    int rc = git_libgit2_opts(GIT_OPT_SET_CACHE_OBJECT_LIMIT, GIT_OBJECT_TREE, TREE_KEPT_MAX);
    return rc == 0 ? git_libgit2_opts(GIT_OPT_SET_CACHE_MAX_SIZE, TREES_KEPT_MAX) : rc;
}

/* libgit2 1.5 accepts extensions.worktreeConfig without reading the file that it is about. */
static bool read_worktree_config(pd_git *git, pd_error *err)
{
    PD_AUTO_GIT_HANDLE(git_config) config = NULL;
    int rc = git_repository_config(&config, git->repo);
    if (rc != 0)
        return pd_git_fail(err, rc, "cannot read the configuration of %s", git->name);
    int enabled = 0;
    if (git_config_get_bool(&enabled, config, "extensions.worktreeconfig") != 0 || enabled == 0)
        return true;
    const char *path =
        pd_arena_printf(git->arena, "%sconfig.worktree", git_repository_path(git->repo));
    struct stat st;
    if (lstat(path, &st) != 0 && errno == ENOENT)
        return true;
    rc = git_config_add_file_ondisk(config, path, GIT_CONFIG_LEVEL_APP, git->repo, 1);
    return rc == 0 || pd_git_fail(err, rc, "cannot read %s", path);
}

static const char *without_slash(pd_arena *arena, const char *path)
{
    size_t len = strlen(path);
    while (len > 1 && path[len - 1] == '/')
        len--;
    return pd_arena_strndup(arena, path, len);
}

static bool fill(pd_git *git, pd_error *err)
{
    const char *workdir = git_repository_workdir(git->repo);
    if (workdir != NULL)
        git->workdir = without_slash(git->arena, workdir);
    git->name = git->workdir != NULL ? git->workdir
                                     : without_slash(git->arena, git_repository_path(git->repo));
    git->shallow = pd_arena_printf(git->arena, "%s/shallow",
                                   without_slash(git->arena, git_repository_commondir(git->repo)));
    int rc = git_repository_odb(&git->odb, git->repo);
    if (rc != 0)
        return pd_git_fail(err, rc, "cannot open the objects of %s", git->name);
    return read_worktree_config(git, err);
}

bool pd_git_open(pd_git **out, pd_arena *arena, const char *path, pd_error *err)
{
    *out = NULL;
    int rc = pd_git_end_without_memory();
    if (rc == 0)
        rc = pd_git_start();
    if (rc < 0)
        return pd_git_fail(err, rc, "cannot start libgit2");
    PD_AUTO_GIT git = pd_arena_alloc(arena, sizeof *git);
    git->arena = arena;
    rc = accept_extensions();
    if (rc == 0)
        rc = keep_large_trees();
    if (rc != 0)
        return pd_git_fail(err, rc, "cannot start libgit2");
    if (!pd_git_open_owned(&git->repo, path, err) || !fill(git, err))
        return false;
    *out = git;
    git = NULL;
    return true;
}

void pd_git_close(pd_git **git)
{
    if (*git == NULL)
        return;
    git_odb_free((*git)->odb);
    git_repository_free((*git)->repo);
    *git = NULL;
    git_libgit2_shutdown();
}

bool pd_git_is_unborn(pd_git *git)
{
    return git_repository_head_unborn(git->repo) == 1;
}

bool pd_git_is_shallow(pd_git *git)
{
    struct stat st;
    return stat(git->shallow, &st) == 0 && st.st_size > 0;
}

const char *pd_git_workdir(pd_git *git)
{
    return git->workdir;
}

const char *pd_git_folder(pd_git *git)
{
    return without_slash(git->arena, git_repository_commondir(git->repo));
}

bool pd_git_read_config(pd_git *git, const char *key, const char **out, pd_error *err)
{
    PD_AUTO_GIT_HANDLE(git_config) config = NULL;
    PD_AUTO_GIT_HANDLE(git_config_entry) entry = NULL;
    *out = NULL;
    int rc = git_repository_config_snapshot(&config, git->repo);
    if (rc == 0)
        rc = git_config_get_entry(&entry, config, key);
    if (rc == GIT_ENOTFOUND)
        return true;
    if (rc != 0)
        return pd_git_fail(err, rc, "cannot read %s from the configuration of %s", key, git->name);
    /* A key without '=' is a true boolean: git-config(1), "Syntax". */
    *out = pd_arena_strdup(git->arena, entry->value != NULL ? entry->value : "true");
    return true;
}

const char *pd_git_config(pd_git *git, const char *key)
{
    const char *value = NULL;
    pd_error ignored = {0};
    return pd_git_read_config(git, key, &value, &ignored) ? value : NULL;
}
