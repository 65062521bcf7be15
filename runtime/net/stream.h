/* SPDX-License-Identifier: MIT */
/*
 * The bytes between us and a server: what a connection does on its socket.
 *
 * Each function looks like one system call, so that whoever drives a connection
 * decides when to wait. On a plain stream it is one. On a TLS stream it is what
 * a record takes, and only larder_stream_wait knows what to wait for.
 *
 * Threads: one at a time.
 */
#ifndef LARDER_NET_STREAM_H
#define LARDER_NET_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

#include "base/inline.h"
#include "net/address.h"
#include "net/socket.h"

/* Caller's storage; stays where it is while it is open. */
struct larder_stream {
    int fd;              /* -1: closed; for asking whether it is, not for waiting */
    struct ssl_st *ssl;  /* NULL: plain; then nothing below has a meaning */
    pid_t owner;         /* the process that opened it */
    int recvs_left;      /* that the call in progress may make */
    unsigned long error; /* OpenSSL's, of the last failure */
    bool may_block;      /* the next recv of the call in progress */
    bool is_open;        /* the handshake is done */
    bool is_broken;      /* for good; this is how */
    int broken_errno;
    bool is_dry;         /* the last recv went to the socket, and there was no more */
    bool at_end;         /* the server closed the connection */
    bool recv_wants_out; /* a recv that may go on when the socket takes bytes */
    bool send_wants_in;  /* and the other way round */
};

/* What a connection that was never opened is. */
#define LARDER_STREAM_CLOSED ((struct larder_stream){.fd = -1})

/* Connects a closed stream, and shakes hands where the address says TLS. OK;
 * E_UNAVAILABLE, E_TIMEOUT, E_AUTH (a certificate was refused), E_NOMEM, with a
 * text in ret_why; then it is closed. */
enum larder_status larder_stream_open(struct larder_stream *stream,
                                      const struct larder_address *address,
                                      const struct larder_clock *clock, int64_t deadline_ns,
                                      char ret_why[LARDER_WHY_BYTES]);

/* The next two of a TLS stream; they are with the others in tls_stream.c. */
ssize_t larder_tls_stream_recv(struct larder_stream *stream, void *block, size_t size,
                               bool may_block);
ssize_t larder_tls_stream_send(struct larder_stream *stream, const void *bytes, size_t len);

/* As recv(): bytes; 0: the server closed the connection; -1 with errno: EAGAIN
 * (wait for POLLIN by larder_stream_wait; poll() may know nothing of it), EINTR (again), else broken (larder_stream_fail says why).
 * may_block: for at most LARDER_SOCKET_SLICE_MS. */
static LARDER_INLINE ssize_t larder_stream_recv(struct larder_stream *stream, void *block,
                                                size_t size, bool may_block)
{
    return stream->ssl != NULL ? larder_tls_stream_recv(stream, block, size, may_block)
                               : recv(stream->fd, block, size, may_block ? 0 : MSG_DONTWAIT);
}

/* As send(), never blocks: bytes, fewer than `len` perhaps; -1 with errno:
 * EAGAIN (wait for POLLOUT), EINTR (again), else broken. What EAGAIN refused
 * must be where the next send begins, in whatever buffer. */
static LARDER_INLINE ssize_t larder_stream_send(struct larder_stream *stream, const void *bytes,
                                                size_t len)
{
    return stream->ssl != NULL ? larder_tls_stream_send(stream, bytes, len)
                               : send(stream->fd, bytes, len, MSG_NOSIGNAL | MSG_DONTWAIT);
}

/* Waits until recv (POLLIN) or send (POLLOUT) is worth another try. OK, E_TIMEOUT. */
enum larder_status larder_stream_wait(struct larder_stream *stream, short events,
                                      const struct larder_clock *clock, int64_t deadline_ns,
                                      short *ret_events);

/* Whether an idle stream has nothing to say: no end, no bytes nobody asked for. */
bool larder_stream_is_quiet(struct larder_stream *stream);

/* What broke, right after the call that said so: the status (E_UNAVAILABLE,
 * E_AUTH, E_NOMEM) and a text that begins with `what`. TLS 1.3 servers refuse
 * our certificate after the handshake, so that E_AUTH may come this late. */
enum larder_status larder_stream_fail(struct larder_stream *stream, const char *what,
                                      char ret_why[LARDER_WHY_BYTES]);

/* Never shutdown(): after a fork the other process has the same connection. TLS
 * says goodbye if that takes no waiting, but not in a fork's child. */
void larder_stream_close(struct larder_stream *stream);

/* The same for one whose peer is not to be trusted with what is still on its way:
 * what was not sent is not sent any more, or TCP would go on trying for minutes. */
void larder_stream_abort(struct larder_stream *stream);

/* In a fork's child, of a stream that any thread may have been using: gives up
 * the socket and touches nothing else. To be closed or opened later, or never. */
void larder_stream_abandon(struct larder_stream *stream);

#endif
