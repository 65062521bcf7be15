/* SPDX-License-Identifier: MIT */
/*
 * The peer `msgpack-c arena`, in only: the zone of the tree is kept from value
 * to value, and a value's parts are cut out of an arena of its own, so that it
 * takes one allocation (or few) and one free.
 */
#include "codec_side.h"
#include "graph.h"
#include "msgpack_walk.h"

enum { ZONE_BYTES = 64 * 1024 };

/* What is handed out: the arena's first chunk holds it. */
struct housed {
    struct graph_arena arena;
    union {
        struct codec_session session;
        struct codec_product product;
        struct codec_catalogue catalogue;
    } u;
};

static msgpack_zone *zone(void)
{
    static msgpack_zone *kept;
    if (kept == NULL) {
        kept = msgpack_zone_new(ZONE_BYTES);
    } else {
        msgpack_zone_clear(kept);
    }
    return kept;
}

/* A value takes two to three times its bytes on the wire. */
static struct housed *begin(const uint8_t *bytes, size_t len, msgpack_object *ret_tree)
{
    struct graph_arena arena = {0};
    size_t used = 0;
    if (msgpack_unpack((const char *)bytes, len, &used, zone(), ret_tree) !=
            MSGPACK_UNPACK_SUCCESS ||
        used != len || !graph_arena_init(&arena, 3 * len + sizeof(struct housed))) {
        return NULL;
    }
    struct housed *housed = graph_block(&arena, 1, sizeof *housed);
    housed->arena = arena;
    return housed;
}

static void release(void *value)
{
    struct housed *housed = value;
    struct graph_arena arena = housed->arena; /* it holds itself */
    graph_arena_release(&arena);
}

static void *end(struct housed *housed, bool ok)
{
    if (housed != NULL && !ok) {
        release(housed);
        return NULL;
    }
    return housed;
}

static void *decode_session(const uint8_t *bytes, size_t len)
{
    msgpack_object tree;
    struct housed *h = begin(bytes, len, &tree);
    return end(h, h != NULL && msgpack_walk_session(&tree, &h->arena, &h->u.session));
}

static void *decode_product(const uint8_t *bytes, size_t len)
{
    msgpack_object tree;
    struct housed *h = begin(bytes, len, &tree);
    return end(h, h != NULL && msgpack_walk_product(&tree, &h->arena, &h->u.product));
}

static void *decode_catalogue(const uint8_t *bytes, size_t len)
{
    msgpack_object tree;
    struct housed *h = begin(bytes, len, &tree);
    return end(h, h != NULL && msgpack_walk_catalogue(&tree, &h->arena, &h->u.catalogue));
}

static uint64_t sum_session(const void *value)
{
    return codec_sum_session(&((const struct housed *)value)->u.session);
}

static uint64_t sum_product(const void *value)
{
    return codec_sum_product(&((const struct housed *)value)->u.product);
}

static uint64_t sum_catalogue(const void *value)
{
    return codec_sum_catalogue(&((const struct housed *)value)->u.catalogue);
}

const struct codec_side codec_msgpack_arena = {
    .name = "msgpack-c arena",
    .shapes =
        {
            {NULL, NULL, decode_session, release, sum_session},
            {NULL, NULL, decode_product, release, sum_product},
            {NULL, NULL, decode_catalogue, release, sum_catalogue},
        },
};
