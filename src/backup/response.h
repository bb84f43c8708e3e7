/* What an answer of the backup service means (docs/backup-webhook.md, "The answers"). Pure. */
#ifndef PD_BACKUP_RESPONSE_H
#define PD_BACKUP_RESPONSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

#define PD_REPLY_BODY_MAX ((size_t)64 << 10)    /* bytes of a body */
#define PD_REPLY_HEADERS_MAX ((size_t)64 << 10) /* bytes of all header lines of one answer */
#define PD_REFERENCE_MAX 512                    /* bytes of a backup's reference */
#define PD_STATUS_URL_MAX 4096                  /* bytes of status_url or Location */

/* An HTTP response as it came, nothing in it is to be trusted. */
typedef struct pd_reply {
    long status;
    const char *body; /* NUL-terminated, may hold NULs */
    size_t body_len;
    bool body_cut;        /* it was longer than PD_REPLY_BODY_MAX */
    const char *location; /* header values, NULL when absent */
    const char *retry_after;
    bool location_twice; /* two Location headers: neither is believed */
} pd_reply;

typedef enum pd_answer_kind {
    PD_ANSWER_COMPLETED, /* reference */
    PD_ANSWER_PENDING,   /* word, url, retry_after_ms */
    PD_ANSWER_FAILED,    /* the service says that the backup failed; text is its message */
    PD_ANSWER_RETRY,     /* 429 or 5xx: text, retry_after_ms */
    PD_ANSWER_REDIRECT,  /* 3xx, not followed; url is where to, NULL when it does not say */
    PD_ANSWER_REFUSED,   /* anything else: why is our word for it, text an excerpt */
} pd_answer_kind;

typedef struct pd_answer {
    pd_answer_kind kind;
    long status;
    const char *reference; /* "" when the answer has none */
    const char *word;      /* "pending" or "running" */
    const char *url;       /* where to ask next, as it came; NULL: where one asked before */
    const char *why;
    const char *text;       /* foreign, raw: "" when there is none */
    int64_t retry_after_ms; /* -1: not said */
} pd_answer;

/* Never fails: what cannot be understood is PD_ANSWER_REFUSED. `now` is in Unix seconds, for a
 * Retry-After that is a date. */
pd_answer pd_answer_read(pd_arena *arena, const pd_reply *reply, int64_t now);

#endif
