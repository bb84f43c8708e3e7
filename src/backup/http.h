/* One HTTP request after another to one origin, by libcurl, with a deadline and an interrupt.
 *
 * Redirects, proxies, cookies, .netrc and protocols other than https and http are never used;
 * certificates are always verified, TLS is 1.2 or newer.
 */
#ifndef PD_BACKUP_HTTP_H
#define PD_BACKUP_HTTP_H

#include <curl/curl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "backup/response.h"
#include "backup/url.h"
#include "base/arena.h"
#include "base/error.h"
#include "base/interrupt.h"
#include "base/strbuf.h"

typedef struct pd_http {
    bool global;
    CURLM *multi;
    CURL *easy;
    pd_strbuf body;
    size_t header_bytes;
    bool header_flood;
    char said[CURL_ERROR_SIZE]; /* libcurl's own words for a failure */
    pd_interrupt *interrupt;    /* may be NULL */
    void (*tick)(void *ctx);    /* called about every second while waiting */
    void *tick_ctx;
} pd_http;

#define PD_HTTP_EMPTY                                                                              \
    {                                                                                              \
        .global = false                                                                            \
    }

typedef struct pd_http_request {
    const pd_url *url;
    const char *body; /* POST; NULL: GET */
    size_t body_len;
    const char *const *headers; /* "Name: value", NULL-terminated */
    int64_t connect_ms;         /* limits of this request */
    int64_t total_ms;
} pd_http_request;

typedef enum pd_http_result {
    PD_HTTP_REPLY, /* the service answered */
    PD_HTTP_AGAIN, /* it did not; it may the next time. err says why */
    PD_HTTP_FAILED,
} pd_http_result;

/* ca_file as in pd_webhook. PD_ERROR_USAGE when it cannot be used, PD_ERROR_BACKUP when libcurl
 * cannot be started. Closed by the caller either way. */
bool pd_http_open(pd_http *http, const char *ca_file, pd_error *err) PD_CHECKED;
void pd_http_close(pd_http *http);
#define PD_AUTO_HTTP PD_CLEANUP(pd_http_close) pd_http

/* The reply lives in the arena. PD_ERROR_BACKUP, PD_ERROR_INTERRUPTED. */
pd_http_result pd_http_exchange(pd_http *http, const pd_http_request *request, pd_arena *arena,
                                pd_reply *reply, pd_error *err) PD_CHECKED;

/* Sleeps, ticking; false when interrupted. */
bool pd_http_pause(pd_http *http, int64_t ms, pd_error *err) PD_CHECKED;

#endif
