/* SPDX-License-Identifier: MIT */
/*
 * value.yaml as tables, and what the oracle of fuzz_value.c stands on.
 */
#ifndef TESTS_FUZZ_VALUE_TYPES_H
#define TESTS_FUZZ_VALUE_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum kind { BOOL, UNSIGNED, SIGNED, F32, F64, STRING, BYTES, UUID, ENUM, ANY, LIST, MAP, STRUCT };

struct type {
    enum kind kind;
    unsigned bits;           /* of a number */
    uint32_t max;            /* in bytes or items, 0: no bound; of an enum its enumerators */
    bool recursive;          /* contains itself */
    const struct slot *item; /* of a list or map */
    const struct slot *fields;
    size_t count; /* positions of a struct */
};

/* Where a value is: a position of a struct, or an item. */
struct slot {
    const struct type *type; /* NULL: a position that no field has */
    bool optional;
    const char *initial; /* the default as MessagePack */
    size_t initial_len;
};

/* In the order of the service's entities. */
extern const struct type *const value_types[];
extern const size_t value_type_count;

/* The value at data, told without larder and msgpack-c. */
struct span {
    size_t len;   /* 0: none, or cut off */
    size_t depth; /* of containers in it */
};
struct span span_at(const uint8_t *data, size_t len);

#endif
