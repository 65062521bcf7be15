/* SPDX-License-Identifier: MIT */
/* The cache is off, away, or does not let us in; settings that are none. */
#include "conformance.h"

#include <stdio.h>
#include <stdlib.h>

#include "samples.h"
#include "support/redis_server.h"
#include "support/scripted_server.h"

static const struct kitchen_colour_of blue = {KITCHEN_COLOUR_BLUE};

static enum larder_status load_blue(struct larder_load *load, void *user, uint32_t id,
                                    struct kitchen_colour_of *out)
{
    (void)load;
    (void)id;
    ++*(int *)user;
    *out = blue;
    return LARDER_OK;
}

/* Every kind of call fails so, at once, and get_or_load loads all the same. */
static void all_calls_give(struct kitchen_cache *cache, enum larder_status expected)
{
    const struct kitchen_colour_of_key keys[] = {{1}, {2}};
    const struct kitchen_colour_of values[] = {{0}, {0}};
    const struct kitchen_colour_of *read[2];
    enum larder_status each[2];
    struct larder_health health;
    int64_t ms;
    int loads = 0;
    assert_status(kitchen_colour_of_cache_get(cache, 1, &read[0]), expected);
    assert_null(read[0]);
    assert_string_not_equal(larder_last_error(), "");
    assert_status(kitchen_colour_of_cache_set(cache, 1, &blue), expected);
    assert_status(kitchen_colour_of_cache_add(cache, 1, &blue), expected);
    assert_status(kitchen_colour_of_cache_replace(cache, 1, &blue), expected);
    assert_status(kitchen_colour_of_cache_delete(cache, 1), expected);
    assert_status(kitchen_colour_of_cache_exists(cache, 1), expected);
    assert_status(kitchen_colour_of_cache_ttl(cache, 1, &ms), expected);
    assert_status(kitchen_colour_of_cache_expire(cache, 1, 1000), expected);
    assert_status(kitchen_colour_of_cache_touch(cache, 1), expected);
    assert_status(kitchen_colour_of_cache_get_many(cache, keys, 2, read, each), expected);
    assert_status(each[0], expected);
    assert_status(each[1], expected);
    assert_null(read[1]);
    assert_status(kitchen_colour_of_cache_set_many(cache, keys, 2, values, each), expected);
    assert_status(each[1], expected);
    assert_status(kitchen_colour_of_cache_delete_many(cache, keys, 2, each), expected);
    assert_status(kitchen_cache_on_single_changed(cache), expected);
    assert_status(kitchen_cache_ping(cache), expected);
    larder_ignore(kitchen_cache_health(cache, &health));
    assert_int_equal(health.status, expected);

    assert_status(kitchen_colour_of_cache_get_or_load(cache, 1, load_blue, &loads, &read[0]),
                  LARDER_OK);
    assert_int_not_equal(larder_outcome(), LARDER_APPLIED);
    assert_int_equal(loads, 1);
    assert_int_equal(read[0]->value, KITCHEN_COLOUR_BLUE);
    kitchen_colour_of_release(read[0]);
}

static void off_misses_and_loads(void **state)
{
    const struct larder_config config = {.backend = "off"};
    struct kitchen_cache *cache;
    const struct kitchen_colour_of *read;
    int loads = 0;
    (void)state;
    assert_status(kitchen_cache_open(&config, &cache), LARDER_OK);
    assert_status(kitchen_colour_of_cache_set(cache, 1, &blue), LARDER_OK);
    assert_status(kitchen_colour_of_cache_get(cache, 1, &read), LARDER_MISS);
    assert_null(read);
    assert_status(kitchen_colour_of_cache_exists(cache, 1), LARDER_MISS);
    for (int i = 0; i < 3; i++) {
        assert_status(kitchen_colour_of_cache_get_or_load(cache, 1, load_blue, &loads, &read),
                      LARDER_OK);
        assert_int_equal(read->value, KITCHEN_COLOUR_BLUE);
        kitchen_colour_of_release(read);
    }
    assert_int_equal(loads, 3);
    assert_status(kitchen_cache_on_single_changed(cache), LARDER_OK);
    kitchen_cache_close(cache);
}

static void a_server_that_is_away_is_told_fast(void **state)
{
    char url[64];
    const struct larder_config config = {.backend = "redis", .url = url, .timeout_ms = 2000};
    struct kitchen_cache *cache;
    (void)state;
    (void)snprintf(url, sizeof url, "redis://127.0.0.1:%d", site_closed_port());
    const int64_t started_ms = site_now_ms();
    assert_status(kitchen_cache_open(&config, &cache), LARDER_OK);
    all_calls_give(cache, LARDER_E_UNAVAILABLE);
    kitchen_cache_close(cache);
    assert_true(site_now_ms() - started_ms < 10000);
}

static void a_wrong_password_is_told(void **state)
{
    static const char *const args[] = {"--requirepass", "right", NULL};
    struct redis_server server;
    struct kitchen_cache *cache;
    struct larder_config config = {.backend = "redis", .host = "127.0.0.1", .timeout_ms = 2000};
    (void)state;
    assert_true(redis_server_start(&server, REDIS_SERVER_TCP, args));
    config.port = server.port;
    config.password = "wrong sesame";
    assert_status(kitchen_cache_open(&config, &cache), LARDER_OK);
    all_calls_give(cache, LARDER_E_AUTH);
    assert_status(kitchen_cache_ping(cache), LARDER_E_AUTH);
    assert_null(strstr(larder_last_error(), "sesame"));
    kitchen_cache_close(cache);

    config.password = NULL;
    assert_status(kitchen_cache_open(&config, &cache), LARDER_OK);
    all_calls_give(cache, LARDER_E_AUTH);
    kitchen_cache_close(cache);

    config.password = "right";
    assert_status(kitchen_cache_open(&config, &cache), LARDER_OK);
    assert_status(kitchen_colour_of_cache_set(cache, 1, &blue), LARDER_OK);
    kitchen_cache_close(cache);
    redis_server_stop(&server);
}

static void a_server_without_room_says_so(void **state)
{
    static const char *const args[] = {"--maxmemory", "1", "--maxmemory-policy", "noeviction",
                                       NULL};
    struct redis_server server;
    struct kitchen_cache *cache;
    const struct kitchen_colour_of *read;
    struct larder_config config = {.backend = "redis", .host = "127.0.0.1"};
    int loads = 0;
    (void)state;
    assert_true(redis_server_start(&server, REDIS_SERVER_TCP, args));
    config.port = server.port;
    assert_status(kitchen_cache_open(&config, &cache), LARDER_OK);
    assert_status(kitchen_colour_of_cache_set(cache, 1, &blue), LARDER_E_SERVER);
    assert_int_equal(larder_outcome(), LARDER_NOT_APPLIED);
    assert_non_null(strstr(larder_last_error(), "OOM"));
    assert_status(kitchen_colour_of_cache_get(cache, 1, &read), LARDER_MISS);
    assert_status(kitchen_colour_of_cache_get_or_load(cache, 1, load_blue, &loads, &read),
                  LARDER_OK);
    assert_int_equal(larder_outcome(), LARDER_NOT_APPLIED);
    kitchen_colour_of_release(read);
    kitchen_cache_close(cache);
    redis_server_stop(&server);
}

/* Opens a cache on a server that says what the steps say. */
static struct kitchen_cache *open_scripted(struct scripted_server *server, char *url, size_t size)
{
    const struct larder_config config = {.backend = "redis", .url = url, .timeout_ms = 300};
    struct kitchen_cache *cache;
    assert_non_null(server);
    (void)snprintf(url, size, "redis://127.0.0.1:%d", scripted_server_port(server));
    assert_status(kitchen_cache_open(&config, &cache), LARDER_OK);
    return cache;
}

/* A call ends within its deadline, a loader runs, nothing hangs. */
static void ends_in_time(const struct scripted_step *steps, size_t count,
                         enum larder_status expected)
{
    char url[64];
    struct scripted_server *server = scripted_server_start(steps, count);
    struct kitchen_cache *cache = open_scripted(server, url, sizeof url);
    const struct kitchen_colour_of *read;
    int loads = 0;
    int64_t started_ms = site_now_ms();
    assert_status(kitchen_colour_of_cache_get(cache, 1, &read), expected);
    assert_null(read);
    assert_status(kitchen_colour_of_cache_get_or_load(cache, 1, load_blue, &loads, &read),
                  LARDER_OK);
    assert_int_equal(loads, 1);
    kitchen_colour_of_release(read);
    kitchen_cache_close(cache);
    assert_true(site_now_ms() - started_ms < 5000);
    scripted_server_stop(server);
}

static void a_silent_server_costs_the_deadline_and_no_more(void **state)
{
    static const struct scripted_step steps[] = {SCRIPTED_HOLD};
    (void)state;
    ends_in_time(steps, COUNT_OF(steps), LARDER_E_TIMEOUT);
}

static void a_reply_that_never_ends_costs_the_deadline_and_no_more(void **state)
{
    static const struct scripted_step drip[] = {
        SCRIPTED_AWAIT,
        SCRIPTED_DRIP("+OOOOOOOOOOOOOOOOOOOOOOOOOOOOOOOOOOOOOOOOOOOOOOOOOOOOOOOOOOOOOOOOOO", 20),
        SCRIPTED_HOLD};
    static const struct scripted_step flood[] = {SCRIPTED_AWAIT, SCRIPTED_REPEAT("+OOOOOOOOOOOOO")};
    (void)state;
    ends_in_time(drip, COUNT_OF(drip), LARDER_E_TIMEOUT);
    ends_in_time(flood, COUNT_OF(flood), LARDER_E_PROTOCOL);
}

static void a_server_that_speaks_no_redis_is_told(void **state)
{
    static const struct scripted_step steps[] = {
        SCRIPTED_AWAIT, SCRIPTED_SEND("HTTP/1.1 400 Bad Request\r\n\r\n"), SCRIPTED_HOLD};
    (void)state;
    ends_in_time(steps, COUNT_OF(steps), LARDER_E_PROTOCOL);
}

static void a_server_that_hangs_up_is_told(void **state)
{
    static const struct scripted_step steps[] = {SCRIPTED_AWAIT, SCRIPTED_RESET};
    (void)state;
    ends_in_time(steps, COUNT_OF(steps), LARDER_E_UNAVAILABLE);
}

static void settings_that_do_not_parse_are_named(void **state)
{
    static const char *const wrong[][2] = {
        {"CACHE_TTL_SHORT", "soon"},
        {"CACHE_BACKEND", "memroy"},
        {"REDIS_PORT", "70000"},
        {"REDIS_TIMEOUT", "-1"},
        {"KITCHEN_REDIS_TIMEOUT", "a day"},
        {"CACHE_DEFAULT_TTL", "never"},
        {"REDIS_URL", "http://localhost"},
        {"CACHE_MEMORY_BYTES", "99999999999999999999"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        struct kitchen_cache *cache;
        assert_int_equal(setenv(wrong[i][0], wrong[i][1], 1), 0);
        enum larder_status status = kitchen_cache_open(NULL, &cache);
        assert_int_equal(unsetenv(wrong[i][0]), 0);
        if (status != LARDER_E_CONFIG || strstr(larder_last_error(), wrong[i][0]) == NULL) {
            fail_msg("%s=%s: %s, '%s'", wrong[i][0], wrong[i][1], larder_status_name(status),
                     larder_last_error());
        }
        assert_null(cache);
    }
}

static void the_environment_is_heard(void **state)
{
    struct kitchen_cache *cache;
    struct larder_health health;
    int64_t ms;
    const struct kitchen_defaulted value = {.id = 1, .text = ""};
    (void)state;
    assert_int_equal(setenv("CACHE_BACKEND", "memory", 1), 0);
    assert_int_equal(setenv("CACHE_TTL_SHORT", "5s", 1), 0);
    enum larder_status status = kitchen_cache_open(NULL, &cache);
    unsetenv("CACHE_BACKEND");
    unsetenv("CACHE_TTL_SHORT");
    assert_status(status, LARDER_OK);
    assert_status(kitchen_cache_health(cache, &health), LARDER_OK);
    assert_string_equal(health.backend, "memory");
    assert_status(kitchen_defaulted_cache_put(cache, &value), LARDER_OK);
    assert_status(kitchen_defaulted_cache_ttl(cache, 1, &ms), LARDER_OK);
    assert_in_range(ms, 1, 5000);
    kitchen_cache_close(cache);
}

/* ------------------------------------------------------ invalidations that failed */

static void put_rows(struct kitchen_cache *cache)
{
    const struct kitchen_ware ware = {.id = 1, .name = "tea", .category = 7};
    const struct kitchen_small small = {.id = 1, .name = ""};
    const struct kitchen_cell cell = {.value = 1};
    assert_status(kitchen_ware_cache_put(cache, &ware), LARDER_OK);
    assert_status(kitchen_small_cache_put(cache, &small), LARDER_OK);
    assert_status(kitchen_cell_cache_set(cache, "a", "x", 1, 1, &cell), LARDER_OK);
}

/* How many of those rows are read, by calls that must be answered. */
static int rows_there(struct kitchen_cache *cache)
{
    const struct kitchen_ware *ware;
    const struct kitchen_small *small;
    const struct kitchen_cell *cell;
    enum larder_status each[] = {
        kitchen_ware_cache_get(cache, 1, &ware),
        kitchen_small_cache_get(cache, 1, &small),
        kitchen_cell_cache_get(cache, "a", "x", 1, 1, &cell),
    };
    int there = 0;
    for (size_t i = 0; i < COUNT_OF(each); i++) {
        assert_true(each[i] == LARDER_OK || each[i] == LARDER_MISS);
        there += each[i] == LARDER_OK;
    }
    kitchen_ware_release(ware);
    kitchen_small_release(small);
    kitchen_cell_release(cell);
    return there;
}

/* Answered again as soon as probes let calls through. */
static void await_answers(struct kitchen_cache *cache)
{
    const int64_t until_ms = site_now_ms() + 10000;
    while (kitchen_cache_ping(cache) != LARDER_OK && site_now_ms() < until_ms) {
    }
    assert_status(kitchen_cache_ping(cache), LARDER_OK);
}

/* Nothing that was there before is read again, whatever the kind of target, by the one who
 * could not say it to the server; and when he has, by nobody. */
static void what_a_batch_could_not_send_is_remembered(void **state)
{
    struct redis_server server;
    struct kitchen_cache *cache, *other;
    struct kitchen_batch *batch;
    struct larder_config config = {.backend = "redis", .host = "127.0.0.1", .timeout_ms = 300};
    char reply[64];
    (void)state;
    assert_true(redis_server_start(&server, REDIS_SERVER_TCP, NULL));
    config.port = server.port;
    assert_status(kitchen_cache_open(&config, &cache), LARDER_OK);
    config.timeout_ms = 5000;
    assert_status(kitchen_cache_open(&config, &other), LARDER_OK);
    put_rows(cache);
    assert_int_equal(rows_there(cache), 3);
    assert_status(kitchen_cache_batch_begin(cache, &batch), LARDER_OK);
    assert_status(kitchen_batch_on_category_gone(batch, 7), LARDER_OK);
    assert_status(kitchen_batch_on_area_gone(batch, "a"), LARDER_OK);
    assert_status(kitchen_small_batch_delete(batch, 1), LARDER_OK);
    /* All of it is there again when the server is. */
    assert_true(redis_server_say(&server, NULL, "SAVE", reply, sizeof reply));
    assert_string_equal(reply, "+OK");
    redis_server_kill(&server);
    assert_status(kitchen_batch_commit(batch), LARDER_E_UNAVAILABLE);
    assert_int_not_equal(larder_outcome(), LARDER_APPLIED);
    assert_true(redis_server_again(&server));
    await_answers(other);
    assert_int_equal(rows_there(other), 3); /* nobody has told the server yet */
    await_answers(cache);
    assert_int_equal(rows_there(cache), 0);
    assert_int_equal(rows_there(other), 0);
    put_rows(other);
    assert_int_equal(rows_there(cache), 3);
    kitchen_cache_close(cache);
    kitchen_cache_close(other);
    redis_server_stop(&server);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(off_misses_and_loads),
    cmocka_unit_test(a_server_that_is_away_is_told_fast),
    cmocka_unit_test(a_wrong_password_is_told),
    cmocka_unit_test(a_server_without_room_says_so),
    cmocka_unit_test(a_silent_server_costs_the_deadline_and_no_more),
    cmocka_unit_test(a_reply_that_never_ends_costs_the_deadline_and_no_more),
    cmocka_unit_test(a_server_that_speaks_no_redis_is_told),
    cmocka_unit_test(a_server_that_hangs_up_is_told),
    cmocka_unit_test(settings_that_do_not_parse_are_named),
    cmocka_unit_test(the_environment_is_heard),
    cmocka_unit_test(what_a_batch_could_not_send_is_remembered),
};
const struct suite away_suite = {"away", tests, COUNT_OF(tests), true};
