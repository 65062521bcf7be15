/* SPDX-License-Identifier: MIT */
/* The backend that holds nothing: every read misses, every write is OK. */
#ifndef LARDER_BACKEND_OFF_H
#define LARDER_BACKEND_OFF_H

#include "backend/backend.h"

/* NULL: out of memory. */
struct larder_backend *larder_off_new(const struct larder_backend_env *env);

#endif
