/* SPDX-License-Identifier: MIT */
#include "callers.h"

#include <pthread.h>
#include <string.h>

#include "bench_options.h"
#include "latency.h"

/* What the threads share; written before the barrier opens. */
struct shift {
    callers_fn *call;
    void *user;
    int64_t end_ns;
    pthread_barrier_t begin;
};

struct caller {
    _Alignas(64) size_t number;
    struct shift *shift;
    pthread_t thread;
    int64_t ended_ns;
    struct latency latency;
};

static struct caller callers[CALLERS_MAX];

static void *work(void *user)
{
    struct caller *self = user;
    const struct shift *shift = self->shift;
    uint32_t turn = 12345 + 7919 * (uint32_t)self->number;
    (void)pthread_barrier_wait(&self->shift->begin);
    int64_t now_ns = rounds_now_ns();
    do {
        const int64_t began_ns = now_ns;
        turn = turn * 1664525 + 1013904223;
        shift->call(shift->user, self->number, turn >> 8);
        now_ns = rounds_now_ns();
        latency_add(&self->latency, now_ns - began_ns);
    } while (now_ns < shift->end_ns);
    self->ended_ns = now_ns;
    return NULL;
}

static void start(struct shift *shift, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        memset(&callers[i].latency, 0, sizeof callers[i].latency);
        callers[i].number = i;
        callers[i].shift = shift;
        if (pthread_create(&callers[i].thread, NULL, work, &callers[i]) != 0) {
            bench_give_up("cannot start a thread");
        }
    }
}

void callers_run(callers_fn *call, void *user, size_t count, int ms,
                 struct callers_result *ret_result)
{
    static struct latency all;
    struct shift shift = {.call = call, .user = user};
    if (pthread_barrier_init(&shift.begin, NULL, (unsigned)count + 1) != 0) {
        bench_give_up("no barrier");
    }
    start(&shift, count);
    const int64_t began_ns = rounds_now_ns();
    int64_t ended_ns = began_ns;
    shift.end_ns = began_ns + ms * INT64_C(1000000);
    (void)pthread_barrier_wait(&shift.begin);

    memset(&all, 0, sizeof all);
    for (size_t i = 0; i < count; i++) {
        (void)pthread_join(callers[i].thread, NULL);
        ended_ns = callers[i].ended_ns > ended_ns ? callers[i].ended_ns : ended_ns;
        latency_merge(&all, &callers[i].latency);
    }
    (void)pthread_barrier_destroy(&shift.begin);
    ret_result->calls_per_s = (double)all.calls * 1e9 / (double)(ended_ns - began_ns);
    ret_result->p99_us = latency_quantile_us(&all, 0.99);
}
