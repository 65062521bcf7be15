/* SPDX-License-Identifier: MIT */
/*
 * `larder diff`: what a change of a schema means to old and new binaries that
 * share one Redis, and to those who call the generated code.
 */
#include "diff/report.h"
#include "produce.h"

const struct args_option verb_diff_options[] = {
    {"-I", "DIR", true, "where include: looks after the file's own directory"},
    {"--wire-only", NULL, false, "only what concerns keys and values in Redis"},
    {"--api-only", NULL, false, "only what concerns the generated C"},
    {"--allow", "RULE", true, "say nothing of this rule: the change is meant"},
    {NULL, NULL, false, NULL},
};

/* What is wrong with a schema is told; what could be better in it is another
 * verb's to say. */
static const struct sch_service *read_schema(struct run *run, const struct args *args,
                                             const char *path)
{
    struct sch_options options = {.is_for_c = false}; /* what is in the language is compared */
    struct diag *own = diag_new(run->arena);
    options.include_dirs = args_texts(args, "-I", &options.include_dir_count);
    const struct sch_service *service = sch_read(run->arena, own, path, &options);
    diag_take_errors(run->diag, own);
    return service;
}

static int apply_options(struct run *run, const struct args *args, struct dif_report *report)
{
    size_t count;
    const char *const *names = args_texts(args, "--allow", &count);
    if (args_has(args, "--wire-only") && args_has(args, "--api-only")) {
        return run_usage(run, "--wire-only and --api-only leave nothing");
    }
    for (size_t i = 0; i < count; i++) {
        enum dif_rule rule = dif_find_rule(names[i]);
        if (rule == DIF_RULE_COUNT) {
            const char *known[DIF_RULE_COUNT];
            for (size_t k = 0; k < DIF_RULE_COUNT; k++) {
                known[k] = dif_rules[k].name;
            }
            return run_usage(run, "unknown rule '%s'%s", names[i],
                             diag_did_you_mean(run->arena, names[i], known, DIF_RULE_COUNT));
        }
        dif_drop_rule(report, rule);
    }
    if (args_has(args, "--wire-only")) {
        dif_keep_class(report, DIF_WIRE);
    } else if (args_has(args, "--api-only")) {
        dif_keep_class(report, DIF_API);
    }
    return EXIT_DONE;
}

int verb_diff(struct run *run, const struct args *args)
{
    size_t count;
    const char *const *paths = args_operands(args, &count);
    struct dif_report nothing = {.arena = run->arena};
    if (apply_options(run, args, &nothing) != EXIT_DONE) {
        return EXIT_USAGE;
    }
    const struct sch_service *old = read_schema(run, args, paths[0]);
    const struct sch_service *new = read_schema(run, args, paths[1]);
    if (old == NULL || new == NULL) {
        return EXIT_DONE;
    }
    struct dif_report *report = dif_compare(run->arena, old, new);
    (void)apply_options(run, args, report);
    if (run->json) {
        dif_print_json(report, stdout);
    } else {
        dif_print(report, stdout);
    }
    return dif_count(report, DIF_BREAKING) > 0 ? EXIT_BREAKING : EXIT_DONE;
}
