/* export.c - weights by other people's names, written beside the file that they will replace, read back, and compared. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/base/file.h"
#include "exchange/exporter.h"
#include "exchange/import.h"
#include "predict/sections.h"

fv_error *fv_export_licence(const fv_model *model, fv_arena *arena, const char **out) {
    fv_licence_section s = { 0 };
    FV_TEXT(text, 1 << 16);
    *out = NULL;
    if (!fv_model_section(model, fv_section_licence.name, NULL)) return NULL;
    FV_TRY(fv_section_read(model, &fv_section_licence, &s, arena));
    if (s.of.count != s.licences.count) return fv_fail(FV_FORMAT, "the model's section licence is damaged");
    for (int64_t i = 0; i < s.of.count; i++) fv_text_addf(&text, "%s%s: %s", i ? "; " : "", s.of.at[i], s.licences.at[i]);
    FV_TRY(fv_text_error(&text));
    return s.of.count == 1 ? fv_arena_text(arena, s.licences.at[0], out)
           : text.length   ? fv_arena_text(arena, text.at, out)
                           : NULL;
}

/* ---- writing ---- */

static fv_error *make_tensors(const fv_keys *keys, const fv_weights *weights, fv_arena *arena, fv_foreign_tensor **out,
                              int64_t *count) {
    *count = 0;
    FV_TRY(fv_arena_take(arena, keys->count + 1, out));
    for (int64_t i = 0; i < keys->count; i++) {
        const fv_key *k = &keys->at[i];
        const fv_tensor *ours = fv_weights_find(weights, k->ours);
        void *data;
        if (!k->theirs) continue;
        if (!ours) return fv_fail(FV_NOT_FOUND, "the model has no %s", k->ours);
        fv_foreign_tensor *t = &(*out)[(*count)++];
        *t = (fv_foreign_tensor){ .name = k->theirs, .element = fv_element_of(k->type.dtype), .rank = k->rank };
        memcpy(t->dims, k->dims, sizeof t->dims);
        fv_foreign_row_order(t);
        FV_TRY(fv_arena_alloc(arena, fv_foreign_count(t), fv_element_size(t->element), &data));
        fv_type type = fv_type_make(k->type.dtype, k->dims, k->rank);
        fv_tensor theirs = fv_tensor_of(&type, data);
        fv_key_export(k, ours, &theirs);
        t->data = data;
    }
    return NULL;
}

/* ---- reading back ---- */

static double difference(const fv_tensor *a, const fv_tensor *b) {
    double most = 0;
    for (int64_t i = 0; i < fv_type_count(&a->type); i++) {
        double x = fv_tensor_load(a, i), y = fv_tensor_load(b, i), apart = fabs(x - y);
        if (x == y || (isnan(x) && isnan(y))) continue;
        if (!(apart <= most)) most = apart;
    }
    return most;
}

/* What an import of the file would give, against the model. */
static fv_error *compare(fv_export_call *call, const fv_keys *keys, const char *path) {
    FV_OWNED(fv_foreign_file) file = NULL;
    FV_OWNED(fv_weights) again = NULL;
    const fv_weights *weights = fv_model_weights(call->model);
    FV_TRY(fv_foreign_read(path, NULL, &file));
    FV_TRY(fv_weights_new(&again));
    for (int64_t i = 0; i < keys->count; i++) {
        fv_tensor *tensor;
        if (keys->at[i].theirs) FV_TRY(fv_weights_add(again, keys->at[i].ours, &keys->at[i].type, keys->at[i].role, &tensor));
    }
    FV_TRY(fv_import_tensors(keys, file, again));
    for (int64_t i = 0; i < keys->count; i++) {
        const char *name = keys->at[i].ours;
        if (!keys->at[i].theirs) continue;
        double apart = difference(fv_weights_find(weights, name), fv_weights_find(again, name));
        if (!(apart <= call->max_abs_diff)) call->max_abs_diff = apart;
        if (apart != 0) return fv_fail(FV_BUG, "%s is not what was written: they are %g apart", name, apart);
    }
    return NULL;
}

fv_error *fv_export_weights(fv_export_call *call, const fv_format *format) {
    const fv_key_style *style;
    fv_keys keys;
    fv_foreign_tensor *tensors;
    const char *new_path;
    int64_t count;
    FV_TRY(fv_origin_style(call->model, call->style, call->arena, &style));
    FV_TRY(fv_keys_of(style, fv_model_graph(call->model), call->arena, &keys));
    FV_TRY(make_tensors(&keys, fv_model_weights(call->model), call->arena, &tensors, &count));
    FV_TRY(fv_arena_format(call->arena, &new_path, "%s.new-%ld", call->path, (long)getpid()));
    FV_TRY(format->write(tensors, count, call->licence, new_path));
    fv_error *error = fv_error_wrap(compare(call, &keys, new_path), "%s, read back", call->path);
    if (!error) error = fv_file_rename(new_path, call->path);
    if (error) unlink(new_path);
    call->compared = "weights, read back";
    return error;
}
