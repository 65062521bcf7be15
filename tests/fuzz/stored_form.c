/* SPDX-License-Identifier: MIT */
#include "stored_form.h"

#include <string.h>

#include <lz4.h>
#include <msgpack.h>
#include <zstd.h>
#include <zstd_errors.h>

#include "counted.h"
#include "value_types.h"

enum {
    PLAIN = 4,
    EMPTY_BIT = 8,
    PACKED_BIT = 16,
    TIMED_BIT = 32,
    VERSIONED_BIT = 64,
    TIMED_AT = 11, /* behind a head's fingerprint, in the only form that it may have there */
    ZSTD_RATIO = 1024,
    LZ4_RATIO = 255,
    VERSION = 1,
    VALUE_MAX = 64 * 1024 * 1024
};

/* ------------------------------------------------------------- decompressing */

/* A length of 15 goes on in bytes of 255, up to the first that is less. */
static bool lz4_length(const uint8_t *p, size_t len, size_t *at, size_t *length)
{
    if (*length != 15) {
        return true;
    }
    for (uint8_t more = 255; more == 255;) {
        if (*at == len) {
            return false;
        }
        more = p[(*at)++];
        *length += more;
    }
    return true;
}

/* An LZ4 block of exactly `size` bytes: literals, then a match behind them, and again. The
 * last has no match. An offset of 0, which no writer may use, reads as zeros, as with
 * liblz4; that a match may not reach the last bytes, liblz4 knows, not this. */
static bool lz4_block(const uint8_t *p, size_t len, uint8_t *to, size_t size)
{
    size_t at = 0, out = 0;
    while (at < len) {
        uint8_t token = p[at++];
        size_t literals = token >> 4, match = token & 15U;
        if (!lz4_length(p, len, &at, &literals) || literals > len - at || literals > size - out) {
            return false;
        }
        memcpy(to + out, p + at, literals);
        out += literals;
        at += literals;
        if (at == len) {
            return out == size;
        }
        if (len - at < 2) {
            return false;
        }
        size_t back = p[at] | (size_t)p[at + 1] << 8;
        at += 2;
        if (!lz4_length(p, len, &at, &match) || back > out || match + 4 > size - out) {
            return false;
        }
        for (size_t i = 0; i < match + 4; i++, out++) {
            to[out] = back != 0 ? to[out - back] : 0;
        }
    }
    return false;
}

/* One frame that ends where the bytes do. */
static enum stored_verdict zstd_frame(const uint8_t *p, size_t len, uint8_t *to, size_t size)
{
    static const uint8_t magic[] = {0x28, 0xb5, 0x2f, 0xfd};
    static ZSTD_DCtx *context;
    if (len < sizeof magic || memcmp(p, magic, sizeof magic) != 0) {
        return STORED_NONE;
    }
    context = context != NULL ? context : ZSTD_createDCtx();
    (void)ZSTD_DCtx_reset(context, ZSTD_reset_session_only);
    ZSTD_inBuffer in = {p, len, 0};
    ZSTD_outBuffer out = {to, size, 0};
    size_t left = ZSTD_decompressStream(context, &out, &in);
    if (ZSTD_isError(left)) {
        return ZSTD_getErrorCode(left) == ZSTD_error_frameParameter_windowTooLarge ? STORED_UNSURE
                                                                                   : STORED_NONE;
    }
    return left == 0 && in.pos == len && out.pos == size ? STORED_BODY : STORED_NONE;
}

/* ------------------------------------------------------------------- opening */

/* elements: those behind the version. */
static enum stored_verdict open_packed(const msgpack_object *elements, uint8_t *room,
                                       struct stored_form *form)
{
    const msgpack_object_bin *bin = &elements[2].via.bin;
    uint64_t codec = elements[0].via.u64, size = elements[1].via.u64;
    if (elements[0].type != MSGPACK_OBJECT_POSITIVE_INTEGER || codec < 1 || codec > 2 ||
        elements[1].type != MSGPACK_OBJECT_POSITIVE_INTEGER || size < 1 || size > VALUE_MAX ||
        elements[2].type != MSGPACK_OBJECT_BIN ||
        size > bin->size * (uint64_t)(codec == 1 ? ZSTD_RATIO : LZ4_RATIO)) {
        return STORED_NONE;
    }
    *form = (struct stored_form){(unsigned)codec, room, (size_t)size};
    if (size > BODY_MAX) {
        return STORED_UNSURE;
    }
    if (codec == 1) {
        return zstd_frame((const uint8_t *)bin->ptr, bin->size, room, (size_t)size);
    }
    return lz4_block((const uint8_t *)bin->ptr, bin->size, room, (size_t)size) ? STORED_BODY
                                                                               : STORED_NONE;
}

/* Behind the head of the array and its first elements. */
static size_t offset_of(const uint8_t *data, size_t size, uint32_t elements)
{
    size_t at = data[0] == 0xdd ? 5 : data[0] == 0xdc ? 3 : 1;
    for (uint32_t i = 0; i < elements; i++) {
        at += span_at(data + at, size - at).len;
    }
    return at;
}

static bool is_number(const msgpack_object *element, uint64_t wanted)
{
    return element->type == MSGPACK_OBJECT_POSITIVE_INTEGER && element->via.u64 == wanted;
}

static bool has_meta(const msgpack_object_array *array, uint64_t meta)
{
    uint64_t elements = PLAIN + (meta & PACKED_BIT ? 2U : 0) + (meta & TIMED_BIT ? 4U : 0) +
                        (meta & VERSIONED_BIT ? 2U : 0);
    bool empty = (meta & EMPTY_BIT) != 0;
    return meta < 128 && (meta & 7) == 1 && array->size == elements &&
           !(empty && (meta & PACKED_BIT)) &&
           !(empty && (meta & TIMED_BIT) && (meta & VERSIONED_BIT));
}

/* Each item that begins with this tag is moved over; false: another one is met. */
static bool skip_tags(const uint8_t *data, size_t size, size_t *at, const char *tags)
{
    for (; *tags != '\0'; tags++) {
        if (*at >= size || data[*at] != (uint8_t)*tags) {
            return false;
        }
        *at += (uint8_t)*tags == 0xcf ? 9 : 5;
    }
    return true;
}

/* Whether times and versions are in their form; a value that has tags is none here, where
 * they have no versions. Of times only the very far ones are told apart. */
static enum stored_verdict hold_fixed(const msgpack_object_array *array, uint64_t meta,
                                      const uint8_t *data, size_t size)
{
    const msgpack_object *elements = array->ptr;
    size_t at = TIMED_AT;
    enum stored_verdict verdict = STORED_BODY;
    if (offset_of(data, size, 2) != TIMED_AT || data[2] != 0xcf) {
        return STORED_NONE;
    }
    if (meta & TIMED_BIT) {
        if (!skip_tags(data, size, &at, "\xcf\xcf\xcf\xce") ||
            (elements[3].via.u64 | elements[4].via.u64) >> 63 != 0) {
            return STORED_NONE;
        }
        verdict = elements[4].via.u64 >= UINT64_C(1) << 53 ? STORED_BODY : STORED_UNSURE;
        elements += 4;
    }
    if (meta & VERSIONED_BIT) {
        if (!skip_tags(data, size, &at, "\xcf") || elements[3].type != MSGPACK_OBJECT_ARRAY ||
            (data[at] & 0xf0) != 0x90 || elements[3].via.array.size > 0) {
            return STORED_NONE;
        }
    }
    return verdict;
}

static enum stored_verdict open_tree(uint64_t fingerprint, const msgpack_object_array *array,
                                     const uint8_t *data, size_t size, uint8_t *room,
                                     struct stored_form *form)
{
    if (array->size < PLAIN || array->ptr[0].type != MSGPACK_OBJECT_POSITIVE_INTEGER ||
        !has_meta(array, array->ptr[0].via.u64) || !is_number(&array->ptr[1], fingerprint)) {
        return STORED_NONE;
    }
    uint64_t meta = array->ptr[0].via.u64;
    uint32_t version = 2 + (meta & TIMED_BIT ? 4U : 0) + (meta & VERSIONED_BIT ? 2U : 0);
    if (!is_number(&array->ptr[version], VERSION) || (meta & EMPTY_BIT)) {
        return STORED_NONE;
    }
    enum stored_verdict verdict = version > 2 ? hold_fixed(array, meta, data, size) : STORED_BODY;
    if (verdict != STORED_BODY) {
        return verdict;
    }
    if (meta & PACKED_BIT) {
        return open_packed(array->ptr + version + 1, room, form);
    }
    size_t at = offset_of(data, size, version + 1);
    *form = (struct stored_form){0, data + at, size - at};
    return STORED_BODY;
}

enum stored_verdict stored_open(uint64_t fingerprint, const uint8_t *data, size_t size,
                                uint8_t *room, struct stored_form *ret_form)
{
    msgpack_unpacked tree;
    size_t at = 0;
    struct span span = span_at(data, size);
    *ret_form = (struct stored_form){0, NULL, 0};
    if (span.len != size) {
        return STORED_NONE;
    }
    if (span.depth > DEPTH_MAX) {
        return STORED_UNSURE;
    }
    msgpack_unpacked_init(&tree);
    HOLDS(msgpack_unpack_next(&tree, (const char *)data, size, &at) == MSGPACK_UNPACK_SUCCESS);
    enum stored_verdict verdict =
        tree.data.type == MSGPACK_OBJECT_ARRAY
            ? open_tree(fingerprint, &tree.data.via.array, data, size, room, ret_form)
            : STORED_NONE;
    msgpack_unpacked_destroy(&tree);
    return verdict;
}

/* ------------------------------------------------------------------- sealing */

static size_t compress(const struct stored_form *form, uint8_t *to, size_t room)
{
    if (form->codec == 1) {
        size_t made = ZSTD_compress(to, room, form->body, form->len, 1);
        return ZSTD_isError(made) ? 0 : made;
    }
    int made =
        LZ4_compress_default((const char *)form->body, (char *)to, (int)form->len, (int)room);
    return made > 0 ? (size_t)made : 0;
}

size_t stored_seal(uint64_t fingerprint, const struct stored_form *form, uint8_t *to, size_t room)
{
    static uint8_t packed[BODY_MAX];
    msgpack_sbuffer head;
    msgpack_packer packer;
    const uint8_t *last = form->body;
    size_t last_len = form->len;
    msgpack_sbuffer_init(&head);
    msgpack_packer_init(&packer, &head, msgpack_sbuffer_write);
    (void)msgpack_pack_array(&packer, form->codec == 0 ? PLAIN : PLAIN + 2);
    (void)msgpack_pack_uint64(&packer, form->codec == 0 ? 1 : 17);
    (void)msgpack_pack_uint64(&packer, fingerprint);
    (void)msgpack_pack_uint64(&packer, VERSION);
    if (form->codec != 0) {
        last = packed;
        last_len = compress(form, packed, sizeof packed);
        (void)msgpack_pack_uint64(&packer, form->codec);
        (void)msgpack_pack_uint64(&packer, form->len);
        (void)msgpack_pack_bin(&packer, last_len);
    }
    size_t len = last_len != 0 && head.size + last_len <= room ? head.size + last_len : 0;
    if (len != 0) {
        memcpy(to, head.data, head.size);
        memcpy(to + head.size, last, last_len);
    }
    msgpack_sbuffer_destroy(&head);
    return len;
}
