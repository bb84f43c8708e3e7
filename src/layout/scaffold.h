/* A new migration, or the companions that are missing, as files that are still to be written. Pure:
 * nothing is read or written here. */
#ifndef PD_LAYOUT_SCAFFOLD_H
#define PD_LAYOUT_SCAFFOLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"
#include "domain/migration.h"
#include "domain/revision.h"
#include "domain/settings.h"

#define PD_TITLE_MAX 100 /* bytes of a migration's title */

typedef struct pd_new_file {
    const char *entry; /* from the migrations folder */
    pd_bytes text;
    bool replaces; /* a file that stands there (Drizzle's journal); else nothing may be there */
} pd_new_file;

typedef struct pd_scaffold {
    const char *name;   /* of the new migration, NULL when there is none */
    pd_new_file *files; /* in the order to write them: the one that names others is the last */
    size_t count;
    size_t capacity;
    const char **passed; /* migrations without companion that keep both directions in one file */
    size_t passed_count;
    size_t passed_capacity;
} pd_scaffold;

typedef struct pd_scaffold_input {
    const pd_snapshot *snapshot; /* of the work tree, with contents */
    const pd_set *set;           /* read from it; its layout is the one that is written */
    const pd_settings *settings;
    int64_t now_ms;   /* wall clock */
    const char *uuid; /* for the snapshot that drizzle-kit will go on from */
    pd_entry *files;  /* the files of pd_scaffold_wanted, with their raw bytes in data and size */
    size_t file_count;
} pd_scaffold_input;

/* The entries that only a new migration of Drizzle's layouts needs the content of: the journal and
 * the schema snapshots of drizzle-kit that the next one must name. *out is empty elsewhere. */
void pd_scaffold_wanted(pd_arena *arena, const pd_snapshot *snapshot, pd_layout_kind layout,
                        pd_entry **out, size_t *count);

/* The title as tools write it: small letters, digits and single '_'. PD_ERROR_USAGE when nothing is
 * left, when it is longer than PD_TITLE_MAX, or when it is a path. */
bool pd_scaffold_title(pd_arena *arena, const char *title, const char **out,
                       pd_error *err) PD_CHECKED;

/* The files of a new migration of that title, behind all others, with its companion. The companion
 * has comments only, which the rollback gate does not accept. PD_ERROR_USAGE: no next version can
 * be told, the layout cannot be written, or a file is in the way. */
bool pd_scaffold_migration(pd_arena *arena, const pd_scaffold_input *input, const char *title,
                           pd_scaffold *out, pd_error *err) PD_CHECKED;

/* A companion for each migration behind settings->rollback_since that has none. A rollback_since
 * that names no migration is PD_ERROR_USAGE. */
bool pd_scaffold_companions(pd_arena *arena, const pd_scaffold_input *input, pd_scaffold *out,
                            pd_error *err) PD_CHECKED;

#endif
