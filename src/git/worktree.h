/* The migrations folder of the work tree, for the commands that write beside it (record). */
#ifndef PD_GIT_WORKTREE_H
#define PD_GIT_WORKTREE_H

#include "git/repository.h"

/* As pd_git_snapshot with contents, over the files that stand in the work tree, with the bytes
 * that `git add` would store (line endings and clean filters applied), so that a hash recorded
 * here is the hash of the blob. Symlinks are listed, never followed. PD_ERROR_USAGE in a bare
 * repository. */
bool pd_git_worktree(pd_git *git, const char *folder, pd_snapshot *out, pd_error *err) PD_CHECKED;

/* Whether `git add` would pass over the path, from the root of the work tree: it is ignored and not
 * tracked. It need not be there. */
bool pd_git_is_left_out(pd_git *git, const char *path, bool *out, pd_error *err) PD_CHECKED;

/* Whether a file stands in the work tree that HEAD does not have, or has with other content, and
 * that git does not ignore; the path from the work tree's root. False in a bare repository. */
bool pd_git_is_uncommitted(pd_git *git, const char *path, bool *out, pd_error *err) PD_CHECKED;

#endif
