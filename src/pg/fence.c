#include "base/hash.h"
#include "base/str.h"
#include "base/strbuf.h"
#include "pg/apply.h"
#include "pg/errors.h"
#include "pg/foreign.h"
#include "pg/query.h"
#include "pg_statements.h"

#include <inttypes.h>
#include <string.h>

#define RACES_MAX 10 /* how often another migrator may be first to make the same table */

pd_request pd_apply_request(const pd_apply *apply, const char *sql, const char *what)
{
    pd_request request = pd_db_request(apply->db, sql, what);
    request.kind = PD_ERROR_APPLY;
    return request;
}

static bool run(pd_apply *apply, const char *sql, const char *what, pd_error *err)
{
    pd_request request = pd_apply_request(apply, sql, what);
    return pd_conn_get(&apply->db->worker, &request, NULL, err);
}

/* Two migrators that make the same schema or table at once: the server tells it by any of these. */
static bool lost_race(const pd_error *err)
{
    return pd_streq(err->code, "42P06") || pd_streq(err->code, "42P07") ||
           pd_streq(err->code, "42710") || pd_streq(err->code, "23505");
}

/* Who only takes out needs no table to write to. */
static bool makes_drizzle(const pd_apply *apply)
{
    bool makes = false;
    for (size_t i = 0; i < apply->batch->count; i++) {
        makes = makes || apply->batch->steps[i].kind != PD_STEP_REVERT;
    }
    return makes && pd_layout_is_drizzle(apply->db->options.layout);
}

static bool create_drizzle(pd_apply *apply, bool schema_there, bool *changed, pd_error *err)
{
    const pd_settings *settings = apply->db->options.settings;
    PGconn *pg = apply->db->worker.pg;
    const char *pairs[] = {"schema", pd_query_identifier(apply->arena, pg, settings->ledger_schema),
                           "ledger", apply->drizzle_table, NULL};
    const char *table = apply->db->options.layout == PD_LAYOUT_DRIZZLE_FOLDERS
                            ? pd_query_drizzle_create_v1
                            : pd_query_drizzle_create_v0;
    bool ok =
        (schema_there ||
         run(apply, pd_query_fill(apply->arena, pd_query_drizzle_create_schema, pairs),
             "cannot create Drizzle's schema", err)) &&
        run(apply, pd_query_fill(apply->arena, table, pairs), "cannot create Drizzle's table", err);
    *changed = !ok && lost_race(err);
    return ok || *changed;
}

/* Makes it where it is written to; else apply->drizzle says whether it is there. */
static bool find_drizzle(pd_apply *apply, bool *changed, pd_error *err)
{
    PD_AUTO_RESULT result = NULL;
    const pd_settings *settings = apply->db->options.settings;
    const char *values[] = {settings->ledger_schema, settings->ledger_table};
    pd_request ask =
        pd_apply_request(apply, pd_query_drizzle_exists, "cannot look for Drizzle's table");
    ask.values = values;
    ask.count = 2;
    if (!pd_conn_get(&apply->db->worker, &ask, &result, err)) {
        return false;
    }
    if (pd_value_bool(result, 0, 1)) {
        return true;
    }
    apply->drizzle = makes_drizzle(apply);
    return !apply->drizzle || create_drizzle(apply, pd_value_bool(result, 0, 0), changed, err);
}

bool pd_apply_find_drizzle(pd_apply *apply, pd_error *err)
{
    bool changed = apply->drizzle;
    for (int i = 0; changed && i < RACES_MAX; i++) {
        changed = false;
        if (!find_drizzle(apply, &changed, err)) {
            return false;
        }
    }
    return !changed;
}

/* Drizzle's table first: who waits for it holds nothing of ours. */
static bool take_locks(pd_apply *apply, pd_error *err)
{
    if (apply->drizzle) {
        const char *pairs[] = {"ledger", apply->drizzle_table, NULL};
        const char *lock = pd_query_fill(apply->arena, pd_query_fence_drizzle_lock, pairs);
        if (!run(apply, lock, "cannot lock Drizzle's table", err)) {
            return false;
        }
    }
    return run(apply, pd_query_fence_lock, "cannot lock the ledger", err);
}

static void digest_migrations(const pd_ledger *ledger, char out[PD_SHA256_HEX])
{
    PD_AUTO_STRBUF text = pd_strbuf_new(PD_STRBUF_MAX);
    for (size_t i = 0; i < ledger->count; i++) {
        const pd_ledger_row *row = &ledger->rows[i];
        char down[PD_SHA256_HEX] = "";
        if (row->down_sql != NULL) {
            pd_sha256_hex(row->down_sql, strlen(row->down_sql), down);
        }
        pd_strbuf_addf(&text, "%s%" PRId64 "|%s|%s|%s|%" PRId64 "|", i == 0 ? "" : "\n", row->seq,
                       row->name, row->hash, down, row->drizzle_id);
        if (row->has_drizzle_created_at) {
            pd_strbuf_addf(&text, "%" PRId64, row->drizzle_created_at);
        }
    }
    pd_sha256_hex(text.data, text.len, out);
}

static void digest_drizzle(const pd_ledger *ledger, char out[PD_SHA256_HEX])
{
    PD_AUTO_STRBUF text = pd_strbuf_new(PD_STRBUF_MAX);
    for (size_t i = 0; i < ledger->drizzle_count; i++) {
        const pd_drizzle_row *row = &ledger->drizzle[i];
        pd_strbuf_addf(&text, "%s%" PRId64 "|%s|", i == 0 ? "" : "\n", row->id, row->hash);
        if (row->has_created_at) {
            pd_strbuf_addf(&text, "%" PRId64, row->created_at);
        }
        pd_strbuf_addf(&text, "|%s", row->name == NULL ? "" : row->name);
    }
    pd_sha256_hex(text.data, text.len, out);
}

static const char *name_of_row(const pd_apply *apply)
{
    return apply->named ? "t.name::pg_catalog.text" : "NULL::pg_catalog.text";
}

static bool compare_one(pd_apply *apply, const char *sql, const char *expected, bool *changed,
                        pd_error *err)
{
    PD_AUTO_RESULT result = NULL;
    pd_request request = pd_apply_request(apply, sql, "cannot compare the ledger");
    if (!pd_conn_get(&apply->db->worker, &request, &result, err)) {
        return false;
    }
    *changed = *changed || !pd_streq(PQgetvalue(result, 0, 0), expected);
    return true;
}

/* A batch before this one was checked against the same ledger: since then only it has written. */
static bool compare_committed(pd_apply *apply, bool *changed, pd_error *err)
{
    PD_AUTO_RESULT result = NULL;
    pd_request request = pd_apply_request(apply, apply->state_sql, "cannot compare the ledger");
    if (!pd_conn_get(&apply->db->worker, &request, &result, err)) {
        return false;
    }
    *changed = !pd_streq(pd_apply_print(apply, result).rows, apply->db->committed_rows);
    return true;
}

/* Of a layout that is not Drizzle's the expected ledger says nothing about Drizzle's table. */
static bool compare_drizzle(pd_apply *apply, bool *changed, pd_error *err)
{
    const pd_ledger *expected = apply->batch->expected;
    char digest[PD_SHA256_HEX];
    if (*changed || !pd_layout_is_drizzle(apply->db->options.layout)) {
        return true;
    }
    if (!apply->drizzle) {
        *changed = expected->drizzle_count > 0;
        return true;
    }
    const char *pairs[] = {"ledger", apply->drizzle_table, "name", name_of_row(apply), NULL};
    const char *sql = pd_query_fill(apply->arena, pd_query_fence_drizzle_state, pairs);
    digest_drizzle(expected, digest);
    return compare_one(apply, sql, digest, changed, err);
}

static bool compare(pd_apply *apply, bool *changed, pd_error *err)
{
    const pd_ledger *expected = apply->batch->expected;
    char digest[PD_SHA256_HEX];
    if (apply->db->committed != NULL && apply->db->committed == expected) {
        return compare_committed(apply, changed, err);
    }
    digest_migrations(expected, digest);
    return compare_one(apply, pd_query_fence_state, digest, changed, err) &&
           compare_drizzle(apply, changed, err);
}

pd_print pd_apply_print(pd_apply *apply, const PGresult *result)
{
    pd_print print = {pd_value_text(apply->arena, result, 0, 0),
                      pd_value_text(apply->arena, result, 0, 1)};
    return print;
}

static void set_print(pd_apply *apply, bool named)
{
    const pd_db *db = apply->db;
    apply->named = named;
    const char *pairs[] = {"ledger", apply->drizzle_table, "name", name_of_row(apply), NULL};
    apply->print_sql = apply->drizzle ? pd_query_fill(apply->arena, pd_query_print_drizzle, pairs)
                                      : pd_query_print;
    apply->state_sql = pd_layout_is_drizzle(db->options.layout) ? apply->print_sql : pd_query_print;
    apply->before_sql =
        pd_arena_printf(apply->arena, "%s%s", apply->print_sql, pd_query_session_own_path);
    apply->after_sql = pd_arena_printf(apply->arena, "%s%s%s%s%s", pd_query_session_reset,
                                       db->session, db->worker.v14 ? pd_query_session_v14 : "",
                                       pd_query_session_pinned, apply->print_sql);
}

static bool inspect(pd_apply *apply, pd_error *err)
{
    pd_inspection found;
    if (!pd_ledger_inspect(apply->db, &apply->db->worker, apply->drizzle, apply->arena, &found,
                           err) ||
        !pd_ledger_refuse(&found, true, err)) {
        return false;
    }
    set_print(apply, found.drizzle_name);
    return true;
}

bool pd_apply_inspect_again(pd_apply *apply, pd_error *err)
{
    if (inspect(apply, err)) {
        return true;
    }
    if (err->kind == PD_ERROR_UNREACHABLE) {
        err->kind = PD_ERROR_APPLY;
        pd_error_prefix(err, "after these migrations");
    }
    return false;
}

bool pd_apply_fence(pd_apply *apply, bool *changed, pd_error *err)
{
    if (!pd_foreign_fence(apply, changed, err)) {
        return false;
    }
    return *changed ||
           (take_locks(apply, err) && inspect(apply, err) && compare(apply, changed, err));
}
