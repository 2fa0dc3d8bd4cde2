/* train.c - fovea train. */
#include <string.h>

#include "cli/command.h"
#include "cli/terminal.h"
#include "core/base/file.h"
#include "train/recipe.h"

typedef struct train_options {
    const char *recipe, *out;
    bool resume, allow_other_isa;
    int64_t workers;
    const char *device;
    fv_recipe_keys keys;
} train_options;

static const fv_field fields[] = { FV_FIELD(train_options, recipe, .positional = true, .value = "RECIPE.yaml",
                                            .help = "keys of the recipe, as `fovea help recipe` lists them"),
                                   FV_FIELD(train_options, out, .flag = "o", .required = true, .value = "DIR",
                                            .help = "the run's folder: best.fovea, last.fovea, results.csv, recipe.yaml"),
                                   FV_FIELD(train_options, resume, .by_default = "false",
                                            .help = "go on where the run in that folder was left, by its own recipe"),
                                   FV_FIELD(train_options, allow_other_isa, .by_default = "false",
                                            .help =
                                                "resume though this machine's kernels or BLAS core are others: to other bits"),
                                   FV_FIELD(train_options, workers, .by_default = "2", .min = 0, .max = 256,
                                            .help = "threads that decode and transform pictures; 0: none of their own"),
                                   FV_FIELD(train_options, device, .by_default = "cpu", .help = "where to compute"),
                                   FV_FIELDS_END };

/* The recipe: the file named, or that of the run which is resumed; flags over it. */
static fv_error *read_recipe(const fv_command_call *call, const train_options *o, fv_recipe *recipe) {
    const char *path = o->recipe;
    if (!path && o->resume) FV_TRY(fv_file_join(call->arena, o->out, "recipe.yaml", &path));
    if (path && (o->recipe || fv_file_kind_of(path) != FV_FILE_NONE)) FV_TRY(fv_recipe_read(recipe, path));
    return fv_recipe_override(recipe, &o->keys, call->given_more);
}

static void say(void *context, const char *line) {
    (void)context;
    fv_terminal_line("%s", line);
}

/* A row of the table that grows with the training. */
static void print_epoch(void *context, const fv_epoch *e) {
    fv_printer *printer = context;
    fv_terminal_finish();
    fv_print_line(printer, "epoch %3lld  rate %-9.3g train loss %.4f top-1 %6.2f %%  val loss %.4f top-1 %6.2f %%  %6.1f s%s",
                  (long long)e->epoch, e->learning_rate, e->train_loss, 100 * e->train_top1, e->val_loss, 100 * e->val_top1,
                  e->seconds, e->best ? "  best" : "");
}

static fv_error *print_result(const train_options *o, const fv_train_result *result, fv_command_call *call) {
    fv_printer *p = call->printer;
    const char *best;
    FV_TRY(fv_file_join(call->arena, o->out, "best.fovea", &best));
    fv_print_record(p);
    fv_print_text(p, "model", best);
    fv_print_int(p, "epochs", result->epochs);
    fv_print_int(p, "best_epoch", result->best.epoch);
    fv_print_number(p, "top1", result->best.val_top1);
    fv_print_number(p, "loss", result->best.val_loss);
    fv_print_number(p, "seconds", result->seconds);
    fv_print_record_end(p);
    return NULL;
}

static fv_error *run(fv_command_call *call, void *options) {
    train_options *o = options;
    FV_OWNED(fv_recipe) recipe = NULL;
    FV_TRY(fv_recipe_new(&recipe));
    FV_TRY(read_recipe(call, o, recipe));
    fv_train_options how = { .out = o->out,
                             .resume = o->resume,
                             .allow_other_isa = o->allow_other_isa,
                             .workers = o->workers,
                             .device = o->device,
                             .context = call->printer,
                             .message = say,
                             .progress = fv_terminal_bar,
                             .epoch = print_epoch,
                             .cancel = call->cancel };
    fv_train_result result;
    FV_TRY(fv_train(recipe, &how, &result));
    fv_terminal_finish();
    return print_result(o, &result, call);
}

const fv_command fv_command_train = {
    .name = "train",
    .summary = "train a network on labelled pictures",
    .arguments = "[RECIPE.yaml] --data DIR --arch NAME --out DIR [options]",
    .description =
        "Reads a folder of pictures a class (or IDX files), keeps a part for validation, trains, and leaves in the\n"
        "run's folder the best model and all that is needed to go on. Ctrl-C stops with a checkpoint and exit status\n"
        "75; --resume goes on, to the same bits as a run that was never stopped.",
    .fields = fields,
    .more = fv_recipe_fields,
    .more_offset = offsetof(train_options, keys),
    .size = sizeof(train_options),
    .stoppable = true,
    .run = run,
};
