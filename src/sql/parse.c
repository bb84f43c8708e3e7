#include "sql/parse.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/clock.h"
#include "base/interrupt.h"
#include "base/strbuf.h"
#include "sql/child.h"
#include "sql/wire.h"

#define READ_SIZE ((size_t)64 << 10)
/* Of a child that nobody reads from yet; usually the kernel's limit. */
#define PIPE_BYTES (1 << 20)
#define WALL_BASE_MS 60000
#define WALL_PER_TEXT_MS 20
#define WALL_PER_MB_MS 10000

/* One child and the end of its pipe that is ours. */
typedef struct child {
    pid_t pid; /* 0 when it is gone */
    int fd;
} child;

static const child nobody = {.pid = 0, .fd = -1};

/* Ends the child, whatever it is doing, and says how it ended (wait(2)). */
static int end_child(child *self)
{
    int status = 0;
    if (self->fd >= 0)
        close(self->fd);
    self->fd = -1;
    if (self->pid <= 0)
        return 0;
    kill(self->pid, SIGKILL);
    while (waitpid(self->pid, &status, 0) < 0 && errno == EINTR)
        continue;
    self->pid = 0;
    return status;
}

static void child_cleanup(child *self)
{
    end_child(self);
}

static void close_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
}

/* Reads frames, in order, until one is missing. */
typedef struct reading {
    pd_arena *arena;
    const pd_sql_job *job;
    pd_script *out;
    size_t next;  /* the text whose frame comes next */
    bool careful; /* the child writes each frame at once */
    int64_t deadline_ms;
    pd_interrupt *interrupt;
    pd_wait ended; /* PD_WAIT_READY: the child closed its end, or wrote what it may not */
} reading;

static bool start_child(const reading *self, child *out, pd_error *err)
{
    int fds[2] = {-1, -1};
    pid_t pid = -1;
    pid_t parent = getpid();
    if (pipe2(fds, O_CLOEXEC) == 0)
        pid = fork();
    if (pid == 0) {
        close(fds[0]);
        pd_sql_child_run(self->job, self->next, self->careful, fds[1], parent);
    }
    int reason = errno;
    close_fd(&fds[1]);
    if (pid < 0) {
        close_fd(&fds[0]);
        pd_fail(err, PD_ERROR_UNREACHABLE, "cannot start the SQL parser");
        pd_error_detail(err, "%s", strerror(reason));
        return pd_error_hint(err, "The parser runs in a process of its own: see that this user "
                                  "may start more processes (ulimit -u) and open more files.");
    }
    *out = (child){.pid = pid, .fd = fds[0]};
    return true;
}

/* Takes the frames that are whole out of the buffer; false when they make no sense. */
static bool take_frames(reading *self, pd_strbuf *buf)
{
    size_t at = 0;
    while (buf->len - at >= PD_SQL_FRAME_HEADER) {
        uint64_t index = 0;
        uint64_t len = 0;
        pd_sql_wire_header(buf->data + at, &index, &len);
        if (index != self->next || index >= self->job->count || len > PD_STRBUF_MAX)
            return false;
        if (buf->len - at - PD_SQL_FRAME_HEADER < len)
            break;
        const pd_sql_input *input = &self->job->inputs[index];
        if (!pd_sql_wire_get(self->arena, buf->data + at + PD_SQL_FRAME_HEADER, (size_t)len,
                             input->text, input->len, &self->out[index]))
            return false;
        self->next++;
        at += PD_SQL_FRAME_HEADER + (size_t)len;
    }
    if (at > 0)
        memmove(buf->data, buf->data + at, buf->len - at);
    buf->len -= at;
    return !buf->truncated;
}

static void read_frames(reading *self, int fd)
{
    PD_AUTO_STRBUF buf = pd_strbuf_new(PD_STRBUF_MAX + READ_SIZE);
    char data[READ_SIZE];
    for (;;) {
        self->ended = pd_wait_fd(self->interrupt, fd, POLLIN, self->deadline_ms);
        if (self->ended != PD_WAIT_READY)
            return;
        ssize_t got = read(fd, data, sizeof data);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return;
        pd_strbuf_add(&buf, data, (size_t)got);
        if (!take_frames(self, &buf))
            return;
    }
}

/* The child has ended without a frame for this text. */
static void give_up(pd_arena *arena, int status, pd_wait ended, pd_script *out)
{
    const char *reason = "the parser ended on it";
    if (ended == PD_WAIT_TIMEOUT || (WIFSIGNALED(status) && WTERMSIG(status) == SIGXCPU))
        reason = "it takes too long to parse";
    else if (WIFSIGNALED(status) && (WTERMSIG(status) == SIGSEGV || WTERMSIG(status) == SIGBUS))
        reason = "it is nested too deeply";
    *out = (pd_script){.state = PD_SCRIPT_TOO_DEEP, .error = pd_arena_strdup(arena, reason)};
}

static int64_t wall_ms(const pd_sql_job *job)
{
    if (job->limits.wall_ms >= 0)
        return job->limits.wall_ms;
    int64_t total = WALL_BASE_MS;
    for (size_t i = 0; i < job->count; i++)
        total += WALL_PER_TEXT_MS + (int64_t)(job->inputs[i].len >> 10) * WALL_PER_MB_MS / 1024;
    return total;
}

/* Runs one child as far as it gets; self->next is then behind the last text that it parsed or, when
 * it was careful, died on. `begun`: it runs already. */
static bool run_child(reading *self, child begun, pd_error *err)
{
    child worker PD_CLEANUP(child_cleanup) = begun;
    if (worker.pid == 0 && !start_child(self, &worker, err))
        return false;
    read_frames(self, worker.fd);
    if (self->ended == PD_WAIT_SIGNAL)
        return pd_fail_interrupted(err, self->interrupt);
    if (self->next == self->job->count)
        return true;
    int status = end_child(&worker);
    if (WIFEXITED(status) && WEXITSTATUS(status) == PD_SQL_CHILD_NO_THREAD) {
        pd_fail(err, PD_ERROR_UNREACHABLE, "cannot start the SQL parser");
        pd_error_detail(err, "no thread with a stack of %zu MiB",
                        self->job->limits.stack_bytes >> 20);
        return pd_error_hint(err, "Raise the limit of address space (ulimit -v) or of processes "
                                  "(ulimit -u).");
    }
    if (WIFEXITED(status) && WEXITSTATUS(status) == PD_SQL_CHILD_NO_MEMORY) {
        pd_fail(err, PD_ERROR_UNREACHABLE, "cannot parse the SQL: out of memory");
        return pd_error_hint(err, "Run predeploy where there is more memory, or raise its limit "
                                  "(ulimit -v).");
    }
    /* Of small texts some frames may not have been written: the next child reads those again. */
    if (self->careful || self->ended == PD_WAIT_TIMEOUT ||
        self->job->inputs[self->next].len > PD_SQL_SMALL_TEXT) {
        give_up(self->arena, status, self->ended, &self->out[self->next++]);
        self->careful = false;
    } else {
        self->careful = true;
    }
    return true;
}

/* The first child is `begun`, unless it has no process. */
static bool parse_job(pd_arena *arena, const pd_sql_job *job, child begun, pd_script *out,
                      pd_error *err)
{
    /* Blocked by the run that wants to know of them (base/interrupt.h); else this never wakes. */
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    int signal_fd PD_CLEANUP(close_fd) = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
    pd_interrupt interrupt = {.fd = signal_fd, .signal = 0};
    reading self = {.arena = arena,
                    .job = job,
                    .out = out,
                    .deadline_ms = pd_now_ms() + wall_ms(job),
                    .interrupt = &interrupt};
    while (self.next < job->count) {
        if (pd_remaining_ms(self.deadline_ms) == 0)
            give_up(arena, 0, PD_WAIT_TIMEOUT, &out[self.next++]);
        else if (!run_child(&self, begun, err))
            return false;
        begun = nobody;
    }
    return true;
}

bool pd_sql_parse_job(pd_arena *arena, const pd_sql_job *job, pd_script *out, pd_error *err)
{
    return parse_job(arena, job, nobody, out, err);
}

static pd_sql_job job_of(const pd_sql_batch *batch)
{
    return (pd_sql_job){.inputs = batch->inputs,
                        .count = batch->count,
                        .table_schema = batch->table_schema,
                        .unqualified = batch->unqualified,
                        .limits = PD_SQL_LIMITS_DEFAULT};
}

bool pd_sql_parse(pd_arena *arena, const pd_sql_batch *batch, pd_script *out, pd_error *err)
{
    pd_sql_job job = job_of(batch);
    return pd_sql_parse_job(arena, &job, out, err);
}

struct pd_sql_begun {
    pd_arena *arena;
    pd_sql_job job;
    child child;
};

pd_sql_begun *pd_sql_parse_begin(pd_arena *arena, const pd_sql_batch *batch)
{
    pd_error ignored = {0};
    pd_sql_begun *self = pd_arena_alloc(arena, sizeof *self);
    *self = (pd_sql_begun){.arena = arena, .job = job_of(batch), .child = nobody};
    reading first = {.arena = arena, .job = &self->job};
    if (batch->count == 0 || !start_child(&first, &self->child, &ignored))
        return NULL;
    (void)fcntl(self->child.fd, F_SETPIPE_SZ, PIPE_BYTES);
    return self;
}

bool pd_sql_parse_end(pd_sql_begun *begun, pd_script *out, pd_error *err)
{
    child running = begun->child;
    begun->child = nobody;
    return parse_job(begun->arena, &begun->job, running, out, err);
}

void pd_sql_parse_drop(pd_sql_begun *begun)
{
    if (begun != NULL)
        end_child(&begun->child);
}
