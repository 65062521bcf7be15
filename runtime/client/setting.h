/* SPDX-License-Identifier: MIT */
/*
 * One setting: its row of settings.def, and its value as text and number.
 *
 * Numbers are read by hand: strtod would follow the program's locale, strtol
 * would take signs, blanks and what it can read of nonsense.
 * Threads: no state.
 */
#ifndef LARDER_CLIENT_SETTING_H
#define LARDER_CLIENT_SETTING_H

#include <larder/larder.h>

enum larder_setting {
#define LARDER_SETTING(id, name, aliases, kind, member, built_in, low, high, choices, state, help) \
    LARDER_SETTING_##id,
#include "client/settings.def"
#undef LARDER_SETTING
    LARDER_SETTING_COUNT
};

enum larder_setting_kind {
    LARDER_KIND_TEXT,
    LARDER_KIND_SECRET,   /* may be empty, is never shown */
    LARDER_KIND_URL,      /* may hold a secret; see url.h */
    LARDER_KIND_HOST,     /* a name or an address */
    LARDER_KIND_PREFIX,   /* of keys; may be empty */
    LARDER_KIND_CHOICE,   /* one of a few words; the number is its place */
    LARDER_KIND_INTEGER,  /* digits */
    LARDER_KIND_BOOLEAN,  /* true false yes no on off 1 0 */
    LARDER_KIND_SECONDS,  /* digits, decimals allowed; the number is ms, rounded up */
    LARDER_KIND_DURATION, /* seconds, or 500ms 30s 5m 1h 2d; the number is ms */
    LARDER_KIND_BYTES     /* digits, or 64KiB 64MiB 1GiB */
};

enum larder_setting_state { LARDER_STATE_HERE, LARDER_STATE_REFUSED };

enum larder_member_kind {
    LARDER_MEMBER_NONE,
    LARDER_MEMBER_TEXT, /* const char * */
    LARDER_MEMBER_BOOL, /* false: not set */
    LARDER_MEMBER_INT,
    LARDER_MEMBER_INT64
};

struct larder_setting_row {
    const char *name;
    const char *aliases;
    enum larder_setting_kind kind;
    enum larder_member_kind member;
    size_t offset;           /* of the member */
    const char *member_name; /* NULL: none */
    const char *built_in;
    int64_t low;
    int64_t high;
    const char *choices;
    enum larder_setting_state state;
    const char *help;
};

/* By enum larder_setting. */
extern const struct larder_setting_row larder_setting_rows[LARDER_SETTING_COUNT];

/* Whether text is the setting's name or an alias of it. */
bool larder_setting_is_named(const struct larder_setting_row *row, const char *text, size_t len);

/* Reads a value; of a kind that is text *ret_number is 0. False: it is none. */
bool larder_setting_parse(const struct larder_setting_row *row, const char *text,
                          int64_t *ret_number);

/* What a value of this setting looks like: "a number from 1 to 65535". Terminated. */
void larder_setting_describe(const struct larder_setting_row *row, char *buf, size_t size);

/* Decimal digits alone. False: others, none, or over INT64_MAX. */
bool larder_parse_digits(const char *text, size_t len, int64_t *ret_number);

/* Whether text can stand for a server: a name, an IPv4 or an IPv6 address (with
 * or without %zone). */
bool larder_host_is_valid(const char *text);

#endif
