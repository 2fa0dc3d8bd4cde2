/* json.c - jansson's allocations while it loads a text. jansson does not live through want of memory: it leaves out what it has
 * no room for, calls the text no JSON, or aborts in the midst of a string. So the first allocation that fails ends the load by
 * a jump out of it, after which all is freed that it had taken. Whoever else uses jansson in the program keeps the functions
 * that it had: ours go to those. */
#include "core/base/json.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdbool.h>
#include <string.h>

#define FIRST_ROOM 64

static json_malloc_t next_malloc;
static json_free_t next_free;

/* The load of this thread: what it has taken and not given back. */
static _Thread_local struct {
    bool under_way;
    jmp_buf out;
    void **blocks;
    size_t count, room;
} load;

static bool remember(void *memory) {
    if (load.count == load.room) {
        size_t room = load.room ? 2 * load.room : FIRST_ROOM;
        void **blocks = next_malloc(room * sizeof *blocks);
        if (!blocks) return false;
        if (load.count) memcpy(blocks, load.blocks, load.count * sizeof *blocks);
        next_free(load.blocks);
        load.blocks = blocks;
        load.room = room;
    }
    load.blocks[load.count++] = memory;
    return true;
}

/* Mostly one of the last. */
static void forget(const void *memory) {
    for (size_t i = load.count; i-- > 0;)
        if (load.blocks[i] == memory) {
            load.blocks[i] = load.blocks[--load.count];
            return;
        }
}

static void *on_malloc(size_t bytes) {
    void *memory = next_malloc(bytes);
    if (!load.under_way || (memory && remember(memory))) return memory;
    next_free(memory);
    longjmp(load.out, 1);
}

static void on_free(void *memory) {
    if (load.under_way) forget(memory);
    next_free(memory);
}

static void stand_before(void) {
    json_get_alloc_funcs(&next_malloc, &next_free);
    json_set_alloc_funcs(on_malloc, on_free);
}

/* Leaves what was loaded to who asked for it. */
static void end_load(void) {
    next_free(load.blocks);
    load.blocks = NULL;
    load.count = load.room = 0;
    load.under_way = false;
}

fv_error *fv_json_load(const char *text, int64_t length, size_t flags, json_error_t *problem, json_t **out) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, stand_before);
    *out = NULL;
    if (setjmp(load.out)) {
        for (size_t i = 0; i < load.count; i++) next_free(load.blocks[i]);
        end_load();
        return fv_error_memory();
    }
    load.under_way = true;
    *out = json_loadb(text, (size_t)length, flags, problem);
    end_load();
    return NULL;
}

fv_error *fv_json_take_text(const json_t *value, const char *key, int64_t most, fv_arena *arena, const char **out) {
    int64_t length = (int64_t)json_string_length(value); /* 0: it is no string */
    if (!length || length > most) return fv_fail(FV_USAGE, "\"%s\" is no string of 1 to %lld bytes", key, (long long)most);
    return fv_arena_text(arena, json_string_value(value), out);
}
