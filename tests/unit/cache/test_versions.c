/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/hash.h"
#include "cache/versions.h"
#include "key/key.h"

static struct larder_version_names names;

static int set_up(void **state)
{
    (void)state;
    return larder_version_names_init(&names, "live:", "shop") ? 0 : -1;
}

static void test_keys_are_the_service_s_own(void **state)
{
    char key[LARDER_VERSION_KEY_MAX];
    (void)state;
    size_t len = larder_version_key_write(&names, UINT64_C(0x0123456789abcdef), key);
    assert_int_equal(len, strlen("live:~shop:v:0123456789abcdef"));
    assert_memory_equal(key, "live:~shop:v:0123456789abcdef", len);
    assert_int_equal(names.clock.len, strlen("live:~shop:clock"));
    assert_memory_equal(names.clock.bytes, "live:~shop:clock", names.clock.len);
}

static void test_names_that_are_too_long_are_refused(void **state)
{
    static struct larder_version_names tried;
    char service[LARDER_VERSION_KEY_MAX];
    char key[LARDER_VERSION_KEY_MAX];
    (void)state;
    size_t fits = LARDER_VERSION_KEY_MAX - 16 - strlen("~:v:") - 1;
    memset(service, 's', sizeof service);
    service[fits] = '\0';
    assert_true(larder_version_names_init(&tried, "", service));
    assert_int_equal(larder_version_key_write(&tried, 1, key), LARDER_VERSION_KEY_MAX - 1);
    service[fits] = 's';
    service[fits + 1] = '\0';
    assert_false(larder_version_names_init(&tried, "", service));
}

/* Part of the stored format: docs/wire-format.md. */
static void test_ids_are_hashes_of_what_they_name(void **state)
{
    (void)state;
    uint64_t seed = larder_hash64("shop", 4, 0);
    assert_int_equal(names.seed, seed);
    assert_int_equal(larder_version_of_entity(&names, "page"), larder_hash64("e:page", 6, seed));
    assert_int_equal(larder_version_of_group(&names, "page", "page:7", 6),
                     larder_hash64("g:page:page:7", 13, seed));
    assert_int_equal(larder_version_of_tag(&names, "category:7", 10),
                     larder_hash64("t:category:7", 12, seed));
}

static void test_a_key_implies_its_entity_and_its_groups(void **state)
{
    struct larder_entity_versions versions = {.has_all = true, .group_count = 2};
    struct larder_version_ids ids;
    struct larder_key key;
    (void)state;
    versions.all_id = larder_version_of_entity(&names, "page");
    larder_key_init(&key, "live:", 5);
    larder_key_literal(&key, "page:", 5);
    larder_key_u64(&key, 7);
    larder_key_mark(&key, 0);
    larder_key_literal(&key, ":", 1);
    larder_key_u64(&key, 12);
    larder_key_mark(&key, 1);
    larder_version_ids_of_key(&names, &versions, "page", &key, &ids);
    assert_int_equal(ids.count, 3);
    assert_int_equal(ids.ids[0], versions.all_id);
    assert_int_equal(ids.ids[1], larder_version_of_group(&names, "page", "page:7", 6));
    assert_int_equal(ids.ids[2], larder_version_of_group(&names, "page", "page:7:12", 9));

    versions = (struct larder_entity_versions){.has_all = false};
    assert_false(larder_entity_versions_any(&versions));
    larder_version_ids_of_key(&names, &versions, "page", &key, &ids);
    assert_int_equal(ids.count, 0);
}

static void add_tag(struct larder_tags *tags, const char *text)
{
    struct larder_key key;
    larder_key_init(&key, "live:", 5);
    larder_key_literal(&key, text, strlen(text));
    larder_tags_add(tags, &key);
}

static void test_tags_are_collected_once_each(void **state)
{
    struct larder_tags tags = {.seed = names.seed};
    struct larder_version_ids ids = {.count = 1};
    char text[16];
    (void)state;
    add_tag(&tags, "category:7");
    add_tag(&tags, "brand:tea");
    add_tag(&tags, "category:7");
    assert_int_equal(tags.count, 2);
    assert_int_equal(tags.ids[0], larder_version_of_tag(&names, "category:7", 10));
    larder_version_ids_add_tags(&ids, &tags);
    assert_int_equal(ids.count, 3);
    assert_int_equal(ids.ids[2], larder_version_of_tag(&names, "brand:tea", 9));
    for (int i = 0; i < LARDER_TAGS_MAX - 2; i++) {
        snprintf(text, sizeof text, "n:%d", i);
        add_tag(&tags, text);
    }
    assert_int_equal(tags.status, LARDER_OK);
    add_tag(&tags, "one too many");
    assert_int_equal(tags.status, LARDER_E_TOO_LARGE);
}

static void test_a_tag_that_could_not_be_spelt_is_told(void **state)
{
    struct larder_tags tags = {.seed = names.seed};
    struct larder_key key;
    (void)state;
    larder_key_init(&key, "live:", 5);
    larder_key_string(&key, NULL);
    larder_tags_add(&tags, &key);
    assert_int_equal(tags.status, LARDER_E_ARG);
    assert_int_equal(tags.count, 0);
}

static void test_an_operation_s_list_has_every_key(void **state)
{
    static struct larder_version_list list;
    struct larder_version_ids ids = {.count = 2, .ids = {1, 2}};
    (void)state;
    larder_version_list_make(&names, &ids, 5000, 77, &list);
    assert_int_equal(list.op.count, 2);
    assert_int_equal(list.op.ttl_ms, 5000);
    assert_int_equal(list.op.as_of, 77);
    assert_memory_equal(list.op.clock.bytes, "live:~shop:clock", list.op.clock.len);
    assert_memory_equal(list.op.keys[1].bytes, "live:~shop:v:0000000000000002",
                        list.op.keys[1].len);
}

static void test_a_version_allows_what_is_no_older(void **state)
{
    const uint64_t epoch = UINT64_C(9) << 32;
    const uint64_t other = UINT64_C(8) << 32;
    (void)state;
    assert_true(larder_version_allows(epoch | 5, epoch | 5));
    assert_true(larder_version_allows(epoch | 4, epoch | 5));
    assert_true(larder_version_allows(epoch, epoch | UINT32_MAX));
    assert_false(larder_version_allows(epoch | 6, epoch | 5));
    assert_false(larder_version_allows(other | 4, epoch | 5));
    assert_false(larder_version_allows(0, epoch | 5)); /* evicted */
    assert_false(larder_version_allows(0, 0));         /* nor where nobody knows the clock */
    assert_false(larder_version_allows(epoch | 4, 0));
}

static void test_numbers_are_read_as_they_are_written(void **state)
{
    uint8_t bytes[LARDER_VERSION_VALUE_BYTES + 1] = {0};
    (void)state;
    larder_version_value_write(bytes, UINT64_C(0x0102030405060708));
    assert_memory_equal(bytes, "\xcf\x01\x02\x03\x04\x05\x06\x07\x08", 9);
    assert_int_equal(larder_version_value_read(bytes, 9), UINT64_C(0x0102030405060708));
    assert_int_equal(larder_version_value_read(bytes, 8), 0);
    assert_int_equal(larder_version_value_read(bytes, 10), 0);
    assert_int_equal(larder_version_value_read(bytes, 0), 0);
    bytes[0] = 0xd3;
    assert_int_equal(larder_version_value_read(bytes, 9), 0);
}

static void test_a_clock_begins_in_an_epoch_of_its_own(void **state)
{
    (void)state;
    uint64_t first = larder_version_begin();
    uint64_t second = larder_version_begin();
    assert_int_not_equal(larder_version_epoch(first), 0);
    assert_int_not_equal(larder_version_epoch(first), larder_version_epoch(second));
    assert_int_equal(larder_version_count(first), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keys_are_the_service_s_own),
        cmocka_unit_test(test_names_that_are_too_long_are_refused),
        cmocka_unit_test(test_ids_are_hashes_of_what_they_name),
        cmocka_unit_test(test_a_key_implies_its_entity_and_its_groups),
        cmocka_unit_test(test_tags_are_collected_once_each),
        cmocka_unit_test(test_a_tag_that_could_not_be_spelt_is_told),
        cmocka_unit_test(test_an_operation_s_list_has_every_key),
        cmocka_unit_test(test_a_version_allows_what_is_no_older),
        cmocka_unit_test(test_numbers_are_read_as_they_are_written),
        cmocka_unit_test(test_a_clock_begins_in_an_epoch_of_its_own),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
