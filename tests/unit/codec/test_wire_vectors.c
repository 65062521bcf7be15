/* SPDX-License-Identifier: MIT */
/*
 * docs/wire-format.md's test vectors, tests/vectors/wire.txt: those of envelopes,
 * ids and keys. Those of bodies want a generated cache: tests/interop checks them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cache/versions.h"
#include "codec/compress.h"
#include "codec/envelope.h"
#include "key/key.h"
#include <larder/codec.h>

enum { LINE_BYTES = 32768, WORDS_MAX = 14, BYTES_MAX = 512 };

static FILE *open_vectors(void)
{
    char path[1024];
    const char *root = getenv("LARDER_SOURCE_DIR");
    snprintf(path, sizeof path, "%s/tests/vectors/wire.txt", root != NULL ? root : ".");
    return fopen(path, "r");
}

static size_t from_hex(const char *text, uint8_t *to)
{
    size_t len = strlen(text) / 2;
    assert_true(len <= BYTES_MAX);
    for (size_t i = 0; i < len; i++) {
        unsigned byte;
        assert_int_equal(sscanf(text + 2 * i, "%2x", &byte), 1);
        to[i] = (uint8_t)byte;
    }
    return len;
}

static void check_value(char **words)
{
    uint8_t body[BYTES_MAX], stored[BYTES_MAX], head[LARDER_ENVELOPE_MAX_BYTES];
    uint64_t expected_seed = strtoull(words[5], NULL, 16);
    uint64_t expected = strtoull(words[6], NULL, 16);
    uint32_t version = (uint32_t)strtoul(words[3], NULL, 10);
    size_t body_len = from_hex(words[7], body);
    size_t len = from_hex(words[8], stored);
    size_t at;
    uint64_t seed = larder_envelope_seed(words[1], words[2]);
    uint64_t fingerprint = larder_envelope_fingerprint(seed, words[4], strlen(words[4]));
    assert_int_equal(seed, expected_seed);
    assert_int_equal(fingerprint, expected);
    assert_int_equal(larder_envelope_read(stored, len, fingerprint, version, &at),
                     LARDER_ENVELOPE_OK);
    assert_int_equal(len - at, body_len);
    assert_memory_equal(stored + at, body, body_len);
    assert_true(larder_any_valid(stored, len));
    assert_int_equal(larder_envelope_write(head, fingerprint, version), at);
    assert_memory_equal(head, stored, at);
}

static void check_packed(char **words)
{
    uint8_t body[BYTES_MAX], stored[BYTES_MAX], again[BYTES_MAX];
    uint8_t head[LARDER_ENVELOPE_PACKED_MAX_BYTES];
    uint32_t version = (uint32_t)strtoul(words[3], NULL, 10);
    size_t body_len = from_hex(words[6], body);
    size_t len = from_hex(words[7], stored);
    struct larder_compressor compressor;
    struct larder_packed packed;
    size_t at;
    uint64_t fingerprint = larder_envelope_fingerprint(larder_envelope_seed(words[1], words[2]),
                                                       words[4], strlen(words[4]));
    assert_int_equal(larder_envelope_read(stored, len, fingerprint, version, &at),
                     LARDER_ENVELOPE_PACKED);
    assert_true(larder_envelope_read_packed(stored, len, at, &packed));
    assert_int_equal(packed.codec,
                     strcmp(words[5], "zstd") == 0 ? LARDER_CODEC_ZSTD : LARDER_CODEC_LZ4);
    assert_int_equal(packed.size, body_len);
    assert_true(larder_packed_is_credible(&packed, BYTES_MAX));
    larder_compressor_init(&compressor);
    assert_int_equal(larder_decompress(&compressor, &packed, again), LARDER_OK);
    larder_compressor_release(&compressor);
    assert_memory_equal(again, body, body_len);
    assert_true(larder_any_valid(stored, len));
    assert_int_equal(larder_envelope_write_packed(head, fingerprint, version, &packed),
                     len - packed.len);
    assert_memory_equal(head, stored, len - packed.len);
}

static size_t read_tags(const char *text, uint64_t *to)
{
    size_t count = strcmp(text, "-") == 0 ? 0 : strlen(text) / 16;
    for (size_t i = 0; i < count; i++) {
        char digits[17] = "";
        memcpy(digits, text + 16 * i, 16);
        to[i] = strtoull(digits, NULL, 16);
    }
    return count;
}

static void check_head(char **words)
{
    uint8_t body[BYTES_MAX], stored[BYTES_MAX], written[LARDER_ENVELOPE_HEAD_MAX_BYTES];
    uint32_t version = (uint32_t)strtoul(words[3], NULL, 10);
    struct larder_envelope_head read;
    struct larder_envelope_head expected = {
        .meta = (unsigned)strtoul(words[5], NULL, 10),
        .token = strtoull(words[6], NULL, 16),
        .until_ms = strtoll(words[7], NULL, 10),
        .fresh_ms = strtoll(words[8], NULL, 10),
        .cost_ms = (uint32_t)strtoul(words[9], NULL, 10),
        .as_of = strtoull(words[10], NULL, 16),
    };
    expected.tag_count = read_tags(words[11], expected.tags);
    size_t body_len = strcmp(words[12], "-") == 0 ? 0 : from_hex(words[12], body);
    size_t len = from_hex(words[13], stored);
    uint64_t fingerprint = larder_envelope_fingerprint(larder_envelope_seed(words[1], words[2]),
                                                       words[4], strlen(words[4]));
    assert_int_equal(larder_envelope_read_head(stored, len, fingerprint, version, &read),
                     LARDER_ENVELOPE_OK);
    expected.body = body_len != 0 ? len - body_len : len - 1;
    assert_int_equal(read.body, expected.body);
    assert_int_equal(read.meta, expected.meta);
    assert_int_equal(read.token, expected.token);
    assert_int_equal(read.until_ms, expected.until_ms);
    assert_int_equal(read.fresh_ms, expected.fresh_ms);
    assert_int_equal(read.cost_ms, expected.cost_ms);
    assert_int_equal(read.as_of, expected.as_of);
    assert_int_equal(read.tag_count, expected.tag_count);
    assert_memory_equal(read.tags, expected.tags, sizeof read.tags);
    assert_true(larder_any_valid(stored, len));
    assert_int_equal(larder_envelope_write_head(written, fingerprint, version, &expected, NULL),
                     len - body_len);
    assert_memory_equal(written, stored, len - body_len);
}

static void check_id(char **words)
{
    static struct larder_version_names names;
    char text[LARDER_VERSION_KEY_MAX];
    uint64_t id = 0;
    assert_true(larder_version_names_init(&names, "", words[1]));
    char *at = strchr(words[2] + 2, ':');
    if (words[2][0] == 'e') {
        id = larder_version_of_entity(&names, words[2] + 2);
    } else if (words[2][0] == 't') {
        id = larder_version_of_tag(&names, words[2] + 2, strlen(words[2] + 2));
    } else {
        assert_non_null(at);
        *at = '\0';
        id = larder_version_of_group(&names, words[2] + 2, at + 1, strlen(at + 1));
    }
    assert_int_equal(id, strtoull(words[3], NULL, 16));
    size_t len = larder_version_key_write(&names, id, text);
    assert_int_equal(len, strlen(words[4]));
    assert_memory_equal(text, words[4], len);
}

static void check_string(char **words)
{
    char text[BYTES_MAX + 1];
    struct larder_key key;
    size_t len = strcmp(words[1], "-") == 0 ? 0 : from_hex(words[1], (uint8_t *)text);
    text[len] = '\0';
    larder_key_init(&key, "", 0);
    larder_key_string(&key, text);
    assert_int_equal(key.len, strlen(words[2]));
    assert_memory_equal(key.bytes, words[2], key.len);
    larder_key_init(&key, "", 0);
    larder_key_string_hash(&key, text);
    assert_int_equal(key.len, strlen(words[3]));
    assert_memory_equal(key.bytes, words[3], key.len);
}

static bool is_of_a_body(const char *kind)
{
    return strcmp(kind, "entry") == 0 || strcmp(kind, "read") == 0 || strcmp(kind, "miss") == 0 ||
           strcmp(kind, "empty") == 0;
}

static void test_every_vector_holds(void **state)
{
    (void)state;
    static char line[LINE_BYTES];
    size_t values = 0, strings = 0, packed = 0, heads = 0, ids = 0;
    FILE *file = open_vectors();
    assert_non_null(file);
    while (fgets(line, sizeof line, file) != NULL) {
        char *words[WORDS_MAX] = {NULL};
        char *rest = line;
        size_t count = 0;
        for (char *word; count < WORDS_MAX && (word = strtok_r(rest, " \n", &rest)) != NULL;) {
            words[count++] = word;
        }
        if (count == 0 || words[0][0] == '#' || is_of_a_body(words[0])) {
            continue;
        }
        if (strcmp(words[0], "value") == 0) {
            assert_int_equal(count, 9);
            check_value(words);
            values++;
        } else if (strcmp(words[0], "packed") == 0) {
            assert_int_equal(count, 8);
            check_packed(words);
            packed++;
        } else if (strcmp(words[0], "head") == 0) {
            assert_int_equal(count, 14);
            check_head(words);
            heads++;
        } else if (strcmp(words[0], "id") == 0) {
            assert_int_equal(count, 5);
            check_id(words);
            ids++;
        } else {
            assert_string_equal(words[0], "string");
            assert_int_equal(count, 4);
            check_string(words);
            strings++;
        }
    }
    fclose(file);
    assert_true(values >= 4);
    assert_true(strings >= 8);
    assert_true(packed >= 2);
    assert_true(heads >= 10);
    assert_true(ids >= 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_vector_holds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
