/* What the event file of a GitHub workflow says about the base (GITHUB_EVENT_PATH; GitHub's
 * "Webhook events and payloads"). */
#ifndef PD_DOMAIN_EVENT_H
#define PD_DOMAIN_EVENT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"
#include "domain/revision.h"

#define PD_EVENT_MAX ((size_t)32 << 20) /* bytes of the file; GitHub cuts payloads at 25 MB */

typedef struct pd_event {
    char base[PD_OID_HEX];      /* the commit that the event is about to be added to, "" when it
                                   names none */
    char after[PD_OID_HEX];     /* a push: what it replaces `base` by, "" otherwise */
    const char *default_branch; /* "main"; NULL when it names none that could be a branch */
} pd_event;

/* Reads the payload of an event of that name (GITHUB_EVENT_NAME): merge_group, pull_request,
 * pull_request_target and push have a base. PD_ERROR_UNREACHABLE when an event that has one cannot
 * be read, or names something that is no object id. */
bool pd_event_parse(pd_arena *arena, const char *name, const char *text, size_t len, pd_event *out,
                    pd_error *err) PD_CHECKED;

#endif
