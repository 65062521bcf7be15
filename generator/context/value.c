/* SPDX-License-Identifier: MIT */
#include "context/value.h"

#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/*
 * DESIGN. Lists and maps are arrays that double. A map keeps its pairs in the
 * order they were set; beyond a few it gets an index beside them, an open
 * addressed table of pair numbers + 1, never more than half full, so that a
 * data file of a hundred thousand names is read in linear time.
 */

enum { INDEX_FROM = 48 /* pairs; fewer are compared one by one */, SMALL_NUMBERS = 1024 };

struct ctx_pair {
    const char *name;
    uint32_t name_len;
    uint32_t hash;
    struct ctx_value *value;
};

struct ctx_value {
    enum ctx_kind kind;
    bool on;      /* CTX_FLAG */
    size_t count; /* of items or pairs; of a text its bytes */
    union {
        const char *text; /* CTX_STRING, CTX_NUMBER */
        struct ctx_value **items;
        struct ctx_pair *pairs;
    } as;
};

/* A list or a map. A context is mostly texts: only these carry what growing takes. */
struct ctx_container {
    struct ctx_value value;
    struct arena *arena;
    size_t capacity; /* of items or pairs */
    uint32_t *index; /* CTX_MAP; NULL while it is small */
    size_t index_size;
};

/* Values without contents are shared; nobody writes to them. */
static struct ctx_value null_value = {.kind = CTX_NULL};
static struct ctx_value flag_values[] = {{.kind = CTX_FLAG, .on = false},
                                         {.kind = CTX_FLAG, .on = true}};

static struct ctx_container no_list = {.value.kind = CTX_LIST};

static struct ctx_value *container_new(struct arena *arena, enum ctx_kind kind)
{
    struct ctx_container *container = arena_alloc(arena, sizeof(*container));
    container->value.kind = kind;
    container->arena = arena;
    return &container->value;
}

/* The container that a list's or map's value is the first member of. */
static struct ctx_container *container_of(struct ctx_value *value)
{
    return (struct ctx_container *)value;
}

static struct ctx_value *text_new(struct arena *arena, enum ctx_kind kind, const char *text,
                                  size_t len)
{
    struct ctx_value *value = arena_alloc(arena, sizeof(*value));
    value->kind = kind;
    value->as.text = text;
    value->count = len;
    return value;
}

/* Making. */

struct ctx_value *ctx_null(struct arena *arena)
{
    (void)arena;
    return &null_value;
}

struct ctx_value *ctx_flag(struct arena *arena, bool on)
{
    (void)arena;
    return &flag_values[on];
}

/* One for each small number: a context has tens of thousands of them. */
static struct ctx_value *small_number(size_t number)
{
    static struct ctx_value values[SMALL_NUMBERS];
    static char texts[SMALL_NUMBERS][5];
    struct ctx_value *value = &values[number];
    if (value->as.text == NULL) {
        int len = snprintf(texts[number], sizeof texts[number], "%zu", number);
        *value = (struct ctx_value){.kind = CTX_NUMBER, .count = (size_t)len};
        value->as.text = texts[number];
    }
    return value;
}

struct ctx_value *ctx_number(struct arena *arena, long long number)
{
    if (number >= 0 && number < SMALL_NUMBERS) {
        return small_number((size_t)number);
    }
    const char *text = arena_printf(arena, "%lld", number);
    return text_new(arena, CTX_NUMBER, text, strlen(text));
}

struct ctx_value *ctx_number_text(struct arena *arena, const char *text)
{
    size_t len = strlen(text);
    return text_new(arena, CTX_NUMBER, arena_copy(arena, text, len), len);
}

struct ctx_value *ctx_string(struct arena *arena, const char *text)
{
    return text_new(arena, CTX_STRING, text, strlen(text));
}

struct ctx_value *ctx_string_len(struct arena *arena, const char *text, size_t len)
{
    return text_new(arena, CTX_STRING, arena_copy(arena, text, len), len);
}

struct ctx_value *ctx_string_view(struct arena *arena, const char *text, size_t len)
{
    return text_new(arena, CTX_STRING, text, len);
}

struct ctx_value *ctx_list(struct arena *arena)
{
    return container_new(arena, CTX_LIST);
}

struct ctx_value *ctx_no_list(void)
{
    return &no_list.value;
}

struct ctx_value *ctx_map(struct arena *arena)
{
    return container_new(arena, CTX_MAP);
}

struct ctx_value *ctx_map_for(struct arena *arena, size_t names)
{
    struct ctx_value *map = ctx_map(arena);
    map->as.pairs = arena_array(arena, names, sizeof(*map->as.pairs));
    container_of(map)->capacity = names;
    return map;
}

/* Room for one more entry of `size` bytes in `entries`. */
static void *room_for_one(struct ctx_value *value, void *entries, size_t size)
{
    struct ctx_container *container = container_of(value);
    if (value->count < container->capacity) {
        return entries;
    }
    size_t capacity = container->capacity ? container->capacity * 2 : 4;
    entries = arena_grow(container->arena, entries, container->capacity * size, capacity * size);
    container->capacity = capacity;
    return entries;
}

void ctx_add(struct ctx_value *list, struct ctx_value *item)
{
    assert(list->kind == CTX_LIST && list != &no_list.value && item);
    list->as.items = room_for_one(list, list->as.items, sizeof(struct ctx_value *));
    list->as.items[list->count++] = item;
}

/* FNV-1a, http://www.isthe.com/chongo/tech/comp/fnv/ */
static uint32_t hash_of(const char *name, size_t len)
{
    uint32_t hash = 2166136261U;
    for (size_t i = 0; i < len; i++) {
        hash = (hash ^ (unsigned char)name[i]) * 16777619U;
    }
    return hash;
}

static bool is_named(const struct ctx_pair *pair, const char *name, size_t len)
{
    return pair->name_len == len && memcmp(pair->name, name, len) == 0;
}

static struct ctx_pair *find_indexed(const struct ctx_container *map, const char *name, size_t len)
{
    uint32_t hash = hash_of(name, len);
    for (size_t at = hash & (map->index_size - 1); map->index[at];
         at = (at + 1) & (map->index_size - 1)) {
        struct ctx_pair *pair = &map->value.as.pairs[map->index[at] - 1];
        if (pair->hash == hash && is_named(pair, name, len)) {
            return pair;
        }
    }
    return NULL;
}

static struct ctx_pair *find_pair(const struct ctx_value *map, const char *name, size_t len)
{
    const struct ctx_container *container = (const struct ctx_container *)map;
    if (container->index) {
        return find_indexed(container, name, len);
    }
    for (size_t i = 0; i < map->count; i++) {
        if (is_named(&map->as.pairs[i], name, len)) {
            return &map->as.pairs[i];
        }
    }
    return NULL;
}

static void index_pair(struct ctx_container *map, size_t i)
{
    size_t at = map->value.as.pairs[i].hash & (map->index_size - 1);
    while (map->index[at]) {
        at = (at + 1) & (map->index_size - 1);
    }
    map->index[at] = (uint32_t)(i + 1);
}

/* Called with a pair just added: indexes it, or all in a larger table. */
static void keep_index(struct ctx_container *map)
{
    size_t count = map->value.count;
    if (count < INDEX_FROM) {
        return;
    }
    assert(count < UINT32_MAX);
    if (count * 2 <= map->index_size) {
        index_pair(map, count - 1);
        return;
    }
    map->index_size = map->index_size ? map->index_size * 2 : (size_t)INDEX_FROM / 3 * 8;
    map->index = arena_array(map->arena, map->index_size, sizeof(*map->index));
    for (size_t i = 0; i < count; i++) {
        index_pair(map, i);
    }
}

void ctx_set_len(struct ctx_value *map, const char *name, size_t len, struct ctx_value *value)
{
    assert(map->kind == CTX_MAP && value && len <= UINT32_MAX);
    struct ctx_pair *known = find_pair(map, name, len);
    if (known) {
        known->value = value;
        return;
    }
    map->as.pairs = room_for_one(map, map->as.pairs, sizeof(*map->as.pairs));
    map->as.pairs[map->count++] = (struct ctx_pair){name, (uint32_t)len, hash_of(name, len), value};
    keep_index(container_of(map));
}

void ctx_set(struct ctx_value *map, const char *name, struct ctx_value *value)
{
    ctx_set_len(map, name, strlen(name), value);
}

void ctx_set_string(struct ctx_value *map, const char *name, const char *text)
{
    ctx_set(map, name, text ? ctx_string(container_of(map)->arena, text) : &null_value);
}

void ctx_set_number(struct ctx_value *map, const char *name, long long number)
{
    ctx_set(map, name, ctx_number(container_of(map)->arena, number));
}

void ctx_set_flag(struct ctx_value *map, const char *name, bool on)
{
    ctx_set(map, name, &flag_values[on]);
}

/* Reading. */

enum ctx_kind ctx_kind(const struct ctx_value *value)
{
    return value->kind;
}

bool ctx_is_true(const struct ctx_value *value)
{
    if (value->kind == CTX_FLAG) {
        return value->on;
    }
    return value->kind != CTX_NULL && (value->kind != CTX_LIST || value->count);
}

const char *ctx_text(const struct ctx_value *value, size_t *ret_len)
{
    const char *text = "";
    if (value->kind == CTX_STRING || value->kind == CTX_NUMBER) {
        *ret_len = value->count;
        return value->as.text;
    }
    if (value->kind == CTX_FLAG) {
        text = value->on ? "true" : "false";
    }
    *ret_len = strlen(text);
    return text;
}

size_t ctx_count(const struct ctx_value *value)
{
    return value->kind == CTX_LIST || value->kind == CTX_MAP ? value->count : 0;
}

const struct ctx_value *ctx_item(const struct ctx_value *list, size_t i)
{
    assert(list->kind == CTX_LIST && i < list->count);
    return list->as.items[i];
}

const char *ctx_name(const struct ctx_value *map, size_t i)
{
    assert(map->kind == CTX_MAP && i < map->count);
    return map->as.pairs[i].name;
}

const struct ctx_value *ctx_value_at(const struct ctx_value *map, size_t i)
{
    assert(map->kind == CTX_MAP && i < map->count);
    return map->as.pairs[i].value;
}

const struct ctx_value *ctx_get(const struct ctx_value *map, const char *name, size_t name_len)
{
    const struct ctx_pair *pair = map->kind == CTX_MAP ? find_pair(map, name, name_len) : NULL;
    return pair ? pair->value : NULL;
}

/* JSON. */

static void print_value(const struct ctx_value *value, size_t depth, struct text *out);

static void print_break(size_t depth, struct text *out)
{
    text_putc(out, '\n');
    while (depth--) {
        text_append(out, "  ", 2);
    }
}

static void print_entries(const struct ctx_value *value, size_t depth, struct text *out)
{
    for (size_t i = 0; i < value->count && !out->full; i++) {
        if (i) {
            text_putc(out, ',');
        }
        print_break(depth + 1, out);
        if (value->kind == CTX_MAP) {
            text_json_string(out, value->as.pairs[i].name, value->as.pairs[i].name_len);
            text_append(out, ": ", 2);
            print_value(value->as.pairs[i].value, depth + 1, out);
        } else {
            print_value(value->as.items[i], depth + 1, out);
        }
    }
    if (value->count) {
        print_break(depth, out);
    }
}

static void print_value(const struct ctx_value *value, size_t depth, struct text *out)
{
    size_t len;
    const char *text = ctx_text(value, &len);
    switch (value->kind) {
    case CTX_NULL:
        text_puts(out, "null");
        break;
    case CTX_FLAG:
    case CTX_NUMBER:
        text_append(out, text, len);
        break;
    case CTX_STRING:
        text_json_string(out, text, len);
        break;
    case CTX_LIST:
    case CTX_MAP:
        text_putc(out, value->kind == CTX_LIST ? '[' : '{');
        print_entries(value, depth, out);
        text_putc(out, value->kind == CTX_LIST ? ']' : '}');
        break;
    }
}

void ctx_print_json(const struct ctx_value *value, struct text *out)
{
    print_value(value, 0, out);
}
