/* SPDX-License-Identifier: MIT */
#include "schema/read.h"

#include <string.h>

#include "schema/ident.h"
#include "schema/reader.h"

/* Comparisons that did-you-mean may spend on one schema, however many names are wrong. */
enum { GUESSES = 2000000 };

/* ----------------------------------------------------------------- helpers */

void *room_for_one(struct arena *arena, void *array, size_t count, size_t *capacity, size_t size)
{
    if (count < *capacity) {
        return array;
    }
    size_t bigger = *capacity == 0 ? 8 : *capacity * 2;
    void *moved = *capacity == 0 ? arena_array(arena, bigger, size)
                                 : arena_grow(arena, array, *capacity * size, bigger * size);
    *capacity = bigger;
    return moved;
}

bool can_guess(const struct reader *reader, size_t count)
{
    return count <= reader->guesses_left;
}

const char *did_you_mean(struct reader *reader, const char *word, const char *const *names,
                         size_t count)
{
    if (!can_guess(reader, count)) {
        return "";
    }
    reader->guesses_left -= count;
    return diag_did_you_mean(reader->arena, word, names, count);
}

const char *did_you_mean_key(struct reader *reader, const char *word, const struct yml_node *map)
{
    if (map == NULL || map->kind != YML_MAP || !can_guess(reader, map->count)) {
        return "";
    }
    const char **names = arena_array(reader->arena, map->count, sizeof *names);
    for (size_t i = 0; i < map->count; i++) {
        names[i] = map->pairs[i].key->text;
    }
    return did_you_mean(reader, word, names, map->count);
}

bool name_is_valid(const char *name, size_t len)
{
    if (len == 0 || len > LIMIT_NAME) {
        return false;
    }
    for (size_t i = 0; i < len; i++) {
        char c = name[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        bool other = (c >= '0' && c <= '9') || c == '_';
        if (!letter && !(other && i > 0)) {
            return false;
        }
    }
    return true;
}

bool name_check(struct reader *reader, const struct yml_node *name, const char *what)
{
    if (name_is_valid(name->text, name->len)) {
        return true;
    }
    diag_error(
        reader->diag, name->pos, "bad-name",
        "'%.80s' is no name for %s: it begins with a letter and holds letters, digits and '_', "
        "at most %d",
        name->text, what, LIMIT_NAME);
    return false;
}

/* ---------------------------------------------------------------- warnings */

const char *const warning_names[WARN_COUNT] = {
#define WARNING(id, name, text) [WARN_##id] = name,
#include "schema/warnings.def"
};

const char *const warning_texts[WARN_COUNT] = {
#define WARNING(id, name, text) [WARN_##id] = text,
#include "schema/warnings.def"
};

uint32_t allow_read(struct reader *reader, const struct yml_node *list)
{
    uint32_t allowed = 0;
    for (size_t i = 0; list != NULL && i < list->count; i++) {
        const struct yml_node *item = list->items[i];
        size_t found = 0;
        while (found < WARN_COUNT && strcmp(warning_names[found], item->text) != 0) {
            found++;
        }
        if (found == WARN_COUNT) {
            diag_error(reader->diag, item->pos, "unknown-warning", "no warning is called '%s'%s",
                       item->text, did_you_mean(reader, item->text, warning_names, WARN_COUNT));
        } else {
            allowed |= 1u << found;
        }
    }
    return allowed;
}

/* ----------------------------------------------------------- the file's keys */

static bool is_our_name(const char *snake)
{
    return strcmp(snake, "larder") == 0 || strncmp(snake, "larder_", 7) == 0;
}

bool sch_is_service_name(struct arena *arena, const char *name)
{
    return name_is_valid(name, strlen(name)) && !is_our_name(ident_snake(arena, name));
}

static void read_service(struct reader *reader, const struct opt_values *values,
                         const struct yml_node *root)
{
    struct sch_service *service = reader->service;
    const struct yml_node *name = values->of[OPT_SERVICE].node;
    service->name = "";
    service->env_prefix = "";
    service->pos = root->pos;
    if (values->of[OPT_DESCRIPTION].node != NULL) {
        service->description = values->of[OPT_DESCRIPTION].node->text;
    }
    if (name == NULL || !name_check(reader, name, "a service")) {
        return;
    }
    service->pos = name->pos;
    service->name = ident_snake(reader->arena, name->text);
    service->env_prefix = ident_upper(reader->arena, service->name);
    if (is_our_name(service->name)) {
        diag_error(reader->diag, name->pos, "collision",
                   "the names that begin with 'larder' are the library's own");
    }
    if (strcmp(service->name, "default") == 0) {
        diag_error(reader->diag, name->pos, "collision",
                   "'default' is Redis's user for who does not log in; each service is a user of "
                   "its own");
    }
}

static void read_prefix(struct reader *reader, const struct yml_node *node)
{
    size_t bad = pattern_bad_byte(node->text, node->len);
    size_t brace = strcspn(node->text, "{}");
    bad = brace < bad ? brace : bad;
    if (bad < node->len) {
        diag_error(reader->diag, place_inside(reader, node, bad), "bad-pattern",
                   "a prefix holds none of ~ * ? [ ] \\ { }, no space and no control character");
    } else if (node->len > LIMIT_PREFIX) {
        diag_error(reader->diag, node->pos, "out-of-range", "a prefix has at most %d bytes",
                   LIMIT_PREFIX);
    } else {
        reader->service->prefix = node->text;
    }
}

static void read_redis(struct reader *reader, const struct opt_value *given)
{
    struct opt_values values;
    struct sch_service *service = reader->service;
    service->prefix = "";
    service->redis_pos = given->key != NULL ? given->key->pos : service->pos;
    if (given->node == NULL || !opt_read(reader, given->node, OPT_SCOPE_REDIS, OPT_ALL_KINDS,
                                         service->redis_pos, &values)) {
        return;
    }
    if (values.of[OPT_DB].node != NULL) {
        service->has_db = true;
        service->db = (int32_t)values.of[OPT_DB].number;
    }
    if (values.of[OPT_PREFIX].node != NULL) {
        read_prefix(reader, values.of[OPT_PREFIX].node);
    }
}

static void add_ttl(struct reader *reader, const struct yml_pair *pair, struct symbols *variables)
{
    struct sch_service *service = reader->service;
    const struct yml_node *name = pair->key;
    int64_t ms;
    if (!name_check(reader, name, "a lifetime") ||
        !opt_number(reader, pair->value, OPT_TTL_NAME, &ms)) {
        /* Known all the same: entities that name it are not wrong, too. */
        (void)symbols_add(&reader->ttl_names, name->text, name->len, 0);
        return;
    }
    if (strcmp(name->text, "none") == 0) {
        diag_error(reader->diag, name->pos, "bad-name", "'none' says that there is no lifetime");
        return;
    }
    bool is_default = strcmp(name->text, "default") == 0;
    size_t index = is_default ? 0 : service->ttl_count;
    const char *variable = is_default ? "CACHE_DEFAULT_TTL"
                                      : arena_printf(reader->arena, "CACHE_TTL_%s",
                                                     ident_upper(reader->arena, name->text));
    const struct symbol *other = symbols_add(variables, variable, strlen(variable), index);
    (void)symbols_add(&reader->ttl_names, name->text, name->len, index);
    if (other != NULL) {
        diag_error(reader->diag, name->pos, "collision", "'%s' would be set by %s, too", name->text,
                   variable);
        diag_note(reader->diag, service->ttls[other->value].pos, "as this one");
        return;
    }
    service->ttls[index] = (struct sch_ttl){name->text, variable, name->pos, ms};
    service->ttl_count += !is_default;
}

static void read_ttls(struct reader *reader, const struct yml_node *map)
{
    struct sch_service *service = reader->service;
    struct symbols variables;
    size_t count = map == NULL ? 0 : map->count;
    symbols_init(&variables, reader->arena);
    service->ttls = arena_array(reader->arena, count + 1, sizeof *service->ttls);
    service->ttls[0] =
        (struct sch_ttl){.name = "default", .variable = "CACHE_DEFAULT_TTL", .pos = service->pos};
    service->ttl_count = 1;
    (void)symbols_add(&variables, "CACHE_TTL_DEFAULT", strlen("CACHE_TTL_DEFAULT"), 0);
    (void)symbols_add(&reader->ttl_names, "default", strlen("default"), 0);
    for (size_t i = 0; i < count; i++) {
        add_ttl(reader, &map->pairs[i], &variables);
    }
}

/* -------------------------------------------------------------- the whole */

static void read_root(struct reader *reader, const struct yml_doc *doc)
{
    struct opt_values values;
    if (!opt_read(reader, doc->root, OPT_SCOPE_FILE, OPT_ALL_KINDS, doc->root->pos, &values)) {
        return;
    }
    reader->allowed = allow_read(reader, values.of[OPT_ALLOW].node);
    reader->service->allowed = reader->allowed;
    read_service(reader, &values, doc->root);
    read_redis(reader, &values.of[OPT_REDIS]);
    read_ttls(reader, values.of[OPT_TTLS].node);
    include_all(reader, values.of[OPT_INCLUDE].node, doc->file);
    decls_collect(reader, values.of[OPT_TYPES].node, false);
    decls_read(reader);
    entities_read(reader, values.of[OPT_ENTITIES].node);
    tags_collect(reader);
    events_read(reader, values.of[OPT_EVENTS].node);
    entities_check(reader);
    graph_build(reader);
    decls_order(reader);
    ident_assign(reader);
    collide_check(reader);
    meet_check(reader);
    advise(reader);
}

const struct sch_service *sch_read_file(struct arena *arena, struct diag *diag,
                                        const struct src_file *file,
                                        const struct sch_options *options)
{
    size_t errors = diag_error_count(diag);
    struct yml_doc *doc = yml_parse(arena, diag, file, YML_SCHEMA);
    if (doc == NULL) {
        return NULL;
    }
    struct reader *reader = arena_alloc(arena, sizeof *reader);
    reader->arena = arena;
    reader->diag = diag;
    reader->options = options;
    reader->guesses_left = GUESSES;
    reader->service = arena_alloc(arena, sizeof *reader->service);
    reader->service->file = file;
    symbols_init(&reader->type_names, arena);
    symbols_init(&reader->ttl_names, arena);
    symbols_init(&reader->entity_names, arena);
    symbols_init(&reader->tag_forms, arena);
    symbols_init(&reader->tag_shapes, arena);
    read_root(reader, doc);
    bool whole = diag_error_count(diag) == errors;
    if (options != NULL && options->is_for_c) {
        later_report(reader);
    }
    return whole ? reader->service : NULL;
}

const struct sch_service *sch_read(struct arena *arena, struct diag *diag, const char *path,
                                   const struct sch_options *options)
{
    struct src_pos nowhere = {0};
    const struct src_file *file = yml_read_file(arena, diag, path, LIMIT_FILE_BYTES, nowhere);
    return file == NULL ? NULL : sch_read_file(arena, diag, file, options);
}
