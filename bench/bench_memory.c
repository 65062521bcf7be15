/* SPDX-License-Identifier: MIT */
/*
 *     bench_memory --table memory --rounds N --form table|json --encoder-bytes N --decoder-bytes N
 *
 * What a product takes: allocations and memory once decoded, bytes as stored,
 * machine code. Nothing is timed, so the rounds do not matter.
 */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench_options.h"
#include "codec_side.h"
#include "count_malloc.h"
#include "graph.h"

enum {
    ENVELOPE_GOAL_BYTES = 12,
    CODE_GOAL_BYTES = 6656, /* 6.5 KB */
    LEARN = 64              /* values, after which the ratio of slots is known */
};

/* Means over all products. */
struct means {
    double allocations;
    double usable_bytes;
    double heap_bytes; /* with a word a block of the allocator's own */
    double wire_bytes;
};

/* ----------------------------------------- the block that is ours, weighed */

static void *last_block;

static void *noting_alloc(void *user, size_t size)
{
    (void)user;
    last_block = malloc(size);
    return last_block;
}

static void *noting_resize(void *user, void *block, size_t size)
{
    (void)user;
    last_block = realloc(block, size);
    return last_block;
}

static void plain_release(void *user, void *block)
{
    (void)user;
    free(block);
}

static struct graph_weight weigh_ours(const void *value)
{
    (void)value;
    return (struct graph_weight){malloc_usable_size(last_block), 1};
}

/* -------------------------------------------------------------- all means */

static const uint8_t *encode(const struct codec_calls *calls, size_t i, size_t *ret_len)
{
    const void *value = codec_value(CODEC_PRODUCT, i);
    const uint8_t *bytes = NULL;
    *ret_len = calls->encode(calls->prepare != NULL ? calls->prepare(value) : value, &bytes);
    if (*ret_len == 0) {
        bench_give_up("encoding");
    }
    return bytes;
}

static void *decode(const struct codec_calls *calls, size_t i)
{
    size_t len;
    const uint8_t *bytes = encode(calls, i, &len);
    void *value = calls->decode(bytes, len);
    if (value == NULL) {
        bench_give_up("decoding");
    }
    return value;
}

static struct means measure(const struct codec_side *side,
                            struct graph_weight (*weigh)(const void *value))
{
    const struct codec_calls *calls = &side->shapes[CODEC_PRODUCT];
    const size_t count = codec_shapes[CODEC_PRODUCT].cold;
    size_t allocations = 0;
    struct graph_weight weight = {0};
    size_t wire = 0;
    for (size_t i = 0; i < LEARN; i++) {
        calls->release(decode(calls, i));
    }
    for (size_t i = 0; i < count; i++) {
        size_t len;
        const uint8_t *bytes = encode(calls, i, &len);
        const size_t before = count_malloc_calls();
        void *value = calls->decode(bytes, len);
        if (value == NULL) {
            bench_give_up("decoding");
        }
        allocations += count_malloc_calls() - before;
        const struct graph_weight w = weigh(value);
        weight.usable_bytes += w.usable_bytes;
        weight.blocks += w.blocks;
        wire += len;
        calls->release(value);
    }
    const double n = (double)count;
    return (struct means){
        .allocations = (double)allocations / n,
        .usable_bytes = (double)weight.usable_bytes / n,
        .heap_bytes = (double)(weight.usable_bytes + sizeof(size_t) * weight.blocks) / n,
        .wire_bytes = (double)wire / n,
    };
}

static void row(struct rounds *rounds, const char *name, const char *peer, double ours,
                double peers, const char *unit)
{
    rounds_print(rounds, name, peer, ours, peers, unit, ours / peers);
}

int main(int argc, char **argv)
{
    static const struct larder_allocator noting = {
        .alloc = noting_alloc, .resize = noting_resize, .release = plain_release};
    struct bench_options options;
    bench_options_read(argc, argv, &options);
    struct rounds *rounds = &options.rounds;
    codec_ours_allocate_with(&noting);

    const struct means ours = measure(&codec_ours, weigh_ours);
    const struct means msgpack = measure(&codec_msgpack, graph_weigh_product);
    const struct means json = measure(&codec_cjson, graph_weigh_product);
    row(rounds, "allocations of a decode", "msgpack-c", ours.allocations, msgpack.allocations,
        "calls");
    row(rounds, "retained by a product", "msgpack-c", ours.heap_bytes, msgpack.heap_bytes, "bytes");
    row(rounds, "retained, usable", "msgpack-c", ours.usable_bytes, msgpack.usable_bytes, "bytes");
    row(rounds, "a product as stored", "cJSON", ours.wire_bytes, json.wire_bytes, "bytes");
    row(rounds, "a product as stored", "msgpack-c", ours.wire_bytes, msgpack.wire_bytes, "bytes");
    row(rounds, "envelope of a product", "the goal", ours.wire_bytes - msgpack.wire_bytes,
        ENVELOPE_GOAL_BYTES, "bytes");
    if (options.encoder_bytes != 0 && options.decoder_bytes != 0) {
        row(rounds, "code that encodes a product", "the goal", options.encoder_bytes,
            CODE_GOAL_BYTES, "bytes");
        row(rounds, "code that decodes a product", "the goal", options.decoder_bytes,
            CODE_GOAL_BYTES, "bytes");
    }
    return EXIT_SUCCESS;
}
