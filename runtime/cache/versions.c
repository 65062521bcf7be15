/* SPDX-License-Identifier: MIT */
#include "cache/versions.h"

#include <stdio.h>
#include <string.h>

#include <larder/codec.h>

#include "base/hash.h"

enum { ID_DIGITS = 16 };

static const uint8_t WIDE = 0xcf; /* MessagePack: a number of 8 bytes follows */

/* -------------------------------------------------------------------- keys */

bool larder_version_names_init(struct larder_version_names *names, const char *prefix,
                               const char *service)
{
    const size_t max = sizeof names->stem - ID_DIGITS;
    int stem_len = snprintf(names->stem, max, "%s~%s:v:", prefix, service);
    int clock_len =
        snprintf(names->clock_text, sizeof names->clock_text, "%s~%s:clock", prefix, service);
    names->seed = larder_hash64(service, strlen(service), 0);
    names->stem_len = (size_t)stem_len;
    names->clock = (struct larder_version_key){names->clock_text, (size_t)clock_len};
    return stem_len > 0 && (size_t)stem_len < max && clock_len > 0 &&
           (size_t)clock_len < sizeof names->clock_text;
}

size_t larder_version_key_write(const struct larder_version_names *names, uint64_t id, char *to)
{
    static const char digits[] = "0123456789abcdef";
    char *at = to + names->stem_len;
    memcpy(to, names->stem, names->stem_len);
    for (size_t i = ID_DIGITS; i-- > 0; id >>= 4) {
        at[i] = digits[id & 15];
    }
    return larder_version_key_len(names);
}

/* --------------------------------------------------------------------- ids */

#define PIECE_OF(literal)            \
    {                                \
        literal, sizeof(literal) - 1 \
    }

uint64_t larder_version_of_entity(const struct larder_version_names *names, const char *entity)
{
    const struct larder_hash_piece pieces[] = {PIECE_OF("e:"), {entity, strlen(entity)}};
    return larder_hash64_pieces(pieces, sizeof pieces / sizeof pieces[0], names->seed);
}

uint64_t larder_version_of_group(const struct larder_version_names *names, const char *entity,
                                 const char *text, size_t len)
{
    const struct larder_hash_piece pieces[] = {
        PIECE_OF("g:"), {entity, strlen(entity)}, PIECE_OF(":"), {text, len}};
    return larder_hash64_pieces(pieces, sizeof pieces / sizeof pieces[0], names->seed);
}

static uint64_t tag_id(uint64_t seed, const char *text, size_t len)
{
    const struct larder_hash_piece pieces[] = {PIECE_OF("t:"), {text, len}};
    return larder_hash64_pieces(pieces, sizeof pieces / sizeof pieces[0], seed);
}

uint64_t larder_version_of_tag(const struct larder_version_names *names, const char *text,
                               size_t len)
{
    return tag_id(names->seed, text, len);
}

void larder_tags_add(struct larder_tags *tags, const struct larder_key *text)
{
    if (tags->status != LARDER_OK) {
        return;
    }
    if (text->status != LARDER_OK) {
        tags->status = text->status;
        return;
    }
    uint64_t id = tag_id(tags->seed, text->bytes + text->prefix_len, text->len - text->prefix_len);
    for (size_t i = 0; i < tags->count; i++) {
        if (tags->ids[i] == id) {
            return;
        }
    }
    if (tags->count == LARDER_TAGS_MAX) {
        tags->status = LARDER_E_TOO_LARGE;
        return;
    }
    tags->ids[tags->count++] = id;
}

void larder_version_ids_of_key(const struct larder_version_names *names,
                               const struct larder_entity_versions *versions, const char *entity,
                               const struct larder_key *key, struct larder_version_ids *ret_ids)
{
    ret_ids->count = 0;
    if (versions->has_all) {
        ret_ids->ids[ret_ids->count++] = versions->all_id;
    }
    for (size_t i = 0; i < versions->group_count; i++) {
        ret_ids->ids[ret_ids->count++] = larder_version_of_group(
            names, entity, key->bytes + key->prefix_len, (size_t)key->marks[i] - key->prefix_len);
    }
}

void larder_version_ids_add_tags(struct larder_version_ids *ids, const struct larder_tags *tags)
{
    for (size_t i = 0; i < tags->count && ids->count < LARDER_VERSIONS_MAX; i++) {
        ids->ids[ids->count++] = tags->ids[i];
    }
}

void larder_version_list_make(const struct larder_version_names *names,
                              const struct larder_version_ids *ids, int64_t ttl_ms, uint64_t as_of,
                              struct larder_version_list *ret_list)
{
    for (size_t i = 0; i < ids->count; i++) {
        ret_list->keys[i].bytes = ret_list->texts[i];
        ret_list->keys[i].len = larder_version_key_write(names, ids->ids[i], ret_list->texts[i]);
    }
    ret_list->op = (struct larder_op_versions){.clock = names->clock,
                                               .keys = ret_list->keys,
                                               .count = ids->count,
                                               .ttl_ms = ttl_ms,
                                               .as_of = as_of};
}

/* ------------------------------------------------------------------ numbers */

uint64_t larder_version_begin(void)
{
    uint64_t epoch = larder_random64() >> 32;
    return (epoch != 0 ? epoch : 1) << 32 | 1;
}

void larder_version_value_write(uint8_t to[LARDER_VERSION_VALUE_BYTES], uint64_t value)
{
    to[0] = WIDE;
    larder_store64(to + 1, value);
}

uint64_t larder_version_value_read(const uint8_t *bytes, size_t len)
{
    return len == LARDER_VERSION_VALUE_BYTES && bytes[0] == WIDE ? larder_load64(bytes + 1) : 0;
}
