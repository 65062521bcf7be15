/* SPDX-License-Identifier: MIT */
#include "cache/verdict.h"

#include "base/rule.h"
#include "cache/versions.h"

static const uint32_t WHOLE_PPM = 1000000;

static bool is_valid(const struct larder_prospect *p)
{
    const struct larder_envelope_head *head = p->head;
    if ((head->meta & LARDER_META_VERSIONED) == 0) {
        return !p->is_versioned;
    }
    for (size_t i = 0; i < p->version_count; i++) {
        if (!LARDER_RULE(what_lacks_a_version_is_a_miss) && p->versions[i] == 0) {
            continue;
        }
        if (!larder_version_allows(p->versions[i], head->as_of)) {
            return !LARDER_RULE(reads_heed_versions);
        }
    }
    return true;
}

/* -ln of a random number of (0, 1]: of its leading zeroes, and of what is behind them by
 * the series of artanh, to some 10^-6. */
static double minus_ln(uint64_t random)
{
    const double ln2 = 0.693147180559945309;
    unsigned zeroes = random != 0 ? (unsigned)__builtin_clzll(random) : 64;
    /* In [0.5, 1). */
    double m = random != 0 ? (double)(random << zeroes) / 18446744073709551616.0 : 0.5;
    double y = (1.0 - m) / (1.0 + m);
    double y2 = y * y;
    double series = y * (1 + y2 * (1.0 / 3 + y2 * (1.0 / 5 + y2 * (1.0 / 7 + y2 / 9))));
    return (double)zeroes * ln2 + 2 * series;
}

/* refresh_ahead: a share of the lifetime is left, whose length the writer put down; or by
 * chance, the likelier the longer a load takes (Vattani, Chierichetti, Lowenstein: "Optimal
 * Probabilistic Cache Stampede Prevention", 2015). */
static bool is_due(const struct larder_prospect *p, int64_t left_ms)
{
    double cost_ms = p->head->cost_ms;
    if (p->policy->xfetch) {
        return cost_ms * minus_ln(p->random) >= (double)left_ms;
    }
    return p->policy->refresh_ppm != 0 && p->policy->refresh_ppm < WHOLE_PPM &&
           left_ms <= (int64_t)p->head->cost_ms;
}

static void judge_claim(const struct larder_prospect *p, struct larder_verdict *v)
{
    const struct larder_envelope_head *head = p->head;
    bool stands = head->token != LARDER_TOKEN_NONE && head->token != p->token &&
                  (p->now_ms == LARDER_NO_TIME || p->now_ms < head->until_ms);
    v->paused = stands && head->token == LARDER_TOKEN_PAUSE;
    v->claimed = stands && head->token != LARDER_TOKEN_PAUSE;
}

static enum larder_sight_kind kind_by_time(const struct larder_prospect *p)
{
    const struct larder_policy *policy = p->policy;
    if (p->now_ms == LARDER_NO_TIME) {
        return LARDER_SIGHT_NOTHING;
    }
    /* How long ago it ended: no sum of times that a stranger wrote can overflow so. */
    int64_t past_ms = p->now_ms - p->head->fresh_ms;
    if (past_ms < 0) {
        return LARDER_SIGHT_FRESH;
    }
    if (past_ms < policy->while_revalidate_ms) {
        return LARDER_SIGHT_STALE;
    }
    return past_ms < policy->if_error_ms ? LARDER_SIGHT_SPARE : LARDER_SIGHT_NOTHING;
}

struct larder_verdict larder_verdict_of(const struct larder_prospect *p)
{
    struct larder_verdict v = {.kind = LARDER_SIGHT_NOTHING};
    const struct larder_envelope_head *head = p->head;
    if (head == NULL) {
        return v;
    }
    bool timed = (head->meta & LARDER_META_TIMED) != 0;
    if (head->meta == LARDER_META_CLAIM) {
        judge_claim(p, &v);
        v.kind = v.claimed ? LARDER_SIGHT_CLAIMED : LARDER_SIGHT_NOTHING;
        return v;
    }
    if (!is_valid(p)) {
        return v; /* a claim over it began before it became so, and its fill will be lost */
    }
    if (timed) {
        judge_claim(p, &v);
    }
    if ((head->meta & LARDER_META_EMPTY) != 0) {
        v.kind = LARDER_SIGHT_ABSENT;
        return v;
    }
    v.kind = timed ? kind_by_time(p) : LARDER_SIGHT_FRESH;
    if (v.kind == LARDER_SIGHT_NOTHING && v.claimed) {
        v.kind = LARDER_SIGHT_CLAIMED;
    }
    v.early = v.kind == LARDER_SIGHT_FRESH && timed && !v.claimed && !v.paused &&
              is_due(p, head->fresh_ms - p->now_ms);
    return v;
}
