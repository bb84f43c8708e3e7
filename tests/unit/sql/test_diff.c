/* What an edit came to, and where. */
#include "lexing.h"

#include "sql/diff.h"

#define TEXT "CREATE TABLE a (x int);\n\nALTER TABLE a\n  ADD y text DEFAULT 'it''s; -- so';\n"

static pd_change compare(pd_arena *arena, const char *was, const char *is)
{
    pd_change change;
    pd_sql_compare(arena, &(pd_bytes){was, was == NULL ? 0 : strlen(was)},
                   &(pd_bytes){is, is == NULL ? 0 : strlen(is)}, &change);
    return change;
}

typedef struct kind_scenario {
    const char *was;
    const char *is;
    pd_change_kind kind;
} kind_scenario;

static void test_kinds(void **state)
{
    (void)state;
    static const kind_scenario scenarios[] = {
        {"A;\nB;\n", "A;\r\nB;\r\n", PD_CHANGE_LINE_ENDINGS},
        {"A;\r\nB;\n", "A;\nB;\r\n", PD_CHANGE_LINE_ENDINGS},
        {"A; -- x\r\n", "A; -- x\n", PD_CHANGE_LINE_ENDINGS},
        {"A;\nB;\n", "A;\nB;", PD_CHANGE_COMMENTS},
        {"A;\nB;\n", "A;\r\n B;\r\n", PD_CHANGE_COMMENTS},
        {"A;\r\r\n", "A;\r\n", PD_CHANGE_COMMENTS},
        {"A; -- x\n", "A; -- y\n", PD_CHANGE_COMMENTS},
        {"", "-- x", PD_CHANGE_COMMENTS},
        {"SELECT '\n';", "SELECT '\r\n';", PD_CHANGE_SQL},
        {"SELECT $$\n$$;", "SELECT $$\r\n$$;", PD_CHANGE_SQL},
        {"A", "A;", PD_CHANGE_SQL},
        {"A", "", PD_CHANGE_SQL},
        {NULL, "A", PD_CHANGE_UNKNOWN},
        {"A", NULL, PD_CHANGE_UNKNOWN},
    };
    for (size_t i = 0; i < LENGTH(scenarios); i++) {
        PD_AUTO_ARENA arena = pd_arena_new();
        pd_change change = compare(arena, scenarios[i].was, scenarios[i].is);
        if (change.kind != scenarios[i].kind)
            fail_msg("scenario %zu: %s", i, pd_change_name(change.kind));
        assert_string_equal(change.commit, "");
        assert_string_equal(change.author, "");
        assert_string_equal(change.subject, "");
        if (change.kind != PD_CHANGE_SQL) {
            assert_int_equal(change.old_line + change.new_line, 0);
            assert_string_equal(change.old_excerpt, "");
            assert_string_equal(change.new_excerpt, "");
        }
    }
}

typedef struct scenario {
    const char *was;
    const char *is;
    const char *old_place; /* LINE:COLUMN EXCERPT */
    const char *new_place;
} scenario;

#define NOWHERE "0:0 "

static const scenario scenarios[] = {
    {TEXT, "CREATE TABLE a (x int);\nALTER TABLE a ADD y text;\n",
     "3:1 ADD y text DEFAULT 'it''s; -- so';", "2:1 ALTER TABLE a ADD y text;"},
    {TEXT, "/* a */ CREATE TABLE a (x bigint);", "1:1 CREATE TABLE a (x int);",
     "1:9 CREATE TABLE a (x bigint);"},
    {TEXT, "CREATE TABLE a (x int); ALTER TABLE a\n  ADD y text DEFAULT 'it''s; -- no'; B;",
     "3:1 ADD y text DEFAULT 'it''s; -- so';", "1:25 ADD y text DEFAULT 'it''s; -- no'; B;"},
    /* removed and put in between */
    {"A; B; C;", "A; C;", "1:4 B; C;", "1:4 C;"},
    {"A;\nC;", "A;\nB;\nC;", "2:1 C;", "2:1 B;"},
    {"A;", "B;\nA;", "1:1 A;", "1:1 B;"},
    /* at the end */
    {"A;\nB;\n", "A;\n", "2:1 B;", NOWHERE},
    {"A;\nB", "A", "2:1 B", NOWHERE},
    {"A;\n", "A;\n\n  B 1;\n", NOWHERE, "3:3 B 1;"},
    {"A", "A;\nB", NOWHERE, "2:1 B"},
    {"A", "A;;;\nB", NOWHERE, "2:1 B"},
    {"", "A", NOWHERE, "1:1 A"},
    {"A;", "A;;", NOWHERE, "1:3 ;"},
    /* the last statement goes on */
    {"A b", "A b c", "1:1 A b", "1:1 A b c"},
    {"A b;", "A b c;", "1:1 A b;", "1:1 A b c;"},
    {"A (\n  b c d\n);", "A (\n  b c\n);", "1:1 b c d", "1:1 b c"},
    {"A (\n  b c\n);", "A (\n  b c, -- so\n  d);", "1:1 b c", "1:1 b c, -- so"},
    {"A (\n  b,\n  c);", "A (\n  b,\n  d);", "1:1 c);", "1:1 d);"},
    {"\nA", "A;", "2:1 A", "1:1 A;"},
    {"A;", "A", "1:1 A;", "1:1 A"},
    /* borders */
    {"A (b; c);", "A (b; d);", "1:1 A (b; c);", "1:1 A (b; d);"},
    {"A); B;", "A); C;", "1:5 B;", "1:5 C;"},
    {"A (\n--> statement-breakpoint\nB;", "A (\n--> statement-breakpoint\nC;", "3:1 B;", "3:1 C;"},
    {"A;\n--> statement-breakpoint\nB;", "A;\nB;", "2:1 --> statement-breakpoint", "2:1 B;"},
    {"A\nB", "A\n--> statement-breakpoint\nB", "1:1 B", "2:1 --> statement-breakpoint"},
    {"A\n", "A\n--> statement-breakpoint\n", NOWHERE, "2:1 --> statement-breakpoint"},
    {"-- +goose NO TRANSACTION\nA;", "A;", "1:1 -- +goose NO TRANSACTION", "1:1 A;"},
    {"A;\n-- migrate:down\nB;", "A;\n-- migrate:down\nC;", "3:1 B;", "3:1 C;"},
    {"$$ ; $$; B;", "$$ ; $$; C;", "1:10 B;", "1:10 C;"},
    {"CREATE FUNCTION f() AS $$\n  a;\n  b;\n$$;", "CREATE FUNCTION f() AS $$\n  a;\n  c;\n$$;",
     "1:1 b;", "1:1 c;"},
    /* columns are characters; the excerpt is the line that differs, without blanks around it */
    {"SELECT '\xc3\xa4\xc3\xa4'; B  \t\r\n;", "SELECT '\xc3\xa4\xc3\xa4'; C", "1:14 B", "1:14 C"},
    {"A '\rb'", "A '\rc'", "1:1 b'", "1:1 c'"},
    {"A 'b", "A 'c", "1:1 A 'b", "1:1 A 'c"},
    {"A", "/* b", "1:1 A", "1:1 /* b"},
};

static const char *place(pd_arena *arena, int line, int column, const char *excerpt)
{
    return pd_arena_printf(arena, "%d:%d %s", line, column, excerpt);
}

static void test_places(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH(scenarios); i++) {
        PD_AUTO_ARENA arena = pd_arena_new();
        const scenario *s = &scenarios[i];
        pd_change there = compare(arena, s->was, s->is);
        pd_change back = compare(arena, s->is, s->was);
        assert_int_equal(there.kind, PD_CHANGE_SQL);
        const char *was = place(arena, there.old_line, there.old_column, there.old_excerpt);
        const char *is = place(arena, there.new_line, there.new_column, there.new_excerpt);
        if (strcmp(was, s->old_place) != 0 || strcmp(is, s->new_place) != 0)
            fail_msg("scenario %zu: '%s' and '%s'", i, was, is);
        assert_string_equal(place(arena, back.old_line, back.old_column, back.old_excerpt), is);
        assert_string_equal(place(arena, back.new_line, back.new_column, back.new_excerpt), was);
    }
}

static void test_long_line(void **state)
{
    (void)state;
    PD_AUTO_ARENA arena = pd_arena_new();
    PD_AUTO_STRBUF text = pd_strbuf_new(PD_STRBUF_MAX);
    pd_strbuf_adds(&text, "A");
    while (text.len < 300)
        pd_strbuf_adds(&text, "\xe2\x82\xac");
    pd_change change = compare(arena, text.data, "B");
    assert_int_equal(strlen(change.old_excerpt), 199);
    assert_int_equal(pd_utf8_invalid_at(change.old_excerpt, 199), 199);
}

/* compare says that SQL changed exactly when the digests differ. */
static void test_agrees_with_digest(void **state)
{
    (void)state;
    PD_AUTO_STRBUF was = pd_strbuf_new(PD_STRBUF_MAX);
    PD_AUTO_STRBUF is = pd_strbuf_new(PD_STRBUF_MAX);
    uint64_t seed = 7;
    size_t equal = 0;
    for (size_t i = 0; i < 20000; i++) {
        PD_AUTO_ARENA arena = pd_arena_new();
        char digests[2][PD_SHA256_HEX];
        soup(&seed, &was);
        pd_strbuf_clear(&is);
        size_t cut = dice(&seed, was.len + 1);
        pd_strbuf_add(&is, was.data, cut);
        pd_strbuf_adds(&is, pieces[dice(&seed, LENGTH(pieces))]);
        pd_strbuf_adds(&is, was.data + cut);
        pd_sql_tokens_digest(was.data, was.len, digests[0]);
        pd_sql_tokens_digest(is.data, is.len, digests[1]);
        pd_change change = compare(arena, was.data, is.data);
        bool same = strcmp(digests[0], digests[1]) == 0;
        equal += same;
        if (same == (change.kind == PD_CHANGE_SQL))
            fail_msg("%s\nand %s", was.data, is.data);
        assert_true(same || change.old_line + change.new_line > 0);
    }
    assert_true(equal > 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kinds),
        cmocka_unit_test(test_places),
        cmocka_unit_test(test_long_line),
        cmocka_unit_test(test_agrees_with_digest),
    };
    return cmocka_run_group_tests_name("sql/diff", tests, NULL, NULL);
}
