/* SPDX-License-Identifier: MIT */
#include "page.h"

#include <stdio.h>

enum { MOST = 8 };

void page_render(struct shop_cache *cache, uint64_t id, char *buf, size_t size)
{
    const struct shop_item *item;
    enum larder_status status = shop_item_cache_get(cache, id, &item);
    if (item != NULL) {
        snprintf(buf, size, "%s (%s)", item->name, shop_colour_name(item->colour));
    } else {
        snprintf(buf, size, "from the database: %s", larder_status_name(status));
    }
    shop_item_release(item);
}

enum larder_status page_rename(struct shop_cache *cache, uint64_t id, const char *name)
{
    const struct shop_item item = {.id = id, .name = name};
    enum larder_status status = shop_item_cache_put(cache, &item);
    return status < 0 ? status : shop_cache_on_item_changed(cache, id);
}

size_t page_count(struct shop_cache *cache, const uint64_t *ids, size_t count)
{
    struct shop_item_key keys[MOST] = {{0}};
    const struct shop_item *items[MOST];
    enum larder_status each[MOST];
    size_t found = 0;
    for (size_t i = 0; i < count; i++) {
        keys[i].id = ids[i];
    }
    larder_ignore(shop_item_cache_get_many(cache, keys, count, items, each));
    for (size_t i = 0; i < count; i++) {
        found += items[i] != NULL && each[i] == LARDER_OK;
    }
    shop_item_release_many(items, count);
    return found;
}

void page_leak(struct shop_cache *cache, uint64_t id)
{
    const struct shop_item *item;
    larder_ignore(shop_item_cache_get(cache, id, &item));
}
