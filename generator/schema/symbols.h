/* SPDX-License-Identifier: MIT */
/*
 * A map from names to numbers, in the arena: what keeps checks over thousands
 * of names from being quadratic.
 */
#ifndef LARDER_GENERATOR_SYMBOLS_H
#define LARDER_GENERATOR_SYMBOLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

struct symbol {
    const char *name; /* borrowed; NULL: a free place */
    size_t len;
    size_t value;
};

struct symbols {
    struct arena *arena;
    struct symbol *table;
    size_t count;
    size_t capacity; /* a power of two */
};

void symbols_init(struct symbols *symbols, struct arena *arena);
/* Adds it, unless the name is there: then NULL is not returned but its entry. NULL: it was added. */
const struct symbol *symbols_add(struct symbols *symbols, const char *name, size_t len,
                                 size_t value);
const struct symbol *symbols_find(const struct symbols *symbols, const char *name, size_t len);

#endif
