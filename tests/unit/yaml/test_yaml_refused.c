/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "unit/yaml/parsed.h"

/* Text, and parts of what must be printed about it: places with ids or hints. */
struct row {
    const char *text;
    const char *expected[3];
};

static void check_rows(const struct row *rows, size_t count, enum yml_mode mode)
{
    for (size_t i = 0; i < count; i++) {
        struct parsed parsed = parse(rows[i].text, mode);
        if (parsed.root)
            fail_msg("accepted: %s", rows[i].text);
        for (size_t j = 0; j < 3 && rows[i].expected[j]; j++)
            if (!strstr(parsed.text, rows[i].expected[j]))
                fail_msg("no '%s' in: %s", rows[i].expected[j], parsed.text);
        parsed_release(&parsed);
    }
}

#define CHECK_ROWS(rows, mode) check_rows(rows, sizeof(rows) / sizeof((rows)[0]), mode)

static void what_a_schema_may_not_have_is_refused_at_its_first_character(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"a: &x b\n", {"in.yaml:1:4: error:", "[anchor]"}},
        {"a: &x\n  b: c\n", {"in.yaml:1:4: error:", "[anchor]"}},
        {"a: &x !t b\n", {"in.yaml:1:4: error:", "[anchor]"}},
        {"a: !t b\n", {"in.yaml:1:4: error:", "'!' must be quoted", "[tag]"}},
        {"a: !!str b\n", {"in.yaml:1:4: error:", "[tag]"}},
        {"- *x\n", {"in.yaml:1:3: error:", "'*' must be quoted", "[alias]"}},
        {"a:\n  <<: b\n", {"in.yaml:2:3: error:", "[merge-key]"}},
        {"a: b\n---\nc: d\n", {"in.yaml:2:1: error:", "[second-document]"}},
        {"%YAML 1.1\n---\na: b\n", {"in.yaml:1:1: error:", "[directive]"}},
        {"? [a, b]\n: c\n", {"in.yaml:1:3: error:", "[bad-key]"}},
        {"a: {{id}}:x\n", {"in.yaml:1:4: error:", "quoted", "[bad-key]"}},
    };
    CHECK_ROWS(rows, YML_SCHEMA);
}

static void a_duplicate_key_is_at_the_second_with_a_note_at_the_first(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"a: 1\nb: 2\n\"a\": 3\n",
         {"in.yaml:3:1: error: duplicate key 'a' [duplicate-key]", "in.yaml:1:1: note:"}},
        {"{a: 1, a: 2, a: 3}",
         {"in.yaml:1:8: error:", "in.yaml:1:14: error:", "in.yaml:1:2: note:"}},
    };
    CHECK_ROWS(rows, YML_SCHEMA);
    CHECK_ROWS(rows, YML_DATA);
}

static void one_run_shows_all_that_is_refused(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"a: &x 1\nb: *x\nc: !t 1\n", {":1:4: ", ":2:4: ", ":3:4: "}},
        {"a: 1\na: 2\nb: *x\n", {":2:1: ", ":3:4: "}},
    };
    CHECK_ROWS(rows, YML_SCHEMA);
}

static void characters_that_text_may_not_hold_are_refused_in_place(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"a: x\xC2\x85y\n", {"in.yaml:1:5: error: U+0085", "[bad-character]"}},
        {"a: x\n# \xE2\x80\xA8\n", {"in.yaml:2:3: error: U+2028", "[bad-character]"}},
        {"a: \xE2\x80\xA9\n", {"in.yaml:1:4: error: U+2029", "[bad-character]"}},
        {"a: \x1b[1m\n", {"in.yaml:1:4: error: the character U+001B", "[bad-character]"}},
        {"\xEF\xBB\xBF"
         "a: \xC3\xA9\xFF\n",
         {"in.yaml:1:5: error: the byte 0xff", "[bad-character]"}},
        {"a: \"\\0\"\n", {"in.yaml:1:4: error: U+0000", "[bad-character]"}},
        {"a: b\nc: \"\\N\"\n", {"in.yaml:2:4: error: U+0085", "[bad-character]"}},
        {"\"\\u2028\": b\n", {"in.yaml:1:1: error: U+2028", "[bad-character]"}},
    };
    CHECK_ROWS(rows, YML_SCHEMA);
}

static void a_nul_in_the_file_is_refused(void **state)
{
    (void)state;
    struct parsed parsed = parse_bytes("a: b\0c\n", 7, YML_SCHEMA);
    assert_null(parsed.root);
    assert_non_null(strstr(parsed.text, "in.yaml:1:5: error: NUL is not allowed"));
    parsed_release(&parsed);
}

static void utf16_is_no_text(void **state)
{
    (void)state;
    struct parsed parsed = parse_bytes("\xFF\xFE"
                                       "a\0:\0 \0b\0",
                                       10, YML_DATA);
    assert_null(parsed.root);
    assert_non_null(strstr(parsed.text, "in.yaml:1:1: error: the byte 0xff is no UTF-8"));
    parsed_release(&parsed);
}

static void a_value_that_wants_quotes_is_told_so_at_the_value(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"a: 1\nkey: {id}:product\nb: 2\n", {"in.yaml:2:6: error:", "'{' must be quoted"}},
        {"key: {id}:{name}\n", {"in.yaml:1:6: error:", "'{' must be quoted"}},
        {"key: {id}:x\r\nother: *:\r\n", {"in.yaml:1:6: error:", "'{' must be quoted"}},
        {"key: *:{id}\n", {"in.yaml:1:6: error:", "'*' must be quoted"}},
        {"key: &:x\n", {"in.yaml:1:6: error:", "'&' must be quoted"}},
        {"key: %x\n", {"in.yaml:1:6: error:", "'%' must be quoted"}},
        {"key: @x\n", {"in.yaml:1:6: error:", "'@' must be quoted"}},
        {"caf\xC3\xA9: [a, @x]\n", {"in.yaml:1:11: error:", "'@' must be quoted"}},
        {"- @x\n", {"in.yaml:1:3: error:", "'@' must be quoted"}},
    };
    CHECK_ROWS(rows, YML_SCHEMA);
}

static void syntax_errors_have_a_place_a_hint_and_a_note(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"a: b: c\n", {"in.yaml:1:5: error:", "must be quoted", "[syntax]"}},
        {"a:\n\tb: c\n", {"in.yaml:2:1: error:", "not with tabs", "[syntax]"}},
        {"a: \"b\n", {"in.yaml:2:1: error:", "closing quote", "in.yaml:1:4: note:"}},
        {"x: [string[], b]\n", {"in.yaml:1:11: error:", "inside of [", "in.yaml:1:4: note:"}},
        {"a: {b: [1}\n", {"in.yaml:1:10: error:", "[syntax]", "in.yaml:1:8: note:"}},
        {"a: \"\\q\"\n", {"in.yaml:1:5: error:", "in.yaml:1:4: note:"}},
        {"a: [\n", {"[syntax]"}},
        {"\xEF\xBB\xBF"
         "a: b: c\n",
         {"in.yaml:1:5: error:"}},
    };
    CHECK_ROWS(rows, YML_SCHEMA);
}

static void an_alias_must_stand_for_something_finished(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"a: *x\n", {"in.yaml:1:4: error:", "'&x'", "[alias]"}},
        {"&a [*a]", {"in.yaml:1:5: error:", "in.yaml:1:1: note:", "[alias]"}},
        {"&a {b: {c: *a}}", {"in.yaml:1:12: error:", "[alias]"}},
    };
    CHECK_ROWS(rows, YML_DATA);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_schema_may_not_have_is_refused_at_its_first_character),
        cmocka_unit_test(a_duplicate_key_is_at_the_second_with_a_note_at_the_first),
        cmocka_unit_test(one_run_shows_all_that_is_refused),
        cmocka_unit_test(characters_that_text_may_not_hold_are_refused_in_place),
        cmocka_unit_test(a_nul_in_the_file_is_refused),
        cmocka_unit_test(utf16_is_no_text),
        cmocka_unit_test(a_value_that_wants_quotes_is_told_so_at_the_value),
        cmocka_unit_test(syntax_errors_have_a_place_a_hint_and_a_note),
        cmocka_unit_test(an_alias_must_stand_for_something_finished),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
