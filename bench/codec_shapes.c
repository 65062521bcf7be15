/* SPDX-License-Identifier: MIT */
#include "codec_shapes.h"

#include <stdlib.h>
#include <string.h>

enum {
    SESSIONS = 4096,
    PRODUCTS = 4096,
    CATALOGUES = 64,
    ARTICLES = CATALOGUES * CODEC_PRODUCTS_EACH,
    TEXT_BYTES = 4 * 1024 * 1024
};

const struct codec_shape_info codec_shapes[CODEC_SHAPES] = {
    [CODEC_SESSION] = {"session", 64, SESSIONS},
    [CODEC_PRODUCT] = {"product", 64, PRODUCTS},
    [CODEC_CATALOGUE] = {"catalogue", 4, CATALOGUES},
};

static struct codec_session sessions[SESSIONS];
static struct codec_product products[PRODUCTS];
static struct codec_catalogue catalogues[CATALOGUES];
static struct codec_article articles[ARTICLES];
static struct codec_dimensions dimensions[ARTICLES];
static struct codec_review reviews[ARTICLES][CODEC_REVIEWS];
static const char *tags[ARTICLES][CODEC_TAGS];

static char texts[TEXT_BYTES];
static size_t texts_used;

/* Marsaglia's xorshift64: the same numbers everywhere. */
static uint64_t random_bits(void)
{
    static uint64_t state = UINT64_C(88172645463325252);
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state >> 11; /* the lowest are the worst */
}

static size_t between(size_t lowest, size_t highest)
{
    return lowest + random_bits() % (highest - lowest + 1);
}

/* A number of one of the widths up to `bits`. */
static int64_t wide(unsigned bits)
{
    return (int64_t)(random_bits() & ((UINT64_C(1) << between(bits / 3, bits)) - 1));
}

static int64_t moment_ms(void)
{
    return INT64_C(1700000000000) + (int64_t)(random_bits() & 0xfffffffff);
}

static double tenths(size_t most)
{
    return (double)between(1, most) / 10;
}

/* Letters, and here and there a blank. */
static const char *text(size_t shortest, size_t longest)
{
    const size_t len = between(shortest, longest);
    char *start = texts + texts_used;
    if (texts_used + len + 1 > sizeof texts) {
        abort(); /* TEXT_BYTES are too few */
    }
    for (size_t i = 0; i < len; i++) {
        const size_t letter = between(0, 30);
        start[i] = letter < 26 ? (char)('a' + letter) : ' ';
    }
    start[len] = '\0';
    texts_used += len + 1;
    return start;
}

static struct codec_session make_session(void)
{
    const int64_t created_ms = moment_ms();
    return (struct codec_session){
        .token = text(20, 28),
        .user_id = (uint64_t)wide(32),
        .ip = text(10, 15),
        .created_at = created_ms,
        .expires_at = created_ms + 3600 * 1000,
        .admin = between(0, 9) == 0,
    };
}

static void make_parts(size_t i)
{
    dimensions[i] = (struct codec_dimensions){
        .width = tenths(3000), .height = tenths(3000), .depth = tenths(3000), .unit = text(2, 2)};
    for (size_t j = 0; j < CODEC_TAGS; j++) {
        tags[i][j] = text(4, 12);
    }
    for (size_t j = 0; j < CODEC_REVIEWS; j++) {
        reviews[i][j] = (struct codec_review){
            .user_id = (uint64_t)wide(32),
            .stars = (uint8_t)between(1, 5),
            .title = text(10, 24),
            .written_at = moment_ms(),
        };
    }
}

static struct codec_article make_article(size_t i)
{
    const int64_t created_ms = moment_ms();
    make_parts(i);
    return (struct codec_article){
        .id = (uint64_t)wide(40),
        .sku = text(10, 14),
        .name = text(14, 36),
        .description = text(40, 60),
        .brand = text(10, 18),
        .category = text(10, 24),
        .price_cents = wide(24),
        .stock = (int32_t)wide(14) - 20,
        .created_at = created_ms,
        .updated_at = created_ms + wide(30),
        .rating = tenths(50),
        .weight = tenths(900),
        .active = between(0, 9) != 0,
        .featured = between(0, 9) == 0,
        .dimensions = between(0, 3) != 0 ? &dimensions[i] : NULL,
        .tags = {tags[i], CODEC_TAGS},
        .reviews = {reviews[i], CODEC_REVIEWS},
    };
}

static void make_all(void)
{
    for (size_t i = 0; i < SESSIONS; i++) {
        sessions[i] = make_session();
    }
    for (size_t i = 0; i < ARTICLES; i++) {
        articles[i] = make_article(i);
    }
    for (size_t i = 0; i < PRODUCTS; i++) {
        products[i].value = articles[i];
    }
    for (size_t i = 0; i < CATALOGUES; i++) {
        catalogues[i] =
            (struct codec_catalogue){&articles[i * CODEC_PRODUCTS_EACH], CODEC_PRODUCTS_EACH};
    }
}

const void *codec_value(enum codec_shape shape, size_t i)
{
    if (texts_used == 0) {
        make_all();
    }
    return shape == CODEC_SESSION   ? (const void *)&sessions[i]
           : shape == CODEC_PRODUCT ? (const void *)&products[i]
                                    : (const void *)&catalogues[i];
}

/* -------------------------------------------------------------------- sums */

/* FNV-1a, over numbers or bytes. */
uint64_t codec_sum_number(uint64_t sum, uint64_t number)
{
    return (sum ^ number) * UINT64_C(1099511628211);
}

uint64_t codec_sum_real(uint64_t sum, double number)
{
    uint64_t bits;
    memcpy(&bits, &number, sizeof bits);
    return codec_sum_number(sum, bits);
}

uint64_t codec_sum_text(uint64_t sum, const char *text)
{
    do {
        sum = codec_sum_number(sum, (unsigned char)*text);
    } while (*text++ != '\0');
    return sum;
}

uint64_t codec_sum_session(const void *value)
{
    const struct codec_session *s = value;
    uint64_t sum = codec_sum_text(CODEC_SUM_BEGIN, s->token);
    sum = codec_sum_number(sum, s->user_id);
    sum = codec_sum_text(sum, s->ip);
    sum = codec_sum_number(sum, (uint64_t)s->created_at);
    sum = codec_sum_number(sum, (uint64_t)s->expires_at);
    return codec_sum_number(sum, s->admin);
}

static uint64_t sum_dimensions(uint64_t sum, const struct codec_dimensions *d)
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

static uint64_t sum_review(uint64_t sum, const struct codec_review *r)
{
    sum = codec_sum_number(sum, r->user_id);
    sum = codec_sum_number(sum, r->stars);
    sum = codec_sum_text(sum, r->title);
    return codec_sum_number(sum, (uint64_t)r->written_at);
}

static uint64_t sum_article(uint64_t sum, const struct codec_article *a)
{
    sum = codec_sum_number(sum, a->id);
    sum = codec_sum_text(sum, a->sku);
    sum = codec_sum_text(sum, a->name);
    sum = codec_sum_text(sum, a->description);
    sum = codec_sum_text(sum, a->brand);
    sum = codec_sum_text(sum, a->category);
    sum = codec_sum_number(sum, (uint64_t)a->price_cents);
    sum = codec_sum_number(sum, (uint64_t)a->stock);
    sum = codec_sum_number(sum, (uint64_t)a->created_at);
    sum = codec_sum_number(sum, (uint64_t)a->updated_at);
    sum = codec_sum_real(sum, a->rating);
    sum = codec_sum_real(sum, a->weight);
    sum = codec_sum_number(sum, a->active);
    sum = codec_sum_number(sum, a->featured);
    sum = sum_dimensions(sum, a->dimensions);
    sum = codec_sum_number(sum, a->tags.count);
    for (size_t i = 0; i < a->tags.count; i++) {
        sum = codec_sum_text(sum, a->tags.items[i]);
    }
    sum = codec_sum_number(sum, a->reviews.count);
    for (size_t i = 0; i < a->reviews.count; i++) {
        sum = sum_review(sum, &a->reviews.items[i]);
    }
    return sum;
}

uint64_t codec_sum_product(const void *value)
{
    const struct codec_product *p = value;
    return sum_article(CODEC_SUM_BEGIN, &p->value);
}

uint64_t codec_sum_catalogue(const void *value)
{
    const struct codec_catalogue *c = value;
    uint64_t sum = codec_sum_number(CODEC_SUM_BEGIN, c->count);
    for (size_t i = 0; i < c->count; i++) {
        sum = sum_article(sum, &c->items[i]);
    }
    return sum;
}
