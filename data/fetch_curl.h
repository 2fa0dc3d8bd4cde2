/* fetch_curl.h - libcurl, loaded when something is fetched: it brings some thirty libraries along, for which every other
 * command would wait. */
#ifndef FV_DATA_FETCH_CURL_H
#define FV_DATA_FETCH_CURL_H

#include <curl/curl.h>

#include "fovea/error.h"

/* As macros these check their arguments' types, but can only be called by name. */
#undef curl_easy_setopt
#undef curl_easy_getinfo

typedef struct fv_curl_functions {
    __typeof__(curl_global_init) *global_init;
    __typeof__(curl_easy_init) *easy_init;
    __typeof__(curl_easy_cleanup) *easy_cleanup;
    __typeof__(curl_easy_reset) *easy_reset;
    __typeof__(curl_easy_setopt) *easy_setopt;
    __typeof__(curl_easy_getinfo) *easy_getinfo;
    __typeof__(curl_easy_perform) *easy_perform;
    __typeof__(curl_easy_strerror) *easy_strerror;
    __typeof__(curl_slist_append) *slist_append;
    __typeof__(curl_slist_free_all) *slist_free_all;
} fv_curl_functions;

/* Loads it once for the process; `*out` is constant. FV_UNSUPPORTED: it is not there, or lacks a function. Any thread. */
FV_MUST_USE fv_error *fv_curl_load(const fv_curl_functions **out);

#endif
