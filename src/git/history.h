/* Where commits stand to each other, and what is published already. */
#ifndef PD_GIT_HISTORY_H
#define PD_GIT_HISTORY_H

#include <stdbool.h>

#include "git/repository.h"

/* The merge base of two commits. *found is false when they share no history; a shallow clone in
 * which that cannot be told is PD_ERROR_UNREACHABLE with the hint how to fetch more. */
bool pd_git_merge_base(pd_git *git, const char *oid_a, const char *oid_b, pd_revision *out,
                       bool *found, pd_error *err) PD_CHECKED;

/* What `remote` (NULL: any) is known to have of the history of commit `oid`: the best merge base
 * with its tracking refs. *found is false when there are none, or no shared history. */
bool pd_git_published(pd_git *git, const char *remote, const char *oid, pd_revision *out,
                      bool *found, pd_error *err) PD_CHECKED;

/* The base of a commit when nothing names one: its merge base with the upstream of HEAD's branch,
 * else with the remote's HEAD (refs/remotes/origin/HEAD); out->ref is that tracking ref. oid NULL
 * is HEAD's commit. *found is false when neither exists, or no shared history. */
bool pd_git_default_base(pd_git *git, const char *oid, pd_revision *out, bool *found,
                         pd_error *err) PD_CHECKED;

/* Whether the repository has the commit, or the annotated tag of one. */
bool pd_git_has_commit(pd_git *git, const char *oid);

#endif
