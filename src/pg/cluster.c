#include "pg/cluster.h"

#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "pg/cluster_parts.h"
#include "pg/conn.h"

#define START_MS 60000 /* for each of initdb and the server */
#define POLL_MS 30
#define LOG_SHOWN 1500 /* bytes of the log's tail */

struct pd_cluster {
    pd_arena *arena;
    pd_identity user;
    const char *folder; /* NULL: none made */
    int log;            /* -1: none */
    pid_t server;       /* 0: none started */
};

static const char *log_tail(const pd_cluster *cluster)
{
    char tail[LOG_SHOWN + 1];
    struct stat info;
    if (cluster->log < 0 || fstat(cluster->log, &info) != 0) {
        return "";
    }
    off_t from = info.st_size > LOG_SHOWN ? info.st_size - LOG_SHOWN : 0;
    ssize_t got = pread(cluster->log, tail, LOG_SHOWN, from);
    while (got > 0 && tail[got - 1] == '\n') {
        got--;
    }
    return got <= 0 ? "" : pd_arena_strndup(cluster->arena, tail, (size_t)got);
}

static bool fail_child(const pd_cluster *cluster, const char *what, pd_error *err)
{
    (void)pd_fail(err, PD_ERROR_UNREACHABLE, "cannot start a throwaway PostgreSQL: %s", what);
    (void)pd_error_detail(err, "%s", log_tail(cluster));
    return pd_error_hint(err,
                         "Check the room left in TMPDIR; PREDEPLOY_PG_BINDIR chooses another "
                         "server%s.",
                         cluster->user.drop ? ", PREDEPLOY_PG_USER the user that it runs as" : "");
}

static bool open_log(pd_cluster *cluster, pd_error *err)
{
    const char *path = pd_arena_printf(cluster->arena, "%s/log", cluster->folder);
    cluster->log = open(path, O_RDWR | O_CREAT | O_EXCL | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (cluster->log < 0) {
        (void)pd_fail(err, PD_ERROR_UNREACHABLE, "cannot start a throwaway PostgreSQL");
        (void)pd_error_detail(err, "%s: %s", path, strerror(errno));
        return pd_error_hint(err, "Check the room left in TMPDIR.");
    }
    return true;
}

static const char *locale_name(void)
{
    locale_t utf8 = newlocale(LC_ALL_MASK, "C.UTF-8", (locale_t)0);
    if (utf8 == (locale_t)0) {
        return "--locale=C";
    }
    freelocale(utf8);
    return "--locale=C.UTF-8";
}

static bool make_data(pd_cluster *cluster, const char *bin, pd_interrupt *interrupt, pd_error *err)
{
    pd_arena *arena = cluster->arena;
    const char *argv[] = {pd_arena_printf(arena, "%s/initdb", bin),
                          "-D",
                          pd_arena_printf(arena, "%s/data", cluster->folder),
                          "-U",
                          "postgres",
                          "--auth=trust",
                          "--encoding=UTF8",
                          locale_name(),
                          "--no-sync",
                          "--no-instructions",
                          NULL};
    pd_program program = {argv, cluster->folder, cluster->log, &cluster->user, SIGKILL};
    pid_t pid = pd_program_start(arena, &program);
    int status = 0;
    if (pid < 0) {
        return fail_child(cluster, "no process could be made for initdb", err);
    }
    if (!pd_program_ended(pid, START_MS, interrupt, &status)) {
        /* initdb has children of its own; it leads their session */
        (void)kill(-pid, SIGKILL);
        (void)waitpid(pid, &status, 0);
        return pd_interrupted(interrupt) ? pd_fail_interrupted(err, interrupt)
                                         : fail_child(cluster, "initdb did not end in time", err);
    }
    return (WIFEXITED(status) && WEXITSTATUS(status) == 0) ||
           fail_child(cluster, "initdb failed", err);
}

static bool start_server(pd_cluster *cluster, const char *bin, pd_error *err)
{
    pd_arena *arena = cluster->arena;
    const char *argv[] = {
        pd_arena_printf(arena, "%s/postgres", bin),
        "-D",
        pd_arena_printf(arena, "%s/data", cluster->folder),
        "-c",
        "listen_addresses=",
        "-c",
        pd_arena_printf(arena, "unix_socket_directories=\"%s\"", cluster->folder),
        "-c",
        "unix_socket_permissions=0700",
        "-c",
        "port=5432",
        "-c",
        "fsync=off",
        "-c",
        "synchronous_commit=off",
        "-c",
        "full_page_writes=off",
        "-c",
        "logging_collector=off",
        NULL,
    };
    /* SIGQUIT: the server ends at once, and its children and shared memory with it. */
    pd_program program = {argv, cluster->folder, cluster->log, &cluster->user, SIGQUIT};
    pid_t pid = pd_program_start(arena, &program);
    if (pid < 0) {
        return fail_child(cluster, "no process could be made for the server", err);
    }
    cluster->server = pid;
    return true;
}

static bool wait_ready(pd_cluster *cluster, const char *conninfo, pd_interrupt *interrupt,
                       pd_error *err)
{
    int64_t deadline_ms = pd_now_ms() + START_MS;
    pd_conn probe = {.interrupt = interrupt};
    for (;;) {
        pd_error ignored = {0};
        int status = 0;
        if (pd_conn_open(&probe, conninfo, "predeploy", START_MS, &ignored)) {
            pd_conn_close(&probe);
            return true;
        }
        if (pd_interrupted(interrupt)) {
            return pd_fail_interrupted(err, interrupt);
        }
        if (pd_program_ended(cluster->server, POLL_MS, interrupt, &status)) {
            cluster->server = 0;
            return fail_child(cluster, "the server ended at once", err);
        }
        if (pd_remaining_ms(deadline_ms) == 0) {
            return fail_child(cluster, "the server was not ready in time", err);
        }
    }
}

static bool start(pd_cluster *cluster, pd_interrupt *interrupt, pd_progress *progress,
                  const char **conninfo, pd_error *err)
{
    const char *bin = NULL;
    if (!pd_cluster_find_binaries(cluster->arena, interrupt, &bin, err) ||
        !pd_cluster_find_user(cluster->arena, &cluster->user, err) ||
        !pd_cluster_make_folder(cluster->arena, &cluster->user, &cluster->folder, err) ||
        !open_log(cluster, err)) {
        return false;
    }
    pd_progress_say(progress, "making a throwaway PostgreSQL");
    if (!make_data(cluster, bin, interrupt, err)) {
        return false;
    }
    pd_progress_say(progress, "starting a throwaway PostgreSQL");
    /* Whatever of these is empty is so on purpose: PG* of the environment lead elsewhere. */
    *conninfo = pd_arena_printf(cluster->arena,
                                "host='%s' port=5432 user=postgres dbname=postgres hostaddr='' "
                                "options='' sslmode=disable gssencmode=disable "
                                "target_session_attrs=any",
                                cluster->folder);
    return start_server(cluster, bin, err) && wait_ready(cluster, *conninfo, interrupt, err);
}

bool pd_cluster_start(pd_cluster **out, pd_arena *arena, pd_interrupt *interrupt,
                      pd_progress *progress, const char **conninfo, pd_error *err)
{
    pd_cluster *cluster = pd_arena_alloc(arena, sizeof *cluster);
    cluster->arena = arena;
    cluster->log = -1;
    *out = NULL;
    if (!start(cluster, interrupt, progress, conninfo, err)) {
        pd_cluster_stop(&cluster);
        return false;
    }
    *out = cluster;
    return true;
}

/* Politely first; each next signal is one that the server can refuse less. */
static void stop_server(pid_t server)
{
    static const int signals[] = {SIGINT, SIGQUIT, SIGKILL};
    static const int64_t patience_ms[] = {10000, 5000, 5000};
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
        int status = 0;
        (void)kill(server, signals[i]);
        if (pd_program_ended(server, patience_ms[i], NULL, &status)) {
            return;
        }
    }
}

void pd_cluster_stop(pd_cluster **cluster)
{
    pd_cluster *gone = *cluster;
    *cluster = NULL;
    if (gone == NULL) {
        return;
    }
    if (gone->server > 0) {
        stop_server(gone->server);
    }
    if (gone->log >= 0) {
        (void)close(gone->log);
    }
    if (gone->folder != NULL) {
        pd_cluster_remove_folder(gone->folder);
    }
}
