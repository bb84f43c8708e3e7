#include "base/str.h"
#include "pg/chain.h"
#include "pg/errors.h"
#include "pg/foreign.h"
#include "pg/ledger.h"
#include "pg/ledger_rows.h"
#include "pg/query.h"
#include "pg/role.h"
#include "pg/unfinished.h"
#include "pg_statements.h"

#define READ_ATTEMPTS 5

/* One attempt to read all in one transaction, in one round trip. What is asked depends on what was
 * seen before it; that must be what the transaction finds, too. */
struct pd_reading {
    pd_db *db;
    pd_arena *arena;
    pd_sighting before;
    pd_group group;
    bool asked;     /* behind something else */
    pd_error error; /* that this ended with, kind NONE: with none */
    size_t lock;    /* places in the group */
    size_t names;
    size_t guard;
    size_t migrations;
    size_t deployments;
    size_t deployed;
    size_t digest;
    size_t chain;
    size_t unfinished;
    size_t drizzle;
    size_t drizzle_digest;
    size_t foreign;
    size_t tables;
    size_t role;
    size_t schema;
};

pd_request pd_ledger_request(const pd_db *db, const char *sql)
{
    return pd_db_request(db, sql, "cannot read the ledger");
}

pd_request pd_drizzle_digest_request(pd_db *db)
{
    const char *pairs[] = {"ledger", pd_drizzle_table(db, &db->control, db->arena), NULL};
    return pd_ledger_request(db, pd_query_fill(db->arena, pd_query_read_drizzle_digest, pairs));
}

pd_request pd_tables_request(const pd_db *db)
{
    const char **values = pd_arena_array(db->arena, 1, sizeof *values);
    pd_request request = pd_db_request(db, pd_query_count_tables, "cannot count the tables");
    values[0] = db->options.settings->verify_schema;
    request.values = values;
    request.count = 1;
    return request;
}

bool pd_tables_take(const PGresult *result, int64_t *tables, pd_error *err)
{
    if (pd_value_number(result, 0, 0, tables)) {
        return true;
    }
    (void)pd_fail(err, PD_ERROR_UNREACHABLE, "cannot count the tables: the answer is no number");
    return pd_error_hint(err, "Is that a PostgreSQL server?");
}

bool pd_tables_count(pd_db *db, pd_conn *conn, int64_t *tables, pd_error *err)
{
    PD_AUTO_RESULT result = NULL;
    pd_request request = pd_tables_request(db);
    return pd_conn_get(conn, &request, &result, err) && pd_tables_take(result, tables, err);
}

size_t pd_names_ask(pd_db *db, pd_group *group, const pd_sighting *before)
{
    bool drizzle = pd_layout_is_drizzle(db->options.layout);
    const char *values[] = {db->options.settings->verify_schema,
                            pd_foreign_wanted(db) ? pd_foreign_names(db->arena) : NULL,
                            db->options.foreign_table,
                            drizzle ? db->options.settings->ledger_schema : NULL,
                            drizzle ? db->options.settings->ledger_table : NULL,
                            pd_query_bool(before != NULL),
                            before == NULL ? NULL : before->names};
    return pd_group_add_with(
        group, pd_db_request(db, pd_query_read_names, "cannot look for the ledger"), values, 7);
}

/* What is there: asked first, unless taking the lock has just asked it. */
static bool look(pd_db *db, pd_sighting *out, pd_error *err)
{
    PD_AUTO_GROUP group = {.arena = db->arena};
    if (db->seen.there) {
        *out = db->seen;
        db->seen.there = false;
        return true;
    }
    size_t names = pd_names_ask(db, &group, NULL);
    size_t found = pd_ledger_inspect_add(db, &group);
    if (!pd_group_ask(&group, &db->control, err)) {
        return false;
    }
    out->names = pd_value_text(db->arena, pd_group_result(&group, names), 0, 0);
    pd_ledger_inspected(db, db->arena, pd_group_result(&group, found), &out->found);
    return true;
}

/* The role's own search_path says where an unqualified CREATE TABLE goes, seen with the rights of
 * whom migrations run as; ROLLBACK takes all of it back. */
static void add_end(pd_reading *self)
{
    const pd_db *db = self->db;
    const char *values[1];
    self->role = PD_GROUP_NONE;
    if (db->options.settings->role != NULL) {
        pd_request request = pd_role_request(db, values);
        self->role = pd_group_add_with(&self->group, request, values, 1);
    }
    pd_group_add(&self->group, pd_ledger_request(db, pd_query_session_own_path));
    self->schema = pd_group_add(&self->group, pd_ledger_request(db, pd_query_read_schema));
    pd_group_add(&self->group, pd_ledger_request(db, "ROLLBACK"));
}

static size_t add_if(pd_reading *self, bool wanted, pd_request request)
{
    return wanted ? pd_group_add(&self->group, request) : PD_GROUP_NONE;
}

static void add_rows(pd_reading *self)
{
    pd_db *db = self->db;
    const pd_inspection *found = &self->before.found;
    self->migrations = add_if(self, found->tables, pd_migrations_request(db, found->chained));
    self->deployments = add_if(self, found->tables, pd_deployments_request(db));
    self->deployed = add_if(self, found->tables, pd_deployed_request(db));
    self->digest = add_if(self, found->chained, pd_ledger_request(db, pd_query_read_digest));
    self->chain = add_if(self, found->chained, pd_chain_request(db));
    self->unfinished = add_if(self, found->chained, pd_unfinished_request(db));
    self->drizzle = add_if(self, found->drizzle, pd_drizzle_request(db, found->drizzle_name));
    self->drizzle_digest =
        add_if(self, found->drizzle && !db->options.read_only, pd_drizzle_digest_request(db));
    const char *values[PD_FOREIGN_VALUES];
    self->foreign = PD_GROUP_NONE;
    if (pd_foreign_wanted(db)) {
        pd_request find = pd_foreign_request(db, db->options.settings->verify_schema, values);
        self->foreign = pd_group_add_with(&self->group, find, values, PD_FOREIGN_VALUES);
    }
    self->tables = pd_group_add(&self->group, pd_tables_request(db));
}

/* What is found cannot be replaced before it is read: it is locked first, then looked at, and only
 * read when it is still what was seen and, unless those who could change that are trusted, when no
 * reading of it can run somebody else's code. */
static void add_all(pd_reading *self)
{
    pd_db *db = self->db;
    pd_group_add(&self->group, pd_ledger_request(db, pd_query_read_begin));
    const char *pairs[] = {"tables", self->before.names, NULL};
    self->lock = PD_GROUP_NONE;
    if (self->before.names != NULL) {
        const char *sql = pd_query_fill(db->arena, pd_query_read_lock, pairs);
        self->lock = pd_group_add(&self->group, pd_db_request(db, sql, "cannot lock the ledger"));
    }
    self->names = pd_names_ask(db, &self->group, &self->before);
    self->guard =
        self->before.found.open ? pd_ledger_guard(db, &self->group, false) : PD_GROUP_NONE;
    add_rows(self);
    if (!db->foreign) {
        add_end(self);
    }
}

static bool same_sighting(const pd_reading *self)
{
    pd_inspection now;
    const pd_inspection *before = &self->before.found;
    const PGresult *guarded = pd_group_result(&self->group, self->guard);
    if (guarded == NULL) {
        return true;
    }
    pd_ledger_inspected(self->db, self->arena, guarded, &now);
    return now.tables == before->tables && now.chained == before->chained &&
           now.drizzle == before->drizzle && now.drizzle_name == before->drizzle_name;
}

static bool take_all(const pd_reading *self, pd_ledger *out, pd_error *err)
{
    const pd_group *group = &self->group;
    const pd_inspection *found = &self->before.found;
    pd_arena *arena = self->arena;
    out->present = found->tables;
    if (found->tables) {
        if (!pd_migrations_take(arena, pd_group_result(group, self->migrations), out, err)) {
            return false;
        }
        pd_deployments_take(arena, pd_group_result(group, self->deployments),
                            pd_group_result(group, self->deployed), out);
    }
    if (found->chained) {
        const PGresult *state = pd_group_result(group, self->digest);
        out->digest = pd_value_text(arena, state, 0, 0);
        out->altered = pd_chain_judge(arena, pd_group_result(group, self->chain), state);
        pd_unfinished_take(arena, pd_group_result(group, self->unfinished), out);
    }
    const PGresult *drizzle = pd_group_result(group, self->drizzle_digest);
    out->drizzle_digest = drizzle == NULL ? NULL : pd_value_text(arena, drizzle, 0, 0);
    return (!found->drizzle ||
            pd_drizzle_take(self->db, arena, pd_group_result(group, self->drizzle),
                            found->drizzle_name, out, err)) &&
           pd_tables_take(pd_group_result(group, self->tables), &out->tables, err);
}

/* *again: what was seen before is not there any more. A guard that has failed is asked in words. */
static bool explain(const pd_reading *self, bool *again, pd_error *err)
{
    size_t failed = self->group.failed;
    if (failed == self->role) {
        return pd_role_explain(self->db, err);
    }
    if (pd_ledger_guard_failed(err) && (failed == self->names || failed == self->guard)) {
        pd_error none = {0};
        pd_inspection found;
        pd_db_rollback(self->db, &self->db->control);
        *err = none;
        *again = pd_ledger_inspect(self->db, &self->db->control,
                                   pd_layout_is_drizzle(self->db->options.layout), self->arena,
                                   &found, err) &&
                 pd_ledger_refuse(&found, false, err);
        return *again;
    }
    *again = failed == self->lock && (pd_streq(err->code, "42P01") || pd_streq(err->code, "3F000"));
    return *again;
}

/* Tables of other tools are read one by one, in the transaction that is still open. */
static bool read_foreign(pd_reading *self, pd_ledger *out, pd_error *err)
{
    PD_AUTO_GROUP end = {.arena = self->arena};
    if (!pd_foreign_read(self->db, self->arena, out, err)) {
        return false;
    }
    pd_group_cleanup(&self->group);
    self->group = end;
    add_end(self);
    return pd_group_ask(&self->group, &self->db->control, err) ||
           (self->group.failed == self->role && pd_role_explain(self->db, err));
}

pd_reading *pd_reading_new(pd_db *db)
{
    pd_reading *self = pd_arena_alloc(db->arena, sizeof *self);
    self->db = db;
    self->arena = db->arena;
    self->group.arena = db->arena;
    return self;
}

pd_group *pd_reading_group(pd_reading *self)
{
    return &self->group;
}

void pd_reading_add(pd_reading *self, const pd_sighting *before)
{
    self->before = *before;
    self->asked = true;
    add_all(self);
}

void pd_reading_keep(pd_reading *self, const pd_error *error)
{
    self->error = *error;
    self->db->ahead = self;
}

void pd_reading_drop(pd_reading *self)
{
    if (self != NULL) {
        pd_group_cleanup(&self->group);
    }
}

/* Goes by what was asked ahead, or asks. */
static bool ask(pd_reading *self, pd_error *err)
{
    if (self->asked) {
        *err = self->error;
        return err->kind == PD_ERROR_NONE;
    }
    add_all(self);
    return pd_group_ask(&self->group, &self->db->control, err);
}

static bool take_snapshot(pd_reading *self, pd_ledger *out, bool *again, pd_error *err)
{
    pd_db *db = self->db;
    bool ok = ask(self, err);
    if (!ok) {
        ok = explain(self, again, err);
    } else if (!same_sighting(self)) {
        *again = true;
    } else if (!db->foreign && pd_foreign_wanted(db) &&
               PQntuples(pd_group_result(&self->group, self->foreign)) > 0) {
        db->foreign = true;
        *again = true;
    } else {
        ok = take_all(self, out, err) && (!db->foreign || read_foreign(self, out, err));
    }
    if (ok && !*again) {
        out->current_schema =
            pd_value_text(self->arena, pd_group_result(&self->group, self->schema), 0, 0);
    }
    return ok;
}

static bool read_snapshot(pd_db *db, pd_arena *arena, pd_ledger *out, bool *again, pd_error *err)
{
    pd_reading *self = db->ahead == NULL ? pd_reading_new(db) : db->ahead;
    pd_ledger empty = {0};
    db->ahead = NULL;
    self->arena = arena;
    *out = empty;
    *again = false;
    bool ok = (self->asked || look(db, &self->before, err)) &&
              pd_ledger_refuse(&self->before.found, false, err) &&
              take_snapshot(self, out, again, err);
    pd_reading_drop(self);
    return ok;
}

bool pd_db_read_ledger(pd_db *db, pd_arena *arena, pd_ledger *out, pd_error *err)
{
    db->committed = NULL;
    db->read_digest = NULL;
    db->read_altered = false;
    for (int attempt = 0; attempt < READ_ATTEMPTS; attempt++) {
        pd_error failed = {0};
        bool again = false;
        if (!read_snapshot(db, arena, out, &again, &failed)) {
            pd_db_rollback(db, &db->control);
            *err = failed;
            return false;
        }
        if (!again) {
            db->read_digest = out->digest == NULL ? NULL : pd_arena_strdup(db->arena, out->digest);
            db->read_altered = out->altered != NULL;
            return true;
        }
        pd_db_rollback(db, &db->control);
    }
    (void)pd_fail(err, PD_ERROR_UNREACHABLE, "cannot read the ledger: its tables come and go");
    return pd_error_hint(err, "Somebody makes and drops them at this moment: run predeploy again.");
}
