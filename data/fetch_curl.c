/* fetch_curl.c - see fetch_curl.h. */
#include "data/fetch_curl.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#define LIBRARY "libcurl.so.4"

static pthread_once_t once = PTHREAD_ONCE_INIT;
static fv_curl_functions functions;
static char problem[512]; /* "": all is well */

static void find(void *library, const char *name, void *function) {
    void *found = dlsym(library, name);
    memcpy(function, &found, sizeof found); /* what POSIX asks for between pointers to objects and to functions */
    if (!found && !problem[0]) snprintf(problem, sizeof problem, "it has no %s", name);
}

static void load(void) {
    void *library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
    if (!library) {
        snprintf(problem, sizeof problem, "%s", dlerror());
        return;
    }
    find(library, "curl_global_init", &functions.global_init);
    find(library, "curl_easy_init", &functions.easy_init);
    find(library, "curl_easy_cleanup", &functions.easy_cleanup);
    find(library, "curl_easy_reset", &functions.easy_reset);
    find(library, "curl_easy_setopt", &functions.easy_setopt);
    find(library, "curl_easy_getinfo", &functions.easy_getinfo);
    find(library, "curl_easy_perform", &functions.easy_perform);
    find(library, "curl_easy_strerror", &functions.easy_strerror);
    find(library, "curl_slist_append", &functions.slist_append);
    find(library, "curl_slist_free_all", &functions.slist_free_all);
    if (!problem[0] && functions.global_init(CURL_GLOBAL_DEFAULT)) snprintf(problem, sizeof problem, "it does not start");
}

fv_error *fv_curl_load(const fv_curl_functions **out) {
    pthread_once(&once, load);
    *out = &functions;
    if (!problem[0]) return NULL;
    return fv_error_hint(fv_fail(FV_UNSUPPORTED, LIBRARY " cannot be used: %s", problem),
                         "on Debian: apt-get install libcurl4");
}
