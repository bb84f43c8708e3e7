/* The order of a deployment, on fakes of the three ports that log what they are asked. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/strbuf.h"
#include "deploy/run.h"
#include "domain/settings.h"
#include "sets.h"

/* What the fake world does. A batch that is applied moves its migrations into the ledger. */
typedef struct fake {
    pd_arena *arena;
    pd_ledger ledger;
    pd_strbuf log;
    int lock_fails;
    int backup_fails;
    int lock_timeouts;    /* how many batches end with PD_ERROR_LOCKED first */
    int changes;          /* how many batches find another ledger first */
    size_t failing_batch; /* 1-based, 0: none */
    size_t batches;
    const char *outcome;
    int64_t predicted;
} fake;

static bool fake_lock(void *ctx, bool wait, pd_error *err)
{
    fake *f = ctx;
    pd_strbuf_adds(&f->log, wait ? "lock " : "trylock ");
    return f->lock_fails ? pd_fail(err, PD_ERROR_LOCKED, "locked") : true;
}

static bool fake_read(void *ctx, pd_arena *arena, pd_ledger *out, pd_error *err)
{
    (void)arena;
    (void)err;
    fake *f = ctx;
    pd_strbuf_adds(&f->log, "read ");
    *out = f->ledger;
    return true;
}

static bool fake_begin(void *ctx, const pd_deployment *deployment, pd_error *err)
{
    (void)err;
    fake *f = ctx;
    pd_strbuf_addf(&f->log, "begin:%s ", deployment->outcome);
    return true;
}

static bool fake_record_backup(void *ctx, const pd_deployment *deployment, pd_error *err)
{
    (void)err;
    fake *f = ctx;
    pd_strbuf_addf(&f->log, "reference:%s ", deployment->backup_reference);
    return true;
}

static void add_ledger_row(fake *f, const pd_step *step)
{
    pd_ledger_row *row = PD_PUSH(f->arena, f->ledger.rows, f->ledger.count, f->ledger.capacity);
    row->seq = (int64_t)f->ledger.count;
    row->name = step->name;
    row->hash = step->hash;
    row->down_sql = step->down_sql;
    row->down_hash = step->down_hash;
}

static bool fake_apply(void *ctx, pd_arena *arena, const pd_batch *batch, pd_batch_result *result,
                       pd_error *err)
{
    (void)arena;
    fake *f = ctx;
    f->batches++;
    f->predicted = batch->predicted_tables;
    pd_strbuf_adds(&f->log, "apply(");
    for (size_t i = 0; i < batch->count; i++)
        pd_strbuf_addf(&f->log, "%s%s", i == 0 ? "" : ",", batch->steps[i].name);
    pd_strbuf_adds(&f->log, batch->last ? ") " : "...) ");
    if (f->changes > 0) {
        f->changes--;
        add_ledger_row(f, &batch->steps[0]);
        result->ledger_changed = true;
        return true;
    }
    if (f->lock_timeouts > 0) {
        f->lock_timeouts--;
        return pd_fail(err, PD_ERROR_LOCKED, "cannot have a table's lock");
    }
    if (f->batches == f->failing_batch) {
        result->steps[0].state = PD_STEP_FAILED;
        return pd_fail(err, PD_ERROR_APPLY, "a statement failed");
    }
    for (size_t i = 0; i < batch->count; i++) {
        if (batch->steps[i].kind == PD_STEP_REVERT)
            f->ledger.count--;
        else
            add_ledger_row(f, &batch->steps[i]);
    }
    return true;
}

static bool fake_finish(void *ctx, const pd_deployment *deployment, pd_error *err)
{
    (void)err;
    fake *f = ctx;
    f->outcome = deployment->outcome;
    pd_strbuf_addf(&f->log, "finish:%s:%zu ", deployment->outcome, deployment->migration_count);
    return true;
}

static bool fake_backup(void *ctx, pd_arena *arena, const pd_backup_request *request,
                        const char **reference, pd_error *err)
{
    (void)arena;
    fake *f = ctx;
    pd_strbuf_addf(&f->log, "backup:%s:%zu ", request->event, request->migration_count);
    *reference = "b-1";
    return f->backup_fails ? pd_fail(err, PD_ERROR_BACKUP, "no backup") : true;
}

static bool fake_pause(void *ctx, int64_t ms, const char *why, pd_error *err)
{
    (void)err;
    (void)why;
    fake *f = ctx;
    assert_true(ms > 0 && ms <= 10000);
    pd_strbuf_adds(&f->log, "pause ");
    return true;
}

typedef struct world {
    pd_arena *arena;
    fake fake;
    pd_settings settings;
    pd_set set;
    pd_snapshot snapshot;
    pd_revision revision;
    pd_findings findings;
    pd_report report;
    pd_run run;
    pd_error err;
} world;

static void set_up(world *w, pd_arena *arena)
{
    *w = (world){.arena = arena};
    w->fake = (fake){.arena = arena, .log = pd_strbuf_new(4096)};
    w->fake.ledger.tables = 10;
    w->fake.ledger.current_schema = "public";
    pd_settings_default(&w->settings);
    w->settings.retries = 2;
    w->set = good_set(arena, PD_LAYOUT_PLAIN);
    w->revision = (pd_revision){.spec = "HEAD", .oid = "c0ffee", .ref = "refs/heads/main"};
    w->findings = (pd_findings){.arena = arena};
    w->report = (pd_report){.command = "deploy",
                            .findings = &w->findings,
                            .revision = &w->revision,
                            .tables_before = -1,
                            .tables_after = -1};
    w->run = (pd_run){
        .arena = arena,
        .settings = &w->settings,
        .set = &w->set,
        .snapshot = &w->snapshot,
        .report = &w->report,
        .db = {&w->fake, fake_lock, fake_read, fake_begin, fake_record_backup, fake_apply,
               fake_finish},
        .clock = {&w->fake, fake_pause},
        .actor = "tester",
        .tool_version = "0",
        .wait = true,
    };
}

static void tear_down(world *w)
{
    pd_strbuf_free(&w->fake.log);
}

static void ask_for_backup(world *w)
{
    w->run.backup = (pd_backup_port){&w->fake, fake_backup};
}

/* What the world is told before the run, what it was asked, and how the run ended. */
typedef struct scenario {
    const char *what;
    void (*prepare)(world *w);
    const char *log;
    pd_error_kind error;
} scenario;

static void nothing(world *w)
{
    (void)w;
}

static void applied(world *w)
{
    for (size_t i = 0; i < w->set.count; i++) {
        pd_step step = {.name = w->set.migrations[i].name,
                        .hash = w->set.migrations[i].up.hash,
                        .down_sql = w->set.migrations[i].down.data,
                        .down_hash = w->set.migrations[i].down.hash};
        add_ledger_row(&w->fake, &step);
    }
}

static void applied_same_commit(world *w)
{
    applied(w);
    pd_deployment *last =
        PD_PUSH(w->arena, w->fake.ledger.deployments, w->fake.ledger.deployment_count,
                w->fake.ledger.deployment_capacity);
    *last = (pd_deployment){.kind = "deploy", .outcome = "succeeded", .commit = "c0ffee"};
}

static void too_few_tables(world *w)
{
    applied(w);
    w->settings.min_tables = 11;
}

static void each(world *w)
{
    w->settings.transaction = PD_TRANSACTION_EACH;
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
    {"nothing pending, still verified", too_few_tables, "lock read ", PD_ERROR_VERIFY},
    {"no lock, nothing read", lock_fails, "lock ", PD_ERROR_LOCKED},
    {"failure is recorded", first_fails, "lock read begin:running " ALL "finish:failed:0 ",
     PD_ERROR_APPLY},
    {"failure after a committed one is partial", second_of_each_fails,
     "lock read begin:running apply(0001_a...) apply(0002_b...) finish:failed:1 ",
     PD_ERROR_PARTIAL},
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

static const reversal reversals[] = {
    {"the last one", applied, {1, NULL}, "lock read begin:running apply(0003_c) ", 0, 0},
    {"two, newest first",
     applied,
     {2, NULL},
     "lock read begin:running apply(0003_c,0002_b) ",
     0,
     0},
    {"back to a name",
     applied,
     {0, "0001_a"},
     "lock read begin:running apply(0003_c,0002_b) ",
     0,
     0},
    {"to the newest: nothing to do", applied, {0, "0003_c"}, "lock read ", 0, 0},
    {"one by one",
     each_applied,
     {2, NULL},
     "lock read begin:running apply(0003_c...) apply(0002_b) ",
     0,
     0},
    {"with a backup",
     backup_applied,
     {1, NULL},
     "lock read begin:running backup:rollback:1 reference:b-1 apply(0003_c) ",
     0,
     0},
    {"more than there are", applied, {4, NULL}, "lock read ", PD_ERROR_USAGE, 0},
    {"a name that is not applied", applied, {0, "0009_x"}, "lock read ", PD_ERROR_USAGE, 0},
    {"nothing applied", nothing, {1, NULL}, "lock read ", 0, 0},
    {"never behind what has no companion", no_companion, {2, NULL}, "lock read ", 0, 1},
    {"but up to it", no_companion, {1, NULL}, "lock read begin:running apply(0003_c) ", 0, 0},
    {"a companion changed in the ledger", companion_was_changed, {1, NULL}, "lock read ", 0, 1},
    {"irreversible stops before it starts", irreversible, {1, NULL}, "lock read ", 0, 1},
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
        cmocka_unit_test(each_world_is_asked_in_order),
        cmocka_unit_test(closed_gates_say_so),
        cmocka_unit_test(table_count_is_predicted),
        cmocka_unit_test(deployment_says_who_and_what),
        cmocka_unit_test(each_rollback_is_asked_in_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
