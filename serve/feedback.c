/* feedback.c - see feedback.h. */
#include "serve/feedback.h"

#include <math.h>
#include <string.h>

#include "core/base/json.h"

#define ID_MAX 64

/* ---- one ---- */

static fv_error *take_labels(const json_t *list, fv_arena *arena, fv_logged_truth *out) {
    const char **labels;
    out->kind = FV_MULTI_LABEL;
    out->count = (int64_t)json_array_size(list);
    if (!json_is_array(list) || out->count > FV_LOG_TOP_MAX)
        return fv_fail(FV_USAGE, "\"labels\" is no list of at most %d strings", FV_LOG_TOP_MAX);
    FV_TRY(fv_arena_take(arena, out->count, &labels));
    for (int64_t i = 0; i < out->count; i++)
        FV_TRY(fv_json_take_text(json_array_get(list, (size_t)i), "labels", FV_LOG_TEXT_MAX, arena, &labels[i]));
    out->labels = labels;
    return NULL;
}

static fv_error *take_label(const json_t *label, fv_arena *arena, fv_logged_truth *out) {
    const char **labels;
    FV_TRY(fv_arena_take(arena, 1, &labels));
    out->kind = FV_ONE_CLASS;
    out->count = 1;
    out->labels = labels;
    return fv_json_take_text(label, "label", FV_LOG_TEXT_MAX, arena, labels);
}

static fv_error *take_truth(const json_t *object, const char *by, fv_arena *arena, fv_logged_truth *out) {
    const json_t *label = json_object_get(object, "label"), *labels = json_object_get(object, "labels");
    const json_t *number = json_object_get(object, "number"), *said = json_object_get(object, "by");
    *out = (fv_logged_truth){ .by = by, .kind = FV_NUMBERS };
    if (!json_is_object(object)) return fv_fail(FV_USAGE, "it is JSON, but no object");
    if ((int)json_object_size(object) != !!json_object_get(object, "id") + !!label + !!labels + !!number + !!said)
        return fv_fail(FV_USAGE, "it has a key that is none of id, label, labels, number and by");
    FV_TRY(fv_json_take_text(json_object_get(object, "id"), "id", ID_MAX, arena, &out->id));
    if (said && !by) FV_TRY(fv_json_take_text(said, "by", FV_LOG_TEXT_MAX, arena, &out->by));
    if (!!label + !!labels + !!number != 1) return fv_fail(FV_USAGE, "it takes one of \"label\", \"labels\" and \"number\"");
    if (label) return take_label(label, arena, out);
    if (labels) return take_labels(labels, arena, out);
    out->number = json_number_value(number);
    if (!json_is_number(number) || !isfinite(out->number)) return fv_fail(FV_USAGE, "\"number\" is none");
    return NULL;
}

/* ---- several ---- */

static fv_error *parse(const char *text, int64_t length, json_t **out) {
    json_error_t problem;
    FV_TRY(fv_json_load(text, length, JSON_REJECT_DUPLICATES, &problem, out));
    return *out ? NULL : fv_fail(FV_USAGE, "it is no JSON: %s", problem.text);
}

static fv_error *make_room(int64_t count, fv_arena *arena, fv_logged_truth **out) {
    if (count < 1 || count > FV_FEEDBACK_MAX)
        return fv_fail(FV_USAGE, "%lld labels in one request: 1 to %d are taken", (long long)count, FV_FEEDBACK_MAX);
    return fv_arena_take(arena, count, out);
}

static fv_error *take_object(const json_t *json, const char *by, fv_arena *arena, fv_logged_truth **out, int64_t *count) {
    const json_t *list = json_object_get(json, "feedback");
    if (list && (!json_is_array(list) || json_object_size(json) > 1))
        return fv_fail(FV_USAGE, "\"feedback\" is no list, or something is beside it");
    *count = list ? (int64_t)json_array_size(list) : 1;
    FV_TRY(make_room(*count, arena, out));
    if (!list) return take_truth(json, by, arena, *out);
    for (int64_t i = 0; i < *count; i++)
        FV_TRY(fv_error_wrap(take_truth(json_array_get(list, (size_t)i), by, arena, *out + i), "element %lld", (long long)i));
    return NULL;
}

static fv_error *take_line(const char *line, int64_t length, const char *by, fv_arena *arena, fv_logged_truth *out) {
    json_t *json = NULL;
    fv_error *error = parse(line, length, &json);
    if (!error) error = take_truth(json, by, arena, out);
    json_decref(json);
    return error;
}

/* The next line that is not blank, in `*line`; its length, 0: there is none. */
static int64_t next_line(const char **at, const char *end, const char **line) {
    for (int64_t length = 0; *at < end;) {
        const char *stop = memchr(*at, '\n', (size_t)(end - *at));
        if (!stop) stop = end;
        for (*line = *at; *line < stop && strchr(" \t\r", **line); ++*line) {}
        length = stop - *line;
        *at = stop + (stop < end);
        if (length) return length;
    }
    return 0;
}

static fv_error *take_lines(const char *text, int64_t length, const char *by, fv_arena *arena, fv_logged_truth **out,
                            int64_t *count) {
    const char *end = text + length, *line;
    int64_t letters;
    *count = 0;
    for (const char *at = text; next_line(&at, end, &line);) ++*count;
    FV_TRY(make_room(*count, arena, out));
    *count = 0;
    for (const char *at = text; (letters = next_line(&at, end, &line)); ++*count)
        FV_TRY(fv_error_wrap(take_line(line, letters, by, arena, *out + *count), "element %lld", (long long)*count));
    return NULL;
}

fv_error *fv_feedback_parse(const char *text, int64_t length, bool lines, const char *by, fv_arena *arena,
                            fv_logged_truth **out, int64_t *count) {
    json_t *json = NULL;
    if (lines) return take_lines(text, length, by, arena, out, count);
    fv_error *error = parse(text, length, &json);
    if (!error) error = take_object(json, by, arena, out, count);
    json_decref(json);
    return error;
}
