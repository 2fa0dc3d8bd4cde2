/* log_runs.c - logs a few runs into a workspace, for tests/scripts/runs.sh: log_runs FOLDER */
#include <math.h>
#include <stdio.h>

#include "fovea/runs.h"

static fv_error *log_run(fv_registry *registry, const char *name, const char *arch, double top1, fv_run_status status) {
    fv_run run;
    fv_key_value params[] = { { "arch", arch }, { "epochs", "2" } };
    fv_metric_point points[] = { { .key = "top1", .value = top1 / 2, .step = 1, .direction = 1 },
                                 { .key = "top1", .value = top1, .step = 2 },
                                 { .key = "val loss", .value = 2 * (1 - top1), .step = 1, .direction = -1 },
                                 { .key = "val loss", .value = isnan(top1) ? INFINITY : 1 - top1, .step = 2 } };
    fv_run_batch batch = { .params = params, .param_count = 2, .metrics = points, .metric_count = 4 };
    FV_TRY(fv_run_start(registry, &(fv_run_options){ .experiment = "cells/first", .name = name }, &run));
    FV_TRY(fv_run_log(registry, &run, &batch, NULL));
    return status == FV_RUN_RUNNING ? NULL : fv_run_end(registry, &run, status, NULL);
}

static fv_error *log_all(const char *folder) {
    FV_OWNED(fv_registry) registry = NULL;
    FV_TRY(fv_registry_open(folder, NULL, &registry));
    FV_TRY(log_run(registry, "a", "resnet18", 0.75, FV_RUN_FINISHED));
    FV_TRY(log_run(registry, "b", "resnet50", 0.875, FV_RUN_FINISHED));
    FV_TRY(log_run(registry, "c, \"quoted\"", "lenet", NAN, FV_RUN_FAILED));
    return log_run(registry, "d", "resnet18", 0.5, FV_RUN_RUNNING);
}

int main(int count, char **arguments) {
    char text[1000];
    fv_error *error = count == 2 ? log_all(arguments[1]) : fv_fail(FV_USAGE, "log_runs FOLDER");
    if (error) fprintf(stderr, "%s\n", fv_error_format(error, text, sizeof text));
    fv_error_free(error);
    return error != NULL;
}
