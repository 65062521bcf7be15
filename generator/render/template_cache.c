/* SPDX-License-Identifier: MIT */
#include "render/template.h"
#include "render/template_tree.h"

/* A list: there are tens of templates, not thousands. */
struct cached {
    const struct tpl_template *tpl;
    struct cached *next;
};

struct tpl_cache {
    struct arena *arena;
    struct cached *first;
};

struct tpl_cache *tpl_cache_new(struct arena *arena)
{
    struct tpl_cache *cache = arena_alloc(arena, sizeof(*cache));
    cache->arena = arena;
    return cache;
}

const struct tpl_template *tpl_cache_get(struct tpl_cache *cache, struct diag *diag,
                                         const struct src_file *file)
{
    for (const struct cached *known = cache->first; known; known = known->next) {
        if (known->tpl->file == file) {
            return known->tpl;
        }
    }
    const struct tpl_template *tpl = tpl_parse(cache->arena, diag, file);
    if (!tpl) {
        return NULL;
    }
    struct cached *added = arena_alloc(cache->arena, sizeof(*added));
    *added = (struct cached){tpl, cache->first};
    cache->first = added;
    return tpl;
}
