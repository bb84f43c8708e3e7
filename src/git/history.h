/* Where commits stand to each other, and what is published already. */
#ifndef PD_GIT_HISTORY_H
#define PD_GIT_HISTORY_H

#include <stdbool.h>

#include "git/repository.h"

/* The merge base of two commits. *found is false when they share no history; a shallow clone in
 * which that cannot be told is PD_ERROR_UNREACHABLE with the hint how to fetch more. */
bool pd_git_merge_base(pd_git *git, const char *oid_a, const char *oid_b, pd_revision *out,
                       bool *found, pd_error *err) PD_CHECKED;

/* All merge bases of two commits, the newest first: histories that merged each other crosswise have
 * several, and each of them is published. More than PD_BASES_MAX are an error. */
#define PD_BASES_MAX 8
bool pd_git_merge_bases(pd_git *git, const char *oid_a, const char *oid_b,
                        pd_revision out[PD_BASES_MAX], size_t *count, pd_error *err) PD_CHECKED;

/* What `remote` (NULL: any) is known to have of the history of commit `oid`: the best merge base
 * with its tracking refs. *found is false when there are none, or no shared history. */
bool pd_git_published(pd_git *git, const char *remote, const char *oid, pd_revision *out,
                      bool *found, pd_error *err) PD_CHECKED;

/* Where work on HEAD goes when nothing names it: the upstream of HEAD's branch, else the remote's
 * HEAD (refs/remotes/origin/HEAD, or the remote's `default_branch` when that is not NULL); in a
 * bare repository its own HEAD. out->ref is that ref. *found is false when none of them is there.
 */
bool pd_git_default_tip(pd_git *git, const char *default_branch, pd_revision *out, bool *found,
                        pd_error *err) PD_CHECKED;

/* The tip of a remote's default branch, as far as it was fetched: its HEAD, main, master, or its
 * only branch. *found is false when nothing of it was fetched; PD_ERROR_UNREACHABLE when it has
 * several branches and none of those. */
bool pd_git_remote_tip(pd_git *git, const char *remote, pd_revision *out, bool *found,
                       pd_error *err) PD_CHECKED;

/* Whether the repository knows any remote. *name is the first one ("origin" when there is one of
 * that name), NULL when there is none. */
bool pd_git_remote(pd_git *git, const char **name, pd_error *err) PD_CHECKED;

/* What the repository's own HEAD stands for, whether it is bare or not; out->ref is its branch.
 * *found is false when that branch has no commit yet. */
bool pd_git_head_tip(pd_git *git, pd_revision *out, bool *found, pd_error *err) PD_CHECKED;

/* What the repository's own branches share with commit `oid`: the best merge base with any of them,
 * the commit itself when a branch has it. *any: there are branches. *found is false when there are
 * none, or no shared history. */
bool pd_git_branches_share(pd_git *git, const char *oid, pd_revision *out, bool *any, bool *found,
                           pd_error *err) PD_CHECKED;

/* Whether the object is a commit or the annotated tag of one; an object that is missing, or a tag
 * that leads nowhere, is PD_ERROR_UNREACHABLE. */
bool pd_git_leads_to_commit(pd_git *git, const char *oid, bool *leads, pd_error *err) PD_CHECKED;

/* Whether the repository has the commit, or the annotated tag of one. */
bool pd_git_has_commit(pd_git *git, const char *oid);

#endif
