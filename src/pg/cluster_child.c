#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "pg/cluster_parts.h"

#define LOOK_MS 10

/* All that a server needs; everything else, secrets among it, stays with us. */
static char **environment(pd_arena *arena, const char *folder)
{
    static const char *const kept[] = {"PATH", "LD_LIBRARY_PATH", "TZ"};
    char **out = pd_arena_array(arena, sizeof kept / sizeof *kept + 3, sizeof *out);
    size_t count = 0;
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++) {
        const char *value = getenv(kept[i]);
        if (value != NULL) {
            out[count++] = pd_arena_printf(arena, "%s=%s", kept[i], value);
        }
    }
    out[count++] = pd_arena_printf(arena, "HOME=%s", folder);
    out[count] = pd_arena_strdup(arena, "LC_ALL=C");
    return out;
}

/* Between fork and exec: only what is async-signal-safe, and one-way. */
static bool become(const pd_program *program, pid_t parent, int null)
{
    const pd_identity *user = program->user;
    pd_interrupt_restore();
    (void)signal(SIGPIPE, SIG_DFL);
    if (setsid() < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(program->output, STDOUT_FILENO) < 0 ||
        dup2(program->output, STDERR_FILENO) < 0) {
        return false;
    }
    if (user->drop &&
        (setgroups(1, &user->gid) != 0 || setgid(user->gid) != 0 || setuid(user->uid) != 0)) {
        return false;
    }
    /* A change of user forgets it, so it is asked for after; we may have died before. */
    if (prctl(PR_SET_PDEATHSIG, program->death_signal) != 0 || getppid() != parent) {
        return false;
    }
    (void)umask(077);
    (void)close_range(3, ~0U, 0);
    return chdir(program->folder) == 0;
}

pid_t pd_program_start(pd_arena *arena, const pd_program *program)
{
    char **env = environment(arena, program->folder);
    size_t count = 0;
    while (program->argv[count] != NULL) {
        count++;
    }
    char **argv = pd_arena_array(arena, count + 1, sizeof *argv);
    for (size_t i = 0; i < count; i++) {
        argv[i] = pd_arena_strdup(arena, program->argv[i]);
    }
    int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (null < 0) {
        return -1;
    }
    pid_t parent = getpid();
    pid_t child = fork();
    if (child == 0) {
        if (become(program, parent, null)) {
            (void)execve(argv[0], argv, env);
        }
        _exit(127);
    }
    (void)close(null);
    return child;
}

bool pd_program_ended(pid_t pid, int64_t ms, pd_interrupt *interrupt, int *status)
{
    int64_t deadline_ms = pd_now_ms() + ms;
    for (;;) {
        pid_t got = waitpid(pid, status, WNOHANG);
        if (got != 0) {
            return true; /* also when it is no child of ours any more */
        }
        if (pd_remaining_ms(deadline_ms) == 0 || pd_interrupted(interrupt)) {
            return false;
        }
        (void)pd_wait_fd(interrupt, -1, 0, pd_now_ms() + LOOK_MS);
    }
}
