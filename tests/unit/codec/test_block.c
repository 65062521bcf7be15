/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/alloc.h"
#include "base/hash.h"
#include "codec/block.h"
#include "support/fail_alloc.h"
#include "unit/codec/sample.h"

enum { ROOM = 4096 };

static uint8_t bytes[ROOM];
static size_t bytes_len;
static struct larder_value_hint hint;

static int begin(void **state)
{
    (void)state;
    struct sample full = sample_full();
    bytes_len = sample_bytes(&full, bytes, sizeof bytes);
    assert_true(bytes_len > 100);
    hint = (struct larder_value_hint){0};
    return 0;
}

static enum larder_status decode(const uint8_t *body, size_t len, const struct sample **ret_value)
{
    const void *value;
    enum larder_status status =
        larder_value_decode(&larder_allocator_libc, &sample_entity, &hint, body, len, &value);
    *ret_value = value;
    return status;
}

/* Whether the body is refused, as anything that is not a sample has to be. */
static bool refused(const uint8_t *body, size_t len)
{
    const struct sample *value;
    enum larder_status status = decode(body, len, &value);
    larder_value_release(value);
    return status == LARDER_E_DECODE && value == NULL;
}

/* Encodes what was decoded: equal bytes, equal values. */
static void assert_encodes_to(const struct sample *value, const uint8_t *expected, size_t len)
{
    uint8_t again[ROOM];
    assert_int_equal(sample_bytes(value, again, sizeof again), len);
    assert_memory_equal(again, expected, len);
}

static void test_every_type_comes_back(void **state)
{
    (void)state;
    const struct sample *value;
    assert_int_equal(decode(bytes, bytes_len, &value), LARDER_OK);
    assert_encodes_to(value, bytes, bytes_len);
    assert_int_equal(value->u64, UINT64_MAX);
    assert_int_equal(value->i64, INT64_MIN);
    assert_string_equal(value->name, "Earl Grey, loose");
    assert_int_equal(value->extra.data[0], 0x81);
    assert_string_equal(value->labels.items[2], "caf\xc3\xa9");
    assert_null(value->labels.items[1]);
    assert_int_equal(value->dims->height_mm, 70000);
    assert_int_equal(value->tree.items[0].children.items[1].id, 3);
    assert_string_equal(value->note, "fragile");
    larder_value_release(value);
}

static void test_the_smallest_comes_back_without_lists(void **state)
{
    (void)state;
    struct sample small = sample_small();
    const struct sample *value;
    bytes_len = sample_bytes(&small, bytes, sizeof bytes);
    assert_int_equal(decode(bytes, bytes_len, &value), LARDER_OK);
    assert_null(value->numbers.items);
    assert_null(value->dims);
    assert_null(value->note);
    assert_false(value->has_seen);
    assert_string_equal(value->name, "");
    assert_encodes_to(value, bytes, bytes_len);
    larder_value_release(value);
}

static void test_a_block_is_aligned_for_its_struct(void **state)
{
    (void)state;
    const struct sample *value;
    assert_int_equal(decode(bytes, bytes_len, &value), LARDER_OK);
    assert_int_equal((uintptr_t)value % 8, 0);
    assert_int_equal((uintptr_t)value->tree.items % 8, 0);
    assert_int_equal((uintptr_t)value->attrs.entries % 8, 0);
    larder_value_release(value);
}

static void test_an_older_value_takes_defaults(void **state)
{
    (void)state;
    struct sample small = sample_small();
    const struct sample *value;
    bytes_len = sample_bytes(&small, bytes, sizeof bytes);
    /* The last three positions are of one byte each; the head dc 00 1a. */
    bytes[2] = 23;
    assert_int_equal(decode(bytes, bytes_len - 3, &value), LARDER_OK);
    assert_int_equal(value->late, 7);
    assert_null(value->note);
    larder_value_release(value);
    bytes[2] = 22;
    assert_true(refused(bytes, bytes_len - 4));
}

static void test_a_newer_value_is_read_past(void **state)
{
    (void)state;
    static const uint8_t more[] = {0x92, 0x81, 0xa1, 'x', 0xc0, 0xd9, 1, 'y', 0xc7, 1, 9, 0};
    const struct sample *value;
    memcpy(bytes + bytes_len, more, sizeof more);
    bytes[2] = 28;
    /* 92 … is one position; the ext is the other. */
    assert_int_equal(decode(bytes, bytes_len + sizeof more, &value), LARDER_OK);
    larder_value_release(value);
}

static void test_every_truncation_is_refused(void **state)
{
    (void)state;
    for (size_t len = 0; len < bytes_len; len++) {
        uint8_t *exact = larder_alloc(&larder_allocator_libc, len);
        memcpy(exact, bytes, len);
        assert_true(refused(exact, len));
        larder_free(&larder_allocator_libc, exact);
    }
}

static void test_trailing_bytes_are_refused(void **state)
{
    (void)state;
    bytes[bytes_len] = 0xc0;
    assert_true(refused(bytes, bytes_len + 1));
    bytes[bytes_len] = 0xc1;
    assert_true(refused(bytes, bytes_len + 1));
}

/* Whatever comes out is a sample whole: it can be encoded, every pointer read. */
static void check_bytes(const uint8_t *body, size_t len)
{
    uint8_t again[ROOM];
    const struct sample *value;
    enum larder_status status = decode(body, len, &value);
    if (status == LARDER_OK) {
        assert_int_not_equal(sample_bytes(value, again, sizeof again), 0);
    } else {
        assert_int_equal(status, LARDER_E_DECODE);
        assert_null(value);
    }
    larder_value_release(value);
}

static void test_no_changed_byte_does_harm(void **state)
{
    (void)state;
    for (size_t i = 0; i < bytes_len; i++) {
        uint8_t kept = bytes[i];
        for (int c = 0; c < 256; c++) {
            bytes[i] = (uint8_t)c;
            check_bytes(bytes, bytes_len);
        }
        bytes[i] = kept;
    }
}

static void test_no_random_damage_does_harm(void **state)
{
    (void)state;
    uint8_t damaged[ROOM];
    for (int round = 0; round < 50000; round++) {
        size_t len = bytes_len;
        memcpy(damaged, bytes, len);
        for (uint64_t n = larder_random64() % 4 + 1; n > 0; n--) {
            damaged[larder_random64() % len] = (uint8_t)larder_random64();
        }
        if (round % 3 == 0) {
            size_t at = (size_t)(larder_random64() % len);
            size_t gone = (size_t)(larder_random64() % (len - at));
            memmove(damaged + at, damaged + at + gone, len - at - gone);
            len -= gone;
        }
        check_bytes(damaged, len);
    }
}

static void test_hostile_heads_take_no_memory(void **state)
{
    (void)state;
    static const struct {
        uint8_t bytes[6];
        size_t len;
    } heads[] = {
        {{0xdd, 0xff, 0xff, 0xff, 0xff}, 5},
        {{0xdf, 0xff, 0xff, 0xff, 0xff}, 5},
        {{0xdb, 0xff, 0xff, 0xff, 0xff}, 5},
        {{0xc6, 0xff, 0xff, 0xff, 0xff}, 5},
        {{0xc9, 0xff, 0xff, 0xff, 0xff}, 5},
        {{0xdc, 0xff, 0xff}, 3},
        {{0xde, 0xff, 0xff}, 3},
        {{0xda, 0xff, 0xff}, 3},
        {{0xc5, 0xff, 0xff}, 3},
        {{0xdd, 0, 0, 0}, 4},
        {{0xdf, 0x80, 0, 0, 0}, 5},
        {{0xdf, 0x7f, 0xff, 0xff, 0xff, 0}, 6},
        {{0xc1}, 1},
        {{0xdd}, 1},
    };
    struct fail_alloc memory;
    uint8_t body[ROOM];
    fail_alloc_init(&memory);
    /* In place of each item, at the end and with all that follows behind it. */
    for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++) {
        for (size_t at = 0; at <= bytes_len; at++) {
            for (int tail = 0; tail < 2; tail++) {
                const void *value;
                size_t len = at + heads[i].len;
                memcpy(body, bytes, at);
                memcpy(body + at, heads[i].bytes, heads[i].len);
                if (tail == 1) {
                    memcpy(body + len, bytes + at, bytes_len - at);
                    len += bytes_len - at;
                }
                enum larder_status status = larder_value_decode(&memory.allocator, &sample_entity,
                                                                &hint, body, len, &value);
                assert_true(status == LARDER_OK || status == LARDER_E_DECODE);
                larder_value_release(value);
            }
        }
    }
    assert_int_equal(memory.live_blocks, 0);
    assert_true(memory.peak_bytes < (SAMPLE_SLOTS + 1) * (bytes_len + 8) + 2000);
}

static void test_the_hint_makes_one_allocation_a_value(void **state)
{
    (void)state;
    struct fail_alloc memory;
    fail_alloc_init(&memory);
    for (int i = 0; i < 3; i++) {
        const void *value;
        memory.calls = 0;
        assert_int_equal(
            larder_value_decode(&memory.allocator, &sample_entity, &hint, bytes, bytes_len, &value),
            LARDER_OK);
        if (i > 0) {
            assert_int_equal(memory.calls, 1);
        }
        larder_value_release(value);
    }
    assert_int_equal(memory.live_blocks, 0);
}

/* A value with `count` labels and a name of len bytes, decoded; the size of its block. */
static size_t block_bytes(size_t count, size_t len)
{
    static const char *labels[20];
    struct sample value = sample_full();
    struct larder_writer w;
    struct fail_alloc memory;
    const void *decoded;
    char name[41] = {0};
    for (size_t i = 0; i < count; i++) {
        labels[i] = "x";
    }
    memset(name, 'x', len);
    value.name = name;
    value.labels = (struct larder_string_list){labels, count};
    larder_writer_init(&w, &larder_allocator_libc, bytes, sizeof bytes, 0);
    assert_true(larder_value_encode(&w, &sample_entity, &value));
    fail_alloc_init(&memory);
    for (int i = 0; i < 2; i++) { /* the second is taught by the first */
        memory.peak_bytes = 0;
        assert_int_equal(larder_value_decode(&memory.allocator, &sample_entity, &hint, w.start,
                                             larder_writer_len(&w), &decoded),
                         LARDER_OK);
        larder_value_release(decoded);
    }
    larder_writer_release(&w);
    return memory.peak_bytes;
}

static void test_a_longer_value_with_lists_of_one_length_takes_no_more_slots(void **state)
{
    (void)state;
    size_t with_short = block_bytes(5, 1);
    assert_int_equal(block_bytes(5, 40), with_short + 40); /* its head is wider by one */
    assert_int_equal(block_bytes(5, 1), with_short);
    assert_true(block_bytes(20, 1) > with_short + 15 * sizeof(char *));
}

static void test_a_failed_value_teaches_nothing(void **state)
{
    (void)state;
    assert_true(refused(bytes, bytes_len - 1));
    assert_int_equal(hint.slots_per_256, 0);
}

static void test_no_memory_is_told_apart_from_a_bad_value(void **state)
{
    (void)state;
    /* A map so large that checking its keys takes work space, too. */
    static char keys[40][4];
    static struct sample_attr attrs[40];
    struct sample big = sample_full();
    struct fail_alloc memory;
    for (size_t i = 0; i < 40; i++) {
        keys[i][0] = (char)('a' + i / 10);
        keys[i][1] = (char)('0' + i % 10);
        attrs[i].key = keys[i];
    }
    big.attrs = (struct sample_attr_map){attrs, 40};
    struct larder_writer w;
    larder_writer_init(&w, &larder_allocator_libc, bytes, sizeof bytes, 0);
    assert_true(larder_value_encode(&w, &sample_entity, &big));
    bytes_len = larder_writer_len(&w);
    fail_alloc_init(&memory);
    size_t failures = 0;
    for (memory.fail_at = 1;; memory.fail_at++) {
        const void *value;
        hint = (struct larder_value_hint){0};
        memory.calls = 0;
        enum larder_status status =
            larder_value_decode(&memory.allocator, &sample_entity, &hint, bytes, bytes_len, &value);
        if (memory.calls < memory.fail_at) {
            assert_int_equal(status, LARDER_OK);
            larder_value_release(value);
            break;
        }
        assert_int_equal(status, LARDER_E_NOMEM);
        assert_null(value);
        assert_int_equal(memory.live_blocks, 0);
        failures++;
    }
    assert_true(failures >= 3);
    assert_int_equal(memory.live_blocks, 0);
    larder_writer_release(&w);
}

static void test_a_value_lives_until_its_last_release(void **state)
{
    (void)state;
    struct fail_alloc memory;
    struct larder_allocator table;
    const void *value;
    fail_alloc_init(&memory);
    table = memory.allocator;
    assert_int_equal(larder_value_decode(&table, &sample_entity, &hint, bytes, bytes_len, &value),
                     LARDER_OK);
    memset(&table, 0, sizeof table); /* as after close */
    assert_ptr_equal(larder_value_acquire(value), value);
    larder_value_release(value);
    assert_int_equal(memory.live_blocks, 1);
    assert_string_equal(((const struct sample *)value)->name, "Earl Grey, loose");
    larder_value_release(value);
    assert_int_equal(memory.live_blocks, 0);
    larder_value_release(NULL);
}

/* ------------------------------------------------------------------- in place */

/* An entity without lists, maps and optionals: it takes no slots. */
struct parcel {
    uint32_t id;
    const char *name;
    struct larder_bytes data;
    const char *note;
};

enum { PARCEL_FIXED = 1 + 5 + 2 * LARDER_SHORT_BYTES };

static bool encode_parcel(struct larder_writer *w, const void *from)
{
    const struct parcel *parcel = from;
    uint8_t *p = larder_write_room(w, w->p, PARCEL_FIXED);
    if (p != NULL) {
        p = larder_write_struct(p, 4);
        p = larder_write_u64(p, parcel->id);
        p = larder_write_string(w, p, parcel->name, 0, PARCEL_FIXED);
    }
    if (p != NULL) {
        p = larder_write_bytes(w, p, parcel->data, 0, PARCEL_FIXED);
    }
    if (p != NULL) {
        p = larder_write_string(w, p, parcel->note, 0, PARCEL_FIXED);
    }
    return larder_write_end(w, p);
}

static bool decode_parcel(struct larder_reader *r, void *to)
{
    struct parcel *parcel = to;
    size_t count;
    struct larder_at at = larder_read_struct(r, larder_read_begin(r), 4, &count);
    if (at.p == NULL || !SAMPLE_READ(at, larder_read_u32(r, at, &parcel->id)) ||
        !SAMPLE_READ(at, larder_read_string(r, at, 0, &parcel->name)) ||
        !SAMPLE_READ(at, larder_read_bytes(r, at, 0, &parcel->data)) ||
        !SAMPLE_READ(at, larder_read_string(r, at, 0, &parcel->note))) {
        return false;
    }
    return larder_read_end(r, larder_read_rest(r, at, count, 4));
}

static const struct larder_entity parcel_entity = {.name = "parcel",
                                                   .pattern = "parcel:{id:u32}",
                                                   .version = 1,
                                                   .ttl_index = -1,
                                                   .value_size = sizeof(struct parcel),
                                                   .encode = encode_parcel,
                                                   .decode = decode_parcel};

enum { ENVELOPE = 13 };

/* Decodes as if the bytes had been received behind an envelope. */
static enum larder_status decode_in_room(struct fail_alloc *memory,
                                         const struct larder_entity *entity, const uint8_t *body,
                                         size_t len, const void **ret_value)
{
    struct larder_value_room room;
    *ret_value = NULL;
    uint8_t *at = larder_value_room_make(&memory->allocator, entity, ENVELOPE + len, &room);
    if (at == NULL) {
        assert_null(room.block);
        return LARDER_E_NOMEM;
    }
    memset(at, 0x7f, ENVELOPE);
    if (len != 0) {
        memcpy(at + ENVELOPE, body, len);
    }
    memcpy(at + ENVELOPE + len, "\r\n", 2);
    enum larder_status status =
        larder_value_room_decode(&memory->allocator, entity, &hint, &room, ENVELOPE, ret_value);
    assert_null(room.block);
    return status;
}

/* Both ways give the same, whatever the bytes. */
static void assert_same(const struct larder_entity *entity, const uint8_t *body, size_t len)
{
    struct fail_alloc memory;
    struct larder_writer w[2];
    const void *values[2];
    fail_alloc_init(&memory);
    enum larder_status status =
        larder_value_decode(&memory.allocator, entity, &hint, body, len, &values[0]);
    assert_int_equal(decode_in_room(&memory, entity, body, len, &values[1]), status);
    for (size_t i = 0; i < 2 && status == LARDER_OK; i++) {
        larder_writer_init(&w[i], &larder_allocator_libc, NULL, 0, 0);
        assert_true(larder_value_encode(&w[i], entity, values[i]));
        larder_value_release(values[i]);
    }
    if (status == LARDER_OK) {
        assert_int_equal(larder_writer_len(&w[0]), larder_writer_len(&w[1]));
        assert_memory_equal(w[0].start, w[1].start, larder_writer_len(&w[0]));
        larder_writer_release(&w[0]);
        larder_writer_release(&w[1]);
    }
    assert_int_equal(memory.live_blocks, 0);
}

static void test_a_room_gives_what_a_copy_gives(void **state)
{
    (void)state;
    uint8_t parcel[128];
    const struct parcel value = {7, "Earl Grey", {(const unsigned char *)"\0\1\2\xc1", 4}, "x"};
    struct larder_writer w;
    larder_writer_init(&w, &larder_allocator_libc, parcel, sizeof parcel, 0);
    assert_true(larder_value_encode(&w, &parcel_entity, &value));
    const struct {
        const struct larder_entity *entity;
        uint8_t *body;
        size_t len;
    } rows[] = {{&parcel_entity, parcel, larder_writer_len(&w)},
                {&sample_entity, bytes, bytes_len}};
    for (size_t row = 0; row < 2; row++) {
        for (size_t len = 0; len <= rows[row].len; len++) {
            assert_same(rows[row].entity, rows[row].body, len);
        }
        for (size_t i = 0; i < rows[row].len; i++) {
            uint8_t kept = rows[row].body[i];
            for (int c = 0; c < 256; c++) {
                rows[row].body[i] = (uint8_t)c;
                assert_same(rows[row].entity, rows[row].body, rows[row].len);
            }
            rows[row].body[i] = kept;
        }
    }
}

/* Whatever the reading of a number that is cut off runs into. */
static bool decode_looking_behind(struct larder_reader *r, void *to)
{
    (void)to;
    for (size_t i = 0; i < LARDER_SLACK_BYTES; i++) {
        assert_int_equal(r->end[i], 0xc1);
    }
    return larder_read_end(r, larder_read_skip(r, larder_read_begin(r)));
}

static void test_a_payload_has_its_slack(void **state)
{
    (void)state;
    struct larder_entity entity = parcel_entity;
    struct fail_alloc memory;
    const void *value;
    entity.decode = decode_looking_behind;
    fail_alloc_init(&memory);
    assert_int_equal(
        larder_value_decode(&memory.allocator, &entity, &hint, bytes, bytes_len, &value),
        LARDER_OK);
    larder_value_release(value);
    assert_int_equal(decode_in_room(&memory, &entity, bytes, bytes_len, &value), LARDER_OK);
    larder_value_release(value);
    assert_int_equal(memory.live_blocks, 0);
}

static void test_a_room_becomes_the_value(void **state)
{
    (void)state;
    static const uint8_t body[] = {0x94, 7, 0xa3, 't', 'e', 'a', 0xc4, 2, 9, 8, 0xa1, 'n'};
    struct fail_alloc memory;
    const void *value;
    fail_alloc_init(&memory);
    assert_int_equal(decode_in_room(&memory, &parcel_entity, body, sizeof body, &value), LARDER_OK);
    const struct parcel *parcel = value;
    assert_int_equal(memory.calls, 1);
    assert_string_equal(parcel->name, "tea");
    assert_string_equal(parcel->note, "n"); /* its NUL is where the sentinel was */
    assert_int_equal(parcel->data.data[1], 8);
    larder_value_release(value);
    assert_int_equal(memory.live_blocks, 0);
    memory.fail_at = memory.calls + 1;
    assert_int_equal(decode_in_room(&memory, &parcel_entity, body, sizeof body, &value),
                     LARDER_E_NOMEM);
    memory.fail_at = memory.calls + 2; /* the room is there, the block for the copy is not */
    assert_int_equal(decode_in_room(&memory, &sample_entity, bytes, bytes_len, &value),
                     LARDER_E_NOMEM);
    assert_null(value);
    assert_int_equal(memory.live_blocks, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_every_type_comes_back, begin),
        cmocka_unit_test_setup(test_the_smallest_comes_back_without_lists, begin),
        cmocka_unit_test_setup(test_a_block_is_aligned_for_its_struct, begin),
        cmocka_unit_test_setup(test_an_older_value_takes_defaults, begin),
        cmocka_unit_test_setup(test_a_newer_value_is_read_past, begin),
        cmocka_unit_test_setup(test_every_truncation_is_refused, begin),
        cmocka_unit_test_setup(test_trailing_bytes_are_refused, begin),
        cmocka_unit_test_setup(test_no_changed_byte_does_harm, begin),
        cmocka_unit_test_setup(test_no_random_damage_does_harm, begin),
        cmocka_unit_test_setup(test_hostile_heads_take_no_memory, begin),
        cmocka_unit_test_setup(test_the_hint_makes_one_allocation_a_value, begin),
        cmocka_unit_test_setup(test_a_longer_value_with_lists_of_one_length_takes_no_more_slots,
                               begin),
        cmocka_unit_test_setup(test_a_failed_value_teaches_nothing, begin),
        cmocka_unit_test_setup(test_no_memory_is_told_apart_from_a_bad_value, begin),
        cmocka_unit_test_setup(test_a_value_lives_until_its_last_release, begin),
        cmocka_unit_test_setup(test_a_room_gives_what_a_copy_gives, begin),
        cmocka_unit_test_setup(test_a_payload_has_its_slack, begin),
        cmocka_unit_test_setup(test_a_room_becomes_the_value, begin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
