/* SPDX-License-Identifier: MIT */
/*
 * The floor, `memcpy`: the bytes of the value as we store it, copied into a
 * buffer that is kept; reading, into a block of malloc's, which is freed.
 */
#include <stdlib.h>
#include <string.h>

#include "bench_options.h"
#include "codec_side.h"

struct wire {
    size_t len;
    uint8_t bytes[];
};

static uint8_t buffer[CODEC_BUFFER_BYTES];

static const void *prepare(enum codec_shape shape, const void *value)
{
    const struct codec_calls *ours = &codec_ours.shapes[shape];
    const uint8_t *bytes = NULL;
    const size_t len = ours->encode(ours->prepare(value), &bytes);
    struct wire *wire = malloc(sizeof *wire + len);
    if (wire == NULL) {
        bench_give_up("no memory");
    }
    wire->len = len;
    memcpy(wire->bytes, bytes, len);
    return wire;
}

static const void *prepare_session(const void *value)
{
    return prepare(CODEC_SESSION, value);
}

static const void *prepare_product(const void *value)
{
    return prepare(CODEC_PRODUCT, value);
}

static const void *prepare_catalogue(const void *value)
{
    return prepare(CODEC_CATALOGUE, value);
}

static size_t encode(const void *prepared, const uint8_t **ret_bytes)
{
    const struct wire *wire = prepared;
    memcpy(buffer, wire->bytes, wire->len);
    *ret_bytes = buffer;
    return wire->len;
}

static void *decode(const uint8_t *bytes, size_t len)
{
    void *copy = malloc(len);
    return copy != NULL ? memcpy(copy, bytes, len) : NULL;
}

const struct codec_side codec_memcpy = {
    .name = "memcpy",
    .shapes =
        {
            {prepare_session, encode, decode, free, NULL},
            {prepare_product, encode, decode, free, NULL},
            {prepare_catalogue, encode, decode, free, NULL},
        },
};
