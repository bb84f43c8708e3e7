/* Many requests in one round trip. */
#include "pg_world.h"

#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "pg/group.h"

/* Texts in a row, or one text so often. */
typedef struct line {
    const char *const *texts; /* ends with NULL */
    size_t repeat;            /* of the first text, 0: each once */
    size_t fed;
    size_t answered;
    size_t refuse_at; /* of answers, from 1; 0: never */
    char last[64];    /* first value of the last answer */
    int64_t limit_ms;
    int64_t silence_ms;
    bool discard;
    bool live;
} line;

static bool feed(void *ctx, pd_request *out)
{
    line *self = ctx;
    const char *text = self->repeat > 0 ? self->texts[0] : self->texts[self->fed];
    if (text == NULL || (self->repeat > 0 && self->fed == self->repeat)) {
        return false;
    }
    self->fed++;
    out->sql = text;
    out->what = "cannot try";
    out->kind = PD_ERROR_APPLY;
    out->limit_ms = self->limit_ms;
    out->silence_ms = self->silence_ms;
    out->discard = self->discard;
    out->live = self->live;
    return true;
}

static bool answer(void *ctx, size_t index, PGresult **result)
{
    line *self = ctx;
    assert_int_equal(index, self->answered);
    self->answered++;
    self->last[0] = '\0';
    if (PQntuples(*result) > 0) {
        (void)snprintf(self->last, sizeof self->last, "%s", PQgetvalue(*result, 0, 0));
    }
    return self->answered != self->refuse_at;
}

typedef struct outcome {
    pd_reply reply;
    size_t failed;
    char code[6];
} outcome;

static outcome run_guarded(pd_conn *conn, line *l, const pd_request *guard)
{
    PD_AUTO_RESULT error = NULL;
    outcome out = {0};
    pd_pipeline pipeline = {.next = feed, .answer = answer, .ctx = l, .guard = guard};
    out.reply = pd_conn_pipeline(conn, &pipeline, &out.failed, &error);
    const char *code = PQresultErrorField(error, PG_DIAG_SQLSTATE);
    (void)snprintf(out.code, sizeof out.code, "%s", code == NULL ? "" : code);
    return out;
}

static outcome run(pd_conn *conn, line *l)
{
    return run_guarded(conn, l, NULL);
}

static void open_conn(world *w, pd_conn *conn)
{
    memset(conn, 0, sizeof *conn);
    conn->interrupt = &w->interrupt;
    world_connect(w, conn, w->conninfo);
}

static void answers_come_in_order(void **state)
{
    world *w = *state;
    pd_conn conn;
    const char *const texts[] = {"SELECT 1", "SET work_mem = '1MB'", "", "SELECT 'last'", NULL};
    line l = {.texts = texts};
    open_conn(w, &conn);
    assert_int_equal(run(&conn, &l).reply, PD_REPLY_DONE);
    assert_int_equal(l.answered, 4);
    assert_string_equal(l.last, "last");
    line none = {.texts = texts + 4};
    assert_int_equal(run(&conn, &none).reply, PD_REPLY_DONE);
    assert_string_equal(ask_on(w, &conn, "SHOW work_mem"), "1MB");
    pd_conn_close(&conn);
}

static void nothing_behind_an_error_runs(void **state)
{
    world *w = *state;
    pd_conn conn;
    const char *const texts[] = {"BEGIN",    "CREATE TABLE a (i int)", "SELECT 1 / 0",
                                 "ROLLBACK", "CREATE TABLE b (i int)", NULL};
    line l = {.texts = texts};
    open_conn(w, &conn);
    outcome out = run(&conn, &l);
    assert_int_equal(out.reply, PD_REPLY_ERROR);
    assert_int_equal(out.failed, 2);
    assert_string_equal(out.code, "22012");
    assert_int_equal(l.answered, 2);
    assert_int_equal(PQtransactionStatus(conn.pg), PQTRANS_INERROR);
    ask_on(w, &conn, "ROLLBACK");
    assert_string_equal(ask(w, "SELECT count(*) FROM pg_class WHERE relname IN ('a', 'b')"), "0");

    /* Without BEGIN the line is one transaction. */
    const char *const alone[] = {"CREATE TABLE a (i int)", "SELECT nope", NULL};
    line second = {.texts = alone};
    assert_int_equal(run(&conn, &second).failed, 1);
    assert_string_equal(ask_on(w, &conn, "SELECT count(*) FROM pg_class WHERE relname = 'a'"), "0");
    pd_conn_close(&conn);
}

static void many_small_ones(void **state)
{
    world *w = *state;
    pd_conn conn;
    const char *const texts[] = {"SELECT pg_catalog.nextval('counter')", NULL};
    open_conn(w, &conn);
    ask_on(w, &conn, "CREATE SEQUENCE counter");
    for (int live = 0; live < 2; live++) {
        line l = {.texts = texts, .repeat = 35000, .live = live == 1};
        assert_int_equal(run(&conn, &l).reply, PD_REPLY_DONE);
        assert_int_equal(l.answered, 35000);
        assert_string_equal(l.last, live == 1 ? "70000" : "35000");
    }
    pd_conn_close(&conn);
}

/* Statements and answers that are larger than what may be on its way, and than any buffer. */
static void large_ones(void **state)
{
    world *w = *state;
    pd_conn conn;
    size_t len = (size_t)3 << 20;
    char *big = pd_arena_alloc(w->arena, len + 64);
    (void)snprintf(big, 64, "SELECT repeat('y', 3000000), '");
    size_t head = strlen(big);
    memset(big + head, 'x', len);
    memcpy(big + head + len, "'", 2);
    const char *const texts[] = {big, big, "SELECT 2", big, "SELECT 'end'", NULL};
    line l = {.texts = texts, .limit_ms = 60000};
    open_conn(w, &conn);
    assert_int_equal(run(&conn, &l).reply, PD_REPLY_DONE);
    assert_string_equal(l.last, "end");
    const char *const rows[] = {"SELECT repeat('z', 1000) FROM generate_series(1, 100000)",
                                "SELECT count(*) FROM generate_series(1, 7)", NULL};
    line thrown = {.texts = rows, .discard = true};
    assert_int_equal(run(&conn, &thrown).reply, PD_REPLY_DONE);
    assert_int_equal(thrown.answered, 2);
    assert_string_equal(thrown.last, ""); /* the rows came one by one, and went */
    pd_conn_close(&conn);
}

static void notices_do_not_stop_it(void **state)
{
    world *w = *state;
    pd_conn conn;
    const char *const texts[] = {
        "DO $$ BEGIN FOR i IN 1..20000 LOOP RAISE NOTICE '%', repeat('n', 200); END LOOP; END $$",
        "SELECT 'end'", NULL};
    line l = {.texts = texts};
    open_conn(w, &conn);
    assert_int_equal(run(&conn, &l).reply, PD_REPLY_DONE);
    assert_string_equal(l.last, "end");
    pd_conn_close(&conn);
}

static void a_connection_that_is_lost(void **state)
{
    world *w = *state;
    pd_conn conn;
    const char *const texts[] = {"SELECT 1", "SELECT pg_terminate_backend(pg_backend_pid())",
                                 "SELECT 2", NULL};
    line l = {.texts = texts};
    open_conn(w, &conn);
    outcome out = run(&conn, &l);
    assert_int_equal(out.reply, PD_REPLY_LOST);
    assert_int_equal(out.failed, 1);
    assert_string_equal(out.code, "57P01");
    line more = {.texts = texts};
    assert_int_equal(run(&conn, &more).reply, PD_REPLY_LOST);
    pd_conn_close(&conn);
    assert_int_equal(run(&conn, &more).reply, PD_REPLY_LOST);
}

static void each_request_has_its_time(void **state)
{
    world *w = *state;
    pd_conn conn;
    /* Together they take longer than one of them may. */
    const char *const fine[] = {"SELECT pg_sleep(0.3)", "SELECT pg_sleep(0.3)",
                                "SELECT pg_sleep(0.3)", "SELECT pg_sleep(0.3)", NULL};
    open_conn(w, &conn);
    for (int live = 0; live < 2; live++) {
        line l = {.texts = fine, .limit_ms = 1000, .live = live == 1};
        assert_int_equal(run(&conn, &l).reply, PD_REPLY_DONE);
    }
    /* Of those that are answered together only what they may wait for adds up. */
    const char *const silent[] = {"SELECT 1",           "SELECT 1", "SELECT 1",
                                  "SELECT pg_sleep(3)", "SELECT 1", NULL};
    line waits = {.texts = silent, .limit_ms = 1000};
    assert_int_equal(run(&conn, &waits).reply, PD_REPLY_DONE);
    line is_silent = {.texts = silent, .limit_ms = 1000, .silence_ms = 900};
    assert_int_equal(run(&conn, &is_silent).reply, PD_REPLY_TIMEOUT);
    const char *const slow[] = {"CREATE TABLE a (i int)", "SELECT pg_sleep(60)",
                                "CREATE TABLE b (i int)", NULL};
    line late = {.texts = slow, .limit_ms = 400, .live = true};
    int64_t begun_ms = pd_now_ms();
    outcome out = run(&conn, &late);
    assert_int_equal(out.reply, PD_REPLY_TIMEOUT);
    assert_int_equal(out.failed, 1);
    assert_string_equal(out.code, "57014");
    assert_true(pd_now_ms() - begun_ms < 5000);
    assert_string_equal(
        ask_on(w, &conn, "SELECT count(*) FROM pg_class WHERE relname IN ('a', 'b')"), "0");
    pd_conn_close(&conn);
}

/* Sends a signal to this process when `sql` shows a row. */
static pid_t signal_when(world *w, const char *sql)
{
    pid_t test = getpid();
    pid_t child = fork();
    if (child != 0) {
        return child;
    }
    pd_conn conn = {.progress = &w->progress};
    world_connect(w, &conn, w->conninfo);
    for (int i = 0; i < 600 && strcmp(ask_on(w, &conn, sql), "") == 0; i++) {
        (void)pd_wait_fd(NULL, -1, 0, pd_now_ms() + 20);
    }
    (void)kill(test, SIGTERM);
    _exit(0);
}

/* False: the server took longer than a signal leaves it. */
static bool is_cancelled(world *w)
{
    pd_conn conn;
    pd_error err = {0};
    const char *const texts[] = {"CREATE TABLE a (i int)", "SELECT pg_sleep(60)",
                                 "CREATE TABLE b (i int)", NULL};
    line l = {.texts = texts, .live = true};
    open_conn(w, &conn);
    assert_true(pd_interrupt_open(&w->interrupt, &err));
    int64_t begun_ms = pd_now_ms();
    pid_t child = signal_when(w, "SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep'");
    outcome out = run(&conn, &l);
    assert_int_equal(waitpid(child, NULL, 0), child);
    assert_int_equal(out.reply, PD_REPLY_INTERRUPTED);
    assert_int_equal(out.failed, 1);
    assert_true(pd_now_ms() - begun_ms < 15000);
    bool answered = out.code[0] != '\0';
    if (answered) {
        assert_string_equal(out.code, "57014");
        assert_string_equal(
            ask_on(w, &conn, "SELECT count(*) FROM pg_class WHERE relname IN ('a', 'b')"), "0");
        line more = {.texts = texts};
        assert_int_equal(run(&conn, &more).reply, PD_REPLY_INTERRUPTED);
    } else { /* the server was too busy for an answer in time: the session is given up */
        assert_false(pd_conn_usable(&conn));
    }
    pd_conn_close(&conn);
    pd_interrupt_close(&w->interrupt);
    return answered;
}

static void a_signal_cancels_what_runs(void **state)
{
    world *w = *state;
    bool cancelled = false;
    for (int i = 0; i < 5 && !cancelled; i++) {
        cancelled = is_cancelled(w);
    }
    assert_true(cancelled);
}

/* Small statements without end: a request to cancel may find the server between two of them. */
static void a_signal_ends_a_flood(void **state)
{
    world *w = *state;
    pd_conn conn;
    pd_error err = {0};
    const char *const texts[] = {"INSERT INTO flood VALUES (1)", NULL};
    line l = {.texts = texts, .repeat = (size_t)1 << 40};
    open_conn(w, &conn);
    ask_on(w, &conn, "CREATE TABLE flood (i int)");
    assert_true(pd_interrupt_open(&w->interrupt, &err));
    pid_t child =
        signal_when(w, "SELECT 1 FROM pg_stat_activity WHERE query LIKE 'INSERT INTO f%'");
    assert_int_equal(run(&conn, &l).reply, PD_REPLY_INTERRUPTED);
    assert_int_equal(waitpid(child, NULL, 0), child);
    pd_conn_close(&conn);
    pd_interrupt_close(&w->interrupt);
}

/* What ends a line must not commit what a transaction that ended by itself left behind. */
static void the_guard_is_in_front_of_the_sync(void **state)
{
    world *w = *state;
    pd_conn conn;
    const char *const texts[] = {"BEGIN",    "ROLLBACK",     "CREATE TABLE a (i int)",
                                 "SELECT 1", "SELECT 1 / 0", NULL};
    const pd_request guard = {.sql = "SELECT 1 / 0"};
    open_conn(w, &conn);
    for (size_t at = 1; at <= 4; at++) {
        line l = {.texts = texts, .refuse_at = at};
        outcome out = run_guarded(&conn, &l, &guard);
        assert_int_equal(out.reply, PD_REPLY_ERROR);
        assert_int_equal(out.failed, at - 1);
        if (pd_conn_usable(&conn)) {
            ask_on(w, &conn, "ROLLBACK");
        } else {
            open_conn(w, &conn);
        }
    }
    pd_conn_close(&conn);
    assert_string_equal(ask(w, "SELECT count(*) FROM pg_class WHERE relname = 'a'"), "0");
}

static void copy_has_no_place_in_it(void **state)
{
    world *w = *state;
    static const char *const copies[] = {"COPY a FROM STDIN", "COPY a TO STDOUT"};
    for (size_t i = 0; i < 2; i++) {
        pd_conn conn;
        const char *const texts[] = {"CREATE TABLE a (i int)", copies[i], "SELECT 1", NULL};
        line l = {.texts = texts};
        open_conn(w, &conn);
        outcome out = run(&conn, &l);
        assert_int_equal(out.reply, PD_REPLY_ERROR);
        assert_int_equal(out.failed, 1);
        assert_true(conn.copied);
        assert_false(pd_conn_usable(&conn));
        pd_conn_close(&conn);
    }
}

static void a_group_in_one_go(void **state)
{
    world *w = *state;
    pd_conn conn;
    const char *values[] = {"41", NULL};
    PD_AUTO_GROUP group = {.arena = w->arena};
    PD_AUTO_GROUP broken = {.arena = w->arena};
    pd_request add = {.sql = "SELECT $1::int + 1, $2::text", .what = "cannot add"};
    pd_request two = {.sql = "SELECT 'two'", .what = "cannot say two"};
    pd_request three = {.sql = "SELECT 'three'", .what = "cannot say three"};
    open_conn(w, &conn);
    (void)pd_group_add_with(&group, add, values, 2);
    (void)pd_group_add(&group, two);
    (void)pd_group_add(&group, three);
    must(w, pd_group_ask(&group, &conn, &w->err));
    assert_string_equal(PQgetvalue(pd_group_result(&group, 0), 0, 0), "42");
    assert_int_equal(PQgetisnull(pd_group_result(&group, 0), 0, 1), 1);
    assert_string_equal(PQgetvalue(pd_group_result(&group, 2), 0, 0), "three");
    two.sql = "SELECT nope";
    two.kind = PD_ERROR_UNREACHABLE;
    (void)pd_group_add_with(&broken, add, values, 2);
    (void)pd_group_add(&broken, two);
    (void)pd_group_add(&broken, three);
    assert_false(pd_group_ask(&broken, &conn, &w->err));
    expect_error(w, PD_ERROR_UNREACHABLE, "cannot say two");
    assert_string_equal(w->err.code, "42703");
    assert_int_equal(broken.failed, 1);
    assert_non_null(pd_group_result(&broken, 0));
    assert_null(pd_group_result(&broken, 1));
    assert_null(pd_group_result(&broken, 2));
    pd_conn_close(&conn);
}

/* A door that lets the server's socket be exchanged for one where nobody answers. */
typedef struct door {
    char folder[64];
    char path[108];
    int silent;
} door;

static void door_open(world *w, door *d, pd_conn *conn)
{
    const char *host = strstr(w->server, "host='") + 6;
    memset(d, 0, sizeof *d);
    (void)snprintf(d->folder, sizeof d->folder, "/tmp/predeploy-test-XXXXXX");
    assert_non_null(mkdtemp(d->folder));
    (void)snprintf(d->path, sizeof d->path, "%s/.s.PGSQL.5432", d->folder);
    assert_int_equal(
        symlink(pd_arena_printf(w->arena, "%.*s/.s.PGSQL.5432", (int)strcspn(host, "'"), host),
                d->path),
        0);
    memset(conn, 0, sizeof *conn);
    conn->interrupt = &w->interrupt;
    world_connect(w, conn, pd_arena_printf(w->arena, "%s host='%s'", w->conninfo, d->folder));
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    memcpy(address.sun_path, d->path, sizeof d->path);
    assert_int_equal(unlink(d->path), 0);
    d->silent = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(d->silent, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(d->silent, 16), 0);
}

static void door_close(door *d)
{
    (void)close(d->silent);
    (void)unlink(d->path);
    (void)rmdir(d->folder);
}

/* A request to cancel that is still on its way could hit what comes next: nothing is to come. */
static void a_late_cancel_hits_nothing(void **state)
{
    world *w = *state;
    door d;
    pd_conn conn;
    PD_AUTO_RESULT result = NULL;
    pd_request request = {
        .sql = "SELECT pg_sleep(0.2)", .what = "", .undisturbed = true, .limit_ms = 50};
    door_open(w, &d, &conn);
    w->interrupt.signal = SIGINT; /* so that it is waited for shortly */
    w->interrupt.seen_ms = pd_now_ms();
    assert_int_equal(pd_conn_ask(&conn, &request, &result), PD_REPLY_TIMEOUT);
    assert_false(pd_conn_usable(&conn));
    assert_non_null(result);
    pd_conn_close(&conn);
    door_close(&d);
    const char *const texts[] = {"SELECT pg_sleep(0.2)", NULL};
    line l = {.texts = texts, .limit_ms = 50};
    door_open(w, &d, &conn);
    w->interrupt.seen_ms = pd_now_ms();
    assert_int_equal(run(&conn, &l).reply, PD_REPLY_TIMEOUT);
    assert_false(pd_conn_usable(&conn));
    pd_conn_close(&conn);
    door_close(&d);
}

static void nothing_to_do(void *ctx)
{
    (void)ctx;
}

/* What no signal stops has an end when the run is late. */
static void the_limit_of_the_run_ends_all(void **state)
{
    world *w = *state;
    pd_conn conn;
    PD_AUTO_RESULT result = NULL;
    pd_request request = {.sql = "SELECT pg_sleep(5)", .what = "", .undisturbed = true};
    open_conn(w, &conn);
    pd_error none = {0};
    assert_true(pd_interrupt_open(&w->interrupt, &none));
    w->interrupt.late = true;
    w->interrupt.seen_ms = pd_now_ms() - PD_LATE_GRACE_MS;
    conn.tick = nothing_to_do;
    conn.tick_ms = 20;
    assert_int_equal(pd_conn_ask(&conn, &request, &result), PD_REPLY_TIMEOUT);
    pd_conn_close(&conn);
    pd_interrupt_close(&w->interrupt);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(answers_come_in_order),
        WORLD_TEST(nothing_behind_an_error_runs),
        WORLD_TEST(many_small_ones),
        WORLD_TEST(large_ones),
        WORLD_TEST(notices_do_not_stop_it),
        WORLD_TEST(a_connection_that_is_lost),
        WORLD_TEST(each_request_has_its_time),
        WORLD_TEST(a_signal_cancels_what_runs),
        WORLD_TEST(a_signal_ends_a_flood),
        WORLD_TEST(the_guard_is_in_front_of_the_sync),
        WORLD_TEST(copy_has_no_place_in_it),
        WORLD_TEST(a_group_in_one_go),
        WORLD_TEST(a_late_cancel_hits_nothing),
        WORLD_TEST(the_limit_of_the_run_ends_all),
    };
    return cmocka_run_group_tests(tests, world_open, world_close);
}
