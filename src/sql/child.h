/* The process that parses: what it runs, and the bounds it runs in. */
#ifndef PD_SQL_CHILD_H
#define PD_SQL_CHILD_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/error.h"
#include "sql/parse.h"

typedef struct pd_sql_limits {
    unsigned cpu_seconds;        /* for one text, and so many more ... */
    unsigned cpu_seconds_per_mb; /* ... for each MiB of it */
    size_t stack_bytes;          /* of the thread that parses; touched as it is needed */
    int64_t wall_ms;             /* for all texts of one call; -1: as their sizes ask for */
} pd_sql_limits;

/* Deep texts take time by the square of their depth: 65,000 levels some 10 seconds. Texts that
 * are only large take a third of a second a MiB. */
#define PD_SQL_LIMITS_DEFAULT                                                                      \
    ((pd_sql_limits){                                                                              \
        .cpu_seconds = 8,                                                                          \
        .cpu_seconds_per_mb = 5,                                                                   \
        .stack_bytes = (size_t)256 << 20,                                                          \
        .wall_ms = -1,                                                                             \
    })

typedef struct pd_sql_job {
    const pd_sql_input *inputs;
    size_t count;
    const char *table_schema;
    bool unqualified;
    pd_sql_limits limits;
} pd_sql_job;

/* Bytes of a text that cannot be the end of a parser that is sound. */
#define PD_SQL_SMALL_TEXT ((size_t)8 << 10)

/* Exit statuses */
#define PD_SQL_CHILD_NO_THREAD 3 /* the thread with the large stack was refused */
#define PD_SQL_CHILD_ORPHAN 4    /* the parent is gone */
#define PD_SQL_CHILD_NO_MEMORY 5 /* which says nothing of the text */

/* To be called in a new child: parses inputs[first] and all behind it, writes a frame (wire.h)
 * each to fd, and ends the process. A careful one writes each at once: the first that is missing is
 * what it died on. Another one keeps those of small texts, to write many together. It does not
 * outlive `parent`, the process that forked it. */
_Noreturn void pd_sql_child_run(const pd_sql_job *job, size_t first, bool careful, int fd,
                                pid_t parent);

/* pd_sql_parse under other limits; for tests. */
bool pd_sql_parse_job(pd_arena *arena, const pd_sql_job *job, pd_script *out,
                      pd_error *err) PD_CHECKED;

#endif
