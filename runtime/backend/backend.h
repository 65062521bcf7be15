/* SPDX-License-Identifier: MIT */
/*
 * What a cache needs of a server, as one table of functions.
 *
 * DESIGN. A backend runs batches of operations. One call is a batch of one;
 * get_many, set_many, delete_many and events are batches of many and take one
 * round trip. Each operation carries its own answer, so a failed key never
 * fails its neighbours. A stored value is never copied for the reader: `sink`
 * is called with the bytes while they are still the backend's (a socket
 * buffer, an entry under its lock) and decodes them right there. A large one that
 * is read alone may even be received where `place` says.
 */
#ifndef LARDER_BACKEND_BACKEND_H
#define LARDER_BACKEND_BACKEND_H

#include <larder/larder.h>

struct larder_op;

/* Takes a stored value. Sets op->status (OK, or MISS when the bytes are not
 * what was asked for) and, if they are another key's, op->foreign_key. Must not
 * block nor call the backend; the bytes are borrowed until it returns. Seen
 * twice, the second sight counts. */
typedef void larder_op_sink(struct larder_op *op, const uint8_t *bytes, size_t len);

/* Where a value of `len` bytes may be received to, with room for two more and for 8
 * before it; NULL: nowhere. Asked before the bytes are there, perhaps in vain, and for
 * more than there will be; asked again, it may take back what it answered before. They stay
 * the op's user's: the sink may be given them there, and then may change them. */
typedef uint8_t *larder_op_place(struct larder_op *op, size_t len);

enum larder_op_kind {
    LARDER_OP_GET,     /* sink: OK or MISS by its word; no entry: MISS */
    LARDER_OP_SET,     /* OK */
    LARDER_OP_ADD,     /* OK; DENIED: there is an entry, and not the one that was `seen`. The sink,
                          if there is one, has its first LARDER_HEAD_BYTES, and `number` its length */
    LARDER_OP_REPLACE, /* OK; MISS: there is none but the one that was `seen` */
    LARDER_OP_DELETE,  /* OK: there was one; MISS */
    LARDER_OP_EXISTS,  /* OK, MISS; ABSENT: there is a mark */
    LARDER_OP_TTL,     /* OK: `number` in ms, -1 without expiry; MISS */
    LARDER_OP_EXPIRE,  /* ttl_ms from now, 0: for ever. OK, MISS */
    LARDER_OP_PING,    /* OK */
    LARDER_OP_SCAN,    /* key: a prefix; value: a cursor. sink: a page of keys (cache/sweep.h) */
    LARDER_OP_RENEW,   /* as GET; what is there then lives for ttl_ms from now, 0: for ever. `keep`:
                          but for a claim or a mark, which keeps its end (and it costs a script) */
    LARDER_OP_HEAD, /* as GET, of the first LARDER_HEAD_BYTES at most; `number`: the whole length */
    LARDER_OP_CLAIM, /* nothing there: `value` is stored for ttl_ms, and MISS with `number` 1.
                          Else as GET, with `number` 0. The token in `value` found there: `number` 1 */
    LARDER_OP_TAKE,  /* as CLAIM, and also over what is there, if it is still what was `seen`, or a
                          claim that has ended. `keep`: of a timed value only the claim's slot changes.
                          The claim's `until` is made ttl_ms from now by the server */
    LARDER_OP_FILL, /* OK: `value` stored for ttl_ms; E_LOST: the claim of `token` did not stand any
                          more, or a version is younger than `as_of`. It is over in any case */
    LARDER_OP_RELEASE, /* OK: the claim of `token` is gone, for pause_ms nobody's; E_LOST: it was */
    LARDER_OP_SOFTEN, /* OK: a timed value is stale from now on, its claim dead; anything else that is
                          there is deleted (a claim or a mark: MISS); MISS */
    LARDER_OP_BUMP,   /* OK: all `versions` are younger than anything stored until now; key: as the
                          first of them, for the journal */
    LARDER_OP_TIME    /* OK: the server's clock was asked, see now_ms; `number`: ms, rounded up */
};

/*
 * A claim or an absent mark (codec/envelope.h) is no entry to ADD, REPLACE, DELETE, EXISTS, TTL
 * and EXPIRE. An empty string is none either, but to GET and DELETE. A key of Redis
 * that holds another type than a string is a MISS, but that ADD is DENIED, and that SET,
 * DELETE, SOFTEN and a TAKE that has seen nothing do away with it.
 *
 * Versions are compared by their epochs and counts. FILL is lost where the clock's epoch is
 * not that of as_of, or its count is less; where a version is of the clock's epoch and its
 * count is more than that of as_of; or where a version had to be made anew (there was
 * none, or of another epoch: then it gets the clock) and the clock is more than as_of.
 */

/* What making an operation twice means: what decides whether one whose outcome
 * is unknown may be made again, within its deadline. One that is known not to
 * have been applied always may. A kind has one class, a generated call one kind. */
enum larder_class {
    LARDER_CLASS_READ,    /* GET RENEW HEAD EXISTS TTL PING TIME: nothing. May */
    LARDER_CLASS_CHECKED, /* CLAIM TAKE FILL RELEASE: a token tells that it was made before; a FILL
                                 or RELEASE that was is E_LOST. May */
    LARDER_CLASS_LAST_WINS,   /* SET REPLACE DELETE EXPIRE SOFTEN BUMP: the same state, and the same
                                 answer but for a DELETE's MISS. May */
    LARDER_CLASS_ACCUMULATING /* ADD, whose second answer would be DENIED by its first:
                                 another state, or another answer. May not */
};

extern const enum larder_class larder_op_classes[];

static inline enum larder_class larder_op_class(enum larder_op_kind kind)
{
    return larder_op_classes[kind];
}

/* Whether an operation of unknown outcome may be made again. */
static inline bool larder_class_repeats(enum larder_class class)
{
    return class != LARDER_CLASS_ACCUMULATING;
}

#define LARDER_HEAD_BYTES 160 /* no head of an entry is longer (codec/envelope.h) */

/* Keys of versions, and of the clock that numbers them (cache/versions.h). A value of
 * both is a MessagePack number in its 9-byte form. */
struct larder_version_key {
    const char *bytes;
    size_t len;
};

struct larder_op_versions {
    struct larder_version_key clock;
    const struct larder_version_key *keys;
    size_t count;
    int64_t ttl_ms;  /* of versions that are made, and of those that would end before the entry,
                        but never less than the entry's; 0: no expiry */
    uint64_t as_of;  /* FILL: the clock when the load began. BUMP, SET, ADD, REPLACE: of the clock,
                       if there is none: a random epoch */
    size_t as_of_at; /* SET, ADD, REPLACE: where in `value` those 8 bytes are put in */
};

struct larder_op {
    enum larder_op_kind kind;
    const char *key;
    size_t key_len;
    const uint8_t *value; /* SET ADD REPLACE CLAIM TAKE FILL */
    size_t value_len;
    int64_t ttl_ms;    /* of what is stored; EXPIRE, RENEW: 1..2^53, 0: no expiry; TAKE: 1.. */
    int64_t loaded_ns; /* FILL, SET of a loaded value: when its loader began (monotonic); else 0 */
    larder_op_sink *sink;   /* GET RENEW HEAD CLAIM TAKE; ADD: may be NULL */
    larder_op_place *place; /* GET RENEW; may be NULL */
    bool large;             /* GET RENEW: one that `place` is asked for is expected */
    size_t expected; /* GET RENEW: bytes of the value, if that can be guessed; 0: it cannot */
    void *user;      /* the sink's */
    const struct larder_op_versions *versions; /* SET ADD REPLACE FILL BUMP; NULL: none */
    const uint8_t
        *seen; /* TAKE ADD REPLACE: the first bytes of what was found and is of no use; NULL */
    size_t seen_len;
    size_t seen_total; /* ...and the length of all of it */
    uint64_t token;    /* TAKE FILL RELEASE: of the claim, above 1 */
    bool keep;         /* TAKE RENEW: see there */
    int64_t pause_ms;  /* RELEASE: for so long a kept value is nobody's to load; 0: it is free */
    int64_t window_ms; /* EXPIRE of a timed value: its stay beyond ttl_ms */
    /* Answers, set by the backend for every operation of a batch. */
    enum larder_status status;
    enum larder_outcome outcome; /* of a write */
    bool try_later;              /* refused, and not applied: in a moment it may not be */
    bool foreign_key;            /* the sink's: replies may be out of step */
    bool no_script;              /* redis: the server has not got its script, and did nothing */
    int64_t number;
};

/* Sets an operation's answer, and for a write what an answer of the server
 * says of it. A failure is left NOT_APPLIED: who knows otherwise says so after. */
static inline void larder_op_answer(struct larder_op *op, enum larder_status status)
{
    bool deletes = op->kind == LARDER_OP_DELETE || op->kind == LARDER_OP_SOFTEN;
    bool claims = op->kind == LARDER_OP_CLAIM || op->kind == LARDER_OP_TAKE;
    bool applied =
        status == LARDER_OK || (status == LARDER_MISS && (deletes || (claims && op->number == 1)));
    op->status = status;
    op->outcome = applied ? LARDER_APPLIED : LARDER_NOT_APPLIED;
    op->try_later = false;
}

/* Answers a CLAIM or TAKE whose claim was stored. */
static inline void larder_op_win(struct larder_op *op)
{
    op->number = 1;
    larder_op_answer(op, LARDER_MISS);
}

/* How long an entry stays after an EXPIRE, in ms, 0: for ever. */
static inline int64_t larder_op_stay_ms(const struct larder_op *op)
{
    int64_t stay_ms;
    if (op->ttl_ms == 0) {
        return 0;
    }
    bool over = __builtin_add_overflow(op->ttl_ms, op->window_ms, &stay_ms);
    return over || stay_ms > INT64_C(1) << 53 ? INT64_C(1) << 53 : stay_ms;
}

/* Whether its kind has `versions`, and it has. */
static inline bool larder_op_has_versions(const struct larder_op *op)
{
    const unsigned kinds = 1U << LARDER_OP_SET | 1U << LARDER_OP_ADD | 1U << LARDER_OP_REPLACE |
                           1U << LARDER_OP_FILL | 1U << LARDER_OP_BUMP;
    return (kinds >> op->kind & 1U) != 0 && op->versions != NULL;
}

struct larder_backend;

struct larder_backend_table {
    const char *name;
    /* Runs all operations, in order, before deadline_ns (monotonic); returns
     * when each has its answer. Never fails as a whole. Any thread. */
    void (*run)(struct larder_backend *backend, struct larder_op *ops, size_t count,
                int64_t deadline_ns);
    /* Adds what the backend knows: server, connections, entries, bytes. Does not block. */
    void (*health)(struct larder_backend *backend, struct larder_health *health);
    /* Whether the server is taken to be away: its breaker is not closed. One
     * load; NULL: never. */
    bool (*is_away)(const struct larder_backend *backend);
    /* The server's wall clock in ms, as far as it is known; *ret_age_ms: how long ago it was
     * asked, INT64_MAX: never. Does not block. */
    int64_t (*now_ms)(const struct larder_backend *backend, int64_t *ret_age_ms);
    void (*free)(struct larder_backend *backend);
};

/* Every backend begins with this. */
struct larder_backend {
    const struct larder_backend_table *table;
};

/* What every backend is made with; all pointers outlive it, none is NULL but `log`. */
struct larder_backend_env {
    const struct larder_allocator *allocator;
    const struct larder_clock *clock;
    const struct larder_log *log; /* may be NULL */
};

#endif
