/* Texts for the tests of tokens: a corpus, the fixtures, and soups of a fixed seed. */
#ifndef PD_TEST_SQL_LEXING_H
#define PD_TEST_SQL_LEXING_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/str.h"
#include "base/strbuf.h"
#include "sql/tokens.h"

#define LENGTH(array) (sizeof(array) / sizeof(array)[0])

/* Each kind of token and of statement, and what stands on the borders between tokens. */
static const char *const corpus[] = {
    "SELECT 1, .5, 1., 1.5e-3, 1e5, 1E+10, 1.5.3, 1..10, 1...2, .5..6, 00",
    "SELECT 'a''b', E'a\\'b\\\\', e'\\x41\\101\\u0041', B'01', x'1F', N'n', N 'n', U&'d\\0061t'",
    "SELECT B'01''10', 'a' 'b', 'a'\n'b', 'a' \t\n\n\t 'b'\r'c', E'a\\\n'\n'\\'b', x'1'\n'2'",
    "SELECT U&'d!0061t' UESCAPE '!', U&\"d!0061\" UESCAPE '!', u&\"x\", U & x, U&x, u& \"x\"",
    "SELECT $$a$$, $q$ it's $$ \" $q$, $a$x$b$a$, $a$ $a $ $1 $a$, $1, $12+$3, $a b, a$b$c, $",
    "SELECT \"a\"\"b\", \"select\", \"x y\".\"z\", \"\xc3\xa4\", \xc3\xa4hm, $\xc3\xa4$x$\xc3\xa4$",
    "SELECT a+-b, a +-+ -b, a<->b, a<=b, a=>b, a!=b, a<>b, a:=b, a::int, a@-b, a@-+-b, a*-b, -1",
    "SELECT a||b, a->>'x', a#>>b, a@>b, a<@b, a?|b, a?&b, a??b, a&&b, a~*b, a!~~*b, a|/b, a%b, a^b",
    "SELECT a+--comment\nb, a-/*c*/b, a/*c*//b, a*/*c*/b, a/ /b, a@/*c/*d*/e*/-b, a---c\n1",
    "SELECT a[1:2], a[:], a.b.c, a.*, (a).b, {a}, \\d, a\vb, 1 /**/ 2 /***/ 3 /*/**/*/ 4 /* ** / "
    "*/",
    "-- first\r\nSELECT 1; -- second\rSELECT 2; --\nSELECT 3 --",
    "CREATE TABLE t (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, n numeric(10,2) DEFAULT "
    "0.0,"
    " c text COLLATE \"C\" NOT NULL CHECK (c <> ''), UNIQUE (n, c)) PARTITION BY RANGE (id);",
    "CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS i ON s.t USING btree (lower(c) DESC) WHERE "
    "n>-1;",
    "CREATE OR REPLACE FUNCTION f(a int, VARIADIC b text[]) RETURNS trigger LANGUAGE plpgsql AS "
    "$f$\n"
    "BEGIN\n  -- inside\n  EXECUTE 'SELECT $1' USING $$x$$;\n  RETURN NEW; /* so */\nEND $f$;",
    "CREATE FUNCTION g() RETURNS int BEGIN ATOMIC SELECT 1; SELECT 2; END;",
    "CREATE RULE r AS ON INSERT TO t DO ALSO (INSERT INTO u VALUES (1); DELETE FROM v);",
    "CREATE OPERATOR @#@ (LEFTARG = box, PROCEDURE = f, COMMUTATOR = OPERATOR(pg_catalog.+));",
    "ALTER TABLE ONLY t ADD COLUMN x int, DROP y CASCADE, ALTER z TYPE text USING z::text;",
    "INSERT INTO t VALUES (1, 'x'), (2, NULL) ON CONFLICT (id) DO UPDATE SET c = EXCLUDED.c "
    "RETURNING *;",
    "UPDATE t SET (a, b) = (SELECT 1, 2) WHERE c LIKE 'x\\_%' ESCAPE '\\'; DELETE FROM t USING u;",
    "WITH RECURSIVE r(n) AS (VALUES (1) UNION ALL SELECT n+1 FROM r) SELECT * FROM r FETCH FIRST 5 "
    "ROWS ONLY",
    "DO $$ BEGIN PERFORM 1; END $$; COPY t FROM STDIN WITH (FORMAT csv, DELIMITER E'\\t'); VACUUM "
    "t;",
    "GRANT SELECT ON ALL TABLES IN SCHEMA s TO PUBLIC; COMMENT ON TABLE t IS 'it''s'; SET x = 'y';",
    "CREATE TYPE e AS ENUM ('a', 'b'); ALTER TYPE e ADD VALUE 'c' BEFORE 'b'; CREATE EXTENSION "
    "\"uuid-ossp\";",
    "SELECT interval '1' day, timestamp with time zone 'now', date'x', f(a => 1, b := 2), "
    "array[1,2]::int[];",
    "SELECT x IS DISTINCT FROM y, CASE WHEN a THEN b ELSE c END, count(*) FILTER (WHERE d) OVER "
    "(w);",
};

static const char *const folders[] = {
    "/sql",
    "/drizzle/stable",
    "/drizzle/v1",
    "/drizzle/v1-branches",
};

/* Pieces of soups; most begin or end something. */
static const char *const pieces[] = {
    "'",    "''", "'a'", "E'",  "e'\\'", "U&'",      "u&\"", "\"",   "\"\"", "b'0'",    "X'1'",
    "n'x'", "N",  "$$",  "$a$", "$b$",   "$",        "$1",   "a",    "ab$c", "1",       "1.",
    ".5",   "..", "1e5", "e",   "+",     "-",        "--",   "-- c", "/*",   "*/",      "/",
    "*",    "@",  "<",   ">=",  "!",     "?",        "::",   ":=",   ":",    ";",       ",",
    "(",    ")",  " ",   " ",   "\n",    "\r",       "\r\n", "\t",   "\f",   "\v",      "\\",
    "{",    "~",  "#",   "_",   "|",     "\xc3\xa4", "[",    ".",    "%",    "uescape",
};

/* xorshift, so that each run sees the same soups */
static inline size_t dice(uint64_t *seed, size_t sides)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return (size_t)(*seed >> 11) % sides;
}

static inline void soup(uint64_t *seed, pd_strbuf *out)
{
    pd_strbuf_clear(out);
    for (size_t n = 1 + dice(seed, 14); n > 0; n--)
        pd_strbuf_adds(out, pieces[dice(seed, LENGTH(pieces))]);
}

static inline void read_fixture(pd_arena *arena, const char *path, pd_bytes *out)
{
    pd_error err = {0};
    FILE *stream = fopen(path, "re");
    assert_non_null(stream);
    bool read = pd_file_slurp(stream, path, (size_t)1 << 20, arena, out, &err);
    fclose(stream);
    assert_true(read);
}

/* The corpus and the fixtures. */
static inline pd_bytes *all_texts(pd_arena *arena, size_t *count)
{
    pd_bytes *items = NULL;
    size_t capacity = 0;
    *count = 0;
    for (size_t i = 0; i < LENGTH(corpus); i++)
        *PD_PUSH(arena, items, *count, capacity) = (pd_bytes){corpus[i], strlen(corpus[i])};
    for (size_t i = 0; i < LENGTH(folders); i++) {
        const char *path = pd_arena_printf(arena, "%s%s", PD_FIXTURES, folders[i]);
        DIR *folder = opendir(path);
        assert_non_null(folder);
        for (struct dirent *item = readdir(folder); item != NULL; item = readdir(folder)) {
            const char *file = pd_arena_printf(arena, "%s/%s", path, item->d_name);
            if (pd_ends_with(file, ".sql"))
                read_fixture(arena, file, PD_PUSH(arena, items, *count, capacity));
        }
        closedir(folder);
    }
    assert_true(*count > LENGTH(corpus) + 15);
    return items;
}

#endif
