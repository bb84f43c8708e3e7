/* The end of a batch: what the migrations left is checked, the ledgers get their rows, in one round
 * trip; then COMMIT. */
#include "base/str.h"
#include "pg/apply.h"
#include "pg/errors.h"
#include "pg/query.h"
#include "pg/role.h"
#include "pg_statements.h"

bool pd_apply_explain_seal(pd_error *err)
{
    if (!pd_streq(err->code, "42P01")) {
        return false;
    }
    return pd_error_hint(err, "Somebody dropped predeploy.seal, a table of the ledger. It has no "
                              "rows: put it back from a dump of this database or of another that "
                              "predeploy deploys to (pg_dump -s -t predeploy.seal).");
}

bool pd_apply_seal(pd_apply *apply, pd_error *err)
{
    pd_request request = pd_apply_request(apply, pd_query_seal_open, "cannot seal the transaction");
    apply->sealed = pd_conn_get(&apply->db->worker, &request, NULL, err);
    return apply->sealed || pd_apply_explain_seal(err);
}

/* What unsealing asks, by place in its group. */
typedef struct unsealing {
    bool goes_on; /* what stands in front of the look at the ledgers is done */
    size_t seal;
    size_t inspection;
    size_t print;
} unsealing;

/* Deferred constraints run the application's functions: in front of the look at the ledgers. */
static void add_constraints(pd_apply *apply, pd_group *group, unsealing *out)
{
    const char *values[] = {apply->xid};
    (void)pd_group_add(group, pd_apply_request(apply, "UNLISTEN *", "cannot set up the session"));
    out->seal = pd_group_add_with(
        group, pd_apply_request(apply, pd_query_seal_close, "cannot seal the transaction"), values,
        1);
    pd_request path =
        pd_apply_request(apply, pd_query_session_own_path, "cannot set up the session");
    /* What a deferred trigger calls was made by the role and runs with its rights, as it would in
     * the migration. */
    pd_request role = pd_apply_request(
        apply, pd_role_sql(apply->db, &apply->db->worker, apply->arena), "cannot set the role");
    bool has_role = *role.sql != '\0';
    path.live = !has_role;
    (void)pd_group_add(group, path);
    if (has_role) {
        role.live = true;
        (void)pd_group_add(group, role);
    }
    /* Flushed by itself: what stands before it and behind it keeps its own limits. */
    pd_request constraints =
        pd_apply_request(apply, pd_query_batch_constraints,
                         "cannot commit: the check of the deferred constraints failed");
    constraints.limit_ms = pd_statement_limit_ms(apply);
    constraints.live = true;
    (void)pd_group_add(group, constraints);
    if (has_role) {
        role.sql = "RESET ROLE";
        role.live = false;
        (void)pd_group_add(group, role);
    }
    (void)pd_group_add(group, pd_apply_request(apply, apply->pin_sql, "cannot set up the session"));
    (void)pd_group_add(group,
                       pd_apply_request(apply, pd_query_batch_unlock, "cannot set up the session"));
}

static void add_unsealing(pd_apply *apply, pd_group *group, unsealing *out)
{
    if (!out->goes_on) {
        add_constraints(apply, group, out);
    }
    out->inspection = pd_inspection_add(apply, group);
    out->print =
        pd_group_add(group, pd_apply_request(apply, apply->print_sql, "cannot read the ledger"));
}

static bool fail_after(pd_error *err)
{
    if (err->kind == PD_ERROR_UNREACHABLE) {
        err->kind = PD_ERROR_APPLY;
        pd_error_prefix(err, "after these migrations");
    }
    return false;
}

/* One that ran alone is known; of several the text of none is blamed. */
static const char *who_ran(const pd_apply *apply)
{
    const pd_step *only = NULL;
    for (size_t i = 0; i < apply->batch->count; i++) {
        const pd_step *step = &apply->batch->steps[i];
        if (step->kind != PD_STEP_ADOPT) {
            if (only != NULL) {
                return "these migrations: one of them";
            }
            only = step;
        }
    }
    return only == NULL ? "the batch: somebody"
                        : pd_arena_printf(apply->arena, "%s: it", only->name);
}

static bool check_ledgers(pd_apply *apply, const PGresult *print, pd_error *err)
{
    if (!pd_streq(PQgetvalue(print, 0, 0), apply->xid)) {
        apply->committed_part = true;
        (void)pd_fail(err, PD_ERROR_PARTIAL, "cannot commit: the transaction is another one");
        return pd_error_hint(err,
                             "A migration ended it and began another. Find the statement, take "
                             "it out, and undo by hand what was committed.");
    }
    bool same = pd_streq(pd_print_rows(apply, print), apply->rows);
    if (!same || !pd_streq(pd_print_half_rows(apply, print), apply->half_rows)) {
        (void)pd_fail(err, PD_ERROR_APPLY, "cannot apply %s changes the ledger", who_ran(apply));
        (void)pd_error_detail(err, "rows of %s were added, changed or taken away",
                              same ? "predeploy.statements" : "predeploy's or Drizzle's table");
        return pd_error_hint(err, "What was applied is for predeploy to say: take those statements "
                                  "out of the migration.");
    }
    return true;
}

static bool check_seal(const pd_group *group, const unsealing *at, pd_error *err)
{
    if (at->goes_on || pd_touched_one(pd_group_result(group, at->seal))) {
        return true;
    }
    (void)pd_fail(err, PD_ERROR_APPLY, "cannot commit: a migration changed predeploy.seal");
    return pd_error_hint(err, "Take those statements out of the migration.");
}

static bool check_unsealing(pd_apply *apply, const pd_group *group, const unsealing *at,
                            pd_error *err)
{
    pd_inspection found;
    if (!check_seal(group, at, err)) {
        return false;
    }
    pd_ledger_inspected(apply->db, apply->arena, pd_group_result(group, at->inspection), &found);
    if (!pd_ledger_refuse(&found, true, err)) {
        return fail_after(err);
    }
    apply->sealed = false;
    return check_ledgers(apply, pd_group_result(group, at->print), err);
}

/* After an error of the group. *again: there is none, and what is asked from the look at the
 * ledgers on is to be asked again. */
static bool explain_unsealing(pd_apply *apply, const pd_group *group, const unsealing *at,
                              bool *again, pd_error *err)
{
    pd_error why = {0};
    if (group->failed == at->inspection && pd_streq(err->code, "22012")) {
        *again = pd_inspection_explain(apply, err);
        if (!*again) {
            return fail_after(err);
        }
        *err = why;
        *again = check_seal(group, at, err);
        return false;
    }
    /* What failed behind it may have failed because of it. */
    if (pd_group_result(group, at->print) != NULL && !check_unsealing(apply, group, at, &why)) {
        *err = why;
    }
    return false;
}

/* Once, or once more from the look at the ledgers on. */
static bool look_once_more(pd_apply *apply,
                           bool (*ask)(pd_apply *, const unsealing *, bool *, pd_error *),
                           pd_error *err)
{
    unsealing at = {0};
    bool again = false;
    bool done = ask(apply, &at, &again, err);
    at.goes_on = again;
    return done || (again && ask(apply, &at, &again, err));
}

static bool ask_unsealing(pd_apply *apply, const unsealing *from, bool *again, pd_error *err)
{
    PD_AUTO_GROUP group = {.arena = apply->arena};
    unsealing at = *from;
    add_unsealing(apply, &group, &at);
    if (!pd_group_ask(&group, &apply->db->worker, err)) {
        return explain_unsealing(apply, &group, &at, again, err);
    }
    return check_unsealing(apply, &group, &at, err);
}

bool pd_apply_unseal(pd_apply *apply, pd_error *err)
{
    return look_once_more(apply, ask_unsealing, err);
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

static size_t add_deployment(pd_apply *apply, pd_group *group)
{
    const pd_batch *batch = apply->batch;
    const char **names = pd_arena_array(apply->arena, batch->count + 1, sizeof *names);
    size_t count = 0;
    for (size_t i = 0; i < batch->count; i++) {
        if (batch->steps[i].kind != PD_STEP_ADOPT) {
            names[count++] = batch->steps[i].name;
        }
    }
    const char *values[] = {apply->db->options.settings->verify_schema,
                            pd_query_count(apply->arena, apply->result->tables_before),
                            batch->deployment->id, pd_query_array(apply->arena, names, count),
                            pd_query_bool(batch->last)};
    return pd_group_add_with(
        group, pd_apply_request(apply, pd_query_deployment_batch, "cannot record the deployment"),
        values, 5);
}

static bool check_deployment(pd_apply *apply, const PGresult *result, pd_error *err)
{
    if (PQntuples(result) == 1 && pd_value_number(result, 0, 0, &apply->result->tables_after)) {
        return verify(apply, err);
    }
    (void)pd_fail(err, PD_ERROR_APPLY, "cannot record the deployment: its row is not running");
    return pd_error_hint(err, "Another deployment, or a migration, changed it. Run predeploy "
                              "again.");
}

/* What a next batch of this run compares with. */
static void remember(pd_apply *apply, const char *rows)
{
    pd_db *db = apply->db;
    db->committed_tables =
        tables_committed(apply) + apply->result->tables_after - apply->tables_base;
    db->committed = apply->batch->expected;
    db->committed_rows = pd_arena_strdup(db->arena, rows);
}

static bool ask_end(pd_apply *apply, const unsealing *from, bool *again, pd_error *err)
{
    PD_AUTO_GROUP group = {.arena = apply->arena};
    bool sealed = apply->sealed;
    unsealing at = *from;
    if (sealed) {
        add_unsealing(apply, &group, &at);
    }
    size_t rows = group.count;
    if (!pd_rows_add(apply, &group, err)) {
        return false;
    }
    size_t deployment = add_deployment(apply, &group);
    size_t state =
        pd_group_add(&group, pd_apply_request(apply, apply->state_sql, "cannot read the ledger"));
    if (!pd_group_ask(&group, &apply->db->worker, err)) {
        return sealed && explain_unsealing(apply, &group, &at, again, err);
    }
    const char *left = pd_print_rows(apply, pd_group_result(&group, state));
    if ((sealed && !check_unsealing(apply, &group, &at, err)) ||
        !pd_rows_check(apply, &group, rows, err) ||
        !check_deployment(apply, pd_group_result(&group, deployment), err) ||
        !pd_apply_commit(apply, PD_PROOF_BATCH, err)) {
        return false;
    }
    remember(apply, left);
    return true;
}

bool pd_apply_finish(pd_apply *apply, pd_error *err)
{
    pd_apply_doing(apply, "verifying");
    return look_once_more(apply, ask_end, err);
}
