/* SPDX-License-Identifier: MIT */
/* Counts every malloc, calloc and realloc of the process, libraries included. */
#ifndef LARDER_BENCH_COUNT_MALLOC_H
#define LARDER_BENCH_COUNT_MALLOC_H

#include <stddef.h>

size_t count_malloc_calls(void);

#endif
