#include "gate/gate.h"
#include "sets.h"

static const pd_snapshot nothing_there = {.folder = "migrations"};

static void agreeing_set_has_no_finding(void **state)
{
    (void)state;
    PD_AUTO_ARENA arena = pd_arena_new();
    pd_findings findings = {.arena = arena};
    pd_set set = good_set(arena, PD_LAYOUT_PLAIN);
    pd_gate_integrity(&set, &nothing_there, &findings);
    ASSERT_NO_FINDING(&findings);
}

static void tampered_migration_and_companion(void **state)
{
    (void)state;
    for (int companion = 0; companion < 2; companion++) {
        PD_AUTO_ARENA arena = pd_arena_new();
        pd_findings findings = {.arena = arena};
        pd_set set = good_set(arena, PD_LAYOUT_PLAIN);
        pd_sql_file *file = companion ? &set.migrations[1].down : &set.migrations[1].up;
        file->hash[0] = file->hash[0] == 'a' ? 'b' : 'a';
        pd_gate_integrity(&set, &nothing_there, &findings);
        ASSERT_RULES(&findings, PD_RULE_HASH_MISMATCH);
        assert_string_equal(findings.items[0].place.path, file->path);
    }
}

static void unlisted_file(void **state)
{
    (void)state;
    PD_AUTO_ARENA arena = pd_arena_new();
    pd_findings findings = {.arena = arena};
    pd_set set = good_set(arena, PD_LAYOUT_PLAIN);
    set.sums_count--;
    pd_gate_integrity(&set, &nothing_there, &findings);
    ASSERT_RULES(&findings, PD_RULE_SUMS_UNLISTED);
    assert_string_equal(findings.items[0].place.path, "migrations/0003_c-rollback.sql");
    assert_non_null(strstr(findings.items[0].hint, "predeploy record"));
}

static void listed_file_that_is_missing(void **state)
{
    (void)state;
    PD_AUTO_ARENA arena = pd_arena_new();
    pd_findings findings = {.arena = arena};
    pd_set set = good_set(arena, PD_LAYOUT_PLAIN);
    set.count--;
    pd_gate_integrity(&set, &nothing_there, &findings);
    ASSERT_RULES(&findings, PD_RULE_SUMS_MISSING_FILE, PD_RULE_SUMS_MISSING_FILE);
    assert_int_equal(findings.items[0].place.line, 6);
    assert_int_equal(findings.items[1].place.line, 5);
}

static void no_sums_at_all(void **state)
{
    (void)state;
    PD_AUTO_ARENA arena = pd_arena_new();
    pd_findings findings = {.arena = arena};
    pd_set set = good_set(arena, PD_LAYOUT_PLAIN);
    set.has_sums = false;
    set.sums_count = 0;
    pd_gate_integrity(&set, &nothing_there, &findings);
    ASSERT_RULES(&findings, PD_RULE_SUMS_MISSING);
    assert_non_null(strstr(findings.items[0].hint, "predeploy record"));
}

static void file_that_could_not_be_read_must_be_listed_all_the_same(void **state)
{
    (void)state;
    PD_AUTO_ARENA arena = pd_arena_new();
    pd_findings findings = {.arena = arena};
    pd_set set = good_set(arena, PD_LAYOUT_PLAIN);
    set.migrations[0].up.hash[0] = '\0';
    pd_gate_integrity(&set, &nothing_there, &findings);
    ASSERT_NO_FINDING(&findings);
    set.sums_count = 0;
    pd_gate_integrity(&set, &nothing_there, &findings);
    assert_int_equal(findings.count, 6);
}

static void listed_file_that_is_no_migration_is_not_missing(void **state)
{
    (void)state;
    PD_AUTO_ARENA arena = pd_arena_new();
    pd_findings findings = {.arena = arena};
    pd_set set = good_set(arena, PD_LAYOUT_PLAIN);
    pd_entry entries[] = {{.path = "0003_c-rollback.sql"}, {.path = "0003_c.sql"}};
    pd_snapshot there = {.folder = "migrations", .entries = entries, .count = 2};
    set.count--;
    pd_gate_integrity(&set, &there, &findings);
    ASSERT_NO_FINDING(&findings);
}

static void orphans_are_recorded_like_the_rest(void **state)
{
    (void)state;
    PD_AUTO_ARENA arena = pd_arena_new();
    pd_findings findings = {.arena = arena};
    pd_set set = good_set(arena, PD_LAYOUT_PLAIN);
    pd_sql_file *orphan = PD_PUSH(arena, set.orphans, set.orphan_count, set.orphan_capacity);
    fill_file(arena, orphan, "0009_x-rollback.sql", "drop table x;");
    pd_gate_integrity(&set, &nothing_there, &findings);
    ASSERT_RULES(&findings, PD_RULE_SUMS_UNLISTED);
}

static void what_configures_a_migration_is_recorded_like_the_rest(void **state)
{
    (void)state;
    PD_AUTO_ARENA arena = pd_arena_new();
    pd_findings findings = {.arena = arena};
    pd_set set = good_set(arena, PD_LAYOUT_DIESEL);
    pd_sql_file *config = &set.migrations[1].config;
    fill_file(arena, config, "0002_b/metadata.toml", "run_in_transaction = false");
    pd_gate_integrity(&set, &nothing_there, &findings);
    ASSERT_RULES(&findings, PD_RULE_SUMS_UNLISTED);
    findings.count = 0;
    record_file(arena, &set, config);
    pd_gate_integrity(&set, &nothing_there, &findings);
    ASSERT_NO_FINDING(&findings);
    fill_file(arena, config, "0002_b/metadata.toml", "run_in_transaction  = false");
    pd_gate_integrity(&set, &nothing_there, &findings);
    ASSERT_RULES(&findings, PD_RULE_HASH_MISMATCH);
    assert_string_equal(findings.items[0].place.path, "migrations/0002_b/metadata.toml");
    assert_null(findings.items[0].evidence->is); /* it is no SQL */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agreeing_set_has_no_finding),
        cmocka_unit_test(tampered_migration_and_companion),
        cmocka_unit_test(unlisted_file),
        cmocka_unit_test(listed_file_that_is_missing),
        cmocka_unit_test(no_sums_at_all),
        cmocka_unit_test(file_that_could_not_be_read_must_be_listed_all_the_same),
        cmocka_unit_test(listed_file_that_is_no_migration_is_not_missing),
        cmocka_unit_test(what_configures_a_migration_is_recorded_like_the_rest),
        cmocka_unit_test(orphans_are_recorded_like_the_rest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
