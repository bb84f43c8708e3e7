#include "pg_world.h"

#include <dirent.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "pg/cluster_parts.h"

typedef struct bench {
    char folder[64]; /* TMPDIR of the test, reachable by every user */
    pd_arena *arena;
    pd_progress progress;
    pd_error err;
} bench;

static int bench_open(void **state)
{
    bench *b = calloc(1, sizeof *b);
    b->arena = pd_arena_new();
    (void)snprintf(b->folder, sizeof b->folder, "/tmp/predeploy-test-XXXXXX");
    *state = b;
    return mkdtemp(b->folder) == NULL || chmod(b->folder, 01777) != 0 ||
           setenv("TMPDIR", b->folder, 1) != 0;
}

static int bench_close(void **state)
{
    bench *b = *state;
    int left = rmdir(b->folder); /* fails when anything was left behind */
    (void)unsetenv("TMPDIR");
    (void)unsetenv("PREDEPLOY_PG_BINDIR");
    (void)unsetenv("PREDEPLOY_PG_USER");
    pd_arena_free(b->arena);
    free(b);
    return left;
}

static size_t entries(const char *path)
{
    DIR *dir = opendir(path);
    size_t count = 0;
    assert_non_null(dir);
    while (readdir(dir) != NULL) {
        count++;
    }
    (void)closedir(dir);
    return count - 2;
}

static void a_server_comes_and_goes(void **state)
{
    bench *b = *state;
    const char *conninfo = NULL;
    PD_AUTO_CLUSTER cluster = NULL;
    assert_true(setenv("PGHOSTADDR", "192.0.2.1", 1) == 0);
    assert_true(setenv("PGOPTIONS", "-c no_such_setting=1", 1) == 0);
    bool ok = pd_cluster_start(&cluster, b->arena, NULL, &b->progress, &conninfo, &b->err);
    if (!ok) {
        fail_msg("%s: %s", b->err.message, b->err.detail);
    }
    assert_int_equal(entries(b->folder), 1);
    assert_non_null(strstr(conninfo, b->folder));
    world w = {.arena = b->arena};
    pd_conn conn = {0};
    world_connect(&w, &conn, conninfo);
    assert_string_equal(ask_on(&w, &conn, "SHOW server_encoding"), "UTF8");
    assert_string_equal(ask_on(&w, &conn, "SHOW listen_addresses"), "");
    assert_string_equal(ask_on(&w, &conn, "SELECT current_user"), "postgres");
    const char *data = ask_on(&w, &conn, "SHOW data_directory");
    struct stat info;
    assert_int_equal(stat(data, &info), 0);
    assert_true(info.st_uid != 0);
    assert_int_equal(info.st_mode & 077, 0);
    assert_int_equal(stat(pd_arena_printf(b->arena, "%s/..", data), &info), 0);
    assert_int_equal(info.st_mode & 077, 0);
    pid_t server = (pid_t)strtol(
        ask_on(&w, &conn, "SELECT split_part(pg_read_file('postmaster.pid'), E'\n', 1)"), NULL, 10);
    assert_int_equal(kill(server, 0), 0);
    pd_conn_close(&conn);
    pd_cluster_stop(&cluster);
    assert_null(cluster);
    assert_int_equal(kill(server, 0), -1);
    assert_int_equal(entries(b->folder), 0);
    (void)unsetenv("PGHOSTADDR");
    (void)unsetenv("PGOPTIONS");
}

static void refuse(bench *b, const char *part)
{
    const char *conninfo = NULL;
    pd_cluster *cluster = NULL;
    assert_false(pd_cluster_start(&cluster, b->arena, NULL, &b->progress, &conninfo, &b->err));
    assert_null(cluster);
    assert_int_equal(b->err.kind, PD_ERROR_UNREACHABLE);
    assert_true(b->err.hint[0] != '\0');
    if (strstr(b->err.message, part) == NULL && strstr(b->err.detail, part) == NULL) {
        fail_msg("%s: %s", b->err.message, b->err.detail);
    }
    assert_int_equal(entries(b->folder), 0);
}

static void without_binaries(void **state)
{
    bench *b = *state;
    assert_true(setenv("PREDEPLOY_PG_BINDIR", "/nonexistent", 1) == 0);
    refuse(b, "PREDEPLOY_PG_BINDIR is /nonexistent");
}

static void write_script(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(path, 0755), 0);
}

/* A folder of binaries whose initdb is ours; the caller removes it. */
static const char *fake_binaries(bench *b, const char *initdb, const char *postgres)
{
    char *folder = pd_arena_strdup(b->arena, "/tmp/predeploy-fake-XXXXXX");
    assert_non_null(mkdtemp(folder));
    assert_int_equal(chmod(folder, 0755), 0);
    write_script(pd_arena_printf(b->arena, "%s/initdb", folder), initdb);
    write_script(pd_arena_printf(b->arena, "%s/postgres", folder), postgres);
    assert_true(setenv("PREDEPLOY_PG_BINDIR", folder, 1) == 0);
    return folder;
}

static void drop_binaries(bench *b, const char *folder)
{
    (void)unlink(pd_arena_printf(b->arena, "%s/initdb", folder));
    (void)unlink(pd_arena_printf(b->arena, "%s/postgres", folder));
    (void)rmdir(folder);
}

static void initdb_fails(void **state)
{
    bench *b = *state;
    const char *folder =
        fake_binaries(b, "#!/bin/sh\necho no room on the disk >&2\nexit 1\n", "#!/bin/sh\n");
    refuse(b, "no room on the disk");
    drop_binaries(b, folder);
}

static void the_server_ends_at_once(void **state)
{
    bench *b = *state;
    const char *folder =
        fake_binaries(b, "#!/bin/sh\nexit 0\n", "#!/bin/sh\necho cannot listen\nexit 3\n");
    refuse(b, "cannot listen");
    drop_binaries(b, folder);
}

static void children_get_no_secrets(void **state)
{
    bench *b = *state;
    assert_true(setenv("DATABASE_URL", "postgres://u:Canary@h/db", 1) == 0);
    assert_true(setenv("PGPASSWORD", "Canary", 1) == 0);
    const char *folder = fake_binaries(b, "#!/bin/sh\nenv\necho asked; id -u\nexit 1\n", "");
    refuse(b, "asked");
    assert_null(strstr(b->err.detail, "Canary"));
    if (geteuid() == 0) {
        assert_null(strstr(b->err.detail, "asked\n0"));
    }
    drop_binaries(b, folder);
    (void)unsetenv("DATABASE_URL");
    (void)unsetenv("PGPASSWORD");
}

static void a_signal_leaves_nothing_behind(void **state)
{
    bench *b = *state;
    const char *conninfo = NULL;
    pd_cluster *cluster = NULL;
    pd_interrupt interrupt;
    /* the "server" tells us when it runs, and would run for ever */
    const char *folder =
        fake_binaries(b, "#!/bin/sh\nexit 0\n",
                      "#!/bin/sh\ntrap '' INT\ntrap 'exit 0' QUIT\nkill -TERM $PPID 2>/dev/null\n"
                      "while :; do sleep 0.1; done\n");
    assert_true(pd_interrupt_open(&interrupt, &b->err));
    if (geteuid() == 0) { /* it may not signal us: do it for it */
        assert_int_equal(kill(getpid(), SIGTERM), 0);
    }
    assert_false(
        pd_cluster_start(&cluster, b->arena, &interrupt, &b->progress, &conninfo, &b->err));
    assert_int_equal(b->err.kind, PD_ERROR_INTERRUPTED);
    assert_int_equal(b->err.signal, SIGTERM);
    assert_int_equal(entries(b->folder), 0);
    pd_interrupt_close(&interrupt);
    drop_binaries(b, folder);
}

/* Nothing can be tidied up by who is killed, but no server may go on for ever. */
static void the_server_dies_with_us(void **state)
{
    bench *b = *state;
    int ends[2];
    pid_t server = 0;
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        const char *conninfo = NULL;
        pd_cluster *cluster = NULL;
        world w = {.arena = b->arena};
        pd_conn conn = {0};
        if (pd_cluster_start(&cluster, b->arena, NULL, &b->progress, &conninfo, &b->err)) {
            world_connect(&w, &conn, conninfo);
            server = (pid_t)strtol(
                ask_on(&w, &conn, "SELECT split_part(pg_read_file('postmaster.pid'), E'\n', 1)"),
                NULL, 10);
            (void)!write(ends[1], &server, sizeof server);
        }
        (void)kill(getpid(), SIGKILL);
    }
    assert_int_equal(read(ends[0], &server, sizeof server), sizeof server);
    assert_int_equal(waitpid(child, NULL, 0), child);
    for (int i = 0; i < 1000 && kill(server, 0) == 0; i++) {
        (void)pd_wait_fd(NULL, -1, 0, pd_now_ms() + 10);
    }
    assert_int_equal(kill(server, 0), -1);
    (void)close(ends[0]);
    (void)close(ends[1]);
    DIR *dir = opendir(b->folder);
    assert_non_null(dir);
    for (const struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir)) {
        if (pd_starts_with(entry->d_name, "predeploy-")) {
            pd_cluster_remove_folder(pd_arena_printf(b->arena, "%s/%s", b->folder, entry->d_name));
        }
    }
    (void)closedir(dir);
}

/* What a hostile migration may have left in the folder does not lead out of it. */
static void removal_follows_no_link(void **state)
{
    bench *b = *state;
    char *kept = pd_arena_strdup(b->arena, "/tmp/predeploy-kept-XXXXXX");
    char *gone = pd_arena_printf(b->arena, "%s/gone", b->folder);
    assert_non_null(mkdtemp(kept));
    write_script(pd_arena_printf(b->arena, "%s/file", kept), "precious");
    assert_int_equal(mkdir(gone, 0700), 0);
    assert_int_equal(mkdir(pd_arena_printf(b->arena, "%s/inner", gone), 0700), 0);
    assert_int_equal(symlink(kept, pd_arena_printf(b->arena, "%s/inner/link", gone)), 0);
    pd_cluster_remove_folder(gone);
    assert_int_equal(entries(b->folder), 0);
    assert_int_equal(unlink(pd_arena_printf(b->arena, "%s/file", kept)), 0);
    assert_int_equal(rmdir(kept), 0);
}

static void a_path_too_long_for_a_socket(void **state)
{
    bench *b = *state;
    const char *conninfo = NULL;
    PD_AUTO_CLUSTER cluster = NULL;
    char *deep = pd_arena_printf(b->arena, "%s/%0100d", b->folder, 0);
    assert_int_equal(mkdir(deep, 0777), 0);
    assert_true(setenv("TMPDIR", deep, 1) == 0);
    assert_true(pd_cluster_start(&cluster, b->arena, NULL, &b->progress, &conninfo, &b->err));
    assert_non_null(strstr(conninfo, "host='/tmp/predeploy-"));
    pd_cluster_stop(&cluster);
    assert_int_equal(rmdir(deep), 0);
}

static void a_user_that_may_not_be(void **state)
{
    bench *b = *state;
    if (geteuid() != 0) {
        return; /* only root becomes another user */
    }
    static const char *const users[] = {"root", "no_such_user_here"};
    for (size_t i = 0; i < 2; i++) {
        assert_true(setenv("PREDEPLOY_PG_USER", users[i], 1) == 0);
        refuse(b, users[i]);
    }
}

#define BENCH_TEST(function) cmocka_unit_test_setup_teardown(function, bench_open, bench_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        BENCH_TEST(a_server_comes_and_goes),
        BENCH_TEST(without_binaries),
        BENCH_TEST(initdb_fails),
        BENCH_TEST(the_server_ends_at_once),
        BENCH_TEST(children_get_no_secrets),
        BENCH_TEST(a_signal_leaves_nothing_behind),
        BENCH_TEST(the_server_dies_with_us),
        BENCH_TEST(removal_follows_no_link),
        BENCH_TEST(a_path_too_long_for_a_socket),
        BENCH_TEST(a_user_that_may_not_be),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
