/* SPDX-License-Identifier: MIT */
#include "goods.h"

#include <stdio.h>
#include <string.h>

enum { LABELS = 5, IMAGES = 2, VARIANTS = 4, TEXT_MAX = 160 };

/* The memory behind one product. */
struct shelf {
    char name[TEXT_MAX];
    char description[TEXT_MAX];
    char label_text[LABELS][24];
    const char *labels[LABELS];
    char image_text[IMAGES][48];
    const char *images[IMAGES];
    char skus[VARIANTS][16];
    char titles[VARIANTS][16];
    struct stall_variant variants[VARIANTS];
    struct stall_money was;
};

static struct stall_product products[GOODS];
static struct shelf shelves[GOODS];

static void fill_texts(struct shelf *s, unsigned i)
{
    static const char *const words[] = {"new", "organic", "handmade", "sale", "gift idea"};
    (void)snprintf(s->name, sizeof s->name, "Teapot, stoneware, no. %u", i);
    (void)snprintf(
        s->description, sizeof s->description,
        "Thrown by hand in a small workshop, glazed in batch %u, fired twice. Holds the heat "
        "for an hour; do not put it on the stove.",
        i * 7);
    for (unsigned j = 0; j < LABELS; j++) {
        (void)snprintf(s->label_text[j], sizeof s->label_text[j], "%s", words[(i + j) % LABELS]);
        s->labels[j] = s->label_text[j];
    }
    for (unsigned j = 0; j < IMAGES; j++) {
        (void)snprintf(s->image_text[j], sizeof s->image_text[j],
                       "https://img.example/p/%u/%u.avif", i, j);
        s->images[j] = s->image_text[j];
    }
}

static void fill_variants(struct shelf *s, unsigned i)
{
    for (unsigned j = 0; j < VARIANTS; j++) {
        (void)snprintf(s->skus[j], sizeof s->skus[j], "TP-%u-%u", i, j);
        (void)snprintf(s->titles[j], sizeof s->titles[j], "%u.%u litres", j, i % 10);
        s->variants[j] = (struct stall_variant){
            .sku = s->skus[j],
            .title = s->titles[j],
            .price = {.amount = 1990 + 100 * (int64_t)j, .currency = STALL_CURRENCY_EUR},
            .stock = (int32_t)(i * j) - 3,
        };
    }
    s->was = (struct stall_money){.amount = 4900 + i, .currency = STALL_CURRENCY_EUR};
}

static void fill(struct stall_product *p, struct shelf *s, unsigned i)
{
    fill_texts(s, i);
    fill_variants(s, i);
    *p = (struct stall_product){
        .id = 1000000 + i,
        .name = s->name,
        .description = s->description,
        .price = {.amount = 3900 + i, .currency = STALL_CURRENCY_EUR},
        .price_was = i % 2 == 0 ? &s->was : NULL,
        .category_id = 700 + i % 9,
        .availability = (enum stall_availability)(i % 3),
        .rating = 3.5 + i / 64.0,
        .labels = {s->labels, LABELS},
        .images = {s->images, IMAGES},
        .variants = {s->variants, VARIANTS},
        .updated_at = INT64_C(1767225600000) + i,
    };
}

const struct stall_product *goods(void)
{
    if (products[0].name == NULL) {
        for (unsigned i = 0; i < GOODS; i++) {
            fill(&products[i], &shelves[i], i);
        }
    }
    return products;
}

static uint64_t strings_sum(struct larder_string_list list)
{
    uint64_t sum = list.count;
    for (size_t i = 0; i < list.count; i++) {
        sum += (unsigned char)list.items[i][0];
    }
    return sum;
}

uint64_t goods_sum(const struct stall_product *p)
{
    uint64_t sum = p->id + (unsigned char)p->name[0] + (unsigned char)p->description[0];
    sum += (uint64_t)p->price.amount + p->price.currency + p->category_id + p->availability;
    sum += p->price_was != NULL ? (uint64_t)p->price_was->amount : 0;
    sum += (uint64_t)(p->rating * 1000) + (uint64_t)p->updated_at;
    sum += strings_sum(p->labels) + strings_sum(p->images);
    for (size_t i = 0; i < p->variants.count; i++) {
        const struct stall_variant *v = &p->variants.items[i];
        sum += (unsigned char)v->sku[0] + (unsigned char)v->title[0] + (uint64_t)v->price.amount;
        sum += (uint64_t)v->stock;
    }
    return sum;
}
