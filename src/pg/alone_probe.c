#include <string.h>

#include "base/str.h"
#include "base/strbuf.h"
#include "pg/alone.h"
#include "pg/query.h"
#include "pg_statements.h"

#define LEFTOVERS "leftovers"

static const char *or_null(const char *text)
{
    return text == NULL || *text == '\0' ? NULL : text;
}

static bool ask(pd_alone *self, const char *sql, const char *const *values, int count,
                PGresult **result, pd_error *err)
{
    pd_request request = pd_apply_request(self->apply, sql, "cannot look at what is there");
    request.values = values;
    request.count = count;
    if (self->hurried) {
        request.undisturbed = true;
        request.limit_ms =
            pd_interrupt_grace_ms(self->apply->db->options.interrupt, PD_ALONE_HURRY_MS);
    }
    return pd_conn_get(&self->apply->db->control, &request, result, err);
}

static bool probe_index(pd_alone *self, size_t index, pd_probe *out, pd_error *err)
{
    PD_AUTO_RESULT result = NULL;
    pd_arena *arena = self->apply->arena;
    const pd_subject *subject = self->step->script->statements[index].subject;
    const char *values[] = {self->path,
                            or_null(subject->schema),
                            subject->name,
                            or_null(subject->table_schema),
                            or_null(subject->table),
                            self->rows[index].object};
    if (!ask(self, pd_query_probe_index, values, 6, &result, err)) {
        return false;
    }
    out->state = pd_value_text(arena, result, 0, 0);
    out->object = pd_value_text(arena, result, 0, 1);
    out->same_table = pd_value_bool(result, 0, 2);
    out->same = out->same_table && pd_streq(pd_value_text(arena, result, 0, 3), subject->shape);
    out->table = pd_value_text(arena, result, 0, 4);
    out->twin = pd_value_text(arena, result, 0, 5);
    return true;
}

/* The OIDs of "leftovers 1,2", as an array. */
static const char *known_leftovers(pd_arena *arena, const char *before)
{
    bool some = before != NULL && pd_starts_with(before, LEFTOVERS " ");
    return pd_arena_printf(arena, "{%s}", some ? before + strlen(LEFTOVERS " ") : "");
}

static bool probe_leftovers(pd_alone *self, size_t index, pd_probe *out, pd_error *err)
{
    PD_AUTO_RESULT result = NULL;
    pd_arena *arena = self->apply->arena;
    const pd_subject *subject = self->step->script->statements[index].subject;
    const pd_alone_row *row = &self->rows[index];
    const char *values[] = {self->path, or_null(subject->schema), or_null(subject->name),
                            known_leftovers(arena, row->before),
                            self->apply->db->options.settings->role};
    if (!ask(self, pd_query_probe_leftovers, values, 5, &result, err)) {
        return false;
    }
    int count = PQntuples(result);
    PD_AUTO_STRBUF state = pd_strbuf_new(PD_STRBUF_MAX);
    pd_strbuf_adds(&state, LEFTOVERS);
    out->leftovers = pd_arena_array(arena, (size_t)count + 1, sizeof *out->leftovers);
    for (int i = 0; i < count; i++) {
        pd_strbuf_addf(&state, "%c%s", i == 0 ? ' ' : ',', PQgetvalue(result, i, 0));
        if (row->there && pd_value_bool(result, i, 2)) {
            out->leftovers[out->leftover_count++] = pd_value_text(arena, result, i, 1);
        }
    }
    out->state = pd_strbuf_keep(&state, arena);
    out->object = or_null(self->step->script->statements[index].object);
    return true;
}

static bool probe_partition(pd_alone *self, size_t index, pd_probe *out, pd_error *err)
{
    PD_AUTO_RESULT result = NULL;
    pd_arena *arena = self->apply->arena;
    const pd_subject *subject = self->step->script->statements[index].subject;
    const char *values[] = {self->path, or_null(subject->schema), subject->name,
                            or_null(subject->table_schema), subject->table};
    if (!ask(self, pd_query_probe_partition, values, 5, &result, err)) {
        return false;
    }
    out->state = pd_value_text(arena, result, 0, 0);
    out->object = pd_value_text(arena, result, 0, 1);
    out->finalize = pd_value_text(arena, result, 0, 2);
    return true;
}

static bool probe_existence(pd_alone *self, size_t index, const char *what, pd_probe *out,
                            pd_error *err)
{
    PD_AUTO_RESULT result = NULL;
    pd_arena *arena = self->apply->arena;
    const char *values[] = {what, self->step->script->statements[index].subject->name};
    if (!ask(self, pd_query_probe_existence, values, 2, &result, err)) {
        return false;
    }
    out->state = pd_value_text(arena, result, 0, 0);
    out->object = pd_value_text(arena, result, 0, 1);
    return true;
}

bool pd_alone_probe(pd_alone *self, size_t index, pd_probe *out, pd_error *err)
{
    const pd_statement *statement = &self->step->script->statements[index];
    pd_probe nothing = {0};
    *out = nothing;
    switch (statement->outside) {
    case PD_OUTSIDE_NONE:
    case PD_OUTSIDE_COUNT:
    case PD_OUTSIDE_UNKNOWN:
    case PD_OUTSIDE_REPEAT:
        out->state = PD_ALONE_UNASKED;
        out->object = or_null(statement->object);
        return true;
    case PD_OUTSIDE_CREATE_INDEX:
    case PD_OUTSIDE_DROP_INDEX:
        return probe_index(self, index, out, err);
    case PD_OUTSIDE_REINDEX:
        return probe_leftovers(self, index, out, err);
    case PD_OUTSIDE_DETACH:
        return probe_partition(self, index, out, err);
    case PD_OUTSIDE_CREATE_DATABASE:
    case PD_OUTSIDE_DROP_DATABASE:
        return probe_existence(self, index, "database", out, err);
    case PD_OUTSIDE_CREATE_TABLESPACE:
    case PD_OUTSIDE_DROP_TABLESPACE:
        return probe_existence(self, index, "tablespace", out, err);
    case PD_OUTSIDE_CREATE_SUBSCRIPTION:
    case PD_OUTSIDE_DROP_SUBSCRIPTION:
        return probe_existence(self, index, "subscription", out, err);
    }
    return true;
}
