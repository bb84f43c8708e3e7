/* The connection is cut at COMMIT, by a relay between predeploy and the server. */
#include "batches.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "pg/internal.h"

typedef enum pd_cut {
    CUT_NONE,
    CUT_BEFORE,   /* COMMIT does not arrive */
    CUT_AFTER,    /* it does, its answer does not come back */
    CUT_HOLE,     /* it does not arrive, and the server is not told that nobody is there */
    CUT_FOR_GOOD, /* it does not arrive, and from then on nothing does */
    CUT_GONE,
    CUT_SIGNAL, /* it does not arrive, the line stays, and the test gets a signal */
    CUT_POOLED, /* nothing is cut: the process at the door is another than the one that works */
} pd_cut;

typedef struct relay {
    char folder[64];
    const char *conninfo;
    pid_t pid;
    volatile pd_cut *cut; /* shared with the relay's processes */
} relay;

static int unix_socket(const char *path, bool listening)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    (void)snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    int rc = listening ? bind(fd, (struct sockaddr *)&address, sizeof address)
                       : connect(fd, (struct sockaddr *)&address, sizeof address);
    return rc == 0 && (!listening || listen(fd, 16) == 0) ? fd : -1;
}

/* BackendKeyData: a pooler gives out its own. */
static void change_key(char *chunk, ssize_t got)
{
    char *key = memmem(chunk, (size_t)got, "K\0\0\0\x0c", 5);
    if (key != NULL && key + 9 <= chunk + got) {
        key[5] = 1;
    }
}

static bool pass_on(int from, int to, char *chunk, ssize_t *got)
{
    *got = read(from, chunk, 8192);
    return *got > 0 && (to < 0 || write(to, chunk, (size_t)*got) == *got);
}

static bool pass_back(int server, int client, char *chunk, bool pooled)
{
    ssize_t got = 0;
    if (!pass_on(server, -1, chunk, &got)) {
        return false;
    }
    if (pooled) {
        change_key(chunk, got);
    }
    return write(client, chunk, (size_t)got) == got;
}

/* One connection, in a process of its own. Ends by leaving, which closes both sides. */
static void serve(int client, int server, volatile pd_cut *cut, pid_t test)
{
    char chunk[8192];
    ssize_t got = 0;
    for (;;) {
        struct pollfd fds[2] = {{.fd = client, .events = POLLIN}, {.fd = server, .events = POLLIN}};
        (void)poll(fds, 2, -1);
        if (fds[1].revents != 0 && !pass_back(server, client, chunk, *cut == CUT_POOLED)) {
            return;
        }
        if (fds[0].revents == 0) {
            continue;
        }
        if (!pass_on(client, -1, chunk, &got)) {
            return;
        }
        bool commit = memmem(chunk, (size_t)got, "COMMIT", 7) != NULL;
        pd_cut now = commit ? *cut : CUT_NONE;
        if (now == CUT_BEFORE || now == CUT_FOR_GOOD) {
            *cut = now == CUT_FOR_GOOD ? CUT_GONE : now;
            return;
        }
        if (now == CUT_SIGNAL) {
            (void)kill(test, SIGTERM);
            (void)pause();
        }
        if (now == CUT_HOLE) {
            (void)close(client);
            (void)pause();
        }
        if (write(server, chunk, (size_t)got) != got) {
            return;
        }
        if (now == CUT_AFTER) {
            (void)pass_on(server, -1, chunk, &got);
            return;
        }
    }
}

static void relay_run(int listener, const char *server_path, volatile pd_cut *cut)
{
    pid_t test = getppid();
    (void)signal(SIGCHLD, SIG_IGN);
    while (listener >= 0) {
        int client = accept(listener, NULL, NULL);
        if (client < 0 && errno != EINTR) {
            _exit(1);
        }
        if (fork() == 0) {
            (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
            (void)close(listener);
            int server = *cut == CUT_GONE ? -1 : unix_socket(server_path, false);
            if (server >= 0) {
                serve(client, server, cut, test);
            }
            _exit(0);
        }
        (void)close(client);
    }
    _exit(1);
}

static void relay_start(world *w, relay *r)
{
    const char *host = strstr(w->server, "host='") + 6;
    const char *server =
        pd_arena_printf(w->arena, "%.*s/.s.PGSQL.5432", (int)strcspn(host, "'"), host);
    (void)snprintf(r->folder, sizeof r->folder, "/tmp/predeploy-test-XXXXXX");
    assert_non_null(mkdtemp(r->folder));
    r->cut = mmap(NULL, sizeof *r->cut, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_true(r->cut != MAP_FAILED);
    *r->cut = CUT_NONE;
    const char *path = pd_arena_printf(w->arena, "%s/.s.PGSQL.5432", r->folder);
    int listener = unix_socket(path, true);
    assert_true(listener >= 0);
    r->pid = fork();
    if (r->pid == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        relay_run(listener, server, r->cut);
    }
    (void)close(listener);
    r->conninfo = pd_arena_printf(w->arena, "%s host='%s'", w->conninfo, r->folder);
}

static void relay_stop(world *w, relay *r)
{
    (void)kill(r->pid, SIGKILL);
    (void)waitpid(r->pid, NULL, 0);
    (void)unlink(pd_arena_printf(w->arena, "%s/.s.PGSQL.5432", r->folder));
    (void)rmdir(r->folder);
    (void)munmap((void *)(uintptr_t)r->cut, sizeof *r->cut);
}

static void open_through(world *w, relay *r, trial *t)
{
    const char *direct = w->conninfo;
    w->conninfo = r->conninfo;
    trial_open(w, t, PD_LAYOUT_PLAIN);
    w->conninfo = direct;
    add_step(w, t, PD_STEP_APPLY, "0001_a", "CREATE TABLE a (i int)");
}

static void the_truth_is_found_out(void **state)
{
    world *w = *state;
    static const pd_cut cuts[] = {CUT_BEFORE, CUT_HOLE, CUT_AFTER};
    for (size_t i = 0; i < sizeof cuts / sizeof *cuts; i++) {
        relay r;
        trial t;
        relay_start(w, &r);
        open_through(w, &r, &t);
        *r.cut = cuts[i];
        bool ok = trial_run(w, &t);
        *r.cut = CUT_NONE;
        if (cuts[i] == CUT_AFTER) {
            must(w, ok);
            assert_int_equal(t.states[0].state, PD_STEP_DONE);
        } else {
            assert_false(ok);
            expect_error(w, PD_ERROR_APPLY, "was rolled back");
            assert_int_equal(t.states[0].state, PD_STEP_UNDONE);
        }
        assert_string_equal(ask(w, "SELECT count(*) FROM predeploy.migrations"), ok ? "1" : "0");
        assert_string_equal(ask(w, "SELECT to_regclass('a')"), ok ? "a" : "NULL");
        assert_string_equal(ask(w, "SELECT outcome FROM predeploy.deployments ORDER BY seq DESC"),
                            ok ? "succeeded" : "running");
        assert_string_equal(ask(w, "SELECT count(*) FROM pg_prepared_xacts"), "0");
        pd_db_close(&t.db);
        relay_stop(w, &r);
    }
}

/* Rows that stand behind a savepoint which was left open are the transaction's, too. */
static void a_savepoint_hides_nothing(void **state)
{
    world *w = *state;
    relay r;
    trial t;
    relay_start(w, &r);
    open_through(w, &r, &t);
    t.steps[0].alone = true;
    t.steps[0].text = "CREATE TABLE a (i int);;SAVEPOINT s";
    t.steps[0].script = cut(w->arena, t.steps[0].text);
    *r.cut = CUT_AFTER;
    must(w, trial_run(w, &t));
    *r.cut = CUT_NONE;
    assert_string_equal(ask(w, "SELECT to_regclass('a')"), "a");
    assert_string_equal(ask(w, "SELECT count(*) FROM predeploy.statements"), "0");
    pd_db_close(&t.db);
    relay_stop(w, &r);
}

/* What was announced, and could never be sent, is as if it had not been begun. */
static void what_was_not_sent_is_not_in_doubt(void **state)
{
    world *w = *state;
    static const pd_subject none = {
        .schema = "", .name = "", .table_schema = "", .table = "", .shape = "", .definition = ""};
    relay r;
    trial t;
    relay_start(w, &r);
    open_through(w, &r, &t);
    t.steps[0].alone = true;
    t.steps[0].text = "VACUUM";
    pd_script *script = cut(w->arena, t.steps[0].text);
    script->statements[0].outside = PD_OUTSIDE_UNKNOWN;
    script->statements[0].traits = PD_TRAIT_NO_TRANSACTION;
    script->statements[0].subject = &none;
    t.steps[0].script = script;
    *r.cut = CUT_AFTER;
    assert_false(trial_run(w, &t));
    *r.cut = CUT_NONE;
    expect_error(w, PD_ERROR_APPLY, "lost again and again");
    assert_null(t.result.half);
    assert_string_equal(ask(w, "SELECT count(*) FROM predeploy.statements"), "0");
    must(w, trial_run(w, &t));
    pd_db_close(&t.db);
    relay_stop(w, &r);
}

/* In some ways to write a time it can't be told which one was meant: IST is India's and Israel's.
 */
static void times_may_be_written_in_any_way(void **state)
{
    world *w = *state;
    relay r;
    trial t;
    ask(w, pd_arena_printf(w->arena,
                           "ALTER DATABASE %s SET datestyle = 'SQL';"
                           "ALTER DATABASE %s SET timezone = 'Asia/Kolkata'",
                           w->dbname, w->dbname));
    relay_start(w, &r);
    open_through(w, &r, &t);
    *r.cut = CUT_HOLE;
    assert_false(trial_run(w, &t));
    *r.cut = CUT_NONE;
    expect_error(w, PD_ERROR_APPLY, "was rolled back");
    assert_string_equal(ask(w, "SELECT count(*) FROM pg_stat_activity WHERE datname = "
                               "current_database() AND state LIKE 'idle in transaction%'"),
                        "0");
    pd_db_close(&t.db);
    relay_stop(w, &r);
}

/* The control connection dies as well, so that only a new one can ask. */
static void lose_control(world *w, trial *t)
{
    t->steps[0].text = "CREATE TABLE a (i int);;SELECT pg_terminate_backend(pid) FROM "
                       "pg_stat_activity WHERE application_name LIKE 'predeploy/%' AND pid <> "
                       "pg_backend_pid() AND datname = current_database()";
    t->steps[0].script = cut(w->arena, t->steps[0].text);
}

static void a_new_connection_asks(void **state)
{
    world *w = *state;
    relay r;
    trial t;
    relay_start(w, &r);
    open_through(w, &r, &t);
    lose_control(w, &t);
    *r.cut = CUT_AFTER;
    must(w, trial_run(w, &t));
    assert_string_equal(ask(w, "SELECT to_regclass('a')"), "a");
    pd_db_close(&t.db);
    relay_stop(w, &r);
}

static void some_things_cannot_be_told(void **state)
{
    world *w = *state;
    relay r;
    trial t;
    relay_start(w, &r);
    open_through(w, &r, &t);
    lose_control(w, &t);
    w->settings.connect_timeout_ms = 700;
    *r.cut = CUT_FOR_GOOD;
    assert_false(trial_run(w, &t));
    expect_error(w, PD_ERROR_UNKNOWN, "predeploy status");
    t.deployment.outcome = "unknown";
    assert_false(pd_db_finish_deployment(t.db, &t.deployment, &w->err));
    pd_db_close(&t.db);
    relay_stop(w, &r);
    /* the next run finds out */
    trial_open(w, &t, PD_LAYOUT_PLAIN);
    assert_int_equal(t.ledger.count, 0);
    assert_string_equal(t.ledger.deployments[0].outcome, "interrupted");
    pd_db_close(&t.db);
}

static void a_signal_during_commit(void **state)
{
    world *w = *state;
    relay r;
    trial t;
    pd_error none = {0};
    relay_start(w, &r);
    open_through(w, &r, &t);
    assert_true(pd_interrupt_open(&w->interrupt, &none));
    *r.cut = CUT_SIGNAL;
    assert_false(trial_run(w, &t));
    assert_int_equal(w->err.kind, PD_ERROR_INTERRUPTED);
    assert_int_equal(w->err.signal, SIGTERM);
    assert_int_equal(t.states[0].state, PD_STEP_UNDONE);
    assert_string_equal(ask(w, "SELECT to_regclass('a')"), "NULL");
    pd_db_close(&t.db);
    pd_interrupt_close(&w->interrupt);
    relay_stop(w, &r);
}

/* Behind a pooler of sessions, too, the worker's backend is looked for while it is silent. */
static void a_lost_answer_behind_a_pooler(void **state)
{
    world *w = *state;
    relay r;
    trial t;
    relay_start(w, &r);
    *r.cut = CUT_POOLED;
    open_through(w, &r, &t);
    assert_int_equal(t.db->pooling, PD_POOLING_SESSION);
    assert_non_null(t.db->worker.alive);
    assert_string_equal(
        ask(w, pd_arena_printf(w->arena, "SELECT count(*) FROM pg_stat_activity WHERE pid = %lld",
                               (long long)t.db->worker_pid)),
        "1");
    must(w, trial_run(w, &t));
    pd_db_close(&t.db);
    relay_stop(w, &r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(a_savepoint_hides_nothing),     WORLD_TEST(what_was_not_sent_is_not_in_doubt),
        WORLD_TEST(the_truth_is_found_out),        WORLD_TEST(times_may_be_written_in_any_way),
        WORLD_TEST(a_lost_answer_behind_a_pooler), WORLD_TEST(a_new_connection_asks),
        WORLD_TEST(some_things_cannot_be_told),    WORLD_TEST(a_signal_during_commit),
    };
    return cmocka_run_group_tests(tests, world_open, world_close);
}
