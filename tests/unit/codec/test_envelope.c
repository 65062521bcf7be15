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

/* ------------------------------------------------------- heads of any form */

static const struct larder_envelope_head full = {
    .token = UINT64_C(0x1112131415161718),
    .until_ms = INT64_C(0x2122232425262728),
    .fresh_ms = INT64_C(0x3132333435363738),
    .cost_ms = 0x41424344,
    .as_of = UINT64_C(0x5152535455565758),
    .tag_count = 2,
    .tags = {UINT64_C(0x6162636465666768), UINT64_C(0x7172737475767778)},
};

static void test_a_timed_and_versioned_head_is_laid_out_as_scripts_expect_it(void **state)
{
    (void)state;
    uint8_t head[LARDER_ENVELOPE_HEAD_MAX_BYTES];
    struct larder_envelope_head what = full;
    what.meta = LARDER_META_PLAIN | LARDER_META_TIMED | LARDER_META_VERSIONED;
    static const char expected[] = "\x9a\x61\xcf\1\2\3\4\5\6\7\x08"
                                   "\xcf\x11\x12\x13\x14\x15\x16\x17\x18"
                                   "\xcf\x21\x22\x23\x24\x25\x26\x27\x28"
                                   "\xcf\x31\x32\x33\x34\x35\x36\x37\x38"
                                   "\xce\x41\x42\x43\x44"
                                   "\xcf\x51\x52\x53\x54\x55\x56\x57\x58"
                                   "\x92\xcf\x61\x62\x63\x64\x65\x66\x67\x68"
                                   "\xcf\x71\x72\x73\x74\x75\x76\x77\x78\x01";
    size_t len = larder_envelope_write_head(head, FINGERPRINT, 1, &what, NULL);
    assert_int_equal(len, sizeof expected - 1);
    assert_memory_equal(head, expected, len);
    assert_int_equal(head[LARDER_ENVELOPE_TOKEN_AT + 1], 0x11);
    assert_int_equal(head[LARDER_ENVELOPE_UNTIL_AT + 1], 0x21);
    assert_int_equal(head[LARDER_ENVELOPE_FRESH_AT + 1], 0x31);
    assert_int_equal(head[LARDER_ENVELOPE_COST_AT + 1], 0x41);
    assert_int_equal(head[larder_envelope_as_of_at(what.meta)], 0x51);
    what.meta = LARDER_META_PLAIN | LARDER_META_VERSIONED;
    larder_envelope_write_head(head, FINGERPRINT, 1, &what, NULL);
    assert_int_equal(head[larder_envelope_as_of_at(what.meta)], 0x51);
}

static void test_a_claim_is_a_head_without_a_value(void **state)
{
    (void)state;
    uint8_t claim[LARDER_ENVELOPE_CLAIM_MAX_BYTES];
    struct larder_envelope_head read;
    assert_int_equal(larder_envelope_write_claim(claim, FINGERPRINT, UINT32_MAX, 7, 8),
                     LARDER_ENVELOPE_CLAIM_MAX_BYTES);
    assert_int_equal(larder_envelope_read_head(claim, sizeof claim, FINGERPRINT, UINT32_MAX, &read),
                     LARDER_ENVELOPE_OK);
    assert_int_equal(read.meta, LARDER_META_CLAIM);
    assert_int_equal(read.token, 7);
    assert_int_equal(read.until_ms, 8);
    assert_int_equal(read.fresh_ms, 0);
    uint8_t head[LARDER_ENVELOPE_HEAD_MAX_BYTES];
    assert_int_equal(larder_envelope_write_head(head, FINGERPRINT, UINT32_MAX, &read, NULL),
                     sizeof claim);
    assert_memory_equal(head, claim, sizeof claim);
}

static const unsigned known[] = {1, 17, 33, 49, 65, 81, 97, 113, 9, 41, 73};

static bool is_known(unsigned meta)
{
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (known[i] == meta) {
            return true;
        }
    }
    return false;
}

/* One of each form, with so many tags; answers its length. */
static size_t make(uint8_t *to, unsigned meta, size_t tag_count, uint32_t version)
{
    static const struct larder_packed packed = {.codec = 2, .size = 7, .len = 1};
    struct larder_envelope_head what = full;
    what.meta = meta & ~(unsigned)LARDER_META_PACKED;
    what.tag_count = tag_count;
    for (size_t i = 0; i < LARDER_ENVELOPE_TAGS_MAX; i++) {
        what.tags[i] = UINT64_MAX - i;
    }
    size_t len = larder_envelope_write_head(to, FINGERPRINT, version, &what,
                                            (meta & LARDER_META_PACKED) != 0 ? &packed : NULL);
    assert_in_range(len, 12, LARDER_ENVELOPE_HEAD_MAX_BYTES);
    if ((meta & LARDER_META_EMPTY) == 0) {
        to[len++] = 0xc0;
    }
    return len;
}

static void test_every_form_is_read_as_it_is_written(void **state)
{
    (void)state;
    uint8_t bytes[LARDER_ENVELOPE_HEAD_MAX_BYTES + 2];
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        for (size_t tags = 0; tags <= LARDER_ENVELOPE_TAGS_MAX; tags++) {
            struct larder_envelope_head read;
            size_t body;
            size_t len = make(bytes, known[i], tags, 300);
            assert_int_equal(larder_envelope_read_head(bytes, len, FINGERPRINT, 300, &read),
                             LARDER_ENVELOPE_OK);
            assert_int_equal(read.meta, known[i]);
            if ((known[i] & LARDER_META_TIMED) != 0) {
                assert_int_equal(read.token, full.token);
                assert_int_equal(read.until_ms, full.until_ms);
                assert_int_equal(read.fresh_ms, full.fresh_ms);
                assert_int_equal(read.cost_ms, full.cost_ms);
            }
            if ((known[i] & LARDER_META_VERSIONED) != 0) {
                assert_int_equal(read.as_of, full.as_of);
                assert_int_equal(read.tag_count, tags);
                assert_true(tags == 0 || read.tags[tags - 1] == UINT64_MAX - (tags - 1));
            }
            enum larder_envelope_verdict verdict =
                larder_envelope_read(bytes, len, FINGERPRINT, 300, &body);
            assert_int_equal(verdict, known[i] == 1    ? LARDER_ENVELOPE_OK
                                      : known[i] == 17 ? LARDER_ENVELOPE_PACKED
                                                       : LARDER_ENVELOPE_MORE);
            assert_int_equal(larder_envelope_read_head(bytes, len, FINGERPRINT, 301, &read),
                             LARDER_ENVELOPE_VERSION);
            assert_int_equal(larder_envelope_read_head(bytes, len, FINGERPRINT + 1, 300, &read),
                             LARDER_ENVELOPE_KEY);
            /* Whose it is, its beginning says: that is what a sweep sees of it. */
            assert_true(larder_envelope_is_of(bytes, 12, FINGERPRINT));
            assert_false(larder_envelope_is_of(bytes, 12, FINGERPRINT + 1));
        }
    }
}

static void test_metas_and_counts_that_do_not_belong_together_are_foreign(void **state)
{
    (void)state;
    uint8_t bytes[LARDER_ENVELOPE_HEAD_MAX_BYTES + 2];
    for (unsigned meta = 0; meta < 128; meta++) {
        for (unsigned count = 0; count < 16; count++) {
            struct larder_envelope_head read;
            size_t len = make(bytes, meta, 1, 1);
            bool right = (bytes[0] & 0x0fU) == count && is_known(meta);
            bytes[0] = (uint8_t)(0x90 | count);
            assert_int_equal(larder_envelope_read_head(bytes, len, FINGERPRINT, 1, &read),
                             right ? LARDER_ENVELOPE_OK : LARDER_ENVELOPE_FOREIGN);
        }
    }
}

static void test_a_head_that_is_cut_off_is_foreign_in_every_form(void **state)
{
    (void)state;
    uint8_t bytes[LARDER_ENVELOPE_HEAD_MAX_BYTES + 2];
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        size_t len = make(bytes, known[i], 3, 1);
        struct larder_envelope_head read;
        size_t first = 0; /* to be enough */
        while (larder_envelope_read_head(bytes, first, FINGERPRINT, 1, &read) !=
               LARDER_ENVELOPE_OK) {
            /* A copy of its own, so that a sanitizer sees a byte too many. */
            uint8_t *cut = test_malloc(first + 1);
            memcpy(cut, bytes, first);
            assert_int_equal(larder_envelope_read_head(cut, first, FINGERPRINT, 1, &read),
                             LARDER_ENVELOPE_FOREIGN);
            test_free(cut);
            first++;
            assert_in_range(first, 0, len);
        }
        /* One byte of the body is enough; of what is empty it takes all. */
        assert_true((known[i] & LARDER_META_PACKED) != 0 || first == len);
    }
}

static void test_what_is_empty_has_a_nil_and_nothing_behind_it(void **state)
{
    (void)state;
    static const unsigned empty[] = {9, 41, 73};
    uint8_t bytes[LARDER_ENVELOPE_HEAD_MAX_BYTES + 2];
    for (size_t i = 0; i < 3; i++) {
        struct larder_envelope_head read;
        size_t len = make(bytes, empty[i], 0, 1);
        bytes[len] = 0xc0;
        assert_int_equal(larder_envelope_read_head(bytes, len + 1, FINGERPRINT, 1, &read),
                         LARDER_ENVELOPE_FOREIGN);
        bytes[len - 1] = 0x00;
        assert_int_equal(larder_envelope_read_head(bytes, len, FINGERPRINT, 1, &read),
                         LARDER_ENVELOPE_FOREIGN);
    }
}

/* Where a script finds it is where it must stand. */
static void test_fixed_widths_are_not_read_in_other_forms(void **state)
{
    (void)state;
    static const size_t tags_at[] = {2, 11, 20, 29, 38, 43, 53, 62};
    uint8_t bytes[LARDER_ENVELOPE_HEAD_MAX_BYTES + 2];
    size_t len = make(bytes, 97, 2, 1);
    for (size_t i = 0; i < sizeof tags_at / sizeof tags_at[0]; i++) {
        struct larder_envelope_head read;
        uint8_t kept = bytes[tags_at[i]];
        for (unsigned tag = 0; tag < 256; tag++) {
            bytes[tags_at[i]] = (uint8_t)tag;
            assert_int_equal(larder_envelope_read_head(bytes, len, FINGERPRINT, 1, &read),
                             tag == kept ? LARDER_ENVELOPE_OK : LARDER_ENVELOPE_FOREIGN);
        }
        bytes[tags_at[i]] = kept;
    }
    for (unsigned count = 0x80; count < 0x100; count++) {
        struct larder_envelope_head read;
        bytes[52] = (uint8_t)count;
        if (count != 0x92) {
            assert_int_not_equal(larder_envelope_read_head(bytes, len, FINGERPRINT, 1, &read),
                                 LARDER_ENVELOPE_OK);
        }
    }
}

static void test_times_beyond_signed_numbers_are_foreign(void **state)
{
    (void)state;
    static const size_t times_at[] = {LARDER_ENVELOPE_UNTIL_AT, LARDER_ENVELOPE_FRESH_AT};
    uint8_t bytes[LARDER_ENVELOPE_HEAD_MAX_BYTES + 2];
    size_t len = make(bytes, 33, 0, 1);
    for (size_t i = 0; i < 2; i++) {
        struct larder_envelope_head read;
        bytes[times_at[i] + 1] |= 0x80;
        assert_int_equal(larder_envelope_read_head(bytes, len, FINGERPRINT, 1, &read),
                         LARDER_ENVELOPE_FOREIGN);
        bytes[times_at[i] + 1] &= 0x7f;
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
    assert_int_equal(READ("\x94\xcc\x81\xcf\1\2\3\4\5\6\7\x08\x01\xc0"), LARDER_ENVELOPE_FOREIGN);
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
        cmocka_unit_test(test_a_timed_and_versioned_head_is_laid_out_as_scripts_expect_it),
        cmocka_unit_test(test_a_claim_is_a_head_without_a_value),
        cmocka_unit_test(test_every_form_is_read_as_it_is_written),
        cmocka_unit_test(test_metas_and_counts_that_do_not_belong_together_are_foreign),
        cmocka_unit_test(test_a_head_that_is_cut_off_is_foreign_in_every_form),
        cmocka_unit_test(test_what_is_empty_has_a_nil_and_nothing_behind_it),
        cmocka_unit_test(test_fixed_widths_are_not_read_in_other_forms),
        cmocka_unit_test(test_times_beyond_signed_numbers_are_foreign),
        cmocka_unit_test(test_what_larder_did_not_write_is_foreign),
        cmocka_unit_test(test_every_truncated_head_is_foreign),
        cmocka_unit_test(test_no_changed_byte_passes_as_this_value),
        cmocka_unit_test(test_fingerprints_tell_services_entities_and_keys_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
