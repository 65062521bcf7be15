/* SPDX-License-Identifier: MIT */
/*
 * DESIGN. A clone is the value encoded and decoded again: what checks a value before
 * it is stored checks it here, and what makes a block of it makes it here. What
 * slots it will take is counted in advance, from the value itself, so that the block
 * is allocated once, with room for what is in it.
 */
#include "codec/values.h"

#include "base/alloc.h"
#include "base/log.h"
#include "codec/block.h"

enum { STACK_ROOM_BYTES = 4096, HINT_SCALE = 256 };

/* ------------------------------------------------------------------- slots */

static size_t slots_of(const struct larder_type *type, const char *at);

static size_t slots_of_fields(const struct larder_shape *shape, const char *at)
{
    size_t slots = 0;
    for (uint32_t i = 0; i < shape->count; i++) {
        const struct larder_field *field = &shape->fields[i];
        if (field->has_at == LARDER_FIELD_ALWAYS || *(const bool *)(at + field->has_at)) {
            slots += slots_of(&field->type, at + field->at);
        }
    }
    return slots;
}

static size_t round_up_to_8(size_t n)
{
    return (n + 7) & ~(size_t)7;
}

static bool takes_slots(enum larder_kind kind)
{
    return kind == LARDER_KIND_ANY || kind >= LARDER_KIND_STRUCT;
}

static size_t slots_of_items(const struct larder_type *type, const char *items, size_t count)
{
    size_t slots = round_up_to_8(count * type->stride);
    for (size_t i = 0; takes_slots(type->item->kind) && i < count; i++) {
        slots += slots_of(type->item, items + i * type->stride + type->value_at);
    }
    return slots;
}

/* The bytes of slots that decoding takes, of a value that could be encoded. */
static size_t slots_of(const struct larder_type *type, const char *at)
{
    struct larder_bytes run; /* a list or a map looks alike */
    size_t slots = 0;
    if (!takes_slots(type->kind)) {
        return 0;
    }
    if (type->kind == LARDER_KIND_STRUCT) {
        if (type->optional) {
            at = larder_pointer_at(at);
            slots = at != NULL ? round_up_to_8(type->shape->size) : 0;
        }
        return at != NULL ? slots + slots_of_fields(type->shape, at) : 0;
    }
    memcpy(&run, at, sizeof run);
    /* Behind a string an `any` is copied. */
    return type->kind == LARDER_KIND_ANY ? run.len
                                         : slots_of_items(type, (const char *)run.data, run.len);
}

/* ------------------------------------------------------------------- clone */

static enum larder_status note(enum larder_status status, const struct larder_entity *entity,
                               const struct larder_writer *w)
{
    if (status == LARDER_E_ARG) {
        return larder_error_set(status, "%s: %s%s is not valid", entity->pattern,
                                w->field != NULL ? "field " : "the value",
                                w->field != NULL ? w->field : "");
    }
    return larder_error_set(status, "%s: %s", entity->pattern,
                            status == LARDER_E_NOMEM ? "no memory to clone the value"
                                                     : "the value is too large");
}

static enum larder_status decode(const struct larder_allocator *allocator,
                                 const struct larder_entity *entity, const struct larder_type *type,
                                 const void *value, const struct larder_writer *w,
                                 const void **ret_value)
{
    struct larder_value_hint hint;
    size_t len = larder_writer_len(w);
    size_t slots = slots_of(type, value);
    atomic_init(&hint.slots_per_256, (slots * HINT_SCALE + len - 1) / len);
    atomic_init(&hint.slots_most, slots);
    return larder_value_decode(allocator, entity, &hint, w->start, len, ret_value);
}

enum larder_status larder_clone_in(const struct larder_allocator *allocator,
                                   const struct larder_entity *entity,
                                   const struct larder_type *type, const void *value,
                                   const void **ret_value)
{
    uint8_t room[STACK_ROOM_BYTES];
    struct larder_writer w;
    larder_error_clear();
    if (value == NULL) {
        return larder_error_set(LARDER_E_ARG, "%s: the value is NULL", entity->pattern);
    }
    size_t max = entity->max_bytes != 0 ? entity->max_bytes : (size_t)LARDER_VALUE_MAX;
    larder_writer_init(&w, allocator, room, sizeof room, max);
    enum larder_status status = LARDER_E_ARG;
    if (larder_value_encode(&w, entity, value)) {
        status = decode(allocator, entity, type, value, &w, ret_value);
    } else if (w.status != LARDER_OK) {
        status = w.status;
    }
    if (status != LARDER_OK) {
        status = note(status, entity, &w);
    }
    larder_writer_release(&w);
    return status;
}

enum larder_status larder_value_clone(const struct larder_entity *entity,
                                      const struct larder_type *type, const void *value,
                                      const void **ret_value)
{
    *ret_value = NULL;
    return larder_clone_in(&larder_allocator_libc, entity, type, value, ret_value);
}
