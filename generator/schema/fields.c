/* SPDX-License-Identifier: MIT */
/*
 * Declared types, and the fields of types and entities.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "schema/quantity.h"
#include "schema/reader.h"

/* --------------------------------------------------------------- positions */

enum position { POSITION_FREE, POSITION_FIELD, POSITION_RESERVED };

struct positions {
    unsigned char state[LIMIT_POSITION + 1]; /* enum position */
    uint32_t last;                           /* of the field before */
};

static int compare_ids(const void *a, const void *b)
{
    uint32_t left = *(const uint32_t *)a;
    uint32_t right = *(const uint32_t *)b;
    return (left > right) - (left < right);
}

static bool reserved_number(struct reader *reader, const struct yml_node *item, int64_t *ret_id)
{
    if (item->kind != YML_SCALAR || !item->plain ||
        quantity_integer(item->text, item->len, ret_id) != QUANTITY_OK) {
        diag_error(reader->diag, item->pos, "wrong-type",
                   "'reserved' lists positions: whole numbers");
        return false;
    }
    if (*ret_id < 1 || *ret_id > LIMIT_POSITION) {
        diag_error(reader->diag, item->pos, "out-of-range", "a position is from 1 to %d, not %s",
                   LIMIT_POSITION, item->text);
        return false;
    }
    return true;
}

static void reserved_read(struct reader *reader, const struct yml_node *list, struct sch_decl *decl,
                          struct positions *positions)
{
    int64_t id;
    if (list == NULL) {
        return;
    }
    decl->reserved = arena_array(reader->arena, list->count, sizeof *decl->reserved);
    for (size_t i = 0; i < list->count; i++) {
        if (!reserved_number(reader, list->items[i], &id)) {
            continue;
        }
        if (positions->state[id] == POSITION_RESERVED) {
            diag_error(reader->diag, list->items[i]->pos, "duplicate-id",
                       "position %" PRId64 " is reserved already", id);
            continue;
        }
        positions->state[id] = POSITION_RESERVED;
        decl->reserved[decl->reserved_count++] = (uint32_t)id;
    }
    if (decl->reserved_count > 1) {
        qsort(decl->reserved, decl->reserved_count, sizeof *decl->reserved, compare_ids);
    }
}

static void report_taken(struct reader *reader, const struct sch_decl *decl, struct src_pos pos,
                         uint32_t id, const struct positions *positions)
{
    if (positions->state[id] == POSITION_RESERVED) {
        diag_error(reader->diag, pos, "reserved-id", "position %" PRIu32 " is reserved", id);
        return;
    }
    diag_error(reader->diag, pos, "duplicate-id", "position %" PRIu32 " is taken", id);
    for (size_t i = 0; i < decl->field_count; i++) {
        if (decl->fields[i].id == id) {
            diag_note(reader->diag, decl->fields[i].pos, "by '%s'", decl->fields[i].name);
            return;
        }
    }
}

static void take_position(struct reader *reader, const struct sch_decl *decl,
                          struct sch_field *field, const struct opt_value *given,
                          struct positions *positions)
{
    uint32_t id = positions->last + 1;
    struct src_pos pos = field->pos;
    if (given->node != NULL) {
        id = (uint32_t)given->number;
        pos = given->node->pos;
    } else {
        while (id <= LIMIT_POSITION && positions->state[id] == POSITION_RESERVED) {
            id++;
        }
    }
    if (id > LIMIT_POSITION) {
        diag_error(reader->diag, pos, "out-of-range", "a position is from 1 to %d", LIMIT_POSITION);
        return;
    }
    if (positions->state[id] != POSITION_FREE) {
        report_taken(reader, decl, pos, id, positions);
    } else {
        positions->state[id] = POSITION_FIELD;
    }
    field->id = id;
    positions->last = id;
}

/* ------------------------------------------------------------------ fields */

static void read_default(struct reader *reader, const struct opt_value *given,
                         struct sch_field *field)
{
    if (given->node == NULL || field->type.broken) {
        return;
    }
    if (field->type.optional) {
        diag_error(reader->diag, given->key->pos, "bad-default",
                   "an optional field has no default: what is not there is absent");
        return;
    }
    field->has_default = default_read(reader, given->node, &field->type, &field->value);
}

static void report_inline_enum(struct reader *reader, const struct yml_node *node)
{
    for (size_t i = 0; i < node->count; i++) {
        if (strcmp(node->pairs[i].key->text, "enum") == 0 ||
            strcmp(node->pairs[i].key->text, "fields") == 0) {
            diag_note(reader->diag, node->pairs[i].key->pos,
                      "a type with '%s' is declared under 'types' and named here",
                      node->pairs[i].key->text);
            return;
        }
    }
}

static void read_long_field(struct reader *reader, const struct yml_node *node,
                            struct sch_field *field, struct opt_values *values)
{
    size_t before = diag_error_count(reader->diag);
    field->type = (struct sch_type){.kind = SCH_ANY, .pos = node->pos, .broken = true};
    if (!opt_read(reader, node, OPT_SCOPE_FIELD, OPT_ALL_KINDS, field->pos, values)) {
        return;
    }
    if (diag_error_count(reader->diag) != before) {
        report_inline_enum(reader, node);
    }
    const struct yml_node *type = values->of[OPT_FIELD_TYPE].node;
    if (type != NULL && opt_is_scalar(reader, type, "'type'")) {
        (void)type_read(reader, type, &field->type);
    } else {
        reader->types_missing = true;
    }
    type_bound(reader, &values->of[OPT_FIELD_MAX], &field->type);
    read_default(reader, &values->of[OPT_FIELD_DEFAULT], field);
    if (values->of[OPT_FIELD_DESCRIPTION].node != NULL) {
        field->description = values->of[OPT_FIELD_DESCRIPTION].node->text;
    }
    field->secret = values->of[OPT_FIELD_SECRET].number != 0;
}

static bool read_field(struct reader *reader, const struct yml_pair *pair, struct sch_decl *decl,
                       struct positions *positions)
{
    struct opt_value no_id = {0};
    const struct opt_value *id = &no_id;
    struct opt_values values;
    if (!name_check(reader, pair->key, "a field")) {
        reader->types_missing = true;
        return false;
    }
    struct sch_field *field = &decl->fields[decl->field_count];
    field->name = pair->key->text;
    field->pos = pair->key->pos;
    if (pair->value->kind == YML_MAP) {
        read_long_field(reader, pair->value, field, &values);
        id = &values.of[OPT_FIELD_ID];
    } else if (opt_is_scalar(reader, pair->value, "a field's type")) {
        (void)type_read(reader, pair->value, &field->type);
    } else {
        if (pair->value->kind == YML_LIST) {
            diag_note(reader->diag, pair->value->pos, "a list is written list<T>");
        }
        field->type = (struct sch_type){.kind = SCH_ANY, .pos = pair->value->pos, .broken = true};
        reader->types_missing = true;
    }
    take_position(reader, decl, field, id, positions);
    decl->field_count++;
    return true;
}

bool fields_read(struct reader *reader, const struct yml_node *fields,
                 const struct yml_node *reserved, struct sch_decl *decl)
{
    struct positions positions = {.last = 0};
    reserved_read(reader, reserved, decl, &positions);
    if (fields->count == 0) {
        diag_error(reader->diag, fields->pos, "out-of-range", "at least one field is needed");
        return false;
    }
    if (fields->count > LIMIT_FIELDS) {
        diag_error(reader->diag, fields->pairs[LIMIT_FIELDS].key->pos, "limit",
                   "more than %d fields", LIMIT_FIELDS);
        return false;
    }
    decl->fields = arena_array(reader->arena, fields->count, sizeof *decl->fields);
    for (size_t i = 0; i < fields->count; i++) {
        (void)read_field(reader, &fields->pairs[i], decl, &positions);
    }
    return decl->field_count > 0;
}

/* ---------------------------------------------------------------- declared */

static void add_slot(struct reader *reader, const struct yml_pair *pair, bool included)
{
    struct sch_decl *decl = arena_alloc(reader->arena, sizeof *decl);
    decl->name = pair->key->text;
    decl->pos = pair->key->pos;
    decl->file = pair->key->pos.file;
    decl->included = included;
    /* Enums are told apart early: a type's uses are read before its body may be. */
    decl->is_enum = pair->value->kind == YML_MAP && yml_get(pair->value, "enum") != NULL;
    const struct symbol *other =
        symbols_add(&reader->type_names, decl->name, strlen(decl->name), reader->slot_count);
    if (other != NULL) {
        diag_error(reader->diag, decl->pos, "duplicate-type", "a second type '%s'", decl->name);
        diag_note(reader->diag, reader->slots[other->value].decl->pos, "the first is here");
        return;
    }
    reader->slots = room_for_one(reader->arena, reader->slots, reader->slot_count,
                                 &reader->slot_capacity, sizeof *reader->slots);
    reader->slots[reader->slot_count++] = (struct type_slot){decl, pair};
}

void decls_collect(struct reader *reader, const struct yml_node *types, bool included)
{
    for (size_t i = 0; types != NULL && i < types->count; i++) {
        const struct yml_node *name = types->pairs[i].key;
        if (!name_check(reader, name, "a type")) {
            continue;
        }
        if (type_is_builtin(name->text, name->len)) {
            diag_error(reader->diag, name->pos, "collision", "'%s' is a built-in type", name->text);
            continue;
        }
        add_slot(reader, &types->pairs[i], included);
    }
}

static void enum_read(struct reader *reader, const struct yml_node *list, struct sch_decl *decl)
{
    struct symbols names;
    symbols_init(&names, reader->arena);
    decl->enumerators = arena_array(reader->arena, list->count, sizeof *decl->enumerators);
    if (list->count == 0) {
        diag_error(reader->diag, list->pos, "out-of-range", "at least one enumerator is needed");
    }
    for (size_t i = 0; i < list->count; i++) {
        const struct yml_node *name = list->items[i];
        if (!name_check(reader, name, "an enumerator")) {
            continue;
        }
        const struct symbol *other = symbols_add(&names, name->text, name->len, i);
        if (other != NULL) {
            diag_error(reader->diag, name->pos, "collision", "a second enumerator '%s'",
                       name->text);
            diag_note(reader->diag, list->items[other->value]->pos, "the first is here");
            continue;
        }
        struct sch_enumerator *enumerator = &decl->enumerators[decl->enumerator_count++];
        enumerator->name = name->text;
        enumerator->pos = name->pos;
    }
}

/* A type is an enum or a struct: one of the two keys, not both. */
static void body_read(struct reader *reader, const struct type_slot *slot)
{
    struct opt_values values;
    struct sch_decl *decl = slot->decl;
    const struct opt_value *names = &values.of[OPT_TYPE_ENUM];
    const struct opt_value *fields = &values.of[OPT_TYPE_FIELDS];
    const struct opt_value *reserved = &values.of[OPT_TYPE_RESERVED];
    if (!opt_read(reader, slot->pair->value, OPT_SCOPE_TYPE, OPT_ALL_KINDS, decl->pos, &values)) {
        return;
    }
    if (values.of[OPT_TYPE_DESCRIPTION].node != NULL) {
        decl->description = values.of[OPT_TYPE_DESCRIPTION].node->text;
    }
    if (names->key == NULL && fields->key == NULL) {
        diag_error(reader->diag, decl->pos, "missing-key", "a type needs 'enum' or 'fields'");
    }
    if (names->key != NULL && (fields->key != NULL || reserved->key != NULL)) {
        const struct yml_node *key = fields->key != NULL ? fields->key : reserved->key;
        diag_error(reader->diag, key->pos, "wrong-type", "an enum has no '%s'", key->text);
        diag_note(reader->diag, names->key->pos, "the enum is here");
        return;
    }
    if (names->node != NULL) {
        enum_read(reader, names->node, decl);
    } else if (fields->node != NULL) {
        (void)fields_read(reader, fields->node, reserved->node, decl);
    }
}

void decls_read(struct reader *reader)
{
    /* Enums first: a field's default looks at its enumerators. */
    for (int enums = 1; enums >= 0; enums--) {
        for (size_t i = 0; i < reader->slot_count; i++) {
            if (reader->slots[i].decl->is_enum == (enums == 1)) {
                body_read(reader, &reader->slots[i]);
            }
        }
    }
}
