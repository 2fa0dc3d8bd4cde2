/* cairo.c - see cairo.h. */
#include "plot/cairo.h"

#include "core/base/library.h"

fv_cairo_functions fv_cairo;

#define F(name) "cairo_" #name,
static fv_library library = {
    .file = FV_LIBRARY_CAIRO,
    .package = "libcairo2",
    .names = (const char *const[]){ FV_CAIRO_FUNCTIONS(F) NULL },
    .functions = &fv_cairo,
    .mutex = PTHREAD_MUTEX_INITIALIZER,
};
#undef F

fv_error *fv_cairo_load(void) { return fv_library_load(&library); }
