/* SPDX-License-Identifier: MIT */
#include "backend/backend.h"

enum larder_class larder_op_class(enum larder_op_kind kind)
{
    static const enum larder_class classes[] = {
        [LARDER_OP_GET] = LARDER_CLASS_READ,         [LARDER_OP_SET] = LARDER_CLASS_LAST_WINS,
        [LARDER_OP_ADD] = LARDER_CLASS_ACCUMULATING, [LARDER_OP_REPLACE] = LARDER_CLASS_LAST_WINS,
        [LARDER_OP_DELETE] = LARDER_CLASS_LAST_WINS, [LARDER_OP_EXISTS] = LARDER_CLASS_READ,
        [LARDER_OP_TTL] = LARDER_CLASS_READ,         [LARDER_OP_EXPIRE] = LARDER_CLASS_LAST_WINS,
        [LARDER_OP_PING] = LARDER_CLASS_READ,        [LARDER_OP_SCAN] = LARDER_CLASS_READ,
    };
    return classes[kind];
}
