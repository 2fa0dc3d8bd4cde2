/* overlays.c - see overlays.h. */
#include "cli/overlays.h"

#include <string.h>

#include "core/base/file.h"
#include "core/base/size.h"
#include "plot/picture.h"
#include "predict/explain/explanation.h"

#define ARENA_CAP (INT64_C(1) << 32)
#define PNG_BYTES_MAX (INT64_C(1) << 30)

typedef struct noted {
    const char *path;
    int64_t output;
} noted;

struct fv_overlays {
    fv_arena *arena;
    const char *folder, *method;
    fv_explanation *explanation;
    noted *at;
    int64_t count, capacity;
};

fv_error *fv_overlays_new(fv_predictor *predictor, const char *folder, const char *method, fv_overlays **out) {
    FV_OWNED(fv_arena) arena = NULL;
    fv_overlays *o;
    FV_TRY(fv_arena_new("pictures to explain", ARENA_CAP, &arena));
    FV_TRY(fv_arena_take(arena, 1, &o));
    FV_TRY(fv_arena_text(arena, folder, &o->folder));
    FV_TRY(fv_arena_text(arena, method, &o->method));
    FV_TRY(fv_file_make_folder(folder));
    FV_TRY(fv_explanation_new(predictor, &o->explanation));
    o->arena = fv_take(&arena);
    *out = o;
    return NULL;
}

void fv_overlays_free(fv_overlays *overlays) {
    if (!overlays) return;
    fv_explanation_free(overlays->explanation);
    fv_arena_free(overlays->arena);
}

fv_error *fv_overlays_note(fv_overlays *o, const char *path, int64_t output) {
    if (o->count == o->capacity) {
        noted *more;
        FV_TRY(fv_arena_take(o->arena, fv_max(64, 2 * o->capacity), &more));
        if (o->count) memcpy(more, o->at, (size_t)o->count * sizeof *more);
        o->at = more, o->capacity = fv_max(64, 2 * o->capacity);
    }
    FV_TRY(fv_arena_text(o->arena, path, &o->at[o->count].path));
    o->at[o->count++].output = output;
    return NULL;
}

static fv_error *save(const fv_overlays *o, const char *path) {
    FV_TEXT(png, PNG_BYTES_MAX);
    fv_size size = o->explanation->size;
    fv_picture picture = { .pixels = o->explanation->overlaid, .height = size.height, .width = size.width, .channels = 3 };
    FV_TRY(fv_picture_to_png(&picture, &png));
    return fv_file_write(path, png.at, png.length, NULL);
}

static fv_error *explain(const fv_overlays *o, const noted *n, int64_t number) {
    FV_TEXT(path, 1 << 16);
    const char *slash = strrchr(n->path, '/'), *name = slash ? slash + 1 : n->path, *dot = strrchr(name, '.');
    fv_explanation_wish wish = { .method = o->method, .output = n->output };
    FV_TRY(fv_explanation_read(o->explanation, &(fv_predict_input){ .path = n->path }, NULL));
    FV_TRY(fv_explanation_make(o->explanation, &wish));
    fv_text_addf(&path, "%s/%05lld_%.*s.png", o->folder, (long long)number,
                 (int)(dot && dot != name ? (size_t)(dot - name) : strlen(name)), name);
    FV_TRY(fv_text_error(&path));
    return save(o, path.at);
}

fv_error *fv_overlays_write(fv_overlays *o, const int *cancel) {
    for (int64_t i = 0; i < o->count; i++) {
        if (cancel && __atomic_load_n(cancel, __ATOMIC_RELAXED))
            return fv_fail(FV_CANCELLED, "stopped after %lld of %lld explanations", (long long)i, (long long)o->count);
        FV_TRY(fv_error_wrap(explain(o, &o->at[i], i + 1), "%s", o->at[i].path));
    }
    return NULL;
}
