/* SPDX-License-Identifier: MIT */
/*
 * `larder check`: what would `generate` change? Names each file that is
 * missing, different, or not made any more.
 */
#include <string.h>

#include "base/text.h"
#include "produce.h"

enum { MOST_REPORT_BYTES = 16 * 1024 * 1024 };

const struct args_option verb_check_options[] = {
#define OPTION(name, value, many, help) {name, value, many, help},
#include "produce.def"
#undef OPTION
    {NULL, NULL, false, NULL},
};

/* {"finding":"missing","file":"product_cache.h"} for each line. */
static void print_json(struct run *run, const char *report)
{
    struct text text;
    text_init(&text, run->arena, MOST_REPORT_BYTES * 2);
    for (const char *end; (end = strchr(report, '\n')); report = end + 1) {
        size_t len = strcspn(report, ":");
        const char *name = report + len + 2;
        text_puts(&text, "{\"finding\":");
        text_json_string(&text, report, len);
        text_puts(&text, ",\"file\":");
        text_json_string(&text, name, (size_t)(end - name));
        text_puts(&text, "}\n");
    }
    fwrite(text.data, 1, text.len, stdout);
}

int verb_check(struct run *run, const struct args *args)
{
    struct product product;
    struct text report;
    const char *directory = args_text(args, "-o");
    if (!directory) {
        return run_usage(run, "-o DIR is missing");
    }
    int status = produce(run, args, &product);
    if (status != EXIT_DONE || diag_error_count(run->diag)) {
        return status;
    }
    text_init(&report, run->arena, MOST_REPORT_BYTES);
    int differences =
        out_check(product.files, run->diag, directory, args_text(args, "--manifest"), &report);
    if (run->json) {
        print_json(run, report.data);
    } else {
        fwrite(report.data, 1, report.len, stdout);
    }
    return differences > 0 ? EXIT_STALE : EXIT_DONE;
}
