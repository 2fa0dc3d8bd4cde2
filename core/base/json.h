/* json.h - a text into jansson's tree. jansson does not tell want of memory: it leaves out what it has no room for, or calls
 * the text no JSON. Any thread. */
#ifndef FV_BASE_JSON_H
#define FV_BASE_JSON_H

#include <jansson.h>

#include "core/base/arena.h"

/* As json_loadb. `*out` is NULL when the text is no JSON, and `problem` says why; free it with json_decref. FV_MEMORY. */
FV_MUST_USE fv_error *fv_json_load(const char *text, int64_t length, size_t flags, json_error_t *problem, json_t **out);

/* A copy of what the string `value` (may be NULL) says. FV_USAGE: it is none of 1 to `most` bytes; `key` names it. */
FV_MUST_USE fv_error *fv_json_take_text(const json_t *value, const char *key, int64_t most, fv_arena *arena, const char **out);

#endif
