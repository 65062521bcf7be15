/* SPDX-License-Identifier: MIT */
/*
 * DESIGN. One thread and one poll over all sockets. A direction is a pipe: what
 * is received is cut into frames where a rule asks for it, then queued as
 * segments with the time at which each is due; what is due is sent. Rules are
 * kept under a mutex that the thread holds while it works, and drops to poll.
 */
#include "support/faultproxy.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "support/resp_frame.h"

enum { LINKS_MAX = 512, READ_BYTES = 16 * 1024, QUEUE_BYTES_MAX = 256 * 1024, DIAL_MARKS = 65536 };

static const int64_t MS_NS = 1000000;
static const int64_t SECOND_NS = 1000000000;

struct segment {
    struct segment *next;
    int64_t due_ns;
    size_t len;
    size_t sent;
    char bytes[];
};

struct pipe {
    int from;
    int to;
    bool from_ended; /* nothing more will be received */
    bool to_ended;   /* told so */
    bool raw;        /* these bytes are not RESP */
    bool hole;       /* what comes is dropped */
    bool stopped;    /* what comes is left where it is */
    struct segment *first;
    struct segment *last;
    size_t queued;
    char *partial; /* of a frame */
    size_t partial_len;
    char *previous; /* the last frame */
    size_t previous_len;
    uint64_t rule_number; /* that the counts below are for */
    size_t bytes;
    size_t frames;
    int64_t free_ns; /* when the next slice may go */
};

struct link {
    bool used;
    bool hung; /* has no server */
    bool reset;
    struct pipe pipes[FAULTPROXY_DIRECTIONS];
};

struct faultproxy {
    int holder; /* keeps the port while nobody listens */
    int listener;
    int wake;
    int port;
    pthread_t thread;
    pthread_mutex_t mutex; /* of all below */
    pthread_cond_t went_round;
    uint64_t rounds;
    bool stopping;
    int server_port;
    enum faultproxy_accept accept;
    struct faultproxy_rule rules[FAULTPROXY_DIRECTIONS];
    uint64_t rule_numbers[FAULTPROXY_DIRECTIONS];
    uint64_t random;
    struct faultproxy_counts counts;
    int64_t dials_ns[DIAL_MARKS]; /* a ring of when the last were accepted, */
    uint64_t dials_from;          /* those of the last second from here on */
    int64_t deaf_until_ns;        /* there was no descriptor for a connection */
    struct link links[LINKS_MAX];
};

static int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * SECOND_NS + now.tv_nsec;
}

static uint64_t next_random(struct faultproxy *proxy)
{
    proxy->random ^= proxy->random << 13;
    proxy->random ^= proxy->random >> 7;
    proxy->random ^= proxy->random << 17;
    return proxy->random;
}

/* ------------------------------------------------------------------ pipes */

static void pipe_release(struct pipe *pipe)
{
    while (pipe->first != NULL) {
        struct segment *segment = pipe->first;
        pipe->first = segment->next;
        free(segment);
    }
    free(pipe->partial);
    free(pipe->previous);
    memset(pipe, 0, sizeof *pipe);
    pipe->from = pipe->to = -1;
}

static void link_close(struct faultproxy *proxy, struct link *link)
{
    struct linger at_once = {.l_onoff = 1};
    int fds[] = {link->pipes[FAULTPROXY_TO_SERVER].from, link->pipes[FAULTPROXY_TO_CLIENT].from};
    for (size_t i = 0; i < 2; i++) {
        if (fds[i] < 0) {
            continue;
        }
        if (link->reset) {
            setsockopt(fds[i], SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
        }
        close(fds[i]);
        pipe_release(&link->pipes[i]);
    }
    pipe_release(&link->pipes[FAULTPROXY_TO_SERVER]);
    pipe_release(&link->pipes[FAULTPROXY_TO_CLIENT]);
    link->used = false;
    proxy->counts.open--;
}

/* The counts of a pipe start anew with each rule. */
static struct faultproxy_rule *rule_of(struct faultproxy *proxy, struct pipe *pipe,
                                       enum faultproxy_direction direction)
{
    if (pipe->rule_number != proxy->rule_numbers[direction]) {
        pipe->rule_number = proxy->rule_numbers[direction];
        pipe->bytes = 0;
        pipe->frames = 0;
        pipe->hole = false;
        pipe->stopped = false;
    }
    return &proxy->rules[direction];
}

static void happened(struct faultproxy *proxy, struct faultproxy_rule *rule)
{
    proxy->counts.faults++;
    if (rule->once) {
        *rule = (struct faultproxy_rule){.latency_ms = rule->latency_ms};
    }
}

static void append_segment(struct pipe *pipe, struct segment *segment)
{
    if (pipe->last != NULL && pipe->first != NULL) {
        pipe->last->next = segment;
        segment->due_ns =
            segment->due_ns > pipe->last->due_ns ? segment->due_ns : pipe->last->due_ns;
    } else {
        pipe->first = segment;
    }
    pipe->last = segment;
    pipe->queued += segment->len;
}

static void enqueue(struct faultproxy *proxy, struct pipe *pipe, const struct faultproxy_rule *rule,
                    const char *bytes, size_t len)
{
    struct segment *segment = len != 0 ? malloc(sizeof *segment + len) : NULL;
    if (segment == NULL) {
        return;
    }
    int64_t wait_ms = rule->latency_ms;
    if (rule->jitter_ms > 0) {
        wait_ms += (int64_t)(next_random(proxy) % ((uint64_t)rule->jitter_ms + 1));
    }
    *segment = (struct segment){.due_ns = wait_ms > 0 ? now_ns() + wait_ms * MS_NS : 0, .len = len};
    memcpy(segment->bytes, bytes, len);
    append_segment(pipe, segment);
}

/* ----------------------------------------------------------------- frames */

static void remember(struct pipe *pipe, const char *frame, size_t len)
{
    char *copy = malloc(len);
    if (copy != NULL) {
        memcpy(copy, frame, len);
        free(pipe->previous);
        pipe->previous = copy;
        pipe->previous_len = len;
    }
}

static void pass_frame(struct faultproxy *proxy, struct pipe *pipe,
                       enum faultproxy_direction direction, const char *frame, size_t len)
{
    struct faultproxy_rule *rule = rule_of(proxy, pipe, direction);
    struct faultproxy_rule now = *rule;
    size_t n = ++pipe->frames;
    proxy->counts.frames[direction]++;
    if (n == now.drop_frame) {
        happened(proxy, rule);
        return;
    }
    if (n == now.replay_frame && pipe->previous != NULL) {
        happened(proxy, rule);
        enqueue(proxy, pipe, rule, pipe->previous, pipe->previous_len);
        return;
    }
    enqueue(proxy, pipe, rule, frame, len);
    if (n == now.duplicate_frame) {
        happened(proxy, rule);
        enqueue(proxy, pipe, rule, frame, len);
        pipe->last->due_ns += now.duplicate_ms > 0 ? now_ns() + now.duplicate_ms * MS_NS : 0;
    }
    remember(pipe, frame, len);
}

static bool keep_partial(struct pipe *pipe, const char *bytes, size_t len)
{
    char *grown = realloc(pipe->partial, pipe->partial_len + len);
    if (grown == NULL) {
        return false;
    }
    memcpy(grown + pipe->partial_len, bytes, len);
    pipe->partial = grown;
    pipe->partial_len += len;
    return true;
}

static void pass_bytes(struct faultproxy *proxy, struct pipe *pipe,
                       enum faultproxy_direction direction, const char *bytes, size_t len)
{
    size_t at = 0;
    if (pipe->hole) {
        return;
    }
    if (pipe->raw || !keep_partial(pipe, bytes, len)) {
        enqueue(proxy, pipe, rule_of(proxy, pipe, direction), bytes, len);
        return;
    }
    while (at < pipe->partial_len && !pipe->raw) {
        size_t frame = resp_frame_bytes(pipe->partial + at, pipe->partial_len - at, &pipe->raw);
        if (frame == 0) {
            break;
        }
        pass_frame(proxy, pipe, direction, pipe->partial + at, frame);
        at += frame;
    }
    if (pipe->raw) {
        enqueue(proxy, pipe, rule_of(proxy, pipe, direction), pipe->partial + at,
                pipe->partial_len - at);
        at = pipe->partial_len;
    }
    memmove(pipe->partial, pipe->partial + at, pipe->partial_len - at);
    pipe->partial_len -= at;
}

/* -------------------------------------------------------------- transport */

/* False: the link is to be closed. */
static bool receive(struct faultproxy *proxy, struct link *link,
                    enum faultproxy_direction direction)
{
    char bytes[READ_BYTES];
    struct pipe *pipe = &link->pipes[direction];
    rule_of(proxy, pipe, direction);
    ssize_t n = recv(pipe->from, bytes, sizeof bytes, MSG_DONTWAIT);
    if (n > 0) {
        pass_bytes(proxy, pipe, direction, bytes, (size_t)n);
        return true;
    }
    if (n == 0) {
        pipe->from_ended = true;
        if (pipe->partial_len != 0) {
            enqueue(proxy, pipe, &proxy->rules[direction], pipe->partial, pipe->partial_len);
            pipe->partial_len = 0;
        }
        return !link->hung;
    }
    link->reset = errno != EAGAIN && errno != EINTR;
    return !link->reset;
}

static bool make_end(struct faultproxy *proxy, struct link *link, struct pipe *pipe,
                     struct faultproxy_rule *rule)
{
    enum faultproxy_end end = rule->end;
    happened(proxy, rule);
    switch (end) {
    case FAULTPROXY_END_NONE:
        break;
    case FAULTPROXY_END_STOP:
        pipe->stopped = true;
        break;
    case FAULTPROXY_END_BLACK_HOLE:
        pipe->hole = true;
        break;
    case FAULTPROXY_END_HALF_CLOSE:
        pipe->hole = true;
        pipe->to_ended = true;
        shutdown(pipe->to, SHUT_WR);
        break;
    case FAULTPROXY_END_RESET:
        link->reset = true;
        return false;
    }
    return true;
}

static void drop_queue(struct pipe *pipe)
{
    while (pipe->first != NULL) {
        struct segment *segment = pipe->first;
        pipe->first = segment->next;
        free(segment);
    }
    pipe->last = NULL;
    pipe->queued = 0;
}

/* How many bytes of the first segment may go now. */
static size_t allowance(const struct pipe *pipe, const struct faultproxy_rule *rule)
{
    size_t len = pipe->first->len - pipe->first->sent;
    if (rule->slice_bytes != 0 && rule->slice_bytes < len) {
        len = rule->slice_bytes;
    }
    if (rule->end != FAULTPROXY_END_NONE && rule->after_bytes - pipe->bytes < len) {
        len = rule->after_bytes - pipe->bytes;
    }
    return len;
}

static void flip_bit(struct faultproxy *proxy, struct pipe *pipe, struct faultproxy_rule *rule,
                     size_t len)
{
    size_t at = rule->flip_at / 8;
    if (rule->flip && at >= pipe->bytes && at < pipe->bytes + len) {
        char *byte = &pipe->first->bytes[pipe->first->sent + at - pipe->bytes];
        *byte = (char)(*byte ^ (1 << rule->flip_at % 8));
        happened(proxy, rule);
        rule->flip = false; /* in this connection and all */
    }
}

/* Sends one piece. False: nothing can go now. *ret_open: the link lives. */
static bool send_piece(struct faultproxy *proxy, struct link *link,
                       enum faultproxy_direction direction, int64_t now, bool *ret_open)
{
    struct pipe *pipe = &link->pipes[direction];
    struct faultproxy_rule *rule = rule_of(proxy, pipe, direction);
    *ret_open = true;
    if (pipe->first == NULL || pipe->stopped || pipe->first->due_ns > now || pipe->free_ns > now) {
        return false;
    }
    if (rule->end != FAULTPROXY_END_NONE && !pipe->hole && pipe->bytes >= rule->after_bytes) {
        *ret_open = make_end(proxy, link, pipe, rule);
        if (pipe->hole) {
            drop_queue(pipe);
        }
        return *ret_open && pipe->first != NULL && !pipe->stopped;
    }
    size_t len = allowance(pipe, rule);
    flip_bit(proxy, pipe, rule, len);
    ssize_t n =
        send(pipe->to, pipe->first->bytes + pipe->first->sent, len, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n <= 0) {
        if (errno != EAGAIN && errno != EINTR) {
            pipe->hole = true; /* the receiver is gone */
            drop_queue(pipe);
        }
        return false;
    }
    pipe->bytes += (size_t)n;
    pipe->queued -= (size_t)n;
    pipe->first->sent += (size_t)n;
    proxy->counts.bytes[direction] += (uint64_t)n;
    pipe->free_ns = rule->slice_bytes != 0 ? now + rule->slice_ms * MS_NS : 0;
    if (pipe->first->sent == pipe->first->len) {
        struct segment *done = pipe->first;
        pipe->first = done->next;
        free(done);
    }
    return true;
}

static bool move_pipe(struct faultproxy *proxy, struct link *link,
                      enum faultproxy_direction direction, int64_t now)
{
    struct pipe *pipe = &link->pipes[direction];
    bool open = true;
    if (link->hung) {
        return true;
    }
    while (open && send_piece(proxy, link, direction, now, &open)) {
    }
    if (open && pipe->from_ended && !pipe->to_ended && pipe->first == NULL) {
        pipe->to_ended = true;
        shutdown(pipe->to, SHUT_WR);
    }
    return open;
}

static bool link_ended(const struct link *link)
{
    const struct pipe *out = &link->pipes[FAULTPROXY_TO_SERVER];
    const struct pipe *in = &link->pipes[FAULTPROXY_TO_CLIENT];
    return out->from_ended && in->from_ended && out->first == NULL && in->first == NULL;
}

/* ------------------------------------------------------------ connections */

static int dial(int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)port),
                                  .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

static struct link *free_link(struct faultproxy *proxy)
{
    for (size_t i = 0; i < LINKS_MAX; i++) {
        if (!proxy->links[i].used) {
            return &proxy->links[i];
        }
    }
    return NULL;
}

static void count_dial(struct faultproxy *proxy)
{
    int64_t now = now_ns();
    uint64_t end = ++proxy->counts.connections;
    proxy->dials_ns[(end - 1) % DIAL_MARKS] = now;
    while (end - proxy->dials_from > DIAL_MARKS ||
           now - proxy->dials_ns[proxy->dials_from % DIAL_MARKS] >= SECOND_NS) {
        proxy->dials_from++;
    }
    if (end - proxy->dials_from > proxy->counts.peak_dials) {
        proxy->counts.peak_dials = end - proxy->dials_from;
    }
}

static void link_open(struct faultproxy *proxy, int client)
{
    const int on = 1;
    struct linger at_once = {.l_onoff = 1};
    struct link *link = free_link(proxy);
    bool hang = proxy->accept == FAULTPROXY_ACCEPT_HANG;
    bool serve = link != NULL && proxy->accept != FAULTPROXY_ACCEPT_RESET;
    int server = serve && !hang ? dial(proxy->server_port) : -1;
    if (!serve || (!hang && server < 0)) {
        setsockopt(client, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
        close(client);
        return;
    }
    memset(link, 0, sizeof *link);
    link->used = true;
    link->hung = hang;
    link->pipes[FAULTPROXY_TO_SERVER] = (struct pipe){.from = client, .to = server};
    link->pipes[FAULTPROXY_TO_CLIENT] = (struct pipe){.from = server, .to = client};
    for (size_t i = 0; i < FAULTPROXY_DIRECTIONS; i++) {
        link->pipes[i].rule_number = proxy->rule_numbers[i];
        if (link->pipes[i].from >= 0) {
            setsockopt(link->pipes[i].from, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        }
    }
    proxy->counts.open++;
}

static void accept_all(struct faultproxy *proxy)
{
    int client;
    while (proxy->listener >= 0 &&
           (client = accept4(proxy->listener, NULL, NULL, SOCK_CLOEXEC)) >= 0) {
        count_dial(proxy);
        link_open(proxy, client);
    }
    if (proxy->listener >= 0 && errno != EAGAIN) {
        proxy->deaf_until_ns = now_ns() + 5 * MS_NS; /* or poll would not sleep */
    }
}

static int bind_socket(int port, int kind)
{
    const int on = 1;
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)port),
                                  .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | kind, 0);
    if (fd >= 0 && (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
                    bind(fd, (struct sockaddr *)&address, sizeof address) != 0)) {
        close(fd);
        return -1;
    }
    return fd;
}

/* Listens, or no longer, as the accept rule wants it. */
static void mind_listener(struct faultproxy *proxy)
{
    bool wanted = proxy->accept != FAULTPROXY_ACCEPT_REFUSE;
    if (!wanted && proxy->listener >= 0) {
        accept_all(proxy); /* who is in the queue came in time */
        close(proxy->listener);
        proxy->listener = -1;
    } else if (wanted && proxy->listener < 0) {
        proxy->listener = bind_socket(proxy->port, SOCK_NONBLOCK);
        if (proxy->listener >= 0 && listen(proxy->listener, 512) != 0) {
            close(proxy->listener);
            proxy->listener = -1;
        }
    }
}

/* ------------------------------------------------------------- the thread */

struct watch {
    struct pollfd fds[2 + 2 * LINKS_MAX];
    size_t owners[2 + 2 * LINKS_MAX]; /* link * 2 + direction that the socket is the source of */
    nfds_t count;
    int64_t due_ns; /* when something is to be sent; INT64_MAX: nothing waits */
};

/* When the pipe's first segment goes; INT64_MAX: nothing waits. */
static int64_t due_of(const struct pipe *pipe)
{
    if (pipe->first == NULL || pipe->stopped) {
        return INT64_MAX;
    }
    return pipe->first->due_ns > pipe->free_ns ? pipe->first->due_ns : pipe->free_ns;
}

static void watch_pipe(struct faultproxy *proxy, struct watch *watch, size_t link, size_t direction)
{
    const struct pipe *pipe = &proxy->links[link].pipes[direction];
    int64_t back_due = due_of(&proxy->links[link].pipes[1 - direction]);
    int64_t now = now_ns();
    short events = 0;
    if (pipe->from < 0) {
        return;
    }
    if (!pipe->from_ended && !pipe->stopped && pipe->queued < QUEUE_BYTES_MAX) {
        events |= POLLIN;
    }
    if (back_due <= now) {
        events |= POLLOUT; /* it would have gone, had there been room */
    } else if (back_due < watch->due_ns) {
        watch->due_ns = back_due;
    }
    if (pipe->from_ended && events == 0) {
        return; /* poll would say POLLHUP for ever */
    }
    watch->owners[watch->count] = link * 2 + direction;
    watch->fds[watch->count++] = (struct pollfd){.fd = pipe->from, .events = events};
}

static void watch_all(struct faultproxy *proxy, struct watch *watch)
{
    watch->fds[0] = (struct pollfd){.fd = proxy->wake, .events = POLLIN};
    bool deaf = proxy->deaf_until_ns > now_ns();
    watch->due_ns = deaf ? proxy->deaf_until_ns : INT64_MAX;
    watch->fds[1] = (struct pollfd){.fd = deaf ? -1 : proxy->listener, .events = POLLIN};
    watch->count = 2;
    for (size_t i = 0; i < LINKS_MAX; i++) {
        if (proxy->links[i].used) {
            watch_pipe(proxy, watch, i, FAULTPROXY_TO_SERVER);
            watch_pipe(proxy, watch, i, FAULTPROXY_TO_CLIENT);
        }
    }
}

static void receive_all(struct faultproxy *proxy, const struct watch *watch)
{
    for (nfds_t i = 2; i < watch->count; i++) {
        struct link *link = &proxy->links[watch->owners[i] / 2];
        enum faultproxy_direction direction =
            watch->owners[i] % 2 == 0 ? FAULTPROXY_TO_SERVER : FAULTPROXY_TO_CLIENT;
        bool readable = (watch->fds[i].revents & (POLLIN | POLLERR | POLLHUP)) != 0;
        if (link->used && readable && !receive(proxy, link, direction)) {
            link_close(proxy, link);
        }
    }
}

static void send_due(struct faultproxy *proxy)
{
    int64_t now = now_ns();
    for (size_t i = 0; i < LINKS_MAX; i++) {
        struct link *link = &proxy->links[i];
        if (link->used &&
            (link->reset || !move_pipe(proxy, link, FAULTPROXY_TO_SERVER, now) ||
             !move_pipe(proxy, link, FAULTPROXY_TO_CLIENT, now) || link_ended(link))) {
            link_close(proxy, link);
        }
    }
}

static struct timespec time_until(int64_t due_ns)
{
    int64_t wait_ns = due_ns == INT64_MAX ? SECOND_NS : due_ns - now_ns();
    wait_ns = wait_ns < 0 ? 0 : wait_ns;
    return (struct timespec){.tv_sec = wait_ns / SECOND_NS, .tv_nsec = wait_ns % SECOND_NS};
}

static void *serve(void *user)
{
    struct faultproxy *proxy = user;
    struct watch *watch = malloc(sizeof *watch);
    pthread_mutex_lock(&proxy->mutex);
    while (watch != NULL && !proxy->stopping) {
        eventfd_t ignored;
        mind_listener(proxy);
        send_due(proxy);
        proxy->rounds++;
        pthread_cond_broadcast(&proxy->went_round);
        watch_all(proxy, watch);
        struct timespec wait = time_until(watch->due_ns);
        pthread_mutex_unlock(&proxy->mutex);
        int n = ppoll(watch->fds, watch->count, &wait, NULL);
        pthread_mutex_lock(&proxy->mutex);
        if (n > 0 && watch->fds[0].revents != 0) {
            eventfd_read(proxy->wake, &ignored);
        }
        if (n > 0) {
            receive_all(proxy, watch);
            accept_all(proxy);
        }
    }
    free(watch);
    for (size_t i = 0; i < LINKS_MAX; i++) {
        if (proxy->links[i].used) {
            link_close(proxy, &proxy->links[i]);
        }
    }
    pthread_mutex_unlock(&proxy->mutex);
    return NULL;
}

/* ------------------------------------------------------------- life cycle */

static void release(struct faultproxy *proxy)
{
    int fds[] = {proxy->holder, proxy->listener, proxy->wake};
    for (size_t i = 0; i < sizeof fds / sizeof *fds; i++) {
        if (fds[i] >= 0) {
            close(fds[i]);
        }
    }
    pthread_cond_destroy(&proxy->went_round);
    pthread_mutex_destroy(&proxy->mutex);
    free(proxy);
}

static bool open_sockets(struct faultproxy *proxy)
{
    struct sockaddr_in address = {0};
    socklen_t len = sizeof address;
    proxy->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    proxy->holder = bind_socket(0, 0);
    if (proxy->wake < 0 || proxy->holder < 0 ||
        getsockname(proxy->holder, (struct sockaddr *)&address, &len) != 0) {
        return false;
    }
    proxy->port = ntohs(address.sin_port);
    mind_listener(proxy);
    return proxy->listener >= 0;
}

struct faultproxy *faultproxy_start(int server_port, uint64_t seed)
{
    struct faultproxy *proxy = calloc(1, sizeof *proxy);
    if (proxy == NULL) {
        return NULL;
    }
    proxy->holder = proxy->listener = proxy->wake = -1;
    proxy->server_port = server_port;
    proxy->random = seed * 2 + 1;
    pthread_mutex_init(&proxy->mutex, NULL);
    pthread_cond_init(&proxy->went_round, NULL);
    if (!open_sockets(proxy) || pthread_create(&proxy->thread, NULL, serve, proxy) != 0) {
        release(proxy);
        return NULL;
    }
    return proxy;
}

void faultproxy_stop(struct faultproxy *proxy)
{
    if (proxy == NULL) {
        return;
    }
    pthread_mutex_lock(&proxy->mutex);
    proxy->stopping = true;
    pthread_mutex_unlock(&proxy->mutex);
    eventfd_write(proxy->wake, 1);
    pthread_join(proxy->thread, NULL);
    release(proxy);
}

int faultproxy_port(const struct faultproxy *proxy)
{
    return proxy->port;
}

/* ---------------------------------------------------------------- control */

/* With the mutex held: until the thread has seen what was changed. */
static void await_round(struct faultproxy *proxy)
{
    uint64_t seen = proxy->rounds;
    eventfd_write(proxy->wake, 1);
    while (proxy->rounds == seen && !proxy->stopping) {
        pthread_cond_wait(&proxy->went_round, &proxy->mutex);
    }
}

void faultproxy_rule(struct faultproxy *proxy, enum faultproxy_direction direction,
                     const struct faultproxy_rule *rule)
{
    static const struct faultproxy_rule none;
    pthread_mutex_lock(&proxy->mutex);
    proxy->rules[direction] = rule != NULL ? *rule : none;
    proxy->rule_numbers[direction]++;
    await_round(proxy);
    pthread_mutex_unlock(&proxy->mutex);
}

void faultproxy_accept(struct faultproxy *proxy, enum faultproxy_accept accept)
{
    pthread_mutex_lock(&proxy->mutex);
    proxy->accept = accept;
    await_round(proxy);
    pthread_mutex_unlock(&proxy->mutex);
}

void faultproxy_server(struct faultproxy *proxy, int server_port)
{
    pthread_mutex_lock(&proxy->mutex);
    proxy->server_port = server_port;
    pthread_mutex_unlock(&proxy->mutex);
}

void faultproxy_reset_all(struct faultproxy *proxy)
{
    pthread_mutex_lock(&proxy->mutex);
    for (size_t i = 0; i < LINKS_MAX; i++) {
        proxy->links[i].reset |= proxy->links[i].used;
    }
    await_round(proxy);
    pthread_mutex_unlock(&proxy->mutex);
}

void faultproxy_counts(struct faultproxy *proxy, struct faultproxy_counts *ret_counts)
{
    pthread_mutex_lock(&proxy->mutex);
    *ret_counts = proxy->counts;
    pthread_mutex_unlock(&proxy->mutex);
}
