/* SPDX-License-Identifier: MIT */
#include "context/steps.h"

#include <inttypes.h>
#include <string.h>

#include "base/text.h"
#include "context/c_escape.h"

enum { HEADER_BYTES = 5, SHORT_BYTES = 32, SUM_MAX = 1024 * 1024 };

/* ------------------------------------------------------------------ sizes */

static size_t item_fixed(const struct sch_type *type)
{
    size_t bound = ctype_bound(type->kind);
    if (type->kind == SCH_LIST || type->kind == SCH_MAP) {
        return HEADER_BYTES + item_fixed(type->item);
    }
    return bound != 0 ? bound : HEADER_BYTES;
}

/*
 * An encoder reserves a struct's `fixed` bytes once; whatever has no bound
 * leaves as many free behind it. So `fixed` must cover every store that does
 * not reserve for itself: scalars, short strings, headers, nils, and one value of
 * a map. Strings in lists and maps do, since there may be any number of them.
 */
size_t steps_fixed(const struct sch_type *type)
{
    return type->kind == SCH_STRING ? SHORT_BYTES : item_fixed(type);
}

/* Bytes that a list reserves for each item: only where all are of bounded
 * size. What reserves for itself takes from what is left, so nothing may count
 * on a reservation made before it. */
static size_t each_bytes(const struct sch_type *item)
{
    return item->optional ? 0 : ctype_bound(item->kind);
}

/* ------------------------------------------------------------------ nodes */

/* The sections a node may have, and the kinds that have another than "scalar". */
static const char *const sections[] = {"scalar", "text", "any", "enum", "struct", "list", "map"};

static const char *const section_of[] = {
    [SCH_STRING] = "text",   [SCH_BYTES] = "text", [SCH_ANY] = "any", [SCH_ENUM] = "enum",
    [SCH_STRUCT] = "struct", [SCH_LIST] = "list",  [SCH_MAP] = "map",
};

static void add_container(const struct steps_owner *owner, struct ctx_value *section,
                          const struct sch_type *type, struct ctype_place place, const char *expr,
                          const char *label, int depth)
{
    struct arena *arena = owner->arena;
    struct ctype_place inner = ctype_inner(arena, place, type);
    bool is_map = type->kind == SCH_MAP;
    const char *items = is_map ? "entries" : "items";
    ctx_set_number(section, "max", (long long)type->max);
    ctx_set_number(section, "each", (long long)each_bytes(type->item));
    /* Each reserves for itself, and nothing for what follows the last. */
    ctx_set_flag(section, "structs", type->item->kind == SCH_STRUCT);
    ctx_set_string(section, "count", arena_printf(arena, "count%d", depth));
    ctx_set_string(section, "items", arena_printf(arena, "%s%d", items, depth));
    ctx_set_string(section, "index", arena_printf(arena, "i%d", depth));
    ctx_set_string(section, "items_type",
                   is_map ? arena_printf(arena, "struct %s ", ctype_entry(arena, place))
                          : ctype_declare(arena, type->item, inner));
    const char *written = arena_printf(arena, "%s.%s[i%d]", expr, items, depth);
    const char *filled = arena_printf(arena, "%s%d[i%d]", items, depth, depth);
    if (is_map) {
        ctx_set_string(section, "write_key", arena_printf(arena, "%s.key", written));
        ctx_set_string(section, "read_key", arena_printf(arena, "%s.key", filled));
        written = arena_printf(arena, "%s.value", written);
        filled = arena_printf(arena, "%s.value", filled);
    }
    ctx_set(section, "write_item", steps_node(owner, type->item, inner, written, label, depth + 1));
    ctx_set(section, "read_item", steps_node(owner, type->item, inner, filled, label, depth + 1));
}

static const char *writer(const struct sch_type *type, int depth)
{
    if (type->kind == SCH_ANY && type->optional) {
        return "present_any"; /* nil means absent */
    }
    return type->kind == SCH_STRING && depth > 0 ? "item" : ctype_writer(type->kind);
}

static struct ctx_value *make_section(const struct steps_owner *owner, const struct sch_type *type,
                                      struct ctype_place place, const char *expr, const char *label,
                                      int depth)
{
    bool container = type->kind == SCH_LIST || type->kind == SCH_MAP;
    struct ctx_value *section = ctx_map_for(owner->arena, container ? 11 : 4);
    if (container) {
        add_container(owner, section, type, place, expr, label, depth);
    } else if (type->kind == SCH_STRUCT) {
        ctx_set_string(section, "type", type->decl->c_name);
        ctx_set_flag(section, "pointer", type->optional);
        ctx_set_flag(section, "item", depth > 0);
        ctx_set_string(section, "part", arena_printf(owner->arena, "part%d", depth));
    } else if (type->kind == SCH_ENUM) {
        ctx_set_string(section, "type", type->decl->c_name);
        ctx_set_number(section, "enumerators", (long long)type->decl->enumerator_count);
        ctx_set_string(section, "number", arena_printf(owner->arena, "number%d", depth));
    } else {
        ctx_set_string(section, "write", writer(type, depth));
        ctx_set_string(section, "read", ctype_reader(type->kind));
        ctx_set_number(section, "max", (long long)type->max);
    }
    return section;
}

struct ctx_value *steps_node(const struct steps_owner *owner, const struct sch_type *type,
                             struct ctype_place place, const char *expr, const char *label,
                             int depth)
{
    struct arena *arena = owner->arena;
    struct ctx_value *node = ctx_map_for(arena, 12);
    struct ctx_value *off = ctx_flag(arena, false);
    const char *set = section_of[type->kind] != NULL ? section_of[type->kind] : "scalar";
    for (size_t i = 0; i < sizeof sections / sizeof sections[0]; i++) {
        ctx_set(node, sections[i],
                strcmp(set, sections[i]) == 0 ? make_section(owner, type, place, expr, label, depth)
                                              : off);
    }
    /* Inside lists and maps only pointers are optional; fields are dealt with by their position. */
    ctx_set_flag(node, "optional", type->optional && depth > 0);
    /* Their decoders declare a variable. */
    ctx_set_flag(node, "scoped",
                 type->kind == SCH_ENUM || type->kind == SCH_LIST || type->kind == SCH_MAP);
    ctx_set_string(node, "expr", expr);
    ctx_set_string(node, "label", label);
    ctx_set_number(node, "fixed", (long long)owner->fixed);
    return node;
}

/* -------------------------------------------------------------- positions */

static const struct sch_field *field_at(const struct sch_decl *decl, uint32_t id)
{
    for (size_t i = 0; i < decl->field_count; i++) {
        if (decl->fields[i].id == id) {
            return &decl->fields[i];
        }
    }
    return NULL;
}

static bool is_required(const struct sch_field *field)
{
    return !field->type.optional && !field->has_default;
}

static struct ctx_value *position(struct arena *arena, const struct sch_decl *decl,
                                  const struct sch_field *field, size_t fixed, uint32_t id)
{
    struct ctx_value *map = ctx_map_for(arena, 12);
    struct steps_owner owner = {arena, fixed};
    ctx_set_number(map, "position", id);
    ctx_set_flag(map, "hole", field == NULL);
    if (field == NULL) {
        return map;
    }
    struct ctype_place place = {decl->c_name, field->name};
    const char *written = arena_printf(arena, "value->%s", field->c_name);
    const char *filled = arena_printf(arena, "out->%s", field->c_name);
    const char *label = arena_printf(arena, "%s.%s", decl->name, field->name);
    bool pointer = ctype_is_pointer(&field->type);
    ctx_set_flag(map, "required", is_required(field));
    ctx_set_flag(map, "defaulted", field->has_default && !field->type.optional);
    ctx_set_flag(map, "optional", field->type.optional);
    ctx_set_string(map, "name", field->name);
    ctx_set_string(map, "present",
                   pointer ? arena_printf(arena, "%s != NULL", written)
                           : arena_printf(arena, "value->%s", field->c_has));
    ctx_set_string(map, "has", pointer ? NULL : arena_printf(arena, "out->%s", field->c_has));
    ctx_set_string(map, "target", filled);
    ctx_set_string(map, "initial", field->has_default ? steps_default(arena, field) : NULL);
    ctx_set(map, "write", steps_node(&owner, &field->type, place, written, label, 0));
    ctx_set(map, "read", steps_node(&owner, &field->type, place, filled, label, 0));
    return map;
}

struct ctx_value *steps_positions(struct arena *arena, const struct sch_decl *decl, size_t fixed,
                                  uint32_t *ret_least)
{
    struct ctx_value *list = ctx_list(arena);
    uint32_t last = 0;
    *ret_least = 0;
    for (size_t i = 0; i < decl->field_count; i++) {
        const struct sch_field *field = &decl->fields[i];
        last = field->id > last ? field->id : last;
        *ret_least = is_required(field) && field->id > *ret_least ? field->id : *ret_least;
    }
    for (uint32_t id = 1; id <= last; id++) {
        ctx_add(list, position(arena, decl, field_at(decl, id), fixed, id));
    }
    return list;
}

/* ------------------------------------------------------------------ slots */

/* The fewest bytes that an item's encoding has of its own. A struct that
 * contains itself counts as one byte: the rest may be its children's. */
static size_t least_bytes(const struct sch_type *type)
{
    size_t least = 1;
    if (type->kind == SCH_UUID) {
        return ctype_bound(SCH_UUID);
    }
    if (type->kind == SCH_STRUCT && !type->optional && !type->decl->recursive) {
        for (size_t i = 0; i < type->decl->field_count; i++) {
            least += is_required(&type->decl->fields[i]) ? 1 : 0;
        }
    }
    return least;
}

/* A walk over all types that a value can hold, each declared one once. */
struct walk {
    struct arena *arena;
    struct text sum;
    const struct sch_decl **seen;
    size_t seen_count;
};

static void walk_type(struct walk *walk, const struct sch_type *type, struct ctype_place place);

static void walk_decl(struct walk *walk, const struct sch_decl *decl)
{
    for (size_t i = 0; i < walk->seen_count; i++) {
        if (walk->seen[i] == decl) {
            return;
        }
    }
    size_t size = walk->seen_count * sizeof(walk->seen[0]);
    walk->seen = arena_grow(walk->arena, walk->seen, size, size + sizeof(walk->seen[0]));
    walk->seen[walk->seen_count++] = decl;
    for (size_t i = 0; i < decl->field_count; i++) {
        const struct sch_field *field = &decl->fields[i];
        walk_type(walk, &field->type, (struct ctype_place){decl->c_name, field->name});
    }
}

static void walk_type(struct walk *walk, const struct sch_type *type, struct ctype_place place)
{
    if (type->kind == SCH_ANY) {
        text_puts(&walk->sum, " + 8");
    } else if (type->kind == SCH_STRUCT) {
        if (type->optional) {
            text_printf(&walk->sum, " + sizeof(struct %s) + 7", type->decl->c_name);
        }
        walk_decl(walk, type->decl);
    } else if (type->kind == SCH_LIST || type->kind == SCH_MAP) {
        struct ctype_place inner = ctype_inner(walk->arena, place, type);
        bool is_map = type->kind == SCH_MAP;
        const char *slot =
            is_map ? arena_printf(walk->arena, "struct %s", ctype_entry(walk->arena, place))
                   : ctype_declare(walk->arena, type->item, inner);
        text_printf(&walk->sum, " + sizeof(%s) / %zu + 8", slot,
                    least_bytes(type->item) + (is_map ? 1 : 0));
        walk_type(walk, type->item, inner);
    }
}

/*
 * A run of n slots of size s, rounded up to 8, stands for a header and n items
 * of at least m bytes: at most s / m, rounded up, and 7 for the rounding, a
 * byte. A byte lies in at most one container of each kind, so the sum over all
 * that a value can hold is an upper bound.
 */
const char *steps_slots(struct arena *arena, const struct sch_entity *entity)
{
    struct walk walk = {.arena = arena};
    text_init(&walk.sum, arena, SUM_MAX);
    if (entity->shape == SCH_SHAPE_STRUCT) {
        walk_decl(&walk, &entity->body);
    } else {
        const char *path = entity->shape == SCH_SHAPE_LIST ? "items" : "value";
        walk_type(&walk, &entity->value, (struct ctype_place){entity->c_name, path});
    }
    return walk.sum.len == 0 ? "0" : walk.sum.data + strlen(" + ");
}

/* --------------------------------------------------------------- defaults */

/* A double as C reads it back exactly, in any locale. */
static const char *real_text(struct arena *arena, double value, bool narrow)
{
    char *text = arena_printf(arena, narrow ? "%.9g" : "%.17g", value);
    for (char *c = text; *c != '\0'; c++) {
        *c = *c == ',' ? '.' : *c;
    }
    bool whole = strpbrk(text, ".en") == NULL;
    return arena_printf(arena, "%s%s%s", text, whole ? ".0" : "", narrow ? "F" : "");
}

/* A number as a literal of its type. */
static const char *number_text(struct arena *arena, enum sch_kind kind,
                               const struct sch_default *value)
{
    if (kind == SCH_F32 || kind == SCH_F64) {
        return real_text(arena, value->real, kind == SCH_F32);
    }
    if (kind == SCH_U8 || kind == SCH_U16 || kind == SCH_U32) {
        return arena_printf(arena, "%" PRIu64 "U", value->natural);
    }
    if (kind == SCH_U64) {
        return arena_printf(arena, "UINT64_C(%" PRIu64 ")", value->natural);
    }
    if (kind == SCH_I8 || kind == SCH_I16) {
        return arena_printf(arena, "%" PRId64, value->integer);
    }
    /* The least number has no literal of its own. */
    return value->integer == INT64_MIN
               ? "INT64_MIN"
               : arena_printf(arena, "INT64_C(%" PRId64 ")", value->integer);
}

const char *steps_default(struct arena *arena, const struct sch_field *field)
{
    const struct sch_default *value = &field->value;
    if (field->type.kind == SCH_BOOL) {
        return value->flag ? "true" : "false";
    }
    if (field->type.kind == SCH_ENUM) {
        return field->type.decl->enumerators[value->natural].c_name;
    }
    if (field->type.kind == SCH_STRING) {
        return arena_printf(arena, "\"%s\"", esc_literal(arena, value->text, value->len));
    }
    return number_text(arena, field->type.kind, value);
}
