#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdbool.h>
#include <string.h>

#include "base/json.h"

static void errors_have_a_place(void **state)
{
    static const struct {
        const char *text;
        int line;
        int column;
        const char *message;
    } rows[] = {
        {"", 1, 1, "'[' or '{' expected"},
        {"   ", 1, 3, "'[' or '{' expected"},
        {"x", 1, 1, "'[' or '{' expected"},
        {"7", 1, 1, "'[' or '{' expected"},
        {"{\"a\":1,}", 1, 8, "string or '}' expected"},
        {"{\"a\" 1}", 1, 6, "':' expected"},
        {"{\n  \"a\": 1\n  \"b\": 2\n}", 3, 5, "'}' expected"},
        {"[1,\n 2,\n x]", 3, 2, "invalid token"},
        {"{\"\u00e4\u20ac\": x}", 1, 8, "invalid token"}, /* columns are characters */
        {"{\"a\": 1", 1, 7, "'}' expected"},
        {"[1, 2", 1, 5, "']' expected"},
        {"[\"abc", 1, 5, "premature end of input"},
        {"[\"a\nb\"]", 1, 3, "unexpected newline"},
        {"[\"a\tb\"]", 1, 3, "control character 0x9"},
        {"[\"\\x\"]", 1, 4, "invalid escape"},
        {"[\"\\ud800\"]", 1, 9, "invalid Unicode"},
        {"[\"\\u0000\"]", 1, 9, "\\u0000 is not allowed"},
        {"[01]", 1, 2, "invalid token"},
        {"[99999999999999999999]", 1, 21, "too big integer"},
        {"[1e999]", 1, 6, "real number overflow"},
        {"{} {}", 1, 4, "end of file expected"},
        {"{}\n\nx", 3, 1, "end of file expected"},
        {"{\"a\":1,\n\"b\":2,\n \"a\":3}", 3, 4, "duplicate object key"},
        {"[{\"a\":1,\"a\":1}]", 1, 11, "duplicate object key"},
        {"\xef\xbb\xbf{}", 1, 1, "'[' or '{' expected"}, /* a byte order mark */
        {"[\"\xff\"]", 1, 2, "unable to decode byte 0xff"},
        {"[\"\xc0\xaf\"]", 1, 2, "unable to decode byte 0xc0"},
        {"[\"\xed\xa0\x80\"]", 1, 2, "unable to decode byte 0xed"},
        {"[//x\n1]", 1, 2, "invalid token"},
        {"['a']", 1, 2, "invalid token"},
        {"[NaN]", 1, 4, "invalid token"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        pd_json_error err;
        memset(&err, 0, sizeof err);
        PD_AUTO_JSON value = pd_json_parse(rows[i].text, strlen(rows[i].text), &err);
        assert_null(value);
        if (err.line != rows[i].line || err.column != rows[i].column ||
            strstr(err.message, rows[i].message) == NULL)
            fail_msg("row %zu: %d:%d: %s", i, err.line, err.column, err.message);
    }
}

static void nul_bytes_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *data;
        size_t len;
        int line;
        int column;
    } rows[] = {{"{}\0", 3, 1, 3},  {"\0{}", 3, 1, 1},       {"[\"a\0b\"]", 7, 1, 4},
                {"[1\0]", 4, 1, 3}, {"[1,\n\0 2]", 8, 2, 1}, {"[1]\0\0", 5, 1, 4}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        pd_json_error err;
        PD_AUTO_JSON value = pd_json_parse(rows[i].data, rows[i].len, &err);
        assert_null(value);
        assert_int_equal(err.line, rows[i].line);
        assert_int_equal(err.column, rows[i].column);
        assert_string_equal(err.message, "a NUL byte is not allowed");
    }
    pd_json_error err;
    PD_AUTO_JSON value = pd_json_parse(NULL, 0, &err);
    assert_null(value);
    assert_true(err.line == 1 && err.column == 1);
}

static json_t *nested(size_t depth, pd_json_error *err)
{
    PD_AUTO_STRBUF text = pd_strbuf_new(PD_STRBUF_MAX);
    pd_strbuf_addn(&text, '[', depth);
    pd_strbuf_addn(&text, ']', depth);
    return pd_json_parse(text.data, text.len, err);
}

static void depth_is_bounded(void **state)
{
    (void)state;
    pd_json_error err;
    PD_AUTO_JSON deepest = nested(2048, &err);
    assert_non_null(deepest);
    assert_null(nested(2049, &err));
    assert_int_equal(err.line, 1);
    assert_int_equal(err.column, 2049);
    assert_null(nested(3000000, &err));

    PD_AUTO_STRBUF open = pd_strbuf_new(PD_STRBUF_MAX);
    for (int i = 0; i < 500000; i++)
        pd_strbuf_adds(&open, "{\"a\":");
    assert_null(pd_json_parse(open.data, open.len, &err));
}

static void values_are_read_and_written(void **state)
{
    static const struct {
        const char *text;
        const char *compact;
    } rows[] = {
        {"{}", "{}"},
        {" [ ] ", "[]"},
        {"{\"z\": 1, \"a\": [true, false, null], \"m\": \"x\"}",
         "{\"z\":1,\"a\":[true,false,null],\"m\":\"x\"}"}, /* the order stays */
        {"[1526, -1, 9223372036854775807]", "[1526,-1,9223372036854775807]"},
        {"[\"\\u00e4\\ud83d\\udc18 \u20ac \\/ \\\" \\\\ \\n\"]",
         "[\"\u00e4\U0001f418 \u20ac / \\\" \\\\ \\n\"]"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        pd_json_error err;
        PD_AUTO_JSON value = pd_json_parse(rows[i].text, strlen(rows[i].text), &err);
        assert_non_null(value);
        PD_AUTO_STRBUF out = pd_strbuf_new(1000);
        pd_json_write(&out, value, false);
        assert_string_equal(out.data, rows[i].compact);
    }
}

static void writing_indents_and_appends(void **state)
{
    (void)state;
    PD_AUTO_JSON value = json_pack("{s:i, s:[s]}", "b", 1, "a", "x");
    PD_AUTO_STRBUF out = pd_strbuf_new(1000);
    pd_strbuf_adds(&out, "> ");
    pd_json_write(&out, value, true);
    assert_string_equal(out.data, "> {\n  \"b\": 1,\n  \"a\": [\n    \"x\"\n  ]\n}");
    PD_AUTO_JSON text = pd_json_text("x");
    pd_json_write(&out, text, true);
    assert_true(strcmp(out.data + out.len - 4, "}\"x\"") == 0);
}

/* JSON stands on terminals and in the logs of CI runners too. */
static void written_text_is_harmless_and_the_same(void **state)
{
    static const struct {
        const char *text;
        const char *written;
    } rows[] = {
        {"\x1b[2J\r\n", "\"\\u001B[2J\\r\\n\""},
        {"\x7f", "\"\\u007F\""},
        {"\xc2\x9b"
         "2J",
         "\"\\u009B2J\""},
        {"a\u2028b\u202e", "\"a\\u2028b\\u202E\""},
        {"\ufeff", "\"\\uFEFF\""},
        {"\U000e0041", "\"\\uDB40\\uDC41\""},
        {"##[error]###[x", "\"\\u0023#[error]#\\u0023#[x\""},
        {"# ## [", "\"# ## [\""},
        {"\u00e4\u20ac\U0001f418", "\"\u00e4\u20ac\U0001f418\""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        PD_AUTO_JSON value = pd_json_text(rows[i].text);
        PD_AUTO_STRBUF out = pd_strbuf_new(1000);
        pd_json_write(&out, value, false);
        assert_string_equal(out.data, rows[i].written);
        PD_AUTO_JSON list = json_array();
        json_array_append(list, value);
        pd_strbuf_clear(&out);
        pd_json_write(&out, list, true);
        pd_json_error err;
        PD_AUTO_JSON again = pd_json_parse(out.data, out.len, &err);
        assert_non_null(again);
        assert_string_equal(json_string_value(json_array_get(again, 0)), rows[i].text);
    }
}

static void text_of_any_bytes_becomes_a_value(void **state)
{
    static const struct {
        const char *text;
        const char *value;
    } rows[] = {
        {"", ""},
        {"plain \u20ac", "plain \u20ac"},
        {"a\xff"
         "b",
         "a\ufffd"
         "b"},
        {"\xc0\xaf", "\ufffd\ufffd"},
        {"\xe2\x82", "\ufffd\ufffd"},
        {"\xed\xa0\x80", "\ufffd\ufffd\ufffd"},
        {"\xf4\x90\x80\x80", "\ufffd\ufffd\ufffd\ufffd"},
        {"\u20ac\xe2\x82\u20ac", "\u20ac\ufffd\ufffd\u20ac"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        PD_AUTO_JSON value = pd_json_text(rows[i].text);
        assert_string_equal(json_string_value(value), rows[i].value);
    }
    PD_AUTO_JSON none = pd_json_text(NULL);
    assert_true(json_is_null(none));
    PD_AUTO_JSON unset = NULL;
    pd_json_cleanup(&unset);
    assert_null(unset);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(errors_have_a_place),
        cmocka_unit_test(nul_bytes_are_refused),
        cmocka_unit_test(depth_is_bounded),
        cmocka_unit_test(values_are_read_and_written),
        cmocka_unit_test(writing_indents_and_appends),
        cmocka_unit_test(written_text_is_harmless_and_the_same),
        cmocka_unit_test(text_of_any_bytes_becomes_a_value),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
