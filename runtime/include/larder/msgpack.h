/* SPDX-License-Identifier: MIT */
/*
 * Between fields of type `any` and msgpack-c. Who includes this header compiles and
 * links with msgpack-c (pkg-config msgpack-c, up to its version 4 msgpack); no other
 * header of larder's needs it.
 *
 *     msgpack_sbuffer buffer;
 *     msgpack_packer packer;
 *     msgpack_sbuffer_init(&buffer);
 *     msgpack_packer_init(&packer, &buffer, msgpack_sbuffer_write);
 *     msgpack_pack_uint64(&packer, 42);
 *     value.extra = larder_any_from_sbuffer(&buffer);
 *     st = product_cache_put(cache, &value);
 *     msgpack_sbuffer_destroy(&buffer);
 *
 *     msgpack_unpacked unpacked;
 *     if (larder_any_unpack(p->extra, &unpacked) == LARDER_OK) {
 *         … unpacked.data …
 *     }
 *     msgpack_unpacked_destroy(&unpacked);
 */
#ifndef LARDER_MSGPACK_H
#define LARDER_MSGPACK_H

#include <msgpack.h>

#include <larder/larder.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What was packed, where it is: valid until the buffer is written to, cleared or destroyed.
 * A packer that failed for want of memory leaves half a value, which set answers with E_ARG. */
static inline struct larder_bytes larder_any_from_sbuffer(const msgpack_sbuffer *buffer)
{
    struct larder_bytes any = {(const unsigned char *)buffer->data, buffer->size};
    return any;
}

/*
 * Reads it into ret_unpacked->data, which may point into `any`. To be destroyed with
 * msgpack_unpacked_destroy, whatever the outcome. Allocates through msgpack-c, at most some
 * 50 bytes a byte of the value: msgpack-c itself takes the lengths that a value says
 * it has for granted, so these are checked first.
 * OK; E_ARG: the bytes are not exactly one value, or nested too deep; E_NOMEM.
 */
static inline enum larder_status larder_any_unpack(struct larder_bytes any,
                                                   msgpack_unpacked *ret_unpacked)
{
    size_t end = 0;
    msgpack_unpacked_init(ret_unpacked);
    if (any.data == NULL || !larder_any_valid(any.data, any.len)) {
        return LARDER_E_ARG;
    }
    msgpack_unpack_return done =
        msgpack_unpack_next(ret_unpacked, (const char *)any.data, any.len, &end);
    if (done == MSGPACK_UNPACK_NOMEM_ERROR) {
        return LARDER_E_NOMEM;
    }
    return done == MSGPACK_UNPACK_SUCCESS && end == any.len ? LARDER_OK : LARDER_E_ARG;
}

#ifdef __cplusplus
}
#endif

#endif
