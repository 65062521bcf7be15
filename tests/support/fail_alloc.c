/* SPDX-License-Identifier: MIT */
#include "support/fail_alloc.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* Before each block; as large as the strictest alignment. */
union block_head {
    size_t size;
    max_align_t align;
};

static bool fails(struct fail_alloc *memory)
{
    size_t call = atomic_fetch_add(&memory->calls, 1) + 1;
    return memory->fail_at != 0 &&
           (call == memory->fail_at || (memory->fail_after && call > memory->fail_at));
}

static void account(struct fail_alloc *memory, size_t size)
{
    size_t live = atomic_fetch_add(&memory->live_bytes, size) + size;
    size_t peak = atomic_load(&memory->peak_bytes);
    while (peak < live && !atomic_compare_exchange_weak(&memory->peak_bytes, &peak, live)) {
    }
}

static void *alloc_block(void *user, size_t size)
{
    struct fail_alloc *memory = user;
    if (size == 0) {
        abort(); /* the runtime promises never to ask for nothing */
    }
    if (fails(memory) || size > SIZE_MAX - sizeof(union block_head)) {
        return NULL;
    }
    union block_head *head = malloc(sizeof *head + size);
    if (head == NULL) {
        return NULL;
    }
    head->size = size;
    atomic_fetch_add(&memory->live_blocks, 1);
    account(memory, size);
    return head + 1;
}

static void release_block(void *user, void *block)
{
    struct fail_alloc *memory = user;
    union block_head *head = (union block_head *)block - 1;
    atomic_fetch_sub(&memory->live_blocks, 1);
    atomic_fetch_sub(&memory->live_bytes, head->size);
    free(head);
}

/* Always moves, so that a pointer kept across it shows. */
static void *resize_block(void *user, void *block, size_t size)
{
    void *moved = alloc_block(user, size);
    if (moved != NULL) {
        const union block_head *head = (const union block_head *)block - 1;
        memcpy(moved, block, head->size < size ? head->size : size);
        release_block(user, block);
    }
    return moved;
}

void fail_alloc_init(struct fail_alloc *memory)
{
    memset(memory, 0, sizeof *memory);
    memory->allocator = (struct larder_allocator){
        .alloc = alloc_block,
        .resize = resize_block,
        .release = release_block,
        .user = memory,
    };
}
