/* What another tool's table says about a set, and what may be taken over from it. */
#include <stdio.h>
#include <stdlib.h>

#include "foreign_world.h"

static bool judge(world *w)
{
    return pd_gate_adopt(&w->set, &w->ledger, &w->terms, &w->adoption, &w->findings, &w->err);
}

static const char *wanted(const world *w)
{
    char *text = pd_arena_array(w->arena, w->set.count + 1, 1);
    for (size_t m = 0; m < w->set.count; m++)
        text[m] = w->adoption.wanted[m] ? 'x' : '-';
    return text;
}

typedef struct scenario {
    const char *what;
    pd_layout_kind layout;
    pd_layout_kind tool;
    const char *versions[3]; /* NULL: what the plain names begin with, 0001 to 0003 */
    const char *rows;
    const char *wanted;
    size_t count;
    pd_rule rules[3];
} scenario;

#define UNFINISHED PD_RULE_ADOPT_UNFINISHED
#define UNKNOWN PD_RULE_ADOPT_UNKNOWN
#define GAP PD_RULE_ADOPT_GAP
#define MISMATCH PD_RULE_ADOPT_MISMATCH

/* clang-format off */
static const scenario scenarios[] = {
    {"golang-migrate in the middle", GOLANG, GOLANG, {"1", "9", "10"}, "9<", "xx-", 0, {0}},
    {"golang-migrate at the end", GOLANG, GOLANG, {"1", "9", "10"}, "10<", "xxx", 0, {0}},
    {"golang-migrate, padded names", PLAIN, GOLANG, {0}, "2<", "xx-", 0, {0}},
    {"golang-migrate, nothing", GOLANG, GOLANG, {"1", "9", "10"}, "", "---", 0, {0}},
    {"golang-migrate, dirty", GOLANG, GOLANG, {"1", "9", "10"}, "9!", "xx-", 1, {UNFINISHED}},
    {"golang-migrate, dirty and nothing", GOLANG, GOLANG, {"1", "9", "10"}, "-1!", "---", 1, {UNFINISHED}},
    {"golang-migrate, beyond", GOLANG, GOLANG, {"1", "9", "10"}, "11<", "xxx", 1, {UNKNOWN}},
    {"golang-migrate, wider than 64 bits", GOLANG, GOLANG, {"1", "2", "99999999999999999999999"}, "2<", "xx-", 0, {0}},
    {"goose", GOOSE, GOOSE, {"00001", "00002", "00003"}, "1 2", "xx-", 0, {0}},
    {"goose, down again", GOOSE, GOOSE, {"1", "2", "3"}, "1 2~", "x--", 0, {0}},
    {"goose, one was left out", GOOSE, GOOSE, {"1", "2", "3"}, "1 3", "x-x", 1, {GAP}},
    {"goose, two were left out", GOOSE, GOOSE, {"1", "2", "3"}, "3", "--x", 2, {GAP, GAP}},
    {"goose, one that is not there", GOOSE, GOOSE, {"1", "2", "3"}, "1 7 2", "xx-", 1, {UNKNOWN}},
    {"goose, one that is not there and was taken out", GOOSE, GOOSE, {"1", "2", "3"}, "1 7~ 2", "xx-", 0, {0}},
    {"sqlx", SQLX, SQLX, {"1", "2", "3"}, "1 2 3", "xxx", 0, {0}},
    {"sqlx, failed", SQLX, SQLX, {"1", "2", "3"}, "1 2!", "xx-", 1, {UNFINISHED}},
    {"sqlx, other content", SQLX, SQLX, {"1", "2", "3"}, "1=00 2=01", "xx-", 2, {MISMATCH, MISMATCH}},
    {"diesel", DIESEL, DIESEL, {"2020-01-02-030405", "20200103", "3"}, "20200102030405 20200103", "xx-", 0, {0}},
    {"diesel, by text", DIESEL, DIESEL, {"01", "2", "3"}, "01 002", "x--", 1, {UNKNOWN}},
    {"dbmate", DBMATE, DBMATE, {"0001_a.sql", "0002_b.sql", "0003_c.sql"}, "0001 0002", "xx-", 0, {0}},
    {"dbmate, by text", DBMATE, DBMATE, {0}, "0001 2", "x--", 1, {UNKNOWN}},
    {"prisma", PRISMA, PRISMA, {0}, "0001_a 0002_b", "xx-", 0, {0}},
    {"prisma, never finished", PRISMA, PRISMA, {0}, "0001_a 0002_b!", "xx-", 1, {UNFINISHED}},
    {"prisma, the same time alone", PRISMA, PRISMA, {0}, "0001_a 0002_x", "x--", 1, {UNKNOWN}},
    {"prisma, other content", PRISMA, PRISMA, {0}, "0001_a=00", "x--", 1, {MISMATCH}},
    {"flyway", FLYWAY, FLYWAY, {"1", "1_1", "1.10"}, "1 1.1", "xx-", 0, {0}},
    {"flyway, zeros at the end", FLYWAY, FLYWAY, {"1.0", "1.1.0", "2"}, "1 1.1", "xx-", 0, {0}},
    {"flyway, baseline", FLYWAY, FLYWAY, {"1", "1.9", "1.10"}, "1.9^", "xx-", 0, {0}},
    {"flyway, baseline without a file", FLYWAY, FLYWAY, {"2", "3", "4"}, "1^ 2", "x--", 0, {0}},
    {"flyway, undone", FLYWAY, FLYWAY, {"1", "2", "3"}, "1 2~", "x--", 0, {0}},
    {"flyway, failed", FLYWAY, FLYWAY, {"1", "2", "3"}, "1 2=5!", "xx-", 2, {UNFINISHED, MISMATCH}},
    {"sqlx, files of golang-migrate", GOLANG, SQLX, {"1", "2", "3"}, "1 2", "xx-", 0, {0}},
    {"a set of one's own", PD_LAYOUT_CUSTOM, GOOSE, {0}, "1 2", "xx-", 0, {0}},
    {"a set of one's own, and a table beyond it", PD_LAYOUT_CUSTOM, GOLANG, {0}, "4<", "xxx", 1, {UNKNOWN}},
    {"a set of one's own, and a baseline beyond it", PD_LAYOUT_CUSTOM, FLYWAY, {0}, "4^", "xxx", 0, {0}},
    {"everything is wrong", GOOSE, GOOSE, {"1", "2", "3"}, "1! 3 9", "x-x", 3, {UNFINISHED, UNKNOWN, GAP}},
};
/* clang-format on */

static void each_tool(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof scenarios / sizeof *scenarios; i++) {
        const scenario *s = &scenarios[i];
        PD_AUTO_ARENA arena = pd_arena_new();
        world w = make(arena, s->layout);
        for (size_t m = 0; m < 3; m++)
            set_version(&w, m, s->versions[m], NULL);
        add_table(&w, s->tool, "t", s->rows);
        print_message("%s\n", s->what);
        assert_true(judge(&w));
        assert_string_equal(wanted(&w), s->wanted);
        assert_rules(&w.findings, s->rules, s->count);
    }
}

/* A script that sums up 1 to 5 stands in their place; databases that ran those have their rows. */
static void baseline_scripts(void **state)
{
    (void)state;
    static const struct {
        const char *rows;
        const char *wanted;
        size_t count;
        pd_rule rules[3];
    } cases[] = {
        {"1=7 2=7 5=7", "x--", 0, {0}}, {"1 2 6", "xx-", 0, {0}},
        {"5^ 6", "xx-", 0, {0}},        {"1 2", "---", 2, {UNKNOWN, UNKNOWN}},
        {"1 6 9", "xx-", 1, {UNKNOWN}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        PD_AUTO_ARENA arena = pd_arena_new();
        world w = make(arena, FLYWAY);
        set_version(&w, 0, "5", "B5__all");
        set_version(&w, 1, "6", "V6__b");
        set_version(&w, 2, "7", "V7__c");
        add_table(&w, FLYWAY, "t", cases[i].rows);
        w.terms.from = "flyway";
        assert_true(judge(&w));
        assert_string_equal(wanted(&w), cases[i].wanted);
        assert_rules(&w.findings, cases[i].rules, cases[i].count);
    }
}

static void hostile_versions(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "-1",  "0x1", "1e0", "", "+1", "1.0", "\x1b[2J", "1;2", "99999999999999999999999999999999",
        "%s%n"};
    static const pd_layout_kind tools[] = {GOLANG, GOOSE, SQLX, DIESEL, PRISMA, DBMATE};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        for (size_t t = 0; t < sizeof tools / sizeof *tools; t++) {
            PD_AUTO_ARENA arena = pd_arena_new();
            world w = make(arena, PLAIN);
            pd_foreign_ledger *table = add_table(&w, tools[t], "t", "x");
            table->rows[0].version = rows[i];
            w.terms.from = pd_layout_name(tools[t]);
            assert_true(judge(&w));
            assert_string_equal(wanted(&w), "---");
            ASSERT_RULES(&w.findings, UNKNOWN);
        }
}

static void other_tables_are_left_alone(void **state)
{
    (void)state;
    PD_AUTO_ARENA arena = pd_arena_new();
    world w = make(arena, DBMATE);
    add_table(&w, DBMATE, "schema_migrations", "20190101 20190102"); /* of Rails */
    add_table(&w, GOOSE, "other", "7 8");
    assert_false(judge(&w));
    assert_int_equal(w.err.kind, PD_ERROR_USAGE);
    assert_non_null(strstr(w.err.hint, "--through"));
    assert_non_null(strstr(w.err.detail, "public.schema_migrations"));
    w.terms.through = 1;
    assert_true(judge(&w));
    assert_string_equal(wanted(&w), "xx-");
    assert_null(w.adoption.claims);
    ASSERT_NO_FINDING(&w.findings);
}

static void two_that_fit(void **state)
{
    (void)state;
    PD_AUTO_ARENA arena = pd_arena_new();
    world w = make(arena, GOOSE);
    add_table(&w, GOOSE, "goose_db_version", "1 2");
    add_table(&w, GOLANG, "schema_migrations", "1<");
    assert_true(judge(&w));
    ASSERT_RULES(&w.findings, PD_RULE_ADOPT_AMBIGUOUS);
    assert_non_null(strstr(w.findings.items[0].hint, "--from goose"));
    assert_string_equal(wanted(&w), "---");
    assert_string_equal(w.adoption.rivals,
                        "public.goose_db_version of goose and public.schema_migrations of "
                        "golang-migrate");
    w.findings.count = 0;
    w.terms.from = "golang-migrate";
    assert_true(judge(&w));
    assert_string_equal(wanted(&w), "x--");
    w.terms.from = "public.goose_db_version";
    assert_true(judge(&w));
    assert_string_equal(wanted(&w), "xx-");
    w.terms.from = "flyway";
    assert_false(judge(&w));
    assert_int_equal(w.err.kind, PD_ERROR_USAGE);
    assert_non_null(strstr(w.err.hint, "public.goose_db_version (goose)"));
}

/* An empty table of the layout's own tool speaks, too: it says that nothing is applied. */
static void empty_against_another(void **state)
{
    (void)state;
    PD_AUTO_ARENA arena = pd_arena_new();
    world w = make(arena, GOOSE);
    add_table(&w, GOOSE, "goose_db_version", "");
    add_table(&w, GOLANG, "schema_migrations", "1<");
    assert_true(judge(&w));
    ASSERT_RULES(&w.findings, PD_RULE_ADOPT_AMBIGUOUS);
}

/* Lowered, ledger-foreign says that tables are another application's: none is taken unasked. */
static void of_another_application(void **state)
{
    (void)state;
    PD_AUTO_ARENA arena = pd_arena_new();
    world w = make(arena, GOOSE);
    add_table(&w, GOOSE, "goose_db_version", "1 2");
    w.terms.foreign_is_other = true;
    assert_false(judge(&w));
    assert_int_equal(w.err.kind, PD_ERROR_USAGE);
    assert_non_null(strstr(w.err.hint, "--from"));
    w.terms.through = 0;
    assert_true(judge(&w));
    assert_string_equal(wanted(&w), "x--");
    ASSERT_NO_FINDING(&w.findings);
    w.terms.through = -1;
    w.terms.from = "goose";
    assert_true(judge(&w));
    assert_string_equal(wanted(&w), "xx-");
}

/* The first one on either side is told, of Drizzle's table as of any other. */
static void through_is_told_once_a_side(void **state)
{
    (void)state;
    PD_AUTO_ARENA arena = pd_arena_new();
    static const struct {
        ptrdiff_t through;
        size_t rows;
        size_t count;
        const char *part;
    } cases[] = {
        {2, 0, 1, "0001_a is not applied by drizzle.t of Drizzle, but stands in front of 0003_c"},
        {0, 3, 1, "0002_b is applied by drizzle.t of Drizzle, but stands behind 0001_a"},
        {1, 2, 0, NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        world w = make(arena, PLAIN);
        pd_drizzle_row rows[3] = {{0}};
        w.set = good_set(arena, PD_LAYOUT_DRIZZLE);
        for (size_t r = 0; r < cases[i].rows; r++)
            rows[r] = (pd_drizzle_row){.id = (int64_t)r + 1,
                                       .hash = w.set.migrations[r].up.hash,
                                       .has_created_at = true,
                                       .created_at = w.set.migrations[r].when};
        w.ledger.drizzle_shape = PD_DRIZZLE_V0;
        w.ledger.drizzle = rows;
        w.ledger.drizzle_count = cases[i].rows;
        w.terms.drizzle = "drizzle.t";
        w.terms.through = cases[i].through;
        assert_true(judge(&w));
        assert_int_equal(w.adoption.count, cases[i].rows);
        assert_int_equal(w.findings.count, cases[i].count);
        if (cases[i].count > 0)
            assert_non_null(strstr(w.findings.items[0].message, cases[i].part));
    }
}

static void through_without_a_table(void **state)
{
    (void)state;
    PD_AUTO_ARENA arena = pd_arena_new();
    world w = make(arena, PLAIN);
    w.terms.through = 2;
    add_own(&w, 0);
    assert_true(judge(&w));
    assert_string_equal(wanted(&w), "-xx");
    assert_int_equal(w.adoption.count, 2);
    assert_int_equal(w.adoption.applied, 3);
    ASSERT_NO_FINDING(&w.findings);
}

static void through_must_agree(void **state)
{
    (void)state;
    static const struct {
        ptrdiff_t through;
        const char *rows;
        const char *part;
    } cases[] = {
        {0, "1 2", "0002_b is applied"},
        {1, "1 2", NULL},
        {2, "1 2", ", but --through names it"},
        {1, "", "0001_a is not applied"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        PD_AUTO_ARENA arena = pd_arena_new();
        world w = make(arena, GOOSE);
        add_table(&w, GOOSE, "goose_db_version", cases[i].rows);
        w.terms.through = cases[i].through;
        assert_true(judge(&w));
        assert_int_equal(w.findings.count, cases[i].part == NULL ? 0 : 1);
        if (cases[i].part == NULL)
            continue;
        ASSERT_RULES(&w.findings, PD_RULE_ADOPT_THROUGH);
        assert_non_null(strstr(w.findings.items[0].message, cases[i].part));
    }
}

static void late_ones_are_a_warning_when_they_are_meant(void **state)
{
    (void)state;
    PD_AUTO_ARENA arena = pd_arena_new();
    world w = make(arena, GOOSE);
    add_table(&w, GOOSE, "goose_db_version", "1 3");
    w.terms.arrival = PD_ARRIVAL_LATE;
    assert_true(judge(&w));
    ASSERT_RULES(&w.findings, GAP);
    assert_int_equal(w.findings.items[0].severity, PD_SEVERITY_WARNING);
}

static void what_predeploy_knows_is_newer(void **state)
{
    (void)state;
    PD_AUTO_ARENA arena = pd_arena_new();
    world w = make(arena, GOOSE);
    const char *taken_out[] = {"0002_b"};
    add_table(&w, GOOSE, "goose_db_version", "1 2");
    add_own(&w, 0);
    w.ledger.taken_out = taken_out;
    w.ledger.taken_out_count = 1;
    assert_true(judge(&w));
    assert_string_equal(wanted(&w), "---");
    assert_int_equal(w.adoption.applied, 1);
    ASSERT_NO_FINDING(&w.findings);
}

static void many_unknown_are_counted(void **state)
{
    (void)state;
    PD_AUTO_ARENA arena = pd_arena_new();
    world w = make(arena, GOOSE);
    pd_foreign_ledger *table = add_table(&w, GOOSE, "goose_db_version", "1");
    pd_foreign_row *rows = pd_arena_array(arena, 1000, sizeof *rows);
    for (size_t i = 0; i < 1000; i++)
        rows[i] = (pd_foreign_row){.version = pd_arena_printf(arena, "%zu", i + 1)};
    table->rows = rows;
    table->count = 1000;
    assert_true(judge(&w));
    assert_int_equal(w.findings.count, 21);
    assert_non_null(strstr(w.findings.items[20].message, "977 more"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_tool),
        cmocka_unit_test(baseline_scripts),
        cmocka_unit_test(hostile_versions),
        cmocka_unit_test(other_tables_are_left_alone),
        cmocka_unit_test(two_that_fit),
        cmocka_unit_test(empty_against_another),
        cmocka_unit_test(of_another_application),
        cmocka_unit_test(through_is_told_once_a_side),
        cmocka_unit_test(through_without_a_table),
        cmocka_unit_test(through_must_agree),
        cmocka_unit_test(late_ones_are_a_warning_when_they_are_meant),
        cmocka_unit_test(what_predeploy_knows_is_newer),
        cmocka_unit_test(many_unknown_are_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
