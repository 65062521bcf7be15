/* SPDX-License-Identifier: MIT */
/*
 * Deleting all values of a service, when nobody knows any more which of them
 * were invalidated.
 *
 * DESIGN. A journal that overflowed has lost keys: what is on the server for
 * them must be read by nobody, and which they are is not known. So when the
 * server answers again, all values of this service that it has are deleted, in
 * slices, by the calls that come:
 *
 *     look     one EVAL that changes nothing: a page of SCAN (some LARDER_SWEEP_KEYS
 *              keys that begin with the prefix) and the first bytes of each value
 *     judge    here: a value whose head has the fingerprint of its key, as one of
 *              our entities would write it, is ours, and nothing else is
 *     delete   those, as any DELETE
 *
 * So no other service, and nothing that shares the database or even our
 * pattern of keys, loses anything. SCAN gives every key that is there from the
 * first page to the last, whatever is written meanwhile, as long as the server
 * is the same process: another run_id, and it begins anew.
 *
 * It costs a server 1 to 2 ms a page, and a whole database a page for each
 * LARDER_SWEEP_KEYS keys in it. A server that refuses the EVAL is not swept.
 *
 * Threads: one at a time; who, is the caller's to say.
 */
#ifndef LARDER_CACHE_SWEEP_H
#define LARDER_CACHE_SWEEP_H

#include "backend/backend.h"
#include "base/bytes.h"

enum {
    LARDER_SWEEP_KEYS = 250, /* a page, more or less */
    LARDER_SWEEP_HEAD_BYTES = 32
};

/* Whose values they are; all outlive the sweep. */
struct larder_sweep_owner {
    const char *prefix; /* of the service's keys */
    /* Whether the value at this key, of which these are the first bytes, is of
     * the service. */
    bool (*owns)(const void *user, const char *key, size_t key_len, const uint8_t *head,
                 size_t head_len);
    const void *user;
};

enum { LARDER_SWEEP_WORD_BYTES = 48 };

/* Caller's storage. Nobody looks inside but sweep.c. */
struct larder_sweep {
    const struct larder_allocator *allocator;
    const struct larder_sweep_owner *owner;
    char cursor[LARDER_SWEEP_WORD_BYTES];
    char run_id[LARDER_SWEEP_WORD_BYTES]; /* of the server that gave it */
    uint64_t deleted;                     /* since it began */
};

void larder_sweep_init(struct larder_sweep *sweep, const struct larder_allocator *allocator,
                       const struct larder_sweep_owner *owner);

/* From the first page on. */
void larder_sweep_begin(struct larder_sweep *sweep);

/* How a sweep's operations are run. */
typedef void larder_sweep_run(void *user, struct larder_op *ops, size_t count, int64_t deadline_ns);

/* One slice. OK: go on; MISS: that was the last, all is gone; a failure: the
 * same page may be tried again, after E_AUTH and E_SERVER with little hope. */
enum larder_status larder_sweep_slice(struct larder_sweep *sweep, larder_sweep_run *run, void *user,
                                      int64_t deadline_ns);

#endif
