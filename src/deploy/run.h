/* The order of a run: check, compare, back up, apply, verify, record (docs/architecture.md,
 * "A deployment, step by step"). The world is reached through deploy/ports.h.
 */
#ifndef PD_DEPLOY_RUN_H
#define PD_DEPLOY_RUN_H

#include <stdbool.h>
#include <stddef.h>

#include "deploy/ports.h"
#include "domain/migration.h"
#include "domain/recall.h"
#include "domain/report.h"
#include "domain/settings.h"
#include "domain/witness.h"
#include "gate/gate.h"
#include "gate/pending.h"

/* What a run works with. The report is filled as it goes on, also when it fails. */
typedef struct pd_run {
    pd_arena *arena;
    const pd_settings *settings;
    pd_set *set;
    const pd_snapshot *snapshot; /* that the set was read from */
    pd_witnesses witnesses;      /* of the base; the deployed commit comes with the ledger */
    bool based;                  /* there is a base, or it is known that nothing is published */
    bool allow_ahead;            /* the database may have newer migrations than the revision */
    pd_report *report;           /* report->findings is where findings go */
    pd_db_port db;
    pd_backup_port backup;
    pd_clock_port clock;
    pd_git_port git;
    const char *actor;
    const char *tool_version;
    bool wait; /* for the deployment lock */
    /* All that the answers of the gates depend on, besides the ledger and the set of the revision's
     * commit: who has nothing to do keeps the verdict under these. NULL: it is not kept. */
    const char *terms;
    /* Out: names of the migrations that went in or came out for good, over all its plans. */
    const char **names;
    size_t committed;
    size_t names_capacity;
    pd_pending_begun *begun; /* texts that are parsed ahead of their gate; NULL: none are */
    const char *half;        /* what is in of a migration that is half applied, NULL: nothing */
} pd_run;

/* Explains what was found, then lets the settings decide: findings about content are explained
 * before their severity decides anything. */
void pd_run_settle(pd_run *run);

/* Whether the settings say that tables of other migration tools are another application's. */
bool pd_run_foreign_is_other(const pd_run *run);

/* What the database has of the set. */
typedef struct pd_comparison {
    pd_ledger ledger;
    pd_applied_state *states;    /* by migration */
    const pd_drizzle_row **rows; /* by migration: its row in Drizzle's table, or NULL */
    const pd_script **scripts;   /* by migration, NULL when it is not pending */
} pd_comparison;

/* The gates that need no database: revision, integrity, rollback, history. What they find goes to
 * the report; false only for an error. */
bool pd_check_set(pd_run *run, pd_error *err) PD_CHECKED;

/* The gates that need one: ledger, and syntax of what is pending. */
bool pd_check_database(pd_run *run, pd_comparison *out, pd_error *err) PD_CHECKED;

/* Who could keep the plan waiting: findings that warn, unless the settings say otherwise. At most
 * one question to the database, and none when the plan locks nothing that is there. `resumed`: the
 * sessions of its broken attempts are ended by this run, and not said; NULL: it ends none. */
void pd_check_obstacles(pd_run *run, const pd_ledger *resumed, const pd_plan *plan);

/* The syntax gate without a database: what the base does not have counts as pending; without a
 * base, what comes behind rollbackSince. */
bool pd_check_unpublished(pd_run *run, pd_error *err) PD_CHECKED;

/* Deploys: takes the lock, compares, backs up, applies, verifies, records. A closed gate is no
 * error: true is returned, and pd_report_closed says so. */
bool pd_deploy(pd_run *run, pd_error *err) PD_CHECKED;

/* A deployment that relies on an earlier verdict, which holds (deploy/recall.h): only the tables
 * are judged. */
bool pd_deploy_recalled(pd_run *run, const pd_recall *recall, const pd_recalled *now,
                        pd_error *err) PD_CHECKED;

typedef struct pd_rollback_request {
    size_t steps;   /* how many, when to is NULL */
    const char *to; /* the name of the migration that shall be the newest afterwards */
    bool dry_run;   /* the gates are asked and the plan is reported, nothing is locked or written */
} pd_rollback_request;

/* Takes applied migrations out, newest first, with the companions that the ledger keeps. */
bool pd_rollback(pd_run *run, const pd_rollback_request *request, pd_error *err) PD_CHECKED;

#endif
