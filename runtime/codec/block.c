/* SPDX-License-Identifier: MIT */
#include "codec/block.h"

#include "base/alloc.h"

/* Before the struct that callers hold. What releases it was copied from the
 * allocator, because a value may outlive its cache. */
struct larder_value_head {
    atomic_size_t references;
    void (*release)(void *user, void *block);
    void *user;
};

_Static_assert(sizeof(struct larder_value_head) % 8 == 0, "the struct behind it is aligned to 8");

enum { FIRST_SLOTS = 64, HINT_SCALE = 256 };

static size_t round_up_to_8(size_t n)
{
    return (n + 7) & ~(size_t)7;
}

static struct larder_value_head *head_of(const void *value)
{
    return (struct larder_value_head *)(uintptr_t)value - 1;
}

static size_t struct_size(const struct larder_entity *entity)
{
    return round_up_to_8(entity->value_size);
}

static enum larder_status failure(const struct larder_reader *reader)
{
    return reader->no_memory        ? LARDER_E_NOMEM
           : reader->short_of_slots ? LARDER_E_TOO_LARGE
                                    : LARDER_E_DECODE;
}

/* Decodes the payload in a block, with the slots in front of it. Not OK: the block is freed;
 * E_TOO_LARGE: they were too few. */
static inline enum larder_status decode_block(const struct larder_allocator *allocator,
                                              const struct larder_entity *entity,
                                              struct larder_value_head *head, size_t slots,
                                              uint8_t *payload, size_t len,
                                              struct larder_reader *reader, const void **ret_value)
{
    uint8_t *value = (uint8_t *)(head + 1);
    size_t size = struct_size(entity);
    *reader = (struct larder_reader){
        .p = payload,
        .end = payload + len,
        .slots = value + size,
        .slots_end = value + size + slots,
        .allocator = allocator,
        .tag = payload[0],
    };
    memset(value, 0, size);
    memset(payload + len, 0xc1, LARDER_SLACK_BYTES);
    if (LARDER_UNLIKELY(!entity->decode(reader, value) || reader->p != reader->end)) {
        larder_free(allocator, head);
        return failure(reader);
    }
    atomic_init(&head->references, 1);
    head->release = allocator->release;
    head->user = allocator->user;
    *ret_value = value;
    return LARDER_OK;
}

/* One try with `slots` bytes of slots; E_TOO_LARGE: they were too few. */
static inline enum larder_status try_decode(const struct larder_allocator *allocator,
                                            const struct larder_entity *entity, size_t slots,
                                            const uint8_t *body, size_t len,
                                            struct larder_reader *reader, const void **ret_value)
{
    size_t before = sizeof(struct larder_value_head) + struct_size(entity) + slots;
    struct larder_value_head *head = larder_alloc(allocator, before + len + LARDER_SLACK_BYTES);
    if (LARDER_UNLIKELY(head == NULL)) {
        return LARDER_E_NOMEM;
    }
    uint8_t *payload = memcpy((uint8_t *)head + before, body, len);
    return decode_block(allocator, entity, head, slots, payload, len, reader, ret_value);
}

/* ------------------------------------------------------------------- slots */

static void raise_to(atomic_uint_fast32_t *known, size_t seen)
{
    uint_fast32_t old = atomic_load_explicit(known, memory_order_relaxed);
    while (old < seen &&
           !atomic_compare_exchange_weak_explicit(known, &old, (uint_fast32_t)seen,
                                                  memory_order_relaxed, memory_order_relaxed)) {
    }
}

static void learn(struct larder_value_hint *hint, size_t used, size_t len)
{
    raise_to(&hint->slots_per_256, (used * HINT_SCALE + len - 1) / len);
    raise_to(&hint->slots_most, used);
}

/* The most bytes of slots that a payload of this length may ask for. */
static size_t slots_bound(const struct larder_entity *entity, size_t len)
{
    size_t bound;
    if (__builtin_mul_overflow(entity->slots_per_byte, len, &bound) || bound > LARDER_SLOTS_MAX) {
        return LARDER_SLOTS_MAX;
    }
    return round_up_to_8(bound);
}

/* The bytes of slots that have sufficed so far. */
static size_t hinted_slots(const struct larder_entity *entity, const struct larder_value_hint *hint,
                           size_t len)
{
    size_t ratio = atomic_load_explicit(&hint->slots_per_256, memory_order_relaxed);
    size_t most = atomic_load_explicit(&hint->slots_most, memory_order_relaxed);
    size_t bound = slots_bound(entity, len);
    size_t slots = (ratio * len + HINT_SCALE - 1) / HINT_SCALE;
    slots = round_up_to_8(slots < most ? slots : most);
    return slots < bound ? slots : bound;
}

/* After a try with `slots` bytes of slots, which were too few. */
static enum larder_status decode_again(const struct larder_allocator *allocator,
                                       const struct larder_entity *entity,
                                       struct larder_value_hint *hint, size_t slots,
                                       const uint8_t *body, size_t len, const void **ret_value)
{
    size_t bound = slots_bound(entity, len);
    while (slots != bound) {
        struct larder_reader reader;
        slots = slots < FIRST_SLOTS / 2 ? FIRST_SLOTS : 2 * slots;
        slots = slots < bound ? slots : bound;
        enum larder_status status =
            try_decode(allocator, entity, slots, body, len, &reader, ret_value);
        if (status == LARDER_OK) {
            learn(hint, slots - (size_t)(reader.slots_end - reader.slots), len);
        }
        if (status != LARDER_E_TOO_LARGE) {
            return status;
        }
    }
    return LARDER_E_DECODE;
}

enum larder_status larder_value_decode(const struct larder_allocator *allocator,
                                       const struct larder_entity *entity,
                                       struct larder_value_hint *hint, const uint8_t *body,
                                       size_t len, const void **ret_value)
{
    struct larder_reader reader;
    *ret_value = NULL;
    if (len == 0 || len > LARDER_VALUE_MAX) {
        return LARDER_E_DECODE;
    }
    size_t slots = entity->slots_per_byte != 0 ? hinted_slots(entity, hint, len) : 0;
    enum larder_status status = try_decode(allocator, entity, slots, body, len, &reader, ret_value);
    return LARDER_LIKELY(status != LARDER_E_TOO_LARGE)
               ? status
               : decode_again(allocator, entity, hint, slots, body, len, ret_value);
}

/* ------------------------------------------------------------------ in place */

uint8_t *larder_value_room_make(const struct larder_allocator *allocator,
                                const struct larder_entity *entity, size_t len,
                                struct larder_value_room *room)
{
    size_t before = sizeof(struct larder_value_head) + struct_size(entity);
    *room = (struct larder_value_room){
        .block = larder_alloc(allocator, before + len + LARDER_SLACK_BYTES)};
    if (room->block == NULL) {
        return NULL;
    }
    room->bytes = (uint8_t *)room->block + before;
    room->len = len;
    return room->bytes;
}

void larder_value_room_release(const struct larder_allocator *allocator,
                               struct larder_value_room *room)
{
    larder_free(allocator, room->block);
    *room = (struct larder_value_room){.block = NULL};
}

enum larder_status larder_value_room_decode(const struct larder_allocator *allocator,
                                            const struct larder_entity *entity,
                                            struct larder_value_hint *hint,
                                            struct larder_value_room *room, size_t body_at,
                                            const void **ret_value)
{
    uint8_t *body = room->bytes + body_at;
    size_t len = room->len - body_at;
    struct larder_reader reader;
    if (entity->slots_per_byte != 0 || len == 0 || len > LARDER_VALUE_MAX) {
        enum larder_status status =
            larder_value_decode(allocator, entity, hint, body, len, ret_value);
        larder_value_room_release(allocator, room);
        return status;
    }
    struct larder_value_head *head = room->block;
    *room = (struct larder_value_room){.block = NULL};
    *ret_value = NULL;
    enum larder_status status =
        decode_block(allocator, entity, head, 0, body, len, &reader, ret_value);
    return status == LARDER_E_TOO_LARGE ? LARDER_E_DECODE : status;
}

/* ------------------------------------------------------------------ counting */

const void *larder_value_acquire(const void *value)
{
    atomic_fetch_add_explicit(&head_of(value)->references, 1, memory_order_relaxed);
    return value;
}

void larder_value_release(const void *value)
{
    if (value == NULL) {
        return;
    }
    struct larder_value_head *head = head_of(value);
    /* With a single reference, which is the caller's, nobody else can take one: no need to
     * count down, which costs a locked instruction. */
    if (atomic_load_explicit(&head->references, memory_order_acquire) == 1 ||
        atomic_fetch_sub_explicit(&head->references, 1, memory_order_acq_rel) == 1) {
        head->release(head->user, head);
    }
}
