/* matmul.c - products of matrices in the last two dimensions, a [..., M, K] by b [..., K, N]; the dimensions before them are
 * broadcast together as numpy does. transpose_a reads a as [..., K, M], transpose_b b as [..., N, K]. */
#include "core/ops/matmul.h"

#include "core/graph/node.h"
#include "core/ops/expect.h"

static const fv_field fields[] = {
    FV_FIELD(fv_matmul_options, transpose_a, .by_default = "false", .help = "a is stored [..., K, M]"),
    FV_FIELD(fv_matmul_options, transpose_b, .by_default = "false", .help = "b is stored [..., N, K]"),
    FV_FIELDS_END,
};

/* Rows and columns of one operand as the product reads it. */
typedef struct matrix {
    int64_t rows, columns, row_stride, column_stride;
} matrix;

static matrix matrix_of(const fv_type *type, const int64_t *strides, bool transposed) {
    int row = type->rank - 2, column = type->rank - 1;
    if (transposed) row = type->rank - 1, column = type->rank - 2;
    return (matrix){ type->dims[row], type->dims[column], strides ? strides[row] : 0, strides ? strides[column] : 0 };
}

static fv_type leading(const fv_type *type) { return fv_type_make(type->dtype, type->dims, type->rank - 2); }

static fv_error *shape(fv_shape_call *call) {
    const fv_matmul_options *o = call->options;
    const fv_type *a = &call->inputs[0], *b = &call->inputs[1];
    char left[256], right[256];
    FV_TRY(fv_expect(call, 0, "a", NULL));
    FV_TRY(fv_expect(call, 1, "b", NULL));
    if (a->rank < 2 || b->rank < 2)
        return fv_error_hint(fv_fail(FV_SHAPE, "%s by %s: a matrix has two dimensions at least", fv_type_format(a, left),
                                     fv_type_format(b, right)),
                             "reshape the vector to one row or one column");
    matrix A = matrix_of(a, NULL, o->transpose_a), B = matrix_of(b, NULL, o->transpose_b);
    if (A.columns != B.rows)
        return fv_fail(FV_SHAPE, "%s%s by %s%s: rows of %lld by columns of %lld", fv_type_format(a, left),
                       o->transpose_a ? " transposed" : "", fv_type_format(b, right), o->transpose_b ? " transposed" : "",
                       (long long)A.columns, (long long)B.rows);
    fv_type before_a = leading(a), before_b = leading(b), *y = &call->outputs[0];
    fv_error *error = fv_type_broadcast(&before_a, &before_b, y);
    if (error) return fv_error_wrap(error, "%s by %s", fv_type_format(a, left), fv_type_format(b, right));
    y->dims[y->rank++] = A.rows;
    y->dims[y->rank++] = B.columns;
    return NULL;
}

static fv_value multiply(fv_graph *graph, fv_value a, fv_value b, bool transpose_a, bool transpose_b) {
    return fv_apply(graph, "matmul", FV_VALUES(a, b), "transpose_a=%s transpose_b=%s", transpose_a ? "true" : "false",
                    transpose_b ? "true" : "false");
}

/* With A and B the matrices as the product reads them: dA = dY·Bᵀ and dB = Aᵀ·dY, each transposed where a (b) is stored so. */
static void grad(fv_graph *graph, const fv_node *node, const fv_value *dy, fv_value *dx) {
    const fv_matmul_options *o = node->options;
    fv_value a = node->inputs[0], b = node->inputs[1];
    fv_value da =
        o->transpose_a ? multiply(graph, b, dy[0], o->transpose_b, true) : multiply(graph, dy[0], b, false, !o->transpose_b);
    fv_value db =
        o->transpose_b ? multiply(graph, dy[0], a, true, o->transpose_a) : multiply(graph, a, dy[0], !o->transpose_a, false);
    dx[0] = fv_unbroadcast(graph, da, a);
    dx[1] = fv_unbroadcast(graph, db, b);
}

/* Offset of the operand's matrix that takes part in matrix number `index` of the result. */
static int64_t matrix_offset(const fv_tensor *operand, const fv_type *result, int64_t index) {
    int64_t offset = 0;
    for (int d = result->rank - 3; d >= 0; d--) {
        int own = d - (result->rank - operand->type.rank);
        int64_t at = index % result->dims[d];
        if (own >= 0 && operand->type.dims[own] > 1) offset += at * operand->strides[own];
        index /= result->dims[d];
    }
    return offset;
}

static double dot(const fv_tensor *a, int64_t at_a, const matrix *A, const fv_tensor *b, int64_t at_b, const matrix *B) {
    double sum = 0;
    for (int64_t k = 0; k < A->columns; k++)
        sum += fv_tensor_load(a, at_a + k * A->column_stride) * fv_tensor_load(b, at_b + k * B->row_stride);
    return sum;
}

static void reference(const fv_call *call) {
    const fv_matmul_options *o = call->options;
    const fv_tensor *a = &call->inputs[0], *b = &call->inputs[1], *y = &call->outputs[0];
    matrix A = matrix_of(&a->type, a->strides, o->transpose_a), B = matrix_of(&b->type, b->strides, o->transpose_b);
    fv_type before = leading(&y->type);
    int64_t matrices = fv_type_count(&before), M = A.rows, N = B.columns;
    for (int64_t i = 0; i < matrices; i++) {
        int64_t at_a = matrix_offset(a, &y->type, i), at_b = matrix_offset(b, &y->type, i);
        for (int64_t m = 0; m < M; m++)
            for (int64_t n = 0; n < N; n++) {
                double sum = dot(a, at_a + m * A.row_stride, &A, b, at_b + n * B.column_stride, &B);
                fv_tensor_store(y, fv_tensor_offset(y, (i * M + m) * N + n), sum);
            }
    }
}

static fv_work work(const fv_call *call) {
    const fv_matmul_options *o = call->options;
    matrix A = matrix_of(&call->inputs[0].type, NULL, o->transpose_a);
    return (fv_work){ .flops = 2.0 * (double)fv_type_count(&call->outputs[0].type) * (double)A.columns,
                      .bytes = fv_call_bytes(call) };
}

static const char *const cases[] = {
    "a=f32[3,5] b=f32[5,7]",
    "a=f32[1,1] b=f32[1,1]",
    "a=f32[5,3] b=f32[5,7] transpose_a=true",
    "a=f32[3,5] b=f32[7,5] transpose_b=true",
    "a=f32[5,3] b=f32[7,5] transpose_a=true transpose_b=true",
    "a=f32[2,3,4] b=f32[2,4,5]",
    "a=f32[2,1,3,4] b=f32[3,4,2]",
    "a=f32[3,4] b=f32[2,3,4,2]",
    "a=f32[2,4,3] b=f32[1,5,4] transpose_a=true transpose_b=true",
    "a=f32[33,65] b=f32[65,17]",
    NULL,
};

const fv_op fv_op_matmul = {
    .name = "matmul",
    .version = 1,
    .summary = "matrix products in the last two dimensions",
    .inputs = "a,b",
    .outputs = "y",
    .fields = fields,
    .shape = shape,
    .grad = grad,
    .reference = reference,
    .work = work,
    .cases = cases,
};
