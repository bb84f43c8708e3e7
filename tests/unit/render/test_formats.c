/* The machine formats against golden files, and what none of them may let out. */
#include <setjmp.h>
#include <spawn.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/json.h"
#include "base/str.h"
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
    {"nothing_to_do", report_nothing_to_do},
    {"rollback", report_rollback},
    {"status", report_status},
    {"unreachable", report_unreachable},
};
#define SCENARIOS (sizeof scenarios / sizeof scenarios[0])

static void render(pd_arena *arena, pd_format format, const pd_report *report, pd_strbuf *out)
{
    PD_AUTO_STRBUF part = pd_strbuf_new(PD_STRBUF_MAX);
    pd_render_part(format, report, &part);
    const char *const parts[] = {pd_strbuf_keep(&part, arena)};
    pd_render_document(format, false, parts, 1, out);
}

/* A new version of the tool, or a new rule, is no reason for new golden files. */
static void hide_rules(const json_t *log)
{
    json_t *run = json_array_get(json_object_get(log, "runs"), 0);
    json_t *driver = json_object_get(json_object_get(run, "tool"), "driver");
    assert_int_equal(json_array_size(json_object_get(driver, "rules")), PD_RULE_COUNT);
    json_object_del(driver, "rules");
    json_object_set_new(driver, "version", json_string("0.0.0"));
    json_object_set_new(driver, "semanticVersion", json_string("0.0.0"));
    size_t index = 0;
    json_t *result = NULL;
    json_array_foreach(json_object_get(run, "results"), index, result)
        assert_int_equal(json_object_del(result, "ruleIndex"), 0);
}

static void sarif_is_golden(void **state)
{
    (void)state;
    for (size_t i = 0; i < SCENARIOS; i++) {
        PD_AUTO_ARENA arena = pd_arena_new();
        PD_AUTO_STRBUF out = pd_strbuf_new(PD_STRBUF_MAX);
        render(arena, PD_FORMAT_SARIF, scenarios[i].make(arena), &out);
        pd_json_error err;
        PD_AUTO_JSON log = pd_json_parse(out.data, out.len, &err);
        assert_non_null(log);
        hide_rules(log);
        pd_strbuf_clear(&out);
        pd_json_write(&out, log, true);
        pd_strbuf_addc(&out, '\n');
        golden_compare(pd_arena_printf(arena, "%s.sarif", scenarios[i].name), &out);
    }
}

static void github_is_golden(void **state)
{
    (void)state;
    for (size_t i = 0; i < SCENARIOS; i++) {
        PD_AUTO_ARENA arena = pd_arena_new();
        PD_AUTO_STRBUF out = pd_strbuf_new(PD_STRBUF_MAX);
        const pd_report *report = scenarios[i].make(arena);
        const char *name = scenarios[i].name;
        render(arena, PD_FORMAT_GITHUB, report, &out);
        golden_compare(pd_arena_printf(arena, "%s-github.txt", name), &out);
        pd_strbuf_clear(&out);
        pd_render_github_summary(report, 1 << 20, &out);
        golden_compare(pd_arena_printf(arena, "%s-summary.md", name), &out);
        pd_strbuf_clear(&out);
        assert_true(pd_render_github_outputs(report, "predeploy-0", &out));
        golden_compare(pd_arena_printf(arena, "%s-outputs.txt", name), &out);
    }
}

static void junit_is_golden(void **state)
{
    (void)state;
    for (size_t i = 0; i < SCENARIOS; i++) {
        PD_AUTO_ARENA arena = pd_arena_new();
        PD_AUTO_STRBUF out = pd_strbuf_new(PD_STRBUF_MAX);
        render(arena, PD_FORMAT_JUNIT, scenarios[i].make(arena), &out);
        golden_compare(pd_arena_printf(arena, "%s-junit.xml", scenarios[i].name), &out);
    }
}

static void run_python(char *const argv[])
{
    pid_t child = 0;
    int status = -1;
    assert_int_equal(posix_spawn(&child, argv[0], NULL, NULL, argv, environ), 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

/* Each log as it is written, and one of two runs, against the published schema. */
static void sarif_is_valid(void **state)
{
    (void)state;
    PD_AUTO_ARENA arena = pd_arena_new();
    char folder[] = "/tmp/predeploy-sarif.XXXXXX";
    assert_non_null(mkdtemp(folder));
    char *argv[SCENARIOS + 5] = {
        pd_arena_strdup(arena, "/usr/bin/python3"),
        pd_arena_strdup(arena, PD_SOURCE_DIR "/tests/unit/render/validate_sarif.py"),
        pd_arena_strdup(arena, PD_FIXTURES "/sarif/sarif-schema-2.1.0.json"),
    };
    const char *parts[SCENARIOS];
    for (size_t i = 0; i <= SCENARIOS; i++) {
        PD_AUTO_STRBUF out = pd_strbuf_new(PD_STRBUF_MAX);
        if (i < SCENARIOS) {
            pd_render_part(PD_FORMAT_SARIF, scenarios[i].make(arena), &out);
            parts[i] = pd_strbuf_keep(&out, arena);
            pd_strbuf_clear(&out);
        }
        pd_render_document(PD_FORMAT_SARIF, i == SCENARIOS, i < SCENARIOS ? &parts[i] : parts,
                           i < SCENARIOS ? 1 : SCENARIOS, &out);
        argv[i + 3] = pd_arena_printf(arena, "%s/%zu.sarif", folder, i);
        pd_error err = {0};
        assert_true(pd_file_write(argv[i + 3], out.data, out.len, 0600, &err));
    }
    run_python(argv);
    for (size_t i = 0; i <= SCENARIOS; i++)
        unlink(argv[i + 3]);
    rmdir(folder);
}

static void assert_no_control(const char *text, const char *name)
{
    for (const char *c = text; *c != '\0'; c++) {
        unsigned char byte = (unsigned char)*c;
        if (byte != '\n' && byte != '\t' && (byte < 0x20 || byte == 0x7F))
            fail_msg("%s lets a control character out", name);
    }
    static const char *const never[] = {"##[", "\xE2\x80\xAE", "\xC2\x9B", "\xFF", NULL};
    for (size_t i = 0; never[i] != NULL; i++) {
        if (strstr(text, never[i]) != NULL)
            fail_msg("%s lets %s out", name, never[i]);
    }
}

/* On a runner, only annotations of our own begin with what the runner acts upon. */
static void no_foreign_line_is_a_command(void **state)
{
    (void)state;
    static const char *const ours[] = {
        "::error file=", "::warning file=", "::notice file=", "::error title=", "::warning title="};
    for (pd_format format = PD_FORMAT_JSON; format <= PD_FORMAT_JUNIT; format++) {
        for (size_t i = 0; i < SCENARIOS; i++) {
            PD_AUTO_ARENA arena = pd_arena_new();
            PD_AUTO_STRBUF out = pd_strbuf_new(PD_STRBUF_MAX);
            render(arena, format, scenarios[i].make(arena), &out);
            assert_no_control(out.data, scenarios[i].name);
            size_t commands = 0;
            for (const char *line = out.data; line != NULL; line = strchr(line, '\n')) {
                line += *line == '\n';
                if (strncmp(line + strspn(line, " "), "::", 2) != 0)
                    continue;
                bool known = false;
                for (size_t k = 0; k < sizeof ours / sizeof *ours; k++)
                    known = known || pd_starts_with(line, ours[k]);
                assert_true(known && format == PD_FORMAT_GITHUB);
                commands++;
            }
            const pd_report *report = scenarios[i].make(arena);
            size_t wanted = report->findings->count + report->steering_count +
                            (report->failure != NULL) + (report->error.kind != PD_ERROR_NONE);
            assert_int_equal(commands, format == PD_FORMAT_GITHUB ? wanted : 0);
        }
    }
}

/* The fingerprint stays when the finding moves to another line, and only then. */
static void fingerprints_know_a_finding_again(void **state)
{
    (void)state;
    static const struct {
        pd_rule rule;
        const char *path;
        const char *message;
        int line;
        bool same;
    } cases[] = {
        {PD_RULE_SQL_SYNTAX, "m/1.sql", "x", 1, true},
        {PD_RULE_SQL_SYNTAX, "m/1.sql", "x", 99, true},
        {PD_RULE_SQL_EMPTY, "m/1.sql", "x", 1, false},
        {PD_RULE_SQL_SYNTAX, "m/2.sql", "x", 1, false},
        {PD_RULE_SQL_SYNTAX, "m/1.sql", "y", 1, false},
        {PD_RULE_SQL_SYNTAX, NULL, "x", 1, false},
    };
    char first[100] = "";
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        PD_AUTO_ARENA arena = pd_arena_new();
        PD_AUTO_STRBUF out = pd_strbuf_new(PD_STRBUF_MAX);
        pd_report *report = report_check(arena);
        pd_find(report->findings, cases[i].rule, cases[i].path, "%s", cases[i].message)
            ->place.line = cases[i].line;
        pd_render_part(PD_FORMAT_SARIF, report, &out);
        const char *print = strstr(out.data, "ruleAndMessage/v1");
        assert_non_null(print);
        if (i == 0)
            snprintf(first, sizeof first, "%.90s", print);
        assert_int_equal(strncmp(first, print, 88) == 0, cases[i].same);
    }
}

/* A thousand findings in little room: whole entries only, and the rest is counted. */
static void a_summary_keeps_to_its_room(void **state)
{
    (void)state;
    PD_AUTO_ARENA arena = pd_arena_new();
    pd_report *report = report_check(arena);
    for (int i = 0; i < 1000; i++)
        pd_find(report->findings, PD_RULE_SQL_SYNTAX, "m/1.sql", "finding %d", i);
    for (size_t max = 0; max <= 40000; max += max < 2000 ? 37 : 1999) {
        PD_AUTO_STRBUF out = pd_strbuf_new(PD_STRBUF_MAX);
        pd_render_github_summary(report, max, &out);
        assert_true(out.len <= max);
        if (max >= 100)
            assert_non_null(strstr(out.data, "were left out"));
    }
    PD_AUTO_STRBUF whole = pd_strbuf_new(PD_STRBUF_MAX);
    pd_render_github_summary(report, 1 << 20, &whole);
    assert_null(strstr(whole.data, "were left out"));
    assert_non_null(strstr(whole.data, "finding 999"));
}

static void outputs_cannot_be_forged(void **state)
{
    (void)state;
    PD_AUTO_ARENA arena = pd_arena_new();
    PD_AUTO_STRBUF out = pd_strbuf_new(PD_STRBUF_MAX);
    pd_report *report = report_deploy(arena);
    pd_deployment *deployment = report_deployment(arena, "succeeded");
    deployment->backup_reference = "a\nDELIMITER\nverdict=closed\x1b\xE2\x80\xAE";
    report->deployment = deployment;
    assert_false(pd_render_github_outputs(report, "DELIMITER", &out));
    assert_int_equal(out.len, 0);
    assert_true(pd_render_github_outputs(report, "OTHER", &out));
    assert_non_null(strstr(out.data, "backup<<OTHER\naDELIMITERverdict=closed\nOTHER\n"));
    assert_non_null(strstr(out.data, "verdict<<OTHER\nopen\nOTHER\n"));
    assert_non_null(strstr(out.data, "applied<<OTHER\n2\nOTHER\npending<<OTHER\n0\nOTHER\n"));
}

/* A run that makes several reports makes one document of them, whatever their number. */
static void documents_hold_any_number(void **state)
{
    (void)state;
    PD_AUTO_ARENA arena = pd_arena_new();
    static const pd_format formats[] = {PD_FORMAT_JSON, PD_FORMAT_SARIF};
    for (size_t f = 0; f < 2; f++) {
        PD_AUTO_STRBUF part = pd_strbuf_new(PD_STRBUF_MAX);
        pd_render_part(formats[f], report_check(arena), &part);
        const char *const parts[] = {part.data, part.data};
        for (size_t count = 0; count <= 2; count++) {
            PD_AUTO_STRBUF out = pd_strbuf_new(PD_STRBUF_MAX);
            pd_render_document(formats[f], true, parts, count, &out);
            pd_json_error err;
            PD_AUTO_JSON root = pd_json_parse(out.data, out.len, &err);
            assert_non_null(root);
            const json_t *reports = f == 0 ? root : json_object_get(root, "runs");
            assert_int_equal(json_array_size(reports), count);
        }
    }
}

static void formats_have_names(void **state)
{
    (void)state;
    static const char *const names[] = {"human", "json", "sarif", "github", "junit"};
    pd_format format = PD_FORMAT_HUMAN;
    for (size_t i = 0; i < 5; i++) {
        assert_true(pd_format_find(names[i], &format));
        assert_int_equal(format, i);
    }
    assert_false(pd_format_find("xml", &format));
    assert_false(pd_format_find("", &format));
    assert_false(pd_format_find(NULL, &format));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sarif_is_golden),
        cmocka_unit_test(github_is_golden),
        cmocka_unit_test(junit_is_golden),
        cmocka_unit_test(sarif_is_valid),
        cmocka_unit_test(no_foreign_line_is_a_command),
        cmocka_unit_test(fingerprints_know_a_finding_again),
        cmocka_unit_test(a_summary_keeps_to_its_room),
        cmocka_unit_test(outputs_cannot_be_forged),
        cmocka_unit_test(documents_hold_any_number),
        cmocka_unit_test(formats_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
