#include "pg/pipeline.h"

#include <poll.h>
#include <string.h>

#include "base/clock.h"
#include "pg/conn_parts.h"
#include "pg/errors.h"

#define WINDOW_BYTES ((size_t)256 * 1024) /* on their way; one request may be larger */
#define WINDOW_REQUESTS 8192
#define CANCEL_AGAIN_MS 250
#define MESSAGES_BYTES 64 /* of a request, beside its text and values */

/* A request whose answer is still to come. */
typedef struct waiting {
    size_t bytes;
    int64_t limit_ms;
    int64_t silence_ms; /* of it */
    bool discard;
    bool flushed; /* and those in front of it */
} waiting;

typedef struct run {
    pd_conn *conn;
    const pd_pipeline *line;
    pd_patience patience;
    waiting ring[WINDOW_REQUESTS];
    size_t sent;           /* requests, the guard with them */
    size_t answered;       /* of them */
    size_t bytes;          /* of those between */
    int64_t last_limit_ms; /* of what was sent last */
    bool timed;            /* the time of the first that waits has begun */
    bool got;              /* something has come for the first that waits */
    bool broken;           /* nothing more can be read than what has been */
    bool fed;              /* nothing is sent any more: the Sync is on its way */
    bool refused;          /* `answer` said so */
    pd_reply reply;        /* what the line comes to */
    size_t failed;
    PGresult *error;
} run;

static size_t bytes_of(const pd_request *request)
{
    size_t bytes = strlen(request->sql) + MESSAGES_BYTES;
    for (int i = 0; i < request->count; i++) {
        bytes += request->values[i] == NULL ? 0 : strlen(request->values[i]);
    }
    return bytes;
}

/* What the server keeps until it is asked for it comes together: so its time is that of all, and
 * the silence that of one. */
static int64_t limit_of_heap(const run *self)
{
    int64_t limit_ms = 0;
    int64_t silence_ms = 0;
    for (size_t at = self->answered; at < self->sent; at++) {
        const waiting *one = &self->ring[at % WINDOW_REQUESTS];
        if (one->limit_ms <= 0) {
            return 0;
        }
        limit_ms += one->limit_ms - one->silence_ms;
        silence_ms = one->silence_ms > silence_ms ? one->silence_ms : silence_ms;
        if (one->flushed) {
            break;
        }
    }
    limit_ms += silence_ms;
    return limit_ms > 0 ? limit_ms : self->last_limit_ms; /* of the Sync, which may commit */
}

/* The first that waits is the one that runs: its time begins now. */
static void begin_time(run *self)
{
    if (self->timed || self->reply != PD_REPLY_DONE) {
        return;
    }
    int64_t limit_ms = limit_of_heap(self);
    self->patience.deadline_ms = limit_ms > 0 ? pd_now_ms() + limit_ms : -1;
    self->timed = true;
}

/* libpq wants to know it before it reads anything of the answer. */
static void begin_head(run *self)
{
    if (self->ring[self->answered % WINDOW_REQUESTS].discard) {
        (void)PQsetSingleRowMode(self->conn->pg);
    }
}

static bool send_one(run *self, const pd_request *request)
{
    PGconn *pg = self->conn->pg;
    if (PQsendQueryParams(pg, request->sql, request->count, NULL, request->values, NULL, NULL, 0) ==
        0) {
        return false;
    }
    if (request->live && PQsendFlushRequest(pg) == 0) {
        return false;
    }
    waiting *next = &self->ring[self->sent % WINDOW_REQUESTS];
    next->bytes = bytes_of(request);
    next->limit_ms = request->limit_ms;
    next->silence_ms =
        request->silence_ms < request->limit_ms ? request->silence_ms : request->limit_ms;
    next->discard = request->discard;
    next->flushed = request->live;
    self->last_limit_ms = request->limit_ms;
    self->bytes += next->bytes;
    self->sent++;
    if (self->sent == self->answered + 1) {
        begin_head(self);
    }
    return true;
}

/* Nothing is sent behind it. */
static bool send_sync(run *self)
{
    self->fed = true;
    self->ring[(self->sent + WINDOW_REQUESTS - 1) % WINDOW_REQUESTS].flushed = true;
    return PQpipelineSync(self->conn->pg) != 0;
}

/* Fills the window up when half of it is empty: so there are few packets. */
static bool has_room(const run *self, size_t parts)
{
    return self->bytes < WINDOW_BYTES / parts &&
           self->sent - self->answered < WINDOW_REQUESTS / parts - 1; /* one is the guard's */
}

/* Sends while there is room; the Sync when there is nothing left. */
static bool feed(run *self)
{
    const pd_pipeline *line = self->line;
    if (self->fed || !has_room(self, 2)) {
        return true;
    }
    while (has_room(self, 1)) {
        pd_request request = {0};
        if (!line->next(line->ctx, &request)) {
            return send_sync(self);
        }
        if (!send_one(self, &request)) {
            return false;
        }
    }
    waiting *last = &self->ring[(self->sent - 1) % WINDOW_REQUESTS];
    bool kept = !last->flushed;
    last->flushed = true;
    return !kept || PQsendFlushRequest(self->conn->pg) != 0;
}

/* Reads until a result can be had, and sends meanwhile what is left. A connection that breaks while
 * something is sent may have brought the server's last word before: *broken, and that is read. */
static pd_reply pump(run *self, pd_patience *patience)
{
    PGconn *pg = self->conn->pg;
    for (;;) {
        int unsent = PQflush(pg);
        self->broken = self->broken || unsent < 0;
        if (PQisBusy(pg) == 0) {
            return PD_REPLY_DONE;
        }
        if (self->broken) {
            return PD_REPLY_LOST;
        }
        short events = unsent > 0 ? POLLIN | POLLOUT : POLLIN;
        pd_reply reply = pd_conn_wait(self->conn, events, patience);
        if (reply != PD_REPLY_DONE) {
            return reply;
        }
        self->broken = PQconsumeInput(pg) == 0;
    }
}

/* What follows an error comes at once, or not at all. */
static void fail_at_head(run *self, pd_reply reply, PGresult *error)
{
    if (self->reply == PD_REPLY_DONE) {
        self->reply = reply;
        self->failed = self->answered;
        self->patience.deadline_ms = pd_now_ms() + PD_CANCEL_MS;
    }
    if (self->error == NULL && self->failed == self->answered) {
        self->error = error;
    } else {
        PQclear(error);
    }
}

/* Takes what has come for the request that is the next to be answered. */
static pd_reply take_result(run *self, PGresult *result, bool *last)
{
    ExecStatusType status = PQresultStatus(result);
    if (status == PGRES_PIPELINE_SYNC) {
        PQclear(result);
        *last = true;
        return PD_REPLY_DONE;
    }
    if (status == PGRES_COPY_IN || status == PGRES_COPY_OUT || status == PGRES_COPY_BOTH) {
        PQclear(result);
        self->conn->copied = true;
        fail_at_head(self, PD_REPLY_ERROR, NULL);
        return PD_REPLY_LOST; /* libpq knows no way out of it */
    }
    if (status == PGRES_SINGLE_TUPLE || status == PGRES_PIPELINE_ABORTED) {
        PQclear(result);
        return PD_REPLY_DONE;
    }
    if (pd_result_is_error(result)) {
        bool lost = pd_result_is_last_word(result) || PQstatus(self->conn->pg) != CONNECTION_OK;
        fail_at_head(self, lost ? PD_REPLY_LOST : PD_REPLY_ERROR, result);
        return lost ? PD_REPLY_LOST : PD_REPLY_DONE;
    }
    if (self->reply == PD_REPLY_DONE &&
        !self->line->answer(self->line->ctx, self->answered, &result)) {
        self->refused = true;
        fail_at_head(self, PD_REPLY_ERROR, NULL);
    }
    PQclear(result);
    return PD_REPLY_DONE;
}

/* The request that was the next one has its answer, or will never have one. */
static void pop(run *self)
{
    const waiting *done = &self->ring[self->answered % WINDOW_REQUESTS];
    self->bytes -= done->bytes;
    self->answered++;
    self->got = false;
    self->timed = self->timed && !done->flushed;
    if (self->answered < self->sent) {
        begin_head(self);
    }
}

/* Takes all that has arrived. *last: the Sync is answered. */
static pd_reply take_ready(run *self, bool *last)
{
    pd_conn *conn = self->conn;
    while (!*last && PQisBusy(conn->pg) == 0) {
        PGresult *result = PQgetResult(conn->pg);
        if (result == NULL && self->answered == self->sent) {
            return PD_REPLY_DONE; /* nothing is on its way but the Sync, or not even that */
        }
        if (result == NULL && !self->got) {
            return PD_REPLY_LOST; /* libpq had no memory for it */
        }
        if (result == NULL) {
            pop(self);
            continue;
        }
        self->got = true;
        pd_reply reply = take_result(self, result, last);
        if (reply != PD_REPLY_DONE || self->refused) {
            return reply;
        }
    }
    return PD_REPLY_DONE;
}

static pd_reply read_ready(run *self, pd_patience *patience, bool *last)
{
    pd_reply reply = pump(self, patience);
    if (reply == PD_REPLY_DONE) {
        reply = take_ready(self, last);
    }
    return reply == PD_REPLY_DONE && self->broken && !*last ? PD_REPLY_LOST : reply;
}

/* Nothing more is sent but the guard and the Sync. */
static bool end_feeding(run *self)
{
    if (self->fed) {
        return true;
    }
    return (self->line->guard == NULL || send_one(self, self->line->guard)) && send_sync(self);
}

/* After an error the server skips what it gets until the Sync: so that is what it is to get. */
static pd_reply step(run *self, bool *last)
{
    if (self->reply == PD_REPLY_DONE ? !feed(self) : !end_feeding(self)) {
        self->broken = true;
    }
    begin_time(self);
    return read_ready(self, &self->patience, last);
}

/* Until the Sync is answered, or the time is over. */
static pd_reply drain(run *self, pd_patience *patience, bool *last)
{
    pd_reply reply = PD_REPLY_DONE;
    while (reply == PD_REPLY_DONE && !*last) {
        reply = read_ready(self, patience, last);
    }
    return reply;
}

/* Ends the line before its time. A request to cancel that finds the server between two statements
 * does nothing: so it is repeated until the end, or until the patience is over. */
static pd_reply end_early(run *self, bool *last)
{
    pd_patience whole = pd_cancel_patience(self->conn);
    pd_reply reply = PD_REPLY_TIMEOUT;
    bool arrived = true;
    if (!end_feeding(self)) {
        return PD_REPLY_LOST;
    }
    while (reply == PD_REPLY_TIMEOUT && pd_remaining_ms(whole.deadline_ms) > 0) {
        pd_patience patience = whole;
        int64_t again_ms = pd_now_ms() + CANCEL_AGAIN_MS;
        patience.deadline_ms = again_ms < whole.deadline_ms ? again_ms : whole.deadline_ms;
        pid_t child = pd_cancel_start(self->conn->pg);
        reply = drain(self, &patience, last);
        arrived = pd_cancel_end(child, whole.deadline_ms) && arrived;
        if (reply == PD_REPLY_INTERRUPTED) { /* while a deadline's cancel was under way */
            whole = pd_cancel_patience(self->conn);
            reply = PD_REPLY_TIMEOUT;
        }
    }
    return arrived ? reply : PD_REPLY_LOST;
}

/* A signal may be seen before answers that had come already: they count, so that what was
 * interrupted is what runs. */
static pd_reply take_arrived(run *self, bool *last)
{
    if (PQconsumeInput(self->conn->pg) == 0) {
        return PD_REPLY_LOST;
    }
    pd_reply reply = take_ready(self, last);
    if (reply != PD_REPLY_DONE) {
        return reply;
    }
    return *last ? PD_REPLY_DONE : PD_REPLY_INTERRUPTED;
}

static void drive(run *self)
{
    bool last = false;
    pd_reply reply = PD_REPLY_DONE;
    while (reply == PD_REPLY_DONE && !last && !self->refused) {
        reply = step(self, &last);
    }
    if (reply == PD_REPLY_INTERRUPTED) {
        reply = take_arrived(self, &last);
    }
    if (reply != PD_REPLY_DONE && self->reply == PD_REPLY_DONE) {
        self->reply = reply;
        self->failed = self->answered;
    }
    if (reply == PD_REPLY_INTERRUPTED || reply == PD_REPLY_TIMEOUT || self->refused) {
        reply = end_early(self, &last);
    }
    bool over = reply == PD_REPLY_DONE && PQexitPipelineMode(self->conn->pg) != 0;
    if (!over && self->reply == PD_REPLY_LOST) {
        self->conn->lost = true; /* libpq has still to say why */
    } else if (!over) {
        pd_conn_close(self->conn);
    }
}

pd_reply pd_conn_pipeline(pd_conn *conn, const pd_pipeline *line, size_t *failed, PGresult **result)
{
    run self = {.conn = conn, .line = line, .reply = PD_REPLY_DONE};
    *result = NULL;
    *failed = 0;
    conn->copied = false;
    if (!line->undisturbed && pd_interrupted(conn->interrupt)) {
        return PD_REPLY_INTERRUPTED;
    }
    if (!pd_conn_usable(conn)) {
        return PD_REPLY_LOST;
    }
    if (pd_conn_begins(conn)) {
        return pd_locals_pipeline(conn, line, failed, result);
    }
    self.patience = pd_patience_of(conn, 0, line->undisturbed);
    if (conn->late) {
        self.patience.deadline_ms =
            pd_now_ms() + pd_interrupt_grace_ms(conn->interrupt, PD_CANCEL_MS);
    }
    if (pd_conn_drop_late(conn, &self.patience) != PD_REPLY_DONE ||
        PQenterPipelineMode(conn->pg) == 0) {
        pd_conn_close(conn);
        return PD_REPLY_LOST;
    }
    drive(&self);
    *failed = self.failed;
    *result = self.error;
    return self.reply;
}
