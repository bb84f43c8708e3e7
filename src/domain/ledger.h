/* What the database says was applied: predeploy's own tables and Drizzle's table. */
#ifndef PD_DOMAIN_LEDGER_H
#define PD_DOMAIN_LEDGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "domain/foreign.h"

/* A row of predeploy.migrations (docs/ledger.md). Times are RFC 3339 text, UTC. */
typedef struct pd_ledger_row {
    int64_t seq; /* order of application */
    const char *name;
    const char *hash;
    const char *tokens;    /* digest of its SQL tokens (sql/tokens.h), NULL when not known */
    const char *down_sql;  /* the companion's text, NULL when it had none */
    const char *down_hash; /* NULL with down_sql */
    bool adopted;          /* was applied before predeploy came, by another tool */
    /* Its row in Drizzle's table, as that table has it; drizzle_id is 0 when it has none. */
    int64_t drizzle_id;
    bool has_drizzle_created_at;
    int64_t drizzle_created_at;
    const char *v1_name;    /* when it was a journal's entry: what `drizzle-kit up` calls it */
    const char *deployment; /* UUID */
    const char *applied_at;
} pd_ledger_row;

/* Whether the row is the migration's of that name. */
bool pd_ledger_row_is(const pd_ledger_row *row, const char *name);

/* A row of Drizzle's table; shape v0 has no names. */
typedef struct pd_drizzle_row {
    int64_t id;
    const char *hash;
    bool has_created_at; /* false: NULL, or no whole number */
    int64_t created_at;
    const char *name; /* NULL when the column is missing or the value is NULL */
} pd_drizzle_row;

typedef enum pd_drizzle_shape {
    PD_DRIZZLE_ABSENT,
    PD_DRIZZLE_V0, /* id, hash, created_at */
    PD_DRIZZLE_V1, /* and name, applied_at */
} pd_drizzle_shape;

/* A row of predeploy.deployments. */
typedef struct pd_deployment {
    const char *id;     /* UUID */
    const char *kind;   /* "deploy", "rollback" or "adopt" */
    const char *commit; /* object id */
    const char *ref;    /* NULL when the revision was no ref */
    const char *actor;  /* who ran it */
    const char *tool_version;
    const char *started_at;
    const char *finished_at;      /* NULL while it runs */
    const char *outcome;          /* running, succeeded, failed, interrupted, unknown */
    const char *detail;           /* why it failed, NULL otherwise */
    const char *backup_reference; /* NULL when no backup was made */
    int64_t tables_before;        /* -1 when not counted */
    int64_t tables_after;
    const char **migrations; /* names it applied or took out, in that order */
    size_t migration_count;
} pd_deployment;

/* A row of predeploy.statements: one statement of a migration that runs outside a transaction and
 * is not finished. */
typedef struct pd_unfinished {
    const char *migration;
    bool down;          /* of the companion: a rollback was not finished */
    int number;         /* of the statement in its text, from 1 */
    const char *digest; /* SHA-256 of the statement as it was sent */
    const char *kind;   /* "CREATE INDEX CONCURRENTLY" */
    bool done;
    const char *object;     /* what it makes, takes away or changes; NULL: not known */
    const char *before;     /* what stood in its place, NULL: not asked */
    const char *deployment; /* UUID */
    const char *started_at;
    const char *error; /* what the last attempt ended with, NULL: nothing is known */
    int64_t pid;       /* process of the server that is at work on it, 0: none is known */
} pd_unfinished;

typedef struct pd_ledger {
    bool present;        /* predeploy's own tables are there */
    pd_ledger_row *rows; /* by seq */
    size_t count;
    size_t capacity;
    pd_drizzle_shape drizzle_shape;
    pd_drizzle_row *drizzle; /* by id */
    size_t drizzle_count;
    size_t drizzle_capacity;
    pd_deployment *deployments; /* newest first, at most PD_DEPLOYMENTS_SHOWN */
    size_t deployment_count;
    size_t deployment_capacity;
    const char *commit;         /* that the database was last brought to, NULL: none is known */
    pd_foreign_ledger *foreign; /* tables of other migration tools */
    size_t foreign_count;
    pd_unfinished *unfinished; /* by migration and number */
    size_t unfinished_count;
    size_t unfinished_capacity;
    /* Why the ledger is not what predeploy left behind (its chain of hashes does not hold), NULL:
     * it is, or that cannot be told. */
    const char *altered;
    const char *digest; /* of all rows of predeploy.migrations, by the server; NULL: not known */
    const char *drizzle_digest; /* of all of Drizzle's table; NULL: not known, or there is none */
    const char **taken_out; /* names that predeploy's rollbacks took out, when foreign has any */
    size_t taken_out_count;
    int64_t tables;             /* tables of the verify schema now */
    const char *current_schema; /* where an unqualified CREATE TABLE goes, NULL: nowhere */
} pd_ledger;

#define PD_DEPLOYMENTS_SHOWN 20

#endif
