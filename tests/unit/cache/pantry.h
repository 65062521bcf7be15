/* SPDX-License-Identifier: MIT */
/*
 * shelf.h's teas under every policy, on the memory backend or on a server; and what
 * nobody's calls store: heads of any form, versions that are bumped or evicted.
 */
#ifndef LARDER_TESTS_PANTRY_H
#define LARDER_TESTS_PANTRY_H

#include "shelf.h"

#include "base/log.h"
#include "cache/handle.h"
#include "cache/sight.h"
#include "key/key.h"
#include "support/redis_server.h"

enum {
    STALE_MS = 100000,
    ERROR_MS = 300000,
    TTL_MS = 60000,
    AGE_MS = 600000,
    RAW_TTL_MS = 1000000,
    FAR_MS = 10000
};

static inline void brand_tag(const struct larder_key *of, struct larder_tags *tags,
                             const char *name)
{
    struct larder_key text;
    (void)of;
    larder_key_init(&text, "", 0);
    larder_key_literal(&text, "brand:", 6);
    larder_key_string(&text, name);
    larder_tags_add(tags, &text);
}

/* A tea is of the brand that it is named after, and of its weight's. */
static inline void tea_tags(const void *value, struct larder_tags *tags)
{
    const struct tea *tea = value;
    char grams[16];
    brand_tag(NULL, tags, tea->name);
    snprintf(grams, sizeof grams, "%u", (unsigned)tea->grams);
    brand_tag(NULL, tags, grams);
}

static const struct larder_policy stale_policy = {.while_revalidate_ms = STALE_MS,
                                                  .if_error_ms = ERROR_MS};
static const struct larder_policy sliding_policy = {.sliding = true, .max_age_ms = AGE_MS};
static const struct larder_policy renewed_policy = {.sliding = true, .absent_ms = 30000};
static const struct larder_policy ahead_policy = {.while_revalidate_ms = STALE_MS,
                                                  .refresh_ppm = 800000};

#define PANTRY_ENTITY(number, entity_name) \
    TEA_ENTITY(number, entity_name, entity_name ":{id:u64}"), .ttl_index = -1, .ttl_ms = TTL_MS

static const struct larder_entity bare_entity = {PANTRY_ENTITY(0, "bare")};
static const struct larder_entity page_entity = {PANTRY_ENTITY(1, "page"), .has_all = true,
                                                 .group_count = 1};
static const struct larder_entity goods_entity = {PANTRY_ENTITY(2, "goods"), .tags = tea_tags};
static const struct larder_entity stale_entity = {PANTRY_ENTITY(3, "stale"),
                                                  .policy = &stale_policy};
static const struct larder_entity all_entity = {
    PANTRY_ENTITY(4, "all"), .policy = &stale_policy,       .has_all = true,
    .tags = tea_tags,        .compress = LARDER_CODEC_ZSTD, .compress_above = 64};
static const struct larder_entity sliding_entity = {PANTRY_ENTITY(5, "sliding"),
                                                    .policy = &sliding_policy};
static const struct larder_entity renewed_entity = {PANTRY_ENTITY(6, "renewed"),
                                                    .policy = &renewed_policy};
static const struct larder_entity ahead_entity = {PANTRY_ENTITY(7, "ahead"),
                                                  .policy = &ahead_policy};

static const struct larder_entity *const pantry_entities[] = {
    &bare_entity, &page_entity,    &goods_entity,   &stale_entity,
    &all_entity,  &sliding_entity, &renewed_entity, &ahead_entity};

static const struct larder_service pantry_service = {
    .stub_version = LARDER_STUB_VERSION,
    .name = "pantry",
    .env_prefix = "PANTRY",
    .db = -1,
    .prefix = "p:",
    .ttls = shelf_ttls,
    .ttl_count = TTL_COUNT,
    .entities = pantry_entities,
    .entity_count = sizeof pantry_entities / sizeof pantry_entities[0],
};

/* --------------------------------------------------------- counting round trips */

struct counting {
    struct larder_backend base;
    struct larder_backend *inner;
    size_t trips;
    size_t ops;
};

static inline void counting_run(struct larder_backend *backend, struct larder_op *ops, size_t count,
                                int64_t deadline_ns)
{
    struct counting *counting = (struct counting *)backend;
    counting->trips++;
    counting->ops += count;
    counting->inner->table->run(counting->inner, ops, count, deadline_ns);
}

static inline void counting_health(struct larder_backend *backend, struct larder_health *health)
{
    struct counting *counting = (struct counting *)backend;
    counting->inner->table->health(counting->inner, health);
}

static inline int64_t counting_now_ms(const struct larder_backend *backend, int64_t *ret_age_ms)
{
    const struct counting *counting = (const struct counting *)backend;
    return counting->inner->table->now_ms(counting->inner, ret_age_ms);
}

static inline void counting_free(struct larder_backend *backend)
{
    struct counting *counting = (struct counting *)backend;
    counting->inner->table->free(counting->inner);
}

/* ---------------------------------------------------------------------- a pantry */

struct pantry {
    struct shelf shelf; /* its wrappers serve */
    struct counting counting;
    struct larder_backend_table table;
    struct larder_cache *cache;
};

static struct redis_server pantry_server; /* port 0: the memory backend */

static inline int pantry_open(struct pantry *pantry, const struct larder_service *service)
{
    struct larder_config *config = &pantry->shelf.config;
    shelf_init(&pantry->shelf);
    fake_clock_advance_ms(&pantry->shelf.clock, INT64_C(1000000000)); /* there is a past */
    if (pantry_server.port != 0) {
        config->backend = "redis";
        config->host = "127.0.0.1";
        config->port = pantry_server.port;
        config->clock = NULL;
    }
    if (larder_stub_open(service, config, &pantry->shelf.cache) != LARDER_OK) {
        return -1;
    }
    pantry->cache = pantry->shelf.cache;
    pantry->table = (struct larder_backend_table){.name = "counting",
                                                  .run = counting_run,
                                                  .health = counting_health,
                                                  .now_ms = counting_now_ms,
                                                  .free = counting_free};
    pantry->counting = (struct counting){{&pantry->table}, pantry->cache->backend, 0, 0};
    pantry->cache->backend = &pantry->counting.base;
    return 0;
}

static inline int pantry_setup(void **state)
{
    static struct pantry pantry;
    memset(&pantry, 0, sizeof pantry);
    *state = &pantry;
    if (pantry_server.port != 0) {
        char reply[16];
        redis_server_say(&pantry_server, NULL, "FLUSHALL", reply, sizeof reply);
    }
    return pantry_open(&pantry, &pantry_service);
}

static inline int pantry_teardown(void **state)
{
    struct pantry *pantry = *state;
    larder_stub_close(pantry->cache);
    return pantry->shelf.memory.live_blocks == 0 ? 0 : -1;
}

#define PANTRY_TEST(function) \
    cmocka_unit_test_setup_teardown(function, pantry_setup, pantry_teardown)

/* ------------------------------------------------------------------ past the calls */

static inline struct larder_op pantry_run(const struct pantry *pantry, struct larder_op op)
{
    struct larder_backend *inner = pantry->counting.inner;
    inner->table->run(inner, &op, 1, INT64_MAX);
    return op;
}

/* The server's time. */
static inline int64_t pantry_now_ms(const struct pantry *pantry)
{
    struct larder_op op = pantry_run(
        pantry, (struct larder_op){.kind = LARDER_OP_TIME, .key = "p:time", .key_len = 6});
    assert_int_equal(op.status, LARDER_OK);
    return op.number;
}

static inline struct larder_key pantry_key(const struct pantry *pantry,
                                           const struct larder_entity *entity, uint64_t id)
{
    struct larder_key key = shelf_key(&pantry->shelf, entity, id);
    larder_key_mark(&key, 0);
    return key;
}

static inline void pantry_put_bytes(const struct pantry *pantry, const struct larder_key *key,
                                    const uint8_t *bytes, size_t len)
{
    struct larder_op op = pantry_run(pantry, (struct larder_op){.kind = LARDER_OP_SET,
                                                                .key = key->bytes,
                                                                .key_len = key->len,
                                                                .value = bytes,
                                                                .value_len = len,
                                                                .ttl_ms = RAW_TTL_MS});
    assert_int_equal(op.status, LARDER_OK);
}

/* A value with this head, or without one what is empty. */
static inline void pantry_put(const struct pantry *pantry, const struct larder_entity *entity,
                              uint64_t id, const struct larder_envelope_head *head,
                              const char *name)
{
    uint8_t room[512];
    struct larder_writer w;
    struct larder_key key = pantry_key(pantry, entity, id);
    uint64_t fingerprint = larder_fingerprint_of(pantry->cache, entity, &key);
    const struct tea tea = {.id = id, .name = name, .grams = 50};
    larder_writer_init(&w, &pantry->cache->allocator, room, sizeof room, sizeof room);
    if (name != NULL) {
        assert_status(larder_stored_write(&w, entity, fingerprint, head, &tea), LARDER_OK);
    } else {
        w.p += larder_envelope_write_head(w.p, fingerprint, entity->version, head, NULL);
    }
    pantry_put_bytes(pantry, &key, w.start, larder_writer_len(&w));
    larder_writer_release(&w);
}

static inline void pantry_put_timed(const struct pantry *pantry, const struct larder_entity *entity,
                                    uint64_t id, int64_t fresh_in_ms)
{
    const struct larder_envelope_head head = {.meta = LARDER_META_PLAIN | LARDER_META_TIMED,
                                              .fresh_ms = pantry_now_ms(pantry) + fresh_in_ms};
    pantry_put(pantry, entity, id, &head, "timed");
}

static inline void pantry_put_claim(const struct pantry *pantry, const struct larder_entity *entity,
                                    uint64_t id, int64_t until_in_ms)
{
    const struct larder_envelope_head head = {
        .meta = LARDER_META_CLAIM, .token = 99, .until_ms = pantry_now_ms(pantry) + until_in_ms};
    pantry_put(pantry, entity, id, &head, NULL);
}

static inline void pantry_put_mark(const struct pantry *pantry, const struct larder_entity *entity,
                                   uint64_t id)
{
    const struct larder_envelope_head head = {.meta = LARDER_META_PLAIN | LARDER_META_EMPTY};
    pantry_put(pantry, entity, id, &head, NULL);
}

/* What an invalidation does. */
static inline void pantry_bump(const struct pantry *pantry, uint64_t id)
{
    static struct larder_version_list list;
    const struct larder_version_ids ids = {.count = 1, .ids = {id}};
    larder_version_list_make(&pantry->cache->versions, &ids, 0, larder_version_begin(), &list);
    struct larder_op op = pantry_run(pantry, (struct larder_op){.kind = LARDER_OP_BUMP,
                                                                .key = list.keys[0].bytes,
                                                                .key_len = list.keys[0].len,
                                                                .versions = &list.op});
    assert_int_equal(op.status, LARDER_OK);
}

static inline void pantry_evict(const struct pantry *pantry, uint64_t id)
{
    char text[LARDER_VERSION_KEY_MAX];
    size_t len = larder_version_key_write(&pantry->cache->versions, id, text);
    struct larder_op op = pantry_run(
        pantry, (struct larder_op){.kind = LARDER_OP_DELETE, .key = text, .key_len = len});
    assert_int_equal(op.status, LARDER_OK);
}

static inline uint64_t brand_id(const struct pantry *pantry, const char *name)
{
    char text[64];
    int len = snprintf(text, sizeof text, "brand:%s", name);
    return larder_version_of_tag(&pantry->cache->versions, text, (size_t)len);
}

/* ------------------------------------------------------------------ all the reads */

/* What every call that reads says of an entry: exists and ttl as well as get and get_many. */
struct pantry_reads {
    enum larder_status get;
    enum larder_status get_many;
    enum larder_status exists;
    enum larder_status ttl;
};

static inline const struct larder_entity *pantry_build(struct larder_key *key, const void *keys,
                                                       size_t i)
{
    const struct pantry_row {
        const struct larder_entity *entity;
        uint64_t id;
    } *rows = keys;
    larder_key_name(key, rows[i].entity->name);
    larder_key_literal(key, ":", 1);
    larder_key_u64(key, rows[i].id);
    larder_key_mark(key, 0);
    return rows[i].entity;
}

static inline struct pantry_reads pantry_read(const struct pantry *pantry,
                                              const struct larder_entity *entity, uint64_t id)
{
    const struct {
        const struct larder_entity *entity;
        uint64_t id;
    } rows[] = {{entity, id}, {entity, id}};
    struct larder_key key = pantry_key(pantry, entity, id);
    struct pantry_reads reads;
    enum larder_status each[2];
    const void *values[2];
    const void *value;
    int64_t ms;
    reads.get = larder_stub_get(pantry->cache, entity, &key, &value);
    assert_int_equal(value != NULL, reads.get == LARDER_OK || reads.get == LARDER_STALE);
    larder_value_release(value);
    assert_status(larder_stub_get_many(pantry->cache, entity, pantry_build, rows, 2, values, each),
                  LARDER_OK);
    assert_int_equal(each[0], each[1]);
    reads.get_many = each[0];
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(values[i] != NULL, each[i] == LARDER_OK || each[i] == LARDER_STALE);
        larder_value_release(values[i]);
    }
    reads.exists = larder_stub_exists(pantry->cache, entity, &key);
    reads.ttl = larder_stub_ttl(pantry->cache, entity, &key, &ms);
    return reads;
}

/* Of all of them: what get gives, and what follows for the others. */
#define assert_reads(pantry, entity, id, expected)                                           \
    do {                                                                                     \
        enum larder_status wanted = (expected);                                              \
        struct pantry_reads reads = pantry_read(pantry, entity, id);                         \
        bool there = wanted == LARDER_OK || wanted == LARDER_STALE;                          \
        assert_string_equal(larder_status_name(reads.get), larder_status_name(wanted));      \
        assert_string_equal(larder_status_name(reads.get_many), larder_status_name(wanted)); \
        assert_string_equal(larder_status_name(reads.exists),                                \
                            larder_status_name(there ? LARDER_OK : wanted));                 \
        assert_string_equal(larder_status_name(reads.ttl),                                   \
                            larder_status_name(there ? LARDER_OK : LARDER_MISS));            \
    } while (0)

static inline enum larder_status pantry_store(const struct pantry *pantry,
                                              const struct larder_entity *entity, uint64_t id,
                                              enum larder_set_mode mode)
{
    const struct tea tea = {.id = id, .name = "assam", .grams = 50};
    struct larder_key key = pantry_key(pantry, entity, id);
    return larder_stub_set(pantry->cache, entity, &key, &tea, mode, LARDER_TTL_SCHEMA);
}

#endif
