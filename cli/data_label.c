/* data_label.c - fovea data label: what is true of predictions that were made earlier. */
#include "cli/command.h"
#include "cli/terminal.h"
#include "predict/log_label.h"

typedef struct label_options {
    const char *list, *log, *id, *label, *separator, *by;
    int64_t lines;
} label_options;

static const fv_field fields[] = {
    FV_FIELD(label_options, list, .positional = true, .required = true, .value = "FILE.csv",
             .help = "a row a prediction: its id, and what is true of it; CSV, TSV, or JSON-lines"),
    FV_FIELD(label_options, log, .required = true, .value = "DIR", .help = "the prediction log"),
    FV_FIELD(label_options, id, .by_default = "id", .value = "COLUMN", .help = "of the predictions' ids"),
    FV_FIELD(label_options, label, .by_default = "label", .value = "COLUMN", .help = "of the class, the classes or the number"),
    FV_FIELD(label_options, separator, .by_default = "\";\"", .help = "divides the classes of one picture"),
    FV_FIELD(label_options, by, .value = "NAME", .help = "who says so"),
    FV_FIELD(label_options, lines, .by_default = "20", .min = 0, .max = INFINITY,
             .help = "rows named that cannot be used, at most; --json names all"),
    FV_FIELDS_END
};

static fv_error *run(fv_command_call *call, void *raw) {
    const label_options *o = raw;
    fv_log_labels options = { o->id, o->label, o->separator, o->by };
    fv_log_labelled done;
    fv_printer *p = call->printer;
    FV_TRY(fv_prediction_log_label(o->log, o->list, &options, call->arena, &done));
    for (int64_t i = 0; !p->json && i < done.refused && i < o->lines; i++) fv_terminal_line("%s", done.reasons[i]);
    fv_print_record(p);
    fv_print_int(p, "rows", done.rows);
    fv_print_int(p, "labelled", done.labelled);
    fv_print_int(p, "refused", done.refused);
    if (p->json) fv_print_texts(p, "reasons", done.reasons, done.refused);
    fv_print_record_end(p);
    call->failed = done.refused > 0;
    return NULL;
}

const fv_command fv_command_data_label = {
    .name = "data label",
    .summary = "tell the prediction log what was true",
    .arguments = "FILE.csv --log DIR [options]",
    .description =
        "Ids are those of `fovea log export`. Of several labels for one prediction the last holds. Rows that cannot be\n"
        "used are named and the exit status is then 1; the others are in the log, on the disk.",
    .fields = fields,
    .size = sizeof(label_options),
    .run = run,
};
