/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <setjmp.h>

#include <cmocka.h>

#include "base/text.h"
#include "base/unicode.h"

static struct arena *arena;

static int set_up(void **state)
{
    (void)state;
    arena = arena_new();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

static void a_new_text_is_empty_and_terminated(void **state)
{
    (void)state;
    struct text text;
    text_init(&text, arena, 10);
    assert_string_equal(text.data, "");
    assert_int_equal(text.len, 0);
}

static void pieces_are_put_together(void **state)
{
    (void)state;
    struct text text;
    text_init(&text, arena, 1000);
    text_puts(&text, "ab");
    text_putc(&text, 'c');
    text_append(&text, "de!", 2);
    text_printf(&text, "-%d-%s", 5, "x");
    assert_string_equal(text.data, "abcde-5-x");
    assert_int_equal(text.len, 9);
    assert_false(text.full);
}

static void past_its_maximum_it_stays_as_it_is(void **state)
{
    (void)state;
    struct text text;
    text_init(&text, arena, 5);
    text_puts(&text, "12345");
    assert_false(text.full);
    text_putc(&text, '6');
    assert_true(text.full);
    assert_string_equal(text.data, "12345");
    text_puts(&text, "");
    text_printf(&text, "%d", 7);
    assert_string_equal(text.data, "12345");
}

static void nothing_fits_behind_what_did_not_fit(void **state)
{
    (void)state;
    struct text text;
    text_init(&text, arena, 5);
    text_puts(&text, "1234567");
    text_putc(&text, '1');
    assert_true(text.full);
    assert_string_equal(text.data, "");
}

static void it_grows_while_others_use_the_arena(void **state)
{
    (void)state;
    struct text text;
    text_init(&text, arena, 1000000);
    for (int i = 0; i < 10000; i++) {
        text_puts(&text, "0123456789");
        arena_alloc(arena, 8);
    }
    assert_int_equal(text.len, 100000);
    assert_memory_equal(text.data + 99990, "0123456789", 11);
}

static void json_strings_are_escaped(void **state)
{
    (void)state;
    static const struct {
        const char *data;
        size_t len;
        const char *expected;
    } rows[] = {
        {"plain", 5, "\"plain\""},
        {"a\"b\\c", 5, "\"a\\\"b\\\\c\""},
        {"\n\r\t\b\f", 5, "\"\\n\\r\\t\\b\\f\""},
        {"\0\x1b\x7f", 3, "\"\\u0000\\u001b\\u007f\""},
        {"caf\xC3\xA9 \xF0\x9F\x98\x80", 10, "\"caf\xC3\xA9 \xF0\x9F\x98\x80\""},
        {"\xC2\x85\xE2\x80\xA8", 5, "\"\\u0085\\u2028\""},
        {"\xFF", 1, "\"\xEF\xBF\xBD\""},
        {"\xE2\x82", 2, "\"\xEF\xBF\xBD\xEF\xBF\xBD\""},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct text text;
        text_init(&text, arena, 100);
        text_json_string(&text, rows[i].data, rows[i].len);
        assert_string_equal(text.data, rows[i].expected);
    }
}

static void characters_are_decoded_or_refused(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t size;
        uint32_t code;
    } rows[] = {
        {"a", 1, 'a'},
        {"\xC3\xA9", 2, 0xE9},
        {"\xE2\x82\xAC", 3, 0x20AC},
        {"\xF4\x8F\xBF\xBF", 4, 0x10FFFF},
        {"\x80", 0, 0xFFFD},             /* a follower alone */
        {"\xC3", 0, 0xFFFD},             /* cut off */
        {"\xC0\x80", 0, 0xFFFD},         /* too long a form */
        {"\xE0\x80\x80", 0, 0xFFFD},     /* too long a form */
        {"\xED\xA0\x80", 0, 0xFFFD},     /* a surrogate */
        {"\xF4\x90\x80\x80", 0, 0xFFFD}, /* past the last character */
        {"\xFF", 0, 0xFFFD},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        uint32_t code = 0;
        assert_int_equal(unicode_decode(rows[i].bytes, strlen(rows[i].bytes), &code), rows[i].size);
        assert_int_equal(code, rows[i].code);
    }
}

static void what_turns_or_moves_a_terminal_is_not_printable(void **state)
{
    (void)state;
    static const uint32_t bad[] = {0, '\t', '\n', 0x1B, 0x7F, 0x9B, 0x2028, 0x202E, 0x2066, 0xFEFF};
    static const uint32_t good[] = {' ', 'a', '~', 0xA0, 0xE9, 0x4F60, 0x1F600};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_false(unicode_is_printable(bad[i]));
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        assert_true(unicode_is_printable(good[i]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_text_is_empty_and_terminated),
        cmocka_unit_test(pieces_are_put_together),
        cmocka_unit_test(past_its_maximum_it_stays_as_it_is),
        cmocka_unit_test(nothing_fits_behind_what_did_not_fit),
        cmocka_unit_test(it_grows_while_others_use_the_arena),
        cmocka_unit_test(json_strings_are_escaped),
        cmocka_unit_test(characters_are_decoded_or_refused),
        cmocka_unit_test(what_turns_or_moves_a_terminal_is_not_printable),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
