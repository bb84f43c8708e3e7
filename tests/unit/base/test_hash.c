#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/hash.h"

/* FIPS 180-2, appendix B, and the empty message. */
static void sha256_vectors(void **state)
{
    static const struct {
        const char *text;
        const char *hex;
    } rows[] = {
        {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
         "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
    };
    (void)state;
    char hex[PD_SHA256_HEX];
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        pd_sha256_hex(rows[i].text, strlen(rows[i].text), hex);
        assert_string_equal(hex, rows[i].hex);
        assert_true(pd_is_sha256_hex(hex, strlen(hex)));
    }
    pd_sha256_hex(NULL, 0, hex);
    assert_string_equal(hex, rows[0].hex);
    PD_AUTO_ARENA arena = pd_arena_new();
    char *million = pd_arena_alloc(arena, 1000000);
    memset(million, 'a', 1000000);
    pd_sha256_hex(million, 1000000, hex);
    assert_string_equal(hex, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
    pd_sha256_hex("\0\r\n", 3, hex);
    char other[PD_SHA256_HEX];
    pd_sha256_hex("\0\n", 2, other);
    assert_string_not_equal(hex, other);
}

/* One digest behind the other, each over what was added since. */
static void sha256_begins_anew(void **state)
{
    (void)state;
    char hex[PD_SHA256_HEX];
    char expected[PD_SHA256_HEX];
    pd_sha256 hash = pd_sha256_start();
    for (int i = 0; i < 3; i++) {
        pd_sha256_add(&hash, "ab", 2);
        pd_sha256_add(&hash, "c", 1);
        pd_sha256_take(&hash, hex);
        pd_sha256_hex("abc", 3, expected);
        assert_string_equal(hex, expected);
        pd_sha256_take(&hash, hex);
        pd_sha256_hex("", 0, expected);
        assert_string_equal(hex, expected);
    }
    pd_sha256_add(&hash, "abc", 3);
    pd_sha256_end(&hash, hex);
    pd_sha256_hex("abc", 3, expected);
    assert_string_equal(hex, expected);
}

/* FIPS 180-2, appendix D. */
static void sha384_vectors(void **state)
{
    (void)state;
    char hex[PD_SHA384_HEX];
    pd_sha384_hex("abc", 3, hex);
    assert_string_equal(hex, "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded163"
                             "1a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7");
    pd_sha384_hex(NULL, 0, hex);
    assert_string_equal(hex, "38b060a751ac96384cd9327eb1b1e36a21fdb71114be0743"
                             "4c0cc7bf63f6e1da274edebfe76f65fbd51ad2f14898b95b");
}

/* The check value of the algorithm's catalogue entry, and the pieces of it. */
static void crc32_vectors(void **state)
{
    (void)state;
    assert_int_equal(pd_crc32(0, "123456789", 9), 0xCBF43926);
    assert_int_equal(pd_crc32(pd_crc32(0, "1234", 4), "56789", 5), 0xCBF43926);
    assert_int_equal(pd_crc32(0, "", 0), 0);
}

static void hex_digests_are_recognised(void **state)
{
    static const char digits[] = "0123456789abcdefABCDEF0123456789abcdefABCDEF0123456789abcdefABCD";
    (void)state;
    assert_true(pd_is_sha256_hex(digits, 64));
    assert_false(pd_is_sha256_hex(digits, 63));
    assert_false(pd_is_sha256_hex("", 0));
    char text[80];
    memset(text, 'a', sizeof text);
    assert_false(pd_is_sha256_hex(text, 65));
    for (unsigned byte = 0; byte < 256; byte++) {
        for (size_t at = 0; at < 64; at += 21) {
            memset(text, 'a', sizeof text);
            text[at] = (char)byte;
            bool hex = byte != 0 && strchr("0123456789abcdefABCDEF", (int)byte) != NULL;
            assert_int_equal(pd_is_sha256_hex(text, 64), hex);
        }
    }
}

static void expect_hmac(const void *key, size_t key_len, const char *data, const char *hex)
{
    uint8_t out[PD_SHA256_BYTES];
    char text[2 * PD_SHA256_BYTES + 1];
    pd_hmac_sha256(key, key_len, data, strlen(data), out);
    for (size_t i = 0; i < sizeof out; i++)
        (void)snprintf(text + 2 * i, 3, "%02x", out[i]);
    assert_memory_equal(text, hex, strlen(hex));
}

/* RFC 4231, section 4 */
static void hmac_vectors(void **state)
{
    (void)state;
    uint8_t key[131];
    char data[51] = {0};
    memset(key, 0x0b, sizeof key);
    expect_hmac(key, 20, "Hi There",
                "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
    expect_hmac("Jefe", 4, "what do ya want for nothing?",
                "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    memset(key, 0xaa, sizeof key);
    memset(data, 0xdd, 50);
    expect_hmac(key, 20, data, "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe");
    for (uint8_t i = 0; i < 25; i++)
        key[i] = (uint8_t)(i + 1);
    memset(data, 0xcd, 50);
    expect_hmac(key, 25, data, "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b");
    memset(key, 0x0c, sizeof key);
    expect_hmac(key, 20, "Test With Truncation", "a3b6167473100ee06e0c796c2955552b");
    memset(key, 0xaa, sizeof key);
    expect_hmac(key, 131, "Test Using Larger Than Block-Size Key - Hash Key First",
                "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
    expect_hmac(key, 131,
                "This is a test using a larger than block-size key and a larger than block-size "
                "data. The key needs to be hashed before being used by the HMAC algorithm.",
                "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2");
}

static void hmac_of_nothing(void **state)
{
    (void)state;
    expect_hmac("", 0, "", "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
    expect_hmac(NULL, 0, "", "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

/* RFC 4648, section 10 */
static void base64_vectors(void **state)
{
    static const struct {
        const char *plain;
        const char *encoded;
    } rows[] = {{"", ""},
                {"f", "Zg=="},
                {"fo", "Zm8="},
                {"foo", "Zm9v"},
                {"foob", "Zm9vYg=="},
                {"fooba", "Zm9vYmE="},
                {"foobar", "Zm9vYmFy"},
                {"\xfb\xff\xfe", "+//+"}};
    (void)state;
    PD_AUTO_ARENA arena = pd_arena_new();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        size_t plain_len = strlen(rows[i].plain);
        assert_string_equal(pd_base64_encode(arena, rows[i].plain, plain_len), rows[i].encoded);
        uint8_t *out = NULL;
        size_t len = 99;
        assert_true(pd_base64_decode(arena, rows[i].encoded, &out, &len));
        assert_int_equal(len, plain_len);
        assert_memory_equal(out, rows[i].plain, len);
    }
}

static void base64_round_trips(void **state)
{
    uint8_t bytes[256];
    (void)state;
    PD_AUTO_ARENA arena = pd_arena_new();
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(i * 167 + 13);
    for (size_t n = 0; n <= sizeof bytes; n++) {
        const char *text = pd_base64_encode(arena, bytes, n);
        assert_int_equal(strlen(text), (n + 2) / 3 * 4);
        uint8_t *out = NULL;
        size_t len = 0;
        assert_true(pd_base64_decode(arena, text, &out, &len));
        assert_int_equal(len, n);
        assert_memory_equal(out, bytes, n);
    }
}

static void what_is_not_base64_is_refused(void **state)
{
    static const char *const rows[] = {
        "Z",        "Zg",       "Zg=",      "Zg===",  "====",  "=",         "Z===",
        "=Zg=",     "Zg==Zg==", "Z=g=",     "Zm9v\n", " Zm9v", "Zm9v Zm9v", "Zm9v    ",
        "Zm9-",     "Zm9_",     "Zm9v====", "Zm 9",   "Zm\t9", "Zm9\x80",   "Zm9v\r\n\r\n",
        "\n\n\n\n", "----",     "Zm9.",     "Zg=\n"};
    (void)state;
    PD_AUTO_ARENA arena = pd_arena_new();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        uint8_t *out = NULL;
        size_t len = 0;
        if (pd_base64_decode(arena, rows[i], &out, &len))
            fail_msg("%s", rows[i]);
    }
}

static void uuids_are_random_of_version_4(void **state)
{
    char seen[100][37];
    (void)state;
    for (size_t i = 0; i < 100; i++) {
        pd_uuid(seen[i]);
        assert_int_equal(strlen(seen[i]), 36);
        for (size_t k = 0; k < 36; k++) {
            if (k == 8 || k == 13 || k == 18 || k == 23)
                assert_int_equal(seen[i][k], '-');
            else
                assert_non_null(strchr("0123456789abcdef", seen[i][k]));
        }
        assert_int_equal(seen[i][14], '4');
        assert_non_null(strchr("89ab", seen[i][19]));
        for (size_t k = 0; k < i; k++)
            assert_string_not_equal(seen[i], seen[k]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sha256_vectors),
        cmocka_unit_test(sha256_begins_anew),
        cmocka_unit_test(sha384_vectors),
        cmocka_unit_test(crc32_vectors),
        cmocka_unit_test(hex_digests_are_recognised),
        cmocka_unit_test(hmac_vectors),
        cmocka_unit_test(hmac_of_nothing),
        cmocka_unit_test(base64_vectors),
        cmocka_unit_test(base64_round_trips),
        cmocka_unit_test(what_is_not_base64_is_refused),
        cmocka_unit_test(uuids_are_random_of_version_4),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
