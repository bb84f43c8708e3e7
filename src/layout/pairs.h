/* The table of all layouts: which files they have and how a new one is written; and the one
 * function that reads those that are pairs of files, or one file with both directions. Drizzle's
 * two have readers of their own. Private to this folder. */
#ifndef PD_LAYOUT_PAIRS_H
#define PD_LAYOUT_PAIRS_H

#include "layout/pattern.h"
#include "layout/reader.h"

/* What makes two files a pair, and what the migrations are sorted by. */
typedef enum pd_pair_key {
    PD_KEY_NAME,    /* both: the name */
    PD_KEY_VERSION, /* both: {version} */
    PD_KEY_FOLDER,  /* pairs: the name; order: what stands in front of '_', without '-' */
    PD_KEY_FILE,    /* no pairs; order: the file's name */
} pd_pair_key;

enum { PD_PATTERNS_MAX = 4 };

typedef struct pd_pairs {
    pd_layout_kind kind;
    const char *up[PD_PATTERNS_MAX]; /* of migrations, NULL behind the last */
    const char
        *down[PD_PATTERNS_MAX]; /* of companions; the first is what lacks when none is there */
    const char *baseline;       /* a migration in place of all that are older, or NULL */
    const char *repeatable;     /* what runs whenever it has changed, or NULL */
    pd_pair_key key;
    pd_version_order order; /* what {version} is, and with PD_KEY_VERSION how it sorts */
    const char *least;      /* versions beyond these are none to the tool; NULL: no limit */
    const char *most;
    bool programs; /* a name whose ending is a program's in place of ".sql" is a migration, too */
    bool skips_hidden; /* the tool passes over folders whose names begin with '.' */
    bool nested;       /* subfolders are searched: the patterns are of the file's name alone */
    void (*finish)(pd_reader *reader, pd_migration *migration); /* what contents say; or NULL */
    const char *shows; /* what a folder of this layout has, for who has it not */
    const char *first; /* what the version of a first migration looks like: pd_next_version */
    bool times;        /* the tool writes times only, and counts no other version on */
    const char *fresh; /* the pattern of a new migration, NULL: the first of up */
    const char *up_mark;
    const char *down_mark; /* where both directions are in one file; else both are NULL */
} pd_pairs;

/* What pd_next_version takes for a first version that is a time: YYYYMMDDHHMMSS, and diesel's. */
#define PD_FIRST_STAMP "20000101000000"
#define PD_FIRST_DASHED "2000-01-01-000000"

/* The row of a layout, NULL for PD_LAYOUT_DETECT and for a custom one without a pattern. A folder
 * of Flyway without a prefix has a row of its own. `custom` is room for the row that the settings
 * make. */
const pd_pairs *pd_pairs_of(pd_layout_kind kind, const pd_snapshot *snapshot,
                            const pd_settings *settings, pd_pairs *custom);

/* A file that fits a pattern. */
typedef struct pd_pair_file {
    pd_pattern_names names;
    const char *entry;
    const char *version; /* that it is sorted by, NULL: the name */
    const char *program; /* "a Go program", NULL for SQL */
    bool down;
    bool baseline;
    bool dropped; /* named by a finding, no part of the set */
    size_t rank;  /* of the pattern: the first of the table is preferred */
} pd_pair_file;

/* Whether the path fits the row as a migration or a companion; fills all but `dropped`. */
bool pd_pairs_match(pd_arena *arena, const pd_pairs *pairs, const char *path, pd_pair_file *out);

/* Whether the path fits the row's pattern of what runs whenever it has changed. */
bool pd_pairs_is_repeatable(pd_arena *arena, const pd_pairs *pairs, const char *path);

/* Reads the set of a row; no finding tells of files that are left over. */
void pd_read_pairs(pd_reader *reader, const pd_pairs *pairs);

/* What the layout's own tool would run, or stumble over, and the set has not: it gets a finding,
 * and so does SQL that lies deeper than folders are walked. `pairs` may be NULL. */
void pd_report_unread(pd_reader *reader, const pd_pairs *pairs);

/* Of the baselines among the files only the newest that has no migration in front of it stays. */
void pd_settle_baselines(pd_reader *reader, const pd_pairs *pairs, pd_pair_file *files,
                         size_t count);

/* ---- what contents say, by layout ---- */

#define PD_SQLX_MARK "-- no-transaction"

void pd_finish_sqlx(pd_reader *reader, pd_migration *migration);
void pd_finish_diesel(pd_reader *reader, pd_migration *migration);
void pd_finish_flyway(pd_reader *reader, pd_migration *migration);
void pd_finish_dbmate(pd_reader *reader, pd_migration *migration);
void pd_finish_goose(pd_reader *reader, pd_migration *migration);

#endif
