/* loop.c - the training loop, in eight calls. Forward, loss, backward and the optimizer's step are one graph and one plan here:
 * fv_plan_run does what `loss = criterion(model(x), y); loss.backward(); optimizer.step()` does. Where the loop is, to the
 * batch, is in trainer->state; a checkpoint is that and the tensors, so it can be left and entered at any batch. */
#include <math.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/base/file.h"
#include "core/base/parallel.h"
#include "core/comm/comm.h"
#include "train/trainer.h"

static fv_error *prepare(fv_trainer *t);
static fv_error *instead(const fv_trainer *t);
static fv_error *begin_epoch(fv_trainer *t);
static void put_away(fv_trainer *t);
static fv_error *next_batch(fv_trainer *t, const fv_batch **batch);
static fv_error *step(fv_trainer *t, const fv_batch *batch);
static fv_error *validate(fv_trainer *t, fv_epoch *row);
static void record(fv_trainer *t, fv_epoch *row);
static fv_error *keep(fv_trainer *t, const fv_epoch *row);

static fv_error *train(fv_trainer *t) {
    FV_TRY(prepare(t)); /* data, network, plans; of a resumed training its state */
    if (t->options->task != FV_TRAIN) return instead(t);
    while (!fv_trainer_is_finished(t)) {
        const fv_batch *batch;
        fv_epoch row;
        FV_TRY(begin_epoch(t));
        for (;;) {
            FV_TRY(next_batch(t, &batch));
            if (!batch) break;
            FV_TRY(step(t, batch)); /* forward, loss, backward, update; when it is time, last.fovea */
            fv_trainer_report(t);
        }
        FV_TRY(validate(t, &row));
        record(t, &row);
        FV_TRY(keep(t, &row)); /* best.fovea, last.fovea, results.csv */
    }
    fv_trainer_advise_end(t);
    put_away(t);
    if (!fv_trainer_leads(t)) return NULL;
    return fv_error_hint(fv_error_wrap(fv_trainer_write_report(t), "the training is finished, but not its report"),
                         "`fovea report %s` makes it", t->options->out);
}

/* All epochs are done, or validation has not become better for as many as the recipe has patience. */
bool fv_trainer_is_finished(const fv_trainer *t) {
    int64_t epoch = t->state.epoch, since = epoch - t->state.best_epoch;
    return epoch == t->keys->epochs || (t->keys->patience && epoch && since >= t->keys->patience);
}

static fv_error *open_all(fv_trainer *t) {
    FV_TRY(fv_trainer_check_ranks(t));
    if (t->options->task == FV_TRAIN) FV_TRY(fv_trainer_open_folder(t));
    FV_TRY(fv_trainer_open_weights(t));
    FV_TRY(fv_recipe_check(t->recipe));
    return fv_trainer_open_data(t);
}

static fv_error *build_all(fv_trainer *t) {
    FV_TRY(fv_trainer_build_network(t));
    return fv_trainer_restore(t);
}

static fv_error *tell_start(const fv_trainer *t) {
    if (!t->options->start) return NULL;
    fv_train_start start = { .recipe = t->recipe,
                             .data_hash = t->data_hash,
                             .train = fv_subset_count(t->train),
                             .val = fv_subset_count(t->val),
                             .test = t->test ? fv_subset_count(t->test) : 0,
                             .outputs = fv_trainer_outputs(t),
                             .parameters = fv_trainer_parameters(t),
                             .epoch = t->state.epoch,
                             .steps_per_epoch = fv_trainer_steps_per_epoch(t, fv_loader_batches(t->loader)) };
    return t->options->start(t->options->context, &start);
}

/* A damaged last.fovea is made whole, which no epoch will do any more. */
static fv_error *find_finished(fv_trainer *t) {
    fv_trainer_say(t, "the training in %s is finished", t->options->out);
    return fv_trainer_agree(t, t->last_is_damaged && fv_trainer_leads(t) ? fv_trainer_save(t) : NULL);
}

/* The folder is looked at first and made last: a recipe that cannot be trained by leaves nothing behind. */
static fv_error *prepare(fv_trainer *t) {
    FV_TRY(fv_trainer_agree(t, open_all(t)));
    FV_TRY(fv_trainer_agree(t, build_all(t)));
    FV_TRY(fv_trainer_compare_ranks(t));
    FV_TRY(fv_trainer_agree(t, fv_trainer_keep_overrides(t)));
    if (fv_trainer_is_finished(t)) return find_finished(t);
    FV_TRY(fv_trainer_agree(t, fv_trainer_plan(t)));
    fv_trainer_announce(t);
    if (t->options->task != FV_PROBE) FV_TRY(fv_trainer_rehearse(t));
    if (t->options->task != FV_TRAIN) return NULL;
    FV_TRY(fv_trainer_agree(t, fv_trainer_make_folder(t)));
    FV_TRY(fv_trainer_agree(t, tell_start(t)));
    FV_TRY(fv_trainer_meet(t, NULL, NULL));
    return fv_trainer_begin_steps(t);
}

/* What is done in place of a training. */
static fv_error *instead(const fv_trainer *t) {
    switch (t->options->task) {
    case FV_OVERFIT_BATCH: return fv_trainer_overfit_batch(t);
    case FV_FIND_RATE: return fv_trainer_find_rate(t);
    case FV_PROBE: return fv_trainer_probe(t);
    default: fv_trainer_say(t, "dry run: nothing was trained, nothing was written"); return NULL;
    }
}

static fv_error *begin_epoch(fv_trainer *t) {
    t->epoch_started = fv_clock_seconds();
    t->seen_before = t->state.seen;
    t->waited = fv_loader_spent(t->loader).wait;
    FV_TRY(fv_trainer_enter_phase(t));
    return fv_loader_start(t->loader, t->state.epoch, t->state.position);
}

/* NULL at the end of the epoch. Being stopped, here or while it waits, ends in a checkpoint. */
static fv_error *next_batch(fv_trainer *t, const fv_batch **batch) {
    if (fv_trainer_stops(t)) return fv_trainer_stop(t);
    fv_error *error = fv_loader_next(t->loader, batch);
    if (!error || fv_error_code(error) != FV_CANCELLED) return error;
    fv_error_free(error);
    return fv_trainer_stop(t);
}

static void feed_target(fv_tensor *target, const fv_batch *batch) {
    if (target->type.dtype == FV_I64) {
        memcpy(target->data, batch->labels, (size_t)batch->count * sizeof(int64_t));
        return;
    }
    if (batch->targets) {
        memcpy(target->data, batch->targets, (size_t)fv_type_bytes(&target->type));
        return;
    }
    int64_t classes = target->type.dims[1];
    float *rows = target->data;
    memset(rows, 0, (size_t)fv_type_bytes(&target->type));
    for (int64_t i = 0; i < batch->count; i++) rows[i * classes + batch->labels[i]] = 1;
}

/* A feed that no node needs is not in the plan: plain SGD does not ask which step it is. */
static void feed_numbers(fv_plan *plan, const char *name, const double *values, int count) {
    fv_tensor *tensor = fv_plan_feed(plan, name);
    for (int i = 0; tensor && i < count; i++) fv_tensor_store(tensor, i, values[i]);
}

void fv_trainer_feed(const fv_trainer *t, fv_plan *plan, const fv_batch *batch) {
    fv_tensor *x = fv_plan_feed(plan, "x");
    memcpy(x->data, batch->images, (size_t)fv_type_bytes(&x->type));
    feed_target(fv_plan_feed(plan, "target"), batch);
    feed_numbers(plan, "rng", (double[]){ (double)t->keys->seed, (double)t->state.step }, 2);
    feed_numbers(plan, "share", (double[]){ fv_trainer_share(t, batch->all) }, 1);
    fv_trainer_feed_numbers(t, plan);
}

void fv_trainer_feed_numbers(const fv_trainer *t, fv_plan *plan) {
    int64_t done = fv_trainer_updates(t), before = 0; /* steps of earlier phases: each has an optimizer of its own */
    if (t->keys->weights)
        before = fv_tuning_begin(t, t->state.epoch) * fv_trainer_steps_per_epoch(t, fv_loader_batches(t->loader));
    feed_numbers(plan, "step", (double[]){ (double)(done - before) + 1 }, 1);
    feed_numbers(plan, "learning_rate", (double[]){ fv_learning_rate_at(t->rate, done) }, 1);
}

int64_t fv_trainer_count_correct(const fv_tensor *logits, const fv_batch *batch) {
    int64_t correct = 0, classes = logits->type.dims[1];
    for (int64_t i = 0; i < batch->count; i++) {
        const float *row = (const float *)logits->data + i * classes;
        int64_t top = 0;
        for (int64_t c = 1; c < classes; c++)
            if (row[c] > row[top]) top = c;
        correct += top == batch->labels[i];
    }
    return correct;
}

/* Where gradients of several batches make a step: the update, after the last of them. */
static fv_error *apply(const fv_trainer *t) {
    if (!t->apply_plan || !fv_trainer_step_ends(t)) return NULL;
    fv_trainer_feed_numbers(t, t->apply_plan);
    return fv_plan_run(t->apply_plan);
}

fv_error *fv_trainer_run_step(const fv_trainer *t, const fv_batch *batch, double *loss) {
    fv_plan *plan = fv_trainer_plan_for(t, batch);
    fv_trainer_feed(t, plan, batch);
    FV_TRY(fv_plan_run(plan));
    *loss = fv_tensor_load(fv_plan_result(plan, "loss"), 0);
    return apply(t);
}

fv_error *fv_trainer_end_step(fv_trainer *t) {
    bool ends = fv_trainer_step_ends(t);
    t->state.step++;
    t->state.position++;
    return ends ? fv_trainer_after_update(t) : NULL;
}

/* One step: the network's answer, its loss, gradients, update. */
static fv_error *step(fv_trainer *t, const fv_batch *batch) {
    double loss, start = fv_clock_seconds(), exchanged = fv_comm_seconds(t->options->comm);
    int64_t correct = 0;
    FV_TRY(fv_trainer_run_step(t, batch, &loss));
    double taken = fv_clock_seconds() - start;
    t->step_seconds = fmax(t->step_seconds, taken);
    t->profile.compute += taken - (fv_comm_seconds(t->options->comm) - exchanged);
    if (!isfinite(loss)) return fv_trainer_diverged(t, batch, loss);
    if (fv_trainer_counts_score(t))
        correct = fv_trainer_count_correct(fv_plan_result(fv_trainer_plan_for(t, batch), "logits"), batch);
    FV_TRY(fv_trainer_meet(t, batch, &correct));
    t->profile.reduce += fv_comm_seconds(t->options->comm) - exchanged;
    t->profile.steps++;
    t->profile.pictures += batch->all;
    t->state.loss_sum += loss * (double)batch->all;
    t->state.seen += batch->all;
    t->state.correct += correct;
    FV_TRY(fv_trainer_end_step(t));
    start = fv_clock_seconds();
    fv_error *error = fv_trainer_save_in_time(t);
    t->profile.save += fv_clock_seconds() - start;
    return error;
}

/* The whole validation part, with the running average of the weights where there is one. */
static fv_error *validate(fv_trainer *t, fv_epoch *row) {
    double start = fv_clock_seconds();
    fv_weights_changed(fv_model_weights(t->model));
    FV_TRY(fv_trainer_average(t));
    FV_TRY(fv_trainer_estimate_norms(t, t->averaged ? t->averaged : t->model));
    fv_evaluate_options options = { .batch = t->keys->batch,
                                    .workers = t->workers,
                                    .progress = t->options->progress,
                                    .context = t->options->context,
                                    .cancel = t->options->cancel,
                                    .comm = t->options->comm };
    fv_evaluation evaluation;
    fv_error *error = fv_evaluate(t->predictor, t->val, &options, &evaluation);
    if (error && fv_error_code(error) == FV_CANCELLED) {
        fv_error_free(error);
        return fv_trainer_stop(t);
    }
    FV_TRY(error);
    t->profile.validate += fv_clock_seconds() - start;
    double figure;
    error = fv_selection_measure(&t->selection, &evaluation, &figure);
    const fv_training_state *s = &t->state;
    int64_t steps = fv_trainer_steps_per_epoch(t, fv_loader_batches(t->loader));
    *row = (fv_epoch){ .epoch = s->epoch + 1,
                       .learning_rate = fv_learning_rate_at(t->rate, s->epoch * steps),
                       .train_loss = s->loss_sum / (double)s->seen,
                       .train_score = fv_trainer_counts_score(t) ? (double)s->correct / (double)s->seen : NAN,
                       .val_loss = evaluation.loss,
                       .val_score = evaluation.score,
                       .metric = evaluation.metric,
                       .select = t->selection.text,
                       .val_select = figure,
                       .seconds = fv_clock_seconds() - t->epoch_started };
    fv_evaluation_release(&evaluation);
    return error;
}

static bool is_best(const fv_trainer *t, const fv_epoch *row) {
    int64_t best = t->state.best_epoch - 1;
    if (best < 0) return true;
    const fv_history *h = &t->history;
    return fv_selection_prefers(&t->selection, row->val_select, row->val_loss, h->val_select[best], h->val_loss[best]);
}

static void append(fv_floats *list, double *room, double value) {
    room[list->count++] = value;
    list->at = room;
}

static void record(fv_trainer *t, fv_epoch *row) {
    fv_training_state *s = &t->state;
    row->best = is_best(t, row);
    t->history.seconds[s->epoch] = row->seconds;
    t->history.val_select[s->epoch] = row->val_select;
    append(&s->learning_rate, t->history.learning_rate, row->learning_rate);
    append(&s->train_loss, t->history.train_loss, row->train_loss);
    if (fv_trainer_counts_score(t)) append(&s->train_score, t->history.train_score, row->train_score);
    append(&s->val_loss, t->history.val_loss, row->val_loss);
    append(&s->val_score, t->history.val_score, row->val_score);
    if (!t->selection.is_score) append(&s->val_select, t->history.val_select, row->val_select);
    if (row->best) s->best_epoch = row->epoch;
    s->epoch++;
    s->position = s->seen = s->correct = 0;
    s->loss_sum = 0;
}

/* The best model is written before the checkpoint that speaks of it. */
static fv_error *write_files(fv_trainer *t, const fv_epoch *row) {
    if (!fv_trainer_leads(t)) return NULL;
    if (row->best) FV_TRY(fv_trainer_save_best(t));
    FV_TRY(fv_trainer_save(t));
    return fv_trainer_write_results(t);
}

static fv_error *keep(fv_trainer *t, const fv_epoch *row) {
    double start = fv_clock_seconds();
    FV_TRY(fv_trainer_agree(t, write_files(t, row)));
    t->profile.save += fv_clock_seconds() - start;
    t->profile.seconds += fv_clock_seconds() - t->epoch_started;
    if (t->options->epoch) t->options->epoch(t->options->context, row);
    fv_trainer_advise_epoch(t);
    return NULL;
}

static fv_epoch best_of(const fv_trainer *t) {
    int64_t best = t->state.best_epoch - 1;
    if (best < 0) return (fv_epoch){ .metric = fv_score_metric(t->kind), .select = t->selection.text };
    const fv_history *h = &t->history;
    return (fv_epoch){ .epoch = best + 1,
                       .learning_rate = h->learning_rate[best],
                       .train_loss = h->train_loss[best],
                       .train_score = fv_trainer_counts_score(t) ? h->train_score[best] : NAN,
                       .val_loss = h->val_loss[best],
                       .val_score = h->val_score[best],
                       .metric = fv_score_metric(t->kind),
                       .select = t->selection.text,
                       .val_select = h->val_select[best],
                       .seconds = h->seconds[best],
                       .best = true };
}

/* What only steps need: the report has its memory afterwards. */
static void put_away(fv_trainer *t) {
    if (t->loader) {
        fv_loader_times times = fv_loader_spent(t->loader);
        t->profile.wait = times.wait, t->profile.decode = times.decode, t->profile.augment = times.augment;
    }
    fv_loader_free(fv_take(&t->loader));
    fv_predictor_free(fv_take(&t->predictor));
    fv_plan_free(fv_take(&t->plan));
    fv_plan_free(fv_take(&t->rest_plan));
    fv_plan_free(fv_take(&t->apply_plan));
    fv_plan_free(fv_take(&t->lookahead_plan));
}

void fv_trainer_release(fv_trainer *t) {
    put_away(t);
    fv_learning_rate_free(t->rate);
    fv_graph_free(t->step);
    fv_graph_free(t->apply);
    fv_graph_free(t->tuning.step);
    fv_graph_free(t->tuning.apply);
    fv_model_free(t->tuning.parent);
    fv_model_free(t->averaged);
    fv_model_free(t->model);
    fv_transforms_free(t->transforms);
    fv_subset_free(t->train);
    fv_subset_free(t->val);
    fv_subset_free(t->test);
    fv_dataset_free(t->val_set);
    fv_dataset_free(t->test_set);
    fv_dataset_free(t->set);
    fv_arena_free(t->arena);
    fv_file_unlock(t->lock);
}

fv_error *fv_train(const fv_recipe *recipe, const fv_train_options *options, fv_train_result *result) {
    fv_recipe own = *recipe;
    fv_train_options how = *options;
    fv_trainer t = { .recipe = &own, .keys = &own.keys, .options = &how, .workers = options->workers, .lock = -1 };
    fv_trainer_say_rank(&t);
    if (!fv_trainer_leads(&t)) how.message = NULL, how.progress = NULL, how.epoch = NULL, how.start = NULL;
    t.started = t.saved = fv_clock_seconds();
    fv_trainer_measure_start(&t);
    if (options->threads) FV_TRY(fv_parallel_set_threads((int)options->threads));
    FV_TRY(fv_arena_new("a training", INT64_C(1) << 32, &t.arena));
    fv_error *error = train(&t);
    if (error && !t.agreed) fv_comm_abandon(how.comm);
    put_away(&t);
    if (result) *result = (fv_train_result){ t.state.epoch, best_of(&t), fv_clock_seconds() - t.started, t.profile };
    fv_trainer_release(&t);
    return error;
}
