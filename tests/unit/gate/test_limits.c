/* What a text does to the time limits of its session: as sql/ reads it, and what is said of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "base/str.h"
#include "base/strbuf.h"
#include "gate/limits.h"
#include "sql/parse.h"

#define LENGTH(array) (sizeof(array) / sizeof(array)[0])

static pd_script parse(pd_arena *arena, const char *text)
{
    pd_sql_input input = {.text = text, .len = strlen(text)};
    pd_script script;
    pd_error err = {0};
    assert_true(pd_sql_parse(arena, &(pd_sql_batch){&input, 1, "public", true}, &script, &err));
    assert_int_equal(script.state, PD_SCRIPT_OK);
    return script;
}

/* A word a statement: its limit in ms, back, local, or a dot. */
static const char *read(pd_arena *arena, const char *text)
{
    PD_AUTO_STRBUF out = pd_strbuf_new(PD_STRBUF_MAX);
    pd_script script = parse(arena, text);
    for (size_t i = 0; i < script.count; i++) {
        const pd_statement *statement = &script.statements[i];
        bool limit = (statement->traits & PD_TRAIT_LOCK_LIMIT) != 0;
        bool back = (statement->traits & PD_TRAIT_LIMITS_BACK) != 0;
        bool local = (statement->traits & PD_TRAIT_LOCAL) != 0;
        pd_strbuf_addf(&out, "%s%s%s", i > 0 ? " " : "", back ? "back" : "", local ? "local" : "");
        if (limit)
            pd_strbuf_addf(&out, "%lld", (long long)statement->lock_ms);
        else if (!back && !local)
            pd_strbuf_addc(&out, '.');
    }
    return pd_strbuf_keep(&out, arena);
}

static void test_reading(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *expected;
    } rows[] = {
        {"RESET ALL; RESET lock_timeout; RESET \"LOCK_timeout\"; RESET work_mem",
         "back back back ."},
        {"SET lock_timeout TO DEFAULT; SET LOCAL statement_timeout TO DEFAULT", "back backlocal"},
        {"RESET ROLE; RESET SESSION AUTHORIZATION; RESET idle_session_timeout", ". . back"},
        {"SET lock_timeout = 0; SET LOCAL lock_timeout = '2s'; SET Lock_Timeout TO '1min'",
         "0 local2000 60000"},
        {"SET lock_timeout = '-1'; SET lock_timeout = -1; SET lock_timeout = 'x'; SET lock_timeout "
         "= 1.5",
         ". . . ."},
        {"SELECT set_config('lock_timeout', '0', false); SELECT "
         "pg_catalog.set_config('lock_timeout', '3s', true); SELECT set_config('a.b', '0', true)",
         "0 local3000 local"},
        {"SELECT set_config('lock_timeout', NULL, false); SELECT set_config(NULL, '0', false); "
         "SELECT set_config('lock_timeout', 0, false); SELECT x.set_config('lock_timeout', '0', "
         "false)",
         ". . 0 ."},
        {"SET CONSTRAINTS ALL DEFERRED; SET TRANSACTION READ ONLY; SELECT 1", "local . ."},
    };
    for (size_t i = 0; i < LENGTH(rows); i++) {
        PD_AUTO_ARENA arena = pd_arena_new();
        const char *actual = read(arena, rows[i].text);
        if (!pd_streq(actual, rows[i].expected))
            fail_msg("%s: %s", rows[i].text, actual);
    }
}

static void test_finding(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t limit_ms;
        const char *expected; /* "COLUMN message" begins so; "" for nothing */
    } rows[] = {
        {"SET lock_timeout = 0; ALTER TABLE t ADD a int", 5000, "1 SET sets lock_timeout off: "},
        {"SELECT 1; SET lock_timeout = '6s'; DROP TABLE t", 5000,
         "11 SET sets lock_timeout to 6.0 s: "},
        {"SELECT set_config('lock_timeout', '0', false); DROP TABLE t", 5000,
         "1 SELECT sets lock_timeout off: "},
        {"SET lock_timeout = '5s'; DROP TABLE t", 5000, ""},
        {"SET lock_timeout = 0; DROP TABLE t", 0, ""},
        {"SET lock_timeout = 0", 5000, ""},
        {"SET lock_timeout = 0; SET work_mem = '1MB'; RESET ALL; DROP TABLE t", 5000, ""},
        {"SET lock_timeout = 0; SET lock_timeout = '1s'; DROP TABLE t", 5000, ""},
        {"SET lock_timeout = 0; CREATE INDEX CONCURRENTLY i ON t (a)", 5000, ""},
        {"SET lock_timeout = 0; CREATE INDEX CONCURRENTLY i ON t (a); DROP TABLE t", 5000,
         "1 SET sets lock_timeout off: "},
        {"SET lock_timeout = 0; VACUUM FULL t", 5000, "1 SET sets lock_timeout off: "},
    };
    for (size_t i = 0; i < LENGTH(rows); i++) {
        PD_AUTO_ARENA arena = pd_arena_new();
        pd_findings findings = {.arena = arena};
        pd_script script = parse(arena, rows[i].text);
        pd_sql_file file = {.path = "m/1.sql", .data = rows[i].text, .len = strlen(rows[i].text)};
        pd_gate_lock_limits(&file, &script, rows[i].limit_ms, &findings);
        const char *said = findings.count == 0
                               ? ""
                               : pd_arena_printf(arena, "%d %s", findings.items[0].place.column,
                                                 findings.items[0].message);
        bool expected =
            *rows[i].expected == '\0' ? *said == '\0' : pd_starts_with(said, rows[i].expected);
        if (!expected)
            fail_msg("%s: %s", rows[i].text, said);
    }
}

static void test_many(void **state)
{
    (void)state;
    PD_AUTO_ARENA arena = pd_arena_new();
    pd_findings findings = {.arena = arena};
    const char *text = "SET lock_timeout = 0; SELECT 1; SET lock_timeout = 0; SELECT 2;"
                       "SET lock_timeout = '1h'; SELECT 3";
    pd_script script = parse(arena, text);
    pd_sql_file file = {.path = "m/1.sql", .data = text, .len = strlen(text)};
    pd_gate_lock_limits(&file, &script, 5000, &findings);
    assert_int_equal(findings.count, 1);
    assert_non_null(strstr(findings.items[0].message, "; 2 more statements do such a thing"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reading),
        cmocka_unit_test(test_finding),
        cmocka_unit_test(test_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
