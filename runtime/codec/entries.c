/* SPDX-License-Identifier: MIT */
/*
 * Whether a map's keys are all different.
 *
 * DESIGN. An open hash table, at most half full, of which a small map's lives
 * on the stack. The hash has a random seed, so that nobody can prepare keys
 * that collide; if a table clusters all the same, its steps are counted and
 * another seed is tried, a few times. So the time is linear, whatever the keys.
 */
#include <larder/codec.h>

#include "base/alloc.h"
#include "base/hash.h"

enum { FEW = 16, SEEDS = 4, STEPS_AN_ENTRY = 16 };

struct cell {
    uint64_t hash;
    const char *key; /* NULL: free */
};

struct table {
    struct cell *cells; /* zeroed */
    size_t mask;        /* a power of two, less one */
    uint64_t seed;
    size_t steps; /* left before giving up */
};

enum insertion { INSERTED, DUPLICATE, CLUSTERED };

static enum insertion insert(struct table *table, const char *key)
{
    uint64_t hash = larder_hash64(key, strlen(key), table->seed);
    size_t i = (size_t)hash & table->mask;
    for (; table->cells[i].key != NULL; i = (i + 1) & table->mask) {
        if (table->cells[i].hash == hash && strcmp(table->cells[i].key, key) == 0) {
            return DUPLICATE;
        }
        if (table->steps-- == 0) {
            return CLUSTERED;
        }
    }
    table->cells[i] = (struct cell){hash, key};
    return INSERTED;
}

/* The string that the i-th entry begins with. */
static const char *key_of(const void *entries, size_t i, size_t stride)
{
    const char *key;
    memcpy(&key, (const char *)entries + i * stride, sizeof key);
    return key;
}

static enum insertion insert_all(struct table *table, const void *entries, size_t count,
                                 size_t stride)
{
    for (size_t i = 0; i < count; i++) {
        const char *key = key_of(entries, i, stride);
        enum insertion done = key != NULL ? insert(table, key) : DUPLICATE;
        if (done != INSERTED) {
            return done;
        }
    }
    return INSERTED;
}

/* cells: size of them, a power of two, at least 2 * count. */
static enum larder_status check_in(struct cell *cells, size_t size, const void *entries,
                                   size_t count, size_t stride)
{
    enum insertion done = CLUSTERED;
    for (int i = 0; i < SEEDS && done == CLUSTERED; i++) {
        struct table table = {cells, size - 1, larder_random64(), STEPS_AN_ENTRY * count};
        memset(cells, 0, size * sizeof *cells);
        done = insert_all(&table, entries, count, stride);
    }
    return done == INSERTED ? LARDER_OK : LARDER_E_ARG;
}

enum larder_status larder_entries_check(const struct larder_allocator *allocator,
                                        const void *entries, size_t count, size_t stride)
{
    struct cell few[2 * FEW];
    size_t size = 2 * FEW;
    if (count <= FEW) {
        return check_in(few, size, entries, count, stride);
    }
    if (count > LARDER_VALUE_MAX) {
        return LARDER_E_ARG;
    }
    while (size < 2 * count) {
        size *= 2;
    }
    struct cell *cells = larder_alloc(allocator, size * sizeof *cells);
    if (cells == NULL) {
        return LARDER_E_NOMEM;
    }
    enum larder_status status = check_in(cells, size, entries, count, stride);
    larder_free(allocator, cells);
    return status;
}

bool larder_entries_unique(const struct larder_allocator *allocator, const void *entries,
                           size_t count, size_t stride)
{
    return larder_entries_check(allocator, entries, count, stride) == LARDER_OK;
}
