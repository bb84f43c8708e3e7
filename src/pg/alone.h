/* A migration whose statements run outside of transactions (docs/outside-transactions.md). Private
 * to pg/.
 */
#ifndef PD_PG_ALONE_H
#define PD_PG_ALONE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pg/apply.h"

/* What stands in the place of a statement's object: a word of `before` in predeploy.statements.
 *     indexes     absent, valid, invalid, building (by a session that is at work), other (the name
 *                 is another thing's)
 *     partitions  absent, attached, pending, detached
 *     REINDEX     "leftovers OID,OID", without any: "leftovers"
 *     objects of the server    absent, present
 *     the rest    unasked: nothing would tell
 */
#define PD_ALONE_UNASKED "unasked"
#define PD_ALONE_HURRY_MS 2000 /* what cannot be asked or written then, the next run finds out */

typedef struct pd_probe {
    const char *state;
    const char *object; /* its qualified name, quoted; NULL: not known */
    bool same;          /* an index: of that table, with the shape that the statement asks for */
    bool same_table;
    const char *table; /* of the index that is there: its name, and that of its twin, quoted */
    const char *twin;
    const char **leftovers; /* REINDEX: invalid indexes that were not there before, quoted */
    size_t leftover_count;
    const char *finalize; /* DETACH: the statement for its second half */
} pd_probe;

typedef enum pd_alone_action {
    PD_ALONE_RUN,
    PD_ALONE_DONE,     /* it has run: what it makes is there, what it takes away is gone */
    PD_ALONE_CLEAR,    /* take away what the broken attempt left, then run it */
    PD_ALONE_FINALIZE, /* DETACH PARTITION: only its second half is missing */
    PD_ALONE_REFUSE,   /* it can't be told whether it has run, or something else is in its place */
} pd_alone_action;

/* alone_decide.c: what to do about a statement. `before` is what stood there before its first
 * attempt, NULL when this is the first: then `now` is that. */
pd_alone_action pd_alone_decide(const pd_statement *statement, const char *before,
                                const pd_probe *now);

/* alone_decide.c: after a statement that the server said is done, why it is not; NULL: it is. */
const char *pd_alone_missing(const pd_statement *statement, const char *before,
                             const pd_probe *now);

/* A row of predeploy.statements. */
typedef struct pd_alone_row {
    bool there; /* it is done, or was begun and may have left something */
    bool done;
    const char *digest;
    const char *object;
    const char *before; /* pd_probe.state when it was begun for the first time */
    const char *pid;    /* of the session of its last attempt */
} pd_alone_row;

typedef struct pd_alone {
    pd_apply *apply;
    const pd_step *step;
    const char *direction; /* up, down */
    pd_alone_row *rows;    /* by statement of the script */
    const char *path;      /* schemas in which the migration's names are looked up, as an array */
    bool doubtful;         /* an earlier attempt at the statement may have left something */
    bool half;             /* something of it is in, or may be */
    bool hurried;          /* something failed: what is asked now is asked shortly, and no signal
                              stops it */
} pd_alone;

/* alone_session.c: makes the worker's session the migration's, as it is in front of the statement
 * `index`: the role, its own search_path, and what the statements before have set. `waits`: without
 * lock_timeout. Fills self->path. */
bool pd_alone_enter(pd_alone *self, size_t index, bool waits, pd_error *err) PD_CHECKED;

/* alone_rows.c: reads the rows of the migration, on the control connection. */
bool pd_alone_read(pd_alone *self, pd_error *err) PD_CHECKED;
/* Ends the session of a broken attempt that is still at work, and waits until it is gone. */
bool pd_alone_end_orphans(pd_alone *self, pd_error *err) PD_CHECKED;
/* In the worker's transaction: that the statement `index` is about to run, or that the statements
 * of a part have run. */
bool pd_alone_begun(pd_alone *self, size_t index, const pd_probe *now, pd_error *err) PD_CHECKED;
bool pd_alone_part_done(pd_alone *self, size_t first, size_t count, pd_error *err) PD_CHECKED;
bool pd_alone_clear(pd_alone *self, pd_error *err) PD_CHECKED;
/* On the control connection: how it ended. doubt: it may have left something. */
bool pd_alone_done(pd_alone *self, size_t index, pd_error *err) PD_CHECKED;
void pd_alone_failed(pd_alone *self, size_t index, const char *error, bool doubt);
void pd_alone_forget(pd_alone *self, size_t index); /* nothing of it is there */
bool pd_alone_any_done(const pd_alone *self);

/* alone_probe.c: what stands in the place of the statement's object, asked of the control
 * connection. `before` as in pd_alone_decide. */
bool pd_alone_probe(pd_alone *self, size_t index, pd_probe *out, pd_error *err) PD_CHECKED;

/* alone_compare.c: clears now->same when the index that is there differs from the one that the
 * statement asks for in what its shape does not tell: makes that one on an empty twin of the table,
 * in a transaction of the worker that is rolled back. */
bool pd_alone_compare(pd_alone *self, size_t index, pd_probe *now, pd_error *err) PD_CHECKED;

/* alone_outside.c: runs one statement outside of a transaction, with its rows, or finds that it has
 * run. *changed: the ledger is not what was planned for, nothing was done. */
bool pd_alone_outside(pd_alone *self, size_t index, bool *changed, pd_error *err) PD_CHECKED;

/* alone.c: a transaction of the worker behind the fence, as far as its rows. */
bool pd_alone_begin(pd_alone *self, bool *changed, pd_error *err) PD_CHECKED;

/* alone.c: carries out a batch of one step that runs outside of a transaction. */
bool pd_alone_apply(pd_apply *apply, pd_error *err) PD_CHECKED;

#endif
