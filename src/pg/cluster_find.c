#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"
#include "base/strbuf.h"
#include "pg/cluster_parts.h"

#define DEBIAN_FOLDER "/usr/lib/postgresql"
#define PG_CONFIG_MS 5000

static bool has_binaries(pd_arena *arena, const char *folder)
{
    return *folder == '/' && access(pd_arena_printf(arena, "%s/initdb", folder), X_OK) == 0 &&
           access(pd_arena_printf(arena, "%s/postgres", folder), X_OK) == 0;
}

/* The first folder of PATH for which `wanted` says yes. */
static const char *search_path(pd_arena *arena, bool (*wanted)(pd_arena *, const char *))
{
    const char *path = getenv("PATH");
    while (path != NULL && *path != '\0') {
        size_t len = strcspn(path, ":");
        const char *folder = pd_arena_strndup(arena, path, len);
        if (wanted(arena, folder)) {
            return folder;
        }
        path += len;
        path += *path == ':' ? 1 : 0;
    }
    return NULL;
}

static bool has_pg_config(pd_arena *arena, const char *folder)
{
    return *folder == '/' && access(pd_arena_printf(arena, "%s/pg_config", folder), X_OK) == 0;
}

static void read_line(int fd, pd_interrupt *interrupt, pd_strbuf *out)
{
    int64_t deadline_ms = pd_now_ms() + PG_CONFIG_MS;
    char chunk[512];
    while (pd_wait_fd(interrupt, fd, POLLIN, deadline_ms) == PD_WAIT_READY) {
        ssize_t got = read(fd, chunk, sizeof chunk);
        if (got <= 0) {
            break;
        }
        pd_strbuf_add(out, chunk, (size_t)got);
    }
}

static const char *ask_pg_config(pd_arena *arena, pd_interrupt *interrupt)
{
    const char *found = search_path(arena, has_pg_config);
    int ends[2];
    if (found == NULL || pipe2(ends, O_CLOEXEC) != 0) {
        return NULL;
    }
    const char *argv[] = {pd_arena_printf(arena, "%s/pg_config", found), "--bindir", NULL};
    pd_identity nobody = {0};
    pd_program program = {argv, "/", ends[1], &nobody, SIGKILL};
    pid_t pid = pd_program_start(arena, &program);
    (void)close(ends[1]);
    PD_AUTO_STRBUF line = pd_strbuf_new(4096);
    int status = 0;
    if (pid > 0) {
        read_line(ends[0], interrupt, &line);
        if (!pd_program_ended(pid, PG_CONFIG_MS, interrupt, &status)) {
            (void)kill(pid, SIGKILL);
            (void)waitpid(pid, &status, 0);
        }
    }
    (void)close(ends[0]);
    return pid > 0 && status == 0 ? pd_arena_strndup(arena, line.data, strcspn(line.data, "\r\n"))
                                  : NULL;
}

static const char *newest_of_debian(pd_arena *arena)
{
    DIR *dir = opendir(DEBIAN_FOLDER);
    const char *best = NULL;
    uint64_t best_version = 0;
    if (dir == NULL) {
        return NULL;
    }
    for (const struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir)) {
        uint64_t version = 0;
        const char *folder = pd_arena_printf(arena, DEBIAN_FOLDER "/%s/bin", entry->d_name);
        if (pd_parse_uint(entry->d_name, 1000, &version) && version > best_version &&
            has_binaries(arena, folder)) {
            best_version = version;
            best = folder;
        }
    }
    (void)closedir(dir);
    return best;
}

bool pd_cluster_find_binaries(pd_arena *arena, pd_interrupt *interrupt, const char **folder,
                              pd_error *err)
{
    const char *wanted = getenv("PREDEPLOY_PG_BINDIR");
    if (wanted != NULL && *wanted != '\0') {
        *folder = wanted;
        if (has_binaries(arena, wanted)) {
            return true;
        }
        (void)pd_fail(err, PD_ERROR_UNREACHABLE, "cannot find initdb and postgres");
        (void)pd_error_detail(err, "PREDEPLOY_PG_BINDIR is %s", wanted);
        return pd_error_hint(err, "Set it to the absolute path of the folder that holds both.");
    }
    *folder = search_path(arena, has_binaries);
    if (*folder == NULL) {
        const char *said = ask_pg_config(arena, interrupt);
        *folder = said != NULL && has_binaries(arena, said) ? said : newest_of_debian(arena);
    }
    if (*folder != NULL) {
        return true;
    }
    (void)pd_fail(err, PD_ERROR_UNREACHABLE, "cannot find initdb and postgres");
    return pd_error_hint(err, "Install the server (apt-get install postgresql), or set "
                              "PREDEPLOY_PG_BINDIR to the folder that holds both.");
}

static bool look_up(pd_arena *arena, const char *name, pd_identity *out)
{
    struct passwd entry;
    struct passwd *found = NULL;
    size_t size = 16384;
    char *buffer = pd_arena_alloc(arena, size);
    if (getpwnam_r(name, &entry, buffer, size, &found) != 0 || found == NULL ||
        found->pw_uid == 0) {
        return false;
    }
    out->drop = true;
    out->uid = found->pw_uid;
    out->gid = found->pw_gid;
    out->name = name;
    return true;
}

bool pd_cluster_find_user(pd_arena *arena, pd_identity *out, pd_error *err)
{
    pd_identity ourselves = {.drop = false, .uid = geteuid(), .gid = getegid(), .name = ""};
    *out = ourselves;
    if (geteuid() != 0) {
        return true;
    }
    const char *wanted = getenv("PREDEPLOY_PG_USER");
    if (wanted != NULL && *wanted != '\0') {
        if (look_up(arena, wanted, out)) {
            return true;
        }
        (void)pd_fail(err, PD_ERROR_UNREACHABLE, "cannot run PostgreSQL as user %s", wanted);
        return pd_error_hint(err, "PREDEPLOY_PG_USER must name a user that exists and is not "
                                  "root.");
    }
    if (look_up(arena, "postgres", out) || look_up(arena, "nobody", out)) {
        return true;
    }
    (void)pd_fail(err, PD_ERROR_UNREACHABLE, "cannot run PostgreSQL as root");
    return pd_error_hint(err, "Set PREDEPLOY_PG_USER to a user that is not root.");
}
