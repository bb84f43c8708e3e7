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

typedef struct hint {
    const char *down;
    const char *since;
    bool has_sums;
    const char *said; /* in message or hint */
} hint;

/* What mends it depends on how far the project has come. */
static void hints_fit_the_project(void **state)
{
    (void)state;
    static const hint hints[] = {
        {NULL, NULL, false, "predeploy init"},
        {NULL, NULL, true, "Write migrations/0002_b-rollback.sql"},
        {NULL, "0001_a", false, "Write migrations/0002_b-rollback.sql"},
        {"-- predeploy: irreversable: no", NULL, true, "'irreversable' is no marker"},
        {"-- later", NULL, true, "if nothing can, say so"},
    };
    for (size_t i = 0; i < sizeof hints / sizeof *hints; i++) {
        PD_AUTO_ARENA arena = pd_arena_new();
        pd_findings findings = {.arena = arena};
        pd_error err = {0};
        pd_settings settings = {.rollback = PD_ROLLBACK_REQUIRED, .rollback_since = hints[i].since};
        pd_set set = good_set(arena, PD_LAYOUT_PLAIN);
        set.has_sums = hints[i].has_sums;
        fill_file(arena, &set.migrations[1].down, "0002_b-rollback.sql", hints[i].down);
        pd_read_companions(arena, &set);
        assert_true(pd_gate_rollback(&set, &settings, &findings, &err));
        assert_int_equal(findings.count, 1);
        if (strstr(findings.items[0].message, hints[i].said) == NULL &&
            strstr(findings.items[0].hint, hints[i].said) == NULL)
            fail_msg("%zu: %s: %s", i, findings.items[0].message, findings.items[0].hint);
    }
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

static const pd_finding *about(const pd_findings *findings, const char *name)
{
    for (size_t i = 0; i < findings->count; i++)
        if (strstr(findings->items[i].place.path, name) != NULL)
            return &findings->items[i];
    fail_msg("nothing is found about %s", name);
    return findings->items;
}

/* What is published may not be edited; the newest of them is what the hint names. */
static void published_companions_stay(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        const char *downs[3];
        const char *base_down; /* of the second, at the base */
        bool published;
        pd_witness_kind kind;
        const char *said; /* in the hint of the second; NULL: what mends a new one */
    } rows[] = {
        {"new", {"x", "", "x"}, "", false, PD_WITNESS_BASE, NULL},
        {"published", {"x", "", "x"}, "", true, PD_WITNESS_BASE, "rollbackSince 0002_b"},
        {"at the tip", {"x", "", "x"}, "", true, PD_WITNESS_TIP, "rollbackSince 0002_b"},
        {"deployed only", {"x", "", "x"}, "", true, PD_WITNESS_DEPLOYED, NULL},
        {"two", {"x", "", "-- no"}, "", true, PD_WITNESS_BASE, "rollbackSince 0003_c"},
        {"an older one is new", {"", "", "x"}, "", true, PD_WITNESS_BASE, "rollbackSince 0002_b"},
        {"no reason",
         {"x", "-- predeploy: irreversible", "x"},
         "-- predeploy: irreversible",
         true,
         PD_WITNESS_BASE,
         "rollbackSince 0002_b"},
        {"it was emptied since", {"x", "", "x"}, "drop table b;", true, PD_WITNESS_BASE, NULL},
        {"it may be added", {"x", NULL, "x"}, NULL, true, PD_WITNESS_BASE, NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        PD_AUTO_ARENA arena = pd_arena_new();
        pd_findings findings = {.arena = arena};
        pd_error err = {0};
        pd_settings settings = {.rollback = PD_ROLLBACK_REQUIRED};
        pd_set set = good_set(arena, PD_LAYOUT_PLAIN);
        pd_set base = good_set(arena, PD_LAYOUT_PLAIN);
        set.has_sums = true;
        fill_file(arena, &set.migrations[0].down, "0001_a-rollback.sql", rows[i].downs[0]);
        fill_file(arena, &set.migrations[1].down, "0002_b-rollback.sql", rows[i].downs[1]);
        fill_file(arena, &set.migrations[2].down, "0003_c-rollback.sql", rows[i].downs[2]);
        fill_file(arena, &base.migrations[1].down, "0002_b-rollback.sql", rows[i].base_down);
        fill_file(arena, &base.migrations[2].down, "0003_c-rollback.sql", rows[i].downs[2]);
        base.count = rows[i].published ? 3 : 1;
        pd_witnesses witnesses = {.count = 1};
        witnesses.items[0] = (pd_witness){.kind = rows[i].kind, .set = &base};
        pd_read_companions(arena, &set);
        assert_true(pd_gate_rollback(&set, &settings, &findings, &err));
        pd_gate_offer_since(&set, &witnesses, &findings, 0);
        const pd_finding *found = about(&findings, "0002_b");
        const char *offered = strstr(found->hint, "rollbackSince");
        if (rows[i].said == NULL ? offered != NULL
                                 : offered == NULL || strstr(offered, rows[i].said) == NULL)
            fail_msg("%s: %s", rows[i].what, found->hint);
    }
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
        cmocka_unit_test(hints_fit_the_project),
        cmocka_unit_test(orphan_companion),
        cmocka_unit_test(published_companions_stay),
        cmocka_unit_test(since_must_name_a_migration),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
