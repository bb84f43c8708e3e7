#include "sql/child.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/strbuf.h"
#include "sql/analyse.h"
#include "sql/wire.h"

#define FRAMES_MAX ((size_t)64 << 10) /* bytes that are kept to be written together */

typedef struct work {
    const pd_sql_job *job;
    size_t first;
    bool careful;
    int fd;
} work;

/* A crash is an answer here, not an event: no handler of the parent's (a sanitizer's report, a
 * core) may follow. SIGINT and SIGTERM are the parent's business, which ends this process. */
static void reset_signals(void)
{
    struct sigaction plain = {.sa_handler = SIG_DFL};
    for (int number = 1; number <= SIGSYS; number++)
        if (number != SIGKILL && number != SIGSTOP)
            sigaction(number, &plain, NULL);
    sigset_t blocked;
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGINT);
    sigaddset(&blocked, SIGTERM);
    sigprocmask(SIG_SETMASK, &blocked, NULL);
}

static void silence(void)
{
    struct rlimit no_core = {0, 0};
    setrlimit(RLIMIT_CORE, &no_core);
    int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
    if (null >= 0) {
        dup2(null, STDOUT_FILENO);
        dup2(null, STDERR_FILENO);
    }
}

/* Each text has its own time, counted from what those before it took. */
static void limit_cpu(const pd_sql_limits *limits, size_t text_len)
{
    struct rusage used = {0};
    struct rlimit limit = {0};
    if (getrusage(RUSAGE_SELF, &used) != 0 || getrlimit(RLIMIT_CPU, &limit) != 0)
        return;
    rlim_t seconds = (rlim_t)used.ru_utime.tv_sec + (rlim_t)used.ru_stime.tv_sec + 1 +
                     limits->cpu_seconds + (rlim_t)((text_len >> 20) * limits->cpu_seconds_per_mb);
    if (limit.rlim_max == RLIM_INFINITY || seconds <= limit.rlim_max)
        limit.rlim_cur = seconds;
    else
        limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_CPU, &limit);
}

static bool write_all(int fd, const char *data, size_t len)
{
    while (len > 0) {
        ssize_t done = write(fd, data, len);
        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0)
            return false;
        data += done;
        len -= (size_t)done;
    }
    return true;
}

static bool write_frames(const work *self, pd_strbuf *frames)
{
    bool written = write_all(self->fd, frames->data, frames->len);
    pd_strbuf_clear(frames);
    return written;
}

/* What was parsed is written before anything that this process might die on. */
static bool parse_one(const work *self, pd_sql_tables *tables, size_t index, pd_strbuf *frames)
{
    const pd_sql_input *input = &self->job->inputs[index];
    bool alone = self->careful || input->len > PD_SQL_SMALL_TEXT;
    if ((alone || frames->len > FRAMES_MAX) && !write_frames(self, frames))
        return false;
    limit_cpu(&self->job->limits, input->len);
    PD_AUTO_ARENA arena = pd_arena_new();
    pd_script script;
    pd_sql_analyse(arena, tables, input, &script);
    return pd_sql_wire_put(frames, index, &script) && (!alone || write_frames(self, frames));
}

static void *parse_all(void *data)
{
    const work *self = data;
    PD_AUTO_ARENA arena = pd_arena_new();
    PD_AUTO_STRBUF frames = pd_strbuf_new(PD_STRBUF_MAX);
    pd_sql_tables *tables =
        pd_sql_tables_new(arena, self->job->table_schema, self->job->unqualified);
    for (size_t i = self->first; i < self->job->count; i++)
        if (!parse_one(self, tables, i, &frames))
            return NULL;
    (void)write_frames(self, &frames);
    return NULL;
}

void pd_sql_child_run(const pd_sql_job *job, size_t first, bool careful, int fd, pid_t parent)
{
    /* It may have died before it was asked for. */
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent)
        _exit(PD_SQL_CHILD_ORPHAN);
    pd_memory_ends_with(PD_SQL_CHILD_NO_MEMORY);
    reset_signals();
    silence();
    work self = {.job = job, .first = first, .careful = careful, .fd = fd};
    pthread_attr_t attributes;
    pthread_t thread;
    if (pthread_attr_init(&attributes) != 0 ||
        pthread_attr_setstacksize(&attributes, job->limits.stack_bytes) != 0 ||
        pthread_create(&thread, &attributes, parse_all, &self) != 0)
        _exit(PD_SQL_CHILD_NO_THREAD);
    pthread_attr_destroy(&attributes);
    pthread_join(thread, NULL);
    _exit(0);
}
