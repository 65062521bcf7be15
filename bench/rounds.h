/* SPDX-License-Identifier: MIT */
/*
 * Two ways to do one thing, measured side by side.
 *
 * Rounds alternate between the two, so that whatever else the machine does
 * meets both. Reported are the median of each and the median of the rounds'
 * ratios, which is steadier than the ratio of the medians.
 *
 * A ratio is ours divided by the peer's, whatever the unit: of a time, below 1
 * is better; of calls a second ("k/s"), above 1 is.
 */
#ifndef LARDER_BENCH_ROUNDS_H
#define LARDER_BENCH_ROUNDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { ROUNDS_MAX = 99 };

struct rounds {
    const char *table;
    int count;  /* 5..ROUNDS_MAX */
    bool json;  /* a line of JSON a case, in place of the table's row */
    bool begun; /* the table's head is printed */
};

/* Does it n times. */
typedef void rounds_fn(void *user, size_t n);

struct rounds_case {
    const char *name;
    const char *peer;
    rounds_fn *ours;
    rounds_fn *peers;
    void *user;
    size_t n;          /* times a round */
    rounds_fn *before; /* before each side's turn, not timed; may be NULL */
    bool on_core;      /* of what waits for nobody: only time on the core counts, in ns */
};

int64_t rounds_now_ns(void);

/* Warms both up, runs the rounds, prints one row in µs (in ns, see on_core). */
void rounds_run(struct rounds *rounds, const struct rounds_case *a_case);

/* Does it n times; µs each. */
double rounds_time_us(rounds_fn *run, void *user, size_t n);

/* Prints one row of what each round measured, rounds->count numbers of each
 * side: medians, and the median of their ratios. */
void rounds_report(struct rounds *rounds, const char *name, const char *peer, const double *ours,
                   const double *peers, const char *unit);

/* Prints a row that was measured elsewhere. */
void rounds_print(struct rounds *rounds, const char *name, const char *peer, double ours,
                  double peers, const char *unit, double ratio);

/* Of count numbers, which are sorted by it. */
double rounds_median(double *numbers, size_t count);

#endif
