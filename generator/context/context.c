/* SPDX-License-Identifier: MIT */
#include "context/context.h"

#include <ctype.h>
#include <inttypes.h>
#include <string.h>

#include "base/text.h"
#include "context/behaviour.h"
#include "context/c_escape.h"
#include "context/entity.h"
#include "context/structs.h"

/* "product", "CACHE_H" -> "PRODUCT_CACHE_H". */
static const char *guard_of(struct arena *arena, const char *stem, const char *suffix)
{
    char *guard = arena_printf(arena, "%s_%s", stem, suffix);
    for (char *c = guard; *c != '\0'; c++) {
        *c = isalnum((unsigned char)*c) ? (char)toupper((unsigned char)*c) : '_';
    }
    return guard;
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash == NULL ? path : slash + 1;
}

static struct ctx_value *lifetimes(struct arena *arena, const struct sch_service *service)
{
    struct ctx_value *list = ctx_list(arena);
    for (size_t i = 0; i < service->ttl_count; i++) {
        const struct sch_ttl *ttl = &service->ttls[i];
        struct ctx_value *map = ctx_map(arena);
        ctx_set_string(map, "name", ttl->name);
        ctx_set_string(map, "variable", ttl->variable);
        ctx_set_number(map, "ms", ttl->ms);
        ctx_add(list, map);
    }
    return list;
}

const struct ctx_value *ctx_build(struct arena *arena, const struct sch_service *service,
                                  const char *stem)
{
    struct ctx_value *root = ctx_map(arena);
    const char *source = base_name(service->file->path);
    ctx_set_string(root, "service", service->name);
    ctx_set_string(root, "env_prefix", service->env_prefix);
    ctx_set_string(root, "source", esc_comment_line(arena, source));
    ctx_set_string(root, "header", arena_printf(arena, "%s_cache.h", stem));
    ctx_set_string(root, "stem", stem);
    ctx_set_string(root, "guard", guard_of(arena, stem, "CACHE_H"));
    ctx_set_string(root, "mock_guard", guard_of(arena, stem, "CACHE_MOCK_H"));
    ctx_doc(root, arena, service->description);
    ctx_set_number(root, "db", service->has_db ? service->db : -1);
    ctx_set_flag(root, "has_db", service->has_db);
    ctx_set_string(root, "prefix", esc_literal(arena, service->prefix, strlen(service->prefix)));
    ctx_set(root, "ttls", lifetimes(arena, service));
    struct_context(arena, service, root);
    ctx_set(root, "entities", entity_context(arena, service));
    struct ctx_value *indexes = index_context(arena, service);
    ctx_set(root, "indexes", indexes);
    ctx_set_flag(root, "has_indexes", ctx_count(indexes) != 0);
    ctx_set(root, "events", event_context(arena, service));
    ctx_set_flag(root, "has_events", service->event_count != 0);
    ctx_set(root, "tags", behaviour_tags(arena, service));
    return root;
}
