/* SPDX-License-Identifier: MIT */
/* One side of the table `codec`: ours or a peer, three functions a shape. */
#ifndef LARDER_BENCH_CODEC_SIDE_H
#define LARDER_BENCH_CODEC_SIDE_H

#include "codec_shapes.h"

struct codec_calls {
    /* What the side encodes, made of a value beforehand; NULL: the value itself.
     * Kept until the process ends. */
    const void *(*prepare)(const void *value);
    /* Into a buffer that is kept: the bytes are there until the next call. NULL:
     * the side does not write. 0: it failed. */
    size_t (*encode)(const void *prepared, const uint8_t **ret_bytes);
    /* The value of exactly these bytes, or NULL. NULL: the side does not read. */
    void *(*decode)(const uint8_t *bytes, size_t len);
    void (*release)(void *decoded);
    /* codec_sum_…, over what was decoded. NULL: the side does not look into it. */
    uint64_t (*sum)(const void *decoded);
};

struct codec_side {
    const char *name;
    struct codec_calls shapes[CODEC_SHAPES];
};

enum { CODEC_BUFFER_BYTES = 1024 * 1024 }; /* more than any of the values takes, in any format */

extern const struct codec_side codec_ours;
extern const struct codec_side codec_msgpack;
extern const struct codec_side codec_msgpack_arena;
extern const struct codec_side codec_msgpack_templates;
extern const struct codec_side codec_protobuf_c;
extern const struct codec_side codec_nanopb;
extern const struct codec_side codec_cjson;
extern const struct codec_side codec_jansson;
extern const struct codec_side codec_memcpy;

/* Ours with another allocator; to be called before the first decode. */
struct larder_allocator;
void codec_ours_allocate_with(const struct larder_allocator *allocator);

#endif
