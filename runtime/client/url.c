/* SPDX-License-Identifier: MIT */
#include "client/url.h"

#include <string.h>
#include <strings.h>

#include "client/setting.h"

static int hex_digit(char c)
{
    static const char digits[] = "0123456789abcdef";
    char lower = c >= 'A' && c <= 'F' ? (char)(c - 'A' + 'a') : c;
    const char *at = lower != '\0' ? strchr(digits, lower) : NULL;
    return at != NULL ? (int)(at - digits) : -1;
}

/* Undoes percent-encoding in place; false: malformed, or a NUL. */
static bool decode(char *text)
{
    char *to = text;
    for (const char *from = text; *from != '\0'; from++) {
        if (*from != '%') {
            *to++ = *from;
            continue;
        }
        int high = hex_digit(from[1]);
        int low = high >= 0 ? hex_digit(from[2]) : -1;
        if (low < 0 || (high == 0 && low == 0)) {
            return false;
        }
        *to++ = (char)(high * 16 + low);
        from += 2;
    }
    *to = '\0';
    return true;
}

/* Raw, an URL is printable ASCII; the rest is percent-encoded. */
static bool is_raw_url(const char *text)
{
    for (; *text != '\0'; text++) {
        if ((unsigned char)*text <= 0x20 || (unsigned char)*text >= 0x7f) {
            return false;
        }
    }
    return true;
}

/* "user", "user:password" or nothing; further colons are the password's. */
static const char *parse_userinfo(char *text, struct larder_url *url)
{
    char *colon = strchr(text, ':');
    if (colon != NULL) {
        *colon = '\0';
        url->password = colon + 1;
        if (!decode(colon + 1)) {
            return "the password is not percent-encoded";
        }
    }
    if (!decode(text)) {
        return "the user is not percent-encoded";
    }
    url->username = *text != '\0' ? text : NULL;
    return NULL;
}

/* What stands before the @ of `authority`, which ends at `end`, if any; the
 * rest begins at *ret_rest. */
static const char *split_userinfo(char *authority, const char *end, struct larder_url *url,
                                  char **ret_rest)
{
    *ret_rest = authority;
    char *at = memchr(authority, '@', (size_t)(end - authority));
    if (at == NULL) {
        return NULL;
    }
    if (memchr(at + 1, '@', (size_t)(end - at - 1)) != NULL) {
        return "there is more than one @; percent-encode those of the password";
    }
    *at = '\0';
    *ret_rest = at + 1;
    return parse_userinfo(authority, url);
}

static const char *parse_number(const char *text, int64_t low, int64_t high, int *ret_number,
                                const char *wrong)
{
    int64_t number;
    if (!larder_parse_digits(text, strlen(text), &number) || number < low || number > high) {
        return wrong;
    }
    *ret_number = (int)number;
    return NULL;
}

static const char *parse_port(const char *text, struct larder_url *url)
{
    return parse_number(text, 1, 65535, &url->port, "the port is no number from 1 to 65535");
}

static const char *parse_db(const char *text, struct larder_url *url)
{
    url->has_db = true;
    return parse_number(text, 0, INT32_MAX, &url->db, "the database is no number");
}

/* "[address]:port" or "name:port". */
static const char *parse_host(char *text, struct larder_url *url)
{
    bool bracketed = *text == '[';
    char *end = bracketed ? strchr(text, ']') : strchrnul(text, ':');
    if (end == NULL) {
        return "a [ has no ]";
    }
    char *rest = bracketed ? end + 1 : end;
    if (*rest != '\0' && *rest != ':') {
        return "something stands between the host and its port";
    }
    bool has_port = *rest == ':';
    *end = '\0';
    url->host = bracketed ? text + 1 : text;
    if (bracketed && !decode(text + 1)) {
        return "the address is not percent-encoded";
    }
    if (bracketed != (strchr(url->host, ':') != NULL) || !larder_host_is_valid(url->host)) {
        return "the host is no name and no address (IPv6 stands in brackets)";
    }
    url->port = 6379;
    return has_port ? parse_port(rest + 1, url) : NULL;
}

static const char *parse_redis(char *authority, struct larder_url *url)
{
    char *host;
    char *slash = strchrnul(authority, '/');
    const char *wrong = split_userinfo(authority, slash, url, &host);
    if (wrong != NULL) {
        return wrong;
    }
    if (strpbrk(host, "?#") != NULL) {
        return "a query or a fragment, which nothing reads";
    }
    bool has_db = slash[0] == '/' && slash[1] != '\0';
    *slash = '\0';
    wrong = parse_host(host, url);
    return wrong == NULL && has_db ? parse_db(slash + 1, url) : wrong;
}

static const char *parse_unix(char *authority, struct larder_url *url)
{
    char *path;
    const char *wrong = split_userinfo(authority, strchrnul(authority, '/'), url, &path);
    if (wrong != NULL) {
        return wrong;
    }
    char *query = strpbrk(path, "?#");
    if (query != NULL) {
        if (strncmp(query, "?db=", 4) != 0) {
            return "the only query is ?db=n";
        }
        *query = '\0';
        wrong = parse_db(query + 4, url);
        if (wrong != NULL) {
            return wrong;
        }
    }
    if (*path != '/' || !decode(path)) {
        return "the path does not begin with / or is not percent-encoded";
    }
    if (strlen(path) > LARDER_UNIX_PATH_MAX) {
        return "the path is longer than 107 bytes";
    }
    url->unix_path = path;
    return NULL;
}

const char *larder_url_parse(char *text, struct larder_url *ret_url)
{
    *ret_url = (struct larder_url){0};
    if (!is_raw_url(text)) {
        return "a blank, a control character or a byte that is not percent-encoded";
    }
    if (strncasecmp(text, "rediss://", 9) == 0) {
        ret_url->tls = true;
        return parse_redis(text + 9, ret_url);
    }
    if (strncasecmp(text, "redis://", 8) == 0) {
        return parse_redis(text + 8, ret_url);
    }
    if (strncasecmp(text, "unix://", 7) == 0) {
        return parse_unix(text + 7, ret_url);
    }
    return "it begins with none of redis://, rediss:// and unix://";
}
