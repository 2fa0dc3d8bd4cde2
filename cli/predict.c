/* predict.c - fovea predict: labels for pictures. */
#include "fovea/predict.h"
#include "cli/command.h"

typedef struct predict_options {
    const char *model, *device;
    fv_strings files;
    int64_t top, batch, workers;
} predict_options;

static const fv_field fields[] = {
    FV_FIELD(predict_options, model, .positional = true, .required = true, .value = "MODEL", .help = "a .fovea file"),
    FV_FIELD(predict_options, files, .positional = true, .required = true, .value = "FILE…", .help = "pictures: JPEG, PNG"),
    FV_FIELD(predict_options, top, .by_default = "5", .flag = "k", .min = 1, .max = 100000,
             .help = "how many labels a picture"),
    FV_FIELD(predict_options, batch, .by_default = "32", .min = 1, .max = 65536, .help = "pictures at once; changes no bit"),
    FV_FIELD(predict_options, workers, .by_default = "2", .min = 0, .max = 256,
             .help = "threads that decode and transform the next pictures meanwhile"),
    FV_FIELD(predict_options, device, .by_default = "cpu", .help = "where to compute"),
    FV_FIELDS_END
};

/* JSON: {path, error}. */
static fv_error *print_failure(fv_command_call *call, const fv_prediction *prediction) {
    char message[4096];
    fv_error_format(prediction->error, message, sizeof message);
    call->failed = true;
    fv_printer *p = call->printer;
    fv_print_line(p, "%s\terror: %s", prediction->path, message);
    if (!p->json) return NULL;
    fv_print_record(p);
    fv_print_text(p, "path", prediction->path);
    fv_print_text(p, "error", message);
    fv_print_record_end(p);
    return NULL;
}

/* JSON: {path, label, score, top: [{label, score}, …]}. Text: path, label, score, and the others behind. */
static fv_error *print_answer(void *context, const fv_prediction *prediction) {
    fv_command_call *call = context;
    if (prediction->error) return print_failure(call, prediction);
    fv_printer *p = call->printer;
    FV_TEXT(others, 1 << 20);
    for (int64_t k = 1; k < prediction->count; k++)
        fv_text_addf(&others, "\t%s %.4f", prediction->labels[k], prediction->scores[k]);
    FV_TRY(fv_text_error(&others));
    fv_print_line(p, "%s\t%s\t%.4f%s", prediction->path, prediction->labels[0], prediction->scores[0], others.at);
    if (!p->json) return NULL;
    fv_print_record(p);
    fv_print_text(p, "path", prediction->path);
    fv_print_text(p, "label", prediction->labels[0]);
    fv_print_number(p, "score", prediction->scores[0]);
    fv_print_list(p, "top");
    for (int64_t k = 0; k < prediction->count; k++) {
        fv_print_item(p);
        fv_print_text(p, "label", prediction->labels[k]);
        fv_print_number(p, "score", prediction->scores[k]);
    }
    fv_print_list_end(p);
    fv_print_record_end(p);
    return NULL;
}

static fv_error *run(fv_command_call *call, void *raw) {
    const predict_options *o = raw;
    FV_OWNED(fv_predictor) predictor = NULL;
    fv_predictor_options options = { .device = o->device, .batch = o->batch, .workers = o->workers };
    FV_TRY(fv_predictor_open(o->model, &options, &predictor));
    return fv_predict_files(predictor, o->files.at, o->files.count, o->top, print_answer, call);
}

const fv_command fv_command_predict = {
    .name = "predict",
    .summary = "label pictures with a model",
    .arguments = "MODEL FILE… [options]",
    .description =
        "One line a picture: path, label, score, then the next best. A file that cannot be read gets a line that says\n"
        "why; when all are answered the exit status is then 1.",
    .fields = fields,
    .size = sizeof(predict_options),
    .run = run,
};
