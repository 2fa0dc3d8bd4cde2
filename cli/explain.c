/* explain.c - fovea explain: which parts of a picture an answer hangs on. */
#include <string.h>

#include "cli/command.h"
#include "cli/contact_sheet.h"
#include "core/base/size.h"
#include "data/paths.h"
#include "experiments/model_file.h"
#include "predict/explain/explanation.h"

typedef struct explain_options {
    const char *model, *out, *method, *class_name, *workspace;
    fv_strings files;
    int64_t cell;
    bool score;
} explain_options;

static const fv_field fields[] = {
    FV_FIELD(explain_options, model, .positional = true, .required = true, .value = "MODEL", .help = FV_MODEL_HELP),
    FV_FIELD(explain_options, files, .positional = true, .required = true, .value = "FILE…",
             .help = "pictures, and folders for all pictures below"),
    FV_FIELD(explain_options, out, .flag = "o", .required = true, .value = "P.png",
             .help = "a sheet: each picture as the network sees it, and beside it the map over it"),
    FV_FIELD(explain_options, method, .by_default = "gradcam", .value = "NAME",
             .help = "how, and its options (`fovea help explainer`)"),
    FV_FIELD(explain_options, class_name, .value = "CLASS", .help = "asked about; without it each picture's best"),
    FV_FIELD(explain_options, cell, .by_default = "160", .min = 16, .max = 2048, .help = "pixels a picture on the sheet"),
    FV_FIELD(explain_options, score, .by_default = "true",
             .help = "say how much a map says: deletion (lower is better) and insertion (higher is better)"),
    FV_FIELD(explain_options, workspace, .value = "DIR", .help = FV_WORKSPACE_HELP),
    FV_FIELDS_END
};

typedef struct job {
    fv_command_call *call;
    const explain_options *options;
    fv_predictor *predictor;
    fv_explanation *explanation;
    int64_t asked; /* the output asked about; −1: each picture's best */
    double *probabilities;
    fv_contact_sheet sheet;
} job;

static fv_error *add_cell(job *j, const uint8_t *pixels, const char *caption) {
    fv_size size = fv_predictor_input(j->predictor);
    fv_image view = { .height = size.height, .width = size.width, .channels = 3, .pixels = (void *)(uintptr_t)pixels };
    return fv_contact_sheet_add(&j->sheet, &view, caption, FV_TONE_PLAIN);
}

static fv_error *print(job *j, const char *path) {
    fv_printer *p = j->call->printer;
    const fv_explanation *e = j->explanation;
    fv_print_record(p);
    fv_print_text(p, "path", path);
    fv_print_text(p, "label", fv_predictor_output_name(j->predictor, e->output));
    if (fv_predictor_kind(j->predictor) == FV_ONE_CLASS) fv_print_number(p, "score", j->probabilities[e->output]);
    fv_print_text(p, "method", j->options->method);
    if (e->scored) fv_print_number(p, "deletion", e->score.deletion), fv_print_number(p, "insertion", e->score.insertion);
    fv_print_record_end(p);
    return NULL;
}

/* The answer, its map, and both pictures on the sheet. */
static fv_error *explain_picture(job *j, const char *path) {
    const float *logits;
    const char *name = strrchr(path, '/') ? strrchr(path, '/') + 1 : path, *caption;
    int64_t outputs = fv_predictor_output_count(j->predictor);
    fv_explanation_wish wish = { .method = j->options->method, .output = j->asked, .scored = j->options->score };
    FV_TRY(fv_explanation_read(j->explanation, &(fv_predict_input){ .path = path }, NULL));
    FV_TRY(fv_predictor_run(j->predictor, j->explanation->work.image.pixels, 1, &logits));
    if (wish.output < 0) wish.output = fv_explanation_best(logits, outputs);
    fv_softmax_row_at(logits, outputs, fv_predictor_temperature(j->predictor), j->probabilities);
    FV_TRY(fv_explanation_make(j->explanation, &wish));
    FV_TRY(add_cell(j, j->explanation->shown, name));
    FV_TRY(fv_arena_format(j->call->arena, &caption, "%s %.3f", fv_predictor_output_name(j->predictor, wish.output),
                           j->probabilities[wish.output]));
    FV_TRY(add_cell(j, j->explanation->overlaid, caption));
    return print(j, path);
}

static fv_error *explain_all(job *j) {
    FV_OWNED(fv_paths) paths = NULL;
    const char *path, *title;
    int64_t count = 0;
    j->asked = fv_predictor_kind(j->predictor) == FV_NUMBERS ? 0 : -1;
    if (j->options->class_name) FV_TRY(fv_explanation_class(j->predictor, j->options->class_name, &j->asked));
    FV_TRY(fv_arena_take(j->sheet.arena, fv_predictor_output_count(j->predictor), &j->probabilities));
    FV_TRY(fv_paths_new(j->options->files.at, j->options->files.count, NULL, &paths));
    for (;; count++) {
        FV_TRY(fv_paths_next(paths, &path));
        if (!path) break;
        FV_TRY(fv_error_wrap(explain_picture(j, path), "%s", path));
    }
    if (!count) return fv_fail(FV_NOT_FOUND, "there are no pictures to explain");
    FV_TRY(fv_arena_format(j->sheet.arena, &title, "What answers hang on: %s", j->options->method));
    return fv_contact_sheet_write(&j->sheet, title, fv_min(count * 2, 6), j->options->out);
}

static fv_error *run(fv_command_call *call, void *raw) {
    const explain_options *o = raw;
    FV_OWNED(fv_predictor) predictor = NULL;
    FV_OWNED(fv_explanation) explanation = NULL;
    FV_OWNED(fv_arena) arena = NULL;
    FV_TRY(fv_arena_new("explained pictures", INT64_C(1) << 32, &arena));
    fv_model_file model;
    FV_TRY(fv_model_file_find(o->model, o->workspace, call->arena, &model));
    FV_TRY(fv_predictor_open(model.path, NULL, &predictor));
    FV_TRY(fv_explanation_new(predictor, &explanation));
    job j = { .call = call, .options = o, .predictor = predictor, .explanation = explanation };
    j.sheet = (fv_contact_sheet){ .arena = arena, .cell = o->cell };
    return explain_all(&j);
}

const fv_command fv_command_explain = {
    .name = "explain",
    .summary = "show which parts of pictures a model's answers hang on",
    .arguments = "MODEL FILE… --out P.png [--method NAME]",
    .description =
        "A sheet with each picture as the network sees it and, beside it, a map from dark (does not matter) to bright.\n"
        "Each map is judged: the score of the class falls early when what the map calls important is taken away\n"
        "(deletion, the area under it) and rises early when that is put into an empty picture (insertion).",
    .fields = fields,
    .size = sizeof(explain_options),
    .run = run,
};
