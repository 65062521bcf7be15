/* SPDX-License-Identifier: MIT */
/*
 * An allocator that fails on demand and keeps account.
 *
 *     struct fail_alloc memory;
 *     fail_alloc_init(&memory);
 *     for (memory.fail_at = 1; ...; memory.fail_at++) {
 *         memory.calls = 0;
 *         ... something that takes &memory.allocator ...
 *         assert_int_equal(memory.live_blocks, 0);
 *         if (memory.calls < memory.fail_at) { break; } -- it was never reached
 *     }
 *
 * Threads: may be used by several; the members are set while none is at work.
 */
#ifndef LARDER_TESTS_FAIL_ALLOC_H
#define LARDER_TESTS_FAIL_ALLOC_H

#include <stdatomic.h>

#include <larder/config.h>

struct fail_alloc {
    struct larder_allocator allocator; /* what to hand on */
    size_t fail_at;                    /* this call, counted from 1, fails; 0: none */
    bool fail_after;                   /* and so do all behind it */
    atomic_size_t calls;               /* of alloc and resize */
    atomic_size_t live_blocks;         /* given out, not yet back */
    atomic_size_t live_bytes;
    atomic_size_t peak_bytes; /* the most that live_bytes ever was */
};

/* Fails nothing until fail_at is set. The struct must stay where it is. */
void fail_alloc_init(struct fail_alloc *memory);

#endif
