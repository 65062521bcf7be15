/* SPDX-License-Identifier: MIT */
/*
 * The key graph: which entries an event, a tag and a row's change reach.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "unit/schema/schema_text.h"

#define SCHEMA                                                          \
    SCHEMA_HEAD                                                         \
    "entities:\n"                                                       \
    "  item:\n"                                                         \
    "    key: \"item:{id:u64}\"\n"                                      \
    "    fields: { id: u64, sku: string, from: u32, to: u32 }\n"        \
    "    tags: [\"place:{from}\", \"place:{to}\", \"goods\"]\n"         \
    "  by_sku: { kind: index, of: item, key: \"sku:{sku}\" }\n"         \
    "  pages: { key: \"pages:{user:u64}:{page:u32}\", list: string }\n" \
    "  front: { key: front, value: string, tags: [goods] }\n"           \
    "  lonely: { key: lonely, value: string, ttl_only: true }\n"        \
    "  note:\n"                                                         \
    "    key: \"note:{number:u32}\"\n"                                  \
    "    fields: { place: u32 }\n"                                      \
    "    tags: [\"place:{place}\", \"note:{place}\"]\n"                 \
    "events:\n"                                                         \
    "  moved:\n"                                                        \
    "    params: { where: u32, who: u64, page: u32 }\n"                 \
    "    invalidate:\n"                                                 \
    "      - tag: \"place:{where}\"\n"                                  \
    "      - pages(who, *)\n"                                           \
    "      - pages(who, page)\n"                                        \
    "      - front(*)\n"                                                \
    "  cleared: { invalidate: [ pages(*), \"pages(*, *)\" ] }\n"

enum { ITEM, BY_SKU, PAGES, FRONT, LONELY, NOTE };

static void targets_say_how_much_they_reach(void **state)
{
    (void)state;
    struct schema_text schema = schema_read(SCHEMA);
    assert_string_equal(schema.text, "");
    const struct sch_event *moved = &schema.service->events[0];
    const struct sch_event *cleared = &schema.service->events[1];
    assert_int_equal(moved->target_count, 4);
    assert_int_equal(moved->targets[0].kind, SCH_TARGET_TAG);
    assert_null(moved->targets[0].entity);
    assert_int_equal(moved->targets[0].args[0], 0);
    assert_int_equal(moved->targets[1].kind, SCH_TARGET_GROUP);
    assert_int_equal(moved->targets[1].arg_count, 1);
    assert_int_equal(moved->targets[1].args[0], 1);
    assert_int_equal(moved->targets[2].kind, SCH_TARGET_ENTRY);
    /* Every entry of an entity that has one. */
    assert_int_equal(moved->targets[3].kind, SCH_TARGET_ENTRY);
    assert_int_equal(cleared->targets[0].kind, SCH_TARGET_ALL);
    assert_int_equal(cleared->targets[1].kind, SCH_TARGET_ALL);
    schema_release(&schema);
}

static void tags_of_one_form_are_one(void **state)
{
    (void)state;
    struct schema_text schema = schema_read(SCHEMA);
    const struct sch_service *service = schema.service;
    assert_int_equal(service->tag_form_count, 3);
    const struct sch_tag_form *place = &service->tag_forms[0];
    assert_string_equal(place->form, "place:{u32}");
    assert_int_equal(place->carrier_count, 2); /* the item once, though it carries two */
    assert_ptr_equal(place->carriers[0], &service->entities[ITEM]);
    assert_ptr_equal(place->carriers[1], &service->entities[NOTE]);
    assert_int_equal(place->event_count, 1);
    assert_ptr_equal(place->events[0], &service->events[0]);
    assert_ptr_equal(service->events[0].targets[0].tag.form, place);
    assert_string_equal(service->tag_forms[1].form, "goods");
    assert_int_equal(service->tag_forms[1].event_count, 0);
    assert_true(service->tag_forms[1].changed);
    assert_string_equal(service->tag_forms[2].form, "note:{u32}");
    assert_false(service->tag_forms[2].changed);
    schema_release(&schema);
}

static void rows_that_hold_their_key_say_what_they_change(void **state)
{
    (void)state;
    struct schema_text schema = schema_read(SCHEMA);
    const struct sch_entity *entities = schema.service->entities;
    assert_true(entities[ITEM].has_changed);
    assert_int_equal(entities[ITEM].index_count, 1);
    assert_ptr_equal(entities[ITEM].indexes[0], &entities[BY_SKU]);
    assert_ptr_equal(entities[BY_SKU].of, &entities[ITEM]);
    assert_ptr_equal(entities[BY_SKU].params[0].field, &entities[ITEM].body.fields[1]);
    assert_false(entities[PAGES].has_changed);
    assert_false(entities[NOTE].has_changed); /* `number` is no field */
    schema_release(&schema);
}

static void what_nothing_reaches_is_known(void **state)
{
    (void)state;
    struct schema_text schema = schema_read(SCHEMA);
    const struct sch_entity *entities = schema.service->entities;
    assert_true(entities[ITEM].is_reached);
    assert_true(entities[BY_SKU].is_reached); /* through what it leads to */
    assert_true(entities[PAGES].is_reached);
    assert_int_equal(entities[PAGES].reached_by_count, 4);
    assert_ptr_equal(entities[PAGES].reached_by[0].event, &schema.service->events[0]);
    assert_ptr_equal(entities[PAGES].reached_by[0].target, &schema.service->events[0].targets[1]);
    assert_true(entities[FRONT].is_reached);
    assert_false(entities[LONELY].is_reached);
    assert_true(entities[NOTE].is_reached); /* by an event through its tag */
    schema_release(&schema);
}

static void groups_are_counted_by_their_parameters(void **state)
{
    (void)state;
    struct schema_text schema =
        schema_read(SCHEMA_HEAD "entities:\n"
                                "  cell: { key: \"cell:{a:u8}:{b:u8}:{c:u8}\", value: u8 }\n"
                                "  row: { key: \"row:{a:u8}\", value: u8 }\n"
                                "events:\n"
                                "  gone:\n"
                                "    params: { a: u8, b: u8, c: u8 }\n"
                                "    invalidate:\n"
                                "      - cell(a, b, *)\n"
                                "      - cell(b, *, *)\n"
                                "      - cell(b, a, *)\n"
                                "      - cell(a, b, c)\n"
                                "      - cell(*)\n"
                                "      - row(a)\n");
    assert_string_equal(schema.text, "");
    const struct sch_entity *cell = &schema.service->entities[0];
    const struct sch_entity *row = &schema.service->entities[1];
    assert_true(cell->has_all);
    assert_int_equal(cell->group_count, 2);
    assert_int_equal(cell->groups[0], 1);
    assert_int_equal(cell->groups[1], 2);
    assert_false(row->has_all);
    assert_int_equal(row->group_count, 0);
    schema_release(&schema);
}

/* A list whose only way is a tag that rows of another entity change. */
static void a_changed_tag_reaches_its_carriers(void **state)
{
    (void)state;
    static const char schema[] = SCHEMA_HEAD "entities:\n"
                                             "  row:\n"
                                             "    key: \"row:{%s:u64}\"\n"
                                             "    fields: { id: u64 }\n"
                                             "    tags: [rows]\n"
                                             "  rows: { key: rows, list: u64, tags: [rows] }\n";
    struct arena *arena = arena_new();
    struct schema_text whole = schema_read(arena_printf(arena, schema, "id"));
    assert_string_equal(whole.text, "");
    struct schema_text apart = schema_read(arena_printf(arena, schema, "number"));
    assert_int_equal(diag_warning_count(apart.diag), 1);
    assert_non_null(strstr(apart.text, "reaches 'rows'"));
    schema_release(&whole);
    schema_release(&apart);
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(targets_say_how_much_they_reach),
        cmocka_unit_test(tags_of_one_form_are_one),
        cmocka_unit_test(rows_that_hold_their_key_say_what_they_change),
        cmocka_unit_test(what_nothing_reaches_is_known),
        cmocka_unit_test(groups_are_counted_by_their_parameters),
        cmocka_unit_test(a_changed_tag_reaches_its_carriers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
