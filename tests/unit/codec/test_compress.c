/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "codec/compress.h"

#define COUNT_OF(array) (sizeof(array) / sizeof(array)[0])

static const enum larder_codec codecs[] = {LARDER_CODEC_ZSTD, LARDER_CODEC_LZ4};

struct bench {
    struct larder_compressor compressor;
    uint8_t *body; /* words, as values have them */
    uint8_t *small;
    uint8_t *again;
};

enum { BODY_MAX = 100000 };

static int begin(void **state)
{
    static const char *const words[] = {"tea", "black", "second flush", "loose", "price", "gram"};
    static struct bench bench;
    uint32_t random = 1;
    larder_compressor_init(&bench.compressor);
    bench.body = calloc(1, BODY_MAX);
    bench.small = malloc(BODY_MAX);
    bench.again = malloc(BODY_MAX);
    for (size_t len = 0; len < BODY_MAX - 32;) {
        random = random * 1664525 + 1013904223;
        const char *word = words[(random >> 16) % COUNT_OF(words)];
        memcpy(bench.body + len, word, strlen(word) + 1);
        len += strlen(word) + 1;
        bench.body[len++] = (uint8_t)(random >> 24);
    }
    *state = &bench;
    return 0;
}

static int end(void **state)
{
    struct bench *bench = *state;
    larder_compressor_release(&bench->compressor);
    free(bench->body);
    free(bench->small);
    free(bench->again);
    return 0;
}

/* The first len bytes of the body, which compress. */
static struct larder_packed pack(struct bench *bench, enum larder_codec codec, size_t len)
{
    struct larder_packed packed = {.codec = codec, .size = len, .bytes = bench->small};
    packed.len = larder_compress(&bench->compressor, &larder_allocator_libc, codec, bench->body,
                                 len, bench->small, len - len / 8);
    assert_in_range(packed.len, 1, len - len / 8);
    return packed;
}

static void what_was_compressed_comes_back(void **state)
{
    struct bench *bench = *state;
    static const size_t lens[] = {200, 1000, 1024, 5000, 50000, BODY_MAX};
    for (size_t i = 0; i < COUNT_OF(lens) * COUNT_OF(codecs); i++) {
        size_t len = lens[i / 2];
        struct larder_packed packed = pack(bench, codecs[i % 2], len);
        assert_true(larder_packed_is_credible(&packed, len));
        assert_int_equal(larder_decompress(&bench->compressor, &packed, bench->again), LARDER_OK);
        assert_memory_equal(bench->again, bench->body, len);
    }
}

static void what_does_not_fit_is_kept(void **state)
{
    struct bench *bench = *state;
    for (size_t i = 0; i < 4096; i++) {
        bench->body[i] = (uint8_t)(i * 2654435761U >> 13); /* no byte predicts the next */
    }
    for (size_t i = 0; i < COUNT_OF(codecs); i++) {
        assert_int_equal(larder_compress(&bench->compressor, &larder_allocator_libc, codecs[i],
                                         bench->body, 4096, bench->small, 100),
                         0);
    }
    assert_int_equal(larder_compress(&bench->compressor, &larder_allocator_libc, LARDER_CODEC_NONE,
                                     bench->body, 4096, bench->small, 4096),
                     0);
}

static void what_would_not_be_believed_is_not_written(void **state)
{
    struct bench *bench = *state;
    memset(bench->body, 0, BODY_MAX);
    assert_int_equal(larder_compress(&bench->compressor, &larder_allocator_libc, LARDER_CODEC_ZSTD,
                                     bench->body, BODY_MAX, bench->small, BODY_MAX),
                     0);
    struct larder_packed packed = pack(bench, LARDER_CODEC_LZ4, BODY_MAX);
    assert_true(larder_packed_is_credible(&packed, BODY_MAX));
}

static void sizes_are_held_against_bounds(void **state)
{
    (void)state;
    const struct {
        struct larder_packed packed;
        size_t max;
        bool credible;
    } rows[] = {
        {{.codec = LARDER_CODEC_ZSTD, .size = 1024, .len = 1}, 1024, true},
        {{.codec = LARDER_CODEC_ZSTD, .size = 1024, .len = 1}, 1023, false},
        {{.codec = LARDER_CODEC_ZSTD, .size = 1025, .len = 1}, 5000, false},
        {{.codec = LARDER_CODEC_LZ4, .size = 255, .len = 1}, 5000, true},
        {{.codec = LARDER_CODEC_LZ4, .size = 256, .len = 1}, 5000, false},
        {{.codec = LARDER_CODEC_LZ4, .size = 0, .len = 1}, 5000, false},
        {{.codec = LARDER_CODEC_LZ4, .size = 1, .len = 0}, 5000, false},
        {{.codec = LARDER_CODEC_NONE, .size = 1, .len = 1}, 5000, false},
        {{.codec = LARDER_CODEC_LZ4 + 1, .size = 1, .len = 1}, 5000, false},
        {{.codec = UINT32_MAX, .size = 1, .len = 1}, 5000, false},
        {{.codec = LARDER_CODEC_ZSTD, .size = LARDER_VALUE_MAX, .len = 65536}, SIZE_MAX, true},
        {{.codec = LARDER_CODEC_ZSTD, .size = LARDER_VALUE_MAX + 1, .len = 65537}, SIZE_MAX, false},
        {{.codec = LARDER_CODEC_ZSTD, .size = SIZE_MAX, .len = LARDER_VALUE_MAX}, SIZE_MAX, false},
        {{.codec = LARDER_CODEC_ZSTD, .size = 1, .len = SIZE_MAX}, SIZE_MAX, false},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        assert_int_equal(larder_packed_is_credible(&rows[i].packed, rows[i].max), rows[i].credible);
    }
}

static void another_size_than_was_said_is_refused(void **state)
{
    struct bench *bench = *state;
    for (size_t i = 0; i < COUNT_OF(codecs); i++) {
        struct larder_packed packed = pack(bench, codecs[i], 5000);
        packed.size = 4999;
        assert_int_equal(larder_decompress(&bench->compressor, &packed, bench->again),
                         LARDER_E_DECODE);
        packed.size = 5001;
        assert_int_equal(larder_decompress(&bench->compressor, &packed, bench->again),
                         LARDER_E_DECODE);
    }
}

/* Into rooms of exactly the size, so that a sanitizer sees one byte too many. */
static enum larder_status decompress_copy(struct bench *bench, const struct larder_packed *packed)
{
    struct larder_packed copy = *packed;
    uint8_t *bytes = malloc(packed->len);
    uint8_t *to = malloc(packed->size);
    assert_true(bytes != NULL && to != NULL);
    memcpy(bytes, packed->bytes, packed->len);
    copy.bytes = bytes;
    enum larder_status status = larder_decompress(&bench->compressor, &copy, to);
    free(bytes);
    free(to);
    return status;
}

static void what_is_cut_off_is_refused(void **state)
{
    struct bench *bench = *state;
    for (size_t i = 0; i < COUNT_OF(codecs); i++) {
        struct larder_packed packed = pack(bench, codecs[i], 1000);
        for (packed.len--; packed.len > 0; packed.len--) {
            assert_int_equal(decompress_copy(bench, &packed), LARDER_E_DECODE);
        }
    }
}

static void what_was_changed_stays_in_its_room(void **state)
{
    struct bench *bench = *state;
    for (size_t i = 0; i < COUNT_OF(codecs); i++) {
        struct larder_packed packed = pack(bench, codecs[i], 1000);
        for (size_t bit = 0; bit < packed.len * 8; bit++) {
            bench->small[bit / 8] ^= (uint8_t)(1 << bit % 8);
            enum larder_status status = decompress_copy(bench, &packed);
            assert_true(status == LARDER_OK || status == LARDER_E_DECODE);
            bench->small[bit / 8] ^= (uint8_t)(1 << bit % 8);
        }
        assert_int_equal(decompress_copy(bench, &packed), LARDER_OK);
    }
}

static void zstd_reads_one_frame_of_todays_format(void **state)
{
    struct bench *bench = *state;
    struct larder_packed packed = pack(bench, LARDER_CODEC_ZSTD, 1000);
    size_t one = packed.len;
    memcpy(bench->small + one, bench->small, one); /* the same frame again */
    packed.len = 2 * one;
    packed.size = 2000;
    assert_int_equal(decompress_copy(bench, &packed), LARDER_E_DECODE);
    packed.len = one + 1;
    packed.size = 1000;
    assert_int_equal(decompress_copy(bench, &packed), LARDER_E_DECODE);
    static const char *const magics[] = {"\x50\x2a\x4d\x18", "\x27\xb5\x2f\xfd"};
    packed.len = one;
    for (size_t i = 0; i < COUNT_OF(magics); i++) { /* a frame to skip, one of version 0.7 */
        memcpy(bench->small, magics[i], 4);
        assert_int_equal(decompress_copy(bench, &packed), LARDER_E_DECODE);
    }
}

static void a_context_waits_for_the_next_call(void **state)
{
    struct bench *bench = *state;
    struct larder_packed packed = pack(bench, LARDER_CODEC_ZSTD, 1000);
    void *writer = bench->compressor.writers[0];
    assert_non_null(writer);
    assert_int_equal(larder_decompress(&bench->compressor, &packed, bench->again), LARDER_OK);
    void *reader = bench->compressor.readers[0];
    assert_non_null(reader);
    for (int i = 0; i < 3; i++) {
        packed = pack(bench, LARDER_CODEC_ZSTD, 5000);
        assert_int_equal(larder_decompress(&bench->compressor, &packed, bench->again), LARDER_OK);
    }
    assert_ptr_equal(bench->compressor.writers[0], writer);
    assert_ptr_equal(bench->compressor.readers[0], reader);
    for (int i = 1; i < LARDER_COMPRESS_IDLE; i++) {
        assert_null(bench->compressor.writers[i]);
        assert_null(bench->compressor.readers[i]);
    }
}

enum { THREADS = 2 * LARDER_COMPRESS_IDLE, ROUNDS = 50 };

static void *go_round(void *user)
{
    struct bench *bench = user;
    uint8_t small[5000], again[5000];
    size_t good = 0;
    for (int i = 0; i < ROUNDS; i++) {
        struct larder_packed packed = {.codec = codecs[i % 2], .size = 5000, .bytes = small};
        packed.len = larder_compress(&bench->compressor, &larder_allocator_libc, codecs[i % 2],
                                     bench->body, 5000, small, 4500);
        good += packed.len != 0 &&
                larder_decompress(&bench->compressor, &packed, again) == LARDER_OK &&
                memcmp(again, bench->body, sizeof again) == 0;
    }
    return good == ROUNDS ? bench : NULL;
}

static void more_threads_than_places_take_turns(void **state)
{
    struct bench *bench = *state;
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, go_round, bench), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        void *result;
        assert_int_equal(pthread_join(threads[i], &result), 0);
        assert_ptr_equal(result, bench);
    }
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_was_compressed_comes_back),
        TEST(what_does_not_fit_is_kept),
        TEST(what_would_not_be_believed_is_not_written),
        TEST(sizes_are_held_against_bounds),
        TEST(another_size_than_was_said_is_refused),
        TEST(what_is_cut_off_is_refused),
        TEST(what_was_changed_stays_in_its_room),
        TEST(zstd_reads_one_frame_of_todays_format),
        TEST(a_context_waits_for_the_next_call),
        TEST(more_threads_than_places_take_turns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
