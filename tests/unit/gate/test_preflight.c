/* Which locks a plan will ask for, and what is said of who is in the way. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "gate/preflight.h"

typedef struct scenario {
    pd_statement statement;
    const char *relation; /* NULL: nothing is asked for */
    const char *mode;
    bool concurrent;
} scenario;

#define ALONE PD_TRAIT_NO_TRANSACTION

static const scenario scenarios[] = {
    {{.verb = "CREATE TABLE", .object = "a"}, NULL, NULL, false},
    {{.verb = "GRANT", .object = "a"}, NULL, NULL, false},
    {{.verb = "SELECT", .object = ""}, NULL, NULL, false},
    {{.verb = "DROP FUNCTION", .object = ""}, NULL, NULL, false},
    {{.verb = "ALTER TABLE", .object = "a"}, "a", "AccessExclusiveLock", false},
    {{.verb = "DROP TABLE", .object = "s.a"}, "s.a", "AccessExclusiveLock", false},
    {{.verb = "TRUNCATE", .object = "a"}, "a", "AccessExclusiveLock", false},
    {{.verb = "INSERT", .object = "a"}, "a", "RowExclusiveLock", false},
    {{.verb = "CREATE TRIGGER", .object = "a"}, "a", "ShareRowExclusiveLock", false},
    {{.verb = "CREATE INDEX", .object = "i", .table = "a"}, "a", "ShareLock", false},
    {{.verb = "CREATE UNIQUE INDEX", .object = "a", .table = "a"}, "a", "ShareLock", false},
    {{.verb = "CREATE INDEX CONCURRENTLY",
      .object = "i",
      .table = "a",
      .traits = ALONE,
      .outside = PD_OUTSIDE_CREATE_INDEX},
     "a",
     "ShareLock",
     true},
    {{.verb = "REINDEX INDEX CONCURRENTLY",
      .object = "i",
      .traits = ALONE,
      .outside = PD_OUTSIDE_REINDEX},
     "i",
     "ShareLock",
     true},
    {{.verb = "DROP INDEX CONCURRENTLY",
      .object = "i",
      .traits = ALONE,
      .outside = PD_OUTSIDE_DROP_INDEX},
     "i",
     "AccessExclusiveLock",
     false},
    {{.verb = "VACUUM", .object = "a", .traits = ALONE, .outside = PD_OUTSIDE_REPEAT},
     "a",
     "ShareUpdateExclusiveLock",
     false},
};

static pd_plan *plan_of(pd_arena *arena, const pd_statement *statement)
{
    pd_script *script = pd_arena_alloc(arena, sizeof *script);
    pd_plan *plan = pd_arena_alloc(arena, sizeof *plan);
    *PD_PUSH(arena, script->statements, script->count, script->capacity) = *statement;
    PD_PUSH(arena, plan->steps, plan->count, plan->capacity)->kind = PD_STEP_ADOPT;
    *PD_PUSH(arena, plan->steps, plan->count, plan->capacity) = (pd_step){
        .kind = PD_STEP_APPLY,
        .name = "0001_a",
        .path = "m/0001_a.sql",
        .text = "\n ALTER TABLE a",
        .len = strlen("\n ALTER TABLE a"),
        .script = script,
    };
    script->statements[0].offset = 2;
    PD_PUSH(arena, plan->steps, plan->count, plan->capacity)->kind = PD_STEP_APPLY;
    return plan;
}

static void the_locks_of_a_plan_are_known(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof scenarios / sizeof *scenarios; i++) {
        const scenario *s = &scenarios[i];
        PD_AUTO_ARENA arena = pd_arena_new();
        pd_settings settings = {.lock_timeout_ms = 1234};
        pd_preflight asked;
        print_message("%s\n", s->statement.verb);
        pd_preflight_of(arena, plan_of(arena, &s->statement), &settings, &asked);
        assert_int_equal(asked.old_ms, 1234);
        assert_int_equal(asked.count, s->relation == NULL ? 0 : 1);
        assert_true((asked.concurrent != NULL) == s->concurrent);
        if (s->relation == NULL)
            continue;
        assert_string_equal(asked.wishes[0].relation, s->relation);
        assert_string_equal(asked.wishes[0].mode, s->mode);
        assert_string_equal(asked.wishes[0].step->name, "0001_a");
    }
}

/* A table that the plan makes itself is nobody else's. */
static void what_the_plan_makes_is_not_asked_for(void **state)
{
    (void)state;
    PD_AUTO_ARENA arena = pd_arena_new();
    pd_settings settings = {.lock_timeout_ms = 1};
    pd_preflight asked;
    pd_plan *plan = plan_of(arena, &(pd_statement){.verb = "ALTER TABLE", .object = "made"});
    pd_script *later = pd_arena_alloc(arena, sizeof *later);
    static const pd_statement statements[] = {
        {.verb = "CREATE TABLE", .object = "made"},
        {.verb = "CREATE INDEX", .object = "made_idx", .table = "made"},
        {.verb = "CREATE INDEX", .object = "there_idx", .table = "there"},
        {.verb = "CREATE INDEX CONCURRENTLY",
         .object = "made_too",
         .table = "made",
         .traits = ALONE,
         .outside = PD_OUTSIDE_CREATE_INDEX},
    };
    for (size_t i = 0; i < 4; i++)
        *PD_PUSH(arena, later->statements, later->count, later->capacity) = statements[i];
    plan->steps[2].script = later;
    pd_preflight_of(arena, plan, &settings, &asked);
    assert_int_equal(asked.count, 1);
    assert_string_equal(asked.wishes[0].relation, "there");
    assert_non_null(asked.concurrent); /* waits for everybody all the same */
}

static void without_a_limit_some_seconds_are_old(void **state)
{
    (void)state;
    PD_AUTO_ARENA arena = pd_arena_new();
    pd_settings settings = {.lock_timeout_ms = 0};
    pd_preflight asked;
    pd_preflight_of(arena, plan_of(arena, &scenarios[4].statement), &settings, &asked);
    assert_int_equal(asked.old_ms, 5000);
}

typedef enum plan_kind { CONCURRENTLY = 11, ALTER = 4, DROP_CONCURRENTLY = 13 } plan_kind;

typedef struct told {
    plan_kind plan; /* of scenarios */
    pd_obstacle obstacle;
    pd_rule rule;
    const char *path;
    const char *message;
    const char *hint;
} told;

#define SESSION                                                                                    \
    {                                                                                              \
        .pid = 7, .user = "web", .age_ms = 60000, .query = "", .relation = "a", .held = "X"        \
    }

static const told tolds[] = {
    {CONCURRENTLY,
     {.who = SESSION, .wish = 0, .relations = 1},
     PD_RULE_OLD_TRANSACTION,
     "m/0001_a.sql",
     "process 7 of user web, transaction open for 1 min 00 s, holds X on a",
     "Migrations wait for it without a limit."},
    {DROP_CONCURRENTLY,
     {.who = SESSION, .wish = 0, .relations = 1},
     PD_RULE_OLD_TRANSACTION,
     "m/0001_a.sql",
     "process 7 of user web, transaction open for 1 min 00 s, holds X on a",
     "Migrations wait for it without a limit."},
    {ALTER,
     {.who = SESSION, .wish = 0, .relations = 1},
     PD_RULE_OLD_TRANSACTION,
     "m/0001_a.sql",
     "process 7 of user web, transaction open for 1 min 00 s, holds X on a",
     "Migrations wait for it 2.0 s at most, 4 times over. Let it end first, or, if it is not "
     "needed: SELECT pg_terminate_backend(7); ends it."},
    {CONCURRENTLY,
     {.who = SESSION, .wish = 0, .relations = 4, .dump = true},
     PD_RULE_DUMP_RUNNING,
     "m/0001_a.sql",
     "process 7 of user web, transaction open for 1 min 00 s, holds X on a and 3 more",
     "pg_terminate_backend(7)"},
    {CONCURRENTLY,
     {.who = {.pid = 8, .user = "web", .age_ms = 1000, .query = ""}, .wish = -1},
     PD_RULE_OLD_TRANSACTION,
     "m/0001_a.sql",
     "process 8 of user web, transaction open for 1.0 s; a concurrent build of this plan will wait "
     "for it",
     "Migrations wait for it without a limit."},
    {CONCURRENTLY,
     {.who = {.prepared = "t", .user = "web", .age_ms = 1000, .relation = "a"}, .wish = 0},
     PD_RULE_OLD_TRANSACTION,
     "m/0001_a.sql",
     "prepared transaction \"t\" of user web, transaction open for 1.0 s",
     "as whoever prepared \"t\" means it"},
    /* what a hostile server could say */
    {CONCURRENTLY,
     {.who = SESSION, .wish = 99, .relations = -5},
     PD_RULE_OLD_TRANSACTION,
     "m/0001_a.sql",
     "process 7 of user web",
     "pg_terminate_backend(7)"},
};

static void each_obstacle_is_a_finding(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof tolds / sizeof *tolds; i++) {
        const told *t = &tolds[i];
        PD_AUTO_ARENA arena = pd_arena_new();
        pd_findings findings = {.arena = arena};
        pd_settings settings = {.lock_timeout_ms = 2000, .retries = 3};
        pd_preflight asked;
        pd_obstacle item = t->obstacle;
        pd_obstacles obstacles = {.items = &item, .count = 1};
        pd_preflight_of(arena, plan_of(arena, &scenarios[t->plan].statement), &settings, &asked);
        pd_gate_preflight(&asked, &obstacles, &settings, &findings);
        assert_int_equal(findings.count, 1);
        const pd_finding *finding = &findings.items[0];
        assert_int_equal(finding->rule, t->rule);
        assert_int_equal(finding->severity, PD_SEVERITY_WARNING);
        assert_string_equal(finding->place.path, t->path);
        assert_int_equal(finding->place.line, 2);
        assert_int_equal(strncmp(finding->message, t->message, strlen(t->message)), 0);
        assert_non_null(strstr(finding->hint, t->hint));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_locks_of_a_plan_are_known),
        cmocka_unit_test(what_the_plan_makes_is_not_asked_for),
        cmocka_unit_test(without_a_limit_some_seconds_are_old),
        cmocka_unit_test(each_obstacle_is_a_finding),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
