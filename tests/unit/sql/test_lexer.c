/* The lexer against PostgreSQL's own scanner, as libpg_query has it: the same tokens end where the
 * same tokens end, over a corpus, the fixtures and many soups. */
#include "lexing.h"

#include <pg_query.h>
#include <pg_query/pg_query.pb-c.h>

#include "base/str.h"

#define SOUPS 60000

/* Tokens of one text, as it was read by one of the two. */
typedef struct spans {
    size_t *starts;
    size_t count;
    size_t start_capacity;
    size_t *ends; /* 0: not known */
    size_t end_count;
    size_t end_capacity;
} spans;

static void add(pd_arena *arena, spans *to, size_t start, size_t end)
{
    *PD_PUSH(arena, to->starts, to->count, to->start_capacity) = start;
    *PD_PUSH(arena, to->ends, to->end_count, to->end_capacity) = end;
}

/* False when the text is an error to the scanner. It gives U&'...' a wrong end. */
static bool scan(pd_arena *arena, const char *text, spans *out)
{
    PgQueryScanResult result = pg_query_scan(text);
    bool fine = result.error == NULL;
    if (fine) {
        PgQuery__ScanResult *list =
            pg_query__scan_result__unpack(NULL, result.pbuf.len, (const uint8_t *)result.pbuf.data);
        assert_non_null(list);
        for (size_t i = 0; i < list->n_tokens; i++) {
            const PgQuery__ScanToken *token = list->tokens[i];
            size_t start = (size_t)token->start;
            bool unicode = (text[start] == 'u' || text[start] == 'U') && text[start + 1] == '&' &&
                           (text[start + 2] == '\'' || text[start + 2] == '"');
            add(arena, out, start, unicode ? 0 : (size_t)token->end);
        }
        pg_query__scan_result__free_unpacked(list, NULL);
    }
    pg_query_free_scan_result(result);
    return fine;
}

/* A string that goes on is one token, unless a comment stands between its parts: libpg_query's
 * scanner, which keeps comments, lets it end there, PostgreSQL's does not. */
static void lex(pd_arena *arena, pd_bytes text, spans *out)
{
    pd_lexer lexer = {.text = text.data, .len = text.len};
    pd_lexeme lexeme;
    bool string = false;
    while (pd_lexer_next(&lexer, &lexeme)) {
        assert_true(lexeme.len > 0 && lexeme.offset + lexeme.len <= text.len);
        if (lexeme.kind == PD_LEXEME_CONTINUED && string)
            out->ends[out->end_count - 1] = lexeme.offset + lexeme.len;
        else
            add(arena, out, lexeme.offset, lexeme.offset + lexeme.len);
        string = lexeme.kind == PD_LEXEME_STRING || lexeme.kind == PD_LEXEME_CONTINUED;
    }
}

/* From PostgreSQL 16 on a vertical tab is white space, letters may stand behind a parameter, and
 * underscores between the digits of a number. */
static bool is_read_otherwise(pd_bytes text)
{
#if PG_VERSION_NUM >= 160000
    for (size_t i = 0; i < text.len; i++)
        if (text.data[i] == '\v' || text.data[i] == '$' || text.data[i] == '_')
            return true;
#endif
    return text.len == 0;
}

static bool agree(pd_bytes text)
{
    if (is_read_otherwise(text))
        return true;
    PD_AUTO_ARENA arena = pd_arena_new();
    spans theirs = {0};
    spans ours = {0};
    lex(arena, text, &ours);
    if (!scan(arena, text.data, &theirs))
        return false;
    for (size_t i = 0; i < ours.count || i < theirs.count; i++) {
        if (i < ours.count && i < theirs.count && ours.starts[i] == theirs.starts[i] &&
            (theirs.ends[i] == 0 || ours.ends[i] == theirs.ends[i]))
            continue;
        fprintf(stderr, "token %zu of %zu, PostgreSQL has %zu: %s\n", i, ours.count, theirs.count,
                text.data);
        fail();
    }
    return true;
}

static void test_corpus(void **state)
{
    (void)state;
    PD_AUTO_ARENA arena = pd_arena_new();
    size_t count = 0;
    pd_bytes *texts = all_texts(arena, &count);
    for (size_t i = 0; i < count; i++) {
        if (!agree(texts[i]) && i < LENGTH(corpus)) /* a fixture has lines of psql's */
            fail_msg("PostgreSQL cannot scan: %s", texts[i].data);
    }
}

static void test_soups(void **state)
{
    (void)state;
    PD_AUTO_STRBUF text = pd_strbuf_new(PD_STRBUF_MAX);
    uint64_t seed = 20261123;
    size_t fine = 0;
    for (size_t i = 0; i < SOUPS; i++) {
        soup(&seed, &text);
        fine += agree((pd_bytes){text.data, text.len});
    }
    assert_true(fine > SOUPS / 4);
}

/* Every string of few characters out of those that begin, end and escape things. */
static void test_short_texts(void **state)
{
    (void)state;
    static const char alphabet[] = "'\"$aEU&\\/*-+\n ;.1@=";
    enum { SIDES = sizeof alphabet - 1, LONGEST = 4 };
    size_t fine = 0;
    for (size_t len = 1, total = SIDES; len <= LONGEST; len++, total *= SIDES) {
        for (size_t n = 0; n < total; n++) {
            char text[LONGEST + 1] = {0};
            size_t rest = n;
            for (size_t i = 0; i < len; i++, rest /= SIDES)
                text[i] = alphabet[rest % SIDES];
            fine += agree((pd_bytes){text, len});
        }
    }
    assert_true(fine > 10000);
}

typedef struct scenario {
    const char *text;
    pd_lexeme_kind kind; /* of the first token */
    size_t len;
    size_t count; /* tokens in all */
} scenario;

static void test_kinds(void **state)
{
    (void)state;
    static const scenario scenarios[] = {
        {"select", PD_LEXEME_WORD, 6, 1},
        {"N'x'", PD_LEXEME_NATIONAL, 1, 2},
        {"U&\"x\"", PD_LEXEME_NAME, 5, 1},
        {"'a'\n'b'", PD_LEXEME_STRING, 3, 2},
        {"$a$ $b$ $a$", PD_LEXEME_DOLLAR, 11, 1},
        {"123abc.d", PD_LEXEME_NUMBER, 8, 1},
        {"1_000", PD_LEXEME_NUMBER, 5, 1},
        {"$1a", PD_LEXEME_PARAMETER, 3, 1},
        {"->>", PD_LEXEME_OPERATOR, 3, 1},
        {";", PD_LEXEME_CHARACTER, 1, 1},
        {"-- x\ny", PD_LEXEME_LINE_COMMENT, 4, 2},
        {"/* x */", PD_LEXEME_BLOCK_COMMENT, 7, 1},
        {"'abc", PD_LEXEME_OPEN, 4, 1},
        {"\"abc", PD_LEXEME_OPEN, 4, 1},
        {"E'abc\\'", PD_LEXEME_OPEN, 7, 1},
        {"E'abc\\", PD_LEXEME_OPEN, 6, 1},
        {"'abc''", PD_LEXEME_OPEN, 6, 1},
        {"$a$ $$", PD_LEXEME_OPEN, 6, 1},
        {"/* /* */", PD_LEXEME_OPEN, 8, 1},
    };
    for (size_t i = 0; i < LENGTH(scenarios); i++) {
        const scenario *s = &scenarios[i];
        pd_lexer lexer = {.text = s->text, .len = strlen(s->text)};
        pd_lexeme first = {0};
        pd_lexeme next;
        size_t count = pd_lexer_next(&lexer, &first);
        while (pd_lexer_next(&lexer, &next))
            count++;
        if (first.kind != s->kind || first.len != s->len || count != s->count)
            fail_msg("%s: kind %d, %zu bytes, %zu tokens", s->text, (int)first.kind, first.len,
                     count);
    }
}

/* A comment between the parts of a string: one string in PostgreSQL. */
static void test_comment_in_string(void **state)
{
    (void)state;
    static const char text[] = "'a' -- one\n -- two\n 'b' 'c'";
    static const pd_lexeme_kind kinds[] = {PD_LEXEME_STRING, PD_LEXEME_LINE_COMMENT,
                                           PD_LEXEME_LINE_COMMENT, PD_LEXEME_CONTINUED,
                                           PD_LEXEME_STRING};
    pd_lexer lexer = {.text = text, .len = strlen(text)};
    pd_lexeme lexeme;
    for (size_t i = 0; i < LENGTH(kinds); i++) {
        assert_true(pd_lexer_next(&lexer, &lexeme));
        assert_int_equal(lexeme.kind, kinds[i]);
    }
    assert_false(pd_lexer_next(&lexer, &lexeme));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_corpus),
        cmocka_unit_test(test_soups),
        cmocka_unit_test(test_short_texts),
        cmocka_unit_test(test_kinds),
        cmocka_unit_test(test_comment_in_string),
    };
    return cmocka_run_group_tests_name("sql/lexer", tests, NULL, NULL);
}
