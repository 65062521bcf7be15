/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "unit/schema/schema_text.h"

static const struct sch_field *field_of(const struct sch_decl *decl, const char *name)
{
    for (size_t i = 0; i < decl->field_count; i++) {
        if (strcmp(decl->fields[i].name, name) == 0) {
            return &decl->fields[i];
        }
    }
    static const struct sch_field none; /* fail_msg does not return; the compiler does not know */
    fail_msg("no field %s", name);
    return &none;
}

static const struct sch_decl *decl_of(const struct sch_service *service, const char *name,
                                      size_t *ret_index)
{
    for (size_t i = 0; i < service->decl_count; i++) {
        if (strcmp(service->decls[i]->name, name) == 0) {
            *ret_index = i;
            return service->decls[i];
        }
    }
    fail_msg("no type %s", name);
    return NULL;
}

static void defaults_take_the_form_of_their_type(void **state)
{
    (void)state;
    struct schema_text schema =
        schema_read(SCHEMA_HEAD "types:\n"
                                "  Mode: { enum: [on, off] }\n"
                                "entities:\n"
                                "  a:\n"
                                "    key: a\n"
                                "    fields:\n"
                                "      flag: { type: bool, default: true }\n"
                                "      least: { type: i64, default: -9223372036854775808 }\n"
                                "      most: { type: u64, default: 18446744073709551615 }\n"
                                "      small: { type: u8, default: 255 }\n"
                                "      real: { type: f64, default: -2.5e3 }\n"
                                "      single: { type: f32, default: 0.1 }\n"
                                "      text: { type: string, default: \"a\\n\\\"b\" }\n"
                                "      empty: { type: string, default: \"\" }\n"
                                "      at: { type: timestamp, default: -1 }\n"
                                "      wait: { type: duration, default: 5m }\n"
                                "      none: { type: duration, default: 0 }\n"
                                "      mode: { type: Mode, default: off }\n");
    assert_string_equal(schema.text, "");
    const struct sch_decl *body = &schema.service->entities[0].body;
    for (size_t i = 0; i < body->field_count; i++) {
        assert_true(body->fields[i].has_default);
    }
    assert_true(field_of(body, "flag")->value.flag);
    assert_true(field_of(body, "least")->value.integer == INT64_MIN);
    assert_true(field_of(body, "most")->value.natural == UINT64_MAX);
    assert_int_equal(field_of(body, "small")->value.natural, 255);
    assert_true(field_of(body, "real")->value.real == -2500.0);
    assert_true(field_of(body, "single")->value.real == 0.1);
    assert_string_equal(field_of(body, "text")->value.text, "a\n\"b");
    assert_int_equal(field_of(body, "text")->value.len, 4);
    assert_int_equal(field_of(body, "empty")->value.len, 0);
    assert_true(field_of(body, "at")->value.integer == -1);
    assert_int_equal(field_of(body, "wait")->value.integer, 300000);
    assert_int_equal(field_of(body, "none")->value.integer, 0);
    assert_string_equal(field_of(body, "mode")->value.text, "off");
    assert_int_equal(field_of(body, "mode")->value.natural, 1);
    schema_release(&schema);
}

static void positions_follow_each_other_and_skip_reserved_ones(void **state)
{
    (void)state;
    struct schema_text schema = schema_read(SCHEMA_HEAD "entities:\n"
                                                        "  a:\n"
                                                        "    key: a\n"
                                                        "    fields:\n"
                                                        "      one: u8\n"
                                                        "      four: u8\n"
                                                        "      ten: { type: u8, id: 10 }\n"
                                                        "      eleven: u8\n"
                                                        "      five: { type: u8, id: 5 }\n"
                                                        "      seven: u8\n"
                                                        "    reserved: [6, 3, 2]\n");
    assert_string_equal(schema.text, "");
    const struct sch_decl *body = &schema.service->entities[0].body;
    const uint32_t ids[] = {1, 4, 10, 11, 5, 7};
    const uint32_t reserved[] = {2, 3, 6};
    assert_int_equal(body->field_count, 6);
    for (size_t i = 0; i < 6; i++) {
        assert_int_equal(body->fields[i].id, ids[i]);
    }
    assert_int_equal(body->reserved_count, 3);
    assert_memory_equal(body->reserved, reserved, sizeof reserved);
    schema_release(&schema);
}

static void types_nest_in_both_spellings(void **state)
{
    (void)state;
    struct schema_text schema = schema_read(
        SCHEMA_HEAD
        "entities:\n"
        "  a:\n"
        "    key: a\n"
        "    fields:\n"
        "      x: list<map<string?>>?\n"
        "      y: string?[][]\n"
        "      z: { type: \"map< list<u8> >\", max: 7, secret: true, description: d }\n");
    assert_string_equal(schema.text, "");
    const struct sch_field *fields = schema.service->entities[0].body.fields;
    const struct sch_type *x = &fields[0].type;
    assert_int_equal(x->kind, SCH_LIST);
    assert_true(x->optional);
    assert_int_equal(x->item->kind, SCH_MAP);
    assert_false(x->item->optional);
    assert_int_equal(x->item->item->kind, SCH_STRING);
    assert_true(x->item->item->optional);
    const struct sch_type *y = &fields[1].type;
    assert_int_equal(y->kind, SCH_LIST);
    assert_false(y->optional);
    assert_int_equal(y->item->kind, SCH_LIST);
    assert_int_equal(y->item->item->kind, SCH_STRING);
    assert_true(y->item->item->optional);
    assert_int_equal(fields[2].type.max, 7);
    assert_true(fields[2].secret);
    assert_string_equal(fields[2].description, "d");
    schema_release(&schema);
}

static void values_are_structs_lists_or_single(void **state)
{
    (void)state;
    struct schema_text schema = schema_read(
        SCHEMA_HEAD "entities:\n"
                    "  a: { key: a, list: string, ttl_only: true }\n"
                    "  b: { key: b, value: { type: list<u8>, max: 9 }, ttl_only: true }\n"
                    "  c: { key: c, value: { type: string, max: 5 }, ttl_only: true }\n"
                    "  d: { key: d, list: { type: string, max: 5 }, ttl_only: true }\n");
    assert_string_equal(schema.text, "");
    const struct sch_entity *entities = schema.service->entities;
    assert_int_equal(entities[0].shape, SCH_SHAPE_LIST);
    assert_int_equal(entities[0].value.kind, SCH_LIST);
    assert_int_equal(entities[0].value.item->kind, SCH_STRING);
    assert_int_equal(entities[1].shape, SCH_SHAPE_LIST);
    assert_int_equal(entities[1].value.max, 9);
    assert_int_equal(entities[2].shape, SCH_SHAPE_VALUE);
    assert_int_equal(entities[2].value.max, 5);
    assert_int_equal(entities[3].value.max, 0);
    assert_int_equal(entities[3].value.item->max, 5);
    schema_release(&schema);
}

static void policies_reach_the_model(void **state)
{
    (void)state;
    struct schema_text schema = schema_read(
        "larder: 1\nservice: shop\n"
        "redis: { db: 3, prefix: \"s:\" }\n"
        "ttl: { long_one: 2h }\n"
        "entities:\n"
        "  a: { key: a, ttl: long_one, jitter: 2.5%, version: 7, max_bytes: 1MiB, fields: { x: u8 } }\n"
        "  b: { key: b, ttl: 90s, fields: { x: u8 } }\n"
        "  c: { key: c, ttl: none, ttl_only: true, fields: { x: u8 } }\n"
        "  d: { key: d, fields: { x: u8 } }\n");
    assert_string_equal(schema.text, "");
    const struct sch_service *service = schema.service;
    assert_true(service->has_db);
    assert_int_equal(service->db, 3);
    assert_string_equal(service->prefix, "s:");
    assert_int_equal(service->ttl_count, 2);
    assert_string_equal(service->ttls[0].name, "default");
    assert_int_equal(service->ttls[0].ms, 0);
    assert_string_equal(service->ttls[1].variable, "CACHE_TTL_LONG_ONE");
    assert_int_equal(service->ttls[1].ms, 7200000);
    const struct sch_entity *e = service->entities;
    assert_string_equal(e[0].ttl_name, "long_one");
    assert_int_equal(e[0].jitter_ppm, 25000);
    assert_int_equal(e[0].version, 7);
    assert_int_equal(e[0].max_bytes, 1048576);
    assert_null(e[1].ttl_name);
    assert_int_equal(e[1].ttl_ms, 90000);
    assert_int_equal(e[1].version, 1);
    assert_null(e[2].ttl_name);
    assert_int_equal(e[2].ttl_ms, 0);
    assert_true(e[2].ttl_only);
    assert_string_equal(e[3].ttl_name, "default");
    schema_release(&schema);
}

static void types_stand_after_those_they_embed(void **state)
{
    (void)state;
    struct schema_text schema =
        schema_read(SCHEMA_HEAD "types:\n"
                                "  A: { fields: { b: B, c: C?, m: Mode } }\n"
                                "  B: { fields: { d: D, again: list<A> } }\n"
                                "  C: { fields: { x: u8 } }\n"
                                "  D: { fields: { x: u8, self: map<D> } }\n"
                                "  Mode: { enum: [on, off] }\n"
                                "entities:\n"
                                "  holder: { key: a, fields: { a: A } }\n");
    assert_string_equal(schema.text, "");
    const struct sch_service *service = schema.service;
    size_t a = 0, b = 0, c = 0, d = 0, mode = 0;
    const struct sch_decl *decl_a = decl_of(service, "A", &a);
    const struct sch_decl *decl_b = decl_of(service, "B", &b);
    const struct sch_decl *decl_c = decl_of(service, "C", &c);
    const struct sch_decl *decl_d = decl_of(service, "D", &d);
    (void)decl_of(service, "Mode", &mode);
    assert_true(mode < d && d < b && b < a);
    assert_true(decl_a->recursive && decl_b->recursive && decl_d->recursive);
    assert_false(decl_c->recursive);
    assert_true(decl_a->used && decl_b->used && decl_c->used && decl_d->used);
    assert_ptr_equal(decl_a->fields[0].type.decl, decl_b);
    schema_release(&schema);
}

static void events_name_entries_by_their_parameters(void **state)
{
    (void)state;
    struct schema_text schema =
        schema_read(SCHEMA_HEAD "entities:\n"
                                "  a: { key: \"a:{x:u8}:{y}\", list: u8 }\n"
                                "  b: { key: b, value: string }\n"
                                "events:\n"
                                "  changed:\n"
                                "    description: it changed\n"
                                "    params: { name: string, n: u8 }\n"
                                "    invalidate: [ \"a( n , name )\", b() ]\n");
    assert_string_equal(schema.text, "");
    const struct sch_event *event = &schema.service->events[0];
    assert_string_equal(event->description, "it changed");
    assert_int_equal(event->target_count, 2);
    assert_ptr_equal(event->targets[0].entity, &schema.service->entities[0]);
    assert_int_equal(event->targets[0].arg_count, 2);
    assert_int_equal(event->targets[0].args[0], 1);
    assert_int_equal(event->targets[0].args[1], 0);
    assert_int_equal(event->targets[1].arg_count, 0);
    schema_release(&schema);
}

static void warnings_can_be_allowed_by_file_and_by_entity(void **state)
{
    (void)state;
    static const char entity[] = "  a: { key: a, list: string, ttl: none%s }\n";
    struct arena *arena = arena_new();
    const char *plain = arena_printf(arena, entity, "");
    const char *allowed = arena_printf(arena, entity, ", allow: [unreached-list, no-expiry]");
    struct schema_text one =
        schema_read(arena_printf(arena, "%sentities:\n%s", SCHEMA_HEAD, plain));
    assert_int_equal(diag_warning_count(one.diag), 2);
    struct schema_text two =
        schema_read(arena_printf(arena, "%sentities:\n%s", SCHEMA_HEAD, allowed));
    assert_int_equal(diag_warning_count(two.diag), 0);
    struct schema_text three =
        schema_read(arena_printf(arena, "%sallow: [no-expiry]\nentities:\n%s", SCHEMA_HEAD, plain));
    assert_int_equal(diag_warning_count(three.diag), 1);
    schema_release(&one);
    schema_release(&two);
    schema_release(&three);
    arena_free(arena);
}

/* More than 10,000 entities are refused; as many are read, and quickly. */
static void ten_thousand_entities_are_the_most(void **state)
{
    (void)state;
    for (int count = 10000; count <= 10001; count++) {
        char *data = NULL;
        size_t len = 0;
        FILE *stream = open_memstream(&data, &len);
        assert_non_null(stream);
        fputs(SCHEMA_HEAD "allow: [unreached-list]\nentities:\n", stream);
        for (int i = 0; i < count; i++) {
            fprintf(stream, "  e%d: { key: \"{n:u8}:e%d\", value: u8 }\n", i, i);
        }
        fclose(stream);
        struct schema_text schema = schema_read(data);
        if (count == 10000) {
            assert_string_equal(schema.text, "");
            assert_int_equal(schema.service->entity_count, 10000);
        } else {
            assert_null(schema.service);
            assert_non_null(
                strstr(schema.text, ":10006:3: error: more than 10000 entities [limit]"));
        }
        schema_release(&schema);
        free(data);
    }
}

static void a_chain_of_types_as_long_as_a_file_is_read(void **state)
{
    (void)state;
    char *data = NULL;
    size_t len = 0;
    FILE *stream = open_memstream(&data, &len);
    assert_non_null(stream);
    fputs(SCHEMA_HEAD "types:\n", stream);
    for (int i = 0; i < 15000; i++) {
        fprintf(stream, "  T%d: { fields: { next: T%d } }\n", i, i + 1);
    }
    fputs("  T15000: { fields: { x: u8 } }\nentities:\n  a: { key: a, fields: { t: T0 } }\n",
          stream);
    fclose(stream);
    struct schema_text schema = schema_read(data);
    assert_string_equal(schema.text, "");
    assert_string_equal(schema.service->decls[0]->name, "T15000");
    assert_string_equal(schema.service->decls[15000]->name, "T0");
    schema_release(&schema);
    free(data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_take_the_form_of_their_type),
        cmocka_unit_test(positions_follow_each_other_and_skip_reserved_ones),
        cmocka_unit_test(types_nest_in_both_spellings),
        cmocka_unit_test(values_are_structs_lists_or_single),
        cmocka_unit_test(policies_reach_the_model),
        cmocka_unit_test(types_stand_after_those_they_embed),
        cmocka_unit_test(events_name_entries_by_their_parameters),
        cmocka_unit_test(warnings_can_be_allowed_by_file_and_by_entity),
        cmocka_unit_test(ten_thousand_entities_are_the_most),
        cmocka_unit_test(a_chain_of_types_as_long_as_a_file_is_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
