/* Which tables are asked for before the first deployment, and what is said of those that are there.
 */
#include "base/strbuf.h"
#include "gate/first.h"
#include "sets.h"
#include "sql/parse.h"

typedef struct world {
    pd_set set;
    pd_settings settings;
    pd_ledger ledger;
    pd_drizzle_row drizzle;
    pd_deployment deployment;
    pd_foreign_ledger foreign;
    const pd_script *scripts[3];
} world;

static void nothing(world *w)
{
    (void)w;
}

static void an_empty_schema(world *w)
{
    w->ledger.tables = 0;
}

static void another_path(world *w)
{
    w->ledger.current_schema = "app";
}

static void another_schema_is_counted(world *w)
{
    w->settings.verify_schema = "app";
    w->ledger.tables = 0;
}

static void the_first_is_applied(world *w)
{
    w->scripts[0] = NULL;
}

static void has_rows(world *w)
{
    w->ledger.count = 1;
}

static void has_rows_of_drizzle(world *w)
{
    w->ledger.drizzle = &w->drizzle;
    w->ledger.drizzle_count = 1;
}

static void has_rows_of_another_tool(world *w)
{
    w->foreign.count = 1;
    w->ledger.foreign = &w->foreign;
    w->ledger.foreign_count = 1;
}

static void has_an_empty_table_of_another_tool(world *w)
{
    has_rows_of_another_tool(w);
    w->foreign.count = 0;
}

static void is_half_applied(world *w)
{
    w->ledger.unfinished_count = 1;
}

static void was_deployed(world *w)
{
    w->deployment.outcome = "succeeded";
    w->ledger.deployments = &w->deployment;
    w->ledger.deployment_count = 1;
}

static void failed_to_deploy(world *w)
{
    was_deployed(w);
    w->deployment.outcome = "failed";
}

typedef struct scenario {
    const char *what;
    void (*prepare)(world *w);
    const char *texts[3];
    const char *names; /* that are asked for */
} scenario;

/* clang-format off */
static const scenario scenarios[] = {
    {"three tables", nothing, {"create table a ();", "create table B ();", "create table s.c ();"}, "public.a public.b s.c"},
    {"of which none can be there", an_empty_schema, {"create table a ();", "create table b ();", ""}, ""},
    {"or one", an_empty_schema, {"create table a ();", "create table s.b ();", ""}, "public.a s.b"},
    {"where the path leads", another_path, {"create table a ();", "create table public.b ();", ""}, "app.a public.b"},
    {"what is counted elsewhere", another_schema_is_counted, {"create table a ();", "", ""}, "public.a"},
    {"and can't be there", another_schema_is_counted, {"create table app.a ();", "", ""}, ""},
    {"pending ones alone", the_first_is_applied, {"create table a ();", "create table b ();", ""}, "public.b"},
    {"rows of predeploy", has_rows, {"create table a ();", "", ""}, ""},
    {"rows of Drizzle", has_rows_of_drizzle, {"create table a ();", "", ""}, ""},
    {"rows of another tool", has_rows_of_another_tool, {"create table a ();", "", ""}, ""},
    {"but for its table", has_an_empty_table_of_another_tool, {"create table a ();", "", ""}, "public.a"},
    {"half applied", is_half_applied, {"create table a ();", "", ""}, ""},
    {"deployed and taken out", was_deployed, {"create table a ();", "", ""}, ""},
    {"tried in vain", failed_to_deploy, {"create table a ();", "", ""}, "public.a"},
    {"tolerated", nothing, {"create table if not exists a ();", "", ""}, "public.a"},
    {"temporary ones", nothing, {"create temp table a ();", "create table pg_temp.b ();", "create table c ();"}, "public.c"},
    {"rows do no harm", nothing, {"create table a (); insert into a default values;", "update a set i = 1;", "create table b ();"}, "public.a public.b"},
    {"behind one that was dropped", nothing, {"create table a (); drop table b;", "create table b ();", ""}, "public.a"},
    {"behind a schema that was", nothing, {"create table a ();", "drop schema s cascade;", "create table s.b ();"}, "public.a"},
    {"behind somebody's code", nothing, {"create table a ();", "do $$begin drop table b; end$$;", "create table b ();"}, "public.a"},
    {"behind what cannot be read", nothing, {"create table a ();", "create tabel b ();", "create table c ();"}, "public.a"},
};
/* clang-format on */

static void set_up(world *w, pd_arena *arena, const char *const texts[3], pd_layout_kind layout)
{
    pd_sql_input inputs[3];
    pd_script *parsed = pd_arena_array(arena, 3, sizeof *parsed);
    pd_sql_batch batch = {
        .inputs = inputs, .count = 3, .table_schema = "public", .unqualified = true};
    pd_error err = {0};
    *w = (world){.set = good_set(arena, layout),
                 .ledger = {.tables = 1, .current_schema = "public"}};
    pd_settings_default(&w->settings);
    for (size_t m = 0; m < 3; m++) {
        pd_sql_file *up = &w->set.migrations[m].up;
        fill_file(arena, up, "f.sql", texts[m]);
        inputs[m] = (pd_sql_input){.text = up->data, .len = up->len};
        w->scripts[m] = &parsed[m];
    }
    assert_true(pd_sql_parse(arena, &batch, parsed, &err));
}

static pd_first asked(pd_arena *arena, const world *w)
{
    pd_first first = {0};
    pd_first_of(arena, &w->set, &w->ledger, w->scripts, &w->settings, &first);
    return first;
}

static void what_is_asked_for(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof scenarios / sizeof *scenarios; i++) {
        PD_AUTO_ARENA arena = pd_arena_new();
        PD_AUTO_STRBUF names = pd_strbuf_new(PD_STRBUF_MAX);
        world w;
        set_up(&w, arena, scenarios[i].texts, PD_LAYOUT_PLAIN);
        scenarios[i].prepare(&w);
        print_message("%s\n", scenarios[i].what);
        pd_first first = asked(arena, &w);
        for (size_t t = 0; t < first.tables.count; t++)
            pd_strbuf_addf(&names, "%s%s", t == 0 ? "" : " ", first.tables.names[t]);
        assert_string_equal(names.len == 0 ? "" : names.data, scenarios[i].names);
    }
}

static const char *const three[3] = {"create table a ();", "select 1;\n  create table b ();",
                                     "create table c ();"};

static void one_finding_for_all(void **state)
{
    (void)state;
    PD_AUTO_ARENA arena = pd_arena_new();
    pd_findings findings = {.arena = arena};
    world w;
    set_up(&w, arena, three, PD_LAYOUT_PLAIN);
    pd_first first = asked(arena, &w);
    pd_gate_first(&w.set, &first, &w.settings, &findings);
    ASSERT_NO_FINDING(&findings);
    first.tables.there[1] = true;
    pd_gate_first(&w.set, &first, &w.settings, &findings);
    ASSERT_RULES(&findings, PD_RULE_TABLE_EXISTS);
    const pd_finding *finding = &findings.items[0];
    assert_string_equal(finding->message, "0002_b creates public.b, which is there already; no "
                                          "ledger says that anything is applied");
    assert_int_equal(finding->severity, PD_SEVERITY_ERROR);
    assert_int_equal(finding->place.line, 2);
    assert_non_null(strstr(finding->hint, "`predeploy adopt --through 0003_c --dry-run`"));
    findings.count = 0;
    first.tables.there[2] = true;
    pd_gate_first(&w.set, &first, &w.settings, &findings);
    assert_non_null(strstr(findings.items[0].message,
                           "0002_b creates public.b, which is there already, and so is 1 more "
                           "that is pending;"));
    findings.count = 0;
    first.tables.there[0] = true;
    pd_gate_first(&w.set, &first, &w.settings, &findings);
    assert_non_null(strstr(findings.items[0].message, "0001_a creates public.a"));
    assert_non_null(strstr(findings.items[0].message, "and so are 2 more that are pending;"));
}

static void drizzle_may_keep_its_table_elsewhere(void **state)
{
    (void)state;
    PD_AUTO_ARENA arena = pd_arena_new();
    pd_findings findings = {.arena = arena};
    world w;
    set_up(&w, arena, three, PD_LAYOUT_DRIZZLE);
    pd_first first = asked(arena, &w);
    assert_true(first.tables.drizzle);
    first.tables.there[0] = true;
    pd_gate_first(&w.set, &first, &w.settings, &findings);
    assert_non_null(
        strstr(findings.items[0].hint, "its table is not drizzle.__drizzle_migrations"));
    findings.count = 0;
    first.tables.resembles_schema = "my schema";
    first.tables.resembles_table = "migs";
    pd_gate_first(&w.set, &first, &w.settings, &findings);
    assert_non_null(strstr(findings.items[0].hint, "git config -f .predeploy ledger.schema "
                                                   "'my schema' && git config -f .predeploy "
                                                   "ledger.table migs"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_asked_for),
        cmocka_unit_test(one_finding_for_all),
        cmocka_unit_test(drizzle_may_keep_its_table_elsewhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
