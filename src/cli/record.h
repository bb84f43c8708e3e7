/* The migrations of the work tree, for the commands that write beside them: record, init, new. */
#ifndef PD_CLI_RECORD_H
#define PD_CLI_RECORD_H

#include "cli/context.h"
#include "layout/manifest.h"

/* Reads the set of the work tree into the context; *found is false, and nothing is read, when no
 * folder of migrations was named or found. Wants pd_context_worktree_settings. */
bool pd_worktree_read(pd_context *context, bool *found, pd_error *err) PD_CHECKED;

/* Whether the set was read as a whole; else PD_ERROR_USAGE with what the finding says. */
bool pd_worktree_readable(const pd_context *context, pd_error *err) PD_CHECKED;

/* What SHA256SUMS should be, held against what is published. */
bool pd_worktree_record(pd_context *context, pd_record *out, pd_error *err) PD_CHECKED;

/* Whether SHA256SUMS of the work tree is another one than record->text. */
bool pd_worktree_sums_differ(const pd_context *context, const pd_record *record);

/* A path of the migrations folder, from the root of the work tree; in the arena. */
const char *pd_worktree_path(const pd_context *context, const char *entry);

/* Files that a commit will not have, because git ignores them; paths from the work tree's root. */
typedef struct pd_ignored {
    const char **paths;
    size_t count;
    size_t capacity;
} pd_ignored;

/* Adds the path, which is kept, when it is one of those. */
bool pd_ignored_add(pd_context *context, const char *path, pd_ignored *out,
                    pd_error *err) PD_CHECKED;

/* Adds what of the set, of its journal and of SHA256SUMS is ignored. */
bool pd_worktree_ignored(pd_context *context, pd_ignored *out, pd_error *err) PD_CHECKED;

/* A line for each of the first ones, and how to find out why; nothing when there are none. */
void pd_ignored_show(pd_arena *arena, const pd_ignored *ignored, const char *lead, pd_strbuf *out);
void pd_ignored_warn(pd_context *context, const pd_ignored *ignored); /* to stderr */

#endif
