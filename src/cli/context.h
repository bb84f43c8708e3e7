/* A run of a command: what was asked, what was opened, what came out. */
#ifndef PD_CLI_CONTEXT_H
#define PD_CLI_CONTEXT_H

#include "backup/webhook.h"
#include "base/arena.h"
#include "base/interrupt.h"
#include "base/progress.h"
#include "base/secret.h"
#include "cli/document.h"
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
    pd_document document;         /* what the file of --output gets */
    pd_document printed_document; /* what stdout gets in a machine format */
    pd_environment environment;
    pd_secrets secrets;
    pd_progress progress;
    pd_interrupt interrupt;
    pd_settings settings;
    pd_git *git;
    pd_revision revision;
    pd_snapshot snapshot;
    pd_set set;
    pd_witnesses witnesses;
    bool folder_stands; /* the folder of the settings counts for witnesses that have it, too */
    bool based;         /* witnesses are known, or it is known that nothing is published */
    bool outline;       /* the sets of witnesses are not wanted, and left empty */
    pd_findings findings;
    pd_report report;
    pd_cluster *cluster;
    pd_db *begun; /* a connection that is being made */
    pd_db *db;
    pd_target target;
    pd_error unreachable; /* why an early attempt to connect failed, kind NONE: it did not */
    bool backs_up;        /* the command runs SQL, so that a backup may be asked for */
    pd_webhook webhook;
    pd_run run;
    bool to_stderr; /* reports go there: git shows a pusher what a hook says on it */
    bool printed;   /* the command has printed what it had to say: no report follows */
    bool unwritten; /* and could not get it out */
} pd_context;

/* Opens the repository of --repo or the current folder, when it is not open. */
bool pd_context_open(pd_context *context, pd_error *err) PD_CHECKED;

/* Resolves `spec` and reads the settings from it. */
bool pd_context_read_settings(pd_context *context, const char *spec, pd_error *err) PD_CHECKED;

/* Resolves `spec` and reads settings and migration set from it; what is wrong with them goes to
 * the findings. A set that is empty is a finding too, unless --allow-empty. */
bool pd_context_read(pd_context *context, const char *spec, pd_error *err) PD_CHECKED;

/* The same under settings that do not come from the revision; the command line goes over them. */
bool pd_context_read_under(pd_context *context, const char *spec, const pd_settings *settings,
                           pd_error *err) PD_CHECKED;

/* Reads the settings that stand in a revision over the defaults. */
bool pd_context_settings_at(pd_context *context, const pd_revision *revision, pd_settings *settings,
                            pd_error *err) PD_CHECKED;

/* Reads a set out of a snapshot, as the settings say. */
void pd_context_layout(pd_context *context, const pd_snapshot *snapshot,
                       const pd_settings *settings, pd_set *out, pd_findings *findings);

/* ---- base.c: what is published ---- */

/* Reads what the revision is held against: --base, the event of a workflow, [check] base, the
 * upstream of HEAD's branch, the remote's HEAD, in that order; the merge bases with it and its tip
 * become witnesses. Unless it was named by the user or is the event's target, the remote's default
 * branch is asked as well. In a repository without remotes nothing is published. A base that cannot
 * be told is PD_ERROR_UNREACHABLE. */
bool pd_context_read_base(pd_context *context, pd_error *err) PD_CHECKED;

typedef enum pd_tip_source {
    PD_TIP_NONE,     /* nothing is published: there are no remotes */
    PD_TIP_NAMED,    /* --base, or what a pull request or a merge group is for */
    PD_TIP_PUSHED,   /* what a push moved its ref from */
    PD_TIP_SETTINGS, /* [check] base of the revision */
    PD_TIP_UPSTREAM, /* of HEAD's branch, else the remote's HEAD */
} pd_tip_source;

typedef struct pd_tip {
    pd_tip_source source;
    pd_revision revision; /* nothing with PD_TIP_NONE */
    bool replaced; /* the push of the event replaces it by this very revision: all must stay */
    const char *default_branch; /* of the event, or NULL */
} pd_tip;

bool pd_context_find_tip(pd_context *context, pd_tip *tip, pd_error *err) PD_CHECKED;

/* ---- witness.c: the migrations of other commits ---- */

/* Adds the merge base of the revision with the tip, and the tip; *related is false, and nothing
 * was added, when they share no history. */
bool pd_context_add_branch(pd_context *context, const pd_revision *tip, bool *related,
                           pd_error *err) PD_CHECKED;

/* The merge bases alone. */
bool pd_context_add_merge_bases(pd_context *context, const pd_revision *tip, bool *related,
                                pd_error *err) PD_CHECKED;

/* Adds the migrations of a commit, read from where it kept them itself. */
bool pd_context_add_witness(pd_context *context, pd_witness_kind kind, const pd_revision *revision,
                            pd_error *err) PD_CHECKED;

/* The first witness's set, NULL when there is none. */
const pd_set *pd_context_base_set(const pd_context *context);

/* Notes which files that steer the gates are not what the first witness has. */
bool pd_context_compare_steering(pd_context *context, pd_error *err) PD_CHECKED;

/* The ports of deploy/ that git serves. ctx is the context. */
bool pd_context_deployed(void *ctx, const char *commit, pd_deployed *out, pd_error *err) PD_CHECKED;
void pd_context_explain(void *ctx, pd_findings *findings);

/* ---- uncommitted.c ---- */

/* Where the revision is HEAD: notes in the report which files of the migrations folder are not what
 * the work tree has, and corrects the hints about those that were only not committed. */
void pd_context_compare_worktree(pd_context *context);

/* Begins a new report in the context for one more revision (hooks check several). */
void pd_context_reset(pd_context *context);

/* Whether the command line or the environment names a database. */
bool pd_context_has_database(const pd_context *context);

/* Watches for signals, starts the throwaway server when --ephemeral, connects. */
bool pd_context_connect(pd_context *context, bool read_only, pd_error *err) PD_CHECKED;

/* Fills context->run from what has been read, with the webhook's port when a backup was asked
 * for. Asked for without a usable PREDEPLOY_BACKUP_URL: PD_ERROR_USAGE. */
bool pd_context_run(pd_context *context, pd_error *err) PD_CHECKED;

/* For a question that comes first, in two steps: begins to connect, while other things are read;
 * and asks what the last verdict is held against (pd_db_recall). pd_context_connect goes on with
 * it. */
bool pd_context_begin_connect(pd_context *context, pd_error *err) PD_CHECKED;
bool pd_context_ask_early(pd_context *context, pd_recalled *now, pd_error *err) PD_CHECKED;

/* Gives context->run the port of the connected database. */
void pd_context_attach(pd_context *context);

/* ---- recall.c: a verdict that was given before ---- */

/* All that the answers of the gates depend on, besides the ledger: what is asked of which commits,
 * and how. The revision and the base were read. */
const char *pd_context_terms(pd_context *context);

/* Asks the database, before any migration is read, whether its last verdict is about `spec` and
 * holds. *done: it does, and the report is filled; else nothing is, and a connection that was made
 * stays for pd_context_connect. Only a signal, or a table count that is wrong, is an error. */
bool pd_context_recall(pd_context *context, const char *spec, bool *done, pd_error *err) PD_CHECKED;

/* Reads `.predeploy` of the work tree into the settings, with the command line over it. */
bool pd_context_worktree_settings(pd_context *context, pd_error *err) PD_CHECKED;

/* The migrations folder: of the settings, else the one well-known folder that holds migrations at
 * the revision (NULL: in the work tree); "" when there is none. Several: PD_ERROR_USAGE asks. */
bool pd_find_folder(pd_context *context, const pd_revision *revision, const pd_settings *settings,
                    const char **folder, pd_error *err) PD_CHECKED;

/* Whether a path ends in the name of a well-known folder. */
bool pd_is_usual_folder(const char *path);

void pd_context_close(pd_context *context);

#endif
