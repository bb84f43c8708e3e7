/* What conn.c, conn_locals.c and pipeline.c share: how an answer is waited for. Private to them. */
#ifndef PD_PG_CONN_PARTS_H
#define PD_PG_CONN_PARTS_H

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "pg/conn.h"
#include "pg/pipeline.h"

/* How long one question may take, and what may end it early. */
typedef struct pd_patience {
    int64_t deadline_ms; /* < 0: none */
    int64_t tick_at_ms;  /* < 0: none */
    pd_interrupt *interrupt;
    bool undisturbed; /* a signal, or that the run is late, only shortens it to what is left of
                         the grace */
} pd_patience;

/* From now on; limit_ms 0: no deadline. */
pd_patience pd_patience_of(const pd_conn *conn, int64_t limit_ms, bool undisturbed);

/* For what was cancelled: PD_CANCEL_MS; after a signal, what leaves PD_RECORD_MS of the grace. */
#define PD_RECORD_MS 200
pd_patience pd_cancel_patience(const pd_conn *conn);

/* What a connection that is opening waits for; fd -1: there is none. */
struct pollfd pd_conn_wanted(const pd_conn *conn);

/* Waits for the socket, and ticks meanwhile. PD_REPLY_DONE: it is ready. */
pd_reply pd_conn_wait(pd_conn *conn, short events, pd_patience *patience);

/* Throws away the answer that pd_conn_try did not wait for. */
pd_reply pd_conn_drop_late(pd_conn *conn, pd_patience *patience);

/* Asks the server to cancel what runs, in a child. -1 when there is nothing to cancel. */
pid_t pd_cancel_start(PGconn *pg);

/* A request to cancel that comes too late would hit the statement after: so it is waited for.
 * False: it may still be on its way, and nothing may be asked of that session any more. */
bool pd_cancel_end(pid_t child, int64_t deadline_ms) PD_CHECKED;

/* Whether a request now begins a transaction in a session that is not set up: it is to go by
 * pd_locals_ask or pd_locals_pipeline, which send conn->locals in front of it. */
bool pd_conn_begins(const pd_conn *conn);
pd_reply pd_locals_ask(pd_conn *conn, const pd_request *request, PGresult **result);
pd_reply pd_locals_pipeline(pd_conn *conn, const pd_pipeline *line, size_t *failed,
                            PGresult **result);

bool pd_result_is_error(const PGresult *result);

/* A FATAL ends the connection, though libpq may not have seen the end yet. An error that has no
 * SQLSTATE is libpq's own, which lost the answer for want of memory: what it was is not known. */
bool pd_result_is_last_word(const PGresult *result);

#endif
