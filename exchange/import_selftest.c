/* import_selftest.c - a self-test for a model that comes without pictures: one that is made by formula, and what the network
 * gives for it, so that a later load, export or build that computes otherwise is noticed. */
#include <sodium.h>
#include <string.h>

#include "core/base/size.h"
#include "data/image.h"
#include "exchange/import.h"
#include "fovea/plan.h"
#include "predict/sections.h"

#define NAME "made by formula"
#define FILE_BYTES_MAX (INT64_C(1) << 30)

/* A file of the kind PNM, of the network's size, which transforms that do not resize want: ramps across, down and along both,
 * with edges every 24 pixels. */
static void add_picture(const fv_signature_section *s, fv_text *out) {
    bool grey = s->channels == 1;
    fv_text_addf(out, "P%d\n%lld %lld\n255\n", grey ? 5 : 6, (long long)s->width, (long long)s->height);
    for (int64_t y = 0; y < s->height; y++)
        for (int64_t x = 0; x < s->width; x++) {
            int64_t across = 200 * x / s->width, down = 200 * y / s->height, edge = (x / 24 + y / 24) % 2 ? 50 : 0;
            unsigned char rgb[3] = { (unsigned char)(across + edge), (unsigned char)(down + edge),
                                     (unsigned char)((across + down) / 2 + edge) };
            fv_text_add_bytes(out, rgb, grey ? 1 : 3);
        }
}

static fv_error *encode(const fv_text *file, fv_arena *arena, const char **out) {
    size_t letters = sodium_base64_encoded_len((size_t)file->length, sodium_base64_VARIANT_ORIGINAL);
    char *text;
    FV_TRY(fv_arena_take(arena, (int64_t)letters, &text));
    *out =
        sodium_bin2base64(text, letters, (const unsigned char *)file->at, (size_t)file->length, sodium_base64_VARIANT_ORIGINAL);
    return NULL;
}

static fv_error *prepare(const fv_text *file, const fv_signature_section *s, const char *steps, fv_image *image) {
    FV_OWNED(fv_transforms) transforms = NULL;
    FV_TRY(fv_transforms_parse(steps, &transforms));
    FV_TRY(fv_image_decode(file->at, file->length, NAME, &(fv_decode_options){ .channels = s->channels }, image));
    FV_TRY(fv_transforms_apply(transforms, FV_EVALUATION, NULL, image));
    if (image->height == s->height && image->width == s->width && image->channels == s->channels) return NULL;
    return fv_fail(FV_SHAPE, "the preprocessing does not give pictures of the network's size");
}

static fv_error *answer(const fv_model *model, const fv_signature_section *s, const fv_image *image, double *logits) {
    FV_OWNED(fv_graph) graph = NULL;
    FV_OWNED(fv_plan) plan = NULL;
    FV_TRY(fv_graph_with_batch(fv_model_graph(model), 1, &graph));
    FV_TRY(fv_plan_new(graph, fv_model_weights(model), &(fv_plan_options){ .mode = FV_EVALUATION }, &plan));
    fv_tensor *x = fv_plan_feed(plan, s->input);
    memcpy(x->data, image->pixels, (size_t)fv_type_bytes(&x->type));
    FV_TRY(fv_plan_run(plan));
    const fv_tensor *given = fv_plan_result(plan, s->output);
    for (int64_t c = 0; c < s->classes; c++) logits[c] = fv_tensor_load(given, c);
    return NULL;
}

fv_error *fv_import_add_selftest(fv_model *model, const fv_signature_section *signature, const char *steps, fv_arena *arena) {
    FV_IMAGE(image);
    FV_TEXT(file, FILE_BYTES_MAX);
    double *logits;
    const char *name = NAME, *picture;
    FV_TRY(fv_arena_take(arena, signature->classes, &logits));
    add_picture(signature, &file);
    FV_TRY(fv_text_error(&file));
    FV_TRY(fv_error_wrap(prepare(&file, signature, steps, &image), "a picture %s", NAME));
    FV_TRY(answer(model, signature, &image, logits));
    FV_TRY(encode(&file, arena, &picture));
    fv_selftest_section section = { { 1, &name }, { 1, &picture }, { signature->classes, logits } };
    return fv_section_write(model, &fv_section_selftest, &section);
}
