/* A resolved revision and the bytes that stand in its migrations folder. */
#ifndef PD_DOMAIN_REVISION_H
#define PD_DOMAIN_REVISION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PD_OID_HEX 65 /* room for a SHA-256 object id; SHA-1 ids use 40 */

/* Limits of what is read from a tree: docs/hooks.md lists them. */
#define PD_FILE_MAX ((uint64_t)16 << 20) /* bytes of one file */
#define PD_SET_MAX ((uint64_t)256 << 20) /* bytes of all files read from one folder */
#define PD_ENTRIES_MAX 40000             /* entries of one folder, subfolders included */
#define PD_DEEP_MAX 1000                 /* files that are noted below what is walked */
#define PD_DEEP_ENTRIES_MAX 20000        /* entries that are looked at there */
#define PD_DEEP_FOLDERS_MAX 64           /* folders within one another there */
#define PD_NAME_MAX 8192                 /* bytes of the name of an entry, without its folder */

typedef struct pd_revision {
    const char *spec;     /* as the user wrote it */
    char oid[PD_OID_HEX]; /* the commit */
    const char *ref;      /* full name of the ref that spec named ("refs/heads/main"), else NULL */
    const char *subject;  /* first line of the message */
    const char *author;   /* name only */
    int64_t time;         /* committer's, Unix seconds */
} pd_revision;

typedef enum pd_entry_kind {
    PD_ENTRY_FILE,
    PD_ENTRY_SYMLINK,
    PD_ENTRY_SUBMODULE,
} pd_entry_kind;

/* One entry of the migrations folder. Folders are walked two levels deep and not listed. */
typedef struct pd_entry {
    const char *path; /* from the migrations folder, as the tree has it: any byte but NUL */
    pd_entry_kind kind;
    char oid[PD_OID_HEX]; /* "" in a snapshot of the work tree */
    uint64_t size;        /* bytes, of a file */
    const char *data;     /* raw bytes and a NUL behind; NULL when not read, see pd_entry_wanted */
    const char *sha256;   /* of data, lower case; NULL when nobody has computed it yet */
} pd_entry;

typedef struct pd_snapshot {
    const char *folder; /* the migrations folder from the root of the tree, "" for the root */
    char tree_oid[PD_OID_HEX]; /* of the folder, "" when it is not there */
    pd_entry *entries;         /* in byte order of path */
    size_t count;
    size_t capacity;
    bool too_many; /* reading stopped at PD_ENTRIES_MAX or PD_SET_MAX */
    /* What lies deeper than two levels, and is not read: paths of files whose names could be a
     * migration's (pd_entry_noted), and, with a slash behind, of folders that could not be looked
     * into. In byte order. */
    const char **deep;
    size_t deep_count;
    size_t deep_capacity;
    bool deep_more; /* looking there stopped at a limit */
} pd_snapshot;

/* Whether an entry's content is read, up to PD_FILE_MAX: *.sql, SHA256SUMS, meta/_journal.json,
 * what configures a migration (NAME.sql.conf, NAME/metadata.toml), and programs that have a number
 * in their name. */
bool pd_entry_wanted(const char *path, uint64_t size);

/* Whether the name could be a migration's of any layout: *.sql in any case, or a program with a
 * number in its name. */
bool pd_entry_noted(const char *path);

/* "a Go program", …, by the ending of the path; NULL when it names no program. Tests and type
 * declarations of a program are none. */
const char *pd_program_kind(const char *path);

const pd_entry *pd_snapshot_find(const pd_snapshot *snapshot, const char *path); /* or NULL */

#endif
