/* A deployment costs the same number of round trips, whatever the number of migrations. */
#include "batches.h"

#include <unistd.h>

#include "base/clock.h"
#include "pg/internal.h"

#define MANY 700

/* What a connection sends that asks for an answer: libpq's trace has a line for each message. */
static int count_round_trips(const char *path)
{
    char line[4096];
    int count = 0;
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    while (fgets(line, sizeof line, file) != NULL) {
        bool sent = strstr(line, "\tF\t") != NULL || strncmp(line, "F\t", 2) == 0;
        count += sent && (strstr(line, "\tSync") != NULL || strstr(line, "\tQuery") != NULL);
    }
    (void)fclose(file);
    return count;
}

/* What a connection sends between trace_begin and trace_end. */
typedef struct tracing {
    const char *path;
    FILE *file;
    PGconn *pg;
} tracing;

static tracing trace_begin(world *w, const pd_conn *conn)
{
    tracing trace = {.pg = conn->pg};
    trace.path = pd_arena_printf(w->arena, "/tmp/predeploy-trace-%d-%d", (int)getpid(),
                                 PQbackendPID(conn->pg));
    trace.file = fopen(trace.path, "w");
    assert_non_null(trace.file);
    PQtrace(trace.pg, trace.file);
    return trace;
}

static int trace_end(const tracing *trace)
{
    PQuntrace(trace->pg);
    (void)fclose(trace->file);
    int found = count_round_trips(trace->path);
    (void)unlink(trace->path);
    return found;
}

static void add_batch(world *w, trial *t, size_t count, const pd_ledger *ledger)
{
    pd_step *steps = pd_arena_array(w->arena, count, sizeof *steps);
    for (size_t i = 0; i < count; i++) {
        t->batch.count = 0;
        const char *name = pd_arena_printf(w->arena, "%zu_%zu", count, i);
        pd_step *step = add_step(w, t, PD_STEP_APPLY, name,
                                 pd_arena_printf(w->arena,
                                                 "CREATE TABLE t_%s (i int);;INSERT INTO t_%s "
                                                 "VALUES (1);;SELECT * FROM t_%s",
                                                 name, name, name));
        step->down_sql = pd_arena_printf(w->arena, "DROP TABLE t_%s; -- \"\\ {,}", name);
        step->down_hash = step->hash;
        step->has_created_at = true;
        step->created_at = (int64_t)(1000 * count + i);
        steps[i] = *step;
    }
    t->batch.steps = steps;
    t->batch.count = count;
    t->batch.expected = ledger;
    t->result.steps = pd_arena_array(w->arena, count, sizeof *t->result.steps);
}

/* A batch of `count` migrations on a worker that is there already. */
static int round_trips(world *w, trial *t, size_t count)
{
    pd_ledger ledger = {0};
    must(w, pd_db_read_ledger(t->db, w->arena, &ledger, &w->err));
    add_batch(w, t, count, &ledger);
    t->batch.last = false;
    tracing trace = trace_begin(w, &t->db->worker);
    must(w, trial_run(w, t));
    int found = trace_end(&trace);
    assert_int_equal(t->result.steps[count - 1].state, PD_STEP_DONE);
    return found;
}

static void four_for_any_number(void **state)
{
    world *w = *state;
    static const pd_layout_kind layouts[] = {PD_LAYOUT_PLAIN, PD_LAYOUT_DRIZZLE,
                                             PD_LAYOUT_DRIZZLE_FOLDERS};
    for (size_t i = 0; i < sizeof layouts / sizeof *layouts; i++) {
        trial t;
        trial_open(w, &t, layouts[i]);
        t.batch.last = false;
        add_step(w, &t, PD_STEP_APPLY, "0000_first", "SELECT 1")->has_created_at = true;
        must(w, trial_run(w, &t));
        assert_int_equal(round_trips(w, &t, 1), 4);
        assert_int_equal(round_trips(w, &t, MANY), 4);
        assert_int_equal(round_trips(w, &t, 2), 4);
        assert_string_equal(ask(w, "SELECT count(*) FROM predeploy.migrations"), "704");
        /* every row stands in its place, and knows Drizzle's by its id */
        assert_string_equal(
            ask(w, "SELECT count(*) FROM (SELECT name, lag(name) OVER (ORDER BY seq) AS before, "
                   "split_part(name, '_', 2)::int AS n FROM predeploy.migrations "
                   "WHERE name LIKE '700%') s WHERE n > 0 AND before <> '700_' || (n - 1)"),
            "0");
        const char *drizzle = "SELECT count(*) FROM predeploy.migrations m JOIN "
                              "drizzle.__drizzle_migrations d ON d.id = m.drizzle_id AND d.hash = "
                              "m.hash AND d.created_at = m.drizzle_created_at";
        if (layouts[i] != PD_LAYOUT_PLAIN) {
            assert_string_equal(ask(w, drizzle), "704");
        }
        assert_string_equal(ask(w, "SELECT down_sql FROM predeploy.migrations WHERE name = "
                                   "'700_33'"),
                            "DROP TABLE t_700_33; -- \"\\ {,}");
        pd_db_close(&t.db);
        ask(w, "DROP SCHEMA predeploy CASCADE; DROP SCHEMA IF EXISTS drizzle CASCADE; "
               "DROP SCHEMA public CASCADE; CREATE SCHEMA public");
    }
}

/* The first deployment, from the lock on: its batch is four round trips of the worker, with what is
 * new of Drizzle's in front of it. */
static void first_batch(world *w, trial *t, size_t count)
{
    must(w, pd_db_lock(t->db, true, &w->err));
    trial_begin(w, t);
    must(w, pd_db_open_worker(t->db, &w->err));
    add_batch(w, t, count, &t->ledger);
    tracing worker = trace_begin(w, &t->db->worker);
    must(w, trial_run(w, t));
    assert_int_equal(trace_end(&worker), 4);
}

/* Under connections that stand: take the lock and look, make the ledger and read it, record. */
static void first_deployment(world *w, pd_layout_kind layout, size_t count)
{
    trial t = {.db = open_db(w, layout)};
    tracing control = trace_begin(w, &t.db->control);
    first_batch(w, &t, count);
    assert_int_equal(trace_end(&control), 3);
    pd_db_close(&t.db);
    assert_string_equal(ask(w, "SELECT outcome FROM predeploy.deployments"), "succeeded");
}

/* As the command does it, from the moment the control connection stands: the session and the lock,
 * the ledger; the deployment's row goes in front of the first batch. */
static void first_run(world *w, pd_layout_kind layout, size_t count)
{
    trial t = {0};
    pd_db_options options = options_of(w, layout);
    must(w, pd_db_begin(&options.begun, w->arena, w->conninfo, 10000, NULL, &w->err));
    must(w, pd_db_finish(options.begun, &options, &w->err));
    tracing control = trace_begin(w, &options.begun->control);
    options.locks = true;
    options.commit = COMMIT_ID;
    options.expects = true;
    must(w, pd_db_open(&t.db, w->arena, &options, &w->target, &w->err));
    first_batch(w, &t, count);
    assert_int_equal(trace_end(&control), 2);
    pd_db_close(&t.db);
    assert_string_equal(ask(w, "SELECT outcome FROM predeploy.deployments"), "succeeded");
}

/* The verdict before holds: all is asked at once, on a connection that is not even set up. */
static void nothing_to_find_out(world *w, pd_layout_kind layout)
{
    pd_settings settings = w->settings;
    settings.layout = layout;
    pd_db_options options = options_of(w, layout);
    options.settings = &settings;
    pd_recalled now = {0};
    pd_db *db = NULL;
    until_alone(w);
    ask(w, "UPDATE predeploy.deployments SET verdict = 'kept'");
    must(w, pd_db_begin(&db, w->arena, w->conninfo, settings.connect_timeout_ms, NULL, &w->err));
    must(w, pd_db_finish(db, &options, &w->err));
    tracing control = trace_begin(w, &db->control);
    must(w, pd_db_recall(db, &options, COMMIT_ID, &now, &w->err));
    assert_int_equal(trace_end(&control), 1);
    assert_string_equal(now.verdict, "kept");
    pd_db_close(&db);
}

/* Take the lock and look, read. */
static void nothing_to_do(world *w, pd_layout_kind layout, size_t count)
{
    pd_ledger ledger = {0};
    until_alone(w);
    pd_db *db = open_db(w, layout);
    tracing control = trace_begin(w, &db->control);
    must(w, pd_db_lock(db, true, &w->err));
    must(w, pd_db_read_ledger(db, w->arena, &ledger, &w->err));
    assert_int_equal(trace_end(&control), 2);
    assert_int_equal(ledger.count, count);
    pd_db_close(&db);
}

static void a_whole_deployment(void **state)
{
    world *w = *state;
    static const pd_layout_kind layouts[] = {PD_LAYOUT_PLAIN, PD_LAYOUT_DRIZZLE,
                                             PD_LAYOUT_DRIZZLE_FOLDERS};
    static const size_t counts[] = {1, 100};
    for (size_t i = 0; i < 6; i++) {
        until_alone(w);
        first_deployment(w, layouts[i / 2], counts[i % 2]);
        nothing_to_do(w, layouts[i / 2], counts[i % 2]);
        nothing_to_find_out(w, layouts[i / 2]);
        ask(w, "DROP SCHEMA predeploy CASCADE; DROP SCHEMA IF EXISTS drizzle CASCADE; "
               "DROP SCHEMA public CASCADE; CREATE SCHEMA public");
    }
}

static void a_run_of_the_command(void **state)
{
    world *w = *state;
    static const pd_layout_kind layouts[] = {PD_LAYOUT_PLAIN, PD_LAYOUT_DRIZZLE,
                                             PD_LAYOUT_DRIZZLE_FOLDERS};
    for (size_t i = 0; i < 3; i++) {
        until_alone(w);
        first_run(w, layouts[i], i == 1 ? 100 : 1);
        ask(w, "DROP SCHEMA predeploy CASCADE; DROP SCHEMA IF EXISTS drizzle CASCADE; "
               "DROP SCHEMA public CASCADE; CREATE SCHEMA public");
    }
}

static void each_statement_has_its_time(void **state)
{
    world *w = *state;
    trial t;
    pd_statement_result times[3] = {{0}};
    trial_open(w, &t, PD_LAYOUT_PLAIN);
    add_step(w, &t, PD_STEP_APPLY, "0001_a", "SELECT pg_sleep(0.2)");
    add_step(w, &t, PD_STEP_APPLY, "0002_b", "SELECT 1;;SELECT pg_sleep(0.6);;SELECT 2");
    t.states[1].statements = times;
    t.states[1].statement_count = 3;
    must(w, trial_run(w, &t));
    /* By the clock of who reads the answers: who comes late to one has waited less for the next. */
    assert_true(t.states[0].ms + t.states[1].ms >= 790);
    assert_true(t.states[0].ms >= 50);
    assert_true(t.states[1].ms >= 300);
    assert_true(times[1].ms >= 300 && times[0].ms < 300 && times[2].ms < 300);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(times[i].state, PD_STEP_DONE);
    }
    assert_string_equal(ask(w, "SELECT string_agg((duration_ms >= 50)::text, ',') || ' ' || "
                               "(max(applied_at) - min(applied_at) >= '250 ms') "
                               "FROM predeploy.migrations"),
                        "true,true true");
    pd_db_close(&t.db);
    /* what was rolled back is told as such, what failed, too, and what was not reached */
    trial_open(w, &t, PD_LAYOUT_PLAIN);
    memset(times, 0, sizeof times);
    add_step(w, &t, PD_STEP_APPLY, "0003_c", "SELECT 1;;SELECT nope;;SELECT 2");
    t.states[0].statements = times;
    t.states[0].statement_count = 3;
    assert_false(trial_run(w, &t));
    assert_int_equal(times[0].state, PD_STEP_UNDONE);
    assert_int_equal(times[1].state, PD_STEP_FAILED);
    assert_int_equal(times[2].state, PD_STEP_PLANNED);
    pd_db_close(&t.db);
}

/* Of a long line the answers come in groups: how long a migration took says the server's clock. */
static void a_long_line_has_the_times_of_its_steps(void **state)
{
    world *w = *state;
    trial t;
    const size_t count = 150;
    trial_open(w, &t, PD_LAYOUT_PLAIN);
    pd_step *steps = pd_arena_array(w->arena, count, sizeof *steps);
    pd_step_result *results = pd_arena_array(w->arena, count, sizeof *results);
    for (size_t i = 0; i < count; i++) {
        t.batch.count = 0;
        const char *text = i == 77    ? "SELECT 1;;SELECT pg_sleep(0.3)"
                           : i == 101 ? "SELECT pg_sleep(0.2)"
                                      : "SELECT 1;;SELECT 2";
        steps[i] = *add_step(w, &t, PD_STEP_APPLY, pd_arena_printf(w->arena, "%04zu", i), text);
        results[i].statement_count = steps[i].script->count;
        results[i].statements =
            pd_arena_array(w->arena, results[i].statement_count, sizeof *results[i].statements);
    }
    t.batch.steps = steps;
    t.batch.count = count;
    t.result.steps = results;
    int64_t begun_ms = pd_now_ms();
    int64_t sum_ms = 0;
    must(w, trial_run(w, &t));
    int64_t took_ms = pd_now_ms() - begun_ms;
    for (size_t i = 0; i < count; i++) {
        int64_t slept_ms = i == 77 ? 300 : i == 101 ? 200 : 0;
        assert_true(results[i].ms >= slept_ms);
        sum_ms += results[i].ms;
        assert_int_equal(results[i].statements[0].state, PD_STEP_DONE);
        assert_true(i == 101 ? results[i].statements[0].ms == results[i].ms
                             : results[i].statements[0].ms == -1);
    }
    assert_true(sum_ms <= took_ms);
    assert_string_equal(ask(w, "SELECT string_agg(name, ',' ORDER BY seq) FROM (SELECT seq, name, "
                               "applied_at - lag(applied_at) OVER (ORDER BY seq) AS gap FROM "
                               "predeploy.migrations) s WHERE name IN ('0077', '0101') AND "
                               "gap >= '190 ms'"),
                        "0077,0101");
    pd_db_close(&t.db);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(four_for_any_number),
        WORLD_TEST(a_whole_deployment),
        WORLD_TEST(a_run_of_the_command),
        WORLD_TEST(each_statement_has_its_time),
        WORLD_TEST(a_long_line_has_the_times_of_its_steps),
    };
    return cmocka_run_group_tests(tests, world_open, world_close);
}
