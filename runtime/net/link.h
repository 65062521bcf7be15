/* SPDX-License-Identifier: MIT */
/*
 * The links of a pipeline: each a connection, what is under way on it, and what
 * is to be sent on it next; and which of them a caller takes.
 *
 * Threads: all of a link is guarded by the pipeline's lock, but for `conn` and
 * `current`, which are its leader's while it is busy, and `progress`.
 */
#ifndef LARDER_NET_LINK_H
#define LARDER_NET_LINK_H

#include "net/bundle.h"
#include "net/conn.h"

struct larder_link {
    struct larder_conn *conn;
    bool busy;                     /* it has a leader */
    bool exclusive;                /* whose exchange shares with none */
    bool stuck;                    /* its place was given to another */
    uint64_t failures;             /* of the pipeline, when it was opened */
    uint64_t lanes;                /* of what is under way */
    uint64_t orphans;              /* all lanes of that of it whose callers gave up */
    struct larder_bundle *current; /* what is under way; NULL: the leader's own exchange */
    struct larder_bundle *next;
    _Atomic uint32_t progress; /* moves on with each turn, and what is received for a bundle */
    uint32_t suspect_progress; /* where it was when a follower gave up */
    int64_t suspect_since_ns;
    _Atomic int64_t began_ns; /* what is under way; INT64_MAX: just now */
    struct larder_link *next_spare;
    struct larder_bundle bundles[2];
};

/* NULL: out of memory. */
struct larder_link *larder_link_new(const struct larder_allocator *allocator,
                                    const struct larder_clock *clock,
                                    const struct larder_conn_options *options);
/* NULL is fine. Nobody may lead it, nor sleep in it. */
void larder_link_free(const struct larder_allocator *allocator, struct larder_link *link);

/* Its next bundle becomes the current one, and the connection's next commands. */
void larder_link_turn(struct larder_link *link);

/* What is under way began at now_ns, unless that was told before: by its leader. */
void larder_link_begin(struct larder_link *link, int64_t now_ns);

/* Notes that a caller, which waits since since_ns, gives up now, and saw the
 * progress `seen` when it began to wait. True: the link has made none for long. */
bool larder_link_suspect(struct larder_link *link, uint32_t seen, int64_t since_ns, int64_t now_ns);

/* ------------------------------------------------------------------ choosing */

struct larder_links {
    struct larder_link **places; /* `max` of them, NULL where there is none */
    int max;
    int used;          /* places before this may be taken */
    int waiting_alone; /* callers that wait for an idle one: they may not join */
};

struct larder_wish {
    const struct larder_exchange *exchange;
    uint64_t not_before; /* failures */
    int connections;     /* that callers share, at most */
    const struct larder_clock *clock;
    int64_t now_ns; /* 0: not looked at yet */
};

enum larder_choice_kind {
    LARDER_CHOICE_OWN,  /* `link` is idle */
    LARDER_CHOICE_JOIN, /* `link` is busy, and its next bundle has room */
    LARDER_CHOICE_NEW,  /* `place` is free */
    LARDER_CHOICE_WAIT
};

struct larder_choice {
    enum larder_choice_kind kind;
    struct larder_link *link;
    int place;
};

/* A link that has been at one exchange for long is passed by where that can be: its
 * server is far, or keeps that exchange waiting. So are, by reads, those that are at
 * writes, and by writes those that are at reads. */
struct larder_choice larder_links_choose(const struct larder_links *links,
                                         struct larder_wish *wish);

#endif
