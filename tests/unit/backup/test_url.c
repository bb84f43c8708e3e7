/* Which addresses may be asked, and what of them is never shown. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "backup/url.h"
#include "backup/webhook.h"

static void checks_the_url(void **state)
{
    (void)state;
    static const struct {
        const char *url;
        bool allow_http;
        const char *problem; /* part of the message, NULL: accepted */
    } table[] = {
        {"https://backup.example.org/hooks/db", false, NULL},
        {"HTTPS://backup.example.org:8443/hooks/db?token=abc", false, NULL},
        {"http://127.0.0.1:8088/backup", false, NULL},
        {"http://127.9.8.7/backup", false, NULL},
        {"http://localhost:8088/backup", false, NULL},
        {"http://LOCALHOST/backup", false, NULL},
        {"http://[::1]:8088/backup", false, NULL},
        {"http://backup.internal/backup", true, NULL},
        {"http://backup.internal/hidden-path", false, "plain http is for loopback only"},
        {"http://10.0.0.1/hidden-path", false, "plain http is for loopback only"},
        {"http://128.0.0.1/hidden-path", false, "plain http is for loopback only"},
        {"http://[::2]/hidden-path", false, "plain http is for loopback only"},
        {"http://localhost.example.org/hidden-path", false, "plain http is for loopback only"},
        {"http://127.0.0.1.example.org/hidden-path", false, "plain http is for loopback only"},
        {"http://127.0.0.1@example.org/hidden-path", false, "user name or a password"},
        {"https://user:hidden-password@backup.example.org/", false, "user name or a password"},
        {"https://user@backup.example.org/hidden-path", true, "user name or a password"},
        {"ftp://backup.example.org/hidden-path", true, "neither https nor http"},
        {"file:///etc/hidden-path", true, "neither https nor http"},
        {"dict://127.0.0.1:6379/hidden-path", true, "neither https nor http"},
        {"gopherx://127.0.0.1/hidden-path", true, "not a web address"},
        {"backup.example.org/hidden-path", false, "not a web address"},
        {"https://", false, "not a web address"},
        {"https://back up.example.org/hidden-path", false, "not a web address"},
        {"https://backup.example.org/hidden-path\r\nx: y", false, "not a web address"},
        {"https://backup.example.org:99999/hidden-path", false, "not a web address"},
        {"https://[::1/hidden-path", false, "not a web address"},
        {"", false, "no URL is given"},
        {NULL, false, "no URL is given"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        pd_webhook webhook = {.url = table[i].url, .allow_http = table[i].allow_http};
        pd_error err = {0};
        bool accepted = pd_webhook_check(&webhook, &err);
        if (accepted != (table[i].problem == NULL))
            fail_msg("%s: %s", table[i].url, accepted ? "accepted" : err.message);
        if (accepted)
            continue;
        assert_int_equal(err.kind, PD_ERROR_USAGE);
        if (strstr(err.message, table[i].problem) == NULL)
            fail_msg("%s: %s", table[i].url, err.message);
        assert_null(strstr(err.message, "hidden"));
        assert_null(strstr(err.detail, "hidden"));
        assert_null(strstr(err.hint, "hidden"));
        assert_string_not_equal(err.hint, "");
    }
}

static void checks_secret_and_ca_too(void **state)
{
    (void)state;
    pd_error err = {0};
    pd_webhook webhook = {.url = "https://backup.example.org/", .secret = "whsec_?"};
    assert_false(pd_webhook_check(&webhook, &err));
    assert_int_equal(err.kind, PD_ERROR_USAGE);
    webhook.secret = "whsec_AAAA";
    assert_true(pd_webhook_check(&webhook, &err));
    webhook.ca_file = "/nowhere/ca.pem";
    assert_false(pd_webhook_check(&webhook, &err));
    assert_int_equal(err.kind, PD_ERROR_USAGE);
    assert_non_null(strstr(err.message, "/nowhere/ca.pem"));
}

static void resolves_like_rfc_3986(void **state)
{
    (void)state;
    static const struct {
        const char *reference;
        const char *origin; /* NULL: refused */
        bool same;
    } table[] = {
        {"/status/7", "https://backup.example.org:8443", true},
        {"7", "https://backup.example.org:8443", true},
        {"?id=7", "https://backup.example.org:8443", true},
        {"../x", "https://backup.example.org:8443", true},
        {"https://backup.example.org:8443/7", "https://backup.example.org:8443", true},
        {"https://BACKUP.example.org:8443/7", "https://BACKUP.example.org:8443", true},
        {"//backup.example.org:8443/7", "https://backup.example.org:8443", true},
        {"//evil.example/7", "https://evil.example", false},
        {"https://backup.example.org/7", "https://backup.example.org", false},
        {"http://backup.example.org:8443/7", "http://backup.example.org:8443", false},
        {"https://backup.example.org.evil.example:8443/7",
         "https://backup.example.org.evil.example:8443", false},
        {"https://u:p@backup.example.org:8443/7", NULL, false},
        {"file:///etc/passwd", NULL, false},
        {"https://", NULL, false},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        PD_AUTO_ARENA arena = pd_arena_new();
        pd_error err;
        PD_AUTO_URL base = PD_URL_EMPTY;
        PD_AUTO_URL next = PD_URL_EMPTY;
        assert_true(pd_url_parse(&base, arena, "https://backup.example.org:8443/hooks/db", &err));
        bool read = pd_url_resolve(&next, arena, &base, table[i].reference);
        if (read != (table[i].origin != NULL))
            fail_msg("%s: %s", table[i].reference, read ? next.origin : "refused");
        if (!read)
            continue;
        assert_string_equal(next.origin, table[i].origin);
        if (pd_url_same_origin(&base, &next) != table[i].same)
            fail_msg("%s", table[i].reference);
    }
}

static void knows_default_ports(void **state)
{
    (void)state;
    PD_AUTO_ARENA arena = pd_arena_new();
    pd_error err;
    PD_AUTO_URL base = PD_URL_EMPTY;
    PD_AUTO_URL same = PD_URL_EMPTY;
    assert_true(pd_url_parse(&base, arena, "https://backup.example.org/", &err));
    assert_true(pd_url_resolve(&same, arena, &base, "https://backup.example.org:443/x"));
    assert_true(pd_url_same_origin(&base, &same));
}

static void hides_what_may_be_a_token(void **state)
{
    (void)state;
    PD_AUTO_ARENA arena = pd_arena_new();
    pd_error err;
    PD_AUTO_URL url = PD_URL_EMPTY;
    pd_secrets secrets = {.arena = arena};
    assert_true(pd_url_parse(
        &url, arena, "https://h.example/hooks/T0ken%20T0ken%20T0ken?a=1&key=qu3ry-qu3ry-qu3ry",
        &err));
    pd_url_add_secrets(&url, &secrets);
    PD_AUTO_STRBUF text = pd_strbuf_new(4096);
    pd_strbuf_adds(&text, "Cannot POST /hooks/T0ken%20T0ken%20T0ken, no T0ken T0ken T0ken with "
                          "qu3ry-qu3ry-qu3ry among the hooks");
    pd_secrets_redact(&secrets, &text);
    assert_string_equal(text.data, "Cannot POST ***, no *** with *** among the hooks");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(checks_the_url),
        cmocka_unit_test(checks_secret_and_ca_too),
        cmocka_unit_test(resolves_like_rfc_3986),
        cmocka_unit_test(knows_default_ports),
        cmocka_unit_test(hides_what_may_be_a_token),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
