/* SPDX-License-Identifier: MIT */
#include "client/tls_settings.h"

#include <sys/stat.h>

#include "base/log.h"
#include "net/tls.h"

static const enum larder_setting tls_files[LARDER_TLS_FILE_COUNT] = {
    [LARDER_TLS_CA] = LARDER_SETTING_TLS_CA,
    [LARDER_TLS_CERT] = LARDER_SETTING_TLS_CERT,
    [LARDER_TLS_KEY] = LARDER_SETTING_TLS_KEY,
};

enum larder_status larder_tls_settings_check_unused(const struct larder_gathered *gathered)
{
    static const enum larder_setting details[] = {LARDER_SETTING_TLS_CA, LARDER_SETTING_TLS_CERT,
                                                  LARDER_SETTING_TLS_KEY, LARDER_SETTING_TLS_NAME};
    if (larder_gathered_level(gathered, LARDER_SETTING_TLS) != LARDER_LEVEL_BUILT_IN) {
        return LARDER_OK;
    }
    for (size_t i = 0; i < sizeof details / sizeof details[0]; i++) {
        const struct larder_said *detail = larder_gathered_said(gathered, details[i]);
        if (detail->is_set) {
            return larder_error_set(LARDER_E_CONFIG,
                                    "%s: set without TLS (REDIS_TLS, or rediss:// in the URL)",
                                    detail->source);
        }
    }
    return LARDER_OK;
}

static void report_readable_key(const struct larder_gathered *gathered,
                                const struct larder_log *log)
{
    const struct larder_said *key = larder_gathered_said(gathered, LARDER_SETTING_TLS_KEY);
    struct stat info;
    if (key->is_set && stat(key->text, &info) == 0 && (info.st_mode & S_IROTH) != 0) {
        larder_log_line(log, LARDER_LOG_WARNING, "%s: %s: the file can be read by everybody",
                        gathered->service->name, key->source);
    }
}

enum larder_status larder_tls_settings_make(const struct larder_gathered *gathered,
                                            const char *source, const struct larder_log *log,
                                            struct larder_tls **ret_tls)
{
    const struct larder_said *cert = larder_gathered_said(gathered, LARDER_SETTING_TLS_CERT);
    const struct larder_said *key = larder_gathered_said(gathered, LARDER_SETTING_TLS_KEY);
    struct larder_tls_options options = {
        .name = larder_gathered_said(gathered, LARDER_SETTING_TLS_NAME)->text};
    enum larder_tls_file file;
    char why[LARDER_WHY_BYTES];
    *ret_tls = NULL;
    if (cert->is_set != key->is_set) {
        return larder_error_set(LARDER_E_CONFIG, "%s: a %s",
                                cert->is_set ? cert->source : key->source,
                                cert->is_set ? "certificate without a key (REDIS_TLS_KEY)"
                                             : "key without a certificate (REDIS_TLS_CERT)");
    }
    for (int i = 0; i < LARDER_TLS_FILE_COUNT; i++) {
        options.files[i] = larder_gathered_said(gathered, tls_files[i])->text;
    }
    enum larder_status status =
        larder_tls_new(gathered->allocator, log, &options, ret_tls, &file, why);
    if (status == LARDER_E_CONFIG) {
        bool has_source =
            file < LARDER_TLS_FILE_COUNT && larder_gathered_said(gathered, tls_files[file])->is_set;
        return larder_error_set(
            status, "%s: %s",
            has_source ? larder_gathered_said(gathered, tls_files[file])->source : source, why);
    }
    report_readable_key(gathered, log);
    return status;
}
