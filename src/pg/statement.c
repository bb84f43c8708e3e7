#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "base/strbuf.h"
#include "pg/apply.h"
#include "pg/errors.h"
#include "pg/query.h"
#include "pg_statements.h"

#define GRACE_MS 15000 /* for the server to end a statement by statement_timeout itself */
#define SEAL_CONSTRAINT "seal_sealed_by_fkey"

static const char *what_of(pd_arena *arena, const pd_step *step)
{
    return pd_arena_printf(arena, "cannot %s %s",
                           step->kind == PD_STEP_REVERT ? "take out" : "apply", step->name);
}

static bool same_transaction(pd_apply *apply)
{
    PD_AUTO_RESULT result = NULL;
    pd_request request = pd_apply_request(apply, pd_query_batch_xact, "");
    request.undisturbed = true;
    return pd_conn_ask(&apply->db->worker, &request, &result) == PD_REPLY_DONE &&
           pd_streq(PQgetvalue(result, 0, 0), apply->xid);
}

/* After each statement the transaction must be the one that was begun, whatever a parser saw in
 * the statement. ROLLBACK TO SAVEPOINT has the tag of ROLLBACK, and COMMIT AND CHAIN leaves a
 * transaction open: so tag and state alone do not tell. */
static bool check_transaction(pd_apply *apply, const char *what, const char *tag, pd_error *err)
{
    bool rollback = pd_streq(tag, "ROLLBACK");
    bool commit = pd_streq(tag, "COMMIT") || pd_streq(tag, "PREPARE TRANSACTION");
    bool open = PQtransactionStatus(apply->db->worker.pg) == PQTRANS_INTRANS;
    if (open && !commit && (!rollback || same_transaction(apply))) {
        return true;
    }
    apply->committed_part = commit;
    if (commit) {
        (void)pd_fail(err, PD_ERROR_PARTIAL, "%s: a statement committed the transaction", what);
        (void)pd_error_detail(err, "%s", tag);
        return pd_error_hint(err, "What ran up to that statement is in the database, its ledger "
                                  "row is not. Take that statement out of the migration, and undo "
                                  "by hand what it left.");
    }
    (void)pd_fail(err, PD_ERROR_APPLY, "%s: a statement rolled the transaction back", what);
    (void)pd_error_detail(err, "%s", tag);
    return pd_error_hint(err, "Take that statement out of the migration: predeploy runs it in a "
                              "transaction already.");
}

static void fail_statement(pd_apply *apply, const pd_request *request, pd_reply reply,
                           const PGresult *result, pd_error *err)
{
    bool seal = pd_streq(pd_pg_field(result, PG_DIAG_CONSTRAINT_NAME), SEAL_CONSTRAINT) &&
                pd_streq(pd_pg_field(result, PG_DIAG_SCHEMA_NAME), "predeploy");
    (void)pd_pg_fail(err, &apply->db->worker, request, reply, result);
    if (reply == PD_REPLY_ERROR && seal) {
        (void)pd_error_detail(err, "a statement tried to commit the transaction, or to check all "
                                   "its constraints at once");
        (void)pd_error_hint(err, "Take COMMIT or PREPARE TRANSACTION out of the migration; instead "
                                 "of SET CONSTRAINTS ALL name the constraints.");
    }
}

static bool fail_copy(const char *what, pd_error *err)
{
    (void)pd_fail(err, PD_ERROR_APPLY, "%s: COPY from or to the client", what);
    return pd_error_hint(err, "There is no client to copy from or to: use INSERT, or COPY with a "
                              "file of the server.");
}

static bool run_statement(pd_apply *apply, const pd_step *step, const pd_statement *statement,
                          pd_error *err)
{
    int64_t timeout_ms = apply->db->options.settings->statement_timeout_ms;
    PD_AUTO_RESULT result = NULL;
    PD_AUTO_STRBUF sql = pd_strbuf_new(PD_STRBUF_MAX);
    size_t begin = statement == NULL ? 0 : statement->offset;
    pd_strbuf_add(&sql, step->text + begin, statement == NULL ? step->len : statement->len);
    pd_request request = {.sql = sql.data,
                          .what = what_of(apply->arena, step),
                          .kind = PD_ERROR_APPLY,
                          .discard = true,
                          .limit_ms = timeout_ms == 0 ? 0 : timeout_ms + GRACE_MS};
    apply->blockers = NULL;
    pd_reply reply = pd_conn_ask(&apply->db->worker, &request, &result);
    bool copied = apply->db->worker.copied;
    bool ok = false;
    if (copied && (reply == PD_REPLY_DONE || reply == PD_REPLY_ERROR)) {
        ok = fail_copy(request.what, err);
    } else if (reply == PD_REPLY_DONE) {
        ok = check_transaction(apply, request.what, PQcmdStatus(result), err);
    } else {
        fail_statement(apply, &request, reply, result, err);
    }
    if (!ok && reply != PD_REPLY_INTERRUPTED) {
        pd_apply_place(apply, step, statement, result, err->message);
    }
    return ok;
}

bool pd_apply_text(pd_apply *apply, const pd_step *step, size_t number, pd_error *err)
{
    const pd_script *script = step->script;
    PD_AUTO_ARENA scratch = pd_arena_new();
    if (script == NULL || script->state != PD_SCRIPT_OK) {
        apply->saying =
            pd_arena_printf(scratch, "[%zu/%zu] %s", number, apply->batch->plan_count, step->name);
        apply->since_ms = pd_now_ms();
        pd_progress_say(apply->db->options.progress, "%s", apply->saying);
        bool ok = run_statement(apply, step, NULL, err);
        apply->saying = NULL;
        return ok;
    }
    bool ok = true;
    for (size_t i = 0; ok && i < script->count; i++) {
        const pd_statement *statement = &script->statements[i];
        apply->saying =
            pd_arena_printf(scratch, "[%zu/%zu] %s: %s %s", number, apply->batch->plan_count,
                            step->name, statement->verb == NULL ? "" : statement->verb,
                            statement->object == NULL ? "" : statement->object);
        apply->since_ms = pd_now_ms();
        pd_progress_say(apply->db->options.progress, "%s", apply->saying);
        ok = run_statement(apply, step, statement, err);
    }
    apply->saying = NULL;
    return ok;
}
