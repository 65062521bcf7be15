/* SPDX-License-Identifier: MIT */
/*
 * From msgpack-c's object tree to values, types checked as a careful author
 * would. False: no such value, or no memory; what was made so far is in place,
 * to be released.
 */
#ifndef LARDER_BENCH_MSGPACK_WALK_H
#define LARDER_BENCH_MSGPACK_WALK_H

#include <msgpack.h>

#include "graph.h"

bool msgpack_walk_session(const msgpack_object *o, struct graph_arena *arena,
                          struct codec_session *s);
bool msgpack_walk_product(const msgpack_object *o, struct graph_arena *arena,
                          struct codec_product *p);
bool msgpack_walk_catalogue(const msgpack_object *o, struct graph_arena *arena,
                            struct codec_catalogue *c);

#endif
