#include <string.h>

#include "base/clock.h"
#include "base/masked.h"
#include "base/str.h"
#include "base/strbuf.h"
#include "pg/apply.h"
#include "pg/query.h"
#include "pg_statements.h"

#define ASK_MS 500 /* the control connection has nothing else to do */
#define WATCH_MS 1000
#define REDRAW_MS 200 /* of a terminal's line while one statement runs */
#define QUERY_MAX 120 /* bytes of a blocker's query that are shown */

/* Columns of watch.sql. */
enum {
    COLUMN_PID,
    COLUMN_GID,
    COLUMN_USER,
    COLUMN_APPLICATION,
    COLUMN_PROCESS,
    COLUMN_STATE,
    COLUMN_AGE,
    COLUMN_QUERY,
    COLUMN_LOCK,
    COLUMN_RELATION,
    COLUMN_WANTED,
    COLUMN_HELD,
    COLUMN_PHASE,
    COLUMN_PERCENT,
    COLUMN_RUNNING,
    COLUMN_RUNNING_MS,
};

const char *pd_blocker_query(pd_arena *arena, const char *query)
{
    if (query == NULL) {
        return NULL;
    }
    PD_AUTO_STRBUF masked = pd_strbuf_new(QUERY_MAX);
    pd_masked_sql(&masked, query, strlen(query));
    while (!masked.truncated && masked.len > 0 &&
           strchr("; ", masked.data[masked.len - 1]) != NULL) {
        masked.data[--masked.len] = '\0';
    }
    size_t len = pd_utf8_invalid_at(masked.data, masked.len);
    return pd_arena_printf(arena, "%.*s%s", (int)len, masked.data, masked.truncated ? "…" : "");
}

static pd_blocker read_blocker(pd_arena *arena, const PGresult *result, int row)
{
    pd_blocker out = {
        .prepared = pd_value_text(arena, result, row, COLUMN_GID),
        .user = pd_value_text(arena, result, row, COLUMN_USER),
        .application = pd_value_text(arena, result, row, COLUMN_APPLICATION),
        .process = pd_value_text(arena, result, row, COLUMN_PROCESS),
        .state = pd_value_text(arena, result, row, COLUMN_STATE),
        .query = pd_blocker_query(arena, pd_value_text(arena, result, row, COLUMN_QUERY)),
        .lock = pd_value_text(arena, result, row, COLUMN_LOCK),
        .relation = pd_value_text(arena, result, row, COLUMN_RELATION),
        .wanted = pd_value_text(arena, result, row, COLUMN_WANTED),
        .held = pd_value_text(arena, result, row, COLUMN_HELD),
    };
    if (!pd_value_number(result, row, COLUMN_PID, &out.pid)) {
        out.pid = 0;
    }
    if (!pd_value_number(result, row, COLUMN_AGE, &out.age_ms)) {
        out.age_ms = -1;
    }
    return out;
}

/* Whether the row is what the server is at. */
static bool read_running(pd_watch *watch, pd_arena *arena, const PGresult *result, int row)
{
    const char *text = pd_value_text(arena, result, row, COLUMN_RUNNING);
    if (text == NULL) {
        return false;
    }
    watch->running = text;
    if (!pd_value_number(result, row, COLUMN_RUNNING_MS, &watch->running_ms)) {
        watch->running_ms = 0;
    }
    return true;
}

static void read_answer(pd_watch *watch, const PGresult *result)
{
    pd_arena *arena = pd_arena_new();
    int rows = PQntuples(result);
    pd_blocker *blockers = pd_arena_array(arena, (size_t)rows + 1, sizeof *blockers);
    pd_arena_free(watch->found);
    watch->found = arena;
    watch->blockers = blockers;
    watch->blocker_count = 0;
    watch->phase = NULL;
    watch->percent = -1;
    watch->running = NULL;
    for (int row = 0; row < rows && watch->blocker_count < PD_BLOCKERS_MAX; row++) {
        const char *phase = pd_value_text(arena, result, row, COLUMN_PHASE);
        if (read_running(watch, arena, result, row)) {
            continue;
        }
        if (phase == NULL) {
            blockers[watch->blocker_count++] = read_blocker(arena, result, row);
            continue;
        }
        watch->phase = phase;
        if (!pd_value_number(result, row, COLUMN_PERCENT, &watch->percent)) {
            watch->percent = -1;
        }
    }
}

/* may_block_ms >= 0 also counts sessions whose transactions are open for longer. */
static void ask(pd_apply *apply, int64_t may_block_ms)
{
    PD_AUTO_RESULT result = NULL;
    PD_AUTO_ARENA scratch = pd_arena_new();
    const char *values[] = {pd_query_number(scratch, apply->pid),
                            pd_query_count(scratch, may_block_ms)};
    pd_request request = pd_db_request(apply->db, pd_query_watch, "");
    request.values = values;
    request.count = 2;
    request.limit_ms = ASK_MS;
    request.undisturbed = may_block_ms >= 0; /* after a failure a signal is for who waits next */
    if (pd_conn_try(&apply->db->control, &request, &result) == PD_REPLY_DONE) {
        read_answer(&apply->watch, result);
    }
    apply->watch.asked_ms = pd_now_ms();
}

/* "CREATE INDEX orders_x" */
static const char *what_runs(pd_arena *arena, const pd_statement *statement)
{
    bool named = statement != NULL && !pd_blank(statement->object);
    return statement == NULL ? ""
                             : pd_arena_printf(arena, "%s%s%s", statement->verb, named ? " " : "",
                                               named ? statement->object : "");
}

/* What stands behind the statement: who is waited for, or how far it is. */
static const char *how_far(pd_arena *arena, const pd_watch *watch)
{
    if (watch->blocker_count > 0) {
        return pd_arena_printf(arena, "waiting for %s",
                               pd_blocker_wait_text(arena, &watch->blockers[0]));
    }
    if (watch->phase == NULL || watch->percent < 0) {
        return watch->phase == NULL ? "" : watch->phase;
    }
    return pd_arena_printf(arena, "%s %lld%%", watch->phase, (long long)watch->percent);
}

/* What still says the most where there is little room. */
static const char *in_brief(pd_arena *arena, const pd_watch *watch, const char *name)
{
    if (watch->blocker_count > 0 && watch->blockers[0].prepared == NULL) {
        return pd_arena_printf(arena, "waiting for pid %lld", (long long)watch->blockers[0].pid);
    }
    if (watch->blocker_count > 0) {
        return "waiting for a prepared transaction";
    }
    return watch->percent < 0
               ? name
               : pd_arena_printf(arena, "%lld%% of %s", (long long)watch->percent, name);
}

static void say_step(const pd_apply *apply, pd_arena *arena)
{
    const pd_watch *watch = &apply->watch;
    const char *place =
        pd_arena_printf(arena, "[%zu/%zu]", watch->number, apply->batch->plan_count);
    const char *what = what_runs(arena, watch->statement);
    const char *far = how_far(arena, watch);
    const char *comma = *what != '\0' && *far != '\0' ? ", " : "";
    const char *all = pd_arena_printf(arena, "%s%s%s", what, comma, far);
    const char *name = *what == '\0' ? watch->step->name : what;
    const char *wordings[] = {
        pd_arena_printf(arena, "%s %s%s%s", place, watch->step->name, *all == '\0' ? "" : ": ",
                        all),
        pd_arena_printf(arena, "%s %s", place, *all == '\0' ? name : all),
        pd_arena_printf(arena, "%s %s", place, *far == '\0' ? name : far),
        pd_arena_printf(arena, "%s %s", place, in_brief(arena, watch, name)),
        NULL,
    };
    pd_progress_say_fitting(apply->db->options.progress, wordings);
}

static void say(const pd_apply *apply)
{
    pd_progress *progress = apply->db->options.progress;
    const pd_watch *watch = &apply->watch;
    if (!pd_progress_due(progress)) {
        return;
    }
    PD_AUTO_ARENA scratch = pd_arena_new();
    if (watch->step != NULL) {
        say_step(apply, scratch);
    } else if (watch->blocker_count > 0) {
        pd_progress_say(progress, "waiting for %s",
                        pd_blocker_wait_text(scratch, &watch->blockers[0]));
    } else if (watch->doing != NULL) {
        pd_progress_say(progress, "%s", watch->doing);
    }
}

static int64_t ask_every_ms(const pd_apply *apply)
{
    int64_t lock_ms = apply->db->options.settings->lock_timeout_ms;
    return lock_ms > 0 && lock_ms / 2 < WATCH_MS ? lock_ms / 2 + 1 : WATCH_MS;
}

static void on_tick(void *ctx)
{
    pd_apply *apply = ctx;
    pd_watch *watch = &apply->watch;
    int64_t last_ms = watch->asked_ms > watch->since_ms ? watch->asked_ms : watch->since_ms;
    if (pd_now_ms() - last_ms >= ask_every_ms(apply) * 9 / 10) {
        ask(apply, -1);
        if (watch->running != NULL && watch->locate != NULL) {
            watch->locate(watch->locate_ctx, watch->running, watch->running_ms);
        }
        watch->running = NULL;
    }
    say(apply);
}

void pd_apply_saying(pd_apply *apply, const pd_step *step, const pd_statement *statement,
                     size_t number)
{
    pd_watch *watch = &apply->watch;
    watch->step = step;
    watch->statement = statement;
    watch->number = number;
    watch->blocker_count = 0;
    watch->phase = NULL;
    watch->percent = -1;
    watch->since_ms = pd_now_ms();
    pd_progress_begin(apply->db->options.progress);
    say(apply);
}

void pd_apply_running(pd_apply *apply, const pd_step *step, const pd_statement *statement,
                      size_t number, int64_t age_ms)
{
    pd_watch *watch = &apply->watch;
    watch->step = step;
    watch->statement = statement;
    watch->number = number;
    watch->since_ms = pd_now_ms() - age_ms;
    apply->db->options.progress->since_ms = watch->since_ms;
}

void pd_apply_quiet(pd_apply *apply)
{
    apply->watch.step = NULL;
    pd_progress_begin(apply->db->options.progress);
}

void pd_apply_doing(pd_apply *apply, const char *what)
{
    pd_apply_quiet(apply);
    apply->watch.doing = what;
    apply->watch.blocker_count = 0;
    apply->watch.since_ms = pd_now_ms();
    say(apply);
}

void pd_apply_watch(pd_apply *apply)
{
    pd_conn *worker = &apply->db->worker;
    int64_t every_ms = ask_every_ms(apply);
    bool live = apply->db->options.progress->live;
    apply->watch.doing = NULL;
    apply->watch.since_ms = pd_now_ms();
    pd_progress_begin(apply->db->options.progress);
    worker->tick = on_tick;
    worker->tick_ctx = apply;
    worker->tick_ms = live && every_ms > REDRAW_MS ? REDRAW_MS : every_ms;
}

/* What was found outlives the watching: an error may want it. */
static void keep_found(pd_apply *apply)
{
    pd_watch *watch = &apply->watch;
    watch->blockers = pd_blockers_copy(apply->arena, watch->blockers, watch->blocker_count);
    watch->phase = NULL;
    watch->running = NULL;
    pd_arena_free(watch->found);
    watch->found = NULL;
}

void pd_apply_unwatch(pd_apply *apply)
{
    apply->db->worker.tick = NULL;
    apply->watch.step = NULL;
    keep_found(apply);
}

void pd_apply_name_blockers(pd_apply *apply, pd_error *err)
{
    pd_watch *watch = &apply->watch;
    PD_AUTO_ARENA scratch = pd_arena_new();
    const char *detail = pd_arena_strdup(scratch, err->detail);
    if (watch->blocker_count == 0) {
        ask(apply, apply->db->options.settings->lock_timeout_ms);
        keep_found(apply);
    }
    if (watch->blocker_count == 0) {
        return;
    }
    apply->result->blockers = watch->blockers;
    apply->result->blocker_count = watch->blocker_count;
    (void)pd_error_detail(err, "%s; held up by %s", detail,
                          pd_blockers_text(scratch, watch->blockers, watch->blocker_count));
}
