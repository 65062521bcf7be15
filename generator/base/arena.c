/* SPDX-License-Identifier: MIT */
#include "base/arena.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/*
 * DESIGN. A list of chunks, the current one first; blocks are cut off its
 * front. A block too large to share a chunk gets one of its own, put behind
 * the current one, so that the rest of the current one is not lost. Chunks are
 * pages of the kernel's, zero until touched: a large text grows by moving its
 * pages, and what it has reserved and not used costs nothing.
 */

enum { CHUNK_BYTES = 256 * 1024, EXIT_OUT_OF_MEMORY = 70 };

/* Of pointers, 64 bit numbers and doubles: nothing here needs more, and a context
 * is made of millions of small blocks. */
enum { ALIGNMENT = 8 };

struct chunk {
    struct chunk *next;
    struct chunk *previous; /* of chunks with one block, which may move */
    size_t size;
    size_t used;
    _Alignas(ALIGNMENT) unsigned char data[];
};

struct arena {
    struct chunk *chunks;
    void *last; /* what arena_alloc returned last, for growing in place */
};

__attribute__((noreturn)) static void out_of_memory(void)
{
    fputs("larder: error: out of memory\n", stderr);
    exit(EXIT_OUT_OF_MEMORY);
}

static struct chunk *chunk_new(size_t size)
{
    struct chunk *chunk = MAP_FAILED;
    if (size <= SIZE_MAX - sizeof(*chunk)) {
        chunk = mmap(NULL, sizeof(*chunk) + size, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    }
    if (chunk == MAP_FAILED) {
        out_of_memory();
    }
    chunk->size = size;
    return chunk;
}

static size_t rounded(size_t size)
{
    const size_t step = ALIGNMENT;
    if (size > SIZE_MAX - step) {
        out_of_memory();
    }
    return (size + step - 1) / step * step;
}

struct arena *arena_new(void)
{
    struct arena *arena = calloc(1, sizeof(*arena));
    if (!arena) {
        out_of_memory();
    }
    arena->chunks = chunk_new(CHUNK_BYTES);
    return arena;
}

void arena_free(struct arena *arena)
{
    if (!arena) {
        return;
    }
    for (struct chunk *chunk = arena->chunks, *next; chunk; chunk = next) {
        next = chunk->next;
        munmap(chunk, sizeof(*chunk) + chunk->size);
    }
    free(arena);
}

/* Puts a chunk with one block behind the current one. */
static void link_own(struct arena *arena, struct chunk *chunk)
{
    struct chunk *current = arena->chunks;
    chunk->next = current->next;
    chunk->previous = current;
    if (chunk->next) {
        chunk->next->previous = chunk;
    }
    current->next = chunk;
}

static void *own_chunk(struct arena *arena, size_t size)
{
    struct chunk *chunk = chunk_new(size);
    chunk->used = size;
    link_own(arena, chunk);
    return chunk->data;
}

static bool is_own(size_t size)
{
    return rounded(size) > CHUNK_BYTES / 4;
}

/* Grows a block with a chunk of its own, which may move. */
static void *grow_own(void *block, size_t new_size)
{
    struct chunk *chunk = (struct chunk *)(void *)((char *)block - offsetof(struct chunk, data));
    struct chunk *next = chunk->next, *previous = chunk->previous;
    size_t size = rounded(new_size);
    if (size > SIZE_MAX - sizeof(*chunk)) {
        out_of_memory();
    }
    chunk = mremap(chunk, sizeof(*chunk) + chunk->size, sizeof(*chunk) + size, MREMAP_MAYMOVE);
    if (chunk == MAP_FAILED) {
        out_of_memory();
    }
    chunk->size = chunk->used = size;
    previous->next = chunk;
    if (next) {
        next->previous = chunk;
    }
    return chunk->data;
}

void *arena_alloc(struct arena *arena, size_t size)
{
    size = rounded(size ? size : 1);
    if (is_own(size)) {
        return own_chunk(arena, size);
    }
    struct chunk *chunk = arena->chunks;
    if (size > chunk->size - chunk->used) {
        chunk = chunk_new(CHUNK_BYTES);
        chunk->next = arena->chunks;
        chunk->next->previous = chunk;
        arena->chunks = chunk;
    }
    arena->last = chunk->data + chunk->used;
    chunk->used += size;
    return arena->last;
}

void *arena_array(struct arena *arena, size_t count, size_t size)
{
    if (size && count > SIZE_MAX / size) {
        out_of_memory();
    }
    return arena_alloc(arena, count * size);
}

/* Only what was cut off the current chunk last can grow where it is, and only
 * as long as it may share one. */
static bool grow_in_place(struct arena *arena, const void *block, size_t old_size, size_t new_size)
{
    struct chunk *chunk = arena->chunks;
    if (!block || block != arena->last || is_own(new_size)) {
        return false;
    }
    size_t more = rounded(new_size) - rounded(old_size ? old_size : 1);
    if (more > chunk->size - chunk->used) {
        return false;
    }
    chunk->used += more;
    return true;
}

void *arena_grow(struct arena *arena, void *block, size_t old_size, size_t new_size)
{
    if (new_size <= old_size && block) {
        return block;
    }
    if (block && is_own(old_size)) {
        return grow_own(block, new_size);
    }
    if (grow_in_place(arena, block, old_size, new_size)) {
        return block;
    }
    void *larger = arena_alloc(arena, new_size);
    if (block) {
        memcpy(larger, block, old_size);
    }
    return larger;
}

char *arena_copy(struct arena *arena, const char *text, size_t len)
{
    if (len == SIZE_MAX) {
        out_of_memory();
    }
    char *copy = arena_alloc(arena, len + 1);
    if (len) {
        memcpy(copy, text, len);
    }
    return copy;
}

char *arena_strdup(struct arena *arena, const char *text)
{
    return arena_copy(arena, text, strlen(text));
}

char *arena_printf(struct arena *arena, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int len = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (len < 0) {
        out_of_memory();
    }
    char *text = arena_alloc(arena, (size_t)len + 1);
    va_start(args, format);
    vsnprintf(text, (size_t)len + 1, format, args);
    va_end(args);
    return text;
}
