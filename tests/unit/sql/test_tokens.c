/* The digest of tokens: blind for comments and white space, for nothing else. */
#include "lexing.h"

static const char *digest(pd_arena *arena, const char *text, size_t len)
{
    char *out = pd_arena_alloc(arena, PD_SHA256_HEX);
    pd_sql_tokens_digest(text, len, out);
    return out;
}

static bool same(const char *a, const char *b)
{
    PD_AUTO_ARENA arena = pd_arena_new();
    return strcmp(digest(arena, a, strlen(a)), digest(arena, b, strlen(b))) == 0;
}

/* Ledgers keep digests: this one was computed from the description in sql/tokens.h. */
static void test_format(void **state)
{
    (void)state;
    PD_AUTO_ARENA arena = pd_arena_new();
    static const char text[] =
        "-- +goose Up\nSELECT N'a'\n  'b'; -- x\n--> statement-breakpoint\n'\n-- migrate:up ' -- x";
    assert_string_equal(digest(arena, "", 0),
                        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    assert_string_equal(digest(arena, text, strlen(text)),
                        "d4dcb99a5ac1d9f000484f2ec7447420ba17b1ad58fe781027d77d3052e81ba9");
}

typedef struct pair {
    const char *one;
    const char *other;
} pair;

static void test_equal(void **state)
{
    (void)state;
    static const pair pairs[] = {
        {"SELECT 1", " SELECT\t1\n"},
        {"SELECT 1;\nSELECT 2;", "SELECT 1;\r\nSELECT 2;\r\n"},
        {"SELECT 1;", "-- why\nSELECT /* one */ 1 /* /* two */ */ ; -- three"},
        {"SELECT a<-b", "SELECT a< -b"},
        {"SELECT a-b", "SELECT a - --\n b"},
        {"SELECT 'a'\n'b'", "SELECT 'a' -- one\r\n\n -- two\n 'b'"},
        {"SELECT 1 -- x\rFROM t", "SELECT 1 FROM t"},
        {"A;\n--> statement-breakpoint\nB;", "A; -- a\n\n  --> statement-breakpoint  \r\nB;"},
        {"A;--> statement-breakpoint\nB;", "A;\n-- a --> statement-breakpoint\nB;"},
        {"-- +goose Up\nA", "-- licence\n-- +goose Up  \r\nA"},
        {"-- no-transaction\nA", "-- no-transaction\n\n/* x */ A"},
        {"-- a note on predeploy: nothing\nA", "A"},
        {"---- migrate:down\nA", "A"},
        {"-- goose\n+ goose", "+ goose"},
        {"/* -- x\n+goose */ A", "A"},
        {"/* -- predeploy: x */ A", "A"},
        {"'a\\' -- b", "'a\\' -- c'"},
        {"A -- > statement-breakpoint", "A"},
    };
    for (size_t i = 0; i < LENGTH(pairs); i++) {
        if (!same(pairs[i].one, pairs[i].other))
            fail_msg("differ: %s\nand: %s", pairs[i].one, pairs[i].other);
    }
}

static void test_different(void **state)
{
    (void)state;
    static const pair pairs[] = {
        {"a b", "ab"},
        {"a, b", "a b"},
        {"SELECT a", "select a"},
        {"1.5", "1 .5"},
        {"a@-1", "a@ -1"},
        {"'a b'", "'a  b'"},
        {"'a\n'", "'a\r\n'"},
        {"'a -- b'", "'a'"},
        {"$$ -- x\n$$", "$$\n$$"},
        {"$$ x $$", "$a$ x $a$"},
        {"\"a b\"", "\"a /* x */ b\""},
        {"'a' 'b'", "'a'\n'b'"},
        {"'a' /* x */ 'b'", "'a' -- x\n 'b'"},
        {"'ab'", "'a'\n'b'"},
        {"N'a'", "N 'a'"},
        {"E'a\\' -- b'", "E'a\\' '"},
        {"U&'a'", "U & 'a'"},
        {"A -- x\nB", "A -- x B"},
        {"/* x", ""},
        {"/* x", "/* y"},
        {"A;\n--> statement-breakpoint\nB;", "A;\nB;"},
        {"-- predeploy: irreversible: a", "-- predeploy: irreversible: b"},
        {"-- predeploy : irreversible", ""},
        {"--PREDEPLOY: irreversible", ""},
        {"-- +goose NO TRANSACTION\nA", "A"},
        {"-- x\nA", "---- +goose Down\nA"},
        {"A\n-- see goose\nB", "A\n-- see +goose\nB"},
        {"/*\n-- x\n*/ A", "/*\n-- -- +goose Down\n*/ A"},
        {"-- +goose Up\nA", "-- +goose  Up\nA"},
        {"-- migrate:up\nA\n-- migrate:down\nB", "-- migrate:up\nA\n-- was migrate:down\nB"},
        {"-- migrate:up transaction:false\nA", "-- migrate:up\nA"},
        {"-- migrate:up\nA", " -- migrate:up\nA"},
        {"A;\n-- +goose Down\nB", "A; -- +goose Down\nB"},
        {"-- no-transaction\nA", "A"},
        {"-- no-transaction\nA", "-- x\n-- no-transaction\nA"},
        {"-- no-transaction\nA", "\n-- no-transaction\nA"},
        /* Where a reader of lines sees something else than PostgreSQL does, bytes count. */
        {"/*\n-- +goose Down\n*/ A", "A"},
        {"'\n -- migrate:down\n' -- a", "'\n -- migrate:down\n' -- b"},
        {"'--> statement-breakpoint' A", "'--> statement-breakpoint' /* x */ A"},
        {"/* --> statement-breakpoint a */", "/* --> statement-breakpoint b */"},
        {"--> statement-breakpoint A\n", "--> statement-breakpoint B\n"},
        {"-- +goose Up --> statement-breakpoint\nA --", "--> statement-breakpoint\nA --"},
    };
    for (size_t i = 0; i < LENGTH(pairs); i++) {
        if (same(pairs[i].one, pairs[i].other))
            fail_msg("equal: %s\nand: %s", pairs[i].one, pairs[i].other);
    }
}

/* What may stand between tokens: the first half has no line end. */
static const char *const gaps[] = {
    " ",  "\t ",  " /* ' */ ",     " /* /* -- */ $$ */ ", "\f",
    "\n", "\r\n", " -- it's /*\n", " --\r\n\r\n",         "\n-- \"\n--;\n\n",
};

/* Whether anything may be put between two tokens that stand next to each other. */
static bool may_part(const pd_lexeme *before, const pd_token *after, const char *gap)
{
    if (before->kind == PD_LEXEME_NATIONAL)
        return false;
    bool joins = before->kind == PD_LEXEME_STRING || before->kind == PD_LEXEME_CONTINUED;
    bool line = strpbrk(gap, "\r\n") != NULL;
    if (after->kind == PD_TOKEN_LEXEME && after->lexeme == PD_LEXEME_CONTINUED)
        return line && strstr(gap, "/*") == NULL;
    return !(joins && line);
}

/* The text anew, with other gaps between its tokens; breakpoints get a line of their own. */
static void respace(uint64_t *seed, pd_bytes text, pd_strbuf *out)
{
    pd_lexer lexer = {.text = text.data, .len = text.len};
    pd_lexeme last = {.kind = PD_LEXEME_CHARACTER};
    pd_token token;
    size_t end = 0;
    pd_strbuf_clear(out);
    while (pd_token_next(&lexer, &token)) {
        const char *gap = gaps[dice(seed, LENGTH(gaps))];
        bool touched = end == token.offset && end > 0;
        bool must = end > 0 && !touched;
        while (must && !may_part(&last, &token, gap))
            gap = gaps[dice(seed, LENGTH(gaps))];
        if (may_part(&last, &token, gap) && (must || dice(seed, 2) == 0))
            pd_strbuf_adds(out, gap);
        pd_strbuf_add(out, text.data + token.offset, token.len);
        if (token.kind == PD_TOKEN_BREAKPOINT)
            pd_strbuf_adds(out, dice(seed, 2) == 0 ? "\r\n" : "\n");
        end = token.offset + token.len;
        last.kind = token.kind == PD_TOKEN_REST ? PD_LEXEME_OPEN : token.lexeme;
    }
    if (last.kind != PD_LEXEME_OPEN)
        pd_strbuf_adds(out, " -- end");
}

static bool has_directive(pd_bytes text)
{
    return strstr(text.data, "predeploy") != NULL || strstr(text.data, "no-transaction") != NULL;
}

static void check_respaced(uint64_t *seed, pd_bytes text)
{
    PD_AUTO_ARENA arena = pd_arena_new();
    PD_AUTO_STRBUF other = pd_strbuf_new(PD_STRBUF_MAX);
    respace(seed, text, &other);
    if (strcmp(digest(arena, text.data, text.len), digest(arena, other.data, other.len)) != 0)
        fail_msg("differ: %s\nand: %s", text.data, other.data);
}

static void test_respaced(void **state)
{
    (void)state;
    PD_AUTO_ARENA arena = pd_arena_new();
    PD_AUTO_STRBUF text = pd_strbuf_new(PD_STRBUF_MAX);
    uint64_t seed = 4711;
    size_t count = 0;
    pd_bytes *texts = all_texts(arena, &count);
    for (size_t i = 0; i < count; i++) {
        for (size_t round = 0; round < 50 && !has_directive(texts[i]); round++)
            check_respaced(&seed, texts[i]);
    }
    for (size_t i = 0; i < 20000; i++) {
        soup(&seed, &text);
        check_respaced(&seed, (pd_bytes){text.data, text.len});
    }
}

/* A byte of a token is changed to another one, or left out. */
static void check_byte(pd_arena *arena, pd_bytes text, size_t at, char byte)
{
    char *other = pd_arena_strndup(arena, text.data, text.len);
    size_t len = text.len;
    if (byte == '\0') {
        memmove(other + at, other + at + 1, text.len - at);
        len--;
    } else {
        other[at] = byte;
    }
    if (strcmp(digest(arena, text.data, text.len), digest(arena, other, len)) == 0)
        fail_msg("byte %zu counts for nothing: %s\nand: %s", at, text.data, other);
}

static void check_bytes(pd_bytes text)
{
    static const char bytes[] = "\0 \n'\"$-*/;x1(";
    pd_lexer lexer = {.text = text.data, .len = text.len};
    pd_token token;
    while (pd_token_next(&lexer, &token)) {
        PD_AUTO_ARENA arena = pd_arena_new();
        for (size_t i = 0; i < token.len && i < 64; i++) {
            for (size_t k = 0; k < sizeof bytes - 1; k++) {
                if (text.data[token.offset + i] != bytes[k])
                    check_byte(arena, text, token.offset + i, bytes[k]);
            }
        }
    }
}

static void test_every_byte(void **state)
{
    (void)state;
    PD_AUTO_STRBUF text = pd_strbuf_new(PD_STRBUF_MAX);
    uint64_t seed = 99;
    for (size_t i = 0; i < LENGTH(corpus); i++)
        check_bytes((pd_bytes){corpus[i], strlen(corpus[i])});
    for (size_t i = 0; i < 1000; i++) {
        soup(&seed, &text);
        check_bytes((pd_bytes){text.data, text.len});
    }
}

/* Megabytes of what could be looked at again and again: a minute each, were it by the square. */
static void test_linear(void **state)
{
    (void)state;
    static const char *const parts[] = {"+-",
                                        "'a' ",
                                        "/*",
                                        "/**/",
                                        "$a",
                                        "$a$b",
                                        "--\n",
                                        "'a'--\n",
                                        "'\n -",
                                        "(",
                                        "--> statement-breakpoint\n",
                                        "\t--+goose\n",
                                        "--+",
                                        "/*\n--+",
                                        "1.",
                                        "@-"};
    for (size_t i = 0; i < LENGTH(parts); i++) {
        PD_AUTO_ARENA arena = pd_arena_new();
        PD_AUTO_STRBUF text = pd_strbuf_new(PD_STRBUF_MAX);
        while (text.len < (size_t)1 << 20)
            pd_strbuf_adds(&text, parts[i]);
        assert_int_equal(strlen(digest(arena, text.data, text.len)), 64);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_format),     cmocka_unit_test(test_equal),
        cmocka_unit_test(test_different),  cmocka_unit_test(test_respaced),
        cmocka_unit_test(test_every_byte), cmocka_unit_test(test_linear),
    };
    return cmocka_run_group_tests_name("sql/tokens", tests, NULL, NULL);
}
