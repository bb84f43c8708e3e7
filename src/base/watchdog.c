#include "base/watchdog.h"

#include <signal.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

/* Only what signal-safety(7) allows. */
static void end_process(int number)
{
    static const char text[] =
        "predeploy: cannot tell in the time that there is, so the gate stays closed\n";
    (void)number;
    ssize_t ignored = write(STDERR_FILENO, text, sizeof text - 1);
    (void)ignored;
    _exit(PD_WATCHDOG_STATUS);
}

static void set_timer(int64_t ms)
{
    const struct itimerval timer = {
        .it_value = {.tv_sec = (time_t)(ms / 1000), .tv_usec = (suseconds_t)(ms % 1000 * 1000)},
    };
    setitimer(ITIMER_REAL, &timer, NULL);
}

void pd_watchdog_start(int64_t ms)
{
    struct sigaction action;
    sigset_t alarm_only;
    memset(&action, 0, sizeof action);
    action.sa_handler = end_process;
    sigaction(SIGALRM, &action, NULL);
    /* Who started us may have blocked it. */
    sigemptyset(&alarm_only);
    sigaddset(&alarm_only, SIGALRM);
    sigprocmask(SIG_UNBLOCK, &alarm_only, NULL);
    set_timer(ms);
}

void pd_watchdog_stop(void)
{
    set_timer(0);
}
