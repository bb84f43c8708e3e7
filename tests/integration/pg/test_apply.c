#include "batches.h"
#include "pg/internal.h"

static void one_transaction_does_it_all(void **state)
{
    world *w = *state;
    trial t;
    trial_open(w, &t, PD_LAYOUT_PLAIN);
    pd_step *first = add_step(w, &t, PD_STEP_APPLY, "0001_a",
                              "CREATE TABLE a (i int);;\nINSERT INTO a VALUES (1)");
    first->down_sql = "DROP TABLE a";
    first->down_hash = "0000000000000000000000000000000000000000000000000000000000000000";
    add_step(w, &t, PD_STEP_APPLY, "0002_b", "CREATE TABLE b AS SELECT * FROM a");
    t.batch.exact_tables = 2;
    t.batch.min_tables = 1;
    t.batch.predicted_tables = 2;
    must(w, trial_run(w, &t));
    assert_false(t.result.ledger_changed);
    assert_null(t.result.failure);
    assert_int_equal(t.result.tables_before, 0);
    assert_int_equal(t.result.tables_after, 2);
    assert_int_equal(t.states[0].state, PD_STEP_DONE);
    assert_ptr_equal(t.states[1].step, &t.steps[1]);
    assert_string_equal(ask(w, "SELECT i FROM b"), "1");
    assert_string_equal(ask(w, "SELECT string_agg(concat_ws(' ', seq, name, adopted, "
                               "drizzle_created_at, down_sql), ',' ORDER BY seq) "
                               "FROM predeploy.migrations"),
                        "1 0001_a f DROP TABLE a,2 0002_b f");
    assert_string_equal(ask(w, "SELECT count(*) FROM predeploy.migrations "
                               "WHERE deployment = (SELECT id FROM predeploy.deployments)"),
                        "2");
    assert_string_equal(ask(w, "SELECT concat_ws(' ', outcome, tables_before, tables_after, "
                               "migrations, finished_at >= started_at) FROM predeploy.deployments"),
                        "succeeded 0 2 {0001_a,0002_b} t");
    assert_string_equal(ask(w, "SELECT count(*) FROM predeploy.seal"), "0");
    assert_string_equal(ask(w, "SELECT count(DISTINCT xmin::text) FROM predeploy.migrations"), "1");
    pd_db_close(&t.db);
}

static void nothing_of_the_session_reaches_the_next(void **state)
{
    world *w = *state;
    trial t;
    ask(w, "CREATE ROLE other_role; GRANT CREATE ON SCHEMA public TO other_role; CREATE SCHEMA s;"
           "CREATE TABLE public.seen (what text, value text)");
    trial_open(w, &t, PD_LAYOUT_PLAIN);
    add_step(w, &t, PD_STEP_APPLY, "0001_pollute",
             "SET search_path = s;;SET LOCAL work_mem = '1MB';;SET statement_timeout = 1;;"
             "RESET statement_timeout;;SET lock_timeout = 0;;SET session_replication_role = "
             "replica;;PREPARE p AS SELECT 1;;LISTEN x;;CREATE TEMP TABLE seen (i int);;"
             "DECLARE c CURSOR WITH HOLD FOR SELECT 1;;SELECT pg_advisory_lock(7);;"
             "SET ROLE other_role");
    add_step(w, &t, PD_STEP_APPLY, "0002_look",
             "INSERT INTO seen SELECT name, setting FROM pg_settings WHERE name IN "
             "('search_path', 'work_mem', 'session_replication_role', 'lock_timeout');;"
             "INSERT INTO seen SELECT 'prepared', name FROM pg_prepared_statements;;"
             "INSERT INTO seen SELECT 'cursor', name FROM pg_cursors WHERE name <> '';;"
             "INSERT INTO seen SELECT 'listens', * FROM pg_listening_channels();;"
             "INSERT INTO seen SELECT 'advisory', objid::text FROM pg_locks WHERE locktype = "
             "'advisory' AND pid = pg_backend_pid();;"
             "INSERT INTO seen VALUES ('role', current_user)");
    must(w, trial_run(w, &t));
    assert_string_equal(
        ask(w, "SELECT string_agg(what || '=' || value, ' ' ORDER BY what) FROM public.seen"),
        "lock_timeout=2000 role=postgres search_path=\"$user\", public "
        "session_replication_role=origin work_mem=4096");
    pd_db_close(&t.db);
    ask(w, "REVOKE CREATE ON SCHEMA public FROM other_role; DROP ROLE other_role");
}

/* What the next migration could see of the settings, when one hides what it sets in a function; a
 * lock that is taken so goes with the batch. */
static void what_a_function_sets_is_taken_back(void **state)
{
    world *w = *state;
    trial t;
    ask(w, "CREATE FUNCTION public.hides() RETURNS void LANGUAGE sql AS "
           "'SELECT set_config(''lock_timeout'', ''0'', false); "
           "SELECT set_config(''tcp_user_timeout'', ''0'', false); "
           "SELECT set_config(''work_mem'', ''1MB'', false); SELECT pg_advisory_lock(8)'; "
           "CREATE TABLE public.seen (what text, value text)");
    trial_open(w, &t, PD_LAYOUT_PLAIN);
    add_step(w, &t, PD_STEP_APPLY, "0001_hide", "SELECT hides()");
    add_step(w, &t, PD_STEP_APPLY, "0002_look",
             "INSERT INTO seen SELECT name, setting FROM pg_settings WHERE name IN "
             "('lock_timeout', 'statement_timeout', 'work_mem', 'client_connection_check_interval',"
             " 'idle_in_transaction_session_timeout')");
    must(w, trial_run(w, &t));
    assert_true(t.db->worker.kept);
    assert_string_equal(
        ask(w, "SELECT string_agg(what || '=' || value, ' ' ORDER BY what) FROM public.seen"),
        "client_connection_check_interval=1000 idle_in_transaction_session_timeout=60000 "
        "lock_timeout=2000 statement_timeout=0 work_mem=4096");
    assert_string_equal(ask(w, "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND "
                               "objid = 8"),
                        "0");
    pd_db_close(&t.db);
}

/* Operators and functions in public must not be picked up by our own statements. */
static void a_hostile_public_schema_changes_nothing(void **state)
{
    world *w = *state;
    trial t;
    ask(w, pd_arena_printf(w->arena, "ALTER DATABASE %s SET search_path = public, pg_catalog",
                           w->dbname));
    ask(w,
        "CREATE FUNCTION public.evil(text, text) RETURNS boolean LANGUAGE plpgsql AS "
        "'BEGIN RAISE EXCEPTION ''ran''; END';"
        "CREATE OPERATOR public.= (LEFTARG = text, RIGHTARG = text, FUNCTION = public.evil);"
        "CREATE FUNCTION public.count(bigint) RETURNS bigint LANGUAGE sql AS 'SELECT 99::bigint'");
    trial_open(w, &t, PD_LAYOUT_DRIZZLE);
    add_step(w, &t, PD_STEP_APPLY, "0001_a", "CREATE TABLE a (i int)");
    t.batch.exact_tables = 1;
    must(w, trial_run(w, &t));
    pd_db_close(&t.db);
}

/* Names that our own statements use, made in pg_temp: by a migration, and by a trigger that is due
 * when its session has been reset for the last time. */
static void temporary_objects_change_nothing(void **state)
{
    world *w = *state;
    trial t;
    trial_open(w, &t, PD_LAYOUT_DRIZZLE);
    add_step(w, &t, PD_STEP_APPLY, "0001_now",
             "CREATE TEMP TABLE text (i int);;CREATE TEMP TABLE pg_class (i int);;"
             "CREATE TEMP TABLE uuid (i int);;SAVEPOINT s;;ROLLBACK TO s;;CREATE TABLE a (i int)");
    add_step(w, &t, PD_STEP_APPLY, "0002_later",
             "CREATE FUNCTION public.later() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN "
             "CREATE TEMP TABLE text (i int); CREATE TEMP TABLE uuid (i int); CREATE TEMP TABLE "
             "pg_class (i int); CREATE TEMP TABLE numeric (i int); RETURN NULL; END';;"
             "CREATE CONSTRAINT TRIGGER t AFTER INSERT ON a DEFERRABLE INITIALLY DEFERRED FOR EACH "
             "ROW EXECUTE FUNCTION public.later();;INSERT INTO a VALUES (1)");
    t.batch.exact_tables = 1;
    must(w, trial_run(w, &t));
    assert_string_equal(ask(w, "SELECT outcome || migrations::text FROM predeploy.deployments"),
                        "succeeded{0001_now,0002_later}");
    pd_db_close(&t.db);
}

static void a_text_without_a_script_is_one_statement(void **state)
{
    world *w = *state;
    trial t;
    trial_open(w, &t, PD_LAYOUT_PLAIN);
    add_step(w, &t, PD_STEP_APPLY, "0001_a", "CREATE TABLE a (i int);")->script = NULL;
    must(w, trial_run(w, &t));
    pd_db_close(&t.db);
    trial_open(w, &t, PD_LAYOUT_PLAIN);
    add_step(w, &t, PD_STEP_APPLY, "0002_b", "CREATE TABLE b (i int); CREATE TABLE c (i int);")
        ->script = NULL;
    assert_false(trial_run(w, &t));
    assert_string_equal(w->err.code, "42601");
    pd_db_close(&t.db);
    trial_open(w, &t, PD_LAYOUT_PLAIN);
    add_step(w, &t, PD_STEP_APPLY, "0003_empty", "-- nothing\n")->script = NULL;
    must(w, trial_run(w, &t));
    pd_db_close(&t.db);
}

/* It takes longer than the statements of predeploy's own around it may. */
static void a_deferred_constraint_has_time(void **state)
{
    world *w = *state;
    trial t;
    w->settings.connect_timeout_ms = 200;
    w->settings.lock_timeout_ms = 100;
    trial_open(w, &t, PD_LAYOUT_PLAIN);
    add_step(w, &t, PD_STEP_APPLY, "0001_a",
             "CREATE TABLE a (i int);;CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS "
             "'BEGIN PERFORM pg_sleep(5); RETURN NULL; END';;"
             "CREATE CONSTRAINT TRIGGER t AFTER INSERT ON a DEFERRABLE INITIALLY DEFERRED FOR EACH "
             "ROW EXECUTE FUNCTION slow();;INSERT INTO a VALUES (1)");
    must(w, trial_run(w, &t));
    assert_string_equal(ask(w, "SELECT outcome FROM predeploy.deployments"), "succeeded");
    pd_db_close(&t.db);
}

static void savepoints_are_fine(void **state)
{
    world *w = *state;
    trial t;
    trial_open(w, &t, PD_LAYOUT_PLAIN);
    add_step(w, &t, PD_STEP_APPLY, "0001_a",
             "CREATE TABLE a (i int);;SAVEPOINT s;;CREATE TABLE b (i int);;ROLLBACK TO s;;"
             "RELEASE s;;SAVEPOINT left_open;;CREATE TABLE c (i int)");
    t.batch.exact_tables = 2;
    must(w, trial_run(w, &t));
    assert_string_equal(ask(w, "SELECT string_agg(name, ',') FROM predeploy.migrations"), "0001_a");
    pd_db_close(&t.db);
}

static void rows_of_a_select_are_thrown_away(void **state)
{
    world *w = *state;
    trial t;
    trial_open(w, &t, PD_LAYOUT_PLAIN);
    add_step(w, &t, PD_STEP_APPLY, "0001_a",
             "SELECT g, repeat('x', 100) FROM generate_series(1, 50000) g");
    must(w, trial_run(w, &t));
    pd_db_close(&t.db);
}

static void a_deployment_with_nothing_to_do(void **state)
{
    world *w = *state;
    PD_AUTO_DB db = open_locked(w, PD_LAYOUT_PLAIN);
    const char *names[] = {"a \"b\""};
    pd_deployment deployment = {.id = DEPLOYMENT,
                                .kind = "deploy",
                                .commit = "c",
                                .actor = "x",
                                .tool_version = "1",
                                .started_at = "2026-01-02T03:04:05Z",
                                .outcome = "succeeded",
                                .tables_before = 3,
                                .tables_after = 3,
                                .migrations = names,
                                .migration_count = 1};
    must(w, pd_db_begin_deployment(db, &deployment, &w->err));
    assert_string_equal(ask(w, "SELECT concat_ws(' ', outcome, tables_after, migrations[1], "
                               "finished_at IS NOT NULL) FROM predeploy.deployments"),
                        "succeeded 3 a \"b\" t");
    /* it has ended: nothing can be said about it any more */
    deployment.outcome = "failed";
    assert_false(pd_db_finish_deployment(db, &deployment, &w->err));
    assert_false(pd_db_record_backup(db, &deployment, &w->err));
    assert_string_equal(ask(w, "SELECT outcome FROM predeploy.deployments"), "succeeded");
}

static void a_deployment_that_failed(void **state)
{
    world *w = *state;
    trial t;
    trial_open(w, &t, PD_LAYOUT_PLAIN);
    t.deployment.backup_reference = "s3://backup/1";
    must(w, pd_db_record_backup(t.db, &t.deployment, &w->err));
    t.deployment.outcome = "failed";
    t.deployment.detail = "boom";
    must(w, pd_db_finish_deployment(t.db, &t.deployment, &w->err));
    assert_string_equal(ask(w, "SELECT concat_ws(' ', outcome, detail, backup_reference, "
                               "finished_at IS NOT NULL) FROM predeploy.deployments"),
                        "failed boom s3://backup/1 t");
    pd_db_close(&t.db);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(what_a_function_sets_is_taken_back),
        WORLD_TEST(one_transaction_does_it_all),
        WORLD_TEST(nothing_of_the_session_reaches_the_next),
        WORLD_TEST(a_hostile_public_schema_changes_nothing),
        WORLD_TEST(temporary_objects_change_nothing),
        WORLD_TEST(a_text_without_a_script_is_one_statement),
        WORLD_TEST(a_deferred_constraint_has_time),
        WORLD_TEST(savepoints_are_fine),
        WORLD_TEST(rows_of_a_select_are_thrown_away),
        WORLD_TEST(a_deployment_with_nothing_to_do),
        WORLD_TEST(a_deployment_that_failed),
    };
    return cmocka_run_group_tests(tests, world_open, world_close);
}
