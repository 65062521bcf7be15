/* SPDX-License-Identifier: MIT */
/* Values of kitchen.yaml to write, and what it is for two of them to be equal. */
#ifndef LARDER_TESTS_SAMPLES_H
#define LARDER_TESTS_SAMPLES_H

#include "kitchen_cache.h"

/* Everything present and of an ordinary size. */
const struct kitchen *sample_full(void);
/* Nothing optional, every list and map empty, strings empty. */
const struct kitchen *sample_bare(void);
/* Every number at the end of its range. */
const struct kitchen *sample_highest(void);
const struct kitchen *sample_lowest(void);

/* NULL: equal. Else the name of the first member that differs. */
const char *sample_difference(const struct kitchen *a, const struct kitchen *b);

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))
/* A list or map over an array of ours. */
#define LIST_OF(array)             \
    {                              \
        (array), COUNT_OF((array)) \
    }
#define BYTES(text)                                                    \
    {                                                                  \
        .data = (const unsigned char *)(text), .len = sizeof(text) - 1 \
    }

#endif
