#include "backup/http.h"

#include <string.h>

#include "backup/ca.h"
#include "base/clock.h"
#include "base/memory.h"

#define TICK_MS 1000
#define GRACE_MS 500 /* how much later than libcurl we call a request overdue ourselves */

static size_t on_body(char *data, size_t size, size_t count, void *ctx)
{
    pd_http *http = ctx;
    size_t len = size * count;
    pd_strbuf_add(&http->body, data, len);
    return http->body.truncated ? 0 : len;
}

static size_t on_header(char *data, size_t size, size_t count, void *ctx)
{
    (void)data;
    pd_http *http = ctx;
    size_t len = size * count;
    http->header_bytes += len;
    http->header_flood = http->header_bytes > PD_REPLY_HEADERS_MAX;
    return http->header_flood ? 0 : len;
}

static bool set_rules(CURL *easy)
{
    return curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "https,http") == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_PROXY, "") == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_NOPROXY, "*") == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1) == CURLE_OK &&
           /* a name server that hangs must not outlast the deadline */
           curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_USERAGENT, "predeploy/" PD_VERSION) == CURLE_OK;
}

static bool set_callbacks(pd_http *http)
{
    return curl_easy_setopt(http->easy, CURLOPT_ERRORBUFFER, http->said) == CURLE_OK &&
           curl_easy_setopt(http->easy, CURLOPT_WRITEFUNCTION, on_body) == CURLE_OK &&
           curl_easy_setopt(http->easy, CURLOPT_WRITEDATA, http) == CURLE_OK &&
           curl_easy_setopt(http->easy, CURLOPT_HEADERFUNCTION, on_header) == CURLE_OK &&
           curl_easy_setopt(http->easy, CURLOPT_HEADERDATA, http) == CURLE_OK;
}

static bool fail_curl(pd_error *err)
{
    pd_fail(err, PD_ERROR_BACKUP, "cannot back up the database: libcurl cannot be set up");
    return pd_error_hint(err, "predeploy needs libcurl 7.87 or newer, built with OpenSSL.");
}

/* libcurl takes either a file or a blob, so one's own CA is joined with the system's. */
static bool trust(CURL *easy, const char *ca_file, pd_error *err)
{
    PD_AUTO_ARENA arena = pd_arena_new();
    char *system_file = NULL;
    const char *data = NULL;
    struct curl_blob blob = {.flags = CURL_BLOB_COPY};
    if (curl_easy_getinfo(easy, CURLINFO_CAINFO, &system_file) != CURLE_OK)
        return fail_curl(err);
    if (!pd_ca_bundle(arena, system_file, ca_file, &data, &blob.len, err))
        return false;
    PD_AUTO_STRBUF copy = pd_strbuf_new(PD_STRBUF_MAX);
    pd_strbuf_add(&copy, data, blob.len);
    blob.data = copy.data;
    return curl_easy_setopt(easy, CURLOPT_CAINFO_BLOB, &blob) == CURLE_OK || fail_curl(err);
}

bool pd_http_open(pd_http *http, const char *ca_file, pd_error *err)
{
    http->body = pd_strbuf_new(PD_REPLY_BODY_MAX);
    http->global = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
    if (!http->global)
        return fail_curl(err);
    http->multi = curl_multi_init();
    http->easy = curl_easy_init();
    if (http->multi == NULL || http->easy == NULL || !set_rules(http->easy) || !set_callbacks(http))
        return fail_curl(err);
    return ca_file == NULL || trust(http->easy, ca_file, err);
}

void pd_http_close(pd_http *http)
{
    curl_easy_cleanup(http->easy);
    curl_multi_cleanup(http->multi);
    if (http->global)
        curl_global_cleanup();
    pd_strbuf_free(&http->body);
    *http = (pd_http)PD_HTTP_EMPTY;
}

static bool wait_once(pd_http *http, int64_t deadline, pd_error *err)
{
    struct curl_waitfd extra = {.fd = -1, .events = CURL_WAIT_POLLIN};
    unsigned extras = 0;
    if (http->interrupt != NULL && http->interrupt->fd >= 0) {
        extra.fd = http->interrupt->fd;
        extras = 1;
    }
    int64_t left = pd_remaining_ms(deadline);
    int ms = left < TICK_MS ? (int)left : TICK_MS;
    if (curl_multi_poll(http->multi, &extra, extras, ms, NULL) != CURLM_OK)
        return fail_curl(err);
    if (pd_interrupted(http->interrupt))
        return pd_fail_interrupted(err, http->interrupt);
    if (http->tick != NULL)
        http->tick(http->tick_ctx);
    return true;
}

bool pd_http_pause(pd_http *http, int64_t ms, pd_error *err)
{
    int64_t deadline = pd_now_ms() + ms;
    do {
        if (!wait_once(http, deadline, err))
            return false;
    } while (pd_remaining_ms(deadline) > 0);
    return true;
}

/* Runs the transfer that was added to its end; false when it was interrupted. */
static bool drive(pd_http *http, int64_t total_ms, CURLcode *code, pd_error *err)
{
    int64_t overdue = pd_now_ms() + total_ms + GRACE_MS;
    *code = CURLE_OPERATION_TIMEDOUT;
    for (;;) {
        int running = 0;
        if (curl_multi_perform(http->multi, &running) != CURLM_OK)
            return fail_curl(err);
        if (running == 0 || pd_remaining_ms(overdue) == 0)
            break;
        if (!wait_once(http, overdue, err))
            return false;
    }
    int queued = 0;
    const CURLMsg *message = curl_multi_info_read(http->multi, &queued);
    if (message != NULL && message->msg == CURLMSG_DONE)
        *code = message->data.result;
    return true;
}

/* A handshake that broke off may go well the next time; one that OpenSSL judged will not. */
static bool handshake_was_cut(const char *said)
{
    return strstr(said, "error:") == NULL || strstr(said, "unexpected eof") != NULL;
}

static bool may_pass(CURLcode code, const char *said)
{
    return code == CURLE_COULDNT_RESOLVE_HOST || code == CURLE_COULDNT_CONNECT ||
           code == CURLE_OPERATION_TIMEDOUT || code == CURLE_GOT_NOTHING ||
           code == CURLE_RECV_ERROR || code == CURLE_SEND_ERROR || code == CURLE_PARTIAL_FILE ||
           (code == CURLE_SSL_CONNECT_ERROR && handshake_was_cut(said));
}

/* A CA that has the issuer's name and another key is no verdict of libcurl's, but an error of the
 * part of OpenSSL that compared the signatures. */
static bool certificate_was_refused(CURLcode code, const char *said)
{
    return code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_CACERT_BADFILE ||
           code == CURLE_SSL_ISSUER_ERROR || code == CURLE_SSL_INVALIDCERTSTATUS ||
           (code == CURLE_SSL_CONNECT_ERROR && strstr(said, "error:") != NULL &&
            strstr(said, "SSL routines") == NULL);
}

static pd_http_result fail_transfer(const pd_http *http, const pd_http_request *request,
                                    CURLcode code, pd_error *err)
{
    const char *said = http->said[0] != '\0' ? http->said : curl_easy_strerror(code);
    const char *origin = request->url->origin;
    if (may_pass(code, said)) {
        pd_fail(err, PD_ERROR_BACKUP, "cannot back up the database: no answer from %s", origin);
        pd_error_detail(err, "%s", said);
        pd_error_hint(err, "Check that the backup service runs and that this machine reaches it. "
                           "Proxies of the environment are not used.");
        return PD_HTTP_AGAIN;
    }
    if (certificate_was_refused(code, said)) {
        pd_fail(err, PD_ERROR_BACKUP,
                "cannot back up the database: the certificate of %s cannot be trusted", origin);
        pd_error_detail(err, "%s", said);
        pd_error_hint(err, "The certificate must name this host. If a CA of your own issued it, "
                           "let PREDEPLOY_BACKUP_CA name that CA's PEM file.");
        return PD_HTTP_FAILED;
    }
    pd_fail(err, PD_ERROR_BACKUP, "cannot back up the database: the exchange with %s failed",
            origin);
    pd_error_detail(err, "%s", http->header_flood ? "its headers are longer than 64 KiB" : said);
    pd_error_hint(err, "See with curl -v what answers there.");
    return PD_HTTP_FAILED;
}

static const char *header(const pd_http *http, const char *name, pd_arena *arena, size_t *amount)
{
    struct curl_header *found = NULL;
    *amount = 0;
    CURLHcode code = curl_easy_header(http->easy, name, 0, CURLH_HEADER, -1, &found);
    if (code == CURLHE_OUT_OF_MEMORY)
        pd_out_of_memory();
    if (code != CURLHE_OK)
        return NULL;
    *amount = found->amount;
    return pd_arena_strdup(arena, found->value);
}

static void take_reply(const pd_http *http, pd_arena *arena, pd_reply *reply)
{
    size_t amount = 0;
    *reply = (pd_reply){
        .body = pd_strbuf_keep(&http->body, arena),
        .body_len = http->body.len,
        .body_cut = http->body.truncated,
    };
    curl_easy_getinfo(http->easy, CURLINFO_RESPONSE_CODE, &reply->status);
    reply->retry_after = header(http, "Retry-After", arena, &amount);
    reply->location = header(http, "Location", arena, &amount);
    reply->location_twice = amount > 1;
}

static void headers_free(struct curl_slist **list)
{
    curl_slist_free_all(*list);
}

static bool add_header(struct curl_slist **list, const char *line)
{
    struct curl_slist *longer = curl_slist_append(*list, line);
    if (longer == NULL)
        return false;
    *list = longer;
    return true;
}

static bool set_request(CURL *easy, const pd_http_request *request, struct curl_slist **list)
{
    for (size_t i = 0; request->headers[i] != NULL; i++)
        if (!add_header(list, request->headers[i]))
            return false;
    /* no "100 Continue" dance: half of all receivers do not know it */
    if (!add_header(list, "Expect:"))
        return false;
    bool method = request->body == NULL
                      ? curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L) == CURLE_OK
                      : curl_easy_setopt(easy, CURLOPT_POST, 1L) == CURLE_OK &&
                            curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE,
                                             (curl_off_t)request->body_len) == CURLE_OK &&
                            curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request->body) == CURLE_OK;
    return method && curl_easy_setopt(easy, CURLOPT_HTTPHEADER, *list) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_CURLU, request->url->handle) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)request->connect_ms) ==
               CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)request->total_ms) == CURLE_OK;
}

pd_http_result pd_http_exchange(pd_http *http, const pd_http_request *request, pd_arena *arena,
                                pd_reply *reply, pd_error *err)
{
    PD_CLEANUP(headers_free) struct curl_slist *list = NULL;
    CURLcode code = CURLE_OK;
    pd_strbuf_clear(&http->body);
    http->header_bytes = 0;
    http->header_flood = false;
    http->said[0] = '\0';
    if (!set_request(http->easy, request, &list) ||
        curl_multi_add_handle(http->multi, http->easy) != CURLM_OK) {
        fail_curl(err);
        return PD_HTTP_FAILED;
    }
    bool driven = drive(http, request->total_ms, &code, err);
    take_reply(http, arena, reply);
    curl_multi_remove_handle(http->multi, http->easy);
    curl_easy_setopt(http->easy, CURLOPT_HTTPHEADER, NULL);
    if (!driven)
        return PD_HTTP_FAILED;
    /* A body that we cut off ourselves is an answer all the same. */
    if (code == CURLE_OK || (code == CURLE_WRITE_ERROR && reply->body_cut))
        return PD_HTTP_REPLY;
    return fail_transfer(http, request, code, err);
}
