/* SPDX-License-Identifier: MIT */
/* The products that are measured with: 64 different ones of about 400 bytes. */
#ifndef LARDER_BENCH_GOODS_H
#define LARDER_BENCH_GOODS_H

#include "whole_cache.h"

enum { GOODS = 64 };

/* In the library's lifetime the same; made at the first call. */
const struct stall_product *goods(void);

/* A number from every field: equal for equal products, and what keeps both
 * sides honest about having decoded everything. */
uint64_t goods_sum(const struct stall_product *p);

#endif
