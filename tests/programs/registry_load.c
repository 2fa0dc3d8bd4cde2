/* registry_load.c - one process of tests/soak/registry.py: works on a workspace until it is killed or its standard input ends.
 *
 *   registry_load write FOLDER NUMBER   logs batches of 10 metrics into a run, and now and then a file; takes up runs that are
 *                                       lost. A line each on standard output once it is acknowledged:
 *                                       "take RUN STEPS", "ack RUN STEP MS", "file RUN NUMBER MS"
 *   registry_load read FOLDER NUMBER    searches, and reads a run whole: of its 10 metrics each has the same steps, from 0 on.
 *                                       "read RUNS MS"
 *   registry_load check FOLDER          what fsck finds and is not harmless, a line each
 *
 * The first two take SECONDS behind it, which they wait for others at most. What goes wrong is a line "error …" and exit
 * status 3. */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "fovea/care.h"
#include "fovea/runs.h"

#define METRICS 10
#define STEPS_A_RUN 200
#define STEPS_A_FILE 25

static const char *const keys[METRICS] = { "a", "b", "c", "d", "e", "f", "g", "h", "i", "j" };

static double now_ms(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec * 1e-6;
}

static bool told_to_end(void) {
    struct pollfd in = { .fd = STDIN_FILENO, .events = POLLIN };
    return poll(&in, 1, 0) > 0;
}

/* ---- writing ---- */

typedef struct writer {
    fv_registry *registry;
    fv_run run;
    int64_t step;
    char file[600];
} writer;

/* A run that nobody writes any more: behind the steps that it has. `*taken` false: another process was faster. */
static fv_error *take_up(writer *w, const char *id, bool *taken) {
    fv_metric_history history = { 0 };
    fv_error *error = fv_run_resume(w->registry, id, &w->run);
    *taken = !error;
    if (error && fv_error_code(error) == FV_BUSY) return fv_error_free(error), NULL;
    FV_TRY(error);
    error = fv_run_history(w->registry, id, keys[METRICS - 1], 0, &history);
    if (error && fv_error_code(error) == FV_NOT_FOUND) fv_error_free(error), error = NULL; /* it had no steps */
    FV_TRY(error);
    w->step = history.count;
    fv_metric_history_release(&history);
    printf("take %s %lld\n", w->run.id, (long long)w->step);
    return NULL;
}

static fv_error *begin_run(writer *w) {
    fv_run_list lost;
    bool taken = false;
    fv_runs_query query = { .filter = "status = 'lost'", .order_by = "start_time", .limit = 1 };
    FV_TRY(fv_runs_search(w->registry, &query, &lost));
    fv_error *error = lost.count ? take_up(w, lost.rows[0].id, &taken) : NULL;
    fv_run_list_release(&lost);
    if (error || taken) return error;
    w->step = 0;
    FV_TRY(fv_run_start(w->registry, &(fv_run_options){ .experiment = "soak" }, &w->run));
    printf("take %s 0\n", w->run.id);
    return NULL;
}

static fv_error *log_step(writer *w) {
    fv_metric_point points[METRICS];
    double begin = now_ms();
    for (int i = 0; i < METRICS; i++)
        points[i] = (fv_metric_point){ .key = keys[i], .value = (double)(w->step + i), .step = w->step };
    FV_TRY(fv_run_log(w->registry, &w->run, &(fv_run_batch){ .metrics = points, .metric_count = METRICS }, NULL));
    printf("ack %s %lld %.3f\n", w->run.id, (long long)w->step, now_ms() - begin);
    w->step++;
    return NULL;
}

static fv_error *keep_file(writer *w) {
    char path[32];
    double begin = now_ms();
    FILE *file = fopen(w->file, "w");
    if (!file || fprintf(file, "%s %lld\n", w->run.id, (long long)w->step) < 0 || fclose(file))
        return fv_fail(FV_IO, "cannot write %s", w->file);
    snprintf(path, sizeof path, "state/%lld", (long long)w->step);
    FV_TRY(fv_run_keep_file(w->registry, &w->run, path, w->file, "text/plain"));
    printf("file %s %lld %.3f\n", w->run.id, (long long)w->step, now_ms() - begin);
    return NULL;
}

static fv_error *write_on(fv_registry *registry, const char *folder, const char *number) {
    writer w = { .registry = registry };
    snprintf(w.file, sizeof w.file, "%s/state-%s", folder, number);
    FV_TRY(begin_run(&w));
    while (!told_to_end()) {
        FV_TRY(log_step(&w));
        if (w.step % STEPS_A_FILE == 0) FV_TRY(keep_file(&w));
        if (w.step < STEPS_A_RUN) continue;
        FV_TRY(fv_run_end(registry, &w.run, FV_RUN_FINISHED, NULL));
        FV_TRY(begin_run(&w));
    }
    return fv_run_end(registry, &w.run, FV_RUN_STOPPED, NULL);
}

/* ---- reading ---- */

static fv_error *check_run(fv_registry *registry, const fv_run_row *run) {
    int64_t count = run->metric_count ? run->metrics[0].count : 0;
    if (run->metric_count && run->metric_count != METRICS) return fv_fail(FV_BUG, "a batch is in the run %s by half", run->id);
    for (int64_t i = 0; i < run->metric_count; i++) {
        const fv_metric_summary *m = &run->metrics[i];
        if (m->count != count || m->last_step != count - 1)
            return fv_fail(FV_BUG, "the run %s has %lld of %s and %lld of %s", run->id, (long long)m->count, m->key,
                           (long long)count, run->metrics[0].key);
    }
    if (!count) return NULL;
    fv_metric_history history;
    FV_TRY(fv_run_history(registry, run->id, keys[count % METRICS], 0, &history)); /* it may have more by now */
    fv_error *error = history.count < count ? fv_fail(FV_BUG, "the run %s has lost points", run->id) : NULL;
    for (int64_t i = 0; i < history.count && !error; i++)
        if (history.steps[i] != i) error = fv_fail(FV_BUG, "the run %s has no step %lld", run->id, (long long)i);
    fv_metric_history_release(&history);
    return error;
}

static fv_error *read_on(fv_registry *registry) {
    fv_runs_query query = { .experiment = "soak", .filter = "metrics.a >= 0", .order_by = "metrics.b desc", .limit = 20 };
    while (!told_to_end()) {
        fv_run_list list;
        double begin = now_ms();
        FV_TRY(fv_runs_search(registry, &query, &list));
        fv_error *error = NULL;
        for (int64_t i = 0; i < list.count && !error; i++) error = check_run(registry, &list.rows[i]);
        int64_t count = list.count;
        fv_run_list_release(&list);
        FV_TRY(error);
        printf("read %lld %.3f\n", (long long)count, now_ms() - begin);
    }
    return NULL;
}

/* ---- checking ---- */

static fv_error *check(const char *folder) {
    FV_OWNED(fv_registry) registry = NULL;
    fv_fsck found;
    FV_TRY(fv_registry_open(folder, &(fv_registry_options){ .read_only = true }, &registry));
    FV_TRY(fv_registry_fsck(registry, false, NULL, &found));
    for (int64_t i = 0; i < found.count; i++)
        if (!found.at[i].harmless)
            printf("error %s %s: %s\n", fv_finding_name(found.at[i].kind), found.at[i].subject, found.at[i].text);
    bool well = !found.wrong;
    fv_fsck_release(&found);
    return well ? NULL : fv_fail(FV_FORMAT, "the workspace is damaged");
}

static fv_error *work(int count, char **arguments) {
    FV_OWNED(fv_registry) registry = NULL;
    if (count == 3 && !strcmp(arguments[1], "check")) return check(arguments[2]);
    if (count != 4 && count != 5) return fv_fail(FV_USAGE, "registry_load write|read FOLDER NUMBER [SECONDS], or check FOLDER");
    bool writes = !strcmp(arguments[1], "write");
    fv_registry_options options = { .read_only = !writes, .wait_seconds = count == 5 ? strtod(arguments[4], NULL) : 0 };
    FV_TRY(fv_registry_open(arguments[2], &options, &registry));
    return writes ? write_on(registry, arguments[2], arguments[3]) : read_on(registry);
}

int main(int count, char **arguments) {
    char text[1000];
    setvbuf(stdout, NULL, _IOLBF, 0);
    fv_error *error = work(count, arguments);
    if (error) printf("error %s: %s\n", fv_code_name(fv_error_code(error)), fv_error_format(error, text, sizeof text));
    fv_error_free(error);
    return error ? 3 : 0;
}
