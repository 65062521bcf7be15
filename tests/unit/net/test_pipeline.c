/* SPDX-License-Identifier: MIT */
/*
 * Many callers on few connections: who goes with whom, and what becomes of the
 * others when one gives up, stops, or the connection is lost.
 *
 * A caller can be told to stop while it takes its reply. It then leads its
 * connection and does not come back, so what others do meanwhile is in order,
 * without a sleep.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "net/pipeline.h"
#include "net/turns.h"
#include "support/redis_server.h"
#include "support/scripted_server.h"

enum { LONG_MS = 20000, SHORT_MS = 150, SLOW_MS = 400, DRIP_MS = 30, CROWD = 64 };

#define HELLO SCRIPTED_AWAIT, SCRIPTED_SEND("+OK\r\n$22\r\nredis_version:7.0.15\r\n\r\n")
#define STEPS(steps) steps, sizeof(steps) / sizeof *(steps)

static int64_t deadline_after(int64_t ms)
{
    return larder_deadline_after_ms(&larder_clock_system, ms);
}

static int64_t now_ms(void)
{
    return larder_clock_now_ns(&larder_clock_system) / 1000000;
}

/* ---------------------------------------------------------------- a caller */

/* One command, `ECHO text` or two of them; keeps what comes back. */
struct caller {
    struct larder_exchange base;
    const char *text;
    int commands; /* 0 is one */
    bool stops;   /* in its first take, until it is told to go on */
    _Atomic bool stopped;
    _Atomic bool go_on;
    _Atomic bool done;
    int rewound;
    char taken[64]; /* of all replies, each behind a blank */
    int64_t ms;
    struct larder_pipeline *pipeline;
    struct larder_pipeline_result result;
    enum larder_status status;
    int64_t took_ms;
    pthread_t thread;
};

static bool fill(struct larder_exchange *exchange, struct larder_buffer *out)
{
    const struct caller *caller = (const struct caller *)exchange;
    const char *const words[] = {"ECHO", caller->text};
    const size_t lens[] = {4, strlen(caller->text)};
    for (int i = 0; i < (caller->commands != 0 ? caller->commands : 1); i++) {
        larder_command_append(out, 2, words, lens);
        exchange->pending++;
    }
    return false;
}

static size_t elements(const struct larder_exchange *exchange)
{
    (void)exchange;
    return 0;
}

static enum larder_status take(struct larder_exchange *exchange, const struct larder_reply *reply)
{
    struct caller *caller = (struct caller *)exchange;
    size_t len = strlen(caller->taken);
    snprintf(caller->taken + len, sizeof caller->taken - len, " %.*s", (int)reply->len,
             reply->text);
    if (caller->stops) {
        atomic_store(&caller->stopped, true);
        while (!atomic_load(&caller->go_on)) {
            sched_yield();
        }
    }
    return LARDER_OK;
}

static void next(struct larder_exchange *exchange)
{
    (void)exchange;
}

static void rewind_fill(struct larder_exchange *exchange)
{
    ((struct caller *)exchange)->rewound++;
}

static const struct larder_exchange_table table = {
    .fill = fill, .elements = elements, .take = take, .next = next, .rewind = rewind_fill};

static void *call(void *user)
{
    struct caller *caller = user;
    int64_t start_ms = now_ms();
    caller->base.table = &table;
    caller->status = larder_pipeline_run(caller->pipeline, &caller->base, 0,
                                         deadline_after(caller->ms != 0 ? caller->ms : LONG_MS),
                                         &caller->result);
    caller->took_ms = now_ms() - start_ms;
    atomic_store(&caller->done, true);
    return NULL;
}

static struct larder_pipeline_stats stats_of(struct larder_pipeline *pipeline)
{
    struct larder_pipeline_stats stats;
    larder_pipeline_stats(pipeline, &stats);
    return stats;
}

/* Starts a caller, and waits until it waits: in the queue, or stopped. */
static void begin(struct larder_pipeline *pipeline, struct caller *caller)
{
    int queued = stats_of(pipeline).queued;
    caller->pipeline = pipeline;
    caller->base.shares = true;
    assert_int_equal(pthread_create(&caller->thread, NULL, call, caller), 0);
    while (caller->stops ? !atomic_load(&caller->stopped) : stats_of(pipeline).queued <= queued) {
        assert_false(atomic_load(&caller->done)); /* nothing stopped it, nor did it wait */
        sched_yield();
    }
}

/* The same where it may find another way meanwhile, and be done. */
static void begin_anywhere(struct larder_pipeline *pipeline, struct caller *caller)
{
    int queued = stats_of(pipeline).queued;
    caller->pipeline = pipeline;
    caller->base.shares = true;
    assert_int_equal(pthread_create(&caller->thread, NULL, call, caller), 0);
    while (stats_of(pipeline).queued <= queued && !atomic_load(&caller->done)) {
        sched_yield();
    }
}

/* Whether a caller waits until one of several connections is through with its lane. */
static bool is_waiting_for_lane(struct larder_pipeline *pipeline)
{
    pthread_mutex_lock(&pipeline->mutex);
    bool waits = pipeline->waiting_for_lane > 0;
    pthread_mutex_unlock(&pipeline->mutex);
    return waits;
}

static void end(struct caller *caller)
{
    pthread_join(caller->thread, NULL);
}

static void go_on(struct caller *caller)
{
    atomic_store(&caller->go_on, true);
    end(caller);
    assert_int_equal(caller->status, LARDER_OK);
}

static void assert_own_answer(const struct caller *caller)
{
    char due[64];
    snprintf(due, sizeof due, caller->commands == 2 ? " %s %s" : " %s", caller->text, caller->text);
    assert_int_equal(caller->status, LARDER_OK);
    assert_string_equal(caller->taken, due);
}

static enum larder_status call_alone(struct larder_pipeline *pipeline, const char *text)
{
    struct caller caller = {.text = text, .pipeline = pipeline, .base.shares = true};
    call(&caller);
    if (caller.status == LARDER_OK) {
        assert_own_answer(&caller);
    }
    return caller.status;
}

static struct larder_pipeline *pipeline_with(const struct larder_allocator *allocator, int port,
                                             int max_connections)
{
    struct larder_pipeline_options options = {
        .conn = {.address = {.host = "127.0.0.1", .port = port, .client_name = "test"},
                 .max_reply_bytes = 1 << 20},
        .max_connections = max_connections,
        .connect_timeout_ms = LONG_MS};
    struct larder_pipeline *pipeline =
        larder_pipeline_new(allocator, &larder_clock_system, &options);
    assert_non_null(pipeline);
    return pipeline;
}

static struct larder_pipeline *pipeline_at(int port, int max_connections)
{
    return pipeline_with(&larder_allocator_libc, port, max_connections);
}

static struct larder_pipeline *pipeline_on(struct redis_server *server, int max_connections)
{
    assert_true(redis_server_start(server, REDIS_SERVER_TCP, NULL));
    return pipeline_at(server->port, max_connections);
}

/* ------------------------------------------------------------- going together */

static void a_lone_caller_goes_by_itself(void **state)
{
    (void)state;
    struct redis_server server;
    struct larder_pipeline *pipeline = pipeline_on(&server, 4);
    for (int i = 0; i < 10; i++) {
        assert_int_equal(call_alone(pipeline, "alone"), LARDER_OK);
    }
    assert_int_equal(stats_of(pipeline).connections, 1);
    assert_int_equal(stats_of(pipeline).bundles, 0);
    larder_pipeline_free(pipeline);
    redis_server_stop(&server);
}

static void who_finds_all_busy_goes_together(void **state)
{
    (void)state;
    struct redis_server server;
    struct larder_pipeline *pipeline = pipeline_on(&server, 1);
    struct caller first = {.text = "first", .stops = true};
    struct caller others[] = {{.text = "a"}, {.text = "b", .commands = 2}, {.text = "c"}};
    begin(pipeline, &first);
    for (int i = 0; i < 3; i++) {
        begin(pipeline, &others[i]);
    }
    assert_int_equal(stats_of(pipeline).queued, 3);
    go_on(&first);
    for (int i = 0; i < 3; i++) {
        end(&others[i]);
        assert_own_answer(&others[i]);
    }
    assert_int_equal(stats_of(pipeline).connections, 1);
    assert_int_equal(stats_of(pipeline).bundles, 1);
    assert_int_equal(stats_of(pipeline).combined, 3);
    larder_pipeline_free(pipeline);
    redis_server_stop(&server);
}

static void what_shares_with_none_waits_for_a_connection_of_its_own(void **state)
{
    (void)state;
    struct redis_server server;
    struct larder_pipeline *pipeline = pipeline_on(&server, 1);
    struct caller first = {.text = "first", .stops = true};
    struct caller large = {.text = "large", .pipeline = pipeline};
    begin(pipeline, &first);
    assert_int_equal(pthread_create(&large.thread, NULL, call, &large), 0);
    go_on(&first);
    end(&large);
    assert_own_answer(&large);
    assert_int_equal(stats_of(pipeline).bundles, 0);
    larder_pipeline_free(pipeline);
    redis_server_stop(&server);
}

struct pair {
    struct larder_pipeline *pipeline;
    _Atomic bool stop;
    _Atomic int wrong;
};

static void *call_again_and_again(void *user)
{
    struct pair *pair = user;
    while (!atomic_load(&pair->stop)) {
        pair->wrong += call_alone(pair->pipeline, "pair") != LARDER_OK;
    }
    return NULL;
}

/* All go over one connection, as where that was found to be best. */
static struct larder_pipeline *narrow_pipeline_on(struct redis_server *server, int max_connections)
{
    static const struct larder_width_way narrow = {1, false};
    struct larder_pipeline *pipeline = pipeline_on(server, max_connections);
    pipeline->width.way = &narrow;
    pipeline->width.look_at = UINT32_MAX;
    return pipeline;
}

static void reads_do_not_wait_behind_writes(void **state)
{
    (void)state;
    struct redis_server server;
    struct larder_pipeline *pipeline = narrow_pipeline_on(&server, 4);
    struct caller write = {.text = "write", .stops = true, .base.lane = 2};
    struct caller other = {.text = "other", .base.lane = 4};
    begin(pipeline, &write);
    assert_int_equal(call_alone(pipeline, "read"), LARDER_OK);
    assert_int_equal(stats_of(pipeline).connections, 2);
    begin_anywhere(pipeline, &other); /* a write does, for as long as a connection is not slow */
    go_on(&write);
    end(&other);
    assert_own_answer(&other);
    larder_pipeline_free(pipeline);
    redis_server_stop(&server);
}

/* It had been waiting for the connection before anybody knew that it is slow. */
static void who_waits_for_long_goes_over_another_connection(void **state)
{
    (void)state;
    struct redis_server server;
    struct larder_pipeline *pipeline = narrow_pipeline_on(&server, 4);
    struct caller slow = {.text = "slow", .stops = true};
    struct caller waiting[] = {{.text = "a"}, {.text = "b"}};
    begin(pipeline, &slow);
    begin_anywhere(pipeline, &waiting[0]); /* on a busy machine it has been slow by now */
    begin_anywhere(pipeline, &waiting[1]);
    end(&waiting[0]);
    end(&waiting[1]);
    assert_own_answer(&waiting[0]);
    assert_own_answer(&waiting[1]);
    assert_int_equal(stats_of(pipeline).busy, 1);
    /* Who comes now does not even try. */
    uint64_t bundles = stats_of(pipeline).bundles;
    assert_int_equal(call_alone(pipeline, "c"), LARDER_OK);
    assert_int_equal(stats_of(pipeline).bundles, bundles);
    go_on(&slow);
    assert_own_answer(&slow);
    larder_pipeline_free(pipeline);
    redis_server_stop(&server);
}

/* Of two callers one finds the connection idle, and the other goes alone in what
 * is sent next; unless the first waits for it. */
static void who_finds_one_idle_may_wait_for_others(void **state)
{
    (void)state;
    static const struct larder_width_way gathering = {1, true};
    struct redis_server server;
    struct pair pair = {.pipeline = pipeline_on(&server, 1)};
    pthread_t threads[2];
    pair.pipeline->width.way = &gathering;
    pair.pipeline->width.look_at = UINT32_MAX;
    for (int i = 0; i < 2; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, call_again_and_again, &pair), 0);
    }
    int64_t until_ms = now_ms() + LONG_MS;
    struct larder_pipeline_stats stats = stats_of(pair.pipeline);
    while (stats.combined <= stats.bundles && now_ms() < until_ms) {
        sched_yield();
        stats = stats_of(pair.pipeline);
    }
    atomic_store(&pair.stop, true);
    for (int i = 0; i < 2; i++) {
        pthread_join(threads[i], NULL);
    }
    assert_true(stats.combined > stats.bundles);
    assert_int_equal(pair.wrong, 0);
    assert_int_equal(stats_of(pair.pipeline).busy, 0);
    larder_pipeline_free(pair.pipeline);
    redis_server_stop(&server);
}

/* Memory that refuses what is large, once. */
struct scarce {
    struct larder_allocator allocator;
    _Atomic int refusals_due;
};

enum { SCARCE_BYTES = 8 * 1024 };

static bool scarce_refuses(struct scarce *scarce, size_t size)
{
    int due = 1;
    return size >= SCARCE_BYTES && atomic_compare_exchange_strong(&scarce->refusals_due, &due, 0);
}

static void *scarce_alloc(void *user, size_t size)
{
    return scarce_refuses(user, size) ? NULL : larder_alloc(&larder_allocator_libc, size);
}

static void *scarce_resize(void *user, void *block, size_t size)
{
    return scarce_refuses(user, size) ? NULL : larder_realloc(&larder_allocator_libc, block, size);
}

static void scarce_release(void *user, void *block)
{
    (void)user;
    larder_free(&larder_allocator_libc, block);
}

/* It waits for its turn to dial, and another joins it meanwhile; then there is no memory to
 * put the two together. */
static void who_cannot_gather_for_want_of_memory_goes_alone(void **state)
{
    (void)state;
    static const struct larder_width_way gathering = {1, true};
    static char text[2 * SCARCE_BYTES];
    struct redis_server server;
    struct scarce scarce = {.allocator = {scarce_alloc, scarce_resize, scarce_release, &scarce}};
    assert_true(redis_server_start(&server, REDIS_SERVER_TCP, NULL));
    struct larder_pipeline *pipeline = pipeline_with(&scarce.allocator, server.port, 1);
    struct caller large = {.text = text, .pipeline = pipeline, .base.shares = true};
    struct caller small = {.text = "small"};
    memset(text, 'x', sizeof text - 1);
    pipeline->width.way = &gathering;
    pipeline->width.look_at = UINT32_MAX;
    for (int i = 0; i < LARDER_DIALS_AT_ONCE; i++) {
        assert_int_equal(larder_dial_gate_acquire(&pipeline->dials, deadline_after(LONG_MS)),
                         LARDER_OK);
    }
    atomic_fetch_add(&pipeline->callers, 1); /* one more, or it would not wait for others */
    assert_int_equal(pthread_create(&large.thread, NULL, call, &large), 0);
    while (stats_of(pipeline).busy == 0) {
        sched_yield();
    }
    begin(pipeline, &small);
    atomic_store(&scarce.refusals_due, 1);
    for (int i = 0; i < LARDER_DIALS_AT_ONCE; i++) {
        larder_dial_gate_release(&pipeline->dials, LARDER_OK);
    }
    end(&large);
    end(&small);
    atomic_fetch_sub(&pipeline->callers, 1);
    assert_int_equal(atomic_load(&scarce.refusals_due), 0);
    assert_int_equal(large.rewound, 1);
    assert_own_answer(&large);
    assert_own_answer(&small);
    assert_int_equal(stats_of(pipeline).bundles, 1); /* the other's, which was sent next */
    assert_int_equal(stats_of(pipeline).combined, 1);
    larder_pipeline_free(pipeline);
    redis_server_stop(&server);
}

/* --------------------------------------------------------------------- order */

static void writes_of_one_key_keep_to_one_connection(void **state)
{
    (void)state;
    struct redis_server server;
    struct larder_pipeline *pipeline = pipeline_on(&server, 4);
    struct caller first = {.text = "first", .stops = true, .base.lane = 2};
    struct caller second = {.text = "second", .base.lane = 2};
    struct caller other = {.text = "other", .base.lane = 4, .base.shares = true};
    begin(pipeline, &first);
    begin(pipeline, &second); /* is queued, though there is room for more connections */
    other.pipeline = pipeline;
    call(&other);
    assert_own_answer(&other);
    assert_int_equal(stats_of(pipeline).queued, 1);
    go_on(&first);
    end(&second);
    assert_own_answer(&second);
    larder_pipeline_free(pipeline);
    redis_server_stop(&server);
}

/* A write that gives up when it has been sent, and is under way still: `lead`, which came
 * before it over the same connection, has stopped. `first` only keeps that connection busy
 * meanwhile. */
struct orphan {
    struct caller first;
    struct caller lead;
    struct caller gone;
};

static void begin_queued(struct larder_pipeline *pipeline, struct caller *caller)
{
    caller->pipeline = pipeline;
    caller->base.shares = true;
    assert_int_equal(pthread_create(&caller->thread, NULL, call, caller), 0);
    while (stats_of(pipeline).queued == 0) {
        sched_yield();
    }
}

/* Whether somebody sleeps until what is to be sent next is answered. */
static bool is_followed(struct larder_pipeline *pipeline)
{
    bool followed = false;
    pthread_mutex_lock(&pipeline->mutex);
    for (int i = 0; i < pipeline->links.used; i++) {
        followed |= pipeline->links.places[i]->next->followers.sleepers != 0;
    }
    pthread_mutex_unlock(&pipeline->mutex);
    return followed;
}

static void orphan_begin(struct orphan *orphan, struct larder_pipeline *pipeline, uint64_t lane,
                         uint64_t lanes)
{
    *orphan = (struct orphan){
        .first = {.text = "first", .stops = true, .base.lane = lane},
        .lead = {.text = "lead", .stops = true, .base.lane = lane},
        .gone = {.text = "gone", .ms = SLOW_MS, .base.lane = lane, .base.lanes = lanes}};
    begin(pipeline, &orphan->first);
    begin_queued(pipeline, &orphan->lead);
    begin(pipeline, &orphan->gone);
    while (!is_followed(pipeline)) { /* it knows how far the connection was before it was sent */
        sched_yield();
    }
    go_on(&orphan->first);
    while (!atomic_load(&orphan->lead.stopped)) {
        sched_yield();
    }
}

static void orphan_end(struct orphan *orphan)
{
    end(&orphan->gone);
    assert_int_equal(orphan->gone.status, LARDER_E_TIMEOUT);
    assert_true(orphan->gone.base.fill_sent);
}

/* What comes for the key of it that is not its first, first or not, goes behind it. */
static void who_writes_several_keys_is_not_overtaken(void **state)
{
    (void)state;
    static const uint64_t lanes[] = {4, 16};
    struct redis_server server;
    struct larder_pipeline *pipeline = pipeline_on(&server, 4);
    for (size_t i = 0; i < 2; i++) {
        struct orphan orphan;
        struct caller later = {.text = "later", .base = {.lane = lanes[i], .lanes = lanes[i] | 4}};
        struct caller other = {.text = "other",
                               .pipeline = pipeline,
                               .base = {.lane = 16, .lanes = 16 | 8, .shares = true}};
        orphan_begin(&orphan, pipeline, 2, 2 | 4);
        orphan_end(&orphan);
        call(&other); /* has nothing in common */
        assert_own_answer(&other);
        begin(pipeline, &later); /* is queued */
        go_on(&orphan.lead);
        end(&later);
        assert_own_answer(&later);
        assert_int_equal(stats_of(pipeline).busy, 0);
        assert_int_equal(stats_of(pipeline).connections, 2);
        assert_int_equal(call_alone(pipeline, "read"), LARDER_OK);
    }
    larder_pipeline_free(pipeline);
    redis_server_stop(&server);
}

/* Of two connections each has a write under way whose caller gave up, of another of its keys. */
static void who_must_follow_two_waits_for_one_of_them(void **state)
{
    (void)state;
    struct redis_server server;
    struct larder_pipeline *pipeline = pipeline_on(&server, 4);
    struct orphan orphans[2];
    struct caller later = {.text = "later",
                           .pipeline = pipeline,
                           .base = {.lane = 16, .lanes = 16 | 2 | 4, .shares = true}};
    orphan_begin(&orphans[0], pipeline, 2, 2);
    orphan_begin(&orphans[1], pipeline, 4, 4);
    orphan_end(&orphans[0]);
    orphan_end(&orphans[1]);
    assert_int_equal(pthread_create(&later.thread, NULL, call, &later), 0);
    while (!is_waiting_for_lane(pipeline)) {
        sched_yield();
    }
    assert_int_equal(stats_of(pipeline).connections, 2);
    assert_int_equal(stats_of(pipeline).queued, 0);
    go_on(&orphans[0].lead);
    while (stats_of(pipeline).queued == 0) { /* behind the other */
        sched_yield();
    }
    go_on(&orphans[1].lead);
    end(&later);
    assert_own_answer(&later);
    assert_int_equal(stats_of(pipeline).connections, 2);
    larder_pipeline_free(pipeline);
    redis_server_stop(&server);
}

/* ----------------------------------------------------------------- giving up */

static void who_gives_up_before_it_is_sent_is_not_sent(void **state)
{
    (void)state;
    struct redis_server server;
    struct larder_pipeline *pipeline = pipeline_on(&server, 1);
    struct caller first = {.text = "first", .stops = true};
    struct caller hasty = {.text = "hasty", .ms = 1, .commands = 2}, patient = {.text = "patient"};
    begin(pipeline, &first);
    hasty.pipeline = patient.pipeline = pipeline;
    hasty.base.shares = patient.base.shares = true;
    assert_int_equal(pthread_create(&hasty.thread, NULL, call, &hasty), 0);
    assert_int_equal(pthread_create(&patient.thread, NULL, call, &patient), 0);
    end(&hasty);
    while (stats_of(pipeline).queued < 1) { /* the patient one waits, before or after */
        sched_yield();
    }
    assert_int_equal(hasty.status, LARDER_E_TIMEOUT);
    assert_false(hasty.base.fill_sent);
    assert_false(hasty.result.connected);
    go_on(&first);
    end(&patient);
    assert_own_answer(&patient);
    larder_pipeline_free(pipeline);
    redis_server_stop(&server);
}

/* The reply to one that gave up comes late, between those of two others, and
 * the next caller on the connection has its own. */
static void a_reply_that_nobody_waits_for_is_dropped(void **state)
{
    (void)state;
    static const struct scripted_step steps[] = {
        HELLO,
        SCRIPTED_AWAIT,
        SCRIPTED_SEND("$5\r\nfirst\r\n"),
        SCRIPTED_AWAIT,
        SCRIPTED_SEND("$1\r\na\r\n"),
        SCRIPTED_DRIP("$5\r\nhasty\r\n$5\r\nhasty\r\n", DRIP_MS),
        SCRIPTED_SEND("$1\r\nc\r\n"),
        SCRIPTED_AWAIT,
        SCRIPTED_SEND("$1\r\nd\r\n"),
        SCRIPTED_HOLD};
    struct scripted_server *server = scripted_server_start(STEPS(steps));
    struct larder_pipeline *pipeline = pipeline_at(scripted_server_port(server), 1);
    struct caller first = {.text = "first", .stops = true};
    struct caller a = {.text = "a"}, c = {.text = "c"};
    struct caller hasty = {.text = "hasty", .commands = 2, .ms = SHORT_MS};
    begin(pipeline, &first);
    begin(pipeline, &a);
    begin(pipeline, &hasty);
    begin(pipeline, &c);
    go_on(&first);
    end(&hasty);
    end(&a);
    end(&c);
    assert_int_equal(hasty.status, LARDER_E_TIMEOUT);
    assert_true(hasty.base.fill_sent);
    assert_in_range(hasty.took_ms, SHORT_MS - 1, SHORT_MS + SLOW_MS);
    assert_own_answer(&a);
    assert_own_answer(&c);
    assert_int_equal(call_alone(pipeline, "d"), LARDER_OK);
    assert_int_equal(scripted_server_connections(server), 1);
    larder_pipeline_free(pipeline);
    scripted_server_stop(server);
}

/* The leader's time is up in the middle of the second of three replies: the
 * first is consumed, and only who still waits for one may lead on. */
static void a_leader_whose_time_is_up_hands_over(void **state)
{
    (void)state;
    static const struct scripted_step steps[] = {HELLO,
                                                 SCRIPTED_AWAIT,
                                                 SCRIPTED_SEND("$5\r\nfirst\r\n"),
                                                 SCRIPTED_AWAIT,
                                                 SCRIPTED_SEND("$5\r\nhasty\r\n$1\r\na\r\n"),
                                                 SCRIPTED_DRIP("$5\r\nhasty\r\n", DRIP_MS),
                                                 SCRIPTED_SEND("$1\r\nb\r\n"),
                                                 SCRIPTED_HOLD};
    struct scripted_server *server = scripted_server_start(STEPS(steps));
    struct larder_pipeline *pipeline = pipeline_at(scripted_server_port(server), 1);
    struct caller first = {.text = "first", .stops = true};
    struct caller leader = {.text = "hasty", .ms = SHORT_MS};
    struct caller hasty = {.text = "hasty", .ms = SHORT_MS}, a = {.text = "a"}, b = {.text = "b"};
    begin(pipeline, &first);
    begin(pipeline, &leader);
    begin(pipeline, &a);
    begin(pipeline, &hasty);
    begin(pipeline, &b);
    go_on(&first);
    end(&leader);
    end(&hasty);
    end(&a);
    end(&b);
    assert_own_answer(&leader); /* it had come before */
    assert_in_range(leader.took_ms, SHORT_MS - 1, SHORT_MS + SLOW_MS);
    assert_int_equal(hasty.status, LARDER_E_TIMEOUT);
    assert_own_answer(&a);
    assert_own_answer(&b);
    larder_pipeline_free(pipeline);
    scripted_server_stop(server);
}

/* ---------------------------------------------------------- a stopped leader */

static void a_leader_that_stops_holds_nobody_up(void **state)
{
    (void)state;
    struct redis_server server;
    struct larder_pipeline *pipeline = pipeline_on(&server, 1);
    struct caller first = {.text = "first", .stops = true};
    struct caller leader = {.text = "leader", .stops = true};
    struct caller sent = {.text = "sent", .ms = SHORT_MS};
    struct caller unsent = {.text = "unsent", .ms = SHORT_MS};
    begin(pipeline, &first);
    leader.stops = false; /* to be waited for in the queue */
    begin(pipeline, &leader);
    leader.stops = true;
    begin(pipeline, &sent);
    go_on(&first);
    while (!atomic_load(&leader.stopped)) {
        sched_yield();
    }
    begin(pipeline, &unsent);
    end(&sent);
    end(&unsent);
    assert_int_equal(sent.status, LARDER_E_TIMEOUT);
    assert_true(sent.base.fill_sent);
    assert_in_range(sent.took_ms, SHORT_MS - 1, SHORT_MS + SLOW_MS);
    if (unsent.status == LARDER_E_TIMEOUT) {
        assert_in_range(unsent.took_ms, SHORT_MS - 1, SHORT_MS + SLOW_MS);
    } else { /* the other one's time was enough to find that the connection is stuck */
        assert_own_answer(&unsent);
    }
    /* Its place is another's by now, though one is the maximum. */
    assert_int_equal(call_alone(pipeline, "new"), LARDER_OK);
    go_on(&leader);
    assert_own_answer(&leader);
    assert_int_equal(call_alone(pipeline, "more"), LARDER_OK);
    assert_int_equal(stats_of(pipeline).connections, 1);
    assert_int_equal(stats_of(pipeline).busy, 0);
    larder_pipeline_free(pipeline);
    redis_server_stop(&server);
}

/* ------------------------------------------------------- a lost connection */

static void what_is_lost_with_a_connection_says_how_far_it_came(void **state)
{
    (void)state;
    static const struct scripted_step steps[] = {HELLO,
                                                 SCRIPTED_AWAIT,
                                                 SCRIPTED_SEND("$5\r\nfirst\r\n"),
                                                 SCRIPTED_AWAIT,
                                                 SCRIPTED_SEND("$1\r\na\r\n$1\r\nb\r\n"),
                                                 SCRIPTED_RESET};
    struct scripted_server *server = scripted_server_start(STEPS(steps));
    struct larder_pipeline *pipeline = pipeline_at(scripted_server_port(server), 1);
    struct caller first = {.text = "first", .stops = true};
    struct caller a = {.text = "a"}, c = {.text = "c"};
    struct caller b = {.text = "b", .commands = 2};
    begin(pipeline, &first);
    begin(pipeline, &a);
    begin(pipeline, &b);
    begin(pipeline, &c);
    go_on(&first);
    end(&a);
    end(&b);
    end(&c);
    /* A reset may overtake what was sent before it. */
    assert_true(a.status == LARDER_OK || a.status == LARDER_E_UNAVAILABLE);
    assert_int_equal(b.status, LARDER_E_UNAVAILABLE);
    assert_int_equal(b.base.any_received, a.status == LARDER_OK);
    assert_int_equal(c.status, LARDER_E_UNAVAILABLE);
    assert_true(b.base.fill_sent && c.base.fill_sent);
    assert_false(c.base.any_received);
    assert_true(c.result.reused);
    assert_true(c.result.connected);
    assert_true(c.result.failures > 0);
    assert_true(c.result.why[0] != '\0');
    larder_pipeline_free(pipeline);
    scripted_server_stop(server);
}

/* The connection of their leader is lost before they were sent: they go again, on another. */
static void what_waited_for_a_lost_connection_goes_over_another(void **state)
{
    (void)state;
    static const struct scripted_step lost[] = {
        HELLO, SCRIPTED_AWAIT, SCRIPTED_SEND("$5\r\nfirst\r\n$4\r\nmore\r\n"), SCRIPTED_HOLD};
    static const struct scripted_step good[] = {HELLO, SCRIPTED_AWAIT, SCRIPTED_SEND("$1\r\na\r\n"),
                                                SCRIPTED_HOLD};
    struct scripted_server *server = scripted_server_start(STEPS(lost));
    scripted_server_next(server, 1, STEPS(good));
    struct larder_pipeline *pipeline = pipeline_at(scripted_server_port(server), 1);
    struct caller first = {.text = "first", .stops = true}, a = {.text = "a"};
    begin(pipeline, &first);
    begin(pipeline, &a);
    atomic_store(&first.go_on, true);
    end(&first);
    assert_int_equal(first.status, LARDER_E_PROTOCOL);
    end(&a);
    assert_own_answer(&a);
    assert_int_equal(scripted_server_connections(server), 2);
    larder_pipeline_free(pipeline);
    scripted_server_stop(server);
}

static void who_waits_for_a_dial_has_its_failure(void **state)
{
    (void)state;
    struct redis_server server;
    struct larder_pipeline *pipeline = pipeline_on(&server, 1);
    redis_server_stop(&server);
    struct caller callers[8];
    for (int i = 0; i < 8; i++) {
        callers[i] = (struct caller){.text = "x", .pipeline = pipeline, .base.shares = true};
        assert_int_equal(pthread_create(&callers[i].thread, NULL, call, &callers[i]), 0);
    }
    for (int i = 0; i < 8; i++) {
        end(&callers[i]);
        assert_int_equal(callers[i].status, LARDER_E_UNAVAILABLE);
        assert_false(callers[i].base.fill_sent);
        assert_false(callers[i].result.reused);
        assert_false(callers[i].result.connected);
        assert_true(callers[i].took_ms < LONG_MS / 2);
    }
    larder_pipeline_free(pipeline);
}

/* ------------------------------------------------------------------ the end */

static void *free_pipeline(void *pipeline)
{
    larder_pipeline_free(pipeline);
    return NULL;
}

static void free_waits_for_what_runs(void **state)
{
    (void)state;
    struct redis_server server;
    struct larder_pipeline *pipeline = pipeline_on(&server, 1);
    struct caller first = {.text = "first", .stops = true}, queued = {.text = "queued"};
    pthread_t thread;
    begin(pipeline, &first);
    begin(pipeline, &queued);
    assert_int_equal(pthread_create(&thread, NULL, free_pipeline, pipeline), 0);
    sched_yield();
    go_on(&first);
    end(&queued);
    pthread_join(thread, NULL);
    if (queued.status == LARDER_OK) { /* free came late */
        assert_own_answer(&queued);
    } else {
        assert_int_equal(queued.status, LARDER_E_UNAVAILABLE);
        assert_false(queued.base.fill_sent);
    }
    redis_server_stop(&server);
}

/* -------------------------------------------------------------------- a crowd */

struct crowd {
    struct larder_pipeline *pipeline;
    _Atomic int number;
    _Atomic int wrong;
    _Atomic int in_time;
    int64_t until_ms;
};

/* Each call has a text of its own; now and then one has hardly any time. */
static void *crowd_call(void *user)
{
    struct crowd *crowd = user;
    char text[24], due[64];
    int me = atomic_fetch_add(&crowd->number, 1);
    for (int i = 0; now_ms() < crowd->until_ms; i++) {
        snprintf(text, sizeof text, "%d-%d", me, i);
        struct caller caller = {.text = text,
                                .pipeline = crowd->pipeline,
                                .base.shares = i % 50 != 7,
                                .base.lane = i % 3 == 0 ? UINT64_C(1) << (i % 64) : 0,
                                .commands = 1 + i % 2,
                                .ms = i % 13 == 5 ? 1 : LONG_MS};
        call(&caller);
        snprintf(due, sizeof due, caller.commands == 2 ? " %s %s" : " %s", text, text);
        if (caller.status == LARDER_OK) {
            crowd->in_time++;
            crowd->wrong += strcmp(caller.taken, due) != 0;
        } else {
            crowd->wrong += caller.status != LARDER_E_TIMEOUT || caller.ms != 1;
        }
    }
    return NULL;
}

static void run_crowd(int max_connections)
{
    struct redis_server server;
    pthread_t threads[CROWD];
    struct crowd crowd = {.pipeline = pipeline_on(&server, max_connections),
                          .until_ms = now_ms() + 1000};
    for (int i = 0; i < CROWD; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, crowd_call, &crowd), 0);
    }
    for (int i = 0; i < CROWD; i++) {
        pthread_join(threads[i], NULL);
    }
    assert_int_equal(crowd.wrong, 0);
    assert_true(crowd.in_time > 0);
    assert_true(stats_of(crowd.pipeline).combined > stats_of(crowd.pipeline).bundles);
    assert_int_equal(stats_of(crowd.pipeline).busy, 0);
    larder_pipeline_free(crowd.pipeline);
    redis_server_stop(&server);
}

static void in_a_crowd_everybody_has_its_own_answer(void **state)
{
    (void)state;
    run_crowd(16);
}

static void in_a_crowd_on_one_connection_too(void **state)
{
    (void)state;
    run_crowd(1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_lone_caller_goes_by_itself),
        cmocka_unit_test(who_finds_all_busy_goes_together),
        cmocka_unit_test(what_shares_with_none_waits_for_a_connection_of_its_own),
        cmocka_unit_test(who_finds_one_idle_may_wait_for_others),
        cmocka_unit_test(who_cannot_gather_for_want_of_memory_goes_alone),
        cmocka_unit_test(reads_do_not_wait_behind_writes),
        cmocka_unit_test(who_waits_for_long_goes_over_another_connection),
        cmocka_unit_test(writes_of_one_key_keep_to_one_connection),
        cmocka_unit_test(who_writes_several_keys_is_not_overtaken),
        cmocka_unit_test(who_must_follow_two_waits_for_one_of_them),
        cmocka_unit_test(who_gives_up_before_it_is_sent_is_not_sent),
        cmocka_unit_test(a_reply_that_nobody_waits_for_is_dropped),
        cmocka_unit_test(a_leader_whose_time_is_up_hands_over),
        cmocka_unit_test(a_leader_that_stops_holds_nobody_up),
        cmocka_unit_test(what_is_lost_with_a_connection_says_how_far_it_came),
        cmocka_unit_test(what_waited_for_a_lost_connection_goes_over_another),
        cmocka_unit_test(who_waits_for_a_dial_has_its_failure),
        cmocka_unit_test(free_waits_for_what_runs),
        cmocka_unit_test(in_a_crowd_everybody_has_its_own_answer),
        cmocka_unit_test(in_a_crowd_on_one_connection_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
