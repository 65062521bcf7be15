/* SPDX-License-Identifier: MIT */
/*
 * libFuzzer's mutations for fuzz_stored.c: half of them change the body, which is
 * then sealed again, plain or with either codec. The rest are libFuzzer's own,
 * on the stored bytes.
 */
#include <string.h>

#include "stored_form.h"
#include "value_types.h"

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);

/* 0: there is no body to change. */
static size_t mutate_body(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
    static uint8_t room[BODY_MAX], body[BODY_MAX];
    struct stored_form form;
    uint64_t fingerprint = stored_fingerprint(data[0] % (unsigned)value_type_count);
    if (stored_open(fingerprint, data + 1, size - 1, room, &form) != STORED_BODY ||
        form.len > sizeof body) {
        return 0;
    }
    memcpy(body, form.body, form.len);
    form.len = LLVMFuzzerMutate(body, form.len, 4 * max_size < BODY_MAX ? 4 * max_size : BODY_MAX);
    form.body = body;
    form.codec = seed % 3;
    size_t len = form.len != 0 ? stored_seal(fingerprint, &form, data + 1, max_size - 1) : 0;
    return len != 0 ? 1 + len : 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
    size_t changed = size > 1 && seed % 2 == 0 ? mutate_body(data, size, max_size, seed / 2) : 0;
    return changed != 0 ? changed : LLVMFuzzerMutate(data, size, max_size);
}
