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
    {"BEGIN;\nCOMMIT;\n", true, false, ""},
    {"-- no\nbegin work ;; /* way */ end transaction", true, false, ""},
    {"START TRANSACTION; COMMIT WORK;", true, false, ""},
    {"BEGIN; -- predeploy: irreversible: x\nCOMMIT;", true, true, "x"},
    {"BEGIN;", false, false, ""},
    {"BEGIN COMMIT;", false, false, ""},
    {"START; COMMIT;", false, false, ""},
    {"START WORK; COMMIT;", false, false, ""},
    {"BEGIN TRANSACTION WORK; COMMIT;", false, false, ""},
    {"BEGIN; COMMIT AND CHAIN;", false, false, ""},
    {"BEGIN; COMMIT; COMMIT;", false, false, ""},
    {"BEGIN; DROP TABLE t; COMMIT;", false, false, ""},
    {"COMMIT; BEGIN;", false, false, ""},
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

static void test_unknown_markers(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *unknown; /* "": none */
    } cases[] = {
        {"-- predeploy: irreversable: no\n", "irreversable"},
        {"-- later\n--predeploy:irreversibly", "irreversibly"},
        {"-- predeploy: a\n-- predeploy: b\r\n", "a"},
        {"-- predeploy: a\n-- predeploy: irreversible: x\n", ""},
        {"-- predeploy:\n", ""},
        {"-- irreversable\n", ""},
        {"-- predeploy: irreversable: no\nDROP TABLE t;", ""},
    };
    for (size_t i = 0; i < LENGTH(cases); i++) {
        PD_AUTO_ARENA arena = pd_arena_new();
        pd_companion companion = {0};
        pd_companion_read(arena, cases[i].text, strlen(cases[i].text), &companion);
        assert_string_equal(companion.unknown == NULL ? "" : companion.unknown, cases[i].unknown);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_companions),
        cmocka_unit_test(test_unknown_markers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
