/* The checksums that other tools keep, and what their tables say to a deployment. */
#include "foreign_world.h"

/* The digests are of "create table t0 (id int);\n", by sha256sum, sha384sum and zlib's crc32. */
static void checksums(void **state)
{
    (void)state;
    PD_AUTO_ARENA arena = pd_arena_new();
    const pd_foreign_ledger prisma = {.tool = PRISMA};
    const pd_foreign_ledger sqlx = {.tool = SQLX};
    const pd_foreign_ledger flyway = {.tool = FLYWAY};
    const pd_foreign_ledger goose = {.tool = GOOSE};
    static const char *const same[] = {
        "create table t0 (id int);\n",
        "create table t0 (id int);\r\n",
    };
    const pd_foreign_row sha256 = {
        .checksum = "19c4fd8fb9f45fba6a36f530260be45f83e29d320ee2cbca280ee1a9efc0f844"};
    const pd_foreign_row sha384 = {
        .checksum = "c1ca7de185c73a6afd3856d2a9ed682480c360e69a716624ba63a4624a3cab33"
                    "910f4ae687560c4d9f1606fd957a03d2"};
    const pd_foreign_row crc = {.checksum = "1809346549"};
    const pd_foreign_row none = {0};
    for (size_t i = 0; i < 2; i++) {
        pd_sql_file file = {0};
        fill_file(arena, &file, "f", same[i]);
        assert_true(pd_foreign_same_content(&prisma, &sha256, &file));
        assert_true(pd_foreign_same_content(&sqlx, &sha384, &file));
        assert_true(pd_foreign_same_content(&flyway, &crc, &file));
        assert_false(pd_foreign_same_content(&prisma, &sha384, &file));
        assert_false(pd_foreign_same_content(&sqlx, &sha256, &file));
        assert_false(pd_foreign_same_content(&flyway, &sha256, &file));
        assert_true(pd_foreign_same_content(&goose, &none, &file));
    }
    pd_sql_file other = {0};
    fill_file(arena, &other, "f", "create table t0 (id int) ;\n");
    assert_false(pd_foreign_same_content(&prisma, &sha256, &other));
    assert_false(pd_foreign_same_content(&sqlx, &sha384, &other));
    assert_false(pd_foreign_same_content(&flyway, &crc, &other));
    /* Its number has a sign. */
    const pd_foreign_row negative = {.checksum = "-1437159371"};
    fill_file(arena, &other, "f", "create table t1 (id int);\r");
    assert_true(pd_foreign_same_content(&flyway, &negative, &other));
    /* A byte order mark, and an end that is missing, are nothing to Flyway. */
    fill_file(arena, &other, "f",
              "\xEF\xBB\xBF"
              "create table t0 (id int);");
    assert_true(pd_foreign_same_content(&flyway, &crc, &other));
}

static void dos_ends_of_the_work_tree(void **state)
{
    (void)state;
    PD_AUTO_ARENA arena = pd_arena_new();
    pd_sql_file unix_file = {0};
    char hash[PD_SHA384_HEX];
    const pd_foreign_ledger sqlx = {.tool = SQLX};
    pd_sha384_hex("a\r\nb\r\n", 6, hash);
    const pd_foreign_row row = {.checksum = hash};
    fill_file(arena, &unix_file, "f", "a\nb\n");
    assert_true(pd_foreign_same_content(&sqlx, &row, &unix_file));
}

static void gate(world *w, char states[4])
{
    static const char letters[] = {[PD_PENDING] = '-',
                                   [PD_APPLIED] = 'A',
                                   [PD_APPLIED_FOREIGN] = 'F',
                                   [PD_APPLIED_ELSEWHERE] = 'E'};
    pd_applied_state out[3] = {0};
    const pd_drizzle_row *rows[3] = {0};
    pd_ledger_terms terms = {0};
    pd_gate_ledger(&w->set, &w->ledger, &terms, out, rows, &w->findings);
    for (size_t m = 0; m < 3; m++)
        states[m] = letters[out[m]];
    states[3] = '\0';
}

typedef struct gate_scenario {
    const char *what;
    pd_layout_kind layout;
    pd_layout_kind tool;
    const char *rows;
    const char *own; /* by migration of predeploy's ledger: a adopted, d deployed */
    const char *states;
    size_t count;
    pd_rule rules[4];
} gate_scenario;

#define FOREIGN PD_RULE_LEDGER_FOREIGN
#define UNFINISHED PD_RULE_ADOPT_UNFINISHED
#define UNKNOWN PD_RULE_ADOPT_UNKNOWN
#define BEHIND PD_RULE_LEDGER_DISAGREES
#define ORDER PD_RULE_OUT_OF_ORDER

/* clang-format off */
static const gate_scenario gates[] = {
    {"nobody was here", GOLANG, GOLANG, "", "", "---", 0, {0}},
    {"it has run two", GOLANG, GOLANG, "2<", "", "EE-", 1, {FOREIGN}},
    {"it broke", GOLANG, GOLANG, "2!", "", "EE-", 2, {UNFINISHED, FOREIGN}},
    {"it broke on its way to the start", GOLANG, GOLANG, "-1!", "", "---", 1, {UNFINISHED}},
    {"it has two rows", GOLANG, GOLANG, "1< 2<", "", "EE-", 2, {UNFINISHED, FOREIGN}},
    {"it has run more than there is", GOLANG, GOLANG, "9<", "", "EEE", 2, {UNKNOWN, FOREIGN}},
    {"it broke behind the last", GOLANG, GOLANG, "9!", "", "EEE", 2, {UNFINISHED, FOREIGN}},
    {"it was forced to its start", GOLANG, GOLANG, "0^", "", "---", 0, {0}},
    {"adopted", GOLANG, GOLANG, "2<", "aa", "AA-", 0, {0}},
    {"adopted, and deployed further", GOLANG, GOLANG, "2<", "aad", "AAA", 0, {0}},
    {"adopted, and it went on", GOLANG, GOLANG, "3<", "aa", "AAE", 1, {FOREIGN}},
    {"adopted, and it went on beyond the revision", GOLANG, GOLANG, "5<", "aaa", "AAA", 1, {UNKNOWN}},
    {"adopted, and it broke", GOLANG, GOLANG, "3!", "aaa", "AAA", 1, {UNFINISHED}},
    {"adopted, and it broke at the start", GOLANG, GOLANG, "-1!", "aaa", "AAA", 4, {UNFINISHED, BEHIND, BEHIND, BEHIND}},
    {"adopted, and it went back", GOLANG, GOLANG, "2<", "aaa", "AAA", 1, {BEHIND}},
    {"adopted, and it went back to the start", GOLANG, GOLANG, "", "aa", "AA-", 2, {BEHIND, BEHIND}},
    {"deployed, and it tried the first", GOLANG, GOLANG, "1!", "ddd", "AAA", 1, {UNFINISHED}},
    {"adopted, goose went on", GOOSE, GOOSE, "1 2 3 5", "aaa", "AAA", 1, {UNKNOWN}},
    {"adopted, goose went back", GOOSE, GOOSE, "1 2 3~", "aaa", "AAA", 1, {BEHIND}},
    {"adopted, dbmate went on", DBMATE, DBMATE, "0001 0002 2099", "aa", "AA-", 1, {UNKNOWN}},
    {"adopted, dbmate went back", DBMATE, DBMATE, "0001", "aa", "AA-", 1, {BEHIND}},
    {"adopted, sqlx broke", GOLANG, SQLX, "1 2!", "aa", "AA-", 1, {UNFINISHED}},
    {"adopted in another layout, and it went on", PLAIN, GOOSE, "1 2 7", "aa", "AA-", 1, {UNKNOWN}},
    {"adopted, flyway at a baseline", FLYWAY, FLYWAY, "2^", "aa", "AA-", 0, {0}},
    {"deployed beside another application's", PLAIN, GOOSE, "1 2 3 4", "ddd", "AAA", 0, {0}},
    {"one was left out", GOOSE, GOOSE, "1 3", "", "E-E", 2, {FOREIGN, ORDER}},
    {"another application's", PLAIN, GOOSE, "20240101 20240102", "", "---", 0, {0}},
    {"another application's, by number", PLAIN, GOOSE, "7 8 9", "", "---", 0, {0}},
    {"all below have run, whatever the layout", PD_LAYOUT_CUSTOM, GOLANG, "4<", "", "EEE", 2, {UNKNOWN, FOREIGN}},
    {"and below one that broke", PLAIN, GOLANG, "4!", "", "EEE", 2, {UNFINISHED, FOREIGN}},
    {"and below a baseline", PLAIN, FLYWAY, "2.5^", "", "EE-", 1, {FOREIGN}},
    {"below the first", PLAIN, GOLANG, "0<", "", "---", 0, {0}},
    {"Rails", DBMATE, DBMATE, "20240101 20240102", "d", "A--", 0, {0}},
};
/* clang-format on */

static void each_deployment_is_stopped(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof gates / sizeof *gates; i++) {
        const gate_scenario *s = &gates[i];
        PD_AUTO_ARENA arena = pd_arena_new();
        world w = make(arena, s->layout);
        char states[4];
        add_table(&w, s->tool, "t", s->rows);
        for (size_t m = 0; s->own[m] != '\0'; m++) {
            add_own(&w, m);
            w.ledger.rows[m].adopted = s->own[m] == 'a';
        }
        print_message("%s\n", s->what);
        gate(&w, states);
        assert_string_equal(states, s->states);
        assert_rules(&w.findings, s->rules, s->count);
    }
}

/* The words that a broken table is another application's run its migrations again. */
static void a_broken_table_is_mended_first(void **state)
{
    (void)state;
    static const char *const rows[] = {"3!", "7<", "1< 2<", "3<"};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        PD_AUTO_ARENA arena = pd_arena_new();
        world w = make(arena, GOLANG);
        char states[4];
        add_table(&w, GOLANG, "t", rows[i]);
        gate(&w, states);
        const char *hint = w.findings.items[w.findings.count - 1].hint;
        assert_int_equal(w.findings.items[w.findings.count - 1].rule, FOREIGN);
        assert_non_null(strstr(hint, "predeploy adopt"));
        assert_int_equal(strstr(hint, "severity") == NULL, i < 3);
    }
}

/* A way down that broke leaves another migration half taken out than the one of that version. */
static void dirty_is_of_a_version(void **state)
{
    (void)state;
    PD_AUTO_ARENA arena = pd_arena_new();
    world w = make(arena, GOLANG);
    char states[4];
    add_table(&w, GOLANG, "t", "3!");
    gate(&w, states);
    assert_null(w.findings.items[0].place.path);
    assert_non_null(strstr(w.findings.items[0].message, "version 3 is dirty"));
}

/* What predeploy has deployed, or taken out, is known also where the revision has it no more. */
static void known_to_the_ledger_alone(void **state)
{
    (void)state;
    static const struct {
        pd_layout_kind tool;
        const char *rows;
        const char *row;
        const char *taken_out;
    } cases[] = {
        {GOLANG, "4<", "000004_d", NULL},
        {GOLANG, "4<", NULL, "4_d"},
        {GOLANG, "5<", "000004_d", "000005_e"},
        {GOOSE, "1 2 3 4", "00004_d.go", NULL},
        {DBMATE, "0001 0002 0003 0004", "0004_d", NULL},
        {DIESEL, "0001 0002 0003 20240101", "2024-01-01_d", NULL},
        {PRISMA, "0001_a 0002_b 0003_c 0004_d", "0004_d", NULL},
        {FLYWAY, "1 2 3 4.1", NULL, "V4_1__d"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        PD_AUTO_ARENA arena = pd_arena_new();
        world w = make(arena, cases[i].tool);
        pd_applied_state states[3] = {PD_APPLIED, PD_APPLIED, PD_APPLIED};
        add_table(&w, cases[i].tool, "t", cases[i].rows);
        for (size_t m = 0; m < 3; m++)
            add_own(&w, m);
        pd_gate_foreign(&w.set, &w.ledger, false, states, &w.findings);
        ASSERT_RULES(&w.findings, UNKNOWN);
        w.findings.count = 0;
        if (cases[i].row != NULL) {
            add_own(&w, 0);
            w.ledger.rows[3].name = cases[i].row;
        }
        w.ledger.taken_out = &(const char *){cases[i].taken_out};
        w.ledger.taken_out_count = cases[i].taken_out != NULL;
        pd_gate_foreign(&w.set, &w.ledger, false, states, &w.findings);
        ASSERT_NO_FINDING(&w.findings);
    }
}

/* Where another tool's table has what the one lacks, nothing was taken out. */
static void behind_in_all_tables(void **state)
{
    (void)state;
    PD_AUTO_ARENA arena = pd_arena_new();
    world w = make(arena, GOOSE);
    pd_applied_state states[3] = {PD_APPLIED, PD_APPLIED, PD_PENDING};
    add_table(&w, GOLANG, "g", "1<");
    add_own(&w, 0);
    add_own(&w, 1);
    w.ledger.rows[1].adopted = true;
    pd_gate_foreign(&w.set, &w.ledger, false, states, &w.findings);
    ASSERT_RULES(&w.findings, BEHIND);
    assert_non_null(strstr(w.findings.items[0].message, "golang-migrate"));
    w.findings.count = 0;
    pd_gate_foreign(&w.set, &w.ledger, true, states, &w.findings);
    ASSERT_NO_FINDING(&w.findings);
    add_table(&w, GOOSE, "t", "1 2");
    pd_gate_foreign(&w.set, &w.ledger, false, states, &w.findings);
    ASSERT_NO_FINDING(&w.findings);
}

static void said_to_be_another_applications(void **state)
{
    (void)state;
    PD_AUTO_ARENA arena = pd_arena_new();
    world w = make(arena, GOOSE);
    pd_applied_state states[3] = {PD_PENDING, PD_PENDING, PD_PENDING};
    add_table(&w, GOOSE, "t", "1 2");
    pd_gate_foreign(&w.set, &w.ledger, true, states, &w.findings);
    ASSERT_RULES(&w.findings, PD_RULE_LEDGER_FOREIGN);
    for (size_t m = 0; m < 3; m++)
        assert_int_equal(states[m], PD_PENDING);
}

static void taken_out_again_may_run_again(void **state)
{
    (void)state;
    PD_AUTO_ARENA arena = pd_arena_new();
    world w = make(arena, GOLANG);
    const char *taken_out[] = {"0002_b"};
    char states[4];
    add_table(&w, GOLANG, "t", "2<");
    add_own(&w, 0);
    w.ledger.taken_out = taken_out;
    w.ledger.taken_out_count = 1;
    gate(&w, states);
    assert_string_equal(states, "A--");
    ASSERT_NO_FINDING(&w.findings);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(checksums),
        cmocka_unit_test(dos_ends_of_the_work_tree),
        cmocka_unit_test(each_deployment_is_stopped),
        cmocka_unit_test(a_broken_table_is_mended_first),
        cmocka_unit_test(dirty_is_of_a_version),
        cmocka_unit_test(known_to_the_ledger_alone),
        cmocka_unit_test(behind_in_all_tables),
        cmocka_unit_test(said_to_be_another_applications),
        cmocka_unit_test(taken_out_again_may_run_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
