/* What a deployment or a rollback will do, decided before anything is written. */
#ifndef PD_DOMAIN_PLAN_H
#define PD_DOMAIN_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "domain/migration.h"
#include "domain/script.h"

/* One migration that goes in (deploy), comes out (rollback), or is adopted: already applied by
 * Drizzle, it only gets its row in predeploy's ledger. */
typedef enum pd_step_kind {
    PD_STEP_APPLY,
    PD_STEP_ADOPT,
    PD_STEP_REVERT,
} pd_step_kind;

typedef struct pd_step {
    pd_step_kind kind;
    const char *name;
    const char *path; /* of the text that runs, from the root of the tree; for messages */
    const char *hash; /* of the migration */
    const char *text; /* SQL to run: the migration, the companion; NULL for PD_STEP_ADOPT */
    size_t len;
    const pd_script *script;
    const char *tokens;   /* digest of its SQL tokens, NULL when not known */
    const char *down_sql; /* companion to keep in the ledger, NULL when there is none */
    const char *down_hash;
    /* Drizzle layouts: the row of Drizzle's table. PD_STEP_APPLY writes it, with v1_name when the
     * table has names; the others know it by the id it has: PD_STEP_ADOPT keeps id and time,
     * PD_STEP_REVERT deletes it, and its twins of equal hash and time. */
    int64_t drizzle_id; /* 0: no such row, or not written yet */
    bool has_created_at;
    int64_t created_at;
    const char *v1_name;
    int64_t seq;  /* PD_STEP_REVERT: the ledger row that goes */
    bool adopted; /* PD_STEP_REVERT: it was applied before predeploy came */
    /* Its statements run outside a transaction, one by one, each tracked in the ledger; it is a
     * batch of its own. */
    bool alone;
    bool unbound; /* and it asks for no transaction: the others have one each, CALL and DO none */
} pd_step;

typedef struct pd_plan {
    pd_step *steps; /* adoptions first, then what runs, in order */
    size_t count;
    size_t capacity;
    size_t pending;       /* steps that run SQL */
    bool tables_known;    /* whether the number of tables after it can be told */
    int64_t tables_delta; /* by how many it changes */
} pd_plan;

#endif
