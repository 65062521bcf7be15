/* SPDX-License-Identifier: MIT */
#include "net/stream.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/tls_stream.h"

enum larder_status larder_stream_open(struct larder_stream *stream,
                                      const struct larder_address *address,
                                      const struct larder_clock *clock, int64_t deadline_ns,
                                      char ret_why[LARDER_WHY_BYTES])
{
    enum larder_status status =
        larder_socket_open(address, clock, deadline_ns, &stream->fd, ret_why);
    if (status == LARDER_OK && address->tls != NULL) {
        status = larder_tls_stream_open(stream, address, clock, deadline_ns, ret_why);
    }
    if (status != LARDER_OK) {
        larder_stream_close(stream);
    }
    return status;
}

enum larder_status larder_stream_wait(struct larder_stream *stream, short events,
                                      const struct larder_clock *clock, int64_t deadline_ns,
                                      short *ret_events)
{
    if (stream->ssl != NULL) {
        return larder_tls_stream_wait(stream, events, clock, deadline_ns, ret_events);
    }
    return larder_socket_wait(stream->fd, events, clock, deadline_ns, ret_events);
}

bool larder_stream_is_quiet(struct larder_stream *stream)
{
    return stream->ssl != NULL ? larder_tls_stream_is_quiet(stream)
                               : larder_socket_is_quiet(stream->fd);
}

enum larder_status larder_stream_fail(struct larder_stream *stream, const char *what,
                                      char ret_why[LARDER_WHY_BYTES])
{
    char text[96];
    int error = errno;
    enum larder_status status;
    if (stream->ssl != NULL && larder_tls_stream_fail(stream, what, &status, ret_why)) {
        return status;
    }
    snprintf(ret_why, LARDER_WHY_BYTES, "%s: %s", what, strerror_r(error, text, sizeof text));
    return error == ENOMEM || error == ENOBUFS ? LARDER_E_NOMEM : LARDER_E_UNAVAILABLE;
}

void larder_stream_close(struct larder_stream *stream)
{
    if (stream->ssl != NULL) {
        larder_tls_stream_close(stream);
    }
    larder_stream_abandon(stream);
    *stream = LARDER_STREAM_CLOSED;
}

void larder_stream_abort(struct larder_stream *stream)
{
    static const struct linger none = {.l_onoff = 1, .l_linger = 0};
    if (stream->fd >= 0) {
        (void)setsockopt(stream->fd, SOL_SOCKET, SO_LINGER, &none, sizeof none);
    }
    larder_stream_close(stream);
}

void larder_stream_abandon(struct larder_stream *stream)
{
    int fd = stream->fd;
    if (fd >= 0) {
        stream->fd = -1; /* first: a fork's child must not close who has the number next */
        close(fd);
    }
}
