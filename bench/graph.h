/* SPDX-License-Identifier: MIT */
/*
 * Values as people build them by hand: the struct, each string, each list and
 * each optional part a block of its own. The blocks come from malloc or, where
 * an arena is given, out of that.
 */
#ifndef LARDER_BENCH_GRAPH_H
#define LARDER_BENCH_GRAPH_H

#include "codec_shapes.h"

/* Blocks cut one after the other out of few large ones. */
struct graph_arena {
    struct graph_chunk *chunks;
    char *free;
    size_t left;
};

/* Begins with room for `size` bytes. */
bool graph_arena_init(struct graph_arena *arena, size_t size);
void graph_arena_release(struct graph_arena *arena);

/* Zeroed; arena NULL: with calloc. NULL: no memory. */
void *graph_block(struct graph_arena *arena, size_t count, size_t size);
/* A copy, terminated. */
const char *graph_text(struct graph_arena *arena, const char *bytes, size_t len);

/* Of values made without an arena, half-made ones as well. */
void graph_free_session(void *value);
void graph_free_product(void *value);
void graph_free_catalogue(void *value);

/* What the blocks of a value take of the heap: what can be used of each
 * (malloc_usable_size), and how many there are, each of which takes a word more
 * for glibc's own book-keeping. */
struct graph_weight {
    size_t usable_bytes;
    size_t blocks;
};
struct graph_weight graph_weigh_product(const void *value);

#endif
