/* host_check.h - who a request says it is for, and which page made it: what keeps a page in somebody's browser from talking to
 * a server on the same machine by a name that it had pointed there (DNS rebinding), or by its address. Pure. */
#ifndef FV_SERVE_HOST_CHECK_H
#define FV_SERVE_HOST_CHECK_H

#include <stdbool.h>
#include <stdint.h>

typedef struct fv_host_rules {
    bool any_name;            /* whatever Host says: the server is meant to be reached from elsewhere, under names of its own */
    const char *const *hosts; /* names that are allowed beside addresses and localhost */
    int64_t host_count;
    const char *const *origins; /* "https://lab.example", or "*" */
    int64_t origin_count;
} fv_host_rules;

/* "127.0.0.1:8080", "[::1]:8080", "localhost": an address, localhost or a name that is listed. NULL (HTTP/1.0) is allowed. */
bool fv_host_allowed(const fv_host_rules *rules, const char *host);

/* What a page may do: those of the server itself and of listed origins ask; NULL is no page. `*listed`: it is one of those, and
 * is to be told that it may read the answer. */
bool fv_origin_allowed(const fv_host_rules *rules, const char *host, const char *origin, bool *listed);

/* Of this machine itself: 127.0.0.0/8, ::1, localhost. */
bool fv_host_is_loopback(const char *host);

#endif
