/* SPDX-License-Identifier: MIT */
/*
 * The peer `jansson`: a tree built and dumped, without blanks, into a buffer
 * that is kept; loaded into a tree, fields looked up by name, copied into the
 * same struct.
 */
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "codec_side.h"
#include "graph.h"

static char buffer[CODEC_BUFFER_BYTES];

/* ----------------------------------------------------------------- writing */

static json_t *whole(uint64_t number)
{
    return json_integer((json_int_t)number);
}

static json_t *of_session(const struct codec_session *s)
{
    json_t *o = json_object();
    json_object_set_new(o, "token", json_string(s->token));
    json_object_set_new(o, "user_id", whole(s->user_id));
    json_object_set_new(o, "ip", json_string(s->ip));
    json_object_set_new(o, "created_at", json_integer(s->created_at));
    json_object_set_new(o, "expires_at", json_integer(s->expires_at));
    json_object_set_new(o, "admin", json_boolean(s->admin));
    return o;
}

static json_t *of_dimensions(const struct codec_dimensions *d)
{
    json_t *o = json_object();
    json_object_set_new(o, "width", json_real(d->width));
    json_object_set_new(o, "height", json_real(d->height));
    json_object_set_new(o, "depth", json_real(d->depth));
    json_object_set_new(o, "unit", json_string(d->unit));
    return o;
}

static json_t *of_tags(struct larder_string_list list)
{
    json_t *array = json_array();
    for (size_t i = 0; i < list.count; i++) {
        json_array_append_new(array, json_string(list.items[i]));
    }
    return array;
}

static json_t *of_reviews(struct codec_review_list list)
{
    json_t *array = json_array();
    for (size_t i = 0; i < list.count; i++) {
        json_t *o = json_object();
        json_object_set_new(o, "user_id", whole(list.items[i].user_id));
        json_object_set_new(o, "stars", json_integer(list.items[i].stars));
        json_object_set_new(o, "title", json_string(list.items[i].title));
        json_object_set_new(o, "written_at", json_integer(list.items[i].written_at));
        json_array_append_new(array, o);
    }
    return array;
}

static json_t *of_article(const struct codec_article *a)
{
    json_t *o = json_object();
    json_object_set_new(o, "id", whole(a->id));
    json_object_set_new(o, "sku", json_string(a->sku));
    json_object_set_new(o, "name", json_string(a->name));
    json_object_set_new(o, "description", json_string(a->description));
    json_object_set_new(o, "brand", json_string(a->brand));
    json_object_set_new(o, "category", json_string(a->category));
    json_object_set_new(o, "price_cents", json_integer(a->price_cents));
    json_object_set_new(o, "stock", json_integer(a->stock));
    json_object_set_new(o, "created_at", json_integer(a->created_at));
    json_object_set_new(o, "updated_at", json_integer(a->updated_at));
    json_object_set_new(o, "rating", json_real(a->rating));
    json_object_set_new(o, "weight", json_real(a->weight));
    json_object_set_new(o, "active", json_boolean(a->active));
    json_object_set_new(o, "featured", json_boolean(a->featured));
    if (a->dimensions != NULL) {
        json_object_set_new(o, "dimensions", of_dimensions(a->dimensions));
    }
    json_object_set_new(o, "tags", of_tags(a->tags));
    json_object_set_new(o, "reviews", of_reviews(a->reviews));
    return o;
}

static size_t dump(json_t *tree, const uint8_t **ret_bytes)
{
    const size_t len = json_dumpb(tree, buffer, sizeof buffer, JSON_COMPACT);
    json_decref(tree);
    *ret_bytes = (const uint8_t *)buffer;
    return len <= sizeof buffer ? len : 0;
}

static size_t encode_session(const void *value, const uint8_t **ret_bytes)
{
    return dump(of_session(value), ret_bytes);
}

static size_t encode_product(const void *value, const uint8_t **ret_bytes)
{
    const struct codec_product *p = value;
    return dump(of_article(&p->value), ret_bytes);
}

static size_t encode_catalogue(const void *value, const uint8_t **ret_bytes)
{
    const struct codec_catalogue *c = value;
    json_t *tree = json_array();
    for (size_t i = 0; i < c->count; i++) {
        json_array_append_new(tree, of_article(&c->items[i]));
    }
    return dump(tree, ret_bytes);
}

/* ----------------------------------------------------------------- reading */

static bool text_of(const json_t *item, const char **ret_text)
{
    if (!json_is_string(item)) {
        return false;
    }
    *ret_text = graph_text(NULL, json_string_value(item), json_string_length(item));
    return *ret_text != NULL;
}

static bool take_text(const json_t *o, const char *name, const char **ret_text)
{
    return text_of(json_object_get(o, name), ret_text);
}

static bool take_real(const json_t *o, const char *name, double *ret_number)
{
    const json_t *item = json_object_get(o, name);
    *ret_number = json_number_value(item);
    return json_is_number(item);
}

static bool take_i64(const json_t *o, const char *name, int64_t *ret_number)
{
    const json_t *item = json_object_get(o, name);
    *ret_number = json_integer_value(item);
    return json_is_integer(item);
}

static bool take_u64(const json_t *o, const char *name, uint64_t *ret_number)
{
    int64_t number;
    const bool ok = take_i64(o, name, &number) && number >= 0;
    *ret_number = (uint64_t)number;
    return ok;
}

static bool take_bool(const json_t *o, const char *name, bool *ret_flag)
{
    const json_t *item = json_object_get(o, name);
    *ret_flag = json_is_true(item);
    return json_is_boolean(item);
}

static bool take_session(const json_t *o, struct codec_session *s)
{
    return take_text(o, "token", &s->token) && take_u64(o, "user_id", &s->user_id) &&
           take_text(o, "ip", &s->ip) && take_i64(o, "created_at", &s->created_at) &&
           take_i64(o, "expires_at", &s->expires_at) && take_bool(o, "admin", &s->admin);
}

static bool take_dimensions(const json_t *o, const struct codec_dimensions **ret_dimensions)
{
    const json_t *part = json_object_get(o, "dimensions");
    if (part == NULL) {
        return true;
    }
    struct codec_dimensions *d = graph_block(NULL, 1, sizeof *d);
    *ret_dimensions = d;
    return d != NULL && take_real(part, "width", &d->width) &&
           take_real(part, "height", &d->height) && take_real(part, "depth", &d->depth) &&
           take_text(part, "unit", &d->unit);
}

static bool take_tags(const json_t *o, struct larder_string_list *ret_list)
{
    const json_t *list = json_object_get(o, "tags");
    const size_t count = json_array_size(list);
    const char **items = graph_block(NULL, count, sizeof *items);
    ret_list->items = items;
    for (size_t i = 0; items != NULL && i < count; i++) {
        if (!text_of(json_array_get(list, i), &items[i])) {
            return false;
        }
        ret_list->count = i + 1;
    }
    return items != NULL && json_is_array(list);
}

static bool take_review(const json_t *o, struct codec_review *r)
{
    uint64_t stars;
    if (!take_u64(o, "user_id", &r->user_id) || !take_u64(o, "stars", &stars) ||
        stars > UINT8_MAX || !take_text(o, "title", &r->title) ||
        !take_i64(o, "written_at", &r->written_at)) {
        return false;
    }
    r->stars = (uint8_t)stars;
    return true;
}

static bool take_reviews(const json_t *o, struct codec_review_list *ret_list)
{
    const json_t *list = json_object_get(o, "reviews");
    const size_t count = json_array_size(list);
    struct codec_review *items = graph_block(NULL, count, sizeof *items);
    ret_list->items = items;
    for (size_t i = 0; items != NULL && i < count; i++) {
        ret_list->count = i + 1;
        if (!take_review(json_array_get(list, i), &items[i])) {
            return false;
        }
    }
    return items != NULL && json_is_array(list);
}

static bool take_article(const json_t *o, struct codec_article *a)
{
    int64_t stock;
    if (!take_u64(o, "id", &a->id) || !take_text(o, "sku", &a->sku) ||
        !take_text(o, "name", &a->name) || !take_text(o, "description", &a->description) ||
        !take_text(o, "brand", &a->brand) || !take_text(o, "category", &a->category) ||
        !take_i64(o, "price_cents", &a->price_cents) || !take_i64(o, "stock", &stock) ||
        stock < INT32_MIN || stock > INT32_MAX || !take_i64(o, "created_at", &a->created_at) ||
        !take_i64(o, "updated_at", &a->updated_at) || !take_real(o, "rating", &a->rating) ||
        !take_real(o, "weight", &a->weight) || !take_bool(o, "active", &a->active) ||
        !take_bool(o, "featured", &a->featured) || !take_dimensions(o, &a->dimensions) ||
        !take_tags(o, &a->tags) || !take_reviews(o, &a->reviews)) {
        return false;
    }
    a->stock = (int32_t)stock;
    return true;
}

static bool take_catalogue(const json_t *list, struct codec_catalogue *c)
{
    const size_t count = json_array_size(list);
    struct codec_article *items = graph_block(NULL, count, sizeof *items);
    c->items = items;
    for (size_t i = 0; items != NULL && i < count; i++) {
        c->count = i + 1;
        if (!take_article(json_array_get(list, i), &items[i])) {
            return false;
        }
    }
    return items != NULL && json_is_array(list);
}

static json_t *load(const uint8_t *bytes, size_t len)
{
    return json_loadb((const char *)bytes, len, 0, NULL);
}

static void *decode_session(const uint8_t *bytes, size_t len)
{
    json_t *tree = load(bytes, len);
    struct codec_session *s = calloc(1, sizeof *s);
    if (s != NULL && !take_session(tree, s)) {
        graph_free_session(s);
        s = NULL;
    }
    json_decref(tree);
    return s;
}

static void *decode_product(const uint8_t *bytes, size_t len)
{
    json_t *tree = load(bytes, len);
    struct codec_product *p = calloc(1, sizeof *p);
    if (p != NULL && !take_article(tree, &p->value)) {
        graph_free_product(p);
        p = NULL;
    }
    json_decref(tree);
    return p;
}

static void *decode_catalogue(const uint8_t *bytes, size_t len)
{
    json_t *tree = load(bytes, len);
    struct codec_catalogue *c = calloc(1, sizeof *c);
    if (c != NULL && !take_catalogue(tree, c)) {
        graph_free_catalogue(c);
        c = NULL;
    }
    json_decref(tree);
    return c;
}

const struct codec_side codec_jansson = {
    .name = "jansson",
    .shapes =
        {
            {NULL, encode_session, decode_session, graph_free_session, codec_sum_session},
            {NULL, encode_product, decode_product, graph_free_product, codec_sum_product},
            {NULL, encode_catalogue, decode_catalogue, graph_free_catalogue, codec_sum_catalogue},
        },
};
