#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/interrupt.h"

/* Signals are played in a child. It ends with 0, or with the line that was not as it should be. */
#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition))                                                                          \
            return __LINE__;                                                                       \
    } while (0)

typedef int scene(void);

/* The status of a child that plays the scene with both signals at their default. */
static int play(scene *played)
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        signal(SIGINT, SIG_DFL);
        signal(SIGTERM, SIG_DFL);
        int line = played();
        if (line != 0)
            dprintf(STDERR_FILENO, "%s:%d\n", __FILE__, line);
        _exit(line == 0 ? 0 : 1);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

static int signal_is_noticed(int number, const char *message)
{
    pd_error err;
    pd_interrupt interrupt;
    CHECK(pd_interrupt_open(&interrupt, &err));
    CHECK(!pd_interrupted(&interrupt));
    CHECK(interrupt.signal == 0);
    raise(number);
    CHECK(pd_interrupted(&interrupt));
    CHECK(interrupt.signal == number);
    CHECK(pd_interrupted(&interrupt));
    CHECK(!pd_fail_interrupted(&err, &interrupt));
    CHECK(err.kind == PD_ERROR_INTERRUPTED && err.signal == number);
    CHECK(strcmp(err.message, message) == 0);
    CHECK(pd_error_status(&err) == 128 + number);
    pd_interrupt_close(&interrupt);
    CHECK(interrupt.fd == -1);
    return 0;
}

static int sigint_is_noticed(void)
{
    return signal_is_noticed(SIGINT, "interrupted by SIGINT");
}

static int sigterm_is_noticed(void)
{
    return signal_is_noticed(SIGTERM, "interrupted by SIGTERM");
}

static int the_first_signal_counts(void)
{
    pd_error err;
    pd_interrupt interrupt;
    CHECK(pd_interrupt_open(&interrupt, &err));
    raise(SIGTERM);
    CHECK(pd_interrupted(&interrupt));
    raise(SIGINT);
    CHECK(pd_interrupted(&interrupt));
    CHECK(interrupt.signal == SIGTERM);
    return 0;
}

static int other_signals_are_not_held_back(void)
{
    pd_error err;
    pd_interrupt interrupt;
    CHECK(pd_interrupt_open(&interrupt, &err));
    raise(SIGKILL);
    return __LINE__;
}

static int rearmed(void)
{
    pd_error err;
    pd_interrupt interrupt;
    CHECK(pd_interrupt_open(&interrupt, &err));
    raise(SIGTERM);
    CHECK(pd_interrupted(&interrupt));
    pd_interrupt_rearm(&interrupt);
    raise(SIGINT);
    return __LINE__;
}

/* What came too late to be watched for must not turn a finished run into a killed one. */
static int closed(void)
{
    pd_error err;
    pd_interrupt interrupt;
    CHECK(pd_interrupt_open(&interrupt, &err));
    pd_interrupt_close(&interrupt);
    pd_interrupt_close(&interrupt);
    raise(SIGTERM);
    return 0;
}

static int restored_before_exec(void)
{
    pd_error err;
    pd_interrupt interrupt;
    CHECK(pd_interrupt_open(&interrupt, &err));
    CHECK((fcntl(interrupt.fd, F_GETFD) & FD_CLOEXEC) != 0);
    pd_interrupt_restore();
    raise(SIGINT);
    return __LINE__;
}

static int nothing_is_watched(void)
{
    pd_interrupt none = {.fd = -1};
    CHECK(!pd_interrupted(NULL));
    CHECK(!pd_interrupted(&none));
    pd_interrupt_rearm(NULL);
    pd_interrupt_rearm(&none);
    CHECK(pd_wait_fd(NULL, -1, 0, 0) == PD_WAIT_TIMEOUT);
    CHECK(pd_wait_fd(&none, -1, 0, pd_now_ms()) == PD_WAIT_TIMEOUT);
    raise(SIGTERM);
    return __LINE__;
}

static int waits_end_as_they_should(void)
{
    pd_error err;
    pd_interrupt interrupt;
    int ends[2];
    CHECK(pd_interrupt_open(&interrupt, &err));
    CHECK(pipe(ends) == 0);
    CHECK(pd_wait_fd(&interrupt, ends[0], POLLIN, 0) == PD_WAIT_TIMEOUT);
    int64_t deadline = pd_now_ms() + 30;
    CHECK(pd_wait_fd(&interrupt, ends[0], POLLIN, deadline) == PD_WAIT_TIMEOUT);
    CHECK(pd_now_ms() >= deadline);
    CHECK(pd_wait_fd(&interrupt, ends[1], POLLOUT, -1) == PD_WAIT_READY);
    CHECK(write(ends[1], "x", 1) == 1);
    CHECK(pd_wait_fd(&interrupt, ends[0], POLLIN, -1) == PD_WAIT_READY);
    CHECK(pd_wait_fd(&interrupt, ends[0], POLLIN, INT64_MAX) == PD_WAIT_READY);
    /* What is there already is taken, though the deadline has passed. */
    CHECK(pd_wait_fd(&interrupt, ends[0], POLLIN, 0) == PD_WAIT_READY);
    CHECK(close(ends[1]) == 0);
    CHECK(pd_wait_fd(&interrupt, ends[0], POLLIN, -1) == PD_WAIT_READY);
    CHECK(pd_wait_fd(&interrupt, 1000, POLLIN, -1) == PD_WAIT_READY); /* no open file: read fails */
    return 0;
}

static int a_signal_ends_a_wait(void)
{
    pd_error err;
    pd_interrupt interrupt;
    int ends[2];
    CHECK(pd_interrupt_open(&interrupt, &err));
    CHECK(pipe(ends) == 0 && write(ends[1], "x", 1) == 1);
    raise(SIGINT);
    CHECK(pd_wait_fd(&interrupt, ends[0], POLLIN, -1) == PD_WAIT_SIGNAL); /* before what is ready */
    CHECK(interrupt.signal == SIGINT);
    /* Taking back goes on: waits after the signal are ordinary ones, and a second signal waits. */
    raise(SIGTERM);
    CHECK(pd_wait_fd(&interrupt, ends[0], POLLIN, -1) == PD_WAIT_READY);
    CHECK(pd_wait_fd(&interrupt, -1, 0, pd_now_ms() + 5) == PD_WAIT_TIMEOUT);
    return 0;
}

/* Only what comes later than a wrapper passes on the same Ctrl-C ends the process. */
static int a_second_signal_in_a_wait(void)
{
    pd_error err;
    pd_interrupt interrupt;
    CHECK(pd_interrupt_open(&interrupt, &err));
    raise(SIGTERM);
    CHECK(pd_interrupted(&interrupt));
    raise(SIGINT);
    CHECK(pd_wait_fd(&interrupt, -1, 0, pd_now_ms() + PD_SAME_SIGNAL_MS + 50) == PD_WAIT_TIMEOUT);
    CHECK(interrupt.armed);
    raise(SIGINT);
    return __LINE__;
}

static int a_grace_is_shared(void)
{
    pd_error err;
    pd_interrupt interrupt;
    CHECK(pd_interrupt_open(&interrupt, &err));
    CHECK(pd_interrupt_grace_ms(NULL, 5000) == 5000);
    CHECK(pd_interrupt_grace_ms(&interrupt, 5000) == 5000);
    raise(SIGTERM);
    CHECK(pd_interrupted(&interrupt));
    CHECK(pd_interrupt_grace_ms(&interrupt, 20) == 20);
    CHECK(pd_interrupt_grace_ms(&interrupt, 5000) <= PD_GRACE_MS);
    interrupt.seen_ms -= 10 * PD_GRACE_MS;
    CHECK(pd_interrupt_grace_ms(&interrupt, 5000) == PD_GRACE_MIN_MS);
    return 0;
}

static int a_limit_ends_a_wait(void)
{
    pd_error err;
    pd_interrupt interrupt;
    CHECK(pd_interrupt_open(&interrupt, &err));
    interrupt.late_kind = PD_ERROR_APPLY;
    pd_interrupt_limit(&interrupt, 20, "it took too long", "Be quick.");
    CHECK(!pd_interrupted(&interrupt));
    CHECK(pd_wait_fd(&interrupt, -1, 0, -1) == PD_WAIT_SIGNAL);
    CHECK(pd_interrupted(&interrupt) && interrupt.signal == 0);
    CHECK(!pd_fail_interrupted(&err, &interrupt));
    CHECK(err.kind == PD_ERROR_APPLY && err.signal == 0);
    CHECK(strcmp(err.message, "it took too long") == 0 && strcmp(err.hint, "Be quick.") == 0);
    /* What follows has ten seconds in all, until a signal comes. */
    CHECK(pd_interrupt_grace_ms(&interrupt, 5000) == 5000);
    CHECK(pd_interrupt_grace_ms(&interrupt, 20000) <= PD_LATE_GRACE_MS);
    interrupt.seen_ms -= 2 * PD_LATE_GRACE_MS;
    CHECK(pd_interrupt_grace_ms(&interrupt, 5000) == PD_GRACE_MIN_MS);
    CHECK(pd_wait_fd(&interrupt, -1, 0, pd_now_ms() + 5) == PD_WAIT_TIMEOUT);
    raise(SIGINT);
    CHECK(pd_wait_fd(&interrupt, -1, 0, -1) == PD_WAIT_SIGNAL);
    CHECK(!pd_fail_interrupted(&err, &interrupt) && err.signal == SIGINT);
    return 0;
}

static int a_limit_ends_with_the_run(void)
{
    pd_error err;
    pd_interrupt interrupt;
    CHECK(pd_interrupt_open(&interrupt, &err));
    pd_interrupt_limit(&interrupt, 20, "it took too long", "Be quick.");
    pd_interrupt_close(&interrupt);
    pd_interrupt_restore();
    CHECK(pd_wait_fd(NULL, -1, 0, pd_now_ms() + 60) == PD_WAIT_TIMEOUT);
    return 0;
}

/* nohup(1) */
static int an_ignored_hangup(void)
{
    pd_error err;
    pd_interrupt interrupt;
    signal(SIGHUP, SIG_IGN);
    CHECK(pd_interrupt_open(&interrupt, &err));
    raise(SIGHUP);
    CHECK(!pd_interrupted(&interrupt));
    return 0;
}

static int a_signal_wakes_an_endless_wait(void)
{
    pd_error err;
    pd_interrupt interrupt;
    CHECK(pd_interrupt_open(&interrupt, &err));
    pid_t parent = getpid();
    pid_t sender = fork();
    CHECK(sender >= 0);
    if (sender == 0) {
        kill(parent, SIGTERM);
        _exit(0);
    }
    CHECK(pd_wait_fd(&interrupt, -1, 0, -1) == PD_WAIT_SIGNAL);
    CHECK(interrupt.signal == SIGTERM);
    CHECK(waitpid(sender, NULL, 0) == sender);
    return 0;
}

static void scenes_end_well(void **state)
{
    static scene *const scenes[] = {
        sigint_is_noticed,
        sigterm_is_noticed,
        the_first_signal_counts,
        waits_end_as_they_should,
        a_signal_ends_a_wait,
        a_signal_wakes_an_endless_wait,
        closed,
        a_grace_is_shared,
        a_limit_ends_a_wait,
        a_limit_ends_with_the_run,
        an_ignored_hangup,
    };
    (void)state;
    for (size_t i = 0; i < sizeof scenes / sizeof *scenes; i++)
        assert_int_equal(play(scenes[i]), 0);
}

static void scenes_end_by_signal(void **state)
{
    static const struct {
        scene *played;
        int signal;
    } rows[] = {
        {other_signals_are_not_held_back, SIGKILL},
        {rearmed, SIGINT},
        {a_second_signal_in_a_wait, SIGINT},
        {restored_before_exec, SIGINT},
        {nothing_is_watched, SIGTERM},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        int status = play(rows[i].played);
        assert_true(WIFSIGNALED(status));
        assert_int_equal(WTERMSIG(status), rows[i].signal);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scenes_end_well),
        cmocka_unit_test(scenes_end_by_signal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
