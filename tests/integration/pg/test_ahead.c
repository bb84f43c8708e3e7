/* What a run asks ahead of when it is wanted: in the round trip of something else. */
#include "batches.h"

#include <signal.h>

#include "pg/internal.h"
#include "pg/ledger.h"

/* A run as the command makes it: the lock's questions go with the session's, the row of the
 * deployment with its first batch. */
static void run_open(world *w, trial *t, pd_layout_kind layout)
{
    pd_db_options options = options_of(w, layout);
    memset(t, 0, sizeof *t);
    options.locks = true;
    options.commit = COMMIT_ID;
    options.expects = true;
    must(w, pd_db_open(&t->db, w->arena, &options, &w->target, &w->err));
    must(w, pd_db_lock(t->db, false, &w->err));
    trial_begin(w, t);
    add_step(w, t, PD_STEP_APPLY, "0001_a", "CREATE TABLE a (i int)")->has_created_at = true;
}

static const char *rows(world *w)
{
    return ask(w, "SELECT string_agg(outcome || coalesce(' ' || detail, ''), ',' ORDER BY seq) "
                  "FROM predeploy.deployments");
}

static const char *made(world *w)
{
    return ask(w, "SELECT coalesce(string_agg(relname, ',' ORDER BY relname), '') FROM pg_class "
                  "WHERE relkind = 'r' AND relname IN ('a', '__drizzle_migrations')");
}

static void start_over(world *w, trial *t)
{
    pd_db_close(&t->db);
    ask(w, "DROP SCHEMA predeploy CASCADE; DROP SCHEMA IF EXISTS drizzle CASCADE; "
           "DROP SCHEMA public CASCADE; CREATE SCHEMA public");
}

static void the_row_goes_with_the_first_batch(void **state)
{
    world *w = *state;
    static const pd_layout_kind layouts[] = {PD_LAYOUT_PLAIN, PD_LAYOUT_DRIZZLE,
                                             PD_LAYOUT_DRIZZLE_FOLDERS};
    for (size_t i = 0; i < sizeof layouts / sizeof *layouts; i++) {
        trial t;
        run_open(w, &t, layouts[i]);
        assert_non_null(t.db->unrecorded);
        assert_string_equal(rows(w), "NULL");
        must(w, trial_run(w, &t));
        assert_null(t.db->unrecorded);
        assert_string_equal(rows(w), "succeeded");
        assert_string_equal(ask(w, "SELECT count(*) FROM pg_stat_activity WHERE application_name = "
                                   "'predeploy/9f1c2e7a9f1c'"),
                            "2");
        start_over(w, &t);
    }
}

/* Nothing is done where it can't be recorded, and nothing is made in front of that. */
static void nothing_is_done_without_it(void **state)
{
    world *w = *state;
    trial t;
    run_open(w, &t, PD_LAYOUT_DRIZZLE);
    ask(w, "ALTER TABLE predeploy.deployments ADD CONSTRAINT never CHECK (kind <> 'deploy')");
    assert_false(trial_run(w, &t));
    expect_error(w, PD_ERROR_UNREACHABLE, "cannot record the deployment");
    assert_string_equal(made(w), "");
    assert_string_equal(rows(w), "NULL");
    start_over(w, &t);
}

static void end(world *w, trial *t)
{
    t->deployment.outcome = "failed";
    t->deployment.detail = "why";
    must(w, pd_db_finish_deployment(t->db, &t->deployment, &w->err));
    assert_null(t->db->unrecorded);
    assert_string_equal(rows(w), "failed why");
}

/* One that ends before its first batch has its row all the same. */
static void it_ends_before_it_is_recorded(void **state)
{
    world *w = *state;
    trial t;
    run_open(w, &t, PD_LAYOUT_PLAIN);
    end(w, &t);
    start_over(w, &t);
    /* nobody knows that it is there: the connection was lost with the answer */
    run_open(w, &t, PD_LAYOUT_PLAIN);
    must(w, pd_deployment_record(t.db, &w->err));
    assert_string_equal(rows(w), "running");
    t.db->unrecorded = &t.deployment;
    end(w, &t);
    start_over(w, &t);
}

/* What is outside of transactions writes to the ledger in front of what it does. */
static void alone_it_is_recorded_first(void **state)
{
    world *w = *state;
    trial t;
    run_open(w, &t, PD_LAYOUT_PLAIN);
    t.steps[0].alone = true;
    must(w, trial_run(w, &t));
    assert_string_equal(rows(w), "succeeded");
    assert_string_equal(made(w), "a");
    start_over(w, &t);
}

/* Drizzle has made its table meanwhile, in a form that was not expected: the plan is made anew. */
static void another_table_of_drizzles(void **state)
{
    world *w = *state;
    static const char *const tables[] = {
        "(id serial PRIMARY KEY, hash text NOT NULL, created_at bigint, name text)",
        "(id serial PRIMARY KEY, hash text NOT NULL, created_at bigint)",
    };
    static const pd_layout_kind layouts[] = {PD_LAYOUT_DRIZZLE, PD_LAYOUT_DRIZZLE_FOLDERS};
    for (size_t i = 0; i < 4; i++) {
        trial t;
        run_open(w, &t, layouts[i / 2]);
        ask(w, pd_arena_printf(
                   w->arena, "CREATE SCHEMA drizzle; CREATE TABLE drizzle.__drizzle_migrations %s",
                   tables[i % 2]));
        must(w, trial_run(w, &t));
        bool other = i == 0 || i == 3;
        assert_int_equal(t.result.ledger_changed, other);
        assert_string_equal(made(w), other ? "__drizzle_migrations" : "__drizzle_migrations,a");
        if (other) {
            must(w, pd_db_read_ledger(t.db, w->arena, &t.ledger, &w->err));
            must(w, trial_run(w, &t));
            assert_false(t.result.ledger_changed);
            assert_string_equal(made(w), "__drizzle_migrations,a");
        }
        assert_string_equal(rows(w), "succeeded");
        start_over(w, &t);
    }
}

/* A row of it that came meanwhile is seen behind the fence. */
static void a_row_of_drizzles(void **state)
{
    world *w = *state;
    trial t;
    run_open(w, &t, PD_LAYOUT_DRIZZLE);
    ask(w, "CREATE SCHEMA drizzle; CREATE TABLE drizzle.__drizzle_migrations (id serial PRIMARY "
           "KEY, hash text NOT NULL, created_at bigint); INSERT INTO drizzle.__drizzle_migrations "
           "(hash, created_at) VALUES ('x', 1)");
    must(w, trial_run(w, &t));
    assert_true(t.result.ledger_changed);
    assert_string_equal(made(w), "__drizzle_migrations");
    start_over(w, &t);
}

/* What is read behind the making is as if it were read later, or is not taken. */
static void reading_is_as_ever(void **state)
{
    world *w = *state;
    pd_ledger ledger;
    static const char *const before[] = {
        "SELECT 1",
        "CREATE SCHEMA predeploy",
        "CREATE TABLE flyway_schema_history (installed_rank int, version text, description text, "
        "type text, script text, checksum int, installed_by text, installed_on timestamp, "
        "execution_time int, success bool)",
        "CREATE TABLE t (i int)",
    };
    for (size_t i = 0; i < sizeof before / sizeof *before; i++) {
        ask(w, before[i]);
        PD_AUTO_DB db = open_locked(w, PD_LAYOUT_PLAIN);
        assert_int_equal(db->ahead != NULL, i != 2);
        must(w, pd_db_read_ledger(db, w->arena, &ledger, &w->err));
        assert_null(db->ahead);
        assert_true(ledger.present && ledger.digest != NULL && ledger.altered == NULL);
        assert_int_equal(ledger.count + ledger.deployment_count + ledger.unfinished_count, 0);
        assert_int_equal(ledger.tables, i == 3 ? 1 : i == 2 ? 1 : 0);
        assert_int_equal(ledger.foreign_count, i == 2 ? 1 : 0);
        assert_string_equal(ledger.current_schema, "public");
        pd_db_close(&db);
        ask(w, "DROP SCHEMA predeploy CASCADE; DROP SCHEMA public CASCADE; CREATE SCHEMA public");
    }
}

/* Whoever is quick enough to write to a new ledger is read, too. */
static void rows_of_a_new_ledger_are_read(void **state)
{
    world *w = *state;
    pd_ledger ledger;
    ask(w, "CREATE FUNCTION quick() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN "
           "IF to_regclass('predeploy.statements') IS NOT NULL THEN "
           "INSERT INTO predeploy.deployments (id, kind, commit, actor, tool_version, started_at, "
           "finished_at, outcome) VALUES ('" DEPLOYMENT "', 'deploy', 'c', 'ada', '0', now(), "
           "now(), 'succeeded') ON CONFLICT DO NOTHING; "
           "INSERT INTO predeploy.migrations (name, hash, adopted, deployment, duration_ms) VALUES "
           "('0001_a', repeat('0', 64), false, '" DEPLOYMENT "', 1) ON CONFLICT DO NOTHING; "
           "END IF; END $$; "
           "CREATE EVENT TRIGGER quick ON ddl_command_end WHEN TAG IN ('REVOKE') "
           "EXECUTE FUNCTION quick()");
    PD_AUTO_DB db = open_locked(w, PD_LAYOUT_PLAIN);
    assert_non_null(db->ahead);
    must(w, pd_db_read_ledger(db, w->arena, &ledger, &w->err));
    assert_int_equal(ledger.count, 1);
    assert_int_equal(ledger.deployment_count, 1);
    ask(w, "DROP EVENT TRIGGER quick");
}

/* As the command does it: whether the verdict before holds is asked first. */
static pd_db *recall(world *w)
{
    pd_settings settings = w->settings;
    settings.layout = PD_LAYOUT_PLAIN;
    pd_db_options options = options_of(w, PD_LAYOUT_PLAIN);
    options.settings = &settings;
    pd_recalled now = {0};
    pd_db *begun = NULL;
    must(w, pd_db_begin(&begun, w->arena, w->conninfo, 10000, NULL, &w->err));
    must(w, pd_db_recall(begun, &options, COMMIT_ID, &now, &w->err));
    return begun;
}

static pd_db *open_begun(world *w, pd_db *begun, bool expects)
{
    pd_db_options options = options_of(w, PD_LAYOUT_PLAIN);
    pd_db *db = NULL;
    options.begun = begun;
    options.locks = true;
    options.commit = COMMIT_ID;
    options.expects = expects;
    must(w, pd_db_open(&db, w->arena, &options, &w->target, &w->err));
    return db;
}

/* Where there is no ledger all is to be done, and the worker is begun at once. */
static void the_worker_is_begun(void **state)
{
    world *w = *state;
    trial t = {0};
    t.db = open_begun(w, recall(w), false);
    assert_null(t.db->worker.pg);
    pd_db_close(&t.db);
    t.db = open_begun(w, recall(w), true);
    assert_true(t.db->worker.opening);
    must(w, pd_db_lock(t.db, true, &w->err));
    trial_begin(w, &t);
    add_step(w, &t, PD_STEP_APPLY, "0001_a", "CREATE TABLE a (i int)");
    PGconn *begun = t.db->worker.pg;
    must(w, trial_run(w, &t));
    assert_ptr_equal(t.db->worker.pg, begun);
    assert_true(t.db->worker.kept);
    /* a session that is reset goes back to what it was begun with */
    PD_AUTO_RESULT kept = PQexec(begun, "SELECT reset_val FROM pg_settings WHERE name IN "
                                        "('client_connection_check_interval', 'lock_timeout') "
                                        "AND reset_val <> '0'");
    assert_int_equal(PQntuples(kept), PQserverVersion(begun) >= 140000 ? 2 : 1);
    pd_db_close(&t.db);
    until_alone(w);
    /* it is there now: nobody knows whether there is something to do */
    PD_AUTO_DB second = open_begun(w, recall(w), true);
    assert_null(second->worker.pg);
    pd_db_close(&second);
    start_over(w, &t);
    /* who has to wait for the lock may have to wait long */
    pd_db *begun_first = recall(w);
    ask(w, "SELECT pg_advisory_lock(1886545252, 1886154617)");
    PD_AUTO_DB third = open_begun(w, begun_first, true);
    assert_true(third->worker.opening);
    assert_false(pd_db_lock(third, false, &w->err));
    assert_null(third->worker.pg);
    ask(w, "SELECT pg_advisory_unlock_all()");
}

/* The server has no patience with a transaction that is idle while the gates are asked. */
static void a_connection_that_ended_is_opened_anew(void **state)
{
    world *w = *state;
    pd_db *begun = recall(w);
    pid_t pid = PQbackendPID(begun->control.pg);
    ask(w, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = "
           "current_database() AND application_name LIKE 'predeploy%'");
    while (kill(pid, 0) == 0) { /* its end is what is to be seen, not its last word */
        (void)usleep(1000);
    }
    PD_AUTO_DB db = open_begun(w, begun, false);
    must(w, pd_db_lock(db, true, &w->err));
}

/* The one that has the lock is found by the very first question. */
static void the_lock_is_asked_for_at_once(void **state)
{
    world *w = *state;
    trial t;
    run_open(w, &t, PD_LAYOUT_PLAIN);
    pd_db_options options = options_of(w, PD_LAYOUT_PLAIN);
    options.locks = true;
    PD_AUTO_DB second = NULL;
    must(w, pd_db_open(&second, w->arena, &options, &w->target, &w->err));
    assert_false(pd_db_lock(second, false, &w->err));
    expect_error(w, PD_ERROR_LOCKED, "another deployment of this database is running");
    assert_non_null(strstr(w->err.detail, "application \"predeploy/9f1c2e7a9f1c\""));
    pd_db_close(&t.db);
    w->err = (pd_error){0};
    must(w, pd_db_lock(second, true, &w->err));
    /* its settings stand, also where there was no ledger yet to look at */
    PD_AUTO_RESULT set = PQexec(second->control.pg, "SHOW search_path");
    assert_string_equal(PQgetvalue(set, 0, 0), "pg_catalog, pg_temp");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(the_row_goes_with_the_first_batch),
        WORLD_TEST(nothing_is_done_without_it),
        WORLD_TEST(it_ends_before_it_is_recorded),
        WORLD_TEST(alone_it_is_recorded_first),
        WORLD_TEST(another_table_of_drizzles),
        WORLD_TEST(a_row_of_drizzles),
        WORLD_TEST(reading_is_as_ever),
        WORLD_TEST(rows_of_a_new_ledger_are_read),
        WORLD_TEST(the_worker_is_begun),
        WORLD_TEST(a_connection_that_ended_is_opened_anew),
        WORLD_TEST(the_lock_is_asked_for_at_once),
    };
    return cmocka_run_group_tests(tests, world_open, world_close);
}
