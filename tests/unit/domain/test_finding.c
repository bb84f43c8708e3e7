#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdbool.h>
#include <string.h>

#include "base/str.h"
#include "domain/finding.h"

typedef struct world {
    pd_arena *arena;
    pd_findings findings;
    int severities[PD_RULE_COUNT];
} world;

static int open_world(void **state)
{
    pd_arena *arena = pd_arena_new();
    world *self = pd_arena_alloc(arena, sizeof *self);
    self->arena = arena;
    self->findings.arena = arena;
    for (int i = 0; i < PD_RULE_COUNT; i++)
        self->severities[i] = -1;
    *state = self;
    return 0;
}

static int close_world(void **state)
{
    world *self = *state;
    pd_arena_free(self->arena);
    return 0;
}

static void rules_are_well_formed(void **state)
{
    (void)state;
    for (int i = 0; i < PD_RULE_COUNT; i++) {
        const char *id = pd_rule_id((pd_rule)i);
        size_t len = strlen(id);
        assert_in_range(len, 3, 40);
        assert_int_equal(strspn(id, "abcdefghijklmnopqrstuvwxyz0123456789-"), len);
        assert_true(id[0] != '-' && id[len - 1] != '-' && strstr(id, "--") == NULL);
        const char *summary = pd_rule_summary((pd_rule)i);
        assert_false(pd_blank(summary));
        assert_false(pd_ends_with(summary, "."));
        assert_in_range(pd_rule_severity((pd_rule)i), PD_SEVERITY_WARNING, PD_SEVERITY_ERROR);
        assert_in_range(pd_rule_gate((pd_rule)i), 0, PD_GATE_COUNT - 1);
        pd_rule found = PD_RULE_COUNT;
        assert_true(pd_rule_find(id, &found)); /* so no id stands twice */
        assert_int_equal(found, i);
    }
}

static void unknown_rules_are_not_found(void **state)
{
    static const char *const rows[] = {
        "", "no-migration", "no-migrationsx", "NO-MIGRATIONS", "no_migrations", " no-migrations"};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        pd_rule found = PD_RULE_COUNT;
        assert_false(pd_rule_find(rows[i], &found));
        assert_int_equal(found, PD_RULE_COUNT);
    }
}

static void gates_and_severities_have_names(void **state)
{
    static const char *const gates[] = {"revision", "integrity", "rollback", "history",
                                        "syntax",   "ledger",    "verify"};
    (void)state;
    assert_int_equal(sizeof gates / sizeof *gates, PD_GATE_COUNT);
    for (int i = 0; i < PD_GATE_COUNT; i++)
        assert_string_equal(pd_gate_name((pd_gate)i), gates[i]);
    assert_string_equal(pd_severity_name(PD_SEVERITY_OFF), "off");
    assert_string_equal(pd_severity_name(PD_SEVERITY_WARNING), "warning");
    assert_string_equal(pd_severity_name(PD_SEVERITY_ERROR), "error");
}

static void a_finding_keeps_what_it_was_told(void **state)
{
    world *self = *state;
    char path[] = "migrations/0001.sql";
    pd_finding *finding =
        pd_find(&self->findings, PD_RULE_HASH_MISMATCH, path, "%s differs", "0001.sql");
    pd_finding_hint(&self->findings, finding, "Run %s.", "predeploy record");
    path[0] = 'x';
    assert_int_equal(finding->rule, PD_RULE_HASH_MISMATCH);
    assert_int_equal(finding->severity, PD_SEVERITY_ERROR);
    assert_string_equal(finding->place.path, "migrations/0001.sql");
    assert_int_equal(finding->place.line, 0);
    assert_int_equal(finding->place.column, 0);
    assert_string_equal(finding->message, "0001.sql differs");
    assert_string_equal(finding->hint, "Run predeploy record.");
    assert_null(finding->excerpt);
    finding = pd_find(&self->findings, PD_RULE_NO_MIGRATIONS, NULL, "%s", "none");
    assert_null(finding->place.path);
    assert_string_equal(finding->hint, "");
    assert_int_equal(self->findings.count, 2);
}

static void places(void **state)
{
    static const struct {
        const char *text;
        size_t offset;
        int line;
        int column;
        const char *excerpt;
    } rows[] = {
        {"", 0, 1, 1, ""},
        {"", 5, 1, 1, ""},
        {"one", 0, 1, 1, "one"},
        {"one", 3, 1, 4, "one"},
        {"one", SIZE_MAX, 1, 4, "one"},
        {"one\ntwo\nthree", 4, 2, 1, "two"},
        {"one\ntwo\nthree", 6, 2, 3, "two"},
        {"one\ntwo\nthree", 7, 2, 4, "two"}, /* on the line feed */
        {"one\ntwo\nthree", 8, 3, 1, "three"},
        {"one\n", 4, 2, 1, ""},
        {"one\r\ntwo\r\n", 5, 2, 1, "two"},
        {"one\r\ntwo\r\n", 8, 2, 4, "two"}, /* on the carriage return */
        {"one\r\ntwo\r\n", 9, 2, 5, "two"},
        {"\r\n", 1, 1, 2, ""},
        {"\u00e4\u20ac = x", 8, 1, 6, "\u00e4\u20ac = x"},
        {"\xff\xfe!", 2, 1, 3, "\xff\xfe!"},
    };
    world *self = *state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        pd_finding *finding = pd_find(&self->findings, PD_RULE_SQL_SYNTAX, "a.sql", "wrong");
        pd_finding_at(&self->findings, finding, rows[i].text, strlen(rows[i].text), rows[i].offset);
        if (finding->place.line != rows[i].line || finding->place.column != rows[i].column ||
            !pd_streq(finding->excerpt, rows[i].excerpt))
            fail_msg("row %zu: %d:%d %s", i, finding->place.line, finding->place.column,
                     finding->excerpt);
    }
}

/* Only the bytes that were given are read: text need not end with a NUL. */
static void a_place_stays_within_the_text(void **state)
{
    world *self = *state;
    char *text = pd_arena_alloc(self->arena, 3);
    memcpy(text, "a\nb", 3);
    for (size_t len = 0; len <= 3; len++) {
        for (size_t offset = 0; offset <= 4; offset++) {
            pd_finding *finding = pd_find(&self->findings, PD_RULE_SQL_SYNTAX, "a.sql", "wrong");
            pd_finding_at(&self->findings, finding, text, len, offset);
            assert_true(strlen(finding->excerpt) <= 1);
        }
    }
}

static void long_lines_are_cut(void **state)
{
    world *self = *state;
    char line[2000];
    for (size_t phase = 0; phase < 3; phase++) {
        memset(line, 'a', sizeof line);
        for (size_t i = phase; i + 3 <= sizeof line; i += 3)
            memcpy(line + i, "\u20ac", 3);
        pd_finding *finding = pd_find(&self->findings, PD_RULE_SQL_SYNTAX, "a.sql", "wrong");
        pd_finding_at(&self->findings, finding, line, sizeof line, phase + 3);
        size_t len = strlen(finding->excerpt);
        assert_in_range(len, 510, 512);
        assert_int_equal(pd_utf8_invalid_at(finding->excerpt, len), len);
        assert_int_equal(finding->place.column, phase + 2);
        /* Behind the cut there is nothing to point into, nor is the former line left. */
        pd_finding_at(&self->findings, finding, line, sizeof line, phase + (size_t)3 * 300);
        assert_null(finding->excerpt);
        assert_int_equal(finding->place.column, phase + 301);
    }
}

static void settling_sorts(void **state)
{
    static const struct {
        pd_rule rule;
        const char *path;
        int line;
        int column;
        const char *message;
    } sorted[] = {
        {PD_RULE_NO_MIGRATIONS, NULL, 0, 0, "error, first gate, no path"},
        {PD_RULE_JOURNAL_WHEN, "A.sql", 9, 9, "paths in byte order"},
        {PD_RULE_JOURNAL_WHEN, "a.sql", 1, 2, "lines as numbers"},
        {PD_RULE_JOURNAL_WHEN, "a.sql", 1, 10, "columns as numbers"},
        {PD_RULE_ENTRY_NUL, "a.sql", 10, 1, "rules last"},
        {PD_RULE_JOURNAL_WHEN, "a.sql", 10, 1, "equal: the first"},
        {PD_RULE_JOURNAL_WHEN, "a.sql", 10, 1, "equal: the second"},
        {PD_RULE_JOURNAL_WHEN, "a.sql", 10, 1, "equal: the third"},
        {PD_RULE_JOURNAL_WHEN, "\xff.sql", 0, 0, "bytes are unsigned"},
        {PD_RULE_HASH_MISMATCH, "a.sql", 0, 0, "the next gate"},
        {PD_RULE_VERIFY_TABLES, NULL, 0, 0, "the last gate"},
        {PD_RULE_JOURNAL_FUTURE, "a.sql", 0, 0, "warnings behind errors"},
        {PD_RULE_ROLLBACK_IRREVERSIBLE, "a.sql", 0, 0, "warnings of a later gate"},
    };
    enum { COUNT = sizeof sorted / sizeof *sorted };
    world *self = *state;
    /* Three equal ones keep their order of arrival; all else arrives in steps that mix it. */
    for (size_t step = 1; step < COUNT; step++) {
        self->findings.count = 0;
        for (size_t i = 0; i < COUNT; i++) {
            size_t at = i * step % COUNT;
            bool equal = at >= 5 && at <= 7;
            pd_finding *finding = pd_find(&self->findings, sorted[at].rule, sorted[at].path, "%s",
                                          equal ? "equal" : sorted[at].message);
            finding->place.line = sorted[at].line;
            finding->place.column = sorted[at].column;
            pd_finding_hint(&self->findings, finding, "%zu", i);
        }
        pd_findings_settle(&self->findings, self->severities);
        assert_int_equal(self->findings.count, COUNT);
        for (size_t i = 0; i < COUNT; i++) {
            const pd_finding *finding = &self->findings.items[i];
            bool equal = i >= 5 && i <= 7;
            assert_string_equal(finding->message, equal ? "equal" : sorted[i].message);
            if (i == 6 || i == 7) {
                uint64_t now = 0;
                uint64_t before = 0;
                assert_true(pd_parse_uint(finding->hint, COUNT, &now));
                assert_true(pd_parse_uint(finding[-1].hint, COUNT, &before));
                assert_true(before < now);
            }
        }
    }
}

static void settling_applies_severities(void **state)
{
    world *self = *state;
    pd_find(&self->findings, PD_RULE_SQL_LOCK_TIMEOUT, "a.sql", "made an error");
    pd_find(&self->findings, PD_RULE_HASH_MISMATCH, "b.sql", "made a warning");
    pd_find(&self->findings, PD_RULE_ROLLBACK_ORPHAN, "c.sql", "switched off");
    pd_find(&self->findings, PD_RULE_HISTORY_EDITED, "d.sql", "as it is");
    pd_finding *off = pd_find(&self->findings, PD_RULE_ROLLBACK_ORPHAN, "e.sql", "switched off");
    pd_finding_at(&self->findings, off, "excerpt", 7, 3);
    self->severities[PD_RULE_SQL_LOCK_TIMEOUT] = PD_SEVERITY_ERROR;
    self->severities[PD_RULE_HASH_MISMATCH] = PD_SEVERITY_WARNING;
    self->severities[PD_RULE_ROLLBACK_ORPHAN] = PD_SEVERITY_OFF;
    pd_findings_settle(&self->findings, self->severities);
    assert_int_equal(self->findings.count, 3);
    assert_string_equal(self->findings.items[0].message, "as it is");
    assert_string_equal(self->findings.items[1].message, "made an error");
    assert_string_equal(self->findings.items[2].message, "made a warning");
    assert_int_equal(self->findings.items[2].severity, PD_SEVERITY_WARNING);
    assert_int_equal(pd_findings_count(&self->findings, PD_SEVERITY_ERROR), 2);
    assert_int_equal(pd_findings_count(&self->findings, PD_SEVERITY_WARNING), 1);
    assert_int_equal(pd_findings_count(&self->findings, PD_SEVERITY_OFF), 0);
    assert_int_equal(pd_findings_of_gate(&self->findings, PD_GATE_SYNTAX, PD_SEVERITY_ERROR), 1);
    assert_int_equal(pd_findings_of_gate(&self->findings, PD_GATE_SYNTAX, PD_SEVERITY_WARNING), 0);
    assert_int_equal(pd_findings_of_gate(&self->findings, PD_GATE_INTEGRITY, PD_SEVERITY_WARNING),
                     1);
    assert_int_equal(pd_findings_of_gate(&self->findings, PD_GATE_ROLLBACK, PD_SEVERITY_ERROR), 0);

    /* What is added afterwards has nothing of those that were dropped. */
    for (int i = 0; i < 2; i++) {
        const pd_finding *later = pd_find(&self->findings, PD_RULE_VERIFY_TABLES, NULL, "later");
        assert_null(later->excerpt);
        assert_int_equal(later->place.line, 0);
        assert_string_equal(later->hint, "");
    }
}

static void nothing_settles_to_nothing(void **state)
{
    world *self = *state;
    pd_findings_settle(&self->findings, self->severities);
    assert_int_equal(self->findings.count, 0);
    assert_int_equal(pd_findings_count(&self->findings, PD_SEVERITY_ERROR), 0);
    pd_find(&self->findings, PD_RULE_SQL_EMPTY, "a.sql", "off");
    self->severities[PD_RULE_SQL_EMPTY] = PD_SEVERITY_OFF;
    pd_findings_settle(&self->findings, self->severities);
    pd_findings_settle(&self->findings, self->severities);
    assert_int_equal(self->findings.count, 0);
}

#define IN_A_WORLD(test) cmocka_unit_test_setup_teardown(test, open_world, close_world)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rules_are_well_formed),
        cmocka_unit_test(unknown_rules_are_not_found),
        cmocka_unit_test(gates_and_severities_have_names),
        IN_A_WORLD(a_finding_keeps_what_it_was_told),
        IN_A_WORLD(places),
        IN_A_WORLD(a_place_stays_within_the_text),
        IN_A_WORLD(long_lines_are_cut),
        IN_A_WORLD(settling_sorts),
        IN_A_WORLD(settling_applies_severities),
        IN_A_WORLD(nothing_settles_to_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
