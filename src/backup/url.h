/* Web addresses of the backup service: which may be asked, and how they may be named.
 *
 * Parsed by libcurl's own parser, and the parsed handle is what the request is made with, so that
 * the address that was checked is the address that is asked. Paths and queries may hold tokens:
 * messages name the origin only.
 */
#ifndef PD_BACKUP_URL_H
#define PD_BACKUP_URL_H

#include <curl/curl.h>
#include <stdbool.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/secret.h"

typedef struct pd_url {
    CURLU *handle;
    const char *origin; /* "https://backup.example.org:8443", printable; in the arena */
    bool https;
    bool loopback; /* localhost, 127.0.0.0/8 or [::1] */
} pd_url;

#define PD_URL_EMPTY                                                                               \
    {                                                                                              \
        NULL, NULL, false, false                                                                   \
    }

/* Takes an absolute http or https URL without a user name or password. PD_ERROR_USAGE, never
 * with the URL in it. */
bool pd_url_parse(pd_url *out, pd_arena *arena, const char *text, pd_error *err) PD_CHECKED;

/* Reads a reference (absolute, or relative to base: RFC 3986, section 5) that the service gave.
 * False when it is no http or https URL. */
bool pd_url_resolve(pd_url *out, pd_arena *arena, const pd_url *base,
                    const char *reference) PD_CHECKED;

/* Same scheme, host and port (RFC 6454, section 5). */
bool pd_url_same_origin(const pd_url *a, const pd_url *b);

/* Adds what may be a token: path with query, path, query, and their parts of 12 bytes and more. */
void pd_url_add_secrets(const pd_url *url, pd_secrets *secrets);

void pd_url_free(pd_url *url);
#define PD_AUTO_URL PD_CLEANUP(pd_url_free) pd_url

#endif
