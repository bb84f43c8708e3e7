/* What runs outside of transactions, what it is about, and how a text is parted around it. */
#include "scripts.h"
#include "sql/marker.h"

static const char *const outsides[] = {
    [PD_OUTSIDE_NONE] = "-",
    [PD_OUTSIDE_REPEAT] = "repeat",
    [PD_OUTSIDE_UNKNOWN] = "unknown",
    [PD_OUTSIDE_CREATE_INDEX] = "create index",
    [PD_OUTSIDE_DROP_INDEX] = "drop index",
    [PD_OUTSIDE_REINDEX] = "reindex",
    [PD_OUTSIDE_DETACH] = "detach",
    [PD_OUTSIDE_CREATE_DATABASE] = "create database",
    [PD_OUTSIDE_DROP_DATABASE] = "drop database",
    [PD_OUTSIDE_CREATE_TABLESPACE] = "create tablespace",
    [PD_OUTSIDE_DROP_TABLESPACE] = "drop tablespace",
    [PD_OUTSIDE_CREATE_SUBSCRIPTION] = "create subscription",
    [PD_OUTSIDE_DROP_SUBSCRIPTION] = "drop subscription",
};

/* "OUTSIDE [always|asked] SCHEMA.NAME of SCHEMA.TABLE flags shape", of the only statement. */
static const char *describe(pd_arena *arena, const pd_script *script)
{
    if (script->count != 1)
        return scripts_dump(arena, script);
    const pd_statement *statement = script->statements;
    const pd_subject *subject = statement->subject;
    if (statement->outside == PD_OUTSIDE_NONE)
        return "-";
    assert_false(pd_statement_runs_outside(statement, false) &&
                 !pd_statement_runs_outside(statement, true));
    return pd_arena_printf(arena, "%s %s %s.%s of %s.%s%s%s %s", outsides[statement->outside],
                           pd_statement_runs_outside(statement, false) ? "always" : "asked",
                           subject->schema, subject->name, subject->table_schema, subject->table,
                           subject->many ? " many" : "", subject->tolerant ? " tolerant" : "",
                           subject->shape);
}

/* Versions of libpg_query differ in the blanks that they write. */
static bool is_equal_but_blanks(const char *a, const char *b)
{
    while (true) {
        a += strspn(a, " ");
        b += strspn(b, " ");
        if (*a != *b || *a == '\0')
            return *a == *b;
        a++;
        b++;
    }
}

static void test_definitions(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *expected;
    } rows[] = {
        {"CREATE INDEX CONCURRENTLY ON t (a)", ""},
        {"CREATE INDEX CONCURRENTLY i ON t (a)", "CREATE INDEX ON pg_temp.t USING btree (a)"},
        {"CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS i ON s.\"T x\" USING gist "
         "(lower(\"T x\".b) x_ops (y = 1) DESC, c COLLATE \"C\") INCLUDE (d) WITH (fillfactor = "
         "70) "
         "TABLESPACE z WHERE a > '{twin}'",
         "CREATE UNIQUE INDEX ON pg_temp.\"T x\" USING gist (lower(\"T x\".b)x_ops(y=1) DESC, "
         "c COLLATE \"C\") INCLUDE (d) WITH (fillfactor=70) WHERE a > '{twin}'"},
        {"DROP INDEX CONCURRENTLY i", ""},
    };
    for (size_t i = 0; i < LENGTH(rows); i++) {
        PD_AUTO_ARENA arena = pd_arena_new();
        pd_script script = scripts_parse(arena, rows[i].text, false);
        assert_int_equal(script.count, 1);
        const char *actual = script.statements[0].subject->definition;
        if (!is_equal_but_blanks(actual, rows[i].expected))
            fail_msg("%s: %s", rows[i].text, actual);
    }
}

static void test_subjects(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *expected;
    } rows[] = {
        {"CREATE INDEX i ON t (a)", "-"},
        {"CREATE INDEX CONCURRENTLY i ON t (a)",
         "create index always .i of .t using btree\ncolumn 1:a 0\n"},
        {"CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS \"I x\" ON s.t USING gist "
         "(a DESC, lower(b) NULLS FIRST, (c), \"ä\" DESC NULLS LAST, (d COLLATE \"C\")) "
         "INCLUDE (e, f) NULLS NOT DISTINCT WHERE a > 0",
         "create index always .I x of s.t tolerant unique\nnulls not distinct\nusing gist\n"
         "column 1:a 3\nexpression 2\ncolumn 1:c 0\ncolumn 2:ä 1\ncolumn 1:d 0\n"
         "include 1:e\ninclude 1:f\nwhere\n"},
        {"CREATE INDEX CONCURRENTLY ON t (a)",
         "create index always . of .t using btree\ncolumn 1:a 0\n"},
        {"DROP INDEX i", "-"},
        {"DROP INDEX CONCURRENTLY i", "drop index always .i of . "},
        {"DROP INDEX CONCURRENTLY IF EXISTS s.i", "drop index always s.i of . tolerant "},
        {"REINDEX INDEX CONCURRENTLY s.i", "reindex always s.i of . "},
        {"REINDEX (CONCURRENTLY) TABLE t", "reindex always .t of . many "},
        {"REINDEX SCHEMA CONCURRENTLY s", "reindex always s. of . many "},
        {"REINDEX DATABASE CONCURRENTLY d", "reindex always . of . many "},
        {"REINDEX TABLE t", "repeat asked .t of . many "},
        {"REINDEX DATABASE d", "reindex always . of . many "},
        {"ALTER TABLE s.p DETACH PARTITION q.c CONCURRENTLY", "detach always q.c of s.p "},
        {"ALTER TABLE p DETACH PARTITION c", "-"},
        {"ALTER TABLE p DETACH PARTITION c FINALIZE", "-"},
        {"VACUUM t", "repeat always . of . "},
        {"ANALYZE t", "-"},
        {"CLUSTER", "repeat always . of . "},
        {"CLUSTER t USING i", "repeat asked . of . "},
        {"ALTER SYSTEM SET work_mem = '1MB'", "repeat always . of . "},
        {"CHECKPOINT", "-"},
        {"CREATE DATABASE d", "create database always .d of . "},
        {"DROP DATABASE IF EXISTS d", "drop database always .d of . tolerant "},
        {"CREATE TABLESPACE x LOCATION '/x'", "create tablespace always .x of . "},
        {"DROP TABLESPACE x", "drop tablespace always .x of . "},
        {"CREATE SUBSCRIPTION s CONNECTION 'x' PUBLICATION p",
         "create subscription always .s of . "},
        {"CREATE SUBSCRIPTION s CONNECTION 'x' PUBLICATION p WITH (connect = false)", "-"},
        {"DROP SUBSCRIPTION s", "drop subscription asked .s of . "},
        {"ALTER SUBSCRIPTION s REFRESH PUBLICATION", "repeat always . of . "},
        {"ALTER SUBSCRIPTION s ADD PUBLICATION p", "unknown always . of . "},
        {"ALTER TYPE e ADD VALUE 'x'", "-"},
        {"CALL p()", "unknown asked . of . "},
        {"DO 'BEGIN COMMIT; END'", "unknown asked . of . "},
        {"DO $$BEGIN EXECUTE 'com' || 'mit'; END$$ LANGUAGE plpgsql", "unknown asked . of . "},
        {"DO LANGUAGE plpython3u 'x'", "unknown asked . of . "},
        {"DO $$BEGIN PERFORM 1; END$$ LANGUAGE plpgsql", "-"},
        {"DO $$BEGIN DELETE FROM t; END$$", "-"},
    };
    for (size_t i = 0; i < LENGTH(rows); i++) {
        PD_AUTO_ARENA arena = pd_arena_new();
        pd_script script = scripts_parse(arena, rows[i].text, false);
        const char *actual = describe(arena, &script);
        if (strcmp(actual, rows[i].expected) != 0)
            fail_msg("%s: %s", rows[i].text, actual);
    }
}

/* A letter a statement: p parts, c controls, o runs outside, s sets, . is any other. */
static const char *letters(pd_arena *arena, const pd_script *script)
{
    PD_AUTO_STRBUF out = pd_strbuf_new(PD_STRBUF_MAX);
    for (size_t i = 0; i < script->count; i++) {
        unsigned traits = script->statements[i].traits;
        assert_true((traits & PD_TRAIT_PARTS) == 0 || (traits & PD_TRAIT_TRANSACTION_CONTROL) == 0);
        pd_strbuf_addc(&out, (traits & PD_TRAIT_PARTS) != 0                 ? 'p'
                             : (traits & PD_TRAIT_TRANSACTION_CONTROL) != 0 ? 'c'
                             : (traits & PD_TRAIT_NO_TRANSACTION) != 0      ? 'o'
                             : (traits & PD_TRAIT_SESSION) != 0             ? 's'
                                                                            : '.');
    }
    return pd_strbuf_keep(&out, arena);
}

typedef struct parted {
    const char *text;
    const char *expected;
} parted;

static void expect_letters(const parted *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        PD_AUTO_ARENA arena = pd_arena_new();
        pd_script script = scripts_parse(arena, rows[i].text, false);
        const char *actual = letters(arena, &script);
        if (strcmp(actual, rows[i].expected) != 0)
            fail_msg("%s: %s", rows[i].text, actual);
    }
}

static void test_parts(void **state)
{
    (void)state;
    static const parted rows[] = {
        {"SELECT 1; COMMIT; VACUUM; BEGIN; SELECT 2", ".pop."},
        {"COMMIT; VACUUM; BEGIN", "pop"},
        {"SELECT 1; END; VACUUM; START TRANSACTION; SELECT 2", ".pop."},
        {"COMMIT; VACUUM; BEGIN; COMMIT WORK; VACUUM; BEGIN WORK", "poppop"},
        {"COMMIT; VACUUM", "po"},
        {"VACUUM; COMMIT; SELECT 1; VACUUM; BEGIN", "op.op"},
        {"COMMIT; SELECT 1; BEGIN", "c.c"},
        {"COMMIT; BEGIN; VACUUM", "cco"},
        {"COMMIT; VACUUM; BEGIN; COMMIT; BEGIN", "coccc"},
        {"VACUUM; COMMIT", "oc"},
        {"BEGIN; VACUUM; COMMIT", "coc"},
        {"COMMIT; VACUUM; COMMIT", "coc"},
        {"COMMIT; VACUUM; BEGIN; BEGIN", "cocc"},
        {"COMMIT AND CHAIN; VACUUM; BEGIN", "coc"},
        {"COMMIT; VACUUM; BEGIN ISOLATION LEVEL SERIALIZABLE", "coc"},
        {"COMMIT; VACUUM; BEGIN READ ONLY; SELECT 1", "coc."},
        {"ROLLBACK; VACUUM; BEGIN", "coc"},
        {"COMMIT; VACUUM; BEGIN; PREPARE TRANSACTION 'x'", "cocc"},
        {"COMMIT PREPARED 'x'; VACUUM; BEGIN", "coc"},
        {"SAVEPOINT s; COMMIT; VACUUM; BEGIN; ROLLBACK TO s", ".pop."},
        {"SET a.b = 1; SET LOCAL a.b = 1; RESET a.b; RESET ALL; SET ROLE x; "
         "SELECT pg_catalog.set_config('a.b', '', false); SELECT set_config('a', 'b', false) FROM "
         "t",
         "s.ssss."},
        {"SELECT set_config('a.b', NULL, false); SELECT set_config('a.b', 'c', true); "
         "SELECT set_config('a.b', f(), false); SELECT x.set_config('a.b', 'c', false); "
         "SELECT set_config('a.b', (SELECT 'c'), false); SELECT set_config('a.b', 'c')",
         "s....."},
        {"WITH x AS (DELETE FROM t RETURNING 1) SELECT set_config('a.b', 'c', false); "
         "SELECT set_config('a.b', 'c', false) INTO t; "
         "SELECT set_config('a.b', 'c', false) LIMIT (SELECT f()); "
         "SELECT set_config('a.b', 'c', false) ORDER BY f(); "
         "SELECT set_config('a.b', 'c', false) UNION SELECT f(); "
         "SELECT set_config('a.b', 'c', false), f()",
         "......"},
        {"SET TRANSACTION READ ONLY; SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY; "
         "SET CONSTRAINTS ALL DEFERRED; SET TIME ZONE 'UTC'",
         ".s.s"},
    };
    expect_letters(rows, LENGTH(rows));
}

/* One transaction from its first statement to its last. */
static void test_wrapped(void **state)
{
    (void)state;
    static const parted rows[] = {
        {"BEGIN; SELECT 1; COMMIT", "p.p"},
        {"/* x */ BEGIN WORK;; SELECT 1; SAVEPOINT s; RELEASE s; END TRANSACTION; -- x\n;",
         "p...p"},
        {"START TRANSACTION; SELECT 1; COMMIT AND NO CHAIN", "p.p"},
        {"BEGIN; COMMIT", "pp"},
        {"BEGIN", "c"},
        {"BEGIN; SELECT 1", "c."},
        {"SELECT 1; COMMIT", ".c"},
        {"BEGIN; SELECT 1; COMMIT; SELECT 2", "c.c."},
        {"SELECT 1; BEGIN; SELECT 2; COMMIT", ".c.c"},
        {"BEGIN; SELECT 1; COMMIT; BEGIN; SELECT 2; COMMIT", "c.cc.c"},
        {"BEGIN; SELECT 1; ROLLBACK; SELECT 2; COMMIT", "c.c.c"},
        {"BEGIN; SELECT 1; ROLLBACK", "c.c"},
        {"BEGIN; SELECT 1; COMMIT AND CHAIN", "c.c"},
        {"BEGIN ISOLATION LEVEL SERIALIZABLE; SELECT 1; COMMIT", "c.c"},
        {"BEGIN READ ONLY; SELECT 1; COMMIT", "c.c"},
        {"BEGIN; CREATE INDEX CONCURRENTLY i ON t (a); COMMIT", "coc"},
        {"BEGIN; BEGIN; COMMIT", "ccc"},
    };
    expect_letters(rows, LENGTH(rows));
}

/* BEGIN and COMMIT around all are found again, and only these are taken out: the others stay where
 * they are in the text. What is not sent does nothing to the number of tables. */
static void test_unwrapped(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *expected;
    } rows[] = {
        {"BEGIN;\n CREATE TABLE t (a int);\nDROP TABLE public.u;\nCOMMIT;",
         "2:2 CREATE TABLE | t | +1\n3:1 DROP TABLE | public.u | ?\n"},
        {"START TRANSACTION; END;", ""},
        {"COMMIT; VACUUM; BEGIN;", "1:1 COMMIT |  | ?\n1:9 VACUUM |  | alone +0\n"
                                   "1:17 BEGIN |  | +0\n"},
        {"BEGIN; VACUUM; COMMIT;", "1:1 BEGIN |  | transaction +0\n1:8 VACUUM |  | alone +0\n"
                                   "1:16 COMMIT |  | transaction ?\n"},
        {"SELECT 1;", "1:1 SELECT |  | +0\n"},
        {"", ""},
    };
    for (size_t i = 0; i < LENGTH(rows); i++) {
        PD_AUTO_ARENA arena = pd_arena_new();
        pd_script script = scripts_parse(arena, rows[i].text, false);
        size_t count = script.count;
        bool wrapped = pd_script_is_wrapped(&script);
        pd_script_unwrap(&script);
        assert_int_equal(script.count, count - (wrapped ? 2 : 0));
        const char *actual = scripts_dump(arena, &script);
        if (strcmp(actual, rows[i].expected) != 0)
            fail_msg("%s: %s", rows[i].text, actual);
    }
}

/* One after another, or each a chunk of its own, as Drizzle sends them. */
static void test_parts_of_chunks(void **state)
{
    (void)state;
    PD_AUTO_ARENA arena = pd_arena_new();
    pd_script script = scripts_parse(arena,
                                     "SELECT 1;\n--> statement-breakpoint\nCOMMIT;"
                                     "--> statement-breakpoint\nVACUUM;--> statement-breakpoint\n"
                                     "BEGIN;--> statement-breakpoint\nSELECT 2;",
                                     true);
    assert_string_equal(letters(arena, &script), ".pop.");
}

static void test_marker(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool asks;
    } rows[] = {
        {"-- predeploy: no-transaction\nSELECT 1", true},
        {"SELECT 1; --predeploy:no-transaction  \r\n", true},
        {"--\tPREDEPLOY : NO-TRANSACTION", true},
        {"-- no-transaction", false},
        {"-- predeploy: no-transactions", false},
        {"-- predeploy: no-transaction please", false},
        {"/* predeploy: no-transaction */", false},
        {"/*\n-- predeploy: no-transaction\n*/", false},
        {"SELECT '\n-- predeploy: no-transaction\n'", false},
        {"DO $$\n-- predeploy: no-transaction\n$$", false},
        {"SELECT \"\n-- predeploy: no-transaction\n\"; -- predeploy: no-transaction", true},
        {"", false},
    };
    for (size_t i = 0; i < LENGTH(rows); i++)
        if (pd_sql_asks_no_transaction(rows[i].text, strlen(rows[i].text)) != rows[i].asks)
            fail_msg("%s", rows[i].text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_definitions), cmocka_unit_test(test_subjects),
        cmocka_unit_test(test_parts),       cmocka_unit_test(test_wrapped),
        cmocka_unit_test(test_unwrapped),   cmocka_unit_test(test_parts_of_chunks),
        cmocka_unit_test(test_marker),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
