/* shared: initializer.c - the first values of states: every state of a graph, and one tensor. */
#include "layers/initializer.h"

#include "core/base/parallel.h"
#include "core/graph/node.h" /* a state's initialiser text */

#define TEXT_CAP (1 << 20)
#define UNIT 4096 /* elements a thread fills at a time; the values do not depend on it */

static const fv_part *part_at(int i) { return &fv_initializer_table[i]->part; }

fv_fans fv_fans_of(const fv_type *type) {
    if (type->rank < 2) return (fv_fans){ 0, 0 };
    double window = 1;
    for (int d = 1; d < type->rank - 1; d++) window *= (double)type->dims[d];
    return (fv_fans){ .in = window * (double)type->dims[type->rank - 1], .out = window * (double)type->dims[0] };
}

typedef struct filling {
    const fv_initializer *initializer;
    const void *options;
    double scale;
    fv_tensor *tensor;
    int64_t count;
    uint64_t seed;
    uint32_t stream;
} filling;

static void fill_unit(void *context, int64_t unit, int thread) {
    (void)thread;
    const filling *f = context;
    int64_t end = (unit + 1) * UNIT < f->count ? (unit + 1) * UNIT : f->count;
    for (int64_t i = unit * UNIT; i < end; i++) {
        fv_random random = fv_random_at(f->seed, f->stream, (uint32_t)i, (uint32_t)((uint64_t)i >> 32));
        double value = f->initializer->at(f->options, f->scale, &f->tensor->type, i, &random);
        fv_tensor_store(f->tensor, fv_tensor_offset(f->tensor, i), value);
    }
}

fv_error *fv_initializer_parse(const char *text, fv_arena *arena, const fv_initializer **out, void **options) {
    const fv_parts parts = { .kind = "initialiser", .count = fv_initializer_table_count, .at = part_at };
    int index = 0;
    FV_TRY(fv_part_parse(&parts, text, arena, &index, options));
    *out = fv_initializer_table[index];
    return NULL;
}

static fv_error *fill(fv_tensor *tensor, const char *name, const char *text, uint64_t seed) {
    FV_OWNED(fv_arena) arena = NULL;
    FV_TRY(fv_arena_new("options of an initialiser", TEXT_CAP, &arena));
    const fv_initializer *initializer = NULL;
    void *options = NULL;
    FV_TRY(fv_initializer_parse(text, arena, &initializer, &options));
    filling f = { .initializer = initializer, .options = options, .tensor = tensor, .seed = seed };
    f.count = fv_type_count(&tensor->type);
    f.stream = fv_random_stream(name);
    fv_fans fans = fv_fans_of(&tensor->type);
    if (f.initializer->scale) FV_TRY(f.initializer->scale(options, &tensor->type, &fans, &f.scale));
    fv_parallel_for((f.count + UNIT - 1) / UNIT, fill_unit, &f);
    return NULL;
}

fv_error *fv_initialize_tensor(fv_tensor *tensor, const char *name, const char *initializer, uint64_t seed) {
    char type[256];
    fv_error *error = fill(tensor, name, initializer ? initializer : "zeros", seed);
    return fv_error_wrap(error, "%s, %s", name, fv_type_format(&tensor->type, type));
}

fv_error *fv_initialize(const fv_graph *graph, fv_weights *weights, uint64_t seed) {
    for (int32_t i = 0; i < graph->count; i++) {
        const fv_node *node = graph->nodes[i];
        if (!fv_node_is(node, "state")) continue;
        const fv_state_options *options = node->options;
        fv_tensor *tensor = NULL;
        bool there = fv_weights_find(weights, node->name) != NULL;
        FV_TRY(fv_weights_add(weights, node->name, &node->outputs[0], (fv_role)options->role, &tensor));
        if (!there && options->init)
            FV_TRY(fv_initialize_tensor(tensor, node->name, options->init, seed)); /* else zeroed already */
    }
    fv_weights_changed(weights);
    return NULL;
}
