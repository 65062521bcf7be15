/* SPDX-License-Identifier: MIT */
#include "codec/envelope.h"

#include <larder/codec.h>

#include "base/hash.h"

enum { ELEMENTS = 4, META_PLAIN = 1, FIXED_BYTES = 11 /* up to the version */ };

uint64_t larder_envelope_seed(const char *service, const char *entity)
{
    return larder_hash64_path(service, entity);
}

uint64_t larder_envelope_fingerprint(uint64_t seed, const char *key, size_t key_len)
{
    return larder_hash64(key, key_len, seed);
}

size_t larder_envelope_write(uint8_t *to, uint64_t fingerprint, uint32_t version)
{
    to[0] = 0x90 | ELEMENTS;
    to[1] = META_PLAIN;
    to[2] = 0xcf;
    larder_store64(to + 3, fingerprint);
    if (LARDER_LIKELY(version < 0x80)) {
        to[FIXED_BYTES] = (uint8_t)version;
        return FIXED_BYTES + 1;
    }
    /* Apart, since a number is stored as a whole word. */
    uint8_t number[1 + LARDER_WORD_BYTES];
    size_t len = (size_t)(larder_write_u64(number, version) - number);
    memcpy(to + FIXED_BYTES, number, len);
    return FIXED_BYTES + len;
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

/* Behind the head of an array with our count of elements; 0: it is none. */
static size_t array_head(const uint8_t *bytes, size_t len)
{
    static const uint8_t wide[] = {0xdc, 0, ELEMENTS};
    static const uint8_t widest[] = {0xdd, 0, 0, 0, ELEMENTS};
    if (len >= 1 && bytes[0] == (0x90 | ELEMENTS)) {
        return 1;
    }
    if (len >= sizeof wide && memcmp(bytes, wide, sizeof wide) == 0) {
        return sizeof wide;
    }
    return len >= sizeof widest && memcmp(bytes, widest, sizeof widest) == 0 ? sizeof widest : 0;
}

/* The head as another writer may have spelt it, and what is wrong with it. */
static enum larder_envelope_verdict judge(const uint8_t *bytes, size_t len, uint64_t fingerprint,
                                          uint32_t version, size_t *ret_body)
{
    uint64_t meta, found_fingerprint, found_version;
    size_t at = array_head(bytes, len);
    if (at == 0 || !read_number(bytes, len, &at, &meta) || meta != META_PLAIN ||
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
    return LARDER_ENVELOPE_OK;
}

/* The head as we write it for versions below 128, looked at without a copy to compare with. */
static bool is_plain_head(const uint8_t *bytes, size_t len, uint64_t fingerprint, uint32_t version)
{
    return len > FIXED_BYTES + 1 && bytes[0] == (0x90 | ELEMENTS) && bytes[1] == META_PLAIN &&
           bytes[2] == 0xcf && larder_load64(bytes + 3) == fingerprint && version < 0x80 &&
           bytes[FIXED_BYTES] == version;
}

enum larder_envelope_verdict larder_envelope_read(const uint8_t *bytes, size_t len,
                                                  uint64_t fingerprint, uint32_t version,
                                                  size_t *ret_body)
{
    if (LARDER_LIKELY(is_plain_head(bytes, len, fingerprint, version))) {
        *ret_body = FIXED_BYTES + 1;
        return LARDER_ENVELOPE_OK;
    }
    *ret_body = 0;
    return judge(bytes, len, fingerprint, version, ret_body);
}
