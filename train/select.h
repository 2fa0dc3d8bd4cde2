/* select.h - the figure by which the best epoch is chosen and early stopping waits: the recipe's key `select`. */
#ifndef FV_TRAIN_SELECT_H
#define FV_TRAIN_SELECT_H

#include <stdbool.h>

#include "fovea/train.h"

typedef struct fv_selection {
    const char *text;   /* as the recipe says it; where it says nothing, the score's metric */
    const char *metric; /* as fv_metric_measure takes it; NULL: the loss */
    bool is_score;      /* the figure is the score, which there is anyway */
    bool lower_is_better;
} fv_selection;

/* `text` may be NULL, and is kept. FV_USAGE naming the key: no such metric, or none for this kind of targets or so many classes
 * (0 for numbers). */
FV_MUST_USE fv_error *fv_selection_parse(const char *text, fv_outcome_kind kind, int64_t classes, fv_selection *out);
/* The figure of an evaluation; NaN: it is undefined for its pictures. */
FV_MUST_USE fv_error *fv_selection_measure(const fv_selection *selection, const fv_evaluation *evaluation, double *out);
/* Whether an epoch with this figure and validation loss is better than another: by the figure, of equal ones by the lower loss.
 * An undefined figure is worse than all others. */
bool fv_selection_prefers(const fv_selection *selection, double figure, double loss, double other, double other_loss);
/* Letters of the text that are its name, without options. */
int fv_selection_name_length(const fv_selection *selection);

#endif
