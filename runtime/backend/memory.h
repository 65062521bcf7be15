/* SPDX-License-Identifier: MIT */
/*
 * The backend without a server: one bounded store in this process.
 *
 * The embedded default of demos, of users' unit tests and of machines without
 * Redis. Same calls, same answers; values are stored encoded, so what a
 * service can read from Redis it can read from here. A child of fork() has what
 * its parent had at that moment, and from then on values of its own.
 */
#ifndef LARDER_BACKEND_MEMORY_H
#define LARDER_BACKEND_MEMORY_H

#include "backend/backend.h"

/* max_bytes bounds keys, values and overhead together. NULL: out of memory. */
struct larder_backend *larder_memory_new(const struct larder_backend_env *env, size_t max_bytes);

#endif
