#include <string.h>
#include <sys/stat.h>

#include "base/str.h"
#include "cli/context.h"
#include "git/worktree.h"
#include "layout/layout.h"

/* Where projects keep their migrations when nothing says otherwise. */
static const char *const well_known[] = {
    "migrations",
    "drizzle",
    "drizzle/migrations",
    "db/migrations",
    "src/db/migrations",
    "src/migrations",
    "src/drizzle",
    "database/migrations",
    "sql/migrations",
    "migrations/sql",
    "supabase/migrations",
    "prisma/migrations",
    "db/migration",
    "src/main/resources/db/migration",
    NULL,
};

bool pd_is_usual_folder(const char *path)
{
    size_t len = strlen(path);
    for (size_t i = 0; well_known[i] != NULL; i++) {
        size_t name = strlen(well_known[i]);
        if (pd_ends_with(path, well_known[i]) && (len == name || path[len - name - 1] == '/'))
            return true;
    }
    return false;
}

/* Lists a folder of the revision, or of the work tree, without content. */
static bool list_folder(pd_context *context, const pd_revision *revision, const char *folder,
                        pd_snapshot *snapshot, pd_error *err)
{
    if (revision == NULL)
        return pd_git_worktree(context->git, folder, snapshot, err);
    return pd_git_snapshot(context->git, revision, folder, false, snapshot, err);
}

static bool is_work_folder(pd_context *context, const char *folder)
{
    struct stat info;
    const char *path =
        pd_arena_printf(context->arena, "%s/%s", pd_git_workdir(context->git), folder);
    return lstat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

static bool holds_migrations(pd_context *context, const pd_revision *revision,
                             const pd_settings *settings, const char *folder, bool *holds,
                             pd_error *err)
{
    pd_snapshot snapshot = {0};
    pd_error no_folder = {0};
    *holds = false;
    if (revision == NULL && !is_work_folder(context, folder))
        return true;
    if (!list_folder(context, revision, folder, &snapshot, &no_folder)) {
        /* A file of that name is no folder of migrations; anything else is an error. */
        if (revision != NULL && no_folder.kind == PD_ERROR_USAGE)
            return true;
        *err = no_folder;
        return false;
    }
    *holds = snapshot.count > 0 && pd_layout_holds(&snapshot, settings);
    return true;
}

bool pd_find_folder(pd_context *context, const pd_revision *revision, const pd_settings *settings,
                    const char **folder, pd_error *err)
{
    if (settings->path != NULL) {
        *folder = settings->path;
        return true;
    }
    *folder = "";
    for (size_t i = 0; well_known[i] != NULL; i++) {
        bool holds = false;
        if (!holds_migrations(context, revision, settings, well_known[i], &holds, err))
            return false;
        if (!holds)
            continue;
        if ((*folder)[0] != '\0') {
            pd_fail(err, PD_ERROR_USAGE, "both %s and %s hold migrations", *folder, well_known[i]);
            return pd_error_hint(err,
                                 "Say which is meant: git config -f %s migrations.path %s, and "
                                 "commit it; or --path.",
                                 PD_SETTINGS_FILE, *folder);
        }
        *folder = well_known[i];
    }
    return true;
}
