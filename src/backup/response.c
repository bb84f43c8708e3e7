#include "backup/response.h"

#include <curl/curl.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"

#define RETRY_AFTER_MAX INT32_MAX /* seconds */
#define DATE_MAX 64               /* bytes of a date, RFC 9110 section 5.6.7 needs 33 */

static pd_answer refuse(pd_answer answer, const char *why)
{
    answer.kind = PD_ANSWER_REFUSED;
    answer.why = why;
    return answer;
}

/* Retry-After, RFC 9110 section 10.2.3: seconds or a date. Milliseconds from now, -1: not said. */
static int64_t read_retry_after(const char *value, int64_t now)
{
    uint64_t seconds = 0;
    if (value == NULL || strlen(value) > DATE_MAX)
        return -1;
    if (pd_parse_uint(value, UINT64_MAX, &seconds))
        return (seconds > RETRY_AFTER_MAX ? RETRY_AFTER_MAX : (int64_t)seconds) * 1000;
    /* libcurl reads bare numbers as dates too; the three forms of the RFC begin with a weekday. */
    if (strchr("MTWFS", value[0]) == NULL)
        return -1;
    int64_t date = (int64_t)curl_getdate(value, NULL);
    if (date < 0)
        return -1;
    int64_t wait = date > now ? date - now : 0;
    return (wait > RETRY_AFTER_MAX ? RETRY_AFTER_MAX : wait) * 1000;
}

/* NULL when the value is no reference that can be kept. */
static const char *read_reference(pd_arena *arena, const json_t *value)
{
    if (value == NULL || json_is_null(value))
        return "";
    if (json_is_integer(value))
        return pd_arena_printf(arena, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
    if (json_is_real(value))
        return pd_arena_printf(arena, "%.17g", json_real_value(value));
    if (!json_is_string(value) || json_string_length(value) > PD_REFERENCE_MAX)
        return NULL;
    return pd_arena_strdup(arena, json_string_value(value));
}

static pd_answer read_completed(pd_arena *arena, const json_t *body, pd_answer answer)
{
    answer.reference = read_reference(arena, json_object_get(body, "reference"));
    if (answer.reference == NULL)
        return refuse(answer, "its reference is neither a text of at most 512 bytes nor a number");
    answer.kind = PD_ANSWER_COMPLETED;
    return answer;
}

/* A pending answer: where to ask next comes from the body, else from the Location of the
 * answers whose Location names what was made (201, 202). */
static pd_answer read_pending(pd_arena *arena, const pd_reply *reply, const json_t *body,
                              pd_answer answer)
{
    const json_t *url = json_object_get(body, "status_url");
    if (url != NULL && !json_is_null(url)) {
        if (!json_is_string(url))
            return refuse(answer, "its status_url is not a text");
        answer.url = pd_arena_strdup(arena, json_string_value(url));
    } else if (reply->status == 201 || reply->status == 202) {
        if (reply->location_twice)
            return refuse(answer, "it has two Location headers");
        answer.url = reply->location;
    }
    if (answer.url != NULL && (answer.url[0] == '\0' || strlen(answer.url) > PD_STATUS_URL_MAX))
        return refuse(answer, "its status URL is empty or too long");
    answer.kind = PD_ANSWER_PENDING;
    return answer;
}

static pd_answer read_status(pd_arena *arena, const pd_reply *reply, const json_t *body,
                             pd_answer answer)
{
    const json_t *status = json_object_get(body, "status");
    if (status == NULL && reply->status == 202)
        return read_pending(arena, reply, body, answer);
    if (status == NULL)
        return refuse(answer, "it does not say a status");
    if (!json_is_string(status))
        return refuse(answer, "its status is not a text");
    const char *word = json_string_value(status);
    if (pd_streq(word, "completed"))
        return read_completed(arena, body, answer);
    if (pd_streq(word, "failed")) {
        const char *message = json_string_value(json_object_get(body, "message"));
        answer.kind = PD_ANSWER_FAILED;
        answer.text = message == NULL ? "" : pd_arena_strdup(arena, message);
        return answer;
    }
    if (pd_streq(word, "pending") || pd_streq(word, "running")) {
        answer.word = pd_arena_strdup(arena, word);
        return read_pending(arena, reply, body, answer);
    }
    return refuse(answer, "its status is none of completed, failed, pending, running");
}

static pd_answer read_success(pd_arena *arena, const pd_reply *reply, pd_answer answer)
{
    if (reply->body_cut)
        return refuse(answer, "it is longer than 64 KiB");
    const char *first = reply->body + strspn(reply->body, " \t\r\n");
    /* "202 Accepted" as plain text is common, and says as much as no body at all. */
    if (reply->status == 202 && *first != '{')
        return read_pending(arena, reply, NULL, answer);
    if (*first == '\0')
        return refuse(answer, "it has no body, so it does not say that the backup is completed");
    pd_json_error problem;
    PD_AUTO_JSON body = pd_json_parse(reply->body, reply->body_len, &problem);
    if (body == NULL) {
        return refuse(answer, pd_arena_printf(arena, "it is not JSON (line %d, column %d: %s)",
                                              problem.line, problem.column, problem.message));
    }
    if (!json_is_object(body))
        return refuse(answer, "it is not a JSON object");
    return read_status(arena, reply, body, answer);
}

pd_answer pd_answer_read(pd_arena *arena, const pd_reply *reply, int64_t now)
{
    pd_answer answer = {
        .kind = PD_ANSWER_REFUSED,
        .status = reply->status,
        .reference = "",
        .word = "pending",
        .why = "",
        .text = pd_arena_strndup(arena, reply->body, reply->body_len),
        .retry_after_ms = read_retry_after(reply->retry_after, now),
    };
    if (reply->status >= 200 && reply->status < 300)
        return read_success(arena, reply, answer);
    if (reply->status >= 300 && reply->status < 400) {
        answer.kind = PD_ANSWER_REDIRECT;
        answer.url = reply->location_twice ? NULL : reply->location;
        return answer;
    }
    if (reply->status == 429 || (reply->status >= 500 && reply->status < 600))
        answer.kind = PD_ANSWER_RETRY;
    return answer;
}
