/* json.c - jansson's allocations, with a note of one that failed on this thread. Whoever else uses jansson in the program keeps
 * the functions that it had: ours go to those. */
#include "core/base/json.h"

#include <pthread.h>
#include <stdbool.h>

static json_malloc_t next_malloc;
static json_free_t next_free;
static _Thread_local bool lacked;

static void *on_malloc(size_t bytes) {
    void *memory = next_malloc(bytes);
    if (!memory) lacked = true;
    return memory;
}

static void stand_before(void) {
    json_get_alloc_funcs(&next_malloc, &next_free);
    json_set_alloc_funcs(on_malloc, next_free);
}

fv_error *fv_json_load(const char *text, int64_t length, size_t flags, json_error_t *problem, json_t **out) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, stand_before);
    lacked = false;
    *out = json_loadb(text, (size_t)length, flags, problem);
    if (!lacked) return NULL;
    json_decref(*out);
    *out = NULL;
    return fv_error_memory();
}
