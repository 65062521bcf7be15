/* SPDX-License-Identifier: MIT */
#include "backend/redis_scripts.h"

#include <pthread.h>
#include <string.h>

#include "backend/backend.h"
#include "base/hash.h"
#include "base/rule.h"
#include "codec/envelope.h"

/* clang-format off */

/* A number of C in a text of Lua. */
#define TEXT_OF(number) #number
#define TEXT(number) TEXT_OF(number)

/* Where an entry's numbers begin, counted from 0 as C and SETRANGE do: behind them, the tag
 * is at +1 for Lua, the number itself at +2 to +9. */
#define TOKEN TEXT(LARDER_ENVELOPE_TOKEN_AT)
#define UNTIL TEXT(LARDER_ENVELOPE_UNTIL_AT)
#define FRESH TEXT(LARDER_ENVELOPE_FRESH_AT)
#define COST TEXT(LARDER_ENVELOPE_COST_AT)
#define TIMED_BYTES TEXT(LARDER_ENVELOPE_TIMED_BYTES)

/* ------------------------------------------------------ what scripts begin with */

/* head(k, n): the first n bytes; '' where there is nothing; nil where there is another type.
 * Any other error ends the script. */
#define HEAD                                                               \
    "local function head(k, n) "                                           \
    "local h = redis.pcall('GETRANGE', k, 0, n - 1) "                      \
    "if type(h) == 'string' then return h end "                            \
    "if string.find(h.err, 'WRONGTYPE', 1, true) then return nil end "     \
    "return redis.call('GETRANGE', k, 0, n - 1) "                          \
    "end "

/* empty(h): a claim or a mark. */
#define EMPTY                                                              \
    "local function empty(h) "                                             \
    "if #h < 2 then return false end "                                     \
    "local form = struct.unpack('>H', h) "                                 \
    "return form == " TEXT(LARDER_ENVELOPE_CLAIM)                          \
    " or form == " TEXT(LARDER_ENVELOPE_ABSENT)                            \
    " or form == " TEXT(LARDER_ENVELOPE_ABSENT_VERSIONED) " "              \
    "end "

/* slot(h): there is a place for a claim: it is a claim, or a timed value. */
#define SLOT                                                               \
    "local function slot(h) "                                              \
    "if #h < " TIMED_BYTES " then return false end "                       \
    "local array, meta = string.byte(h, 1, 2) "                            \
    "return bit.band(array, 0xf0) == 0x90 and "                            \
    "bit.band(meta, bit.band(" TEXT(LARDER_ENVELOPE_TIMED_MASK) ", 0xf7)) == " \
    TEXT(LARDER_ENVELOPE_TIMED) " and "                                    \
    "string.byte(h, " TOKEN " + 1) == 0xcf and "                           \
    "string.byte(h, " UNTIL " + 1) == 0xcf and "                           \
    "string.byte(h, " FRESH " + 1) == 0xcf and "                           \
    "string.byte(h, " COST " + 1) == 0xce "                                \
    "end "                                                                 \
    "local function token(h) return string.sub(h, " TOKEN " + 2, " TOKEN " + 9) end "

/* free(k, h): the claim that stands in it is over. */
#define FREE                                                               \
    "local function free(k, h) "                                           \
    "if empty(h) then redis.call('UNLINK', k) return end "                 \
    "local zero = '\\207' .. string.rep('\\0', 8) "                        \
    "redis.call('SETRANGE', k, " TOKEN ", zero .. zero) "                  \
    "end "

/* now(): the server's clock in ms; ms(n): as the 8 bytes that are stored. */
#define CLOCK                                                              \
    "local function now() "                                                \
    "local t = redis.call('TIME') "                                        \
    "return t[1] * 1000 + math.floor(t[2] / 1000) "                        \
    "end "                                                                 \
    "local function ms(n) "                                                \
    "return struct.pack('>I4I4', math.floor(n / 4294967296), n % 4294967296) " \
    "end "

/* put(k, v, px): px '0' is no expiry. */
#define PUT                                                                \
    "local function put(k, v, px) "                                        \
    "if px == '0' then return redis.call('SET', k, v) end "                \
    "return redis.call('SET', k, v, 'PX', px) "                            \
    "end "

/* was(k, h, seen, total): what is there is still what was seen; total '0': nothing was. */
#define WAS                                                                \
    "local function was(k, h, seen, total) "                               \
    "return total ~= '0' and seen ~= '' and string.sub(h, 1, #seen) == seen " \
    "and redis.call('STRLEN', k) == tonumber(total) "                      \
    "end "

/* number(k): epoch and count of a version or the clock; nil where there is none. as_text of
 * the two is what is stored. */
#define NUMBER                                                             \
    "local function number(k) "                                            \
    "local s = redis.pcall('GET', k) "                                     \
    "if type(s) ~= 'string' or #s ~= 9 or string.byte(s) ~= 0xcf then return nil end " \
    "return struct.unpack('>I4I4', s, 2) "                                 \
    "end "                                                                 \
    "local function as_text(epoch, count) "                                \
    "return '\\207' .. struct.pack('>I4I4', epoch, count) "                \
    "end "

/* stand(k, epoch, count, px, entry_px): the count of a version, which is made of the clock where there
 * is none of its epoch, and does not end before its entry. */
#define STAND                                                              \
    "local function stand(k, epoch, count, px, entry_px) "                 \
    "local has_epoch, has_count = number(k) "                              \
    "if has_epoch ~= epoch then "                                          \
    "put(k, as_text(epoch, count), px) "                                   \
    "return count "                                                        \
    "end "                                                                 \
    "local left = redis.call('PTTL', k) "                                  \
    "if left >= 0 and (entry_px == '0' or left < tonumber(entry_px)) then " \
    "if px == '0' then redis.call('PERSIST', k) else redis.call('PEXPIRE', k, px) end " \
    "end "                                                                 \
    "return has_count "                                                    \
    "end "

/* ---------------------------------------------------------------- the scripts */

static const char *const texts[] = {

/* KEYS: the entry, the clock and the versions, if it has some.
 * ARGV: 'SET', 'ADD' or 'REPLACE'; value, px, seen, total; as_of_at, epoch, px of versions.
 * 1: stored; 0: REPLACE found none; a string: what ADD found, its length and its head.
 * as_of is put in last: a value with zeroes there is valid to nobody. */
[LARDER_SCRIPT_STORE] =
    HEAD EMPTY PUT WAS NUMBER STAND
    "local k, how, value, px = KEYS[1], ARGV[1], ARGV[2], ARGV[3] "
    "if how ~= 'SET' then "
    "local h = head(k, " TEXT(LARDER_HEAD_BYTES) ") "
    "if not h and how == 'ADD' then return redis.call('STRLEN', k) end "
    "local none = not h or h == '' or empty(h) or was(k, h, ARGV[4], ARGV[5]) "
    "if how == 'ADD' and not none then "
    "return struct.pack('>I4', redis.call('STRLEN', k)) .. h "
    "end "
    "if how == 'REPLACE' and none then return 0 end "
    "end "
    "if #KEYS == 1 then put(k, value, px) return 1 end "
    "local epoch, count = number(KEYS[2]) "
    "if not epoch then "
    "epoch, count = tonumber(ARGV[7]), 1 "
    "redis.call('SET', KEYS[2], as_text(epoch, count)) "
    "end "
    "for i = 3, #KEYS do stand(KEYS[i], epoch, count, ARGV[8], px) end "
    "put(k, value, px) "
    "redis.call('SETRANGE', k, ARGV[6], struct.pack('>I4I4', epoch, count)) "
    "return 1",

/* KEYS: the entry. ARGV: claim, px, 'KEEP' or not, seen, total.
 * A status: the claim stands; a string: what was found. */
[LARDER_SCRIPT_TAKE] =
    HEAD EMPTY SLOT CLOCK PUT WAS
    "local k, claim, px = KEYS[1], ARGV[1], ARGV[2] "
    "local h = head(k, " TEXT(LARDER_HEAD_BYTES) ") "
    "if not h then "
    "if ARGV[5] ~= '0' then return redis.call('GET', k) end "
    "h = '' "
    "end "
    "local has_slot = slot(h) "
    "if h ~= '' then "
    "if has_slot and token(h) == token(claim) then return redis.call('GET', k) end "
    "local ended = false "
    "if has_slot and empty(h) then "
    "local high, low = struct.unpack('>I4I4', h, " UNTIL " + 2) "
    "ended = high * 4294967296 + low <= now() "
    "end "
    "if not ended and not was(k, h, ARGV[4], ARGV[5]) then return redis.call('GET', k) end "
    "end "
    "claim = string.sub(claim, 1, " UNTIL " + 1) .. ms(now() + tonumber(px)) .. "
    "string.sub(claim, " UNTIL " + 10) "
    "if ARGV[3] == 'KEEP' and has_slot and not empty(h) then "
    "redis.call('SETRANGE', k, " TOKEN ", string.sub(claim, " TOKEN " + 1, " UNTIL " + 9)) "
    "else "
    "put(k, claim, px) "
    "end "
    "return redis.status_reply('OK')",

/* KEYS: the entry, the clock and the versions, if it has some.
 * ARGV: token, value, px; as_of, px of versions. 1: stored; 0: lost.
 * One that its versions refuse makes and renews them all the same, so that the next one is
 * not lost, and ends its claim, so that nobody waits for it. */
[LARDER_SCRIPT_FILL] =
    HEAD EMPTY SLOT FREE PUT NUMBER STAND
    "local k = KEYS[1] "
    "local h = head(k, " TIMED_BYTES ") "
    "if not h or not slot(h) or token(h) ~= ARGV[1] then return 0 end "
    "if #KEYS > 1 then "
    "local as_epoch, as_count = struct.unpack('>I4I4', ARGV[4]) "
    "local epoch, count = number(KEYS[2]) "
    "local holds = epoch == as_epoch and count >= as_count "
    "for i = 3, epoch and #KEYS or 0 do "
    "holds = stand(KEYS[i], epoch, count, ARGV[5], ARGV[3]) <= as_count and holds "
    "end "
    "if not holds then free(k, h) return 0 end "
    "end "
    "put(k, ARGV[2], ARGV[3]) "
    "return 1",

/* KEYS: the entry. ARGV: token, ms of a pause. 1: it is gone; 0: it was. */
[LARDER_SCRIPT_RELEASE] =
    HEAD EMPTY SLOT FREE CLOCK
    "local k = KEYS[1] "
    "local h = head(k, " TIMED_BYTES ") "
    "if not h or not slot(h) or token(h) ~= ARGV[1] then return 0 end "
    "if ARGV[2] == '0' or empty(h) then free(k, h) return 1 end "
    "redis.call('SETRANGE', k, " TOKEN ", '\\207' .. ms(1) .. '\\207' .. "
    "ms(now() + tonumber(ARGV[2]))) "
    "return 1",

/* KEYS: the entry. 1: it is stale, or gone; 0: there was none, a claim or a mark.
 * A server without room for the change (SETRANGE may need some) still deletes. */
[LARDER_SCRIPT_SOFTEN] =
    HEAD EMPTY SLOT CLOCK
    "local k = KEYS[1] "
    "local h = head(k, " TIMED_BYTES ") "
    "local none = h and empty(h) "
    "if h and not none and slot(h) then "
    "local done = redis.pcall('SETRANGE', k, " TOKEN ", '\\207' .. ms(0) .. '\\207' .. ms(0) .. "
    "'\\207' .. ms(now())) "
    "if type(done) ~= 'table' then return 1 end "
    "if not string.find(done.err, 'OOM', 1, true) then return done end "
    "end "
    "local gone = redis.call('UNLINK', k) "
    "if none then return 0 end "
    "return gone",

/* KEYS: the entry. ARGV: px, lifetime; both '0': for ever. 1; 0: there is none. */
[LARDER_SCRIPT_EXPIRE] =
    HEAD EMPTY SLOT CLOCK
    "local k = KEYS[1] "
    "local h = head(k, " TIMED_BYTES ") "
    "if not h or h == '' or empty(h) then return 0 end "
    "if slot(h) then "
    "local fresh = 9007199254740992 "
    "if ARGV[1] ~= '0' then fresh = math.min(fresh, now() + tonumber(ARGV[2])) end "
    "redis.call('SETRANGE', k, " FRESH " + 1, ms(fresh)) "
    "end "
    "if ARGV[1] == '0' then redis.call('PERSIST', k) return 1 end "
    "return redis.call('PEXPIRE', k, ARGV[1])",

/* KEYS: the clock and the versions. ARGV: epoch, px. 1. Without room for a new number it is enough
 * that clock and versions are gone: that is a miss to all who ask, and no fill
 * that began before finds its clock. */
[LARDER_SCRIPT_BUMP] =
    PUT NUMBER
    "local epoch, count = number(KEYS[1]) "
    "if not epoch or count >= 4294967295 then "
    "local other = tonumber(ARGV[1]) "
    "if other == epoch then other = other % 4294967295 + 1 end "
    "epoch, count = other, 0 "
    "end "
    "local n = as_text(epoch, count + 1) "
    "local done = redis.pcall('SET', KEYS[1], n) "
    "if done.err then "
    "if not string.find(done.err, 'OOM', 1, true) then return done end "
    "for i = 1, #KEYS do redis.call('UNLINK', KEYS[i]) end "
    "return 1 "
    "end "
    "for i = 2, #KEYS do put(KEYS[i], n, ARGV[2]) end "
    "return 1",

/* KEYS: the entry. ARGV: px. What is there, or nil. */
[LARDER_SCRIPT_RENEW] =
    EMPTY
    "local k, px = KEYS[1], ARGV[1] "
    "if empty(redis.call('GETRANGE', k, 0, 1)) then return redis.call('GET', k) end "
    "if px == '0' then return redis.call('GETEX', k, 'PERSIST') end "
    "return redis.call('GETEX', k, 'PX', px)",

/* Nothing. The clock in ms, rounded up: nobody then takes it for earlier than it is. */
[LARDER_SCRIPT_TIME] =
    "local t = redis.call('TIME') return t[1] * 1000 + math.ceil(t[2] / 1000)",
};
/* clang-format on */

_Static_assert(sizeof texts / sizeof *texts == LARDER_SCRIPT_COUNT, "each has a text");

/* ------------------------------------------------------------------- names */

static char names[LARDER_SCRIPT_COUNT][LARDER_SCRIPT_NAME_BYTES];
static pthread_once_t named = PTHREAD_ONCE_INIT;

static const char *text_of(enum larder_script which)
{
    return larder_rule_script((unsigned)which, texts[which]);
}

static void name_them(void)
{
    for (size_t i = 0; i < LARDER_SCRIPT_COUNT; i++) {
        const char *text = text_of((enum larder_script)i);
        larder_hash_sha1(text, strlen(text), names[i]);
    }
}

const char *larder_script_text(enum larder_script which, size_t *ret_len)
{
    const char *text = text_of(which);
    *ret_len = strlen(text);
    return text;
}

const char *larder_script_name(enum larder_script which)
{
    pthread_once(&named, name_them);
    return names[which];
}
