/* SPDX-License-Identifier: MIT */
#include "net/wake.h"

#include <limits.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"

static const int64_t NS_A_SECOND = 1000000000;
static const int64_t WAIT_MAX_NS = 3600 * INT64_C(1000000000); /* then it looks again */

bool larder_wake_wait(struct larder_wake *wake, uint32_t seen, const struct larder_clock *clock,
                      int64_t deadline_ns)
{
    int64_t now_ns = larder_clock_now_ns(clock);
    if (deadline_ns <= now_ns) {
        return false;
    }
    /* The clock may be a test's own: only the distance is taken from it. */
    bool near = now_ns < 0 || deadline_ns - now_ns < WAIT_MAX_NS;
    int64_t left_ns = near ? deadline_ns - now_ns : WAIT_MAX_NS;
    struct timespec left = {.tv_sec = (time_t)(left_ns / NS_A_SECOND),
                            .tv_nsec = (long)(left_ns % NS_A_SECOND)};
    /* Either the waker sees this sleeper, or the kernel sees the waker's word. */
    atomic_fetch_add(&wake->sleepers, 1);
    syscall(SYS_futex, &wake->word, FUTEX_WAIT_PRIVATE, seen, &left, NULL, 0);
    atomic_fetch_sub(&wake->sleepers, 1);
    return true;
}

void larder_wake_all(struct larder_wake *wake)
{
    atomic_fetch_add(&wake->word, 1);
    if (atomic_load(&wake->sleepers) != 0) {
        syscall(SYS_futex, &wake->word, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0);
    }
}
