/* The order of a rollback, on fakes of the ports that log what they are asked. */
#include "fakes.h"

typedef struct reversal {
    const char *what;
    void (*prepare)(world *w);
    pd_rollback_request request;
    const char *log;
    pd_error_kind error;
    size_t findings;
} reversal;

static void no_companion(world *w)
{
    w->set.migrations[1].down.data = NULL;
    applied(w);
}

static void irreversible(world *w)
{
    fill_file(w->arena, &w->set.migrations[2].down, "0003_c-rollback.sql",
              "-- predeploy: irreversible: gone\n");
    applied(w);
}

static void companion_was_changed(world *w)
{
    applied(w);
    w->fake.ledger.rows[2].down_sql = "drop table customers;";
}

/* Drizzle has put in the newest: the last row of the ledger, which has no companion, is not asked
 * about. */
static void behind_the_last_one(world *w)
{
    pd_ledger *ledger = &w->fake.ledger;
    pd_drizzle_row *rows = pd_arena_array(w->arena, 3, sizeof *rows);
    w->set = good_set(w->arena, PD_LAYOUT_DRIZZLE);
    w->set.migrations[1].down.data = NULL;
    applied(w);
    ledger->count = 2;
    for (size_t i = 0; i < 3; i++)
        rows[i] = (pd_drizzle_row){.id = (int64_t)i + 1,
                                   .hash = w->set.migrations[i].up.hash,
                                   .has_created_at = true,
                                   .created_at = w->set.migrations[i].when};
    ledger->drizzle_shape = PD_DRIZZLE_V0;
    ledger->drizzle = rows;
    ledger->drizzle_count = 3;
}

static void each_applied(world *w)
{
    each(w);
    applied(w);
}

static void backup_applied(world *w)
{
    ask_for_backup(w);
    applied(w);
}

static void half_applied(world *w)
{
    pd_ledger *ledger = &w->fake.ledger;
    applied(w);
    pd_unfinished *row = PD_PUSH(w->arena, ledger->unfinished, ledger->unfinished_count,
                                 ledger->unfinished_capacity);
    *row = (pd_unfinished){.migration = "0004_d", .number = 1, .digest = "x", .done = true};
}

static void another_is_half_out(world *w)
{
    half_applied(w);
    w->fake.ledger.unfinished->migration = "0002_b";
    w->fake.ledger.unfinished->down = true;
}

static void alone(world *w)
{
    fill_file(w->arena, &w->set.migrations[1].down, "0002_b-rollback.sql",
              "-- predeploy: no-transaction\ndrop table b;");
    fill_file(w->arena, &w->set.migrations[2].down, "0003_c-rollback.sql", "vacuum;");
    applied(w);
}

static const reversal reversals[] = {
    {"outside of a transaction",
     alone,
     {3, NULL, false},
     "lock read begin:running apply(0003_c...) apply(0002_b...) apply(0001_a) ",
     0,
     0},
    {"what is half applied is finished first", half_applied, {1, NULL, false}, "lock read ", 0, 1},
    {"what is half taken out, too", another_is_half_out, {1, NULL, false}, "lock read ", 0, 1},
    {"the last one", applied, {1, NULL, false}, "lock read begin:running apply(0003_c) ", 0, 0},
    {"two, newest first",
     applied,
     {2, NULL, false},
     "lock read begin:running apply(0003_c,0002_b) ",
     0,
     0},
    {"back to a name",
     applied,
     {0, "0001_a", false},
     "lock read begin:running apply(0003_c,0002_b) ",
     0,
     0},
    {"to the newest: nothing to do", applied, {0, "0003_c", false}, "lock read ", 0, 0},
    {"one by one",
     each_applied,
     {2, NULL, false},
     "lock read begin:running apply(0003_c...) apply(0002_b) ",
     0,
     0},
    {"never behind what is not adopted", behind_the_last_one, {1, NULL, false}, "lock read ", 0, 1},
    {"only shown", applied, {2, NULL, true}, "read ", 0, 0},
    {"only shown, with a backup", backup_applied, {1, NULL, true}, "read ", 0, 0},
    {"only shown, and it could not be", no_companion, {2, NULL, true}, "read ", 0, 1},
    {"with a backup",
     backup_applied,
     {1, NULL, false},
     "lock read begin:running backup:rollback:1 reference:b-1 apply(0003_c) ",
     0,
     0},
    {"more than there are", applied, {4, NULL, false}, "lock read ", PD_ERROR_USAGE, 0},
    {"a name that is not applied", applied, {0, "0009_x", false}, "lock read ", PD_ERROR_USAGE, 0},
    {"nothing applied", nothing, {1, NULL, false}, "lock read ", 0, 0},
    {"never behind what has no companion", no_companion, {2, NULL, false}, "lock read ", 0, 1},
    {"but up to it",
     no_companion,
     {1, NULL, false},
     "lock read begin:running apply(0003_c) ",
     0,
     0},
    {"a companion changed in the ledger",
     companion_was_changed,
     {1, NULL, false},
     "lock read ",
     0,
     1},
    {"irreversible stops before it starts", irreversible, {1, NULL, false}, "lock read ", 0, 1},
};

static void each_rollback_is_asked_in_order(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof reversals / sizeof *reversals; i++) {
        const reversal *s = &reversals[i];
        PD_AUTO_ARENA arena = pd_arena_new();
        world w;
        set_up(&w, arena);
        s->prepare(&w);
        print_message("%s\n", s->what);
        bool done = pd_rollback(&w.run, &s->request, &w.err);
        assert_int_equal(w.err.kind, s->error);
        assert_int_equal(done, s->error == PD_ERROR_NONE);
        assert_string_equal(w.fake.log.data, s->log);
        assert_int_equal(w.findings.count, s->findings);
        tear_down(&w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_rollback_is_asked_in_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
