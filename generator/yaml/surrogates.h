/* SPDX-License-Identifier: MIT */
/*
 * JSON writes a character past U+FFFF as two escapes, which libyaml refuses.
 * For the room yaml/ only.
 */
#ifndef LARDER_GENERATOR_SURROGATES_H
#define LARDER_GENERATOR_SURROGATES_H

#include "base/arena.h"
#include "base/diag.h"

/* JSON text with each pair "\ud83d\ude00" as YAML's one escape "\U0001f600";
 * what is no JSON, or holds none, as it is. A pair becomes shorter by two: so
 * much are later columns of its line too small. */
struct src_file yml_join_surrogates(struct arena *arena, const struct src_file *file);

#endif
