/* SPDX-License-Identifier: MIT */
/*
 * The peer `msgpack-c templates`, out only: msgpack-c's own pack_template.h,
 * which its callback-driven packer is made of, with a writer that inlines: a
 * check and a memcpy into a buffer that is kept and grows.
 */
#include <stdlib.h>
#include <string.h>

#include <msgpack.h>

#include "codec_side.h"

struct room {
    char *start;
    size_t used;
    size_t size;
};

static int grow(struct room *room, size_t len)
{
    const size_t size = 2 * room->size + len;
    char *start = realloc(room->start, size);
    if (start == NULL) {
        return -1;
    }
    room->start = start;
    room->size = size;
    return 0;
}

static inline int append(struct room *room, const void *bytes, size_t len)
{
    if (room->size - room->used < len && grow(room, len) != 0) {
        return -1;
    }
    memcpy(room->start + room->used, bytes, len);
    room->used += len;
    return 0;
}

/* Not all that the template defines is used here. */
#define msgpack_pack_inline_func(name) __attribute__((unused)) static inline int inlined##name
#define msgpack_pack_inline_func_cint(name) msgpack_pack_inline_func(name)
#define msgpack_pack_inline_func_fixint(name) msgpack_pack_inline_func(_fix##name)
#define msgpack_pack_user struct room *
#define msgpack_pack_append_buffer(user, bytes, len) return append(user, bytes, len)
#include <msgpack/pack_template.h>

static void pack_text(struct room *room, const char *text)
{
    const size_t len = strlen(text);
    inlined_str(room, len);
    inlined_str_body(room, text, len);
}

static void pack_bool(struct room *room, bool flag)
{
    if (flag) {
        inlined_true(room);
    } else {
        inlined_false(room);
    }
}

static void pack_dimensions(struct room *room, const struct codec_dimensions *d)
{
    if (d == NULL) {
        inlined_nil(room);
        return;
    }
    inlined_array(room, 4);
    inlined_double(room, d->width);
    inlined_double(room, d->height);
    inlined_double(room, d->depth);
    pack_text(room, d->unit);
}

static void pack_lists(struct room *room, const struct codec_article *a)
{
    inlined_array(room, a->tags.count);
    for (size_t i = 0; i < a->tags.count; i++) {
        pack_text(room, a->tags.items[i]);
    }
    inlined_array(room, a->reviews.count);
    for (size_t i = 0; i < a->reviews.count; i++) {
        const struct codec_review *r = &a->reviews.items[i];
        inlined_array(room, 4);
        inlined_uint64(room, r->user_id);
        inlined_uint8(room, r->stars);
        pack_text(room, r->title);
        inlined_int64(room, r->written_at);
    }
}

static void pack_article(struct room *room, const struct codec_article *a)
{
    inlined_array(room, 17);
    inlined_uint64(room, a->id);
    pack_text(room, a->sku);
    pack_text(room, a->name);
    pack_text(room, a->description);
    pack_text(room, a->brand);
    pack_text(room, a->category);
    inlined_int64(room, a->price_cents);
    inlined_int32(room, a->stock);
    inlined_int64(room, a->created_at);
    inlined_int64(room, a->updated_at);
    inlined_double(room, a->rating);
    inlined_double(room, a->weight);
    pack_bool(room, a->active);
    pack_bool(room, a->featured);
    pack_dimensions(room, a->dimensions);
    pack_lists(room, a);
}

static struct room *begin(void)
{
    static struct room kept;
    kept.used = 0;
    return &kept;
}

static size_t end(const struct room *room, const uint8_t **ret_bytes)
{
    *ret_bytes = (const uint8_t *)room->start;
    return room->used;
}

static size_t encode_session(const void *value, const uint8_t **ret_bytes)
{
    const struct codec_session *s = value;
    struct room *room = begin();
    inlined_array(room, 6);
    pack_text(room, s->token);
    inlined_uint64(room, s->user_id);
    pack_text(room, s->ip);
    inlined_int64(room, s->created_at);
    inlined_int64(room, s->expires_at);
    pack_bool(room, s->admin);
    return end(room, ret_bytes);
}

static size_t encode_product(const void *value, const uint8_t **ret_bytes)
{
    const struct codec_product *p = value;
    struct room *room = begin();
    pack_article(room, &p->value);
    return end(room, ret_bytes);
}

static size_t encode_catalogue(const void *value, const uint8_t **ret_bytes)
{
    const struct codec_catalogue *c = value;
    struct room *room = begin();
    inlined_array(room, c->count);
    for (size_t i = 0; i < c->count; i++) {
        pack_article(room, &c->items[i]);
    }
    return end(room, ret_bytes);
}

const struct codec_side codec_msgpack_templates = {
    .name = "msgpack-c templates",
    .shapes =
        {
            {.encode = encode_session},
            {.encode = encode_product},
            {.encode = encode_catalogue},
        },
};
