/* fovea/fetch.h - a data set from the network, when it is asked for and never else.
 *
 *   fv_fetch_result result;
 *   FV_TRY(fv_fetch("https://example.org/photos.zip", "downloads", &(fv_fetch_options){ .sha256 = "…" }, &result));
 *
 * Thread rule: any thread; two that fetch to one file: the second gets FV_BUSY. */
#ifndef FOVEA_FETCH_H
#define FOVEA_FETCH_H

#include <stdbool.h>

#include "fovea/error.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct fv_fetch_progress {
    int64_t done, count;                   /* bytes; count 0: the server does not say */
    double bytes_per_second, seconds_left; /* 0: not known */
} fv_fetch_progress;

/* Zero (NULL) in every member is the default. */
typedef struct fv_fetch_options {
    const char *sha256;  /* 64 hexadecimal digits that the file must have; NULL: not checked */
    const char *proxy;   /* its URL; NULL: as http_proxy, https_proxy, all_proxy and no_proxy say; "": none */
    const char *ca_file; /* certificates to trust (PEM); NULL: the system's */
    int64_t attempts;    /* at most, while errors are such as pass; 0: 5 */
    double wait;         /* seconds before the second attempt, doubled each time up to 60; 0: 1 */
    bool restart;        /* forget what an earlier call left unfinished */
    void (*progress)(void *context, const fv_fetch_progress *progress);
    void *context;
    const int *cancel; /* non-zero stops with FV_CANCELLED; may be set by a signal handler */
} fv_fetch_options;

typedef struct fv_fetch_result {
    char path[4096]; /* of the file */
    int64_t bytes;
    int64_t resumed_at; /* bytes that an earlier call had left */
    bool present;       /* it was there already, with the checksum wanted: nothing was fetched */
    char sha256[65];    /* of the file */
} fv_fetch_result;

/* Fetches an http or https URL to the file `to`, or into the folder `to` (NULL: the current one) under the URL's last name.
 * While it is not whole it is called FILE.part, with FILE.part.from beside it; an unfinished one is gone on with when the
 * server says by its ETag or date that it has the same file still (Range, If-Range), else begun anew. Redirects are followed.
 * Connections that fail or break, and the answers 408, 429, 500, 502, 503 and 504, are tried again after a wait (the server's
 * Retry-After where it is longer). The file gets its name, once, when it is whole, on disk, and has the checksum.
 * FV_CONFLICT: FILE is there, without `sha256` or with another. FV_NOT_FOUND, FV_DENIED, FV_IO: the server's answer, or the
 * system's. FV_FORMAT: another checksum; what was fetched is gone then. FV_CANCELLED: a later call goes on. */
FV_API FV_MUST_USE fv_error *fv_fetch(const char *url, const char *to, const fv_fetch_options *options,
                                      fv_fetch_result *result);

#ifdef __cplusplus
}
#endif
#endif
