/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/alloc.h"
#include "net/exchange.h"
#include "net/replies.h"

static const struct larder_reply_class *classify(const char *text)
{
    return larder_reply_classify(text, strlen(text));
}

static void errors_are_told_apart_by_their_first_word(void **state)
{
    (void)state;
    assert_int_equal(classify("LOADING Redis is loading the dataset")->status,
                     LARDER_E_UNAVAILABLE);
    assert_int_equal(classify("WRONGPASS invalid username-password pair")->status, LARDER_E_AUTH);
    assert_int_equal(classify("NOPERM")->status, LARDER_E_AUTH);
    assert_int_equal(classify("NOPERM")->then, LARDER_THEN_KEEP);
    assert_int_equal(classify("READONLY You can't write")->then, LARDER_THEN_CLOSE);
    assert_int_equal(classify("OOM command not allowed")->breaker, LARDER_BREAKER_WRITES);
    assert_true(larder_reply_is(classify("WRONGTYPE Operation against a key"), "WRONGTYPE"));
}

static void a_word_is_matched_whole_and_first(void **state)
{
    (void)state;
    assert_string_equal(classify("")->word, "");
    assert_string_equal(classify("ERR LOADING")->word, "");
    assert_string_equal(classify("LOADINGS")->word, "");
    assert_string_equal(classify("LOAD")->word, "");
    assert_string_equal(classify("loading x")->word, "");
    assert_int_equal(classify("ERR something else")->status, LARDER_E_SERVER);
}

static void too_many_clients_is_matched_by_all_of_its_text(void **state)
{
    (void)state;
    assert_int_equal(classify("ERR max number of clients reached")->status, LARDER_E_UNAVAILABLE);
    assert_int_equal(classify("ERR max number of clients")->status, LARDER_E_SERVER);
    assert_int_equal(classify("ERR max number of clients reached x")->status, LARDER_E_SERVER);
}

static void a_quote_is_printable_cut_and_without_arguments(void **state)
{
    (void)state;
    char quote[16];
    larder_reply_quote("a\x01\xff\r\nb", 6, quote, sizeof quote);
    assert_string_equal(quote, "a????b");
    larder_reply_quote("0123456789012345678", 19, quote, sizeof quote);
    assert_string_equal(quote, "012345678901234");
    larder_reply_quote("bad 'x', with args beginning with: 'y'", 38, quote, sizeof quote);
    assert_string_equal(quote, "bad 'x'");
    larder_reply_quote("", 0, quote, sizeof quote);
    assert_string_equal(quote, "");
}

static void commands_are_formatted_by_length(void **state)
{
    (void)state;
    static const char want[] =
        "*4\r\n$3\r\nSET\r\n$3\r\na\0b\r\n$0\r\n\r\n$12\r\n0123456789\r\n\r\n";
    const char *const words[] = {"SET", "a\0b", "", "0123456789\r\n"};
    const size_t lens[] = {3, 3, 0, 12};
    struct larder_buffer out;
    larder_buffer_init(&out, &larder_allocator_libc, 200);
    assert_true(larder_command_append(&out, 4, words, lens));
    assert_int_equal(out.len, sizeof want - 1);
    assert_memory_equal(out.data, want, sizeof want - 1);
    larder_buffer_release(&out);
}

static void a_command_over_the_maximum_leaves_nothing_half(void **state)
{
    (void)state;
    const char *const words[] = {"GET", "key"};
    const size_t lens[] = {3, 3};
    struct larder_buffer out;
    larder_buffer_init(&out, &larder_allocator_libc, 16);
    assert_false(larder_command_append(&out, 2, words, lens));
    assert_int_equal(out.status, LARDER_E_TOO_LARGE);
    assert_int_equal(out.len, 0);
    larder_buffer_release(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(errors_are_told_apart_by_their_first_word),
        cmocka_unit_test(a_word_is_matched_whole_and_first),
        cmocka_unit_test(too_many_clients_is_matched_by_all_of_its_text),
        cmocka_unit_test(a_quote_is_printable_cut_and_without_arguments),
        cmocka_unit_test(commands_are_formatted_by_length),
        cmocka_unit_test(a_command_over_the_maximum_leaves_nothing_half),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
