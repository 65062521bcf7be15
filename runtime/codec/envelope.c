/* SPDX-License-Identifier: MIT */
#include "codec/envelope.h"

#include "base/hash.h"

enum { ELEMENTS = 4, ELEMENTS_PACKED = 6, META_PLAIN = 1, META_PACKED = META_PLAIN | 1 << 4 };

uint64_t larder_envelope_seed(const char *service, const char *entity)
{
    return larder_hash64_path(service, entity);
}

uint64_t larder_envelope_fingerprint(uint64_t seed, const char *key, size_t key_len)
{
    return larder_hash64(key, key_len, seed);
}

/* By way of room of its own, since a number is stored as a whole word. */
static size_t put_number(uint8_t *to, uint64_t value)
{
    uint8_t number[1 + LARDER_WORD_BYTES];
    size_t len = (size_t)(larder_write_u64(number, value) - number);
    memcpy(to, number, len);
    return len;
}

size_t larder_envelope_write_version(uint8_t *to, uint32_t version)
{
    return put_number(to, version);
}

size_t larder_envelope_write_packed(uint8_t *to, uint64_t fingerprint, uint32_t version,
                                    const struct larder_packed *packed)
{
    size_t at = larder_envelope_write(to, fingerprint, version);
    to[0] = 0x90 | ELEMENTS_PACKED;
    to[1] = META_PACKED;
    at += put_number(to + at, packed->codec);
    at += put_number(to + at, packed->size);
    size_t width = packed->len <= UINT8_MAX ? 1 : packed->len <= UINT16_MAX ? 2 : 4;
    to[at++] = (uint8_t)(0xc4 + width / 2);
    for (size_t i = width; i-- > 0;) {
        to[at++] = (uint8_t)(packed->len >> 8 * i);
    }
    return at;
}

/* The unsigned number at *at, in any form (0xcc.. unsigned, 0xd0.. signed, then it must not be
 * negative), which is moved behind it. */
static bool read_number(const uint8_t *bytes, size_t len, size_t *at, uint64_t *ret_value)
{
    *ret_value = 0;
    if (*at >= len) {
        return false;
    }
    uint8_t tag = bytes[(*at)++];
    size_t width = tag >= 0xcc && tag <= 0xd3 ? (size_t)1 << (tag & 3U) : 0;
    if ((tag >= 0x80 && width == 0) || len - *at < width || (tag >= 0xd0 && bytes[*at] >= 0x80)) {
        return false;
    }
    *ret_value = tag < 0x80 ? tag : 0;
    for (size_t i = 0; i < width; i++) {
        *ret_value = *ret_value << 8 | bytes[(*at)++];
    }
    return true;
}

/* Behind the head of an array, with its count of elements; 0: it is none, or has
 * more than we know. */
static size_t array_head(const uint8_t *bytes, size_t len, unsigned *ret_count)
{
    static const uint8_t wide[] = {0xdc, 0};
    static const uint8_t widest[] = {0xdd, 0, 0, 0};
    size_t at = 0;
    *ret_count = 0;
    if (len >= 1 && (bytes[0] & 0xf0) == 0x90) {
        *ret_count = bytes[0] & 0x0f;
        return 1;
    }
    if (len > sizeof wide && memcmp(bytes, wide, sizeof wide) == 0) {
        at = sizeof wide;
    } else if (len > sizeof widest && memcmp(bytes, widest, sizeof widest) == 0) {
        at = sizeof widest;
    }
    if (at == 0) {
        return 0;
    }
    *ret_count = bytes[at];
    return at + 1;
}

/* Whether it is a meta that we know, with the elements that go with it. */
static bool meta_is_known(uint64_t meta, unsigned count)
{
    return (meta == META_PLAIN && count == ELEMENTS) ||
           (meta == META_PACKED && count == ELEMENTS_PACKED);
}

/* The head as another writer may have spelt it, and what is wrong with it. Apart from
 * where ours is told, which then needs no registers saved. */
static __attribute__((noinline)) enum larder_envelope_verdict judge(
    const uint8_t *bytes, size_t len, uint64_t fingerprint, uint32_t version, size_t *ret_body)
{
    uint64_t meta, found_fingerprint, found_version;
    unsigned count;
    size_t at = array_head(bytes, len, &count);
    if (at == 0 || !read_number(bytes, len, &at, &meta) || !meta_is_known(meta, count) ||
        !read_number(bytes, len, &at, &found_fingerprint) ||
        !read_number(bytes, len, &at, &found_version) || found_version > UINT32_MAX || at == len) {
        return LARDER_ENVELOPE_FOREIGN;
    }
    if (found_fingerprint != fingerprint) {
        return LARDER_ENVELOPE_KEY;
    }
    if (found_version != version) {
        return LARDER_ENVELOPE_VERSION;
    }
    *ret_body = at;
    return meta == META_PLAIN ? LARDER_ENVELOPE_OK : LARDER_ENVELOPE_PACKED;
}

/* The head of a bin at *at, which is moved behind it, and its length. */
static bool read_bin_head(const uint8_t *bytes, size_t len, size_t *at, uint64_t *ret_len)
{
    *ret_len = 0;
    if (*at >= len || bytes[*at] < 0xc4 || bytes[*at] > 0xc6) {
        return false;
    }
    size_t width = (size_t)1 << (bytes[(*at)++] - 0xc4);
    if (len - *at < width) {
        return false;
    }
    for (size_t i = 0; i < width; i++) {
        *ret_len = *ret_len << 8 | bytes[(*at)++];
    }
    return true;
}

bool larder_envelope_read_packed(const uint8_t *bytes, size_t len, size_t at,
                                 struct larder_packed *ret_packed)
{
    uint64_t codec, size, bin_len;
    *ret_packed = (struct larder_packed){.bytes = NULL};
    if (!read_number(bytes, len, &at, &codec) || !read_number(bytes, len, &at, &size) ||
        !read_bin_head(bytes, len, &at, &bin_len) || codec > UINT32_MAX || size > SIZE_MAX ||
        bin_len != len - at) {
        return false;
    }
    *ret_packed = (struct larder_packed){
        .codec = (uint32_t)codec, .size = (size_t)size, .bytes = bytes + at, .len = len - at};
    return true;
}

/* The head as we write it for versions below 128, looked at without a copy to compare with. */
static bool is_plain_head(const uint8_t *bytes, size_t len, uint64_t fingerprint, uint32_t version)
{
    return len > LARDER_ENVELOPE_VERSION_AT + 1 && bytes[0] == (0x90 | ELEMENTS) &&
           bytes[1] == META_PLAIN && bytes[2] == 0xcf && larder_load64(bytes + 3) == fingerprint &&
           version < 0x80 && bytes[LARDER_ENVELOPE_VERSION_AT] == version;
}

enum larder_envelope_verdict larder_envelope_read(const uint8_t *bytes, size_t len,
                                                  uint64_t fingerprint, uint32_t version,
                                                  size_t *ret_body)
{
    if (LARDER_LIKELY(is_plain_head(bytes, len, fingerprint, version))) {
        *ret_body = LARDER_ENVELOPE_VERSION_AT + 1;
        return LARDER_ENVELOPE_OK;
    }
    *ret_body = 0;
    return judge(bytes, len, fingerprint, version, ret_body);
}
