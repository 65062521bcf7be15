/* SPDX-License-Identifier: MIT */
/*
 * The peer `cJSON`: a tree built and printed, without blanks, into a buffer that
 * is kept; parsed into a tree, fields looked up by name, copied into the same
 * struct.
 */
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "codec_side.h"
#include "graph.h"

static char buffer[CODEC_BUFFER_BYTES];

/* ----------------------------------------------------------------- writing */

static cJSON *of_session(const struct codec_session *s)
{
    cJSON *o = cJSON_CreateObject();
    cJSON_AddStringToObject(o, "token", s->token);
    cJSON_AddNumberToObject(o, "user_id", (double)s->user_id);
    cJSON_AddStringToObject(o, "ip", s->ip);
    cJSON_AddNumberToObject(o, "created_at", (double)s->created_at);
    cJSON_AddNumberToObject(o, "expires_at", (double)s->expires_at);
    cJSON_AddBoolToObject(o, "admin", s->admin);
    return o;
}

static void add_dimensions(cJSON *o, const struct codec_dimensions *d)
{
    if (d == NULL) {
        return; /* an absent member says it in JSON */
    }
    cJSON *part = cJSON_AddObjectToObject(o, "dimensions");
    cJSON_AddNumberToObject(part, "width", d->width);
    cJSON_AddNumberToObject(part, "height", d->height);
    cJSON_AddNumberToObject(part, "depth", d->depth);
    cJSON_AddStringToObject(part, "unit", d->unit);
}

static void add_lists(cJSON *o, const struct codec_article *a)
{
    cJSON *tags = cJSON_AddArrayToObject(o, "tags");
    for (size_t i = 0; i < a->tags.count; i++) {
        cJSON_AddItemToArray(tags, cJSON_CreateString(a->tags.items[i]));
    }
    cJSON *reviews = cJSON_AddArrayToObject(o, "reviews");
    for (size_t i = 0; i < a->reviews.count; i++) {
        const struct codec_review *r = &a->reviews.items[i];
        cJSON *part = cJSON_CreateObject();
        cJSON_AddNumberToObject(part, "user_id", (double)r->user_id);
        cJSON_AddNumberToObject(part, "stars", r->stars);
        cJSON_AddStringToObject(part, "title", r->title);
        cJSON_AddNumberToObject(part, "written_at", (double)r->written_at);
        cJSON_AddItemToArray(reviews, part);
    }
}

static cJSON *of_article(const struct codec_article *a)
{
    cJSON *o = cJSON_CreateObject();
    cJSON_AddNumberToObject(o, "id", (double)a->id);
    cJSON_AddStringToObject(o, "sku", a->sku);
    cJSON_AddStringToObject(o, "name", a->name);
    cJSON_AddStringToObject(o, "description", a->description);
    cJSON_AddStringToObject(o, "brand", a->brand);
    cJSON_AddStringToObject(o, "category", a->category);
    cJSON_AddNumberToObject(o, "price_cents", (double)a->price_cents);
    cJSON_AddNumberToObject(o, "stock", a->stock);
    cJSON_AddNumberToObject(o, "created_at", (double)a->created_at);
    cJSON_AddNumberToObject(o, "updated_at", (double)a->updated_at);
    cJSON_AddNumberToObject(o, "rating", a->rating);
    cJSON_AddNumberToObject(o, "weight", a->weight);
    cJSON_AddBoolToObject(o, "active", a->active);
    cJSON_AddBoolToObject(o, "featured", a->featured);
    add_dimensions(o, a->dimensions);
    add_lists(o, a);
    return o;
}

static size_t print(cJSON *tree, const uint8_t **ret_bytes)
{
    const bool ok = cJSON_PrintPreallocated(tree, buffer, sizeof buffer, false);
    cJSON_Delete(tree);
    *ret_bytes = (const uint8_t *)buffer;
    return ok ? strlen(buffer) : 0;
}

static size_t encode_session(const void *value, const uint8_t **ret_bytes)
{
    return print(of_session(value), ret_bytes);
}

static size_t encode_product(const void *value, const uint8_t **ret_bytes)
{
    const struct codec_product *p = value;
    return print(of_article(&p->value), ret_bytes);
}

static size_t encode_catalogue(const void *value, const uint8_t **ret_bytes)
{
    const struct codec_catalogue *c = value;
    cJSON *tree = cJSON_CreateArray();
    for (size_t i = 0; i < c->count; i++) {
        cJSON_AddItemToArray(tree, of_article(&c->items[i]));
    }
    return print(tree, ret_bytes);
}

/* ----------------------------------------------------------------- reading */

static bool text_of(const cJSON *item, const char **ret_text)
{
    if (!cJSON_IsString(item)) {
        return false;
    }
    *ret_text = graph_text(NULL, item->valuestring, strlen(item->valuestring));
    return *ret_text != NULL;
}

static bool take_text(const cJSON *o, const char *name, const char **ret_text)
{
    return text_of(cJSON_GetObjectItemCaseSensitive(o, name), ret_text);
}

static bool take_real(const cJSON *o, const char *name, double *ret_number)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(o, name);
    *ret_number = cJSON_IsNumber(item) ? item->valuedouble : 0;
    return cJSON_IsNumber(item);
}

static bool take_i64(const cJSON *o, const char *name, int64_t *ret_number)
{
    double number;
    const bool ok = take_real(o, name, &number);
    *ret_number = (int64_t)number;
    return ok;
}

static bool take_u64(const cJSON *o, const char *name, uint64_t *ret_number)
{
    double number;
    const bool ok = take_real(o, name, &number) && number >= 0;
    *ret_number = ok ? (uint64_t)number : 0;
    return ok;
}

static bool take_bool(const cJSON *o, const char *name, bool *ret_flag)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(o, name);
    *ret_flag = cJSON_IsTrue(item);
    return cJSON_IsBool(item);
}

static bool take_session(const cJSON *o, struct codec_session *s)
{
    return take_text(o, "token", &s->token) && take_u64(o, "user_id", &s->user_id) &&
           take_text(o, "ip", &s->ip) && take_i64(o, "created_at", &s->created_at) &&
           take_i64(o, "expires_at", &s->expires_at) && take_bool(o, "admin", &s->admin);
}

static bool take_dimensions(const cJSON *o, const struct codec_dimensions **ret_dimensions)
{
    const cJSON *part = cJSON_GetObjectItemCaseSensitive(o, "dimensions");
    if (part == NULL) {
        return true;
    }
    struct codec_dimensions *d = graph_block(NULL, 1, sizeof *d);
    *ret_dimensions = d;
    return d != NULL && take_real(part, "width", &d->width) &&
           take_real(part, "height", &d->height) && take_real(part, "depth", &d->depth) &&
           take_text(part, "unit", &d->unit);
}

static bool take_tags(const cJSON *o, struct larder_string_list *ret_list)
{
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(o, "tags");
    const cJSON *item;
    if (!cJSON_IsArray(list)) {
        return false;
    }
    const char **items = graph_block(NULL, (size_t)cJSON_GetArraySize(list), sizeof *items);
    ret_list->items = items;
    cJSON_ArrayForEach(item, list)
    {
        if (items == NULL || !text_of(item, &items[ret_list->count])) {
            return false;
        }
        ret_list->count++;
    }
    return true;
}

static bool take_review(const cJSON *o, struct codec_review *r)
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

static bool take_reviews(const cJSON *o, struct codec_review_list *ret_list)
{
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(o, "reviews");
    const cJSON *item;
    if (!cJSON_IsArray(list)) {
        return false;
    }
    struct codec_review *items = graph_block(NULL, (size_t)cJSON_GetArraySize(list), sizeof *items);
    ret_list->items = items;
    cJSON_ArrayForEach(item, list)
    {
        if (items == NULL || !take_review(item, &items[ret_list->count++])) {
            return false;
        }
    }
    return true;
}

static bool take_article(const cJSON *o, struct codec_article *a)
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

static bool take_catalogue(const cJSON *list, struct codec_catalogue *c)
{
    const cJSON *item;
    if (!cJSON_IsArray(list)) {
        return false;
    }
    struct codec_article *items =
        graph_block(NULL, (size_t)cJSON_GetArraySize(list), sizeof *items);
    c->items = items;
    cJSON_ArrayForEach(item, list)
    {
        if (items == NULL || !take_article(item, &items[c->count++])) {
            return false;
        }
    }
    return true;
}

static cJSON *parse(const uint8_t *bytes, size_t len)
{
    return cJSON_ParseWithLength((const char *)bytes, len);
}

static void *decode_session(const uint8_t *bytes, size_t len)
{
    cJSON *tree = parse(bytes, len);
    struct codec_session *s = calloc(1, sizeof *s);
    if (s != NULL && !take_session(tree, s)) {
        graph_free_session(s);
        s = NULL;
    }
    cJSON_Delete(tree);
    return s;
}

static void *decode_product(const uint8_t *bytes, size_t len)
{
    cJSON *tree = parse(bytes, len);
    struct codec_product *p = calloc(1, sizeof *p);
    if (p != NULL && !take_article(tree, &p->value)) {
        graph_free_product(p);
        p = NULL;
    }
    cJSON_Delete(tree);
    return p;
}

static void *decode_catalogue(const uint8_t *bytes, size_t len)
{
    cJSON *tree = parse(bytes, len);
    struct codec_catalogue *c = calloc(1, sizeof *c);
    if (c != NULL && !take_catalogue(tree, c)) {
        graph_free_catalogue(c);
        c = NULL;
    }
    cJSON_Delete(tree);
    return c;
}

const struct codec_side codec_cjson = {
    .name = "cJSON",
    .shapes =
        {
            {NULL, encode_session, decode_session, graph_free_session, codec_sum_session},
            {NULL, encode_product, decode_product, graph_free_product, codec_sum_product},
            {NULL, encode_catalogue, decode_catalogue, graph_free_catalogue, codec_sum_catalogue},
        },
};
