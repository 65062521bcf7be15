/* SPDX-License-Identifier: MIT */
/*
 * Type expressions: name, list<T>, map<T>, and behind any of them ? and [].
 */
#include <string.h>

#include "base/text.h"
#include "schema/reader.h"

static const struct {
    const char *name;
    enum sch_kind kind;
} builtins[] = {
    {"bool", SCH_BOOL},         {"u8", SCH_U8},     {"u16", SCH_U16},
    {"u32", SCH_U32},           {"u64", SCH_U64},   {"i8", SCH_I8},
    {"i16", SCH_I16},           {"i32", SCH_I32},   {"i64", SCH_I64},
    {"f32", SCH_F32},           {"f64", SCH_F64},   {"string", SCH_STRING},
    {"bytes", SCH_BYTES},       {"uuid", SCH_UUID}, {"timestamp", SCH_TIMESTAMP},
    {"duration", SCH_DURATION}, {"any", SCH_ANY},   {"list", SCH_LIST},
    {"map", SCH_MAP},
};
enum { BUILTIN_COUNT = sizeof builtins / sizeof *builtins };

/* What people call types elsewhere. */
static const struct {
    const char *name;
    const char *meant;
} foreign[] = {
    {"int", "'i32' or 'i64'"},
    {"integer", "'i64'"},
    {"long", "'i64'"},
    {"short", "'i16'"},
    {"uint", "'u32' or 'u64'"},
    {"int8", "'i8'"},
    {"int16", "'i16'"},
    {"int32", "'i32'"},
    {"int64", "'i64'"},
    {"uint8", "'u8'"},
    {"uint16", "'u16'"},
    {"uint32", "'u32'"},
    {"uint64", "'u64'"},
    {"byte", "'u8'"},
    {"float", "'f32' or 'f64'"},
    {"double", "'f64'"},
    {"float32", "'f32'"},
    {"float64", "'f64'"},
    {"number", "'f64'"},
    {"boolean", "'bool'"},
    {"str", "'string'"},
    {"text", "'string'"},
    {"char", "'string'"},
    {"datetime", "'timestamp'"},
    {"date", "'timestamp'"},
    {"time", "'timestamp'"},
    {"blob", "'bytes'"},
    {"binary", "'bytes'"},
    {"array", "'list<T>'"},
    {"vector", "'list<T>'"},
    {"set", "'list<T>'"},
    {"dict", "'map<T>'"},
    {"object", "'map<T>' or a type of your own"},
    {"json", "'any'"},
};

struct cursor {
    struct reader *reader;
    const struct yml_node *scalar;
    size_t at, end;
    unsigned depth;
};

/* ----------------------------------------------------------------- helpers */

bool type_is_builtin(const char *name, size_t len)
{
    for (size_t i = 0; i < BUILTIN_COUNT; i++) {
        if (strlen(builtins[i].name) == len && memcmp(builtins[i].name, name, len) == 0) {
            return true;
        }
    }
    return false;
}

const char *type_kind_name(enum sch_kind kind)
{
    for (size_t i = 0; i < BUILTIN_COUNT; i++) {
        if (builtins[i].kind == kind) {
            return builtins[i].name;
        }
    }
    return kind == SCH_ENUM ? "enum" : "struct";
}

static void put_type(struct text *text, const struct sch_type *type)
{
    if (type->item != NULL) {
        text_printf(text, "%s<", type_kind_name(type->kind));
        put_type(text, type->item);
        text_putc(text, '>');
    } else {
        text_puts(text, type->decl != NULL ? type->decl->name : type_kind_name(type->kind));
    }
    text_puts(text, type->optional ? "?" : "");
}

const char *type_text(struct arena *arena, const struct sch_type *type)
{
    struct text text;
    text_init(&text, arena, 1024);
    put_type(&text, type);
    return text.data;
}

bool type_fits_key(const struct sch_type *type)
{
    static const bool fits[SCH_MAP + 1] = {
        [SCH_BOOL] = true, [SCH_U8] = true,     [SCH_U16] = true,  [SCH_U32] = true,
        [SCH_U64] = true,  [SCH_I8] = true,     [SCH_I16] = true,  [SCH_I32] = true,
        [SCH_I64] = true,  [SCH_STRING] = true, [SCH_UUID] = true, [SCH_ENUM] = true,
    };
    return fits[type->kind] && !type->optional;
}

bool type_equal(const struct sch_type *a, const struct sch_type *b)
{
    return a->kind == b->kind && a->decl == b->decl && a->optional == b->optional;
}

/* ------------------------------------------------------------------- names */

static void report_unknown(struct reader *reader, struct src_pos pos, const char *name)
{
    for (size_t i = 0; i < sizeof foreign / sizeof *foreign; i++) {
        if (strcmp(foreign[i].name, name) == 0) {
            diag_error(reader->diag, pos, "unknown-type", "unknown type '%s'; it is %s here", name,
                       foreign[i].meant);
            return;
        }
    }
    size_t count = BUILTIN_COUNT + reader->slot_count;
    if (count > reader->guesses_left) {
        diag_error(reader->diag, pos, "unknown-type", "unknown type '%s'", name);
        return;
    }
    const char **names = arena_array(reader->arena, count, sizeof *names);
    for (size_t i = 0; i < count; i++) {
        names[i] =
            i < BUILTIN_COUNT ? builtins[i].name : reader->slots[i - BUILTIN_COUNT].decl->name;
    }
    diag_error(reader->diag, pos, "unknown-type", "unknown type '%s'%s", name,
               did_you_mean(reader, name, names, count));
}

/* A name that is no list and no map. */
static bool resolve(struct reader *reader, struct src_pos pos, const char *name, size_t len,
                    struct sch_type *type)
{
    for (size_t i = 0; i < BUILTIN_COUNT; i++) {
        if (strlen(builtins[i].name) == len && memcmp(builtins[i].name, name, len) == 0) {
            type->kind = builtins[i].kind;
            if (type->kind == SCH_LIST || type->kind == SCH_MAP) {
                diag_error(reader->diag, pos, "bad-type", "a %s says of what: %s<T>",
                           builtins[i].name, builtins[i].name);
                return false;
            }
            return true;
        }
    }
    const struct symbol *symbol = symbols_find(&reader->type_names, name, len);
    if (symbol == NULL && reader->include_failed) {
        return false; /* it may be declared there */
    }
    if (symbol == NULL) {
        report_unknown(reader, pos, arena_copy(reader->arena, name, len));
        return false;
    }
    type->decl = reader->slots[symbol->value].decl;
    type->kind = type->decl->is_enum ? SCH_ENUM : SCH_STRUCT;
    return true;
}

/* -------------------------------------------------------------- expressions */

static char peek(const struct cursor *c)
{
    return c->at < c->end ? c->scalar->text[c->at] : '\0';
}

static void skip_blanks(struct cursor *c)
{
    while (peek(c) == ' ') {
        c->at++;
    }
}

static bool is_name_byte(char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
           (byte >= '0' && byte <= '9') || byte == '_';
}

static struct src_pos here(const struct cursor *c, size_t at)
{
    return place_inside(c->reader, c->scalar, at);
}

static bool fail(const struct cursor *c, size_t at, const char *text)
{
    diag_error(c->reader->diag, here(c, at), "bad-type", "%s", text);
    return false;
}

static bool read_type(struct cursor *c, struct sch_type *type);

/* <T> behind list and map. */
static bool read_item(struct cursor *c, struct sch_type *type)
{
    if (++c->depth > LIMIT_NESTING) {
        return fail(c, c->at,
                    arena_printf(c->reader->arena, "types nest at most %d deep", LIMIT_NESTING));
    }
    struct sch_type *item = arena_alloc(c->reader->arena, sizeof *item);
    type->item = item;
    c->at++;
    skip_blanks(c);
    if (!read_type(c, item)) {
        return false;
    }
    skip_blanks(c);
    if (peek(c) == ',' && type->kind == SCH_MAP) {
        return fail(c, c->at, "a map's keys are always strings: map<T> names its values alone");
    }
    if (peek(c) != '>') {
        return fail(c, c->at, "'>' is missing");
    }
    c->at++;
    return true;
}

/* ? and [] behind a type, from the left. */
static bool read_suffixes(struct cursor *c, struct sch_type *type)
{
    for (;;) {
        skip_blanks(c);
        if (peek(c) == '?') {
            if (type->optional) {
                return fail(c, c->at, "a second '?'");
            }
            type->optional = true;
            c->at++;
        } else if (peek(c) == '[') {
            if (c->at + 1 >= c->end || c->scalar->text[c->at + 1] != ']') {
                return fail(c, c->at, "a list is written T[] or list<T>; `max` bounds it");
            }
            if (++c->depth > LIMIT_NESTING) {
                return fail(
                    c, c->at,
                    arena_printf(c->reader->arena, "types nest at most %d deep", LIMIT_NESTING));
            }
            struct sch_type *item = arena_alloc(c->reader->arena, sizeof *item);
            *item = *type;
            *type = (struct sch_type){.kind = SCH_LIST, .pos = item->pos, .item = item};
            c->at += 2;
        } else {
            return true;
        }
    }
}

static bool read_type(struct cursor *c, struct sch_type *type)
{
    const char *name = c->scalar->text + c->at;
    size_t start = c->at;
    type->pos = here(c, start);
    while (is_name_byte(peek(c))) {
        c->at++;
    }
    size_t len = c->at - start;
    if (len == 0) {
        return fail(c, start, "a type is missing here");
    }
    skip_blanks(c);
    if (peek(c) == '<') {
        bool list = len == 4 && memcmp(name, "list", 4) == 0;
        bool map = len == 3 && memcmp(name, "map", 3) == 0;
        if (!list && !map) {
            return fail(c, start, "only list<T> and map<T> are of something");
        }
        type->kind = list ? SCH_LIST : SCH_MAP;
        if (!read_item(c, type)) {
            return false;
        }
    } else if (!resolve(c->reader, type->pos, name, len, type)) {
        return false;
    }
    return read_suffixes(c, type);
}

/* ? inside a list or map: only what is a pointer in C can say that it is not there. */
static bool items_may_be_absent(struct reader *reader, const struct sch_type *type)
{
    for (const struct sch_type *item = type->item; item != NULL; item = item->item) {
        if (item->optional && item->kind != SCH_STRING && item->kind != SCH_STRUCT) {
            diag_error(reader->diag, item->pos, "bad-type",
                       "'%s': inside a list or map only strings and structs may have '?'",
                       type_text(reader->arena, item));
            return false;
        }
    }
    return true;
}

/* What is of no use to anyone is something that fits everywhere, and says so. */
static bool finish(struct reader *reader, struct sch_type *type, struct src_pos pos, bool good)
{
    if (!good || !items_may_be_absent(reader, type)) {
        *type = (struct sch_type){.kind = SCH_ANY, .pos = pos, .broken = true};
        reader->types_missing = true;
        return false;
    }
    return true;
}

bool type_read(struct reader *reader, const struct yml_node *scalar, struct sch_type *ret_type)
{
    struct cursor c = {.reader = reader, .scalar = scalar, .end = scalar->len};
    *ret_type = (struct sch_type){.kind = SCH_ANY};
    bool good = read_type(&c, ret_type);
    if (good && c.at < c.end) {
        good = fail(
            &c, c.at,
            arena_printf(reader->arena, "'%.32s' is too much behind a type", scalar->text + c.at));
    }
    return finish(reader, ret_type, scalar->pos, good);
}

bool type_read_param(struct reader *reader, const struct yml_node *scalar, size_t start, size_t len,
                     struct sch_type *ret_type)
{
    struct cursor c = {.reader = reader, .scalar = scalar, .at = start, .end = start + len};
    *ret_type = (struct sch_type){.kind = SCH_ANY};
    bool good = read_type(&c, ret_type);
    if (good && c.at < c.end) {
        good = fail(&c, c.at, "this is too much behind a type");
    }
    if (good && !type_fits_key(ret_type)) {
        diag_error(reader->diag, ret_type->pos, "bad-type",
                   "a parameter is an integer, bool, string, uuid or enum, never '%s'",
                   type_text(reader->arena, ret_type));
        good = false;
    }
    return finish(reader, ret_type, scalar->pos, good);
}

/* ------------------------------------------------------------------ bounds */

void type_bound(struct reader *reader, const struct opt_value *max, struct sch_type *type)
{
    if (max->node == NULL || type->broken) {
        return;
    }
    if (type->kind != SCH_STRING && type->kind != SCH_BYTES && type->kind != SCH_LIST &&
        type->kind != SCH_MAP) {
        diag_error(reader->diag, max->key->pos, "bad-type",
                   "'max' bounds a string, bytes, list or map, not '%s'",
                   type_text(reader->arena, type));
        return;
    }
    type->max = (uint64_t)max->number;
}

bool type_read_use(struct reader *reader, const struct yml_node *node, struct sch_type *ret_type)
{
    struct opt_values values;
    *ret_type = (struct sch_type){.kind = SCH_ANY, .pos = node->pos, .broken = true};
    if (node->kind == YML_SCALAR) {
        return type_read(reader, node, ret_type);
    }
    if (!opt_read(reader, node, OPT_SCOPE_USE, OPT_ALL_KINDS, node->pos, &values)) {
        return false;
    }
    const struct yml_node *type = values.of[OPT_USE_TYPE].node;
    if (type == NULL || !opt_is_scalar(reader, type, "'type'") ||
        !type_read(reader, type, ret_type)) {
        reader->types_missing = true;
        return false;
    }
    type_bound(reader, &values.of[OPT_USE_MAX], ret_type);
    return true;
}

const char *target_text(struct arena *arena, const struct sch_event *event,
                        const struct sch_target *target)
{
    struct text out;
    if (target->kind == SCH_TARGET_TAG) {
        return target->tag.pattern;
    }
    text_init(&out, arena, SIZE_MAX / 4);
    text_printf(&out, "%s(", target->entity->name);
    size_t count = target->kind == SCH_TARGET_ALL ? 1 : target->entity->param_count;
    for (size_t i = 0; i < count; i++) {
        bool named = i < target->arg_count && target->kind != SCH_TARGET_ALL;
        text_printf(&out, "%s%s", i == 0 ? "" : ", ",
                    named ? event->params[target->args[i]].name : "*");
    }
    text_putc(&out, ')');
    return out.data;
}
