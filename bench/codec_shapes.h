/* SPDX-License-Identifier: MIT */
/*
 * The values that codecs are measured with: of three shapes, made up, always
 * the same ones, no two equal. Strings have 10 to 60 bytes (tags 4 to 12, units
 * 2), numbers all widths up to 40 bits (no more than a double holds, since JSON
 * is one of the peers), three of four products have dimensions.
 */
#ifndef LARDER_BENCH_CODEC_SHAPES_H
#define LARDER_BENCH_CODEC_SHAPES_H

#include "codec_cache.h"

enum codec_shape { CODEC_SESSION, CODEC_PRODUCT, CODEC_CATALOGUE, CODEC_SHAPES };

enum {
    CODEC_PRODUCTS_EACH = 100, /* in a catalogue */
    CODEC_TAGS = 6,            /* of a product */
    CODEC_REVIEWS = 5
};

/* The shape's name, and how many of its values take turns: in `hot`, few enough
 * to be known to the caches and to what guesses branches; in `cold`, all there are. */
struct codec_shape_info {
    const char *name;
    size_t hot;
    size_t cold;
};
extern const struct codec_shape_info codec_shapes[CODEC_SHAPES];

/* Value i (0..cold - 1): a struct codec_session, codec_product or codec_catalogue. */
const void *codec_value(enum codec_shape shape, size_t i);

/* A number from every field and every byte of every string: equal for equal
 * values, and what shows that two sides have read the same. */
uint64_t codec_sum_session(const void *value);
uint64_t codec_sum_product(const void *value);
uint64_t codec_sum_catalogue(const void *value);

/* What those are made of, for peers with structs of their own: in the schema's
 * order; of a list its count, then its items; of an absent struct a 0, else a 1
 * and its fields. */
#define CODEC_SUM_BEGIN UINT64_C(14695981039346656037)
uint64_t codec_sum_number(uint64_t sum, uint64_t number);
uint64_t codec_sum_real(uint64_t sum, double number);
uint64_t codec_sum_text(uint64_t sum, const char *text);

#endif
