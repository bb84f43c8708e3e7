#include "backup/sign.h"

#include <inttypes.h>
#include <string.h>

#include "base/hash.h"
#include "base/str.h"
#include "base/strbuf.h"

#define PREFIX "whsec_"

bool pd_sign_key_read(pd_sign_key *out, pd_arena *arena, const char *secret, pd_error *err)
{
    *out = (pd_sign_key){NULL, 0};
    if (secret == NULL)
        return true;
    if (!pd_starts_with(secret, PREFIX)) {
        out->data = (const uint8_t *)pd_arena_strdup(arena, secret);
        out->len = strlen(secret);
    } else {
        uint8_t *key = NULL;
        if (!pd_base64_decode(arena, secret + strlen(PREFIX), &key, &out->len)) {
            pd_fail(err, PD_ERROR_USAGE,
                    "cannot sign the backup request: what follows " PREFIX
                    " in the secret is not base64");
            return pd_error_hint(err, "Copy PREDEPLOY_BACKUP_SECRET again from the backup "
                                      "service, with the padding (=) at its end.");
        }
        out->data = key;
    }
    /* A signature under an empty key looks like one and can be made by anybody. */
    if (out->len == 0) {
        pd_fail(err, PD_ERROR_USAGE, "cannot sign the backup request: the secret is empty");
        return pd_error_hint(err, "Set PREDEPLOY_BACKUP_SECRET to the receiver's secret, or unset "
                                  "it when the receiver checks no signature.");
    }
    return true;
}

const char *pd_sign(pd_arena *arena, const pd_sign_key *key, const char *id, int64_t timestamp,
                    const char *body, size_t len)
{
    PD_AUTO_STRBUF content = pd_strbuf_new(PD_STRBUF_MAX);
    pd_strbuf_addf(&content, "%s.%" PRId64 ".", id, timestamp);
    pd_strbuf_add(&content, body, len);
    uint8_t mac[PD_SHA256_BYTES];
    pd_hmac_sha256(key->data, key->len, content.data, content.len, mac);
    return pd_arena_printf(arena, "v1,%s", pd_base64_encode(arena, mac, sizeof mac));
}
