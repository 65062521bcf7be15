/* SPDX-License-Identifier: MIT */
/* What others put at our keys is a miss: never an error, never a crash, never another's value. */
#include "conformance.h"

#include "samples.h"
#include "support/raw_redis.h"

enum { DB = 3, STORED_MAX = 8192 };

static const struct kitchen_small plain = {
    .id = 1, .name = "name", .note = "note", .colour = KITCHEN_COLOUR_RED};

struct bench {
    struct raw_redis redis;
    char key[128];
    unsigned char stored[STORED_MAX];
    size_t len;
};

/* Stores `plain` and fetches its bytes. */
static void lay_out(void **state, struct bench *bench)
{
    const struct site *site = *state;
    size_t len;
    raw_redis_open(&bench->redis, site->port, DB);
    assert_status(kitchen_small_cache_put(site->cache, &plain), LARDER_OK);
    assert_status(kitchen_small_cache_key(site->cache, 1, bench->key, sizeof bench->key, &len),
                  LARDER_OK);
    bench->len = raw_redis_get(&bench->redis, bench->key, bench->stored, sizeof bench->stored);
}

static enum larder_status read_small(void **state, const struct bench *bench, const void *bytes,
                                     size_t len)
{
    struct raw_redis redis = bench->redis;
    const struct kitchen_small *read;
    raw_redis_set(&redis, bench->key, bytes, len);
    enum larder_status status = kitchen_small_cache_get(cache_of(state), 1, &read);
    assert_true((status == LARDER_OK) == (read != NULL));
    kitchen_small_release(read);
    return status;
}

static void our_own_bytes_are_a_hit(void **state)
{
    struct bench bench;
    lay_out(state, &bench);
    assert_status(read_small(state, &bench, bench.stored, bench.len), LARDER_OK);
    raw_redis_close(&bench.redis);
}

static void a_foreign_value_is_a_miss(void **state)
{
    static const struct larder_bytes foreign[] = {
        BYTES(""),
        BYTES("hello"),
        BYTES("{\"id\":1}"),
        BYTES("\xc0"),
        BYTES("\x2a"),
        BYTES("\xc1\xc1"),
        BYTES("\x90"),
        BYTES("\x94"),
        BYTES("\xdd\xff\xff\xff\xff"),
        BYTES("\x80"),
        BYTES("\xdb\xff\xff\xff\xff"),
    };
    struct bench bench;
    struct kitchen_cache_counters counters;
    lay_out(state, &bench);
    for (size_t i = 0; i < COUNT_OF(foreign); i++) {
        assert_status(read_small(state, &bench, foreign[i].data, foreign[i].len), LARDER_MISS);
    }
    assert_status(kitchen_cache_stats(cache_of(state), &counters), LARDER_OK);
    assert_int_equal(counters.kitchen_small.decode_errors, COUNT_OF(foreign));
    assert_int_equal(counters.kitchen_small.misses, COUNT_OF(foreign));
    assert_int_equal(counters.kitchen_small.errors, 0);
    raw_redis_close(&bench.redis);
}

static void a_truncated_value_is_a_miss(void **state)
{
    struct bench bench;
    lay_out(state, &bench);
    for (size_t len = 0; len < bench.len; len++) {
        assert_status(read_small(state, &bench, bench.stored, len), LARDER_MISS);
    }
    raw_redis_close(&bench.redis);
}

static void a_value_with_something_behind_it_is_a_miss(void **state)
{
    struct bench bench;
    lay_out(state, &bench);
    bench.stored[bench.len] = 0xc0;
    assert_status(read_small(state, &bench, bench.stored, bench.len + 1), LARDER_MISS);
    raw_redis_close(&bench.redis);
}

/* In the head every bit counts; in the body a flip may make another right value. */
static void a_flipped_bit_is_no_crash_and_in_the_head_a_miss(void **state)
{
    enum { HEAD_BYTES = 12 };
    struct bench bench;
    lay_out(state, &bench);
    for (size_t i = 0; i < bench.len; i++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            bench.stored[i] ^= (unsigned char)(1U << bit);
            enum larder_status status = read_small(state, &bench, bench.stored, bench.len);
            if (i < HEAD_BYTES) {
                assert_status(status, LARDER_MISS);
            }
            assert_true(status == LARDER_OK || status == LARDER_MISS);
            bench.stored[i] ^= (unsigned char)(1U << bit);
        }
    }
    raw_redis_close(&bench.redis);
}

/* The same, over a value with every type in it; a miss or a hit, no crash. */
static void bytes_of_a_large_value_replaced_are_no_crash(void **state)
{
    static const unsigned char others[] = {0x00, 0x7f, 0x80, 0x9f, 0xc0, 0xc1, 0xc6, 0xdd, 0xff};
    const struct site *site = *state;
    struct bench bench;
    size_t len;
    raw_redis_open(&bench.redis, site->port, DB);
    assert_status(kitchen_cache_set(site->cache, 1, sample_full()), LARDER_OK);
    assert_status(kitchen_cache_key(site->cache, 1, bench.key, sizeof bench.key, &len), LARDER_OK);
    bench.len = raw_redis_get(&bench.redis, bench.key, bench.stored, sizeof bench.stored);
    for (size_t i = 0; i < bench.len; i++) {
        const struct kitchen *read;
        unsigned char was = bench.stored[i];
        bench.stored[i] = others[i % sizeof others];
        raw_redis_set(&bench.redis, bench.key, bench.stored, bench.len);
        enum larder_status status = kitchen_cache_get(site->cache, 1, &read);
        assert_true(status == LARDER_OK || status == LARDER_MISS);
        kitchen_release(read);
        bench.stored[i] = was;
    }
    raw_redis_close(&bench.redis);
}

static void the_value_of_another_key_is_a_miss(void **state)
{
    struct bench bench;
    char other[128];
    size_t len;
    const struct kitchen_small *read;
    lay_out(state, &bench);
    assert_status(kitchen_small_cache_key(cache_of(state), 2, other, sizeof other, &len),
                  LARDER_OK);
    raw_redis_set(&bench.redis, other, bench.stored, bench.len);
    assert_status(kitchen_small_cache_get(cache_of(state), 2, &read), LARDER_MISS);
    assert_null(read);
    raw_redis_close(&bench.redis);
}

static void the_value_of_another_entity_is_a_miss(void **state)
{
    struct bench bench;
    char other[128];
    size_t len;
    const struct kitchen_leaf_of *read;
    lay_out(state, &bench);
    assert_status(kitchen_leaf_of_cache_key(cache_of(state), 1, other, sizeof other, &len),
                  LARDER_OK);
    raw_redis_set(&bench.redis, other, bench.stored, bench.len);
    assert_status(kitchen_leaf_of_cache_get(cache_of(state), 1, &read), LARDER_MISS);
    assert_null(read);
    raw_redis_close(&bench.redis);
}

static void the_value_of_another_version_is_a_miss(void **state)
{
    const struct site *site = *state;
    struct bench bench;
    size_t len;
    const struct kitchen_third *read;
    raw_redis_open(&bench.redis, site->port, DB);
    assert_status(kitchen_third_cache_set(site->cache, 1, &(struct kitchen_third){7}), LARDER_OK);
    assert_status(kitchen_third_cache_key(site->cache, 1, bench.key, sizeof bench.key, &len),
                  LARDER_OK);
    bench.len = raw_redis_get(&bench.redis, bench.key, bench.stored, sizeof bench.stored);
    assert_int_equal(bench.len, 13); /* 12 of envelope, one of value */
    assert_int_equal(bench.stored[11], 3);
    bench.stored[11] = 2;
    raw_redis_set(&bench.redis, bench.key, bench.stored, bench.len);
    assert_status(kitchen_third_cache_get(site->cache, 1, &read), LARDER_MISS);
    raw_redis_close(&bench.redis);
}

static enum larder_status load_plain(struct larder_load *load, void *user, uint32_t id,
                                     struct kitchen_small *out)
{
    (void)load;
    (void)id;
    ++*(int *)user;
    *out = plain;
    return LARDER_OK;
}

static void get_or_load_replaces_a_foreign_value(void **state)
{
    struct bench bench;
    const struct kitchen_small *read;
    int loads = 0;
    lay_out(state, &bench);
    raw_redis_set(&bench.redis, bench.key, "hello", 5);
    for (int i = 0; i < 2; i++) {
        assert_status(
            kitchen_small_cache_get_or_load(cache_of(state), 1, load_plain, &loads, &read),
            LARDER_OK);
        assert_string_equal(read->name, "name");
        kitchen_small_release(read);
    }
    assert_int_equal(loads, 1);
    raw_redis_close(&bench.redis);
}

static void a_key_of_another_type_is_told_and_can_be_overwritten(void **state)
{
    struct bench bench;
    const struct kitchen_small *read;
    int loads = 0;
    lay_out(state, &bench);
    const char *const drop[] = {"DEL", bench.key};
    const char *const push[] = {"RPUSH", bench.key, "a", "b"};
    raw_redis_run(&bench.redis, drop, 2);
    raw_redis_run(&bench.redis, push, 4);
    enum larder_status status = kitchen_small_cache_get(cache_of(state), 1, &read);
    assert_true(status == LARDER_E_SERVER || status == LARDER_MISS);
    assert_null(read);
    assert_status(kitchen_small_cache_exists(cache_of(state), 1), LARDER_MISS);
    assert_status(kitchen_small_cache_get_or_load(cache_of(state), 1, load_plain, &loads, &read),
                  LARDER_OK);
    assert_int_equal(loads, 1);
    kitchen_small_release(read);
    assert_status(kitchen_small_cache_put(cache_of(state), &plain), LARDER_OK);
    assert_status(kitchen_small_cache_get(cache_of(state), 1, &read), LARDER_OK);
    kitchen_small_release(read);
    raw_redis_close(&bench.redis);
}

static void a_foreign_value_in_a_batch_fails_no_other(void **state)
{
    struct bench bench;
    const struct kitchen_small_key keys[] = {{1}, {2}};
    const struct kitchen_small *read[2];
    enum larder_status each[2];
    struct kitchen_small second = plain;
    second.id = 2;
    lay_out(state, &bench);
    assert_status(kitchen_small_cache_put(cache_of(state), &second), LARDER_OK);
    raw_redis_set(&bench.redis, bench.key, "hello", 5);
    assert_status(kitchen_small_cache_get_many(cache_of(state), keys, 2, read, each), LARDER_OK);
    assert_status(each[0], LARDER_MISS);
    assert_null(read[0]);
    assert_status(each[1], LARDER_OK);
    kitchen_small_release_many(read, 2);
    raw_redis_close(&bench.redis);
}

static const struct CMUnitTest tests[] = {
    SITE_TEST(our_own_bytes_are_a_hit),
    SITE_TEST(a_foreign_value_is_a_miss),
    SITE_TEST(a_truncated_value_is_a_miss),
    SITE_TEST(a_value_with_something_behind_it_is_a_miss),
    SITE_TEST(a_flipped_bit_is_no_crash_and_in_the_head_a_miss),
    SITE_TEST(bytes_of_a_large_value_replaced_are_no_crash),
    SITE_TEST(the_value_of_another_key_is_a_miss),
    SITE_TEST(the_value_of_another_entity_is_a_miss),
    SITE_TEST(the_value_of_another_version_is_a_miss),
    SITE_TEST(get_or_load_replaces_a_foreign_value),
    SITE_TEST(a_key_of_another_type_is_told_and_can_be_overwritten),
    SITE_TEST(a_foreign_value_in_a_batch_fails_no_other),
};
const struct suite foreign_suite = {"foreign", tests, COUNT_OF(tests), true};
