#include "base/str.h"
#include "base/strbuf.h"
#include "pg/alone.h"
#include "pg/errors.h"
#include "pg/query.h"
#include "pg_statements.h"

#define ANNOUNCE_MAX 3

static const char *what_of(const pd_alone *self)
{
    return pd_step_what(self->apply->arena, self->step);
}

/* ---- what can't be gone on with ---- */

static const char *difference(const pd_probe *now)
{
    if (pd_streq(now->state, "other")) {
        return "it is no index";
    }
    if (!now->same_table) {
        return "it is an index of another table";
    }
    if (pd_streq(now->state, "invalid")) {
        return "it is INVALID: it was there before, and its build has failed";
    }
    if (pd_streq(now->state, "building")) {
        return "another session is building it";
    }
    return "it differs in its columns or expressions, their order, operator classes or collations, "
           "its method, uniqueness or predicate";
}

/* As a text of SQL, for a statement that somebody is to run. */
static const char *literal(pd_arena *arena, const char *text)
{
    PD_AUTO_STRBUF out = pd_strbuf_new(PD_STRBUF_MAX);
    pd_strbuf_addc(&out, '\'');
    for (; *text != '\0'; text++) {
        pd_strbuf_addn(&out, *text, *text == '\'' ? 2 : 1);
    }
    pd_strbuf_addc(&out, '\'');
    return pd_strbuf_keep(&out, arena);
}

/* What can be done where only somebody who looks can tell what is in. */
static bool hint_by_hand(const pd_alone *self, size_t index, pd_error *err)
{
    return pd_error_hint(
        err,
        "Look at what it does. If it is done: UPDATE predeploy.statements SET state = 'done', "
        "finished_at = now() WHERE migration = %s AND direction = '%s' AND number = %zu; if it "
        "is to run again: DELETE FROM predeploy.statements with the same WHERE. Then run predeploy "
        "again.",
        literal(self->apply->arena, self->step->name), self->direction, index + 1);
}

static bool fail_refused(const pd_alone *self, size_t index, const pd_probe *now, pd_error *err)
{
    const pd_statement *statement = &self->step->script->statements[index];
    if (statement->outside == PD_OUTSIDE_CREATE_INDEX && *statement->subject->name != '\0') {
        (void)pd_fail(err, PD_ERROR_APPLY, "%s: %s is not the index that its statement %zu makes",
                      what_of(self), now->object, index + 1);
        (void)pd_error_detail(err, "%s", difference(now));
        return pd_error_hint(err,
                             "Look at it: \\d %s. If nobody needs it: DROP INDEX CONCURRENTLY %s; "
                             "or rename it. Then run predeploy again.",
                             now->object, now->object);
    }
    (void)pd_fail(err, PD_ERROR_APPLY,
                  "%s: nobody can tell how far its statement %zu (%s) came when it broke off",
                  what_of(self), index + 1, statement->verb);
    return hint_by_hand(self, index, err);
}

static bool fail_text(const pd_alone *self, size_t index, pd_error *err)
{
    (void)pd_fail(err, PD_ERROR_APPLY, "%s: its statement %zu was begun with another text",
                  what_of(self), index + 1);
    return pd_error_hint(err, "Put back the text that was begun, and run predeploy again. "
                              "`predeploy status` shows what is in.");
}

/* ---- after a failure ---- */

/* An error of our own text, found before anything ran: not of a function that it called. */
static bool never_began(const PGresult *result)
{
    return *pd_pg_field(result, PG_DIAG_STATEMENT_POSITION) != '\0' &&
           *pd_pg_field(result, PG_DIAG_CONTEXT) == '\0';
}

static bool makes(const pd_statement *statement)
{
    switch (statement->outside) {
    case PD_OUTSIDE_CREATE_INDEX:
    case PD_OUTSIDE_CREATE_DATABASE:
    case PD_OUTSIDE_CREATE_TABLESPACE:
    case PD_OUTSIDE_CREATE_SUBSCRIPTION:
        return true;
    case PD_OUTSIDE_NONE:
    case PD_OUTSIDE_REPEAT:
    case PD_OUTSIDE_UNKNOWN:
    case PD_OUTSIDE_DROP_INDEX:
    case PD_OUTSIDE_REINDEX:
    case PD_OUTSIDE_DETACH:
    case PD_OUTSIDE_DROP_DATABASE:
    case PD_OUTSIDE_DROP_TABLESPACE:
    case PD_OUTSIDE_DROP_SUBSCRIPTION:
    case PD_OUTSIDE_COUNT:
        break;
    }
    return false;
}

/* The server says that the name is taken, which it looks at first: what stands there another
 * session has made, or is making. Two that do so at once meet in the catalogue's own index. */
static bool was_taken(const pd_statement *statement, const PGresult *result)
{
    static const char *const codes[] = {"42P07", "42P04", "42710"};
    const char *code = pd_pg_field(result, PG_DIAG_SQLSTATE);
    if (!makes(statement) || *pd_pg_field(result, PG_DIAG_CONTEXT) != '\0') {
        return false;
    }
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        if (pd_streq(code, codes[i])) {
            return true;
        }
    }
    return pd_streq(code, "23505") &&
           pd_streq(pd_pg_field(result, PG_DIAG_SCHEMA_NAME), "pg_catalog");
}

static bool left_nothing(pd_alone *self, size_t index, const PGresult *result)
{
    const pd_statement *statement = &self->step->script->statements[index];
    pd_error ignored = {0};
    pd_probe now;
    if (statement->outside == PD_OUTSIDE_UNKNOWN) {
        return never_began(result);
    }
    if (was_taken(statement, result)) {
        return true;
    }
    self->hurried = true;
    bool asked = pd_alone_probe(self, index, &now, &ignored);
    self->hurried = false;
    return asked && pd_streq(now.state, self->rows[index].before);
}

/* Nothing was sent: the row goes again, unless it is an earlier attempt's, too. */
static void withdraw(pd_alone *self, size_t index)
{
    if (!self->doubtful) {
        pd_alone_forget(self, index);
        self->half = pd_alone_any_done(self);
    }
}

/* The row says what a next run must know; without anything left there is nothing to go on from. */
static void note_failure(pd_alone *self, size_t index, pd_reply reply, const PGresult *result,
                         pd_error *err)
{
    const char *said = pd_pg_field(result, PG_DIAG_MESSAGE_PRIMARY);
    bool answered = reply == PD_REPLY_ERROR || (result != NULL && reply != PD_REPLY_LOST);
    bool nothing = answered && left_nothing(self, index, result);
    bool done = pd_alone_any_done(self);
    self->half = done || !nothing;
    if (!self->half) {
        pd_alone_forget(self, index);
    } else {
        pd_alone_failed(self, index, *said == '\0' ? err->message : said, !nothing);
    }
    if (!nothing && self->step->script->statements[index].outside == PD_OUTSIDE_UNKNOWN) {
        (void)hint_by_hand(self, index, err);
    }
}

/* ---- running ---- */

static bool check_end(pd_alone *self, bool copied, pd_error *err)
{
    if (copied) {
        return pd_statement_fail_copy(what_of(self), err);
    }
    const pd_conn *worker = &self->apply->db->worker;
    /* A session that had to be closed has nothing open. */
    if (!pd_conn_usable(worker) || PQtransactionStatus(worker->pg) == PQTRANS_IDLE) {
        return true;
    }
    (void)pd_fail(err, PD_ERROR_APPLY, "%s: a statement left a transaction open", what_of(self));
    return pd_error_hint(err, "Take BEGIN out of the migration.");
}

/* Also when a signal, or the deadline, finds the server done with it. */
static bool has_ended(pd_reply reply, const PGresult *result)
{
    bool stopped = reply == PD_REPLY_INTERRUPTED || reply == PD_REPLY_TIMEOUT;
    ExecStatusType status = PQresultStatus(result);
    return reply == PD_REPLY_DONE ||
           (stopped && (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK));
}

/* Whoever cancels a statement has its answer, or closes the connection. */
static bool was_sent(const pd_alone *self, pd_reply reply, const PGresult *result)
{
    return reply != PD_REPLY_INTERRUPTED || result != NULL ||
           !pd_conn_usable(&self->apply->db->worker);
}

/* What was sent in the statement's place: that it has failed says nothing of the statement. */
static void explain_aside(pd_alone *self, size_t index, const char *what, const PGresult *result,
                          pd_error *err)
{
    const pd_statement *statement = &self->step->script->statements[index];
    pd_apply_place_instead(self->apply, self->step, statement, result, what);
    if (pd_streq(err->code, "57014")) {
        (void)pd_error_hint(err, "It waits for all transactions that are open, longer than "
                                 "[deploy] statementTimeout allows: raise that, or see that they "
                                 "end. Then run predeploy again.");
    }
}

/* Sends SQL in the migration's session: the statement itself (`own`), or what clears the way. */
static bool send(pd_alone *self, size_t index, const char *sql, bool own, pd_error *err)
{
    PD_AUTO_RESULT result = NULL;
    pd_apply *apply = self->apply;
    const pd_statement *statement = &self->step->script->statements[index];
    const char *aside =
        pd_arena_printf(apply->arena, "cannot go on with %s: %s", self->step->name, sql);
    pd_request request = {.sql = sql,
                          .what = own ? what_of(self) : aside,
                          .kind = PD_ERROR_APPLY,
                          .discard = true,
                          .limit_ms = pd_statement_limit_ms(apply)};
    pd_apply_saying(apply, self->step, statement, apply->batch->first + 1);
    pd_reply reply = pd_conn_ask(&apply->db->worker, &request, &result);
    pd_apply_quiet(apply);
    bool ended = has_ended(reply, result);
    if (ended && check_end(self, apply->db->worker.copied, err)) {
        return true;
    }
    if (!ended) {
        (void)pd_pg_fail(err, &apply->db->worker, &request, reply, result);
    }
    if (reply != PD_REPLY_INTERRUPTED && own) {
        pd_apply_place(apply, self->step, statement, result, err->message);
    } else if (reply != PD_REPLY_INTERRUPTED) {
        explain_aside(self, index, aside, result, err);
    }
    if (was_sent(self, reply, result)) {
        note_failure(self, index, reply, own ? result : NULL, err);
    } else if (own) {
        withdraw(self, index);
    }
    return false;
}

static bool send_statement(pd_alone *self, size_t index, pd_error *err)
{
    const pd_statement *statement = &self->step->script->statements[index];
    const char *sql =
        pd_arena_strndup(self->apply->arena, self->step->text + statement->offset, statement->len);
    return send(self, index, sql, true, err);
}

/* The leaves of a broken attempt go the same way as they came: without keeping anybody waiting. */
static bool clear(pd_alone *self, size_t index, const pd_probe *now, pd_error *err)
{
    bool leftovers = now->leftover_count > 0;
    size_t count = leftovers ? now->leftover_count : 1;
    for (size_t i = 0; i < count; i++) {
        const char *name = leftovers ? now->leftovers[i] : now->object;
        const char *sql =
            pd_arena_printf(self->apply->arena, "DROP INDEX CONCURRENTLY IF EXISTS %s", name);
        pd_progress_note(
            self->apply->db->options.progress,
            "%s: the invalid index %s of a broken attempt is dropped, then built again",
            self->step->name, name);
        if (!send(self, index, sql, false, err)) {
            return false;
        }
    }
    return true;
}

static bool act(pd_alone *self, size_t index, pd_alone_action action, const pd_probe *now,
                pd_error *err)
{
    switch (action) {
    case PD_ALONE_DONE:
        return true;
    case PD_ALONE_CLEAR:
        return clear(self, index, now, err) && send_statement(self, index, err);
    case PD_ALONE_FINALIZE:
        return send(self, index, now->finalize, false, err);
    case PD_ALONE_RUN:
    case PD_ALONE_REFUSE:
        break;
    }
    return send_statement(self, index, err);
}

/* A success that is none is not recorded as one. */
static bool check_made(pd_alone *self, size_t index, pd_error *err)
{
    pd_probe now;
    const pd_statement *statement = &self->step->script->statements[index];
    self->hurried = pd_interrupted(self->apply->db->options.interrupt);
    bool asked = pd_alone_probe(self, index, &now, err);
    self->hurried = false;
    bool doubt = statement->outside == PD_OUTSIDE_CREATE_INDEX && statement->subject->tolerant;
    if (!asked || (doubt && now.same && !pd_alone_compare(self, index, &now, err))) {
        return false;
    }
    const char *missing = pd_alone_missing(statement, self->rows[index].before, &now);
    if (missing == NULL) {
        return true;
    }
    (void)pd_fail(err, PD_ERROR_APPLY, "%s: the server took %s %s, but %s", what_of(self),
                  statement->verb, now.object == NULL ? statement->object : now.object, missing);
    (void)pd_error_hint(err,
                        "Somebody else works on it, or left it there. See what it is, then run "
                        "predeploy again.");
    pd_apply_place(self->apply, self->step, statement, NULL, err->message);
    pd_alone_failed(self, index, missing, true);
    return false;
}

static bool announce_once(pd_alone *self, size_t index, const pd_probe *now, bool *changed,
                          pd_error *err)
{
    if (!pd_alone_begin(self, changed, err)) {
        return false;
    }
    return *changed || (pd_alone_begun(self, index, now, err) &&
                        pd_apply_commit(self->apply, PD_PROOF_STATEMENTS, err));
}

/* Before anything is sent it is in the ledger that it will be, and by which session: a COMMIT that
 * cost the connection is made again by the next one. */
static bool announce(pd_alone *self, size_t index, const pd_probe *now, bool *changed,
                     pd_error *err)
{
    for (int i = 0; i < ANNOUNCE_MAX; i++) {
        if (!announce_once(self, index, now, changed, err)) {
            withdraw(self, index); /* an earlier COMMIT, or this one, may have brought it in */
            return false;
        }
        if (*changed || pd_conn_usable(&self->apply->db->worker)) {
            return true;
        }
    }
    withdraw(self, index);
    (void)pd_fail(err, PD_ERROR_APPLY, "%s: the connection to the database is lost again and again",
                  what_of(self));
    return pd_error_hint(err,
                         "Look into the server's log for the reason. Then run predeploy again.");
}

/* The session is the migration's again; without it nothing was sent. */
static bool enter_again(pd_alone *self, size_t index, pd_error *err)
{
    const pd_statement *statement = &self->step->script->statements[index];
    if (pd_alone_enter(self, index, pd_statement_waits_by_design(statement), err)) {
        return true;
    }
    withdraw(self, index);
    return false;
}

static bool same_text(const pd_alone *self, size_t index)
{
    const pd_alone_row *row = &self->rows[index];
    char digest[PD_SHA256_HEX];
    pd_statement_digest(self->step->text, &self->step->script->statements[index], digest);
    return !row->there || pd_streq(row->digest, digest);
}

bool pd_alone_outside(pd_alone *self, size_t index, bool *changed, pd_error *err)
{
    const pd_statement *statement = &self->step->script->statements[index];
    const pd_alone_row *row = &self->rows[index];
    pd_probe now;
    self->doubtful = row->there;
    if (!same_text(self, index)) {
        return fail_text(self, index, err);
    }
    if (!pd_db_open_worker(self->apply->db, err) || !pd_alone_enter(self, index, false, err) ||
        !pd_alone_probe(self, index, &now, err)) {
        return false;
    }
    const char *before = row->there ? row->before : NULL;
    pd_alone_action action = pd_alone_decide(statement, before, &now);
    if (action == PD_ALONE_DONE && statement->outside == PD_OUTSIDE_CREATE_INDEX) {
        if (!pd_alone_compare(self, index, &now, err)) {
            return false;
        }
        action = pd_alone_decide(statement, before, &now);
    }
    if (action == PD_ALONE_REFUSE) {
        pd_apply_place(self->apply, self->step, statement, NULL, "it cannot be gone on with");
        return fail_refused(self, index, &now, err);
    }
    if (!announce(self, index, &now, changed, err) || *changed) {
        return *changed;
    }
    self->half = true;
    return (action == PD_ALONE_DONE || enter_again(self, index, err)) &&
           act(self, index, action, &now, err) && check_made(self, index, err) &&
           pd_alone_done(self, index, err);
}
