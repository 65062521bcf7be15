/* SPDX-License-Identifier: MIT */
/*
 * DESIGN. C wants a struct complete where it is embedded, and only declared
 * where it is pointed to. So the header has, in this order: enums; the heads
 * of lists and maps, which hold pointers only; the structs, each after those it
 * embeds; the entries of maps, which embed their values. No cycle of types can
 * break that order, since a type contains itself only through pointers.
 */
#include "context/structs.h"

#include <inttypes.h>
#include <string.h>

#include "base/text.h"
#include "context/c_escape.h"
#include "context/ctype.h"
#include "context/shapes.h"
#include "context/steps.h"

enum { NOTE_MAX = 256 };

struct builder {
    struct arena *arena;
    struct ctx_value *lists;
    struct ctx_value *maps;
    struct ctx_value *entries;
    const struct sch_decl **listed; /* declared types whose shared list is there */
    size_t listed_count;
    const struct sch_decl **filled; /* declared types that a loader gets with their defaults */
    size_t filled_count;
};

/* -------------------------------------------------------- lists and maps */

static bool contains(const struct sch_decl *const *decls, size_t count, const struct sch_decl *decl)
{
    for (size_t i = 0; i < count; i++) {
        if (decls[i] == decl) {
            return true;
        }
    }
    return false;
}

static bool is_listed(struct builder *b, const struct sch_decl *decl)
{
    if (contains(b->listed, b->listed_count, decl)) {
        return true;
    }
    b->listed[b->listed_count++] = decl;
    return false;
}

static void add_list(struct builder *b, const struct sch_type *type, struct ctype_place place)
{
    if (ctype_list_is_builtin(type) ||
        (ctype_list_is_shared(type) && is_listed(b, type->item->decl))) {
        return;
    }
    struct ctx_value *map = ctx_map(b->arena);
    const char *item = ctype_declare(b->arena, type->item, ctype_inner(b->arena, place, type));
    bool pointer = item[strlen(item) - 1] == '*';
    ctx_set_string(map, "tag", ctype_list(b->arena, type, place));
    ctx_set_string(map, "items",
                   pointer ? arena_printf(b->arena, "%sconst *", item)
                           : arena_printf(b->arena, "const %s*", item));
    ctx_add(b->lists, map);
}

static void add_map(struct builder *b, const struct sch_type *type, struct ctype_place place)
{
    struct ctx_value *head = ctx_map(b->arena);
    const char *entry = ctype_entry(b->arena, place);
    ctx_set_string(head, "tag", ctype_map(b->arena, place));
    ctx_set_string(head, "entry", entry);
    ctx_add(b->maps, head);
    struct ctx_value *map = ctx_map(b->arena);
    ctx_set_string(map, "tag", entry);
    ctx_set_string(map, "value",
                   ctype_declare(b->arena, type->item, ctype_inner(b->arena, place, type)));
    ctx_add(b->entries, map);
}

/* Everything that a use of a type needs declared besides declared types. */
static void add_containers(struct builder *b, const struct sch_type *type, struct ctype_place place)
{
    if (type->kind != SCH_LIST && type->kind != SCH_MAP) {
        return;
    }
    if (type->kind == SCH_LIST) {
        add_list(b, type, place);
    } else {
        add_map(b, type, place);
    }
    add_containers(b, type->item, ctype_inner(b->arena, place, type));
}

/* ---------------------------------------------------------------- members */

/* A default as people write it. */
static void append_default(struct text *note, const struct sch_field *field)
{
    const struct sch_default *value = &field->value;
    enum sch_kind kind = field->type.kind;
    text_puts(note, ", default ");
    if (kind == SCH_BOOL || kind == SCH_ENUM) {
        const char *name = kind == SCH_BOOL ? (value->flag ? "true" : "false")
                                            : field->type.decl->enumerators[value->natural].name;
        text_puts(note, name);
    } else if (kind == SCH_F32 || kind == SCH_F64) {
        text_printf(note, "%g", value->real);
    } else if (kind >= SCH_U8 && kind <= SCH_U64) {
        text_printf(note, "%" PRIu64, value->natural);
    } else {
        text_printf(note, "%" PRId64, value->integer);
    }
}

/* What a reader of the header must know about a member, in a few words. */
static const char *note_of(struct arena *arena, const struct sch_field *field)
{
    struct text note;
    const struct sch_type *type = &field->type;
    text_init(&note, arena, NOTE_MAX);
    if (type->kind == SCH_TIMESTAMP || type->kind == SCH_DURATION) {
        text_puts(&note, type->kind == SCH_TIMESTAMP ? ", ms since 1970-01-01 UTC" : ", ms");
    }
    if (type->kind == SCH_ANY) {
        text_puts(&note, ", one MessagePack value");
    }
    if (type->optional && ctype_is_pointer(type)) {
        text_puts(&note, ", NULL when absent");
    }
    if (type->max != 0) {
        bool items = type->kind == SCH_LIST || type->kind == SCH_MAP;
        text_printf(&note, ", at most %" PRIu64 " %s", type->max, items ? "items" : "bytes");
    }
    if (field->has_default && type->kind != SCH_STRING) {
        append_default(&note, field);
    }
    if (field->secret) {
        text_puts(&note, ", secret");
    }
    return note.len == 0 ? NULL : note.data + strlen(", ");
}

static struct ctx_value *member(struct arena *arena, const struct sch_decl *decl,
                                const struct sch_field *field)
{
    struct ctx_value *map = ctx_map_for(arena, 5);
    struct ctype_place place = {decl->c_name, field->name};
    ctx_set_string(
        map, "declaration",
        arena_printf(arena, "%s%s", ctype_declare(arena, &field->type, place), field->c_name));
    ctx_set_string(map, "has",
                   field->type.optional && !ctype_is_pointer(&field->type) ? field->c_has : NULL);
    ctx_doc(map, arena, field->description);
    ctx_set_string(map, "note", note_of(arena, field));
    return map;
}

/* --------------------------------------------------------------- defaults */

bool struct_has_defaults(const struct sch_decl *decl)
{
    for (size_t i = 0; i < decl->field_count; i++) {
        const struct sch_field *field = &decl->fields[i];
        bool embedded = field->type.kind == SCH_STRUCT && !field->type.optional;
        if (field->has_default || (embedded && struct_has_defaults(field->type.decl))) {
            return true;
        }
    }
    return false;
}

/* Notes the types that are embedded in an entity: what a loader is given is
 * filled with defaults, list items are the loader's to make. */
static void note_filled(struct builder *b, const struct sch_type *type)
{
    if (type->kind != SCH_STRUCT || type->optional ||
        contains(b->filled, b->filled_count, type->decl)) {
        return;
    }
    b->filled[b->filled_count++] = type->decl;
    for (size_t i = 0; i < type->decl->field_count; i++) {
        note_filled(b, &type->decl->fields[i].type);
    }
}

static void note_all_filled(struct builder *b, const struct sch_service *service)
{
    for (size_t i = 0; i < service->entity_count; i++) {
        const struct sch_entity *entity = &service->entities[i];
        if (entity->shape == SCH_SHAPE_VALUE) {
            note_filled(b, &entity->value);
        }
        for (size_t f = 0; entity->shape == SCH_SHAPE_STRUCT && f < entity->body.field_count; f++) {
            note_filled(b, &entity->body.fields[f].type);
        }
    }
}

static struct ctx_value *defaults(struct arena *arena, const struct sch_decl *decl)
{
    struct ctx_value *list = ctx_list(arena);
    for (size_t i = 0; i < decl->field_count; i++) {
        const struct sch_field *field = &decl->fields[i];
        bool embedded = field->type.kind == SCH_STRUCT && !field->type.optional &&
                        struct_has_defaults(field->type.decl);
        if (field->has_default || embedded) {
            struct ctx_value *map = ctx_map(arena);
            ctx_set_string(map, "member", field->c_name);
            ctx_set_string(map, "type", embedded ? field->type.decl->c_name : NULL);
            ctx_set_string(map, "initial", embedded ? NULL : steps_default(arena, field));
            ctx_add(list, map);
        }
    }
    return list;
}

/* ---------------------------------------------------------------- structs */

static size_t fixed_bytes(const struct sch_decl *decl, uint32_t last)
{
    size_t fixed = 5 + last; /* the head, and a nil for each position */
    for (size_t i = 0; i < decl->field_count; i++) {
        fixed += steps_fixed(&decl->fields[i].type);
    }
    return fixed;
}

static struct ctx_value *make_struct(struct builder *b, const struct sch_decl *decl, bool filled)
{
    struct arena *arena = b->arena;
    struct ctx_value *map = ctx_map(arena);
    struct ctx_value *members = ctx_list(arena);
    uint32_t last = 0;
    uint32_t least;
    for (size_t i = 0; i < decl->field_count; i++) {
        const struct sch_field *field = &decl->fields[i];
        last = field->id > last ? field->id : last;
        ctx_add(members, member(arena, decl, field));
        add_containers(b, &field->type, (struct ctype_place){decl->c_name, field->name});
    }
    size_t fixed = fixed_bytes(decl, last);
    ctx_set_string(map, "tag", decl->c_name);
    ctx_doc(map, arena, decl->description);
    ctx_set(map, "members", members);
    ctx_set(map, "fields", shape_fields(arena, decl));
    ctx_set_number(map, "fixed", (long long)fixed);
    ctx_set(map, "positions", steps_positions(arena, decl, fixed, &least));
    ctx_set_number(map, "last", last);
    ctx_set_number(map, "least", least);
    ctx_set_flag(map, "recursive", decl->recursive);
    ctx_set_flag(map, "has_defaults", filled && struct_has_defaults(decl));
    ctx_set(map, "defaults", defaults(arena, decl));
    return map;
}

static struct ctx_value *make_enum(struct arena *arena, const struct sch_decl *decl)
{
    struct ctx_value *map = ctx_map(arena);
    struct ctx_value *list = ctx_list(arena);
    for (size_t i = 0; i < decl->enumerator_count; i++) {
        struct ctx_value *item = ctx_map(arena);
        ctx_set_string(item, "constant", decl->enumerators[i].c_name);
        ctx_set_string(item, "name", decl->enumerators[i].name);
        ctx_set_flag(item, "first", i == 0);
        ctx_set_flag(item, "more", i + 1 < decl->enumerator_count);
        ctx_add(list, item);
    }
    ctx_set_string(map, "tag", decl->c_name);
    ctx_doc(map, arena, decl->description);
    ctx_set(map, "enumerators", list);
    ctx_set_number(map, "count", (long long)decl->enumerator_count);
    return map;
}

static void add_entity(struct builder *b, const struct sch_entity *entity,
                       struct ctx_value *structs)
{
    if (entity->shape == SCH_SHAPE_STRUCT) {
        if (entity->body.field_count > 0) {
            ctx_add(structs, make_struct(b, &entity->body, true));
        }
    } else if (entity->shape == SCH_SHAPE_VALUE) {
        add_containers(b, &entity->value, (struct ctype_place){entity->c_name, "value"});
    } else {
        /* The entity is the list; only what its items need is declared apart. */
        struct ctype_place place = {entity->c_name, "items"};
        add_containers(b, entity->value.item, ctype_inner(b->arena, place, &entity->value));
    }
}

void struct_context(struct arena *arena, const struct sch_service *service, struct ctx_value *root)
{
    struct builder b = {
        .arena = arena,
        .lists = ctx_list(arena),
        .maps = ctx_list(arena),
        .entries = ctx_list(arena),
        .listed = arena_array(arena, service->decl_count + 1, sizeof(b.listed[0])),
        .filled = arena_array(arena, service->decl_count + 1, sizeof(b.filled[0])),
    };
    struct ctx_value *enums = ctx_list(arena);
    struct ctx_value *structs = ctx_list(arena);
    note_all_filled(&b, service);
    for (size_t i = 0; i < service->decl_count; i++) {
        const struct sch_decl *decl = service->decls[i];
        if (decl->used && decl->is_enum) {
            ctx_add(enums, make_enum(arena, decl));
        } else if (decl->used) {
            ctx_add(structs, make_struct(&b, decl, contains(b.filled, b.filled_count, decl)));
        }
    }
    for (size_t i = 0; i < service->entity_count; i++) {
        add_entity(&b, &service->entities[i], structs);
    }
    ctx_set(root, "enums", enums);
    ctx_set(root, "lists", b.lists);
    ctx_set(root, "maps", b.maps);
    ctx_set(root, "entries", b.entries);
    ctx_set(root, "structs", structs);
    ctx_set_flag(root, "has_containers", ctx_count(b.lists) + ctx_count(b.maps) != 0);
}
