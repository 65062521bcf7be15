/* SPDX-License-Identifier: MIT */
/*
 * From the models of one run to what the templates for people and operators
 * name: the pages (docs), the rules of access (acl), the settings (env) and the
 * alerts. templates/README.md lists every name.
 *
 * Text of a schema gets here in two forms only: escaped for Markdown, and key
 * patterns as Redis globs between quotes. Neither lets any of it become markup
 * or a directive.
 */
#ifndef LARDER_GENERATOR_DOCUMENTS_H
#define LARDER_GENERATOR_DOCUMENTS_H

#include "context/value.h"
#include "schema/model.h"

/* One service's; `stem` as for ctx_build. */
struct ctx_value *documents_service(struct arena *arena, const struct sch_service *service,
                                    const char *stem);

/* What files of a whole run are made of: {services: […]}, each as above. */
const struct ctx_value *documents_run(struct arena *arena,
                                      const struct sch_service *const *services,
                                      const char *const *stems, size_t count);

#endif
