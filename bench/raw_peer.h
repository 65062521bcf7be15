/* SPDX-License-Identifier: MIT */
/*
 * The peer that is a bare socket: a command made beforehand, send, recv, and as
 * much of a parser as a bulk string needs. What no library can be faster than
 * on a connection of its own.
 */
#ifndef LARDER_BENCH_RAW_PEER_H
#define LARDER_BENCH_RAW_PEER_H

#include "bench_options.h"

enum { RAW_PEER_BUFFER = 4096 };

/* One thread a peer. */
struct raw_peer {
    int fd;
    size_t filled;
    char buffer[RAW_PEER_BUFFER]; /* of one reply */
};

/* Over TCP, without Nagle's delay. */
void raw_peer_open(struct raw_peer *peer, const struct bench_options *options);
void raw_peer_close(struct raw_peer *peer);

/* Writes `GET key` as the protocol has it; its length. */
size_t raw_peer_format_get(char *command, size_t size, const char *key);

/* Sends a command and receives its bulk string, which the peer keeps until the
 * next call; gives up on anything else and on more than fits. */
const char *raw_peer_call(struct raw_peer *peer, const char *command, size_t len, size_t *ret_len);

#endif
