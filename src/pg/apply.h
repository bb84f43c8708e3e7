/* One batch on its way through one transaction. Private to pg/. */
#ifndef PD_PG_APPLY_H
#define PD_PG_APPLY_H

#include <stdbool.h>
#include <stdint.h>

#include "pg/group.h"
#include "pg/internal.h"

/* What is known of the statement that runs, asked of the control connection. */
typedef struct pd_watch {
    const pd_step *step;           /* NULL: nothing runs */
    const pd_statement *statement; /* NULL: the whole text */
    size_t number;                 /* of the step in its plan, from 1 */
    const char *doing;             /* what goes on when no step does, NULL: nothing to tell of */
    int64_t since_ms;              /* when the statement began */
    int64_t asked_ms;
    pd_arena *found; /* the last answer lives here, NULL: there is none */
    const pd_blocker *blockers;
    size_t blocker_count;
    const char *phase;   /* by the server's progress views; NULL: not known */
    int64_t percent;     /* -1: not known */
    const char *running; /* the text that the server is at, maybe cut; NULL: not known */
    int64_t running_ms;  /* for how long */
    /* Told of `running`, as answers that wait for each other do not tell. NULL: nobody is. */
    void (*locate)(void *ctx, const char *text, int64_t age_ms);
    void *locate_ctx;
} pd_watch;

typedef struct pd_apply {
    pd_db *db;
    pd_arena *arena;
    const pd_batch *batch;
    pd_batch_result *result;
    bool drizzle;              /* Drizzle's table is wanted; then: and is there */
    bool unmade;               /* and is made in the round trip that begins the batch */
    bool named;                /* and has a column name */
    const char *drizzle_table; /* quoted */
    pd_group reset;            /* requests that take back what a migration did to the session */
    const char *session_sql;   /* then these four, with their blanks filled in */
    const char *guard_sql;
    const char *limits_sql; /* behind a statement with PD_TRAIT_LIMITS_BACK */
    const char *pin_sql;
    const char *print_sql;     /* fingerprint of all that is fenced */
    const char *state_sql;     /* fingerprint of what batch->expected has */
    int64_t tables_base;       /* counted behind the fence, without a table made by it */
    const char *rows;          /* fingerprint behind the fence */
    const char *half_rows;     /* the same of predeploy.statements */
    const char *xid;           /* of the batch's transaction */
    int64_t pid;               /* of the worker's backend */
    const char *backend_start; /* seconds, as text */
    bool sealed;               /* no COMMIT of a migration's can succeed */
    bool committed_part;       /* a statement committed: there is nothing left to roll back */
    int64_t *ended_ms;         /* by step: when it was done, by pd_now_ms; 0: it has not run */
    pd_watch watch;
} pd_apply;

/* A request on the worker; what fails is PD_ERROR_APPLY. */
pd_request pd_apply_request(const pd_apply *apply, const char *sql, const char *what);

/* batch.c: the worker, and Drizzle's table where it is wanted. */
bool pd_apply_prepare(pd_apply *apply, pd_error *err) PD_CHECKED;

/* batch.c: sets the time limits again that a migration took back; `waits`: without lock_timeout. */
const char *pd_apply_limits(pd_apply *apply, bool waits);

/* batch.c: begins the transaction in a session in which nothing is left of what ran before, locks
 * the ledgers, compares with batch->expected and batch->taken_from. *changed: they differ, nothing
 * may be done but ROLLBACK. For `texts` to run the tables are counted and the seal is opened. */
bool pd_apply_begin(pd_apply *apply, bool texts, bool *changed, pd_error *err) PD_CHECKED;

/* batch.c: whether Drizzle's table, which the plan adds to the others, is there by now. */
bool pd_apply_counts_new_drizzle(const pd_apply *apply);

/* finish.c: around migrations: no COMMIT of theirs can succeed; at the end deferred constraints are
 * checked, and that the ledgers are what they were and safe to write to. */
bool pd_apply_seal(pd_apply *apply, pd_error *err) PD_CHECKED;
/* Says in an error of sealing when its table is gone; false, as pd_error_hint. */
bool pd_apply_explain_seal(pd_error *err);
bool pd_apply_unseal(pd_apply *apply, pd_error *err) PD_CHECKED;

/* finish.c: behind the migrations: what unsealing does, the ledgers' rows of the batch's steps, the
 * deployment's row, the number of tables, COMMIT. */
bool pd_apply_finish(pd_apply *apply, pd_error *err) PD_CHECKED;

/* fence.c: makes Drizzle's table, where it is written to and is not there, in transactions of its
 * own: were it made in the batch's, a Drizzle migrator that comes meanwhile would run into the
 * half-made schema instead of waiting for the lock. apply->drizzle says whether the table is there.
 */
bool pd_apply_find_drizzle(pd_apply *apply, pd_error *err) PD_CHECKED;

/* fence.c: the same in the round trip that begins the batch, where the plan was made without the
 * table and no pooler of transactions stands between: adds a transaction that makes it, and gives
 * the place of what tells the shape that it has (pd_apply_drizzle_is_named); apply->named is the
 * one that it is made in. An error of it that pd_apply_may_find_drizzle knows is none: it is then
 * for pd_apply_find_drizzle. */
bool pd_apply_makes_drizzle(const pd_apply *apply);
size_t pd_apply_add_drizzle(pd_apply *apply, pd_group *group);
bool pd_apply_drizzle_is_named(const PGresult *exists);
bool pd_apply_may_find_drizzle(const pd_error *err);

/* fence.c: what a fence asks in the batch's transaction, by place in the group, and what its
 * answers say. */
typedef struct pd_fence {
    size_t drizzle_lock;
    size_t inspection;
    size_t states[2];
    const char *expected[2]; /* of the states */
    size_t state_count;
    size_t print;
} pd_fence;

void pd_fence_add(pd_apply *apply, pd_group *group, pd_fence *out);
bool pd_fence_check(pd_apply *apply, const pd_group *group, const pd_fence *fence, bool *changed,
                    pd_error *err) PD_CHECKED;
/* After an error of the group: *changed, or an error that says more, or *again: nothing is wrong,
 * and all is to be asked once more, in a new transaction. */
bool pd_fence_explain(pd_apply *apply, const pd_group *group, const pd_fence *fence, bool *changed,
                      bool *again, pd_error *err) PD_CHECKED;

/* fence.c: whether touching the ledgers could run somebody's code: what is behind it in the group
 * does not run then. Gives the place of pd_inspection_answer's result. */
size_t pd_inspection_add(pd_apply *apply, pd_group *group);
/* After an error at that place, in the same transaction: fails with the reason. True: there is
 * none, what is there is only unusual. It is to be asked again, and all behind it. */
bool pd_inspection_explain(pd_apply *apply, pd_error *err) PD_CHECKED;

/* fence.c: the fingerprints from a result of print.sql: of the ledgers' rows, and of those of
 * predeploy.statements, which a batch outside transactions writes on its way. */
const char *pd_print_rows(pd_apply *apply, const PGresult *result);
const char *pd_print_half_rows(pd_apply *apply, const PGresult *result);

/* rows.c: adds what writes the rows of the batch's steps; then looks at the answers. */
bool pd_rows_add(pd_apply *apply, pd_group *group, pd_error *err) PD_CHECKED;
bool pd_rows_check(pd_apply *apply, const pd_group *group, size_t first, pd_error *err) PD_CHECKED;

/* line.c: runs the texts of steps in their order: pipelined, or statement by statement where one of
 * them could leave the transaction. `results` of them, or NULL. Each step must leave the
 * transaction as it is; what it did to the session is taken back behind it. `number` is the first
 * one's in the plan, from 1. */
bool pd_apply_texts(pd_apply *apply, const pd_step *steps, pd_step_result *results, size_t count,
                    size_t number, pd_error *err) PD_CHECKED;

/* line.c: one step so. */
bool pd_apply_guarded(pd_apply *apply, const pd_step *step, size_t number,
                      pd_error *err) PD_CHECKED;

/* statement.c: whether a statement that ended with this tag left the transaction that was begun,
 * asked of the server where the tag does not tell. */
bool pd_statement_stays(pd_apply *apply, const char *tag);
bool pd_statement_commits(const char *tag); /* the tag says so */

/* statement.c: "cannot apply NAME". */
const char *pd_step_what(pd_arena *arena, const pd_step *step);

/* statement.c: it did not, or failed, or was a COPY from or to the client. */
bool pd_statement_fail_copy(const char *what, pd_error *err);
bool pd_statement_fail_left(pd_apply *apply, const pd_step *step, const char *tag, pd_error *err);
void pd_statement_fail(pd_apply *apply, const pd_step *step, pd_reply reply, const PGresult *result,
                       pd_error *err);

#define PD_STATEMENT_GRACE_MS 15000 /* for the server to end it by statement_timeout itself */
int64_t pd_statement_limit_ms(const pd_apply *apply); /* 0: none */

/* What a transaction has written, by which it is found out whether it was committed. */
typedef enum pd_proof {
    PD_PROOF_BATCH,      /* the ledgers' rows of the batch's steps */
    PD_PROOF_STATEMENTS, /* a row of predeploy.statements */
} pd_proof;

/* commit.c: COMMIT, and what became of it when the connection died meanwhile. */
bool pd_apply_commit(pd_apply *apply, pd_proof proof, pd_error *err) PD_CHECKED;

/* commit.c: ends the worker's backend, asked on another connection: it may wait for a client that
 * is gone, and nobody else can end it sooner. False when it is not there, or that can't be asked.
 */
bool pd_apply_terminate(pd_apply *apply, pd_conn *conn);

/* failure.c: puts the server's error in its place in the step's text: result->failure. `message`
 * stands in for the server's when there is none. */
void pd_apply_place(pd_apply *apply, const pd_step *step, const pd_statement *statement,
                    const PGresult *error, const char *message);

/* The same for what predeploy sent in the place of that statement; the server's position is not in
 * its text. `message` says what it was. */
void pd_apply_place_instead(pd_apply *apply, const pd_step *step, const pd_statement *statement,
                            const PGresult *error, const char *message);

/* watch.c: asks, and tells the progress, while statements of the worker run. */
void pd_apply_watch(pd_apply *apply);
void pd_apply_unwatch(pd_apply *apply);

/* The statement that the worker is at now; NULL: the whole text of the step. `number` is the
 * step's in its plan, from 1. Cheap: for each of many statements. */
void pd_apply_saying(pd_apply *apply, const pd_step *step, const pd_statement *statement,
                     size_t number);
/* The same, found out later: it runs for age_ms, and what is known of it holds. */
void pd_apply_running(pd_apply *apply, const pd_step *step, const pd_statement *statement,
                      size_t number, int64_t age_ms);
void pd_apply_quiet(pd_apply *apply); /* nothing runs any more */
/* What goes on instead: "committing"; the text is a constant. */
void pd_apply_doing(pd_apply *apply, const char *what);

/* After PD_ERROR_LOCKED: who kept the worker waiting, else who may have, goes to the error's detail
 * and to the result. */
void pd_apply_name_blockers(pd_apply *apply, pd_error *err);

/* Another session's query for a message: literals taken out, cut; NULL for NULL. */
const char *pd_blocker_query(pd_arena *arena, const char *query);

#endif
