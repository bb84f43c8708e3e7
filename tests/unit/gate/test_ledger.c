#include <stdio.h>

#include "gate/claims.h"
#include "gate/gate.h"
#include "sets.h"

typedef struct world {
    pd_arena *arena;
    pd_set set;
    pd_ledger ledger;
    pd_ledger_terms terms;
} world;

static void add_row(world *w, size_t m)
{
    pd_ledger_row *row = PD_PUSH(w->arena, w->ledger.rows, w->ledger.count, w->ledger.capacity);
    row->seq = (int64_t)w->ledger.count;
    row->name = w->set.migrations[m].name;
    row->hash = w->set.migrations[m].up.hash;
}

static pd_drizzle_row *add_drizzle(world *w, size_t m)
{
    pd_drizzle_row *row =
        PD_PUSH(w->arena, w->ledger.drizzle, w->ledger.drizzle_count, w->ledger.drizzle_capacity);
    row->id = (int64_t)w->ledger.drizzle_count;
    row->hash = w->set.migrations[m].up.hash;
    row->has_created_at = true;
    row->created_at = w->set.migrations[m].when;
    if (w->ledger.drizzle_shape == PD_DRIZZLE_V1)
        row->name = w->set.migrations[m].v1_name;
    return row;
}

/* The first `applied` of three are applied; by whom, says the pattern: p, d, or b for both. */
static world make(pd_arena *arena, pd_layout_kind layout, pd_drizzle_shape shape,
                  const char *pattern)
{
    world w = {.arena = arena, .set = good_set(arena, layout)};
    w.ledger.drizzle_shape = shape;
    for (size_t m = 0; pattern[m] != '\0'; m++) {
        if (pattern[m] == 'p' || pattern[m] == 'b')
            add_row(&w, m);
        if (pattern[m] == 'd' || pattern[m] == 'b')
            add_drizzle(&w, m);
    }
    return w;
}

static void judge(world *w, pd_findings *findings, char states[4])
{
    pd_applied_state out[3] = {0};
    static const char letters[] = {
        [PD_PENDING] = '-', [PD_APPLIED] = 'A', [PD_APPLIED_FOREIGN] = 'F'};
    const pd_drizzle_row *rows[3] = {0};
    pd_gate_ledger(&w->set, &w->ledger, &w->terms, out, rows, findings);
    for (size_t m = 0; m < 3; m++)
        states[m] = letters[out[m]];
    states[3] = '\0';
}

typedef struct scenario {
    const char *what;
    pd_layout_kind layout;
    pd_drizzle_shape shape;
    const char *pattern;
    const char *states;
    size_t count;
    pd_rule rule;
} scenario;

#define PLAIN PD_LAYOUT_PLAIN
#define JOURNAL PD_LAYOUT_DRIZZLE
#define FOLDERS PD_LAYOUT_DRIZZLE_FOLDERS

static const scenario scenarios[] = {
    {"empty database", PLAIN, PD_DRIZZLE_ABSENT, "", "---", 0, 0},
    {"prefix", PLAIN, PD_DRIZZLE_ABSENT, "pp", "AA-", 0, 0},
    {"all", PLAIN, PD_DRIZZLE_ABSENT, "ppp", "AAA", 0, 0},
    {"hole", PLAIN, PD_DRIZZLE_ABSENT, "p.p", "A-A", 1, PD_RULE_OUT_OF_ORDER},
    {"Drizzle alone", JOURNAL, PD_DRIZZLE_V0, "ddd", "FFF", 0, 0},
    {"both", JOURNAL, PD_DRIZZLE_V0, "bb", "AA-", 0, 0},
    {"turns", JOURNAL, PD_DRIZZLE_V0, "bd", "AF-", 0, 0},
    {"journal on a v1 table", JOURNAL, PD_DRIZZLE_V1, "bb", "AA-", 0, 0},
    {"folders by name", FOLDERS, PD_DRIZZLE_V1, "bd", "AF-", 0, 0},
    {"folders by time", FOLDERS, PD_DRIZZLE_V0, "bd", "AF-", 0, 0},
    {"Drizzle skipped one", JOURNAL, PD_DRIZZLE_V0, "d.d", "F-F", 1, PD_RULE_OUT_OF_ORDER},
    {"Drizzle's row is gone", JOURNAL, PD_DRIZZLE_V0, "bp", "AA-", 2, PD_RULE_LEDGER_DISAGREES},
};

static void each_database_has_its_states(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof scenarios / sizeof *scenarios; i++) {
        const scenario *s = &scenarios[i];
        PD_AUTO_ARENA arena = pd_arena_new();
        pd_findings findings = {.arena = arena};
        world w = make(arena, s->layout, s->shape, s->pattern);
        char states[4];
        print_message("%s\n", s->what);
        judge(&w, &findings, states);
        assert_string_equal(states, s->states);
        if (s->rule == PD_RULE_LEDGER_DISAGREES)
            findings.count = 1;
        assert_rules(&findings, &s->rule, s->count > 0 ? 1 : 0);
    }
}

static void edited_after_it_was_applied(void **state)
{
    (void)state;
    PD_AUTO_ARENA arena = pd_arena_new();
    pd_findings findings = {.arena = arena};
    world w = make(arena, JOURNAL, PD_DRIZZLE_V0, "bd");
    char states[4];
    w.ledger.rows[0].hash = "00";
    w.ledger.drizzle[1].hash = "11";
    judge(&w, &findings, states);
    ASSERT_RULES(&findings, PD_RULE_APPLIED_EDITED, PD_RULE_APPLIED_EDITED);
}

static void line_endings_of_a_checkout_are_no_edit(void **state)
{
    (void)state;
    PD_AUTO_ARENA arena = pd_arena_new();
    pd_findings findings = {.arena = arena};
    world w = make(arena, JOURNAL, PD_DRIZZLE_V0, "d");
    char hash[PD_SHA256_HEX];
    const char *crlf = "create table t0 (id int);\r\n";
    pd_sha256_hex(crlf, strlen(crlf), hash);
    w.ledger.drizzle[0].hash = hash;
    char states[4];
    judge(&w, &findings, states);
    ASSERT_NO_FINDING(&findings);
    assert_string_equal(states, "F--");
}

static void an_older_revision(void **state)
{
    (void)state;
    PD_AUTO_ARENA arena = pd_arena_new();
    pd_findings findings = {.arena = arena};
    world w = make(arena, JOURNAL, PD_DRIZZLE_V0, "bbb");
    char states[4];
    w.set.count--;
    judge(&w, &findings, states);
    ASSERT_RULES(&findings, PD_RULE_DATABASE_AHEAD);
    assert_int_equal(findings.items[0].severity, PD_SEVERITY_ERROR);
    assert_non_null(strstr(findings.items[0].message, "0003_c"));
    assert_non_null(strstr(findings.items[0].hint, "predeploy rollback 1;"));
    findings.count = 0;
    w.terms.allow_ahead = true;
    judge(&w, &findings, states);
    ASSERT_RULES(&findings, PD_RULE_DATABASE_AHEAD);
    assert_int_equal(findings.items[0].severity, PD_SEVERITY_WARNING);
}

/* What lies between migrations that the revision has is no newer release. */
static void applied_but_not_in_the_revision(void **state)
{
    (void)state;
    PD_AUTO_ARENA arena = pd_arena_new();
    pd_findings findings = {.arena = arena};
    world w = make(arena, PLAIN, PD_DRIZZLE_ABSENT, "ppp");
    char states[4];
    w.terms.allow_ahead = true;
    w.set.migrations[1] = w.set.migrations[2];
    w.set.count--;
    judge(&w, &findings, states);
    ASSERT_RULES(&findings, PD_RULE_APPLIED_MISSING);
    assert_int_equal(findings.items[0].severity, PD_SEVERITY_ERROR);
    assert_non_null(strstr(findings.items[0].message, "0002_b"));
}

static void late_ones_may_come(void **state)
{
    (void)state;
    static const pd_layout_kind layouts[] = {PLAIN, JOURNAL};
    static const pd_severity severities[] = {PD_SEVERITY_WARNING, PD_SEVERITY_ERROR};
    for (size_t i = 0; i < 2; i++) {
        PD_AUTO_ARENA arena = pd_arena_new();
        pd_findings findings = {.arena = arena};
        world w = make(arena, layouts[i], PD_DRIZZLE_ABSENT, "p.p");
        char states[4];
        w.terms.arrival = PD_ARRIVAL_LATE;
        judge(&w, &findings, states);
        assert_string_equal(states, "A-A");
        assert_true(findings.count > 0);
        assert_int_equal(findings.items[findings.count - 1].rule, PD_RULE_OUT_OF_ORDER);
        assert_int_equal(findings.items[findings.count - 1].severity, severities[i]);
    }
}

static void row_of_drizzle_that_matches_nothing(void **state)
{
    (void)state;
    PD_AUTO_ARENA arena = pd_arena_new();
    pd_findings findings = {.arena = arena};
    world w = make(arena, JOURNAL, PD_DRIZZLE_V0, "bb");
    pd_drizzle_row *ghost = add_drizzle(&w, 0);
    ghost->hash = "ff";
    ghost->created_at = 1500;
    char states[4];
    judge(&w, &findings, states);
    ASSERT_RULES(&findings, PD_RULE_APPLIED_MISSING);
}

static void race_of_two_migrators_is_noticed(void **state)
{
    (void)state;
    PD_AUTO_ARENA arena = pd_arena_new();
    pd_findings findings = {.arena = arena};
    world w = make(arena, JOURNAL, PD_DRIZZLE_V0, "bb");
    add_drizzle(&w, 1);
    char states[4];
    judge(&w, &findings, states);
    ASSERT_RULES(&findings, PD_RULE_LEDGER_DUPLICATE);
}

static void twin_is_not_claimed_by_a_migration_of_equal_text(void **state)
{
    (void)state;
    PD_AUTO_ARENA arena = pd_arena_new();
    pd_findings findings = {.arena = arena};
    world w = make(arena, JOURNAL, PD_DRIZZLE_V0, "bb");
    w.set.migrations[2].up = w.set.migrations[1].up;
    add_drizzle(&w, 1);
    char states[4];
    judge(&w, &findings, states);
    assert_string_equal(states, "AA-");
    ASSERT_RULES(&findings, PD_RULE_LEDGER_DUPLICATE);
}

static void restamped_entry_of_another_checkout_is_applied(void **state)
{
    (void)state;
    PD_AUTO_ARENA arena = pd_arena_new();
    pd_findings findings = {.arena = arena};
    world w = make(arena, JOURNAL, PD_DRIZZLE_V0, "ddd");
    char hash[PD_SHA256_HEX];
    const char *crlf = "create table t1 (id int);\r\n";
    pd_sha256_hex(crlf, strlen(crlf), hash);
    w.ledger.drizzle[1].hash = hash;
    w.set.migrations[1].when = 2500;
    char states[4];
    judge(&w, &findings, states);
    assert_string_equal(states, "FFF");
    ASSERT_NO_FINDING(&findings);
}

static void two_folders_of_one_second_need_the_hash(void **state)
{
    (void)state;
    PD_AUTO_ARENA arena = pd_arena_new();
    pd_findings findings = {.arena = arena};
    world w = make(arena, FOLDERS, PD_DRIZZLE_V0, "d");
    w.set.migrations[1].when = w.set.migrations[0].when + 1;
    w.ledger.drizzle[0].hash = "00";
    char states[4];
    judge(&w, &findings, states);
    assert_string_equal(states, "---");
    ASSERT_RULES(&findings, PD_RULE_APPLIED_MISSING, PD_RULE_DRIZZLE_REFUSES);
}

static void restamped_entry_would_be_run_again(void **state)
{
    (void)state;
    PD_AUTO_ARENA arena = pd_arena_new();
    pd_findings findings = {.arena = arena};
    world w = make(arena, JOURNAL, PD_DRIZZLE_V0, "bbb");
    w.set.migrations[2].when = 9000;
    char states[4];
    judge(&w, &findings, states);
    assert_string_equal(states, "AAA");
    ASSERT_RULES(&findings, PD_RULE_DRIZZLE_RERUN);
}

static void nameless_row_would_be_run_again(void **state)
{
    (void)state;
    PD_AUTO_ARENA arena = pd_arena_new();
    pd_findings findings = {.arena = arena};
    world w = make(arena, FOLDERS, PD_DRIZZLE_V1, "bb");
    w.ledger.drizzle[1].name = NULL;
    char states[4];
    judge(&w, &findings, states);
    assert_string_equal(states, "AA-");
    ASSERT_RULES(&findings, PD_RULE_DRIZZLE_RERUN);
}

static void table_count_and_pending_are_verified(void **state)
{
    (void)state;
    PD_AUTO_ARENA arena = pd_arena_new();
    pd_findings findings = {.arena = arena};
    pd_settings settings = {.min_tables = 3, .tables = -1, .verify_schema = "public"};
    world w = make(arena, PLAIN, PD_DRIZZLE_ABSENT, "ppp");
    pd_applied_state states[3] = {PD_APPLIED, PD_APPLIED, PD_APPLIED};
    w.ledger.tables = 3;
    w.ledger.present = true;
    pd_gate_verify(&w.set, states, &w.ledger, &settings, &findings);
    ASSERT_NO_FINDING(&findings);
    states[2] = PD_PENDING;
    w.ledger.tables = 2;
    pd_gate_verify(&w.set, states, &w.ledger, &settings, &findings);
    ASSERT_RULES(&findings, PD_RULE_VERIFY_TABLES, PD_RULE_VERIFY_PENDING);
    settings.tables = 2;
    findings.count = 0;
    states[2] = PD_APPLIED;
    pd_gate_verify(&w.set, states, &w.ledger, &settings, &findings);
    ASSERT_NO_FINDING(&findings);
}

static void database_without_ledger(void **state)
{
    (void)state;
    PD_AUTO_ARENA arena = pd_arena_new();
    pd_findings findings = {.arena = arena};
    pd_settings settings = {.min_tables = 0, .tables = -1, .verify_schema = "public"};
    world w = make(arena, PLAIN, PD_DRIZZLE_ABSENT, "");
    pd_applied_state states[3] = {PD_PENDING, PD_PENDING, PD_PENDING};
    pd_gate_verify(&w.set, states, &w.ledger, &settings, &findings);
    ASSERT_RULES(&findings, PD_RULE_VERIFY_LEDGER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_database_has_its_states),
        cmocka_unit_test(edited_after_it_was_applied),
        cmocka_unit_test(line_endings_of_a_checkout_are_no_edit),
        cmocka_unit_test(an_older_revision),
        cmocka_unit_test(late_ones_may_come),
        cmocka_unit_test(applied_but_not_in_the_revision),
        cmocka_unit_test(row_of_drizzle_that_matches_nothing),
        cmocka_unit_test(race_of_two_migrators_is_noticed),
        cmocka_unit_test(twin_is_not_claimed_by_a_migration_of_equal_text),
        cmocka_unit_test(restamped_entry_of_another_checkout_is_applied),
        cmocka_unit_test(two_folders_of_one_second_need_the_hash),
        cmocka_unit_test(restamped_entry_would_be_run_again),
        cmocka_unit_test(nameless_row_would_be_run_again),
        cmocka_unit_test(table_count_and_pending_are_verified),
        cmocka_unit_test(database_without_ledger),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
