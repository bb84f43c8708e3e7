/* All that a run found and did: the one input of every renderer. */
#ifndef PD_DOMAIN_REPORT_H
#define PD_DOMAIN_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "domain/blocker.h"
#include "domain/finding.h"
#include "domain/ledger.h"
#include "domain/migration.h"
#include "domain/plan.h"
#include "domain/recall.h"
#include "domain/revision.h"

typedef enum pd_gate_state {
    PD_GATE_SKIPPED, /* not asked; note says why */
    PD_GATE_OPEN,
    PD_GATE_WARNED, /* open, with warnings */
    PD_GATE_CLOSED,
} pd_gate_state;

typedef struct pd_gate_result {
    pd_gate gate;
    pd_gate_state state;
    const char *note; /* "12 migrations", "no database was given" */
} pd_gate_result;

/* Where the database is; never the password. */
typedef struct pd_target {
    const char *host; /* name, address or socket folder */
    const char *port;
    const char *dbname;
    const char *user;
    int server_version; /* 150020 */
    bool ephemeral;
} pd_target;

typedef enum pd_step_state {
    PD_STEP_PLANNED,
    PD_STEP_DONE,
    PD_STEP_FAILED,
    PD_STEP_UNDONE, /* ran, and was rolled back */
} pd_step_state;

typedef struct pd_statement_result {
    pd_step_state state;
    int64_t ms; /* how long it ran */
} pd_statement_result;

typedef struct pd_step_result {
    const pd_step *step;
    pd_step_state state;
    int64_t ms;                      /* how long it ran */
    pd_statement_result *statements; /* step->script->count of them; NULL: there is no script */
    size_t statement_count;
} pd_step_result;

/* An error of the server, put in its place. */
typedef struct pd_failure {
    const char *migration;
    pd_place place;      /* file, line, column */
    const char *excerpt; /* the source line, NULL when unknown */
    const char *sqlstate;
    const char *message;
    const char *detail; /* these four: NULL when the server said none */
    const char *hint;
    const char *context;
    const char *object; /* schema, table, column, constraint it named */
} pd_failure;

/* Where the commit that was last deployed stands to the revision, by ancestry. */
typedef enum pd_relation {
    PD_RELATION_NONE,   /* not asked, or nothing was deployed yet */
    PD_RELATION_BEHIND, /* the database's commit is an ancestor of the revision */
    PD_RELATION_EQUAL,
    PD_RELATION_AHEAD,    /* the revision is an ancestor of the database's commit */
    PD_RELATION_DIVERGED, /* neither */
    PD_RELATION_UNKNOWN,  /* this clone does not have that commit, or not its history */
} pd_relation;

const char *pd_relation_name(pd_relation relation); /* "behind", …; "none" */

typedef struct pd_standing {
    pd_relation relation;
    const char *commit; /* that was last deployed, NULL with PD_RELATION_NONE */
} pd_standing;

/* A file that steers the gates and is not what the base has. */
typedef struct pd_steering {
    const char *path; /* from the root of the tree */
    const char *what; /* "added", "removed", "changed" */
    /* What changed, a line each ("deploy.transaction: all, was each"), "" when that cannot be
     * told. */
    const char *detail;
} pd_steering;

typedef struct pd_report {
    const char *command;         /* "check", "deploy", … */
    int status;                  /* the exit status */
    const pd_revision *revision; /* these: NULL when not known or not asked for */
    const pd_revision *base;     /* the merge base: what is published is asked of it ... */
    const pd_revision *base_tip; /* ... and of the tip of what it was made with */
    pd_standing standing;
    pd_steering *steering;
    size_t steering_count;
    size_t steering_capacity;
    /* A file of the migrations folder that the work tree has otherwise than the revision, which is
     * HEAD; NULL: there is none, or it was not asked. And how many there are. */
    const char *uncommitted;
    size_t uncommitted_count;
    const pd_set *set;
    const pd_target *target;
    const pd_recall *relies_on; /* the earlier verdict that was recalled, NULL: all was asked */
    pd_gate_result gates[PD_GATE_COUNT];
    size_t gate_count; /* 0 when the command asks no gates */
    pd_findings *findings;
    const pd_plan *plan;
    pd_step_result *steps;           /* plan->count of them, or NULL */
    const pd_deployment *deployment; /* this run's, NULL when none was begun */
    const pd_ledger *ledger;         /* status: what is applied */
    const pd_failure *failure;
    const pd_blocker *blockers; /* who kept the last attempt waiting that failed over a lock */
    size_t blocker_count;
    int64_t tables_before; /* -1 when not counted */
    int64_t tables_after;
    int64_t elapsed_ms;
    bool nothing_to_do;
    bool half;      /* something is in of a migration that is half applied or half taken out */
    pd_error error; /* kind PD_ERROR_NONE when there was none */
} pd_report;

/* Which gates the command asks, in this order; all are skipped with that note until answered. */
void pd_report_ask(pd_report *report, pd_gate gate, const char *note);
/* The gate was evaluated; pd_report_settle says with what result. */
void pd_report_answer(pd_report *report, pd_gate gate, const char *note);
/* Applies the overrides of the settings to the findings and derives the state of each gate that
 * was answered. Can be called again after more findings. */
void pd_report_settle(pd_report *report, const pd_settings *settings);
/* Shows the plan, which stays the caller's; its steps are planned as yet, in the arena. */
void pd_report_plan(pd_report *report, pd_arena *arena, const pd_plan *plan);
bool pd_report_closed(const pd_report *report); /* a finding of severity error stands */

#endif
