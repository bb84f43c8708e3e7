#include <string.h>

#include "base/hash.h"
#include "base/str.h"
#include "pg/errors.h"
#include "pg/internal.h"
#include "pg/query.h"
#include "pg_migrations.h"
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
    if (trust != NULL && out->trust == NULL) {
        out->trust = describe(db, arena, part, trust);
    }
    if (pd_streq(part, "schema")) {
        out->schema = true;
    } else if (pd_streq(part, "drizzle")) {
        out->drizzle = true;
        out->drizzle_name = has_column(columns, "name");
        out->drizzle_known = has_column(columns, "id") && has_column(columns, "hash") &&
                             has_column(columns, "created_at");
    } else if (pd_streq(part, "schema_migrations")) {
        out->tables = true;
    }
}

bool pd_ledger_inspect(pd_db *db, pd_conn *conn, bool drizzle, pd_arena *arena, pd_inspection *out,
                       pd_error *err)
{
    PD_AUTO_RESULT result = NULL;
    const char *values[] = {drizzle ? db->options.settings->ledger_schema : NULL,
                            drizzle ? db->options.settings->ledger_table : NULL};
    pd_request request = pd_db_request(db, pd_query_inspect, "cannot look at the ledger");
    request.values = values;
    request.count = 2;
    pd_inspection inspection = {0};
    *out = inspection;
    if (!pd_conn_get(conn, &request, &result, err)) {
        return false;
    }
    for (int row = 0; row < PQntuples(result); row++) {
        inspect_row(db, arena, result, row, out);
    }
    return true;
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

static bool fail_create(pd_db *db, pd_error *err)
{
    if (pd_streq(err->code, "42501")) {
        return pd_error_hint(err,
                             "predeploy keeps its ledger in a schema of its own: GRANT CREATE ON "
                             "DATABASE \"%s\" TO \"%s\"; or, as an administrator: CREATE SCHEMA "
                             "predeploy AUTHORIZATION \"%s\";",
                             PQdb(db->control.pg), PQuser(db->control.pg), PQuser(db->control.pg));
    }
    return false;
}

static bool apply_version(pd_db *db, const pd_ledger_migration_file *file, pd_error *err)
{
    char hash[PD_SHA256_HEX];
    pd_sha256_hex(file->text, strlen(file->text), hash);
    pd_request create = pd_db_request(db, file->text, "cannot create the ledger");
    create.simple = true;
    if (!pd_conn_get(&db->control, &create, NULL, err)) {
        return fail_create(db, err);
    }
    const char *values[] = {file->name, hash, PD_VERSION};
    pd_request add = pd_db_request(db, pd_query_ledger_version_add, "cannot record the ledger");
    add.values = values;
    add.count = 3;
    return pd_conn_get(&db->control, &add, NULL, err);
}

/* Applied versions must be the first of those that are known here. *count is how many. */
static bool read_versions(pd_db *db, int *count, pd_error *err)
{
    PD_AUTO_RESULT result = NULL;
    pd_request request =
        pd_db_request(db, pd_query_ledger_versions, "cannot read the ledger's version");
    if (!pd_conn_get(&db->control, &request, &result, err)) {
        return false;
    }
    *count = PQntuples(result);
    for (int row = 0; row < *count; row++) {
        const pd_ledger_migration_file *file = &pd_ledger_migration_files[row];
        char hash[PD_SHA256_HEX] = "";
        if (file->name != NULL) {
            pd_sha256_hex(file->text, strlen(file->text), hash);
        }
        const char *name = PQgetvalue(result, row, 0);
        if (!pd_streq(file->name, name)) {
            (void)pd_fail(err, PD_ERROR_UNREACHABLE, "the ledger is newer than this predeploy");
            (void)pd_error_detail(err, "it has version %s, which predeploy %s does not know", name,
                                  PD_VERSION);
            return pd_error_hint(err, "Upgrade predeploy to the release that made it, or newer.");
        }
        if (!pd_streq(hash, PQgetvalue(result, row, 1))) {
            (void)pd_fail(err, PD_ERROR_UNREACHABLE, "the ledger was made by another predeploy");
            (void)pd_error_detail(err, "its version %s has another hash than the one known here",
                                  name);
            return pd_error_hint(err, "Use the release of predeploy that made it.");
        }
    }
    return true;
}

static bool upgrade(pd_db *db, pd_error *err)
{
    PD_AUTO_ARENA scratch = pd_arena_new();
    pd_inspection before;
    pd_inspection after;
    bool drizzle = pd_layout_is_drizzle(db->options.layout);
    int count = 0;
    if (!pd_ledger_inspect(db, &db->control, drizzle, scratch, &before, err) ||
        !pd_ledger_refuse(&before, true, err)) {
        return false;
    }
    if (before.tables && !read_versions(db, &count, err)) {
        return false;
    }
    for (const pd_ledger_migration_file *file = &pd_ledger_migration_files[count];
         file->name != NULL; file++) {
        pd_progress_say(db->options.progress, "creating the ledger: %s", file->name);
        if (!apply_version(db, file, err)) {
            return false;
        }
    }
    /* Once more, now that nobody can change the tables before this transaction ends. */
    pd_request lock = pd_db_request(db, pd_query_ledger_lock_all, "cannot lock the ledger");
    return pd_conn_get(&db->control, &lock, NULL, err) &&
           pd_ledger_inspect(db, &db->control, drizzle, scratch, &after, err) &&
           pd_ledger_refuse(&after, true, err);
}

bool pd_ledger_upgrade(pd_db *db, pd_error *err)
{
    pd_request begin = pd_db_request(db, pd_query_ledger_begin, "cannot begin a transaction");
    pd_request commit = pd_db_request(db, "COMMIT", "cannot commit the ledger");
    if (pd_conn_get(&db->control, &begin, NULL, err) && upgrade(db, err) &&
        pd_conn_get(&db->control, &commit, NULL, err)) {
        return true;
    }
    pd_db_rollback(db, &db->control);
    return false;
}
