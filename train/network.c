/* network.c - the network as a graph to keep, the step as a graph to run, and their plans. Both graphs name the same states, so
 * they share the weights. */
#include <math.h>
#include <string.h>

#include "core/base/size.h"
#include "optim/optimizer.h"
#include "optim/schedule.h"
#include "predict/sections.h"
#include "train/machine.h"
#include "train/trainer.h"

#define EPOCH_NEVER (INT64_C(1) << 40) /* later than any */

/* The network's text: the recipe's, with classes, channels and size of these data. */
static fv_error *arch_text(const fv_trainer *t, const char **out) {
    const fv_recipe_keys *k = t->keys;
    const char *size = "";
    if (strstr(k->arch, " classes=") || strstr(k->arch, " channels="))
        return fv_error_hint(fv_fail(FV_USAGE, "arch \"%s\": classes and channels come from the data", k->arch),
                             "leave them out; pictures are decoded to as many channels as --channels says");
    if (k->size[0] && k->size[1])
        FV_TRY(fv_arena_format(t->arena, &size, " size=%lld,%lld", (long long)k->size[0], (long long)k->size[1]));
    return fv_arena_format(t->arena, out, "%s classes=%lld channels=%lld%s", k->arch, (long long)fv_trainer_outputs(t),
                           (long long)fv_dataset_channels(t->set), size);
}

static fv_error *build_model(fv_trainer *t, const char *arch, int64_t batch) {
    FV_OWNED(fv_graph) graph = NULL;
    FV_TRY(fv_graph_new(&graph));
    fv_arch_build(graph, arch, batch);
    FV_TRY(fv_graph_error(graph));
    const fv_type *x = fv_value_type(graph, fv_graph_find(graph, "x"));
    t->input = (fv_size){ x->dims[1], x->dims[2], x->dims[3] };
    return fv_model_new(graph, &t->model);
}

/* "PATTERN option=value …; PATTERN …" cut into pieces, in the arena. */
static fv_error *split_groups(const fv_trainer *t, const char *const **out, int *count) {
    const char **pieces;
    *count = 0;
    if (!t->keys->groups) return NULL;
    FV_TRY(fv_arena_take(t->arena, (int64_t)strlen(t->keys->groups) + 1, &pieces));
    for (const char *at = t->keys->groups; *at;) {
        at += strspn(at, "; \t\n");
        size_t length = strcspn(at, ";\n");
        if (length) FV_TRY(fv_arena_format(t->arena, &pieces[(*count)++], "%.*s", (int)length, at));
        at += length;
    }
    *out = pieces;
    return NULL;
}

/* How a parameter learns by its block. */
static fv_parameter_rule rule_of(const void *context, const char *parameter) {
    const fv_trainer *t = context;
    const fv_recipe_keys *k = t->keys;
    int64_t block = fv_block_of(&t->tuning.blocks, parameter), head = t->tuning.blocks.count - 1;
    if (block < t->tuning.first) return (fv_parameter_rule){ 0 };
    return (fv_parameter_rule){ .rate_scale = pow(k->layer_decay, (double)(head - block)),
                                .pull = block < head ? k->l2_sp : 0,
                                .keeps_rows = block == head && k->keep_classes };
}

/* The step of the blocks from t->tuning.first on; without weights of all. */
static fv_error *build_step(fv_trainer *t, int64_t batch, fv_graph **step, fv_graph **apply) {
    const fv_recipe_keys *k = t->keys;
    fv_training_options options = { .optimizer = k->optimizer,
                                    .decay_matrices_only = k->decay_matrices_only,
                                    .clip_norm = k->clip_norm,
                                    .clip_value = k->clip_value,
                                    .ema_decay = k->ema_decay,
                                    .rule = k->weights ? rule_of : NULL,
                                    .rule_context = t };
    FV_TRY(split_groups(t, &options.groups, &options.group_count));
    FV_TRY(fv_graph_new(step));
    fv_value loss = fv_arch_with_loss(*step, t->arch, t->loss, batch);
    if (k->weights) {
        FV_TRY(fv_graph_error(*step));
        FV_TRY(fv_blocks_freeze(*step, &t->tuning.blocks, t->tuning.first, k->norms == FV_NORMS_FROZEN));
        loss = fv_graph_find_output(*step, "loss");
    }
    if (k->accumulate == 1) return fv_training_step(*step, loss, &options), fv_graph_error(*step);
    fv_training_gather(*step, loss, &options);
    FV_TRY(fv_graph_error(*step));
    FV_TRY(fv_graph_new(apply));
    fv_training_apply(*apply, *step, &options);
    return fv_graph_error(*apply);
}

/* The last phase's, which has the states of all. */
static fv_error *build_last_step(fv_trainer *t, int64_t batch) {
    if (t->keys->weights) t->tuning.first = fv_tuning_first(t, EPOCH_NEVER);
    return build_step(t, batch, &t->step, &t->apply);
}

/* The recipe's, else the one that suits the optimizer. */
static double rate_for(const fv_recipe_keys *k) {
    size_t length = strcspn(k->optimizer, " ");
    if (k->learning_rate > 0) return k->learning_rate;
    for (int i = 0; i < fv_optimizer_table_count; i++)
        if (strlen(fv_optimizer_table[i]->name) == length && !strncmp(fv_optimizer_table[i]->name, k->optimizer, length))
            return fv_optimizer_table[i]->rate;
    return 0; /* no such optimizer: building the step says so */
}

/* Whether the schedule begins low by itself. */
static bool warms_up(const char *schedule) {
    size_t length = strcspn(schedule, " ");
    for (int i = 0; i < fv_schedule_table_count; i++)
        if (strlen(fv_schedule_table[i]->name) == length && !strncmp(fv_schedule_table[i]->name, schedule, length))
            return fv_schedule_table[i]->warms_up;
    return false;
}

/* −1 asks for half an epoch, of a short training for a fifth of it. */
static int64_t warmup_steps(const fv_recipe_keys *k, int64_t steps_per_epoch, int64_t steps) {
    if (k->warmup_epochs >= 0) return (int64_t)(k->warmup_epochs * (double)steps_per_epoch);
    return warms_up(k->schedule) ? 0 : fv_min(steps_per_epoch / 2, steps / 5);
}

/* Over `epochs` epochs of `batches` batches. */
static fv_error *make_rate(const fv_trainer *t, int64_t epochs, int64_t batches, fv_learning_rate **out) {
    const fv_recipe_keys *k = t->keys;
    int64_t steps_per_epoch = fv_trainer_steps_per_epoch(t, batches), steps = steps_per_epoch * epochs;
    fv_learning_rate_options options = { .schedule = k->schedule,
                                         .base = rate_for(k),
                                         .steps = steps,
                                         .steps_per_epoch = steps_per_epoch,
                                         .warmup_steps = warmup_steps(k, steps_per_epoch, steps),
                                         .per_epoch = k->rate_per_epoch };
    return fv_learning_rate_new(&options, out);
}

fv_error *fv_trainer_make_rate(const fv_trainer *t, int64_t epochs, fv_learning_rate **out) {
    return make_rate(t, epochs, fv_ceil_div(fv_subset_count(t->train), fv_trainer_batch(t)), out);
}

static fv_error *write_licence(fv_trainer *t) {
    static const char *const of[] = { "training data" };
    if (t->tuning.parent) return fv_trainer_write_lineage(t);
    if (!t->keys->licence) return NULL;
    return fv_section_write(t->model, &fv_section_licence, &(fv_licence_section){ { 1, of }, { 1, &t->keys->licence } });
}

static fv_error *write_sections(fv_trainer *t) {
    fv_classes_section classes = { { fv_dataset_class_count(t->set), fv_dataset_class_names(t->set) } };
    fv_signature_section signature = {
        "x", "logits", t->input.height, t->input.width, t->input.channels, fv_trainer_outputs(t)
    };
    fv_target_section target = { t->kind, t->scaling.mean, t->scaling.scale };
    char *steps;
    FV_TRY(fv_transforms_to_text(t->transforms, &steps));
    fv_error *error = fv_section_write(t->model, &fv_section_transforms, &(fv_transforms_section){ steps });
    fv_string_free(steps);
    FV_TRY(error);
    if (t->kind != FV_NUMBERS) FV_TRY(fv_section_write(t->model, &fv_section_classes, &classes));
    if (t->kind != FV_ONE_CLASS) FV_TRY(fv_section_write(t->model, &fv_section_target, &target));
    FV_TRY(fv_section_write(t->model, &fv_section_signature, &signature));
    FV_TRY(fv_section_write(t->model, &fv_section_objective, &(fv_objective_section){ t->loss }));
    if (t->keys->log_pictures >= 0)
        FV_TRY(fv_section_write(t->model, &fv_section_log, &(fv_log_section){ t->keys->log_pictures }));
    FV_TRY(write_licence(t));
    return fv_recipe_write_section(t->recipe, t->model);
}

/* All that the recipe names: network, loss, optimizer, schedule, transforms; for `count` pictures, `batch` at once. */
static fv_error *build(fv_trainer *t, int64_t batch, int64_t count) {
    FV_TRY(arch_text(t, &t->arch));
    FV_TRY(build_model(t, t->arch, batch));
    t->steps = t->keys->transforms;
    if (!t->steps) FV_TRY(fv_default_transforms(t->input, t->arena, &t->steps));
    FV_TRY(fv_error_wrap(fv_transforms_parse(t->steps, &t->transforms), "transforms"));
    if (t->keys->weights) FV_TRY(fv_blocks_find(fv_model_graph(t->model), t->arena, &t->tuning.blocks));
    FV_TRY(fv_trainer_loss(t));
    FV_TRY(build_last_step(t, batch));
    t->base_rate = rate_for(t->keys);
    return make_rate(t, t->keys->epochs, fv_ceil_div(count, batch), &t->rate);
}

fv_error *fv_trainer_find_blocks(fv_trainer *t) {
    FV_OWNED(fv_graph) graph = NULL;
    FV_TRY(arch_text(t, &t->arch));
    FV_TRY(fv_graph_new(&graph));
    fv_arch_build(graph, t->arch, 1);
    FV_TRY(fv_graph_error(graph));
    return fv_blocks_find(graph, t->arena, &t->tuning.blocks);
}

static void throw_away(fv_trainer *t) {
    fv_model_free(fv_take(&t->model));
    fv_graph_free(fv_take(&t->step));
    fv_graph_free(fv_take(&t->apply));
    fv_learning_rate_free(fv_take(&t->rate));
    fv_transforms_free(fv_take(&t->transforms));
}

fv_error *fv_trainer_try_network(fv_trainer *t) {
    fv_error *error = build(t, 1, 1);
    throw_away(t);
    return error;
}

static fv_error *make_plan(const fv_trainer *t, int64_t batch, fv_plan **out);

/* Bytes that steps on `batch` pictures take, planned and not run. */
static fv_error *measure(fv_trainer *t, int64_t batch, int64_t *bytes) {
    FV_OWNED(fv_plan) plan = NULL;
    fv_error *error = build(t, batch, fv_subset_count(t->train));
    if (!error) error = fv_initialize(t->step, fv_model_weights(t->model), 0);
    if (!error) error = make_plan(t, batch, &plan);
    if (!error) *bytes = fv_plan_measure(plan).block + fv_plan_measure(plan).kept;
    fv_plan_free(fv_take(&plan));
    throw_away(t);
    return error;
}

/* A batch of 0: the largest power of two, up to 256, for which half of the free memory will do, and of which an epoch has eight
 * at least. The recipe that is kept says it. */
fv_error *fv_trainer_choose_batch(fv_trainer *t, int64_t available) {
    int64_t bytes = 0, batch = 256;
    if (!available) return fv_error_hint(fv_fail(FV_UNSUPPORTED, "how much memory is free is not known here"), "say batch: N");
    while (batch > 1 && batch * 8 > fv_subset_count(t->train)) batch /= 2;
    for (;; batch /= 2) {
        FV_TRY(measure(t, batch, &bytes));
        if (bytes <= available / 2) break;
        if (batch == 1)
            return fv_error_hint(fv_fail(FV_MEMORY, "a step on one picture takes %lld MiB, and %lld are free",
                                         (long long)(bytes >> 20), (long long)(available >> 20)),
                                 t->keys->memory == FV_MEMORY_LOW ? "a smaller network or size takes less"
                                                                  : "memory: low takes less, as do smaller networks and sizes");
    }
    t->recipe->keys.batch = batch;
    fv_trainer_say(t, "batch: %lld, by the memory that is free (%lld MiB, %lld for a step)", (long long)batch,
                   (long long)(available >> 20), (long long)(bytes >> 20));
    return NULL;
}

/* What is only evaluated on is looked at before the first step too, as far as the transforms alone decide it. */
static fv_error *check_evaluation(const fv_trainer *t) {
    fv_size size = { 0, 0, t->input.channels };
    FV_TRY(fv_error_wrap(fv_transforms_size(t->transforms, FV_EVALUATION, size, &size), "transforms, in evaluation"));
    if ((!size.height || size.height == t->input.height) && (!size.width || size.width == t->input.width)) return NULL;
    return fv_error_hint(fv_fail(FV_SHAPE, "transforms: in evaluation pictures come as %lld×%lld, the network takes %lld×%lld",
                                 (long long)size.height, (long long)size.width, (long long)t->input.height,
                                 (long long)t->input.width),
                         "steps with when=evaluation are to end in that size: resize, center_crop");
}

fv_error *fv_trainer_build_network(fv_trainer *t) {
    int64_t count = fv_subset_count(t->train);
    if (!t->keys->batch) FV_TRY(fv_trainer_choose_batch(t, fv_memory_available()));
    FV_TRY(build(t, fv_min(t->keys->batch, count), count));
    FV_TRY(fv_trainer_open_loader(t));
    FV_TRY(check_evaluation(t));
    return write_sections(t);
}

/* The model that is validated and kept when the recipe asks for a running average: the same graph and sections. */
static fv_error *make_averaged(fv_trainer *t) {
    if (!(t->keys->ema_decay > 0)) return NULL;
    FV_TRY(fv_model_new(fv_model_graph(t->model), &t->averaged));
    FV_TRY(fv_initialize(fv_model_graph(t->model), fv_model_weights(t->averaged), 0));
    for (int i = 0; i < fv_model_section_count(t->model); i++) {
        const char *name = fv_model_section_name(t->model, i);
        int version;
        const char *text = fv_model_section(t->model, name, &version);
        FV_TRY(fv_model_set_section(t->averaged, name, version, text));
    }
    return NULL;
}

static fv_error *make_plan(const fv_trainer *t, int64_t batch, fv_plan **out) {
    FV_OWNED(fv_graph) graph = NULL;
    FV_TRY(fv_graph_with_batch(t->tuning.step ? t->tuning.step : t->step, batch, &graph));
    fv_plan_options options = { .mode = FV_TRAINING,
                                .precision = t->keys->precision,
                                .device = t->options->device,
                                .shards = (int)t->keys->shards,
                                .comm = t->options->comm,
                                .low_memory = t->keys->memory == FV_MEMORY_LOW };
    return fv_plan_new(graph, fv_model_weights(t->model), &options, out);
}

/* Plans of a step, for every batch size there will be. */
static fv_error *plan_step(fv_trainer *t) {
    int64_t count = fv_subset_count(t->train), batch = fv_min(t->keys->batch, count);
    FV_TRY(make_plan(t, batch, &t->plan));
    if (count % batch) FV_TRY(make_plan(t, count % batch, &t->rest_plan));
    return NULL;
}

static int64_t bytes_of(const fv_plan *plan) { return plan ? fv_plan_measure(plan).block + fv_plan_measure(plan).kept : 0; }

static void free_step(fv_trainer *t) {
    fv_plan_free(fv_take(&t->plan));
    fv_plan_free(fv_take(&t->rest_plan));
    fv_plan_free(fv_take(&t->apply_plan));
    fv_graph_free(fv_take(&t->tuning.step));
    fv_graph_free(fv_take(&t->tuning.apply));
}

fv_error *fv_trainer_plan_phase(fv_trainer *t) {
    free_step(t);
    t->tuning.first = fv_tuning_first(t, t->state.epoch);
    if (t->tuning.first != fv_tuning_first(t, EPOCH_NEVER))
        FV_TRY(build_step(t, fv_trainer_batch(t), &t->tuning.step, &t->tuning.apply));
    FV_TRY(plan_step(t));
    return fv_trainer_plan_apply(t);
}

/* In front of an early phase the last one is planned too, for what it takes. */
static fv_error *plan_first_phase(fv_trainer *t) {
    FV_TRY(plan_step(t));
    if (!t->keys->weights || t->tuning.first == fv_tuning_first(t, t->state.epoch)) return NULL;
    int64_t last = bytes_of(t->plan) + bytes_of(t->rest_plan);
    FV_TRY(fv_trainer_plan_phase(t));
    t->tuning.more_bytes = fv_max(last - bytes_of(t->plan) - bytes_of(t->rest_plan), 0);
    return NULL;
}

/* Plans so that the memory is known before the first step. */
fv_error *fv_trainer_plan(fv_trainer *t) {
    FV_TRY(fv_trainer_take_weights(t));
    FV_TRY(fv_initialize(t->step, fv_model_weights(t->model), (uint64_t)t->keys->seed));
    if (t->keys->weights) FV_TRY(fv_initialize(fv_model_graph(t->model), fv_model_weights(t->model), (uint64_t)t->keys->seed));
    if (!t->options->resume && !t->keys->weights) FV_TRY(fv_trainer_whiten(t));
    FV_TRY(fv_trainer_begin_tuning(t));
    FV_TRY(make_averaged(t));
    FV_TRY(plan_first_phase(t));
    FV_TRY(fv_trainer_plan_steps(t));
    int64_t val = fv_subset_count(t->val), val_batch = fv_min(t->keys->batch, val);
    fv_predictor_options options = { .device = t->options->device };
    FV_TRY(fv_predictor_new(t->averaged ? t->averaged : t->model, &options, &t->predictor));
    FV_TRY(fv_predictor_prepare(t->predictor, fv_trainer_evaluated(t, val_batch), NULL));
    if (val % val_batch) FV_TRY(fv_predictor_prepare(t->predictor, fv_trainer_evaluated(t, val % val_batch), NULL));
    return NULL;
}

fv_error *fv_trainer_set_epochs(fv_trainer *t, int64_t epochs) {
    t->recipe->keys.epochs = epochs;
    fv_learning_rate_free(fv_take(&t->rate));
    FV_TRY(fv_trainer_make_rate(t, epochs, &t->rate));
    FV_TRY(fv_recipe_write_section(t->recipe, t->model));
    return fv_trainer_make_history(t, epochs);
}

int64_t fv_trainer_batch(const fv_trainer *t) { return fv_min(t->keys->batch, fv_subset_count(t->train)); }

fv_plan *fv_trainer_plan_for(const fv_trainer *t, const fv_batch *batch) {
    return batch->all == fv_trainer_batch(t) ? t->plan : t->rest_plan;
}

/* A state of the averaged model is the slot "NAME.ema" where there is one, and the state itself where there is none. */
fv_error *fv_trainer_average(fv_trainer *t) {
    if (!t->averaged) return NULL;
    fv_weights *from = fv_model_weights(t->model), *to = fv_model_weights(t->averaged);
    for (int64_t i = 0; i < fv_weights_count(to); i++) {
        const char *name;
        fv_tensor *tensor = fv_weights_at(to, i, &name, NULL);
        FV_TEXT(slot, 4096);
        fv_text_addf(&slot, "%s.ema", name);
        FV_TRY(fv_text_error(&slot));
        const fv_tensor *source = fv_weights_find(from, slot.at);
        if (!source) source = fv_weights_find(from, name);
        memcpy(tensor->data, source->data, (size_t)fv_type_bytes(&tensor->type));
    }
    fv_weights_changed(to);
    return NULL;
}
