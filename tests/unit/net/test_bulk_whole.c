/* SPDX-License-Identifier: MIT */
/* Replies that lie whole in the receive buffer and go past the parser. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "net/bulk.h"

enum { MAX_REPLY_BYTES = 10 };

struct question {
    struct larder_exchange base;
    size_t elements;
    const char *refuses; /* this text */
    char taken[64];      /* all texts, each behind a blank; of nil a '-' */
};

static size_t elements(const struct larder_exchange *exchange)
{
    return ((const struct question *)exchange)->elements;
}

static enum larder_status take(struct larder_exchange *exchange, const struct larder_reply *reply)
{
    struct question *question = (struct question *)exchange;
    size_t len = strlen(question->taken);
    bool nil = reply->kind == LARDER_REPLY_NIL && question->elements != 0;
    assert_true(nil || reply->kind == LARDER_REPLY_BULK);
    snprintf(question->taken + len, sizeof question->taken - len, " %.*s",
             nil ? 1 : (int)reply->len, nil ? "-" : reply->text);
    bool refused = question->refuses != NULL && strlen(question->refuses) == reply->len &&
                   memcmp(question->refuses, reply->text, reply->len) == 0;
    return refused ? LARDER_E_SERVER : LARDER_OK;
}

static void next(struct larder_exchange *exchange)
{
    (void)exchange;
}

static const struct larder_exchange_table table = {
    .elements = elements, .take = take, .next = next};

struct row {
    const char *bytes;
    size_t pending;
    const char *taken;
    size_t used;
    size_t left; /* pending */
    size_t elements;
};

static void is_taken_as(const struct row *row)
{
    struct larder_reply_reader reader;
    struct question question = {.base = {.table = &table, .pending = row->pending},
                                .elements = row->elements};
    char bytes[64];
    size_t len = strlen(row->bytes), used;
    const char *why = "";
    memcpy(bytes, row->bytes, len);
    larder_reply_reader_init(&reader, MAX_REPLY_BYTES);
    assert_int_equal(larder_bulk_take_whole(&reader, &question.base, bytes, len, &used, &why),
                     LARDER_OK);
    assert_string_equal(question.taken, row->taken);
    assert_int_equal(used, row->used);
    assert_int_equal(question.base.pending, row->left);
}

static void strings_that_are_whole_are_taken(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"$3\r\nabc\r\n", 1, " abc", 9, 0, 0},
        {"$3\r\nabc\r\n$1\r\nd\r\n", 2, " abc d", 16, 0, 0},
        {"$3\r\nabc\r\n$1\r\nd\r\n", 5, " abc d", 16, 3, 0},
        {"$10\r\n0123456789\r\n", 1, " 0123456789", 17, 0, 0},
        {"$4\r\na\r\nb\r\n", 1, " a\r\nb", 10, 0, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        is_taken_as(&rows[i]);
    }
}

static void arrays_of_them_are_taken_where_one_is_due(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"*2\r\n$3\r\nabc\r\n$1\r\nd\r\n", 1, " abc d", 20, 0, 2},
        {"*3\r\n$-1\r\n$1\r\nd\r\n$-1\r\n", 1, " - d -", 21, 0, 3},
        {"*1\r\n$1\r\na\r\n*1\r\n$1\r\nb\r\n", 3, " a b", 22, 1, 1},
        {"*10\r\n$-1\r\n$-1\r\n$-1\r\n$-1\r\n$-1\r\n$-1\r\n$-1\r\n$-1\r\n$-1\r\n$-1\r\n", 1,
         " - - - - - - - - - -", 55, 0, 10},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        is_taken_as(&rows[i]);
    }
}

/* The parser cannot begin in the middle of one. */
static void all_other_arrays_are_the_parsers(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"*2\r\n$3\r\nabc\r\n$1\r\nd\r", 1, "", 0, 1, 2}, /* not whole */
        {"*2\r\n$3\r\nabc\r\n", 1, "", 0, 1, 2},
        {"*2\r\n$3\r\nabc\r\n$", 1, "", 0, 1, 2},
        {"*2\r\n$3\r\nabc\r\n$-1\r", 1, "", 0, 1, 2},
        {"*2\r", 1, "", 0, 1, 2},
        {"*2\r\n$3\r\nabc\r\n:1\r\n", 1, "", 0, 1, 2}, /* another kind */
        {"*2\r\n$3\r\nabc\r\n$0\r\n\r\n", 1, "", 0, 1, 2},
        {"*2\r\n$3\r\nabc\r\n$11\r\n01234567890\r\n", 1, "", 0, 1, 2}, /* over the limit */
        {"*3\r\n$1\r\na\r\n$1\r\nb\r\n", 1, "", 0, 1, 2},              /* another length */
        {"*1\r\n$1\r\na\r\n$1\r\nb\r\n", 1, "", 0, 1, 2},
        {"*-1\r\n", 1, "", 0, 1, 2},
        {"-NOPERM\r\n", 1, "", 0, 1, 2},
        {"*1\r\n$1\r\na\r\n", 1, "", 0, 1, 0}, /* none is due */
        {"*1\r\n$1\r\na\r\n-ERR\r\n", 2, " a", 11, 1, 1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        is_taken_as(&rows[i]);
    }
}

/* The parser is given them, from their first byte on. */
static void all_others_are_the_parsers(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"$3\r\nabc\r", 1, "", 0, 1, 0}, /* not whole */
        {"$3\r\nabc\r\n$3\r\nde", 2, " abc", 9, 1, 0},
        {"$3\r\nabc\r\n$", 2, " abc", 9, 1, 0},
        {"$3\r\nabc\r\n:1\r\n", 2, " abc", 9, 1, 0}, /* another kind */
        {"$-1\r\n$3\r\nabc\r\n", 2, "", 0, 2, 0},
        {"+OK\r\n", 1, "", 0, 1, 0},
        {"$0\r\n\r\n", 1, "", 0, 1, 0},
        {"$03\r\nabc\r\n", 1, "", 0, 1, 0},
        {"$11\r\n01234567890\r\n", 1, "", 0, 1, 0},       /* over the limit */
        {"$3\r\nabc\r\n$1\r\nd\r\n", 1, " abc", 9, 0, 0}, /* one more than is due */
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        is_taken_as(&rows[i]);
    }
}

static void a_string_that_does_not_end_where_it_said_is_refused(void **state)
{
    (void)state;
    struct larder_reply_reader reader;
    struct question question = {.base = {.table = &table, .pending = 1}};
    char bytes[] = "$3\r\nabcdefgh\r\n";
    size_t used;
    const char *why = "";
    larder_reply_reader_init(&reader, MAX_REPLY_BYTES);
    assert_int_equal(
        larder_bulk_take_whole(&reader, &question.base, bytes, strlen(bytes), &used, &why),
        LARDER_E_PROTOCOL);
    assert_string_equal(question.taken, "");
    assert_true(why[0] != '\0');
}

static void nor_is_one_in_an_array(void **state)
{
    (void)state;
    struct larder_reply_reader reader;
    struct question question = {.base = {.table = &table, .pending = 1}, .elements = 2};
    char bytes[] = "*2\r\n$1\r\na\r\n$3\r\nbcdef\r\n";
    size_t used;
    const char *why = "";
    larder_reply_reader_init(&reader, MAX_REPLY_BYTES);
    assert_int_equal(
        larder_bulk_take_whole(&reader, &question.base, bytes, strlen(bytes), &used, &why),
        LARDER_E_PROTOCOL);
    assert_string_equal(question.taken, " a");
    assert_true(why[0] != '\0');
}

static void what_take_says_ends_it(void **state)
{
    (void)state;
    struct larder_reply_reader reader;
    struct question question = {.base = {.table = &table, .pending = 2}, .refuses = "abc"};
    char bytes[] = "$3\r\nabc\r\n$1\r\nd\r\n";
    size_t used;
    const char *why = "";
    larder_reply_reader_init(&reader, MAX_REPLY_BYTES);
    assert_int_equal(
        larder_bulk_take_whole(&reader, &question.base, bytes, strlen(bytes), &used, &why),
        LARDER_E_SERVER);
    assert_string_equal(question.taken, " abc");
}

static void where_an_array_is_due_nothing_is_taken(void **state)
{
    (void)state;
    struct larder_reply_reader reader;
    struct question question = {.base = {.table = &table, .pending = 1}, .elements = 2};
    char bytes[] = "$3\r\nabc\r\n";
    size_t used;
    const char *why = "";
    larder_reply_reader_init(&reader, MAX_REPLY_BYTES);
    assert_int_equal(
        larder_bulk_take_whole(&reader, &question.base, bytes, strlen(bytes), &used, &why),
        LARDER_OK);
    assert_int_equal(used, 0);
}

/* What lies in the middle of a reply may look like one. */
static void in_the_middle_of_a_reply_nothing_is_taken(void **state)
{
    (void)state;
    struct larder_reply_reader reader;
    struct question question = {.base = {.table = &table, .pending = 1}};
    char bytes[] = "$1\r\nx\r\n";
    size_t used;
    const char *why = "";
    larder_reply_reader_init(&reader, MAX_REPLY_BYTES);
    assert_int_equal(larder_reply_reader_feed(&reader, &question.base, "$7\r\n", 4, &why),
                     LARDER_OK);
    assert_int_equal(
        larder_bulk_take_whole(&reader, &question.base, bytes, strlen(bytes), &used, &why),
        LARDER_OK);
    assert_int_equal(used, 0);
    assert_string_equal(question.taken, "");
    larder_reply_reader_release(&reader);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(strings_that_are_whole_are_taken),
        cmocka_unit_test(arrays_of_them_are_taken_where_one_is_due),
        cmocka_unit_test(all_other_arrays_are_the_parsers),
        cmocka_unit_test(all_others_are_the_parsers),
        cmocka_unit_test(a_string_that_does_not_end_where_it_said_is_refused),
        cmocka_unit_test(nor_is_one_in_an_array),
        cmocka_unit_test(what_take_says_ends_it),
        cmocka_unit_test(where_an_array_is_due_nothing_is_taken),
        cmocka_unit_test(in_the_middle_of_a_reply_nothing_is_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
