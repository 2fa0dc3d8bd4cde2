/* library.c - see library.h. */
#include "core/base/library.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

#define PROBLEM_BYTES 512

static bool find_functions(const fv_library *library, void *opened, char problem[PROBLEM_BYTES]) {
    for (int i = 0; library->names[i]; i++) {
        void *found = dlsym(opened, library->names[i]);
        if (!found) {
            snprintf(problem, PROBLEM_BYTES, "it has no %s", library->names[i]);
            return false;
        }
        /* What POSIX asks for between pointers to objects and to functions. */
        memcpy((char *)library->functions + (size_t)i * sizeof found, &found, sizeof found);
    }
    return true;
}

/* It stays open, and in memory, until the process ends, as threads and handlers of it may: also where it did not start, since
 * what has begun of it can't be ended. */
static bool load(fv_library *library, char problem[PROBLEM_BYTES]) {
    void *opened = dlopen(library->file, RTLD_NOW | RTLD_LOCAL);
    if (!opened) {
        const char *said = dlerror();
        snprintf(problem, PROBLEM_BYTES, "%s", said ? said : "no reason is given");
        return false;
    }
    if (!find_functions(library, opened, problem)) {
        dlclose(opened);
        return false;
    }
    if (!library->begin || library->begin()) return true;
    snprintf(problem, PROBLEM_BYTES, "it does not start");
    return false;
}

fv_error *fv_library_load(fv_library *library) {
    char problem[PROBLEM_BYTES];
    pthread_mutex_lock(&library->mutex);
    bool loaded = library->loaded = library->loaded || load(library, problem);
    pthread_mutex_unlock(&library->mutex);
    if (loaded) return NULL;
    if (strstr(problem, "annot allocate memory")) return fv_error_memory(); /* ld.so's words */
    return fv_error_hint(fv_fail(FV_UNSUPPORTED, "%s (of %s) cannot be used: %s", library->file, library->package, problem),
                         "on Debian: apt-get install %s", library->package);
}
