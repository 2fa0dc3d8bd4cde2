/* The promise of core/graph/op.h that a reference honours strides: every op on inputs and outputs whose memory lies the other
 * way round (first dimension fastest, with gaps) gives the bits that it gives on contiguous ones. */
#include "core/plan/selftest.h"
#include "tests/test.h"

/* A tensor of the same type in such memory, with the same elements. */
static fv_error *laid_out_otherwise(const fv_tensor *t, fv_arena *arena, fv_tensor *out) {
    int64_t step = 2;
    *out = *t;
    for (int d = 0; d < t->type.rank; d++) {
        out->strides[d] = step;
        step *= t->type.dims[d] + 1;
    }
    FV_TRY(fv_arena_alloc(arena, step + 1, fv_dtype_size(t->type.dtype), &out->data));
    for (int64_t i = 0; i < fv_type_count(&t->type); i++)
        fv_tensor_store(out, fv_tensor_offset(out, i), fv_tensor_load(t, fv_tensor_offset(t, i)));
    return NULL;
}

static void check(const fv_op *op, const char *line) {
    fv_tensor inputs[FV_INPUTS_MAX];
    FV_OWNED(fv_case) c = NULL;
    FV_OWNED(fv_case) other = NULL;
    FV_OK(fv_case_new(op, line, false, &c));
    FV_OK(fv_case_new(op, line, false, &other));
    for (int i = 0; i < c->call.input_count; i++) FV_OK(laid_out_otherwise(&c->call.inputs[i], other->arena, &inputs[i]));
    other->call.inputs = inputs;
    op->reference(&c->call);
    op->reference(&other->call);
    for (int k = 0; k < c->call.output_count; k++) {
        const fv_tensor *want = &c->call.outputs[k], *have = &other->call.outputs[k];
        if (memcmp(have->data, want->data, (size_t)fv_type_bytes(&want->type)))
            fail_msg("%s on \"%s\" gives other values for other strides", op->name, line);
    }
}

/* Cases this large are there for the kernels' ways of cutting work: a reference goes by the strides in the same loops whatever
 * the sizes. */
#define FLOPS_MOST 5e5

static bool is_large(const fv_op *op, const char *line) {
    FV_OWNED(fv_case) c = NULL;
    FV_OK(fv_case_new(op, line, false, &c));
    return op->work && op->work(&c->call).flops > FLOPS_MOST;
}

FV_TEST(core_ops_strides__do_not_matter_to_a_reference) {
    int checked = 0;
    for (int i = 0; i < fv_op_table_count; i++) {
        const fv_op *op = fv_op_table[i];
        int before = checked;
        for (int k = 0; op->reference && op->cases && op->cases[k]; k++)
            if (!is_large(op, op->cases[k])) check(op, op->cases[k]), checked++;
        assert_true(checked > before || !op->reference || !op->cases || !op->cases[0]);
    }
    assert_true(checked > 100);
}
