/* SPDX-License-Identifier: MIT */
#include "rounds.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

int64_t rounds_now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

static int by_size(const void *a, const void *b)
{
    const double x = *(const double *)a;
    const double y = *(const double *)b;
    return x < y ? -1 : x > y;
}

double rounds_median(double *numbers, size_t count)
{
    qsort(numbers, count, sizeof *numbers, by_size);
    return count % 2 == 1 ? numbers[count / 2] : (numbers[count / 2 - 1] + numbers[count / 2]) / 2;
}

static double time_us(rounds_fn *run, void *user, size_t n)
{
    const int64_t started_ns = rounds_now_ns();
    run(user, n);
    return (double)(rounds_now_ns() - started_ns) / 1000 / (double)n;
}

void rounds_run(struct rounds *rounds, const struct rounds_case *a_case)
{
    double ours[ROUNDS_MAX];
    double peers[ROUNDS_MAX];
    double ratios[ROUNDS_MAX];
    const size_t count = (size_t)rounds->count;
    a_case->peers(a_case->user, a_case->n / 4 + 1);
    a_case->ours(a_case->user, a_case->n / 4 + 1);
    for (size_t i = 0; i < count; i++) {
        /* Who goes first changes too. */
        if (i % 2 == 0) {
            ours[i] = time_us(a_case->ours, a_case->user, a_case->n);
        }
        peers[i] = time_us(a_case->peers, a_case->user, a_case->n);
        if (i % 2 == 1) {
            ours[i] = time_us(a_case->ours, a_case->user, a_case->n);
        }
        ratios[i] = ours[i] / peers[i];
    }
    rounds_print(rounds, a_case->name, a_case->peer, rounds_median(ours, count),
                 rounds_median(peers, count), "us", rounds_median(ratios, count));
}

void rounds_print(struct rounds *rounds, const char *name, const char *peer, double ours,
                  double peers, const char *unit, double ratio)
{
    if (rounds->json) {
        printf("{\"table\":\"%s\",\"case\":\"%s\",\"peer\":\"%s\",\"ours\":%.4g,\"peers\":%.4g,"
               "\"unit\":\"%s\",\"ratio\":%.3f}\n",
               rounds->table, name, peer, ours, peers, unit, ratio);
    } else {
        if (!rounds->begun) {
            printf("%-34s %-32s %10s %10s %-6s %6s\n", "case", "peer", "ours", "peer's", "unit",
                   "ratio");
        }
        printf("%-34s %-32s %10.4g %10.4g %-6s %6.3f\n", name, peer, ours, peers, unit, ratio);
    }
    rounds->begun = true;
    (void)fflush(stdout);
}
