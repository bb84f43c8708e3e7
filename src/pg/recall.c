/* Whether the last verdict on a database still holds: one round trip. */
#include "pg/recall.h"

#include "base/str.h"
#include "pg/foreign.h"
#include "pg/ledger.h"
#include "pg/query.h"
#include "pg/role.h"
#include "pg_statements.h"

/* Columns of recall_state.sql and recall_keep_state.sql. */
enum { STATE_ID, STATE_VERDICT, STATE_XID, STATE_IS_IT, STATE_ROWS, STATE_COUNT };

static const char *with_drizzle(pd_db *db, const char *text)
{
    const char *pairs[] = {"ledger", pd_drizzle_table(db, &db->control, db->arena), NULL};
    return pd_query_fill(db->arena, text, pairs);
}

void pd_asking_begin(pd_asking *self, const char *begin)
{
    pd_db *db = self->db;
    pd_group_add(&self->group, pd_ledger_request(db, begin));
    pd_group_add(&self->group, pd_ledger_request(db, pd_query_recall_path));
    self->lock = PD_GROUP_NONE;
    if (!db->locked) { /* behind a pooler another session has the lock for us */
        self->lock = pd_group_add(&self->group, pd_ledger_request(db, pd_query_recall_lock));
    }
    self->tables = pd_group_add(&self->group, pd_ledger_request(db, pd_query_recall_tables));
    self->drizzle_table = PD_GROUP_NONE;
    if (self->drizzle) {
        const char *sql = with_drizzle(db, pd_query_recall_tables_drizzle);
        self->drizzle_table = pd_group_add(&self->group, pd_ledger_request(db, sql));
    }
}

static void add_foreign(pd_asking *self)
{
    pd_db *db = self->db;
    const char *values[PD_FOREIGN_VALUES];
    self->foreign = PD_GROUP_NONE;
    if (!self->drizzle) {
        pd_request find = pd_foreign_request(db, db->options.settings->verify_schema, values);
        self->foreign = pd_group_add_with(&self->group, find, values, PD_FOREIGN_VALUES);
    }
}

/* The marks of the catalogs come first: they fail where what is read next is no plain table. */
void pd_asking_add_marks(pd_asking *self, const char *state)
{
    pd_db *db = self->db;
    const char *drizzle = self->drizzle ? with_drizzle(db, pd_query_recall_drizzle_rows) : "";
    const char *pairs[] = {"drizzle", drizzle, NULL};
    const pd_settings *settings = db->options.settings;
    const char *tables[] = {
        self->drizzle ? settings->ledger_schema : NULL,
        self->drizzle ? settings->ledger_table : NULL,
    };
    pd_request request = pd_ledger_request(db, pd_query_recall_marks);
    self->marks = pd_group_add_with(&self->group, request, tables, 2);
    request.sql = pd_query_fill(db->arena, state, pairs);
    self->state = pd_group_add_with(&self->group, request, &self->commit, 1);
    add_foreign(self);
}

bool pd_asking_ask(pd_asking *self, pd_error *err)
{
    pd_db *db = self->db;
    for (size_t i = 0; i < self->group.count; i++) {
        self->group.requests[i].limit_ms = pd_db_patience_ms(db);
    }
    return pd_group_ask(&self->group, &db->control, err);
}

void pd_asking_take(const pd_asking *self, pd_arena *arena, pd_recalled *out)
{
    const PGresult *state = pd_group_result(&self->group, self->state);
    const PGresult *foreign = pd_group_result(&self->group, self->foreign);
    int64_t count = 0;
    if (PQntuples(state) != 1 || (foreign != NULL && PQntuples(foreign) != 0) ||
        !pd_value_number(state, 0, STATE_COUNT, &count) || count < 0) {
        return;
    }
    const char *catalogs = pd_value_text(arena, pd_group_result(&self->group, self->marks), 0, 0);
    const char *xid = pd_value_text(arena, state, 0, STATE_XID);
    const char *rows = pd_value_text(arena, state, 0, STATE_ROWS);
    if (catalogs == NULL || xid == NULL || rows == NULL) {
        return;
    }
    out->count = (size_t)count;
    out->commit = self->commit;
    out->deployment = pd_value_text(arena, state, 0, STATE_ID);
    out->verdict = pd_value_text(arena, state, 0, STATE_VERDICT);
    out->marks = pd_arena_printf(arena, "%s %s %s", catalogs, xid, rows);
}

/* Another process answers than the one at the door. */
static bool is_pooled(const pd_asking *self)
{
    int64_t pid = 0;
    return !pd_value_number(pd_group_result(&self->group, self->lock), 0, 1, &pid) ||
           pid != PQbackendPID(self->db->control.pg);
}

/* An error of the server says that things are not as they were, and leaves its transaction to
 * pd_db_open, which connects anew where the connection is no good any more. *missing: there is no
 * table of Drizzle's. */
static bool ask(pd_asking *self, pd_recalled *out, bool *missing, pd_error *err)
{
    pd_db *db = self->db;
    pd_error none = {0};
    const char *role[1];
    pd_asking_begin(self, pd_query_read_begin);
    pd_asking_add_marks(self, pd_query_recall_state);
    size_t tables = pd_group_add(&self->group, pd_tables_request(db));
    if (db->options.settings->role != NULL) {
        pd_request request = pd_role_request(db, role);
        pd_group_add_with(&self->group, request, role, 1);
    }
    pd_group_add(&self->group, pd_ledger_request(db, "ROLLBACK"));
    if (pd_asking_ask(self, err)) {
        pd_asking_take(self, db->arena, out);
        return pd_tables_take(pd_group_result(&self->group, tables), &out->tables, err);
    }
    if (err->kind == PD_ERROR_INTERRUPTED) {
        return false;
    }
    bool absent = pd_streq(err->code, "42P01") || pd_streq(err->code, "3F000");
    *missing = absent && self->group.failed == self->drizzle_table;
    db->incomplete = absent && self->group.failed == self->tables && !is_pooled(self);
    if (!pd_conn_usable(&db->control) || PQtransactionStatus(db->control.pg) != PQTRANS_INERROR) {
        pd_conn_close(&db->control);
        *missing = false;
    }
    *err = none;
    return true;
}

static bool ask_as(pd_db *db, bool drizzle, pd_recalled *out, bool *missing, pd_error *err)
{
    PD_AUTO_GROUP group = {.arena = db->arena};
    pd_asking self = {.db = db, .commit = out->commit, .drizzle = drizzle, .group = group};
    *missing = false;
    bool ok = ask(&self, out, missing, err);
    pd_group_cleanup(&self.group);
    return ok;
}

/* Drizzle's table may be another application's: the verdict says of which layout it is. */
static bool is_of_drizzle(pd_arena *arena, const char *verdict)
{
    pd_recall kept;
    return verdict == NULL || !pd_recall_parse(arena, verdict, &kept) ||
           pd_layout_is_drizzle(kept.layout);
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
    if (missing) {
        pd_db_rollback(db, &db->control);
    } else if (is_of_drizzle(db->arena, out->verdict)) {
        return true;
    }
    *out = (pd_recalled){.commit = commit, .tables = -1};
    return ask_as(db, false, out, &missing, err);
}
