/* SPDX-License-Identifier: MIT */
/* The text of keys: what each parameter becomes, and what is too long. */
#include "conformance.h"

#include <stdio.h>
#include <stdlib.h>

#include "samples.h"

/* clang-format off */
static const struct larder_uuid uid = {
    {0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff}};
/* clang-format on */

/* The key behind the site's prefix. */
static void key_is(void **state, const char *key, const char *expected)
{
    const struct site *site = *state;
    size_t len = strlen(site->prefix);
    assert_memory_equal(key, site->prefix, len);
    assert_string_equal(key + len, expected);
}

static void every_parameter_type_has_its_text(void **state)
{
    char key[256];
    size_t len;
    assert_status(kitchen_every_param_cache_key(cache_of(state), 255, 65535, UINT32_MAX, UINT64_MAX,
                                                INT8_MIN, INT16_MIN, INT32_MIN, INT64_MIN, true,
                                                "a b", uid, KITCHEN_COLOUR_GREEN, key, sizeof key,
                                                &len),
                  LARDER_OK);
    key_is(state, key,
           "p:255:65535:4294967295:18446744073709551615:-128:-32768:-2147483648:"
           "-9223372036854775808:true:a%20b:00112233-4455-6677-8899-aabbccddeeff:green");
    assert_int_equal(len, strlen(key));
    assert_status(kitchen_every_param_cache_key(cache_of(state), 0, 0, 0, 0, 0, -1, 0, 1, false, "",
                                                (struct larder_uuid){{0}}, KITCHEN_COLOUR_RED, key,
                                                sizeof key, &len),
                  LARDER_OK);
    key_is(state, key, "p:0:0:0:0:0:-1:0:1:false:%:00000000-0000-0000-0000-000000000000:red");
}

static void entries_are_found_by_every_parameter_type(void **state)
{
    struct kitchen_cache *cache = cache_of(state);
    const struct kitchen_every_param value = {.value = 9};
    const struct kitchen_every_param *read;
    assert_status(kitchen_every_param_cache_set(cache, 1, 2, 3, 4, -5, -6, -7, -8, true, "ü:*", uid,
                                                KITCHEN_COLOUR_BLUE, &value),
                  LARDER_OK);
    assert_status(kitchen_every_param_cache_get(cache, 1, 2, 3, 4, -5, -6, -7, -8, true, "ü:*", uid,
                                                KITCHEN_COLOUR_BLUE, &read),
                  LARDER_OK);
    assert_int_equal(read->value, 9);
    kitchen_every_param_release(read);
    assert_status(kitchen_every_param_cache_get(cache, 1, 2, 3, 4, -5, -6, -7, -8, false, "ü:*",
                                                uid, KITCHEN_COLOUR_BLUE, &read),
                  LARDER_MISS);
    assert_status(kitchen_every_param_cache_get(cache, 1, 2, 3, 4, -5, -6, -7, -8, true, "ü:", uid,
                                                KITCHEN_COLOUR_BLUE, &read),
                  LARDER_MISS);
}

/* Computed with Python's hashlib: sha256(text).hexdigest()[:32]. */
static void hashed_parameters_are_the_first_half_of_sha256(void **state)
{
    char key[256];
    size_t len;
    assert_status(kitchen_hashed_cache_key(cache_of(state), "a secret", -12, key, sizeof key, &len),
                  LARDER_OK);
    key_is(state, key, "hash:984ca5162200734c592148f1820b7105:7ed00270e394c3e190d18a977f5d0e1e");
}

static void a_hash_tag_stays_in_braces(void **state)
{
    char key[256];
    size_t len;
    assert_status(kitchen_slotted_cache_key(cache_of(state), 7, 2, key, sizeof key, &len),
                  LARDER_OK);
    key_is(state, key, "cart:{7}:2");
}

static void parameters_that_are_called_like_others_work(void **state)
{
    const struct kitchen_odd_names *read;
    const struct kitchen_odd_names value = {.value = 3};
    assert_status(kitchen_odd_names_cache_set(cache_of(state), "a", "b", "c", &value), LARDER_OK);
    assert_status(kitchen_odd_names_cache_get(cache_of(state), "a", "b", "c", &read), LARDER_OK);
    assert_int_equal(read->value, 3);
    kitchen_odd_names_release(read);
}

/* No two lists of parameters make one key. */
static void separators_inside_parameters_do_not_confuse(void **state)
{
    const struct kitchen_odd_names *read;
    const struct kitchen_odd_names value = {.value = 3};
    assert_status(kitchen_odd_names_cache_set(cache_of(state), "a:b", "c", "d", &value), LARDER_OK);
    assert_status(kitchen_odd_names_cache_get(cache_of(state), "a", "b:c", "d", &read),
                  LARDER_MISS);
    assert_status(kitchen_odd_names_cache_get(cache_of(state), "a%3Ab", "c", "d", &read),
                  LARDER_MISS);
}

static void a_small_buffer_is_untouched_and_told_what_it_needs(void **state)
{
    char key[64];
    size_t len;
    size_t needed;
    assert_status(kitchen_small_cache_key(cache_of(state), 12345, key, sizeof key, &needed),
                  LARDER_OK);
    memset(key, 'x', sizeof key);
    for (size_t size = 0; size <= needed; size++) {
        assert_status(kitchen_small_cache_key(cache_of(state), 12345, key, size, &len),
                      LARDER_E_TOO_LARGE);
        assert_int_equal(key[0], 'x');
        assert_true(len == needed || len == needed + 1);
    }
    assert_status(kitchen_small_cache_key(cache_of(state), 12345, key, needed + 1, &len),
                  LARDER_OK);
    assert_int_equal(len, needed);
    assert_int_equal(key[needed], '\0');
    assert_int_equal(key[needed + 1], 'x');
}

static char *long_text(size_t len)
{
    char *text = malloc(len + 1);
    assert_non_null(text);
    memset(text, 'k', len);
    text[len] = '\0';
    return text;
}

static void a_key_of_1_kib_is_fine(void **state)
{
    const struct site *site = *state;
    char *group = long_text(1024 - strlen(site->prefix) - strlen("names:"));
    const struct kitchen_names *read;
    assert_status(kitchen_names_cache_set(cache_of(state), group, &(struct kitchen_names){0}),
                  LARDER_OK);
    assert_status(kitchen_names_cache_get(cache_of(state), group, &read), LARDER_OK);
    kitchen_names_release(read);
    free(group);
}

static void a_longer_key_is_too_large_for_every_call(void **state)
{
    struct kitchen_cache *cache = cache_of(state);
    const struct site *site = *state;
    char *group = long_text(1024 - strlen(site->prefix) - strlen("names:") + 1);
    const struct kitchen_names value = {0};
    const struct kitchen_names *read;
    char key[16];
    size_t len;
    int64_t ms;
    assert_status(kitchen_names_cache_get(cache, group, &read), LARDER_E_TOO_LARGE);
    assert_status(kitchen_names_cache_set(cache, group, &value), LARDER_E_TOO_LARGE);
    assert_status(kitchen_names_cache_add(cache, group, &value), LARDER_E_TOO_LARGE);
    assert_status(kitchen_names_cache_replace(cache, group, &value), LARDER_E_TOO_LARGE);
    assert_status(kitchen_names_cache_delete(cache, group), LARDER_E_TOO_LARGE);
    assert_status(kitchen_names_cache_exists(cache, group), LARDER_E_TOO_LARGE);
    assert_status(kitchen_names_cache_ttl(cache, group, &ms), LARDER_E_TOO_LARGE);
    assert_status(kitchen_names_cache_expire(cache, group, 1000), LARDER_E_TOO_LARGE);
    assert_status(kitchen_names_cache_touch(cache, group), LARDER_E_TOO_LARGE);
    assert_status(kitchen_names_cache_key(cache, group, key, sizeof key, &len), LARDER_E_TOO_LARGE);
    free(group);
}

static const struct CMUnitTest tests[] = {
    SITE_TEST(every_parameter_type_has_its_text),
    SITE_TEST(entries_are_found_by_every_parameter_type),
    SITE_TEST(hashed_parameters_are_the_first_half_of_sha256),
    SITE_TEST(a_hash_tag_stays_in_braces),
    SITE_TEST(parameters_that_are_called_like_others_work),
    SITE_TEST(separators_inside_parameters_do_not_confuse),
    SITE_TEST(a_small_buffer_is_untouched_and_told_what_it_needs),
    SITE_TEST(a_key_of_1_kib_is_fine),
    SITE_TEST(a_longer_key_is_too_large_for_every_call),
};
const struct suite keys_suite = {"keys", tests, COUNT_OF(tests), false};
