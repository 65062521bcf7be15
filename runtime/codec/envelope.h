/* SPDX-License-Identifier: MIT */
/*
 * The head of a stored value: who wrote it, for which key.
 *
 * DESIGN. A stored value is one MessagePack array, [meta, fingerprint,
 * version, body] for a plain entity:
 *
 *     94                        array of 4
 *     01                        meta: format 1 in bits 0..2, no flags
 *     cf xx xx xx xx xx xx xx xx   fingerprint, always in the 8-byte form
 *     01                        the entity's version
 *     ...                       body
 *
 * that is 12 bytes for versions below 128. meta's bits 3..6 are flags (absent,
 * compressed, claimed, extended), each of which adds elements before the body; a
 * reader that meets a flag or a count it does not know reads a miss. Of them there
 * is, so far, compressed, [meta, fingerprint, version, codec, size, bin]:
 *
 *     96                        array of 6
 *     11                        meta: format 1, compressed (bit 4)
 *     ...                       fingerprint, version
 *     01                        codec: enum larder_codec
 *     cd 10 00                  size of the body
 *     c5 02 00 ...              bin: the body, compressed
 *
 * The fingerprint is XXH3-64 of the key behind the service's prefix, seeded
 * with XXH3-64 of "service/entity". So the value of another entity, service or
 * key can only ever be a miss, whatever mixed the replies up.
 */
#ifndef LARDER_CODEC_ENVELOPE_H
#define LARDER_CODEC_ENVELOPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <larder/codec.h>

enum {
    LARDER_ENVELOPE_MAX_BYTES = 16,
    LARDER_ENVELOPE_VERSION_AT = 11, /* where the version of a plain value begins */
    LARDER_ENVELOPE_PACKED_MAX_BYTES = LARDER_ENVELOPE_MAX_BYTES + 1 + 5 + 5
};

uint64_t larder_envelope_seed(const char *service, const char *entity);
/* key: behind the prefix. */
uint64_t larder_envelope_fingerprint(uint64_t seed, const char *key, size_t key_len);

/* Writes a version of 128 or more at `to`; answers how many bytes it takes. */
size_t larder_envelope_write_version(uint8_t *to, uint32_t version);

/* Writes the head of a plain value; answers its length, at most LARDER_ENVELOPE_MAX_BYTES. */
static inline size_t larder_envelope_write(uint8_t *to, uint64_t fingerprint, uint32_t version)
{
    to[0] = 0x94;
    to[1] = 0x01;
    to[2] = 0xcf;
    larder_store64(to + 3, fingerprint);
    if (LARDER_UNLIKELY(version >= 0x80)) {
        return LARDER_ENVELOPE_VERSION_AT +
               larder_envelope_write_version(to + LARDER_ENVELOPE_VERSION_AT, version);
    }
    to[LARDER_ENVELOPE_VERSION_AT] = (uint8_t)version;
    return LARDER_ENVELOPE_VERSION_AT + 1;
}

enum larder_envelope_verdict {
    LARDER_ENVELOPE_OK,
    LARDER_ENVELOPE_PACKED,  /* as OK, and the body is compressed */
    LARDER_ENVELOPE_FOREIGN, /* not written by larder, or by a format to come */
    LARDER_ENVELOPE_VERSION, /* this entity's, of another version */
    LARDER_ENVELOPE_KEY      /* another key's or entity's: an alarm */
};

/* Reads the head; on OK *ret_body is the offset of the body, which reaches to the end,
 * on PACKED that of what larder_envelope_read_packed takes; else 0. Needs no more of
 * the value than one byte behind it. */
enum larder_envelope_verdict larder_envelope_read(const uint8_t *bytes, size_t len,
                                                  uint64_t fingerprint, uint32_t version,
                                                  size_t *ret_body);

/* A compressed body, still in the value. */
struct larder_packed {
    uint32_t codec; /* of enum larder_codec, or nobody's */
    size_t size;    /* it says that it has, decompressed: not to be believed */
    const uint8_t *bytes;
    size_t len;
};

/* Writes the head of a compressed value, up to where packed->len bytes follow; answers
 * its length, at most LARDER_ENVELOPE_PACKED_MAX_BYTES. */
size_t larder_envelope_write_packed(uint8_t *to, uint64_t fingerprint, uint32_t version,
                                    const struct larder_packed *packed);
/* Reads what stands at offset `at`. False: codec, size and a bin that reaches to the
 * end, it is not. */
bool larder_envelope_read_packed(const uint8_t *bytes, size_t len, size_t at,
                                 struct larder_packed *ret_packed);

#endif
