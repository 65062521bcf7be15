/* SPDX-License-Identifier: MIT */
/*
 * An allocator that knows how much of its memory is in use, for targets that hold
 * what an input costs against its length. One thread.
 */
#ifndef TESTS_FUZZ_COUNTED_H
#define TESTS_FUZZ_COUNTED_H

#include <stddef.h>
#include <stdio.h>

#include <larder/config.h>

/* Bytes; whoever measures sets `most` to what is in use. */
struct counted {
    size_t in_use;
    size_t most;
};

extern struct counted counted;
extern const struct larder_allocator counting;

/* What must hold for every input. */
#define HOLDS(what) ((what) ? (void)0 : holds_not(__FILE__, __LINE__, #what))
_Noreturn void holds_not(const char *file, int line, const char *what);

#endif
