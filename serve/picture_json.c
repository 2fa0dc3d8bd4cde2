/* picture_json.c - pictures in JSON; see picture_list.h. */
#include <sodium.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/size.h"
#include "serve/picture_list.h"

fv_error *fv_picture_bytes(const char *text, fv_arena *arena, const void **bytes, int64_t *length) {
    static const int variants[] = { sodium_base64_VARIANT_ORIGINAL, sodium_base64_VARIANT_ORIGINAL_NO_PADDING,
                                    sodium_base64_VARIANT_URLSAFE, sodium_base64_VARIANT_URLSAFE_NO_PADDING };
    const char *comma = strncmp(text, "data:", 5) ? NULL : strchr(text, ',');
    if (comma) text = comma + 1;
    size_t letters = strlen(text), made;
    unsigned char *room;
    FV_TRY(fv_arena_alloc(arena, (int64_t)letters / 4 * 3 + 3, 1, (void **)&room));
    for (int i = 0; i < 4; i++) {
        const char *end;
        if (sodium_base642bin(room, letters / 4 * 3 + 3, text, letters, "\r\n", &made, &end, variants[i]) || *end) continue;
        *bytes = room;
        *length = (int64_t)made;
        return NULL;
    }
    return fv_error_hint(fv_fail(FV_USAGE, "\"image\" is not base64"), "a picture's file as it is, without JSON, is shorter");
}

static fv_error *add_picture(const json_t *value, fv_arena *arena, fv_picture_list *out) {
    fv_sent_picture *picture = &out->at[out->count];
    const json_t *image = json_is_object(value) ? json_object_get(value, "image") : value;
    const json_t *id = json_is_object(value) ? json_object_get(value, "id") : NULL;
    if (!json_is_string(image)) return fv_fail(FV_USAGE, "\"image\" is missing, or is no string in base64");
    if (id) FV_TRY(fv_json_take_text(id, "id", FV_SENT_ID_MAX, arena, &picture->id));
    FV_TRY(fv_picture_bytes(json_string_value(image), arena, &picture->bytes, &picture->length));
    out->count++;
    return NULL;
}

static fv_error *take_number(const json_t *object, const char *key, double low, double high, double *out) {
    const json_t *value = json_object_get(object, key);
    if (!value || json_is_null(value)) return NULL;
    *out = json_number_value(value);
    if (!json_is_number(value) || !(*out >= low && *out <= high))
        return fv_fail(FV_USAGE, "\"%s\" is no number from %g to %g", key, low, high);
    return NULL;
}

static fv_error *take_object(const json_t *object, fv_arena *arena, fv_picture_list *out) {
    const json_t *list = json_object_get(object, "images");
    double top = 0;
    if (!json_is_object(object)) return fv_fail(FV_USAGE, "the body is JSON, but no object");
    FV_TRY(take_number(object, "top", 1, 100000, &top));
    FV_TRY(take_number(object, "threshold", -1, 1, &out->threshold));
    const json_t *key = json_object_get(object, "key");
    if (key) FV_TRY(fv_json_take_text(key, "key", FV_SENT_KEY_MAX, arena, &out->key));
    out->top = (int64_t)top;
    out->one = !list;
    if (list && !json_is_array(list)) return fv_fail(FV_USAGE, "\"images\" is no list");
    int64_t count = list ? (int64_t)json_array_size(list) : 1;
    if (list && (!count || count > FV_PICTURES_MAX))
        return fv_fail(FV_USAGE, "\"images\" has %lld elements, and may have 1 to %d", (long long)count, FV_PICTURES_MAX);
    FV_TRY(fv_arena_take(arena, count, &out->at));
    for (int64_t i = 0; i < count; i++) FV_TRY(add_picture(list ? json_array_get(list, (size_t)i) : object, arena, out));
    return NULL;
}

fv_error *fv_pictures_of_json(const char *text, int64_t length, fv_arena *arena, fv_picture_list *out) {
    json_error_t problem;
    json_t *json = NULL;
    *out = (fv_picture_list){ 0 };
    FV_TRY(fv_json_load(text, length, JSON_REJECT_DUPLICATES, &problem, &json));
    if (!json) return fv_fail(FV_USAGE, "the body is no JSON: %s, line %d", problem.text, problem.line);
    fv_error *error = take_object(json, arena, out);
    json_decref(json);
    return error;
}
