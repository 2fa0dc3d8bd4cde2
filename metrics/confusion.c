/* shared: the confusion matrix, and what is read from it: figures of each class, the pairs most often confused; and the same
 * figures of labels. */
#include <math.h>
#include <string.h>

#include "metrics/metric.h"

fv_error *fv_confusion_new(int64_t classes, fv_arena *arena, fv_confusion *out, int64_t **cells) {
    int64_t *sums = NULL;
    FV_TRY(fv_arena_take(arena, classes * classes, cells));
    FV_TRY(fv_arena_take(arena, 2 * classes, &sums));
    *out = (fv_confusion){ .classes = classes, .cells = *cells, .support = sums, .answers = sums + classes };
    return NULL;
}

/* The sums are the matrix's own, and constant for all but this. */
void fv_confusion_sum(fv_confusion *confusion) {
    int64_t classes = confusion->classes, *support = (int64_t *)confusion->support, *answers = (int64_t *)confusion->answers;
    memset(support, 0, (size_t)(2 * classes) * sizeof *support);
    confusion->count = 0;
    for (int64_t t = 0; t < classes; t++)
        for (int64_t a = 0; a < classes; a++) {
            int64_t n = confusion->cells[t * classes + a];
            support[t] += n;
            answers[a] += n;
            confusion->count += n;
        }
}

fv_error *fv_confusion_matrix(const fv_outcomes *o, int64_t *counts) {
    if (o->kind != FV_ONE_CLASS) return fv_fail(FV_USAGE, "a confusion matrix is of samples with one class each");
    FV_TRY(fv_outcomes_check(o));
    memset(counts, 0, (size_t)(o->classes * o->classes) * sizeof *counts);
    for (int64_t i = 0; i < o->count; i++) counts[o->labels[i] * o->classes + fv_outcomes_answer(o, i)]++;
    return NULL;
}

/* From the three counts. */
static void finish_figures(fv_class_figures *figures, int64_t classes) {
    for (int64_t c = 0; c < classes; c++) {
        fv_class_figures *f = &figures[c];
        f->precision = f->answered ? (double)f->right / (double)f->answered : NAN;
        f->recall = f->support ? (double)f->right / (double)f->support : NAN;
        f->f1 = f->support + f->answered ? 2 * (double)f->right / (double)(f->support + f->answered) : NAN;
    }
}

void fv_per_class(const int64_t *counts, int64_t classes, fv_class_figures *figures) {
    for (int64_t c = 0; c < classes; c++) figures[c] = (fv_class_figures){ .right = counts[c * classes + c] };
    for (int64_t t = 0; t < classes; t++)
        for (int64_t a = 0; a < classes; a++) {
            figures[t].support += counts[t * classes + a];
            figures[a].answered += counts[t * classes + a];
        }
    finish_figures(figures, classes);
}

fv_error *fv_per_label(const fv_outcomes *o, double threshold, fv_class_figures *figures) {
    if (o->kind != FV_MULTI_LABEL) return fv_fail(FV_USAGE, "figures of labels are of samples with several of them");
    FV_TRY(fv_outcomes_check(o));
    for (int64_t c = 0; c < o->classes; c++) figures[c] = (fv_class_figures){ 0 };
    for (int64_t i = 0; i < o->count * o->classes; i++) {
        fv_class_figures *f = &figures[i % o->classes];
        bool yes = o->probabilities[i] >= threshold, truth = o->truths[i];
        f->support += truth;
        f->answered += yes;
        f->right += yes && truth;
    }
    finish_figures(figures, o->classes);
    return NULL;
}

/* Insertion into a list sorted by count; a later cell comes behind an equal one. */
int64_t fv_most_confused(const int64_t *counts, int64_t classes, int64_t most, fv_confused_pair *pairs) {
    int64_t held = 0;
    for (int64_t t = 0; t < classes; t++) {
        int64_t support = 0;
        for (int64_t a = 0; a < classes; a++) support += counts[t * classes + a];
        for (int64_t a = 0; a < classes; a++) {
            int64_t n = counts[t * classes + a], at = held;
            if (a == t || !n) continue;
            while (at > 0 && n > pairs[at - 1].count) at--;
            if (at >= most) continue;
            held += held < most;
            for (int64_t j = held - 1; j > at; j--) pairs[j] = pairs[j - 1];
            pairs[at] = (fv_confused_pair){ t, a, n, (double)n / (double)support };
        }
    }
    return held;
}
