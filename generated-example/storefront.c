/* SPDX-License-Identifier: MIT */
/*
 * A shop's front, as small as it gets: five services' caches, used the way a
 * service uses them. Run it on the memory backend or on a Redis:
 *
 *     CACHE_BACKEND=memory ./storefront
 *     REDIS_URL=redis://127.0.0.1:6379 ./storefront
 *
 * Each step prints one row: what it did, the generated call, its status, where
 * the value came from, how long it took. Each step also checks itself; the
 * program ends with 0 only if all of them did what they must.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "auth_cache.h"
#include "notification_cache.h"
#include "order_cache.h"
#include "product_cache.h"
#include "user_cache.h"

#include "shop_database.h"

enum source { FROM_NOWHERE, FROM_CACHE, FROM_DATABASE };

static const char *const source_names[] = {"-", "cache", "database"};

struct storefront {
    struct shop_database db;
    struct product_cache *products;
    struct user_cache *users;
    struct order_cache *orders;
    struct auth_cache *auth;
    struct notification_cache *notifications;
    int step;
    int failures;
    uint64_t queries_before; /* of the current step */
    int64_t started_ns;
};

/* ------------------------------------------------------- the printed table */

static int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

static void title(const char *text)
{
    printf("\n%s\n", text);
}

/* Before a step's call. */
static void begin(struct storefront *shop)
{
    shop->queries_before = shop->db.queries;
    shop->started_ns = now_ns();
}

/* After it: prints the row and checks the step. `right` is what the step knows
 * of its result beyond the status and where the value came from. */
static void expect(struct storefront *shop, const char *what, const char *call,
                   enum larder_status status, enum larder_status wanted, enum source source,
                   bool right)
{
    int64_t took_ns = now_ns() - shop->started_ns;
    bool queried = shop->db.queries != shop->queries_before;
    enum source actual = queried ? FROM_DATABASE : source == FROM_CACHE ? FROM_CACHE : FROM_NOWHERE;
    printf("%4d  %-38s %-36s %-20s %-9s %8.1f\n", ++shop->step, what, call,
           larder_status_name(status), source_names[actual], (double)took_ns / 1000);
    if (status == wanted && actual == source && right) {
        return;
    }
    shop->failures++;
    printf("      ^ WRONG: wanted %s from %s%s. %s\n", larder_status_name(wanted),
           source_names[source], right ? "" : ", and the result is not what it should be",
           larder_last_error());
}

/* ------------------------------------------------------------- the loaders */

static enum larder_status load_product(struct larder_load *load, void *user, uint64_t id,
                                       struct product *out)
{
    (void)load;
    const struct product *row = shop_database_product(user, id);
    if (row == NULL) {
        return LARDER_ABSENT;
    }
    *out = *row; /* shallow is enough: larder copies before it returns */
    return LARDER_OK;
}

/* A list is put together in memory that larder frees after the call. */
static enum larder_status load_featured(struct larder_load *load, void *user,
                                        struct product_featured *out)
{
    enum { FEATURED = 3 };
    struct product_summary *items = larder_load_alloc(load, FEATURED * sizeof *items);
    if (items == NULL) {
        return LARDER_E_NOMEM;
    }
    for (uint64_t id = 1; id <= FEATURED; id++) {
        const struct product *row = shop_database_product(user, id);
        items[id - 1] = (struct product_summary){.id = id, .name = row->name, .price = row->price};
    }
    out->items = items;
    out->count = FEATURED;
    return LARDER_OK;
}

static enum larder_status load_profile(struct larder_load *load, void *user, uint64_t id,
                                       struct user_profile *out)
{
    (void)load;
    const struct user_profile *row = shop_database_person(user, id);
    if (row == NULL) {
        return LARDER_ABSENT;
    }
    *out = *row;
    return LARDER_OK;
}

/* --------------------------------------------------------------- the steps */

static void load_through(struct storefront *shop)
{
    const struct product *p;
    enum larder_status st;
    title("A product page: the first visitor pays, the next ones do not");

    begin(shop);
    st = product_cache_get(shop->products, 1, &p);
    expect(shop, "nothing there yet", "product_cache_get", st, LARDER_MISS, FROM_NOWHERE,
           p == NULL);
    product_release(p);

    begin(shop);
    st = product_cache_get_or_load(shop->products, 1, load_product, &shop->db, &p);
    expect(shop, "so it is loaded, and kept", "product_cache_get_or_load", st, LARDER_OK,
           FROM_DATABASE, p != NULL && strcmp(p->name, "Teapot") == 0);
    product_release(p);

    begin(shop);
    st = product_cache_get_or_load(shop->products, 1, load_product, &shop->db, &p);
    expect(shop, "the second time it is there", "product_cache_get_or_load", st, LARDER_OK,
           FROM_CACHE, p != NULL && p->price.amount == 490);
    product_release(p);

    begin(shop);
    st = product_cache_get(shop->products, 1, &p);
    expect(shop, "with all that is nested in it", "product_cache_get", st, LARDER_OK, FROM_CACHE,
           p != NULL && p->dims != NULL && p->dims->depth_mm == 140 && p->attrs.count == 2 &&
               strcmp(p->attrs.entries[1].value, "Höganäs") == 0 && p->variants.count == 2 &&
               p->variants.items[0].price->amount == 2900 && p->variants.items[1].stock == -1);
    product_release(p);

    begin(shop);
    st = product_cache_get_or_load(shop->products, 999, load_product, &shop->db, &p);
    expect(shop, "a product that does not exist", "product_cache_get_or_load", st, LARDER_ABSENT,
           FROM_DATABASE, p == NULL);
    product_release(p);

    begin(shop);
    st = product_cache_get_or_load(shop->products, 999, load_product, &shop->db, &p);
    expect(shop, "is not asked for again", "product_cache_get_or_load", st, LARDER_ABSENT,
           FROM_CACHE, p == NULL);
    product_release(p);
}

static void batches(struct storefront *shop)
{
    enum { WRITTEN = 8 };
    struct product_key keys[SHOP_PRODUCTS];
    const struct product *values[SHOP_PRODUCTS];
    enum larder_status each[SHOP_PRODUCTS];
    enum larder_status st;
    int hits = 0;
    title("A list of products: many in one round trip");

    for (uint64_t i = 0; i < SHOP_PRODUCTS; i++) {
        keys[i] = (struct product_key){.id = i + 1};
    }
    begin(shop);
    st = product_cache_set_many(shop->products, keys, WRITTEN, shop->db.products, each);
    expect(shop, "8 are written", "product_cache_set_many", st, LARDER_OK, FROM_NOWHERE,
           each[0] == LARDER_OK && each[WRITTEN - 1] == LARDER_OK);

    begin(shop);
    st = product_cache_get_many(shop->products, keys, SHOP_PRODUCTS, values, each);
    for (int i = 0; i < SHOP_PRODUCTS; i++) {
        hits += each[i] == LARDER_OK && values[i] != NULL && values[i]->id == keys[i].id;
    }
    expect(shop, "12 are asked for, 8 of them are there", "product_cache_get_many", st, LARDER_OK,
           FROM_CACHE, hits == WRITTEN && each[WRITTEN] == LARDER_MISS && values[WRITTEN] == NULL);
    product_release_many(values, SHOP_PRODUCTS);
}

static void invalidate(struct storefront *shop)
{
    const struct product_featured *list;
    const struct product *p;
    enum larder_status st;
    title("A new price: one event, and no reader sees the old one");

    begin(shop);
    st = product_featured_cache_get_or_load(shop->products, load_featured, &shop->db, &list);
    expect(shop, "the front page is loaded", "product_featured_cache_get_or_load", st, LARDER_OK,
           FROM_DATABASE, list != NULL && list->count == 3);
    product_featured_release(list);

    shop_database_set_price(&shop->db, 1, 390);
    begin(shop);
    st = product_cache_on_product_changed(shop->products, 1, "TP");
    expect(shop, "the teapot gets cheaper", "product_cache_on_product_changed", st, LARDER_OK,
           FROM_NOWHERE, true);

    begin(shop);
    st = product_cache_exists(shop->products, 1);
    expect(shop, "the product is gone", "product_cache_exists", st, LARDER_MISS, FROM_NOWHERE,
           true);

    begin(shop);
    st = product_featured_cache_get_or_load(shop->products, load_featured, &shop->db, &list);
    expect(shop, "and so is the front page", "product_featured_cache_get_or_load", st, LARDER_OK,
           FROM_DATABASE, list != NULL && list->items[0].price.amount == 390);
    product_featured_release(list);

    begin(shop);
    st = product_cache_get_or_load(shop->products, 1, load_product, &shop->db, &p);
    expect(shop, "everybody sees the new price", "product_cache_get_or_load", st, LARDER_OK,
           FROM_DATABASE, p != NULL && p->price.amount == 390);
    product_release(p);
}

/* By what values carry, and by what their keys begin with: one write, however many they are. */
static void invalidate_many(struct storefront *shop)
{
    const struct product_search_results found = {0};
    enum larder_status st;
    title("A price list: whatever is of its category, and every search");

    begin(shop);
    st = product_cache_put(shop->products, &shop->db.products[1]);
    expect(shop, "the kettle is kept", "product_cache_put", st, LARDER_OK, FROM_NOWHERE,
           product_search_results_cache_set(shop->products, "tea", &found) == LARDER_OK);

    begin(shop);
    st = product_cache_on_price_list_imported(shop->products, 8);
    expect(shop, "the list of another category", "product_cache_on_price_list_imported", st,
           LARDER_OK, FROM_NOWHERE, product_cache_exists(shop->products, 2) == LARDER_OK);

    begin(shop);
    st = product_cache_on_price_list_imported(shop->products, 7);
    expect(shop, "the list of its own", "product_cache_on_price_list_imported", st, LARDER_OK,
           FROM_NOWHERE,
           product_cache_exists(shop->products, 1) == LARDER_MISS &&
               product_cache_exists(shop->products, 2) == LARDER_MISS &&
               product_search_results_cache_exists(shop->products, "tea") == LARDER_MISS);
}

static void renew(struct storefront *shop)
{
    const struct product *p;
    enum larder_status st;
    title("A new picture: readers may see the old one, and nobody waits");

    begin(shop);
    st = product_cache_put(shop->products, &shop->db.products[0]);
    expect(shop, "the product is there", "product_cache_put", st, LARDER_OK, FROM_NOWHERE, true);

    begin(shop);
    st = product_cache_expire_soft(shop->products, 1);
    expect(shop, "the product is stale from now on", "product_cache_expire_soft", st, LARDER_OK,
           FROM_NOWHERE, true);

    begin(shop);
    st = product_cache_get(shop->products, 1, &p);
    expect(shop, "and is read all the same", "product_cache_get", st, LARDER_STALE, FROM_CACHE,
           p != NULL && p->price.amount == 390);
    product_release(p);

    begin(shop);
    st = product_cache_refresh(shop->products, 1, load_product, &shop->db, &p);
    expect(shop, "until somebody loads it anew", "product_cache_refresh", st, LARDER_OK,
           FROM_DATABASE, p != NULL && p->price.amount == 390);
    product_release(p);

    begin(shop);
    st = product_cache_get(shop->products, 1, &p);
    expect(shop, "which makes it fresh", "product_cache_get", st, LARDER_OK, FROM_CACHE, p != NULL);
    product_release(p);
}

static void people(struct storefront *shop)
{
    const struct user_profile *person;
    const struct user_addresses *book;
    const struct user_addresses written = {.items = shop->db.addresses,
                                           .count = shop->db.address_count};
    enum larder_status st;
    title("A person: a profile, and an address book that is a list");

    begin(shop);
    st = user_profile_cache_get_or_load(shop->users, 7, load_profile, &shop->db, &person);
    expect(shop, "the profile is loaded", "user_profile_cache_get_or_load", st, LARDER_OK,
           FROM_DATABASE, person != NULL && strcmp(person->display_name, "Ada") == 0);
    user_profile_release(person);

    const struct user_profile before = shop->db.person;
    shop_database_rename_person(&shop->db, "Ada L.");
    begin(shop);
    st = user_profile_cache_changed(shop->users, &before, &shop->db.person);
    expect(shop, "two rows say what a change drops", "user_profile_cache_changed", st, LARDER_OK,
           FROM_NOWHERE, user_profile_cache_exists(shop->users, 7) == LARDER_MISS);

    begin(shop);
    st = user_addresses_cache_set(shop->users, 7, &written);
    expect(shop, "two addresses are kept", "user_addresses_cache_set", st, LARDER_OK, FROM_NOWHERE,
           true);

    begin(shop);
    st = user_addresses_cache_get(shop->users, 7, &book);
    expect(shop, "and read, lines and all", "user_addresses_cache_get", st, LARDER_OK, FROM_CACHE,
           book != NULL && book->count == 2 && book->items[0].address.lines.count == 2 &&
               strcmp(book->items[1].address.company, "Analytical Engines") == 0);
    user_addresses_release(book);
}

static void lifetimes(struct storefront *shop)
{
    const struct order_cart cart = {.user_id = 7, .updated_at = INT64_C(1767225600000)};
    const struct order_status status = {
        .id = 31, .state = ORDER_STATE_PACKED, .message = "leaves today"};
    int64_t ms;
    enum larder_status st;
    title("A cart and an order: what lives how long");

    begin(shop);
    st = order_cart_cache_put(shop->orders, &cart);
    expect(shop, "put finds the key in the value", "order_cart_cache_put", st, LARDER_OK,
           FROM_NOWHERE, true);

    begin(shop);
    st = order_cart_cache_ttl(shop->orders, 7, &ms);
    expect(shop, "it has 30 minutes", "order_cart_cache_ttl", st, LARDER_OK, FROM_NOWHERE,
           ms > 29 * 60 * 1000 && ms <= 30 * 60 * 1000);

    begin(shop);
    st = order_cart_cache_expire(shop->orders, 7, 5000);
    expect(shop, "now it has five seconds", "order_cart_cache_expire", st, LARDER_OK, FROM_NOWHERE,
           order_cart_cache_ttl(shop->orders, 7, &ms) == LARDER_OK && ms > 0 && ms <= 5000);

    begin(shop);
    st = order_cart_cache_touch(shop->orders, 7);
    expect(shop, "and 30 minutes again", "order_cart_cache_touch", st, LARDER_OK, FROM_NOWHERE,
           order_cart_cache_ttl(shop->orders, 7, &ms) == LARDER_OK && ms > 29 * 60 * 1000);

    begin(shop);
    st = order_status_cache_set_ttl(shop->orders, 31, &status, 60000);
    expect(shop, "a lifetime for this value alone", "order_status_cache_set_ttl", st, LARDER_OK,
           FROM_NOWHERE, order_status_cache_ttl(shop->orders, 31, &ms) == LARDER_OK && ms <= 60000);

    begin(shop);
    st = order_cache_on_order_placed(shop->orders, 31, 7);
    expect(shop, "placing the order empties the cart", "order_cache_on_order_placed", st, LARDER_OK,
           FROM_NOWHERE, order_cart_cache_exists(shop->orders, 7) == LARDER_MISS);
}

/* What a transaction of the database makes stale, sent once it is committed. */
static void transactions(struct storefront *shop)
{
    const struct order_cart cart = {.user_id = 7, .updated_at = INT64_C(1767225600000)};
    const struct order_history_page page = {0};
    struct order_batch *batch;
    enum larder_status st;
    title("A transaction: nothing is dropped before the commit, all of it after");

    begin(shop);
    st = order_cart_cache_put(shop->orders, &cart);
    expect(shop, "a cart, and a page of the history", "order_cart_cache_put", st, LARDER_OK,
           FROM_NOWHERE, order_history_page_cache_set(shop->orders, 7, 2, 20, &page) == LARDER_OK);

    begin(shop);
    st = order_cache_batch_begin(shop->orders, &batch);
    if (st == LARDER_OK) {
        st = order_batch_on_order_placed(batch, 31, 7);
    }
    if (st == LARDER_OK) {
        st = order_status_batch_delete(batch, 30);
    }
    expect(shop, "an order is placed, not yet committed", "order_batch_on_order_placed", st,
           LARDER_OK, FROM_NOWHERE, order_cart_cache_exists(shop->orders, 7) == LARDER_OK);

    begin(shop);
    st = order_batch_commit(batch);
    expect(shop, "now it is: in one round trip", "order_batch_commit", st, LARDER_OK, FROM_NOWHERE,
           order_cart_cache_exists(shop->orders, 7) == LARDER_MISS &&
               order_history_page_cache_exists(shop->orders, 7, 2, 20) == LARDER_MISS);
}

static void sessions(struct storefront *shop)
{
    static const char token[] = "a bearer token, which is not to be found in Redis";
    const struct auth_session session = {.user_id = 7,
                                         .device = {.platform = "Linux", .address = "192.0.2.1"}};
    const struct notification_unread_count unread = {.user_id = 7, .total = 3};
    const struct notification_unread_count *bell;
    char key[128];
    size_t len;
    enum larder_status st;
    title("A session and a bell");

    begin(shop);
    st = auth_session_cache_add(shop->auth, token, &session);
    expect(shop, "signing in", "auth_session_cache_add", st, LARDER_OK, FROM_NOWHERE, true);

    begin(shop);
    st = auth_session_cache_add(shop->auth, token, &session);
    expect(shop, "the same token twice", "auth_session_cache_add", st, LARDER_DENIED, FROM_NOWHERE,
           true);

    begin(shop);
    st = auth_session_cache_key(shop->auth, token, key, sizeof key, &len);
    expect(shop, "the key holds its hash, not the token", "auth_session_cache_key", st, LARDER_OK,
           FROM_NOWHERE, strstr(key, "bearer") == NULL);

    begin(shop);
    st = auth_cache_on_signed_out(shop->auth, token);
    expect(shop, "signing out", "auth_cache_on_signed_out", st, LARDER_OK, FROM_NOWHERE,
           auth_session_cache_exists(shop->auth, token) == LARDER_MISS);

    begin(shop);
    st = auth_session_cache_add(shop->auth, "a phone's", &session);
    if (st == LARDER_OK) {
        st = auth_session_cache_add(shop->auth, "a laptop's", &session);
    }
    expect(shop, "on two devices", "auth_session_cache_add", st, LARDER_OK, FROM_NOWHERE, true);

    begin(shop);
    st = auth_cache_on_signed_out_everywhere(shop->auth, 7);
    expect(shop, "signing out of both", "auth_cache_on_signed_out_everywhere", st, LARDER_OK,
           FROM_NOWHERE,
           auth_session_cache_exists(shop->auth, "a phone's") == LARDER_MISS &&
               auth_session_cache_exists(shop->auth, "a laptop's") == LARDER_MISS);

    begin(shop);
    st = notification_unread_count_cache_put(shop->notifications, &unread);
    expect(shop, "three unread messages", "notification_unread_count_cache_put", st, LARDER_OK,
           FROM_NOWHERE, true);

    begin(shop);
    st = notification_unread_count_cache_get(shop->notifications, 7, &bell);
    expect(shop, "the bell shows them", "notification_unread_count_cache_get", st, LARDER_OK,
           FROM_CACHE, bell != NULL && bell->total == 3);
    notification_unread_count_release(bell);
}

/* A cache whose Redis is away: the page is slower, and there. */
static void without_the_cache(struct storefront *shop)
{
    const struct larder_config nowhere = {
        .backend = "redis", .url = "redis://127.0.0.1:1", .timeout_ms = 250};
    struct product_cache *away;
    const struct product *p;
    enum larder_status st;
    title("The cache is away: the shop stays open");

    begin(shop);
    st = product_cache_open(&nowhere, &away);
    expect(shop, "opening does not need it", "product_cache_open", st, LARDER_OK, FROM_NOWHERE,
           away != NULL);

    begin(shop);
    st = product_cache_get(away, 1, &p);
    expect(shop, "a read says so at once", "product_cache_get", st, LARDER_E_UNAVAILABLE,
           FROM_NOWHERE, p == NULL);
    product_release(p);

    begin(shop);
    st = product_cache_get_or_load(away, 1, load_product, &shop->db, &p);
    expect(shop, "the page is served from the database", "product_cache_get_or_load", st, LARDER_OK,
           FROM_DATABASE, p != NULL && p->id == 1);
    product_release(p);
    product_cache_close(away);
}

/* -------------------------------------------------------- open, count, close */

static bool opened(const char *service, enum larder_status status)
{
    if (status != LARDER_OK) {
        printf("%s: %s: %s\n", service, larder_status_name(status), larder_last_error());
    }
    return status == LARDER_OK;
}

static bool open_all(struct storefront *shop)
{
    return opened("product", product_cache_open(NULL, &shop->products)) &&
           opened("user", user_cache_open(NULL, &shop->users)) &&
           opened("order", order_cache_open(NULL, &shop->orders)) &&
           opened("auth", auth_cache_open(NULL, &shop->auth)) &&
           opened("notification", notification_cache_open(NULL, &shop->notifications));
}

static void close_all(struct storefront *shop)
{
    product_cache_close(shop->products);
    user_cache_close(shop->users);
    order_cache_close(shop->orders);
    auth_cache_close(shop->auth);
    notification_cache_close(shop->notifications);
}

static bool is_there(struct storefront *shop)
{
    struct larder_health health;
    enum larder_status st = product_cache_health(shop->products, &health);
    if (st != LARDER_OK || health.status != LARDER_OK) {
        printf("The cache does not answer: %s. %s\n",
               larder_status_text(st != LARDER_OK ? st : health.status), larder_last_error());
        return false;
    }
    printf("Backend: %s%s%s\n", health.backend, health.server[0] == '\0' ? "" : ", ",
           health.server);
    return true;
}

/* Removes what this or an earlier run left. */
static void tidy(struct storefront *shop)
{
    struct product_key keys[SHOP_PRODUCTS];
    enum larder_status each[SHOP_PRODUCTS];
    for (uint64_t i = 0; i < SHOP_PRODUCTS; i++) {
        keys[i] = (struct product_key){.id = i + 1};
    }
    larder_ignore(product_cache_delete_many(shop->products, keys, SHOP_PRODUCTS, each));
    larder_ignore(product_cache_on_front_page_edited(shop->products));
    larder_ignore(user_cache_on_account_closed(shop->users, 7, "ada@mail.example"));
    larder_ignore(order_cache_on_order_placed(shop->orders, 31, 7));
    larder_ignore(notification_cache_on_message_sent(shop->notifications, 7));
    larder_ignore(auth_cache_on_signed_out_everywhere(shop->auth, 7));
    larder_ignore(product_search_results_cache_delete_all(shop->products));
}

static void print_stats(const char *service, enum larder_status status,
                        const struct larder_stats *s)
{
    if (status != LARDER_OK) {
        printf("%-14s %s\n", service, larder_status_name(status));
        return;
    }
    printf("%-14s %8llu %8llu %8llu %8llu %8llu %8llu %8llu %10llu %10llu\n", service,
           (unsigned long long)s->hits, (unsigned long long)s->misses, (unsigned long long)s->loads,
           (unsigned long long)s->fills, (unsigned long long)s->sets,
           (unsigned long long)s->deletes, (unsigned long long)s->errors,
           (unsigned long long)s->read_bytes, (unsigned long long)s->written_bytes);
}

static void statistics(struct storefront *shop)
{
    struct product_cache_counters product;
    struct user_cache_counters user;
    struct order_cache_counters order;
    struct auth_cache_counters auth;
    struct notification_cache_counters notification;
    enum larder_status st;
    title("Statistics");
    printf("%-14s %8s %8s %8s %8s %8s %8s %8s %10s %10s\n", "service", "hits", "misses", "loads",
           "fills", "sets", "deletes", "errors", "bytes in", "bytes out");
    st = product_cache_stats(shop->products, &product);
    print_stats("product", st, &product.total);
    if (st != LARDER_OK || product.total.loads == 0 || product.total.hits == 0 ||
        product.total.errors != 0) {
        shop->failures++;
        printf("      ^ WRONG: loads and hits were counted, and no errors\n");
    }
    st = user_cache_stats(shop->users, &user);
    print_stats("user", st, &user.total);
    st = order_cache_stats(shop->orders, &order);
    print_stats("order", st, &order.total);
    st = auth_cache_stats(shop->auth, &auth);
    print_stats("auth", st, &auth.total);
    st = notification_cache_stats(shop->notifications, &notification);
    print_stats("notification", st, &notification.total);
}

static void tour(struct storefront *shop)
{
    printf("\n%4s  %-38s %-36s %-20s %-9s %8s\n", "step", "what", "call", "status", "from", "µs ");
    load_through(shop);
    batches(shop);
    invalidate(shop);
    renew(shop);
    invalidate_many(shop);
    people(shop);
    lifetimes(shop);
    transactions(shop);
    sessions(shop);
    without_the_cache(shop);
    statistics(shop);
}

int main(void)
{
    struct storefront shop = {0};
    int exit_status = EXIT_FAILURE;
    /* Our keys among themselves, in a Redis that may have others. */
    setenv("CACHE_KEY_PREFIX", "storefront:", 0);
    shop_database_init(&shop.db);
    if (!open_all(&shop) || !is_there(&shop)) {
        goto out;
    }
    tidy(&shop);
    tour(&shop);
    tidy(&shop);
    printf("\n%d steps, %d wrong, %llu questions to the database\n", shop.step, shop.failures,
           (unsigned long long)shop.db.queries);
    exit_status = shop.failures == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
out:
    close_all(&shop);
    return exit_status;
}
