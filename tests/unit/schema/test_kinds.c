/* SPDX-License-Identifier: MIT */
/*
 * Which keys a kind knows: every key of an entity with every kind.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "schema/options.h"
#include "unit/schema/schema_text.h"

static const struct {
    const char *name;
    const char *keys; /* that it cannot be without */
} kinds[] = {
    [SCH_OBJECT] = {"object", "    fields: { id: u64 }\n"},
    [SCH_INDEX] = {"index", "    of: item\n"},
    [SCH_COUNTER] = {"counter", ""},
    [SCH_RATE_LIMIT] = {"rate_limit", "    limit: 5\n    window: 1m\n"},
    [SCH_LOCK] = {"lock", ""},
    [SCH_SET] = {"set", "    members: string\n"},
    [SCH_HASH] = {"hash", "    fields: { note: \"string?\" }\n"},
    [SCH_RESPONSE] = {"response", ""},
};

enum { KIND_COUNT = sizeof kinds / sizeof *kinds };

/* An entity of this kind with one more line. */
static struct schema_text read_kind(struct arena *arena, size_t kind, const char *line)
{
    return schema_read(arena_printf(arena,
                                    "%sentities:\n"
                                    "  item: { key: \"item:{id:u64}\", fields: { id: u64 } }\n"
                                    "  one:\n"
                                    "    kind: %s\n"
                                    "    key: \"one:{id:u64}\"\n"
                                    "%s%s",
                                    SCHEMA_HEAD, kinds[kind].name, kinds[kind].keys, line));
}

static void every_kind_is_read_with_what_it_needs(void **state)
{
    (void)state;
    struct arena *arena = arena_new();
    for (size_t kind = 0; kind < KIND_COUNT; kind++) {
        struct schema_text schema = read_kind(arena, kind, "");
        assert_string_equal(schema.text, "");
        assert_int_equal(schema.service->entities[1].kind, kind);
        schema_release(&schema);
    }
    arena_free(arena);
}

static void a_key_without_meaning_for_a_kind_is_refused(void **state)
{
    (void)state;
    struct arena *arena = arena_new();
    size_t refused = 0;
    for (size_t kind = 0; kind < KIND_COUNT; kind++) {
        for (size_t i = 0; i < OPT_COUNT; i++) {
            const struct opt *row = &opt_table[i];
            if (row->scope != OPT_SCOPE_ENTITY || (row->kinds & 1u << kind) != 0) {
                continue;
            }
            struct schema_text schema =
                read_kind(arena, kind, arena_printf(arena, "    %s: 1\n", row->key));
            const char *wanted =
                arena_printf(arena, "'%s' has no meaning for an entity of kind '%s'", row->key,
                             kinds[kind].name);
            assert_non_null(strstr(schema.text, wanted));
            assert_int_equal(diag_error_count(schema.diag), 1);
            schema_release(&schema);
            refused++;
        }
    }
    assert_true(refused > 100);
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_is_read_with_what_it_needs),
        cmocka_unit_test(a_key_without_meaning_for_a_kind_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
