/* SPDX-License-Identifier: MIT */
/*
 * How an entity behaves: what of it this version follows, what it only reads.
 */
#include <string.h>

#include "schema/job.h"

enum { COMPRESS_ABOVE_BYTES = 1024 }; /* unless the schema says another number */

static void read_near(struct job *job)
{
    struct opt_values values;
    const struct opt_value *near = given(job, OPT_NEAR);
    if (near->node != NULL &&
        opt_read(job->reader, near->node, OPT_SCOPE_NEAR, OPT_ALL_KINDS, near->key->pos, &values)) {
        job->info->near_ttl = values.of[OPT_NEAR_TTL];
        job->entity->near = (struct sch_near){
            .is_on = true,
            .pos = near->key->pos,
            .entries = (uint64_t)values.of[OPT_NEAR_ENTRIES].number,
            .bytes = (uint64_t)values.of[OPT_NEAR_BYTES].number,
            .ttl_ms = values.of[OPT_NEAR_TTL].number,
        };
    }
}

static void require_stale(struct job *job, const struct opt_value *stale,
                          const struct opt_values *values)
{
    static const enum opt_id either[] = {OPT_WHILE_REVALIDATE, OPT_IF_ERROR};
    for (size_t i = 0; i < sizeof either / sizeof *either; i++) {
        if (values->of[either[i]].key != NULL ||
            opt_is_misspelt(stale->node, OPT_SCOPE_STALE, opt_table[either[i]].key)) {
            return;
        }
    }
    diag_error(job->reader->diag, stale->key->pos, "missing-key",
               "'stale' needs 'while_revalidate', 'if_error' or both");
}

static void read_stale(struct job *job)
{
    struct opt_values values;
    const struct opt_value *stale = given(job, OPT_STALE);
    if (stale->node != NULL && opt_read(job->reader, stale->node, OPT_SCOPE_STALE, OPT_ALL_KINDS,
                                        stale->key->pos, &values)) {
        require_stale(job, stale, &values);
        job->entity->stale = (struct sch_stale){
            .pos = stale->key->pos,
            .while_revalidate_ms = values.of[OPT_WHILE_REVALIDATE].number,
            .if_error_ms = values.of[OPT_IF_ERROR].number,
        };
    }
}

static void read_compress(struct job *job)
{
    struct opt_values values;
    const struct opt_value *compress = given(job, OPT_COMPRESS);
    if (compress->node != NULL && opt_read(job->reader, compress->node, OPT_SCOPE_COMPRESS,
                                           OPT_ALL_KINDS, compress->key->pos, &values)) {
        const struct opt_value *above = &values.of[OPT_ABOVE];
        job->entity->compress = (enum sch_codec)values.of[OPT_CODEC].number;
        job->entity->compress_above =
            above->node != NULL ? (uint64_t)above->number : COMPRESS_ABOVE_BYTES;
    }
}

/* Neither `xfetch` nor a number. */
static bool report_word(struct job *job, const struct yml_node *node)
{
    static const char *const word = "xfetch";
    if (node->kind != YML_SCALAR || node->len == 0 || !name_is_valid(node->text, node->len)) {
        return false;
    }
    diag_error(job->reader->diag, node->pos, "bad-value",
               "'refresh_ahead' is a percentage such as 80%%, or xfetch, not '%s'%s", node->text,
               did_you_mean(job->reader, node->text, &word, 1));
    return true;
}

static void read_refresh_ahead(struct job *job)
{
    int64_t ppm = 0;
    struct sch_refresh *refresh = &job->entity->refresh;
    const struct opt_value *value = given(job, OPT_REFRESH_AHEAD);
    if (value->node == NULL) {
        return;
    }
    refresh->pos = value->key->pos;
    refresh->xfetch = value->node->kind == YML_SCALAR && strcmp(value->node->text, "xfetch") == 0;
    if (!refresh->xfetch && !report_word(job, value->node) &&
        opt_number(job->reader, value->node, OPT_REFRESH_AHEAD, &ppm)) {
        refresh->at_ppm = (uint32_t)ppm;
    }
}

static void require(struct job *job, enum opt_id id)
{
    if (given(job, id)->key == NULL) {
        diag_error(job->reader->diag, job->entity->pos, "missing-key",
                   "this kind needs the key '%s'", opt_table[id].key);
    }
}

/* One key that only makes sense beside another. */
static void require_beside(struct job *job, enum opt_id id, bool there, const char *other)
{
    if (given(job, id)->node != NULL && !there) {
        diag_error(job->reader->diag, given(job, id)->key->pos, "wrong-type", "'%s' goes with '%s'",
                   opt_table[id].key, other);
    }
}

static void read_rate_limit(struct job *job)
{
    struct sch_entity *entity = job->entity;
    require(job, OPT_LIMIT);
    require(job, OPT_WINDOW);
    entity->limit = (uint32_t)given(job, OPT_LIMIT)->number;
    entity->window_ms = given(job, OPT_WINDOW)->number;
    entity->algorithm = (enum sch_algorithm)given(job, OPT_ALGORITHM)->number;
    entity->burst = (uint32_t)given(job, OPT_BURST)->number;
    entity->deny_on_error = given(job, OPT_ON_ERROR)->number != 0;
    require_beside(job, OPT_BURST, entity->algorithm == SCH_GCRA, "algorithm: gcra");
}

/* Equal members must be equal bytes: no floating point, nothing that nests. */
static bool fits_set(const struct sch_type *type)
{
    return type_fits_key(type) ||
           (!type->optional &&
            (type->kind == SCH_BYTES || type->kind == SCH_TIMESTAMP || type->kind == SCH_DURATION));
}

static void read_set(struct job *job)
{
    const struct yml_node *members = given(job, OPT_MEMBERS)->node;
    struct sch_type *type = &job->entity->members;
    require(job, OPT_MEMBERS);
    if (members == NULL) {
        job->reader->types_missing = true;
    } else if (type_read_use(job->reader, members, type) && !fits_set(type)) {
        diag_error(job->reader->diag, type->pos, "bad-type",
                   "a set's members are integers, bool, string, bytes, uuid, timestamp, duration "
                   "or an enum, never '%s'",
                   type_text(job->reader->arena, type));
    }
}

/* What counts from a lifetime, where there is none. */
static void check_lifetime(struct job *job)
{
    static const enum opt_id ids[] = {OPT_JITTER, OPT_STALE, OPT_REFRESH_AHEAD, OPT_SLIDING};
    struct diag *diag = job->reader->diag;
    if (!job->info->expires_never) {
        return;
    }
    if (job->entity->kind == SCH_LOCK) {
        diag_error(diag, job->entity->ttl_pos, "no-lifetime",
                   "a lock needs a lifetime: nothing else gives it back when its holder is gone");
    }
    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
        const struct opt_value *value = given(job, ids[i]);
        bool is_number =
            opt_table[ids[i]].form == OPT_FLAG || opt_table[ids[i]].form == OPT_PERCENT;
        if (value->node != NULL && !(is_number && value->number == 0)) {
            diag_error(diag, value->key->pos, "no-lifetime",
                       "'%s' counts from a lifetime, and there is none", opt_table[ids[i]].key);
            diag_note(diag, job->entity->ttl_pos, "which is said here");
        }
    }
}

static void read_kind_keys(struct job *job)
{
    enum sch_entity_kind kind = job->entity->kind;
    if (kind == SCH_INDEX) {
        require(job, OPT_OF);
        job->info->of = given(job, OPT_OF)->node;
    }
    if (kind == SCH_RATE_LIMIT) {
        read_rate_limit(job);
    }
    if (kind == SCH_SET) {
        read_set(job);
    }
    const struct opt_value *sliding = given(job, OPT_SLIDING);
    bool unknown = sliding->key != NULL && sliding->node == NULL;
    require_beside(job, OPT_MAX_AGE, job->entity->sliding || unknown, "sliding: true");
    if (given(job, OPT_MAX_AGE)->node != NULL) {
        job->info->max_age_pos = given(job, OPT_MAX_AGE)->node->pos;
    }
}

/* --------------------------------------------------------------- the whole */

void policies_read(struct job *job)
{
    struct sch_entity *entity = job->entity;
    entity->jitter_ppm = (uint32_t)given(job, OPT_JITTER)->number;
    entity->version =
        given(job, OPT_VERSION)->node == NULL ? 1 : (uint32_t)given(job, OPT_VERSION)->number;
    entity->max_bytes = (uint64_t)given(job, OPT_MAX_BYTES)->number;
    entity->version_pos =
        given(job, OPT_VERSION)->key == NULL ? entity->pos : given(job, OPT_VERSION)->key->pos;
    entity->ttl_only = given(job, OPT_TTL_ONLY)->number != 0;
    entity->replica_ok = given(job, OPT_READS)->number != 0;
    entity->sliding = given(job, OPT_SLIDING)->number != 0;
    entity->max_age_ms = given(job, OPT_MAX_AGE)->number;
    entity->absent_ms = given(job, OPT_ABSENT)->number;
    entity->redelete_after_ms = given(job, OPT_REDELETE_AFTER)->number;
    read_near(job);
    read_stale(job);
    read_compress(job);
    read_refresh_ahead(job);
    tags_read(job);
    read_kind_keys(job);
    check_lifetime(job);
    later_note(job);
    places_note(job);
}
