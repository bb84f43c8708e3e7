/* The texts of migrations on their way to the server: one line of requests, which is piped, or
 * asked one by one. */
#include <string.h>

#include "base/clock.h"
#include "pg/errors.h"
#include "pg/line.h"
#include "pg/role.h"
#include "pg_statements.h"

static pd_request statement_request(pd_line *self, const pd_step *step, size_t index)
{
    pd_bytes text = pd_line_text(step, index);
    pd_strbuf_clear(self->text);
    pd_strbuf_add(self->text, text.data, text.len);
    pd_request request = {.sql = self->text->data,
                          .what = "cannot apply",
                          .kind = PD_ERROR_APPLY,
                          .discard = true,
                          .limit_ms = pd_statement_limit_ms(self->apply)};
    return request;
}

static pd_request request_at(pd_line *self, const pd_line_place *at)
{
    size_t index = 0;
    pd_apply *apply = self->apply;
    pd_request request = pd_apply_request(apply, NULL, "cannot set up the session");
    switch (pd_line_kind_of(self, at, &index)) {
    case PD_LINE_PATH:
        request.sql = pd_query_session_own_path;
        break;
    case PD_LINE_ROLE:
        request.sql = self->role_sql;
        break;
    case PD_LINE_STATEMENT:
        request = statement_request(self, &self->steps[at->step], index);
        break;
    case PD_LINE_LIMITS:
        request.sql = apply->limits_sql;
        break;
    case PD_LINE_RESET:
        request = apply->reset.requests[index];
        break;
    case PD_LINE_UNLOCK:
        request.sql = pd_query_batch_unlock;
        break;
    case PD_LINE_GUARD:
        request.sql = apply->guard_sql;
        request.values = self->values;
        request.count = 1;
        break;
    }
    request.live = pd_line_live(self, at);
    return request;
}

/* ---- answers ---- */

/* False: the transaction is gone. In a pipeline a ROLLBACK is left to the guard: it stands in front
 * of everything that could make something of it last. */
static bool check_tag(pd_line *self, const char *tag, bool piped)
{
    bool stays = piped ? !pd_statement_commits(tag) : pd_statement_stays(self->apply, tag);
    if (!stays) {
        self->left = pd_arena_strdup(self->apply->arena, tag);
    } else if (piped && !self->rolled_back && pd_streq(tag, "ROLLBACK")) {
        self->rolled_back = true;
        self->rollback = self->answered;
    }
    return stays;
}

static bool take_answer(pd_line *self, PGresult *result, bool piped)
{
    size_t index = 0;
    pd_line_kind what = pd_line_kind_of(self, &self->answered, &index);
    if (what == PD_LINE_STATEMENT && !check_tag(self, PQcmdStatus(result), piped)) {
        return false;
    }
    if (what == PD_LINE_STATEMENT) {
        pd_line_note_statement(self, index, PD_STEP_DONE);
    } else if (what == PD_LINE_GUARD) {
        pd_line_note_step(self, result);
    }
    pd_line_go_on(self, &self->answered);
    (void)pd_line_seek(self, &self->answered);
    if (what == PD_LINE_STATEMENT) {
        pd_line_say_next(self);
    }
    return true;
}

/* ---- failures ---- */

static void place_error(pd_line *self, const pd_line_place *at, const PGresult *result,
                        const pd_error *err)
{
    size_t index = 0;
    const pd_step *step = &self->steps[at->step];
    if (pd_line_kind_of(self, at, &index) == PD_LINE_STATEMENT) {
        pd_apply_place(self->apply, step, pd_line_statement(step, index), result, err->message);
    }
}

static void fail_guard(pd_line *self, const pd_request *request, pd_reply reply,
                       const PGresult *result, pd_error *err)
{
    const pd_step *step = &self->steps[self->answered.step];
    const char *code = pd_pg_field(result, PG_DIAG_SQLSTATE);
    if (reply == PD_REPLY_ERROR && pd_streq(code, "22012") && self->rolled_back) {
        (void)pd_statement_fail_left(self->apply, step, "ROLLBACK", err);
        place_error(self, &self->rollback, NULL, err);
    } else if (reply == PD_REPLY_ERROR && pd_streq(code, "22012")) {
        self->apply->committed_part = true;
        (void)pd_fail(err, PD_ERROR_PARTIAL, "cannot apply %s: the transaction is another one",
                      step->name);
        (void)pd_error_hint(err, "A statement of it ended the transaction and began another. Take "
                                 "it out, and undo by hand what was committed.");
    } else if (reply == PD_REPLY_ERROR && pd_streq(code, "2201F")) {
        (void)pd_fail(err, PD_ERROR_APPLY, "cannot apply %s: it makes the transaction read-only",
                      step->name);
        (void)pd_error_detail(err, "cannot write the ledger in it any more");
        (void)pd_error_hint(err, "Take SET TRANSACTION READ ONLY out of the migration.");
    } else {
        (void)pd_pg_fail(err, &self->apply->db->worker, request, reply, result);
    }
}

/* What fails behind a ROLLBACK fails because of it; one to a savepoint leaves a failed transaction
 * behind, and so does one that is chained. */
static bool has_rolled_back(const pd_line *self)
{
    return self->rolled_back && PQtransactionStatus(self->apply->db->worker.pg) == PQTRANS_IDLE;
}

/* `self->answered` is where it failed. */
static void fail_here(pd_line *self, pd_reply reply, const PGresult *result, pd_error *err)
{
    pd_apply *apply = self->apply;
    size_t index = 0;
    if (!pd_line_seek(self, &self->answered)) { /* all have been answered, and the Sync has not */
        pd_request sync = pd_apply_request(apply, NULL, "cannot apply the migrations");
        (void)pd_pg_fail(err, &apply->db->worker, &sync, reply, result);
        return;
    }
    const pd_step *step = &self->steps[self->answered.step];
    pd_request request = request_at(self, &self->answered);
    pd_step_result *failed = pd_line_result(self, self->answered.step);
    if (failed != NULL) {
        failed->state = PD_STEP_FAILED;
    }
    switch (pd_line_kind_of(self, &self->answered, &index)) {
    case PD_LINE_STATEMENT:
        pd_line_note_statement(self, index, PD_STEP_FAILED);
        if (self->left != NULL || has_rolled_back(self)) {
            (void)pd_statement_fail_left(apply, step, self->left == NULL ? "ROLLBACK" : self->left,
                                         err);
        } else {
            pd_statement_fail(apply, step, reply, result, err);
        }
        if (reply != PD_REPLY_INTERRUPTED) {
            place_error(self, &self->answered, result, err);
        }
        break;
    case PD_LINE_GUARD:
    case PD_LINE_UNLOCK:
    case PD_LINE_RESET:
        request.what =
            pd_arena_printf(apply->arena, "cannot reset the session after %s", step->name);
        fail_guard(self, &request, reply, result, err);
        break;
    case PD_LINE_PATH:
    case PD_LINE_ROLE:
    case PD_LINE_LIMITS:
        (void)pd_pg_fail(err, &apply->db->worker, &request, reply, result);
        break;
    }
}

/* ---- on its way ---- */

static bool next_request(void *ctx, pd_request *out)
{
    pd_line *self = ctx;
    if (!pd_line_seek(self, &self->fed)) {
        return false;
    }
    *out = request_at(self, &self->fed);
    pd_line_go_on(self, &self->fed);
    return true;
}

static bool on_answer(void *ctx, size_t index, PGresult **result)
{
    (void)index;
    return take_answer(ctx, *result, true);
}

static bool run_piped(pd_line *self, pd_error *err)
{
    PD_AUTO_RESULT result = NULL;
    pd_conn *worker = &self->apply->db->worker;
    size_t failed = 0;
    pd_request guard = pd_apply_request(self->apply, self->apply->guard_sql, "");
    guard.values = self->values;
    guard.count = 1;
    pd_pipeline pipeline = {
        .next = next_request, .answer = on_answer, .ctx = self, .guard = &guard};
    pd_reply reply = pd_conn_pipeline(worker, &pipeline, &failed, &result);
    if (reply != PD_REPLY_DONE) {
        fail_here(self, reply, result, err);
    }
    return reply == PD_REPLY_DONE;
}

static bool run_one_by_one(pd_line *self, pd_error *err)
{
    while (pd_line_seek(self, &self->answered)) {
        PD_AUTO_RESULT result = NULL;
        pd_request request = request_at(self, &self->answered);
        pd_reply reply = pd_conn_ask(&self->apply->db->worker, &request, &result);
        bool copied = self->apply->db->worker.copied;
        if (reply != PD_REPLY_DONE || copied || !take_answer(self, result, false)) {
            fail_here(self, reply, result, err);
            return false;
        }
    }
    return true;
}

/* Nothing in it is known to leave the transaction, or to want a client that copies. */
static bool is_plain(const pd_line *self)
{
    for (size_t i = 0; i < self->count; i++) {
        const pd_step *step = &self->steps[i];
        bool plain = step->kind == PD_STEP_ADOPT || !pd_line_is_whole(step);
        for (size_t j = 0; plain && step->kind != PD_STEP_ADOPT && j < step->script->count; j++) {
            plain = (step->script->statements[j].traits &
                     (PD_TRAIT_TRANSACTION_CONTROL | PD_TRAIT_COPY_STDIN)) == 0;
        }
        if (!plain) {
            return false;
        }
    }
    return true;
}

bool pd_apply_texts(pd_apply *apply, const pd_step *steps, pd_step_result *results, size_t count,
                    size_t number, pd_error *err)
{
    PD_AUTO_STRBUF text = pd_strbuf_new(PD_STRBUF_MAX);
    pd_line self = {.apply = apply,
                    .steps = steps,
                    .results = results,
                    .count = count,
                    .number = number,
                    .role_sql = pd_role_sql(apply->db, &apply->db->worker, apply->arena),
                    .text = &text,
                    .values = {apply->xid}};
    pd_line_plan(&self);
    self.started_ms = pd_now_ms();
    self.begun_ms = self.started_ms;
    self.arrived_ms = self.started_ms;
    (void)pd_line_seek(&self, &self.answered);
    pd_line_say_next(&self);
    apply->watch.locate = pd_line_say_running;
    apply->watch.locate_ctx = &self;
    bool ok = is_plain(&self) ? run_piped(&self, err) : run_one_by_one(&self, err);
    apply->watch.locate = NULL;
    pd_apply_quiet(apply);
    return ok;
}

bool pd_apply_guarded(pd_apply *apply, const pd_step *step, size_t number, pd_error *err)
{
    return pd_apply_texts(apply, step, NULL, 1, number, err);
}
