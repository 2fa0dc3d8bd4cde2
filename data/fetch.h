/* fetch.h - fetching from inside: one file on its way, what fetch.c and fetch_answer.c share. */
#ifndef FV_DATA_FETCH_H
#define FV_DATA_FETCH_H

#include "core/base/arena.h"
#include "data/fetch_curl.h"
#include "fovea/fetch.h"

/* FILE.part and what is known of it. */
typedef struct fv_fetch_state {
    const char *url;
    const fv_fetch_options *options;
    const char *path, *part, *from; /* FILE, FILE.part, FILE.part.from */
    int file;                       /* FILE.part, open, locked */
    int64_t have;                   /* its bytes, at the end of which the next are written */
    char validator[512];            /* the ETag or date of what it holds; "": not known */

    /* The answer under way. */
    const fv_curl_functions *library;
    CURL *curl;
    char status[128], etag[512], modified[128];
    int64_t range_start, range_total; /* of Content-Range; −1: not said */
    bool begun;                       /* its first byte was seen to */
    fv_error *error;                  /* of a callback */
    int64_t before;                   /* bytes that this attempt began with */
    double started;
} fv_fetch_state;

/* One request: Range from where FILE.part ends. On an error `*passing` says that another attempt may succeed. */
FV_MUST_USE fv_error *fv_fetch_attempt(fv_fetch_state *state, bool *passing);
double fv_fetch_seconds(void); /* since some moment in the past */

#endif
