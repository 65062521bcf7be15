/* SPDX-License-Identifier: MIT */
/*
 * Options of an entity that are one number, by a table; lifetimes.
 */
#include <inttypes.h>
#include <string.h>

#include "diff/comparison.h"
#include "schema/place_of.h"
#include "schema/type_text.h"

enum width { U32, U64 };

static const struct number {
    enum opt_id id;
    enum width width;
    size_t offset;  /* in struct sch_entity */
    uint64_t unset; /* what 0 stands for */
    enum dif_rule lower, higher;
    bool is_covering;   /* from then on neither reads the other's values */
    bool bounds_packed; /* of what is read, compressed entries over it are misses */
} numbers[] = {
    {OPT_VERSION, U32, offsetof(struct sch_entity, version), 1, DIF_VERSION_LOWERED,
     DIF_VERSION_RAISED, true, false},
    {OPT_MAX_BYTES, U64, offsetof(struct sch_entity, max_bytes), 64 << 20, DIF_MAX_BYTES_CHANGED,
     DIF_MAX_BYTES_CHANGED, false, true},
    {OPT_JITTER, U32, offsetof(struct sch_entity, jitter_ppm), 0, DIF_JITTER_CHANGED,
     DIF_JITTER_CHANGED, false, false},
};

static uint64_t number_of(const struct number *row, const struct sch_entity *entity)
{
    const char *at = (const char *)entity + row->offset;
    uint64_t number = 0;
    uint32_t small = 0;
    if (row->width == U64) {
        memcpy(&number, at, sizeof number);
    } else {
        memcpy(&small, at, sizeof small);
        number = small;
    }
    return number != 0 ? number : row->unset;
}

static unsigned sight_of_bound(const struct number *row, const struct sch_entity *writer,
                               const struct sch_entity *reader)
{
    bool over =
        writer->compress != SCH_CODEC_NONE && number_of(row, writer) > number_of(row, reader);
    return over ? DIF_VALUE | DIF_MISS : DIF_VALUE;
}

static struct sights sights_of(const struct number *row, enum dif_rule rule,
                               const struct sch_entity *old, const struct sch_entity *new)
{
    return row->bounds_packed
               ? (struct sights){sight_of_bound(row, new, old), sight_of_bound(row, old, new)}
               : rule_sights(rule);
}

static void compare_number(struct comparison *c, const struct number *row,
                           const struct sch_entity *old, const struct sch_entity *new)
{
    const struct opt *option = &opt_table[row->id];
    uint64_t before = number_of(row, old);
    uint64_t now = number_of(row, new);
    if (before == now) {
        return;
    }
    enum dif_rule rule = now < before ? row->lower : row->higher;
    finding_add(c, rule, sch_place_of(new, option->key), sch_place_of(old, option->key),
                sights_of(row, rule, old, new), "'%s' of '%s' was %s and is %s", option->key,
                new->name, opt_number_text(c->arena, option->form, (int64_t)before),
                opt_number_text(c->arena, option->form, (int64_t)now));
    c->covered = c->covered || row->is_covering;
}

/* ---------------------------------------------------------------- compress */

const char *choice_text(struct arena *arena, enum opt_id id, size_t n)
{
    const char *choice = opt_table[id].choices;
    for (; n > 0; n--) {
        choice = strchr(choice, '|') + 1;
    }
    return arena_copy(arena, choice, strcspn(choice, "|"));
}

static const char *compress_text(struct arena *arena, const struct sch_entity *entity)
{
    const char *codec = choice_text(arena, OPT_CODEC, (size_t)entity->compress);
    return entity->compress == SCH_CODEC_NONE
               ? codec
               : arena_printf(arena, "%s above %s", codec,
                              opt_number_text(arena, OPT_SIZE, (int64_t)entity->compress_above));
}

static void compare_compress(struct comparison *c, const struct sch_entity *old,
                             const struct sch_entity *new)
{
    const char *before = compress_text(c->arena, old);
    const char *now = compress_text(c->arena, new);
    if (strcmp(before, now) != 0) {
        finding_add(c, DIF_COMPRESS_CHANGED, sch_place_of(new, "compress"),
                    sch_place_of(old, "compress"), rule_sights(DIF_COMPRESS_CHANGED),
                    "'compress' of '%s' was %s and is %s", new->name, before, now);
    }
}

/* --------------------------------------------------------------- lifetimes */

static const char *ms_text(struct arena *arena, int64_t ms, const char *zero)
{
    return ms == 0 ? zero : opt_number_text(arena, OPT_DURATION, ms);
}

static const char *ttl_text(struct arena *arena, const struct sch_entity *entity)
{
    return entity->ttl_name != NULL ? entity->ttl_name : ms_text(arena, entity->ttl_ms, "none");
}

static void compare_ttl(struct comparison *c, const struct sch_entity *old,
                        const struct sch_entity *new)
{
    const char *before = ttl_text(c->arena, old);
    const char *now = ttl_text(c->arena, new);
    if (strcmp(before, now) != 0) {
        finding_add(c, DIF_TTL_CHANGED, sch_place_of(new, "ttl"), sch_place_of(old, "ttl"),
                    rule_sights(DIF_TTL_CHANGED), "the lifetime of '%s' was %s and is %s",
                    new->name, before, now);
    }
}

void ttls_compare(struct comparison *c)
{
    struct symbols names;
    symbols_init(&names, c->arena);
    for (size_t i = 0; i < c->old->ttl_count; i++) {
        const char *name = c->old->ttls[i].name;
        (void)symbols_add(&names, name, strlen(name), i);
    }
    for (size_t i = 0; i < c->new->ttl_count; i++) {
        const struct sch_ttl *now = &c->new->ttls[i];
        const struct symbol *found = symbols_find(&names, now->name, strlen(now->name));
        const struct sch_ttl *before = found == NULL ? NULL : &c->old->ttls[found->value];
        if (before != NULL && before->ms != now->ms) {
            finding_add(c, DIF_TTL_CHANGED, now->pos, before->pos, rule_sights(DIF_TTL_CHANGED),
                        "the lifetime '%s' was %s and is %s", now->name,
                        ms_text(c->arena, before->ms, "the setting's"),
                        ms_text(c->arena, now->ms, "the setting's"));
        }
    }
}

/* ---------------------------------------------------------------- policies */

static const char *near_text(struct arena *arena, const struct sch_entity *entity)
{
    const struct sch_near *near = &entity->near;
    if (!near->is_on) {
        return "off";
    }
    return arena_printf(arena, "%" PRIu64 " entries, %s, %s", near->entries,
                        opt_number_text(arena, OPT_SIZE, (int64_t)near->bytes),
                        ms_text(arena, near->ttl_ms, "the lifetime"));
}

static const char *stale_text(struct arena *arena, const struct sch_entity *entity)
{
    return arena_printf(arena, "%s while it is loaded anew, %s where that fails",
                        ms_text(arena, entity->stale.while_revalidate_ms, "not"),
                        ms_text(arena, entity->stale.if_error_ms, "not"));
}

static const char *refresh_text(struct arena *arena, const struct sch_entity *entity)
{
    if (entity->refresh.xfetch) {
        return "xfetch";
    }
    return entity->refresh.at_ppm == 0
               ? "off"
               : opt_number_text(arena, OPT_PERCENT, entity->refresh.at_ppm);
}

static const char *absent_text(struct arena *arena, const struct sch_entity *entity)
{
    return ms_text(arena, entity->absent_ms, "off");
}

static const char *redelete_text(struct arena *arena, const struct sch_entity *entity)
{
    return ms_text(arena, entity->redelete_after_ms, "off");
}

static const char *sliding_text(struct arena *arena, const struct sch_entity *entity)
{
    (void)arena;
    return entity->sliding ? "true" : "false";
}

static const char *max_age_text(struct arena *arena, const struct sch_entity *entity)
{
    return ms_text(arena, entity->max_age_ms, "none");
}

static const char *reads_text(struct arena *arena, const struct sch_entity *entity)
{
    (void)arena;
    return entity->replica_ok ? "replica_ok" : "primary";
}

static const char *limit_text(struct arena *arena, const struct sch_entity *entity)
{
    return arena_printf(arena, "%" PRIu32 " in %s, %s, burst %" PRIu32, entity->limit,
                        ms_text(arena, entity->window_ms, "none"),
                        entity->algorithm == SCH_GCRA ? "gcra" : "fixed_window", entity->burst);
}

static const char *on_error_text(struct arena *arena, const struct sch_entity *entity)
{
    (void)arena;
    return entity->deny_on_error ? "deny" : "allow";
}

static const char *members_text(struct arena *arena, const struct sch_entity *entity)
{
    return entity->kind == SCH_SET ? type_text(arena, &entity->members) : "none";
}

static const char *of_text(struct arena *arena, const struct sch_entity *entity)
{
    (void)arena;
    return entity->of == NULL ? "nothing" : entity->of->name;
}

static const char *tags_text(struct arena *arena, const struct sch_entity *entity)
{
    const char *all = entity->tag_count == 0 ? "none" : entity->tags[0].pattern;
    for (size_t i = 1; i < entity->tag_count; i++) {
        all = arena_printf(arena, "%s, %s", all, entity->tags[i].pattern);
    }
    return all;
}

/* What is compared by how it reads. */
static const struct worded {
    const char *key;
    const char *(*text)(struct arena *arena, const struct sch_entity *entity);
    enum dif_rule rule;
} worded[] = {
    {"near", near_text, DIF_POLICY_CHANGED},
    {"stale", stale_text, DIF_POLICY_CHANGED},
    {"refresh_ahead", refresh_text, DIF_POLICY_CHANGED},
    {"absent", absent_text, DIF_POLICY_CHANGED},
    {"redelete_after", redelete_text, DIF_POLICY_CHANGED},
    {"sliding", sliding_text, DIF_POLICY_CHANGED},
    {"max_age", max_age_text, DIF_POLICY_CHANGED},
    {"reads", reads_text, DIF_POLICY_CHANGED},
    {"limit", limit_text, DIF_POLICY_CHANGED},
    {"on_error", on_error_text, DIF_POLICY_CHANGED},
    {"members", members_text, DIF_TYPE_CHANGED},
    {"of", of_text, DIF_TYPE_CHANGED},
    {"tags", tags_text, DIF_TAGS_CHANGED},
};

static void compare_worded(struct comparison *c, const struct worded *row,
                           const struct sch_entity *old, const struct sch_entity *new)
{
    const char *before = row->text(c->arena, old);
    const char *now = row->text(c->arena, new);
    if (strcmp(before, now) != 0) {
        finding_add(c, row->rule, sch_place_of(new, row->key), sch_place_of(old, row->key),
                    rule_sights(row->rule), "'%s' of '%s' was %s and is %s", row->key, new->name,
                    before, now);
    }
}

void options_compare(struct comparison *c, const struct sch_entity *old,
                     const struct sch_entity *new)
{
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        compare_number(c, &numbers[i], old, new);
    }
    compare_compress(c, old, new);
    compare_ttl(c, old, new);
    for (size_t i = 0; i < sizeof worded / sizeof *worded; i++) {
        compare_worded(c, &worded[i], old, new);
    }
}
