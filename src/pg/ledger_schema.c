#include <string.h>

#include "base/hash.h"
#include "base/str.h"
#include "pg/errors.h"
#include "pg/ledger.h"
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

size_t pd_ledger_look(pd_db *db, pd_group *group)
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

/* Applied versions must be the first of those that are known here. *count is how many. */
static bool judge_versions(const PGresult *result, int *count, pd_error *err)
{
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

bool pd_versions_are_current(const PGresult *result)
{
    pd_error none = {0};
    int count = 0;
    return judge_versions(result, &count, &none) && pd_ledger_migration_files[count].name == NULL;
}

pd_request pd_versions_request(const pd_db *db)
{
    return pd_db_request(db, pd_query_ledger_versions, "cannot read the ledger's version");
}

static bool read_versions(pd_db *db, int *count, pd_error *err)
{
    PD_AUTO_RESULT result = NULL;
    pd_request request = pd_versions_request(db);
    return pd_conn_get(&db->control, &request, &result, err) && judge_versions(result, count, err);
}

/* What taking the lock has found. */
typedef struct first_look {
    bool ready;   /* a ledger of this release, owned by who may own it */
    bool running; /* a deployment that died is not closed */
    int count;    /* versions that are in */
} first_look;

/* What is there, asked of a ledger that is not as usual, and said in words when it may not be so.
 */
static bool judge_again(pd_db *db, first_look *out, pd_error *err)
{
    PD_AUTO_ARENA scratch = pd_arena_new();
    pd_inspection found;
    out->running = true;
    if (!pd_ledger_inspect(db, &db->control, pd_layout_is_drizzle(db->options.layout), scratch,
                           &found, err) ||
        !pd_ledger_refuse(&found, true, err) ||
        (found.tables && !read_versions(db, &out->count, err))) {
        return false;
    }
    out->ready = found.tables && pd_ledger_migration_files[out->count].name == NULL;
    return true;
}

/* How long the statement at `text` is: of our own texts, in which one ends where a line does,
 * outside of $$. */
static size_t statement_len(const char *text)
{
    bool quoted = false;
    size_t at = 0;
    while (text[at] != '\0') {
        bool mark = pd_starts_with(text + at, "$$");
        quoted = quoted != mark;
        at += mark ? 2 : 1;
        if (!quoted && text[at - 1] == ';' && text[at] == '\n') {
            break;
        }
    }
    return at;
}

/* Begins a transaction and makes all versions behind the first `count` in it. Gives the place
 * behind that. */
static size_t add_making(pd_db *db, int count, pd_group *group)
{
    pd_request create = pd_db_request(db, pd_query_ledger_begin, "cannot create the ledger");
    (void)pd_group_add(group, create);
    for (const pd_ledger_migration_file *file = &pd_ledger_migration_files[count];
         file->name != NULL; file++) {
        size_t len = 0;
        for (const char *at = file->text; *at != '\0'; at += len) {
            len = statement_len(at);
            create.sql = pd_arena_strndup(db->arena, at, len);
            if (!pd_blank(create.sql)) {
                (void)pd_group_add(group, create);
            }
        }
    }
    return group->count;
}

static void add_versions(pd_db *db, int count, pd_group *group)
{
    pd_request add = pd_db_request(db, pd_query_ledger_version_add, "cannot record the ledger");
    for (const pd_ledger_migration_file *file = &pd_ledger_migration_files[count];
         file->name != NULL; file++) {
        char *hash = pd_arena_alloc(db->arena, PD_SHA256_HEX);
        pd_sha256_hex(file->text, strlen(file->text), hash);
        const char *values[] = {file->name, hash, PD_VERSION};
        (void)pd_group_add_with(group, add, values, 3);
    }
}

static void add_lock(pd_db *db, pd_group *group)
{
    pd_group_add(group, pd_db_request(db, pd_query_ledger_revoke, "cannot create the ledger"));
    pd_group_add(group, pd_db_request(db, pd_query_ledger_lock_all, "cannot lock the ledger"));
}

/* Makes it, in one round trip. What was made is looked at once more when nobody can change it
 * before this transaction ends; it is only written to and committed when nothing is wrong with it.
 * *refused: something is. */
static bool make_versions(pd_db *db, int count, bool *refused, pd_error *err)
{
    PD_AUTO_GROUP group = {.arena = db->arena};
    size_t made = add_making(db, count, &group);
    add_lock(db, &group);
    size_t names = pd_names_ask(db, &group, NULL);
    size_t guard = pd_ledger_guard(db, &group, true);
    add_versions(db, count, &group);
    pd_group_add(&group, pd_db_request(db, "COMMIT", "cannot commit the ledger"));
    if (!pd_group_ask(&group, &db->control, err)) {
        *refused = group.failed == guard && pd_ledger_guard_failed(err);
        return group.failed < made && fail_create(db, err);
    }
    db->seen = (pd_sighting){.there = true};
    pd_ledger_inspected(db, db->arena, pd_group_result(&group, guard), &db->seen.found);
    db->seen.names = pd_value_text(db->arena, pd_group_result(&group, names), 0, 0);
    return true;
}

/* The server has only said that something is wrong: makes the ledger again to say what, and takes
 * it back. */
static bool explain_refused(pd_db *db, int count, pd_error *err)
{
    PD_AUTO_GROUP group = {.arena = db->arena};
    pd_inspection found;
    size_t made = add_making(db, count, &group);
    add_lock(db, &group);
    size_t place = pd_ledger_look(db, &group);
    if (!pd_group_ask(&group, &db->control, err)) {
        return group.failed < made && fail_create(db, err);
    }
    pd_ledger_inspected(db, db->arena, pd_group_result(&group, place), &found);
    if (!pd_ledger_refuse(&found, true, err)) {
        return false;
    }
    (void)pd_fail(err, PD_ERROR_UNREACHABLE, "the ledger was not safe to touch for a moment");
    return pd_error_hint(err, "Somebody changes it at this moment: run predeploy again.");
}

static bool make_or_upgrade(pd_db *db, int count, pd_error *err)
{
    bool refused = false;
    pd_error why = {0};
    pd_progress_say(db->options.progress, "creating the ledger");
    if (count == 0) { /* so nothing is applied yet */
        pd_db_connect_ahead(db);
    }
    if (make_versions(db, count, &refused, err)) {
        return true;
    }
    pd_db_rollback(db, &db->control);
    if (refused) {
        (void)explain_refused(db, count, &why);
        *err = why;
        pd_db_rollback(db, &db->control);
    }
    return false;
}

/* After an error of the first look: one that says that there is no ledger yet is none. */
static bool judge_missing(pd_db *db, const pd_group *group, size_t guard, size_t versions,
                          first_look *out, pd_error *err)
{
    bool missing = pd_streq(err->code, "42P01") || pd_streq(err->code, "3F000");
    pd_error none = {0};
    if (group->failed == guard && pd_ledger_guard_failed(err)) {
        *err = none;
        return judge_again(db, out, err);
    }
    if (group->failed != versions || !missing) {
        return false;
    }
    *err = none;
    pd_inspection found;
    pd_ledger_inspected(db, db->arena, pd_group_result(group, guard), &found);
    return pd_ledger_refuse(&found, true, err);
}

/* Whether the lock was had by the group; false for an error, too. What was asked behind a lock that
 * was not had does not count, nor that the server found it wrong. */
static bool take_lock(pd_db *db, const pd_group *group, size_t lock, bool asked, pd_error *err)
{
    const PGresult *answer = pd_group_result(group, lock);
    pd_error none = {0};
    db->locked = answer != NULL && pd_value_bool(answer, 0, 0);
    if (answer != NULL && !db->locked && !asked && err->kind != PD_ERROR_INTERRUPTED &&
        err->code[0] != '\0' && pd_conn_usable(&db->control)) {
        *err = none;
    }
    return db->locked;
}

/* Asks all that a ledger that is ready makes needless to do, and in front of it, where it is not
 * held, for the lock. */
static bool look(pd_db *db, first_look *out, pd_error *err)
{
    PD_AUTO_GROUP group = {.arena = db->arena};
    pd_error none = {0};
    size_t lock = PD_GROUP_NONE;
    *err = none;
    if (!db->locked) {
        lock = pd_group_add(
            &group, pd_db_request(db, pd_query_try_lock, "cannot take the deployment lock"));
    }
    size_t names = pd_names_ask(db, &group, NULL);
    size_t guard = pd_ledger_quick_guard(db, &group, pd_layout_is_drizzle(db->options.layout));
    size_t versions = pd_group_add(&group, pd_versions_request(db));
    size_t runs = pd_group_add(
        &group, pd_db_request(db, pd_query_deployments_running, "cannot read the ledger"));
    bool asked = pd_group_ask(&group, &db->control, err);
    if (lock != PD_GROUP_NONE && !take_lock(db, &group, lock, asked, err)) {
        return err->kind == PD_ERROR_NONE;
    }
    if (!asked) {
        return judge_missing(db, &group, guard, versions, out, err);
    }
    pd_sighting seen = {0};
    pd_ledger_inspected(db, db->arena, pd_group_result(&group, guard), &seen.found);
    if (!judge_versions(pd_group_result(&group, versions), &out->count, err)) {
        return false;
    }
    seen.names = pd_value_text(db->arena, pd_group_result(&group, names), 0, 0);
    out->running = pd_value_bool(pd_group_result(&group, runs), 0, 0);
    out->ready = pd_ledger_migration_files[out->count].name == NULL;
    seen.there = out->ready;
    db->seen = seen;
    return out->ready || pd_ledger_refuse(&seen.found, true, err);
}

bool pd_ledger_upgrade(pd_db *db, pd_error *err)
{
    first_look found = {0};
    if (!look(db, &found, err)) {
        return false;
    }
    if (!db->locked) {
        return true;
    }
    return (found.ready || make_or_upgrade(db, found.count, err)) &&
           (!found.running || pd_deployments_close(db, err));
}
