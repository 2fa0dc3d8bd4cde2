/* Any bytes as predictions.jsonl: an error, or outcomes that are the same as themselves and can be measured. */
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/base/assert.h"
#include "experiments/run_facts.h"

/* What was read is about the pictures that it is about, and answers are counted whatever they are. */
static fv_error *look_at(const fv_run_outcomes *o, fv_arena *arena) {
    static const char *const metrics[] = { "top1", "hamming_loss", "mae" };
    const char *reason;
    fv_run_pair pair;
    double value;
    FV_TRY(fv_run_outcomes_differ(o, o, arena, &reason));
    FV_ASSERT(!reason);
    FV_TRY(fv_run_outcomes_pair(o, o, true, arena, &pair));
    return fv_metric_measure(metrics[o->kind], &pair.of[0], &value);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    char path[64];
    FV_OWNED(fv_arena) arena = NULL;
    fv_run_outcomes *outcomes;
    int file = memfd_create("predictions", 0);
    if (file < 0) return 0;
    snprintf(path, sizeof path, "/proc/self/fd/%d", file);
    fv_error *error = write(file, data, size) == (ssize_t)size ? fv_arena_new("predictions", 1 << 26, &arena) : NULL;
    if (!error && arena) error = fv_run_outcomes_read(path, arena, &outcomes);
    if (!error && arena) error = look_at(outcomes, arena);
    fv_error_free(error);
    close(file);
    return 0;
}
