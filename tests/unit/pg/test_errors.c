#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/str.h"
#include "pg/errors.h"

static void takes_the_sqlstate_out_of_the_verbose_text(void **state)
{
    (void)state;
    pd_error err = {0};
    assert_false(pd_pg_fail_connect(
        &err, "connection to server at \"h\" (10.0.0.1), port 5432 failed: FATAL:  28P01: password "
              "authentication failed for user \"u\"\nLOCATION:  auth_failed, auth.c:335\n"));
    assert_int_equal(err.kind, PD_ERROR_UNREACHABLE);
    assert_string_equal(err.code, "28P01");
    assert_string_equal(err.detail,
                        "connection to server at \"h\" (10.0.0.1), port 5432 failed: FATAL:  "
                        "password authentication failed for user \"u\"");
    assert_non_null(strstr(err.hint, "password"));
}

static void hints_by_the_text_when_there_is_no_code(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"connection to server at \"h\", port 1 failed: Connection refused\n\tIs the server "
         "running?\n",
         "Nothing listens"},
        {"could not translate host name \"h\" to address: Name or service not known\n", "DNS"},
        {"fe_sendauth: no password supplied\n", "PGPASSWORD"},
        {"server does not support SSL, but SSL was required\n", "TLS"},
        {"something nobody has seen\n", "Check the connection string"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        pd_error err = {0};
        assert_false(pd_pg_fail_connect(&err, cases[i][0]));
        assert_string_equal(err.code, "");
        if (strstr(err.hint, cases[i][1]) == NULL) {
            fail_msg("%s: hint is %s", cases[i][0], err.hint);
        }
    }
}

static void a_refusal_is_told_by_its_text(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"FATAL:  28000: role \"u\" does not exist\n", "createuser"},
        {"FATAL:  28000: no pg_hba.conf entry for host \"h\", user \"u\", database \"d\", no "
         "encryption\n",
         "sslmode=require"},
        {"FATAL:  28000: something else\n", "pg_hba.conf"},
        {"FATAL:  3D000: database \"d\" does not exist\n", "createdb"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        pd_error err = {0};
        assert_false(pd_pg_fail_connect(&err, cases[i][0]));
        if (strstr(err.hint, cases[i][1]) == NULL) {
            fail_msg("%s: hint is %s", cases[i][0], err.hint);
        }
    }
}

static void a_code_needs_five_capitals_or_digits(void **state)
{
    (void)state;
    static const char *const texts[] = {"FATAL:  28p01: x", "FATAL:  28P0: x", "FATAL:  28P01 x",
                                        "FATAL:  x", ""};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        pd_error err = {0};
        assert_false(pd_pg_fail_connect(&err, texts[i]));
        assert_string_equal(err.code, "");
        assert_string_equal(err.detail, texts[i]);
    }
}

static void locks_are_a_kind_of_their_own(void **state)
{
    (void)state;
    assert_int_equal(pd_pg_kind("55P03", PD_ERROR_APPLY), PD_ERROR_LOCKED);
    assert_int_equal(pd_pg_kind("40P01", PD_ERROR_UNREACHABLE), PD_ERROR_LOCKED);
    assert_int_equal(pd_pg_kind("42601", PD_ERROR_APPLY), PD_ERROR_APPLY);
    assert_int_equal(pd_pg_kind("", PD_ERROR_UNREACHABLE), PD_ERROR_UNREACHABLE);
}

static void hints_name_the_setting_that_helps(void **state)
{
    (void)state;
    assert_non_null(strstr(pd_pg_hint("53200"), "transaction = each"));
    assert_non_null(strstr(pd_pg_hint("53200"), "max_locks_per_transaction"));
    assert_non_null(strstr(pd_pg_hint("57014"), "statementTimeout"));
    assert_non_null(strstr(pd_pg_hint("55P03"), "lockTimeout"));
    assert_non_null(strstr(pd_pg_hint("55P04"), "transaction = each"));
    assert_non_null(strstr(pd_pg_hint("42501"), "[deploy] role"));
    assert_null(pd_pg_hint("42P01"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_the_sqlstate_out_of_the_verbose_text),
        cmocka_unit_test(hints_by_the_text_when_there_is_no_code),
        cmocka_unit_test(a_refusal_is_told_by_its_text),
        cmocka_unit_test(a_code_needs_five_capitals_or_digits),
        cmocka_unit_test(locks_are_a_kind_of_their_own),
        cmocka_unit_test(hints_name_the_setting_that_helps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
