/* SPDX-License-Identifier: MIT */
#include "net/tls_files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/pem.h>

enum larder_status larder_tls_refuse(const char *what, char ret_why[LARDER_WHY_BYTES])
{
    const char *reason = ERR_reason_error_string(ERR_peek_error());
    snprintf(ret_why, LARDER_WHY_BYTES, "%s (%s)", what, reason != NULL ? reason : "no reason");
    ERR_clear_error();
    return LARDER_E_CONFIG;
}

/* ------------------------------------------------------------------ opening */

static enum larder_status refuse_file(const char *what, char *ret_why)
{
    snprintf(ret_why, LARDER_WHY_BYTES, "%s", what);
    return LARDER_E_CONFIG;
}

static enum larder_status no_memory(void)
{
    ERR_clear_error();
    return LARDER_E_NOMEM;
}

/* Closes fd, now or with the file. */
static enum larder_status wrap(int fd, BIO **ret_file)
{
    FILE *stream = fdopen(fd, "r");
    if (stream == NULL) {
        close(fd);
        return LARDER_E_NOMEM;
    }
    *ret_file = BIO_new_fp(stream, BIO_CLOSE);
    if (*ret_file == NULL) {
        (void)fclose(stream);
        return no_memory();
    }
    return LARDER_OK;
}

static enum larder_status open_file(const char *path, BIO **ret_file, char *ret_why)
{
    struct stat info;
    *ret_file = NULL;
    /* Not blocking: a FIFO nobody writes to is refused, not waited for. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0) {
        return refuse_file(errno == ENOENT  ? "there is no such file"
                           : errno == ENXIO ? "not a regular file"
                                            : "it cannot be read",
                           ret_why);
    }
    if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) {
        close(fd);
        return refuse_file("not a regular file", ret_why);
    }
    return wrap(fd, ret_file);
}

/* ------------------------------------------------------------------ loading */

/* Whether nothing but the end of a PEM file was met. */
static bool is_at_end(void)
{
    unsigned long error = ERR_peek_last_error();
    bool at_end = ERR_GET_LIB(error) == ERR_LIB_PEM && ERR_GET_REASON(error) == PEM_R_NO_START_LINE;
    if (at_end) {
        ERR_clear_error();
    }
    return at_end;
}

static bool add_trusted(X509_STORE *store, const X509_INFO *info, int *count)
{
    bool ok = true;
    if (info->x509 != NULL) {
        ok = X509_STORE_add_cert(store, info->x509) == 1;
        ++*count;
    }
    if (info->crl != NULL) {
        ok = X509_STORE_add_crl(store, info->crl) == 1 && ok;
        ++*count;
    }
    return ok;
}

static enum larder_status read_ca(SSL_CTX *context, BIO *file, char *ret_why)
{
    int count = 0;
    STACK_OF(X509_INFO) *infos =
        PEM_X509_INFO_read_bio(file, NULL, SSL_CTX_get_default_passwd_cb(context), NULL);
    bool ok = infos != NULL;
    for (int i = 0; ok && i < sk_X509_INFO_num(infos); i++) {
        ok = add_trusted(SSL_CTX_get_cert_store(context), sk_X509_INFO_value(infos, i), &count);
    }
    sk_X509_INFO_pop_free(infos, X509_INFO_free);
    return ok && count > 0 ? LARDER_OK : larder_tls_refuse("no certificates in PEM form", ret_why);
}

/* Those behind the first. False: one of them is none. */
static bool read_chain(SSL_CTX *context, BIO *file)
{
    pem_password_cb *password = SSL_CTX_get_default_passwd_cb(context);
    X509 *certificate;
    while ((certificate = PEM_read_bio_X509(file, NULL, password, NULL)) != NULL) {
        if (SSL_CTX_add0_chain_cert(context, certificate) != 1) {
            X509_free(certificate);
            return false;
        }
    }
    return is_at_end();
}

static enum larder_status read_cert(SSL_CTX *context, BIO *file, char *ret_why)
{
    X509 *certificate =
        PEM_read_bio_X509_AUX(file, NULL, SSL_CTX_get_default_passwd_cb(context), NULL);
    bool ok = certificate != NULL && SSL_CTX_use_certificate(context, certificate) == 1 &&
              read_chain(context, file);
    X509_free(certificate);
    return ok ? LARDER_OK : larder_tls_refuse("no certificate in PEM form", ret_why);
}

static enum larder_status read_key(SSL_CTX *context, BIO *file, char *ret_why)
{
    EVP_PKEY *key =
        PEM_read_bio_PrivateKey(file, NULL, SSL_CTX_get_default_passwd_cb(context), NULL);
    if (key == NULL) {
        return larder_tls_refuse("no private key in PEM form, or an encrypted one", ret_why);
    }
    bool fits =
        SSL_CTX_use_PrivateKey(context, key) == 1 && SSL_CTX_check_private_key(context) == 1;
    EVP_PKEY_free(key);
    return fits ? LARDER_OK : larder_tls_refuse("not the key of the certificate", ret_why);
}

/* ---------------------------------------------------------------- which one */

static enum larder_status load_file(SSL_CTX *context, const char *path,
                                    enum larder_status (*take)(SSL_CTX *, BIO *, char *),
                                    char *ret_why)
{
    BIO *file;
    if (path == NULL) {
        return LARDER_OK;
    }
    enum larder_status status = open_file(path, &file, ret_why);
    if (status == LARDER_OK) {
        status = take(context, file, ret_why);
    }
    BIO_free(file);
    return status;
}

static enum larder_status load_ca(SSL_CTX *context, const char *path, char *ret_why)
{
    struct stat info;
    if (path == NULL) {
        return SSL_CTX_set_default_verify_paths(context) == 1
                   ? LARDER_OK
                   : larder_tls_refuse("the system's certificates cannot be read", ret_why);
    }
    if (stat(path, &info) != 0 || !S_ISDIR(info.st_mode)) {
        return load_file(context, path, read_ca, ret_why);
    }
    if (access(path, R_OK | X_OK) != 0) {
        return refuse_file("it cannot be read", ret_why);
    }
    return SSL_CTX_load_verify_locations(context, NULL, path) == 1
               ? LARDER_OK
               : larder_tls_refuse("no certificates in PEM form", ret_why);
}

static enum larder_status load_cert(SSL_CTX *context, const char *path, char *ret_why)
{
    return load_file(context, path, read_cert, ret_why);
}

static enum larder_status load_key(SSL_CTX *context, const char *path, char *ret_why)
{
    return load_file(context, path, read_key, ret_why);
}

enum larder_status larder_tls_files_load(SSL_CTX *context, char *const *files,
                                         enum larder_tls_file *ret_file,
                                         char ret_why[LARDER_WHY_BYTES])
{
    static enum larder_status (*const loads[])(SSL_CTX *, const char *, char *) = {
        [LARDER_TLS_CA] = load_ca, [LARDER_TLS_CERT] = load_cert, [LARDER_TLS_KEY] = load_key};
    for (int i = 0; i < LARDER_TLS_FILE_COUNT; i++) {
        enum larder_status status = loads[i](context, files[i], ret_why);
        if (status != LARDER_OK) {
            *ret_file = (enum larder_tls_file)i;
            return status;
        }
    }
    return LARDER_OK;
}
