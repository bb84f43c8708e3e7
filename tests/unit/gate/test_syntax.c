/* The syntax gate: a text as sql/ has read it, and what is said of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "base/str.h"
#include "base/strbuf.h"
#include "gate/syntax.h"
#include "sql/marker.h"
#include "sql/parse.h"

#define LENGTH(array) (sizeof(array) / sizeof(array)[0])

typedef struct world {
    pd_arena *arena;
    pd_migration migration;
    pd_findings findings;
} world;

static void judge(world *self, const char *text, bool companion)
{
    pd_sql_file file = {.path = companion ? "m/0001_a-rollback.sql" : "m/0001_a.sql",
                        .data = text,
                        .len = strlen(text)};
    self->migration = (pd_migration){
        .name = "0001_a",
        .no_transaction = !companion && pd_sql_asks_no_transaction(text, strlen(text)),
    };
    *(companion ? &self->migration.down : &self->migration.up) = file;
    self->findings = (pd_findings){.arena = self->arena};
    pd_sql_input input = {.text = text, .len = file.len, .breakpoints = false};
    pd_script script;
    pd_error err = {0};
    assert_true(
        pd_sql_parse(self->arena, &(pd_sql_batch){&input, 1, "public", true}, &script, &err));
    pd_gate_syntax(&self->migration, &script, companion, &self->findings);
}

/* "rule LINE:COLUMN message", a line a finding. */
static const char *said(const world *self)
{
    PD_AUTO_STRBUF out = pd_strbuf_new(PD_STRBUF_MAX);
    for (size_t i = 0; i < self->findings.count; i++) {
        const pd_finding *finding = &self->findings.items[i];
        pd_strbuf_addf(&out, "%s%s %d:%d %s", i > 0 ? "\n" : "", pd_rule_id(finding->rule),
                       finding->place.line, finding->place.column, finding->message);
    }
    return pd_strbuf_keep(&out, self->arena);
}

static const struct {
    const char *text;
    const char *expected; /* what is said begins with this; "" for nothing */
} rows[] = {
    {"CREATE TABLE t (a int);\nINSERT INTO t VALUES (1);\nSAVEPOINT s;", ""},
    {"SELECT 1;\n  SELEC 2;", "sql-syntax 2:3 syntax error at or near \"SELEC\""},
    {"SELECT 1;\n\\i x\n", "sql-psql-command 2:1 \\i is a command of psql"},
    {"COPY t FROM stdin;\n1\n\\.\n", "sql-copy-stdin 1:1 COPY FROM STDIN has its data"},
    {"SELECT 1; COPY t FROM stdin;", "sql-copy-stdin 1:11 COPY exchanges data with a client"},
    {"\n CREATE INDEX CONCURRENTLY i ON t (a);", ""},
    {"SELECT 1; COMMIT; VACUUM; BEGIN; SELECT 2;", ""},
    {"\n CREATE INDEX CONCURRENTLY ON t (a);",
     "sql-no-transaction 2:2 CREATE INDEX CONCURRENTLY on t gives the index no name"},
    {"SELECT 1; COMMIT; SELECT 2; BEGIN;", "sql-transaction-control 1:11 COMMIT would"},
    {"BEGIN; SELECT 1; COMMIT;", ""},
    {"BEGIN; SAVEPOINT a; ROLLBACK TO a; COMMIT;", ""},
    {"BEGIN; SELECT 1; COMMIT; SELECT 2;",
     "sql-transaction-control 1:1 BEGIN would begin or end the transaction that the migration "
     "runs in\nsql-transaction-control 1:18 COMMIT would"},
    {"BEGIN; CREATE INDEX CONCURRENTLY i ON t (a); COMMIT;", "sql-transaction-control 1:1 BEGIN"},
    {"BEGIN ISOLATION LEVEL SERIALIZABLE; SELECT 1; COMMIT;", "sql-transaction-control 1:1 BEGIN"},
    {"BEGIN; SELECT 1;", "sql-transaction-control 1:1 BEGIN"},
    {"-- predeploy: no-transaction\n BEGIN; SELECT 1; END;",
     "sql-transaction-control 2:2 BEGIN and END stand around a text that asks for no transaction"},
    {"-- predeploy: no-transaction\nSELECT 1; COMMIT; VACUUM; BEGIN;", ""},
    {"SAVEPOINT a; SAVEPOINT \"A\"; ROLLBACK TO a; ROLLBACK WORK TO SAVEPOINT a; RELEASE a;", ""},
    {"SAVEPOINT a; SAVEPOINT a; RELEASE SAVEPOINT a; ROLLBACK TO A;", ""},
    {"SELECT 1; ROLLBACK TO SAVEPOINT a;", "sql-transaction-control 1:11 ROLLBACK TO is about a "
                                           "savepoint that the migration has not set: "
                                           "a"},
    {"ROLLBACK TRANSACTION TO a; RELEASE b", "sql-transaction-control 1:1 ROLLBACK"},
    {"SAVEPOINT a; RELEASE a; RELEASE a;", "sql-transaction-control 1:25 RELEASE is about"},
    {"SAVEPOINT a; SAVEPOINT b; ROLLBACK TO a; RELEASE b;", "sql-transaction-control 1:42 RELEASE"},
    {"SAVEPOINT a; ROLLBACK TO \"A\";", "sql-transaction-control 1:14 ROLLBACK TO is"},
    {"SAVEPOINT a; COMMIT; VACUUM; BEGIN; ROLLBACK TO a;",
     "sql-transaction-control 1:37 ROLLBACK TO is"},
};

static void test_each_rule(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH(rows); i++) {
        for (int companion = 0; companion < 2; companion++) {
            PD_AUTO_ARENA arena = pd_arena_new();
            world self = {.arena = arena};
            judge(&self, rows[i].text, companion != 0);
            const char *actual = said(&self);
            if (!pd_starts_with(actual, rows[i].expected) ||
                (*rows[i].expected == '\0') != (*actual == '\0'))
                fail_msg("%s: %s", rows[i].text, actual);
        }
    }
}

/* NULL, behind a failure, when there is not just one. */
static const pd_finding *only_finding(const world *self)
{
    if (self->findings.count == 1)
        return self->findings.items;
    fail_msg("%s", said(self));
    return NULL;
}

static void test_place_and_words(void **state)
{
    (void)state;
    PD_AUTO_ARENA arena = pd_arena_new();
    world self = {.arena = arena};
    judge(&self, "SELECT 1;\n  SELECT 'ä' x y;\nSELECT 3", true);
    const pd_finding *finding = only_finding(&self);
    if (finding == NULL)
        return;
    assert_string_equal(finding->place.path, "m/0001_a-rollback.sql");
    assert_int_equal(finding->place.line, 2);
    assert_int_equal(finding->place.column, 16);
    assert_string_equal(finding->excerpt, "  SELECT 'ä' x y;");
    assert_non_null(strstr(finding->hint, "PostgreSQL 15"));
    assert_int_equal(finding->severity, PD_SEVERITY_ERROR);
}

static void test_not_analysable(void **state)
{
    (void)state;
    PD_AUTO_ARENA arena = pd_arena_new();
    PD_AUTO_STRBUF text = pd_strbuf_new(PD_STRBUF_MAX);
    pd_strbuf_adds(&text, "SELECT ");
    pd_strbuf_addn(&text, '(', 20000);
    world self = {.arena = arena};
    judge(&self, text.data, false);
    assert_true(pd_starts_with(said(&self), "sql-not-analysable 1:"));
    assert_non_null(strstr(said(&self), "nested too deeply"));
}

/* A companion with nothing in it is the rollback gate's. */
static void test_empty(void **state)
{
    (void)state;
    PD_AUTO_ARENA arena = pd_arena_new();
    world self = {.arena = arena};
    judge(&self, "-- later\n;", false);
    assert_string_equal(said(&self), "sql-empty 0:0 0001_a has no statement");
    assert_int_equal(self.findings.items[0].severity, PD_SEVERITY_ERROR);
    judge(&self, "BEGIN; -- later\nCOMMIT;", false);
    assert_string_equal(said(&self), "sql-empty 0:0 0001_a has no statement");
    judge(&self, "-- later\n;", true);
    assert_int_equal(self.findings.count, 0);
}

static size_t count_rule(const world *self, pd_rule rule)
{
    size_t count = 0;
    for (size_t i = 0; i < self->findings.count; i++)
        count += self->findings.items[i].rule == rule;
    return count;
}

/* Many of one rule are cut short, and hide none of another. */
static void test_many(void **state)
{
    (void)state;
    static const struct {
        size_t commits;
        size_t shown;
    } cases[] = {{19, 19}, {20, 20}, {21, 20}, {500, 20}};
    for (size_t i = 0; i < LENGTH(cases); i++) {
        PD_AUTO_ARENA arena = pd_arena_new();
        PD_AUTO_STRBUF text = pd_strbuf_new(PD_STRBUF_MAX);
        for (size_t k = 0; k < cases[i].commits; k++)
            pd_strbuf_adds(&text, "COMMIT;\n");
        pd_strbuf_adds(&text, "CREATE INDEX CONCURRENTLY ON t (a);");
        world self = {.arena = arena};
        judge(&self, text.data, false);
        assert_int_equal(count_rule(&self, PD_RULE_SQL_TRANSACTION_CONTROL), cases[i].shown);
        assert_int_equal(count_rule(&self, PD_RULE_SQL_NO_TRANSACTION), 1);
        assert_int_equal(self.findings.count, cases[i].shown + 1);
        if (cases[i].shown == cases[i].commits) {
            assert_null(strstr(said(&self), "more statements"));
            continue;
        }
        const char *last = pd_arena_printf(
            arena, "sql-transaction-control 20:1 %zu more statements of this kind, from here on",
            cases[i].commits - 19);
        assert_non_null(strstr(said(&self), last));
    }
}

/* Its severity may be lowered, and what it stands for is not sent all the same. */
static void test_lowered(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int severity;
        bool runs;
    } cases[] = {
        {"SELECT 1;\n COMMIT;", PD_SEVERITY_WARNING, false},
        {"RELEASE a;", PD_SEVERITY_WARNING, false},
        {"SELECT 1;\n COMMIT;", PD_SEVERITY_ERROR, true},
        {"SELECT 1;\n COMMIT;", -1, true},
        {"CREATE INDEX CONCURRENTLY ON t (a);", PD_SEVERITY_WARNING, true},
        {"BEGIN; SELECT 1; COMMIT;", PD_SEVERITY_WARNING, true},
    };
    for (size_t i = 0; i < LENGTH(cases); i++) {
        PD_AUTO_ARENA arena = pd_arena_new();
        world self = {.arena = arena};
        pd_settings settings;
        pd_error err = {0};
        pd_settings_default(&settings);
        settings.severity_of_rule[PD_RULE_SQL_TRANSACTION_CONTROL] = cases[i].severity;
        judge(&self, cases[i].text, false);
        bool runs = pd_gate_runs(&settings, &self.findings, 0, "0001_a", &err);
        assert_int_equal(runs, cases[i].runs);
        assert_true(pd_gate_runs(&settings, &self.findings, self.findings.count, "0001_b", &err));
        if (runs)
            continue;
        assert_int_equal(err.kind, PD_ERROR_USAGE);
        assert_true(pd_starts_with(err.message, "0001_a cannot be run: "));
        assert_true(pd_starts_with(err.detail, "m/0001_a.sql:"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_rule),      cmocka_unit_test(test_place_and_words),
        cmocka_unit_test(test_not_analysable), cmocka_unit_test(test_empty),
        cmocka_unit_test(test_many),           cmocka_unit_test(test_lowered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
