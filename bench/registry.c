/* registry.c - how fast runs are written and found, for bench/registry to drive:
 *
 *   bench_registry write FOLDER THREADS METRICS SECONDS   batches a second, each on the disk, beside the disk's own fsync
 *   bench_registry fill FOLDER RUNS STEPS                 runs of 10 metrics over so many steps, 5 parameters, 2 tags
 *   bench_registry search FOLDER FILTER ORDER LIMIT TIMES a search, so many times
 *
 * Answers are lines "name value". */
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/base/random.h"
#include "fovea/runs.h"

#define THREADS_MAX 64
#define METRICS_MAX 100
#define SAMPLES_MAX 1000000

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int compare(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void print_times(const char *name, double *seconds, int64_t count) {
    qsort(seconds, (size_t)count, sizeof *seconds, compare);
    printf("%s_ms %.3f\n%s_p99_ms %.3f\n", name, 1e3 * seconds[count / 2], name, 1e3 * seconds[(count * 99) / 100]);
}

/* ---- the disk ---- */

/* A page more and fdatasync, as a commit does at the least. */
static fv_error *measure_fsync(const char *folder) {
    static char page[4096];
    double seconds[100];
    char path[4096];
    snprintf(path, sizeof path, "%s/fsync", folder);
    int file = open(path, O_CREAT | O_WRONLY | O_TRUNC, 0600);
    bool well = file >= 0;
    for (int i = 0; well && i < 100; i++) {
        double begin = now();
        well = write(file, page, sizeof page) == sizeof page && !fdatasync(file);
        seconds[i] = now() - begin;
    }
    if (file >= 0) close(file);
    unlink(path);
    if (!well) return fv_fail(FV_IO, "cannot write %s", path);
    print_times("fsync", seconds, 100);
    return NULL;
}

/* What this process has caused to be written to disks. */
static int64_t bytes_written(void) {
    char line[128];
    long long bytes = 0;
    FILE *file = fopen("/proc/self/io", "r");
    while (file && fgets(line, sizeof line, file) && sscanf(line, "write_bytes: %lld", &bytes) != 1) continue;
    if (file) fclose(file);
    return bytes;
}

/* ---- writing ---- */

typedef struct writer {
    fv_registry *registry;
    fv_run run;
    int64_t metrics, batches;
    double end, *seconds;
    fv_error *error;
} writer;

static void *write_batches(void *context) {
    writer *w = context;
    fv_metric_point points[METRICS_MAX];
    static const char *const names[] = { "loss", "top1", "top5",   "recall", "precision",
                                         "rate", "time", "memory", "norm",   "scale" };
    char keys[METRICS_MAX][32];
    for (int64_t i = 0; i < w->metrics; i++) snprintf(keys[i], sizeof keys[i], "%s/%d", names[i % 10], (int)i / 10);
    while (!w->error && now() < w->end && w->batches < SAMPLES_MAX / THREADS_MAX) {
        double begin = now();
        for (int64_t i = 0; i < w->metrics; i++)
            points[i] = (fv_metric_point){ .key = keys[i], .value = 1. / (double)(w->batches + i + 1), .step = w->batches };
        fv_run_batch batch = { .metrics = points, .metric_count = w->metrics };
        w->error = fv_run_log(w->registry, &w->run, &batch, NULL);
        w->seconds[w->batches++] = now() - begin;
    }
    return NULL;
}

static fv_error *write_runs(const char *folder, int64_t threads, int64_t metrics, double length) {
    FV_OWNED(fv_registry) registry = NULL;
    static double seconds[SAMPLES_MAX];
    writer writers[THREADS_MAX] = { 0 };
    pthread_t ids[THREADS_MAX];
    int64_t batches = 0;
    fv_error *error = NULL;
    FV_TRY(fv_registry_open(folder, NULL, &registry));
    FV_TRY(measure_fsync(folder));
    int64_t bytes = bytes_written();
    double begin = now();
    for (int64_t i = 0; i < threads; i++) {
        writers[i] = (writer){ .registry = registry, .metrics = metrics, .end = begin + length };
        writers[i].seconds = seconds + i * (SAMPLES_MAX / THREADS_MAX);
        FV_TRY(fv_run_start(registry, &(fv_run_options){ .experiment = "bench" }, &writers[i].run));
    }
    for (int64_t i = 0; i < threads; i++) pthread_create(&ids[i], NULL, write_batches, &writers[i]);
    for (int64_t i = 0; i < threads; i++) {
        pthread_join(ids[i], NULL);
        memmove(seconds + batches, writers[i].seconds, (size_t)writers[i].batches * sizeof *seconds);
        batches += writers[i].batches;
        if (!error)
            error = writers[i].error;
        else
            fv_error_free(writers[i].error);
    }
    FV_TRY(error);
    printf("batches_per_second %.1f\n", (double)batches / (now() - begin));
    printf("bytes_per_batch %lld\n", (long long)((bytes_written() - bytes) / batches));
    print_times("batch", seconds, batches);
    return measure_fsync(folder);
}

/* ---- finding ---- */

static fv_error *fill_run(fv_registry *registry, int64_t number, int64_t steps) {
    static const char *const archs[] = { "resnet18", "resnet50", "mobilenet_v2", "lenet" };
    fv_metric_point *points = calloc((size_t)steps * 10, sizeof *points); /* freed below; a benchmark of our own */
    char name[32], rate[32], batch_size[32], keys[10][8];
    fv_run run;
    snprintf(name, sizeof name, "run-%lld", (long long)number);
    snprintf(rate, sizeof rate, "%g", 0.1 / (double)(1 + number % 20));
    snprintf(batch_size, sizeof batch_size, "%d", 16 << number % 4);
    fv_key_value params[] = { { "arch", archs[number % 4] },
                              { "learning_rate", rate },
                              { "batch", batch_size },
                              { "optimizer", number % 3 ? "sgd" : "adamw" },
                              { "epochs", "30" } };
    fv_key_value tags[] = { { "team", number % 2 ? "red" : "blue" }, { "stage", number % 7 ? "trial" : "kept" } };
    for (int m = 0; m < 10; m++) snprintf(keys[m], sizeof keys[m], "m%d", m);
    for (int64_t i = 0; i < steps * 10; i++) {
        uint64_t mixed = (uint64_t)(number * 7919 + i % 10 * 104729 + i / 10 * 31) * UINT64_C(0x9E3779B97F4A7C15);
        points[i] = (fv_metric_point){ .key = keys[i % 10], .step = i / 10, .value = (double)(mixed >> 11) * 0x1p-53 };
    }
    fv_error *error = fv_run_start(registry, &(fv_run_options){ .experiment = "bench/search", .name = name }, &run);
    fv_run_batch batch = {
        .metrics = points, .metric_count = steps * 10, .params = params, .param_count = 5, .tags = tags, .tag_count = 2
    };
    if (!error) error = fv_run_log(registry, &run, &batch, NULL);
    if (!error) error = fv_run_end(registry, &run, FV_RUN_FINISHED, NULL);
    free(points);
    return error;
}

#define FILLERS 16 /* threads, which share their fsyncs */

typedef struct filler {
    fv_registry *registry;
    int64_t number, runs, steps;
    fv_error *error;
} filler;

static void *fill_some(void *context) {
    filler *f = context;
    for (int64_t i = f->number; i < f->runs && !f->error; i += FILLERS) f->error = fill_run(f->registry, i, f->steps);
    return NULL;
}

static fv_error *fill(const char *folder, int64_t runs, int64_t steps) {
    FV_OWNED(fv_registry) registry = NULL;
    filler fillers[FILLERS];
    pthread_t ids[FILLERS];
    fv_error *error = NULL;
    FV_TRY(fv_registry_open(folder, NULL, &registry));
    double begin = now();
    for (int64_t i = 0; i < FILLERS; i++) {
        fillers[i] = (filler){ .registry = registry, .number = i, .runs = runs, .steps = steps };
        pthread_create(&ids[i], NULL, fill_some, &fillers[i]);
    }
    for (int64_t i = 0; i < FILLERS; i++) {
        pthread_join(ids[i], NULL);
        if (!error)
            error = fillers[i].error;
        else
            fv_error_free(fillers[i].error);
    }
    FV_TRY(error);
    printf("runs_per_second %.1f\n", (double)runs / (now() - begin));
    return NULL;
}

static fv_error *search(const char *folder, const char *filter, const char *order, int64_t limit, int64_t times) {
    FV_OWNED(fv_registry) registry = NULL;
    static double seconds[SAMPLES_MAX];
    fv_registry_options options = { .read_only = true };
    fv_runs_query query = { .filter = *filter ? filter : NULL, .order_by = *order ? order : NULL, .limit = limit };
    FV_TRY(fv_registry_open(folder, &options, &registry));
    for (int64_t i = 0; i < times; i++) {
        fv_run_list list;
        double begin = now();
        FV_TRY(fv_runs_search(registry, &query, &list));
        seconds[i] = now() - begin;
        if (!i) printf("first_ms %.3f\nfound %lld\n", 1e3 * seconds[i], (long long)list.count);
        fv_run_list_release(&list);
    }
    print_times("search", seconds, times);
    return NULL;
}

static fv_error *run(int count, char **a) {
    if (count == 6 && !strcmp(a[1], "write"))
        return write_runs(a[2], strtoll(a[3], NULL, 10), strtoll(a[4], NULL, 10), strtod(a[5], NULL));
    if (count == 5 && !strcmp(a[1], "fill")) return fill(a[2], strtoll(a[3], NULL, 10), strtoll(a[4], NULL, 10));
    if (count == 7 && !strcmp(a[1], "search"))
        return search(a[2], a[3], a[4], strtoll(a[5], NULL, 10), strtoll(a[6], NULL, 10));
    return fv_fail(FV_USAGE, "bench_registry write|fill|search FOLDER …: see bench/registry.c");
}

int main(int count, char **arguments) {
    char text[2048];
    fv_error *error = run(count, arguments);
    if (error) fprintf(stderr, "%s\n", fv_error_format(error, text, sizeof text));
    fv_error_free(error);
    return error != NULL;
}
