/* SPDX-License-Identifier: MIT */
/*
 * Default values: each in the form its type calls for, in that type's range.
 */
#include <float.h>
#include <inttypes.h>
#include <string.h>

#include "schema/quantity.h"
#include "schema/reader.h"

struct range {
    int64_t min;
    int64_t max; /* of naturals: see natural_max */
};

static const struct range ranges[SCH_MAP + 1] = {
    [SCH_I8] = {INT8_MIN, INT8_MAX},          [SCH_I16] = {INT16_MIN, INT16_MAX},
    [SCH_I32] = {INT32_MIN, INT32_MAX},       [SCH_I64] = {INT64_MIN, INT64_MAX},
    [SCH_TIMESTAMP] = {INT64_MIN, INT64_MAX}, [SCH_DURATION] = {INT64_MIN, INT64_MAX},
};
static const uint64_t natural_max[SCH_MAP + 1] = {
    [SCH_U8] = UINT8_MAX,
    [SCH_U16] = UINT16_MAX,
    [SCH_U32] = UINT32_MAX,
    [SCH_U64] = UINT64_MAX,
};

struct asked {
    struct reader *reader;
    const struct yml_node *node;
    const struct sch_type *type;
};

static bool refuse(const struct asked *asked, const char *id, const char *wanted)
{
    diag_error(asked->reader->diag, asked->node->pos, id, "the default of '%s' is %s, not '%s'",
               type_text(asked->reader->arena, asked->type), wanted, asked->node->text);
    return false;
}

static bool refuse_range(const struct asked *asked)
{
    diag_error(asked->reader->diag, asked->node->pos, "out-of-range",
               "the default '%s' is out of the range of '%s'", asked->node->text,
               type_text(asked->reader->arena, asked->type));
    return false;
}

static bool judge(const struct asked *asked, enum quantity result, bool in_range,
                  const char *wanted)
{
    if (result == QUANTITY_OVERFLOW || (result == QUANTITY_OK && !in_range)) {
        return refuse_range(asked);
    }
    return result == QUANTITY_OK || refuse(asked, "bad-default", wanted);
}

static bool is_number(const struct asked *asked)
{
    return asked->node->plain || refuse(asked, "wrong-type", "a number, without quotes");
}

static bool read_flag(const struct asked *asked, struct sch_default *ret_value)
{
    const struct yml_node *node = asked->node;
    ret_value->flag = strcmp(node->text, "true") == 0;
    if (!node->plain || (!ret_value->flag && strcmp(node->text, "false") != 0)) {
        return refuse(asked, "bad-default", "true or false");
    }
    return true;
}

static bool read_natural(const struct asked *asked, struct sch_default *ret_value)
{
    const struct yml_node *node = asked->node;
    int64_t negative;
    if (!is_number(asked)) {
        return false;
    }
    enum quantity result = quantity_natural(node->text, node->len, &ret_value->natural);
    if (result == QUANTITY_MALFORMED &&
        quantity_integer(node->text, node->len, &negative) != QUANTITY_MALFORMED) {
        return refuse_range(asked);
    }
    return judge(asked, result, ret_value->natural <= natural_max[asked->type->kind],
                 "a whole number in decimal");
}

static bool read_integer(const struct asked *asked, struct sch_default *ret_value)
{
    const struct range *range = &ranges[asked->type->kind];
    const struct yml_node *node = asked->node;
    if (!is_number(asked)) {
        return false;
    }
    enum quantity result = quantity_integer(node->text, node->len, &ret_value->integer);
    return judge(asked, result,
                 ret_value->integer >= range->min && ret_value->integer <= range->max,
                 asked->type->kind == SCH_TIMESTAMP ? "milliseconds since 1970, a whole number"
                                                    : "a whole number in decimal");
}

static bool read_duration(const struct asked *asked, struct sch_default *ret_value)
{
    const struct yml_node *node = asked->node;
    enum quantity result = quantity_duration(node->text, node->len, &ret_value->integer);
    if (result == QUANTITY_NO_UNIT && strcmp(node->text, "0") == 0) {
        result = QUANTITY_OK;
    }
    return judge(asked, result, true, "a duration such as 500ms, 30s, 5m, 1h or 2d");
}

static bool read_real(const struct asked *asked, struct sch_default *ret_value)
{
    if (!is_number(asked)) {
        return false;
    }
    enum quantity result = quantity_real(asked->node->text, asked->node->len, &ret_value->real);
    double limit = asked->type->kind == SCH_F32 ? (double)FLT_MAX : DBL_MAX;
    return judge(asked, result, ret_value->real >= -limit && ret_value->real <= limit,
                 "a finite number");
}

static bool read_text(const struct asked *asked, struct sch_default *ret_value)
{
    const struct yml_node *node = asked->node;
    ret_value->text = node->text;
    ret_value->len = node->len;
    if (node->plain && (strcmp(node->text, "null") == 0 || strcmp(node->text, "~") == 0)) {
        return refuse(asked, "bad-default", "a text; without a default leave the key out");
    }
    if (asked->type->max != 0 && asked->node->len > asked->type->max) {
        diag_error(asked->reader->diag, asked->node->pos, "out-of-range",
                   "the default is longer than the %" PRIu64 " bytes of 'max'", asked->type->max);
        return false;
    }
    return true;
}

static const char *did_you_mean_enumerator(const struct asked *asked)
{
    const struct sch_decl *decl = asked->type->decl;
    if (!can_guess(asked->reader, decl->enumerator_count)) {
        return "";
    }
    const char **names =
        arena_array(asked->reader->arena, decl->enumerator_count + 1, sizeof *names);
    for (size_t i = 0; i < decl->enumerator_count; i++) {
        names[i] = decl->enumerators[i].name;
    }
    return did_you_mean(asked->reader, asked->node->text, names, decl->enumerator_count);
}

static bool read_enumerator(const struct asked *asked, struct sch_default *ret_value)
{
    const struct sch_decl *decl = asked->type->decl;
    for (size_t i = 0; i < decl->enumerator_count; i++) {
        if (strcmp(decl->enumerators[i].name, asked->node->text) == 0) {
            ret_value->text = decl->enumerators[i].name;
            ret_value->len = asked->node->len;
            ret_value->natural = i;
            return true;
        }
    }
    diag_error(asked->reader->diag, asked->node->pos, "bad-default",
               "'%s' has no enumerator '%s'%s", decl->name, asked->node->text,
               did_you_mean_enumerator(asked));
    return false;
}

bool default_read(struct reader *reader, const struct yml_node *node, const struct sch_type *type,
                  struct sch_default *ret_value)
{
    typedef bool read_fn(const struct asked *asked, struct sch_default *ret_value);
    static read_fn *const readers[SCH_MAP + 1] = {
        [SCH_BOOL] = read_flag,         [SCH_U8] = read_natural,
        [SCH_U16] = read_natural,       [SCH_U32] = read_natural,
        [SCH_U64] = read_natural,       [SCH_I8] = read_integer,
        [SCH_I16] = read_integer,       [SCH_I32] = read_integer,
        [SCH_I64] = read_integer,       [SCH_F32] = read_real,
        [SCH_F64] = read_real,          [SCH_STRING] = read_text,
        [SCH_TIMESTAMP] = read_integer, [SCH_DURATION] = read_duration,
        [SCH_ENUM] = read_enumerator,
    };
    struct asked asked = {reader, node, type};
    memset(ret_value, 0, sizeof *ret_value);
    if (readers[type->kind] == NULL) {
        diag_error(reader->diag, node->pos, "bad-default", "'%s' has no default",
                   type_text(reader->arena, type));
        return false;
    }
    return opt_is_scalar(reader, node, "'default'") && readers[type->kind](&asked, ret_value);
}
