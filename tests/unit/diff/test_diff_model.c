/* SPDX-License-Identifier: MIT */
/*
 * What no schema of this version can say, and what no pair of files shows.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "diff/report.h"
#include "schema/place_of.h"
#include "unit/schema/schema_text.h"

static const char text[] = SCHEMA_HEAD "entities:\n"
                                       "  product:\n"
                                       "    key: \"product:{id:u64}\"\n"
                                       "    version: 2\n"
                                       "    fields: { id: u64, name: string }\n";

static void an_entity_of_another_kind_is_told_and_its_value_is_not(void **state)
{
    (void)state;
    struct schema_text before = schema_read(text);
    struct schema_text now = schema_read(text);
    const struct sch_service *old = before.service;
    const struct sch_service *new = now.service;
    assert_true(old != NULL && new != NULL);
    new->entities[0].kind = SCH_HASH;
    new->entities[0].body.fields[1].type.kind = SCH_U8;
    struct dif_report *report = dif_compare(now.arena, old, new);
    dif_keep_class(report, DIF_WIRE);
    assert_int_equal(report->count, 1);
    assert_int_equal(report->findings[0].rule, DIF_KIND_CHANGED);
    assert_string_equal(report->findings[0].text,
                        "'product' was of the kind object and is of the kind hash");
    assert_int_equal(dif_count(report, DIF_BREAKING), 1);
    schema_release(&before);
    schema_release(&now);
}

static void a_key_that_was_given_has_its_place_and_another_the_entitys(void **state)
{
    (void)state;
    struct schema_text schema = schema_read(text);
    assert_non_null(schema.service);
    const struct sch_entity *product = &schema.service->entities[0];
    assert_int_equal(sch_place_of(product, "version").line, 7);
    assert_int_equal(sch_place_of(product, "version").column, 5);
    assert_int_equal(sch_place_of(product, "ttl").line, product->pos.line);
    schema_release(&schema);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_entity_of_another_kind_is_told_and_its_value_is_not),
        cmocka_unit_test(a_key_that_was_given_has_its_place_and_another_the_entitys),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
