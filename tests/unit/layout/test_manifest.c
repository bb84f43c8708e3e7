#include "world.h"

#include "layout/manifest.h"

#define A "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define B "354b7196c9ba5fb4b21cf615bb6ec4cd5c07503c34229feef033fc081a8c03f4"
#define UPPER "E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855"

typedef struct scenario {
    const char *text;
    const char *rule;
    const char *message;
    int line;
    const char *entries; /* what is usable, joined by '|' */
} scenario;

static const scenario scenarios[] = {
    {"", "", "", 0, ""},
    {A "  a.sql\n" B "  b.sql\n", "", "", 0, "a.sql|b.sql"},
    {A "  a.sql\n" B "  b.sql", "", "", 0, "a.sql|b.sql"},
    {A " *a.sql\n", "", "", 0, "a.sql"},
    {UPPER "  a.sql\n", "", "", 0, "a.sql"},
    {A "  ./a.sql\n", "", "", 0, "a.sql"},
    {A "  x/migration.sql\n", "", "", 0, "x/migration.sql"},
    {A "   a b.sql\n", "", "", 0, " a b.sql"},
    {"\\" A "  a\\\\b\\nc\\rd.sql\n", "", "", 0, "a\\b\nc\rd.sql"},
    {A "  a\\nb.sql\n", "", "", 0, "a\\nb.sql"},
    {"\\" A "  a\\tb.sql\n", "sums-malformed", "escape", 1, ""},
    {"\\" A "  a\\", "sums-malformed", "escape", 1, ""},
    {A "  a.sql\n\n" B "  b.sql\n", "sums-malformed", "line 2 is empty", 2, "a.sql|b.sql"},
    {"# hashes\n" A "  a.sql\n", "sums-malformed", "line 1 does not begin with a SHA-256", 1,
     "a.sql"},
    {A " a.sql\n", "sums-malformed", "two blanks", 1, ""},
    {A "\ta.sql\n", "sums-malformed", "two blanks", 1, ""},
    {A "  \n", "sums-malformed", "two blanks", 1, ""},
    {A "\n", "sums-malformed", "two blanks", 1, ""},
    {"SHA256 (a.sql) = " A "\n", "sums-malformed", "64 digits", 1, ""},
    {A "0  a.sql\n", "sums-malformed", "two blanks", 1, ""},
    {A "  a.sql\r\n" B "  b.sql\r\n", "sums-malformed", "eol=lf", 1, "a.sql|b.sql"},
    {A "  /etc/passwd\n", "sums-outside-folder", "/etc/passwd", 1, ""},
    {A "  ../a.sql\n" B "  b.sql\n", "sums-outside-folder", "line 1 lists ../a.sql", 1, "b.sql"},
    {A "  x/../../a.sql\n", "sums-outside-folder", "..", 1, ""},
    {A "  x//a.sql\n", "sums-outside-folder", "x//a.sql", 1, ""},
    {A "  x/./a.sql\n", "sums-outside-folder", "x/./a.sql", 1, ""},
    {A "  x/\n", "sums-outside-folder", "x/", 1, ""},
    {A "  ..\n", "sums-outside-folder", "..", 1, ""},
    {A "  ./\n", "sums-outside-folder", "", 1, ""},
    {A "  a.sql\n" B "  b.sql\n" A "  a.sql\n", "sums-duplicate",
     "line 3 lists a.sql again, as line 1 does", 3, "a.sql|b.sql"},
    {A "  a.sql\n" B "  ./a.sql\n", "sums-duplicate", "with another hash", 2, "a.sql"},
};

static void test_scenarios(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH(scenarios); i++) {
        const scenario *s = &scenarios[i];
        world w = world_new();
        pd_manifest_parse(w.arena, "drizzle/SHA256SUMS", s->text, strlen(s->text), &w.set,
                          &w.findings);
        if (*s->rule == '\0') {
            assert_string_equal(world_rules(&w), "");
        } else {
            expect_one(&w, s->rule, s->message);
            assert_int_equal(w.findings.items[0].place.line, s->line);
            assert_string_equal(w.findings.items[0].place.path, "drizzle/SHA256SUMS");
        }
        PD_AUTO_STRBUF entries = pd_strbuf_new(PD_STRBUF_MAX);
        for (size_t k = 0; k < w.set.sums_count; k++) {
            pd_strbuf_addf(&entries, "%s%s", k > 0 ? "|" : "", w.set.sums[k].entry);
            assert_string_equal(w.set.sums[k].hash,
                                strncmp(w.set.sums[k].entry, "b", 1) == 0 ? B : A);
        }
        assert_string_equal(entries.data, s->entries);
        world_free(&w);
    }
}

static void test_lines_are_counted(void **state)
{
    (void)state;
    static const char text[] = A "  a.sql\n" B "  b.sql\n";
    world w = world_new();
    pd_manifest_parse(w.arena, "SHA256SUMS", text, sizeof text - 1, &w.set, &w.findings);
    assert_int_equal(w.set.sums[0].line, 1);
    assert_int_equal(w.set.sums[1].line, 2);
    world_free(&w);
}

/* A name with a NUL is no name: what is behind it would be lost. */
static void test_nul_in_a_name(void **state)
{
    (void)state;
    static const char text[] = A "  a.sql\0b\n";
    world w = world_new();
    pd_manifest_parse(w.arena, "SHA256SUMS", text, sizeof text - 1, &w.set, &w.findings);
    assert_string_equal(world_rules(&w), "sums-malformed");
    assert_int_equal(w.set.sums_count, 0);
    world_free(&w);
}

static void test_what_is_no_manifest_is_told_in_few_lines(void **state)
{
    (void)state;
    world w = world_new();
    PD_AUTO_STRBUF text = pd_strbuf_new(PD_STRBUF_MAX);
    pd_strbuf_addn(&text, '\n', 100000);
    pd_manifest_parse(w.arena, "SHA256SUMS", text.data, text.len, &w.set, &w.findings);
    assert_int_equal(w.findings.count, 21);
    assert_non_null(strstr(w.findings.items[20].message, "99980 more lines"));
    world_free(&w);
}

/* In a set, what is wrong with the file as a whole is the only finding. */
static void test_unsound_file_has_one_finding(void **state)
{
    (void)state;
    world w = world_new();
    world_put(&w, "SHA256SUMS", "<<<<<<< HEAD\n" A "  a.sql\n=======\n" B "  b.sql\n>>>>>>> x\n");
    world_read(&w, PD_LAYOUT_DETECT);
    expect_one(&w, "entry-conflict-markers", "predeploy record");
    assert_true(w.set.has_sums);
    assert_int_equal(w.set.sums_count, 2);
    world_free(&w);

    w = world_new();
    world_put(&w, "SHA256SUMS", "\xef\xbb\xbf" A "  a.sql\n");
    world_read(&w, PD_LAYOUT_DETECT);
    expect_one(&w, "entry-byte-order-mark", "sed");
    assert_int_equal(w.set.sums_count, 1);
    world_free(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scenarios),
        cmocka_unit_test(test_lines_are_counted),
        cmocka_unit_test(test_nul_in_a_name),
        cmocka_unit_test(test_what_is_no_manifest_is_told_in_few_lines),
        cmocka_unit_test(test_unsound_file_has_one_finding),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
