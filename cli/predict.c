/* predict.c - fovea predict: labels for pictures, one or a million. */
#include "fovea/predict.h"

#include <math.h>
#include <string.h>

#include "cli/command.h"
#include "cli/overlays.h"
#include "cli/terminal.h"
#include "core/base/clock.h"
#include "core/base/file.h"
#include "core/base/size.h"
#include "core/formats/model_file.h"
#include "data/paths.h"
#include "experiments/model_file.h"
#include "predict/answers.h"
#include "predict/log_desk.h"

typedef struct predict_options {
    const char *model, *out, *device, *log, *log_name, *key, *workspace, *explain, *method;
    fv_strings files;
    int64_t top, batch, workers;
    double threshold;
    bool logits, stdin_image, resume, fast_batch;
    int tta, precision; /* fv_views, fv_precision */
} predict_options;

static const fv_field fields[] = {
    FV_FIELD(predict_options, model, .positional = true, .required = true, .value = "MODEL", .help = FV_MODEL_HELP),
    FV_FIELD(predict_options, files, .positional = true, .value = "FILE…",
             .help = "pictures, and folders for all pictures below; - for names on standard input, one a line"),
    FV_FIELD(predict_options, top, .by_default = "5", .flag = "k", .min = 1, .max = 100000,
             .help = "how many labels a picture, where one is the answer"),
    FV_FIELD(predict_options, threshold, .by_default = "0", .min = -1, .max = 1,
             .help = "abstain where the best score is lower: no label, guesses behind; 0: as the model says, -1: never; of "
                     "several labels: those with at least this score are the answer; 0: 0.5"),
    FV_FIELD(predict_options, tta, .by_default = "none", .names = FV_VIEWS_NAMES,
             .help = "answer by the mean over the picture and its mirror image (2 runs of the network), or over both and "
                     "both moved by a pixel (6 runs): slower, a little better"),
    FV_FIELD(predict_options, logits, .by_default = "false",
             .help = "what the network gives too, in the model's order of classes"),
    FV_FIELD(predict_options, out, .flag = "o", .value = "FILE", .help = "write the answers to FILE.csv or FILE.jsonl instead"),
    FV_FIELD(predict_options, log, .value = "DIR",
             .help = "keep a record of each prediction in this folder, for `fovea log` and `fovea drift`"),
    FV_FIELD(predict_options, log_name, .value = "NAME",
             .help = "what the model is called there; without it the version's or the file's name"),
    FV_FIELD(predict_options, key, .value = "KEY",
             .help = "where the pictures come from, kept with each record: a camera, a site"),
    FV_FIELD(predict_options, explain, .value = "DIR",
             .help = "then write each picture with what its answer hangs on over it into this folder, a PNG each"),
    FV_FIELD(predict_options, method, .by_default = "gradcam", .value = "NAME",
             .help = "of --explain: how, and its options (`fovea help explainer`)"),
    FV_FIELD(predict_options, resume, .by_default = "false",
             .help = "leave out what --out has already, and go on with it, by the model and options that it was begun with"),
    FV_FIELD(predict_options, stdin_image, .by_default = "false", .help = "standard input is one picture"),
    FV_FIELD(predict_options, batch, .by_default = "32", .min = 1, .max = 65536, .help = FV_BATCH_HELP),
    FV_FIELD(predict_options, fast_batch, .by_default = "false", .help = FV_FAST_BATCH_HELP),
    FV_FIELD(predict_options, workers, .by_default = "2", .min = 0, .max = 256,
             .help = "threads that decode and transform the next pictures meanwhile"),
    FV_FIELD(predict_options, precision, .by_default = "f32", .names = FV_PRECISIONS, .help = FV_PRECISION_HELP),
    FV_FIELD(predict_options, device, .by_default = "cpu", .help = "where to compute"),
    FV_FIELD(predict_options, workspace, .value = "DIR", .help = FV_WORKSPACE_HELP),
    FV_FIELDS_END
};

#define STDIN_BYTES_MAX (INT64_C(1) << 30)

/* One call of the command. */
typedef struct job {
    fv_command_call *call;
    const predict_options *options;
    const fv_model_file *model;
    fv_answer_style style;
    fv_paths *paths;
    fv_answers *answers;                /* NULL: they are printed */
    fv_log_desk *log;                   /* NULL: no record is kept */
    fv_overlays *overlays;              /* NULL: nothing is explained */
    uint8_t *picture;                   /* the bytes of standard input, until they are predicted */
    int64_t picture_length, outputs;    /* of the network, for a picture */
    int64_t count, given, done, failed; /* pictures in all (0: not known), and so far */
    double started;
} job;

/* ---- pictures in ---- */

static fv_error *next_picture(void *context, fv_predict_input *picture) {
    job *j = context;
    if (j->call->cancel && __atomic_load_n(j->call->cancel, __ATOMIC_RELAXED))
        return fv_error_hint(fv_fail(FV_CANCELLED, "stopped after %lld pictures", (long long)j->done),
                             j->answers ? "run it again with --resume" : "with --out it could be gone on with");
    if (j->options->stdin_image) {
        if (!j->given++) *picture = (fv_predict_input){ "standard input", j->picture, j->picture_length };
        return NULL;
    }
    do FV_TRY(fv_paths_next(j->paths, &picture->path));
    while (picture->path && j->answers && fv_answers_has(j->answers, picture->path));
    j->given += picture->path != NULL;
    return NULL;
}

/* How many there are, by going through the names once: for the time left. Names on standard input cannot be read twice. */
static fv_error *count_pictures(job *j) {
    const fv_strings *files = &j->options->files;
    FV_OWNED(fv_paths) paths = NULL;
    const char *path;
    for (int64_t i = 0; i < files->count; i++)
        if (!strcmp(files->at[i], "-")) return NULL;
    FV_TRY(fv_paths_new(files->at, files->count, NULL, &paths));
    for (;;) {
        FV_TRY(fv_paths_next(paths, &path));
        if (!path) return NULL;
        j->count += !j->answers || !fv_answers_has(j->answers, path);
    }
}

/* ---- answers out ---- */

static void report(job *j) {
    double seconds = fv_clock_seconds() - j->started;
    fv_progress progress = { .what = "predict", .done = j->done, .count = j->count, .loss = NAN };
    if (seconds > 0) progress.pictures_per_second = (double)j->done / seconds;
    if (seconds > 0 && j->count) progress.seconds_left = seconds / (double)j->done * (double)(j->count - j->done);
    fv_terminal_bar(NULL, &progress);
}

/* The label, its score, and the others behind; of an abstention all of them. */
static void add_class(const fv_prediction *p, fv_text *line) {
    fv_text_addf(line, "%s\t%.4f", p->abstained ? "?" : p->labels[0], p->scores[0]);
    for (int64_t k = !p->abstained; k < p->count; k++) fv_text_addf(line, "\t%s %.4f", p->labels[k], p->scores[k]);
}

/* The labels of the answer, which may be none, then all with their scores. */
static void add_labels(const fv_prediction *p, fv_text *line) {
    for (int64_t k = 0; k < p->answers; k++) fv_text_addf(line, "%s%s", k ? ", " : "", p->labels[k]);
    if (!p->answers) fv_text_add(line, "-");
    for (int64_t k = 0; k < p->count; k++) fv_text_addf(line, "\t%s %.4f", p->labels[k], p->scores[k]);
}

static fv_error *print_line(const job *j, const fv_prediction *p) {
    FV_TEXT(line, 1 << 26);
    if (p->error) {
        char message[4096];
        fv_print_line(j->call->printer, "%s\terror: %s", p->path, fv_error_format(p->error, message, sizeof message));
        return NULL;
    }
    fv_text_addf(&line, "%s\t", p->path);
    if (j->style.kind == FV_ONE_CLASS) add_class(p, &line);
    if (j->style.kind == FV_MULTI_LABEL) add_labels(p, &line);
    if (j->style.kind == FV_NUMBERS) fv_text_addf(&line, "%.9g", p->number);
    for (int64_t c = 0; j->style.logits && c < j->outputs; c++)
        fv_text_addf(&line, "%s%.6g", c ? " " : "\tlogits ", (double)p->logits[c]);
    fv_print_line(j->call->printer, "%s", line.at);
    return fv_text_error(&line);
}

static fv_error *print_object(const job *j, const fv_prediction *p) {
    FV_TEXT(object, 1 << 26);
    fv_answer_json(&j->style, p, &object);
    fv_print_object(j->call->printer, object.at);
    return fv_text_error(&object);
}

static fv_error *take_answer(void *context, const fv_prediction *p) {
    job *j = context;
    j->done++;
    j->failed += p->error != NULL;
    if (p->error) j->call->failed = true;
    if (j->log) FV_TRY(fv_log_desk_add(j->log, p));
    if (j->overlays && !p->error) FV_TRY(fv_overlays_note(j->overlays, p->path, p->count ? p->classes[0] : 0));
    if (j->answers || j->count > 1) report(j);
    if (j->answers) return fv_answers_add(j->answers, p);
    return j->call->printer->json ? print_object(j, p) : print_line(j, p);
}

/* What was done, where the answers themselves went into a file. */
static void print_summary(const job *j) {
    fv_printer *p = j->call->printer;
    fv_print_record(p);
    fv_print_text(p, "out", j->options->out);
    fv_print_int(p, "predicted", j->done);
    fv_print_int(p, "failed", j->failed);
    fv_print_int(p, "held", fv_answers_held(j->answers));
    fv_print_number(p, "seconds", fv_clock_seconds() - j->started);
    fv_print_record_end(p);
}

/* ---- the command ---- */

static fv_error *check(const predict_options *o) {
    if (o->stdin_image && o->files.count)
        return fv_fail(FV_USAGE, "--stdin-image takes its picture from standard input, and files are named too");
    if (!o->stdin_image && !o->files.count)
        return fv_error_hint(fv_fail(FV_USAGE, "pictures are missing"),
                             "name files or folders, or - for names on standard input");
    if (o->stdin_image && o->explain) return fv_fail(FV_USAGE, "--explain reads pictures again, and standard input is gone");
    return o->resume && !o->out ? fv_fail(FV_USAGE, "--resume goes on with a file: name it by --out") : NULL;
}

static fv_error *open_log(job *j, const fv_predictor *predictor) {
    const predict_options *o = j->options;
    const fv_model_file *model = j->model;
    fv_log_subject subject = { .file = model->path, .name = model->model, .version = model->number, .key = o->key };
    if (o->log_name) subject.name = o->log_name;
    return fv_log_desk_open(o->log, &subject, fv_predictor_kind(predictor), &j->log);
}

static fv_error *predict(job *j, fv_predictor *predictor) {
    const predict_options *o = j->options;
    fv_outcome_kind kind = fv_predictor_kind(predictor);
    j->outputs = fv_predictor_output_count(predictor);
    if (kind == FV_NUMBERS && o->threshold != 0)
        return fv_fail(FV_USAGE, "--threshold is for scores, but the model says a number");
    fv_predict_options options = { .top = o->top, .threshold = o->threshold, .views = (fv_views)o->tta, .properties = o->log };
    j->style = (fv_answer_style){ .top = fv_min(o->top, fv_predictor_class_count(predictor)),
                                  .may_abstain = (o->threshold != 0 ? o->threshold : fv_predictor_reject_below(predictor)) > 0,
                                  .logits = o->logits,
                                  .classes = fv_predictor_class_count(predictor),
                                  .names = fv_predictor_class_names(predictor),
                                  .kind = kind,
                                  .outliers = o->tta == FV_VIEWS_NONE && fv_predictor_outlier_threshold(predictor) > 0,
                                  .model_hash = fv_model_hash(fv_predictor_model(predictor)),
                                  .views = (fv_views)o->tta,
                                  .threshold = o->threshold,
                                  .precision = (fv_precision)o->precision,
                                  .fast_batch = o->fast_batch };
    if (o->precision != FV_PRECISION_F32) /* what it is refused for is said before a file is begun */
        FV_TRY(fv_predictor_prepare(predictor, fv_predictor_batch(predictor), NULL));
    if (o->out) FV_TRY(fv_answers_open(o->out, &j->style, o->resume, &j->answers));
    if (o->log) FV_TRY(open_log(j, predictor));
    if (o->explain) FV_TRY(fv_overlays_new(predictor, o->explain, o->method, &j->overlays));
    if (o->stdin_image) FV_TRY(fv_file_read("/dev/stdin", STDIN_BYTES_MAX, &j->picture, &j->picture_length));
    FV_TRY(count_pictures(j));
    FV_TRY(fv_paths_new(o->files.at, o->files.count, stdin, &j->paths));
    j->started = fv_clock_seconds();
    fv_error *error = fv_predict_stream(predictor, &options, next_picture, j, take_answer, j);
    fv_terminal_finish();
    fv_error *unwritten = j->answers ? fv_answers_close(j->answers) : NULL;
    if (!error) error = fv_take(&unwritten);
    fv_error_free(unwritten);
    fv_error *unlogged = fv_log_desk_close(fv_take(&j->log));
    if (!error) error = fv_take(&unlogged);
    fv_error_free(unlogged);
    if (!error && j->overlays) error = fv_overlays_write(j->overlays, j->call->cancel);
    if (!error && j->answers) print_summary(j);
    return error;
}

/* Where no more pictures than these can come, no batch is made ready for more; which batch a picture is in touches no bit. */
static int64_t batch_of(const predict_options *o) {
    const fv_strings *files = &o->files;
    if (o->stdin_image) return 1;
    for (int64_t i = 0; i < files->count; i++)
        if (fv_file_kind_of(files->at[i]) != FV_FILE_PLAIN) return o->batch; /* names are on standard input, or in a folder */
    return fv_min(o->batch, files->count);
}

static fv_error *run(fv_command_call *call, void *raw) {
    const predict_options *o = raw;
    FV_OWNED(fv_predictor) predictor = NULL;
    fv_predictor_options options = { .device = o->device,
                                     .precision = (fv_precision)o->precision,
                                     .fast_batch = o->fast_batch,
                                     .batch = batch_of(o),
                                     .workers = o->workers,
                                     .features = o->log };
    options.late_selftest = !o->out && !o->log && !o->explain; /* what is written to is not touched before it */
    fv_model_file model;
    job j = { .call = call, .options = o, .model = &model };
    FV_TRY(check(o));
    FV_TRY(fv_model_file_find(o->model, o->workspace, call->arena, &model));
    FV_TRY(fv_predictor_open(model.path, &options, &predictor));
    fv_error *error = predict(&j, predictor);
    fv_paths_free(j.paths);
    fv_answers_free(j.answers);
    fv_overlays_free(j.overlays);
    fv_error_free(fv_log_desk_close(j.log));
    fv_memory_free(j.picture);
    return error;
}

const fv_command fv_command_predict = {
    .name = "predict",
    .summary = "label pictures with a model",
    .arguments = "MODEL FILE… [options]",
    .description =
        "One line a picture: path, label, score, then the next best; of a model that says several labels the labels, then\n"
        "all with their scores; of one that says a number, it. A file that cannot be read gets a line that says\n"
        "why; when all are answered the exit status is then 1. With --out the answers go into a file, line by line;\n"
        "a prediction that was stopped or killed goes on with --resume where the file ends.",
    .fields = fields,
    .size = sizeof(predict_options),
    .stoppable = true,
    .run = run,
};
