/* shared: arch.c - an architecture from its text: its input, its logits, and with a loss all that training and evaluation need.
 */
#include "layers/arch.h"

#define TEXT_CAP (1 << 20)

static const fv_part *part_at(int i) { return &fv_arch_table[i]->part; }

static fv_error *build(fv_graph *graph, const char *text, int64_t batch, fv_value *logits) {
    const fv_parts parts = { .kind = "architecture", .count = fv_arch_table_count, .at = part_at };
    FV_OWNED(fv_arena) arena = NULL;
    FV_TRY(fv_arena_new("options of an architecture", TEXT_CAP, &arena));
    int index = 0;
    void *options = NULL;
    FV_TRY(fv_part_parse(&parts, text, arena, &index, &options));
    const fv_arch_options *o = options;
    fv_value x = fv_graph_input(graph, "x", fv_type_of(FV_F32, batch, o->size[0], o->size[1], o->channels));
    *logits = fv_arch_table[index]->build(graph, x, options);
    fv_graph_output(graph, "logits", *logits);
    return NULL;
}

fv_value fv_arch_build(fv_graph *graph, const char *arch, int64_t batch) {
    fv_value logits = FV_NO_VALUE;
    fv_error *error = build(graph, arch, batch, &logits);
    if (error) fv_graph_fail(graph, error);
    return logits;
}

/* Rows whose first largest logit stands where the target says. */
static fv_value count_correct(fv_graph *graph, fv_value logits, fv_value target) {
    fv_value guess = fv_apply(graph, "argmax", FV_VALUES(logits), "axis=1");
    fv_value hits = fv_apply(graph, "equal", FV_VALUES(guess, target), NULL);
    return fv_apply(graph, "sum", FV_VALUES(fv_apply(graph, "cast", FV_VALUES(hits), "dtype=i64")), NULL);
}

fv_value fv_arch_with_loss(fv_graph *graph, const char *arch, const char *loss, int64_t batch) {
    fv_value logits = fv_arch_build(graph, arch, batch);
    fv_value target = fv_loss_target(graph, loss, logits);
    fv_value value = fv_loss_build(graph, loss, logits, target);
    fv_graph_output(graph, "loss", value);
    if (fv_value_type(graph, target)->dtype == FV_I64) fv_graph_output(graph, "correct", count_correct(graph, logits, target));
    return value;
}
