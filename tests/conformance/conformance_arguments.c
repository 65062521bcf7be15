/* SPDX-License-Identifier: MIT */
/* NULL, wherever a pointer goes: E_ARG, never a crash. */
#include "conformance.h"

#include "samples.h"

static const struct kitchen_names none;

static enum larder_status load_none(struct larder_load *load, void *user, const char *group,
                                    struct kitchen_names *out)
{
    (void)load;
    (void)user;
    (void)group;
    (void)out;
    return LARDER_OK;
}

static void no_cache(void **state)
{
    const struct kitchen_names_key keys[] = {{"a"}};
    const struct kitchen_names *read = &none;
    enum larder_status each[1] = {LARDER_OK};
    struct larder_health health;
    struct kitchen_cache_counters counters;
    char key[64];
    size_t len;
    int64_t ms;
    (void)state;
    assert_status(kitchen_names_cache_get(NULL, "a", &read), LARDER_E_ARG);
    assert_null(read);
    assert_status(kitchen_names_cache_set(NULL, "a", &none), LARDER_E_ARG);
    assert_status(kitchen_names_cache_set_ttl(NULL, "a", &none, 1), LARDER_E_ARG);
    assert_status(kitchen_names_cache_add(NULL, "a", &none), LARDER_E_ARG);
    assert_status(kitchen_names_cache_replace(NULL, "a", &none), LARDER_E_ARG);
    assert_status(kitchen_names_cache_delete(NULL, "a"), LARDER_E_ARG);
    assert_status(kitchen_names_cache_exists(NULL, "a"), LARDER_E_ARG);
    assert_status(kitchen_names_cache_ttl(NULL, "a", &ms), LARDER_E_ARG);
    assert_status(kitchen_names_cache_expire(NULL, "a", 1), LARDER_E_ARG);
    assert_status(kitchen_names_cache_touch(NULL, "a"), LARDER_E_ARG);
    assert_status(kitchen_names_cache_key(NULL, "a", key, sizeof key, &len), LARDER_E_ARG);
    assert_status(kitchen_names_cache_get_or_load(NULL, "a", load_none, NULL, &read), LARDER_E_ARG);
    assert_status(kitchen_names_cache_get_many(NULL, keys, 1, &read, each), LARDER_E_ARG);
    assert_status(each[0], LARDER_E_ARG);
    assert_status(kitchen_names_cache_set_many(NULL, keys, 1, &none, each), LARDER_E_ARG);
    assert_status(kitchen_names_cache_delete_many(NULL, keys, 1, each), LARDER_E_ARG);
    assert_status(kitchen_cache_ping(NULL), LARDER_E_ARG);
    assert_status(kitchen_cache_health(NULL, &health), LARDER_E_ARG);
    assert_status(kitchen_cache_stats(NULL, &counters), LARDER_E_ARG);
    kitchen_cache_close(NULL);
}

static void no_output(void **state)
{
    struct kitchen_cache *cache = cache_of(state);
    const struct kitchen_names_key keys[] = {{"a"}};
    const struct kitchen_names *read[1];
    enum larder_status each[1];
    char key[64];
    const struct site *site = *state;
    assert_status(kitchen_cache_open(&site->config, NULL), LARDER_E_ARG);
    assert_status(kitchen_names_cache_get(cache, "a", NULL), LARDER_E_ARG);
    assert_status(kitchen_names_cache_ttl(cache, "a", NULL), LARDER_E_ARG);
    assert_status(kitchen_names_cache_key(cache, "a", key, sizeof key, NULL), LARDER_E_ARG);
    assert_status(kitchen_names_cache_get_or_load(cache, "a", load_none, NULL, NULL), LARDER_E_ARG);
    assert_status(kitchen_names_cache_get_many(cache, keys, 1, NULL, each), LARDER_E_ARG);
    assert_status(kitchen_names_cache_get_many(cache, keys, 1, read, NULL), LARDER_E_ARG);
    assert_null(read[0]);
    assert_status(kitchen_cache_health(cache, NULL), LARDER_E_ARG);
    assert_status(kitchen_cache_stats(cache, NULL), LARDER_E_ARG);
}

static void no_input(void **state)
{
    struct kitchen_cache *cache = cache_of(state);
    const struct kitchen_names *read = &none;
    const struct kitchen_names_key keys[] = {{"a"}};
    enum larder_status each[1];
    char key[64];
    size_t len;
    assert_status(kitchen_names_cache_set(cache, "a", NULL), LARDER_E_ARG);
    assert_status(kitchen_names_cache_add(cache, "a", NULL), LARDER_E_ARG);
    assert_status(kitchen_names_cache_replace(cache, "a", NULL), LARDER_E_ARG);
    assert_status(kitchen_small_cache_put(cache, NULL), LARDER_E_ARG);
    assert_status(kitchen_names_cache_get_or_load(cache, "a", NULL, NULL, &read), LARDER_E_ARG);
    assert_null(read);
    assert_status(kitchen_names_cache_get(cache, NULL, &read), LARDER_E_ARG);
    assert_null(read);
    assert_status(kitchen_names_cache_set(cache, NULL, &none), LARDER_E_ARG);
    assert_status(kitchen_names_cache_key(cache, NULL, key, sizeof key, &len), LARDER_E_ARG);
    assert_status(kitchen_hashed_cache_delete(cache, NULL, 1), LARDER_E_ARG);
    assert_status(kitchen_names_cache_get_many(cache, NULL, 1, &read, each), LARDER_E_ARG);
    assert_status(each[0], LARDER_E_ARG);
    assert_status(kitchen_names_cache_set_many(cache, keys, 1, NULL, each), LARDER_E_ARG);
    assert_status(each[0], LARDER_E_ARG);
    assert_status(kitchen_names_cache_delete_many(cache, NULL, 1, each), LARDER_E_ARG);
}

static void an_enum_that_is_none_makes_no_key(void **state)
{
    const struct kitchen_every_param *read;
    const struct larder_uuid uid = {{0}};
    assert_status(kitchen_every_param_cache_get(cache_of(state), 1, 2, 3, 4, 5, 6, 7, 8, true, "j",
                                                uid, (enum kitchen_colour)3, &read),
                  LARDER_E_ARG);
}

static void release_takes_null(void **state)
{
    const struct kitchen_names *none_read[2] = {NULL, NULL};
    (void)state;
    kitchen_names_release(NULL);
    kitchen_names_release_many(none_read, 2);
    kitchen_names_release_many(NULL, 0);
}

static void an_error_names_the_pattern(void **state)
{
    assert_status(kitchen_names_cache_delete(cache_of(state), NULL), LARDER_E_ARG);
    assert_non_null(strstr(larder_last_error(), "names:{group:string}"));
}

static const struct CMUnitTest tests[] = {
    SITE_TEST(no_cache),           SITE_TEST(no_output),
    SITE_TEST(no_input),           SITE_TEST(an_enum_that_is_none_makes_no_key),
    SITE_TEST(release_takes_null), SITE_TEST(an_error_names_the_pattern),
};
const struct suite arguments_suite = {"arguments", tests, COUNT_OF(tests), false};
