/* The checksums that other tools keep. */
#include "gate/foreign.h"
#include "sets.h"

#define PRISMA PD_LAYOUT_PRISMA
#define SQLX PD_LAYOUT_SQLX
#define FLYWAY PD_LAYOUT_FLYWAY
#define GOOSE PD_LAYOUT_GOOSE

/* The digests are of "create table t0 (id int);\n", by sha256sum, sha384sum and zlib's crc32. */
static void checksums(void **state)
{
    (void)state;
    PD_AUTO_ARENA arena = pd_arena_new();
    const pd_foreign_ledger prisma = {.tool = PRISMA};
    const pd_foreign_ledger sqlx = {.tool = SQLX};
    const pd_foreign_ledger flyway = {.tool = FLYWAY};
    const pd_foreign_ledger goose = {.tool = GOOSE};
    static const char *const same[] = {
        "create table t0 (id int);\n",
        "create table t0 (id int);\r\n",
    };
    const pd_foreign_row sha256 = {
        .checksum = "19c4fd8fb9f45fba6a36f530260be45f83e29d320ee2cbca280ee1a9efc0f844"};
    const pd_foreign_row sha384 = {
        .checksum = "c1ca7de185c73a6afd3856d2a9ed682480c360e69a716624ba63a4624a3cab33"
                    "910f4ae687560c4d9f1606fd957a03d2"};
    const pd_foreign_row crc = {.checksum = "1809346549"};
    const pd_foreign_row none = {0};
    for (size_t i = 0; i < 2; i++) {
        pd_sql_file file = {0};
        fill_file(arena, &file, "f", same[i]);
        assert_true(pd_foreign_same_content(&prisma, &sha256, &file));
        assert_true(pd_foreign_same_content(&sqlx, &sha384, &file));
        assert_true(pd_foreign_same_content(&flyway, &crc, &file));
        assert_false(pd_foreign_same_content(&prisma, &sha384, &file));
        assert_false(pd_foreign_same_content(&sqlx, &sha256, &file));
        assert_false(pd_foreign_same_content(&flyway, &sha256, &file));
        assert_true(pd_foreign_same_content(&goose, &none, &file));
    }
    pd_sql_file other = {0};
    fill_file(arena, &other, "f", "create table t0 (id int) ;\n");
    assert_false(pd_foreign_same_content(&prisma, &sha256, &other));
    assert_false(pd_foreign_same_content(&sqlx, &sha384, &other));
    assert_false(pd_foreign_same_content(&flyway, &crc, &other));
    /* Its number has a sign. */
    const pd_foreign_row negative = {.checksum = "-1437159371"};
    fill_file(arena, &other, "f", "create table t1 (id int);\r");
    assert_true(pd_foreign_same_content(&flyway, &negative, &other));
    /* A byte order mark, and an end that is missing, are nothing to Flyway. */
    fill_file(arena, &other, "f",
              "\xEF\xBB\xBF"
              "create table t0 (id int);");
    assert_true(pd_foreign_same_content(&flyway, &crc, &other));
}

static void dos_ends_of_the_work_tree(void **state)
{
    (void)state;
    PD_AUTO_ARENA arena = pd_arena_new();
    pd_sql_file unix_file = {0};
    char hash[PD_SHA384_HEX];
    const pd_foreign_ledger sqlx = {.tool = SQLX};
    pd_sha384_hex("a\r\nb\r\n", 6, hash);
    const pd_foreign_row row = {.checksum = hash};
    fill_file(arena, &unix_file, "f", "a\nb\n");
    assert_true(pd_foreign_same_content(&sqlx, &row, &unix_file));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(checksums),
        cmocka_unit_test(dos_ends_of_the_work_tree),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
