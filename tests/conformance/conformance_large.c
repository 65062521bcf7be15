/* SPDX-License-Identifier: MIT */
/*
 * Values of all sizes around those where a reply takes another way: what was
 * written is what is read, whatever its type, alone and among others.
 */
#include "conformance.h"

#include <stdio.h>
#include <stdlib.h>

#include "samples.h"
#include "support/fail_alloc.h"
#include "support/faultproxy.h"

enum {
    EDGE = 16 * 1024,      /* LARGE_BYTES, LARDER_BULK_MIN_BYTES */
    SECOND_EDGE = 4 << 20, /* LARDER_BULK_MAX_BYTES */
    OVERHEAD = 32,         /* more than envelope and heads take */
    TEXT_MAX = 5 * 1000 * 1000,
    READS = 3 /* not expected to be large; expected; and its length too */
};

static char *text_of(size_t len)
{
    char *text = malloc(len + 1);
    assert_non_null(text);
    for (size_t i = 0; i < len; i++) {
        text[i] = (char)('a' + (i + i / 251) % 26);
    }
    text[len] = '\0';
    return text;
}

/* Runs `check` at sizes so that the stored bytes fall on each side of an edge. */
static void at_all_sizes(struct kitchen_cache *cache, size_t max,
                         void (*check)(struct kitchen_cache *cache, size_t len))
{
    static const size_t others[] = {1, 15 * 1024, 50000, 65500, 65536, 1000000, 5000000, 1};
    static const size_t edges[] = {EDGE, SECOND_EDGE};
    for (size_t i = 0; i < COUNT_OF(others); i++) {
        if (others[i] <= max) {
            check(cache, others[i]);
        }
    }
    for (size_t i = 0; i < COUNT_OF(edges) && edges[i] <= max; i++) {
        for (size_t len = edges[i] - OVERHEAD; len <= edges[i] + 1; len++) {
            check(cache, len);
        }
    }
}

static void check_string(struct kitchen_cache *cache, size_t len)
{
    char *text = text_of(len);
    const struct kitchen_forever value = {.value = text};
    assert_status(kitchen_forever_cache_set(cache, 1, &value), LARDER_OK);
    for (int i = 0; i < READS; i++) {
        const struct kitchen_forever *read;
        assert_status(kitchen_forever_cache_get(cache, 1, &read), LARDER_OK);
        assert_string_equal(read->value, text);
        kitchen_forever_release(read);
    }
    free(text);
}

static void check_bytes(struct kitchen_cache *cache, size_t len)
{
    char *text = text_of(len);
    const struct kitchen_blob_of value = {.value = {(const unsigned char *)text, len}};
    assert_status(kitchen_blob_of_cache_set(cache, 1, &value), LARDER_OK);
    for (int i = 0; i < READS; i++) {
        const struct kitchen_blob_of *read;
        assert_status(kitchen_blob_of_cache_get(cache, 1, &read), LARDER_OK);
        assert_int_equal(read->value.len, len);
        assert_memory_equal(read->value.data, text, len);
        kitchen_blob_of_release(read);
    }
    free(text);
}

/* Of strings of up to 100 bytes, that take `len` bytes with their heads. */
static void check_list(struct kitchen_cache *cache, size_t len)
{
    enum { EACH = 100, HEAD = 2 };
    size_t count = (len + EACH - 1) / EACH;
    const char **items = calloc(count, sizeof *items);
    char *text = calloc(count, EACH);
    assert_true(items != NULL && text != NULL);
    for (size_t i = 0; i < count; i++) {
        size_t room = i + 1 < count ? EACH : len - i * EACH;
        memset(text + i * EACH, (char)('a' + i % 26), room > HEAD ? room - HEAD : 0);
        items[i] = text + i * EACH;
    }
    const struct kitchen_names value = {.items = items, .count = count};
    assert_status(kitchen_names_cache_set(cache, "g", &value), LARDER_OK);
    for (int i = 0; i < READS; i++) {
        const struct kitchen_names *read;
        assert_status(kitchen_names_cache_get(cache, "g", &read), LARDER_OK);
        assert_int_equal(read->count, count);
        for (size_t j = 0; j < count; j++) {
            assert_string_equal(read->items[j], items[j]);
        }
        kitchen_names_release(read);
    }
    free(items);
    free(text);
}

/* Of numbers under keys of eight bytes: an entry takes ten. */
static void check_map(struct kitchen_cache *cache, size_t len)
{
    enum { EACH = 10, KEY_SIZE = 24 };
    size_t count = len / EACH;
    struct kitchen_counts_of_value_entry *entries = calloc(count + 1, sizeof *entries);
    char(*keys)[KEY_SIZE] = calloc(count + 1, KEY_SIZE);
    assert_true(entries != NULL && keys != NULL);
    for (size_t i = 0; i < count; i++) {
        (void)snprintf(keys[i], KEY_SIZE, "%08zu", i);
        entries[i].key = keys[i];
        entries[i].value = i % 128;
    }
    const struct kitchen_counts_of value = {.value = {.entries = entries, .count = count}};
    assert_status(kitchen_counts_of_cache_set(cache, 1, &value), LARDER_OK);
    for (int i = 0; i < READS; i++) {
        const struct kitchen_counts_of *read;
        assert_status(kitchen_counts_of_cache_get(cache, 1, &read), LARDER_OK);
        assert_int_equal(read->value.count, count);
        for (size_t j = 0; j < count; j++) {
            assert_string_equal(read->value.entries[j].key, keys[j]);
            assert_int_equal(read->value.entries[j].value, j % 128);
        }
        kitchen_counts_of_release(read);
    }
    free(entries);
    free(keys);
}

static void strings_of_all_sizes(void **state)
{
    at_all_sizes(cache_of(state), TEXT_MAX, check_string);
}

static void bytes_of_all_sizes(void **state)
{
    at_all_sizes(cache_of(state), 1000000, check_bytes); /* its max_bytes is 1 MiB */
}

static void lists_of_all_sizes(void **state)
{
    at_all_sizes(cache_of(state), 1000000, check_list);
}

static void maps_of_all_sizes(void **state)
{
    at_all_sizes(cache_of(state), 1000000, check_map);
}

/* Of every length among others: as long as those before, a little more, much less. */
static void lengths_that_change(void **state)
{
    static const size_t sizes[] = {50000, 49000, 50100, 47500, 16400, 3, 65490, 30000, 0};
    char *text = text_of(65490);
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        const struct kitchen_blob_of value = {.value = {(const unsigned char *)text, sizes[i]}};
        assert_status(kitchen_blob_of_cache_set(cache_of(state), (uint32_t)i, &value), LARDER_OK);
    }
    for (size_t i = 0; i < COUNT_OF(sizes) * COUNT_OF(sizes); i++) {
        for (size_t j = 0; j < 4; j++) { /* one thrice, another, and nothing */
            size_t n = j < 3 ? i / COUNT_OF(sizes) : i % COUNT_OF(sizes);
            const struct kitchen_blob_of *read;
            assert_status(kitchen_blob_of_cache_get(cache_of(state), (uint32_t)n, &read),
                          LARDER_OK);
            assert_int_equal(read->value.len, sizes[n]);
            assert_memory_equal(read->value.data, text, sizes[n]);
            kitchen_blob_of_release(read);
        }
        const struct kitchen_blob_of *none;
        assert_status(kitchen_blob_of_cache_get(cache_of(state), 1000, &none), LARDER_MISS);
    }
    free(text);
}

static void large_and_small_ones_come_together(void **state)
{
    static const size_t sizes[] = {50000, 3, 16384, 200000, 0, 20000};
    struct kitchen_blob_of_key keys[COUNT_OF(sizes) + 1];
    const struct kitchen_blob_of *read[COUNT_OF(keys)];
    enum larder_status each[COUNT_OF(keys)];
    char *text = text_of(200000);
    for (size_t i = 0; i < COUNT_OF(keys); i++) {
        keys[i].id = (uint32_t)i;
        if (i < COUNT_OF(sizes)) {
            const struct kitchen_blob_of value = {.value = {(const unsigned char *)text, sizes[i]}};
            assert_status(kitchen_blob_of_cache_set(cache_of(state), keys[i].id, &value),
                          LARDER_OK);
        }
    }
    for (size_t count = 1; count <= COUNT_OF(keys); count++) {
        enum larder_status status =
            kitchen_blob_of_cache_get_many(cache_of(state), keys, count, read, each);
        assert_true(status == LARDER_OK || status == LARDER_MISS);
        for (size_t i = 0; i < count; i++) {
            assert_status(each[i], i < COUNT_OF(sizes) ? LARDER_OK : LARDER_MISS);
            if (i < COUNT_OF(sizes)) {
                assert_int_equal(read[i]->value.len, sizes[i]);
                assert_memory_equal(read[i]->value.data, text, sizes[i]);
            }
        }
        kitchen_blob_of_release_many(read, count);
    }
    free(text);
}

/* ------------------------------------------------------------------ on the way */

/* A get of a large value through a proxy that does something to its reply. */
struct journey {
    struct faultproxy *proxy;
    struct fail_alloc memory;
    struct kitchen_cache *cache;
    char *text;
    size_t len;
};

/* What is to come is expected to be large after one read, and to have its length after two. */
static void journey_begin(struct journey *journey, const struct site *site, int64_t timeout_ms,
                          int reads)
{
    char url[64];
    struct larder_config config = {
        .backend = "redis", .url = url, .key_prefix = site->prefix, .timeout_ms = timeout_ms};
    const struct kitchen_forever *read;
    journey->len = 50000;
    journey->text = text_of(journey->len);
    journey->proxy = faultproxy_start(site->port, 1);
    assert_non_null(journey->proxy);
    (void)snprintf(url, sizeof url, "redis://127.0.0.1:%d", faultproxy_port(journey->proxy));
    fail_alloc_init(&journey->memory);
    config.allocator = &journey->memory.allocator;
    assert_status(kitchen_cache_open(&config, &journey->cache), LARDER_OK);
    const struct kitchen_forever value = {.value = journey->text};
    assert_status(kitchen_forever_cache_set(journey->cache, 1, &value), LARDER_OK);
    for (int i = 0; i < reads; i++) {
        assert_status(kitchen_forever_cache_get(journey->cache, 1, &read), LARDER_OK);
        kitchen_forever_release(read);
    }
}

static enum larder_status journey_get(struct journey *journey, const struct faultproxy_rule *rule)
{
    const struct kitchen_forever *read;
    faultproxy_rule(journey->proxy, FAULTPROXY_TO_CLIENT, rule);
    enum larder_status status = kitchen_forever_cache_get(journey->cache, 1, &read);
    assert_int_equal(read != NULL, status == LARDER_OK);
    if (status == LARDER_OK) {
        assert_string_equal(read->value, journey->text);
    }
    kitchen_forever_release(read);
    return status;
}

static void journey_end(struct journey *journey)
{
    kitchen_cache_close(journey->cache);
    assert_int_equal(journey->memory.live_blocks, 0);
    faultproxy_stop(journey->proxy);
    free(journey->text);
}

static void one_that_is_cut_short_is_an_error_and_leaves_nothing(void **state)
{
    static const size_t after[] = {1, 7, 8, 9, 4095, 4096, 4097, 30000, 50020, 50023};
    static const enum faultproxy_end ends[] = {FAULTPROXY_END_RESET, FAULTPROXY_END_HALF_CLOSE};
    for (size_t i = 0; i < 2 * COUNT_OF(after) * COUNT_OF(ends); i++) {
        struct journey journey;
        const struct faultproxy_rule rule = {.end = ends[i % COUNT_OF(ends)],
                                             .after_bytes = after[i / 2 / COUNT_OF(ends)],
                                             .once = true};
        journey_begin(&journey, *state, 5000, 1 + (int)(i / 2 % 2));
        assert_status(journey_get(&journey, &rule), LARDER_E_UNAVAILABLE);
        assert_status(journey_get(&journey, NULL), LARDER_OK);
        journey_end(&journey);
    }
}

static void one_that_stands_still_ends_at_the_deadline(void **state)
{
    static const size_t after[] = {8, 4096, 30000};
    for (size_t i = 0; i < 2 * COUNT_OF(after); i++) {
        struct journey journey;
        const struct faultproxy_rule rule = {
            .end = FAULTPROXY_END_STOP, .after_bytes = after[i / 2], .once = true};
        journey_begin(&journey, *state, 300, 1 + (int)(i % 2));
        int64_t start_ms = site_now_ms();
        assert_status(journey_get(&journey, &rule), LARDER_E_TIMEOUT);
        assert_in_range(site_now_ms() - start_ms, 299, 300 + 120);
        assert_status(journey_get(&journey, NULL), LARDER_OK);
        journey_end(&journey);
    }
}

static void one_in_slices_is_the_same(void **state)
{
    static const size_t slices[] = {97, 1000, 4096, 16384, 49999};
    struct journey journey;
    journey_begin(&journey, *state, 5000, 2);
    for (size_t i = 0; i < COUNT_OF(slices); i++) {
        const struct faultproxy_rule rule = {.slice_bytes = slices[i]};
        assert_status(journey_get(&journey, &rule), LARDER_OK);
    }
    journey_end(&journey);
}

static const struct CMUnitTest tests[] = {
    SITE_TEST(strings_of_all_sizes), SITE_TEST(bytes_of_all_sizes),
    SITE_TEST(lists_of_all_sizes),   SITE_TEST(maps_of_all_sizes),
    SITE_TEST(lengths_that_change),  SITE_TEST(large_and_small_ones_come_together),
};
const struct suite large_suite = {"large", tests, COUNT_OF(tests), false};

static const struct CMUnitTest journey_tests[] = {
    SITE_TEST(one_that_is_cut_short_is_an_error_and_leaves_nothing),
    SITE_TEST(one_that_stands_still_ends_at_the_deadline),
    SITE_TEST(one_in_slices_is_the_same),
};
const struct suite journeys_suite = {"journeys", journey_tests, COUNT_OF(journey_tests), true};
