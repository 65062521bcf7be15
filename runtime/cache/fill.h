/* SPDX-License-Identifier: MIT */
/*
 * What was loaded, on its way into the entry: under the claim that was made before the
 * loader ran, or not at all.
 *
 *     larder_fill_begin(&fill, fetch, &load);
 *     status = ... the loader runs ...
 *     planned = larder_fill_plan(&fill, status, out, &landing);
 *     if (planned) { fill.moment = larder_fill_moment(&fill); ... fill.op is run ... }
 *     larder_fill_end(&fill, planned, &landing);
 *     larder_fill_release(&fill);
 *
 * so that the operations of many fills can be run in one trip.
 */
#ifndef LARDER_CACHE_FILL_H
#define LARDER_CACHE_FILL_H

#include "cache/fetch.h"
#include "cache/loader.h"
#include "cache/storing.h"

/* One load, from the loader to the entry. Stays where it is. */
struct larder_fill {
    struct larder_fetch *fetch;
    const struct larder_load *load;
    struct larder_storing storing;
    struct larder_writer w;
    uint64_t begun;   /* the moment at which the loader began */
    int64_t begun_ns; /* never 0 */
    struct larder_op op;
    uint64_t moment; /* before `op` is run */
    uint8_t room[LARDER_STACK_ROOM_BYTES];
};

/* Just before the loader runs. */
void larder_fill_begin(struct larder_fill *fill, struct larder_fetch *fetch,
                       const struct larder_load *load);

/* What the loader answered and gave: makes it a value, and the operation by which the entry is
 * told. False: there is none. The landing has no moment yet. */
bool larder_fill_plan(struct larder_fill *fill, enum larder_status status, const void *out,
                      struct larder_landing *ret_landing);

/* The moment at which what was loaded is offered to the entry: if its claim still stands
 * then, no invalidation that had returned by then came after it. */
static inline uint64_t larder_fill_moment(const struct larder_fill *fill)
{
    const struct larder_fetch *fetch = fill->fetch;
    return larder_flights_moment(&fetch->cache->flights, fetch->fingerprint);
}

/* After the operation was run: counts, and says what came of it and whom it is for. */
void larder_fill_end(struct larder_fill *fill, bool planned, struct larder_landing *landing);
void larder_fill_release(struct larder_fill *fill);

#endif
