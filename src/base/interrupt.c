#include "base/interrupt.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/clock.h"

static void add_unless_ignored(sigset_t *set, int number)
{
    struct sigaction action;
    if (sigaction(number, NULL, &action) != 0 || action.sa_handler != SIG_IGN)
        sigaddset(set, number);
}

static sigset_t deadly_signals(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    /* nohup(1) says so; blocked, it would come all the same. */
    add_unless_ignored(&set, SIGHUP);
    return set;
}

bool pd_interrupt_open(pd_interrupt *self, pd_error *err)
{
    sigset_t set = deadly_signals();
    sigaddset(&set, SIGALRM);
    *self = (pd_interrupt){.fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK)};
    if (self->fd < 0 || sigprocmask(SIG_BLOCK, &set, NULL) != 0) {
        pd_fail(err, PD_ERROR_UNREACHABLE, "cannot watch for signals");
        return pd_error_detail(err, "%s", strerror(errno));
    }
    return true;
}

static void set_timer(int64_t ms)
{
    const struct itimerval timer = {
        .it_value = {.tv_sec = (time_t)(ms / 1000), .tv_usec = (suseconds_t)(ms % 1000 * 1000)},
    };
    setitimer(ITIMER_REAL, &timer, NULL);
}

void pd_interrupt_limit(pd_interrupt *self, int64_t ms, const char *why, const char *hint)
{
    self->late_why = why;
    self->late_hint = hint;
    if (self->fd >= 0)
        set_timer(ms);
}

void pd_interrupt_close(pd_interrupt *self)
{
    if (self->fd >= 0) {
        set_timer(0);
        close(self->fd);
    }
    self->fd = -1;
}

void pd_interrupt_restore(void)
{
    sigset_t set = deadly_signals();
    sigaddset(&set, SIGALRM);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
}

static void take(pd_interrupt *self, uint32_t number)
{
    self->seen_ms = pd_now_ms();
    if (number == SIGALRM) {
        self->late = true;
        return;
    }
    self->signal = number == SIGINT ? SIGINT : SIGTERM;
    set_timer(0);
}

bool pd_interrupted(pd_interrupt *self)
{
    if (self == NULL || self->fd < 0)
        return false;
    struct signalfd_siginfo info;
    while (self->signal == 0 && read(self->fd, &info, sizeof info) == (ssize_t)sizeof info)
        take(self, info.ssi_signo);
    return self->signal != 0 || self->late;
}

int64_t pd_interrupt_grace_ms(const pd_interrupt *self, int64_t ms)
{
    if (self == NULL || (self->signal == 0 && !self->late))
        return ms;
    int64_t grace_ms = self->signal == 0 ? PD_LATE_GRACE_MS : PD_GRACE_MS;
    int64_t left = grace_ms - (pd_now_ms() - self->seen_ms);
    left = left < PD_GRACE_MIN_MS ? PD_GRACE_MIN_MS : left;
    return left < ms ? left : ms;
}

void pd_interrupt_rearm(pd_interrupt *self)
{
    if (self == NULL || self->fd < 0 || self->armed)
        return;
    struct signalfd_siginfo same;
    while (read(self->fd, &same, sizeof same) == (ssize_t)sizeof same)
        continue;
    sigset_t set = deadly_signals();
    sigprocmask(SIG_UNBLOCK, &set, NULL);
    self->armed = true;
}

bool pd_fail_interrupted(pd_error *err, const pd_interrupt *self)
{
    if (self->signal == 0 && self->late) {
        bool told = self->late_kind != PD_ERROR_NONE;
        pd_fail(err, told ? self->late_kind : PD_ERROR_UNREACHABLE, "%s", self->late_why);
        return pd_error_hint(err, "%s", self->late_hint);
    }
    bool term = self->signal == SIGTERM;
    pd_fail(err, PD_ERROR_INTERRUPTED, "interrupted by %s", term ? "SIGTERM" : "SIGINT");
    err->signal = term ? SIGTERM : SIGINT;
    return false;
}

/* When a wait has to let a second signal through, -1: not at all. */
static int64_t rearm_in_ms(const pd_interrupt *interrupt)
{
    if (interrupt == NULL || interrupt->fd < 0 || interrupt->signal == 0 || interrupt->armed)
        return -1;
    int64_t left = PD_SAME_SIGNAL_MS - (pd_now_ms() - interrupt->seen_ms);
    return left > 0 ? left : 0;
}

static int poll_ms(int64_t left, int64_t rearm)
{
    int64_t ms = rearm >= 0 && (left < 0 || rearm < left) ? rearm : left;
    return ms < 0 ? -1 : ms > INT_MAX ? INT_MAX : (int)ms;
}

pd_wait pd_wait_either(pd_interrupt *interrupt, struct pollfd fds[2], int64_t deadline_ms)
{
    for (;;) {
        bool watching = interrupt != NULL && interrupt->fd >= 0 && interrupt->signal == 0;
        struct pollfd all[3] = {
            {.fd = fds[0].fd, .events = fds[0].events},
            {.fd = fds[1].fd, .events = fds[1].events},
            {.fd = watching ? interrupt->fd : -1, .events = POLLIN},
        };
        int64_t left = pd_remaining_ms(deadline_ms);
        int64_t rearm = rearm_in_ms(interrupt);
        if (rearm == 0)
            pd_interrupt_rearm(interrupt);
        int count = poll(all, 3, poll_ms(left, rearm));
        if (count < 0 && errno != EINTR)
            return PD_WAIT_TIMEOUT;
        if (count > 0 && all[2].revents != 0 && pd_interrupted(interrupt))
            return PD_WAIT_SIGNAL;
        fds[0].revents = count > 0 ? all[0].revents : 0;
        fds[1].revents = count > 0 ? all[1].revents : 0;
        if (fds[0].revents != 0 || fds[1].revents != 0)
            return PD_WAIT_READY;
        if (count == 0 && left >= 0 && pd_remaining_ms(deadline_ms) == 0)
            return PD_WAIT_TIMEOUT;
    }
}

pd_wait pd_wait_fd(pd_interrupt *interrupt, int fd, short events, int64_t deadline_ms)
{
    struct pollfd fds[2] = {{.fd = fd, .events = events}, {.fd = -1}};
    return pd_wait_either(interrupt, fds, deadline_ms);
}
