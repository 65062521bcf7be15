/* SPDX-License-Identifier: MIT */
/*
 * A batch of operations as an exchange of Redis commands.
 *
 * DESIGN. Operations become commands in order, and replies become answers in
 * order; both ends walk the same array, so a batch of any size needs no memory
 * of its own. A batch of reads only goes as MGETs of up to 512 keys, all in
 * one trip. A single GET may be made one MGET with those of other callers that go with
 * it (net/bundle.h).
 *
 *     op        commands                          answers
 *     GET       GET k                             bulk: the sink's; nil: MISS
 *     RENEW     GETEX k PX ms                     as GET
 *     HEAD      STRLEN k, GETRANGE k 0 159        as GET, but '' is MISS
 *     SET       SET k v [PX ms]                   OK
 *     DELETE    GETRANGE k 0 1, UNLINK k          1 and no claim nor mark: OK; MISS
 *     EXISTS    GETRANGE k 0 1                    '' or a claim: MISS; a mark: ABSENT; OK
 *     TTL       PTTL k, GETRANGE k 0 1            >= -1 and an entry: OK; MISS
 *     CLAIM     SET k v NX GET [PX ms]            nil: won; bulk: the sink's
 *     PING      PING                              PONG: OK
 *     SCAN      EVAL script 0 cursor pattern      bulk: the sink's
 *
 * Everything else is a script (backend/redis_scripts.h): ADD REPLACE EXPIRE TAKE FILL RELEASE
 * SOFTEN BUMP TIME, SET with versions, and RENEW that keeps the end of a mark.
 *
 * A value of another key says one of two things: replies are out of step, and
 * all that the connection will say is of no use; or somebody stored it there, and
 * the connection is as good as any. Which, the next connection tells: the first
 * is closed behind these replies, and the read is made once more. So as not to
 * close and dial for each read of such a key, the sight of one closes no
 * connection for a second, unless the second read was in step.
 */
#ifndef LARDER_BACKEND_REDIS_BATCH_H
#define LARDER_BACKEND_REDIS_BATCH_H

#include <stdatomic.h>

#include "backend/backend.h"
#include "net/exchange.h"

/* What is worth a line in the log. */
enum larder_batch_note {
    LARDER_BATCH_NOTE_FOREIGN, /* a value of another type */
    LARDER_BATCH_NOTE_ERROR,   /* an error of the server */
    LARDER_BATCH_NOTE_COUNT
};

enum {
    LARDER_BATCH_QUOTE_BYTES = 121,
    /* proto-max-bulk-len, as every server has it until told otherwise. */
    LARDER_BATCH_VALUE_MAX_BYTES = 512 << 20
};

/* Of one server, for all its batches. */
struct larder_step_watch {
    const struct larder_clock *clock;
    _Atomic int64_t quiet_until_ns; /* no connection is closed for being out of step; 0: may be */
};

struct larder_batch {
    struct larder_exchange base;
    struct larder_step_watch *watch;
    struct larder_op *ops;
    size_t count;
    bool whole;     /* scripts are sent with their texts */
    bool no_script; /* the server has not got one of them: those operations are to be run again */
    struct larder_op *time; /* the TIME among them; NULL: there is none */
    bool reads_only;        /* GETs, more than one: MGET */
    unsigned trouble;       /* what its errors say of it: a set of larder_reply_breaker */
    /* sending: ops before `sent` were filled, those from `filled_from` by the last fill */
    size_t sent;
    size_t filled_from;
    /* receiving: ops before `answered` have their answers */
    size_t answered;
    size_t reply_ends;        /* the current reply is of the ops before this */
    size_t replies;           /* of the current op's commands, */
    size_t nth;               /* and which of them is current, from 0 */
    bool refused;             /* the current op's first command met an error */
    bool foreign_key;         /* a value of another key was among the answers, */
    bool out_of_step;         /* and its connection goes for it: reads are to be made again */
    enum larder_status error; /* what the server's last refusal means; OK: none */
    /* The server's last words of each kind; empty: none. */
    char notes[LARDER_BATCH_NOTE_COUNT][LARDER_BATCH_QUOTE_BYTES];
};

/* Whether a server would take it: 512 MB a value. */
static inline bool larder_batch_fits(const struct larder_op *op)
{
    const size_t max = LARDER_BATCH_VALUE_MAX_BYTES;
    return op->key_len <= max && op->value_len <= max - op->key_len;
}

/* All operations must fit; count > 0. */
void larder_batch_init(struct larder_batch *batch, struct larder_op *ops, size_t count,
                       struct larder_step_watch *watch, bool whole);

/* After a run: notes a refusal of the server for larder_last_error(), of this
 * thread; the replies may have been taken on another. */
void larder_batch_tell(const struct larder_batch *batch);

/* After a failed run: whether it can be run again with the same meaning: no
 * answer came, and no operation is of the kind that answers otherwise when it is
 * made twice, or nothing was sent. */
bool larder_batch_may_repeat(const struct larder_batch *batch);

/* After a second run, because the first was out of step: if this one was not,
 * the next that is may be met in the same way at once. */
void larder_batch_note_step(const struct larder_batch *again);

/* After a second run: what the first one may have done is not forgotten. */
void larder_batch_merge(struct larder_batch *again, const struct larder_batch *first);

/* Gives all operations without an answer this one; writes that may have reached
 * the server are UNKNOWN. */
void larder_batch_fail_rest(struct larder_batch *batch, enum larder_status status);

#endif
