/* SPDX-License-Identifier: MIT */
/* After more invalidations failed than can be written down: all values of the
 * service go, and nothing else. */
#include "shelf.h"

#include <dirent.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"
#include "cache/journal.h"
#include "cache/sweep.h"
#include "support/raw_redis.h"
#include "support/redis_server.h"

enum {
    PAGE_BYTES = 512,
    PAGES_MAX = 8,
    LOST = LARDER_JOURNAL_ENTRIES_MAX + 10, /* an id whose deletion finds no room */
    VALUES = 600,
    PATIENT_MS = 10000
};

/* -------------------------------------------------------------- a told server */

/* Answers looks with pages, one after the other, and notes what is deleted. */
struct teller {
    struct page {
        uint8_t bytes[PAGE_BYTES];
        size_t len;
        enum larder_status fails; /* instead */
    } pages[PAGES_MAX];
    size_t count;
    size_t at;
    char asked[PAGE_BYTES];   /* the cursors, each with a blank */
    char deleted[PAGE_BYTES]; /* the keys, each with a blank */
    enum larder_status delete_fails;
};

static void note(char *to, const void *word, size_t len)
{
    snprintf(to + strlen(to), PAGE_BYTES - strlen(to), "%.*s ", (int)len, (const char *)word);
}

static void tell(void *user, struct larder_op *ops, size_t count, int64_t deadline_ns)
{
    struct teller *teller = user;
    (void)deadline_ns;
    for (size_t i = 0; i < count; i++) {
        if (ops[i].kind == LARDER_OP_DELETE) {
            note(teller->deleted, ops[i].key, ops[i].key_len);
            larder_op_answer(&ops[i], teller->delete_fails != 0 ? teller->delete_fails : LARDER_OK);
            continue;
        }
        assert_int_equal(ops[i].kind, LARDER_OP_SCAN);
        assert_int_equal(ops[i].key_len, 1);
        assert_memory_equal(ops[i].key, "p", 1);
        note(teller->asked, ops[i].value, ops[i].value_len);
        assert_true(teller->at < teller->count);
        const struct page *page = &teller->pages[teller->at++];
        if (page->fails != 0) {
            larder_op_answer(&ops[i], page->fails);
        } else {
            ops[i].sink(&ops[i], page->bytes, page->len);
            larder_op_answer(&ops[i], ops[i].status);
        }
    }
}

static void add_word(struct page *page, const char *word)
{
    size_t len = strlen(word);
    page->bytes[page->len] = 0;
    page->bytes[page->len + 1] = (uint8_t)len;
    memcpy(page->bytes + page->len + 2, word, len);
    page->len += 2 + len;
}

/* words: ended by NULL; the server, the next cursor, keys and heads. */
static void add_page(struct teller *teller, const char *const *words)
{
    struct page *page = &teller->pages[teller->count++];
    for (size_t i = 0; words[i] != NULL; i++) {
        add_word(page, words[i]);
    }
}

#define PAGE(teller, ...) add_page((teller), (const char *const[]){__VA_ARGS__, NULL})

/* What begins with "ours". */
static bool owns_ours(const void *user, const char *key, size_t key_len, const uint8_t *head,
                      size_t head_len)
{
    (void)user;
    (void)key;
    return key_len > 0 && head_len >= 4 && memcmp(head, "ours", 4) == 0;
}

static const struct larder_sweep_owner owner = {.prefix = "p", .owns = owns_ours};

static enum larder_status slice(struct larder_sweep *sweep, struct teller *teller)
{
    return larder_sweep_slice(sweep, tell, teller, 0);
}

static void only_ours_are_deleted_page_by_page(void **state)
{
    struct teller teller = {.count = 0};
    struct larder_sweep sweep;
    (void)state;
    larder_sweep_init(&sweep, &larder_allocator_libc, &owner);
    PAGE(&teller, "run", "17", "p1", "ours", "p2", "theirs", "p3", "ours");
    PAGE(&teller, "run", "5");
    PAGE(&teller, "run", "0", "p4", "ours");
    assert_int_equal(slice(&sweep, &teller), LARDER_OK);
    assert_int_equal(slice(&sweep, &teller), LARDER_OK);
    assert_int_equal(slice(&sweep, &teller), LARDER_MISS);
    assert_string_equal(teller.asked, "0 17 5 ");
    assert_string_equal(teller.deleted, "p1 p3 p4 ");
    assert_int_equal(sweep.deleted, 3);
}

static void a_page_that_failed_is_looked_at_again(void **state)
{
    struct teller teller = {.count = 0};
    struct larder_sweep sweep;
    (void)state;
    larder_sweep_init(&sweep, &larder_allocator_libc, &owner);
    PAGE(&teller, "run", "17", "p1", "ours");
    PAGE(&teller, "run", "17", "p1", "ours");
    teller.pages[teller.count++].fails = LARDER_E_TIMEOUT;
    PAGE(&teller, "run", "0");
    teller.delete_fails = LARDER_E_UNAVAILABLE;
    assert_int_equal(slice(&sweep, &teller), LARDER_E_UNAVAILABLE);
    teller.delete_fails = LARDER_OK;
    assert_int_equal(slice(&sweep, &teller), LARDER_OK);
    assert_int_equal(slice(&sweep, &teller), LARDER_E_TIMEOUT);
    assert_int_equal(slice(&sweep, &teller), LARDER_MISS);
    assert_string_equal(teller.asked, "0 0 17 17 ");
}

static void another_server_is_swept_from_the_beginning(void **state)
{
    struct teller teller = {.count = 0};
    struct larder_sweep sweep;
    (void)state;
    larder_sweep_init(&sweep, &larder_allocator_libc, &owner);
    PAGE(&teller, "run", "17");
    PAGE(&teller, "again", "0", "p1", "ours");
    PAGE(&teller, "again", "0", "p2", "ours");
    assert_int_equal(slice(&sweep, &teller), LARDER_OK);
    assert_int_equal(slice(&sweep, &teller), LARDER_OK);
    assert_int_equal(slice(&sweep, &teller), LARDER_MISS);
    assert_string_equal(teller.asked, "0 17 0 ");
    assert_string_equal(teller.deleted, "p1 p2 ");
}

/* Nothing is deleted for a page that is not whole. */
static void a_page_that_is_none_is_a_failure(void **state)
{
    struct page whole = {.len = 0};
    struct larder_sweep sweep;
    (void)state;
    add_word(&whole, "run");
    add_word(&whole, "17");
    size_t first = whole.len;
    add_word(&whole, "p1");
    add_word(&whole, "ours");
    larder_sweep_init(&sweep, &larder_allocator_libc, &owner);
    for (size_t len = 0; len < whole.len; len++) {
        struct teller teller = {.count = 1};
        if (len == first) {
            continue; /* a page without keys */
        }
        memcpy(teller.pages[0].bytes, whole.bytes, len);
        teller.pages[0].len = len;
        assert_int_equal(slice(&sweep, &teller), LARDER_E_PROTOCOL);
        assert_string_equal(teller.deleted, "");
    }
    struct teller teller = {.count = 0};
    PAGE(&teller, "run", "123456789012345678901234567890123456789012345678901234567890");
    assert_int_equal(slice(&sweep, &teller), LARDER_E_PROTOCOL);
}

static void without_memory_a_slice_fails_and_nothing_leaks(void **state)
{
    struct fail_alloc memory;
    (void)state;
    fail_alloc_init(&memory);
    for (memory.fail_at = 1; memory.fail_at < 4; memory.fail_at++) {
        struct teller teller = {.count = 0};
        struct larder_sweep sweep;
        memory.calls = 0;
        larder_sweep_init(&sweep, &memory.allocator, &owner);
        PAGE(&teller, "run", "0", "p1", "ours");
        enum larder_status status = slice(&sweep, &teller);
        assert_int_equal(status, memory.calls >= memory.fail_at ? LARDER_E_NOMEM : LARDER_MISS);
        assert_int_equal(memory.live_blocks, 0);
    }
}

/* ------------------------------------------------------------ a real outage */

struct outage {
    struct redis_server server;
    struct shelf shelf;
    struct shelf other; /* of another process, as it were */
};

static const char *const durable[] = {
    "--appendonly", "yes", "--appendfsync", "always", "--appenddirname", "aof", NULL};

static void open_shelf(struct shelf *shelf, int port)
{
    shelf_init(shelf);
    shelf->config.backend = "redis";
    shelf->config.host = "127.0.0.1";
    shelf->config.port = port;
    shelf->config.clock = NULL;
    shelf->config.timeout_ms = PATIENT_MS;
    assert_status(larder_stub_open(&shelf_service, &shelf->config, &shelf->cache), LARDER_OK);
}

static int setup(void **state)
{
    static struct outage outage;
    memset(&outage, 0, sizeof outage);
    if (!redis_server_start(&outage.server, REDIS_SERVER_TCP, durable)) {
        return -1;
    }
    open_shelf(&outage.shelf, outage.server.port);
    open_shelf(&outage.other, outage.server.port);
    *state = &outage;
    return 0;
}

static void remove_files(const char *dir)
{
    char path[512];
    DIR *files = opendir(dir);
    for (struct dirent *file; files != NULL && (file = readdir(files)) != NULL;) {
        snprintf(path, sizeof path, "%s/%s", dir, file->d_name);
        unlink(path); /* "." and ".." are none */
    }
    if (files != NULL) {
        closedir(files);
    }
    rmdir(dir);
}

static int teardown(void **state)
{
    char dir[128];
    struct outage *o = *state;
    larder_stub_close(o->shelf.cache);
    larder_stub_close(o->other.cache);
    redis_server_kill(&o->server);
    snprintf(dir, sizeof dir, "%s/aof", o->server.dir);
    remove_files(dir);
    redis_server_stop(&o->server);
    return o->shelf.memory.live_blocks + o->other.memory.live_blocks == 0 ? 0 : -1;
}

static void say(const struct outage *o, const char *line, const char *expected)
{
    char reply[64];
    assert_true(redis_server_say(&o->server, NULL, line, reply, sizeof reply));
    assert_string_equal(reply, expected);
}

static struct larder_health health(const struct outage *o)
{
    struct larder_health health;
    assert_status(larder_stub_health(o->shelf.cache, &health), LARDER_OK);
    return health;
}

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000) + now.tv_nsec / 1000000;
}

/* Values of ours, of a lifetime and of none, and compressed; and strangers under the very pattern. */
static void fill(const struct outage *o)
{
    struct raw_redis raw;
    char name[1001];
    memset(name, 'x', sizeof name);
    name[sizeof name - 1] = '\0';
    assert_status(shelf_set(&o->shelf, &pressed_entity, 1, name), LARDER_OK);
    assert_in_range(shelf_stats(&o->shelf, &pressed_entity).written_bytes, 1, 200);
    for (uint64_t id = 0; id < VALUES; id++) {
        assert_status(shelf_set(&o->shelf, &tea_entity, LOST + id, "old"), LARDER_OK);
    }
    assert_status(shelf_set(&o->shelf, &forever_entity, 1, "old"), LARDER_OK);
    say(o, "COPY tea:65546 tea:1000001", ":1"); /* ours, but not under its key */
    say(o, "LPUSH tea:1000002 a", ":1");
    say(o, "SET tea:1000003 text", "+OK");
    raw_redis_open(&raw, o->server.port, 0);
    raw_redis_set(&raw, "tea:1000004", "\x94\x01\xcf\1\2\3\4\5\6\7\x09\x01\xc0", 13);
    raw_redis_close(&raw);
}

/* The server is away, and more is deleted than can be written down. */
static void overflow(struct outage *o)
{
    redis_server_kill(&o->server);
    for (uint64_t id = 0; id < LOST + VALUES; id++) {
        struct larder_key key = shelf_key(&o->shelf, &tea_entity, id);
        assert_true(larder_stub_delete(o->shelf.cache, &tea_entity, &key) < 0);
    }
    assert_true(health(o).journal_overflowed);
    assert_true(redis_server_again(&o->server));
}

static void a_lost_invalidation_is_made_good_for_everybody(void **state)
{
    struct outage *o = *state;
    const struct tea *tea;
    fill(o);
    overflow(o);
    say(o, "EXISTS tea:65546 tea:66145 forever:1 pressed:1", ":4");
    int64_t end_ms = now_ms() + PATIENT_MS;
    enum larder_status status;
    do {
        status = shelf_get(&o->shelf, &tea_entity, LOST, &tea);
        assert_null(tea);
    } while (status < 0 && now_ms() < end_ms);
    assert_status(status, LARDER_MISS);
    assert_false(health(o).journal_overflowed);
    for (uint64_t id = 0; id < VALUES; id++) {
        assert_status(shelf_get(&o->other, &tea_entity, LOST + id, &tea), LARDER_MISS);
    }
    say(o, "EXISTS forever:1 pressed:1", ":0");
    say(o, "EXISTS tea:1000001 tea:1000002 tea:1000003 tea:1000004", ":4");
    assert_non_null(strstr(o->shelf.log_text, "all values that were on the server are deleted"));
    /* And all is as ever. */
    assert_status(shelf_set(&o->shelf, &tea_entity, LOST, "new"), LARDER_OK);
    assert_status(shelf_get(&o->shelf, &tea_entity, LOST, &tea), LARDER_OK);
    assert_string_equal(tea->name, "new");
    larder_value_release(tea);
}

static void a_server_that_refuses_to_be_looked_through_is_not_read(void **state)
{
    struct outage *o = *state;
    const struct tea *tea;
    fill(o);
    overflow(o);
    say(o, "ACL SETUSER default -eval", "+OK");
    int64_t end_ms = now_ms() + PATIENT_MS;
    while (strstr(o->shelf.log_text, "does not let its values be looked through") == NULL &&
           now_ms() < end_ms) {
        assert_true(shelf_get(&o->shelf, &tea_entity, LOST, &tea) < 0);
    }
    assert_non_null(strstr(o->shelf.log_text, "(LARDER_E_AUTH)"));
    assert_true(shelf_get(&o->shelf, &tea_entity, LOST, &tea) < 0);
    assert_true(health(o).journal_overflowed);
    say(o, "EXISTS tea:65546", ":1");
}

static void close_sweeps_what_it_can(void **state)
{
    struct outage *o = *state;
    const struct tea *tea;
    fill(o);
    overflow(o);
    /* Until the breaker lets a call pass, but no further than the journal. */
    int64_t end_ms = now_ms() + PATIENT_MS;
    while (larder_stub_ping(o->shelf.cache) < 0 && now_ms() < end_ms) {
    }
    larder_stub_close(o->shelf.cache);
    o->shelf.cache = NULL;
    for (uint64_t id = 0; id < VALUES; id++) {
        assert_status(shelf_get(&o->other, &tea_entity, LOST + id, &tea), LARDER_MISS);
    }
    assert_null(strstr(o->shelf.log_text, "has not taken"));
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_ours_are_deleted_page_by_page),
        cmocka_unit_test(a_page_that_failed_is_looked_at_again),
        cmocka_unit_test(another_server_is_swept_from_the_beginning),
        cmocka_unit_test(a_page_that_is_none_is_a_failure),
        cmocka_unit_test(without_memory_a_slice_fails_and_nothing_leaks),
        TEST(a_lost_invalidation_is_made_good_for_everybody),
        TEST(a_server_that_refuses_to_be_looked_through_is_not_read),
        TEST(close_sweeps_what_it_can),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
