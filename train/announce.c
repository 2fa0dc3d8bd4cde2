/* announce.c - what a user sees of a training: what was found, what is built, the memory it takes, how far it has come. */
#include <string.h>

#include "core/base/clock.h"
#include "core/base/parallel.h"
#include "core/base/size.h"
#include "train/machine.h"
#include "train/target.h"

#define MIB (1 << 20)

void fv_trainer_say(const fv_trainer *t, const char *format, ...) {
    if (!t->options->message) return;
    FV_TEXT(line, 1 << 16);
    va_list arguments;
    va_start(arguments, format);
    fv_text_addv(&line, format, arguments);
    va_end(arguments);
    if (!line.error) t->options->message(t->options->context, line.at);
}

/* ---- data ---- */

/* What cannot be used, and other remarks, are in the log one by one. */
static void say_counts(const fv_trainer *t, const fv_dataset *set) {
    fv_dataset_counts counts = fv_dataset_count_all(set);
    FV_TEXT(what, 256);
    if (t->kind == FV_NUMBERS)
        fv_text_add(&what, "a number each");
    else
        fv_text_addf(&what, "%lld %s", (long long)fv_dataset_class_count(set),
                     t->kind == FV_ONE_CLASS ? "classes" : "classes, any number of them each");
    fv_trainer_say(t, "data: %s (%s): %lld found, %lld usable, %lld rejected; %s", fv_dataset_path(set), fv_dataset_source(set),
                   (long long)counts.found, (long long)counts.usable, (long long)counts.rejected, what.at);
}

/* Each class with its pictures for training and validation; of many classes the smallest and largest. */
static void say_classes(const fv_trainer *t) {
    int64_t classes = fv_dataset_class_count(t->set), least = 0, most = 0;
    int64_t *train, *val;
    FV_OWNED(fv_arena) arena = NULL;
    FV_OWNED(fv_error) error = fv_arena_new("class counts", INT64_C(1) << 28, &arena);
    if (!error) error = fv_arena_take(arena, classes, &train);
    if (!error) error = fv_arena_take(arena, classes, &val);
    if (error) return;
    int64_t train_none = fv_count_classes(t->train, train), val_none = fv_count_classes(t->val, val);
    FV_TEXT(line, 1 << 15);
    for (int64_t c = 0; c < classes; c++) {
        if (train[c] < train[least]) least = c;
        if (train[c] > train[most]) most = c;
        if (classes <= 20)
            fv_text_addf(&line, "%s%s %lld+%lld", c ? ", " : "", fv_dataset_class_name(t->set, c), (long long)train[c],
                         (long long)val[c]);
    }
    if (classes > 20)
        fv_text_addf(&line, "from %lld (%s) to %lld (%s) pictures to train on", (long long)train[least],
                     fv_dataset_class_name(t->set, least), (long long)train[most], fv_dataset_class_name(t->set, most));
    fv_trainer_say(t, "classes: %s", line.at);
    if (t->kind == FV_MULTI_LABEL)
        fv_trainer_say(t, "  %lld+%lld pictures are of none", (long long)train_none, (long long)val_none);
    if (t->loss_weights) fv_trainer_say(t, "  they count in the loss by %s", t->loss_weights);
    fv_trainer_advise_counts(t, train);
    if (!train[least]) fv_trainer_say(t, "  class %s has no picture to train on", fv_dataset_class_name(t->set, least));
}

static void say_numbers(const fv_trainer *t) {
    const fv_subset *const parts[] = { t->train, t->val };
    static const char *const names[] = { "to train on", "to validate on" };
    for (int i = 0; i < 2; i++) {
        fv_number_figures f = fv_measure_numbers(parts[i]);
        fv_trainer_say(t, "numbers %s: from %.9g to %.9g, mean %.9g, standard deviation %.6g", names[i], f.least, f.most,
                       f.mean, f.deviation);
    }
}

/* ---- network and memory ---- */

int64_t fv_trainer_parameters(const fv_trainer *t) {
    int64_t count = 0;
    fv_weights *weights = fv_model_weights(t->model);
    for (int64_t i = 0; i < fv_weights_count(weights); i++) {
        fv_role role;
        const fv_tensor *tensor = fv_weights_at(weights, i, NULL, &role);
        if (role == FV_PARAMETER) count += fv_type_count(&tensor->type);
    }
    return count;
}

/* What the libraries and the code bring along, and each thread's stack and workspace. */
static int64_t ground(void) { return INT64_C(48) * MIB + INT64_C(4) * MIB * fv_parallel_threads(); }

void fv_trainer_measure_start(fv_trainer *t) { t->ground = fv_max(ground(), fv_memory_resident() - fv_memory_live()); }

/* Of the answers to a validation or to the report, which has them calibrated too, drawn from again, and as lines of text. */
static int64_t answers_bound(const fv_trainer *t) {
    int64_t pictures = fv_max(fv_subset_count(t->val), t->test ? fv_subset_count(t->test) : 0);
    return pictures * (fv_trainer_outputs(t) * 8 * 3 + 1024);
}

/* All that is ours: what is held now; the loaders' queues, of training (and what it keeps) and of validation; a checkpoint
 * being written; answers. */
static int64_t memory_bound(const fv_trainer *t) {
    return t->ground + fv_memory_live() + t->tuning.more_bytes + 2 * fv_loader_memory(t->loader) -
           (t->options->cache_folder ? 0 : t->options->cache) + fv_model_encoded_bound(t->model, true) + answers_bound(t);
}

static void say_network(const fv_trainer *t) {
    const fv_recipe_keys *k = t->keys;
    fv_trainer_say(t, "network: %s, input %lld×%lld×%lld, %lld parameters; %s on %s, largest rate %g, batch %lld, %lld epochs",
                   k->arch, (long long)t->input.height, (long long)t->input.width, (long long)t->input.channels,
                   (long long)fv_trainer_parameters(t), k->optimizer, k->loss, t->base_rate, (long long)k->batch,
                   (long long)k->epochs);
    if (!t->selection.is_score)
        fv_trainer_say(t, "best epoch: that with the %s %s", t->selection.lower_is_better ? "lowest" : "highest",
                       t->selection.text);
    if (!k->transforms) fv_trainer_say(t, "transforms, chosen by size: %s", t->steps);
    fv_plan_size size = fv_plan_measure(t->plan);
    int64_t bound = memory_bound(t), available = fv_memory_available();
    fv_trainer_say(t, "memory: at most %lld MiB, of it %lld MiB for a step of %.2f GFLOP in %lld calls",
                   (long long)(bound / MIB) + 1, (long long)((size.block + size.kept) / MIB), size.flops * 1e-9,
                   (long long)size.calls);
    fv_trainer_advise_memory(t, bound, available ? available + fv_memory_live() : 0); /* what is held now is in the bound too */
}

void fv_trainer_announce(const fv_trainer *t) {
    say_counts(t, t->set);
    if (t->val_set) say_counts(t, t->val_set);
    fv_trainer_say(t, "train on %lld, validate on %lld (%s)", (long long)fv_subset_count(t->train),
                   (long long)fv_subset_count(t->val), t->val_from);
    if (t->kind == FV_NUMBERS)
        say_numbers(t);
    else
        say_classes(t);
    say_network(t);
    if (t->options->resume)
        fv_trainer_say(t, "resumed after %lld of %lld epochs, %lld steps", (long long)t->state.epoch,
                       (long long)t->keys->epochs, (long long)t->state.step);
}

/* ---- progress ---- */

void fv_trainer_report(const fv_trainer *t) {
    if (!t->options->progress) return;
    const fv_training_state *s = &t->state;
    double seconds = fv_clock_seconds() - t->epoch_started;
    double rate = seconds > 0 ? (double)(s->seen - t->seen_before) / seconds : 0;
    fv_progress progress = { .what = "train",
                             .epoch = s->epoch + 1,
                             .epochs = t->keys->epochs,
                             .done = s->position,
                             .count = fv_loader_batches(t->loader),
                             .loss = s->loss_sum / (double)s->seen,
                             .pictures_per_second = rate };
    if (seconds > 0) progress.waiting = (fv_loader_spent(t->loader).wait - t->waited) / seconds;
    if (rate > 0) progress.seconds_left = (double)(fv_subset_count(t->train) - s->seen) / rate;
    t->options->progress(t->options->context, &progress);
}
