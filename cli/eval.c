/* eval.c - fovea eval: how good a model is on labelled pictures. */
#include <math.h>
#include <string.h>

#include "cli/command.h"
#include "cli/figures.h"
#include "cli/terminal.h"
#include "experiments/model_file.h"
#include "fovea/track.h"

#define ARENA_CAP (1LL << 40) /* the classes' square is what counts; too many are said in evaluation */

typedef struct eval_options {
    const char *model, *data, *part, *source, *source_options, *metrics, *device;
    bool intervals, corruptions, strict, allow_dropped, track, fast_batch;
    const char *workspace, *experiment, *run_name;
    int tta, precision; /* fv_views, fv_precision */
    int64_t batch, workers;
} eval_options;

static const fv_field fields[] = {
    FV_FIELD(eval_options, model, .positional = true, .required = true, .value = "MODEL", .help = FV_MODEL_HELP),
    FV_FIELD(eval_options, data, .required = true, .value = "DIR",
             .help = "labelled pictures; their classes are matched by name"),
    FV_FIELD(eval_options, part, .help = "train, val, test or all; without it test, val or all, the first that there is"),
    FV_FIELD(eval_options, source, .help = "format of the data (`fovea help source`); without it the data tell"),
    FV_FIELD(eval_options, source_options, .help = "options of that source, name=value …"),
    FV_FIELD(eval_options, metrics, .help = "further figures (`fovea help metric`), NAME option=value …, divided by ';'"),
    FV_FIELD(eval_options, intervals, .by_default = "false",
             .help = "95 % intervals for those too: each is measured 1000 times more"),
    FV_FIELD(eval_options, corruptions, .by_default = "false",
             .help = "the score on damaged pictures too: noise, blur, occlusion, light, JPEG, in 5 strengths each"),
    FV_FIELD(eval_options, tta, .by_default = "none", .names = FV_VIEWS_NAMES,
             .help = "test-time augmentation, as `fovea predict --tta` does it"),
    FV_FIELD(eval_options, strict, .by_default = "false", .help = "fail on the first sample that cannot be used"),
    FV_FIELD(eval_options, allow_dropped, .by_default = "false", .help = "go on when more than 1 % cannot be used"),
    FV_FIELD(eval_options, batch, .by_default = "64", .min = 1, .max = 65536, .help = FV_BATCH_HELP),
    FV_FIELD(eval_options, fast_batch, .by_default = "false", .help = FV_FAST_BATCH_HELP),
    FV_FIELD(eval_options, workers, .by_default = "2", .min = 0, .max = 256,
             .help = "threads that decode and transform pictures"),
    FV_FIELD(eval_options, precision, .by_default = "f32", .names = FV_PRECISIONS, .help = FV_PRECISION_HELP),
    FV_FIELD(eval_options, device, .by_default = "cpu", .help = "where to compute"),
    FV_FIELD(eval_options, track, .by_default = "true",
             .help = "keep the figures as a run in the registry (`fovea help runs`); --no-track: do not"),
    FV_FIELD(eval_options, workspace, .value = "DIR", .help = FV_WORKSPACE_HELP),
    FV_FIELD(eval_options, experiment, .value = "NAME",
             .help = "that the run belongs to, / between levels; without it Default"),
    FV_FIELD(eval_options, run_name, .value = "NAME", .help = "of the run; without it one is made up"),
    FV_FIELDS_END
};

static fv_error *open_data(const eval_options *o, const fv_predictor *predictor, fv_dataset **out) {
    fv_dataset_options options = { .source = o->source,
                                   .source_options = o->source_options,
                                   .channels = fv_predictor_input(predictor).channels,
                                   .strict = o->strict,
                                   .allow_dropped = o->allow_dropped };
    FV_TRY(fv_dataset_open(o->data, &options, out));
    if (fv_predictor_kind(predictor) == FV_NUMBERS) return NULL;
    return fv_dataset_impose_classes(*out, fv_predictor_class_names(predictor), fv_predictor_class_count(predictor));
}

/* The part asked for, or the one that was not trained on. */
static const char *choose_part(const eval_options *o, const fv_dataset *set) {
    if (o->part) return o->part;
    return fv_dataset_has_part(set, "test") ? "test" : fv_dataset_has_part(set, "val") ? "val" : "all";
}

static fv_error *open_part(const char *part, fv_dataset *set, fv_subset **out) {
    bool all = part[0] == 'a' && part[1] == 'l' && part[2] == 'l' && !part[3];
    return fv_subset_part(set, all ? NULL : part, out);
}

static void print_rejected(fv_printer *p, const fv_dataset *set) {
    int64_t rejected = fv_dataset_count_all(set).rejected;
    fv_print_list(p, "rejected");
    for (int64_t i = 0; i < rejected; i++) {
        const char *path, *reason;
        fv_dataset_rejected(set, i, &path, &reason);
        fv_print_item(p);
        fv_print_text(p, "path", path);
        fv_print_text(p, "reason", reason);
        if (!p->json && i < 20) fv_terminal_line("rejected %s: %s", path, reason);
    }
    fv_print_list_end(p);
    if (!p->json && rejected > 20) fv_terminal_line("and %lld more", (long long)rejected - 20);
}

/* The metrics asked for, one after the other; NULL: there are no more. */
static fv_error *next_metric(const char **rest, fv_arena *arena, const char **metric) {
    *metric = NULL;
    while (*rest && **rest && !*metric) {
        *rest += strspn(*rest, "; \t\n");
        size_t length = strcspn(*rest, ";\n");
        if (length) FV_TRY(fv_arena_format(arena, metric, "%.*s", (int)length, *rest));
        *rest += length;
    }
    return NULL;
}

/* Before the pictures are predicted. */
static fv_error *check_metrics(const char *metrics, const fv_predictor *predictor, fv_arena *arena) {
    for (const char *metric;;) {
        FV_TRY(next_metric(&metrics, arena, &metric));
        if (!metric) return NULL;
        FV_TRY(fv_metric_check(metric, fv_predictor_kind(predictor), fv_predictor_class_count(predictor)));
    }
}

static fv_error *print_undefined(fv_printer *p, const char *metric) {
    const char *reason = fv_metric_undefined(metric);
    FV_TEXT(text, 1024);
    fv_text_addf(&text, "undefined: %s", reason ? reason : "there are no samples");
    FV_TRY(fv_text_error(&text));
    if (p->json) fv_print_number(p, "value", NAN);
    fv_print_text(p, p->json ? "undefined" : metric, p->json ? reason : text.at);
    return NULL;
}

/* One of the metrics asked for; JSON: {metric, value}, why it is null, and, where intervals are wanted, low and high. */
static fv_error *print_metric(fv_printer *p, const char *metric, const fv_outcomes *outcomes, bool intervals) {
    double value;
    fv_interval interval = { NAN, NAN };
    FV_TRY(fv_metric_measure(metric, outcomes, &value));
    if (intervals) FV_TRY(fv_bootstrap_interval(metric, outcomes, NULL, &interval));
    if (p->json) fv_print_item(p);
    if (p->json) fv_print_text(p, "metric", metric);
    if (isnan(value))
        FV_TRY(print_undefined(p, metric));
    else
        fv_figures_print_one(p, p->json ? "value" : metric, value, interval);
    if (!p->json || !intervals) return NULL;
    fv_print_number(p, "low", interval.low);
    fv_print_number(p, "high", interval.high);
    return NULL;
}

static fv_error *print_metrics(fv_printer *p, const eval_options *o, const fv_outcomes *outcomes, fv_arena *arena) {
    const char *rest = o->metrics, *metric;
    if (!rest) return NULL;
    if (p->json) fv_print_list(p, "metrics");
    FV_TRY(next_metric(&rest, arena, &metric));
    while (metric) {
        FV_TRY(print_metric(p, metric, outcomes, o->intervals));
        FV_TRY(next_metric(&rest, arena, &metric));
    }
    if (p->json) fv_print_list_end(p);
    return NULL;
}

/* In JSON "corruptions": [{corruption, top1_1 … top1_5}], or by another score's name. */
static void print_corruptions(fv_printer *p, const char *score, const fv_robustness *rows) {
    if (!rows) return;
    fv_print_list(p, "corruptions");
    for (int i = 0; i < fv_corruption_count(); i++) {
        fv_print_item(p);
        fv_print_text(p, "corruption", rows[i].corruption);
        for (int s = 0; s < FV_STRENGTHS; s++) {
            char key[64];
            snprintf(key, sizeof key, "%s_%d", score, s + 1);
            fv_print_number(p, key, rows[i].score[s]);
        }
    }
    fv_print_list_end(p);
}

/* For people: a line a kind of damage, a column a strength. */
static void print_corruption_table(fv_printer *p, const char *score, const fv_robustness *rows) {
    if (!rows || p->json) return;
    fv_print_line(p, "\n%s on damaged pictures, by strength", score);
    fv_print_line(p, "%-12s %8d %8d %8d %8d %8d", "", 1, 2, 3, 4, 5);
    for (int i = 0; i < fv_corruption_count(); i++) {
        const double *t = rows[i].score;
        fv_print_line(p, "%-12s %8.4f %8.4f %8.4f %8.4f %8.4f", rows[i].corruption, t[0], t[1], t[2], t[3], t[4]);
    }
}

/* The keys, and for people the tables behind them. */
static fv_error *print(fv_printer *p, const eval_options *o, const char *model, const char *part, const fv_dataset *set,
                       const fv_evaluation *e, const fv_figures *figures, const fv_robustness *robustness, fv_arena *arena) {
    const fv_outcomes *outcomes = &e->outcomes;
    const fv_figure *score = &figures->at[0];
    bool ranks = outcomes->kind == FV_ONE_CLASS && outcomes->classes > 5;
    double top5 = 0;
    if (ranks) FV_TRY(fv_metric_measure("top_k k=5", outcomes, &top5));
    fv_print_record(p);
    fv_print_text(p, "model", model);
    fv_print_text(p, "data", o->data);
    fv_print_text(p, "part", part);
    if (p->json || o->precision) fv_print_text(p, "precision", fv_precision_name(o->precision));
    fv_print_int(p, "n", outcomes->count);
    fv_figures_print_one(p, score->key, score->value, score->interval);
    if (ranks) fv_print_number(p, "top5", top5);
    fv_print_number(p, "loss", e->loss);
    if (outcomes->kind != FV_NUMBERS) fv_print_texts(p, "classes", figures->names, figures->classes);
    fv_figures_print(p, figures);
    FV_TRY(print_metrics(p, o, outcomes, arena));
    print_corruptions(p, score->key, robustness);
    fv_print_int(p, "unreadable", e->unreadable);
    print_rejected(p, set);
    fv_print_record_end(p);
    FV_TRY(fv_figures_tables(p, figures));
    print_corruption_table(p, score->key, robustness);
    return NULL;
}

/* ---- the run ---- */

/* Before the pictures are predicted, and once there are some: for a data set that is not there no workspace is made. */
static fv_error *check_registry(const eval_options *o) {
    FV_OWNED(fv_registry) registry = NULL;
    if (!o->track) return NULL;
    return fv_error_hint(fv_registry_open(o->workspace, NULL, &registry),
                         "--no-track measures without a registry; --workspace or FOVEA_HOME names another");
}

static fv_error *record(const eval_options *o, const fv_model_file *model, const char *part, const fv_evaluation *e,
                        const fv_figures *figures) {
    const char *metrics[FV_FIGURES_MAX];
    double values[FV_FIGURES_MAX];
    int64_t count = 0;
    fv_track track = { .workspace = o->workspace, .experiment = o->experiment, .name = o->run_name, .parent = model->run };
    if (!o->track) return NULL;
    for (int i = 0; i < FV_FIGURES_MAX; i++) {
        if (!figures->at[i].metric) continue;
        metrics[count] = figures->at[i].metric;
        values[count++] = figures->at[i].value;
    }
    fv_evaluated evaluated = { .model = model->name,
                               .data = o->data,
                               .part = part,
                               .precision = (fv_precision)o->precision,
                               .metrics = metrics,
                               .values = values,
                               .metric_count = count,
                               .samples = e->outcomes.count,
                               .loss = e->loss };
    return fv_error_wrap(fv_track_evaluation(&evaluated, &track), "measured, as printed, but not recorded");
}

static fv_error *run(fv_command_call *call, void *raw) {
    const eval_options *o = raw;
    FV_OWNED(fv_predictor) predictor = NULL;
    FV_OWNED(fv_dataset) set = NULL;
    FV_OWNED(fv_subset) subset = NULL;
    FV_OWNED(fv_arena) arena = NULL;
    FV_TRY(fv_arena_new("the figures of an evaluation", ARENA_CAP, &arena));
    fv_model_file model;
    FV_TRY(fv_model_file_find(o->model, o->workspace, arena, &model));
    fv_predictor_options how = { .device = o->device, .precision = (fv_precision)o->precision, .fast_batch = o->fast_batch };
    FV_TRY(fv_predictor_open(model.path, &how, &predictor));
    FV_TRY(check_metrics(o->metrics, predictor, arena));
    FV_TRY(open_data(o, predictor, &set));
    const char *part = choose_part(o, set);
    FV_TRY(open_part(part, set, &subset));
    FV_TRY(check_registry(o));
    fv_evaluate_options options = {
        .batch = o->batch, .workers = o->workers, .views = (fv_views)o->tta, .progress = fv_terminal_bar
    };
    fv_evaluation evaluation;
    FV_TRY(fv_evaluate(predictor, subset, &options, &evaluation));
    fv_figures figures;
    fv_robustness *robustness = NULL;
    fv_error *error = fv_figures_measure(&evaluation.outcomes, fv_predictor_class_names(predictor), arena, &figures);
    if (!error && o->corruptions) error = fv_arena_take(arena, fv_corruption_count(), &robustness);
    if (!error && o->corruptions) error = fv_evaluate_corruptions(predictor, subset, &options, robustness);
    fv_terminal_finish();
    if (!error) error = print(call->printer, o, model.name, part, set, &evaluation, &figures, robustness, arena);
    if (!error) error = record(o, &model, part, &evaluation, &figures);
    fv_evaluation_release(&evaluation);
    return error;
}

const fv_command fv_command_eval = {
    .name = "eval",
    .summary = "measure a model on labelled pictures",
    .arguments = "MODEL --data DIR [options]",
    .description =
        "The pictures go through the model's own transforms, in its own order of classes. Samples of a class that the\n"
        "model does not know are counted and named; more than 1 % of them is an error. Figures are followed by their 95 %\n"
        "intervals: top1 by Wilson's formula, the others by a bootstrap within classes (docs/metrics.md). Of a model that\n"
        "says several labels, or a number, the figures are those of such answers.",
    .fields = fields,
    .size = sizeof(eval_options),
    .run = run,
};
