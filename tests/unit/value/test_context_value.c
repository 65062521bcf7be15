/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "context/value.h"

static int arena_setup(void **state)
{
    *state = arena_new();
    return 0;
}

static int arena_teardown(void **state)
{
    arena_free(*state);
    return 0;
}

static void assert_text(const struct ctx_value *value, const char *expected)
{
    size_t len;
    const char *text = ctx_text(value, &len);
    assert_int_equal(len, strlen(expected));
    assert_memory_equal(text, expected, len);
}

static void assert_json(struct arena *arena, const struct ctx_value *value, const char *expected)
{
    struct text out;
    text_init(&out, arena, 1 << 20);
    ctx_print_json(value, &out);
    assert_string_equal(out.data, expected);
}

static void only_null_false_and_the_empty_list_are_false(void **state)
{
    struct ctx_value *list = ctx_list(*state);
    assert_false(ctx_is_true(ctx_null(*state)));
    assert_false(ctx_is_true(ctx_flag(*state, false)));
    assert_false(ctx_is_true(list));
    ctx_add(list, ctx_null(*state));
    assert_true(ctx_is_true(list));
    assert_true(ctx_is_true(ctx_flag(*state, true)));
    assert_true(ctx_is_true(ctx_number(*state, 0)));
    assert_true(ctx_is_true(ctx_string(*state, "")));
    assert_true(ctx_is_true(ctx_map(*state)));
}

static void texts_are_what_is_printed(void **state)
{
    assert_text(ctx_null(*state), "");
    assert_text(ctx_flag(*state, true), "true");
    assert_text(ctx_flag(*state, false), "false");
    assert_text(ctx_number(*state, -42), "-42");
    assert_text(ctx_number_text(*state, "1.5e3"), "1.5e3");
    assert_text(ctx_string(*state, "word"), "word");
    assert_text(ctx_list(*state), "");
    assert_text(ctx_map(*state), "");
}

static void strings_may_hold_nuls(void **state)
{
    size_t len;
    const char *text = ctx_text(ctx_string_len(*state, "a\0b", 3), &len);
    assert_int_equal(len, 3);
    assert_memory_equal(text, "a\0b", 4);
}

static void string_len_copies_and_string_view_borrows(void **state)
{
    char word[] = "word";
    const struct ctx_value *copy = ctx_string_len(*state, word, 4);
    const struct ctx_value *view = ctx_string_view(*state, word, 4);
    word[0] = 'l';
    assert_text(copy, "word");
    assert_text(view, "lord");
}

static void lists_keep_their_order_as_they_grow(void **state)
{
    struct ctx_value *list = ctx_list(*state);
    for (long long i = 0; i < 1000; i++)
        ctx_add(list, ctx_number(*state, i));
    assert_int_equal(ctx_count(list), 1000);
    assert_text(ctx_item(list, 0), "0");
    assert_text(ctx_item(list, 999), "999");
}

static void maps_find_names_however_many_there_are(void **state)
{
    struct ctx_value *map = ctx_map(*state);
    for (long long i = 0; i < 5000; i++) {
        const char *name = arena_printf(*state, "name%lld", i);
        assert_null(ctx_get(map, name, strlen(name)));
        ctx_set_number(map, name, i);
        assert_text(ctx_get(map, name, strlen(name)), name + 4);
    }
    assert_int_equal(ctx_count(map), 5000);
    for (size_t i = 0; i < 5000; i++) {
        const char *name = ctx_name(map, i);
        assert_text(ctx_get(map, name, strlen(name)), name + 4);
        assert_ptr_equal(ctx_get(map, name, strlen(name)), ctx_value_at(map, i));
    }
    assert_null(ctx_get(map, "name5000", 8));
    assert_null(ctx_get(map, "name", 4));
    assert_null(ctx_get(map, "", 0));
}

static void setting_a_name_again_replaces_it_in_place(void **state)
{
    struct ctx_value *map = ctx_map(*state);
    ctx_set_string(map, "a", "1");
    ctx_set_string(map, "b", "2");
    ctx_set_string(map, "a", NULL);
    assert_int_equal(ctx_count(map), 2);
    assert_string_equal(ctx_name(map, 0), "a");
    assert_int_equal(ctx_kind(ctx_get(map, "a", 1)), CTX_NULL);
}

static void names_that_differ_behind_a_nul_are_two(void **state)
{
    struct ctx_value *map = ctx_map(*state);
    ctx_set_len(map, "a\0b", 3, ctx_number(*state, 1));
    ctx_set_len(map, "a\0c", 3, ctx_number(*state, 2));
    assert_int_equal(ctx_count(map), 2);
    assert_text(ctx_get(map, "a\0c", 3), "2");
    assert_null(ctx_get(map, "a", 1));
}

static void other_kinds_have_no_names_and_no_entries(void **state)
{
    assert_null(ctx_get(ctx_string(*state, "a"), "a", 1));
    assert_null(ctx_get(ctx_list(*state), "a", 1));
    assert_int_equal(ctx_count(ctx_string(*state, "four")), 0);
    assert_int_equal(ctx_count(ctx_null(*state)), 0);
}

static void json_shows_all_in_the_order_it_was_set(void **state)
{
    struct ctx_value *root = ctx_map(*state);
    struct ctx_value *list = ctx_list(*state);
    ctx_set(root, "zeta", list);
    ctx_set_flag(root, "alpha", true);
    ctx_set(root, "none", ctx_null(*state));
    ctx_set(root, "list", ctx_list(*state));
    ctx_set(root, "map", ctx_map(*state));
    ctx_add(list, ctx_number(*state, 7));
    ctx_add(list, ctx_string(*state, "a \"b\"\n"));
    assert_json(*state, root,
                "{\n"
                "  \"zeta\": [\n"
                "    7,\n"
                "    \"a \\\"b\\\"\\n\"\n"
                "  ],\n"
                "  \"alpha\": true,\n"
                "  \"none\": null,\n"
                "  \"list\": [],\n"
                "  \"map\": {}\n"
                "}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_null_false_and_the_empty_list_are_false),
        cmocka_unit_test(texts_are_what_is_printed),
        cmocka_unit_test(strings_may_hold_nuls),
        cmocka_unit_test(string_len_copies_and_string_view_borrows),
        cmocka_unit_test(lists_keep_their_order_as_they_grow),
        cmocka_unit_test(maps_find_names_however_many_there_are),
        cmocka_unit_test(setting_a_name_again_replaces_it_in_place),
        cmocka_unit_test(names_that_differ_behind_a_nul_are_two),
        cmocka_unit_test(other_kinds_have_no_names_and_no_entries),
        cmocka_unit_test(json_shows_all_in_the_order_it_was_set),
    };
    return cmocka_run_group_tests(tests, arena_setup, arena_teardown);
}
