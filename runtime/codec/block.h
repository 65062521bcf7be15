/* SPDX-License-Identifier: MIT */
/*
 * A decoded value: one immutable, counted block.
 *
 *     | struct larder_value_head | struct X | slots | payload | 0xc1 ... |
 *                                ^ what callers hold
 *
 * How many slots a payload needs is only known after decoding it; each entity
 * keeps what sufficed so far, for a byte of payload and for a value, of which the
 * smaller is taken: values of many sizes agree in the one, those with lists of one
 * length in the other. A value that needs more is decoded again with twice as many,
 * up to its bound (entity->slots_per_byte a byte of payload). Learned once, so one
 * allocation a value is the rule.
 * Limits: a payload of up to LARDER_VALUE_MAX bytes, slots of up to
 * LARDER_SLOTS_MAX; beyond either a value is E_DECODE. While maps are checked
 * for equal keys, up to 64 bytes an entry are borrowed.
 * Threads: all functions from any thread.
 */
#ifndef LARDER_CODEC_BLOCK_H
#define LARDER_CODEC_BLOCK_H

#include <stdatomic.h>

#include <larder/codec.h>

/* 1 GiB of slots in one value, whatever slots_per_byte allows. */
#define LARDER_SLOTS_MAX ((size_t)1024 * 1024 * 1024)

/* The most slots that an entity's values have needed. Zeroed at first. */
struct larder_value_hint {
    atomic_uint_fast32_t slots_per_256; /* bytes, for 256 bytes of payload */
    atomic_uint_fast32_t slots_most;    /* bytes, for a value: at most LARDER_SLOTS_MAX */
};

/* Decodes a body (behind the envelope) into a new block with one reference.
 * OK; E_DECODE: not a value of this entity; E_NOMEM. */
enum larder_status larder_value_decode(const struct larder_allocator *allocator,
                                       const struct larder_entity *entity,
                                       struct larder_value_hint *hint, const uint8_t *body,
                                       size_t len, const void **ret_value);

/*
 * A place for stored bytes, envelope and body, that are to be received to where
 * they stay:
 *
 *     | struct larder_value_head | struct X | envelope | payload | 0xc1 ... |
 *
 * Decoding in place writes into the payload, so that it cannot be tried again
 * with more slots: it is for entities that never take any. For others the room is
 * only where the bytes are decoded from.
 */
struct larder_value_room {
    void *block;    /* NULL: none */
    uint8_t *bytes; /* `len` of them, and two more at the least */
    size_t len;
};

/* Answers room->bytes; NULL: no memory. *room is overwritten. */
uint8_t *larder_value_room_make(const struct larder_allocator *allocator,
                                const struct larder_entity *entity, size_t len,
                                struct larder_value_room *room);
/* As larder_value_decode, of the body that begins at bytes + body_at; empties the room. */
enum larder_status larder_value_room_decode(const struct larder_allocator *allocator,
                                            const struct larder_entity *entity,
                                            struct larder_value_hint *hint,
                                            struct larder_value_room *room, size_t body_at,
                                            const void **ret_value);
/* An empty one is fine. */
void larder_value_room_release(const struct larder_allocator *allocator,
                               struct larder_value_room *room);

/* One more reference; answers value. */
const void *larder_value_acquire(const void *value);

/* larder_value_release is public, in <larder/stub.h>. */

/* A writer on the caller's room (usually on the stack), growing into the
 * allocator's for at most max bytes (0: LARDER_VALUE_MAX). */
static inline void larder_writer_init(struct larder_writer *w,
                                      const struct larder_allocator *allocator, uint8_t *room,
                                      size_t size, size_t max)
{
    *w = (struct larder_writer){
        .p = room,
        .end = room != NULL ? room + size : NULL,
        .start = room,
        .allocator = allocator,
        .max = max != 0 && max < LARDER_VALUE_MAX ? max : LARDER_VALUE_MAX,
        .status = LARDER_OK,
    };
}

void larder_writer_release(struct larder_writer *w);

static inline size_t larder_writer_len(const struct larder_writer *w)
{
    return (size_t)(w->p - w->start);
}

/* To be asked when all is written: encoders reserve for the worst case, so
 * whether the bytes exceed max shows at the end. False: status and field say why. */
static inline bool larder_writer_finish(struct larder_writer *w)
{
    if (LARDER_UNLIKELY(larder_writer_len(w) > w->max)) {
        larder_writer_fail(w, LARDER_E_TOO_LARGE);
    }
    return w->status == LARDER_OK;
}

/* entity->encode and larder_writer_finish in one. */
static inline bool larder_value_encode(struct larder_writer *w, const struct larder_entity *entity,
                                       const void *value)
{
    return entity->encode(w, value) && larder_writer_finish(w);
}

#endif
