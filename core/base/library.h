/* library.h - a library that is loaded when it is needed. With what hangs on it, it would make every other command wait: the
 * dynamic linker takes the time of a small network's prediction for cairo, libmicrohttpd and libtiff and their forty others.
 *
 * The functions that are used are written down once, as a list F(name)…; a struct of pointers and a table of names are made of
 * it:
 *
 *   #define FV_CAIRO_FUNCTIONS(F) F(create) F(destroy)
 *   #define F(name) __typeof__(cairo_##name) *name;
 *   typedef struct fv_cairo_functions { FV_CAIRO_FUNCTIONS(F) } fv_cairo_functions;
 *   #undef F
 *   #define F(name) "cairo_" #name,
 *   fv_library library = { .file = "libcairo.so.2", .names = (const char *const[]){ FV_CAIRO_FUNCTIONS(F) NULL }, … };
 *   #undef F */
#ifndef FV_BASE_LIBRARY_H
#define FV_BASE_LIBRARY_H

#include <pthread.h>
#include <stdbool.h>

#include "fovea/error.h"

typedef struct fv_library {
    const char *file;         /* "libcairo.so.2": what its SONAME is, since headers and calls are of that version */
    const char *package;      /* of Debian, which has it */
    const char *const *names; /* of functions; NULL ends them */
    void *functions;          /* a struct of pointers to functions, in the order of `names`, and of nothing else */
    bool (*begin)(
        void);   /* called when all pointers are there, until it succeeds; false: it cannot be used. NULL: nothing to do */
    bool loaded; /* false at first; `functions` are filled, for good */
    pthread_mutex_t mutex; /* PTHREAD_MUTEX_INITIALIZER; of `loaded` and `functions` until they are filled */
} fv_library;

/* Loads it, unless it is there already. Who calls its functions has called this before, and has seen it succeed.
 * FV_UNSUPPORTED: it is not installed, or lacks a function; FV_MEMORY: there is no room for it. It is looked for again the next
 * time. Any thread. */
FV_MUST_USE fv_error *fv_library_load(fv_library *library);

#endif
