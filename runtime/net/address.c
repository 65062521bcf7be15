/* SPDX-License-Identifier: MIT */
#include "net/address.h"

#include <stddef.h>
#include <stdio.h>

#include "base/alloc.h"

static bool copy_text(const struct larder_allocator *allocator, const char **text)
{
    if (*text != NULL) {
        *text = larder_strdup(allocator, *text);
        return *text != NULL;
    }
    return true;
}

static void free_text(const struct larder_allocator *allocator, const char *text)
{
    union {
        const char *ours;
        char *block;
    } copy = {.ours = text};
    larder_free(allocator, copy.block);
}

bool larder_address_copy(struct larder_address *address, const struct larder_allocator *allocator)
{
    const char **texts[] = {&address->host, &address->unix_path, &address->username,
                            &address->password, &address->client_name};
    bool ok = true;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        ok = copy_text(allocator, texts[i]) && ok;
    }
    if (!ok) {
        larder_address_release(address, allocator);
    }
    return ok;
}

void larder_address_release(const struct larder_address *address,
                            const struct larder_allocator *allocator)
{
    free_text(allocator, address->host);
    free_text(allocator, address->unix_path);
    free_text(allocator, address->username);
    free_text(allocator, address->password);
    free_text(allocator, address->client_name);
}

void larder_address_show(const struct larder_address *address, char *ret_text, size_t size)
{
    if (address->unix_path != NULL) {
        snprintf(ret_text, size, "%s", address->unix_path);
    } else {
        snprintf(ret_text, size, "%s:%d", address->host, address->port);
    }
}
