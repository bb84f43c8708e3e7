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
#include "child.h"

#define LONG_MS 600000

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
