/* SPDX-License-Identifier: MIT */
#include "net/conn.h"

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/inline.h"
#include "net/bulk.h"
#include "net/handshake.h"

enum { IN_BYTES = 64 * 1024, OUT_KEEP_BYTES = 64 * 1024 };

/* A buffer is born with a maximum: the largest value a server takes, and a key. */
static const size_t OUT_MAX_BYTES = ((size_t)513 << 20);
_Static_assert(LARDER_BULK_HEAD_BYTES + LARDER_BULK_EXPECTED_MAX_BYTES + 2 <= IN_BYTES,
               "what was not expected is copied there");
static const int64_t SLICE_NS = LARDER_SOCKET_SLICE_MS * 1000000LL;

/* ------------------------------------------------------------- life cycle */

struct larder_conn *larder_conn_new(const struct larder_allocator *allocator,
                                    const struct larder_clock *clock,
                                    const struct larder_conn_options *options)
{
    struct larder_conn *conn = larder_alloc_zeroed(allocator, 1, sizeof *conn);
    if (conn == NULL) {
        return NULL;
    }
    conn->stream = LARDER_STREAM_CLOSED;
    conn->allocator = allocator;
    conn->clock = clock;
    conn->options = options;
    larder_reply_reader_init(&conn->reader, options->max_reply_bytes);
    larder_buffer_init(&conn->out, allocator, OUT_MAX_BYTES);
    conn->in = larder_alloc(allocator, IN_BYTES);
    if (conn->in == NULL) {
        larder_conn_free(conn);
        return NULL;
    }
    return conn;
}

void larder_conn_free(struct larder_conn *conn)
{
    if (conn == NULL) {
        return;
    }
    larder_conn_close(conn);
    larder_reply_reader_release(&conn->reader);
    larder_buffer_release(&conn->out);
    larder_free(conn->allocator, conn->in);
    larder_free(conn->allocator, conn);
}

/* What is left when its stream is closed. */
static void forget(struct larder_conn *conn)
{
    larder_reply_reader_clear(&conn->reader);
    larder_buffer_clear(&conn->out, OUT_KEEP_BYTES);
    conn->out_sent = 0;
}

void larder_conn_close(struct larder_conn *conn)
{
    larder_stream_close(&conn->stream);
    forget(conn);
}

void larder_conn_abort(struct larder_conn *conn)
{
    larder_stream_abort(&conn->stream);
    forget(conn);
}

enum larder_status larder_conn_open(struct larder_conn *conn, int64_t deadline_ns)
{
    larder_conn_close(conn);
    enum larder_status status = larder_stream_open(&conn->stream, &conn->options->address,
                                                   conn->clock, deadline_ns, conn->why);
    if (status != LARDER_OK) {
        return status;
    }
    conn->now_ns = larder_clock_now_ns(conn->clock);
    return larder_handshake(conn, deadline_ns);
}

/* --------------------------------------------------------------- exchange */

static enum larder_status fail(struct larder_conn *conn, enum larder_status status, const char *why)
{
    snprintf(conn->why, sizeof conn->why, "%s", why);
    return status;
}

static enum larder_status await(struct larder_conn *conn, short events, int64_t deadline_ns,
                                short *ret_events)
{
    enum larder_status status =
        larder_stream_wait(&conn->stream, events, conn->clock, deadline_ns, ret_events);
    return status == LARDER_OK ? status : fail(conn, status, "the server did not answer in time");
}

/* Looks for a reply without sleeping; gives the processor away between looks,
 * for a server that wants it. As recv: EAGAIN when it is not there in time. */
static ssize_t spin(struct larder_conn *conn, char *to, size_t size)
{
    int64_t until_ns = larder_clock_now_ns(conn->clock) + conn->options->spin_ns;
    ssize_t n;
    for (int yields = 0;; yields++) {
        n = larder_stream_recv(&conn->stream, to, size, false);
        if (n >= 0 || (errno != EAGAIN && errno != EWOULDBLOCK)) {
            /* One that is there after one yield would have been there after a sleep. */
            larder_spin_end(&conn->spin, yields > 1);
            return n;
        }
        if (larder_clock_now_ns(conn->clock) >= until_ns) {
            larder_spin_end(&conn->spin, false);
            errno = EAGAIN;
            return n;
        }
        sched_yield();
    }
}

static LARDER_INLINE ssize_t take_bytes(struct larder_conn *conn, char *to, size_t size,
                                        bool may_block)
{
    if (may_block && conn->options->spin_ns > 0 && larder_spin_begin(&conn->spin)) {
        ssize_t n = spin(conn, to, size);
        if (n >= 0 || errno != EAGAIN) {
            return n;
        }
    }
    return larder_stream_recv(&conn->stream, to, size, may_block);
}

/* The recv that came to nothing (n <= 0, and errno), and those after it. */
static enum larder_status receive_later(struct larder_conn *conn, char *to, size_t size,
                                        int64_t deadline_ns, ssize_t n, size_t *ret_len)
{
    short events;
    for (;; n = take_bytes(conn, to, size, false)) {
        if (n > 0) {
            *ret_len = (size_t)n;
            return LARDER_OK;
        }
        if (n == 0) {
            return fail(conn, LARDER_E_UNAVAILABLE, "the server closed the connection");
        }
        if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR) {
            return larder_stream_fail(&conn->stream, "recv", conn->why);
        }
        enum larder_status status = await(conn, POLLIN, deadline_ns, &events);
        if (status != LARDER_OK) {
            return status;
        }
    }
}

/* One recv with something in it. It may block while more than a slice is left,
 * by conn->now_ns; that may be a little old, hence the double. */
static LARDER_INLINE enum larder_status receive(struct larder_conn *conn, char *to, size_t size,
                                                int64_t deadline_ns, size_t *ret_len)
{
    bool may_block = deadline_ns > conn->now_ns && deadline_ns - conn->now_ns > 2 * SLICE_NS;
    ssize_t n = take_bytes(conn, to, size, may_block);
    *ret_len = n > 0 ? (size_t)n : 0;
    return n > 0 ? LARDER_OK : receive_later(conn, to, size, deadline_ns, n, ret_len);
}

/* Between two system calls: whether there is time for another. */
static enum larder_status look_at_clock(struct larder_conn *conn, int64_t deadline_ns)
{
    conn->now_ns = larder_clock_now_ns(conn->clock);
    return conn->now_ns < deadline_ns
               ? LARDER_OK
               : fail(conn, LARDER_E_TIMEOUT, "the server did not answer in time");
}

/* Receives the rest of a large reply, of which so many bytes are at its place. */
static enum larder_status take_rest(struct larder_conn *conn, struct larder_exchange *exchange,
                                    const struct larder_bulk *bulk, size_t there,
                                    int64_t deadline_ns, const char **ret_why)
{
    size_t n = 0;
    size_t whole = bulk->len + 2;
    for (size_t at = there; at < whole; at += n) {
        enum larder_status status = look_at_clock(conn, deadline_ns);
        if (status == LARDER_OK) {
            status = receive(conn, bulk->place + at, whole - at, deadline_ns, &n);
        }
        if (status != LARDER_OK) {
            return status;
        }
    }
    return larder_bulk_end(bulk, exchange, ret_why);
}

/* A large reply of which the beginning is there, if the exchange has a place for it:
 * whole. *ret_used of the bytes were its; 0: it is not such a reply. */
static enum larder_status take_large(struct larder_conn *conn, struct larder_exchange *exchange,
                                     const char *bytes, size_t len, int64_t deadline_ns,
                                     size_t *ret_used, const char **ret_why)
{
    struct larder_bulk bulk;
    *ret_used = 0;
    if (!larder_bulk_begin(&conn->reader, exchange, bytes, len, &bulk)) {
        return LARDER_OK;
    }
    size_t there = len - bulk.head_len;
    size_t whole = bulk.len + 2;
    there = there < whole ? there : whole;
    memcpy(bulk.place, bytes + bulk.head_len, there);
    *ret_used = bulk.head_len + there;
    return take_rest(conn, exchange, &bulk, there, deadline_ns, ret_why);
}

/* What is in `in` goes to the exchange, by the shortest way. */
static enum larder_status hand_over(struct larder_conn *conn, struct larder_exchange *exchange,
                                    size_t len, int64_t deadline_ns, const char **ret_why)
{
    size_t used, more = 0;
    enum larder_status status =
        larder_bulk_take_whole(&conn->reader, exchange, conn->in, len, &used, ret_why);
    if (status == LARDER_OK && used < len) {
        status =
            take_large(conn, exchange, conn->in + used, len - used, deadline_ns, &more, ret_why);
        used += more;
    }
    return status != LARDER_OK || used == len
               ? status
               : larder_reply_reader_feed(&conn->reader, exchange, conn->in + used, len - used,
                                          ret_why);
}

/* Where the next bytes are received to. */
struct target {
    char *to;
    size_t size;
    bool expects; /* to the place of the string that is expected, with its header before */
};

static struct target find_target(struct larder_conn *conn, struct larder_exchange *exchange)
{
    char *place = larder_bulk_expect(&conn->reader, exchange);
    if (place != NULL) {
        return (struct target){.to = place - LARDER_BULK_HEAD_BYTES,
                               .size = LARDER_BULK_HEAD_BYTES + exchange->expected + 2,
                               .expects = true};
    }
    bool large = exchange->large && larder_reply_reader_is_between(&conn->reader);
    return (struct target){.to = conn->in, .size = large ? LARDER_BULK_FIRST_BYTES : IN_BYTES};
}

static enum larder_status take_from(struct larder_conn *conn, struct larder_exchange *exchange,
                                    const struct target *target, size_t len, int64_t deadline_ns,
                                    const char **ret_why)
{
    struct larder_bulk bulk;
    if (target->expects && larder_bulk_is_expected(exchange, target->to, len, &bulk)) {
        return take_rest(conn, exchange, &bulk, len - bulk.head_len, deadline_ns, ret_why);
    }
    if (target->expects) {
        memcpy(conn->in, target->to, len); /* the place may be another's in a moment */
    }
    return hand_over(conn, exchange, len, deadline_ns, ret_why);
}

static LARDER_INLINE enum larder_status take_replies(struct larder_conn *conn,
                                                     struct larder_exchange *exchange,
                                                     int64_t deadline_ns)
{
    size_t len;
    const char *why = "";
    struct target target;
    enum larder_status status =
        exchange->any_received ? look_at_clock(conn, deadline_ns) : LARDER_OK;
    if (status == LARDER_OK) {
        target = find_target(conn, exchange);
        status = receive(conn, target.to, target.size, deadline_ns, &len);
    }
    if (status != LARDER_OK) {
        return status;
    }
    exchange->any_received = true;
    conn->why[0] = '\0';
    status = take_from(conn, exchange, &target, len, deadline_ns, &why);
    if (exchange->table->pause != NULL) {
        exchange->table->pause(exchange);
    }
    /* `take` may have left a better text. */
    return status == LARDER_OK || conn->why[0] != '\0' ? status : fail(conn, status, why);
}

/* A send took nothing (errno, or n == 0). While the server does not take it, its
 * replies are taken, or both would wait for each other. */
static enum larder_status send_later(struct larder_conn *conn, struct larder_exchange *exchange,
                                     int64_t deadline_ns, ssize_t n)
{
    short events;
    enum larder_status status;
    bool take;
    if (n < 0 && errno == EINTR) {
        return LARDER_OK;
    }
    if (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK) {
        /* Its last words may be there, and say why. */
        status = larder_stream_fail(&conn->stream, "send", conn->why);
        take = exchange->pending > 0 && !larder_stream_is_quiet(&conn->stream);
    } else {
        status = await(conn, POLLIN | POLLOUT, deadline_ns, &events);
        take = status == LARDER_OK && (events & POLLIN) != 0;
    }
    return take ? take_replies(conn, exchange, deadline_ns) : status;
}

/* Sends a part of what is in `out`. */
static LARDER_INLINE enum larder_status send_commands(struct larder_conn *conn,
                                                      struct larder_exchange *exchange,
                                                      int64_t deadline_ns)
{
    ssize_t n = larder_stream_send(&conn->stream, conn->out.data + conn->out_sent,
                                   conn->out.len - conn->out_sent);
    if (n <= 0) {
        return send_later(conn, exchange, deadline_ns, n);
    }
    conn->out_sent += (size_t)n;
    exchange->fill_sent = true;
    return LARDER_OK;
}

static bool fill(struct larder_conn *conn, struct larder_exchange *exchange)
{
    larder_buffer_clear(&conn->out, OUT_KEEP_BYTES);
    conn->out_sent = 0;
    exchange->fill_sent = false;
    return exchange->table->fill(exchange, &conn->out);
}

/* Sends and takes until all is done; asks for commands while there are `more`. */
static LARDER_INLINE enum larder_status run(struct larder_conn *conn,
                                            struct larder_exchange *exchange, bool more,
                                            int64_t deadline_ns)
{
    enum larder_status status = LARDER_OK;
    for (;;) {
        if (more && conn->out_sent == conn->out.len) {
            more = fill(conn, exchange);
            if (conn->out.status != LARDER_OK) {
                return fail(conn, conn->out.status, "the commands do not fit into memory");
            }
        }
        if (conn->out_sent < conn->out.len) {
            status = send_commands(conn, exchange, deadline_ns);
        } else if (exchange->pending > 0) {
            status = take_replies(conn, exchange, deadline_ns);
        } else if (!more) {
            return LARDER_OK;
        }
        if (status != LARDER_OK) {
            return status;
        }
    }
}

static void forget_commands(struct larder_conn *conn)
{
    larder_buffer_clear(&conn->out, OUT_KEEP_BYTES);
    conn->out_sent = 0;
}

enum larder_status larder_conn_run(struct larder_conn *conn, struct larder_exchange *exchange,
                                   int64_t deadline_ns)
{
    exchange->pending = 0;
    exchange->fill_sent = false;
    exchange->any_received = false;
    enum larder_status status = run(conn, exchange, true, deadline_ns);
    if (status != LARDER_OK) {
        larder_conn_abort(conn);
        return status;
    }
    forget_commands(conn);
    return LARDER_OK;
}

/* ------------------------------------------------------------- in two halves */

void larder_conn_start(struct larder_conn *conn, struct larder_exchange *exchange,
                       struct larder_buffer *commands)
{
    struct larder_buffer empty = conn->out;
    conn->out = *commands;
    *commands = empty;
    conn->out_sent = 0;
    exchange->fill_sent = false;
    exchange->any_received = false;
}

void larder_conn_push(struct larder_conn *conn, struct larder_exchange *exchange)
{
    ssize_t n = larder_stream_send(&conn->stream, conn->out.data, conn->out.len);
    if (n > 0) {
        conn->out_sent = (size_t)n;
        exchange->fill_sent = true;
    }
}

enum larder_status larder_conn_resume(struct larder_conn *conn, struct larder_exchange *exchange,
                                      int64_t deadline_ns)
{
    enum larder_status status = run(conn, exchange, false, deadline_ns);
    if (status == LARDER_OK) {
        forget_commands(conn);
    }
    return status;
}
