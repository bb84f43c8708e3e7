/* Asks for a backup by webhook and waits until it is done (docs/backup-webhook.md).
 *
 * Signed as the Standard Webhooks specification 1.0.0 says ("Signature scheme").
 */
#ifndef PD_BACKUP_WEBHOOK_H
#define PD_BACKUP_WEBHOOK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/interrupt.h"
#include "base/progress.h"
#include "domain/backup.h"

typedef struct pd_webhook {
    const char *url;
    const char *secret;  /* "whsec_" and base64, or any other text taken as bytes; NULL: unsigned */
    const char *ca_file; /* a CA certificate (PEM) that is trusted besides the system's, or NULL */
    bool allow_http;     /* plain http to other hosts than loopback */
    int64_t timeout_ms;  /* for all of it: requests, retries and polling; 0: none */
    pd_interrupt *interrupt; /* NULL: waits cannot be interrupted */
    pd_progress *progress;   /* NULL: silent */
} pd_webhook;

/* Whether the URL may be used at all: https, or http to loopback (or allow_http), no user name
 * or password in it; and whether the secret and the CA file can be. PD_ERROR_USAGE otherwise;
 * sends nothing, asked before anything is deployed. */
bool pd_webhook_check(const pd_webhook *webhook, pd_error *err) PD_CHECKED;

/* Runs until the backup is reported completed; *reference is its reference, "" when the answer
 * has none. PD_ERROR_BACKUP when it failed or did not finish in time, PD_ERROR_INTERRUPTED. */
bool pd_webhook_backup(const pd_webhook *webhook, pd_arena *arena, const pd_backup_request *request,
                       const char **reference, pd_error *err) PD_CHECKED;

#endif
