/* Drizzle's table is written, and rows of it taken out, as Drizzle would expect it. */
#include "batches.h"

#define ROWS                                                                                       \
    "SELECT coalesce(string_agg(concat_ws(' ', id, CASE WHEN length(hash) < 64 THEN hash END), "   \
    "',' ORDER BY id), '') FROM drizzle.__drizzle_migrations"

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

/* As a rollback plans it: from the last row of the ledger. */
static pd_step *plan_revert(world *w, trial *t, pd_layout_kind layout)
{
    trial_open(w, t, layout);
    const pd_ledger_row *row = &t->ledger.rows[t->ledger.count - 1];
    pd_step *step = add_step(w, t, PD_STEP_REVERT, row->name,
                             pd_arena_printf(w->arena, "DROP TABLE %s", row->name + 5));
    step->seq = row->seq;
    step->drizzle_id = row->drizzle_id;
    step->has_created_at = row->has_drizzle_created_at;
    step->created_at = row->drizzle_created_at;
    return step;
}

static void take_out(world *w, pd_layout_kind layout)
{
    trial t;
    (void)plan_revert(w, &t, layout);
    t.batch.predicted_tables = t.ledger.tables - 1;
    must(w, trial_run(w, &t));
    assert_false(t.result.ledger_changed);
    assert_int_equal(t.result.tables_after, t.result.tables_before - 1);
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
    assert_string_equal(ask(w, "SELECT string_agg(drizzle_id || ' ' || drizzle_created_at, ',' "
                               "ORDER BY seq) FROM predeploy.migrations"),
                        "1 1795379225633,2 1795379227701");
    take_out(w, PD_LAYOUT_DRIZZLE);
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
    take_out(w, PD_LAYOUT_DRIZZLE_FOLDERS);
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
    take_out(w, PD_LAYOUT_DRIZZLE);
    assert_string_equal(
        ask(w, "SELECT string_agg(id::text, ',') FROM drizzle.__drizzle_migrations"), "1");
}

static void rows_that_share_created_at(void **state)
{
    world *w = *state;
    apply_two(w, PD_LAYOUT_DRIZZLE);
    ask(w, "INSERT INTO drizzle.__drizzle_migrations (hash, created_at) "
           "VALUES ('another', 1795379227701)");
    take_out(w, PD_LAYOUT_DRIZZLE);
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
           "INSERT INTO drizzle.__drizzle_migrations VALUES (41, 'h', 5)");
    trial_open(w, &t, PD_LAYOUT_DRIZZLE);
    pd_step *step = add_step(w, &t, PD_STEP_ADOPT, "0001_a", NULL);
    step->has_created_at = true;
    step->created_at = 5;
    step->drizzle_id = t.ledger.drizzle[0].id;
    add_step(w, &t, PD_STEP_APPLY, "0002_b", "CREATE TABLE b (i int)");
    must(w, trial_run(w, &t));
    assert_string_equal(ask(w, "SELECT string_agg(concat_ws(' ', name, adopted, "
                               "drizzle_id, drizzle_created_at), ',' ORDER BY seq) "
                               "FROM predeploy.migrations"),
                        "0001_a t 41 5,0002_b f");
    assert_string_equal(ask(w, "SELECT count(*) FROM drizzle.__drizzle_migrations"), "1");
    assert_string_equal(ask(w, "SELECT migrations FROM predeploy.deployments"), "{0002_b}");
    pd_db_close(&t.db);
}

/* Two rows by two migrators at once, one by hand, and one that belongs to somebody else. */
static void twins_go_too(void **state)
{
    world *w = *state;
    apply_two(w, PD_LAYOUT_DRIZZLE_FOLDERS);
    ask(w, "INSERT INTO drizzle.__drizzle_migrations (hash, created_at, name) SELECT hash, "
           "created_at, n FROM drizzle.__drizzle_migrations, unnest(ARRAY["
           "'20261122202707_b', NULL, '20261122202707_other', '20261122202707_b']) n WHERE id = 2;"
           "INSERT INTO drizzle.__drizzle_migrations (hash, created_at) SELECT hash, 7 "
           "FROM drizzle.__drizzle_migrations WHERE id = 2;"
           "UPDATE predeploy.migrations SET drizzle_id = 6 WHERE name = '0001_a'");
    take_out(w, PD_LAYOUT_DRIZZLE_FOLDERS);
    assert_string_equal(ask(w, ROWS), "1,5,6,7");
}

/* The row that the ledger names goes, whatever else became of it and whatever the layout is now. */
static void the_row_is_known_by_its_id(void **state)
{
    world *w = *state;
    static const struct {
        pd_layout_kind layout;
        const char *sql;
    } cases[] = {
        {PD_LAYOUT_DRIZZLE, "UPDATE drizzle.__drizzle_migrations SET hash = 'crlf' WHERE id = 2"},
        {PD_LAYOUT_DRIZZLE, "UPDATE drizzle.__drizzle_migrations SET created_at = 7 WHERE id = 2"},
        {PD_LAYOUT_DRIZZLE, "UPDATE drizzle.__drizzle_migrations SET created_at = NULL, hash = 'x' "
                            "WHERE id = 2; UPDATE predeploy.migrations SET drizzle_created_at = "
                            "NULL WHERE name = '0002_b'"},
        {PD_LAYOUT_DRIZZLE_FOLDERS, "SELECT 1"},
        {PD_LAYOUT_PLAIN, "SELECT 1"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        apply_two(w, PD_LAYOUT_DRIZZLE);
        ask(w, cases[i].sql);
        take_out(w, cases[i].layout);
        if (strcmp(ask(w, ROWS), "1") != 0) {
            fail_msg("%s: left are %s", cases[i].sql, ask(w, ROWS));
        }
        ask(w, "DROP TABLE a; DROP SCHEMA drizzle, predeploy CASCADE");
    }
}

static void a_row_that_is_gone_stops_it(void **state)
{
    world *w = *state;
    static const char *const tricks[] = {
        "DELETE FROM drizzle.__drizzle_migrations WHERE id = 2",
        "UPDATE drizzle.__drizzle_migrations SET hash = 'another', created_at = 7 WHERE id = 2",
        "UPDATE drizzle.__drizzle_migrations SET id = 3 WHERE id = 2",
        "DROP TABLE drizzle.__drizzle_migrations",
        "DROP SCHEMA drizzle CASCADE",
    };
    static const pd_layout_kind layouts[] = {PD_LAYOUT_DRIZZLE, PD_LAYOUT_PLAIN};
    for (size_t i = 0; i < 2 * sizeof tricks / sizeof *tricks; i++) {
        trial t;
        apply_two(w, PD_LAYOUT_DRIZZLE);
        ask(w, tricks[i / 2]);
        (void)plan_revert(w, &t, layouts[i % 2]);
        const char *before = picture(w);
        if (trial_run(w, &t)) {
            fail_msg("taken out: %s", tricks[i / 2]);
        }
        expect_error(w, PD_ERROR_APPLY, "Drizzle's table has no row 2 for 0002_b any more");
        expect_error(w, PD_ERROR_APPLY, "drizzle_id = NULL WHERE seq = 2;");
        assert_string_equal(picture(w), before);
        bool there = strstr(tricks[i / 2], "DROP") == NULL;
        assert_string_equal(ask(w, "SELECT to_regclass('drizzle.__drizzle_migrations') IS NULL"),
                            there ? "f" : "t");
        pd_db_close(&t.db);
        /* what the hint says */
        ask(w, "UPDATE predeploy.migrations SET drizzle_id = NULL WHERE seq = 2");
        take_out(w, layouts[i % 2]);
        assert_string_equal(ask(w, "SELECT to_regclass('drizzle.__drizzle_migrations') IS NULL"),
                            there ? "f" : "t");
        ask(w,
            "DROP TABLE a; DROP SCHEMA IF EXISTS drizzle CASCADE; DROP SCHEMA predeploy CASCADE");
    }
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(drizzle_rows_without_names),     WORLD_TEST(drizzle_rows_with_names),
        WORLD_TEST(the_shape_of_the_table_decides), WORLD_TEST(rows_that_share_created_at),
        WORLD_TEST(adoption_runs_nothing),          WORLD_TEST(twins_go_too),
        WORLD_TEST(the_row_is_known_by_its_id),     WORLD_TEST(a_row_that_is_gone_stops_it),
        WORLD_TEST(the_ledgers_are_fenced),
    };
    return cmocka_run_group_tests(tests, world_open, world_close);
}
