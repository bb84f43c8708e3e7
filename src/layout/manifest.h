/* SHA256SUMS: recorded hashes in the format of sha256sum(1), GNU coreutils. */
#ifndef PD_LAYOUT_MANIFEST_H
#define PD_LAYOUT_MANIFEST_H

#include <stddef.h>

#include "base/arena.h"
#include "base/strbuf.h"
#include "domain/finding.h"
#include "domain/migration.h"

/* Parses the text into set->sums; findings get malformed lines, duplicates and paths that leave
 * the folder. `path` is the file's path from the root of the tree. Lines that begin with a
 * backslash have escaped names, as sha256sum writes them. */
void pd_manifest_parse(pd_arena *arena, const char *path, const char *text, size_t len, pd_set *set,
                       pd_findings *findings);

typedef enum pd_record_kind {
    PD_RECORD_ADDED,
    PD_RECORD_CHANGED,         /* the line was not in the base and the file has changed since */
    PD_RECORD_REMOVED,         /* the line was not in the base and the file is gone */
    PD_RECORD_REFUSED_CHANGED, /* the base has the line with another hash */
    PD_RECORD_REFUSED_REMOVED, /* the base has the line and the file is gone */
} pd_record_kind;

typedef struct pd_record_change {
    pd_record_kind kind;
    const char *entry;
} pd_record_change;

typedef struct pd_record {
    pd_record_change *changes; /* in byte order of entry */
    size_t count;
    size_t capacity;
    size_t refused;   /* how many of them are refusals: nothing may be written then */
    const char *text; /* the new SHA256SUMS: sorted by entry, one line a file */
} pd_record;

/* What `record` writes: `tree` is the set of the work tree with its own SHA256SUMS, `base` the
 * published one (NULL: nothing is published). Pure. */
void pd_record_make(pd_arena *arena, const pd_set *tree, const pd_set *base, pd_record *out);

#endif
