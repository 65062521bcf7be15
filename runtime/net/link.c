/* SPDX-License-Identifier: MIT */
#include "net/link.h"

#include "base/alloc.h"
#include "base/clock.h"

/* The largest value a server takes, and a key: as a connection's own buffer,
 * which it is exchanged with. */
static const size_t OUT_MAX_BYTES = ((size_t)513 << 20);

/* A reply that takes longer than this, and the whole time of one of those who
 * wait for it, is not just slow. */
static const int64_t STUCK_NS = 50 * INT64_C(1000000);

/* An exchange that takes longer than this is slow: far more than a server near by
 * takes, or threads that wait for a processor. */
static const int64_t SLOW_NS = 20 * INT64_C(1000000);

struct larder_link *larder_link_new(const struct larder_allocator *allocator,
                                    const struct larder_clock *clock,
                                    const struct larder_conn_options *options)
{
    struct larder_link *link = larder_alloc_zeroed(allocator, 1, sizeof *link);
    if (link == NULL) {
        return NULL;
    }
    link->conn = larder_conn_new(allocator, clock, options);
    if (link->conn == NULL) {
        larder_free(allocator, link);
        return NULL;
    }
    for (size_t i = 0; i < 2; i++) {
        larder_bundle_init(&link->bundles[i], allocator, OUT_MAX_BYTES, &link->progress);
    }
    link->next = &link->bundles[0];
    return link;
}

void larder_link_free(const struct larder_allocator *allocator, struct larder_link *link)
{
    if (link == NULL) {
        return;
    }
    larder_conn_free(link->conn);
    larder_bundle_release(&link->bundles[0]);
    larder_bundle_release(&link->bundles[1]);
    larder_free(allocator, link);
}

void larder_link_turn(struct larder_link *link)
{
    link->current = link->next;
    link->next = &link->bundles[link->current == &link->bundles[0]];
    larder_bundle_clear(link->next);
    link->lanes = link->current->lanes;
    link->orphans = 0;
    link->exclusive = false;
    atomic_store_explicit(&link->began_ns, INT64_MAX, memory_order_relaxed);
    atomic_fetch_add_explicit(&link->progress, 1, memory_order_relaxed);
    larder_conn_start(link->conn, &link->current->base, &link->current->out);
}

void larder_link_begin(struct larder_link *link, int64_t now_ns)
{
    if (atomic_load_explicit(&link->began_ns, memory_order_relaxed) == INT64_MAX) {
        atomic_store_explicit(&link->began_ns, now_ns, memory_order_relaxed);
    }
}

bool larder_link_suspect(struct larder_link *link, uint32_t seen, int64_t since_ns, int64_t now_ns)
{
    uint32_t progress = atomic_load_explicit(&link->progress, memory_order_relaxed);
    int64_t still_ns =
        seen == progress ? since_ns : now_ns; /* it stands still since then, at least */
    if (link->suspect_since_ns == 0 || link->suspect_progress != progress ||
        still_ns < link->suspect_since_ns) {
        link->suspect_progress = progress;
        link->suspect_since_ns = still_ns;
    }
    return now_ns - link->suspect_since_ns >= STUCK_NS;
}

/* ------------------------------------------------------------------ choosing */

static bool is_joinable(const struct larder_link *link, const struct larder_wish *wish)
{
    return link->failures >= wish->not_before && larder_bundle_has_room(link->next);
}

static bool is_slow(const struct larder_link *link, struct larder_wish *wish)
{
    int64_t began_ns = atomic_load_explicit(&link->began_ns, memory_order_relaxed);
    if (began_ns == INT64_MAX) {
        return false;
    }
    if (wish->now_ns == 0) {
        wish->now_ns = larder_clock_now_ns(wish->clock);
    }
    return wish->now_ns - began_ns > SLOW_NS;
}

/* A write keeps behind those of its lanes, wherever they are; while they are in more than
 * one place, it can only wait. */
static struct larder_choice follow_lane(struct larder_link *link, bool only,
                                        const struct larder_wish *wish)
{
    bool join = only && wish->exchange->shares && larder_bundle_has_room(link->next);
    return (struct larder_choice){.kind = join ? LARDER_CHOICE_JOIN : LARDER_CHOICE_WAIT,
                                  .link = link};
}

/* What a look at all places found. */
struct found {
    struct larder_link *idle;
    struct larder_link *lane;     /* busy with a write that the wish's must follow, the last of */
    int lane_count;               /* so many */
    struct larder_link *joinable; /* with the fewest in its next bundle */
    struct larder_link *other;    /* the same, of those that are slow or not of the wish's kind */
    int shared;                   /* links that count against the wish's connections */
    int place;                    /* free; -1: none */
};

static void keep_smaller(struct larder_link **kept, struct larder_link *link)
{
    if (*kept == NULL || link->next->live < (*kept)->next->live) {
        *kept = link;
    }
}

static bool must_follow(const struct larder_link *link, const struct larder_exchange *exchange)
{
    return ((link->lanes | link->next->lanes) & exchange->lane) != 0 ||
           (link->orphans & exchange->lanes) != 0;
}

/* Reads do not wait behind writes, which a server may hold up for reasons of its own. */
static bool is_same_kind(const struct larder_link *link, const struct larder_wish *wish)
{
    return ((link->lanes | link->next->lanes) != 0) == (wish->exchange->lane != 0);
}

static void look_at(struct larder_link *link, struct larder_wish *wish, struct found *found)
{
    bool alone = !wish->exchange->shares;
    if (!link->busy) { /* it suits anybody */
        found->shared++;
        if (found->idle == NULL && (alone || found->shared <= wish->connections)) {
            found->idle = link;
        }
        return;
    }
    bool suits = !link->exclusive && is_same_kind(link, wish) && !is_slow(link, wish);
    found->shared += suits;
    bool within = found->shared <= wish->connections;
    if (must_follow(link, wish->exchange)) {
        found->lane = link;
        found->lane_count++;
    }
    if (!alone && !link->exclusive && is_joinable(link, wish)) {
        if (!suits) {
            keep_smaller(&found->other, link);
        } else if (within) {
            keep_smaller(&found->joinable, link);
        }
    }
}

struct larder_choice larder_links_choose(const struct larder_links *links, struct larder_wish *wish)
{
    struct found found = {.place = -1};
    bool alone = !wish->exchange->shares;
    bool has_lane = wish->exchange->lane != 0; /* which may be anywhere */
    for (int i = 0; i < links->used && (has_lane || (found.idle == NULL &&
                                                     (alone || found.shared < wish->connections)));
         i++) {
        if (links->places[i] != NULL) {
            look_at(links->places[i], wish, &found);
        } else if (found.place < 0) {
            found.place = i;
        }
    }
    if (found.place < 0 && links->used < links->max) {
        found.place = links->used;
    }
    if (found.lane != NULL) {
        return follow_lane(found.lane, found.lane_count == 1, wish);
    }
    if (found.idle != NULL) {
        return (struct larder_choice){.kind = LARDER_CHOICE_OWN, .link = found.idle};
    }
    if (found.place >= 0 && (alone || found.shared < wish->connections)) {
        return (struct larder_choice){.kind = LARDER_CHOICE_NEW, .place = found.place};
    }
    if (found.joinable == NULL) {
        found.joinable = found.other;
    }
    /* At the maximum, what goes alone would wait for ever while others keep joining. */
    if (found.joinable != NULL && links->waiting_alone == 0) {
        return (struct larder_choice){.kind = LARDER_CHOICE_JOIN, .link = found.joinable};
    }
    return (struct larder_choice){.kind = LARDER_CHOICE_WAIT};
}
