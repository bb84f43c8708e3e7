/* Signatures of the Standard Webhooks specification 1.0.0, "Signature scheme", symmetric (v1). */
#ifndef PD_BACKUP_SIGN_H
#define PD_BACKUP_SIGN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"

typedef struct pd_sign_key {
    const uint8_t *data; /* NULL: nothing is signed */
    size_t len;
} pd_sign_key;

/* Makes the key of a secret: base64 behind "whsec_", otherwise the secret's own bytes; no key
 * when the secret is NULL. PD_ERROR_USAGE when it is empty or not base64; the message does not
 * hold it. */
bool pd_sign_key_read(pd_sign_key *out, pd_arena *arena, const char *secret,
                      pd_error *err) PD_CHECKED;

/* The value of webhook-signature: "v1," and base64 of the HMAC-SHA256 of "id.timestamp.body". */
const char *pd_sign(pd_arena *arena, const pd_sign_key *key, const char *id, int64_t timestamp,
                    const char *body, size_t len);

#endif
