/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "store/store.h"

/* An allocator that knows what is held, and can fail. */
struct meter {
    atomic_size_t bytes;
    atomic_size_t most;
    atomic_int fail_in; /* the n-th allocation from now fails; 0: none */
};

/* Before each block, its size: what malloc really adds differs from run to run
 * (a remainder too small to be a block of its own, whole pages), so the meter
 * takes what the store assumes of any allocator. */
enum { METER_HEAD = 16, METER_SHARE = 16 };

static void *meter_alloc(void *user, size_t size)
{
    struct meter *meter = user;
    if (atomic_load(&meter->fail_in) > 0 && atomic_fetch_sub(&meter->fail_in, 1) == 1) {
        return NULL;
    }
    char *block = malloc(METER_HEAD + size);
    if (block == NULL) {
        return NULL;
    }
    memcpy(block, &size, sizeof size);
    size_t now = atomic_fetch_add(&meter->bytes, size + METER_SHARE) + size + METER_SHARE;
    size_t most = atomic_load(&meter->most);
    while (now > most && !atomic_compare_exchange_weak(&meter->most, &most, now)) {
    }
    return block + METER_HEAD;
}

static void meter_release(void *user, void *block)
{
    struct meter *meter = user;
    size_t size;
    if (block == NULL) {
        return;
    }
    char *head = (char *)block - METER_HEAD;
    memcpy(&size, head, sizeof size);
    atomic_fetch_sub(&meter->bytes, size + METER_SHARE);
    free(head);
}

/* The store never resizes. */
static void *meter_resize(void *user, void *block, size_t size)
{
    (void)user;
    (void)block;
    (void)size;
    return NULL;
}

static struct meter meter;
static const struct larder_allocator metered = {
    .alloc = meter_alloc, .resize = meter_resize, .release = meter_release, .user = &meter};

static int meter_reset(void **state)
{
    (void)state;
    atomic_store(&meter.most, 0);
    atomic_store(&meter.fail_in, 0);
    return 0;
}

static int meter_is_empty(void **state)
{
    (void)state;
    return atomic_load(&meter.bytes) == 0 ? 0 : -1;
}

struct seen {
    size_t len;
    int calls;
    char text[64];
};

static void look(void *user, const uint8_t *value, size_t len)
{
    struct seen *seen = user;
    seen->calls++;
    seen->len = len;
    if (len < sizeof seen->text) {
        memcpy(seen->text, value, len);
        seen->text[len] = '\0';
    }
}

static void ignore(void *user, const uint8_t *value, size_t len)
{
    (void)user;
    (void)value;
    (void)len;
}

static enum larder_status put_at(struct larder_store *store, enum larder_store_condition when,
                                 const char *key, const char *value, int64_t expires_ns,
                                 int64_t now_ns)
{
    struct larder_store_item item = {.key = key,
                                     .key_len = strlen(key),
                                     .value = value,
                                     .value_len = strlen(value),
                                     .expires_ns = expires_ns};
    return larder_store_put(store, when, &item, now_ns);
}

static enum larder_status put(struct larder_store *store, const char *key, const char *value)
{
    return put_at(store, LARDER_STORE_ALWAYS, key, value, LARDER_STORE_NEVER, 0);
}

static bool get(struct larder_store *store, const char *key, int64_t now_ns, struct seen *ret_seen)
{
    memset(ret_seen, 0, sizeof *ret_seen);
    return larder_store_get(store, key, strlen(key), now_ns, look, ret_seen);
}

static bool there(struct larder_store *store, const char *key)
{
    struct seen seen;
    return get(store, key, 0, &seen);
}

static uint64_t entries(struct larder_store *store)
{
    struct larder_store_stats stats;
    larder_store_stats(store, &stats);
    return stats.entries;
}

static void a_stored_value_is_shown_once_in_place(void **state)
{
    (void)state;
    struct seen seen;
    struct larder_store *store = larder_store_new(&metered, 1 << 20);
    assert_non_null(store);
    assert_false(get(store, "tea", 0, &seen));
    assert_int_equal(seen.calls, 0);
    assert_int_equal(put(store, "tea", "green"), LARDER_OK);
    assert_true(get(store, "tea", 0, &seen));
    assert_int_equal(seen.calls, 1);
    assert_string_equal(seen.text, "green");
    assert_int_equal(put(store, "tea", "black, with milk, and a long story"), LARDER_OK);
    assert_true(get(store, "tea", 0, &seen));
    assert_string_equal(seen.text, "black, with milk, and a long story");
    assert_int_equal(put(store, "tea", "x"), LARDER_OK);
    assert_true(get(store, "tea", 0, &seen));
    assert_string_equal(seen.text, "x");
    assert_int_equal(entries(store), 1);
    larder_store_free(store);
}

static void empty_keys_and_values_are_values_too(void **state)
{
    (void)state;
    struct seen seen;
    struct larder_store *store = larder_store_new(&metered, 1 << 20);
    struct larder_store_item item = {.key = "", .expires_ns = LARDER_STORE_NEVER};
    assert_int_equal(larder_store_put(store, LARDER_STORE_ALWAYS, &item, 0), LARDER_OK);
    assert_true(get(store, "", 0, &seen));
    assert_int_equal(seen.len, 0);
    larder_store_free(store);
}

static void keys_may_hold_any_byte(void **state)
{
    (void)state;
    struct seen seen = {0};
    struct larder_store *store = larder_store_new(&metered, 1 << 20);
    struct larder_store_item item = {
        .key = "a\0b", .key_len = 3, .value = "1", .value_len = 1, .expires_ns = INT64_MAX};
    assert_int_equal(larder_store_put(store, LARDER_STORE_ALWAYS, &item, 0), LARDER_OK);
    assert_false(there(store, "a"));
    assert_true(larder_store_get(store, "a\0b", 3, 0, look, &seen));
    larder_store_free(store);
}

/* What a changer sees, and does. */
struct plan {
    enum larder_store_then then;
    const char *put;
    char write; /* over the first byte; 0: nothing is */
    int64_t expires_ns;
    struct larder_store_entry seen;
};

static enum larder_store_then follow(void *user, struct larder_store_entry *entry,
                                     struct larder_store_item *ret_item)
{
    struct plan *plan = user;
    plan->seen = *entry;
    if (plan->put != NULL) {
        ret_item->value = plan->put;
        ret_item->value_len = strlen(plan->put);
    }
    ret_item->expires_ns = plan->expires_ns;
    entry->expires_ns = plan->expires_ns;
    if (plan->write != 0) {
        entry->value[0] = (uint8_t)plan->write;
    }
    return plan->then;
}

static enum larder_status change(struct larder_store *store, struct plan *plan, int64_t now_ns)
{
    return larder_store_change(store, "tea", 3, now_ns, follow, plan);
}

static void an_entry_is_changed_by_what_it_is(void **state)
{
    (void)state;
    struct seen seen;
    struct larder_store *store = larder_store_new(&metered, 1 << 20);
    struct plan plan = {.then = LARDER_STORE_DROP, .expires_ns = 100};
    assert_int_equal(change(store, &plan, 0), LARDER_OK);
    assert_null(plan.seen.value);
    plan = (struct plan){.then = LARDER_STORE_KEEP, .expires_ns = 100};
    assert_int_equal(change(store, &plan, 0), LARDER_OK);
    assert_int_equal(entries(store), 0);
    plan = (struct plan){.then = LARDER_STORE_PUT, .put = "green", .expires_ns = 100};
    assert_int_equal(change(store, &plan, 0), LARDER_OK);
    plan = (struct plan){.then = LARDER_STORE_KEEP, .write = 'G', .expires_ns = 200};
    assert_int_equal(change(store, &plan, 99), LARDER_OK);
    assert_int_equal(plan.seen.len, 5);
    assert_int_equal(plan.seen.expires_ns, 100);
    assert_true(get(store, "tea", 199, &seen)); /* it has another end */
    assert_string_equal(seen.text, "Green");
    plan = (struct plan){.then = LARDER_STORE_PUT, .put = "longer than it was", .expires_ns = 300};
    assert_int_equal(change(store, &plan, 199), LARDER_OK);
    assert_true(get(store, "tea", 299, &seen));
    assert_string_equal(seen.text, "longer than it was");
    plan = (struct plan){.then = LARDER_STORE_KEEP};
    assert_int_equal(change(store, &plan, 300), LARDER_OK);
    assert_null(plan.seen.value); /* its time has come */
    assert_int_equal(put(store, "tea", "black"), LARDER_OK);
    plan = (struct plan){.then = LARDER_STORE_DROP};
    assert_int_equal(change(store, &plan, 0), LARDER_OK);
    assert_int_equal(plan.seen.len, 5);
    assert_false(there(store, "tea"));
    larder_store_free(store);
}

static void a_change_that_does_not_fit_leaves_the_entry(void **state)
{
    (void)state;
    static char large[4 << 10];
    struct seen seen;
    struct larder_store *store = larder_store_new(&metered, 4 << 10);
    memset(large, 'x', sizeof large - 1);
    assert_int_equal(put(store, "tea", "green"), LARDER_OK);
    struct plan plan = {.then = LARDER_STORE_PUT, .put = large, .expires_ns = LARDER_STORE_NEVER};
    assert_int_equal(change(store, &plan, 0), LARDER_E_TOO_LARGE);
    assert_true(get(store, "tea", 0, &seen));
    assert_string_equal(seen.text, "green");
    larder_store_free(store);
}

static void conditions_are_kept(void **state)
{
    (void)state;
    struct larder_store *store = larder_store_new(&metered, 1 << 20);
    const int64_t never = LARDER_STORE_NEVER;
    assert_int_equal(put_at(store, LARDER_STORE_IF_PRESENT, "k", "1", never, 0), LARDER_MISS);
    assert_int_equal(put_at(store, LARDER_STORE_IF_ABSENT, "k", "2", never, 0), LARDER_OK);
    assert_int_equal(put_at(store, LARDER_STORE_IF_ABSENT, "k", "3", never, 0), LARDER_DENIED);
    assert_int_equal(put_at(store, LARDER_STORE_IF_PRESENT, "k", "4", 10, 0), LARDER_OK);
    assert_int_equal(put_at(store, LARDER_STORE_IF_PRESENT, "k", "5", 10, 10), LARDER_MISS);
    assert_int_equal(put_at(store, LARDER_STORE_IF_ABSENT, "k", "6", never, 10), LARDER_OK);
    larder_store_free(store);
}

static void an_entry_ends_at_its_time_and_not_before(void **state)
{
    (void)state;
    struct seen seen;
    int64_t end_ns = -1;
    struct larder_store *store = larder_store_new(&metered, 1 << 20);
    assert_int_equal(put_at(store, LARDER_STORE_ALWAYS, "k", "v", 1000, 0), LARDER_OK);
    assert_true(larder_store_expiry(store, "k", 1, 999, &end_ns));
    assert_int_equal(end_ns, 1000);
    assert_true(get(store, "k", 999, &seen));
    assert_true(larder_store_set_expiry(store, "k", 1, 999, 2000));
    assert_true(get(store, "k", 1999, &seen));
    assert_false(get(store, "k", 2000, &seen));
    assert_int_equal(entries(store), 0);
    assert_false(larder_store_expiry(store, "k", 1, 2000, &end_ns));
    assert_int_equal(end_ns, 0);
    assert_false(larder_store_set_expiry(store, "k", 1, 2000, 3000));
    assert_false(larder_store_delete(store, "k", 1, 2000));
    larder_store_free(store);
}

static void what_nobody_asks_for_is_swept_by_insertions(void **state)
{
    (void)state;
    char key[32];
    struct larder_store *store = larder_store_new(&metered, 1 << 20);
    for (int i = 0; i < 1000; i++) {
        snprintf(key, sizeof key, "old:%d", i);
        put_at(store, LARDER_STORE_ALWAYS, key, "v", 100, 0);
    }
    assert_int_equal(entries(store), 1000);
    for (int i = 0; i < 2100; i++) { /* each looks at two of 4096 chains */
        put_at(store, LARDER_STORE_ALWAYS, "new", "v", LARDER_STORE_NEVER, 100);
    }
    assert_int_equal(entries(store), 1);
    larder_store_free(store);
}

static void deletion_tells_whether_there_was_one(void **state)
{
    (void)state;
    struct larder_store *store = larder_store_new(&metered, 1 << 20);
    put(store, "k", "v");
    assert_true(larder_store_delete(store, "k", 1, 0));
    assert_false(larder_store_delete(store, "k", 1, 0));
    assert_false(there(store, "k"));
    larder_store_free(store);
}

/* Values of many sizes, overwrites, deletions: what was asked of the allocator,
 * and its share of each block, never exceeds the bound. */
static void the_bound_holds_at_every_moment(void **state)
{
    (void)state;
    static const size_t bounds[] = {4096, 40000, 300000, 1 << 20, 40 << 20};
    static char value[70000];
    char key[32];
    for (size_t b = 0; b < sizeof bounds / sizeof *bounds; b++) {
        atomic_store(&meter.most, 0);
        struct larder_store *store = larder_store_new(&metered, bounds[b]);
        unsigned random = 1;
        size_t limit = bounds[b] / 20 < sizeof value ? bounds[b] / 20 : sizeof value;
        for (int i = 0; i < 20000; i++) {
            random = random * 1103515245 + 12345;
            int n = snprintf(key, sizeof key, "key:%u", random >> 8 & 4095);
            struct larder_store_item item = {.key = key,
                                             .key_len = (size_t)n,
                                             .value = value,
                                             .value_len = (random >> 4) % limit,
                                             .expires_ns = random % 3 == 0 ? i + 50 : INT64_MAX};
            larder_store_put(store, LARDER_STORE_ALWAYS, &item, i);
            larder_store_get(store, key, (size_t)n / 2, i, ignore, NULL);
            larder_store_get(store, key, (size_t)n, i, ignore, NULL);
            if (random % 5 == 0) {
                larder_store_delete(store, key, (size_t)n, i);
            }
        }
        assert_in_range(atomic_load(&meter.most), 1, bounds[b]);
        larder_store_free(store);
        assert_int_equal(atomic_load(&meter.bytes), 0);
    }
}

static void the_bound_is_also_used(void **state)
{
    (void)state;
    char key[32];
    struct larder_store_stats stats;
    struct larder_store *store = larder_store_new(&metered, 8 << 20);
    for (int i = 0; i < 100000; i++) {
        snprintf(key, sizeof key, "key:%d", i);
        put(store, key, "a value of a few dozen bytes, such as rows are");
    }
    larder_store_stats(store, &stats);
    assert_in_range(stats.bytes, (8 << 20) * 9 / 10, 8 << 20);
    larder_store_free(store);
}

static void a_value_larger_than_the_store_is_refused_and_the_old_one_stays(void **state)
{
    (void)state;
    static char value[2 << 20];
    struct seen seen;
    struct larder_store *store = larder_store_new(&metered, 1 << 20);
    struct larder_store_item item = {.key = "k",
                                     .key_len = 1,
                                     .value = value,
                                     .value_len = sizeof value,
                                     .expires_ns = LARDER_STORE_NEVER};
    put(store, "k", "old");
    assert_int_equal(larder_store_put(store, LARDER_STORE_ALWAYS, &item, 0), LARDER_E_TOO_LARGE);
    item.value_len = SIZE_MAX - 8;
    assert_int_equal(larder_store_put(store, LARDER_STORE_ALWAYS, &item, 0), LARDER_E_TOO_LARGE);
    assert_true(get(store, "k", 0, &seen));
    assert_string_equal(seen.text, "old");
    item.value_len = 800 << 10;
    assert_int_equal(larder_store_put(store, LARDER_STORE_ALWAYS, &item, 0), LARDER_OK);
    assert_true(get(store, "k", 0, &seen));
    assert_int_equal(seen.len, 800 << 10);
    larder_store_free(store);
}

/* However their keys fall into shards. */
static void a_few_large_values_have_room_beside_each_other(void **state)
{
    (void)state;
    static char value[3000000];
    for (int round = 0; round < 50; round++) {
        struct larder_store *store = larder_store_new(&metered, 64 << 20);
        for (int i = 0; i < 4; i++) {
            struct larder_store_item item = {.key = &i,
                                             .key_len = sizeof i,
                                             .value = value,
                                             .value_len = sizeof value,
                                             .expires_ns = LARDER_STORE_NEVER};
            assert_int_equal(larder_store_put(store, LARDER_STORE_ALWAYS, &item, 0), LARDER_OK);
        }
        assert_int_equal(entries(store), 4);
        larder_store_free(store);
    }
}

static void a_store_too_small_for_anything_refuses(void **state)
{
    (void)state;
    struct larder_store *store = larder_store_new(&metered, 100);
    assert_non_null(store);
    assert_int_equal(put(store, "k", "v"), LARDER_E_TOO_LARGE);
    assert_false(there(store, "k"));
    larder_store_free(store);
}

/* A working set that is asked for again and again survives a scan twenty times
 * the store's size. */
static void a_scan_does_not_push_out_what_is_asked_for(void **state)
{
    (void)state;
    char key[32];
    int kept = 0;
    struct larder_store *store = larder_store_new(&metered, 1 << 20);
    for (int i = 0; i < 2000; i++) {
        snprintf(key, sizeof key, "hot:%d", i);
        put(store, key, "v");
    }
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 2000; i++) {
            snprintf(key, sizeof key, "hot:%d", i);
            assert_true(there(store, key));
        }
    }
    for (int i = 0; i < 200000; i++) {
        snprintf(key, sizeof key, "scan:%d", i);
        put(store, key, "v");
    }
    for (int i = 0; i < 2000; i++) {
        snprintf(key, sizeof key, "hot:%d", i);
        kept += there(store, key);
    }
    assert_in_range(kept, 1600, 2000);
    larder_store_free(store);
}

/* A new working set takes over from one that nobody asks for any more. */
static void a_new_working_set_takes_over(void **state)
{
    (void)state;
    char key[32];
    int hits = 0;
    struct larder_store *store = larder_store_new(&metered, 1 << 20);
    for (int i = 0; i < 20000; i++) {
        snprintf(key, sizeof key, "old:%d", i % 5000);
        if (!there(store, key)) {
            put(store, key, "v");
        }
    }
    for (int i = 0; i < 100000; i++) {
        snprintf(key, sizeof key, "new:%d", i % 3000);
        bool hit = there(store, key);
        if (!hit) {
            put(store, key, "v");
        }
        hits += i >= 97000 && hit;
    }
    assert_in_range(hits, 2700, 3000);
    larder_store_free(store);
}

static void every_failed_allocation_leaves_the_store_whole(void **state)
{
    (void)state;
    char key[32];
    for (int n = 1; n < 60; n++) {
        atomic_store(&meter.fail_in, n);
        struct larder_store *store = larder_store_new(&metered, 1 << 16);
        for (int i = 0; store != NULL && i < 40; i++) {
            snprintf(key, sizeof key, "k:%d", i);
            enum larder_status status = put(store, key, "v");
            assert_true(status == LARDER_OK || status == LARDER_E_NOMEM);
            assert_int_equal(there(store, key), status == LARDER_OK);
        }
        larder_store_free(store);
        assert_int_equal(atomic_load(&meter.bytes), 0);
    }
}

/* ------------------------------------------------------------------ threads */

enum { THREADS = 8, TURNS = 20000, KEYS = 300 };

struct worker {
    struct larder_store *store;
    unsigned random;
    atomic_int *wrong;
    pthread_t thread;
};

/* Every value says which key it belongs to, and is of one letter throughout. */
static void check_value(void *user, const uint8_t *value, size_t len)
{
    int *bad = user;
    uint32_t key = 0;
    if (len < sizeof key) {
        *bad = 1;
        return;
    }
    memcpy(&key, value, sizeof key);
    *bad = *bad != (int)key;
    for (size_t i = sizeof key; i < len; i++) {
        *bad |= value[i] != value[sizeof key];
    }
}

static void *work(void *user)
{
    struct worker *worker = user;
    unsigned char value[512];
    for (int i = 0; i < TURNS; i++) {
        worker->random = worker->random * 1103515245 + 12345;
        uint32_t key = worker->random >> 10 & 0xffff;
        key %= KEYS;
        memcpy(value, &key, sizeof key);
        memset(value + sizeof key, 'a' + i % 26, sizeof value - sizeof key);
        struct larder_store_item item = {.key = &key,
                                         .key_len = sizeof key,
                                         .value = value,
                                         .value_len = sizeof key + worker->random % 400,
                                         .expires_ns = i + 200};
        int bad = (int)key;
        bool found;
        switch (worker->random >> 8 & 3) {
        case 0:
            larder_store_put(worker->store, LARDER_STORE_ALWAYS, &item, i);
            break;
        case 1:
            larder_store_delete(worker->store, &key, sizeof key, i);
            break;
        default:
            found = larder_store_get(worker->store, &key, sizeof key, i, check_value, &bad);
            if (found && bad) {
                atomic_fetch_add(worker->wrong, 1);
            }
        }
    }
    return NULL;
}

static void threads_see_whole_values_of_their_key(void **state)
{
    (void)state;
    struct worker workers[THREADS];
    atomic_int wrong = 0;
    struct larder_store *store = larder_store_new(&metered, 100000);
    for (unsigned i = 0; i < THREADS; i++) {
        workers[i] = (struct worker){.store = store, .random = i + 1, .wrong = &wrong};
        assert_int_equal(pthread_create(&workers[i].thread, NULL, work, &workers[i]), 0);
    }
    for (unsigned i = 0; i < THREADS; i++) {
        pthread_join(workers[i].thread, NULL);
    }
    larder_store_free(store);
    assert_int_equal(atomic_load(&wrong), 0);
    assert_in_range(atomic_load(&meter.most), 1, 100000);
}

static void releasing_nothing_is_fine(void **state)
{
    (void)state;
    larder_store_free(NULL);
}

#define METERED_TEST(f) cmocka_unit_test_setup_teardown(f, meter_reset, meter_is_empty)

/* Counts how often each of the keys 0..99 is shown. */
static void count_shown(void *user, const void *key, size_t key_len, const uint8_t *value,
                        size_t value_len)
{
    unsigned *shown = user;
    unsigned number = 0;
    assert_int_equal(key_len, sizeof number);
    memcpy(&number, key, sizeof number);
    assert_true(number < 100);
    assert_int_equal(value_len, 1);
    assert_int_equal(value[0], number);
    shown[number]++;
}

static void a_walk_shows_what_is_there_once(void **state)
{
    struct larder_store *store = larder_store_new(&metered, 64 << 20);
    unsigned shown[100] = {0};
    unsigned parts = 0;
    uint64_t at = 0;
    (void)state;
    assert_non_null(store);
    for (unsigned i = 0; i < 100; i++) {
        const uint8_t value = (uint8_t)i;
        const struct larder_store_item item = {&i, sizeof i, &value, 1,
                                               i % 2 == 0 ? LARDER_STORE_NEVER : 5};
        assert_int_equal(larder_store_put(store, LARDER_STORE_ALWAYS, &item, 1), LARDER_OK);
    }
    do {
        at = larder_store_walk(store, at, 10, 5, count_shown, shown);
        parts++;
    } while (at != 0);
    assert_in_range(parts, 4, 6);
    for (unsigned i = 0; i < 100; i++) {
        assert_int_equal(shown[i], i % 2 == 0); /* the others are past their time */
    }
    assert_int_equal(larder_store_walk(store, UINT64_MAX, 10, 5, count_shown, shown), 0);
    larder_store_free(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        METERED_TEST(a_stored_value_is_shown_once_in_place),
        METERED_TEST(empty_keys_and_values_are_values_too),
        METERED_TEST(keys_may_hold_any_byte),
        METERED_TEST(an_entry_is_changed_by_what_it_is),
        METERED_TEST(a_change_that_does_not_fit_leaves_the_entry),
        METERED_TEST(conditions_are_kept),
        METERED_TEST(an_entry_ends_at_its_time_and_not_before),
        METERED_TEST(what_nobody_asks_for_is_swept_by_insertions),
        METERED_TEST(deletion_tells_whether_there_was_one),
        METERED_TEST(the_bound_holds_at_every_moment),
        METERED_TEST(the_bound_is_also_used),
        METERED_TEST(a_value_larger_than_the_store_is_refused_and_the_old_one_stays),
        METERED_TEST(a_few_large_values_have_room_beside_each_other),
        METERED_TEST(a_store_too_small_for_anything_refuses),
        METERED_TEST(a_scan_does_not_push_out_what_is_asked_for),
        METERED_TEST(a_new_working_set_takes_over),
        METERED_TEST(every_failed_allocation_leaves_the_store_whole),
        METERED_TEST(threads_see_whole_values_of_their_key),
        METERED_TEST(a_walk_shows_what_is_there_once),
        METERED_TEST(releasing_nothing_is_fine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
