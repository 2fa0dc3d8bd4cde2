/* host_check.c - see host_check.h. */
#include "serve/host_check.h"

#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

#define NAME_MAX_LETTERS 256

/* The name of "NAME[:PORT]" without its brackets; false: it is none. */
static bool take_name(const char *host, char name[NAME_MAX_LETTERS]) {
    const char *end = *host == '[' ? strchr(host, ']') : host + strcspn(host, ":");
    const char *begin = host + (*host == '[');
    if (!end || end == begin || end - begin >= NAME_MAX_LETTERS) return false;
    memcpy(name, begin, (size_t)(end - begin));
    name[end - begin] = 0;
    const char *rest = end + (*host == '[');
    if (!*rest) return true;
    return *rest == ':' && rest[1] && strlen(rest + 1) <= 5 && !rest[1 + strspn(rest + 1, "0123456789")];
}

static bool is_address(const char *name) {
    unsigned char bytes[16];
    return inet_pton(AF_INET, name, bytes) == 1 || inet_pton(AF_INET6, name, bytes) == 1;
}

bool fv_host_is_loopback(const char *host) {
    unsigned char bytes[16];
    static const unsigned char six[16] = { [15] = 1 };
    if (!strcasecmp(host, "localhost")) return true;
    if (inet_pton(AF_INET, host, bytes) == 1) return bytes[0] == 127;
    return inet_pton(AF_INET6, host, bytes) == 1 && !memcmp(bytes, six, sizeof six);
}

bool fv_host_allowed(const fv_host_rules *rules, const char *host) {
    char name[NAME_MAX_LETTERS];
    if (!host) return true;
    if (!take_name(host, name)) return false;
    if (rules->any_name || is_address(name) || !strcasecmp(name, "localhost")) return true;
    for (int64_t i = 0; i < rules->host_count; i++)
        if (!strcasecmp(rules->hosts[i], name)) return true;
    return false;
}

bool fv_origin_allowed(const fv_host_rules *rules, const char *host, const char *origin, bool *listed) {
    *listed = false;
    if (!origin) return true;
    for (int64_t i = 0; i < rules->origin_count; i++)
        if (!strcmp(rules->origins[i], "*") || !strcasecmp(rules->origins[i], origin)) return *listed = true;
    const char *rest = !strncasecmp(origin, "http://", 7) ? origin + 7 : !strncasecmp(origin, "https://", 8) ? origin + 8 : "";
    return host && *rest && !strcasecmp(rest, host);
}
