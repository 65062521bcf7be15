/* SPDX-License-Identifier: MIT */
#include "support/certificates.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

enum { DAY_S = 86400, WORD_BYTES = 96 };

bool certificates_begin(struct certificates *certificates)
{
    const char *base = getenv("TMPDIR");
    memset(certificates, 0, sizeof *certificates);
    base = base != NULL && strlen(base) < 40 ? base : P_tmpdir;
    (void)snprintf(certificates->dir, sizeof certificates->dir, "%s/larder-XXXXXX", base);
    return mkdtemp(certificates->dir) != NULL;
}

const char *certificates_path(struct certificates *certificates, const char *file)
{
    char path[CERTIFICATES_PATH_BYTES];
    (void)snprintf(path, sizeof path, "%s/%s", certificates->dir, file);
    for (int i = 0; i < certificates->count; i++) {
        if (strcmp(certificates->paths[i], path) == 0) {
            return certificates->paths[i];
        }
    }
    if (certificates->count == CERTIFICATES_MAX) {
        abort();
    }
    char *kept = certificates->paths[certificates->count++];
    memcpy(kept, path, sizeof path);
    return kept;
}

void certificates_end(struct certificates *certificates)
{
    for (int i = 0; i < certificates->count; i++) {
        unlink(certificates->paths[i]);
    }
    rmdir(certificates->dir);
}

static const char *file_of(struct certificates *certificates, const char *name, const char *end)
{
    char file[WORD_BYTES];
    (void)snprintf(file, sizeof file, "%s.%s", name, end);
    return certificates_path(certificates, file);
}

/* -------------------------------------------------------------------- files */

/* Beside it first, so that no reader meets half of one. */
static bool write_file(const char *path, X509 *x509, EVP_PKEY *key)
{
    char beside[CERTIFICATES_PATH_BYTES + 4];
    (void)snprintf(beside, sizeof beside, "%s.new", path);
    int fd = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    FILE *file = fd >= 0 ? fdopen(fd, "w") : NULL;
    if (file == NULL) {
        return false;
    }
    bool ok = x509 != NULL ? PEM_write_X509(file, x509) == 1
                           : PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL) == 1;
    ok = fclose(file) == 0 && ok;
    return ok && rename(beside, path) == 0;
}

static X509 *read_certificate(const char *path)
{
    FILE *file = fopen(path, "re");
    X509 *x509 = file != NULL ? PEM_read_X509(file, NULL, NULL, NULL) : NULL;
    if (file != NULL) {
        (void)fclose(file);
    }
    return x509;
}

static EVP_PKEY *read_key(const char *path)
{
    FILE *file = fopen(path, "re");
    EVP_PKEY *key = file != NULL ? PEM_read_PrivateKey(file, NULL, NULL, NULL) : NULL;
    if (file != NULL) {
        (void)fclose(file);
    }
    return key;
}

/* -------------------------------------------------------------------- issue */

static EVP_PKEY *make_key(void)
{
    EVP_PKEY *key = NULL;
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_id(EVP_PKEY_EC, NULL);
    if (context != NULL && EVP_PKEY_keygen_init(context) == 1 &&
        EVP_PKEY_CTX_set_ec_paramgen_curve_nid(context, NID_X9_62_prime256v1) == 1) {
        EVP_PKEY_keygen(context, &key);
    }
    EVP_PKEY_CTX_free(context);
    return key;
}

static bool extend(X509 *x509, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, x509, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    bool ok = extension != NULL && X509_add_ext(x509, extension, -1) == 1;
    X509_EXTENSION_free(extension);
    return ok;
}

static bool add_names(X509 *x509, X509 *issuer, const struct certificate *certificate)
{
    char names[WORD_BYTES * 2];
    const char *dns = certificate->dns;
    const char *ip = certificate->ip;
    (void)snprintf(names, sizeof names, "%s%s%s%s%s", dns != NULL ? "DNS:" : "",
                   dns != NULL ? dns : "", dns != NULL && ip != NULL ? "," : "",
                   ip != NULL ? "IP:" : "", ip != NULL ? ip : "");
    return names[0] == '\0' || extend(x509, issuer, NID_subject_alt_name, names);
}

static bool fill(struct certificates *certificates, const struct certificate *certificate,
                 X509 *x509, X509 *issuer, EVP_PKEY *key)
{
    X509_NAME *subject = X509_get_subject_name(x509);
    const long until_s = certificate->has_expired ? -DAY_S : DAY_S;
    return X509_set_version(x509, 2) == 1 &&
           ASN1_INTEGER_set(X509_get_serialNumber(x509), ++certificates->serial) == 1 &&
           X509_gmtime_adj(X509_getm_notBefore(x509), -2L * DAY_S) != NULL &&
           X509_gmtime_adj(X509_getm_notAfter(x509), until_s) != NULL &&
           X509_set_pubkey(x509, key) == 1 &&
           X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8,
                                      (const unsigned char *)certificate->name, -1, -1, 0) == 1 &&
           X509_set_issuer_name(x509, X509_get_subject_name(issuer)) == 1 &&
           extend(x509, issuer, NID_basic_constraints,
                  certificate->is_ca ? "critical,CA:TRUE" : "critical,CA:FALSE") &&
           add_names(x509, issuer, certificate);
}

bool certificates_issue(struct certificates *certificates, const struct certificate *certificate)
{
    const char *issuer_name = certificate->issuer;
    X509 *x509 = X509_new();
    EVP_PKEY *key = make_key();
    X509 *issuer =
        issuer_name != NULL ? read_certificate(file_of(certificates, issuer_name, "pem")) : NULL;
    EVP_PKEY *issuer_key =
        issuer_name != NULL ? read_key(file_of(certificates, issuer_name, "key")) : NULL;
    bool ok = x509 != NULL && key != NULL && (issuer_name == NULL || (issuer && issuer_key)) &&
              fill(certificates, certificate, x509, issuer != NULL ? issuer : x509, key) &&
              X509_sign(x509, issuer_key != NULL ? issuer_key : key, EVP_sha256()) > 0 &&
              write_file(file_of(certificates, certificate->name, "key"), NULL, key) &&
              write_file(file_of(certificates, certificate->name, "pem"), x509, NULL);
    X509_free(x509);
    X509_free(issuer);
    EVP_PKEY_free(key);
    EVP_PKEY_free(issuer_key);
    return ok;
}
