/* The lines of pre-push and pre-receive: one that agrees, then one thing broken at a time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "git/pushes.h"

#define A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define Z "0000000000000000000000000000000000000000"
#define A64 A "aaaaaaaaaaaaaaaaaaaaaaaa"
#define Z64 Z "000000000000000000000000"

static void test_several_refs(void **state)
{
    (void)state;
    static const char text[] = "refs/heads/main " A " refs/heads/main " B "\n"
                               "(delete) " Z " refs/heads/old " B "\n"
                               "refs/tags/v1 " A " refs/tags/v1 " Z "\n"
                               "HEAD^{/fix it all} " A " refs/heads/fix " Z "\n"
                               "refs/heads/long " A64 " refs/heads/long " Z64 "\n";
    PD_AUTO_ARENA arena = pd_arena_new();
    pd_pushes pushes;
    pd_error err = {0};
    assert_true(pd_pushes_parse(arena, text, sizeof text - 1, &pushes, &err));
    assert_int_equal(pushes.count, 5);
    const pd_push *p = pushes.items;
    assert_string_equal(p[0].local_ref, "refs/heads/main");
    assert_string_equal(p[0].local_oid, A);
    assert_string_equal(p[0].remote_ref, "refs/heads/main");
    assert_string_equal(p[0].remote_oid, B);
    assert_false(p[0].deletes || p[0].creates);
    assert_string_equal(p[1].local_ref, "(delete)");
    assert_true(p[1].deletes && !p[1].creates);
    assert_true(!p[2].deletes && p[2].creates);
    assert_string_equal(p[3].local_ref, "HEAD^{/fix it all}");
    assert_string_equal(p[3].remote_ref, "refs/heads/fix");
    assert_string_equal(p[4].local_oid, A64);
    assert_true(p[4].creates);
}

static void test_nothing_pushed(void **state)
{
    (void)state;
    PD_AUTO_ARENA arena = pd_arena_new();
    pd_pushes pushes;
    pd_error err = {0};
    assert_true(pd_pushes_parse(arena, "", 0, &pushes, &err));
    assert_int_equal(pushes.count, 0);
}

typedef struct scenario {
    const char *text;
    size_t len; /* 0: all of it */
    const char *message;
} scenario;

#define GOOD "refs/heads/main " A " refs/heads/main " B "\n"
#define LINE_1 "cannot read line 1 of the pushed refs"
#define LINE_2 "cannot read line 2 of the pushed refs"

static void test_malformed(void **state)
{
    (void)state;
    static const char nul[] = "refs/heads/m\0n " A " refs/heads/main " B "\n";
    const scenario scenarios[] = {
        {"\n", 0, LINE_1},
        {" \n", 0, LINE_1},
        {"   \n", 0, LINE_1},
        {"hello\n", 0, LINE_1},
        {GOOD "\n", 0, LINE_2},
        {GOOD "hello\n", 0, LINE_2},
        {"refs/heads/main " A " refs/heads/main " B, 0, LINE_1},
        {"refs/heads/main " A " refs/heads/main " B "\r\n", 0, LINE_1},
        {"refs/heads/main " A " refs/heads/main " B " \n", 0, LINE_1},
        {"refs/heads/main " A "  " B "\n", 0, LINE_1},
        {" " A " refs/heads/main " B "\n", 0, LINE_1},
        {A " refs/heads/main " B "\n", 0, LINE_1},
        {"refs/heads/main abc refs/heads/main " B "\n", 0, LINE_1},
        {"refs/heads/main " A "a refs/heads/main " B "\n", 0, LINE_1},
        {"refs/heads/main gaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa refs/heads/main " B "\n", 0,
         LINE_1},
        {"refs/heads/main AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA refs/heads/main " B "\n", 0,
         LINE_1},
        {"refs/heads/main " A64 " refs/heads/main " B "\n", 0, LINE_1},
        {"refs/heads/main " A " refs/heads/ma\033in " B "\n", 0, LINE_1},
        {"refs/heads/ma\tin " A " refs/heads/main " B "\n", 0, LINE_1},
        {nul, sizeof nul - 1, LINE_1},
    };
    for (size_t i = 0; i < sizeof scenarios / sizeof *scenarios; i++) {
        const scenario *s = &scenarios[i];
        PD_AUTO_ARENA arena = pd_arena_new();
        pd_pushes pushes;
        pd_error err = {0};
        size_t len = s->len != 0 ? s->len : strlen(s->text);
        if (pd_pushes_parse(arena, s->text, len, &pushes, &err))
            fail_msg("scenario %zu was accepted: %s", i, s->text);
        assert_int_equal(err.kind, PD_ERROR_USAGE);
        assert_string_equal(err.message, s->message);
        assert_non_null(strstr(err.hint, "githooks(5)"));
    }
}

/* Every prefix of a good text is refused, but those that end behind a whole line. */
static void test_every_prefix(void **state)
{
    (void)state;
    static const char text[] = GOOD "(delete) " Z " refs/heads/old " B "\n";
    for (size_t len = 0; len <= strlen(text); len++) {
        PD_AUTO_ARENA arena = pd_arena_new();
        pd_pushes pushes;
        pd_error err = {0};
        bool whole = len == 0 || text[len - 1] == '\n';
        assert_int_equal(pd_pushes_parse(arena, text, len, &pushes, &err), whole);
    }
}

static void test_too_many(void **state)
{
    (void)state;
    PD_AUTO_ARENA arena = pd_arena_new();
    size_t line = strlen(GOOD);
    char *text = pd_arena_alloc(arena, line * (PD_PUSHES_MAX + 1) + 1);
    for (size_t i = 0; i <= PD_PUSHES_MAX; i++)
        memcpy(text + i * line, GOOD, line);
    pd_pushes pushes;
    pd_error err = {0};
    assert_true(pd_pushes_parse(arena, text, line * PD_PUSHES_MAX, &pushes, &err));
    assert_int_equal(pushes.count, PD_PUSHES_MAX);
    assert_false(pd_pushes_parse(arena, text, line * (PD_PUSHES_MAX + 1), &pushes, &err));
    assert_int_equal(err.kind, PD_ERROR_USAGE);
    assert_string_equal(err.message, "cannot check a push of more than 10000 refs");
}

#define RECEIVED B " " A " refs/heads/main\n"

static void test_received(void **state)
{
    (void)state;
    static const char text[] = RECEIVED B " " Z " refs/heads/old\n" Z " " A " refs/tags/v1\n" Z64
                                          " " A64 " refs/heads/long\n";
    PD_AUTO_ARENA arena = pd_arena_new();
    pd_pushes pushes;
    pd_error err = {0};
    assert_true(pd_received_parse(arena, text, sizeof text - 1, &pushes, &err));
    assert_int_equal(pushes.count, 4);
    const pd_push *p = pushes.items;
    assert_string_equal(p[0].remote_oid, B);
    assert_string_equal(p[0].local_oid, A);
    assert_string_equal(p[0].local_ref, "refs/heads/main");
    assert_string_equal(p[0].remote_ref, "refs/heads/main");
    assert_false(p[0].deletes || p[0].creates);
    assert_true(p[1].deletes && !p[1].creates);
    assert_true(!p[2].deletes && p[2].creates);
    assert_string_equal(p[3].local_oid, A64);
    assert_true(pd_received_parse(arena, "", 0, &pushes, &err));
    assert_int_equal(pushes.count, 0);
}

static void test_received_malformed(void **state)
{
    (void)state;
    static const char nul[] = B " " A " refs/heads/m\0n\n";
    const scenario scenarios[] = {
        {"\n", 0, LINE_1},
        {"  \n", 0, LINE_1},
        {RECEIVED "\n", 0, LINE_2},
        {RECEIVED "refs/heads/main " A " refs/heads/main " B "\n", 0, LINE_2},
        {B " " A " refs/heads/main", 0, LINE_1},
        {B " " A " refs/heads/main\r\n", 0, LINE_1},
        {B " " A " refs/heads/main \n", 0, LINE_1},
        {B "  " A " refs/heads/main\n", 0, LINE_1},
        {" " B " " A " refs/heads/main\n", 0, LINE_1},
        {B " " A " heads/main\n", 0, LINE_1},
        {B " " A " refs/\n", 0, LINE_1},
        {B " " A " HEAD\n", 0, LINE_1},
        {B " " A "\n", 0, LINE_1},
        {B " " A " \n", 0, LINE_1},
        {A " refs/heads/main\n", 0, LINE_1},
        {B " abc refs/heads/main\n", 0, LINE_1},
        {B " " A64 " refs/heads/main\n", 0, LINE_1},
        {B " " A " refs/heads/ma\033in\n", 0, LINE_1},
        {nul, sizeof nul - 1, LINE_1},
    };
    for (size_t i = 0; i < sizeof scenarios / sizeof *scenarios; i++) {
        const scenario *s = &scenarios[i];
        PD_AUTO_ARENA arena = pd_arena_new();
        pd_pushes pushes;
        pd_error err = {0};
        size_t len = s->len != 0 ? s->len : strlen(s->text);
        if (pd_received_parse(arena, s->text, len, &pushes, &err))
            fail_msg("scenario %zu was accepted: %s", i, s->text);
        assert_int_equal(err.kind, PD_ERROR_USAGE);
        assert_string_equal(err.message, s->message);
        assert_non_null(strstr(err.hint, "pre-receive"));
    }
}

static void test_received_too_many(void **state)
{
    (void)state;
    PD_AUTO_ARENA arena = pd_arena_new();
    size_t line = strlen(RECEIVED);
    char *text = pd_arena_alloc(arena, line * (PD_RECEIVED_MAX + 1) + 1);
    for (size_t i = 0; i <= PD_RECEIVED_MAX; i++)
        memcpy(text + i * line, RECEIVED, line);
    pd_pushes pushes;
    pd_error err = {0};
    assert_true(pd_received_parse(arena, text, line * PD_RECEIVED_MAX, &pushes, &err));
    assert_int_equal(pushes.count, PD_RECEIVED_MAX);
    assert_false(pd_received_parse(arena, text, line * (PD_RECEIVED_MAX + 1), &pushes, &err));
    assert_string_equal(err.message, "cannot check a push of more than 1000 refs");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_several_refs),       cmocka_unit_test(test_nothing_pushed),
        cmocka_unit_test(test_malformed),          cmocka_unit_test(test_every_prefix),
        cmocka_unit_test(test_too_many),           cmocka_unit_test(test_received),
        cmocka_unit_test(test_received_malformed), cmocka_unit_test(test_received_too_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
