/* What is expected of the database when a batch begins, and between two of them. */
#include "batches.h"

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
        t.batch.predicted_tables = i == 2 ? 3 : -1;
        pd_step *step = add_step(w, &t, PD_STEP_APPLY, name,
                                 pd_arena_printf(w->arena, "CREATE TABLE t%zu (i int)", i));
        step->has_created_at = true;
        step->created_at = (int64_t)i;
        step->down_sql = "DROP TABLE t";
        step->down_hash = step->hash;
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
    static const char *const changes[] = {
        "INSERT INTO drizzle.__drizzle_migrations (hash, created_at) VALUES ('x', 1)",
        "UPDATE drizzle.__drizzle_migrations SET created_at = 3",
        "DELETE FROM drizzle.__drizzle_migrations",
        "DROP TABLE drizzle.__drizzle_migrations",
        ("INSERT INTO predeploy.migrations (name, hash, adopted, deployment, duration_ms) SELECT "
         "'x', repeat('0', 64), false, id, 0 FROM predeploy.deployments"),
        "UPDATE predeploy.migrations SET drizzle_id = 9",
        "UPDATE predeploy.migrations SET drizzle_created_at = 9",
    };
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        trial t;
        trial_open(w, &t, PD_LAYOUT_DRIZZLE);
        t.batch.last = false;
        pd_step *step = add_step(w, &t, PD_STEP_APPLY, "0001_a", "CREATE TABLE a (i int)");
        step->has_created_at = true;
        step->created_at = 1;
        must(w, trial_run(w, &t));
        assert_false(t.result.ledger_changed);
        ask(w, changes[i]);
        t.batch.count = 0;
        t.batch.first = 1;
        add_step(w, &t, PD_STEP_APPLY, "0002_b", "CREATE TABLE b (i int)");
        must(w, trial_run(w, &t));
        if (!t.result.ledger_changed) {
            fail_msg("not noticed: %s", changes[i]);
        }
        assert_int_equal(t.states[0].state, PD_STEP_PLANNED);
        assert_string_equal(ask(w, "SELECT to_regclass('b')"), "NULL");
        must(w, pd_db_read_ledger(t.db, w->arena, &t.ledger, &w->err));
        must(w, trial_run(w, &t));
        assert_false(t.result.ledger_changed);
        pd_db_close(&t.db);
        ask(w, "DROP TABLE a, b; DROP SCHEMA drizzle, predeploy CASCADE");
    }
}

/* What is adopted sends nothing: the answers are those of the steps behind it. */
static void an_error_behind_an_adoption(void **state)
{
    world *w = *state;
    trial t;
    trial_open(w, &t, PD_LAYOUT_PLAIN);
    add_step(w, &t, PD_STEP_ADOPT, "0001_a", NULL);
    add_step(w, &t, PD_STEP_APPLY, "0002_b", "SELECT nope;;\nSELECT 1");
    assert_false(trial_run(w, &t));
    expect_error(w, PD_ERROR_APPLY, "cannot apply 0002_b");
    assert_non_null(t.result.failure);
    assert_string_equal(t.result.failure->migration, "0002_b");
    assert_int_equal(t.result.failure->place.line, 1);
    assert_int_equal(t.states[1].state, PD_STEP_FAILED);
    t.steps[1].text = "SELECT 1;;\nSELECT nope";
    t.steps[1].script = cut(w->arena, t.steps[1].text);
    assert_false(trial_run(w, &t));
    assert_non_null(t.result.failure);
    assert_int_equal(t.result.failure->place.line, 2);
    pd_db_close(&t.db);
}

/* A rollback, a transaction each, when the layout is not Drizzle's any more. */
static void fences_of_two_batches_may_differ(void **state)
{
    world *w = *state;
    trial t;
    trial_open(w, &t, PD_LAYOUT_DRIZZLE);
    add_step(w, &t, PD_STEP_APPLY, "0001_a", "CREATE TABLE a (i int)");
    pd_step *step = add_step(w, &t, PD_STEP_APPLY, "0002_b", "CREATE TABLE b (i int)");
    step->has_created_at = true;
    step->created_at = 5;
    must(w, trial_run(w, &t));
    pd_db_close(&t.db);
    trial_open(w, &t, PD_LAYOUT_PLAIN);
    for (size_t i = 2; i > 0; i--) {
        const pd_ledger_row *row = &t.ledger.rows[i - 1];
        t.batch.count = 0;
        t.batch.first = 2 - i;
        t.batch.last = i == 1;
        t.batch.predicted_tables = i == 1 ? 0 : -1;
        step = add_step(w, &t, PD_STEP_REVERT, row->name, i == 2 ? "DROP TABLE b" : "DROP TABLE a");
        step->seq = row->seq;
        step->drizzle_id = row->drizzle_id;
        must(w, trial_run(w, &t));
        assert_false(t.result.ledger_changed);
    }
    assert_string_equal(ask(w, "SELECT count(*) FROM drizzle.__drizzle_migrations"), "0");
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
        {"UPDATE predeploy.migrations SET down_sql = 'DROP TABLE good', down_hash = hash",
         PD_LAYOUT_PLAIN},
        {"UPDATE predeploy.migrations SET down_sql = 'DROP TABLE evil'", PD_LAYOUT_PLAIN},
        {"UPDATE predeploy.migrations SET drizzle_id = 4", PD_LAYOUT_PLAIN},
        {"UPDATE predeploy.migrations SET drizzle_created_at = 4", PD_LAYOUT_PLAIN},
        {"DELETE FROM predeploy.migrations", PD_LAYOUT_PLAIN},
        {"CREATE SCHEMA drizzle; CREATE TABLE drizzle.__drizzle_migrations (id serial PRIMARY KEY, "
         "hash text NOT NULL, created_at bigint); INSERT INTO drizzle.__drizzle_migrations "
         "(hash, created_at) VALUES ('a', 1)",
         PD_LAYOUT_DRIZZLE},
        {"UPDATE drizzle.__drizzle_migrations SET hash = 'b'", PD_LAYOUT_DRIZZLE},
        {"UPDATE drizzle.__drizzle_migrations SET created_at = 2", PD_LAYOUT_DRIZZLE},
        {"UPDATE drizzle.__drizzle_migrations SET created_at = NULL", PD_LAYOUT_DRIZZLE},
        {"ALTER TABLE drizzle.__drizzle_migrations ADD name text DEFAULT 'x'", PD_LAYOUT_DRIZZLE},
        {"UPDATE drizzle.__drizzle_migrations SET name = 'y'", PD_LAYOUT_DRIZZLE},
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

static void tables_of_others_are_not_predicted(void **state)
{
    world *w = *state;
    trial t;
    trial_open(w, &t, PD_LAYOUT_PLAIN);
    ask(w, "CREATE TABLE made_meanwhile (i int)");
    t.batch.last = false;
    add_step(w, &t, PD_STEP_APPLY, "0001_a", "CREATE TABLE a (i int)");
    must(w, trial_run(w, &t));
    assert_int_equal(t.result.tables_before, 1);
    ask(w, "CREATE TABLE made_between (i int); CREATE TABLE another (i int)");
    t.batch.count = 0;
    t.batch.first = 1;
    t.batch.last = true;
    t.batch.predicted_tables = 2;
    add_step(w, &t, PD_STEP_APPLY, "0002_b", "CREATE TABLE b (i int)");
    must(w, trial_run(w, &t));
    assert_int_equal(t.result.tables_after, 5);
    pd_db_close(&t.db);
    /* what the migrations make is */
    trial_open(w, &t, PD_LAYOUT_PLAIN);
    ask(w, "DROP TABLE another");
    t.batch.predicted_tables = 6;
    add_step(w, &t, PD_STEP_APPLY, "0003_c", "CREATE TABLE c (i int);;CREATE TABLE d (i int)");
    assert_false(trial_run(w, &t));
    expect_error(w, PD_ERROR_VERIFY, "counted 6 tables in schema public, the plan predicts 5");
    pd_db_close(&t.db);
}

static void drizzles_table_may_be_one_of_those_counted(void **state)
{
    world *w = *state;
    w->settings.ledger_schema = "public";
    for (size_t i = 0; i < 2; i++) {
        trial t;
        trial_open(w, &t, PD_LAYOUT_DRIZZLE);
        t.batch.last = i == 1;
        pd_step *step = add_step(w, &t, PD_STEP_APPLY, i == 0 ? "0001_a" : "0002_b",
                                 i == 0 ? "CREATE TABLE a (i int)" : "CREATE TABLE b (i int)");
        step->has_created_at = true;
        t.batch.predicted_tables = i == 0 ? 2 : 3;
        must(w, trial_run(w, &t));
        assert_int_equal(t.result.tables_before, i == 0 ? 0 : 2);
        assert_int_equal(t.result.tables_after, i == 0 ? 2 : 3);
        pd_db_close(&t.db);
    }
    /* also when the batch that makes it is not the last */
    ask(w, "DROP TABLE a, b, __drizzle_migrations; DROP SCHEMA predeploy CASCADE");
    trial t;
    trial_open(w, &t, PD_LAYOUT_DRIZZLE);
    for (size_t i = 0; i < 2; i++) {
        t.batch.count = 0;
        t.batch.first = i;
        t.batch.last = i == 1;
        t.batch.predicted_tables = i == 1 ? 3 : -1;
        add_step(w, &t, PD_STEP_APPLY, i == 0 ? "0001_a" : "0002_b",
                 i == 0 ? "CREATE TABLE a (i int)" : "CREATE TABLE b (i int)");
        must(w, trial_run(w, &t));
    }
    pd_db_close(&t.db);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(a_transaction_each),
        WORLD_TEST(somebody_comes_between_two_batches),
        WORLD_TEST(an_error_behind_an_adoption),
        WORLD_TEST(fences_of_two_batches_may_differ),
        WORLD_TEST(a_plan_from_an_old_ledger_does_nothing),
        WORLD_TEST(tables_of_others_are_not_predicted),
        WORLD_TEST(drizzles_table_may_be_one_of_those_counted),
    };
    return cmocka_run_group_tests(tests, world_open, world_close);
}
