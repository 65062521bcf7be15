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
    }
}

static void read_stale(struct job *job)
{
    struct opt_values values;
    const struct opt_value *stale = given(job, OPT_STALE);
    if (stale->node != NULL) {
        (void)opt_read(job->reader, stale->node, OPT_SCOPE_STALE, OPT_ALL_KINDS, stale->key->pos,
                       &values);
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

static void read_refresh_ahead(struct job *job)
{
    int64_t ppm;
    const struct yml_node *node = given(job, OPT_REFRESH_AHEAD)->node;
    if (node != NULL && node->kind == YML_SCALAR && strcmp(node->text, "xfetch") == 0) {
        return;
    }
    if (node != NULL) {
        (void)opt_number(job->reader, node, OPT_REFRESH_AHEAD, &ppm);
    }
}

static void read_tag(struct job *job, const struct yml_node *item, struct pattern *pattern)
{
    if (!pattern_read_tag(job->reader, item, pattern)) {
        return;
    }
    for (size_t p = 0; p < pattern->param_count; p++) {
        const struct sch_field *field = field_find(&job->entity->body, pattern->params[p].name);
        if (field == NULL) {
            diag_error(job->reader->diag, pattern->params[p].pos, "unknown-field",
                       "'%s' has no field '%s' to build a tag from%s", job->entity->name,
                       pattern->params[p].name,
                       did_you_mean_key(job->reader, pattern->params[p].name,
                                        given(job, OPT_ENTITY_FIELDS)->node));
        }
    }
}

static void read_tags(struct job *job)
{
    struct opt_value *tags = &job->values.of[OPT_TAGS];
    if (tags->node == NULL) {
        return;
    }
    job->info->tags =
        arena_array(job->reader->arena, tags->node->count + 1, sizeof *job->info->tags);
    job->info->tag_count = tags->node->count;
    for (size_t i = 0; i < tags->node->count; i++) {
        read_tag(job, tags->node->items[i], &job->info->tags[i]);
    }
    if (tags->node->count == 0) {
        tags->key = NULL;
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
    if (given(job, id)->key != NULL && !there) {
        diag_error(job->reader->diag, given(job, id)->key->pos, "wrong-type", "'%s' goes with '%s'",
                   opt_table[id].key, other);
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
        bool gcra = given(job, OPT_ALGORITHM)->number == 1;
        require(job, OPT_LIMIT);
        require(job, OPT_WINDOW);
        require_beside(job, OPT_BURST, gcra, "algorithm: gcra");
    }
    if (kind == SCH_SET) {
        const struct yml_node *members = given(job, OPT_MEMBERS)->node;
        require(job, OPT_MEMBERS);
        if (members != NULL) {
            (void)type_read_use(job->reader, members, &job->info->members);
        }
    }
    bool sliding = given(job, OPT_SLIDING)->node != NULL && given(job, OPT_SLIDING)->number != 0;
    require_beside(job, OPT_MAX_AGE, sliding, "sliding: true");
}

/* ------------------------------------------------------ not in this version */

/* A key that is there but asks for what would happen anyway. */
static bool asks_for_nothing(const struct job *job, enum opt_id id)
{
    bool is_word = opt_table[id].form == OPT_FLAG || opt_table[id].form == OPT_CHOICE;
    return is_word && given(job, id)->number == 0;
}

static void report_later(struct job *job)
{
    uint32_t allowed = job->reader->allowed | job->info->allowed;
    for (int i = 0; i < OPT_COUNT; i++) {
        const struct opt *row = &opt_table[i];
        const struct opt_value *value = &job->values.of[i];
        if (row->scope != OPT_SCOPE_ENTITY || row->today == OPT_FULL || value->key == NULL ||
            value->node == NULL || asks_for_nothing(job, (enum opt_id)i)) {
            continue;
        }
        if (row->today == OPT_REFUSED) {
            diag_error(job->reader->diag, value->key->pos, "not-in-this-version",
                       "'%s' is not in this version, and leaving it out would be wrong", row->key);
        } else if ((allowed & 1u << WARN_NOT_YET) == 0) {
            diag_warning(job->reader->diag, value->key->pos, warning_names[WARN_NOT_YET],
                         "'%s' is not in this version: it is read, checked and without effect",
                         row->key);
        }
    }
}

static void report_kind(struct job *job)
{
    const struct yml_node *kind = given(job, OPT_KIND)->node;
    if (kind != NULL && job->entity->kind != SCH_OBJECT) {
        diag_error(job->reader->diag, kind->pos, "not-in-this-version",
                   "entities of kind '%s' are not in this version", kind->text);
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
    entity->ttl_only = given(job, OPT_TTL_ONLY)->number != 0;
    read_near(job);
    read_stale(job);
    read_compress(job);
    read_refresh_ahead(job);
    read_tags(job);
    read_kind_keys(job);
    report_kind(job);
    report_later(job);
    places_note(job);
}
