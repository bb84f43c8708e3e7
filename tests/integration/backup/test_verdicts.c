/* What each behaviour of a backup service leads to: break one thing, expect one verdict. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "world.h"

#define STEPS_MAX 6

typedef struct scenario {
    const char *name;
    httpd_step steps[STEPS_MAX];
    const char *reference; /* NULL: fails with PD_ERROR_BACKUP */
    const char *message;   /* parts of the error */
    const char *detail;
    size_t requests;
    int64_t timeout_ms; /* 0: the world's */
    int64_t request_ms; /* 0: the world's */
} scenario;

#define STATUS(line) "HTTP/1.1 " line "\r\nConnection: close\r\n\r\n"
#define REDIRECT(code)                                                                             \
    "HTTP/1.1 " code "\r\nLocation: http://127.0.0.1:%OTHER%/elsewhere/" TOKEN                     \
    "\r\nConnection: close\r\n\r\n"

#define DONE(name, reference, requests, ...)                                                       \
    {                                                                                              \
        name, {__VA_ARGS__}, reference, NULL, NULL, requests, 0, 0                                 \
    }
#define FAILS(name, message, detail, requests, ...)                                                \
    {                                                                                              \
        name, {__VA_ARGS__}, NULL, message, detail, requests, 0, 0                                 \
    }
#define IN_TIME(name, message, detail, requests, timeout_ms, request_ms, ...)                      \
    {                                                                                              \
        name, {__VA_ARGS__}, NULL, message, detail, requests, timeout_ms, request_ms               \
    }

static const scenario scenarios[] = {
    DONE("completed at once", "b-1", 1, ANSWER(COMPLETED)),
    DONE("no reference", "", 1, ANSWER(OK_HEAD "{\"status\":\"completed\"}")),
    DONE("completed with 202", "12", 1,
         ANSWER("HTTP/1.1 202 Accepted\r\n\r\n{\"status\":\"completed\",\"reference\":12}")),
    DONE("pending, running, completed", "b-1", 4, ANSWER(ACCEPTED), ANSWER(ACCEPTED),
         ANSWER(RUNNING), ANSWER(COMPLETED)),
    DONE("absolute status URL of the same origin", "b-1", 2,
         ANSWER(OK_HEAD "{\"status\":\"pending\",\"status_url\":\"http://127.0.0.1:%PORT%/s\"}"),
         ANSWER(COMPLETED)),
    DONE("503 with Retry-After, then completed", "b-1", 2,
         ANSWER("HTTP/1.1 503 Busy\r\nRetry-After: 0\r\nConnection: close\r\n\r\n"),
         ANSWER(COMPLETED)),
    DONE("429, 500, 502, then completed", "b-1", 4, ANSWER(STATUS("429 Slow")),
         ANSWER(STATUS("500 Oops")), ANSWER(STATUS("502 Gateway")), ANSWER(COMPLETED)),
    DONE("reset, then completed", "b-1", 2, {HTTPD_CLOSE, NULL, 0}, ANSWER(COMPLETED)),
    DONE("body cut short, then completed", "b-1", 2,
         {HTTPD_CLOSE, "HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n{\"status\":\"comple", 0},
         ANSWER(COMPLETED)),
    DONE("polling survives a 503 and a reset", "b-1", 4, ANSWER(ACCEPTED), ANSWER(UNAVAILABLE),
         {HTTPD_CLOSE, NULL, 0}, ANSWER(COMPLETED)),
    FAILS("failed at once", "says that the backup failed", "disk \\x1B[31mfull at ***", 1,
          ANSWER(OK_HEAD
                 "{\"status\":\"failed\",\"message\":\"disk \\u001b[31mfull at /hooks/" TOKEN
                 "\"}")),
    FAILS("failed while polled", "says that the backup failed", "", 3, ANSWER(ACCEPTED),
          ANSWER(RUNNING), ANSWER(OK_HEAD "{\"status\":\"failed\"}")),
    FAILS("503 for ever", "keeps answering HTTP 503", "4 attempts", 4, ANSWER(UNAVAILABLE)),
    FAILS("reset for ever", "no answer from", "4 attempts", 4, {HTTPD_CLOSE, NULL, 0}),
    FAILS("polls fail for ever", "keeps answering HTTP 503", "4 attempts", 5, ANSWER(ACCEPTED),
          ANSWER(UNAVAILABLE)),
    IN_TIME("slow drip", "no answer from", "4 attempts, the last one: Operation timed out", 4, 0,
            60, {HTTPD_DRIP, OK_HEAD "{\"status\":\"completed\"}", 0}),
    IN_TIME("never ends", "did not finish within 300 ms", "the last answer: running", 0, 300, 0,
            ANSWER(ACCEPTED), ANSWER(RUNNING)),
    IN_TIME("never answers", "did not finish within 150 ms", "Operation timed out", 1, 150, 0,
            {HTTPD_HANG, NULL, 0}),
    IN_TIME("asks for more patience than there is", "did not finish within 200 ms",
            "the last answer: pending", 2, 200, 0,
            ANSWER("HTTP/1.1 202 Accepted\r\nLocation: /s\r\nRetry-After: 3600\r\n\r\n")),
    IN_TIME("oversized body that never ends", "not that of a backup (HTTP 200)",
            "longer than 64 KiB", 1, 0, 5000,
            {HTTPD_DRIP, OK_HEAD "{\"status\":\"completed\",\"pad\":\"", 80 << 10}),
    FAILS("oversized body", "not that of a backup (HTTP 200)", "longer than 64 KiB", 1,
          {HTTPD_ANSWER, OK_HEAD "{\"status\":\"completed\",\"pad\":\"", 8 << 20}),
    FAILS("header flood", "exchange with", NULL, 1,
          {HTTPD_ANSWER, "HTTP/1.1 200 OK\r\nX-Flood: ", 8 << 20}),
    FAILS("truncated JSON", "not that of a backup", "not JSON", 1,
          ANSWER(OK_HEAD "{\"status\":\"completed\"")),
    FAILS("duplicate keys", "not that of a backup", "not JSON", 1,
          ANSWER(OK_HEAD "{\"status\":\"failed\",\"status\":\"completed\"}")),
    FAILS("unknown word", "not that of a backup", "none of", 1,
          ANSWER(OK_HEAD "{\"status\":\"done\"}")),
    FAILS("200 without a body", "not that of a backup", "no body", 1, ANSWER(OK_HEAD)),
    FAILS("200 OK in plain text", "not that of a backup", "not JSON", 1, ANSWER(OK_HEAD "OK")),
    FAILS("204", "HTTP 204", "no body", 1, ANSWER(STATUS("204 No Content"))),
    FAILS("not HTTP", "exchange with", NULL, 1, ANSWER("SSH-2.0-OpenSSH_9.2\r\n")),
    FAILS("HTTP/0.9", "exchange with", NULL, 1, ANSWER("{\"status\":\"completed\"}")),
    FAILS(
        "400", "HTTP 400", "it begins Cannot POST ***\\x0A#\\x23[error]x", 1,
        ANSWER(STATUS("400 Bad Request") "Cannot POST /hooks/" TOKEN "?key=" TOKEN "\n##[error]x")),
    FAILS("401", "HTTP 401", NULL, 1, ANSWER(STATUS("401 Unauthorized"))),
    FAILS("404", "HTTP 404", NULL, 1, ANSWER(STATUS("404 Not Found"))),
    FAILS("404 while polled", "HTTP 404", NULL, 2, ANSWER(ACCEPTED),
          ANSWER(STATUS("404 Not Found"))),
    FAILS("202 without a URL", "does not say where to ask", NULL, 1,
          ANSWER(STATUS("202 Accepted"))),
    FAILS("202 with two Locations", "HTTP 202", "two Location headers", 1,
          ANSWER("HTTP/1.1 202 Accepted\r\nLocation: /1\r\nLocation: /2\r\n\r\n")),
    FAILS(
        "status URL elsewhere", "at another place, http://127.0.0.1:", NULL, 1,
        ANSWER("HTTP/1.1 202 Accepted\r\nLocation: http://127.0.0.1:%OTHER%/s/" TOKEN "\r\n\r\n")),
    FAILS("status URL elsewhere in the body", "at another place, http://127.0.0.1:", NULL, 1,
          ANSWER(OK_HEAD "{\"status\":\"running\",\"status_url\":\"//127.0.0.1:%OTHER%/s\"}")),
    FAILS("status URL elsewhere while polled", "at another place, http://127.0.0.1:", NULL, 2,
          ANSWER(ACCEPTED),
          ANSWER("HTTP/1.1 202 Accepted\r\nLocation: http://127.0.0.1:%OTHER%/s\r\n\r\n")),
    FAILS("status URL with a password", "not a web address", NULL, 1,
          ANSWER("HTTP/1.1 202 Accepted\r\nLocation: http://u:p@127.0.0.1:%PORT%/s\r\n\r\n")),
    FAILS("301", "redirects to http://127.0.0.1:", NULL, 1, ANSWER(REDIRECT("301 Moved"))),
    FAILS("302", "redirects to http://127.0.0.1:", NULL, 1, ANSWER(REDIRECT("302 Found"))),
    FAILS("303", "redirects to http://127.0.0.1:", NULL, 1, ANSWER(REDIRECT("303 See Other"))),
    FAILS("307", "redirects to http://127.0.0.1:", NULL, 1, ANSWER(REDIRECT("307 Temporary"))),
    FAILS("308", "(HTTP 308)", NULL, 1, ANSWER(REDIRECT("308 Permanent"))),
    FAILS("redirect to itself", "redirects to http://127.0.0.1:", NULL, 1,
          ANSWER("HTTP/1.1 302 Found\r\nLocation: /again\r\n\r\n"), ANSWER(COMPLETED)),
    FAILS("redirect while polled", "redirects to http://127.0.0.1:", NULL, 2, ANSWER(ACCEPTED),
          ANSWER(REDIRECT("303 See Other"))),
    FAILS("redirect to nowhere", "redirects to nowhere", NULL, 1,
          ANSWER(STATUS("304 Not Modified"))),
};

static void check_error(const scenario *given, const pd_error *err)
{
    assert_int_equal(err->kind, PD_ERROR_BACKUP);
    assert_int_equal(pd_error_status(err), 4);
    if (!pd_starts_with(err->message, "cannot back up the database: ") ||
        strstr(err->message, given->message) == NULL)
        fail_msg("%s: %s", given->name, err->message);
    if (given->detail != NULL && strstr(err->detail, given->detail) == NULL)
        fail_msg("%s: %s", given->name, err->detail);
    const char *const said[] = {err->message, err->detail, err->hint};
    for (size_t i = 0; i < 3; i++)
        if (strstr(said[i], TOKEN) != NULL || strstr(said[i], &SECRET[6]) != NULL)
            fail_msg("%s: %s", given->name, said[i]);
    assert_string_not_equal(err->hint, "");
}

static void every_behaviour_has_its_verdict(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof scenarios / sizeof *scenarios; i++) {
        const scenario *given = &scenarios[i];
        size_t steps = 0;
        while (steps < STEPS_MAX &&
               (given->steps[steps].answer != NULL || given->steps[steps].act != HTTPD_ANSWER))
            steps++;
        world self;
        world_open(&self);
        if (given->timeout_ms != 0)
            self.webhook.timeout_ms = given->timeout_ms;
        if (given->request_ms != 0)
            self.tuning.request_ms = given->request_ms;
        bool done = world_run(&self, given->steps, steps);
        if (done != (given->reference != NULL))
            fail_msg("%s: %s (%s)", given->name, done ? "completed" : self.err.message,
                     self.err.detail);
        if (done)
            assert_string_equal(self.reference, given->reference);
        else
            check_error(given, &self.err);
        if (given->requests != 0 && self.server.seen_count != given->requests)
            fail_msg("%s: %zu requests", given->name, self.server.seen_count);
        if (self.other.seen_count != 0)
            fail_msg("%s: went to another origin", given->name);
        world_close(&self);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_behaviour_has_its_verdict),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
