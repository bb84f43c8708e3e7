/* A run of a command: what was asked, what was opened, what came out. */
#ifndef PD_CLI_CONTEXT_H
#define PD_CLI_CONTEXT_H

#include "backup/webhook.h"
#include "base/arena.h"
#include "base/interrupt.h"
#include "base/progress.h"
#include "base/secret.h"
#include "cli/options.h"
#include "deploy/run.h"
#include "domain/report.h"
#include "domain/settings.h"
#include "git/repository.h"
#include "pg/cluster.h"
#include "pg/database.h"

typedef struct pd_environment {
    const char *database_url;
    const char *backup_url;
    const char *backup_secret;
    const char *backup_ca;
    const char *backup_before_migrate; /* DB_BACKUP_BEFORE_MIGRATE */
} pd_environment;

typedef struct pd_context {
    pd_arena *arena;
    pd_args args;
    pd_environment environment;
    pd_secrets secrets;
    pd_progress progress;
    pd_interrupt interrupt;
    pd_settings settings;
    pd_git *git;
    pd_revision revision;
    pd_revision base_revision;
    pd_snapshot snapshot;
    pd_set set;
    pd_set base_set;
    bool has_base;
    pd_findings findings;
    pd_report report;
    pd_cluster *cluster;
    pd_db *db;
    pd_target target;
    pd_webhook webhook;
    pd_run run;
    bool printed;   /* the command has printed what it had to say: no report follows */
    bool unwritten; /* and could not get it out */
} pd_context;

/* Opens the repository of --repo or the current folder. */
bool pd_context_open(pd_context *context, pd_error *err) PD_CHECKED;

/* Resolves `spec` and reads settings and migration set from it; what is wrong with them goes to
 * the findings. A set that is empty is a finding too, unless --allow-empty. */
bool pd_context_read(pd_context *context, const char *spec, pd_error *err) PD_CHECKED;

/* Reads the set of --base, [check] base, or where HEAD's branch left its upstream, in that order;
 * with none of them the history gate is not asked. A base that cannot be told is an error. */
bool pd_context_read_base(pd_context *context, pd_error *err) PD_CHECKED;

/* Takes `base` for the base and reads its set from where the base itself kept it. */
bool pd_context_use_base(pd_context *context, const pd_revision *base, pd_error *err) PD_CHECKED;

/* Begins a new report in the context for one more revision (hooks check several). */
void pd_context_reset(pd_context *context);

/* Whether the command line or the environment names a database. */
bool pd_context_has_database(const pd_context *context);

/* Watches for signals, starts the throwaway server when --ephemeral, connects. */
bool pd_context_connect(pd_context *context, bool read_only, pd_error *err) PD_CHECKED;

/* Fills context->run from what has been read, with the webhook's port when a backup was asked
 * for. Asked for without a usable PREDEPLOY_BACKUP_URL: PD_ERROR_USAGE. */
bool pd_context_run(pd_context *context, pd_error *err) PD_CHECKED;

/* Gives context->run the port of the connected database. */
void pd_context_attach(pd_context *context);

/* Reads `.predeploy` of the work tree into the settings, with the command line over it. */
bool pd_context_worktree_settings(pd_context *context, pd_error *err) PD_CHECKED;

/* The migrations folder: of the settings, else the one well-known folder that holds migrations at
 * the revision (NULL: in the work tree); "" when there is none. Several: PD_ERROR_USAGE asks. */
bool pd_find_folder(pd_context *context, const pd_revision *revision, const pd_settings *settings,
                    const char **folder, pd_error *err) PD_CHECKED;

void pd_context_close(pd_context *context);

#endif
