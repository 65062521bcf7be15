/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "codec/values.h"
#include "support/fail_alloc.h"
#include "unit/codec/sample.h"

/* ------------------------------------------------------------------ tables */

#define TYPE(...)   \
    {               \
        __VA_ARGS__ \
    }
#define ITEM(...) .item = &(const struct larder_type)TYPE(__VA_ARGS__)
#define FIELD(member, ...)                                                                      \
    {                                                                                           \
#member, offsetof(struct sample, member), LARDER_FIELD_ALWAYS, false, TYPE(__VA_ARGS__) \
    }

static const char *const colors[] = {"red", "green", "blue"};

static const struct larder_field dims_fields[] = {
    {"width_mm",
     offsetof(struct sample_dims, width_mm),
     LARDER_FIELD_ALWAYS,
     false,
     {.kind = LARDER_KIND_U32}},
    {"height_mm",
     offsetof(struct sample_dims, height_mm),
     LARDER_FIELD_ALWAYS,
     true,
     {.kind = LARDER_KIND_U32}},
};
static const struct larder_shape dims_shape = {dims_fields, 2, sizeof(struct sample_dims), false};

static const struct larder_shape node_shape;
static const struct larder_field node_fields[] = {
    {"id", offsetof(struct sample_node, id), LARDER_FIELD_ALWAYS, false, {.kind = LARDER_KIND_U16}},
    {"children",
     offsetof(struct sample_node, children),
     LARDER_FIELD_ALWAYS,
     false,
     {.kind = LARDER_KIND_LIST,
      .stride = sizeof(struct sample_node),
      ITEM(.kind = LARDER_KIND_STRUCT, .shape = &node_shape)}},
};
static const struct larder_shape node_shape = {node_fields, 2, sizeof(struct sample_node), true};

static const struct larder_field sample_fields[] = {
    FIELD(flag, .kind = LARDER_KIND_BOOL),
    FIELD(u8, .kind = LARDER_KIND_U8),
    FIELD(u16, .kind = LARDER_KIND_U16),
    FIELD(u32, .kind = LARDER_KIND_U32),
    FIELD(u64, .kind = LARDER_KIND_U64),
    FIELD(i8, .kind = LARDER_KIND_I8),
    FIELD(i16, .kind = LARDER_KIND_I16),
    FIELD(i32, .kind = LARDER_KIND_I32),
    FIELD(i64, .kind = LARDER_KIND_I64),
    FIELD(f32, .kind = LARDER_KIND_F32),
    FIELD(f64, .kind = LARDER_KIND_F64),
    FIELD(name, .kind = LARDER_KIND_STRING),
    FIELD(extra, .kind = LARDER_KIND_ANY),
    FIELD(blob, .kind = LARDER_KIND_BYTES),
    FIELD(uuid, .kind = LARDER_KIND_UUID),
    FIELD(color, .kind = LARDER_KIND_ENUM, .count = 3, .names = colors),
    FIELD(dims, .kind = LARDER_KIND_STRUCT, .optional = true, .shape = &dims_shape),
    {"seen",
     offsetof(struct sample, seen),
     offsetof(struct sample, has_seen),
     false,
     {.kind = LARDER_KIND_I64}},
    FIELD(numbers, .kind = LARDER_KIND_LIST, .stride = sizeof(uint32_t),
          ITEM(.kind = LARDER_KIND_U32)),
    FIELD(labels, .kind = LARDER_KIND_LIST, .stride = sizeof(char *),
          ITEM(.kind = LARDER_KIND_STRING, .optional = true)),
    FIELD(attrs, .kind = LARDER_KIND_MAP, .stride = sizeof(struct sample_attr),
          .value_at = offsetof(struct sample_attr, value), ITEM(.kind = LARDER_KIND_U64)),
    FIELD(tree, .kind = LARDER_KIND_LIST, .stride = sizeof(struct sample_node),
          ITEM(.kind = LARDER_KIND_STRUCT, .shape = &node_shape)),
    FIELD(late, .kind = LARDER_KIND_U32),
    {"note",
     offsetof(struct sample, note),
     LARDER_FIELD_ALWAYS,
     true,
     {.kind = LARDER_KIND_STRING, .optional = true}},
};
static const struct larder_shape sample_shape = {
    sample_fields, sizeof sample_fields / sizeof sample_fields[0], sizeof(struct sample), false};
static const struct larder_type type = {.kind = LARDER_KIND_STRUCT, .shape = &sample_shape};

static bool equal(const struct sample *a, const struct sample *b)
{
    bool one = larder_value_equal(&type, a, b);
    assert_true(larder_value_equal(&type, b, a) == one);
    return one;
}

/* ------------------------------------------------------------------- clone */

static void test_a_clone_is_equal_and_owes_nothing_to_what_it_is_from(void **state)
{
    (void)state;
    struct sample value = sample_full();
    char name[] = "of our own";
    value.name = name;
    const void *clone;
    assert_int_equal(larder_value_clone(&sample_entity, &type, &value, &clone), LARDER_OK);
    assert_true(equal(clone, &value));
    name[0] = 'O';
    assert_string_equal(((const struct sample *)clone)->name, "of our own");
    assert_false(equal(clone, &value));
    larder_value_release(clone);
}

static void test_a_clone_takes_one_block_of_about_its_size(void **state)
{
    (void)state;
    static uint32_t many[500];
    struct fail_alloc memory;
    struct sample value = sample_full();
    value.numbers = (struct larder_u32_list){many, 500};
    const void *clone;
    fail_alloc_init(&memory);
    assert_int_equal(larder_clone_in(&memory.allocator, &sample_entity, &type, &value, &clone),
                     LARDER_OK);
    assert_int_equal(memory.calls, 1);
    assert_int_equal(memory.live_blocks, 1);
    /* The struct, its slots, and what it is encoded to, of which a number takes a byte. */
    assert_true(memory.live_bytes < sizeof value + sizeof many + 500 + 1000);
    larder_value_release(clone);
    assert_int_equal(memory.live_blocks, 0);
}

static void test_a_clone_that_finds_no_memory_leaves_none(void **state)
{
    (void)state;
    static char text[20000];
    struct sample value = sample_full();
    memset(text, 'x', sizeof text - 1);
    value.note = text;
    for (size_t fail_at = 1;; fail_at++) {
        struct fail_alloc memory;
        const void *clone = NULL;
        fail_alloc_init(&memory);
        memory.fail_at = fail_at;
        enum larder_status status =
            larder_clone_in(&memory.allocator, &sample_entity, &type, &value, &clone);
        bool failed = memory.calls >= fail_at;
        assert_int_equal(status, failed ? LARDER_E_NOMEM : LARDER_OK);
        assert_true((clone == NULL) == failed);
        larder_value_release(clone);
        assert_int_equal(memory.live_blocks, 0);
        if (!failed) {
            assert_true(fail_at > 2); /* there was something to fail */
            return;
        }
    }
}

static void test_a_clone_is_refused_where_set_would_refuse(void **state)
{
    (void)state;
    const void *clone = &sample_entity;
    struct sample value = sample_full();
    assert_int_equal(larder_value_clone(&sample_entity, &type, NULL, &clone), LARDER_E_ARG);
    assert_null(clone);
    value.name = NULL;
    assert_int_equal(larder_value_clone(&sample_entity, &type, &value, &clone), LARDER_E_ARG);
    assert_non_null(strstr(larder_last_error(), "name"));
    value = sample_full();
    value.color = (enum sample_color)3;
    assert_int_equal(larder_value_clone(&sample_entity, &type, &value, &clone), LARDER_E_ARG);
    struct larder_entity bounded = sample_entity;
    bounded.max_bytes = 50;
    value = sample_full();
    assert_int_equal(larder_value_clone(&bounded, &type, &value, &clone), LARDER_E_TOO_LARGE);
    assert_null(clone);
}

/* ------------------------------------------------------------------- equal */

static void test_every_member_counts(void **state)
{
    (void)state;
    const struct sample full = sample_full();
    const struct sample small = sample_small();
    for (size_t i = 0; i < sizeof sample_fields / sizeof sample_fields[0]; i++) {
        size_t from = sample_fields[i].at;
        size_t to = i + 1 < sizeof sample_fields / sizeof sample_fields[0] ? sample_fields[i + 1].at
                                                                           : sizeof full;
        struct sample other = full;
        memcpy((char *)&other + from, (const char *)&small + from, to - from);
        assert_true(equal(&other, &other));
        if (equal(&other, &full)) {
            fail_msg("%s does not count", sample_fields[i].name);
        }
    }
}

static void test_nulls_are_equal_to_each_other_only(void **state)
{
    (void)state;
    struct sample a = sample_full(), b = sample_full();
    assert_true(equal(NULL, NULL));
    assert_false(equal(NULL, &a));
    a.name = b.name = NULL;
    assert_true(equal(&a, &b));
    b.name = "";
    assert_false(equal(&a, &b));
    b.name = NULL;
    a.blob = (struct larder_bytes){NULL, 5};
    assert_false(equal(&a, &b));
    a.numbers = b.numbers = (struct larder_u32_list){NULL, 5};
    a.blob = b.blob = (struct larder_bytes){NULL, 5};
    assert_true(equal(&a, &b));
}

static void test_what_is_absent_is_not_looked_at(void **state)
{
    (void)state;
    struct sample a = sample_full(), b = sample_full();
    a.has_seen = b.has_seen = false;
    b.seen = a.seen + 1;
    assert_true(equal(&a, &b));
    b.has_seen = true;
    assert_false(equal(&a, &b));
}

static void test_floats_are_compared_as_numbers_and_nan_is_itself(void **state)
{
    (void)state;
    struct sample a = sample_full(), b = sample_full();
    a.f64 = 0.0;
    b.f64 = -0.0;
    assert_true(equal(&a, &b));
    a.f64 = NAN;
    assert_false(equal(&a, &b));
    b.f64 = -(double)NAN;
    a.f32 = b.f32 = (float)NAN;
    assert_true(equal(&a, &b));
    b.f32 = 0;
    assert_false(equal(&a, &b));
}

enum { MANY = 1000 };

/* Entries in an order of their own: step has no divisor in common with MANY. */
static void fill_map(struct sample_attr *entries, char (*keys)[8], size_t step)
{
    for (size_t i = 0; i < MANY; i++) {
        size_t n = i * step % MANY;
        snprintf(keys[n], sizeof keys[n], "k%zu", n);
        entries[i] = (struct sample_attr){keys[n], n};
    }
}

static void test_maps_are_equal_in_any_order_with_or_without_memory(void **state)
{
    (void)state;
    static struct sample_attr one[MANY], other[MANY];
    static char keys[MANY][8], other_keys[MANY][8];
    fill_map(one, keys, 7);
    fill_map(other, other_keys, 333);
    struct sample a = sample_full(), b = sample_full();
    for (size_t count = 0; count <= MANY; count += count < 20 ? 1 : MANY - 20) {
        /* As many of the one, and the same ones reversed. */
        static struct sample_attr reversed[MANY];
        for (size_t i = 0; i < count; i++) {
            reversed[i] = one[count - 1 - i];
        }
        a.attrs = (struct sample_attr_map){one, count};
        b.attrs = (struct sample_attr_map){reversed, count};
        assert_true(equal(&a, &b));
    }
    a.attrs = (struct sample_attr_map){one, MANY};
    b.attrs = (struct sample_attr_map){other, MANY};
    for (int without = 0; without < 2; without++) {
        struct fail_alloc memory;
        fail_alloc_init(&memory);
        memory.fail_at = without ? 1 : 0;
        assert_true(larder_equal_in(&memory.allocator, &type, &a, &b));
        assert_int_equal(memory.calls, 1);
        other[500].value++;
        assert_false(larder_equal_in(&memory.allocator, &type, &a, &b));
        other[500].value--;
        const char *key = other[999].key;
        other[999].key = "another";
        assert_false(larder_equal_in(&memory.allocator, &type, &a, &b));
        other[999].key = NULL;
        assert_false(larder_equal_in(&memory.allocator, &type, &a, &b));
        other[999].key = key;
        assert_int_equal(memory.live_blocks, 0);
    }
}

static void test_maps_that_hold_a_key_twice_are_not_mistaken(void **state)
{
    (void)state;
    const struct sample_attr twice[] = {{"a", 1}, {"a", 1}};
    const struct sample_attr once[] = {{"a", 1}, {"b", 1}};
    const struct sample_attr reversed[] = {{"b", 1}, {"a", 1}};
    struct sample a = sample_full(), b = sample_full();
    a.attrs = (struct sample_attr_map){twice, 2};
    b.attrs = (struct sample_attr_map){once, 2};
    assert_false(equal(&a, &b));
    b.attrs = (struct sample_attr_map){reversed, 2};
    assert_false(equal(&a, &b));
}

/* A struct that a caller made a circle of ends no process. */
static void test_what_is_nested_too_deep_is_different_and_no_json(void **state)
{
    (void)state;
    struct sample_node circle = {.id = 1}, twin = {.id = 1};
    circle.children = (struct sample_node_list){&circle, 1};
    twin.children = (struct sample_node_list){&twin, 1};
    struct sample a = sample_full(), b = sample_full();
    char text[100];
    size_t len;
    const void *clone;
    a.tree = (struct sample_node_list){&circle, 1};
    b.tree = (struct sample_node_list){&twin, 1};
    assert_true(equal(&a, &a));
    assert_false(equal(&a, &b));
    assert_int_equal(larder_value_to_json(&sample_entity, &type, &a, text, sizeof text, &len),
                     LARDER_E_ARG);
    assert_int_equal(len, 0);
    assert_string_equal(text, "");
    assert_int_equal(larder_value_clone(&sample_entity, &type, &a, &clone), LARDER_E_TOO_LARGE);
}

/* -------------------------------------------------------------------- JSON */

static const char full_json[] =
    "{\"flag\":true,\"u8\":200,\"u16\":60000,\"u32\":4000000000,\"u64\":18446744073709551615,"
    "\"i8\":-128,\"i16\":-32768,\"i32\":-2147483648,\"i64\":-9223372036854775808,\"f32\":1.5,"
    "\"f64\":-0.1,\"name\":\"Earl Grey, loose\",\"extra\":{\"k\":[1,{\"ext\":5,\"data\":\"eA==\"},"
    "-1.5]},\"blob\":\"AAECwf8=\",\"uuid\":\"01020304-0506-0708-090a-0b0c0d0e0f10\","
    "\"color\":\"blue\",\"dims\":{\"width_mm\":1200,\"height_mm\":\"***\"},\"seen\":1700000000000,"
    "\"numbers\":[0,127,128,255,256,65535,65536,4294967295],\"labels\":[\"new\",null,"
    "\"caf\xc3\xa9\",\"\",\"a label that is longer than thirty-one bytes\"],"
    "\"attrs\":{\"color\":1,\"\":18446744073709551615,\"size\":300},\"tree\":[{\"id\":1,"
    "\"children\":[{\"id\":2,\"children\":[]},{\"id\":3,\"children\":[]}]},{\"id\":65535,"
    "\"children\":[]}],\"late\":12,\"note\":\"***\"}";

static void test_every_type_is_printed_into_a_room_of_every_size(void **state)
{
    (void)state;
    const struct sample value = sample_full();
    const size_t needed = sizeof full_json - 1;
    for (size_t size = 0; size <= sizeof full_json; size++) {
        size_t len = 1;
        char *room = malloc(size != 0 ? size : 1);
        assert_non_null(room);
        enum larder_status status = larder_value_to_json(&sample_entity, &type, &value,
                                                         size != 0 ? room : NULL, size, &len);
        assert_int_equal(status, size > needed ? LARDER_OK : LARDER_E_TOO_LARGE);
        assert_int_equal(len, needed);
        if (size != 0) {
            assert_string_equal(room, size > needed ? full_json : "");
        }
        free(room);
    }
}

static void test_absent_is_null_also_of_a_secret(void **state)
{
    (void)state;
    char text[2000];
    size_t len;
    struct sample value = sample_small();
    assert_int_equal(larder_value_to_json(&sample_entity, &type, &value, text, sizeof text, &len),
                     LARDER_OK);
    assert_non_null(strstr(text, "\"dims\":null,\"seen\":null,\"numbers\":[]"));
    assert_non_null(strstr(text, "\"attrs\":{},\"tree\":[],\"late\":0,\"note\":null}"));
}

static void refused(const struct sample *value, const char *field)
{
    char text[2000] = "!";
    size_t len = 1;
    assert_int_equal(larder_value_to_json(&sample_entity, &type, value, text, sizeof text, &len),
                     LARDER_E_ARG);
    assert_int_equal(len, 0);
    assert_string_equal(text, "");
    assert_non_null(strstr(larder_last_error(), field));
    assert_null(strstr(larder_last_error(), "Earl Grey"));
}

static void test_what_is_no_value_is_refused_and_the_field_is_named(void **state)
{
    (void)state;
    static const struct sample_attr twice[] = {{"a", 1}, {"b", 1}, {"a", 2}};
    static const struct sample_attr unnamed[] = {{NULL, 1}};
    static const unsigned char half[] = {0x92, 0x01};
    struct sample value = sample_full();
    refused(NULL, "the value is NULL");
    value.name = NULL;
    refused(&value, "field name");
    value.name = "\xff";
    refused(&value, "field name");
    value = sample_full();
    value.extra = (struct larder_bytes){half, sizeof half};
    refused(&value, "field extra");
    value = sample_full();
    value.blob = (struct larder_bytes){NULL, 3};
    refused(&value, "field blob");
    value = sample_full();
    value.color = (enum sample_color)3;
    refused(&value, "field color");
    value = sample_full();
    value.numbers.items = NULL;
    refused(&value, "field numbers");
    value = sample_full();
    value.attrs = (struct sample_attr_map){twice, 3};
    refused(&value, "field attrs");
    value.attrs = (struct sample_attr_map){unnamed, 1};
    refused(&value, "field attrs");
    value.attrs = (struct sample_attr_map){NULL, 1};
    refused(&value, "field attrs");
}

static void test_missing_outputs_are_refused(void **state)
{
    (void)state;
    char text[10];
    size_t len;
    struct sample value = sample_full();
    assert_int_equal(larder_value_to_json(&sample_entity, &type, &value, text, sizeof text, NULL),
                     LARDER_E_ARG);
    assert_int_equal(larder_value_to_json(&sample_entity, &type, &value, NULL, 1, &len),
                     LARDER_E_ARG);
}

static void test_a_large_map_takes_memory_to_check_and_says_so_without(void **state)
{
    (void)state;
    static struct sample_attr many[MANY];
    static char keys[MANY][8];
    static char text[100000];
    size_t len;
    struct fail_alloc memory;
    struct sample value = sample_full();
    fill_map(many, keys, 1);
    value.attrs = (struct sample_attr_map){many, MANY};
    fail_alloc_init(&memory);
    memory.fail_at = 1;
    assert_int_equal(larder_to_json_in(&memory.allocator, &sample_entity, &type, &value, text,
                                       sizeof text, &len),
                     LARDER_E_NOMEM);
    assert_int_equal(len, 0);
    assert_string_equal(text, "");
    assert_int_equal(larder_to_json_in(&memory.allocator, &sample_entity, &type, &value, text,
                                       sizeof text, &len),
                     LARDER_OK);
    assert_int_equal(len, strlen(text));
    assert_int_equal(memory.live_blocks, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_clone_is_equal_and_owes_nothing_to_what_it_is_from),
        cmocka_unit_test(test_a_clone_takes_one_block_of_about_its_size),
        cmocka_unit_test(test_a_clone_that_finds_no_memory_leaves_none),
        cmocka_unit_test(test_a_clone_is_refused_where_set_would_refuse),
        cmocka_unit_test(test_every_member_counts),
        cmocka_unit_test(test_nulls_are_equal_to_each_other_only),
        cmocka_unit_test(test_what_is_absent_is_not_looked_at),
        cmocka_unit_test(test_floats_are_compared_as_numbers_and_nan_is_itself),
        cmocka_unit_test(test_maps_are_equal_in_any_order_with_or_without_memory),
        cmocka_unit_test(test_maps_that_hold_a_key_twice_are_not_mistaken),
        cmocka_unit_test(test_what_is_nested_too_deep_is_different_and_no_json),
        cmocka_unit_test(test_every_type_is_printed_into_a_room_of_every_size),
        cmocka_unit_test(test_absent_is_null_also_of_a_secret),
        cmocka_unit_test(test_what_is_no_value_is_refused_and_the_field_is_named),
        cmocka_unit_test(test_missing_outputs_are_refused),
        cmocka_unit_test(test_a_large_map_takes_memory_to_check_and_says_so_without),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
