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
    PD_LAYOUT_GOLANG_MIGRATE,  /* VERSION_TITLE.up.sql and .down.sql */
    PD_LAYOUT_SQLX,            /* the same, and VERSION_TITLE.sql without a way back */
    PD_LAYOUT_DIESEL,          /* NAME/up.sql and NAME/down.sql */
    PD_LAYOUT_PRISMA,          /* NAME/migration.sql */
    PD_LAYOUT_FLYWAY,          /* VVERSION__TITLE.sql and UVERSION__TITLE.sql */
    PD_LAYOUT_DBMATE,          /* both directions in one file: -- migrate:up, -- migrate:down */
    PD_LAYOUT_GOOSE,           /* both directions in one file: -- +goose Up, -- +goose Down */
    PD_LAYOUT_CUSTOM,          /* by the patterns of [layout] */
    PD_LAYOUT_COUNT,
} pd_layout_kind;

const char *pd_layout_name(pd_layout_kind kind); /* "golang-migrate", …; docs/layouts.md */
bool pd_layout_find(const char *name, pd_layout_kind *out);

/* How the versions of a custom layout sort. */
typedef enum pd_version_order {
    PD_ORDER_BYTES,   /* names byte by byte */
    PD_ORDER_NUMERIC, /* one number of any width */
    PD_ORDER_DOTTED,  /* groups of digits, each by number: 1.10 behind 1.9 */
} pd_version_order;

/* [check] order: a new migration that sorts in front of a published or applied one. */
typedef enum pd_arrival {
    PD_ARRIVAL_STRICT, /* an error */
    PD_ARRIVAL_LATE,   /* a warning, where the tool of the layout runs it all the same */
} pd_arrival;

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
    const char *rollback_since;   /* NULL: companions are required from the first on */
    const char *up_pattern;       /* [layout] up, NULL: the layout's own */
    const char *rollback_pattern; /* [layout] rollback */
    pd_version_order version_order;
    const char *base;          /* [check] base, NULL when not set */
    pd_arrival arrival;        /* [check] order */
    pd_severity cosmetic;      /* [check] cosmetic: edits of comments and line endings alone */
    const char *ledger_schema; /* Drizzle's: "drizzle" */
    const char *ledger_table;  /* Drizzle's: "__drizzle_migrations" */
    const char *verify_schema; /* "public" */
    int64_t min_tables;        /* 1 */
    int64_t tables;            /* exact count, -1: not asked */
    pd_transaction_mode transaction;
    int64_t connect_timeout_ms;   /* 10 s */
    int64_t lock_timeout_ms;      /* 5 s; 0 waits for ever */
    int64_t statement_timeout_ms; /* 0: none */
    int64_t lock_wait_ms;         /* how long to wait for the deployment lock, 10 min */
    int64_t retries;              /* 5 */
    int64_t deploy_timeout_ms;    /* for a whole deployment, the backup with it, 4 h; 0: none */
    const char *role;             /* that migrations run as (SET ROLE), NULL: who connects */
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
