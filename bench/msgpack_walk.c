/* SPDX-License-Identifier: MIT */
#include "msgpack_walk.h"

enum { SESSION_FIELDS = 6, DIMENSIONS_FIELDS = 4, REVIEW_FIELDS = 4, ARTICLE_FIELDS = 17 };

static bool is_array(const msgpack_object *o, uint32_t size)
{
    return o->type == MSGPACK_OBJECT_ARRAY && o->via.array.size == size;
}

static bool take_text(const msgpack_object *o, struct graph_arena *arena, const char **ret_text)
{
    if (o->type != MSGPACK_OBJECT_STR) {
        return false;
    }
    *ret_text = graph_text(arena, o->via.str.ptr, o->via.str.size);
    return *ret_text != NULL;
}

static bool take_u64(const msgpack_object *o, uint64_t *ret_number)
{
    *ret_number = o->via.u64;
    return o->type == MSGPACK_OBJECT_POSITIVE_INTEGER;
}

static bool take_i64(const msgpack_object *o, int64_t *ret_number)
{
    *ret_number = o->via.i64;
    return o->type == MSGPACK_OBJECT_POSITIVE_INTEGER || o->type == MSGPACK_OBJECT_NEGATIVE_INTEGER;
}

static bool take_real(const msgpack_object *o, double *ret_number)
{
    *ret_number = o->via.f64;
    return o->type == MSGPACK_OBJECT_FLOAT64;
}

static bool take_bool(const msgpack_object *o, bool *ret_flag)
{
    *ret_flag = o->via.boolean;
    return o->type == MSGPACK_OBJECT_BOOLEAN;
}

bool msgpack_walk_session(const msgpack_object *o, struct graph_arena *arena,
                          struct codec_session *s)
{
    const msgpack_object *at = o->via.array.ptr;
    return is_array(o, SESSION_FIELDS) && take_text(&at[0], arena, &s->token) &&
           take_u64(&at[1], &s->user_id) && take_text(&at[2], arena, &s->ip) &&
           take_i64(&at[3], &s->created_at) && take_i64(&at[4], &s->expires_at) &&
           take_bool(&at[5], &s->admin);
}

static bool take_dimensions(const msgpack_object *o, struct graph_arena *arena,
                            const struct codec_dimensions **ret_dimensions)
{
    if (o->type == MSGPACK_OBJECT_NIL) {
        return true;
    }
    struct codec_dimensions *d = graph_block(arena, 1, sizeof *d);
    const msgpack_object *at = o->via.array.ptr;
    *ret_dimensions = d;
    return d != NULL && is_array(o, DIMENSIONS_FIELDS) && take_real(&at[0], &d->width) &&
           take_real(&at[1], &d->height) && take_real(&at[2], &d->depth) &&
           take_text(&at[3], arena, &d->unit);
}

static bool take_tags(const msgpack_object *o, struct graph_arena *arena,
                      struct larder_string_list *ret_list)
{
    if (o->type != MSGPACK_OBJECT_ARRAY) {
        return false;
    }
    const char **items = graph_block(arena, o->via.array.size, sizeof *items);
    ret_list->items = items;
    for (uint32_t i = 0; items != NULL && i < o->via.array.size; i++) {
        if (!take_text(&o->via.array.ptr[i], arena, &items[i])) {
            return false;
        }
        ret_list->count = i + 1;
    }
    return items != NULL;
}

static bool take_review(const msgpack_object *o, struct graph_arena *arena, struct codec_review *r)
{
    const msgpack_object *at = o->via.array.ptr;
    uint64_t stars;
    if (!is_array(o, REVIEW_FIELDS) || !take_u64(&at[0], &r->user_id) ||
        !take_u64(&at[1], &stars) || stars > UINT8_MAX || !take_text(&at[2], arena, &r->title) ||
        !take_i64(&at[3], &r->written_at)) {
        return false;
    }
    r->stars = (uint8_t)stars;
    return true;
}

static bool take_reviews(const msgpack_object *o, struct graph_arena *arena,
                         struct codec_review_list *ret_list)
{
    if (o->type != MSGPACK_OBJECT_ARRAY) {
        return false;
    }
    struct codec_review *items = graph_block(arena, o->via.array.size, sizeof *items);
    ret_list->items = items;
    for (uint32_t i = 0; items != NULL && i < o->via.array.size; i++) {
        ret_list->count = i + 1;
        if (!take_review(&o->via.array.ptr[i], arena, &items[i])) {
            return false;
        }
    }
    return items != NULL;
}

static bool take_article(const msgpack_object *o, struct graph_arena *arena,
                         struct codec_article *a)
{
    const msgpack_object *at = o->via.array.ptr;
    int64_t stock;
    if (!is_array(o, ARTICLE_FIELDS) || !take_u64(&at[0], &a->id) ||
        !take_text(&at[1], arena, &a->sku) || !take_text(&at[2], arena, &a->name) ||
        !take_text(&at[3], arena, &a->description) || !take_text(&at[4], arena, &a->brand) ||
        !take_text(&at[5], arena, &a->category) || !take_i64(&at[6], &a->price_cents) ||
        !take_i64(&at[7], &stock) || stock < INT32_MIN || stock > INT32_MAX ||
        !take_i64(&at[8], &a->created_at) || !take_i64(&at[9], &a->updated_at) ||
        !take_real(&at[10], &a->rating) || !take_real(&at[11], &a->weight) ||
        !take_bool(&at[12], &a->active) || !take_bool(&at[13], &a->featured) ||
        !take_dimensions(&at[14], arena, &a->dimensions) || !take_tags(&at[15], arena, &a->tags) ||
        !take_reviews(&at[16], arena, &a->reviews)) {
        return false;
    }
    a->stock = (int32_t)stock;
    return true;
}

bool msgpack_walk_product(const msgpack_object *o, struct graph_arena *arena,
                          struct codec_product *p)
{
    return take_article(o, arena, &p->value);
}

bool msgpack_walk_catalogue(const msgpack_object *o, struct graph_arena *arena,
                            struct codec_catalogue *c)
{
    if (o->type != MSGPACK_OBJECT_ARRAY) {
        return false;
    }
    struct codec_article *items = graph_block(arena, o->via.array.size, sizeof *items);
    c->items = items;
    for (uint32_t i = 0; items != NULL && i < o->via.array.size; i++) {
        c->count = i + 1;
        if (!take_article(&o->via.array.ptr[i], arena, &items[i])) {
            return false;
        }
    }
    return items != NULL;
}
