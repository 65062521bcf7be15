/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/hash.h"
#include "codec/envelope.h"

static const uint64_t FINGERPRINT = UINT64_C(0x0102030405060708);

static enum larder_envelope_verdict read_head(const void *bytes, size_t len)
{
    size_t body = 99;
    enum larder_envelope_verdict verdict = larder_envelope_read(bytes, len, FINGERPRINT, 1, &body);
    assert_int_equal(body != 0, verdict == LARDER_ENVELOPE_OK || verdict == LARDER_ENVELOPE_PACKED);
    return verdict;
}

#define READ(text) read_head(text, sizeof text - 1)

static void test_a_plain_head_is_twelve_bytes(void **state)
{
    (void)state;
    uint8_t head[LARDER_ENVELOPE_MAX_BYTES];
    assert_int_equal(larder_envelope_write(head, FINGERPRINT, 1), 12);
    assert_memory_equal(head, "\x94\x01\xcf\1\2\3\4\5\6\7\x08\x01", 12);
    assert_int_equal(larder_envelope_write(head, FINGERPRINT, 127), 12);
    assert_int_equal(larder_envelope_write(head, 0, UINT32_MAX), LARDER_ENVELOPE_MAX_BYTES);
    assert_memory_equal(head, "\x94\x01\xcf\0\0\0\0\0\0\0\0\xce\xff\xff\xff\xff", 16);
}

static void test_a_claim_has_its_numbers_where_scripts_look_for_them(void **state)
{
    (void)state;
    static const uint8_t want[] =
        "\x98\x29\xcf\1\2\3\4\5\6\7\x08\xcf\xff\0\0\0\0\0\0\1\xcf\0\0\0\0\0\0\2\3"
        "\xcf\0\0\0\0\0\0\0\0\xce\0\0\0\0\x01\xc0";
    uint8_t claim[LARDER_ENVELOPE_CLAIM_MAX_BYTES];
    size_t len =
        larder_envelope_write_claim(claim, FINGERPRINT, 1, UINT64_C(0xff00000000000001), 0x203);
    assert_int_equal(len, sizeof want - 1);
    assert_memory_equal(claim, want, len);
    assert_true(larder_envelope_get64(claim, LARDER_ENVELOPE_TOKEN_AT) ==
                UINT64_C(0xff00000000000001));
    assert_true(larder_envelope_get64(claim, LARDER_ENVELOPE_UNTIL_AT) == 0x203);
    assert_int_equal(larder_envelope_form(claim, len), LARDER_ENVELOPE_CLAIM);
    assert_true(larder_envelope_has_slot(claim, len));
    assert_false(larder_envelope_has_slot(claim, LARDER_ENVELOPE_TIMED_BYTES - 1));
    assert_int_equal(larder_envelope_form(claim, 1), 0);
    assert_int_equal(larder_envelope_write_claim(claim, 0, UINT32_MAX, 2, INT64_MAX),
                     LARDER_ENVELOPE_CLAIM_MAX_BYTES);
}

/* No other meta is a slot's, whatever its flags. */
static void test_a_slot_is_told_by_all_its_bytes(void **state)
{
    (void)state;
    static const uint8_t parts[] = {0,
                                    1,
                                    LARDER_ENVELOPE_TOKEN_AT,
                                    LARDER_ENVELOPE_UNTIL_AT,
                                    LARDER_ENVELOPE_FRESH_AT,
                                    LARDER_ENVELOPE_COST_AT};
    uint8_t claim[LARDER_ENVELOPE_CLAIM_MAX_BYTES];
    size_t len = larder_envelope_write_claim(claim, FINGERPRINT, 1, 7, 7);
    for (unsigned meta = 0; meta < 256; meta++) {
        claim[1] = (uint8_t)meta;
        assert_true(larder_envelope_has_slot(claim, len) ==
                    ((meta & 0x20) != 0 && (meta & 0x87) == 1));
    }
    claim[1] = 0x29;
    for (size_t i = 0; i < sizeof parts; i++) {
        uint8_t was = claim[parts[i]];
        claim[parts[i]] = 0x80;
        assert_false(larder_envelope_has_slot(claim, len));
        claim[parts[i]] = was;
    }
}

static void test_what_is_written_is_read_at_every_version(void **state)
{
    (void)state;
    static const uint32_t versions[] = {0, 1, 127, 128, 255, 256, 65535, 65536, UINT32_MAX};
    for (size_t i = 0; i < sizeof versions / sizeof versions[0]; i++) {
        uint8_t bytes[LARDER_ENVELOPE_MAX_BYTES + 1];
        size_t body;
        size_t len = larder_envelope_write(bytes, FINGERPRINT, versions[i]);
        bytes[len] = 0xc0;
        assert_int_equal(larder_envelope_read(bytes, len + 1, FINGERPRINT, versions[i], &body),
                         LARDER_ENVELOPE_OK);
        assert_int_equal(body, len);
        assert_int_equal(larder_envelope_read(bytes, len + 1, FINGERPRINT, versions[i] ^ 1, &body),
                         LARDER_ENVELOPE_VERSION);
        assert_int_equal(larder_envelope_read(bytes, len + 1, FINGERPRINT + 1, versions[i], &body),
                         LARDER_ENVELOPE_KEY);
    }
}

static void test_another_key_is_an_alarm_whatever_the_version(void **state)
{
    (void)state;
    assert_int_equal(READ("\x94\x01\xcf\1\2\3\4\5\6\7\x09\x02\xc0"), LARDER_ENVELOPE_KEY);
}

static void test_other_spellings_of_the_head_are_read(void **state)
{
    (void)state;
    size_t body;
    assert_int_equal(READ("\xdc\0\4\x01\xcf\1\2\3\4\5\6\7\x08\x01\xc0"), LARDER_ENVELOPE_OK);
    assert_int_equal(READ("\xdd\0\0\0\4\xcc\1\xcf\1\2\3\4\5\6\7\x08\xcf\0\0\0\0\0\0\0\1\xc0"),
                     LARDER_ENVELOPE_OK);
    /* As writers have it whose integers are signed. */
    assert_int_equal(READ("\x94\xd0\1\xd3\1\2\3\4\5\6\7\x08\xd1\0\1\xc0"), LARDER_ENVELOPE_OK);
    assert_int_equal(larder_envelope_read((const uint8_t *)"\x94\x01\x07\x01\xc0", 5, 7, 1, &body),
                     LARDER_ENVELOPE_OK);
    assert_int_equal(body, 4);
}

/* All that stands before the body of a compressed value. */
static void test_a_compressed_head_says_what_follows(void **state)
{
    (void)state;
    static const size_t lens[] = {1, 255, 256, 65535, 65536};
    static uint8_t bytes[LARDER_ENVELOPE_PACKED_MAX_BYTES + 65536];
    for (size_t i = 0; i < sizeof lens / sizeof lens[0]; i++) {
        struct larder_packed packed = {.codec = 2, .size = 70000, .len = lens[i]};
        struct larder_packed read;
        size_t at;
        size_t head = larder_envelope_write_packed(bytes, FINGERPRINT, UINT32_MAX, &packed);
        assert_in_range(head, 16 + 1 + 5 + 2, LARDER_ENVELOPE_PACKED_MAX_BYTES);
        assert_int_equal(larder_envelope_read(bytes, head + lens[i], FINGERPRINT, UINT32_MAX, &at),
                         LARDER_ENVELOPE_PACKED);
        assert_true(larder_envelope_read_packed(bytes, head + lens[i], at, &read));
        assert_int_equal(read.codec, 2);
        assert_int_equal(read.size, 70000);
        assert_int_equal(read.len, lens[i]);
        assert_ptr_equal(read.bytes, bytes + head);
        assert_false(larder_envelope_read_packed(bytes, head + lens[i] - 1, at, &read));
        assert_false(larder_envelope_read_packed(bytes, head + lens[i] + 1, at, &read));
        for (size_t len = at; len < head; len++) {
            assert_false(larder_envelope_read_packed(bytes, len, at, &read));
        }
        /* Whose it is, its beginning says: that is what a sweep sees of a value. */
        assert_int_equal(larder_envelope_read(bytes, 20, FINGERPRINT, UINT32_MAX, &at),
                         LARDER_ENVELOPE_PACKED);
        assert_int_equal(larder_envelope_read(bytes, 20, FINGERPRINT + 1, UINT32_MAX, &at),
                         LARDER_ENVELOPE_KEY);
        assert_int_equal(larder_envelope_read(bytes, 20, FINGERPRINT, 1, &at),
                         LARDER_ENVELOPE_VERSION);
    }
}

static void test_what_is_no_compressed_body_is_refused(void **state)
{
    (void)state;
    struct larder_packed packed;
    assert_int_equal(READ("\x96\x11\xcf\1\2\3\4\5\6\7\x08\x01\x01\x05\xc4\1x"),
                     LARDER_ENVELOPE_PACKED);
    assert_int_equal(READ("\xdc\0\6\x11\xcf\1\2\3\4\5\6\7\x08\x01\x01\x05\xc4\1x"),
                     LARDER_ENVELOPE_PACKED);
    /* The count of the other meta, and one of none. */
    assert_int_equal(READ("\x94\x11\xcf\1\2\3\4\5\6\7\x08\x01\x01\x05\xc4\1x"),
                     LARDER_ENVELOPE_FOREIGN);
    assert_int_equal(READ("\x96\x01\xcf\1\2\3\4\5\6\7\x08\x01\x01\x05\xc4\1x"),
                     LARDER_ENVELOPE_FOREIGN);
    assert_int_equal(READ("\x95\x11\xcf\1\2\3\4\5\6\7\x08\x01\x01\x05\xc4\1x"),
                     LARDER_ENVELOPE_FOREIGN);
    static const char *const bad[] = {"\x01\x05\xa1x", "\x01\xc0\xc4\1x", "\xa1\x05\xc4\1x",
                                      "\xff\x05\xc4\1x"};
    static const char *const good = "\x01\x05\xc4\1x";
    assert_true(larder_envelope_read_packed((const uint8_t *)good, 5, 0, &packed));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_false(
            larder_envelope_read_packed((const uint8_t *)bad[i], strlen(bad[i]), 0, &packed));
        assert_null(packed.bytes);
    }
}

static void test_what_larder_did_not_write_is_foreign(void **state)
{
    (void)state;
    assert_int_equal(READ(""), LARDER_ENVELOPE_FOREIGN);
    assert_int_equal(READ("{\"id\": 42, \"name\": \"tea\"}"), LARDER_ENVELOPE_FOREIGN);
    assert_int_equal(READ("\x93\x01\xcf\1\2\3\4\5\6\7\x08\xc0"), LARDER_ENVELOPE_FOREIGN);
    assert_int_equal(READ("\x95\x01\xcf\1\2\3\4\5\6\7\x08\x01\xc0\xc0"), LARDER_ENVELOPE_FOREIGN);
    /* A format, or a flag, to come. */
    assert_int_equal(READ("\x94\x02\xcf\1\2\3\4\5\6\7\x08\x01\xc0"), LARDER_ENVELOPE_FOREIGN);
    assert_int_equal(READ("\x94\x09\xcf\1\2\3\4\5\6\7\x08\x01\xc0"), LARDER_ENVELOPE_FOREIGN);
    /* A version that is none. */
    assert_int_equal(READ("\x94\x01\xcf\1\2\3\4\5\6\7\x08\xff\xc0"), LARDER_ENVELOPE_FOREIGN);
    assert_int_equal(READ("\x94\x01\xcf\1\2\3\4\5\6\7\x08\xcf\0\0\0\1\0\0\0\1\xc0"),
                     LARDER_ENVELOPE_FOREIGN);
    assert_int_equal(READ("\x94\x01\xcf\1\2\3\4\5\6\7\x08\xd0\xff\xc0"), LARDER_ENVELOPE_FOREIGN);
    assert_int_equal(READ("\x94\x01\xd3\xf1\2\3\4\5\6\7\x08\x01\xc0"), LARDER_ENVELOPE_FOREIGN);
}

static void test_every_truncated_head_is_foreign(void **state)
{
    (void)state;
    static const char *const heads[] = {"\x94\x01\xcf\1\2\3\4\5\6\7\x08\x01",
                                        "\xdc\0\4\x01\xcf\1\2\3\4\5\6\7\x08\xce\0\0\0\1"};
    static const size_t lens[] = {12, 18};
    for (size_t i = 0; i < 2; i++) {
        for (size_t len = 0; len <= lens[i]; len++) {
            assert_int_equal(read_head(heads[i], len), LARDER_ENVELOPE_FOREIGN);
        }
    }
}

static void test_no_changed_byte_passes_as_this_value(void **state)
{
    (void)state;
    enum { TAG = 2, THE_SAME_NUMBER = 0xd3 }; /* signed */
    uint8_t bytes[] = {0x94, 1, 0xcf, 1, 2, 3, 4, 5, 6, 7, 8, 1, 0xc0};
    for (size_t i = 0; i < 12; i++) {
        uint8_t kept = bytes[i];
        for (int c = 0; c < 256; c++) {
            bytes[i] = (uint8_t)c;
            if (bytes[i] != kept && !(i == TAG && c == THE_SAME_NUMBER)) {
                assert_int_not_equal(read_head(bytes, sizeof bytes), LARDER_ENVELOPE_OK);
            }
        }
        bytes[i] = kept;
    }
}

static void test_fingerprints_tell_services_entities_and_keys_apart(void **state)
{
    (void)state;
    uint64_t seed = larder_envelope_seed("shop", "product");
    uint64_t print = larder_envelope_fingerprint(seed, "product:42", 10);
    assert_int_equal(seed, larder_hash64("shop/product", 12, 0));
    assert_int_equal(print, larder_hash64("product:42", 10, seed));
    assert_int_not_equal(print, larder_envelope_fingerprint(seed, "product:43", 10));
    seed = larder_envelope_seed("shop", "products");
    assert_int_not_equal(print, larder_envelope_fingerprint(seed, "product:42", 10));
    seed = larder_envelope_seed("user", "product");
    assert_int_not_equal(print, larder_envelope_fingerprint(seed, "product:42", 10));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_plain_head_is_twelve_bytes),
        cmocka_unit_test(test_a_claim_has_its_numbers_where_scripts_look_for_them),
        cmocka_unit_test(test_a_slot_is_told_by_all_its_bytes),
        cmocka_unit_test(test_what_is_written_is_read_at_every_version),
        cmocka_unit_test(test_another_key_is_an_alarm_whatever_the_version),
        cmocka_unit_test(test_other_spellings_of_the_head_are_read),
        cmocka_unit_test(test_a_compressed_head_says_what_follows),
        cmocka_unit_test(test_what_is_no_compressed_body_is_refused),
        cmocka_unit_test(test_what_larder_did_not_write_is_foreign),
        cmocka_unit_test(test_every_truncated_head_is_foreign),
        cmocka_unit_test(test_no_changed_byte_passes_as_this_value),
        cmocka_unit_test(test_fingerprints_tell_services_entities_and_keys_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
