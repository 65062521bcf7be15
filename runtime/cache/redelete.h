/* SPDX-License-Identifier: MIT */
/*
 * Deletions that are made once more (redelete_after).
 *
 * DESIGN. A loader that reads a replica may be given, just after a change, what was
 * there before it, and its claim was made after the deletion: nothing but time tells.
 * So each deletion of such an entity is made again, redelete_after later or soon
 * after that, by the cache's own thread (cache/worker.h): what was stored meanwhile goes, and
 * so does the claim of a load that is under way. A version is raised again where any entity
 * with versions asks for that: which ones carry a tag nobody knows. No caller waits for it. One that fails is
 * written down in the journal like any other; what is left when the cache closes is done then.
 */
#ifndef LARDER_CACHE_REDELETE_H
#define LARDER_CACHE_REDELETE_H

#include "cache/handle.h"

/* op, a deletion of any kind, was made: whether or not it failed, it is made once more where
 * the entity asks for that. */
void larder_redelete(struct larder_cache *cache, const struct larder_entity *entity,
                     const struct larder_op *op);

/* A version was raised. */
void larder_redelete_version(struct larder_cache *cache, const struct larder_version_key *key);

/* For the worker: jobs of larder_redelete(). */
void larder_redelete_run(struct larder_cache *cache, struct larder_job *const *jobs, size_t count,
                         int64_t deadline_ns);

#endif
