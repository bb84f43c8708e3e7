/* One batch on its way through one transaction. Private to pg/. */
#ifndef PD_PG_APPLY_H
#define PD_PG_APPLY_H

#include <stdbool.h>
#include <stdint.h>

#include "pg/internal.h"

/* What stands in the tables of the ledgers, as a text that differs when they do. */
typedef struct pd_print {
    const char *xid; /* of the transaction that asked, NULL: it has none */
    const char *rows;
} pd_print;

typedef struct pd_apply {
    pd_db *db;
    pd_arena *arena;
    const pd_batch *batch;
    pd_batch_result *result;
    bool drizzle;              /* Drizzle's table is wanted; behind the fence: and is there */
    bool named;                /* and has a column name */
    const char *drizzle_table; /* quoted */
    const char *print_sql;     /* fingerprint of all that is fenced */
    const char *state_sql;     /* fingerprint of what batch->expected has */
    int64_t tables_base;       /* counted behind the fence, without a table made by it */
    const char *before_sql;    /* print, then the role's own search_path */
    const char *after_sql;     /* reset of the session, timeouts, pinned search_path, print */
    const char *xid;           /* of the batch's transaction */
    int64_t pid;               /* of the worker's backend */
    const char *backend_start;
    bool committed_part;  /* a statement committed: there is nothing left to roll back */
    const char *saying;   /* what progress says of the running statement */
    int64_t since_ms;     /* when it began */
    const char *blockers; /* who kept it waiting, NULL: nobody was seen */
} pd_apply;

/* A request on the worker; what fails is PD_ERROR_APPLY. */
pd_request pd_apply_request(const pd_apply *apply, const char *sql, const char *what);

/* The fingerprint from a result of print.sql. */
pd_print pd_apply_print(pd_apply *apply, const PGresult *result);

/* fence.c: makes Drizzle's table, where it is written to and is not there, in transactions of its
 * own: were it made in the batch's, a Drizzle migrator that comes meanwhile would run into the
 * half-made schema instead of waiting for the lock. apply->drizzle says whether the table is there.
 */
bool pd_apply_find_drizzle(pd_apply *apply, pd_error *err) PD_CHECKED;

/* fence.c: whether the migrations have left the ledgers safe: a trigger or a rule on them could
 * make rows vanish. PD_ERROR_APPLY otherwise. */
bool pd_apply_inspect_again(pd_apply *apply, pd_error *err) PD_CHECKED;

/* fence.c: locks the ledgers, compares with batch->expected and batch->taken_from. *changed:
 * they differ, nothing may be done. */
bool pd_apply_fence(pd_apply *apply, bool *changed, pd_error *err) PD_CHECKED;

/* steps.c: runs a step and writes its rows. */
bool pd_apply_step(pd_apply *apply, size_t index, pd_error *err) PD_CHECKED;

/* statement.c: runs the step's text, statement by statement. */
bool pd_apply_text(pd_apply *apply, const pd_step *step, size_t number, pd_error *err) PD_CHECKED;

/* commit.c: COMMIT, and what became of it when the connection died meanwhile. */
bool pd_apply_commit(pd_apply *apply, pd_error *err) PD_CHECKED;

/* failure.c: puts the server's error in its place in the step's text: result->failure. `message`
 * stands in for the server's when there is none. */
void pd_apply_place(pd_apply *apply, const pd_step *step, const pd_statement *statement,
                    const PGresult *error, const char *message);

/* blockers.c: notes who keeps the worker waiting; may_block_ms >= 0 also counts sessions whose
 * transactions are open for longer. Asked on the control connection. */
void pd_apply_find_blockers(pd_apply *apply, int64_t may_block_ms);
void pd_apply_watch(pd_apply *apply); /* asks while statements of the worker run */
void pd_apply_unwatch(pd_apply *apply);

#endif
