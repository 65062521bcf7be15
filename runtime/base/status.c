/* SPDX-License-Identifier: MIT */
/*
 * What statuses are called, and which runtime this is.
 */
#include <larder/larder.h>
#include <larder/status.h>
#include <larder/stub.h>

/* Only its name matters; see stub.h. */
const char larder_abi_1 = 1;

struct status_row {
    enum larder_status status;
    const char *name;
    const char *text;
};

static const struct status_row status_rows[] = {
#define LARDER_STATUS(name, value, text) {LARDER_##name, "LARDER_" #name, text},
#include <larder/status.def>
#undef LARDER_STATUS
};

static const struct status_row *status_row(enum larder_status status)
{
    static const struct status_row none = {LARDER_OK, "LARDER_?", "not a status of larder"};
    for (size_t i = 0; i < sizeof status_rows / sizeof status_rows[0]; i++) {
        if (status_rows[i].status == status) {
            return &status_rows[i];
        }
    }
    return &none;
}

const char *larder_status_name(enum larder_status status)
{
    return status_row(status)->name;
}

const char *larder_status_text(enum larder_status status)
{
    return status_row(status)->text;
}

int larder_version(void)
{
    return LARDER_VERSION_NUMBER;
}
