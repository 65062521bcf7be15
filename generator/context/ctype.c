/* SPDX-License-Identifier: MIT */
#include "context/ctype.h"

#include "base/arena.h"

/* One row a kind. */
struct row {
    const char *c;       /* as declared */
    const char *list;    /* larder_<list>_list */
    const char *wide;    /* larder_write_<wide> */
    const char *read;    /* larder_read_<read> */
    unsigned char bound; /* bytes of the longest encoding, 0: none */
};

static const struct row rows[] = {
    [SCH_BOOL] = {"bool ", "bool", "bool", "bool", 1},
    [SCH_U8] = {"uint8_t ", "u8", "u64", "u8", 2},
    [SCH_U16] = {"uint16_t ", "u16", "u64", "u16", 3},
    [SCH_U32] = {"uint32_t ", "u32", "u64", "u32", 5},
    [SCH_U64] = {"uint64_t ", "u64", "u64", "u64", 9},
    [SCH_I8] = {"int8_t ", "i8", "i64", "i8", 2},
    [SCH_I16] = {"int16_t ", "i16", "i64", "i16", 3},
    [SCH_I32] = {"int32_t ", "i32", "i64", "i32", 5},
    [SCH_I64] = {"int64_t ", "i64", "i64", "i64", 9},
    [SCH_F32] = {"float ", "f32", "f32", "f32", 5},
    [SCH_F64] = {"double ", "f64", "f64", "f64", 9},
    [SCH_STRING] = {"const char *", "string", "string", "string", 0},
    [SCH_BYTES] = {"struct larder_bytes ", "bytes", "bytes", "bytes", 0},
    [SCH_UUID] = {"struct larder_uuid ", "uuid", "uuid", "uuid", 18},
    [SCH_TIMESTAMP] = {"int64_t ", "i64", "timestamp", "timestamp", 9},
    [SCH_DURATION] = {"int64_t ", "i64", "i64", "i64", 9},
    [SCH_ANY] = {"struct larder_bytes ", "bytes", "any", "any", 0},
    [SCH_ENUM] = {NULL, NULL, "enum", "enum", 5},
    [SCH_STRUCT] = {NULL, NULL, NULL, NULL, 0},
    [SCH_LIST] = {NULL, NULL, NULL, NULL, 0},
    [SCH_MAP] = {NULL, NULL, NULL, NULL, 0},
};

struct ctype_place ctype_inner(struct arena *arena, struct ctype_place place,
                               const struct sch_type *type)
{
    const char *suffix = type->kind == SCH_MAP ? "value" : "item";
    return (struct ctype_place){place.owner, arena_printf(arena, "%s_%s", place.path, suffix)};
}

bool ctype_list_is_builtin(const struct sch_type *list)
{
    return rows[list->item->kind].list != NULL;
}

bool ctype_list_is_shared(const struct sch_type *list)
{
    return (list->item->kind == SCH_ENUM || list->item->kind == SCH_STRUCT) &&
           !list->item->optional;
}

const char *ctype_list(struct arena *arena, const struct sch_type *type, struct ctype_place place)
{
    if (ctype_list_is_builtin(type)) {
        return arena_printf(arena, "larder_%s_list", rows[type->item->kind].list);
    }
    if (ctype_list_is_shared(type)) {
        return arena_printf(arena, "%s_list", type->item->decl->c_name);
    }
    return arena_printf(arena, "%s_%s_list", place.owner, place.path);
}

const char *ctype_map(struct arena *arena, struct ctype_place place)
{
    return arena_printf(arena, "%s_%s_map", place.owner, place.path);
}

const char *ctype_entry(struct arena *arena, struct ctype_place place)
{
    return arena_printf(arena, "%s_%s_entry", place.owner, place.path);
}

bool ctype_is_pointer(const struct sch_type *type)
{
    return type->kind == SCH_STRING || type->kind == SCH_STRUCT;
}

const char *ctype_declare(struct arena *arena, const struct sch_type *type,
                          struct ctype_place place)
{
    if (rows[type->kind].c != NULL) {
        return rows[type->kind].c;
    }
    if (type->kind == SCH_ENUM) {
        return arena_printf(arena, "enum %s ", type->decl->c_name);
    }
    if (type->kind == SCH_LIST) {
        return arena_printf(arena, "struct %s ", ctype_list(arena, type, place));
    }
    if (type->kind == SCH_MAP) {
        return arena_printf(arena, "struct %s ", ctype_map(arena, place));
    }
    return arena_printf(arena, type->optional ? "const struct %s *" : "struct %s ",
                        type->decl->c_name);
}

const char *ctype_writer(enum sch_kind kind)
{
    return rows[kind].wide;
}

const char *ctype_reader(enum sch_kind kind)
{
    return rows[kind].read;
}

size_t ctype_bound(enum sch_kind kind)
{
    return rows[kind].bound;
}

bool ctype_is_scalar(enum sch_kind kind)
{
    return rows[kind].bound != 0 && kind != SCH_ENUM;
}
