#include "cli/elsewhere.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/printable.h"
#include "base/str.h"
#include "git/worktree.h"
#include "layout/layout.h"

#define FOLDERS_MAX ((size_t)20000)
#define ENTRIES_MAX ((size_t)400000)
#define PATH_BYTES_MAX ((size_t)512)

/* Folders that are still to be looked at, breadth first. */
typedef struct search {
    pd_context *context;
    const char **folders;
    size_t count;
    size_t capacity;
    size_t entries;
} search;

static void close_dir(DIR **dir)
{
    if (*dir != NULL)
        closedir(*dir);
}

static bool is_passed_over(const char *name)
{
    static const char *const names[] = {"node_modules", "vendor", "target",
                                        "venv",         "dist",   "build"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(name, names[i]) == 0)
            return true;
    return name[0] == '.';
}

static bool is_there(const pd_context *context, const char *path, struct stat *st)
{
    const char *full = pd_arena_printf(context->arena, "%s/%s", pd_git_workdir(context->git), path);
    return lstat(full, st) == 0;
}

static bool is_folder(const pd_context *context, const char *path)
{
    struct stat st;
    return is_there(context, path, &st) && S_ISDIR(st.st_mode);
}

static void add_children(search *self, const char *folder)
{
    pd_context *context = self->context;
    const char *full =
        pd_arena_printf(context->arena, "%s/%s", pd_git_workdir(context->git), folder);
    PD_CLEANUP(close_dir) DIR *dir = opendir(full);
    if (dir == NULL || strlen(folder) > PATH_BYTES_MAX)
        return;
    for (struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir)) {
        if (self->entries++ >= ENTRIES_MAX || self->count >= FOLDERS_MAX)
            return;
        if ((entry->d_type != DT_DIR && entry->d_type != DT_UNKNOWN) ||
            is_passed_over(entry->d_name))
            continue;
        const char *path = pd_arena_printf(context->arena, "%s%s%s", folder,
                                           folder[0] == '\0' ? "" : "/", entry->d_name);
        if (entry->d_type == DT_DIR || is_folder(context, path))
            *PD_PUSH(context->arena, self->folders, self->count, self->capacity) = path;
    }
}

static bool holds_migrations(pd_context *context, const char *folder)
{
    pd_snapshot snapshot = {0};
    pd_error none = {0};
    bool left_out = false;
    return pd_is_usual_folder(folder) &&
           pd_git_is_left_out(context->git, folder, &left_out, &none) && !left_out &&
           pd_git_worktree(context->git, folder, &snapshot, &none) && snapshot.count > 0 &&
           pd_layout_holds(&snapshot, &context->settings);
}

static int compare_folders(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

void pd_elsewhere_find(pd_context *context, pd_elsewhere *out)
{
    search self = {.context = context};
    *out = (pd_elsewhere){0};
    if (pd_git_workdir(context->git) == NULL)
        return;
    add_children(&self, "");
    for (size_t i = 0; i < self.count && !out->more; i++) {
        add_children(&self, self.folders[i]);
        if (!holds_migrations(context, self.folders[i]))
            continue;
        out->more = out->count == PD_ELSEWHERE_MAX;
        if (!out->more)
            out->folders[out->count++] = self.folders[i];
    }
    qsort(out->folders, out->count, sizeof out->folders[0], compare_folders);
}

const char *pd_elsewhere_hint(pd_context *context)
{
    pd_elsewhere found;
    pd_elsewhere_find(context, &found);
    if (found.count == 0)
        return NULL;
    pd_arena *arena = context->arena;
    PD_AUTO_STRBUF list = pd_strbuf_new(PD_STRBUF_MAX);
    for (size_t i = 0; i < found.count; i++)
        pd_strbuf_addf(&list, "%s%s", i == 0 ? "" : ", ", pd_printable(arena, found.folders[i]));
    return pd_arena_printf(arena,
                           "%s%s hold%s migrations. Say which are meant, from the root of the work "
                           "tree: predeploy init --path %s",
                           list.data, found.more ? " and more" : "", found.count == 1 ? "s" : "",
                           pd_shell_word(arena, pd_printable(arena, found.folders[0])));
}

bool pd_elsewhere_refuse(pd_context *context, pd_error *err)
{
    const char *hint = pd_elsewhere_hint(context);
    if (hint == NULL)
        return true;
    pd_fail(err, PD_ERROR_USAGE, "migrations stand in none of the usual places");
    return pd_error_hint(err, "%s", hint);
}

const char *pd_elsewhere_here(const pd_context *context)
{
    char *here = realpath(".", NULL);
    char *root = realpath(pd_git_workdir(context->git), NULL);
    const char *out = NULL;
    if (here != NULL && root != NULL) {
        size_t len = strlen(root);
        if (strncmp(here, root, len) == 0 && here[len] == '/')
            out = pd_arena_strdup(context->arena, here + len + 1);
    }
    free(here);
    free(root);
    return out;
}

const char *pd_elsewhere_from_here(pd_context *context, const char *path)
{
    if (pd_git_workdir(context->git) == NULL || is_folder(context, path))
        return NULL;
    const char *here = pd_elsewhere_here(context);
    if (here == NULL)
        return NULL;
    const char *meant =
        path[0] == '\0' ? here : pd_arena_printf(context->arena, "%s/%s", here, path);
    return is_folder(context, meant) ? meant : NULL;
}

bool pd_elsewhere_check_path(pd_context *context, bool may_begin, pd_error *err)
{
    struct stat st;
    const char *path = context->settings.path;
    if (context->args.path == NULL || pd_blank(path) || is_there(context, path, &st))
        return true;
    pd_arena *arena = context->arena;
    const char *meant = pd_elsewhere_from_here(context, path);
    if (meant == NULL && may_begin)
        return true;
    pd_fail(err, PD_ERROR_USAGE, "there is no folder %s in the work tree", path);
    if (meant != NULL)
        return pd_error_hint(err, "Paths begin at the root of the work tree: --path %s",
                             pd_shell_word(arena, pd_printable(arena, meant)));
    const char *hint = pd_elsewhere_hint(context);
    if (hint != NULL)
        return pd_error_hint(err, "%s", hint);
    return pd_error_hint(err, "Paths begin at the root of the work tree. To begin in a new folder, "
                              "make it first (mkdir).");
}
