/* SPDX-License-Identifier: MIT */
#include "graph.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>

struct graph_chunk {
    struct graph_chunk *next;
};

/* ------------------------------------------------------------------- arena */

bool graph_arena_init(struct graph_arena *arena, size_t size)
{
    struct graph_chunk *chunk = malloc(sizeof *chunk + size);
    if (chunk == NULL) {
        return false;
    }
    chunk->next = arena->chunks;
    arena->chunks = chunk;
    arena->free = (char *)(chunk + 1);
    arena->left = size;
    return true;
}

void graph_arena_release(struct graph_arena *arena)
{
    while (arena->chunks != NULL) {
        struct graph_chunk *next = arena->chunks->next;
        free(arena->chunks);
        arena->chunks = next;
    }
}

/* Strings lie one against the other; other blocks are aligned to 8. */
static void *cut(struct graph_arena *arena, size_t size, size_t alignment)
{
    size_t skip = -(uintptr_t)arena->free & (alignment - 1);
    if (size + skip > arena->left) {
        if (!graph_arena_init(arena, 4096 + size)) {
            return NULL;
        }
        skip = 0;
    }
    void *block = arena->free + skip;
    arena->free += skip + size;
    arena->left -= skip + size;
    return block;
}

/* ------------------------------------------------------------------ blocks */

void *graph_block(struct graph_arena *arena, size_t count, size_t size)
{
    if (arena == NULL) {
        return calloc(count, size);
    }
    void *block = cut(arena, count * size, 8);
    return block != NULL ? memset(block, 0, count * size) : NULL;
}

const char *graph_text(struct graph_arena *arena, const char *bytes, size_t len)
{
    char *text = arena != NULL ? cut(arena, len + 1, 1) : malloc(len + 1);
    if (text != NULL) {
        memcpy(text, bytes, len);
        text[len] = '\0';
    }
    return text;
}

/* The one cast: values are constant to those who hold them. */
static void *own(const void *block)
{
    return (void *)(uintptr_t)block;
}

static void drop(const void *block)
{
    free(own(block));
}

void graph_free_session(void *value)
{
    struct codec_session *s = value;
    if (s != NULL) {
        drop(s->token);
        drop(s->ip);
        free(s);
    }
}

static void free_parts(const struct codec_article *a)
{
    drop(a->sku);
    drop(a->name);
    drop(a->description);
    drop(a->brand);
    drop(a->category);
    if (a->dimensions != NULL) {
        drop(a->dimensions->unit);
        drop(a->dimensions);
    }
    for (size_t i = 0; i < a->tags.count; i++) {
        drop(a->tags.items[i]);
    }
    drop(a->tags.items);
    for (size_t i = 0; i < a->reviews.count; i++) {
        drop(a->reviews.items[i].title);
    }
    drop(a->reviews.items);
}

void graph_free_product(void *value)
{
    struct codec_product *p = value;
    if (p != NULL) {
        free_parts(&p->value);
        free(p);
    }
}

void graph_free_catalogue(void *value)
{
    struct codec_catalogue *c = value;
    if (c != NULL) {
        for (size_t i = 0; i < c->count; i++) {
            free_parts(&c->items[i]);
        }
        drop(c->items);
        free(c);
    }
}

static void weigh(struct graph_weight *weight, const void *block)
{
    if (block != NULL) {
        weight->usable_bytes += malloc_usable_size(own(block));
        weight->blocks++;
    }
}

struct graph_weight graph_weigh_product(const void *value)
{
    struct graph_weight w = {0};
    const struct codec_product *p = value;
    const struct codec_article *a = &p->value;
    const void *const blocks[] = {
        p,           a->sku,        a->name,       a->description,  a->brand,
        a->category, a->dimensions, a->tags.items, a->reviews.items};
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++) {
        weigh(&w, blocks[i]);
    }
    weigh(&w, a->dimensions != NULL ? a->dimensions->unit : NULL);
    for (size_t i = 0; i < a->tags.count; i++) {
        weigh(&w, a->tags.items[i]);
    }
    for (size_t i = 0; i < a->reviews.count; i++) {
        weigh(&w, a->reviews.items[i].title);
    }
    return w;
}
