/* log.c - fovea log: what the prediction log holds, and the log as text. */
#include <time.h>

#include "cli/command.h"
#include "cli/when.h"
#include "fovea/prediction_log.h"

/* ---- show ---- */

typedef struct show_options {
    const char *folder;
} show_options;

static const fv_field show_fields[] = { FV_FIELD(show_options, folder, .positional = true, .required = true, .value = "DIR",
                                                 .help = "the log's folder"),
                                        FV_FIELDS_END };

static fv_error *run_show(fv_command_call *call, void *raw) {
    const show_options *o = raw;
    fv_printer *p = call->printer;
    FV_OWNED(fv_log_reader) reader = NULL;
    fv_log_entry entry;
    int64_t first = INT64_MAX, last = INT64_MIN, pictures = 0;
    FV_TRY(fv_log_reader_open(o->folder, &reader));
    do {
        FV_TRY(fv_log_reader_next(reader, &entry));
        if (!entry.prediction) continue;
        pictures += entry.prediction->picture != NULL;
        if (entry.prediction->time_us < first) first = entry.prediction->time_us;
        if (entry.prediction->time_us > last) last = entry.prediction->time_us;
    } while (entry.prediction || entry.truth);
    fv_log_health health = fv_log_reader_health(reader);
    char when[FV_WHEN_LETTERS];
    fv_print_record(p);
    fv_print_int(p, "files", health.files);
    fv_print_int(p, "predictions", health.predictions);
    fv_print_int(p, "labels", health.truths);
    fv_print_int(p, "pictures", pictures);
    fv_print_text(p, "first", health.predictions ? fv_when(first / 1000, when) : NULL);
    fv_print_text(p, "last", health.predictions ? fv_when(last / 1000, when) : NULL);
    fv_print_int(p, "torn_bytes", health.torn);
    fv_print_int(p, "damaged_bytes", health.damaged);
    fv_print_record_end(p);
    return NULL;
}

const fv_command fv_command_log_show = {
    .name = "log show",
    .summary = "say what a prediction log holds",
    .arguments = "DIR",
    .description =
        "Reads all of it, also while it is written. Torn bytes are the end of a file whose writer was killed, or is just\n"
        "writing; damaged ones are between whole records, which are still read.",
    .fields = show_fields,
    .size = sizeof(show_options),
    .run = run_show,
};

/* ---- export ---- */

typedef struct export_options {
    const char *folder, *out;
} export_options;

static const fv_field export_fields[] = {
    FV_FIELD(export_options, folder, .positional = true, .required = true, .value = "DIR", .help = "the log's folder"),
    FV_FIELD(export_options, out, .flag = "o", .required = true, .value = "FILE",
             .help = "FILE.jsonl (all that is known) or FILE.csv (without top and sketch)"),
    FV_FIELDS_END
};

static fv_error *run_export(fv_command_call *call, void *raw) {
    const export_options *o = raw;
    fv_log_health health;
    FV_TRY(fv_prediction_log_export(o->folder, o->out, &health));
    fv_print_record(call->printer);
    fv_print_text(call->printer, "out", o->out);
    fv_print_int(call->printer, "predictions", health.predictions);
    fv_print_int(call->printer, "labels", health.truths);
    fv_print_int(call->printer, "damaged_bytes", health.damaged);
    fv_print_record_end(call->printer);
    return NULL;
}

const fv_command fv_command_log_export = {
    .name = "log export",
    .summary = "write a prediction log as JSON-lines or CSV",
    .arguments = "DIR --out FILE",
    .description = "A line a prediction, in the order they were made, with what was told of it later.",
    .fields = export_fields,
    .size = sizeof(export_options),
    .run = run_export,
};
