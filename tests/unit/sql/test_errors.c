/* Texts that are no SQL, or not only SQL: what is said of them, and where. */
#include <pg_query.h>

#include "base/str.h"
#include "scripts.h"

#define BREAK "--> statement-breakpoint"

typedef struct refusal {
    const char *text;
    bool breakpoints;
    const char *at;       /* the rest of the text from error_offset on begins with this */
    const char *expected; /* state and error */
} refusal;

static const refusal refusals[] = {
    {"SELECT 1; SELEC 2; SELECT 3", false, "SELEC 2", "syntax: syntax error at or near \"SELEC\""},
    {"SELECT 'ünïcode €' FROM 𝄞 WHERE", false, "", "syntax: syntax error at end of input"},
    {"-- ünï €\nSELECT 'ä' x y;", false, "y;", "syntax: syntax error at or near \"y\""},
    {"CREATE TABLE t (\r\n  a int,\r\n);\r\n", false, ");",
     "syntax: syntax error at or near \")\""},
    {"SELECT 'open", false, "'open", "syntax: unterminated quoted string at or near \"'open\""},
    {"SELECT 1; /* open /* */", false, "/* open", "syntax: unterminated /* comment at or near"},
    {"/* open", false, "/* open", "syntax: unterminated /* comment"},
    {"SELECT $a$ x $b$", false, "$a$", "syntax: unterminated dollar-quoted string"},
    {"SELECT (1; SELECT 2", false, "; SELECT 2", "syntax: syntax error at or near \";\""},
    {"\xEF\xBB\xBFSELECT 1", false, "\xEF\xBB\xBF", "syntax: syntax error"},
#if PG_VERSION_NUM < 160000 /* from there on it is white space */
    {"SELECT 1\v; DROP TABLE t", false, "\v", "syntax: syntax error"},
#endif
    {"CREATE TABLE t () CREATE TABLE u ()", false, "CREATE TABLE u", "syntax: syntax error"},
    {"ALTER TABLE t ADD CONSTRAINT c NOT NULL a", false, "NOT NULL", "syntax: syntax error"},
    {"SELECT :'v'", false, ":'v'", "syntax: syntax error at or near \":\""},

    {"\\i other.sql\nSELECT 1;", false, "\\i", "psql: \\i"},
    {"SELECT 1;\n  \\copy t from 'x'\n", false, "\\copy", "psql: \\copy"},
    {"\\! rm -rf /", false, "\\!", "psql: \\!"},
    {"SELECT 1 \\gexec\n", false, "\\gexec", "psql: \\gexec"},
    {"SELECT 'a\\b', E'\\'', $$\n\\i x\n$$, \"\n\\c\" /*\n\\! */ -- \\x\n;\\connect other", false,
     "\\connect", "psql: \\connect"},
    {"SELECT 1;\n\\.\n", false, "\\.", "psql: \\."},

    {"COPY t FROM stdin;\n1\tone\n\\.\nSELECT 1;", false, "COPY", "copy data: "},
    {"SELECT 1;\n/* ; */ COPY a.t (x, y) FROM STDIN WITH (FORMAT csv); -- data;\n'1',2\n", false,
     "COPY a.t", "copy data: "},
    {"COPY t FROM stdin;\n\\.\n", false, "COPY", "copy data: "},
    {"COPY t FROM '/srv/x';\n1\tone\n", false, "1\tone", "syntax: syntax error at or near \"1\""},
    {"COPY t FROM stdin\n1\tone\n", false, "1\tone", "syntax: syntax error at or near \"1\""},

    {"SELECT 1; SET standard_conforming_strings TO off; SELECT '\\'' ; COMMIT; --'", false, "SET",
     "too deep: it changes how the server reads"},
    {"SET LOCAL \"Standard_Conforming_Strings\" = 0", false, "SET", "too deep: it changes"},
    {"SET client_encoding = 'SJIS'", false, "SET", "too deep: it changes"},
    {"SET NAMES 'GBK'", false, "SET", "too deep: it changes"},

    {"SELECT 'a " BREAK " b'", true, "'a ", "syntax: unterminated quoted string"},
    {"SELECT 1;\n" BREAK "\nDO $$ " BREAK " $$", true, "$$ ", "syntax: unterminated dollar-quoted"},
    {"SELECT 1 /* " BREAK " */", true, "/* ", "syntax: unterminated /* comment"},
    {"SELECT 1;" BREAK " SELEC 2\n", true, "SELEC", "syntax: syntax error at or near \"SELEC\""},
    {"DROP TABLE a\nDROP TABLE b", true, "DROP TABLE b",
     "syntax: syntax error at or near \"DROP\""},
    {"ä" BREAK "\nSELECT ä ö ü", true, "ä", "syntax: syntax error at or near \"ä\""},
};

static bool refused_as(pd_arena *arena, const refusal *row, const pd_script *script)
{
    const char *actual =
        pd_arena_printf(arena, "%s: %s", scripts_state(script->state), script->error);
    bool agrees = script->count == 0 && script->error_offset <= strlen(row->text) &&
                  pd_starts_with(row->text + script->error_offset, row->at) &&
                  (*row->at != '\0' || script->error_offset == strlen(row->text)) &&
                  pd_starts_with(actual, row->expected);
    if (!agrees)
        print_error("%s\n  %s at %zu\n", row->text, actual, script->error_offset);
    return agrees;
}

static void test_refusals(void **state)
{
    (void)state;
    PD_AUTO_ARENA arena = pd_arena_new();
    pd_sql_input inputs[LENGTH(refusals)];
    pd_script scripts[LENGTH(refusals)];
    pd_error err = {0};
    for (size_t i = 0; i < LENGTH(refusals); i++)
        inputs[i] = (pd_sql_input){.text = refusals[i].text,
                                   .len = strlen(refusals[i].text),
                                   .breakpoints = refusals[i].breakpoints};
    assert_true(pd_sql_parse(arena, &(pd_sql_batch){inputs, LENGTH(refusals), "public", true},
                             scripts, &err));
    size_t wrong = 0;
    for (size_t i = 0; i < LENGTH(refusals); i++)
        wrong += !refused_as(arena, &refusals[i], &scripts[i]);
    assert_int_equal(wrong, 0);
}

/* What only looks like one of them. */
static void test_accepted(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool breakpoints;
        size_t count;
    } rows[] = {
        {"", false, 0},
        {"", true, 0},
        {" \t\r\n\f;;-- x", false, 0},
        {BREAK, true, 0},
        {BREAK BREAK, true, 0},
        {BREAK " \n; SELECT 1", false, 1},
        {"SELECT 'a " BREAK " b'", false, 1},
        {"DO $$ BEGIN\n\\i x\nEND $$", false, 1},
        {"SELECT 1;" BREAK "SELECT 2;" BREAK "\nSELECT 3", true, 3},
        {"COPY t FROM stdin; SELECT 1", false, 2},
        {"CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; SELECT CASE WHEN true THEN 2 END; "
         "END; SELECT 3",
         false, 2},
        {"SET standard_conforming_strings = on; SET client_encoding = 'utf8'; SET NAMES DEFAULT; "
         "RESET client_encoding",
         false, 4},
        {"SELECT U&'d\\0061t', E'\\\\', 'it''s', $_$;$_$", false, 1},
    };
    for (size_t i = 0; i < LENGTH(rows); i++) {
        PD_AUTO_ARENA arena = pd_arena_new();
        pd_script script = scripts_parse(arena, rows[i].text, rows[i].breakpoints);
        if (script.state != PD_SCRIPT_OK || script.count != rows[i].count)
            fail_msg("%s: %s", rows[i].text, scripts_dump(arena, &script));
    }
}

/* A statement is its text from the first token on, without the semicolon. */
static void test_extent(void **state)
{
    (void)state;
    static const char text[] =
        "-- first\r\nSELECT 1 ;\r\n\r\n/* x */ INSERT INTO t\r\nVALUES (';') \r\n;"
        "-- gone\rDROP TABLE t  ";
    static const char *const expected[] = {"SELECT 1", "INSERT INTO t\r\nVALUES (';')",
                                           "DROP TABLE t"};
    PD_AUTO_ARENA arena = pd_arena_new();
    pd_script script = scripts_parse(arena, text, false);
    assert_int_equal(script.count, LENGTH(expected));
    for (size_t i = 0; i < LENGTH(expected); i++) {
        const pd_statement *statement = &script.statements[i];
        assert_string_equal(pd_arena_strndup(arena, text + statement->offset, statement->len),
                            expected[i]);
        int line = 0;
        int column = 0;
        pd_line_column(text, strlen(text), statement->offset, &line, &column);
        assert_int_equal(statement->line, line);
        assert_int_equal(statement->column, column);
    }
}

static void test_long_error_is_cut(void **state)
{
    (void)state;
    PD_AUTO_ARENA arena = pd_arena_new();
    PD_AUTO_STRBUF text = pd_strbuf_new(PD_STRBUF_MAX);
    pd_strbuf_adds(&text, "SELECT 'x");
    for (size_t i = 0; i < 10000; i++)
        pd_strbuf_adds(&text, "€");
    pd_script script = scripts_parse(arena, text.data, false);
    assert_int_equal(script.state, PD_SCRIPT_SYNTAX);
    assert_in_range(strlen(script.error), 190, 203);
    assert_true(pd_ends_with(script.error, "€..."));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_accepted),
        cmocka_unit_test(test_extent),
        cmocka_unit_test(test_long_error_is_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
