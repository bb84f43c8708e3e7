/* Statements outside of transactions: what is done about each kind, by what stands there before,
 * by what a broken attempt has left, and by what the ledger says of it. */
#include "alone.h"

static const scenario scenarios[] = {
    /* CREATE INDEX: never begun */
    {CREATE, TABLE, NULL, NULL, VALID, "t"},
    {CREATE, TABLE "CREATE INDEX i ON t (a);", NULL, "already exists", THERE, "t"},
    {CREATE, TABLE "CREATE INDEX i ON t (a);" INVALID, NULL, "already exists", VALID, "f"},
    {CREATE, "CREATE TABLE i ();" TABLE, NULL, "already exists", THERE, "t"},
    {CREATE, "", NULL, "does not exist", THERE, "f"},
    {CREATE_IF, TABLE, NULL, NULL, VALID, "t"},
    {CREATE_IF, TABLE "CREATE INDEX i ON t (a);", NULL, NULL, VALID, "t"},
    {CREATE_IF, TABLE "CREATE INDEX i ON t (a);" INVALID, NULL, "it is INVALID", VALID, "f"},
    {CREATE_IF, TABLE "CREATE INDEX i ON t (b);", NULL, "it differs", VALID, "t"},
    {CREATE_IF, TABLE "CREATE UNIQUE INDEX i ON t (a);", NULL, "it differs", VALID, "t"},
    {CREATE_IF, TABLE "CREATE INDEX i ON t (a DESC);", NULL, "it differs", VALID, "t"},
    {CREATE_IF, TABLE "CREATE INDEX i ON t USING hash (a);", NULL, "it differs", VALID, "t"},
    {CREATE_IF, TABLE "CREATE INDEX i ON t (a) WHERE b > 0;", NULL, "it differs", VALID, "t"},
    {CREATE_IF, TABLE "CREATE TABLE u (a int); CREATE INDEX i ON u (a);", NULL, "of another table",
     VALID, "t"},
    {CREATE_IF, "CREATE TABLE i ();" TABLE, NULL, "it is no index", THERE, "t"},
    /* CREATE INDEX: begun when nothing was there */
    {CREATE, TABLE, "absent", NULL, VALID, "t"},
    {CREATE, TABLE "CREATE INDEX i ON t (a);", "absent", NULL, VALID, "t"},
    {CREATE, TABLE "CREATE INDEX i ON t (a);" INVALID, "absent", NULL, VALID, "t"},
    {CREATE, TABLE "CREATE INDEX i ON t (b);" INVALID, "absent", NULL, DEFINITION,
     "CREATE INDEX i ON public.t USING btree (a)"},
    {CREATE, TABLE "CREATE INDEX i ON t (b);", "absent", "it differs", VALID, "t"},
    {CREATE, TABLE "CREATE TABLE u (a int); CREATE INDEX i ON u (a);" INVALID, "absent",
     "of another table", VALID, "f"},
    {CREATE, "CREATE TABLE i ();" TABLE, "absent", "it is no index", THERE, "t"},
    {CREATE_IF, TABLE "CREATE INDEX i ON t (a);" INVALID, "absent", NULL, VALID, "t"},
    /* CREATE INDEX: begun when something was there, which is not ours */
    {CREATE, TABLE "CREATE INDEX i ON t (a);", "valid", "already exists", VALID, "t"},
    {CREATE, TABLE "CREATE INDEX i ON t (a);" INVALID, "invalid", "already exists", VALID, "f"},
    {CREATE, TABLE, "invalid", NULL, VALID, "t"},
    {CREATE_IF, TABLE "CREATE INDEX i ON t (a);" INVALID, "invalid", "it is INVALID", VALID, "f"},
    /* DROP INDEX */
    {DROP, TABLE "CREATE INDEX i ON t (a);", NULL, NULL, THERE, "f"},
    {DROP, TABLE, NULL, "does not exist", THERE, "f"},
    {DROP, TABLE, "valid", NULL, THERE, "f"},
    {DROP, TABLE, "absent", "does not exist", THERE, "f"},
    {DROP, TABLE "CREATE INDEX i ON t (a);", "valid", NULL, THERE, "f"},
    {DROP, TABLE "CREATE INDEX i ON t (a);" INVALID, "valid", NULL, THERE, "f"},
    /* of two of one name the first one in the search path goes, and only it */
    {DROP,
     "CREATE SCHEMA other; ALTER ROLE postgres SET search_path = public, other;" TABLE
     "CREATE TABLE other.o (a int); CREATE INDEX i ON other.o (a);",
     "valid", NULL, "SELECT to_regclass('other.i')::text || to_regclass('public.i') IS NULL", "t"},
    /* REINDEX */
    {REINDEX, TABLE "CREATE INDEX i ON t (a);", NULL, NULL, VALID, "t"},
    {REINDEX,
     TABLE "CREATE INDEX i ON t (a); CREATE INDEX i_ccnew ON t (a);"
           "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'i_ccnew'::regclass;",
     "leftovers", NULL, "SELECT to_regclass('i_ccnew')", "NULL"},
    {REINDEX,
     TABLE "CREATE INDEX i ON t (a); CREATE INDEX i_ccnew ON t (a);"
           "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'i_ccnew'::regclass;",
     NULL, NULL, "SELECT to_regclass('i_ccnew')", "i_ccnew"},
    {REINDEX, TABLE "CREATE INDEX i ON t (a); CREATE INDEX i_ccold1 ON t (b);", "leftovers", NULL,
     "SELECT to_regclass('i_ccold1')", "i_ccold1"},
    {REINDEX, TABLE "CREATE INDEX i ON t (a);" INVALID, "leftovers", NULL, VALID, "t"},
    /* DETACH PARTITION */
    {DETACH, PARTITIONS, NULL, NULL, ATTACHED, "0"},
    {DETACH, PARTITIONS, "attached", NULL, ATTACHED, "0"},
    {DETACH, PARTITIONS "UPDATE pg_inherits SET inhdetachpending = true;", "attached", NULL,
     ATTACHED, "0"},
    {DETACH, PARTITIONS "UPDATE pg_inherits SET inhdetachpending = true;", NULL, "already pending",
     ATTACHED, "1"},
    {DETACH, PARTITIONS "ALTER TABLE p DETACH PARTITION c;", "attached", NULL, ATTACHED, "0"},
    {DETACH, PARTITIONS "ALTER TABLE p DETACH PARTITION c;", NULL, "is not a partition", ATTACHED,
     "0"},
    /* by existence */
    {PD_OUTSIDE_DROP_SUBSCRIPTION, "DROP SUBSCRIPTION s", NAMED("s"), "", "present", NULL, "", ""},
    {PD_OUTSIDE_DROP_SUBSCRIPTION, "DROP SUBSCRIPTION s", NAMED("s"), "", NULL, "does not exist",
     "", ""},
    /* to be run again */
    {PD_OUTSIDE_REPEAT, "VACUUM t", NAMED(""), TABLE, NULL, NULL, "", ""},
    {PD_OUTSIDE_REPEAT, "VACUUM t", NAMED(""), TABLE, "unasked", NULL, "", ""},
    {PD_OUTSIDE_REPEAT, "VACUUM nosuch", NAMED(""), TABLE, NULL, "does not exist", "", ""},
    /* nobody knows */
    {PD_OUTSIDE_UNKNOWN, "DO 'BEGIN INSERT INTO t VALUES (3); COMMIT; END'", NAMED(""), TABLE, NULL,
     NULL, "SELECT count(*) FROM t", "2"},
    {PD_OUTSIDE_UNKNOWN, "DO 'BEGIN INSERT INTO t VALUES (3); COMMIT; END'", NAMED(""), TABLE,
     "unasked", "nobody can tell", "SELECT count(*) FROM t", "1"},
};

static void check_applied(world *w, const scenario *s, size_t number)
{
    const char *left = rows(w);
    const char *in = ask(w, "SELECT count(*) FROM predeploy.migrations WHERE name = '" NAME "'");
    if (*left != '\0' || !pd_streq(in, "1")) {
        fail_msg("scenario %zu (%s): rows %s, in %s", number, s->text, left, in);
    }
}

static void check_refused(world *w, const scenario *s, size_t number, bool done)
{
    const char *in = ask(w, "SELECT count(*) FROM predeploy.migrations WHERE name = '" NAME "'");
    bool said = strstr(w->err.message, s->error) != NULL || strstr(w->err.detail, s->error) != NULL;
    if (done || !said || !pd_streq(in, "0") || w->err.kind != PD_ERROR_APPLY) {
        fail_msg("scenario %zu (%s): done %d, %s: %s, in %s", number, s->text, (int)done,
                 w->err.message, w->err.detail, in);
    }
    /* What was in doubt stays so; what failed at once and left nothing is as if it never was. */
    if (s->before == NULL && *rows(w) != '\0') {
        fail_msg("scenario %zu (%s): rows %s", number, s->text, rows(w));
    }
}

static void each_kind_in_each_state(void **state)
{
    world *w = *state;
    for (size_t i = 0; i < sizeof scenarios / sizeof *scenarios; i++) {
        const scenario *s = &scenarios[i];
        trial t;
        ask(w, pd_arena_printf(w->arena, "SELECT 1;%s", s->setup));
        trial_open(w, &t, PD_LAYOUT_PLAIN);
        const pd_step *step = add_alone(w, &t, s);
        if (s->before != NULL) {
            add_row(w, &t, step, s->before, 1);
        }
        bool done = trial_run(w, &t);
        if (s->error != NULL) {
            check_refused(w, s, i, done);
        } else {
            must(w, done);
            check_applied(w, s, i);
        }
        const char *answer = *s->ask == '\0' ? s->answer : ask(w, s->ask);
        if (!pd_streq(answer, s->answer)) {
            fail_msg("scenario %zu (%s): %s", i, s->text, answer);
        }
        pd_db_close(&t.db);
        ask(w, "ALTER ROLE postgres RESET search_path; DROP SCHEMA predeploy CASCADE;"
               "DROP SCHEMA IF EXISTS other CASCADE; DROP SCHEMA public CASCADE;"
               "CREATE SCHEMA public");
    }
}

/* A session that a killed predeploy left at work: it goes before anything else is done. */
static void an_orphan_is_ended_first(void **state)
{
    world *w = *state;
    static const scenario s = {CREATE, TABLE, "absent", NULL, VALID, "t"};
    trial t;
    pd_conn orphan = {0};
    PD_AUTO_RESULT ignored = NULL;
    ask(w, s.setup);
    trial_open(w, &t, PD_LAYOUT_PLAIN);
    const pd_step *step = add_alone(w, &t, &s);
    world_connect(w, &orphan, w->conninfo);
    int pid = PQbackendPID(orphan.pg);
    add_row(w, &t, step, "absent", pid);
    /* It holds what the index needs, and would do so for ever. */
    ask_on(w, &orphan, "BEGIN; LOCK TABLE t IN SHARE MODE");
    must(w, trial_run(w, &t));
    check_applied(w, &s, 0);
    pd_request request = {.sql = "SELECT 1", .limit_ms = 10000};
    assert_int_equal(pd_conn_ask(&orphan, &request, &ignored), PD_REPLY_LOST);
    pd_conn_close(&orphan);
    pd_db_close(&t.db);
}

/* The process of that number is another one's by now. */
static void a_stranger_is_left_alone(void **state)
{
    world *w = *state;
    static const scenario s = {CREATE, TABLE, "absent", NULL, VALID, "t"};
    trial t;
    ask(w, s.setup);
    trial_open(w, &t, PD_LAYOUT_PLAIN);
    const pd_step *step = add_alone(w, &t, &s);
    add_row(w, &t, step, "absent", PQbackendPID(w->admin.pg));
    ask(w, "UPDATE predeploy.statements SET backend_start = backend_start - interval '1 us'");
    must(w, trial_run(w, &t));
    assert_string_equal(ask(w, "SELECT 'here'"), "here");
    pd_db_close(&t.db);
}

/* Somebody's transaction is open: the build waits for it without lock_timeout, and nobody waits
 * for the build. */
static void a_build_is_not_under_lock_timeout(void **state)
{
    world *w = *state;
    static const scenario s = {PD_OUTSIDE_CREATE_INDEX,
                               "CREATE INDEX CONCURRENTLY i ON t (a)",
                               INDEX(false),
                               TABLE,
                               NULL,
                               NULL,
                               VALID,
                               "t"};
    trial t;
    pd_conn other = {0};
    w->settings.lock_timeout_ms = 100;
    ask(w, s.setup);
    world_connect(w, &other, w->conninfo);
    ask_on(w, &other, "BEGIN; INSERT INTO t VALUES (5)");
    /* ends by itself, long after lock_timeout */
    ask_on(w, &other, "SET idle_in_transaction_session_timeout = '700ms'");
    trial_open(w, &t, PD_LAYOUT_PLAIN);
    add_alone(w, &t, &s);
    must(w, trial_run(w, &t));
    check_applied(w, &s, 0);
    pd_conn_close(&other);
    pd_db_close(&t.db);
}

/* Between its statements the ledger was changed by somebody: nothing more is done, and what is done
 * stays written down. */
static void a_changed_ledger_stops_it(void **state)
{
    world *w = *state;
    static const scenario s = {CREATE, TABLE, NULL, NULL, VALID, "t"};
    trial t;
    ask(w, s.setup);
    trial_open(w, &t, PD_LAYOUT_PLAIN);
    add_alone(w, &t, &s);
    ask(w, "INSERT INTO predeploy.migrations (name, hash, adopted, deployment, duration_ms) SELECT "
           "'x', repeat('0', 64), false, id, 0 FROM predeploy.deployments");
    must(w, trial_run(w, &t));
    assert_true(t.result.ledger_changed);
    assert_null(t.result.half);
    assert_string_equal(rows(w), "");
    assert_string_equal(ask(w, THERE), "f");
    pd_db_close(&t.db);
}

/* A half that is in is told, whatever stops the rest. */
static void what_is_in_is_told(void **state)
{
    world *w = *state;
    trial t;
    trial_open(w, &t, PD_LAYOUT_PLAIN);
    pd_step *step = add_step(w, &t, PD_STEP_APPLY, NAME,
                             "CREATE TABLE t (a int);; INSERT INTO t VALUES (1);; VACUUM t;; "
                             "SELECT nosuch()");
    pd_statement *statements = ((pd_script *)(uintptr_t)step->script)->statements;
    static const pd_subject none = NAMED("");
    step->alone = true;
    statements[2].outside = PD_OUTSIDE_REPEAT;
    statements[2].traits = PD_TRAIT_NO_TRANSACTION;
    statements[2].subject = &none;
    assert_false(trial_run(w, &t));
    expect_error(w, PD_ERROR_APPLY, "nosuch");
    assert_non_null(t.result.half);
    assert_non_null(strstr(t.result.half, "3 of its 4 statements are done"));
    assert_string_equal(rows(w), "1 done,2 done,3 done unasked");
    assert_string_equal(ask(w, "SELECT count(DISTINCT xmin::text) FROM predeploy.statements"), "2");
    ask(w, "CREATE FUNCTION nosuch() RETURNS int LANGUAGE sql AS 'SELECT 1'");
    must(w, trial_run(w, &t));
    assert_null(t.result.half);
    assert_string_equal(rows(w), "");
    assert_string_equal(ask(w, "SELECT count(*) FROM t"), "1");
    pd_db_close(&t.db);
}

static pd_step *add_path_call_vacuum(world *w, trial *t)
{
    pd_step *step = add_step(w, t, PD_STEP_APPLY, NAME,
                             "SET search_path = evil, pg_catalog;; CALL public.p();; "
                             "VACUUM public.t");
    pd_statement *statements = ((pd_script *)(uintptr_t)step->script)->statements;
    static const pd_subject none = NAMED("");
    step->alone = true;
    statements[0].traits = PD_TRAIT_SESSION;
    for (size_t i = 1; i < 3; i++) {
        statements[i].outside = PD_OUTSIDE_REPEAT;
        statements[i].traits = PD_TRAIT_NO_TRANSACTION;
        statements[i].subject = &none;
    }
    return step;
}

/* The session that a broken attempt leaves is the migration's: nothing is counted in it. */
static void operators_of_a_migration_count_nothing(void **state)
{
    world *w = *state;
    trial t;
    ask(w, "CREATE TABLE t (a int); CREATE SCHEMA evil;"
           "CREATE FUNCTION evil.no(name, name) RETURNS bool LANGUAGE sql AS 'SELECT false';"
           "CREATE OPERATOR evil.= (LEFTARG = name, RIGHTARG = name, FUNCTION = evil.no)");
    trial_open(w, &t, PD_LAYOUT_PLAIN);
    ask(w, "CREATE PROCEDURE p() LANGUAGE sql AS $$INSERT INTO predeploy.migrations (name, hash, "
           "adopted, deployment, duration_ms) SELECT 'x', repeat('0', 64), false, id, 0 FROM "
           "predeploy.deployments$$");
    add_path_call_vacuum(w, &t);
    must(w, trial_run(w, &t));
    assert_true(t.result.ledger_changed);
    assert_non_null(t.result.half);
    assert_int_equal(t.result.tables_before, 1);
    ask(w, "DELETE FROM predeploy.migrations");
    t.batch.steps = &t.steps[1];
    t.batch.count = 1;
    add_path_call_vacuum(w, &t);
    t.batch.count = 1;
    must(w, trial_run(w, &t));
    assert_int_equal(t.result.tables_before, 1);
    pd_db_close(&t.db);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(each_kind_in_each_state),
        WORLD_TEST(an_orphan_is_ended_first),
        WORLD_TEST(a_stranger_is_left_alone),
        WORLD_TEST(a_build_is_not_under_lock_timeout),
        WORLD_TEST(a_changed_ledger_stops_it),
        WORLD_TEST(what_is_in_is_told),
        WORLD_TEST(operators_of_a_migration_count_nothing),
    };
    return cmocka_run_group_tests(tests, world_open, world_close);
}
