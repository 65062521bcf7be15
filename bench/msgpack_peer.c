/* SPDX-License-Identifier: MIT */
/*
 * The peer `msgpack-c`, which the others are held against: packed into a
 * msgpack_sbuffer that is kept; msgpack_unpack_next, and the tree copied into
 * the same struct, strings and lists with malloc.
 */
#include <stdlib.h>
#include <string.h>

#include "codec_side.h"
#include "graph.h"
#include "msgpack_walk.h"

static msgpack_sbuffer buffer; /* zeroed is empty */

/* The packer is an interface, and its callback stays one: volatile, or the
 * compiler, which sees all of this file, would inline the writer into the smaller
 * shapes. What that gains is the peer `msgpack-c templates`. */
static int (*volatile writer)(void *data, const char *bytes, size_t len) = msgpack_sbuffer_write;

/* ----------------------------------------------------------------- writing */

static void pack_text(msgpack_packer *pk, const char *text)
{
    const size_t len = strlen(text);
    msgpack_pack_str(pk, len);
    msgpack_pack_str_body(pk, text, len);
}

static void pack_bool(msgpack_packer *pk, bool flag)
{
    if (flag) {
        msgpack_pack_true(pk);
    } else {
        msgpack_pack_false(pk);
    }
}

static void pack_dimensions(msgpack_packer *pk, const struct codec_dimensions *d)
{
    if (d == NULL) {
        msgpack_pack_nil(pk);
        return;
    }
    msgpack_pack_array(pk, 4);
    msgpack_pack_double(pk, d->width);
    msgpack_pack_double(pk, d->height);
    msgpack_pack_double(pk, d->depth);
    pack_text(pk, d->unit);
}

static void pack_lists(msgpack_packer *pk, const struct codec_article *a)
{
    msgpack_pack_array(pk, a->tags.count);
    for (size_t i = 0; i < a->tags.count; i++) {
        pack_text(pk, a->tags.items[i]);
    }
    msgpack_pack_array(pk, a->reviews.count);
    for (size_t i = 0; i < a->reviews.count; i++) {
        const struct codec_review *r = &a->reviews.items[i];
        msgpack_pack_array(pk, 4);
        msgpack_pack_uint64(pk, r->user_id);
        msgpack_pack_uint8(pk, r->stars);
        pack_text(pk, r->title);
        msgpack_pack_int64(pk, r->written_at);
    }
}

static void pack_article(msgpack_packer *pk, const struct codec_article *a)
{
    msgpack_pack_array(pk, 17);
    msgpack_pack_uint64(pk, a->id);
    pack_text(pk, a->sku);
    pack_text(pk, a->name);
    pack_text(pk, a->description);
    pack_text(pk, a->brand);
    pack_text(pk, a->category);
    msgpack_pack_int64(pk, a->price_cents);
    msgpack_pack_int32(pk, a->stock);
    msgpack_pack_int64(pk, a->created_at);
    msgpack_pack_int64(pk, a->updated_at);
    msgpack_pack_double(pk, a->rating);
    msgpack_pack_double(pk, a->weight);
    pack_bool(pk, a->active);
    pack_bool(pk, a->featured);
    pack_dimensions(pk, a->dimensions);
    pack_lists(pk, a);
}

static void begin(msgpack_packer *pk)
{
    msgpack_sbuffer_clear(&buffer);
    msgpack_packer_init(pk, &buffer, writer);
}

static size_t end(const uint8_t **ret_bytes)
{
    *ret_bytes = (const uint8_t *)buffer.data;
    return buffer.size;
}

static size_t encode_session(const void *value, const uint8_t **ret_bytes)
{
    const struct codec_session *s = value;
    msgpack_packer pk;
    begin(&pk);
    msgpack_pack_array(&pk, 6);
    pack_text(&pk, s->token);
    msgpack_pack_uint64(&pk, s->user_id);
    pack_text(&pk, s->ip);
    msgpack_pack_int64(&pk, s->created_at);
    msgpack_pack_int64(&pk, s->expires_at);
    pack_bool(&pk, s->admin);
    return end(ret_bytes);
}

static size_t encode_product(const void *value, const uint8_t **ret_bytes)
{
    const struct codec_product *p = value;
    msgpack_packer pk;
    begin(&pk);
    pack_article(&pk, &p->value);
    return end(ret_bytes);
}

static size_t encode_catalogue(const void *value, const uint8_t **ret_bytes)
{
    const struct codec_catalogue *c = value;
    msgpack_packer pk;
    begin(&pk);
    msgpack_pack_array(&pk, c->count);
    for (size_t i = 0; i < c->count; i++) {
        pack_article(&pk, &c->items[i]);
    }
    return end(ret_bytes);
}

/* ----------------------------------------------------------------- reading */

static bool unpack(msgpack_unpacked *tree, const uint8_t *bytes, size_t len)
{
    size_t used = 0;
    msgpack_unpacked_init(tree);
    return msgpack_unpack_next(tree, (const char *)bytes, len, &used) == MSGPACK_UNPACK_SUCCESS &&
           used == len;
}

static void *decode_session(const uint8_t *bytes, size_t len)
{
    msgpack_unpacked tree;
    struct codec_session *s = NULL;
    if (unpack(&tree, bytes, len)) {
        s = calloc(1, sizeof *s);
        if (s != NULL && !msgpack_walk_session(&tree.data, NULL, s)) {
            graph_free_session(s);
            s = NULL;
        }
    }
    msgpack_unpacked_destroy(&tree);
    return s;
}

static void *decode_product(const uint8_t *bytes, size_t len)
{
    msgpack_unpacked tree;
    struct codec_product *p = NULL;
    if (unpack(&tree, bytes, len)) {
        p = calloc(1, sizeof *p);
        if (p != NULL && !msgpack_walk_product(&tree.data, NULL, p)) {
            graph_free_product(p);
            p = NULL;
        }
    }
    msgpack_unpacked_destroy(&tree);
    return p;
}

static void *decode_catalogue(const uint8_t *bytes, size_t len)
{
    msgpack_unpacked tree;
    struct codec_catalogue *c = NULL;
    if (unpack(&tree, bytes, len)) {
        c = calloc(1, sizeof *c);
        if (c != NULL && !msgpack_walk_catalogue(&tree.data, NULL, c)) {
            graph_free_catalogue(c);
            c = NULL;
        }
    }
    msgpack_unpacked_destroy(&tree);
    return c;
}

const struct codec_side codec_msgpack = {
    .name = "msgpack-c",
    .shapes =
        {
            {NULL, encode_session, decode_session, graph_free_session, codec_sum_session},
            {NULL, encode_product, decode_product, graph_free_product, codec_sum_product},
            {NULL, encode_catalogue, decode_catalogue, graph_free_catalogue, codec_sum_catalogue},
        },
};
