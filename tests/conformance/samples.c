/* SPDX-License-Identifier: MIT */
#include "samples.h"

#include <float.h>
#include <string.h>

/* clang-format off */
static const struct larder_uuid uid = {
    {0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff}};
static const struct larder_uuid uid_f = {
    {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}};
/* clang-format on */

static const bool flags[] = {true, false, true};
static const uint8_t u8s[] = {0, 127, 128, 255};
static const uint64_t u64s[] = {0, 127, 128, 255, 256, 65535, 65536, UINT32_MAX, UINT64_MAX};
static const int16_t i16s[] = {0, -1, -32, -33, -128, -129, INT16_MIN, INT16_MAX};
static const int64_t i64s[] = {0,   -32, -33,   -129,      -32769,   INT32_MIN,
                               127, 128, 65536, INT64_MAX, INT64_MIN};
static const float f32s[] = {0.0F, -1.5F, FLT_MAX};
static const double f64s[] = {0.0, 1e-300, -DBL_MAX, 0.1};
static const char *const texts[] = {"", "a", "Grüße, 世界 \xf0\x9f\x8d\xb5", "line\nline\ttab"};
static const char *const maybe_texts[] = {"first", NULL, "third"};
static const struct larder_bytes blobs[] = {BYTES("\0\xff\0"), {NULL, 0}, BYTES("x")};
static const struct larder_uuid uids[] = {
    {{0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee,
      0xff}},
    {{0}},
};
static const int64_t times[] = {0, INT64_C(1767225600000), -1};
/* nil, true, "hi", {"k": [1, 2]} */
static const struct larder_bytes extras[] = {BYTES("\xc0"), BYTES("\xc3"), BYTES("\xa2hi"),
                                             BYTES("\x81\xa1k\x92\x01\x02")};
static const enum kitchen_colour colours[] = {KITCHEN_COLOUR_BLUE, KITCHEN_COLOUR_RED};
static const struct kitchen_leaf leaf = {7, "oak", KITCHEN_COLOUR_BLUE};
static const struct kitchen_leaf leaves[] = {{1, "elm", KITCHEN_COLOUR_RED},
                                             {2, "", KITCHEN_COLOUR_GREEN}};
static const struct kitchen_leaf *const maybe_leaves[] = {NULL, &leaf};
static const uint32_t first_row[] = {1, 2, 3};
static const uint32_t last_row[] = {UINT32_MAX};
static const struct larder_u32_list grid[] = {LIST_OF(first_row), {NULL, 0}, LIST_OF(last_row)};
static const struct kitchen_rows_item_entry row_entries[] = {{"a", "1"}, {"b", "2"}};
static const struct kitchen_rows_item_map rows[] = {LIST_OF(row_entries), {NULL, 0}};
static const struct kitchen_labels_entry labels[] = {{"", "empty key"}, {"köy", ""}};
static const struct kitchen_maybe_labels_entry maybe_labels[] = {{"there", "x"}, {"not", NULL}};
static const struct kitchen_counts_entry counts[] = {{"one", 1}, {"many", UINT32_MAX}};
static const struct kitchen_by_name_entry by_name[] = {{"ash", {3, "ash", KITCHEN_COLOUR_GREEN}}};
static const struct kitchen_groups_entry groups[] = {{"g", LIST_OF(texts)}, {"none", {NULL, 0}}};
static const struct kitchen_tables_value_entry cells[] = {{"x", -1}, {"y", INT64_MAX}};
static const struct kitchen_tables_entry tables[] = {{"t", LIST_OF(cells)}};
static const struct kitchen_branch twig = {.name = "twig"};
static const struct kitchen_branch twigs[] = {{.name = "left"}, {.name = "right", .only = &twig}};
static const struct kitchen_branch_named_entry named[] = {{"n", {.name = "named"}}};
static const struct kitchen_branch tree = {
    .name = "root", .only = &twig, .children = LIST_OF(twigs), .named = LIST_OF(named)};
static const uint32_t some[] = {5, 6};
static const struct kitchen_maybe_map_entry map_entries[] = {{"k", "v"}};

static void fill_required(struct kitchen *k)
{
    *k = (struct kitchen){
        .id = 1,
        .flag = true,
        .n_u8 = 200,
        .n_u16 = 60000,
        .n_u32 = 4000000000U,
        .n_u64 = UINT64_C(10000000000000000000),
        .n_i8 = -100,
        .n_i16 = -30000,
        .n_i32 = -2000000000,
        .n_i64 = INT64_C(-9000000000000000000),
        .n_f32 = 1.25F,
        .n_f64 = -0.1,
        .text = "tea",
        .blob = BYTES("\x00\x01\xfe\xff"),
        .uid = uid,
        .at = INT64_C(1767225600123),
        .span = -1500,
        .extra = BYTES("\x93\x01\xc0\xa1x"), /* [1, nil, "x"] */
        .colour = KITCHEN_COLOUR_GREEN,
        .leaf = leaf,
        .class_ = "first",
        .errno_ = 4,
    };
}

static void fill_optional(struct kitchen *k)
{
    k->has_maybe_flag = true;
    k->maybe_flag = false;
    k->has_maybe_u32 = true;
    k->maybe_u32 = 0;
    k->has_maybe_i64 = true;
    k->maybe_i64 = -1;
    k->has_maybe_f64 = true;
    k->maybe_f64 = 6.5;
    k->maybe_text = "";
    k->has_maybe_blob = true;
    k->has_maybe_uid = true;
    k->maybe_uid = uid;
    k->has_maybe_at = true;
    k->maybe_at = 5;
    k->has_maybe_extra = true;
    k->maybe_extra = (struct larder_bytes)BYTES("\x01");
    k->has_maybe_colour = true;
    k->maybe_colour = KITCHEN_COLOUR_RED;
    k->maybe_leaf = &leaf;
    k->has_maybe_list = true;
    k->maybe_list = (struct larder_u32_list)LIST_OF(some);
    k->has_maybe_map = true;
    k->maybe_map = (struct kitchen_maybe_map_map)LIST_OF(map_entries);
    k->tree = &tree;
}

static void fill_lists(struct kitchen *k)
{
    k->flags = (struct larder_bool_list)LIST_OF(flags);
    k->u8s = (struct larder_u8_list)LIST_OF(u8s);
    k->u64s = (struct larder_u64_list)LIST_OF(u64s);
    k->i16s = (struct larder_i16_list)LIST_OF(i16s);
    k->i64s = (struct larder_i64_list)LIST_OF(i64s);
    k->f32s = (struct larder_f32_list)LIST_OF(f32s);
    k->f64s = (struct larder_f64_list)LIST_OF(f64s);
    k->texts = (struct larder_string_list)LIST_OF(texts);
    k->maybe_texts = (struct larder_string_list)LIST_OF(maybe_texts);
    k->blobs = (struct larder_bytes_list)LIST_OF(blobs);
    k->uids = (struct larder_uuid_list)LIST_OF(uids);
    k->times = (struct larder_i64_list)LIST_OF(times);
    k->extras = (struct larder_bytes_list)LIST_OF(extras);
    k->colours = (struct kitchen_colour_list)LIST_OF(colours);
    k->leaves = (struct kitchen_leaf_list)LIST_OF(leaves);
    k->maybe_leaves = (struct kitchen_maybe_leaves_list)LIST_OF(maybe_leaves);
    k->grid = (struct kitchen_grid_list)LIST_OF(grid);
    k->rows = (struct kitchen_rows_list)LIST_OF(rows);
}

static void fill_maps(struct kitchen *k)
{
    k->labels = (struct kitchen_labels_map)LIST_OF(labels);
    k->maybe_labels = (struct kitchen_maybe_labels_map)LIST_OF(maybe_labels);
    k->counts = (struct kitchen_counts_map)LIST_OF(counts);
    k->by_name = (struct kitchen_by_name_map)LIST_OF(by_name);
    k->groups = (struct kitchen_groups_map)LIST_OF(groups);
    k->tables = (struct kitchen_tables_map)LIST_OF(tables);
}

const struct kitchen *sample_full(void)
{
    static struct kitchen k;
    fill_required(&k);
    fill_optional(&k);
    fill_lists(&k);
    fill_maps(&k);
    return &k;
}

const struct kitchen *sample_bare(void)
{
    static const struct kitchen k = {
        .text = "", .extra = BYTES("\xc0"), .leaf = {.name = ""}, .class_ = ""};
    return &k;
}

const struct kitchen *sample_highest(void)
{
    static struct kitchen k;
    fill_required(&k);
    k.id = UINT64_MAX;
    k.n_u8 = UINT8_MAX;
    k.n_u16 = UINT16_MAX;
    k.n_u32 = UINT32_MAX;
    k.n_u64 = UINT64_MAX;
    k.n_i8 = INT8_MAX;
    k.n_i16 = INT16_MAX;
    k.n_i32 = INT32_MAX;
    k.n_i64 = INT64_MAX;
    k.n_f32 = FLT_MAX;
    k.n_f64 = DBL_MAX;
    k.uid = uid_f;
    k.at = INT64_MAX;
    k.span = INT64_MAX;
    k.colour = KITCHEN_COLOUR_BLUE;
    k.errno_ = UINT8_MAX;
    return &k;
}

const struct kitchen *sample_lowest(void)
{
    static struct kitchen k;
    fill_required(&k);
    k.id = 0;
    k.n_u8 = 0;
    k.n_u16 = 0;
    k.n_u32 = 0;
    k.n_u64 = 0;
    k.n_i8 = INT8_MIN;
    k.n_i16 = INT16_MIN;
    k.n_i32 = INT32_MIN;
    k.n_i64 = INT64_MIN;
    k.n_f32 = FLT_TRUE_MIN;
    k.n_f64 = -DBL_TRUE_MIN;
    k.at = INT64_MIN;
    k.span = INT64_MIN;
    k.colour = KITCHEN_COLOUR_RED;
    return &k;
}

/* -------------------------------------------------------------- equality */

static bool same_text(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static bool same_bytes(struct larder_bytes a, struct larder_bytes b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

static bool same_leaf(const struct kitchen_leaf *a, const struct kitchen_leaf *b)
{
    if (a == NULL || b == NULL) {
        return a == b;
    }
    return a->id == b->id && same_text(a->name, b->name) && a->colour == b->colour;
}

static bool same_branch(const struct kitchen_branch *a, const struct kitchen_branch *b)
{
    if (a == NULL || b == NULL) {
        return a == b;
    }
    bool same = same_text(a->name, b->name) && same_branch(a->only, b->only) &&
                a->children.count == b->children.count && a->named.count == b->named.count;
    for (size_t i = 0; same && i < a->children.count; i++) {
        same = same_branch(&a->children.items[i], &b->children.items[i]);
    }
    for (size_t i = 0; same && i < a->named.count; i++) {
        same = same_text(a->named.entries[i].key, b->named.entries[i].key) &&
               same_branch(&a->named.entries[i].value, &b->named.entries[i].value);
    }
    return same;
}

#define SAME(member)                 \
    if (!(a->member == b->member)) { \
        return #member;              \
    }
#define SAME_BITS(member)                                        \
    if (memcmp(&a->member, &b->member, sizeof a->member) != 0) { \
        return #member;                                          \
    }
#define SAME_BY(member, function)          \
    if (!function(a->member, b->member)) { \
        return #member;                    \
    }
/* Lists and maps; EQUAL sees x and y, an item of each. */
#define SAME_ALL(member, items, EQUAL)                                 \
    if (a->member.count != b->member.count) {                          \
        return #member ".count";                                       \
    }                                                                  \
    for (size_t i = 0; i < a->member.count; i++) {                     \
        const __typeof__(a->member.items[0]) *x = &a->member.items[i]; \
        const __typeof__(a->member.items[0]) *y = &b->member.items[i]; \
        if (!(EQUAL)) {                                                \
            return #member;                                            \
        }                                                              \
    }

#define SAME_LIST(member, EQUAL) SAME_ALL(member, items, EQUAL)
#define SAME_MAP(member, EQUAL) SAME_ALL(member, entries, EQUAL)

static const char *scalars_difference(const struct kitchen *a, const struct kitchen *b)
{
    SAME(id)
    SAME(flag)
    SAME(n_u8)
    SAME(n_u16)
    SAME(n_u32)
    SAME(n_u64)
    SAME(n_i8)
    SAME(n_i16)
    SAME(n_i32)
    SAME(n_i64)
    SAME_BITS(n_f32)
    SAME_BITS(n_f64)
    SAME_BY(text, same_text)
    SAME_BY(blob, same_bytes)
    SAME_BITS(uid)
    SAME(at)
    SAME(span)
    SAME_BY(extra, same_bytes)
    SAME(colour)
    SAME_BY(class_, same_text)
    SAME(errno_)
    return same_leaf(&a->leaf, &b->leaf) ? NULL : "leaf";
}

static const char *optionals_difference(const struct kitchen *a, const struct kitchen *b)
{
    SAME(has_maybe_flag)
    SAME(maybe_flag)
    SAME(has_maybe_u32)
    SAME(maybe_u32)
    SAME(has_maybe_i64)
    SAME(maybe_i64)
    SAME(has_maybe_f64)
    SAME_BITS(maybe_f64)
    SAME_BY(maybe_text, same_text)
    SAME(has_maybe_blob)
    SAME_BY(maybe_blob, same_bytes)
    SAME(has_maybe_uid)
    SAME_BITS(maybe_uid)
    SAME(has_maybe_at)
    SAME(maybe_at)
    SAME(has_maybe_extra)
    SAME_BY(maybe_extra, same_bytes)
    SAME(has_maybe_colour)
    SAME(maybe_colour)
    SAME_BY(maybe_leaf, same_leaf)
    SAME(has_maybe_list)
    SAME_LIST(maybe_list, *x == *y)
    SAME(has_maybe_map)
    SAME_MAP(maybe_map, same_text(x->key, y->key) && same_text(x->value, y->value))
    SAME_BY(tree, same_branch)
    return NULL;
}

static const char *plain_lists_difference(const struct kitchen *a, const struct kitchen *b)
{
    SAME_LIST(flags, *x == *y)
    SAME_LIST(u8s, *x == *y)
    SAME_LIST(u64s, *x == *y)
    SAME_LIST(i16s, *x == *y)
    SAME_LIST(i64s, *x == *y)
    SAME_LIST(f32s, memcmp(x, y, sizeof *x) == 0)
    SAME_LIST(f64s, memcmp(x, y, sizeof *x) == 0)
    SAME_LIST(texts, same_text(*x, *y))
    SAME_LIST(maybe_texts, same_text(*x, *y))
    SAME_LIST(blobs, same_bytes(*x, *y))
    SAME_LIST(uids, memcmp(x, y, sizeof *x) == 0)
    SAME_LIST(times, *x == *y)
    SAME_LIST(extras, same_bytes(*x, *y))
    SAME_LIST(colours, *x == *y)
    SAME_LIST(leaves, same_leaf(x, y))
    SAME_LIST(maybe_leaves, same_leaf(*x, *y))
    return NULL;
}

static bool same_row(const struct larder_u32_list *a, const struct larder_u32_list *b)
{
    return a->count == b->count &&
           (a->count == 0 || memcmp(a->items, b->items, a->count * sizeof a->items[0]) == 0);
}

static bool same_entries(const struct kitchen_rows_item_map *a,
                         const struct kitchen_rows_item_map *b)
{
    bool same = a->count == b->count;
    for (size_t i = 0; same && i < a->count; i++) {
        same = same_text(a->entries[i].key, b->entries[i].key) &&
               same_text(a->entries[i].value, b->entries[i].value);
    }
    return same;
}

static bool same_strings(struct larder_string_list a, struct larder_string_list b)
{
    bool same = a.count == b.count;
    for (size_t i = 0; same && i < a.count; i++) {
        same = same_text(a.items[i], b.items[i]);
    }
    return same;
}

static bool same_cells(struct kitchen_tables_value_map a, struct kitchen_tables_value_map b)
{
    bool same = a.count == b.count;
    for (size_t i = 0; same && i < a.count; i++) {
        same = same_text(a.entries[i].key, b.entries[i].key) &&
               a.entries[i].value == b.entries[i].value;
    }
    return same;
}

static const char *nested_difference(const struct kitchen *a, const struct kitchen *b)
{
    SAME_LIST(grid, same_row(x, y))
    SAME_LIST(rows, same_entries(x, y))
    SAME_MAP(labels, same_text(x->key, y->key) && same_text(x->value, y->value))
    SAME_MAP(maybe_labels, same_text(x->key, y->key) && same_text(x->value, y->value))
    SAME_MAP(counts, same_text(x->key, y->key) && x->value == y->value)
    SAME_MAP(by_name, same_text(x->key, y->key) && same_leaf(&x->value, &y->value))
    SAME_MAP(groups, same_text(x->key, y->key) && same_strings(x->value, y->value))
    SAME_MAP(tables, same_text(x->key, y->key) && same_cells(x->value, y->value))
    return NULL;
}

const char *sample_difference(const struct kitchen *a, const struct kitchen *b)
{
    const char *difference = scalars_difference(a, b);
    difference = difference != NULL ? difference : optionals_difference(a, b);
    difference = difference != NULL ? difference : plain_lists_difference(a, b);
    return difference != NULL ? difference : nested_difference(a, b);
}
