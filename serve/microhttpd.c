/* microhttpd.c - see microhttpd.h. */
#include "serve/microhttpd.h"

#include "core/base/library.h"

fv_microhttpd_functions fv_microhttpd;

#define F(name) "MHD_" #name,
static fv_library library = {
    .file = FV_LIBRARY_MICROHTTPD,
    .package = "libmicrohttpd12",
    .names = (const char *const[]){ FV_MICROHTTPD_FUNCTIONS(F) NULL },
    .functions = &fv_microhttpd,
    .mutex = PTHREAD_MUTEX_INITIALIZER,
};
#undef F

fv_error *fv_microhttpd_load(void) { return fv_library_load(&library); }
