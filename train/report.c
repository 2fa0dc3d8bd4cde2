/* report.c - report.html and predictions.jsonl of a run: the best model on pictures that it was not trained on, measured and
 * shown. At the end of a training, or anew from the run's folder and the data. */
#include <string.h>

#include "core/base/file.h"
#include "core/base/parallel.h"
#include "plot/page.h"
#include "train/report.h"

#define ARENA_CAP (INT64_C(1) << 36) /* what is taken grows with pictures and with the square of classes */
#define HTML_BYTES_MAX (INT64_C(1) << 30)

static fv_error *open_model(fv_report *r) {
    char *steps;
    fv_predictor_options options = { .device = r->t->options->device, .features = true };
    FV_TRY(fv_predictor_open(r->t->best_path, &options, &r->predictor));
    r->kind = fv_predictor_kind(r->predictor);
    r->classes = fv_predictor_class_count(r->predictor);
    r->names = fv_predictor_class_names(r->predictor);
    FV_TRY(fv_transforms_to_text(fv_predictor_transforms(r->predictor), &steps));
    fv_error *error = fv_arena_text(r->arena, steps, &r->steps);
    fv_string_free(steps);
    return error;
}

/* The test pictures where there are any. */
static fv_error *choose_pictures(fv_report *r) {
    const fv_trainer *t = r->t;
    r->selected_on = !t->test;
    r->subset = t->test ? t->test : t->val;
    r->set = fv_subset_dataset(r->subset);
    if (t->test) return fv_arena_format(r->arena, &r->on, "test (%s)", t->test_from);
    return fv_arena_format(r->arena, &r->on, "validation, selected on (%s)", t->val_from);
}

/* The folder's own name, without where it lies. */
static fv_error *name_run(const fv_report *r, const char **out) {
    const char *path = r->t->options->out;
    size_t length = strlen(path), start;
    while (length > 1 && path[length - 1] == '/') length--;
    for (start = length; start > 0 && path[start - 1] != '/';) start--;
    return fv_arena_format(r->arena, out, "Training report: %.*s", (int)(length - start), path + start);
}

static fv_error *show_answers(const fv_report *r, fv_text *html) {
    switch (r->kind) {
    case FV_ONE_CLASS: return fv_report_show_classes(r, html);
    case FV_MULTI_LABEL: return fv_report_show_labels(r, html);
    default: return fv_report_show_numbers(r, html);
    }
}

static fv_error *write_page(const fv_report *r, const char *path) {
    FV_TEXT(html, HTML_BYTES_MAX);
    const char *title;
    FV_TRY(name_run(r, &title));
    fv_page_begin(&html, title);
    FV_TRY(fv_report_show_head(r, &html));
    FV_TRY(fv_report_show_training(r, &html));
    FV_TRY(fv_report_show_figures(r, &html));
    FV_TRY(show_answers(r, &html));
    FV_TRY(fv_report_show_mistakes(r, &html));
    FV_TRY(fv_report_show_batch(r, &html));
    FV_TRY(fv_report_show_data(r, &html));
    fv_page_end(&html);
    FV_TRY(fv_text_error(&html));
    return fv_file_write(path, html.at, html.length, NULL);
}

static fv_error *make(fv_report *r) {
    const char *page, *predictions, *out = r->t->options->out;
    FV_TRY(fv_arena_new("a report", ARENA_CAP, &r->arena));
    FV_TRY(fv_file_join(r->arena, out, "report.html", &page));
    FV_TRY(fv_file_join(r->arena, out, "predictions.jsonl", &predictions));
    FV_TRY(open_model(r));
    FV_TRY(choose_pictures(r));
    FV_TRY(fv_results_read(r->t->results_path, r->arena, &r->results));
    FV_TRY(fv_report_measure(r));
    FV_TRY(fv_report_write_predictions(r, predictions));
    FV_TRY(write_page(r, page));
    fv_trainer_say(r->t, "report: %s (%lld pictures, %s)", page, (long long)r->outcomes->count, r->on);
    return NULL;
}

fv_error *fv_trainer_write_report(const fv_trainer *t) {
    fv_report r = { .t = t };
    fv_error *error = make(&r);
    fv_evaluation_release(&r.evaluation);
    fv_predictor_free(r.predictor);
    fv_arena_free(r.arena);
    return error;
}

/* ---- anew ---- */

static fv_error *open_run(fv_trainer *t, fv_recipe *recipe, const fv_report_options *options) {
    FV_TRY(fv_trainer_name_files(t));
    if (fv_file_kind_of(t->best_path) == FV_FILE_NONE)
        return fv_error_hint(fv_fail(FV_NOT_FOUND, "%s holds no trained model: there is no %s", t->options->out, t->best_path),
                             "name the folder that `fovea train --out` was given");
    FV_TRY(fv_trainer_lock(t));
    FV_TRY(fv_recipe_read(recipe, t->recipe_path));
    if (options->data) FV_TRY(fv_recipe_set(recipe, "data", options->data));
    if (options->val) FV_TRY(fv_recipe_set(recipe, "val", options->val));
    if (options->test) FV_TRY(fv_recipe_set(recipe, "test", options->test));
    if (options->targets) FV_TRY(fv_recipe_set(recipe, "targets", options->targets));
    FV_TRY(fv_recipe_check(recipe));
    return fv_error_hint(fv_trainer_open_data(t), "--data, --val and --test say where the pictures are now");
}

fv_error *fv_report_write(const char *run, const fv_report_options *options) {
    static const fv_report_options defaults;
    if (!options) options = &defaults;
    FV_OWNED(fv_recipe) recipe = NULL;
    FV_TRY(fv_recipe_new(&recipe));
    fv_train_options how = { .out = run,
                             .workers = options->workers,
                             .device = options->device,
                             .context = options->context,
                             .message = options->message,
                             .progress = options->progress,
                             .cancel = options->cancel };
    fv_trainer t = { .recipe = recipe, .keys = &recipe->keys, .options = &how, .workers = how.workers, .lock = -1 };
    if (options->threads) FV_TRY(fv_parallel_set_threads((int)options->threads));
    FV_TRY(fv_arena_new("a run", INT64_C(1) << 32, &t.arena));
    fv_error *error = open_run(&t, recipe, options);
    if (!error) error = fv_trainer_write_report(&t);
    fv_trainer_release(&t);
    return error;
}
