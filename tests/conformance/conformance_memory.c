/* SPDX-License-Identifier: MIT */
/* Every allocation fails once: E_NOMEM or none the worse, nothing leaks, nothing is half done. */
#include "conformance.h"

#include "samples.h"
#include "support/fail_alloc.h"

enum { FAIL_MAX = 2000 };

static enum larder_status load_full(struct larder_load *load, void *user, uint64_t id,
                                    struct kitchen *out)
{
    (void)load;
    (void)user;
    *out = *sample_full();
    out->id = id;
    return LARDER_OK;
}

static void is_one_of(enum larder_status status, enum larder_status right)
{
    if (status != right) {
        assert_status(status, LARDER_E_NOMEM);
    }
}

/* A value that is given out is whole. */
static void is_whole(const struct kitchen *read, enum larder_status status)
{
    assert_true((status == LARDER_OK) == (read != NULL));
    if (read != NULL) {
        struct kitchen expected = *sample_full();
        expected.id = read->id;
        assert_null(sample_difference(&expected, read));
    }
}

/* A large value's way, once unexpected, once expected. */
static void every_call_of_a_large_one(struct kitchen_cache *cache)
{
    static unsigned char bytes[50000];
    const struct kitchen_blob_of value = {.value = {bytes, sizeof bytes}};
    if (kitchen_blob_of_cache_set(cache, 1, &value) != LARDER_OK) {
        return;
    }
    for (int i = 0; i < 2; i++) {
        const struct kitchen_blob_of *read;
        is_one_of(kitchen_blob_of_cache_get(cache, 1, &read), LARDER_OK);
        if (read != NULL) {
            assert_int_equal(read->value.len, sizeof bytes);
            assert_memory_equal(read->value.data, bytes, sizeof bytes);
        }
        kitchen_blob_of_release(read);
    }
}

static void every_call(struct kitchen_cache *cache)
{
    const struct kitchen_key keys[] = {{1}, {2}};
    const struct kitchen values[] = {*sample_full(), *sample_full()};
    const struct kitchen *read[2];
    enum larder_status each[2];
    larder_ignore(kitchen_cache_delete(cache, 1));
    larder_ignore(kitchen_cache_delete(cache, 2));
    enum larder_status status = kitchen_cache_set(cache, 1, sample_full());
    is_one_of(status, LARDER_OK);
    if (status == LARDER_OK) {
        status = kitchen_cache_get(cache, 1, &read[0]);
        is_one_of(status, LARDER_OK);
        is_whole(read[0], status);
        kitchen_release(read[0]);
    }
    status = kitchen_cache_get_or_load(cache, 2, load_full, NULL, &read[0]);
    is_one_of(status, LARDER_OK);
    is_whole(read[0], status);
    kitchen_release(read[0]);

    /* The second value is another key's: refused whatever else happens. */
    assert_true(kitchen_cache_set_many(cache, keys, 2, values, each) < 0);
    is_one_of(each[0], LARDER_OK);
    is_one_of(each[1], LARDER_E_ARG);
    larder_ignore(kitchen_cache_get_many(cache, keys, 2, read, each));
    is_whole(read[0], each[0]);
    is_whole(read[1], each[1]);
    kitchen_release_many(read, 2);
    is_one_of(kitchen_cache_on_kitchen_changed(cache, 1), LARDER_OK);
}

static void any_allocation_may_fail(void **state)
{
    const struct site *site = *state;
    struct larder_config config = site->config;
    struct fail_alloc memory;
    fail_alloc_init(&memory);
    config.allocator = &memory.allocator;
    bool reached = true;
    for (memory.fail_at = 1; reached; memory.fail_at++) {
        struct kitchen_cache *cache;
        memory.calls = 0;
        enum larder_status status = kitchen_cache_open(&config, &cache);
        is_one_of(status, LARDER_OK);
        if (status == LARDER_OK) {
            every_call(cache);
            every_call_of_a_large_one(cache);
        }
        kitchen_cache_close(cache);
        assert_int_equal(memory.live_blocks, 0);
        reached = memory.calls >= memory.fail_at;
        assert_true(memory.fail_at < FAIL_MAX);
    }
}

static void values_return_to_the_allocator_they_came_from(void **state)
{
    const struct site *site = *state;
    struct larder_config config = site->config;
    struct fail_alloc memory;
    struct kitchen_cache *cache;
    const struct kitchen *read;
    fail_alloc_init(&memory);
    config.allocator = &memory.allocator;
    assert_status(kitchen_cache_open(&config, &cache), LARDER_OK);
    assert_status(kitchen_cache_set(cache, 1, sample_full()), LARDER_OK);
    assert_status(kitchen_cache_get(cache, 1, &read), LARDER_OK);
    kitchen_cache_close(cache);
    assert_int_equal(memory.live_blocks, 1);
    kitchen_release(read);
    assert_int_equal(memory.live_blocks, 0);
}

static void a_large_value_is_one_allocation(void **state)
{
    static unsigned char bytes[50000];
    const struct kitchen_blob_of value = {.value = {bytes, sizeof bytes}};
    const struct site *site = *state;
    struct larder_config config = site->config;
    struct fail_alloc memory;
    struct kitchen_cache *cache;
    fail_alloc_init(&memory);
    config.allocator = &memory.allocator;
    assert_status(kitchen_cache_open(&config, &cache), LARDER_OK);
    assert_status(kitchen_blob_of_cache_set(cache, 1, &value), LARDER_OK);
    for (int i = 0; i < 3; i++) {
        const struct kitchen_blob_of *read;
        memory.calls = 0;
        assert_status(kitchen_blob_of_cache_get(cache, 1, &read), LARDER_OK);
        assert_int_equal(memory.calls, 1);
        kitchen_blob_of_release(read);
    }
    kitchen_cache_close(cache);
}

static void a_decoded_value_is_one_allocation(void **state)
{
    const struct site *site = *state;
    struct larder_config config = site->config;
    struct fail_alloc memory;
    struct kitchen_cache *cache;
    const struct kitchen *read;
    fail_alloc_init(&memory);
    config.allocator = &memory.allocator;
    assert_status(kitchen_cache_open(&config, &cache), LARDER_OK);
    assert_status(kitchen_cache_set(cache, 1, sample_full()), LARDER_OK);
    for (int i = 0; i < 20; i++) {
        /* The first reads learn how much room this entity's values want. */
        memory.calls = 0;
        assert_status(kitchen_cache_get(cache, 1, &read), LARDER_OK);
        kitchen_release(read);
    }
    assert_int_equal(memory.calls, 1);
    kitchen_cache_close(cache);
}

static const struct CMUnitTest tests[] = {
    SITE_TEST(any_allocation_may_fail),
    SITE_TEST(values_return_to_the_allocator_they_came_from),
    SITE_TEST(a_decoded_value_is_one_allocation),
    SITE_TEST(a_large_value_is_one_allocation),
};
const struct suite memory_suite = {"memory", tests, COUNT_OF(tests), false};
