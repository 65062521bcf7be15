/* SPDX-License-Identifier: MIT */
#include "shop_database.h"

static const char *const names[SHOP_PRODUCTS] = {
    "Teapot",       "Kettle",    "Tea, green", "Tea, black", "Strainer", "Cup, blue",
    "Cup, crackle", "Tray, oak", "Honey",      "Sugar tin",  "Whisk",    "Milk jug",
};

static const char *const labels[] = {"new", "handmade"};

static const struct product_attrs_entry attrs[] = {
    {.key = "material", .value = "stoneware"},
    {.key = "origin", .value = "Höganäs"},
};

static const struct product_dimensions dims = {
    .width_mm = 210, .height_mm = 140, .has_depth_mm = true, .depth_mm = 140, .weight_g = 900};

static const struct product_image images[] = {
    {.url = "https://img.example/teapot.avif", .width = 1200, .height = 900, .alt = "on a table"},
};

static const struct product_money small_price = {.amount = 2900, .currency = PRODUCT_CURRENCY_EUR};

static const struct product_variant variants[] = {
    {.sku = "TP-08", .title = "0.8 l", .price = &small_price, .stock = 4},
    {.sku = "TP-12", .title = "1.2 l", .stock = -1},
};

static const char *const lines[] = {"Kastanienallee 12", "Hinterhaus, 3. OG"};

static const struct user_saved_address home[] = {
    {.id = 1,
     .label = "home",
     .address = {.name = "Ada Lindqvist",
                 .lines = {.items = lines, .count = 2},
                 .postal_code = "10435",
                 .city = "Berlin",
                 .country = "DE"},
     .for_shipping = true},
    {.id = 2,
     .label = "office",
     .address = {.name = "Ada Lindqvist",
                 .company = "Analytical Engines",
                 .lines = {.items = lines, .count = 1},
                 .postal_code = "10117",
                 .city = "Berlin",
                 .country = "DE"},
     .for_billing = true},
};

static struct product plain_product(uint64_t id)
{
    return (struct product){
        .id = id,
        .name = names[id - 1],
        .price = {.amount = 490 * (int64_t)id, .currency = PRODUCT_CURRENCY_EUR},
        .category_id = 7,
        .availability = PRODUCT_AVAILABILITY_IN_STOCK,
        .sku = "",
        .updated_at = INT64_C(1767225600000),
    };
}

void shop_database_init(struct shop_database *db)
{
    *db = (struct shop_database){
        .person = {.id = 7,
                   .display_name = "Ada",
                   .email = "ada@mail.example",
                   .email_verified = true,
                   .created_at = INT64_C(1717200000000)},
        .addresses = home,
        .address_count = sizeof home / sizeof *home,
    };
    for (uint64_t id = 1; id <= SHOP_PRODUCTS; id++) {
        db->products[id - 1] = plain_product(id);
    }
    struct product *teapot = &db->products[0];
    teapot->sku = "TP";
    teapot->dims = &dims;
    teapot->labels.items = labels;
    teapot->labels.count = sizeof labels / sizeof *labels;
    teapot->attrs.entries = attrs;
    teapot->attrs.count = sizeof attrs / sizeof *attrs;
    teapot->images.items = images;
    teapot->images.count = sizeof images / sizeof *images;
    teapot->variants.items = variants;
    teapot->variants.count = sizeof variants / sizeof *variants;
}

const struct product *shop_database_product(struct shop_database *db, uint64_t id)
{
    db->queries++;
    return id >= 1 && id <= SHOP_PRODUCTS ? &db->products[id - 1] : NULL;
}

const struct user_profile *shop_database_person(struct shop_database *db, uint64_t id)
{
    db->queries++;
    return id == db->person.id ? &db->person : NULL;
}

void shop_database_set_price(struct shop_database *db, uint64_t id, int64_t cents)
{
    db->products[id - 1].price.amount = cents;
}

void shop_database_rename_person(struct shop_database *db, const char *name)
{
    db->person.display_name = name;
}
