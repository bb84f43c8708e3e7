#include "base/str.h"
#include "pg/errors.h"
#include "pg/internal.h"
#include "pg/query.h"
#include "pg_statements.h"

static const char *text_or_empty(pd_arena *arena, const PGresult *result, int row, int column)
{
    const char *text = pd_value_text(arena, result, row, column);
    return text == NULL ? "" : text;
}

/* Asks for at most PD_LEDGER_ROWS_MAX rows; more are an error. */
static bool read_rows(pd_db *db, const char *sql, PGresult **result, pd_error *err)
{
    const char *limit[] = {pd_query_number(db->arena, PD_LEDGER_ROWS_MAX + 1)};
    pd_request request = pd_db_request(db, sql, "cannot read the ledger");
    request.values = limit;
    request.count = 1;
    if (!pd_conn_get(&db->control, &request, result, err)) {
        return false;
    }
    if (PQntuples(*result) > PD_LEDGER_ROWS_MAX) {
        (void)pd_fail(err, PD_ERROR_UNREACHABLE, "the ledger has more than %d rows",
                      PD_LEDGER_ROWS_MAX);
        return pd_error_hint(err, "That is no ledger: check [ledger] schema and table.");
    }
    return true;
}

static bool read_migrations(pd_db *db, pd_arena *arena, pd_ledger *out, pd_error *err)
{
    PD_AUTO_RESULT result = NULL;
    if (!read_rows(db, pd_query_read_migrations, &result, err)) {
        return false;
    }
    size_t count = (size_t)PQntuples(result);
    out->rows = pd_arena_array(arena, count, sizeof *out->rows);
    out->count = out->capacity = count;
    for (int i = 0; i < (int)count; i++) {
        pd_ledger_row *row = &out->rows[i];
        (void)pd_value_number(result, i, 0, &row->seq);
        row->name = text_or_empty(arena, result, i, 1);
        row->hash = text_or_empty(arena, result, i, 2);
        row->down_sql = pd_value_text(arena, result, i, 3);
        row->down_hash = pd_value_text(arena, result, i, 4);
        row->adopted = pd_value_bool(result, i, 5);
        row->has_drizzle_created_at = pd_value_number(result, i, 6, &row->drizzle_created_at);
        row->deployment = text_or_empty(arena, result, i, 7);
        row->applied_at = text_or_empty(arena, result, i, 8);
    }
    return true;
}

static void fill_deployment(pd_arena *arena, const PGresult *result, int row, pd_deployment *out)
{
    out->id = text_or_empty(arena, result, row, 0);
    out->kind = text_or_empty(arena, result, row, 1);
    out->commit = text_or_empty(arena, result, row, 2);
    out->ref = pd_value_text(arena, result, row, 3);
    out->actor = text_or_empty(arena, result, row, 4);
    out->tool_version = text_or_empty(arena, result, row, 5);
    out->started_at = text_or_empty(arena, result, row, 6);
    out->finished_at = pd_value_text(arena, result, row, 7);
    out->outcome = text_or_empty(arena, result, row, 8);
    out->detail = pd_value_text(arena, result, row, 9);
    out->backup_reference = pd_value_text(arena, result, row, 10);
    out->tables_before = -1;
    out->tables_after = -1;
    (void)pd_value_number(result, row, 11, &out->tables_before);
    (void)pd_value_number(result, row, 12, &out->tables_after);
}

/* One row a name, or one with NULL for a deployment that has none. */
static bool read_deployments(pd_db *db, pd_arena *arena, pd_ledger *out, pd_error *err)
{
    PD_AUTO_RESULT result = NULL;
    const char *limit[] = {pd_query_number(arena, PD_DEPLOYMENTS_SHOWN)};
    pd_request request = pd_db_request(db, pd_query_read_deployments, "cannot read the ledger");
    request.values = limit;
    request.count = 1;
    if (!pd_conn_get(&db->control, &request, &result, err)) {
        return false;
    }
    int rows = PQntuples(result);
    for (int i = 0; i < rows;) {
        const char *id = PQgetvalue(result, i, 0);
        int names = 0;
        while (i + names < rows && pd_streq(PQgetvalue(result, i + names, 0), id)) {
            names++;
        }
        pd_deployment *deployment =
            PD_PUSH(arena, out->deployments, out->deployment_count, out->deployment_capacity);
        fill_deployment(arena, result, i, deployment);
        deployment->migrations = pd_arena_array(arena, (size_t)names, sizeof(const char *));
        for (int n = 0; n < names && PQgetisnull(result, i + n, 13) == 0; n++) {
            deployment->migrations[deployment->migration_count++] =
                pd_value_text(arena, result, i + n, 13);
        }
        i += names;
    }
    return true;
}

const char *pd_drizzle_table(pd_db *db, pd_conn *conn, pd_arena *arena)
{
    const pd_settings *settings = db->options.settings;
    return pd_arena_printf(arena, "%s.%s",
                           pd_query_identifier(arena, conn->pg, settings->ledger_schema),
                           pd_query_identifier(arena, conn->pg, settings->ledger_table));
}

static bool read_drizzle(pd_db *db, pd_arena *arena, bool named, pd_ledger *out, pd_error *err)
{
    PD_AUTO_RESULT result = NULL;
    const char *pairs[] = {"ledger", pd_drizzle_table(db, &db->control, arena), "name",
                           named ? "t.name::text" : "NULL::text", NULL};
    out->drizzle_shape = named ? PD_DRIZZLE_V1 : PD_DRIZZLE_V0;
    if (!read_rows(db, pd_query_fill(arena, pd_query_read_drizzle, pairs), &result, err)) {
        return false;
    }
    size_t count = (size_t)PQntuples(result);
    out->drizzle = pd_arena_array(arena, count, sizeof *out->drizzle);
    out->drizzle_count = out->drizzle_capacity = count;
    for (int i = 0; i < (int)count; i++) {
        pd_drizzle_row *row = &out->drizzle[i];
        (void)pd_value_number(result, i, 0, &row->id);
        row->hash = text_or_empty(arena, result, i, 1);
        row->has_created_at = pd_value_number(result, i, 2, &row->created_at);
        row->name = pd_value_text(arena, result, i, 3);
    }
    return true;
}

bool pd_tables_count(pd_db *db, pd_conn *conn, int64_t *tables, pd_error *err)
{
    PD_AUTO_RESULT result = NULL;
    const char *schema[] = {db->options.settings->verify_schema};
    pd_request request = pd_db_request(db, pd_query_count_tables, "cannot count the tables");
    request.values = schema;
    request.count = 1;
    return pd_conn_get(conn, &request, &result, err) && pd_value_number(result, 0, 0, tables);
}

static bool read_current_schema(pd_db *db, pd_arena *arena, pd_ledger *out, pd_error *err)
{
    PD_AUTO_RESULT result = NULL;
    pd_request request = pd_db_request(db, pd_query_read_end, "cannot read the ledger");
    request.simple = true;
    if (!pd_conn_get(&db->control, &request, &result, err)) {
        return false;
    }
    out->current_schema = pd_value_text(arena, result, 0, 0);
    return true;
}

static bool read_snapshot(pd_db *db, pd_arena *arena, pd_ledger *out, pd_error *err)
{
    pd_inspection found;
    pd_request begin = pd_db_request(db, pd_query_read_begin, "cannot read the ledger");
    if (!pd_conn_get(&db->control, &begin, NULL, err) ||
        !pd_ledger_inspect(db, &db->control, arena, &found, err) ||
        !pd_ledger_refuse(&found, false, err)) {
        return false;
    }
    out->present = found.tables;
    if (found.tables &&
        (!read_migrations(db, arena, out, err) || !read_deployments(db, arena, out, err))) {
        return false;
    }
    if (found.drizzle && !read_drizzle(db, arena, found.drizzle_name, out, err)) {
        return false;
    }
    return pd_tables_count(db, &db->control, &out->tables, err) &&
           read_current_schema(db, arena, out, err);
}

bool pd_db_read_ledger(pd_db *db, pd_arena *arena, pd_ledger *out, pd_error *err)
{
    pd_ledger empty = {0};
    *out = empty;
    db->committed = NULL;
    if (read_snapshot(db, arena, out, err)) {
        return true;
    }
    pd_db_rollback(db, &db->control);
    return false;
}
