/* checkpoint.c - the run's folder. last.fovea is the whole training as it was last kept: at the end of an epoch, within one
 * when the last is old, or where it was stopped; the one before it stays as previous.fovea, and is what is gone back to when
 * last.fovea cannot be read. best.fovea is the model of the best epoch, without what only training needs. */
#include <math.h>
#include <string.h>
#include <unistd.h>

#include "core/base/assert.h"
#include "core/base/clock.h"
#include "core/base/file.h"
#include "core/base/size.h"
#include "core/cpu/blas.h"
#include "core/plan/kernel.h"
#include "predict/sections.h"
#include "train/results.h"
#include "train/trainer.h"

#define RESULTS_BYTES_MAX (1 << 28)

static const fv_field fields[] = {
    FV_FIELD(fv_training_state, epoch, .required = true, .min = 0, .max = INFINITY, .help = "finished epochs"),
    FV_FIELD(fv_training_state, position, .required = true, .min = 0, .max = INFINITY, .help = "batches done of the next one"),
    FV_FIELD(fv_training_state, step, .required = true, .min = 0, .max = INFINITY, .help = "steps done in all"),
    FV_FIELD(fv_training_state, loss_sum, .help = "of the epoch under way, over pictures"),
    FV_FIELD(fv_training_state, seen, .min = 0, .max = INFINITY, .help = "pictures of the epoch under way"),
    FV_FIELD(fv_training_state, correct, .min = 0, .max = INFINITY, .help = "of them, those the network knew"),
    FV_FIELD(fv_training_state, best_epoch, .min = 0, .max = INFINITY, .help = "from 1; 0: none yet"),
    FV_FIELD(fv_training_state, learning_rate, .help = "of each finished epoch's first step"),
    FV_FIELD(fv_training_state, train_loss, .help = "of each finished epoch"),
    FV_FIELD(fv_training_state, train_score, .alias = "train_top1", .help = "of each finished epoch, where it can be counted"),
    FV_FIELD(fv_training_state, val_loss, .help = "of each finished epoch"),
    FV_FIELD(fv_training_state, val_score, .alias = "val_top1", .help = "of each finished epoch"),
    FV_FIELD(fv_training_state, val_select, .help = "of each finished epoch, where the best is chosen by another figure"),
    FV_FIELD(fv_training_state, isa, .help = "instruction set that the kernels were chosen for"),
    FV_FIELD(fv_training_state, blas_core, .help = "core that OpenBLAS chose its kernels for"),
    FV_FIELD(fv_training_state, fovea, .help = "version of fovea"),
    FV_FIELD(fv_training_state, data, .help = "hash of the samples' ids and classes"),
    FV_FIELDS_END
};
const fv_section fv_section_training = {
    .name = FV_SECTION_TRAINING, .version = 1, .summary = "where a training is", .fields = fields
};

/* ---- the folder ---- */

fv_error *fv_trainer_name_files(fv_trainer *t) {
    const struct {
        const char *name, **path;
    } files[] = {
        { "best.fovea", &t->best_path },    { "last.fovea", &t->last_path },     { "previous.fovea", &t->previous_path },
        { "recipe.yaml", &t->recipe_path }, { "results.csv", &t->results_path }, { "changes.jsonl", &t->changes_path },
        { "lock", &t->lock_path }
    };
    for (int i = 0; i < FV_COUNT(files); i++) FV_TRY(fv_file_join(t->arena, t->options->out, files[i].name, files[i].path));
    return NULL;
}

/* Where the file system cannot lock, that is said and nothing more. */
fv_error *fv_trainer_lock(fv_trainer *t) {
    if (!fv_trainer_leads(t)) return NULL; /* the others write nothing */
    fv_error *error = fv_file_lock(t->lock_path, &t->lock);
    if (error && fv_error_code(error) == FV_UNSUPPORTED) {
        char text[1024];
        fv_trainer_say(t, "%s; see to it that nothing else trains or reports there", fv_error_format(error, text, sizeof text));
        fv_error_free(error);
        return NULL;
    }
    if (!error || fv_error_code(error) != FV_BUSY) return error;
    return fv_error_hint(fv_error_wrap(error, "another command is at work in %s", t->options->out),
                         "wait for it, or stop it: it leaves a checkpoint");
}

static bool is_used(const fv_trainer *t) {
    return fv_file_kind_of(t->last_path) != FV_FILE_NONE || fv_file_kind_of(t->previous_path) != FV_FILE_NONE ||
           fv_file_kind_of(t->best_path) != FV_FILE_NONE;
}

/* Whether the folder can be made or written to, known before the pictures are looked through: by what there is of its path. */
static fv_error *check_place(const fv_trainer *t) {
    const char *out = t->options->out, *place;
    size_t length = strlen(out);
    for (;;) {
        FV_TRY(fv_arena_format(t->arena, &place, "%.*s", (int)length, length ? out : "."));
        if (!length || fv_file_kind_of(place) != FV_FILE_NONE) break;
        while (length && out[length - 1] == '/') length--;
        while (length && out[length - 1] != '/') length--;
        while (length > 1 && out[length - 1] == '/') length--;
    }
    if (!length) place = ".";
    fv_error *error = fv_file_kind_of(place) != FV_FILE_FOLDER ? fv_fail(FV_CONFLICT, "%s is no folder", place)
                      : access(place, W_OK | X_OK) != 0        ? fv_fail(FV_DENIED, "%s cannot be written to", place)
                                                               : NULL;
    return fv_error_hint(fv_error_wrap(error, "no place for the run: %s", out), "name another folder: --out DIR");
}

static fv_error *check_unused(const fv_trainer *t) {
    if (!is_used(t)) return NULL;
    return fv_error_hint(fv_fail(FV_CONFLICT, "%s holds a training already", t->options->out),
                         "go on with it by --resume, or name another folder");
}

/* What is resumed is locked at once; a new folder when it is made. */
fv_error *fv_trainer_open_folder(fv_trainer *t) {
    if (!t->options->out) return fv_error_hint(fv_fail(FV_USAGE, "out is missing"), "name a folder for the results: --out DIR");
    FV_TRY(fv_trainer_name_files(t));
    if (!fv_trainer_leads(t)) return NULL;
    if (t->options->resume && !is_used(t))
        return fv_error_hint(fv_fail(FV_NOT_FOUND, "there is no training to resume in %s", t->options->out),
                             "begin one without --resume");
    if (t->options->resume && t->options->seconds > 0)
        return fv_error_hint(fv_fail(FV_USAGE, "--time chooses the epochs of a training that begins; this one goes on"),
                             "its recipe.yaml says how many they are; --epochs N gives it others, where the schedule allows");
    if (!t->options->resume) FV_TRY(check_unused(t));
    FV_TRY(check_place(t));
    return t->options->resume ? fv_trainer_lock(t) : NULL;
}

fv_error *fv_trainer_write_recipe(const fv_trainer *t) {
    char *text;
    FV_TRY(fv_recipe_to_yaml(t->recipe, &text));
    fv_error *error = fv_file_write(t->recipe_path, text, (int64_t)strlen(text), NULL);
    fv_string_free(text);
    return error;
}

fv_error *fv_trainer_make_folder(fv_trainer *t) {
    if (t->options->resume || !fv_trainer_leads(t)) return NULL;
    FV_TRY(fv_file_make_folder(t->options->out));
    FV_TRY(fv_trainer_lock(t));
    FV_TRY(check_unused(t)); /* nobody has begun here since it was looked at */
    FV_TRY(fv_file_remove_leftovers(t->options->out));
    FV_TRY(fv_trainer_write_recipe(t));
    return fv_trainer_save(t); /* so that there is a checkpoint from the first step on */
}

/* ---- going on ---- */

fv_error *fv_trainer_make_history(fv_trainer *t, int64_t epochs) {
    double **const columns[] = { &t->history.learning_rate, &t->history.train_loss, &t->history.train_score,
                                 &t->history.val_loss,      &t->history.val_score,  &t->history.val_select,
                                 &t->history.seconds };
    for (int i = 0; i < FV_COUNT(columns); i++) FV_TRY(fv_arena_take(t->arena, epochs, columns[i]));
    return NULL;
}

static fv_error *check_length(const fv_training_state *s, const fv_floats *list) {
    return list->count == s->epoch ? NULL : fv_fail(FV_FORMAT, "its history does not have one row for each epoch");
}

/* A list of the state moved to its room. */
static fv_error *restore_column(const fv_training_state *s, fv_floats *list, double *room) {
    FV_TRY(check_length(s, list));
    if (list->count) memcpy(room, list->at, (size_t)list->count * sizeof *room);
    list->at = room;
    return NULL;
}

static bool same(const char *a, const char *b) { return a && b && !strcmp(a, b); }

/* Going on to other bits is for who asks for it. */
static fv_error *check_bits(const fv_trainer *t, const fv_training_state *s) {
    const char *isa = fv_isa_names[fv_isa_best()], *core = fv_blas_core();
    if (t->options->allow_other_isa || (same(s->isa, isa) && same(s->blas_core, core))) return NULL;
    return fv_error_hint(
        fv_fail(FV_CONFLICT,
                "it was begun with kernels for %s and BLAS for %s, but this machine has %s and %s: the bits would differ",
                s->isa ? s->isa : "?", s->blas_core ? s->blas_core : "?", isa, core),
        "--allow-other-isa goes on all the same; FOVEA_ISA=%s and OPENBLAS_CORETYPE=%s to the same bits, where the CPU can",
        s->isa ? s->isa : "?", s->blas_core ? s->blas_core : "?");
}

static fv_error *check_state(const fv_trainer *t, const fv_training_state *s) {
    if (s->best_epoch > s->epoch) return fv_fail(FV_FORMAT, "its best epoch is not done yet");
    FV_TRY(check_bits(t, s));
    if (same(s->data, t->data_hash)) return NULL;
    return fv_error_hint(fv_fail(FV_CONFLICT, "pictures were added, removed or renamed since it was begun"),
                         "put them back, or begin another training on the pictures as they are");
}

static fv_error *restore_history(fv_trainer *t, fv_training_state *s) {
    FV_TRY(check_length(s, &s->val_loss));
    FV_TRY(fv_trainer_make_history(t, fv_max(s->epoch, t->keys->epochs)));
    FV_TRY(restore_column(s, &s->learning_rate, t->history.learning_rate));
    FV_TRY(restore_column(s, &s->train_loss, t->history.train_loss));
    if (fv_trainer_counts_score(t)) FV_TRY(restore_column(s, &s->train_score, t->history.train_score));
    FV_TRY(restore_column(s, &s->val_loss, t->history.val_loss));
    FV_TRY(restore_column(s, &s->val_score, t->history.val_score));
    if (!t->selection.is_score) return restore_column(s, &s->val_select, t->history.val_select);
    for (int64_t i = 0; i < s->epoch; i++) t->history.val_select[i] = t->history.val_score[i];
    return NULL;
}

/* The state is the trainer's once it is known to be sound. */
static fv_error *restore_state(fv_trainer *t, const fv_model *model) {
    fv_training_state s;
    FV_TRY(fv_section_read(model, &fv_section_training, &s, t->arena));
    FV_TRY(check_state(t, &s));
    FV_TRY(restore_history(t, &s));
    t->state = s;
    return NULL;
}

/* The tensors of the checkpoint become the model's; fv_initialize then finds them there and leaves them. */
static fv_error *restore_tensors(fv_trainer *t, const fv_model *model) {
    fv_weights *from = fv_model_weights(model), *to = fv_model_weights(t->model);
    for (int64_t i = 0; i < fv_weights_count(from); i++) {
        const char *name;
        fv_role role;
        const fv_tensor *tensor = fv_weights_at(from, i, &name, &role);
        fv_tensor *copy;
        FV_TRY(fv_weights_add(to, name, &tensor->type, role, &copy));
        memcpy(copy->data, tensor->data, (size_t)fv_type_bytes(&tensor->type));
    }
    return NULL;
}

/* Slots are checked against the step: a checkpoint without them would go on from zeroed momentum. */
static fv_error *check_slots(const fv_trainer *t) {
    for (int role = FV_PARAMETER; role <= FV_SLOT; role++) {
        int count = fv_graph_states(t->step, (fv_role)role, NULL, 0);
        fv_value *states;
        FV_TRY(fv_arena_take(t->arena, count + 1, &states));
        fv_graph_states(t->step, (fv_role)role, states, count);
        for (int i = 0; i < count; i++) {
            const char *name = fv_value_name(t->step, states[i]);
            if (!fv_weights_find(fv_model_weights(t->model), name)) return fv_fail(FV_FORMAT, "it has no %s", name);
        }
    }
    return NULL;
}

static fv_error *same_classes(const fv_trainer *t, const fv_model *model) {
    const char *now = fv_model_section(t->model, "classes", NULL), *then = fv_model_section(model, "classes", NULL);
    return same(now, then) || (!now && !then)
               ? NULL
               : fv_fail(FV_CONFLICT, "the data have other classes than when the training was begun");
}

/* Not of one that is whole, but that this process may not read or has no memory for. */
static bool is_damage(const fv_error *error) {
    fv_code code = fv_error_code(error);
    return code == FV_FORMAT || code == FV_IO || code == FV_NOT_FOUND;
}

/* last.fovea, or when that is damaged or gone the one before. */
static fv_error *load(fv_trainer *t, fv_model **out) {
    fv_error *error = fv_model_load(t->last_path, out);
    if (!error || !is_damage(error) || fv_file_kind_of(t->previous_path) == FV_FILE_NONE) return error;
    char text[1024];
    fv_trainer_say(t, "%s; going back to %s", fv_error_format(error, text, sizeof text), t->previous_path);
    fv_error_free(error);
    t->last_is_damaged = true;
    error = fv_error_wrap(fv_model_load(t->previous_path, out), "neither last.fovea nor previous.fovea can be read");
    return fv_error_hint(error, "begin anew in another folder; best.fovea, where there is one, is the best model until then");
}

/* A training that was cut off between its last checkpoint and its table gets the rows that are missing. */
static fv_error *mend_results(const fv_trainer *t) {
    fv_results results;
    fv_error *error = fv_results_read(t->results_path, t->arena, &results);
    bool whole = !error && results.rows == t->state.epoch;
    fv_error_free(error);
    return whole || !t->state.epoch ? NULL : fv_trainer_write_results(t);
}

fv_error *fv_trainer_restore(fv_trainer *t) {
    if (!t->options->resume) return fv_trainer_make_history(t, t->keys->epochs);
    FV_TRY(fv_file_remove_leftovers(t->options->out));
    FV_OWNED(fv_model) model = NULL;
    FV_TRY(load(t, &model));
    FV_TRY(fv_trainer_find_overrides(t, model));
    FV_TRY(same_classes(t, model));
    FV_TRY(fv_error_wrap(restore_state(t, model), "%s cannot be resumed", t->options->out));
    FV_TRY(fv_trainer_check_overrides(t));
    if (t->state.epoch > t->keys->epochs) return fv_fail(FV_FORMAT, "%s has more epochs than its recipe", t->options->out);
    FV_TRY(restore_tensors(t, model));
    FV_TRY(fv_trainer_keep_lineage(t, model));
    FV_TRY(fv_error_wrap(check_slots(t), "%s cannot be resumed", t->options->out));
    return mend_results(t);
}

/* Every state becomes what it was when last.fovea was written; of a training that has none yet, what it began with. */
fv_error *fv_trainer_go_back(fv_trainer *t) {
    fv_weights *to = fv_model_weights(t->model);
    FV_OWNED(fv_model) model = NULL;
    FV_TRY(load(t, &model));
    FV_TRY(restore_state(t, model));
    for (int64_t i = 0; i < fv_weights_count(to); i++) {
        const char *name;
        fv_tensor *tensor = fv_weights_at(to, i, &name, NULL);
        const fv_tensor *kept = fv_weights_find(fv_model_weights(model), name);
        if (!kept) return fv_fail(FV_FORMAT, "%s has no %s", t->last_path, name);
        memcpy(tensor->data, kept->data, (size_t)fv_type_bytes(&tensor->type));
    }
    fv_weights_changed(to);
    return NULL;
}

/* ---- keeping ---- */

fv_error *fv_trainer_save(fv_trainer *t) {
    double start = fv_clock_seconds();
    t->state.isa = fv_isa_names[fv_isa_best()];
    t->state.blas_core = fv_blas_core();
    t->state.data = t->data_hash;
    t->state.fovea = FOVEA_VERSION;
    FV_TRY(fv_section_write(t->model, &fv_section_training, &t->state));
    FV_TRY(fv_model_save_checkpoint(t->model, t->last_path, t->last_is_damaged ? NULL : t->previous_path));
    t->last_is_damaged = false;
    t->saved = fv_clock_seconds();
    t->save_seconds[t->saves++ % FV_SAVES] = t->saved - start;
    fv_trainer_advise_grace(t);
    return NULL;
}

/* Every rank comes here at the same step; the first writes. */
static fv_error *save_together(fv_trainer *t) { return fv_trainer_agree(t, fv_trainer_leads(t) ? fv_trainer_save(t) : NULL); }

bool fv_trainer_checkpoint_is_old(const fv_trainer *t) {
    double every = t->options->checkpoint_every;
    return every > 0 && fv_clock_seconds() - t->saved >= every;
}

fv_error *fv_trainer_save_in_time(fv_trainer *t) { return t->save_is_due ? save_together(t) : NULL; }

/* The figures are this file's: last.fovea, saved next from the same model, holds other weights before long. */
fv_error *fv_trainer_save_best(fv_trainer *t) {
    fv_model *model = t->averaged ? t->averaged : t->model;
    int64_t best = t->state.best_epoch - 1;
    static const double unknown[] = { NAN, NAN, NAN };
    double loss = t->history.val_loss[best];
    const char *const names[] = { fv_score_metric(t->kind), t->kind == FV_NUMBERS ? "rmse" : "log_loss", t->selection.metric };
    const double values[] = { t->history.val_score[best], t->kind == FV_NUMBERS ? sqrt(loss) * t->scaling.scale : loss,
                              t->history.val_select[best] };
    bool third = t->selection.metric && strcmp(names[2], names[0]) != 0 && strcmp(names[2], names[1]) != 0;
    int64_t count = third ? 3 : 2;
    fv_metrics_section metrics = { .epoch = best + 1,
                                   .selected_on = true,
                                   .n = fv_subset_count(t->val),
                                   .metrics = { count, names },
                                   .values = { count, values },
                                   .low = { count, unknown },
                                   .high = { count, unknown } };
    FV_TRY(fv_arena_format(t->arena, &metrics.on, "validation, selected on (%s)", t->val_from));
    FV_TRY(fv_section_write(model, &fv_section_metrics, &metrics));
    FV_TRY(fv_model_save(model, t->best_path));
    return fv_model_set_section(model, fv_section_metrics.name, fv_section_metrics.version, NULL);
}

fv_error *fv_trainer_stop(fv_trainer *t) {
    FV_TRY(save_together(t));
    t->agreed = true;
    return fv_error_hint(fv_fail(FV_CANCELLED, "stopped in epoch %lld after %lld of its %lld batches; all is kept in %s",
                                 (long long)t->state.epoch + 1, (long long)t->state.position,
                                 (long long)fv_loader_batches(t->loader), t->last_path),
                         "`fovea train --resume --out %s` goes on", t->options->out);
}

/* A score's column is called by its metric, without options; what chooses the best epoch, where that is not the score, has a
 * column of its own. */
static void add_header(const fv_trainer *t, fv_text *out) {
    const char *metric = fv_score_metric(t->kind);
    int name = (int)strcspn(metric, " ");
    fv_text_add(out, "epoch,learning_rate,train_loss");
    if (fv_trainer_counts_score(t)) fv_text_addf(out, ",train_%.*s", name, metric);
    fv_text_addf(out, ",val_loss,val_%.*s", name, metric);
    if (!t->selection.is_score) fv_text_addf(out, ",select_%.*s", fv_selection_name_length(&t->selection), t->selection.text);
    fv_text_add(out, ",seconds\n");
}

/* What is undefined leaves its cell empty. */
static void add_cell(double value, fv_text *out) {
    if (isnan(value))
        fv_text_add(out, ",");
    else
        fv_text_addf(out, ",%.9g", value);
}

/* results.csv is written whole; rows of epochs done before a resume have no seconds, which are no part of a checkpoint. */
fv_error *fv_trainer_write_results(const fv_trainer *t) {
    FV_TEXT(text, RESULTS_BYTES_MAX);
    add_header(t, &text);
    const fv_history *h = &t->history;
    for (int64_t i = 0; i < t->state.epoch; i++) {
        fv_text_addf(&text, "%lld,%.9g,%.9g", (long long)i + 1, h->learning_rate[i], h->train_loss[i]);
        if (fv_trainer_counts_score(t)) add_cell(h->train_score[i], &text);
        fv_text_addf(&text, ",%.9g", h->val_loss[i]);
        add_cell(h->val_score[i], &text);
        if (!t->selection.is_score) add_cell(h->val_select[i], &text);
        fv_text_add(&text, ",");
        if (h->seconds[i] > 0) fv_text_addf(&text, "%.3f", h->seconds[i]);
        fv_text_add(&text, "\n");
    }
    FV_TRY(fv_text_error(&text));
    return fv_file_write(t->results_path, text.at, text.length, NULL);
}
