/* The settings of a run: command line, environment, `.predeploy`, default, in that order.
 *
 * `.predeploy` is in git's configuration syntax (git-config(1), "CONFIGURATION FILE") without
 * include, read from the revision that is checked. Secrets are not settings: they come from the
 * environment alone (cli).
 */
#ifndef PD_DOMAIN_SETTINGS_H
#define PD_DOMAIN_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "domain/finding.h"

#define PD_SETTINGS_FILE ".predeploy"
#define PD_SETTINGS_MAX ((size_t)64 << 10) /* bytes of the file */

typedef enum pd_layout_kind {
    PD_LAYOUT_DETECT,
    PD_LAYOUT_DRIZZLE,         /* meta/_journal.json and NNNN_name.sql */
    PD_LAYOUT_DRIZZLE_FOLDERS, /* YYYYMMDDHHMMSS_name/migration.sql */
    PD_LAYOUT_PLAIN,           /* NAME.sql */
} pd_layout_kind;

const char *pd_layout_name(pd_layout_kind kind); /* "drizzle", "drizzle-folders", "plain" */

typedef enum pd_rollback_policy {
    PD_ROLLBACK_REQUIRED,
    PD_ROLLBACK_WARN,
    PD_ROLLBACK_OFF,
} pd_rollback_policy;

typedef enum pd_transaction_mode {
    PD_TRANSACTION_ALL,
    PD_TRANSACTION_EACH,
} pd_transaction_mode;

typedef struct pd_settings {
    const char *path; /* migrations folder, NULL: detected */
    pd_layout_kind layout;
    pd_rollback_policy rollback;
    const char *rollback_since; /* NULL: companions are required from the first on */
    const char *base;           /* [check] base, NULL when not set */
    const char *ledger_schema;  /* Drizzle's: "drizzle" */
    const char *ledger_table;   /* Drizzle's: "__drizzle_migrations" */
    const char *verify_schema;  /* "public" */
    int64_t min_tables;         /* 1 */
    int64_t tables;             /* exact count, -1: not asked */
    pd_transaction_mode transaction;
    int64_t connect_timeout_ms;   /* 10 s */
    int64_t lock_timeout_ms;      /* 5 s; 0 waits for ever */
    int64_t statement_timeout_ms; /* 0: none */
    int64_t lock_wait_ms;         /* how long to wait for the deployment lock, 10 min */
    int64_t retries;              /* 5 */
    bool backup_required;
    int64_t backup_timeout_ms;           /* 30 min */
    int severity_of_rule[PD_RULE_COUNT]; /* pd_severity, -1: the rule's own */
} pd_settings;

void pd_settings_default(pd_settings *settings);

/* Whether a number of tables is what [verify] asks for, and that in words ("at least 3"). */
bool pd_settings_tables_met(const pd_settings *settings, int64_t tables);
const char *pd_settings_tables_text(const pd_settings *settings, pd_arena *arena);

/* Reads the text of a `.predeploy` over what settings hold. `name` ("main:.predeploy") stands in
 * front of errors, which are PD_ERROR_USAGE and name the line: "main:.predeploy:4: unknown key
 * 'lockTimeot' in [deploy] (did you mean 'lockTimeout'?)". Texts go to the arena. */
bool pd_settings_parse(pd_settings *settings, pd_arena *arena, const char *name, const char *text,
                       size_t len, pd_error *err) PD_CHECKED;

#endif
