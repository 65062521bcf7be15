/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>
#include <sys/resource.h>

#include <larder/msgpack.h>

#include "support/sanitizers.h"

static struct larder_bytes bytes(const void *data, size_t len)
{
    return (struct larder_bytes){data, len};
}

static void test_what_was_packed_is_unpacked(void **state)
{
    (void)state;
    msgpack_sbuffer buffer;
    msgpack_packer packer;
    msgpack_unpacked unpacked;
    msgpack_sbuffer_init(&buffer);
    msgpack_packer_init(&packer, &buffer, msgpack_sbuffer_write);
    assert_int_equal(msgpack_pack_array(&packer, 2), 0);
    assert_int_equal(msgpack_pack_int64(&packer, -5), 0);
    assert_int_equal(msgpack_pack_str_with_body(&packer, "tea", 3), 0);
    struct larder_bytes any = larder_any_from_sbuffer(&buffer);
    assert_true(larder_any_valid(any.data, any.len));
    assert_int_equal(larder_any_unpack(any, &unpacked), LARDER_OK);
    assert_int_equal(unpacked.data.type, MSGPACK_OBJECT_ARRAY);
    assert_int_equal(unpacked.data.via.array.size, 2);
    assert_int_equal(unpacked.data.via.array.ptr[0].via.i64, -5);
    assert_memory_equal(unpacked.data.via.array.ptr[1].via.str.ptr, "tea", 3);
    msgpack_unpacked_destroy(&unpacked);
    msgpack_sbuffer_destroy(&buffer);
}

static void test_nothing_packed_is_no_value(void **state)
{
    (void)state;
    msgpack_sbuffer buffer;
    msgpack_unpacked unpacked;
    msgpack_sbuffer_init(&buffer);
    assert_int_equal(larder_any_unpack(larder_any_from_sbuffer(&buffer), &unpacked), LARDER_E_ARG);
    msgpack_unpacked_destroy(&unpacked);
}

/* Our depth is msgpack-c's: what larder stores, it can unpack. */
static void test_what_is_as_deep_as_may_be_is_unpacked_and_no_deeper(void **state)
{
    (void)state;
    enum { DEEPEST = 32 };
    static const unsigned char opens[] = {0x91, 0x81};
    for (size_t kind = 0; kind < sizeof opens; kind++) {
        unsigned char deep[2 * DEEPEST + 4];
        size_t each = kind + 1; /* a map's key */
        for (size_t levels = 1; levels <= DEEPEST + 1; levels++) {
            msgpack_unpacked unpacked;
            for (size_t i = 0; i < levels; i++) {
                deep[i * each] = opens[kind];
                deep[i * each + each - 1] = kind == 0 ? opens[kind] : 0x01;
            }
            deep[levels * each] = 0xc0;
            assert_int_equal(larder_any_unpack(bytes(deep, levels * each + 1), &unpacked),
                             levels <= DEEPEST ? LARDER_OK : LARDER_E_ARG);
            msgpack_unpacked_destroy(&unpacked);
        }
    }
}

/* msgpack-c alone allocates 8 GiB for the first of these. */
static void test_lengths_are_not_believed(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "\xdd\x10\x01\x01\x01",
        "\xdf\x08\x01\x01\x01",
        "\xdd\xff\xff\xff\xff",
        "\xc6\xff\xff\xff\xff",
        "\xdb\xff\xff\xff\xff",
        "\xc9\xff\xff\xff\xff",
        "\x92\x01",
        "\xa5xyz",
        "\x01\x01",
        "\xc1",
        "\x81\x01",
        "",
    };
    struct rlimit before, narrow;
    assert_int_equal(getrlimit(RLIMIT_AS, &before), 0);
    narrow = (struct rlimit){(rlim_t)1 << 30, before.rlim_max};
    if (!UNDER_ADDRESS_SANITIZER && !UNDER_THREAD_SANITIZER) {
        assert_int_equal(setrlimit(RLIMIT_AS, &narrow), 0);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        msgpack_unpacked unpacked;
        assert_int_equal(larder_any_unpack(bytes(bad[i], strlen(bad[i])), &unpacked), LARDER_E_ARG);
        assert_int_equal(unpacked.data.type, MSGPACK_OBJECT_NIL);
        msgpack_unpacked_destroy(&unpacked);
    }
    assert_int_equal(setrlimit(RLIMIT_AS, &before), 0);
    msgpack_unpacked unpacked;
    assert_int_equal(larder_any_unpack(bytes(NULL, 0), &unpacked), LARDER_E_ARG);
    msgpack_unpacked_destroy(&unpacked);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_was_packed_is_unpacked),
        cmocka_unit_test(test_nothing_packed_is_no_value),
        cmocka_unit_test(test_what_is_as_deep_as_may_be_is_unpacked_and_no_deeper),
        cmocka_unit_test(test_lengths_are_not_believed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
