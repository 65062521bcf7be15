/* SPDX-License-Identifier: MIT */
/* What bench/run tells each of its programs, and how a program gives up. */
#ifndef LARDER_BENCH_BENCH_OPTIONS_H
#define LARDER_BENCH_BENCH_OPTIONS_H

#include "rounds.h"

struct bench_options {
    struct rounds rounds;
    int port;           /* of the server, on 127.0.0.1; 0: there is none */
    const char *socket; /* its unix socket, or NULL */
    int round_ms;       /* a round of one side, where rounds go by time */
    int spin_us;        /* larder's REDIS_SPIN_US */
    int callers;        /* only with so many threads; 0: all that the table has */
    const char *child;  /* a program to start and its argument, or NULL */
    const char *child_arg;
    const char *placement; /* in words, for the line above the table */
    int encoder_bytes;     /* of machine code, for the product; 0: not told */
    int decoder_bytes;
};

/*
 *     PROGRAM --table NAME --rounds N --form table|json
 *             [--port N --socket PATH] [--round-ms N] [--spin-us N] [--callers N] [--placement TEXT]
 *             [--child PROGRAM --child-arg TEXT] [--encoder-bytes N --decoder-bytes N]
 *
 * Ends the process with status 2 when they are wrong. The strings are argv's.
 */
void bench_options_read(int argc, char **argv, struct bench_options *ret_options);

/* Says what went wrong, with larder's and the system's last error; exit status 1. */
_Noreturn void bench_give_up(const char *what);

#endif
