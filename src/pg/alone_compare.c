#include "pg/alone.h"
#include "pg/query.h"
#include "pg_statements.h"

static bool run(pd_alone *self, const char *sql, const char *what, pd_error *err)
{
    pd_request request = pd_apply_request(self->apply, sql, what);
    request.simple = true;
    return pd_conn_get(&self->apply->db->worker, &request, NULL, err);
}

static bool make_twin(pd_alone *self, const pd_subject *subject, const pd_probe *now,
                      const char *what, pd_error *err)
{
    const char *const pairs[] = {"twin",       now->twin,           "table", now->table,
                                 "definition", subject->definition, NULL};
    return run(self, pd_query_fill(self->apply->arena, pd_query_compare_index_make, pairs), what,
               err);
}

static bool ask(pd_alone *self, pd_probe *now, const char *what, pd_error *err)
{
    PD_AUTO_RESULT result = NULL;
    const char *values[] = {now->object, now->twin};
    pd_request request = pd_apply_request(self->apply, pd_query_compare_index, what);
    request.values = values;
    request.count = 2;
    if (!pd_conn_get(&self->apply->db->worker, &request, &result, err)) {
        return false;
    }
    now->same = pd_value_bool(result, 0, 0);
    return true;
}

bool pd_alone_compare(pd_alone *self, size_t index, pd_probe *now, pd_error *err)
{
    const pd_subject *subject = self->step->script->statements[index].subject;
    if (!now->same || *subject->definition == '\0') {
        now->same = false;
        return true;
    }
    pd_error ignored = {0};
    const char *what = pd_arena_printf(
        self->apply->arena, "cannot compare %s with the index that statement %zu of %s asks for",
        now->object, index + 1, self->step->name);
    bool asked = make_twin(self, subject, now, what, err) && ask(self, now, what, err);
    bool back = run(self, "ROLLBACK", what, asked ? err : &ignored);
    if (asked && back) {
        return true;
    }
    return pd_error_hint(err,
                         "The comparison makes an empty temporary table, for which the role needs "
                         "TEMPORARY on the database. Or, if nobody needs what is there: DROP INDEX "
                         "CONCURRENTLY %s. Then run predeploy again.",
                         now->object);
}
