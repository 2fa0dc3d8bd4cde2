/* overlays.c - see overlays.h. */
#include "cli/overlays.h"

#include <string.h>

#include "core/base/file.h"
#include "core/base/memory.h"
#include "core/base/size.h"
#include "data/image.h"
#include "plot/picture.h"
#include "predict/explain/explainer.h"

#define ARENA_CAP (INT64_C(1) << 32)
#define PNG_BYTES_MAX (INT64_C(1) << 30)

typedef struct noted {
    const char *path;
    int64_t output;
} noted;

struct fv_overlays {
    fv_arena *arena;
    fv_predictor *predictor;
    const char *folder, *method;
    fv_size size;
    float *map;
    uint8_t *shown, *overlaid;
    noted *at;
    int64_t count, capacity;
};

static fv_error *fill(fv_overlays *o, const char *folder, const char *method) {
    int64_t pixels = o->size.height * o->size.width;
    FV_TRY(fv_arena_text(o->arena, folder, &o->folder));
    FV_TRY(fv_arena_text(o->arena, method, &o->method));
    FV_TRY(fv_arena_take(o->arena, pixels, &o->map));
    FV_TRY(fv_arena_take(o->arena, pixels * 3, &o->shown));
    FV_TRY(fv_arena_take(o->arena, pixels * 3, &o->overlaid));
    return fv_file_make_folder(folder);
}

fv_error *fv_overlays_new(fv_predictor *predictor, const char *folder, const char *method, fv_overlays **out) {
    FV_OWNED(fv_arena) arena = NULL;
    fv_overlays *o;
    FV_TRY(fv_arena_new("pictures to explain", ARENA_CAP, &arena));
    FV_TRY(fv_arena_take(arena, 1, &o));
    *o = (fv_overlays){ .arena = arena, .predictor = predictor, .size = fv_predictor_input(predictor) };
    FV_TRY(fill(o, folder, method));
    fv_take(&arena);
    *out = o;
    return NULL;
}

void fv_overlays_free(fv_overlays *overlays) {
    if (overlays) fv_arena_free(overlays->arena);
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
    fv_picture picture = { .pixels = o->overlaid, .height = o->size.height, .width = o->size.width, .channels = 3 };
    FV_TRY(fv_picture_to_png(&picture, &png));
    return fv_file_write(path, png.at, png.length, NULL);
}

static fv_error *explain(const fv_overlays *o, const noted *n, int64_t number) {
    FV_IMAGE(decoded);
    FV_IMAGE(image);
    FV_TEXT(path, 1 << 16);
    const char *slash = strrchr(n->path, '/'), *name = slash ? slash + 1 : n->path, *dot = strrchr(name, '.');
    FV_TRY(fv_image_decode_file(n->path, &(fv_decode_options){ .channels = o->size.channels }, &decoded));
    FV_TRY(fv_image_copy(&image, fv_image_size(&decoded), decoded.pixel, decoded.pixels));
    FV_TRY(fv_transforms_apply(fv_predictor_transforms(o->predictor), FV_EVALUATION, NULL, &image));
    FV_TRY(fv_explain(o->predictor, o->method, image.pixels, n->output, o->map));
    FV_TRY(fv_explain_show(o->predictor, &decoded, o->map, o->shown, o->overlaid));
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
