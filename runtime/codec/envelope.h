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
 * that is 12 bytes for versions below 128. meta's bits 3..6 are flags:
 *
 *     8   empty       there is no value, and the body is nil
 *     16  compressed  codec and size before the body, which is a bin
 *     32  timed       token, until, fresh, cost behind the fingerprint
 *     64  versioned   as_of, tags behind those
 *
 * A reader that meets a flag, a pair of them or a count that it does not know reads a
 * miss. A compressed value is [meta, fingerprint, version, codec, size, bin]:
 *
 *     96                        array of 6
 *     11                        meta: format 1, compressed
 *     ...                       fingerprint, version
 *     01                        codec: enum larder_codec
 *     cd 10 00                  size of the body
 *     c5 02 00 ...              bin: the body, compressed
 *
 * All that timed and versioned add has a fixed width and stands before what has none, so
 * that scripts on the server find it, and change it in its place:
 *
 *      0  9n                    array of n
 *      1  meta
 *      2  cf + 8                fingerprint
 *     11  cf + 8  timed         token of the claim; 0: none; 1: nobody's, a pause
 *     20  cf + 8                until: when it ends
 *     29  cf + 8                fresh: until when the value is
 *     38  ce + 4                cost: how long before that a reload is worth its while
 *     11 or 43  cf + 8  versioned  as_of: the service's clock when the load began
 *     20 or 52  9t + t * (cf + 8)  ids of the value's tags, 8 at most
 *     ...                       version, body as above
 *
 * Times are ms of the server's wall clock. An entry without a value is a claim, empty and
 * timed, or a mark that there is none, empty and perhaps versioned.
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
    LARDER_ENVELOPE_PACKED_MAX_BYTES = LARDER_ENVELOPE_MAX_BYTES + 1 + 5 + 5,
    LARDER_ENVELOPE_CLAIM_MAX_BYTES = 43 + 5 + 1
};

/*
 * Where what a claim, a mark or a timed value has stands, each number behind the byte
 * of its tag. Numbers of the preprocessor, since the texts of scripts are made of them.
 *
 *     98 29 cf..  cf token  cf until  cf fresh  ce cost  version nil    a claim
 *     94 09 cf..  version nil                                          an absent mark
 *     96 49 cf..  cf as_of 90  version nil                             ...of an entity with versions
 *     9x m  cf..  cf token  cf until  cf fresh  ce cost  ...            a timed value: m & 0xaf is 0x21
 */
#define LARDER_ENVELOPE_TOKEN_AT 11 /* of the claim; 0: none; 1: nobody's, a pause */
#define LARDER_ENVELOPE_UNTIL_AT 20 /* the claim's or pause's end, in ms of the server's clock */
#define LARDER_ENVELOPE_FRESH_AT 29 /* until then the value is fresh; the same clock */
#define LARDER_ENVELOPE_COST_AT 38  /* what the load took, in ms; 4 bytes */
#define LARDER_ENVELOPE_TIMED_BYTES 43

/* The first two bytes of entries without a value, and the bits that make a timed value. */
#define LARDER_ENVELOPE_CLAIM 0x9829
#define LARDER_ENVELOPE_ABSENT 0x9409
#define LARDER_ENVELOPE_ABSENT_VERSIONED 0x9649
#define LARDER_ENVELOPE_TIMED_MASK 0xaf /* the format, no value, timed */
#define LARDER_ENVELOPE_TIMED 0x21

/* `fresh` of a value without an end. Exact in a script's numbers, too. */
#define LARDER_ENVELOPE_FOREVER_MS (INT64_C(1) << 53)

enum {
    LARDER_ENVELOPE_META_AT = 1,
    LARDER_ENVELOPE_FINGERPRINT_AT = 2,
    LARDER_ENVELOPE_AS_OF_AT = 11, /* of a versioned value; behind what is timed, if it is */
    LARDER_ENVELOPE_TAGS_MAX = 8,
    LARDER_ENVELOPE_HEAD_MAX_BYTES = /* of any form, up to a body or a compressed one */
    LARDER_ENVELOPE_PACKED_MAX_BYTES + 32 + 9 + 1 + 9 * LARDER_ENVELOPE_TAGS_MAX
};

/* meta, put together of these. */
enum {
    LARDER_META_PLAIN = 1,
    LARDER_META_EMPTY = 8,
    LARDER_META_PACKED = 16,
    LARDER_META_TIMED = 32,
    LARDER_META_VERSIONED = 64,
    LARDER_META_CLAIM = LARDER_META_PLAIN | LARDER_META_EMPTY | LARDER_META_TIMED
};

/* Tokens of claims; all others are somebody's. */
enum { LARDER_TOKEN_NONE = 0, LARDER_TOKEN_PAUSE = 1 };

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

/* A number in its 9-byte form; answers what is behind it. */
static inline uint8_t *larder_envelope_put64(uint8_t *to, uint64_t value)
{
    to[0] = 0xcf;
    larder_store64(to + 1, value);
    return to + 9;
}

/* Writes a claim; answers its length, at most LARDER_ENVELOPE_CLAIM_MAX_BYTES. */
static inline size_t larder_envelope_write_claim(uint8_t *to, uint64_t fingerprint,
                                                 uint32_t version, uint64_t token, int64_t until_ms)
{
    uint8_t *p = to;
    *p++ = LARDER_ENVELOPE_CLAIM >> 8;
    *p++ = LARDER_ENVELOPE_CLAIM & 0xff;
    p = larder_envelope_put64(p, fingerprint);
    p = larder_envelope_put64(p, token);
    p = larder_envelope_put64(p, (uint64_t)until_ms);
    p = larder_envelope_put64(p, 0);
    *p++ = 0xce;
    memset(p, 0, 4);
    p += 4;
    if (version < 0x80) {
        *p++ = (uint8_t)version;
    } else {
        p += larder_envelope_write_version(p, version);
    }
    *p++ = 0xc0;
    return (size_t)(p - to);
}

/* The first two bytes, where they are one of the forms without a value; else 0. */
static inline unsigned larder_envelope_form(const uint8_t *bytes, size_t len)
{
    unsigned form = len >= 2 ? (unsigned)bytes[0] << 8 | bytes[1] : 0;
    bool known = form == LARDER_ENVELOPE_CLAIM || form == LARDER_ENVELOPE_ABSENT ||
                 form == LARDER_ENVELOPE_ABSENT_VERSIONED;
    return known ? form : 0;
}

/* Whether there is a slot for a claim: a claim, or a timed value. */
static inline bool larder_envelope_has_slot(const uint8_t *bytes, size_t len)
{
    return len >= LARDER_ENVELOPE_TIMED_BYTES && (bytes[0] & 0xf0) == 0x90 &&
           (bytes[1] & (LARDER_ENVELOPE_TIMED_MASK & ~8)) == LARDER_ENVELOPE_TIMED &&
           bytes[LARDER_ENVELOPE_TOKEN_AT] == 0xcf && bytes[LARDER_ENVELOPE_UNTIL_AT] == 0xcf &&
           bytes[LARDER_ENVELOPE_FRESH_AT] == 0xcf && bytes[LARDER_ENVELOPE_COST_AT] == 0xce;
}

/* Of one that has a slot: the number behind the tag at `at`. */
static inline uint64_t larder_envelope_get64(const uint8_t *bytes, size_t at)
{
    return larder_load64(bytes + at + 1);
}

enum larder_envelope_verdict {
    LARDER_ENVELOPE_OK,
    LARDER_ENVELOPE_PACKED,  /* as OK, and the body is compressed */
    LARDER_ENVELOPE_MORE,    /* as these or empty; larder_envelope_read_head tells */
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

/* ------------------------------------------------------- heads of any form */

/* What a head says besides fingerprint and version. Zeroed but for `meta`: a plain one's. */
struct larder_envelope_head {
    unsigned meta;
    size_t body; /* read: the offset of the body, or of what larder_envelope_read_packed takes */
    /* timed */
    uint64_t token;
    int64_t until_ms;
    int64_t fresh_ms;
    uint32_t cost_ms;
    /* versioned */
    uint64_t as_of;
    size_t tag_count;
    uint64_t tags[LARDER_ENVELOPE_TAGS_MAX];
};

/* Reads a head of any form: OK, and *ret_head is filled in; or what is wrong. What is
 * empty is only OK if a nil is all that is behind its head. */
enum larder_envelope_verdict larder_envelope_read_head(const uint8_t *bytes, size_t len,
                                                       uint64_t fingerprint, uint32_t version,
                                                       struct larder_envelope_head *ret_head);

/* Writes a head up to its body, a nil where it is empty included; packed is that of a
 * compressed one, else NULL. Answers its length, at most LARDER_ENVELOPE_HEAD_MAX_BYTES. */
size_t larder_envelope_write_head(uint8_t *to, uint64_t fingerprint, uint32_t version,
                                  const struct larder_envelope_head *head,
                                  const struct larder_packed *packed);

/* Where as_of stands in what is written with this meta, behind its tag. */
static inline size_t larder_envelope_as_of_at(unsigned meta)
{
    return ((meta & LARDER_META_TIMED) != 0 ? LARDER_ENVELOPE_TIMED_BYTES
                                            : LARDER_ENVELOPE_AS_OF_AT) +
           1;
}

/* Whether the first bytes of what is stored, some 20 of them, say that it is of this
 * fingerprint, in whatever form and version. */
bool larder_envelope_is_of(const uint8_t *bytes, size_t len, uint64_t fingerprint);

#endif
