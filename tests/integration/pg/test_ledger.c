#include "pg_world.h"

#include <sys/wait.h>
#include <unistd.h>

static pd_ledger read_with(world *w, pd_layout_kind layout)
{
    pd_ledger ledger;
    PD_AUTO_DB db = open_db(w, layout);
    must(w, pd_db_read_ledger(db, w->arena, &ledger, &w->err));
    return ledger;
}

static void an_empty_database(void **state)
{
    world *w = *state;
    pd_ledger ledger = read_with(w, PD_LAYOUT_DRIZZLE);
    assert_false(ledger.present);
    assert_int_equal(ledger.count, 0);
    assert_int_equal(ledger.drizzle_shape, PD_DRIZZLE_ABSENT);
    assert_int_equal(ledger.deployment_count, 0);
    assert_int_equal(ledger.tables, 0);
    assert_string_equal(ledger.current_schema, "public");
    assert_string_equal(ask(w, "SELECT to_regnamespace('predeploy')"), "NULL");
}

static void what_predeploy_wrote(void **state)
{
    world *w = *state;
    PD_AUTO_DB db = open_locked(w, PD_LAYOUT_PLAIN);
    pd_db_close(&db);
    ask(w, "INSERT INTO predeploy.deployments (id, kind, commit, ref, actor, tool_version, "
           "started_at, finished_at, outcome, detail, backup_reference, tables_before, "
           "tables_after, migrations) VALUES "
           "('00000000-0000-4000-8000-000000000001', 'deploy', 'c1', NULL, 'a', '0.1.0', "
           "'2026-01-02 03:04:05+02', '2026-01-02 03:04:06+02', 'succeeded', NULL, 'b1', 0, 2, "
           "'{0001_a,\"0002 \\\"b\"}'),"
           "('00000000-0000-4000-8000-000000000002', 'rollback', 'c2', 'refs/heads/main', 'a', "
           "'0.1.0', '2026-01-03 00:00:00+00', NULL, 'running', NULL, NULL, NULL, NULL, '{}');"
           "INSERT INTO predeploy.migrations (name, hash, down_sql, down_hash, adopted, "
           "drizzle_id, drizzle_created_at, deployment, applied_at, duration_ms) VALUES "
           "('0001_a', repeat('a', 64), 'DROP TABLE a', repeat('b', 64), false, 7, 1795379225633, "
           "'00000000-0000-4000-8000-000000000001', '2026-01-02 03:04:05+02', 7),"
           "('0002 \"b', repeat('c', 64), NULL, NULL, true, NULL, NULL, "
           "'00000000-0000-4000-8000-000000000001', '2026-01-02 03:04:05+02', 0)");
    pd_ledger ledger = read_with(w, PD_LAYOUT_PLAIN);
    assert_true(ledger.present);
    assert_int_equal(ledger.count, 2);
    assert_int_equal(ledger.rows[0].seq, 1);
    assert_string_equal(ledger.rows[0].name, "0001_a");
    assert_string_equal(ledger.rows[0].down_sql, "DROP TABLE a");
    assert_int_equal(ledger.rows[0].down_hash[0], 'b');
    assert_false(ledger.rows[0].adopted);
    assert_int_equal(ledger.rows[0].drizzle_id, 7);
    assert_true(ledger.rows[0].has_drizzle_created_at);
    assert_true(ledger.rows[0].drizzle_created_at == INT64_C(1795379225633));
    assert_string_equal(ledger.rows[0].applied_at, "2026-01-02T01:04:05Z");
    assert_string_equal(ledger.rows[0].deployment, "00000000-0000-4000-8000-000000000001");
    assert_string_equal(ledger.rows[1].name, "0002 \"b");
    assert_null(ledger.rows[1].down_sql);
    assert_null(ledger.rows[1].down_hash);
    assert_true(ledger.rows[1].adopted);
    assert_int_equal(ledger.rows[1].drizzle_id, 0);
    assert_false(ledger.rows[1].has_drizzle_created_at);
    assert_int_equal(ledger.deployment_count, 2);
    assert_string_equal(ledger.deployments[0].kind, "rollback");
    assert_string_equal(ledger.deployments[0].ref, "refs/heads/main");
    assert_null(ledger.deployments[0].finished_at);
    assert_int_equal(ledger.deployments[0].tables_before, -1);
    assert_int_equal(ledger.deployments[0].migration_count, 0);
    assert_null(ledger.deployments[1].ref);
    assert_string_equal(ledger.deployments[1].started_at, "2026-01-02T01:04:05Z");
    assert_string_equal(ledger.deployments[1].backup_reference, "b1");
    assert_int_equal(ledger.deployments[1].tables_after, 2);
    assert_int_equal(ledger.deployments[1].migration_count, 2);
    assert_string_equal(ledger.deployments[1].migrations[0], "0001_a");
    assert_string_equal(ledger.deployments[1].migrations[1], "0002 \"b");
}

static void only_the_latest_deployments(void **state)
{
    world *w = *state;
    PD_AUTO_DB db = open_locked(w, PD_LAYOUT_PLAIN);
    pd_db_close(&db);
    ask(w, "INSERT INTO predeploy.deployments (id, kind, commit, actor, tool_version, started_at, "
           "finished_at, outcome, migrations) SELECT gen_random_uuid(), 'deploy', 'c' || g, 'a', "
           "'0', now(), now(), 'succeeded', '{x,y}' FROM generate_series(1, 30) g");
    pd_ledger ledger = read_with(w, PD_LAYOUT_PLAIN);
    assert_int_equal(ledger.deployment_count, PD_DEPLOYMENTS_SHOWN);
    assert_string_equal(ledger.deployments[0].commit, "c30");
    assert_string_equal(ledger.deployments[PD_DEPLOYMENTS_SHOWN - 1].commit, "c11");
    assert_int_equal(ledger.deployments[5].migration_count, 2);
}

static void drizzle_without_names(void **state)
{
    world *w = *state;
    ask(w, "CREATE SCHEMA drizzle; CREATE TABLE drizzle.__drizzle_migrations "
           "(id serial PRIMARY KEY, hash text NOT NULL, created_at bigint);"
           "INSERT INTO drizzle.__drizzle_migrations (hash, created_at) VALUES "
           "('h1', 1795379225633), ('h2', NULL)");
    pd_ledger ledger = read_with(w, PD_LAYOUT_DRIZZLE);
    assert_int_equal(ledger.drizzle_shape, PD_DRIZZLE_V0);
    assert_int_equal(ledger.drizzle_count, 2);
    assert_int_equal(ledger.drizzle[0].id, 1);
    assert_string_equal(ledger.drizzle[0].hash, "h1");
    assert_true(ledger.drizzle[0].has_created_at);
    assert_true(ledger.drizzle[0].created_at == INT64_C(1795379225633));
    assert_null(ledger.drizzle[0].name);
    assert_false(ledger.drizzle[1].has_created_at);
    assert_int_equal(ledger.tables, 0);
    /* the plain layout does not look at it */
    assert_int_equal(read_with(w, PD_LAYOUT_PLAIN).drizzle_shape, PD_DRIZZLE_ABSENT);
}

static void drizzle_with_names_elsewhere(void **state)
{
    world *w = *state;
    w->settings.ledger_schema = "my \"schema";
    w->settings.ledger_table = "My Table";
    ask(w, "CREATE SCHEMA \"my \"\"schema\"; CREATE TABLE \"my \"\"schema\".\"My Table\" "
           "(id serial PRIMARY KEY, hash text NOT NULL, created_at numeric, name text, "
           "applied_at timestamptz DEFAULT now());"
           "INSERT INTO \"my \"\"schema\".\"My Table\" (hash, created_at, name) VALUES "
           "('h1', 1795379225000, '20261122202714_init'), ('h2', 1.5, NULL), "
           "('h3', 99999999999999999999, 'x'), ('h4', 'NaN', 'y'), ('h5', -5, 'z')");
    pd_ledger ledger = read_with(w, PD_LAYOUT_DRIZZLE_FOLDERS);
    assert_int_equal(ledger.drizzle_shape, PD_DRIZZLE_V1);
    assert_int_equal(ledger.drizzle_count, 5);
    assert_true(ledger.drizzle[0].created_at == INT64_C(1795379225000));
    assert_string_equal(ledger.drizzle[0].name, "20261122202714_init");
    assert_false(ledger.drizzle[1].has_created_at);
    assert_null(ledger.drizzle[1].name);
    assert_false(ledger.drizzle[2].has_created_at);
    assert_false(ledger.drizzle[3].has_created_at);
    assert_true(ledger.drizzle[4].created_at == -5);
}

static void what_is_no_table_of_drizzle(void **state)
{
    world *w = *state;
    static const char *const tricks[][2] = {
        {"CREATE TABLE drizzle.__drizzle_migrations (id serial, checksum text)", "no column"},
        {"CREATE VIEW drizzle.__drizzle_migrations AS SELECT 1 AS id, evil() AS hash, "
         "1::bigint AS created_at",
         "ordinary table"},
        {"CREATE TABLE drizzle.__drizzle_migrations (id serial, hash text, created_at bigint);"
         "ALTER TABLE drizzle.__drizzle_migrations ENABLE ROW LEVEL SECURITY",
         "row level security"},
        {"CREATE TABLE drizzle.__drizzle_migrations (id serial, hash text DEFAULT evil(), "
         "created_at bigint)",
         "function"},
        {"CREATE TABLE drizzle.__drizzle_migrations (id text, hash text, created_at bigint);"
         "INSERT INTO drizzle.__drizzle_migrations VALUES ('first', 'h', 1)",
         "row with id first, which is no whole number"},
        {"CREATE TABLE drizzle.__drizzle_migrations (id numeric, hash text, created_at bigint);"
         "INSERT INTO drizzle.__drizzle_migrations VALUES (99999999999999999999, 'h', 1)",
         "whole number"},
        {"CREATE TABLE drizzle.__drizzle_migrations (id int, hash text, created_at bigint);"
         "INSERT INTO drizzle.__drizzle_migrations VALUES (NULL, 'h', 1)",
         "row with id NULL"},
    };
    ask(w, "CREATE FUNCTION evil() RETURNS text LANGUAGE plpgsql AS "
           "'BEGIN RAISE EXCEPTION ''run''; END'");
    for (size_t i = 0; i < sizeof tricks / sizeof *tricks; i++) {
        pd_ledger ledger;
        ask(w, "DROP SCHEMA IF EXISTS drizzle CASCADE; CREATE SCHEMA drizzle");
        ask(w, tricks[i][0]);
        PD_AUTO_DB db = open_db(w, PD_LAYOUT_DRIZZLE);
        assert_false(pd_db_read_ledger(db, w->arena, &ledger, &w->err));
        expect_error(w, PD_ERROR_UNREACHABLE, tricks[i][1]);
        /* the connection goes on */
        ask(w, "DROP SCHEMA drizzle CASCADE");
        must(w, pd_db_read_ledger(db, w->arena, &ledger, &w->err));
    }
}

/* Puts a view in the place of Drizzle's table, and lets go when somebody waits for the table. */
static void swap_table(world *w, int ready)
{
    pd_conn conn = {0};
    world_connect(w, &conn, w->conninfo);
    (void)ask_on(w, &conn,
                 "BEGIN; DROP TABLE drizzle.__drizzle_migrations;"
                 "CREATE VIEW drizzle.__drizzle_migrations AS SELECT 1 AS id, evil() AS hash, "
                 "1::bigint AS created_at");
    bool told = write(ready, "x", 1) == 1;
    while (told &&
           strcmp(ask_on(w, &conn, "SELECT count(*) FROM pg_locks WHERE NOT granted"), "0") == 0) {
        (void)usleep(10000);
    }
    (void)ask_on(w, &conn, "COMMIT");
    pd_conn_close(&conn);
    _exit(0);
}

static void what_was_looked_at_is_what_is_read(void **state)
{
    world *w = *state;
    pd_ledger ledger;
    char byte = 0;
    int ready[2];
    ask(w, "CREATE FUNCTION evil() RETURNS text LANGUAGE plpgsql AS "
           "'BEGIN RAISE EXCEPTION ''ran''; END'; CREATE SCHEMA drizzle;"
           "CREATE TABLE drizzle.__drizzle_migrations (id serial, hash text, created_at bigint)");
    w->settings.lock_timeout_ms = 60000;
    PD_AUTO_DB db = open_db(w, PD_LAYOUT_DRIZZLE);
    assert_int_equal(pipe(ready), 0);
    pid_t child = fork();
    if (child == 0) {
        swap_table(w, ready[1]);
    }
    assert_int_equal(read(ready[0], &byte, 1), 1);
    assert_false(pd_db_read_ledger(db, w->arena, &ledger, &w->err));
    expect_error(w, PD_ERROR_UNREACHABLE, "ordinary table");
    assert_int_equal(waitpid(child, NULL, 0), child);
    (void)close(ready[0]);
    (void)close(ready[1]);
}

/* A session that may only read, or a server that does. */
static void it_is_read_without_writing(void **state)
{
    world *w = *state;
    pd_ledger ledger;
    PD_AUTO_DB made = open_locked(w, PD_LAYOUT_DRIZZLE);
    pd_db_close(&made);
    ask(w, "CREATE ROLE reader LOGIN; GRANT USAGE ON SCHEMA predeploy TO reader;"
           "GRANT SELECT ON ALL TABLES IN SCHEMA predeploy TO reader;"
           "CREATE SCHEMA drizzle; GRANT USAGE ON SCHEMA drizzle TO reader;"
           "CREATE TABLE drizzle.__drizzle_migrations (id serial, hash text, created_at bigint);"
           "GRANT SELECT ON drizzle.__drizzle_migrations TO reader");
    pd_db_options options = options_of(w, PD_LAYOUT_DRIZZLE);
    options.read_only = true;
    options.conninfo = world_conninfo(w, w->dbname, "reader");
    PD_AUTO_DB db = NULL;
    must(w, pd_db_open(&db, w->arena, &options, &w->target, &w->err));
    must(w, pd_db_read_ledger(db, w->arena, &ledger, &w->err));
    assert_true(ledger.present);
    assert_int_equal(ledger.drizzle_shape, PD_DRIZZLE_V0);
    pd_db_close(&db);
    ask(w, "DROP OWNED BY reader; DROP ROLE reader");
}

static void tables_that_count(void **state)
{
    world *w = *state;
    static const struct {
        const char *sql;
        int64_t tables;
    } cases[] = {
        {"CREATE TABLE a (i int)", 1},
        {"CREATE TABLE p (i int) PARTITION BY RANGE (i)", 2},
        {"CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (9)", 2},
        {"CREATE VIEW v AS SELECT 1", 2},
        {"CREATE MATERIALIZED VIEW m AS SELECT 1", 2},
        {"CREATE SEQUENCE s", 2},
        {"CREATE UNLOGGED TABLE u (i int)", 3},
        {"CREATE SCHEMA other; CREATE TABLE other.t (i int)", 3},
        {"CREATE TEMP TABLE tmp (i int)", 3},
        {"CREATE TABLE member (i int); INSERT INTO pg_depend SELECT 'pg_class'::regclass, "
         "'member'::regclass, 0, 'pg_extension'::regclass, oid, 0, 'e' FROM pg_extension "
         "WHERE extname = 'plpgsql'",
         3},
        {"DROP TABLE a", 2},
    };
    PD_AUTO_DB db = open_db(w, PD_LAYOUT_PLAIN);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        pd_ledger ledger;
        ask(w, cases[i].sql);
        must(w, pd_db_read_ledger(db, w->arena, &ledger, &w->err));
        if (ledger.tables != cases[i].tables) {
            fail_msg("%s: %d tables", cases[i].sql, (int)ledger.tables);
        }
    }
    w->settings.verify_schema = "other";
    pd_ledger ledger;
    must(w, pd_db_read_ledger(db, w->arena, &ledger, &w->err));
    assert_int_equal(ledger.tables, 1);
}

static void where_an_unqualified_table_goes(void **state)
{
    world *w = *state;
    ask(w, pd_arena_printf(w->arena, "CREATE SCHEMA app; ALTER DATABASE %s SET search_path = app",
                           w->dbname));
    PD_AUTO_DB db = open_db(w, PD_LAYOUT_PLAIN);
    pd_ledger ledger;
    must(w, pd_db_read_ledger(db, w->arena, &ledger, &w->err));
    assert_string_equal(ledger.current_schema, "app");
    ask(w, "DROP SCHEMA app");
    must(w, pd_db_read_ledger(db, w->arena, &ledger, &w->err));
    assert_null(ledger.current_schema);
}

static void a_large_ledger(void **state)
{
    world *w = *state;
    ask(w, "CREATE SCHEMA drizzle; CREATE TABLE drizzle.__drizzle_migrations "
           "(id serial PRIMARY KEY, hash text NOT NULL, created_at bigint);"
           "INSERT INTO drizzle.__drizzle_migrations (hash, created_at) "
           "SELECT md5(g::text), g FROM generate_series(1, 100000) g");
    pd_ledger ledger = read_with(w, PD_LAYOUT_DRIZZLE);
    assert_int_equal(ledger.drizzle_count, 100000);
    assert_int_equal(ledger.drizzle[99999].created_at, 100000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(an_empty_database),
        WORLD_TEST(what_predeploy_wrote),
        WORLD_TEST(only_the_latest_deployments),
        WORLD_TEST(drizzle_without_names),
        WORLD_TEST(drizzle_with_names_elsewhere),
        WORLD_TEST(what_is_no_table_of_drizzle),
        WORLD_TEST(what_was_looked_at_is_what_is_read),
        WORLD_TEST(it_is_read_without_writing),
        WORLD_TEST(tables_that_count),
        WORLD_TEST(where_an_unqualified_table_goes),
        WORLD_TEST(a_large_ledger),
    };
    return cmocka_run_group_tests(tests, world_open, world_close);
}
