/* Texts that bring a parser down. Nothing may crash, hang or pass. */
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"
#include "scripts.h"
#include "sql/child.h"

typedef struct repeated {
    const char *head;
    const char *unit;
    size_t times;
    const char *tail;
} repeated;

static const char *repeat(pd_arena *arena, const repeated *text)
{
    PD_AUTO_STRBUF out = pd_strbuf_new(PD_STRBUF_MAX);
    pd_strbuf_adds(&out, text->head);
    for (size_t i = 0; i < text->times; i++)
        pd_strbuf_adds(&out, text->unit);
    pd_strbuf_adds(&out, text->tail);
    return pd_strbuf_keep(&out, arena);
}

static pd_sql_input input_of(const char *text)
{
    return (pd_sql_input){.text = text, .len = strlen(text)};
}

/* Little time and stack, so that the tests need little of both. */
static pd_sql_job small_job(const pd_sql_input *inputs, size_t count)
{
    return (pd_sql_job){.inputs = inputs,
                        .count = count,
                        .table_schema = "public",
                        .unqualified = true,
                        .limits = {.cpu_seconds = 2,
                                   .cpu_seconds_per_mb = 20,
                                   .stack_bytes = (size_t)8 << 20,
                                   .wall_ms = -1}};
}

/* Every second text is fine: a child that dies takes no other text with it, and what was parsed
 * before it stays. */
static void test_deep_texts_between_good_ones(void **state)
{
    (void)state;
    static const repeated deep[] = {
        {"SELECT 1", "+1", 100000, ""},    {"SELECT 1", "::int", 60000, ""},
        {"SELECT ", "(", 20000, "1"},      {"SELECT 1", " UNION SELECT 1", 60000, ""},
        {"SELECT ", "(SELECT ", 9000, ""}, {"SELECT ", "NOT ", 9900, "true"},
    };
    PD_AUTO_ARENA arena = pd_arena_new();
    pd_sql_input inputs[2 * LENGTH(deep) + 1];
    pd_script scripts[LENGTH(inputs)];
    for (size_t i = 0; i < LENGTH(inputs); i++)
        inputs[i] = input_of(i % 2 == 1 ? repeat(arena, &deep[i / 2]) : "DROP TABLE t; SELECT 1");
    pd_sql_job job = small_job(inputs, LENGTH(inputs));
    pd_error err = {0};
    assert_true(pd_sql_parse_job(arena, &job, scripts, &err));
    for (size_t i = 0; i < LENGTH(inputs); i++) {
        bool good = i % 2 == 0;
        assert_int_equal(scripts[i].state, good ? PD_SCRIPT_OK : PD_SCRIPT_TOO_DEEP);
        assert_int_equal(scripts[i].count, good ? 2 : 0);
        if (!good)
            assert_true(pd_starts_with(scripts[i].error, "it "));
    }
}

/* What is said of small texts comes together: the child that dies on one has not said what it knows
 * of those in front. */
static void test_small_deep_texts_between_good_ones(void **state)
{
    (void)state;
    static const repeated deep = {"SELECT 1", "+1", 3900, ""};
    PD_AUTO_ARENA arena = pd_arena_new();
    pd_sql_input inputs[20];
    pd_script scripts[LENGTH(inputs)];
    for (size_t i = 0; i < LENGTH(inputs); i++)
        inputs[i] = input_of(i == 7 || i == 8 || i == 19 ? repeat(arena, &deep) : "SELECT 1");
    assert_true(inputs[7].len < PD_SQL_SMALL_TEXT);
    pd_sql_job job = small_job(inputs, LENGTH(inputs));
    job.limits.stack_bytes = (size_t)512 << 10;
    pd_error err = {0};
    assert_true(pd_sql_parse_job(arena, &job, scripts, &err));
    for (size_t i = 0; i < LENGTH(inputs); i++)
        assert_int_equal(scripts[i].state,
                         i == 7 || i == 8 || i == 19 ? PD_SCRIPT_TOO_DEEP : PD_SCRIPT_OK);
}

/* More levels than a usual stack of 8 MiB has room for. */
static void test_large_stack_reads_deep_text(void **state)
{
    (void)state;
    static const repeated deep = {"SELECT 1", "+1", 6000, ""};
    PD_AUTO_ARENA arena = pd_arena_new();
    pd_sql_input input = input_of(repeat(arena, &deep));
    pd_sql_job job = small_job(&input, 1);
    job.limits.cpu_seconds = 100;
    pd_script script;
    pd_error err = {0};
    assert_true(pd_sql_parse_job(arena, &job, &script, &err));
    assert_int_equal(script.state, PD_SCRIPT_TOO_DEEP);
    job.limits.stack_bytes = (size_t)256 << 20;
    assert_true(pd_sql_parse_job(arena, &job, &script, &err));
    assert_int_equal(script.state, PD_SCRIPT_OK);
    assert_int_equal(script.count, 1);
}

static void test_too_deep_for_the_grammar(void **state)
{
    (void)state;
    static const repeated deep = {"SELECT 1;\nSELECT ", "(", 10000, "1"};
    PD_AUTO_ARENA arena = pd_arena_new();
    pd_script script = scripts_parse(arena, repeat(arena, &deep), false);
    assert_int_equal(script.state, PD_SCRIPT_TOO_DEEP);
    assert_in_range(script.error_offset, 9000, 10030);
}

static void test_cpu_limit(void **state)
{
    (void)state;
    static const repeated slow = {"SELECT 1", "+1", 50000, ""};
    PD_AUTO_ARENA arena = pd_arena_new();
    pd_sql_input input = input_of(repeat(arena, &slow));
    pd_sql_job job = small_job(&input, 1);
    job.limits.cpu_seconds = 0;
    job.limits.stack_bytes = (size_t)256 << 20;
    pd_script script;
    pd_error err = {0};
    assert_true(pd_sql_parse_job(arena, &job, &script, &err));
    assert_int_equal(script.state, PD_SCRIPT_TOO_DEEP);
    assert_string_equal(script.error, "it takes too long to parse");
}

static void test_wall_limit_ends_all(void **state)
{
    (void)state;
    static const repeated slow = {"SELECT 1", "+1", 50000, ""};
    PD_AUTO_ARENA arena = pd_arena_new();
    pd_sql_input inputs[] = {input_of(repeat(arena, &slow)), input_of("SELECT 1")};
    pd_sql_job job = small_job(inputs, 2);
    job.limits.cpu_seconds = 100;
    job.limits.stack_bytes = (size_t)256 << 20;
    job.limits.wall_ms = 50;
    pd_script scripts[2];
    pd_error err = {0};
    assert_true(pd_sql_parse_job(arena, &job, scripts, &err));
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(scripts[i].state, PD_SCRIPT_TOO_DEEP);
        assert_string_equal(scripts[i].error, "it takes too long to parse");
    }
}

static void test_thread_refused(void **state)
{
    (void)state;
    PD_AUTO_ARENA arena = pd_arena_new();
    pd_sql_input input = input_of("SELECT 1");
    pd_sql_job job = small_job(&input, 1);
    job.limits.stack_bytes = SIZE_MAX / 4;
    pd_script script;
    pd_error err = {0};
    assert_false(pd_sql_parse_job(arena, &job, &script, &err));
    assert_int_equal(err.kind, PD_ERROR_UNREACHABLE);
    assert_string_equal(err.message, "cannot start the SQL parser");
    assert_true(err.hint[0] != '\0');
}

/* A signal that the run has blocked, to hear of it, ends the wait and the child. */
static void test_interrupt(void **state)
{
    (void)state;
    static const repeated slow = {"SELECT 1", "+1", 50000, ""};
    PD_AUTO_ARENA arena = pd_arena_new();
    pd_sql_input input = input_of(repeat(arena, &slow));
    pd_sql_job job = small_job(&input, 1);
    job.limits.cpu_seconds = 100;
    job.limits.stack_bytes = (size_t)256 << 20;
    pd_script script;
    pd_error err = {0};
    sigset_t terminate;
    sigset_t before;
    sigemptyset(&terminate);
    sigaddset(&terminate, SIGTERM);
    assert_int_equal(sigprocmask(SIG_BLOCK, &terminate, &before), 0);
    assert_int_equal(kill(getpid(), SIGTERM), 0);
    bool parsed = pd_sql_parse_job(arena, &job, &script, &err);
    assert_int_equal(sigprocmask(SIG_SETMASK, &before, NULL), 0);
    assert_false(parsed);
    assert_int_equal(err.kind, PD_ERROR_INTERRUPTED);
    assert_int_equal(err.signal, SIGTERM);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); /* no child is left */
}

static void test_nothing_to_parse(void **state)
{
    (void)state;
    PD_AUTO_ARENA arena = pd_arena_new();
    pd_error err = {0};
    assert_true(pd_sql_parse(arena, &(pd_sql_batch){NULL, 0, "public", true}, NULL, &err));
}

static void test_nul(void **state)
{
    (void)state;
    PD_AUTO_ARENA arena = pd_arena_new();
    pd_sql_input input = {.text = "SELECT 1;\0DROP TABLE t;", .len = 23};
    pd_script script;
    pd_error err = {0};
    assert_true(pd_sql_parse(arena, &(pd_sql_batch){&input, 1, "public", true}, &script, &err));
    assert_int_equal(script.state, PD_SCRIPT_SYNTAX);
    assert_int_equal(script.error_offset, 9);
}

static void test_large_files(void **state)
{
    (void)state;
    static const repeated many = {"", "INSERT INTO t VALUES (1, 'two;');\n", 33000, ""};
    static const repeated one = {"SELECT '", "0123456789abcdef", 1 << 16, "';"};
    static const repeated comments = {"", "-- x\n/* y */;", 90000, "SELECT 1"};
    static const repeated breaks = {"", "--> statement-breakpoint\n", 20000, "SELECT 1"};
    PD_AUTO_ARENA arena = pd_arena_new();
    pd_script script = scripts_parse(arena, repeat(arena, &many), false);
    assert_int_equal(script.count, 33000);
    assert_int_equal(script.statements[32999].line, 33000);
    script = scripts_parse(arena, repeat(arena, &one), false);
    assert_int_equal(script.count, 1);
    assert_int_equal(script.statements[0].len, (16 << 16) + 9);
    script = scripts_parse(arena, repeat(arena, &comments), false);
    assert_int_equal(script.count, 1);
    script = scripts_parse(arena, repeat(arena, &breaks), true);
    assert_int_equal(script.count, 1);
    assert_int_equal(script.statements[0].line, 20001);
}

/* Tables of the batch are known to texts behind the one that made them. */
static void test_batch(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool unknown;
        int delta;
    } rows[] = {
        {"CREATE TABLE t (a int)", false, 1},
        {"DROP TABLE t", false, -1},
        {"CREATE TEMP TABLE x ()", false, 0},
        {"DROP TABLE x", true, 0},
        {"SET ROLE joe", true, 0},
        {"CREATE TABLE u ()", false, 1},
    };
    PD_AUTO_ARENA arena = pd_arena_new();
    pd_sql_input inputs[LENGTH(rows)];
    pd_script scripts[LENGTH(rows)];
    for (size_t i = 0; i < LENGTH(rows); i++)
        inputs[i] = input_of(rows[i].text);
    pd_error err = {0};
    assert_true(
        pd_sql_parse(arena, &(pd_sql_batch){inputs, LENGTH(rows), "public", true}, scripts, &err));
    for (size_t i = 0; i < LENGTH(rows); i++) {
        assert_int_equal(scripts[i].count, 1);
        bool unknown = (scripts[i].statements[0].traits & PD_TRAIT_TABLES_UNKNOWN) != 0;
        assert_int_equal(unknown, rows[i].unknown);
        assert_int_equal(scripts[i].statements[0].tables_delta, rows[i].delta);
    }
}

/* Another schema is counted, and unqualified names mean none or another one. */
static void test_schema(void **state)
{
    (void)state;
    static const struct {
        const char *schema;
        bool unqualified;
        int delta;
    } rows[] = {{"public", true, 2}, {"public", false, 1}, {"app", true, 2}, {"app", false, 1}};
    PD_AUTO_ARENA arena = pd_arena_new();
    pd_sql_input input =
        input_of("CREATE TABLE a (); CREATE TABLE public.b (); CREATE TABLE app.c ()");
    for (size_t i = 0; i < LENGTH(rows); i++) {
        pd_script script;
        pd_error err = {0};
        assert_true(pd_sql_parse(
            arena, &(pd_sql_batch){&input, 1, rows[i].schema, rows[i].unqualified}, &script, &err));
        int delta = 0;
        for (size_t k = 0; k < script.count; k++)
            delta += script.statements[k].tables_delta;
        assert_int_equal(delta, rows[i].delta);
    }
}

/* A parent that died before the child could ask to die with it. */
static void test_orphan(void **state)
{
    (void)state;
    pd_sql_input input = input_of("SELECT 1");
    pd_sql_job job = small_job(&input, 1);
    for (int orphan = 0; orphan < 2; orphan++) {
        int fds[2];
        char frame[64];
        int status = 0;
        assert_int_equal(pipe(fds), 0);
        pid_t self = getpid();
        pid_t child = fork();
        if (child == 0)
            pd_sql_child_run(&job, 0, orphan, fds[1], orphan ? self + 1 : self);
        close(fds[1]);
        ssize_t got = read(fds[0], frame, sizeof frame);
        assert_true(orphan ? got == 0 : got > 0);
        close(fds[0]);
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_int_equal(WEXITSTATUS(status), orphan ? PD_SQL_CHILD_ORPHAN : 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_deep_texts_between_good_ones),
        cmocka_unit_test(test_small_deep_texts_between_good_ones),
        cmocka_unit_test(test_large_stack_reads_deep_text),
        cmocka_unit_test(test_too_deep_for_the_grammar),
        cmocka_unit_test(test_cpu_limit),
        cmocka_unit_test(test_wall_limit_ends_all),
        cmocka_unit_test(test_thread_refused),
        cmocka_unit_test(test_interrupt),
        cmocka_unit_test(test_nothing_to_parse),
        cmocka_unit_test(test_nul),
        cmocka_unit_test(test_large_files),
        cmocka_unit_test(test_batch),
        cmocka_unit_test(test_schema),
        cmocka_unit_test(test_orphan),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
