#include "pg_world.h"

#include <signal.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <unistd.h>

#include <netinet/in.h>

#include "base/clock.h"
#include "pg/group.h"
#include "pg/internal.h"

static void refuse(world *w, const char *conninfo, pd_error_kind kind, const char *part)
{
    pd_db *db = NULL;
    pd_db_options options = options_of(w, PD_LAYOUT_PLAIN);
    options.conninfo = conninfo;
    assert_false(pd_db_open(&db, w->arena, &options, &w->target, &w->err));
    assert_null(db);
    expect_error(w, kind, part);
}

static void tells_where_it_is_connected(void **state)
{
    world *w = *state;
    PD_AUTO_DB db = open_db(w, PD_LAYOUT_PLAIN);
    assert_non_null(db);
    assert_non_null(strstr(w->conninfo, w->target.host));
    assert_string_equal(w->target.port, "5432");
    assert_string_equal(w->target.dbname, w->dbname);
    assert_string_equal(w->target.user, "postgres");
    assert_true(w->target.server_version >= 130000);
    assert_false(w->target.ephemeral);
    assert_string_equal(ask(w, "SELECT count(*) FROM pg_stat_activity "
                               "WHERE application_name = 'predeploy'"),
                        "1");
}

/* A port of 127.0.0.1 that is bound; with `listening` it also takes connections, and is silent. */
static int bind_port(bool listening, int *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
    if (listening) {
        assert_int_equal(listen(fd, 4), 0);
    }
    *port = ntohs(address.sin_port);
    return fd;
}

static void nobody_listens(void **state)
{
    world *w = *state;
    int port = 0;
    int fd = bind_port(false, &port);
    refuse(w, pd_arena_printf(w->arena, "postgres://u:p@127.0.0.1:%d/db", port),
           PD_ERROR_UNREACHABLE, "Nothing listens there");
    (void)close(fd);
    refuse(w, "host=/nonexistent/socket dbname=x", PD_ERROR_UNREACHABLE, "on that socket");
}

static void a_silent_server_times_out(void **state)
{
    world *w = *state;
    int port = 0;
    int fd = bind_port(true, &port);
    int64_t begun_ms = pd_now_ms();
    w->settings.connect_timeout_ms = 300;
    refuse(w, pd_arena_printf(w->arena, "postgres://u:p@127.0.0.1:%d/db", port),
           PD_ERROR_UNREACHABLE, "no answer");
    expect_error(w, PD_ERROR_UNREACHABLE, "[deploy] connectTimeout in .predeploy");
    assert_true(pd_now_ms() - begun_ms >= 300);
    (void)close(fd);
}

static void a_signal_ends_the_wait(void **state)
{
    world *w = *state;
    int port = 0;
    int fd = bind_port(true, &port);
    assert_true(pd_interrupt_open(&w->interrupt, &w->err));
    assert_int_equal(kill(getpid(), SIGTERM), 0);
    pd_db *db = NULL;
    pd_db_options options = options_of(w, PD_LAYOUT_PLAIN);
    options.conninfo = pd_arena_printf(w->arena, "postgres://u:p@127.0.0.1:%d/db", port);
    assert_false(pd_db_open(&db, w->arena, &options, &w->target, &w->err));
    assert_int_equal(w->err.kind, PD_ERROR_INTERRUPTED);
    assert_int_equal(w->err.signal, SIGTERM);
    pd_interrupt_close(&w->interrupt);
    (void)close(fd);
}

static void no_such_database(void **state)
{
    world *w = *state;
    refuse(w, world_conninfo(w, "nowhere", "postgres"), PD_ERROR_UNREACHABLE, "\"nowhere\"");
    assert_string_equal(w->err.code, "3D000");
    assert_null(strstr(w->err.detail, "LOCATION"));
    assert_null(strstr(w->err.detail, "3D000"));
}

static void wrong_password(void **state)
{
    world *w = *state;
    ask(w, "CREATE ROLE locked LOGIN PASSWORD 'right'");
    const char *hba = ask(w, "SHOW hba_file");
    ask(w, pd_arena_printf(w->arena,
                           "COPY (SELECT 'local all locked scram-sha-256' UNION ALL "
                           "SELECT 'local all all trust') TO '%s'",
                           hba));
    ask(w, "SELECT pg_reload_conf()");
    const char *conninfo = pd_arena_printf(w->arena, "%s password=Canary-7391",
                                           world_conninfo(w, w->dbname, "locked"));
    /* the reload comes by signal: a little later than the answer */
    for (int i = 0; i < 200 && w->err.kind == PD_ERROR_NONE; i++) {
        pd_db *db = NULL;
        pd_db_options options = options_of(w, PD_LAYOUT_PLAIN);
        options.conninfo = conninfo;
        if (pd_db_open(&db, w->arena, &options, &w->target, &w->err)) {
            pd_db_close(&db);
            (void)pd_wait_fd(NULL, -1, 0, pd_now_ms() + 20);
        }
    }
    expect_error(w, PD_ERROR_UNREACHABLE, "password authentication failed");
    assert_string_equal(w->err.code, "28P01");
    assert_null(strstr(w->err.detail, "Canary"));
    ask(w, pd_arena_printf(w->arena, "COPY (SELECT 'local all all trust') TO '%s'", hba));
    ask(w, "SELECT pg_reload_conf()");
    ask(w, "DROP ROLE locked");
}

static void a_malformed_string_is_never_quoted(void **state)
{
    world *w = *state;
    static const char *const strings[] = {
        "postgres://u:Can%zzary@h/db",
        "postgres://u:Canary/x@h/db",
        "postgres://u:12/Canary@h/db",
        "postgres://u:Ca@Canary@h/db",
        "postgres://u:[Canary",
        "postgre://u:Canary@h/db",
        "u:Canary@h/db",
        "password='Canary",
        "Canary",
        "postgres://u:p@h/db?Canary=1",
        "host=h port=Canary password=x",
        "postgres://u:p@h:Canary/db",
        "postgres://u:Canary@h:99999/db",
    };
    for (size_t i = 0; i < sizeof strings / sizeof *strings; i++) {
        refuse(w, strings[i], PD_ERROR_USAGE, "the connection string is not valid");
        assert_null(strstr(w->err.message, "anary"));
        assert_null(strstr(w->err.detail, "anary"));
        assert_null(strstr(w->err.hint, "anary"));
    }
}

static void a_database_that_takes_no_writes(void **state)
{
    world *w = *state;
    ask(w, pd_arena_printf(w->arena, "ALTER DATABASE %s SET default_transaction_read_only = on",
                           w->dbname));
    refuse(w, w->conninfo, PD_ERROR_UNREACHABLE, "takes no writes");
    pd_db_options options = options_of(w, PD_LAYOUT_PLAIN);
    options.read_only = true;
    pd_db *db = NULL;
    must(w, pd_db_open(&db, w->arena, &options, &w->target, &w->err));
    pd_db_close(&db);
}

static void read_only_means_read_only(void **state)
{
    world *w = *state;
    pd_db_options options = options_of(w, PD_LAYOUT_PLAIN);
    options.read_only = true;
    pd_db *db = NULL;
    must(w, pd_db_open(&db, w->arena, &options, &w->target, &w->err));
    assert_false(pd_db_lock(db, false, &w->err));
    assert_string_equal(w->err.code, "25006");
    pd_db_close(&db);
    assert_string_equal(ask(w, "SELECT to_regnamespace('predeploy')"), "NULL");
}

/* Also when locks are waited for without end. */
static void what_no_signal_stops_has_a_limit(void **state)
{
    world *w = *state;
    w->settings.lock_timeout_ms = 0;
    w->settings.connect_timeout_ms = 2000;
    pd_db *db = open_db(w, PD_LAYOUT_PLAIN);
    assert_int_equal(pd_db_request(db, "", "").limit_ms, 0);
    pd_request last = pd_db_last_request(db, "", "");
    assert_true(last.undisturbed);
    assert_int_equal(last.limit_ms, pd_db_patience_ms(db));
    w->interrupt.signal = SIGTERM;
    w->interrupt.seen_ms = pd_now_ms();
    assert_true(pd_db_last_request(db, "", "").limit_ms <= PD_GRACE_MS);
    pd_db_close(&db);
}

/* What is brought to its end waits for a late answer no longer than a signal leaves. */
static void a_late_answer_has_the_time_of_the_end(void **state)
{
    world *w = *state;
    pd_conn conn = {.interrupt = &w->interrupt};
    PD_AUTO_RESULT none = NULL;
    PD_AUTO_GROUP last = {.arena = w->arena};
    pd_request slow = {.sql = "SELECT pg_sleep(60)", .what = "", .limit_ms = 50};
    pd_request end = {.sql = "SELECT 1", .what = "", .undisturbed = true};
    world_connect(w, &conn, w->conninfo);
    assert_int_equal(pd_conn_try(&conn, &slow, &none), PD_REPLY_TIMEOUT);
    w->interrupt.signal = SIGINT;
    w->interrupt.seen_ms = pd_now_ms();
    (void)pd_group_add(&last, end);
    assert_false(pd_group_ask(&last, &conn, &w->err));
    assert_true(pd_now_ms() - w->interrupt.seen_ms < 4000);
    pd_conn_close(&conn);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(tells_where_it_is_connected),
        WORLD_TEST(nobody_listens),
        WORLD_TEST(a_silent_server_times_out),
        WORLD_TEST(a_signal_ends_the_wait),
        WORLD_TEST(no_such_database),
        WORLD_TEST(wrong_password),
        WORLD_TEST(a_malformed_string_is_never_quoted),
        WORLD_TEST(a_database_that_takes_no_writes),
        WORLD_TEST(read_only_means_read_only),
        WORLD_TEST(what_no_signal_stops_has_a_limit),
        WORLD_TEST(a_late_answer_has_the_time_of_the_end),
    };
    return cmocka_run_group_tests(tests, world_open, world_close);
}
