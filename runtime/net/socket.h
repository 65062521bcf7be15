/* SPDX-License-Identifier: MIT */
/*
 * Sockets, before a deadline.
 */
#ifndef LARDER_NET_SOCKET_H
#define LARDER_NET_SOCKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <larder/config.h>
#include <larder/status.h>

#include "net/address.h"

enum {
    LARDER_WHY_BYTES = 192,
    /* A recv on such a socket returns after about this time at the latest. */
    LARDER_SOCKET_SLICE_MS = 10
};

/* Connects: all addresses of the name in turn, each with its share of the time.
 * The socket is closed on exec, never raises SIGPIPE where sends are made with
 * MSG_NOSIGNAL, and notices a peer that vanished.
 * OK; E_UNAVAILABLE, E_TIMEOUT, E_NOMEM, with a text in ret_why. */
enum larder_status larder_socket_open(const struct larder_address *address,
                                      const struct larder_clock *clock, int64_t deadline_ns,
                                      int *ret_fd, char ret_why[LARDER_WHY_BYTES]);

/* Waits for poll's events; signals do not prolong it. OK, E_TIMEOUT. */
enum larder_status larder_socket_wait(int fd, short events, const struct larder_clock *clock,
                                      int64_t deadline_ns, short *ret_events);

/* Whether an idle connection has nothing to say: no end, no bytes nobody asked for. */
bool larder_socket_is_quiet(int fd);

#endif
