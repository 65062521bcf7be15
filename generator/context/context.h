/* SPDX-License-Identifier: MIT */
/*
 * From the model to what templates name. All decisions about the C that is
 * generated are made here; templates only lay it out. templates/README.md
 * lists every name.
 */
#ifndef LARDER_GENERATOR_CONTEXT_H
#define LARDER_GENERATOR_CONTEXT_H

#include "context/value.h"
#include "schema/model.h"

/* `stem` is the schema file's name without directory and ending: product.yaml
 * makes product_cache.h. */
const struct ctx_value *ctx_build(struct arena *arena, const struct sch_service *service,
                                  const char *stem);

#endif
