/* What the files of pg/ share about a pd_db. Private to pg/. */
#ifndef PD_PG_INTERNAL_H
#define PD_PG_INTERNAL_H

#include <stdbool.h>
#include <stdint.h>

#include "pg/conn.h"
#include "pg/database.h"

#define PD_SERVER_MIN 130000 /* pg_current_xact_id */
#define PD_APPLICATION "predeploy"
#define PD_LEDGER_ROWS_MAX 1000000 /* rows that are read of one ledger */

struct pd_db {
    pd_arena *arena;
    pd_db_options options;
    const char *application; /* application_name of the connections opened from now on */
    const char *session;     /* SQL: the timeouts of the worker's session */
    pd_conn control;
    pd_conn worker;
    bool locked;
    /* The ledger that the last committed batch was checked against, and the fingerprint of the
     * ledgers when it was committed: a next batch may come with the same expectation. */
    const pd_ledger *committed;
    const char *committed_rows;
    int64_t committed_tables; /* by how many those batches have changed the number of tables */
};

/* What an own statement may take: the wait for locks, and a minute. 0 when lockTimeout is 0. */
int64_t pd_db_limit_ms(const pd_db *db);

/* A request on one of the connections for a statement of predeploy's own. */
pd_request pd_db_request(const pd_db *db, const char *sql, const char *what);

/* Opens the worker when it is not open. */
bool pd_db_open_worker(pd_db *db, pd_error *err) PD_CHECKED;

/* Opens another connection with the session settings of the control connection. Signals are not
 * looked at: it is wanted to bring something to its end. */
bool pd_db_connect(pd_db *db, pd_conn *conn, pd_error *err) PD_CHECKED;

/* What stands in the database where the ledgers are. */
typedef struct pd_inspection {
    bool schema;        /* schema predeploy is there */
    bool tables;        /* so are its tables */
    const char *code;   /* why touching a ledger could run foreign code, NULL: it cannot */
    const char *trust;  /* why predeploy's ledger is open to others, NULL: it is not */
    bool drizzle;       /* Drizzle's table is there */
    bool drizzle_known; /* and has id, hash and created_at */
    bool drizzle_name;  /* and name */
} pd_inspection;

/* `drizzle` asks for Drizzle's table, too. */
bool pd_ledger_inspect(pd_db *db, pd_conn *conn, bool drizzle, pd_arena *arena, pd_inspection *out,
                       pd_error *err) PD_CHECKED;

/* Fails with PD_ERROR_UNREACHABLE when `inspection` says that a ledger is not to be touched;
 * `writing` asks for trust, too. */
bool pd_ledger_refuse(const pd_inspection *inspection, bool writing, pd_error *err) PD_CHECKED;

/* Creates or upgrades predeploy's tables. Under the deployment lock. */
bool pd_ledger_upgrade(pd_db *db, pd_error *err) PD_CHECKED;

bool pd_layout_is_drizzle(pd_layout_kind layout);

/* Tables of the schema that is verified. The error is of kind PD_ERROR_UNREACHABLE. */
bool pd_tables_count(pd_db *db, pd_conn *conn, int64_t *tables, pd_error *err) PD_CHECKED;

/* Drizzle's table as an SQL name, quoted. */
const char *pd_drizzle_table(pd_db *db, pd_conn *conn, pd_arena *arena);

/* The id of a row of Drizzle's table, from the first column. One that is no whole number is an
 * error of kind PD_ERROR_UNREACHABLE: nothing could be known by it. */
bool pd_drizzle_id(const pd_db *db, const PGresult *result, int row, int64_t *id,
                   pd_error *err) PD_CHECKED;

/* Ends the transaction of a connection within PD_CANCEL_MS; one that does not end is closed. */
void pd_db_rollback(pd_db *db, pd_conn *conn);

#endif
