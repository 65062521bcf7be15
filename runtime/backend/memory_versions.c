/* SPDX-License-Identifier: MIT */
#include "backend/memory_room.h"

#include <string.h>

#include "codec/envelope.h"

enum { NUMBER_BYTES = 9 };

/* ------------------------------------------------- a number: epoch and count */

static uint32_t epoch_of(uint64_t number)
{
    return (uint32_t)(number >> 32);
}

static uint32_t count_of(uint64_t number)
{
    return (uint32_t)number;
}

static uint64_t make(uint32_t epoch, uint32_t count)
{
    return (uint64_t)epoch << 32 | count;
}

struct found {
    bool there;
    uint64_t number;
};

static void take_number(void *user, const uint8_t *value, size_t len)
{
    struct found *found = user;
    found->there = len == NUMBER_BYTES && value[0] == 0xcf;
    found->number = found->there ? larder_load64(value + 1) : 0;
}

/* False: there is none. */
static bool read_number(struct larder_memory *memory, const struct larder_version_key *key,
                        int64_t now_ns, uint64_t *ret_number)
{
    struct found found = {.there = false};
    larder_store_get(memory->store, key->bytes, key->len, now_ns, take_number, &found);
    *ret_number = found.number;
    return found.there;
}

/* What cannot be stored is not there then, which is a miss to all who ask. */
static void write_number(struct larder_memory *memory, const struct larder_version_key *key,
                         uint64_t number, int64_t expires_ns, int64_t now_ns)
{
    uint8_t value[NUMBER_BYTES];
    larder_envelope_put64(value, number);
    const struct larder_store_item item = {.key = key->bytes,
                                           .key_len = key->len,
                                           .value = value,
                                           .value_len = sizeof value,
                                           .expires_ns = expires_ns};
    if (larder_store_put(memory->store, LARDER_STORE_ALWAYS, &item, now_ns) != LARDER_OK) {
        larder_store_delete(memory->store, key->bytes, key->len, now_ns);
    }
}

/* --------------------------------------------------------------- standing */

/* Until when the versions of an entry are to live: as long as it does, at least. */
static int64_t versions_end_ns(const struct larder_op *op, int64_t now_ns)
{
    int64_t ttl_ms = op->versions->ttl_ms;
    bool never = ttl_ms == 0 || op->ttl_ms == 0;
    ttl_ms = ttl_ms > op->ttl_ms ? ttl_ms : op->ttl_ms;
    return larder_memory_expires_ns(never ? 0 : ttl_ms, now_ns);
}

/* The number of a version, which is made of the clock where there is none of its epoch, and
 * does not end before its entry. */
static uint64_t stand(struct larder_memory *memory, const struct larder_op *op,
                      const struct larder_version_key *key, uint64_t clock, int64_t now_ns)
{
    uint64_t number;
    int64_t expires_ns;
    if (!read_number(memory, key, now_ns, &number) || epoch_of(number) != epoch_of(clock)) {
        write_number(memory, key, clock, versions_end_ns(op, now_ns), now_ns);
        return clock;
    }
    if (larder_store_expiry(memory->store, key->bytes, key->len, now_ns, &expires_ns) &&
        expires_ns < larder_memory_expires_ns(op->ttl_ms, now_ns)) {
        larder_store_set_expiry(memory->store, key->bytes, key->len, now_ns,
                                versions_end_ns(op, now_ns));
    }
    return number;
}

uint64_t larder_memory_stamp(struct larder_memory *memory, const struct larder_op *op,
                             int64_t now_ns)
{
    const struct larder_op_versions *versions = op->versions;
    uint64_t clock;
    if (!read_number(memory, &versions->clock, now_ns, &clock)) {
        clock = make(epoch_of(versions->as_of), 1);
        write_number(memory, &versions->clock, clock, LARDER_STORE_NEVER, now_ns);
    }
    for (size_t i = 0; i < versions->count; i++) {
        stand(memory, op, &versions->keys[i], clock, now_ns);
    }
    return clock;
}

bool larder_memory_versions_hold(struct larder_memory *memory, const struct larder_op *op,
                                 int64_t now_ns)
{
    const struct larder_op_versions *versions = op->versions;
    uint64_t clock;
    if (!read_number(memory, &versions->clock, now_ns, &clock)) {
        return false;
    }
    bool hold = epoch_of(clock) == epoch_of(versions->as_of) &&
                count_of(clock) >= count_of(versions->as_of);
    for (size_t i = 0; i < versions->count; i++) {
        uint64_t number = stand(memory, op, &versions->keys[i], clock, now_ns);
        hold = hold && count_of(number) <= count_of(versions->as_of);
    }
    return hold;
}

/* ------------------------------------------------------------------- bump */

enum larder_status larder_memory_bump(struct larder_memory *memory, struct larder_op *op,
                                      int64_t now_ns)
{
    const struct larder_op_versions *versions = op->versions;
    uint64_t clock;
    bool there = read_number(memory, &versions->clock, now_ns, &clock);
    if (!there || count_of(clock) == UINT32_MAX) {
        uint32_t other = epoch_of(versions->as_of);
        bool same = there && other == epoch_of(clock);
        clock = make(same ? other % UINT32_MAX + 1 : other, 0);
    }
    clock++;
    write_number(memory, &versions->clock, clock, LARDER_STORE_NEVER, now_ns);
    for (size_t i = 0; i < versions->count; i++) {
        write_number(memory, &versions->keys[i], clock,
                     larder_memory_expires_ns(versions->ttl_ms, now_ns), now_ns);
    }
    return LARDER_OK;
}
