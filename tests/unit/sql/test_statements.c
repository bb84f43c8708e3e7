/* Each tests/fixtures/sql/NAME.sql is read into what NAME.expect says; a name that begins with
 * drizzle- is split at breakpoints. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "base/str.h"
#include "scripts.h"

#define FOLDER PD_FIXTURES "/sql"

static const char *read_text(pd_arena *arena, const char *path)
{
    pd_bytes bytes = {0};
    pd_error err = {0};
    FILE *stream = fopen(path, "re");
    if (stream == NULL)
        fail_msg("%s is missing", path);
    bool read = pd_file_slurp(stream, path, 1 << 20, arena, &bytes, &err);
    fclose(stream);
    assert_true(read);
    return pd_arena_strndup(arena, bytes.data, bytes.len);
}

static bool agrees(const char *name)
{
    PD_AUTO_ARENA arena = pd_arena_new();
    size_t stem = strlen(name) - strlen(".sql");
    const char *text = read_text(arena, pd_arena_printf(arena, FOLDER "/%s", name));
    const char *expected =
        read_text(arena, pd_arena_printf(arena, FOLDER "/%.*s.expect", (int)stem, name));
    pd_script script = scripts_parse(arena, text, pd_starts_with(name, "drizzle-"));
    const char *actual = scripts_dump(arena, &script);
    if (pd_streq(actual, expected))
        return true;
    fprintf(stderr, "%s is read as\n%s", name, actual); /* cmocka would cut it */
    return false;
}

static void test_pairs(void **state)
{
    (void)state;
    DIR *folder = opendir(FOLDER);
    assert_non_null(folder);
    size_t pairs = 0;
    size_t wrong = 0;
    for (struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
        if (!pd_ends_with(entry->d_name, ".sql"))
            continue;
        pairs++;
        wrong += !agrees(entry->d_name);
    }
    closedir(folder);
    assert_true(pairs >= 10);
    assert_int_equal(wrong, 0);
}

/* An index is told with its table, by the table's name alone where it has none itself. */
static void test_table_of_an_index(void **state)
{
    static const char *const names[][2] = {
        {"i", "a"}, {"s.b", "s.b"}, {"j", "Odd Name"}, {"a", ""}, {"a", ""},
    };
    (void)state;
    PD_AUTO_ARENA arena = pd_arena_new();
    pd_script script =
        scripts_parse(arena,
                      "CREATE INDEX i ON a (x); CREATE UNIQUE INDEX ON ONLY s.b (x); CREATE INDEX "
                      "CONCURRENTLY j ON \"Odd Name\" (x); DROP INDEX a; ALTER TABLE a ADD y int;",
                      false);
    assert_int_equal(script.count, sizeof names / sizeof *names);
    for (size_t i = 0; i < script.count; i++) {
        assert_string_equal(script.statements[i].object, names[i][0]);
        assert_string_equal(script.statements[i].table, names[i][1]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pairs),
        cmocka_unit_test(test_table_of_an_index),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
