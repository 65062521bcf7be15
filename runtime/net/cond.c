/* SPDX-License-Identifier: MIT */
#include "net/cond.h"

#include <time.h>

#include "base/clock.h"

static const int64_t NS_A_SECOND = 1000000000;
static const int64_t WAIT_MAX_NS =
    3600 * 1000000000LL; /* far from any overflow; then it looks again */

bool larder_cond_init(pthread_cond_t *cond)
{
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    bool ok = pthread_cond_init(cond, &attributes) == 0;
    pthread_condattr_destroy(&attributes);
    return ok;
}

bool larder_cond_wait(pthread_cond_t *cond, pthread_mutex_t *mutex,
                      const struct larder_clock *clock, int64_t deadline_ns)
{
    int64_t now_ns = larder_clock_now_ns(clock);
    struct timespec until;
    if (deadline_ns <= now_ns) {
        return false;
    }
    /* The clock may be a test's own: only the distance is taken from it. */
    int64_t left_ns = deadline_ns < now_ns + WAIT_MAX_NS ? deadline_ns - now_ns : WAIT_MAX_NS;
    clock_gettime(CLOCK_MONOTONIC, &until);
    int64_t ns = until.tv_nsec + left_ns;
    until.tv_sec += (time_t)(ns / NS_A_SECOND);
    until.tv_nsec = (long)(ns % NS_A_SECOND);
    pthread_cond_timedwait(cond, mutex, &until);
    return true;
}
