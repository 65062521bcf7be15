/* SPDX-License-Identifier: MIT */
/*
 * The backend on a Redis (>= 7.0) or Valkey (>= 7.2) server.
 */
#ifndef LARDER_BACKEND_REDIS_H
#define LARDER_BACKEND_REDIS_H

#include "backend/backend.h"
#include "net/address.h"

struct larder_redis_options {
    struct larder_address address;
    int max_connections;        /* >= 1 */
    int64_t connect_timeout_ms; /* > 0 */
    int64_t spin_us;            /* >= 0; see net/spin.h */
    size_t max_reply_bytes;     /* a longer one closes the connection */
};

/* Connects when first used, not here; copies the options. NULL: out of memory. */
struct larder_backend *larder_redis_new(const struct larder_backend_env *env,
                                        const struct larder_redis_options *options);

#endif
