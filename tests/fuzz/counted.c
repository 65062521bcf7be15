/* SPDX-License-Identifier: MIT */
#include "counted.h"

#include <stdlib.h>

struct counted counted;

_Noreturn void holds_not(const char *file, int line, const char *what)
{
    (void)fprintf(stderr, "%s:%d: %s\n", file, line, what);
    __builtin_trap();
}

/* A block has its size 16 bytes before it. */
static void *count_resize(void *user, void *block, size_t size)
{
    size_t *old = block != NULL ? (size_t *)block - 2 : NULL;
    (void)user;
    counted.in_use -= old != NULL ? old[0] : 0;
    size_t *fresh = realloc(old, size + 2 * sizeof *fresh);
    HOLDS(fresh != NULL);
    fresh[0] = size;
    counted.in_use += size;
    counted.most = counted.in_use > counted.most ? counted.in_use : counted.most;
    return fresh + 2;
}

static void *count_alloc(void *user, size_t size)
{
    return count_resize(user, NULL, size);
}

static void count_release(void *user, void *block)
{
    size_t *old = (size_t *)block - 2;
    (void)user;
    counted.in_use -= old[0];
    free(old);
}

const struct larder_allocator counting = {
    .alloc = count_alloc, .resize = count_resize, .release = count_release};
