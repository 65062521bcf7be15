/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/hash.h"

/* Stored values carry these hashes: they must never change. */
static void test_xxh3_is_the_published_one(void **state)
{
    (void)state;
    char text[300];
    memset(text, 'a', sizeof text);
    assert_int_equal(larder_hash64("", 0, 0), UINT64_C(0x2d06800538d394c2));
    assert_int_equal(larder_hash64("product:42", 10, 0), UINT64_C(0x118af67a3c37d489));
    assert_int_equal(larder_hash64("product:42", 10, 7), UINT64_C(0xf071f890c34bfc09));
    assert_int_equal(larder_hash64(text, sizeof text, 7), UINT64_C(0xc55f688d327b999a));
}

static void test_a_path_hashes_as_its_text(void **state)
{
    (void)state;
    char name[400];
    char joined[500] = "shop/";
    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    assert_int_equal(larder_hash64_path("shop", "product"), larder_hash64("shop/product", 12, 0));
    memcpy(joined + 5, name, sizeof name);
    assert_int_equal(larder_hash64_path("shop", name), larder_hash64(joined, strlen(joined), 0));
}

static void test_pieces_hash_as_one_text(void **state)
{
    (void)state;
    char text[600];
    for (size_t i = 0; i < sizeof text; i++) {
        text[i] = (char)i;
    }
    for (size_t len = 0; len <= sizeof text; len++) {
        const struct larder_hash_piece pieces[] = {
            {text, len / 3}, {text + len / 3, len / 2 - len / 3}, {text + len / 2, len - len / 2}};
        assert_int_equal(larder_hash64_pieces(pieces, 3, 7), larder_hash64(text, len, 7));
    }
}

/* FIPS 180-4's examples. */
static void test_sha256_is_the_published_one(void **state)
{
    (void)state;
    char hex[32];
    larder_hash_hex128("abc", 3, hex);
    assert_memory_equal(hex, "ba7816bf8f01cfea414140de5dae2223", 32);
    larder_hash_hex128("", 0, hex);
    assert_memory_equal(hex, "e3b0c44298fc1c149afbf4c8996fb924", 32);
    larder_hash_hex128("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 56, hex);
    assert_memory_equal(hex, "248d6a61d20638b8e5c026930c3e6039", 32);
}

/* FIPS 180-4's examples. */
static void test_sha1_is_the_published_one(void **state)
{
    (void)state;
    char hex[40];
    larder_hash_sha1("abc", 3, hex);
    assert_memory_equal(hex, "a9993e364706816aba3e25717850c26c9cd0d89d", 40);
    larder_hash_sha1("", 0, hex);
    assert_memory_equal(hex, "da39a3ee5e6b4b0d3255bfef95601890afd80709", 40);
}

static void test_random_numbers_use_all_bits(void **state)
{
    (void)state;
    int ones[64] = {0};
    for (int i = 0; i < 4096; i++) {
        uint64_t number = larder_random64();
        for (int bit = 0; bit < 64; bit++) {
            ones[bit] += (int)(number >> bit & 1);
        }
    }
    for (int bit = 0; bit < 64; bit++) {
        assert_in_range(ones[bit], 2048 - 320, 2048 + 320); /* ten standard deviations */
    }
}

static void *draw(void *arg)
{
    *(uint64_t *)arg = larder_random64();
    return NULL;
}

static void test_threads_draw_different_numbers(void **state)
{
    (void)state;
    uint64_t numbers[2];
    for (size_t i = 0; i < 2; i++) {
        pthread_t thread;
        assert_int_equal(pthread_create(&thread, NULL, draw, &numbers[i]), 0);
        pthread_join(thread, NULL);
    }
    assert_int_not_equal(numbers[0], numbers[1]);
}

static void test_a_forked_child_does_not_repeat_its_parent(void **state)
{
    (void)state;
    int ends[2];
    uint64_t theirs = 0;
    larder_random64();
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        uint64_t number = larder_random64();
        _exit(write(ends[1], &number, sizeof number) == (ssize_t)sizeof number ? 0 : 1);
    }
    uint64_t ours = larder_random64();
    assert_int_equal(read(ends[0], &theirs, sizeof theirs), sizeof theirs);
    assert_int_equal(waitpid(child, NULL, 0), child);
    close(ends[0]);
    close(ends[1]);
    assert_int_not_equal(ours, theirs);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_xxh3_is_the_published_one),
        cmocka_unit_test(test_a_path_hashes_as_its_text),
        cmocka_unit_test(test_pieces_hash_as_one_text),
        cmocka_unit_test(test_sha256_is_the_published_one),
        cmocka_unit_test(test_sha1_is_the_published_one),
        cmocka_unit_test(test_random_numbers_use_all_bits),
        cmocka_unit_test(test_threads_draw_different_numbers),
        cmocka_unit_test(test_a_forked_child_does_not_repeat_its_parent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
