/* Migrations that stand in none of the usual places, as in a repository of several projects. */
#ifndef PD_CLI_ELSEWHERE_H
#define PD_CLI_ELSEWHERE_H

#include "cli/context.h"

#define PD_ELSEWHERE_MAX ((size_t)5)

typedef struct pd_elsewhere {
    const char *folders[PD_ELSEWHERE_MAX]; /* from the root of the work tree, by name */
    size_t count;
    bool more; /* than are listed */
} pd_elsewhere;

/* Searches the work tree below its root for folders with a usual name that hold migrations. Hidden
 * folders, those of packages and what git ignores are passed over, and so is what cannot be read;
 * a tree that is very large or deep is searched in part. */
void pd_elsewhere_find(pd_context *context, pd_elsewhere *out);

/* Fails with PD_ERROR_USAGE when there are any: nothing is begun beside them. */
bool pd_elsewhere_refuse(pd_context *context, pd_error *err) PD_CHECKED;

/* The current folder, from the root of the work tree; NULL at the root, and outside of it. In the
 * arena. */
const char *pd_elsewhere_here(const pd_context *context);

/* Where the folder stands that --path names from the current folder, when the root has none of that
 * name; NULL: it does not. In the arena. */
const char *pd_elsewhere_from_here(pd_context *context, const char *path);

/* Fails with PD_ERROR_USAGE when --path names no folder of the work tree; with `may_begin` only
 * when it names one of the current folder. */
bool pd_elsewhere_check_path(pd_context *context, bool may_begin, pd_error *err) PD_CHECKED;

/* What says where they are, for a hint; NULL when nothing was found. In the arena. */
const char *pd_elsewhere_hint(pd_context *context);

#endif
