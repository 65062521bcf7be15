/* SPDX-License-Identifier: MIT */
/*
 * A TCP proxy on the loopback that does to a connection what networks and
 * servers do to it on their bad days.
 *
 *     struct faultproxy *proxy = faultproxy_start(server.port, seed);
 *     ... connect to faultproxy_port(proxy) ...
 *     faultproxy_rule(proxy, FAULTPROXY_TO_CLIENT,
 *                     &(struct faultproxy_rule){.end = FAULTPROXY_END_RESET, .after_bytes = 3});
 *     ... the client reads three bytes more, then ECONNRESET ...
 *     faultproxy_rule(proxy, FAULTPROXY_TO_CLIENT, NULL);
 *     faultproxy_stop(proxy);
 *
 * A rule holds for one direction of all connections, those that are open and
 * those to come, until another takes its place. What it counts, bytes and
 * frames, it counts in each connection, from its start or from when the rule
 * was given, whichever is later. A frame is a RESP reply, or a command; it is
 * passed on when it is whole. Bytes that are not RESP are passed on as they are.
 *
 * One thread of its own serves all connections. Threads: any may give rules.
 */
#ifndef TESTS_SUPPORT_FAULTPROXY_H
#define TESTS_SUPPORT_FAULTPROXY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum faultproxy_direction { FAULTPROXY_TO_SERVER, FAULTPROXY_TO_CLIENT, FAULTPROXY_DIRECTIONS };

/* What happens in place of the byte behind after_bytes, when it is to be passed on. */
enum faultproxy_end {
    FAULTPROXY_END_NONE,
    FAULTPROXY_END_STOP,       /* takes no more: the sender meets a full window */
    FAULTPROXY_END_BLACK_HOLE, /* takes all and passes on nothing */
    FAULTPROXY_END_HALF_CLOSE, /* the receiver reads an end; the other direction goes on */
    FAULTPROXY_END_RESET       /* both sides read a reset */
};

struct faultproxy_rule {
    int latency_ms;
    int jitter_ms;      /* up to so much more, at random; the order stays */
    size_t slice_bytes; /* passed on so many at a time, */
    int slice_ms;       /* each so long after the one before; 0 bytes: as they come */
    enum faultproxy_end end;
    size_t after_bytes;
    bool flip;      /* one bit is turned, once in all: */
    size_t flip_at; /* counted in bits, the lowest of a byte first */
    /* Of the frames, counted from 1; 0: none. */
    size_t drop_frame;
    size_t duplicate_frame;
    size_t replay_frame; /* the frame before stands in its place */
    int duplicate_ms;    /* the duplicate comes so much later */
    bool once;           /* end, flip or frame happen once in all, then the rule is gone */
};

enum faultproxy_accept {
    FAULTPROXY_ACCEPT_SERVE,
    FAULTPROXY_ACCEPT_REFUSE, /* nobody listens */
    FAULTPROXY_ACCEPT_RESET,  /* accepts and resets */
    FAULTPROXY_ACCEPT_HANG    /* accepts and says nothing, also when served again */
};

struct faultproxy_counts {
    uint64_t connections;                  /* accepted */
    uint64_t peak_dials;                   /* the most that were accepted within one second */
    uint64_t bytes[FAULTPROXY_DIRECTIONS]; /* passed on */
    uint64_t frames[FAULTPROXY_DIRECTIONS];
    uint64_t faults; /* ends, flips and frames that happened */
    int open;        /* connections now */
};

struct faultproxy;

/* To the server at this port of the loopback. The seed is the jitter's. NULL: no
 * socket, thread or memory. */
struct faultproxy *faultproxy_start(int server_port, uint64_t seed);
/* NULL is fine. */
void faultproxy_stop(struct faultproxy *proxy);

int faultproxy_port(const struct faultproxy *proxy);

/* NULL: no rule. What was held back by the rule before is passed on. In force
 * when it returns. */
void faultproxy_rule(struct faultproxy *proxy, enum faultproxy_direction direction,
                     const struct faultproxy_rule *rule);
void faultproxy_accept(struct faultproxy *proxy, enum faultproxy_accept accept);
/* Connections from now on go to another server. */
void faultproxy_server(struct faultproxy *proxy, int server_port);
/* Resets all that are open. */
void faultproxy_reset_all(struct faultproxy *proxy);

void faultproxy_counts(struct faultproxy *proxy, struct faultproxy_counts *ret_counts);

#endif
