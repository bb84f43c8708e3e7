#include "batches.h"

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

static void a_transaction_each(void **state)
{
    world *w = *state;
    trial t;
    trial_open(w, &t, PD_LAYOUT_DRIZZLE);
    for (size_t i = 0; i < 3; i++) {
        const char *name = pd_arena_printf(w->arena, "000%zu_t", i);
        t.batch.count = 0;
        t.batch.first = i;
        t.batch.last = i == 2;
        pd_step *step = add_step(w, &t, PD_STEP_APPLY, name,
                                 pd_arena_printf(w->arena, "CREATE TABLE t%zu (i int)", i));
        step->has_created_at = true;
        step->created_at = (int64_t)i;
        must(w, trial_run(w, &t));
        assert_false(t.result.ledger_changed);
        assert_string_equal(ask(w, "SELECT outcome FROM predeploy.deployments"),
                            i == 2 ? "succeeded" : "running");
    }
    assert_string_equal(ask(w, "SELECT concat_ws(' ', tables_before, tables_after, migrations) "
                               "FROM predeploy.deployments"),
                        "0 3 {0000_t,0001_t,0002_t}");
    assert_string_equal(ask(w, "SELECT count(DISTINCT xmin::text) FROM predeploy.migrations"), "3");
    pd_db_close(&t.db);
}

/* Between two batches Drizzle's table is not fenced. */
static void somebody_comes_between_two_batches(void **state)
{
    world *w = *state;
    trial t;
    trial_open(w, &t, PD_LAYOUT_DRIZZLE);
    t.batch.last = false;
    add_step(w, &t, PD_STEP_APPLY, "0001_a", "CREATE TABLE a (i int)");
    must(w, trial_run(w, &t));
    ask(w, "INSERT INTO drizzle.__drizzle_migrations (hash, created_at) VALUES ('x', 1)");
    t.batch.count = 0;
    t.batch.first = 1;
    add_step(w, &t, PD_STEP_APPLY, "0002_b", "CREATE TABLE b (i int)");
    must(w, trial_run(w, &t));
    assert_true(t.result.ledger_changed);
    assert_string_equal(ask(w, "SELECT to_regclass('b')"), "NULL");
    must(w, pd_db_read_ledger(t.db, w->arena, &t.ledger, &w->err));
    must(w, trial_run(w, &t));
    assert_false(t.result.ledger_changed);
    pd_db_close(&t.db);
}

typedef struct pd_fence {
    const char *sql; /* what somebody does after the ledger was read */
    pd_layout_kind layout;
} pd_fence;

static void a_plan_from_an_old_ledger_does_nothing(void **state)
{
    world *w = *state;
    static const pd_fence cases[] = {
        {"INSERT INTO predeploy.migrations (name, hash, adopted, deployment, duration_ms) SELECT "
         "'x', repeat('0', 64), false, id, 0 FROM predeploy.deployments",
         PD_LAYOUT_PLAIN},
        {"UPDATE predeploy.migrations SET hash = repeat('1', 64)", PD_LAYOUT_PLAIN},
        {"UPDATE predeploy.migrations SET name = 'y'", PD_LAYOUT_PLAIN},
        {"DELETE FROM predeploy.migrations", PD_LAYOUT_PLAIN},
        {"CREATE SCHEMA drizzle; CREATE TABLE drizzle.__drizzle_migrations (id serial PRIMARY KEY, "
         "hash text NOT NULL, created_at bigint); INSERT INTO drizzle.__drizzle_migrations "
         "(hash, created_at) VALUES ('a', 1)",
         PD_LAYOUT_DRIZZLE},
        {"UPDATE drizzle.__drizzle_migrations SET hash = 'b'", PD_LAYOUT_DRIZZLE},
        {"DELETE FROM drizzle.__drizzle_migrations", PD_LAYOUT_DRIZZLE},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        trial t;
        trial_open(w, &t, cases[i].layout);
        ask(w, cases[i].sql);
        add_step(w, &t, PD_STEP_APPLY, "0001_a", "CREATE TABLE a (i int)");
        must(w, trial_run(w, &t));
        if (!t.result.ledger_changed) {
            fail_msg("not noticed: %s", cases[i].sql);
        }
        assert_int_equal(t.states[0].state, PD_STEP_PLANNED);
        assert_string_equal(ask(w, "SELECT to_regclass('a')"), "NULL");
        pd_db_close(&t.db);
    }
}

static void take_out(world *w, pd_layout_kind layout, const char *name, int64_t created_at)
{
    trial t;
    trial_open(w, &t, layout);
    pd_step *step = add_step(w, &t, PD_STEP_REVERT, "0002_b", "DROP TABLE b");
    step->seq = t.ledger.rows[t.ledger.count - 1].seq;
    step->has_created_at = true;
    step->created_at = created_at;
    step->v1_name = name;
    t.batch.predicted_tables = 1;
    must(w, trial_run(w, &t));
    assert_int_equal(t.result.tables_before, 2);
    pd_db_close(&t.db);
}

static void apply_two(world *w, pd_layout_kind layout)
{
    trial t;
    trial_open(w, &t, layout);
    pd_step *a = add_step(w, &t, PD_STEP_APPLY, "0001_a", "CREATE TABLE a (i int)");
    a->has_created_at = true;
    a->created_at = INT64_C(1795379225633);
    a->v1_name = "20261122202705_a";
    pd_step *b = add_step(w, &t, PD_STEP_APPLY, "0002_b", "CREATE TABLE b (i int)");
    b->has_created_at = true;
    b->created_at = INT64_C(1795379227701);
    b->v1_name = "20261122202707_b";
    must(w, trial_run(w, &t));
    pd_db_close(&t.db);
}

static void drizzle_rows_without_names(void **state)
{
    world *w = *state;
    apply_two(w, PD_LAYOUT_DRIZZLE);
    assert_string_equal(
        ask(w, "SELECT string_agg(concat_ws(' ', column_name, data_type, is_nullable, "
               "column_default), ', ' ORDER BY ordinal_position) FROM information_schema.columns "
               "WHERE table_schema = 'drizzle' AND table_name = '__drizzle_migrations'"),
        "id integer NO nextval('drizzle.__drizzle_migrations_id_seq'::regclass), hash text NO, "
        "created_at bigint YES");
    assert_string_equal(ask(w, "SELECT conname FROM pg_constraint WHERE conrelid = "
                               "'drizzle.__drizzle_migrations'::regclass"),
                        "__drizzle_migrations_pkey");
    assert_string_equal(ask(w, "SELECT string_agg(concat_ws(' ', id, created_at, hash = "
                               "encode(sha256(CASE id WHEN 1 THEN '0001_a' ELSE '0002_b' "
                               "END::bytea), 'hex')), ',' ORDER BY id) "
                               "FROM drizzle.__drizzle_migrations"),
                        "1 1795379225633 t,2 1795379227701 t");
    assert_string_equal(ask(w, "SELECT string_agg(drizzle_created_at::text, ',' ORDER BY seq) "
                               "FROM predeploy.migrations"),
                        "1795379225633,1795379227701");
    take_out(w, PD_LAYOUT_DRIZZLE, "20261122202707_b", INT64_C(1795379227701));
    assert_string_equal(
        ask(w, "SELECT string_agg(id::text, ',') FROM drizzle.__drizzle_migrations"), "1");
    assert_string_equal(ask(w, "SELECT string_agg(name, ',') FROM predeploy.migrations"), "0001_a");
    assert_string_equal(ask(w, "SELECT string_agg(migrations::text, ' ' ORDER BY seq) "
                               "FROM predeploy.deployments"),
                        "{0001_a,0002_b} {0002_b}");
}

static void drizzle_rows_with_names(void **state)
{
    world *w = *state;
    apply_two(w, PD_LAYOUT_DRIZZLE_FOLDERS);
    assert_string_equal(
        ask(w, "SELECT string_agg(concat_ws(' ', column_name, data_type, is_nullable, "
               "column_default), ', ' ORDER BY ordinal_position) FROM information_schema.columns "
               "WHERE table_schema = 'drizzle' AND table_name = '__drizzle_migrations'"),
        "id integer NO nextval('drizzle.__drizzle_migrations_id_seq'::regclass), hash text NO, "
        "created_at bigint YES, name text YES, applied_at timestamp with time zone YES now()");
    assert_string_equal(ask(w, "SELECT string_agg(concat_ws(' ', id, created_at, name, applied_at "
                               "IS NOT NULL), ',' ORDER BY id) FROM drizzle.__drizzle_migrations"),
                        "1 1795379225633 20261122202705_a t,2 1795379227701 20261122202707_b t");
    take_out(w, PD_LAYOUT_DRIZZLE_FOLDERS, "20261122202707_b", INT64_C(1795379227701));
    assert_string_equal(ask(w, "SELECT string_agg(name, ',') FROM drizzle.__drizzle_migrations"),
                        "20261122202705_a");
}

/* The layout of the files and the shape of the table need not be of one age. */
static void the_shape_of_the_table_decides(void **state)
{
    world *w = *state;
    ask(w, "CREATE SCHEMA drizzle; CREATE TABLE drizzle.__drizzle_migrations (id serial PRIMARY "
           "KEY, hash text NOT NULL, created_at bigint, name text, applied_at timestamptz "
           "DEFAULT now())");
    apply_two(w, PD_LAYOUT_DRIZZLE);
    assert_string_equal(ask(w, "SELECT string_agg(name, ',' ORDER BY id) "
                               "FROM drizzle.__drizzle_migrations"),
                        "20261122202705_a,20261122202707_b");
    ask(w, "UPDATE drizzle.__drizzle_migrations SET name = NULL WHERE id = 2");
    take_out(w, PD_LAYOUT_DRIZZLE, "20261122202707_b", INT64_C(1795379227701));
    assert_string_equal(
        ask(w, "SELECT string_agg(id::text, ',') FROM drizzle.__drizzle_migrations"), "1");
}

static void rows_that_share_created_at(void **state)
{
    world *w = *state;
    apply_two(w, PD_LAYOUT_DRIZZLE);
    ask(w, "INSERT INTO drizzle.__drizzle_migrations (hash, created_at) "
           "VALUES ('another', 1795379227701)");
    take_out(w, PD_LAYOUT_DRIZZLE, NULL, INT64_C(1795379227701));
    assert_string_equal(ask(w, "SELECT string_agg(hash, ',' ORDER BY id) FROM "
                               "drizzle.__drizzle_migrations WHERE id > 1"),
                        "another");
}

static void adoption_runs_nothing(void **state)
{
    world *w = *state;
    trial t;
    ask(w, "CREATE SCHEMA drizzle; CREATE TABLE drizzle.__drizzle_migrations (id serial PRIMARY "
           "KEY, hash text NOT NULL, created_at bigint);"
           "INSERT INTO drizzle.__drizzle_migrations (hash, created_at) VALUES ('h', 5)");
    trial_open(w, &t, PD_LAYOUT_DRIZZLE);
    pd_step *step = add_step(w, &t, PD_STEP_ADOPT, "0001_a", NULL);
    step->has_created_at = true;
    step->created_at = 5;
    add_step(w, &t, PD_STEP_APPLY, "0002_b", "CREATE TABLE b (i int)");
    must(w, trial_run(w, &t));
    assert_string_equal(ask(w, "SELECT string_agg(concat_ws(' ', name, adopted, "
                               "drizzle_created_at), ',' ORDER BY seq) FROM predeploy.migrations"),
                        "0001_a t 5,0002_b f");
    assert_string_equal(ask(w, "SELECT count(*) FROM drizzle.__drizzle_migrations"), "1");
    assert_string_equal(ask(w, "SELECT migrations FROM predeploy.deployments"), "{0002_b}");
    pd_db_close(&t.db);
}

/* While a batch runs a migrator of Drizzle waits at its first look at the table, and another
 * predeploy at the ledger. */
static void the_ledgers_are_fenced(void **state)
{
    world *w = *state;
    trial t;
    apply_two(w, PD_LAYOUT_DRIZZLE);
    trial_open(w, &t, PD_LAYOUT_DRIZZLE);
    add_step(w, &t, PD_STEP_APPLY, "0003_c",
             "CREATE TABLE seen AS SELECT relation::regclass::text || ' ' || mode AS lock "
             "FROM pg_locks WHERE pid = pg_backend_pid() AND relation IN "
             "('drizzle.__drizzle_migrations'::regclass, 'predeploy.migrations'::regclass)");
    must(w, trial_run(w, &t));
    assert_string_equal(ask(w, "SELECT string_agg(lock, ', ' ORDER BY lock) FROM seen "
                               "WHERE lock LIKE '%ExclusiveLock'"),
                        "drizzle.__drizzle_migrations AccessExclusiveLock, "
                        "predeploy.migrations ShareRowExclusiveLock");
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
        WORLD_TEST(one_transaction_does_it_all),
        WORLD_TEST(a_transaction_each),
        WORLD_TEST(somebody_comes_between_two_batches),
        WORLD_TEST(a_plan_from_an_old_ledger_does_nothing),
        WORLD_TEST(drizzle_rows_without_names),
        WORLD_TEST(drizzle_rows_with_names),
        WORLD_TEST(the_shape_of_the_table_decides),
        WORLD_TEST(rows_that_share_created_at),
        WORLD_TEST(adoption_runs_nothing),
        WORLD_TEST(the_ledgers_are_fenced),
        WORLD_TEST(nothing_of_the_session_reaches_the_next),
        WORLD_TEST(a_hostile_public_schema_changes_nothing),
        WORLD_TEST(a_text_without_a_script_is_one_statement),
        WORLD_TEST(savepoints_are_fine),
        WORLD_TEST(rows_of_a_select_are_thrown_away),
        WORLD_TEST(a_deployment_with_nothing_to_do),
        WORLD_TEST(a_deployment_that_failed),
    };
    return cmocka_run_group_tests(tests, world_open, world_close);
}
