/* What a database has before its first deployment. */
#include "pg/internal.h"
#include "pg/query.h"
#include "pg_statements.h"

/* Columns of first_tables.sql. */
enum { COLUMN_PLACE, COLUMN_SCHEMA, COLUMN_TABLE };

static void take(pd_arena *arena, const PGresult *result, int row, pd_first_tables *asked)
{
    int64_t place = -1;
    if (!pd_value_number(result, row, COLUMN_PLACE, &place) || place >= (int64_t)asked->count)
        return;
    if (place >= 0) {
        asked->there[place] = true;
        return;
    }
    asked->resembles_schema = pd_value_text(arena, result, row, COLUMN_SCHEMA);
    asked->resembles_table = pd_value_text(arena, result, row, COLUMN_TABLE);
}

bool pd_db_find_tables(pd_db *db, pd_arena *arena, pd_first_tables *asked, pd_error *err)
{
    PD_AUTO_RESULT result = NULL;
    const pd_settings *settings = db->options.settings;
    const char *values[] = {pd_query_array(arena, asked->names, asked->count),
                            asked->drizzle ? settings->ledger_schema : NULL,
                            asked->drizzle ? settings->ledger_table : NULL};
    pd_request request =
        pd_db_request(db, pd_query_first_tables, "cannot read which tables are there");
    request.values = values;
    request.count = 3;
    if (!pd_conn_get(&db->control, &request, &result, err))
        return false;
    for (int row = 0; row < PQntuples(result); row++)
        take(arena, result, row, asked);
    return true;
}
