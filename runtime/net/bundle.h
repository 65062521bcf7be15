/* SPDX-License-Identifier: MIT */
/*
 * Exchanges of several callers that go over a connection together.
 *
 * DESIGN. A bundle is collected (commands are appended to its buffer, a slot for
 * each exchange to its row), then sent, then answered. Whoever reads the
 * connection hands each reply to the exchange it belongs to, on behalf of that
 * exchange's caller, who sleeps meanwhile. Slots are the connection's; tickets
 * are the callers', on their stacks. A caller that gives up leaves its slot
 * behind, which knows how many replies are to be dropped, and of which shape.
 *
 * Reads of one key each that stand beside each other become one command when the bundle
 * is sent (struct larder_merge): for the server that is half the work. Its reply's elements
 * are handed out as replies are. An error in its place may be the fault of any one of them,
 * so it is given to none: their tickets say AGAIN, and each goes by itself then, within
 * its own deadline.
 *
 *                 hand over                    the last reply
 *     WAITING ───────────────▶ LEADING ──────────────────────▶ DONE
 *      │   ▲                                                    ▲
 *      │   └── no bytes left ──┐                                │
 *      │      a reply came     │          the last reply        │
 *      ├──────────────────▶ DELIVERING ─────────────────────────┘
 *      │
 *      └─ its caller gives up ─▶ ABANDONED      (also LEADING, by its caller)
 *
 * Only in WAITING may either side move; each does it with one compare-exchange,
 * so a reply is either delivered to a caller that is still there, or dropped.
 * DELIVERING never spans a system call: its caller, should it want to give up
 * just then, waits for its end. What is due is told by the place in the row,
 * never by the states: these may lag behind what was received.
 *
 * Threads: collecting and withdrawing, under the owner's lock; from when it is
 * sent, the one that reads the connection. larder_bundle_abandon: the slot's
 * caller, under that lock as well.
 */
#ifndef LARDER_NET_BUNDLE_H
#define LARDER_NET_BUNDLE_H

#include <stdatomic.h>

#include "net/exchange.h"
#include "net/socket.h"
#include "net/wake.h"

enum {
    LARDER_BUNDLE_SLOTS = 128,
    LARDER_BUNDLE_BYTES = 256 * 1024 /* it is full when there are so many */
};

enum larder_ticket_state {
    LARDER_TICKET_WAITS,
    LARDER_TICKET_LEADS, /* its caller is to read the connection */
    LARDER_TICKET_DONE,  /* `status` tells; nobody touches ticket and exchange any more */
    LARDER_TICKET_AGAIN  /* nothing was sent, or answered; it is to be submitted anew */
};

/* What a caller waits with. Its storage, until it is DONE, AGAIN or abandoned. */
struct larder_ticket {
    struct larder_exchange *exchange;
    int64_t deadline_ns;
    _Atomic uint32_t state; /* enum larder_ticket_state */
    enum larder_status status;
    bool dropped;               /* it failed before its turn came */
    char why[LARDER_WHY_BYTES]; /* of a failure */
    struct larder_bundle *bundle;
    size_t slot;
};

enum larder_slot_state {
    LARDER_SLOT_WAITING,
    LARDER_SLOT_DELIVERING,
    LARDER_SLOT_LEADING,
    LARDER_SLOT_DONE,
    LARDER_SLOT_ABANDONED
};

struct larder_slot {
    struct larder_ticket *ticket;
    _Atomic uint32_t state; /* enum larder_slot_state */
    size_t begin;           /* its commands are out[begin, end) */
    size_t end;
    size_t replies;  /* still to come; 0: withdrawn */
    size_t elements; /* of its reply, when that is an array; else 0 */
    size_t merged;   /* so many, from this one on, have one reply, each an element; 0: its own */
    const struct larder_merge *merge;
    int64_t deadline_ns;
};

struct larder_bundle {
    struct larder_exchange base; /* of all that is in it, for the connection */
    struct larder_buffer out;
    size_t count;                 /* slots in use */
    size_t live;                  /* of them, not withdrawn */
    size_t at;                    /* whose reply is next */
    uint64_t lanes;               /* of all */
    bool holding;                 /* slots[at] is DELIVERING */
    size_t merged_left;           /* of the reply that is next, or under way: elements to come */
    bool merging;                 /* it is one of merged reads */
    bool refused;                 /* a server has refused such a command as a whole */
    _Atomic uint32_t *progress;   /* moves on with all that is received; the owner's */
    struct larder_wake lead;      /* slots[0]'s caller sleeps here: it is to lead */
    struct larder_wake followers; /* all others */
    struct larder_slot slots[LARDER_BUNDLE_SLOTS];
};

void larder_bundle_init(struct larder_bundle *bundle, const struct larder_allocator *allocator,
                        size_t max_bytes, _Atomic uint32_t *progress);
void larder_bundle_release(struct larder_bundle *bundle);
/* Empties it. Who still sleeps in it is not forgotten. */
void larder_bundle_clear(struct larder_bundle *bundle);

/* Whether there is room for another exchange. */
static inline bool larder_bundle_has_room(const struct larder_bundle *bundle)
{
    return bundle->count < LARDER_BUNDLE_SLOTS && bundle->out.len < LARDER_BUNDLE_BYTES;
}

/* Appends the commands of a sharing exchange. OK; E_NOMEM, E_TOO_LARGE: it is not in. */
enum larder_status larder_bundle_add(struct larder_bundle *bundle, struct larder_ticket *ticket);

/* Makes the caller of one that was just added the leader: it does not wait. */
void larder_bundle_lead(struct larder_bundle *bundle, const struct larder_ticket *ticket);

/* Takes one out of a bundle that is still collected: its commands are not sent. */
void larder_bundle_withdraw(struct larder_bundle *bundle, const struct larder_ticket *ticket);

/* Makes one command of those beside each other that may be merged. When nothing more is
 * added or withdrawn, and before it is sent. */
void larder_bundle_merge(struct larder_bundle *bundle);

/* Leaves one behind in a bundle that was sent. False: just now somebody is
 * about to deliver to it, or to make its caller the leader. */
bool larder_bundle_abandon(struct larder_bundle *bundle, const struct larder_ticket *ticket);

/* Makes the first caller that still waits, with a deadline not before now_ns, the
 * leader, and wakes it. False: there is none. The bundle is no more the caller's
 * after true. */
bool larder_bundle_promote(struct larder_bundle *bundle, int64_t now_ns);

/* Ends all that still wait in a bundle that was sent; the first `sent` bytes left.
 * Does not wake them. */
void larder_bundle_fail(struct larder_bundle *bundle, size_t sent, enum larder_status status,
                        const char *why);

/* Ends all in a bundle that is collected, by AGAIN, or by `status` unless that
 * is OK, and empties it. Does not wake them. */
void larder_bundle_drop(struct larder_bundle *bundle, enum larder_status status, const char *why);

/* Wakes all that sleep in it; who is not ended sleeps on. */
void larder_bundle_wake(struct larder_bundle *bundle);

#endif
