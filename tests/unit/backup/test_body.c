/* The body of a backup request, byte for byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "backup/body.h"

static void writes_the_documented_body(void **state)
{
    (void)state;
    PD_AUTO_ARENA arena = pd_arena_new();
    const char *names[] = {"0007_orders", "0008_\"quoted\"\xFF"};
    pd_target target = {
        .host = "db.internal", .port = "5432", .dbname = "shop", .user = "deployer"};
    pd_backup_request request = {.event = "deploy",
                                 .deployment = "0f2c1f0e-8d3b-4f57-9f5e-2d6f6c1f8a11",
                                 .commit = "9f1c2e7a",
                                 .target = &target,
                                 .migrations = names,
                                 .migration_count = 2};
    size_t len = 0;
    const char *body = pd_backup_body(arena, &request, 1700000000, &len);
    assert_string_equal(
        body, "{\"event\":\"predeploy.backup\",\"action\":\"deploy\","
              "\"deployment_id\":\"0f2c1f0e-8d3b-4f57-9f5e-2d6f6c1f8a11\","
              "\"commit\":\"9f1c2e7a\","
              "\"database\":{\"host\":\"db.internal\",\"port\":\"5432\",\"name\":\"shop\"},"
              "\"migrations\":[\"0007_orders\",\"0008_\\\"quoted\\\"\xEF\xBF\xBD\"],"
              "\"requested_at\":\"2023-11-14T22:13:20Z\"}");
    assert_int_equal(len, strlen(body));
}

static void says_null_for_what_is_unknown(void **state)
{
    (void)state;
    PD_AUTO_ARENA arena = pd_arena_new();
    pd_target target = {.dbname = "shop"};
    pd_backup_request request = {.event = "rollback", .deployment = "d", .target = &target};
    size_t len = 0;
    assert_string_equal(
        pd_backup_body(arena, &request, 0, &len),
        "{\"event\":\"predeploy.backup\",\"action\":\"rollback\",\"deployment_id\":\"d\","
        "\"commit\":null,\"database\":{\"host\":null,\"port\":null,\"name\":\"shop\"},"
        "\"migrations\":[],\"requested_at\":\"1970-01-01T00:00:00Z\"}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_the_documented_body),
        cmocka_unit_test(says_null_for_what_is_unknown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
