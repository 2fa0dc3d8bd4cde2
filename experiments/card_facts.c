/* card_facts.c - what a card is made of. */
#include <math.h>
#include <string.h>

#include "core/base/size.h"
#include "experiments/card.h"
#include "train/recipe.h"

#define RECIPE_BYTES_MAX (1 << 20)
#define CONFIDENCE 0.95

typedef struct gathering {
    fv_registry *registry;
    const fv_card_options *options;
    fv_arena *arena;
    fv_card_facts *f;
} gathering;

/* ---- outcomes ---- */

static fv_error *measure(gathering *g, fv_run_outcomes **outcomes) {
    FV_OWNED(fv_predictor) predictor = NULL;
    fv_robustness *rows;
    FV_TRY(fv_version_open(g->registry, g->f->version, NULL, &predictor));
    FV_TRY(fv_held_out_measure(predictor, &g->options->pictures, g->arena, outcomes));
    if (!g->options->corruptions) return NULL;
    FV_TRY(fv_arena_take(g->arena, fv_corruption_count(), &rows));
    FV_TRY(fv_held_out_corrupt(predictor, &g->options->pictures, rows));
    g->f->robustness = rows;
    return NULL;
}

static fv_error *find_outcomes(gathering *g) {
    const fv_version_file *file = fv_version_file_find(g->f->version, FV_PREDICTIONS_FILE);
    fv_run_outcomes *outcomes;
    if (g->options->pictures.data) {
        FV_TRY(measure(g, &outcomes));
    } else if (file) {
        FV_TRY(fv_held_out_read(g->registry, file->digest, g->arena, &outcomes));
        outcomes->on = g->f->model.on;
        outcomes->selected_on = g->f->model.selected_on;
    } else {
        g->f->missing = "no predictions were kept with this version; --data DIR measures it";
        return NULL;
    }
    g->f->outcomes = outcomes;
    return NULL;
}

/* ---- classes ---- */

static void count_answers(const fv_run_outcomes *o, fv_card_class *classes, int64_t *confusion) {
    for (int64_t i = 0; i < o->count; i++) {
        int64_t truth = o->labels[i], answer = o->answers[i];
        classes[truth].support++;
        classes[answer].answered++;
        classes[truth].right += truth == answer;
        confusion[truth * o->class_count + answer]++;
    }
}

static void count_labels(const fv_run_outcomes *o, fv_card_class *classes) {
    for (int64_t i = 0; i < o->count; i++)
        for (int64_t c = 0; c < o->class_count; c++) {
            bool truth = o->truths[i * o->class_count + c], said = o->said[i * o->class_count + c];
            classes[c].support += truth;
            classes[c].answered += said;
            classes[c].right += truth && said;
        }
}

static fv_error *count_classes(gathering *g) {
    const fv_run_outcomes *o = g->f->outcomes;
    fv_card_class *classes;
    int64_t *confusion;
    if (!o || o->kind == FV_NUMBERS) return NULL;
    FV_TRY(fv_arena_take(g->arena, o->class_count, &classes));
    if (o->kind == FV_ONE_CLASS) {
        FV_TRY(fv_arena_take(g->arena, o->class_count * o->class_count, &confusion));
        count_answers(o, classes, confusion);
        g->f->confusion = confusion;
    } else {
        count_labels(o, classes);
    }
    for (int64_t c = 0; c < o->class_count; c++) {
        classes[c].name = o->classes[c];
        classes[c].precision = fv_wilson_interval(classes[c].right, classes[c].answered, CONFIDENCE);
        classes[c].recall = fv_wilson_interval(classes[c].right, classes[c].support, CONFIDENCE);
    }
    g->f->classes = classes;
    return NULL;
}

/* By the probability of the answer, in bins of equal width. */
static fv_error *fill_bins(gathering *g) {
    const fv_run_outcomes *o = g->f->outcomes;
    fv_card_bin *bins;
    if (!o || o->kind != FV_ONE_CLASS) return NULL;
    FV_TRY(fv_arena_take(g->arena, FV_CARD_BINS, &bins));
    for (int64_t i = 0; i < o->count; i++) {
        int64_t b = (int64_t)ceil(o->scores[i] * FV_CARD_BINS) - 1;
        fv_card_bin *bin = &bins[fv_min(fv_max(b, 0), FV_CARD_BINS - 1)];
        bin->count++;
        bin->confidence += o->scores[i];
        bin->correct += o->answers[i] == o->labels[i];
    }
    for (int b = 0; b < FV_CARD_BINS; b++) {
        bins[b].confidence /= (double)bins[b].count;
        bins[b].correct /= (double)bins[b].count;
    }
    g->f->bins = bins;
    return NULL;
}

/* ---- what the registry has ---- */

static fv_error *read_recipe(gathering *g) {
    const fv_version_file *file = fv_version_file_find(g->f->version, FV_RECIPE_FILE);
    FV_OWNED(fv_recipe) recipe = NULL;
    char *bytes;
    int64_t length;
    if (!file) return NULL;
    FV_TRY(fv_recipe_new(&recipe));
    FV_TRY(fv_object_get(g->registry, file->digest, RECIPE_BYTES_MAX, &bytes, &length));
    fv_error *error = fv_arena_text(g->arena, bytes, &g->f->recipe);
    if (!error) error = fv_recipe_parse(recipe, (const uint8_t *)bytes, length, FV_RECIPE_FILE);
    fv_string_free(bytes);
    FV_TRY(error);
    return fv_arena_text(g->arena, recipe->keys.targets, &g->f->targets);
}

/* Those about this version are kept, in their order. */
static fv_error *read_decisions(gathering *g) {
    const fv_version_row *v = g->f->version;
    struct fv_promotion *at;
    FV_TRY(fv_promotions_list(g->registry, v->model, NULL, 0, &g->f->decisions));
    fv_promotion_list *all = &g->f->decisions;
    int64_t kept = 0;
    FV_TRY(fv_arena_take(g->arena, all->count + 1, &at));
    for (int64_t i = 0; i < all->count; i++)
        if (all->at[i].version == v->number || all->at[i].previous == v->number) at[kept++] = all->at[i];
    all->at = at;
    all->count = kept;
    return NULL;
}

static fv_error *read_registry(gathering *g) {
    const fv_version_row *v = g->f->version;
    const char *reference;
    FV_TRY(fv_arena_format(g->arena, &reference, "%s/%lld", v->model, (long long)v->number));
    FV_TRY(fv_lineage_walk(g->registry, "version", reference, false, &g->f->came_from));
    FV_TRY(fv_lineage_walk(g->registry, "version", reference, true, &g->f->became));
    FV_TRY(fv_notes_list(g->registry, "version", reference, &g->f->notes));
    FV_TRY(read_decisions(g));
    return v->run ? fv_run_list_data(g->registry, v->run, &g->f->data) : NULL;
}

/* ---- all of it ---- */

static fv_error *gather(gathering *g) {
    fv_card_facts *f = g->f;
    FV_TRY(fv_version_find(g->registry, g->options->version, &f->list));
    f->version = &f->list.rows[0];
    FV_TRY(fv_fields_from_json(fv_model_facts_fields, &f->model, f->version->facts, "the version's facts", g->arena));
    FV_TRY(read_recipe(g));
    FV_TRY(read_registry(g));
    FV_TRY(find_outcomes(g));
    FV_TRY(count_classes(g));
    return fill_bins(g);
}

fv_error *fv_card_gather(fv_registry *registry, const fv_card_options *options, fv_arena *arena, fv_card_facts *out) {
    gathering g = { .registry = registry, .options = options, .arena = arena, .f = out };
    *out = (fv_card_facts){ 0 };
    fv_error *error = gather(&g);
    if (error) fv_card_release(out);
    return error;
}

void fv_card_release(fv_card_facts *f) {
    fv_version_list_release(&f->list);
    fv_run_data_list_release(&f->data);
    fv_lineage_release(&f->came_from);
    fv_lineage_release(&f->became);
    fv_promotion_list_release(&f->decisions);
    fv_note_list_release(&f->notes);
}
