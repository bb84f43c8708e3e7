/* What a statement of a migration came to. */
#include "base/str.h"
#include "pg/apply.h"
#include "pg/errors.h"
#include "pg/query.h"
#include "pg_statements.h"

#define SEAL_CONSTRAINT "seal_sealed_by_fkey"

const char *pd_step_what(pd_arena *arena, const pd_step *step)
{
    return pd_arena_printf(arena, "cannot %s %s",
                           step->kind == PD_STEP_REVERT ? "take out" : "apply", step->name);
}

static bool same_transaction(pd_apply *apply)
{
    PD_AUTO_RESULT result = NULL;
    pd_request request = pd_db_last_request(apply->db, pd_query_batch_xact, "");
    return pd_conn_ask(&apply->db->worker, &request, &result) == PD_REPLY_DONE &&
           pd_streq(PQgetvalue(result, 0, 0), apply->xid);
}

/* ROLLBACK TO SAVEPOINT has the tag of ROLLBACK, and COMMIT AND CHAIN leaves a transaction open: so
 * tag and state alone do not tell. */
bool pd_statement_stays(pd_apply *apply, const char *tag)
{
    bool open = PQtransactionStatus(apply->db->worker.pg) == PQTRANS_INTRANS;
    return open && !pd_statement_commits(tag) &&
           (!pd_streq(tag, "ROLLBACK") || same_transaction(apply));
}

bool pd_statement_commits(const char *tag)
{
    return pd_streq(tag, "COMMIT") || pd_streq(tag, "PREPARE TRANSACTION");
}

bool pd_statement_fail_left(pd_apply *apply, const pd_step *step, const char *tag, pd_error *err)
{
    const char *what = pd_step_what(apply->arena, step);
    apply->committed_part = pd_statement_commits(tag);
    if (apply->committed_part) {
        (void)pd_fail(err, PD_ERROR_PARTIAL, "%s: a statement committed the transaction", what);
        (void)pd_error_detail(err, "%s", tag);
        return pd_error_hint(err, "What ran up to that statement is in the database, its ledger "
                                  "rows are not. Take that statement out of the migration, and "
                                  "undo by hand what it left.");
    }
    (void)pd_fail(err, PD_ERROR_APPLY, "%s: a statement rolled the transaction back", what);
    (void)pd_error_detail(err, "%s", tag);
    return pd_error_hint(err, "Take that statement out of the migration: predeploy runs it in a "
                              "transaction already.");
}

bool pd_statement_fail_copy(const char *what, pd_error *err)
{
    (void)pd_fail(err, PD_ERROR_APPLY, "%s: COPY from or to the client", what);
    return pd_error_hint(err, "There is no client to copy from or to: use INSERT, or COPY with a "
                              "file of the server.");
}

void pd_statement_fail(pd_apply *apply, const pd_step *step, pd_reply reply, const PGresult *result,
                       pd_error *err)
{
    pd_request request = pd_apply_request(apply, NULL, pd_step_what(apply->arena, step));
    request.limit_ms = pd_statement_limit_ms(apply);
    if (apply->db->worker.copied && (reply == PD_REPLY_DONE || reply == PD_REPLY_ERROR)) {
        (void)pd_statement_fail_copy(request.what, err);
        return;
    }
    bool seal = pd_streq(pd_pg_field(result, PG_DIAG_CONSTRAINT_NAME), SEAL_CONSTRAINT) &&
                pd_streq(pd_pg_field(result, PG_DIAG_SCHEMA_NAME), "predeploy");
    (void)pd_pg_fail(err, &apply->db->worker, &request, reply, result);
    if (reply == PD_REPLY_ERROR && seal) {
        (void)pd_error_detail(err, "a statement tried to commit the transaction, or to check all "
                                   "its constraints at once");
        (void)pd_error_hint(err, "Take COMMIT or PREPARE TRANSACTION out of the migration; instead "
                                 "of SET CONSTRAINTS ALL name the constraints.");
    }
}

int64_t pd_statement_limit_ms(const pd_apply *apply)
{
    int64_t timeout_ms = apply->db->options.settings->statement_timeout_ms;
    return timeout_ms == 0 ? 0 : timeout_ms + PD_STATEMENT_GRACE_MS;
}
