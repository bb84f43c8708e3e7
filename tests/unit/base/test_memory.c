/* Running out of memory ends the process with one line and a status that says what is known. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/memory.h"
#include "child.h"

static void early(void)
{
    pd_out_of_memory();
}

static void late(void)
{
    pd_memory_ends_with(PD_MEMORY_UNKNOWN);
    pd_memory_checked(NULL);
}

static void in_a_child(void)
{
    pd_memory_ends_with(42);
    pd_give_up("the library failed");
}

static void the_status_is_the_one_that_was_set(void **state)
{
    static const struct {
        child_work *work;
        int status;
        const char *begins;
        const char *has;
    } rows[] = {
        {early, 3, "predeploy: out of memory: ", "the gate stays closed"},
        {late, 9, "predeploy: out of memory: ", "it finds out"},
        {in_a_child, 42, "predeploy: the library failed: ", "Run predeploy again"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char said[512];
        assert_int_equal(run_child(rows[i].work, said, sizeof said), rows[i].status);
        assert_memory_equal(said, rows[i].begins, strlen(rows[i].begins));
        assert_non_null(strstr(said, rows[i].has));
        const char *end = strchr(said, '\n');
        assert_non_null(end);
        assert_string_equal(end, "\n");
    }
}

static void sizes_of_nothing_give_something(void **state)
{
    (void)state;
    char *some = pd_memory_alloc(0);
    some = pd_memory_resize(some, 0);
    free(some);
    int *zeros = pd_memory_array(0, sizeof *zeros);
    free(zeros);
    zeros = pd_memory_array(3, sizeof *zeros);
    assert_int_equal(zeros[0] + zeros[1] + zeros[2], 0);
    zeros = pd_memory_resize(zeros, 4 * sizeof *zeros);
    free(zeros);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_status_is_the_one_that_was_set),
        cmocka_unit_test(sizes_of_nothing_give_something),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
