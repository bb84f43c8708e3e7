/* A limit on the time of a process: it ends, says why, and does not end before. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/watchdog.h"

#define LONG_MS 600000

typedef void child_work(void);

/* The exit status of a child that does the work, and what it said on stderr. */
static int run_child(child_work *work, char *said, size_t size)
{
    int ends[2] = {-1, -1};
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        dup2(ends[1], STDERR_FILENO);
        close(ends[0]);
        close(ends[1]);
        work();
        _exit(0);
    }
    close(ends[1]);
    size_t len = 0;
    ssize_t got = 0;
    while (len + 1 < size && (got = read(ends[0], said + len, size - 1 - len)) > 0)
        len += (size_t)got;
    said[len] = '\0';
    close(ends[0]);
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void wait_for_ever(void)
{
    for (;;)
        (void)poll(NULL, 0, -1);
}

static void overrun(void)
{
    pd_watchdog_start(20);
    wait_for_ever();
}

static void overrun_blocked(void)
{
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, NULL);
    pd_watchdog_start(20);
    wait_for_ever();
}

static void shorten(void)
{
    pd_watchdog_start(LONG_MS);
    pd_watchdog_start(20);
    wait_for_ever();
}

static void finish_in_time(void)
{
    pd_watchdog_start(LONG_MS);
    pd_watchdog_stop();
}

static void stop_and_go_on(void)
{
    pd_watchdog_start(50);
    pd_watchdog_stop();
    (void)poll(NULL, 0, 200);
}

static void test_overrun(void **state)
{
    (void)state;
    child_work *const works[] = {overrun, overrun_blocked, shorten};
    for (size_t i = 0; i < sizeof works / sizeof *works; i++) {
        char said[256];
        assert_int_equal(run_child(works[i], said, sizeof said), PD_WATCHDOG_STATUS);
        assert_non_null(strstr(said, "in the time that there is"));
    }
}

static void test_in_time(void **state)
{
    (void)state;
    char said[256];
    assert_int_equal(run_child(finish_in_time, said, sizeof said), 0);
    assert_string_equal(said, "");
    assert_int_equal(run_child(stop_and_go_on, said, sizeof said), 0);
    assert_string_equal(said, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_overrun),
        cmocka_unit_test(test_in_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
