/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "stock_cache.h"

int main(void)
{
    struct larder_config config = {.backend = "memory"};
    struct stock_cache *cache;
    const struct stock_item *item;
    int wrong = 1;

    if (stock_cache_open(&config, &cache) != LARDER_OK) {
        fprintf(stderr, "open: %s\n", larder_last_error());
        return 1;
    }
    struct stock_item tea = {.id = 7, .name = "tea", .size = {.width_mm = 80}};
    if (stock_item_cache_set(cache, 7, &tea) == LARDER_OK &&
        stock_item_cache_get(cache, 7, &item) == LARDER_OK) {
        wrong = strcmp(item->name, "tea") != 0 || item->size.width_mm != 80;
        stock_item_release(item);
    }
    stock_cache_close(cache);
    puts(wrong ? "wrong" : "stored and read");
    return wrong;
}
