/* SPDX-License-Identifier: MIT */
/*
 * What operations ask of an entry that they found, whichever backend it is in.
 */
#ifndef LARDER_BACKEND_ENTRY_H
#define LARDER_BACKEND_ENTRY_H

#include "backend/backend.h"
#include "codec/envelope.h"

/* Whether the claim of a CLAIM or TAKE already stands there: the operation was made before. */
static inline bool larder_entry_has_own_claim(const struct larder_op *op, const uint8_t *bytes,
                                              size_t len)
{
    return larder_envelope_has_slot(bytes, len) &&
           larder_envelope_has_slot(op->value, op->value_len) &&
           larder_envelope_get64(bytes, LARDER_ENVELOPE_TOKEN_AT) ==
               larder_envelope_get64(op->value, LARDER_ENVELOPE_TOKEN_AT);
}

/* Shows what a CLAIM or TAKE found in place of winning, and answers by the sink's word. */
static inline void larder_entry_found(struct larder_op *op, const uint8_t *bytes, size_t len)
{
    op->number = larder_entry_has_own_claim(op, bytes, len) ? 1 : 0;
    op->sink(op, bytes, len);
    larder_op_answer(op, op->status);
}

/* What EXISTS, TTL, EXPIRE and REPLACE call one: neither nothing, nor a claim, nor a mark. */
static inline bool larder_entry_is_one(const uint8_t *bytes, size_t len)
{
    return len != 0 && larder_envelope_form(bytes, len) == 0;
}

static inline bool larder_entry_is_mark(const uint8_t *bytes, size_t len)
{
    unsigned form = larder_envelope_form(bytes, len);
    return form == LARDER_ENVELOPE_ABSENT || form == LARDER_ENVELOPE_ABSENT_VERSIONED;
}

#endif
