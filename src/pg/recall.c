/* What a database says to whom asks whether the last verdict on it still holds. */
#include <string.h>

#include "base/str.h"
#include "pg/chain.h"
#include "pg/foreign.h"
#include "pg/ledger.h"
#include "pg/query.h"
#include "pg/role.h"
#include "pg_statements.h"

/* Columns of recall_state.sql. */
enum { STATE_ID, STATE_VERDICT, STATE_STILL, STATE_COUNT };

/* All that is asked in one transaction, and where it stands in the group. */
typedef struct asking {
    pd_db *db;
    const char *commit;
    bool drizzle; /* the layout is, or may be, one of Drizzle's */
    pd_group group;
    size_t locked; /* Drizzle's table is */
    size_t state;
    size_t versions;
    size_t digest;
    size_t chain;
    size_t drizzle_digest;
    size_t foreign;
    size_t tables;
} asking;

static pd_request own(const pd_db *db, const char *sql)
{
    return pd_db_request(db, sql, "cannot read the ledger");
}

static const char *with_drizzle(pd_db *db, const char *text)
{
    const char *pairs[] = {"ledger", pd_drizzle_table(db, &db->control, db->arena), NULL};
    return pd_query_fill(db->arena, text, pairs);
}

pd_request pd_drizzle_digest_request(pd_db *db)
{
    return own(db, with_drizzle(db, pd_query_recall_drizzle));
}

/* Nothing is waited for: who holds one of the locks changes what is asked about. What is looked at
 * behind them can only be changed by whom the guard trusts. */
static void add_locks(asking *self)
{
    pd_db *db = self->db;
    pd_group_add(&self->group, own(db, pd_query_read_begin));
    pd_group_add(&self->group, own(db, pd_query_recall_lock));
    pd_group_add(&self->group, own(db, pd_query_recall_tables));
    self->locked = PD_GROUP_NONE;
    if (self->drizzle) {
        self->locked =
            pd_group_add(&self->group, own(db, with_drizzle(db, pd_query_recall_tables_drizzle)));
    }
    (void)pd_ledger_quick_guard(db, &self->group, self->drizzle);
}

static void add_all(asking *self)
{
    pd_db *db = self->db;
    const char *foreign[PD_FOREIGN_VALUES];
    const char *role[1];
    add_locks(self);
    self->state = pd_group_add_with(&self->group, own(db, pd_query_recall_state), &self->commit, 1);
    self->versions = pd_group_add(&self->group, pd_versions_request(db));
    self->digest = pd_group_add(&self->group, own(db, pd_query_read_digest));
    self->chain = pd_group_add(&self->group, pd_chain_request(db));
    self->drizzle_digest = PD_GROUP_NONE;
    self->foreign = PD_GROUP_NONE;
    if (self->drizzle) {
        self->drizzle_digest = pd_group_add(&self->group, pd_drizzle_digest_request(db));
    } else {
        pd_request find = pd_foreign_request(db, db->options.settings->verify_schema, foreign);
        self->foreign = pd_group_add_with(&self->group, find, foreign, PD_FOREIGN_VALUES);
    }
    self->tables = pd_group_add(&self->group, pd_tables_request(db));
    if (db->options.settings->role != NULL) {
        pd_request request = pd_role_request(db, role);
        pd_group_add_with(&self->group, request, role, 1);
    }
    pd_group_add(&self->group, own(db, "ROLLBACK"));
}

static bool is_still(const asking *self, pd_arena *arena)
{
    const pd_group *group = &self->group;
    const PGresult *state = pd_group_result(group, self->state);
    const PGresult *foreign = pd_group_result(group, self->foreign);
    return PQntuples(state) == 1 && pd_value_bool(state, 0, STATE_STILL) &&
           pd_versions_are_current(pd_group_result(group, self->versions)) &&
           pd_chain_judge(arena, pd_group_result(group, self->chain),
                          pd_group_result(group, self->digest)) == NULL &&
           (foreign == NULL || PQntuples(foreign) == 0);
}

static bool take_all(const asking *self, pd_arena *arena, pd_recalled *out, pd_error *err)
{
    const pd_group *group = &self->group;
    const PGresult *state = pd_group_result(group, self->state);
    const PGresult *drizzle = pd_group_result(group, self->drizzle_digest);
    int64_t count = 0;
    if (!pd_value_number(state, 0, STATE_COUNT, &count) || count < 0) {
        return true;
    }
    out->count = (size_t)count;
    out->commit = self->commit;
    out->deployment = pd_value_text(arena, state, 0, STATE_ID);
    out->verdict = pd_value_text(arena, state, 0, STATE_VERDICT);
    out->digest = pd_value_text(arena, pd_group_result(group, self->digest), 0, 0);
    out->drizzle = drizzle == NULL ? NULL : pd_value_text(arena, drizzle, 0, 0);
    return pd_tables_take(pd_group_result(group, self->tables), &out->tables, err);
}

/* An error of the server says that things are not as they were, and leaves its transaction to
 * pd_db_open, which connects anew where the connection is no good any more. *missing: there is no
 * table of Drizzle's. */
static bool ask(asking *self, pd_arena *arena, pd_recalled *out, bool *missing, pd_error *err)
{
    pd_db *db = self->db;
    pd_error none = {0};
    *missing = false;
    add_all(self);
    if (pd_group_ask(&self->group, &db->control, err)) {
        return !is_still(self, arena) || take_all(self, arena, out, err);
    }
    if (err->kind == PD_ERROR_INTERRUPTED) {
        return false;
    }
    if (!pd_conn_usable(&db->control) || PQtransactionStatus(db->control.pg) != PQTRANS_INERROR) {
        pd_conn_close(&db->control);
        *err = none;
        return true;
    }
    *missing = self->group.failed == self->locked &&
               (pd_streq(err->code, "42P01") || pd_streq(err->code, "3F000"));
    *err = none;
    return true;
}

static bool ask_as(pd_db *db, bool drizzle, pd_recalled *out, bool *missing, pd_error *err)
{
    PD_AUTO_GROUP group = {.arena = db->arena};
    asking self = {.db = db, .commit = out->commit, .drizzle = drizzle, .group = group};
    bool ok = ask(&self, db->arena, out, missing, err);
    pd_group_cleanup(&self.group);
    return ok;
}

bool pd_db_recall(pd_db *db, const pd_db_options *options, const char *commit, pd_recalled *out,
                  pd_error *err)
{
    pd_layout_kind layout = options->settings->layout;
    bool missing = false;
    *out = (pd_recalled){.commit = commit, .tables = -1};
    if (!pd_db_finish(db, options, err)) {
        return false;
    }
    if (layout != PD_LAYOUT_DETECT) {
        return ask_as(db, pd_layout_is_drizzle(layout), out, &missing, err);
    }
    if (!ask_as(db, true, out, &missing, err)) {
        return false;
    }
    if (!missing) {
        return true;
    }
    pd_db_rollback(db, &db->control);
    return ask_as(db, false, out, &missing, err);
}

bool pd_db_keep_verdict(pd_db *db, const char *deployment, const char *verdict, pd_error *err)
{
    const char *key = pd_arena_strndup(db->arena, verdict, strcspn(verdict, " "));
    const char *values[] = {deployment, verdict, key};
    pd_request request = pd_db_request(db, pd_query_recall_keep, "cannot record the verdict");
    request.values = values;
    request.count = 3;
    return pd_conn_get(&db->control, &request, NULL, err);
}
