/* Taking over a database that another tool has migrated: the ledger gets rows, nothing runs. */
#ifndef PD_DEPLOY_ADOPT_H
#define PD_DEPLOY_ADOPT_H

#include "deploy/run.h"
#include "domain/plan.h"
#include "gate/adopt.h"

/* What was found, and will be written when nothing speaks against it. */
typedef struct pd_adopt_news {
    const pd_set *set;
    const char *source;  /* "public.goose_db_version of goose" */
    const pd_plan *plan; /* one step for each migration that is taken over */
    size_t applied;      /* of the set, with those taken over */
} pd_adopt_news;

typedef struct pd_adopt_request {
    const char *through; /* name of the last migration that is applied, NULL: a table says it */
    const char *from;    /* pd_adopt_terms */
    bool dry_run;        /* find and judge only: no lock is taken and nothing written */
    /* Told what was found before anything is written; not when there is nothing to take over. */
    void (*tell)(void *ctx, const pd_adopt_news *news);
    void *ctx;
} pd_adopt_request;

/* Reads the ledgers, judges, tells, then takes the lock, reads again and writes all rows in one
 * transaction, in which the other tool is kept out and its table read once more. A closed gate is
 * no error: true is returned, and pd_report_closed says so. */
bool pd_adopt(pd_run *run, const pd_adopt_request *request, pd_error *err) PD_CHECKED;

#endif
