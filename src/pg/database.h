/* One PostgreSQL database, for the length of a run.
 *
 * Two connections: the control connection holds the deployment lock and writes deployments, the
 * worker runs migrations, so that nothing a migration does can drop the lock. No call of libpq
 * blocks: every wait has a deadline and watches for signals. Statements of predeploy's own name
 * their schema and run with search_path = pg_catalog, pg_temp.
 */
#ifndef PD_PG_DATABASE_H
#define PD_PG_DATABASE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/interrupt.h"
#include "base/progress.h"
#include "domain/batch.h"
#include "domain/first.h"
#include "domain/ledger.h"
#include "domain/obstacle.h"
#include "domain/recall.h"
#include "domain/report.h"
#include "domain/settings.h"

typedef struct pd_db pd_db;

typedef struct pd_db_options {
    const char *conninfo;        /* any form that libpq takes; "" means the PG* environment */
    const pd_settings *settings; /* timeouts, schemas; outlives the database */
    pd_layout_kind layout;       /* decides whether Drizzle's table is read and written */
    const char *foreign_table;   /* SCHEMA.TABLE of another tool, wherever it stands; NULL: none */
    bool read_only;              /* plan, check, verify, status: no transaction may write */
    const char *commit;          /* that is to be deployed: the sessions are named by it; or NULL */
    bool locks;                  /* pd_db_lock comes next: its questions go with the first ones */
    bool expects; /* where there is something to do it is done at once, and not behind something
                     long, as a backup: the connection for it is begun ahead */
    bool ephemeral;
    pd_interrupt *interrupt;
    pd_progress *progress;
    pd_db *begun; /* by pd_db_begin, with the same conninfo; NULL: nothing is begun */
} pd_db_options;

/* Begins to connect, for who has something else to do meanwhile, and calls pd_db_nudge now and
 * then; pd_db_open or pd_db_close comes next. What is waited for is the name of the host, for
 * timeout_ms, and in pd_db_nudge a moment for a server that is near (pg/conn.h). Errors are those
 * of pd_db_open. */
bool pd_db_begin(pd_db **out, pd_arena *arena, const char *conninfo, int64_t timeout_ms,
                 pd_interrupt *interrupt, pd_error *err) PD_CHECKED;
void pd_db_nudge(pd_db *db);

/* Fills *target from a connection. */
void pd_db_target(const pd_db *db, pd_target *target);

/* Connects the control connection within settings->connect_timeout_ms and fills *target.
 * Errors are PD_ERROR_UNREACHABLE with a hint by cause (refused, no such database, password,
 * TLS, too many connections), or PD_ERROR_USAGE for a connection string that is not valid; the
 * string itself is never part of an error. Also refused: a server in recovery or with
 * default_transaction_read_only, unless read_only is asked for. */
bool pd_db_open(pd_db **out, pd_arena *arena, const pd_db_options *options, pd_target *target,
                pd_error *err) PD_CHECKED;
void pd_db_close(pd_db **db);
#define PD_AUTO_DB PD_CLEANUP(pd_db_close) pd_db *

/* Takes the deployment lock of this database (an advisory lock, polled, never waited for inside
 * a statement), then creates or upgrades the ledger's tables from migrations/ and marks
 * deployments that never finished as interrupted. wait false, or settings->lock_wait_ms over:
 * PD_ERROR_LOCKED, naming the holder. A ledger schema that another, less trusted role owns or may
 * write to is refused with PD_ERROR_UNREACHABLE. */
bool pd_db_lock(pd_db *db, bool wait, pd_error *err) PD_CHECKED;

/* `tell` is called by pd_db_lock where there is no ledger, nor Drizzle's, nor another tool's table
 * that it would be read with: before the ledger is made, for who has something to do meanwhile. */
void pd_db_when_new(pd_db *db, void (*tell)(void *told), void *told);

/* Reads both ledgers, the table count and current_schema in one snapshot. */
bool pd_db_read_ledger(pd_db *db, pd_arena *arena, pd_ledger *out, pd_error *err) PD_CHECKED;

/* On a connection that was begun, before pd_db_open: finishes it, and reads in one snapshot all
 * that the last verdict on a commit (domain/recall.h) is held against. out->verdict is NULL when
 * there is none, or it can be told already that it does not hold. Waits for no lock and writes
 * nothing. options: those of pd_db_open; the layout may be unknown as yet. */
bool pd_db_recall(pd_db *db, const pd_db_options *options, const char *commit, pd_recalled *out,
                  pd_error *err) PD_CHECKED;

/* What the next run's pd_db_recall would find, looked at thoroughly, with the digests of both
 * ledgers. out->marks is NULL where something is not as a deployment with nothing to do leaves it,
 * or cannot be told. Waits for no lock. Leaves a transaction open that pd_db_keep_verdict ends.
 * Under the lock. */
bool pd_db_take_marks(pd_db *db, const char *commit, pd_recalled *out, pd_error *err) PD_CHECKED;

/* Behind pd_db_take_marks: keeps a verdict in the row of the newest deployment. verdict NULL: keeps
 * none.
 */
bool pd_db_keep_verdict(pd_db *db, const char *deployment, const char *verdict,
                        pd_error *err) PD_CHECKED;

/* Who could keep a plan waiting, as far as it can be told at once; what cannot be told is nothing
 * to fail over. */
void pd_db_find_obstacles(pd_db *db, pd_arena *arena, const pd_preflight *asked, pd_obstacles *out);

/* Says which of the tables are there (views and the like count, too), and which table may be
 * Drizzle's under another name. */
bool pd_db_find_tables(pd_db *db, pd_arena *arena, pd_first_tables *asked,
                       pd_error *err) PD_CHECKED;

/* Whether the plan can be run on this connection: through a pooler that gives a session out for one
 * transaction, no statement can be run outside of one. PD_ERROR_UNREACHABLE. */
bool pd_db_check_plan(const pd_db *db, const pd_plan *plan, pd_error *err) PD_CHECKED;

/* Writes the deployment's row with outcome "running", or, when its outcome is another already
 * (a deployment with nothing to do), as it is. Under the lock. Where a batch is expected
 * (pd_db_options.expects) a running one may be written by pd_db_apply, in front of everything else:
 * it is to live as long as the database. */
bool pd_db_begin_deployment(pd_db *db, const pd_deployment *deployment, pd_error *err) PD_CHECKED;

/* Runs one batch, in one transaction: fences Drizzle's migrators (ACCESS EXCLUSIVE on their table,
 * also when only a step's drizzle_id asks for it; it is made in Drizzle's own form when a step is
 * to write to it), compares the ledger with
 * batch->expected, runs every statement by itself, resets the session between migrations, writes
 * the ledger rows, verifies, commits. On failure everything of the batch is rolled back. A step
 * that is `alone` is a batch of its own, without that transaction: what of it is in after a failure
 * is written down in the ledger, and result->half says it (docs/outside-transactions.md).
 * Consecutive batches may come with the same batch->expected: what those before them wrote, and
 * the tables they made, are allowed for. batch->predicted_tables counts from the expected ledger's
 * tables: the difference is what must hold. The deployment's row gets its counts and names from the
 * batches that commit. Errors: PD_ERROR_APPLY (result->failure says where), PD_ERROR_PARTIAL (a
 * statement ended the transaction), PD_ERROR_VERIFY, PD_ERROR_LOCKED (55P03, 40P01),
 * PD_ERROR_UNKNOWN, PD_ERROR_INTERRUPTED (cancelled and rolled back). */
bool pd_db_apply(pd_db *db, pd_arena *arena, const pd_batch *batch, pd_batch_result *result,
                 pd_error *err) PD_CHECKED;

/* Writes how a deployment that did not succeed ended (outcome, detail, finished_at). */
bool pd_db_finish_deployment(pd_db *db, const pd_deployment *deployment, pd_error *err) PD_CHECKED;

/* Records the backup's reference in the deployment's row. */
bool pd_db_record_backup(pd_db *db, const pd_deployment *deployment, pd_error *err) PD_CHECKED;

#endif
