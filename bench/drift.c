/* drift.c - times the test by maximum mean discrepancy, for bench/drift to drive: bench_drift ROWS COLUMNS PERMUTATIONS draws
 * two samples of standard normal numbers and prints the seconds it took, the largest resident size in MB, the value and its p.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

#include "core/base/memory.h"
#include "core/base/random.h"
#include "fovea/drift.h"

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static fv_error *draw(int64_t count, uint32_t stream, float **out) {
    fv_random random = fv_random_at(1, stream, 0, 0);
    FV_TRY(fv_memory_new(count, out));
    for (int64_t i = 0; i < count; i++) (*out)[i] = (float)fv_random_normal(&random);
    return NULL;
}

static fv_error *run(int64_t rows, int64_t columns, int64_t permutations) {
    float *x, *y;
    char text[64];
    struct rusage usage;
    fv_drift_value got;
    FV_TRY(draw(rows * columns, 1, &x));
    FV_TRY(draw(rows * columns, 2, &y));
    fv_drift_sample a = { .rows = rows, .columns = columns, .vectors = x },
                    b = { .rows = rows, .columns = columns, .vectors = y };
    snprintf(text, sizeof text, "mmd permutations=%lld", (long long)permutations);
    double began = now();
    FV_TRY(fv_drift_measure(text, &a, &b, &got));
    double seconds = now() - began;
    getrusage(RUSAGE_SELF, &usage);
    printf("%.3f %.0f %.9g %.4f\n", seconds, (double)usage.ru_maxrss / 1024, got.value, got.p);
    fv_memory_free(x);
    fv_memory_free(y);
    return NULL;
}

int main(int count, char **arguments) {
    char text[1000];
    if (count != 4) return fprintf(stderr, "bench_drift ROWS COLUMNS PERMUTATIONS\n"), 2;
    fv_error *error = run(strtoll(arguments[1], NULL, 10), strtoll(arguments[2], NULL, 10), strtoll(arguments[3], NULL, 10));
    if (error) fprintf(stderr, "%s\n", fv_error_format(error, text, sizeof text));
    fv_error_free(error);
    return error != NULL;
}
