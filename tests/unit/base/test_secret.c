#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdbool.h>
#include <string.h>

#include "base/secret.h"

static const char *redacted(pd_arena *arena, const pd_secrets *secrets, const char *text)
{
    PD_AUTO_STRBUF buf = pd_strbuf_new(10000);
    pd_strbuf_adds(&buf, text);
    pd_secrets_redact(secrets, &buf);
    assert_int_equal(strlen(buf.data), buf.len);
    return pd_strbuf_keep(&buf, arena);
}

static void a_secret_is_blotted_out_in_each_form(void **state)
{
    static const struct {
        const char *secret;
        const char *text;
        const char *shown;
    } rows[] = {
        {"S3cr3t", "S3cr3t", "***"},
        {"S3cr3t", "a S3cr3t and S3cr3t.", "a *** and ***."},
        {"S3cr3t", "S3cr3tS3cr3t", "***"},
        {"S3cr3t", "s3cr3t S3cr3 3cr3t", "s3cr3t S3cr3 3cr3t"},
        {"S3cr3t", "base64 UzNjcjN0.", "base64 ***."},
        {"p@ss/w", "p%40ss%2Fw p%40ss%2fw p@ss/w", "*** *** ***"},
        {"p\"s\\w\n", "{\"x\":\"p\\\"s\\\\w\\n\"}", "{\"x\":\"***\"}"},
        {"ab\x1f\x0b\b", "\"ab\\u001F\\u000B\\b\"", "\"***\""},
        {"ab\x1b[c", "ab\\x1B[c", "***"}, /* as printable text */
        {"gr\u00fc\u00df", "gr\u00fc\u00df gr%C3%BC%C3%9F", "*** ***"},
        {"aaaa", "aaaaaaa-aaaa-aaa", "***-***-aaa"},
        {"abcd", "abcd", "***"},
        {"abc", "abc YWJj", "abc YWJj"}, /* too short to be told from ordinary text */
        {"", "text", "text"},
        {NULL, "text", "text"},
        {"****", "****", "***"},
    };
    (void)state;
    PD_AUTO_ARENA arena = pd_arena_new();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        pd_secrets secrets = {.arena = arena};
        pd_secrets_add(&secrets, rows[i].secret);
        assert_string_equal(redacted(arena, &secrets, rows[i].text), rows[i].shown);
    }
}

static void secrets_that_overlap_leave_nothing_behind(void **state)
{
    (void)state;
    PD_AUTO_ARENA arena = pd_arena_new();
    pd_secrets secrets = {.arena = arena};
    pd_secrets_add(&secrets, "abcdef");
    pd_secrets_add(&secrets, "efghijkl");
    pd_secrets_add(&secrets, "cdef");
    assert_string_equal(redacted(arena, &secrets, "-abcdefghijkl-"), "-***-");
    assert_string_equal(redacted(arena, &secrets, "abcdefcdefabcd"), "***abcd");
}

static void the_caller_may_reuse_its_memory(void **state)
{
    (void)state;
    PD_AUTO_ARENA arena = pd_arena_new();
    pd_secrets secrets = {.arena = arena};
    char secret[] = "S3cr3tPw";
    pd_secrets_add(&secrets, secret);
    memset(secret, 'x', sizeof secret - 1);
    assert_string_equal(redacted(arena, &secrets, "S3cr3tPw"), "***");
}

static void the_longest_stand_first_and_once(void **state)
{
    (void)state;
    PD_AUTO_ARENA arena = pd_arena_new();
    pd_secrets secrets = {.arena = arena};
    pd_secrets_add(&secrets, "middle");
    pd_secrets_add(&secrets, "longest-of-all");
    pd_secrets_add(&secrets, "four");
    pd_secrets_add(&secrets, "middle");
    for (size_t i = 1; i < secrets.count; i++)
        assert_true(strlen(secrets.items[i - 1]) >= strlen(secrets.items[i]));
    for (size_t i = 0; i < secrets.count; i++)
        for (size_t k = 0; k < i; k++)
            assert_string_not_equal(secrets.items[i], secrets.items[k]);
}

static void bytes_and_the_cut_mark_are_kept(void **state)
{
    (void)state;
    PD_AUTO_ARENA arena = pd_arena_new();
    pd_secrets secrets = {.arena = arena};
    pd_secrets_add(&secrets, "S3cr3t");
    PD_AUTO_STRBUF buf = pd_strbuf_new(20);
    pd_strbuf_add(&buf, "a\0S3cr3t\0b", 10);
    pd_secrets_redact(&secrets, &buf);
    assert_int_equal(buf.len, 7);
    assert_memory_equal(buf.data, "a\0***\0b", 8);

    pd_strbuf_adds(&buf, "S3cr3t and more");
    assert_true(buf.truncated);
    pd_secrets_redact(&secrets, &buf);
    assert_true(buf.truncated);
    assert_int_equal(buf.max, 20);
}

static void no_secrets_no_text(void **state)
{
    (void)state;
    PD_AUTO_ARENA arena = pd_arena_new();
    pd_secrets secrets = {.arena = arena};
    assert_string_equal(redacted(arena, &secrets, "text"), "text");
    pd_secrets_add(&secrets, "S3cr3t");
    assert_string_equal(redacted(arena, &secrets, ""), "");
    assert_string_equal(redacted(arena, &secrets, "S3cr3"), "S3cr3");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_secret_is_blotted_out_in_each_form),
        cmocka_unit_test(secrets_that_overlap_leave_nothing_behind),
        cmocka_unit_test(the_caller_may_reuse_its_memory),
        cmocka_unit_test(the_longest_stand_first_and_once),
        cmocka_unit_test(bytes_and_the_cut_mark_are_kept),
        cmocka_unit_test(no_secrets_no_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
