/* SPDX-License-Identifier: MIT */
/*
 * The TLS kind of stream: what stream.c calls where stream->ssl is set. Each
 * function is what its namesake in stream.h says.
 *
 * DESIGN. OpenSSL does its input and output through a BIO of ours: recv and
 * send as on a plain stream, without SIGPIPE, and with a count of how many of
 * them one call may make, so that a peer that sends records without content
 * cannot keep us from looking at the deadline. Errors are OpenSSL's queue of
 * this thread: it is empty before each call and after, whatever the service
 * left in it.
 *
 * Threads: one at a time.
 */
#ifndef LARDER_NET_TLS_STREAM_H
#define LARDER_NET_TLS_STREAM_H

#include "net/stream.h"

/* The handshake, on a stream that is connected. OK; E_AUTH: the server's
 * certificate is not to be trusted, or it refuses ours; E_UNAVAILABLE,
 * E_TIMEOUT, E_NOMEM; each with a text. */
enum larder_status larder_tls_stream_open(struct larder_stream *stream,
                                          const struct larder_address *address,
                                          const struct larder_clock *clock, int64_t deadline_ns,
                                          char ret_why[LARDER_WHY_BYTES]);

enum larder_status larder_tls_stream_wait(struct larder_stream *stream, short events,
                                          const struct larder_clock *clock, int64_t deadline_ns,
                                          short *ret_events);
bool larder_tls_stream_is_quiet(struct larder_stream *stream);

/* Of a failure that is TLS's; false: it was the socket's, and errno says it. */
bool larder_tls_stream_fail(struct larder_stream *stream, const char *what,
                            enum larder_status *ret_status, char ret_why[LARDER_WHY_BYTES]);

/* Says goodbye, if that takes no waiting and the connection is this process's,
 * and frees what is not the socket. */
void larder_tls_stream_close(struct larder_stream *stream);

#endif
