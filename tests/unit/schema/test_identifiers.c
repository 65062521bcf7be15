/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "schema/ident.h"
#include "unit/schema/schema_text.h"

static void assert_snake(struct arena *arena, const char *name, const char *expected)
{
    assert_string_equal(ident_snake(arena, name), expected);
}

static void camel_case_becomes_snake_case(void **state)
{
    (void)state;
    struct arena *arena = arena_new();
    assert_snake(arena, "ProductSummary", "product_summary");
    assert_snake(arena, "firstName", "first_name");
    assert_snake(arena, "HTTPHeader", "http_header");
    assert_snake(arena, "parseHTTP", "parse_http");
    assert_snake(arena, "SKU", "sku");
    assert_snake(arena, "Item2Price", "item2_price");
    assert_snake(arena, "Vector2D", "vector2d");
    assert_snake(arena, "already_snake_1", "already_snake_1");
    assert_snake(arena, "Mixed_Case", "mixed_case");
    assert_snake(arena, "A", "a");
    assert_string_equal(ident_upper(arena, "inStock"), "IN_STOCK");
    arena_free(arena);
}

static void names_that_begin_with_the_service_are_not_prefixed_again(void **state)
{
    (void)state;
    struct arena *arena = arena_new();
    assert_string_equal(ident_prefixed(arena, "product", "product"), "product");
    assert_string_equal(ident_prefixed(arena, "product", "product_page"), "product_page");
    assert_string_equal(ident_prefixed(arena, "product", "products"), "product_products");
    assert_string_equal(ident_prefixed(arena, "product", "page"), "product_page");
    arena_free(arena);
}

static void keywords_and_macros_get_an_underscore(void **state)
{
    (void)state;
    struct arena *arena = arena_new();
    const char *const words[] = {"int",  "class", "new",   "typeof", "co_await", "char8_t",
                                 "NULL", "errno", "linux", "stdin",  "true",     "constexpr"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        assert_string_equal(ident_finish(arena, words[i]), arena_printf(arena, "%s_", words[i]));
    }
    assert_string_equal(ident_finish(arena, "integer"), "integer");
    assert_string_equal(ident_finish(arena, "cache"), "cache");
    arena_free(arena);
}

static void parameters_stay_clear_of_the_fixed_ones(void **state)
{
    (void)state;
    struct arena *arena = arena_new();
    assert_string_equal(ident_param(arena, "cache"), "cache_");
    assert_string_equal(ident_param(arena, "ttl_ms"), "ttl_ms_");
    assert_string_equal(ident_param(arena, "ret_value"), "ret_value_");
    assert_string_equal(ident_param(arena, "return"), "return_");
    assert_string_equal(ident_param(arena, "larder_stub_get"), "larder_stub_get_");
    assert_string_equal(ident_param(arena, "size_t"), "size_t_");
    assert_string_equal(ident_param(arena, "retry"), "retry");
    assert_string_equal(ident_param(arena, "id"), "id");
    arena_free(arena);
}

static void everything_in_the_model_has_its_identifier(void **state)
{
    (void)state;
    struct schema_text schema = schema_read(
        SCHEMA_HEAD
        "types:\n"
        "  PriceTag: { fields: { amount: u64?, new: bool?, text: string?, at: Place? } }\n"
        "  Place: { enum: [inStock, gone] }\n"
        "entities:\n"
        "  shop: { key: \"shop:{key:u64}\", fields: { key: u64, tag: PriceTag? } }\n"
        "  shop_window: { key: \"window\", value: string, ttl_only: true }\n"
        "  class: { key: \"class:{class}\", fields: { class: string } }\n"
        "events:\n"
        "  priceChanged: { params: { key: u64 }, invalidate: [ shop(key) ] }\n");
    assert_string_equal(schema.text, "");
    const struct sch_service *service = schema.service;
    assert_non_null(service);
    assert_string_equal(service->env_prefix, "SHOP");
    assert_string_equal(service->entities[0].c_name, "shop");
    assert_string_equal(service->entities[1].c_name, "shop_window");
    assert_string_equal(service->entities[2].c_name, "shop_class");
    assert_string_equal(service->entities[2].body.fields[0].c_name, "class_");
    assert_string_equal(service->entities[0].params[0].c_name, "key_");
    assert_string_equal(service->entities[0].body.fields[0].c_name, "key");
    assert_null(service->entities[0].body.fields[1].c_has);
    assert_string_equal(service->events[0].c_name, "shop_cache_on_price_changed");
    assert_string_equal(service->events[0].params[0].c_name, "key_");
    const struct sch_decl *place = service->decls[0];
    const struct sch_decl *tag = service->decls[1];
    assert_string_equal(place->c_name, "shop_place");
    assert_string_equal(place->enumerators[0].c_name, "SHOP_PLACE_IN_STOCK");
    assert_string_equal(tag->c_name, "shop_price_tag");
    assert_string_equal(tag->fields[0].c_has, "has_amount");
    assert_string_equal(tag->fields[1].c_name, "new_");
    assert_string_equal(tag->fields[1].c_has, "has_new");
    assert_null(tag->fields[2].c_has);
    assert_string_equal(tag->fields[3].c_has, "has_at");
    schema_release(&schema);
}

/* Each row: two entities or types, and the identifier they would share. */
static void derived_names_collide_with_written_ones(void **state)
{
    (void)state;
    static const struct {
        const char *yaml;
        const char *name;
    } cases[] = {
        {"entities:\n  a: { key: a, fields: { x: u8 } }\n  a_loader: { key: b, fields: { x: u8 } }\n",
         "'shop_a_loader'"},
        {"entities:\n  a: { key: a, fields: { x: u8 } }\n  a_cache_get: { key: b, fields: { x: u8 } }\n",
         "'shop_a_cache_get'"},
        {"types:\n  Mode: { enum: [on] }\n  ModeName: { fields: { x: u8 } }\n"
         "entities:\n  a: { key: a, fields: { x: Mode, y: ModeName } }\n",
         "'shop_mode_name'"},
        {"types:\n  P: { fields: { x: u8 } }\n  PList: { fields: { x: u8 } }\n"
         "entities:\n  a: { key: a, fields: { x: list<P>, y: PList } }\n",
         "'shop_p_list'"},
        {"entities:\n  a: { key: a, fields: { m: map<u8> } }\n  a_m_entry: { key: b, fields: { x: u8 } }\n",
         "'shop_a_m_entry'"},
        {"entities:\n  a: { key: a, fields: { m: list<map<u8>>, m_item: map<u8> } }\n",
         "'shop_a_m_item_map'"},
        {"entities:\n  batch: { key: a, fields: { x: u8 } }\n", "'shop_batch'"},
        {"entities:\n  a: { key: a, fields: { x: u8 } }\n  A: { key: b, fields: { x: u8 } }\n",
         "'shop_a'"},
        {"types:\n  Cache: { enum: [h] }\nentities:\n  a: { key: a, fields: { x: Cache } }\n",
         "'shop_cache'"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct arena *arena = arena_new();
        struct schema_text schema =
            schema_read(arena_printf(arena, "%s%s", SCHEMA_HEAD, cases[i].yaml));
        assert_null(schema.service);
        assert_non_null(strstr(schema.text, "[collision]"));
        assert_non_null(strstr(schema.text, cases[i].name));
        schema_release(&schema);
        arena_free(arena);
    }
}

static void a_type_and_its_list_share_no_name_where_no_list_is_used(void **state)
{
    (void)state;
    struct schema_text schema = schema_read(
        SCHEMA_HEAD "types:\n  P: { fields: { x: u8 } }\n  PList: { fields: { x: u8 } }\n"
                    "entities:\n  a: { key: a, fields: { x: P, y: PList } }\n");
    assert_string_equal(schema.text, "");
    assert_non_null(schema.service);
    schema_release(&schema);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(camel_case_becomes_snake_case),
        cmocka_unit_test(names_that_begin_with_the_service_are_not_prefixed_again),
        cmocka_unit_test(keywords_and_macros_get_an_underscore),
        cmocka_unit_test(parameters_stay_clear_of_the_fixed_ones),
        cmocka_unit_test(everything_in_the_model_has_its_identifier),
        cmocka_unit_test(derived_names_collide_with_written_ones),
        cmocka_unit_test(a_type_and_its_list_share_no_name_where_no_list_is_used),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
