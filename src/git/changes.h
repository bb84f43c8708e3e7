/* Who changed a file, and what it was before: the history of one path, walked back as `git log`
 * simplifies it: at a commit that has a parent with the same content, only that parent is followed.
 */
#ifndef PD_GIT_CHANGES_H
#define PD_GIT_CHANGES_H

#include <stdbool.h>
#include <stdint.h>

#include "git/repository.h"

#define PD_WALK_MAX 20000   /* commits that one walk reads */
#define PD_VERSIONS_MAX 200 /* contents of one path that one walk hashes */

typedef struct pd_git_change {
    char oid[PD_OID_HEX]; /* the commit */
    const char *author;   /* name only */
    const char *subject;
    int64_t time; /* committer's, Unix seconds */
    bool added;   /* no parent has a file at that path */
    bool bounded; /* the walk ended before the answer: PD_WALK_MAX, or a shallow clone's end */
} pd_git_change;

/* The commit that brought the content that `path` (from the root of the tree) has at `from`, or
 * that removed it; of a merge, one whose content no parent has. *found is false when there never
 * was a file, and when out->bounded says that the walk ended early. Objects that should be there
 * and are not: PD_ERROR_UNREACHABLE with a hint. */
bool pd_git_last_change(pd_git *git, const pd_revision *from, const char *path, pd_git_change *out,
                        bool *found, pd_error *err) PD_CHECKED;

typedef struct pd_git_version {
    bool found;
    pd_bytes text;           /* the run's arena's */
    char commit[PD_OID_HEX]; /* one that has it */
} pd_git_version;

/* The newest content of `path`, in `from` and back from there, whose SHA-256 is `sha256` (64
 * hexadecimal digits); also where the path is gone by now. Not found when the history that is
 * there, within the bounds above, has none. Files over PD_FILE_MAX are passed over. */
bool pd_git_find_version(pd_git *git, const pd_revision *from, const char *path, const char *sha256,
                         pd_git_version *out, pd_error *err) PD_CHECKED;

/* Whether one commit is the other one, or an ancestor of it. *known is false when the repository
 * has one of the two not, or a shallow history that ends too early to tell. */
bool pd_git_is_ancestor(pd_git *git, const char *ancestor, const char *descendant, bool *is,
                        bool *known, pd_error *err) PD_CHECKED;

#endif
