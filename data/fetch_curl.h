/* fetch_curl.h - libcurl, loaded when something is fetched: it brings some thirty libraries along. */
#ifndef FV_DATA_FETCH_CURL_H
#define FV_DATA_FETCH_CURL_H

#include <curl/curl.h>

#include "fovea/error.h"

/* As macros these check their arguments' types, but can only be called by name. */
#undef curl_easy_setopt
#undef curl_easy_getinfo

#define FV_CURL_FUNCTIONS(F)                                                                                                   \
    F(easy_cleanup)                                                                                                            \
    F(easy_getinfo)                                                                                                            \
    F(easy_init)                                                                                                               \
    F(easy_perform)                                                                                                            \
    F(easy_reset)                                                                                                              \
    F(easy_setopt)                                                                                                             \
    F(easy_strerror)                                                                                                           \
    F(global_init)                                                                                                             \
    F(slist_append)                                                                                                            \
    F(slist_free_all)

typedef struct fv_curl_functions {
#define F(name) __typeof__(curl_##name) *name;
    FV_CURL_FUNCTIONS(F)
#undef F
} fv_curl_functions;

/* `*out` is constant. As fv_library_load. */
FV_MUST_USE fv_error *fv_curl_load(const fv_curl_functions **out);

#endif
