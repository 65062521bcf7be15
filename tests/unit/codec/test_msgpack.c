/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include <msgpack.h>

#include "base/hash.h"
#include "unit/codec/sample.h"

static uint8_t bytes[4096];

/* msgpack-c's bytes of an object that it has read. */
static void assert_repacks_to(const uint8_t *data, size_t len)
{
    msgpack_unpacked unpacked;
    msgpack_sbuffer buffer;
    msgpack_packer packer;
    size_t offset = 0;
    msgpack_unpacked_init(&unpacked);
    msgpack_sbuffer_init(&buffer);
    msgpack_packer_init(&packer, &buffer, msgpack_sbuffer_write);
    assert_int_equal(msgpack_unpack_next(&unpacked, (const char *)data, len, &offset),
                     MSGPACK_UNPACK_SUCCESS);
    assert_int_equal(offset, len);
    assert_int_equal(msgpack_pack_object(&packer, unpacked.data), 0);
    assert_int_equal(buffer.size, len);
    assert_memory_equal(buffer.data, data, len);
    msgpack_sbuffer_destroy(&buffer);
    msgpack_unpacked_destroy(&unpacked);
}

static void test_msgpack_c_writes_the_bytes_that_we_write(void **state)
{
    (void)state;
    struct sample samples[] = {sample_small(), sample_full()};
    for (size_t i = 0; i < 2; i++) {
        size_t len = sample_bytes(&samples[i], bytes, sizeof bytes);
        assert_int_not_equal(len, 0);
        assert_repacks_to(bytes, len);
    }
}

/* Numbers of every magnitude, both ways. */
static void test_numbers_are_msgpack_cs(void **state)
{
    (void)state;
    for (int i = 0; i < 100000; i++) {
        uint64_t value = larder_random64() >> (i % 64);
        value = i % 2 != 0 ? 0 - value : value;
        struct larder_writer w;
        msgpack_sbuffer buffer;
        msgpack_packer packer;
        larder_writer_init(&w, &larder_allocator_libc, bytes, sizeof bytes, 0);
        w.p = larder_write_u64(w.p, value);
        w.p = larder_write_i64(w.p, (int64_t)value);
        msgpack_sbuffer_init(&buffer);
        msgpack_packer_init(&packer, &buffer, msgpack_sbuffer_write);
        msgpack_pack_uint64(&packer, value);
        msgpack_pack_int64(&packer, (int64_t)value);
        assert_int_equal(buffer.size, larder_writer_len(&w));
        assert_memory_equal(buffer.data, bytes, buffer.size);
        msgpack_sbuffer_destroy(&buffer);
        *w.p = 0xc1;
        uint64_t natural;
        int64_t integer;
        struct larder_reader r = {.p = bytes, .end = w.p, .tag = bytes[0]};
        assert_true(larder_read_end(&r, larder_read_u64(&r, larder_read_begin(&r), &natural)));
        assert_true(natural == value);
        assert_true(larder_read_end(&r, larder_read_i64(&r, larder_read_begin(&r), &integer)));
        assert_true(integer == (int64_t)value);
        assert_ptr_equal(r.p, r.end);
    }
}

static bool msgpack_c_accepts(const uint8_t *data, size_t len)
{
    msgpack_unpacked unpacked;
    size_t offset = 0;
    msgpack_unpacked_init(&unpacked);
    bool accepts = msgpack_unpack_next(&unpacked, (const char *)data, len, &offset) ==
                       MSGPACK_UNPACK_SUCCESS &&
                   offset == len;
    msgpack_unpacked_destroy(&unpacked);
    return accepts;
}

/* Short runs of tags and small numbers: about a fifth are values. Counts of 32 bits are
 * left out, for which msgpack-c allocates before it looks. */
static size_t random_items(uint8_t *to)
{
    size_t len = 1 + (size_t)(larder_random64() % 12);
    for (size_t i = 0; i < len; i++) {
        uint64_t number = larder_random64();
        uint8_t tag = (uint8_t)(number >> 8);
        to[i] = number % 4 == 0 ? (uint8_t)(tag % 3) : tag;
        if (to[i] == 0xdd || to[i] == 0xdf) {
            to[i] = 0x91;
        }
    }
    return len;
}

static void test_we_accept_what_msgpack_c_accepts(void **state)
{
    (void)state;
    size_t accepted = 0;
    for (int i = 0; i < 200000; i++) {
        uint8_t items[16];
        size_t len = random_items(items);
        bool ours = larder_any_valid(items, len);
        assert_int_equal(ours, msgpack_c_accepts(items, len));
        accepted += ours ? 1 : 0;
    }
    assert_true(accepted > 5000);
}

/* A struct's bytes as others write them: msgpack-c, longer forms than needed. */
static void test_we_read_what_msgpack_c_writes(void **state)
{
    (void)state;
    struct sample_dims dims = {0, 0};
    msgpack_sbuffer buffer;
    msgpack_packer packer;
    msgpack_sbuffer_init(&buffer);
    msgpack_packer_init(&packer, &buffer, msgpack_sbuffer_write);
    msgpack_pack_array(&packer, 3);
    msgpack_pack_fix_uint64(&packer, 7);
    msgpack_pack_fix_int32(&packer, 9);
    msgpack_pack_map(&packer, 1);
    msgpack_pack_str_with_body(&packer, "new", 3);
    msgpack_pack_array(&packer, 0);
    memcpy(bytes, buffer.data, buffer.size);
    bytes[buffer.size] = 0xc1;
    struct larder_reader r = {.p = bytes, .end = bytes + buffer.size, .tag = bytes[0]};
    assert_true(larder_read_end(&r, decode_sample_dims(&r, larder_read_begin(&r), &dims)));
    assert_ptr_equal(r.p, r.end);
    assert_int_equal(dims.width_mm, 7);
    assert_int_equal(dims.height_mm, 9);
    msgpack_sbuffer_destroy(&buffer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_msgpack_c_writes_the_bytes_that_we_write),
        cmocka_unit_test(test_numbers_are_msgpack_cs),
        cmocka_unit_test(test_we_accept_what_msgpack_c_accepts),
        cmocka_unit_test(test_we_read_what_msgpack_c_writes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
