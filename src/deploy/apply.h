/* Carrying out a plan: its batches, the pauses between attempts, and the deployment's row. */
#ifndef PD_DEPLOY_APPLY_H
#define PD_DEPLOY_APPLY_H

#include "deploy/plan.h"

typedef struct pd_apply_run {
    pd_run *run;
    const pd_plan *plan;
    const pd_ledger *ledger;             /* that the plan was made from */
    const pd_foreign_ledger *taken_from; /* pd_batch */
    pd_deployment *deployment;
    bool verify;              /* ask for the table counts of the settings */
    int64_t predicted_tables; /* -1: cannot be told */
    size_t done;              /* steps of the plan that are committed */
    bool ledger_changed;      /* out: nothing more was done, plan again */
} pd_apply_run;

/* Makes the deployment's row of this run. kind is "deploy", "rollback" or "adopt". */
pd_deployment *pd_deployment_new(pd_run *run, const char *kind);

/* Applies the plan in one transaction or in one for each step, as the settings say; a step that is
 * `alone` is neither in one nor in that of others. What is in when it fails: run->committed,
 * run->half. */
bool pd_apply_plan(pd_apply_run *apply, pd_error *err) PD_CHECKED;

/* When earlier transactions of this run are committed, the database is not as before: the error
 * becomes PD_ERROR_PARTIAL (unless its own kind says more) and says what is in. */
void pd_explain_partial(const pd_run *run, pd_error *err);

/* Writes how the deployment ended, after an error; an error while writing it is not reported. */
void pd_deployment_failed(pd_run *run, pd_deployment *deployment, const pd_error *err);

/* Asks for the backup when there is one to ask for and something to run. */
bool pd_back_up(pd_run *run, const pd_plan *plan, pd_deployment *deployment,
                pd_error *err) PD_CHECKED;

#endif
