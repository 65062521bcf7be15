/* SPDX-License-Identifier: MIT */
/*
 * A service with a few entities, written by hand as the generator would, and a
 * cache of it on the memory backend, a fake clock and an allocator that keeps
 * account.
 */
#ifndef LARDER_TESTS_SHELF_H
#define LARDER_TESTS_SHELF_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <larder/codec.h>

#include "support/fail_alloc.h"
#include "support/fake_clock.h"

/* Failing checks name the call and the detail of its failure. */
#define assert_status(call, expected)                                                            \
    do {                                                                                         \
        enum larder_status status_got = (call);                                                  \
        if (status_got != (expected)) {                                                          \
            fail_msg("%s gave %s, not %s: %s", #call, larder_status_name(status_got), #expected, \
                     larder_last_error());                                                       \
        }                                                                                        \
    } while (0)

/* ------------------------------------------------------------------ entities */

struct tea {
    uint64_t id;
    const char *name; /* required, at most 4000 bytes */
    uint32_t grams;   /* 100 by default */
};

static inline bool tea_encode(struct larder_writer *w, const void *value)
{
    const struct tea *tea = value;
    uint8_t *p = larder_write_room(w, w->p, 1 + 9 + LARDER_SHORT_BYTES + 9);
    if (p == NULL) {
        return false;
    }
    p = larder_write_struct(p, 3);
    p = larder_write_u64(p, tea->id);
    p = larder_write_string(w, p, tea->name, 4000, 9);
    if (p == NULL) {
        return larder_write_end(w, larder_write_failed(w, "name"));
    }
    return larder_write_end(w, larder_write_u64(p, tea->grams));
}

static inline bool tea_decode(struct larder_reader *r, void *value)
{
    struct tea *tea = value;
    size_t count;
    struct larder_at at = larder_read_struct(r, larder_read_begin(r), 3, &count);
    if (at.p != NULL) {
        at = larder_read_u64(r, at, &tea->id);
    }
    if (at.p != NULL) {
        at = larder_read_string(r, at, 4000, &tea->name);
    }
    if (at.p != NULL) {
        at = larder_read_u32(r, at, &tea->grams);
    }
    return larder_read_end(r, at.p != NULL ? larder_read_rest(r, at, count, 3) : at);
}

static inline void tea_defaults(void *value)
{
    ((struct tea *)value)->grams = 100;
}

#define TEA_ENTITY(number, entity_name, entity_pattern)                                  \
    .name = (entity_name), .pattern = (entity_pattern), .index = (number), .version = 1, \
    .value_size = sizeof(struct tea), .encode = tea_encode, .decode = tea_decode,        \
    .defaults = tea_defaults

enum { TTL_DEFAULT, TTL_TEAS, TTL_COUNT };

static const struct larder_ttl shelf_ttls[TTL_COUNT] = {
    {"default", "CACHE_TTL_DEFAULT", 0},
    {"teas", "CACHE_TTL_TEAS", 60000},
};

static const struct larder_entity tea_entity = {TEA_ENTITY(0, "tea", "tea:{id:u64}"),
                                                .ttl_index = TTL_TEAS};
/* A lifetime of 100 s, of which up to half is taken off. */
static const struct larder_entity jittered_entity = {TEA_ENTITY(1, "jittered", "jittered:{id:u64}"),
                                                     .ttl_index = -1, .ttl_ms = 100000,
                                                     .jitter_ppm = 500000};
static const struct larder_entity forever_entity = {TEA_ENTITY(2, "forever", "forever:{id:u64}"),
                                                    .ttl_index = -1};
static const struct larder_entity small_entity = {TEA_ENTITY(3, "small", "small:{id:u64}"),
                                                  .ttl_index = TTL_DEFAULT, .max_bytes = 40};
static const struct larder_entity pressed_entity = {TEA_ENTITY(4, "pressed", "pressed:{id:u64}"),
                                                    .ttl_index = -1, .compress = LARDER_CODEC_ZSTD,
                                                    .compress_above = 100};
/* Not in the table. */
static const struct larder_entity stranger_entity = {TEA_ENTITY(0, "stranger", "stranger:{id:u64}"),
                                                     .ttl_index = -1};

static const struct larder_entity *const shelf_entities[] = {
    &tea_entity, &jittered_entity, &forever_entity, &small_entity, &pressed_entity};

static const struct larder_service shelf_service = {
    .stub_version = LARDER_STUB_VERSION,
    .name = "shelf",
    .env_prefix = "SHELF",
    .db = -1,
    .prefix = "",
    .ttls = shelf_ttls,
    .ttl_count = TTL_COUNT,
    .entities = shelf_entities,
    .entity_count = 5,
};

/* ------------------------------------------------------------------- a cache */

enum { LOG_BYTES = 4096 };

struct shelf {
    struct fake_clock clock;
    struct fail_alloc memory;
    char log_text[LOG_BYTES]; /* lines, each with its newline */
    struct larder_log log;
    struct larder_config config;
    struct larder_cache *cache;
};

static inline void shelf_write_log(void *user, enum larder_log_level level, const char *text)
{
    struct shelf *shelf = user;
    size_t len = strlen(shelf->log_text);
    snprintf(shelf->log_text + len, sizeof shelf->log_text - len, "%d %s\n", (int)level, text);
}

/* A config of the memory backend; opens nothing. */
static inline void shelf_init(struct shelf *shelf)
{
    memset(shelf, 0, sizeof *shelf);
    fake_clock_init(&shelf->clock);
    fail_alloc_init(&shelf->memory);
    shelf->log = (struct larder_log){shelf_write_log, shelf};
    shelf->config = (struct larder_config){
        .backend = "memory",
        .log = &shelf->log,
        .allocator = &shelf->memory.allocator,
        .clock = &shelf->clock.clock,
    };
}

/* For cmocka: *state is an open shelf. */
static inline int shelf_setup(void **state)
{
    static struct shelf shelf;
    shelf_init(&shelf);
    *state = &shelf;
    return larder_stub_open(&shelf_service, &shelf.config, &shelf.cache) == LARDER_OK ? 0 : -1;
}

/* Everything must have been given back. */
static inline int shelf_teardown(void **state)
{
    struct shelf *shelf = *state;
    larder_stub_close(shelf->cache);
    return shelf->memory.live_blocks == 0 ? 0 : -1;
}

#define SHELF_TEST(function) cmocka_unit_test_setup_teardown(function, shelf_setup, shelf_teardown)

/* ------------------------------------------------------------------ wrappers */

static inline struct larder_key shelf_key(const struct shelf *shelf,
                                          const struct larder_entity *entity, uint64_t id)
{
    struct larder_key key;
    larder_key_begin(shelf->cache, &key);
    larder_key_name(&key, entity->name);
    larder_key_literal(&key, ":", 1);
    larder_key_u64(&key, id);
    return key;
}

static inline enum larder_status shelf_get(const struct shelf *shelf,
                                           const struct larder_entity *entity, uint64_t id,
                                           const struct tea **ret_tea)
{
    struct larder_key key = shelf_key(shelf, entity, id);
    const void *value = NULL;
    enum larder_status status = larder_stub_get(shelf->cache, entity, &key, &value);
    *ret_tea = value;
    return status;
}

static inline enum larder_status shelf_put(const struct shelf *shelf,
                                           const struct larder_entity *entity,
                                           const struct tea *tea, enum larder_set_mode mode,
                                           int64_t ttl_ms)
{
    struct larder_key key = shelf_key(shelf, entity, tea != NULL ? tea->id : 0);
    return larder_stub_set(shelf->cache, entity, &key, tea, mode, ttl_ms);
}

static inline enum larder_status shelf_set(const struct shelf *shelf,
                                           const struct larder_entity *entity, uint64_t id,
                                           const char *name)
{
    const struct tea tea = {.id = id, .name = name, .grams = 50};
    return shelf_put(shelf, entity, &tea, LARDER_SET_ALWAYS, LARDER_TTL_SCHEMA);
}

static inline struct larder_stats shelf_stats(const struct shelf *shelf,
                                              const struct larder_entity *entity)
{
    struct larder_stats stats;
    assert_status(larder_stub_stats(shelf->cache, entity, &stats), LARDER_OK);
    return stats;
}

#endif
