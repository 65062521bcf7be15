/* SPDX-License-Identifier: MIT */
#include "yaml/keys.h"

#include <stdlib.h>
#include <string.h>

static int compare_pairs(const void *a, const void *b)
{
    const struct yml_pair *left = *(const struct yml_pair *const *)a;
    const struct yml_pair *right = *(const struct yml_pair *const *)b;
    if (left->key->len != right->key->len) {
        return left->key->len < right->key->len ? -1 : 1;
    }
    int order = memcmp(left->key->text, right->key->text, left->key->len);
    return order ? order : (left > right) - (left < right);
}

static bool is_same_key(const struct yml_pair *a, const struct yml_pair *b)
{
    return a->key->len == b->key->len && memcmp(a->key->text, b->key->text, a->key->len) == 0;
}

/* Sorted, equal keys are neighbours, in the order they were written. */
void yml_check_keys(struct arena *arena, struct diag *diag, const struct yml_node *map)
{
    if (map->count < 2) {
        return;
    }
    const struct yml_pair **sorted = arena_array(arena, map->count, sizeof(struct yml_pair *));
    for (size_t i = 0; i < map->count; i++) {
        sorted[i] = &map->pairs[i];
    }
    qsort(sorted, map->count, sizeof(*sorted), compare_pairs);
    for (size_t i = 1, first = 0; i < map->count; i++) {
        if (!is_same_key(sorted[i], sorted[first])) {
            first = i;
            continue;
        }
        diag_error(diag, sorted[i]->key->pos, "duplicate-key", "duplicate key '%s'",
                   sorted[i]->key->text);
        diag_note(diag, sorted[first]->key->pos, "the first is here");
    }
}
