/* What the parent believes of a child that a hostile text may have taken over. */
#include "scripts.h"
#include "sql/outside.h"
#include "sql/wire.h"

static const char text[] = "SELECT 1;\nDROP TABLE t, u;";
#define TEXT_LEN (sizeof text - 1)

static const pd_subject subject = {.schema = "s",
                                   .name = "i",
                                   .table_schema = "",
                                   .table = "t",
                                   .shape = "using btree\n",
                                   .definition = "CREATE INDEX ON pg_temp.t USING btree (a)",
                                   .many = true};

/* A script as the child would send it; the arena's. */
static pd_script honest(pd_arena *arena)
{
    static const pd_statement statements[] = {
        {.offset = 0,
         .len = 8,
         .verb = "SELECT",
         .object = "",
         .table = "",
         .traits = PD_TRAIT_COPY_STDIN},
        {.offset = 10,
         .len = 15,
         .verb = "DROP TABLE",
         .object = "t",
         .table = "",
         .tables_delta = -2},
    };
    pd_script script = {.state = PD_SCRIPT_OK, .error = ""};
    for (size_t i = 0; i < LENGTH(statements); i++)
        *PD_PUSH(arena, script.statements, script.count, script.capacity) = statements[i];
    return script;
}

/* Whether the parent takes it, and what it takes it for. */
static bool passes(pd_arena *arena, const pd_script *script, pd_script *out)
{
    PD_AUTO_STRBUF frame = pd_strbuf_new(PD_STRBUF_MAX);
    assert_true(pd_sql_wire_put(&frame, 7, script));
    uint64_t index = 0;
    uint64_t len = 0;
    pd_sql_wire_header(frame.data, &index, &len);
    assert_int_equal(index, 7);
    assert_int_equal(len, frame.len - PD_SQL_FRAME_HEADER);
    return pd_sql_wire_get(arena, frame.data + PD_SQL_FRAME_HEADER, (size_t)len, text, TEXT_LEN,
                           out);
}

static void test_round_trip(void **state)
{
    (void)state;
    PD_AUTO_ARENA arena = pd_arena_new();
    pd_script script = honest(arena);
    pd_script out;
    assert_true(passes(arena, &script, &out));
    assert_string_equal(scripts_dump(arena, &out), "1:1 SELECT |  | copy +0\n"
                                                   "2:1 DROP TABLE | t | -2\n");
    pd_script refused = {.state = PD_SCRIPT_PSQL, .error_offset = TEXT_LEN, .error = "\\i"};
    assert_true(passes(arena, &refused, &out));
    assert_int_equal(out.state, PD_SCRIPT_PSQL);
    assert_int_equal(out.error_offset, TEXT_LEN);
    assert_string_equal(out.error, "\\i");
}

static void test_subject_round_trip(void **state)
{
    (void)state;
    PD_AUTO_ARENA arena = pd_arena_new();
    pd_script script = honest(arena);
    pd_script out;
    script.statements[0].outside = PD_OUTSIDE_CREATE_INDEX;
    script.statements[0].subject = &subject;
    assert_true(passes(arena, &script, &out));
    const pd_subject *got = out.statements[0].subject;
    assert_int_equal(out.statements[0].outside, PD_OUTSIDE_CREATE_INDEX);
    assert_string_equal(got->schema, "s");
    assert_string_equal(got->name, "i");
    assert_string_equal(got->table_schema, "");
    assert_string_equal(got->table, "t");
    assert_string_equal(got->shape, "using btree\n");
    assert_string_equal(got->definition, "CREATE INDEX ON pg_temp.t USING btree (a)");
    assert_true(got->many);
    assert_false(got->tolerant);
    assert_null(out.statements[1].subject);
}

typedef void lie(pd_arena *arena, pd_script *script);

static void offset_outside(pd_arena *arena, pd_script *script)
{
    (void)arena;
    script->statements[1].offset = TEXT_LEN + 1;
}

static void len_outside(pd_arena *arena, pd_script *script)
{
    (void)arena;
    script->statements[1].len = TEXT_LEN - 9;
}

static void len_overflows(pd_arena *arena, pd_script *script)
{
    (void)arena;
    script->statements[0].len = SIZE_MAX - 3;
}

static void no_len(pd_arena *arena, pd_script *script)
{
    (void)arena;
    script->statements[0].len = 0;
}

static void overlapping(pd_arena *arena, pd_script *script)
{
    (void)arena;
    script->statements[0].len = 11;
}

static void error_outside(pd_arena *arena, pd_script *script)
{
    (void)arena;
    script->error_offset = TEXT_LEN + 1;
}

static void no_such_trait(pd_arena *arena, pd_script *script)
{
    (void)arena;
    script->statements[0].traits = 1U << 10;
}

static void no_such_limit(pd_arena *arena, pd_script *script)
{
    (void)arena;
    script->statements[0].traits = PD_TRAIT_LOCK_LIMIT;
    script->statements[0].lock_ms = -1;
}

static void no_such_state(pd_arena *arena, pd_script *script)
{
    (void)arena;
    script->state = (pd_script_state)99;
}

static void failed_with_statements(pd_arena *arena, pd_script *script)
{
    (void)arena;
    script->state = PD_SCRIPT_SYNTAX;
}

static void too_many_tables(pd_arena *arena, pd_script *script)
{
    (void)arena;
    script->statements[0].tables_delta = 2;
}

static void too_few_tables(pd_arena *arena, pd_script *script)
{
    (void)arena;
    script->statements[0].tables_delta = -(int)TEXT_LEN - 1;
}

static void no_such_outside(pd_arena *arena, pd_script *script)
{
    (void)arena;
    script->statements[0].outside = PD_OUTSIDE_COUNT;
    script->statements[0].subject = &subject;
}

static void outside_without_subject(pd_arena *arena, pd_script *script)
{
    (void)arena;
    script->statements[0].outside = PD_OUTSIDE_REPEAT;
}

static void subject_without_outside(pd_arena *arena, pd_script *script)
{
    (void)arena;
    script->statements[0].subject = &subject;
}

static void alone_without_outside(pd_arena *arena, pd_script *script)
{
    (void)arena;
    script->statements[0].traits = PD_TRAIT_NO_TRANSACTION;
}

static void long_shape(pd_arena *arena, pd_script *script)
{
    char *shape = pd_arena_alloc(arena, 20000);
    memset(shape, 'x', 19999);
    pd_subject *other = pd_arena_alloc(arena, sizeof *other);
    *other = subject;
    other->shape = shape;
    script->statements[0].outside = PD_OUTSIDE_CREATE_INDEX;
    script->statements[0].subject = other;
}

static void long_definition(pd_arena *arena, pd_script *script)
{
    char *definition = pd_arena_alloc(arena, PD_SQL_DEFINITION_MAX + 2);
    memset(definition, 'x', PD_SQL_DEFINITION_MAX + 1);
    definition[PD_SQL_DEFINITION_MAX + 1] = '\0';
    pd_subject *other = pd_arena_alloc(arena, sizeof *other);
    *other = subject;
    other->definition = definition;
    script->statements[0].outside = PD_OUTSIDE_CREATE_INDEX;
    script->statements[0].subject = other;
}

static void long_name(pd_arena *arena, pd_script *script)
{
    char *name = pd_arena_alloc(arena, 5000);
    memset(name, 'x', 4999);
    script->statements[0].object = name;
}

static void test_lies(void **state)
{
    (void)state;
    static lie *const lies[] = {
        offset_outside,        len_outside,     len_overflows,           no_len,
        overlapping,           error_outside,   no_such_trait,           no_such_limit,
        no_such_state,         long_name,       too_few_tables,          failed_with_statements,
        too_many_tables,       no_such_outside, outside_without_subject, subject_without_outside,
        alone_without_outside, long_shape,      long_definition,
    };
    for (size_t i = 0; i < LENGTH(lies); i++) {
        PD_AUTO_ARENA arena = pd_arena_new();
        pd_script script = honest(arena);
        pd_script out;
        lies[i](arena, &script);
        if (passes(arena, &script, &out))
            fail_msg("lie %zu is believed", i);
    }
}

static void test_cut_and_padded(void **state)
{
    (void)state;
    PD_AUTO_ARENA arena = pd_arena_new();
    PD_AUTO_STRBUF frame = pd_strbuf_new(PD_STRBUF_MAX);
    pd_script script = honest(arena);
    pd_script out;
    assert_true(pd_sql_wire_put(&frame, 0, &script));
    const size_t len = frame.len - PD_SQL_FRAME_HEADER;
    for (size_t cut = 0; cut < len; cut++) {
        /* of its own, so that a sanitizer sees a read behind it */
        char *body = pd_arena_strndup(arena, frame.data + PD_SQL_FRAME_HEADER, cut);
        assert_false(pd_sql_wire_get(arena, body, cut, text, TEXT_LEN, &out));
    }
    pd_strbuf_addc(&frame, 'x');
    assert_false(
        pd_sql_wire_get(arena, frame.data + PD_SQL_FRAME_HEADER, len + 1, text, TEXT_LEN, &out));
}

static void test_full_buffer(void **state)
{
    (void)state;
    PD_AUTO_ARENA arena = pd_arena_new();
    PD_AUTO_STRBUF frame = pd_strbuf_new(100);
    pd_script script = honest(arena);
    assert_false(pd_sql_wire_put(&frame, 0, &script));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),  cmocka_unit_test(test_subject_round_trip),
        cmocka_unit_test(test_lies),        cmocka_unit_test(test_cut_and_padded),
        cmocka_unit_test(test_full_buffer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
