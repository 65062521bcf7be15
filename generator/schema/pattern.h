/* SPDX-License-Identifier: MIT */
/*
 * What a key's parameter can be, byte by byte. Inside this room.
 */
#ifndef LARDER_GENERATOR_PATTERN_H
#define LARDER_GENERATOR_PATTERN_H

#include <stdbool.h>

#include "schema/model.h"

struct byte_set {
    bool has[256];
};

/* Every byte that the parameter's text in a key can hold. */
void param_bytes(const struct sch_param *param, struct byte_set *ret_set);

#endif
