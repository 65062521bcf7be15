/* SPDX-License-Identifier: MIT */
/*
 * Large replies that are received to a place of the exchange's, in pieces of any
 * size, and what is no such reply. The peer is a thread at the other end of a
 * socket pair, which sends a piece when the one before has been taken.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "net/bulk.h"
#include "net/conn.h"

enum {
    LONG_MS = 10000,
    SHORT_MS = 150,
    OVERRUN_MS = 20,
    SLOW_MS = 100, /* a machine that is busy with something else */
    MAX_REPLY_BYTES = 8 << 20,
    REPLY_BYTES_MAX = MAX_REPLY_BYTES + 64,
    PIECES_MAX = 64
};

/* ----------------------------------------------------------------- the peer */

struct peer {
    int fd;
    int taken_fd; /* the other end, to see what was taken of it */
    const char *bytes;
    size_t len;
    size_t cuts[PIECES_MAX]; /* where a piece ends, rising; the last is `len` */
    size_t cut_count;
    bool drips; /* goes on a byte a millisecond, until it is hung up on */
    bool stays; /* silent, until it is hung up on; else closes */
    pthread_t thread;
};

static void wait_until_taken(const struct peer *peer)
{
    int left = 1;
    while (ioctl(peer->taken_fd, FIONREAD, &left) == 0 && left != 0) {
        sched_yield();
    }
}

static bool hung_up_within(const struct peer *peer, int ms)
{
    struct pollfd poll_fd = {.fd = peer->fd, .events = POLLRDHUP};
    return poll(&poll_fd, 1, ms) > 0;
}

static void *play(void *user)
{
    const struct peer *peer = user;
    char command[64];
    size_t at = 0;
    if (recv(peer->fd, command, sizeof command, 0) <= 0) {
        return NULL;
    }
    for (size_t i = 0; i < peer->cut_count; i++) {
        while (at < peer->cuts[i]) {
            ssize_t n = send(peer->fd, peer->bytes + at, peer->cuts[i] - at, MSG_NOSIGNAL);
            if (n <= 0) {
                return NULL;
            }
            at += (size_t)n;
        }
        if (i + 1 < peer->cut_count) {
            wait_until_taken(peer);
        }
    }
    while (peer->drips && !hung_up_within(peer, 1)) {
        (void)send(peer->fd, "x", 1, MSG_NOSIGNAL);
    }
    if (peer->stays) {
        hung_up_within(peer, LONG_MS);
    }
    shutdown(peer->fd, SHUT_WR);
    return NULL;
}

/* ------------------------------------------------------------- an exchange */

struct question {
    struct larder_exchange base;
    size_t elements;
    size_t replies; /* that are due */
    bool no_place;
    bool refuses;
    int placed;
    int taken;
    char *block; /* the place, and before it room for a header */
    char *place;
    size_t place_len;
    bool in_place;      /* the last reply came there */
    bool with_its_head; /* and the header right before it */
    enum larder_reply_kind kind;
    char *text; /* a copy of the last */
    size_t len;
};

static bool question_fill(struct larder_exchange *exchange, struct larder_buffer *out)
{
    const char *const words[] = {"GET", "key"};
    const size_t lens[] = {3, 3};
    larder_command_append(out, 2, words, lens);
    exchange->pending += ((struct question *)exchange)->replies;
    return false;
}

static size_t question_elements(const struct larder_exchange *exchange)
{
    return ((const struct question *)exchange)->elements;
}

static char *question_place(struct larder_exchange *exchange, size_t len)
{
    struct question *question = (struct question *)exchange;
    question->placed++;
    if (question->no_place) {
        return NULL;
    }
    larder_free(&larder_allocator_libc, question->block);
    question->block = larder_alloc(&larder_allocator_libc, LARDER_BULK_HEAD_BYTES + len + 2);
    assert_non_null(question->block);
    memset(question->block, 0, LARDER_BULK_HEAD_BYTES);
    question->place = question->block + LARDER_BULK_HEAD_BYTES;
    question->place_len = len;
    return question->place;
}

static enum larder_status question_take(struct larder_exchange *exchange,
                                        const struct larder_reply *reply)
{
    struct question *question = (struct question *)exchange;
    question->taken++;
    question->kind = reply->kind;
    question->in_place = question->place != NULL && reply->text == question->place;
    question->with_its_head = question->in_place && question->block[0] == '$';
    question->len = reply->len;
    larder_free(&larder_allocator_libc, question->text);
    question->text = larder_alloc(&larder_allocator_libc, reply->len);
    if (reply->len != 0) {
        memcpy(question->text, reply->text, reply->len);
    }
    return question->refuses ? LARDER_E_SERVER : LARDER_OK;
}

static void question_next(struct larder_exchange *exchange)
{
    (void)exchange;
}

static const struct larder_exchange_table question_table = {.fill = question_fill,
                                                            .elements = question_elements,
                                                            .take = question_take,
                                                            .place = question_place,
                                                            .next = question_next};

static void question_release(struct question *question)
{
    larder_free(&larder_allocator_libc, question->block);
    larder_free(&larder_allocator_libc, question->text);
}

/* ------------------------------------------------------------------- a case */

static const struct larder_conn_options options = {.max_reply_bytes = MAX_REPLY_BYTES};
static char bytes[REPLY_BYTES_MAX];

/* A bulk reply at `at`; the place behind it. */
static size_t put_bulk(size_t at, size_t len)
{
    at += (size_t)snprintf(bytes + at, 32, "$%zu\r\n", len);
    for (size_t i = 0; i < len; i++) {
        bytes[at + i] = (char)(i * 31 + i / 251);
    }
    memcpy(bytes + at + len, "\r\n", 2);
    return at + len + 2;
}

static void assert_bulk(const struct question *question, size_t len)
{
    assert_int_equal(question->kind, LARDER_REPLY_BULK);
    assert_int_equal(question->len, len);
    for (size_t i = 0; i < len; i++) {
        if (question->text[i] != (char)(i * 31 + i / 251)) {
            fail_msg("byte %zu of %zu differs", i, len);
        }
    }
}

static int64_t now_ms(void)
{
    return larder_clock_now_ns(&larder_clock_system) / 1000000;
}

/* Asks the peer, which plays on a connection of its own. */
static enum larder_status ask(struct peer *peer, struct question *question, int64_t ms)
{
    const struct timeval slice = {.tv_usec = LARDER_SOCKET_SLICE_MS * 1000};
    int ends[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    assert_int_equal(setsockopt(ends[0], SOL_SOCKET, SO_RCVTIMEO, &slice, sizeof slice), 0);
    struct larder_conn *conn =
        larder_conn_new(&larder_allocator_libc, &larder_clock_system, &options);
    assert_non_null(conn);
    conn->stream.fd = ends[0];
    conn->now_ns = larder_clock_now_ns(&larder_clock_system);
    peer->fd = ends[1];
    peer->taken_fd = ends[0];
    peer->bytes = bytes;
    if (peer->cut_count == 0 || peer->cuts[peer->cut_count - 1] != peer->len) {
        peer->cuts[peer->cut_count++] = peer->len;
    }
    assert_int_equal(pthread_create(&peer->thread, NULL, play, peer), 0);
    question->base.table = &question_table;
    question->replies = question->replies == 0 ? 1 : question->replies;
    int64_t start_ms = now_ms();
    enum larder_status status =
        larder_conn_run(conn, &question->base, larder_deadline_after_ms(&larder_clock_system, ms));
    assert_true(now_ms() - start_ms <= ms + OVERRUN_MS + SLOW_MS);
    assert_int_equal(conn->stream.fd >= 0, status == LARDER_OK);
    assert_int_equal(conn->why[0] != '\0', status != LARDER_OK);
    larder_conn_free(conn);
    pthread_join(peer->thread, NULL);
    close(ends[1]);
    return status;
}

/* One bulk of so many bytes, cut where the peer says. Two pieces may still be
 * received as one, when the second is sent just then. */
static void check_cut_expected(struct peer *peer, size_t len, bool large, size_t expected)
{
    struct question question = {.base.large = large, .base.expected = expected};
    bool has_place = len >= LARDER_BULK_MIN_BYTES && len <= LARDER_BULK_MAX_BYTES;
    peer->len = put_bulk(0, len);
    bool header_came_whole = peer->cut_count == 0 || peer->cuts[0] >= peer->len - len - 2;
    peer->stays = true;
    assert_int_equal(ask(peer, &question, LONG_MS), LARDER_OK);
    assert_int_equal(question.base.pending, 0);
    assert_int_equal(question.taken, 1);
    if (!has_place || header_came_whole) {
        assert_int_equal(question.in_place, has_place);
    }
    assert_bulk(&question, len);
    question_release(&question);
}

static void check_cut(struct peer *peer, size_t len, bool large)
{
    check_cut_expected(peer, len, large, 0);
}

/* ------------------------------------------------------------------- pieces */

static void a_large_reply_is_received_to_its_place(void **state)
{
    (void)state;
    static const size_t lens[] = {LARDER_BULK_MIN_BYTES, 50 * 1000, 65000, 65530, 100 * 1000,
                                  LARDER_BULK_MAX_BYTES};
    for (size_t i = 0; i < 2 * sizeof lens / sizeof *lens; i++) {
        struct peer peer = {0};
        check_cut(&peer, lens[i / 2], i % 2 != 0);
    }
}

static void what_is_not_so_large_or_too_large_goes_the_usual_way(void **state)
{
    (void)state;
    static const size_t lens[] = {
        0, 10, 5000, LARDER_BULK_MIN_BYTES - 1, LARDER_BULK_MAX_BYTES + 1, MAX_REPLY_BYTES};
    for (size_t i = 0; i < 2 * sizeof lens / sizeof *lens; i++) {
        struct peer peer = {0};
        check_cut(&peer, lens[i / 2], i % 2 != 0);
    }
}

/* Of each length, when that is expected, or a little more, it comes with its header
 * right before it. */
static void one_that_is_expected_comes_in_one_piece(void **state)
{
    (void)state;
    static const size_t lens[] = {LARDER_BULK_MIN_BYTES, 50 * 1000, LARDER_BULK_EXPECTED_MAX_BYTES};
    for (size_t i = 0; i < 2 * sizeof lens / sizeof *lens; i++) {
        size_t len = lens[i / 2] - (i % 2 == 0 || i < 2 ? 0 : lens[i / 2] / LARDER_BULK_WASTE_PART);
        struct question question = {.base.large = true, .base.expected = lens[i / 2]};
        struct peer peer = {.len = put_bulk(0, len), .stays = true};
        assert_int_equal(ask(&peer, &question, LONG_MS), LARDER_OK);
        assert_int_equal(question.base.pending, 0);
        assert_int_equal(question.placed, 1);
        assert_true(question.with_its_head);
        assert_bulk(&question, len);
        question_release(&question);
    }
}

/* More, or less than what may be wasted: it has a place that fits, or is as small as it is. */
static void one_of_another_length_than_expected_is_whole_too(void **state)
{
    (void)state;
    enum { EXPECTED = 50 * 1000 };
    static const size_t lens[] = {0,
                                  5,
                                  5000,
                                  LARDER_BULK_MIN_BYTES - 1,
                                  LARDER_BULK_MIN_BYTES,
                                  EXPECTED - EXPECTED / LARDER_BULK_WASTE_PART - 1,
                                  EXPECTED + 1,
                                  EXPECTED + 10,
                                  65530,
                                  100 * 1000,
                                  LARDER_BULK_MAX_BYTES + 1};
    for (size_t i = 0; i < sizeof lens / sizeof *lens; i++) {
        struct question question = {.base.large = true, .base.expected = EXPECTED};
        struct peer peer = {.len = put_bulk(0, lens[i]), .stays = true};
        assert_int_equal(ask(&peer, &question, LONG_MS), LARDER_OK);
        assert_int_equal(question.base.pending, 0);
        assert_int_equal(question.taken, 1);
        assert_false(question.with_its_head);
        assert_bulk(&question, lens[i]);
        question_release(&question);
    }
}

/* What is too short or too long to be expected, or has others behind it, has a place when it is there. */
static void nothing_else_is_expected(void **state)
{
    (void)state;
    static const size_t lens[] = {LARDER_BULK_MIN_BYTES - 1, LARDER_BULK_EXPECTED_MAX_BYTES + 1};
    for (size_t i = 0; i < sizeof lens / sizeof *lens; i++) {
        struct question question = {.base.large = true, .base.expected = lens[i]};
        struct peer peer = {.len = put_bulk(0, 20000), .stays = true};
        assert_int_equal(ask(&peer, &question, LONG_MS), LARDER_OK);
        assert_int_equal(question.placed, 1);
        assert_false(question.with_its_head);
        question_release(&question);
    }
    struct question question = {.base.large = true, .base.expected = 20000, .replies = 2};
    struct peer peer = {.len = put_bulk(put_bulk(0, 20000), 5), .stays = true};
    assert_int_equal(ask(&peer, &question, LONG_MS), LARDER_OK);
    assert_int_equal(question.taken, 2);
    assert_int_equal(question.placed,
                     2); /* for the first when it was there; the last was expected */
    assert_bulk(&question, 5);
    question_release(&question);
}

/* At each place of its header, near each end, and where the buffers end. */
static void it_may_be_cut_anywhere(void **state)
{
    (void)state;
    enum { LEN = 20000, HEAD = 8, END = HEAD + LEN + 2 };
    static const size_t around[] = {HEAD, LARDER_BULK_FIRST_BYTES, END};
    for (size_t i = 0; i < sizeof around / sizeof *around; i++) {
        for (size_t cut = around[i] < 8 ? 1 : around[i] - 7; cut <= around[i] + 4; cut++) {
            for (int large = 0; large < 2 && cut < END; large++) {
                struct peer peer = {.cuts = {cut}, .cut_count = 1};
                check_cut(&peer, LEN, large != 0);
                for (size_t more = 0; more < 4; more++) {
                    peer =
                        (struct peer){.cuts = {cut, END - 1}, .cut_count = cut < END - 1 ? 2 : 1};
                    check_cut_expected(&peer, LEN, large != 0, more == 0 ? 0 : LEN - 2 + more);
                }
            }
        }
    }
}

static uint32_t next_random(uint32_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 17;
    *seed ^= *seed << 5;
    return *seed;
}

static void pieces_of_any_size_make_the_same_value(void **state)
{
    (void)state;
    uint32_t seed = 20240229;
    for (int round = 0; round < 300; round++) {
        struct peer peer = {.cut_count = next_random(&seed) % (PIECES_MAX - 1)};
        size_t len = LARDER_BULK_MIN_BYTES + next_random(&seed) % (6 * LARDER_BULK_MIN_BYTES);
        size_t at = 0;
        for (size_t i = 0; i < peer.cut_count; i++) {
            at += 1 + next_random(&seed) % (next_random(&seed) % 4 == 0 ? 8 : len / 20);
            peer.cuts[i] = at;
        }
        while (peer.cut_count > 0 && peer.cuts[peer.cut_count - 1] > len) {
            peer.cut_count--;
        }
        check_cut_expected(&peer, len, round % 2 != 0, round % 3 == 0 ? len + len / 40 : 0);
    }
}

/* ------------------------------------------------------------ other exchanges */

static void without_a_place_it_goes_the_usual_way(void **state)
{
    (void)state;
    struct peer peer = {.len = put_bulk(0, 50 * 1000), .stays = true};
    struct question question = {.no_place = true, .base.large = true};
    assert_int_equal(ask(&peer, &question, LONG_MS), LARDER_OK);
    assert_int_equal(question.placed, 1);
    assert_false(question.in_place);
    assert_bulk(&question, 50 * 1000);
    question_release(&question);
    peer = (struct peer){.len = put_bulk(0, 50 * 1000), .stays = true};
    question = (struct question){.no_place = true, .base.large = true, .base.expected = 50 * 1000};
    assert_int_equal(ask(&peer, &question, LONG_MS), LARDER_OK);
    assert_int_equal(question.placed, 2); /* for what is expected, and for what is there */
    assert_bulk(&question, 50 * 1000);
    question_release(&question);
}

static void another_reply_than_a_large_one_was_expected_of(void **state)
{
    (void)state;
    static const struct {
        const char *reply;
        enum larder_reply_kind kind;
    } rows[] = {{"$-1\r\n", LARDER_REPLY_NIL},
                {"-ERR no\r\n", LARDER_REPLY_ERROR},
                {"+OK\r\n", LARDER_REPLY_STATUS},
                {":16384\r\n", LARDER_REPLY_INTEGER}};
    for (size_t i = 0; i < 2 * sizeof rows / sizeof *rows; i++) {
        bool expected = i % 2 != 0;
        struct question question = {.base.large = true, .base.expected = expected ? 20000 : 0};
        struct peer peer = {.len = strlen(rows[i / 2].reply), .stays = true};
        memcpy(bytes, rows[i / 2].reply, peer.len);
        assert_int_equal(ask(&peer, &question, LONG_MS), LARDER_OK);
        assert_int_equal(question.kind, rows[i / 2].kind);
        assert_int_equal(question.placed, expected);
        question_release(&question);
    }
}

static void several_replies_come_one_after_the_other(void **state)
{
    (void)state;
    static const size_t lens[] = {20000, 5, 70000, 16384, 3};
    for (size_t cut = 0; cut < 2; cut++) {
        struct question question = {.replies = 5};
        struct peer peer = {.stays = true};
        for (size_t i = 0; i < 5; i++) {
            peer.len = put_bulk(peer.len, lens[i]);
            peer.cuts[peer.cut_count++] = peer.len - cut;
        }
        assert_int_equal(ask(&peer, &question, LONG_MS), LARDER_OK);
        assert_int_equal(question.taken, 5);
        assert_int_equal(question.base.pending, 0);
        assert_bulk(&question, 3);
        question_release(&question);
    }
}

/* What is received next begins like a large reply, but is the inside of another. */
static void a_value_may_look_like_a_header(void **state)
{
    (void)state;
    static const char reply[] = "$10\r\n$20000\r\nxx\r\n";
    struct question question = {0};
    struct peer peer = {.cuts = {5}, .cut_count = 1, .len = sizeof reply - 1, .stays = true};
    memcpy(bytes, reply, peer.len);
    assert_int_equal(ask(&peer, &question, LONG_MS), LARDER_OK);
    assert_int_equal(question.placed, 0);
    assert_int_equal(question.len, 10);
    assert_memory_equal(question.text, reply + 5, 10);
    question_release(&question);
}

static void an_element_has_no_place(void **state)
{
    (void)state;
    struct question question = {.elements = 2};
    struct peer peer = {.cuts = {4}, .cut_count = 1, .stays = true};
    memcpy(bytes, "*2\r\n", 4);
    peer.len = put_bulk(put_bulk(4, 20000), 30000);
    assert_int_equal(ask(&peer, &question, LONG_MS), LARDER_OK);
    assert_int_equal(question.taken, 2);
    assert_int_equal(question.placed, 0);
    assert_bulk(&question, 30000);
    question_release(&question);
}

/* ------------------------------------------------------------------ bad ends */

/* What came of a reply whose bytes are set; each of these fails. */
static enum larder_status fails(struct peer *peer, struct question *question, int64_t ms)
{
    enum larder_status status = ask(peer, question, ms);
    question_release(question);
    return status;
}

static void a_reply_must_end_where_it_said(void **state)
{
    (void)state;
    static const char *const ends[] = {"\r", "\n", "xy", "\n\r"};
    for (size_t i = 0; i < 2 * sizeof ends / sizeof *ends; i++) {
        const char *end = ends[i / 2];
        struct question question = {.base.expected = i % 2 != 0 ? 20000 : 0};
        struct peer peer = {.len = put_bulk(0, 20000), .stays = true};
        memcpy(bytes + peer.len - 2, end, 1);
        bytes[peer.len - 1] = end[1] != '\0' ? end[1] : 'x';
        assert_int_equal(fails(&peer, &question, LONG_MS), LARDER_E_PROTOCOL);
        assert_int_equal(question.taken, 0);
    }
}

static void nothing_may_follow_it(void **state)
{
    (void)state;
    for (size_t expected = 0; expected <= 20010; expected += 20010) {
        struct question question = {.base.expected = expected};
        struct peer peer = {.stays = true};
        peer.len = put_bulk(put_bulk(0, 20000), 1);
        assert_int_equal(fails(&peer, &question, LONG_MS), LARDER_E_PROTOCOL);
        assert_int_equal(question.taken, 1);
    }
}

static void one_in_place_of_an_array_is_refused(void **state)
{
    (void)state;
    struct question question = {.elements = 2, .base.expected = 20000};
    struct peer peer = {.len = put_bulk(0, 20000), .stays = true};
    assert_int_equal(fails(&peer, &question, LONG_MS), LARDER_E_PROTOCOL);
    assert_int_equal(question.placed, 0);
}

static void what_take_says_counts(void **state)
{
    (void)state;
    struct question question = {.refuses = true};
    struct peer peer = {.len = put_bulk(0, 20000), .stays = true};
    assert_int_equal(fails(&peer, &question, LONG_MS), LARDER_E_SERVER);
}

static void headers_that_are_not_ours_to_read(void **state)
{
    (void)state;
    static const struct {
        const char *header;
        enum larder_status want;
    } rows[] = {{"$99999999\r\n", LARDER_E_PROTOCOL}, /* over the limit */
                {"$99999999999999999999999\r\n", LARDER_E_PROTOCOL},
                {"$-20000\r\n", LARDER_E_PROTOCOL},
                {"$20000x\r\n", LARDER_E_PROTOCOL},
                {"$20000\n\r", LARDER_E_TIMEOUT},
                {"$8388608\r\n", LARDER_E_TIMEOUT}, /* allowed; but nothing is allocated for it */
                {"$5000000\r\n", LARDER_E_TIMEOUT}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct question question = {0};
        struct peer peer = {.len = strlen(rows[i].header), .stays = true};
        memcpy(bytes, rows[i].header, peer.len);
        assert_int_equal(fails(&peer, &question, SHORT_MS), rows[i].want);
        assert_int_equal(question.placed, 0);
    }
}

static void its_end_may_come_too_early(void **state)
{
    (void)state;
    static const size_t cuts[] = {8, 9, 4096, 4097, 20007, 20008, 20009};
    for (size_t i = 0; i < 2 * sizeof cuts / sizeof *cuts; i++) {
        bool expected = i % 2 != 0;
        struct question question = {.base.large = i / 2 % 2 != 0,
                                    .base.expected = expected ? 20000 : 0};
        struct peer peer = {.len = cuts[i / 2]};
        put_bulk(0, 20000);
        assert_int_equal(fails(&peer, &question, LONG_MS), LARDER_E_UNAVAILABLE);
        assert_int_equal(question.taken, 0);
        assert_in_range(question.placed, 1, 1 + expected);
    }
}

static void silence_and_drips_end_at_the_deadline(void **state)
{
    (void)state;
    static const size_t expected[] = {0, 0, 0, 0, 20000, 20000};
    for (int i = 0; i < 6; i++) {
        struct question question = {.base.large = i % 2 != 0, .base.expected = expected[i]};
        struct peer peer = {.len = 5000, .stays = true, .drips = i / 2 % 2 != 0 || i == 5};
        put_bulk(0, 20000);
        int64_t start_ms = now_ms();
        assert_int_equal(fails(&peer, &question, SHORT_MS), LARDER_E_TIMEOUT);
        assert_in_range(now_ms() - start_ms, SHORT_MS - 1, SHORT_MS + OVERRUN_MS + SLOW_MS);
        assert_int_equal(question.taken, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_large_reply_is_received_to_its_place),
        cmocka_unit_test(what_is_not_so_large_or_too_large_goes_the_usual_way),
        cmocka_unit_test(one_that_is_expected_comes_in_one_piece),
        cmocka_unit_test(one_of_another_length_than_expected_is_whole_too),
        cmocka_unit_test(nothing_else_is_expected),
        cmocka_unit_test(it_may_be_cut_anywhere),
        cmocka_unit_test(pieces_of_any_size_make_the_same_value),
        cmocka_unit_test(without_a_place_it_goes_the_usual_way),
        cmocka_unit_test(another_reply_than_a_large_one_was_expected_of),
        cmocka_unit_test(several_replies_come_one_after_the_other),
        cmocka_unit_test(a_value_may_look_like_a_header),
        cmocka_unit_test(an_element_has_no_place),
        cmocka_unit_test(a_reply_must_end_where_it_said),
        cmocka_unit_test(nothing_may_follow_it),
        cmocka_unit_test(one_in_place_of_an_array_is_refused),
        cmocka_unit_test(what_take_says_counts),
        cmocka_unit_test(headers_that_are_not_ours_to_read),
        cmocka_unit_test(its_end_may_come_too_early),
        cmocka_unit_test(silence_and_drips_end_at_the_deadline),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
