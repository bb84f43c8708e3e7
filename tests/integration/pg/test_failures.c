#include "batches.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"

/* What the parser sees in a statement decides whether the batch is piped or asked one by one: the
 * server is to be safe from both. */
static void set_traits(pd_step *step, unsigned traits)
{
    pd_script *script = (pd_script *)(uintptr_t)step->script;
    for (size_t i = 0; i < script->count; i++) {
        script->statements[i].traits = traits;
    }
}

/* Applies two steps of which the second fails, and checks that nothing of both is left. */
static void fail_with(world *w, trial *t, const char *text, unsigned traits, pd_error_kind kind,
                      const char *part)
{
    trial_open(w, t, PD_LAYOUT_DRIZZLE);
    const char *before = picture(w);
    add_step(w, t, PD_STEP_APPLY, "0001_good", "CREATE TABLE good (i int)");
    set_traits(add_step(w, t, PD_STEP_APPLY, "0002_bad", text), traits);
    if (trial_run(w, t)) {
        fail_msg("no error: %s", text);
    }
    expect_error(w, kind, part);
    assert_string_equal(picture(w), before);
    assert_string_equal(ask(w, "SELECT count(*) FROM pg_stat_activity WHERE state LIKE "
                               "'idle in transaction%'"),
                        "0");
    assert_int_equal(t->states[0].state, PD_STEP_UNDONE);
    assert_int_equal(t->states[1].state, PD_STEP_FAILED);
}

static void fail_second(world *w, trial *t, const char *text, pd_error_kind kind, const char *part)
{
    fail_with(w, t, text, 0, kind, part);
}

typedef struct pd_place_case {
    const char *text;
    int line;
    int column;
    const char *excerpt;
    const char *sqlstate;
    const char *object;
} pd_place_case;

static void the_error_is_put_in_its_place(void **state)
{
    world *w = *state;
    static const pd_place_case cases[] = {
        {"CREATE TABLE x (i int);;\n\nSELECT\n  nope\nFROM good", 4, 3, "  nope", "42703", NULL},
        {"SELECT '\xC3\xA4\xC3\xB6\xE2\x82\xAC', nope", 1, 15,
         "SELECT '\xC3\xA4\xC3\xB6\xE2\x82\xAC', nope", "42703", NULL},
        {"CREATE TABLE x (i int);; SELEC 1", 1, 26, "CREATE TABLE x (i int);; SELEC 1", "42601",
         NULL},
        {"CREATE TABLE x (i int CONSTRAINT small CHECK (i < 3));;\nINSERT INTO x\nVALUES (7)", 2, 1,
         "INSERT INTO x", "23514", "public.x, constraint small"},
        {"CREATE TABLE x (i int NOT NULL);;\n\tINSERT INTO x VALUES (NULL)", 2, 2,
         "\tINSERT INTO x VALUES (NULL)", "23502", "public.x, column i"},
        {"DO $$\nBEGIN\n  PERFORM nope();\nEND\n$$", 1, 1, "DO $$", "42883", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        trial t;
        fail_second(w, &t, cases[i].text, PD_ERROR_APPLY, "cannot apply 0002_bad");
        const pd_failure *failure = t.result.failure;
        assert_non_null(failure);
        assert_string_equal(failure->migration, "0002_bad");
        assert_string_equal(failure->place.path, "migrations/0002_bad.sql");
        assert_int_equal(failure->place.line, cases[i].line);
        assert_int_equal(failure->place.column, cases[i].column);
        assert_string_equal(failure->excerpt, cases[i].excerpt);
        assert_string_equal(failure->sqlstate, cases[i].sqlstate);
        assert_string_equal(w->err.code, cases[i].sqlstate);
        if (!pd_streq(failure->object, cases[i].object)) {
            fail_msg("%s: object is %s", cases[i].text, failure->object);
        }
        pd_db_close(&t.db);
    }
}

static void what_the_server_says_is_kept(void **state)
{
    world *w = *state;
    trial t;
    fail_second(w, &t,
                "DO $$ BEGIN RAISE EXCEPTION 'boom' USING DETAIL = 'why', HINT = 'what to do', "
                "ERRCODE = 'P0042'; END $$",
                PD_ERROR_APPLY, "boom");
    assert_string_equal(t.result.failure->message, "boom");
    assert_string_equal(t.result.failure->detail, "why");
    assert_string_equal(t.result.failure->hint, "what to do");
    assert_non_null(strstr(t.result.failure->context, "PL/pgSQL function"));
    assert_string_equal(t.result.failure->sqlstate, "P0042");
    assert_string_equal(w->err.detail, "boom\nwhy");
    assert_string_equal(w->err.hint, "what to do");
    pd_db_close(&t.db);
    fail_second(w, &t, "DO $$ BEGIN PERFORM 1 FROM nope; END $$", PD_ERROR_APPLY, "nope");
    assert_non_null(strstr(t.result.failure->context, "internal query: SELECT 1 FROM nope"));
    pd_db_close(&t.db);
}

typedef struct pd_trick {
    const char *text;
    const char *part;
} pd_trick;

static void the_transaction_cannot_be_left(void **state)
{
    world *w = *state;
    static const pd_trick tricks[] = {
        {"CREATE TABLE x (i int);;COMMIT", "tried to commit"},
        {"CREATE TABLE x (i int);;COMMIT AND CHAIN;;CREATE TABLE y (i int)", "tried to commit"},
        {"CREATE TABLE x (i int);;END;;CREATE TABLE y (i int)", "tried to commit"},
        {"SET session_replication_role = replica;;COMMIT", "tried to commit"},
        {"ROLLBACK", "rolled the transaction back"},
        {"ROLLBACK;;BEGIN", "rolled the transaction back"},
        {"ROLLBACK AND CHAIN;;CREATE TABLE y (i int)", "rolled the transaction back"},
        {"ABORT;;CREATE TABLE y (i int)", "rolled the transaction back"},
        {"PREPARE TRANSACTION 'x'", "0002_bad"},
        {"DO $$ BEGIN COMMIT; END $$", "0002_bad"},
        {"CREATE PROCEDURE p() LANGUAGE plpgsql AS 'BEGIN COMMIT; END';;CALL p()", "0002_bad"},
        {"SET CONSTRAINTS ALL IMMEDIATE", "name the constraints"},
        {"SET TRANSACTION READ ONLY", "cannot write the ledger"},
        {"SELECT 1;;ROLLBACK;;CREATE TABLE y (i int);;BEGIN", "rolled the transaction back"},
    };
    for (size_t i = 0; i < 2 * sizeof tricks / sizeof *tricks; i++) {
        trial t;
        const pd_trick *trick = &tricks[i / 2];
        unsigned traits = i % 2 == 0 ? 0 : PD_TRAIT_TRANSACTION_CONTROL;
        /* piped, a chain looks like a way back to a savepoint until something fails */
        bool vague = traits == 0 && strstr(trick->text, "ROLLBACK AND CHAIN") != NULL;
        fail_with(w, &t, trick->text, traits, PD_ERROR_APPLY, vague ? "0002_bad" : trick->part);
        assert_string_equal(ask(w, "SELECT to_regclass('public.y')"), "NULL");
        pd_db_close(&t.db);
    }
}

/* The seal can be taken away by whoever wants to: then the tag of the statement tells. */
static void a_commit_that_got_through_is_told(void **state)
{
    world *w = *state;
    static const char *const tricks[] = {
        "DELETE FROM predeploy.seal;;COMMIT",
        "DELETE FROM predeploy.seal;;COMMIT AND CHAIN;;CREATE TABLE y (i int)",
    };
    for (size_t i = 0; i < 2 * sizeof tricks / sizeof *tricks; i++) {
        trial t;
        trial_open(w, &t, PD_LAYOUT_PLAIN);
        add_step(w, &t, PD_STEP_APPLY, "0001_good", "CREATE TABLE good (i int)");
        set_traits(add_step(w, &t, PD_STEP_APPLY, "0002_bad", tricks[i / 2]),
                   i % 2 == 0 ? 0 : PD_TRAIT_TRANSACTION_CONTROL);
        assert_false(trial_run(w, &t));
        expect_error(w, PD_ERROR_PARTIAL, "committed the transaction");
        assert_int_equal(t.states[0].state, PD_STEP_DONE);
        assert_int_equal(t.states[1].state, PD_STEP_FAILED);
        /* its rows come at the end, which it has cut off */
        assert_string_equal(ask(w, "SELECT count(*) FROM predeploy.migrations"), "0");
        assert_string_equal(ask(w, "SELECT to_regclass('good') || '|' || "
                                   "coalesce(to_regclass('y')::text, '')"),
                            "good|");
        pd_db_close(&t.db);
        ask(w, "DROP TABLE good");
    }
}

static void the_ledger_is_not_for_migrations(void **state)
{
    world *w = *state;
    static const char *const tricks[] = {
        "DELETE FROM predeploy.migrations",
        "TRUNCATE predeploy.migrations",
        "UPDATE predeploy.migrations SET hash = repeat('0', 64)",
        "UPDATE predeploy.migrations SET name = 'other'",
        "UPDATE predeploy.migrations SET down_sql = 'x', down_hash = repeat('0', 64)",
        ("INSERT INTO predeploy.migrations (name, hash, adopted, deployment, duration_ms) SELECT "
         "'x', repeat('0', 64), false, id, 0 FROM predeploy.deployments"),
        "INSERT INTO drizzle.__drizzle_migrations (hash, created_at) VALUES ('x', 1)",
        "UPDATE predeploy.migrations SET down_sql = 'DROP TABLE evil'",
        "UPDATE predeploy.migrations SET drizzle_id = 9",
        "UPDATE predeploy.migrations SET drizzle_created_at = 9",
        "UPDATE drizzle.__drizzle_migrations SET created_at = 2",
        "UPDATE drizzle.__drizzle_migrations SET created_at = 12 - created_at",
        "UPDATE drizzle.__drizzle_migrations SET hash = 'y'",
        "DELETE FROM drizzle.__drizzle_migrations",
        "DROP TABLE drizzle.__drizzle_migrations",
        "ALTER TABLE predeploy.migrations RENAME TO gone",
        "DROP SCHEMA predeploy CASCADE",
        "DELETE FROM predeploy.seal",
        "DELETE FROM predeploy.migrations;; DELETE FROM predeploy.deployments",
        "UPDATE predeploy.deployments SET outcome = 'succeeded', finished_at = now()",
    };
    ask(w, "CREATE SCHEMA drizzle; CREATE TABLE drizzle.__drizzle_migrations (id serial PRIMARY "
           "KEY, hash text NOT NULL, created_at bigint);"
           "INSERT INTO drizzle.__drizzle_migrations (hash, created_at) VALUES ('h', 5), ('i', 7)");
    trial first;
    trial_open(w, &first, PD_LAYOUT_DRIZZLE);
    add_step(w, &first, PD_STEP_APPLY, "0000_first", "SELECT 1");
    must(w, trial_run(w, &first));
    pd_db_close(&first.db);
    for (size_t i = 0; i < sizeof tricks / sizeof *tricks; i++) {
        trial t;
        trial_open(w, &t, PD_LAYOUT_DRIZZLE);
        const char *before = picture(w);
        pd_step *good = add_step(w, &t, PD_STEP_APPLY, "0001_good", "CREATE TABLE good (i int)");
        good->down_sql = "DROP TABLE good";
        good->down_hash = good->hash;
        add_step(w, &t, PD_STEP_APPLY, "0002_bad", tricks[i]);
        if (trial_run(w, &t)) {
            fail_msg("not noticed: %s", tricks[i]);
        }
        assert_int_equal(w->err.kind, PD_ERROR_APPLY);
        assert_string_equal(picture(w), before);
        assert_string_equal(ask(w, "SELECT string_agg(concat_ws(' ', hash, created_at), ',') "
                                   "FROM drizzle.__drizzle_migrations"),
                            "h 5,i 7");
        pd_db_close(&t.db);
    }
}

static void copy_has_no_client(void **state)
{
    world *w = *state;
    static const char *const texts[] = {"COPY good FROM STDIN", "COPY good TO STDOUT",
                                        "COPY (SELECT generate_series(1, 50000)) TO STDOUT"};
    for (size_t i = 0; i < 2 * sizeof texts / sizeof *texts; i++) {
        trial t;
        fail_with(w, &t, texts[i / 2], i % 2 == 0 ? 0 : PD_TRAIT_COPY_STDIN, PD_ERROR_APPLY,
                  "COPY from or to the client");
        pd_db_close(&t.db);
    }
}

typedef struct pd_count_case {
    int64_t min;
    int64_t exact;
    int64_t predicted;
    const char *part;
} pd_count_case;

static void a_wrong_count_is_found_before_commit(void **state)
{
    world *w = *state;
    static const pd_count_case cases[] = {
        {3, -1, -1, "counted 1 tables in schema public, expected at least 3"},
        {-1, 2, -1, "counted 1 tables in schema public, expected 2"},
        {-1, 0, -1, "counted 1 tables in schema public, expected 0"},
        {-1, -1, 5, "counted 1 tables in schema public, the plan predicts 5"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        trial t;
        trial_open(w, &t, PD_LAYOUT_PLAIN);
        const char *before = picture(w);
        add_step(w, &t, PD_STEP_APPLY, "0001_a", "CREATE TABLE a (i int)");
        t.batch.min_tables = cases[i].min;
        t.batch.exact_tables = cases[i].exact;
        t.batch.predicted_tables = cases[i].predicted;
        assert_false(trial_run(w, &t));
        expect_error(w, PD_ERROR_VERIFY, cases[i].part);
        expect_error(w, PD_ERROR_VERIFY, "Nothing of this transaction was committed");
        assert_int_equal(t.result.tables_after, 1);
        assert_int_equal(t.states[0].state, PD_STEP_UNDONE);
        assert_string_equal(picture(w), before);
        pd_db_close(&t.db);
    }
}

static void a_deferred_constraint_that_does_not_hold(void **state)
{
    world *w = *state;
    trial t;
    trial_open(w, &t, PD_LAYOUT_PLAIN);
    const char *before = picture(w);
    add_step(w, &t, PD_STEP_APPLY, "0001_a",
             "CREATE TABLE a (i int PRIMARY KEY, j int CONSTRAINT later REFERENCES a DEFERRABLE "
             "INITIALLY DEFERRED);;INSERT INTO a VALUES (1, 2)");
    assert_false(trial_run(w, &t));
    expect_error(w, PD_ERROR_APPLY, "the check of the deferred constraints failed");
    expect_error(w, PD_ERROR_APPLY, "violates foreign key constraint \"later\"");
    assert_string_equal(w->err.code, "23503");
    assert_string_equal(picture(w), before);
    pd_db_close(&t.db);
    /* one that does, across migrations */
    trial_open(w, &t, PD_LAYOUT_PLAIN);
    add_step(
        w, &t, PD_STEP_APPLY, "0001_a",
        "CREATE TABLE a (i int PRIMARY KEY, j int REFERENCES a DEFERRABLE INITIALLY DEFERRED);;"
        "INSERT INTO a VALUES (1, 2)");
    add_step(w, &t, PD_STEP_APPLY, "0002_b", "INSERT INTO a VALUES (2, 1)");
    must(w, trial_run(w, &t));
    pd_db_close(&t.db);
}

static void a_locked_table_is_not_waited_for(void **state)
{
    world *w = *state;
    trial t;
    pd_conn reader = {0};
    ask(w, "CREATE TABLE busy (i int)");
    world_connect(w, &reader, w->conninfo);
    ask_on(w, &reader, "BEGIN; SELECT * FROM busy");
    w->settings.lock_timeout_ms = 400;
    trial_open(w, &t, PD_LAYOUT_PLAIN);
    const char *before = picture(w);
    add_step(w, &t, PD_STEP_APPLY, "0001_a", "ALTER TABLE busy ADD x int");
    int64_t begun_ms = pd_now_ms();
    assert_false(trial_run(w, &t));
    assert_true(pd_now_ms() - begun_ms >= 400);
    expect_error(w, PD_ERROR_LOCKED, "lock timeout");
    assert_string_equal(w->err.code, "55P03");
    assert_non_null(
        strstr(w->err.detail, pd_arena_printf(w->arena,
                                              "held up by process %d of user postgres, "
                                              "application \"test\", idle in transaction",
                                              PQbackendPID(reader.pg))));
    assert_string_equal(picture(w), before);
    /* the next attempt of the same run */
    ask_on(w, &reader, "COMMIT");
    must(w, trial_run(w, &t));
    pd_conn_close(&reader);
    pd_db_close(&t.db);
}

static void a_locked_ledger_of_drizzle(void **state)
{
    world *w = *state;
    trial t;
    pd_conn migrator = {0};
    ask(w, "CREATE SCHEMA drizzle; CREATE TABLE drizzle.__drizzle_migrations (id serial PRIMARY "
           "KEY, hash text NOT NULL, created_at bigint)");
    w->settings.lock_timeout_ms = 300;
    trial_open(w, &t, PD_LAYOUT_DRIZZLE);
    world_connect(w, &migrator, w->conninfo);
    ask_on(w, &migrator, "BEGIN; SELECT * FROM drizzle.__drizzle_migrations");
    add_step(w, &t, PD_STEP_APPLY, "0001_a", "CREATE TABLE a (i int)");
    assert_false(trial_run(w, &t));
    expect_error(w, PD_ERROR_LOCKED, "held up by process");
    assert_int_equal(t.states[0].state, PD_STEP_PLANNED);
    pd_conn_close(&migrator);
    pd_db_close(&t.db);
}

static void statements_may_have_a_limit(void **state)
{
    world *w = *state;
    trial t;
    w->settings.statement_timeout_ms = 200;
    fail_second(w, &t, "SELECT pg_sleep(60)", PD_ERROR_APPLY, "statementTimeout");
    assert_string_equal(w->err.code, "57014");
    pd_db_close(&t.db);
    /* a migration cannot lift it for the next one */
    trial_open(w, &t, PD_LAYOUT_PLAIN);
    add_step(w, &t, PD_STEP_APPLY, "0001_a", "SET statement_timeout = 0;;SELECT pg_sleep(0.4)");
    add_step(w, &t, PD_STEP_APPLY, "0002_b", "SELECT pg_sleep(60)");
    assert_false(trial_run(w, &t));
    assert_string_equal(t.result.failure->migration, "0002_b");
    pd_db_close(&t.db);
}

static void a_signal_cancels_and_rolls_back(void **state)
{
    world *w = *state;
    trial t;
    static const int signals[] = {SIGINT, SIGTERM};
    for (size_t i = 0; i < 2; i++) {
        pd_error none = {0};
        pd_interrupt quiet = {.fd = -1};
        trial_open(w, &t, PD_LAYOUT_PLAIN);
        const char *before = picture(w);
        assert_true(pd_interrupt_open(&w->interrupt, &none));
        add_step(w, &t, PD_STEP_APPLY, "0001_a", "CREATE TABLE a (i int)");
        add_step(w, &t, PD_STEP_APPLY, "0002_sleep", "SELECT pg_sleep(60)");
        pid_t child = signal_when_it_sleeps(w, signals[i]);
        int64_t begun_ms = pd_now_ms();
        assert_false(trial_run(w, &t));
        assert_true(pd_now_ms() - begun_ms < 30000);
        assert_int_equal(waitpid(child, NULL, 0), child);
        assert_int_equal(w->err.kind, PD_ERROR_INTERRUPTED);
        assert_int_equal(w->err.signal, signals[i]);
        assert_int_equal(t.states[0].state, PD_STEP_UNDONE);
        assert_string_equal(picture(w), before);
        assert_string_equal(ask(w, "SELECT count(*) FROM pg_stat_activity WHERE query LIKE "
                                   "'%pg_sleep(60)' AND state = 'active'"),
                            "0");
        /* cancelled, not cut off: both connections are there */
        assert_string_equal(ask(w, "SELECT count(*) FROM pg_stat_activity WHERE datname = "
                                   "current_database() AND application_name LIKE 'predeploy/%'"),
                            "2");
        /* it can still be said how it ended */
        t.deployment.outcome = "interrupted";
        must(w, pd_db_finish_deployment(t.db, &t.deployment, &none));
        pd_db_close(&t.db);
        pd_interrupt_close(&w->interrupt);
        w->interrupt = quiet;
    }
}

static void a_connection_lost_in_a_statement(void **state)
{
    world *w = *state;
    trial t;
    fail_second(w, &t, "SELECT pg_terminate_backend(pg_backend_pid())", PD_ERROR_APPLY,
                "the connection to the database was lost");
    assert_non_null(t.result.failure);
    assert_string_equal(t.result.failure->sqlstate, "57P01");
    /* the next batch gets a new worker */
    t.batch.count = 1;
    must(w, trial_run(w, &t));
    pd_db_close(&t.db);
}

static void a_ledger_row_that_is_not_there(void **state)
{
    world *w = *state;
    trial t;
    trial_open(w, &t, PD_LAYOUT_PLAIN);
    add_step(w, &t, PD_STEP_REVERT, "0001_a", "SELECT 1")->seq = 42;
    assert_false(trial_run(w, &t));
    expect_error(w, PD_ERROR_APPLY, "cannot take out 0001_a");
    pd_db_close(&t.db);
}

/* Whoever may create objects there could have made Drizzle's table first. */
static void drizzles_table_with_a_trigger(void **state)
{
    world *w = *state;
    trial t;
    trial_open(w, &t, PD_LAYOUT_DRIZZLE);
    ask(w, "CREATE SCHEMA drizzle; CREATE TABLE drizzle.__drizzle_migrations (id serial PRIMARY "
           "KEY, hash text NOT NULL, created_at bigint); CREATE FUNCTION evil() RETURNS trigger "
           "LANGUAGE plpgsql AS 'BEGIN CREATE TABLE hijacked (); RETURN NEW; END';"
           "CREATE TRIGGER t BEFORE INSERT ON drizzle.__drizzle_migrations FOR EACH ROW EXECUTE "
           "FUNCTION evil()");
    add_step(w, &t, PD_STEP_APPLY, "0001_a", "CREATE TABLE a (i int)")->has_created_at = true;
    assert_false(trial_run(w, &t));
    expect_error(w, PD_ERROR_UNREACHABLE, "it has a trigger");
    assert_string_equal(ask(w, "SELECT to_regclass('hijacked')"), "NULL");
    pd_db_close(&t.db);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(the_error_is_put_in_its_place),
        WORLD_TEST(what_the_server_says_is_kept),
        WORLD_TEST(the_transaction_cannot_be_left),
        WORLD_TEST(a_commit_that_got_through_is_told),
        WORLD_TEST(the_ledger_is_not_for_migrations),
        WORLD_TEST(copy_has_no_client),
        WORLD_TEST(a_wrong_count_is_found_before_commit),
        WORLD_TEST(a_deferred_constraint_that_does_not_hold),
        WORLD_TEST(a_locked_table_is_not_waited_for),
        WORLD_TEST(a_locked_ledger_of_drizzle),
        WORLD_TEST(statements_may_have_a_limit),
        WORLD_TEST(a_signal_cancels_and_rolls_back),
        WORLD_TEST(a_connection_lost_in_a_statement),
        WORLD_TEST(a_ledger_row_that_is_not_there),
        WORLD_TEST(drizzles_table_with_a_trigger),
    };
    return cmocka_run_group_tests(tests, world_open, world_close);
}
