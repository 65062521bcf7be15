/* SPDX-License-Identifier: MIT */
/* Opening, closing, keys, health and statistics. */
#include "../cache/shelf.h"

#include <stdlib.h>

#include "cache/handle.h"

static void open_wants_a_service_that_fits(void **state)
{
    struct shelf shelf;
    struct larder_cache *cache;
    struct larder_service service = shelf_service;
    (void)state;
    shelf_init(&shelf);
    cache = (struct larder_cache *)&shelf;
    assert_status(larder_stub_open(NULL, &shelf.config, &cache), LARDER_E_ARG);
    assert_null(cache);
    assert_status(larder_stub_open(&service, &shelf.config, NULL), LARDER_E_ARG);
    service.stub_version = LARDER_STUB_OLDEST - 1;
    assert_status(larder_stub_open(&service, &shelf.config, &cache), LARDER_E_UNSUPPORTED);
    service.stub_version = LARDER_STUB_VERSION + 1;
    cache = (struct larder_cache *)&shelf;
    assert_status(larder_stub_open(&service, &shelf.config, &cache), LARDER_E_UNSUPPORTED);
    assert_null(cache);
    assert_non_null(strstr(larder_last_error(), "stub version 5"));
}

static void open_wants_a_whole_table(void **state)
{
    static const struct larder_entity wrong_place = {TEA_ENTITY(1, "a", "a"), .ttl_index = -1};
    static const struct larder_entity wrong_ttl = {TEA_ENTITY(0, "a", "a"), .ttl_index = TTL_COUNT};
    static const struct larder_entity no_code = {.name = "a", .pattern = "a", .ttl_index = -1};
    static const struct larder_entity no_codec = {TEA_ENTITY(0, "a", "a"), .ttl_index = -1,
                                                  .compress = (enum larder_codec)3};
    const struct larder_entity *const tables[][1] = {
        {NULL}, {&wrong_place}, {&wrong_ttl}, {&no_code}, {&no_codec}};
    struct larder_service service = shelf_service;
    struct larder_cache *cache;
    (void)state;
    service.entity_count = 1;
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
        service.entities = tables[i];
        assert_status(larder_stub_open(&service, NULL, &cache), LARDER_E_ARG);
        assert_null(cache);
    }
}

static void open_wants_whole_tables_of_functions(void **state)
{
    const struct larder_allocator allocator = {NULL, NULL, NULL, NULL};
    const struct larder_clock clock = {NULL, NULL, NULL};
    const struct larder_log log = {NULL, NULL};
    const struct larder_config configs[] = {
        {.allocator = &allocator}, {.clock = &clock}, {.log = &log}};
    struct larder_cache *cache;
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        assert_status(larder_stub_open(&shelf_service, &configs[i], &cache), LARDER_E_CONFIG);
        assert_non_null(strstr(larder_last_error(), "config."));
    }
}

static void open_without_config_works(void **state)
{
    struct larder_cache *cache;
    (void)state;
    setenv("SHELF_CACHE_BACKEND", "memory", 1);
    enum larder_status status = larder_stub_open(&shelf_service, NULL, &cache);
    unsetenv("SHELF_CACHE_BACKEND");
    assert_status(status, LARDER_OK);
    assert_status(larder_stub_ping(cache), LARDER_OK);
    larder_stub_close(cache);
    larder_stub_close(NULL);
}

static void open_does_not_ask_the_server(void **state)
{
    struct shelf shelf;
    struct larder_health health;
    (void)state;
    shelf_init(&shelf);
    shelf.config.backend = "redis";
    shelf.config.clock = NULL;
    shelf.config.timeout_ms = 2000;
    shelf.config.url = "unix:///nonexistent/redis.sock";
    assert_status(larder_stub_open(&shelf_service, &shelf.config, &shelf.cache), LARDER_OK);
    assert_status(larder_stub_ping(shelf.cache), LARDER_E_UNAVAILABLE);
    assert_true(*larder_last_error() != '\0');
    assert_status(larder_stub_health(shelf.cache, &health), LARDER_OK);
    assert_int_equal(health.status, LARDER_E_UNAVAILABLE);
    assert_string_equal(health.backend, "redis");
    assert_int_equal(health.latency_us, -1);
    const struct tea *tea;
    assert_status(shelf_get(&shelf, &tea_entity, 1, &tea), LARDER_E_UNAVAILABLE);
    assert_non_null(strstr(larder_last_error(), "tea:{id:u64}: "));
    larder_stub_close(shelf.cache);
    assert_int_equal(shelf.memory.live_blocks, 0);
}

static void any_allocation_of_open_may_fail(void **state)
{
    static const char *const backends[] = {"memory", "off", "redis"};
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct shelf shelf;
        shelf_init(&shelf);
        shelf.config.backend = backends[i];
        shelf.config.url = "redis://user:password@127.0.0.1:1/2";
        for (size_t n = 1;; n++) {
            shelf.memory.calls = 0;
            shelf.memory.fail_at = n;
            enum larder_status status =
                larder_stub_open(&shelf_service, &shelf.config, &shelf.cache);
            if (shelf.memory.calls < n) {
                assert_status(status, LARDER_OK);
                break;
            }
            assert_status(status, LARDER_E_NOMEM);
            assert_null(shelf.cache);
            assert_int_equal(shelf.memory.live_blocks, 0);
        }
        larder_stub_close(shelf.cache);
        assert_int_equal(shelf.memory.live_blocks, 0);
    }
}

static void off_misses_takes_and_loads(void **state)
{
    struct shelf shelf;
    struct larder_health health;
    const struct tea *tea;
    int64_t ms;
    (void)state;
    shelf_init(&shelf);
    shelf.config.backend = "off";
    assert_status(larder_stub_open(&shelf_service, &shelf.config, &shelf.cache), LARDER_OK);
    struct larder_key key = shelf_key(&shelf, &tea_entity, 1);
    assert_status(shelf_set(&shelf, &tea_entity, 1, "a"), LARDER_OK);
    assert_status(shelf_set(&shelf, &tea_entity, 1, NULL), LARDER_E_ARG);
    assert_status(shelf_get(&shelf, &tea_entity, 1, &tea), LARDER_MISS);
    assert_status(larder_stub_exists(shelf.cache, &tea_entity, &key), LARDER_MISS);
    assert_status(larder_stub_ttl(shelf.cache, &tea_entity, &key, &ms), LARDER_MISS);
    assert_status(larder_stub_delete(shelf.cache, &tea_entity, &key), LARDER_OK);
    assert_status(larder_stub_expire(shelf.cache, &tea_entity, &key, 1), LARDER_OK);
    assert_status(larder_stub_health(shelf.cache, &health), LARDER_OK);
    assert_string_equal(health.backend, "off");
    larder_stub_close(shelf.cache);
    assert_int_equal(shelf.memory.live_blocks, 0);
}

static void keys_carry_the_prefix(void **state)
{
    struct shelf *shelf = *state;
    char text[16] = "untouched";
    size_t len;
    larder_stub_close(shelf->cache);
    shelf->config.key_prefix = "shop:";
    assert_status(larder_stub_open(&shelf_service, &shelf->config, &shelf->cache), LARDER_OK);
    struct larder_key key = shelf_key(shelf, &tea_entity, 7);
    assert_status(larder_stub_key(shelf->cache, &key, text, 10, &len), LARDER_E_TOO_LARGE);
    assert_int_equal(len, 10);
    assert_string_equal(text, "untouched");
    assert_status(larder_stub_key(shelf->cache, &key, NULL, 0, &len), LARDER_E_TOO_LARGE);
    assert_status(larder_stub_key(shelf->cache, &key, text, 11, &len), LARDER_OK);
    assert_string_equal(text, "shop:tea:7");
    assert_int_equal(len, 10);
    assert_status(larder_stub_key(shelf->cache, &key, NULL, 11, &len), LARDER_E_ARG);
    assert_int_equal(len, 0);
    assert_status(larder_stub_key(shelf->cache, &key, text, 11, NULL), LARDER_E_ARG);
    assert_status(larder_stub_key(NULL, &key, text, 11, &len), LARDER_E_ARG);
    /* The value is the same key's under any prefix: the fingerprint leaves it out. */
    assert_status(shelf_set(shelf, &tea_entity, 7, "a"), LARDER_OK);
}

static void health_tells_of_the_store(void **state)
{
    struct shelf *shelf = *state;
    struct larder_health health;
    assert_status(shelf_set(shelf, &tea_entity, 1, "a"), LARDER_OK);
    assert_status(larder_stub_health(shelf->cache, &health), LARDER_OK);
    assert_int_equal(health.status, LARDER_OK);
    assert_string_equal(health.backend, "memory");
    assert_int_equal(health.entries, 1);
    assert_true(health.bytes > 0);
    assert_int_equal(health.latency_us, 0);
    assert_status(larder_stub_health(NULL, &health), LARDER_E_ARG);
    assert_status(larder_stub_health(shelf->cache, NULL), LARDER_E_ARG);
    assert_status(larder_stub_ping(NULL), LARDER_E_ARG);
}

static void statistics_are_an_entitys_or_the_sum(void **state)
{
    struct shelf *shelf = *state;
    struct larder_stats stats = {.hits = 7};
    assert_status(shelf_set(shelf, &tea_entity, 1, "a"), LARDER_OK);
    assert_status(shelf_set(shelf, &forever_entity, 1, "a"), LARDER_OK);
    assert_int_equal(shelf_stats(shelf, &tea_entity).sets, 1);
    assert_int_equal(shelf_stats(shelf, &forever_entity).sets, 1);
    assert_int_equal(shelf_stats(shelf, &jittered_entity).sets, 0);
    assert_int_equal(shelf_stats(shelf, NULL).sets, 2);
    assert_status(larder_stub_stats(NULL, NULL, &stats), LARDER_E_ARG);
    assert_int_equal(stats.hits, 0);
    assert_status(larder_stub_stats(shelf->cache, NULL, NULL), LARDER_E_ARG);
    assert_status(larder_stub_stats(shelf->cache, &stranger_entity, &stats), LARDER_E_ARG);
}

static void entities_keep_to_their_cache_lines(void **state)
{
    const struct shelf *shelf = *state;
    for (size_t i = 0; i < shelf_service.entity_count; i++) {
        assert_int_equal((uintptr_t)&shelf->cache->states[i] % LARDER_CACHE_LINE_BYTES, 0);
    }
}

static void bad_arguments_are_named(void **state)
{
    (void)state;
    assert_int_equal(larder_stub_bad_argument(&tea_entity, "ttl_ms"), LARDER_E_ARG);
    assert_string_equal(larder_last_error(), "tea:{id:u64}: ttl_ms is not valid");
    assert_int_equal(larder_stub_bad_argument(&tea_entity, NULL), LARDER_E_ARG);
    assert_string_equal(larder_last_error(), "tea:{id:u64}: an argument is not valid");
    assert_int_equal(larder_stub_bad_argument(NULL, NULL), LARDER_E_ARG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(open_wants_a_service_that_fits),
        cmocka_unit_test(open_wants_a_whole_table),
        cmocka_unit_test(open_wants_whole_tables_of_functions),
        cmocka_unit_test(open_without_config_works),
        cmocka_unit_test(open_does_not_ask_the_server),
        cmocka_unit_test(any_allocation_of_open_may_fail),
        cmocka_unit_test(off_misses_takes_and_loads),
        SHELF_TEST(keys_carry_the_prefix),
        SHELF_TEST(health_tells_of_the_store),
        SHELF_TEST(statistics_are_an_entitys_or_the_sum),
        SHELF_TEST(entities_keep_to_their_cache_lines),
        cmocka_unit_test(bad_arguments_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
