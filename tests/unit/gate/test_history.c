#include "gate/gate.h"
#include "sets.h"

typedef struct world {
    pd_arena *arena;
    pd_set set;
    pd_set base;
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

typedef struct scenario {
    const char *what;
    breakage *apply;
    size_t count;
    pd_rule rule;
} scenario;

static const scenario scenarios[] = {
    {"equal", nothing, 0, 0},
    {"append", append, 0, 0},
    {"edit", edit, 1, PD_RULE_HISTORY_EDITED},
    {"edit companion", edit_companion, 1, PD_RULE_HISTORY_COMPANION},
    {"remove companion", remove_companion, 1, PD_RULE_HISTORY_COMPANION},
    {"add companion", add_companion, 0, 0},
    {"rename", rename_last, 1, PD_RULE_HISTORY_RENAMED},
    {"remove", remove_last, 1, PD_RULE_HISTORY_REMOVED},
    {"insert", insert, 1, PD_RULE_HISTORY_INSERTED},
    {"reorder", reorder, 1, PD_RULE_HISTORY_REORDERED},
    {"restamp", restamp, 1, PD_RULE_HISTORY_RESTAMPED},
    {"nothing published", empty_base, 0, 0},
};

static void each_breakage_has_its_finding(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof scenarios / sizeof *scenarios; i++) {
        PD_AUTO_ARENA arena = pd_arena_new();
        pd_findings findings = {.arena = arena};
        world w = {arena, good_set(arena, PD_LAYOUT_DRIZZLE), good_set(arena, PD_LAYOUT_DRIZZLE)};
        print_message("%s\n", scenarios[i].what);
        scenarios[i].apply(&w);
        pd_gate_history(&w.set, &w.base, &findings);
        assert_rules(&findings, &scenarios[i].rule, scenarios[i].count);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(each_breakage_has_its_finding)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
