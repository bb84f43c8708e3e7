#include "backup/url.h"

#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

#include "backup/library.h"
#include "base/memory.h"
#include "base/printable.h"
#include "base/str.h"

#define TOKEN_MIN 12

static void string_free(char **text)
{
    curl_free(*text);
}
#define AUTO_CURL_STRING PD_CLEANUP(string_free) char *

/* Without memory a URL would be another one: without a port, or with nothing to hide. */
static CURLUcode checked(CURLUcode code)
{
    if (code == CURLUE_OUT_OF_MEMORY)
        pd_out_of_memory();
    return code;
}

static char *part(CURLU *handle, CURLUPart what, unsigned flags)
{
    char *text = NULL;
    if (checked(curl_url_get(handle, what, &text, flags)) != CURLUE_OK)
        return NULL;
    return text;
}

static bool host_is_loopback(const char *host)
{
    struct in_addr v4;
    if (inet_pton(AF_INET, host, &v4) == 1)
        return (ntohl(v4.s_addr) >> 24) == 127;
    return strcasecmp(host, "localhost") == 0 || strcmp(host, "[::1]") == 0;
}

/* Fills the rest of a url whose handle is set; false when it is not http(s) with a host. */
static bool describe(pd_url *url, pd_arena *arena)
{
    AUTO_CURL_STRING scheme = part(url->handle, CURLUPART_SCHEME, 0);
    AUTO_CURL_STRING host = part(url->handle, CURLUPART_HOST, 0);
    AUTO_CURL_STRING port = part(url->handle, CURLUPART_PORT, CURLU_NO_DEFAULT_PORT);
    if (scheme == NULL || host == NULL || host[0] == '\0')
        return false;
    url->https = strcasecmp(scheme, "https") == 0;
    if (!url->https && strcasecmp(scheme, "http") != 0)
        return false;
    url->loopback = host_is_loopback(host);
    url->origin = pd_printable(
        arena, pd_arena_printf(arena, "%s://%s%s%s", url->https ? "https" : "http", host,
                               port != NULL ? ":" : "", port != NULL ? port : ""));
    return true;
}

bool pd_url_parse(pd_url *out, pd_arena *arena, const char *text, pd_error *err)
{
    static const char shape[] = "Give PREDEPLOY_BACKUP_URL as https://HOST[:PORT]/PATH.";
    *out = (pd_url)PD_URL_EMPTY;
    if (pd_blank(text)) {
        pd_fail(err, PD_ERROR_USAGE, "cannot ask for a backup: no URL is given");
        return pd_error_hint(err, "%s", shape);
    }
    if (!pd_library_load(err))
        return false;
    out->handle = pd_memory_checked(curl_url());
    CURLUcode code = checked(curl_url_set(out->handle, CURLUPART_URL, text, CURLU_DISALLOW_USER));
    if (code == CURLUE_USER_NOT_ALLOWED) {
        pd_fail(err, PD_ERROR_USAGE,
                "cannot use the backup URL: it holds a user name or a password");
        return pd_error_hint(err, "Take them out of PREDEPLOY_BACKUP_URL and let the receiver "
                                  "check the signature made with PREDEPLOY_BACKUP_SECRET.");
    }
    if (code != CURLUE_OK) {
        pd_fail(err, PD_ERROR_USAGE, "cannot use the backup URL: it is not a web address");
        pd_error_detail(err, "%s", curl_url_strerror(code));
        return pd_error_hint(err, "%s", shape);
    }
    if (!describe(out, arena)) {
        pd_fail(err, PD_ERROR_USAGE,
                "cannot use the backup URL: its scheme is neither https nor http");
        return pd_error_hint(err, "%s", shape);
    }
    return true;
}

bool pd_url_resolve(pd_url *out, pd_arena *arena, const pd_url *base, const char *reference)
{
    *out = (pd_url)PD_URL_EMPTY;
    out->handle = pd_memory_checked(curl_url_dup(base->handle));
    return checked(curl_url_set(out->handle, CURLUPART_URL, reference, CURLU_DISALLOW_USER)) ==
               CURLUE_OK &&
           describe(out, arena);
}

bool pd_url_same_origin(const pd_url *a, const pd_url *b)
{
    AUTO_CURL_STRING host_a = part(a->handle, CURLUPART_HOST, 0);
    AUTO_CURL_STRING host_b = part(b->handle, CURLUPART_HOST, 0);
    AUTO_CURL_STRING port_a = part(a->handle, CURLUPART_PORT, CURLU_DEFAULT_PORT);
    AUTO_CURL_STRING port_b = part(b->handle, CURLUPART_PORT, CURLU_DEFAULT_PORT);
    AUTO_CURL_STRING zone_a = part(a->handle, CURLUPART_ZONEID, 0);
    AUTO_CURL_STRING zone_b = part(b->handle, CURLUPART_ZONEID, 0);
    return a->https == b->https && host_a != NULL && host_b != NULL &&
           strcasecmp(host_a, host_b) == 0 && port_a != NULL && pd_streq(port_a, port_b) &&
           pd_streq(zone_a, zone_b);
}

/* Each stretch between separators that is long enough to be a token. */
static void add_stretches(pd_secrets *secrets, const char *text, const char *separators)
{
    const char *at = text;
    while (*at != '\0') {
        size_t len = strcspn(at, separators);
        if (len >= TOKEN_MIN)
            pd_secrets_add(secrets, pd_arena_strndup(secrets->arena, at, len));
        at += len;
        at += strspn(at, separators);
    }
}

void pd_url_add_secrets(const pd_url *url, pd_secrets *secrets)
{
    for (unsigned decode = 0; decode <= 1; decode++) {
        unsigned flags = decode == 1 ? CURLU_URLDECODE : 0;
        AUTO_CURL_STRING path = part(url->handle, CURLUPART_PATH, flags);
        AUTO_CURL_STRING query = part(url->handle, CURLUPART_QUERY, flags);
        if (path != NULL) {
            pd_secrets_add(secrets, pd_arena_strdup(secrets->arena, path));
            add_stretches(secrets, path, "/");
        }
        if (query != NULL) {
            pd_secrets_add(secrets, pd_arena_strdup(secrets->arena, query));
            add_stretches(secrets, query, "&=");
        }
        if (path != NULL && query != NULL)
            pd_secrets_add(secrets, pd_arena_printf(secrets->arena, "%s?%s", path, query));
    }
}

void pd_url_free(pd_url *url)
{
    curl_url_cleanup(url->handle);
    url->handle = NULL;
}
