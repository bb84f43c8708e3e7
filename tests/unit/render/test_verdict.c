/* The last line, by command and status. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "render/verdict.h"
#include "reports.h"

static void check(const pd_report *report, pd_arena *arena, const char *want)
{
    assert_string_equal(pd_verdict_line(report, arena), want);
}

static void open_lines_say_what_was_done(void **state)
{
    (void)state;
    PD_AUTO_ARENA arena = pd_arena_new();
    check(report_check(arena), arena, "gate open: 4 migrations, the database was not asked");
    check(report_planned(arena), arena, "gate open: 2 migrations to apply, 1 warning");
    check(report_deploy(arena), arena, "gate open: deployed 2 migrations, 11 tables");
    check(report_nothing_to_do(arena), arena, "gate open: nothing to do, 11 tables");
    check(report_rollback(arena), arena, "gate open: took out 2 migrations, 9 tables");
    check(report_status(arena), arena, "4 migrations applied, 11 tables");
    pd_report *verify = report_of(arena, "verify");
    verify->tables_after = 1;
    check(verify, arena, "gate open: ledger and table count agree with the revision, 1 table");
    pd_report *adopted = report_nothing_to_do(arena);
    pd_plan *plan = report_plan(arena, PD_STEP_APPLY);
    plan->count = 2;
    adopted->plan = plan;
    check(adopted, arena, "gate open: nothing to do, would adopt 2 migrations, 11 tables");
    adopted->deployment = pd_arena_alloc(arena, sizeof *adopted->deployment);
    check(adopted, arena, "gate open: nothing to do, adopted 2 migrations, 11 tables");
    pd_report *asked = report_check(arena);
    asked->target = report_target(arena);
    asked->gates[asked->gate_count - 1].state = PD_GATE_OPEN;
    check(asked, arena, "gate open: 4 migrations");
    check(report_of(arena, "hook pre-push"), arena, "gate open: 4 migrations");
}

static void closed_lines_say_why_and_what_is_left(void **state)
{
    (void)state;
    static const struct {
        int status;
        const char *line;
    } cases[] = {
        {1, "gate closed"},
        {2, "gate closed: usage or settings are wrong, the database is untouched"},
        {3, "gate closed: could not be decided, the database is untouched"},
        {4, "gate closed: no backup, the database is untouched"},
        {5, "gate closed: applying failed, everything was rolled back"},
        {6, "gate closed: applying failed, the database is partly changed"},
        {7, "gate closed: verification failed, the database is as before"},
        {8, "gate closed: a lock could not be had in time, the database is as before"},
        {9, "gate closed: the outcome is unknown, the next run finds out"},
        {130, "gate closed: interrupted, the database is as before"},
        {143, "gate closed: interrupted, the database is as before"},
    };
    PD_AUTO_ARENA arena = pd_arena_new();
    pd_report *report = report_of(arena, "deploy");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        report->status = cases[i].status;
        check(report, arena, cases[i].line);
    }
    check(report_closed(arena), arena, "gate closed: 5 errors, 1 warning");
}

static void what_was_committed_before_is_told(void **state)
{
    (void)state;
    PD_AUTO_ARENA arena = pd_arena_new();
    pd_report *report = report_of(arena, "deploy");
    report_ran(arena, report, PD_STEP_DONE, PD_STEP_FAILED);
    report->status = 6;
    check(report, arena, "gate closed: applying failed, 1 of 2 migrations stayed in");
    report->status = 130;
    check(report, arena, "gate closed: interrupted, 1 of 2 migrations stayed in");
    report->command = "rollback";
    check(report, arena, "gate closed: interrupted, 1 of 2 migrations stayed out");
    report->half = true;
    check(report, arena,
          "gate closed: interrupted, 1 of 2 migrations stayed out, one stopped half-way");
}

static void what_stopped_half_way_is_not_taken_back(void **state)
{
    (void)state;
    PD_AUTO_ARENA arena = pd_arena_new();
    pd_report *report = report_of(arena, "deploy");
    report->half = true;
    report->status = 6;
    check(report, arena, "gate closed: applying failed, the database is partly changed");
    report->status = 130;
    check(report, arena, "gate closed: interrupted, the database is partly changed");
    report->status = 7;
    check(report, arena, "gate closed: verification failed, the database is partly changed");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(open_lines_say_what_was_done),
        cmocka_unit_test(closed_lines_say_why_and_what_is_left),
        cmocka_unit_test(what_was_committed_before_is_told),
        cmocka_unit_test(what_stopped_half_way_is_not_taken_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
