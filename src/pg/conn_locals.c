/* Requests where each transaction may get another session: what the session should have is sent in
 * front of whatever begins one, in the same round trip. */
#include "base/arena.h"
#include "pg/conn_parts.h"
#include "pg/pipeline.h"

bool pd_conn_begins(const pd_conn *conn)
{
    return conn->locals != NULL && pd_conn_usable(conn) && !conn->late &&
           PQtransactionStatus(conn->pg) == PQTRANS_IDLE;
}

typedef struct prefixed {
    const char *const *locals;
    size_t count;
    size_t sent;
    const pd_pipeline *line;
    pd_request first; /* of the line: its limit is theirs, too */
    bool empty;
} prefixed;

static bool next_prefixed(void *ctx, pd_request *out)
{
    prefixed *self = ctx;
    size_t place = self->sent++;
    if (place > self->count) {
        return self->line->next(self->line->ctx, out);
    }
    if (place == self->count) {
        *out = self->first;
        return !self->empty;
    }
    *out = (pd_request){.sql = self->locals[place], .limit_ms = self->first.limit_ms};
    return true;
}

static bool answer_prefixed(void *ctx, size_t index, PGresult **result)
{
    prefixed *self = ctx;
    return index < self->count || self->line->answer(self->line->ctx, index - self->count, result);
}

pd_reply pd_locals_pipeline(pd_conn *conn, const pd_pipeline *line, size_t *failed,
                            PGresult **result)
{
    prefixed self = {.locals = conn->locals, .line = line};
    self.empty = !line->next(line->ctx, &self.first);
    while (self.locals[self.count] != NULL) {
        self.count++;
    }
    pd_pipeline whole = *line;
    whole.next = next_prefixed;
    whole.answer = answer_prefixed;
    whole.ctx = &self;
    conn->locals = NULL;
    pd_reply reply = pd_conn_pipeline(conn, &whole, failed, result);
    conn->locals = self.locals;
    *failed = *failed > self.count ? *failed - self.count : 0;
    return reply;
}

typedef struct single {
    const pd_request *request;
    bool sent;
    PGresult *result;
} single;

static bool next_single(void *ctx, pd_request *out)
{
    single *self = ctx;
    if (self->sent) {
        return false;
    }
    *out = *self->request;
    self->sent = true;
    return true;
}

static bool answer_single(void *ctx, size_t index, PGresult **result)
{
    single *self = ctx;
    (void)index;
    PQclear(self->result);
    self->result = *result;
    *result = NULL;
    return true;
}

static pd_reply ask_simple(pd_conn *conn, const pd_request *request, PGresult **result)
{
    PD_AUTO_ARENA scratch = pd_arena_new();
    pd_request whole = *request;
    const char *const *locals = conn->locals;
    whole.sql = pd_arena_printf(scratch, "%s%s", conn->locals_text, request->sql);
    conn->locals = NULL;
    pd_reply reply = pd_conn_ask(conn, &whole, result);
    conn->locals = locals;
    return reply;
}

pd_reply pd_locals_ask(pd_conn *conn, const pd_request *request, PGresult **result)
{
    if (request->simple) {
        return ask_simple(conn, request, result);
    }
    single self = {.request = request};
    pd_pipeline line = {.next = next_single,
                        .answer = answer_single,
                        .ctx = &self,
                        .undisturbed = request->undisturbed};
    size_t failed = 0;
    PGresult *error = NULL;
    pd_reply reply = pd_locals_pipeline(conn, &line, &failed, &error);
    bool answered = reply == PD_REPLY_DONE;
    *result = answered ? self.result : error;
    PQclear(answered ? error : self.result);
    return reply;
}
