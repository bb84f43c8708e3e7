/* Foreign text in each format: what goes in, what comes out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/strbuf.h"
#include "render/escape.h"

typedef struct row {
    const char *text;
    const char *want;
} row;

static void check(const row *rows, size_t count, void (*escape)(pd_strbuf *out, const char *text))
{
    for (size_t i = 0; i < count; i++) {
        PD_AUTO_STRBUF out = pd_strbuf_new(PD_STRBUF_MAX);
        escape(&out, rows[i].text);
        assert_string_equal(out.data, rows[i].want);
    }
}
#define CHECK(rows, escape) check(rows, sizeof rows / sizeof *rows, escape)

static void commands(void **state)
{
    (void)state;
    static const row rows[] = {
        {"", ""},
        {"plain, with: both", "plain, with: both"},
        {"100% %0A", "100%25 %250A"},
        {"a\nb\r\nc\rd", "a%0Ab%0Ac\\x0Dd"},
        {"\n::error::x", "%0A::error::x"},
        {"##[error]", "#\\x23[error]"},
        {"##vso[x]", "#\\x23vso[x]"},
        {"\x1b[2J\xC2\x9B\xFF", "\\x1B[2J\\u{9B}\\xFF"},
    };
    CHECK(rows, pd_escape_command);
}

static void properties(void **state)
{
    (void)state;
    static const row rows[] = {
        {"a/b.sql", "a/b.sql"},
        {"a:b,c%d", "a%3Ab%2Cc%25d"},
        {"x,line=1::y\n::z", "x%2Cline=1%3A%3Ay\\x0A%3A%3Az"},
    };
    CHECK(rows, pd_escape_property);
}

static void xml(void **state)
{
    (void)state;
    static const row rows[] = {
        {"a < b && c > \"d\" 'e'", "a &lt; b &amp;&amp; c &gt; &quot;d&quot; 'e'"},
        {"]]></failure>", "]]&gt;&lt;/failure&gt;"},
        {"a\tb\nc\r", "a&#9;b&#10;c&#13;"},
        {"\x01\x08\x0B\x1F|", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD|"},
        {"\xEF\xBF\xBE\xEF\xBF\xBF", "\xEF\xBF\xBD\xEF\xBF\xBD"},
        {"\x7F\xC2\x9B\xE2\x80\xAE", "&#x7F;&#x9B;&#x202E;"},
        {"\xFF\xED\xA0\x80|", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD|"},
        {"##[error]", "&#35;#[error]"},
        {"##vso[x]", "&#35;#vso[x]"},
        {"größe 😀", "größe 😀"},
    };
    CHECK(rows, pd_escape_xml);
}

static void code(pd_strbuf *out, const char *text)
{
    pd_escape_code(out, text, false);
}

static void cell(pd_strbuf *out, const char *text)
{
    pd_escape_code(out, text, true);
}

static void code_spans(void **state)
{
    (void)state;
    static const row rows[] = {
        {"", ""},
        {" \n ", ""},
        {"<b>[x](y)</b> @me #1", "` <b>[x](y)</b> @me #1 `"},
        {"a `b` c", "`` a `b` c ``"},
        {"``` x", "```` ``` x ````"},
        {"`````````", "` ''''''''' `"},
        {"a\n\n## b", "` a\\x0A\\x0A## b `"},
        {"a | b", "` a | b `"},
    };
    CHECK(rows, code);
    static const row cells[] = {
        {"a | b \\| c", "` a \\x7C b \\\\x7C c `"},
    };
    CHECK(cells, cell);
}

static void stripped(void **state)
{
    (void)state;
    static const row rows[] = {
        {"s3://backups/größe", "s3://backups/größe"},
        {"a\nb\r\x1b[0m\x7F\xE2\x80\xAE\xFF.", "ab[0m."},
    };
    CHECK(rows, pd_escape_strip);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(commands),   cmocka_unit_test(properties), cmocka_unit_test(xml),
        cmocka_unit_test(code_spans), cmocka_unit_test(stripped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
