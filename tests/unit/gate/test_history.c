#include "gate/gate.h"
#include "sets.h"

typedef struct world {
    pd_arena *arena;
    pd_set set;
    pd_set base;
    pd_set tip; /* of the base's branch; asked when it has a migration */
    pd_arrival arrival;
} world;

typedef void breakage(world *w);

static void nothing(world *w)
{
    (void)w;
}

static void append(world *w)
{
    add_migration(w->arena, &w->set, "0004_d", "select 4;", "select 1;");
}

static void edit(world *w)
{
    fill_file(w->arena, &w->set.migrations[1].up, "0002_b.sql", "drop table t0;");
}

static void edit_companion(world *w)
{
    fill_file(w->arena, &w->set.migrations[1].down, "0002_b-rollback.sql", "select 1;");
}

static void remove_companion(world *w)
{
    fill_file(w->arena, &w->set.migrations[1].down, "0002_b-rollback.sql", NULL);
}

static void add_companion(world *w)
{
    fill_file(w->arena, &w->base.migrations[1].down, "0002_b-rollback.sql", NULL);
}

static void configure(world *w, pd_set *set, const char *text)
{
    fill_file(w->arena, &set->migrations[1].config, "0002_b/metadata.toml", text);
}

static void edit_config(world *w)
{
    configure(w, &w->base, "run_in_transaction = true");
    configure(w, &w->set, "run_in_transaction = false");
}

/* As SQL these would differ in white space only. */
static void break_line_of_config(world *w)
{
    configure(w, &w->base, "# run_in_transaction = false");
    configure(w, &w->set, "#\nrun_in_transaction = false");
}

static void add_config(world *w)
{
    configure(w, &w->base, NULL);
    configure(w, &w->set, "run_in_transaction = false");
}

static void remove_config(world *w)
{
    configure(w, &w->base, "run_in_transaction = false");
    configure(w, &w->set, NULL);
}

static void keep_config(world *w)
{
    configure(w, &w->base, "run_in_transaction = false");
    configure(w, &w->set, "run_in_transaction = false");
}

static void append_with_config(world *w)
{
    pd_migration *added = add_migration(w->arena, &w->set, "0004_d", "select 4;", "select 1;");
    fill_file(w->arena, &added->config, "0004_d/metadata.toml", "run_in_transaction = false");
}

static void rename_last(world *w)
{
    w->set.migrations[2].name = "0003_z";
}

static void remove_last(world *w)
{
    w->set.count--;
}

static void insert(world *w)
{
    append(w);
    pd_migration late = w->set.migrations[3];
    w->set.migrations[3] = w->set.migrations[2];
    w->set.migrations[2] = late;
}

static void reorder(world *w)
{
    pd_migration first = w->set.migrations[0];
    w->set.migrations[0] = w->set.migrations[1];
    w->set.migrations[1] = first;
}

static void restamp(world *w)
{
    w->set.migrations[1].when++;
}

static void empty_base(world *w)
{
    w->base.count = 0;
}

/* The base's branch went on: what it has added stands behind what is common. */
static pd_migration *go_on(world *w, const char *name, const char *number)
{
    w->tip = good_set(w->arena, w->set.layout);
    pd_migration *added = add_migration(w->arena, &w->tip, name, "select 9;", "select 1;");
    added->number = number;
    added->has_when = true;
    added->when = w->tip.migrations[2].when + 1000;
    return added;
}

static pd_migration *add_own(world *w, const char *name, const char *number)
{
    pd_migration *added = add_migration(w->arena, &w->set, name, "select 4;", "select 1;");
    added->number = number;
    added->has_when = true;
    added->when = w->set.migrations[2].when + 2000;
    return added;
}

static void tip_goes_on(world *w)
{
    go_on(w, "0004_theirs", "4");
}

static void both_go_on(world *w)
{
    go_on(w, "0004_theirs", "4");
    add_own(w, "0005_ours", "5");
}

static void both_take_one_number(world *w)
{
    go_on(w, "0004_theirs", "4");
    add_own(w, "0004_zours", "4");
}

static void both_take_one_name(world *w)
{
    go_on(w, "0004_both", "4");
    add_own(w, "0004_both", "4");
}

static void come_late(world *w)
{
    w->set.layout = PD_LAYOUT_PLAIN;
    go_on(w, "0006_theirs", "6");
    add_own(w, "0005_ours", "5");
}

static void come_late_and_may(world *w)
{
    come_late(w);
    w->arrival = PD_ARRIVAL_LATE;
}

static void come_late_to_a_journal(world *w)
{
    go_on(w, "0006_theirs", "6")->when += 5000;
    add_own(w, "0005_ours", "5");
    w->arrival = PD_ARRIVAL_LATE;
}

static void tip_edits(world *w)
{
    w->tip = good_set(w->arena, w->set.layout);
    fill_file(w->arena, &w->tip.migrations[1].up, "0002_b.sql", "drop table t0;");
}

static void edit_what_tip_has_too(world *w)
{
    tip_goes_on(w);
    edit(w);
    edit_companion(w);
}

typedef struct scenario {
    const char *what;
    breakage *apply;
    size_t count;
    pd_rule rule;
    pd_severity severity;
} scenario;

#define E PD_SEVERITY_ERROR
#define W PD_SEVERITY_WARNING

static const scenario scenarios[] = {
    {"equal", nothing, 0, 0, E},
    {"append", append, 0, 0, E},
    {"edit", edit, 1, PD_RULE_HISTORY_EDITED, E},
    {"edit companion", edit_companion, 1, PD_RULE_HISTORY_COMPANION, E},
    {"remove companion", remove_companion, 1, PD_RULE_HISTORY_COMPANION, E},
    {"add companion", add_companion, 0, 0, E},
    {"edit config", edit_config, 1, PD_RULE_HISTORY_EDITED, E},
    {"break a line of config", break_line_of_config, 1, PD_RULE_HISTORY_EDITED, E},
    {"add config", add_config, 1, PD_RULE_HISTORY_EDITED, E},
    {"remove config", remove_config, 1, PD_RULE_HISTORY_EDITED, E},
    {"keep config", keep_config, 0, 0, E},
    {"append with config", append_with_config, 0, 0, E},
    {"rename", rename_last, 1, PD_RULE_HISTORY_RENAMED, E},
    {"remove", remove_last, 1, PD_RULE_HISTORY_REMOVED, E},
    {"insert", insert, 1, PD_RULE_HISTORY_INSERTED, E},
    {"reorder", reorder, 1, PD_RULE_HISTORY_REORDERED, E},
    {"restamp", restamp, 1, PD_RULE_HISTORY_RESTAMPED, E},
    {"nothing published", empty_base, 0, 0, E},
    {"the tip has more", tip_goes_on, 0, 0, E},
    {"both went on", both_go_on, 0, 0, E},
    {"both took one number", both_take_one_number, 1, PD_RULE_HISTORY_COLLISION, E},
    {"both took one name", both_take_one_name, 1, PD_RULE_HISTORY_COLLISION, E},
    {"late", come_late, 1, PD_RULE_HISTORY_INSERTED, E},
    {"late, where that is daily life", come_late_and_may, 1, PD_RULE_HISTORY_INSERTED, W},
    {"late in a journal", come_late_to_a_journal, 1, PD_RULE_HISTORY_INSERTED, E},
    {"the tip is another", tip_edits, 1, PD_RULE_HISTORY_EDITED, E},
};

static void each_breakage_has_its_finding(void **state)
{
    (void)state;
    static const pd_revision base = {.oid = "1111111111111111111111111111111111111111"};
    static const pd_revision tip = {.oid = "2222222222222222222222222222222222222222"};
    for (size_t i = 0; i < sizeof scenarios / sizeof *scenarios; i++) {
        PD_AUTO_ARENA arena = pd_arena_new();
        pd_findings findings = {.arena = arena};
        world w = {.arena = arena,
                   .set = good_set(arena, PD_LAYOUT_DRIZZLE),
                   .base = good_set(arena, PD_LAYOUT_DRIZZLE)};
        print_message("%s\n", scenarios[i].what);
        scenarios[i].apply(&w);
        pd_witnesses witnesses = {
            .items = {{PD_WITNESS_BASE, &base, &w.base}, {PD_WITNESS_TIP, &tip, &w.tip}},
            .count = w.tip.count > 0 ? 2 : 1};
        pd_gate_history(&w.set, &witnesses, w.arrival, &findings);
        assert_rules(&findings, &scenarios[i].rule, scenarios[i].count);
        if (scenarios[i].count > 0)
            assert_int_equal(findings.items[0].severity, scenarios[i].severity);
    }
}

static void an_edit_is_told_once(void **state)
{
    (void)state;
    PD_AUTO_ARENA arena = pd_arena_new();
    static const pd_revision at = {.oid = "1111111111111111111111111111111111111111"};
    static const pd_rule rules[] = {PD_RULE_HISTORY_EDITED, PD_RULE_HISTORY_COMPANION};
    pd_findings findings = {.arena = arena};
    world w = {.arena = arena,
               .set = good_set(arena, PD_LAYOUT_DRIZZLE),
               .base = good_set(arena, PD_LAYOUT_DRIZZLE)};
    edit_what_tip_has_too(&w);
    pd_witnesses witnesses = {.items = {{PD_WITNESS_BASE, &at, &w.base},
                                        {PD_WITNESS_TIP, &at, &w.tip},
                                        {PD_WITNESS_DEPLOYED, &at, &w.base}},
                              .count = 3};
    pd_gate_history(&w.set, &witnesses, PD_ARRIVAL_STRICT, &findings);
    assert_rules(&findings, rules, 2);
    assert_ptr_equal(findings.items[0].evidence->was, &w.base.migrations[1].up);
    assert_ptr_equal(findings.items[0].evidence->is, &w.set.migrations[1].up);
}

static void config_is_named_and_no_sql(void **state)
{
    (void)state;
    static breakage *const all[] = {edit_config, add_config, remove_config};
    static const char *const hints[] = {"git checkout 111111111111 -- ", "`git rm --cached ",
                                        "git checkout 111111111111 -- "};
    static const pd_revision at = {.oid = "1111111111111111111111111111111111111111"};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        PD_AUTO_ARENA arena = pd_arena_new();
        pd_findings findings = {.arena = arena};
        world w = {.arena = arena,
                   .set = good_set(arena, PD_LAYOUT_DIESEL),
                   .base = good_set(arena, PD_LAYOUT_DIESEL)};
        all[i](&w);
        pd_witnesses witnesses = {
            .items = {{PD_WITNESS_BASE, &at, &w.base}, {PD_WITNESS_DEPLOYED, &at, &w.base}},
            .count = 2};
        pd_gate_history(&w.set, &witnesses, PD_ARRIVAL_STRICT, &findings);
        ASSERT_RULES(&findings, PD_RULE_HISTORY_EDITED);
        assert_string_equal(findings.items[0].place.path, "migrations/0002_b/metadata.toml");
        assert_non_null(strstr(findings.items[0].hint, hints[i]));
        assert_null(findings.items[0].evidence->is);
    }
}

/* What the deployed commit has and the revision lacks is a question for the ledger. */
static void a_deployed_migration_may_lack(void **state)
{
    (void)state;
    PD_AUTO_ARENA arena = pd_arena_new();
    static const pd_revision at = {.oid = "1111111111111111111111111111111111111111"};
    pd_findings findings = {.arena = arena};
    world w = {.arena = arena,
               .set = good_set(arena, PD_LAYOUT_DRIZZLE),
               .base = good_set(arena, PD_LAYOUT_DRIZZLE)};
    remove_last(&w);
    pd_witnesses witnesses = {.items = {{PD_WITNESS_DEPLOYED, &at, &w.base}}, .count = 1};
    pd_gate_history(&w.set, &witnesses, PD_ARRIVAL_STRICT, &findings);
    assert_int_equal(findings.count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_breakage_has_its_finding),
        cmocka_unit_test(an_edit_is_told_once),
        cmocka_unit_test(config_is_named_and_no_sql),
        cmocka_unit_test(a_deployed_migration_may_lack),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
