/* SPDX-License-Identifier: MIT */
/*
 * What becomes of a value that is written as one type and read as another:
 * docs/wire-format.md as functions. tests/evolution holds them against what
 * generated code does.
 */
#include <string.h>

#include "diff/comparison.h"

/* Chains of types may be as long as a file; what is deeper counts as read well. */
enum { DEEPEST = 64 };

/* ----------------------------------------------------------------- numbers */

struct range {
    int64_t least;
    uint64_t most;
};

/* What is stored as a MessagePack integer. */
static bool range_of(const struct sch_type *type, struct range *ret_range)
{
    static const struct range ranges[SCH_MAP + 1] = {
        [SCH_U8] = {0, UINT8_MAX},
        [SCH_U16] = {0, UINT16_MAX},
        [SCH_U32] = {0, UINT32_MAX},
        [SCH_U64] = {0, UINT64_MAX},
        [SCH_I8] = {INT8_MIN, INT8_MAX},
        [SCH_I16] = {INT16_MIN, INT16_MAX},
        [SCH_I32] = {INT32_MIN, INT32_MAX},
        [SCH_I64] = {INT64_MIN, INT64_MAX},
        [SCH_TIMESTAMP] = {INT64_MIN, INT64_MAX},
        [SCH_DURATION] = {INT64_MIN, INT64_MAX},
    };
    *ret_range = ranges[type->kind];
    if (type->kind == SCH_ENUM) {
        *ret_range = (struct range){0, type->decl->enumerator_count - 1};
        return true;
    }
    return ret_range->most != 0;
}

/* All ranges hold 0. */
static unsigned sight_of_range(struct range writer, struct range reader)
{
    bool fits = reader.least <= writer.least && writer.most <= reader.most;
    return fits ? DIF_VALUE : DIF_VALUE | DIF_MISS;
}

static unsigned sight_of_float(enum sch_kind writer, enum sch_kind reader)
{
    return writer == SCH_F64 && reader == SCH_F32 ? DIF_VALUE | DIF_MISS : DIF_VALUE;
}

/* ------------------------------------------------------------ enums, bounds */

static unsigned sight_of_enum(struct comparison *c, const struct sch_decl *writer,
                              const struct sch_decl *reader)
{
    const size_t *map = enumerators_map(c->arena, writer, reader);
    unsigned sight = 0;
    for (size_t i = 0; i < writer->enumerator_count; i++) {
        if (i >= reader->enumerator_count) {
            sight |= DIF_MISS;
        } else {
            sight |= map[i] == i ? DIF_VALUE : DIF_WRONG;
        }
    }
    return sight;
}

static unsigned sight_of_max(const struct sch_type *writer, const struct sch_type *reader)
{
    bool over = reader->max != 0 && (writer->max == 0 || writer->max > reader->max);
    return over ? DIF_VALUE | DIF_MISS : DIF_VALUE;
}

/* bytes and uuid. */
static unsigned sight_of_bin(const struct sch_type *writer, const struct sch_type *reader)
{
    static const uint64_t uuid_bytes = 16;
    if (reader->kind == SCH_UUID) {
        bool never = writer->max != 0 && writer->max < uuid_bytes;
        return never ? DIF_MISS : DIF_VALUE | DIF_MISS;
    }
    if (writer->kind == SCH_UUID) {
        return reader->max != 0 && reader->max < uuid_bytes ? DIF_MISS : DIF_VALUE;
    }
    return sight_of_max(writer, reader);
}

/* ----------------------------------------------------------------- structs */

unsigned sight_both(unsigned one, unsigned other)
{
    if (one == DIF_MISS || other == DIF_MISS) {
        return DIF_MISS;
    }
    return ((one | other) & ~(unsigned)DIF_VALUE) | (one & other & DIF_VALUE);
}

static uint32_t last_position(const struct sch_decl *decl)
{
    uint32_t last = 0;
    for (size_t i = 0; i < decl->field_count; i++) {
        last = decl->fields[i].id > last ? decl->fields[i].id : last;
    }
    return last;
}

/* A position that is nil, or behind the end of the array. */
static unsigned sight_of_gap(const struct sch_field *reader, bool is_nil)
{
    if (reader->type.optional || (reader->type.kind == SCH_ANY && is_nil)) {
        return DIF_ABSENT;
    }
    return reader->has_default ? DIF_DEFAULT : DIF_MISS;
}

unsigned sight_of_nothing(const struct sch_field *reader)
{
    /* Absent is what was written. */
    unsigned gap = sight_of_gap(reader, true);
    return gap == DIF_ABSENT ? DIF_VALUE : gap;
}

unsigned sight_of_field(struct comparison *c, const struct sch_field *writer,
                        const struct sch_field *reader)
{
    unsigned sight = sight_of_type(c, &writer->type, &reader->type);
    return writer->type.optional ? sight | sight_of_nothing(reader) : sight;
}

/* What is read well of something else is the worst that can happen. */
static unsigned made_wrong(unsigned sight)
{
    return (sight & DIF_VALUE) != 0 ? (sight & ~(unsigned)DIF_VALUE) | DIF_WRONG : sight;
}

unsigned sight_of_other(struct comparison *c, const struct sch_decl *decl,
                        const struct sch_field *writer, const struct sch_field *reader)
{
    if (writer == NULL) {
        return sight_of_gap(reader, reader->id <= last_position(decl));
    }
    unsigned sight = made_wrong(sight_of_type(c, &writer->type, &reader->type));
    return writer->type.optional ? sight | sight_of_gap(reader, true) : sight;
}

static bool means_the_same(const struct sch_decl *writer, const struct sch_decl *reader,
                           const struct sch_field *from, const struct sch_field *to)
{
    return from != NULL && (field_successor(writer, reader, from) == to);
}

static unsigned read_struct(struct comparison *c, const struct sch_decl *writer,
                            const struct sch_decl *reader)
{
    unsigned sight = DIF_VALUE;
    for (size_t i = 0; i < reader->field_count; i++) {
        const struct sch_field *to = &reader->fields[i];
        const struct sch_field *from = field_at(writer, to->id);
        bool same = means_the_same(writer, reader, from, to);
        sight = sight_both(sight, same ? sight_of_field(c, from, to)
                                       : sight_of_other(c, writer, from, to));
    }
    return sight;
}

/* Each pair is looked at once; one that contains itself says nothing new there. */
static unsigned sight_of_struct(struct comparison *c, const struct sch_decl *writer,
                                const struct sch_decl *reader)
{
    for (size_t i = 0; i < c->reading_count; i++) {
        if (c->readings[i].writer == writer && c->readings[i].reader == reader) {
            return c->readings[i].sight;
        }
    }
    if (c->reading_count == c->reading_capacity) {
        size_t capacity = c->reading_capacity == 0 ? 16 : c->reading_capacity * 2;
        c->readings = arena_grow(c->arena, c->readings, c->reading_capacity * sizeof *c->readings,
                                 capacity * sizeof *c->readings);
        c->reading_capacity = capacity;
    }
    size_t index = c->reading_count++;
    c->readings[index] = (struct reading){writer, reader, DIF_VALUE};
    c->depth++;
    unsigned sight = c->depth < DEEPEST ? read_struct(c, writer, reader) : DIF_VALUE;
    c->depth--;
    c->readings[index].sight = sight;
    return sight;
}

/* ------------------------------------------------------------------- types */

/* Items one by one; without any there is nothing to go wrong. */
static unsigned sight_of_items(struct comparison *c, const struct sch_type *writer,
                               const struct sch_type *reader)
{
    unsigned items = sight_of_type(c, writer->item, reader->item);
    if (writer->item->optional && !reader->item->optional) {
        items |= DIF_MISS;
    }
    return items | DIF_VALUE | sight_of_max(writer, reader);
}

static bool is_array(enum sch_kind kind)
{
    return kind == SCH_STRUCT || kind == SCH_LIST;
}

static bool is_bin(enum sch_kind kind)
{
    return kind == SCH_BYTES || kind == SCH_UUID;
}

static unsigned sight_of_same_kind(struct comparison *c, const struct sch_type *writer,
                                   const struct sch_type *reader)
{
    switch (writer->kind) {
    case SCH_STRUCT:
        return sight_of_struct(c, writer->decl, reader->decl);
    case SCH_ENUM:
        return sight_of_enum(c, writer->decl, reader->decl);
    case SCH_LIST:
    case SCH_MAP:
        return sight_of_items(c, writer, reader);
    case SCH_STRING:
    case SCH_BYTES:
        return sight_of_max(writer, reader);
    case SCH_BOOL:
    case SCH_U8:
    case SCH_U16:
    case SCH_U32:
    case SCH_U64:
    case SCH_I8:
    case SCH_I16:
    case SCH_I32:
    case SCH_I64:
    case SCH_F32:
    case SCH_F64:
    case SCH_UUID:
    case SCH_TIMESTAMP:
    case SCH_DURATION:
    case SCH_ANY:
        break;
    }
    return DIF_VALUE;
}

unsigned sight_of_type(struct comparison *c, const struct sch_type *writer,
                       const struct sch_type *reader)
{
    struct range from, to;
    if (writer->kind == reader->kind) {
        return sight_of_same_kind(c, writer, reader);
    }
    if (reader->kind == SCH_ANY) {
        /* An `any` inside may be as deep as is allowed, and is deeper then. */
        bool nests = writer->item != NULL || writer->kind == SCH_STRUCT;
        return nests ? DIF_VALUE | DIF_MISS : DIF_VALUE;
    }
    if (writer->kind == SCH_ANY) {
        return DIF_VALUE | DIF_MISS;
    }
    if (range_of(writer, &from) && range_of(reader, &to)) {
        return sight_of_range(from, to);
    }
    if (is_bin(writer->kind) && is_bin(reader->kind)) {
        return sight_of_bin(writer, reader);
    }
    if ((writer->kind == SCH_F32 || writer->kind == SCH_F64) &&
        (reader->kind == SCH_F32 || reader->kind == SCH_F64)) {
        return sight_of_float(writer->kind, reader->kind);
    }
    /* A struct may pass for a list and the reverse: items for fields. */
    return is_array(writer->kind) && is_array(reader->kind) ? DIF_MISS | DIF_WRONG : DIF_MISS;
}
