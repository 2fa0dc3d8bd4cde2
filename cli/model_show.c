/* model_show.c - fovea model show: what a model file holds, from its sections and its graph. The file is read whole and its
 * hash checked; nothing is run. A section that is not there leaves its keys out (JSON: null). */
#include <string.h>

#include "cli/command.h"
#include "cli/figures.h"
#include "core/base/file.h"
#include "core/base/size.h"
#include "core/formats/model_trailer.h"
#include "predict/sections.h"
#include "train/recipe.h"

#define CLASSES_SHOWN 20 /* for people; JSON has all */

typedef struct show_options {
    const char *file;
} show_options;

static const fv_field fields[] = {
    FV_FIELD(show_options, file, .positional = true, .required = true, .value = "FILE", .help = "a .fovea file"), FV_FIELDS_END
};

/* The file, and its sections as far as it has them. */
typedef struct holdings {
    fv_model *model;
    fv_arena *arena;
    int64_t bytes;
    char hash[FV_TRAILER_HASH_LETTERS];
} holdings;

static fv_error *open_file(const char *path, holdings *h) {
    uint8_t *bytes;
    FV_TRY(fv_file_read(path, FV_MODEL_BYTES_MAX, &bytes, &h->bytes));
    fv_error *error = fv_model_decode(bytes, h->bytes, path, &h->model);
    if (!error) fv_trailer_hash(bytes, h->bytes, h->hash);
    fv_memory_free(bytes);
    return error;
}

/* `*found`: whether the model has the section; else `options` are as they were. */
static fv_error *find_section(const holdings *h, const fv_section *section, void *options, bool *found) {
    *found = fv_model_section(h->model, section->name, NULL) != NULL;
    return *found ? fv_section_read(h->model, section, options, h->arena) : NULL;
}

static fv_error *print_file(const holdings *h, const char *path, fv_printer *p) {
    const char *hash;
    fv_print_text(p, "file", path);
    fv_print_int(p, "bytes", h->bytes);
    fv_print_int(p, "format", FV_MODEL_VERSION);
    FV_TRY(fv_arena_format(h->arena, &hash, "%s%s", h->hash, p->json ? "" : " (BLAKE2b, holds)"));
    fv_print_text(p, "hash", hash);
    return NULL;
}

/* ---- the network ---- */

static int64_t count_parameters(const fv_model *model) {
    fv_weights *weights = fv_model_weights(model);
    int64_t sum = 0;
    for (int64_t i = 0; i < fv_weights_count(weights); i++) {
        fv_role role;
        const fv_tensor *tensor = fv_weights_at(weights, i, NULL, &role);
        if (role == FV_PARAMETER) sum += fv_type_count(&tensor->type);
    }
    return sum;
}

static fv_error *print_recipe(const holdings *h, fv_printer *p) {
    fv_recipe_keys keys;
    bool found;
    FV_TRY(find_section(h, &fv_section_recipe, &keys, &found));
    if (!found) return fv_print_text(p, "arch", NULL), fv_print_text(p, "recipe", NULL), NULL;
    FV_TEXT(line, 1 << 20);
    fv_print_text(p, "arch", keys.arch);
    keys.arch = keys.transforms = NULL; /* said on lines of their own */
    fv_fields_print(fv_recipe_fields, &keys, &line);
    FV_TRY(fv_text_error(&line));
    fv_print_text(p, "recipe", line.at);
    return NULL;
}

static fv_error *print_objective(const holdings *h, fv_printer *p) {
    fv_objective_section s = { 0 };
    bool found;
    FV_TRY(find_section(h, &fv_section_objective, &s, &found));
    fv_print_text(p, "objective", s.loss);
    return NULL;
}

/* For people one line; JSON has three numbers. */
static fv_error *print_input(const holdings *h, fv_printer *p) {
    fv_signature_section s = { 0 };
    bool found;
    const char *line;
    FV_TRY(find_section(h, &fv_section_signature, &s, &found));
    FV_TRY(
        fv_arena_format(h->arena, &line, "%lld × %lld × %lld", (long long)s.height, (long long)s.width, (long long)s.channels));
    if (!p->json || !found) return fv_print_text(p, "input", found ? line : NULL), NULL;
    fv_print_int(p, "height", s.height);
    fv_print_int(p, "width", s.width);
    fv_print_int(p, "channels", s.channels);
    return NULL;
}

/* How many numbers a picture has at the node that others build on. */
static void print_features(const fv_model *model, fv_printer *p) {
    fv_value value = fv_graph_find(fv_model_graph(model), "features");
    if (!fv_is_value(value)) return fv_print_text(p, "features", NULL);
    const fv_type *type = fv_value_type(fv_model_graph(model), value);
    fv_print_int(p, "features", fv_type_count(type) / fv_max(type->dims[0], 1));
}

static fv_error *print_network(const holdings *h, fv_printer *p) {
    FV_TRY(print_recipe(h, p));
    FV_TRY(print_objective(h, p));
    FV_TRY(print_input(h, p));
    fv_print_int(p, "parameters", count_parameters(h->model));
    print_features(h->model, p);
    return NULL;
}

/* ---- what it says, and how sure it is ---- */

/* JSON has the section's own words, for people they are longer. */
static fv_error *print_task(const holdings *h, fv_printer *p) {
    static const char *const names[] = { "one_class", "multi_label", "number" };
    static const char *const words[] = { "one class a picture", "any number of labels a picture", "a number a picture" };
    fv_target_section s = { .kind = FV_ONE_CLASS };
    bool found;
    FV_TRY(find_section(h, &fv_section_target, &s, &found));
    fv_print_text(p, "task", p->json ? names[s.kind] : words[s.kind]);
    if (s.kind != FV_NUMBERS) return NULL;
    fv_print_number(p, "mean", s.mean);
    fv_print_number(p, "scale", s.scale);
    return NULL;
}

static fv_error *print_classes(const holdings *h, fv_printer *p) {
    fv_classes_section s = { 0 };
    bool found;
    FV_TRY(find_section(h, &fv_section_classes, &s, &found));
    if (!found) return fv_print_text(p, "classes", NULL), NULL;
    if (p->json) return fv_print_texts(p, "classes", s.names.at, s.names.count), NULL;
    FV_TEXT(line, 1 << 20);
    int64_t shown = fv_min(s.names.count, CLASSES_SHOWN);
    fv_text_addf(&line, "%lld:", (long long)s.names.count);
    for (int64_t c = 0; c < shown; c++) fv_text_addf(&line, "%s %s", c ? "," : "", s.names.at[c]);
    if (shown < s.names.count) fv_text_addf(&line, ", and %lld more", (long long)(s.names.count - shown));
    FV_TRY(fv_text_error(&line));
    fv_print_text(p, "classes", line.at);
    return NULL;
}

/* Steps one a line in the section; a list in JSON, a line for people. */
static fv_error *print_transforms(const holdings *h, fv_printer *p) {
    fv_transforms_section s = { 0 };
    bool found;
    FV_TRY(find_section(h, &fv_section_transforms, &s, &found));
    if (!found) return fv_print_text(p, "transforms", NULL), NULL;
    const char **steps;
    char *rest;
    int64_t count = 0, length = (int64_t)strlen(s.steps);
    FV_TRY(fv_arena_take(h->arena, length + 1, &steps));
    FV_TRY(fv_arena_copy(h->arena, s.steps, length + 1, (void **)&rest));
    for (char *step; (step = strsep(&rest, "\n"));)
        if (*step) steps[count++] = step;
    if (p->json) return fv_print_texts(p, "transforms", steps, count), NULL;
    for (int64_t i = 0; i < count; i++) fv_print_text(p, i ? "" : "transforms", steps[i]);
    return NULL;
}

static fv_error *print_calibration(const holdings *h, fv_printer *p) {
    fv_calibration_section s = { 0 };
    bool found;
    FV_TRY(find_section(h, &fv_section_calibration, &s, &found));
    if (!found) return fv_print_text(p, "temperature", NULL), fv_print_text(p, "reject_below", NULL), NULL;
    fv_print_number(p, "temperature", s.temperature);
    fv_print_number(p, "reject_below", s.reject_below);
    return NULL;
}

/* ---- what it reached ---- */

static fv_error *check_metrics(const fv_metrics_section *s) {
    int64_t count = s->metrics.count;
    if (s->values.count == count && s->low.count == count && s->high.count == count) return NULL;
    return fv_fail(FV_FORMAT, "the model's section metrics has %lld metrics and %lld values", (long long)count,
                   (long long)s->values.count);
}

static void print_metric(const fv_metrics_section *s, int64_t i, fv_printer *p) {
    fv_interval interval = { s->low.at[i], s->high.at[i] };
    if (!p->json) return fv_figures_print_one(p, s->metrics.at[i], s->values.at[i], interval);
    fv_print_item(p);
    fv_print_text(p, "metric", s->metrics.at[i]);
    fv_print_number(p, "value", s->values.at[i]);
    fv_print_number(p, "low", interval.low);
    fv_print_number(p, "high", interval.high);
}

static fv_error *print_metrics(const holdings *h, fv_printer *p) {
    fv_metrics_section s = { 0 };
    bool found;
    FV_TRY(find_section(h, &fv_section_metrics, &s, &found));
    FV_TRY(check_metrics(&s));
    if (!found) return fv_print_text(p, "metrics", NULL), NULL;
    fv_print_int(p, "epoch", s.epoch);
    fv_print_text(p, "measured_on", s.on);
    if (p->json) fv_print_bool(p, "selected_on", s.selected_on);
    fv_print_int(p, "n", s.n);
    if (p->json) fv_print_list(p, "metrics");
    for (int64_t i = 0; i < s.metrics.count; i++) print_metric(&s, i, p);
    if (p->json) fv_print_list_end(p);
    return NULL;
}

/* ---- where it comes from ---- */

static fv_error *print_licences(const holdings *h, fv_printer *p) {
    fv_licence_section s = { 0 };
    bool found;
    FV_TRY(find_section(h, &fv_section_licence, &s, &found));
    if (s.of.count != s.licences.count)
        return fv_fail(FV_FORMAT, "the model's section licence names %lld things and %lld licences", (long long)s.of.count,
                       (long long)s.licences.count);
    if (!p->json && !s.of.count) return fv_print_text(p, "licence", "nothing is said"), NULL;
    fv_print_list(p, "licences");
    for (int64_t i = 0; p->json && i < s.of.count; i++) {
        fv_print_item(p);
        fv_print_text(p, "of", s.of.at[i]);
        fv_print_text(p, "licence", s.licences.at[i]);
    }
    fv_print_list_end(p);
    for (int64_t i = 0; !p->json && i < s.of.count; i++) {
        const char *line;
        FV_TRY(fv_arena_format(h->arena, &line, "%s: %s", s.of.at[i], s.licences.at[i]));
        fv_print_text(p, i ? "" : "licence", line);
    }
    return NULL;
}

static fv_error *print_selftest(const holdings *h, fv_printer *p) {
    fv_selftest_section s = { 0 };
    bool found;
    FV_TRY(find_section(h, &fv_section_selftest, &s, &found));
    if (found || p->json) fv_print_texts(p, "selftest", s.names.at, s.names.count);
    return NULL;
}

static fv_error *print_sections(const holdings *h, fv_printer *p) {
    const char **names;
    int count = fv_model_section_count(h->model);
    FV_TRY(fv_arena_take(h->arena, count + 1, &names));
    for (int i = 0; i < count; i++) names[i] = fv_model_section_name(h->model, i);
    fv_print_texts(p, "sections", names, count);
    fv_print_bool(p, "checkpoint", fv_model_section(h->model, FV_SECTION_TRAINING, NULL) != NULL);
    return NULL;
}

static fv_error *print(const holdings *h, const char *path, fv_printer *p) {
    fv_print_record(p);
    FV_TRY(print_file(h, path, p));
    FV_TRY(print_network(h, p));
    FV_TRY(print_task(h, p));
    FV_TRY(print_classes(h, p));
    FV_TRY(print_transforms(h, p));
    FV_TRY(print_calibration(h, p));
    FV_TRY(print_metrics(h, p));
    FV_TRY(print_licences(h, p));
    FV_TRY(print_selftest(h, p));
    FV_TRY(print_sections(h, p));
    fv_print_record_end(p);
    return NULL;
}

static fv_error *run(fv_command_call *call, void *raw) {
    const show_options *o = raw;
    FV_OWNED(fv_arena) arena = NULL;
    FV_TRY(fv_arena_new("what a model file holds", INT64_C(1) << 28, &arena));
    holdings h = { .arena = arena };
    fv_error *error = open_file(o->file, &h);
    if (!error) error = fv_error_wrap(print(&h, o->file, call->printer), "%s", o->file);
    fv_model_free(h.model);
    return error;
}

const fv_command fv_command_model_show = {
    .name = "model show",
    .summary = "print what a model file holds",
    .arguments = "FILE",
    .description = "Network, classes, transforms, temperature, the figures that it reached and on what, licences, self-test\n"
                   "pictures. The file's hash is checked, and a file that was changed or cut short is refused; nothing is run.",
    .fields = fields,
    .size = sizeof(show_options),
    .run = run,
};
