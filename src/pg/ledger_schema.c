#include <string.h>

#include "base/hash.h"
#include "base/str.h"
#include "pg/errors.h"
#include "pg/ledger.h"
#include "pg/query.h"
#include "pg_migrations.h"
#include "pg_statements.h"

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

/* What is there when the ledger was made where nothing was. */
static const pd_sighting just_made = {
    .names = "predeploy.deployments, predeploy.migrations, predeploy.statements",
    .found = {.schema = true, .tables = true, .chained = true},
};

static bool is_just_made(const pd_sighting *seen)
{
    const pd_inspection *found = &seen->found;
    return pd_streq(seen->names, just_made.names) && found->tables && found->chained &&
           !found->open && !found->drizzle;
}

/* Behind a pooler of transactions a second one in the same round trip would not begin with what is
 * the session's elsewhere. */
static bool reads_ahead(const pd_db *db, const pd_found_first *look)
{
    return look->bare && db->pooling != PD_POOLING_TRANSACTION;
}

/* Leaves what was read behind the making to the reading that comes next, if the ledger is what that
 * was asked for. */
static void end_making(pd_db *db, pd_reading *reading, bool read, const pd_error *failed)
{
    if (read && is_just_made(&db->seen)) {
        pd_reading_keep(reading, failed);
        return;
    }
    if (failed->kind != PD_ERROR_NONE) {
        pd_db_rollback(db, &db->control);
    }
    pd_reading_drop(reading);
}

/* Of what was made, and of Drizzle's table beside it. */
static size_t add_guard(pd_db *db, pd_group *group)
{
    return db->unusual ? pd_ledger_guard(db, group, true)
                       : pd_ledger_quick_guard(db, group, pd_layout_is_drizzle(db->options.layout));
}

/* Makes it, in one round trip. What was made is looked at once more when nobody can change it
 * before this transaction ends; it is only written to and committed when nothing is wrong with it.
 * Where nothing was before it is read behind that. *refused: something is wrong. */
static bool make_versions(pd_db *db, const pd_found_first *look, bool *refused, pd_error *err)
{
    pd_error failed = {0};
    pd_reading *reading = pd_reading_new(db);
    pd_group *group = pd_reading_group(reading);
    size_t made = add_making(db, look->count, group);
    add_lock(db, group);
    size_t names = pd_names_ask(db, group, NULL);
    size_t guard = add_guard(db, group);
    add_versions(db, look->count, group);
    pd_group_add(group, pd_db_request(db, "COMMIT", "cannot commit the ledger"));
    size_t behind = group->count;
    bool reads = reads_ahead(db, look);
    if (reads) {
        pd_reading_add(reading, &just_made);
    }
    if (!pd_group_ask(group, &db->control, &failed) && group->failed < behind) {
        *refused = group->failed == guard && pd_ledger_guard_failed(&failed);
        bool creating = group->failed < made;
        pd_reading_drop(reading);
        *err = failed;
        return creating && fail_create(db, err);
    }
    db->seen = (pd_sighting){.there = true};
    pd_ledger_inspected(db, db->arena, pd_group_result(group, guard), &db->seen.found);
    db->seen.names = pd_value_text(db->arena, pd_group_result(group, names), 0, 0);
    end_making(db, reading, reads, &failed);
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
    size_t place = pd_ledger_inspect_add(db, &group);
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

void pd_db_when_new(pd_db *db, void (*tell)(void *told), void *told)
{
    db->tell_new = tell;
    db->told_new = told;
}

static bool make_or_upgrade(pd_db *db, const pd_found_first *look, pd_error *err)
{
    int count = look->count;
    bool refused = false;
    pd_error why = {0};
    pd_progress_say(db->options.progress, "creating the ledger");
    if (count == 0) { /* so nothing is applied yet */
        pd_db_connect_ahead(db);
    }
    if (look->bare && db->tell_new != NULL) {
        db->tell_new(db->told_new);
    }
    if (make_versions(db, look, &refused, err)) {
        return true;
    }
    pd_db_rollback(db, &db->control);
    if (refused && !db->unusual) {
        db->unusual = true;
        *err = why;
        refused = false;
        if (make_versions(db, look, &refused, err)) {
            return true;
        }
        pd_db_rollback(db, &db->control);
    }
    if (refused) {
        (void)explain_refused(db, count, &why);
        *err = why;
        pd_db_rollback(db, &db->control);
    }
    return false;
}

bool pd_ledger_upgrade(pd_db *db, pd_error *err)
{
    pd_found_first found = {0};
    if (!pd_ledger_first_look(db, &found, err)) {
        return false;
    }
    if (!db->locked) {
        return true;
    }
    return (found.ready || make_or_upgrade(db, &found, err)) &&
           (!found.running || pd_deployments_close(db, err));
}
