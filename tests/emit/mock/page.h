/* SPDX-License-Identifier: MIT */
/* A piece of a service, to be tested without a cache: it knows shop_cache.h only. */
#ifndef LARDER_TESTS_PAGE_H
#define LARDER_TESTS_PAGE_H

#include "shop_cache.h"

/* The item's page; from the database where the cache has nothing or fails. */
void page_render(struct shop_cache *cache, uint64_t id, char *buf, size_t size);
/* A new name: stores it, and drops what was made of the old one. */
enum larder_status page_rename(struct shop_cache *cache, uint64_t id, const char *name);
/* How many of these are there. */
size_t page_count(struct shop_cache *cache, const uint64_t *ids, size_t count);
/* Forgets to release what it reads. */
void page_leak(struct shop_cache *cache, uint64_t id);

#endif
