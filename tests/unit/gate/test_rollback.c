#include "gate/gate.h"
#include "sets.h"

typedef struct scenario {
    const char *what;
    const char *down; /* of the second of three migrations; NULL: missing */
    const char *since;
    pd_rollback_policy policy;
    size_t count;
    pd_rule rule;
    pd_severity severity;
} scenario;

#define MISSING PD_RULE_ROLLBACK_MISSING
#define EMPTY PD_RULE_ROLLBACK_EMPTY

static const scenario scenarios[] = {
    {"good", "drop table t1;", NULL, PD_ROLLBACK_REQUIRED, 0, 0, 0},
    {"missing", NULL, NULL, PD_ROLLBACK_REQUIRED, 1, MISSING, PD_SEVERITY_ERROR},
    {"empty", "", NULL, PD_ROLLBACK_REQUIRED, 1, EMPTY, PD_SEVERITY_ERROR},
    {"blank", " \n\t\r\n", NULL, PD_ROLLBACK_REQUIRED, 1, EMPTY, PD_SEVERITY_ERROR},
    {"comments", "-- later\n/* a /* b */ c */;;\n", NULL, PD_ROLLBACK_REQUIRED, 1, EMPTY,
     PD_SEVERITY_ERROR},
    {"irreversible", "-- predeploy: irreversible: the column's data is gone\n", NULL,
     PD_ROLLBACK_REQUIRED, 1, PD_RULE_ROLLBACK_IRREVERSIBLE, PD_SEVERITY_WARNING},
    {"no reason", "-- predeploy: irreversible:  \n", NULL, PD_ROLLBACK_REQUIRED, 1,
     PD_RULE_ROLLBACK_NO_REASON, PD_SEVERITY_ERROR},
    {"a declaration beside statements is a companion", "-- predeploy: irreversible: x\nselect 1;",
     NULL, PD_ROLLBACK_REQUIRED, 0, 0, 0},
    {"missing, before since", NULL, "0002_b", PD_ROLLBACK_REQUIRED, 0, 0, 0},
    {"missing, after since", NULL, "0001_a", PD_ROLLBACK_REQUIRED, 1, MISSING, PD_SEVERITY_ERROR},
    {"missing, warn", NULL, NULL, PD_ROLLBACK_WARN, 1, MISSING, PD_SEVERITY_WARNING},
    {"missing, off", NULL, NULL, PD_ROLLBACK_OFF, 0, 0, 0},
};

static void each_scenario_has_its_finding(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof scenarios / sizeof *scenarios; i++) {
        const scenario *s = &scenarios[i];
        PD_AUTO_ARENA arena = pd_arena_new();
        pd_findings findings = {.arena = arena};
        pd_error err = {0};
        pd_settings settings = {.rollback = s->policy, .rollback_since = s->since};
        pd_set set = good_set(arena, PD_LAYOUT_PLAIN);
        fill_file(arena, &set.migrations[1].down, "0002_b-rollback.sql", s->down);
        pd_read_companions(arena, &set);
        print_message("%s\n", s->what);
        assert_true(pd_gate_rollback(&set, &settings, &findings, &err));
        assert_rules(&findings, &s->rule, s->count);
        if (s->count > 0)
            assert_int_equal(findings.items[0].severity, s->severity);
    }
}

/* Without a pattern the migration itself must not be named as what lacks. */
static void missing_where_none_can_be(void **state)
{
    (void)state;
    PD_AUTO_ARENA arena = pd_arena_new();
    pd_findings findings = {.arena = arena};
    pd_error err = {0};
    pd_settings settings = {.rollback = PD_ROLLBACK_REQUIRED};
    pd_set set = good_set(arena, PD_LAYOUT_CUSTOM);
    set.migrations[1].down = (pd_sql_file){0};
    assert_true(pd_gate_rollback(&set, &settings, &findings, &err));
    ASSERT_RULES(&findings, MISSING);
    assert_non_null(strstr(findings.items[0].hint, "set layout.rollback"));
    assert_null(strstr(findings.items[0].hint, "0002_b"));
}

static void orphan_companion(void **state)
{
    (void)state;
    PD_AUTO_ARENA arena = pd_arena_new();
    pd_findings findings = {.arena = arena};
    pd_error err = {0};
    pd_settings settings = {.rollback = PD_ROLLBACK_REQUIRED};
    pd_set set = good_set(arena, PD_LAYOUT_PLAIN);
    pd_sql_file *orphan = PD_PUSH(arena, set.orphans, set.orphan_count, set.orphan_capacity);
    fill_file(arena, orphan, "0009_x-rollback.sql", "drop table x;");
    assert_true(pd_gate_rollback(&set, &settings, &findings, &err));
    ASSERT_RULES(&findings, PD_RULE_ROLLBACK_ORPHAN);
}

static void since_must_name_a_migration(void **state)
{
    (void)state;
    PD_AUTO_ARENA arena = pd_arena_new();
    pd_findings findings = {.arena = arena};
    pd_error err = {0};
    pd_settings settings = {.rollback_since = "0042_typo"};
    pd_set set = good_set(arena, PD_LAYOUT_PLAIN);
    assert_false(pd_gate_rollback(&set, &settings, &findings, &err));
    assert_int_equal(err.kind, PD_ERROR_USAGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_scenario_has_its_finding),
        cmocka_unit_test(missing_where_none_can_be),
        cmocka_unit_test(orphan_companion),
        cmocka_unit_test(since_must_name_a_migration),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
