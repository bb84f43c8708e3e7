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

/* What stands between us and the server: nothing, or a pooler that gives a session out for as long
 * as its client stays, or for one transaction (pg/pooler.h). */
typedef enum pd_pooling {
    PD_POOLING_NONE,
    PD_POOLING_SESSION,
    PD_POOLING_TRANSACTION,
} pd_pooling;

/* The settings of one kind of connection. */
typedef struct pd_session {
    int64_t lock_ms;      /* 0: none, for all three */
    int64_t statement_ms; /* of each statement */
    int64_t idle_ms;      /* in a transaction, between two statements */
    bool read_only;       /* no transaction may write */
} pd_session;

/* What the server says of itself before anything is set. */
typedef struct pd_session_answer {
    bool recovery;
    bool read_only;
    int64_t pid; /* of the process that answered */
    bool pooled; /* which is not the one at the door: a pooler stands between */
} pd_session_answer;

/* What stands in the database where the ledgers are. */
typedef struct pd_inspection {
    bool schema;        /* schema predeploy is there */
    bool tables;        /* so are its tables */
    bool chained;       /* and deployments have hashes: no ledger of an older predeploy */
    const char *code;   /* why touching a ledger could run foreign code, NULL: it cannot */
    const char *trust;  /* why predeploy's ledger is open to others, NULL: it is not */
    bool open;          /* one of the ledgers is: it may become another thing at any moment */
    bool drizzle;       /* Drizzle's table is there */
    bool drizzle_known; /* and has id, hash and created_at */
    bool drizzle_name;  /* and name */
} pd_inspection;

/* What was seen of the ledgers before the transaction that reads them. */
typedef struct pd_sighting {
    bool there;        /* there is a sighting */
    const char *names; /* of the tables to lock, as a list; NULL: none is there */
    pd_inspection found;
} pd_sighting;

typedef struct pd_reading pd_reading;       /* pg/ledger.h */
typedef struct pd_first_look pd_first_look; /* pg/ledger_look.c */

struct pd_db {
    pd_arena *arena;
    pd_db_options options;
    int64_t begun_ms;        /* when the control connection was begun (pd_db_begin) */
    const char *application; /* application_name of the connections opened from now on */
    const char *session;     /* SQL: the timeouts of the worker's session */
    const char *reset;       /* SQL: takes back what a migration did to the session */
    pd_conn control;
    pd_conn worker;
    pd_conn lock; /* holds the deployment lock behind a pooler of transactions, else not open */
    pd_pooling pooling;
    int64_t worker_pid;        /* of the worker's backend */
    int64_t worker_started_ms; /* when it was begun to connect */
    bool plain_worker;         /* settings can't be sent with the connection (pg/worker.c) */
    bool named;                /* the control connection is called as the others are to be */
    /* What is to be recorded in the round trip that begins its first batch; NULL: nothing. */
    const pd_deployment *unrecorded;
    int64_t alive_asked_ms; /* when it was last looked for (pg/alive.h) */
    bool locked;
    pd_first_look *first; /* what taking the lock asks, when it was asked already; else NULL */
    pd_sighting seen;     /* when the lock was taken, for the reading behind it */
    void (*tell_new)(void *told); /* pd_db_when_new; NULL: nobody */
    void *told_new;
    pd_reading *ahead; /* that reading, when it was asked already; else NULL */
    bool foreign;      /* tables with the names of other tools' are there */
    bool incomplete;   /* pd_db_recall found no ledger, or not all of it, and no pooler between */
    bool unusual;      /* inspect_quick.sql has failed once: inspect.sql is asked instead */
    const char *inspect_guard; /* inspect.sql in the texts of these names; NULL: not yet made */
    const char *inspect_batch;
    /* What was last read of the ledger: pd_ledger.digest, and whether it was altered. A deployment
     * begins with that, not with what somebody has made of it meanwhile. */
    const char *read_digest;
    bool read_altered;
    /* The ledger that the last committed batch was checked against, and the fingerprint of the
     * ledgers when it was committed: a next batch may come with the same expectation. */
    const pd_ledger *committed;
    const char *committed_rows;
    int64_t committed_tables; /* by how many those batches have changed the number of tables */
    /* The step outside of a transaction that was begun last, and the tables in front of it: a
     * further attempt finds some of it done. */
    const pd_step *alone;
    int64_t alone_tables;
};

/* How long the server may be silent over a statement of predeploy's own that waits for nobody. */
int64_t pd_db_patience_ms(const pd_db *db);

/* What an own statement may take: the wait for locks, and that. 0 when lockTimeout is 0. */
int64_t pd_db_limit_ms(const pd_db *db);

/* A request on one of the connections for a statement of predeploy's own. */
pd_request pd_db_request(const pd_db *db, const char *sql, const char *what);

/* The same for what brings something to its end: no signal stops it, but it has a limit in any
 * case, and after a signal what is left of its grace. */
pd_request pd_db_last_request(const pd_db *db, const char *sql, const char *what);

pd_session pd_db_control_session(const pd_db *db);
pd_session pd_db_worker_session(const pd_db *db);

/* Waits until a connection that was begun is there. */
bool pd_db_finish(pd_db *db, const pd_db_options *options, pd_error *err) PD_CHECKED;

/* Connects and sets up the session, except for what a pooler makes necessary. */
bool pd_db_new_connection(pd_db *db, pd_conn *conn, const pd_session *session,
                          pd_session_answer *answer, pd_error *err) PD_CHECKED;

/* The same for the worker, whose backend is looked for from now on while it is silent. */
bool pd_db_new_worker(pd_db *db, const pd_session *session, pd_session_answer *answer,
                      pd_error *err) PD_CHECKED;

/* Opens the worker when it is not open. One that is `kept` has its settings from its start, and is
 * not set up: its search_path is the role's own. */
bool pd_db_open_worker(pd_db *db, pd_error *err) PD_CHECKED;

/* Begins to connect the worker, where pd_db_options.expects. What goes wrong is seen when it is
 * wanted. */
void pd_db_connect_ahead(pd_db *db);

/* Whether the worker will be connected, or is, as pd_db_connect_ahead does it. */
bool pd_db_connects_ahead(const pd_db *db);

/* What the connections that are opened from now on are called. */
void pd_db_name(pd_db *db, const char *commit);

/* Opens another connection with the session settings of the control connection. It is wanted to
 * bring something to its end: only a signal that comes meanwhile ends the attempt. */
bool pd_db_connect(pd_db *db, pd_conn *conn, pd_error *err) PD_CHECKED;

/* `drizzle` asks for Drizzle's table, too. */
bool pd_ledger_inspect(pd_db *db, pd_conn *conn, bool drizzle, pd_arena *arena, pd_inspection *out,
                       pd_error *err) PD_CHECKED;

/* The same from a result of inspect.sql. */
void pd_ledger_inspected(pd_db *db, pd_arena *arena, const PGresult *result, pd_inspection *out);

/* `text` around inspect.sql: *kept, which is made once, as it is long and asked by each
 * transaction. */
const char *pd_ledger_inspect_in(pd_db *db, const char *text, const char **kept);

/* Fails with PD_ERROR_UNREACHABLE when `inspection` says that a ledger is not to be touched;
 * `writing` asks for trust, too. */
bool pd_ledger_refuse(const pd_inspection *inspection, bool writing, pd_error *err) PD_CHECKED;

/* Creates or upgrades predeploy's tables, under the deployment lock: where it is not held it is
 * asked for once, and when somebody else has it nothing is done (db->locked says so). */
bool pd_ledger_upgrade(pd_db *db, pd_error *err) PD_CHECKED;

/* Sets up the session of the control connection, and asks behind that, unless a pooler stands
 * between, what pd_ledger_upgrade is to know. That judges it; or nobody does. */
bool pd_ledger_enter(pd_db *db, const pd_session *session, pd_session_answer *answer,
                     pd_error *err) PD_CHECKED;
void pd_ledger_leave(pd_db *db);

bool pd_layout_is_drizzle(pd_layout_kind layout);

/* Tables of the schema that is verified. The error is of kind PD_ERROR_UNREACHABLE. */
bool pd_tables_count(pd_db *db, pd_conn *conn, int64_t *tables, pd_error *err) PD_CHECKED;

/* Drizzle's table as an SQL name, quoted. */
const char *pd_drizzle_table(pd_db *db, pd_conn *conn, pd_arena *arena);

/* The id of a row of Drizzle's table, from the first column. One that is no whole number is an
 * error of kind PD_ERROR_UNREACHABLE: nothing could be known by it. */
bool pd_drizzle_id(const pd_db *db, const PGresult *result, int row, int64_t *id,
                   pd_error *err) PD_CHECKED;

/* Ends the transaction of a connection within PD_CANCEL_MS, or what is left of the grace of a
 * signal; one that does not end is closed. */
void pd_db_rollback(pd_db *db, pd_conn *conn);

#endif
