/* SPDX-License-Identifier: MIT */
/* get_many_or_load: one run of the loader for all that is missing. */
#include "conformance.h"

#include <pthread.h>
#include <stdatomic.h>

enum { KEYS = 6 };

static const struct kitchen_titled_key keys[KEYS] = {{1}, {2}, {3}, {4}, {5}, {6}};

static const char *const titles[KEYS + 1] = {"", "one", "two", "three", "four", "five", "six"};

/* What a loader of many is to do, and what it saw. */
struct many_order {
    struct kitchen_cache *cache;
    enum larder_status answer;
    uint32_t absent; /* the id of one that is not there; 0: all are */
    uint32_t failing;
    uint32_t other; /* one that is given as another */
    bool skip;
    int runs;
    size_t asked;
    uint32_t first;
};

static enum larder_status load_titled(struct larder_load *load, void *user,
                                      const struct kitchen_titled_key *asked, size_t count,
                                      struct kitchen_titled *out, enum larder_status *each)
{
    struct many_order *order = user;
    order->runs++;
    order->asked += count;
    order->first = asked[0].id;
    if (order->skip) {
        larder_load_skip(load);
    }
    for (size_t i = 0; i < count; i++) {
        uint32_t id = asked[i].id;
        if (id == order->absent) {
            continue; /* that is what it is unless something else is said */
        }
        out[i] = (struct kitchen_titled){.id = id == order->other ? 99 : id, .title = titles[id]};
        each[i] = id == order->failing ? LARDER_E_UNAVAILABLE : LARDER_OK;
    }
    return order->answer;
}

struct gained {
    const struct kitchen_titled *values[KEYS];
    enum larder_status each[KEYS];
};

static enum larder_status load_all(void **state, struct many_order *order, struct gained *gained)
{
    for (size_t i = 0; i < KEYS; i++) {
        gained->values[i] = (const void *)&titles[0];
        gained->each[i] = LARDER_E_PROTOCOL;
    }
    return kitchen_titled_cache_get_many_or_load(cache_of(state), keys, KEYS, load_titled, order,
                                                 gained->values, gained->each);
}

static void all_are_there(struct gained *gained)
{
    for (size_t i = 0; i < KEYS; i++) {
        assert_status(gained->each[i], LARDER_OK);
        assert_int_equal(gained->values[i]->id, keys[i].id);
        assert_string_equal(gained->values[i]->title, titles[keys[i].id]);
    }
    kitchen_titled_release_many(gained->values, KEYS);
}

static void put(void **state, uint32_t id)
{
    const struct kitchen_titled value = {.id = id, .title = titles[id]};
    assert_status(kitchen_titled_cache_put(cache_of(state), &value), LARDER_OK);
}

static void one_run_loads_all_that_is_missing(void **state)
{
    struct many_order order = {.answer = LARDER_OK};
    struct gained gained;
    put(state, 2);
    put(state, 5);
    assert_status(load_all(state, &order, &gained), LARDER_OK);
    assert_int_equal(larder_outcome(), LARDER_APPLIED);
    assert_int_equal(order.runs, 1);
    assert_int_equal(order.asked, 4);
    assert_int_equal(order.first, 1);
    all_are_there(&gained);
    assert_status(load_all(state, &order, &gained), LARDER_OK);
    assert_int_equal(order.runs, 1);
    all_are_there(&gained);
    for (size_t i = 0; i < KEYS; i++) {
        assert_status(kitchen_titled_cache_exists(cache_of(state), keys[i].id), LARDER_OK);
    }
}

static void what_is_loaded_is_counted(void **state)
{
    struct many_order order = {.answer = LARDER_OK};
    struct kitchen_cache_counters counters;
    struct gained gained;
    put(state, 3);
    assert_status(load_all(state, &order, &gained), LARDER_OK);
    all_are_there(&gained);
    assert_status(kitchen_cache_stats(cache_of(state), &counters), LARDER_OK);
    assert_int_equal(counters.kitchen_titled.hits, 1);
    assert_int_equal(counters.kitchen_titled.misses, 5);
    assert_int_equal(counters.kitchen_titled.loads, 1);
    assert_int_equal(counters.kitchen_titled.fills, 5);
}

static void a_key_twice_is_loaded_once(void **state)
{
    static const struct kitchen_titled_key twice[] = {{4}, {1}, {4}, {4}};
    struct many_order order = {.answer = LARDER_OK};
    const struct kitchen_titled *values[4];
    enum larder_status each[4];
    assert_status(kitchen_titled_cache_get_many_or_load(cache_of(state), twice, 4, load_titled,
                                                        &order, values, each),
                  LARDER_OK);
    assert_int_equal(order.asked, 2);
    for (size_t i = 0; i < 4; i++) {
        assert_status(each[i], LARDER_OK);
        assert_int_equal(values[i]->id, twice[i].id);
    }
    kitchen_titled_release_many(values, 4);
}

static void each_key_has_its_own_answer(void **state)
{
    struct many_order order = {.answer = LARDER_OK, .absent = 2, .failing = 3, .other = 5};
    struct gained gained;
    assert_status(load_all(state, &order, &gained), LARDER_E_LOADER);
    assert_int_equal(order.runs, 1);
    assert_status(gained.each[0], LARDER_OK);
    assert_status(gained.each[1], LARDER_ABSENT);
    assert_status(gained.each[2], LARDER_E_LOADER);
    assert_status(gained.each[3], LARDER_OK);
    assert_status(gained.each[4], LARDER_E_LOADER);
    assert_status(gained.each[5], LARDER_OK);
    assert_null(gained.values[1]);
    assert_null(gained.values[2]);
    assert_null(gained.values[4]);
    kitchen_titled_release_many(gained.values, KEYS);
    assert_status(kitchen_titled_cache_exists(cache_of(state), 1), LARDER_OK);
    assert_status(kitchen_titled_cache_exists(cache_of(state), 2), LARDER_MISS);
    assert_status(kitchen_titled_cache_exists(cache_of(state), 3), LARDER_MISS);
    assert_status(kitchen_titled_cache_exists(cache_of(state), 5), LARDER_MISS);
}

static void a_loader_that_fails_leaves_nothing_behind(void **state)
{
    struct many_order order = {.answer = LARDER_E_TIMEOUT};
    struct gained gained;
    put(state, 1);
    assert_status(load_all(state, &order, &gained), LARDER_E_LOADER);
    assert_status(gained.each[0], LARDER_OK);
    for (size_t i = 1; i < KEYS; i++) {
        assert_status(gained.each[i], LARDER_E_LOADER);
        assert_null(gained.values[i]);
    }
    kitchen_titled_release_many(gained.values, KEYS);
    order.answer = LARDER_OK; /* no claim is left that would have to be waited for */
    assert_status(load_all(state, &order, &gained), LARDER_OK);
    assert_int_equal(order.runs, 2);
    all_are_there(&gained);
}

static void what_is_skipped_is_not_stored(void **state)
{
    struct many_order order = {.answer = LARDER_OK, .skip = true};
    struct gained gained;
    assert_status(load_all(state, &order, &gained), LARDER_OK);
    all_are_there(&gained);
    assert_status(kitchen_titled_cache_exists(cache_of(state), 1), LARDER_MISS);
    order.skip = false;
    assert_status(load_all(state, &order, &gained), LARDER_OK);
    all_are_there(&gained);
    assert_status(kitchen_titled_cache_exists(cache_of(state), 1), LARDER_OK);
}

/* A key that is deleted while it is loaded: the caller has the value, the cache has not. */
static enum larder_status load_and_delete(struct larder_load *load, void *user,
                                          const struct kitchen_titled_key *asked, size_t count,
                                          struct kitchen_titled *out, enum larder_status *each)
{
    struct many_order *order = user;
    enum larder_status status = load_titled(load, user, asked, count, out, each);
    larder_ignore(kitchen_titled_cache_delete(order->cache, 3));
    return status;
}

static void what_is_invalidated_meanwhile_is_not_stored(void **state)
{
    struct many_order order = {.answer = LARDER_OK, .cache = cache_of(state)};
    struct gained gained;
    assert_status(kitchen_titled_cache_get_many_or_load(cache_of(state), keys, KEYS,
                                                        load_and_delete, &order, gained.values,
                                                        gained.each),
                  LARDER_OK);
    all_are_there(&gained);
    assert_status(kitchen_titled_cache_exists(cache_of(state), 2), LARDER_OK);
    assert_status(kitchen_titled_cache_exists(cache_of(state), 3), LARDER_MISS);
}

/* ------------------------------------------------------------ many callers */

enum { CALLERS = 16 };

struct crowd {
    struct kitchen_cache *cache;
    atomic_int loaded[KEYS + 1];
    atomic_int good;
};

static enum larder_status load_for_crowd(struct larder_load *load, void *user,
                                         const struct kitchen_titled_key *asked, size_t count,
                                         struct kitchen_titled *out, enum larder_status *each)
{
    struct crowd *crowd = user;
    (void)load;
    for (size_t i = 0; i < count; i++) {
        atomic_fetch_add(&crowd->loaded[asked[i].id], 1);
        out[i] = (struct kitchen_titled){.id = asked[i].id, .title = titles[asked[i].id]};
        each[i] = LARDER_OK;
    }
    return LARDER_OK;
}

static void *ask_for_all(void *argument)
{
    struct crowd *crowd = argument;
    struct gained gained;
    int good = 0;
    larder_ignore(kitchen_titled_cache_get_many_or_load(crowd->cache, keys, KEYS, load_for_crowd,
                                                        crowd, gained.values, gained.each));
    for (size_t i = 0; i < KEYS; i++) {
        good += gained.each[i] == LARDER_OK && gained.values[i]->id == keys[i].id;
    }
    kitchen_titled_release_many(gained.values, KEYS);
    atomic_fetch_add(&crowd->good, good);
    return NULL;
}

static void a_crowd_loads_each_key_once(void **state)
{
    struct crowd crowd = {.cache = cache_of(state)};
    pthread_t threads[CALLERS];
    for (size_t i = 0; i < CALLERS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, ask_for_all, &crowd), 0);
    }
    for (size_t i = 0; i < CALLERS; i++) {
        pthread_join(threads[i], NULL);
    }
    assert_int_equal(atomic_load(&crowd.good), CALLERS * KEYS);
    for (size_t i = 1; i <= KEYS; i++) {
        assert_int_equal(atomic_load(&crowd.loaded[i]), 1);
    }
}

/* --------------------------------------------------------------- arguments */

static void every_output_is_set_when_an_argument_is_missing(void **state)
{
    struct many_order order = {.answer = LARDER_OK};
    struct gained gained;
    struct kitchen_cache *cache = cache_of(state);
    assert_status(kitchen_titled_cache_get_many_or_load(cache, keys, KEYS, NULL, NULL,
                                                        gained.values, gained.each),
                  LARDER_E_ARG);
    assert_null(gained.values[KEYS - 1]);
    assert_status(gained.each[KEYS - 1], LARDER_E_ARG);
    assert_status(kitchen_titled_cache_get_many_or_load(cache, NULL, KEYS, load_titled, &order,
                                                        gained.values, gained.each),
                  LARDER_E_ARG);
    assert_status(kitchen_titled_cache_get_many_or_load(cache, keys, KEYS, load_titled, &order,
                                                        NULL, gained.each),
                  LARDER_E_ARG);
    assert_status(kitchen_titled_cache_get_many_or_load(cache, keys, KEYS, load_titled, &order,
                                                        gained.values, NULL),
                  LARDER_E_ARG);
    assert_status(kitchen_titled_cache_get_many_or_load(NULL, keys, KEYS, load_titled, &order,
                                                        gained.values, gained.each),
                  LARDER_E_ARG);
    assert_status(kitchen_titled_cache_get_many_or_load(cache, keys, 0, load_titled, &order,
                                                        gained.values, gained.each),
                  LARDER_OK);
    assert_int_equal(order.runs, 0);
}

static const struct CMUnitTest tests[] = {
    SITE_TEST(one_run_loads_all_that_is_missing),
    SITE_TEST(what_is_loaded_is_counted),
    SITE_TEST(a_key_twice_is_loaded_once),
    SITE_TEST(each_key_has_its_own_answer),
    SITE_TEST(a_loader_that_fails_leaves_nothing_behind),
    SITE_TEST(what_is_skipped_is_not_stored),
    SITE_TEST(what_is_invalidated_meanwhile_is_not_stored),
    SITE_TEST(a_crowd_loads_each_key_once),
    SITE_TEST(every_output_is_set_when_an_argument_is_missing),
};

const struct suite many_loads_suite = {"loads of many", tests, sizeof tests / sizeof tests[0],
                                       false};
