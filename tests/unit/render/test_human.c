/* The report for people against golden files, byte by byte. PREDEPLOY_UPDATE_GOLDEN=1 in the
 * environment writes them anew. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "golden.h"
#include "render/render.h"
#include "reports.h"

static void check(const pd_report *report, pd_render_options options, const char *name)
{
    PD_AUTO_STRBUF out = pd_strbuf_new(PD_STRBUF_MAX);
    pd_render_human(report, &options, &out);
    golden_compare(name, &out);
}

#define GOLDEN(scenario)                                                                           \
    static void scenario##_is_golden(void **state)                                                 \
    {                                                                                              \
        (void)state;                                                                               \
        PD_AUTO_ARENA arena = pd_arena_new();                                                      \
        const pd_report *report = report_##scenario(arena);                                        \
        check(report, (pd_render_options){.width = 80}, #scenario "-80.txt");                      \
        check(report, (pd_render_options){.width = 40}, #scenario "-40.txt");                      \
        check(report, (pd_render_options){.width = 80, .color = true}, #scenario "-color.txt");    \
        check(report, (pd_render_options){.width = 100, .verbose = true}, #scenario "-v.txt");     \
        check(report, (pd_render_options){.width = 80, .quiet = true}, #scenario "-q.txt");        \
    }

GOLDEN(check)
GOLDEN(closed)
GOLDEN(edited)
GOLDEN(planned)
GOLDEN(deploy)
GOLDEN(nothing_to_do)
GOLDEN(failed)
GOLDEN(locked)
GOLDEN(rollback)
GOLDEN(status)
GOLDEN(unreachable)

/* Whatever the width: no byte that a terminal acts upon, no line that a runner acts upon, and no
 * line of foreign text at column 0. */
static void hostile_text_never_gets_out(void **state)
{
    (void)state;
    PD_AUTO_ARENA arena = pd_arena_new();
    const pd_report *reports[] = {report_closed(arena), report_edited(arena), report_failed(arena),
                                  report_status(arena)};
    for (size_t i = 0; i < sizeof reports / sizeof reports[0]; i++) {
        for (int width = 1; width <= 210; width++) {
            PD_AUTO_STRBUF out = pd_strbuf_new(PD_STRBUF_MAX);
            pd_render_options options = {.width = width, .verbose = width % 2 == 0};
            pd_render_human(reports[i], &options, &out);
            for (size_t k = 0; k < out.len; k++)
                assert_true(out.data[k] == '\n' || (unsigned char)out.data[k] >= 0x20);
            for (const char *line = out.data; line != NULL; line = strchr(line, '\n')) {
                line += line == out.data ? 0 : 1;
                assert_int_not_equal(strncmp(line + strspn(line, " "), "::", 2), 0);
                assert_int_not_equal(strncmp(line, "gate open: all is well", 22), 0);
            }
            assert_null(strstr(out.data, "##["));
            assert_null(strstr(out.data, "\xE2\x80\xAE"));
            assert_null(strstr(out.data, "\xC2\x9B"));
        }
    }
}

static void long_lists_are_cut_unless_verbose(void **state)
{
    (void)state;
    PD_AUTO_ARENA arena = pd_arena_new();
    pd_report *report = report_planned(arena);
    pd_plan plan = {.pending = 300};
    for (int i = 0; i < 500; i++) {
        pd_step *step = PD_PUSH(arena, plan.steps, plan.count, plan.capacity);
        step->kind = i < 200 ? PD_STEP_ADOPT : PD_STEP_APPLY;
        step->name = pd_arena_printf(arena, "%04d_step", i);
        pd_find(report->findings, PD_RULE_ROLLBACK_MISSING, NULL, "finding %d", i);
    }
    report->plan = &plan;
    PD_AUTO_STRBUF brief = pd_strbuf_new(PD_STRBUF_MAX);
    pd_render_human(report, &(pd_render_options){.width = 80}, &brief);
    assert_non_null(strstr(brief.data, "adopt 200 migrations that are applied already"));
    assert_non_null(strstr(brief.data, "260 more, --verbose shows them"));
    assert_non_null(strstr(brief.data, "401 more findings"));
    assert_non_null(strstr(brief.data, "0200_step"));
    assert_non_null(strstr(brief.data, "0499_step"));
    assert_null(strstr(brief.data, "0300_step"));
    PD_AUTO_STRBUF whole = pd_strbuf_new(PD_STRBUF_MAX);
    pd_render_human(report, &(pd_render_options){.width = 80, .verbose = true}, &whole);
    assert_non_null(strstr(whole.data, "0300_step"));
    assert_non_null(strstr(whole.data, "finding 499"));
    assert_null(strstr(whole.data, "shows them"));
}

static void the_last_line_is_there_with_nothing_else(void **state)
{
    (void)state;
    pd_report report = {.command = "check", .status = 3, .tables_before = -1, .tables_after = -1};
    PD_AUTO_STRBUF out = pd_strbuf_new(PD_STRBUF_MAX);
    pd_render_human(&report, &(pd_render_options){.width = 80, .quiet = true}, &out);
    assert_string_equal(out.data, "gate closed: could not be decided, the database is untouched\n");
    pd_render_human(&report, &(pd_render_options){.width = 80, .quiet = true}, &out);
    assert_int_equal(out.len, 2 * strlen("gate closed: could not be decided, the database is "
                                         "untouched\n"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(check_is_golden),
        cmocka_unit_test(closed_is_golden),
        cmocka_unit_test(edited_is_golden),
        cmocka_unit_test(planned_is_golden),
        cmocka_unit_test(deploy_is_golden),
        cmocka_unit_test(nothing_to_do_is_golden),
        cmocka_unit_test(failed_is_golden),
        cmocka_unit_test(locked_is_golden),
        cmocka_unit_test(rollback_is_golden),
        cmocka_unit_test(status_is_golden),
        cmocka_unit_test(unreachable_is_golden),
        cmocka_unit_test(hostile_text_never_gets_out),
        cmocka_unit_test(long_lists_are_cut_unless_verbose),
        cmocka_unit_test(the_last_line_is_there_with_nothing_else),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
