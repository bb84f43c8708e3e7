#include "base/hash.h"

#include <ctype.h>
#include <limits.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"

static void must(bool done)
{
    if (!done)
        pd_give_up("libcrypto failed");
}

static void to_hex(const uint8_t *digest, size_t len, char *out)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < len; i++) {
        out[2 * i] = digits[digest[i] >> 4];
        out[2 * i + 1] = digits[digest[i] & 15];
    }
    out[2 * len] = '\0';
}

void pd_hash_prepare(void)
{
    char unused[PD_SHA256_HEX];
    /* To free its tables one by one, when the process ends, is work for nobody. */
    must(OPENSSL_init_crypto(OPENSSL_INIT_NO_ATEXIT, NULL) == 1);
    pd_sha256_hex("", 0, unused);
}

void pd_sha256_hex(const void *data, size_t len, char out[PD_SHA256_HEX])
{
    uint8_t digest[PD_SHA256_BYTES];
    must(EVP_Digest(data, len, digest, NULL, EVP_sha256(), NULL) == 1);
    to_hex(digest, sizeof digest, out);
}

pd_sha256 pd_sha256_start(void)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    must(context != NULL && EVP_DigestInit_ex(context, EVP_sha256(), NULL) == 1);
    return (pd_sha256){context};
}

void pd_sha256_add(pd_sha256 *hash, const void *data, size_t len)
{
    must(EVP_DigestUpdate(hash->context, data, len) == 1);
}

void pd_sha256_end(pd_sha256 *hash, char out[PD_SHA256_HEX])
{
    uint8_t digest[PD_SHA256_BYTES];
    must(EVP_DigestFinal_ex(hash->context, digest, NULL) == 1);
    EVP_MD_CTX_free(hash->context);
    hash->context = NULL;
    to_hex(digest, sizeof digest, out);
}

void pd_sha256_take(pd_sha256 *hash, char out[PD_SHA256_HEX])
{
    uint8_t digest[PD_SHA256_BYTES];
    must(EVP_DigestFinal_ex(hash->context, digest, NULL) == 1 &&
         EVP_DigestInit_ex(hash->context, NULL, NULL) == 1);
    to_hex(digest, sizeof digest, out);
}

void pd_sha384_hex(const void *data, size_t len, char out[PD_SHA384_HEX])
{
    uint8_t digest[(PD_SHA384_HEX - 1) / 2];
    must(EVP_Digest(data, len, digest, NULL, EVP_sha384(), NULL) == 1);
    to_hex(digest, sizeof digest, out);
}

uint32_t pd_crc32(uint32_t crc, const void *data, size_t len)
{
    const uint8_t *bytes = data;
    crc = ~crc;
    for (size_t i = 0; i < len; i++) {
        crc ^= bytes[i];
        for (int bit = 0; bit < 8; bit++)
            crc = (crc >> 1) ^ ((crc & 1) != 0 ? UINT32_C(0xEDB88320) : 0);
    }
    return ~crc;
}

void pd_hmac_sha256(const void *key, size_t key_len, const void *data, size_t len,
                    uint8_t out[PD_SHA256_BYTES])
{
    unsigned out_len = PD_SHA256_BYTES;
    must(key_len <= INT_MAX);
    must(HMAC(EVP_sha256(), key, (int)key_len, data, len, out, &out_len) != NULL);
}

bool pd_is_sha256_hex(const char *text, size_t len)
{
    if (len != PD_SHA256_HEX - 1)
        return false;
    for (size_t i = 0; i < len; i++)
        if (!isxdigit((unsigned char)text[i]))
            return false;
    return true;
}

char *pd_base64_encode(pd_arena *arena, const void *data, size_t len)
{
    must(len <= INT_MAX / 4 * 3);
    char *out = pd_arena_alloc(arena, (len + 2) / 3 * 4 + 1);
    EVP_EncodeBlock((unsigned char *)out, data, (int)len);
    return out;
}

static bool is_base64(const char *text, size_t len)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    if (len % 4 != 0 || len > INT_MAX)
        return false;
    size_t body = strspn(text, alphabet);
    size_t padding = strspn(text + body, "=");
    return body + padding == len && padding <= 2;
}

bool pd_base64_decode(pd_arena *arena, const char *text, uint8_t **out, size_t *len)
{
    size_t text_len = strlen(text);
    if (!is_base64(text, text_len))
        return false;
    *out = pd_arena_alloc(arena, text_len / 4 * 3 + 1);
    int decoded = EVP_DecodeBlock(*out, (const unsigned char *)text, (int)text_len);
    if (decoded < 0)
        return false;
    size_t padding = 0;
    while (padding < 2 && text_len > padding && text[text_len - 1 - padding] == '=')
        padding++;
    *len = (size_t)decoded - padding;
    return true;
}

void pd_uuid(char out[37])
{
    uint8_t b[16];
    must(RAND_bytes(b, sizeof b) == 1);
    b[6] = (uint8_t)((b[6] & 0x0F) | 0x40); /* RFC 4122, section 4.4 */
    b[8] = (uint8_t)((b[8] & 0x3F) | 0x80);
    snprintf(out, 37, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", b[0],
             b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13],
             b[14], b[15]);
}
