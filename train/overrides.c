/* overrides.c - keys of the recipe that may be given anew to a training that is gone on with: those that changed no bit of a
 * step that is done, had they been so from the beginning. So the run stays what its recipe says, and ends in the same bits as
 * one that was begun with the recipe as it is now. What changes is shown, recorded in changes.jsonl, a line each, and then
 * done:
 *
 *   {"time":"2026-11-29T13:35:00Z","step":40,"key":"epochs","old":2,"new":4}
 *
 * Killed in between, a line may stand there twice, or for a change that was not made; none is missing. */
#include "train/overrides.h"

#include <string.h>
#include <time.h>

#include "core/base/assert.h"
#include "core/base/file.h"
#include "core/cpu/blas.h"
#include "core/plan/kernel.h"
#include "train/trainer.h"

#define VALUE_BYTES_MAX (1 << 20)
#define CHANGES_BYTES_MAX (1 << 26)

/* ---- which keys may ---- */

/* So many epochs hold what is done, and each step of it is the same under both numbers. */
static fv_error *check_epochs(const fv_trainer *t, const fv_recipe_keys *was) {
    const fv_training_state *s = &t->state;
    int64_t begun = s->epoch + (s->position > 0), now = t->keys->epochs, done = fv_trainer_updates(t), step;
    if (now < begun) return fv_fail(FV_CONFLICT, "epochs is now %lld, but %lld are begun", (long long)now, (long long)begun);
    FV_OWNED(fv_learning_rate) rate = NULL;
    FV_TRY(fv_trainer_make_rate(t, was->epochs, &rate));
    for (step = 0; step < done && fv_learning_rate_at(rate, step) == fv_learning_rate_at(t->rate, step);) step++;
    if (step < done)
        return fv_fail(FV_CONFLICT,
                       "epochs is now %lld, but the run was begun with %lld: by the schedule step %lld had a learning rate of "
                       "%.6g, and would have had %.6g",
                       (long long)now, (long long)was->epochs, (long long)step + 1, fv_learning_rate_at(rate, step),
                       fv_learning_rate_at(t->rate, step));
    bool same;
    FV_TRY(fv_trainer_looks_back_alike(t, was->epochs, &same));
    return same
               ? NULL
               : fv_fail(FV_CONFLICT, "epochs is now %lld, but lookahead went by %lld", (long long)now, (long long)was->epochs);
}

/* No epoch after which the training would have ended is followed by another. */
static fv_error *check_patience(const fv_trainer *t, const fv_recipe_keys *was) {
    (void)was;
    const fv_training_state *s = &t->state;
    const double *figures = t->history.val_select, *losses = t->history.val_loss;
    int64_t patience = t->keys->patience, best = 0, last = s->position ? s->epoch : s->epoch - 1;
    for (int64_t e = 0; patience && e < last; e++) {
        if (e && fv_selection_prefers(&t->selection, figures[e], losses[e], figures[best], losses[best])) best = e;
        if (e - best >= patience)
            return fv_fail(FV_CONFLICT, "patience is now %lld, by which the training would have ended after epoch %lld of %lld",
                           (long long)patience, (long long)e + 1, (long long)last + 1);
    }
    return NULL;
}

/* Places are free because the pictures are compared, by a hash of names and targets. strict and allow_dropped fail or do not,
 * and change nothing else; memory touches no bit. The rest is about the report and what best.fovea gets when the training is
 * over. */
static const struct {
    const char *key;
    fv_error *(*check)(const fv_trainer *trainer, const fv_recipe_keys *was); /* with state and history; NULL: always */
} may_differ[] = { { "data", NULL },           { "val", NULL },
                   { "test", NULL },           { "strict", NULL },
                   { "allow_dropped", NULL },  { "memory", NULL },
                   { "epochs", check_epochs }, { "patience", check_patience },
                   { "reject_below", NULL },   { "selftest_pictures", NULL },
                   { "targets", NULL },        { "licence", NULL } };

static int place_of(const fv_field *field) {
    for (int i = 0; i < FV_COUNT(may_differ); i++)
        if (!strcmp(may_differ[i].key, field->name)) return i;
    return -1;
}

/* A value as people write it: a text without quotes, "none" of an empty one. */
static void add_value(const fv_field *field, const void *options, fv_text *out) {
    int64_t before = out->length;
    if (field->type == FV_FIELD_TEXT) {
        const char *text = *(const char *const *)((const char *)options + field->offset);
        fv_text_add(out, text ? text : "");
    } else {
        fv_field_print_value(field, options, out);
    }
    if (out->length == before) fv_text_add(out, "none");
}

static fv_error *refuse(const fv_override *o) {
    FV_TEXT(text, 2 * VALUE_BYTES_MAX);
    fv_text_addf(&text, "%s is now \"", o->field->name);
    add_value(o->field, o->is, &text);
    fv_text_add(&text, "\", but the run was begun with \"");
    add_value(o->field, o->was, &text);
    FV_TRY(fv_text_error(&text));
    FV_TEXT(keys, 1024);
    for (int i = 0; i < FV_COUNT(may_differ); i++) fv_text_addf(&keys, "%s%s", i ? ", " : "", may_differ[i].key);
    return fv_error_hint(fv_fail(FV_CONFLICT, "%s\"", text.at),
                         "these may be given anew, where no step that is done would have been another: %s; with other keys "
                         "begin another training, in a folder of its own (--out)",
                         keys.at);
}

/* ---- what differs ---- */

/* The checkpoint's recipe, with what that leaves out from recipe.yaml, where there is one. */
static fv_error *read_recipe(const fv_trainer *t, const fv_model *checkpoint, fv_recipe_keys *out) {
    FV_OWNED(fv_recipe) kept = NULL;
    FV_TRY(fv_section_read(checkpoint, &fv_section_recipe, out, t->arena));
    if (fv_file_kind_of(t->recipe_path) == FV_FILE_NONE) return NULL;
    FV_TRY(fv_recipe_new(&kept));
    FV_TRY(fv_recipe_read(kept, t->recipe_path));
    const struct {
        const char *from, **to;
    } places[] = { { kept->keys.data, &out->data },       { kept->keys.val, &out->val },
                   { kept->keys.test, &out->test },       { kept->keys.weights, &out->weights },
                   { kept->keys.targets, &out->targets }, { kept->keys.licence, &out->licence } };
    for (int i = 0; i < FV_COUNT(places); i++)
        if (places[i].from) FV_TRY(fv_arena_text(t->arena, places[i].from, places[i].to));
    out->memory = kept->keys.memory;
    return NULL;
}

static void add(fv_overrides *overrides, fv_override o) {
    if (!fv_field_equal(o.field, o.was, o.is)) overrides->at[overrides->count++] = o;
}

fv_error *fv_trainer_find_overrides(fv_trainer *t, const fv_model *checkpoint) {
    fv_recipe_keys *was;
    FV_TRY(fv_arena_take(t->arena, 1, &was));
    FV_TRY(read_recipe(t, checkpoint, was));
    for (const fv_field *field = fv_recipe_fields; field->name; field++)
        add(&t->overrides, (fv_override){ field, was, t->keys });
    for (int i = 0; i < t->overrides.count; i++)
        if (place_of(t->overrides.at[i].field) < 0) return refuse(&t->overrides.at[i]);
    return NULL;
}

fv_error *fv_trainer_check_overrides(const fv_trainer *t) {
    for (int i = 0; i < t->overrides.count; i++) {
        const fv_override *o = &t->overrides.at[i];
        fv_error *(*check)(const fv_trainer *, const fv_recipe_keys *) = may_differ[place_of(o->field)].check;
        if (check)
            FV_TRY(fv_error_hint(check(t, o->was), "with other %s begin another training, in a folder of its own (--out)",
                                 o->field->name));
    }
    return NULL;
}

/* Of a training that is finished no bits are to come. */
static fv_error *add_machine(fv_trainer *t) {
    static const char *const names[] = { "isa", "blas_core" };
    fv_training_state *was, *is;
    if (fv_trainer_is_finished(t)) return NULL;
    FV_TRY(fv_arena_take(t->arena, 1, &was));
    FV_TRY(fv_arena_take(t->arena, 1, &is));
    *was = *is = t->state;
    is->isa = fv_isa_names[fv_isa_best()];
    is->blas_core = fv_blas_core();
    for (int i = 0; i < FV_COUNT(names); i++)
        add(&t->overrides, (fv_override){ fv_fields_find(fv_section_training.fields, names[i]), was, is });
    return NULL;
}

/* ---- said, recorded, done ---- */

static fv_error *say(const fv_trainer *t, const fv_override *o) {
    FV_TEXT(text, 2 * VALUE_BYTES_MAX);
    add_value(o->field, o->was, &text);
    fv_text_add(&text, " → ");
    add_value(o->field, o->is, &text);
    FV_TRY(fv_text_error(&text));
    fv_trainer_say(t, "%s: %s", o->field->name, text.at);
    return NULL;
}

static fv_error *add_line(const fv_trainer *t, const fv_override *o, fv_text *out) {
    char now[32];
    time_t seconds = time(NULL);
    struct tm parts;
    strftime(now, sizeof now, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&seconds, &parts));
    fv_text_addf(out, "{\"time\":\"%s\",\"step\":%lld,\"key\":\"%s\",\"old\":", now, (long long)t->state.step, o->field->name);
    fv_field_print_json(o->field, o->was, out);
    fv_text_add(out, ",\"new\":");
    fv_field_print_json(o->field, o->is, out);
    fv_text_add(out, "}\n");
    return fv_text_error(out);
}

/* Written whole with the new lines at its end, like all files of a run. */
static fv_error *record(const fv_trainer *t) {
    FV_TEXT(lines, CHANGES_BYTES_MAX);
    if (fv_file_kind_of(t->changes_path) != FV_FILE_NONE) {
        uint8_t *bytes;
        int64_t length;
        FV_TRY(fv_file_read(t->changes_path, CHANGES_BYTES_MAX, &bytes, &length));
        fv_text_add(&lines, (const char *)bytes);
        fv_memory_free(bytes);
    }
    for (int i = 0; i < t->overrides.count; i++) FV_TRY(add_line(t, &t->overrides.at[i], &lines));
    return fv_file_write(t->changes_path, lines.at, lines.length, NULL);
}

fv_error *fv_trainer_keep_overrides(fv_trainer *t) {
    if (!t->options->resume) return NULL;
    FV_TRY(add_machine(t));
    if (!t->overrides.count || !fv_trainer_leads(t)) return NULL;
    for (int i = 0; i < t->overrides.count; i++) FV_TRY(say(t, &t->overrides.at[i]));
    FV_TRY(record(t));
    FV_TRY(fv_trainer_write_recipe(t));
    return fv_trainer_save(t);
}
