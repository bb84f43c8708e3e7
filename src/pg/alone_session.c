#include "base/str.h"
#include "pg/alone.h"
#include "pg/query.h"
#include "pg/role.h"
#include "pg_statements.h"

static bool run_simple(pd_alone *self, const char *sql, pd_error *err)
{
    pd_request request = pd_apply_request(self->apply, sql, "cannot set up the session");
    request.simple = true;
    return pd_conn_get(&self->apply->db->worker, &request, NULL, err);
}

/* What the statements before have set is set again: nothing else of the session is carried over
 * from one to the next, so that a later run finds it as the first did. */
static bool replay(pd_alone *self, size_t index, bool waits, pd_error *err)
{
    const pd_script *script = self->step->script;
    for (size_t i = 0; i < index; i++) {
        const pd_statement *statement = &script->statements[i];
        if ((statement->traits & PD_TRAIT_SESSION) == 0) {
            continue;
        }
        pd_request request = pd_apply_request(
            self->apply,
            pd_arena_strndup(self->apply->arena, self->step->text + statement->offset,
                             statement->len),
            pd_arena_printf(self->apply->arena, "cannot set what %s sets", self->step->name));
        request.discard = true;
        if (!pd_conn_get(&self->apply->db->worker, &request, NULL, err)) {
            return false;
        }
        if ((statement->traits & PD_TRAIT_LIMITS_BACK) != 0 &&
            !run_simple(self, pd_apply_limits(self->apply, waits), err)) {
            return false;
        }
    }
    return true;
}

bool pd_alone_enter(pd_alone *self, size_t index, bool waits, pd_error *err)
{
    PD_AUTO_RESULT result = NULL;
    pd_apply *apply = self->apply;
    const pd_db *db = apply->db;
    const char *sql = pd_arena_printf(
        apply->arena, "%s%s%s%s%s%s", db->reset, db->session,
        db->worker.v14 ? pd_query_session_v14 : "", waits ? pd_query_alone_waits : "",
        pd_role_sql(db, &db->worker, apply->arena), pd_query_session_own_path);
    pd_request path = pd_apply_request(apply, pd_query_alone_path, "cannot set up the session");
    if (!run_simple(self, sql, err) || !replay(self, index, waits, err) ||
        !pd_conn_get(&apply->db->worker, &path, &result, err)) {
        return false;
    }
    self->path = pd_value_text(apply->arena, result, 0, 0);
    return true;
}
