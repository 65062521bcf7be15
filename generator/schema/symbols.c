/* SPDX-License-Identifier: MIT */
#include "schema/symbols.h"

#include <string.h>

enum { FIRST_CAPACITY = 64 };

/* FNV-1a. */
static size_t hash_of(const char *name, size_t len)
{
    uint64_t hash = UINT64_C(14695981039346656037);
    for (size_t i = 0; i < len; i++) {
        hash = (hash ^ (unsigned char)name[i]) * UINT64_C(1099511628211);
    }
    return (size_t)(hash ^ (hash >> 32));
}

void symbols_init(struct symbols *symbols, struct arena *arena)
{
    *symbols = (struct symbols){.arena = arena, .capacity = FIRST_CAPACITY};
    symbols->table = arena_array(arena, FIRST_CAPACITY, sizeof *symbols->table);
}

/* Its place, or the free one where it would stand. The table is never full. */
static struct symbol *place_of(struct symbol *table, size_t capacity, const char *name, size_t len)
{
    size_t i = hash_of(name, len) & (capacity - 1);
    while (table[i].name != NULL &&
           (table[i].len != len || memcmp(table[i].name, name, len) != 0)) {
        i = (i + 1) & (capacity - 1);
    }
    return &table[i];
}

static void grow(struct symbols *symbols)
{
    size_t capacity = symbols->capacity * 2;
    struct symbol *table = arena_array(symbols->arena, capacity, sizeof *table);
    for (size_t i = 0; i < symbols->capacity; i++) {
        const struct symbol *old = &symbols->table[i];
        if (old->name != NULL) {
            *place_of(table, capacity, old->name, old->len) = *old;
        }
    }
    symbols->table = table;
    symbols->capacity = capacity;
}

const struct symbol *symbols_add(struct symbols *symbols, const char *name, size_t len,
                                 size_t value)
{
    if (symbols->count >= symbols->capacity / 2) {
        grow(symbols);
    }
    struct symbol *place = place_of(symbols->table, symbols->capacity, name, len);
    if (place->name != NULL) {
        return place;
    }
    *place = (struct symbol){name, len, value};
    symbols->count++;
    return NULL;
}

const struct symbol *symbols_find(const struct symbols *symbols, const char *name, size_t len)
{
    const struct symbol *place = place_of(symbols->table, symbols->capacity, name, len);
    return place->name != NULL ? place : NULL;
}
