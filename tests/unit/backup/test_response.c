/* What each answer means; nothing but a clear "completed" ever completes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "backup/response.h"
#include "base/strbuf.h"

#define NOW 1700000000 /* Tue, 14 Nov 2023 22:13:20 GMT */

typedef struct row {
    long status;
    const char *body;
    const char *location;
    pd_answer_kind kind;
    const char *said; /* the reference, the URL or a part of why; NULL: not looked at */
} row;

static pd_answer read_row(pd_arena *arena, const row *given)
{
    pd_reply reply = {.status = given->status,
                      .body = given->body,
                      .body_len = strlen(given->body),
                      .location = given->location};
    return pd_answer_read(arena, &reply, NOW);
}

static const char *said_by(const pd_answer *answer)
{
    switch (answer->kind) {
    case PD_ANSWER_COMPLETED:
        return answer->reference;
    case PD_ANSWER_PENDING:
    case PD_ANSWER_REDIRECT:
        return answer->url != NULL ? answer->url : "(no URL)";
    case PD_ANSWER_FAILED:
    case PD_ANSWER_RETRY:
        return answer->text;
    case PD_ANSWER_REFUSED:
        break;
    }
    return answer->why;
}

static const row table[] = {
    {200, "{\"status\":\"completed\",\"reference\":\"b-1\"}", NULL, PD_ANSWER_COMPLETED, "b-1"},
    {201, "{\"status\":\"completed\",\"reference\":17}", NULL, PD_ANSWER_COMPLETED, "17"},
    {202, "{\"status\":\"completed\",\"reference\":-9}", NULL, PD_ANSWER_COMPLETED, "-9"},
    {200, "{\"status\":\"completed\",\"reference\":1.5}", NULL, PD_ANSWER_COMPLETED, "1.5"},
    {200, "{\"status\":\"completed\"}", NULL, PD_ANSWER_COMPLETED, ""},
    {200, " \r\n {\"status\":\"completed\",\"reference\":null}\n", NULL, PD_ANSWER_COMPLETED, ""},
    {200, "{\"status\":\"completed\",\"reference\":[1]}", NULL, PD_ANSWER_REFUSED, "reference"},
    {200, "{\"status\":\"completed\",\"reference\":true}", NULL, PD_ANSWER_REFUSED, "reference"},

    {200, "{\"status\":\"failed\",\"message\":\"disk full\"}", NULL, PD_ANSWER_FAILED, "disk full"},
    {202, "{\"status\":\"failed\"}", "/7", PD_ANSWER_FAILED, ""},
    {200, "{\"status\":\"failed\",\"message\":7}", NULL, PD_ANSWER_FAILED, ""},

    {202, "", "/7", PD_ANSWER_PENDING, "/7"},
    {202, "Accepted", "/7", PD_ANSWER_PENDING, "/7"},
    {202, "{}", "/7", PD_ANSWER_PENDING, "/7"},
    {202, "", NULL, PD_ANSWER_PENDING, "(no URL)"},
    {202, "{\"status\":\"pending\",\"status_url\":\"/8\"}", "/7", PD_ANSWER_PENDING, "/8"},
    {202, "{\"status_url\":\"/8\"}", NULL, PD_ANSWER_PENDING, "/8"},
    {202, "{\"status_url\":null}", "/7", PD_ANSWER_PENDING, "/7"},
    {201, "{\"status\":\"running\"}", "/7", PD_ANSWER_PENDING, "/7"},
    {200, "{\"status\":\"running\"}", "/7", PD_ANSWER_PENDING, "(no URL)"},
    {200, "{\"status\":\"running\",\"status_url\":\"/8\"}", NULL, PD_ANSWER_PENDING, "/8"},
    {202, "{\"status_url\":8}", "/7", PD_ANSWER_REFUSED, "status_url is not a text"},
    {202, "{\"status_url\":\"\"}", "/7", PD_ANSWER_REFUSED, "empty or too long"},
    {202, "{\"status\":\"runn", "/7", PD_ANSWER_REFUSED, "not JSON"},
    {202, "{\"status\":\"queued\"}", "/7", PD_ANSWER_REFUSED, "none of"},

    {200, "", NULL, PD_ANSWER_REFUSED, "no body"},
    {204, "", NULL, PD_ANSWER_REFUSED, "no body"},
    {200, "OK", NULL, PD_ANSWER_REFUSED, "not JSON"},
    {200, "<html>completed</html>", NULL, PD_ANSWER_REFUSED, "not JSON"},
    {200, "{\"status\":\"completed\"", NULL, PD_ANSWER_REFUSED, "not JSON"},
    {200, "{\"status\":\"completed\"} {}", NULL, PD_ANSWER_REFUSED, "not JSON"},
    {200, "{\"status\":\"failed\",\"status\":\"completed\"}", NULL, PD_ANSWER_REFUSED, "not JSON"},
    {200, "{\"status\":\"completed\",\"reference\":\"a\\u0000b\"}", NULL, PD_ANSWER_REFUSED,
     "not JSON"},
    {200, "\xEF\xBB\xBF{\"status\":\"completed\"}", NULL, PD_ANSWER_REFUSED, "not JSON"},
    {200, "[{\"status\":\"completed\"}]", NULL, PD_ANSWER_REFUSED, "not a JSON object"},
    {200, "{}", NULL, PD_ANSWER_REFUSED, "does not say a status"},
    {200, "{\"status\":true}", NULL, PD_ANSWER_REFUSED, "not a text"},
    {200, "{\"status\":\"COMPLETED\"}", NULL, PD_ANSWER_REFUSED, "none of"},
    {200, "{\"status\":\"completed \"}", NULL, PD_ANSWER_REFUSED, "none of"},
    {200, "{\"status\":\"\"}", NULL, PD_ANSWER_REFUSED, "none of"},
    {200, "{\"Status\":\"completed\"}", NULL, PD_ANSWER_REFUSED, "does not say a status"},

    {301, "{\"status\":\"completed\"}", "/7", PD_ANSWER_REDIRECT, "/7"},
    {304, "", NULL, PD_ANSWER_REDIRECT, "(no URL)"},
    {429, "slow down", NULL, PD_ANSWER_RETRY, "slow down"},
    {500, "{\"status\":\"completed\"}", NULL, PD_ANSWER_RETRY, NULL},
    {502, "", NULL, PD_ANSWER_RETRY, ""},
    {503, "", NULL, PD_ANSWER_RETRY, ""},
    {504, "", NULL, PD_ANSWER_RETRY, ""},
    {522, "", NULL, PD_ANSWER_RETRY, ""},
    {400, "{\"status\":\"completed\"}", NULL, PD_ANSWER_REFUSED, ""},
    {401, "", NULL, PD_ANSWER_REFUSED, ""},
    {404, "{\"status\":\"pending\",\"status_url\":\"/8\"}", NULL, PD_ANSWER_REFUSED, ""},
    {409, "", NULL, PD_ANSWER_REFUSED, ""},
    {600, "{\"status\":\"completed\"}", NULL, PD_ANSWER_REFUSED, ""},
    {101, "{\"status\":\"completed\"}", NULL, PD_ANSWER_REFUSED, ""},
    {0, "{\"status\":\"completed\"}", NULL, PD_ANSWER_REFUSED, ""},
};

static void reads_every_answer(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        PD_AUTO_ARENA arena = pd_arena_new();
        pd_answer answer = read_row(arena, &table[i]);
        const char *said = said_by(&answer);
        if (answer.kind != table[i].kind)
            fail_msg("%ld %s: kind %d, %s", table[i].status, table[i].body, (int)answer.kind, said);
        if (table[i].said == NULL)
            continue;
        bool right = answer.kind == PD_ANSWER_REFUSED ? strstr(said, table[i].said) != NULL
                                                      : strcmp(said, table[i].said) == 0;
        if (!right)
            fail_msg("%ld %s: %s", table[i].status, table[i].body, said);
    }
}

static void bounds_the_reference(void **state)
{
    (void)state;
    for (size_t len = PD_REFERENCE_MAX; len <= PD_REFERENCE_MAX + 1; len++) {
        PD_AUTO_ARENA arena = pd_arena_new();
        PD_AUTO_STRBUF body = pd_strbuf_new(4096);
        pd_strbuf_adds(&body, "{\"status\":\"completed\",\"reference\":\"");
        pd_strbuf_addn(&body, 'r', len);
        pd_strbuf_adds(&body, "\"}");
        pd_reply reply = {.status = 200, .body = body.data, .body_len = body.len};
        pd_answer answer = pd_answer_read(arena, &reply, NOW);
        assert_int_equal(answer.kind,
                         len <= PD_REFERENCE_MAX ? PD_ANSWER_COMPLETED : PD_ANSWER_REFUSED);
    }
}

static void refuses_a_body_that_was_cut(void **state)
{
    (void)state;
    PD_AUTO_ARENA arena = pd_arena_new();
    const char *body = "{\"status\":\"completed\"}";
    pd_reply reply = {.status = 200, .body = body, .body_len = strlen(body), .body_cut = true};
    assert_int_equal(pd_answer_read(arena, &reply, NOW).kind, PD_ANSWER_REFUSED);
}

static void believes_neither_of_two_locations(void **state)
{
    (void)state;
    PD_AUTO_ARENA arena = pd_arena_new();
    pd_reply reply = {.status = 202, .body = "", .location = "/7", .location_twice = true};
    assert_int_equal(pd_answer_read(arena, &reply, NOW).kind, PD_ANSWER_REFUSED);
    reply.status = 302;
    assert_null(pd_answer_read(arena, &reply, NOW).url);
}

static void reads_retry_after(void **state)
{
    (void)state;
    static const struct {
        const char *value;
        int64_t ms;
    } rows[] = {
        {NULL, -1},
        {"0", 0},
        {"7", 7000},
        {"99999999999999999999", -1},
        {"18446744073709551615", (int64_t)INT32_MAX * 1000},
        {"-1", -1},
        {"1.5", -1},
        {"", -1},
        {"soon", -1},
        {"20231114", (int64_t)20231114 * 1000},
        {"Tue, 14 Nov 2023 22:13:50 GMT", 30000},
        {"Tuesday, 14-Nov-23 22:13:50 GMT", 30000},
        {"Tue Nov 14 22:13:50 2023", 30000},
        {"Tue, 14 Nov 2023 22:13:10 GMT", 0},
        {"Tue, 99 Foo 2023", -1},
        {"Tue, 14 Nov 2023 22:13:50 GMT and then a text that is much longer than any date", -1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        PD_AUTO_ARENA arena = pd_arena_new();
        pd_reply reply = {.status = 503, .body = "", .retry_after = rows[i].value};
        pd_answer answer = pd_answer_read(arena, &reply, NOW);
        if (answer.retry_after_ms != rows[i].ms)
            fail_msg("%s: %lld", rows[i].value, (long long)answer.retry_after_ms);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_every_answer),
        cmocka_unit_test(bounds_the_reference),
        cmocka_unit_test(refuses_a_body_that_was_cut),
        cmocka_unit_test(reads_retry_after),
        cmocka_unit_test(believes_neither_of_two_locations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
