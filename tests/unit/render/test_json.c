/* The JSON report against golden files, and those against docs/report.schema.json. */
#include <setjmp.h>
#include <spawn.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/json.h"
#include "golden.h"
#include "render/render.h"
#include "reports.h"

typedef struct scenario {
    const char *name;
    pd_report *(*make)(pd_arena *arena);
} scenario;

static const scenario scenarios[] = {
    {"check", report_check},
    {"closed", report_closed},
    {"edited", report_edited},
    {"planned", report_planned},
    {"deploy", report_deploy},
    {"failed", report_failed},
    {"locked", report_locked},
    {"nothing_to_do", report_nothing_to_do},
    {"rollback", report_rollback},
    {"status", report_status},
    {"unreachable", report_unreachable},
};
#define SCENARIOS (sizeof scenarios / sizeof scenarios[0])

/* A new version of the tool is no reason for new golden files. */
static void hide_version(pd_strbuf *out)
{
    char *version = strstr(out->data, "\"" PD_VERSION "\"");
    assert_non_null(version);
    for (char *c = version + 1; *c != '"'; c++)
        *c = *c == '.' ? '.' : '0';
}

static void all_are_golden(void **state)
{
    (void)state;
    for (size_t i = 0; i < SCENARIOS; i++) {
        PD_AUTO_ARENA arena = pd_arena_new();
        PD_AUTO_STRBUF out = pd_strbuf_new(PD_STRBUF_MAX);
        pd_render_json(scenarios[i].make(arena), &out);
        hide_version(&out);
        golden_compare(pd_arena_printf(arena, "%s.json", scenarios[i].name), &out);
    }
}

static void all_are_valid(void **state)
{
    (void)state;
    PD_AUTO_ARENA arena = pd_arena_new();
    char *argv[SCENARIOS + 4] = {
        pd_arena_strdup(arena, "/usr/bin/python3"),
        pd_arena_strdup(arena, PD_SOURCE_DIR "/tests/unit/render/validate_reports.py"),
        pd_arena_strdup(arena, PD_SOURCE_DIR "/docs/report.schema.json"),
    };
    for (size_t i = 0; i < SCENARIOS; i++)
        argv[i + 3] = pd_arena_printf(arena, "%s/tests/golden/render/%s.json", PD_SOURCE_DIR,
                                      scenarios[i].name);
    pid_t child = 0;
    int status = -1;
    assert_int_equal(posix_spawn(&child, argv[0], NULL, NULL, argv, environ), 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

/* What a terminal or a runner would act upon is escaped, and still there for who parses it. */
static void hostile_text_is_escaped_and_kept(void **state)
{
    (void)state;
    PD_AUTO_ARENA arena = pd_arena_new();
    PD_AUTO_STRBUF out = pd_strbuf_new(PD_STRBUF_MAX);
    pd_report *report = report_check(arena);
    const char *text =
        "\x1b[2J \xC2\x9B \x7F \xE2\x80\xAE \xF3\xA0\x80\xA1 ##[command] ##vso[x] größe\n::x::";
    pd_find(report->findings, PD_RULE_SQL_SYNTAX, NULL, "%s", text);
    pd_render_json(report, &out);
    for (size_t i = 0; i < out.len; i++) {
        unsigned char byte = (unsigned char)out.data[i];
        assert_true(byte == '\n' || (byte >= 0x20 && byte != 0x7F));
    }
    assert_null(strstr(out.data, "##["));
    assert_null(strstr(out.data, "##vso["));
    assert_null(strstr(out.data, "\xC2\x9B"));
    assert_null(strstr(out.data, "\xE2\x80\xAE"));
    assert_null(strstr(out.data, "\n::"));
    assert_non_null(strstr(out.data, "größe"));
    pd_json_error err;
    PD_AUTO_JSON root = pd_json_parse(out.data, out.len, &err);
    assert_non_null(root);
    const json_t *finding = json_array_get(json_object_get(root, "findings"), 0);
    assert_string_equal(json_string_value(json_object_get(finding, "message")), text);
}

static void verdict_follows_the_status(void **state)
{
    (void)state;
    static const struct {
        int status;
        const char *verdict;
    } cases[] = {{0, "open"},   {1, "closed"},    {2, "undecided"}, {3, "undecided"},
                 {4, "failed"}, {5, "failed"},    {6, "failed"},    {7, "failed"},
                 {8, "failed"}, {9, "undecided"}, {130, "failed"},  {143, "failed"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        PD_AUTO_ARENA arena = pd_arena_new();
        PD_AUTO_STRBUF out = pd_strbuf_new(PD_STRBUF_MAX);
        pd_report *report = report_check(arena);
        report->status = cases[i].status;
        pd_render_json(report, &out);
        const char *want = pd_arena_printf(arena, "\"verdict\": \"%s\"", cases[i].verdict);
        assert_non_null(strstr(out.data, want));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_are_golden),
        cmocka_unit_test(all_are_valid),
        cmocka_unit_test(hostile_text_is_escaped_and_kept),
        cmocka_unit_test(verdict_follows_the_status),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
