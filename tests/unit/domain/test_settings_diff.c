#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "domain/settings_diff.h"

typedef struct scenario {
    const char *was; /* NULL: not there */
    const char *is;
    const char *told;
} scenario;

static const scenario scenarios[] = {
    {"[deploy]\nretries = 5\n", "[deploy]\nretries = 5\n", ""},
    {"[deploy]\nretries = 5\n", "; only a comment\n[deploy]\n\tRetries=5", ""},
    {"[deploy]\nretries = 5\n", "[deploy]\nretries = 6\n", "deploy.retries: 6, was 5"},
    {NULL, "[deploy]\nretries = 6\n", "deploy.retries: 6, was not set"},
    {"[deploy]\nretries = 5\n", NULL, "deploy.retries: not set, was 5"},
    {"[backup]\nrequired\n", "[backup]\nrequired = no\n", "backup.required: no, was true"},
    {"[rule \"dump-running\"]\nseverity = off\n", "",
     "rule.dump-running.severity: not set, was off"},
    /* the last one counts */
    {"[deploy]\nretries = 5\n", "[deploy]\nretries = 6\nretries = 5\n", ""},
    {"[deploy]\nretries = 5\n[check]\norder = late\n", "[deploy]\nretries = 1\n",
     "deploy.retries: 1, was 5\ncheck.order: not set, was late"},
    /* what is no valid file may hold anything: it is not shown */
    {"[database]\nurl = postgres://u:secret@h/\n", "[deploy]\nretries = 1\n", ""},
};

static pd_bytes bytes_of(const char *text)
{
    return (pd_bytes){text, text == NULL ? 0 : strlen(text)};
}

static void each_difference_is_told(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof scenarios / sizeof *scenarios; i++) {
        PD_AUTO_ARENA arena = pd_arena_new();
        pd_bytes was = bytes_of(scenarios[i].was);
        pd_bytes is = bytes_of(scenarios[i].is);
        assert_string_equal(pd_settings_diff(arena, &was, &is), scenarios[i].told);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(each_difference_is_told)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
