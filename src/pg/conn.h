/* A connection whose calls never block: libpq's asynchronous interface, with a deadline and an
 * eye on signals for every wait. Private to pg/.
 */
#ifndef PD_PG_CONN_H
#define PD_PG_CONN_H

#include <libpq-fe.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/error.h"
#include "base/interrupt.h"
#include "base/progress.h"

typedef struct pd_conn {
    PGconn *pg;   /* NULL: not open, or given up */
    bool opening; /* pd_conn_start has begun, pd_conn_finish has not been called */
    PostgresPollingStatusType polling; /* then: what libpq waits for */
    pd_interrupt *interrupt;
    pd_progress *progress;
    bool copied;           /* the last request wanted to copy from or to the client */
    bool v14;              /* the server took the settings that PostgreSQL 14 brought */
    bool kept;             /* a session that is reset gets its settings back (pg/worker.c) */
    bool lost;             /* PD_REPLY_LOST was said of it: nothing can be asked any more */
    bool far;              /* while it was opened: an answer took longer than a moment */
    bool late;             /* the answer to a pd_conn_try is still to come */
    int64_t late_since_ms; /* when it was asked for */
    /* What every transaction begins with, NULL: the session has it already (pg/session.h). Each
     * statement, NULL behind the last; and all as one text. */
    const char *const *locals;
    const char *locals_text;
    /* Called every tick_ms while an answer is waited for; NULL: never. */
    void (*tick)(void *ctx);
    void *tick_ctx;
    int64_t tick_ms;
    /* Asked after each tick: false, and the connection counts as lost. NULL: it is not asked. */
    bool (*alive)(void *ctx);
    void *alive_ctx;
    /* Another one that may be opening: it gets on while this one is waited for. NULL: there is
     * none. */
    struct pd_conn *beside;
} pd_conn;

/* What an answer is. Where a result is given the caller clears it. */
typedef enum pd_reply {
    PD_REPLY_DONE,        /* the last rows, or the last command's result */
    PD_REPLY_ERROR,       /* the first error; the connection goes on */
    PD_REPLY_LOST,        /* the connection is gone; the server's last word, or NULL */
    PD_REPLY_TIMEOUT,     /* the deadline passed; cancelled, see PD_REPLY_INTERRUPTED */
    PD_REPLY_INTERRUPTED, /* cancelled by a signal, or because the run is late: what it ended with,
                             or NULL and the connection closed when it did not end within
                             PD_CANCEL_MS, or within the grace of a signal. It is closed, too, when
                             the request to cancel may still be on its way */
} pd_reply;

#define PD_CANCEL_MS 5000

typedef struct pd_request {
    const char *sql;
    const char *what;          /* "cannot read the ledger" */
    pd_error_kind kind;        /* of the error, when neither a lock nor a signal is the cause */
    const char *const *values; /* parameters $1, ..., as text; NULL is SQL's NULL */
    int count;
    bool simple;      /* simple protocol: several statements, no parameters */
    bool discard;     /* rows are thrown away as they come */
    bool undisturbed; /* signals are not looked at: something is being brought to its end */
    bool live;        /* in a pipeline: its answer is not to wait for those behind it */
    int64_t limit_ms; /* 0: no deadline */
    /* The part of limit_ms that is no wait for a lock: of several that are answered together it
     * counts once. 0: there is none. */
    int64_t silence_ms;
} pd_request;

/* Whether a connection string can be used: one that libpq parses, and none whose pieces have
 * visibly slipped (a password with a raw '/' or '@' becomes a port, host or database name, which
 * libpq and the server quote in their errors). NULL and "" are usable. */
bool pd_conninfo_usable(const char *conninfo);

/* Says what to do about one that is not; nothing of it is quoted but the name of a parameter that
 * is wrong alone. Returns false. */
bool pd_conninfo_hint(const char *conninfo, pd_error *err);

/* Whether it, or the environment, says which database; where none does it is the one that has the
 * user's name. Wants one that is usable. */
bool pd_conninfo_names_database(const char *conninfo);

/* Connects. `name` becomes application_name. PD_ERROR_UNREACHABLE with a hint by cause. */
bool pd_conn_open(pd_conn *conn, const char *conninfo, const char *name, int64_t timeout_ms,
                  pd_error *err) PD_CHECKED;

/* The same in two steps: start does not wait for the server, and finish reports what failed
 * meanwhile. Until then the connection is not usable; nudge lets it get on, without waiting; for
 * who is busy with something else than to wait, it waits where the server is near and answers at
 * once, and for a millisecond in all where it does not. */
typedef struct pd_call {
    const char *conninfo;
    const char *name;
    const char *options; /* settings of the session ("-c NAME=VALUE ..."), NULL: the string's own */
    int64_t timeout_ms;
} pd_call;
bool pd_conn_start(pd_conn *conn, const pd_call *call, pd_error *err) PD_CHECKED;
void pd_conn_nudge(pd_conn *conn, bool busy);
bool pd_conn_finish(pd_conn *conn, int64_t deadline_ms, int64_t timeout_ms,
                    pd_error *err) PD_CHECKED;

void pd_conn_close(pd_conn *conn);
bool pd_conn_usable(const pd_conn *conn);

/* Closes one that was ended while nobody looked, as far as it can be told without waiting. */
void pd_conn_drop_ended(pd_conn *conn);

/* Sends one request and waits for its end. COPY is ended at once: from the client with an error,
 * to the client by throwing the rows away. */
pd_reply pd_conn_ask(pd_conn *conn, const pd_request *request, PGresult **result);

/* Asks without insisting: the answer to something that is good to know. One that does not come
 * within limit_ms, or before a signal, is thrown away when it comes: nothing is cancelled or
 * closed. While one is missing nothing is asked. Where each transaction may get another session
 * (conn->locals) it is asked as by pd_conn_ask, and cancelled. */
pd_reply pd_conn_try(pd_conn *conn, const pd_request *request, PGresult **result);

/* pd_conn_ask, and anything but PD_REPLY_DONE as an error. result may be NULL. */
bool pd_conn_get(pd_conn *conn, const pd_request *request, PGresult **result,
                 pd_error *err) PD_CHECKED;

void pd_result_cleanup(PGresult **result);
#define PD_AUTO_RESULT PD_CLEANUP(pd_result_cleanup) PGresult *

#endif
