#include "pg/chain.h"

#include "base/str.h"
#include "pg/query.h"
#include "pg_statements.h"

/* Columns of read_chain.sql. */
enum { CHAIN_SEQ, CHAIN_ID, CHAIN_PREVIOUS, CHAIN_STATE, CHAIN_HASH, CHAIN_NOW };

static bool is_null(const PGresult *rows, int row, int column)
{
    return PQgetisnull(rows, row, column) != 0;
}

/* SHA-256 of nothing: what the very first row has for the hash of the one before. */
static bool is_first(const PGresult *rows, int row)
{
    return pd_streq(PQgetvalue(rows, row, CHAIN_PREVIOUS),
                    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

/* What is wrong between a row and the one behind it in `rows`, which is older; NULL: nothing. */
static const char *judge_link(pd_arena *arena, const PGresult *rows, int row)
{
    const char *id = PQgetvalue(rows, row, CHAIN_ID);
    bool last = row + 1 == PQntuples(rows);
    if (last && PQntuples(rows) > PD_CHAIN_LINKS) {
        return NULL;
    }
    if (is_first(rows, row)) {
        return last ? NULL
                    : pd_arena_printf(arena,
                                      "deployment %s was the first, and a row stands in "
                                      "front of it now",
                                      id);
    }
    if (last) {
        return pd_arena_printf(arena, "the row of the deployment before %s is gone", id);
    }
    if (pd_streq(PQgetvalue(rows, row, CHAIN_PREVIOUS), PQgetvalue(rows, row + 1, CHAIN_NOW))) {
        return NULL;
    }
    return pd_arena_printf(arena,
                           "the row of deployment %s is not what it was when deployment %s "
                           "followed it",
                           PQgetvalue(rows, row + 1, CHAIN_ID), id);
}

/* From the newest row back to where the chain begins: at a row without the hash of the one before,
 * or at rows that an older predeploy wrote. */
static const char *judge_links(pd_arena *arena, const PGresult *rows)
{
    for (int row = 0; row < PQntuples(rows) && !is_null(rows, row, CHAIN_PREVIOUS); row++) {
        const char *found = judge_link(arena, rows, row);
        if (found != NULL) {
            return found;
        }
    }
    return NULL;
}

static bool is_legacy(const PGresult *rows)
{
    for (int row = 0; row < PQntuples(rows); row++) {
        if (!is_null(rows, row, CHAIN_HASH) || !is_null(rows, row, CHAIN_PREVIOUS)) {
            return false;
        }
    }
    return true;
}

const char *pd_chain_judge(pd_arena *arena, const PGresult *rows, const PGresult *state)
{
    const char *digest = PQgetvalue(state, 0, 0);
    if (PQntuples(rows) == 0 && pd_value_bool(state, 0, 1)) {
        return "migrations were recorded in it, and predeploy.deployments is empty";
    }
    if (is_legacy(rows)) {
        return NULL;
    }
    const char *id = PQgetvalue(rows, 0, CHAIN_ID);
    if (!pd_streq(PQgetvalue(rows, 0, CHAIN_HASH), PQgetvalue(rows, 0, CHAIN_NOW))) {
        return pd_arena_printf(arena, "the row of deployment %s is not what predeploy wrote", id);
    }
    if (!pd_streq(PQgetvalue(rows, 0, CHAIN_STATE), digest)) {
        return pd_arena_printf(arena, "predeploy.migrations is not what deployment %s left", id);
    }
    return judge_links(arena, rows);
}

pd_request pd_chain_request(const pd_db *db)
{
    const char **limit = pd_arena_array(db->arena, 1, sizeof *limit);
    pd_request request = pd_db_request(db, pd_query_read_chain, "cannot read the ledger");
    limit[0] = pd_query_number(db->arena, PD_CHAIN_LINKS + 1);
    request.values = limit;
    request.count = 1;
    return request;
}
