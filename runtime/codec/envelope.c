/* SPDX-License-Identifier: MIT */
#include "codec/envelope.h"

#include "base/hash.h"

enum { ELEMENTS = 4, FORMAT_BITS = 7, META_MAX = 0x7f };

_Static_assert(LARDER_ENVELOPE_HEAD_MAX_BYTES == 27 + 32 + 9 + 1 + 72, "the widths add up");

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

/* ----------------------------------------------------------------- writing */

static unsigned elements_of(unsigned meta)
{
    return ELEMENTS + ((meta & LARDER_META_PACKED) != 0 ? 2U : 0) +
           ((meta & LARDER_META_TIMED) != 0 ? 4U : 0) +
           ((meta & LARDER_META_VERSIONED) != 0 ? 2U : 0);
}

/* In the 8-byte form; answers where the next element goes. */
static size_t put_wide(uint8_t *to, size_t at, uint64_t value)
{
    return (size_t)(larder_envelope_put64(to + at, value) - to);
}

static size_t put_timed(uint8_t *to, size_t at, const struct larder_envelope_head *head)
{
    at = put_wide(to, at, head->token);
    at = put_wide(to, at, (uint64_t)head->until_ms);
    at = put_wide(to, at, (uint64_t)head->fresh_ms);
    to[at] = 0xce;
    larder_store32(to + at + 1, head->cost_ms);
    return at + 5;
}

static size_t put_versioned(uint8_t *to, size_t at, const struct larder_envelope_head *head)
{
    at = put_wide(to, at, head->as_of);
    to[at++] = (uint8_t)(0x90 | head->tag_count);
    for (size_t i = 0; i < head->tag_count; i++) {
        at = put_wide(to, at, head->tags[i]);
    }
    return at;
}

static size_t put_packed(uint8_t *to, size_t at, const struct larder_packed *packed)
{
    at += put_number(to + at, packed->codec);
    at += put_number(to + at, packed->size);
    size_t width = packed->len <= UINT8_MAX ? 1 : packed->len <= UINT16_MAX ? 2 : 4;
    to[at++] = (uint8_t)(0xc4 + width / 2);
    for (size_t i = width; i-- > 0;) {
        to[at++] = (uint8_t)(packed->len >> 8 * i);
    }
    return at;
}

size_t larder_envelope_write_head(uint8_t *to, uint64_t fingerprint, uint32_t version,
                                  const struct larder_envelope_head *head,
                                  const struct larder_packed *packed)
{
    unsigned meta = head->meta | (packed != NULL ? LARDER_META_PACKED : 0);
    to[0] = (uint8_t)(0x90 | elements_of(meta));
    to[LARDER_ENVELOPE_META_AT] = (uint8_t)meta;
    size_t at = put_wide(to, LARDER_ENVELOPE_FINGERPRINT_AT, fingerprint);
    if ((meta & LARDER_META_TIMED) != 0) {
        at = put_timed(to, at, head);
    }
    if ((meta & LARDER_META_VERSIONED) != 0) {
        at = put_versioned(to, at, head);
    }
    at += put_number(to + at, version);
    if (packed != NULL) {
        at = put_packed(to, at, packed);
    } else if ((meta & LARDER_META_EMPTY) != 0) {
        to[at++] = 0xc0;
    }
    return at;
}

size_t larder_envelope_write_packed(uint8_t *to, uint64_t fingerprint, uint32_t version,
                                    const struct larder_packed *packed)
{
    const struct larder_envelope_head plain = {.meta = LARDER_META_PLAIN};
    return larder_envelope_write_head(to, fingerprint, version, &plain, packed);
}

/* ----------------------------------------------------------------- reading */

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
    if (meta > META_MAX || (meta & FORMAT_BITS) != LARDER_META_PLAIN ||
        count != elements_of((unsigned)meta)) {
        return false;
    }
    return (meta & LARDER_META_EMPTY) == 0 || meta == LARDER_META_CLAIM ||
           (meta & (LARDER_META_PACKED | LARDER_META_TIMED)) == 0;
}

/* The number at `at`, in its 8-byte form and of at most `max`. */
static bool read_wide(const uint8_t *bytes, size_t len, size_t at, uint64_t max,
                      uint64_t *ret_value)
{
    *ret_value = 0;
    if (at + 9 > len || bytes[at] != 0xcf) {
        return false;
    }
    *ret_value = larder_load64(bytes + at + 1);
    return *ret_value <= max;
}

static bool read_timed(const uint8_t *bytes, size_t len, size_t *at,
                       struct larder_envelope_head *head)
{
    uint64_t until, fresh;
    if (!read_wide(bytes, len, LARDER_ENVELOPE_TOKEN_AT, UINT64_MAX, &head->token) ||
        !read_wide(bytes, len, LARDER_ENVELOPE_UNTIL_AT, INT64_MAX, &until) ||
        !read_wide(bytes, len, LARDER_ENVELOPE_FRESH_AT, INT64_MAX, &fresh) ||
        len < LARDER_ENVELOPE_TIMED_BYTES || bytes[LARDER_ENVELOPE_COST_AT] != 0xce) {
        return false;
    }
    head->until_ms = (int64_t)until;
    head->fresh_ms = (int64_t)fresh;
    head->cost_ms = larder_load32(bytes + LARDER_ENVELOPE_COST_AT + 1);
    *at = LARDER_ENVELOPE_TIMED_BYTES;
    return true;
}

static bool read_versioned(const uint8_t *bytes, size_t len, size_t *at,
                           struct larder_envelope_head *head)
{
    if (!read_wide(bytes, len, *at, UINT64_MAX, &head->as_of)) {
        return false;
    }
    *at += 9;
    if (*at >= len || (bytes[*at] & 0xf0) != 0x90 ||
        (bytes[*at] & 0x0f) > LARDER_ENVELOPE_TAGS_MAX) {
        return false;
    }
    head->tag_count = bytes[(*at)++] & 0x0f;
    for (size_t i = 0; i < head->tag_count; i++, *at += 9) {
        if (!read_wide(bytes, len, *at, UINT64_MAX, &head->tags[i])) {
            return false;
        }
    }
    return true;
}

/* What stands where a script would look for it, and in no other form. */
static bool read_fixed(const uint8_t *bytes, size_t len, size_t *at,
                       struct larder_envelope_head *head)
{
    if ((head->meta & (LARDER_META_TIMED | LARDER_META_VERSIONED)) == 0) {
        return true;
    }
    if (*at != LARDER_ENVELOPE_TOKEN_AT || bytes[LARDER_ENVELOPE_FINGERPRINT_AT] != 0xcf) {
        return false;
    }
    return ((head->meta & LARDER_META_TIMED) == 0 || read_timed(bytes, len, at, head)) &&
           ((head->meta & LARDER_META_VERSIONED) == 0 || read_versioned(bytes, len, at, head));
}

/* The head as another writer may have spelt it, and what is wrong with it. Apart from
 * where ours is told, which then needs no registers saved. */
static __attribute__((noinline)) enum larder_envelope_verdict judge(
    const uint8_t *bytes, size_t len, uint64_t fingerprint, uint32_t version,
    struct larder_envelope_head *ret_head)
{
    uint64_t meta, found_fingerprint, found_version;
    unsigned count;
    size_t at = array_head(bytes, len, &count);
    *ret_head = (struct larder_envelope_head){.meta = 0};
    if (at == 0 || !read_number(bytes, len, &at, &meta) || !meta_is_known(meta, count) ||
        !read_number(bytes, len, &at, &found_fingerprint)) {
        return LARDER_ENVELOPE_FOREIGN;
    }
    ret_head->meta = (unsigned)meta;
    if (!read_fixed(bytes, len, &at, ret_head) || !read_number(bytes, len, &at, &found_version) ||
        found_version > UINT32_MAX || at == len ||
        ((meta & LARDER_META_EMPTY) != 0 && (at + 1 != len || bytes[at] != 0xc0))) {
        return LARDER_ENVELOPE_FOREIGN;
    }
    if (found_fingerprint != fingerprint) {
        return LARDER_ENVELOPE_KEY;
    }
    if (found_version != version) {
        return LARDER_ENVELOPE_VERSION;
    }
    ret_head->body = at;
    return LARDER_ENVELOPE_OK;
}

bool larder_envelope_is_of(const uint8_t *bytes, size_t len, uint64_t fingerprint)
{
    uint64_t meta, found_fingerprint;
    unsigned count;
    size_t at = array_head(bytes, len, &count);
    return at != 0 && read_number(bytes, len, &at, &meta) && meta_is_known(meta, count) &&
           read_number(bytes, len, &at, &found_fingerprint) && found_fingerprint == fingerprint;
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
           bytes[1] == LARDER_META_PLAIN && bytes[2] == 0xcf &&
           larder_load64(bytes + 3) == fingerprint && version < 0x80 &&
           bytes[LARDER_ENVELOPE_VERSION_AT] == version;
}

enum larder_envelope_verdict larder_envelope_read_head(const uint8_t *bytes, size_t len,
                                                       uint64_t fingerprint, uint32_t version,
                                                       struct larder_envelope_head *ret_head)
{
    return judge(bytes, len, fingerprint, version, ret_head);
}

/* What is not the head as we write it, and its verdict by the form. */
static __attribute__((noinline)) enum larder_envelope_verdict read_uncommon(
    const uint8_t *bytes, size_t len, uint64_t fingerprint, uint32_t version, size_t *ret_body)
{
    struct larder_envelope_head head;
    enum larder_envelope_verdict verdict = judge(bytes, len, fingerprint, version, &head);
    *ret_body = 0;
    if (verdict != LARDER_ENVELOPE_OK) {
        return verdict;
    }
    if (head.meta != LARDER_META_PLAIN && head.meta != (LARDER_META_PLAIN | LARDER_META_PACKED)) {
        return LARDER_ENVELOPE_MORE;
    }
    *ret_body = head.body;
    return head.meta == LARDER_META_PLAIN ? LARDER_ENVELOPE_OK : LARDER_ENVELOPE_PACKED;
}

enum larder_envelope_verdict larder_envelope_read(const uint8_t *bytes, size_t len,
                                                  uint64_t fingerprint, uint32_t version,
                                                  size_t *ret_body)
{
    if (LARDER_LIKELY(is_plain_head(bytes, len, fingerprint, version))) {
        *ret_body = LARDER_ENVELOPE_VERSION_AT + 1;
        return LARDER_ENVELOPE_OK;
    }
    return read_uncommon(bytes, len, fingerprint, version, ret_body);
}
