/* A verdict for the next run: what it is to be held against is looked at, and written down with it,
 * in one transaction. */
#include "base/str.h"
#include "pg/chain.h"
#include "pg/ledger.h"
#include "pg/query.h"
#include "pg/recall.h"
#include "pg_statements.h"

/* What goes wrong here says that nothing can be kept, and is none of the run, be it that the
 * connection is lost: it has no more to do. */
static bool let_go(pd_db *db, pd_error *err)
{
    pd_error none = {0};
    if (err->kind == PD_ERROR_INTERRUPTED) {
        return false;
    }
    pd_db_rollback(db, &db->control);
    *err = none;
    return true;
}

static bool look(pd_asking *self, pd_recalled *out, pd_error *err)
{
    pd_db *db = self->db;
    pd_asking_begin(self, pd_query_recall_keep_begin);
    (void)pd_ledger_quick_guard(db, &self->group, self->drizzle);
    pd_asking_add_marks(self, pd_query_recall_keep_state);
    size_t versions = pd_group_add(&self->group, pd_versions_request(db));
    size_t digest = pd_group_add(&self->group, pd_ledger_request(db, pd_query_read_digest));
    size_t chain = pd_group_add(&self->group, pd_chain_request(db));
    size_t drizzle =
        self->drizzle ? pd_group_add(&self->group, pd_drizzle_digest_request(db)) : PD_GROUP_NONE;
    if (!pd_asking_ask(self, err)) {
        return let_go(db, err);
    }
    const PGresult *state = pd_group_result(&self->group, digest);
    const PGresult *rows = pd_group_result(&self->group, drizzle);
    if (pd_versions_are_current(pd_group_result(&self->group, versions)) &&
        pd_chain_judge(db->arena, pd_group_result(&self->group, chain), state) == NULL) {
        pd_asking_take(self, db->arena, out);
    }
    out->digest = pd_value_text(db->arena, state, 0, 0);
    out->drizzle = rows == NULL ? NULL : pd_value_text(db->arena, rows, 0, 0);
    return true;
}

bool pd_db_take_marks(pd_db *db, const char *commit, pd_recalled *out, pd_error *err)
{
    PD_AUTO_GROUP group = {.arena = db->arena};
    pd_asking self = {.db = db,
                      .commit = commit,
                      .drizzle = pd_layout_is_drizzle(db->options.layout),
                      .group = group};
    *out = (pd_recalled){.commit = commit, .tables = -1};
    bool ok = look(&self, out, err);
    pd_group_cleanup(&self.group);
    return ok;
}

bool pd_db_keep_verdict(pd_db *db, const char *deployment, const char *verdict, pd_error *err)
{
    PD_AUTO_GROUP group = {.arena = db->arena};
    const char *values[] = {deployment, verdict};
    if (PQtransactionStatus(db->control.pg) != PQTRANS_INTRANS) {
        return true;
    }
    if (verdict == NULL) {
        pd_db_rollback(db, &db->control);
        return true;
    }
    pd_request request =
        pd_db_request(db, pd_query_recall_keep_patience, "cannot record the verdict");
    (void)pd_group_add(&group, request);
    request.sql = pd_query_recall_keep;
    (void)pd_group_add_with(&group, request, values, 2);
    request.sql = "COMMIT";
    (void)pd_group_add(&group, request);
    return pd_group_ask(&group, &db->control, err) || let_go(db, err);
}
