/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "unit/schema/schema_text.h"

#define MONEY "larder: 1\ntypes:\n  Money: { fields: { amount: i64 } }\n  Spare: { enum: [x] }\n"
#define USES_MONEY "entities:\n  a: { key: a, fields: { price: Money } }\n"

static void types_come_from_a_file_beside_the_schema(void **state)
{
    (void)state;
    struct schema_text schema = schema_begin();
    schema_put(&schema, "common/money.yaml", MONEY);
    schema_put(&schema, "s.yaml", SCHEMA_HEAD "include: [common/money.yaml]\n" USES_MONEY);
    schema_end(&schema, "s.yaml", NULL);
    assert_string_equal(schema.text, "");
    const struct sch_service *service = schema.service;
    assert_int_equal(service->decl_count, 2);
    assert_string_equal(service->decls[0]->name, "Spare");
    assert_true(service->decls[0]->included);
    assert_false(service->decls[0]->used);
    assert_true(service->decls[1]->used);
    assert_string_equal(service->decls[1]->c_name, "shop_money");
    assert_int_equal(service->file_count, 2);
    assert_string_equal(service->files[0]->path, schema_path(&schema, "s.yaml"));
    assert_string_equal(service->files[1]->path, schema_path(&schema, "common/money.yaml"));
    schema_release(&schema);
}

static void include_directories_are_searched_after_the_own(void **state)
{
    (void)state;
    struct schema_text schema = schema_begin();
    const char *directories[] = {schema_path(&schema, "one"), schema_path(&schema, "two")};
    const struct sch_options options = {.include_dirs = directories, .include_dir_count = 2};
    schema_put(&schema, "one/other.yaml", "larder: 1\n");
    schema_put(&schema, "two/money.yaml", MONEY);
    schema_put(&schema, "s.yaml", SCHEMA_HEAD "include: [money.yaml]\n" USES_MONEY);
    schema_end(&schema, "s.yaml", &options);
    assert_string_equal(schema.text, "");
    assert_string_equal(schema.service->files[1]->path, schema_path(&schema, "two/money.yaml"));
    schema_release(&schema);
}

static void a_file_by_two_ways_counts_once(void **state)
{
    (void)state;
    struct schema_text schema = schema_begin();
    schema_put(&schema, "common/money.yaml", MONEY);
    schema_put(&schema, "common/order.yaml",
               "larder: 1\ninclude: [money.yaml]\ntypes:\n  Total: { fields: { sum: Money } }\n");
    assert_int_equal(symlink("common/money.yaml", schema_path(&schema, "link.yaml")), 0);
    schema_put(&schema, "s.yaml",
               SCHEMA_HEAD "include: [common/order.yaml, common/../common/money.yaml, link.yaml]\n"
                           "entities:\n  a: { key: a, fields: { total: Total } }\n");
    schema_end(&schema, "s.yaml", NULL);
    assert_string_equal(schema.text, "");
    assert_int_equal(schema.service->file_count, 3);
    schema_release(&schema);
}

static void a_circle_is_refused_where_it_closes(void **state)
{
    (void)state;
    struct schema_text schema = schema_begin();
    schema_put(&schema, "b.yaml", "larder: 1\ninclude: [s.yaml]\n");
    schema_put(&schema, "s.yaml", SCHEMA_HEAD "include: [b.yaml]\n" USES_MONEY);
    schema_end(&schema, "s.yaml", NULL);
    assert_null(schema.service);
    /* The unknown Money may come from what could not be read: it is not reported. */
    assert_int_equal(diag_error_count(schema.diag), 1);
    assert_non_null(strstr(schema.text, "b.yaml:2:11: error: 's.yaml' includes itself"));
    schema_release(&schema);
}

static void an_included_type_that_is_wrong_is_reported_in_its_file(void **state)
{
    (void)state;
    struct schema_text schema = schema_begin();
    schema_put(&schema, "money.yaml", "larder: 1\ntypes:\n  Money: { fields: { amount: i65 } }\n");
    schema_put(&schema, "s.yaml", SCHEMA_HEAD "include: [money.yaml]\n" USES_MONEY);
    schema_end(&schema, "s.yaml", NULL);
    assert_null(schema.service);
    assert_non_null(strstr(schema.text, "money.yaml:3:30: error: unknown type 'i65'"));
    schema_release(&schema);
}

static void deep_chains_of_includes_are_refused(void **state)
{
    (void)state;
    struct schema_text schema = schema_begin();
    for (int i = 0; i < 20; i++) {
        schema_put(&schema, arena_printf(schema.arena, "i%d.yaml", i),
                   arena_printf(schema.arena, "larder: 1\ninclude: [i%d.yaml]\n", i + 1));
    }
    schema_put(&schema, "i20.yaml", "larder: 1\n");
    schema_put(&schema, "s.yaml", SCHEMA_HEAD "include: [i0.yaml]\n" USES_MONEY);
    schema_end(&schema, "s.yaml", NULL);
    assert_null(schema.service);
    assert_non_null(strstr(schema.text, "[limit]"));
    schema_release(&schema);
}

static void a_schema_that_is_not_there_is_reported(void **state)
{
    (void)state;
    struct schema_text schema = schema_begin();
    schema_end(&schema, "no-such.yaml", NULL);
    assert_null(schema.service);
    assert_non_null(strstr(schema.text, "[file]"));
    schema_release(&schema);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(types_come_from_a_file_beside_the_schema),
        cmocka_unit_test(include_directories_are_searched_after_the_own),
        cmocka_unit_test(a_file_by_two_ways_counts_once),
        cmocka_unit_test(a_circle_is_refused_where_it_closes),
        cmocka_unit_test(an_included_type_that_is_wrong_is_reported_in_its_file),
        cmocka_unit_test(deep_chains_of_includes_are_refused),
        cmocka_unit_test(a_schema_that_is_not_there_is_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
