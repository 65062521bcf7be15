/* SPDX-License-Identifier: MIT */
/* Values that are stored compressed, and what is read of them. */
#include "shelf.h"

#include <stdlib.h>

#include "cache/handle.h"

#define COUNT_OF(array) (sizeof(array) / sizeof(array)[0])

enum { LETTERS_MAX = 4000, STORED_MAX = 8192, META_AT = 1 };

static const enum larder_codec codecs[] = {LARDER_CODEC_ZSTD, LARDER_CODEC_LZ4};

/* The shelf's tea, as the generator would write it with `compress:`. */
static struct larder_entity entity;
static const struct larder_entity *entities[] = {&entity};
static struct larder_service service;

struct stored {
    uint8_t bytes[STORED_MAX];
    size_t len;
};

static void set_up(struct shelf *shelf, enum larder_codec codec, uint32_t above)
{
    static const struct larder_entity tea = {TEA_ENTITY(0, "tea", "tea:{id:u64}"),
                                             .ttl_index = TTL_TEAS};
    shelf_init(shelf);
    entity = tea;
    entity.compress = codec;
    entity.compress_above = above;
    service = shelf_service;
    service.entities = entities;
    service.entity_count = 1;
}

static void open_shelf(struct shelf *shelf)
{
    assert_status(larder_stub_open(&service, &shelf->config, &shelf->cache), LARDER_OK);
}

static void close_shelf(struct shelf *shelf)
{
    larder_stub_close(shelf->cache);
    assert_int_equal(shelf->memory.live_blocks, 0);
}

/* A name of words that come again, in no order. */
static const char *name_of(size_t len)
{
    static const char *const words[] = {"darjeeling ", "second flush ", "loose, ",
                                        "250 g ",      "hand-picked ",  "black "};
    static char name[LETTERS_MAX + 16];
    uint32_t random = 7;
    for (size_t at = 0; at < len;) {
        random = random * 1664525 + 1013904223;
        const char *word = words[(random >> 24) % COUNT_OF(words)];
        size_t word_len = strlen(word);
        memcpy(name + at, word, word_len);
        at += word_len;
    }
    name[len] = '\0';
    return name;
}

static void take_stored(struct larder_op *op, const uint8_t *bytes, size_t len)
{
    struct stored *stored = op->user;
    assert_in_range(len, 1, STORED_MAX);
    memcpy(stored->bytes, bytes, len);
    stored->len = len;
    op->status = LARDER_OK;
}

static void fetch(const struct shelf *shelf, struct stored *ret_stored)
{
    struct larder_key key = shelf_key(shelf, &entity, 1);
    struct larder_backend *backend = shelf->cache->backend;
    struct larder_op op = {.kind = LARDER_OP_GET,
                           .key = key.bytes,
                           .key_len = key.len,
                           .sink = take_stored,
                           .user = ret_stored};
    backend->table->run(backend, &op, 1, INT64_MAX);
    assert_int_equal(op.status, LARDER_OK);
}

static void put(const struct shelf *shelf, const uint8_t *bytes, size_t len)
{
    struct larder_key key = shelf_key(shelf, &entity, 1);
    struct larder_backend *backend = shelf->cache->backend;
    struct larder_op op = {.kind = LARDER_OP_SET,
                           .key = key.bytes,
                           .key_len = key.len,
                           .value = bytes,
                           .value_len = len};
    backend->table->run(backend, &op, 1, INT64_MAX);
    assert_int_equal(op.status, LARDER_OK);
}

static enum larder_status get(const struct shelf *shelf, const char *expected)
{
    const struct tea *tea;
    enum larder_status status = shelf_get(shelf, &entity, 1, &tea);
    if (status == LARDER_OK && expected != NULL) {
        assert_string_equal(tea->name, expected);
    }
    assert_int_equal(tea != NULL, status == LARDER_OK);
    larder_value_release(tea);
    return status;
}

/* What a cache of this codec stores for a name of len bytes. */
static void store(enum larder_codec codec, uint32_t above, const char *name,
                  struct stored *ret_stored)
{
    struct shelf shelf;
    set_up(&shelf, codec, above);
    open_shelf(&shelf);
    assert_status(shelf_set(&shelf, &entity, 1, name), LARDER_OK);
    assert_status(get(&shelf, name), LARDER_OK);
    fetch(&shelf, ret_stored);
    close_shelf(&shelf);
}

static bool is_packed(const struct stored *stored)
{
    return stored->bytes[META_AT] == 0x11;
}

/* ------------------------------------------------------------------- writing */

static void a_large_value_is_stored_compressed(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(codecs); i++) {
        struct stored stored;
        store(codecs[i], 1024, name_of(LETTERS_MAX), &stored);
        assert_true(is_packed(&stored));
        assert_true(stored.len < LETTERS_MAX * 7 / 8);
        assert_true(larder_any_valid(stored.bytes, stored.len));
    }
}

static void only_bodies_over_the_bound_are_compressed(void **state)
{
    (void)state;
    /* A body is an array's head, two numbers and a string's head longer than the name. */
    enum { HEADS = 1 + 1 + 1 + 3 };
    struct stored stored;
    store(LARDER_CODEC_ZSTD, 1000 + HEADS, name_of(1000), &stored);
    assert_false(is_packed(&stored));
    store(LARDER_CODEC_ZSTD, 999 + HEADS, name_of(1000), &stored);
    assert_true(is_packed(&stored));
}

static void what_gains_too_little_is_stored_as_it_is(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(codecs); i++) {
        char name[LETTERS_MAX + 1];
        struct stored stored;
        for (uint32_t k = 0, random = 3; k < LETTERS_MAX; k++) {
            random = random * 1664525 + 1013904223;
            name[k] = (char)(1 + (random >> 25) % 127);
        }
        name[LETTERS_MAX] = '\0';
        store(codecs[i], 0, name, &stored);
        assert_false(is_packed(&stored));
    }
}

static void values_of_many_sizes_come_back(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(codecs); i++) {
        for (size_t len = 0; len <= LETTERS_MAX; len += len < 300 ? 1 : 371) {
            struct stored stored;
            store(codecs[i], 0, name_of(len), &stored);
        }
    }
}

static void code_of_the_first_version_says_nothing_of_it(void **state)
{
    (void)state;
    struct shelf shelf;
    struct stored stored;
    set_up(&shelf, LARDER_CODEC_ZSTD, 0);
    service.stub_version = 1;
    open_shelf(&shelf);
    assert_status(shelf_set(&shelf, &entity, 1, name_of(2000)), LARDER_OK);
    fetch(&shelf, &stored);
    assert_false(is_packed(&stored));
    close_shelf(&shelf);
    entity.compress = (enum larder_codec)77; /* what may lie behind its table */
    open_shelf(&shelf);
    close_shelf(&shelf);
    service.stub_version = LARDER_STUB_VERSION;
    assert_status(larder_stub_open(&service, &shelf.config, &shelf.cache), LARDER_E_ARG);
}

static void a_setting_turns_writing_off_but_not_reading(void **state)
{
    (void)state;
    struct shelf shelf;
    struct stored packed, plain;
    store(LARDER_CODEC_ZSTD, 0, name_of(2000), &packed);
    set_up(&shelf, LARDER_CODEC_ZSTD, 0);
    assert_int_equal(setenv("CACHE_ENABLE_COMPRESSION", "false", 1), 0);
    open_shelf(&shelf);
    unsetenv("CACHE_ENABLE_COMPRESSION");
    assert_status(shelf_set(&shelf, &entity, 1, name_of(2000)), LARDER_OK);
    fetch(&shelf, &plain);
    assert_false(is_packed(&plain));
    put(&shelf, packed.bytes, packed.len);
    assert_status(get(&shelf, name_of(2000)), LARDER_OK);
    close_shelf(&shelf);
}

static enum larder_status load_tea(struct larder_load *load, const void *call, void *out)
{
    struct tea *tea = out;
    (void)load;
    tea->id = 1;
    tea->name = call;
    return LARDER_OK;
}

static void what_is_loaded_is_stored_compressed(void **state)
{
    (void)state;
    struct shelf shelf;
    struct stored stored;
    const void *value;
    set_up(&shelf, LARDER_CODEC_LZ4, 1024);
    open_shelf(&shelf);
    struct larder_key key = shelf_key(&shelf, &entity, 1);
    assert_status(
        larder_stub_get_or_load(shelf.cache, &entity, &key, load_tea, name_of(3000), &value),
        LARDER_OK);
    assert_string_equal(((const struct tea *)value)->name, name_of(3000));
    larder_value_release(value);
    fetch(&shelf, &stored);
    assert_true(is_packed(&stored));
    assert_status(get(&shelf, name_of(3000)), LARDER_OK);
    assert_int_equal(shelf_stats(&shelf, &entity).written_bytes, stored.len);
    assert_int_equal(shelf_stats(&shelf, &entity).read_bytes, stored.len);
    close_shelf(&shelf);
}

/* ------------------------------------------------------------------- reading */

static void every_reader_reads_every_codec(void **state)
{
    (void)state;
    static const enum larder_codec readers[] = {LARDER_CODEC_NONE, LARDER_CODEC_ZSTD,
                                                LARDER_CODEC_LZ4};
    for (size_t i = 0; i < COUNT_OF(readers) * COUNT_OF(readers); i++) {
        struct shelf shelf;
        struct stored stored;
        store(readers[i / COUNT_OF(readers)], 0, name_of(2000), &stored);
        set_up(&shelf, readers[i % COUNT_OF(readers)], 0);
        open_shelf(&shelf);
        put(&shelf, stored.bytes, stored.len);
        assert_status(get(&shelf, name_of(2000)), LARDER_OK);
        close_shelf(&shelf);
    }
}

static void max_bytes_is_of_what_was_not_yet_compressed(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(codecs); i++) {
        struct shelf shelf;
        struct stored stored;
        store(codecs[i], 0, name_of(2000), &stored);
        assert_true(stored.len < 1900);
        set_up(&shelf, codecs[i], 0);
        entity.max_bytes = 1900;
        open_shelf(&shelf);
        assert_status(shelf_set(&shelf, &entity, 1, name_of(2000)), LARDER_E_TOO_LARGE);
        put(&shelf, stored.bytes, stored.len);
        assert_status(get(&shelf, NULL), LARDER_MISS);
        assert_int_equal(shelf_stats(&shelf, &entity).decode_errors, 1);
        close_shelf(&shelf);
    }
}

static void another_keys_or_versions_value_is_a_miss(void **state)
{
    (void)state;
    struct shelf shelf;
    struct stored stored;
    store(LARDER_CODEC_ZSTD, 0, name_of(2000), &stored);
    set_up(&shelf, LARDER_CODEC_ZSTD, 0);
    entity.version = 2;
    open_shelf(&shelf);
    put(&shelf, stored.bytes, stored.len);
    assert_status(get(&shelf, NULL), LARDER_MISS);
    stored.bytes[5]++;
    put(&shelf, stored.bytes, stored.len);
    assert_status(get(&shelf, NULL), LARDER_MISS);
    assert_non_null(strstr(shelf.log_text, "another key"));
    close_shelf(&shelf);
}

static void every_truncated_value_is_a_miss(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(codecs); i++) {
        struct shelf shelf;
        struct stored stored;
        store(codecs[i], 0, name_of(600), &stored);
        set_up(&shelf, LARDER_CODEC_NONE, 0);
        open_shelf(&shelf);
        for (size_t len = 0; len < stored.len; len++) {
            put(&shelf, stored.bytes, len);
            assert_status(get(&shelf, NULL), LARDER_MISS);
        }
        assert_int_equal(shelf_stats(&shelf, &entity).decode_errors, stored.len);
        close_shelf(&shelf);
    }
}

/* Of LZ4 a changed letter may be a letter; of zstd the checksum tells. The head may not change. */
static void a_changed_bit_is_a_miss_or_a_sound_value(void **state)
{
    (void)state;
    enum { HEAD = 1 + 1 + 9 + 1 + 1 + 3 + 3 };
    for (size_t i = 0; i < COUNT_OF(codecs); i++) {
        struct shelf shelf;
        struct stored stored;
        store(codecs[i], 0, name_of(600), &stored);
        set_up(&shelf, LARDER_CODEC_NONE, 0);
        open_shelf(&shelf);
        for (size_t bit = 0; bit < stored.len * 8; bit++) {
            stored.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
            put(&shelf, stored.bytes, stored.len);
            enum larder_status status =
                get(&shelf, codecs[i] == LARDER_CODEC_ZSTD ? name_of(600) : NULL);
            assert_true(status == LARDER_MISS || (status == LARDER_OK && bit / 8 >= HEAD));
            stored.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        }
        close_shelf(&shelf);
    }
}

static void a_size_that_cannot_be_costs_nothing(void **state)
{
    (void)state;
    struct shelf shelf;
    struct stored stored;
    store(LARDER_CODEC_ZSTD, 0, name_of(2000), &stored);
    /* codec, then cd and the size in two bytes. */
    assert_int_equal(stored.bytes[12], LARDER_CODEC_ZSTD);
    assert_int_equal(stored.bytes[13], 0xcd);
    memmove(stored.bytes + 18, stored.bytes + 16, stored.len - 16);
    stored.len += 2;
    memcpy(stored.bytes + 13, "\xce\x03\xff\xff\xff", 5); /* below 64 MiB, over the ratio */
    set_up(&shelf, LARDER_CODEC_ZSTD, 0);
    open_shelf(&shelf);
    put(&shelf, stored.bytes, stored.len);
    size_t calls = shelf.memory.calls;
    assert_status(get(&shelf, NULL), LARDER_MISS);
    assert_int_equal(shelf.memory.calls, calls);
    close_shelf(&shelf);
}

/* -------------------------------------------------------------------- memory */

static void a_write_without_memory_to_compress_is_plain(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(codecs); i++) {
        struct shelf shelf;
        bool kept_plain = false;
        set_up(&shelf, codecs[i], 0);
        open_shelf(&shelf);
        for (size_t n = 1;; n++) {
            struct stored stored;
            shelf.memory.fail_at = n;
            shelf.memory.calls = 0;
            enum larder_status status = shelf_set(&shelf, &entity, 1, name_of(3000));
            bool reached = shelf.memory.calls >= n;
            shelf.memory.fail_at = 0;
            assert_true(status == LARDER_OK || status == LARDER_E_NOMEM);
            if (status == LARDER_OK) {
                fetch(&shelf, &stored);
                kept_plain |= !is_packed(&stored);
                assert_status(get(&shelf, name_of(3000)), LARDER_OK);
            }
            if (!reached) {
                assert_true(is_packed(&stored));
                break;
            }
        }
        assert_true(kept_plain);
        close_shelf(&shelf);
    }
}

static void a_read_without_memory_says_so(void **state)
{
    (void)state;
    struct shelf shelf;
    size_t failed = 0;
    set_up(&shelf, LARDER_CODEC_ZSTD, 0);
    open_shelf(&shelf);
    assert_status(shelf_set(&shelf, &entity, 1, name_of(3000)), LARDER_OK);
    for (size_t n = 1;; n++) {
        shelf.memory.fail_at = n;
        shelf.memory.calls = 0;
        enum larder_status status = get(&shelf, name_of(3000));
        if (shelf.memory.calls < n) {
            assert_status(status, LARDER_OK);
            break;
        }
        assert_status(status, LARDER_E_NOMEM);
        failed++;
    }
    assert_int_equal(failed, 1); /* the block, and nothing else */
    shelf.memory.fail_at = 0;
    close_shelf(&shelf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_large_value_is_stored_compressed),
        cmocka_unit_test(only_bodies_over_the_bound_are_compressed),
        cmocka_unit_test(what_gains_too_little_is_stored_as_it_is),
        cmocka_unit_test(values_of_many_sizes_come_back),
        cmocka_unit_test(code_of_the_first_version_says_nothing_of_it),
        cmocka_unit_test(a_setting_turns_writing_off_but_not_reading),
        cmocka_unit_test(what_is_loaded_is_stored_compressed),
        cmocka_unit_test(every_reader_reads_every_codec),
        cmocka_unit_test(max_bytes_is_of_what_was_not_yet_compressed),
        cmocka_unit_test(another_keys_or_versions_value_is_a_miss),
        cmocka_unit_test(every_truncated_value_is_a_miss),
        cmocka_unit_test(a_changed_bit_is_a_miss_or_a_sound_value),
        cmocka_unit_test(a_size_that_cannot_be_costs_nothing),
        cmocka_unit_test(a_write_without_memory_to_compress_is_plain),
        cmocka_unit_test(a_read_without_memory_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
