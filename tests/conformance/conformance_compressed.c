/* SPDX-License-Identifier: MIT */
/*
 * Values that the schema wants compressed: what was written is what is read,
 * whatever way a reply takes, and whoever of two versions wrote it.
 */
#include "conformance.h"

#include <stdio.h>
#include <stdlib.h>

#include "samples.h"
#include "support/raw_redis.h"

enum { DB = 3, TEXT_MAX = 5 * 1000 * 1000, EACH = 100, META_AT = 1, META_COMPRESSED = 0x11 };

/* Words with numbers between them: some five times their size compressed. */
static char *text_of(size_t len)
{
    char *text = malloc(len + 32);
    assert_non_null(text);
    for (size_t at = 0, n = 0; at < len; n++) {
        at += (size_t)snprintf(text + at, 32, "leaf %zu of the tree, ", n * 2654435761U % 9973);
    }
    text[len] = '\0';
    return text;
}

static void check_text(struct kitchen_cache *cache, size_t len)
{
    char *text = text_of(len);
    const struct kitchen_zipped value = {.id = 1, .text = text};
    assert_status(kitchen_zipped_cache_put(cache, &value), LARDER_OK);
    for (int i = 0; i < 2; i++) { /* not expected to be large, and expected */
        const struct kitchen_zipped *read;
        assert_status(kitchen_zipped_cache_get(cache, 1, &read), LARDER_OK);
        assert_int_equal(read->id, 1);
        assert_string_equal(read->text, text);
        kitchen_zipped_release(read);
    }
    free(text);
}

static void check_list(struct kitchen_cache *cache, size_t len)
{
    size_t count = len / EACH + 1;
    const char **items = calloc(count, sizeof *items);
    char *text = text_of(count * EACH);
    assert_non_null(items);
    for (size_t i = 0; i < count; i++) {
        text[i * EACH + EACH - 1] = '\0';
        items[i] = text + i * EACH;
    }
    const struct kitchen_squeezed value = {.items = items, .count = count};
    assert_status(kitchen_squeezed_cache_set(cache, 1, &value), LARDER_OK);
    for (int i = 0; i < 2; i++) {
        const struct kitchen_squeezed *read;
        assert_status(kitchen_squeezed_cache_get(cache, 1, &read), LARDER_OK);
        assert_int_equal(read->count, count);
        for (size_t j = 0; j < count; j++) {
            assert_string_equal(read->items[j], items[j]);
        }
        kitchen_squeezed_release(read);
    }
    free(items);
    free(text);
}

static void values_of_all_sizes(void **state)
{
    static const size_t sizes[] = {0,     99,     1000,   1024,    5000,    50000,
                                   65536, 100000, 300000, 1000000, TEXT_MAX};
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        check_text(cache_of(state), sizes[i]);
        check_list(cache_of(state), sizes[i]);
    }
}

static void bytes_are_counted_as_they_are_stored(void **state)
{
    struct kitchen_cache_counters stats;
    check_text(cache_of(state), 50000);
    assert_status(kitchen_cache_stats(cache_of(state), &stats), LARDER_OK);
    assert_in_range(stats.kitchen_zipped.written_bytes, 1000, 25000);
    assert_int_equal(stats.kitchen_zipped.read_bytes, 2 * stats.kitchen_zipped.written_bytes);
}

static void many_at_once(void **state)
{
    static const size_t sizes[] = {0, 2000, 100, 50000, 1200};
    struct kitchen_zipped_key keys[COUNT_OF(sizes)];
    struct kitchen_zipped values[COUNT_OF(sizes)];
    const struct kitchen_zipped *read[COUNT_OF(sizes)];
    enum larder_status each[COUNT_OF(sizes)];
    struct kitchen_cache_counters stats;
    size_t bytes = 0;
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        keys[i].id = i;
        values[i] = (struct kitchen_zipped){.id = i, .text = text_of(sizes[i])};
        bytes += sizes[i];
    }
    assert_status(
        kitchen_zipped_cache_set_many(cache_of(state), keys, COUNT_OF(sizes), values, each),
        LARDER_OK);
    assert_status(kitchen_zipped_cache_get_many(cache_of(state), keys, COUNT_OF(sizes), read, each),
                  LARDER_OK);
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        assert_string_equal(read[i]->text, values[i].text);
        free((char *)(uintptr_t)values[i].text);
    }
    kitchen_zipped_release_many(read, COUNT_OF(sizes));
    assert_status(kitchen_cache_stats(cache_of(state), &stats), LARDER_OK);
    assert_true(stats.kitchen_zipped.written_bytes < bytes / 2);
}

/* ------------------------------------------------------------------ rollouts */

/* The meta of what is stored for zipped 1. */
static int stored_meta(void **state)
{
    static unsigned char stored[4096];
    const struct site *site = *state;
    struct raw_redis redis;
    char key[128];
    size_t len;
    assert_status(kitchen_zipped_cache_key(site->cache, 1, key, sizeof key, &len), LARDER_OK);
    raw_redis_open(&redis, site->port, DB);
    assert_true(raw_redis_get(&redis, key, stored, sizeof stored) > META_AT);
    raw_redis_close(&redis);
    return stored[META_AT];
}

static void one_that_compresses_and_one_that_does_not_read_each_other(void **state)
{
    const struct site *site = *state;
    struct kitchen_cache *plain;
    char *text = text_of(3000);
    const struct kitchen_zipped value = {.id = 1, .text = text};
    const struct kitchen_zipped *read;
    assert_int_equal(setenv("CACHE_ENABLE_COMPRESSION", "false", 1), 0);
    assert_status(kitchen_cache_open(&site->config, &plain), LARDER_OK);
    unsetenv("CACHE_ENABLE_COMPRESSION");

    assert_status(kitchen_zipped_cache_put(site->cache, &value), LARDER_OK);
    assert_int_equal(stored_meta(state), META_COMPRESSED);
    assert_status(kitchen_zipped_cache_get(plain, 1, &read), LARDER_OK);
    assert_string_equal(read->text, text);
    kitchen_zipped_release(read);

    assert_status(kitchen_zipped_cache_put(plain, &value), LARDER_OK);
    assert_int_equal(stored_meta(state), 1);
    assert_status(kitchen_zipped_cache_get(site->cache, 1, &read), LARDER_OK);
    assert_string_equal(read->text, text);
    kitchen_zipped_release(read);

    kitchen_cache_close(plain);
    free(text);
}

static const struct CMUnitTest tests[] = {
    SITE_TEST(values_of_all_sizes),
    SITE_TEST(bytes_are_counted_as_they_are_stored),
    SITE_TEST(many_at_once),
};
const struct suite compressed_suite = {"compressed", tests, COUNT_OF(tests), false};

static const struct CMUnitTest rollout_tests[] = {
    SITE_TEST(one_that_compresses_and_one_that_does_not_read_each_other),
};
const struct suite rollouts_suite = {"rollouts", rollout_tests, COUNT_OF(rollout_tests), true};
