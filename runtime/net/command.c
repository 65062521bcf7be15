/* SPDX-License-Identifier: MIT */
#include <hiredis/hiredis.h>

#include "net/exchange.h"

bool larder_command_append(struct larder_buffer *out, int argc, const char *const *argv,
                           const size_t *lens)
{
    char *command = NULL;
    /* hiredis leaves the array alone; its parameter lacks a const. */
    union {
        const char *const *ours;
        const char **theirs;
    } words = {.ours = argv};
    int len = redisFormatCommandArgv(&command, argc, words.theirs, lens);
    if (len < 0) {
        out->status = out->status != LARDER_OK ? out->status : LARDER_E_NOMEM;
        return false;
    }
    bool ok = larder_buffer_append(out, command, (size_t)len);
    redisFreeCommand(command);
    return ok;
}
