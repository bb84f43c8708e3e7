#include "cli/context.h"
#include "git/worktree.h"
#include "layout/layout.h"

/* Where projects keep their migrations when nothing says otherwise. */
static const char *const well_known[] = {
    "migrations",        "drizzle",        "drizzle/migrations",  "db/migrations",
    "src/db/migrations", "src/migrations", "src/drizzle",         "database/migrations",
    "sql/migrations",    "migrations/sql", "supabase/migrations", NULL,
};

/* Lists a folder of the revision, or of the work tree, without content. */
static bool list_folder(pd_context *context, bool worktree, const char *folder,
                        pd_snapshot *snapshot, pd_error *err)
{
    if (worktree)
        return pd_git_worktree(context->git, folder, snapshot, err);
    return pd_git_snapshot(context->git, &context->revision, folder, false, snapshot, err);
}

static bool holds_migrations(pd_context *context, bool worktree, const char *folder, bool *holds,
                             pd_error *err)
{
    pd_snapshot snapshot = {0};
    pd_error no_folder = {0};
    *holds = false;
    if (!list_folder(context, worktree, folder, &snapshot, &no_folder)) {
        /* A file of that name is no folder of migrations; anything else is an error. */
        if (no_folder.kind == PD_ERROR_USAGE)
            return true;
        *err = no_folder;
        return false;
    }
    const char *foreign = NULL;
    *holds = snapshot.count > 0 &&
             (pd_layout_detect(&snapshot, &foreign) != PD_LAYOUT_DETECT || foreign != NULL);
    return true;
}

bool pd_find_folder(pd_context *context, bool worktree, const char **folder, pd_error *err)
{
    if (context->settings.path != NULL) {
        *folder = context->settings.path;
        return true;
    }
    *folder = "";
    for (size_t i = 0; well_known[i] != NULL; i++) {
        bool holds = false;
        if (!holds_migrations(context, worktree, well_known[i], &holds, err))
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
