/* train.c - fovea train. */
#include <float.h>
#include <stdlib.h>
#include <string.h>

#include "cli/command.h"
#include "cli/terminal.h"
#include "core/base/file.h"
#include "core/base/log.h"
#include "experiments/model_file.h"
#include "fovea/track.h"
#include "train/recipe.h"

typedef struct train_options {
    const char *recipe, *out;
    bool resume, allow_other_isa, dry_run, overfit_batch, find_rate, probe, print_recipe;
    const char *time, *checkpoint_every, *grace;
    int64_t workers;
    double cache;
    const char *cache_dir;
    bool profile;
    const char *device;
    double rank_deadline;
    bool track;
    const char *workspace, *experiment, *run_name;
    fv_recipe_keys keys;
} train_options;

static const fv_field fields[] = {
    FV_FIELD(train_options, recipe, .positional = true, .value = "RECIPE.yaml",
             .help = "keys of the recipe, as `fovea help recipe` lists them"),
    FV_FIELD(train_options, out, .flag = "o", .value = "DIR",
             .help = "the run's folder: best.fovea, last.fovea, results.csv, recipe.yaml"),
    FV_FIELD(train_options, resume, .by_default = "false",
             .help = "go on where the run in that folder was left, by its own recipe; keys that would have changed no "
                     "step that is done may be given anew"),
    FV_FIELD(train_options, allow_other_isa, .by_default = "false",
             .help = "resume though this machine's kernels or BLAS core are others: to other bits"),
    FV_FIELD(train_options, time, .value = "TIME",
             .help = "as many epochs as this holds, e.g. 90s, 30m, 2h; the kept recipe says how many"),
    FV_FIELD(train_options, checkpoint_every, .by_default = "10m", .value = "TIME",
             .help = "a checkpoint within an epoch when the last is so old; 0s: after epochs only"),
    FV_FIELD(train_options, grace, .value = "TIME",
             .help = "how long there is to stop in: a warning when that may not be enough"),
    FV_FIELD(train_options, dry_run, .by_default = "false",
             .help = "say all that is said before the first step, and stop: nothing is written"),
    FV_FIELD(train_options, overfit_batch, .by_default = "false",
             .help = "instead, see whether the network learns one batch by heart"),
    FV_FIELD(train_options, find_rate, .by_default = "false",
             .help = "instead, try rates and suggest one; with --out also a table and a plot"),
    FV_FIELD(train_options, probe, .by_default = "false",
             .help =
                 "instead, tell how good the network's features are as they are: a linear probe and nearest neighbours; with "
                 "--out the features are kept there"),
    FV_FIELD(train_options, workers, .by_default = "2", .min = 0, .max = 256,
             .help = "threads that decode and transform pictures; 0: none of their own"),
    FV_FIELD(train_options, cache, .by_default = "0", .min = 0, .max = 1e9, .value = "MB",
             .help = "megabytes of decoded training pictures kept in memory for later epochs; the first that fit are kept"),
    FV_FIELD(train_options, cache_dir, .value = "DIR",
             .help = "with --cache: kept on the disk of this folder, in a file that is gone when the training ends"),
    FV_FIELD(train_options, profile, .by_default = "false",
             .help = "say at the end where the time went: wait for pictures, compute, reduce, validate, save; decode, augment"),
    FV_FIELD(train_options, print_recipe, .by_default = "false",
             .help = "print the whole recipe, every key with what it means, and train nothing"),
    FV_FIELD(train_options, device, .by_default = "cpu", .help = "where to compute"),
    FV_FIELD(train_options, rank_deadline, .by_default = "60", .min = 0, .max = 1e6, .value = "SECONDS",
             .help = "of ranks (mpirun): how long one is waited for; 0: for ever"),
    FV_FIELD(train_options, track, .by_default = "true",
             .help = "keep the training as a run in the registry (`fovea help runs`); --no-track: do not"),
    FV_FIELD(train_options, workspace, .value = "DIR", .help = FV_WORKSPACE_HELP),
    FV_FIELD(train_options, experiment, .value = "NAME",
             .help = "that the run belongs to, / between levels; without it Default"),
    FV_FIELD(train_options, run_name, .value = "NAME", .help = "of the run; without it the folder's own"),
    FV_FIELDS_END
};

/* The recipe: the file named, or that of the run which is resumed; flags over it. */
static fv_error *read_recipe(const fv_command_call *call, const train_options *o, fv_recipe *recipe) {
    const char *path = o->recipe;
    if (!path && o->resume) FV_TRY(fv_file_join(call->arena, o->out, "recipe.yaml", &path));
    if (path && (o->recipe || fv_file_kind_of(path) != FV_FILE_NONE)) FV_TRY(fv_recipe_read(recipe, path));
    return fv_recipe_override(recipe, &o->keys, call->given_more);
}

static fv_error *print_recipe(const fv_recipe *recipe, fv_printer *printer) {
    char *text = NULL;
    FV_TRY(fv_recipe_to_yaml(recipe, &text));
    printer->json = false;
    fv_print_page(printer, text);
    fv_string_free(text);
    return NULL;
}

static void say(void *context, const char *line) {
    (void)context;
    fv_terminal_line("%s", line);
}

static const char *best_mark(const fv_epoch *e) { return e->best ? "  best" : ""; }
static int name_length(const char *metric) { return (int)strcspn(metric, " "); } /* without options */
static bool is_chosen_by_score(const fv_epoch *e) { return !strcmp(e->select, e->metric); }

/* What decides which epoch is best, where that is not the score. */
static void add_deciding(const fv_epoch *e, fv_text *line) {
    if (!is_chosen_by_score(e)) fv_text_addf(line, "  decides: %.*s %.4f", name_length(e->select), e->select, e->val_select);
}

/* A row of the table that grows with the training; of a score that is no share of pictures under the metric's name. */
static void print_epoch(void *context, const fv_epoch *e) {
    FV_TEXT(line, 4096);
    fv_terminal_finish();
    fv_text_addf(&line, "epoch %3lld  rate %-9.3g train loss %.4f", (long long)e->epoch, e->learning_rate, e->train_loss);
    if (!strcmp(e->metric, "top1"))
        fv_text_addf(&line, " top-1 %6.2f %%  val loss %.4f top-1 %6.2f %%", 100 * e->train_score, e->val_loss,
                     100 * e->val_score);
    else
        fv_text_addf(&line, "  val loss %.4f %.*s %.4f", e->val_loss, name_length(e->metric), e->metric, e->val_score);
    add_deciding(e, &line);
    fv_print_line(context, "%s  %6.1f s%s", line.at, e->seconds, best_mark(e));
}

/* A line of the table: `threads`, how many shared the seconds beside the loop's own; 0: it is the loop's own. */
static void print_part(fv_printer *p, const char *what, double seconds, const fv_train_profile *all, int64_t threads) {
    double share = all->seconds > 0 ? seconds / (all->seconds * (double)(threads ? threads : 1)) : 0;
    if (!p->json) {
        double each = 1e3 * seconds / (double)(threads ? all->pictures : all->steps);
        fv_print_line(p, "  %-9s %10.3f s %5.1f %% %10.3f ms a %s", what, seconds, 100 * share, each,
                      threads ? "picture, of the threads that load" : "step");
        return;
    }
    fv_print_item(p);
    fv_print_text(p, "part", what);
    fv_print_number(p, "seconds", seconds);
    fv_print_number(p, "share", share);
}

static void print_parts(const train_options *o, const fv_train_profile *all, fv_printer *p) {
    int64_t threads = o->workers > 1 ? o->workers : 1;
    print_part(p, "wait", all->wait, all, 0);
    print_part(p, "compute", all->compute, all, 0);
    print_part(p, "reduce", all->reduce, all, 0);
    print_part(p, "validate", all->validate, all, 0);
    print_part(p, "save", all->save, all, 0);
    print_part(p, "decode", all->decode, all, threads);
    print_part(p, "augment", all->augment, all, threads);
}

static fv_error *print_result(const train_options *o, const fv_track *track, const fv_train_result *result,
                              fv_command_call *call) {
    fv_printer *p = call->printer;
    const char *best, *score;
    FV_TRY(fv_file_join(call->arena, o->out, "best.fovea", &best));
    fv_print_record(p);
    fv_print_text(p, "model", best);
    if (track->id[0]) fv_print_text(p, "run", track->id);
    fv_print_int(p, "epochs", result->epochs);
    fv_print_int(p, "best_epoch", result->best.epoch);
    FV_TRY(fv_arena_format(call->arena, &score, "%.*s", name_length(result->best.metric), result->best.metric));
    fv_print_number(p, score, result->best.val_score);
    if (!is_chosen_by_score(&result->best)) {
        FV_TRY(fv_arena_format(call->arena, &score, "select_%.*s", name_length(result->best.select), result->best.select));
        fv_print_number(p, score, result->best.val_select);
    }
    fv_print_number(p, "loss", result->best.val_loss);
    fv_print_number(p, "seconds", result->seconds);
    if (o->profile && p->json) {
        fv_print_list(p, "profile");
        print_parts(o, &result->profile, p);
        fv_print_list_end(p);
    }
    fv_print_record_end(p);
    if (!o->profile || p->json || !result->profile.steps) return NULL;
    fv_print_line(p, "where %.1f s of epochs went, %lld steps:", result->profile.seconds, (long long)result->profile.steps);
    print_parts(o, &result->profile, p);
    return NULL;
}

/* "90s", "30m", "1.5h" as seconds; 0 of none. */
static fv_error *parse_time(const char *name, const char *text, double least, double *seconds) {
    static const char units[] = "smh";
    char *end = NULL;
    *seconds = 0;
    if (!text) return NULL;
    double number = strtod(text, &end), scale = 1;
    const char *unit = *end ? strchr(units, *end) : NULL;
    for (const char *u = units; unit && u < unit; u++) scale *= 60;
    if (end == text || !unit || end[1] || !(number >= least && number * scale < 1e8))
        return fv_error_hint(fv_fail(FV_USAGE, "%s \"%s\" is no length of time", name, text), "write 90s, 30m or 2h");
    *seconds = number * scale;
    return NULL;
}

static fv_error *choose_task(const train_options *o, fv_train_task *task) {
    if (o->dry_run + o->overfit_batch + o->find_rate + o->probe > 1)
        return fv_fail(FV_USAGE, "--dry-run, --overfit-batch, --find-rate and --probe exclude each other");
    *task = o->dry_run         ? FV_TRY_ALL
            : o->overfit_batch ? FV_OVERFIT_BATCH
            : o->find_rate     ? FV_FIND_RATE
            : o->probe         ? FV_PROBE
                               : FV_TRAIN;
    if (*task != FV_TRAIN && o->resume) return fv_fail(FV_USAGE, "--resume goes on with a training; it cannot be tried");
    return NULL;
}

static void log_as_rank(void *context, fv_level level, const char *message) {
    const int *rank = context;
    if (level != FV_LOG_INFO) fv_terminal_line("rank %d: %s%s", *rank, level == FV_LOG_WARNING ? "warning: " : "", message);
}

/* The ranks there are; all but the first say in the log who they are. */
static fv_error *join_ranks(const train_options *o, fv_comm **comm) {
    static int rank;
    FV_TRY(fv_comm_open(o->rank_deadline, comm));
    rank = fv_comm_rank(*comm);
    if (rank) fv_log_set_sink(log_as_rank, &rank);
    return NULL;
}

/* A version in the registry is the file that it is. A training that goes on has what it began from. */
static fv_error *find_weights(const train_options *o, fv_recipe *recipe, fv_arena *arena) {
    fv_model_file file;
    if (o->resume || !recipe->keys.weights) return NULL;
    FV_TRY(fv_error_wrap(fv_model_file_find(recipe->keys.weights, o->workspace, arena, &file), "weights"));
    if (file.version) fv_terminal_line("weights: %s is %s", file.version, file.path);
    recipe->keys.weights = file.path;
    return NULL;
}

static fv_error *train(fv_command_call *call, const train_options *o, bool tunes) {
    fv_train_task task = FV_TRAIN;
    double seconds = 0, every = 0, grace = 0;
    FV_TRY(choose_task(o, &task));
    FV_TRY(parse_time("--time", o->time, DBL_TRUE_MIN, &seconds));
    FV_TRY(parse_time("--checkpoint-every", o->checkpoint_every, 0, &every));
    FV_TRY(parse_time("--grace", o->grace, DBL_TRUE_MIN, &grace));
    FV_OWNED(fv_recipe) recipe = NULL;
    if (o->cache_dir && o->cache <= 0)
        return fv_error_hint(fv_fail(FV_USAGE, "--cache-dir is of no use without --cache"),
                             "say how many megabytes: --cache MB");
    if (!o->out && task == FV_TRAIN && (!o->print_recipe || o->resume))
        return fv_error_hint(fv_fail(FV_USAGE, "out is missing"), "name the folder that the run is kept in: --out DIR");
    FV_TRY(fv_recipe_new(&recipe));
    FV_TRY(read_recipe(call, o, recipe));
    if (o->print_recipe) return print_recipe(recipe, call->printer);
    if (tunes && !recipe->keys.weights)
        return fv_error_hint(fv_fail(FV_USAGE, "weights are missing"),
                             "name the model to start from: --weights M.fovea, or a version in the registry, NAME/3");
    FV_TRY(find_weights(o, recipe, call->arena));
    FV_OWNED(fv_comm) comm = NULL;
    FV_TRY(join_ranks(o, &comm));
    fv_train_options how = { .task = task,
                             .out = o->out,
                             .seconds = seconds,
                             .resume = o->resume,
                             .checkpoint_every = every,
                             .grace = grace,
                             .allow_other_isa = o->allow_other_isa,
                             .workers = o->workers,
                             .cache = (int64_t)(o->cache * 1e6),
                             .cache_folder = o->cache_dir,
                             .device = o->device,
                             .context = call->printer,
                             .message = say,
                             .progress = fv_terminal_bar,
                             .epoch = print_epoch,
                             .cancel = call->cancel,
                             .comm = comm };
    fv_train_result result;
    call->quiet = fv_comm_rank(comm) > 0;
    fv_track track = { .workspace = o->workspace, .experiment = o->experiment, .name = o->run_name };
    FV_TRY(o->track ? fv_train_tracked(recipe, &how, &track, &result) : fv_train(recipe, &how, &result));
    fv_terminal_finish();
    if (call->quiet) return NULL;
    return task == FV_TRAIN ? print_result(o, &track, &result, call) : NULL;
}

static fv_error *run_train(fv_command_call *call, void *options) { return train(call, options, false); }
static fv_error *run_finetune(fv_command_call *call, void *options) { return train(call, options, true); }

const fv_command fv_command_finetune = {
    .name = "finetune",
    .summary = "train on from a model's weights",
    .arguments = "[RECIPE.yaml] --weights M.fovea --data DIR --out DIR [options]",
    .description =
        "`fovea train --weights`: a new last layer for the classes of these data on a network that knows others. Network,\n"
        "size and transforms are the model's; what the recipe does not say (how much is frozen, rates, epochs) is chosen by\n"
        "the number of pictures, and said with a reason. Stopping and going on are as for `fovea train`.",
    .fields = fields,
    .more = fv_recipe_fields,
    .more_offset = offsetof(train_options, keys),
    .size = sizeof(train_options),
    .stoppable = true,
    .run = run_finetune,
};
const fv_command fv_command_train = {
    .name = "train",
    .summary = "train a network on labelled pictures",
    .arguments = "[RECIPE.yaml] --data DIR --arch NAME --out DIR [options]",
    .description =
        "Reads a folder of pictures a class (or IDX files), keeps a part for validation, trains, and leaves in the\n"
        "run's folder the best model and all that is needed to go on. Ctrl-C (SIGTERM, SIGUSR1) stops with a checkpoint\n"
        "and exit status 75; --resume goes on, to the same bits as a run that was never stopped.",
    .fields = fields,
    .more = fv_recipe_fields,
    .more_offset = offsetof(train_options, keys),
    .size = sizeof(train_options),
    .stoppable = true,
    .run = run_train,
};
