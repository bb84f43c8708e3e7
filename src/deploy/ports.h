/* The world as a deployment sees it: four small structs of functions, so that the order of a run
 * can be tested with fakes that log calls. cli/ fills them with the real ones (pg/, backup/,
 * git/). */
#ifndef PD_DEPLOY_PORTS_H
#define PD_DEPLOY_PORTS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "domain/backup.h"
#include "domain/batch.h"
#include "domain/first.h"
#include "domain/ledger.h"
#include "domain/obstacle.h"
#include "domain/recall.h"

/* The commit that was last deployed. What it points to is the port's, and lives as long as the
 * run. */
typedef struct pd_deployed {
    pd_relation relation;        /* where it stands to the revision; never PD_RELATION_NONE */
    const pd_revision *revision; /* NULL when set is */
    const pd_set *set;           /* what it had of the folder; NULL: the commit is unknown */
} pd_deployed;

/* Contracts: pg/database.h, the function of the same name. */
typedef struct pd_db_port {
    void *ctx;
    bool (*lock)(void *ctx, bool wait, pd_error *err);
    bool (*read_ledger)(void *ctx, pd_arena *arena, pd_ledger *out, pd_error *err);
    /* NULL, each of these: it is not asked. */
    void (*when_new)(void *ctx, void (*tell)(void *told), void *told);
    bool (*find_tables)(void *ctx, pd_arena *arena, pd_first_tables *asked, pd_error *err);
    bool (*check_plan)(void *ctx, const pd_plan *plan, pd_error *err);
    void (*find_obstacles)(void *ctx, pd_arena *arena, const pd_preflight *asked,
                           pd_obstacles *out);
    bool (*begin_deployment)(void *ctx, const pd_deployment *deployment, pd_error *err);
    bool (*take_marks)(void *ctx, const char *commit, pd_recalled *out, pd_error *err);
    bool (*keep_verdict)(void *ctx, const char *deployment, const char *verdict, pd_error *err);
    bool (*record_backup)(void *ctx, const pd_deployment *deployment, pd_error *err);
    bool (*apply)(void *ctx, pd_arena *arena, const pd_batch *batch, pd_batch_result *result,
                  pd_error *err);
    bool (*finish_deployment)(void *ctx, const pd_deployment *deployment, pd_error *err);
} pd_db_port;

/* Contract: backup/webhook.h, pd_webhook_backup. run is NULL when no backup was asked for. */
typedef struct pd_backup_port {
    void *ctx;
    bool (*run)(void *ctx, pd_arena *arena, const pd_backup_request *request,
                const char **reference, pd_error *err);
} pd_backup_port;

/* What a repository knows and is asked late. All NULL: there is none to ask. */
typedef struct pd_git_port {
    void *ctx;
    /* Where the commit stands to the revision, and the migration set at it (out->set, NULL when
     * the commit is unknown). */
    bool (*deployed)(void *ctx, const char *commit, pd_deployed *out, pd_error *err);
    /* Fills `change` of the findings that have evidence. Findings that were explained before are
     * left alone; what cannot be found out stays unknown. */
    void (*explain)(void *ctx, pd_findings *findings);
} pd_git_port;

/* A pause between two attempts; fails with PD_ERROR_INTERRUPTED. */
typedef struct pd_clock_port {
    void *ctx;
    bool (*pause)(void *ctx, int64_t ms, const char *why, pd_error *err);
} pd_clock_port;

#endif
