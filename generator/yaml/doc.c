/* SPDX-License-Identifier: MIT */
/*
 * DESIGN. One loop takes libyaml's events; `open` is the stack of collections
 * that are not closed yet, and every finished node is placed into the top one.
 * Limits are checked as a node begins, before anything is built for it.
 *
 * What a mode refuses (anchors, tags, …) is reported and then read as if it
 * were not there, so that one run shows all of it; only broken syntax and
 * limits end the reading.
 */
#include "yaml/doc.h"

#include <string.h>

#include "base/unicode.h"
#include "yaml/anchors.h"
#include "yaml/keys.h"
#include "yaml/problem.h"
#include "yaml/surrogates.h"

struct limits {
    size_t bytes;
    size_t depth;
    size_t nodes;
};

static const struct limits limits_of[] = {
    [YML_SCHEMA] = {1024 * 1024, 32, 100 * 1000},
    [YML_DATA] = {16 * 1024 * 1024, 64, 1000 * 1000},
};

enum { MOST_DEPTH = 64 };

/* A collection that is being read. */
struct frame {
    struct yml_node *node;
    struct yml_node *key; /* of a map: read, and waiting for its value */
    size_t capacity;
};

struct builder {
    struct arena *arena;
    struct diag *diag;
    const struct src_file *file;
    enum yml_mode mode;
    const struct limits *limits;
    struct frame open[MOST_DEPTH];
    size_t depth;
    size_t nodes;
    struct yml_node *root;
    struct yml_anchors *anchors; /* data mode */
    size_t errors;               /* before this file */
    bool stopped;
    bool ended;
};

static void stop(struct builder *builder)
{
    builder->stopped = true;
}

/* ------------------------------------------------------------------ limits */

static bool count_nodes(struct builder *builder, struct src_pos pos, size_t more)
{
    builder->nodes += more;
    if (builder->nodes <= builder->limits->nodes) {
        return true;
    }
    diag_error(builder->diag, pos, "too-many-nodes", "more than %zu values in one file",
               builder->limits->nodes);
    stop(builder);
    return false;
}

static bool check_depth(struct builder *builder, struct src_pos pos, size_t height)
{
    if (builder->depth + height <= builder->limits->depth) {
        return true;
    }
    diag_error(builder->diag, pos, "too-deep", "more than %zu levels deep", builder->limits->depth);
    stop(builder);
    return false;
}

/* ----------------------------------------------------------------- placing */

static void append_item(struct builder *builder, struct frame *frame, struct yml_node *item)
{
    struct yml_node *list = frame->node;
    if (list->count == frame->capacity) {
        size_t larger = frame->capacity ? frame->capacity * 2 : 4;
        list->items = arena_grow(builder->arena, list->items, frame->capacity * sizeof(item),
                                 larger * sizeof(item));
        frame->capacity = larger;
    }
    list->items[list->count++] = item;
}

static void append_pair(struct builder *builder, struct frame *frame, struct yml_node *value)
{
    struct yml_node *map = frame->node;
    if (map->count == frame->capacity) {
        size_t larger = frame->capacity ? frame->capacity * 2 : 4;
        map->pairs = arena_grow(builder->arena, map->pairs, frame->capacity * sizeof(*map->pairs),
                                larger * sizeof(*map->pairs));
        frame->capacity = larger;
    }
    map->pairs[map->count++] = (struct yml_pair){frame->key, value};
    frame->key = NULL;
}

/* `key: {{id}}:x` is a map within a map to YAML: what is wrong begins with the outer. */
static void refuse_key(struct builder *builder, const struct yml_node *map,
                       const struct yml_node *key)
{
    bool is_doubled = key->pos.line == map->pos.line && key->pos.column == map->pos.column + 1;
    diag_error(builder->diag, is_doubled ? map->pos : key->pos, "bad-key",
               "a key must be a single word or text; a text that begins with '{' or '[' must be "
               "quoted");
    stop(builder);
}

static void check_key(struct builder *builder, const struct yml_node *map,
                      const struct yml_node *key)
{
    if (key->kind != YML_SCALAR) {
        refuse_key(builder, map, key);
    } else if (builder->mode == YML_SCHEMA && key->plain && strcmp(key->text, "<<") == 0) {
        diag_error(builder->diag, key->pos, "merge-key", "merge keys ('<<') are not allowed");
    }
}

/* Puts a finished node, or one that was just opened, where it belongs. */
static void place(struct builder *builder, struct yml_node *node)
{
    if (!builder->depth) {
        builder->root = node;
        return;
    }
    struct frame *top = &builder->open[builder->depth - 1];
    if (top->node->kind == YML_LIST) {
        append_item(builder, top, node);
    } else if (top->key) {
        append_pair(builder, top, node);
    } else {
        check_key(builder, top->node, node);
        top->key = node;
    }
}

static struct yml_node *empty_node(struct arena *arena, struct src_pos pos)
{
    struct yml_node *node = arena_alloc(arena, sizeof(*node));
    *node =
        (struct yml_node){.kind = YML_SCALAR, .pos = pos, .text = "", .plain = true, .weight = 1};
    return node;
}

/* -------------------------------------------------------- anchors and tags */

/* A node that has both starts at the one that is written first. */
static void refuse_properties(struct builder *builder, struct src_pos pos, const char *anchor,
                              const char *tag)
{
    if (anchor) {
        diag_error(builder->diag, pos, "anchor",
                   "anchors are not allowed; a text that begins with '&' must be quoted");
    } else if (tag) {
        diag_error(builder->diag, pos, "tag",
                   "tags are not allowed; a text that begins with '!' must be quoted");
    }
}

/* `!!int 5` says no more than 5 does; any other tag makes a text of it. */
static bool is_string_tag(const char *tag)
{
    static const char *const typed[] = {YAML_INT_TAG, YAML_FLOAT_TAG, YAML_BOOL_TAG, YAML_NULL_TAG};
    if (!tag) {
        return false;
    }
    for (size_t i = 0; i < sizeof(typed) / sizeof(typed[0]); i++) {
        if (strcmp(tag, typed[i]) == 0) {
            return false;
        }
    }
    return true;
}

static struct yml_node *begin_node(struct builder *builder, enum yml_kind kind, yaml_mark_t mark,
                                   const yaml_char_t *anchor, const yaml_char_t *tag)
{
    struct src_pos pos = yml_pos(builder->file, mark);
    const char *anchor_text = (const char *)anchor;
    if (!count_nodes(builder, pos, 1) || !check_depth(builder, pos, kind != YML_SCALAR)) {
        return NULL;
    }
    struct yml_node *node = arena_alloc(builder->arena, sizeof(*node));
    *node = (struct yml_node){
        .kind = kind, .pos = pos, .text = "", .tagged = is_string_tag((const char *)tag)};
    if (builder->mode == YML_SCHEMA) {
        refuse_properties(builder, pos, anchor_text, (const char *)tag);
    } else if (anchor) {
        yml_anchors_add(builder->arena, &builder->anchors, anchor_text, node);
    }
    return node;
}

/* ------------------------------------------------------------------ events */

static void on_scalar(struct builder *builder, const yaml_event_t *event)
{
    struct yml_node *node = begin_node(builder, YML_SCALAR, event->start_mark,
                                       event->data.scalar.anchor, event->data.scalar.tag);
    if (!node) {
        return;
    }
    node->len = event->data.scalar.length;
    node->text = arena_copy(builder->arena, (const char *)event->data.scalar.value, node->len);
    node->plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    node->weight = 1;
    long bad = builder->mode == YML_SCHEMA ? yml_bad_character(node->text, node->len) : -1;
    if (bad >= 0) {
        diag_error(builder->diag, node->pos, "bad-character",
                   "U+%04lX is not allowed in text, not even as an escape", (unsigned long)bad);
    }
    place(builder, node);
}

static void open_collection(struct builder *builder, struct yml_node *node)
{
    if (!node) {
        return;
    }
    place(builder, node);
    builder->open[builder->depth++] = (struct frame){.node = node};
}

static void on_list_start(struct builder *builder, const yaml_event_t *event)
{
    open_collection(builder,
                    begin_node(builder, YML_LIST, event->start_mark,
                               event->data.sequence_start.anchor, event->data.sequence_start.tag));
}

static void on_map_start(struct builder *builder, const yaml_event_t *event)
{
    open_collection(builder,
                    begin_node(builder, YML_MAP, event->start_mark,
                               event->data.mapping_start.anchor, event->data.mapping_start.tag));
}

static void weigh(struct yml_node *node, const struct yml_node *child)
{
    node->weight += child->weight;
    if (node->height < child->height + 1) {
        node->height = child->height + 1;
    }
}

static void on_collection_end(struct builder *builder, const yaml_event_t *event)
{
    (void)event;
    struct yml_node *node = builder->open[--builder->depth].node;
    size_t count = node->count;
    node->weight = 1;
    node->height = 1;
    for (size_t i = 0; i < count; i++) {
        if (node->kind == YML_MAP) {
            weigh(node, node->pairs[i].key);
        }
        weigh(node, node->kind == YML_MAP ? node->pairs[i].value : node->items[i]);
    }
    if (node->kind == YML_MAP) {
        yml_check_keys(builder->arena, builder->diag, node);
    }
}

static void on_alias(struct builder *builder, const yaml_event_t *event)
{
    struct src_pos pos = yml_pos(builder->file, event->start_mark);
    const char *name = (const char *)event->data.alias.anchor;
    struct yml_node *node = yml_anchors_find(builder->anchors, name);
    if (builder->mode == YML_SCHEMA) {
        diag_error(builder->diag, pos, "alias",
                   "aliases are not allowed; a text that begins with '*' must be quoted");
        place(builder, empty_node(builder->arena, pos));
    } else if (!node) {
        diag_error(builder->diag, pos, "alias", "nothing is called '&%s'", name);
        stop(builder);
    } else if (!node->weight) {
        diag_error(builder->diag, pos, "alias", "'*%s' stands inside of what it stands for", name);
        diag_note(builder->diag, node->pos, "which begins here");
        stop(builder);
    } else if (count_nodes(builder, pos, node->weight) && check_depth(builder, pos, node->height)) {
        place(builder, node);
    }
}

static void on_document(struct builder *builder, const yaml_event_t *event)
{
    struct src_pos pos = yml_pos(builder->file, event->start_mark);
    bool has_directives = event->data.document_start.version_directive ||
                          event->data.document_start.tag_directives.start !=
                              event->data.document_start.tag_directives.end;
    if (builder->root) {
        diag_error(builder->diag, pos, "second-document", "a file holds one document only");
        stop(builder);
    } else if (has_directives && builder->mode == YML_SCHEMA) {
        diag_error(builder->diag, pos, "directive", "directives ('%%') are not allowed");
    }
}

static void on_stream_end(struct builder *builder, const yaml_event_t *event)
{
    (void)event;
    builder->ended = true;
}

typedef void event_handler(struct builder *builder, const yaml_event_t *event);

static event_handler *const handlers[] = {
    [YAML_STREAM_END_EVENT] = on_stream_end,
    [YAML_DOCUMENT_START_EVENT] = on_document,
    [YAML_ALIAS_EVENT] = on_alias,
    [YAML_SCALAR_EVENT] = on_scalar,
    [YAML_SEQUENCE_START_EVENT] = on_list_start,
    [YAML_SEQUENCE_END_EVENT] = on_collection_end,
    [YAML_MAPPING_START_EVENT] = on_map_start,
    [YAML_MAPPING_END_EVENT] = on_collection_end,
};

static void handle(struct builder *builder, const yaml_event_t *event)
{
    size_t type = (size_t)event->type;
    if (type < sizeof(handlers) / sizeof(handlers[0]) && handlers[type]) {
        handlers[type](builder, event);
    }
}

/* ----------------------------------------------------------------- parsing */

static void take_events(struct builder *builder, yaml_parser_t *parser)
{
    while (!builder->ended && !builder->stopped) {
        yaml_event_t event;
        if (!yaml_parser_parse(parser, &event)) {
            yml_report_problem(builder->arena, builder->diag, builder->file, parser);
            stop(builder);
            return;
        }
        handle(builder, &event);
        yaml_event_delete(&event);
    }
}

static bool check_input(const struct builder *builder)
{
    if (builder->file->len <= builder->limits->bytes) {
        return yml_check_characters(builder->diag, builder->file, builder->mode == YML_SCHEMA);
    }
    diag_error(builder->diag, (struct src_pos){.file = builder->file}, "too-large",
               "more than %zu bytes", builder->limits->bytes);
    return false;
}

static void parse(struct builder *builder)
{
    struct src_file file = *builder->file;
    if (builder->mode == YML_DATA) {
        file = yml_join_surrogates(builder->arena, &file);
    }
    size_t bom = unicode_bom(file.data, file.len);
    yaml_parser_t parser;
    if (!yaml_parser_initialize(&parser)) {
        yml_report_problem(builder->arena, builder->diag, builder->file, &parser);
        return;
    }
    /* Left alone, libyaml would take UTF-16 for UTF-16, and its places would mean nothing to us. */
    yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&parser, (const unsigned char *)file.data + bom, file.len - bom);
    take_events(builder, &parser);
    yaml_parser_delete(&parser);
}

struct yml_doc *yml_parse(struct arena *arena, struct diag *diag, const struct src_file *file,
                          enum yml_mode mode)
{
    struct builder *builder = arena_alloc(arena, sizeof(*builder));
    *builder = (struct builder){.arena = arena,
                                .diag = diag,
                                .file = file,
                                .mode = mode,
                                .limits = &limits_of[mode],
                                .errors = diag_error_count(diag)};
    if (!check_input(builder)) {
        return NULL;
    }
    parse(builder);
    if (builder->stopped || diag_error_count(diag) != builder->errors) {
        return NULL;
    }
    struct yml_doc *doc = arena_alloc(arena, sizeof(*doc));
    *doc = (struct yml_doc){file, builder->root ? builder->root
                                                : empty_node(arena, (struct src_pos){file, 1, 1})};
    return doc;
}

struct yml_node *yml_get(const struct yml_node *map, const char *key)
{
    if (!map || map->kind != YML_MAP) {
        return NULL;
    }
    size_t len = strlen(key);
    for (size_t i = 0; i < map->count; i++) {
        if (map->pairs[i].key->len == len && memcmp(map->pairs[i].key->text, key, len) == 0) {
            return map->pairs[i].value;
        }
    }
    return NULL;
}
