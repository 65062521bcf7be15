/* SPDX-License-Identifier: MIT */
/*
 * All entries of an entity.
 *
 * DESIGN. Where an event invalidates all of an entity at once, it has a version, and
 * raising that is all there is to do. Elsewhere its entries are looked for on the server
 * and deleted (cache/sweep.h): all keys that begin as the entity's do, a page at a time,
 * and of them those that carry its fingerprint, claims and marks of absence included. A
 * load that began before the call had its claim in its entry, and loses it with that; one
 * that begins later sees what was changed before the call. So it does not matter when its
 * value is stored.
 *
 * A database may be too large for the time of one call. What ran out of time is kept a
 * moment for the thread that called, so that its next call goes on with the next page.
 * The entries that it has passed may have come anew from loads that began after the first
 * of these calls; so for what was changed before that one, the last is complete.
 *
 * Threads: any; one unfinished clearing is kept a cache, the latest.
 */
#ifndef LARDER_CACHE_DELETE_ALL_H
#define LARDER_CACHE_DELETE_ALL_H

#include "cache/handle.h"

/* Forgets what is unfinished. */
void larder_clearing_free(struct larder_cache *cache);

#endif
