/* The question who keeps a statement waiting, when nobody answers it. */
#include "batches.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "pg/internal.h"

/* The backend behind the control connection stands still: it neither answers nor goes away. */
static pid_t hold_control(const trial *t)
{
    pid_t backend = PQbackendPID(t->db->control.pg);
    assert_int_equal(kill(backend, SIGSTOP), 0);
    return backend;
}

static void a_silent_control_connection_is_let_be(void **state)
{
    world *w = *state;
    trial t;
    w->settings.lock_timeout_ms = 200; /* asks often */
    trial_open(w, &t, PD_LAYOUT_PLAIN);
    add_step(w, &t, PD_STEP_APPLY, "0001_a", "SELECT pg_sleep(3);;CREATE TABLE a (i int)");
    pid_t backend = hold_control(&t);
    t.batch.last = false;
    bool ok = trial_run(w, &t);
    assert_true(t.db->control.late);
    assert_int_equal(kill(backend, SIGCONT), 0);
    must(w, ok);
    t.deployment.outcome = "failed";
    must(w, pd_db_finish_deployment(t.db, &t.deployment, &w->err));
    assert_int_equal(PQbackendPID(t.db->control.pg), backend);
    assert_false(t.db->control.late);
    pd_db_close(&t.db);
}

static void a_signal_is_heard_meanwhile(void **state)
{
    world *w = *state;
    trial t;
    pd_error none = {0};
    w->settings.lock_timeout_ms = 200;
    trial_open(w, &t, PD_LAYOUT_PLAIN);
    assert_true(pd_interrupt_open(&w->interrupt, &none));
    add_step(w, &t, PD_STEP_APPLY, "0001_a", "SELECT pg_sleep(60)");
    pid_t backend = hold_control(&t);
    pid_t child = fork();
    if (child == 0) {
        (void)usleep(300000);
        (void)kill(getppid(), SIGINT);
        _exit(0);
    }
    int64_t begun_ms = pd_now_ms();
    bool ok = trial_run(w, &t);
    int64_t took_ms = pd_now_ms() - begun_ms;
    assert_int_equal(kill(backend, SIGCONT), 0);
    assert_int_equal(waitpid(child, NULL, 0), child);
    assert_false(ok);
    assert_int_equal(w->err.kind, PD_ERROR_INTERRUPTED);
    assert_true(took_ms < 30000);
    t.deployment.outcome = "interrupted";
    must(w, pd_db_finish_deployment(t.db, &t.deployment, &none));
    assert_int_equal(PQbackendPID(t.db->control.pg), backend);
    pd_db_close(&t.db);
    pd_interrupt_close(&w->interrupt);
}

/* Sessions of other roles show what they run only to who may see it. */
static void what_is_not_visible_is_said(void **state)
{
    world *w = *state;
    trial t;
    pd_conn reader = {0};
    const char *superuser = w->conninfo;
    ask(w, pd_arena_printf(w->arena,
                           "CREATE ROLE owner LOGIN; GRANT ALL ON DATABASE %s TO owner; GRANT ALL "
                           "ON SCHEMA public TO owner; CREATE TABLE busy (i int); ALTER TABLE busy "
                           "OWNER TO owner",
                           w->dbname));
    w->conninfo = world_conninfo(w, w->dbname, "owner");
    w->settings.lock_timeout_ms = 300;
    trial_open(w, &t, PD_LAYOUT_PLAIN);
    world_connect(w, &reader, superuser);
    ask_on(w, &reader, "BEGIN; SELECT * FROM busy WHERE i = 4242");
    add_step(w, &t, PD_STEP_APPLY, "0001_a", "ALTER TABLE busy ADD x int");
    assert_false(trial_run(w, &t));
    const char *who =
        pd_arena_printf(w->arena, "process %d of user postgres", PQbackendPID(reader.pg));
    expect_error(w, PD_ERROR_LOCKED, who);
    assert_non_null(strstr(w->err.detail, "query not visible to this role"));
    assert_int_equal(t.result.blocker_count, 1);
    const pd_blocker *blocker = &t.result.blockers[0];
    assert_int_equal(blocker->pid, PQbackendPID(reader.pg));
    assert_null(blocker->query);
    assert_null(blocker->state);
    assert_int_equal(blocker->age_ms, -1);
    assert_string_equal(blocker->relation, "busy");
    assert_string_equal(blocker->held, "AccessShareLock");
    pd_conn_close(&reader);
    pd_db_close(&t.db);
}

/* Who holds a row, and not the table. */
static void a_row_is_waited_for(void **state)
{
    world *w = *state;
    trial t;
    pd_conn writer = {0};
    ask(w, "CREATE TABLE busy (i int); INSERT INTO busy VALUES (1)");
    w->settings.lock_timeout_ms = 300;
    trial_open(w, &t, PD_LAYOUT_PLAIN);
    world_connect(w, &writer, w->conninfo);
    ask_on(w, &writer, "BEGIN; UPDATE busy SET i = 2 /* it's */ WHERE i = 1");
    add_step(w, &t, PD_STEP_APPLY, "0001_a", "UPDATE busy SET i = 3");
    assert_false(trial_run(w, &t));
    expect_error(w, PD_ERROR_LOCKED, "UPDATE busy SET i = ? WHERE i = ?");
    assert_string_equal(t.result.blockers[0].relation, "busy");
    assert_string_equal(t.result.blockers[0].lock, "transactionid");
    pd_conn_close(&writer);
    pd_db_close(&t.db);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(what_is_not_visible_is_said),
        WORLD_TEST(a_row_is_waited_for),
        WORLD_TEST(a_silent_control_connection_is_let_be),
        WORLD_TEST(a_signal_is_heard_meanwhile),
    };
    return cmocka_run_group_tests(tests, world_open, world_close);
}
