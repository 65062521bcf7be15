/* SPDX-License-Identifier: MIT */
/*
 * The storefront's database: a few rows in memory, and a count of how often it
 * was asked. A real one would be slow; that is why there is a cache.
 */
#ifndef STOREFRONT_SHOP_DATABASE_H
#define STOREFRONT_SHOP_DATABASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "order_cache.h"
#include "product_cache.h"
#include "user_cache.h"

enum { SHOP_PRODUCTS = 12 }; /* their ids are 1..SHOP_PRODUCTS */

struct shop_database {
    struct product products[SHOP_PRODUCTS];
    struct user_profile person;
    const struct user_saved_address *addresses;
    size_t address_count;
    uint64_t queries; /* how often a row was asked for */
};

void shop_database_init(struct shop_database *db);

/* One row, NULL when there is none; the row is the database's. */
const struct product *shop_database_product(struct shop_database *db, uint64_t id);
const struct user_profile *shop_database_person(struct shop_database *db, uint64_t id);

/* The edits that the storefront makes: another name for the person, a new price for a product. */
void shop_database_rename_person(struct shop_database *db, const char *name);
void shop_database_set_price(struct shop_database *db, uint64_t id, int64_t cents);

#endif
