#include "scripts.h"
#include "sql/companion.h"

static const struct {
    const char *text;
    bool empty;
    bool irreversible;
    const char *reason;
} rows[] = {
    {"", true, false, ""},
    {" \n\t;\r\n;", true, false, ""},
    {"-- nothing\n/* to /* see */ here */", true, false, ""},
    {"DROP TABLE t;", false, false, ""},
    {"-- predeploy: irreversible: data is gone\n", true, true, "data is gone"},
    {"-- predeploy: irreversible: data is gone", true, true, "data is gone"},
    {"--predeploy:irreversible:x", true, true, "x"},
    {"--\t PreDeploy :  IRREVERSIBLE :\t äöü; -- really \t\r\nx", false, false, ""},
    {"--\t PreDeploy :  IRREVERSIBLE :\t äöü; -- really \t\r\n", true, true, "äöü; -- really"},
    {"-- why\n\n  -- predeploy: irreversible: a: b\n;", true, true, "a: b"},
    {"-- predeploy: irreversible: first\n-- predeploy: irreversible: second\n", true, true,
     "first"},
    {"-- predeploy: irreversible\n", true, true, ""},
    {"-- predeploy: irreversible:   \n", true, true, ""},
    {"-- predeploy: irreversible because\n", true, true, ""},
    {"-- predeploy: irreversibly: x\n", true, false, ""},
    {"-- predeploy: irreversible_: x\n", true, false, ""},
    {"-- predeploys: irreversible: x\n", true, false, ""},
    {"-- irreversible: x\n", true, false, ""},
    {"-- see predeploy: irreversible: x\n", true, false, ""},
    {"/* -- predeploy: irreversible: x */", true, false, ""},
    {"/* \n-- predeploy: irreversible: x\n */", true, false, ""},
    {"-- predeploy: irreversible: x\nDROP TABLE t;", false, false, ""},
    {"-- predeploy: irreversible: x\rDROP TABLE t;", false, false, ""},
    {"-- predeploy: irreversible: x\n/* open", false, false, ""},
    {"SELECT '\n-- predeploy: irreversible: x\n'", false, false, ""},
    {"\xEF\xBB\xBF-- predeploy: irreversible: x\n", false, false, ""},
    {"-", false, false, ""},
    {"/", false, false, ""},
    {"--", true, false, ""},
};

static void test_companions(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH(rows); i++) {
        PD_AUTO_ARENA arena = pd_arena_new();
        pd_companion companion = {0};
        pd_companion_read(arena, rows[i].text, strlen(rows[i].text), &companion);
        if (companion.empty != rows[i].empty || companion.irreversible != rows[i].irreversible ||
            strcmp(companion.reason, rows[i].reason) != 0)
            fail_msg("\"%s\": %d %d \"%s\"", rows[i].text, companion.empty, companion.irreversible,
                     companion.reason);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_companions)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
