/* What can be told of a drizzle.config.ts without running it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/str.h"
#include "layout/drizzle_config.h"

static const struct {
    const char *text;
    bool named;
    bool unsure;
    const char *schema;
    const char *table;
} scenarios[] = {
    {"", false, false, NULL, NULL},
    {"export default { out: './x' }", false, false, NULL, NULL},
    {"export default { migrations: { table: 'm', schema: 's' } }", true, false, "s", "m"},
    {"export default { migrations: { schema: \"s\" } } satisfies Config;", true, false, "s", NULL},
    {"{ \"migrations\": { \"table\": \"m\" } }", true, false, NULL, "m"},
    {"f({ a: 1, migrations: { prefix: 'index', table: `m`, }, b })", true, false, NULL, "m"},
    {"f({ migrations: { other: { table: 'x' }, table: 'm' } })", true, false, NULL, "m"},
    {"f({ migrations: {} })", true, false, NULL, NULL},
    {"f({ migrations: { // table: 'x'\n /* schema: 's' */ table: 'm' } })", true, false, NULL, "m"},
    {"// { migrations: { table: 'm' } }\nf({})", false, false, NULL, NULL},
    {"f({ a: '{ migrations: x }' })", false, false, NULL, NULL},
    {"const migrations = 1; a.migrations.b({ x: migrations.y })", false, false, NULL, NULL},
    {"f({ migrations: { table: 'a' + 'b' } })", true, true, NULL, NULL},
    {"f({ migrations: { table: `a${b}` } })", true, true, NULL, NULL},
    {"f({ migrations: { table: 'a\\x62' } })", true, true, NULL, NULL},
    {"f({ migrations: { table: name } })", true, true, NULL, NULL},
    {"f({ migrations: { table } })", true, true, NULL, NULL},
    {"f({ migrations: { ...x } })", true, true, NULL, NULL},
    {"f({ migrations: { table: 'a', table: 'b' } })", true, true, NULL, NULL},
    {"f({ migrations: x ? { table: 'a' } : {} })", true, true, NULL, NULL},
    {"f({ migrations: { table: 'a' } || x })", true, true, NULL, NULL},
    {"f({ migrations })", true, true, NULL, NULL},
    {"f({ migrations: { table: 'a' } }, { migrations: { table: 'b' } })", true, true, NULL, NULL},
    {"f({ migrations: { table: '' } })", true, true, NULL, NULL},
    {"f({ migrations: { table: 'a'", true, true, NULL, NULL},
    {"f({ migrations: { a: ", true, true, NULL, NULL},
    {"f({ migrations:", true, true, NULL, NULL},
    {"f({ a: '", false, false, NULL, NULL},
    {"f({ a: '\\", false, false, NULL, NULL},
    {"/", false, false, NULL, NULL},
    {"/*", false, false, NULL, NULL},
    {"/*/ { migrations: x }", false, false, NULL, NULL},
    {"\xff\xfe{ migrations: { table: 'm' } }", true, false, NULL, "m"},
};

static void what_is_written_out_is_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof scenarios / sizeof *scenarios; i++) {
        PD_AUTO_ARENA arena = pd_arena_new();
        pd_drizzle_config found;
        size_t len = strlen(scenarios[i].text);
        print_message("%s\n", scenarios[i].text);
        /* its very end, so that a sanitizer sees who reads on */
        char *text = pd_arena_strndup(arena, scenarios[i].text, len);
        pd_drizzle_config_read(arena, text, len, &found);
        assert_int_equal(found.named, scenarios[i].named);
        assert_int_equal(found.unsure, scenarios[i].unsure);
        if (found.unsure)
            continue;
        assert_true(pd_streq(found.schema, scenarios[i].schema));
        assert_true(pd_streq(found.table, scenarios[i].table));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(what_is_written_out_is_read)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
