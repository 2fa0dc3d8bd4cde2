/* import.c - see import.h: the architecture is built, a style of names is found, and each state takes its tensor. */
#include "exchange/import.h"

#include <stdio.h>
#include <string.h>

#include "core/base/file.h"
#include "core/base/size.h"
#include "exchange/preprocessing.h"
#include "fovea/data.h"
#include "fovea/layers.h"
#include "predict/sections.h"

#define CLASSES_FILE_MAX (16 << 20)
#define SEED 0 /* of what is drawn anew in a partial import */

/* One import at work. */
typedef struct work {
    const fv_import_options *options;
    fv_arena *arena;
    fv_import *import;
    fv_graph *graph;
    fv_keys keys;
    const fv_foreign_tensor **found; /* of each key; NULL: none */
} work;

/* ---- finding the style ---- */

/* What Keras 3 calls a weight that is LAYER/kernel:0 or LAYER/depthwise_kernel:0 in Keras 2: LAYER/kernel both. */
static const fv_foreign_tensor *find_keras_3(const fv_foreign_file *file, const char *name) {
    const char *slash = strrchr(name, '/');
    size_t length = strlen(name);
    char other[4096];
    if (!slash || length >= sizeof other || length < 3 || strcmp(name + length - 2, ":0") != 0) return NULL;
    const char *weight = slash + 1;
    if (!strncmp(weight, "depthwise_", 10)) weight += 10;
    snprintf(other, sizeof other, "%.*s%.*s", (int)(slash + 1 - name), name, (int)(name + length - 2 - weight), weight);
    return fv_foreign_find(file, other);
}

static const fv_foreign_tensor *find(const fv_foreign_file *file, const char *name) {
    const fv_foreign_tensor *tensor = fv_foreign_find(file, name);
    return tensor ? tensor : find_keras_3(file, name);
}

static int64_t count_found(const fv_keys *keys, const fv_foreign_file *file) {
    int64_t count = 0;
    for (int64_t i = 0; i < keys->count; i++) count += keys->at[i].theirs && find(file, keys->at[i].theirs);
    return count;
}

static fv_error *build_graph(work *w, const char *arch) {
    fv_graph_free(fv_take(&w->graph));
    FV_TRY(fv_graph_new(&w->graph));
    fv_arch_build(w->graph, arch, 1);
    return fv_graph_error(w->graph);
}

static fv_error *choose_style(work *w, const char *name) {
    int64_t best = -1;
    const fv_key_style *wanted = NULL;
    if (w->options->style) FV_TRY(fv_key_style_named(w->options->style, w->arena, &wanted));
    if (wanted) return fv_keys_of(wanted, w->graph, w->arena, &w->keys);
    for (int i = 0; i < fv_key_style_table_count; i++) {
        const fv_key_style *style = fv_key_style_table[i];
        fv_keys keys;
        if (!fv_key_style_knows(style, name)) continue;
        FV_TRY(fv_keys_of(style, w->graph, w->arena, &keys));
        int64_t found = count_found(&keys, w->import->file);
        if (found > best) best = found, w->keys = keys;
    }
    if (best >= 0) return NULL;
    return fv_error_hint(fv_fail(FV_UNSUPPORTED, "it is not known what the weights of %s are called elsewhere", name),
                         "networks with known names: `fovea help key_style`; --style torchvision takes fovea's own names");
}

/* ---- as many classes as the file has ---- */

/* The key of the bias of the layer that gives the logits: the last parameter. */
static const fv_key *last_bias(const fv_keys *keys) {
    const fv_key *last = NULL;
    for (int64_t i = 0; i < keys->count; i++)
        if (keys->at[i].role == FV_PARAMETER && keys->at[i].type.rank == 1) last = &keys->at[i];
    return last;
}

static fv_error *count_classes(work *w) {
    const fv_key *bias = last_bias(&w->keys);
    const fv_foreign_tensor *tensor = bias && bias->theirs ? find(w->import->file, bias->theirs) : NULL;
    w->import->report.arch = w->options->arch;
    if (strstr(w->options->arch, " classes=") || !tensor || tensor->rank != 1 || tensor->dims[0] < 1 ||
        tensor->dims[0] == bias->type.dims[0])
        return NULL;
    FV_TRY(fv_arena_format(w->arena, &w->import->report.arch, "%s classes=%lld", w->options->arch, (long long)tensor->dims[0]));
    FV_TRY(build_graph(w, w->import->report.arch));
    return fv_keys_of(w->keys.style, w->graph, w->arena, &w->keys);
}

/* ---- accounting ---- */

/* Room for all that there may be is taken before. */
static void add_text(fv_strings *list, const char *text) { ((const char **)(uintptr_t)list->at)[list->count++] = text; }

static fv_error *room_for(fv_arena *arena, int64_t count, fv_strings *list) {
    const char **at;
    FV_TRY(fv_arena_take(arena, count + 1, &at));
    *list = (fv_strings){ 0, at };
    return NULL;
}

static bool same_shape(const fv_key *k, const fv_foreign_tensor *t) {
    return t->rank == k->rank && !memcmp(t->dims, k->dims, (size_t)k->rank * sizeof *k->dims);
}

static fv_error *note_mismatch(work *w, const fv_key *k, const fv_foreign_tensor *t, bool numbers) {
    char has[256], wants[256];
    const char *text;
    if (numbers)
        FV_TRY(fv_arena_format(w->arena, &text, "%s: %s in the file, %s in the network", k->theirs, fv_element_name(t->element),
                               fv_dtype_name(k->type.dtype)));
    else
        FV_TRY(fv_arena_format(w->arena, &text, "%s: %s in the file, %s in the network", k->theirs,
                               fv_key_shape(t->dims, t->rank, has), fv_key_shape(k->dims, k->rank, wants)));
    return add_text(&w->import->report.mismatched, text), NULL;
}

static fv_error *note_reshaped(work *w, const fv_key *k) {
    char from[256], to[256];
    const char *text;
    if (!k->reordered) return NULL;
    FV_TRY(fv_arena_format(w->arena, &text, "%s %s -> %s", k->ours, fv_key_shape(k->dims, k->rank, from),
                           fv_key_shape(k->type.dims, k->type.rank, to)));
    return add_text(&w->import->report.reshaped, text), NULL;
}

/* PyTorch before 0.4.1 and other systems do not count batches, and nothing that is computed depends on it. */
static bool is_count(const char *name) {
    size_t length = strlen(name), end = strlen("num_batches_tracked");
    return length > end && !strcmp(name + length - end, "num_batches_tracked");
}

static fv_error *account(work *w, int64_t i) {
    const fv_key *k = &w->keys.at[i];
    fv_import_report *r = &w->import->report;
    const fv_foreign_tensor *t = k->theirs ? find(w->import->file, k->theirs) : NULL;
    if (!k->theirs || (!t && is_count(k->ours))) return NULL;
    if (!t) return add_text(&r->missing, k->ours), NULL;
    bool numbers = fv_dtype_is_float(fv_element_dtype(t->element)) != fv_dtype_is_float(k->type.dtype);
    w->found[i] = t;
    if (numbers || !same_shape(k, t)) return note_mismatch(w, k, t, numbers);
    add_text(&r->matched, k->ours);
    return note_reshaped(w, k);
}

static fv_error *note_unexpected(work *w) {
    const fv_foreign_file *file = w->import->file;
    bool *used;
    FV_TRY(fv_arena_take(w->arena, file->count + 1, &used));
    for (int64_t i = 0; i < w->keys.count; i++)
        if (w->found[i]) used[w->found[i] - file->tensors] = true;
    for (int64_t i = 0; i < file->count; i++)
        if (!used[i]) add_text(&w->import->report.unexpected, file->tensors[i].name);
    return NULL;
}

static fv_error *account_for_all(work *w) {
    fv_import_report *r = &w->import->report;
    fv_strings *const lists[] = { &r->matched, &r->reshaped, &r->missing, &r->mismatched };
    for (int i = 0; i < 4; i++) FV_TRY(room_for(w->arena, w->keys.count, lists[i]));
    FV_TRY(room_for(w->arena, w->import->file->count, &r->unexpected));
    FV_TRY(fv_arena_take(w->arena, w->keys.count + 1, &w->found));
    for (int64_t i = 0; i < w->keys.count; i++) FV_TRY(account(w, i));
    return note_unexpected(w);
}

bool fv_import_is_whole(const fv_import_report *r) { return !r->missing.count && !r->unexpected.count && !r->mismatched.count; }

/* ---- the model ---- */

static fv_error *take_tensors(work *w) {
    fv_weights *weights = fv_model_weights(w->import->model);
    for (int64_t i = 0; i < w->keys.count; i++) {
        const fv_key *k = &w->keys.at[i];
        if (!w->found[i] || !same_shape(k, w->found[i])) continue;
        fv_tensor *tensor;
        FV_TRY(fv_weights_add(weights, k->ours, &k->type, k->role, &tensor));
        fv_key_import(k, w->found[i], tensor);
    }
    return fv_initialize(w->graph, weights, SEED); /* counts of batches; in a partial import what is missing */
}

static fv_error *add_line(work *w, fv_strings *names, const char *line, size_t length) {
    const char *text;
    while (length && (line[length - 1] == '\r' || line[length - 1] == ' ' || line[length - 1] == '\t')) length--;
    if (!length) return NULL;
    FV_TRY(fv_arena_format(w->arena, &text, "%.*s", (int)length, line));
    return add_text(names, text), NULL;
}

/* A file of names, one a line; empty lines are none. */
static fv_error *read_classes(work *w, fv_strings *names) {
    const char *path = w->options->classes;
    FV_OWNED(fv_memory) bytes = NULL;
    int64_t length, lines = 1;
    FV_TRY(fv_file_read(path, CLASSES_FILE_MAX, (uint8_t **)&bytes, &length));
    const char *text = (const char *)bytes;
    if ((int64_t)strlen(text) != length) return fv_fail(FV_FORMAT, "%s is no text: it has a NUL", path);
    for (int64_t i = 0; i < length; i++) lines += text[i] == '\n';
    FV_TRY(room_for(w->arena, lines, names));
    if (length >= 3 && !memcmp(text, "\xEF\xBB\xBF", 3)) text += 3;
    while (*text) {
        size_t line = strcspn(text, "\n");
        FV_TRY(add_line(w, names, text, line));
        text += line + (text[line] == '\n');
    }
    if (names->count == w->import->report.classes) return NULL;
    return fv_fail(FV_SHAPE, "%s names %lld classes, but the network has %lld", path, (long long)names->count,
                   (long long)w->import->report.classes);
}

static fv_error *number_classes(work *w, fv_strings *names) {
    int64_t count = w->import->report.classes;
    FV_TRY(room_for(w->arena, count, names));
    for (int64_t c = 0; c < count; c++) {
        const char *text;
        FV_TRY(fv_arena_format(w->arena, &text, "%lld", (long long)c));
        add_text(names, text);
    }
    return NULL;
}

/* The licence stands with the name of the file whose weights it is of. */
static fv_error *write_licence(work *w, const char *name) {
    const char *of;
    if (!w->import->report.licence) return NULL;
    FV_TRY(fv_arena_format(w->arena, &of, "weights of %s", name));
    return fv_section_write(w->import->model, &fv_section_licence,
                            &(fv_licence_section){ { 1, &of }, { 1, &w->import->report.licence } });
}

static fv_error *write_sections(work *w) {
    fv_model *model = w->import->model;
    fv_import_report *r = &w->import->report;
    const fv_import_options *o = w->options;
    const char *slash = strrchr(o->path, '/'), *name = o->name ? o->name : slash ? slash + 1 : o->path;
    const fv_type *x = fv_value_type(w->graph, fv_graph_find(w->graph, "x"));
    fv_classes_section classes;
    fv_signature_section signature = { "x", "logits", x->dims[1], x->dims[2], x->dims[3], r->classes };
    fv_origin_section origin = { r->arch, r->style->name, r->file->format->name, name };
    FV_TRY(o->classes ? read_classes(w, &classes.names) : number_classes(w, &classes.names));
    FV_TRY(fv_section_write(model, &fv_section_classes, &classes));
    FV_TRY(fv_section_write(model, &fv_section_signature, &signature));
    FV_TRY(fv_section_write(model, &fv_section_transforms, &(fv_transforms_section){ r->steps }));
    FV_TRY(fv_section_write(model, &fv_section_origin, &origin));
    FV_TRY(write_licence(w, name));
    return fv_import_add_selftest(model, &signature, r->steps, w->arena);
}

static fv_error *choose_preprocessing(work *w) {
    fv_import_report *r = &w->import->report;
    const fv_type *x = fv_value_type(w->graph, fv_graph_find(w->graph, "x"));
    FV_OWNED(fv_transforms) transforms = NULL;
    char *steps;
    r->preprocess = w->options->preprocess ? w->options->preprocess : r->style->preprocessing;
    FV_TRY(fv_preprocessing_steps(r->preprocess, x->dims[1], x->dims[2], w->arena, &r->steps));
    FV_TRY(fv_error_wrap(fv_transforms_parse(r->steps, &transforms), "preprocessing"));
    fv_size before = { 0, 0, x->dims[3] }, after;
    FV_TRY(fv_error_wrap(fv_transforms_size(transforms, FV_EVALUATION, before, &after), "preprocessing"));
    if ((after.height && after.height != x->dims[1]) || (after.width && after.width != x->dims[2]))
        return fv_fail(FV_SHAPE, "the preprocessing makes pictures of %lld×%lld, the network takes %lld×%lld",
                       (long long)after.height, (long long)after.width, (long long)x->dims[1], (long long)x->dims[2]);
    FV_TRY(fv_transforms_to_text(transforms, &steps));
    fv_error *error = fv_arena_text(w->arena, steps, &r->steps);
    fv_string_free(steps);
    return error;
}

static fv_error *make_model(work *w) {
    FV_TRY(fv_model_new(w->graph, &w->import->model));
    FV_TRY(take_tensors(w));
    return write_sections(w);
}

static fv_error *import_file(work *w) {
    const fv_import_options *o = w->options;
    fv_import_report *r = &w->import->report;
    const char *name;
    FV_TRY(fv_arena_format(w->arena, &name, "%.*s", (int)strcspn(o->arch, " "), o->arch));
    FV_TRY(build_graph(w, o->arch));
    FV_TRY(fv_foreign_read(o->path, &o->reading, &w->import->file));
    r->file = w->import->file;
    FV_TRY(choose_style(w, name));
    r->style = w->keys.style;
    FV_TRY(count_classes(w));
    r->classes = fv_value_type(w->graph, fv_graph_find_output(w->graph, "logits"))->dims[1];
    r->licence = o->licence ? o->licence : r->file->licence;
    FV_TRY(account_for_all(w));
    FV_TRY(choose_preprocessing(w));
    return fv_import_is_whole(r) || o->partial ? make_model(w) : NULL;
}

fv_error *fv_import_read(const fv_import_options *options, fv_arena *arena, fv_import *out) {
    *out = (fv_import){ 0 };
    work w = { .options = options, .arena = arena, .import = out };
    fv_error *error = import_file(&w);
    fv_graph_free(w.graph);
    return error;
}

void fv_import_release(fv_import *import) {
    fv_model_free(import->model);
    fv_foreign_file_free(import->file);
    *import = (fv_import){ 0 };
}

fv_error *fv_import_tensors(const fv_keys *keys, const fv_foreign_file *file, fv_weights *weights) {
    for (int64_t i = 0; i < keys->count; i++) {
        const fv_key *k = &keys->at[i];
        if (!k->theirs) continue;
        const fv_foreign_tensor *t = find(file, k->theirs);
        if (!t || !same_shape(k, t)) return fv_fail(FV_FORMAT, "%s is missing, or has another shape", k->theirs);
        fv_tensor *tensor = fv_weights_find(weights, k->ours);
        if (!tensor) return fv_fail(FV_NOT_FOUND, "the model has no %s", k->ours);
        fv_key_import(k, t, tensor);
    }
    fv_weights_changed(weights);
    return NULL;
}
