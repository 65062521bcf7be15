/* SPDX-License-Identifier: MIT */
/*
 * Bodies made smaller, and what was made smaller made whole again.
 *
 * DESIGN. Two codecs, each in the form that every other language has: a zstd frame,
 * and an LZ4 block. What is to be read is not trusted. The size that it says it has
 * is held against a bound and against its own length before anything is allocated
 * for it: LZ4 cannot make more than LARDER_LZ4_RATIO_MAX bytes of one, and more than
 * LARDER_ZSTD_RATIO_MAX of zstd's are not believed. A body that would gain more is
 * not written by zstd either. What comes out must have exactly that size. Frames are
 * written with a checksum, 4 bytes, and read without one, too; LZ4 blocks have none.
 *
 * zstd works in a context, which takes longer to make than a small body to
 * compress. Those that are idle wait for the next call, LARDER_COMPRESS_IDLE of each
 * kind at most, beside the cache that made them. They are zstd's own memory, not the
 * allocator's: to give it one takes functions that a shared libzstd does not promise.
 * A child of fork() has its parent's idle ones as its own.
 *
 * Threads: all functions from any thread, but for init and release. No locks.
 */
#ifndef LARDER_CODEC_COMPRESS_H
#define LARDER_CODEC_COMPRESS_H

#include <stdatomic.h>
#include <stdbool.h>

#include <larder/stub.h>

#include "codec/envelope.h"

enum {
    LARDER_COMPRESS_IDLE =
        8, /* some 0.7 MB for a writer, 0.2 MB for a reader, where zstd is used */
    LARDER_LZ4_RATIO_MAX = 255,
    LARDER_ZSTD_RATIO_MAX = 1024
};

struct larder_compressor {
    _Atomic(void *) writers[LARDER_COMPRESS_IDLE]; /* contexts; NULL: none here */
    _Atomic(void *) readers[LARDER_COMPRESS_IDLE];
};

void larder_compressor_init(struct larder_compressor *compressor);
void larder_compressor_release(struct larder_compressor *compressor);

/* Compresses len bytes into at most `room` ones; answers how many. 0: they do not
 * fit, are too good to be believed later, or there is no memory: keep the body. */
size_t larder_compress(struct larder_compressor *compressor,
                       const struct larder_allocator *allocator, enum larder_codec codec,
                       const uint8_t *body, size_t len, uint8_t *to, size_t room);

/* Whether what it says of itself can be: a codec of ours, a size of 1 to max that so
 * few bytes can have. */
bool larder_packed_is_credible(const struct larder_packed *packed, size_t max);

/* Decompresses into packed->size bytes. OK; E_DECODE: not exactly those; E_NOMEM. */
enum larder_status larder_decompress(struct larder_compressor *compressor,
                                     const struct larder_packed *packed, uint8_t *to);

#endif
