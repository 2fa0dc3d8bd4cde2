/* Test-time augmentation against pictures moved, mirrored and run one by one. */
#include "predict/views.h"

#include <math.h>

#include "fovea/layers.h"
#include "predict/sections.h"
#include "tests/test.h"

#define CLASSES 3
#define SIDE 28
#define COUNT 2
#define PICTURE (SIDE * SIDE)

static fv_predictor *new_predictor(fv_model **model) {
    FV_OWNED(fv_graph) g = NULL;
    fv_predictor *predictor = NULL;
    static const char *const names[CLASSES] = { "ant", "bee", "cicada" };
    FV_OK(fv_graph_new(&g));
    fv_arch_build(g, "lenet classes=3", 1);
    FV_OK(fv_graph_error(g));
    FV_OK(fv_model_new(g, model));
    FV_OK(fv_initialize(g, fv_model_weights(*model), 5));
    FV_OK(fv_section_write(*model, &fv_section_classes, &(fv_classes_section){ { CLASSES, names } }));
    FV_OK(fv_section_write(*model, &fv_section_transforms, &(fv_transforms_section){ "normalize mean=0.5 std=0.5" }));
    fv_signature_section signature = { "x", "logits", SIDE, SIDE, 1, CLASSES };
    FV_OK(fv_section_write(*model, &fv_section_signature, &signature));
    FV_OK(fv_predictor_new(*model, NULL, &predictor));
    return predictor;
}

/* A pixel of the picture padded by one, its border left out of the reflection. */
static float padded(const float *picture, int y, int x) {
    int inside_y = y == 0 ? 1 : y == SIDE + 1 ? SIDE - 2 : y - 1, inside_x = x == 0 ? 1 : x == SIDE + 1 ? SIDE - 2 : x - 1;
    return picture[inside_y * SIDE + inside_x];
}

/* Adds `weight` times the logits of the crop of the padded picture at (corner, corner), mirrored or not. */
static void add(fv_predictor *predictor, const float *picture, int corner, bool mirrored, double weight, double *sum) {
    float view[PICTURE];
    const float *logits;
    for (int y = 0; y < SIDE; y++)
        for (int x = 0; x < SIDE; x++) view[y * SIDE + (mirrored ? SIDE - 1 - x : x)] = padded(picture, y + corner, x + corner);
    FV_OK(fv_predictor_run(predictor, view, 1, &logits));
    for (int c = 0; c < CLASSES; c++) sum[c] += weight * logits[c];
}

FV_TEST(predict_views__are_means_over_moved_and_mirrored_pictures) {
    fv_model *model = NULL;
    fv_predictor *predictor = new_predictor(&model);
    float images[COUNT * PICTURE], made[COUNT * PICTURE], mean[COUNT * CLASSES];
    fv_view_room room = { made, mean };
    for (int i = 0; i < COUNT * PICTURE; i++) images[i] = sinf((float)(i * i % 1009));
    for (fv_views views = FV_VIEWS_NONE; views <= FV_VIEWS_MIRROR_SHIFT; views++) {
        const float *logits;
        float kept[COUNT * CLASSES];
        bool shifted = views == FV_VIEWS_MIRROR_SHIFT;
        FV_OK(fv_predictor_run_views(predictor, views, images, COUNT, &room, &logits));
        memcpy(kept, logits, sizeof kept);
        for (int i = 0; i < COUNT; i++) {
            double sum[CLASSES] = { 0 };
            double weight = views == FV_VIEWS_NONE ? 1 : views == FV_VIEWS_MIRROR ? 0.5 : 0.25;
            for (int mirrored = 0; mirrored <= (views != FV_VIEWS_NONE); mirrored++) {
                add(predictor, images + i * PICTURE, 1, mirrored, weight, sum);
                for (int corner = 0; shifted && corner <= 2; corner += 2)
                    add(predictor, images + i * PICTURE, corner, mirrored, 0.125, sum);
            }
            for (int c = 0; c < CLASSES; c++) assert_true(fabs(kept[i * CLASSES + c] - sum[c]) < 1e-5);
        }
    }
    fv_predictor_free(predictor);
    fv_model_free(model);
}
