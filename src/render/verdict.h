/* What a run came to, in words that every format shares. */
#ifndef PD_RENDER_VERDICT_H
#define PD_RENDER_VERDICT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "domain/report.h"

/* The steps of a plan by what became of them. Adoptions are counted apart: they run nothing. */
typedef struct pd_step_counts {
    size_t pending; /* run SQL, whatever became of them */
    size_t adopted; /* PD_STEP_ADOPT, done or planned */
    size_t done;
    size_t undone;
    size_t failed;
} pd_step_counts;

pd_step_counts pd_count_steps(const pd_report *report);
pd_step_state pd_state_of_step(const pd_report *report, size_t index); /* planned when unknown */

/* A statement's state and time; planned and -1 when nothing is known of it. */
pd_statement_result pd_state_of_statement(const pd_report *report, size_t step, size_t index);

/* The migration that took longest, and the longest statement in it. */
typedef struct pd_slowest {
    const pd_step *step; /* NULL: none ran to its end */
    size_t index;        /* in the plan */
    int64_t step_ms;
    const pd_statement *statement; /* NULL: not known */
    int64_t statement_ms;
} pd_slowest;

/* False when there is nothing to compare: a single statement ran, or none. */
bool pd_find_slowest(const pd_report *report, pd_slowest *out);

/* Tables that are there when the run ends, -1 when they were not counted. */
int64_t pd_tables_now(const pd_report *report);

/* Of docs/exit-statuses.md: "open", "closed", "failed" or "undecided". */
const char *pd_verdict_word(int status);

/* The last line of a report for people: one sentence of our own words, no foreign text. */
const char *pd_verdict_line(const pd_report *report, pd_arena *arena);

/* "1 migration", "12 migrations" */
const char *pd_count_noun(pd_arena *arena, int64_t count, const char *noun);
/* "2 errors, 1 warning"; "" when there are none. gate PD_GATE_COUNT counts those of all gates. */
const char *pd_count_findings(const pd_report *report, pd_gate gate, pd_arena *arena);

#endif
