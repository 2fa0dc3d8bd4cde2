/* open_model.c - what opening a model costs: processor milliseconds of fv_model_load, by fovea-reader, and of fv_model_decode
 * on the file's bytes, in this process, taken in turns.
 *
 *     cmake --build --preset release --target bench_open_model
 *     build/release/bin/bench_open_model ROUNDS MODEL… */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "core/base/file.h"
#include "core/formats/model_file.h"

static double used_by(int whom) {
    struct rusage u;
    getrusage(whom, &u);
    return 1e3 * (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) + 1e-3 * (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec);
}

static double used(void) { return used_by(RUSAGE_SELF) + used_by(RUSAGE_CHILDREN); }

static fv_error *decode(const char *path) {
    FV_OWNED(fv_model) model = NULL;
    uint8_t *bytes;
    int64_t length;
    FV_TRY(fv_file_read(path, FV_MODEL_BYTES_MAX, &bytes, &length));
    fv_error *error = fv_model_decode(bytes, length, path, &model);
    fv_memory_free(bytes);
    return error;
}

static fv_error *load(const char *path) {
    FV_OWNED(fv_model) model = NULL;
    return fv_model_load(path, &model);
}

static fv_error *measure(const char *path, int rounds) {
    double apart = 0, here = 0;
    for (int i = -1; i < rounds; i++) { /* the first is not counted */
        double a = used();
        FV_TRY(load(path));
        double b = used();
        FV_TRY(decode(path));
        if (i >= 0) apart += b - a, here += used() - b;
    }
    printf("%s: %.2f ms by the reader, %.2f ms in this process\n", path, apart / rounds, here / rounds);
    return NULL;
}

int main(int count, char **arguments) {
    if (count < 3) return 2;
    for (int i = 2; i < count; i++) {
        char text[1024];
        fv_error *error = measure(arguments[i], (int)strtol(arguments[1], NULL, 10));
        if (error) return fputs(fv_error_format(error, text, sizeof text), stderr), 1;
    }
    return 0;
}
