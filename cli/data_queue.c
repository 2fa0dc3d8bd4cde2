/* data_queue.c - fovea data queue: what to label next. */
#include <math.h>
#include <time.h>

#include "cli/command.h"
#include "experiments/drift_reference.h"
#include "experiments/queue.h"

typedef struct queue_options {
    const char *log, *out, *model, *profile, *key, *workspace, *device;
    int64_t count;
    double hours;
    int by; /* fv_queue_by */
    bool copy;
} queue_options;

static const fv_field fields[] = {
    FV_FIELD(queue_options, log, .required = true, .value = "DIR", .help = "the prediction log"),
    FV_FIELD(queue_options, out, .flag = "o", .required = true, .value = "DIR",
             .help = "a new folder: the pictures, and queue.csv, whose column label is to be filled"),
    FV_FIELD(queue_options, count, .by_default = "100", .flag = "n", .min = 1, .max = 100000, .help = "how many, at most"),
    FV_FIELD(queue_options, by, .by_default = "mixed", .names = FV_QUEUE_BY_NAMES,
             .help =
                 "those that the model is least sure of, those furthest from its reference profile, those unlike all that are "
                 "labelled and queued; mixed: in turn"),
    FV_FIELD(queue_options, model, .flag = "m", .value = "MODEL",
             .help = "whose predictions alone, and whose reference profile; without it all, and none is queued as drifted"),
    FV_FIELD(queue_options, profile, .value = "FILE", .help = "the reference profile; without it the model's own"),
    FV_FIELD(queue_options, key, .value = "KEY", .help = "those with this key alone"),
    FV_FIELD(queue_options, hours, .by_default = "0", .min = 0, .max = INFINITY, .help = "those not older; 0: all"),
    FV_FIELD(queue_options, copy, .by_default = "false", .help = "copy the pictures; without it they are linked to"),
    FV_FIELD(queue_options, workspace, .value = "DIR", .help = FV_WORKSPACE_HELP),
    FV_FIELD(queue_options, device, .by_default = "cpu", .help = "where the model's self-test computes"),
    FV_FIELDS_END
};

static fv_error *fill(fv_command_call *call, const queue_options *o, const fv_drift_subject *subject) {
    fv_queue_options how = { .choice = { .digest = subject->digest, .key = o->key },
                             .by = (fv_queue_by)o->by,
                             .count = o->count };
    fv_drift_profile profile;
    fv_queue queue;
    fv_printer *p = call->printer;
    if (o->hours > 0) how.choice.since_us = (int64_t)(((double)time(NULL) - o->hours * 3600) * 1e6);
    if (o->model || o->profile) {
        FV_TRY(fv_drift_profile_load(subject, o->profile, call->arena, &profile));
        how.profile = &profile;
    }
    FV_TRY(fv_queue_make(o->log, &how, call->arena, &queue));
    FV_TRY(fv_queue_write(&queue, o->out, o->copy));
    fv_print_record(p);
    fv_print_text(p, "out", o->out);
    fv_print_int(p, "queued", queue.count);
    fv_print_int(p, "candidates", queue.candidates);
    fv_print_int(p, "labelled", queue.labelled);
    fv_print_int(p, "gone", queue.gone);
    fv_print_record_end(p);
    return NULL;
}

static fv_error *run(fv_command_call *call, void *raw) {
    const queue_options *o = raw;
    fv_drift_subject subject = { 0 };
    if (o->model) FV_TRY(fv_drift_subject_open(o->model, o->workspace, o->device, call->arena, &subject));
    fv_error *error = fill(call, o, &subject);
    fv_drift_subject_release(&subject);
    return error;
}

const fv_command fv_command_data_queue = {
    .name = "data queue",
    .summary = "gather the predictions that are most worth a label",
    .arguments = "--log DIR --out DIR [options]",
    .description =
        "Of predictions without a label, one a picture, whose picture is a file still. Fill the column label of queue.csv and\n"
        "give it to `fovea data label queue.csv --log DIR`.",
    .fields = fields,
    .size = sizeof(queue_options),
    .run = run,
};
