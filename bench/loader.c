/* loader.c - runs a loader's epochs, for bench/loader to drive: bench_loader FOLDER MODE BATCH WORKERS TRANSFORMS, then a line
 * on standard input for each epoch, answered with its pictures and its seconds by the clock and of processor time, all threads
 * together. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "fovea/data.h"

static double now(clockid_t clock) {
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static fv_error *run_epoch(fv_loader *loader, int64_t epoch) {
    double wall = now(CLOCK_MONOTONIC), processor = now(CLOCK_PROCESS_CPUTIME_ID);
    int64_t pictures = 0;
    FV_TRY(fv_loader_start(loader, epoch, 0));
    for (const fv_batch *batch;;) {
        FV_TRY(fv_loader_next(loader, &batch));
        if (!batch) break;
        pictures += batch->count;
    }
    wall = now(CLOCK_MONOTONIC) - wall;
    processor = now(CLOCK_PROCESS_CPUTIME_ID) - processor;
    printf("%lld %.9f %.9f\n", (long long)pictures, wall, processor);
    fflush(stdout);
    return NULL;
}

static fv_error *run(char **arguments) {
    FV_OWNED(fv_dataset) set = NULL;
    FV_OWNED(fv_subset) all = NULL;
    FV_OWNED(fv_transforms) transforms = NULL;
    FV_OWNED(fv_loader) loader = NULL;
    FV_TRY(fv_dataset_open(arguments[0], NULL, &set));
    FV_TRY(fv_subset_part(set, NULL, &all));
    FV_TRY(fv_transforms_parse(arguments[4], &transforms));
    fv_loader_options options = { .mode = strcmp(arguments[1], "training") ? FV_EVALUATION : FV_TRAINING,
                                  .batch = strtoll(arguments[2], NULL, 10),
                                  .workers = strtoll(arguments[3], NULL, 10) };
    FV_TRY(fv_loader_new(all, transforms, &options, &loader));
    char line[16];
    for (int64_t epoch = 0; fgets(line, sizeof line, stdin); epoch++) FV_TRY(run_epoch(loader, epoch));
    return NULL;
}

int main(int count, char **arguments) {
    if (count != 6) {
        fprintf(stderr, "bench_loader FOLDER training|evaluation BATCH WORKERS TRANSFORMS\n");
        return 2;
    }
    fv_error *error = run(arguments + 1);
    if (error) fprintf(stderr, "%s\n", fv_error_message(error));
    fv_error_free(error);
    return error != NULL;
}
