/* A piece of work in a child process, for what ends the process that does it. Include after
 * cmocka.h. */
#ifndef PD_TESTS_CHILD_H
#define PD_TESTS_CHILD_H

#include <sys/wait.h>
#include <unistd.h>

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

#endif
