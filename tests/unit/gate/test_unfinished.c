/* Half-applied migrations: who may go on with them. */
#include "gate/unfinished.h"
#include "sets.h"

#define TEXT "select 1; vacuum; select 3;"

typedef struct world {
    pd_arena *arena;
    pd_set set;
    pd_ledger ledger;
    const pd_script *scripts[3];
    pd_script script;
    pd_findings findings;
} world;

static void add_statement(world *w, size_t offset, size_t len)
{
    pd_statement *statement =
        PD_PUSH(w->arena, w->script.statements, w->script.count, w->script.capacity);
    *statement = (pd_statement){.offset = offset, .len = len, .verb = "RUN", .object = ""};
}

static pd_unfinished *add_row(world *w, const char *migration, int number, bool done)
{
    pd_ledger *ledger = &w->ledger;
    char *digest = pd_arena_alloc(w->arena, PD_SHA256_HEX);
    pd_unfinished *row = PD_PUSH(w->arena, ledger->unfinished, ledger->unfinished_count,
                                 ledger->unfinished_capacity);
    pd_statement_digest(TEXT, &w->script.statements[number - 1], digest);
    *row = (pd_unfinished){.migration = migration,
                           .number = number,
                           .digest = digest,
                           .done = done,
                           .before = done ? NULL : "absent"};
    return row;
}

/* 0002_b is pending; its first statement is done and its second was begun. */
static void set_up(world *w, pd_arena *arena)
{
    *w = (world){.arena = arena, .findings = {.arena = arena}};
    w->set = good_set(arena, PD_LAYOUT_PLAIN);
    fill_file(arena, &w->set.migrations[1].up, "0002_b.sql", TEXT);
    add_statement(w, 0, 8);
    add_statement(w, 10, 6);
    add_statement(w, 18, 8);
    w->scripts[1] = &w->script;
    w->scripts[2] = &w->script;
    add_row(w, "0002_b", 1, true);
    add_row(w, "0002_b", 2, false);
}

static void agrees(world *w)
{
    (void)w;
}

static void nothing_unfinished(world *w)
{
    w->ledger.unfinished_count = 0;
}

static void done_with_another_text(world *w)
{
    w->ledger.unfinished[0].digest = "x";
}

static void begun_with_another_text(world *w)
{
    w->ledger.unfinished[1].digest = "x";
}

static void failed_with_another_text(world *w)
{
    w->ledger.unfinished[1].digest = "x";
    w->ledger.unfinished[1].before = NULL;
}

static void shorter_text(world *w)
{
    w->script.count = 1;
}

static void text_that_does_not_parse(world *w)
{
    w->script = (pd_script){.state = PD_SCRIPT_SYNTAX};
}

static void empty_text(world *w)
{
    w->script.count = 0;
}

static void not_in_the_revision(world *w)
{
    w->ledger.unfinished[0].migration = w->ledger.unfinished[1].migration = "0009_x";
}

static void applied_all_the_same(world *w)
{
    w->scripts[1] = NULL;
}

static void half_taken_out(world *w)
{
    w->ledger.unfinished[0].down = w->ledger.unfinished[1].down = true;
}

static void odd_number(world *w)
{
    w->ledger.unfinished[1].number = 0;
}

static const struct {
    void (*prepare)(world *w);
    const char *message; /* NULL: nothing is found */
} deployments[] = {
    {agrees, NULL},
    {nothing_unfinished, NULL},
    {done_with_another_text, "statement 1 of 0002_b has run already, with another text"},
    {begun_with_another_text, "statement 2 of 0002_b was begun, with another text"},
    {failed_with_another_text, NULL},
    {shorter_text, "statement 2 of 0002_b was begun, and is not in the text any more"},
    {text_that_does_not_parse,
     "0002_b is half applied, and its text has no statements that can be told apart"},
    {empty_text, "0002_b is half applied, and its text has no statements that can be told apart"},
    {not_in_the_revision, "0009_x is half applied, and not in the revision"},
    {applied_all_the_same, "0002_b is half applied, and applied by the ledger"},
    {half_taken_out, "0002_b is half taken out"},
    {odd_number, "statement 0 of 0002_b was begun, and is not in the text any more"},
};

static void expect(const world *w, size_t i, const char *message)
{
    bool right = w->findings.count == (message == NULL ? 0 : 1);
    if (right && message != NULL)
        right = strcmp(w->findings.items->message, message) == 0 &&
                w->findings.items->rule == PD_RULE_HALF_APPLIED && *w->findings.items->hint != 0;
    if (!right)
        fail_msg("row %zu: %zu findings, %s", i, w->findings.count,
                 w->findings.count == 0 ? "" : w->findings.items->message);
}

static void test_deployment(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof deployments / sizeof *deployments; i++) {
        PD_AUTO_ARENA arena = pd_arena_new();
        world w;
        set_up(&w, arena);
        deployments[i].prepare(&w);
        pd_gate_unfinished(&w.set, &w.ledger, w.scripts, &w.findings);
        expect(&w, i, deployments[i].message);
    }
}

static void up_in_a_rollback(world *w)
{
    w->ledger.unfinished[0].down = w->ledger.unfinished[1].down = false;
}

static void of_another(world *w)
{
    w->ledger.unfinished[0].migration = w->ledger.unfinished[1].migration = "0001_a";
}

static const struct {
    void (*prepare)(world *w);
    const char *message;
} reversals[] = {
    {agrees, NULL},
    {nothing_unfinished, NULL},
    {done_with_another_text, "statement 1 of 0002_b has run already, with another text"},
    {up_in_a_rollback, "0002_b is half applied"},
    {of_another, "0001_a is half taken out"},
};

static void test_rollback(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof reversals / sizeof *reversals; i++) {
        PD_AUTO_ARENA arena = pd_arena_new();
        world w;
        set_up(&w, arena);
        half_taken_out(&w);
        reversals[i].prepare(&w);
        pd_ledger_row row = {.name = "0002_b", .down_sql = TEXT};
        pd_reversal reversal = {.row = &row, .path = "ledger:0002_b", .script = &w.script};
        pd_gate_unfinished_reversal(&w.ledger, &reversal, 1, &w.findings);
        expect(&w, i, reversals[i].message);
    }
}

/* Nothing that is half in may be passed over by an adoption, or by a rollback of nothing. */
static void test_adoption(void **state)
{
    (void)state;
    PD_AUTO_ARENA arena = pd_arena_new();
    world w;
    set_up(&w, arena);
    pd_gate_unfinished_reversal(&w.ledger, NULL, 0, &w.findings);
    expect(&w, 0, "0002_b is half applied");
    w.findings.count = 0;
    half_taken_out(&w);
    pd_gate_unfinished_reversal(&w.ledger, NULL, 0, &w.findings);
    expect(&w, 1, "0002_b is half taken out");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_deployment),
        cmocka_unit_test(test_rollback),
        cmocka_unit_test(test_adoption),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
