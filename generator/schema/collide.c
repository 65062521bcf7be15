/* SPDX-License-Identifier: MIT */
/*
 * Every identifier that generated code will hold, made and counted: one that
 * comes twice is an error here and not in somebody's compiler. Tags, typedefs,
 * functions and enumerators share one namespace; members of a struct and
 * parameters of a function have one each.
 */
#include <string.h>

#include "schema/ident.h"
#include "schema/reader.h"

/* Who a name is made for. */
struct owner {
    struct src_pos pos;
    const char *what; /* "the entity" */
    const char *name;
    bool reported;
};

struct claims {
    struct reader *reader;
    struct arena *arena;  /* goes when the check is done: nothing is left of it but errors */
    struct symbols names; /* -> owner */
    struct owner *owners;
    size_t count, capacity;
};

static void claims_init(struct claims *claims, struct reader *reader, struct arena *arena)
{
    *claims = (struct claims){.reader = reader, .arena = arena};
    symbols_init(&claims->names, arena);
}

static size_t add_owner(struct claims *claims, struct src_pos pos, const char *what,
                        const char *name)
{
    claims->owners = room_for_one(claims->arena, claims->owners, claims->count, &claims->capacity,
                                  sizeof *claims->owners);
    claims->owners[claims->count] = (struct owner){pos, what, name, false};
    return claims->count++;
}

static bool is_before(struct src_pos a, struct src_pos b)
{
    return a.line != b.line ? a.line < b.line : a.column < b.column;
}

/* An error a pair of owners is enough. In one file the later of the two is
 * wrong; between files, what the including file says. */
static void report(struct claims *claims, const char *name, size_t one, size_t other)
{
    struct owner *first = &claims->owners[other];
    struct owner *second = &claims->owners[one];
    bool swap = first->pos.file == second->pos.file
                    ? is_before(second->pos, first->pos)
                    : second->pos.file != claims->reader->service->file;
    if (swap) {
        struct owner *kept = first;
        first = second;
        second = kept;
    }
    if (second->reported) {
        return;
    }
    second->reported = true;
    diag_error(claims->reader->diag, second->pos, "collision",
               "'%s' would be made twice, for %s '%s' and for %s '%s'", name, second->what,
               second->name, first->what, first->name);
    diag_note(claims->reader->diag, first->pos, "%s '%s' is here", first->what, first->name);
}

/* `name` must last. */
static void claim(struct claims *claims, const char *name, size_t owner)
{
    const struct symbol *other = symbols_add(&claims->names, name, strlen(name), owner);
    if (other != NULL && other->value != owner) {
        report(claims, name, owner, other->value);
    }
}

static void claim_suffixed(struct claims *claims, const char *name, const char *const *suffixes,
                           size_t count, size_t owner)
{
    for (size_t i = 0; i < count; i++) {
        claim(claims, arena_printf(claims->arena, "%s%s", name, suffixes[i]), owner);
    }
}

/* ----------------------------------------------------- members, parameters */

static void check_members(const struct claims *all, const struct sch_decl *decl)
{
    struct claims claims;
    claims_init(&claims, all->reader, all->arena);
    for (size_t i = 0; i < decl->field_count; i++) {
        const struct sch_field *field = &decl->fields[i];
        size_t owner = add_owner(&claims, field->pos, "the field", field->name);
        claim(&claims, field->c_name, owner);
        if (field->c_has != NULL) {
            claim(&claims, field->c_has, owner);
        }
    }
}

static void check_params(const struct claims *all, const struct sch_param *params, size_t count)
{
    struct claims claims;
    if (count < 2) {
        return;
    }
    claims_init(&claims, all->reader, all->arena);
    for (size_t i = 0; i < count; i++) {
        claim(&claims, params[i].c_name,
              add_owner(&claims, params[i].pos, "the parameter", params[i].name));
    }
}

/* -------------------------------------------------------------- containers */

/* The structs of lists and maps, named after their place (context/ctype.c). */
static void claim_containers(struct claims *claims, const struct sch_type *type, const char *place,
                             size_t owner, const size_t *decl_owners)
{
    struct arena *arena = claims->arena;
    for (; type->item != NULL; type = type->item) {
        const struct sch_type *item = type->item;
        if (type->kind == SCH_MAP) {
            claim(claims, arena_printf(arena, "%s_map", place), owner);
            claim(claims, arena_printf(arena, "%s_entry", place), owner);
        } else if (item->decl != NULL && !item->optional) {
            size_t index = symbols_find(&claims->reader->type_names, item->decl->name,
                                        strlen(item->decl->name))
                               ->value;
            claim(claims, arena_printf(arena, "%s_list", item->decl->c_name), decl_owners[index]);
        } else if (item->decl != NULL || item->item != NULL) {
            claim(claims, arena_printf(arena, "%s_list", place), owner);
        }
        place = arena_printf(arena, "%s_%s", place, type->kind == SCH_MAP ? "value" : "item");
    }
}

static void claim_fields(struct claims *claims, const struct sch_decl *decl,
                         const size_t *decl_owners)
{
    for (size_t i = 0; i < decl->field_count; i++) {
        const struct sch_field *field = &decl->fields[i];
        if (field->type.item != NULL) {
            size_t owner = add_owner(claims, field->pos, "the field", field->name);
            const char *place = arena_printf(claims->arena, "%s_%s", decl->c_name, field->name);
            claim_containers(claims, &field->type, place, owner, decl_owners);
        }
    }
}

/* -------------------------------------------------------------- the parts */

static const char *const service_suffixes[] = {
#define RESERVED(word)
#define TAG(word)
#define PARAMETER(word)
#define SERVICE_NAME(suffix) #suffix,
#define ENTITY_NAME(suffix)
#define EVENT_NAME(middle)
#include "schema/ident.def"
};

static const char *const entity_suffixes[] = {
    "",
#define RESERVED(word)
#define TAG(word)
#define PARAMETER(word)
#define SERVICE_NAME(suffix)
#define ENTITY_NAME(suffix) #suffix,
#define EVENT_NAME(middle)
#include "schema/ident.def"
};

static const char *const event_middles[] = {
#define RESERVED(word)
#define TAG(word)
#define PARAMETER(word)
#define SERVICE_NAME(suffix)
#define ENTITY_NAME(suffix)
#define EVENT_NAME(middle) #middle,
#include "schema/ident.def"
};

static void claim_service(struct claims *claims)
{
    const struct sch_service *service = claims->reader->service;
    size_t owner = add_owner(claims, service->pos, "the service", service->name);
    claim_suffixed(claims, service->name, service_suffixes,
                   sizeof service_suffixes / sizeof *service_suffixes, owner);
    const char *upper = ident_upper(claims->arena, service->name);
    claim(claims, arena_printf(claims->arena, "%s_CACHE_H", upper), owner);
}

static void claim_decl(struct claims *claims, const struct sch_decl *decl, size_t owner)
{
    claim(claims, decl->c_name, owner);
    if (!decl->is_enum) {
        return;
    }
    claim(claims, arena_printf(claims->arena, "%s_name", decl->c_name), owner);
    for (size_t i = 0; i < decl->enumerator_count; i++) {
        const struct sch_enumerator *enumerator = &decl->enumerators[i];
        claim(claims, enumerator->c_name,
              add_owner(claims, enumerator->pos, "the enumerator", enumerator->name));
    }
}

/* Slot -> owner. */
static size_t *claim_decls(struct claims *claims)
{
    struct reader *reader = claims->reader;
    size_t *owners = arena_array(claims->arena, reader->slot_count + 1, sizeof *owners);
    for (size_t i = 0; i < reader->slot_count; i++) {
        const struct sch_decl *decl = reader->slots[i].decl;
        owners[i] = add_owner(claims, decl->pos, "the type", decl->name);
        if (decl->used || !decl->included) {
            claim_decl(claims, decl, owners[i]);
            check_members(claims, decl);
        }
    }
    return owners;
}

/* The functions of a hash's fields. */
static void claim_accessors(struct claims *claims, const struct sch_entity *entity)
{
    static const char *const verbs[] = {"get", "set"};
    struct arena *arena = claims->arena;
    for (size_t i = 0; entity->kind == SCH_HASH && i < entity->body.field_count; i++) {
        const struct sch_field *field = &entity->body.fields[i];
        size_t owner = add_owner(claims, field->pos, "the field", field->name);
        for (size_t v = 0; v < sizeof verbs / sizeof *verbs; v++) {
            claim(claims,
                  arena_printf(arena, "%s_cache_%s_%s", entity->c_name, verbs[v],
                               ident_snake(arena, field->name)),
                  owner);
        }
    }
}

static void claim_entity(struct claims *claims, const struct sch_entity *entity,
                         const size_t *decl_owners)
{
    struct arena *arena = claims->arena;
    size_t owner = add_owner(claims, entity->pos, "the entity", entity->name);
    claim_suffixed(claims, entity->c_name, entity_suffixes,
                   sizeof entity_suffixes / sizeof *entity_suffixes, owner);
    if (entity->shape == SCH_SHAPE_VALUE) {
        claim_containers(claims, &entity->value, arena_printf(arena, "%s_value", entity->c_name),
                         owner, decl_owners);
    } else if (entity->shape == SCH_SHAPE_LIST && entity->value.item != NULL) {
        claim_containers(claims, entity->value.item,
                         arena_printf(arena, "%s_items_item", entity->c_name), owner, decl_owners);
    }
    claim_fields(claims, &entity->body, decl_owners);
    claim_accessors(claims, entity);
    check_members(claims, &entity->body);
    check_params(claims, entity->params, entity->param_count);
}

static void claim_event(struct claims *claims, const struct sch_event *event)
{
    struct arena *arena = claims->arena;
    size_t owner = add_owner(claims, event->pos, "the event", event->name);
    for (size_t i = 0; i < sizeof event_middles / sizeof *event_middles; i++) {
        claim(claims,
              arena_printf(arena, "%s%s%s", claims->reader->service->name, event_middles[i],
                           ident_snake(arena, event->name)),
              owner);
    }
    check_params(claims, event->params, event->param_count);
}

void collide_check(struct reader *reader)
{
    const struct sch_service *service = reader->service;
    struct claims claims;
    if (service->name[0] == '\0') {
        return;
    }
    claims_init(&claims, reader, arena_new());
    claim_service(&claims);
    const size_t *owners = claim_decls(&claims);
    for (size_t i = 0; i < service->entity_count; i++) {
        claim_entity(&claims, &service->entities[i], owners);
    }
    for (size_t i = 0; i < reader->slot_count; i++) {
        const struct sch_decl *decl = reader->slots[i].decl;
        if (decl->used) {
            claim_fields(&claims, decl, owners);
        }
    }
    for (size_t i = 0; i < service->event_count; i++) {
        claim_event(&claims, &service->events[i]);
    }
    arena_free(claims.arena);
}
