/* SPDX-License-Identifier: MIT */
#include "base/hash.h"

/* SHA256() looks the digest up by name at every call, allocates, and can fail;
 * the calls it replaced do neither and are as fast as the processor allows. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/sha.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

enum { JOINED_BYTES = 240 }; /* up to there XXH3 has short ways */

uint64_t larder_hash64(const void *data, size_t len, uint64_t seed)
{
    return XXH3_64bits_withSeed(data, len, seed);
}

/* A state costs more than a short text's copy, and its hash. */
uint64_t larder_hash64_pieces(const struct larder_hash_piece *pieces, size_t count, uint64_t seed)
{
    uint8_t text[JOINED_BYTES];
    XXH3_state_t state;
    size_t len = 0;
    for (size_t i = 0; i < count && len <= sizeof text; i++) {
        if (pieces[i].len <= sizeof text - len) {
            memcpy(text + len, pieces[i].data, pieces[i].len);
        }
        len = pieces[i].len <= sizeof text - len ? len + pieces[i].len : SIZE_MAX;
    }
    if (len <= sizeof text) {
        return XXH3_64bits_withSeed(text, len, seed);
    }
    XXH3_INITSTATE(&state);
    XXH3_64bits_reset_withSeed(&state, seed);
    for (size_t i = 0; i < count; i++) {
        XXH3_64bits_update(&state, pieces[i].data, pieces[i].len);
    }
    return XXH3_64bits_digest(&state);
}

uint64_t larder_hash64_path(const char *parent, const char *name)
{
    XXH3_state_t state;
    XXH3_INITSTATE(&state);
    XXH3_64bits_reset(&state);
    XXH3_64bits_update(&state, parent, strlen(parent));
    XXH3_64bits_update(&state, "/", 1);
    XXH3_64bits_update(&state, name, strlen(name));
    return XXH3_64bits_digest(&state);
}

static void write_hex(const unsigned char *bytes, size_t count, char *ret_hex)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < count; i++) {
        ret_hex[2 * i] = digits[bytes[i] >> 4];
        ret_hex[2 * i + 1] = digits[bytes[i] & 15];
    }
}

void larder_hash_hex128(const void *data, size_t len, char ret_hex[32])
{
    unsigned char digest[SHA256_DIGEST_LENGTH];
    SHA256_CTX context;
    SHA256_Init(&context);
    SHA256_Update(&context, data, len);
    SHA256_Final(digest, &context);
    write_hex(digest, 16, ret_hex);
}

void larder_hash_sha1(const void *data, size_t len, char ret_hex[40])
{
    unsigned char digest[SHA_DIGEST_LENGTH];
    SHA_CTX context;
    SHA1_Init(&context);
    SHA1_Update(&context, data, len);
    SHA1_Final(digest, &context);
    write_hex(digest, sizeof digest, ret_hex);
}
