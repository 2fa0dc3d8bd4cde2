/* shared: window.c - see window.h. */
#include "drift/window.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/size.h"

#define OBSERVATIONS_MAX INT64_C(10000000)
#define CLASSES_MAX INT64_C(100000)

fv_drift_side fv_drift_side_of(double score, double threshold) {
    return !(threshold > 0) ? FV_SIDE_UNKNOWN : score > threshold ? FV_SIDE_OUTLIER : FV_SIDE_INLIER;
}

fv_error *fv_drift_window_new(const char *const *series, int64_t count, fv_drift_window **out) {
    FV_OWNED(fv_drift_window) w = NULL;
    FV_TRY(fv_memory_new(1, &w));
    FV_TRY(fv_arena_new("a window of predictions", INT64_C(1) << 33, &w->arena));
    w->series = series, w->series_count = count;
    *out = fv_take(&w);
    return NULL;
}

void fv_drift_window_free(fv_drift_window *w) {
    if (!w) return;
    fv_arena_free(w->arena);
    fv_memory_free(w->values);
    fv_memory_free(w->classes);
    fv_memory_free(w->right);
    fv_memory_free(w->sides);
    fv_memory_free(w->sources);
    fv_memory_free(w->keys);
    fv_memory_free(w->sketches);
    fv_memory_free(w->sketch_of);
    fv_memory_free(w->class_names);
    fv_memory_free(w);
}

int64_t fv_drift_window_find(const fv_drift_window *w, const char *series) {
    for (int64_t s = 0; s < w->series_count; s++)
        if (!strcmp(w->series[s], series)) return s;
    return -1;
}

static int by_value(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

int64_t fv_drift_window_sorted_of(const fv_drift_window *w, int64_t series, int64_t class, double *sorted) {
    int64_t count = 0;
    for (int64_t i = 0; i < w->n; i++) {
        double value = w->values[i * w->series_count + series];
        if (isfinite(value) && (class < 0 || w->classes[i] == class)) sorted[count++] = value;
    }
    qsort(sorted, (size_t)count, sizeof *sorted, by_value);
    return count;
}

int64_t fv_drift_window_sorted(const fv_drift_window *w, int64_t series, double *sorted) {
    return fv_drift_window_sorted_of(w, series, -1, sorted);
}

static fv_error *grow(fv_drift_window *w) {
    int64_t room = fv_max(2 * w->room, 1024);
    if (w->n < w->room) return NULL;
    if (room > 2 * OBSERVATIONS_MAX)
        return fv_fail(FV_MEMORY, "a window holds at most %lld predictions", (long long)OBSERVATIONS_MAX);
    FV_TRY(fv_memory_grow((void **)&w->values, w->room * w->series_count, room * w->series_count, sizeof *w->values));
    FV_TRY(fv_memory_grow((void **)&w->classes, w->room, room, sizeof *w->classes));
    FV_TRY(fv_memory_grow((void **)&w->right, w->room, room, sizeof *w->right));
    FV_TRY(fv_memory_grow((void **)&w->sides, w->room, room, sizeof *w->sides));
    FV_TRY(fv_memory_grow((void **)&w->sources, w->room, room, sizeof *w->sources));
    FV_TRY(fv_memory_grow((void **)&w->keys, w->room, room, sizeof *w->keys));
    FV_TRY(fv_memory_grow((void **)&w->sketch_of, w->room, room, sizeof *w->sketch_of));
    if (w->columns) FV_TRY(fv_memory_grow((void **)&w->sketches, w->room * w->columns, room * w->columns, sizeof *w->sketches));
    w->room = room;
    return NULL;
}

static fv_error *class_of(fv_drift_window *w, const char *label, int64_t *out) {
    *out = -1;
    if (!label) return NULL;
    for (*out = 0; *out < w->class_count; (*out)++)
        if (!strcmp(w->class_names[*out], label)) return NULL;
    if (w->class_count == CLASSES_MAX)
        return fv_fail(FV_MEMORY, "predictions name more than %lld classes", (long long)CLASSES_MAX);
    if (w->class_count == w->class_room) {
        int64_t room = fv_max(2 * w->class_room, 16);
        FV_TRY(fv_memory_grow((void **)&w->class_names, w->class_room, room, sizeof *w->class_names));
        w->class_room = room;
    }
    return fv_arena_text(w->arena, label, &w->class_names[w->class_count++]);
}

static fv_error *add_sketch(fv_drift_window *w, const fv_drift_observation *o) {
    if (!o->columns) return NULL;
    if (!w->columns) {
        if (o->columns > FV_DRIFT_COLUMNS_MAX)
            return fv_fail(FV_USAGE, "a sketch has at most %d numbers", FV_DRIFT_COLUMNS_MAX);
        FV_TRY(fv_memory_grow((void **)&w->sketches, 0, w->room * o->columns, sizeof *w->sketches));
        w->columns = o->columns;
    }
    if (o->columns != w->columns)
        return fv_error_hint(fv_fail(FV_USAGE, "sketches of %lld and of %lld numbers do not go together", (long long)w->columns,
                                     (long long)o->columns),
                             "they are of different models: choose one");
    memcpy(w->sketches + w->sketched * w->columns, o->sketch, (size_t)w->columns * sizeof *w->sketches);
    w->sketch_of[w->sketched++] = w->n;
    return NULL;
}

fv_error *fv_drift_window_add(fv_drift_window *w, const fv_drift_observation *o) {
    FV_TRY(grow(w));
    FV_TRY(class_of(w, o->label, &w->classes[w->n]));
    FV_TRY(fv_arena_text(w->arena, o->source, &w->sources[w->n]));
    FV_TRY(fv_arena_text(w->arena, o->key, &w->keys[w->n]));
    FV_TRY(add_sketch(w, o));
    memcpy(w->values + w->n * w->series_count, o->values, (size_t)w->series_count * sizeof *w->values);
    w->sides[w->n] = (uint8_t)o->side;
    w->right[w->n++] = (int8_t)o->right;
    return NULL;
}

/* Where observation i has its sketch, by halving; −1: it has none. */
static int64_t sketch_of(const fv_drift_window *w, int64_t i) {
    int64_t low = 0, high = w->sketched;
    while (low < high) {
        int64_t middle = low + (high - low) / 2;
        if (w->sketch_of[middle] < i)
            low = middle + 1;
        else
            high = middle;
    }
    return low < w->sketched && w->sketch_of[low] == i ? low : -1;
}

fv_error *fv_drift_window_copy(const fv_drift_window *from, int64_t i, fv_drift_window *to) {
    int64_t sketch = sketch_of(from, i);
    fv_drift_observation o = { .values = from->values + i * from->series_count,
                               .label = from->classes[i] < 0 ? NULL : from->class_names[from->classes[i]],
                               .right = from->right[i],
                               .columns = sketch < 0 ? 0 : from->columns,
                               .sketch = sketch < 0 ? NULL : from->sketches + sketch * from->columns,
                               .source = from->sources[i],
                               .key = from->keys[i],
                               .side = (fv_drift_side)from->sides[i] };
    return fv_drift_window_add(to, &o);
}
