/* SPDX-License-Identifier: MIT */
#include "hand_written.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <hiredis/hiredis.h>
#include <msgpack.h>

enum { KEY_MAX = 64, MANY_MAX = 256, FIELDS = 12 };

/* The format forms. Nothing else here may use them; people do, so the peer does. */
static void *(*const format_command)(redisContext *, const char *, ...) = redisCommand;

struct hand {
    redisContext *redis;
    msgpack_sbuffer buffer;
};

struct hand *hand_new(const char *host, int port)
{
    struct hand *hand = calloc(1, sizeof *hand);
    if (hand == NULL) {
        return NULL;
    }
    msgpack_sbuffer_init(&hand->buffer);
    hand->redis = redisConnect(host, port);
    if (hand->redis == NULL || hand->redis->err != 0) {
        hand_free(hand);
        return NULL;
    }
    return hand;
}

void hand_free(struct hand *hand)
{
    if (hand != NULL) {
        redisFree(hand->redis);
        msgpack_sbuffer_destroy(&hand->buffer);
        free(hand);
    }
}

/* ---------------------------------------------------------------- writing */

static void pack_text(msgpack_packer *pk, const char *text)
{
    size_t len = strlen(text);
    msgpack_pack_str(pk, len);
    msgpack_pack_str_body(pk, text, len);
}

static void pack_money(msgpack_packer *pk, const struct stall_money *money)
{
    msgpack_pack_array(pk, 2);
    msgpack_pack_int64(pk, money->amount);
    msgpack_pack_uint32(pk, money->currency);
}

static void pack_texts(msgpack_packer *pk, struct larder_string_list list)
{
    msgpack_pack_array(pk, list.count);
    for (size_t i = 0; i < list.count; i++) {
        pack_text(pk, list.items[i]);
    }
}

static void pack_variants(msgpack_packer *pk, struct stall_variant_list list)
{
    msgpack_pack_array(pk, list.count);
    for (size_t i = 0; i < list.count; i++) {
        msgpack_pack_array(pk, 4);
        pack_text(pk, list.items[i].sku);
        pack_text(pk, list.items[i].title);
        pack_money(pk, &list.items[i].price);
        msgpack_pack_int32(pk, list.items[i].stock);
    }
}

static void pack_product(msgpack_sbuffer *buffer, const struct stall_product *p)
{
    msgpack_packer pk;
    msgpack_sbuffer_clear(buffer);
    msgpack_packer_init(&pk, buffer, msgpack_sbuffer_write);
    msgpack_pack_array(&pk, FIELDS);
    msgpack_pack_uint64(&pk, p->id);
    pack_text(&pk, p->name);
    pack_text(&pk, p->description);
    pack_money(&pk, &p->price);
    if (p->price_was != NULL) {
        pack_money(&pk, p->price_was);
    } else {
        msgpack_pack_nil(&pk);
    }
    msgpack_pack_uint32(&pk, p->category_id);
    msgpack_pack_uint32(&pk, p->availability);
    msgpack_pack_double(&pk, p->rating);
    pack_texts(&pk, p->labels);
    pack_texts(&pk, p->images);
    pack_variants(&pk, p->variants);
    msgpack_pack_int64(&pk, p->updated_at);
}

size_t hand_size(struct hand *hand, const struct stall_product *p)
{
    pack_product(&hand->buffer, p);
    return hand->buffer.size;
}

/* ---------------------------------------------------------------- reading */

static bool take_text(const msgpack_object *o, const char **ret_text)
{
    if (o->type != MSGPACK_OBJECT_STR) {
        return false;
    }
    *ret_text = strndup(o->via.str.ptr, o->via.str.size);
    return *ret_text != NULL;
}

static bool take_u64(const msgpack_object *o, uint64_t *ret_number)
{
    *ret_number = o->via.u64;
    return o->type == MSGPACK_OBJECT_POSITIVE_INTEGER;
}

static bool take_i64(const msgpack_object *o, int64_t *ret_number)
{
    *ret_number = o->via.i64;
    return o->type == MSGPACK_OBJECT_POSITIVE_INTEGER || o->type == MSGPACK_OBJECT_NEGATIVE_INTEGER;
}

static bool take_money(const msgpack_object *o, struct stall_money *ret_money)
{
    uint64_t currency;
    if (o->type != MSGPACK_OBJECT_ARRAY || o->via.array.size != 2 ||
        !take_i64(&o->via.array.ptr[0], &ret_money->amount) ||
        !take_u64(&o->via.array.ptr[1], &currency) || currency > STALL_CURRENCY_GBP) {
        return false;
    }
    ret_money->currency = (enum stall_currency)currency;
    return true;
}

static bool take_texts(const msgpack_object *o, struct larder_string_list *ret_list)
{
    if (o->type != MSGPACK_OBJECT_ARRAY) {
        return false;
    }
    const char **items = calloc(o->via.array.size, sizeof *items);
    ret_list->items = items;
    for (uint32_t i = 0; items != NULL && i < o->via.array.size; i++) {
        if (!take_text(&o->via.array.ptr[i], &items[i])) {
            return false;
        }
        ret_list->count = i + 1;
    }
    return items != NULL || o->via.array.size == 0;
}

static bool take_variant(const msgpack_object *o, struct stall_variant *ret_variant)
{
    int64_t stock;
    const msgpack_object *at = o->via.array.ptr;
    if (o->type != MSGPACK_OBJECT_ARRAY || o->via.array.size != 4 ||
        !take_text(&at[0], &ret_variant->sku) || !take_text(&at[1], &ret_variant->title) ||
        !take_money(&at[2], &ret_variant->price) || !take_i64(&at[3], &stock)) {
        return false;
    }
    ret_variant->stock = (int32_t)stock;
    return true;
}

static bool take_variants(const msgpack_object *o, struct stall_variant_list *ret_list)
{
    if (o->type != MSGPACK_OBJECT_ARRAY) {
        return false;
    }
    struct stall_variant *items = calloc(o->via.array.size, sizeof *items);
    ret_list->items = items;
    for (uint32_t i = 0; items != NULL && i < o->via.array.size; i++) {
        ret_list->count = i + 1;
        if (!take_variant(&o->via.array.ptr[i], &items[i])) {
            return false;
        }
    }
    return items != NULL || o->via.array.size == 0;
}

static bool take_optional_money(const msgpack_object *o, const struct stall_money **ret_money)
{
    if (o->type == MSGPACK_OBJECT_NIL) {
        return true;
    }
    struct stall_money *money = calloc(1, sizeof *money);
    *ret_money = money;
    return money != NULL && take_money(o, money);
}

static bool take_fields(const msgpack_object *at, struct stall_product *p)
{
    uint64_t category;
    uint64_t availability;
    if (!take_u64(&at[0], &p->id) || !take_text(&at[1], &p->name) ||
        !take_text(&at[2], &p->description) || !take_money(&at[3], &p->price) ||
        !take_optional_money(&at[4], &p->price_was) || !take_u64(&at[5], &category) ||
        !take_u64(&at[6], &availability) || availability > STALL_AVAILABILITY_DISCONTINUED ||
        !take_texts(&at[8], &p->labels) || !take_texts(&at[9], &p->images) ||
        !take_variants(&at[10], &p->variants) || !take_i64(&at[11], &p->updated_at)) {
        return false;
    }
    p->category_id = (uint32_t)category;
    p->availability = (enum stall_availability)availability;
    p->rating = at[7].via.f64;
    return true;
}

/* The one cast: the structs are those that the cache hands out as constant. */
static void drop(const void *block)
{
    union {
        const void *shown;
        void *owned;
    } u = {block};
    free(u.owned);
}

static void drop_texts(struct larder_string_list list)
{
    for (size_t i = 0; i < list.count; i++) {
        drop(list.items[i]);
    }
    drop(list.items);
}

void hand_product_free(struct stall_product *p)
{
    if (p == NULL) {
        return;
    }
    drop(p->name);
    drop(p->description);
    drop(p->price_was);
    drop_texts(p->labels);
    drop_texts(p->images);
    for (size_t i = 0; i < p->variants.count; i++) {
        drop(p->variants.items[i].sku);
        drop(p->variants.items[i].title);
    }
    drop(p->variants.items);
    free(p);
}

static struct stall_product *unpack_product(const char *bytes, size_t len)
{
    msgpack_unpacked tree;
    struct stall_product *p = NULL;
    msgpack_unpacked_init(&tree);
    if (msgpack_unpack_next(&tree, bytes, len, NULL) == MSGPACK_UNPACK_SUCCESS &&
        tree.data.type == MSGPACK_OBJECT_ARRAY && tree.data.via.array.size == FIELDS) {
        p = calloc(1, sizeof *p);
        if (p != NULL && !take_fields(tree.data.via.array.ptr, p)) {
            hand_product_free(p);
            p = NULL;
        }
    }
    msgpack_unpacked_destroy(&tree);
    return p;
}

static struct stall_product *product_of(const redisReply *reply)
{
    return reply != NULL && reply->type == REDIS_REPLY_STRING
               ? unpack_product(reply->str, (size_t)reply->len)
               : NULL;
}

/* ---------------------------------------------------------------- calls */

static bool is_ok(redisReply *reply)
{
    bool ok = reply != NULL && reply->type == REDIS_REPLY_STATUS;
    freeReplyObject(reply);
    return ok;
}

bool hand_set(struct hand *hand, const struct stall_product *p, long ttl_s)
{
    pack_product(&hand->buffer, p);
    return is_ok(format_command(hand->redis, "SET hand:product:%llu %b EX %ld",
                                (unsigned long long)p->id, hand->buffer.data, hand->buffer.size,
                                ttl_s));
}

struct stall_product *hand_get(struct hand *hand, uint64_t id)
{
    redisReply *reply =
        format_command(hand->redis, "GET hand:product:%llu", (unsigned long long)id);
    struct stall_product *p = product_of(reply);
    freeReplyObject(reply);
    return p;
}

static size_t key_of(char *key, uint64_t id)
{
    return (size_t)snprintf(key, KEY_MAX, "hand:product:%" PRIu64, id);
}

struct stall_product *hand_get_argv(struct hand *hand, uint64_t id)
{
    char key[KEY_MAX];
    const char *argv[] = {"GET", key};
    const size_t lens[] = {3, key_of(key, id)};
    redisReply *reply = redisCommandArgv(hand->redis, 2, argv, lens);
    struct stall_product *p = product_of(reply);
    freeReplyObject(reply);
    return p;
}

bool hand_get_many_mget(struct hand *hand, const uint64_t *ids, size_t count,
                        struct stall_product **ret_products)
{
    char keys[MANY_MAX][KEY_MAX];
    const char *argv[MANY_MAX + 1] = {"MGET"};
    size_t lens[MANY_MAX + 1] = {4};
    for (size_t i = 0; i < count; i++) {
        argv[i + 1] = keys[i];
        lens[i + 1] = key_of(keys[i], ids[i]);
    }
    redisReply *reply = redisCommandArgv(hand->redis, (int)count + 1, argv, lens);
    bool ok = reply != NULL && reply->type == REDIS_REPLY_ARRAY && reply->elements == count;
    for (size_t i = 0; i < count; i++) {
        ret_products[i] = ok ? product_of(reply->element[i]) : NULL;
    }
    freeReplyObject(reply);
    return ok;
}

bool hand_get_many_pipeline(struct hand *hand, const uint64_t *ids, size_t count,
                            struct stall_product **ret_products)
{
    char key[KEY_MAX];
    const char *argv[] = {"GET", key};
    bool ok = true;
    for (size_t i = 0; i < count; i++) {
        const size_t lens[] = {3, key_of(key, ids[i])};
        redisAppendCommandArgv(hand->redis, 2, argv, lens);
    }
    for (size_t i = 0; i < count; i++) {
        void *reply = NULL;
        ok = redisGetReply(hand->redis, &reply) == REDIS_OK && ok;
        ret_products[i] = product_of(reply);
        freeReplyObject(reply);
    }
    return ok;
}

bool hand_set_many_pipeline(struct hand *hand, const struct stall_product *products, size_t count,
                            long ttl_s)
{
    char key[KEY_MAX];
    char ttl[24];
    bool ok = true;
    const size_t ttl_len = (size_t)snprintf(ttl, sizeof ttl, "%ld", ttl_s);
    for (size_t i = 0; i < count; i++) {
        pack_product(&hand->buffer, &products[i]);
        const char *argv[] = {"SET", key, hand->buffer.data, "EX", ttl};
        const size_t lens[] = {3, key_of(key, products[i].id), hand->buffer.size, 2, ttl_len};
        redisAppendCommandArgv(hand->redis, 5, argv, lens);
    }
    for (size_t i = 0; i < count; i++) {
        void *reply = NULL;
        ok = redisGetReply(hand->redis, &reply) == REDIS_OK && is_ok(reply) && ok;
    }
    return ok;
}
