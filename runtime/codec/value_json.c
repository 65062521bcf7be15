/* SPDX-License-Identifier: MIT */
/*
 * A value as JSON, by its type's tables.
 */
#include "codec/values.h"

#include "base/alloc.h"
#include "base/log.h"
#include "codec/json.h"

/* One value on its way. */
struct pass {
    struct larder_json json;
    const struct larder_allocator *allocator; /* of room to check maps in */
    uint32_t depth;
    enum larder_status status; /* why it failed: E_ARG, E_NOMEM */
    const char *field;         /* the innermost one it failed in */
};

static bool put(struct pass *pass, const struct larder_type *type, const char *at);

static void put_raw(struct pass *pass, const char *text)
{
    larder_json_raw(&pass->json, text, strlen(text));
}

/* ----------------------------------------------------------------- scalars */

typedef bool put_fn(struct pass *pass, const struct larder_type *type, const char *at);

static bool put_bool(struct pass *pass, const struct larder_type *type, const char *at)
{
    (void)type;
    put_raw(pass, *(const bool *)at ? "true" : "false");
    return true;
}

/* A function a number's type: load, then write as the widest. */
#define PUT_NUMBER(name, type_name, writer)                                                   \
    static bool put_##name(struct pass *pass, const struct larder_type *type, const char *at) \
    {                                                                                         \
        type_name value;                                                                      \
        (void)type;                                                                           \
        memcpy(&value, at, sizeof value);                                                     \
        larder_json_##writer(&pass->json, value);                                             \
        return true;                                                                          \
    }
PUT_NUMBER(u8, uint8_t, u64)
PUT_NUMBER(u16, uint16_t, u64)
PUT_NUMBER(u32, uint32_t, u64)
PUT_NUMBER(u64, uint64_t, u64)
PUT_NUMBER(i8, int8_t, i64)
PUT_NUMBER(i16, int16_t, i64)
PUT_NUMBER(i32, int32_t, i64)
PUT_NUMBER(i64, int64_t, i64)
PUT_NUMBER(f32, float, f32)
PUT_NUMBER(f64, double, f64)
PUT_NUMBER(uuid, struct larder_uuid, uuid)
#undef PUT_NUMBER

static bool put_string(struct pass *pass, const struct larder_type *type, const char *at)
{
    const char *text = larder_pointer_at(at);
    if (text == NULL && type->optional) {
        put_raw(pass, "null");
        return true;
    }
    return text != NULL && larder_json_string(&pass->json, text);
}

static bool put_bytes(struct pass *pass, const struct larder_type *type, const char *at)
{
    struct larder_bytes value;
    (void)type;
    memcpy(&value, at, sizeof value);
    if (value.data == NULL && value.len != 0) {
        return false;
    }
    larder_json_bytes(&pass->json, value);
    return true;
}

static bool put_any(struct pass *pass, const struct larder_type *type, const char *at)
{
    struct larder_bytes value;
    (void)type;
    memcpy(&value, at, sizeof value);
    return larder_json_any(&pass->json, value);
}

/* Names are C identifiers. */
static bool put_enum(struct pass *pass, const struct larder_type *type, const char *at)
{
    enum larder_kind number; /* as large as any enum */
    memcpy(&number, at, sizeof number);
    if ((unsigned)number >= type->count) {
        return false;
    }
    put_raw(pass, "\"");
    put_raw(pass, type->names[number]);
    put_raw(pass, "\"");
    return true;
}

/* -------------------------------------------------------------- containers */

static bool is_absent(const struct larder_field *field, const char *value)
{
    if (field->has_at != LARDER_FIELD_ALWAYS) {
        return !*(const bool *)(value + field->has_at);
    }
    return field->type.optional && larder_pointer_at(value + field->at) == NULL;
}

static bool put_field(struct pass *pass, const struct larder_field *field, const char *value)
{
    put_raw(pass, "\"");
    put_raw(pass, field->name);
    put_raw(pass, "\":");
    if (is_absent(field, value)) {
        put_raw(pass, "null");
        return true;
    }
    if (field->secret) {
        put_raw(pass, "\"***\"");
        return true;
    }
    if (put(pass, &field->type, value + field->at)) {
        return true;
    }
    pass->field = pass->field != NULL ? pass->field : field->name;
    return false;
}

static bool put_fields(struct pass *pass, const struct larder_shape *shape, const char *value)
{
    put_raw(pass, "{");
    for (uint32_t i = 0; i < shape->count; i++) {
        put_raw(pass, i != 0 ? "," : "");
        if (!put_field(pass, &shape->fields[i], value)) {
            return false;
        }
    }
    put_raw(pass, "}");
    return true;
}

static bool put_struct(struct pass *pass, const struct larder_type *type, const char *at)
{
    at = type->optional ? larder_pointer_at(at) : at;
    if (at == NULL) {
        put_raw(pass, "null");
        return true;
    }
    pass->depth += type->shape->recursive ? 1 : 0;
    bool done = pass->depth <= LARDER_DEPTH_MAX && put_fields(pass, type->shape, at);
    pass->depth -= type->shape->recursive ? 1 : 0;
    return done;
}

static bool put_list(struct pass *pass, const struct larder_type *type, const char *at)
{
    struct larder_bytes run; /* looks alike */
    memcpy(&run, at, sizeof run);
    if (run.data == NULL && run.len != 0) {
        return false;
    }
    put_raw(pass, "[");
    for (size_t i = 0; i < run.len; i++) {
        put_raw(pass, i != 0 ? "," : "");
        if (!put(pass, type->item, (const char *)run.data + i * type->stride)) {
            return false;
        }
    }
    put_raw(pass, "]");
    return true;
}

static bool has_own_keys(struct pass *pass, const struct larder_type *type, struct larder_bytes run)
{
    if (run.data == NULL && run.len != 0) {
        return false;
    }
    enum larder_status status =
        run.len != 0 ? larder_entries_check(pass->allocator, run.data, run.len, type->stride)
                     : LARDER_OK;
    pass->status = status == LARDER_E_NOMEM ? status : pass->status;
    return status == LARDER_OK;
}

static bool put_map(struct pass *pass, const struct larder_type *type, const char *at)
{
    static const struct larder_type key = {.kind = LARDER_KIND_STRING};
    struct larder_bytes run;
    memcpy(&run, at, sizeof run);
    if (!has_own_keys(pass, type, run)) {
        return false;
    }
    put_raw(pass, "{");
    for (size_t i = 0; i < run.len; i++) {
        const char *entry = (const char *)run.data + i * type->stride;
        put_raw(pass, i != 0 ? "," : "");
        if (!put_string(pass, &key, entry)) {
            return false;
        }
        put_raw(pass, ":");
        if (!put(pass, type->item, entry + type->value_at)) {
            return false;
        }
    }
    put_raw(pass, "}");
    return true;
}

static put_fn *const kinds[] = {
    [LARDER_KIND_BOOL] = put_bool,     [LARDER_KIND_U8] = put_u8,
    [LARDER_KIND_U16] = put_u16,       [LARDER_KIND_U32] = put_u32,
    [LARDER_KIND_U64] = put_u64,       [LARDER_KIND_I8] = put_i8,
    [LARDER_KIND_I16] = put_i16,       [LARDER_KIND_I32] = put_i32,
    [LARDER_KIND_I64] = put_i64,       [LARDER_KIND_F32] = put_f32,
    [LARDER_KIND_F64] = put_f64,       [LARDER_KIND_STRING] = put_string,
    [LARDER_KIND_BYTES] = put_bytes,   [LARDER_KIND_UUID] = put_uuid,
    [LARDER_KIND_ANY] = put_any,       [LARDER_KIND_ENUM] = put_enum,
    [LARDER_KIND_STRUCT] = put_struct, [LARDER_KIND_LIST] = put_list,
    [LARDER_KIND_MAP] = put_map,
};

static bool put(struct pass *pass, const struct larder_type *type, const char *at)
{
    return kinds[type->kind](pass, type, at);
}

/* ------------------------------------------------------------------- whole */

static enum larder_status refuse(const struct larder_entity *entity, enum larder_status status,
                                 const char *why)
{
    return larder_error_set(status, "%s: %s", entity->pattern, why);
}

static enum larder_status note(const struct larder_entity *entity, const struct pass *pass)
{
    if (pass->status == LARDER_E_NOMEM) {
        return refuse(entity, LARDER_E_NOMEM, "no memory to check a map");
    }
    return larder_error_set(LARDER_E_ARG, "%s: %s%s is not valid", entity->pattern,
                            pass->field != NULL ? "field " : "the value",
                            pass->field != NULL ? pass->field : "");
}

enum larder_status larder_to_json_in(const struct larder_allocator *allocator,
                                     const struct larder_entity *entity,
                                     const struct larder_type *type, const void *value, char *buf,
                                     size_t size, size_t *ret_len)
{
    struct pass pass = {.allocator = allocator, .status = LARDER_E_ARG};
    if (ret_len != NULL) {
        *ret_len = 0;
    }
    larder_error_clear();
    if (ret_len == NULL || (buf == NULL && size != 0)) {
        return refuse(entity, LARDER_E_ARG, "an output is NULL");
    }
    if (size != 0) {
        buf[0] = '\0';
    }
    if (value == NULL) {
        return refuse(entity, LARDER_E_ARG, "the value is NULL");
    }
    larder_json_init(&pass.json, buf, size);
    if (!put(&pass, type, value)) {
        larder_json_init(&pass.json, buf, size);
        larder_json_end(&pass.json);
        return note(entity, &pass);
    }
    *ret_len = pass.json.len;
    return larder_json_end(&pass.json)
               ? LARDER_OK
               : refuse(entity, LARDER_E_TOO_LARGE, "the buffer is too small for the JSON");
}

enum larder_status larder_value_to_json(const struct larder_entity *entity,
                                        const struct larder_type *type, const void *value,
                                        char *buf, size_t size, size_t *ret_len)
{
    return larder_to_json_in(&larder_allocator_libc, entity, type, value, buf, size, ret_len);
}
