#include "git/hooks.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/str.h"
#include "git/hook_managers.h"
#include "git/internal.h"

#define HOOK_MODE ((mode_t)0755)
#define HOOK_MAX ((size_t)1 << 20) /* a larger file is none of ours */

typedef enum standing {
    STANDING_NONE,
    STANDING_OURS,  /* another text of ours, or not executable */
    STANDING_SAME,  /* ours, as it would be written */
    STANDING_OTHER, /* somebody else's */
} standing;

static bool fail_errno(pd_error *err, const char *what, const char *path)
{
    int saved = errno;
    pd_fail(err, PD_ERROR_USAGE, "cannot %s %s", what, path);
    return pd_error_detail(err, "%s", strerror(saved));
}

/* core.hooksPath; a relative one starts where hooks run: the work tree's root, in a bare
 * repository the repository itself (git-config(1), githooks(5)). */
static bool find_folder(pd_git *git, pd_arena *arena, const char **out, pd_error *err)
{
    PD_AUTO_GIT_HANDLE(git_config) config = NULL;
    PD_AUTO_GIT_BUF value = {0};
    int rc = git_repository_config_snapshot(&config, git->repo);
    if (rc == 0)
        rc = git_config_get_path(&value, config, "core.hookspath");
    if (rc != 0 && rc != GIT_ENOTFOUND)
        return pd_git_fail(err, rc, "cannot read core.hooksPath of %s", git->name);
    if (rc == GIT_ENOTFOUND || value.size == 0)
        *out = pd_arena_printf(arena, "%shooks", git_repository_commondir(git->repo));
    else if (value.ptr[0] == '/')
        *out = pd_arena_strdup(arena, value.ptr);
    else
        *out = pd_arena_printf(arena, "%s/%s", git->name, value.ptr);
    return true;
}

/* mkdir -p */
static bool make_folder(pd_arena *arena, const char *folder, pd_error *err)
{
    char *path = pd_arena_strdup(arena, folder);
    for (size_t i = 1; path[i - 1] != '\0'; i++) {
        char kept = path[i];
        if (kept != '/' && kept != '\0')
            continue;
        path[i] = '\0';
        if (mkdir(path, 0777) != 0 && errno != EEXIST)
            return fail_errno(err, "make the hooks folder", folder);
        path[i] = kept;
    }
    struct stat st;
    if (stat(folder, &st) == 0 && S_ISDIR(st.st_mode))
        return true;
    pd_fail(err, PD_ERROR_USAGE, "cannot install a hook in %s: it is not a folder", folder);
    return pd_error_hint(err, "core.hooksPath points there; 'git config --show-origin "
                              "core.hooksPath' says who set it.");
}

static bool has_marker(const char *text)
{
    size_t len = strlen(PD_HOOK_MARKER);
    for (const char *at = strstr(text, PD_HOOK_MARKER); at != NULL;
         at = strstr(at + 1, PD_HOOK_MARKER)) {
        if ((at == text || at[-1] == '\n') && (at[len] == '\n' || at[len] == '\0'))
            return true;
    }
    return false;
}

/* What stands at path now; *there is its text as far as it is a regular file of ours or others. */
static bool look(pd_arena *arena, const char *path, const char *script, standing *out,
                 const char **there, pd_error *err)
{
    struct stat st;
    *out = STANDING_NONE;
    *there = "";
    if (lstat(path, &st) != 0)
        return errno == ENOENT || errno == ENOTDIR || fail_errno(err, "read", path);
    *out = STANDING_OTHER;
    if (S_ISDIR(st.st_mode))
        return pd_fail(err, PD_ERROR_USAGE, "cannot install %s: a folder is in its place", path);
    if (!S_ISREG(st.st_mode) || (uint64_t)st.st_size > HOOK_MAX)
        return true;
    pd_bytes text = {0};
    if (!pd_file_read_regular(path, path, HOOK_MAX, arena, &text, err))
        return false;
    if (text.data == NULL)
        return true;
    *there = text.data;
    if (!has_marker(text.data))
        return true;
    bool same = text.len == strlen(script) && memcmp(text.data, script, text.len) == 0;
    *out = same && (st.st_mode & 0111) == 0111 ? STANDING_SAME : STANDING_OURS;
    return true;
}

static bool fail_taken(pd_error *err, const char *path, const char *local)
{
    pd_fail(err, PD_ERROR_USAGE, "cannot install %s: both it and %s are somebody else's", path,
            local);
    return pd_error_hint(err, "Join the two hooks in one of the files, remove the other, and "
                              "install again.");
}

/* Gives the hook at path a second name, which never takes the place of another file; the first
 * one is replaced when ours is renamed over it. */
static bool keep_other(const char *path, const char *local, pd_error *err)
{
    struct stat st;
    assert(path != NULL && local != NULL);
    if (link(path, local) == 0)
        return true;
    if (errno == EEXIST || lstat(local, &st) == 0)
        return fail_taken(err, path, local);
    /* A file system without hard links. */
    return rename(path, local) == 0 || fail_errno(err, "rename", path);
}

static bool write_hook(const pd_hook_plan *plan, const char *local, pd_error *err)
{
    if (pd_file_write(plan->path, plan->text, strlen(plan->text), plan->mode, err))
        return true;
    /* Back to where it was, whether there are two names of it now or one. */
    if (local != NULL && rename(local, plan->path) == 0)
        unlink(local); /* rename(2) leaves two hard links of one file alone */
    return false;
}

/* ---- where it goes ---- */

static void free_path(char **path)
{
    free(*path);
}
#define AUTO_PATH PD_CLEANUP(free_path) char *

static bool is_below(const char *path, const char *root)
{
    AUTO_PATH real = root == NULL ? NULL : realpath(root, NULL);
    size_t len = real == NULL ? 0 : strlen(real);
    return len > 1 && strncmp(path, real, len) == 0 && (path[len] == '/' || path[len] == '\0');
}

/* Judges the nearest folder that is there: the others are made in it. */
static bool is_inside(pd_git *git, const char *folder)
{
    char *path = pd_arena_strdup(git->arena, folder);
    AUTO_PATH real = realpath(path, NULL);
    while (real == NULL && strchr(path, '/') != NULL) {
        *strrchr(path, '/') = '\0';
        real = realpath(path[0] == '\0' ? "/" : path, NULL);
    }
    return real != NULL &&
           (is_below(real, git->workdir) || is_below(real, git_repository_commondir(git->repo)));
}

/* husky runs a file of the project: ours is a call in it. */
static bool plan_husky(pd_git *git, const char *name, const char *folder, pd_hook_plan *out,
                       pd_error *err)
{
    struct stat st;
    standing now = STANDING_NONE;
    const char *there = "";
    const char *path = pd_arena_printf(git->arena, "%s/%s", folder, name);
    if (!look(git->arena, path, "", &now, &there, err))
        return false;
    *out = (pd_hook_plan){
        .path = path,
        .folder = folder,
        .state = PD_HOOK_INSTALLED,
        .manager = "husky",
        .text = pd_hook_for_husky(git->arena, name, there),
        .shown = pd_hook_for_husky(git->arena, name, ""),
        .mode = 0644,
    };
    if (now == STANDING_NONE)
        return true;
    if (lstat(path, &st) != 0 || !S_ISREG(st.st_mode) || (uint64_t)st.st_size > HOOK_MAX)
        out->state = PD_HOOK_MANAGED;
    else
        out->state = pd_hook_calls(git->arena, there, name) ? PD_HOOK_PRESENT : PD_HOOK_JOINED;
    out->mode = st.st_mode & 0777;
    return true;
}

/* pre-commit keeps a hook that it found as NAME.legacy, and asks it first. */
static bool plan_legacy(pd_git *git, const char *script, pd_hook_plan *plan, standing *now,
                        pd_error *err)
{
    const char *there = "";
    standing kept = STANDING_NONE;
    const char *path = pd_arena_printf(git->arena, "%s.legacy", plan->path);
    if (!look(git->arena, path, script, &kept, &there, err))
        return false;
    if (kept != STANDING_OURS && kept != STANDING_SAME)
        return true;
    plan->path = path;
    *now = kept;
    return true;
}

static bool plan_plain(pd_git *git, const char *name, const char *script, pd_hook_plan *out,
                       pd_error *err)
{
    static const pd_hook_state states[] = {
        [STANDING_NONE] = PD_HOOK_INSTALLED,
        [STANDING_OURS] = PD_HOOK_UPDATED,
        [STANDING_SAME] = PD_HOOK_PRESENT,
        [STANDING_OTHER] = PD_HOOK_CHAINED,
    };
    standing now = STANDING_NONE;
    const char *there = "";
    struct stat st;
    out->path = pd_arena_printf(git->arena, "%s/%s", out->folder, name);
    out->text = script;
    out->shown = pd_arena_printf(git->arena, "predeploy hook %s\n", name);
    out->mode = HOOK_MODE;
    if (!look(git->arena, out->path, script, &now, &there, err) ||
        (pd_hook_is_pre_commit(there) && !plan_legacy(git, script, out, &now, err)))
        return false;
    out->state = states[now];
    if (now != STANDING_OTHER)
        return true;
    if (pd_hook_is_lefthook(there)) {
        bool calls = pd_hook_lefthook_calls(git->arena, git->workdir, name);
        out->state = calls ? PD_HOOK_PRESENT : PD_HOOK_MANAGED;
        out->manager = "lefthook";
        out->shown = pd_hook_for_lefthook(git->arena, name);
        return true;
    }
    out->local = pd_arena_printf(git->arena, "%s.local", out->path);
    return lstat(out->local, &st) != 0 || fail_taken(err, out->path, out->local);
}

bool pd_hook_look(pd_git *git, const char *name, const char *script, pd_hook_plan *out,
                  pd_error *err)
{
    const char *folder = "";
    const char *own = "";
    *out = (pd_hook_plan){0};
    if (!find_folder(git, git->arena, &folder, err))
        return false;
    out->folder = folder;
    bool planned = pd_hook_is_husky(git->arena, folder, &own)
                       ? plan_husky(git, name, own, out, err)
                       : plan_plain(git, name, script, out, err);
    if (planned)
        out->inside = is_inside(git, out->folder);
    return planned;
}

static bool fail_managed(const pd_hook_plan *plan, pd_error *err)
{
    pd_fail(err, PD_ERROR_USAGE, "cannot install %s: it is written by %s", plan->path,
            plan->manager);
    return pd_error_hint(err,
                         "Let %s call the gate: `predeploy init` shows the lines that it "
                         "needs.",
                         plan->manager);
}

bool pd_hook_install(pd_git *git, const char *name, const char *script, const char **path,
                     pd_hook_state *state, pd_error *err)
{
    assert(has_marker(script));
    pd_hook_plan plan = {0};
    *path = NULL;
    if (!pd_hook_look(git, name, script, &plan, err) || !make_folder(git->arena, plan.folder, err))
        return false;
    *path = plan.path;
    *state = plan.state;
    switch (plan.state) {
    case PD_HOOK_PRESENT:
        return true;
    case PD_HOOK_MANAGED:
        return fail_managed(&plan, err);
    case PD_HOOK_CHAINED:
        return keep_other(plan.path, plan.local, err) && write_hook(&plan, plan.local, err);
    case PD_HOOK_INSTALLED:
    case PD_HOOK_UPDATED:
    case PD_HOOK_JOINED:
        break;
    }
    return write_hook(&plan, NULL, err);
}
