/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "unit/yaml/parsed.h"

static void assert_at(const struct yml_node *node, uint32_t line, uint32_t column)
{
    assert_non_null(node);
    assert_int_equal(node->pos.line, line);
    assert_int_equal(node->pos.column, column);
}

static void maps_lists_and_scalars_become_nodes_with_places(void **state)
{
    (void)state;
    struct parsed parsed = parse("# a comment\n"
                                 "name: tea\n"
                                 "list:\n"
                                 "  - 'one'\n"
                                 "  - [2, {x: y}]\n"
                                 "empty:\n",
                                 YML_SCHEMA);
    const struct yml_node *root = parsed.root;
    assert_at(root, 2, 1);
    assert_int_equal(root->kind, YML_MAP);
    assert_int_equal(root->count, 3);
    assert_at(root->pairs[1].key, 3, 1);
    assert_string_equal(yml_get(root, "name")->text, "tea");
    assert_at(yml_get(root, "name"), 2, 7);
    const struct yml_node *list = yml_get(root, "list");
    assert_int_equal(list->kind, YML_LIST);
    assert_at(list, 4, 3);
    assert_at(list->items[0], 4, 5);
    assert_at(list->items[1]->items[1], 5, 9);
    assert_string_equal(yml_get(list->items[1]->items[1], "x")->text, "y");
    assert_string_equal(yml_get(root, "empty")->text, "");
    assert_at(yml_get(root, "empty"), 6, 7);
    parsed_release(&parsed);
}

static void only_plain_scalars_are_plain(void **state)
{
    (void)state;
    struct parsed parsed = parse("[1, '1', \"1\"]", YML_SCHEMA);
    assert_true(parsed.root->items[0]->plain);
    assert_false(parsed.root->items[1]->plain);
    assert_false(parsed.root->items[2]->plain);
    parsed_release(&parsed);
    parsed = parse("a: |\n  text\n", YML_SCHEMA);
    assert_false(yml_get(parsed.root, "a")->plain);
    assert_string_equal(yml_get(parsed.root, "a")->text, "text\n");
    parsed_release(&parsed);
}

static void columns_are_characters_and_a_mark_is_none(void **state)
{
    (void)state;
    struct parsed parsed = parse("\xEF\xBB\xBF\xC3\xA9\xF0\x9F\x98\x80: x\r\nb: y\r\n", YML_SCHEMA);
    assert_at(parsed.root, 1, 1);
    assert_at(parsed.root->pairs[0].value, 1, 5);
    assert_at(yml_get(parsed.root, "b"), 2, 4);
    parsed_release(&parsed);
}

static void an_empty_document_is_an_empty_scalar(void **state)
{
    (void)state;
    static const char *const texts[] = {"", "\n\n", "# nothing\n", "---\n", "\xEF\xBB\xBF"};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct parsed parsed = parse(texts[i], YML_SCHEMA);
        assert_non_null(parsed.root);
        assert_int_equal(parsed.root->kind, YML_SCALAR);
        assert_true(parsed.root->plain);
        assert_string_equal(parsed.root->text, "");
        assert_string_equal(parsed.text, "");
        parsed_release(&parsed);
    }
}

static void one_document_may_have_its_markers(void **state)
{
    (void)state;
    struct parsed parsed = parse("---\na: b\n...\n", YML_SCHEMA);
    assert_string_equal(yml_get(parsed.root, "a")->text, "b");
    parsed_release(&parsed);
}

static void getting_what_is_not_there_gives_null(void **state)
{
    (void)state;
    struct parsed parsed = parse("a: [b]", YML_SCHEMA);
    assert_null(yml_get(parsed.root, "b"));
    assert_null(yml_get(yml_get(parsed.root, "a"), "b"));
    assert_null(yml_get(NULL, "b"));
    parsed_release(&parsed);
}

static void data_may_have_anchors_aliases_and_tags(void **state)
{
    (void)state;
    struct parsed parsed = parse("%YAML 1.1\n---\n"
                                 "a: &x [1, !!str 2, !!int 3, !own 4]\n"
                                 "b: *x\n"
                                 "<<: c\n",
                                 YML_DATA);
    const struct yml_node *list = yml_get(parsed.root, "a");
    assert_ptr_equal(yml_get(parsed.root, "b"), list);
    assert_false(list->items[0]->tagged);
    assert_true(list->items[1]->tagged);
    assert_false(list->items[2]->tagged);
    assert_true(list->items[3]->tagged);
    assert_string_equal(yml_get(parsed.root, "<<")->text, "c");
    parsed_release(&parsed);
}

static void an_anchor_given_again_stands_for_the_later_node(void **state)
{
    (void)state;
    struct parsed parsed = parse("[&a 1, *a, &a 2, *a]", YML_DATA);
    assert_string_equal(parsed.root->items[1]->text, "1");
    assert_string_equal(parsed.root->items[3]->text, "2");
    parsed_release(&parsed);
}

static void data_may_be_json(void **state)
{
    (void)state;
    struct parsed parsed =
        parse("{\n\t\"a\":1,\"b\": [true, null, {}],\n\t\"c\":\"\\/\\u00e9\\n\"\n}\n", YML_DATA);
    assert_string_equal(yml_get(parsed.root, "a")->text, "1");
    assert_string_equal(yml_get(parsed.root, "c")->text, "/\xC3\xA9\n");
    assert_int_equal(yml_get(parsed.root, "b")->count, 3);
    parsed_release(&parsed);
}

static void json_may_write_a_character_as_a_pair(void **state)
{
    (void)state;
    struct parsed parsed =
        parse("[\"\\ud83d\\uDE00!\", \"\\\\ud83d\\\\ude00\", \"\\u00e9\"]", YML_DATA);
    assert_string_equal(parsed.text, "");
    assert_string_equal(parsed.root->items[0]->text, "\xF0\x9F\x98\x80!");
    assert_string_equal(parsed.root->items[1]->text, "\\ud83d\\ude00");
    assert_string_equal(parsed.root->items[2]->text, "\xC3\xA9");
    parsed_release(&parsed);
    parsed = parse("{\"a\": \"\\ud83d\"}", YML_DATA);
    assert_null(parsed.root);
    parsed_release(&parsed);
    parsed = parse("a: \\ud83d\\ude00", YML_DATA);
    assert_string_equal(yml_get(parsed.root, "a")->text, "\\ud83d\\ude00");
    parsed_release(&parsed);
}

static void data_may_hold_what_a_schema_may_not(void **state)
{
    (void)state;
    struct parsed parsed = parse("a: \"x\\0y\"\nb: \"\\N\\L\\P\"\n", YML_DATA);
    assert_int_equal(yml_get(parsed.root, "a")->len, 3);
    assert_memory_equal(yml_get(parsed.root, "a")->text, "x\0y", 4);
    assert_string_equal(yml_get(parsed.root, "b")->text, "\xC2\x85\xE2\x80\xA8\xE2\x80\xA9");
    parsed_release(&parsed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(maps_lists_and_scalars_become_nodes_with_places),
        cmocka_unit_test(only_plain_scalars_are_plain),
        cmocka_unit_test(columns_are_characters_and_a_mark_is_none),
        cmocka_unit_test(an_empty_document_is_an_empty_scalar),
        cmocka_unit_test(one_document_may_have_its_markers),
        cmocka_unit_test(getting_what_is_not_there_gives_null),
        cmocka_unit_test(data_may_have_anchors_aliases_and_tags),
        cmocka_unit_test(an_anchor_given_again_stands_for_the_later_node),
        cmocka_unit_test(data_may_be_json),
        cmocka_unit_test(json_may_write_a_character_as_a_pair),
        cmocka_unit_test(data_may_hold_what_a_schema_may_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
