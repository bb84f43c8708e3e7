#include "scaffolds.h"

static void test_companions(void **state)
{
    (void)state;
    made self = {.world = world_new()};
    pd_settings settings = settings_of(PD_LAYOUT_PLAIN);
    settings.rollback_since = "0001_a";
    world_put(&self.world, "0001_a.sql", "SELECT 1;\n");
    world_put(&self.world, "0002_b.sql", "SELECT 1;\n");
    world_put(&self.world, "0003_c.sql", "SELECT 1;\n");
    world_put(&self.world, "0003_c-rollback.sql", "SELECT 1;\n");
    must(&self, &settings, NULL);
    assert_int_equal(self.files.count, 1);
    const pd_new_file *file = find_new(&self, "0002_b-rollback.sql");
    assert_non_null(file);
    for (const char *line = file->text.data; *line != '\0'; line = strchr(line, '\n') + 1) {
        assert_memory_equal(line, "--", 2);
        assert_int_not_equal(strncasecmp(line + 2 + strspn(line + 2, " "), "predeploy:", 10), 0);
    }
    settings.rollback_since = "0009_x";
    assert_false(scaffold(&self, &settings, NULL));
    world_free(&self.world);
}

/* The way back of a program is in it, too: it neither gets a companion nor is in the way. */
static void test_programs_get_no_companion(void **state)
{
    (void)state;
    made self = {.world = world_new(), .rules = "migration-not-sql"};
    pd_settings settings = settings_of(PD_LAYOUT_PLAIN);
    world_put(&self.world, "0001_a.sql", "SELECT 1;\n");
    world_put(&self.world, "0002_b.js", "x()\n");
    must(&self, &settings, NULL);
    assert_int_equal(self.files.count, 1);
    assert_int_equal(self.files.passed_count, 0);
    assert_non_null(find_new(&self, "0001_a-rollback.sql"));
    assert_null(self.world.set.migrations[1].down.path);
    world_free(&self.world);
}

static void test_without_a_pattern_of_companions(void **state)
{
    (void)state;
    made self = {.world = world_new()};
    pd_settings settings = settings_of(PD_LAYOUT_CUSTOM);
    settings.up_pattern = "{version}_{title}.sql";
    world_put(&self.world, "0001_a.sql", "SELECT 1;\n");
    assert_false(scaffold(&self, &settings, NULL));
    assert_non_null(strstr(self.err.hint, "layout.rollback"));
    self.err = (pd_error){0};
    must(&self, &settings, "b");
    assert_int_equal(self.files.count, 1);
    assert_non_null(find_new(&self, "0002_b.sql"));
    world_free(&self.world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_companions),
        cmocka_unit_test(test_programs_get_no_companion),
        cmocka_unit_test(test_without_a_pattern_of_companions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
