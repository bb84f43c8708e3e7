#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/masked.h"
#include "base/str.h"

static void literals_are_taken_out(void **state)
{
    static const char *const cases[][2] = {
        {"", ""},
        {"  \n ", ""},
        {"SELECT 1", "SELECT ?"},
        {"SELECT * FROM orders WHERE id = 42 AND paid",
         "SELECT * FROM orders WHERE id = ? AND paid"},
        {"UPDATE a SET b='x''y', c = $1", "UPDATE a SET b=?, c = $1"},
        {"SELECT E'it\\'s', e'\\\\', 2", "SELECT ?, ?, ?"},
        {"SELECT B'01', X'1F', N'n', U&'\\0041', u&'a'", "SELECT ?, ?, ?, ?, ?"},
        {"SELECT name'x', u & 'x'", "SELECT name?, u & ?"},
        {"SELECT $$it's$$, $tag$ $$ 'x' $tag$, $é$x$é$ FROM t", "SELECT ?, ?, ? FROM t"},
        {"SELECT a$b$c, $1$2", "SELECT a$b$c, $1$2"},
        {"SELECT 1.5e-10, .5, 0x1F, 1_000, t1.c2 FROM t1", "SELECT ?, ?, ?, ?, t1.c2 FROM t1"},
        {"SELECT -1, a[3], b::numeric(10,2)", "SELECT -?, a[?], b::numeric(?,?)"},
        {"SELECT \"a 'b' 1\", \"\"\"\" FROM \"c\"", "SELECT \"a 'b' 1\", \"\"\"\" FROM \"c\""},
        {"SELECT 1 -- the 'secret\n FROM t", "SELECT ? FROM t"},
        {"/* a /* nested */ 'one' */ SELECT/**/x", "SELECT x"},
        {"SELECT\t\r\n  x\n", "SELECT x"},
        {"SELECT /* not closed 'x'", "SELECT ?"},
        {"/* not closed 'x'", "?"},
        {"ALTER ROLE r PASSWORD 'secret", "ALTER ROLE r PASSWORD ?"},
        {"SELECT $$secret$", "SELECT ?"},
        {"SELECT $a$secret$b$ x", "SELECT ?"},
        {"SELECT 'a\\' || secret || 'b'", "SELECT ?"},
        {"SELECT E'a'\n'b\\'secret' x", "SELECT ? ?"},
        {"SELECT '東京', é FROM ü", "SELECT ?, é FROM ü"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        PD_AUTO_STRBUF out = pd_strbuf_new(1000);
        pd_masked_sql(&out, cases[i][0], strlen(cases[i][0]));
        assert_string_equal(out.data, cases[i][1]);
    }
}

static uint32_t next(uint32_t *seed)
{
    *seed = *seed * 1664525U + 1013904223U;
    return *seed >> 8;
}

/* A text of pieces, the secret in every kind of literal and comment. */
static void compose(pd_strbuf *out, uint32_t *seed)
{
    static const char *const pieces[] = {
        "'SECRET'",
        "'it''s SECRET'",
        "E'\\'SECRET'",
        "e'\\\\\\'SECRET'",
        "$$SECRET$$",
        "$t$ $$ SECRET $t$",
        "U&'SECRET'",
        "N'SECRET'",
        "/* SECRET */",
        "/* /* ' */ SECRET */",
        "-- SECRET ' $$ \" /*\n",
        "7777777",
        "77.77e-77",
        "$1",
        "name",
        "\"quoted ' name\"",
        "a$b$c",
        "(",
        ")",
        ",",
        "=",
        "::text",
        ";",
        "@>",
        "?",
        "e",
        "é",
        "E'a'\n'\\' SECRET'",
        "'\\' SECRET'",
        "'\\\\SECRET'",
    };
    size_t count = 1 + next(seed) % 12;
    for (size_t i = 0; i < count; i++)
        pd_strbuf_addf(out, "%s ", pieces[next(seed) % (sizeof pieces / sizeof *pieces)]);
}

/* The server cuts a text anywhere. */
static void nothing_gets_through_wherever_the_text_is_cut(void **state)
{
    uint32_t seed = 1;
    (void)state;
    for (int i = 0; i < 3000; i++) {
        PD_AUTO_STRBUF text = pd_strbuf_new(10000);
        compose(&text, &seed);
        for (size_t len = 0; len <= text.len; len++) {
            /* A copy of its own, so that a reader that goes too far is seen. */
            char *cut = malloc(len + 1);
            PD_AUTO_STRBUF out = pd_strbuf_new(10000);
            memcpy(cut, text.data, len);
            pd_masked_sql(&out, cut, len);
            free(cut);
            if (strstr(out.data, "SEC") != NULL || strchr(out.data, '7') != NULL)
                fail_msg("%.*s: %s", (int)len, text.data, out.data);
        }
    }
}

static void any_bytes_are_read(void **state)
{
    static const char bytes[] = "'\"$$$tT\\/*-\n 09eEuU&.\0\xC3\xA9\xFF";
    uint32_t seed = 2;
    (void)state;
    for (int i = 0; i < 100000; i++) {
        size_t len = next(&seed) % 40;
        char *text = malloc(len + 1);
        for (size_t j = 0; j < len; j++)
            text[j] = bytes[next(&seed) % (sizeof bytes - 1)];
        PD_AUTO_STRBUF out = pd_strbuf_new(30);
        pd_masked_sql(&out, text, len);
        free(text);
        assert_true(out.len <= 30 && out.data[out.len] == '\0');
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(literals_are_taken_out),
        cmocka_unit_test(nothing_gets_through_wherever_the_text_is_cut),
        cmocka_unit_test(any_bytes_are_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
