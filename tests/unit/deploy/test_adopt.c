/* The order of an adoption, on a fake database that logs what it is asked. */
#include "fakes.h"

static bool adopt_begin(void *ctx, const pd_deployment *deployment, pd_error *err)
{
    assert_string_equal(deployment->kind, "adopt");
    return fake_begin(ctx, deployment, err);
}

static bool adopt_apply(void *ctx, pd_arena *arena, const pd_batch *batch, pd_batch_result *result,
                        pd_error *err)
{
    (void)arena;
    fake *f = ctx;
    pd_strbuf_adds(&f->log, batch->taken_from == NULL ? "write(" : "fence:");
    if (batch->taken_from != NULL) {
        assert_ptr_equal(batch->taken_from, batch->expected->foreign);
        pd_strbuf_addf(&f->log, "%s write(", batch->taken_from->table);
    }
    for (size_t i = 0; i < batch->count; i++) {
        const pd_step *step = &batch->steps[i];
        assert_int_equal(step->kind, PD_STEP_ADOPT);
        assert_null(step->text);
        pd_strbuf_addf(&f->log, "%s%s%s%s", i == 0 ? "" : ",", step->name,
                       step->down_sql == NULL ? "" : "+", step->drizzle_id == 0 ? "" : "d");
    }
    pd_strbuf_adds(&f->log, batch->last ? ") " : "...) ");
    assert_int_equal(batch->min_tables, -1);
    assert_int_equal(batch->predicted_tables, -1);
    result->ledger_changed = f->changes > 0;
    return f->failing_batch > 0 ? pd_fail(err, PD_ERROR_APPLY, "no") : true;
}

static void fake_tell(void *ctx, const pd_adopt_news *news)
{
    world *w = ctx;
    pd_strbuf_addf(&w->fake.log, "tell:%s:%zu:%zu ", news->source, news->applied,
                   news->plan->count);
}

static pd_foreign_ledger goose_at(pd_arena *arena, size_t count)
{
    pd_foreign_ledger table = {.tool = PD_LAYOUT_GOOSE, .schema = "public", .table = "g"};
    table.rows = pd_arena_array(arena, count + 1, sizeof *table.rows);
    for (table.count = 0; table.count < count; table.count++)
        table.rows[table.count].version = pd_arena_printf(arena, "%zu", table.count + 1);
    return table;
}

static void set_up_adoption(world *w, pd_arena *arena, pd_layout_kind layout)
{
    set_up(w, arena);
    w->set = good_set(arena, layout);
    w->set.migrations[1].down.data = NULL;
    w->report.command = "adopt";
    w->run.db.begin_deployment = adopt_begin;
    w->run.db.apply = adopt_apply;
    w->request = (pd_adopt_request){.tell = fake_tell, .ctx = w};
}

static void goose_of_two(world *w)
{
    w->fake.ledger.foreign = pd_arena_alloc(w->arena, sizeof *w->fake.ledger.foreign);
    *w->fake.ledger.foreign = goose_at(w->arena, 2);
    w->fake.ledger.foreign_count = 1;
}

static void each_of_two(world *w)
{
    goose_of_two(w);
    each(w);
}

static void by_name(world *w)
{
    w->request.through = "0002_b";
}

static void by_unknown_name(world *w)
{
    w->request.through = "0002_c";
}

static void dry(world *w)
{
    goose_of_two(w);
    w->request.dry_run = true;
}

static void unfinished(world *w)
{
    goose_of_two(w);
    w->fake.ledger.foreign->rows[1].state = PD_FOREIGN_UNFINISHED;
}

static void unfinished_that_is_allowed(world *w)
{
    unfinished(w);
    w->settings.severity_of_rule[PD_RULE_ADOPT_UNFINISHED] = PD_SEVERITY_WARNING;
}

static void two_that_fit(world *w)
{
    w->fake.ledger.foreign = pd_arena_array(w->arena, 2, sizeof *w->fake.ledger.foreign);
    w->fake.ledger.foreign_count = 2;
    w->fake.ledger.foreign[0] = w->fake.ledger.foreign[1] = goose_at(w->arena, 2);
    w->fake.ledger.foreign[1].schema = "app";
}

static void two_that_fit_and_are_allowed(world *w)
{
    two_that_fit(w);
    w->settings.severity_of_rule[PD_RULE_ADOPT_AMBIGUOUS] = PD_SEVERITY_WARNING;
}

static void of_another_application(world *w)
{
    goose_of_two(w);
    w->settings.severity_of_rule[PD_RULE_LEDGER_FOREIGN] = PD_SEVERITY_WARNING;
}

static void named_all_the_same(world *w)
{
    of_another_application(w);
    w->request.from = "goose";
}

static void adopted(world *w)
{
    goose_of_two(w);
    w->fake.ledger.rows = pd_arena_array(w->arena, 2, sizeof *w->fake.ledger.rows);
    w->fake.ledger.count = 2;
    for (size_t i = 0; i < 2; i++)
        w->fake.ledger.rows[i].name = w->set.migrations[i].name;
}

static void locked(world *w)
{
    goose_of_two(w);
    w->fake.lock_fails = true;
}

static void goes_on(world *w)
{
    goose_of_two(w);
    w->fake.at_lock = pd_arena_alloc(w->arena, sizeof *w->fake.at_lock);
    *w->fake.at_lock = goose_at(w->arena, 3);
}

static void ledger_changes(world *w)
{
    goose_of_two(w);
    w->fake.changes = 1;
}

static void write_fails(world *w)
{
    goose_of_two(w);
    w->fake.failing_batch = 1;
}

static void unreadable(world *w)
{
    goose_of_two(w);
    w->set.migrations[0].up.data = NULL;
}

typedef struct scenario {
    const char *what;
    void (*prepare)(world *w);
    const char *log;
    pd_error_kind error;
    size_t findings;
} scenario;

#define TOLD "read tell:public.g of goose:2:2 "
#define WRITTEN "lock read begin:running fence:g write(0001_a+,0002_b) "

static const scenario scenarios[] = {
    {"said first, written then", goose_of_two, TOLD WRITTEN, 0, 0},
    {"in one transaction, whatever the settings say", each_of_two, TOLD WRITTEN, 0, 0},
    {"by name alone", by_name,
     "read tell:--through 0002_b:2:2 lock read begin:running write(0001_a+,0002_b) ", 0, 0},
    {"a name that is unknown", by_unknown_name, "", PD_ERROR_USAGE, 0},
    {"nothing says what is applied", nothing, "read ", PD_ERROR_USAGE, 0},
    {"a dry run takes no lock", dry, TOLD, 0, 0},
    {"a closed gate takes no lock", unfinished, "read ", 0, 1},
    {"unless it was opened", unfinished_that_is_allowed, TOLD WRITTEN, 0, 1},
    {"two tables fit", two_that_fit, "read ", 0, 1},
    {"which no severity chooses from", two_that_fit_and_are_allowed, "read ", PD_ERROR_USAGE, 1},
    {"another application's", of_another_application, "read ", PD_ERROR_USAGE, 0},
    {"unless it is named", named_all_the_same, TOLD WRITTEN, 0, 0},
    {"adopted already", adopted, "read ", 0, 0},
    {"another deployment holds the lock", locked, TOLD "lock ", PD_ERROR_LOCKED, 0},
    {"what was said is not true any more", goes_on, TOLD "lock read ", PD_ERROR_LOCKED, 0},
    {"the ledger changed under the lock", ledger_changes, TOLD WRITTEN "finish:failed:0 ",
     PD_ERROR_LOCKED, 0},
    {"writing fails", write_fails, TOLD WRITTEN "finish:failed:0 ", PD_ERROR_APPLY, 0},
    {"a file that cannot be read", unreadable, "read ", PD_ERROR_USAGE, 0},
};

static void each_world_is_asked_in_order(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof scenarios / sizeof *scenarios; i++) {
        const scenario *s = &scenarios[i];
        PD_AUTO_ARENA arena = pd_arena_new();
        world w;
        set_up_adoption(&w, arena, PD_LAYOUT_PLAIN);
        s->prepare(&w);
        print_message("%s\n", s->what);
        bool done = pd_adopt(&w.run, &w.request, &w.err);
        assert_string_equal(w.fake.log.data == NULL ? "" : w.fake.log.data, s->log);
        assert_int_equal(w.err.kind, s->error);
        assert_int_equal(done, s->error == PD_ERROR_NONE);
        assert_int_equal(w.findings.count, s->findings);
        assert_true(done || w.fake.lock_fails || w.fake.failing_batch > 0 || w.err.hint[0] != '\0');
        tear_down(&w);
    }
}

static void a_near_name_is_offered(void **state)
{
    (void)state;
    PD_AUTO_ARENA arena = pd_arena_new();
    world w;
    set_up_adoption(&w, arena, PD_LAYOUT_PLAIN);
    by_unknown_name(&w);
    assert_false(pd_adopt(&w.run, &w.request, &w.err));
    assert_string_equal(w.err.hint, "Did you mean 0002_b?");
    tear_down(&w);
}

static void drizzle_keeps_its_rows(void **state)
{
    (void)state;
    PD_AUTO_ARENA arena = pd_arena_new();
    world w;
    set_up_adoption(&w, arena, PD_LAYOUT_DRIZZLE);
    assert_false(pd_adopt(&w.run, &w.request, &w.err));
    assert_int_equal(w.err.kind, PD_ERROR_USAGE);
    w.request.from = "goose";
    assert_false(pd_adopt(&w.run, &w.request, &w.err));
    assert_non_null(strstr(w.err.message, "--from goose"));
    w.request.from = NULL;
    pd_drizzle_row rows[2] = {{.id = 7}, {.id = 8}};
    for (size_t i = 0; i < 2; i++) {
        rows[i].hash = w.set.migrations[i].up.hash;
        rows[i].has_created_at = true;
        rows[i].created_at = w.set.migrations[i].when;
    }
    w.fake.ledger.drizzle_shape = PD_DRIZZLE_V0;
    w.fake.ledger.drizzle = rows;
    w.fake.ledger.drizzle_count = 2;
    pd_strbuf_free(&w.fake.log);
    w.fake.log = pd_strbuf_new(4096);
    w.err = (pd_error){0};
    assert_true(pd_adopt(&w.run, &w.request, &w.err));
    assert_string_equal(w.fake.log.data,
                        "read tell:drizzle.__drizzle_migrations of Drizzle:2:2 lock read "
                        "begin:running write(0001_a+d,0002_bd) ");
    w.request.through = "0001_a";
    assert_true(pd_adopt(&w.run, &w.request, &w.err));
    ASSERT_RULES(&w.findings, PD_RULE_ADOPT_THROUGH);
    tear_down(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_world_is_asked_in_order),
        cmocka_unit_test(a_near_name_is_offered),
        cmocka_unit_test(drizzle_keeps_its_rows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
