#include "base/clock.h"
#include "base/strbuf.h"
#include "pg/apply.h"
#include "pg/query.h"
#include "pg_statements.h"

#define ASK_MS 500 /* the control connection has nothing else to do */
#define WATCH_MS 1000

static const char *describe(pd_arena *arena, const PGresult *result)
{
    PD_AUTO_STRBUF out = pd_strbuf_new(PD_STRBUF_MAX);
    for (int row = 0; row < PQntuples(result); row++) {
        pd_strbuf_addf(&out,
                       "%sprocess %s of user %s, application \"%s\", %s, transaction open "
                       "for %s s",
                       row == 0 ? "" : "; ", PQgetvalue(result, row, 0), PQgetvalue(result, row, 1),
                       PQgetvalue(result, row, 2), PQgetvalue(result, row, 3),
                       PQgetvalue(result, row, 4));
    }
    return pd_strbuf_keep(&out, arena);
}

void pd_apply_find_blockers(pd_apply *apply, int64_t may_block_ms)
{
    PD_AUTO_RESULT result = NULL;
    const char *values[] = {pd_query_number(apply->arena, apply->pid),
                            pd_query_count(apply->arena, may_block_ms)};
    pd_request request = pd_db_request(apply->db, pd_query_blockers, "");
    request.values = values;
    request.count = 2;
    request.limit_ms = ASK_MS;
    request.undisturbed = may_block_ms >= 0; /* after a failure a signal is for who waits next */
    if (pd_conn_try(&apply->db->control, &request, &result) == PD_REPLY_DONE &&
        PQntuples(result) > 0) {
        apply->blockers = describe(apply->arena, result);
    }
}

static void on_tick(void *ctx)
{
    pd_apply *apply = ctx;
    const char *known = apply->blockers;
    pd_apply_find_blockers(apply, -1);
    if (apply->blockers != known) {
        pd_progress_say(apply->db->options.progress, "waiting for %s", apply->blockers);
    } else if (apply->saying != NULL) {
        PD_AUTO_ARENA scratch = pd_arena_new();
        pd_progress_say(apply->db->options.progress, "%s, %s", apply->saying,
                        pd_format_duration(scratch, pd_now_ms() - apply->since_ms));
    }
}

void pd_apply_watch(pd_apply *apply)
{
    int64_t lock_ms = apply->db->options.settings->lock_timeout_ms;
    pd_conn *worker = &apply->db->worker;
    worker->tick = on_tick;
    worker->tick_ctx = apply;
    worker->tick_ms = lock_ms > 0 && lock_ms / 2 < WATCH_MS ? lock_ms / 2 + 1 : WATCH_MS;
}

void pd_apply_unwatch(pd_apply *apply)
{
    apply->db->worker.tick = NULL;
}
