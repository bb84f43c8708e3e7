/* What the readers of the layouts share; private to this folder. */
#ifndef PD_LAYOUT_READER_H
#define PD_LAYOUT_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "domain/finding.h"
#include "domain/migration.h"
#include "domain/revision.h"

typedef struct pd_reader {
    pd_arena *arena;
    const pd_snapshot *snapshot;
    int64_t now_ms;
    pd_set *set;
    pd_findings *findings;
    bool *taken;   /* of each entry: it belongs to the set, or a finding has named it */
    bool *unsound; /* of each entry: its content has a finding, what it says is doubtful */
} pd_reader;

/* ---- names ---- */

#define PD_COMPANION_SUFFIX "-rollback"

enum { PD_STAMP_LEN = 14 }; /* of YYYYMMDDHHMMSS, with which the folders of Drizzle 1.0 begin */

/* Whether a path has no folder in front, and ends in ".sql" behind at least one byte. */
bool pd_is_top_level(const char *path);
bool pd_is_sql_name(const char *name);

/* Whether name (without .sql) has the companion's suffix, behind at least one byte. */
bool pd_is_companion_name(const char *name, size_t len);

/* The file's path from the root of the tree. */
const char *pd_tree_path(const pd_reader *reader, const char *entry);

/* ---- entries ---- */

size_t pd_entry_index(const pd_reader *reader, const pd_entry *entry);
bool pd_is_taken(const pd_reader *reader, const pd_entry *entry);
void pd_take(pd_reader *reader, const pd_entry *entry);

/* A regular file of that path, or NULL; links and submodules have a finding of their own. */
const pd_entry *pd_find_file(const pd_reader *reader, const char *path);

/* Fills an SQL file from the entry of that path and takes it; data is NULL when there is none.
 * A file that was too large to be read has data "" and an empty hash. */
void pd_read_sql_file(pd_reader *reader, const char *path, pd_sql_file *out);

void pd_add_orphan(pd_reader *reader, const pd_entry *entry);

/* *.sql files, in any case of letters, that nobody has taken: sql-outside-set for each. With
 * `top_level_rule` journal-orphan-file those at the top level get that one instead. */
void pd_report_leftovers(pd_reader *reader, pd_rule top_level_rule);

/* ---- places ---- */

/* A place in a text whose lines are counted already: `line_text` is the line's first byte and
 * `offset` counts from there. Long lines get no column, so that many findings stay cheap. */
void pd_finding_in_line(pd_findings *findings, pd_finding *finding, const char *line_text,
                        const char *end, size_t offset, int line);

/* ---- the parts ---- */

void pd_check_entries(pd_reader *reader); /* kinds, names, content; fills `unsound` */
void pd_read_drizzle(pd_reader *reader);
void pd_read_drizzle_folders(pd_reader *reader);

/* The findings duplicate-version and order-not-numeric of a set whose migrations are numbered;
 * Drizzle's layouts have findings of their own. */
void pd_check_numbers(pd_reader *reader);

/* ---- detection ---- */

/* What the files show. */
typedef struct pd_detection {
    pd_layout_kind kind;  /* PD_LAYOUT_DETECT: nothing that is known */
    pd_layout_kind other; /* fits as well and would be read otherwise; else PD_LAYOUT_DETECT */
    const char *differs;  /* how they would be read, in words: "X runs …, Y passes over it" */
    const char *foreign;  /* a tool whose files are not read, or NULL */
    const char *shown;    /* the entry that shows it, or NULL */
} pd_detection;

/* By names, and for files with both directions by contents. */
pd_detection pd_detect(const pd_snapshot *snapshot);

#endif
