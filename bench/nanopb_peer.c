/* SPDX-License-Identifier: MIT */
/*
 * The peer `nanopb`, with structs of its own (codec.proto) that hold everything
 * within the bounds of codec.options, so it allocates one block a value: made
 * beforehand for writing, encoded into a buffer that is kept; decoded into a
 * block of malloc's.
 */
#include <stdio.h>
#include <stdlib.h>

#include <pb_decode.h>
#include <pb_encode.h>

#include "bench_options.h"
#include "codec.pb.h"
#include "codec_side.h"

static uint8_t buffer[CODEC_BUFFER_BYTES];

/* ------------------------------------------------------- made beforehand */

static void *block(size_t size)
{
    void *made = calloc(1, size);
    if (made == NULL) {
        bench_give_up("no memory");
    }
    return made;
}

#define TEXT(to, from) (void)snprintf(to, sizeof(to), "%s", from)

static const void *make_session(const void *value)
{
    const struct codec_session *s = value;
    peer_Session *made = block(sizeof *made);
    TEXT(made->token, s->token);
    made->user_id = s->user_id;
    TEXT(made->ip, s->ip);
    made->created_at = s->created_at;
    made->expires_at = s->expires_at;
    made->admin = s->admin;
    return made;
}

static void fill_parts(peer_Product *made, const struct codec_article *a)
{
    made->has_dimensions = a->dimensions != NULL;
    if (a->dimensions != NULL) {
        made->dimensions.width = a->dimensions->width;
        made->dimensions.height = a->dimensions->height;
        made->dimensions.depth = a->dimensions->depth;
        TEXT(made->dimensions.unit, a->dimensions->unit);
    }
    made->tags_count = CODEC_TAGS;
    for (size_t i = 0; i < CODEC_TAGS; i++) {
        TEXT(made->tags[i], a->tags.items[i]);
    }
    made->reviews_count = CODEC_REVIEWS;
    for (size_t i = 0; i < CODEC_REVIEWS; i++) {
        made->reviews[i].user_id = a->reviews.items[i].user_id;
        made->reviews[i].stars = a->reviews.items[i].stars;
        TEXT(made->reviews[i].title, a->reviews.items[i].title);
        made->reviews[i].written_at = a->reviews.items[i].written_at;
    }
}

static void fill_article(peer_Product *made, const struct codec_article *a)
{
    made->id = a->id;
    TEXT(made->sku, a->sku);
    TEXT(made->name, a->name);
    TEXT(made->description, a->description);
    TEXT(made->brand, a->brand);
    TEXT(made->category, a->category);
    made->price_cents = a->price_cents;
    made->stock = a->stock;
    made->created_at = a->created_at;
    made->updated_at = a->updated_at;
    made->rating = a->rating;
    made->weight = a->weight;
    made->active = a->active;
    made->featured = a->featured;
    fill_parts(made, a);
}

static const void *make_product(const void *value)
{
    const struct codec_product *p = value;
    peer_Product *made = block(sizeof *made);
    fill_article(made, &p->value);
    return made;
}

static const void *make_catalogue(const void *value)
{
    const struct codec_catalogue *c = value;
    peer_Catalogue *made = block(sizeof *made);
    made->products_count = CODEC_PRODUCTS_EACH;
    for (size_t i = 0; i < CODEC_PRODUCTS_EACH; i++) {
        fill_article(&made->products[i], &c->items[i]);
    }
    return made;
}

/* ------------------------------------------------------------------- calls */

static size_t encode(const pb_msgdesc_t *fields, const void *prepared, const uint8_t **ret_bytes)
{
    pb_ostream_t stream = pb_ostream_from_buffer(buffer, sizeof buffer);
    *ret_bytes = buffer;
    return pb_encode(&stream, fields, prepared) ? stream.bytes_written : 0;
}

static size_t encode_session(const void *prepared, const uint8_t **ret_bytes)
{
    return encode(peer_Session_fields, prepared, ret_bytes);
}

static size_t encode_product(const void *prepared, const uint8_t **ret_bytes)
{
    return encode(peer_Product_fields, prepared, ret_bytes);
}

static size_t encode_catalogue(const void *prepared, const uint8_t **ret_bytes)
{
    return encode(peer_Catalogue_fields, prepared, ret_bytes);
}

/* pb_decode sets what is absent, so the block needs no zeroes. */
static void *decode(const pb_msgdesc_t *fields, size_t size, const uint8_t *bytes, size_t len)
{
    void *value = malloc(size);
    pb_istream_t stream = pb_istream_from_buffer(bytes, len);
    if (value != NULL && !pb_decode(&stream, fields, value)) {
        free(value);
        return NULL;
    }
    return value;
}

static void *decode_session(const uint8_t *bytes, size_t len)
{
    return decode(peer_Session_fields, sizeof(peer_Session), bytes, len);
}

static void *decode_product(const uint8_t *bytes, size_t len)
{
    return decode(peer_Product_fields, sizeof(peer_Product), bytes, len);
}

static void *decode_catalogue(const uint8_t *bytes, size_t len)
{
    return decode(peer_Catalogue_fields, sizeof(peer_Catalogue), bytes, len);
}

/* -------------------------------------------------------------------- sums */

static uint64_t sum_session(const void *value)
{
    const peer_Session *s = value;
    uint64_t sum = codec_sum_text(CODEC_SUM_BEGIN, s->token);
    sum = codec_sum_number(sum, s->user_id);
    sum = codec_sum_text(sum, s->ip);
    sum = codec_sum_number(sum, (uint64_t)s->created_at);
    sum = codec_sum_number(sum, (uint64_t)s->expires_at);
    return codec_sum_number(sum, s->admin);
}

static uint64_t sum_parts(uint64_t sum, const peer_Product *p)
{
    sum = codec_sum_number(sum, p->has_dimensions);
    if (p->has_dimensions) {
        sum = codec_sum_real(sum, p->dimensions.width);
        sum = codec_sum_real(sum, p->dimensions.height);
        sum = codec_sum_real(sum, p->dimensions.depth);
        sum = codec_sum_text(sum, p->dimensions.unit);
    }
    sum = codec_sum_number(sum, p->tags_count);
    for (size_t i = 0; i < p->tags_count; i++) {
        sum = codec_sum_text(sum, p->tags[i]);
    }
    sum = codec_sum_number(sum, p->reviews_count);
    for (size_t i = 0; i < p->reviews_count; i++) {
        sum = codec_sum_number(sum, p->reviews[i].user_id);
        sum = codec_sum_number(sum, p->reviews[i].stars);
        sum = codec_sum_text(sum, p->reviews[i].title);
        sum = codec_sum_number(sum, (uint64_t)p->reviews[i].written_at);
    }
    return sum;
}

static uint64_t sum_article(uint64_t sum, const peer_Product *p)
{
    sum = codec_sum_number(sum, p->id);
    sum = codec_sum_text(sum, p->sku);
    sum = codec_sum_text(sum, p->name);
    sum = codec_sum_text(sum, p->description);
    sum = codec_sum_text(sum, p->brand);
    sum = codec_sum_text(sum, p->category);
    sum = codec_sum_number(sum, (uint64_t)p->price_cents);
    sum = codec_sum_number(sum, (uint64_t)p->stock);
    sum = codec_sum_number(sum, (uint64_t)p->created_at);
    sum = codec_sum_number(sum, (uint64_t)p->updated_at);
    sum = codec_sum_real(sum, p->rating);
    sum = codec_sum_real(sum, p->weight);
    sum = codec_sum_number(sum, p->active);
    sum = codec_sum_number(sum, p->featured);
    return sum_parts(sum, p);
}

static uint64_t sum_product(const void *value)
{
    return sum_article(CODEC_SUM_BEGIN, value);
}

static uint64_t sum_catalogue(const void *value)
{
    const peer_Catalogue *c = value;
    uint64_t sum = codec_sum_number(CODEC_SUM_BEGIN, c->products_count);
    for (size_t i = 0; i < c->products_count; i++) {
        sum = sum_article(sum, &c->products[i]);
    }
    return sum;
}

const struct codec_side codec_nanopb = {
    .name = "nanopb",
    .shapes =
        {
            {make_session, encode_session, decode_session, free, sum_session},
            {make_product, encode_product, decode_product, free, sum_product},
            {make_catalogue, encode_catalogue, decode_catalogue, free, sum_catalogue},
        },
};
