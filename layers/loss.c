/* shared: loss.c - a loss from its text, its target, and what builders of losses share. */
#include "layers/loss.h"

#define TEXT_CAP (1 << 20)

static const fv_part *part_at(int i) { return &fv_loss_table[i]->part; }

fv_error *fv_loss_parse(const char *text, fv_arena *arena, const fv_loss **loss, void **options) {
    const fv_parts parts = { .kind = "loss", .count = fv_loss_table_count, .at = part_at };
    int index = 0;
    FV_TRY(fv_part_parse(&parts, text, arena, &index, options));
    *loss = fv_loss_table[index];
    return NULL;
}

static fv_error *make_target(fv_graph *graph, const char *text, fv_value logits, fv_value *out) {
    FV_OWNED(fv_arena) arena = NULL;
    FV_TRY(fv_arena_new("options of a loss", TEXT_CAP, &arena));
    const fv_loss *loss = NULL;
    void *options = NULL;
    FV_TRY(fv_loss_parse(text, arena, &loss, &options));
    fv_type type = *fv_value_type(graph, logits);
    *out = fv_graph_input(graph, "target", loss->takes_classes(options) ? fv_type_of(FV_I64, type.dims[0]) : type);
    return NULL;
}

fv_value fv_loss_target(fv_graph *graph, const char *loss, fv_value logits) {
    if (!fv_is_value(logits)) return FV_NO_VALUE;
    fv_value target = FV_NO_VALUE;
    fv_error *error = make_target(graph, loss, logits, &target);
    if (error) fv_graph_fail(graph, error);
    return target;
}

static fv_error *check_target(const fv_graph *graph, const fv_loss *loss, const void *options, fv_value logits,
                              fv_value target) {
    const fv_type *x = fv_value_type(graph, logits), *t = fv_value_type(graph, target);
    char have[256], want[256];
    if (x->rank != 2)
        return fv_fail(FV_SHAPE, "loss %s takes logits [batch, classes], got %s", loss->name, fv_type_format(x, have));
    fv_type expected = loss->takes_classes(options) ? fv_type_of(FV_I64, x->dims[0]) : *x;
    if (fv_type_equal(t, &expected)) return NULL;
    return fv_fail(FV_SHAPE, "loss %s takes targets %s, got %s", loss->name, fv_type_format(&expected, want),
                   fv_type_format(t, have));
}

static fv_error *build(fv_graph *graph, const char *text, fv_value logits, fv_value target, fv_value *out) {
    FV_OWNED(fv_arena) arena = NULL;
    FV_TRY(fv_arena_new("options of a loss", TEXT_CAP, &arena));
    const fv_loss *loss = NULL;
    void *options = NULL;
    FV_TRY(fv_loss_parse(text, arena, &loss, &options));
    FV_TRY(check_target(graph, loss, options, logits, target));
    *out = loss->build(graph, logits, target, options);
    return NULL;
}

fv_value fv_loss_build(fv_graph *graph, const char *loss, fv_value logits, fv_value target) {
    if (!fv_is_value(logits) || !fv_is_value(target)) return FV_NO_VALUE;
    fv_value value = FV_NO_VALUE;
    fv_error *error = build(graph, loss, logits, target, &value);
    if (error) fv_graph_fail(graph, error);
    return value;
}

void fv_balanced_weights(const int64_t *counts, int64_t classes, double *weights) {
    int64_t pictures = 0, present = 0;
    for (int64_t k = 0; k < classes; k++) {
        pictures += counts[k];
        present += counts[k] > 0;
    }
    for (int64_t k = 0; k < classes; k++)
        weights[k] = counts[k] > 0 ? (double)pictures / ((double)present * (double)counts[k]) : 0;
}

bool fv_takes_numbers(const void *options) { return (void)options, false; }

fv_value fv_loss_per_class(fv_graph *graph, fv_value logits, const fv_floats *values, const char *what) {
    fv_type type = *fv_value_type(graph, logits);
    if (values->count == 1) return fv_constant(graph, type.dtype, values->at[0]);
    if (values->count != type.dims[1]) {
        fv_graph_fail(graph, fv_fail(FV_USAGE, "%s has %lld values for %lld classes", what, (long long)values->count,
                                     (long long)type.dims[1]));
        return FV_NO_VALUE;
    }
    FV_TEXT(list, TEXT_CAP);
    for (int64_t i = 0; i < values->count; i++) fv_text_addf(&list, "%s%.17g", i ? "," : "", values->at[i]);
    fv_error *error = fv_text_error(&list);
    if (error) fv_graph_fail(graph, error);
    return fv_apply(graph, "values", NULL, 0, "dtype=%s dims=1,%lld values=%s", fv_dtype_name(type.dtype),
                    (long long)values->count, list.at);
}

fv_value fv_loss_one_hot(fv_graph *graph, fv_value logits, fv_value target) {
    fv_type type = *fv_value_type(graph, logits);
    return fv_apply(graph, "one_hot", FV_VALUES(target), "classes=%lld dtype=%s", (long long)type.dims[1],
                    fv_dtype_name(type.dtype));
}

fv_value fv_loss_mean(fv_graph *graph, fv_value x) { return fv_apply(graph, "mean", FV_VALUES(x), NULL); }
