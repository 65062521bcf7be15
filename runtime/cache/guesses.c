/* SPDX-License-Identifier: MIT */
#include "cache/guesses.h"

#define LOAD(at) atomic_load_explicit(at, memory_order_relaxed)

/* A line that others read is only written to when it changes. */
static void keep(atomic_uint_fast64_t *at, uint64_t value)
{
    if (LOAD(at) != value) {
        atomic_store_explicit(at, value, memory_order_relaxed);
    }
}

size_t larder_guesses_get(const struct larder_guesses *guesses, uint64_t fingerprint,
                          uint64_t ret_ids[LARDER_TAGS_MAX])
{
    size_t count = 0;
    if (guesses == NULL) {
        return 0;
    }
    const struct larder_guess *slot = &guesses->slots[fingerprint % LARDER_GUESS_SLOTS];
    if (LOAD(&slot->fingerprint) != fingerprint) {
        return 0;
    }
    while (count < LARDER_TAGS_MAX && (ret_ids[count] = LOAD(&slot->ids[count])) != 0) {
        count++;
    }
    return count;
}

void larder_guesses_put(struct larder_guesses *guesses, uint64_t fingerprint, const uint64_t *ids,
                        size_t count)
{
    if (guesses == NULL) {
        return;
    }
    struct larder_guess *slot = &guesses->slots[fingerprint % LARDER_GUESS_SLOTS];
    for (size_t i = 0; i < LARDER_TAGS_MAX; i++) {
        keep(&slot->ids[i], i < count ? ids[i] : 0);
    }
    keep(&slot->fingerprint, fingerprint);
}
