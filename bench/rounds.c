/* SPDX-License-Identifier: MIT */
#include "rounds.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static int64_t now_ns(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

int64_t rounds_now_ns(void)
{
    return now_ns(CLOCK_MONOTONIC);
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

double rounds_time_us(rounds_fn *run, void *user, size_t n)
{
    const int64_t started_ns = rounds_now_ns();
    run(user, n);
    return (double)(rounds_now_ns() - started_ns) / 1000 / (double)n;
}

static double turn(const struct rounds_case *a_case, rounds_fn *run, size_t n)
{
    if (a_case->before != NULL) {
        a_case->before(a_case->user, n);
    }
    if (!a_case->on_core) {
        return rounds_time_us(run, a_case->user, n);
    }
    const int64_t started_ns = now_ns(CLOCK_PROCESS_CPUTIME_ID);
    run(a_case->user, n);
    return (double)(now_ns(CLOCK_PROCESS_CPUTIME_ID) - started_ns) / (double)n;
}

void rounds_run(struct rounds *rounds, const struct rounds_case *a_case)
{
    double ours[ROUNDS_MAX];
    double peers[ROUNDS_MAX];
    const size_t n = a_case->n;
    (void)turn(a_case, a_case->peers, n / 4 + 1);
    (void)turn(a_case, a_case->ours, n / 4 + 1);
    for (size_t i = 0; i < (size_t)rounds->count; i++) {
        /* Who goes first changes too. */
        if (i % 2 == 0) {
            ours[i] = turn(a_case, a_case->ours, n);
        }
        peers[i] = turn(a_case, a_case->peers, n);
        if (i % 2 == 1) {
            ours[i] = turn(a_case, a_case->ours, n);
        }
    }
    rounds_report(rounds, a_case->name, a_case->peer, ours, peers, a_case->on_core ? "ns" : "us");
}

static double median_of(const double *numbers, size_t count)
{
    double sorted[ROUNDS_MAX];
    memcpy(sorted, numbers, count * sizeof *numbers);
    return rounds_median(sorted, count);
}

void rounds_report(struct rounds *rounds, const char *name, const char *peer, const double *ours,
                   const double *peers, const char *unit)
{
    double ratios[ROUNDS_MAX];
    const size_t count = (size_t)rounds->count;
    for (size_t i = 0; i < count; i++) {
        ratios[i] = ours[i] / peers[i];
    }
    rounds_print(rounds, name, peer, median_of(ours, count), median_of(peers, count), unit,
                 rounds_median(ratios, count));
}

/* Four digits, written out: 10030, not 1.003e+04. */
static void write_number(char *text, size_t size, double number)
{
    (void)snprintf(text, size, number >= 1000 ? "%.0f" : "%.4g", number);
}

void rounds_print(struct rounds *rounds, const char *name, const char *peer, double ours,
                  double peers, const char *unit, double ratio)
{
    char our_text[32];
    char peers_text[32];
    write_number(our_text, sizeof our_text, ours);
    write_number(peers_text, sizeof peers_text, peers);
    if (rounds->json) {
        printf("{\"table\":\"%s\",\"case\":\"%s\",\"peer\":\"%s\",\"ours\":%s,\"peers\":%s,"
               "\"unit\":\"%s\",\"ratio\":%.3f}\n",
               rounds->table, name, peer, our_text, peers_text, unit, ratio);
    } else {
        if (!rounds->begun) {
            printf("%-34s %-32s %10s %10s %-6s %6s\n", "case", "peer", "ours", "peer's", "unit",
                   "ratio");
        }
        printf("%-34s %-32s %10s %10s %-6s %6.3f\n", name, peer, our_text, peers_text, unit, ratio);
    }
    rounds->begun = true;
    (void)fflush(stdout);
}
