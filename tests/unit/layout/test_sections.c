/* Both directions in one file: which bytes are whose, and what the tools would refuse. */
#include "world.h"

#include "layout/sections.h"

typedef struct scenario {
    pd_layout_kind kind;
    const char *text;
    const char *up;   /* without the blanks that stand for the rest; NULL: a fault */
    const char *down; /* NULL: no such section */
    const char *says; /* of a fault */
    int line;
} scenario;

static const scenario scenarios[] = {
    {PD_LAYOUT_DBMATE, "-- migrate:up\nUP;\n-- migrate:down\nDOWN;\n", "UP;", "DOWN;", NULL, 0},
    {PD_LAYOUT_DBMATE, "-- migrate:up\r\nUP;\r\n-- migrate:down\r\nDOWN;\r\n", "UP;", "DOWN;", NULL,
     0},
    {PD_LAYOUT_DBMATE, "\n  -- a remark\n--migrate:up  x:y\nUP\n--\tmigrate:down\t\n", "UP", "",
     NULL, 0},
    {PD_LAYOUT_DBMATE, "-- migrate:up\nUP", "UP", NULL, NULL, 0},
    {PD_LAYOUT_DBMATE, "-- migrate:up\nUP; -- migrate:down\n-- migrate:upwards\nMORE",
     "UP; -- migrate:down\n-- migrate:upwards\nMORE", NULL, NULL, 0},
    {PD_LAYOUT_DBMATE, "-- migrate:down\nDOWN\n-- migrate:up\nUP", NULL, NULL, "in front of", 1},
    {PD_LAYOUT_DBMATE, "-- migrate:up\n-- migrate:up\n", NULL, NULL, "a second '-- migrate:up'", 2},
    {PD_LAYOUT_DBMATE, "-- migrate:up\n-- migrate:down\n\n-- migrate:up\n", NULL, NULL,
     "a second '-- migrate:up'", 4},
    {PD_LAYOUT_DBMATE, "-- migrate:up\n-- migrate:down\n-- migrate:down\n", NULL, NULL,
     "a second '-- migrate:down'", 3},
    {PD_LAYOUT_DBMATE, "SELECT 1;\n-- migrate:up\n", NULL, NULL, "a statement stands in front", 1},
    {PD_LAYOUT_DBMATE, "-- migrate:up\nUP\n -- migrate:down\nDOWN", NULL, NULL, "pass over", 3},
    {PD_LAYOUT_DBMATE, "-- migrate:up\nUP\n-- Migrate:Down\nDOWN", NULL, NULL, "pass over", 3},
    {PD_LAYOUT_DBMATE, "-- migrate:up\nUP\n---- migrate:down\n-- see migrate:down\n",
     "UP\n---- migrate:down\n-- see migrate:down", NULL, NULL, 0},
    {PD_LAYOUT_DBMATE, "-- migrate:up\n/*\n--  \n \nmigrate:down */", NULL, NULL, "together", 5},
    {PD_LAYOUT_DBMATE, "-- migrate:up\n--\n-- x\nmigrate:down", "--\n-- x\nmigrate:down", NULL,
     NULL, 0},
    {PD_LAYOUT_DBMATE, "-- migrate:up\nUP\n--\vmigrate:down\n", NULL, NULL, "pass over", 3},
    {PD_LAYOUT_DBMATE, "-- migrate:up\n-- migrate:down transaction:false x\n", NULL, NULL,
     "more than one word", 2},
    {PD_LAYOUT_DBMATE, "-- nothing\n", NULL, NULL, "has no '-- migrate:up'", 1},
    {PD_LAYOUT_DBMATE, "", NULL, NULL, "has no '-- migrate:up'", 1},
    {PD_LAYOUT_GOOSE, "-- +goose Up\nUP;\n-- +goose Down\nDOWN;\n", "UP;", "DOWN;", NULL, 0},
    {PD_LAYOUT_GOOSE, "-- x\n\n--+goose up\r\nUP;\r\n--  +goose DOWN  \r\nDOWN;\r\n", "UP;",
     "DOWN;", NULL, 0},
    {PD_LAYOUT_GOOSE,
     "-- +goose Up\n-- +goose StatementBegin\nA;\nB;\n-- +goose StatementEnd\nC;\n"
     "-- +goose Down\n-- +goose StatementBegin\nD;\n-- +goose StatementEnd",
     "A;\nB;\n\nC;", "D;", NULL, 0},
    {PD_LAYOUT_GOOSE, "-- +goose Up\nUP; -- +goose Down\n-- see goose Down\nMORE; +goose",
     "UP; -- +goose Down\n-- see goose Down\nMORE; +goose", NULL, NULL, 0},
    {PD_LAYOUT_GOOSE, "-- +goose Up\nUP;\n---- +goose Down\nDOWN;", NULL, NULL, "no such marker",
     3},
    {PD_LAYOUT_GOOSE, "-- +goose Up\nUP;\n-- -- +goose Down\nDOWN;", NULL, NULL, "no such marker",
     3},
    {PD_LAYOUT_GOOSE, "-- +goose Up\nUP;\n-- note: see +goose Down\nMORE;", NULL, NULL,
     "no such marker", 3},
    {PD_LAYOUT_GOOSE, "-- x +goose\n-- +goose Up\nUP;", NULL, NULL, "no such marker", 1},
    {PD_LAYOUT_GOOSE, "-- +goose Up\n\xc2\xa0-- +goose Down\nDOWN;", NULL, NULL, "no such marker",
     2},
    {PD_LAYOUT_GOOSE, "-- +goose Up\n\v-- x +goose Down\nDOWN;", NULL, NULL, "no such marker", 2},
    {PD_LAYOUT_GOOSE, "-- +goose Up\n-- +goose Up\n", NULL, NULL, "a second '-- +goose Up'", 2},
    {PD_LAYOUT_GOOSE, "-- +goose Up\n-- +goose Down\n-- +goose Up\n", NULL, NULL, "a second", 3},
    {PD_LAYOUT_GOOSE, "-- +goose Up\n-- +goose Down\n-- +goose Down\n", NULL, NULL, "a second", 3},
    {PD_LAYOUT_GOOSE, "-- +goose Down\n", NULL, NULL, "in front of", 1},
    {PD_LAYOUT_GOOSE, "/* x */\n-- +goose Up\n", NULL, NULL, "a statement stands in front", 1},
    {PD_LAYOUT_GOOSE, "-- +goose Up\n -- +goose Down\nDROP;", NULL, NULL, "no such marker", 2},
    {PD_LAYOUT_GOOSE, "-- +goose Up\n-- +goose Dwon\nDROP;", NULL, NULL, "no such marker", 2},
    {PD_LAYOUT_GOOSE, "-- +goose Up\n-- +goose\n", NULL, NULL, "no such marker", 2},
    {PD_LAYOUT_GOOSE, "-- +goose Up\n-- +goose StatementEnd\n", NULL, NULL, "has no StatementB", 2},
    {PD_LAYOUT_GOOSE, "-- +goose Up\n-- +goose StatementBegin\nA", NULL, NULL, "no StatementEnd",
     3},
    {PD_LAYOUT_GOOSE, "-- +goose StatementBegin\n", NULL, NULL, "in front of", 1},
    {PD_LAYOUT_GOOSE, "-- +goose Up\n-- +goose StatementBegin\n-- +goose StatementBegin\n", NULL,
     NULL, "has begun", 3},
    {PD_LAYOUT_GOOSE, "-- +goose Up\n-- +goose StatementBegin\n-- +goose Down\n", NULL, NULL,
     "between StatementBegin", 3},
    {PD_LAYOUT_GOOSE, "-- nothing\n", NULL, NULL, "has no '-- +goose Up'", 1},
};

/* The text without blanks at either end of a line and without empty lines in front and behind. */
static const char *packed(pd_arena *arena, const char *text)
{
    PD_AUTO_STRBUF out = pd_strbuf_new(PD_STRBUF_MAX);
    for (; *text != '\0'; text++) {
        bool blank = *text == ' ' || *text == '\r';
        bool edge = blank && (out.len == 0 || out.data[out.len - 1] == '\n' ||
                              text[1 + strspn(text + 1, " \r")] == '\n' ||
                              text[1 + strspn(text + 1, " \r")] == '\0');
        if (!edge && !(*text == '\n' && out.len == 0)) {
            pd_strbuf_addc(&out, *text);
        }
    }
    while (out.len > 0 && out.data[out.len - 1] == '\n') {
        out.data[--out.len] = '\0';
    }
    return pd_strbuf_keep(&out, arena);
}

static void expect_fault(const world *w, const scenario *s)
{
    const pd_migration *m = &w->set.migrations[0];
    expect_one(w, "marker-invalid", s->says);
    assert_int_equal(w->findings.items[0].place.line, s->line);
    assert_string_equal(w->findings.items[0].place.path, "drizzle/1_x.sql");
    /* Made a warning, it still cannot run. */
    assert_non_null(m->needs_tool);
    assert_null(m->down.data);
}

static void expect_sections(const world *w, const scenario *s)
{
    const pd_migration *m = &w->set.migrations[0];
    assert_string_equal(world_rules(w), "");
    assert_string_equal(packed(w->arena, m->up.sql), s->up);
    assert_string_equal(m->up.data, s->text);
    assert_int_equal(strlen(m->up.sql), strlen(s->text));
    if (s->down == NULL) {
        assert_null(m->down.data);
        assert_null(m->down.path);
        return;
    }
    char hash[PD_SHA256_HEX];
    assert_string_equal(packed(w->arena, m->down.sql), s->down);
    assert_int_equal(strlen(m->down.sql), strlen(s->text));
    assert_string_equal(m->down.data, s->text);
    assert_int_equal(m->down.len, strlen(s->text));
    pd_sha256_hex(m->down.sql, m->down.len, hash);
    assert_string_equal(m->down.hash, hash);
    assert_string_not_equal(m->down.hash, m->up.hash);
}

static void test_scenarios(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH(scenarios); i++) {
        const scenario *s = &scenarios[i];
        world w = world_new();
        world_put(&w, "1_x.sql", s->text);
        world_read(&w, s->kind);
        assert_int_equal(w.set.count, 1);
        assert_true(w.set.migrations[0].one_file);
        if (s->up == NULL) {
            expect_fault(&w, s);
        } else {
            expect_sections(&w, s);
        }
        world_free(&w);
    }
}

static void test_offsets_stay(void **state)
{
    (void)state;
    static const char text[] = "-- +goose Up\nselect '\xc3\xa4';\n-- +goose Down\n  drop x;\n";
    world w = world_new();
    world_put(&w, "1_x.sql", text);
    world_read(&w, PD_LAYOUT_GOOSE);
    const pd_migration *m = &w.set.migrations[0];
    assert_ptr_equal(strstr(m->down.sql, "drop") - m->down.sql, strstr(text, "drop") - text);
    assert_ptr_equal(strstr(m->up.sql, "select") - m->up.sql, strstr(text, "select") - text);
    for (size_t i = 0; i < sizeof text; i++) {
        assert_int_equal(text[i] == '\n', m->up.sql[i] == '\n');
        assert_int_equal(text[i] == '\n', m->down.sql[i] == '\n');
    }
    world_free(&w);
}

static void test_marks_of_transactions(void **state)
{
    (void)state;
    static const struct {
        pd_layout_kind kind;
        const char *text;
        bool no_transaction;
        const char *needs;
        size_t at;
    } rows[] = {
        {PD_LAYOUT_GOOSE, "-- +goose NO TRANSACTION\n-- +goose Up\nA;", true, NULL, 0},
        {PD_LAYOUT_GOOSE, "-- +goose Up\nA;\n-- +goose no transaction\nB;", true, NULL, 0},
        {PD_LAYOUT_GOOSE, "-- +goose Up\nA;\n-- +goose Down\n-- +goose NO TRANSACTION", true, NULL,
         0},
        {PD_LAYOUT_GOOSE, "-- +goose Up\nA;", false, NULL, 0},
        {PD_LAYOUT_GOOSE, "-- +goose Up\n-- +goose ENVSUB ON\nA ${B};", false, "goose fills", 13},
        {PD_LAYOUT_GOOSE, "-- +goose Up\n-- +goose ENVSUB OFF\nA ${B};", false, NULL, 0},
        {PD_LAYOUT_DBMATE, "-- migrate:up transaction:false\nA;", true, NULL, 0},
        {PD_LAYOUT_DBMATE, "-- migrate:up a:b  transaction:false\r\nA;", true, NULL, 0},
        {PD_LAYOUT_DBMATE, "-- migrate:up transaction:falsely\nA;", false, NULL, 0},
        {PD_LAYOUT_DBMATE, "-- migrate:up transaction:true\ntransaction:false", false, NULL, 0},
        {PD_LAYOUT_DBMATE, "-- migrate:up\nA\n-- migrate:down transaction:false\n", false, NULL, 0},
    };
    for (size_t i = 0; i < LENGTH(rows); i++) {
        world w = world_new();
        world_put(&w, "1_x.sql", rows[i].text);
        world_read(&w, rows[i].kind);
        const pd_migration *m = &w.set.migrations[0];
        assert_string_equal(world_rules(&w), "");
        assert_int_equal(m->no_transaction, rows[i].no_transaction);
        assert_int_equal(m->needs_tool_at, rows[i].at);
        assert_int_equal(m->needs_tool != NULL, rows[i].needs != NULL);
        world_free(&w);
    }
}

/* Names, order and what is no migration. */
static void test_folders(void **state)
{
    (void)state;
    static const struct {
        pd_layout_kind kind;
        const char *files[6];
        const char *names;
        const char *rules;
    } rows[] = {
        {PD_LAYOUT_GOOSE,
         {"00100_c.sql", "99_b.sql", "1_a.sql", "00003_x.go", "00003_x_test.go", "helpers2.go"},
         "1_a 00003_x.go 99_b 00100_c",
         "migration-not-sql"},
        {PD_LAYOUT_GOOSE,
         {"0_a.sql", "1_b.sql", "x.sql"},
         "1_b",
         "sql-outside-set sql-outside-set"},
        {PD_LAYOUT_GOOSE, {"1_a.sql", "01_b.sql"}, "01_b 1_a", "duplicate-version"},
        {PD_LAYOUT_GOOSE,
         {"1_a.sql", "1_b.go"},
         "1_a 1_b.go",
         "migration-not-sql duplicate-version"},
        {PD_LAYOUT_DBMATE, {"2_b.sql", "10_c.sql", "1_a.sql"}, "10_c 1_a 2_b", "order-not-numeric"},
        /* dbmate sorts whole file names: '-' stands in front of '.' */
        {PD_LAYOUT_DBMATE, {"1a.sql", "1a-b.sql"}, "1a-b 1a", "duplicate-version"},
        {PD_LAYOUT_DBMATE, {"20200101.sql", "x.sql"}, "20200101", "sql-outside-set"},
    };
    for (size_t i = 0; i < LENGTH(rows); i++) {
        world w = world_new();
        for (size_t k = 0; k < 6 && rows[i].files[k] != NULL; k++) {
            world_put(&w, rows[i].files[k], "-- +goose Up\n");
            if (rows[i].kind == PD_LAYOUT_DBMATE) {
                world_put(&w, rows[i].files[k], "-- migrate:up\n");
            }
        }
        world_read(&w, rows[i].kind);
        assert_string_equal(world_names(&w), rows[i].names);
        assert_string_equal(world_rules(&w), rows[i].rules);
        for (size_t k = 1; k < w.set.count; k++) {
            assert_true(
                pd_migration_compare(&w.set, &w.set.migrations[k - 1], &w.set.migrations[k]) < 0);
        }
        world_free(&w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scenarios), cmocka_unit_test(test_offsets_stay),
        cmocka_unit_test(test_marks_of_transactions), cmocka_unit_test(test_folders)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
