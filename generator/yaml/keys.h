/* SPDX-License-Identifier: MIT */
/*
 * The keys of a map. For the room yaml/ only.
 */
#ifndef LARDER_GENERATOR_KEYS_H
#define LARDER_GENERATOR_KEYS_H

#include "yaml/doc.h"

/* Reports each key that was there before, with a note at the first of its
 * name. Takes n log n: a file may be one map of a million keys. */
void yml_check_keys(struct arena *arena, struct diag *diag, const struct yml_node *map);

#endif
