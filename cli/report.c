/* report.c - fovea report: a finished run's report, made anew. */
#include "cli/command.h"
#include "cli/terminal.h"
#include "core/base/file.h"
#include "fovea/train.h"

typedef struct report_options {
    const char *run, *data, *val, *test, *targets, *device;
    int64_t workers;
} report_options;

static const fv_field fields[] = {
    FV_FIELD(report_options, run, .positional = true, .required = true, .value = "RUN",
             .help = "a folder that `fovea train --out` made"),
    FV_FIELD(report_options, data, .value = "DIR", .help = "where the pictures are now; without it where the recipe says"),
    FV_FIELD(report_options, val, .value = "DIR", .help = "likewise those to validate on, if they lie elsewhere"),
    FV_FIELD(report_options, test, .value = "DIR", .help = "pictures that the report is about"),
    FV_FIELD(report_options, targets, .value = "TARGETS", .help = "instead of the recipe's: \"top1>=0.95; size_mb<=50\""),
    FV_FIELD(report_options, workers, .by_default = "2", .min = 0, .max = 256,
             .help = "threads that decode and transform pictures"),
    FV_FIELD(report_options, device, .by_default = "cpu", .help = "where to compute"),
    FV_FIELDS_END
};

static void say(void *context, const char *line) {
    (void)context;
    fv_terminal_line("%s", line);
}

static fv_error *print(fv_command_call *call, const report_options *o) {
    const char *page, *predictions;
    FV_TRY(fv_file_join(call->arena, o->run, "report.html", &page));
    FV_TRY(fv_file_join(call->arena, o->run, "predictions.jsonl", &predictions));
    fv_print_record(call->printer);
    fv_print_text(call->printer, "report", page);
    fv_print_text(call->printer, "predictions", predictions);
    fv_print_record_end(call->printer);
    return NULL;
}

static fv_error *run(fv_command_call *call, void *raw) {
    const report_options *o = raw;
    fv_report_options options = { .data = o->data,
                                  .val = o->val,
                                  .test = o->test,
                                  .targets = o->targets,
                                  .workers = o->workers,
                                  .device = o->device,
                                  .message = say,
                                  .progress = fv_terminal_bar,
                                  .cancel = call->cancel };
    FV_TRY(fv_report_write(o->run, &options));
    fv_terminal_finish();
    return print(call, o);
}

const fv_command fv_command_report = {
    .name = "report",
    .summary = "make a run's report anew",
    .arguments = "RUN [options]",
    .description =
        "Evaluates the run's best model and writes report.html and predictions.jsonl into its folder, as `fovea train`\n"
        "does at its end. With --test the report is about those pictures. The model file stays as it is, the figures in it\n"
        "too: they are those that the training ended with.",
    .fields = fields,
    .size = sizeof(report_options),
    .stoppable = true,
    .run = run,
};
