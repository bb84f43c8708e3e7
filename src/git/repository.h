/* Git repositories, read through libgit2. Content comes from objects, never through filters;
 * only pd_git_worktree reads files, and gives the bytes that `git add` would store.
 */
#ifndef PD_GIT_REPOSITORY_H
#define PD_GIT_REPOSITORY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"
#include "domain/revision.h"

typedef struct pd_git pd_git;

/* Opens the repository at path, or found upwards from it; NULL: from the current folder, with
 * GIT_DIR and its kin respected, as git does inside a hook. Bare repositories and worktrees are
 * fine. Errors are PD_ERROR_UNREACHABLE: no repository there, one that another user owns (hint:
 * the exact `git config --global --add safe.directory` command), a format libgit2 cannot read. */
bool pd_git_open(pd_git **out, pd_arena *arena, const char *path, pd_error *err) PD_CHECKED;

/* Whether that is the error of pd_git_open where no repository is. */
bool pd_git_is_missing(const pd_error *err);
void pd_git_close(pd_git **git);
#define PD_AUTO_GIT PD_CLEANUP(pd_git_close) pd_git *

/* Resolves any rev-parse expression to a commit, through annotated tags. Errors are
 * PD_ERROR_UNREACHABLE: no such revision (hint; a shallow clone has one of its own: git fetch
 * --unshallow), not a commit, a missing object. */
bool pd_git_resolve(pd_git *git, const char *spec, pd_revision *out, pd_error *err) PD_CHECKED;

/* Lists folder ("" for the root) at the commit, two levels deep, with the content of wanted
 * entries (pd_entry_wanted) when `contents` is set. A folder that is not there gives an empty
 * snapshot. Sizes are asked before anything is loaded. */
bool pd_git_snapshot(pd_git *git, const pd_revision *revision, const char *folder, bool contents,
                     pd_snapshot *out, pd_error *err) PD_CHECKED;

/* The object id of a folder at the commit; "" when there is no folder at that path. */
bool pd_git_folder_oid(pd_git *git, const pd_revision *revision, const char *folder,
                       char out[PD_OID_HEX], pd_error *err) PD_CHECKED;

/* Reads one file at the commit. out->data is NULL when it is not there; larger than max, or no
 * regular file: PD_ERROR_USAGE. */
bool pd_git_read_file(pd_git *git, const pd_revision *revision, const char *path, size_t max,
                      pd_bytes *out, pd_error *err) PD_CHECKED;

bool pd_git_is_shallow(pd_git *git);
bool pd_git_is_unborn(pd_git *git); /* HEAD names a branch that has no commit yet */

/* The work tree's root, NULL for a bare repository. */
const char *pd_git_workdir(pd_git *git);

/* Where the repository keeps its own files: absolute, without a slash at its end. */
const char *pd_git_folder(pd_git *git);

/* A value of git's configuration (all levels), NULL when it is not set. */
const char *pd_git_config(pd_git *git, const char *key);

/* The same for a value that a gate depends on: what cannot be read is PD_ERROR_UNREACHABLE. */
bool pd_git_read_config(pd_git *git, const char *key, const char **out, pd_error *err) PD_CHECKED;

#endif
