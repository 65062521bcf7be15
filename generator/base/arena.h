/* SPDX-License-Identifier: MIT */
/*
 * One arena a run: everything the generator makes lives until it exits, so
 * there is no free; what takes megabytes for a moment only has an arena of its
 * own (schema/collide.c). Running out of memory prints one line and exits with 70.
 */
#ifndef LARDER_GENERATOR_ARENA_H
#define LARDER_GENERATOR_ARENA_H

#include <stddef.h>

struct arena;

/* Life cycle. */
struct arena *arena_new(void);
void arena_free(struct arena *arena);

/* Use. Memory is zeroed and aligned for pointers, 64 bit numbers and doubles. */
void *arena_alloc(struct arena *arena, size_t size);
void *arena_array(struct arena *arena, size_t count, size_t size);
/* Makes an array larger; in place when it was the last thing allocated. */
void *arena_grow(struct arena *arena, void *block, size_t old_size, size_t new_size);
char *arena_copy(struct arena *arena, const char *text, size_t len); /* terminated */
char *arena_strdup(struct arena *arena, const char *text);
__attribute__((format(printf, 2, 3))) char *arena_printf(struct arena *arena, const char *format,
                                                         ...);

#endif
