#include "pg/apply.h"

#include "base/str.h"
#include "pg/errors.h"
#include "pg/query.h"
#include "pg_statements.h"

static bool run(pd_apply *apply, const char *sql, const char *what, pd_error *err)
{
    pd_request request = pd_apply_request(apply, sql, what);
    request.simple = true;
    return pd_conn_get(&apply->db->worker, &request, NULL, err);
}

static bool run_with_xid(pd_apply *apply, const char *sql, pd_error *err)
{
    PD_AUTO_RESULT result = NULL;
    const char *values[] = {apply->xid};
    pd_request request = pd_apply_request(apply, sql, "cannot seal the transaction");
    request.values = values;
    request.count = 1;
    if (!pd_conn_get(&apply->db->worker, &request, &result, err)) {
        return false;
    }
    if (!pd_streq(PQcmdTuples(result), "1")) {
        (void)pd_fail(err, PD_ERROR_APPLY, "cannot commit: a migration changed predeploy.seal");
        return pd_error_hint(err, "Take those statements out of the migration.");
    }
    return true;
}

static bool begin(pd_apply *apply, pd_error *err)
{
    PD_AUTO_RESULT result = NULL;
    pd_request identity = pd_apply_request(apply, pd_query_batch_identity, "cannot begin");
    if (!run(apply, pd_query_batch_begin, "cannot begin a transaction", err) ||
        !pd_conn_get(&apply->db->worker, &identity, &result, err)) {
        return false;
    }
    apply->xid = pd_value_text(apply->arena, result, 0, 0);
    apply->backend_start = pd_value_text(apply->arena, result, 0, 2);
    if (apply->xid != NULL && pd_value_number(result, 0, 1, &apply->pid)) {
        return true;
    }
    (void)pd_fail(err, PD_ERROR_APPLY, "cannot begin: the server does not say which session it is");
    return pd_error_hint(err, "Nothing was done. Is that a PostgreSQL server?");
}

/* Whatever an earlier batch left in the session goes first. */
static bool prepare(pd_apply *apply, pd_error *err)
{
    pd_db *db = apply->db;
    if (!pd_db_open_worker(db, err)) {
        return false;
    }
    const char *sql =
        pd_arena_printf(apply->arena, "%s%s%s%s", pd_query_session_reset, db->session,
                        db->worker.v14 ? pd_query_session_v14 : "", pd_query_session_pinned);
    apply->drizzle_table = apply->drizzle ? pd_drizzle_table(db, &db->worker, apply->arena) : NULL;
    return run(apply, sql, "cannot set up the session", err) && pd_apply_find_drizzle(apply, err) &&
           begin(apply, err);
}

static bool fail_verify(const pd_apply *apply, int64_t expected, const char *why, pd_error *err)
{
    (void)pd_fail(err, PD_ERROR_VERIFY,
                  "verification failed: counted %lld tables in schema %s, %s %lld",
                  (long long)apply->result->tables_after,
                  apply->db->options.settings->verify_schema, why, (long long)expected);
    return pd_error_hint(err, "Nothing of this transaction was committed. If the count is right, "
                              "change [verify] minTables or tables in .predeploy; otherwise look "
                              "at what the migrations create and drop.");
}

/* What the batches of this run have changed before this one. */
static int64_t tables_committed(const pd_apply *apply)
{
    const pd_db *db = apply->db;
    return db->committed == apply->batch->expected ? db->committed_tables : 0;
}

/* Planned is a difference to batch->expected; meanwhile the application may have made tables. */
static int64_t predicted_tables(const pd_apply *apply)
{
    const pd_batch *batch = apply->batch;
    int64_t delta = batch->predicted_tables - batch->expected->tables;
    return apply->tables_base + delta - tables_committed(apply);
}

static bool verify(pd_apply *apply, pd_error *err)
{
    const pd_batch *batch = apply->batch;
    pd_conn *worker = &apply->db->worker;
    if (!pd_tables_count(apply->db, worker, &apply->result->tables_after, err)) {
        return false;
    }
    int64_t counted = apply->result->tables_after;
    if (batch->exact_tables >= 0 && counted != batch->exact_tables) {
        return fail_verify(apply, batch->exact_tables, "expected", err);
    }
    if (batch->min_tables >= 0 && counted < batch->min_tables) {
        return fail_verify(apply, batch->min_tables, "expected at least", err);
    }
    if (batch->predicted_tables >= 0 && counted != predicted_tables(apply)) {
        return fail_verify(apply, predicted_tables(apply), "the plan predicts", err);
    }
    return true;
}

static bool write_deployment(pd_apply *apply, pd_error *err)
{
    PD_AUTO_RESULT result = NULL;
    const pd_batch *batch = apply->batch;
    const char **names = pd_arena_array(apply->arena, batch->count, sizeof *names);
    size_t count = 0;
    for (size_t i = 0; i < batch->count; i++) {
        if (batch->steps[i].kind != PD_STEP_ADOPT) {
            names[count++] = batch->steps[i].name;
        }
    }
    const char *values[] = {batch->deployment->id,
                            pd_query_count(apply->arena, apply->result->tables_before),
                            pd_query_count(apply->arena, apply->result->tables_after),
                            pd_query_array(apply->arena, names, count), pd_query_bool(batch->last)};
    pd_request request =
        pd_apply_request(apply, pd_query_deployment_batch, "cannot record the deployment");
    request.values = values;
    request.count = 5;
    if (!pd_conn_get(&apply->db->worker, &request, &result, err)) {
        return false;
    }
    if (!pd_streq(PQcmdTuples(result), "1")) {
        (void)pd_fail(err, PD_ERROR_APPLY, "cannot record the deployment: its row is not running");
        return pd_error_hint(err, "Another deployment, or a migration, changed it. Run predeploy "
                                  "again.");
    }
    return true;
}

static bool remember(pd_apply *apply, const char **rows, pd_error *err)
{
    PD_AUTO_RESULT result = NULL;
    pd_request request = pd_apply_request(apply, apply->state_sql, "cannot read the ledger");
    if (!pd_conn_get(&apply->db->worker, &request, &result, err)) {
        return false;
    }
    *rows = pd_arena_strdup(apply->db->arena, pd_apply_print(apply, result).rows);
    return true;
}

/* Everything between the last migration and COMMIT. */
static bool finish(pd_apply *apply, pd_error *err)
{
    const char *rows = NULL;
    if (!run_with_xid(apply, pd_query_seal_close, err) ||
        !run(apply, pd_query_session_own_path, "cannot set up the session", err) ||
        !run(apply, pd_query_batch_constraints,
             "cannot commit: a constraint that was deferred does not hold", err) ||
        !run(apply, pd_query_session_pinned, "cannot set up the session", err)) {
        return false;
    }
    pd_progress_say(apply->db->options.progress, "verifying");
    if (!pd_apply_inspect_again(apply, err) || !verify(apply, err) ||
        !write_deployment(apply, err) || !remember(apply, &rows, err) ||
        !pd_apply_commit(apply, err)) {
        return false;
    }
    apply->db->committed_tables =
        tables_committed(apply) + apply->result->tables_after - apply->tables_base;
    apply->db->committed = apply->batch->expected;
    apply->db->committed_rows = rows;
    return true;
}

/* The plan was made without Drizzle's table, and counts it among what is added. */
static bool counts_new_drizzle(const pd_apply *apply)
{
    const pd_settings *settings = apply->db->options.settings;
    const pd_ledger *expected = apply->batch->expected;
    return apply->drizzle && expected->drizzle_shape == PD_DRIZZLE_ABSENT &&
           apply->db->committed != expected &&
           pd_streq(settings->ledger_schema, settings->verify_schema);
}

static bool count_before(pd_apply *apply, pd_error *err)
{
    if (!pd_tables_count(apply->db, &apply->db->worker, &apply->result->tables_before, err)) {
        return false;
    }
    if (counts_new_drizzle(apply)) {
        apply->result->tables_before--;
    }
    apply->tables_base = apply->result->tables_before;
    return true;
}

static bool work(pd_apply *apply, pd_error *err)
{
    if (!pd_apply_fence(apply, &apply->result->ledger_changed, err)) {
        return false;
    }
    if (apply->result->ledger_changed) {
        pd_db_rollback(apply->db, &apply->db->worker);
        return true;
    }
    if (!count_before(apply, err) || !run_with_xid(apply, pd_query_seal_open, err)) {
        return false;
    }
    for (size_t i = 0; i < apply->batch->count; i++) {
        if (!pd_apply_step(apply, i, err)) {
            return false;
        }
    }
    return finish(apply, err);
}

static void name_blockers(pd_apply *apply, pd_error *err)
{
    PD_AUTO_ARENA scratch = pd_arena_new();
    const char *detail = pd_arena_strdup(scratch, err->detail);
    if (apply->blockers == NULL) {
        pd_apply_find_blockers(apply, apply->db->options.settings->lock_timeout_ms);
    }
    if (apply->blockers != NULL) {
        (void)pd_error_detail(err, "%s; held up by %s", detail, apply->blockers);
    }
}

/* After a failure: the transaction ends, and the steps say what became of them. */
static void undo(pd_apply *apply, pd_error *err)
{
    if (err->kind == PD_ERROR_LOCKED) {
        name_blockers(apply, err);
    }
    if (pd_conn_usable(&apply->db->worker)) {
        pd_db_rollback(apply->db, &apply->db->worker);
    } else {
        pd_conn_close(&apply->db->worker);
    }
    for (size_t i = 0; i < apply->batch->count; i++) {
        pd_step_result *step = &apply->result->steps[i];
        bool stays = apply->committed_part || err->kind == PD_ERROR_UNKNOWN;
        if (step->state == PD_STEP_DONE && !stays) {
            step->state = PD_STEP_UNDONE;
        }
    }
}

static bool wants_drizzle(const pd_db *db, const pd_batch *batch)
{
    bool wanted = pd_layout_is_drizzle(db->options.layout);
    for (size_t i = 0; i < batch->count; i++) {
        wanted = wanted || batch->steps[i].drizzle_id != 0;
    }
    return wanted;
}

bool pd_db_apply(pd_db *db, pd_arena *arena, const pd_batch *batch, pd_batch_result *result,
                 pd_error *err)
{
    pd_apply apply = {.db = db,
                      .arena = arena,
                      .batch = batch,
                      .result = result,
                      .drizzle = wants_drizzle(db, batch)};
    result->ledger_changed = false;
    result->failure = NULL;
    result->tables_before = -1;
    result->tables_after = -1;
    for (size_t i = 0; i < batch->count; i++) {
        result->steps[i].step = &batch->steps[i];
        result->steps[i].state = PD_STEP_PLANNED;
        result->steps[i].ms = 0;
    }
    bool ok = prepare(&apply, err);
    if (ok) {
        pd_apply_watch(&apply);
        ok = work(&apply, err);
        pd_apply_unwatch(&apply);
    }
    if (!ok) {
        undo(&apply, err);
        return false;
    }
    if (result->ledger_changed) {
        pd_error none = {0};
        *err = none;
    }
    return true;
}
