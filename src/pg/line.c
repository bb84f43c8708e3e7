/* The texts of migrations on their way to the server: one line of requests, which is piped, or
 * asked one by one. */
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "base/strbuf.h"
#include "pg/apply.h"
#include "pg/errors.h"
#include "pg/query.h"
#include "pg/role.h"
#include "pg_statements.h"

/* What a request of a step is. */
typedef enum kind {
    KIND_PATH,      /* the role's own search_path, in front of the first step */
    KIND_ROLE,      /* the role that migrations run as */
    KIND_STATEMENT, /* of the migration */
    KIND_LIMITS,    /* behind one that took them back */
    KIND_RESET,
    KIND_GUARD, /* the last of a step */
} kind;

typedef struct place {
    size_t step;
    size_t part; /* of the step's requests */
    bool limits; /* what stands behind that one, and is no part of its own */
} place;

typedef struct line {
    pd_apply *apply;
    const pd_step *steps;
    pd_step_result *results; /* NULL: of no interest */
    size_t count;
    size_t number;        /* of the first in the plan */
    size_t first;         /* step that is first to send something */
    const char *role_sql; /* "": there is none */
    place fed;
    place answered;
    pd_strbuf *text;    /* of the statement that is sent */
    int64_t arrived_ms; /* the last answer */
    int64_t begun_ms;   /* the step that is the next to be answered */
    const char *left;   /* tag of the statement that ended the transaction */
    bool rolled_back;   /* the tag of one could mean that; the guard will tell */
    place rollback;     /* which one */
    const char *values[1];
} line;

/* ---- what stands where ---- */

static bool is_whole(const pd_step *step)
{
    return step->script == NULL || step->script->state != PD_SCRIPT_OK;
}

static size_t statements_of(const pd_step *step)
{
    return is_whole(step) ? 1 : step->script->count;
}

/* Requests in front of the statements. */
static size_t lead_of(const line *self, size_t step)
{
    return (step == self->first ? 1U : 0U) + (*self->role_sql != '\0' ? 1U : 0U);
}

static size_t parts_of(const line *self, size_t step)
{
    if (self->steps[step].kind == PD_STEP_ADOPT) {
        return 0;
    }
    return lead_of(self, step) + statements_of(&self->steps[step]) + self->apply->reset.count + 1;
}

/* Goes on to a step that has something left. False: there is none. */
static bool seek(const line *self, place *at)
{
    while (at->step < self->count && at->part >= parts_of(self, at->step)) {
        at->step++;
        at->part = 0;
    }
    return at->step < self->count;
}

static const pd_statement *statement_of(const pd_step *step, size_t index)
{
    return is_whole(step) ? NULL : &step->script->statements[index];
}

static kind kind_of(const line *self, const place *at, size_t *index)
{
    size_t lead = lead_of(self, at->step);
    size_t statements = statements_of(&self->steps[at->step]);
    *index = 0;
    if (at->part < lead) {
        return at->part == 0 && at->step == self->first ? KIND_PATH : KIND_ROLE;
    }
    *index = at->part - lead;
    if (*index < statements) {
        return at->limits ? KIND_LIMITS : KIND_STATEMENT;
    }
    *index -= statements;
    return *index < self->apply->reset.count ? KIND_RESET : KIND_GUARD;
}

static void go_on(const line *self, place *at)
{
    size_t index = 0;
    const pd_statement *statement = kind_of(self, at, &index) == KIND_STATEMENT
                                        ? statement_of(&self->steps[at->step], index)
                                        : NULL;
    at->limits = statement != NULL && (statement->traits & PD_TRAIT_LIMITS_BACK) != 0;
    at->part += at->limits ? 0 : 1;
}

static pd_request statement_request(line *self, const pd_step *step, size_t index)
{
    const pd_statement *statement = statement_of(step, index);
    pd_strbuf_clear(self->text);
    pd_strbuf_add(self->text, step->text + (statement == NULL ? 0 : statement->offset),
                  statement == NULL ? step->len : statement->len);
    pd_request request = {.sql = self->text->data,
                          .what = "cannot apply",
                          .kind = PD_ERROR_APPLY,
                          .discard = true,
                          .live = true,
                          .limit_ms = pd_statement_limit_ms(self->apply)};
    return request;
}

static pd_request request_at(line *self, const place *at)
{
    size_t index = 0;
    pd_apply *apply = self->apply;
    pd_request request = pd_apply_request(apply, NULL, "cannot set up the session");
    switch (kind_of(self, at, &index)) {
    case KIND_PATH:
        request.sql = pd_query_session_own_path;
        break;
    case KIND_ROLE:
        request.sql = self->role_sql;
        break;
    case KIND_STATEMENT:
        return statement_request(self, &self->steps[at->step], index);
    case KIND_LIMITS:
        request.sql = apply->limits_sql;
        break;
    case KIND_RESET:
        return apply->reset.requests[index];
    case KIND_GUARD:
        request.sql = apply->guard_sql;
        request.values = self->values;
        request.count = 1;
        request.live = true; /* who watches is to know that the next step has begun */
        break;
    }
    return request;
}

/* ---- answers ---- */

/* What runs now, for who watches. What stands between two statements is answered together with the
 * second one. */
static void say_next(line *self)
{
    size_t index = 0;
    place at = self->answered;
    bool more = seek(self, &at);
    while (more && kind_of(self, &at, &index) != KIND_STATEMENT) {
        go_on(self, &at);
        more = seek(self, &at);
    }
    if (more) {
        const pd_step *step = &self->steps[at.step];
        pd_apply_saying(self->apply, step, statement_of(step, index), self->number + at.step);
    }
}

static pd_step_result *result_of(const line *self, size_t step)
{
    return self->results == NULL ? NULL : &self->results[step];
}

/* Times are those of the answers: they come as the statements end. */
static void note_statement(line *self, size_t index, pd_step_state state)
{
    pd_step_result *result = result_of(self, self->answered.step);
    int64_t now_ms = pd_now_ms();
    if (result != NULL) {
        result->ms = now_ms - self->begun_ms;
        if (index < result->statement_count && result->statements != NULL) {
            result->statements[index].ms = now_ms - self->arrived_ms;
            result->statements[index].state = state;
        }
    }
    self->arrived_ms = now_ms;
}

static void note_done(line *self)
{
    pd_step_result *result = result_of(self, self->answered.step);
    self->rolled_back = false;
    self->begun_ms = pd_now_ms();
    self->arrived_ms = self->begun_ms;
    if (result != NULL) {
        result->state = PD_STEP_DONE;
        self->apply->ended_ms[result - self->apply->result->steps] = self->begun_ms;
    }
}

/* False: the transaction is gone. In a pipeline a ROLLBACK is left to the guard: it stands in front
 * of everything that could make something of it last. */
static bool check_tag(line *self, const char *tag, bool piped)
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

static bool take_answer(line *self, PGresult *result, bool piped)
{
    size_t index = 0;
    kind what = kind_of(self, &self->answered, &index);
    switch (what) {
    case KIND_STATEMENT:
        if (!check_tag(self, PQcmdStatus(result), piped)) {
            return false;
        }
        note_statement(self, index, PD_STEP_DONE);
        break;
    case KIND_GUARD:
        note_done(self);
        break;
    case KIND_PATH:
    case KIND_ROLE:
    case KIND_LIMITS:
    case KIND_RESET:
        break;
    }
    go_on(self, &self->answered);
    (void)seek(self, &self->answered);
    if (what == KIND_STATEMENT) {
        say_next(self);
    }
    return true;
}

/* ---- failures ---- */

static void place_error(line *self, const place *at, const PGresult *result, const pd_error *err)
{
    size_t index = 0;
    const pd_step *step = &self->steps[at->step];
    if (kind_of(self, at, &index) == KIND_STATEMENT) {
        pd_apply_place(self->apply, step, statement_of(step, index), result, err->message);
    }
}

static void fail_guard(line *self, const pd_request *request, pd_reply reply,
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
static bool has_rolled_back(const line *self)
{
    return self->rolled_back && PQtransactionStatus(self->apply->db->worker.pg) == PQTRANS_IDLE;
}

/* `self->answered` is where it failed. */
static void fail_here(line *self, pd_reply reply, const PGresult *result, pd_error *err)
{
    pd_apply *apply = self->apply;
    size_t index = 0;
    if (!seek(self, &self->answered)) { /* all have been answered, and the Sync has not */
        pd_request sync = pd_apply_request(apply, NULL, "cannot apply the migrations");
        (void)pd_pg_fail(err, &apply->db->worker, &sync, reply, result);
        return;
    }
    const pd_step *step = &self->steps[self->answered.step];
    pd_request request = request_at(self, &self->answered);
    pd_step_result *failed = result_of(self, self->answered.step);
    if (failed != NULL) {
        failed->state = PD_STEP_FAILED;
    }
    switch (kind_of(self, &self->answered, &index)) {
    case KIND_STATEMENT:
        note_statement(self, index, PD_STEP_FAILED);
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
    case KIND_GUARD:
    case KIND_RESET:
        request.what =
            pd_arena_printf(apply->arena, "cannot reset the session after %s", step->name);
        fail_guard(self, &request, reply, result, err);
        break;
    case KIND_PATH:
    case KIND_ROLE:
    case KIND_LIMITS:
        (void)pd_pg_fail(err, &apply->db->worker, &request, reply, result);
        break;
    }
}

/* ---- on its way ---- */

static bool next_request(void *ctx, pd_request *out)
{
    line *self = ctx;
    if (!seek(self, &self->fed)) {
        return false;
    }
    *out = request_at(self, &self->fed);
    go_on(self, &self->fed);
    return true;
}

static bool on_answer(void *ctx, size_t index, PGresult **result)
{
    (void)index;
    return take_answer(ctx, *result, true);
}

static bool run_piped(line *self, pd_error *err)
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

static bool run_one_by_one(line *self, pd_error *err)
{
    while (seek(self, &self->answered)) {
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
static bool is_plain(const line *self)
{
    for (size_t i = 0; i < self->count; i++) {
        const pd_step *step = &self->steps[i];
        bool plain = step->kind == PD_STEP_ADOPT || !is_whole(step);
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
    line self = {.apply = apply,
                 .steps = steps,
                 .results = results,
                 .count = count,
                 .number = number,
                 .role_sql = pd_role_sql(apply->db, &apply->db->worker, apply->arena),
                 .text = &text,
                 .values = {apply->xid}};
    while (self.first < count && steps[self.first].kind == PD_STEP_ADOPT) {
        self.first++;
    }
    self.begun_ms = pd_now_ms();
    self.arrived_ms = self.begun_ms;
    (void)seek(&self, &self.answered);
    say_next(&self);
    bool ok = is_plain(&self) ? run_piped(&self, err) : run_one_by_one(&self, err);
    pd_apply_quiet(apply);
    return ok;
}

bool pd_apply_guarded(pd_apply *apply, const pd_step *step, size_t number, pd_error *err)
{
    return pd_apply_texts(apply, step, NULL, 1, number, err);
}
