#include "pg/ledger_rows.h"

#include "base/clock.h"
#include "base/str.h"
#include "domain/migration.h"
#include "pg/errors.h"
#include "pg/query.h"
#include "pg_statements.h"

/* From seconds: the server takes longer to write a time out. */
static const char *time_of(pd_arena *arena, const PGresult *result, int row, int column)
{
    int64_t seconds = 0;
    return pd_value_number(result, row, column, &seconds) ? pd_timestamp(arena, seconds) : "?";
}

static pd_request request_with_limit(const pd_db *db, const char *sql, int64_t limit)
{
    const char **values = pd_arena_array(db->arena, 1, sizeof *values);
    pd_request request = pd_db_request(db, sql, "cannot read the ledger");
    values[0] = pd_query_number(db->arena, limit);
    request.values = values;
    request.count = 1;
    return request;
}

static bool check_count(const PGresult *result, pd_error *err)
{
    if (PQntuples(result) <= PD_LEDGER_ROWS_MAX) {
        return true;
    }
    (void)pd_fail(err, PD_ERROR_UNREACHABLE, "the ledger has more than %d rows",
                  PD_LEDGER_ROWS_MAX);
    return pd_error_hint(err, "That is no ledger: check [ledger] schema and table.");
}

pd_request pd_migrations_request(const pd_db *db, bool chained)
{
    const char *pairs[] = {"tokens",
                           chained ? "m.tokens"
                                   : "pg_catalog.jsonb_extract_path_text("
                                     "pg_catalog.to_jsonb(m.*), 'tokens')",
                           NULL};
    return request_with_limit(db, pd_query_fill(db->arena, pd_query_read_migrations, pairs),
                              PD_LEDGER_ROWS_MAX + 1);
}

bool pd_migrations_take(pd_arena *arena, const PGresult *result, pd_ledger *out, pd_error *err)
{
    if (!check_count(result, err)) {
        return false;
    }
    size_t count = (size_t)PQntuples(result);
    out->rows = pd_arena_array(arena, count, sizeof *out->rows);
    out->count = out->capacity = count;
    for (int i = 0; i < (int)count; i++) {
        pd_ledger_row *row = &out->rows[i];
        (void)pd_value_number(result, i, 0, &row->seq);
        row->name = pd_value_shown(arena, result, i, 1);
        row->hash = pd_value_shown(arena, result, i, 2);
        row->down_sql = pd_value_text(arena, result, i, 3);
        row->down_hash = pd_value_text(arena, result, i, 4);
        row->adopted = pd_value_bool(result, i, 5);
        (void)pd_value_number(result, i, 6, &row->drizzle_id);
        row->has_drizzle_created_at = pd_value_number(result, i, 7, &row->drizzle_created_at);
        if (row->has_drizzle_created_at) {
            row->v1_name = pd_drizzle_v1_name(arena, row->name, row->drizzle_created_at);
        }
        row->deployment = pd_value_shown(arena, result, i, 8);
        row->applied_at = time_of(arena, result, i, 9);
        row->tokens = pd_value_text(arena, result, i, 10);
    }
    return true;
}

static void fill_deployment(pd_arena *arena, const PGresult *result, int row, pd_deployment *out)
{
    out->id = pd_value_shown(arena, result, row, 0);
    out->kind = pd_value_shown(arena, result, row, 1);
    out->commit = pd_value_shown(arena, result, row, 2);
    out->ref = pd_value_text(arena, result, row, 3);
    out->actor = pd_value_shown(arena, result, row, 4);
    out->tool_version = pd_value_shown(arena, result, row, 5);
    out->started_at = time_of(arena, result, row, 6);
    out->finished_at = PQgetisnull(result, row, 7) != 0 ? NULL : time_of(arena, result, row, 7);
    out->outcome = pd_value_shown(arena, result, row, 8);
    out->detail = pd_value_text(arena, result, row, 9);
    out->backup_reference = pd_value_text(arena, result, row, 10);
    out->tables_before = -1;
    out->tables_after = -1;
    (void)pd_value_number(result, row, 11, &out->tables_before);
    (void)pd_value_number(result, row, 12, &out->tables_after);
}

pd_request pd_deployments_request(const pd_db *db)
{
    return request_with_limit(db, pd_query_read_deployments, PD_DEPLOYMENTS_SHOWN);
}

pd_request pd_deployed_request(const pd_db *db)
{
    return request_with_limit(db, pd_query_read_deployed, PD_DEPLOYMENTS_SHOWN);
}

void pd_deployments_take(pd_arena *arena, const PGresult *result, const PGresult *names,
                         pd_ledger *out)
{
    int at = 0;
    out->commit = PQntuples(result) > 0 ? pd_value_text(arena, result, 0, 14) : NULL;
    for (int i = 0; i < PQntuples(result); i++) {
        int64_t count = 0;
        pd_deployment *deployment =
            PD_PUSH(arena, out->deployments, out->deployment_count, out->deployment_capacity);
        fill_deployment(arena, result, i, deployment);
        (void)pd_value_number(result, i, 13, &count);
        int end = count > PQntuples(names) - at ? PQntuples(names) : at + (int)count;
        deployment->migrations = pd_arena_array(arena, (size_t)(end - at), sizeof(const char *));
        while (at < end) {
            deployment->migrations[deployment->migration_count++] =
                pd_value_shown(arena, names, at++, 0);
        }
    }
}

const char *pd_drizzle_table(pd_db *db, pd_conn *conn, pd_arena *arena)
{
    const pd_settings *settings = db->options.settings;
    return pd_arena_printf(arena, "%s.%s",
                           pd_query_identifier(arena, conn->pg, settings->ledger_schema),
                           pd_query_identifier(arena, conn->pg, settings->ledger_table));
}

bool pd_drizzle_id(const pd_db *db, const PGresult *result, int row, int64_t *id, pd_error *err)
{
    if (pd_value_number(result, row, 0, id)) {
        return true;
    }
    bool null = PQgetisnull(result, row, 0) != 0;
    (void)pd_fail(err, PD_ERROR_UNREACHABLE, "Drizzle's table is not one that Drizzle made");
    (void)pd_error_detail(err, "%s.%s has a row with id %s, which is no whole number of 64 bits",
                          db->options.settings->ledger_schema, db->options.settings->ledger_table,
                          null ? "NULL" : PQgetvalue(result, row, 0));
    return pd_error_hint(err, "Check [ledger] schema and table in .predeploy.");
}

pd_request pd_drizzle_request(pd_db *db, bool named)
{
    const char *pairs[] = {"ledger", pd_drizzle_table(db, &db->control, db->arena), "name",
                           named ? "t.name::pg_catalog.text" : "NULL::pg_catalog.text", NULL};
    return request_with_limit(db, pd_query_fill(db->arena, pd_query_read_drizzle, pairs),
                              PD_LEDGER_ROWS_MAX + 1);
}

bool pd_drizzle_take(const pd_db *db, pd_arena *arena, const PGresult *result, bool named,
                     pd_ledger *out, pd_error *err)
{
    if (!check_count(result, err)) {
        return false;
    }
    size_t count = (size_t)PQntuples(result);
    out->drizzle_shape = named ? PD_DRIZZLE_V1 : PD_DRIZZLE_V0;
    out->drizzle = pd_arena_array(arena, count, sizeof *out->drizzle);
    out->drizzle_count = out->drizzle_capacity = count;
    for (int i = 0; i < (int)count; i++) {
        pd_drizzle_row *row = &out->drizzle[i];
        if (!pd_drizzle_id(db, result, i, &row->id, err)) {
            return false;
        }
        row->hash = pd_value_shown(arena, result, i, 1);
        row->has_created_at = pd_value_number(result, i, 2, &row->created_at);
        row->name = pd_value_text(arena, result, i, 3);
    }
    return true;
}
