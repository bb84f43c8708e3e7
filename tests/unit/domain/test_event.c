#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "domain/event.h"

#define OID "0123456789abcdef0123456789abcdef01234567"

typedef struct scenario {
    const char *name;
    const char *text;
    const char *base; /* NULL: an error */
    const char *branch;
} scenario;

static const scenario scenarios[] = {
    {"pull_request", "{\"pull_request\": {\"base\": {\"sha\": \"" OID "\"}}}", OID, NULL},
    {"pull_request_target", "{\"pull_request\": {\"base\": {\"sha\": \"" OID "\"}}}", OID, NULL},
    {"merge_group", "{\"merge_group\": {\"base_sha\": \"" OID "\"}}", OID, NULL},
    {"push", "{\"before\": \"" OID "\", \"repository\": {\"default_branch\": \"main\"}}", OID,
     "main"},
    {"push", "{\"before\": \"0000000000000000000000000000000000000000\"}", "", NULL},
    {"deployment", "{\"repository\": {\"default_branch\": \"release/1\"}}", "", "release/1"},
    {"deployment", "{\"repository\": {\"default_branch\": \"-x\"}}", "", NULL},
    {"deployment", "{\"repository\": {\"default_branch\": \"a b\"}}", "", NULL},
    {"deployment", "{\"repository\": {\"default_branch\": \"a..b\"}}", "", NULL},
    {"deployment", "{\"repository\": {\"default_branch\": 1}}", "", NULL},
    {"deployment", "{\"repository\": []}", "", NULL},
    {"deployment", "[]", "", NULL},
    {"push", "{}", NULL, NULL},
    {"push", "[]", NULL, NULL},
    {"push", "{\"before\": 1}", NULL, NULL},
    {"push", "{\"before\": \"HEAD\"}", NULL, NULL},
    {"push", "{\"before\": \"0123456789ABCDEF0123456789abcdef01234567\"}", NULL, NULL},
    {"push", "{\"before\": \"" OID "\"", NULL, NULL},
    {"merge_group", "{\"merge_group\": \"" OID "\"}", NULL, NULL},
    {"pull_request", "{\"pull_request\": {\"base\": [\"" OID "\"]}}", NULL, NULL},
};

static void each_payload_has_its_answer(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof scenarios / sizeof *scenarios; i++) {
        const scenario *s = &scenarios[i];
        PD_AUTO_ARENA arena = pd_arena_new();
        pd_event event;
        pd_error err = {0};
        bool done = pd_event_parse(arena, s->name, s->text, strlen(s->text), &event, &err);
        print_message("%s %s\n", s->name, s->text);
        assert_int_equal(done, s->base != NULL);
        if (!done) {
            assert_int_equal(err.kind, PD_ERROR_UNREACHABLE);
            continue;
        }
        assert_string_equal(event.base, s->base);
        if (s->branch == NULL)
            assert_null(event.default_branch);
        else
            assert_string_equal(event.default_branch, s->branch);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(each_payload_has_its_answer)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
