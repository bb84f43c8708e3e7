#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdbool.h>

#include "domain/revision.h"

static void only_what_is_needed_is_read(void **state)
{
    static const struct {
        const char *path;
        uint64_t size;
        bool wanted;
    } rows[] = {
        {"0001_users.sql", 0, true},
        {"0001_users.sql", PD_FILE_MAX, true},
        {"0001_users.sql", PD_FILE_MAX + 1, false},
        {"0001_users.sql", UINT64_MAX, false},
        {"0001_users-rollback.sql", 10, true},
        {"20250101000000_users/migration.sql", 10, true},
        {"20250101000000_users/rollback.sql", 10, true},
        {".sql", 10, true},
        {"SHA256SUMS", 10, true},
        {"SHA256SUMS", PD_FILE_MAX + 1, false},
        {"meta/_journal.json", 10, true},
        {"meta/_journal.json", PD_FILE_MAX + 1, false},
        {"", 0, false},
        {"sql", 10, false},
        {"a.SQL", 10, false},
        {"a.sql.bak", 10, false},
        {"a.sql/README", 10, false},
        {"sub/SHA256SUMS", 10, false},
        {"SHA256SUMS.txt", 10, false},
        {"sha256sums", 10, false},
        {"_journal.json", 10, false},
        {"sub/meta/_journal.json", 10, false},
        {"meta/0000_snapshot.json", 10, false},
        {"20250101000000_users/snapshot.json", 10, false},
        {"00003_x.go", 10, true},
        {"V2__x.java", PD_FILE_MAX + 1, false},
        {"sub/2_x.ts", 10, true},
        {"00003_x_test.go", 10, false},
        {"types2.d.ts", 10, false},
        {"helpers.go", 10, false},
        {"2/helpers.go", 10, false},
        {"V1__a.sql.conf", 10, true},
        {"a.conf", 10, false},
        {"2020-01-01-000000_x/metadata.toml", 10, true},
        {"metadata.toml", 10, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (pd_entry_wanted(rows[i].path, rows[i].size) != rows[i].wanted)
            fail_msg("%s", rows[i].path);
}

/* In byte order, as git's own: bytes beyond ASCII are greater than letters. */
static void entries_are_found_in_a_snapshot_of_any_size(void **state)
{
    static const char *const paths[] = {
        "",  "-",    "0001.sql", "0001.sql/x",         "0002.sql", "A",        "_",
        "a", "a\nb", "b",        "meta/_journal.json", "\x7f",     "\xc3\xa4", "\xff"};
    enum { COUNT = sizeof paths / sizeof *paths };
    static const char *const others[] = {" ",  "0001.sq", "0001.sql/", "0003.sql",
                                         "aa", "meta",    "\x80",      "\xff\xff"};
    pd_entry entries[COUNT] = {{0}};
    (void)state;
    for (size_t i = 0; i < COUNT; i++)
        entries[i].path = paths[i];
    for (size_t count = 0; count <= COUNT; count++) {
        const pd_snapshot snapshot = {.entries = entries, .count = count};
        for (size_t i = 0; i < COUNT; i++)
            assert_ptr_equal(pd_snapshot_find(&snapshot, paths[i]), i < count ? &entries[i] : NULL);
        for (size_t i = 0; i < sizeof others / sizeof *others; i++)
            assert_null(pd_snapshot_find(&snapshot, others[i]));
    }
    const pd_snapshot none = {0};
    assert_null(pd_snapshot_find(&none, "a"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_what_is_needed_is_read),
        cmocka_unit_test(entries_are_found_in_a_snapshot_of_any_size),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
