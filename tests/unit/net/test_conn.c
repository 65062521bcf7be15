/* SPDX-License-Identifier: MIT */
/*
 * A connection against servers that no honest one is like: every case ends by
 * its deadline, with a status, without taking memory that a header claims.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <hiredis/hiredis.h>
#include <hiredis/sds.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "net/conn.h"
#include "support/fakeredis.h"
#include "support/scripted_server.h"

enum {
    DEADLINE_MS = 200,
    OVERRUN_MS = 20, /* what may pass beyond a deadline */
    SLOW_MS = 100,   /* a machine that is busy with something else */
    LONG_MS = 10000,
    MEMORY_KB = 32 * 1024,
    MAX_REPLY_BYTES = 1 << 20
};

/* The answers to CLIENT SETNAME and INFO. */
#define HELLO SCRIPTED_AWAIT, SCRIPTED_SEND("+OK\r\n$22\r\nredis_version:7.0.15\r\n\r\n")

/* ------------------------------------------------------------- an exchange */

/* Sends one command and keeps what comes back. */
struct question {
    struct larder_exchange base;
    size_t elements;
    size_t replies; /* that the command has */
    int taken;
    int done;
    struct larder_reply last;
    char text[64]; /* of the last */
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

static enum larder_status question_take(struct larder_exchange *exchange,
                                        const struct larder_reply *reply)
{
    struct question *question = (struct question *)exchange;
    size_t len = reply->len < sizeof question->text ? reply->len : sizeof question->text - 1;
    question->taken++;
    question->last = *reply;
    if (len != 0) {
        memcpy(question->text, reply->text, len);
    }
    question->text[len] = '\0';
    return LARDER_OK;
}

static void question_next(struct larder_exchange *exchange)
{
    ((struct question *)exchange)->done++;
}

static const struct larder_exchange_table question_table = {.fill = question_fill,
                                                            .elements = question_elements,
                                                            .take = question_take,
                                                            .next = question_next};

/* ------------------------------------------------------------------ a case */

static struct larder_conn_options options = {
    .address = {.host = "127.0.0.1", .client_name = "test"}, .max_reply_bytes = MAX_REPLY_BYTES};

static int64_t deadline_after(int64_t ms)
{
    return larder_deadline_after_ms(&larder_clock_system, ms);
}

static int64_t now_ms(void)
{
    return larder_clock_now_ns(&larder_clock_system) / 1000000;
}

static long peak_kb(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;
}

static struct larder_conn *dial(struct scripted_server *server)
{
    options.address.port = scripted_server_port(server);
    struct larder_conn *conn =
        larder_conn_new(&larder_allocator_libc, &larder_clock_system, &options);
    assert_non_null(conn);
    assert_int_equal(larder_conn_open(conn, deadline_after(LONG_MS)), LARDER_OK);
    assert_string_equal(conn->server, "redis 7.0.15");
    return conn;
}

static enum larder_status ask(struct larder_conn *conn, struct question *question, int64_t ms)
{
    question->base.table = &question_table;
    question->replies = question->replies == 0 ? 1 : question->replies;
    return larder_conn_run(conn, &question->base, deadline_after(ms));
}

/* Runs one question against the script; the connection must be closed unless all is well. */
static enum larder_status ask_script(const struct scripted_step *steps, size_t count,
                                     struct question *question, int64_t ms)
{
    struct scripted_server *server = scripted_server_start(steps, count);
    assert_non_null(server);
    struct larder_conn *conn = dial(server);
    int64_t start_ms = now_ms();
    enum larder_status status = ask(conn, question, ms);
    assert_true(now_ms() - start_ms <= ms + OVERRUN_MS + SLOW_MS);
    assert_int_equal(conn->stream.fd >= 0, status == LARDER_OK);
    assert_int_equal(conn->why[0] != '\0', status != LARDER_OK);
    larder_conn_free(conn);
    scripted_server_stop(server);
    return status;
}

#define STEPS(steps) steps, sizeof(steps) / sizeof *(steps)

/* ------------------------------------------------------------ honest replies */

struct honest {
    const char *reply;
    enum larder_reply_kind kind;
    int64_t integer;
    const char *text;
};

static const struct honest honests[] = {
    {"+OK\r\n", LARDER_REPLY_STATUS, 0, "OK"},
    {"-ERR no\r\n", LARDER_REPLY_ERROR, 0, "ERR no"},
    {":-7\r\n", LARDER_REPLY_INTEGER, -7, ""},
    {":9223372036854775807\r\n", LARDER_REPLY_INTEGER, INT64_MAX, ""},
    {"$3\r\ntea\r\n", LARDER_REPLY_BULK, 0, "tea"},
    {"$0\r\n\r\n", LARDER_REPLY_BULK, 0, ""},
    {"$4\r\n\r\n\r\n\r\n", LARDER_REPLY_BULK, 0, "\r\n\r\n"},
    {"$-1\r\n", LARDER_REPLY_NIL, 0, ""},
    {"*-1\r\n", LARDER_REPLY_NIL, 0, ""},
};

/* Whole, and cut at every place. */
static void replies_are_read_wherever_they_are_cut(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof honests / sizeof *honests; i++) {
        const struct honest *honest = &honests[i];
        size_t len = strlen(honest->reply);
        for (size_t cut = 0; cut < len; cut++) {
            struct larder_reply_reader reader;
            struct question question = {.base = {.table = &question_table, .pending = 1}};
            const char *why;
            larder_reply_reader_init(&reader, 100);
            assert_int_equal(
                larder_reply_reader_feed(&reader, &question.base, honest->reply, cut, &why),
                LARDER_OK);
            assert_int_equal(question.done, 0);
            assert_int_equal(larder_reply_reader_feed(&reader, &question.base, honest->reply + cut,
                                                      len - cut, &why),
                             LARDER_OK);
            assert_int_equal(question.base.pending, 0);
            assert_int_equal(question.taken, 1);
            assert_int_equal(question.done, 1);
            assert_int_equal(question.last.kind, honest->kind);
            assert_true(question.last.integer == honest->integer);
            assert_string_equal(question.text, honest->text);
            larder_reply_reader_release(&reader);
        }
    }
}

/* A reply of so many bytes, fed as a connection receives it. */
static void feed_bulk(struct larder_reply_reader *reader, size_t len)
{
    enum { PIECE_BYTES = 64 * 1024 };
    struct question question = {.base = {.table = &question_table, .pending = 1}};
    char *bytes = larder_alloc_zeroed(&larder_allocator_libc, 1, len + 32);
    const char *why;
    size_t head = (size_t)snprintf(bytes, 32, "$%zu\r\n", len);
    memcpy(bytes + head + len, "\r\n", 2);
    for (size_t at = 0, end = head + len + 2; at < end; at += PIECE_BYTES) {
        size_t n = end - at < PIECE_BYTES ? end - at : PIECE_BYTES;
        assert_int_equal(larder_reply_reader_feed(reader, &question.base, bytes + at, n, &why),
                         LARDER_OK);
    }
    assert_int_equal(question.done, 1);
    larder_free(&larder_allocator_libc, bytes);
}

/* The usual large reply must not cost a buffer each time; a huge one is not kept. */
static void the_room_for_a_large_reply_is_kept(void **state)
{
    (void)state;
    struct larder_reply_reader reader;
    larder_reply_reader_init(&reader, 8 << 20);
    feed_bulk(&reader, 100 * 1000);
    size_t room = sdsalloc(reader.hiredis->buf);
    assert_in_range(room, 100 * 1000, 256 * 1024);
    feed_bulk(&reader, 10);
    assert_int_equal(sdsalloc(reader.hiredis->buf), room);
    feed_bulk(&reader, 4 << 20);
    feed_bulk(&reader, 10);
    assert_in_range(sdsalloc(reader.hiredis->buf), 0, 1024);
    larder_reply_reader_release(&reader);
}

static void an_array_that_is_due_comes_element_by_element(void **state)
{
    (void)state;
    static const struct scripted_step steps[] = {
        HELLO, SCRIPTED_AWAIT, SCRIPTED_DRIP("*3\r\n$1\r\na\r\n$-1\r\n$2\r\ncc\r\n", 1),
        SCRIPTED_HOLD};
    struct question question = {.elements = 3};
    assert_int_equal(ask_script(STEPS(steps), &question, LONG_MS), LARDER_OK);
    assert_int_equal(question.taken, 3);
    assert_int_equal(question.done, 1);
    assert_string_equal(question.text, "cc");
}

static void an_error_in_place_of_an_array_is_taken(void **state)
{
    (void)state;
    static const struct scripted_step steps[] = {HELLO, SCRIPTED_AWAIT,
                                                 SCRIPTED_SEND("-ERR no\r\n"), SCRIPTED_HOLD};
    struct question question = {.elements = 3};
    assert_int_equal(ask_script(STEPS(steps), &question, LONG_MS), LARDER_OK);
    assert_int_equal(question.last.kind, LARDER_REPLY_ERROR);
}

static void a_connection_serves_again_and_again(void **state)
{
    (void)state;
    static const struct scripted_step steps[] = {HELLO,
                                                 SCRIPTED_AWAIT,
                                                 SCRIPTED_SEND("$1\r\na\r\n"),
                                                 SCRIPTED_AWAIT,
                                                 SCRIPTED_SEND("$1\r\nb\r\n"),
                                                 SCRIPTED_HOLD};
    struct scripted_server *server = scripted_server_start(STEPS(steps));
    struct larder_conn *conn = dial(server);
    struct question first = {0}, second = {0};
    assert_int_equal(ask(conn, &first, LONG_MS), LARDER_OK);
    assert_string_equal(first.text, "a");
    assert_true(larder_stream_is_quiet(&conn->stream));
    assert_int_equal(ask(conn, &second, LONG_MS), LARDER_OK);
    assert_string_equal(second.text, "b");
    larder_conn_free(conn);
    scripted_server_stop(server);
}

/* ------------------------------------------------------------ hostile replies */

struct hostile {
    const char *name;
    struct scripted_step steps[6];
    size_t elements;
    enum larder_status want;
};

#define REPLY(text) HELLO, SCRIPTED_AWAIT, SCRIPTED_SEND(text), SCRIPTED_HOLD
#define ENDLESS(text, more) HELLO, SCRIPTED_AWAIT, SCRIPTED_SEND(text), SCRIPTED_REPEAT(more)
#define KILOBYTE                                                       \
    "................................................................" \
    "................................................................" \
    "................................................................" \
    "................................................................" \
    "................................................................" \
    "................................................................" \
    "................................................................" \
    "................................................................"

#define ONES "1111111111111111111111111111111111111111111111111111111111111111"

static const struct hostile hostiles[] = {
    {"silence", {HELLO, SCRIPTED_AWAIT, SCRIPTED_HOLD}, 0, LARDER_E_TIMEOUT},
    {"half a reply, then silence", {REPLY("$400\r\nabc")}, 0, LARDER_E_TIMEOUT},
    {"a header without its end", {REPLY("$12")}, 0, LARDER_E_TIMEOUT},
    {"a drip",
     {HELLO, SCRIPTED_AWAIT, SCRIPTED_DRIP("$400\r\n" KILOBYTE KILOBYTE, 10)},
     0,
     LARDER_E_TIMEOUT},
    {"an endless line", {ENDLESS("+", KILOBYTE)}, 0, LARDER_E_PROTOCOL},
    {"an endless line with ends of lines of another kind",
     {ENDLESS("+", "\n" KILOBYTE)},
     0,
     LARDER_E_PROTOCOL},
    {"an endless header", {ENDLESS("$", ONES)}, 0, LARDER_E_PROTOCOL},
    {"an endless error", {ENDLESS("-ERR ", KILOBYTE)}, 0, LARDER_E_PROTOCOL},
    {"a huge bulk string", {ENDLESS("$9223372036854775807\r\n", KILOBYTE)}, 0, LARDER_E_PROTOCOL},
    {"a bulk string over every number",
     {REPLY("$99999999999999999999999\r\n")},
     0,
     LARDER_E_PROTOCOL},
    {"a bulk string over the limit", {ENDLESS("$1048577\r\n", KILOBYTE)}, 0, LARDER_E_PROTOCOL},
    {"a huge array", {REPLY("*2147483647\r\n")}, 0, LARDER_E_PROTOCOL},
    {"a huge array where one is due", {REPLY("*2147483647\r\n")}, 3, LARDER_E_PROTOCOL},
    {"an array larger than an int", {REPLY("*4294967299\r\n")}, 3, LARDER_E_PROTOCOL},
    {"an array that is too short", {REPLY("*2\r\n$1\r\na\r\n$1\r\nb\r\n")}, 3, LARDER_E_PROTOCOL},
    {"an empty array", {REPLY("*0\r\n")}, 3, LARDER_E_PROTOCOL},
    {"an array nobody asked for", {REPLY("*1\r\n$1\r\na\r\n")}, 0, LARDER_E_PROTOCOL},
    {"a string where an array is due", {REPLY("$1\r\na\r\n")}, 3, LARDER_E_PROTOCOL},
    {"nothing where an array is due", {REPLY("*-1\r\n")}, 3, LARDER_E_PROTOCOL},
    {"an array in an array", {REPLY("*3\r\n*1\r\n$1\r\na\r\n")}, 3, LARDER_E_PROTOCOL},
    {"deep nesting", {ENDLESS("*3\r\n", "*3\r\n")}, 3, LARDER_E_PROTOCOL},
    {"garbage", {REPLY("HTTP/1.1 400 Bad Request\r\n\r\n")}, 0, LARDER_E_PROTOCOL},
    {"bytes of zero", {REPLY("\0\0\0\0\0\0\0\0")}, 0, LARDER_E_PROTOCOL},
    {"a length that is no number", {REPLY("$abc\r\nxxx\r\n")}, 0, LARDER_E_PROTOCOL},
    {"a length below nothing", {REPLY("$-5\r\n")}, 0, LARDER_E_PROTOCOL},
    {"a type of RESP3", {REPLY("%1\r\n+a\r\n+b\r\n")}, 0, LARDER_E_PROTOCOL},
    {"two replies for one command", {REPLY("+OK\r\n+OK\r\n")}, 0, LARDER_E_PROTOCOL},
    {"the end in place of a reply", {HELLO, SCRIPTED_AWAIT}, 0, LARDER_E_UNAVAILABLE},
    {"the end within a reply",
     {HELLO, SCRIPTED_AWAIT, SCRIPTED_SEND("$400\r\nabc")},
     0,
     LARDER_E_UNAVAILABLE},
    {"a reset", {HELLO, SCRIPTED_AWAIT, SCRIPTED_RESET}, 0, LARDER_E_UNAVAILABLE},
};

static void hostile_replies_end_by_the_deadline_and_cost_little(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof hostiles / sizeof *hostiles; i++) {
        struct question question = {.elements = hostiles[i].elements};
        long before_kb = peak_kb();
        /* Only who is to meet the deadline needs one that is near. */
        int64_t ms = hostiles[i].want == LARDER_E_TIMEOUT ? DEADLINE_MS : LONG_MS;
        enum larder_status status = ask_script(STEPS(hostiles[i].steps), &question, ms);
        if (status != hostiles[i].want || peak_kb() - before_kb > MEMORY_KB) {
            print_error("%s: %s, %ld kB\n", hostiles[i].name, larder_status_name(status),
                        peak_kb() - before_kb);
            fail();
        }
    }
}

/* SO_RCVTIMEO starts again with each byte; the deadline does not. */
static void a_drip_ends_at_the_deadline(void **state)
{
    (void)state;
    static const struct scripted_step steps[] = {HELLO, SCRIPTED_AWAIT,
                                                 SCRIPTED_DRIP("$400\r\n" KILOBYTE KILOBYTE, 10)};
    struct question question = {0};
    int64_t best_ms = INT64_MAX;
    for (int i = 0; i < 3 && best_ms > DEADLINE_MS + OVERRUN_MS; i++) {
        struct scripted_server *server = scripted_server_start(STEPS(steps));
        struct larder_conn *conn = dial(server);
        int64_t start_ms = now_ms();
        assert_int_equal(ask(conn, &question, DEADLINE_MS), LARDER_E_TIMEOUT);
        int64_t took_ms = now_ms() - start_ms;
        assert_true(took_ms >= DEADLINE_MS - 1);
        best_ms = took_ms < best_ms ? took_ms : best_ms;
        larder_conn_free(conn);
        scripted_server_stop(server);
    }
    assert_in_range(best_ms, 0, DEADLINE_MS + OVERRUN_MS);
}

static void no_action(int signal_number)
{
    (void)signal_number;
}

/* A signal each few ms starts no wait anew. */
static void signals_do_not_prolong_a_deadline(void **state)
{
    (void)state;
    static const struct scripted_step steps[] = {HELLO, SCRIPTED_AWAIT, SCRIPTED_HOLD};
    struct sigaction action = {.sa_handler = no_action}, before;
    struct itimerval tick = {.it_interval = {.tv_usec = 3000}, .it_value = {.tv_usec = 3000}};
    struct itimerval off = {.it_interval = {.tv_usec = 0}};
    struct question question = {0};
    struct scripted_server *server = scripted_server_start(STEPS(steps));
    struct larder_conn *conn = dial(server);
    sigaction(SIGALRM, &action, &before);
    setitimer(ITIMER_REAL, &tick, NULL);
    int64_t start_ms = now_ms();
    enum larder_status status = ask(conn, &question, DEADLINE_MS);
    int64_t took_ms = now_ms() - start_ms;
    setitimer(ITIMER_REAL, &off, NULL);
    sigaction(SIGALRM, &before, NULL);
    assert_int_equal(status, LARDER_E_TIMEOUT);
    assert_in_range(took_ms, DEADLINE_MS - 1, DEADLINE_MS + OVERRUN_MS + SLOW_MS);
    larder_conn_free(conn);
    scripted_server_stop(server);
}

/* A server that answers the handshake, and then reads nothing until it is told. */
struct deaf {
    int listener;
    int fd;
};

static void *greet(void *user)
{
    static const char hello[] = "+OK\r\n$0\r\n\r\n";
    struct deaf *deaf = user;
    char bytes[256];
    deaf->fd = accept(deaf->listener, NULL, NULL);
    if (recv(deaf->fd, bytes, sizeof bytes, 0) > 0) {
        (void)send(deaf->fd, hello, sizeof hello - 1, MSG_NOSIGNAL);
    }
    return NULL;
}

struct parcel {
    struct larder_exchange base;
    char *bytes;
    size_t len;
};

static bool parcel_fill(struct larder_exchange *exchange, struct larder_buffer *out)
{
    const struct parcel *parcel = (const struct parcel *)exchange;
    const char *const words[] = {"SET", "key", parcel->bytes};
    const size_t lens[] = {3, 3, parcel->len};
    larder_command_append(out, 3, words, lens);
    exchange->pending++;
    return false;
}

/* Else it would be set minutes later, over what was set meanwhile. */
static void what_was_not_sent_by_the_deadline_never_is(void **state)
{
    (void)state;
    enum { LEN = 64 << 20 };
    static const struct larder_exchange_table parcel_table = {.fill = parcel_fill,
                                                              .elements = question_elements,
                                                              .take = question_take,
                                                              .next = question_next};
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t address_len = sizeof address;
    struct deaf deaf = {.listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    assert_int_equal(bind(deaf.listener, (struct sockaddr *)&address, address_len), 0);
    assert_int_equal(listen(deaf.listener, 1), 0);
    getsockname(deaf.listener, (struct sockaddr *)&address, &address_len);
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, greet, &deaf), 0);

    struct larder_conn_options to = options;
    to.address.port = ntohs(address.sin_port);
    struct larder_conn *conn = larder_conn_new(&larder_allocator_libc, &larder_clock_system, &to);
    assert_int_equal(larder_conn_open(conn, deadline_after(LONG_MS)), LARDER_OK);
    pthread_join(thread, NULL);
    struct parcel parcel = {.base.table = &parcel_table, .bytes = calloc(1, LEN), .len = LEN};
    assert_int_equal(larder_conn_run(conn, &parcel.base, deadline_after(DEADLINE_MS)),
                     LARDER_E_TIMEOUT);
    static char bytes[64 * 1024];
    size_t received = 0;
    ssize_t n;
    while ((n = recv(deaf.fd, bytes, sizeof bytes, 0)) > 0) {
        received += (size_t)n;
    }
    assert_true(received < LEN);
    assert_int_equal(n, -1);
    assert_int_equal(errno, ECONNRESET);
    larder_conn_free(conn);
    free(parcel.bytes);
    close(deaf.fd);
    close(deaf.listener);
}

static void a_deadline_that_has_passed_is_met_at_once(void **state)
{
    (void)state;
    static const struct scripted_step steps[] = {HELLO, SCRIPTED_AWAIT, SCRIPTED_HOLD};
    struct question question = {0};
    assert_int_equal(ask_script(STEPS(steps), &question, -5), LARDER_E_TIMEOUT);
}

/* -------------------------------------------------------------- handshakes */

struct greeting {
    const char *name;
    struct scripted_step steps[6];
    enum larder_status want;
    const char *why; /* is part of the text */
};

#define LET_IN SCRIPTED_AWAIT, SCRIPTED_SEND("+OK\r\n"), SCRIPTED_AWAIT

static const struct greeting greetings[] = {
    {"a wrong password",
     {SCRIPTED_AWAIT,
      SCRIPTED_SEND("-WRONGPASS invalid username-password pair or user is "
                    "disabled.\r\n"),
      SCRIPTED_HOLD},
     LARDER_E_AUTH,
     "AUTH: WRONGPASS"},
    {"a server without passwords",
     {SCRIPTED_AWAIT, SCRIPTED_SEND("-ERR AUTH <password> called without any password\r\n"),
      SCRIPTED_HOLD},
     LARDER_E_AUTH,
     "AUTH: ERR"},
    {"a server that quotes the password",
     {SCRIPTED_AWAIT,
      SCRIPTED_SEND("-ERR unknown command 'AUTH', with args beginning with: 'secret'\r\n"),
      SCRIPTED_HOLD},
     LARDER_E_AUTH,
     "AUTH: ERR unknown command 'AUTH'"},
    {"a database that is not there",
     {LET_IN, SCRIPTED_SEND("-ERR DB index is out of range\r\n"), SCRIPTED_HOLD},
     LARDER_E_SERVER,
     "SELECT: ERR DB index"},
    {"a name that is refused, and no INFO",
     {LET_IN, SCRIPTED_SEND("+OK\r\n-NOPERM no\r\n-NOPERM no\r\n"), SCRIPTED_HOLD},
     LARDER_OK,
     ""},
    {"too many clients",
     {SCRIPTED_SEND("-ERR max number of clients reached\r\n"), SCRIPTED_AWAIT},
     LARDER_E_UNAVAILABLE,
     "max number of clients"},
    {"loading",
     {LET_IN, SCRIPTED_SEND("-LOADING Redis is loading\r\n"), SCRIPTED_HOLD},
     LARDER_E_UNAVAILABLE,
     "LOADING"},
    {"a status that is not OK",
     {SCRIPTED_AWAIT, SCRIPTED_SEND("+QUEUED\r\n"), SCRIPTED_HOLD},
     LARDER_E_PROTOCOL,
     "asked for"},
    {"more than was asked for",
     {SCRIPTED_AWAIT, SCRIPTED_SEND("+OK\r\n+OK\r\n"), SCRIPTED_HOLD},
     LARDER_E_PROTOCOL,
     "more replies than commands"},
    {"silence", {SCRIPTED_AWAIT, SCRIPTED_HOLD}, LARDER_E_TIMEOUT, "in time"},
    {"silence behind AUTH", {LET_IN, SCRIPTED_HOLD}, LARDER_E_TIMEOUT, "in time"},
    {"an end", {SCRIPTED_AWAIT}, LARDER_E_UNAVAILABLE, "closed"},
};

static struct larder_conn_options with_secret(int port)
{
    return (struct larder_conn_options){.address = {.host = "127.0.0.1",
                                                    .port = port,
                                                    .username = "shop",
                                                    .password = "secret",
                                                    .client_name = "test",
                                                    .db = 3},
                                        .max_reply_bytes = MAX_REPLY_BYTES};
}

static void a_handshake_is_verified(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof greetings / sizeof *greetings; i++) {
        const struct greeting *greeting = &greetings[i];
        struct scripted_server *server = scripted_server_start(STEPS(greeting->steps));
        struct larder_conn_options secret = with_secret(scripted_server_port(server));
        struct larder_conn *conn =
            larder_conn_new(&larder_allocator_libc, &larder_clock_system, &secret);
        enum larder_status status = larder_conn_open(conn, deadline_after(DEADLINE_MS));
        bool good = status == greeting->want && strstr(conn->why, greeting->why) != NULL &&
                    strstr(conn->why, "secret") == NULL &&
                    (conn->stream.fd >= 0) == (status == LARDER_OK);
        if (!good) {
            print_error("%s: %s, %s\n", greeting->name, larder_status_name(status), conn->why);
        }
        larder_conn_free(conn);
        scripted_server_stop(server);
        assert_true(good);
    }
}

/* Neither behind a refusal nor before the answer. */
static void auth_is_said_alone(void **state)
{
    (void)state;
    static const struct {
        const char *script;
        size_t others;
    } rows[] = {{"EXPECT AUTH shop secret\nSEND -WRONGPASS no\nHOLD\n", 0},
                {"EXPECT AUTH shop secret\nHOLD\n", 0},
                {"EXPECT AUTH shop secret\nSEND +OK\nEXPECT SELECT 3\nEXPECT CLIENT SETNAME\n"
                 "EXPECT INFO\nSEND +OK\nSEND +OK\nBULK redis_version:7.0.15\nHOLD\n",
                 3}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct fakeredis *fake = fakeredis_start(rows[i].script);
        assert_non_null(fake);
        struct larder_conn_options secret = with_secret(fakeredis_port(fake));
        struct larder_conn *conn =
            larder_conn_new(&larder_allocator_libc, &larder_clock_system, &secret);
        enum larder_status status = larder_conn_open(conn, deadline_after(DEADLINE_MS));
        assert_int_equal(status == LARDER_OK, rows[i].others != 0);
        larder_conn_free(conn);
        assert_string_equal(fakeredis_complaint(fake), "");
        assert_int_equal(fakeredis_heard(fake, "SELECT") + fakeredis_heard(fake, "CLIENT") +
                             fakeredis_heard(fake, "INFO"),
                         rows[i].others);
        fakeredis_stop(fake);
    }
}

/* -------------------------------------------------------------------- dials */

static enum larder_status dial_to(const struct larder_address *address, int64_t ms)
{
    struct larder_conn_options to = {.address = *address, .max_reply_bytes = MAX_REPLY_BYTES};
    struct larder_conn *conn = larder_conn_new(&larder_allocator_libc, &larder_clock_system, &to);
    enum larder_status status = larder_conn_open(conn, deadline_after(ms));
    assert_true(conn->why[0] != '\0');
    larder_conn_free(conn);
    return status;
}

static void a_refused_connection_is_unavailable_at_once(void **state)
{
    (void)state;
    static const struct scripted_step none[] = {SCRIPTED_HOLD};
    struct scripted_server *server = scripted_server_start(none, 1);
    struct larder_address address = {
        .host = "127.0.0.1", .port = scripted_server_port(server), .client_name = "test"};
    scripted_server_stop(server);
    int64_t start_ms = now_ms();
    assert_int_equal(dial_to(&address, LONG_MS), LARDER_E_UNAVAILABLE);
    assert_true(now_ms() - start_ms < LONG_MS / 2);
}

static void a_path_that_is_too_long_is_refused(void **state)
{
    (void)state;
    char path[200];
    struct larder_address address = {.unix_path = path, .client_name = "test"};
    memset(path, 'a', sizeof path);
    path[0] = '/';
    path[sizeof path - 1] = '\0';
    assert_int_equal(dial_to(&address, LONG_MS), LARDER_E_UNAVAILABLE);
}

static void a_name_that_does_not_exist_is_unavailable(void **state)
{
    (void)state;
    struct larder_address address = {.host = "no such name", .port = 1, .client_name = "test"};
    enum larder_status status = dial_to(&address, LONG_MS);
    assert_true(status == LARDER_E_UNAVAILABLE || status == LARDER_E_TIMEOUT);
}

static void all_addresses_of_a_name_are_tried(void **state)
{
    (void)state;
    /* localhost is ::1 first, where there is IPv6; this server is on 127.0.0.1 only. */
    static const struct scripted_step steps[] = {HELLO, SCRIPTED_HOLD};
    struct scripted_server *server = scripted_server_start(STEPS(steps));
    options.address.host = "localhost";
    struct larder_conn *conn = dial(server);
    options.address.host = "127.0.0.1";
    larder_conn_free(conn);
    scripted_server_stop(server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(replies_are_read_wherever_they_are_cut),
        cmocka_unit_test(the_room_for_a_large_reply_is_kept),
        cmocka_unit_test(an_array_that_is_due_comes_element_by_element),
        cmocka_unit_test(an_error_in_place_of_an_array_is_taken),
        cmocka_unit_test(a_connection_serves_again_and_again),
        cmocka_unit_test(hostile_replies_end_by_the_deadline_and_cost_little),
        cmocka_unit_test(a_drip_ends_at_the_deadline),
        cmocka_unit_test(signals_do_not_prolong_a_deadline),
        cmocka_unit_test(what_was_not_sent_by_the_deadline_never_is),
        cmocka_unit_test(a_deadline_that_has_passed_is_met_at_once),
        cmocka_unit_test(a_handshake_is_verified),
        cmocka_unit_test(auth_is_said_alone),
        cmocka_unit_test(a_refused_connection_is_unavailable_at_once),
        cmocka_unit_test(a_path_that_is_too_long_is_refused),
        cmocka_unit_test(a_name_that_does_not_exist_is_unavailable),
        cmocka_unit_test(all_addresses_of_a_name_are_tried),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
