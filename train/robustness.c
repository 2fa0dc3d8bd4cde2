/* robustness.c - how a model bears pictures worse than those it learned from: each kind of damage in five strengths, done to
 * the picture as the network gets it, before it is normalised, and the score of each. Noise, blur, contrast and JPEG are those
 * of ImageNet-C (Hendrycks and Dietterich, arXiv 1903.12261, and its code's constants for 224 pixels); blur is given in that
 * proportion to the network's input. Random numbers depend on the picture's place alone: the same figures every time. */
#include <string.h>

#include "core/base/text.h"
#include "train/evaluate.h"

#define TEXT_CAP (1 << 20)
#define SIDE 224.0 /* of the pictures that sizes are given for */

typedef struct corruption {
    const char *name;
    const char *step; /* a transform, with one number to fill in */
    bool in_pixels;   /* that number is a length */
    double numbers[FV_STRENGTHS];
} corruption;

static const corruption corruptions[] = {
    { "noise", "gaussian_noise when=always probability=1 sigma=%.6g", false, { 20, 31, 46, 66, 97 } },
    { "blur", "gaussian_blur when=always probability=1 sigma=%.6g", true, { 1, 2, 3, 4, 6 } },
    { "motion", "motion_blur when=always probability=1 length=%.6g", true, { 6, 10, 14, 20, 28 } },
    { "occlusion", "random_erasing when=always probability=1 ratio=1 scale=%.6g", false, { 0.02, 0.05, 0.1, 0.2, 0.35 } },
    { "darker", "exposure when=always probability=1 stops=%.6g", false, { -0.5, -1, -1.5, -2, -3 } },
    { "brighter", "exposure when=always probability=1 stops=%.6g", false, { 0.5, 1, 1.5, 2, 3 } },
    { "contrast", "contrast when=always probability=1 factor=%.6g", false, { 0.6, 0.4, 0.3, 0.2, 0.1 } },
    { "jpeg", "jpeg_artefacts when=always probability=1 quality=%.0f", false, { 25, 18, 15, 10, 7 } },
};

int fv_corruption_count(void) { return (int)(sizeof corruptions / sizeof *corruptions); }

/* The model's steps with the damage before the one that normalises, or behind them all. */
static fv_error *spoil(const fv_predictor *predictor, const corruption *c, int strength, fv_transforms **out) {
    FV_TEXT(text, TEXT_CAP);
    char *steps;
    fv_size input = fv_predictor_input(predictor);
    double number = c->numbers[strength], side = (double)(input.height < input.width ? input.height : input.width);
    if (c->in_pixels) number *= side / SIDE;
    if (!strcmp(c->name, "motion") && number < 1) number = 1;
    FV_TRY(fv_transforms_to_text(fv_predictor_transforms(predictor), &steps));
    const char *normalize = strstr(steps, "normalize ");
    int64_t before = normalize ? normalize - steps : (int64_t)strlen(steps);
    fv_text_addf(&text, "%.*s", (int)before, steps);
    fv_text_addf(&text, c->step, number);
    fv_text_addf(&text, "\n%s", steps + before);
    fv_string_free(steps);
    FV_TRY(fv_text_error(&text));
    return fv_transforms_parse(text.at, out);
}

static fv_error *measure(fv_predictor *predictor, const fv_subset *subset, const fv_evaluate_options *options,
                         const corruption *c, int strength, double *score) {
    FV_OWNED(fv_transforms) transforms = NULL;
    fv_evaluation evaluation;
    FV_TRY(spoil(predictor, c, strength, &transforms));
    FV_TRY(fv_error_wrap(fv_evaluate_by(predictor, transforms, subset, options, &evaluation), "%s, strength %d", c->name,
                         strength + 1));
    *score = evaluation.score;
    fv_evaluation_release(&evaluation);
    return NULL;
}

fv_error *fv_evaluate_corruptions(fv_predictor *predictor, const fv_subset *subset, const fv_evaluate_options *options,
                                  fv_robustness *rows) {
    for (int i = 0; i < fv_corruption_count(); i++) {
        rows[i].corruption = corruptions[i].name;
        for (int s = 0; s < FV_STRENGTHS; s++)
            FV_TRY(measure(predictor, subset, options, &corruptions[i], s, &rows[i].score[s]));
    }
    return NULL;
}
