/* SPDX-License-Identifier: MIT */
#include "net/tls_stream.h"

#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "base/clock.h"
#include "net/tls.h"

enum {
    HOST_BYTES = 256,
    RECVS_A_CALL = 16,   /* for one record, however small its pieces are */
    MESSAGES_A_LOOK = 16 /* of TLS's own, on an idle stream: more is no good sign */
};

/* ---------------------------------------------------------------------- BIO */

static pthread_once_t once = PTHREAD_ONCE_INIT;
static BIO_METHOD *method; /* for as long as the process lives; NULL: no memory */

static int bio_read(BIO *bio, char *block, int size)
{
    struct larder_stream *stream = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    if (stream->recvs_left == 0) {
        BIO_set_retry_read(bio);
        return -1;
    }
    ssize_t n = recv(stream->fd, block, (size_t)size, stream->may_block ? 0 : MSG_DONTWAIT);
    stream->recvs_left--;
    stream->may_block = false;
    stream->at_end = n == 0;
    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) {
        stream->is_dry = true;
        BIO_set_retry_read(bio);
    }
    return (int)n;
}

static int bio_write(BIO *bio, const char *bytes, int len)
{
    struct larder_stream *stream = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    ssize_t n = send(stream->fd, bytes, (size_t)len, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) {
        BIO_set_retry_write(bio);
    }
    return (int)n;
}

static long bio_control(BIO *bio, int command, long number, void *pointer)
{
    const struct larder_stream *stream = BIO_get_data(bio);
    (void)number, (void)pointer;
    if (command == BIO_CTRL_EOF) {
        return stream->at_end;
    }
    return command == BIO_CTRL_FLUSH;
}

static void make_method(void)
{
    BIO_METHOD *made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "larder");
    if (made != NULL && BIO_meth_set_read(made, bio_read) && BIO_meth_set_write(made, bio_write) &&
        BIO_meth_set_ctrl(made, bio_control)) {
        method = made;
    } else {
        BIO_meth_free(made);
    }
}

static bool set_bio(struct larder_stream *stream)
{
    pthread_once(&once, make_method);
    BIO *bio = method != NULL ? BIO_new(method) : NULL;
    if (bio == NULL) {
        return false;
    }
    BIO_set_data(bio, stream);
    BIO_set_init(bio, 1);
    SSL_set_bio(stream->ssl, bio, bio);
    return true;
}

/* -------------------------------------------------------------------- calls */

/* Before each call: an error that somebody else left would be taken for ours. */
static void begin(struct larder_stream *stream, bool may_block)
{
    if (ERR_peek_error() != 0) {
        ERR_clear_error();
    }
    stream->recvs_left = RECVS_A_CALL;
    stream->may_block = may_block;
}

/* After a call that did not do it. As a system call: 0 or -1, with errno. */
static ssize_t end(struct larder_stream *stream, int result, bool *ret_wants_out)
{
    int error = errno;
    int kind = SSL_get_error(stream->ssl, result);
    *ret_wants_out = kind == SSL_ERROR_WANT_WRITE;
    if (kind == SSL_ERROR_WANT_READ || kind == SSL_ERROR_WANT_WRITE) {
        errno = EAGAIN;
        return -1;
    }
    stream->error = ERR_peek_error();
    ERR_clear_error();
    if (kind == SSL_ERROR_ZERO_RETURN || stream->at_end) {
        stream->error = 0;
        return 0;
    }
    stream->is_broken = kind == SSL_ERROR_SSL;
    stream->broken_errno = stream->is_broken || error == 0 ? EPROTO : error;
    errno = stream->broken_errno;
    return -1;
}

/* What SSL_read and SSL_peek have in common. A failure is kept, since a socket
 * tells its own only once. */
static ssize_t receive(struct larder_stream *stream, int (*function)(SSL *, void *, int),
                       void *block, size_t size, bool may_block)
{
    if (stream->is_broken) {
        errno = stream->broken_errno;
        return -1;
    }
    begin(stream, may_block);
    stream->recv_wants_out = false;
    stream->is_dry = false;
    int n = function(stream->ssl, block, size < INT_MAX ? (int)size : INT_MAX);
    if (n > 0) {
        return n;
    }
    ssize_t result = end(stream, n, &stream->recv_wants_out);
    stream->is_broken = result < 0 && errno != EAGAIN;
    return result;
}

ssize_t larder_tls_stream_recv(struct larder_stream *stream, void *block, size_t size,
                               bool may_block)
{
    return receive(stream, SSL_read, block, size, may_block);
}

ssize_t larder_tls_stream_send(struct larder_stream *stream, const void *bytes, size_t len)
{
    bool wants_out;
    if (stream->is_broken) {
        errno = stream->broken_errno;
        return -1;
    }
    begin(stream, false);
    stream->send_wants_in = false;
    int n = SSL_write(stream->ssl, bytes, len < INT_MAX ? (int)len : INT_MAX);
    if (n > 0) {
        return n;
    }
    ssize_t result = end(stream, n, &wants_out);
    stream->send_wants_in = result < 0 && errno == EAGAIN && !wants_out;
    if (result == 0) { /* a send knows no end */
        errno = EPIPE;
    }
    return -1;
}

/* Whether a recv has something to tell: bytes, the end, a failure. */
static bool has_news(struct larder_stream *stream)
{
    char byte;
    return receive(stream, SSL_peek, &byte, 1, false) >= 0 || errno != EAGAIN;
}

/* Takes what is TLS's own, record by record, until there is something else or
 * nothing more. */
static enum larder_status look_for_news(struct larder_stream *stream,
                                        const struct larder_clock *clock, int64_t deadline_ns,
                                        bool *ret_news)
{
    for (;;) {
        *ret_news = has_news(stream);
        if (*ret_news || stream->is_dry || stream->recv_wants_out) {
            return LARDER_OK;
        }
        if (larder_deadline_poll_ms(clock, deadline_ns) == 0) {
            return LARDER_E_TIMEOUT;
        }
    }
}

/* Bytes on the socket may be a part of a record, or no content: then there is
 * nothing to receive, and whoever also wants to send must not be sent to wait
 * for it. Records may lie with OpenSSL and not on the socket: it is waited for
 * only when dry. And receiving may depend on what can be sent, and the other
 * way round. */
enum larder_status larder_tls_stream_wait(struct larder_stream *stream, short events,
                                          const struct larder_clock *clock, int64_t deadline_ns,
                                          short *ret_events)
{
    const bool wants_recv = (events & POLLIN) != 0;
    const bool wants_send = (events & POLLOUT) != 0;
    bool look = wants_recv && !stream->is_dry && !stream->recv_wants_out;
    *ret_events = 0;
    for (;;) {
        bool news = false;
        short got;
        enum larder_status status =
            look ? look_for_news(stream, clock, deadline_ns, &news) : LARDER_OK;
        if (status != LARDER_OK) {
            return status;
        }
        *ret_events |= news ? POLLIN : 0;
        if (*ret_events != 0) {
            return LARDER_OK;
        }
        const short for_recv = stream->recv_wants_out ? POLLOUT : POLLIN;
        const short for_send = stream->send_wants_in ? POLLIN : POLLOUT;
        const int wanted = (wants_recv ? for_recv : 0) | (wants_send ? for_send : 0);
        status = larder_socket_wait(stream->fd, (short)wanted, clock, deadline_ns, &got);
        if (status != LARDER_OK) {
            return status;
        }
        bool failed = (got & (POLLERR | POLLHUP | POLLNVAL)) != 0;
        look = wants_recv && (failed || (got & for_recv) != 0);
        *ret_events = wants_send && (failed || (got & for_send) != 0) ? POLLOUT : 0;
    }
}

/* What is TLS's own, like a new key, is no answer that nobody asked for. */
bool larder_tls_stream_is_quiet(struct larder_stream *stream)
{
    bool quiet = true;
    stream->is_dry = false;
    for (int i = 0; i < MESSAGES_A_LOOK && quiet && !stream->is_dry; i++) {
        quiet = !has_news(stream);
    }
    return quiet && stream->is_dry && !SSL_has_pending(stream->ssl);
}

/* ----------------------------------------------------------------- failures */

/* The server's word on the certificate that we showed, or did not. */
static bool is_our_certificate(int alert)
{
    static const int alerts[] = {SSL_AD_BAD_CERTIFICATE,     SSL_AD_UNSUPPORTED_CERTIFICATE,
                                 SSL_AD_CERTIFICATE_REVOKED, SSL_AD_CERTIFICATE_EXPIRED,
                                 SSL_AD_CERTIFICATE_UNKNOWN, SSL_AD_UNKNOWN_CA,
                                 SSL_AD_ACCESS_DENIED,       SSL_AD_CERTIFICATE_REQUIRED};
    for (size_t i = 0; i < sizeof alerts / sizeof alerts[0]; i++) {
        if (alerts[i] == alert) {
            return true;
        }
    }
    return false;
}

static const char *hint(int reason)
{
    switch (reason) {
    case SSL_R_WRONG_VERSION_NUMBER:
    case SSL_R_HTTP_REQUEST:
        return "; does it speak TLS on this port?";
    case SSL_AD_REASON_OFFSET + SSL_AD_HANDSHAKE_FAILURE:
        return "; it may want a certificate of ours";
    default:
        return "";
    }
}

bool larder_tls_stream_fail(struct larder_stream *stream, const char *what,
                            enum larder_status *ret_status, char ret_why[LARDER_WHY_BYTES])
{
    unsigned long error = stream->error;
    int reason = ERR_GET_REASON(error);
    if (error == 0 || ERR_GET_LIB(error) == ERR_LIB_SYS) {
        return false;
    }
    if (ERR_GET_LIB(error) == ERR_LIB_SSL && reason == SSL_R_CERTIFICATE_VERIFY_FAILED) {
        long result = SSL_get_verify_result(stream->ssl);
        snprintf(ret_why, LARDER_WHY_BYTES, "%s: the server's certificate is refused: %s", what,
                 X509_verify_cert_error_string(result));
        *ret_status = LARDER_E_AUTH;
        return true;
    }
    const char *text = ERR_reason_error_string(error);
    bool refused =
        ERR_GET_LIB(error) == ERR_LIB_SSL && is_our_certificate(reason - SSL_AD_REASON_OFFSET);
    snprintf(ret_why, LARDER_WHY_BYTES, "%s: %s%s%s", what,
             refused ? "the server refuses our certificate: " : "",
             text != NULL ? text : "a failure without a name", hint(reason));
    *ret_status = reason == ERR_R_MALLOC_FAILURE ? LARDER_E_NOMEM
                  : refused                      ? LARDER_E_AUTH
                                                 : LARDER_E_UNAVAILABLE;
    return true;
}

/* --------------------------------------------------------------------- open */

/* The certificate must name whom we wanted; an address by its bytes. */
static bool expect(SSL *ssl, const char *name)
{
    unsigned char address[sizeof(struct in6_addr)];
    char without_zone[INET6_ADDRSTRLEN];
    char asked[HOST_BYTES]; /* OpenSSL wants it without const */
    X509_VERIFY_PARAM *param = SSL_get0_param(ssl);
    if (inet_pton(AF_INET, name, address) == 1) {
        return X509_VERIFY_PARAM_set1_ip(param, address, sizeof(struct in_addr)) == 1;
    }
    snprintf(without_zone, sizeof without_zone, "%.*s", (int)strcspn(name, "%"), name);
    if (inet_pton(AF_INET6, without_zone, address) == 1) {
        return X509_VERIFY_PARAM_set1_ip(param, address, sizeof(struct in6_addr)) == 1;
    }
    if ((size_t)snprintf(asked, sizeof asked, "%s", name) >= sizeof asked) {
        return false;
    }
    X509_VERIFY_PARAM_set_hostflags(param, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    return X509_VERIFY_PARAM_set1_host(param, name, strlen(name)) == 1 &&
           SSL_set_tlsext_host_name(ssl, asked) == 1;
}

static enum larder_status shake_hands(struct larder_stream *stream,
                                      const struct larder_clock *clock, int64_t deadline_ns,
                                      char *ret_why)
{
    static const char what[] = "TLS handshake";
    for (;;) {
        bool wants_out;
        short events;
        begin(stream, false);
        int n = SSL_connect(stream->ssl);
        if (n == 1) {
            return LARDER_OK;
        }
        ssize_t result = end(stream, n, &wants_out);
        if (result == 0) {
            snprintf(ret_why, LARDER_WHY_BYTES, "%s: the server closed the connection", what);
            return LARDER_E_UNAVAILABLE;
        }
        if (errno != EAGAIN) {
            return larder_stream_fail(stream, what, ret_why);
        }
        enum larder_status status = larder_socket_wait(stream->fd, wants_out ? POLLOUT : POLLIN,
                                                       clock, deadline_ns, &events);
        if (status != LARDER_OK) {
            snprintf(ret_why, LARDER_WHY_BYTES, "%s: not answered in time", what);
            return status;
        }
    }
}

enum larder_status larder_tls_stream_open(struct larder_stream *stream,
                                          const struct larder_address *address,
                                          const struct larder_clock *clock, int64_t deadline_ns,
                                          char ret_why[LARDER_WHY_BYTES])
{
    enum larder_status status = LARDER_E_NOMEM;
    const char *name = larder_tls_name(address->tls);
    snprintf(ret_why, LARDER_WHY_BYTES, "TLS: no memory for a handshake");
    SSL_CTX *context = larder_tls_acquire(address->tls);
    if (context == NULL) {
        return status;
    }
    stream->owner = getpid();
    stream->ssl = SSL_new(context);
    if (stream->ssl != NULL && set_bio(stream) &&
        expect(stream->ssl, name != NULL ? name : address->host)) {
        status = shake_hands(stream, clock, deadline_ns, ret_why);
    }
    larder_tls_release(address->tls, context);
    stream->is_open = status == LARDER_OK;
    return status;
}

/* -------------------------------------------------------------------- close */

/* Marked as shut down first: otherwise OpenSSL takes a lock of the context for
 * it, which in a fork's child nobody may ever give back. */
void larder_tls_stream_close(struct larder_stream *stream)
{
    bool polite = stream->is_open && !stream->is_broken && !stream->at_end && stream->fd >= 0 &&
                  stream->owner == getpid();
    begin(stream, false);
    if (polite) {
        SSL_shutdown(stream->ssl);
        ERR_clear_error();
    }
    SSL_set_shutdown(stream->ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
    SSL_free(stream->ssl);
}
