#include "base/str.h"
#include "pg/errors.h"
#include "pg/foreign.h"
#include "pg/internal.h"
#include "pg/query.h"
#include "pg_statements.h"

#define READ_ATTEMPTS 5

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
        (void)pd_value_number(result, i, 6, &row->drizzle_id);
        row->has_drizzle_created_at = pd_value_number(result, i, 7, &row->drizzle_created_at);
        row->deployment = text_or_empty(arena, result, i, 8);
        row->applied_at = text_or_empty(arena, result, i, 9);
        row->tokens = pd_value_text(arena, result, i, 10);
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
    out->commit = rows > 0 ? pd_value_text(arena, result, 0, 14) : NULL;
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

static bool read_drizzle(pd_db *db, pd_arena *arena, bool named, pd_ledger *out, pd_error *err)
{
    PD_AUTO_RESULT result = NULL;
    const char *pairs[] = {"ledger", pd_drizzle_table(db, &db->control, arena), "name",
                           named ? "t.name::pg_catalog.text" : "NULL::pg_catalog.text", NULL};
    out->drizzle_shape = named ? PD_DRIZZLE_V1 : PD_DRIZZLE_V0;
    if (!read_rows(db, pd_query_fill(arena, pd_query_read_drizzle, pairs), &result, err)) {
        return false;
    }
    size_t count = (size_t)PQntuples(result);
    out->drizzle = pd_arena_array(arena, count, sizeof *out->drizzle);
    out->drizzle_count = out->drizzle_capacity = count;
    for (int i = 0; i < (int)count; i++) {
        pd_drizzle_row *row = &out->drizzle[i];
        if (!pd_drizzle_id(db, result, i, &row->id, err)) {
            return false;
        }
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
    if (!pd_conn_get(conn, &request, &result, err)) {
        return false;
    }
    if (pd_value_number(result, 0, 0, tables)) {
        return true;
    }
    (void)pd_fail(err, PD_ERROR_UNREACHABLE, "cannot count the tables: the answer is no number");
    return pd_error_hint(err, "Is that a PostgreSQL server?");
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

/* Names of the tables that are read and are there, as a list for LOCK TABLE, or NULL. */
static bool find_names(pd_db *db, pd_arena *arena, const char **names, pd_error *err)
{
    PD_AUTO_RESULT result = NULL;
    bool drizzle = pd_layout_is_drizzle(db->options.layout);
    const char *values[] = {drizzle ? db->options.settings->ledger_schema : NULL,
                            drizzle ? db->options.settings->ledger_table : NULL,
                            db->options.settings->verify_schema,
                            pd_foreign_wanted(db) ? pd_foreign_names(arena) : NULL};
    pd_request request = pd_db_request(db, pd_query_read_names, "cannot look for the ledger");
    request.values = values;
    request.count = 4;
    if (!pd_conn_get(&db->control, &request, &result, err)) {
        return false;
    }
    *names = pd_value_text(arena, result, 0, 0);
    return true;
}

static bool lock_names(pd_db *db, pd_arena *arena, const char *names, bool *gone, pd_error *err)
{
    const char *pairs[] = {"tables", names, NULL};
    pd_request lock = pd_db_request(db, pd_query_fill(arena, pd_query_read_lock, pairs),
                                    "cannot lock the ledger");
    bool ok = pd_conn_get(&db->control, &lock, NULL, err);
    *gone = !ok && (pd_streq(err->code, "42P01") || pd_streq(err->code, "3F000"));
    return ok || *gone;
}

/* Begins the transaction that reads: what it finds cannot be replaced before it is read. *again:
 * it was replaced before it could be locked, and the transaction is over. */
static bool begin_reading(pd_db *db, pd_arena *arena, bool *again, pd_error *err)
{
    const char *before = NULL;
    const char *now = NULL;
    pd_request begin = pd_db_request(db, pd_query_read_begin, "cannot read the ledger");
    *again = false;
    if (!find_names(db, arena, &before, err) || !pd_conn_get(&db->control, &begin, NULL, err) ||
        (before != NULL && !lock_names(db, arena, before, again, err)) ||
        (!*again && !find_names(db, arena, &now, err))) {
        return false;
    }
    *again = *again || !pd_streq(before, now);
    if (*again) {
        pd_db_rollback(db, &db->control);
    }
    return true;
}

static bool read_snapshot(pd_db *db, pd_arena *arena, pd_ledger *out, bool *again, pd_error *err)
{
    pd_inspection found;
    pd_ledger empty = {0};
    bool drizzle = pd_layout_is_drizzle(db->options.layout);
    *out = empty;
    if (!begin_reading(db, arena, again, err)) {
        return false;
    }
    if (*again) {
        return true;
    }
    if (!pd_ledger_inspect(db, &db->control, drizzle, arena, &found, err) ||
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
    return pd_foreign_read(db, arena, out, err) &&
           pd_tables_count(db, &db->control, &out->tables, err) &&
           read_current_schema(db, arena, out, err);
}

bool pd_db_read_ledger(pd_db *db, pd_arena *arena, pd_ledger *out, pd_error *err)
{
    db->committed = NULL;
    for (int attempt = 0; attempt < READ_ATTEMPTS; attempt++) {
        pd_error failed = {0};
        bool again = false;
        if (!read_snapshot(db, arena, out, &again, &failed)) {
            pd_db_rollback(db, &db->control);
            *err = failed;
            return false;
        }
        if (!again) {
            return true;
        }
    }
    (void)pd_fail(err, PD_ERROR_UNREACHABLE, "cannot read the ledger: its tables come and go");
    return pd_error_hint(err, "Somebody makes and drops them at this moment: run predeploy again.");
}
