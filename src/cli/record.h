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

#endif
