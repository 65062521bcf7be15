/* SPDX-License-Identifier: MIT */
/*
 * The peer `protobuf-c`, with structs of its own (codec.proto), which its users
 * hold: made beforehand for writing, packed into a buffer that is kept; read
 * with unpack and given back with free_unpacked.
 */
#include <stdlib.h>

#include "bench_options.h"
#include "codec.pb-c.h"
#include "codec_side.h"

static uint8_t buffer[CODEC_BUFFER_BYTES];

/* ------------------------------------------------------- made beforehand */

static void *block(size_t count, size_t size)
{
    void *made = calloc(count, size);
    if (made == NULL) {
        bench_give_up("no memory");
    }
    return made;
}

/* Its members are not constant, but it does not write to what it packs. */
static char *text(const char *shown)
{
    return (char *)(uintptr_t)shown;
}

static const void *make_session(const void *value)
{
    const struct codec_session *s = value;
    Peer__Session *made = block(1, sizeof *made);
    peer__session__init(made);
    made->token = text(s->token);
    made->user_id = s->user_id;
    made->ip = text(s->ip);
    made->created_at = s->created_at;
    made->expires_at = s->expires_at;
    made->admin = s->admin;
    return made;
}

static Peer__Dimensions *make_dimensions(const struct codec_dimensions *d)
{
    if (d == NULL) {
        return NULL;
    }
    Peer__Dimensions *made = block(1, sizeof *made);
    peer__dimensions__init(made);
    made->width = d->width;
    made->height = d->height;
    made->depth = d->depth;
    made->unit = text(d->unit);
    return made;
}

static Peer__Review *make_review(const struct codec_review *r)
{
    Peer__Review *made = block(1, sizeof *made);
    peer__review__init(made);
    made->user_id = r->user_id;
    made->stars = r->stars;
    made->title = text(r->title);
    made->written_at = r->written_at;
    return made;
}

static void make_lists(Peer__Product *made, const struct codec_article *a)
{
    made->n_tags = a->tags.count;
    made->tags = block(a->tags.count, sizeof *made->tags);
    for (size_t i = 0; i < a->tags.count; i++) {
        made->tags[i] = text(a->tags.items[i]);
    }
    made->n_reviews = a->reviews.count;
    made->reviews = block(a->reviews.count, sizeof *made->reviews);
    for (size_t i = 0; i < a->reviews.count; i++) {
        made->reviews[i] = make_review(&a->reviews.items[i]);
    }
}

static Peer__Product *make_article(const struct codec_article *a)
{
    Peer__Product *made = block(1, sizeof *made);
    peer__product__init(made);
    made->id = a->id;
    made->sku = text(a->sku);
    made->name = text(a->name);
    made->description = text(a->description);
    made->brand = text(a->brand);
    made->category = text(a->category);
    made->price_cents = a->price_cents;
    made->stock = a->stock;
    made->created_at = a->created_at;
    made->updated_at = a->updated_at;
    made->rating = a->rating;
    made->weight = a->weight;
    made->active = a->active;
    made->featured = a->featured;
    made->dimensions = make_dimensions(a->dimensions);
    make_lists(made, a);
    return made;
}

static const void *make_product(const void *value)
{
    const struct codec_product *p = value;
    return make_article(&p->value);
}

static const void *make_catalogue(const void *value)
{
    const struct codec_catalogue *c = value;
    Peer__Catalogue *made = block(1, sizeof *made);
    peer__catalogue__init(made);
    made->n_products = c->count;
    made->products = block(c->count, sizeof *made->products);
    for (size_t i = 0; i < c->count; i++) {
        made->products[i] = make_article(&c->items[i]);
    }
    return made;
}

/* ------------------------------------------------------------------- calls */

/* Its size first, as everybody has to who gives the room. */
static size_t encode(const void *prepared, const uint8_t **ret_bytes)
{
    const ProtobufCMessage *message = prepared;
    *ret_bytes = buffer;
    return protobuf_c_message_get_packed_size(message) <= sizeof buffer
               ? protobuf_c_message_pack(message, buffer)
               : 0;
}

static void *decode_session(const uint8_t *bytes, size_t len)
{
    return peer__session__unpack(NULL, len, bytes);
}

static void *decode_product(const uint8_t *bytes, size_t len)
{
    return peer__product__unpack(NULL, len, bytes);
}

static void *decode_catalogue(const uint8_t *bytes, size_t len)
{
    return peer__catalogue__unpack(NULL, len, bytes);
}

static void release(void *value)
{
    protobuf_c_message_free_unpacked(value, NULL);
}

/* -------------------------------------------------------------------- sums */

static uint64_t sum_session(const void *value)
{
    const Peer__Session *s = value;
    uint64_t sum = codec_sum_text(CODEC_SUM_BEGIN, s->token);
    sum = codec_sum_number(sum, s->user_id);
    sum = codec_sum_text(sum, s->ip);
    sum = codec_sum_number(sum, (uint64_t)s->created_at);
    sum = codec_sum_number(sum, (uint64_t)s->expires_at);
    return codec_sum_number(sum, s->admin != 0);
}

static uint64_t sum_dimensions(uint64_t sum, const Peer__Dimensions *d)
{
    sum = codec_sum_number(sum, d != NULL);
    if (d == NULL) {
        return sum;
    }
    sum = codec_sum_real(sum, d->width);
    sum = codec_sum_real(sum, d->height);
    sum = codec_sum_real(sum, d->depth);
    return codec_sum_text(sum, d->unit);
}

static uint64_t sum_review(uint64_t sum, const Peer__Review *r)
{
    sum = codec_sum_number(sum, r->user_id);
    sum = codec_sum_number(sum, r->stars);
    sum = codec_sum_text(sum, r->title);
    return codec_sum_number(sum, (uint64_t)r->written_at);
}

static uint64_t sum_article(uint64_t sum, const Peer__Product *p)
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
    sum = codec_sum_number(sum, p->active != 0);
    sum = codec_sum_number(sum, p->featured != 0);
    sum = sum_dimensions(sum, p->dimensions);
    sum = codec_sum_number(sum, p->n_tags);
    for (size_t i = 0; i < p->n_tags; i++) {
        sum = codec_sum_text(sum, p->tags[i]);
    }
    sum = codec_sum_number(sum, p->n_reviews);
    for (size_t i = 0; i < p->n_reviews; i++) {
        sum = sum_review(sum, p->reviews[i]);
    }
    return sum;
}

static uint64_t sum_product(const void *value)
{
    return sum_article(CODEC_SUM_BEGIN, value);
}

static uint64_t sum_catalogue(const void *value)
{
    const Peer__Catalogue *c = value;
    uint64_t sum = codec_sum_number(CODEC_SUM_BEGIN, c->n_products);
    for (size_t i = 0; i < c->n_products; i++) {
        sum = sum_article(sum, c->products[i]);
    }
    return sum;
}

const struct codec_side codec_protobuf_c = {
    .name = "protobuf-c",
    .shapes =
        {
            {make_session, encode, decode_session, release, sum_session},
            {make_product, encode, decode_product, release, sum_product},
            {make_catalogue, encode, decode_catalogue, release, sum_catalogue},
        },
};
