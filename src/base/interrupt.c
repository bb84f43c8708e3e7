#include "base/interrupt.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/clock.h"

static sigset_t watched_signals(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGHUP);
    return set;
}

bool pd_interrupt_open(pd_interrupt *self, pd_error *err)
{
    sigset_t set = watched_signals();
    self->signal = 0;
    self->fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (self->fd < 0 || sigprocmask(SIG_BLOCK, &set, NULL) != 0) {
        pd_fail(err, PD_ERROR_UNREACHABLE, "cannot watch for signals");
        return pd_error_detail(err, "%s", strerror(errno));
    }
    return true;
}

void pd_interrupt_close(pd_interrupt *self)
{
    if (self->fd >= 0)
        close(self->fd);
    self->fd = -1;
}

void pd_interrupt_restore(void)
{
    sigset_t set = watched_signals();
    sigprocmask(SIG_UNBLOCK, &set, NULL);
}

bool pd_interrupted(pd_interrupt *self)
{
    if (self == NULL || self->fd < 0)
        return false;
    struct signalfd_siginfo info;
    if (self->signal == 0 && read(self->fd, &info, sizeof info) == (ssize_t)sizeof info)
        self->signal = info.ssi_signo == SIGINT ? SIGINT : SIGTERM;
    return self->signal != 0;
}

void pd_interrupt_rearm(pd_interrupt *self)
{
    if (self != NULL && self->fd >= 0)
        pd_interrupt_restore();
}

bool pd_fail_interrupted(pd_error *err, const pd_interrupt *self)
{
    bool term = self->signal == SIGTERM;
    pd_fail(err, PD_ERROR_INTERRUPTED, "interrupted by %s", term ? "SIGTERM" : "SIGINT");
    err->signal = term ? SIGTERM : SIGINT;
    return false;
}

pd_wait pd_wait_fd(pd_interrupt *interrupt, int fd, short events, int64_t deadline_ms)
{
    for (;;) {
        bool watching = interrupt != NULL && interrupt->fd >= 0 && interrupt->signal == 0;
        struct pollfd fds[2] = {
            {.fd = fd, .events = events},
            {.fd = watching ? interrupt->fd : -1, .events = POLLIN},
        };
        int64_t left = pd_remaining_ms(deadline_ms);
        int count = poll(fds, 2, left < 0 ? -1 : left > INT_MAX ? INT_MAX : (int)left);
        if (count < 0 && errno != EINTR)
            return PD_WAIT_TIMEOUT;
        if (count > 0 && fds[1].revents != 0 && pd_interrupted(interrupt))
            return PD_WAIT_SIGNAL;
        if (count > 0 && fds[0].revents != 0)
            return PD_WAIT_READY;
        if (count == 0 && left >= 0 && pd_remaining_ms(deadline_ms) == 0)
            return PD_WAIT_TIMEOUT;
    }
}
