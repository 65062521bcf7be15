/* SPDX-License-Identifier: MIT */
/*
 * What a template may name: a tree of strings, numbers, flags, lists and maps.
 *
 * The engine's only input type. Built once, then read only; in the arena. One
 * value may stand in several places (the engine bounds its work itself), but
 * never inside itself.
 *
 *     struct ctx_value *person = ctx_map(arena);
 *     ctx_set_string(person, "name", "Joe");
 *     ctx_add(people, person);
 */
#ifndef LARDER_GENERATOR_VALUE_H
#define LARDER_GENERATOR_VALUE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/text.h"

enum ctx_kind { CTX_NULL, CTX_FLAG, CTX_NUMBER, CTX_STRING, CTX_LIST, CTX_MAP };

struct ctx_value; /* opaque */

/* Making. Text is copied by ctx_string_len and ctx_number_text, borrowed by the others. */
struct ctx_value *ctx_null(struct arena *arena);
struct ctx_value *ctx_flag(struct arena *arena, bool on);
struct ctx_value *ctx_number(struct arena *arena, long long number);
struct ctx_value *ctx_number_text(struct arena *arena,
                                  const char *text); /* as it is to be printed */
struct ctx_value *ctx_string(struct arena *arena, const char *text);
struct ctx_value *ctx_string_len(struct arena *arena, const char *text,
                                 size_t len); /* may hold NULs */
/* As ctx_string_len, but borrowed; text[len] is a NUL. */
struct ctx_value *ctx_string_view(struct arena *arena, const char *text, size_t len);
struct ctx_value *ctx_list(struct arena *arena);
struct ctx_value *ctx_no_list(void); /* an empty list that stays empty; shared */
struct ctx_value *ctx_map(struct arena *arena);
struct ctx_value *ctx_map_for(struct arena *arena, size_t names); /* with room for as many */
void ctx_add(struct ctx_value *list, struct ctx_value *item);
/* A name already there is replaced. `name` is borrowed. */
void ctx_set(struct ctx_value *map, const char *name, struct ctx_value *value);
/* The same for a name that may hold NULs; name[len] is one. */
void ctx_set_len(struct ctx_value *map, const char *name, size_t len, struct ctx_value *value);
/* Short forms of ctx_set. */
void ctx_set_string(struct ctx_value *map, const char *name,
                    const char *text); /* NULL text: CTX_NULL */
void ctx_set_number(struct ctx_value *map, const char *name, long long number);
void ctx_set_flag(struct ctx_value *map, const char *name, bool on);

/* Reading. */
enum ctx_kind ctx_kind(const struct ctx_value *value);
bool ctx_is_true(const struct ctx_value *value); /* not null, not false, no empty list */
const char *ctx_text(const struct ctx_value *value,
                     size_t *ret_len);           /* of strings and numbers; "true"/"false"; "" */
size_t ctx_count(const struct ctx_value *value); /* of a list or map; else 0 */
const struct ctx_value *ctx_item(const struct ctx_value *list, size_t i);
const char *ctx_name(const struct ctx_value *map, size_t i);
const struct ctx_value *ctx_value_at(const struct ctx_value *map, size_t i); /* under that name */
const struct ctx_value *ctx_get(const struct ctx_value *map, const char *name,
                                size_t name_len); /* NULL: no such name */

/* As JSON, names in the order they were set, two spaces a level. */
void ctx_print_json(const struct ctx_value *value, struct text *out);

#endif
