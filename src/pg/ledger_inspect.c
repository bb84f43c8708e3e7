/* What stands where the ledgers are, and whether it may be touched. */
#include <string.h>

#include "base/str.h"
#include "pg/ledger.h"
#include "pg/query.h"
#include "pg_statements.h"

static bool has_column(const char *columns, const char *name)
{
    size_t len = strlen(name);
    for (const char *at = columns; at != NULL && *at != '\0';) {
        size_t end = strcspn(at, "\n");
        if (end == len && memcmp(at, name, len) == 0) {
            return true;
        }
        at += end;
        at += *at == '\n' ? 1 : 0;
    }
    return false;
}

static const char *describe(pd_db *db, pd_arena *arena, const char *part, const char *problem)
{
    if (pd_streq(part, "schema")) {
        return pd_arena_printf(arena, "schema predeploy: %s", problem);
    }
    if (pd_streq(part, "drizzle")) {
        return pd_arena_printf(arena, "table %s.%s: %s", db->options.settings->ledger_schema,
                               db->options.settings->ledger_table, problem);
    }
    return pd_arena_printf(arena, "table predeploy.%s: %s", part, problem);
}

static void inspect_row(pd_db *db, pd_arena *arena, const PGresult *result, int row,
                        pd_inspection *out)
{
    const char *part = PQgetvalue(result, row, 0);
    const char *code = pd_value_text(arena, result, row, 1);
    const char *trust = pd_value_text(arena, result, row, 2);
    const char *columns = pd_value_text(arena, result, row, 3);
    if (code != NULL && out->code == NULL) {
        out->code = describe(db, arena, part, code);
    }
    bool drizzle = pd_starts_with(part, "drizzle");
    if (trust != NULL && out->trust == NULL && !drizzle) {
        out->trust = describe(db, arena, part, trust);
    }
    out->open = out->open || trust != NULL;
    if (pd_streq(part, "schema")) {
        out->schema = true;
    } else if (pd_streq(part, "drizzle")) {
        out->drizzle = true;
        out->drizzle_name = has_column(columns, "name");
        out->drizzle_known = has_column(columns, "id") && has_column(columns, "hash") &&
                             has_column(columns, "created_at");
    } else if (pd_streq(part, "schema_migrations")) {
        out->tables = true;
    } else if (pd_streq(part, "deployments")) {
        out->chained = has_column(columns, "hash");
    }
}

void pd_ledger_inspected(pd_db *db, pd_arena *arena, const PGresult *result, pd_inspection *out)
{
    pd_inspection inspection = {0};
    *out = inspection;
    for (int row = 0; row < PQntuples(result); row++) {
        inspect_row(db, arena, result, row, out);
    }
}

static pd_request inspect_request(const pd_db *db, const char *sql, bool drizzle)
{
    const char **values = pd_arena_array(db->arena, 2, sizeof *values);
    pd_request request = pd_db_request(db, sql, "cannot look at the ledger");
    values[0] = drizzle ? db->options.settings->ledger_schema : NULL;
    values[1] = drizzle ? db->options.settings->ledger_table : NULL;
    request.values = values;
    request.count = 2;
    return request;
}

bool pd_ledger_inspect(pd_db *db, pd_conn *conn, bool drizzle, pd_arena *arena, pd_inspection *out,
                       pd_error *err)
{
    PD_AUTO_RESULT result = NULL;
    pd_request request = inspect_request(db, pd_query_inspect, drizzle);
    pd_inspection nothing = {0};
    *out = nothing;
    if (!pd_conn_get(conn, &request, &result, err)) {
        return false;
    }
    pd_ledger_inspected(db, arena, result, out);
    return true;
}

size_t pd_ledger_inspect_add(pd_db *db, pd_group *group)
{
    return pd_group_add(
        group, inspect_request(db, pd_query_inspect, pd_layout_is_drizzle(db->options.layout)));
}

const char *pd_ledger_inspect_in(pd_db *db, const char *text, const char **kept)
{
    if (*kept == NULL) {
        const char *end = strrchr(pd_query_inspect, ';');
        size_t len = end == NULL ? strlen(pd_query_inspect) : (size_t)(end - pd_query_inspect);
        PD_AUTO_ARENA scratch = pd_arena_new();
        const char *pairs[] = {"inspect", pd_arena_strndup(scratch, pd_query_inspect, len), NULL};
        *kept = pd_query_fill(db->arena, text, pairs);
    }
    return *kept;
}

size_t pd_ledger_guard(pd_db *db, pd_group *group, bool writing)
{
    const char *sql = pd_ledger_inspect_in(db, pd_query_inspect_guard, &db->inspect_guard);
    pd_request request = inspect_request(db, sql, pd_layout_is_drizzle(db->options.layout));
    const char *values[] = {request.values[0], request.values[1], pd_query_bool(writing)};
    return pd_group_add_with(group, request, values, 3);
}

size_t pd_ledger_quick_guard(pd_db *db, pd_group *group, bool drizzle)
{
    return pd_group_add(group, inspect_request(db, pd_query_inspect_quick, drizzle));
}

bool pd_ledger_guard_failed(const pd_error *err)
{
    return pd_streq(err->code, "22012");
}

bool pd_ledger_refuse(const pd_inspection *inspection, bool writing, pd_error *err)
{
    if (inspection->code != NULL) {
        (void)pd_fail(err, PD_ERROR_UNREACHABLE, "the ledger is not safe to touch");
        (void)pd_error_detail(err, "%s", inspection->code);
        return pd_error_hint(err, "Find out who did that and why, and take it away: it would run "
                                  "with the rights of this deployment.");
    }
    if (writing && inspection->trust != NULL) {
        (void)pd_fail(err, PD_ERROR_UNREACHABLE, "the ledger cannot be trusted");
        (void)pd_error_detail(err, "%s", inspection->trust);
        return pd_error_hint(err, "Deploy with the role that owns the ledger, or give it to this "
                                  "role (ALTER SCHEMA predeploy OWNER TO ...; the same for its "
                                  "tables) and revoke what others were granted.");
    }
    if (inspection->drizzle && !inspection->drizzle_known) {
        (void)pd_fail(err, PD_ERROR_UNREACHABLE, "Drizzle's table is not one that Drizzle made");
        return pd_error_hint(err, "It has no column id, hash or created_at: check [ledger] schema "
                                  "and table in .predeploy.");
    }
    return true;
}
