/* Rows of other tools' tables that do not say what they seem to: more than one that can be true,
 * other content beside the right one, something else under the version of a file. */
#include "gate/adopt.h"
#include "sets.h"

#define GOLANG PD_LAYOUT_GOLANG_MIGRATE
#define PRISMA PD_LAYOUT_PRISMA
#define SQLX PD_LAYOUT_SQLX
#define FLYWAY PD_LAYOUT_FLYWAY
#define PLAIN PD_LAYOUT_PLAIN
#define UNFINISHED PD_RULE_ADOPT_UNFINISHED
#define MISMATCH PD_RULE_ADOPT_MISMATCH
#define APPLIED PD_FOREIGN_APPLIED

/* "create table t0 (id int);\n", which the first migration of each set here has. */
#define SHA256 "19c4fd8fb9f45fba6a36f530260be45f83e29d320ee2cbca280ee1a9efc0f844"
#define CRC "1809346549"

typedef struct scenario {
    const char *what;
    pd_layout_kind layout;
    pd_layout_kind tool;
    const char *name; /* of the first file, NULL: 0001_a.sql */
    pd_foreign_row rows[3];
    size_t count; /* of findings */
    pd_rule rules[2];
    const char *part; /* of the first message */
} scenario;

/* clang-format off */
static const scenario scenarios[] = {
    {"golang-migrate, one row", GOLANG, GOLANG, NULL, {{.version = "1", .state = PD_FOREIGN_UP_TO}}, 0, {0}, NULL},
    {"golang-migrate, two rows", GOLANG, GOLANG, NULL,
     {{.version = "1", .state = PD_FOREIGN_UP_TO}, {.version = "2", .state = PD_FOREIGN_UP_TO}},
     1, {UNFINISHED}, "2 rows (1, 2)"},
    {"golang-migrate, two rows and another layout", PLAIN, GOLANG, NULL,
     {{.version = "1", .state = PD_FOREIGN_UP_TO}, {.version = "3", .state = PD_FOREIGN_UP_TO}},
     1, {UNFINISHED}, "2 rows (1, 3)"},
    {"golang-migrate, two rows, one dirty", GOLANG, GOLANG, NULL,
     {{.version = "1", .state = PD_FOREIGN_UP_TO}, {.version = "2", .state = PD_FOREIGN_UNFINISHED}},
     2, {UNFINISHED, UNFINISHED}, "2 rows (1, 2 dirty)"},
    {"prisma, two rows that agree", PRISMA, PRISMA, NULL,
     {{.version = "0001_a", .checksum = SHA256}, {.version = "0001_a", .checksum = SHA256}}, 0, {0}, NULL},
    {"prisma, the second has other content", PRISMA, PRISMA, NULL,
     {{.version = "0001_a", .checksum = SHA256}, {.version = "0001_a", .checksum = "deadbeef"}},
     1, {MISMATCH}, "other content"},
    {"prisma, the first has other content", PRISMA, PRISMA, NULL,
     {{.version = "0001_a", .checksum = "deadbeef"}, {.version = "0001_a", .checksum = SHA256}},
     1, {MISMATCH}, "other content"},
    {"prisma, both have other content", PRISMA, PRISMA, NULL,
     {{.version = "0001_a", .checksum = "deadbeef"}, {.version = "0001_a", .checksum = "beef"}},
     1, {MISMATCH}, "other content"},
    {"prisma, behind one that failed", PRISMA, PRISMA, NULL,
     {{.version = "0001_a", .checksum = SHA256, .state = PD_FOREIGN_UNFINISHED},
      {.version = "0001_a", .checksum = "deadbeef"}},
     2, {UNFINISHED, MISMATCH}, NULL},
    {"prisma, one that failed had other content", PRISMA, PRISMA, NULL,
     {{.version = "0001_a", .checksum = SHA256},
      {.version = "0001_a", .checksum = "deadbeef", .state = PD_FOREIGN_UNFINISHED}},
     1, {UNFINISHED}, NULL},
    {"sqlx, two rows", SQLX, SQLX, NULL,
     {{.version = "1", .checksum = NULL}, {.version = "1", .checksum = "00"}}, 1, {MISMATCH}, "other content"},
    {"flyway", FLYWAY, FLYWAY, "V1__a.sql",
     {{.version = "1", .checksum = CRC, .script = "V1__a.sql"}}, 0, {0}, NULL},
    {"flyway, in a folder", FLYWAY, FLYWAY, "2024/V1__a.sql",
     {{.version = "1", .checksum = CRC, .script = "db/migration/V1__a.sql"}}, 0, {0}, NULL},
    {"flyway, in a folder of Windows", FLYWAY, FLYWAY, "2024/V1__a.sql",
     {{.version = "1", .checksum = CRC, .script = "2024\\V1__a.sql"}}, 0, {0}, NULL},
    {"flyway, a program under the version of a file", FLYWAY, FLYWAY, "V1__a.sql",
     {{.version = "1", .script = "V1__a.java", .program = true}}, 1, {MISMATCH}, "V1__a.java (a program)"},
    {"flyway, a program with the name of a file", FLYWAY, FLYWAY, "V1__a.sql",
     {{.version = "1", .script = "V1__a.sql", .program = true}}, 1, {MISMATCH}, "(a program)"},
    {"flyway, a program with the checksum of a file", FLYWAY, FLYWAY, "V1__a.sql",
     {{.version = "1", .checksum = CRC, .script = "V1__a.sql", .program = true}}, 1, {MISMATCH}, "(a program)"},
    {"flyway, a program that is one", FLYWAY, FLYWAY, "V1__a.java",
     {{.version = "1", .script = "db.migration.V1__a", .program = true}}, 0, {0}, NULL},
    {"flyway, SQL under the version of a program", FLYWAY, FLYWAY, "V1__a.java",
     {{.version = "1", .checksum = CRC, .script = "V1__a.sql"}}, 1, {MISMATCH}, "V1__a.sql (SQL)"},
    {"flyway, SQL without a name and a program", FLYWAY, FLYWAY, "V1__a.java",
     {{.version = "1", .script = ""}}, 1, {MISMATCH}, "(SQL)"},
    {"flyway, another file", FLYWAY, FLYWAY, "V1__a.sql",
     {{.version = "1", .script = "V1__b.sql"}}, 1, {MISMATCH}, "V1__b.sql (SQL)"},
    {"flyway, another file of that content", FLYWAY, FLYWAY, "V1__a.sql",
     {{.version = "1", .checksum = CRC, .script = "V1__b.sql"}}, 1, {MISMATCH}, "V1__b.sql (SQL)"},
    {"flyway, another file with other content", FLYWAY, FLYWAY, "V1__a.sql",
     {{.version = "1", .checksum = "5", .script = "V1__b.sql"}}, 1, {MISMATCH}, "V1__b.sql (SQL)"},
    {"flyway, names end alike", FLYWAY, FLYWAY, "V1__a.sql",
     {{.version = "1", .checksum = CRC, .script = "xV1__a.sql"}}, 1, {MISMATCH}, "xV1__a.sql (SQL)"},
    {"flyway, a program that was undone", FLYWAY, FLYWAY, "V1__a.sql",
     {{.version = "1", .script = "U1__a.java", .program = true, .state = PD_FOREIGN_REVERTED}}, 0, {0}, NULL},
    {"flyway, a baseline", FLYWAY, FLYWAY, "V1__a.sql",
     {{.version = "1", .script = "<< Flyway Baseline >>", .program = true, .state = PD_FOREIGN_BASELINE}}, 0, {0}, NULL},
    {"flyway, what a baseline script sums up", FLYWAY, FLYWAY, "B1__a.sql",
     {{.version = "1", .checksum = "5", .script = "V1__b.sql"}}, 0, {0}, NULL},
    {"flyway, files named anew in another layout", PLAIN, FLYWAY, NULL,
     {{.version = "1", .checksum = CRC, .script = "V1__a.sql"}}, 0, {0}, NULL},
    {"flyway, files named anew and no checksum", PLAIN, FLYWAY, NULL,
     {{.version = "1", .script = "V1__a.sql"}}, 1, {MISMATCH}, "V1__a.sql (SQL)"},
    {"flyway, a program in another layout", PLAIN, FLYWAY, NULL,
     {{.version = "1", .script = "0001_a.sql", .program = true}}, 1, {MISMATCH}, "(a program)"},
};
/* clang-format on */

typedef struct world {
    pd_set set;
    pd_foreign_row rows[3];
    pd_foreign_ledger table;
    pd_ledger ledger;
    pd_findings findings;
} world;

static void make(pd_arena *arena, const scenario *s, world *out)
{
    *out = (world){.set = good_set(arena, PD_LAYOUT_PLAIN), .findings = {.arena = arena}};
    out->set.layout = s->layout;
    if (s->name != NULL) {
        pd_migration *first = &out->set.migrations[0];
        fill_file(arena, &first->up, s->name, first->up.data);
        const char *base = strrchr(s->name, '/');
        first->name = base == NULL ? s->name : base + 1;
        first->version = "1";
    }
    out->table =
        (pd_foreign_ledger){.tool = s->tool, .schema = "public", .table = "t", .rows = out->rows};
    for (; out->table.count < 3 && s->rows[out->table.count].version != NULL; out->table.count++)
        out->rows[out->table.count] = s->rows[out->table.count];
    out->ledger.foreign = &out->table;
    out->ledger.foreign_count = 1;
}

static void each_row(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof scenarios / sizeof *scenarios; i++) {
        const scenario *s = &scenarios[i];
        PD_AUTO_ARENA arena = pd_arena_new();
        world w;
        pd_error err = {0};
        pd_adoption adoption;
        const pd_adopt_terms terms = {.through = -1, .from = pd_layout_name(s->tool)};
        make(arena, s, &w);
        print_message("%s\n", s->what);
        assert_true(pd_gate_adopt(&w.set, &w.ledger, &terms, &adoption, &w.findings, &err));
        assert_rules(&w.findings, s->rules, s->count);
        for (size_t n = 0; n < w.findings.count; n++)
            assert_int_equal(w.findings.items[n].severity, PD_SEVERITY_ERROR);
        if (s->part != NULL)
            assert_non_null(strstr(w.findings.items[0].message, s->part));
    }
}

/* What is refused opens no gate: a deployment is stopped all the same. */
static void none_runs_again(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof scenarios / sizeof *scenarios; i++) {
        const scenario *s = &scenarios[i];
        PD_AUTO_ARENA arena = pd_arena_new();
        world w;
        pd_applied_state states[3] = {0};
        make(arena, s, &w);
        print_message("%s\n", s->what);
        pd_gate_foreign(&w.set, &w.ledger, false, states, &w.findings);
        bool reverted = s->rows[0].state == PD_FOREIGN_REVERTED;
        assert_int_equal(states[0], reverted ? PD_PENDING : PD_APPLIED_ELSEWHERE);
        assert_int_equal(w.findings.count > 0, !reverted);
        if (!reverted)
            assert_int_equal(w.findings.items[w.findings.count - 1].rule, PD_RULE_LEDGER_FOREIGN);
    }
}

/* Each is named as long as that can be read. */
static void many_rows(void **state)
{
    (void)state;
    PD_AUTO_ARENA arena = pd_arena_new();
    world w;
    pd_error err = {0};
    pd_adoption adoption;
    const pd_adopt_terms terms = {.through = -1};
    make(arena, &scenarios[0], &w);
    w.table.count = 1000;
    w.table.rows = pd_arena_array(arena, w.table.count, sizeof *w.table.rows);
    for (size_t i = 0; i < w.table.count; i++)
        w.table.rows[i] = (pd_foreign_row){.version = "2", .state = PD_FOREIGN_UP_TO};
    assert_true(pd_gate_adopt(&w.set, &w.ledger, &terms, &adoption, &w.findings, &err));
    ASSERT_RULES(&w.findings, UNFINISHED);
    assert_non_null(strstr(w.findings.items[0].message, "1000 rows (2, 2,"));
    assert_non_null(strstr(w.findings.items[0].message, "and 980 more"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_row),
        cmocka_unit_test(none_runs_again),
        cmocka_unit_test(many_rows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
