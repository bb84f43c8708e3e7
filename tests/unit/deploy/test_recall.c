/* Which verdicts are kept, and when one that was kept holds: a world that agrees, and one thing
 * that is not as it was. */
#include "deploy/recall.h"
#include "fakes.h"

#define DEPLOYMENT "00000000-0000-4000-8000-000000000001"
#define TERMS "terms"

static void settle(world *w)
{
    applied(w);
    w->run.terms = TERMS;
    w->fake.ledger.digest = "digest";
}

static pd_recalled look(world *w)
{
    pd_recalled now;
    assert_true(fake_take_marks(&w->fake, "c0ffee", &now, &w->err));
    return now;
}

static const char *make(world *w)
{
    pd_recalled now = look(w);
    return pd_recall_make(&w->run, &w->fake.ledger, &now);
}

/* ---- what is kept ---- */

static void no_terms(world *w)
{
    w->run.terms = NULL;
}

static void a_warning(world *w)
{
    pd_find(&w->findings, PD_RULE_LEDGER_DUPLICATE, NULL, "twice")->severity = PD_SEVERITY_WARNING;
}

static void steering(world *w)
{
    w->report.steering_count = 1;
}

static void altered(world *w)
{
    w->fake.ledger.altered = "somebody was here";
}

static void no_digest(world *w)
{
    w->fake.ledger.digest = NULL;
}

static void half_applied(world *w)
{
    w->fake.ledger.unfinished_count = 1;
}

static void other_tool(world *w)
{
    w->fake.ledger.foreign_count = 1;
}

static void one_more(world *w)
{
    w->fake.ledger.count++;
}

static void empty(world *w)
{
    w->set.count = 0;
    w->fake.ledger.count = 0;
}

static void orphan(world *w)
{
    w->set.orphan_count = 1;
}

static void drizzle_unread(world *w)
{
    w->set.layout = PD_LAYOUT_DRIZZLE;
}

static void what_is_kept(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        void (*prepare)(world *w);
        bool kept;
    } table[] = {
        {"nothing found", nothing, true},
        {"no terms", no_terms, false},
        {"a warning", a_warning, false},
        {"files that steer the gates", steering, false},
        {"a ledger that was altered", altered, false},
        {"a ledger of an older predeploy", no_digest, false},
        {"a migration that is half applied", half_applied, false},
        {"another tool's table", other_tool, false},
        {"a row more than migrations", one_more, false},
        {"no migrations", empty, false},
        {"a companion alone", orphan, false},
        {"Drizzle's table was not read", drizzle_unread, false},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        PD_AUTO_ARENA arena = pd_arena_new();
        world w;
        set_up(&w, arena);
        settle(&w);
        table[i].prepare(&w);
        if (pd_recall_wanted(&w.run, &w.fake.ledger) != table[i].kept)
            fail_msg("%s", table[i].what);
        tear_down(&w);
    }
}

/* ---- what holds ---- */

static void other_deployment(pd_recalled *now)
{
    now->deployment = "00000000-0000-4000-8000-000000000002";
}

static void other_commit(pd_recalled *now)
{
    now->commit = "c0ffef";
}

static void other_marks(pd_recalled *now)
{
    now->marks = "1,2,4";
}

static void no_marks(pd_recalled *now)
{
    now->marks = NULL;
}

static void other_digest(pd_recalled *now)
{
    now->digest = "digesu";
}

static void no_digest_now(pd_recalled *now)
{
    now->digest = NULL;
}

static void other_drizzle(pd_recalled *now)
{
    now->drizzle = "";
}

static void other_count(pd_recalled *now)
{
    now->count++;
}

static void nothing_kept(pd_recalled *now)
{
    now->verdict = NULL;
}

static void same(pd_recalled *now)
{
    (void)now;
}

/* Between the judgement and the look at what it is about. */
static void what_is_kept_is_what_was_judged(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        void (*change)(pd_recalled *now);
        bool kept;
    } table[] = {
        {"all as it was", same, true},
        {"no marks", no_marks, false},
        {"other ledger", other_digest, false},
        {"no digest", no_digest_now, false},
        {"a table of Drizzle's", other_drizzle, false},
        {"other number of rows", other_count, false},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        PD_AUTO_ARENA arena = pd_arena_new();
        world w;
        set_up(&w, arena);
        settle(&w);
        pd_recalled now = look(&w);
        table[i].change(&now);
        if ((pd_recall_make(&w.run, &w.fake.ledger, &now) != NULL) != table[i].kept)
            fail_msg("%s", table[i].what);
        tear_down(&w);
    }
}

static void what_holds(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        void (*change)(pd_recalled *now);
        const char *terms;
        bool holds;
    } table[] = {
        {"all as it was", same, TERMS, true},
        {"other terms", same, "termt", false},
        {"other deployment", other_deployment, TERMS, false},
        {"other commit", other_commit, TERMS, false},
        {"other ledger", other_marks, TERMS, false},
        {"no marks", no_marks, TERMS, false},
        {"other number of rows", other_count, TERMS, false},
        {"no verdict", nothing_kept, TERMS, false},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        PD_AUTO_ARENA arena = pd_arena_new();
        world w;
        pd_recall recall = {0};
        set_up(&w, arena);
        settle(&w);
        pd_recalled now = look(&w);
        now.verdict = make(&w);
        table[i].change(&now);
        if (pd_recall_holds(arena, table[i].terms, &now, &recall) != table[i].holds)
            fail_msg("%s", table[i].what);
        tear_down(&w);
    }
}

static void no_byte_of_it_may_change(void **state)
{
    (void)state;
    PD_AUTO_ARENA arena = pd_arena_new();
    world w;
    pd_recall recall = {0};
    set_up(&w, arena);
    settle(&w);
    char *text = pd_arena_strdup(arena, make(&w));
    pd_recalled now = look(&w);
    now.verdict = text;
    assert_true(pd_recall_holds(arena, TERMS, &now, &recall));
    assert_string_equal(recall.deployment, DEPLOYMENT);
    assert_string_equal(recall.folder, w.set.folder);
    assert_int_equal(recall.layout, w.set.layout);
    assert_int_equal(recall.count, w.set.count);
    for (size_t i = 0; text[i] != '\0'; i++) {
        char kept = text[i];
        text[i] = kept == '1' ? '2' : '1';
        if (pd_recall_holds(arena, TERMS, &now, &recall))
            fail_msg("byte %zu of %s", i, text);
        text[i] = kept;
    }
    tear_down(&w);
}

static void what_is_no_verdict(void **state)
{
    (void)state;
    PD_AUTO_ARENA arena = pd_arena_new();
    pd_recall recall = {0};
    char zeros[PD_SHA256_HEX];
    pd_sha256_hex("", 0, zeros);
    static const char *const behind[] = {
        "",
        " ",
        " t",
        " t plain",
        " t plain 3",
        " t nobody 3 folder",
        " t plain x folder",
        " t plain -1 folder",
        " t plain  folder",
        " t plain 9999999999 folder",
        "0 t plain 3 folder",
    };
    for (size_t i = 0; i < sizeof behind / sizeof *behind; i++) {
        const char *text = pd_arena_printf(arena, "%s%s", zeros, behind[i]);
        if (pd_recall_parse(arena, text, &recall))
            fail_msg("%s", text);
    }
    const char *text = pd_arena_printf(arena, "%s t plain 3 a folder", zeros);
    assert_true(pd_recall_parse(arena, text, &recall));
    assert_string_equal(recall.folder, "a folder");
    assert_false(pd_recall_parse(arena, "", &recall));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_kept),       cmocka_unit_test(what_is_kept_is_what_was_judged),
        cmocka_unit_test(what_holds),         cmocka_unit_test(no_byte_of_it_may_change),
        cmocka_unit_test(what_is_no_verdict),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
