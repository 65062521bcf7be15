/* SPDX-License-Identifier: MIT */
/*
 * A TLS stream against a peer that is OpenSSL too and does what no Redis does:
 * new keys, renegotiation, half records, ends of every kind.
 */
#include "secured.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

/* -------------------------------------------------------------------- a peer */

struct peer {
    int listener;
    int port;
    int fd;
    int protocol; /* TLS1_2_VERSION; 0: any */
    SSL_CTX *context;
    SSL *ssl;
    void (*act)(struct peer *peer); /* after the handshake; then the socket is closed */
    pthread_t thread;
    int result; /* of the act, for the test */
};

static void *serve(void *user)
{
    struct peer *peer = user;
    peer->fd = accept4(peer->listener, NULL, NULL, SOCK_CLOEXEC);
    peer->ssl = SSL_new(peer->context);
    SSL_set_fd(peer->ssl, peer->fd);
    if (SSL_accept(peer->ssl) == 1) {
        peer->act(peer);
    }
    SSL_free(peer->ssl);
    close(peer->fd);
    ERR_clear_error();
    return NULL;
}

static void start(struct peer *peer, int protocol, void (*act)(struct peer *))
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof address;
    memset(peer, 0, sizeof *peer);
    peer->act = act;
    peer->context = SSL_CTX_new(TLS_server_method());
    assert_int_equal(
        SSL_CTX_use_certificate_file(peer->context, file("server.pem"), SSL_FILETYPE_PEM), 1);
    assert_int_equal(
        SSL_CTX_use_PrivateKey_file(peer->context, file("server.key"), SSL_FILETYPE_PEM), 1);
    if (protocol != 0) {
        SSL_CTX_set_max_proto_version(peer->context, protocol);
    }
    peer->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(peer->listener, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(peer->listener, 1), 0);
    assert_int_equal(getsockname(peer->listener, (struct sockaddr *)&address, &len), 0);
    peer->port = ntohs(address.sin_port);
    assert_int_equal(pthread_create(&peer->thread, NULL, serve, peer), 0);
}

static void finish(struct peer *peer)
{
    pthread_join(peer->thread, NULL);
    close(peer->listener);
    SSL_CTX_free(peer->context);
}

static void peer_say(struct peer *peer, const char *text)
{
    SSL_write(peer->ssl, text, (int)strlen(text));
}

/* A line of the client; what it is does not matter. */
static void peer_hear(struct peer *peer)
{
    char byte = '\0';
    while (byte != '\n' && SSL_read(peer->ssl, &byte, 1) == 1) {
    }
}

/* ------------------------------------------------------------------- a client */

static struct larder_tls *tls;
static struct larder_stream stream;
static char why[LARDER_WHY_BYTES];
static char heard[256];

static int setup(void **state)
{
    if (make_pki(state) != 0) {
        return -1;
    }
    tls = make_tls("ca.pem", NULL, NULL, NULL, NULL);
    return 0;
}

static int teardown(void **state)
{
    larder_tls_free(tls);
    return remove_pki(state);
}

static void connect_to(struct peer *peer)
{
    enum larder_status status = dial(&stream, peer->port, tls, LONG_MS, why);
    if (status != LARDER_OK) {
        fail_msg("%s: %s", larder_status_name(status), why);
    }
}

static enum larder_status wait_for(short events, int64_t ms, short *ret_events)
{
    return larder_stream_wait(&stream, events, &larder_clock_system, deadline_after(ms),
                              ret_events);
}

/* -------------------------------------------------------------------- cases */

static void act_wait_for_end(struct peer *peer)
{
    char byte;
    int n = SSL_read(peer->ssl, &byte, 1);
    peer->result = SSL_get_error(peer->ssl, n);
}

static void act_new_keys(struct peer *peer)
{
    for (int i = 0; i < 3; i++) {
        peer_hear(peer);
        SSL_key_update(peer->ssl, SSL_KEY_UPDATE_REQUESTED);
        peer_say(peer, "+PONG\r\n");
    }
    act_wait_for_end(peer);
}

static void new_keys_are_no_news(void **state)
{
    struct peer peer;
    (void)state;
    start(&peer, 0, act_new_keys);
    connect_to(&peer);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(ping(&stream, why), LARDER_OK);
        assert_true(larder_stream_is_quiet(&stream));
    }
    larder_stream_close(&stream);
    finish(&peer);
}

static void act_renegotiate(struct peer *peer)
{
    peer_hear(peer);
    peer->result = SSL_renegotiate(peer->ssl) == 1 && SSL_do_handshake(peer->ssl) == 1;
    peer_say(peer, "+PONG\r\n");
    peer_hear(peer);
    peer->result = peer->result && SSL_renegotiate_pending(peer->ssl) == 0;
}

/* Refused; whether the peer lives with that is its own affair. */
static void a_renegotiation_is_refused(void **state)
{
    struct peer peer;
    (void)state;
    start(&peer, TLS1_2_VERSION, act_renegotiate);
    connect_to(&peer);
    (void)ping(&stream, why);
    larder_stream_close(&stream);
    finish(&peer);
    assert_int_equal(peer.result, 0);
}

static void act_close_notify(struct peer *peer)
{
    peer_hear(peer);
    SSL_shutdown(peer->ssl);
}

static void act_cut(struct peer *peer)
{
    peer_hear(peer);
}

static void act_reset(struct peer *peer)
{
    struct linger now = {.l_onoff = 1};
    setsockopt(peer->fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    peer_hear(peer);
}

static void every_end_is_an_end(void **state)
{
    static const struct {
        void (*act)(struct peer *);
        const char *why;
    } ends[] = {{act_close_notify, "the end"}, {act_cut, "the end"}, {act_reset, "recv: "}};
    (void)state;
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        struct peer peer;
        start(&peer, 0, ends[i].act);
        connect_to(&peer);
        assert_int_equal(say(&stream, "PING\r\n", LONG_MS, why), LARDER_OK);
        assert_int_equal(hear(&stream, heard, sizeof heard, LONG_MS, why), LARDER_E_UNAVAILABLE);
        if (strncmp(why, ends[i].why, strlen(ends[i].why)) != 0) {
            fail_msg("%s, not %s", why, ends[i].why);
        }
        finish(&peer);
        assert_false(larder_stream_is_quiet(&stream));
        larder_stream_close(&stream);
    }
}

static void closing_says_goodbye(void **state)
{
    struct peer peer;
    (void)state;
    start(&peer, 0, act_wait_for_end);
    connect_to(&peer);
    larder_stream_close(&stream);
    assert_int_equal(stream.fd, -1);
    assert_null(stream.ssl);
    finish(&peer);
    assert_int_equal(peer.result, SSL_ERROR_ZERO_RETURN);
}

static void act_pong(struct peer *peer)
{
    peer_hear(peer);
    peer_say(peer, "+PONG\r\n");
    act_wait_for_end(peer);
}

/* It closes its copy, and the parent goes on. */
static void a_forks_child_says_nothing(void **state)
{
    for (int abandon = 0; abandon < 2; abandon++) {
        struct peer peer;
        int result;
        (void)state;
        start(&peer, 0, act_pong);
        connect_to(&peer);
        pid_t pid = fork();
        if (pid == 0) {
            if (abandon) {
                larder_stream_abandon(&stream);
            }
            larder_stream_close(&stream);
            _exit(stream.fd == -1 && stream.ssl == NULL ? 0 : 1);
        }
        assert_int_equal(waitpid(pid, &result, 0), pid);
        assert_int_equal(result, 0);
        assert_int_equal(ping(&stream, why), LARDER_OK);
        larder_stream_close(&stream);
        finish(&peer);
        assert_int_equal(peer.result, SSL_ERROR_ZERO_RETURN);
    }
}

static void act_vanish(struct peer *peer)
{
    struct linger now = {.l_onoff = 1};
    setsockopt(peer->fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    close(dup2(peer->listener, peer->fd)); /* RST */
}

/* The default disposition kills; the test's program is alive afterwards. */
static void a_write_to_nobody_is_no_signal(void **state)
{
    struct peer peer;
    short events;
    (void)state;
    assert_true(signal(SIGPIPE, SIG_DFL) != SIG_ERR);
    start(&peer, 0, act_vanish);
    connect_to(&peer);
    finish(&peer);
    assert_int_equal(wait_for(POLLIN | POLLOUT, LONG_MS, &events), LARDER_OK);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(say(&stream, "PING\r\n", LONG_MS, why), LARDER_E_UNAVAILABLE);
    }
    larder_stream_close(&stream);
}

/* --------------------------------------------------------------- what is there */

static void act_two_lines(struct peer *peer)
{
    peer_say(peer, "+one\r\n+two\r\n");
    act_wait_for_end(peer);
}

static void what_was_decrypted_is_not_waited_for(void **state)
{
    struct peer peer;
    char bytes[6];
    short events;
    (void)state;
    start(&peer, 0, act_two_lines);
    connect_to(&peer);
    assert_int_equal(wait_for(POLLIN, LONG_MS, &events), LARDER_OK);
    assert_int_equal(events, POLLIN);
    assert_int_equal(larder_stream_recv(&stream, bytes, sizeof bytes, true), sizeof bytes);
    assert_memory_equal(bytes, "+one\r\n", sizeof bytes);
    assert_false(larder_stream_is_quiet(&stream));
    assert_int_equal(wait_for(POLLIN, DEADLINE_MS, &events), LARDER_OK);
    assert_int_equal(events, POLLIN);
    assert_int_equal(larder_stream_recv(&stream, bytes, sizeof bytes, true), sizeof bytes);
    assert_memory_equal(bytes, "+two\r\n", sizeof bytes);
    assert_true(larder_stream_is_quiet(&stream));
    larder_stream_close(&stream);
    finish(&peer);
}

/* Writes a record, all but its last bytes; the rest when a line came. */
static void act_half_a_record(struct peer *peer)
{
    unsigned char record[256];
    BIO *out = BIO_new(BIO_s_mem());
    SSL_set0_wbio(peer->ssl, out);
    BIO_up_ref(out);
    peer_say(peer, "+PONG\r\n");
    int len = BIO_read(out, record, sizeof record);
    send(peer->fd, record, (size_t)len - 4, MSG_NOSIGNAL);
    peer_hear(peer);
    send(peer->fd, record + len - 4, 4, MSG_NOSIGNAL);
    act_wait_for_end(peer);
    BIO_free(out);
}

/* Whoever also has something to send is not sent to wait for the rest. */
static void half_a_record_is_nothing_yet(void **state)
{
    struct peer peer;
    short events;
    (void)state;
    start(&peer, 0, act_half_a_record);
    connect_to(&peer);
    assert_int_equal(wait_for(POLLIN, DEADLINE_MS, &events), LARDER_E_TIMEOUT);
    assert_int_equal(events, 0);
    assert_int_equal(wait_for(POLLIN | POLLOUT, DEADLINE_MS, &events), LARDER_OK);
    assert_int_equal(events, POLLOUT);
    assert_false(larder_stream_is_quiet(&stream));
    assert_int_equal(ping(&stream, why), LARDER_OK);
    larder_stream_close(&stream);
    finish(&peer);
}

/* Empty records without end, each well made. */
static void act_nothing_for_ever(struct peer *peer)
{
    unsigned char records[64 * 1024];
    BIO *out = BIO_new(BIO_s_mem());
    SSL_set0_wbio(peer->ssl, out);
    BIO_up_ref(out);
    int len;
    do {
        for (int i = 0; i < 500; i++) {
            SSL_key_update(peer->ssl, SSL_KEY_UPDATE_NOT_REQUESTED);
            SSL_do_handshake(peer->ssl);
        }
        len = BIO_read(out, records, sizeof records);
    } while (len > 0 && send(peer->fd, records, (size_t)len, MSG_NOSIGNAL) == len);
    BIO_free(out);
}

static void records_without_content_do_not_hold_a_call(void **state)
{
    struct peer peer;
    (void)state;
    start(&peer, 0, act_nothing_for_ever);
    connect_to(&peer);
    int64_t start_ms = now_ms();
    enum larder_status status = hear(&stream, heard, sizeof heard, DEADLINE_MS, why);
    assert_true(status == LARDER_E_TIMEOUT || status == LARDER_E_UNAVAILABLE);
    /* The flood takes a processor of its own: how late a busy machine is does
     * not matter here, that it ends does. */
    assert_true(now_ms() - start_ms <= DEADLINE_MS + LONG_MS);
    larder_stream_close(&stream);
    finish(&peer);
}

/* ---------------------------------------------------------------- large values */

enum { LARGE_BYTES = 8 << 20 };

static void act_echo(struct peer *peer)
{
    static char block[LARGE_BYTES];
    size_t len = 0;
    int n;
    while (len < sizeof block &&
           (n = SSL_read(peer->ssl, block + len, (int)(sizeof block - len))) > 0) {
        len += (size_t)n;
    }
    SSL_write(peer->ssl, block, (int)len);
    act_wait_for_end(peer);
}

static void send_block(const char *block, size_t size)
{
    for (size_t sent = 0; sent < size;) {
        short events;
        ssize_t n = larder_stream_send(&stream, block + sent, size - sent);
        if (n > 0) {
            sent += (size_t)n;
        } else {
            assert_int_equal(errno, EAGAIN);
            assert_int_equal(wait_for(POLLOUT, LONG_MS, &events), LARDER_OK);
        }
    }
}

static void receive_block(char *block, size_t size)
{
    for (size_t received = 0; received < size;) {
        short events;
        ssize_t n = larder_stream_recv(&stream, block + received, size - received, true);
        if (n > 0) {
            received += (size_t)n;
        } else {
            assert_int_equal(n, -1);
            assert_int_equal(errno, EAGAIN);
            assert_int_equal(wait_for(POLLIN, LONG_MS, &events), LARDER_OK);
        }
    }
}

static void large_values_pass_whole(void **state)
{
    struct peer peer;
    char *sent = malloc(LARGE_BYTES);
    char *received = malloc(LARGE_BYTES);
    (void)state;
    assert_non_null(sent);
    assert_non_null(received);
    for (size_t i = 0; i < LARGE_BYTES; i++) {
        sent[i] = (char)(i * 2654435761U >> 13);
    }
    start(&peer, 0, act_echo);
    connect_to(&peer);
    send_block(sent, LARGE_BYTES);
    receive_block(received, LARGE_BYTES);
    assert_memory_equal(sent, received, LARGE_BYTES);
    assert_true(larder_stream_is_quiet(&stream));
    larder_stream_close(&stream);
    finish(&peer);
    free(sent);
    free(received);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(new_keys_are_no_news),
        cmocka_unit_test(a_renegotiation_is_refused),
        cmocka_unit_test(every_end_is_an_end),
        cmocka_unit_test(closing_says_goodbye),
        cmocka_unit_test(a_forks_child_says_nothing),
        cmocka_unit_test(a_write_to_nobody_is_no_signal),
        cmocka_unit_test(what_was_decrypted_is_not_waited_for),
        cmocka_unit_test(half_a_record_is_nothing_yet),
        cmocka_unit_test(records_without_content_do_not_hold_a_call),
        cmocka_unit_test(large_values_pass_whole),
    };
    signal(SIGPIPE, SIG_IGN); /* the peer's; the case of it sets its own */
    return cmocka_run_group_tests(tests, setup, teardown);
}
