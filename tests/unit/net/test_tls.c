/* SPDX-License-Identifier: MIT */
/*
 * Whom TLS trusts: a real server with certificates of every kind, files that
 * change, files that are wrong, and peers that do not speak it.
 */
#include "secured.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include "support/fail_alloc.h"
#include "support/redis_server.h"
#include "support/scripted_server.h"

enum { ARGS_MAX = 16 };

/* ----------------------------------------------------------------- a server */

struct secured {
    struct redis_server server;
    const char *args[ARGS_MAX];
};

/* With the certificate `name`; mutual: clients must show one of the CA's. */
static void start(struct secured *secured, const char *name, bool mutual, const char *protocols)
{
    char cert[64], key[64];
    snprintf(cert, sizeof cert, "%s.pem", name);
    snprintf(key, sizeof key, "%s.key", name);
    const char *const args[] = {"--tls-cert-file",
                                file(cert),
                                "--tls-key-file",
                                file(key),
                                "--tls-ca-cert-file",
                                file("ca.pem"),
                                "--tls-auth-clients",
                                mutual ? "yes" : "no",
                                "--tls-protocols",
                                protocols != NULL ? protocols : "TLSv1.2 TLSv1.3",
                                NULL};
    memcpy(secured->args, args, sizeof args);
    if (!redis_server_start(&secured->server, REDIS_SERVER_TLS, secured->args)) {
        fail_msg("no redis-server that speaks TLS");
    }
}

static void stop(struct secured *secured)
{
    redis_server_stop(&secured->server);
}

/* ------------------------------------------------------------------ verdicts */

struct verdict {
    const char *cert; /* the server's */
    bool mutual;
    const char *ca; /* ours */
    const char *client;
    const char *name;
    enum larder_status status;
    const char *why;
};

/* OpenSSL's words differ between versions: only what stays is looked for. */
static const struct verdict verdicts[] = {
    {"server", false, "ca.pem", NULL, NULL, LARDER_OK, ""},
    {"server", false, "ca.pem", NULL, "localhost", LARDER_OK, ""},
    {"server", false, "ca.pem", NULL, "127.0.0.1", LARDER_OK, ""},
    {"server", true, "ca.pem", "client", NULL, LARDER_OK, ""},
    {"server", false, "ca.pem", "client", NULL, LARDER_OK, ""},
    {"self", false, "self.pem", NULL, NULL, LARDER_OK, ""},
    {"wild", false, "ca.pem", NULL, "redis.example.com", LARDER_OK, ""},
    {"server", false, "other.pem", NULL, NULL, LARDER_E_AUTH, "certificate is refused"},
    {"server", false, NULL, NULL, NULL, LARDER_E_AUTH, "certificate is refused"},
    {"expired", false, "ca.pem", NULL, NULL, LARDER_E_AUTH, "expired"},
    {"self", false, "ca.pem", NULL, NULL, LARDER_E_AUTH, "self"},
    {"elsewhere", false, "ca.pem", NULL, NULL, LARDER_E_AUTH, "IP address mismatch"},
    {"elsewhere", false, "ca.pem", NULL, "localhost", LARDER_E_AUTH, "ostname mismatch"},
    {"server", false, "ca.pem", NULL, "server", LARDER_E_AUTH, "ostname mismatch"},
    {"server", false, "ca.pem", NULL, "::1", LARDER_E_AUTH, "IP address mismatch"},
    {"wild", false, "ca.pem", NULL, "a.b.example.com", LARDER_E_AUTH, "ostname mismatch"},
    {"partial", false, "ca.pem", NULL, "redis.example.com", LARDER_E_AUTH, "ostname mismatch"},
    {"server", true, "ca.pem", "stranger", NULL, LARDER_E_AUTH,
     "the server refuses our certificate"},
};

static void check_verdict(const struct verdict *verdict, int port, const char *protocols)
{
    struct larder_stream stream;
    char why[LARDER_WHY_BYTES] = "";
    char cert[64] = "", key[64] = "";
    if (verdict->client != NULL) {
        snprintf(cert, sizeof cert, "%s.pem", verdict->client);
        snprintf(key, sizeof key, "%s.key", verdict->client);
    }
    struct larder_tls *tls = make_tls(verdict->ca, verdict->client != NULL ? cert : NULL,
                                      verdict->client != NULL ? key : NULL, verdict->name, NULL);
    enum larder_status status = dial(&stream, port, tls, LONG_MS, why);
    if (status == LARDER_OK) {
        status = ping(&stream, why);
    } else {
        assert_int_equal(stream.fd, -1);
    }
    if (status != verdict->status || strstr(why, verdict->why) == NULL) {
        fail_msg("%s of %s by %s as %s (%s): %s, %s", verdict->cert,
                 verdict->client != NULL ? verdict->client : "nobody",
                 verdict->ca != NULL ? verdict->ca : "the system",
                 verdict->name != NULL ? verdict->name : "its host", protocols,
                 larder_status_name(status), why);
    }
    larder_stream_close(&stream);
    larder_tls_free(tls);
}

static void a_server_is_who_its_certificate_says(void **state)
{
    static const char *const protocols[] = {"TLSv1.2", "TLSv1.3"};
    const size_t count = sizeof verdicts / sizeof *verdicts;
    (void)state;
    for (size_t p = 0; p < 2; p++) {
        struct secured secured;
        for (size_t i = 0; i < count; i++) {
            const struct verdict *verdict = &verdicts[i];
            start(&secured, verdict->cert, verdict->mutual, protocols[p]);
            check_verdict(verdict, secured.server.tls_port, protocols[p]);
            stop(&secured);
        }
    }
}

/* With TLS 1.3 the client is done before the server has looked. */
static void a_missing_certificate_is_told(void **state)
{
    struct secured secured;
    struct larder_stream stream;
    char why[LARDER_WHY_BYTES];
    struct larder_tls *tls = make_tls("ca.pem", NULL, NULL, NULL, NULL);
    (void)state;
    start(&secured, "server", true, "TLSv1.3");
    assert_int_equal(dial(&stream, secured.server.tls_port, tls, LONG_MS, why), LARDER_OK);
    assert_int_equal(ping(&stream, why), LARDER_E_AUTH);
    assert_non_null(strstr(why, "the server refuses our certificate"));
    assert_non_null(strstr(why, "certificate required"));
    larder_stream_close(&stream);
    stop(&secured);
    start(&secured, "server", true, "TLSv1.2");
    assert_int_equal(dial(&stream, secured.server.tls_port, tls, LONG_MS, why),
                     LARDER_E_UNAVAILABLE);
    assert_non_null(strstr(why, "it may want a certificate of ours"));
    stop(&secured);
    larder_tls_free(tls);
}

static void a_directory_of_certificates_serves_too(void **state)
{
    struct secured secured;
    struct larder_stream stream;
    char why[LARDER_WHY_BYTES], link[CERTIFICATES_PATH_BYTES + 16];
    (void)state;
    FILE *in = fopen(file("ca.pem"), "re");
    X509 *ca = PEM_read_X509(in, NULL, NULL, NULL);
    fclose(in);
    snprintf(link, sizeof link, "%08lx.0", X509_subject_name_hash(ca));
    X509_free(ca);
    assert_int_equal(symlink(file("ca.pem"), file(link)), 0);
    struct larder_tls *tls;
    enum larder_tls_file wrong;
    const struct larder_tls_options options = {.files = {pki.dir}};
    assert_int_equal(larder_tls_new(&larder_allocator_libc, NULL, &options, &tls, &wrong, why),
                     LARDER_OK);
    start(&secured, "server", false, NULL);
    assert_int_equal(dial(&stream, secured.server.tls_port, tls, LONG_MS, why), LARDER_OK);
    assert_int_equal(ping(&stream, why), LARDER_OK);
    larder_stream_close(&stream);
    stop(&secured);
    larder_tls_free(tls);
    unlink(file(link));
}

/* ------------------------------------------------------------- no such peers */

static void expect_refused(struct scripted_server *server, enum larder_status expected,
                           const char *text)
{
    struct larder_stream stream;
    char why[LARDER_WHY_BYTES];
    struct larder_tls *tls = make_tls("ca.pem", NULL, NULL, NULL, NULL);
    assert_non_null(server);
    int64_t start_ms = now_ms();
    assert_int_equal(dial(&stream, scripted_server_port(server), tls, DEADLINE_MS, why), expected);
    assert_true(now_ms() - start_ms <= DEADLINE_MS + OVERRUN_MS + SLOW_MS);
    if (strstr(why, text) == NULL) {
        fail_msg("%s: no %s", why, text);
    }
    assert_int_equal(stream.fd, -1);
    scripted_server_stop(server);
    larder_tls_free(tls);
}

#define SCRIPT(...)                                                             \
    scripted_server_start((const struct scripted_step[]){__VA_ARGS__},          \
                          sizeof((const struct scripted_step[]){__VA_ARGS__}) / \
                              sizeof(struct scripted_step))

static void a_handshake_ends_by_its_deadline(void **state)
{
    (void)state;
    expect_refused(SCRIPT(SCRIPTED_HOLD), LARDER_E_TIMEOUT, "not answered in time");
    /* A server hello that never comes whole. */
    expect_refused(SCRIPT(SCRIPTED_AWAIT,
                          SCRIPTED_DRIP("\x16\x03\x03\x40\x00\x02\x00\x3f\xfc\x03\x03"
                                        "0123456789012345678901234567890123456789",
                                        10),
                          SCRIPTED_HOLD),
                   LARDER_E_TIMEOUT, "not answered in time");
}

static void a_handshake_that_breaks_is_told(void **state)
{
    (void)state;
    expect_refused(SCRIPT(SCRIPTED_AWAIT, SCRIPTED_RESET), LARDER_E_UNAVAILABLE, "reset");
    expect_refused(SCRIPT(SCRIPTED_AWAIT), LARDER_E_UNAVAILABLE, "closed the connection");
    expect_refused(SCRIPT(SCRIPTED_AWAIT, SCRIPTED_SEND("\x15\x03\x03\x00\x02\x02\x28")),
                   LARDER_E_UNAVAILABLE, "handshake failure");
    expect_refused(SCRIPT(SCRIPTED_AWAIT, SCRIPTED_REPEAT("\x16\x03\x03\x00\x00")),
                   LARDER_E_UNAVAILABLE, "TLS handshake: ");
    expect_refused(SCRIPT(SCRIPTED_AWAIT, SCRIPTED_REPEAT("\x00\xff\x80gibberish")),
                   LARDER_E_UNAVAILABLE, "does it speak TLS on this port?");
}

static void a_server_without_tls_gets_nothing_in_the_clear(void **state)
{
    struct redis_server server;
    struct larder_stream stream;
    char why[LARDER_WHY_BYTES];
    struct larder_tls *tls = make_tls("ca.pem", NULL, NULL, NULL, NULL);
    (void)state;
    assert_true(redis_server_start(&server, REDIS_SERVER_TCP, NULL));
    enum larder_status status = dial(&stream, server.port, tls, DEADLINE_MS, why);
    assert_true(status == LARDER_E_UNAVAILABLE || status == LARDER_E_TIMEOUT);
    assert_int_equal(stream.fd, -1);
    redis_server_stop(&server);
    larder_tls_free(tls);
    expect_refused(SCRIPT(SCRIPTED_AWAIT, SCRIPTED_SEND("-ERR unknown command\r\n")),
                   LARDER_E_UNAVAILABLE, "does it speak TLS on this port?");
}

/* What another library of the service left in the queue is not ours. */
static void errors_of_others_do_not_matter(void **state)
{
    struct secured secured;
    struct larder_stream stream;
    char why[LARDER_WHY_BYTES];
    struct larder_tls *tls = make_tls("ca.pem", NULL, NULL, NULL, NULL);
    (void)state;
    start(&secured, "server", false, NULL);
    ERR_put_error(ERR_LIB_USER, 0, 7, __FILE__, __LINE__);
    assert_int_equal(dial(&stream, secured.server.tls_port, tls, LONG_MS, why), LARDER_OK);
    ERR_put_error(ERR_LIB_USER, 0, 7, __FILE__, __LINE__);
    assert_int_equal(ping(&stream, why), LARDER_OK);
    assert_int_equal(ERR_peek_error(), 0);
    larder_stream_close(&stream);
    stop(&secured);
    larder_tls_free(tls);
}

/* ------------------------------------------------------------------- changes */

static struct {
    int lines;
    char last[512];
} journal;

static void journal_write(void *user, enum larder_log_level level, const char *text)
{
    (void)user;
    (void)level;
    journal.lines++;
    snprintf(journal.last, sizeof journal.last, "%s", text);
}

static const struct larder_log journal_log = {.write = journal_write};

static enum larder_status try_ping(const struct secured *secured, struct larder_tls *tls)
{
    struct larder_stream stream;
    char why[LARDER_WHY_BYTES];
    enum larder_status status = dial(&stream, secured->server.tls_port, tls, LONG_MS, why);
    if (status == LARDER_OK) {
        status = ping(&stream, why);
    }
    larder_stream_close(&stream);
    return status;
}

static void new_files_serve_the_next_dial(void **state)
{
    struct secured secured;
    (void)state;
    journal.lines = 0;
    assert_true(certificates_issue(&pki, &(struct certificate){.name = "ours", .issuer = "other"}));
    struct larder_tls *tls = make_tls("ca.pem", "ours.pem", "ours.key", NULL, &journal_log);
    start(&secured, "server", true, NULL);
    assert_int_equal(try_ping(&secured, tls), LARDER_E_AUTH);
    assert_true(certificates_issue(&pki, &(struct certificate){.name = "ours", .issuer = "ca"}));
    assert_int_equal(try_ping(&secured, tls), LARDER_OK);
    assert_true(certificates_issue(&pki, &(struct certificate){.name = "ours", .issuer = "other"}));
    assert_int_equal(try_ping(&secured, tls), LARDER_E_AUTH);
    assert_int_equal(journal.lines, 0);
    stop(&secured);
    larder_tls_free(tls);
}

static void half_an_exchange_changes_nothing(void **state)
{
    struct secured secured;
    char kept[CERTIFICATES_PATH_BYTES + 8];
    (void)state;
    journal.lines = 0;
    assert_true(certificates_issue(&pki, &(struct certificate){.name = "ours", .issuer = "ca"}));
    struct larder_tls *tls = make_tls("ca.pem", "ours.pem", "ours.key", NULL, &journal_log);
    start(&secured, "server", true, NULL);
    assert_int_equal(try_ping(&secured, tls), LARDER_OK);
    /* The certificate is new, its key is not there yet. */
    snprintf(kept, sizeof kept, "%s", file("kept.key"));
    assert_true(certificates_issue(&pki, &(struct certificate){.name = "ours", .issuer = "ca"}));
    assert_int_equal(rename(file("ours.key"), kept), 0);
    assert_int_equal(try_ping(&secured, tls), LARDER_OK);
    assert_int_equal(journal.lines, 1);
    assert_string_equal(journal.last, "TLS: the new key cannot be used, the old one is kept: "
                                      "there is no such file");
    assert_int_equal(try_ping(&secured, tls), LARDER_OK);
    assert_int_equal(journal.lines, 1);
    assert_int_equal(rename(kept, file("ours.key")), 0);
    assert_int_equal(try_ping(&secured, tls), LARDER_OK);
    assert_int_equal(journal.lines, 1);
    stop(&secured);
    larder_tls_free(tls);
}

/* 0 in the child: as it should be. */
static int in_a_child(struct larder_tls *tls, const struct secured *secured,
                      const struct ssl_ctx_st *parents, bool same)
{
    int result = -1;
    pid_t pid = fork();
    if (pid == 0) {
        struct ssl_ctx_st *own = larder_tls_acquire(tls);
        bool ok = own != NULL && (own == parents) == same && try_ping(secured, tls) == LARDER_OK;
        _exit(ok ? 0 : 1);
    }
    assert_int_equal(waitpid(pid, &result, 0), pid);
    return result;
}

/* A thread of the parent may have been in the middle of a handshake. */
static void a_forks_child_takes_no_context_that_is_in_use(void **state)
{
    struct secured secured;
    struct larder_tls *tls = make_tls("ca.pem", NULL, NULL, NULL, NULL);
    (void)state;
    start(&secured, "server", false, NULL);
    struct ssl_ctx_st *context = larder_tls_acquire(tls);
    assert_int_equal(in_a_child(tls, &secured, context, false), 0);
    larder_tls_release(tls, context);
    assert_int_equal(in_a_child(tls, &secured, context, true), 0);
    assert_int_equal(try_ping(&secured, tls), LARDER_OK);
    stop(&secured);
    larder_tls_free(tls);
}

/* --------------------------------------------------------------- wrong files */

struct wrong {
    const char *files[LARDER_TLS_FILE_COUNT];
    enum larder_tls_file file;
    const char *why;
};

static void write_text(const char *path, const char *text)
{
    FILE *out = fopen(path, "we");
    assert_non_null(out);
    fputs(text, out);
    assert_int_equal(fclose(out), 0);
}

static size_t read_text(const char *path, char *text, size_t size)
{
    FILE *from = fopen(path, "re");
    assert_non_null(from);
    size_t len = fread(text, 1, size, from);
    assert_true(len < size);
    fclose(from);
    return len;
}

static void write_encrypted_key(const char *path)
{
    FILE *in = fopen(file("client.key"), "re");
    EVP_PKEY *key = PEM_read_PrivateKey(in, NULL, NULL, NULL);
    fclose(in);
    FILE *out = fopen(path, "we");
    unsigned char password[] = "open sesame";
    assert_int_equal(PEM_write_PrivateKey(out, key, EVP_aes_128_cbc(), password,
                                          sizeof password - 1, NULL, NULL),
                     1);
    assert_int_equal(fclose(out), 0);
    EVP_PKEY_free(key);
}

static void files_that_cannot_be_used_are_named(void **state)
{
    static const struct wrong wrongs[] = {
        {{"none.pem"}, LARDER_TLS_CA, "there is no such file"},
        {{"empty.pem"}, LARDER_TLS_CA, "no certificates in PEM form"},
        {{"text.pem"}, LARDER_TLS_CA, "no certificates in PEM form"},
        {{"client.key"}, LARDER_TLS_CA, "no certificates in PEM form"},
        {{"fifo"}, LARDER_TLS_CA, "not a regular file"},
        {{"ca.pem", "none.pem", "client.key"}, LARDER_TLS_CERT, "there is no such file"},
        {{"ca.pem", "text.pem", "client.key"}, LARDER_TLS_CERT, "no certificate in PEM form"},
        {{"ca.pem", "", "client.key"}, LARDER_TLS_CERT, "not a regular file"},
        {{"ca.pem", "fifo", "client.key"}, LARDER_TLS_CERT, "not a regular file"},
        {{"ca.pem", "client.pem", "none.pem"}, LARDER_TLS_KEY, "there is no such file"},
        {{"ca.pem", "client.pem", "text.pem"}, LARDER_TLS_KEY, "no private key in PEM form"},
        {{"ca.pem", "client.pem", "client.pem"}, LARDER_TLS_KEY, "no private key in PEM form"},
        {{"ca.pem", "client.pem", "sealed.key"}, LARDER_TLS_KEY, "or an encrypted one"},
        {{"ca.pem", "client.pem", "server.key"}, LARDER_TLS_KEY, "not the key of the certificate"},
    };
    (void)state;
    write_text(file("empty.pem"), "");
    write_text(file("text.pem"), "-----BEGIN CERTIFICATE-----\nnone\n-----END CERTIFICATE-----\n");
    write_encrypted_key(file("sealed.key"));
    assert_int_equal(mkfifo(file("fifo"), 0600), 0);
    for (size_t i = 0; i < sizeof wrongs / sizeof *wrongs; i++) {
        const struct wrong *wrong = &wrongs[i];
        struct larder_tls_options options = {{NULL}, NULL};
        struct larder_tls *tls;
        enum larder_tls_file which;
        char why[LARDER_WHY_BYTES];
        for (int f = 0; f < LARDER_TLS_FILE_COUNT; f++) {
            options.files[f] = wrong->files[f] != NULL ? file(wrong->files[f]) : NULL;
        }
        enum larder_status status =
            larder_tls_new(&larder_allocator_libc, NULL, &options, &tls, &which, why);
        if (status != LARDER_E_CONFIG || which != wrong->file || strstr(why, wrong->why) == NULL ||
            strstr(why, pki.dir) != NULL) {
            fail_msg("%zu: %s, file %d, %s", i, larder_status_name(status), (int)which, why);
        }
        assert_null(tls);
        assert_int_equal(ERR_peek_error(), 0);
    }
}

static void memory_may_run_out(void **state)
{
    struct fail_alloc memory;
    enum larder_status status = LARDER_E_NOMEM;
    (void)state;
    fail_alloc_init(&memory);
    for (memory.fail_at = 1; status != LARDER_OK; memory.fail_at++) {
        const struct larder_tls_options options = {
            {file("ca.pem"), file("client.pem"), file("client.key")}, "redis.example.com"};
        struct larder_tls *tls;
        enum larder_tls_file which;
        char why[LARDER_WHY_BYTES];
        memory.calls = 0;
        status = larder_tls_new(&memory.allocator, NULL, &options, &tls, &which, why);
        assert_true(status == LARDER_OK || status == LARDER_E_NOMEM);
        larder_tls_free(tls);
        assert_int_equal(memory.live_blocks, 0);
    }
    assert_true(memory.fail_at > 5);
}

/* What a child would have inherited that is started whenever OpenSSL, which reads the
 * files, asks for memory. */
static struct {
    bool looks;
    int seen[LARDER_TLS_FILE_COUNT]; /* so often it was open */
    int inheritable;
} exposure;

static void look_at_open_file(const char *fd_name)
{
    static const char *const names[] = {"ca.pem", "client.pem", "client.key"};
    char link[64], path[512];
    snprintf(link, sizeof link, "/proc/self/fd/%s", fd_name);
    ssize_t len = readlink(link, path, sizeof path - 1);
    if (len < 0) {
        return;
    }
    path[len] = '\0';
    for (int i = 0; i < LARDER_TLS_FILE_COUNT; i++) {
        const char *name = strrchr(path, '/');
        if (name != NULL && strcmp(name + 1, names[i]) == 0) {
            exposure.seen[i]++;
            exposure.inheritable +=
                (fcntl((int)strtol(fd_name, NULL, 10), F_GETFD) & FD_CLOEXEC) == 0;
        }
    }
}

static void look_at_open_files(void)
{
    DIR *dir = opendir("/proc/self/fd");
    const struct dirent *entry;
    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        look_at_open_file(entry->d_name);
    }
    if (dir != NULL) {
        closedir(dir);
    }
}

static void *watched_malloc(size_t size, const char *where, int line)
{
    (void)where, (void)line;
    if (exposure.looks) {
        look_at_open_files();
    }
    return malloc(size);
}

static void *watched_realloc(void *block, size_t size, const char *where, int line)
{
    (void)where, (void)line;
    return realloc(block, size);
}

static void watched_free(void *block, const char *where, int line)
{
    (void)where, (void)line;
    free(block);
}

static void no_child_inherits_an_open_file(void **state)
{
    (void)state;
    exposure.looks = true;
    struct larder_tls *tls = make_tls("ca.pem", "client.pem", "client.key", NULL, NULL);
    exposure.looks = false;
    larder_tls_free(tls);
    for (int i = 0; i < LARDER_TLS_FILE_COUNT; i++) {
        assert_true(exposure.seen[i] > 0);
    }
    assert_int_equal(exposure.inheritable, 0);
}

/* A file may hold the certificates on the way to the CA as well. */
static void a_chain_is_whole_or_refused(void **state)
{
    (void)state;
    static const struct {
        const char *behind;
        enum larder_status status;
    } rows[] = {
        {"", LARDER_OK},
        {"\nwords\n", LARDER_OK},
        {"-----BEGIN CERTIFICATE-----\nnone\n-----END CERTIFICATE-----\n", LARDER_E_CONFIG}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[16 * 1024];
        size_t len = read_text(file("client.pem"), text, sizeof text);
        len += read_text(file("ca.pem"), text + len, sizeof text - len);
        snprintf(text + len, sizeof text - len, "%s", rows[i].behind);
        write_text(file("chain.pem"), text);
        const struct larder_tls_options options = {
            {file("ca.pem"), file("chain.pem"), file("client.key")}, NULL};
        struct larder_tls *tls;
        enum larder_tls_file which;
        char why[LARDER_WHY_BYTES];
        assert_int_equal(larder_tls_new(&larder_allocator_libc, NULL, &options, &tls, &which, why),
                         rows[i].status);
        if (tls != NULL) {
            STACK_OF(X509) *chain = NULL;
            SSL_CTX *context = larder_tls_acquire(tls);
            assert_int_equal(SSL_CTX_get0_chain_certs(context, &chain), 1);
            assert_int_equal(sk_X509_num(chain), 1);
            larder_tls_release(tls, context);
        }
        assert_int_equal(ERR_peek_error(), 0);
        larder_tls_free(tls);
    }
}

int main(void)
{
    /* Before OpenSSL has any. */
    if (CRYPTO_set_mem_functions(watched_malloc, watched_realloc, watched_free) != 1) {
        return EXIT_FAILURE;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_server_is_who_its_certificate_says),
        cmocka_unit_test(a_missing_certificate_is_told),
        cmocka_unit_test(a_directory_of_certificates_serves_too),
        cmocka_unit_test(a_handshake_ends_by_its_deadline),
        cmocka_unit_test(a_handshake_that_breaks_is_told),
        cmocka_unit_test(a_server_without_tls_gets_nothing_in_the_clear),
        cmocka_unit_test(errors_of_others_do_not_matter),
        cmocka_unit_test(new_files_serve_the_next_dial),
        cmocka_unit_test(half_an_exchange_changes_nothing),
        cmocka_unit_test(a_forks_child_takes_no_context_that_is_in_use),
        cmocka_unit_test(files_that_cannot_be_used_are_named),
        cmocka_unit_test(memory_may_run_out),
        cmocka_unit_test(no_child_inherits_an_open_file),
        cmocka_unit_test(a_chain_is_whole_or_refused),
    };
    return cmocka_run_group_tests(tests, make_pki, remove_pki);
}
