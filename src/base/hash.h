/* Digests, HMAC-SHA256 and base64, by libcrypto; and CRC-32. */
#ifndef PD_BASE_HASH_H
#define PD_BASE_HASH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

#define PD_SHA256_BYTES 32
#define PD_SHA256_HEX 65 /* 64 lower-case hexadecimal digits and a NUL */
#define PD_SHA384_HEX 97 /* 96 of them */

/* libcrypto reads its configuration when it is first used, which takes a millisecond or two: for
 * who has that time now. If nothing else has used it before, it will not tidy up at the end. */
void pd_hash_prepare(void);

void pd_sha256_hex(const void *data, size_t len, char out[PD_SHA256_HEX]);

/* The same over what is added piece by piece; pd_sha256_end must be called, and frees. */
typedef struct pd_sha256 {
    void *context;
} pd_sha256;
pd_sha256 pd_sha256_start(void);
void pd_sha256_add(pd_sha256 *hash, const void *data, size_t len);
void pd_sha256_end(pd_sha256 *hash, char out[PD_SHA256_HEX]);
/* Gives the digest like pd_sha256_end and begins anew: for many small texts, one behind the other,
 * as libcrypto takes longer to find a digest than to make it. */
void pd_sha256_take(pd_sha256 *hash, char out[PD_SHA256_HEX]);

void pd_sha384_hex(const void *data, size_t len, char out[PD_SHA384_HEX]);
/* CRC-32 of RFC 1952, section 8. Begins with crc 0; goes on with what it returned. */
uint32_t pd_crc32(uint32_t crc, const void *data, size_t len);

void pd_hmac_sha256(const void *key, size_t key_len, const void *data, size_t len,
                    uint8_t out[PD_SHA256_BYTES]);
bool pd_is_sha256_hex(const char *text, size_t len); /* exactly 64 lower- or upper-case digits */

char *pd_base64_encode(pd_arena *arena, const void *data, size_t len);
/* False when text is not base64 (RFC 4648, section 4, with padding). */
bool pd_base64_decode(pd_arena *arena, const char *text, uint8_t **out, size_t *len);

/* A random (version 4) UUID in its usual text form, 36 characters and a NUL. */
void pd_uuid(char out[37]);

#endif
