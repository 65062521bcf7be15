/* SPDX-License-Identifier: MIT */
/* get_or_load: what loaders are given, what they may answer, and who waits for whom. */
#include "conformance.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

#include "samples.h"

enum { THREADS = 200 };

/* What a loader is to do, and what it saw. */
struct order {
    enum larder_status answer;
    const char *name;
    bool skip;
    bool set_ttl;
    int64_t ttl_ms;
    uint32_t id; /* to say it is; 0: the asked one */
    int runs;
    uint32_t asked;
    enum kitchen_colour colour_before;
};

static enum larder_status load_small(struct larder_load *load, void *user, uint32_t id,
                                     struct kitchen_small *out)
{
    struct order *order = user;
    order->runs++;
    order->asked = id;
    order->colour_before = out->colour;
    out->id = order->id != 0 ? order->id : id;
    out->name = order->name;
    if (order->skip) {
        larder_load_skip(load);
    }
    if (order->set_ttl) {
        larder_load_ttl(load, order->ttl_ms);
    }
    return order->answer;
}

static enum larder_status load(void **state, struct order *order,
                               const struct kitchen_small **ret_value)
{
    return kitchen_small_cache_get_or_load(cache_of(state), 5, load_small, order, ret_value);
}

static void a_miss_loads_and_stores(void **state)
{
    struct order order = {.name = "n"};
    struct kitchen_cache_counters counters;
    const struct kitchen_small *read;
    int64_t ms;
    assert_status(load(state, &order, &read), LARDER_OK);
    assert_int_equal(larder_outcome(), LARDER_APPLIED);
    assert_int_equal(order.asked, 5);
    assert_string_equal(read->name, "n");
    kitchen_small_release(read);
    assert_status(load(state, &order, &read), LARDER_OK);
    assert_int_equal(order.runs, 1);
    kitchen_small_release(read);
    assert_status(kitchen_small_cache_ttl(cache_of(state), 5, &ms), LARDER_OK);
    assert_in_range(ms, 3590000, 3600000);
    assert_status(kitchen_cache_stats(cache_of(state), &counters), LARDER_OK);
    assert_int_equal(counters.kitchen_small.loads, 1);
    assert_int_equal(counters.kitchen_small.fills, 1);
    assert_int_equal(counters.kitchen_small.hits, 1);
    assert_int_equal(counters.kitchen_small.misses, 1);
}

static void loaders_find_defaults_and_zeros(void **state)
{
    struct order order = {.name = "n"};
    const struct kitchen_small *read;
    assert_status(load(state, &order, &read), LARDER_OK);
    assert_int_equal(order.colour_before, KITCHEN_COLOUR_BLUE);
    assert_int_equal(read->colour, KITCHEN_COLOUR_BLUE);
    assert_null(read->note);
    assert_int_equal(read->few.count, 0);
    kitchen_small_release(read);
}

static enum larder_status load_nothing(struct larder_load *load, void *user, uint32_t id,
                                       struct kitchen_defaulted *out)
{
    (void)load;
    (void)user;
    out->id = id;
    return LARDER_OK;
}

static void every_default_is_there(void **state)
{
    const struct kitchen_defaulted *read;
    assert_status(
        kitchen_defaulted_cache_get_or_load(cache_of(state), 3, load_nothing, NULL, &read),
        LARDER_OK);
    assert_true(read->flag);
    assert_true(read->natural == UINT64_MAX);
    assert_int_equal(read->integer, -5);
    assert_true(read->real == 2.5);
    assert_string_equal(read->text, "tea \"for\" two\\");
    assert_int_equal(read->colour, KITCHEN_COLOUR_BLUE);
    assert_int_equal(read->span, 90000);
    kitchen_defaulted_release(read);
}

static void absent_is_told_and_nothing_is_stored(void **state)
{
    struct order order = {.answer = LARDER_ABSENT};
    const struct kitchen_small *read;
    assert_status(load(state, &order, &read), LARDER_ABSENT);
    assert_null(read);
    assert_status(kitchen_small_cache_exists(cache_of(state), 5), LARDER_MISS);
}

static void a_failing_loader_is_a_failure_of_the_loader(void **state)
{
    static const enum larder_status answers[] = {LARDER_E_UNAVAILABLE, LARDER_E_NOMEM,
                                                 LARDER_MISS,          LARDER_STALE,
                                                 LARDER_DENIED,        (enum larder_status) - 99};
    const struct kitchen_small *read;
    for (size_t i = 0; i < COUNT_OF(answers); i++) {
        struct order order = {.answer = answers[i], .name = "n"};
        assert_status(load(state, &order, &read), LARDER_E_LOADER);
        assert_null(read);
        assert_int_equal(order.runs, 1);
    }
    assert_status(kitchen_small_cache_exists(cache_of(state), 5), LARDER_MISS);
}

static void a_loaded_value_that_does_not_fit_is_a_failure_of_the_loader(void **state)
{
    const struct kitchen_small *read;
    struct order no_name = {.name = NULL};
    struct order long_name = {.name = "123456789 123456789 123456789 123"};
    struct order other_key = {.name = "n", .id = 6};
    assert_status(load(state, &no_name, &read), LARDER_E_LOADER);
    assert_null(read);
    assert_status(load(state, &long_name, &read), LARDER_E_LOADER);
    assert_null(read);
    assert_status(load(state, &other_key, &read), LARDER_E_LOADER);
    assert_null(read);
    assert_status(kitchen_small_cache_exists(cache_of(state), 5), LARDER_MISS);
    assert_status(kitchen_small_cache_exists(cache_of(state), 6), LARDER_MISS);
}

static void a_loader_may_ask_not_to_store(void **state)
{
    struct order order = {.name = "n", .skip = true};
    const struct kitchen_small *read;
    assert_status(load(state, &order, &read), LARDER_OK);
    assert_string_equal(read->name, "n");
    kitchen_small_release(read);
    assert_status(kitchen_small_cache_exists(cache_of(state), 5), LARDER_MISS);
}

static void a_loader_may_choose_the_lifetime(void **state)
{
    struct order order = {.name = "n", .set_ttl = true, .ttl_ms = 20000};
    const struct kitchen_small *read;
    int64_t ms;
    assert_status(load(state, &order, &read), LARDER_OK);
    kitchen_small_release(read);
    assert_status(kitchen_small_cache_ttl(cache_of(state), 5, &ms), LARDER_OK);
    assert_in_range(ms, 1, 20000);
    assert_status(kitchen_small_cache_delete(cache_of(state), 5), LARDER_OK);
    order.ttl_ms = 0;
    assert_status(load(state, &order, &read), LARDER_E_LOADER);
    assert_null(read);
}

/* A list in memory of larder's, of more than one piece. */
static enum larder_status load_list(struct larder_load *load, void *user, const char *group,
                                    struct kitchen_names *out)
{
    const size_t count = *(const size_t *)user;
    const char **items = larder_load_alloc(load, count * sizeof *items);
    if (items == NULL || larder_load_alloc(load, 0) != NULL) {
        return LARDER_E_NOMEM;
    }
    for (size_t i = 0; i < count; i++) {
        char *text = larder_load_alloc(load, strlen(group) + 1);
        if (text == NULL) {
            return LARDER_E_NOMEM;
        }
        memcpy(text, group, strlen(group) + 1);
        items[i] = text;
    }
    out->items = items;
    out->count = count;
    return LARDER_OK;
}

static void loaders_may_use_the_loads_memory(void **state)
{
    size_t count = 2000;
    const struct kitchen_names *read;
    assert_status(
        kitchen_names_cache_get_or_load(cache_of(state), "gruppe", load_list, &count, &read),
        LARDER_OK);
    assert_int_equal(read->count, 2000);
    assert_string_equal(read->items[1999], "gruppe");
    kitchen_names_release(read);
}

/* A loader that asks the same cache: for another key, then for its own. */
static enum larder_status load_inner(struct larder_load *load, void *user, uint32_t id,
                                     struct kitchen_counts_of *out)
{
    struct kitchen_cache *cache = user;
    const struct kitchen_counts_of *inner = NULL;
    (void)load;
    (void)out;
    if (id >= 3) {
        return LARDER_OK;
    }
    enum larder_status status =
        kitchen_counts_of_cache_get_or_load(cache, id + 1, load_inner, cache, &inner);
    kitchen_counts_of_release(inner);
    return status;
}

static void loaders_may_load(void **state)
{
    const struct kitchen_counts_of *read;
    assert_status(
        kitchen_counts_of_cache_get_or_load(cache_of(state), 1, load_inner, cache_of(state), &read),
        LARDER_OK);
    kitchen_counts_of_release(read);
    assert_status(kitchen_counts_of_cache_exists(cache_of(state), 3), LARDER_OK);
}

static enum larder_status load_params(struct larder_load *load, void *user, uint8_t a, uint16_t b,
                                      uint32_t c, uint64_t d, int8_t e, int16_t f, int32_t g,
                                      int64_t h, bool i, const char *j, struct larder_uuid k,
                                      enum kitchen_colour l, struct kitchen_every_param *out)
{
    (void)load;
    (void)user;
    bool right = a == 1 && b == 2 && c == 3 && d == 4 && e == -5 && f == -6 && g == -7 && h == -8 &&
                 i && strcmp(j, "nine") == 0 && k.bytes[15] == 11 && l == KITCHEN_COLOUR_BLUE;
    out->value = right ? 42 : 0;
    return LARDER_OK;
}

static void loaders_are_given_every_parameter(void **state)
{
    const struct larder_uuid uid = {{[15] = 11}};
    const struct kitchen_every_param *read;
    assert_status(kitchen_every_param_cache_get_or_load(cache_of(state), 1, 2, 3, 4, -5, -6, -7, -8,
                                                        true, "nine", uid, KITCHEN_COLOUR_BLUE,
                                                        load_params, NULL, &read),
                  LARDER_OK);
    assert_int_equal(read->value, 42);
    kitchen_every_param_release(read);
}

static enum larder_status load_single(struct larder_load *load, void *user,
                                      struct kitchen_single *out)
{
    (void)load;
    (void)user;
    out->motd = "loaded";
    return LARDER_OK;
}

static void a_single_entry_is_loaded(void **state)
{
    const struct kitchen_single *read;
    assert_status(kitchen_single_cache_get_or_load(cache_of(state), load_single, NULL, &read),
                  LARDER_OK);
    assert_string_equal(read->motd, "loaded");
    kitchen_single_release(read);
    assert_status(kitchen_single_cache_exists(cache_of(state)), LARDER_OK);
}

/* ------------------------------------------------------------ many callers */

struct crowd {
    struct kitchen_cache *cache;
    atomic_int started;
    atomic_int loads;
    atomic_int right; /* callers that got what they should */
    bool fails;       /* the loader does */
};

/* Lasts until every caller is on its way. */
static enum larder_status load_once(struct larder_load *load, void *user, uint32_t id,
                                    struct kitchen_small *out)
{
    struct crowd *crowd = user;
    (void)load;
    atomic_fetch_add(&crowd->loads, 1);
    while (atomic_load(&crowd->started) < THREADS) {
        sched_yield();
    }
    out->id = id;
    out->name = "shared";
    return crowd->fails ? LARDER_E_UNAVAILABLE : LARDER_OK;
}

static void *one_of_the_crowd(void *user)
{
    struct crowd *crowd = user;
    const struct kitchen_small *read;
    atomic_fetch_add(&crowd->started, 1);
    enum larder_status status =
        kitchen_small_cache_get_or_load(crowd->cache, 77, load_once, crowd, &read);
    bool right = crowd->fails ? status == LARDER_E_LOADER && read == NULL
                              : status == LARDER_OK && strcmp(read->name, "shared") == 0;
    atomic_fetch_add(&crowd->right, right ? 1 : 0);
    kitchen_small_release(read);
    return NULL;
}

static void gather(struct crowd *crowd)
{
    pthread_t threads[THREADS];
    for (size_t i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, one_of_the_crowd, crowd), 0);
    }
    for (size_t i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    }
}

static void two_hundred_callers_share_one_load(void **state)
{
    struct crowd crowd = {.cache = cache_of(state)};
    struct kitchen_cache_counters counters;
    gather(&crowd);
    assert_int_equal(atomic_load(&crowd.loads), 1);
    assert_int_equal(atomic_load(&crowd.right), THREADS);
    assert_status(kitchen_cache_stats(cache_of(state), &counters), LARDER_OK);
    assert_int_equal(counters.kitchen_small.loads, 1);
    assert_int_equal(counters.kitchen_small.hits + counters.kitchen_small.misses, THREADS);
}

static void two_hundred_callers_of_a_failing_load_all_end(void **state)
{
    struct crowd crowd = {.cache = cache_of(state), .fails = true};
    gather(&crowd);
    assert_int_equal(atomic_load(&crowd.right), THREADS);
    assert_status(kitchen_small_cache_exists(cache_of(state), 77), LARDER_MISS);
}

/* Threads that write, read and drop the same few entries: each read gives a
 * whole value or none. */
struct scramble {
    struct kitchen_cache *cache;
    atomic_int wrong;
};

static void *one_scrambler(void *user)
{
    struct scramble *scramble = user;
    struct kitchen_leaf items[20];
    for (uint32_t round = 0; round < 200; round++) {
        const uint32_t id = round % 4;
        const struct kitchen_leaves value = {.items = items, .count = 1 + round % 20};
        const struct kitchen_leaves *read;
        for (size_t i = 0; i < value.count; i++) {
            items[i] = (struct kitchen_leaf){.id = round, .name = "leaf"};
        }
        larder_ignore(kitchen_leaves_cache_set(scramble->cache, id, &value));
        enum larder_status status = kitchen_leaves_cache_get(scramble->cache, id, &read);
        bool right = read == NULL ? status == LARDER_MISS
                                  : status == LARDER_OK && read->count != 0 &&
                                        read->items[0].id == read->items[read->count - 1].id;
        atomic_fetch_add(&scramble->wrong, right ? 0 : 1);
        kitchen_leaves_release(read);
        if (round % 7 == 0) {
            larder_ignore(kitchen_leaves_cache_delete(scramble->cache, id));
        }
    }
    return NULL;
}

static void threads_never_see_half_a_value(void **state)
{
    struct scramble scramble = {.cache = cache_of(state)};
    pthread_t threads[8];
    for (size_t i = 0; i < COUNT_OF(threads); i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, one_scrambler, &scramble), 0);
    }
    for (size_t i = 0; i < COUNT_OF(threads); i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    }
    assert_int_equal(atomic_load(&scramble.wrong), 0);
}

static const struct CMUnitTest tests[] = {
    SITE_TEST(a_miss_loads_and_stores),
    SITE_TEST(loaders_find_defaults_and_zeros),
    SITE_TEST(every_default_is_there),
    SITE_TEST(absent_is_told_and_nothing_is_stored),
    SITE_TEST(a_failing_loader_is_a_failure_of_the_loader),
    SITE_TEST(a_loaded_value_that_does_not_fit_is_a_failure_of_the_loader),
    SITE_TEST(a_loader_may_ask_not_to_store),
    SITE_TEST(a_loader_may_choose_the_lifetime),
    SITE_TEST(loaders_may_use_the_loads_memory),
    SITE_TEST(loaders_may_load),
    SITE_TEST(loaders_are_given_every_parameter),
    SITE_TEST(a_single_entry_is_loaded),
    SITE_TEST(two_hundred_callers_share_one_load),
    SITE_TEST(two_hundred_callers_of_a_failing_load_all_end),
    SITE_TEST(threads_never_see_half_a_value),
};
const struct suite loads_suite = {"loads", tests, COUNT_OF(tests), false};
