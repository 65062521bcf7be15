/* SPDX-License-Identifier: MIT */
#include "context/policy_text.h"

#include <inttypes.h>

#include "context/entity.h"

void policy_text_add(struct arena *arena, struct ctx_value *list, const char *text)
{
    struct ctx_value *map = ctx_map(arena);
    ctx_set_string(map, "text", text);
    ctx_set_flag(map, "first", ctx_count(list) == 0);
    ctx_add(list, map);
}

static void add_time(struct arena *arena, struct ctx_value *list, const char *what, int64_t ms)
{
    if (ms != 0) {
        policy_text_add(arena, list,
                        arena_printf(arena, "%s %s", what, entity_duration_text(arena, ms)));
    }
}

static void add_bound(struct arena *arena, struct ctx_value *list, const char *what, uint64_t bytes)
{
    if (bytes != 0) {
        policy_text_add(arena, list, arena_printf(arena, "%s %" PRIu64 " bytes", what, bytes));
    }
}

static void add_refresh(struct arena *arena, struct ctx_value *list,
                        const struct sch_refresh *refresh)
{
    if (refresh->xfetch) {
        policy_text_add(arena, list, "loaded anew before it ends, at random (xfetch)");
    } else if (refresh->at_ppm != 0) {
        policy_text_add(arena, list,
                        arena_printf(arena, "loaded anew from %g %% of its lifetime on",
                                     (double)refresh->at_ppm / 10000));
    }
}

static void add_rate(struct arena *arena, struct ctx_value *list, const struct sch_entity *entity)
{
    if (entity->kind != SCH_RATE_LIMIT) {
        return;
    }
    bool gcra = entity->algorithm == SCH_GCRA;
    policy_text_add(arena, list,
                    arena_printf(arena, "%" PRIu32 " in %s, %s", entity->limit,
                                 entity_duration_text(arena, entity->window_ms),
                                 gcra ? "evenly (GCRA)" : "by fixed windows"));
    if (gcra && entity->burst != 0) {
        policy_text_add(arena, list,
                        arena_printf(arena, "at most %" PRIu32 " at once", entity->burst));
    }
    policy_text_add(arena, list,
                    entity->deny_on_error ? "denied without Redis" : "allowed without Redis");
}

struct ctx_value *policy_texts(struct arena *arena, const struct sch_entity *entity)
{
    static const char *const codecs[] = {
        [SCH_CODEC_NONE] = "", [SCH_CODEC_ZSTD] = "zstd above", [SCH_CODEC_LZ4] = "LZ4 above"};
    struct ctx_value *list = ctx_list(arena);
    add_rate(arena, list, entity);
    if (entity->version > 1) {
        policy_text_add(arena, list, arena_printf(arena, "version %" PRIu32, entity->version));
    }
    add_bound(arena, list, codecs[entity->compress],
              entity->compress == SCH_CODEC_NONE ? 0 : entity->compress_above);
    add_bound(arena, list, "at most", entity->max_bytes);
    if (entity->sliding) {
        policy_text_add(arena, list, "renewed by each read");
    }
    add_time(arena, list, "for at most", entity->max_age_ms);
    add_time(arena, list, "stale while it is loaded anew, for", entity->stale.while_revalidate_ms);
    add_time(arena, list, "stale where the loader fails, for", entity->stale.if_error_ms);
    add_refresh(arena, list, &entity->refresh);
    add_time(arena, list, "what does not exist is remembered for", entity->absent_ms);
    add_time(arena, list, "deleted once more after", entity->redelete_after_ms);
    if (entity->near.is_on) {
        policy_text_add(arena, list, "kept in each process too");
    }
    if (entity->replica_ok) {
        policy_text_add(arena, list, "may be read from replicas");
    }
    if (entity->ttl_only) {
        policy_text_add(arena, list, "only time makes it stale");
    }
    return list;
}
