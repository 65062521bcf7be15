/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "schema/pattern.h"
#include "unit/schema/schema_text.h"

#define TYPES                            \
    "types:\n"                           \
    "  Mode: { enum: [on, off] }\n"      \
    "  Word: { enum: [home, list_1] }\n" \
    "  Holder: { fields: { a: Mode, b: Word } }\n"

/* A service of entities with these patterns. */
static struct schema_text with_patterns(const char *const *patterns, size_t count)
{
    struct arena *arena = arena_new();
    char *text = arena_printf(arena, "%s%s%s", SCHEMA_HEAD, TYPES, "entities:\n");
    for (size_t i = 0; i < count; i++) {
        text = arena_printf(arena, "%s  e%zu: { key: \"%s\", fields: { x: Holder } }\n", text, i,
                            patterns[i]);
    }
    struct schema_text schema = schema_read(text);
    arena_free(arena);
    return schema;
}

static void parts_and_parameters_are_read(void **state)
{
    (void)state;
    const char *const pattern = "a:{id:u64}:{{name}}/{mode:Mode}.{who:uuid|hash}-x";
    struct schema_text schema = with_patterns(&pattern, 1);
    assert_string_equal(schema.text, "");
    const struct sch_entity *entity = &schema.service->entities[0];
    assert_int_equal(entity->param_count, 4);
    assert_int_equal(entity->part_count, 9);
    assert_string_equal(entity->parts[0].literal, "a:");
    assert_null(entity->parts[1].literal);
    assert_int_equal(entity->parts[1].param, 0);
    assert_string_equal(entity->parts[2].literal, ":{");
    assert_string_equal(entity->parts[4].literal, "}/");
    assert_string_equal(entity->parts[8].literal, "-x");
    assert_int_equal(entity->parts[8].literal_len, 2);
    assert_int_equal(entity->params[0].type.kind, SCH_U64);
    assert_int_equal(entity->params[1].type.kind, SCH_STRING);
    assert_int_equal(entity->params[2].type.kind, SCH_ENUM);
    assert_string_equal(entity->params[2].type.decl->name, "Mode");
    assert_int_equal(entity->params[3].type.kind, SCH_UUID);
    assert_true(entity->params[3].hash);
    assert_false(entity->params[0].hash);
    assert_false(entity->params_are_fields);
    schema_release(&schema);
}

static void assert_ambiguous(const char *pattern, bool expected)
{
    struct schema_text schema = with_patterns(&pattern, 1);
    bool ambiguous = strstr(schema.text, "[ambiguous-key]") != NULL;
    if (ambiguous != expected || (schema.service == NULL) != expected) {
        fail_msg("%s: %s", pattern, schema.text);
    }
    schema_release(&schema);
}

static void the_text_between_parameters_tells_where_the_left_one_ends(void **state)
{
    (void)state;
    const char *const fine[] = {
        "{a:u64}:{b:u64}",
        "{a:u64}x{b:u64}",
        "{a:u64}-{b:i64}",
        "{a:string}:{b:string}",
        "{a}_:_{b}",
        "{a:bool}o{b:u8}",
        "{a:Mode}e{b:u8}",
        "{a:Mode}_{b:u8}",
        "{a|hash}g{b}",
        "{a:uuid}:{b:uuid}",
        "{a|hash}-{b|hash}",
        "x{a}",
        "{a}x",
        "{a:u64}%{b}",
        "{{a:u64}}{b:u64}",
        "{a:u64}{{b:u64}}",
        "{a}/{b}",
    };
    const char *const ambiguous[] = {
        "{a:u64}{b:u64}",   "{a:u64}1{b:u64}",  "{a:i64}-{b:i64}",   "{a}x{b}",
        "{a}-{b:u64}",      "{a}%{b}",          "{a:bool}t{b:u8}",   "{a:Mode}off{b:u8}",
        "{a|hash}a{b}",     "{a|hash}{b|hash}", "{a:uuid}-{b:uuid}", "{a}.{b}",
        "{a:Word}_1{b:u8}", "{c:u8}:{a}{b}",    "{a:u8}{b:bool}",
    };
    for (size_t i = 0; i < sizeof fine / sizeof *fine; i++) {
        assert_ambiguous(fine[i], false);
    }
    for (size_t i = 0; i < sizeof ambiguous / sizeof *ambiguous; i++) {
        assert_ambiguous(ambiguous[i], true);
    }
}

static void assert_meet(const char *one, const char *other, bool expected)
{
    const char *const both[2][2] = {{one, other}, {other, one}};
    for (size_t i = 0; i < 2; i++) {
        struct schema_text schema = with_patterns(both[i], 2);
        bool meet = strstr(schema.text, "[same-key]") != NULL;
        if (meet != expected || (schema.service == NULL) != expected) {
            fail_msg("%s and %s: %s", both[i][0], both[i][1], schema.text);
        }
        schema_release(&schema);
    }
}

static void patterns_that_share_no_key_pass(void **state)
{
    (void)state;
    static const char *const pairs[][2] = {
        {"product:{id:u64}", "product:{id:u64}:x"},
        {"a:{s}", "a:b:c"},
        {"a:{s}", "b:{s}"},
        {"a:{n:u64}", "a:list"},
        {"a:{n:u64}", "a:-1"},
        {"a:{n:u8}", "a:1000"},
        {"a:{n:u64}", "a:007"},
        {"a:{n:i64}", "a:-0"},
        {"a:{m:Mode}", "a:home"},
        {"a:{m:Mode}", "a:{w:Word}"},
        {"a:{b:bool}", "a:{m:Mode}"},
        {"a:{u:uuid}", "a:{h|hash}"},
        {"a:{u:uuid}", "a:{n:u64}"},
        {"a:{s}:x", "a:{s}:y"},
        {"{n:u64}:a", "{n:u64}:b"},
        {"a:{s}:{t}", "a:{s}"},
        {"a", "ab"},
        {"a:{s}", "a:"},
        {"a:{{s}}", "a:{s}"},
        {"a:{h|hash}", "a:0123456789abcdef0123456789ABCDEF"},
        {"a:{n:u8}:{m:u8}", "a:{n:u8}:{m:u8}:{o:u8}"},
        {"a:{s}", "a:%4g"},
        {"a:{s}", "a:a%"},
    };
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        assert_meet(pairs[i][0], pairs[i][1], false);
    }
}

static void patterns_that_share_a_key_are_refused(void **state)
{
    (void)state;
    static const char *const pairs[][2] = {
        {"a:{s}", "a:b"},
        {"a:{s}", "a:{n:u64}"},
        {"a:{s}", "a:{t:string}"},
        {"a:{s}", "a:%"},
        {"a:{s}", "a:x%20y"},
        {"a:{n:u64}", "a:18446744073709551615"},
        {"a:{n:u64}", "a:0"},
        {"a:{n:i8}", "a:-5"},
        {"a:{n:i64}", "a:{m:u8}"},
        {"a:{m:Mode}", "a:off"},
        {"a:{b:bool}", "a:true"},
        {"a:{h|hash}", "a:{g:u64|hash}"},
        {"a:{h|hash}", "a:0123456789abcdef0123456789abcdef"},
        {"a:{h|hash}", "a:{s}"},
        {"a:{u:uuid}", "a:00000000-0000-0000-0000-000000000000"},
        {"a:{u:uuid}", "a:{s}"},
        {"{s}:x", "a:{t}"},
        {"a:{s}:x:{t}", "a:{n:u64}:{s}:y"},
        {"a{n:u64}", "a1{m:u8}"},
        {"{s}", "x"},
        {"a:{s}", "a:{w:Word}"},
    };
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        assert_meet(pairs[i][0], pairs[i][1], true);
    }
}

static void one_pattern_in_conflict_with_many_is_reported_once_each(void **state)
{
    (void)state;
    const char *const patterns[] = {"a:{s}", "a:x", "a:y", "a:{n:u8}", "b"};
    struct schema_text schema = with_patterns(patterns, 5);
    assert_int_equal(diag_error_count(schema.diag), 3);
    schema_release(&schema);
}

static void parameters_that_are_fields_are_known(void **state)
{
    (void)state;
    struct schema_text schema = schema_read(
        SCHEMA_HEAD "entities:\n"
                    "  a: { key: \"a:{id:u64}:{name}\", fields: { name: string, id: u64 } }\n"
                    "  b: { key: \"b:{id:u64}\", fields: { id: u64? } }\n"
                    "  c: { key: \"c:{id:u64}:{at:u8}\", fields: { id: u64, at: u16 } }\n"
                    "  d: { key: \"d\", fields: { id: u64 } }\n");
    assert_string_equal(schema.text, "");
    const struct sch_entity *entities = schema.service->entities;
    assert_true(entities[0].params_are_fields);
    assert_ptr_equal(entities[0].params[0].field, &entities[0].body.fields[1]);
    assert_ptr_equal(entities[0].params[1].field, &entities[0].body.fields[0]);
    assert_false(entities[1].params_are_fields);
    assert_null(entities[1].params[0].field);
    assert_false(entities[2].params_are_fields);
    assert_non_null(entities[2].params[0].field);
    assert_null(entities[2].params[1].field);
    assert_false(entities[3].params_are_fields);
    schema_release(&schema);
}

/* Keys that the library keeps for itself begin with `<prefix>~<service>:`. */
static void no_key_holds_the_mark_of_the_librarys_own(void **state)
{
    (void)state;
    struct byte_set set;
    const char *const all =
        "a:{b:bool}:{c:u8}:{d:u16}:{e:u32}:{f:u64}:{g:i8}:{h:i16}:{i:i32}:{j:i64}"
        ":{k}:{l:uuid}:{m:Mode}:{n|hash}:{o:Word|hash}";
    struct schema_text schema = with_patterns(&all, 1);
    assert_string_equal(schema.text, "");
    const struct sch_entity *entity = &schema.service->entities[0];
    assert_int_equal(entity->param_count, 14);
    for (size_t i = 0; i < entity->param_count; i++) {
        param_bytes(&entity->params[i], &set);
        assert_false(set.has['~']);
        assert_true(set.has['0'] || set.has['e'] || set.has['o']);
    }
    schema_release(&schema);
    const char *const marked = "a~shop:b";
    schema = with_patterns(&marked, 1);
    assert_null(schema.service);
    schema_release(&schema);
    schema = schema_read(SCHEMA_HEAD "redis: { prefix: \"a~b:\" }\n"
                                     "entities:\n  a: { key: a, fields: { x: u8 } }\n");
    assert_null(schema.service);
    schema_release(&schema);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parts_and_parameters_are_read),
        cmocka_unit_test(the_text_between_parameters_tells_where_the_left_one_ends),
        cmocka_unit_test(patterns_that_share_no_key_pass),
        cmocka_unit_test(patterns_that_share_a_key_are_refused),
        cmocka_unit_test(one_pattern_in_conflict_with_many_is_reported_once_each),
        cmocka_unit_test(parameters_that_are_fields_are_known),
        cmocka_unit_test(no_key_holds_the_mark_of_the_librarys_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
