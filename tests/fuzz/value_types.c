/* SPDX-License-Identifier: MIT */
#include "value_types.h"

#define COUNT_OF(array) (sizeof(array) / sizeof(array)[0])
#define STRUCT_OF(slots) .kind = STRUCT, .fields = (slots), .count = COUNT_OF(slots)
#define NEEDED(name)    \
    {                   \
        .type = &(name) \
    }
#define MAYBE(name)                       \
    {                                     \
        .type = &(name), .optional = true \
    }
#define OR(name, text)                                                      \
    {                                                                       \
        .type = &(name), .initial = (text), .initial_len = sizeof(text) - 1 \
    }
#define NONE         \
    {                \
        .type = NULL \
    }

static const struct type boolean = {.kind = BOOL};
static const struct type u8 = {.kind = UNSIGNED, .bits = 8};
static const struct type u16 = {.kind = UNSIGNED, .bits = 16};
static const struct type u32 = {.kind = UNSIGNED, .bits = 32};
static const struct type u64 = {.kind = UNSIGNED, .bits = 64};
static const struct type i8 = {.kind = SIGNED, .bits = 8};
static const struct type i16 = {.kind = SIGNED, .bits = 16};
static const struct type i32 = {.kind = SIGNED, .bits = 32};
static const struct type i64 = {.kind = SIGNED, .bits = 64};
static const struct type f32 = {.kind = F32};
static const struct type f64 = {.kind = F64};
static const struct type string = {.kind = STRING};
static const struct type string_5 = {.kind = STRING, .max = 5};
static const struct type bytes = {.kind = BYTES};
static const struct type bytes_3 = {.kind = BYTES, .max = 3};
static const struct type uuid = {.kind = UUID};
static const struct type colour = {.kind = ENUM, .max = 3};
static const struct type any = {.kind = ANY};

static const struct slot leaf_slots[] = {NEEDED(u32), NEEDED(string), OR(colour, "\x01")};
static const struct type leaf = {STRUCT_OF(leaf_slots)};

static const struct type branch, branches, branches_by_name;
static const struct slot branch_slot = NEEDED(branch);
static const struct slot branch_slots[] = {NEEDED(string), MAYBE(branch), NEEDED(branches),
                                           NEEDED(branches_by_name)};
static const struct type branch = {STRUCT_OF(branch_slots), .recursive = true};
static const struct type branches = {.kind = LIST, .item = &branch_slot};
static const struct type branches_by_name = {.kind = MAP, .item = &branch_slot};

static const struct slot number_slots[] = {
    NEEDED(u8),  NEEDED(u16),    NEEDED(u32), NEEDED(u64),     NEEDED(i8),
    NEEDED(i16), NEEDED(i32),    NEEDED(i64), NEEDED(boolean), NEEDED(f32),
    NEEDED(f64), NEEDED(colour), NEEDED(i64)};
static const struct type numbers = {STRUCT_OF(number_slots)};

static const struct slot text_slots[] = {NEEDED(string),  NEEDED(string_5), NEEDED(bytes),
                                         NEEDED(bytes_3), NEEDED(uuid),     MAYBE(string),
                                         MAYBE(bytes),    MAYBE(uuid),      OR(string, "\xa3tea")};
static const struct type texts = {STRUCT_OF(text_slots)};

static const struct slot u16_slot = NEEDED(u16), i64_slot = NEEDED(i64),
                         boolean_slot = NEEDED(boolean);
static const struct slot string_slot = NEEDED(string), maybe_string = MAYBE(string);
static const struct slot leaf_slot = NEEDED(leaf), maybe_leaf = MAYBE(leaf);
static const struct type u16s = {.kind = LIST, .item = &u16_slot};
static const struct slot u16s_slot = NEEDED(u16s);
static const struct type grid = {.kind = LIST, .item = &u16s_slot};
static const struct type row = {.kind = MAP, .item = &string_slot};
static const struct slot row_slot = NEEDED(row);
static const struct type rows = {.kind = LIST, .item = &row_slot};
static const struct type leaves_6 = {.kind = LIST, .item = &maybe_leaf, .max = 6};
static const struct type names_4 = {.kind = MAP, .item = &maybe_string, .max = 4};
static const struct type by_name = {.kind = MAP, .item = &leaf_slot};
static const struct type i64s = {.kind = LIST, .item = &i64_slot};
static const struct type booleans = {.kind = MAP, .item = &boolean_slot};
static const struct slot sink_slots[] = {OR(u64, "\xcd\x01\x2c"),
                                         NONE,
                                         MAYBE(f64),
                                         NEEDED(leaf),
                                         MAYBE(leaf),
                                         NONE,
                                         NEEDED(grid),
                                         NEEDED(rows),
                                         NEEDED(leaves_6),
                                         NEEDED(names_4),
                                         NEEDED(by_name),
                                         MAYBE(i64s),
                                         MAYBE(booleans),
                                         OR(i64, "\xd1\xfa\x24"),
                                         MAYBE(colour)};
static const struct type sink = {STRUCT_OF(sink_slots)};

static const struct slot any_slot = NEEDED(any);
static const struct type anys = {.kind = LIST, .item = &any_slot};
static const struct slot anything_slots[] = {NEEDED(any), MAYBE(any), NEEDED(string), NEEDED(anys),
                                             NEEDED(any)};
static const struct type anything = {STRUCT_OF(anything_slots)};

static const struct slot u64_slot = NEEDED(u64);
static const struct type leaves = {.kind = LIST, .item = &maybe_leaf};
static const struct type counts = {.kind = MAP, .item = &u64_slot};
static const struct type words = {.kind = LIST, .item = &maybe_string};

const struct type *const value_types[] = {&numbers, &texts,  &sink,   &anything,
                                          &branch,  &leaves, &counts, &words};
const size_t value_type_count = COUNT_OF(value_types);

/* ------------------------------------------------------------------- spans */

static uint64_t number_at(const uint8_t *at, size_t width)
{
    uint64_t number = 0;
    for (size_t i = 0; i < width; i++) {
        number = number << 8 | at[i];
    }
    return number;
}

/* A head: its bytes with what belongs to them, and how many items follow. 0: none, or cut off. */
static uint64_t head_at(const uint8_t *data, size_t len, uint64_t *ret_items, bool *ret_container)
{
    static const struct {
        uint8_t first, last, width, fixed, each; /* each 0: the number is a length */
    } forms[] = {
        {0xc4, 0xc6, 1, 0, 0}, /* bin */
        {0xc7, 0xc9, 1, 1, 0}, /* ext */
        {0xd9, 0xdb, 1, 0, 0}, /* str */
        {0xdc, 0xdd, 2, 0, 1}, /* array */
        {0xde, 0xdf, 2, 0, 2}, /* map */
    };
    static const uint8_t fixed[] = {[0xca - 0xca] = 4, [0xcb - 0xca] = 8, [0xcc - 0xca] = 1,
                                    [0xcd - 0xca] = 2, [0xce - 0xca] = 4, [0xcf - 0xca] = 8,
                                    [0xd0 - 0xca] = 1, [0xd1 - 0xca] = 2, [0xd2 - 0xca] = 4,
                                    [0xd3 - 0xca] = 8, [0xd4 - 0xca] = 2, [0xd5 - 0xca] = 3,
                                    [0xd6 - 0xca] = 5, [0xd7 - 0xca] = 9, [0xd8 - 0xca] = 17};
    *ret_items = 0;
    *ret_container = false;
    if (len == 0 || data[0] == 0xc1) {
        return 0;
    }
    uint8_t tag = data[0];
    if (tag >= 0x80 && tag <= 0x9f) {
        *ret_container = true;
        *ret_items = (uint64_t)(tag & 15) * (tag < 0x90 ? 2 : 1);
        return 1;
    }
    if (tag >= 0xa0 && tag <= 0xbf) {
        return 1U + (tag & 31U);
    }
    for (size_t i = 0; i < COUNT_OF(forms); i++) {
        if (tag >= forms[i].first && tag <= forms[i].last) {
            size_t width = (size_t)forms[i].width << (tag - forms[i].first);
            if (len < 1 + width) {
                return 0;
            }
            uint64_t number = number_at(data + 1, width);
            *ret_items = number * forms[i].each;
            *ret_container = forms[i].each != 0;
            return 1 + width + forms[i].fixed + (*ret_container ? 0 : number);
        }
    }
    return 1U + (tag >= 0xca && tag <= 0xd8 ? fixed[tag - 0xca] : 0U);
}

struct span span_at(const uint8_t *data, size_t len)
{
    enum { DEPTH_KEPT = 4096 };
    static uint64_t open[DEPTH_KEPT];
    struct span span = {0, 0};
    size_t at = 0, depth = 0;
    do {
        uint64_t items;
        bool container;
        uint64_t bytes_here = head_at(data + at, len - at, &items, &container);
        if (bytes_here == 0 || bytes_here > len - at || items > len - at - bytes_here) {
            return span;
        }
        at += bytes_here;
        if (container && depth + 1 > span.depth) {
            span.depth = depth + 1;
        }
        if (items != 0 && depth < DEPTH_KEPT) {
            open[depth++] = items;
        } else if (items != 0) {
            return span;
        } else {
            while (depth != 0 && --open[depth - 1] == 0) {
                depth--;
            }
        }
    } while (depth != 0);
    span.len = at;
    return span;
}
