/* Signatures against the reference vector of the Standard Webhooks libraries. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "backup/sign.h"

static void signs_like_the_reference(void **state)
{
    (void)state;
    PD_AUTO_ARENA arena = pd_arena_new();
    pd_sign_key key;
    pd_error err;
    const char *body = "{\"test\": 2432232314}";
    assert_true(pd_sign_key_read(&key, arena, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", &err));
    assert_string_equal(
        pd_sign(arena, &key, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body, strlen(body)),
        "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
}

static void takes_other_secrets_as_bytes(void **state)
{
    (void)state;
    PD_AUTO_ARENA arena = pd_arena_new();
    pd_sign_key key;
    pd_error err;
    assert_true(pd_sign_key_read(&key, arena, "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", &err));
    assert_int_equal(key.len, 32);
    assert_memory_equal(key.data, "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", 32);
    /* printf 'id.7.' | openssl dgst -sha256 -hmac MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw -binary | base64
     */
    assert_string_equal(pd_sign(arena, &key, "id", 7, "", 0),
                        "v1,/XujVhndfOeVWf6lJyJ7iUHuNDG1vMYcKJO+IzB0Gns=");
    assert_true(pd_sign_key_read(&key, arena, NULL, &err));
    assert_null(key.data);
}

static void refuses_secrets_that_sign_nothing(void **state)
{
    (void)state;
    static const char *const secrets[] = {
        "whsec_",
        "",
        "whsec_not base64 at all",
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS",
        "whsec_MfKQ*r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    };
    for (size_t i = 0; i < sizeof secrets / sizeof *secrets; i++) {
        PD_AUTO_ARENA arena = pd_arena_new();
        pd_sign_key key;
        pd_error err;
        assert_false(pd_sign_key_read(&key, arena, secrets[i], &err));
        assert_int_equal(err.kind, PD_ERROR_USAGE);
        assert_string_not_equal(err.hint, "");
        assert_null(strstr(err.message, "MfKQ"));
        assert_null(strstr(err.detail, "MfKQ"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(signs_like_the_reference),
        cmocka_unit_test(takes_other_secrets_as_bytes),
        cmocka_unit_test(refuses_secrets_that_sign_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
