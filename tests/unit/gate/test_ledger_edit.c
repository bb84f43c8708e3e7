/* Edits of the ledger: by hand, and by migrations. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "base/strbuf.h"
#include "gate/ledger_edit.h"
#include "gate/syntax.h"

static void an_altered_ledger(void **state)
{
    (void)state;
    PD_AUTO_ARENA arena = pd_arena_new();
    pd_findings findings = {.arena = arena};
    pd_ledger ledger = {.present = true};
    pd_gate_altered(&ledger, &findings);
    assert_int_equal(findings.count, 0);
    ledger.altered = "the row of deployment 7 is gone";
    pd_gate_altered(&ledger, &findings);
    assert_int_equal(findings.count, 1);
    assert_string_equal(pd_rule_id(findings.items[0].rule), "ledger-altered");
    assert_int_equal(findings.items[0].severity, PD_SEVERITY_ERROR);
    assert_string_equal(findings.items[0].message,
                        "the ledger was altered by hand: the row of deployment 7 is gone");
    assert_true(findings.items[0].hint[0] != '\0');
}

static pd_script lines(pd_arena *arena, const char *text)
{
    pd_script script = {.state = PD_SCRIPT_OK, .error = ""};
    for (const char *at = text; *at != '\0'; at += strcspn(at, "\n") + 1)
        *PD_PUSH(arena, script.statements, script.count, script.capacity) = (pd_statement){
            .offset = (size_t)(at - text),
            .len = strcspn(at, "\n"),
            .verb = "DELETE",
            .object = "predeploy.migrations",
            .traits = *at == 'D' ? PD_TRAIT_LEDGER : 0,
        };
    return script;
}

static void statements_that_edit_it(void **state)
{
    (void)state;
    PD_AUTO_ARENA arena = pd_arena_new();
    pd_findings findings = {.arena = arena};
    const char *text = "S\nD\nS\nD\n";
    pd_sql_file file = {.path = "m/0001_a.sql", .data = text, .len = strlen(text)};
    pd_script script = lines(arena, text);
    pd_gate_ledger_edits(&file, &script, &findings);
    assert_int_equal(findings.count, 2);
    for (size_t i = 0; i < 2; i++) {
        const pd_finding *finding = &findings.items[i];
        assert_string_equal(pd_rule_id(finding->rule), "ledger-edit");
        assert_string_equal(finding->message, "DELETE predeploy.migrations changes the ledger");
        assert_string_equal(finding->place.path, file.path);
        assert_int_equal(finding->place.line, i == 0 ? 2 : 4);
    }
}

static void many_of_them(void **state)
{
    (void)state;
    PD_AUTO_ARENA arena = pd_arena_new();
    for (size_t count = PD_SYNTAX_FINDINGS_MAX - 1; count < PD_SYNTAX_FINDINGS_MAX + 2; count++) {
        pd_findings findings = {.arena = arena};
        PD_AUTO_STRBUF text = pd_strbuf_new(PD_STRBUF_MAX);
        for (size_t i = 0; i < count; i++)
            pd_strbuf_adds(&text, "D\n");
        pd_sql_file file = {.path = "m/0001_a.sql", .data = text.data, .len = text.len};
        pd_script script = lines(arena, text.data);
        pd_gate_ledger_edits(&file, &script, &findings);
        bool all = count < PD_SYNTAX_FINDINGS_MAX;
        assert_int_equal(findings.count, all ? count : PD_SYNTAX_FINDINGS_MAX);
        assert_int_equal(strncmp(findings.items[findings.count - 1].message, "DELETE", 6) == 0,
                         all);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_altered_ledger),
        cmocka_unit_test(statements_that_edit_it),
        cmocka_unit_test(many_of_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
