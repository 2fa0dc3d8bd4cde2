/* select.c - metrics by their names, three more that are what `fovea eval` calls its figures, and the loss. */
#include "train/select.h"

#include <math.h>
#include <string.h>

#include "core/base/assert.h"

static const struct {
    const char *name, *metric;
} names[] = { { "macro_f1", "f1 average=macro" }, { "micro_f1", "f1 average=micro" }, { "loss", NULL } };

fv_error *fv_selection_parse(const char *text, fv_outcome_kind kind, int64_t classes, fv_selection *out) {
    const char *score = fv_score_metric(kind);
    *out = (fv_selection){ .text = text ? text : score, .metric = text ? text : score };
    for (int i = 0; i < FV_COUNT(names); i++)
        if (!strcmp(out->text, names[i].name)) out->metric = names[i].metric;
    if (!out->metric) return out->lower_is_better = true, NULL;
    FV_TRY(fv_error_wrap(fv_metric_check(out->metric, kind, classes), "select: \"%s\"", out->text));
    out->is_score = !strcmp(out->metric, score);
    if (out->is_score) out->text = score;
    out->lower_is_better = fv_metric_is_better_lower(out->metric);
    return NULL;
}

fv_error *fv_selection_measure(const fv_selection *s, const fv_evaluation *evaluation, double *out) {
    *out = s->is_score ? evaluation->score : evaluation->loss;
    if (s->is_score || !s->metric) return NULL;
    return fv_error_wrap(fv_metric_measure(s->metric, &evaluation->outcomes, out), "select");
}

bool fv_selection_prefers(const fv_selection *s, double figure, double loss, double other, double other_loss) {
    if (isnan(figure) || isnan(other)) return isnan(other) && (!isnan(figure) || loss < other_loss);
    if (figure != other) return s->lower_is_better ? figure < other : figure > other;
    return loss < other_loss;
}

int fv_selection_name_length(const fv_selection *s) { return (int)strcspn(s->text, " "); }
