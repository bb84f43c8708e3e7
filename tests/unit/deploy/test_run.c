/* The order of a deployment, on fakes of the three ports that log what they are asked. */
#include "fakes.h"

/* What the world is told before the run, what it was asked, and how the run ended. */
typedef struct scenario {
    const char *what;
    void (*prepare)(world *w);
    const char *log;
    pd_error_kind error;
} scenario;

static void applied_same_commit(world *w)
{
    applied(w);
    pd_deployment *last =
        PD_PUSH(w->arena, w->fake.ledger.deployments, w->fake.ledger.deployment_count,
                w->fake.ledger.deployment_capacity);
    *last = (pd_deployment){.kind = "deploy", .outcome = "succeeded", .commit = "c0ffee"};
}

static void keeps(world *w)
{
    applied(w);
    w->run.terms = "terms";
    w->fake.ledger.digest = "digest";
}

static void keeps_same_commit(world *w)
{
    applied_same_commit(w);
    w->run.terms = "terms";
    w->fake.ledger.digest = "digest";
}

static void too_few_tables(world *w)
{
    applied(w);
    w->settings.min_tables = 11;
}

static void backup_fails(world *w)
{
    ask_for_backup(w);
    w->fake.backup_fails = 1;
}

static void backup_without_pending(world *w)
{
    ask_for_backup(w);
    applied_same_commit(w);
}

static void lock_fails(world *w)
{
    w->fake.lock_fails = 1;
}

static void first_fails(world *w)
{
    w->fake.failing_batch = 1;
}

static void second_of_each_fails(world *w)
{
    each(w);
    w->fake.failing_batch = 2;
}

static void second_alone(world *w)
{
    fill_file(w->arena, &w->set.migrations[1].up, "0002_b.sql", "vacuum;");
}

static void second_asks(world *w)
{
    w->set.migrations[1].no_transaction = true;
}

static void first_half_fails(world *w)
{
    fill_file(w->arena, &w->set.migrations[0].up, "0001_a.sql", "vacuum;");
    w->fake.failing_batch = 1;
    w->fake.half = "0001_a is half applied";
}

/* The second attempt does not come as far as the rows of the first. */
static void half_then_blind(world *w)
{
    fill_file(w->arena, &w->set.migrations[0].up, "0001_a.sql", "vacuum;");
    w->fake.lock_timeouts = 1;
    w->fake.half_locked = "0001_a is half applied";
    w->fake.failing_batch = 2;
}

static void half_with_another_text(world *w)
{
    pd_ledger *ledger = &w->fake.ledger;
    pd_unfinished *row = PD_PUSH(w->arena, ledger->unfinished, ledger->unfinished_count,
                                 ledger->unfinished_capacity);
    *row = (pd_unfinished){.migration = "0001_a", .number = 1, .digest = "x", .done = true};
}

/* 0002_b has one more statement than was done, and no marker, or no CONCURRENTLY, any more. */
static void half_asks_no_more(world *w)
{
    pd_ledger *ledger = &w->fake.ledger;
    static const char text[] = "select 1; select 2;";
    static const pd_statement first = {.len = 8};
    char *digest = pd_arena_alloc(w->arena, PD_SHA256_HEX);
    fill_file(w->arena, &w->set.migrations[1].up, "0002_b.sql", text);
    pd_statement_digest(text, &first, digest);
    pd_unfinished *row = PD_PUSH(w->arena, ledger->unfinished, ledger->unfinished_count,
                                 ledger->unfinished_capacity);
    *row = (pd_unfinished){.migration = "0002_b", .number = 1, .digest = digest, .done = true};
}

static void one_lock_timeout(world *w)
{
    w->fake.lock_timeouts = 1;
}

static void endless_lock_timeouts(world *w)
{
    w->fake.lock_timeouts = 100;
}

static void drizzle_was_first(world *w)
{
    w->fake.changes = 1;
}

static void drizzle_did_it_all(world *w)
{
    w->fake.changes = 3;
}

static void bad_sql(world *w)
{
    fill_file(w->arena, &w->set.migrations[2].up, "0003_c.sql", "create tabel;");
}

static void hole(world *w)
{
    pd_step step = {.name = "0002_b", .hash = w->set.migrations[1].up.hash};
    add_ledger_row(&w->fake, &step);
}

#define ALL "apply(0001_a,0002_b,0003_c) "

static const scenario deployments[] = {
    {"all in one", nothing, "lock read begin:running " ALL, 0},
    {"one by one", each, "lock read begin:running apply(0001_a...) apply(0002_b...) apply(0003_c) ",
     0},
    {"backup comes before apply", ask_for_backup,
     "lock read begin:running backup:deploy:3 reference:b-1 " ALL, 0},
    {"backup fails, apply is never called", backup_fails,
     "lock read begin:running backup:deploy:3 finish:failed:0 ", PD_ERROR_BACKUP},
    {"nothing pending, no backup, no row", backup_without_pending, "lock read ", 0},
    {"nothing pending, another commit", applied, "lock read begin:succeeded ", 0},
    {"nothing pending, for the next time", keeps, "lock read begin:succeeded keep ", 0},
    {"the same commit, for the next time", keeps_same_commit, "lock read keep ", 0},
    {"nothing pending, still verified", too_few_tables, "lock read ", PD_ERROR_VERIFY},
    {"no lock, nothing read", lock_fails, "lock ", PD_ERROR_LOCKED},
    {"failure is recorded", first_fails, "lock read begin:running " ALL "finish:failed:0 ",
     PD_ERROR_APPLY},
    {"failure after a committed one is partial", second_of_each_fails,
     "lock read begin:running apply(0001_a...) apply(0002_b...) finish:failed:1 ",
     PD_ERROR_PARTIAL},
    {"what runs outside of a transaction is a batch of its own", second_alone,
     "lock read begin:running apply(0001_a...) apply(0002_b...) apply(0003_c) ", 0},
    {"also when only a marker asks for that", second_asks,
     "lock read begin:running apply(0001_a...) apply(0002_b...) apply(0003_c) ", 0},
    {"what is half in is partial", first_half_fails,
     "lock read begin:running apply(0001_a...) finish:failed:0 ", PD_ERROR_PARTIAL},
    {"also when the next attempt cannot see it", half_then_blind,
     "lock read begin:running apply(0001_a...) pause apply(0001_a...) finish:failed:0 ",
     PD_ERROR_PARTIAL},
    {"what is half in stays outside of transactions", half_asks_no_more,
     "lock read begin:running apply(0001_a...) apply(0002_b...) apply(0003_c) ", 0},
    {"what is half in with another text closes the gate", half_with_another_text, "lock read ", 0},
    {"a lock timeout is tried again", one_lock_timeout, "lock read begin:running " ALL "pause " ALL,
     0},
    {"but not for ever", endless_lock_timeouts,
     "lock read begin:running " ALL "pause " ALL "pause " ALL "finish:failed:0 ", PD_ERROR_LOCKED},
    {"another migrator was first: plan again", drizzle_was_first,
     "lock read begin:running " ALL "read apply(0002_b,0003_c) ", 0},
    {"another migrator did it all", drizzle_did_it_all,
     "lock read begin:running " ALL "read apply(0002_b,0003_c) read apply(0003_c) read "
     "finish:succeeded:0 ",
     0},
    {"a closed syntax gate writes nothing", bad_sql, "lock read ", 0},
    {"a closed ledger gate writes nothing", hole, "lock read ", 0},
};

static void each_world_is_asked_in_order(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof deployments / sizeof *deployments; i++) {
        const scenario *s = &deployments[i];
        PD_AUTO_ARENA arena = pd_arena_new();
        world w;
        set_up(&w, arena);
        s->prepare(&w);
        print_message("%s\n", s->what);
        bool done = pd_deploy(&w.run, &w.err);
        assert_int_equal(w.err.kind, s->error);
        assert_int_equal(done, s->error == PD_ERROR_NONE);
        assert_string_equal(w.fake.log.data, s->log);
        tear_down(&w);
    }
}

static void closed_gates_say_so(void **state)
{
    (void)state;
    PD_AUTO_ARENA arena = pd_arena_new();
    world w;
    set_up(&w, arena);
    bad_sql(&w);
    assert_true(pd_deploy(&w.run, &w.err));
    assert_true(pd_report_closed(&w.report));
    ASSERT_RULES(&w.findings, PD_RULE_SQL_SYNTAX);
    tear_down(&w);
}

static void table_count_is_predicted(void **state)
{
    (void)state;
    PD_AUTO_ARENA arena = pd_arena_new();
    world w;
    set_up(&w, arena);
    assert_true(pd_deploy(&w.run, &w.err));
    assert_int_equal(w.fake.predicted, 13);
    tear_down(&w);
    set_up(&w, arena);
    fill_file(arena, &w.set.migrations[2].up, "0003_c.sql", "select make_tables();");
    assert_true(pd_deploy(&w.run, &w.err));
    assert_int_equal(w.fake.predicted, -1);
    tear_down(&w);
}

static void deployment_says_who_and_what(void **state)
{
    (void)state;
    PD_AUTO_ARENA arena = pd_arena_new();
    world w;
    set_up(&w, arena);
    assert_true(pd_deploy(&w.run, &w.err));
    const pd_deployment *deployment = w.report.deployment;
    assert_string_equal(deployment->commit, "c0ffee");
    assert_string_equal(deployment->ref, "refs/heads/main");
    assert_string_equal(deployment->actor, "tester");
    assert_string_equal(deployment->outcome, "succeeded");
    assert_int_equal(deployment->migration_count, 3);
    assert_int_equal(strlen(deployment->id), 36);
    tear_down(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_world_is_asked_in_order),
        cmocka_unit_test(closed_gates_say_so),
        cmocka_unit_test(table_count_is_predicted),
        cmocka_unit_test(deployment_says_who_and_what),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
