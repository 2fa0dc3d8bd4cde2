/* model_facts.c - see model_facts.h. */
#include "experiments/model_facts.h"

#include <string.h>

#include "core/base/size.h"
#include "predict/sections.h"
#include "train/recipe.h"

const fv_field fv_model_facts_fields[] = {
    FV_FIELD(fv_model_facts, arch, .help = "the network"),
    FV_FIELD(fv_model_facts, recipe, .help = "what of the recipe is not the default"),
    FV_FIELD(fv_model_facts, objective, .help = "what the training lowered"),
    FV_FIELD(fv_model_facts, height, .help = "of a picture at the input"),
    FV_FIELD(fv_model_facts, width, .help = "of a picture at the input"),
    FV_FIELD(fv_model_facts, channels, .help = "of a picture at the input"),
    FV_FIELD(fv_model_facts, parameters, .help = "numbers that are learnt"),
    FV_FIELD(fv_model_facts, features, .help = "numbers a picture has at the node that others build on"),
    FV_FIELD(fv_model_facts, task, .names = "one_class,multi_label,number", .help = "what is said of a picture"),
    FV_FIELD(fv_model_facts, mean, .help = "of the numbers"),
    FV_FIELD(fv_model_facts, scale, .help = "of the numbers"),
    FV_FIELD(fv_model_facts, classes, .help = "names, in the order of the logits"),
    FV_FIELD(fv_model_facts, transforms, .help = "steps from a decoded picture to the input"),
    FV_FIELD(fv_model_facts, temperature, .help = "that logits are divided by"),
    FV_FIELD(fv_model_facts, reject_below, .help = "the score below which it abstains"),
    FV_FIELD(fv_model_facts, calibration_before, .help = "calibration error without the temperature"),
    FV_FIELD(fv_model_facts, calibration_after, .help = "and with it"),
    FV_FIELD(fv_model_facts, calibrated_on, .help = "pictures that the temperature was fitted on"),
    FV_FIELD(fv_model_facts, epoch, .help = "that gave the weights"),
    FV_FIELD(fv_model_facts, on, .help = "which pictures the figures are of"),
    FV_FIELD(fv_model_facts, selected_on, .help = "whether the epoch was chosen by them"),
    FV_FIELD(fv_model_facts, n, .help = "how many those are"),
    FV_FIELD(fv_model_facts, metrics, .help = "names of the figures"),
    FV_FIELD(fv_model_facts, values, .help = "the figures"),
    FV_FIELD(fv_model_facts, low, .help = "lower ends of their 95 % intervals"),
    FV_FIELD(fv_model_facts, high, .help = "upper ends"),
    FV_FIELD(fv_model_facts, licences_of, .help = "what the licences are of"),
    FV_FIELD(fv_model_facts, licences, .help = "the licences"),
    FV_FIELD(fv_model_facts, parent, .help = "digest of the model that it was made from"),
    FV_FIELD(fv_model_facts, selftest, .help = "names of the self-test's pictures"),
    FV_FIELD(fv_model_facts, sections, .help = "of the file"),
    FV_FIELD(fv_model_facts, checkpoint, .help = "whether a training can go on from it"),
    FV_FIELDS_END
};

/* `*found`: whether the model has the section; else `options` are as they were. */
static fv_error *find_section(const fv_model *model, const fv_section *section, fv_arena *arena, void *options, bool *found) {
    *found = fv_model_section(model, section->name, NULL) != NULL;
    return *found ? fv_section_read(model, section, options, arena) : NULL;
}

/* ---- the network ---- */

static fv_error *read_recipe(const fv_model *model, fv_arena *arena, fv_model_facts *f) {
    fv_recipe_keys keys;
    bool found;
    FV_TRY(find_section(model, &fv_section_recipe, arena, &keys, &found));
    if (!found) return NULL;
    FV_TEXT(line, 1 << 20);
    f->arch = keys.arch;
    keys.arch = keys.transforms = NULL; /* said by themselves */
    fv_fields_print(fv_recipe_fields, &keys, &line);
    FV_TRY(fv_text_error(&line));
    return fv_arena_text(arena, line.at, &f->recipe);
}

static void count_numbers(const fv_model *model, fv_model_facts *f) {
    fv_weights *weights = fv_model_weights(model);
    for (int64_t i = 0; i < fv_weights_count(weights); i++) {
        fv_role role;
        const fv_tensor *tensor = fv_weights_at(weights, i, NULL, &role);
        if (role == FV_PARAMETER) f->parameters += fv_type_count(&tensor->type);
    }
    fv_value value = fv_graph_find(fv_model_graph(model), "features");
    if (!fv_is_value(value)) return;
    const fv_type *type = fv_value_type(fv_model_graph(model), value);
    f->features = fv_type_count(type) / fv_max(type->dims[0], 1);
}

static fv_error *read_network(const fv_model *model, fv_arena *arena, fv_model_facts *f) {
    fv_objective_section objective = { 0 };
    fv_signature_section signature = { 0 };
    bool found;
    FV_TRY(read_recipe(model, arena, f));
    FV_TRY(find_section(model, &fv_section_objective, arena, &objective, &found));
    FV_TRY(find_section(model, &fv_section_signature, arena, &signature, &found));
    f->objective = objective.loss;
    f->height = signature.height, f->width = signature.width, f->channels = signature.channels;
    count_numbers(model, f);
    return NULL;
}

/* ---- what it says ---- */

/* Steps are lines in the section. */
static fv_error *split_steps(const char *text, fv_arena *arena, fv_strings *out) {
    const char **steps;
    char *rest;
    int64_t count = 0, length = (int64_t)strlen(text);
    FV_TRY(fv_arena_take(arena, length + 1, &steps));
    FV_TRY(fv_arena_copy(arena, text, length + 1, (void **)&rest));
    for (char *step; (step = strsep(&rest, "\n"));)
        if (*step) steps[count++] = step;
    *out = (fv_strings){ count, steps };
    return NULL;
}

static fv_error *read_answers(const fv_model *model, fv_arena *arena, fv_model_facts *f) {
    fv_target_section target = { .kind = FV_ONE_CLASS };
    fv_classes_section classes = { 0 };
    fv_transforms_section transforms;
    fv_calibration_section calibration = { 0 };
    bool found;
    FV_TRY(find_section(model, &fv_section_target, arena, &target, &found));
    f->task = (int)target.kind;
    f->mean = target.mean, f->scale = target.scale;
    FV_TRY(find_section(model, &fv_section_classes, arena, &classes, &found));
    f->classes = classes.names;
    FV_TRY(find_section(model, &fv_section_transforms, arena, &transforms, &found));
    if (found) FV_TRY(split_steps(transforms.steps, arena, &f->transforms));
    FV_TRY(find_section(model, &fv_section_calibration, arena, &calibration, &found));
    f->temperature = calibration.temperature, f->reject_below = calibration.reject_below;
    f->calibration_before = calibration.error_before, f->calibration_after = calibration.error_after;
    f->calibrated_on = calibration.n;
    return NULL;
}

/* ---- what it reached, and what it is made from ---- */

static fv_error *read_figures(const fv_model *model, fv_arena *arena, fv_model_facts *f) {
    fv_metrics_section s = { 0 };
    bool found;
    FV_TRY(find_section(model, &fv_section_metrics, arena, &s, &found));
    int64_t count = s.metrics.count;
    if (s.values.count != count || s.low.count != count || s.high.count != count)
        return fv_fail(FV_FORMAT, "the model's section metrics has %lld metrics and %lld values", (long long)count,
                       (long long)s.values.count);
    f->epoch = s.epoch;
    f->on = s.on;
    f->selected_on = s.selected_on;
    f->n = s.n;
    f->metrics = s.metrics;
    f->values = s.values, f->low = s.low, f->high = s.high;
    return NULL;
}

static fv_error *read_licences(const fv_model *model, fv_arena *arena, fv_model_facts *f) {
    fv_licence_section s = { 0 };
    bool found;
    FV_TRY(find_section(model, &fv_section_licence, arena, &s, &found));
    if (s.of.count != s.licences.count)
        return fv_fail(FV_FORMAT, "the model's section licence names %lld things and %lld licences", (long long)s.of.count,
                       (long long)s.licences.count);
    f->licences_of = s.of;
    f->licences = s.licences;
    return NULL;
}

static fv_error *list_sections(const fv_model *model, fv_arena *arena, fv_model_facts *f) {
    const char **names;
    int count = fv_model_section_count(model);
    FV_TRY(fv_arena_take(arena, count + 1, &names));
    for (int i = 0; i < count; i++) FV_TRY(fv_arena_text(arena, fv_model_section_name(model, i), &names[i]));
    f->sections = (fv_strings){ count, names };
    f->checkpoint = fv_model_section(model, FV_SECTION_TRAINING, NULL) != NULL;
    return NULL;
}

fv_error *fv_model_facts_read(const fv_model *model, fv_arena *arena, fv_model_facts *out) {
    fv_selftest_section selftest = { 0 };
    fv_lineage_section lineage = { 0 };
    bool found;
    *out = (fv_model_facts){ 0 };
    FV_TRY(read_network(model, arena, out));
    FV_TRY(read_answers(model, arena, out));
    FV_TRY(read_figures(model, arena, out));
    FV_TRY(read_licences(model, arena, out));
    FV_TRY(find_section(model, &fv_section_lineage, arena, &lineage, &found));
    out->parent = lineage.parent;
    FV_TRY(find_section(model, &fv_section_selftest, arena, &selftest, &found));
    out->selftest = selftest.names;
    return list_sections(model, arena, out);
}

int64_t fv_model_facts_figure(const fv_model_facts *f, const char *metric) {
    for (int64_t i = 0; i < f->metrics.count; i++)
        if (!strcmp(f->metrics.at[i], metric)) return i;
    return -1;
}
