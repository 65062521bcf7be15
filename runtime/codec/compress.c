/* SPDX-License-Identifier: MIT */
#include "codec/compress.h"

#include <lz4.h>
#include <string.h>
#include <zstd.h>

#include "base/alloc.h"

enum { ZSTD_LEVEL = 1 };

/* ------------------------------------------------------------ idle contexts */

static void *take_idle(_Atomic(void *) *idle)
{
    for (int i = 0; i < LARDER_COMPRESS_IDLE; i++) {
        if (atomic_load_explicit(&idle[i], memory_order_relaxed) != NULL) {
            void *context = atomic_exchange_explicit(&idle[i], NULL, memory_order_acquire);
            if (context != NULL) {
                return context;
            }
        }
    }
    return NULL;
}

/* False: all places are taken. */
static bool keep_idle(_Atomic(void *) *idle, void *context)
{
    for (int i = 0; i < LARDER_COMPRESS_IDLE; i++) {
        void *none = NULL;
        if (atomic_load_explicit(&idle[i], memory_order_relaxed) == NULL &&
            atomic_compare_exchange_strong_explicit(&idle[i], &none, context, memory_order_release,
                                                    memory_order_relaxed)) {
            return true;
        }
    }
    return false;
}

void larder_compressor_init(struct larder_compressor *compressor)
{
    for (int i = 0; i < LARDER_COMPRESS_IDLE; i++) {
        atomic_init(&compressor->writers[i], NULL);
        atomic_init(&compressor->readers[i], NULL);
    }
}

void larder_compressor_release(struct larder_compressor *compressor)
{
    for (void *context; (context = take_idle(compressor->writers)) != NULL;) {
        (void)ZSTD_freeCCtx(context);
    }
    for (void *context; (context = take_idle(compressor->readers)) != NULL;) {
        (void)ZSTD_freeDCtx(context);
    }
}

/* ------------------------------------------------------------------- writing */

/* With a checksum of the body, which every reader of zstd's checks: one bit that is wrong
 * changes much of what comes out. */
static ZSTD_CCtx *make_writer(void)
{
    ZSTD_CCtx *context = ZSTD_createCCtx();
    if (context != NULL) {
        (void)ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, ZSTD_LEVEL);
        (void)ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1);
    }
    return context;
}

static size_t write_zstd(struct larder_compressor *compressor, const uint8_t *body, size_t len,
                         uint8_t *to, size_t room)
{
    ZSTD_CCtx *context = take_idle(compressor->writers);
    if (context == NULL) {
        context = make_writer();
    }
    if (context == NULL) {
        return 0;
    }
    size_t made = ZSTD_compress2(context, to, room, body, len);
    if (!keep_idle(compressor->writers, context)) {
        (void)ZSTD_freeCCtx(context);
    }
    return ZSTD_isError(made) ? 0 : made;
}

/* Its state is 16 KiB, which is much for a thread's stack. */
static size_t write_lz4(const struct larder_allocator *allocator, const uint8_t *body, size_t len,
                        uint8_t *to, size_t room)
{
    void *state = larder_alloc(allocator, (size_t)LZ4_sizeofState());
    if (state == NULL) {
        return 0;
    }
    int made =
        LZ4_compress_fast_extState(state, (const char *)body, (char *)to, (int)len, (int)room, 1);
    larder_free(allocator, state);
    return made > 0 ? (size_t)made : 0;
}

size_t larder_compress(struct larder_compressor *compressor,
                       const struct larder_allocator *allocator, enum larder_codec codec,
                       const uint8_t *body, size_t len, uint8_t *to, size_t room)
{
    struct larder_packed packed = {.codec = codec, .size = len, .bytes = to};
    if (len > LARDER_VALUE_MAX || room > len) {
        return 0;
    }
    if (codec == LARDER_CODEC_ZSTD) {
        packed.len = write_zstd(compressor, body, len, to, room);
    } else if (codec == LARDER_CODEC_LZ4) {
        packed.len = write_lz4(allocator, body, len, to, room);
    }
    return larder_packed_is_credible(&packed, LARDER_VALUE_MAX) ? packed.len : 0;
}

/* ------------------------------------------------------------------- reading */

bool larder_packed_is_credible(const struct larder_packed *packed, size_t max)
{
    static const size_t ratios[] = {
        [LARDER_CODEC_ZSTD] = LARDER_ZSTD_RATIO_MAX,
        [LARDER_CODEC_LZ4] = LARDER_LZ4_RATIO_MAX,
    };
    max = max < LARDER_VALUE_MAX ? max : LARDER_VALUE_MAX;
    return packed->codec != LARDER_CODEC_NONE && packed->codec < sizeof ratios / sizeof ratios[0] &&
           packed->len <= LARDER_VALUE_MAX && packed->size >= 1 && packed->size <= max &&
           packed->size <= (uint64_t)packed->len * ratios[packed->codec];
}

/* One frame, of today's format: libzstd would read several, and those of its first
 * versions, with decoders that nobody looks after. */
static bool is_one_frame(const uint8_t *bytes, size_t len)
{
    static const uint8_t magic[] = {0x28, 0xb5, 0x2f, 0xfd};
    return len > sizeof magic && memcmp(bytes, magic, sizeof magic) == 0 &&
           ZSTD_findFrameCompressedSize(bytes, len) == len;
}

static enum larder_status read_zstd(struct larder_compressor *compressor,
                                    const struct larder_packed *packed, uint8_t *to)
{
    if (!is_one_frame(packed->bytes, packed->len)) {
        return LARDER_E_DECODE;
    }
    ZSTD_DCtx *context = take_idle(compressor->readers);
    if (context == NULL) {
        context = ZSTD_createDCtx();
    }
    if (context == NULL) {
        return LARDER_E_NOMEM;
    }
    size_t made = ZSTD_decompressDCtx(context, to, packed->size, packed->bytes, packed->len);
    if (!keep_idle(compressor->readers, context)) {
        (void)ZSTD_freeDCtx(context);
    }
    return made == packed->size ? LARDER_OK : LARDER_E_DECODE;
}

enum larder_status larder_decompress(struct larder_compressor *compressor,
                                     const struct larder_packed *packed, uint8_t *to)
{
    if (packed->codec == LARDER_CODEC_ZSTD) {
        return read_zstd(compressor, packed, to);
    }
    int made = LZ4_decompress_safe((const char *)packed->bytes, (char *)to, (int)packed->len,
                                   (int)packed->size);
    return made >= 0 && (size_t)made == packed->size ? LARDER_OK : LARDER_E_DECODE;
}
