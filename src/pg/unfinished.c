#include "pg/unfinished.h"

#include "base/str.h"
#include "pg/query.h"
#include "pg_statements.h"

static const char *text_or_empty(pd_arena *arena, const PGresult *result, int row, int column)
{
    const char *text = pd_value_text(arena, result, row, column);
    return text == NULL ? "" : text;
}

pd_request pd_unfinished_request(const pd_db *db)
{
    static const char *const limit[] = {PD_UNFINISHED_LIMIT};
    pd_request request = pd_db_request(db, pd_query_read_unfinished, "cannot read the ledger");
    request.values = limit;
    request.count = 1;
    return request;
}

void pd_unfinished_take(pd_arena *arena, const PGresult *result, pd_ledger *out)
{
    for (int i = 0; i < PQntuples(result); i++) {
        int64_t number = 0;
        (void)pd_value_number(result, i, 2, &number);
        pd_unfinished *row =
            PD_PUSH(arena, out->unfinished, out->unfinished_count, out->unfinished_capacity);
        row->migration = text_or_empty(arena, result, i, 0);
        row->down = pd_streq(PQgetvalue(result, i, 1), "down");
        row->number = (int)number;
        row->digest = text_or_empty(arena, result, i, 3);
        row->kind = text_or_empty(arena, result, i, 4);
        row->done = pd_streq(PQgetvalue(result, i, 5), "done");
        row->object = pd_value_text(arena, result, i, 6);
        row->before = pd_value_text(arena, result, i, 7);
        row->deployment = text_or_empty(arena, result, i, 8);
        row->started_at = text_or_empty(arena, result, i, 9);
        row->error = pd_value_text(arena, result, i, 10);
    }
}

bool pd_unfinished_read(pd_db *db, pd_arena *arena, pd_ledger *out, pd_error *err)
{
    PD_AUTO_RESULT result = NULL;
    pd_request request = pd_unfinished_request(db);
    if (!pd_conn_get(&db->control, &request, &result, err)) {
        return false;
    }
    pd_unfinished_take(arena, result, out);
    return true;
}
