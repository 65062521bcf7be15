/* SPDX-License-Identifier: MIT */
#include "net/replies.h"

#include <string.h>

static const struct larder_reply_class classes[] = {
#define LARDER_REPLY(word, status, retry, breaker, then) \
    {word, LARDER_##status, LARDER_RETRY_##retry, LARDER_BREAKER_##breaker, LARDER_THEN_##then},
#include "net/replies.def"
#undef LARDER_REPLY
};

static const struct larder_reply_class other = {.word = "", .status = LARDER_E_SERVER};

static bool row_matches(const struct larder_reply_class *class, const char *text, size_t len,
                        size_t first_len)
{
    size_t word_len = strlen(class->word);
    size_t want_len = strchr(class->word, ' ') != NULL ? len : first_len;
    return word_len == want_len && memcmp(class->word, text, word_len) == 0;
}

const struct larder_reply_class *larder_reply_classify(const char *text, size_t len)
{
    const char *space = memchr(text, ' ', len);
    size_t first_len = space != NULL ? (size_t)(space - text) : len;
    for (size_t i = 0; i < sizeof classes / sizeof *classes; i++) {
        if (row_matches(&classes[i], text, len, first_len)) {
            return &classes[i];
        }
    }
    return &other;
}

bool larder_reply_is(const struct larder_reply_class *class, const char *word)
{
    return strcmp(class->word, word) == 0;
}

void larder_reply_quote(const char *text, size_t len, char *ret_text, size_t size)
{
    static const char quoted[] = ", with args";
    const char *end = memmem(text, len, quoted, sizeof quoted - 1);
    size_t n = 0;
    len = end != NULL ? (size_t)(end - text) : len;
    for (; n < len && n + 1 < size; n++) {
        ret_text[n] = text[n] >= ' ' && text[n] <= '~' ? text[n] : '?';
    }
    ret_text[n] = '\0';
}
