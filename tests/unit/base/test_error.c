#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <string.h>

#include "base/error.h"
#include "base/utf8.h"

static void each_kind_has_its_exit_status(void **state)
{
    static const struct {
        pd_error_kind kind;
        int signal;
        int status;
    } rows[] = {
        {PD_ERROR_NONE, 0, 0},
        {PD_ERROR_USAGE, 0, 2},
        {PD_ERROR_UNREACHABLE, 0, 3},
        {PD_ERROR_BACKUP, 0, 4},
        {PD_ERROR_APPLY, 0, 5},
        {PD_ERROR_PARTIAL, 0, 6},
        {PD_ERROR_VERIFY, 0, 7},
        {PD_ERROR_LOCKED, 0, 8},
        {PD_ERROR_UNKNOWN, 0, 9},
        {PD_ERROR_INTERRUPTED, SIGINT, 130},
        {PD_ERROR_INTERRUPTED, SIGTERM, 143},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        pd_error err = {.kind = rows[i].kind, .signal = rows[i].signal};
        assert_int_equal(pd_error_status(&err), rows[i].status);
    }
}

static void failing_starts_afresh(void **state)
{
    (void)state;
    pd_error err;
    memset(&err, 'x', sizeof err);
    assert_false(pd_fail(&err, PD_ERROR_BACKUP, "cannot call %s", "it"));
    assert_int_equal(err.kind, PD_ERROR_BACKUP);
    assert_int_equal(err.signal, 0);
    assert_string_equal(err.message, "cannot call it");
    assert_string_equal(err.code, "");
    assert_string_equal(err.detail, "");
    assert_string_equal(err.hint, "");
    assert_false(pd_error_detail(&err, "server said %d\n \n", 7));
    assert_false(pd_error_hint(&err, "Call again."));
    pd_error_code(&err, "53200");
    assert_string_equal(err.detail, "server said 7");
    assert_string_equal(err.hint, "Call again.");
    assert_string_equal(err.code, "53200");
    pd_error_code(&err, "a code that is far too long");
    assert_int_equal(strlen(err.code), sizeof err.code - 1);
    assert_false(pd_fail(&err, PD_ERROR_USAGE, "cannot"));
    assert_string_equal(err.detail, "");
}

static void details_of_nothing_but_blanks_are_empty(void **state)
{
    (void)state;
    pd_error err;
    pd_fail(&err, PD_ERROR_USAGE, "cannot");
    pd_error_detail(&err, "%s", " \n\n  ");
    assert_string_equal(err.detail, "");
}

/* Whatever the phase at which the buffer ends, no half character is left. */
static void text_is_cut_between_characters(void **state)
{
    static const char *const characters[] = {"x", "\u00e4", "\u20ac", "\U0001f418"};
    char text[4096];
    (void)state;
    for (size_t c = 0; c < 4; c++) {
        size_t size = strlen(characters[c]);
        for (size_t phase = 0; phase < 4; phase++) {
            size_t len = phase;
            memset(text, 'a', phase);
            while (len + size < sizeof text) {
                memcpy(text + len, characters[c], size);
                len += size;
            }
            text[len] = '\0';
            pd_error err;
            pd_fail(&err, PD_ERROR_USAGE, "%s", text);
            pd_error_detail(&err, "%s", text);
            pd_error_hint(&err, "%s", text);
            const struct {
                const char *cut;
                size_t room;
            } fields[] = {{err.message, sizeof err.message - 1},
                          {err.detail, sizeof err.detail - 1},
                          {err.hint, sizeof err.hint - 1}};
            for (size_t i = 0; i < 3; i++) {
                size_t want = phase + (fields[i].room - phase) / size * size;
                assert_int_equal(strlen(fields[i].cut), want);
                assert_memory_equal(fields[i].cut, text, want);
            }
        }
    }
}

static void bytes_that_are_no_text_are_cut_too(void **state)
{
    char bytes[1000];
    (void)state;
    for (int byte = 0x80; byte <= 0xFF; byte++) {
        memset(bytes, byte, sizeof bytes - 1);
        bytes[sizeof bytes - 1] = '\0';
        pd_error err;
        pd_fail(&err, PD_ERROR_USAGE, "%s", bytes);
        assert_in_range(strlen(err.message), sizeof err.message - 5, sizeof err.message - 1);
    }
}

static void prefix_goes_in_front(void **state)
{
    (void)state;
    pd_error err;
    pd_fail(&err, PD_ERROR_UNREACHABLE, "cannot read it");
    pd_error_detail(&err, "no such file");
    pd_error_prefix(&err, "%s:%d", "a.sql", 3);
    assert_string_equal(err.message, "a.sql:3: cannot read it");
    assert_string_equal(err.detail, "no such file");
    assert_int_equal(err.kind, PD_ERROR_UNREACHABLE);

    char longest[sizeof err.message + 10];
    memset(longest, 'p', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    pd_error_prefix(&err, "%s", longest);
    assert_int_equal(strlen(err.message), sizeof err.message - 1);

    longest[sizeof err.message - 1 - 4] = '\0';
    pd_fail(&err, PD_ERROR_USAGE, "\u20ac\u20ac");
    pd_error_prefix(&err, "%s", longest);
    /* four bytes are left: ": " and two thirds of a character, which go */
    assert_string_equal(err.message + strlen(longest), ": ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_kind_has_its_exit_status),
        cmocka_unit_test(failing_starts_afresh),
        cmocka_unit_test(details_of_nothing_but_blanks_are_empty),
        cmocka_unit_test(text_is_cut_between_characters),
        cmocka_unit_test(bytes_that_are_no_text_are_cut_too),
        cmocka_unit_test(prefix_goes_in_front),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
