/* Which tables have to be there before migrations are taken over as applied. */
#include "base/strbuf.h"
#include "gate/made.h"
#include "sets.h"

typedef struct scenario {
    const char *what;
    const char *texts[3];
    const char *names; /* that are asked for */
} scenario;

/* clang-format off */
static const scenario scenarios[] = {
    {"three tables", {"create table a ();", "create table B ();", "create table s.c ();"}, "public.a public.b s.c"},
    {"dropped again", {"create table a (); create table b ();", "drop table a;", ""}, "public.b"},
    {"dropped by its whole name", {"create table a (); create table b ();", "drop table public.a;", ""}, "public.b"},
    {"dropped if it is there", {"create table a (); create table b ();", "drop table if exists a;", ""}, "public.b"},
    {"two dropped at once", {"create table a (); create table b ();", "drop table a, b;", "create table c ();"}, "public.c"},
    {"renamed", {"create table a (); create table b ();", "alter table a rename to c;", ""}, "public.b"},
    {"moved", {"create table a (); create table b ();", "ALTER TABLE a SET SCHEMA s;", ""}, "public.b"},
    {"altered", {"create table a ();", "alter table a add x int;", "create index on a (x); insert into a values (1);"}, "public.a"},
    {"taken away by somebody's code", {"create table a ();", "do $$begin drop table a; end$$;", "create table b ();"}, "public.b"},
    {"a schema goes", {"create table a ();", "drop schema s cascade;", ""}, ""},
    {"temporary", {"create temp table a ();", "create table pg_temp.b ();", ""}, ""},
    {"a partition", {"create table a (i int) partition by list (i);", "create table b partition of a default;", ""}, "public.a"},
    {"another path", {"set search_path = s; create table a ();", "", "create table b ();"}, "public.b"},
    {"what cannot be read", {"create table a ();", "create tabel b ();", "create table c ();"}, "public.c"},
};
/* clang-format on */

static pd_set set_of(pd_arena *arena, const scenario *s)
{
    pd_set set = good_set(arena, PD_LAYOUT_PLAIN);
    for (size_t m = 0; m < 3; m++)
        fill_file(arena, &set.migrations[m].up, "f.sql", s->texts[m]);
    return set;
}

static const char *names_of(pd_arena *arena, const pd_made *made)
{
    PD_AUTO_STRBUF out = pd_strbuf_new(PD_STRBUF_MAX);
    for (size_t i = 0; i < made->tables.count; i++)
        pd_strbuf_addf(&out, "%s%s", i == 0 ? "" : " ", made->tables.names[i]);
    return pd_strbuf_keep(&out, arena);
}

static void what_has_to_be_there(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof scenarios / sizeof *scenarios; i++) {
        PD_AUTO_ARENA arena = pd_arena_new();
        pd_set set = set_of(arena, &scenarios[i]);
        const bool wanted[] = {true, true, true};
        const pd_ledger ledger = {.current_schema = "public"};
        pd_made made = {0};
        pd_error err = {0};
        print_message("%s\n", scenarios[i].what);
        assert_true(pd_made_by(arena, &set, wanted, &ledger, &made, &err));
        assert_string_equal(names_of(arena, &made), scenarios[i].names);
    }
}

static void only_of_what_is_taken_over(void **state)
{
    (void)state;
    PD_AUTO_ARENA arena = pd_arena_new();
    pd_set set = set_of(arena, &scenarios[0]);
    const bool wanted[] = {false, true, true};
    const pd_ledger ledger = {0};
    pd_made made = {0};
    pd_error err = {0};
    assert_true(pd_made_by(arena, &set, wanted, &ledger, &made, &err));
    assert_string_equal(names_of(arena, &made), "s.c");
    assert_ptr_equal(made.makers[0], &set.migrations[2]);
}

static void one_finding_for_all(void **state)
{
    (void)state;
    PD_AUTO_ARENA arena = pd_arena_new();
    pd_set set = set_of(arena, &scenarios[0]);
    const bool wanted[] = {true, true, true};
    const pd_ledger ledger = {.current_schema = "public"};
    pd_made made = {0};
    pd_error err = {0};
    pd_findings findings = {.arena = arena};
    assert_true(pd_made_by(arena, &set, wanted, &ledger, &made, &err));
    made.tables.there[0] = true;
    pd_gate_made(&made, &findings);
    ASSERT_RULES(&findings, PD_RULE_ADOPT_TABLE_MISSING);
    assert_int_equal(findings.items[0].severity, PD_SEVERITY_WARNING);
    assert_non_null(strstr(findings.items[0].message, "public.b"));
    assert_non_null(strstr(findings.items[0].message, "1 more of 3"));
    findings.count = 0;
    made.tables.there[1] = made.tables.there[2] = true;
    pd_gate_made(&made, &findings);
    ASSERT_NO_FINDING(&findings);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_has_to_be_there),
        cmocka_unit_test(only_of_what_is_taken_over),
        cmocka_unit_test(one_finding_for_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
