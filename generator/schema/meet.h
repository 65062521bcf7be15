/* SPDX-License-Identifier: MIT */
/*
 * Which key patterns can produce one and the same key.
 *
 *     net_init(&net, arena);
 *     net_add(&net, prefix, entity, owner);      every pattern, with a number of the caller's
 *     net_find(&net, report, user);              each pair of owners whose keys can be equal
 *
 * DESIGN. All patterns go into one automaton over bytes, which is a tree as
 * long as they begin alike: literal text byte by byte, a parameter as a small
 * automaton of what its type can produce. Two patterns meet when two of its
 * ends can be reached by the same bytes, so all pairs of states that are
 * reachable together are walked, from (root, root) on. Patterns that part at
 * a literal byte never make a pair, so the walk costs about as much as the
 * patterns are long, and nothing is compared with everything.
 */
#ifndef LARDER_GENERATOR_MEET_H
#define LARDER_GENERATOR_MEET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "schema/model.h"

struct net {
    struct arena *arena;
    struct net_state *states;
    size_t state_count, state_capacity;
    struct net_edge *edges; /* the first is none */
    size_t edge_count, edge_capacity;
    struct net_param *params;
    size_t param_count, param_capacity;
    struct net_end *ends;
    size_t end_count, end_capacity;
};

typedef void net_report(void *user, size_t one, size_t other);

void net_init(struct net *net, struct arena *arena);
void net_add(struct net *net, const char *prefix, const struct sch_part *parts, size_t part_count,
             const struct sch_param *params, size_t owner);
/* Reports pairs, each at least once. False: more than the walk's bound of
 * pairs; some may be missing. */
bool net_find(const struct net *net, net_report *report, void *user);

#endif
