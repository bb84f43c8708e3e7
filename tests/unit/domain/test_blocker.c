#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "domain/blocker.h"

static const struct {
    pd_blocker blocker;
    const char *text;
    const char *wait;
} cases[] = {
    {{.pid = 12,
      .user = "web",
      .application = "shop",
      .state = "idle in transaction",
      .age_ms = 185000,
      .query = "UPDATE orders SET paid = ?",
      .relation = "orders",
      .held = "RowExclusiveLock"},
     "process 12 of user web, application \"shop\", idle in transaction, transaction open for 3 "
     "min "
     "05 s, holds RowExclusiveLock on orders, last query: UPDATE orders SET paid = ?",
     "lock on orders held by pid 12 (web, shop)"},
    {{.pid = 12, .user = "web", .application = "", .state = "active", .age_ms = 20, .query = "x"},
     "process 12 of user web, active, transaction open for 20 ms, query: x",
     "the transaction of pid 12 (web)"},
    {{.pid = 13, .user = "ops", .application = "psql", .age_ms = -1, .relation = "a.b"},
     "process 13 of user ops, application \"psql\", query not visible to this role",
     "lock on a.b held by pid 13 (ops, psql)"},
    {{.pid = 14,
      .process = "autovacuum worker",
      .state = "active",
      .age_ms = -1,
      .query = "",
      .relation = "t"},
     "process 14 (autovacuum worker), active",
     "lock on t held by pid 14 (autovacuum worker)"},
    {{.pid = 15, .application = "x", .age_ms = -1, .query = ""},
     "process 15, application \"x\"",
     "the transaction of pid 15 (x)"},
    {{.prepared = "tx-1", .user = "bank", .age_ms = 1000, .relation = "t"},
     "prepared transaction \"tx-1\" of user bank, transaction open for 1.0 s",
     "lock on t held by prepared transaction \"tx-1\" (bank)"},
};
#define CASES (sizeof cases / sizeof cases[0])

static void who_it_is_is_said(void **state)
{
    (void)state;
    PD_AUTO_ARENA arena = pd_arena_new();
    for (size_t i = 0; i < CASES; i++) {
        assert_string_equal(pd_blocker_text(arena, &cases[i].blocker), cases[i].text);
        assert_string_equal(pd_blocker_wait_text(arena, &cases[i].blocker), cases[i].wait);
    }
}

static void several_are_one_text(void **state)
{
    (void)state;
    PD_AUTO_ARENA arena = pd_arena_new();
    const pd_blocker two[] = {cases[4].blocker, cases[5].blocker};
    assert_string_equal(
        pd_blockers_text(arena, two, 2),
        "process 15, application \"x\"; prepared transaction \"tx-1\" of user bank, "
        "transaction open for 1.0 s");
    assert_string_equal(pd_blockers_text(arena, two, 0), "");
}

static void a_copy_is_a_copy(void **state)
{
    (void)state;
    PD_AUTO_ARENA arena = pd_arena_new();
    pd_blocker *copy = NULL;
    {
        PD_AUTO_ARENA short_lived = pd_arena_new();
        const pd_blocker *first = pd_blockers_copy(short_lived, &cases[0].blocker, 1);
        copy = pd_blockers_copy(arena, first, 1);
    }
    assert_string_equal(pd_blocker_text(arena, copy), cases[0].text);
    assert_null(copy->prepared);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_it_is_is_said),
        cmocka_unit_test(several_are_one_text),
        cmocka_unit_test(a_copy_is_a_copy),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
