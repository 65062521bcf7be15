/* SPDX-License-Identifier: MIT */
#include "context/shapes.h"

#include <string.h>

/* What follows LARDER_KIND_. */
static const char *const kinds[] = {
    [SCH_BOOL] = "BOOL",   [SCH_U8] = "U8",     [SCH_U16] = "U16",       [SCH_U32] = "U32",
    [SCH_U64] = "U64",     [SCH_I8] = "I8",     [SCH_I16] = "I16",       [SCH_I32] = "I32",
    [SCH_I64] = "I64",     [SCH_F32] = "F32",   [SCH_F64] = "F64",       [SCH_STRING] = "STRING",
    [SCH_BYTES] = "BYTES", [SCH_UUID] = "UUID", [SCH_TIMESTAMP] = "I64", [SCH_DURATION] = "I64",
    [SCH_ANY] = "ANY",     [SCH_ENUM] = "ENUM", [SCH_STRUCT] = "STRUCT", [SCH_LIST] = "LIST",
    [SCH_MAP] = "MAP",
};

/* What sizeof takes: a declaration without the blank that a name would follow. */
static const char *bare(struct arena *arena, const char *declaration)
{
    size_t len = strlen(declaration);
    return arena_copy(arena, declaration, declaration[len - 1] == ' ' ? len - 1 : len);
}

static const char *container(struct arena *arena, const struct sch_type *type,
                             struct ctype_place place)
{
    struct ctype_place inner = ctype_inner(arena, place, type);
    const char *item = shape_type(arena, type->item, inner);
    if (type->kind == SCH_MAP) {
        const char *entry = ctype_entry(arena, place);
        return arena_printf(arena,
                            ", .stride = sizeof(struct %s), .value_at = offsetof(struct %s, value)"
                            ", .item = &(const struct larder_type)%s",
                            entry, entry, item);
    }
    return arena_printf(arena, ", .stride = sizeof(%s), .item = &(const struct larder_type)%s",
                        bare(arena, ctype_declare(arena, type->item, inner)), item);
}

/* The members that only types of its kind have. */
static const char *particulars(struct arena *arena, const struct sch_type *type,
                               struct ctype_place place)
{
    if (type->item != NULL) {
        return container(arena, type, place);
    }
    if (type->kind == SCH_ENUM) {
        return arena_printf(arena, ", .count = %zu, .names = larder_names_of_%s",
                            type->decl->enumerator_count, type->decl->c_name);
    }
    if (type->kind == SCH_STRUCT) {
        return arena_printf(arena, ", .shape = &larder_shape_of_%s", type->decl->c_name);
    }
    return "";
}

const char *shape_type(struct arena *arena, const struct sch_type *type, struct ctype_place place)
{
    bool optional = type->optional && ctype_is_pointer(type);
    return arena_printf(arena, "{.kind = LARDER_KIND_%s%s%s}", kinds[type->kind],
                        optional ? ", .optional = true" : "", particulars(arena, type, place));
}

struct ctx_value *shape_fields(struct arena *arena, const struct sch_decl *decl)
{
    struct ctx_value *list = ctx_list(arena);
    for (size_t i = 0; i < decl->field_count; i++) {
        const struct sch_field *field = &decl->fields[i];
        struct ctype_place place = {decl->c_name, field->name};
        struct ctx_value *map = ctx_map_for(arena, 5);
        ctx_set_string(map, "name", field->name);
        ctx_set_string(map, "member", field->c_name);
        ctx_set_string(map, "has", field->type.optional ? field->c_has : NULL);
        ctx_set_flag(map, "secret", field->secret);
        ctx_set_string(map, "type", shape_type(arena, &field->type, place));
        ctx_add(list, map);
    }
    return list;
}
