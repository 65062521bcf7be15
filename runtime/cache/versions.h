/* SPDX-License-Identifier: MIT */
/*
 * Versions: what makes many entries invalid with one write.
 *
 * DESIGN. A service has one logical clock on the server, a number that every
 * invalidation by tag, group or entity counts up, and for each of those that was ever
 * needed a version: the clock's number when it was invalidated last.
 *
 *     <prefix>~<service>:clock              cf, then epoch (32 bits) and count (32 bits)
 *     <prefix>~<service>:v:<16 hex digits>  the same
 *
 * A value carries the clock's number when its load began (as_of), and is good as long
 * as each version that reaches it is there, is of the same epoch, and counts no more.
 * A version that was evicted, or a clock that was lost and began anew in another
 * epoch, is therefore a miss, never an old value.
 *
 * What is invalidated has an id, XXH3-64 with a seed that is XXH3-64 of the service's
 * name, of one of the texts
 *
 *     e:<entity>                   all of an entity
 *     g:<entity>:<text of a key>   those of its keys that begin so, up to the end of a parameter
 *     t:<tag>                      all that carries the tag
 *
 * where texts of keys are taken without the service's prefix.
 */
#ifndef LARDER_CACHE_VERSIONS_H
#define LARDER_CACHE_VERSIONS_H

#include <larder/stub.h>

#include "base/rule.h"

#include "backend/backend.h"

enum {
    LARDER_VERSION_VALUE_BYTES = 9,
    LARDER_VERSION_KEY_MAX = 512, /* bytes of a version's or the clock's key */
    LARDER_IMPLIED_MAX = 1 + LARDER_GROUPS_MAX,
    LARDER_VERSIONS_MAX = LARDER_IMPLIED_MAX + LARDER_TAGS_MAX /* that reach one value */
};

/* -------------------------------------------------------------------- keys */

/* Of one service. Stays where it was made. */
struct larder_version_names {
    uint64_t seed;                   /* of ids; of struct larder_tags, too */
    struct larder_version_key clock; /* points into clock_text */
    size_t stem_len;
    char stem[LARDER_VERSION_KEY_MAX]; /* what all versions' keys begin with */
    char clock_text[LARDER_VERSION_KEY_MAX];
};

/* False: prefix and name are too long for keys. */
bool larder_version_names_init(struct larder_version_names *names, const char *prefix,
                               const char *service);

/* The length of each version's key. */
static inline size_t larder_version_key_len(const struct larder_version_names *names)
{
    return names->stem_len + 16;
}

/* Writes the key of a version; answers its length. */
size_t larder_version_key_write(const struct larder_version_names *names, uint64_t id, char *to);

/* --------------------------------------------------------------------- ids */

uint64_t larder_version_of_entity(const struct larder_version_names *names, const char *entity);
/* text: of the key behind the prefix, up to the group's end. */
uint64_t larder_version_of_group(const struct larder_version_names *names, const char *entity,
                                 const char *text, size_t len);
uint64_t larder_version_of_tag(const struct larder_version_names *names, const char *text,
                               size_t len);

struct larder_version_ids {
    size_t count;
    uint64_t ids[LARDER_VERSIONS_MAX];
};

/* What of an entity's versions its keys tell. */
struct larder_entity_versions {
    bool has_all;
    uint32_t group_count; /* at most LARDER_GROUPS_MAX */
    uint64_t all_id;      /* with has_all */
};

static inline bool larder_entity_versions_any(const struct larder_entity_versions *versions)
{
    return versions->has_all || versions->group_count != 0;
}

/* The ids that the key implies: of its entity, of its groups. */
void larder_version_ids_of_key(const struct larder_version_names *names,
                               const struct larder_entity_versions *versions, const char *entity,
                               const struct larder_key *key, struct larder_version_ids *ret_ids);

/* Adds those of tags; what there is no room for is left out. */
void larder_version_ids_add_tags(struct larder_version_ids *ids, const struct larder_tags *tags);

/* The keys of some ids, and all that an operation says of versions. Stays where it was made. */
struct larder_version_list {
    struct larder_op_versions op;
    struct larder_version_key keys[LARDER_VERSIONS_MAX];
    char texts[LARDER_VERSIONS_MAX][LARDER_VERSION_KEY_MAX];
};

/* ttl_ms, as_of: see struct larder_op_versions; its as_of_at is left 0. */
void larder_version_list_make(const struct larder_version_names *names,
                              const struct larder_version_ids *ids, int64_t ttl_ms, uint64_t as_of,
                              struct larder_version_list *ret_list);

/* ------------------------------------------------------------------ numbers */

/* The clock's and versions' values: epoch and count. 0 is none. */
static inline uint32_t larder_version_epoch(uint64_t value)
{
    return (uint32_t)(value >> 32);
}

static inline uint32_t larder_version_count(uint64_t value)
{
    return (uint32_t)value;
}

/* Whether a value of that as_of is still good by that version. 0 on either side: it is not. */
static inline bool larder_version_allows(uint64_t version, uint64_t as_of)
{
    bool same = larder_version_epoch(version) == larder_version_epoch(as_of) ||
                !LARDER_RULE(only_one_epoch_counts);
    return version != 0 && same && larder_version_count(version) <= larder_version_count(as_of);
}

/* What a clock that is not there may begin with: a random epoch, and count 1. */
uint64_t larder_version_begin(void);

void larder_version_value_write(uint8_t to[LARDER_VERSION_VALUE_BYTES], uint64_t value);
/* 0: these bytes are none. */
uint64_t larder_version_value_read(const uint8_t *bytes, size_t len);

#endif
