/* Many requests in one round trip, by libpq's pipeline mode. Private to pg/.
 *
 * There is one Sync, at the end: what runs behind BEGIN stays in that transaction, what follows an
 * error is not run at all.
 */
#ifndef PD_PG_PIPELINE_H
#define PD_PG_PIPELINE_H

#include <stdbool.h>
#include <stddef.h>

#include "pg/conn.h"

/* Where requests come from and answers go. Requests are asked for while few enough bytes are on
 * their way, so next is called between answers, ahead of them. Each is one statement in the
 * extended protocol: `simple` is ignored. */
typedef struct pd_pipeline {
    /* The next request; it is copied. False: there is none any more. */
    bool (*next)(void *ctx, pd_request *out);
    /* The request of that index, from 0, is done. *result may be kept: set to NULL. False: the line
     * ends here, what runs is cancelled. */
    bool (*answer)(void *ctx, size_t index, PGresult **result);
    void *ctx;
    /* Sent as the last one when the line is ended before its time: a statement that fails where the
     * Sync behind it would commit something. A line that needs one ends with it by itself. NULL:
     * there is no need. */
    const pd_request *guard;
    bool undisturbed; /* signals are not looked at */
} pd_pipeline;

/* Runs a line to its end. limit_ms of a request counts from when it is the next to be answered; of
 * those that are not `live` from when the first of them is, for all of them together, and
 * silence_ms of it then counts once. For anything but PD_REPLY_DONE *failed is the index of the
 * request that was not answered well, or that `answer` refused (PD_REPLY_ERROR with no result).
 * *result is its error, or the server's last word, or NULL; the caller clears it. A wish to copy to
 * or from the client is an error, with conn->copied, that costs the connection. */
pd_reply pd_conn_pipeline(pd_conn *conn, const pd_pipeline *line, size_t *failed,
                          PGresult **result);

#endif
