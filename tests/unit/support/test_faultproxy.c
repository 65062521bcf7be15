/* SPDX-License-Identifier: MIT */
/* The proxy does each of its faults, and nothing else; and fakeredis keeps to its script. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "support/fakeredis.h"
#include "support/faultproxy.h"
#include "support/history.h"

/* Counts: the replies to three PINGs are +1 +2 +3. */
static const char script[] = "EXPECT PING\nSEND +1\nEXPECT PING\nSEND +2\nEXPECT PING\nSEND +3\n"
                             "HOLD\n";
static const char ping[] = "*1\r\n$4\r\nPING\r\n";

struct place {
    struct fakeredis *fake;
    struct faultproxy *proxy;
    int fd;
};

static int connect_to(int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)port),
                                  .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    if (connect(fd, (struct sockaddr *)&address, sizeof address) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

static struct place place;

static int setup(void **state)
{
    (void)state;
    place.fake = fakeredis_start(script);
    assert_non_null(place.fake);
    place.proxy = faultproxy_start(fakeredis_port(place.fake), 1);
    assert_non_null(place.proxy);
    place.fd = connect_to(faultproxy_port(place.proxy));
    return place.fd >= 0 ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    close(place.fd);
    faultproxy_stop(place.proxy);
    fakeredis_stop(place.fake);
    return 0;
}

static void say(const char *bytes)
{
    assert_int_equal(send(place.fd, bytes, strlen(bytes), MSG_NOSIGNAL), strlen(bytes));
}

/* What comes until there are `len` bytes, an end (adds "|"), a reset ("!") or
 * nothing for a while ("?"). */
static const char *hear(size_t len)
{
    static char heard[256];
    size_t n = 0;
    while (n < len) {
        struct pollfd wait = {.fd = place.fd, .events = POLLIN};
        int ready = poll(&wait, 1, 150);
        ssize_t got = ready > 0 ? recv(place.fd, heard + n, len - n, 0) : -2;
        if (got <= 0) {
            heard[n++] = got == 0 ? '|' : got == -1 ? '!' : '?';
            break;
        }
        n += (size_t)got;
    }
    heard[n] = '\0';
    return heard;
}

static void to_client(struct faultproxy_rule rule)
{
    faultproxy_rule(place.proxy, FAULTPROXY_TO_CLIENT, &rule);
}

static void without_a_rule_all_passes(void **state)
{
    struct faultproxy_counts counts;
    (void)state;
    say(ping);
    assert_string_equal(hear(4), "+1\r\n");
    say(ping);
    say(ping);
    assert_string_equal(hear(8), "+2\r\n+3\r\n");
    assert_string_equal(fakeredis_complaint(place.fake), "");
    assert_int_equal(fakeredis_heard(place.fake, "PING"), 3);
    faultproxy_counts(place.proxy, &counts);
    assert_int_equal(counts.connections, 1);
    assert_int_equal(counts.frames[FAULTPROXY_TO_CLIENT], 3);
    assert_int_equal(counts.bytes[FAULTPROXY_TO_CLIENT], 12);
    assert_int_equal(counts.faults, 0);
}

static void latency_holds_back(void **state)
{
    (void)state;
    to_client((struct faultproxy_rule){.latency_ms = 60, .jitter_ms = 20});
    int64_t start = history_now_ns();
    say(ping);
    assert_string_equal(hear(4), "+1\r\n");
    assert_true(history_now_ns() - start >= 60 * 1000000);
}

static void slices_drip(void **state)
{
    (void)state;
    to_client((struct faultproxy_rule){.slice_bytes = 1, .slice_ms = 20});
    int64_t start = history_now_ns();
    say(ping);
    assert_string_equal(hear(1), "+");
    assert_string_equal(hear(3), "1\r\n");
    assert_true(history_now_ns() - start >= 60 * 1000000);
}

static void ends_come_behind_their_bytes(void **state)
{
    (void)state;
    to_client((struct faultproxy_rule){.end = FAULTPROXY_END_HALF_CLOSE, .after_bytes = 3});
    say(ping);
    assert_string_equal(hear(9), "+1\r|");
}

static void a_reset_is_one(void **state)
{
    (void)state;
    say(ping);
    assert_string_equal(hear(4), "+1\r\n");
    to_client((struct faultproxy_rule){.end = FAULTPROXY_END_RESET, .after_bytes = 0});
    say(ping);
    assert_string_equal(hear(9), "!");
    assert_int_equal(fakeredis_heard(place.fake, "PING"), 2);
}

static void a_reset_on_the_way_to_the_server_keeps_the_rest_from_it(void **state)
{
    (void)state;
    faultproxy_rule(
        place.proxy, FAULTPROXY_TO_SERVER,
        &(struct faultproxy_rule){.end = FAULTPROXY_END_RESET, .after_bytes = strlen(ping) - 1});
    say(ping);
    assert_string_equal(hear(9), "!");
    assert_int_equal(fakeredis_heard(place.fake, "PING"), 0);
}

static void black_holes_swallow_and_heal_for_what_comes_later(void **state)
{
    (void)state;
    to_client((struct faultproxy_rule){.end = FAULTPROXY_END_BLACK_HOLE, .after_bytes = 1});
    say(ping);
    assert_string_equal(hear(9), "+?");
    faultproxy_rule(place.proxy, FAULTPROXY_TO_CLIENT, NULL);
    say(ping);
    assert_string_equal(hear(4), "+2\r\n");
}

static void what_was_stopped_goes_on(void **state)
{
    (void)state;
    to_client((struct faultproxy_rule){.end = FAULTPROXY_END_STOP, .after_bytes = 1});
    say(ping);
    assert_string_equal(hear(9), "+?");
    faultproxy_rule(place.proxy, FAULTPROXY_TO_CLIENT, NULL);
    assert_string_equal(hear(3), "1\r\n");
}

static void one_bit_is_flipped(void **state)
{
    (void)state;
    to_client((struct faultproxy_rule){.flip = true, .flip_at = 9});
    say(ping);
    assert_string_equal(hear(4), "+3\r\n");
    say(ping);
    assert_string_equal(hear(4), "+2\r\n");
}

static void replies_are_dropped_doubled_and_replayed(void **state)
{
    struct faultproxy_counts counts;
    (void)state;
    to_client((struct faultproxy_rule){.drop_frame = 1});
    say(ping);
    say(ping);
    assert_string_equal(hear(4), "+2\r\n");
    to_client((struct faultproxy_rule){.replay_frame = 1, .once = true});
    say(ping);
    assert_string_equal(hear(5), "+2\r\n?");
    faultproxy_counts(place.proxy, &counts);
    assert_int_equal(counts.faults, 2);
}

static void a_reply_comes_twice(void **state)
{
    (void)state;
    to_client((struct faultproxy_rule){.duplicate_frame = 2});
    say(ping);
    say(ping);
    say(ping);
    assert_string_equal(hear(16), "+1\r\n+2\r\n+2\r\n+3\r\n");
}

static void connections_are_refused_reset_and_hung(void **state)
{
    struct faultproxy_counts counts;
    int port = faultproxy_port(place.proxy);
    (void)state;
    faultproxy_accept(place.proxy, FAULTPROXY_ACCEPT_REFUSE);
    assert_int_equal(connect_to(port), -1);
    assert_int_equal(errno, ECONNREFUSED);
    faultproxy_accept(place.proxy, FAULTPROXY_ACCEPT_RESET);
    close(place.fd);
    place.fd = connect_to(port);
    assert_string_equal(hear(9), "!");
    close(place.fd);
    faultproxy_accept(place.proxy, FAULTPROXY_ACCEPT_HANG);
    place.fd = connect_to(port);
    say(ping);
    assert_string_equal(hear(9), "?");
    faultproxy_counts(place.proxy, &counts);
    assert_int_equal(counts.connections, 3);
    assert_int_equal(counts.peak_dials, 3);
    faultproxy_accept(place.proxy, FAULTPROXY_ACCEPT_SERVE);
    faultproxy_reset_all(place.proxy);
    assert_string_equal(hear(9), "!");
    close(place.fd);
    place.fd = connect_to(port);
    say(ping);
    assert_string_equal(hear(4), "+1\r\n");
}

static void fakeredis_complains_of_what_it_did_not_expect(void **state)
{
    (void)state;
    say("*2\r\n$3\r\nGET\r\n$1\r\na\r\n");
    assert_string_equal(hear(9), "|");
    assert_string_equal(fakeredis_complaint(place.fake), "GET a");
    assert_null(fakeredis_start("SING\n"));
}

#define PROXY_TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        PROXY_TEST(without_a_rule_all_passes),
        PROXY_TEST(latency_holds_back),
        PROXY_TEST(slices_drip),
        PROXY_TEST(ends_come_behind_their_bytes),
        PROXY_TEST(a_reset_is_one),
        PROXY_TEST(a_reset_on_the_way_to_the_server_keeps_the_rest_from_it),
        PROXY_TEST(black_holes_swallow_and_heal_for_what_comes_later),
        PROXY_TEST(what_was_stopped_goes_on),
        PROXY_TEST(one_bit_is_flipped),
        PROXY_TEST(replies_are_dropped_doubled_and_replayed),
        PROXY_TEST(a_reply_comes_twice),
        PROXY_TEST(connections_are_refused_reset_and_hung),
        PROXY_TEST(fakeredis_complains_of_what_it_did_not_expect),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
