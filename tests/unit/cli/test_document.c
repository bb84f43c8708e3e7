/* What a document does not let out, and what its file is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "cli/document.h"
#include "reports.h"

#define SECRET "se%cr:et,<&>\"\xC3\xA9`|"

/* A secret that comes back in a finding, in the spelling of each format. */
static void secrets_are_gone_in_each_format(void **state)
{
    (void)state;
    for (pd_format format = PD_FORMAT_JSON; format <= PD_FORMAT_JUNIT; format++) {
        PD_AUTO_ARENA arena = pd_arena_new();
        pd_secrets secrets = {.arena = arena};
        pd_secrets_add(&secrets, SECRET);
        pd_report *report = report_check(arena);
        pd_find(report->findings, PD_RULE_SQL_SYNTAX, "a" SECRET "b", "%s", "c" SECRET "d");
        pd_document document = {0};
        pd_document_add(&document, format, report, arena);
        PD_AUTO_STRBUF out = pd_strbuf_new(PD_STRBUF_MAX);
        pd_render_document(format, false, document.parts, document.count, &out);
        assert_non_null(strstr(out.data, "cr"));
        pd_document_redact(&secrets, &out);
        assert_null(strstr(out.data, "cr:et"));
        assert_null(strstr(out.data, "cr%3Aet"));
        assert_null(strstr(out.data, "cr%3aet"));
        assert_non_null(strstr(out.data, "c***d"));
        assert_non_null(strstr(out.data, "a***b"));
    }
    PD_AUTO_ARENA arena = pd_arena_new();
    PD_AUTO_STRBUF out = pd_strbuf_new(PD_STRBUF_MAX);
    pd_secrets secrets = {.arena = arena};
    pd_secrets_add(&secrets, SECRET);
    pd_report *report = report_check(arena);
    pd_find(report->findings, PD_RULE_SQL_SYNTAX, "a" SECRET "b", "%s", "c" SECRET "d");
    report->gates[0].note = SECRET;
    pd_render_github_summary(report, 1 << 20, &out);
    pd_document_redact(&secrets, &out);
    assert_null(strstr(out.data, "cr:et"));
}

static void files_are_probed_without_a_trace(void **state)
{
    (void)state;
    PD_AUTO_ARENA arena = pd_arena_new();
    char folder[] = "/tmp/predeploy-output.XXXXXX";
    assert_non_null(mkdtemp(folder));
    const char *path = pd_arena_printf(arena, "%s/report", folder);
    const char *target = pd_arena_printf(arena, "%s/target", folder);
    pd_error err = {0};
    assert_true(pd_file_can_write(path, &err));
    assert_int_equal(access(path, F_OK), -1);
    assert_true(pd_file_append(target, "one", 3, &err));
    assert_true(pd_file_append(target, "two", 3, &err));
    struct stat found = {0};
    assert_int_equal(stat(target, &found), 0);
    assert_int_equal(found.st_size, 6);
    assert_int_equal(symlink(target, path), 0);
    assert_false(pd_file_can_write(path, &err));
    assert_int_equal(err.kind, PD_ERROR_UNREACHABLE);
    const char *const others[] = {folder, "", "/dev/null",
                                  pd_arena_printf(arena, "%s/no/report", folder)};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        err = (pd_error){0};
        assert_false(pd_file_can_write(others[i], &err));
        assert_int_equal(err.kind, PD_ERROR_UNREACHABLE);
        assert_true(err.detail[0] != '\0');
    }
    assert_false(pd_file_append(folder, "x", 1, &err));
    assert_false(pd_file_append("/dev/null", "x", 1, &err));
    PD_AUTO_STRBUF text = pd_strbuf_new(PD_STRBUF_MAX);
    pd_strbuf_adds(&text, "whole");
    mode_t mask = umask(077);
    assert_true(pd_document_write(target, &text, &err));
    assert_int_equal(stat(target, &found), 0);
    assert_int_equal(found.st_mode & 0777, 0600);
    umask(022);
    assert_true(pd_document_write(target, &text, &err));
    assert_int_equal(stat(target, &found), 0);
    assert_int_equal(found.st_mode & 0777, 0644);
    assert_int_equal(found.st_size, 5);
    umask(mask);
    unlink(path);
    unlink(target);
    assert_int_equal(rmdir(folder), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(secrets_are_gone_in_each_format),
        cmocka_unit_test(files_are_probed_without_a_trace),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
