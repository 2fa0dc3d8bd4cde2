/* advice.c - what a practitioner would say while looking on: too few pictures of a class, a network that learns its pictures by
 * heart, an end before the last epoch, too little time to stop in. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/size.h"
#include "train/trainer.h"

/* Pictures a class that the field asks for when a network is trained from nothing: 500 to 1,000; with weights that know
 * pictures already 200 to 500 do. */
#define FROM_NOTHING 500
#define TRANSFERRED 200

void fv_trainer_advise_counts(const fv_trainer *t, const int64_t *counts) {
    int64_t classes = fv_dataset_class_count(t->set), few = 0, least = 0, most = 0, enough = FROM_NOTHING;
    for (int64_t c = 0; c < classes; c++) {
        few += counts[c] < enough;
        if (counts[c] < counts[least]) least = c;
        if (counts[c] > counts[most]) most = c;
    }
    if (few)
        fv_trainer_say(t,
                       "  %lld of %lld classes have fewer than the %d to 1,000 pictures that training from nothing asks for "
                       "(with pretrained weights %d to 500)",
                       (long long)few, (long long)classes, FROM_NOTHING, TRANSFERRED);
    if (counts[most] <= 5 * fv_max(counts[least], 1)) return;
    double times = (double)counts[most] / (double)fv_max(counts[least], 1);
    const char *large = fv_dataset_class_name(t->set, most), *small = fv_dataset_class_name(t->set, least);
    if (!t->keys->class_weights)
        fv_trainer_say(t, "  %s has %.1f times the pictures of %s; class_weights=balanced makes them count alike", large, times,
                       small);
    if (t->kind == FV_ONE_CLASS && !t->keys->select)
        fv_trainer_say(t,
                       "  the best epoch is that of the highest top-1, in which %s counts %.1f times as much as %s; "
                       "select=balanced_accuracy takes classes alike",
                       large, times, small);
}

void fv_trainer_advise_memory(const fv_trainer *t, int64_t bound, int64_t room) {
    if (!room || bound <= room) return;
    fv_trainer_say(t, "  that is more than the %lld MiB which are free: %s", (long long)(room >> 20),
                   t->keys->memory == FV_MEMORY_LOW ? "a smaller batch takes less"
                                                    : "memory=low takes less, or a smaller batch");
}

/* The epoch, from 0, with the lowest validation loss. */
static int64_t lowest(const fv_history *h, int64_t epochs) {
    int64_t at = 0;
    for (int64_t i = 1; i < epochs; i++)
        if (h->val_loss[i] < h->val_loss[at]) at = i;
    return at;
}

/* Learning by heart: since the epoch of the lowest validation loss that loss has risen by a tenth, while that of training fell,
 * for a tenth of the training and at least 3 epochs. */
static bool learns_by_heart(const fv_trainer *t, int64_t epochs) {
    const fv_history *h = &t->history;
    int64_t best = lowest(h, epochs), last = epochs - 1;
    return last - best >= fv_max(3, t->keys->epochs / 10) && h->val_loss[last] > 1.1 * h->val_loss[best] &&
           h->train_loss[last] < h->train_loss[best];
}

/* Without an epoch that has the figure by which the best is chosen, the loss alone chooses. */
static void advise_selection(const fv_trainer *t) {
    const fv_selection *s = &t->selection;
    const char *why = s->metric ? fv_metric_undefined(s->metric) : NULL;
    if (t->state.epoch == 1 && isnan(t->history.val_select[0]))
        fv_trainer_say(t, "%s is undefined for these validation pictures%s%s: the lowest loss chooses the best epoch", s->text,
                       why ? ": " : "", why ? why : "");
}

/* Said once: of all epochs the first for which it holds. */
void fv_trainer_advise_epoch(const fv_trainer *t) {
    int64_t epochs = t->state.epoch;
    advise_selection(t);
    for (int64_t e = 1; e < epochs; e++)
        if (learns_by_heart(t, e)) return;
    if (!learns_by_heart(t, epochs)) return;
    int64_t best = lowest(&t->history, epochs);
    fv_trainer_say(t,
                   "overfitting: since epoch %lld validation loss has risen from %.4f to %.4f while training loss fell from "
                   "%.4f to %.4f. More augmentation, weight decay or pictures help; best.fovea is of epoch %lld",
                   (long long)best + 1, t->history.val_loss[best], t->history.val_loss[epochs - 1], t->history.train_loss[best],
                   t->history.train_loss[epochs - 1], (long long)t->state.best_epoch);
}

static int by_size(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median_save(const fv_trainer *t) {
    double sorted[FV_SAVES];
    int64_t count = fv_min(t->saves, FV_SAVES);
    memcpy(sorted, t->save_seconds, sizeof sorted);
    qsort(sorted, (size_t)count, sizeof *sorted, by_size);
    return sorted[count / 2];
}

/* Said once. Before the first step only the save is known. */
void fv_trainer_advise_grace(fv_trainer *t) {
    double grace = t->options->grace, save = median_save(t);
    if (t->grace_is_short || !(grace > 0) || t->step_seconds + save <= grace) return;
    t->grace_is_short = true;
    fv_trainer_say(
        t,
        "  stopping may take %.3g s (%.3g s to write a checkpoint, the rest for the step under way), longer than the "
        "%g s of grace; killed meanwhile, it goes back to the checkpoint before (--checkpoint-every)",
        t->step_seconds + save, save, grace);
}

void fv_trainer_advise_end(const fv_trainer *t) {
    if (t->state.epoch < t->keys->epochs)
        fv_trainer_say(t, "stopped after epoch %lld: validation has not become better for %lld epochs, since epoch %lld",
                       (long long)t->state.epoch, (long long)t->keys->patience, (long long)t->state.best_epoch);
}
