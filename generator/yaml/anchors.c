/* SPDX-License-Identifier: MIT */
#include "yaml/anchors.h"

#include <string.h>

enum { BUCKETS = 4096 }; /* a million anchors are 250 a bucket */

struct anchor {
    const char *name;
    struct yml_node *node;
    struct anchor *next; /* in the bucket; the latest first */
};

struct yml_anchors {
    struct anchor *buckets[BUCKETS];
};

static size_t bucket_of(const char *name)
{
    size_t hash = 5381;
    for (; *name; name++) {
        hash = hash * 33 + (unsigned char)*name;
    }
    return hash % BUCKETS;
}

void yml_anchors_add(struct arena *arena, struct yml_anchors **anchors, const char *name,
                     struct yml_node *node)
{
    if (!*anchors) {
        *anchors = arena_alloc(arena, sizeof(**anchors));
    }
    struct anchor **bucket = &(*anchors)->buckets[bucket_of(name)];
    struct anchor *anchor = arena_alloc(arena, sizeof(*anchor));
    *anchor = (struct anchor){arena_strdup(arena, name), node, *bucket};
    *bucket = anchor;
}

struct yml_node *yml_anchors_find(const struct yml_anchors *anchors, const char *name)
{
    if (!anchors) {
        return NULL;
    }
    const struct anchor *anchor = anchors->buckets[bucket_of(name)];
    while (anchor && strcmp(anchor->name, name) != 0) {
        anchor = anchor->next;
    }
    return anchor ? anchor->node : NULL;
}
