/* find_rate.c - the learning-rate range test (Smith, arXiv 1506.01186, section 3.3): the rate grows by a constant factor from
 * step to step until the loss runs away. The loss is smoothed by a running average with bias correction; the suggestion is the
 * rate at which it falls fastest over the logarithm of the rate, below the one where it is lowest. Nothing is kept of the
 * weights. */
#include <math.h>
#include <string.h>

#include "core/base/file.h"
#include "core/base/size.h"
#include "plot/chart.h"
#include "train/trial.h"

#define STEPS 100
#define LOWEST 1e-6
#define HIGHEST 10.0
#define SMOOTHING 0.95
#define RUNAWAY 4.0 /* times the lowest loss so far */
#define FIRST 10    /* steps whose average is of too few losses */
#define REACH 5
#define BYTES_MAX (1 << 20)

typedef struct range_test {
    int64_t count;
    double rates[STEPS], losses[STEPS], smooth[STEPS];
} range_test;

static double rate_of(int64_t step) { return LOWEST * pow(HIGHEST / LOWEST, (double)step / (STEPS - 1)); }

static fv_error *run(fv_trial *trial, range_test *r) {
    double average = 0, least = INFINITY;
    while (r->count < STEPS && !fv_trainer_cancelled(trial->trainer)) {
        int64_t i = r->count;
        const fv_batch *batch;
        r->rates[i] = rate_of(i);
        FV_TRY(fv_trial_batch(trial, &batch));
        FV_TRY(fv_trial_step(trial, batch, r->rates[i], &r->losses[i]));
        average = SMOOTHING * average + (1 - SMOOTHING) * r->losses[i];
        r->smooth[i] = average / (1 - pow(SMOOTHING, (double)i + 1));
        if (!isfinite(r->smooth[i]) || (i > 0 && r->smooth[i] > RUNAWAY * least)) break;
        least = fmin(least, r->smooth[i]);
        r->count++;
        fv_progress progress = { .what = "rates", .done = i + 1, .count = STEPS, .loss = r->smooth[i] };
        if (trial->trainer->options->progress) trial->trainer->options->progress(trial->trainer->options->context, &progress);
    }
    return NULL;
}

/* Where the smoothed loss falls most over 2·REACH steps, between the first steps, whose average is of few, and its lowest
 * point. −1 where nothing falls: by less than a hundredth. */
static int64_t steepest(const range_test *r) {
    int64_t low = 0, best = -1;
    double most = 0;
    for (int64_t i = 1; i < r->count; i++)
        if (r->smooth[i] < r->smooth[low]) low = i;
    for (int64_t i = FIRST + REACH; i + REACH <= low; i++) {
        double fall = r->smooth[i - REACH] - r->smooth[i + REACH];
        if (fall > most) most = fall, best = i;
    }
    return best >= 0 && r->smooth[low] < 0.99 * r->smooth[FIRST] ? best : -1;
}

static fv_error *write_table(const fv_trainer *t, const range_test *r, const char **path) {
    FV_TEXT(text, BYTES_MAX);
    fv_text_add(&text, "step,learning_rate,loss,smooth_loss\n");
    for (int64_t i = 0; i < r->count; i++)
        fv_text_addf(&text, "%lld,%.9g,%.9g,%.9g\n", (long long)i, r->rates[i], r->losses[i], r->smooth[i]);
    FV_TRY(fv_text_error(&text));
    FV_TRY(fv_file_make_folder(t->options->out));
    FV_TRY(fv_file_join(t->arena, t->options->out, "rates.csv", path));
    return fv_file_write(*path, text.at, text.length, NULL);
}

static fv_error *write_plot(const fv_trainer *t, const range_test *r, int64_t at, const char **path) {
    FV_TEXT(svg, BYTES_MAX);
    FV_TEXT(mark, 64);
    if (at >= 0) fv_text_addf(&mark, "%.2g", r->rates[at]);
    const fv_series series[] = { { .name = "loss", .count = r->count, .x = r->rates, .y = r->losses },
                                 { .name = "smoothed", .count = r->count, .x = r->rates, .y = r->smooth } };
    fv_line_chart chart = { .title = "Loss by learning rate",
                            .x_label = "learning rate",
                            .y_label = "loss",
                            .count = 2,
                            .series = series,
                            .log_x = true };
    if (at >= 0) chart.mark = mark.at, chart.mark_x = r->rates[at], chart.mark_y = r->smooth[at];
    FV_TRY(fv_plot_lines(&chart, FV_PLOT_SVG, &svg));
    FV_TRY(fv_text_error(&svg));
    FV_TRY(fv_file_join(t->arena, t->options->out, "rates.svg", path));
    return fv_file_write(*path, svg.at, svg.length, NULL);
}

/* Nothing to find where the loss does not fall before it runs away. */
static fv_error *suggest(const fv_trainer *t, const range_test *r) {
    int64_t at = steepest(r);
    const char *table = NULL, *plot = NULL;
    if (t->options->out) {
        FV_TRY(write_table(t, r, &table));
        FV_TRY(write_plot(t, r, at, &plot));
    }
    if (table) fv_trainer_say(t, "rates: %s and %s", table, plot);
    if (at < 0)
        return fv_error_hint(fv_fail(FV_FORMAT, "the loss falls at no rate between %g and %g", LOWEST, r->rates[r->count - 1]),
                             "--overfit-batch tells whether the network can learn these pictures at all");
    fv_trainer_say(t, "suggestion: learning_rate: %.2g, where the loss falls fastest (tried %g to %g in %lld steps)",
                   r->rates[at], r->rates[0], r->rates[r->count - 1], (long long)r->count);
    return NULL;
}

fv_error *fv_trainer_find_rate(const fv_trainer *t) {
    fv_trial trial;
    range_test *r;
    FV_TRY(fv_arena_take(t->arena, 1, &r));
    FV_TRY(fv_trial_begin(t, &trial));
    fv_error *error = run(&trial, r);
    fv_trial_end(&trial);
    FV_TRY(error);
    if (fv_trainer_cancelled(t)) return fv_fail(FV_CANCELLED, "stopped; nothing was kept");
    if (!r->count) return fv_fail(FV_FORMAT, "the loss is not finite from the first step on, at a rate of %g", LOWEST);
    return suggest(t, r);
}
