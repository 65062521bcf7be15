/* SPDX-License-Identifier: MIT */
/*
 * What stands at the key of an index: an array of the key that it leads to, without
 * the prefix, and of the lengths up to the ends of that key's groups, which cannot be
 * told from its text.
 */
#include <larder/codec.h>

enum { ELEMENTS = 1 + LARDER_GROUPS_MAX, FIXED_BYTES = 64 };

bool larder_pointer_encode(struct larder_writer *w, const void *value)
{
    const struct larder_pointer *pointer = value;
    uint8_t *p = larder_write_room(w, w->p, FIXED_BYTES);
    if (p != NULL) {
        p = larder_write_struct(p, ELEMENTS);
        p = larder_write_string(w, p, pointer->key, LARDER_KEY_MAX, FIXED_BYTES);
    }
    if (p == NULL) {
        return larder_write_end(w, larder_write_failed(w, "key"));
    }
    for (size_t i = 0; i < LARDER_GROUPS_MAX; i++) {
        p = larder_write_u64(p, pointer->marks[i]);
    }
    return larder_write_end(w, p);
}

bool larder_pointer_decode(struct larder_reader *r, void *value)
{
    struct larder_pointer *pointer = value;
    size_t count;
    struct larder_at at = larder_read_struct(r, larder_read_begin(r), ELEMENTS, &count);
    if (at.p != NULL) {
        at = larder_read_string(r, at, LARDER_KEY_MAX, &pointer->key);
    }
    size_t len = at.p != NULL ? strlen(pointer->key) : 0;
    for (size_t i = 0; at.p != NULL && i < LARDER_GROUPS_MAX; i++) {
        at = larder_read_u16(r, at, &pointer->marks[i]);
        if (at.p != NULL && pointer->marks[i] > len) {
            at = larder_read_failed();
        }
    }
    return larder_read_end(r, at.p != NULL ? larder_read_rest(r, at, count, ELEMENTS) : at);
}

void larder_pointer_defaults(void *value)
{
    (void)value; /* there are none */
}
