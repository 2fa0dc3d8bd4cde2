/* fetch_curl.c - see fetch_curl.h. */
#include "data/fetch_curl.h"

#include "core/base/library.h"

static fv_curl_functions functions;

static bool begin(void) { return functions.global_init(CURL_GLOBAL_DEFAULT) == 0; }

#define F(name) "curl_" #name,
static fv_library library = {
    .file = FV_LIBRARY_LIBCURL,
    .package = "libcurl4",
    .names = (const char *const[]){ FV_CURL_FUNCTIONS(F) NULL },
    .functions = &functions,
    .begin = begin,
    .mutex = PTHREAD_MUTEX_INITIALIZER,
};
#undef F

fv_error *fv_curl_load(const fv_curl_functions **out) {
    *out = &functions;
    return fv_library_load(&library);
}
