/* SPDX-License-Identifier: MIT */
/*
 *     bench_codec --table codec --rounds N --form table|json
 *
 * Encoding and decoding values of three shapes, ours against each peer. No
 * server, one thread.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench_options.h"
#include "codec_side.h"

enum { ROUND_BYTES = 2 * 1000 * 1000 /* as we store it, that each side takes in a round */ };

static const struct codec_side *const peers[] = {
    &codec_msgpack, &codec_msgpack_arena, &codec_msgpack_templates, &codec_protobuf_c,
    &codec_nanopb,  &codec_cjson,         &codec_jansson,           &codec_memcpy,
};
enum { PEERS = sizeof peers / sizeof *peers };

/* One side's values of one shape: what it encodes, and what it decodes. */
struct stock {
    const struct codec_calls *calls;
    const void **prepared;
    const uint8_t **wires;
    size_t *lens;
    size_t count;
};

/* One shape on all sides. */
struct match {
    struct stock ours;
    struct stock theirs;
    size_t turning; /* how many values take turns */
};

static void *block(size_t count, size_t size)
{
    void *made = calloc(count, size);
    if (made == NULL) {
        bench_give_up("no memory");
    }
    return made;
}

/* ------------------------------------------------------------------- stock */

/* The wires lie one behind the other, as in a socket's buffer. A side that does
 * not write reads what `writer` wrote. */
static void fill(struct stock *stock, const struct codec_side *side,
                 const struct codec_side *writer, enum codec_shape shape)
{
    const struct codec_calls *write = &writer->shapes[shape];
    stock->calls = &side->shapes[shape];
    stock->count = codec_shapes[shape].cold;
    stock->prepared = block(stock->count, sizeof *stock->prepared);
    stock->wires = block(stock->count, sizeof *stock->wires);
    stock->lens = block(stock->count, sizeof *stock->lens);
    size_t total = 0;
    for (size_t i = 0; i < stock->count; i++) {
        const void *value = codec_value(shape, i);
        const uint8_t *bytes = NULL;
        stock->prepared[i] = write->prepare != NULL ? write->prepare(value) : value;
        stock->lens[i] = write->encode(stock->prepared[i], &bytes);
        if (stock->lens[i] == 0) {
            bench_give_up(writer->name);
        }
        total += stock->lens[i];
    }
    uint8_t *at = block(total, 1);
    for (size_t i = 0; i < stock->count; i++) {
        const uint8_t *bytes = NULL;
        (void)write->encode(stock->prepared[i], &bytes);
        stock->wires[i] = memcpy(at, bytes, stock->lens[i]);
        at += stock->lens[i];
    }
}

/* What was read must be what was written, in every field. */
static void check(const struct stock *stock, const char *name, enum codec_shape shape)
{
    static uint64_t (*const sums[])(const void *) = {codec_sum_session, codec_sum_product,
                                                     codec_sum_catalogue};
    if (stock->calls->decode == NULL || stock->calls->sum == NULL) {
        return;
    }
    for (size_t i = 0; i < stock->count; i++) {
        void *value = stock->calls->decode(stock->wires[i], stock->lens[i]);
        if (value == NULL || stock->calls->sum(value) != sums[shape](codec_value(shape, i))) {
            (void)fprintf(stderr, "%s, %s %zu: ", name, codec_shapes[shape].name, i);
            bench_give_up("what was read is not what was written");
        }
        stock->calls->release(value);
    }
}

static void empty(struct stock *stock)
{
    /* What was prepared stays: a peer may share parts of it. */
    free((void *)(uintptr_t)stock->wires[0]);
    free(stock->prepared);
    free(stock->wires);
    free(stock->lens);
}

/* ------------------------------------------------------------------- cases */

static void encode_n(const struct stock *stock, size_t turning, size_t n)
{
    size_t (*const encode)(const void *, const uint8_t **) = stock->calls->encode;
    for (size_t i = 0, at = 0; i < n; i++) {
        const uint8_t *bytes;
        if (encode(stock->prepared[at], &bytes) == 0) {
            bench_give_up("encoding");
        }
        at = at + 1 < turning ? at + 1 : 0;
    }
}

static void decode_n(const struct stock *stock, size_t turning, size_t n)
{
    void *(*const decode)(const uint8_t *, size_t) = stock->calls->decode;
    void (*const release)(void *) = stock->calls->release;
    for (size_t i = 0, at = 0; i < n; i++) {
        void *value = decode(stock->wires[at], stock->lens[at]);
        if (value == NULL) {
            bench_give_up("decoding");
        }
        release(value);
        at = at + 1 < turning ? at + 1 : 0;
    }
}

static void our_encode(void *user, size_t n)
{
    const struct match *m = user;
    encode_n(&m->ours, m->turning, n);
}

static void peers_encode(void *user, size_t n)
{
    const struct match *m = user;
    encode_n(&m->theirs, m->turning, n);
}

static void our_decode(void *user, size_t n)
{
    const struct match *m = user;
    decode_n(&m->ours, m->turning, n);
}

static void peers_decode(void *user, size_t n)
{
    const struct match *m = user;
    decode_n(&m->theirs, m->turning, n);
}

/* ------------------------------------------------------------------- rows */

/* Whole passes over the values that take turns. */
static size_t times(const struct match *m)
{
    size_t bytes = 0;
    for (size_t i = 0; i < m->turning; i++) {
        bytes += m->ours.lens[i];
    }
    return m->turning * (ROUND_BYTES / bytes + 1);
}

static void rows(struct rounds *rounds, struct match *m, const struct codec_shape_info *shape,
                 const char *peer)
{
    const struct {
        const char *name;
        size_t turning;
    } kinds[] = {{"hot", shape->hot}, {"cold", shape->cold}};
    for (size_t i = 0; i < 2; i++) {
        char name[64];
        struct rounds_case a_case = {.name = name, .peer = peer, .user = m, .on_core = true};
        m->turning = kinds[i].turning;
        a_case.n = times(m);
        if (m->theirs.calls->decode != NULL) {
            (void)snprintf(name, sizeof name, "%s decode %s", shape->name, kinds[i].name);
            a_case.ours = our_decode;
            a_case.peers = peers_decode;
            rounds_run(rounds, &a_case);
        }
        if (m->theirs.calls->encode != NULL) {
            (void)snprintf(name, sizeof name, "%s encode %s", shape->name, kinds[i].name);
            a_case.ours = our_encode;
            a_case.peers = peers_encode;
            rounds_run(rounds, &a_case);
        }
    }
}

static double mean_bytes(const struct stock *stock)
{
    size_t bytes = 0;
    for (size_t i = 0; i < stock->count; i++) {
        bytes += stock->lens[i];
    }
    return (double)bytes / (double)stock->count;
}

int main(int argc, char **argv)
{
    struct bench_options options;
    struct match matches[CODEC_SHAPES];
    bench_options_read(argc, argv, &options);
    for (enum codec_shape shape = 0; shape < CODEC_SHAPES; shape++) {
        struct stock *ours = &matches[shape].ours;
        fill(ours, &codec_ours, &codec_ours, shape);
        check(ours, codec_ours.name, shape);
        if (!options.rounds.json) {
            printf("%s: %.0f bytes as stored, %zu in turn hot, %zu cold\n",
                   codec_shapes[shape].name, mean_bytes(ours), codec_shapes[shape].hot,
                   codec_shapes[shape].cold);
        }
    }
    if (!options.rounds.json) {
        printf("one thread, medians of %d rounds\n\n", options.rounds.count);
    }
    for (size_t i = 0; i < PEERS; i++) {
        const bool writes = peers[i]->shapes[0].encode != NULL;
        for (enum codec_shape shape = 0; shape < CODEC_SHAPES; shape++) {
            struct match *m = &matches[shape];
            fill(&m->theirs, peers[i], writes ? peers[i] : &codec_msgpack, shape);
            check(&m->theirs, peers[i]->name, shape);
            rows(&options.rounds, m, &codec_shapes[shape], peers[i]->name);
            empty(&m->theirs);
        }
    }
    return EXIT_SUCCESS;
}
