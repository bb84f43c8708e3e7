#include "pg/unfinished.h"

#include "base/str.h"
#include "pg/query.h"
#include "pg_statements.h"

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
        int64_t pid = 0;
        (void)pd_value_number(result, i, 2, &number);
        (void)pd_value_number(result, i, 11, &pid);
        pd_unfinished *row =
            PD_PUSH(arena, out->unfinished, out->unfinished_count, out->unfinished_capacity);
        row->migration = pd_value_shown(arena, result, i, 0);
        row->down = pd_streq(PQgetvalue(result, i, 1), "down");
        row->number = (int)number;
        row->digest = pd_value_shown(arena, result, i, 3);
        row->kind = pd_value_shown(arena, result, i, 4);
        row->done = pd_streq(PQgetvalue(result, i, 5), "done");
        row->object = pd_value_text(arena, result, i, 6);
        row->before = pd_value_text(arena, result, i, 7);
        row->deployment = pd_value_shown(arena, result, i, 8);
        row->started_at = pd_value_shown(arena, result, i, 9);
        row->error = pd_value_text(arena, result, i, 10);
        row->pid = pid;
    }
}
