/* SPDX-License-Identifier: MIT */
#include "net/tls.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "base/alloc.h"
#include "base/log.h"
#include "net/fork_hook.h"
#include "net/tls_files.h"

/* Received at once, where the peer sent as much: four records. */
enum { READ_AHEAD_BYTES = 64 * 1024 };

/* What tells one state of a file from another; all 0: it is not there. */
struct stamp {
    dev_t dev;
    ino_t ino;
    off_t size;
    struct timespec changed;
};

struct larder_tls {
    const struct larder_allocator *allocator;
    const struct larder_log *log;
    char *files[LARDER_TLS_FILE_COUNT];
    char *name;
    struct larder_fork_hook hook;
    pthread_mutex_t mutex;                      /* of all below */
    SSL_CTX *context;                           /* NULL in a fork's child that could not keep it */
    struct stamp stamps[LARDER_TLS_FILE_COUNT]; /* when the files were read last, well or not */
    bool is_reading;                            /* some thread reads the files, without the lock */
    int handshakes;                             /* that are going on */
};

/* ------------------------------------------------------------------ loading */

/* A key that wants a password would ask the terminal for it. */
static int no_password(char *buf, int size, int writing, void *user)
{
    (void)buf, (void)size, (void)writing, (void)user;
    return -1;
}

/* No sessions are kept: they would outlive what was verified for them. */
static bool set_options(SSL_CTX *context)
{
    SSL_CTX_set_options(context,
                        SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_NO_TICKET);
    SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_clear_mode(context, SSL_MODE_AUTO_RETRY); /* or a peer could hold a call for ever */
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_read_ahead(context, 1);
    SSL_CTX_set_default_read_buffer_len(context, READ_AHEAD_BYTES);
    SSL_CTX_set_default_passwd_cb(context, no_password);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
    return SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) == 1;
}

static enum larder_status load(char *const *files, SSL_CTX **ret_context,
                               enum larder_tls_file *ret_file, char *ret_why)
{
    *ret_context = NULL;
    *ret_file = LARDER_TLS_FILE_COUNT;
    ret_why[0] = '\0';
    ERR_clear_error();
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    if (context == NULL) {
        ERR_clear_error();
        return LARDER_E_NOMEM;
    }
    enum larder_status status = set_options(context)
                                    ? larder_tls_files_load(context, files, ret_file, ret_why)
                                    : larder_tls_refuse("OpenSSL speaks no TLS 1.2", ret_why);
    if (status != LARDER_OK) {
        SSL_CTX_free(context);
        return status;
    }
    *ret_context = context;
    return LARDER_OK;
}

/* ------------------------------------------------------------------- reload */

static void look(char *const *files, struct stamp *ret_stamps)
{
    memset(ret_stamps, 0, LARDER_TLS_FILE_COUNT * sizeof *ret_stamps);
    for (int i = 0; i < LARDER_TLS_FILE_COUNT; i++) {
        struct stat info;
        if (files[i] != NULL && stat(files[i], &info) == 0) {
            ret_stamps[i].dev = info.st_dev;
            ret_stamps[i].ino = info.st_ino;
            ret_stamps[i].size = info.st_size;
            ret_stamps[i].changed = info.st_mtim;
        }
    }
}

static bool is_same(const struct stamp *a, const struct stamp *b)
{
    bool same = true;
    for (int i = 0; i < LARDER_TLS_FILE_COUNT; i++) {
        same = same && a[i].dev == b[i].dev && a[i].ino == b[i].ino && a[i].size == b[i].size &&
               a[i].changed.tv_sec == b[i].changed.tv_sec &&
               a[i].changed.tv_nsec == b[i].changed.tv_nsec;
    }
    return same;
}

/* Reads the files without the lock; whoever dials meanwhile takes the old
 * context. They were looked at before: a change in between is met at the next
 * dial. A text in ret_why: they cannot be used. */
static void reread(struct larder_tls *tls, const struct stamp *stamps,
                   enum larder_tls_file *ret_file, char *ret_why)
{
    SSL_CTX *context, *old = NULL;
    tls->is_reading = true;
    pthread_mutex_unlock(&tls->mutex);
    enum larder_status status = load(tls->files, &context, ret_file, ret_why);
    pthread_mutex_lock(&tls->mutex);
    tls->is_reading = false;
    if (status != LARDER_E_NOMEM) { /* then later, perhaps */
        memcpy(tls->stamps, stamps, sizeof tls->stamps);
    }
    if (status == LARDER_OK) {
        old = tls->context;
        tls->context = context;
    }
    SSL_CTX_free(old);
}

SSL_CTX *larder_tls_acquire(struct larder_tls *tls)
{
    static const char *const names[] = {
        [LARDER_TLS_CA] = "trusted certificates",
        [LARDER_TLS_CERT] = "certificate",
        [LARDER_TLS_KEY] = "key",
        [LARDER_TLS_FILE_COUNT] = "OpenSSL",
    };
    struct stamp stamps[LARDER_TLS_FILE_COUNT];
    char why[LARDER_WHY_BYTES] = "";
    enum larder_tls_file file = LARDER_TLS_FILE_COUNT;
    look(tls->files, stamps);
    pthread_mutex_lock(&tls->mutex);
    bool has_changed = !tls->is_reading && !is_same(stamps, tls->stamps);
    if (has_changed || tls->context == NULL) {
        reread(tls, stamps, &file, why);
    }
    SSL_CTX *context = tls->context;
    if (context != NULL) {
        SSL_CTX_up_ref(context);
        tls->handshakes++;
    }
    pthread_mutex_unlock(&tls->mutex);
    if (why[0] != '\0') {
        larder_log_line(tls->log, LARDER_LOG_WARNING, "TLS: the new %s cannot be used%s: %s",
                        names[file], context != NULL ? ", the old one is kept" : "", why);
    }
    return context;
}

void larder_tls_release(struct larder_tls *tls, SSL_CTX *context)
{
    pthread_mutex_lock(&tls->mutex);
    tls->handshakes--;
    pthread_mutex_unlock(&tls->mutex);
    SSL_CTX_free(context);
}

/* --------------------------------------------------------------------- fork */

static void hook_prepare(void *user)
{
    struct larder_tls *tls = user;
    pthread_mutex_lock(&tls->mutex);
}

static void hook_parent(void *user)
{
    struct larder_tls *tls = user;
    pthread_mutex_unlock(&tls->mutex);
}

/* A handshake holds locks of the context now and then. Those of threads that
 * the child does not have are held for good, so it makes a context of its own
 * and leaves that one alone. */
static void hook_child(void *user)
{
    struct larder_tls *tls = user;
    tls->is_reading = false;
    if (tls->handshakes > 0) {
        tls->context = NULL;
        tls->handshakes = 0;
    }
    pthread_mutex_unlock(&tls->mutex);
}

/* --------------------------------------------------------------- life cycle */

static bool copy_text(const struct larder_allocator *allocator, const char *text, char **ret_copy)
{
    *ret_copy = text != NULL ? larder_strdup(allocator, text) : NULL;
    return text == NULL || *ret_copy != NULL;
}

static bool copy_options(struct larder_tls *tls, const struct larder_tls_options *options)
{
    bool ok = copy_text(tls->allocator, options->name, &tls->name);
    for (int i = 0; i < LARDER_TLS_FILE_COUNT; i++) {
        ok = copy_text(tls->allocator, options->files[i], &tls->files[i]) && ok;
    }
    return ok;
}

/* What was never hooked or locked yet. */
static void free_parts(struct larder_tls *tls)
{
    SSL_CTX_free(tls->context);
    for (int i = 0; i < LARDER_TLS_FILE_COUNT; i++) {
        larder_free(tls->allocator, tls->files[i]);
    }
    larder_free(tls->allocator, tls->name);
    larder_free(tls->allocator, tls);
}

enum larder_status larder_tls_new(const struct larder_allocator *allocator,
                                  const struct larder_log *log,
                                  const struct larder_tls_options *options,
                                  struct larder_tls **ret_tls, enum larder_tls_file *ret_file,
                                  char ret_why[LARDER_WHY_BYTES])
{
    *ret_tls = NULL;
    *ret_file = LARDER_TLS_FILE_COUNT;
    ret_why[0] = '\0';
    struct larder_tls *tls = larder_alloc_zeroed(allocator, 1, sizeof *tls);
    if (tls == NULL) {
        return LARDER_E_NOMEM;
    }
    tls->allocator = allocator;
    tls->log = log;
    enum larder_status status = copy_options(tls, options) ? LARDER_OK : LARDER_E_NOMEM;
    if (status == LARDER_OK) {
        look(tls->files, tls->stamps);
        status = load(tls->files, &tls->context, ret_file, ret_why);
    }
    if (status != LARDER_OK) {
        free_parts(tls);
        return status;
    }
    pthread_mutex_init(&tls->mutex, NULL);
    tls->hook = (struct larder_fork_hook){
        .prepare = hook_prepare, .parent = hook_parent, .child = hook_child, .user = tls};
    larder_fork_hook_add(&tls->hook);
    *ret_tls = tls;
    return LARDER_OK;
}

void larder_tls_free(struct larder_tls *tls)
{
    if (tls == NULL) {
        return;
    }
    larder_fork_hook_remove(&tls->hook);
    pthread_mutex_destroy(&tls->mutex);
    free_parts(tls);
}

const char *larder_tls_name(const struct larder_tls *tls)
{
    return tls->name;
}
