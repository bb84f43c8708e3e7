#include "base/str.h"
#include "pg/apply.h"
#include "pg/query.h"
#include "pg_statements.h"

#define ASK_MS 3000 /* what is found is good to know, no more */

/* Columns of preflight.sql. */
enum {
    COLUMN_PID,
    COLUMN_GID,
    COLUMN_USER,
    COLUMN_APPLICATION,
    COLUMN_STATE,
    COLUMN_AGE,
    COLUMN_QUERY,
    COLUMN_RELATION,
    COLUMN_HELD,
    COLUMN_DUMP,
    COLUMN_WISH,
    COLUMN_RELATIONS,
};

static int64_t number_or(const PGresult *result, int row, int column, int64_t missing)
{
    int64_t value = 0;
    return pd_value_number(result, row, column, &value) ? value : missing;
}

static void add_obstacle(pd_arena *arena, const PGresult *result, int row, pd_obstacles *out)
{
    *PD_PUSH(arena, out->items, out->count, out->capacity) = (pd_obstacle){
        .who =
            {
                .pid = number_or(result, row, COLUMN_PID, 0),
                .prepared = pd_value_text(arena, result, row, COLUMN_GID),
                .user = pd_value_text(arena, result, row, COLUMN_USER),
                .application = pd_value_text(arena, result, row, COLUMN_APPLICATION),
                .state = pd_value_text(arena, result, row, COLUMN_STATE),
                .age_ms = number_or(result, row, COLUMN_AGE, -1),
                .query = pd_blocker_query(arena, pd_value_text(arena, result, row, COLUMN_QUERY)),
                .relation = pd_value_text(arena, result, row, COLUMN_RELATION),
                .held = pd_value_text(arena, result, row, COLUMN_HELD),
            },
        .dump = pd_value_bool(result, row, COLUMN_DUMP),
        .wish = number_or(result, row, COLUMN_WISH, -1),
        .relations = number_or(result, row, COLUMN_RELATIONS, 0),
    };
}

void pd_db_find_obstacles(pd_db *db, pd_arena *arena, const pd_preflight *asked, pd_obstacles *out)
{
    PD_AUTO_RESULT result = NULL;
    PD_AUTO_ARENA scratch = pd_arena_new();
    *out = (pd_obstacles){0};
    if (asked->count == 0 && asked->concurrent == NULL) {
        return;
    }
    const char **names = pd_arena_array(scratch, asked->count + 1, sizeof *names);
    const char **modes = pd_arena_array(scratch, asked->count + 1, sizeof *modes);
    for (size_t i = 0; i < asked->count; i++) {
        names[i] = asked->wishes[i].relation;
        modes[i] = asked->wishes[i].mode;
    }
    const char *values[] = {
        pd_query_array(scratch, names, asked->count), pd_query_array(scratch, modes, asked->count),
        pd_query_number(scratch, asked->old_ms), pd_query_bool(asked->concurrent != NULL)};
    pd_request request = pd_db_request(db, pd_query_preflight, "");
    request.values = values;
    request.count = 4;
    request.limit_ms = ASK_MS;
    if (pd_conn_try(&db->control, &request, &result) != PD_REPLY_DONE) {
        return;
    }
    for (int row = 0; row < PQntuples(result) && row < PD_OBSTACLES_MAX; row++) {
        add_obstacle(arena, result, row, out);
    }
}
