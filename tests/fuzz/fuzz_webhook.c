/* Answers of a backup service: whatever comes, only a clear "completed" completes.
 *
 * Input: a line with the HTTP status, a line with Location, a line with Retry-After, the body.
 */
#include <string.h>
#include <strings.h>

#include "backup/response.h"
#include "backup/url.h"
#include "base/arena.h"
#include "base/str.h"
#include "fuzz.h"

/* The next line of the input; NULL for an empty one, as for a header that is absent. */
static const char *line(pd_arena *arena, const char **at, const char *end)
{
    const char *feed = memchr(*at, '\n', (size_t)(end - *at));
    const char *stop = feed != NULL ? feed : end;
    const char *text = stop > *at ? pd_arena_strndup(arena, *at, (size_t)(stop - *at)) : NULL;
    *at = feed != NULL ? feed + 1 : end;
    return text;
}

/* What a hostile service may make of the next address: never another origin unseen. */
static void resolve(pd_arena *arena, const char *reference)
{
    pd_error err;
    PD_AUTO_URL base = PD_URL_EMPTY;
    PD_AUTO_URL next = PD_URL_EMPTY;
    FUZZ_CHECK(pd_url_parse(&base, arena, "https://backup.example.org:8443/hooks/db?a=b", &err));
    if (!pd_url_resolve(&next, arena, &base, reference))
        return;
    FUZZ_CHECK(pd_starts_with(next.origin, "https://") || pd_starts_with(next.origin, "http://"));
    FUZZ_CHECK(strpbrk(next.origin, "\r\n\x1b") == NULL);
    if (pd_url_same_origin(&base, &next))
        FUZZ_CHECK(strcasecmp(next.origin, base.origin) == 0);
    pd_secrets secrets = {.arena = arena};
    pd_url_add_secrets(&next, &secrets);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > PD_REPLY_BODY_MAX)
        return 0;
    PD_AUTO_ARENA arena = pd_arena_new();
    const char *at = pd_arena_strndup(arena, (const char *)data, size);
    const char *end = at + size;
    const char *status = line(arena, &at, end);
    pd_reply reply = {.status = status != NULL ? strtol(status, NULL, 10) : 0};
    reply.location = line(arena, &at, end);
    reply.retry_after = line(arena, &at, end);
    reply.body = at;
    reply.body_len = (size_t)(end - at);
    pd_answer answer = pd_answer_read(arena, &reply, 1700000000);
    FUZZ_CHECK(answer.retry_after_ms >= -1 && answer.retry_after_ms <= (int64_t)INT32_MAX * 1000);
    FUZZ_CHECK(answer.word != NULL && answer.text != NULL && answer.why != NULL);
    bool success = reply.status >= 200 && reply.status < 300;
    switch (answer.kind) {
    case PD_ANSWER_COMPLETED:
        FUZZ_CHECK(success && strlen(answer.reference) <= PD_REFERENCE_MAX);
        FUZZ_CHECK(memmem(reply.body, reply.body_len, "{", 1) != NULL);
        break;
    case PD_ANSWER_PENDING:
    case PD_ANSWER_FAILED:
        FUZZ_CHECK(success);
        break;
    case PD_ANSWER_RETRY:
        FUZZ_CHECK(reply.status == 429 || (reply.status >= 500 && reply.status < 600));
        break;
    case PD_ANSWER_REDIRECT:
        FUZZ_CHECK(reply.status >= 300 && reply.status < 400);
        break;
    case PD_ANSWER_REFUSED:
        break;
    }
    if (answer.url != NULL)
        resolve(arena, answer.url);
    return 0;
}
