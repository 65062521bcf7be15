/* SPDX-License-Identifier: MIT */
/*
 * DESIGN. Each thread has a state of its own: no lock, no shared line. A child
 * of fork() must not repeat its parent's numbers, else all workers of a
 * pre-forking service would back off in step; a handler run in the child
 * counts up `generation`, and a state of another generation is seeded anew.
 *
 * The generator is xoshiro256** (David Blackman and Sebastiano Vigna,
 * "Scrambled Linear Pseudorandom Number Generators", 2021).
 */
#include "base/hash.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/random.h>
#include <time.h>

struct random_state {
    uint64_t s[4];
    unsigned generation; /* 0: never seeded */
};

static _Thread_local struct random_state state;
static atomic_uint generation = 1;
static pthread_once_t fork_watched = PTHREAD_ONCE_INIT;

static void child_forked(void)
{
    atomic_fetch_add_explicit(&generation, 1, memory_order_relaxed);
}

static void watch_fork(void)
{
    /* It fails only without memory; the child's numbers then repeat, no worse. */
    (void)pthread_atfork(NULL, NULL, child_forked);
}

/* For a system that has no random bytes yet: the clock and the thread tell states apart. */
static void seed_from_clock(struct random_state *to)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    uint64_t words[] = {(uint64_t)now.tv_sec, (uint64_t)now.tv_nsec, (uint64_t)(uintptr_t)to,
                        (uint64_t)pthread_self()};
    for (size_t i = 0; i < 4; i++) {
        to->s[i] = larder_hash64(words, sizeof words, i);
    }
}

static void seed(struct random_state *to, unsigned current)
{
    pthread_once(&fork_watched, watch_fork);
    ssize_t n = getrandom(to->s, sizeof to->s, GRND_NONBLOCK);
    if (n != (ssize_t)sizeof to->s) {
        seed_from_clock(to);
    }
    to->s[0] |= 1; /* all zeroes is the one state that stays as it is */
    to->generation = current;
}

static uint64_t rotate_left(uint64_t v, unsigned n)
{
    return v << n | v >> (64 - n);
}

uint64_t larder_random64(void)
{
    unsigned current = atomic_load_explicit(&generation, memory_order_relaxed);
    if (state.generation != current) {
        seed(&state, current);
    }
    uint64_t *s = state.s;
    uint64_t result = rotate_left(s[1] * 5, 7) * 9;
    uint64_t shifted = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= shifted;
    s[3] = rotate_left(s[3], 45);
    return result;
}
