/* Statements outside of transactions: what else may come between. */
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "alone.h"

/* Between the look at what is there and the statement another session does the same: it keeps the
 * announcement waiting, and is seen when it lets it go. */
typedef struct race {
    scenario own;
    const char *rival;
    const char *error; /* NULL: it is applied */
    const char *rows;
} race;

static const race races[] = {
    {{CREATE, TABLE, NULL, NULL, VALID, "t"},
     "CREATE INDEX i ON public.t (a);",
     "already exists",
     ""},
    {{CREATE, TABLE, NULL, NULL, VALID, "f"},
     "CREATE INDEX i ON public.t (a);"
     "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'public.i'::regclass;",
     "already exists",
     ""},
    {{CREATE_IF, TABLE, NULL, NULL, VALID, "t"}, "CREATE INDEX i ON public.t (a);", NULL, ""},
    {{CREATE_IF, TABLE, NULL, NULL, VALID, "t"},
     "CREATE INDEX i ON public.t (b);",
     "another index than the statement asks for",
     "1 running absent"},
    {{PD_OUTSIDE_CREATE_SUBSCRIPTION, "CREATE SUBSCRIPTION s CONNECTION 'dbname=x' PUBLICATION p",
      NAMED("s"), "", NULL, NULL, "SELECT count(*) FROM pg_subscription", "1"},
     "CREATE SUBSCRIPTION s CONNECTION 'dbname=x' PUBLICATION p WITH (connect = false);",
     "already exists",
     ""},
};

#define WAITED                                                                                     \
    "SELECT count(*) FROM pg_locks WHERE relation = 'predeploy.statements'::regclass AND "

static void start_rival(world *w, pd_conn *rival, const char *text)
{
    const char *sql = pd_arena_printf(
        w->arena,
        "BEGIN; %s LOCK TABLE predeploy.statements IN EXCLUSIVE MODE; DO $$BEGIN FOR i IN 1..3000 "
        "LOOP EXIT WHEN (" WAITED "NOT granted) > 0; PERFORM pg_sleep(0.01); END LOOP; END$$; "
        "COMMIT",
        text);
    assert_int_equal(PQsendQuery(rival->pg, sql), 1);
    while (PQflush(rival->pg) == 1) {
        (void)usleep(1000);
    }
    for (int i = 0; i < 3000; i++) {
        if (pd_streq(ask(w, WAITED "granted AND mode = 'ExclusiveLock'"), "1")) {
            return;
        }
        (void)usleep(10000);
    }
    fail_msg("the rival does nothing: %s", text);
}

static void somebody_may_be_faster(void **state)
{
    world *w = *state;
    w->settings.lock_timeout_ms = 30000;
    for (size_t i = 0; i < sizeof races / sizeof *races; i++) {
        const race *r = &races[i];
        trial t;
        ask(w, pd_arena_printf(w->arena, "SELECT 1;%s", r->own.setup));
        trial_open(w, &t, PD_LAYOUT_PLAIN);
        add_alone(w, &t, &r->own);
        pd_conn rival = {0};
        world_connect(w, &rival, w->conninfo);
        start_rival(w, &rival, r->rival);
        bool done = trial_run(w, &t);
        bool said = r->error == NULL || strstr(w->err.message, r->error) != NULL ||
                    strstr(w->err.detail, r->error) != NULL;
        if (done != (r->error == NULL) || !said || !pd_streq(rows(w), r->rows)) {
            fail_msg("race %zu: done %d, %s: %s, rows %s", i, (int)done, w->err.message,
                     w->err.detail, rows(w));
        }
        if (!pd_streq(ask(w, r->own.ask), r->own.answer)) {
            fail_msg("race %zu: %s", i, ask(w, r->own.ask));
        }
        pd_conn_close(&rival);
        pd_db_close(&t.db);
        ask(w, "DO $$ BEGIN IF EXISTS (SELECT FROM pg_subscription WHERE subname = 's') THEN "
               "ALTER SUBSCRIPTION s DISABLE; ALTER SUBSCRIPTION s SET (slot_name = NONE); "
               "DROP SUBSCRIPTION s; END IF; END $$;"
               "DROP SCHEMA predeploy CASCADE; DROP SCHEMA public CASCADE; CREATE SCHEMA public");
    }
}

/* The signal cancels it too late: it has run, and that is written down. */
static void a_late_signal_takes_nothing_back(void **state)
{
    world *w = *state;
    pd_error none = {0};
    pd_interrupt quiet = {.fd = -1};
    trial t;
    scenario s = {PD_OUTSIDE_UNKNOWN, "", NAMED(""), TABLE, NULL, NULL, "", ""};
    s.text = "DO $$BEGIN BEGIN PERFORM pg_sleep(60); EXCEPTION WHEN query_canceled THEN NULL; END; "
             "INSERT INTO t VALUES (3); END$$";
    ask(w, s.setup);
    assert_true(pd_interrupt_open(&w->interrupt, &none));
    trial_open(w, &t, PD_LAYOUT_PLAIN);
    add_alone(w, &t, &s);
    pid_t child = signal_when_it_sleeps(w, SIGTERM);
    assert_false(trial_run(w, &t));
    (void)waitpid(child, NULL, 0);
    assert_int_equal(w->err.kind, PD_ERROR_INTERRUPTED);
    assert_non_null(t.result.half);
    assert_string_equal(rows(w), "1 done unasked");
    assert_string_equal(ask(w, "SELECT count(*) FROM t"), "2");
    pd_db_close(&t.db);
    pd_interrupt_close(&w->interrupt);
    w->interrupt = quiet;
}

/* What is to be pasted is SQL, whatever the migration is called. */
static void a_name_is_quoted_in_a_hint(void **state)
{
    world *w = *state;
    static const scenario s = {PD_OUTSIDE_UNKNOWN, "CALL p()", NAMED(""), "",
                               "unasked",          NULL,       "",        ""};
    trial t;
    trial_open(w, &t, PD_LAYOUT_PLAIN);
    pd_step *step = add_alone(w, &t, &s);
    add_row(w, &t, step, "unasked", 1);
    ask(w, "UPDATE predeploy.statements SET migration = '2_it''s'");
    step->name = "2_it's";
    assert_false(trial_run(w, &t));
    expect_error(w, PD_ERROR_APPLY, "nobody can tell");
    assert_non_null(strstr(w->err.hint, "WHERE migration = '2_it''s' AND direction = 'up'"));
    pd_db_close(&t.db);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(somebody_may_be_faster),
        WORLD_TEST(a_late_signal_takes_nothing_back),
        WORLD_TEST(a_name_is_quoted_in_a_hint),
    };
    return cmocka_run_group_tests(tests, world_open, world_close);
}
