/* What the last verdict on a commit is held against, asked in one transaction. Private to pg/. */
#ifndef PD_PG_RECALL_H
#define PD_PG_RECALL_H

#include "pg/group.h"
#include "pg/internal.h"

/* What is asked, and where it stands in the group. */
typedef struct pd_asking {
    pd_db *db;
    const char *commit;
    bool drizzle; /* the layout is, or may be, one of Drizzle's */
    pd_group group;
    /* Places in the group, PD_GROUP_NONE: it is not asked for. */
    size_t lock;          /* the deployment lock */
    size_t tables;        /* the locks on predeploy's tables */
    size_t drizzle_table; /* the lock on Drizzle's */
    size_t marks;
    size_t state;
    size_t foreign;
} pd_asking;

/* Asks for a transaction, which begins with `begin`, and for locks on the ledgers. Nothing is
 * waited for: who holds one of the locks changes what is asked about. */
void pd_asking_begin(pd_asking *self, const char *begin);

/* Asks for marks of all that a verdict depends on; `state`: recall_state.sql or
 * recall_keep_state.sql. */
void pd_asking_add_marks(pd_asking *self, const char *state);

/* None of it waits for anybody: so all of it together may take as long as one such statement. */
bool pd_asking_ask(pd_asking *self, pd_error *err) PD_CHECKED;

/* What was answered. `out` is left without marks where it cannot be told, or where another tool's
 * table is. */
void pd_asking_take(const pd_asking *self, pd_arena *arena, pd_recalled *out);

#endif
