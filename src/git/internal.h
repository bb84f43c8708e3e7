/* What the files of this folder share: the open repository, scope-bound handles of libgit2, and
 * its errors as ours. Nobody outside this folder includes it. */
#ifndef PD_GIT_INTERNAL_H
#define PD_GIT_INTERNAL_H

#include <git2.h>
#ifdef PD_GIT_HAS_ERRORS_HEADER
#include <git2/sys/errors.h>
#endif
#include <stdbool.h>
#include <stddef.h>

#include "git/repository.h"

/* Objects that are loaded whole besides blobs: one tree, one commit. */
#define PD_OBJECT_MAX ((size_t)16 << 20)
#define PD_SPEC_MAX 4096 /* bytes of a revision expression */

/* A blob that was looked at: snapshots of several commits share most of theirs. */
typedef struct pd_git_blob {
    git_oid oid;
    bool known;       /* that it is there, a blob, and of this size */
    size_t size;      /* bytes */
    const char *data; /* the arena's, NULL when it was not read yet */
    char *sha256;     /* of data, with it */
} pd_git_blob;

typedef struct pd_git_cache {
    pd_git_blob *slots; /* open addressing; one that is all zeros is free */
    size_t slot_count;
    size_t count;
} pd_git_cache;

/* Listings that were made, without their contents: the same folder is asked for many times, to find
 * it and to find what it was at other commits, and mostly it is the same tree. */
#define PD_GIT_LISTED_MAX 16
typedef struct pd_git_listed {
    pd_snapshot items[PD_GIT_LISTED_MAX];
    size_t count;
} pd_git_listed;

struct pd_git {
    pd_arena *arena; /* the run's: holds this struct and all that is given out */
    git_repository *repo;
    git_odb *odb;
    const char *workdir; /* without a slash at its end, NULL for a bare repository */
    const char *name;    /* for messages: workdir, else the git folder */
    const char *shallow; /* path of the file that lists where a shallow clone's history ends */
    pd_git_cache cache;
    pd_git_listed listed;
};

#define PD_GIT_HANDLE(type)                                                                        \
    static inline void pd_##type##_cleanup(type **handle)                                          \
    {                                                                                              \
        type##_free(*handle);                                                                      \
    }
PD_GIT_HANDLE(git_object)
PD_GIT_HANDLE(git_commit)
PD_GIT_HANDLE(git_tree)
PD_GIT_HANDLE(git_reference)
PD_GIT_HANDLE(git_reference_iterator)
PD_GIT_HANDLE(git_config)
PD_GIT_HANDLE(git_config_entry)
PD_GIT_HANDLE(git_config_iterator)
PD_GIT_HANDLE(git_odb_object)
PD_GIT_HANDLE(git_filter_list)
PD_GIT_HANDLE(git_index)
PD_GIT_HANDLE(git_refspec)
#define PD_AUTO_GIT_HANDLE(type) PD_CLEANUP(pd_##type##_cleanup) type *

static inline void pd_git_buf_cleanup(git_buf *buf)
{
    git_buf_dispose(buf);
}
#define PD_AUTO_GIT_BUF PD_CLEANUP(pd_git_buf_cleanup) git_buf

/* PD_ERROR_UNREACHABLE with libgit2's last message as detail and its return code as code. Must
 * be called before libgit2 is called again. Returns false. */
bool pd_git_fail(pd_error *err, int rc, const char *fmt, ...) PD_PRINTF(3, 4);

/* Gives libgit2 an allocator that ends the process when memory runs out. To be called before
 * git_libgit2_init. */
int pd_git_end_without_memory(void);

/* git_libgit2_init, without what only a connection would need. To be called before there is a
 * thread. */
int pd_git_start(void);

/* Adds the hint for an object that should be there and is not: shallow, partial, or damaged. */
bool pd_git_missing_hint(pd_git *git, pd_error *err);
bool pd_git_shallow_hint(pd_error *err);

/* Opens path (NULL: from the environment and the current folder), with libgit2's check of the
 * owner, and with git's own reading of safe.directory where libgit2 cannot read it. */
bool pd_git_open_owned(git_repository **out, const char *path, pd_error *err) PD_CHECKED;

/* Loads the commit that the object leads to, annotated tags followed; sizes are asked first. */
bool pd_git_load_commit(pd_git *git, const git_oid *oid, git_commit **out,
                        pd_error *err) PD_CHECKED;

/* The newest commit, reachable from `start` (NULL: from any ref), whose message matches the
 * extended regular expression `text`; a leading "!" as in gitrevisions(7). */
bool pd_git_find_message(pd_git *git, const git_oid *start, const char *text, git_oid *out,
                         bool *found, pd_error *err) PD_CHECKED;

/* Fills a revision from a commit; spec and ref are copied, ref may be NULL. */
void pd_git_describe(pd_arena *arena, git_commit *commit, const char *spec, const char *ref,
                     pd_revision *out);

/* Folder without slashes at its ends. */
const char *pd_git_trim_folder(pd_arena *arena, const char *folder);

/* Sorts entries by path and, where a tree holds a name twice, by object; and `deep`. */
void pd_git_sort_entries(pd_snapshot *snapshot);

/* Adds a path, which is kept, to what lies too deep; at PD_DEEP_MAX it sets deep_more instead. */
void pd_git_note_deep(pd_arena *arena, pd_snapshot *snapshot, const char *path);

/* The place of a blob in the cache, made when it is new; valid until the next call. */
pd_git_blob *pd_git_cached(pd_git *git, const git_oid *oid) PD_NONNULL_RESULT;

/* Fills *out, whose tree_oid and folder are set, from a listing without contents that was made
 * before; false when there was none. A tree never changes. */
bool pd_git_find_listed(const pd_git *git, pd_snapshot *out);
void pd_git_keep_listed(pd_git *git, const pd_snapshot *snapshot);

/* Commits of a shallow clone whose parents were not fetched, sorted; none in any other. */
typedef struct pd_git_ends {
    git_oid *items;
    size_t count;
    size_t capacity;
} pd_git_ends;

bool pd_git_read_ends(pd_git *git, pd_arena *arena, pd_git_ends *out, pd_error *err) PD_CHECKED;
bool pd_git_is_end(const pd_git_ends *ends, const git_oid *oid);

/* Loads a tree unless it is larger than PD_OBJECT_MAX: *out stays NULL then. path is for messages,
 * *size is the object's, in bytes. */
bool pd_git_load_tree(pd_git *git, const git_oid *oid, const char *path, git_tree **out,
                      size_t *size, pd_error *err) PD_CHECKED;

/* The entry of a tree by its name, NULL when there is none; a name that stands there twice is an
 * error. path is for messages. */
bool pd_git_find_in_tree(const git_tree *tree, const char *name, size_t len, const char *path,
                         const git_tree_entry **out, pd_error *err) PD_CHECKED;

/* Whether `to` is `from` or an ancestor of it; *known is false when a shallow history ends too
 * early to tell. Both are commits that are there. */
bool pd_git_reaches(pd_git *git, const git_oid *from, const git_oid *to, bool *is, bool *known,
                    pd_error *err) PD_CHECKED;

typedef struct pd_git_bases {
    git_oid *oids; /* the newest first; the repository's arena */
    size_t count;
} pd_git_bases;

/* All merge bases of oids[0] with the others: histories that crossed have several. An error when
 * there are none, but a shallow history could hide them. */
bool pd_git_find_bases(pd_git *git, const git_oid *oids, size_t count, pd_git_bases *out,
                       pd_error *err) PD_CHECKED;

/* The best common ancestor of oids[0] and any of the others, as `git merge-base` has it. *found is
 * false when they share nothing; when that cannot be told, because a shallow history ends too
 * early, the error has the hint how to fetch more. */
bool pd_git_best_base(pd_git *git, const git_oid *oids, size_t count, git_oid *out, bool *found,
                      pd_error *err) PD_CHECKED;

#endif
