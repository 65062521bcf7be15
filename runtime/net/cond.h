/* SPDX-License-Identifier: MIT */
/*
 * Condition variables that wait for a deadline of the cache's clock.
 */
#ifndef LARDER_NET_COND_H
#define LARDER_NET_COND_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include <larder/config.h>

/* On the monotonic clock, so that setting the time of day moves no deadline. */
bool larder_cond_init(pthread_cond_t *cond);

/* Waits once. False: the deadline has passed. True: look at the condition again. */
bool larder_cond_wait(pthread_cond_t *cond, pthread_mutex_t *mutex,
                      const struct larder_clock *clock, int64_t deadline_ns);

#endif
