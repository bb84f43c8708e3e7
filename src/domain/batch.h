/* What one transaction of a deployment does, asked of the database by deploy/. */
#ifndef PD_DOMAIN_BATCH_H
#define PD_DOMAIN_BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "domain/blocker.h"
#include "domain/ledger.h"
#include "domain/plan.h"
#include "domain/report.h"

typedef struct pd_batch {
    const pd_step *steps; /* consecutive steps of the plan, run in this order */
    size_t count;
    size_t first;      /* of how many the plan has before these; for progress */
    size_t plan_count; /* all steps of the plan; for progress */
    const pd_deployment *deployment;
    const pd_ledger *expected;           /* the ledger that the plan was made from */
    const pd_foreign_ledger *taken_from; /* another tool's table, in `expected`, whose word the
                                            steps take: it must say the same under a lock that
                                            keeps that tool out until COMMIT; NULL: none */
    int64_t min_tables;                  /* verified before COMMIT; -1: not asked */
    int64_t exact_tables;                /* -1: not asked */
    int64_t predicted_tables;            /* -1: cannot be told */
    bool last; /* the deployment ends with this batch: its row is set to succeeded in here */
} pd_batch;

typedef struct pd_batch_result {
    pd_step_result *steps; /* caller's array, batch->count of them */
    bool ledger_changed;   /* under the lock the ledger was no longer `expected`: nothing was
                              done, read it and plan again */
    const char *half; /* what is in of a step that runs outside of a transaction, though the batch
                         was not done to its end; NULL: nothing */
    const pd_failure *failure;  /* where it failed, NULL when the failure has no place */
    const pd_blocker *blockers; /* who kept it waiting when it failed over a lock */
    size_t blocker_count;
    int64_t tables_before; /* -1 when not counted */
    int64_t tables_after;
} pd_batch_result;

#endif
