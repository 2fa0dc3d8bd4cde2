/* complete.c - what best.fovea gets once the training is over: the temperature that suits its confidence on the validation
 * pictures, the score below which it abstains, the features that are usual, a few of those pictures with the logits it gives,
 * for every later load to check, and the report's figures. The same content whenever it is done again. */
#include "core/base/assert.h"
#include "core/base/size.h"
#include "data/dataset.h"
#include "plot/base64.h"
#include "predict/sections.h"
#include "train/report.h"

#define PICTURES_MAX 5
#define PICTURE_BYTES_MAX (256 << 10) /* a larger file is no self-test picture */

/* Of one class alone: labels and numbers have no temperature. */
static fv_error *write_calibration(const fv_report *r, fv_model *model) {
    if (r->kind != FV_ONE_CLASS) return NULL;
    const fv_report_calibration *c = &r->calibration;
    fv_calibration_section section = { .temperature = c->fit.temperature,
                                       .error_before = c->fit.calibration_error_before,
                                       .error_after = c->fit.calibration_error_after,
                                       .n = fv_subset_count(r->t->val),
                                       .reject_below = r->t->keys->reject_below };
    return fv_section_write(model, &fv_section_calibration, &section);
}

/* One picture into the section, unless it is too large or cannot be read. */
static fv_error *add_picture(fv_report *r, int64_t sample, const char **names, const char **pictures, double *logits,
                             int64_t *count) {
    fv_dataset *set = fv_subset_dataset(r->t->val);
    FV_BYTES(bytes);
    fv_error *error = fv_dataset_encoded(set, sample, PICTURE_BYTES_MAX, &bytes);
    if (error && (fv_is_about_sample(error) || fv_error_code(error) == FV_UNSUPPORTED)) return fv_error_free(error), NULL;
    FV_TRY(error);
    fv_size size = fv_predictor_input(r->predictor);
    fv_image image = { 0 };
    const float *given = NULL;
    error = fv_image_decode(bytes.at, bytes.length, fv_dataset_id(set, sample),
                            &(fv_decode_options){ .channels = size.channels }, &image);
    if (!error) error = fv_transforms_apply(fv_predictor_transforms(r->predictor), FV_EVALUATION, NULL, &image);
    if (!error) error = fv_predictor_run(r->predictor, image.pixels, 1, &given);
    int64_t outputs = fv_predictor_output_count(r->predictor);
    for (int64_t c = 0; !error && c < outputs; c++) logits[*count * outputs + c] = given[c];
    fv_image_release(&image);
    FV_TRY(error);
    FV_TEXT(text, 2 * PICTURE_BYTES_MAX);
    fv_add_base64(&text, bytes.at, bytes.length);
    FV_TRY(fv_text_error(&text));
    FV_TRY(fv_arena_text(r->arena, text.at, &pictures[*count]));
    names[(*count)++] = fv_dataset_id(set, sample);
    return NULL;
}

/* The first validation pictures, of as many classes. */
static fv_error *write_selftest(fv_report *r, fv_model *model) {
    const fv_subset *val = r->t->val;
    const char *names[PICTURES_MAX], *pictures[PICTURES_MAX];
    int64_t count = 0, taken[PICTURES_MAX], wanted = r->t->keys->selftest_pictures;
    int64_t outputs = fv_predictor_output_count(r->predictor);
    double *logits;
    FV_TRY(fv_arena_take(r->arena, PICTURES_MAX * outputs, &logits));
    for (int64_t i = 0; i < fv_subset_count(val) && count < wanted; i++) {
        int64_t sample = fv_subset_at(val, i), label = fv_dataset_class(fv_subset_dataset(val), sample);
        bool seen = false; /* fewer classes than pictures wanted give fewer */
        for (int64_t k = 0; k < count && r->kind == FV_ONE_CLASS; k++) seen |= taken[k] == label;
        if (seen) continue;
        taken[count] = label;
        FV_TRY(add_picture(r, sample, names, pictures, logits, &count));
    }
    if (!count) return NULL;
    fv_selftest_section section = { { count, names }, { count, pictures }, { count * outputs, logits } };
    return fv_section_write(model, &fv_section_selftest, &section);
}

/* In place of the two figures that it was saved with. */
static fv_error *write_metrics(const fv_report *r, fv_model *model) {
    const char *names[FV_REPORT_FIGURES_MAX];
    double values[FV_REPORT_FIGURES_MAX], low[FV_REPORT_FIGURES_MAX], high[FV_REPORT_FIGURES_MAX];
    int64_t count = r->figure_count;
    for (int64_t i = 0; i < count; i++) {
        const fv_report_figure *f = &r->figures[i];
        names[i] = f->metric, values[i] = f->value;
        low[i] = f->interval.low, high[i] = f->interval.high;
    }
    fv_metrics_section section = { .epoch = r->t->state.best_epoch,
                                   .on = r->on,
                                   .selected_on = r->selected_on,
                                   .n = r->outcomes->count,
                                   .metrics = { count, names },
                                   .values = { count, values },
                                   .low = { count, low },
                                   .high = { count, high } };
    return fv_section_write(model, &fv_section_metrics, &section);
}

/* As they are by now: a training that is gone on with may be given another licence, more epochs. */
static fv_error *write_recipe(const fv_report *r, fv_model *model) {
    const char *const sections[] = { fv_section_recipe.name, fv_section_licence.name };
    for (int i = 0; i < FV_COUNT(sections); i++) {
        int version = 0;
        const char *text = fv_model_section(r->t->model, sections[i], &version);
        FV_TRY(fv_model_set_section(model, sections[i], version, text));
    }
    return NULL;
}

fv_error *fv_report_complete_model(fv_report *r) {
    FV_OWNED(fv_model) model = NULL;
    FV_TRY(fv_model_load(r->t->best_path, &model));
    FV_TRY(write_recipe(r, model));
    FV_TRY(write_calibration(r, model));
    FV_TRY(fv_report_write_outlier(r, model));
    FV_TRY(write_selftest(r, model));
    FV_TRY(write_metrics(r, model));
    return fv_model_save(model, r->t->best_path);
}
