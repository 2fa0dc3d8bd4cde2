/* shared: libtiff.c - see libtiff.h. */
#include "data/decode/libtiff.h"

#include "core/base/library.h"

fv_libtiff_functions fv_libtiff;

#define F(name) "TIFF" #name,
static fv_library library = {
    .file = FV_LIBRARY_LIBTIFF,
    .package = "libtiff6",
    .names = (const char *const[]){ FV_LIBTIFF_FUNCTIONS(F) NULL },
    .functions = &fv_libtiff,
    .mutex = PTHREAD_MUTEX_INITIALIZER,
};
#undef F

fv_error *fv_libtiff_load(void) { return fv_library_load(&library); }
