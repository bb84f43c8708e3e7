/* The backup webhook against a scripted service: requests, waits, interrupts. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/json.h"
#include "world.h"

static void the_first_request_is_a_post_then_gets(void **state)
{
    (void)state;
    static const httpd_step steps[] = {ANSWER(UNAVAILABLE), ANSWER(ACCEPTED), ANSWER(RUNNING),
                                       ANSWER(COMPLETED)};
    static const char *const lines[] = {
        "POST /hooks/" TOKEN "?key=" TOKEN " HTTP/1.1\r\n",
        "POST /hooks/" TOKEN "?key=" TOKEN " HTTP/1.1\r\n",
        "GET /status/1 HTTP/1.1\r\n",
        "GET /status/1 HTTP/1.1\r\n",
    };
    world self;
    world_open(&self);
    assert_true(world_run(&self, steps, 4));
    assert_int_equal(self.server.seen_count, 4);
    for (size_t i = 0; i < 4; i++) {
        char value[256];
        const httpd_seen *seen = &self.server.seen[i];
        assert_true(pd_starts_with(seen->text, lines[i]));
        assert_string_equal(httpd_header(seen, "webhook-id", value, sizeof value), DEPLOYMENT);
        assert_string_equal(httpd_header(seen, "user-agent", value, sizeof value),
                            "predeploy/" PD_VERSION);
        assert_null(httpd_header(seen, "authorization", value, sizeof value));
        const char *type = httpd_header(seen, "content-type", value, sizeof value);
        assert_true(i < 2 ? pd_streq(type, "application/json") : type == NULL);
    }
    assert_string_equal(httpd_body(&self.server.seen[0]), httpd_body(&self.server.seen[1]));
    pd_json_error problem;
    const char *body = httpd_body(&self.server.seen[0]);
    PD_AUTO_JSON json = pd_json_parse(body, strlen(body), &problem);
    assert_non_null(json);
    assert_string_equal(json_string_value(json_object_get(json, "deployment_id")), DEPLOYMENT);
    world_close(&self);
}

static void nothing_is_signed_without_a_secret(void **state)
{
    (void)state;
    static const httpd_step steps[] = {ANSWER(COMPLETED)};
    char value[256];
    world self;
    world_open(&self);
    self.webhook.secret = NULL;
    assert_true(world_run(&self, steps, 1));
    assert_null(httpd_header(&self.server.seen[0], "webhook-signature", value, sizeof value));
    assert_non_null(httpd_header(&self.server.seen[0], "webhook-id", value, sizeof value));
    world_close(&self);
}

static void a_bad_secret_sends_nothing(void **state)
{
    (void)state;
    static const httpd_step steps[] = {ANSWER(COMPLETED)};
    world self;
    world_open(&self);
    self.webhook.secret = "whsec_not base64";
    assert_false(world_run(&self, steps, 1));
    assert_int_equal(self.err.kind, PD_ERROR_USAGE);
    assert_int_equal(self.server.seen_count, 0);
    world_close(&self);
}

static void retry_after_is_honoured(void **state)
{
    (void)state;
    static const httpd_step steps[] = {
        ANSWER("HTTP/1.1 503 Busy\r\nRetry-After: 1\r\nConnection: close\r\n\r\n"),
        ANSWER("HTTP/1.1 202 Accepted\r\nLocation: /s\r\nRetry-After: 1\r\n\r\n"),
        ANSWER(COMPLETED)};
    world self;
    world_open(&self);
    assert_true(world_run(&self, steps, 3));
    assert_true(self.server.seen[1].at_ms - self.server.seen[0].at_ms >= 990);
    assert_true(self.server.seen[2].at_ms - self.server.seen[1].at_ms >= 990);
    world_close(&self);
}

static void a_long_retry_after_is_asked_once_more(void **state)
{
    (void)state;
    static const httpd_step steps[] = {
        ANSWER("HTTP/1.1 202 Accepted\r\nLocation: /s\r\nRetry-After: 3600\r\n\r\n"),
        ANSWER(COMPLETED)};
    world self;
    world_open(&self);
    self.webhook.timeout_ms = 10100;
    self.tuning.last_ms = 10000;
    assert_true(world_run(&self, steps, 2));
    assert_int_equal(self.server.seen_count, 2);
    world_close(&self);
}

static void proxies_of_the_environment_are_not_used(void **state)
{
    (void)state;
    static const char *const names[] = {"http_proxy", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"};
    static const httpd_step steps[] = {ANSWER(COMPLETED)};
    world self;
    world_open(&self);
    const char *proxy = pd_arena_printf(self.arena, "http://127.0.0.1:%u", self.other.port);
    for (size_t i = 0; i < 4; i++)
        setenv(names[i], proxy, 1);
    bool done = world_run(&self, steps, 1);
    for (size_t i = 0; i < 4; i++)
        unsetenv(names[i]);
    assert_true(done);
    assert_int_equal(self.other.seen_count, 0);
    world_close(&self);
}

/* A stream whose first line makes the server start to listen. */
typedef struct opener {
    httpd *server;
    bool started;
} opener;

static ssize_t open_on_write(void *cookie, const char *data, size_t len)
{
    (void)data;
    static const httpd_step steps[] = {ANSWER(COMPLETED)};
    opener *self = cookie;
    if (!self->started)
        httpd_start(self->server, steps, 1);
    self->started = true;
    return (ssize_t)len;
}

static void a_refused_connection_is_tried_again(void **state)
{
    (void)state;
    world self;
    world_open(&self);
    opener cookie = {&self.server, false};
    pd_progress progress = {
        .stream = fopencookie(&cookie, "w", (cookie_io_functions_t){.write = open_on_write})};
    self.webhook.progress = &progress;
    assert_true(world_ask(&self));
    assert_true(cookie.started);
    fclose(progress.stream);
    httpd_stop(&self.server);
    assert_int_equal(self.server.seen_count, 1);
    close(self.other.fd);
    close(self.other.stop_fd);
    world_close(&self);
}

static void nobody_listens(void **state)
{
    (void)state;
    world self;
    world_open(&self);
    assert_false(world_ask(&self));
    assert_int_equal(self.err.kind, PD_ERROR_BACKUP);
    assert_non_null(strstr(self.err.message, "no answer from http://127.0.0.1:"));
    assert_non_null(strstr(self.err.detail, "4 attempts"));
    close(self.server.fd);
    close(self.server.stop_fd);
    close(self.other.fd);
    close(self.other.stop_fd);
    world_close(&self);
}

static void terminate_behind_the_second(size_t request)
{
    if (request == 1)
        kill(getpid(), SIGTERM);
}

static void terminate(size_t request)
{
    (void)request;
    kill(getpid(), SIGTERM);
}

/* The signal comes while predeploy waits as long as the service asked it to. */
static void a_signal_ends_the_wait(void **state)
{
    (void)state;
    static const httpd_step steps[] = {
        ANSWER(ACCEPTED),
        ANSWER("HTTP/1.1 202 Accepted\r\nLocation: /s\r\nRetry-After: 3600\r\n\r\n")};
    world self;
    pd_interrupt interrupt;
    world_open(&self);
    assert_true(pd_interrupt_open(&interrupt, &self.err));
    self.webhook.interrupt = &interrupt;
    self.webhook.timeout_ms = 0;
    self.server.after = terminate_behind_the_second;
    assert_false(world_run(&self, steps, 2));
    pd_interrupt_close(&interrupt);
    assert_int_equal(self.err.kind, PD_ERROR_INTERRUPTED);
    assert_int_equal(self.err.signal, SIGTERM);
    assert_int_equal(self.server.seen_count, 2);
    world_close(&self);
}

/* The signal comes while the service is silent in the middle of an answer. */
static void a_signal_ends_a_request(void **state)
{
    (void)state;
    static const httpd_step steps[] = {{HTTPD_HANG, NULL, 0}};
    world self;
    pd_interrupt interrupt;
    world_open(&self);
    assert_true(pd_interrupt_open(&interrupt, &self.err));
    self.webhook.interrupt = &interrupt;
    self.server.before = terminate;
    assert_false(world_run(&self, steps, 1));
    pd_interrupt_close(&interrupt);
    assert_int_equal(self.err.kind, PD_ERROR_INTERRUPTED);
    world_close(&self);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_request_is_a_post_then_gets),
        cmocka_unit_test(nothing_is_signed_without_a_secret),
        cmocka_unit_test(a_bad_secret_sends_nothing),
        cmocka_unit_test(retry_after_is_honoured),
        cmocka_unit_test(a_long_retry_after_is_asked_once_more),
        cmocka_unit_test(proxies_of_the_environment_are_not_used),
        cmocka_unit_test(a_refused_connection_is_tried_again),
        cmocka_unit_test(nobody_listens),
        cmocka_unit_test(a_signal_ends_the_wait),
        cmocka_unit_test(a_signal_ends_a_request),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
