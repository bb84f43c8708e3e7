/* The migration set: ordered, with hashes and companions. Pure data, made by layout/. */
#ifndef PD_DOMAIN_MIGRATION_H
#define PD_DOMAIN_MIGRATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/hash.h"
#include "domain/revision.h"
#include "domain/settings.h"

/* One SQL file of the set. Present when data is not NULL. */
typedef struct pd_sql_file {
    const char *path;  /* from the root of the tree; where it would stand when it is not there */
    const char *entry; /* from the migrations folder, as SHA256SUMS lists it */
    char oid[PD_OID_HEX];
    char hash[PD_SHA256_HEX]; /* over the raw bytes */
    const char *data;         /* NUL-terminated */
    size_t len;
    /* What runs, when that is not all of data: a file that has both directions, with the other
     * one blanked out (line feeds kept), so that each offset is the file's own. Else NULL. */
    const char *sql;
} pd_sql_file;

const char *pd_sql_text(const pd_sql_file *file); /* sql, else data; len bytes */

typedef struct pd_migration {
    const char *name;    /* file name without .sql; drizzle-folders: the folder's name */
    const char *version; /* what the layout orders by (pd_migration_compare), NULL: the name */
    const char *number;  /* what no other migration may have, NULL: its name has none */
    pd_sql_file up;
    /* The companion; data is NULL when it is missing, path and entry too where the migration can
     * have none (a program, a pattern without its companion). With one_file it has the path, entry,
     * oid and data of `up`, but its hash is over its `sql`: that is what the ledger keeps. */
    pd_sql_file down;
    /* What says how the tool runs it (diesel's metadata.toml, Flyway's NAME.sql.conf); data is NULL
     * when it is not there, path too where the layout has no such files. No SQL. */
    pd_sql_file config;
    bool one_file;          /* both directions stand in up.path */
    bool no_transaction;    /* a marker of the layout's tool, or of ours, asks for none */
    const char *needs_tool; /* why only its own tool can run it ("a Go program"), else NULL */
    size_t needs_tool_at;   /* offset in up.data that shows it */
    bool down_empty;        /* present, but blank or comments only */
    bool irreversible;      /* declares `-- predeploy: irreversible: REASON` */
    const char *irreversible_reason; /* "" when none is given */
    const char
        *unknown_marker; /* of an empty companion: the word behind `-- predeploy:`, or NULL */
    /* Drizzle only; has_when is false elsewhere. drizzle: the entry's `when`; drizzle-folders:
     * the folder's 14 digits as UTC. Milliseconds since the epoch. */
    bool has_when;
    int64_t when;
    const char *v1_name; /* the name Drizzle 1.0 knows it by (pd_drizzle_v1_name), else NULL */
    int journal_line;    /* line of the entry in meta/_journal.json, 0 elsewhere */
} pd_migration;

/* A line of SHA256SUMS that could be read. */
typedef struct pd_sums_line {
    char hash[PD_SHA256_HEX]; /* lower case */
    const char *entry;        /* unescaped path from the migrations folder */
    int line;
} pd_sums_line;

typedef struct pd_set {
    const char *folder; /* migrations folder from the root of the tree */
    pd_layout_kind layout;
    pd_migration *migrations; /* in the order in which they are applied */
    size_t count;
    size_t capacity;
    pd_sql_file *orphans; /* companions without a migration */
    size_t orphan_count;
    size_t orphan_capacity;
    pd_version_order order; /* of migration->version */
    bool has_sums;
    pd_sums_line *sums; /* in order of the file */
    size_t sums_count;
    size_t sums_capacity;
} pd_set;

#define PD_SUMS_FILE "SHA256SUMS"
#define PD_JOURNAL_FILE "meta/_journal.json"

/* The name, in the arena, that `drizzle-kit up` of Drizzle 1.0 gives to the migration of a
 * journal's entry: UTC time to the second, and the tag behind its first '_'. NULL for a time
 * without a date. */
const char *pd_drizzle_v1_name(pd_arena *arena, const char *tag, int64_t when_ms);

/* Index of the migration of that name, or -1. */
ptrdiff_t pd_set_find(const pd_set *set, const char *name);

/* Whether the name begins with that whole number: zeros in front do not count, nor does a letter
 * ("3" and "000003_items", "3" and "V3__items", not "3" and "V3.1__more"). False when `number` is
 * none. */
bool pd_name_has_number(const char *name, const char *number);

/* What somebody may call a migration: its name, or its number when no other one has that; else -1.
 */
ptrdiff_t pd_set_find_said(const pd_set *set, const char *said);
bool pd_set_is_drizzle(const pd_set *set);

/* Below, equal or above 0: which is applied first, by the rules of the set's layout. Journals of
 * Drizzle go by `when`; else by version, then by name. Both may be of different sets of one
 * layout. */
int pd_migration_compare(const pd_set *set, const pd_migration *a, const pd_migration *b);

/* By PD_ORDER_NUMERIC and PD_ORDER_DOTTED: groups of digits parted by '.' or '_', by number and
 * of any width; missing groups count as 0. */
int pd_version_order_compare(pd_version_order order, const char *a, const char *b);

#endif
